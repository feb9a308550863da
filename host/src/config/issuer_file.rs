//! From the text of an issuer's file to what it means.
//! Above: `config::parse_issuers`. Below: `reader`, `tables`.
//! Invariant: either every issuer of the file is well-formed, or none is returned.

use super::Period;
use super::issuer::{
    AcmeConfig, ChallengeConfig, DnsConfig, EabConfig, IssuerConfig, IssuerKind, LocalConfig,
    PrivateCaConfig, Route53Config, WebhookConfig,
};
use super::problem::ConfigProblem;
use super::reader::{Fields, Problems};
use super::resolve::credential;
use super::tables::{Named, tables};
use crate::model::id::IssuerId;
use crate::model::text::clean;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The life of a certificate when nobody says.
const VALIDITY: Duration = Duration::from_hours(90 * 24);
/// The longest life that a file may ask for.
const LONGEST: Duration = Duration::from_hours(825 * 24);

#[derive(Clone, Copy)]
enum Kind {
    Acme,
    AwsPrivateCa,
    Local,
}

const KINDS: &[(&str, Kind)] = &[
    ("acme", Kind::Acme),
    ("aws-private-ca", Kind::AwsPrivateCa),
    ("local", Kind::Local),
];

#[derive(Clone, Copy, PartialEq)]
enum Challenge {
    Http01,
    Dns01,
}

const CHALLENGES: &[(&str, Challenge)] =
    &[("http-01", Challenge::Http01), ("dns-01", Challenge::Dns01)];

#[derive(Clone, Copy)]
enum Provider {
    Route53,
    Webhook,
}

const PROVIDERS: &[(&str, Provider)] = &[
    ("route53", Provider::Route53),
    ("webhook", Provider::Webhook),
];

pub(super) fn resolve(text: &str, base: &Path) -> Result<Vec<IssuerConfig>, Vec<ConfigProblem>> {
    tables(text, &|fields, problems| issuer(fields, base, problems))
}

impl Named for IssuerConfig {
    const NOUN: &'static str = "issuer";
    fn name(&self) -> &str {
        self.name.as_str()
    }
}

/// None only with a problem told.
fn issuer(
    mut fields: Fields<'_>,
    base: &Path,
    problems: &mut Problems<'_>,
) -> Option<IssuerConfig> {
    let name: Option<IssuerId> = fields.required("name", "lets-encrypt", problems);
    missing(&fields, "kind", "acme", problems);
    // What the other fields mean depends on the kind: without one they are not judged.
    let kind = match fields.choice("kind", KINDS, problems)? {
        Kind::Acme => acme(&mut fields, base, problems),
        Kind::AwsPrivateCa => private_ca(&mut fields, problems),
        Kind::Local => Some(local(&mut fields, name.as_ref(), problems)),
    };
    fields.finish(problems);
    Some(IssuerConfig {
        name: name?,
        kind: kind?,
    })
}

fn missing(fields: &Fields<'_>, name: &'static str, example: &str, problems: &mut Problems<'_>) {
    if !fields.has(name) {
        let help = Some(format!("write for example {name} = \"{example}\""));
        problems.add_with_help(Some(fields.at()), &fields.path_of(name), "is missing", help);
    }
}

