//! An invented inventory to render.
//! Above: `cli_render`. Below: the model.
//! Invariant: every symbol, mark and kind of trouble occurs.

use sensor::config;
use sensor::ledger::StoredConnector;
use sensor::model::account::Account;
use sensor::model::asset::{Asset, Location, Place, Renewal, Source, Status};
use sensor::model::certificate::Certificate;
use sensor::model::id::{RunId, Sha256};
use sensor::model::problem::{ErrorClass, OperationError, Problem, Severity};
use sensor::model::revocation::{
    Revocation, RevocationStatus, RevokedFor, SourceKind, StatusSource,
};
use sensor::model::run::{Counts, Run, RunStatus, SplitRun};
use sensor::model::split::Coverage;
use sensor::model::time::Millis;
use sensor::store::{AccountStatus, SplitStatus};

pub(crate) const DAY: Millis = 86_400_000;
/// 2026-11-24T07:10:00Z
pub(crate) const NOW: Millis = 1_795_504_200_000;

pub(crate) fn certificate(subject: &str, not_after: Millis) -> Certificate {
    Certificate {
        fingerprint: Sha256::of(subject.as_bytes()),
        subject: subject.into(),
        common_name: subject
            .strip_prefix("CN=")
            .and_then(|rest| rest.split(',').next())
            .map(str::to_owned),
        dns_names: Vec::new(),
        other_names: Vec::new(),
        issuer: "CN=Example Issuing CA,O=Example".into(),
        serial: "4a5b6c".into(),
        not_before: NOW - 60 * DAY,
        not_after,
        key_algorithm: "RSA-2048".into(),
        signature_algorithm: "sha256WithRSAEncryption".into(),
        key_usages: vec!["digitalSignature".into()],
        extended_key_usages: vec!["serverAuth".into()],
        self_signed: false,
        is_ca: false,
    }
}

fn location(id: &str, status: Status, fingerprint: Option<Sha256>) -> Location {
    Location {
        connector: "demo".parse().unwrap(),
        account: "111111111111".into(),
        region: Some("eu-central-1".into()),
        service: "acm".into(),
        split: "111111111111/eu-central-1/acm".into(),
        place: Place {
            id: format!("arn:aws:acm:eu-central-1:111111111111:certificate/{id}"),
            display_name: Some("pending.example.com".into()),
            status,
            provider_status: "ISSUED".into(),
            source: Source::Imported,
            in_use: Some(true),
            in_use_by: vec![
                "arn:aws:elasticloadbalancing:eu-central-1:111111111111:loadbalancer/app/web/1"
                    .into(),
            ],
            renewal: Renewal::default(),
            origin: Some("CUSTOMER_PROVIDED".into()),
            managed_by: None,
            tags: vec![("owner".into(), "pki-team".into())],
            created_at: Some(NOW - 60 * DAY),
            imported_at: Some(NOW - 60 * DAY),
            issued_at: None,
            revoked_at: None,
            attributes: Vec::new(),
            marker: "m".into(),
        },
        fingerprint,
        chain: Vec::new(),
        business_unit: Some("platform".into()),
        import_tags: vec![("env".into(), "prod".into())],
        mock: true,
        first_seen: NOW - 20 * DAY,
        last_seen: NOW - 3_600_000,
        read_at: NOW - DAY,
        run: RunId(7),
        stale: false,
        missing_since: None,
        misses: 0,
        retired_at: None,
    }
}

