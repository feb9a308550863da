//! Certificates as ACM takes them: PEM, 64 signs a line, nothing besides.
//! Above: `bring`. Below: nothing.
//! Invariant: what `read::pem` reads of it is what it was made of.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// One certificate.
pub(super) fn certificate(der: &[u8]) -> String {
    let base64 = encode(der);
    let mut text = String::with_capacity(base64.len() + base64.len() / 64 + 56);
    text.push_str("-----BEGIN CERTIFICATE-----\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str("-----END CERTIFICATE-----\n");
    text
}

fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = usize::try_from(group >> (18 - 6 * place) & 0x3f).unwrap_or(0);
            let within = usize::try_from(place).unwrap_or(0) <= chunk.len();
            out.push(if within {
                char::from(DIGITS[digit])
            } else {
                '='
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::certificate;
    use crate::read::pem;

    #[test]
    fn there_and_back() {
        for length in [0_u8, 1, 2, 3, 45, 46, 47, 48, 49, 100] {
            let mut der = vec![0x30, length];
            der.extend((0..length).map(|n| n.wrapping_mul(37)));
            let text = certificate(&der);
            assert_eq!(pem::certificate(&text), Ok(der), "{text}");
            assert!(text.lines().all(|line| line.len() <= 64));
        }
    }
}
