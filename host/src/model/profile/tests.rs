//! What a profile allows and refuses.
//! Above: nothing. Below: `profile`.
//! Invariant: every refusal has a request that is refused for nothing else.

use super::*;

fn profile() -> Profile {
    Profile {
        name: "web".parse().unwrap(),
        issuer: "lets-encrypt".parse().unwrap(),
        key_type: KeyType::P256,
        validity: Some("90d".parse().unwrap()),
        acme_profile: None,
        names: NameRules {
            suffixes: vec![
                "example.com".parse().unwrap(),
                ".corp.example".parse().unwrap(),
            ],
            wildcard: true,
            max: 3,
            networks: vec!["10.0.0.0/8".parse().unwrap()],
        },
        subject: SubjectRule {
            common_name: CommonName::FirstName,
            parts: [(SubjectPart::Organization, "Example".to_owned())].into(),
        },
        key_usages: Profile::usual_key_usages(KeyType::P256),
        extended_key_usages: vec![ExtendedKeyUsage::ServerAuth],
        renewal: RenewalRule::default(),
        custody: Custody::Auto,
        deliver_to: DeliverTo {
            connectors: vec!["aws-prod".parse().unwrap(), "lab-*".parse().unwrap()],
            accounts: vec![Pattern::any()],
            regions: vec!["eu-central-1".parse().unwrap(), "us-*".parse().unwrap()],
        },
        business_units: vec!["platform".to_owned(), "payments".to_owned()],
        approval: false,
    }
}

fn names(texts: &[&str]) -> Vec<SanName> {
    SanName::parse_all(texts).unwrap()
}

const GOOD: Place<'_> = Place {
    connector: "aws-prod",
    account: "111122223333",
    region: "eu-central-1",
};

/// A wish that nothing is wrong with but its names.
fn judged(profile: &Profile, texts: &[&str]) -> Vec<String> {
    let names = names(texts);
    told(
        profile,
        Wish {
            names: &names,
            business_unit: Some("platform"),
            places: &[GOOD],
            ..Wish::default()
        },
    )
}

