//! A connector that misbehaves in the way that its settings name: `{"do":"spin"}`.
//! Above: the tests of the sandbox. Below: the SDK.
//! Invariant: one word, one misbehaviour; `read-page` does it, every other function is harmless but `describe`.
#![allow(
    unsafe_code,
    reason = "forging handles and trapping are what it is for"
)]
#![cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "exported from the sandbox only")
)]

use sensor_sdk::bindings::connector::sensor::auth::credentials;
use sensor_sdk::bindings::connector::sensor::aws::acm;
use sensor_sdk::connector::Connector;
use sensor_sdk::host::{Aws, AwsWrite, Host};
use sensor_sdk::types::aws::ListCertificatesRequest;
use sensor_sdk::types::{
    Account, Certificate, CertificateSource, CertificateStatus, CheckStatus, Cursor, Description,
    Entry, Error, ErrorClass, Finding, Level, Page, PlanEntry, PlanPage, Problem, Renewal,
    Severity, Split, Tag, Unreadable,
};

struct Hostile;

sensor_sdk::export_connector!(Hostile);

const REGION: &str = "eu-central-1";
/// Where it behaves.
const PEACE: &str = "eu-west-1";
const OURS: &str = "arn:aws:acm:eu-central-1:111122223333:certificate/";
const ESCAPES: &str = "\u{1b}[31mred\u{1b}[0m\u{202e}\u{7}\r\nline";

impl Connector for Hostile {
    /// Must not use any capability, and does.
    fn describe() -> Description {
        let settings = sensor_sdk::bindings::connector::sensor::core::config::get_json();
        Description {
            settings_schema: settings,
            required_operations: Vec::new(),
            optional_operations: Vec::new(),
        }
    }

    fn check<H: Host + AwsWrite>(host: &H) -> Result<Vec<Finding>, Error> {
        match word(host).as_str() {
            "erase" => erase(host),
            _ => host.base().map(|_| Vec::new()),
        }
    }

    fn plan<H: Host + Aws>(host: &H, at: Option<Cursor>) -> Result<PlanPage, Error> {
        let id = if word(host) == "odd-split" {
            ESCAPES
        } else {
            "111122223333/eu-central-1/acm"
        };
        let entries = match word(host).as_str() {
            "no-account" => Vec::new(),
            "no-place" => vec![account()],
            _ => vec![
                account(),
                planned(id, REGION),
                planned("111122223333/eu-west-1/acm", PEACE),
            ],
        };
        Ok(PlanPage {
            entries,
            problems: Vec::new(),
            next: at,
        })
    }

    fn read_page<H: Host + Aws>(host: &H, split: Split, at: Option<Cursor>) -> Result<Page, Error> {
        if split.region.as_deref() == Some(PEACE) {
            return page(0);
        }
        match word(host).as_str() {
            "spin" => spin(),
            "ask-time" => ask_time(host),
            "nap" => nap(host),
            "bomb" => bomb(),
            "trap" => trap(),
            "panic" => panic!("the lock of {} is\nrusted", "example.com"),
            "recurse" => page(recurse(1)),
            "forged" => use_handle(host, 4_711),
            "dropped" => dropped(host),
            "huge" => huge(host),
            "shout" => shout(host),
            "pause" => pause(host),
            "many-ids" => page(host.markers(&vec![String::from("x"); 1_001]).len()),
            "escapes" => Ok(escapes(host)),
            "foreign" => Ok(foreign()),
            "bad-der" => Ok(bad_der()),
            "endless" => Ok(endless()),
            "new-cursor" => new_cursor(at.as_ref()),
            "too-many" => Ok(too_many()),
            "long-error" => Err(error("long", &"long ".repeat(100_000))),
            _ => page(0),
        }
    }

    fn policy<H: Host + Aws>(_: &H, _: &str) -> Result<Vec<(String, String)>, Error> {
        Ok(Vec::new())
    }
}

fn account() -> PlanEntry {
    PlanEntry::Account(Account {
        id: "111122223333".into(),
        name: "one".into(),
        email: None,
        path: Vec::new(),
        state: "ACTIVE".into(),
        management: false,
        excluded: None,
    })
}

