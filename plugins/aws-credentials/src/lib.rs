//! The credential provider for AWS: says which of the host's sources makes a session.
//! Above: the sensor, through the exported contract. Below: `sensor-sdk`.
//! Invariant: a secret is named here and never seen.

mod explain;
mod methods;
mod parameters;

use parameters::{AccessKey, DefaultChain, Profile, parsed};
use sensor_sdk::provider::{CredentialProvider, Method, Request, Sources};
use sensor_sdk::types::{Error, ErrorClass};

/// The provider.
#[derive(Debug, Clone, Copy)]
pub struct AwsCredentials;

impl CredentialProvider for AwsCredentials {
    fn methods() -> Vec<Method> {
        methods::all()
    }

    fn resolve<S: Sources>(sources: &S, request: &Request) -> Result<S::Session, Error> {
        match request.method.as_str() {
            methods::DEFAULT_CHAIN => {
                let DefaultChain { region } = parsed(request)?;
                sources.aws_default_chain(region.as_deref())
            }
            methods::PROFILE => {
                let Profile { name, region } = parsed(request)?;
                sources.aws_profile(&name, region.as_deref())
            }
            methods::ACCESS_KEY => {
                let AccessKey { secret, region } = parsed(request)?;
                sources.aws_access_key(&secret, region.as_deref())
            }
            other => {
                let known = [
                    methods::DEFAULT_CHAIN,
                    methods::PROFILE,
                    methods::ACCESS_KEY,
                ]
                .join("`, `");
                Err(config(
                    "unknown-method",
                    format!("there is no method `{other}`: use `{known}`"),
                ))
            }
        }
    }

    fn explain<S: Sources>(sources: &S, request: &Request) -> Vec<String> {
        explain::lines(sources, request)
    }
}

fn config(code: &str, message: String) -> Error {
    let code = code.to_owned();
    Error {
        class: ErrorClass::Config,
        code,
        message,
        detail: None,
        retry_after_ms: None,
        subject: None,
    }
}

sensor_sdk::export_credential_provider!(AwsCredentials);

#[cfg(test)]
mod tests;
