//! What a credential provider is to its author: one trait, one for its host, and one macro that exports it.
//! Above: a credential provider plugin. Below: `bindings`.
//! Invariant: a provider names secrets and never sees one; what it gets is a session's handle.

use crate::bindings::connector::sensor::auth::credentials;
use crate::bindings::credential_provider::sensor::auth::sources;
use crate::types::Error;

pub use crate::bindings::credential_provider::exports::sensor::auth::provider::{Method, Request};
pub use crate::bindings::credential_provider::sensor::auth::sources::ResolvedPaths;

/// Where a provider may draw sessions from. The sandbox implements it by the contract's imports.
#[expect(
    clippy::missing_errors_doc,
    reason = "all alike: why no session came of it, classified"
)]
pub trait Sources {
    /// The handle of a session.
    type Session;

    /// The AWS SDK's default chain; `region` is where STS is asked.
    fn aws_default_chain(&self, region: Option<&str>) -> Result<Self::Session, Error>;
    /// One profile of the shared configuration files.
    fn aws_profile(&self, name: &str, region: Option<&str>) -> Result<Self::Session, Error>;
    /// An access key that the operator stored in the sensor under this name.
    fn aws_access_key(
        &self,
        secret_name: &str,
        region: Option<&str>,
    ) -> Result<Self::Session, Error>;
    /// Where the host would look.
    fn aws_paths(&self) -> ResolvedPaths;
}

/// A credential provider's logic, generic over its host so that it also runs outside the sandbox.
pub trait CredentialProvider {
    /// The ways to obtain a session. Must not use any capability.
    fn methods() -> Vec<Method>;
    /// Makes the session.
    ///
    /// # Errors
    /// What makes the parameters wrong, or why the source gave nothing.
    fn resolve<S: Sources>(sources: &S, request: &Request) -> Result<S::Session, Error>;
    /// Lines that help a person who wonders which credentials are used.
    fn explain<S: Sources>(sources: &S, request: &Request) -> Vec<String>;
}

/// The sandbox: every source by the contract's imports.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sandbox;

impl Sources for Sandbox {
    type Session = credentials::Session;

    fn aws_default_chain(&self, region: Option<&str>) -> Result<Self::Session, Error> {
        sources::aws_default_chain(region)
    }
    fn aws_profile(&self, name: &str, region: Option<&str>) -> Result<Self::Session, Error> {
        sources::aws_profile(name, region)
    }
    fn aws_access_key(
        &self,
        secret_name: &str,
        region: Option<&str>,
    ) -> Result<Self::Session, Error> {
        sources::aws_access_key(secret_name, region)
    }
    fn aws_paths(&self) -> ResolvedPaths {
        sources::aws_paths()
    }
}

/// Exports a type that implements [`CredentialProvider`] as the plugin of this crate.
#[macro_export]
macro_rules! export_credential_provider {
    ($provider:ty) => {
        #[cfg(target_arch = "wasm32")]
        type SensorExport = $provider;

        #[cfg(target_arch = "wasm32")]
        mod sensor_export {
            #![allow(unsafe_code, reason = "the generated export glue")]
            use $crate::bindings::connector::sensor::auth::credentials::Session;
            use $crate::bindings::credential_provider::exports::sensor::auth::provider::Guest;
            use $crate::provider::{CredentialProvider, Method, Request, Sandbox};
            use $crate::types::Error;

            use super::SensorExport;

            struct Plugin;

            impl Guest for Plugin {
                fn methods() -> Vec<Method> {
                    $crate::panic::report_panics();
                    <SensorExport as CredentialProvider>::methods()
                }
                fn resolve(request: Request) -> Result<Session, Error> {
                    $crate::panic::report_panics();
                    <SensorExport as CredentialProvider>::resolve(&Sandbox, &request)
                }
                fn explain(request: Request) -> Vec<String> {
                    $crate::panic::report_panics();
                    <SensorExport as CredentialProvider>::explain(&Sandbox, &request)
                }
            }

            $crate::bindings::credential_provider::export_credential_provider_world!(
                Plugin with_types_in $crate::bindings::credential_provider
            );
        }
    };
}
