//! How far an import has come: a bar where a person watches, a line now and then otherwise.
//! Above: `connector import`. Below: `output`.
//! Invariant: lines come five seconds apart at least; nothing is drawn with `--quiet`.

use super::output::Output;
use super::style::{count, number};
use crate::connector::Progress;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedReceiver;

const PAUSE: Duration = Duration::from_secs(5);

/// Tells the news until there is no more.
pub(super) async fn follow(mut news: UnboundedReceiver<Progress>, connector: &str, out: &Output) {
    let mut teller = Teller::new(connector, out);
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
    fn new(connector: &'a str, out: &'a Output) -> Self {
        let bar = (out.watched && !out.quiet).then(|| {
            let bar = out.bars.add(ProgressBar::new_spinner());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar.set_prefix(connector.to_owned());
            bar
        });
        let now = Instant::now();
        Self {
            connector,
            out,
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
            // Before the plan is whole nobody knows how much is left.
            let form = "{prefix:.bold} {bar:24.green/dim} {pos}/{len} regions  {msg}  {eta} left";
            bar.set_style(
                ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar.set_length(self.planned);
        } else if bar.length().is_none() && bar.message().is_empty() {
            let form = "{prefix:.bold} {spinner} {msg}";
            bar.set_style(
                ProgressStyle::with_template(form)
                    .unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
        }
        bar.set_position(self.ended);
        bar.set_message(if self.complete {
            self.certificates()
        } else {
            self.line()
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
        let so_far = if self.complete { "" } else { " so far" };
        let accounts = count(self.accounts, "account", "accounts");
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
        format!(
            ", about {} left",
            super::style::took(i64::try_from(left).unwrap_or(i64::MAX))
        )
    }
}
