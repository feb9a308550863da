//! What `sensor serve` does again and again, each part in a task of its own.
//! Above: `serve`. Below: `delivery`'s turns, `import`, revocation, the sweep.
//! Invariant: trouble of one part is told, and the part goes on.

use super::schedule::Schedule;
use super::serve::Happened;
use crate::app::{AppError, Checked, ImportOptions, Sensor};
use crate::connector::ProgressSender;
use crate::delivery::{Crank, Engine, Turn};
use crate::model::time::Millis;
use crate::revocation::{Checker, Networks};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

/// How often the ledger is looked at for what another command wrote into it.
const LOOK: Duration = Duration::from_secs(2);
/// How often keys without an owner are looked for.
const SWEEP: Millis = 3_600_000;
/// After trouble, CAs are asked again so much later.
const ASK: Millis = 60_000;
/// Between two turns of asking.
const BREATH: Duration = Duration::from_millis(300);
/// Nobody sleeps longer without a look.
const LONGEST: Duration = Duration::from_hours(1);

/// What every part works with.
#[derive(Clone)]
pub(super) struct Rounds {
    pub(super) sensor: Arc<Sensor>,
    pub(super) engine: Arc<Engine>,
    /// Each part ends as soon as nothing is due.
    pub(super) once: bool,
    pub(super) told: Told,
    /// An import has ended.
    pub(super) imported: Arc<Notify>,
    pub(super) stop: CancellationToken,
}

#[derive(Clone)]
pub(super) struct Told(pub(super) mpsc::UnboundedSender<Happened>);

impl Told {
    /// Nobody has to watch.
    pub(super) fn tell(&self, happened: Happened) {
        let _unwatched = self.0.send(happened);
    }

    fn trouble(&self, error: &impl ToString) {
        self.tell(Happened::Trouble(error.to_string()));
    }
}

impl Rounds {
    pub(super) async fn deliver(self) {
        let (once, engine) = (self.once, &self.engine);
        let mut crank = Crank::new(Arc::clone(engine));
        while !self.stop.is_cancelled() {
            // Who waits for the end does not wait for news.
            let longest = if once { LOOK / 40 } else { LOOK };
            let wait = match crank.turn(&self.stop).await {
                Ok(turn) => {
                    let still = turn.begun + turn.ended == 0;
                    if once && still && crank.is_idle() && is_over(&turn, engine.now()) {
                        break;
                    }
                    if crank.is_idle() {
                        let next = turn.next.map(|next| soon(next - engine.now()));
                        next.map_or(longest, |next| next.min(longest))
                    } else {
                        Duration::ZERO
                    }
                }
                Err(error) => {
                    self.told.trouble(&error);
                    if once {
                        break;
                    }
                    LOOK * 5
                }
            };
            pause(wait, &self.stop).await;
        }
        crank.drain().await;
        if once && let Err(error) = engine.tidy().await {
            self.told.trouble(&error);
        }
    }

    /// What waits for an issuer's answer and hurries nobody.
    pub(super) async fn tidy(self) {
        while !self.stop.is_cancelled() {
            if let Err(error) = self.engine.tidy().await {
                self.told.trouble(&error);
            }
            pause(LOOK, &self.stop).await;
        }
    }

    pub(super) async fn sweep(self) {
        while !self.stop.is_cancelled() {
            match self.engine.sweep().await {
                Ok(swept) if swept.orphans == 0 => {}
                Ok(swept) => self.told.tell(Happened::Swept(swept)),
                Err(error) => self.told.trouble(&error),
            }
            if self.once {
                return;
            }
            pause(soon(SWEEP), &self.stop).await;
        }
    }

