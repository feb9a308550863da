//! The real `sensor` as a child process, with a state directory of its own.
//! Above: the end-to-end tests. Below: `place`.
//! Invariant: a test's sensor sees the environment that the test gives it and nothing else of AWS or the sensor.

use super::place;
use anyhow::Context;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

/// The plugins that every test's sensor has.
const PLUGINS: [&str; 3] = ["aws-unified", "aws-credentials", "mock-aws"];

/// A sensor's state directory, and how to run commands on it.
pub struct Sensor {
    directory: TempDir,
    env: Vec<(String, String)>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Done {
    /// The exit code; none after a signal.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
    line: String,
}

impl Sensor {
    /// An empty state directory.
    pub fn bare(env: Vec<(String, String)>) -> Self {
        let directory = tempfile::tempdir().unwrap_or_else(|error| panic!("no directory: {error}"));
        Self { directory, env }
    }

    /// A state directory with the project's plugins installed.
    pub fn with_plugins(env: Vec<(String, String)>) -> Self {
        let new = Self::bare(env);
        copy(template().state().as_path(), &new.state())
            .unwrap_or_else(|error| panic!("copying the state directory: {error:#}"));
        new
    }

    /// The state directory.
    pub fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    /// From now on every command has this in its environment.
    pub fn set(&mut self, name: &str, value: &str) {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.to_owned()));
    }

    /// A file beside the state directory, gone with it.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("writing {name}: {error}"));
        path
    }

    /// Applies a connector's file.
    pub fn apply(&self, text: &str) -> Done {
        let path = self.write("connector.toml", text);
        self.run(&["connector", "apply", "-f", &path.to_string_lossy()])
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Done {
        self.run_with(arguments, &[])
    }

    /// The same, with more in its environment.
    pub fn run_with(&self, arguments: &[&str], env: &[(String, String)]) -> Done {
        let pairs = env.iter().map(|(name, value)| (name, value));
        let output = self.command(arguments).envs(pairs).output();
        Done::new(
            arguments,
            &output.unwrap_or_else(|error| panic!("starting sensor: {error}")),
        )
    }

    /// Starts a command and leaves it running; what it says goes nowhere.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        child.unwrap_or_else(|error| panic!("starting sensor: {error}"))
    }

    /// A command that is not started yet.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env_clear();
        for name in ["PATH", "RUST_BACKTRACE", "RUST_LOG", "LLVM_PROFILE_FILE"] {
            command.envs(place::variable(name).map(|value| (name, value)));
        }
        command
            .env("HOME", self.directory.path())
            .env("SENSOR_STATE_DIR", self.state())
            .env("NO_COLOR", "1");
        command
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// What an export in JSON tells.
    pub fn export(&self) -> Vec<Value> {
        self.assets().unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same, or why not.
    pub fn assets(&self) -> Result<Vec<Value>, String> {
        let done = self.run(&["inventory", "export", "--format", "json"]);
        let value: Result<Value, _> = serde_json::from_str(&done.stdout);
        let list = value.ok().filter(|_| done.code == Some(0));
        let list = list.and_then(|value| value["certificates"].as_array().cloned());
        list.ok_or_else(|| format!("no export: {done:#?}"))
    }
}

impl Done {
    fn new(arguments: &[&str], output: &Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            line: arguments.join(" "),
        }
    }

    /// Insists on an exit code.
    #[track_caller]
    pub fn exit(self, code: i32) -> Self {
        let Self {
            stdout,
            stderr,
            line,
            ..
        } = &self;
        assert_eq!(
            self.code,
            Some(code),
            "sensor {line}\n--- stdout\n{stdout}\n--- stderr\n{stderr}"
        );
        self
    }

    /// Insists on words in what was said or printed.
    #[track_caller]
    pub fn says(self, words: &[&str]) -> Self {
        let all = format!("{}\n{}", self.stdout, self.stderr);
        for word in words {
            assert!(
                all.contains(word),
                "sensor {} does not say `{word}`:\n{all}",
                self.line
            );
        }
        self
    }
}

/// Builds the sensor, so that no test runs yesterday's; or takes the one that SENSOR_BIN names.
fn program() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        if let Some(given) = place::variable("SENSOR_BIN") {
            return given.into();
        }
        let cargo = place::variable("CARGO").unwrap_or_else(|| "cargo".into());
        // With the whole workspace's features, as `cargo test --workspace` has built them already.
        let mut build = Command::new(cargo);
        build
            .args(["build", "--quiet", "--workspace", "--bin", "sensor"])
            .current_dir(place::file(".."));
        if place::is_release() {
            build.arg("--release");
        }
        let built = build
            .status()
            .unwrap_or_else(|error| panic!("starting cargo: {error}"));
        assert!(built.success(), "the sensor does not build");
        place::program("sensor")
    })
}

/// A sensor with plugins: they are compiled once for all tests of a program.
fn template() -> &'static Sensor {
    static MADE: OnceLock<Sensor> = OnceLock::new();
    MADE.get_or_init(|| {
        let new = Sensor::bare(Vec::new());
        for id in PLUGINS {
            new.run(&["plugin", "install", &place::plugin(id).to_string_lossy()])
                .exit(0);
        }
        new
    })
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    std::fs::set_permissions(to, std::fs::metadata(from)?.permissions())?;
    for entry in std::fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
