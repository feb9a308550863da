//! Lists of certificates at their places.
//! Above: `inventory list`. Below: `records`, `words`.
//! Invariant: one row is one place.

use crate::cli::output::View;
use crate::cli::records::AssetRecord;
use crate::cli::style::{Style, Tone, day, number, relative, safe};
use crate::cli::table::{Field, Rows};
use crate::cli::words;
use crate::model::asset::{Asset, Location, Status};
use crate::model::certificate::Certificate;
use crate::model::revocation::{Revocation, RevocationWord};
use crate::model::time::{Millis, rfc3339};
use crate::store::ListPage;
use serde::Serialize;

/// One page of a list.
#[derive(Debug)]
pub struct AssetList<'a> {
    pub page: &'a ListPage,
    pub now: Millis,
}

#[derive(Serialize)]
struct Data<'a> {
    total: u64,
    next: Option<&'a str>,
    certificates: Vec<AssetRecord<'a>>,
}

impl View for AssetList<'_> {
    const SCHEMA: &'static str = crate::cli::records::INVENTORY;

    fn data(&self) -> impl Serialize + '_ {
        Data {
            total: self.page.total,
            next: self.page.next.as_deref(),
            certificates: self.page.assets.iter().map(Into::into).collect(),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = asset_rows();
        self.page
            .assets
            .iter()
            .for_each(|asset| rows.push(asset_row(asset)));
        rows
    }

    fn text(&self, style: Style) -> String {
        if self.page.assets.is_empty() {
            return "no certificates match\n".to_owned();
        }
        let mut rows = Rows::new(&[
            "expires",
            "",
            "name",
            "status",
            "account",
            "region",
            "key",
            "source",
            "in use",
            "fingerprint",
            "",
        ])
        .dispensable(&[7, 6, 3, 8, 1, 10]);
        for asset in &self.page.assets {
            rows.push(line(asset, self.now));
        }
        let shown = self.page.assets.len() as u64;
        let of = if shown < self.page.total {
            format!("{} of ", number(shown))
        } else {
            String::new()
        };
        let noun = if self.page.total == 1 {
            "certificate"
        } else {
            "certificates"
        };
        format!(
            "{}\n{of}{} {noun}\n",
            rows.table(style),
            number(self.page.total)
        )
    }
}

fn line(asset: &Asset, now: Millis) -> Vec<Field> {
    let (location, certificate) = (&asset.location, asset.certificate.as_ref());
    let (status, tone) = words::status(location.place.status);
    let (expires, left) = match certificate {
        Some(certificate) => {
            let tone = urgency(certificate.not_after, now);
            (
                Field::toned(tone, day(certificate.not_after)),
                Field::toned(tone, relative(certificate.not_after, now)),
            )
        }
        None => (Field::toned(Tone::Dim, "-"), Field::default()),
    };
    vec![
        expires,
        left,
        name(location, certificate).into(),
        Field::toned(tone, status),
        safe(&location.account).into(),
        location
            .region
            .as_deref()
            .map_or_else(|| "global".to_owned(), safe)
            .into(),
        certificate
            .map_or_else(
                || "-".to_owned(),
                |certificate| safe(&certificate.key_algorithm),
            )
            .into(),
        words::source(location.place.source).into(),
        in_use(location).into(),
        Field::toned(
            Tone::Dim,
            location
                .fingerprint
                .map_or_else(|| "-".to_owned(), |hash| hash.to_string()[..12].to_owned()),
        ),
        all_marks(asset),
    ]
}

/// The marks of the place, behind the one that counts more.
fn all_marks(asset: &Asset) -> Field {
    let marks = marks(&asset.location);
    let told = asset.revocation.as_ref().map(Revocation::word);
    match (told, marks.is_empty()) {
        (Some(RevocationWord::Revoked), true) => Field::toned(Tone::Bad, "revoked by its CA"),
        (Some(RevocationWord::Revoked), false) => {
            Field::toned(Tone::Bad, format!("revoked by its CA, {marks}"))
        }
        _ => Field::toned(Tone::Dim, marks),
    }
}

/// How soon it ends, as a tone.
pub(super) fn urgency(not_after: Millis, now: Millis) -> Tone {
    const DAY: Millis = 86_400_000;
    match not_after.saturating_sub(now) {
        ..0 => Tone::Bad,
        left if left < 7 * DAY => Tone::Bad,
        left if left < 30 * DAY => Tone::Warning,
        _ => Tone::Plain,
    }
}

