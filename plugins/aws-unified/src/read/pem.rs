//! PEM to DER, strictly: what ACM hands over is certificates and nothing else.
//! Above: `fetch`. Below: nothing.
//! Invariant: tolerant of line endings and blank lines, of nothing else; a DER is one SEQUENCE to its last byte.

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Every certificate of a PEM text, in order.
pub(super) fn certificates(text: &str) -> Result<Vec<Vec<u8>>, &'static str> {
    let mut all = Vec::new();
    let mut body: Option<String> = None;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match (&mut body, line) {
            (None, BEGIN) => body = Some(String::new()),
            (None, _) => return Err("there is text outside the PEM blocks"),
            (Some(_), BEGIN) => return Err("a PEM block begins inside another"),
            (Some(base64), END) => {
                all.push(der(base64)?);
                body = None;
            }
            (Some(base64), _) => base64.push_str(line),
        }
    }
    if body.is_some() {
        Err("a PEM block does not end")
    } else {
        Ok(all)
    }
}

/// The one certificate of a PEM text.
pub(crate) fn certificate(text: &str) -> Result<Vec<u8>, &'static str> {
    let mut all = certificates(text)?;
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err("there is no certificate in it"),
        (Some(_), false) => Err("there is more than one certificate in it"),
    }
}

fn der(base64: &str) -> Result<Vec<u8>, &'static str> {
    let bytes = decode(base64).ok_or("it is not base64")?;
    if is_one_sequence(&bytes) {
        Ok(bytes)
    } else {
        Err("it is not one DER structure")
    }
}

/// Base64 of the standard alphabet, with its padding and no spare bits.
fn decode(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    if bytes.is_empty() || !bytes.len().is_multiple_of(4) {
        return None;
    }
    let padding = bytes.iter().rev().take_while(|byte| **byte == b'=').count();
    if padding > 2 {
        return None;
    }
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3);
    let digits = bytes.get(..bytes.len() - padding)?;
    for chunk in digits.chunks(4) {
        let mut group = 0_u32;
        for byte in chunk {
            group = group << 6 | u32::from(digit(*byte)?);
        }
        group <<= 6 * (4 - chunk.len());
        let whole = group.to_be_bytes();
        let count = chunk.len().checked_sub(1)?;
        if whole[1 + count..].iter().any(|spare| *spare != 0) {
            return None;
        }
        out.extend_from_slice(&whole[1..=count]);
    }
    Some(out)
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// Tag and length fit; what is inside is the sensor's to judge.
fn is_one_sequence(der: &[u8]) -> bool {
    let [0x30, first, rest @ ..] = der else {
        return false;
    };
    if *first < 0x80 {
        return rest.len() == usize::from(*first);
    }
    let count = usize::from(*first & 0x7f);
    if !(1..=4).contains(&count) || rest.len() < count {
        return false;
    }
    let length = rest[..count]
        .iter()
        .fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
    rest.len() - count == length
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n";
    const DER: [u8; 5] = [0x30, 0x03, 0x02, 0x01, 0x05];

    #[test]
    fn reads() {
        let windows = SMALL.replace('\n', "\r\n");
        let broken_up = SMALL.replace("MAMC", "MAMC\n");
        let spaced = format!("\n\n{}", SMALL.replace('\n', "  \n\n"));
        for text in [SMALL, &windows, &broken_up, &spaced, SMALL.trim_end()] {
            assert_eq!(certificate(text), Ok(DER.to_vec()), "{text:?}");
        }
        assert_eq!(certificates(&SMALL.repeat(3)).map(|all| all.len()), Ok(3));
        assert_eq!(certificates(""), Ok(Vec::new()));
    }

    #[test]
    fn rejects() {
        for text in [
            "",
            "hello",
            &SMALL.repeat(2),
            &SMALL.replace("CERTIFICATE", "PRIVATE KEY"),
            &SMALL.replace("MAMCAQU=", "MAMCAQV="),
            &SMALL.replace("MAMCAQU=", "MAMCAQU"),
            &SMALL.replace("MAMCAQU=", "MAM=AQU="),
            &SMALL.replace("MAMCAQU=", "MAMCAQUF"),
            &SMALL.replace("MAMCAQU=", "AgEF"),
            &SMALL.replace("MAMCAQU=", ""),
            &SMALL.replace("-----END CERTIFICATE-----", ""),
            &format!("{SMALL}x"),
        ] {
            assert!(certificate(text).is_err(), "{text:?}");
        }
    }
}
