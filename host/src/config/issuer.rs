//! An issuer as its operator meant it: a certificate authority and how it is asked.
//! Above: `ledger` keeps it, `issuer` acts on it. Below: `model`.
//! Invariant: holds no secret, only names of secrets; what it serializes to is its stored form (see `SCHEMA`).

use super::{CredentialConfig, Period};
use crate::model::id::IssuerId;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A certificate authority that the sensor may ask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IssuerConfig {
    pub name: IssuerId,
    #[serde(flatten)]
    pub kind: IssuerKind,
}

/// Which kind of authority, with its own settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum IssuerKind {
    Acme(AcmeConfig),
    AwsPrivateCa(PrivateCaConfig),
    Local(LocalConfig),
}

/// Any ACME CA (RFC 8555).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AcmeConfig {
    /// The URL of its directory.
    pub directory: String,
    /// Certificates (PEM) of those who may vouch for its server, in place of the machine's roots. Absolute.
    pub ca_file: Option<PathBuf>,
    /// As URLs: "mailto:pki@example.com".
    pub contact: Vec<String>,
    pub eab: Option<EabConfig>,
    pub challenge: ChallengeConfig,
}

/// What binds the ACME account to a contract with the CA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EabConfig {
    pub key_id: String,
    /// The name of the secret that holds the HMAC key in base64url.
    pub secret: String,
}

/// How names are proven.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChallengeConfig {
    /// By the sensor's own listener.
    #[serde(rename = "http-01")]
    Http01,
    #[serde(rename = "dns-01")]
    Dns01(DnsConfig),
}

/// Who puts records into the DNS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "provider", rename_all = "kebab-case")]
pub enum DnsConfig {
    Route53(Route53Config),
    Webhook(WebhookConfig),
}

/// Route 53, in the account that the credential belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Route53Config {
    pub credential: CredentialConfig,
    /// None: the public zone with the longest name that fits.
    pub hosted_zone: Option<String>,
}

/// A small HTTP service of the operator's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookConfig {
    pub url: String,
    /// As with the CA's own server.
    pub ca_file: Option<PathBuf>,
    /// The name of the secret that is sent as bearer token.
    pub secret: Option<String>,
}

/// AWS Private CA.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrivateCaConfig {
    pub ca_arn: String,
    pub credential: CredentialConfig,
    /// The life of a certificate whose profile asks for none. AWS counts whole days.
    pub validity: Period,
    /// None: the one of AWS's own that gives the usages of the profile.
    pub template: Option<String>,
}

/// A CA of the sensor's own, for tests and internal names. Its keys lie sealed in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalConfig {
    /// The common name of its certificates, made once with the CA.
    pub subject: String,
    /// The life of a certificate whose profile asks for none.
    pub validity: Period,
}

impl PrivateCaConfig {
    fn part(&self, index: usize) -> &str {
        // The reader has checked that it is an ARN.
        self.ca_arn.split(':').nth(index).unwrap_or_default()
    }

    #[must_use]
    pub fn partition(&self) -> &str {
        self.part(1)
    }

    #[must_use]
    pub fn region(&self) -> &str {
        self.part(3)
    }
}

impl IssuerConfig {
    /// The version of the stored form; counts up when a field changes its meaning.
    pub const SCHEMA: u32 = 1;

    /// The kind's word.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.kind {
            IssuerKind::Acme(_) => "acme",
            IssuerKind::AwsPrivateCa(_) => "aws-private-ca",
            IssuerKind::Local(_) => "local",
        }
    }

    /// What it is to act with in AWS, if it acts there.
    #[must_use]
    pub fn credential(&self) -> Option<&CredentialConfig> {
        self.credential_field().map(|(_, credential)| credential)
    }

    /// The same, with the path of its table.
    #[must_use]
    pub fn credential_field(&self) -> Option<(&'static str, &CredentialConfig)> {
        match &self.kind {
            IssuerKind::Acme(acme) => match &acme.challenge {
                ChallengeConfig::Dns01(DnsConfig::Route53(dns)) => {
                    Some(("dns.credential", &dns.credential))
                }
                _ => None,
            },
            IssuerKind::AwsPrivateCa(ca) => Some(("credential", &ca.credential)),
            IssuerKind::Local(_) => None,
        }
    }

    /// The secrets that it names itself, by their fields; those of its credential only the credential's provider
    /// knows.
    pub fn secrets(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let (mut eab, mut bearer) = (None, None);
        if let IssuerKind::Acme(acme) = &self.kind {
            let of_eab = acme.eab.as_ref();
            eab = of_eab.map(|eab| ("eab.secret", eab.secret.as_str()));
            if let ChallengeConfig::Dns01(DnsConfig::Webhook(webhook)) = &acme.challenge {
                let secret = webhook.secret.as_deref();
                bearer = secret.map(|secret| ("dns.secret", secret));
            }
        }
        eab.into_iter().chain(bearer)
    }

    /// Whether it, or its credential's parameters, name this secret.
    #[must_use]
    pub fn names_secret(&self, name: &str) -> bool {
        self.secrets().any(|(_, secret)| secret == name)
            || self
                .credential()
                .is_some_and(|credential| credential.names_secret(name))
    }
}
