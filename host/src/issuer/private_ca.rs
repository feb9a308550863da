//! AWS Private CA by the AWS SDK.
//! Above: `issuer::open`. Below: aws-sdk-acmpca, `backend::sdk` (what AWS's errors mean).
//! Invariant: an order is one IssueCertificate with a token of the issuance's own; AWS keeps such a token for five
//! minutes, so only a crash of more than that between the call and the journal can leave a certificate that nobody
//! asks for.

mod template;
#[cfg(test)]
mod tests;

use super::aws::told;
use super::{Issuer, IssuerError, IssuerErrorClass, OrderRef, Progress, Wanted};
use crate::backend::sdk::from_sdk;
use crate::config::PrivateCaConfig;
use crate::model::certificate::Certificate;
use crate::model::check::{CheckStatus, Finding};
use crate::model::issuer::{RenewalWindow, RevocationReason};
use crate::model::time::rfc3339;
use aws_sdk_acmpca::Client;
use aws_sdk_acmpca::config::Region;
use aws_sdk_acmpca::operation::get_certificate::GetCertificateError;
use aws_sdk_acmpca::operation::revoke_certificate::RevokeCertificateError;
use aws_sdk_acmpca::types::{
    CertificateAuthority, CertificateAuthorityStatus, CertificateAuthorityUsageMode, Validity,
    ValidityPeriodType,
};
use aws_smithy_types::Blob;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;
use std::time::Duration;
use tokio::sync::OnceCell;

/// AWS signs within seconds.
const SOON: Duration = Duration::from_secs(2);
const DAY: Duration = Duration::from_hours(24);

pub(super) struct PrivateCa {
    config: PrivateCaConfig,
    client: Client,
    /// Looked up once: a CA's key does not change.
    described: OnceCell<CertificateAuthority>,
    /// Asked for once, whatever came of it: it is only for a warning.
    signs_with: OnceCell<Option<String>>,
}

impl PrivateCa {
    /// `aws` brings the credentials and, for tests and private networks, the endpoint.
    pub(super) fn new(config: &PrivateCaConfig, aws: &aws_config::SdkConfig) -> Self {
        let region = Region::new(config.region().to_owned());
        let builder = aws_sdk_acmpca::config::Builder::from(aws).region(region);
        Self {
            config: config.clone(),
            client: Client::from_conf(builder.build()),
            described: OnceCell::new(),
            signs_with: OnceCell::new(),
        }
    }

    async fn describe(&self) -> Result<CertificateAuthority, IssuerError> {
        let answer = self
            .client
            .describe_certificate_authority()
            .certificate_authority_arn(&self.config.ca_arn)
            .send()
            .await
            .map_err(|error| told(from_sdk(error, false)))?;
        answer.certificate_authority.ok_or_else(|| {
            IssuerError::internal("private-ca", "AWS described no certificate authority")
        })
    }
}

#[async_trait::async_trait]
impl Issuer for PrivateCa {
    async fn order(&self, wanted: &Wanted) -> Result<OrderRef, IssuerError> {
        let template = match &self.config.template {
            Some(template) => template.clone(),
            None => template::for_usages(self.config.partition(), wanted)?,
        };
        let days = days(wanted.validity.unwrap_or(self.config.validity.duration()))?;
        let validity = Validity::builder()
            .value(days)
            .r#type(ValidityPeriodType::Days);
        let validity = validity
            .build()
            .map_err(|error| IssuerError::internal("private-ca", error.to_string()))?;
        let ca = self.described.get_or_try_init(|| self.describe()).await?;
        let signing = ca
            .certificate_authority_configuration()
            .map(|own| own.signing_algorithm().clone());
        let answer = self
            .client
            .issue_certificate()
            .certificate_authority_arn(&self.config.ca_arn)
            .csr(Blob::new(pem(&wanted.csr)))
            .set_signing_algorithm(signing)
            .template_arn(template)
            .validity(validity)
            .idempotency_token(idempotency_token(&wanted.token))
            .send()
            .await
            .map_err(|error| told(from_sdk(error, false)))?;
        let arn = answer.certificate_arn.ok_or_else(|| {
            IssuerError::internal("private-ca", "AWS issued a certificate without an ARN")
        })?;
        Ok(OrderRef(arn))
    }

    async fn advance(&self, order: &OrderRef, _wanted: &Wanted) -> Result<Progress, IssuerError> {
        let answer = self
            .client
            .get_certificate()
            .certificate_authority_arn(&self.config.ca_arn)
            .certificate_arn(&order.0)
            .send()
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return not_there(error),
        };
        let mut leaf = certificates(answer.certificate.as_deref().unwrap_or_default())?;
        let chain = certificates(answer.certificate_chain.as_deref().unwrap_or_default())?;
        if leaf.len() != 1 {
            let text = format!("AWS handed over {} certificates for one", leaf.len());
            return Err(IssuerError::internal("private-ca", text));
        }
        Ok(Progress::Issued {
            leaf: leaf.remove(0),
            chain,
        })
    }

    async fn renewal_window(&self, _leaf: &[u8]) -> Result<Option<RenewalWindow>, IssuerError> {
        Ok(None)
    }

    async fn revoke(&self, leaf: &[u8], reason: RevocationReason) -> Result<(), IssuerError> {
        let leaf = Certificate::from_der(leaf)
            .map_err(|error| IssuerError::config("unreadable", error.to_string()))?;
        let done = self
            .client
            .revoke_certificate()
            .certificate_authority_arn(&self.config.ca_arn)
            .certificate_serial(colons(&leaf.serial))
            .revocation_reason(template::reason(reason))
            .send()
            .await;
        match done {
            Ok(_) => Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(
                    RevokeCertificateError::is_request_already_processed_exception,
                ) =>
            {
                Ok(())
            }
            Err(error) => Err(told(from_sdk(error, false))),
        }
    }

    async fn signing_key(&self) -> Option<String> {
        let asked = || async {
            let ca = self.described.get_or_try_init(|| self.describe()).await;
            let own = ca.ok()?.certificate_authority_configuration()?;
            Some(own.key_algorithm().as_str().to_owned())
        };
        self.signs_with.get_or_init(asked).await.clone()
    }

    async fn check(&self) -> Result<Vec<Finding>, IssuerError> {
        let finding = match self.describe().await {
            Ok(ca) => self.finding(&ca),
            Err(error) => Finding {
                status: CheckStatus::Failure,
                code: "certificate-authority".to_owned(),
                subject: Some(self.config.ca_arn.clone()),
                message: error.to_string(),
                advice: None,
                statement: (error.class == IssuerErrorClass::Denied).then(|| self.statement()),
            },
        };
        Ok(vec![finding])
    }
}

