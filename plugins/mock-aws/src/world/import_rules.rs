//! ACM's rules about what may be imported.
//! Above: `world::acm_import`. Below: `x509`.
//! Invariant: pure; a rule that AWS words is worded as AWS does, the others say the same in plain words.

use super::acm_import::{Import, KeyFlaw};
use crate::estate::{Body, Brought};
use crate::fault::Fault;
use crate::x509::{Facts, Key, pem, verify};

const MOST_CERTIFICATE: usize = 32_768;
const MOST_KEY: usize = 5_120;
const MOST_CHAIN: usize = 2_097_152;
const MOST_OCSP: usize = 1_000;

const NOT_PEM: &str = "The certificate body/chain provided is not in a valid PEM format.";
const NOT_PARSED: &str =
    "Unable to parse certificate. Please ensure the certificate is in PEM format.";
const MANY: &str = "The certificate field contains more than one certificate. You can specify only one certificate in this field.";
const CHAIN: &str = "Could not validate the certificate with the certificate chain.";
const NOT_SELF_SIGNED: &str = "Provided certificate is not a valid self signed. Please provide either a valid self-signed certificate or certificate chain.";

/// Everything that may be said of an import before the certificate's place is looked at.
pub(super) fn judged(
    import: &Import<'_>,
    now_ms: i64,
    match_issuer: bool,
) -> Result<Brought, Fault> {
    lengths(import)?;
    let der = leaf(import.certificate)?;
    let facts = Facts::read(&der).ok_or_else(|| Fault::validation(NOT_PARSED))?;
    let key = certificate(&facts, now_ms)?;
    private_key(import, &facts)?;
    match import.chain {
        Some(chain) => chained(&der, &facts, chain, match_issuer)?,
        None if facts.issuer == facts.subject && verify::signed_by(&der, &der) => {}
        None => return Err(Fault::validation(NOT_SELF_SIGNED)),
    }
    Ok(Brought {
        facts,
        key,
        der,
        chain: import.chain.map(str::to_owned),
    })
}

fn lengths(import: &Import<'_>) -> Result<(), Fault> {
    let fields = [
        (
            "certificate",
            Some(import.certificate.len()),
            MOST_CERTIFICATE,
        ),
        ("privateKey", import.key_length, MOST_KEY),
        ("certificateChain", import.chain.map(str::len), MOST_CHAIN),
    ];
    for (name, length, most) in fields {
        let bound = match length {
            Some(0) => "greater than or equal to 1".to_owned(),
            Some(length) if length > most => format!("less than or equal to {most}"),
            _ => continue,
        };
        return Err(Fault::validation(format!(
            "1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must have length {bound}"
        )));
    }
    Ok(())
}

fn leaf(text: &str) -> Result<Vec<u8>, Fault> {
    let mut all = pem::certificates(text).ok_or_else(|| Fault::validation(NOT_PEM))?;
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(Fault::validation(MANY)),
    }
}

fn certificate(facts: &Facts, now_ms: i64) -> Result<Key, Fault> {
    let refuse = |text: &str| Err(Fault::validation(text));
    if facts.version != 3 {
        return refuse("The certificate is not an X.509 version 3 certificate.");
    }
    // An empty sequence: 30 00.
    if facts.issuer.len() <= 2 {
        return refuse("The issuer of the certificate is empty.");
    }
    if facts.not_before > now_ms {
        return refuse("The certificate is not valid yet.");
    }
    if facts.not_after < now_ms {
        return refuse("The certificate has expired.");
    }
    if facts.ocsp.iter().any(|url| url.chars().count() > MOST_OCSP) {
        return refuse("The OCSP URL of the certificate is longer than 1000 characters.");
    }
    facts.key.ok_or_else(|| {
        Fault::validation("The private key length isn't supported for key algorithm.")
    })
}

fn private_key(import: &Import<'_>, facts: &Facts) -> Result<(), Fault> {
    let text = match &import.key {
        Ok(spki) if *spki == facts.spki => return Ok(()),
        Ok(_) => "The private key does not match the public key of the certificate.",
        Err(KeyFlaw::NotPem) => "The private key is not in a valid PEM format.",
        Err(KeyFlaw::Encrypted) => {
            "The private key is encrypted. Provide an unencrypted private key."
        }
        Err(KeyFlaw::Unsupported) => "The private key is not supported.",
    };
    Err(Fault::validation(text))
}

/// Each certificate of the chain signed the one before.
fn chained(leaf: &[u8], facts: &Facts, chain: &str, match_issuer: bool) -> Result<(), Fault> {
    let chain = pem::certificates(chain).ok_or_else(|| Fault::validation(NOT_PEM))?;
    let (mut below, mut issuer) = (leaf, facts.issuer.clone());
    for (index, der) in chain.iter().enumerate() {
        let above = Facts::read(der).ok_or_else(|| Fault::validation(NOT_PARSED))?;
        let certifies = above.is_ca && above.subject == issuer && verify::signed_by(below, der);
        if der == leaf || !certifies {
            return Err(Fault::validation(CHAIN));
        }
        if index == 0 && match_issuer && is_rsa(above.key) != is_rsa(facts.key) {
            return Err(Fault::validation(
                "The algorithm of the certificate's key does not match the algorithm of the signing CA.",
            ));
        }
        (below, issuer) = (der, above.issuer);
    }
    Ok(())
}

fn is_rsa(key: Option<Key>) -> bool {
    key.is_none_or(|key| key.modulus().is_some())
}

/// What the body that is there forbids the new one.
pub(super) fn succeeds(old: &Body, new: &Brought) -> Result<(), Fault> {
    let refuse = |text: &str| Err(Fault::validation(text));
    if old.key() != new.key {
        return refuse(
            "The key type and size of the new certificate differ from those of the currently imported certificate.",
        );
    }
    let elliptic = new.key.modulus().is_none();
    let lost = lost(old.key_usages(), new.facts.key_usages.as_ref())?;
    if lost
        .iter()
        .any(|usage| !(elliptic && usage == "KEY_ENCIPHERMENT"))
    {
        return refuse(
            "New certificate is missing one or more Key Usages supported by the currently imported certificate",
        );
    }
    let lost = self::lost(
        old.extended_key_usages(),
        new.facts.extended_key_usages.as_ref(),
    )?;
    if lost
        .iter()
        .any(|usage| usage != "TLS_WEB_CLIENT_AUTHENTICATION")
    {
        return refuse(
            "New certificate is missing one or more Extended Key Usages supported by the currently imported certificate",
        );
    }
    let names = |body: &Body| -> Vec<String> {
        let all = body
            .names()
            .iter()
            .map(String::as_str)
            .chain(body.common_name());
        all.map(str::to_ascii_lowercase).collect()
    };
    let (old, new) = (
        names(old),
        new.facts.names.iter().chain(&new.facts.common_name),
    );
    let kept = new
        .map(|name| name.to_ascii_lowercase())
        .any(|name| old.contains(&name));
    if !old.is_empty() && !kept {
        return refuse("You cannot remove all of the domain names from a certificate.");
    }
    Ok(())
}

/// The values that are there no more.
fn lost(old: Option<Vec<String>>, new: Option<&Vec<String>>) -> Result<Vec<String>, Fault> {
    match (old, new) {
        (None, Some(_)) => Err(Fault::validation(
            "New certificate has Key Usages or Extended Key Usages, and the currently imported certificate has no such extension.",
        )),
        (None, None) => Ok(Vec::new()),
        (Some(old), new) => {
            let gone = |word: &String| new.is_none_or(|new| !new.contains(word));
            Ok(old.into_iter().filter(gone).collect())
        }
    }
}
