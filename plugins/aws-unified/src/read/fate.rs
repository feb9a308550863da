//! What became of one operation on this page: done, denied, failed.
//! Above: `fetch`. Below: nothing.
//! Invariant: an error about one certificate is that certificate's trouble; one about all of them is fatal.

use crate::error::{is_denied, is_region_disabled, while_doing};
use sensor_sdk::types::{Error, ErrorClass};

/// So many denials of one operation, with no success, and it counts as denied altogether.
const DENIALS: usize = 3;
/// So many failures in a row, and it is no longer about the one certificate.
const FAILURES: usize = 5;

/// Why a certificate cannot be told in full.
pub(super) enum Trouble {
    /// It went away after it was listed.
    Gone,
    /// This one cannot be read: code, message, and what stands in its place, if anything came.
    Unreadable(String, String, Option<Vec<u8>>),
    /// Nothing can be read.
    Fatal(Error),
}

pub(super) type Fetched<T> = Result<T, Trouble>;

/// One operation.
pub(super) struct Fate {
    /// AWS's name.
    operation: &'static str,
    done: usize,
    denials: usize,
    denied: Option<Error>,
    failures: usize,
}

impl Fate {
    /// An operation that has failed so often in a row.
    pub(super) fn of(operation: &'static str, failures: usize) -> Self {
        Self {
            operation,
            done: 0,
            denials: 0,
            denied: None,
            failures,
        }
    }

    /// How often in a row it has failed by now.
    pub(super) fn failures(&self) -> usize {
        self.failures
    }

    /// The last denial.
    pub(super) fn denied(&self) -> Option<&Error> {
        self.denied.as_ref()
    }

    /// The denial, when there was no success beside it.
    pub(super) fn only_denied(&self) -> Option<Error> {
        let denied = self.denied.as_ref().filter(|_| self.done == 0);
        denied.map(|error| while_doing(self.operation, error.clone()))
    }

    pub(super) fn is_proven(&self) -> bool {
        self.done > 0
    }

    /// Denied for good, as far as this page can tell.
    pub(super) fn is_shut(&self) -> bool {
        self.done == 0 && self.denials >= DENIALS
    }

    /// So many may be asked for at once: until one succeeded, no more than it takes to know. When it is shut nobody asks.
    pub(super) fn room(&self) -> usize {
        if self.done > 0 || self.is_shut() {
            usize::MAX
        } else {
            DENIALS.saturating_sub(self.denials).max(1)
        }
    }

    /// Whether the whole operation is good for something: a denial may be left aside, and counts.
    pub(super) fn judge<T>(&mut self, answer: Option<Result<T, Error>>) -> Fetched<Option<T>> {
        match answer {
            None => Ok(None),
            Some(Ok(told)) => {
                self.done += 1;
                self.failures = 0;
                Ok(Some(told))
            }
            Some(Err(error)) if is_denied(&error) => {
                self.denials += 1;
                self.denied = Some(error);
                Ok(None)
            }
            Some(Err(error)) => Err(self.fail(error)),
        }
    }

    /// The same, where a denial is the certificate's trouble, and soon the split's.
    pub(super) fn judge_needed<T>(
        &mut self,
        answer: Option<Result<T, Error>>,
    ) -> Fetched<Option<T>> {
        let before = self.denials;
        let told = self.judge(answer)?;
        match self.denied.as_ref().filter(|_| self.denials > before) {
            None => Ok(told),
            Some(error) if self.is_shut() => {
                Err(Trouble::Fatal(while_doing(self.operation, error.clone())))
            }
            Some(error) => Err(Trouble::Unreadable(
                error.code.clone(),
                format!("{} is denied: {}", self.operation, error.message),
                None,
            )),
        }
    }

    fn fail(&mut self, error: Error) -> Trouble {
        let for_all = matches!(
            error.class,
            ErrorClass::AuthExpired
                | ErrorClass::Config
                | ErrorClass::Throttled
                | ErrorClass::Cancelled
                | ErrorClass::LimitExceeded
        );
        if error.class == ErrorClass::NotFound {
            return Trouble::Gone;
        }
        self.failures += 1;
        if for_all || is_region_disabled(&error) || self.failures >= FAILURES {
            return Trouble::Fatal(while_doing(self.operation, error));
        }
        Trouble::Unreadable(
            error.code,
            format!("{} failed: {}", self.operation, error.message),
            None,
        )
    }
}
