//! An AWS access key as an operator has it: typed, in a file that AWS made, or in the environment.
//! Above: `secret`. Below: `credential` knows the stored form.
//! Invariant: the ID may be shown, nothing else of a key is, not in an error either.

use super::ask;
use super::failure::usage;
use crate::credential::AccessKey;
use crate::model::secret::Secret;

/// Names of the parts in lines of `name = value`, capitals aside: the credentials file's and the environment's, and
/// those of the JSON without its signs.
const ID: [&str; 2] = ["aws_access_key_id", "access_key_id"];
const SECRET: [&str; 2] = ["aws_secret_access_key", "secret_access_key"];
const TOKEN: [&str; 2] = ["aws_session_token", "session_token"];

/// The first line of the file that AWS's console offers when a key is made.
const CSV: &str = "Access key ID,Secret access key";

/// Asks for the parts.
pub(super) fn ask() -> anyhow::Result<Secret> {
    let id = ask::text("access key ID: ")?;
    let secret = ask::secret("secret access key: ")?;
    stored(AccessKey {
        id,
        secret,
        session_token: None,
    })
}

/// From the variables that AWS's own tools read.
#[expect(
    clippy::disallowed_methods,
    reason = "the operator asked for the environment"
)]
pub(super) fn of_environment() -> anyhow::Result<Secret> {
    let variable = |name: &str| {
        std::env::var(name)
            .map_err(|_| usage(format!("the environment variable {name} is not set")))
    };
    stored(AccessKey {
        id: variable("AWS_ACCESS_KEY_ID")?,
        secret: Secret::new(variable("AWS_SECRET_ACCESS_KEY")?),
        session_token: std::env::var("AWS_SESSION_TOKEN").ok().map(Secret::new),
    })
}

/// From a file: the JSON that `aws iam create-access-key` prints, the same parts at its top, lines of `name = value` as
/// in a credentials file, or the CSV of AWS's console.
pub(super) fn parse(text: &Secret) -> anyhow::Result<Secret> {
    let key = AccessKey::from_json(text)
        .or_else(|| of_csv(text.expose()))
        .or_else(|| of_lines(text.expose()));
    stored(key.ok_or_else(|| {
        usage(
            "no access key in it: give the JSON of `aws iam create-access-key`, the CSV of AWS's console, or two lines \
             aws_access_key_id = … and aws_secret_access_key = …",
        )
    })?)
}

fn of_csv(text: &str) -> Option<AccessKey> {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let head = lines.next()?.trim_end();
    let (id, secret) = lines.next().filter(|_| head == CSV)?.split_once(',')?;
    Some(AccessKey {
        id: id.trim().to_owned(),
        secret: Secret::new(secret.trim().to_owned()),
        session_token: None,
    })
}

fn of_lines(text: &str) -> Option<AccessKey> {
    let part = |names: &[&str]| {
        let mut pairs = text.lines().filter_map(|line| {
            let (name, value) = line.split_once('=')?;
            let name = name.trim();
            Some((name.strip_prefix("export ").unwrap_or(name), value.trim()))
        });
        let known = |name: &str| names.iter().any(|known| name.eq_ignore_ascii_case(known));
        pairs.find(|(name, _)| known(name)).map(|(_, value)| value)
    };
    let hidden = |names| part(names).map(|value| Secret::new(value.to_owned()));
    Some(AccessKey {
        id: part(&ID)?.to_owned(),
        secret: hidden(&SECRET)?,
        session_token: hidden(&TOKEN),
    })
}

