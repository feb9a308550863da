//! Certificates of a request taken back at their issuer: which one, and now.
//! Above: `cli`, `decide`. Below: `delivery`, the ledger.
//! Invariant: what is revoked is what the operator saw named: the certificate in use, by its serial number where there are
//! several.

use super::desk::Desk;
use super::who::Who;
use crate::app::{AppError, Sensor};
use crate::delivery::{CertificateInUse, in_use};
use crate::ledger::Note;
use crate::model::enrollment::Source;
use crate::model::id::RequestId;
use crate::model::issuer::RevocationReason;
use crate::model::problem::{ErrorClass, OperationError};
use crate::model::revoke::RevocationState;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long an issuer is waited for; the revocation stays due beyond that.
const ANSWER: Duration = Duration::from_mins(1);

impl Desk {
    /// The certificates of a request that are in use, newest first, each with the targets that have it.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn in_use(&self, id: RequestId) -> Result<Vec<CertificateInUse>, AppError> {
        Ok(in_use(&self.ledger, id)?)
    }

    /// The certificate that somebody wants to have revoked: the one in use, or the one of this serial number.
    ///
    /// # Errors
    /// When there is none, several are in use and no number says which, or the number is none of them.
    pub fn to_revoke(
        &self,
        id: RequestId,
        serial: Option<&str>,
    ) -> Result<CertificateInUse, AppError> {
        let request = self.ledger.request(id)?;
        if request.source == Source::Brought {
            return Err(AppError::NotOurs(id));
        }
        let mut in_use = self.in_use(id)?;
        if let Some(serial) = serial {
            let wanted = plain(serial);
            let is_it = |one: &CertificateInUse| one.issued.serial == wanted;
            if let Some(at) = in_use.iter().position(is_it) {
                return Ok(in_use.swap_remove(at));
            }
            let all = self.ever_issued(id)?;
            let known: Vec<_> = all.iter().map(|one| one.issued.serial.clone()).collect();
            return all.into_iter().find(is_it).ok_or_else(|| {
                let serial = crate::model::text::clean(serial, 80);
                AppError::NoSerial(id, serial, known.join(", "))
            });
        }
        match in_use.len() {
            1 => Ok(in_use.remove(0)),
            0 => {
                let newest = self.ever_issued(id)?.into_iter().next();
                newest.ok_or(AppError::NothingIssued(id))
            }
            _ => {
                let told: Vec<_> = in_use.iter().map(|one| format!("  {one}")).collect();
                Err(AppError::WhichSerial(id, told.join("\n")))
            }
        }
    }

    /// Newest first, as if nobody had them.
    fn ever_issued(&self, id: RequestId) -> Result<Vec<CertificateInUse>, AppError> {
        let all = self.ledger.issuances(id)?.into_iter();
        Ok(all
            .filter_map(|one| CertificateInUse::of(one, Vec::new()))
            .collect())
    }

    /// Writes down that a certificate is to be revoked; whoever serves does it. The revocation's number.
    ///
    /// # Errors
    /// When nothing was issued by an issuer of this sensor.
    pub fn ask_to_revoke(
        &self,
        what: &CertificateInUse,
        reason: RevocationReason,
        by: &Who,
    ) -> Result<u64, AppError> {
        let (request, now) = (what.request, self.clock.now());
        let detail = format!("{what}: {reason}, asked for by {by}");
        let wanted = what.clone().revocation(reason, RevocationState::Due, now);
        let wanted = wanted.ok_or(AppError::NotOurs(request))?;
        let note = Note::new(now, "revoke", detail);
        let number = self.ledger.add_revocation(&wanted, &note)?;
        // One that is on its way is not to arrive.
        self.wake(request)?;
        Ok(number)
    }
}

impl Sensor {
    /// Revokes a certificate of a request at its issuer, at once.
    ///
    /// # Errors
    /// When the issuer refuses, or has not answered yet: then it stays to be revoked.
    pub async fn revoke(
        self: &Arc<Self>,
        what: &CertificateInUse,
        reason: RevocationReason,
        by: &Who,
    ) -> Result<(), AppError> {
        let number = self.desk().ask_to_revoke(what, reason, by)?;
        self.engine().revoke_due().await?;
        let begun = Instant::now();
        loop {
            let all = self.ledger().revocations(what.request)?;
            let asked = all.into_iter().find(|one| one.id == number);
            let (state, setback) = asked.map_or((None, None), |one| (Some(one.state), one.setback));
            match (state, setback) {
                (Some(RevocationState::Revoked), _) => return Ok(()),
                (Some(RevocationState::Due), Some(setback)) => return Err(stays(setback.error)),
                (_, Some(setback)) => return Err(AppError::Operation(setback.error)),
                (_, None) if begun.elapsed() > ANSWER => return Err(unanswered()),
                // A sensor that serves was quicker, and asks the issuer now.
                (_, None) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }
}

/// As the ledger writes serial numbers: hexadecimal without colons or leading zeros.
fn plain(serial: &str) -> String {
    let digits: String = serial.chars().filter(char::is_ascii_hexdigit).collect();
    digits.trim_start_matches('0').to_ascii_lowercase()
}

fn stays(error: OperationError) -> AppError {
    let message = format!(
        "{}; it stays to be revoked: sensor serve goes on asking the issuer",
        error.message
    );
    AppError::Operation(OperationError { message, ..error })
}

fn unanswered() -> AppError {
    let told = "the issuer has not answered yet: sensor serve goes on asking it";
    AppError::Operation(OperationError::new(
        ErrorClass::Transient,
        "revocation-pending",
        told,
    ))
}
