//! Fetches certificates, many at once: details, tags, body.
//! Above: `read`. Below: `fate`, `convert`, `pem`, the SDK's batch.
//! Invariant: whatever is asked for at once, certificates are judged one after the other, in the order of the list.

use super::Reader;
use super::convert::{Parts, certificate, has_body, status};
use super::fate::{Fate, Fetched, Trouble};
use super::memory::{Failures, Item, Verdict};
use super::wanted::{is_wanted, needs_details};
use super::{marker, pem};
use crate::error::problem;
use sensor_sdk::host::{Aws, Host};
use sensor_sdk::types::aws::{CertificateBody, CertificateDetail};
use sensor_sdk::types::batch::{CertificateAnswer, CertificateWish};
use sensor_sdk::types::{Entry, Error, Problem, Severity, Unreadable};

/// The fetching of one page.
pub(super) struct Fetcher<'r, 'a, H: Host + Aws> {
    reader: &'r Reader<'a, H>,
    details: Fate,
    tags: Fate,
    body: Fate,
    problems: Vec<Problem>,
}

/// Certificates to be asked for at once.
#[derive(Default)]
pub(super) struct Round {
    items: Vec<Item>,
    details: usize,
}

impl Round {
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn add(&mut self, item: Item) {
        self.details += usize::from(needs_details(&item.summary));
        self.items.push(item);
    }
}

/// One that was asked for, and what there is to tell of it: nothing if it is gone.
pub(super) type Told = (Item, Result<Option<Entry>, Error>);

/// A leaf and its chain, DER.
type Bodies = (Option<Vec<u8>>, Vec<Vec<u8>>);

impl<'r, 'a, H: Host + Aws> Fetcher<'r, 'a, H> {
    /// `failures` are those of the page before.
    pub(super) fn new(reader: &'r Reader<'a, H>, failures: Failures) -> Self {
        let [details, tags, body] = failures;
        Self {
            reader,
            details: Fate::of("DescribeCertificate", details),
            tags: Fate::of("ListTagsForCertificate", tags),
            body: Fate::of("GetCertificate", body),
            problems: Vec::new(),
        }
    }

    pub(super) fn failures(&self) -> Failures {
        [&self.details, &self.tags, &self.body].map(Fate::failures)
    }

    /// Whether something is still denied, so that what is incomplete for it stays so.
    pub(super) fn is_restricted(&self) -> bool {
        self.details.denied().is_some() || self.tags.denied().is_some()
    }

    /// Whether a certificate may still go into a round. What may be denied is tried with a few first, and for what was
    /// denied the last time with one.
    pub(super) fn has_room(&self, round: &Round, item: &Item) -> bool {
        let proven = self.details.is_proven() || self.tags.is_proven();
        if item.verdict == Verdict::Incomplete && !proven {
            return round.items.is_empty();
        }
        let asked = round.items.len();
        let for_details = !needs_details(&item.summary) || round.details < self.details.room();
        for_details && asked < self.tags.room() && asked < self.body.room()
    }

    /// Asks for a round. What was not answered comes back in its order.
    pub(super) fn fetch(&mut self, round: Round) -> (Vec<Told>, Vec<Item>) {
        let wishes: Vec<_> = round.items.iter().map(|item| self.wish(item)).collect();
        let mut answers = self.ask(&wishes);
        self.ask_for_late_bodies(&round.items, &mut answers);
        let mut items = round.items.into_iter();
        let told = answers.into_iter().zip(items.by_ref());
        let told = told.map(|(answer, item)| {
            let told = self.tell(&item, answer);
            (item, told)
        });
        (told.collect(), items.collect())
    }

    fn ask(&self, wishes: &[CertificateWish]) -> Vec<CertificateAnswer> {
        let Reader {
            host,
            session,
            region,
            ..
        } = self.reader;
        host.fetch_certificates(session, region, wishes)
    }

    /// What is not known yet. The body only where the summary shows that it is wanted and that there is one.
    fn wish(&self, item: &Item) -> CertificateWish {
        let summary = &item.summary;
        let decided = item.verdict != Verdict::New || summary.not_after.is_some();
        CertificateWish {
            arn: item.arn.clone(),
            details: needs_details(summary) && !self.details.is_shut(),
            tags: !self.tags.is_shut(),
            body: decided
                && summary.status.is_some()
                && has_body(status(summary.status.as_deref())),
        }
    }

