//! One profile, as it was applied.
//! Above: `profile show`. Below: `model::profile`.
//! Invariant: every rule is told in words, the ones by default too.

use super::pair;
use crate::cli::output::View;
use crate::cli::records::Stamp;
use crate::cli::style::{Style, Tone, safe};
use crate::cli::table::Rows;
use crate::ledger::StoredProfile;
use crate::model::profile::{CommonName, Profile, RenewAt, RenewalRule};
use serde::Serialize;

/// A profile with its dates.
#[derive(Debug)]
pub struct ProfileView<'a> {
    pub profile: &'a StoredProfile,
}

#[derive(Serialize)]
struct Data<'a> {
    profile: &'a Profile,
    created_at: Stamp,
    updated_at: Stamp,
}

impl View for ProfileView<'_> {
    const SCHEMA: &'static str = "sensor.profile/v1";

    fn data(&self) -> impl Serialize + '_ {
        Data {
            profile: &self.profile.config,
            created_at: Stamp(self.profile.created_at),
            updated_at: Stamp(self.profile.updated_at),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&["rule", "value"]);
        for (name, value) in rules(&self.profile.config) {
            rows.push(vec![name.into(), value.into()]);
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        let profile = &self.profile.config;
        let mut text = format!("{}\n", style.paint(Tone::Strong, profile.name.as_str()));
        for (name, value) in rules(profile) {
            text += &pair(style, name, &safe(&value));
        }
        text
    }
}

/// Every rule with its value in words.
fn rules(profile: &Profile) -> Vec<(&'static str, String)> {
    let names = &profile.names;
    let places = &profile.deliver_to;
    let validity = profile.validity.map_or_else(
        || "as the issuer gives".to_owned(),
        |period| period.to_string(),
    );
    let wildcard = if names.wildcard {
        ", wildcards too"
    } else {
        ""
    };
    let mut rules = vec![
        ("issuer", profile.issuer.to_string()),
        ("key", profile.key_type.to_string()),
        ("validity", validity),
        (
            "names",
            format!(
                "{} at most, in {}{wildcard}",
                names.max,
                or(listed(&names.suffixes), "no domain")
            ),
        ),
        ("addresses", or(listed(&names.networks), "none")),
        ("subject", subject(profile)),
        (
            "key usage",
            or(
                listed(profile.key_usages.iter().map(|one| one.as_str())),
                "not asked for",
            ),
        ),
        (
            "extended usage",
            or(
                listed(profile.extended_key_usages.iter().map(|one| one.as_str())),
                "not asked for",
            ),
        ),
        ("renewal", renewal(&profile.renewal)),
        ("key waits", custody(profile)),
        (
            "delivers to",
            format!(
                "connectors {}; accounts {}; regions {}",
                or(listed(&places.connectors), "none"),
                or(listed(&places.accounts), "none"),
                or(listed(&places.regions), "none")
            ),
        ),
        ("business units", or(listed(&profile.business_units), "all")),
        (
            "approval",
            if profile.approval {
                "by a second person".to_owned()
            } else {
                "not needed".to_owned()
            },
        ),
    ];
    if let Some(kind) = &profile.acme_profile {
        rules.insert(3, ("acme profile", kind.clone()));
    }
    rules
}

fn subject(profile: &Profile) -> String {
    let mut parts: Vec<String> = profile
        .subject
        .parts
        .iter()
        .map(|(part, text)| format!("{}={text}", part.short()))
        .collect();
    if profile.subject.common_name == CommonName::FirstName {
        parts.push("CN=the first name".to_owned());
    }
    or(parts.join(", "), "empty")
}

fn renewal(rule: &RenewalRule) -> String {
    if !rule.automatic {
        return "only when asked for".to_owned();
    }
    let at = match rule.at {
        RenewAt::Percent(percent) => format!("when {percent} % of the life has passed"),
        RenewAt::Before(period) => format!("{period} before the end"),
    };
    let spread = match rule.jitter_percent {
        0 => String::new(),
        percent => format!(", spread over {percent} % of the life before that"),
    };
    let first = if rule.follow_issuer {
        "when the issuer says, else "
    } else {
        ""
    };
    format!("{first}{at}{spread}")
}

fn custody(profile: &Profile) -> String {
    use crate::model::profile::Custody;
    match profile.custody {
        Custody::Auto => "in Secrets Manager where that is permitted, else in the sensor",
        Custody::SecretsManager => "in Secrets Manager",
        Custody::Sensor => "in the sensor",
    }
    .to_owned()
}

fn listed<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<String> = values.into_iter().map(|one| one.to_string()).collect();
    texts.join(", ")
}

fn or(text: String, none: &str) -> String {
    if text.is_empty() {
        none.to_owned()
    } else {
        text
    }
}
