//! Filters, orders and pages against a plain scan of everything, on random data.
//! Above: nothing. Below: `sensor::store`.
//! Invariant: the oracle below shares no code with the store.

#![allow(clippy::unwrap_used, clippy::too_many_lines, reason = "tests")]
#![allow(
    clippy::semicolon_if_nothing_returned,
    reason = "assignments in the arms of a match"
)]

mod inventory_support;

use inventory_support::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sensor::model::asset::{Asset, Body, Found, PageEntry, Source, Status};
use sensor::model::filter::{Filter, Query, Sort};
use sensor::model::id::Sha256;
use sensor::model::split::Coverage;
use sensor::store::{ImportLabels, PageCommit, RunStart, StoreError};

const STATUSES: [Status; 4] = [
    Status::Issued,
    Status::Pending,
    Status::Expired,
    Status::Revoked,
];
const SOURCES: [Source; 3] = [Source::Imported, Source::CloudIssued, Source::PrivateCa];
const ACCOUNTS: [&str; 4] = [
    "111122223333",
    "444455556666",
    "777788889999",
    "121212121212",
];
const REGIONS: [Option<&str>; 3] = [Some("eu-central-1"), Some("us-east-1"), None];
const DOMAINS: [&str; 5] = [
    "example.com",
    "shop.example.com",
    "example.org",
    "badexample.com",
    "xn--mller-kva.example.org",
];
const KEYS: [&str; 3] = ["RSA-2048", "EC-P256", "Ed25519"];
const ISSUERS: [&str; 3] = [
    "CN=Example CA,O=Example",
    "CN=Other Root,O=Other",
    "CN=EXAMPLE staging",
];

fn pick<T: Copy>(random: &mut StdRng, all: &[T]) -> T {
    all[random.random_range(0..all.len())]
}

fn random_found(
    random: &mut StdRng,
    split: &sensor::model::split::Split,
    number: u32,
) -> PageEntry {
    let mut place = place(split, number);
    place.status = pick(random, &STATUSES);
    place.source = pick(random, &SOURCES);
    place.in_use = pick(random, &[None, Some(true), Some(false)]);
    place.tags = (0..random.random_range(0..3))
        .map(|n| (format!("k{n}"), format!("v{}", random.random_range(0..3))))
        .collect();
    let host = |random: &mut StdRng| {
        format!(
            "{}{}.{}",
            pick(random, &["www", "api", "Mail"]),
            random.random_range(0..30),
            pick(random, &DOMAINS)
        )
    };
    place.display_name = Some(host(random));
    let body = (!random.random_ratio(1, 10)).then(|| {
        // Few numbers, so that certificates lie in several places.
        let (mut certificate, mut der) = certificate(random.random_range(0..200));
        der.extend(random.random::<[u8; 1]>());
        let mut facts = StdRng::from_seed(Sha256::of(&der).0);
        certificate.fingerprint = Sha256::of(&der);
        certificate.serial = hex::encode(&certificate.fingerprint.0[..8])
            .trim_start_matches('0')
            .into();
        certificate.not_after = START + facts.random_range(-200..200) * DAY;
        certificate.key_algorithm = pick(&mut facts, &KEYS).into();
        certificate.issuer = pick(&mut facts, &ISSUERS).into();
        certificate.dns_names = (0..facts.random_range(0..4))
            .map(|_| host(&mut facts).to_lowercase())
            .collect();
        certificate.common_name =
            pick(&mut facts, &[None, Some("cn.example.net")]).map(str::to_owned);
        Body {
            certificate,
            der,
            chain: Vec::new(),
        }
    });
    PageEntry::Found(Box::new(Found { place, body }))
}

