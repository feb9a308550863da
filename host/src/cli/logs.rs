//! Log events on stderr, beside the bars.
//! Above: `cli::main`. Below: `output`.
//! Invariant: logs never reach stdout, each line says whose it is (the sensor's, a guest's, the audit's), and none holds
//! the body of a request, whatever the operator asked to see.

use super::context::Context;
use indicatif::MultiProgress;
use std::io::Write;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// What speaks with AWS and the network. On trace it writes down requests with all that is in them.
const TALKERS: &[&str] = &[
    "aws_",
    "h2",
    "hyper",
    "hyper_",
    "rustls",
    "tokio_rustls",
    "tower",
];

/// Begins to log.
pub(super) fn start(context: &Context) {
    let filter = EnvFilter::try_new(&context.log).unwrap_or_else(|_| {
        context.out.warn("--log-level is none of error, warn, info, debug, trace and no directives; logging at warn");
        EnvFilter::new("warn")
    });
    let bars = context.out.bars.clone();
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(context.out.talk_style.color)
        .with_writer(move || BesideBars(bars.clone()));
    tracing_subscriber::registry()
        .with(lines.with_filter(filter.and(filter_fn(tells_no_body))))
        .init();
}

fn tells_no_body(event: &Metadata<'_>) -> bool {
    *event.level() < Level::TRACE || !talks(event.target())
}

fn talks(target: &str) -> bool {
    let root = target.split("::").next().unwrap_or_default();
    TALKERS.iter().any(|name| match name.strip_suffix('_') {
        Some(_) => root.starts_with(name),
        None => root == *name,
    })
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

#[cfg(test)]
mod tests {
    use super::talks;

    #[test]
    fn who_talks_to_the_network() {
        for target in [
            "aws_smithy_runtime::client::orchestrator",
            "aws_sdk_acm::operation::import_certificate",
            "aws_config",
            "hyper::proto::h1::io",
            "hyper_util::client::legacy::pool",
            "h2::codec",
        ] {
            assert!(talks(target), "{target}");
        }
        for target in [
            "sensor::capability::aws",
            "audit",
            "guest",
            "hyperbole",
            "h2o",
        ] {
            assert!(!talks(target), "{target}");
        }
    }
}