    pub(super) async fn import(self) {
        let mut schedule = Schedule::default();
        while !self.stop.is_cancelled() {
            let due = match schedule.due(&self.sensor).await {
                Ok(due) => due,
                // Another command looks into it, and the next look is soon.
                Err(AppError::InventoryHeld) if !self.once => Vec::new(),
                Err(error) => {
                    self.told.trouble(&error);
                    Vec::new()
                }
            };
            for name in due {
                if self.stop.is_cancelled() {
                    return;
                }
                // Held from here on, so that the import meets no other command.
                let _held = match self.sensor.enter().await {
                    Err(AppError::InventoryHeld) if !self.once => break,
                    held => held,
                };
                self.told.tell(Happened::ImportBegun(name.clone()));
                let options = ImportOptions::default();
                let (progress, stop) = (ProgressSender::default(), self.stop.clone());
                match self.sensor.import(&name, &options, progress, stop).await {
                    Ok(report) => {
                        schedule.imported(&name);
                        self.imported.notify_one();
                        self.told.tell(Happened::Imported(Box::new(report.run)));
                    }
                    Err(error) => {
                        schedule.failed(&name, self.sensor.clock().now());
                        self.told.tell(Happened::ImportFailed(name, error));
                    }
                }
            }
            if self.once {
                return;
            }
            pause(LOOK * 5, &self.stop).await;
        }
    }

    /// Asks CAs about certificates whose turn it is: those that an import brought, at once.
    pub(super) async fn ask(self, networks: Networks) {
        let (sensor, told) = (&self.sensor, &self.told);
        let checker = match Checker::new(networks, sensor.clock()) {
            Ok(checker) => checker,
            Err(error) => return told.trouble(&error),
        };
        let now = || sensor.clock().now();
        while !self.stop.is_cancelled() {
            let news = |checked: Checked| {
                if checked.is_news() {
                    told.tell(Happened::Revoked(Box::new(checked)));
                }
            };
            let next = match sensor.check_due(&checker, &self.stop, news).await {
                Ok(next) => next,
                Err(error) => {
                    // Another command that looks into it is no trouble.
                    if self.once || !matches!(error, AppError::InventoryHeld) {
                        told.trouble(&error);
                    }
                    (!self.once).then(|| now() + ASK)
                }
            };
            if next.is_some_and(|next| next <= now()) {
                // Whoever waits for the inventory has a chance.
                pause(BREATH, &self.stop).await;
                continue;
            }
            if self.once {
                return;
            }
            let turn = next.map_or(LONGEST, |next| soon(next - now()).min(LONGEST));
            tokio::select! {
                () = self.imported.notified() => {}
                () = pause(turn, &self.stop) => {}
            }
        }
    }

    /// Answers HTTP-01, from when an issuer needs that: one may be applied while this sensor serves.
    pub(super) async fn answer(
        self,
        mut listener: Option<TcpListener>,
        at: SocketAddr,
        over: CancellationToken,
    ) {
        let mut told = false;
        loop {
            if let Some(listener) = listener {
                return self.sensor.http01().serve(listener, over).await;
            }
            pause(LOOK, &over).await;
            if over.is_cancelled() {
                return;
            }
            listener = match self.sensor.challenges(at).await {
                Ok(listener) => listener,
                Err(error) => {
                    if !std::mem::replace(&mut told, true) {
                        self.told.trouble(&error);
                    }
                    None
                }
            };
        }
    }

    /// Tells the journal as it grows, whoever writes into it: from the line after this one until all is `over`.
    pub(super) async fn follow(self, mut line: i64, over: CancellationToken) {
        loop {
            let last = over.is_cancelled();
            match self.sensor.ledger().journal_after(line) {
                Ok((events, _)) if events.is_empty() => {}
                Ok((events, end)) => {
                    line = end;
                    for event in events {
                        self.told.tell(Happened::Told(event));
                    }
                    continue;
                }
                Err(error) => self.told.trouble(&error),
            }
            if last {
                return;
            }
            pause(LOOK, &over).await;
        }
    }
}

/// Whether nothing is to come in the next minute. What was kept from going on would only meet the same again; the log has
/// told why.
fn is_over(turn: &Turn, now: Millis) -> bool {
    turn.troubled > 0 || turn.next.is_none_or(|next| next > now + 60_000)
}

async fn pause(wait: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(wait) => {}
    }
}

fn soon(millis: Millis) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0).max(20))
}