/// Two connectors, one of them mock, some places missing, retired and stale.
fn filled(dir: &std::path::Path, seed: u64) -> (House, StdRng) {
    let mut random = StdRng::seed_from_u64(seed);
    let house = House::open(dir);
    let mock = connector("mock");
    for (round, name) in [
        &house.connector,
        &mock,
        &house.connector,
        &house.connector,
        &house.connector,
    ]
    .into_iter()
    .enumerate()
    {
        house.clock.pass(DAY);
        let start = RunStart {
            connector: name,
            plugin: "p 1".into(),
            mock: *name == mock,
        };
        let run = house.inventory.begin_run(&start).unwrap();
        for (at, account) in ACCOUNTS.iter().enumerate() {
            for (which, region) in REGIONS.iter().enumerate() {
                let mut split = split(account, region.unwrap_or("global"));
                split.region = region.map(str::to_owned);
                let base = u32::try_from(at * 3 + which).unwrap() * 1000;
                let denied = round == 4 && random.random_ratio(1, 4);
                let wanted = (0..30).filter(|n| round < 2 || n % 10 != 7);
                let entries: Vec<_> = wanted
                    .map(|n| random_found(&mut random, &split, base + n))
                    .collect();
                let labels = pick(&mut random, &[None, Some("payments"), Some("shop")]);
                let labels = ImportLabels {
                    business_unit: labels.map(str::to_owned),
                    tags: labels
                        .map(|unit| ("k9".to_owned(), unit.to_owned()))
                        .into_iter()
                        .collect(),
                };
                let page = PageCommit {
                    connector: name,
                    run: run.id,
                    split: &split,
                    at: None,
                    entries,
                    problems: Vec::new(),
                    next: denied.then(|| cursor(1).unwrap()),
                    plugin: plugin(),
                    labels: &labels,
                };
                house.inventory.commit_page(page).unwrap();
                let coverage = if denied {
                    Coverage::Denied
                } else {
                    Coverage::Complete
                };
                let end = sensor::store::SplitEnd {
                    coverage,
                    error: None,
                    problems: Vec::new(),
                    started_at: 0,
                    accept_vanished: true,
                };
                house
                    .inventory
                    .finish_split(name, run.id, &split, end)
                    .unwrap();
            }
        }
    }
    (house, random)
}

fn names(asset: &Asset) -> Vec<String> {
    match &asset.certificate {
        Some(certificate) => certificate
            .dns_names
            .iter()
            .chain(&certificate.common_name)
            .map(|n| n.to_lowercase())
            .collect(),
        None => asset
            .location
            .place
            .display_name
            .iter()
            .map(|n| n.to_lowercase())
            .collect(),
    }
}

fn sort_name(asset: &Asset) -> String {
    match &asset.certificate {
        Some(certificate) => certificate
            .dns_names
            .first()
            .or(certificate.common_name.as_ref())
            .unwrap_or(&certificate.subject)
            .to_lowercase(),
        None => asset
            .location
            .place
            .display_name
            .clone()
            .unwrap_or_default()
            .to_lowercase(),
    }
}

fn passes(asset: &Asset, filter: &Filter) -> bool {
    let (location, place) = (&asset.location, &asset.location.place);
    let certificate = asset.certificate.as_ref();
    let tags = || place.tags.iter().chain(&location.import_tags);
    (filter.retired || location.retired_at.is_none())
        && filter
            .expires_before
            .is_none_or(|at| certificate.is_some_and(|c| c.not_after <= at))
        && filter
            .expires_after
            .is_none_or(|at| certificate.is_some_and(|c| c.not_after >= at))
        && filter.name.as_ref().is_none_or(|wanted| {
            names(asset)
                .iter()
                .any(|name| name == wanted || name.ends_with(&format!(".{wanted}")))
        })
        && filter
            .account
            .as_ref()
            .is_none_or(|account| *account == location.account)
        && filter
            .region
            .as_ref()
            .is_none_or(|region| Some(region) == location.region.as_ref())
        && filter
            .connector
            .as_ref()
            .is_none_or(|connector| *connector == location.connector)
        && filter.status.is_none_or(|status| status == place.status)
        && filter.source.is_none_or(|source| source == place.source)
        && filter.in_use.is_none_or(|used| place.in_use == Some(used))
        && filter.key_algorithm.as_ref().is_none_or(|key| {
            certificate.is_some_and(|c| c.key_algorithm.to_lowercase() == key.to_lowercase())
        })
        && filter.issuer.as_ref().is_none_or(|part| {
            certificate.is_some_and(|c| c.issuer.to_lowercase().contains(&part.to_lowercase()))
        })
        && filter.tag.as_ref().is_none_or(|(key, value)| {
            tags().any(|(k, v)| k == key && value.as_ref().is_none_or(|value| value == v))
        })
        && filter
            .business_unit
            .as_ref()
            .is_none_or(|unit| Some(unit) == location.business_unit.as_ref())
        && filter.stale.is_none_or(|stale| stale == location.stale)
        && filter
            .missing
            .is_none_or(|missing| missing == location.missing_since.is_some())
        && filter.mock.is_none_or(|mock| mock == location.mock)
}

