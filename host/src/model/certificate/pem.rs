//! Certificates between PEM and DER.
//! Above: `certificate`. Below: nothing.
//! Invariant: only certificates are read, and nothing beside them: a text with anything else in it is refused.

use super::ParseError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
const LINE: usize = 64;

/// The certificates of a text, DER, in their order.
///
/// # Errors
/// When something else stands in it.
pub fn from_pem(text: &str) -> Result<Vec<Vec<u8>>, ParseError> {
    let wrong = |what: &str| ParseError(what.to_owned());
    let mut found = Vec::new();
    let mut body: Option<String> = None;
    for line in text.lines() {
        match (&mut body, line) {
            (None, BEGIN) => body = Some(String::new()),
            (None, "") => {}
            (None, _) => return Err(wrong("something beside PEM certificates stands in it")),
            (Some(digits), END) => {
                let der = STANDARD.decode(digits);
                found.push(der.map_err(|_| wrong("its PEM holds no base64"))?);
                body = None;
            }
            (Some(digits), line) => digits.push_str(line),
        }
    }
    match body {
        None => Ok(found),
        Some(_) => Err(wrong("its PEM is cut short")),
    }
}

/// One certificate as PEM.
#[must_use]
pub fn to_pem(der: &[u8]) -> String {
    let digits = STANDARD.encode(der);
    let mut text = String::with_capacity(digits.len() + digits.len() / LINE + 64);
    text.push_str(BEGIN);
    for (at, digit) in digits.chars().enumerate() {
        if at % LINE == 0 {
            text.push('\n');
        }
        text.push(digit);
    }
    text.push('\n');
    text.push_str(END);
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::{from_pem, to_pem};

    #[test]
    fn there_and_back() {
        let all = [vec![0x30; 100], vec![1, 2, 3]];
        let text: String = all.iter().map(|der| to_pem(der)).collect();
        assert!(text.lines().all(|line| line.len() <= 64));
        assert_eq!(from_pem(&text).unwrap(), all);
        assert_eq!(from_pem(&text.replace('\n', "\r\n")).unwrap(), all);
        assert!(from_pem("").unwrap().is_empty());
    }

    #[test]
    fn fact_15_what_stands_beside_is_refused() {
        let one = to_pem(&[1, 2, 3]);
        for text in [
            format!("Bag Attributes\n{one}"),
            one.replace("CERTIFICATE", "PRIVATE KEY"),
            one.replace("-----END", " -----END"),
            one.replace("AQID", "AQI*"),
            one.trim_end().trim_end_matches('-').to_owned(),
        ] {
            assert!(from_pem(&text).is_err(), "{text}");
        }
    }
}
