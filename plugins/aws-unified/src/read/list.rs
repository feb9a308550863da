//! One page of a region's certificates, by whichever operation works here.
//! Above: `read`. Below: the SDK's ACM.
//! Invariant: nothing is hidden by a default: all key types and origins are named, and what AWS does not know is left
//! out only because AWS said so.

use super::Reader;
use super::cursor::At;
use super::memory::Item;
use crate::error::{
    CURSOR_EXPIRED, error, is_denied, is_region_disabled, is_validation, while_doing,
};
use crate::settings::ReadMode;
use sensor_sdk::host::{Aws, Host};
use sensor_sdk::types::aws::{CertificatePage, ListCertificatesRequest, SearchCertificatesRequest};
use sensor_sdk::types::{Error, ErrorClass, Level};
use serde::{Deserialize, Serialize};

/// AWS shows RSA of 1,024 and 2,048 bits only, unless asked.
pub(crate) const ALL_KEY_TYPES: [&str; 7] = [
    "RSA_1024",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
];
/// AWS hides the last of them, unless asked.
pub(crate) const ALL_ORIGINS: [&str; 3] = ["AWS_MANAGED", "CUSTOMER_PROVIDED", "ACME"];

const SEARCH_PAGE: u32 = 500;
const LIST_PAGE: u32 = 1000;
/// Field by field, value by value: more refusals of enumerations than this are something else.
const REFUSALS: usize = 4;

/// Which operation lists, and with which words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Mode {
    #[serde(rename = "s")]
    Search,
    /// One bit for each of the key types and origins that AWS knows here.
    #[serde(rename = "l")]
    List { k: u8, o: u8 },
}

impl Mode {
    pub(super) fn all() -> Self {
        Self::List { k: 0x7f, o: 0x07 }
    }
}

/// A page, with its certificates as items.
pub(super) struct Listed {
    pub(super) certificates: Vec<Item>,
    pub(super) next_token: Option<String>,
}

/// The page that the cursor stands at. The first one settles the mode.
pub(super) fn page<H: Host + Aws>(reader: &Reader<'_, H>, at: &mut At) -> Result<Listed, Error> {
    let page = match at.mode {
        Mode::Search => search(reader, at),
        Mode::List { .. } => list(reader, at),
    };
    let CertificatePage {
        certificates,
        next_token,
    } = page?;
    Ok(Listed {
        certificates: certificates.into_iter().map(Item::from).collect(),
        next_token,
    })
}

fn search<H: Host + Aws>(reader: &Reader<'_, H>, at: &mut At) -> Result<CertificatePage, Error> {
    let request = SearchCertificatesRequest {
        filter: None,
        max_results: SEARCH_PAGE,
        next_token: at.token.clone(),
    };
    match reader
        .host
        .search_certificates(reader.session, reader.region, &request)
    {
        Err(cause) if at.token.is_some() && is_validation(&cause) => Err(expired(&cause)),
        Err(cause)
            if at.token.is_none()
                && reader.settings.read == ReadMode::Auto
                && may_list_instead(&cause) =>
        {
            let message = format!(
                "{}: SearchCertificates is of no use here ({})",
                reader.split.id, cause.code
            );
            reader.host.log(Level::Debug, &message);
            at.mode = Mode::all();
            list(reader, at)
        }
        other => other.map_err(|cause| while_doing("SearchCertificates", cause)),
    }
}

/// A search that fails for its own sake, however it fails, is no reason to see nothing: some endpoints do not know it
/// and say so in strange ways. What would fail a list as well is told at once.
pub(crate) fn may_list_instead(cause: &Error) -> bool {
    let for_all = matches!(
        cause.class,
        ErrorClass::AuthExpired | ErrorClass::Cancelled | ErrorClass::Config
    );
    !for_all && !is_region_disabled(cause)
}

fn list<H: Host + Aws>(reader: &Reader<'_, H>, at: &mut At) -> Result<CertificatePage, Error> {
    let Mode::List { k, o } = at.mode else {
        return Err(error(ErrorClass::Internal, "mode", "a list in search mode"));
    };
    let mut words = Words { k, o };
    let page = listed(
        reader.host,
        reader.session,
        reader.region,
        &mut words,
        at.token.as_deref(),
    );
    at.mode = Mode::List {
        k: words.k,
        o: words.o,
    };
    page
}

/// Which key types and origins are named: one bit for each that AWS knows here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Words {
    k: u8,
    o: u8,
}

impl Words {
    pub(crate) fn all() -> Self {
        Self { k: 0x7f, o: 0x07 }
    }
}

