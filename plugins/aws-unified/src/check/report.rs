//! What a check or a preflight has to say, line by line.
//! Above: the rest of `check`, `delivery::preflight`. Below: `barrier`, the SDK's finding.
//! Invariant: codes are kebab-case and stable; a failure says what to do.

use super::barrier::Barrier;
use crate::error::is_denied;
use crate::policy::missing;
use sensor_sdk::types::{CheckStatus, Error, Finding};

/// The findings so far.
#[derive(Default)]
pub(crate) struct Report(Vec<Finding>);

impl Report {
    pub(crate) fn add(&mut self, line: Line) {
        self.0.push(line.0);
    }

    /// How many lines there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.0
    }
}

/// A finding in the making.
pub(crate) struct Line(Finding);

impl Line {
    fn new(status: CheckStatus, code: &str, message: String) -> Self {
        let code = code.to_owned();
        Self(Finding {
            status,
            code,
            subject: None,
            message,
            advice: None,
            statement: None,
        })
    }

    pub(crate) fn success(code: &str, message: String) -> Self {
        Self::new(CheckStatus::Success, code, message)
    }

    pub(crate) fn warning(code: &str, message: String) -> Self {
        Self::new(CheckStatus::Warning, code, message)
    }

    pub(crate) fn failure(code: &str, message: String) -> Self {
        Self::new(CheckStatus::Failure, code, message)
    }

    pub(crate) fn skipped(code: &str, message: String) -> Self {
        Self::new(CheckStatus::Skipped, code, message)
    }

    pub(crate) fn about(mut self, subject: &str) -> Self {
        self.0.subject = (!subject.is_empty()).then(|| subject.to_owned());
        self
    }

    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.0.advice = Some(advice.into());
        self
    }

    /// What mends a denial, beside the advice: the statement that is missing, or what has to be changed where no
    /// statement could help. Nothing where the call failed for another reason.
    pub(crate) fn mend(mut self, error: &Error, action: &str, resource: &str) -> Self {
        match Barrier::of(error) {
            Some(barrier) => {
                let after = self.0.advice.take().map(|advice| format!("; {advice}"));
                self.advise(barrier.advice().to_owned() + &after.unwrap_or_default())
            }
            None if is_denied(error) => {
                self.0.statement = Some(missing(action, resource));
                self
            }
            None => self,
        }
    }

    /// The statement that would allow what was not tried.
    pub(crate) fn allow(mut self, statement: String) -> Self {
        self.0.statement = Some(statement);
        self
    }
}
