//! Puts a private key into a request's body after the SDK has written it, in memory that is wiped.
//! Above: the services. Below: aws-smithy-types.
//! Invariant: the key is in no record of the SDK and in no buffer of ours that outlives the call. What the connection
//! makes of the body is its own.

use crate::model::secret::Secret;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use zeroize::Zeroizing;

/// Stands where the key will be.
pub(super) const PLACE: &[u8] = b"the private key comes here";

/// The body does not look as expected: nothing is sent.
#[derive(Debug, thiserror::Error)]
#[error("the request has no place for a private key; this is a fault of the sensor")]
pub(super) struct NoPlace;

/// Puts the key where the member of this name holds [`PLACE`], base64 as the JSON protocol writes it.
pub(super) fn with_key(
    mut request: HttpRequest,
    member: &str,
    key: &Secret,
) -> Result<HttpRequest, NoPlace> {
    let written = request.body().bytes().ok_or(NoPlace)?;
    let place = STANDARD.encode(PLACE);
    let mark = format!("\"{member}\":\"{place}\"");
    let mut found = (0..written.len()).filter(|at| written[*at..].starts_with(mark.as_bytes()));
    let (Some(at), None) = (found.next(), found.next()) else {
        return Err(NoPlace);
    };
    let start = at + mark.len() - place.len() - 1;
    let (before, after) = (&written[..start], &written[start + place.len()..]);
    let encoded = key.expose().len().div_ceil(3) * 4;
    // Sized at once: a buffer that grows leaves copies behind.
    let mut whole = Zeroizing::new(Vec::with_capacity(before.len() + encoded + after.len()));
    whole.extend_from_slice(before);
    whole.resize(start + encoded, 0);
    STANDARD
        .encode_slice(key.expose(), &mut whole[start..])
        .map_err(|_| NoPlace)?;
    whole.extend_from_slice(after);
    let length = whole.len().to_string();
    *request.body_mut() = SdkBody::from(Bytes::from_owner(whole));
    request.headers_mut().insert("content-length", length);
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::{PLACE, with_key};
    use crate::model::secret::Secret;
    use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
    use aws_smithy_types::body::SdkBody;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    fn request(body: String) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.headers_mut().insert("content-length", "1");
        request
    }

    #[test]
    fn the_key_comes_to_its_place() {
        let place = STANDARD.encode(PLACE);
        for key in ["a", "ab", "abc", "a longer key, with \"quotes\""] {
            let body = format!("{{\"A\":\"x\",\"PrivateKey\":\"{place}\",\"Z\":1}}");
            let done = with_key(request(body), "PrivateKey", &Secret::new(key.into())).unwrap();
            let expected = format!(
                "{{\"A\":\"x\",\"PrivateKey\":\"{}\",\"Z\":1}}",
                STANDARD.encode(key)
            );
            assert_eq!(done.body().bytes(), Some(expected.as_bytes()));
            let length = expected.len().to_string();
            assert_eq!(done.headers().get("content-length"), Some(length.as_str()));
        }
    }

    #[test]
    fn nothing_is_sent_that_has_no_place_or_two() {
        let place = STANDARD.encode(PLACE);
        let twice = format!("{{\"PrivateKey\":\"{place}\",\"PrivateKey\":\"{place}\"}}");
        for body in ["{}".to_owned(), format!("{{\"Other\":\"{place}\"}}"), twice] {
            let key = Secret::new("key".into());
            assert!(with_key(request(body), "PrivateKey", &key).is_err());
        }
    }
}
