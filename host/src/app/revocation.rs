//! Whether CAs still stand by what is in the inventory, and what follows for requests when one does not.
//! Above: `serve`, `cli`. Below: `revocation`, the inventory, the ledger.
//! Invariant: a request is told before the inventory is, so that a crash between costs a second look and no renewal; a
//! certificate that was found revoked makes one renewal due and no second.

use super::{AppError, Sensor};
use crate::ledger::{LedgerError, Note, RequestFilter};
use crate::model::asset::Location;
use crate::model::certificate::Certificate;
use crate::model::enrollment::{
    FoundRevoked, Issuance, IssuanceState, Request, RequestState, Source,
};
use crate::model::filter::Filter;
use crate::model::id::{RequestId, Sha256};
use crate::model::revocation::{
    Finding, Revocation, RevocationStatus, RevocationWord, RevokedFor, ToldStatus,
};
use crate::model::time::{Millis, rfc3339};
use crate::revocation::{Checker, Networks};
use crate::store::{Candidate, Inventory, Question, StoreError};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

/// CAs that are asked at once.
const AT_ONCE: usize = 8;
/// What a command reads, asks about and keeps at once.
const TOGETHER: usize = 32;
/// The same of `serve`, which opens the inventory twice for it.
const TURN: usize = 1024;
/// A request that others change meanwhile is looked at anew.
const TRIES: u32 = 3;

/// One certificate whose CA was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    pub fingerprint: Sha256,
    pub certificate: Certificate,
    pub before: Option<RevocationWord>,
    pub revocation: Revocation,
    /// No word could be had, or none that can be believed.
    pub trouble: bool,
    /// Requests that keep it, and what follows for each.
    pub requests: Vec<(RequestId, Consequence)>,
}

impl Checked {
    /// Whether it was not known to be revoked before, or something follows now.
    #[must_use]
    pub fn is_news(&self) -> bool {
        let fresh = |(_, consequence): &(RequestId, Consequence)| {
            !matches!(consequence, Consequence::Known)
        };
        self.revocation.word() == RevocationWord::Revoked
            && (self.before != Some(RevocationWord::Revoked) || self.requests.iter().any(fresh))
    }
}

/// One certificate that is to be asked about, with all that this takes.
struct Asked {
    about: Candidate,
    known: Option<Revocation>,
    /// None: there is nothing to ask with.
    read: Option<(Certificate, Question)>,
}

/// What a revocation means for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// Its renewal is due now.
    Renews,
    /// A new certificate is on its way already.
    UnderWay,
    /// The request itself had it revoked.
    OwnWish,
    /// A hold may end; the operator decides.
    Held,
    /// The certificate was brought, or its key is the operator's and exposed: only the operator can make a new one.
    OnlyByHand,
    /// It was told before.
    Known,
}

impl Consequence {
    /// In the journal and on the terminal.
    #[must_use]
    pub fn told(self) -> &'static str {
        match self {
            Self::Renews => "its renewal is due at once",
            Self::UnderWay => "a new certificate is on its way already",
            Self::OwnWish => "that was asked for here; sensor renew replaces it",
            Self::Held => "the CA may free it again; sensor renew replaces it",
            Self::OnlyByHand => "the sensor cannot replace it alone: make a request with a new key",
            Self::Known => "told before",
        }
    }
}

