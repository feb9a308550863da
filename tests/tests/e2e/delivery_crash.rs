//! kill -9 before and after every durable step of an enrollment.
//! Above: nothing. Below: `enroll`, `common`.
//! Invariant: whatever step the sensor died at, it goes on to the same end: every target has the certificate once, and
//! no key is left anywhere. `SENSOR_ROUNDS` says how many rounds each point gets.

use super::enroll::{json, ready, target};
use aho_corasick::AhoCorasick;
use mock_aws::Scenario;
use mock_aws::scenario::Rates;
use sensor_tests::face::Face;
use sensor_tests::harness::canary::files;
use sensor_tests::harness::sensor::{Done, Sensor};
use sensor_tests::harness::{place, scenario};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

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

/// Points that are tried at the same time, each by a sensor of its own: most of a round is waiting. A long run has the
/// machine to itself, in the suite others want their share.
fn at_once() -> usize {
    if rounds() > 10 { 12 } else { 5 }
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

impl Tally {
    fn add(&mut self, other: &Self) {
        self.rounds += other.rounds;
        self.killed += other.killed;
        self.orphans += other.orphans;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.undone += other.undone;
    }

    fn line(&self, name: &str) -> String {
        let Self {
            rounds,
            killed,
            orphans,
            lost,
            doubled,
            undone,
        } = self;
        format!(
            "{name:<16} {rounds:>6} {killed:>6} {orphans:>7} {lost:>4} {doubled:>7} {undone:>6}\n"
        )
    }
}

#[test]
fn killed_at_every_step_with_the_key_in_the_sensor() {
    let parking = ["park.before", "park.after", "park.kept", "drop.cloud"];
    kill_at_every_step("custody = \"sensor\"", &parking);
}

#[test]
fn killed_at_every_step_with_the_key_in_secrets_manager() {
    kill_at_every_step("custody = \"secrets-manager\"", &[]);
}

#[expect(clippy::print_stdout, reason = "the table is what a long run is for")]
fn kill_at_every_step(custody: &str, never: &[&str]) {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(point) = POINTS.get(next.fetch_add(1, Ordering::Relaxed)) {
            let tally = Trial::of(custody).at(point);
            print!("{custody}: {}", tally.line(point));
            done.push((*point, tally));
        }
        done
    };
    let tallies: BTreeMap<_, _> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once()).map(|_| scope.spawn(work)).collect();
        let done = workers.into_iter().map(|worker| worker.join().unwrap());
        done.flatten().collect()
    });
    let mut table = format!(
        "{:<16} rounds killed orphans lost doubled undone\n",
        "point"
    );
    let mut sum = Tally::default();
    for point in POINTS {
        table += &tallies[point].line(point);
        sum.add(&tallies[point]);
    }
    table += &sum.line("all");
    println!("{custody}\n{table}");
    assert_eq!(
        (sum.orphans, sum.lost, sum.doubled, sum.undone),
        (0, 0, 0, 0),
        "\n{table}"
    );
    let silent: Vec<_> = POINTS
        .iter()
        .filter(|point| tallies[*point].killed == 0)
        .collect();
    assert_eq!(
        silent,
        never.iter().collect::<Vec<_>>(),
        "never passed\n{table}"
    );
}

/// A sensor and its cloud, for one point.
struct Trial {
    face: Face,
    sensor: Sensor,
    to: [String; 2],
    /// What was asked for, by the requests' numbers.
    names: Vec<(u32, String)>,
}

impl Trial {
    fn of(custody: &str) -> Self {
        // Hundreds of imports in one region: at AWS's rate of one a second nobody would wait for them.
        let file = place::file("cases/organization/scenario.toml");
        let quick = Scenario {
            rates: Rates::Off,
            ..scenario(&file).unwrap()
        };
        let face = Face::start(&quick).unwrap();
        let sensor = ready(&face, custody);
        // Makes the inventory, which a request looks into.
        sensor.run(&["inventory", "list"]).exit(0);
        let to = ["web", "payments"].map(|account| target(&face, account, "us-east-1"));
        Self {
            face,
            sensor,
            to,
            names: Vec::new(),
        }
    }

