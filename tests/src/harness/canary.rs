//! Looks for a private key in bytes of any kind: raw, hexadecimal, base64 at any alignment and twice over, as numbers.
//! Above: the tests. Below: nothing.
//! Invariant: what is looked for are the two ends of each secret number, so that one line break hides nothing.

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Of each end of a secret number, so many bytes: 96 bits are nowhere by accident.
const END: usize = 12;

/// What is looked for.
#[derive(Debug)]
pub struct Canary {
    /// What each needle is a form of.
    forms: Vec<String>,
    needles: AhoCorasick,
}

impl Canary {
    /// Private keys in PEM, PKCS#8: of an EC key its number, of an RSA key d, p and q.
    ///
    /// # Panics
    /// If one is none.
    pub fn of_keys(keys: &[String]) -> Self {
        let numbers = keys.iter().flat_map(|pem| secret_numbers(&decode(pem)));
        Self::of(numbers.flat_map(|(name, number)| {
            let (first, last) = (&number[..END], &number[number.len() - END..]);
            let ends = [("begin", forms(first)), ("end", forms(last))];
            ends.into_iter().flat_map(move |(which, forms)| {
                let named =
                    move |(form, bytes)| (format!("{form} of the {which} of {name}"), bytes);
                forms.into_iter().map(named)
            })
        }))
    }

    /// Bytes that are no secret, by what stands at their end.
    pub fn of_bytes(name: &str, bytes: &[u8]) -> Self {
        let forms = forms(&bytes[bytes.len() - END..]).into_iter();
        Self::of(forms.map(|(form, bytes)| (format!("{form} of {name}"), bytes)))
    }

    fn of(needles: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let (forms, needles): (Vec<_>, Vec<_>) = needles.into_iter().unzip();
        let needles = AhoCorasick::new(needles)
            .unwrap_or_else(|error| panic!("not to be looked for: {error}"));
        Self { forms, needles }
    }

    /// The forms in which it stands there.
    pub fn forms_in(&self, bytes: &[u8]) -> Vec<&str> {
        let found = self.needles.find_overlapping_iter(bytes);
        let found: BTreeSet<_> = found.map(|one| one.pattern().as_usize()).collect();
        found
            .into_iter()
            .map(|one| self.forms[one].as_str())
            .collect()
    }

    /// Whether it stands in any file of a folder or below.
    ///
    /// # Panics
    /// If the folder cannot be read.
    pub fn is_in(&self, folder: &Path) -> bool {
        files(folder)
            .iter()
            .any(|file| !self.forms_in(&read(file)).is_empty())
    }

    /// Every file of a folder and below in which it stands, with the forms.
    ///
    /// # Panics
    /// If the folder cannot be read.
    pub fn in_folder(&self, folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for file in files(folder) {
            let bytes = read(&file);
            let forms = self.forms_in(&bytes);
            if !forms.is_empty() {
                found.push(format!("{}: {}", file.display(), forms.join(", ")));
            }
        }
        found
    }
}

fn read(file: &Path) -> Vec<u8> {
    std::fs::read(file).unwrap_or_else(|error| panic!("reading {}: {error}", file.display()))
}

/// Every file of a folder and below. One that is gone meanwhile is no file.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("reading {}: {error}", folder.display()));
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                Vec::from_iter(path.is_file().then_some(path))
            }
        })
        .collect()
}

/// How bytes may be written down.
fn forms(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let numbers: Vec<String> = bytes.iter().map(ToString::to_string).collect();
    let octets: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
    let mut forms = vec![
        ("raw bytes".to_owned(), bytes.to_vec()),
        ("reversed bytes".to_owned(), reversed),
        ("hexadecimal".to_owned(), octets.concat().into_bytes()),
        (
            "HEXADECIMAL".to_owned(),
            octets.concat().to_uppercase().into_bytes(),
        ),
        ("octets".to_owned(), octets.join(":").into_bytes()),
        (
            "OCTETS".to_owned(),
            octets.join(":").to_uppercase().into_bytes(),
        ),
        ("numbers".to_owned(), numbers.join(", ").into_bytes()),
        ("close numbers".to_owned(), numbers.join(",").into_bytes()),
    ];
    for shift in 0..3 {
        let plain = base64_at(bytes, shift, &STANDARD_NO_PAD);
        for again in 0..3 {
            let twice = base64_at(&plain, again, &STANDARD_NO_PAD);
            forms.push((format!("base64 ({shift}) of base64 ({again})"), twice));
        }
        let for_urls = base64_at(bytes, shift, &URL_SAFE_NO_PAD);
        if for_urls != plain {
            forms.push((format!("base64 for URLs ({shift})"), for_urls));
        }
        forms.push((format!("base64 ({shift})"), plain));
    }
    forms
}