fn random_filter(random: &mut StdRng) -> Filter {
    let mut filter = Filter {
        retired: random.random_ratio(1, 3),
        ..Filter::default()
    };
    for _ in 0..random.random_range(0..4) {
        match random.random_range(0..16) {
            0 => filter.expires_before = Some(START + random.random_range(-200..200) * DAY),
            1 => filter.expires_after = Some(START + random.random_range(-200..200) * DAY),
            2 | 3 => {
                filter.name = Some(
                    pick(
                        random,
                        &[
                            "example.com",
                            "example.org",
                            "com",
                            "www3.example.com",
                            "net",
                            "none",
                            "mail1.shop.example.com",
                        ],
                    )
                    .into(),
                )
            }
            4 => filter.account = Some(pick(random, &ACCOUNTS).into()),
            5 => {
                filter.region = Some(pick(random, &["eu-central-1", "us-east-1", "nowhere"]).into())
            }
            6 => filter.connector = Some(connector(pick(random, &["aws-test", "mock", "none"]))),
            7 => filter.status = Some(pick(random, &STATUSES)),
            8 => filter.source = Some(pick(random, &SOURCES)),
            9 => filter.in_use = Some(random.random()),
            10 => {
                filter.key_algorithm = Some(pick(random, &["rsa-2048", "EC-P256", "none"]).into())
            }
            11 => filter.issuer = Some(pick(random, &["example", "O=Other", "none"]).into()),
            12 => {
                filter.tag = Some((
                    pick(random, &["k0", "k1", "k9", "none"]).into(),
                    pick(random, &[None, Some("v1"), Some("shop")]).map(str::to_owned),
                ))
            }
            13 => filter.business_unit = Some(pick(random, &["payments", "shop", "none"]).into()),
            14 => filter.stale = Some(random.random()),
            _ if random.random() => filter.missing = Some(random.random()),
            _ => filter.mock = Some(random.random()),
        }
    }
    filter
}

#[test]
fn every_list_is_what_a_plain_scan_finds() {
    let dir = tempfile::tempdir().unwrap();
    let (house, mut random) = filled(dir.path(), 11);
    let everything = Filter {
        retired: true,
        ..Filter::default()
    };
    let all: Vec<Asset> = house
        .inventory
        .export(&everything)
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(all.len(), 4 * 3 * 30 * 2);
    let has = |what: fn(&Asset) -> bool| all.iter().filter(|asset| what(asset)).count();
    // The data have some of everything.
    assert!(has(|a| a.location.retired_at.is_some()) > 10);
    assert!(has(|a| a.location.stale) > 10 && has(|a| a.certificate.is_none()) > 10);
    for round in 0..250 {
        let filter = random_filter(&mut random);
        let sort = pick(
            &mut random,
            &[Sort::Expiry, Sort::Name, Sort::Account, Sort::FirstSeen],
        );
        let descending = random.random();
        let expected: Vec<&Asset> = all.iter().filter(|asset| passes(asset, &filter)).collect();
        let limit = pick(&mut random, &[1, 7, 50, 5000]);
        if limit == 1 && expected.len() > 20 {
            continue;
        }
        let (mut got, mut after, mut pages) = (Vec::new(), None, 0);
        loop {
            let query = Query {
                filter: filter.clone(),
                sort,
                descending,
                limit,
                after,
            };
            let page = house.inventory.list(&query).unwrap();
            assert_eq!(
                page.total,
                expected.len() as u64,
                "round {round}: {filter:?}"
            );
            assert!(page.assets.len() <= limit);
            got.extend(page.assets);
            after = page.next;
            pages += 1;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(
            pages,
            expected.len().div_ceil(limit).max(1),
            "round {round}"
        );
        let key = |asset: &Asset| match sort {
            Sort::Expiry => (
                asset.certificate.as_ref().map_or(i64::MAX, |c| c.not_after),
                String::new(),
            ),
            Sort::FirstSeen => (asset.location.first_seen, String::new()),
            Sort::Name => (0, sort_name(asset)),
            Sort::Account => (0, asset.location.account.clone()),
        };
        let keys: Vec<_> = got.iter().map(key).collect();
        let in_order = |pair: &[(i64, String)]| {
            if descending {
                pair[0] >= pair[1]
            } else {
                pair[0] <= pair[1]
            }
        };
        assert!(
            keys.windows(2).all(in_order),
            "round {round}: {sort:?} {descending}"
        );
        let id = |asset: &Asset| {
            (
                asset.location.connector.clone(),
                asset.location.place.id.clone(),
            )
        };
        let (mut left, mut right): (Vec<_>, Vec<_>) = (got.iter().collect(), expected);
        left.sort_by_key(|asset| id(asset));
        right.sort_by_key(|asset| id(asset));
        assert_eq!(left, right, "round {round}: {filter:?}");
    }
}

#[test]
fn a_summary_is_what_a_plain_scan_counts() {
    let dir = tempfile::tempdir().unwrap();
    let (house, mut random) = filled(dir.path(), 12);
    let now = sensor::model::time::Clock::now(&*house.clock);
    for _ in 0..100 {
        let filter = random_filter(&mut random);
        let assets: Vec<Asset> = house
            .inventory
            .export(&filter)
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let sum = house.inventory.summary(&filter).unwrap();
        if filter.name.is_some() || filter.tag.is_some() {
            assert!(sum.locations >= assets.len() as u64);
        }
        let count = |what: &dyn Fn(&Asset) -> bool| {
            assets.iter().filter(|asset| what(asset)).count() as u64
        };
        assert_eq!(sum.locations, assets.len() as u64);
        let distinct: std::collections::HashSet<_> = assets
            .iter()
            .filter_map(|a| a.location.fingerprint)
            .collect();
        assert_eq!(sum.certificates, distinct.len() as u64);
        assert_eq!(
            sum.in_use,
            count(&|a| a.location.place.in_use == Some(true))
        );
        assert_eq!(sum.stale, count(&|a| a.location.stale));
        assert_eq!(sum.mock, count(&|a| a.location.mock));
        assert_eq!(sum.retired, count(&|a| a.location.retired_at.is_some()));
        assert_eq!(sum.without_body, count(&|a| a.certificate.is_none()));
        let left = |a: &Asset| a.certificate.as_ref().map(|c| c.not_after - now);
        assert_eq!(
            sum.expired,
            count(&|a| left(a).is_some_and(|left| left < 0))
        );
        for (days, number) in &sum.expiring {
            let within = 0..=i64::from(*days) * DAY;
            assert_eq!(
                *number,
                count(&|a| left(a).is_some_and(|left| within.contains(&left))),
                "{days}"
            );
        }
        for (account, number) in &sum.by_account {
            assert_eq!(*number, count(&|a| a.location.account == *account));
        }
        for (key, number) in &sum.by_key_algorithm {
            assert_eq!(
                *number,
                count(&|a| a
                    .certificate
                    .as_ref()
                    .is_some_and(|c| c.key_algorithm == *key))
            );
        }
        let by_status = |name: &str| {
            sum.by_status
                .iter()
                .find(|(n, _)| n == name)
                .map_or(0, |(_, n)| *n)
        };
        assert_eq!(
            by_status("revoked"),
            count(&|a| a.location.place.status == Status::Revoked)
        );
        assert_eq!(
            sum.by_region.iter().map(|(_, n)| n).sum::<u64>(),
            sum.locations
        );
    }
}

#[test]
fn a_position_of_another_list_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (house, _) = filled(dir.path(), 13);
    let query = |sort, after: Option<&str>| Query {
        filter: Filter::default(),
        sort,
        descending: false,
        limit: 5,
        after: after.map(str::to_owned),
    };
    let next = house
        .inventory
        .list(&query(Sort::Name, None))
        .unwrap()
        .next
        .unwrap();
    assert!(
        house
            .inventory
            .list(&query(Sort::Name, Some(&next)))
            .is_ok()
    );
    for (sort, text) in [
        (Sort::Expiry, next.as_str()),
        (Sort::Name, "n"),
        (Sort::Name, "n.0.x."),
        (Sort::Name, "n.0.1.zz"),
        (Sort::Name, ""),
    ] {
        let refused = house.inventory.list(&query(sort, Some(text)));
        assert!(matches!(refused, Err(StoreError::BadPosition(_))), "{text}");
    }
}

