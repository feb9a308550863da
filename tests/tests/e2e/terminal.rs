//! What a person sees at a terminal, and what Ctrl-C does there.
//! Above: nothing. Below: `common`, the harness's pseudo terminal.
//! Invariant: the same commands without a terminal draw nothing and ask nothing.

use super::common::{ORGANIZATION, connector, face, found, reachable, same};
use mock_aws::Scenario;
use sensor_tests::face::Face;
use sensor_tests::harness::place;
use sensor_tests::harness::sensor::Sensor;
use serde_json::Value;

const IMPORT: [&str; 3] = ["connector", "import", "aws"];

/// The organization of the other tests, each answer some milliseconds late, so that there is time for keys.
fn slow(latency_ms: u32) -> Face {
    let text = std::fs::read_to_string(place::file("cases/organization/scenario.toml")).unwrap();
    let text = format!("latency = {{ default = {latency_ms} }}\n{text}");
    Face::start(&Scenario::parse(&text).unwrap()).unwrap()
}

fn with(face: &Face, concurrency: u32) -> Sensor {
    let sensor = Sensor::with_plugins(face.env());
    let text = connector(ORGANIZATION) + &format!("[limits]\nconcurrency = {concurrency}\n");
    sensor.apply(&text).exit(0);
    sensor
}

#[test]
fn a_person_sees_a_bar_and_at_the_end_no_trace_of_it() {
    let face = face("organization");
    let sensor = with(&face, 8);
    let seen = sensor.at_terminal(100, &IMPORT, &[]).exit(3);
    assert!(seen.raw.contains("looking for accounts"), "{}", seen.raw);
    assert!(
        seen.raw.contains("█") && seen.raw.contains(" regions  "),
        "{}",
        seen.raw
    );
    assert!(
        !seen.raw.contains("\u{1b}[3"),
        "NO_COLOR is set: {}",
        seen.raw
    );
    assert!(
        seen.screen[0].starts_with("run 1 of aws: partial"),
        "{}",
        seen.text()
    );
    assert!(!seen.text().contains('█'), "{}", seen.text());
    // Where there is less room the numbers stay on their line.
    let seen = sensor.at_terminal(50, &IMPORT, &[]).exit(3);
    assert!(
        !seen.raw.contains('█') && seen.raw.contains(" regions  "),
        "{}",
        seen.raw
    );
    assert!(
        seen.screen[0].starts_with("run 2 of aws: partial"),
        "{}",
        seen.text()
    );
    let seen = sensor.at_terminal(100, &[&IMPORT[..], &["--quiet"]].concat(), &[]);
    assert!(
        !seen.raw.contains('█') && !seen.raw.contains("regions  "),
        "{}",
        seen.raw
    );
}

#[test]
fn without_a_terminal_lines_tell_how_far_it_is() {
    let text = "name = 'late'\nlatency = { default = 1300 }\nregions = ['us-east-1', 'eu-west-1']\n[[account]]\nname = 'a'\ncertificates = 3\n";
    let face = Face::start(&Scenario::parse(text).unwrap()).unwrap();
    let sensor = Sensor::with_plugins(face.env());
    sensor.apply(&connector("scope = \"account\"")).exit(0);
    let done = sensor.run(&IMPORT).exit(0);
    assert!(
        !done.stderr.contains(['\u{1b}', '\r', '█']),
        "{}",
        done.stderr
    );
    assert!(!done.stdout.contains('\u{1b}'), "{}", done.stdout);
    let lines: Vec<_> = done
        .stderr
        .lines()
        .filter(|line| line.starts_with("aws: 1 account, "))
        .collect();
    assert!(!lines.is_empty() && lines.len() < 5, "{}", done.stderr);
    assert!(
        lines[0].contains(" of 2 regions, ") && lines[0].contains("certificates, "),
        "{}",
        done.stderr
    );
}