/// The first name, and how many more there are.
pub(super) fn name(location: &Location, certificate: Option<&Certificate>) -> String {
    let Some(certificate) = certificate else {
        return location
            .place
            .display_name
            .as_deref()
            .map_or_else(|| "(no name)".to_owned(), safe);
    };
    let first = certificate
        .dns_names
        .first()
        .or(certificate.common_name.as_ref());
    let first = first.map_or_else(|| safe(&certificate.subject), |name| safe(name));
    let names = certificate.dns_names.len();
    if names > 1 {
        format!("{first} +{}", names - 1)
    } else {
        first
    }
}

fn in_use(location: &Location) -> &'static str {
    match location.place.in_use {
        Some(true) => "yes",
        Some(false) => "no",
        None => "?",
    }
}

/// What is out of the ordinary with a place.
pub(super) fn marks(location: &Location) -> String {
    let marks = [
        (location.mock, "mock"),
        (location.stale, "stale"),
        (location.missing_since.is_some(), "missing"),
        (location.retired_at.is_some(), "retired"),
        (
            location.place.status == Status::Issued && location.place.renewal.automatic,
            "auto-renews",
        ),
    ];
    let given: Vec<_> = marks
        .iter()
        .filter(|(given, _)| *given)
        .map(|(_, mark)| *mark)
        .collect();
    given.join(", ")
}

/// The head of the CSV form of assets.
#[must_use]
pub fn asset_rows() -> Rows {
    Rows::new(&[
        "not_after",
        "name",
        "dns_names",
        "status",
        "account",
        "region",
        "connector",
        "key_algorithm",
        "source",
        "in_use",
        "in_use_by",
        "issuer",
        "serial",
        "fingerprint",
        "not_before",
        "subject",
        "other_names",
        "signature_algorithm",
        "self_signed",
        "id",
        "provider_status",
        "auto_renews",
        "business_unit",
        "tags",
        "import_tags",
        "first_seen",
        "last_seen",
        "stale",
        "missing_since",
        "retired_at",
        "mock",
        "revocation",
        "revoked_by_ca_at",
        "revocation_reason",
        "revocation_checked_at",
    ])
}

/// A row of the CSV form. Lists are joined by spaces, tags by `;`.
pub(in crate::cli) fn asset_row(asset: &Asset) -> Vec<Field> {
    let (location, certificate) = (&asset.location, asset.certificate.as_ref());
    let place = &location.place;
    let of = |read: fn(&Certificate) -> String| certificate.map(read).unwrap_or_default();
    let stamp = |at: Option<Millis>| at.map(rfc3339).unwrap_or_default();
    let list = |texts: &[String]| texts.join(" ");
    let tags = |tags: &[(String, String)]| {
        let pairs: Vec<_> = tags
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        pairs.join(";")
    };
    let texts = [
        of(|it| rfc3339(it.not_after)),
        name(location, certificate),
        of(|it| it.dns_names.join(" ")),
        words::status(place.status).0.to_owned(),
        location.account.clone(),
        location.region.clone().unwrap_or_default(),
        location.connector.to_string(),
        of(|it| it.key_algorithm.clone()),
        words::source(place.source).to_owned(),
        place
            .in_use
            .map(|used| used.to_string())
            .unwrap_or_default(),
        list(&place.in_use_by),
        of(|it| it.issuer.clone()),
        of(|it| it.serial.clone()),
        of(|it| it.fingerprint.to_string()),
        of(|it| rfc3339(it.not_before)),
        of(|it| it.subject.clone()),
        of(|it| it.other_names.join(" ")),
        of(|it| it.signature_algorithm.clone()),
        of(|it| it.self_signed.to_string()),
        place.id.clone(),
        place.provider_status.clone(),
        place.renewal.automatic.to_string(),
        location.business_unit.clone().unwrap_or_default(),
        tags(&place.tags),
        tags(&location.import_tags),
        rfc3339(location.first_seen),
        rfc3339(location.last_seen),
        location.stale.to_string(),
        stamp(location.missing_since),
        stamp(location.retired_at),
        location.mock.to_string(),
    ];
    let told = super::revocation::columns(asset.revocation.as_ref());
    texts.into_iter().chain(told).map(Field::from).collect()
}