fn planned(id: &str, region: &str) -> PlanEntry {
    PlanEntry::Split(Split {
        id: id.into(),
        account: "111122223333".into(),
        region: Some(region.into()),
        service: "acm".into(),
        payload: String::new(),
    })
}

/// What the settings tell it to do.
fn word<H: Host>(host: &H) -> String {
    let settings = host.settings();
    let told = settings.split_once(r#""do":""#).map(|(_, rest)| rest);
    let word = told.and_then(|rest| rest.split('"').next());
    word.unwrap_or_default().to_owned()
}

fn error(code: &str, message: &str) -> Error {
    Error {
        class: ErrorClass::Unsupported,
        code: code.into(),
        message: message.into(),
        detail: None,
        retry_after_ms: None,
        subject: None,
    }
}

/// Deletes and tags whatever it finds, and one that does not exist; a finding for each, by its code.
fn erase<H: Host + AwsWrite>(host: &H) -> Result<Vec<Finding>, Error> {
    let base = host.base()?;
    let request = ListCertificatesRequest {
        key_types: Vec::new(),
        key_pair_origins: Vec::new(),
        statuses: Vec::new(),
        max_items: 100,
        next_token: None,
    };
    let listed = host.list_certificates(&base, REGION, &request)?;
    let mut arns: Vec<String> = listed.certificates.into_iter().map(|one| one.arn).collect();
    arns.push(format!("{OURS}00000000-0000-4000-8000-000000000000"));
    let tag = [Tag {
        key: "erased".into(),
        value: "soon".into(),
    }];
    let mut findings = Vec::new();
    for arn in arns {
        let tagged = host.add_tags_to_certificate(&base, REGION, &arn, &tag);
        let deleted = host.delete_certificate(&base, REGION, &arn);
        let told =
            |answer: Result<(), Error>| answer.map_or_else(|error| error.code, |()| "done".into());
        findings.push(Finding {
            status: CheckStatus::Success,
            code: format!("{} {}", told(tagged), told(deleted)),
            subject: Some(arn),
            message: String::new(),
            advice: None,
            statement: None,
        });
    }
    Ok(findings)
}

/// An empty page; the number keeps the compiler from leaving the work out.
#[expect(clippy::unnecessary_wraps, reason = "one arm among others")]
fn page(number: usize) -> Result<Page, Error> {
    core::hint::black_box(number);
    Ok(Page {
        entries: Vec::new(),
        problems: Vec::new(),
        next: None,
    })
}

fn spin() -> ! {
    loop {
        core::hint::black_box(0);
    }
}

fn compute() {
    for number in 0..100_000 {
        core::hint::black_box(number);
    }
}

/// Computes for ever, and asks for the time now and then.
fn ask_time<H: Host>(host: &H) -> ! {
    loop {
        compute();
        core::hint::black_box(host.now());
    }
}

/// Computes for ever, with the shortest of pauses.
fn nap<H: Host>(host: &H) -> ! {
    loop {
        (0..100).for_each(|_| compute());
        host.sleep(1);
    }
}

fn bomb() -> ! {
    let mut all = Vec::new();
    loop {
        all.push(core::hint::black_box(vec![1_u8; 1 << 20]));
    }
}

fn trap() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    unreachable!()
}

#[expect(unconditional_recursion, reason = "that is the point")]
fn recurse(depth: usize) -> usize {
    let kept = core::hint::black_box([depth; 64]);
    recurse(depth + 1) + kept[depth % 64]
}

/// A handle that nobody gave.
fn use_handle<H: Host>(host: &H, handle: u32) -> Result<Page, Error> {
    // SAFETY: none of Rust's rules is broken; that the host refuses is what is tested.
    let session = unsafe { credentials::Session::from_handle(handle) };
    host.log(Level::Info, &session.account());
    let body = acm::get_certificate(&session, REGION, OURS)?;
    page(body.certificate.len())
}

/// A handle that was given back.
fn dropped<H: Host>(host: &H) -> Result<Page, Error> {
    let session = credentials::base()?;
    let handle = session.handle();
    drop(session);
    use_handle(host, handle)
}