fn acme(fields: &mut Fields<'_>, base: &Path, problems: &mut Problems<'_>) -> Option<IssuerKind> {
    const EXAMPLE: &str = "https://acme-v02.api.letsencrypt.org/directory";
    missing(fields, "directory", EXAMPLE, problems);
    let directory = url(fields, "directory", problems);
    let ca_file = file(fields, "ca_file", base, problems);
    let agreed_at = fields.place("terms_of_service_agreed");
    if fields.boolean("terms_of_service_agreed", problems) != Some(true) {
        problems.add_with_help(
            agreed_at.or(Some(fields.at())),
            &fields.path_of("terms_of_service_agreed"),
            "an account needs your agreement to the CA's terms of service",
            Some("read them, then write terms_of_service_agreed = true".to_owned()),
        );
    }
    let contact = fields.list::<Contact>("contact", problems);
    let contact = contact.unwrap_or_default();
    let eab = fields
        .table("eab", problems)
        .map(|table| eab(table, problems));
    let challenge = fields.choice("challenge", CHALLENGES, problems);
    let challenge = match challenge.unwrap_or(Challenge::Http01) {
        Challenge::Http01 => {
            if let Some(at) = fields.place("dns") {
                let message = "is read only with challenge = \"dns-01\"";
                problems.add(Some(at), &fields.path_of("dns"), message);
                fields.take("dns");
            }
            Some(ChallengeConfig::Http01)
        }
        Challenge::Dns01 => fields
            .section("dns", "provider = \"route53\" or \"webhook\"", problems)
            .and_then(|table| dns(table, base, problems))
            .map(ChallengeConfig::Dns01),
    };
    Some(IssuerKind::Acme(AcmeConfig {
        directory: directory?,
        ca_file,
        contact: contact.into_iter().map(|contact| contact.0).collect(),
        // Flattened here, so that a table with a mistake in it is not taken for none.
        eab: match eab {
            Some(read) => Some(read?),
            None => None,
        },
        challenge: challenge?,
    }))
}

/// An address for mail, or a URL of another kind.
struct Contact(String);

impl std::str::FromStr for Contact {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = text.strip_prefix("mailto:").unwrap_or(text);
        let fits = plain
            .split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && host.contains('.'))
            && !plain.contains(char::is_whitespace);
        if fits {
            Ok(Self(format!("mailto:{plain}")))
        } else {
            Err("an address for mail like \"pki@example.com\" is needed here")
        }
    }
}

fn eab(mut fields: Fields<'_>, problems: &mut Problems<'_>) -> Option<EabConfig> {
    let key_id = fields.required("key_id", "kid-1", problems);
    let secret = fields.required("secret", "the-name-of-a-secret", problems);
    fields.finish(problems);
    Some(EabConfig {
        key_id: key_id?,
        secret: secret?,
    })
}

fn dns(mut fields: Fields<'_>, base: &Path, problems: &mut Problems<'_>) -> Option<DnsConfig> {
    missing(&fields, "provider", "route53", problems);
    let read = match fields.choice("provider", PROVIDERS, problems)? {
        Provider::Route53 => {
            let table = fields.section("credential", "provider = \"aws-credentials\"", problems);
            let credential = table.and_then(|table| credential(table, problems));
            let hosted_zone = fields.string("hosted_zone", problems);
            let hosted_zone = hosted_zone.map(|(text, at)| zone(&text, at, &fields, problems));
            credential.map(|credential| {
                DnsConfig::Route53(Route53Config {
                    credential,
                    hosted_zone,
                })
            })
        }
        Provider::Webhook => {
            missing(&fields, "url", "https://dns.example.com/acme", problems);
            let url = url(&mut fields, "url", problems);
            let ca_file = file(&mut fields, "ca_file", base, problems);
            let secret = fields.string("secret", problems).map(|(text, _)| text);
            url.map(|url| {
                DnsConfig::Webhook(WebhookConfig {
                    url,
                    ca_file,
                    secret,
                })
            })
        }
    };
    fields.finish(problems);
    read
}