fn told(profile: &Profile, wish: Wish<'_>) -> Vec<String> {
    let problems = profile.judge(&wish);
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn what_fits_is_not_refused() {
    for texts in [
        &["example.com"][..],
        &["www.example.com", "*.example.com", "10.1.2.3"],
        &["a.corp.example"],
        &[
            "www.example.com",
            "WWW.example.com",
            "www.example.com.",
            "www.example.com",
        ],
    ] {
        assert_eq!(judged(&profile(), texts), [""; 0], "{texts:?}");
    }
}

#[test]
fn names_outside_of_it_are_each_told_with_the_nearest() {
    let told = judged(
        &profile(),
        &[
            "www.exmaple.com",
            "corp.example",
            "192.0.2.7",
            "a.example.com",
        ],
    );
    let expected = [
        "names: 4 names, where the profile `web` allows 3",
        "names[0]: `www.exmaple.com` ends in none of example.com, .corp.example (did you mean `www.example.com`?)",
        "names[1]: `corp.example` ends in none of example.com, .corp.example",
        "names[2]: `192.0.2.7` lies in none of 10.0.0.0/8",
    ];
    assert_eq!(told, expected);
    assert_eq!(
        judged(&profile(), &[]),
        ["names: at least one name is needed"]
    );
}

#[test]
fn wildcards_and_addresses_need_leave() {
    let mut strict = profile();
    strict.names.wildcard = false;
    strict.names.networks.clear();
    let expected = [
        "names[0]: `*.example.com` is a wildcard, which the profile `web` does not allow",
        "names[1]: `10.0.0.1` is an IP address; the profile `web` allows none",
    ];
    assert_eq!(judged(&strict, &["*.example.com", "10.0.0.1"]), expected);
    let mut addresses = profile();
    addresses.names.suffixes.clear();
    assert_eq!(
        judged(&addresses, &["www.example.com"]),
        ["names[0]: `www.example.com` is a DNS name; the profile `web` allows addresses alone"]
    );
}

#[test]
fn a_business_unit_that_may_not_use_it_is_refused() {
    let names = names(&["example.com"]);
    let with = |business_unit| {
        told(
            &profile(),
            Wish {
                names: &names,
                business_unit,
                ..Wish::default()
            },
        )
    };
    assert_eq!(
        with(Some("platfrom")),
        ["business_unit: `platfrom` may not use the profile `web` (did you mean `platform`?)"]
    );
    assert_eq!(
        with(Some("sales")),
        [
            "business_unit: `sales` may not use the profile `web` (it may be used by platform, payments)"
        ]
    );
    assert_eq!(
        with(None),
        ["business_unit: the profile `web` needs one (it may be used by platform, payments)"]
    );
    assert_eq!(with(Some("payments")), [""; 0]);
    let mut open = profile();
    open.business_units.clear();
    let wish = Wish {
        names: &names,
        ..Wish::default()
    };
    assert_eq!(told(&open, wish), [""; 0]);
}

#[test]
fn a_place_outside_of_it_is_refused_part_by_part() {
    let names = names(&["example.com"]);
    let places = [
        GOOD,
        Place {
            connector: "aws-prd",
            account: "111122223333",
            region: "eu-centrl-1",
        },
        Place {
            connector: "lab-7",
            account: "111122223333",
            region: "us-east-1",
        },
    ];
    let wish = Wish {
        names: &names,
        business_unit: Some("platform"),
        places: &places,
        ..Wish::default()
    };
    let expected = [
        "targets[1].connector: `aws-prd`: the profile `web` delivers to aws-prod, lab-* (did you mean `aws-prod`?)",
        "targets[1].region: `eu-centrl-1`: the profile `web` delivers to eu-central-1, us-* (did you mean `eu-central-1`?)",
    ];
    assert_eq!(told(&profile(), wish), expected);
}

#[test]
fn a_key_or_a_csr_that_is_brought_must_be_what_the_profile_makes() {
    let names = names(&["example.com"]);
    let subject = [
        ("CN", "other.example.com"),
        ("O", "Example"),
        ("O", "Exmaple"),
        ("OU", "Sales"),
        ("1.2.3.4", "\u{1b}[31mx"),
    ]
    .map(|(part, value)| (part.to_owned(), value.to_owned()));
    let wish = Wish {
        names: &names,
        key_type: Some(KeyType::Rsa2048),
        subject: Some(&subject),
        business_unit: Some("platform"),
        ..Wish::default()
    };
    let expected = [
        "key: the key is rsa-2048, where the profile `web` wants p-256",
        "csr.subject.CN: the common name `other.example.com` is not one of the names asked for",
        "csr.subject.O: it is `Exmaple`, where the profile `web` wants `Example`",
        "csr.subject.OU: the profile `web` allows no such part",
        "csr.subject.1.2.3.4: the profile `web` allows no such part",
    ];
    assert_eq!(told(&profile(), wish), expected);
    let subject = [("CN".to_owned(), "EXAMPLE.com".to_owned())];
    let wish = Wish {
        key_type: Some(KeyType::P256),
        subject: Some(&subject),
        ..wish
    };
    assert_eq!(told(&profile(), wish), [""; 0]);
}

#[test]
fn the_public_schedule_only_advises() {
    let at = |date: &str| {
        date.parse::<crate::model::period::Since>()
            .unwrap()
            .moment(0)
    };
    let advice = |validity: &str, date| {
        let mut profile = profile();
        profile.validity = Some(validity.parse().unwrap());
        profile.advice(at(date))
    };
    assert_eq!(advice("47d", "2026-11-25"), [""; 0]);
    assert_eq!(advice("200d", "2026-03-14"), [""; 0]);
    assert_eq!(
        advice("200d", "2026-03-15"),
        ["a validity of 200d is more than a public CA may give from 2027-03-15 on: 100 days"]
    );
    assert_eq!(
        advice("200d 1h", "2026-11-25"),
        [
            "a validity of 200d 1h is more than the 200 days that a public CA may give; a private one may"
        ]
    );
    assert!(advice("48d", "2029-03-15")[0].contains("the 47 days"));
    let mut open = profile();
    open.validity = None;
    assert_eq!(open.advice(at("2026-11-25")), [""; 0]);
}

#[test]
fn a_name_beside_its_wildcard_is_told() {
    let all = names(&["*.example.com", "www.example.com", "example.com"]);
    let advice = Profile::advice_on_names(&all);
    assert_eq!(advice.len(), 1);
    assert!(
        advice[0].starts_with("`www.example.com` is covered"),
        "{advice:?}"
    );
}

#[test]
fn the_subject_takes_the_first_name_that_fits() {
    let long = format!("{}.{}.example.com", "a".repeat(40), "b".repeat(40));
    let all = names(&[&long, "www.example.com"]);
    let subject = profile().subject_for(&all);
    assert_eq!(subject.common_name.as_deref(), Some("www.example.com"));
    assert_eq!(subject.parts[&SubjectPart::Organization], "Example");
    assert_eq!(profile().subject_for(&names(&[&long])).common_name, None);
    let mut bare = profile();
    bare.subject.common_name = CommonName::None;
    assert_eq!(bare.subject_for(&all).common_name, None);
}

#[test]
fn the_stored_form_reads_back() {
    let text = serde_json::to_string(&profile()).unwrap();
    assert_eq!(serde_json::from_str::<Profile>(&text).unwrap(), profile());
}
