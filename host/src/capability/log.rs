//! A guest's lines in the sensor's log.
//! Above: `plugin` links it. Below: `model::text`, tracing.
//! Invariant: a guest can neither flood the log nor write a line that looks like another's.

use crate::bindings::connector::sensor::core::log::{Host, Level};
use crate::model::text::clean;
use tracing::Span;

/// Characters of one line.
const LONGEST_LINE: usize = 4_096;
/// Lines of one call of the guest.
const MOST_LINES: u32 = 200;
/// How the SDK's panic hook begins.
const PANIC: &str = "plugin panicked";

/// What one instance has logged.
#[derive(Debug)]
pub struct GuestLog {
    plugin: String,
    span: Span,
    written: u32,
    dropped: u64,
    panic: Option<String>,
}

impl GuestLog {
    /// An empty log of this plugin, whose lines become events of `span`.
    #[must_use]
    pub fn new(plugin: String, span: Span) -> Self {
        Self {
            plugin,
            span,
            written: 0,
            dropped: 0,
            panic: None,
        }
    }

    /// Begins a call: the count of lines starts anew.
    pub fn begin(&mut self) {
        self.written = 0;
        self.dropped = 0;
    }

    /// Ends a call: tells how many lines were left out.
    pub fn end(&mut self) {
        if self.dropped > 0 {
            let (plugin, dropped) = (&self.plugin, self.dropped);
            self.span
                .in_scope(|| tracing::warn!(target: "guest", plugin, dropped, "log lines dropped"));
        }
    }

    /// The text of the guest's last panic.
    pub fn take_panic(&mut self) -> Option<String> {
        self.panic.take()
    }

    fn write(&mut self, level: Level, message: &str) {
        let is_panic = level == Level::Error && message.starts_with(PANIC);
        if self.written >= MOST_LINES && !is_panic {
            self.dropped += 1;
            return;
        }
        self.written += 1;
        let line = clean_line(message);
        let plugin = &self.plugin;
        self.span.in_scope(|| match level {
            Level::Trace => tracing::trace!(target: "guest", plugin, "{line}"),
            Level::Debug => tracing::debug!(target: "guest", plugin, "{line}"),
            Level::Info => tracing::info!(target: "guest", plugin, "{line}"),
            Level::Warn => tracing::warn!(target: "guest", plugin, "{line}"),
            Level::Error => tracing::error!(target: "guest", plugin, "{line}"),
        });
        if is_panic {
            self.panic = Some(line);
        }
    }
}

/// Line ends become blanks, so that what stood apart stays apart.
fn clean_line(message: &str) -> String {
    // No character is longer than four bytes: what lies beyond would be cut anyway.
    let part: String = message
        .chars()
        .take(LONGEST_LINE + 1)
        .map(|c| if c == '\n' { ' ' } else { c })
        .collect();
    clean(&part, LONGEST_LINE)
}

/// One instance's view of its log.
pub struct LogView<'a>(pub &'a mut GuestLog);

impl Host for LogView<'_> {
    async fn write(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        self.0.write(level, &message);
        Ok(())
    }
}
