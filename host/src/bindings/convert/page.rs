//! A page of certificates: places held against the split, bodies read from their DER.
//! Above: `plugin::connector`. Below: `model::certificate`.
//! Invariant: what is wrong with one entry is a problem of that entry; the page goes on.

use super::{ID, OPAQUE, SENTENCE, WORD, cursor, problems, sane, tidy, tidy_all, wit};
use crate::model::asset::{
    Body, Found, PageEntry, Place, Poison, Renewal, Source, Status, Unreadable,
};
use crate::model::certificate::Certificate;
use crate::model::plan::ReadPage;
use crate::model::problem::{Problem, Severity};
use crate::model::split::Split;
use crate::model::text::clean;

/// Entries of one page.
const MOST_ENTRIES: usize = 1_000;
/// Bytes of one certificate; the largest in the wild have a few hundred names.
const LARGEST_DER: usize = 128 << 10;
const LONGEST_CHAIN: usize = 12;
const MOST_TAGS: usize = 100;
const MARKER: usize = 1_024;

/// The few authorities whose certificates stand in nearly every chain: read once for each instance.
#[derive(Debug, Default)]
pub struct ChainMemory(Vec<(Certificate, Vec<u8>)>);

impl ChainMemory {
    const SIZE: usize = 16;

    fn read(&mut self, der: Vec<u8>) -> Result<(Certificate, Vec<u8>), String> {
        if let Some((known, _)) = self.0.iter().find(|(_, bytes)| *bytes == der) {
            return Ok((known.clone(), der));
        }
        let certificate = read_der(&der)?;
        if self.0.len() < Self::SIZE {
            self.0.push((certificate.clone(), der.clone()));
        }
        Ok((certificate, der))
    }
}

/// Converts a page.
///
/// # Errors
/// When it is too large, or its cursor is.
pub fn read_page(
    page: wit::Page,
    split: &Split,
    chains: &mut ChainMemory,
) -> Result<ReadPage, String> {
    if page.entries.len() > MOST_ENTRIES {
        return Err(format!(
            "a page of {} entries, at most {MOST_ENTRIES} are taken",
            page.entries.len()
        ));
    }
    let mut out = ReadPage {
        entries: Vec::with_capacity(page.entries.len()),
        problems: problems(page.problems),
        next: page.next.map(|next| cursor(next, OPAQUE)).transpose()?,
    };
    for entry in page.entries {
        let entry = match entry {
            wit::Entry::Certificate(certificate) => Certified::Body(certificate),
            wit::Entry::Unchanged(id) => Certified::Plain(id, PageEntry::Unchanged),
            wit::Entry::Filtered(id) => Certified::Plain(id, PageEntry::Filtered),
            wit::Entry::Unreadable(unreadable) => Certified::Not(unreadable),
        };
        if let Err(reason) = place_is_in(entry.id(), split) {
            let message = format!("left out: its place {reason}");
            out.problems
                .push(problem("foreign-id", entry.id(), message));
            continue;
        }
        match entry {
            Certified::Plain(id, kind) => out.entries.push(kind(id)),
            Certified::Body(certificate) => found(certificate, chains, &mut out),
            Certified::Not(unreadable) => not_read(unreadable, &mut out),
        }
    }
    Ok(out)
}

enum Certified {
    Body(wit::Certificate),
    Plain(String, fn(String) -> PageEntry),
    Not(wit::Unreadable),
}

impl Certified {
    fn id(&self) -> &str {
        match self {
            Self::Body(certificate) => &certificate.id,
            Self::Plain(id, _) => id,
            Self::Not(unreadable) => &unreadable.id,
        }
    }
}

/// An ARN of the split's service, region and account.
fn place_is_in(id: &str, split: &Split) -> Result<(), String> {
    arn_is_in(id, &split.account, split.region.as_deref(), &split.service)
}

/// An ARN, `arn:partition:service:region:account:resource`, of this account and service, and of this region if one is
/// named.
pub(super) fn arn_is_in(
    id: &str,
    wanted_account: &str,
    wanted_region: Option<&str>,
    wanted_service: &str,
) -> Result<(), String> {
    if id.len() > ID || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("is no plain ARN".into());
    }
    let mut parts = id.splitn(6, ':');
    let mut part = || parts.next().unwrap_or_default();
    let (arn, partition, service, region, account, resource) =
        (part(), part(), part(), part(), part(), part());
    if arn != "arn" || !partition.starts_with("aws") || resource.is_empty() {
        return Err("is not an ARN".into());
    }
    if account != wanted_account {
        return Err(format!("is in account `{account}`, not {wanted_account}"));
    }
    if let Some(wanted) = wanted_region.filter(|wanted| *wanted != region) {
        return Err(format!("is in region `{region}`, not {wanted}"));
    }
    if service != wanted_service {
        return Err(format!(
            "belongs to service `{service}`, not {wanted_service}"
        ));
    }
    Ok(())
}