fn stored(key: AccessKey) -> anyhow::Result<Secret> {
    let key = key.checked().map_err(|error| usage(error.to_string()))?;
    Ok(key.to_stored()?)
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::credential::AccessKey;
    use crate::ledger::Ledger;
    use crate::model::secret::Secret;
    use std::fs::File;
    use std::io::{Read, Seek, SeekFrom};

    // Made of the letters of "example": no key of anybody.
    const ID: &str = "AKIAEXAMPLEEXAMPLE00";
    const HIDDEN: &str = "example/example+example";

    /// Which of the forms escapes what JSON lets one escape.
    const ESCAPED: usize = 3;

    /// Every way to write one key down.
    fn forms(hidden: &str) -> [String; 8] {
        let escaped = hidden.replace('/', "\\/").replace('+', "\\u002b");
        [
            format!(
                r#"{{"AccessKey":{{"UserName":"sensor","AccessKeyId":"{ID}","SecretAccessKey":"{hidden}"}}}}"#
            ),
            format!(
                r#"{{"Credentials":{{"AccessKeyId":"{ID}","SecretAccessKey":"{hidden}","SessionToken":"t"}}}}"#
            ),
            format!(r#"{{"access_key_id":"{ID}","secret_access_key":"{hidden}"}}"#),
            format!(r#"{{"AccessKeyId":"{ID}","SecretAccessKey":"{escaped}"}}"#),
            format!("[sensor]\naws_access_key_id = {ID}\naws_secret_access_key={hidden}\n"),
            format!("AWS_ACCESS_KEY_ID={ID}\nAWS_SECRET_ACCESS_KEY={hidden}\n"),
            format!("export AWS_ACCESS_KEY_ID={ID}\nexport AWS_SECRET_ACCESS_KEY={hidden}\n"),
            format!("\u{feff}Access key ID,Secret access key\r\n{ID},{hidden}\r\n"),
        ]
    }

    #[test]
    fn every_form_of_a_file_gives_the_same_key() {
        for form in forms(HIDDEN) {
            let stored = parse(&Secret::new(form.clone())).expect(&form);
            let key = AccessKey::from_stored(&stored).unwrap();
            assert_eq!((key.id.as_str(), key.secret.expose()), (ID, HIDDEN));
        }
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        for text in [
            "",
            "hidden-text",
            r#"{"AccessKeyId":"AKIAEXAMPLEEXAMPLE00"}"#,
            r#"{"SecretAccessKey":"hidden-text"}"#,
        ] {
            let told = parse(&Secret::new(text.to_owned()))
                .unwrap_err()
                .to_string();
            assert!(told.contains("no access key"), "{told}");
            assert!(!told.contains("hidden-text"), "{told}");
        }
    }

    /// The secret of the next test as it must never be found: each byte turned over, so that the test itself holds no
    /// copy that it would find.
    const TURNED: [u8; 24] = *b"\x9e\x87\x9e\x92\x8f\x93\x9a\xd0\x9a\x87\x9e\x92\x8f\x93\x9a\xd4\x9e\x92\x8f\x93\x9a\xce\xcd\xcc";

    #[test]
    fn a_key_on_its_way_into_the_ledger_and_out_again_leaves_no_copy_in_memory() {
        (0..forms("").len()).for_each(pass);
        assert_eq!(copies(), 0);
        // The search itself finds what is there.
        let held = turned();
        assert!(copies() > 0);
        drop(held);
    }

    /// One form of the key through all that handles it.
    fn pass(form: usize) {
        let place = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(place.path()).unwrap();
        let text = filled(form);
        let stored = parse(&text).unwrap();
        ledger.put_secret("key", &stored, 0).unwrap();
        let back = ledger.get_secret("key").unwrap().unwrap();
        let key = AccessKey::from_stored(&back).unwrap();
        assert_eq!(key.secret.expose(), turned().expose());
    }

    fn turned() -> Secret {
        let mut text = String::with_capacity(TURNED.len());
        text.extend(TURNED.iter().map(|byte| char::from(!byte)));
        Secret::new(text)
    }

    /// A form with the secret in it, made in one piece.
    fn filled(form: usize) -> Secret {
        let frame = &forms("@")[form];
        let (before, after) = frame.split_once('@').unwrap();
        let mut text = String::with_capacity(1024);
        text.push_str(before);
        for byte in TURNED {
            match char::from(!byte) {
                '/' if form == ESCAPED => text.push_str("\\/"),
                '+' if form == ESCAPED => text.push_str("\\u002b"),
                sign => text.push(sign),
            }
        }
        text.push_str(after);
        Secret::new(text)
    }

    /// How often the end of the secret stands in what this process may write to. Memory that was given back keeps its
    /// end: the allocator writes over the beginning only.
    fn copies() -> usize {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let mut memory = File::open("/proc/self/mem").unwrap();
        let wanted = &TURNED[8..];
        let (mut found, mut piece) = (0, vec![0; 1 << 16]);
        for line in maps.lines().filter(|line| line.contains(" rw-p ")) {
            let (from, to) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
            let number = |text| u64::from_str_radix(text, 16).unwrap();
            let (mut at, end) = (number(from), number(to));
            while at < end {
                let most = usize::try_from(end - at).unwrap().min(piece.len());
                memory.seek(SeekFrom::Start(at)).unwrap();
                // A page may have gone meanwhile.
                let Ok(read @ 1..) = memory.read(&mut piece[..most]) else {
                    break;
                };
                found += piece[..read]
                    .windows(wanted.len())
                    .filter(|window| window.iter().zip(wanted).all(|(is, turned)| *is == !turned))
                    .count();
                if read < most || at + read as u64 >= end {
                    at += read as u64;
                } else {
                    at += (read - wanted.len()) as u64;
                }
            }
        }
        found
    }
}
