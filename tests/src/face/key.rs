//! The private key of an import: looked at for its public half, and forgotten.
//! Above: `acm_write`. Below: rcgen.
//! Invariant: nothing of the private half outlives the call.

use mock_aws::KeyFlaw;
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData};
use zeroize::Zeroizing;

/// The public half (`SubjectPublicKeyInfo`, DER) of a key in PEM: PKCS #8, PKCS #1 or SEC 1.
pub(super) fn public_half(pem: &[u8]) -> Result<Vec<u8>, KeyFlaw> {
    let text = std::str::from_utf8(pem).map_err(|_| KeyFlaw::NotPem)?;
    if !text.contains("-----BEGIN ") {
        return Err(KeyFlaw::NotPem);
    }
    if text.contains("ENCRYPTED") {
        return Err(KeyFlaw::Encrypted);
    }
    let key = KeyPair::from_pem(&without_parameters(text)).map_err(|_| KeyFlaw::Unsupported)?;
    if key.algorithm() == &PKCS_ED25519 {
        return Err(KeyFlaw::Unsupported);
    }
    Ok(key.subject_public_key_info())
}

/// Without the block that openssl writes before a key on a curve; ACM does not mind it.
fn without_parameters(text: &str) -> Zeroizing<String> {
    const END: &str = "-----END EC PARAMETERS-----";
    let key = match text.split_once(END) {
        Some((before, after))
            if before
                .trim_start()
                .starts_with("-----BEGIN EC PARAMETERS-----") =>
        {
            after
        }
        _ => text,
    };
    Zeroizing::new(key.trim_start().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fact_15_open_keys_of_acms_kinds() {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        let pem = key.serialize_pem();
        let public = key.subject_public_key_info();
        assert_eq!(public_half(pem.as_bytes()), Ok(public.clone()));
        let parameters =
            "-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n-----END EC PARAMETERS-----\n";
        assert_eq!(
            public_half(format!("{parameters}{pem}").as_bytes()),
            Ok(public)
        );
        let other = KeyPair::generate_for(&PKCS_ED25519)
            .unwrap()
            .serialize_pem();
        assert_eq!(public_half(other.as_bytes()), Err(KeyFlaw::Unsupported));
        assert_eq!(public_half(b"nonsense"), Err(KeyFlaw::NotPem));
        assert_eq!(public_half(&[0xff, 0xfe]), Err(KeyFlaw::NotPem));
        let locked = pem.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        assert_eq!(public_half(locked.as_bytes()), Err(KeyFlaw::Encrypted));
    }
}
