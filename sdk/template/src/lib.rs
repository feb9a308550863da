//! A connector to an imaginary cloud, which keeps certificates on shelves: the smallest one that does everything.
//! Above: the sensor; tests. Below: `sensor-sdk`.
//! Invariant: no state between calls; everything that the next page needs is in the cursor.

use sensor_sdk::connector::Connector;
use sensor_sdk::host::{Aws, Host};
use sensor_sdk::types::{
    Account, Certificate, CertificateSource, CertificateStatus, CheckStatus, Cursor, Description,
    Entry, Error, ErrorClass, Finding, Page, PlanEntry, PlanPage, Renewal, Split, Unreadable,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The connector.
pub struct Shelf;

/// The settings' schema: the sensor holds every connector file against it.
const SCHEMA: &str = include_str!("settings.json");

/// Bodies handed over in one page. Each page is committed: small pages lose little when something fails.
const PAGE: usize = 2;

/// The number of this cursor's form. Count it up when the form changes: old splits then start over.
const CURSOR: u32 = 1;

/// The settings. In a real connector: how to reach the cloud. Here: the cloud itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Certificates in hex DER, by name, by shelf (that is, region).
    shelves: BTreeMap<String, BTreeMap<String, String>>,
    /// The sensor adds its import filters; this cloud has valid certificates only.
    #[serde(default, rename = "import")]
    _import: serde_json::Value,
}

const ACCOUNT: &str = "000000000001";

impl Connector for Shelf {
    /// Pure: called with every capability closed.
    fn describe() -> Description {
        Description {
            settings_schema: SCHEMA.to_owned(),
            required_operations: Vec::new(),
            optional_operations: Vec::new(),
        }
    }

    /// Tries what an import needs, and tells it all: a check never stops at the first thing that is wrong.
    fn check<H: Host + Aws>(host: &H) -> Result<Vec<Finding>, Error> {
        let (status, message) = match settings(host) {
            Ok(settings) => (
                CheckStatus::Success,
                format!("{} shelves can be read", settings.shelves.len()),
            ),
            Err(error) => (CheckStatus::Failure, error.message),
        };
        Ok(vec![Finding {
            status,
            code: "settings".to_owned(),
            subject: None,
            message,
            advice: None,
            statement: None,
        }])
    }

    /// The accounts, and one split for each place that is read alone. A large cloud's plan has many pages: then `next`
    /// says where the plan goes on.
    fn plan<H: Host + Aws>(host: &H, _at: Option<Cursor>) -> Result<PlanPage, Error> {
        let account = PlanEntry::Account(Account {
            id: ACCOUNT.to_owned(),
            name: "the shelves".to_owned(),
            email: None,
            path: Vec::new(),
            state: "ACTIVE".to_owned(),
            management: false,
            excluded: None,
        });
        let shelves = settings(host)?.shelves;
        let splits = shelves.into_keys().map(|shelf| {
            PlanEntry::Split(Split {
                id: format!("{ACCOUNT}/{shelf}/shelf"),
                account: ACCOUNT.to_owned(),
                region: Some(shelf),
                service: "shelf".to_owned(),
                payload: String::new(),
            })
        });
        Ok(PlanPage {
            entries: std::iter::once(account).chain(splits).collect(),
            problems: Vec::new(),
            next: None,
        })
    }

