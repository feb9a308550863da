//! Private keys in PEM: reading what an operator brings, writing what AWS takes.
//! Above: `pair`, `handle`. Below: base64.
//! Invariant: every buffer that a key passes through is sized beforehand and wiped.

use crate::model::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Why a text holds no key that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    #[error("there is no private key in it: a block `-----BEGIN PRIVATE KEY-----` is needed")]
    None,
    #[error("there are several private keys in it: give one")]
    Several,
    #[error("it is locked with a passphrase: unlock it first (openssl pkey -in locked.pem)")]
    Locked,
    #[error("its block is cut short or is no base64")]
    Malformed,
    #[error(
        "it is of a kind that is not delivered: RSA of 2048, 3072 or 4096 bits, P-256 and P-384 are"
    )]
    Kind,
}

/// The form that a block's label tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Pkcs8,
    /// "RSA PRIVATE KEY".
    Pkcs1,
    /// "EC PRIVATE KEY".
    Sec1,
}

/// The one private key in a text, with its form. Certificates and parameters beside it are passed over.
pub(super) fn read(text: &str) -> Result<(Form, Zeroizing<Vec<u8>>), PemError> {
    let mut found = None;
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(label) = label(line, "-----BEGIN ") else {
            continue;
        };
        let mut body = Zeroizing::new(String::with_capacity(text.len()));
        let ended = lines.by_ref().find_map(|line| {
            if let Some(end) = self::label(line, "-----END ") {
                return Some(end == label);
            }
            body.push_str(line);
            None
        });
        let form = match label {
            "PRIVATE KEY" => Form::Pkcs8,
            "RSA PRIVATE KEY" => Form::Pkcs1,
            "EC PRIVATE KEY" => Form::Sec1,
            "ENCRYPTED PRIVATE KEY" => return Err(PemError::Locked),
            _ => continue,
        };
        if ended != Some(true) {
            return Err(PemError::Malformed);
        }
        if body.contains("ENCRYPTED") {
            return Err(PemError::Locked);
        }
        if found.replace((form, decode(&body)?)).is_some() {
            return Err(PemError::Several);
        }
    }
    found.ok_or(PemError::None)
}

fn label<'l>(line: &'l str, start: &str) -> Option<&'l str> {
    line.strip_prefix(start)?.strip_suffix("-----")
}

fn decode(body: &str) -> Result<Zeroizing<Vec<u8>>, PemError> {
    let mut der = Zeroizing::new(vec![0; body.len() / 4 * 3 + 3]);
    let length = STANDARD
        .decode_slice(body, &mut der)
        .map_err(|_| PemError::Malformed)?;
    der.truncate(length);
    Ok(der)
}

/// PKCS#8 in PEM.
pub(super) fn write(pkcs8: &[u8]) -> Secret {
    const LINE: usize = 48;
    const HEAD: &str = "-----BEGIN PRIVATE KEY-----\n";
    const FOOT: &str = "-----END PRIVATE KEY-----\n";
    let lines = pkcs8.len().div_ceil(LINE);
    let mut text = String::with_capacity(HEAD.len() + FOOT.len() + lines * (LINE / 3 * 4 + 1));
    text.push_str(HEAD);
    for chunk in pkcs8.chunks(LINE) {
        STANDARD.encode_string(chunk, &mut text);
        text.push('\n');
    }
    text.push_str(FOOT);
    Secret::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for length in [1, 47, 48, 49, 138, 2374] {
            let der: Vec<u8> = (0..length)
                .map(|byte: usize| byte.to_le_bytes()[0])
                .collect();
            let text = write(&der);
            let (form, read) = read(text.expose()).unwrap();
            assert_eq!((form, read.as_slice()), (Form::Pkcs8, der.as_slice()));
            assert!(text.expose().lines().all(|line| line.len() <= 64));
        }
    }

    #[test]
    fn what_is_no_single_key_is_refused() {
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let told = |text: &str| read(text).map(|(form, _)| form);
        assert_eq!(
            told(&format!("{certificate}{key}{certificate}")),
            Ok(Form::Pkcs8)
        );
        assert_eq!(told(&key.replace('\n', "\r\n")), Ok(Form::Pkcs8));
        for (text, error) in [
            (String::new(), PemError::None),
            (certificate.to_owned(), PemError::None),
            (format!("{key}{key}"), PemError::Several),
            (
                key.replace("PRIVATE", "ENCRYPTED PRIVATE"),
                PemError::Locked,
            ),
            (
                key.replace("PRIVATE", "RSA PRIVATE")
                    .replace("AAAA", "Proc-Type: 4,ENCRYPTED\nAAAA"),
                PemError::Locked,
            ),
            (key.replace("AAAA", "A!AA"), PemError::Malformed),
            (
                key.replace("-----END PRIVATE KEY-----", ""),
                PemError::Malformed,
            ),
            (
                key.replace("END PRIVATE", "END PUBLIC"),
                PemError::Malformed,
            ),
        ] {
            assert_eq!(told(&text), Err(error), "{text}");
        }
    }
}
