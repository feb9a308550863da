//! The program itself, as a person or a script runs it: exit codes, streams, files.
//! Above: nothing. Below: the binary.
//! Invariant: every test has a state directory of its own, and reaches no cloud.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{name}"));
        std::fs::remove_dir_all(&dir).ok();
        std::fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sensor"));
        command.args(words.split_whitespace()).current_dir(&self.0);
        command
            .env_clear()
            .env("SENSOR_STATE_DIR", self.0.join("state"))
            .stdin(Stdio::null());
        command
    }

    /// Exit code, stdout, stderr.
    fn run(&self, words: &str) -> (i32, String, String) {
        told(self.command(words).output().unwrap())
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.0.join(file), text).unwrap();
    }
}

fn told(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn a_slip_of_the_finger_gets_the_nearest_word_and_exit_code_2() {
    let home = Home::new("slip");
    for (words, near) in [
        ("conector list", "connector"),
        ("inventory lst", "list"),
        ("connector list --outptu json", "--output"),
    ] {
        let (code, data, talk) = home.run(words);
        assert_eq!((code, data.as_str()), (2, ""), "{words}");
        assert!(talk.contains(near), "{talk}");
    }
}

#[test]
fn a_wrong_file_is_refused_as_a_whole_with_every_problem() {
    let home = Home::new("file");
    home.write(
        "bad.toml",
        "name = \"Bad\"\nplugn = \"aws-unified\"\n[import]\nevery = \"soon\"\n",
    );
    let (code, data, talk) = home.run("connector apply -f bad.toml");
    assert_eq!((code, data.as_str()), (2, ""));
    for part in [
        "bad.toml has 5 problems",
        "line 1: name:",
        "line 2: plugn:",
        "did you mean `plugin`?",
        "line 4: import.every:",
    ] {
        assert!(talk.contains(part), "{part} is not in:\n{talk}");
    }
    assert!(!home.0.join("state").exists(), "nothing was touched");
}

#[test]
fn what_is_not_there_is_named_with_exit_code_2() {
    let home = Home::new("absent");
    for words in [
        "connector show nothing",
        "connector import nothing",
        "plugin inspect nothing",
        "connector apply -f no.toml",
    ] {
        let (code, data, talk) = home.run(words);
        assert_eq!((code, data.as_str()), (2, ""), "{words}: {talk}");
        assert!(
            talk.contains("nothing") || talk.contains("no.toml"),
            "{words}: {talk}"
        );
    }
}

#[test]
fn data_goes_to_stdout_in_the_form_asked_for_and_talk_to_stderr() {
    let home = Home::new("streams");
    let (code, data, talk) = home.run("plugin list --output json");
    let json: serde_json::Value = serde_json::from_str(&data).unwrap();
    assert_eq!(
        (code, json["schema"].as_str()),
        (0, Some("sensor.plugins/v1"))
    );
    assert!(talk.starts_with("next: "), "{talk}");
    let (code, data, talk) = home.run("--quiet plugin list --output csv");
    assert_eq!(
        (code, data.as_str(), talk.as_str()),
        (0, "plugin,version,kind,size,sha256,installed\n", "")
    );
    let mut by_environment = home.command("secret list");
    let (_, data, _) = told(
        by_environment
            .env("SENSOR_OUTPUT", "yaml")
            .output()
            .unwrap(),
    );
    assert!(data.starts_with("schema: sensor.secrets/v1"), "{data}");
}

#[test]
fn a_secret_goes_in_by_stdin_or_environment_and_never_comes_out() {
    let home = Home::new("secret");
    let mut set = home
        .command("secret set by-stdin --from-file -")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    set.stdin
        .take()
        .unwrap()
        .write_all(b"very-secret-value\n")
        .unwrap();
    assert!(set.wait_with_output().unwrap().status.success());
    let mut set = home.command("secret set by-env --from-env MINE");
    let (code, data, talk) = told(set.env("MINE", "very-secret-value").output().unwrap());
    assert_eq!(
        (
            code,
            data.contains("very-secret") || talk.contains("very-secret")
        ),
        (0, false)
    );
    let (_, data, _) = home.run("secret list --output csv");
    let names: Vec<_> = data
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .collect();
    assert_eq!(names, ["by-env", "by-stdin"]);
    assert_eq!(home.run("secret set asked").0, 2, "nobody is there to ask");
    assert_eq!(
        home.run("secret remove by-env").0,
        2,
        "nobody is there to confirm"
    );
    assert_eq!(home.run("secret remove by-env --yes").0, 0);
    assert_eq!(home.run("secret remove by-env --yes").0, 2);
}

#[test]
fn a_secret_that_a_connector_names_is_not_removed() {
    let home = Home::new("named");
    let state = home.0.join("state");
    let mut set = home.command("secret set used --from-env MINE");
    assert_eq!(told(set.env("MINE", "value").output().unwrap()).0, 0);
    let text = "name = \"prod\"\nplugin = \"p\"\n[credential]\nprovider = \"c\"\nmethod = \"access-key\"\nparameters = { secret = \"used\" }\n";
    let config = sensor::config::parse(text, &home.0).unwrap().remove(0);
    let ledger = sensor::ledger::Ledger::open(&state).unwrap();
    ledger.put_connector(&config, 1).unwrap();
    let (code, _, talk) = home.run("secret remove used --yes");
    assert_eq!(code, 2, "{talk}");
    assert!(talk.contains("in use by prod"), "{talk}");
    ledger.remove_connector(&config.name).unwrap();
    assert_eq!(home.run("secret remove used --yes").0, 0);
}

#[test]
fn a_second_sensor_on_the_same_state_is_told_who_has_it() {
    let home = Home::new("second");
    let state = home.0.join("state");
    let _held = sensor::ledger::StateLock::acquire(&state, std::time::Duration::ZERO).unwrap();
    let (code, data, talk) = home.run("plugin list");
    assert_eq!((code, data.as_str()), (1, ""));
    assert!(
        talk.contains(&format!("another sensor (pid {})", std::process::id())),
        "{talk}"
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new("pipe");
    let mut child = home
        .command("completions bash")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let (code, _, talk) = told(child.wait_with_output().unwrap());
    assert_eq!((code, talk.as_str()), (0, ""));
}
