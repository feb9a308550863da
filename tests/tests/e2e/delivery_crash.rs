//! kill -9 before and after every durable step of an enrollment.
//! Above: nothing. Below: `delivery_trial`.
//! Invariant: whatever step the sensor died at, it goes on to the same end: every target has the newest certificate once,
//! nothing was ordered twice, no key is left anywhere. `SENSOR_ROUNDS` says how many rounds each point gets.

use super::delivery_trial::{Trial, rounds};
use sensor_tests::harness::place;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Every point of the state machine, in its order.
const POINTS: [&str; 26] = [
    "key.before",
    "key.after",
    "key.kept",
    "order.before",
    "order.after",
    "order.kept",
    "fetch.before",
    "fetch.after",
    "issued.kept",
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
    "delivered.before",
    "delivered.kept",
    "drop.before",
    "drop.sealed",
    "drop.cloud",
    "drop.kept",
];

/// Points that are tried at the same time, each by a sensor of its own: most of a round is waiting. A long run has the
/// machine to itself, in the suite others want their share.
fn at_once() -> usize {
    if rounds() > 10 { 12 } else { 5 }
}

/// What came of the rounds of one point.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) rounds: usize,
    pub(crate) killed: usize,
    /// Lines by which a command that was killed had told what is done.
    pub(crate) told: usize,
    /// Of all that was told so, what the cloud or the journal did not bear out.
    pub(crate) untrue: usize,
    /// Keys, secrets and files that nobody waits for.
    pub(crate) orphans: usize,
    /// Places without a certificate of the name, or with more than one.
    pub(crate) lost: usize,
    pub(crate) doubled: usize,
    /// More at the CA, or among the keys, than rounds asked for; or fewer.
    pub(crate) orders: usize,
    pub(crate) keys: usize,
    /// Requests whose newest certificate does not stand at every place.
    pub(crate) undone: usize,
}

impl Tally {
    const TITLES: [&str; 10] = [
        "rounds", "killed", "told", "untrue", "orphans", "lost", "doubled", "orders", "keys",
        "undone",
    ];

    fn numbers(&self) -> [usize; 10] {
        [
            self.rounds,
            self.killed,
            self.told,
            self.untrue,
            self.orphans,
            self.lost,
            self.doubled,
            self.orders,
            self.keys,
            self.undone,
        ]
    }

    fn add(&mut self, other: &Self) {
        self.rounds += other.rounds;
        self.killed += other.killed;
        self.told += other.told;
        self.untrue += other.untrue;
        self.orphans += other.orphans;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.orders += other.orders;
        self.keys += other.keys;
        self.undone += other.undone;
    }

    /// Whether all is nothing that has to be.
    fn is_clean(&self) -> bool {
        self.numbers()[3..].iter().all(|number| *number == 0)
    }

    fn line(&self, name: &str) -> String {
        let columns = Self::TITLES.iter().zip(self.numbers());
        let columns = columns.map(|(title, number)| format!(" {number:>0$}", title.len().max(5)));
        format!("{name:<16}{}\n", columns.collect::<String>())
    }

    fn title() -> String {
        let columns = Self::TITLES.map(|title| format!(" {title:>5}"));
        format!("{:<16}{}\n", "point", columns.concat())
    }
}

#[test]
fn killed_at_every_step_with_the_key_in_the_sensor() {
    let parking = ["park.before", "park.after", "park.kept", "drop.cloud"];
    kill_at_every_step("sensor", &parking);
}

#[test]
fn killed_at_every_step_with_the_key_in_secrets_manager() {
    kill_at_every_step("secrets-manager", &[]);
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
    let mut table = Tally::title();
    let mut sum = Tally::default();
    for point in POINTS {
        table += &tallies[point].line(point);
        sum.add(&tallies[point]);
    }
    table += &sum.line("all");
    println!("{custody}\n{table}{}", written(custody, &table).display());
    assert!(sum.is_clean(), "\n{table}");
    // Otherwise nothing was held against what the dead had said.
    assert!(sum.told > 0, "none told anything before it died\n{table}");
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

/// For whoever did not see it: a test that passes prints nothing.
fn written(custody: &str, table: &str) -> PathBuf {
    let file = place::made(&format!("crash-table-{custody}.txt"));
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, table).unwrap();
    file.canonicalize().unwrap()
}
