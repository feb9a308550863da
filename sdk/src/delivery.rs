//! What a connector that delivers is to its author besides: one more trait, and one more macro that exports it.
//! Above: a connector plugin. Below: `host`, `types`.
//! Invariant: each function is one act that may be repeated; the sensor keeps the journal.

use crate::host::{AwsWrite, Host};
use crate::types::delivery::{Found, Material, Parked, Planned, Target, Trace};
use crate::types::{Error, Finding, Tag};

/// A connector's deliveries, generic over their host so that they also run outside the sandbox.
#[expect(
    clippy::missing_errors_doc,
    reason = "each returns what made the whole call fail"
)]
pub trait Delivery {
    /// Everything that would refuse this delivery, told before a certificate is ordered: findings of the status
    /// `failure` forbid it, warnings do not.
    fn preflight<H: Host + AwsWrite>(
        host: &H,
        target: Target,
        planned: Planned,
    ) -> Result<Vec<Finding>, Error>;
    /// Brings it there; the identifier of the place. An error of the class `transient` or `throttled` leaves open
    /// whether it arrived.
    fn deliver<H: Host + AwsWrite>(
        host: &H,
        target: Target,
        material: Material,
        key: &H::PrivateKey,
    ) -> Result<String, Error>;
    /// What is there of this delivery. Must fail when it cannot know.
    fn find<H: Host + AwsWrite>(
        host: &H,
        target: Target,
        trace: Trace,
    ) -> Result<Vec<Found>, Error>;
    /// The certificate that stands at the place now.
    fn verify<H: Host + AwsWrite>(host: &H, target: Target) -> Result<Found, Error>;
    /// Puts tags on the place.
    fn label<H: Host + AwsWrite>(host: &H, target: Target, tags: Vec<Tag>) -> Result<(), Error>;
    /// Takes what the place holds away, if nothing uses it.
    fn withdraw<H: Host + AwsWrite>(host: &H, target: Target) -> Result<(), Error>;
    /// Lets a key wait in the cloud under this name. The same again is the same.
    fn park_key<H: Host + AwsWrite>(
        host: &H,
        name: &str,
        token: &str,
        tags: Vec<Tag>,
        key: &H::PrivateKey,
    ) -> Result<(), Error>;
    /// The key that waits there.
    fn take_key<H: Host + AwsWrite>(host: &H, name: &str) -> Result<H::PrivateKey, Error>;
    /// Erases it. One that is not there is no error.
    fn drop_key<H: Host + AwsWrite>(host: &H, name: &str) -> Result<(), Error>;
    /// All that waits below a prefix, what is about to be deleted included.
    fn parked_keys<H: Host + AwsWrite>(host: &H, prefix: &str) -> Result<Vec<Parked>, Error>;
}

/// Exports a type that implements [`Delivery`], beside the connector that [`export_connector`](crate::export_connector)
/// exports.
#[macro_export]
macro_rules! export_delivery {
    ($delivery:ty) => {
        #[cfg(target_arch = "wasm32")]
        type SensorDeliveryExport = $delivery;

        #[cfg(target_arch = "wasm32")]
        mod sensor_delivery_export {
            #![allow(unsafe_code, reason = "the generated export glue")]
            use $crate::bindings::connector::sensor::auth::keys::PrivateKey;
            use $crate::bindings::delivery::exports::sensor::connector::delivery::Guest;
            use $crate::delivery::Delivery;
            use $crate::host::Sandbox;
            use $crate::types::delivery::{Found, Material, Parked, Planned, Target, Trace};
            use $crate::types::{Error, Finding, Tag};

            use super::SensorDeliveryExport as Export;

            struct Plugin;

            impl Guest for Plugin {
                fn preflight(target: Target, planned: Planned) -> Result<Vec<Finding>, Error> {
                    $crate::panic::report_panics();
                    <Export as Delivery>::preflight(&Sandbox, target, planned)
                }
                fn deliver(
                    target: Target,
                    material: Material,
                    key: &PrivateKey,
                ) -> Result<String, Error> {
                    $crate::panic::report_panics();
                    <Export as Delivery>::deliver(&Sandbox, target, material, key)
                }
                fn find(target: Target, trace: Trace) -> Result<Vec<Found>, Error> {
                    $crate::panic::report_panics();
                    <Export as Delivery>::find(&Sandbox, target, trace)
                }
                fn verify(target: Target) -> Result<Found, Error> {
                    $crate::panic::report_panics();
                    <Export as Delivery>::verify(&Sandbox, target)
                }
                fn label(target: Target, tags: Vec<Tag>) -> Result<(), Error> {
                    $crate::panic::report_panics();
                    <Export as Delivery>::label(&Sandbox, target, tags)
                }
                fn withdraw(target: Target) -> Result<(), Error> {
                    $crate::panic::report_panics();
                    <Export as Delivery>::withdraw(&Sandbox, target)
                }
                fn park_key(
                    name: String,
                    token: String,
                    tags: Vec<Tag>,
                    key: &PrivateKey,
                ) -> Result<(), Error> {
                    $crate::panic::report_panics();
                    <Export as Delivery>::park_key(&Sandbox, &name, &token, tags, key)
                }
                fn take_key(name: String) -> Result<PrivateKey, Error> {
                    $crate::panic::report_panics();
                    <Export as Delivery>::take_key(&Sandbox, &name)
                }
                fn drop_key(name: String) -> Result<(), Error> {
                    $crate::panic::report_panics();
                    <Export as Delivery>::drop_key(&Sandbox, &name)
                }
                fn parked_keys(prefix: String) -> Result<Vec<Parked>, Error> {
                    $crate::panic::report_panics();
                    <Export as Delivery>::parked_keys(&Sandbox, &prefix)
                }
            }

            $crate::bindings::delivery::export_delivery_world!(Plugin with_types_in $crate::bindings::delivery);
        }
    };
}
