//! A sensor and its cloud in which months pass between two commands: over HTTP, or by the mock-host.
//! Above: `lifecycle`, `refusals`. Below: `common`, `enroll`, `sensor_tests`.
//! Invariant: the sensor's clock and the cloud's go together.

use super::canary::{count, deeds};
use super::common::connector;
use super::enroll::json;
use mock_aws::{Scenario, World};
use sensor_tests::face::{Face, wall_ms};
use sensor_tests::harness::sensor::{Done, Sensor};
use serde_json::Value;

pub(crate) const HOUR: i64 = 3_600_000;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Where a simulated AWS is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Http,
    MockHost,
}

pub(crate) struct Clouds {
    pub(crate) sensor: Sensor,
    face: Option<Face>,
    account: String,
    ahead: i64,
}

impl Clouds {
    /// A sensor with a local CA, and an organization of two accounts, of which `web` holds these certificates in
    /// us-east-1.
    pub(crate) fn start(by: By, certificates: &str) -> Self {
        let today = jiff::Timestamp::from_millisecond(wall_ms() / DAY * DAY).unwrap();
        // Without a start of its own, a mock-host would begin anew each day.
        let text = format!(
            "name = 'clouds'\nseed = 5\nrates = 'off'\nstart = {today}\nregions = ['us-east-1']\n[organization]\n\
             [[account]]\nname = 'root'\n[[account]]\nname = 'web'\ncertificate = [\n{certificates}\n]\n"
        );
        let scenario = Scenario::parse(&text).unwrap_or_else(|problems| panic!("{problems}"));
        let world = World::new(&scenario, wall_ms()).unwrap();
        let account = world.account_id("web").unwrap().to_owned();
        let face = (by == By::Http).then(|| Face::start(&scenario).unwrap());
        let sensor = Sensor::with_plugins(face.as_ref().map(Face::env).unwrap_or_default());
        let mock = if by == By::MockHost {
            let file = sensor.write("aws.toml", &text);
            let file = file.to_string_lossy().into_owned();
            format!("mock_host = {{ plugin = \"mock-aws\", scenario = \"{file}\" }}\n")
        } else {
            String::new()
        };
        let settings =
            "scope = \"organization\"\n[settings.delivery]\nenabled = true\nkeys = \"sensor\"\n";
        sensor
            .apply(&format!("{mock}{}", connector(settings)))
            .exit(0);
        let issuer = sensor.write("issuer.toml", "name = \"internal\"\nkind = \"local\"\n");
        sensor
            .run(&["issuer", "apply", "-f", &issuer.to_string_lossy()])
            .exit(0);
        Self {
            sensor,
            face,
            account,
            ahead: 0,
        }
    }

    pub(crate) fn apply_profile(&self, name: &str, more: &str) {
        let text = format!(
            "name = \"{name}\"\nissuer = \"internal\"\ncustody = \"sensor\"\nvalidity = \"47d\"\n{more}\n\
             [names]\nsuffixes = [\"example.com\"]\n[deliver_to]\nconnectors = [\"aws\"]\n"
        );
        let file = self.sensor.write("profile.toml", &text);
        self.run(&["profile", "apply", "-f", &file.to_string_lossy()])
            .exit(0);
    }

    pub(crate) fn run(&self, line: &[&str]) -> Done {
        self.sensor.run(line)
    }

    /// What time it is, here and there.
    pub(crate) fn now(&self) -> i64 {
        wall_ms() + self.ahead
    }

    /// Lets time pass until then.
    pub(crate) fn pass_until(&mut self, at: i64) {
        let ms = at - self.now();
        assert!(ms >= 0, "time goes forward only: {ms}");
        self.ahead += ms;
        if let Some(face) = &self.face {
            face.pass(ms);
        }
        let ahead = format!("clock.ahead=return({})", self.ahead);
        self.sensor.set("FAILPOINTS", &ahead);
    }

    /// How many imports the cloud has taken.
    pub(crate) fn imports(&self) -> usize {
        match &self.face {
            Some(face) => usize::try_from(*face.calls().get("ImportCertificate").unwrap_or(&0))
                .unwrap_or(usize::MAX),
            None => count(&deeds(&self.sensor), "import"),
        }
    }

    /// The one place of a name as the inventory shows it after another import.
    #[track_caller]
    pub(crate) fn imported(&self, name: &str) -> Value {
        self.run(&["connector", "import", "aws"]).exit(0);
        let mut found: Vec<_> = self
            .sensor
            .export()
            .into_iter()
            .filter(|one| one["certificate"]["common_name"] == name)
            .collect();
        assert_eq!(found.len(), 1, "one place: {found:#?}");
        found.remove(0)
    }

    pub(crate) fn request(&self, id: u64) -> Value {
        let id = id.to_string();
        json(
            &self
                .run(&["request", "show", &id, "--output", "json"])
                .exit(0),
        )
    }

    /// How the ARN of every certificate here begins.
    pub(crate) fn place(&self) -> String {
        format!("arn:aws:acm:us-east-1:{}:certificate/", self.account)
    }

    /// How many rows a table of the ledger has.
    pub(crate) fn rows(&self, table: &str) -> i64 {
        let ledger = self.sensor.state().join("ledger.sqlite");
        let ledger = rusqlite::Connection::open(ledger).unwrap();
        let count = format!("SELECT count(*) FROM {table}");
        ledger.query_row(&count, [], |row| row.get(0)).unwrap()
    }
}

/// A moment that a record tells.
#[track_caller]
pub(crate) fn moment(stamp: &Value) -> i64 {
    let stamp = stamp.as_str().unwrap_or_else(|| panic!("no moment"));
    stamp.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}
