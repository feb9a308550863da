//! Log events on stderr, beside the bars.
//! Above: `cli::main`. Below: `output`.
//! Invariant: logs never reach stdout, and each line says whose it is: the sensor's, a guest's, the audit's.

use super::context::Context;
use indicatif::MultiProgress;
use std::io::Write;
use tracing_subscriber::EnvFilter;

/// Begins to log.
pub(super) fn start(context: &Context) {
    let filter = EnvFilter::try_new(&context.log).unwrap_or_else(|_| {
        context.out.warn("--log-level is none of error, warn, info, debug, trace and no directives; logging at warn");
        EnvFilter::new("warn")
    });
    let bars = context.out.bars.clone();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(context.out.talk_style.color)
        .with_writer(move || BesideBars(bars.clone()))
        .init();
}

struct BesideBars(MultiProgress);

impl Write for BesideBars {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.suspend(|| std::io::stderr().write(bytes))
    }
    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}
