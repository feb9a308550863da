//! `sensor serve`: does what is due, until it is told to stop.
//! Above: `cli`. Below: `rounds`, of which each part goes its own; the HTTP-01 listener.
//! Invariant: nothing runs after it has returned; what was under way is at a point from which it goes on.

use super::Sensor;
use super::rounds::{Rounds, Told};
use crate::app::{AppError, Checked};
use crate::delivery::Swept;
use crate::model::enrollment::Event;
use crate::model::id::ConnectorId;
use crate::model::run::Run;
use crate::revocation::Networks;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

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
    /// A line of the journal of a request.
    Told(Event),
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
        self.need_key()?;
        // Ends with the rest: answers are of use only while orders are brought on.
        let answers = stop.child_token();
        let mut answering = JoinSet::new();
        let listener = self.challenges(options.http01).await?;
        let rounds = Rounds {
            sensor: Arc::clone(self),
            engine: self.engine(),
            once: options.once,
            told: Told(news),
            imported: Arc::new(Notify::new()),
            stop,
        };
        answering.spawn(
            rounds
                .clone()
                .answer(listener, options.http01, answers.clone()),
        );
        let over = CancellationToken::new();
        answering.spawn(
            rounds
                .clone()
                .follow(self.ledger.journal_end()?, over.clone()),
        );
        let mut going = JoinSet::new();
        going.spawn(rounds.clone().deliver());
        going.spawn(rounds.clone().sweep());
        if options.imports {
            going.spawn(rounds.clone().import());
        }
        if let Some(networks) = options.revocation {
            going.spawn(rounds.clone().ask(networks));
        }
        if !options.once {
            going.spawn(rounds.clone().tidy());
        }
        while let Some(ended) = going.join_next().await {
            if let Err(error) = ended {
                let trouble = format!("a part of the sensor panicked: {error}");
                rounds.told.tell(Happened::Trouble(trouble));
            }
        }
        answers.cancel();
        over.cancel();
        while answering.join_next().await.is_some() {}
        Ok(())
    }
}
