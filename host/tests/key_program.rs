//! `sensor key` and `sensor profile` as a person or a script runs them, and a rotation killed at any moment.
//! Above: nothing. Below: the binary.
//! Invariant: every test has a state directory of its own, and reaches no cloud.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sensor::custody::Keeper;
use sensor::ledger::Ledger;
use sensor::model::id::IssuanceId;
use sensor::model::key::KeyType;
use sensor::model::secret::Secret;
use sensor::model::time::SystemClock;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sensor"));
        command
            .args(words.split_whitespace())
            .current_dir(self.0.path())
            .env_clear()
            .env("SENSOR_STATE_DIR", self.path("state"))
            .stdin(Stdio::null());
        command
    }

    /// Exit code, stdout, stderr.
    fn run(&self, words: &str) -> (i32, String, String) {
        told(&mut self.command(words))
    }

    fn json(&self, words: &str) -> serde_json::Value {
        let (_, data, talk) = self.run(&format!("{words} --output json"));
        serde_json::from_str(&data).unwrap_or_else(|error| panic!("{error}: {data}{talk}"))
    }

    fn keeper(&self) -> Keeper {
        let ledger = Ledger::open(&self.path("state")).unwrap();
        Keeper::new(Arc::new(ledger), Arc::new(SystemClock))
    }

    /// Secrets and keys, made by the library.
    fn fill(&self, keys: u64) {
        self.run("secret list");
        let ledger = Ledger::open(&self.path("state")).unwrap();
        for name in ["a", "b", "c"] {
            ledger
                .put_secret(name, &Secret::new(format!("of {name}")), 1)
                .unwrap();
        }
        drop(ledger);
        let keeper = self.keeper();
        for number in 1..=keys {
            keeper.make(IssuanceId(number), KeyType::P256).unwrap();
        }
    }
}

fn told(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn a_rotation_killed_at_any_moment_loses_nothing() {
    const ROUNDS: u32 = 24;
    let home = Home::new();
    home.fill(30);
    let started = Instant::now();
    assert_eq!(home.run("key rotate --yes").0, 0);
    let whole = started.elapsed();
    let mut before = home.json("key status")["key"].clone();
    let mut changed = 0;
    for round in 0..ROUNDS {
        let mut child = home
            .command("key rotate --yes")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole * round / (ROUNDS - 4));
        child.kill().unwrap();
        child.wait().unwrap();
        let (code, data, talk) = home.run("key status --output json");
        assert_eq!(code, 0, "round {round}: {data}{talk}");
        let status: serde_json::Value = serde_json::from_str(&data).unwrap();
        assert_eq!(
            (&status["secrets"], &status["keys_in_ledger"]),
            (&3.into(), &30.into())
        );
        assert_eq!(status["unreadable"], serde_json::json!([]), "round {round}");
        changed += u32::from(status["key"] != before);
        before = status["key"].clone();
    }
    println!("{ROUNDS} rotations killed, {changed} of them behind the commit");
    let keeper = home.keeper();
    assert!((1..=30).all(|number| keeper.handle(IssuanceId(number)).is_ok()));
    let left: Vec<_> = std::fs::read_dir(home.path("state"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("key"))
        .collect();
    assert!(!left.contains(&"key.next".to_owned()), "{left:?}");
}

#[test]
fn a_key_moves_away_from_the_data_and_is_named_from_then_on() {
    let home = Home::new();
    home.fill(2);
    assert_eq!(home.json("key status")["beside_the_data"], true);
    assert_eq!(home.run("key rotate").0, 2, "nobody is there to confirm");
    let (code, data, talk) = home.run("key rotate --to elsewhere.kek --yes");
    assert_eq!(code, 0, "{talk}");
    assert!(data.contains("3 secrets and 2 private keys"), "{data}");
    assert!(talk.contains("SENSOR_KEK_FILE="), "{talk}");
    assert!(!home.path("state").join("key").exists());
    // Without it: told where it was, and what is not sealed still works.
    let (code, data, talk) = home.run("key status");
    assert_eq!(code, 1, "{talk}");
    assert!(
        data.contains("elsewhere.kek") && data.contains("shut"),
        "{data}"
    );
    assert_eq!(home.run("secret list").0, 0);
    let file = home.path("elsewhere.kek");
    for command in [
        home.command("key status")
            .env("SENSOR_KEK_FILE", &file)
            .stdin(Stdio::null()),
        home.command("key status --kek-file elsewhere.kek")
            .stdin(Stdio::null()),
    ] {
        assert_eq!(told(command).0, 0);
    }
    // The same key as systemd hands it out.
    std::fs::create_dir(home.path("credentials")).unwrap();
    std::fs::copy(&file, home.path("credentials").join("sensor-kek")).unwrap();
    let mut by_systemd = home.command("key status");
    let (code, data, _) = told(by_systemd.env("CREDENTIALS_DIRECTORY", home.path("credentials")));
    assert_eq!(code, 0);
    assert!(data.contains("the systemd credential sensor-kek"), "{data}");
}

#[test]
fn a_key_that_is_exposed_or_another_is_told_with_what_to_do() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    home.fill(1);
    let key = home.path("state").join("key");
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o644)).unwrap();
    let (code, _, talk) = home.run("key status");
    assert_eq!(code, 1);
    assert!(talk.contains("chmod 600"), "{talk}");
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::write(&key, "no key").unwrap();
    assert!(home.run("key status").2.contains("is no key of a sensor"));
    std::fs::write(&key, "11".repeat(32)).unwrap();
    let (code, data, _) = home.run("key status");
    assert_eq!(code, 1);
    assert!(data.contains("sealed under another"), "{data}");
}

