//! What people and machines get to read, form by form.
//! Above: nothing. Below: `cli::render`.
//! Invariant: no clock, no terminal, no store: the same text on every machine.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::golden;
use sensor::app::{Applied, AppliedIssuer, Settings};
use sensor::cli::output::{Format, View, write};
use sensor::cli::render::{
    AppliedIssuers, AppliedList, AssetList, CheckView, Checked, ConnectorLine, ConnectorList,
    ConnectorView, IssuerList, IssuerView, PluginLine, PluginList, PluginView, PolicyView, RunList,
    RunView, SecretList, ShownView, SummaryView,
};
use sensor::cli::style::Style;
use sensor::ledger::{Put, StoredIssuer};
use sensor::model::check::{CheckStatus, Finding, Policy};
use sensor::model::revocation::RevocationStatus;
use sensor::plugin::Manifest;
use sensor::store::{ListPage, Shown, Summary};

#[path = "common/data.rs"]
mod data;

use data::NOW;

fn written<V: View>(view: &V, format: Format) -> String {
    let mut bytes = Vec::new();
    write(view, format, Style::PLAIN, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Every form of a view.
fn all<V: View>(name: &str, view: &V) {
    for (format, ending) in [
        (Format::Table, "txt"),
        (Format::Json, "json"),
        (Format::Csv, "csv"),
        (Format::Yaml, "yaml"),
    ] {
        golden(&format!("{name}.{ending}"), &written(view, format));
    }
}

#[test]
fn list_of_certificates() {
    let page = ListPage {
        assets: data::assets(),
        next: Some("token".into()),
        total: 1_234,
    };
    all(
        "inventory-list",
        &AssetList {
            page: &page,
            now: NOW,
        },
    );
    let none = ListPage {
        assets: Vec::new(),
        next: None,
        total: 0,
    };
    assert_eq!(
        written(
            &AssetList {
                page: &none,
                now: NOW
            },
            Format::Table
        ),
        "no certificates match\n"
    );
}

#[test]
fn every_form_of_the_list_reads_back() {
    let page = ListPage {
        assets: data::assets(),
        next: None,
        total: 4,
    };
    let view = AssetList {
        page: &page,
        now: NOW,
    };
    let json: serde_json::Value = serde_json::from_str(&written(&view, Format::Json)).unwrap();
    let yaml: serde_json::Value = serde_saphyr::from_str(&written(&view, Format::Yaml)).unwrap();
    assert_eq!(json, yaml);
    assert_eq!(json["schema"], "sensor.inventory/v1");
    let text = written(&view, Format::Csv);
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<String> = csv
        .records()
        .map(|row| row.unwrap()[1].to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "www.example.com +1",
            "'=HYPERLINK(1)",
            "api.example.com",
            "pending.example.com"
        ]
    );
}

#[test]
fn nothing_from_outside_reaches_a_terminal_raw() {
    let mut asset = data::assets().remove(0);
    asset.location.place.display_name = Some("a\u{1b}[31mb".into());
    asset.location.account = "1\u{7}2".into();
    asset.location.place.tags = vec![("k\u{202e}".into(), "\u{9b}v".into())];
    if let Some(certificate) = &mut asset.certificate {
        certificate.dns_names = vec!["x\u{1b}]0;title\u{7}.example.com".into()];
        certificate.issuer = "CN=\u{1b}[2J".into();
    }
    let shown = Shown {
        certificate: asset.certificate.clone(),
        revocation: Some(data::revocation(RevocationStatus::Unknown {
            why: "a\u{1b}[31mb".into(),
        })),
        locations: vec![asset.location.clone()],
        chain: Vec::new(),
    };
    let page = ListPage {
        assets: vec![asset],
        next: None,
        total: 1,
    };
    let text = written(
        &AssetList {
            page: &page,
            now: NOW,
        },
        Format::Table,
    ) + &written(
        &ShownView {
            shown: &shown,
            now: NOW,
        },
        Format::Table,
    );
    let raw: Vec<char> = text
        .chars()
        .filter(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}')
        .collect();
    assert_eq!(raw, Vec::<char>::new());
}

#[test]
fn one_certificate() {
    let asset = data::assets().remove(0);
    let mut second = asset.location.clone();
    second.place.id = "arn:aws:acm:us-east-1:222222222222:certificate/second".into();
    second.place.in_use = Some(false);
    second.place.in_use_by.clear();
    second.stale = true;
    let issuer = data::certificate("CN=Example Issuing CA,O=Example", NOW + 1_000 * data::DAY);
    let shown = Shown {
        certificate: asset.certificate,
        revocation: asset.revocation,
        locations: vec![asset.location, second],
        chain: vec![issuer],
    };
    all(
        "inventory-show",
        &ShownView {
            shown: &shown,
            now: NOW,
        },
    );
}

#[test]
fn summary() {
    let summary = Summary {
        locations: 2_000,
        certificates: 1_900,
        without_body: 3,
        by_status: vec![
            ("issued".into(), 1_900),
            ("expired".into(), 97),
            ("pending".into(), 3),
        ],
        by_key_algorithm: vec![("RSA-2048".into(), 1_500), ("EC-P256".into(), 497)],
        by_account: (0..12_u64)
            .map(|n| (format!("{:012}", 111_111_111_111 + n), 300 - n * 20))
            .collect(),
        by_region: vec![("eu-central-1".into(), 1_200), ("us-east-1".into(), 800)],
        by_issuer: vec![("CN=Example Issuing CA,O=Example".into(), 1_997)],
        by_source: vec![("imported".into(), 1_500), ("cloud-issued".into(), 500)],
        by_connector: vec![("demo".into(), 2_000)],
        by_revocation: vec![("good".into(), 1_800), ("revoked".into(), 7)],
        expiring: vec![(7, 4), (30, 31), (60, 80), (90, 0)],
        expired: 97,
        in_use: 1_200,
        missing: 0,
        stale: 10,
        retired: 0,
        mock: 2_000,
    };
    let accounts = [("111111111111".to_owned(), "payments-prod".to_owned())].into();
    all(
        "inventory-summary",
        &SummaryView {
            summary: &summary,
            accounts: &accounts,
        },
    );
    let empty = SummaryView {
        summary: &Summary::default(),
        accounts: &accounts,
    };
    assert_eq!(
        written(&empty, Format::Table),
        "0 certificates at 0 places\n"
    );
}

#[test]
fn connector_with_its_tree() {
    let (connector, accounts, run) = (data::stored(), data::accounts(), data::run());
    let view = ConnectorView {
        connector: &connector,
        accounts: &accounts,
        last_run: Some(&run),
        now: NOW,
    };
    all("connector-show", &view);
    let fresh = ConnectorView {
        connector: &connector,
        accounts: &[],
        last_run: None,
        now: NOW,
    };
    golden("connector-show-fresh.txt", &written(&fresh, Format::Table));
}

#[test]
fn connectors_listed_and_applied() {
    let line = |last_run| ConnectorLine {
        config: data::stored().config,
        updated_at: NOW,
        certificates: 2_000,
        last_run,
        next_due: NOW + 3_600_000 * 5,
    };
    let lines = [line(Some(data::run())), line(None)];
    all(
        "connector-list",
        &ConnectorList {
            connectors: &lines,
            now: NOW,
        },
    );
    let name = data::stored().config.name;
    let applied = [Applied {
        name,
        put: Put::Created,
        notes: vec!["a note".into()],
    }];
    all("connector-apply", &AppliedList { applied: &applied });
}

#[test]
fn runs() {
    let (run, splits) = (data::run(), data::splits());
    all(
        "run-list",
        &RunList {
            runs: std::slice::from_ref(&run),
            now: NOW,
        },
    );
    all(
        "run-show",
        &RunView {
            run: &run,
            splits: &splits,
            now: NOW,
            all: false,
        },
    );
    golden(
        "run-show-all.txt",
        &written(
            &RunView {
                run: &run,
                splits: &splits,
                now: NOW,
                all: true,
            },
            Format::Table,
        ),
    );
}

#[test]
fn check() {
    let finding = |status, code: &str, subject: Option<&str>, message: &str| Finding {
        status,
        code: code.into(),
        subject: subject.map(str::to_owned),
        message: message.into(),
        advice: None,
        statement: None,
    };
    let findings = [
        finding(
            CheckStatus::Success,
            "identity",
            None,
            "acts as arn:aws:iam::111111111111:user/sensor",
        ),
        Finding {
            advice: Some("allow it in the role `sensor-read` of that account".into()),
            statement: Some(
                r#"{"Effect":"Allow","Action":"acm:SearchCertificates","Resource":"*"}"#.into(),
            ),
            ..finding(
                CheckStatus::Warning,
                "permission",
                Some("acm:SearchCertificates"),
                "denied; the slower way is taken",
            )
        },
        Finding {
            advice: Some("create the role, or exclude the account".into()),
            ..finding(
                CheckStatus::Failure,
                "assume-role",
                Some("222222222222"),
                "the role cannot be assumed",
            )
        },
        finding(
            CheckStatus::Skipped,
            "regions",
            Some("222222222222"),
            "needs the role",
        ),
    ];
    all(
        "connector-check",
        &CheckView {
            checked: Checked::Connector("demo"),
            findings: &findings,
        },
    );
}

#[test]
fn plugins() {
    let text = r#"
id = "aws-unified"
version = "0.1.0"
kind = "connector"
description = "Certificates of AWS accounts and organizations"
contract = { "sensor:core" = "0.1.0", "sensor:connector" = "0.1.0" }
[capabilities.acm]
required = ["ListCertificates", "GetCertificate"]
optional = ["SearchCertificates"]
[capabilities.organizations]
optional = ["ListAccounts"]
"#;
    let manifest = Manifest::parse(text).unwrap();
    let line = PluginLine {
        id: "aws-unified".into(),
        version: "0.1.0".into(),
        kind: "connector".into(),
        sha256: "ab".repeat(32),
        size: 905_216,
        installed_at: Some(NOW),
        source: "target/plugins/aws-unified".into(),
    };
    all(
        "plugin-inspect",
        &PluginView {
            line: &line,
            manifest: &manifest,
            settings: &[Settings::of(
                "settings",
                r#"{"required": ["scope"], "properties": {
                    "scope": {"enum": ["account", "organization"], "description": "How far it goes."},
                    "read": {"type": "string", "default": "auto"},
                    "accounts": {"type": "object", "properties": {
                        "include": {"type": "array", "items": {"type": "string"}}}}}}"#,
            )],
        },
    );
    all(
        "plugin-list",
        &PluginList {
            plugins: std::slice::from_ref(&line),
        },
    );
}

