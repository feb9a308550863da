//! What the operator wrote for this connector.
//! Above: `plugin` links it. Below: nothing.
//! Invariant: the guest sees its own connector's settings and no other's; there is no secret among them.

use super::Closed;
use crate::bindings::connector::sensor::core::config::Host;

/// One instance's view of its settings, a JSON object; none while the instance is closed.
pub struct SettingsView<'a>(pub Option<&'a str>);

impl Host for SettingsView<'_> {
    async fn get_json(&mut self) -> wasmtime::Result<String> {
        Ok(self
            .0
            .ok_or_else(|| Closed::new("sensor:core/config"))?
            .to_owned())
    }
}
