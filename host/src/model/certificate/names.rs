//! Names of a certificate as text.
//! Above: `parse`. Below: x509-parser's types.
//! Invariant: what comes out holds no control character and is capped.

use crate::model::text::clean;
use std::net::{Ipv4Addr, Ipv6Addr};
use x509_parser::prelude::{AttributeTypeAndValue, GeneralName, X509Name};

const LONGEST: usize = 1024;
/// A distinguished name has several parts.
const LONGEST_NAME: usize = 4096;

/// A distinguished name after RFC 4514: last part first, special characters escaped. Parts that have a common short
/// name beyond the RFC's own table are shown by it.
pub(super) fn text_of(name: &X509Name<'_>) -> String {
    let parts: Vec<&_> = name.iter_rdn().collect();
    let mut out = String::new();
    for (at, part) in parts.iter().rev().enumerate() {
        if at > 0 {
            out.push(',');
        }
        for (at, attribute) in part.iter().enumerate() {
            if at > 0 {
                out.push('+');
            }
            push_attribute(&mut out, attribute);
        }
    }
    clean(&out, LONGEST_NAME)
}

/// The parts of a distinguished name in their order: short name or OID, and text. What is no text is hexadecimal.
pub(crate) fn subject_parts(name: &X509Name<'_>) -> Vec<(String, String)> {
    let mut parts = Vec::new();
    for attribute in name.iter_attributes() {
        let oid = attribute.attr_type().to_id_string();
        let value = plain_value(attribute)
            .unwrap_or_else(|| format!("#{}", hex::encode(attribute.as_slice())));
        let part = short_name(&oid).map_or(oid.clone(), str::to_owned);
        parts.push((part, clean(&value, LONGEST)));
    }
    parts
}

fn push_attribute(out: &mut String, attribute: &AttributeTypeAndValue<'_>) {
    let oid = attribute.attr_type().to_id_string();
    out.push_str(short_name(&oid).unwrap_or(&oid));
    out.push('=');
    if let Some(value) = plain_value(attribute) {
        push_escaped(out, &value);
    } else {
        out.push('#');
        out.push_str(&hex::encode(attribute.as_slice()));
    }
}

fn short_name(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.4.3" => "CN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.15" => "businessCategory",
        "2.5.4.17" => "postalCode",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "emailAddress",
        _ => return None,
    })
}

/// The text of an attribute, if it is one of the string types.
pub(super) fn plain_value(attribute: &AttributeTypeAndValue<'_>) -> Option<String> {
    let bytes = attribute.as_slice();
    match attribute.attr_value().tag().0 {
        // UTF8String, NumericString, PrintableString, IA5String, VisibleString
        12 | 18 | 19 | 22 | 26 => std::str::from_utf8(bytes).ok().map(str::to_owned),
        // TeletexString: in practice Latin-1
        20 => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
        // BMPString
        30 => {
            let units: Vec<u16> = bytes
                .chunks_exact(2)
                .map(|pair| u16::from(pair[0]) << 8 | u16::from(pair[1]))
                .collect();
            bytes
                .len()
                .is_multiple_of(2)
                .then(|| String::from_utf16(&units).ok())
                .flatten()
        }
        _ => None,
    }
}

fn push_escaped(out: &mut String, value: &str) {
    let last = value.chars().count().saturating_sub(1);
    for (at, c) in value.chars().enumerate() {
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => out.extend(['\\', c]),
            ' ' if at == 0 || at == last => out.push_str("\\ "),
            '#' if at == 0 => out.push_str("\\#"),
            c if c.is_control() => {
                for byte in c.to_string().bytes() {
                    out.push('\\');
                    out.push_str(&hex::encode_upper([byte]));
                }
            }
            c => out.push(c),
        }
    }
}

/// A DNS name as it is compared: lower case. What is not ASCII stays as it is.
pub(super) fn dns_name(name: &str) -> String {
    clean(&name.to_ascii_lowercase(), LONGEST)
}

/// Any other alternative name, as `type:value`.
pub(super) fn general_name(name: &GeneralName<'_>) -> String {
    let text = match name {
        GeneralName::DNSName(name) => format!("dns:{}", dns_name(name)),
        GeneralName::RFC822Name(name) => format!("email:{name}"),
        GeneralName::URI(name) => format!("uri:{name}"),
        GeneralName::IPAddress(bytes) => format!("ip:{}", address(bytes)),
        GeneralName::DirectoryName(name) => format!("dn:{}", text_of(name)),
        GeneralName::RegisteredID(oid) => format!("oid:{}", oid.to_id_string()),
        GeneralName::OtherName(oid, value) => {
            format!("other:{}:{}", oid.to_id_string(), hex::encode(value))
        }
        GeneralName::X400Address(value) => format!("x400:{}", hex::encode(value.data)),
        GeneralName::EDIPartyName(value) => format!("edi:{}", hex::encode(value.data)),
        GeneralName::Invalid(tag, bytes) => format!("invalid-{}:{}", tag.0, hex::encode(bytes)),
    };
    clean(&text, LONGEST)
}

fn address(bytes: &[u8]) -> String {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        Ipv4Addr::from(four).to_string()
    } else if let Ok(sixteen) = <[u8; 16]>::try_from(bytes) {
        Ipv6Addr::from(sixteen).to_string()
    } else {
        hex::encode(bytes)
    }
}