#[test]
fn policies_and_secrets() {
    let policy = Policy {
        title: "Management account".into(),
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["organizations:ListAccounts"],"Resource":"*"}]}"#.into(),
    };
    all(
        "policy",
        &PolicyView {
            policies: &[policy],
        },
    );
    all(
        "secret-list",
        &SecretList {
            secrets: &[("aws-key".into(), NOW)],
        },
    );
}

#[test]
fn issuers() {
    let files = [
        "name = \"internal\"\nkind = \"local\"\n",
        "name = \"lets-encrypt\"\nkind = \"acme\"\ndirectory = \"https://ca.example.com/directory\"\ncontact = [\"pki@example.com\"]\nterms_of_service_agreed = true\nchallenge = \"dns-01\"\n[eab]\nkey_id = \"kid-1\"\nsecret = \"eab\"\n[dns]\nprovider = \"webhook\"\nurl = \"https://dns.example.com/acme\"\nsecret = \"dns-bearer\"\n",
        "name = \"private\"\nkind = \"aws-private-ca\"\nca_arn = \"arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/11111111-2222-3333-4444-555555555555\"\n[credential]\nprovider = \"aws-credentials\"\nmethod = \"profile\"\nparameters = { name = \"pki\" }\n",
    ];
    let stored = |text: &&str| StoredIssuer {
        config: sensor::config::parse_issuers(text, std::path::Path::new("/"))
            .unwrap()
            .remove(0),
        created_at: NOW - 86_400_000,
        updated_at: NOW,
    };
    let issuers: Vec<_> = files.iter().map(stored).collect();
    all("issuer-list", &IssuerList { issuers: &issuers });
    all(
        "issuer-show",
        &IssuerView {
            issuer: &issuers[1],
            certificates: &[],
        },
    );
    let none = written(&IssuerList { issuers: &[] }, Format::Table);
    assert_eq!(none, "no issuers yet\n");
    let applied = [AppliedIssuer {
        name: "internal".parse().unwrap(),
        put: Put::Created,
    }];
    all("issuer-apply", &AppliedIssuers { applied: &applied });
}
