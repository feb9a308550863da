//! What a CA says of a certificate today: asked by OCSP, else looked up in its revocation lists.
//! Above: `app`. Below: `checker`, `ocsp`, `crl`, `points`, `web`.
//! Invariant: a word counts only when the certificate's own issuer, or whom it appointed, has signed it, about this very
//! certificate, for now; whatever else comes back is trouble and never "good".

mod chain;
mod checker;
mod crl;
mod fetch;
mod lists;
mod ocsp;
mod points;

pub use checker::{Checker, CheckerError, Networks};

use crate::model::revocation::ToldStatus;
use crate::model::time::Millis;

/// A clock of a CA's may be so much off.
const SKEW: Millis = 5 * 60_000;

/// A word that was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    status: ToldStatus,
    next_update: Option<Millis>,
}

/// Whether a word holds now; why not.
fn in_time(from: Millis, until: Option<Millis>, now: Millis) -> Result<(), &'static str> {
    if from > now + SKEW {
        return Err("it is dated in the future");
    }
    if until.is_some_and(|until| until < now - SKEW) {
        return Err("it is out of date");
    }
    Ok(())
}