/// "Z0123456789ABCDEFGHIJ", perhaps behind "/hostedzone/", as AWS itself writes it.
fn zone(text: &str, at: Range<usize>, fields: &Fields<'_>, problems: &mut Problems<'_>) -> String {
    let id = text.strip_prefix("/hostedzone/").unwrap_or(text);
    let fits = (1..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
    if !fits {
        let message = "the ID of a hosted zone like \"Z0123456789ABCDEFGHIJ\" is needed here";
        problems.add(Some(at), &fields.path_of("hosted_zone"), message);
    }
    id.to_owned()
}

fn private_ca(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Option<IssuerKind> {
    const EXAMPLE: &str = "arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/11111111-2222-3333-4444-555555555555";
    missing(fields, "ca_arn", EXAMPLE, problems);
    let ca_arn = fields.string("ca_arn", problems).map(|(text, at)| {
        if !is_arn(&text, "certificate-authority/") || text.split(':').nth(3) == Some("") {
            let message =
                format!("the ARN of a certificate authority like \"{EXAMPLE}\" is needed here");
            problems.add(Some(at), &fields.path_of("ca_arn"), message);
        }
        text
    });
    let template = fields.string("template", problems).map(|(text, at)| {
        if !is_arn(&text, "template/") {
            let message =
                "the ARN of a template like \"arn:aws:acm-pca:::template/EndEntityCertificate/V1\" is needed here";
            problems.add(Some(at), &fields.path_of("template"), message);
        }
        text
    });
    let validity = validity(fields, problems);
    let credential = fields
        .section("credential", "provider = \"aws-credentials\"", problems)
        .and_then(|table| credential(table, problems));
    Some(IssuerKind::AwsPrivateCa(PrivateCaConfig {
        ca_arn: ca_arn?,
        credential: credential?,
        validity,
        template,
    }))
}

fn is_arn(text: &str, of: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, "acm-pca", _, _, what] = parts.as_slice() else {
        return false;
    };
    let plain = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_/:".contains(&b))
    };
    partition.starts_with("aws") && what.len() > of.len() && what.starts_with(of) && plain(text)
}

fn local(
    fields: &mut Fields<'_>,
    name: Option<&IssuerId>,
    problems: &mut Problems<'_>,
) -> IssuerKind {
    let subject = match fields.string("subject", problems) {
        Some((text, at)) => {
            if text.trim().is_empty() || text.chars().count() > 60 || clean(&text, 64) != text {
                problems.add(
                    Some(at),
                    &fields.path_of("subject"),
                    "a common name of 1 to 60 plain characters is needed here",
                );
            }
            text
        }
        // A name is 63 characters long at most, a common name 64.
        None => clean(
            &format!("sensor CA {}", name.map_or("", IssuerId::as_str)),
            60,
        ),
    };
    let validity = validity(fields, problems);
    IssuerKind::Local(LocalConfig { subject, validity })
}

/// Between an hour and the longest.
fn validity(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Period {
    let Some((text, at)) = fields.string("validity", problems) else {
        return Period::from(VALIDITY);
    };
    let told = match text.parse::<Period>() {
        Ok(period) if (Duration::from_hours(1)..=LONGEST).contains(&period.duration()) => {
            return period;
        }
        Ok(_) => "a certificate's life from 1h to 825d is needed here".to_owned(),
        Err(error) => error.to_string(),
    };
    problems.add(Some(at), &fields.path_of("validity"), told);
    Period::from(VALIDITY)
}

/// https, or http to this machine itself.
fn url(fields: &mut Fields<'_>, name: &'static str, problems: &mut Problems<'_>) -> Option<String> {
    let (text, at) = fields.string(name, problems)?;
    let rest = |scheme: &str| text.strip_prefix(scheme).map(str::to_owned);
    let here = |rest: String| {
        let host = rest.split(['/', '?']).next().unwrap_or_default().to_owned();
        let bare = host
            .rsplit_once(':')
            .map_or(host.as_str(), |(host, _)| host);
        matches!(bare, "localhost" | "[::1]") || bare.starts_with("127.")
    };
    let fits = rest("https://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        || rest("http://").is_some_and(here);
    if !fits || text.contains('@') || text.contains(char::is_whitespace) {
        problems.add(
            Some(at),
            &fields.path_of(name),
            "a URL with https:// is needed here (http:// only to this machine itself), without a password in it",
        );
    }
    Some(text)
}

/// A file that is there.
fn file(
    fields: &mut Fields<'_>,
    name: &'static str,
    base: &Path,
    problems: &mut Problems<'_>,
) -> Option<PathBuf> {
    let (text, at) = fields.string(name, problems)?;
    let path = base.join(text);
    if !path.is_file() {
        let shown = clean(&path.display().to_string(), 200);
        problems.add(
            Some(at),
            &fields.path_of(name),
            format!("there is no file {shown}"),
        );
    }
    Some(path)
}