#[test]
fn a_beginning_that_fits_several_certificates_names_them() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (
        House::open(dir.path()),
        split("111122223333", "eu-central-1"),
    );
    let with = |print: [u8; 2], serial: &str, number| {
        let (mut certificate, der) = certificate(number);
        certificate.fingerprint.0[..5].copy_from_slice(&[0xab, 0xcd, 0xef, print[0], print[1]]);
        certificate.serial = serial.into();
        let body = Body {
            certificate,
            der,
            chain: Vec::new(),
        };
        PageEntry::Found(Box::new(Found {
            place: place(&split, number),
            body: Some(body),
        }))
    };
    house.scan(
        &split,
        vec![
            with([1, 2], "77", 1),
            with([1, 3], "77", 2),
            with([2, 0], "78", 3),
        ],
    );
    for (text, hits) in [
        ("abcdef", 3),
        ("ABCDEF01", 2),
        ("ab:cd:ef:01", 2),
        ("abcdef0", 3),
        ("77", 2),
        ("0077", 2),
    ] {
        match house.inventory.show(text) {
            Err(StoreError::Ambiguous { candidates, .. }) => {
                assert_eq!(candidates.len(), hits, "{text}")
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    for text in ["abcdef0102", "abcdef02", "78", "abcdef010"] {
        let found = house.inventory.show(text);
        assert_eq!(found.is_ok(), text != "abcdef010", "{text}");
    }
    assert!(matches!(
        house.inventory.show("abcde"),
        Err(StoreError::NotFound(_))
    ));
}
