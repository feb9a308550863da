//! `sensor serve`: does what is due, until it is told to stop.
//! Above: `cli`. Below: `delivery`'s turns, `import`, the sweep.
//! Invariant: nothing runs after it has returned; what was under way is at a point from which it goes on.

use super::Sensor;
use super::schedule::Schedule;
use crate::app::{AppError, Checked, ImportOptions};
use crate::connector::ProgressSender;
use crate::delivery::{Crank, Engine, Swept, Turn};
use crate::model::id::ConnectorId;
use crate::model::run::Run;
use crate::model::time::Millis;
use crate::revocation::{Checker, Networks};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How often the ledger is looked at for what another command wrote into it.
const LOOK: Duration = Duration::from_secs(2);
/// How often keys without an owner are looked for.
const SWEEP: Millis = 3_600_000;
/// After trouble, CAs are asked again so much later.
const ASK: Millis = 60_000;
/// Nobody sleeps longer without a look.
const LONGEST: Duration = Duration::from_hours(1);

/// What `serve` does beside what is always due.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Also the imports that connectors' `every` makes due.
    pub imports: bool,
    /// Also ask CAs whether certificates are revoked, of these networks and of all that is public.
    pub revocation: Option<Networks>,
    /// End as soon as nothing is due: for timers, and for tests.
    pub once: bool,
    /// Where HTTP-01 challenges are answered, if an issuer needs that.
    pub http01: SocketAddr,
}

/// Something that happened, for whoever watches.
#[derive(Debug)]
pub enum Happened {
    Turned(Turn),
    ImportBegun(ConnectorId),
    Imported(Box<Run>),
    ImportFailed(ConnectorId, AppError),
    Swept(Swept),
    /// A CA was found to have revoked a certificate.
    Revoked(Box<Checked>),
    /// Trouble of the sensor's own; it goes on.
    Trouble(String),
}

impl Sensor {
    /// Serves until `stop`.
    ///
    /// # Errors
    /// When it cannot begin. Later trouble is told and does not end it.
    pub async fn serve(
        self: &Arc<Self>,
        options: ServeOptions,
        news: mpsc::UnboundedSender<Happened>,
        stop: CancellationToken,
    ) -> Result<(), AppError> {
        let engine = self.engine();
        let told = Told(news);
        let mut going = JoinSet::new();
        // Ends with the rest: answers are of use only while orders are brought on.
        let answers = stop.child_token();
        let mut answering = JoinSet::new();
        if let Some(listener) = self.challenges(options.http01).await? {
            answering.spawn(self.http01().serve(listener, answers.clone()));
        }
        let deliveries = deliver(
            Arc::clone(&engine),
            options.once,
            told.clone(),
            stop.clone(),
        );
        going.spawn(deliveries);
        let imported = Arc::new(Notify::new());
        if options.imports {
            let imports = import(
                Arc::clone(self),
                options.once,
                told.clone(),
                Arc::clone(&imported),
                stop.clone(),
            );
            going.spawn(imports);
        }
        if !options.once {
            going.spawn(tidy(Arc::clone(&engine), told.clone(), stop.clone()));
        }
        if let Some(networks) = options.revocation {
            let asking = ask(
                Arc::clone(self),
                networks,
                options.once,
                told.clone(),
                imported,
                stop.clone(),
            );
            going.spawn(asking);
        }
        going.spawn(sweep(engine, options.once, told.clone(), stop));
        while let Some(ended) = going.join_next().await {
            if let Err(error) = ended {
                told.tell(Happened::Trouble(format!(
                    "a part of the sensor panicked: {error}"
                )));
            }
        }
        answers.cancel();
        while answering.join_next().await.is_some() {}
        Ok(())
    }
}

#[derive(Clone)]
struct Told(mpsc::UnboundedSender<Happened>);

impl Told {
    /// Nobody has to watch.
    fn tell(&self, happened: Happened) {
        let _unwatched = self.0.send(happened);
    }
}

