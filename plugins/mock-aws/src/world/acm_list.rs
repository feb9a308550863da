//! ACM's two lists: the old one that hides, the new one that searches.
//! Above: the faces. Below: `world::gate`, `world::page`, `world::told`, `estate`.
//! Invariant: a page costs as many recipes as it passes over, never a body.

use super::page::{Empty, Whose};
use super::told::{Teller, foreign, found, listed};
use super::{Caller, World, refuse};
use crate::estate::{Certificate, Kind, Origin, Status};
use crate::fault::Fault;
use crate::op::Op;
use crate::scenario::FaultKind;
use crate::x509::Key;
use sensor_sdk::types::aws::{
    CertificatePage, CertificateSummary, ListCertificatesRequest, SearchCertificatesRequest,
    SearchFilter,
};

/// How a list is walked.
struct Walk<'a> {
    now_ms: i64,
    whose: Whose<'a>,
    split: usize,
    print: u64,
    limit: u32,
    token: Option<&'a str>,
    tell: fn(&Certificate) -> CertificateSummary,
}

impl World {
    /// ACM ListCertificates, with its hiding defaults. `max_items` 0 means AWS's default.
    pub fn list_certificates(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        request: &ListCertificatesRequest,
    ) -> Result<CertificatePage, Fault> {
        let op = Op::ListCertificates;
        let (account, split) = self.enter_split(now_ms, caller, region, op)?;
        let whose = (account, region, op);
        self.known(
            now_ms,
            whose,
            "CertificateKeyPairOrigins",
            &request.key_pair_origins,
            Origin::WORDS,
        )?;
        self.known(
            now_ms,
            whose,
            "Includes.keyTypes",
            &request.key_types,
            &Key::ALL.map(Key::name),
        )?;
        self.known(
            now_ms,
            whose,
            "CertificateStatuses",
            &request.statuses,
            Status::WORDS,
        )?;
        let limit = size("MaxItems", request.max_items, 1000)?;
        let fields = [
            &request.key_types,
            &request.key_pair_origins,
            &request.statuses,
        ]
        .map(|field| field.join(" "));
        let print = self.print(whose, &fields.each_ref().map(String::as_str));
        let token = request.next_token.as_deref();
        let walk = Walk {
            now_ms,
            whose,
            split,
            print,
            limit,
            token,
            tell: listed,
        };
        self.walk(&walk, |certificate| shown(certificate, request))
    }

    /// ACM SearchCertificates; hides nothing. `max_results` 0 means AWS's default.
    pub fn search_certificates(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        request: &SearchCertificatesRequest,
    ) -> Result<CertificatePage, Fault> {
        let op = Op::SearchCertificates;
        let (account, split) = self.enter_split(now_ms, caller, region, op)?;
        let whose = (account, region, op);
        let nothing = SearchFilter {
            serial_number: None,
            statuses: Vec::new(),
            types: Vec::new(),
        };
        let filter = request.filter.as_ref().unwrap_or(&nothing);
        self.known(now_ms, whose, "Status", &filter.statuses, Status::WORDS)?;
        self.known(now_ms, whose, "Type", &filter.types, Kind::WORDS)?;
        let limit = size("MaxResults", request.max_results, 500)?;
        let serial = filter
            .serial_number
            .as_ref()
            .map(|serial| serial.to_ascii_lowercase());
        let fields = [
            filter.statuses.join(" "),
            filter.types.join(" "),
            serial.clone().unwrap_or_default(),
        ];
        let print = self.print(whose, &fields.each_ref().map(String::as_str));
        let token = request.next_token.as_deref();
        let walk = Walk {
            now_ms,
            whose,
            split,
            print,
            limit,
            token,
            tell: found,
        };
        let mut page = self.walk(&walk, |certificate| {
            among(&filter.statuses, certificate.status.name())
                && among(&filter.types, certificate.kind.name())
                && serial.as_ref().is_none_or(|serial| {
                    certificate.status.has_body() && certificate.body.serial_text() == *serial
                })
        })?;
        let teller = Teller {
            estate: &self.estate,
            region,
            account,
        };
        teller.name_endpoints(&mut page.certificates);
        Ok(page)
    }

