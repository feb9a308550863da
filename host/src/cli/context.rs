//! What every command has at hand.
//! Above: the commands. Below: `output`, `app`.
//! Invariant: the state directory is opened only by a command that needs it.

use super::args::Global;
use super::output::Output;
use crate::app::Sensor;
use crate::config::state_dir;
use std::path::PathBuf;

/// Streams and options of one command.
pub(super) struct Context {
    pub out: Output,
    /// What to log, as directives.
    pub log: String,
    state_dir: Option<PathBuf>,
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
        let plain = !asked.contains(['=', ',']);
        // A level is meant for the sensor itself; what it stands on is loud enough at "warn".
        let log = if plain && !matches!(asked, "error" | "off") {
            format!("warn,sensor={asked}")
        } else {
            asked.to_owned()
        };
        Self {
            out: Output::new(global.output, global.quiet),
            log,
            state_dir: global.state_dir,
        }
    }

    /// The sensor on its state directory.
    pub(super) fn sensor(&self) -> anyhow::Result<Sensor> {
        Ok(Sensor::open(&state_dir(self.state_dir.as_deref())?)?)
    }
}
