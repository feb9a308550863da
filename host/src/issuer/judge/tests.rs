//! What a broken or a hostile CA may hand over.
//! Above: nothing. Below: `judge`; certificates made here with rcgen.
//! Invariant: each test changes one thing of an answer that is good otherwise.

use super::*;
use crate::issuer::kit::{
    Asking, DAY, Made, NAMES, NOW, ca, leaf_params, params, signed, signed_for,
};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer};

/// Root, two intermediates, and a certificate as it was asked for.
struct World {
    root: Made,
    upper: Made,
    lower: Made,
    leaf: Made,
    wanted: Wanted,
}

impl World {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(edit: impl FnOnce(&mut CertificateParams)) -> Self {
        let root = ca("Root", None);
        let upper = ca("Upper", Some(&root));
        let lower = ca("Lower", Some(&upper));
        let asking = Asking::new("1", &NAMES);
        let mut wanted = leaf_params(&NAMES);
        edit(&mut wanted);
        let leaf = signed_for(wanted, asking.key, Some(&lower));
        Self {
            root,
            upper,
            lower,
            leaf,
            wanted: asking.wanted,
        }
    }

    fn judge(&self, chain: &[&Made]) -> Result<Judged, Refusal> {
        let chain: Vec<_> = chain.iter().map(|made| made.der.clone()).collect();
        judge(&self.wanted, &self.leaf.der, &chain, NOW)
    }
}

#[test]
fn what_was_asked_for_passes() {
    let world = World::new();
    let judged = world.judge(&[&world.lower, &world.upper]).unwrap();
    assert_eq!(judged.leaf, world.leaf.der);
    assert_eq!(
        judged.chain,
        [world.lower.der.clone(), world.upper.der.clone()]
    );
    assert_eq!(judged.sha256(), Sha256::of(&world.leaf.der));
    assert_eq!(judged.certificate.not_after, NOW + 47 * DAY);
    assert!(judged.notes.is_empty() && judged.wait(NOW).is_none());
}

#[test]
fn a_chain_in_any_order_is_put_right() {
    let world = World::new();
    let World {
        root,
        upper,
        lower,
        leaf,
        ..
    } = &world;
    let right = [&lower.der, &upper.der, &root.der].map(Clone::clone);
    for chain in [
        [root, upper, lower],
        [upper, root, lower],
        [root, lower, upper],
    ] {
        assert_eq!(world.judge(&chain).unwrap().chain, right);
    }
    // The leaf last, and a certificate twice.
    let given = [&upper.der, &root.der, &leaf.der, &upper.der].map(Clone::clone);
    let judged = judge(&world.wanted, &lower.der, &given, NOW).unwrap();
    assert_eq!(
        (judged.leaf, judged.chain),
        (leaf.der.clone(), right.to_vec())
    );
}

#[test]
fn a_ca_certificate_that_is_not_needed_is_left_out() {
    let world = World::new();
    let other = ca("Other", None);
    let judged = world.judge(&[&other, &world.lower]).unwrap();
    assert_eq!(judged.chain, vec![world.lower.der.clone()]);
    assert!(judged.notes[0].contains("CN=Other"), "{:?}", judged.notes);
}

#[test]
fn of_two_ca_certificates_of_one_name_the_one_that_signed_is_taken() {
    let world = World::new();
    let namesake = ca("Lower", Some(&world.upper));
    let judged = world
        .judge(&[&namesake, &world.lower, &world.upper])
        .unwrap();
    assert_eq!(judged.chain[0], world.lower.der);
}

#[test]
fn a_certificate_for_another_key_is_refused() {
    let (world, other) = (World::new(), World::new());
    let chain = [world.lower.der.clone()];
    let refused = judge(&world.wanted, &other.leaf.der, &chain, NOW);
    assert_eq!(refused, Err(Refusal::OtherKey));
}

#[test]
fn a_foreign_leaf_beside_ours_is_refused() {
    let world = World::new();
    let foreign = signed(
        params("other.example.com", NOW - DAY, NOW + DAY),
        Some(&world.lower),
    );
    let refused = world.judge(&[&foreign, &world.lower]);
    assert_eq!(
        refused,
        Err(Refusal::ForeignLeaf("CN=other.example.com".to_owned()))
    );
}

