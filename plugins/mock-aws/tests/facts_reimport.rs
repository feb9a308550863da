//! The numbered facts about certificates once they are imported: renewal in place, tags, quotas, their end.
//! Above: nothing. Below: `common`, certificates by rcgen.
//! Invariant: one test a fact, named by its number; each refusal is of one rule, and the same without it passes.
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod common;

use common::brings::{Brings, EAST, ONE, again, authority, import, invalid, leaf, refused, tagged};
use common::ca::{DAY, Wanted};
use common::{START, exact, list_all, tag, walk, world};
use mock_aws::{Caller, Fault, World};
use rcgen::{ExtendedKeyUsagePurpose as Purpose, KeyUsagePurpose as Usage};
use sensor_sdk::types::{ErrorClass, Tag};

/// One account, whose www.example.com something uses.
const USED: &str = r#"
[[account]]
name = "one"
id = "111122223333"
[[association]]
domain = "www.example.com"
by = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/shop/0123456789abcdef"
"#;

#[test]
fn fact_20_a_reimport_keeps_arn_tags_and_associations() {
    let mut world = world(USED);
    let base = world.base();
    let ca = authority();
    let wanted = Wanted::new(START, &["www.example.com"]);
    let tags = [tag("owner", "pki")];
    let first = ca.issue(&wanted);
    let arn = tagged(&first, &tags).ask(&mut world, START).unwrap();
    let before = world
        .describe_certificate(START, &base, EAST, &arn)
        .unwrap();
    assert_eq!(before.in_use_by.len(), 1);
    let second = ca.issue(&wanted);
    assert_eq!(again(&mut world, START + 1000, &arn, &second).unwrap(), arn);
    let after = world
        .describe_certificate(START + 1000, &base, EAST, &arn)
        .unwrap();
    assert_ne!(before.serial, after.serial);
    assert_eq!(
        (before.in_use_by, before.created_at),
        (after.in_use_by, after.created_at)
    );
    assert_eq!(after.imported_at, Some(START + 1000));
    assert_eq!(
        world
            .list_tags_for_certificate(START, &base, EAST, &arn)
            .unwrap(),
        tags
    );
    assert_eq!(
        walk(&mut world, START + 1000, &base, EAST, 10)
            .unwrap()
            .len(),
        1
    );
}

/// Whether `second` may follow `first` under one ARN.
fn follows(first: &Wanted, second: &Wanted) -> Result<String, Fault> {
    let mut world = world(&format!("issuer_key_must_match = false\n{ONE}"));
    let ca = authority();
    let arn = import(&mut world, START, &ca.issue(first)).unwrap();
    again(&mut world, START, &arn, &ca.issue(second))
}

#[test]
fn fact_20_key_type_and_size_cannot_change() {
    let of = |key| Wanted {
        key,
        ..Wanted::new(START, &["www.example.com"])
    };
    invalid(
        follows(&of("EC_prime256v1"), &of("EC_secp384r1")),
        "key type and size",
    );
    invalid(
        follows(&of("EC_prime256v1"), &of("RSA_2048")),
        "key type and size",
    );
    invalid(
        follows(&of("RSA_2048"), &of("RSA_3072")),
        "key type and size",
    );
    assert!(follows(&of("RSA_2048"), &of("RSA_2048")).is_ok());
}

#[test]
fn fact_20_usages_stay_and_are_not_added_where_none_were() {
    let of = |key, usages: &[Usage], purposes: &[Purpose]| Wanted {
        key,
        key_usages: usages.to_vec(),
        purposes: purposes.to_vec(),
        ..Wanted::new(START, &["www.example.com"])
    };
    let (signs, enciphers) = (Usage::DigitalSignature, Usage::KeyEncipherment);
    let (server, client, mail) = (
        Purpose::ServerAuth,
        Purpose::ClientAuth,
        Purpose::EmailProtection,
    );
    let only = std::slice::from_ref(&server);
    let (ec, rsa) = ("EC_prime256v1", "RSA_2048");
    let both = of(rsa, &[signs, enciphers], only);
    invalid(
        follows(&both, &of(rsa, &[signs], only)),
        "missing one or more Key Usages",
    );
    let elliptic = of(ec, &[signs, enciphers], only);
    assert!(
        follows(&elliptic, &of(ec, &[signs], only)).is_ok(),
        "keyEncipherment on ECDSA"
    );
    let mails = of(ec, &[signs], &[server.clone(), mail.clone()]);
    let plain = of(ec, &[signs], only);
    invalid(
        follows(&mails, &plain),
        "missing one or more Extended Key Usages",
    );
    let clients = of(ec, &[signs], &[server.clone(), client]);
    assert!(follows(&clients, &plain).is_ok(), "clientAuth");
    assert!(
        follows(&plain, &clients).is_ok() && follows(&plain, &mails).is_ok(),
        "more is fine"
    );
    let no_usage = of(ec, &[], only);
    let no_purpose = of(ec, &[signs], &[]);
    invalid(follows(&no_usage, &plain), "no such extension");
    invalid(follows(&no_purpose, &plain), "no such extension");
    invalid(
        follows(&plain, &no_purpose),
        "missing one or more Extended Key Usages",
    );
    assert!(follows(&no_usage, &no_usage).is_ok());
}

