//! Measures the inventory: load, size, opening, list pages, memory. `cargo xtask bench` runs it.
//! Above: nothing. Below: `sensor::store`.
//! Invariant: every figure is printed, the bad ones too; the data are made from numbers and are the same each time.
//!
//! Usage: `bench_inventory [CERTIFICATES] [PER_PAGE] [DIRECTORY]`. Opening is measured in processes of their own.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that prints its figures"
)]
#![allow(clippy::too_many_lines, reason = "tables of made data")]
#![allow(clippy::cast_precision_loss, reason = "figures for people")]

use sensor::model::asset::{Body, Found, PageEntry, Place, Renewal, Source, Status};
use sensor::model::certificate::Certificate;
use sensor::model::filter::{Filter, Query, Sort};
use sensor::model::id::{ConnectorId, Sha256};
use sensor::model::run::RunStatus;
use sensor::model::split::{Coverage, Cursor, Split};
use sensor::model::time::{Millis, SystemClock};
use sensor::store::{ImportLabels, Inventory, PageCommit, RunEnd, RunStart, SplitEnd};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

const DAY: Millis = 24 * 3_600_000;
const NOW: Millis = 1_790_000_000_000;
/// ACM's default quota of certificates in an account and region.
const PER_SPLIT: u64 = 2_500;
const BODY: usize = 1_300;
const REGIONS: [&str; 4] = ["eu-central-1", "us-east-1", "ap-southeast-2", "sa-east-1"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: u64| {
        arguments
            .get(at)
            .map_or(default, |text| text.parse().unwrap())
    };
    if arguments.first().is_some_and(|first| first == "query") {
        return measure_queries(Path::new(&arguments[1]));
    }
    let (count, per_page) = (number(0, 1_000_000), number(1, 500));
    let kept = arguments.get(2).map(PathBuf::from);
    let dir = kept.clone().unwrap_or_else(|| {
        std::env::temp_dir().join(format!("sensor-bench-{}", std::process::id()))
    });
    println!("{count} certificates, {per_page} a page, bodies of {BODY} bytes");
    load(&dir, count, per_page);
    for _ in 0..2 {
        let own = std::env::current_exe().unwrap();
        assert!(
            Command::new(own)
                .args(["query".as_ref(), dir.as_os_str()])
                .status()
                .unwrap()
                .success()
        );
    }
    if kept.is_none() {
        std::fs::remove_dir_all(&dir).unwrap();
    }
}

fn open(dir: &Path) -> Inventory {
    let opened = Inventory::open(dir, Arc::new(SystemClock)).unwrap();
    assert_eq!(opened.notice, None);
    opened.inventory
}

/// A number that looks random and is always the same.
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn split_of(number: u64) -> Split {
    let split = number / PER_SPLIT;
    let region = REGIONS[usize::try_from(split).unwrap() % REGIONS.len()];
    let account = format!("{:012}", 100_000_000_000 + split / REGIONS.len() as u64);
    Split {
        id: format!("{account}/{region}/acm"),
        account,
        region: Some(region.into()),
        service: "acm".into(),
        payload: String::new(),
    }
}