    /// The next page of a split. Everything that is there is told, in one of four ways: what is new or changed with its
    /// body, what is as it was, what the filters leave out, what cannot be read. Who is not told is missing.
    fn read_page<H: Host + Aws>(host: &H, split: Split, at: Option<Cursor>) -> Result<Page, Error> {
        let shelf = split.region.unwrap_or_default();
        let settings = settings(host)?;
        let certificates = settings.shelves.get(&shelf).ok_or_else(|| {
            let message = format!("there is no shelf {shelf}");
            error(ErrorClass::NotFound, "no-shelf", message)
        })?;
        let done = position(at)?;
        let listed: Vec<_> = certificates.iter().skip(done).take(PAGE).collect();
        // One question for the whole page: what does the inventory know already?
        let ids: Vec<_> = listed.iter().map(|(name, _)| id_of(&shelf, name)).collect();
        let known = host.markers(&ids);

        let mut page = Page {
            entries: Vec::new(),
            problems: Vec::new(),
            next: None,
        };
        for (at, (name, hex)) in listed.iter().enumerate() {
            let id = ids[at].clone();
            let marker = known.get(at).cloned().flatten();
            if marker.is_some_and(|marker| marker.value == **hex) {
                page.entries.push(Entry::Unchanged(id));
            } else if let Some(der) = from_hex(hex) {
                let certificate = certificate(id, name, der, hex);
                page.entries.push(Entry::Certificate(certificate));
            } else {
                // One bad certificate is a problem of its own, and not the end of the page.
                // What came in its place goes along: the sensor keeps it for whoever looks into it.
                page.entries.push(Entry::Unreadable(Unreadable {
                    id,
                    code: "malformed-body".to_owned(),
                    message: format!("{name} is no hex"),
                    body: Some(hex.as_bytes().to_vec()),
                }));
            }
        }
        let done = done + listed.len();
        page.next = (done < certificates.len()).then(|| Cursor {
            version: CURSOR,
            value: done.to_string(),
        });
        Ok(page)
    }

    /// Policies to hand to whoever administers the cloud; this one has none.
    fn policy<H: Host + Aws>(_host: &H, _partition: &str) -> Result<Vec<(String, String)>, Error> {
        Ok(Vec::new())
    }
}

fn settings<H: Host>(host: &H) -> Result<Settings, Error> {
    serde_json::from_str(&host.settings()).map_err(|cause| {
        let message = format!("the settings are wrong: {cause}");
        error(ErrorClass::Config, "settings", message)
    })
}

/// Where to go on. `cursor-version` and `cursor-expired` make the sensor start the split over.
fn position(at: Option<Cursor>) -> Result<usize, Error> {
    let Some(cursor) = at else { return Ok(0) };
    let done = cursor.value.parse().ok();
    done.filter(|_| cursor.version == CURSOR).ok_or_else(|| {
        let message = "the cursor is of another version of this plugin";
        error(ErrorClass::InvalidResponse, "cursor-version", message)
    })
}

/// A place, as the sensor wants it: it must lie in the split's service, region and account.
fn id_of(shelf: &str, name: &str) -> String {
    format!("arn:aws:shelf:{shelf}:{ACCOUNT}:certificate/{name}")
}

/// The sensor reads every fact about a certificate from its body. What only the cloud knows stands beside it.
fn certificate(id: String, name: &str, der: Vec<u8>, marker: &str) -> Certificate {
    Certificate {
        id,
        der: Some(der),
        chain: Vec::new(),
        display_name: Some(name.to_owned()),
        status: CertificateStatus::Issued,
        provider_status: "ON THE SHELF".to_owned(),
        source: CertificateSource::Imported,
        in_use: None,
        in_use_by: Vec::new(),
        renewal: Renewal {
            automatic: false,
            status: None,
            reason: None,
        },
        origin: None,
        managed_by: None,
        tags: Vec::new(),
        created_at: None,
        imported_at: None,
        issued_at: None,
        revoked_at: None,
        // Must change whenever anything above does. A real cloud's list tells a date or a version.
        marker: marker.to_owned(),
        attributes: Vec::new(),
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

fn error(class: ErrorClass, code: &str, message: impl Into<String>) -> Error {
    Error {
        class,
        code: code.to_owned(),
        message: message.into(),
        detail: None,
        retry_after_ms: None,
        subject: None,
    }
}

sensor_sdk::export_connector!(Shelf);

#[cfg(test)]
mod tests;
