//! Fetches one certificate: details, tags, body.
//! Above: `read`. Below: `convert`, `pem`, the SDK's ACM.
//! Invariant: an error about one certificate is a problem of that one; an error about all of them ends the split.

use super::Reader;
use super::convert::{Parts, certificate, has_body, status};
use super::memory::{Item, Verdict};
use super::wanted::is_wanted;
use super::{marker, pem};
use crate::error::{is_denied, is_region_disabled, problem, while_doing};
use sensor_sdk::host::{Aws, Host};
use sensor_sdk::types::aws::{CertificateBody, CertificateDetail};
use sensor_sdk::types::{Entry, Error, ErrorClass, Problem, Severity};

/// So many denials of one operation, with no success, and it counts as denied altogether.
const DENIALS: u32 = 3;
/// So many failures in a row, and it is no longer about the one certificate.
const FAILURES: u32 = 5;

/// What became of one operation on this page.
#[derive(Default)]
struct Fate {
    done: u32,
    denied: Option<(u32, Error)>,
}

impl Fate {
    fn deny(&mut self, error: Error) {
        let times = self.denied.take().map_or(0, |(times, _)| times);
        self.denied = Some((times + 1, error));
    }

    /// Denied for good, as far as this page can tell.
    fn is_shut(&self) -> bool {
        self.done == 0
            && self
                .denied
                .as_ref()
                .is_some_and(|(times, _)| *times >= DENIALS)
    }
}

/// The fetching of one page.
pub(super) struct Fetcher<'r, 'a, H: Host + Aws> {
    reader: &'r Reader<'a, H>,
    describe: Fate,
    tags: Fate,
    get: Fate,
    failures: u32,
    problems: Vec<Problem>,
}

/// Why a certificate cannot be told in full.
enum Trouble {
    /// It went away after it was listed.
    Gone,
    /// This one cannot be read.
    Unreadable(String, String),
    /// Nothing can be read.
    Fatal(Error),
}

type Fetched<T> = Result<T, Trouble>;

/// A leaf and its chain, DER.
type Bodies = (Option<Vec<u8>>, Vec<Vec<u8>>);

impl<'r, 'a, H: Host + Aws> Fetcher<'r, 'a, H> {
    pub(super) fn new(reader: &'r Reader<'a, H>) -> Self {
        let (describe, tags, get) = (Fate::default(), Fate::default(), Fate::default());
        Self {
            reader,
            describe,
            tags,
            get,
            failures: 0,
            problems: Vec::new(),
        }
    }

    /// Whether something is still denied, so that what is incomplete for it stays so.
    pub(super) fn is_restricted(&self) -> bool {
        self.describe.denied.is_some() || self.tags.denied.is_some()
    }

    /// What there is to tell of a certificate: nothing if it is gone.
    pub(super) fn fetch(&mut self, item: &Item) -> Result<Option<Entry>, Error> {
        match self.entry(item) {
            Ok(entry) => {
                self.failures = 0;
                Ok(Some(entry))
            }
            Err(Trouble::Gone) => Ok(None),
            Err(Trouble::Unreadable(code, message)) => {
                self.problems
                    .push(problem(Severity::Error, &code, &item.arn, message));
                Ok(Some(Entry::Unreadable(item.arn.clone())))
            }
            Err(Trouble::Fatal(error)) => Err(error),
        }
    }

    /// The denial, if every body that was asked for was denied.
    pub(super) fn denied_all(&self) -> Option<Error> {
        let denied = self.get.denied.as_ref().filter(|_| self.get.done == 0);
        denied.map(|(_, error)| while_doing("GetCertificate", error.clone()))
    }

    /// The page's problems, what was denied told once.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        for (fate, operation, lost) in [
            (
                &self.describe,
                "acm:DescribeCertificate",
                "who uses a certificate and how it is renewed is not known",
            ),
            (
                &self.tags,
                "acm:ListTagsForCertificate",
                "tags are not known",
            ),
        ] {
            if let Some((_, error)) = &fate.denied {
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

    fn entry(&mut self, item: &Item) -> Fetched<Entry> {
        let detail = self.detail(&item.arn)?;
        if self.is_unwanted(item, detail.as_ref()) {
            return Ok(Entry::Filtered(item.arn.clone()));
        }
        let tags = self.tags(&item.arn)?;
        let word = detail
            .as_ref()
            .and_then(|detail| detail.status.as_deref())
            .or(item.summary.status.as_deref());
        let body = if has_body(status(word)) {
            self.body(&item.arn)?
        } else {
            None
        };
        let (der, chain) = match body {
            Some(body) => self.decode(&item.arn, &body)?,
            None => (None, Vec::new()),
        };
        let marker = marker::of(&item.summary, detail.is_some() && tags.is_some());
        let parts = Parts {
            der,
            chain,
            detail,
            tags: tags.unwrap_or_default(),
            marker,
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

    fn detail(&mut self, arn: &str) -> Fetched<Option<CertificateDetail>> {
        if self.describe.is_shut() {
            return Ok(None);
        }
        let answer =
            self.reader
                .host
                .describe_certificate(self.reader.session, self.reader.region, arn);
        match answer {
            Err(error) if is_denied(&error) => {
                self.describe.deny(error);
                Ok(None)
            }
            other => {
                let detail = other.map_err(|error| self.judge("DescribeCertificate", error))?;
                self.describe.done += 1;
                Ok(Some(detail))
            }
        }
    }

    fn tags(&mut self, arn: &str) -> Fetched<Option<Vec<sensor_sdk::types::Tag>>> {
        if self.tags.is_shut() {
            return Ok(None);
        }
        let answer = self.reader.host.list_tags_for_certificate(
            self.reader.session,
            self.reader.region,
            arn,
        );
        match answer {
            Err(error) if is_denied(&error) => {
                self.tags.deny(error);
                Ok(None)
            }
            other => {
                let tags = other.map_err(|error| self.judge("ListTagsForCertificate", error))?;
                self.tags.done += 1;
                Ok(Some(tags))
            }
        }
    }

    /// Without a body there is no certificate: a denial here is the certificate's, and soon the split's.
    fn body(&mut self, arn: &str) -> Fetched<Option<CertificateBody>> {
        match self
            .reader
            .host
            .get_certificate(self.reader.session, self.reader.region, arn)
        {
            Ok(body) => {
                self.get.done += 1;
                Ok(Some(body))
            }
            Err(error) if error.code == "RequestInProgressException" => Ok(None),
            Err(error) if is_denied(&error) => {
                self.get.deny(error.clone());
                if self.get.is_shut() {
                    return Err(Trouble::Fatal(while_doing("GetCertificate", error)));
                }
                Err(Trouble::Unreadable(
                    error.code,
                    format!("GetCertificate is denied: {}", error.message),
                ))
            }
            Err(error) => Err(self.judge("GetCertificate", error)),
        }
    }

    fn decode(&mut self, arn: &str, body: &CertificateBody) -> Fetched<Bodies> {
        let der = pem::certificate(&body.certificate).map_err(|why| {
            Trouble::Unreadable(
                "malformed-body".to_owned(),
                format!("ACM's answer is no certificate: {why}"),
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

    /// Whether an error is about one certificate or about all of them.
    fn judge(&mut self, operation: &str, error: Error) -> Trouble {
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
            return Trouble::Fatal(while_doing(operation, error));
        }
        Trouble::Unreadable(error.code, format!("{operation} failed: {}", error.message))
    }
}