#[test]
fn ctrl_c_stops_at_a_page_and_says_how_to_go_on() {
    let face = slow(40);
    let sensor = with(&face, 3);
    let seen = sensor
        .at_terminal(100, &IMPORT, &[("[1-9][0-9]* certificates", "\u{3}")])
        .exit(3)
        .shows(&[
            "warning: stopping after the pages that are being read; once more aborts",
            "run 1 of aws: stopped in ",
            "next: sensor connector import aws goes on where this run stopped",
        ]);
    assert!(
        seen.raw.contains("certificates, stopping after"),
        "{}",
        seen.raw
    );
    assert!(!seen.text().contains('█'), "{}", seen.text());
    sensor
        .run(&["run", "show", "latest", "--output", "json"])
        .says(&["\"stopped\""]);
    goes_on(&face, &sensor);
}

#[test]
fn a_second_ctrl_c_ends_it_at_once_and_nothing_is_lost() {
    let face = slow(120);
    let sensor = with(&face, 3);
    let keys = [
        ("[1-9][0-9]* certificates", "\u{3}"),
        ("once more aborts", "\u{3}"),
    ];
    let seen = sensor.at_terminal(100, &IMPORT, &keys).exit(1).shows(&[
        "error: aborted; what was committed is kept, and the next import goes on from there",
    ]);
    assert!(seen.after_keys_ms < 3_000, "{} ms", seen.after_keys_ms);
    assert!(!seen.text().contains('█'), "{}", seen.text());
    let list = sensor.run(&["run", "list"]).exit(0);
    let line = list.stdout.lines().nth(1).unwrap();
    let words: Vec<_> = line.split_whitespace().collect();
    // Nobody saw when it ended.
    assert_eq!((words[2], words[5]), ("interrupted", "-"), "{line}");
    goes_on(&face, &sensor);
}

/// What the stopped run had found is there, nothing is called gone, and the next import ends at the exact truth.
fn goes_on(face: &Face, sensor: &Sensor) {
    let truth = reachable(face);
    let before = found(&unharmed(sensor));
    assert!(
        !before.is_empty() && before.len() < truth.len(),
        "{} of {}",
        before.len(),
        truth.len()
    );
    assert!(
        before
            .iter()
            .all(|(arn, body)| truth.get(arn) == Some(body))
    );
    let faster = connector(ORGANIZATION);
    sensor.apply(&faster).exit(0);
    sensor.run(&IMPORT).exit(3);
    same(&found(&unharmed(sensor)), &truth);
}

fn unharmed(sensor: &Sensor) -> Vec<Value> {
    let assets = sensor.export();
    for asset in &assets {
        assert!(
            asset["missing_since"].is_null() && asset["retired_at"].is_null(),
            "{asset}"
        );
    }
    assets
}

#[test]
fn a_secret_is_typed_unseen_and_a_removal_is_confirmed_by_name() {
    let sensor = Sensor::with_plugins(Vec::new());
    let set = ["secret", "set", "aws-key", "--access-key"];
    let keys = [
        ("access key ID: ", "AKIAEXAMPLEEXAMPLE00\r"),
        ("secret access key: ", "wrong\u{15}hidden-texx\u{7f}t\r"),
    ];
    let seen = sensor
        .at_terminal(80, &set, &keys)
        .exit(0)
        .shows(&["set aws-key"]);
    assert!(seen.raw.contains("AKIAEXAMPLEEXAMPLE00"), "{}", seen.raw);
    assert!(
        !seen.raw.contains("hidden") && !seen.raw.contains("wrong"),
        "{}",
        seen.raw
    );
    let keys = [keys[0], ("secret access key: ", "hidden-text\u{3}")];
    let seen = sensor
        .at_terminal(80, &set, &keys)
        .exit(1)
        .shows(&["interrupted; nothing was set"]);
    assert!(!seen.raw.contains("hidden"), "{}", seen.raw);
    let remove = ["secret", "remove", "aws-key"];
    let ask = "Type `aws-key` to go on: ";
    sensor
        .at_terminal(80, &remove, &[(ask, "yes\r")])
        .exit(2)
        .shows(&["not confirmed"]);
    sensor
        .at_terminal(80, &remove, &[(ask, "aws-key\r")])
        .exit(0)
        .shows(&["removed aws-key"]);
    sensor
        .at_terminal(80, &remove, &[])
        .exit(2)
        .shows(&["there is no secret `aws-key`"]);
    // Without a terminal nobody is asked.
    sensor.run(&set).exit(2).says(&["--from-file"]);
}
