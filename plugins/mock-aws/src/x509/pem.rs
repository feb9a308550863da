//! PEM as ACM takes it: blocks of certificates, and not a line or a space besides.
//! Above: `world::acm_import`. Below: base64.
//! Invariant: a text with anything outside its blocks is refused, as ACM does.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The certificates of a text, DER, in its order; none where it is not as ACM wants it.
pub(crate) fn certificates(text: &str) -> Option<Vec<Vec<u8>>> {
    let mut all = Vec::new();
    let mut body: Option<String> = None;
    for line in text.lines() {
        match (&mut body, line) {
            (None, BEGIN) => body = Some(String::new()),
            (Some(base64), END) => {
                all.push(
                    STANDARD
                        .decode(&*base64)
                        .ok()
                        .filter(|der| !der.is_empty())?,
                );
                body = None;
            }
            (Some(base64), _) if is_base64(line) => base64.push_str(line),
            _ => return None,
        }
    }
    (body.is_none() && !all.is_empty()).then_some(all)
}

fn is_base64(line: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    !line.is_empty() && line.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n";

    #[test]
    fn fact_15_no_added_lines_and_no_trailing_spaces() {
        let windows = SMALL.replace('\n', "\r\n");
        for text in [SMALL, SMALL.trim_end(), &windows, &SMALL.repeat(3)] {
            assert!(certificates(text).is_some(), "{text:?}");
        }
        for text in [
            "",
            "hello",
            &format!("\n{SMALL}"),
            &format!("{SMALL}\n"),
            &format!("{SMALL}\n{SMALL}"),
            &SMALL.replace("MAMCAQU=", "MAMCAQU= "),
            &SMALL.replace("MAMCAQU=", "MAMC\n\nAQU="),
            &SMALL.replace("MAMCAQU=\n", ""),
            &SMALL.replace("-----END CERTIFICATE-----\n", ""),
            &SMALL.replace("CERTIFICATE", "PRIVATE KEY"),
            &format!("subject=CN=a\n{SMALL}"),
        ] {
            assert!(certificates(text).is_none(), "{text:?}");
        }
    }
}
