//! Issuers: the list, one with its CA's certificates, what applying did.
//! Above: `issuer list`, `issuer show`, `issuer apply`. Below: `ledger`.
//! Invariant: shows the configuration as applied, which holds no secret.

use super::connectors::change;
use super::{indented, pair};
use crate::app::AppliedIssuer;
use crate::cli::output::View;
use crate::cli::records::Stamp;
use crate::cli::style::{Style, Tone, day, minute, safe};
use crate::cli::table::Rows;
use crate::config::{AcmeConfig, ChallengeConfig, DnsConfig, IssuerConfig, IssuerKind};
use crate::ledger::StoredIssuer;
use crate::model::certificate::{Certificate, ParseError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// All issuers.
#[derive(Debug)]
pub struct IssuerList<'a> {
    pub issuers: &'a [StoredIssuer],
}

#[derive(Serialize)]
struct ListData<'a> {
    issuers: Vec<Data<'a>>,
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(flatten)]
    config: &'a IssuerConfig,
    created_at: Stamp,
    updated_at: Stamp,
}

impl<'a> From<&'a StoredIssuer> for Data<'a> {
    fn from(stored: &'a StoredIssuer) -> Self {
        Self {
            config: &stored.config,
            created_at: Stamp(stored.created_at),
            updated_at: Stamp(stored.updated_at),
        }
    }
}

impl View for IssuerList<'_> {
    const SCHEMA: &'static str = "sensor.issuers/v1";

    fn data(&self) -> impl Serialize + '_ {
        ListData {
            issuers: self.issuers.iter().map(Into::into).collect(),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&["name", "kind", "authority", "changed"]);
        for stored in self.issuers {
            rows.push(vec![
                stored.config.name.as_str().into(),
                stored.config.kind().into(),
                safe(&authority(&stored.config)).into(),
                minute(stored.updated_at).into(),
            ]);
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        if self.issuers.is_empty() {
            "no issuers yet\n".to_owned()
        } else {
            self.rows().table(style)
        }
    }
}

/// Whom the issuer asks, in a few words.
fn authority(config: &IssuerConfig) -> String {
    match &config.kind {
        IssuerKind::Acme(acme) => acme.directory.clone(),
        IssuerKind::AwsPrivateCa(ca) => ca.ca_arn.clone(),
        IssuerKind::Local(local) => local.subject.clone(),
    }
}

/// A certificate of the CA itself.
#[derive(Debug, Serialize)]
pub struct IssuerCertificate {
    pub subject: String,
    pub fingerprint: String,
    pub key_algorithm: String,
    pub not_before: Stamp,
    pub not_after: Stamp,
    pub pem: String,
}

impl IssuerCertificate {
    /// Reads it.
    ///
    /// # Errors
    /// When the bytes are no certificate.
    pub fn read(der: &[u8]) -> Result<Self, ParseError> {
        let read = Certificate::from_der(der)?;
        let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
        let encoded = STANDARD.encode(der);
        let mut rest = encoded.as_str();
        while !rest.is_empty() {
            let (line, more) = rest.split_at(rest.len().min(64));
            put!(pem, "{line}\n");
            rest = more;
        }
        pem += "-----END CERTIFICATE-----\n";
        Ok(Self {
            subject: read.subject,
            fingerprint: read.fingerprint.to_string(),
            key_algorithm: read.key_algorithm,
            not_before: Stamp(read.not_before),
            not_after: Stamp(read.not_after),
            pem,
        })
    }
}

/// One issuer.
#[derive(Debug)]
pub struct IssuerView<'a> {
    pub issuer: &'a StoredIssuer,
    pub certificates: &'a [IssuerCertificate],
}

#[derive(Serialize)]
struct OneData<'a> {
    issuer: Data<'a>,
    certificates: &'a [IssuerCertificate],
}