impl Sensor {
    /// Who asks CAs, with what it remembers.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn checker(&self, networks: Networks) -> Result<Checker, AppError> {
        Ok(Checker::new(networks, self.clock())?)
    }

    /// Asks about certificates whose turn it is, a bounded number of them. Returns when the next one's turn is.
    ///
    /// # Errors
    /// When inventory or ledger cannot be used. What a CA does is no error.
    pub async fn check_due(
        &self,
        checker: &Checker,
        stop: &CancellationToken,
        news: impl FnMut(Checked),
    ) -> Result<Option<Millis>, AppError> {
        let inventory = self.enter().await?;
        let (asked, next) = blocking(move || {
            let (due, next) = inventory.revocations_due(TURN)?;
            Ok((read(&inventory, due)?, next))
        })
        .await?;
        self.ask_about(checker, asked, stop, news).await?;
        Ok(next)
    }

    /// Asks about every valid certificate that matches, due or not. Returns how many there were.
    ///
    /// # Errors
    /// As `check_due`.
    pub async fn check_matching(
        &self,
        checker: &Checker,
        filter: &Filter,
        stop: &CancellationToken,
        mut news: impl FnMut(Checked),
    ) -> Result<usize, AppError> {
        // Held to the end: nobody waits for a command that an operator gave.
        let inventory = self.enter().await?;
        let (at, filter) = (inventory.clone(), filter.clone());
        let all = blocking(move || at.revocations_of(&filter)).await?;
        for part in all.chunks(TOGETHER) {
            if stop.is_cancelled() {
                break;
            }
            let (at, part) = (inventory.clone(), part.to_vec());
            let asked = blocking(move || read(&at, part)).await?;
            self.ask_about(checker, asked, stop, &mut news).await?;
        }
        Ok(all.len())
    }

    /// Asks, with the inventory closed meanwhile: a CA may take its time.
    async fn ask_about(
        &self,
        checker: &Checker,
        all: Vec<Asked>,
        stop: &CancellationToken,
        mut news: impl FnMut(Checked),
    ) -> Result<(), AppError> {
        let asking = |asked: Asked| async {
            let finding = match &asked.read {
                Some((_, question)) => checker.check(&question.leaf, &question.chain).await,
                None => {
                    Finding::Trouble("its body is damaged; the next import reads it anew".into())
                }
            };
            (asked, finding, self.clock().now())
        };
        let mut answers: Vec<_> = futures::stream::iter(all)
            .take_until(stop.cancelled())
            .map(asking)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        if answers.is_empty() {
            return Ok(());
        }
        let Some(inventory) = self.enter_again(stop).await? else {
            return Ok(());
        };
        while !answers.is_empty() {
            let part = answers.split_off(answers.len().saturating_sub(TOGETHER));
            self.keep(&inventory, part, &mut news).await?;
        }
        Ok(())
    }

    /// However long another command has the inventory: answers are worth waiting for. None when told to stop.
    async fn enter_again(&self, stop: &CancellationToken) -> Result<Option<Inventory>, AppError> {
        loop {
            match self.enter().await {
                Err(AppError::InventoryHeld) if stop.is_cancelled() => return Ok(None),
                Err(AppError::InventoryHeld) => {}
                entered => return entered.map(Some),
            }
        }
    }

    /// Tells requests, then the inventory.
    async fn keep(
        &self,
        inventory: &Inventory,
        answers: Vec<(Asked, Finding, Millis)>,
        news: &mut impl FnMut(Checked),
    ) -> Result<(), AppError> {
        let mut told = Vec::with_capacity(answers.len());
        for (asked, finding, at) in answers {
            let about = asked.about;
            let trouble = matches!(finding, Finding::Trouble(_));
            let Some(revocation) = merged(inventory, &asked, finding, at)? else {
                continue;
            };
            told.push((about, revocation.clone()));
            if let Some(mut checked) = checked(asked, revocation, trouble) {
                if let RevocationStatus::Revoked { at, reason } = checked.revocation.status {
                    let places = inventory.places_of(&about)?;
                    checked.requests = self.tell_requests(&checked, &places, at, reason)?;
                }
                news(checked);
            }
        }
        let at = inventory.clone();
        blocking(move || at.put_revocations(&told)).await
    }

    /// Tells the active requests that keep a revoked certificate.
    fn tell_requests(
        &self,
        checked: &Checked,
        places: &[Location],
        at: Option<Millis>,
        reason: Option<RevokedFor>,
    ) -> Result<Vec<(RequestId, Consequence)>, AppError> {
        let filter = RequestFilter {
            state: Some(RequestState::Active),
            limit: None,
        };
        let found = FoundRevoked {
            sha256: checked.fingerprint.to_string(),
            revoked_at: at,
            reason,
            found_at: self.clock().now(),
        };
        let mut told = Vec::new();
        for request in self.ledger.requests(&filter)? {
            if let Some(consequence) = self.tell(request, &found, places)? {
                told.push(consequence);
            }
        }
        Ok(told)
    }

    fn tell(
        &self,
        mut request: Request,
        found: &FoundRevoked,
        places: &[Location],
    ) -> Result<Option<(RequestId, Consequence)>, AppError> {
        let id = request.id;
        for _ in 0..TRIES {
            let issuances = self.ledger.issuances(id)?;
            if !keeps(&request, &issuances, found, places) {
                return Ok(None);
            }
            if request.found_revoked.as_ref().map(|known| &known.sha256) == Some(&found.sha256) {
                return Ok(Some((id, Consequence::Known)));
            }
            let consequence = self.consequence(&request, &issuances, found)?;
            let mut after = request.clone();
            after.found_revoked = Some(found.clone());
            after.updated_at = found.found_at;
            if consequence == Consequence::Renews {
                after.renew_at = Some(found.found_at);
                // Everywhere, not only where the last one did not arrive.
                after.outlook.due_at = Some(found.found_at);
            }
            let note = Note::new(found.found_at, "found-revoked", words(found, consequence));
            match self.ledger.change_request(&request, &after, &note) {
                Ok(()) => return Ok(Some((id, consequence))),
                Err(LedgerError::Overtaken { .. }) => request = self.ledger.request(id)?,
                Err(error) => return Err(error.into()),
            }
        }
        // Its state machine is at work on it: the next look finds it at rest.
        Ok(None)
    }

    fn consequence(
        &self,
        request: &Request,
        issuances: &[Issuance],
        found: &FoundRevoked,
    ) -> Result<Consequence, AppError> {
        let is_it = |one: &&Issuance| {
            let issued = one.issued.as_ref();
            issued.is_some_and(|issued| issued.sha256 == found.sha256)
        };
        let issuance = issuances.iter().find(is_it).map(|one| one.id);
        let asked_for = self.ledger.revocations(request.id)?;
        let own = asked_for.iter().any(|one| Some(one.issuance) == issuance);
        let exposed = found.reason == Some(RevokedFor::KeyCompromise);
        Ok(match &request.source {
            _ if issuances.first().is_some_and(|one| !one.state.is_over()) => Consequence::UnderWay,
            _ if own => Consequence::OwnWish,
            _ if found.reason == Some(RevokedFor::CertificateHold) => Consequence::Held,
            Source::Brought => Consequence::OnlyByHand,
            Source::SigningRequest { .. } if exposed => Consequence::OnlyByHand,
            Source::Issued | Source::SigningRequest { .. } => Consequence::Renews,
        })
    }
}

