//! Deliveries: to the plugin as it wants them, back from it as little believed as a page.
//! Above: `plugin::delivery`. Below: `model`.
//! Invariant: a place lies in the target's account and region, and is a certificate of ACM; a leaf is read from its DER.

use super::page::{read_der, tags};
use super::{ID, sane, tidy};
use crate::bindings::connector::sensor::core::types::Tag as WitTag;
use crate::bindings::delivery::exports::sensor::connector::delivery as wit;
use crate::model::delivery::{Found, Material, Parked, Planned, Tag, Target, Trace};
use crate::model::text::clean;

/// Certificates that may be one delivery's.
const MOST_FOUND: usize = 1_000;
/// Keys that may wait below one prefix.
const MOST_PARKED: usize = 10_000;

/// To the plugin.
#[must_use]
pub fn to_tags(all: &[Tag]) -> Vec<WitTag> {
    all.iter()
        .map(|(key, value)| WitTag {
            key: key.clone(),
            value: value.clone(),
        })
        .collect()
}

/// To the plugin.
#[must_use]
pub fn to_target(target: &Target) -> wit::Target {
    wit::Target {
        account: target.account.clone(),
        region: target.region.clone(),
        id: target.id.clone(),
    }
}

/// To the plugin.
#[must_use]
pub fn to_planned(planned: &Planned) -> wit::Planned {
    wit::Planned {
        names: planned.names.clone(),
        key_algorithm: planned.key_algorithm.clone(),
        key_usages: planned.key_usages.clone(),
        extended_key_usages: planned.extended_key_usages.clone(),
        issuer_key_algorithm: planned.issuer_key_algorithm.clone(),
        tags: to_tags(&planned.tags),
        imports_planned: planned.imports_planned,
        imports_made: planned.imports_made,
        park: planned.park,
    }
}

/// To the plugin.
#[must_use]
pub fn to_material(material: &Material) -> wit::Material {
    wit::Material {
        leaf: material.leaf.clone(),
        chain: material.chain.clone(),
        tags: to_tags(&material.tags),
    }
}

/// To the plugin.
#[must_use]
pub fn to_trace(trace: &Trace) -> wit::Trace {
    let (key, value) = trace.tag.clone();
    wit::Trace {
        sha256: trace.sha256.0.to_vec(),
        serial: trace.serial.clone(),
        tag: WitTag { key, value },
    }
}

/// The place that a delivery came to.
///
/// # Errors
/// When it is not a certificate's place in the target.
pub fn delivered(id: String, target: &Target) -> Result<String, String> {
    is_in(&id, target)
        .map_err(|reason| format!("it delivered to `{}`, which {reason}", clean(&id, 200)))?;
    Ok(id)
}

/// # Errors
/// When a place is not in the target, or a leaf is no certificate.
pub fn found(all: Vec<wit::Found>, target: &Target) -> Result<Vec<Found>, String> {
    if all.len() > MOST_FOUND {
        return Err(format!(
            "it found {} certificates, at most {MOST_FOUND} are taken",
            all.len()
        ));
    }
    all.into_iter().map(|one| found_one(one, target)).collect()
}

/// # Errors
/// When the place is not in the target, or the leaf is no certificate.
pub fn found_one(found: wit::Found, target: &Target) -> Result<Found, String> {
    let named = |reason: String| format!("it found `{}`, which {reason}", clean(&found.id, 200));
    is_in(&found.id, target).map_err(named)?;
    let certificate = read_der(&found.leaf)
        .map_err(|reason| named(format!("holds what cannot be read: {reason}")))?;
    Ok(Found {
        id: found.id,
        certificate,
        leaf: found.leaf,
        in_use: found.in_use,
        tags: tags(found.tags),
        created_at: sane(found.created_at),
    })
}

/// # Errors
/// When a name is not below the prefix that was asked for.
pub fn parked(all: Vec<wit::Parked>, prefix: &str) -> Result<Vec<Parked>, String> {
    if all.len() > MOST_PARKED {
        return Err(format!(
            "it told {} keys, at most {MOST_PARKED} are taken",
            all.len()
        ));
    }
    let one = |parked: wit::Parked| {
        if !parked.name.starts_with(prefix) {
            return Err(format!(
                "it told of a key `{}`, and was asked for those below `{prefix}`",
                clean(&parked.name, 200)
            ));
        }
        Ok(Parked {
            name: tidy(parked.name, ID),
            created_at: sane(parked.created_at),
            tags: tags(parked.tags),
        })
    };
    all.into_iter().map(one).collect()
}

/// The ARN of a certificate in the target, and the target's own if it has one.
fn is_in(id: &str, target: &Target) -> Result<(), String> {
    super::page::arn_is_in(id, &target.account, Some(&target.region), "acm")?;
    if !id.splitn(6, ':').nth(5).is_some_and(|what| {
        what.strip_prefix("certificate/")
            .is_some_and(|name| !name.is_empty())
    }) {
        return Err("is no certificate".to_owned());
    }
    match &target.id {
        Some(wanted) if wanted != id => Err(format!("is not `{}`", clean(wanted, 200))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Target, delivered, found_one, parked, wit};

    const OURS: &str = "arn:aws:acm:eu-central-1:111122223333:certificate/1";

    fn target(id: Option<&str>) -> Target {
        Target {
            account: "111122223333".into(),
            region: "eu-central-1".into(),
            id: id.map(str::to_owned),
        }
    }

    #[test]
    fn a_place_lies_in_the_target() {
        assert_eq!(delivered(OURS.into(), &target(None)).unwrap(), OURS);
        assert_eq!(delivered(OURS.into(), &target(Some(OURS))).unwrap(), OURS);
        for foreign in [
            "arn:aws:acm:eu-central-1:999988887777:certificate/1",
            "arn:aws:acm:eu-west-1:111122223333:certificate/1",
            "arn:aws:iam:eu-central-1:111122223333:certificate/1",
            "arn:aws:acm:eu-central-1:111122223333:certificate/",
            "arn:aws:acm:eu-central-1:111122223333:authority/1",
            "arn:aws:acm:eu-central-1:111122223333:certificate/1\u{1b}[31m",
            "",
        ] {
            assert!(
                delivered(foreign.into(), &target(None)).is_err(),
                "{foreign:?}"
            );
        }
        let other = format!("{OURS}2");
        let reason = delivered(other, &target(Some(OURS))).unwrap_err();
        assert!(reason.contains("is not `arn:"), "{reason}");
    }

    #[test]
    fn a_leaf_is_a_certificate() {
        let found = wit::Found {
            id: OURS.into(),
            leaf: vec![0x30, 0x03, 1, 2, 3],
            in_use: false,
            tags: Vec::new(),
            created_at: None,
        };
        let reason = found_one(found, &target(None)).unwrap_err();
        assert!(reason.contains("cannot be read"), "{reason}");
    }

    #[test]
    fn a_parked_key_lies_below_the_prefix() {
        let one = |name: &str| {
            vec![wit::Parked {
                name: name.into(),
                created_at: None,
                tags: Vec::new(),
            }]
        };
        assert_eq!(parked(one("sensor/a/1"), "sensor/a/").unwrap().len(), 1);
        assert!(parked(one("sensor/b/1"), "sensor/a/").is_err());
    }
}