/// A page of ListCertificates that hides nothing. The first one learns which words AWS knows here.
pub(crate) fn listed<H: Host + Aws>(
    host: &H,
    session: &H::Session,
    region: &str,
    words: &mut Words,
    token: Option<&str>,
) -> Result<CertificatePage, Error> {
    for _ in 0..=REFUSALS {
        let request = ListCertificatesRequest {
            key_types: chosen(&ALL_KEY_TYPES, words.k),
            key_pair_origins: chosen(&ALL_ORIGINS, words.o),
            statuses: Vec::new(),
            max_items: LIST_PAGE,
            next_token: token.map(str::to_owned),
        };
        let cause = match host.list_certificates(session, region, &request) {
            Ok(page) => return Ok(page),
            Err(cause) => cause,
        };
        if !is_validation(&cause) || is_denied(&cause) {
            return Err(while_doing("ListCertificates", cause));
        }
        if token.is_some() {
            return Err(expired(&cause));
        }
        let Some(Mode::List { k, o }) = without_unknown(&cause.message, words.k, words.o) else {
            return Err(while_doing("ListCertificates", cause));
        };
        let text = format!("{region}: asking with fewer words: {}", cause.message);
        host.log(Level::Info, &text);
        *words = Words { k, o };
    }
    Err(error(
        ErrorClass::Unsupported,
        "unknown-values",
        "ListCertificates refuses every set of key types and origins",
    ))
}

fn chosen(all: &[&str], bits: u8) -> Vec<String> {
    all.iter()
        .enumerate()
        .filter(|(at, _)| bits >> at & 1 == 1)
        .map(|(_, name)| (*name).to_owned())
        .collect()
}

/// Leaves out what a refusal names as unknown. AWS tells the set that it knows; a certificate of a kind outside it
/// cannot exist there.
fn without_unknown(refusal: &str, k: u8, o: u8) -> Option<Mode> {
    let about_origins = refusal.to_ascii_lowercase().contains("keypairorigin");
    let known = |all: &[&str], bits: u8| match accepted(refusal) {
        Some(set) => all.iter().enumerate().fold(0, |kept, (at, name)| {
            let keep = bits >> at & 1 == 1 && set.iter().any(|word| word == name);
            kept | u8::from(keep) << at
        }),
        None => 0,
    };
    let mode = if about_origins {
        let kept = known(&ALL_ORIGINS, o);
        // Nothing named, or nothing new learnt: leave the whole field out.
        (k, if kept == o { 0 } else { kept })
    } else {
        let kept = known(&ALL_KEY_TYPES, k);
        if kept != 0 && kept != k {
            (kept, o)
        } else {
            (k, 0)
        }
    };
    (mode != (k, o)).then_some(Mode::List {
        k: mode.0,
        o: mode.1,
    })
}

/// The words of `… enum value set: [A, B, C]`.
fn accepted(refusal: &str) -> Option<Vec<&str>> {
    let (_, rest) = refusal.split_once("enum value set: [")?;
    let (set, _) = rest.split_once(']')?;
    Some(set.split(',').map(str::trim).collect())
}

fn expired(cause: &Error) -> Error {
    let message = format!(
        "ACM does not accept the page token any more ({}: {})",
        cause.code, cause.message
    );
    error(ErrorClass::InvalidResponse, CURSOR_EXPIRED, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fact_02_a_refusal_names_what_is_known() {
        let about = |field: &str, set: &str| {
            format!(
                "1 validation error detected: Value '[X]' at '{field}' failed to satisfy constraint: Member must \
                 satisfy constraint: [Member must satisfy enum value set: [{set}]]"
            )
        };
        for (refusal, expected) in [
            (
                about(
                    "certificateKeyPairOrigins",
                    "AWS_MANAGED, CUSTOMER_PROVIDED",
                ),
                Some((0x7f, 0x03)),
            ),
            (
                about("includes.keyTypes", "RSA_2048, RSA_1024, EC_prime256v1"),
                Some((0x13, 0x07)),
            ),
            (
                about("includes.keyTypes", "SOMETHING_ELSE"),
                Some((0x7f, 0)),
            ),
            (
                "Unknown parameter CertificateKeyPairOrigins".to_owned(),
                Some((0x7f, 0)),
            ),
            ("Something is not right".to_owned(), Some((0x7f, 0))),
        ] {
            let mode = without_unknown(&refusal, 0x7f, 0x07);
            assert_eq!(
                mode,
                expected.map(|(k, o)| Mode::List { k, o }),
                "{refusal}"
            );
        }
        assert_eq!(without_unknown("Something is not right", 0x7f, 0), None);
    }

    #[test]
    fn the_bits_are_the_words() {
        assert_eq!(chosen(&ALL_KEY_TYPES, 0x7f), ALL_KEY_TYPES);
        assert_eq!(chosen(&ALL_ORIGINS, 0x05), ["AWS_MANAGED", "ACME"]);
    }
}
