//! Records in any DNS, by a small HTTP service of the operator's own. Nothing is ever executed.
//! Above: `dns`. Below: `http`, `vault`.
//! Invariant: the bearer secret goes into one header and nowhere else; an answer's text is shown cleaned.
//!
//! The service gets `POST {"action": "present" | "cleanup", "name", "type": "TXT", "value", "ttl"}` for each record.
//! 200, 201 or 204: done, and to be seen by resolvers. 202: taken up, ask again after `Retry-After` seconds (5
//! unless it says). Both actions may come several times for one record. 404 for a cleanup: it was not there.

use super::Record;
use crate::config::WebhookConfig;
use crate::issuer::http::{Answer, Http, PAUSE};
use crate::issuer::vault::Vault;
use crate::issuer::{IssuerError, IssuerErrorClass};
use crate::model::check::{CheckStatus, Finding};
use crate::model::text::clean;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Request, StatusCode};
use std::time::Duration;
use zeroize::Zeroizing;

/// Seconds that resolvers may keep a record.
const TTL: u32 = 60;
/// When a service that is not ready yet does not say when it will be.
const SOON: Duration = Duration::from_secs(5);

pub(in crate::issuer) struct Webhook {
    config: WebhookConfig,
    http: Http,
    vault: Vault,
}

impl Webhook {
    pub(super) fn new(config: &WebhookConfig, vault: Vault) -> Result<Self, IssuerError> {
        Ok(Self {
            http: Http::new(config.ca_file.as_deref())?,
            config: config.clone(),
            vault,
        })
    }

    pub(super) async fn present(
        &self,
        records: &[Record],
    ) -> Result<Option<Duration>, IssuerError> {
        let mut longest: Option<Duration> = None;
        for record in records {
            let answer = self.post("present", record).await?;
            match answer.status {
                StatusCode::ACCEPTED => {
                    let wait = answer
                        .retry_after()
                        .unwrap_or(SOON)
                        .max(Duration::from_secs(1));
                    longest = longest.max(Some(wait));
                }
                status if status.is_success() => {}
                _ => return Err(refused(record, &answer)),
            }
        }
        Ok(longest)
    }

    pub(super) async fn clean_up(&self, records: &[Record]) -> Result<(), IssuerError> {
        for record in records {
            let answer = self.post("cleanup", record).await?;
            if !answer.status.is_success() && answer.status != StatusCode::NOT_FOUND {
                return Err(refused(record, &answer));
            }
        }
        Ok(())
    }

    pub(super) async fn check(&self) -> Finding {
        let (status, message) = match self.bearer().await {
            Ok(_) => (
                CheckStatus::Skipped,
                "the webhook is called with the first order".to_owned(),
            ),
            Err(error) => (CheckStatus::Failure, error.to_string()),
        };
        Finding {
            status,
            code: "dns-webhook".to_owned(),
            subject: Some(clean(&self.config.url, 200)),
            message,
            advice: None,
            statement: None,
        }
    }

    async fn post(&self, action: &str, record: &Record) -> Result<Answer, IssuerError> {
        let body = serde_json::json!({
            "action": action,
            "name": record.name,
            "type": "TXT",
            "value": record.value,
            "ttl": TTL,
        });
        let mut request = Request::post(&self.config.url)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.to_string())))
            .map_err(|error| IssuerError::config("dns-webhook", error.to_string()))?;
        if let Some(bearer) = self.bearer().await? {
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        Ok(self.http.send(request).await?)
    }

    async fn bearer(&self) -> Result<Option<HeaderValue>, IssuerError> {
        let Some(name) = &self.config.secret else {
            return Ok(None);
        };
        let secret = self.vault.named(name).await?;
        let text = Zeroizing::new(format!("Bearer {}", secret.expose().trim()));
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            let text =
                format!("the secret `{name}` does not fit a header: it has more than one line");
            IssuerError::config("dns-webhook", text)
        })?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

fn refused(record: &Record, answer: &Answer) -> IssuerError {
    let said = clean(&String::from_utf8_lossy(&answer.body), 200);
    let text = format!(
        "{}: the DNS webhook answered HTTP {}{}{said}",
        record.name,
        answer.status.as_u16(),
        if said.is_empty() { "" } else { ": " }
    );
    let class = match answer.status.as_u16() {
        401 | 403 => IssuerErrorClass::Denied,
        408 | 425 | 429 | 500.. => IssuerErrorClass::Retry {
            after: answer.retry_after().unwrap_or(PAUSE),
        },
        _ => IssuerErrorClass::Config,
    };
    IssuerError::new(class, "dns-webhook", text)
}