    /// Passes the gate into a split, and counts its lists.
    fn enter_split(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        op: Op,
    ) -> Result<(usize, usize), Fault> {
        let account = self.gate(now_ms, caller, region, op)?.account;
        let split = self
            .estate
            .split(account, region)
            .ok_or_else(|| refuse::unrecognized(op))?;
        *self.lists.entry((account, split)).or_default() += 1;
        Ok((account, split))
    }

    fn walk(
        &mut self,
        walk: &Walk<'_>,
        matches: impl Fn(&Certificate) -> bool,
    ) -> Result<CertificatePage, Fault> {
        let (account, region, op) = walk.whose;
        let offset = self.offset(walk.now_ms, walk.whose, walk.print, walk.token)?;
        let mischief = self.mischief(walk.now_ms, walk.whose);
        let count = self.size(account, walk.split);
        let mut certificates = Vec::new();
        let mut at = u32::try_from(offset).unwrap_or(u32::MAX);
        let mut next = None;
        while at < count && mischief.empty.is_none() {
            let number = if mischief.backwards {
                count - 1 - at
            } else {
                at
            };
            let certificate = self.certificate(account, walk.split, number, walk.now_ms);
            if self.listed(account, walk.split, &certificate, walk.now_ms) && matches(&certificate)
            {
                if certificates.len() >= usize::try_from(walk.limit).unwrap_or(0) {
                    next = Some(u64::from(at));
                    break;
                }
                certificates.push((walk.tell)(&certificate));
            }
            at += 1;
        }
        if mischief.empty == Some(Empty::Page) || (mischief.repeat && !certificates.is_empty()) {
            next = Some(offset);
        }
        if self
            .struck(FaultKind::ForeignArn, walk.now_ms, account, region, op)
            .is_some()
            && let Some(first) = certificates.first_mut()
        {
            first.arn = foreign(&first.arn);
        }
        let next_token = next.map(|offset| self.token(walk.now_ms, walk.print, offset));
        Ok(CertificatePage {
            certificates,
            next_token,
        })
    }

    /// Refuses values that are none, or that this region is too old to know.
    fn known(
        &mut self,
        now_ms: i64,
        whose: Whose<'_>,
        field: &str,
        values: &[String],
        words: &[&str],
    ) -> Result<(), Fault> {
        if values.is_empty() {
            return Ok(());
        }
        let (account, region, op) = whose;
        let old = self.struck(FaultKind::UnknownEnum, now_ms, account, region, op);
        let unknown = old
            .map(|index| self.estate.rules[index].raw.values.as_slice())
            .unwrap_or_default();
        let knows = |word: &str| {
            words.contains(&word) && !unknown.iter().any(|not| not == word || not == field)
        };
        let Some(value) = values.iter().find(|value| !knows(value)) else {
            return Ok(());
        };
        let accepted: Vec<&str> = words.iter().copied().filter(|word| knows(word)).collect();
        Err(Fault::validation(format!(
            "1 validation error detected: Value '[{value}]' at '{field}' failed to satisfy constraint: Member must satisfy enum value set: [{}]",
            accepted.join(", ")
        )))
    }
}

/// What ListCertificates shows: less than there is, unless told otherwise.
fn shown(certificate: &Certificate, request: &ListCertificatesRequest) -> bool {
    let key = certificate.body.key();
    let by_key = if request.key_types.is_empty() {
        matches!(key, Key::Rsa1024 | Key::Rsa2048) && certificate.domain.is_some()
    } else {
        among(&request.key_types, key.name())
    };
    let by_origin = if request.key_pair_origins.is_empty() {
        certificate.origin != Origin::Acme
    } else {
        among(&request.key_pair_origins, certificate.origin.name())
    };
    by_key && by_origin && among(&request.statuses, certificate.status.name())
}

fn among(wanted: &[String], word: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|wanted| wanted == word)
}

/// A page's size; AWS's default where none is asked for.
fn size(field: &str, asked: u32, most: u32) -> Result<u32, Fault> {
    match asked {
        0 => Ok(100),
        _ if asked <= most => Ok(asked),
        _ => Err(Fault::validation(format!(
            "1 validation error detected: Value '{asked}' at '{field}' failed to satisfy constraint: Member must have value less than or equal to {most}"
        ))),
    }
}
