//! Writes DER: as much of it as a certificate needs.
//! Above: `x509::leaf`, `x509::authority`, `x509::key`. Below: `scenario::moment` for dates.
//! Invariant: lengths are definite and minimal, integers are minimal and signed, so every parser agrees.

use crate::scenario::moment::{DAY, date_of};

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
const OID: u8 = 0x06;
pub(crate) const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// One element: tag, length, content.
pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 6);
    out.push(tag);
    let length = content.len();
    if length < 0x80 {
        out.push(u8::try_from(length).unwrap_or(0));
    } else {
        let bytes = length.to_be_bytes();
        let skip = bytes.iter().take_while(|byte| **byte == 0).count();
        out.push(0x80 | u8::try_from(bytes.len() - skip).unwrap_or(0));
        out.extend_from_slice(&bytes[skip..]);
    }
    out.extend_from_slice(content);
    out
}

/// A sequence of elements that are already DER.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, &parts.concat())
}

/// An integer out of big-endian bytes, never negative.
pub(crate) fn integer(bytes: &[u8]) -> Vec<u8> {
    let skip = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = &bytes[skip.min(bytes.len().saturating_sub(1))..];
    if bytes.first().is_none_or(|byte| byte & 0x80 != 0) {
        tlv(INTEGER, &[&[0], bytes].concat())
    } else {
        tlv(INTEGER, bytes)
    }
}

/// A bit string of whole octets.
pub(crate) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    tlv(BIT_STRING, &[&[0], bytes].concat())
}

/// An object identifier.
pub(crate) fn oid(arcs: &[u32]) -> Vec<u8> {
    let mut content = Vec::with_capacity(arcs.len() * 2);
    if let [first, second, rest @ ..] = arcs {
        base128(&mut content, first * 40 + second);
        for arc in rest {
            base128(&mut content, *arc);
        }
    }
    tlv(OID, &content)
}

fn base128(out: &mut Vec<u8>, value: u32) {
    for shift in [28, 21, 14, 7] {
        if value >> shift != 0 {
            out.push(0x80 | (value >> shift & 0x7f).to_le_bytes()[0]);
        }
    }
    out.push((value & 0x7f).to_le_bytes()[0]);
}

/// A time: `UTCTime` until 2049, as RFC 5280 wants it.
pub(crate) fn time(ms: i64) -> Vec<u8> {
    let (year, month, day) = date_of(ms.div_euclid(DAY));
    let second = ms.rem_euclid(DAY) / 1000;
    let rest = format!(
        "{month:02}{day:02}{:02}{:02}{:02}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    );
    if (1950..2050).contains(&year) {
        tlv(UTC_TIME, format!("{:02}{rest}", year % 100).as_bytes())
    } else {
        tlv(GENERALIZED_TIME, format!("{year:04}{rest}").as_bytes())
    }
}

/// A distinguished name out of (last arc of 2.5.4, text), one attribute a set.
pub(crate) fn name(attributes: &[(u32, &str)]) -> Vec<u8> {
    let sets: Vec<Vec<u8>> = attributes
        .iter()
        .map(|(arc, text)| {
            let tag = if *arc == COUNTRY {
                PRINTABLE_STRING
            } else {
                UTF8_STRING
            };
            tlv(
                SET,
                &sequence(&[&oid(&[2, 5, 4, *arc]), &tlv(tag, text.as_bytes())]),
            )
        })
        .collect();
    tlv(SEQUENCE, &sets.concat())
}

pub(crate) const COMMON_NAME: u32 = 3;
pub(crate) const COUNTRY: u32 = 6;
pub(crate) const ORGANIZATION: u32 = 10;

/// PEM of one certificate.
pub(crate) fn pem(der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut out = String::with_capacity(text.len() + text.len() / 64 + 60);
    out.push_str("-----BEGIN CERTIFICATE-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str("-----END CERTIFICATE-----\n");
    out
}
