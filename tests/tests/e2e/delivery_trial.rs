//! One point at which the sensor dies, round after round, and what is there afterwards.
//! Above: `delivery_crash`, `sigterm`. Below: `enroll`, `common`.
//! Invariant: what counts is read from the simulated ACM, from the CA's own record and from the files; the sensor's word is
//! only ever held against them.

use super::delivery_crash::Tally;
use super::enroll::{json, ready, target};
use aho_corasick::AhoCorasick;
use mock_aws::Scenario;
use mock_aws::scenario::Rates;
use rusqlite::Connection;
use sensor_tests::face::Face;
use sensor_tests::harness::canary::files;
use sensor_tests::harness::sensor::{Done, Sensor};
use sensor_tests::harness::{place, scenario};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

/// How long a command stays at a point for whoever watches it to be told what is done.
const PAUSE: &str = "sleep(250)";

pub(crate) fn rounds() -> usize {
    place::variable("SENSOR_ROUNDS")
        .and_then(|text| text.to_str()?.parse().ok())
        .unwrap_or(10)
}

/// A sensor and its cloud, for one point.
pub(crate) struct Trial {
    face: Face,
    sensor: Sensor,
    to: [String; 2],
    /// What was asked for, by the requests' numbers.
    names: Vec<(usize, String)>,
}

/// A line that told what is done: `what`, and its detail.
type Told = (String, String);