fn huge<H: Host>(host: &H) -> Result<Page, Error> {
    host.log(Level::Info, &"x".repeat(8 << 20));
    page(0)
}

fn shout<H: Host>(host: &H) -> Result<Page, Error> {
    for number in 0..1_000_000 {
        host.log(Level::Info, "again");
        core::hint::black_box(number);
    }
    page(0)
}

fn pause<H: Host>(host: &H) -> Result<Page, Error> {
    host.sleep(u32::MAX);
    page(0)
}

fn certificate(id: String) -> Certificate {
    Certificate {
        id,
        der: None,
        chain: Vec::new(),
        display_name: None,
        status: CertificateStatus::Pending,
        provider_status: "PENDING_VALIDATION".into(),
        source: CertificateSource::Unknown,
        in_use: None,
        in_use_by: Vec::new(),
        renewal: Renewal {
            automatic: false,
            status: None,
            reason: None,
        },
        origin: None,
        managed_by: None,
        tags: Vec::new(),
        created_at: Some(i64::MIN),
        imported_at: Some(i64::MAX),
        issued_at: Some(1_700_000_000_000),
        revoked_at: None,
        marker: "1".into(),
        attributes: Vec::new(),
    }
}

fn of(entries: Vec<Entry>) -> Page {
    Page {
        entries,
        problems: Vec::new(),
        next: None,
    }
}

fn escapes<H: Host>(host: &H) -> Page {
    host.log(Level::Warn, ESCAPES);
    let mut odd = certificate(format!("{OURS}1"));
    odd.display_name = Some(ESCAPES.into());
    odd.provider_status = ESCAPES.into();
    odd.tags = vec![
        Tag {
            key: ESCAPES.into(),
            value: ESCAPES.repeat(10_000)
        };
        2
    ];
    let problem = Problem {
        severity: Severity::Warning,
        code: ESCAPES.into(),
        subject: Some(ESCAPES.into()),
        message: ESCAPES.into(),
    };
    Page {
        entries: vec![Entry::Certificate(odd)],
        problems: vec![problem],
        next: None,
    }
}

fn foreign() -> Page {
    let others = [
        "arn:aws:acm:eu-central-1:999988887777:certificate/1",
        "arn:aws:acm:us-east-1:111122223333:certificate/1",
        "arn:aws:iam::111122223333:server-certificate/1",
        "arn:aws:acm:eu-central-1:111122223333:",
        "no ARN at all",
        "",
    ];
    let mut entries: Vec<_> = others
        .iter()
        .map(|id| Entry::Certificate(certificate((*id).into())))
        .collect();
    entries.extend(others.iter().map(|id| Entry::Unchanged((*id).into())));
    entries.push(Entry::Filtered(others[0].into()));
    entries.push(Entry::Unreadable(Unreadable {
        id: others[0].into(),
        code: "malformed-body".into(),
        message: "not ours".into(),
        body: None,
    }));
    entries.push(Entry::Certificate(certificate(format!("{OURS}mine"))));
    of(entries)
}

fn bad_der() -> Page {
    let mut bad = certificate(format!("{OURS}bad"));
    bad.der = Some(vec![0x30, 0x82, 0xff, 0xff, 1, 2, 3]);
    let mut large = certificate(format!("{OURS}large"));
    large.der = Some(vec![0x30; 1 << 20]);
    of(vec![Entry::Certificate(bad), Entry::Certificate(large)])
}

fn endless() -> Page {
    Page {
        next: Some(Cursor {
            version: 1,
            value: "again".into(),
        }),
        ..of(Vec::new())
    }
}

fn new_cursor(at: Option<&Cursor>) -> Result<Page, Error> {
    match at {
        Some(at) if at.version != 1 => Err(error(
            "cursor-version",
            "this version knows cursors of version 1 only",
        )),
        _ => page(0),
    }
}

fn too_many() -> Page {
    of((0..1_001)
        .map(|number| Entry::Unchanged(format!("{OURS}{number}")))
        .collect())
}
