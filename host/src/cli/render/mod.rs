//! From what the sensor knows to text: functions of model types, without IO.
//! Above: the commands. Below: `records`, `words`, `table`, `style`.
//! Invariant: every text that came from outside passes `safe` before it reaches a terminal.

/// Appends to a `String`, which cannot fail.
macro_rules! put {
    ($text:expr, $($rest:tt)*) => {{
        let _infallible = std::fmt::Write::write_fmt(&mut $text, format_args!($($rest)*));
    }};
}

mod assets;
mod check;
mod connector;
mod connectors;
mod deliveries;
mod drill;
mod endings;
mod issuers;
mod keys;
mod plugins;
mod policy;
mod profile;
mod profiles;
mod quarantine;
mod rehearsal;
mod requests;
mod revocation;
mod run_list;
mod runs;
mod secrets;
mod shown;
mod summary;
mod tree;

pub(super) use assets::asset_row;
pub use assets::{AssetList, asset_rows};
pub use check::{CheckView, Checked};
pub use connector::ConnectorView;
pub use connectors::{AppliedList, ConnectorLine, ConnectorList};
pub use deliveries::{DeliveryList, DeliveryShown};
pub use drill::DrillView;
pub use endings::Expiring;
pub use issuers::{AppliedIssuers, IssuerCertificate, IssuerList, IssuerView};
pub use keys::{KeyView, RotatedView};
pub use plugins::{PluginLine, PluginList, PluginView};
pub use policy::PolicyView;
pub use profile::ProfileView;
pub use profiles::{AppliedProfiles, ProfileList};
pub use quarantine::QuarantineList;
pub use rehearsal::RehearsalView;
pub use requests::{RequestList, RequestShown};
pub use revocation::{RevocationLine, RevocationReport};
pub use run_list::RunList;
pub use runs::RunView;
pub use secrets::SecretList;
pub use shown::ShownView;
pub use summary::SummaryView;

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
    let mut out = String::with_capacity(text.len() + 64);
    text.lines().for_each(|line| put!(out, "{space}{line}\n"));
    out
}
