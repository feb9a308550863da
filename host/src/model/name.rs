//! Names that a certificate is asked for: DNS names and IP addresses.
//! Above: `profile`, `custody`, `issuer`, `delivery`. Below: the idna crate.
//! Invariant: a DNS name is lower case and in A-labels; a wildcard stands alone as the first label, above two others.

use super::config_problem::ConfigProblem;
use super::text::clean;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A DNS name (perhaps with a wildcard) or an IP address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SanName(Kind);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Dns(String),
    Ip(IpAddr),
}

/// Why a text is no such name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no name for a certificate: {why}")]
pub struct NameError {
    text: String,
    why: &'static str,
}

impl SanName {
    /// The DNS name, "*." included; none for an address.
    #[must_use]
    pub fn dns(&self) -> Option<&str> {
        match &self.0 {
            Kind::Dns(name) => Some(name),
            Kind::Ip(_) => None,
        }
    }

    /// The address; none for a DNS name.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self.0 {
            Kind::Dns(_) => None,
            Kind::Ip(address) => Some(address),
        }
    }

    /// Whether its first label is `*`.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        self.dns().is_some_and(|name| name.starts_with("*."))
    }

    /// Whether this wildcard stands for that name already.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let (Some(wild), Some(name)) = (self.dns(), other.dns()) else {
            return false;
        };
        let below = wild
            .strip_prefix("*.")
            .zip(name.split_once('.'))
            .is_some_and(|(base, (label, rest))| label != "*" && base == rest);
        below && self.is_wildcard()
    }

    /// Reads several, and tells everything that is wrong with them at once.
    ///
    /// # Errors
    /// One problem for each text that is no name.
    pub fn parse_all<T: AsRef<str>>(texts: &[T]) -> Result<Vec<Self>, Vec<ConfigProblem>> {
        let (mut names, mut problems) = (Vec::with_capacity(texts.len()), Vec::new());
        for (index, text) in texts.iter().enumerate() {
            match text.as_ref().parse() {
                Ok(name) => names.push(name),
                Err(error) => problems.push(ConfigProblem {
                    line: None,
                    field: format!("names[{index}]"),
                    message: NameError::to_string(&error),
                    help: None,
                }),
            }
        }
        if problems.is_empty() {
            Ok(names)
        } else {
            Err(problems)
        }
    }
}

impl FromStr for SanName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        read(text.trim()).map(Self).map_err(|why| NameError {
            text: clean(text, 80),
            why,
        })
    }
}

fn read(text: &str) -> Result<Kind, &'static str> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Kind::Ip(address));
    }
    let (star, rest) = match text.strip_prefix("*.") {
        Some(rest) => ("*.", rest),
        None => ("", text),
    };
    let name = a_labels(rest)?;
    if !star.is_empty() && !name.contains('.') {
        return Err("a wildcard needs at least two labels behind it");
    }
    let whole = format!("{star}{name}");
    if whole.len() > 253 {
        return Err("a DNS name is 253 characters long at most");
    }
    Ok(Kind::Dns(whole))
}

/// A DNS name without a wildcard: lower case, A-labels, no dot at its end.
pub(super) fn a_labels(text: &str) -> Result<String, &'static str> {
    let plain = text.strip_suffix('.').unwrap_or(text);
    if let Some(why) = slip(plain) {
        return Err(why);
    }
    let name = idna::domain_to_ascii_strict(plain).map_err(|_| {
        "a DNS name has labels of 1 to 63 letters, digits and hyphens (none at an end), with dots between them; \
         other scripts must be valid under IDNA"
    })?;
    let last = name.rsplit('.').next().unwrap_or(&name);
    if last.bytes().all(|b| b.is_ascii_digit()) {
        return Err("its last label is a number, and it is no IP address");
    }
    Ok(name)
}

/// What was probably meant, where it is plain to see.
fn slip(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        Some("it is empty")
    } else if text.contains("://") || text.contains('/') {
        Some("write the host's name alone, without scheme and path")
    } else if text.contains('@') {
        Some("e-mail addresses do not stand in certificates for TLS")
    } else if text.contains(':') {
        Some("write the host's name alone, without a port")
    } else if text.contains('*') {
        Some("a wildcard is `*` alone, as the first label: *.example.com")
    } else if text.contains('_') {
        Some("an underscore may not stand in a certificate's name")
    } else {
        None
    }
}

impl fmt::Display for SanName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Dns(name) => f.pad(name),
            Kind::Ip(address) => f.pad(&address.to_string()),
        }
    }
}

impl TryFrom<String> for SanName {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<SanName> for String {
    fn from(name: SanName) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        text.parse::<SanName>()
            .unwrap_or_else(|error| panic!("{error}"))
            .to_string()
    }

