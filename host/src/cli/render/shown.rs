//! One certificate with every place where it lies.
//! Above: `inventory show`. Below: `records`, `words`.
//! Invariant: what the certificate says and what the cloud says of its places stand apart.

use super::assets::{asset_row, asset_rows, marks, name, urgency};
use super::pair;
use crate::cli::output::View;
use crate::cli::records::{CertificateRecord, LocationRecord, RevocationRecord};
use crate::cli::style::{Style, Tone, minute, relative, safe};
use crate::cli::table::Rows;
use crate::cli::words;
use crate::model::asset::{Asset, Location};
use crate::model::certificate::Certificate;
use crate::model::revocation::Revocation;
use crate::model::time::Millis;
use crate::store::Shown;
use serde::Serialize;

/// One certificate.
#[derive(Debug)]
pub struct ShownView<'a> {
    pub shown: &'a Shown,
    pub now: Millis,
}

#[derive(Serialize)]
struct Data<'a> {
    certificate: Option<CertificateRecord<'a>>,
    revocation: Option<RevocationRecord<'a>>,
    locations: Vec<LocationRecord<'a>>,
    chain: Vec<CertificateRecord<'a>>,
}

impl View for ShownView<'_> {
    const SCHEMA: &'static str = "sensor.certificate/v1";

    fn data(&self) -> impl Serialize + '_ {
        Data {
            certificate: self.shown.certificate.as_ref().map(Into::into),
            revocation: self.shown.revocation.as_ref().map(Into::into),
            locations: self.shown.locations.iter().map(Into::into).collect(),
            chain: self.shown.chain.iter().map(Into::into).collect(),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = asset_rows();
        for location in &self.shown.locations {
            rows.push(asset_row(&Asset {
                location: location.clone(),
                certificate: self.shown.certificate.clone(),
                revocation: self.shown.revocation.clone(),
            }));
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        let mut text = String::new();
        match (&self.shown.certificate, self.shown.locations.first()) {
            (Some(certificate), _) => {
                let told = self.shown.revocation.as_ref();
                text += &certificate_block(certificate, told, self.now, style);
            }
            (None, Some(location)) => {
                put!(text, "{} has no body yet\n", name(location, None));
            }
            (None, None) => text += "nothing is known of it\n",
        }
        for (depth, issuer) in self.shown.chain.iter().enumerate() {
            let line = format!("{}{}", "  ".repeat(depth), safe(&issuer.subject));
            text += &pair(style, if depth == 0 { "chain" } else { "" }, &line);
        }
        for location in &self.shown.locations {
            text += "\n";
            text += &location_block(location, self.now, style);
        }
        text
    }
}

fn certificate_block(
    certificate: &Certificate,
    told: Option<&Revocation>,
    now: Millis,
    style: Style,
) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| text += &pair(style, name, value);
    line(
        "subject",
        &style.paint(Tone::Strong, &safe(&certificate.subject)),
    );
    let ends = format!(
        "{}  {}",
        minute(certificate.not_after),
        relative(certificate.not_after, now)
    );
    line(
        "expires",
        &style.paint(urgency(certificate.not_after, now), &ends),
    );
    line(
        "revocation",
        &super::revocation::told(told, certificate.not_after, now, style),
    );
    line("valid from", &minute(certificate.not_before));
    for (index, name) in certificate
        .dns_names
        .iter()
        .chain(&certificate.other_names)
        .enumerate()
    {
        line(if index == 0 { "names" } else { "" }, &safe(name));
    }
    line("issuer", &safe(&certificate.issuer));
    line("serial", &certificate.serial);
    line("key", &safe(&certificate.key_algorithm));
    line("signature", &safe(&certificate.signature_algorithm));
    let usages: Vec<_> = certificate
        .key_usages
        .iter()
        .chain(&certificate.extended_key_usages)
        .map(|usage| safe(usage))
        .collect();
    if !usages.is_empty() {
        line("usage", &usages.join(", "));
    }
    let kinds = [
        (certificate.self_signed, "self-signed"),
        (certificate.is_ca, "a certificate authority"),
    ];
    let kinds: Vec<_> = kinds
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, kind)| *kind)
        .collect();
    if !kinds.is_empty() {
        line("kind", &kinds.join(", "));
    }
    line("fingerprint", &certificate.fingerprint.to_string());
    text
}

fn location_block(location: &Location, now: Millis, style: Style) -> String {
    let mut text = format!("{}\n", style.paint(Tone::Strong, &safe(&location.place.id)));
    let facts = cloud_facts(location, style)
        .into_iter()
        .chain(own_facts(location, now));
    for (name, value) in facts {
        put!(text, "  {}", pair(style, name, &value));
    }
    text
}

type Facts = Vec<(&'static str, String)>;

/// What the cloud says of a place.
fn cloud_facts(location: &Location, style: Style) -> Facts {
    let place = &location.place;
    let (status, tone) = words::status(place.status);
    let status = style.paint(tone, status);
    let mut facts = vec![
        (
            "status",
            format!("{status} ({})", safe(&place.provider_status)),
        ),
        ("source", words::source(place.source).to_owned()),
    ];
    let by_cloud = if place.renewal.automatic {
        "automatic"
    } else {
        "not by the cloud"
    };
    let more = [&place.renewal.status, &place.renewal.reason];
    let more = more.into_iter().flatten().map(|text| safe(text));
    let renewal: Vec<_> = std::iter::once(by_cloud.to_owned()).chain(more).collect();
    facts.push(("renewal", renewal.join(", ")));
    let users = place.in_use_by.iter().map(|user| safe(user));
    match place.in_use {
        Some(true) if place.in_use_by.is_empty() => facts.push(("in use", "yes".to_owned())),
        Some(true) => facts.extend(
            std::iter::once("in use by")
                .chain(std::iter::repeat(""))
                .zip(users),
        ),
        Some(false) => facts.push(("in use", "no".to_owned())),
        None => facts.push(("in use", "not known".to_owned())),
    }
    facts
}

/// What the sensor and its operator say of a place.
fn own_facts(location: &Location, now: Millis) -> Facts {
    let region = location
        .region
        .as_deref()
        .map_or_else(|| "global".to_owned(), safe);
    let (account, service) = (safe(&location.account), safe(&location.service));
    let connector = &location.connector;
    let mut facts = vec![(
        "found by",
        format!("{connector} in account {account}, {region}, {service}"),
    )];
    facts.extend(
        location
            .business_unit
            .as_deref()
            .map(|unit| ("business unit", safe(unit))),
    );
    let tags = location.place.tags.iter().chain(&location.import_tags);
    // The cloud's tags and the connector's may say the same.
    let tags: std::collections::BTreeSet<_> = tags
        .map(|(key, value)| format!("{}={}", safe(key), safe(value)))
        .collect();
    if !tags.is_empty() {
        facts.push(("tags", tags.into_iter().collect::<Vec<_>>().join(", ")));
    }
    let last = format!(
        "{}  {}",
        minute(location.last_seen),
        relative(location.last_seen, now)
    );
    facts.extend([
        ("first seen", minute(location.first_seen)),
        ("last seen", last),
    ]);
    let marks = marks(location);
    if !marks.is_empty() {
        facts.push(("marks", marks));
    }
    facts
}