#[test]
fn names_are_those_that_were_asked_for() {
    let more = World::with(|params| {
        let extra = CertificateParams::new(vec!["evil.example.net".to_owned()]).unwrap();
        params.subject_alt_names.extend(extra.subject_alt_names);
    });
    let refused = more.judge(&[&more.lower]);
    assert_eq!(
        refused,
        Err(Refusal::NamesNotAsked(vec!["evil.example.net".to_owned()]))
    );
    let fewer = World::with(|params| drop(params.subject_alt_names.remove(1)));
    let refused = fewer.judge(&[&fewer.lower]);
    assert_eq!(
        refused,
        Err(Refusal::NamesMissing(vec!["*.example.com".to_owned()]))
    );
    let hidden = World::with(|params| {
        params
            .distinguished_name
            .push(DnType::CommonName, "evil.example.net");
    });
    assert!(matches!(
        hidden.judge(&[&hidden.lower]),
        Err(Refusal::NamesNotAsked(_))
    ));
    let company = World::with(|params| {
        params
            .distinguished_name
            .push(DnType::CommonName, "Payments, Inc.");
    });
    assert!(company.judge(&[&company.lower]).is_ok());
}

#[test]
fn a_certificate_of_the_near_future_waits_and_of_the_far_one_is_refused() {
    let at =
        |start: Millis| World::with(|inner| inner.not_before = params("", start, 0).not_before);
    let near = at(NOW + DAY / 24);
    let judged = near.judge(&[&near.lower]).unwrap();
    assert_eq!(judged.wait(NOW), Some(Duration::from_hours(1)));
    assert_eq!(judged.wait(NOW + DAY), None);
    let far = at(NOW + 3 * DAY);
    assert_eq!(
        far.judge(&[&far.lower]),
        Err(Refusal::NotYetValid(NOW + 3 * DAY))
    );
    let past = World::with(|inner| inner.not_after = params("", 0, NOW - 1000).not_after);
    assert_eq!(
        past.judge(&[&past.lower]),
        Err(Refusal::Expired(NOW - 1000))
    );
}

#[test]
fn a_chain_that_does_not_build_is_refused() {
    let world = World::new();
    let none = Refusal::NoIssuer("CN=Lower".to_owned());
    assert_eq!(world.judge(&[]), Err(none.clone()));
    assert_eq!(world.judge(&[&world.upper]), Err(none));
    // Same name and key identifier, another key.
    let mut forged = params("Lower", NOW - DAY, NOW + DAY);
    forged.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key_id = world.lower.params.key_identifier(&world.lower.key);
    forged.key_identifier_method = rcgen::KeyIdMethod::PreSpecified(key_id);
    let forged = signed(forged, None);
    let refused = world.judge(&[&forged]);
    assert_eq!(
        refused,
        Err(Refusal::NotSigned("CN=www.example.com".to_owned()))
    );
    let mut old = params("Lower", NOW - 9 * DAY, NOW - DAY);
    old.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let old = old
        .signed_by(
            &world.lower.key,
            &Issuer::from_params(&world.upper.params, &world.upper.key),
        )
        .unwrap();
    let chain = [old.der().to_vec()];
    let refused = judge(&world.wanted, &world.leaf.der, &chain, NOW);
    assert_eq!(refused, Err(Refusal::ChainNotValid("CN=Lower".to_owned())));
}

#[test]
fn neither_a_ca_certificate_nor_a_self_signed_one_is_a_leaf() {
    let world = World::with(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    assert_eq!(world.judge(&[&world.lower]), Err(Refusal::IsCa));
    let mut world = World::new();
    world.leaf = signed_for(world.leaf.params, world.leaf.key, None);
    let own = Refusal::NoIssuer("CN=www.example.com".to_owned());
    assert_eq!(world.judge(&[&world.lower]), Err(own));
}

#[test]
fn a_usage_that_was_not_granted_is_noted() {
    let world = World::with(|params| params.extended_key_usages = Vec::new());
    let judged = world.judge(&[&world.lower]).unwrap();
    assert_eq!(judged.notes, ["the CA did not grant the usage serverAuth"]);
}

#[test]
fn fact_18_a_certificate_under_a_ca_of_another_kind_is_noted() {
    let mut world = World::new();
    let asking = Asking::with("1", &NAMES, &rcgen::PKCS_RSA_SHA256);
    world.leaf = signed_for(world.leaf.params, asking.key, Some(&world.lower));
    world.wanted = asking.wanted;
    let judged = world.judge(&[&world.lower]).unwrap();
    assert!(
        judged.notes[0].contains("ACM may not take it"),
        "{:?}",
        judged.notes
    );
}

#[test]
fn bombs_and_rubbish_are_refused() {
    let world = World::new();
    let chain = |extra: Vec<Vec<u8>>| judge(&world.wanted, &world.leaf.der, &extra, NOW);
    let unreadable = |answer| matches!(answer, Err(Refusal::Unreadable(_)));
    assert!(unreadable(chain(vec![b"no certificate".to_vec()])));
    assert!(unreadable(chain(vec![vec![0x30; 100_000]])));
    let many = (0..20).map(|n| ca(&format!("CA {n}"), None).der).collect();
    assert!(unreadable(chain(many)));
}
