//! `sensor issuer` as an operator uses it.
//! Above: nothing. Below: the real program, pebble.
//! Invariant: no secret in anything that is said or printed.

use sensor_tests::harness::pebble::{Options, Pebble};
use sensor_tests::harness::sensor::Sensor;

const PROFILE: &str = r#"
name = "web"
issuer = "internal"
[names]
suffixes = ["example.com"]
[deliver_to]
connectors = ["aws-prod"]
"#;

#[test]
fn a_local_issuer_is_applied_shown_checked_and_removed() {
    let sensor = Sensor::bare(Vec::new());
    let file = sensor.write("issuer.toml", "name = \"internal\"\nkind = \"local\"\n");
    let file = file.to_string_lossy().into_owned();
    sensor
        .run(&["issuer", "list"])
        .exit(0)
        .says(&["no issuers yet"]);
    sensor
        .run(&["issuer", "apply", "-f", &file])
        .exit(0)
        .says(&["internal created"]);
    sensor
        .run(&["issuer", "apply", "-f", &file])
        .exit(0)
        .says(&["internal unchanged"]);
    let shown = sensor.run(&["issuer", "show", "internal"]).exit(0);
    shown.says(&[
        "CN=sensor CA internal EC",
        "CN=sensor CA internal RSA",
        "BEGIN CERTIFICATE",
    ]);
    let json = sensor
        .run(&["issuer", "show", "internal", "--output", "json"])
        .exit(0);
    let value: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(value["schema"], "sensor.issuer/v1");
    assert_eq!(value["issuer"]["kind"], "local");
    assert_eq!(value["certificates"].as_array().unwrap().len(), 2);
    sensor
        .run(&["issuer", "check", "internal"])
        .exit(0)
        .says(&["2 success"]);
    sensor
        .run(&["secret", "list"])
        .exit(0)
        .says(&["no secrets"]);
    for words in [
        ["secret", "set", "issuer.internal.ca-ec", "--from-env=HOME"].as_slice(),
        &["secret", "remove", "issuer.internal.ca-ec", "--yes"],
    ] {
        sensor.run(words).exit(2);
    }
    let acme = sensor.write(
        "acme.toml",
        "name = \"internal\"\nkind = \"acme\"\ndirectory = \"https://ca.example.com/dir\"\nterms_of_service_agreed = true\n",
    );
    let applied = sensor.run(&["issuer", "apply", "-f", &acme.to_string_lossy()]);
    applied.exit(2).says(&["which cannot change"]);
    sensor
        .run(&["issuer", "show", "interal"])
        .exit(2)
        .says(&["did you mean `internal`?"]);
    let profile = sensor.write("profile.toml", PROFILE);
    let applied = sensor.run(&["profile", "apply", "-f", &profile.to_string_lossy()]);
    applied.exit(0);
    let refused = sensor.run(&["issuer", "remove", "internal", "--yes"]);
    refused.exit(2).says(&["in use by the profiles web"]);
    sensor.run(&["profile", "remove", "web", "--yes"]).exit(0);
    sensor
        .run(&["issuer", "remove", "internal"])
        .exit(2)
        .says(&["say --yes"]);
    sensor
        .run(&["issuer", "remove", "internal", "--yes"])
        .exit(0);
    sensor
        .run(&["issuer", "list"])
        .exit(0)
        .says(&["no issuers yet"]);
}

#[test]
fn an_acme_issuer_is_checked_and_its_secrets_stay_secret() {
    let key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
    let options = Options {
        external_accounts: vec![("kid-1".to_owned(), key.to_owned())],
        ..Options::default()
    };
    let pebble = Pebble::start(&options).unwrap();
    let sensor = Sensor::bare(Vec::new());
    let text = format!(
        "name = \"pebble\"\nkind = \"acme\"\ndirectory = \"{}\"\nca_file = \"{}\"\nterms_of_service_agreed = true\n[eab]\nkey_id = \"kid-1\"\nsecret = \"eab\"\n",
        pebble.url(),
        pebble.ca_file().display()
    );
    let file = sensor
        .write("acme.toml", &text)
        .to_string_lossy()
        .into_owned();
    let refused = sensor.run(&["issuer", "apply", "-f", &file]).exit(2);
    refused.says(&[
        "line 8: eab.secret: there is no secret `eab`",
        "sensor secret set eab",
    ]);
    sensor
        .run_with(
            &["secret", "set", "eab", "--from-env=EAB"],
            &[("EAB".to_owned(), key.to_owned())],
        )
        .exit(0);
    sensor.run(&["issuer", "apply", "-f", &file]).exit(0);
    let checked = sensor.run(&["issuer", "check", "pebble", "-vvv"]).exit(0);
    let checked = checked.says(&[
        "the CA answers",
        "external account binding",
        "knows the sensor's account",
    ]);
    assert!(
        !format!("{checked:?}").contains(&key[..20]),
        "the key was said"
    );
    let again = sensor.run(&["issuer", "check", "pebble"]).exit(0);
    again.says(&["knows the sensor's account"]);
    sensor
        .run(&["secret", "remove", "eab", "--yes"])
        .exit(2)
        .says(&["in use by pebble"]);
    sensor
        .run(&["issuer", "list", "--output", "yaml"])
        .exit(0)
        .says(&["kind: acme"]);
}