    /// All rounds, then what is there of them.
    fn at(mut self, point: &str) -> Tally {
        let files = self.files();
        let mut tally = Tally::default();
        for round in 0..rounds() {
            let died = self.round(point, round);
            tally.rounds += 1;
            tally.killed += u32::from(died.code.is_none());
            let line = ["serve", "--once", "--no-imports"];
            self.sensor.run_with(&line, &calm("")).exit(0);
        }
        tally.undone = undone(&self.sensor, &self.names);
        for target in &self.to {
            for held in held(&self.face, target, &self.names) {
                tally.doubled += held.saturating_sub(1);
                tally.lost += usize::from(held == 0);
            }
        }
        tally.orphans = left_over(&self.face) + self.left_here();
        tally.orphans += self.files().difference(&files).count();
        tally
    }

    /// Every other round renews what the round before delivered.
    fn round(&mut self, point: &str, round: u32) -> Done {
        // What each target passes is passed twice: die at the first time or at the second.
        let twice = ["import", "verify", "label", "verified"];
        let twice = twice.iter().any(|step| point.starts_with(step));
        let skip = if twice && round % 4 >= 2 {
            "1*off->"
        } else {
            ""
        };
        let deadly = calm(&format!("{point}={skip}1*return;"));
        let id = round / 2 + 1;
        if round % 2 == 1 {
            let line = ["renew", &id.to_string(), "--wait"];
            return self.sensor.run_with(&line, &deadly);
        }
        let name = format!("n{id}.example.com");
        let line = ["request", "create", &name, "--profile", "web"];
        let there = ["--to", &self.to[0], "--to", &self.to[1], "--wait"];
        let died = self.sensor.run_with(&[&line[..], &there].concat(), &deadly);
        self.names.push((id, name));
        died
    }

    /// Private keys that are still in the ledger, or said to be somewhere.
    fn left_here(&self) -> usize {
        let ledger = self.sensor.state().join("ledger.sqlite");
        let ledger = rusqlite::Connection::open(ledger).unwrap();
        let keys = "SELECT count(*) FROM keys WHERE place <> 'dropped' OR wrapped IS NOT NULL OR sealed IS NOT NULL";
        let left: i64 = ledger.query_row(keys, [], |row| row.get(0)).unwrap();
        usize::try_from(left).unwrap()
    }

    /// The files of the state directory, but for what SQLite keeps beside its own and sled among its own.
    fn files(&self) -> BTreeSet<PathBuf> {
        let all = files(&self.sensor.state()).into_iter();
        let theirs = ["ledger.sqlite-", "inventory/index/"];
        let own = |path: &PathBuf| {
            let path = path.to_string_lossy();
            theirs.iter().any(|part| path.contains(part))
        };
        all.filter(|path| !own(path)).collect()
    }
}

/// How many of these requests were not delivered, or were not renewed afterwards.
fn undone(sensor: &Sensor, names: &[(u32, String)]) -> usize {
    let line = ["request", "list", "--output", "json", "--limit", "100000"];
    let list = json(&sensor.run(&line).exit(0));
    let all = list["requests"].as_array().unwrap();
    let whole = |id: u32| {
        // The last of an odd number of rounds is not renewed.
        let expected = Some(u64::from((rounds() - (id - 1) * 2).min(2)));
        let one = all.iter().find(|one| one["request"] == id).unwrap();
        one["state"] == "delivered" && one["generation"].as_u64() >= expected
    };
    names.iter().filter(|(id, _)| !whole(*id)).count()
}

/// Keys that stay in Secrets Manager. Fact 48: a forced deletion takes a little while.
fn left_over(face: &Face) -> usize {
    let ours = |secret: &&String| secret.starts_with("sensor/");
    let held = || face.with(|world, now| world.secrets_held(now).iter().filter(ours).count());
    for _ in 0..100 {
        if held() == 0 {
            return 0;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    held()
}

fn calm(points: &str) -> [(String, String); 1] {
    [(
        "FAILPOINTS".to_owned(),
        format!("{points}search.wait=return(20)"),
    )]
}

/// How many certificates of each name there are at a target: a name stands in a certificate as it is written.
fn held(face: &Face, target: &str, names: &[(u32, String)]) -> Vec<usize> {
    let mut parts = target.split(':').skip(1);
    let (account, region) = (parts.next().unwrap(), parts.next().unwrap());
    let words = AhoCorasick::new(names.iter().map(|(_, name)| name)).unwrap();
    let mut held = vec![0; names.len()];
    face.with(|world, now| {
        let there = world
            .truth(now)
            .filter(|one| one.account == account && one.region == region);
        for der in there.filter_map(|one| one.der) {
            let told = words.find_iter(&der).map(|one| one.pattern().as_usize());
            for name in told.collect::<BTreeSet<_>>() {
                held[name] += 1;
            }
        }
    });
    held
}
