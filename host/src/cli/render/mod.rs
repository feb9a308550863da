//! From what the sensor knows to text: functions of model types, without IO.
//! Above: the commands. Below: `records`, `words`, `table`, `style`.
//! Invariant: every text that came from outside passes `safe` before it reaches a terminal.

mod assets;
mod check;
mod connectors;
mod plugins;
mod policy;
mod runs;
mod secrets;
mod shown;
mod summary;
mod tree;

pub(super) use assets::asset_row;
pub use assets::{AssetList, asset_rows};
pub use check::CheckView;
pub use connectors::{AppliedList, ConnectorLine, ConnectorList};
pub use plugins::{PluginLine, PluginList, PluginView};
pub use policy::PolicyView;
pub use runs::{RunList, RunView};
pub use secrets::SecretList;
pub use shown::ShownView;
pub use summary::SummaryView;
pub use tree::ConnectorView;

use super::style::{Style, Tone};

/// A line of a block of named values.
fn pair(style: Style, name: &str, value: &str) -> String {
    format!(
        "{}{value}\n",
        style.paint(Tone::Dim, &format!("{name:<18}"))
    )
}

/// Text below another text.
fn indented(text: &str, by: usize) -> String {
    let space = " ".repeat(by);
    text.lines()
        .map(|line| format!("{space}{line}\n"))
        .collect()
}