pub(crate) fn assets() -> Vec<Asset> {
    let mut web = certificate("CN=www.example.com,O=Example", NOW + 3 * DAY);
    web.dns_names = vec!["www.example.com".into(), "example.com".into()];
    web.other_names = vec!["ip:192.0.2.1".into()];
    let formula = certificate("CN==HYPERLINK(1)", NOW - 2 * DAY);
    let mut api = certificate("CN=api.example.com", NOW + 90 * DAY);
    api.dns_names = vec!["api.example.com".into()];
    // What a careless reader of YAML takes for a number.
    api.serial = "12e4".into();
    let mut first = location("one", Status::Issued, Some(web.fingerprint));
    first.chain = vec![Sha256::of(b"issuer")];
    let mut second = location("two", Status::Expired, Some(formula.fingerprint));
    (
        second.stale,
        second.mock,
        second.missing_since,
        second.misses,
    ) = (true, false, Some(NOW - DAY), 1);
    let mut third = location("three", Status::Issued, Some(api.fingerprint));
    third.place.source = Source::CloudIssued;
    third.place.renewal = Renewal {
        automatic: true,
        status: Some("SUCCESS".into()),
        reason: None,
    };
    third.region = None;
    let mut fourth = location("four", Status::Pending, None);
    (fourth.place.in_use, fourth.place.in_use_by) = (None, Vec::new());
    let asset = |location, certificate| Asset {
        location,
        certificate,
        revocation: None,
    };
    let mut all = vec![
        asset(first, Some(web)),
        asset(second, Some(formula)),
        asset(third, Some(api)),
        asset(fourth, None),
    ];
    all[0].revocation = Some(revocation(RevocationStatus::Good));
    all[2].revocation = Some(revocation(RevocationStatus::Revoked {
        at: Some(NOW - DAY),
        reason: Some(RevokedFor::KeyCompromise),
    }));
    all
}

/// A CA's word of an hour ago.
pub(crate) fn revocation(status: RevocationStatus) -> Revocation {
    Revocation {
        status,
        checked_at: NOW - 3_600_000,
        next_update: Some(NOW + DAY),
        source: Some(StatusSource {
            kind: SourceKind::Ocsp,
            url: "http://ocsp.example.com".into(),
        }),
        due_at: NOW + 23 * 3_600_000,
        trouble: None,
    }
}

pub(crate) fn stored() -> StoredConnector {
    let text = r#"
name = "demo"
plugin = "aws-unified"
mock_host = { plugin = "mock-aws" }
[credential]
provider = "aws-credentials"
method = "default-chain"
[settings]
scope = "organization"
[import]
expired_since = "90d"
business_unit = "platform"
tags = { env = "prod" }
"#;
    let config = config::parse(text, std::path::Path::new("/etc/sensor"))
        .unwrap()
        .remove(0);
    StoredConnector {
        config,
        created_at: NOW - 30 * DAY,
        updated_at: NOW - DAY,
    }
}

fn denied() -> OperationError {
    OperationError::new(
        ErrorClass::AccessDenied,
        "AccessDenied",
        "not authorized to perform sts:AssumeRole",
    )
    .about("arn:aws:iam::333333333333:role/sensor-read")
}

fn account(id: u64, name: &str, path: &[&str], splits: Vec<SplitStatus>) -> AccountStatus {
    let assets = splits.iter().map(|split| split.assets).sum();
    let account = Account {
        id: format!("{id:012}"),
        name: name.into(),
        email: None,
        path: path.iter().map(|unit| (*unit).to_owned()).collect(),
        state: "ACTIVE".into(),
        management: name == "management",
        excluded: None,
    };
    AccountStatus {
        account,
        splits,
        assets,
        missing: 0,
        stale: 0,
    }
}

fn split(region: &str, coverage: Option<Coverage>, assets: u64) -> SplitStatus {
    SplitStatus {
        split: format!("x/{region}/acm"),
        region: Some(region.into()),
        service: "acm".into(),
        coverage,
        run: Some(RunId(7)),
        complete_at: (coverage == Some(Coverage::Complete)).then_some(NOW - DAY),
        held: false,
        stale: false,
        assets,
        error: (coverage == Some(Coverage::Denied)).then(denied),
    }
}