#[test]
fn fact_20_not_all_domains_may_go_and_no_tags_may_come() {
    let of = |names: &[&str]| Wanted::new(START, names);
    assert!(
        follows(
            &of(&["a.example.com", "b.example.com"]),
            &of(&["b.example.com", "c.example.com"])
        )
        .is_ok()
    );
    invalid(
        follows(&of(&["a.example.com"]), &of(&["c.example.com"])),
        "all of the domain names",
    );
    let mut world = world(ONE);
    let leaf = leaf();
    let arn = import(&mut world, START, &leaf).unwrap();
    let tagged = Brings {
        arn: Some(arn),
        ..tagged(&leaf, &[tag("owner", "pki")])
    };
    let tagged = tagged.ask(&mut world, START);
    invalid(tagged, "Tagging is not permitted");
}

#[test]
fn fact_11_and_21_only_an_imported_one_at_its_own_place() {
    let mut world = world(
        "regions = [\"us-east-1\", \"eu-west-1\"]\n[[account]]\nname = \"one\"\ncertificate = [\n\
         { name = \"www.example.com\", type = \"AMAZON_ISSUED\", region = \"us-east-1\" },\n\
         { name = \"www.example.com\", key = \"EC_prime256v1\", region = \"us-east-1\" },\n\
         { name = \"www.example.com\", key = \"EC_prime256v1\", region = \"eu-west-1\" }]\n\
         [[account]]\nname = \"two\"\ncertificates = 1",
    );
    let ca = authority();
    let wanted = Wanted {
        purposes: vec![Purpose::ServerAuth, Purpose::ClientAuth],
        ..Wanted::new(START, &["www.example.com"])
    };
    let leaf = ca.issue(&wanted);
    let arns: Vec<String> = world.truth(START).map(|placed| placed.arn).collect();
    invalid(
        again(&mut world, START, &arns[0], &leaf),
        "was not imported",
    );
    assert_eq!(
        again(&mut world, START, &arns[1], &leaf).unwrap(),
        arns[1],
        "a take-over"
    );
    for elsewhere in [&arns[2], &arns[3]] {
        refused(
            again(&mut world, START, elsewhere, &leaf),
            "ResourceNotFoundException",
            "Could not find",
        );
    }
    refused(
        again(&mut world, START, "nonsense", &leaf),
        "InvalidArnException",
        "nonsense",
    );
    let body = world
        .get_certificate(START, &world.base(), EAST, &arns[1])
        .unwrap();
    assert_eq!(body.certificate, leaf.pem());
}

#[test]
fn fact_22_tags() {
    let mut world = world(ONE);
    let base = world.base();
    let leaf = leaf();
    let arn = import(&mut world, START, &leaf).unwrap();
    let mut add = |tags: &[Tag]| {
        let done = world.add_tags_to_certificate(START, &base, EAST, &arn, tags);
        done.map(|()| String::new())
    };
    add(&[
        tag("größe ü", "a_.:/=+-@ z"),
        tag(&"k".repeat(128), &"v".repeat(256)),
    ])
    .unwrap();
    for bad in [
        tag("", "v"),
        tag(&"k".repeat(129), "v"),
        tag("k", &"v".repeat(257)),
        tag("a;b", "v"),
        tag("a", "b\n"),
    ] {
        refused(add(&[bad]), "InvalidTagException", "tag");
    }
    refused(add(&[tag("aws:x", "v")]), "InvalidTagException", "reserved");
    refused(
        add(&[tag("k", "1"), tag("k", "2")]),
        "InvalidTagException",
        "twice",
    );
    let many: Vec<Tag> = (0..48).map(|n| tag(&format!("k{n}"), "v")).collect();
    add(&many).unwrap();
    add(&[tag("k1", "other")]).unwrap();
    refused(add(&[tag("one-more", "v")]), "TooManyTagsException", "50");
    let named = [
        ("k1".to_owned(), Some("v".to_owned())),
        ("k2".to_owned(), None),
    ];
    world
        .remove_tags_from_certificate(START, &base, EAST, &arn, &named)
        .unwrap();
    let left = world
        .list_tags_for_certificate(START, &base, EAST, &arn)
        .unwrap();
    assert_eq!(left.len(), 49);
    assert!(left.contains(&tag("k1", "other")) && !left.iter().any(|tag| tag.key == "k2"));
    let tags: Vec<Tag> = (0..51).map(|n| tag(&format!("k{n}"), "v")).collect();
    let many = tagged(&leaf, &tags).ask(&mut world, START);
    refused(many, "TooManyTagsException", "50");
}

