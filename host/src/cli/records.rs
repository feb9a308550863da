//! The forms that machines read: flat records with RFC 3339 times, stable within a schema version.
//! Above: `render`, `export`. Below: `model`, `store`.
//! Invariant: a field may be added to a record, never renamed or given another meaning without a new version.

use crate::model::asset::{Asset, Location, Source, Status};
use crate::model::certificate::Certificate;
use crate::model::id::{ConnectorId, RunId, Sha256};
use crate::model::problem::{OperationError, Problem};
use crate::model::revocation::{Revocation, RevocationStatus, RevokedFor, StatusSource};
use crate::model::run::{Counts, Run, RunStatus, SplitRun};
use crate::model::split::Coverage;
use crate::model::time::{Millis, rfc3339};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// The form of lists and exports of assets.
pub const INVENTORY: &str = "sensor.inventory/v1";

/// A moment, written in RFC 3339.
#[derive(Debug, Clone, Copy)]
pub struct Stamp(pub Millis);

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&rfc3339(self.0))
    }
}

fn stamps(at: Option<Millis>) -> Option<Stamp> {
    at.map(Stamp)
}

fn map(pairs: &[(String, String)]) -> BTreeMap<&str, &str> {
    pairs
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect()
}

/// A certificate at one place.
#[derive(Debug, Serialize)]
pub struct AssetRecord<'a> {
    #[serde(flatten)]
    pub location: LocationRecord<'a>,
    pub certificate: Option<CertificateRecord<'a>>,
    pub revocation: Option<RevocationRecord<'a>>,
}

impl<'a> From<&'a Asset> for AssetRecord<'a> {
    fn from(asset: &'a Asset) -> Self {
        Self {
            location: (&asset.location).into(),
            certificate: asset.certificate.as_ref().map(Into::into),
            revocation: asset.revocation.as_ref().map(Into::into),
        }
    }
}

/// What a certificate says.
#[derive(Debug, Serialize)]
pub struct CertificateRecord<'a> {
    pub fingerprint: &'a Sha256,
    pub subject: &'a str,
    pub common_name: Option<&'a str>,
    pub dns_names: &'a [String],
    pub other_names: &'a [String],
    pub issuer: &'a str,
    pub serial: &'a str,
    pub not_before: Stamp,
    pub not_after: Stamp,
    pub key_algorithm: &'a str,
    pub signature_algorithm: &'a str,
    pub key_usages: &'a [String],
    pub extended_key_usages: &'a [String],
    pub self_signed: bool,
    pub is_ca: bool,
}

impl<'a> From<&'a Certificate> for CertificateRecord<'a> {
    fn from(certificate: &'a Certificate) -> Self {
        Self {
            fingerprint: &certificate.fingerprint,
            subject: &certificate.subject,
            common_name: certificate.common_name.as_deref(),
            dns_names: &certificate.dns_names,
            other_names: &certificate.other_names,
            issuer: &certificate.issuer,
            serial: &certificate.serial,
            not_before: Stamp(certificate.not_before),
            not_after: Stamp(certificate.not_after),
            key_algorithm: &certificate.key_algorithm,
            signature_algorithm: &certificate.signature_algorithm,
            key_usages: &certificate.key_usages,
            extended_key_usages: &certificate.extended_key_usages,
            self_signed: certificate.self_signed,
            is_ca: certificate.is_ca,
        }
    }
}

/// What a certificate's CA says of it.
#[derive(Debug, Serialize)]
pub struct RevocationRecord<'a> {
    pub status: &'static str,
    pub revoked_at: Option<Stamp>,
    pub reason: Option<&'static str>,
    pub why: Option<&'a str>,
    pub checked_at: Stamp,
    pub next_update: Option<Stamp>,
    pub due_at: Stamp,
    pub source: Option<&'a StatusSource>,
    pub trouble: Option<&'a str>,
}

impl<'a> From<&'a Revocation> for RevocationRecord<'a> {
    fn from(it: &'a Revocation) -> Self {
        let (revoked_at, reason, why) = match &it.status {
            RevocationStatus::Good => (None, None, None),
            RevocationStatus::Revoked { at, reason } => (*at, *reason, None),
            RevocationStatus::Unknown { why } => (None, None, Some(why.as_str())),
        };
        Self {
            status: it.word().word(),
            revoked_at: stamps(revoked_at),
            reason: reason.map(RevokedFor::word),
            why,
            checked_at: Stamp(it.checked_at),
            next_update: stamps(it.next_update),
            due_at: Stamp(it.due_at),
            source: it.source.as_ref(),
            trouble: it.trouble.as_deref(),
        }
    }
}

