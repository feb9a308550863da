//! What a connector is to its author: one trait, and one macro that exports it.
//! Above: a connector plugin. Below: `host`, `types`.
//! Invariant: a connector keeps no state of its own between calls; what must last goes into the cursor.

use crate::host::{Aws, AwsWrite, Host};
use crate::types::{Cursor, Description, Error, Finding, Page, PlanPage, Split};

/// A connector's logic, generic over its host so that it also runs outside the sandbox.
#[expect(
    clippy::missing_errors_doc,
    reason = "each returns what made the whole call fail; the rest goes into problems"
)]
pub trait Connector {
    /// Settings and needs. Must not use any capability.
    fn describe() -> Description;
    /// Tries what an import and a delivery would need, and changes nothing.
    fn check<H: Host + AwsWrite>(host: &H) -> Result<Vec<Finding>, Error>;
    /// The next part of the plan.
    fn plan<H: Host + Aws>(host: &H, at: Option<Cursor>) -> Result<PlanPage, Error>;
    /// The next page of a split.
    fn read_page<H: Host + Aws>(host: &H, split: Split, at: Option<Cursor>) -> Result<Page, Error>;
    /// The least-privilege policies that these settings need: (title, JSON document).
    fn policy<H: Host + Aws>(host: &H, partition: &str) -> Result<Vec<(String, String)>, Error>;
}

/// Exports a type that implements [`Connector`] as the plugin of this crate.
#[macro_export]
macro_rules! export_connector {
    ($connector:ty) => {
        #[cfg(target_arch = "wasm32")]
        type SensorExport = $connector;

        #[cfg(target_arch = "wasm32")]
        mod sensor_export {
            #![allow(unsafe_code, reason = "the generated export glue")]
            use $crate::bindings::connector::exports::sensor::connector::connector::Guest;
            use $crate::connector::Connector;
            use $crate::host::Sandbox;
            use $crate::types::{Cursor, Description, Error, Finding, Page, PlanPage, Split};

            use super::SensorExport;

            struct Plugin;

            impl Guest for Plugin {
                fn describe() -> Description {
                    $crate::panic::report_panics();
                    <SensorExport as Connector>::describe()
                }
                fn check() -> Result<Vec<Finding>, Error> {
                    $crate::panic::report_panics();
                    <SensorExport as Connector>::check(&Sandbox)
                }
                fn plan(at: Option<Cursor>) -> Result<PlanPage, Error> {
                    $crate::panic::report_panics();
                    <SensorExport as Connector>::plan(&Sandbox, at)
                }
                fn read_page(split: Split, at: Option<Cursor>) -> Result<Page, Error> {
                    $crate::panic::report_panics();
                    <SensorExport as Connector>::read_page(&Sandbox, split, at)
                }
                fn policy(partition: String) -> Result<Vec<(String, String)>, Error> {
                    $crate::panic::report_panics();
                    <SensorExport as Connector>::policy(&Sandbox, &partition)
                }
            }

            $crate::bindings::connector::export_connector_world!(Plugin with_types_in $crate::bindings::connector);
        }
    };
}
