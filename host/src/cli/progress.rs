//! How far an import has come: a bar where a person watches, a line now and then otherwise.
//! Above: `connector import`. Below: `output`.
//! Invariant: lines come five seconds apart at least; nothing is drawn with `--quiet`.

use super::output::Output;
use super::style::{coarse, count, number};
use crate::connector::Progress;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

const PAUSE: Duration = Duration::from_secs(5);
/// Columns from which on there is room for a bar beside the numbers.
const ROOM: u16 = 80;

/// Before the plan is whole nobody knows how much is left.
const PLANNING: &str = "{prefix:.bold} {spinner} {wide_msg}";
const READING: &str = "{prefix:.bold} {bar:24.green/dim} {pos}/{len} regions  {wide_msg}";
const NARROW: &str = "{prefix:.bold} {pos}/{len} regions  {wide_msg}";

/// Tells the news until there is no more.
pub(super) async fn follow(
    mut news: UnboundedReceiver<Progress>,
    connector: &str,
    out: &Output,
    stop: &CancellationToken,
) {
    let mut teller = Teller::new(connector, out, stop);
    teller.tell();
    while let Some(piece) = news.recv().await {
        teller.take(&piece);
        teller.tell();
    }
    if let Some(bar) = teller.bar {
        bar.finish_and_clear();
    }
}

struct Teller<'a> {
    connector: &'a str,
    out: &'a Output,
    stop: &'a CancellationToken,
    bar: Option<ProgressBar>,
    started: Instant,
    told: Instant,
    accounts: u64,
    planned: u64,
    complete: bool,
    ended: u64,
    seen: u64,
}

impl<'a> Teller<'a> {
    fn new(connector: &'a str, out: &'a Output, stop: &'a CancellationToken) -> Self {
        let bar = (out.watched && !out.quiet).then(|| {
            let bar = out.bars.add(ProgressBar::new_spinner());
            bar.set_style(form(PLANNING));
            bar.set_prefix(connector.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        let now = Instant::now();
        Self {
            connector,
            out,
            stop,
            bar,
            started: now,
            told: now,
            accounts: 0,
            planned: 0,
            complete: false,
            ended: 0,
            seen: 0,
        }
    }

    fn take(&mut self, piece: &Progress) {
        match piece {
            Progress::Account { .. } => self.accounts += 1,
            Progress::Planned { splits, complete } => {
                (self.planned, self.complete) = (*splits, *complete);
            }
            Progress::Page { counts, .. } => self.seen += counts.seen,
            Progress::Ended(_) => self.ended += 1,
        }
    }

    fn tell(&mut self) {
        match &self.bar {
            Some(bar) => self.draw(bar),
            None if self.told.elapsed() >= PAUSE => {
                self.told = Instant::now();
                self.out
                    .say(&format!("{}: {}", self.connector, self.line()));
            }
            None => {}
        }
    }

    fn draw(&self, bar: &ProgressBar) {
        if self.complete && bar.length().is_none() {
            let narrow = self.out.talk_style.width.is_some_and(|width| width < ROOM);
            bar.set_style(form(if narrow { NARROW } else { READING }));
            bar.set_length(self.planned);
        }
        bar.set_position(self.ended);
        bar.set_message(match (self.complete, self.stop.is_cancelled()) {
            (_, true) => format!(
                "{}, stopping after the pages that are being read",
                count(self.seen, "certificate", "certificates")
            ),
            (true, false) => self.certificates() + &self.left(),
            (false, false) => self.line(),
        });
    }

    fn certificates(&self) -> String {
        let seconds = self.started.elapsed().as_millis().max(1);
        let rate = u128::from(self.seen) * 1_000 / seconds;
        format!(
            "{}, {}/s",
            count(self.seen, "certificate", "certificates"),
            number(u64::try_from(rate).unwrap_or(u64::MAX))
        )
    }

    fn line(&self) -> String {
        if self.accounts == 0 {
            return "looking for accounts".to_owned();
        }
        let so_far = if self.complete { "" } else { " so far" };
        let accounts = count(self.accounts, "account", "accounts");
        if self.planned == 0 {
            return accounts + so_far;
        }
        let regions = format!(
            "{} of {} regions{so_far}",
            number(self.ended),
            number(self.planned)
        );
        format!(
            "{accounts}, {regions}, {}{}",
            self.certificates(),
            self.left()
        )
    }

    /// Time left, when there is something to judge by.
    fn left(&self) -> String {
        if !self.complete || self.ended == 0 || self.ended >= self.planned {
            return String::new();
        }
        let each = self.started.elapsed().as_millis() / u128::from(self.ended);
        let left = each * u128::from(self.planned - self.ended);
        let left = coarse(i64::try_from(left).unwrap_or(i64::MAX));
        format!(", about {left} left")
    }
}

fn form(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::{NARROW, PLANNING, READING};
    use indicatif::ProgressStyle;

    #[test]
    fn every_form_is_one_that_indicatif_reads() {
        for template in [PLANNING, READING, NARROW] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