/// What is known of these certificates, and what their CAs are asked with. Those that are gone are left out.
fn read(inventory: &Inventory, all: Vec<Candidate>) -> Result<Vec<Asked>, StoreError> {
    let mut asked = Vec::with_capacity(all.len());
    for about in all {
        let question = match inventory.question(&about) {
            Ok(None) => continue,
            Ok(Some(question)) => Some(question),
            Err(StoreError::LostBody(_)) => None,
            Err(error) => return Err(error),
        };
        asked.push(Asked {
            known: inventory.revocation(&about)?,
            read: question.and_then(|question| {
                let certificate = Certificate::from_der(&question.leaf).ok()?;
                Some((certificate, question))
            }),
            about,
        });
    }
    Ok(asked)
}

/// What is known after the answer; none if another command has asked since the question was read, whose word is newer.
/// That a certificate is revoked counts all the same.
fn merged(
    inventory: &Inventory,
    asked: &Asked,
    finding: Finding,
    at: Millis,
) -> Result<Option<Revocation>, StoreError> {
    let known = inventory.revocation(&asked.about)?;
    let told = matches!(
        finding,
        Finding::Told {
            status: ToldStatus::Revoked { .. },
            ..
        }
    );
    if known != asked.known && !told {
        return Ok(None);
    }
    Ok(Some(Revocation::after(known, finding, at)))
}

/// None where there was nothing to ask with.
fn checked(asked: Asked, revocation: Revocation, trouble: bool) -> Option<Checked> {
    let (certificate, _) = asked.read?;
    Some(Checked {
        fingerprint: asked.about.fingerprint,
        certificate,
        before: asked.known.as_ref().map(Revocation::word),
        trouble,
        revocation,
        requests: Vec::new(),
    })
}

/// Whether the certificate is the one that a request keeps: the last that it delivered, or, before its first, what
/// stands at its places.
fn keeps(
    request: &Request,
    issuances: &[Issuance],
    found: &FoundRevoked,
    places: &[Location],
) -> bool {
    let delivered = issuances
        .iter()
        .filter(|one| one.state == IssuanceState::Done)
        .find_map(|one| one.issued.as_ref());
    if let Some(delivered) = delivered {
        return delivered.sha256 == found.sha256;
    }
    let stands = |place: &Location| {
        request.targets.iter().any(|target| {
            target.place.as_deref() == Some(&place.place.id) && target.connector == place.connector
        })
    };
    places.iter().any(stands)
}

fn words(found: &FoundRevoked, consequence: Consequence) -> String {
    let at = found
        .revoked_at
        .map_or_else(String::new, |at| format!(" on {}", rfc3339(at)));
    let reason = found
        .reason
        .map_or_else(String::new, |reason| format!(" ({})", reason.word()));
    format!(
        "its CA has revoked {}{at}{reason}; {}",
        found.sha256,
        consequence.told()
    )
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, AppError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(error) => Err(AppError::Store(StoreError::Fault(error.to_string()))),
    }
}
