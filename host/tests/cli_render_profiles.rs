//! What people and machines get to read of profiles and keys, form by form.
//! Above: nothing. Below: `cli::render`.
//! Invariant: no clock, no terminal, no store: the same text on every machine.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::golden;
use sensor::app::AppliedProfile;
use sensor::cli::output::{Format, View, write};
use sensor::cli::render::{AppliedProfiles, KeyView, ProfileList, ProfileView};
use sensor::cli::style::Style;
use sensor::config::{KekSource, parse_profiles};
use sensor::ledger::{KekState, KeyStatus, Put, StoredProfile, Sweeps};

const NOW: i64 = 1_790_000_000_000;
const DAY: i64 = 86_400_000;

fn written<V: View>(view: &V, format: Format) -> String {
    let mut bytes = Vec::new();
    write(view, format, Style::PLAIN, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Every form of a view.
fn all<V: View>(name: &str, view: &V) {
    for (format, ending) in [
        (Format::Table, "txt"),
        (Format::Json, "json"),
        (Format::Csv, "csv"),
        (Format::Yaml, "yaml"),
    ] {
        golden(&format!("{name}.{ending}"), &written(view, format));
    }
}

fn stored(text: &str) -> StoredProfile {
    StoredProfile {
        config: parse_profiles(text).unwrap().remove(0),
        created_at: NOW - 30 * DAY,
        updated_at: NOW - DAY,
    }
}

fn profiles() -> [StoredProfile; 2] {
    let web = r#"
name = "web"
issuer = "lets-encrypt"
acme_profile = "tlsserver"
[names]
suffixes = ["example.com", ".corp.example"]
wildcard = true
[deliver_to]
connectors = ["aws-prod"]
regions = ["eu-*", "us-east-1"]
"#;
    let internal = r#"
name = "internal"
issuer = "corp-ca"
key_type = "rsa-3072"
validity = "30d"
custody = "sensor"
business_units = ["platform", "payments"]
approval = true
extended_key_usages = ["server-auth", "client-auth"]
[names]
networks = ["10.0.0.0/8"]
[subject]
common_name = "none"
organization = "Example, Inc."
country = "DE"
[renewal]
follow_issuer = false
before = "10d"
jitter_percent = 0
[deliver_to]
connectors = []
"#;
    [stored(internal), stored(web)]
}

#[test]
fn profiles_one_by_one_and_together() {
    let profiles = profiles();
    all(
        "profile-list",
        &ProfileList {
            profiles: &profiles,
        },
    );
    for profile in &profiles {
        let name = format!("profile-{}", profile.config.name);
        all(&name, &ProfileView { profile });
    }
    let none = written(&ProfileList { profiles: &[] }, Format::Table);
    assert_eq!(none, "no profiles yet\n");
}

#[test]
fn what_applying_did() {
    let applied = [AppliedProfile {
        name: "web".parse().unwrap(),
        put: Put::Changed,
        notes: vec!["worth knowing".to_owned()],
    }];
    let view = AppliedProfiles { applied: &applied };
    assert_eq!(written(&view, Format::Table), "web changed\n");
    assert_eq!(written(&view, Format::Csv), "profile,change\nweb,changed\n");
    assert!(written(&view, Format::Json).contains("\"notes\": [\n        \"worth knowing\""));
}

#[test]
fn how_the_sealing_stands() {
    let open = KeyStatus {
        source: KekSource::StateDir("/var/lib/sensor/key".into()),
        state: KekState::Open("0123456789abcdef".to_owned()),
        secrets: 3,
        in_ledger: 2,
        parked: 1,
        oldest_key: Some(NOW - 2 * DAY),
        unreadable: vec!["key of issuance 7".to_owned()],
        stray: None,
        sweeps: Some(Sweeps {
            last_at: NOW - DAY / 24,
            left: 1,
            unasked: 2,
            erased: 4,
        }),
    };
    all(
        "key-status",
        &KeyView {
            status: &open,
            now: NOW,
        },
    );
    let shut = KeyStatus {
        source: KekSource::File("/etc/sensor/kek".into()),
        state: KekState::Shut("it is not there".to_owned()),
        unreadable: Vec::new(),
        oldest_key: None,
        sweeps: None,
        ..open
    };
    all(
        "key-shut",
        &KeyView {
            status: &shut,
            now: NOW,
        },
    );
}