/// What the cloud and the sensor know of a place.
#[derive(Debug, Serialize)]
pub struct LocationRecord<'a> {
    pub id: &'a str,
    pub connector: &'a ConnectorId,
    pub account: &'a str,
    pub region: Option<&'a str>,
    pub service: &'a str,
    pub display_name: Option<&'a str>,
    pub status: Status,
    pub provider_status: &'a str,
    pub source: Source,
    pub in_use: Option<bool>,
    pub in_use_by: &'a [String],
    pub renewal: RenewalRecord<'a>,
    pub origin: Option<&'a str>,
    pub managed_by: Option<&'a str>,
    pub tags: BTreeMap<&'a str, &'a str>,
    pub business_unit: Option<&'a str>,
    pub import_tags: BTreeMap<&'a str, &'a str>,
    pub attributes: BTreeMap<&'a str, &'a str>,
    pub chain: &'a [Sha256],
    pub created_at: Option<Stamp>,
    pub imported_at: Option<Stamp>,
    pub issued_at: Option<Stamp>,
    pub revoked_at: Option<Stamp>,
    pub first_seen: Stamp,
    pub last_seen: Stamp,
    pub read_at: Stamp,
    pub run: RunId,
    pub stale: bool,
    pub missing_since: Option<Stamp>,
    pub misses: u32,
    pub retired_at: Option<Stamp>,
    pub mock: bool,
}

/// Whether and how the cloud renews it.
#[derive(Debug, Serialize)]
pub struct RenewalRecord<'a> {
    pub automatic: bool,
    pub status: Option<&'a str>,
    pub reason: Option<&'a str>,
}

impl<'a> From<&'a Location> for LocationRecord<'a> {
    fn from(location: &'a Location) -> Self {
        let place = &location.place;
        let renewal = RenewalRecord {
            automatic: place.renewal.automatic,
            status: place.renewal.status.as_deref(),
            reason: place.renewal.reason.as_deref(),
        };
        Self {
            id: &place.id,
            connector: &location.connector,
            account: &location.account,
            region: location.region.as_deref(),
            service: &location.service,
            display_name: place.display_name.as_deref(),
            status: place.status,
            provider_status: &place.provider_status,
            source: place.source,
            in_use: place.in_use,
            in_use_by: &place.in_use_by,
            renewal,
            origin: place.origin.as_deref(),
            managed_by: place.managed_by.as_deref(),
            tags: map(&place.tags),
            business_unit: location.business_unit.as_deref(),
            import_tags: map(&location.import_tags),
            attributes: map(&place.attributes),
            chain: &location.chain,
            created_at: stamps(place.created_at),
            imported_at: stamps(place.imported_at),
            issued_at: stamps(place.issued_at),
            revoked_at: stamps(place.revoked_at),
            first_seen: Stamp(location.first_seen),
            last_seen: Stamp(location.last_seen),
            read_at: Stamp(location.read_at),
            run: location.run,
            stale: location.stale,
            missing_since: stamps(location.missing_since),
            misses: location.misses,
            retired_at: stamps(location.retired_at),
            mock: location.mock,
        }
    }
}

/// One pass of a connector.
#[derive(Debug, Serialize)]
pub struct RunRecord<'a> {
    pub id: RunId,
    pub connector: &'a ConnectorId,
    pub plugin: &'a str,
    pub mock: bool,
    pub status: RunStatus,
    pub started_at: Stamp,
    pub ended_at: Option<Stamp>,
    pub counts: Counts,
    pub calls: BTreeMap<&'a str, u64>,
    pub error: Option<&'a OperationError>,
    pub problems: &'a [Problem],
}

impl<'a> From<&'a Run> for RunRecord<'a> {
    fn from(run: &'a Run) -> Self {
        Self {
            id: run.id,
            connector: &run.connector,
            plugin: &run.plugin,
            mock: run.mock,
            status: run.status,
            started_at: Stamp(run.started_at),
            ended_at: stamps(run.ended_at),
            counts: run.counts,
            calls: run
                .calls
                .iter()
                .map(|(name, calls)| (name.as_str(), *calls))
                .collect(),
            error: run.error.as_ref(),
            problems: &run.problems,
        }
    }
}

/// One split in a run.
#[derive(Debug, Serialize)]
pub struct SplitRecord<'a> {
    pub split: &'a str,
    pub account: &'a str,
    pub region: Option<&'a str>,
    pub service: &'a str,
    pub coverage: Coverage,
    pub held: bool,
    pub started_at: Stamp,
    pub ended_at: Stamp,
    pub counts: Counts,
    pub error: Option<&'a OperationError>,
    pub problems: &'a [Problem],
}

impl<'a> From<&'a SplitRun> for SplitRecord<'a> {
    fn from(split: &'a SplitRun) -> Self {
        Self {
            split: &split.split,
            account: &split.account,
            region: split.region.as_deref(),
            service: &split.service,
            coverage: split.coverage,
            held: split.held,
            started_at: Stamp(split.started_at),
            ended_at: Stamp(split.ended_at),
            counts: split.counts,
            error: split.error.as_ref(),
            problems: &split.problems,
        }
    }
}