fn problem(code: &str, subject: &str, message: String) -> Problem {
    Problem {
        severity: Severity::Error,
        code: code.into(),
        subject: Some(clean(subject, 300)),
        message: clean(&message, SENTENCE),
    }
}

fn not_read(unreadable: wit::Unreadable, out: &mut ReadPage) {
    let problem = Problem {
        code: tidy(unreadable.code, WORD),
        ..problem("", &unreadable.id, unreadable.message)
    };
    let poison = unreadable
        .body
        .map(|bytes| Poison::new(&problem.code, &problem.message, bytes));
    out.problems.push(problem);
    out.entries.push(PageEntry::Unreadable(Unreadable {
        id: unreadable.id,
        poison,
    }));
}

fn found(mut certificate: wit::Certificate, chains: &mut ChainMemory, out: &mut ReadPage) {
    let (der, chain) = (
        certificate.der.take(),
        std::mem::take(&mut certificate.chain),
    );
    let place = place(certificate);
    let body = match der.map(|der| (read_der(&der), der)) {
        None => None,
        Some((Ok(certificate), der)) => Some(Body {
            certificate,
            der,
            chain: read_chain(chain, &place.id, chains, &mut out.problems),
        }),
        Some((Err(reason), der)) => {
            let unreadable = wit::Unreadable {
                id: place.id,
                code: "unparseable-certificate".into(),
                message: reason,
                body: Some(der),
            };
            return not_read(unreadable, out);
        }
    };
    out.entries
        .push(PageEntry::Found(Box::new(Found { place, body })));
}

/// What of a chain cannot be read is left out with a problem.
fn read_chain(
    chain: Vec<Vec<u8>>,
    id: &str,
    chains: &mut ChainMemory,
    problems: &mut Vec<Problem>,
) -> Vec<(Certificate, Vec<u8>)> {
    let mut read = Vec::with_capacity(chain.len().min(LONGEST_CHAIN));
    if chain.len() > LONGEST_CHAIN {
        let message = format!(
            "its chain has {} certificates; the first {LONGEST_CHAIN} are kept",
            chain.len()
        );
        problems.push(Problem {
            severity: Severity::Warning,
            ..problem("long-chain", id, message)
        });
    }
    for der in chain.into_iter().take(LONGEST_CHAIN) {
        match chains.read(der) {
            Ok(link) => read.push(link),
            Err(reason) => {
                let message = format!("a certificate of its chain was left out: {reason}");
                problems.push(Problem {
                    severity: Severity::Warning,
                    ..problem("unparseable-chain", id, message)
                });
            }
        }
    }
    read
}

pub(super) fn read_der(der: &[u8]) -> Result<Certificate, String> {
    if der.len() > LARGEST_DER {
        return Err(format!(
            "{} bytes, at most {LARGEST_DER} are read",
            der.len()
        ));
    }
    Certificate::from_der(der).map_err(|error| error.to_string())
}

fn place(certificate: wit::Certificate) -> Place {
    Place {
        id: certificate.id,
        display_name: certificate.display_name.map(|text| tidy(text, 512)),
        status: status(certificate.status),
        provider_status: tidy(certificate.provider_status, WORD),
        source: source(certificate.source),
        in_use: certificate.in_use,
        in_use_by: tidy_all(certificate.in_use_by, ID),
        renewal: Renewal {
            automatic: certificate.renewal.automatic,
            status: certificate.renewal.status.map(|text| tidy(text, WORD)),
            reason: certificate.renewal.reason.map(|text| tidy(text, SENTENCE)),
        },
        origin: certificate.origin.map(|text| tidy(text, WORD)),
        managed_by: certificate.managed_by.map(|text| tidy(text, WORD)),
        tags: tags(certificate.tags),
        created_at: sane(certificate.created_at),
        imported_at: sane(certificate.imported_at),
        issued_at: sane(certificate.issued_at),
        revoked_at: sane(certificate.revoked_at),
        attributes: tags(certificate.attributes),
        marker: tidy(certificate.marker, MARKER),
    }
}

pub(super) fn tags(all: Vec<super::core::Tag>) -> Vec<(String, String)> {
    all.into_iter()
        .take(MOST_TAGS)
        .map(|tag| (tidy(tag.key, 256), tidy(tag.value, 512)))
        .collect()
}

fn status(status: wit::CertificateStatus) -> Status {
    match status {
        wit::CertificateStatus::Pending => Status::Pending,
        wit::CertificateStatus::Issued => Status::Issued,
        wit::CertificateStatus::Inactive => Status::Inactive,
        wit::CertificateStatus::Expired => Status::Expired,
        wit::CertificateStatus::Revoked => Status::Revoked,
        wit::CertificateStatus::Failed => Status::Failed,
        wit::CertificateStatus::Unknown => Status::Unknown,
    }
}

fn source(source: wit::CertificateSource) -> Source {
    match source {
        wit::CertificateSource::Imported => Source::Imported,
        wit::CertificateSource::CloudIssued => Source::CloudIssued,
        wit::CertificateSource::PrivateCa => Source::PrivateCa,
        wit::CertificateSource::Unknown => Source::Unknown,
    }
}
