//! Which profiles the shared files hold, and which of them ask for MFA.
//! Above: `Sources`. Below: `environment`.
//! Invariant: no value of a file is kept but the names of profiles and of MFA devices.

use super::{Environment, failed};
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use crate::model::nearest::nearest;
use crate::model::text::clean;
use std::collections::BTreeMap;

/// Longer chains of `source_profile` are loops.
const LONGEST_CHAIN: usize = 16;

/// The profiles of both files.
#[derive(Debug, Default)]
pub(super) struct Profiles(BTreeMap<String, Profile>);

#[derive(Debug, Default)]
struct Profile {
    mfa_serial: Option<String>,
    source_profile: Option<String>,
    assumes: bool,
}

impl Profiles {
    /// Reads both files; one that cannot be read holds none.
    pub(super) fn read(environment: &Environment) -> Self {
        let text = |path| std::fs::read_to_string(path).unwrap_or_default();
        let mut profiles = Self::default();
        profiles.add(&text(environment.config_file()), true);
        profiles.add(&text(environment.credentials_file()), false);
        profiles
    }

    fn add(&mut self, text: &str, config: bool) {
        let mut current = None;
        for line in text.lines() {
            let line = line.split(['#', ';']).next().unwrap_or_default();
            if let Some(head) = line
                .trim()
                .strip_prefix('[')
                .and_then(|rest| rest.split(']').next())
            {
                current = profile_name(head.trim(), config);
                if let Some(name) = &current {
                    self.0.entry(name.clone()).or_default();
                }
                continue;
            }
            // An indented line belongs to the setting above it.
            let own = !line.starts_with(char::is_whitespace);
            let pair = line.split_once('=').filter(|_| own);
            if let (Some(name), Some((key, value))) = (&current, pair) {
                let profile = self.0.entry(name.clone()).or_default();
                profile.set(key.trim(), value.trim());
            }
        }
    }

    /// All names, sorted.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.keys().map(|name| clean(name, 128)).collect()
    }

    /// Sees that the profile is there; else tells which name comes nearest.
    pub(super) fn find(&self, name: &str, environment: &Environment) -> Result<(), Error> {
        if self.0.contains_key(name) {
            return Ok(());
        }
        let hint = match nearest(name, self.0.keys().map(String::as_str)) {
            Some(nearest) => format!("did you mean `{}`?", clean(nearest, 80)),
            None if self.0.is_empty() => "the files hold no profile".to_owned(),
            None => format!("there are: {}", clean(&self.names().join(", "), 300)),
        };
        let text = format!(
            "no profile `{}` in {} or {} (looked for by user {}): {hint}",
            clean(name, 80),
            environment.config_file().display(),
            environment.credentials_file().display(),
            environment.user(),
        );
        Err(failed(ErrorClass::Config, "unknown-profile", text))
    }

    /// The MFA device that the profile, or one that it builds on, asks for.
    pub(super) fn mfa_of(&self, name: &str) -> Option<String> {
        let mut at = Some(name);
        for _ in 0..LONGEST_CHAIN {
            let profile = self.0.get(at?)?;
            if let (true, Some(serial)) = (profile.assumes, &profile.mfa_serial) {
                return Some(serial.clone());
            }
            at = profile
                .source_profile
                .as_deref()
                .filter(|next| Some(*next) != at);
        }
        None
    }
}

impl Profile {
    fn set(&mut self, key: &str, value: &str) {
        match key {
            "mfa_serial" => self.mfa_serial = Some(value.to_owned()),
            "source_profile" => self.source_profile = Some(value.to_owned()),
            "role_arn" => self.assumes = true,
            _ => {}
        }
    }
}

/// The config file writes `[profile name]`, the credentials file `[name]`; both write `[default]`.
fn profile_name(head: &str, config: bool) -> Option<String> {
    let name = match head.split_once(char::is_whitespace) {
        Some(("profile", name)) if config => name.trim(),
        None if !config || head == "default" => head,
        _ => return None,
    };
    let name = name.trim_matches('"');
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Environment, Profiles};

    const CONFIG: &str = "
# the region of all
[default]
region = eu-central-1
[profile audit]   ; comment
role_arn = arn:aws:iam::123456789012:role/Audit
source_profile = base
[profile guarded]
role_arn = arn:aws:iam::123456789012:role/Audit
mfa_serial = arn:aws:iam::123456789012:mfa/person
[profile on-guarded]
role_arn = arn:aws:iam::123456789012:role/Other
source_profile = guarded
[profile loop]
source_profile = loop
[profile \"has space\"]
s3 =
  mfa_serial = nested
[sso-session company]
sso_region = eu-central-1
[not a profile]
";
    const CREDENTIALS: &str = "[base]\naws_access_key_id = AKIDEXAMPLE\n[default]\n";

    fn profiles() -> Profiles {
        let mut profiles = Profiles::default();
        profiles.add(CONFIG, true);
        profiles.add(CREDENTIALS, false);
        profiles
    }

    #[test]
    fn both_files_are_read_as_the_sdk_reads_them() {
        let names = profiles().names();
        assert_eq!(
            names,
            [
                "audit",
                "base",
                "default",
                "guarded",
                "has space",
                "loop",
                "on-guarded"
            ]
        );
    }

    #[test]
    fn fact_41_mfa_is_found_through_source_profiles() {
        let profiles = profiles();
        for (name, guarded) in [
            ("guarded", true),
            ("on-guarded", true),
            ("audit", false),
            ("base", false),
            ("loop", false),
            ("has space", false),
        ] {
            assert_eq!(profiles.mfa_of(name).is_some(), guarded, "{name}");
        }
    }

    #[test]
    fn an_unknown_profile_is_answered_with_the_nearest() {
        let environment = Environment::at("/nowhere".into(), "sensor");
        let told = |name| profiles().find(name, &environment).unwrap_err().message;
        assert!(
            told("audti").contains("did you mean `audit`?"),
            "{}",
            told("audti")
        );
        assert!(
            told("zzz").contains("there are: audit, base"),
            "{}",
            told("zzz")
        );
        assert!(told("zzz").contains("/nowhere/.aws/config"));
        assert!(profiles().find("audit", &environment).is_ok());
        let none = Profiles::default().find("x", &environment).unwrap_err();
        assert!(none.message.contains("hold no profile"));
    }

    #[test]
    fn nothing_secret_is_kept() {
        assert!(!format!("{:?}", profiles()).contains("AKIDEXAMPLE"));
    }
}