impl View for IssuerView<'_> {
    const SCHEMA: &'static str = "sensor.issuer/v1";

    fn data(&self) -> impl Serialize + '_ {
        OneData {
            issuer: self.issuer.into(),
            certificates: self.certificates,
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&["setting", "value"]);
        for (name, value) in settings(&self.issuer.config) {
            rows.push(vec![name.into(), safe(&value).into()]);
        }
        for certificate in self.certificates {
            rows.push(vec!["certificate".into(), certificate.pem.clone().into()]);
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        let name = self.issuer.config.name.as_str();
        let mut text = format!("{}\n", style.paint(Tone::Strong, name));
        for (name, value) in settings(&self.issuer.config) {
            text += &pair(style, name, &safe(&value));
        }
        for certificate in self.certificates {
            let told = format!(
                "{} ({}, until {})",
                safe(&certificate.subject),
                certificate.key_algorithm,
                day(certificate.not_after.0)
            );
            text += "\n";
            text += &pair(style, "certificate", &told);
            text += &pair(style, "SHA-256", &certificate.fingerprint);
            text += &indented(&certificate.pem, 2);
        }
        text
    }
}

/// What the file says, line by line.
fn settings(config: &IssuerConfig) -> Vec<(&'static str, String)> {
    let mut all = vec![("kind", config.kind().to_owned())];
    match &config.kind {
        IssuerKind::Acme(acme) => of_acme(acme, &mut all),
        IssuerKind::AwsPrivateCa(ca) => {
            all.push(("authority", ca.ca_arn.clone()));
            all.push(("validity", ca.validity.to_string()));
            all.extend(ca.template.clone().map(|template| ("template", template)));
        }
        IssuerKind::Local(local) => {
            all.push(("subject", local.subject.clone()));
            all.push(("validity", local.validity.to_string()));
        }
    }
    if let Some(credential) = config.credential() {
        let told = format!("{} by {}", credential.method, credential.provider);
        all.push(("credential", told));
    }
    all
}

fn of_acme(acme: &AcmeConfig, all: &mut Vec<(&'static str, String)>) {
    all.push(("directory", acme.directory.clone()));
    if let Some(file) = &acme.ca_file {
        all.push(("trusts", file.display().to_string()));
    }
    if !acme.contact.is_empty() {
        all.push(("contact", acme.contact.join(", ")));
    }
    if let Some(eab) = &acme.eab {
        let told = format!("{}, its key in the secret {}", eab.key_id, eab.secret);
        all.push(("external account", told));
    }
    match &acme.challenge {
        ChallengeConfig::Http01 => all.push(("challenge", "http-01".to_owned())),
        ChallengeConfig::Dns01(DnsConfig::Route53(dns)) => {
            let zone = dns.hosted_zone.as_deref().unwrap_or("found by name");
            all.push(("challenge", format!("dns-01 by Route 53, zone {zone}")));
        }
        ChallengeConfig::Dns01(DnsConfig::Webhook(webhook)) => {
            all.push(("challenge", format!("dns-01 by {}", webhook.url)));
            if let Some(secret) = &webhook.secret {
                all.push(("bearer secret", secret.clone()));
            }
        }
    }
}

/// What applying a file did.
#[derive(Debug)]
pub struct AppliedIssuers<'a> {
    pub applied: &'a [AppliedIssuer],
}

#[derive(Serialize)]
struct AppliedData<'a> {
    issuers: Vec<AppliedLine<'a>>,
}

#[derive(Serialize)]
struct AppliedLine<'a> {
    name: &'a str,
    change: &'static str,
}

impl<'a> View for AppliedIssuers<'a> {
    const SCHEMA: &'static str = "sensor.applied-issuers/v1";

    fn data(&self) -> impl Serialize + '_ {
        let line = |done: &'a AppliedIssuer| AppliedLine {
            name: done.name.as_str(),
            change: change(done.put),
        };
        AppliedData {
            issuers: self.applied.iter().map(line).collect(),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&["issuer", "change"]);
        for done in self.applied {
            rows.push(vec![done.name.as_str().into(), change(done.put).into()]);
        }
        rows
    }

    fn text(&self, _style: Style) -> String {
        let mut text = String::new();
        self.applied
            .iter()
            .for_each(|done| put!(text, "{} {}\n", done.name, change(done.put)));
        text
    }
}