#[test]
fn a_first_import_with_tags_needs_the_right_to_tag() {
    let mut world = world(&format!(
        "{ONE}[caller]\nallows = [\"acm:ImportCertificate\"]"
    ));
    let (leaf, tags) = (leaf(), [tag("owner", "pki")]);
    let denied = tagged(&leaf, &tags).ask(&mut world, START);
    refused(denied, "AccessDeniedException", "acm:AddTagsToCertificate");
    assert!(import(&mut world, START, &leaf).is_ok());
}

#[test]
fn fact_23_quotas() {
    let text = "quotas = { imported = 3, imports_per_year = 4 }\n[[account]]\nname = \"one\"\ncertificate = [{ days_left = -9.0 }]";
    let mut world = world(text);
    let base = world.base();
    let leaf = leaf();
    let arn = import(&mut world, START, &leaf).unwrap();
    import(&mut world, START, &leaf).unwrap();
    // The expired one counts.
    let full = import(&mut world, START, &leaf);
    assert_eq!(full.as_ref().unwrap_err().class, ErrorClass::LimitExceeded);
    refused(
        full,
        "LimitExceededException",
        "maximum number of certificates",
    );
    world.delete_certificate(START, &base, EAST, &arn).unwrap();
    let arn = import(&mut world, START + 1000, &leaf).unwrap();
    // Four within the year, the deleted one and the re-import too.
    again(&mut world, START + 2000, &arn, &leaf).unwrap();
    refused(
        again(&mut world, START + 3000, &arn, &leaf),
        "LimitExceededException",
        "limit of 4 certificates",
    );
    let year = 365 * DAY;
    let fresh = authority().issue(&Wanted::new(START + year, &["www.example.com"]));
    refused(
        again(&mut world, START + year - 1, &arn, &fresh),
        "LimitExceededException",
        "in the last year",
    );
    assert!(
        again(&mut world, START + year, &arn, &fresh).is_ok(),
        "the days roll"
    );
}

#[test]
fn fact_23_quotas_of_one_account_and_uncounted_reimports() {
    let mut world = world(
        "[[account]]\nname = \"new\"\nquotas = { imports_per_year = 1, reimports_count = false }\n",
    );
    let leaf = leaf();
    let arn = import(&mut world, START, &leaf).unwrap();
    refused(
        import(&mut world, START, &leaf),
        "LimitExceededException",
        "limit of 1 certificates",
    );
    assert!((0..5).all(|_| again(&mut world, START, &arn, &leaf).is_ok()));
}

#[test]
fn fact_08_one_import_a_second() {
    let mut world = exact(&format!("name = \"x\"\nclock = \"virtual\"\n{ONE}"));
    let leaf = leaf();
    assert!(import(&mut world, START, &leaf).is_ok());
    refused(
        import(&mut world, START + 500, &leaf),
        "ThrottlingException",
        "Rate exceeded",
    );
    assert!(import(&mut world, START + 1500, &leaf).is_ok());
}