pub(crate) fn accounts() -> Vec<AccountStatus> {
    use Coverage::{Complete, Denied, Failed, Skipped, Throttled};
    let mut closed = account(
        777_777_777_777,
        "old-shop",
        &["Root", "Suspended"],
        Vec::new(),
    );
    closed.account.state = "SUSPENDED".into();
    closed.account.excluded = Some("the account is suspended".into());
    let mut stale = account(
        444_444_444_444,
        "data",
        &["Root", "Workloads"],
        vec![
            split("eu-central-1", Some(Throttled), 40),
            split("us-east-1", Some(Complete), 10),
        ],
    );
    (stale.assets, stale.stale) = (10, 40);
    let mut held = split("us-east-1", Some(Coverage::Partial), 80);
    held.held = true;
    vec![
        account(
            111_111_111_111,
            "management",
            &["Root"],
            vec![split("eu-central-1", Some(Complete), 5)],
        ),
        account(
            222_222_222_222,
            "payments-prod",
            &["Root", "Workloads", "Prod"],
            vec![
                split("eu-central-1", Some(Complete), 1_200),
                split("af-south-1", Some(Skipped), 0),
            ],
        ),
        account(
            333_333_333_333,
            "payments-test",
            &["Root", "Workloads", "Test"],
            vec![
                split("eu-central-1", Some(Denied), 0),
                split("us-east-1", Some(Denied), 0),
            ],
        ),
        stale,
        account(
            555_555_555_555,
            "logs",
            &["Root", "Workloads"],
            vec![held, split("eu-west-1", Some(Failed), 0)],
        ),
        account(
            666_666_666_666,
            "new",
            &["Root", "Workloads"],
            vec![split("eu-central-1", None, 0)],
        ),
        closed,
    ]
}

fn problem(code: &str, n: u64) -> Problem {
    Problem {
        severity: if n == 0 {
            Severity::Error
        } else {
            Severity::Warning
        },
        code: code.into(),
        subject: Some(format!(
            "arn:aws:acm:eu-central-1:222222222222:certificate/{n}"
        )),
        message: "the certificate cannot be read: it is no X.509 certificate".into(),
    }
}

pub(crate) fn splits() -> Vec<SplitRun> {
    let split = |account: &str, region: &str, coverage, counts| SplitRun {
        split: format!("{account}/{region}/acm"),
        account: account.into(),
        region: Some(region.into()),
        service: "acm".into(),
        coverage,
        started_at: NOW - 60_000,
        ended_at: NOW - 47_551,
        counts,
        error: None,
        problems: Vec::new(),
        held: false,
    };
    let seen = Counts {
        splits: 1,
        pages: 3,
        seen: 1_200,
        new: 700,
        changed: 2,
        unchanged: 498,
        ..Counts::default()
    };
    let poor = Counts {
        seen: 12,
        unreadable: 12,
        quarantined: 9,
        problems: 12,
        ..seen
    };
    let mut partial = split("222222222222", "us-east-1", Coverage::Partial, poor);
    partial.problems = (0..12).map(|n| problem("invalid-certificate", n)).collect();
    let refused = |region| SplitRun {
        error: Some(denied()),
        ..split("333333333333", region, Coverage::Denied, Counts::default())
    };
    let mut held = split("444444444444", "eu-central-1", Coverage::Partial, seen);
    held.held = true;
    vec![
        split("222222222222", "eu-central-1", Coverage::Complete, seen),
        partial,
        refused("eu-central-1"),
        refused("us-east-1"),
        held,
    ]
}

pub(crate) fn run() -> Run {
    let mut counts = Counts::default();
    for split in splits() {
        counts += split.counts;
    }
    counts.filtered = 17;
    counts.missing = 3;
    Run {
        id: RunId(7),
        connector: "demo".parse().unwrap(),
        plugin: "aws-unified 0.1.0".into(),
        mock: true,
        status: RunStatus::Partial,
        started_at: NOW - 300_000,
        ended_at: Some(NOW - 47_551),
        counts,
        calls: vec![
            ("acm:GetCertificate".into(), 702),
            ("acm:SearchCertificates".into(), 9),
            ("sts:AssumeRole".into(), 9),
        ],
        error: None,
        problems: Vec::new(),
    }
}