    /// Bodies that only the details show to be there, or to be wanted.
    fn ask_for_late_bodies(&self, items: &[Item], answers: &mut Vec<CertificateAnswer>) {
        let late = |(item, answer): (&Item, &CertificateAnswer)| {
            let detail = match &answer.details {
                Some(Ok(detail)) => Some(detail),
                Some(Err(error)) if !crate::error::is_denied(error) => return false,
                _ => None,
            };
            answer.body.is_none()
                && !self.is_unwanted(item, detail)
                && has_body(status(word(item, detail)))
        };
        let places: Vec<usize> = items
            .iter()
            .zip(answers.iter())
            .enumerate()
            .filter_map(|(place, pair)| late(pair).then_some(place))
            .collect();
        if places.is_empty() {
            return;
        }
        let wish = |place: &usize| CertificateWish {
            arn: items[*place].arn.clone(),
            details: false,
            tags: false,
            body: true,
        };
        let bodies = self.ask(&places.iter().map(wish).collect::<Vec<_>>());
        let first_left = places.get(bodies.len()).copied();
        for (place, answer) in places.into_iter().zip(bodies) {
            answers[place].body = answer.body;
        }
        answers.truncate(first_left.unwrap_or(answers.len()));
    }

    fn tell(&mut self, item: &Item, answer: CertificateAnswer) -> Result<Option<Entry>, Error> {
        match self.entry(item, answer) {
            Ok(entry) => Ok(Some(entry)),
            Err(Trouble::Gone) => {
                let message = "it was listed and is not there: deleted since, or too new to be read; the next run tells";
                self.problems.push(problem(
                    Severity::Info,
                    "listed-and-gone",
                    &item.arn,
                    message,
                ));
                Ok(None)
            }
            Err(Trouble::Unreadable(code, message, body)) => {
                Ok(Some(Entry::Unreadable(Unreadable {
                    id: item.arn.clone(),
                    code,
                    message,
                    body,
                })))
            }
            Err(Trouble::Fatal(error)) => Err(error),
        }
    }

    /// The denial, if every body that was asked for was denied.
    pub(super) fn denied_all(&self) -> Option<Error> {
        self.body.only_denied()
    }

    /// The page's problems, what was denied told once.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        for (fate, operation, lost) in [
            (
                &self.details,
                "acm:DescribeCertificate",
                "who uses a certificate and how it is renewed is not known",
            ),
            (
                &self.tags,
                "acm:ListTagsForCertificate",
                "tags are not known",
            ),
        ] {
            if let Some(error) = fate.denied() {
                let message = format!("{operation} is denied, so {lost} ({})", error.message);
                self.problems.push(problem(
                    Severity::Warning,
                    "access-denied",
                    operation,
                    message,
                ));
            }
        }
        self.problems
    }

    fn entry(&mut self, item: &Item, answer: CertificateAnswer) -> Fetched<Entry> {
        let not_yet =
            matches!(&answer.body, Some(Err(error)) if error.code == "RequestInProgressException");
        let details = self.details.judge(answer.details);
        let tags = self.tags.judge(answer.tags);
        let body = self.body.judge_needed(answer.body.filter(|_| !not_yet));
        let detail = details?;
        if self.is_unwanted(item, detail.as_ref()) {
            return Ok(Entry::Filtered(item.arn.clone()));
        }
        let tags = tags?;
        let (der, chain) = match body? {
            Some(body) if has_body(status(word(item, detail.as_ref()))) => {
                self.decode(&item.arn, &body)?
            }
            _ => (None, Vec::new()),
        };
        let complete = tags.is_some() && (detail.is_some() || !needs_details(&item.summary));
        let parts = Parts {
            der,
            chain,
            detail,
            tags: tags.unwrap_or_default(),
            marker: marker::of(&item.summary, complete),
        };
        Ok(Entry::Certificate(certificate(&item.summary, parts)))
    }

    /// The list may not have told the end of its validity; the details do.
    fn is_unwanted(&self, item: &Item, detail: Option<&CertificateDetail>) -> bool {
        let Some(detail) = detail.filter(|_| item.verdict == Verdict::New) else {
            return false;
        };
        let import = &self.reader.settings.import;
        !is_wanted(
            import,
            detail.status.as_deref(),
            detail.not_after,
            self.reader.host.now(),
        )
    }

    fn decode(&mut self, arn: &str, body: &CertificateBody) -> Fetched<Bodies> {
        let der = pem::certificate(&body.certificate).map_err(|why| {
            Trouble::Unreadable(
                "malformed-body".to_owned(),
                format!("ACM's answer is no certificate: {why}"),
                Some(body.certificate.clone().into_bytes()),
            )
        })?;
        let chain =
            pem::certificates(body.chain.as_deref().unwrap_or_default()).unwrap_or_else(|why| {
                let message =
                    format!("the certificate's chain cannot be read, so it is left out: {why}");
                self.problems
                    .push(problem(Severity::Warning, "malformed-chain", arn, message));
                Vec::new()
            });
        Ok((Some(der), chain))
    }
}

/// The status, as the later of the two answers tells it.
fn word<'w>(item: &'w Item, detail: Option<&'w CertificateDetail>) -> Option<&'w str> {
    detail
        .and_then(|detail| detail.status.as_deref())
        .or(item.summary.status.as_deref())
}