fn entry(split: &Split, number: u64) -> PageEntry {
    let random = mix(number);
    let mut der = Vec::with_capacity(BODY + 8);
    while der.len() < BODY {
        der.extend_from_slice(&mix(number ^ (der.len() as u64) << 32).to_le_bytes());
    }
    let host = ["www", "api", "login", "mail"][usize::try_from(random % 4).unwrap()];
    let domain = format!("team-{}.example.com", random % 997);
    let names = vec![
        format!("{host}-{number}.{domain}"),
        format!("{number}.svc.{domain}"),
        domain.clone(),
    ];
    let certificate = Certificate {
        fingerprint: Sha256::of(&der),
        subject: format!("CN={},O=Example,C=DE", names[0]),
        common_name: Some(names[0].clone()),
        dns_names: names.clone(),
        other_names: Vec::new(),
        issuer: format!("CN=Example Issuing CA {},O=Example,C=DE", random % 40),
        serial: format!("{:x}{:016x}", 1 + random % 15, mix(random)),
        not_before: NOW - 30 * DAY,
        not_after: NOW
            + Millis::try_from(random % 400).unwrap() * DAY
            + Millis::try_from(random % 86_400).unwrap() * 1000,
        key_algorithm: ["RSA-2048", "RSA-4096", "EC-P256", "EC-P384"]
            [usize::try_from(random >> 8 & 3).unwrap()]
        .into(),
        signature_algorithm: "sha256WithRSAEncryption".into(),
        key_usages: vec!["digitalSignature".into(), "keyEncipherment".into()],
        extended_key_usages: vec!["serverAuth".into(), "clientAuth".into()],
        self_signed: false,
        is_ca: false,
    };
    let region = split.region.as_deref().unwrap_or_default();
    let uuid = format!(
        "{:08x}-{:04x}-{:016x}",
        random >> 32,
        random & 0xffff,
        mix(random ^ 1)
    );
    let account = &split.account;
    let place = Place {
        id: format!("arn:aws:acm:{region}:{account}:certificate/{uuid}"),
        display_name: Some(names[0].clone()),
        status: if random.is_multiple_of(50) {
            Status::Expired
        } else {
            Status::Issued
        },
        provider_status: "ISSUED".into(),
        source: if random.is_multiple_of(3) {
            Source::Imported
        } else {
            Source::CloudIssued
        },
        in_use: Some(random.is_multiple_of(2)),
        in_use_by: vec![format!(
            "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/{host}/{:016x}",
            mix(random ^ 2)
        )],
        renewal: Renewal {
            automatic: true,
            status: Some("SUCCESS".into()),
            reason: None,
        },
        origin: Some("AWS".into()),
        managed_by: None,
        tags: vec![
            ("team".into(), format!("team-{}", random % 997)),
            ("env".into(), "prod".into()),
        ],
        created_at: Some(NOW - 30 * DAY),
        imported_at: None,
        issued_at: Some(NOW - 30 * DAY),
        revoked_at: None,
        attributes: Vec::new(),
        marker: format!("{random:016x}"),
    };
    let issuer = (1 << 40) | (random % 40);
    let mut issuer_certificate = certificate.clone();
    let issuer_der = mix(issuer).to_le_bytes().repeat(100);
    issuer_certificate.fingerprint = Sha256::of(&issuer_der);
    let chain = vec![(issuer_certificate, issuer_der)];
    PageEntry::Found(Box::new(Found {
        place,
        body: Some(Body {
            certificate,
            der,
            chain,
        }),
    }))
}

fn load(dir: &Path, count: u64, per_page: u64) {
    let inventory = open(dir);
    let connector: ConnectorId = "bench".parse().unwrap();
    let run = inventory
        .begin_run(&RunStart {
            connector: &connector,
            plugin: "bench 1".into(),
            mock: true,
        })
        .unwrap();
    let labels = ImportLabels {
        business_unit: Some("bench".into()),
        tags: Vec::new(),
    };
    let (mut commits, mut ends) = (Vec::new(), Vec::new());
    let begin = Instant::now();
    let mut first = 0;
    while first < count {
        let split = split_of(first);
        let last = count.min(first + PER_SPLIT);
        let mut at = None;
        while first < last {
            let end = last.min(first + per_page);
            let next = (end < last).then(|| Cursor {
                version: 1,
                value: end.to_string(),
            });
            let entries = (first..end).map(|number| entry(&split, number)).collect();
            let start = Instant::now();
            let page = PageCommit {
                connector: &connector,
                run: run.id,
                split: &split,
                at: at.take(),
                entries,
                problems: Vec::new(),
                next: next.clone(),
                plugin: Sha256([0; 32]),
                labels: &labels,
            };
            inventory.commit_page(page).unwrap();
            commits.push(start.elapsed());
            (at, first) = (next, end);
        }
        let start = Instant::now();
        let end = SplitEnd {
            coverage: Coverage::Complete,
            error: None,
            problems: Vec::new(),
            started_at: NOW,
            accept_vanished: false,
        };
        inventory
            .finish_split(&connector, run.id, &split, end)
            .unwrap();
        ends.push(start.elapsed());
    }
    let end = RunEnd {
        status: RunStatus::Complete,
        plan_complete: true,
        calls: Vec::new(),
        error: None,
        problems: Vec::new(),
    };
    inventory.finish_run(run.id, end).unwrap();
    drop(inventory);
    let (all, spent): (Duration, Duration) = (begin.elapsed(), commits.iter().chain(&ends).sum());
    let rate = count as f64 / spent.as_secs_f64();
    println!(
        "load           {rate:9.0} certificates/s in the store ({:.1} s; {:.1} s with making them)",
        spent.as_secs_f64(),
        all.as_secs_f64()
    );
    print_times("commit a page", &mut commits);
    print_times("end a split", &mut ends);
    let (index, bodies) = (
        size(&dir.join("index")),
        size(dir) - size(&dir.join("index")),
    );
    println!(
        "on disk        {:9.0} MB index, {:.0} MB bodies",
        index as f64 / 1e6,
        bodies as f64 / 1e6
    );
    println!(
        "memory at load {:9} MB now, {} MB at most",
        memory("VmRSS"),
        memory("VmHWM")
    );
}

fn size(path: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else {
        return path.metadata().map_or(0, |data| data.len());
    };
    entries.map(|entry| size(&entry.unwrap().path())).sum()
}

