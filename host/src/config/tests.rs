//! What a connector's file may say, and how its problems are told.
//! Above: nothing. Below: `config`.
//! Invariant: no file is read but the one that is not there.

use super::*;
use std::time::Duration;

fn problems(text: &str) -> Vec<String> {
    parse(text, Path::new("/etc/sensor"))
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect()
}

const FULL: &str = r#"
name = "demo"
plugin = "aws-unified"
[credential]
provider = "aws-credentials"
method = "profile"
parameters = { profile = "prod" }
[settings]
scope = "organization"
regions = ["eu-central-1", "us-east-1"]
[import]
every = "12h"
expired_since = 2026-01-01
business_unit = "platform"
tags = { owner = "pki-team" }
[limits]
concurrency = 4
call_timeout = "1m 30s"
[grants]
operations = ["acm:List*", "sts:AssumeRole"]
[rates]
"acm:GetCertificate" = 10
"#;

#[test]
fn a_full_file_means_what_it_says_and_survives_its_stored_form() {
    let config = parse(FULL, Path::new("/")).unwrap().remove(0);
    assert_eq!(config.import.every.duration(), Duration::from_hours(12));
    assert_eq!(
        config.import.expired_since,
        Some(Since::At(1_767_225_600_000))
    );
    assert_eq!(
        config.limits.call_timeout.map(Period::duration),
        Some(Duration::from_secs(90))
    );
    assert_eq!(config.settings["regions"][1], "us-east-1");
    assert_eq!(
        config.rates["acm:GetCertificate"].to_bits(),
        10.0_f64.to_bits()
    );
    let stored = serde_json::to_string(&config).unwrap();
    assert_eq!(
        serde_json::from_str::<ConnectorConfig>(&stored).unwrap(),
        config
    );
}

#[test]
fn every_problem_is_told_at_once_with_its_line_and_the_nearest_name() {
    let text = r#"name = "Demo"
plugin = 7
[credentials]
[import]
evry = "24h"
expired_since = "soon"
revoked = "no"
[limits]
concurrency = 0
memory_mib = 2048
[grants]
operations = ["acm", 1]
[rates]
"acm:GetCertificate" = -1
"#;
    let expected = [
        "line 1: name: `Demo` is not a valid connector name: use 1 to 63 of a-z, 0-9 and `-`, starting with a letter",
        "line 1: credential: is missing (write a table [credential] with provider = \"aws-credentials\" and method = \"default-chain\", \"profile\" or \"access-key\")",
        "line 2: plugin: a text is needed here, not a number",
        "line 3: credentials: is not known here (did you mean `credential`?)",
        "line 5: import.evry: is not known here (did you mean `every`?)",
        "line 6: import.expired_since: neither a date like \"2026-01-31\" nor a length of time like \"90d\"",
        "line 7: import.revoked: true or false is needed here",
        "line 9: limits.concurrency: a whole number from 1 to 1024 is needed here",
        "line 10: limits.memory_mib: a whole number from 1 to 1024 is needed here",
        "line 12: grants.operations: write operations like \"acm:GetCertificate\", \"acm:List*\" or \"acm:*\"",
        "line 12: grants.operations: write operations like \"acm:GetCertificate\", \"acm:List*\" or \"acm:*\"",
        "line 14: rates.\"acm:GetCertificate\": requests a second, above 0 and up to 10000, are needed here",
    ];
    assert_eq!(problems(text), expected);
}

#[test]
fn faults_of_syntax_are_told_with_their_line() {
    let told = problems("name = \"a\"\nplugin = \n");
    assert!(
        told.iter().any(|problem| problem.starts_with("line 2: ")),
        "{told:?}"
    );
}

#[test]
fn several_connectors_in_one_file_have_several_names() {
    let one = "[[connector]]\nname = \"a\"\nplugin = \"p\"\nmock_host = { plugin = \"m\" }\n";
    let two = one.replace("\"a\"", "\"b\"");
    let names: Vec<_> = parse(&format!("{one}{two}"), Path::new("/"))
        .unwrap()
        .into_iter()
        .map(|c| c.name.to_string())
        .collect();
    assert_eq!(names, ["a", "b"]);
    let twice = problems(&format!("{one}{one}"));
    assert_eq!(
        twice,
        ["line 5: connector[1]: `a` stands in this file twice; a name is given once"]
    );
    let mixed = problems(&format!("name = \"c\"\n{one}"));
    assert!(
        mixed[0].starts_with("line 1: name: is not known here"),
        "{mixed:?}"
    );
}

#[test]
fn a_scenario_is_looked_for_beside_the_file() {
    let text = "name = \"a\"\nplugin = \"p\"\nmock_host = { plugin = \"m\", scenario = \"no-such.toml\" }\n";
    assert_eq!(
        problems(text),
        ["line 3: mock_host.scenario: there is no file /etc/sensor/no-such.toml"]
    );
}

#[test]
fn periods_are_read_and_written_the_same() {
    for text in ["30d", "36h", "1m 30s", "24d 1h", "250ms", "0s"] {
        let period: Period = text.parse().unwrap();
        assert_eq!(period.to_string(), text);
    }
    for text in ["", "soon", "-1h", "30", "1 month"] {
        assert!(text.parse::<Period>().is_err(), "{text}");
    }
    let ago: Since = "90d".parse().unwrap();
    assert_eq!(ago.moment(100 * 86_400_000), 10 * 86_400_000);
}

#[test]
fn an_empty_table_of_grants_is_not_taken_for_all() {
    let text = "name = \"a\"\nplugin = \"p\"\nmock_host = { plugin = \"m\" }\n[grants]\n";
    let told = problems(text);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("line 4: grants.operations: is missing (write operations = ["),
        "{told:?}"
    );
    let none = parse(&format!("{text}operations = []\n"), Path::new("/")).unwrap();
    assert_eq!(none[0].grants, Some(Vec::new()));
}