#[test]
fn fact_25_imports_show_late_where_the_scenario_says_so() {
    let mut world = world(&format!(
        "visible_after_ms = 5000\nread_after_ms = 2000\ndeleted_after_ms = 3000\n{ONE}"
    ));
    let base = world.base();
    let ca = authority();
    let wanted = Wanted::new(START, &["www.example.com"]);
    let (first, second) = (ca.issue(&wanted), ca.issue(&wanted));
    let arn = import(&mut world, START, &first).unwrap();
    let listed = |world: &mut World, at: i64, base: &Caller| {
        let page = world
            .list_certificates(START + at, base, EAST, &list_all(10, None))
            .unwrap();
        page.certificates.len()
    };
    let body = |world: &mut World, at: i64, base: &Caller| {
        let got = world.get_certificate(START + at, base, EAST, &arn);
        got.map(|body| body.certificate).map_err(|fault| fault.code)
    };
    assert_eq!(
        body(&mut world, 1999, &base).unwrap_err(),
        "ResourceNotFoundException"
    );
    assert_eq!(body(&mut world, 2000, &base).unwrap(), first.pem());
    assert_eq!(
        (
            listed(&mut world, 6999, &base),
            listed(&mut world, 7000, &base)
        ),
        (0, 1)
    );
    // A writer finds it at once; readers see the old body for a while.
    again(&mut world, START + 8000, &arn, &second).unwrap();
    assert_eq!(body(&mut world, 9999, &base).unwrap(), first.pem());
    assert_eq!(body(&mut world, 10_000, &base).unwrap(), second.pem());
    world
        .delete_certificate(START + 20_000, &base, EAST, &arn)
        .unwrap();
    assert!(
        world
            .delete_certificate(START + 20_001, &base, EAST, &arn)
            .is_err()
    );
    assert_eq!(
        (
            listed(&mut world, 22_999, &base),
            listed(&mut world, 23_000, &base)
        ),
        (1, 0)
    );
    assert!(body(&mut world, 23_000, &base).is_err());
}

#[test]
fn fact_26_nothing_in_use_is_deleted_nor_what_was_until_lately() {
    let mut world = world(&USED.replace("[[association]]", "[[association]]\nuntil_ms = 60000"));
    let base = world.base();
    let arn = import(&mut world, START, &leaf()).unwrap();
    let mut delete = |at: i64| world.delete_certificate(START + at, &base, EAST, &arn);
    let half_hour = 30 * 60_000;
    for at in [0, 59_999, 60_000, 60_000 + half_hour - 1] {
        let fault = delete(at).unwrap_err();
        assert_eq!(
            (fault.code.as_str(), fault.class),
            ("ResourceInUseException", ErrorClass::Conflict)
        );
        assert!(
            fault
                .message
                .ends_with("in account 111122223333 is in use."),
            "{fault}"
        );
    }
    delete(60_000 + half_hour).unwrap();
    assert_eq!(
        delete(60_001 + half_hour).unwrap_err().code,
        "ResourceNotFoundException"
    );
}

#[test]
fn fact_26_certificates_by_acme_stay() {
    let mut world = world("[[account]]\nname = \"one\"\ncertificate = [{ origin = \"ACME\" }]");
    let base = world.base();
    let arn = world.truth(START).next().unwrap().arn;
    assert!(world.delete_certificate(START, &base, EAST, &arn).is_err());
}

#[test]
fn fact_27_tags_mark_what_is_owned_and_may_be_ignored_by_a_fault() {
    let text = format!(
        "{ONE}[[fault]]\nkind = \"ignore-tags\"\noperation = \"ImportCertificate\"\ncount = 1"
    );
    let mut world = world(&text);
    let base = world.base();
    let (leaf, tags) = (leaf(), [tag("sensor-delivery", "7")]);
    let mut bears = || {
        let arn = tagged(&leaf, &tags).ask(&mut world, START).unwrap();
        world
            .list_tags_for_certificate(START, &base, EAST, &arn)
            .unwrap()
    };
    assert_eq!((bears(), bears()), (Vec::new(), tags.to_vec()));
}

#[test]
fn fact_24_every_documented_refusal_can_be_had() {
    let codes = [
        ("InvalidParameterException", ErrorClass::Unsupported),
        ("TagPolicyException", ErrorClass::Config),
        ("ConflictException", ErrorClass::Conflict),
        ("LimitExceededException", ErrorClass::LimitExceeded),
        ("ResourceNotFoundException", ErrorClass::NotFound),
        ("ThrottlingException", ErrorClass::Throttled),
        ("AccessDeniedException", ErrorClass::AccessDenied),
    ];
    for (code, class) in codes {
        let fault = format!(
            "[[fault]]\nkind = \"error\"\noperation = \"ImportCertificate\"\nstatus = 400\ncode = \"{code}\""
        );
        let fault = import(&mut world(&format!("{ONE}{fault}")), START, &leaf()).unwrap_err();
        assert_eq!((fault.code.as_str(), fault.class), (code, class));
    }
}