/// In MB; 0 where the system does not tell.
fn memory(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(what));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
        .unwrap_or(0)
        / 1000
}

/// How long this thread has been on a processor; unlike the clock it leaves out what other programs take. Zero where
/// the system does not tell.
fn on_processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(
        stat.split(' ')
            .next()
            .and_then(|text| text.parse().ok())
            .unwrap_or(0),
    )
}

fn print_times(what: &str, times: &mut [Duration]) {
    times.sort();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    println!(
        "{what:<34} p50 {:7.2} ms   p99 {:7.2} ms   most {:7.2} ms",
        at(50),
        at(99),
        at(100)
    );
}

fn filters() -> Vec<(&'static str, Filter)> {
    let any = Filter::default;
    vec![
        ("everything", any()),
        (
            "expires within 30 days",
            Filter {
                expires_before: Some(NOW + 30 * DAY),
                expires_after: Some(NOW),
                ..any()
            },
        ),
        (
            "name, a domain",
            Filter {
                name: Some("team-7.example.com".into()),
                ..any()
            },
        ),
        (
            "name, all of them",
            Filter {
                name: Some("example.com".into()),
                ..any()
            },
        ),
        (
            "name, one host",
            Filter {
                name: Some("1234.svc.team-1.example.com".into()),
                ..any()
            },
        ),
        (
            "account",
            Filter {
                account: Some("100000000003".into()),
                ..any()
            },
        ),
        (
            "region",
            Filter {
                region: Some("us-east-1".into()),
                ..any()
            },
        ),
        (
            "status",
            Filter {
                status: Some(Status::Expired),
                ..any()
            },
        ),
        (
            "in use",
            Filter {
                in_use: Some(true),
                ..any()
            },
        ),
        (
            "key algorithm",
            Filter {
                key_algorithm: Some("rsa-4096".into()),
                ..any()
            },
        ),
        (
            "issuer",
            Filter {
                issuer: Some("issuing ca 17".into()),
                ..any()
            },
        ),
        (
            "tag with value",
            Filter {
                tag: Some(("team".into(), Some("team-5".into()))),
                ..any()
            },
        ),
        (
            "tag on all",
            Filter {
                tag: Some(("env".into(), None)),
                ..any()
            },
        ),
        (
            "five at once",
            Filter {
                name: Some("example.com".into()),
                region: Some("us-east-1".into()),
                status: Some(Status::Issued),
                key_algorithm: Some("EC-P256".into()),
                expires_before: Some(NOW + 90 * DAY),
                ..any()
            },
        ),
    ]
}

fn measure_queries(dir: &Path) {
    let start = Instant::now();
    let inventory = open(dir);
    let spent = on_processor();
    println!(
        "open           {:9.2} s, {:.2} s on the processor",
        start.elapsed().as_secs_f64(),
        spent.as_secs_f64()
    );
    println!("memory at open {:9} MB", memory("VmRSS"));
    let (mut all, mut all_spent) = (Vec::new(), Vec::new());
    for (name, filter) in filters() {
        let (mut times, mut spent) = (Vec::new(), Vec::new());
        for sort in [Sort::Expiry, Sort::Name, Sort::Account, Sort::FirstSeen] {
            for descending in [false, true] {
                let mut after = None;
                for _ in 0..8 {
                    let query = Query {
                        filter: filter.clone(),
                        sort,
                        descending,
                        limit: 50,
                        after: after.clone(),
                    };
                    let (start, before) = (Instant::now(), on_processor());
                    let page = inventory.list(&query).unwrap();
                    spent.push(on_processor().saturating_sub(before));
                    times.push(start.elapsed());
                    after = page.next;
                }
            }
        }
        all.extend_from_slice(&times);
        all_spent.extend_from_slice(&spent);
        print_times(&format!("list 50: {name}"), &mut times);
        print_times("  on the processor", &mut spent);
    }
    print_times("list 50: all of these", &mut all);
    print_times("  on the processor", &mut all_spent);
    let time = |call: &dyn Fn()| {
        let mut times: Vec<Duration> = (0..20)
            .map(|_| {
                let start = Instant::now();
                call();
                start.elapsed()
            })
            .collect();
        times.sort();
        times
    };
    print_times(
        "summary",
        &mut time(&|| drop(inventory.summary(&Filter::default()).unwrap())),
    );
    let some = inventory
        .list(&Query {
            filter: Filter::default(),
            sort: Sort::Expiry,
            descending: false,
            limit: 1,
            after: None,
        })
        .unwrap();
    let id = some.assets[0].location.place.id.clone();
    print_times(
        "show an ARN",
        &mut time(&|| drop(inventory.show(&id).unwrap())),
    );
    println!(
        "memory at end  {:9} MB now, {} MB at most",
        memory("VmRSS"),
        memory("VmHWM")
    );
}
