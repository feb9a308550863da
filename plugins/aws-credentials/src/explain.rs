//! For a person who wonders which credentials are used: where they come from, as the host sees it.
//! Above: `AwsCredentials`. Below: the host's resolved paths.
//! Invariant: paths and names, no values.

use crate::methods;
use crate::parameters::{AccessKey, Profile, parsed};
use sensor_sdk::provider::{Request, ResolvedPaths, Sources};

/// As many profiles as one line holds.
const SHOWN: usize = 20;

pub(crate) fn lines<S: Sources>(sources: &S, request: &Request) -> Vec<String> {
    if request.method == methods::ACCESS_KEY {
        return match parsed::<AccessKey>(request) {
            Ok(AccessKey { secret, .. }) => {
                vec![format!(
                    "the access key stored in the sensor under `{secret}`"
                )]
            }
            Err(error) => vec![error.message],
        };
    }
    let paths = sources.aws_paths();
    let mut lines = vec![
        format!("as user {}", paths.user),
        file(
            "config",
            &paths.config_file,
            paths.config_file_exists,
            "AWS_CONFIG_FILE",
        ),
        file(
            "credentials",
            &paths.credentials_file,
            paths.credentials_file_exists,
            "AWS_SHARED_CREDENTIALS_FILE",
        ),
        profiles(&paths),
    ];
    match (request.method.as_str(), parsed::<Profile>(request)) {
        (methods::PROFILE, Ok(Profile { name, .. })) => {
            let found = if paths.profiles.contains(&name) { "found" } else { "not found" };
            lines.insert(0, format!("the profile `{name}`: {found}"));
        }
        (methods::PROFILE, Err(error)) => lines.insert(0, error.message),
        _ => lines.insert(
            0,
            "the default chain: environment, shared files, SSO, web identity, container, instance metadata".to_owned(),
        ),
    }
    lines
}

fn file(what: &str, path: &str, exists: bool, variable: &str) -> String {
    let state = if exists { "found" } else { "not there" };
    format!("{what} file: {path} ({state}; {variable} overrides it)")
}

fn profiles(paths: &ResolvedPaths) -> String {
    match paths.profiles.len() {
        0 => "profiles: none".to_owned(),
        count if count > SHOWN => format!(
            "profiles: {} and {} more",
            paths.profiles[..SHOWN].join(", "),
            count - SHOWN
        ),
        _ => format!("profiles: {}", paths.profiles.join(", ")),
    }
}
