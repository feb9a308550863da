//! Signature Version 4, the verifying side.
//! Above: `dispatch`. Below: hmac, sha2.
//! Invariant: whatever is not exactly as AWS writes it down is refused, never repaired.

use hmac::{Hmac, KeyInit, Mac};
use hyper::http::request::Parts;
use sha2::{Digest, Sha256};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far a signature's date may be from now.
const SKEW_MS: i64 = 5 * 60 * 1000;

/// For what a signature holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scope<'a> {
    /// `YYYYMMDD`.
    pub(crate) date: &'a str,
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
}

/// An `Authorization` header, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Authorization<'a> {
    pub(crate) access_key: &'a str,
    pub(crate) scope: Scope<'a>,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    /// Takes the header apart; none where it is not of AWS's form.
    pub(crate) fn parse(header: &'a str) -> Option<Self> {
        let fields = header.strip_prefix(ALGORITHM)?.trim_start();
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for field in fields.split(',') {
            let (name, value) = field.trim().split_once('=')?;
            match name {
                "Credential" => credential = Some(value),
                "SignedHeaders" => signed_headers = Some(value),
                "Signature" => signature = Some(value),
                _ => return None,
            }
        }
        let mut parts = credential?.split('/');
        let (access_key, date) = (parts.next()?, parts.next()?);
        let (region, service) = (parts.next()?, parts.next()?);
        let ends = parts.next() == Some("aws4_request") && parts.next().is_none();
        let whole = ends && !access_key.is_empty() && !region.is_empty() && !service.is_empty();
        whole.then_some(Self {
            access_key,
            scope: Scope {
                date,
                region,
                service,
            },
            signed_headers: signed_headers?,
            signature: signature?,
        })
    }
}

/// Why a signature does not hold: AWS's sentence.
pub(crate) type Refusal = String;

/// Verifies that a request was signed with `key` just now.
pub(crate) fn verify(
    parts: &Parts,
    body: &[u8],
    authorization: &Authorization<'_>,
    key: [u8; 32],
    wall_ms: i64,
) -> Result<(), Refusal> {
    let date = header(parts, "x-amz-date").ok_or("The request has no X-Amz-Date.")?;
    check_date(date, authorization.scope.date, wall_ms)?;
    let canonical = canonical_request(parts, body, authorization.signed_headers)?;
    let Scope {
        date: day,
        region,
        service,
    } = authorization.scope;
    let hash = hex::encode(Sha256::digest(canonical.as_bytes()));
    let to_sign = format!("{ALGORITHM}\n{date}\n{day}/{region}/{service}/aws4_request\n{hash}");
    let given = hex::decode(authorization.signature).map_err(|_| mismatch())?;
    let mut mac = keyed(&key);
    mac.update(to_sign.as_bytes());
    mac.verify_slice(&given).map_err(|_| mismatch())
}

fn mismatch() -> Refusal {
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
     Key and signing method. Consult the service documentation for details."
        .to_owned()
}

fn check_date(date: &str, day: &str, wall_ms: i64) -> Result<(), Refusal> {
    let signed: jiff::Timestamp = date
        .parse()
        .map_err(|_| "Date must be in ISO-8601 'basic format'.".to_owned())?;
    if !date.starts_with(day) {
        return Err(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{day}' != \
             '{date}'."
        ));
    }
    let off = wall_ms - signed.as_millisecond();
    if off > SKEW_MS {
        return Err(format!("Signature expired: {date} is now too old."));
    }
    if off < -SKEW_MS {
        return Err(format!("Signature not yet current: {date} is still later."));
    }
    Ok(())
}

fn canonical_request(parts: &Parts, body: &[u8], signed: &str) -> Result<String, Refusal> {
    let mut query: Vec<&str> = parts.uri.query().unwrap_or("").split('&').collect();
    query.sort_unstable();
    let path = parts.uri.path();
    let mut lines = vec![
        parts.method.as_str().to_owned(),
        path.to_owned(),
        query.join("&"),
    ];
    if !signed.split(';').any(|name| name == "host") {
        return Err("'Host' must be a 'SignedHeader' in the AWS Authorization.".to_owned());
    }
    for name in signed.split(';') {
        let value = header(parts, name)
            .ok_or_else(|| format!("The signed header '{name}' is not in the request."))?;
        let value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        lines.push(format!("{name}:{value}"));
    }
    lines.extend([
        String::new(),
        signed.to_owned(),
        hex::encode(Sha256::digest(body)),
    ]);
    Ok(lines.join("\n"))
}

fn header<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts.headers.get(name)?.to_str().ok()
}

/// The key that signs within a scope, from the secret.
pub(crate) fn derive(secret: &str, scope: &Scope<'_>) -> [u8; 32] {
    let mut key = hmac(format!("AWS4{secret}").as_bytes(), scope.date);
    for part in [scope.region, scope.service, "aws4_request"] {
        key = hmac(&key, part);
    }
    key
}

fn hmac(key: &[u8], text: &str) -> [u8; 32] {
    let mut mac = keyed(key);
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("a key of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_apart_only_what_is_whole() {
        let whole = "AWS4-HMAC-SHA256 Credential=AKIAX/20261124/us-east-1/acm/aws4_request, \
                     SignedHeaders=host;x-amz-date, Signature=00ff";
        let parsed = Authorization::parse(whole).unwrap();
        assert_eq!(parsed.access_key, "AKIAX");
        assert_eq!(
            parsed.scope,
            Scope {
                date: "20261124",
                region: "us-east-1",
                service: "acm"
            }
        );
        for broken in [
            "",
            "Bearer x",
            "AWS4-HMAC-SHA256 Credential=AKIAX/20261124/us-east-1/acm, SignedHeaders=host, Signature=00",
            "AWS4-HMAC-SHA256 Credential=AKIAX/20261124//acm/aws4_request, SignedHeaders=host, Signature=00",
            "AWS4-HMAC-SHA256 Credential=AKIAX/20261124/us-east-1/acm/aws4_request/x, SignedHeaders=host, Signature=00",
            "AWS4-HMAC-SHA256 Credential=AKIAX/20261124/us-east-1/acm/aws4_request, Signature=00",
        ] {
            assert_eq!(Authorization::parse(broken), None, "{broken}");
        }
    }

    /// The example of AWS's documentation of the signing key.
    #[test]
    fn derives_the_documented_key() {
        let scope = Scope {
            date: "20150830",
            region: "us-east-1",
            service: "iam",
        };
        let key = derive("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", &scope);
        assert_eq!(
            hex::encode(key),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
        );
    }

    #[test]
    fn fact_44_a_clock_may_be_off_by_five_minutes() {
        let signed = "20261124T120000Z";
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let rows = [
            ("2026-11-24T12:04:59Z", true),
            ("2026-11-24T12:05:01Z", false),
            ("2026-11-24T11:55:01Z", true),
            ("2026-11-24T11:54:59Z", false),
        ];
        for (now, good) in rows {
            assert_eq!(
                check_date(signed, "20261124", at(now)).is_ok(),
                good,
                "{now}"
            );
        }
        assert!(check_date(signed, "20261125", at("2026-11-24T12:00:00Z")).is_err());
        assert!(check_date("yesterday", "20261124", at("2026-11-24T12:00:00Z")).is_err());
    }
}