impl PrivateCa {
    fn finding(&self, ca: &CertificateAuthority) -> Finding {
        let active = ca.status() == Some(&CertificateAuthorityStatus::Active);
        let status = ca.status().map_or("UNKNOWN", |status| status.as_str());
        let key = ca
            .certificate_authority_configuration()
            .map_or("?", |own| own.key_algorithm().as_str());
        let mut message = format!("{status}, {key}");
        if let Some(end) = ca.not_after().and_then(|at| at.to_millis().ok()) {
            message = format!("{message}, valid until {}", rfc3339(end));
        }
        let short = ca.usage_mode() == Some(&CertificateAuthorityUsageMode::ShortLivedCertificate);
        if short {
            message += ", for certificates of 7 days at most";
        }
        let too_long = short && self.config.validity.duration() > 7 * DAY;
        let (status, advice) = match (active, too_long) {
            (false, _) => (
                CheckStatus::Failure,
                Some("only an ACTIVE certificate authority issues"),
            ),
            (true, true) => (
                CheckStatus::Warning,
                Some("set validity = \"7d\" or less, or have every profile say so"),
            ),
            (true, false) => (CheckStatus::Success, None),
        };
        Finding {
            status,
            code: "certificate-authority".to_owned(),
            subject: Some(self.config.ca_arn.clone()),
            message,
            advice: advice.map(str::to_owned),
            statement: None,
        }
    }

    fn statement(&self) -> String {
        serde_json::json!({
            "Effect": "Allow",
            "Action": [
                "acm-pca:DescribeCertificateAuthority",
                "acm-pca:IssueCertificate",
                "acm-pca:GetCertificate",
                "acm-pca:RevokeCertificate",
            ],
            "Resource": self.config.ca_arn,
        })
        .to_string()
    }
}

/// AWS counts whole days here. Never more than asked.
fn days(validity: Duration) -> Result<i64, IssuerError> {
    let days = validity.as_secs() / DAY.as_secs();
    if days == 0 {
        let text = "AWS Private CA counts a certificate's life in whole days: ask for one at least";
        return Err(IssuerError::config("validity", text));
    }
    Ok(i64::try_from(days).unwrap_or(i64::MAX))
}

/// AWS takes 36 characters at most.
fn idempotency_token(token: &str) -> String {
    let hash = crate::model::id::Sha256::of(token.as_bytes()).to_string();
    hash[..36].to_owned()
}

fn pem(csr: &[u8]) -> String {
    let mut text = "-----BEGIN CERTIFICATE REQUEST-----\n".to_owned();
    let encoded = STANDARD.encode(csr);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        let _infallible = writeln!(text, "{line}");
        rest = more;
    }
    text + "-----END CERTIFICATE REQUEST-----\n"
}

/// "0abc" as AWS wants it: "0a:bc".
fn colons(serial: &str) -> String {
    let even = if serial.len().is_multiple_of(2) {
        serial.to_owned()
    } else {
        format!("0{serial}")
    };
    let pairs: Vec<&str> = even
        .as_bytes()
        .chunks(2)
        .filter_map(|pair| std::str::from_utf8(pair).ok())
        .collect();
    pairs.join(":")
}

fn certificates(text: &str) -> Result<Vec<Vec<u8>>, IssuerError> {
    let mut found = Vec::new();
    for pem in x509_parser::pem::Pem::iter_from_buffer(text.as_bytes()) {
        let pem = pem.map_err(|error| {
            IssuerError::internal("private-ca", format!("AWS's answer is no PEM: {error}"))
        })?;
        found.push(pem.contents);
    }
    Ok(found)
}

/// No certificate: not yet, or never.
fn not_there(
    error: aws_sdk_acmpca::error::SdkError<GetCertificateError>,
) -> Result<Progress, IssuerError> {
    match error.as_service_error() {
        Some(GetCertificateError::RequestInProgressException(_)) => Ok(Progress::Pending {
            retry_after: SOON,
            doing: "AWS Private CA is signing".to_owned(),
        }),
        Some(
            GetCertificateError::RequestFailedException(_)
            | GetCertificateError::ResourceNotFoundException(_),
        ) => {
            let told = told(from_sdk(error, false));
            Err(IssuerError {
                class: IssuerErrorClass::OrderEnded,
                ..told
            })
        }
        _ => Err(told(from_sdk(error, false))),
    }
}
