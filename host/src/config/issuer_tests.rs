//! What an issuer's file may say, and how its problems are told.
//! Above: nothing. Below: `config`.
//! Invariant: no file is read.

use super::*;
use std::time::Duration;

fn problems(text: &str) -> Vec<String> {
    parse_issuers(text, Path::new("/etc/sensor"))
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_local_ca_needs_only_a_name() {
    let config = parse_issuers("name = \"internal\"\nkind = \"local\"\n", Path::new("/"))
        .unwrap()
        .remove(0);
    assert_eq!(config.kind(), "local");
    let IssuerKind::Local(local) = &config.kind else {
        panic!("{config:?}")
    };
    assert_eq!(local.subject, "sensor CA internal");
    assert_eq!(local.validity.duration(), Duration::from_hours(90 * 24));
    let stored = serde_json::to_string(&config).unwrap();
    assert_eq!(
        serde_json::from_str::<IssuerConfig>(&stored).unwrap(),
        config
    );
}

#[test]
fn every_problem_of_an_issuer_is_told_at_once() {
    let text = r#"
[[issuer]]
name = "A"
kind = "local"
validity = "10y"
subjekt = "x"
[[issuer]]
name = "b"
kind = "lokal"
[[issuer]]
name = "c"
"#;
    let expected = [
        "line 3: issuer[0].name: `A` is not a valid issuer name: use 1 to 63 of a-z, 0-9 and `-`, starting with a letter",
        "line 5: issuer[0].validity: not a length of time: write it like \"30d\", \"24h\", \"90m\" or \"1h 30m\"",
        "line 6: issuer[0].subjekt: is not known here (did you mean `subject`?)",
        "line 9: issuer[1].kind: this word is not known here (did you mean `local`?)",
        "line 10: issuer[2].kind: is missing (write for example kind = \"acme\")",
    ];
    assert_eq!(problems(text), expected);
}