async fn deliver(engine: Arc<Engine>, once: bool, told: Told, stop: CancellationToken) {
    let mut crank = Crank::new(Arc::clone(&engine));
    while !stop.is_cancelled() {
        // Who waits for the end does not wait for news.
        let longest = if once { LOOK / 40 } else { LOOK };
        let wait = match crank.turn(&stop).await {
            Ok(turn) => {
                if turn.begun + turn.ended > 0 {
                    told.tell(Happened::Turned(turn));
                } else if once && crank.is_idle() && is_over(&turn, engine.now()) {
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
                told.tell(Happened::Trouble(error.to_string()));
                if once {
                    break;
                }
                LOOK * 5
            }
        };
        pause(wait, &stop).await;
    }
    let turn = crank.drain().await;
    if turn.ended > 0 {
        told.tell(Happened::Turned(turn));
    }
    if once && let Err(error) = engine.tidy().await {
        told.tell(Happened::Trouble(error.to_string()));
    }
}

/// Whether nothing is to come in the next minute. What was kept from going on would only meet the same again; the log has
/// told why.
fn is_over(turn: &Turn, now: Millis) -> bool {
    turn.troubled > 0 || turn.next.is_none_or(|next| next > now + 60_000)
}

/// What waits for an issuer's answer and hurries nobody.
async fn tidy(engine: Arc<Engine>, told: Told, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = engine.tidy().await {
            told.tell(Happened::Trouble(error.to_string()));
        }
        pause(LOOK, &stop).await;
    }
}

async fn sweep(engine: Arc<Engine>, once: bool, told: Told, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match engine.sweep().await {
            Ok(swept) if swept.orphans == 0 => {}
            Ok(swept) => told.tell(Happened::Swept(swept)),
            Err(error) => told.tell(Happened::Trouble(error.to_string())),
        }
        if once {
            return;
        }
        pause(soon(SWEEP), &stop).await;
    }
}

async fn import(
    sensor: Arc<Sensor>,
    once: bool,
    told: Told,
    imported: Arc<Notify>,
    stop: CancellationToken,
) {
    let mut schedule = Schedule::default();
    while !stop.is_cancelled() {
        let due = match schedule.due(&sensor) {
            Ok(due) => due,
            // Another command looks into it, and the next look is soon.
            Err(AppError::InventoryHeld) if !once => Vec::new(),
            Err(error) => {
                told.tell(Happened::Trouble(error.to_string()));
                Vec::new()
            }
        };
        for name in due {
            if stop.is_cancelled() {
                return;
            }
            told.tell(Happened::ImportBegun(name.clone()));
            let options = ImportOptions::default();
            let progress = ProgressSender::default();
            match sensor.import(&name, &options, progress, stop.clone()).await {
                Ok(report) => {
                    schedule.imported(&name);
                    imported.notify_one();
                    told.tell(Happened::Imported(Box::new(report.run)));
                }
                Err(error) => {
                    schedule.failed(&name, sensor.clock().now());
                    told.tell(Happened::ImportFailed(name, error));
                }
            }
        }
        if once {
            return;
        }
        pause(LOOK * 5, &stop).await;
    }
}

/// Asks CAs about certificates whose turn it is: those that an import brought, at once.
async fn ask(
    sensor: Arc<Sensor>,
    networks: Networks,
    once: bool,
    told: Told,
    imported: Arc<Notify>,
    stop: CancellationToken,
) {
    let checker = match Checker::new(networks, sensor.clock()) {
        Ok(checker) => checker,
        Err(error) => return told.tell(Happened::Trouble(error.to_string())),
    };
    while !stop.is_cancelled() {
        let news = |checked: Checked| {
            if checked.is_news() {
                told.tell(Happened::Revoked(Box::new(checked)));
            }
        };
        let now = || sensor.clock().now();
        let next = match sensor.check_due(&checker, &stop, news).await {
            Ok(next) => next,
            Err(error) => {
                // Another command that looks into it is no trouble.
                if once || !matches!(error, AppError::InventoryHeld) {
                    told.tell(Happened::Trouble(error.to_string()));
                }
                (!once).then(|| now() + ASK)
            }
        };
        if next.is_some_and(|next| next <= now()) {
            continue;
        }
        if once {
            return;
        }
        let turn = next.map_or(LONGEST, |next| soon(next - now()).min(LONGEST));
        tokio::select! {
            () = imported.notified() => {}
            () = pause(turn, &stop) => {}
        }
    }
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
