//! What every command has at hand.
//! Above: the commands. Below: `output`, `app`.
//! Invariant: the state directory is opened only by a command that needs it.

use super::args::Global;
use super::output::Output;
use crate::app::{Desk, Sensor};
use crate::config::{kek_source, state_dir};
use std::path::PathBuf;

/// Streams and options of one command.
pub(super) struct Context {
    pub out: Output,
    /// What to log, as directives.
    pub log: String,
    state_dir: Option<PathBuf>,
    kek_file: Option<PathBuf>,
    kek_kms: Option<String>,
}

impl Context {
    pub(super) fn new(global: Global) -> Self {
        let level = match (global.quiet, global.verbose) {
            (true, _) => "error",
            (false, 0) => "warn",
            (false, 1) => "info",
            (false, 2) => "debug",
            (false, _) => "trace",
        };
        let asked = global
            .log_level
            .as_deref()
            .filter(|_| global.verbose == 0)
            .unwrap_or(level);
        Self {
            out: Output::new(global.output, global.quiet),
            log: directives(asked),
            state_dir: global.state_dir,
            kek_file: global.kek_file,
            kek_kms: global.kek_kms,
        }
    }

    /// The sensor on its state directory.
    pub(super) fn sensor(&self) -> anyhow::Result<Sensor> {
        let dir = state_dir(self.state_dir.as_deref())?;
        let kek = kek_source(&dir, self.kek_file.as_deref(), self.kek_kms.as_deref());
        Ok(Sensor::open_with(&dir, &kek)?)
    }

    /// The same beside a sensor that serves, for what neither imports nor changes plugins.
    pub(super) fn beside(&self) -> anyhow::Result<Sensor> {
        let dir = state_dir(self.state_dir.as_deref())?;
        let kek = kek_source(&dir, self.kek_file.as_deref(), self.kek_kms.as_deref());
        Ok(Sensor::beside(&dir, &kek)?)
    }

    /// The desk of the state directory, beside a sensor that may be serving.
    pub(super) fn desk(&self) -> anyhow::Result<Desk> {
        let dir = state_dir(self.state_dir.as_deref())?;
        let kek = kek_source(&dir, self.kek_file.as_deref(), self.kek_kms.as_deref());
        Ok(Desk::open(&dir, &kek)?)
    }
}

/// What to log, from a level or from directives of the operator's own.
fn directives(asked: &str) -> String {
    let plain = !asked.contains(['=', ',']);
    // A level is meant for the sensor itself, its plugins' lines and the audit of its calls; what they stand on is
    // loud enough at "warn".
    if plain && !matches!(asked, "error" | "off") {
        format!("warn,sensor={asked},guest={asked},audit={asked}")
    } else {
        asked.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::directives;
    use std::io::Write;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::EnvFilter;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn shown(asked: &str) -> String {
        let kept = Kept::default();
        let to = kept.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(directives(asked)))
            .with_writer(move || to.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "audit", "one-call");
            tracing::info!(target: "guest", "guest-talk");
            tracing::warn!(target: "guest", "guest-warning");
            tracing::info!(target: "sensor::app", "own-talk");
            tracing::info!(target: "hyper", "foreign-talk");
        });
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_audit_and_the_plugins_lines_follow_the_level() {
        let all = [
            "one-call",
            "guest-talk",
            "guest-warning",
            "own-talk",
            "foreign-talk",
        ];
        for (asked, expected) in [
            ("off", &[][..]),
            ("error", &[]),
            ("warn", &["guest-warning"]),
            (
                "info",
                &["one-call", "guest-talk", "guest-warning", "own-talk"],
            ),
            ("audit=info", &["one-call"]),
        ] {
            let text = shown(asked);
            let told: Vec<_> = all.into_iter().filter(|one| text.contains(one)).collect();
            assert_eq!(told, expected, "{asked}");
        }
    }
}