/// What base64 makes of bytes that begin `shift` bytes after a multiple of three, whatever stands around them.
fn base64_at(bytes: &[u8], shift: usize, engine: &impl Engine) -> Vec<u8> {
    let shifted = [&vec![0; shift], bytes].concat();
    let whole = &shifted[..shifted.len() / 3 * 3];
    let text = engine.encode(whole).into_bytes();
    text[[0, 2, 3][shift]..].to_vec()
}

fn decode(pem: &str) -> Vec<u8> {
    let body: String = pem
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .map(str::trim)
        .collect();
    STANDARD
        .decode(body)
        .unwrap_or_else(|error| panic!("no PEM: {error}"))
}

/// The numbers of a PKCS#8 text that are secret, with their names.
fn secret_numbers(pkcs8: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let outer = children(&children(pkcs8)[0].1);
    let key = children(&children(&outer[2].1)[0].1);
    let plain = |bytes: &[u8]| bytes[usize::from(bytes[0] == 0)..].to_vec();
    if key[1].0 == 0x04 {
        vec![("the EC key", plain(&key[1].1))]
    } else {
        vec![
            ("d", plain(&key[3].1)),
            ("p", plain(&key[4].1)),
            ("q", plain(&key[5].1)),
        ]
    }
}

/// Tags and contents of DER values that follow one another.
fn children(mut der: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut all = Vec::new();
    while let [tag, first, rest @ ..] = der {
        let more = usize::from(first & 0x7f);
        let (length, rest) = if first & 0x80 == 0 {
            (usize::from(*first), rest)
        } else {
            let length = rest[..more]
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte));
            (length, &rest[more..])
        };
        all.push((*tag, rest[..length].to_vec()));
        der = &rest[length..];
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{Canary, decode, forms, secret_numbers};
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use rcgen::{KeyPair, PublicKeyData, RsaKeySize};

    /// One by one, so that none hides behind another.
    #[test]
    fn each_form_is_found_and_nothing_where_nothing_is() {
        let rsa = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let ec = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        for (key, numbers) in [(rsa, 3), (ec, 1)] {
            let pem = key.serialize_pem();
            let canary = Canary::of_keys(std::slice::from_ref(&pem));
            let der = decode(&pem);
            let secrets = secret_numbers(&der);
            assert_eq!(secrets.len(), numbers);
            let secret = &secrets[0].1;
            let json = serde_json::json!({ "key": pem }).to_string();
            for (what, bytes) in [
                ("PEM", pem.clone().into_bytes()),
                ("JSON", json.into_bytes()),
                ("DER", der.clone()),
                ("a number", secret.clone()),
                ("hexadecimal", hex::encode(&der).into_bytes()),
                ("a list", format!("{der:?}").into_bytes()),
                ("base64", STANDARD.encode(&der).into_bytes()),
                ("base64 for URLs", URL_SAFE.encode(&der).into_bytes()),
                ("base64 of PEM", STANDARD.encode(&pem).into_bytes()),
                (
                    "base64 of base64",
                    STANDARD.encode(STANDARD.encode(&der)).into_bytes(),
                ),
            ] {
                let around = [b"before ".as_slice(), &bytes, b" after"].concat();
                assert!(!canary.forms_in(&around).is_empty(), "{what}");
            }
            let public = key.public_key_pem();
            assert!(canary.forms_in(public.as_bytes()).is_empty());
            assert!(canary.forms_in(&key.subject_public_key_info()).is_empty());
        }
    }

    #[test]
    fn base64_is_found_at_every_alignment() {
        let secret: Vec<u8> = (1..=12).map(|n: u8| n.wrapping_mul(83)).collect();
        let canary = Canary::of(forms(&secret));
        for before in 0..7 {
            let text = STANDARD.encode([&vec![7; before], &secret[..], &[9; 5]].concat());
            assert!(!canary.forms_in(text.as_bytes()).is_empty(), "{before}");
            let twice = STANDARD.encode(format!("{}{text}", "x".repeat(before)));
            assert!(
                !canary.forms_in(twice.as_bytes()).is_empty(),
                "{before}, twice"
            );
        }
    }
}