impl Trial {
    pub(crate) fn of(custody: &str) -> Self {
        // Hundreds of imports in one region: at AWS's rate of one a second nobody would wait for them.
        let file = place::file("cases/organization/scenario.toml");
        let quick = Scenario {
            rates: Rates::Off,
            ..scenario(&file).unwrap()
        };
        let face = Face::start(&quick).unwrap();
        let sensor = ready(&face, &format!("custody = \"{custody}\""));
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
    pub(crate) fn at(mut self, point: &str) -> Tally {
        let files = self.files();
        let mut tally = Tally::default();
        for round in 0..rounds() {
            let (id, died) = self.round(point, round);
            let told = told(&died);
            // Before anything goes on: it had said that this is done.
            tally.untrue += self.belied(&told);
            tally.rounds += 1;
            if died.code.is_none() {
                tally.killed += 1;
                tally.told += told.len();
            } else {
                died.exit(0);
            }
            let line = ["serve", "--once", "--no-imports"];
            self.sensor.run_with(&line, &calm("")).exit(0);
            tally.untrue += self.forgotten(id, &told);
        }
        for target in &self.to {
            for held in self.held(target) {
                tally.doubled += held.saturating_sub(1);
                tally.lost += usize::from(held == 0);
            }
        }
        tally.undone = self.undone();
        // A round asks for one certificate.
        let surplus = |query| self.count(query).abs_diff(tally.rounds);
        tally.orders = surplus("SELECT count(*) FROM local_certificates");
        tally.keys = surplus("SELECT count(*) FROM keys");
        tally.orphans = self.left_over() + self.left_here();
        tally.orphans += self.files().difference(&files).count();
        tally
    }

    /// Every other round renews what the round before delivered. The request's number, and how the command ended.
    fn round(&mut self, point: &str, round: usize) -> (usize, Done) {
        // What each target passes is passed twice: die at the first time or at the second.
        let twice = ["import", "verify", "label", "verified"];
        let twice = twice.iter().any(|step| point.starts_with(step));
        let skip = if twice && round % 4 >= 2 {
            "1*off->"
        } else {
            ""
        };
        let pause = pause(point).filter(|_| round % 4 < 2);
        let pause = pause.map_or(String::new(), |at| format!("{at}={PAUSE};"));
        let deadly = calm(&format!("{pause}{point}={skip}1*return;"));
        let id = round / 2 + 1;
        if round % 2 == 1 {
            let line = ["renew", &id.to_string(), "--wait"];
            return (id, self.sensor.run_with(&line, &deadly));
        }
        let name = format!("n{id}.example.com");
        let line = ["request", "create", &name, "--profile", "web"];
        let there = ["--to", &self.to[0], "--to", &self.to[1], "--wait"];
        let died = self.sensor.run_with(&[&line[..], &there].concat(), &deadly);
        self.names.push((id, name));
        (id, died)
    }

    /// What stands at a target: each ARN with its certificate.
    fn there(&self, target: &str) -> Vec<(String, Vec<u8>)> {
        let mut parts = target.split(':').skip(1);
        let (account, region) = (parts.next().unwrap(), parts.next().unwrap());
        self.face.with(|world, now| {
            let there = world
                .truth(now)
                .filter(|one| one.account == account && one.region == region);
            there.filter_map(|one| Some((one.arn, one.der?))).collect()
        })
    }

    /// Told as verified or done, and no such certificate at so many places.
    fn belied(&self, told: &[Told]) -> usize {
        if told.is_empty() {
            return 0;
        }
        let there: Vec<BTreeSet<String>> = self
            .to
            .iter()
            .map(|target| {
                let there = self.there(target).into_iter();
                there.map(|(_, der)| print(&der)).collect()
            })
            .collect();
        let places = |sha256: &str| there.iter().filter(|one| one.contains(sha256)).count();
        let verified: Vec<&str> = told
            .iter()
            .filter(|(what, _)| what == "verified")
            .filter_map(|(_, detail)| detail.strip_prefix("sha256 "))
            .collect();
        let all = told.len() - verified.len();
        let missing = verified
            .first()
            .map_or(0, |sha256| verified.len().saturating_sub(places(sha256)));
        // One issuance, one certificate; and done is what was verified everywhere.
        let other = verified.iter().filter(|one| **one != verified[0]).count();
        missing
            + other
            + if verified.len() == self.to.len() {
                0
            } else {
                all
            }
    }

    /// Told once, and not in the journal any more.
    fn forgotten(&self, id: usize, told: &[Told]) -> usize {
        let ledger = self.ledger();
        let query = "SELECT count(*) FROM journal WHERE request = ?1 AND what = ?2 AND detail = ?3";
        let mut statement = ledger.prepare(query).unwrap();
        let id = i64::try_from(id).unwrap();
        let distinct: BTreeSet<&Told> = told.iter().collect();
        let missing = distinct.into_iter().map(|line| {
            let times = told.iter().filter(|one| *one == line).count();
            let (what, detail) = line;
            let kept: i64 = statement
                .query_row((id, what, detail), |row| row.get(0))
                .unwrap();
            times.saturating_sub(usize::try_from(kept).unwrap())
        });
        missing.sum()
    }

    /// How many certificates of each name there are at a target: a name stands in a certificate as it is written.
    fn held(&self, target: &str) -> Vec<usize> {
        let words = AhoCorasick::new(self.names.iter().map(|(_, name)| name)).unwrap();
        let mut held = vec![0; self.names.len()];
        for (_, der) in self.there(target) {
            let told = words.find_iter(&der).map(|one| one.pattern().as_usize());
            for name in told.collect::<BTreeSet<_>>() {
                held[name] += 1;
            }
        }
        held
    }

    /// Requests that are not delivered, were not renewed, or where another certificate than the newest stands under the
    /// ARN that they keep.
    fn undone(&self) -> usize {
        let line = ["request", "list", "--output", "json", "--limit", "100000"];
        let list = json(&self.sensor.run(&line).exit(0));
        let all = list["requests"].as_array().unwrap();
        let there = self.to.iter().flat_map(|target| self.there(target));
        let there: BTreeMap<String, String> = there.map(|(arn, der)| (arn, print(&der))).collect();
        let newest = self.newest();
        let whole = |id: usize| {
            // The last of an odd number of rounds is not renewed.
            let expected = (rounds() - (id - 1) * 2).min(2);
            let one = all.iter().find(|one| one["request"] == id).unwrap();
            let targets = one["targets"].as_array().unwrap();
            let stands = targets.iter().all(|target| {
                let arn = target["arn"].as_str().unwrap_or_default();
                newest.contains_key(&id) && there.get(arn) == newest.get(&id)
            });
            one["state"] == "delivered"
                && one["generation"] == expected
                && targets.len() == self.to.len()
                && stands
        };
        self.names.iter().filter(|(id, _)| !whole(*id)).count()
    }

    /// The certificate of each request's newest issuance, as the CA signed it.
    fn newest(&self) -> BTreeMap<usize, String> {
        let query = "
            SELECT issuances.request, der FROM local_certificates
            JOIN issuances ON token = (SELECT id FROM sensor) || '-' || issuances.id
            WHERE der IS NOT NULL AND generation =
                (SELECT max(generation) FROM issuances AS other WHERE other.request = issuances.request)";
        let ledger = self.ledger();
        let mut statement = ledger.prepare(query).unwrap();
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
        });
        let rows = rows.unwrap().map(|row| {
            let (request, der) = row.unwrap();
            (usize::try_from(request).unwrap(), print(&der))
        });
        rows.collect()
    }

    fn ledger(&self) -> Connection {
        Connection::open(self.sensor.state().join("ledger.sqlite")).unwrap()
    }

    fn count(&self, query: &str) -> usize {
        let found: i64 = self
            .ledger()
            .query_row(query, [], |row| row.get(0))
            .unwrap();
        usize::try_from(found).unwrap()
    }

    /// Private keys that are still in the ledger, or said to be somewhere.
    fn left_here(&self) -> usize {
        self.count(
            "SELECT count(*) FROM keys WHERE place <> 'dropped' OR wrapped IS NOT NULL OR sealed IS NOT NULL",
        )
    }

    /// Keys that stay in Secrets Manager. Fact 48: a forced deletion takes a little while.
    fn left_over(&self) -> usize {
        let ours = |secret: &&String| secret.starts_with("sensor/");
        let held = || {
            self.face
                .with(|world, now| world.secrets_held(now).iter().filter(ours).count())
        };
        for _ in 0..100 {
            if held() == 0 {
                return 0;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        held()
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

/// Where a command that is to die at this point can be held up for a moment after something was done: it tells what the
/// journal has, and only then comes to its end.
fn pause(point: &str) -> Option<&'static str> {
    match point {
        "delivered.kept" | "drop.before" => Some("delivered.before"),
        "drop.sealed" | "drop.cloud" | "drop.kept" => Some("drop.before"),
        _ => None,
    }
}

/// These points, and no minute of searching for what a cloud may show late.
pub(crate) fn calm(points: &str) -> [(String, String); 1] {
    [(
        "FAILPOINTS".to_owned(),
        format!("{points}search.wait=return(20)"),
    )]
}

/// What a command told as done.
fn told(done: &Done) -> Vec<Told> {
    let steps = done.stderr.lines().filter_map(|line| {
        let (what, detail) = line.strip_prefix("  ")?.split_once(' ')?;
        ["verified", "done"]
            .contains(&what)
            .then(|| (what.to_owned(), detail.trim().to_owned()))
    });
    steps.collect()
}

fn print(der: &[u8]) -> String {
    hex::encode(Sha256::digest(der))
}
