//! kill -9 before and after every durable step of an enrollment.
//! Above: nothing. Below: `enroll`, `common`.
//! Invariant: whatever step the sensor died at, it goes on to the same end: every target has the certificate once, and
//! no key is left anywhere. `SENSOR_ROUNDS` says how many rounds each point gets.

use super::common::face;
use super::enroll::{json, ready, target};
use sensor_tests::face::Face;
use sensor_tests::harness::place;
use sensor_tests::harness::sensor::Sensor;
use serde_json::Value;
use std::fmt::Write;

/// Every point of the state machine, in its order.
const POINTS: [&str; 21] = [
    "key.before",
    "key.after",
    "order.before",
    "order.after",
    "fetch.before",
    "fetch.after",
    "park.before",
    "park.after",
    "park.kept",
    "import.before",
    "import.written",
    "import.after",
    "import.kept",
    "verify.before",
    "verify.after",
    "label.after",
    "verified.kept",
    "drop.before",
    "drop.sealed",
    "drop.cloud",
    "drop.kept",
];

fn rounds() -> u32 {
    place::variable("SENSOR_ROUNDS")
        .and_then(|text| text.to_str()?.parse().ok())
        .unwrap_or(10)
}

/// What came of the rounds of one point.
#[derive(Default)]
struct Tally {
    rounds: u32,
    killed: u32,
    orphans: usize,
    lost: usize,
    doubled: usize,
    undone: usize,
}

#[test]
fn killed_at_every_step_with_the_key_in_the_sensor() {
    kill_at_every_step("custody = \"sensor\"");
}

#[test]
fn killed_at_every_step_with_the_key_in_secrets_manager() {
    kill_at_every_step("custody = \"secrets-manager\"");
}

#[expect(clippy::print_stdout, reason = "the table is what a long run is for")]
fn kill_at_every_step(custody: &str) {
    let face = face("organization");
    let sensor = ready(&face, custody);
    let mut table = format!(
        "{:<16} rounds killed orphans lost doubled undone\n",
        "point"
    );
    let mut sum = Tally::default();
    for (at, point) in POINTS.iter().enumerate() {
        let mut tally = Tally::default();
        for round in 0..rounds() {
            // Every other round renews what the round before delivered.
            let name = format!("n{at}-{}.example.com", round / 2);
            one(&face, &sensor, point, &name, round, &mut tally);
        }
        let Tally {
            rounds,
            killed,
            orphans,
            lost,
            doubled,
            undone,
        } = tally;
        writeln!(
            table,
            "{point:<16} {rounds:>6} {killed:>6} {orphans:>7} {lost:>4} {doubled:>7} {undone:>6}"
        )
        .unwrap();
        sum.rounds += rounds;
        sum.killed += killed;
        sum.orphans += orphans;
        sum.lost += lost;
        sum.doubled += doubled;
        sum.undone += undone;
    }
    println!("{custody}\n{table}");
    assert_eq!(
        (sum.orphans, sum.lost, sum.doubled, sum.undone),
        (0, 0, 0, 0),
        "\n{table}"
    );
    // Points of parking are never passed with the key in the sensor, that of labels only by renewals.
    assert!(sum.killed * 2 > sum.rounds, "\n{table}");
}

/// One certificate, or its renewal, with a crash at the point; then left alone to its end.
fn one(face: &Face, sensor: &Sensor, point: &str, name: &str, round: u32, tally: &mut Tally) {
    let to = [
        target(face, "web", "us-east-1"),
        target(face, "payments", "us-east-1"),
    ];
    if round.is_multiple_of(2) {
        let line = [
            "request",
            "create",
            name,
            "--profile",
            "web",
            "--to",
            &to[0],
            "--to",
            &to[1],
        ];
        sensor.run(&line).exit(0);
    } else {
        let id = request(sensor, name)["request"].to_string();
        sensor.run(&["renew", &id]).exit(0);
    }
    // With two targets some points are passed twice: die at the first time or at the second.
    let skip = if round % 4 < 2 { "" } else { "1*off->" };
    let points = format!("{point}={skip}1*return;search.wait=return(20)");
    let env = [("FAILPOINTS".to_owned(), points)];
    let died = sensor.run_with(&["serve", "--once", "--no-imports"], &env);
    tally.rounds += 1;
    tally.killed += u32::from(died.code.is_none());
    let calm = [("FAILPOINTS".to_owned(), "search.wait=return(20)".to_owned())];
    sensor
        .run_with(&["serve", "--once", "--no-imports"], &calm)
        .exit(0);
    let view = request(sensor, name);
    let state = view["state"].as_str().unwrap_or_default();
    tally.undone += usize::from(state != "delivered");
    let ours = |secret: &String| secret.starts_with("sensor/");
    tally.orphans += face.with(|world, now| {
        let held = world.secrets_held(now);
        held.iter().filter(|secret| ours(secret)).count()
    });
    for to in &to {
        let mut parts = to.split(':').skip(1);
        let (account, region) = (parts.next().unwrap(), parts.next().unwrap());
        let held = face.with(|world, now| {
            let there = world
                .truth(now)
                .filter(|one| one.account == account && one.region == region);
            there
                .filter(|one| one.der.as_deref().is_some_and(|der| holds(der, name)))
                .count()
        });
        tally.doubled += held.saturating_sub(1);
        tally.lost += usize::from(held == 0);
    }
}

fn request(sensor: &Sensor, name: &str) -> Value {
    let list = json(
        &sensor
            .run(&["request", "list", "--output", "json", "--limit", "5"])
            .exit(0),
    );
    let all = list["requests"].as_array().unwrap();
    let one = all.iter().find(|one| one["names"][0] == name);
    one.cloned()
        .unwrap_or_else(|| panic!("no request for {name}: {list}"))
}

/// A name stands in a certificate as it is written.
fn holds(der: &[u8], name: &str) -> bool {
    der.windows(name.len()).any(|part| part == name.as_bytes())
}
