//! The real `sensor` where a person sits: in a pseudo terminal.
//! Above: the end-to-end tests. Below: `sensor`, `tests/python/terminal.py`.
//! Invariant: keys are typed when what they answer stands there, never after a time.

use super::python;
use super::sensor::Sensor;
use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

/// What a person saw.
#[derive(Debug, Deserialize)]
pub struct Seen {
    /// The exit code; negative after a signal.
    pub code: i32,
    /// Every byte, escapes and all.
    pub raw: String,
    /// What stands there at the end, from the first line.
    pub screen: Vec<String>,
    /// How long it went on after the last keys.
    pub after_keys_ms: u64,
}

impl Seen {
    /// The screen as one text.
    pub fn text(&self) -> String {
        self.screen.join("\n")
    }

    /// Insists on an exit code.
    #[track_caller]
    pub fn exit(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.text());
        self
    }

    /// Insists on words on the screen.
    #[track_caller]
    pub fn shows(self, words: &[&str]) -> Self {
        let text = self.text();
        for word in words {
            assert!(text.contains(word), "`{word}` is not shown:\n{text}");
        }
        self
    }
}

impl Sensor {
    /// Runs a command at a terminal of so many columns. Each of `keys` is typed once its pattern (a regular expression)
    /// stands in what came since the ones before.
    ///
    /// # Panics
    /// When a pattern never comes, or the command does not end.
    pub fn at_terminal(&self, columns: u16, arguments: &[&str], keys: &[(&str, &str)]) -> Seen {
        let told = self.try_at_terminal(columns, arguments, keys);
        told.unwrap_or_else(|error| panic!("sensor {}: {error:#}", arguments.join(" ")))
    }

    fn try_at_terminal(
        &self,
        columns: u16,
        arguments: &[&str],
        keys: &[(&str, &str)],
    ) -> anyhow::Result<Seen> {
        let command = self.command(arguments);
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let mut env: BTreeMap<_, _> = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_string_lossy(), value?.to_string_lossy())))
            .collect();
        env.insert("TERM".into(), "xterm-256color".into());
        let asked = json!({
            "command": words.map(|word| word.to_string_lossy()).collect::<Vec<_>>(),
            "env": env,
            "directory": command.get_current_dir(),
            "columns": columns,
            "keys": keys,
        });
        played(&mut python::script("terminal.py"), &asked.to_string())
    }
}

fn played(script: &mut Command, asked: &str) -> anyhow::Result<Seen> {
    let mut child = script
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("no stdin")?;
    stdin.write_all(asked.as_bytes())?;
    drop(stdin);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
