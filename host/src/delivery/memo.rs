//! What a place said about first imports, for a few minutes: a thousand requests do not ask it a thousand times.
//! Above: `preflight`. Below: the places.
//! Invariant: only a clear yes is remembered, with room to spare in every quota; AWS itself has the last word at the import.

use super::ports::Place;
use crate::model::check::{CheckStatus, Finding};
use crate::model::delivery::{Planned, Target};
use crate::model::enrollment::Wish;
use crate::model::problem::OperationError;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A yes holds for this long.
const HOLDS: Duration = Duration::from_mins(5);

/// What was asked, and until when its answer holds.
type Answer = Arc<tokio::sync::Mutex<Option<(Instant, Vec<Finding>)>>>;

/// The answers, by what was asked.
#[derive(Debug, Default)]
pub(super) struct Memo(Mutex<HashMap<String, Answer>>);

impl Memo {
    /// The findings for a certificate that is to make a place of its own.
    pub(super) async fn first(
        &self,
        place: &dyn Place,
        wish: &Wish,
        target: &Target,
        planned: &Planned,
    ) -> Result<Vec<Finding>, OperationError> {
        let answer = self.answer(question(wish, planned));
        let mut known = answer.lock().await;
        if let Some((until, findings)) = known.as_ref()
            && *until > Instant::now()
        {
            return Ok(findings.clone());
        }
        let findings = place.preflight(target, planned).await?;
        *known = is_clear(&findings).then(|| (Instant::now() + HOLDS, findings.clone()));
        Ok(findings)
    }

    fn answer(&self, question: String) -> Answer {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(question).or_default())
    }
}

/// Everything that the answer may depend on; not the names, which ACM does not look at, nor the marks of the request.
fn question(wish: &Wish, planned: &Planned) -> String {
    let own = |key: &str| key.starts_with("sensor-");
    let tags: Vec<_> = planned.tags.iter().filter(|(key, _)| !own(key)).collect();
    format!(
        "{wish} {} {:?} {:?} {:?} {} {tags:?}",
        planned.key_algorithm,
        planned.key_usages,
        planned.extended_key_usages,
        planned.issuer_key_algorithm,
        planned.park
    )
}

fn is_clear(findings: &[Finding]) -> bool {
    findings.iter().all(|one| match one.status {
        CheckStatus::Failure => false,
        CheckStatus::Warning => !one.code.starts_with("quota"),
        _ => true,
    })
}
