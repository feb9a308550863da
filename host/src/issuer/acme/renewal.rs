//! When the CA would have a certificate renewed (RFC 9773).
//! Above: `acme`. Below: `http`.
//! Invariant: the answer needs no account; a CA that does not know the certificate tells nothing.

use crate::issuer::IssuerError;
use crate::issuer::http::Http;
use crate::model::issuer::RenewalWindow;
use crate::model::text::clean;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::Full;
use hyper::Request;
use hyper::StatusCode;
use instant_acme::CertificateIdentifier;
use serde::Deserialize;
use std::time::Duration;
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

/// How long an answer holds that does not say (RFC 9773, 4.3.2).
const USUAL: Duration = Duration::from_hours(6);
/// However often a CA wants to be asked.
const SHORTEST: Duration = Duration::from_mins(1);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    suggested_window: Window,
    #[serde(rename = "explanationURL")]
    explanation: Option<String>,
}

#[derive(Deserialize)]
struct Window {
    start: jiff::Timestamp,
    end: jiff::Timestamp,
}

/// How the CA knows a certificate; none if the certificate names no key of its issuer.
pub(super) fn identifier(leaf: &[u8]) -> Option<CertificateIdentifier<'static>> {
    let (_, leaf) = X509Certificate::from_der(leaf).ok()?;
    let key = leaf
        .iter_extensions()
        .find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(key) => key.key_identifier.as_ref(),
            _ => None,
        })?;
    Some(CertificateIdentifier {
        authority_key_identifier: URL_SAFE_NO_PAD.encode(key.0).into(),
        serial: URL_SAFE_NO_PAD.encode(leaf.raw_serial()).into(),
    })
}

pub(super) async fn window(
    http: &Http,
    url: &str,
    leaf: &[u8],
) -> Result<Option<RenewalWindow>, IssuerError> {
    let Some(id) = identifier(leaf) else {
        return Ok(None);
    };
    let request = Request::get(format!("{}/{id}", url.trim_end_matches('/')));
    let request = request
        .body(Full::default())
        .map_err(|error| IssuerError::internal("renewal-info", error.to_string()))?;
    let answer = http.send(request).await?;
    if answer.status == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    let info = serde_json::from_slice::<Info>(&answer.body).ok();
    let info = info.filter(|info| {
        answer.status.is_success() && info.suggested_window.end > info.suggested_window.start
    });
    let Some(info) = info else {
        let text = format!(
            "the CA's renewal information makes no sense (HTTP {})",
            answer.status.as_u16()
        );
        let after = answer.retry_after().unwrap_or(USUAL);
        let class = crate::issuer::IssuerErrorClass::Retry { after };
        return Err(IssuerError::new(class, "renewal-info", text));
    };
    Ok(Some(RenewalWindow {
        start: info.suggested_window.start.as_millisecond(),
        end: info.suggested_window.end.as_millisecond(),
        explanation: info.explanation.map(|url| clean(&url, 400)),
        ask_again: answer.retry_after().unwrap_or(USUAL).max(SHORTEST),
    }))
}