    #[test]
    fn names_become_lower_case_a_labels() {
        for (text, name) in [
            ("WWW.Example.COM", "www.example.com"),
            ("www.example.com.", "www.example.com"),
            (" www.example.com ", "www.example.com"),
            ("*.Example.com", "*.example.com"),
            ("müller.example", "xn--mller-kva.example"),
            ("MÜLLER.example", "xn--mller-kva.example"),
            ("*.bücher.example", "*.xn--bcher-kva.example"),
            ("xn--mller-kva.example", "xn--mller-kva.example"),
            ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
            ("straße.example", "xn--strae-oqa.example"),
            ("intranet", "intranet"),
            ("1.example", "1.example"),
            ("192.0.2.7", "192.0.2.7"),
            ("2001:DB8:0:0::1", "2001:db8::1"),
        ] {
            assert_eq!(read(text), name);
            assert_eq!(read(&read(text)), name, "reading twice changes nothing");
        }
        let long = format!("{}.example", vec!["a".repeat(63); 3].join("."));
        assert_eq!(read(&long), long);
    }

    #[test]
    fn what_is_no_name_is_refused_with_its_reason() {
        for (text, part) in [
            ("", "empty"),
            ("*", "as the first label"),
            ("*.com", "two labels behind it"),
            ("www.*.example.com", "as the first label"),
            ("w*.example.com", "as the first label"),
            ("*.*.example.com", "as the first label"),
            ("https://example.com", "without scheme"),
            ("example.com/path", "without scheme"),
            ("example.com:443", "without a port"),
            ("me@example.com", "e-mail"),
            ("a_b.example.com", "underscore"),
            ("-a.example.com", "none at an end"),
            ("a-.example.com", "none at an end"),
            ("a..example.com", "labels of 1 to 63"),
            (".example.com", "labels of 1 to 63"),
            ("a b.example.com", "letters, digits and hyphens"),
            ("a\0b.example.com", "letters, digits and hyphens"),
            ("ab--cd.example.com", "letters, digits and hyphens"),
            ("xn--zzzzzzzzz9.example", "valid under IDNA"),
            ("\u{202e}moc.example", "valid under IDNA"),
            ("10.0.0", "last label is a number"),
            ("1.2.3.4.5", "last label is a number"),
            ("300.1.1.1", "last label is a number"),
            ("192.0.2.0/24", "without scheme"),
            ("[2001:db8::1]", "without a port"),
        ] {
            let error = text.parse::<SanName>().unwrap_err().to_string();
            assert!(error.contains(part), "{text:?}: {error}");
            assert!(!error.contains(['\0', '\u{202e}']), "{error:?}");
        }
        let label = format!("{}.example", "a".repeat(64));
        assert!(label.parse::<SanName>().is_err());
        let long = vec!["a".repeat(49); 6].join(".");
        assert!(long.parse::<SanName>().is_err());
        // 253 with the wildcard is the most.
        let fits = format!("*.{}", vec!["a".repeat(61); 4].join("."));
        let most = format!("{fits}{}", "b".repeat(253 - fits.len()));
        assert!(fits.parse::<SanName>().is_ok());
        assert!(format!("{most}bb").parse::<SanName>().is_err());
    }

    #[test]
    fn every_wrong_name_of_a_list_is_told() {
        let problems =
            SanName::parse_all(&["a.example", "b_c.example", "", "d.example"]).unwrap_err();
        let fields: Vec<_> = problems.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["names[1]", "names[2]"]);
        assert_eq!(
            SanName::parse_all(&["a.example", "10.0.0.1"])
                .unwrap()
                .len(),
            2
        );
    }

    #[test]
    fn a_wildcard_covers_one_label() {
        let covers = |wild: &str, name: &str| {
            wild.parse::<SanName>()
                .unwrap()
                .covers(&name.parse().unwrap())
        };
        assert!(covers("*.example.com", "www.example.com"));
        for (wild, name) in [
            ("*.example.com", "example.com"),
            ("*.example.com", "a.b.example.com"),
            ("*.example.com", "*.example.com"),
            ("www.example.com", "www.example.com"),
            ("*.example.com", "10.0.0.1"),
        ] {
            assert!(!covers(wild, name), "{wild} {name}");
        }
    }

    #[test]
    fn the_stored_form_is_the_text() {
        for text in ["*.example.com", "10.0.0.1"] {
            let name: SanName = text.parse().unwrap();
            let json = serde_json::to_string(&name).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<SanName>(&json).unwrap(), name);
        }
        assert!(serde_json::from_str::<SanName>("\"a_b\"").is_err());
    }
}