const PROFILE: &str = r#"
name = "web"
issuer = "corp-ca"
validity = "365d"
[names]
suffixes = ["example.com"]
[deliver_to]
connectors = ["aws-prod", "*"]
"#;

/// As `sensor issuer apply` would.
fn add_issuer(state: &Path, name: &str) {
    let ledger = rusqlite::Connection::open(state.join("ledger.sqlite")).unwrap();
    let row = "INSERT INTO issuers (name, schema, config, created_at, updated_at) VALUES (?1, 1, '{}', 1, 1)";
    ledger.execute(row, [name]).unwrap();
}

#[test]
fn profiles_are_applied_listed_shown_and_removed() {
    let home = Home::new();
    std::fs::write(home.path("p.toml"), PROFILE).unwrap();
    let (code, data, talk) = home.run("profile apply -f p.toml");
    assert_eq!((code, data.as_str()), (2, ""));
    assert!(talk.contains("there is no issuer `corp-ca`"), "{talk}");
    add_issuer(&home.path("state"), "corp-cas");
    let (_, _, talk) = home.run("profile apply -f p.toml");
    assert!(talk.contains("did you mean `corp-cas`?"), "{talk}");
    add_issuer(&home.path("state"), "corp-ca");
    let (code, data, talk) = home.run("profile apply -f p.toml");
    assert_eq!((code, data.as_str()), (0, "web created\n"), "{talk}");
    assert!(
        talk.contains("a public CA may give") && talk.contains("meant by `aws-prod`"),
        "{talk}"
    );
    assert_eq!(home.run("profile apply -f p.toml").1, "web unchanged\n");
    assert_eq!(
        home.json("profile list")["profiles"][0]["issuer"],
        "corp-ca"
    );
    let shown = home.json("profile show web");
    assert_eq!(shown["profile"]["names"]["suffixes"][0], "example.com");
    let (code, _, talk) = home.run("profile show wen");
    assert_eq!(code, 2);
    assert!(talk.contains("did you mean `web`?"), "{talk}");
    assert_eq!(
        home.run("profile remove web").0,
        2,
        "nobody is there to confirm"
    );
    assert_eq!(home.run("profile remove web --yes").0, 0);
    assert_eq!(home.run("profile show web").0, 2);
}

#[test]
fn a_wrong_profile_is_refused_as_a_whole_with_every_problem() {
    let home = Home::new();
    let bad = PROFILE
        .replace("suffixes", "sufixes")
        .replace("365d", "long");
    std::fs::write(home.path("bad.toml"), bad).unwrap();
    let (code, data, talk) = home.run("profile apply -f bad.toml");
    assert_eq!((code, data.as_str()), (2, ""));
    for part in [
        "bad.toml has 3 problems",
        "line 4: validity:",
        "did you mean `suffixes`?",
        "names.suffixes: is missing",
    ] {
        assert!(talk.contains(part), "{part} is not in:\n{talk}");
    }
    assert!(!home.path("state").exists(), "nothing was touched");
}
