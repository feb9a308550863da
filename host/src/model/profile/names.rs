//! Which names a profile allows.
//! Above: `judge`. Below: `model::name`.
//! Invariant: a rule matches whole labels; a wildcard counts as a label of its own.

use crate::model::name::{SanName, a_labels};
use crate::model::nearest::nearest;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// What is allowed as a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameRules {
    /// A DNS name must end in one of these.
    pub suffixes: Vec<Suffix>,
    pub wildcard: bool,
    /// Names in one certificate.
    pub max: u32,
    /// An IP address must lie in one of these. Empty: no addresses.
    pub networks: Vec<Network>,
}

/// "example.com" allows that name and all below it, ".example.com" only what is below.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Suffix {
    base: String,
    only_below: bool,
}

/// "10.0.0.0/8", or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// Why a text is no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    #[error(
        "a suffix is a domain: \"example.com\" for it and all below it, \".example.com\" for what is below alone"
    )]
    Suffix,
    #[error(
        "a suffix takes no `*`: \".example.com\" allows what is below, `wildcard = true` allows wildcards"
    )]
    Star,
    #[error("a network is written like \"10.0.0.0/8\", \"2001:db8::/32\" or \"192.0.2.7\"")]
    Network,
    #[error("bits behind the network's length are set: \"10.0.0.0/8\", not \"10.1.2.3/8\"")]
    HostBits,
}

impl Suffix {
    /// Whether this DNS name (as `SanName::dns` has it) ends in it, label by label.
    #[must_use]
    pub fn allows(&self, name: &str) -> bool {
        match name.strip_suffix(self.base.as_str()) {
            Some("") => !self.only_below,
            Some(before) => before.ends_with('.'),
            None => false,
        }
    }

    /// The name that was probably meant: the same with its end mended.
    pub(super) fn mended(&self, name: &str) -> Option<String> {
        let labels: Vec<&str> = name.split('.').collect();
        let ours = self.base.split('.').count();
        let (head, tail) = labels.split_at(labels.len().checked_sub(ours)?);
        nearest(&tail.join("."), [self.base.as_str()])?;
        let mended = [head, &[self.base.as_str()]].concat().join(".");
        (mended != name && self.allows(&mended)).then_some(mended)
    }
}

impl FromStr for Suffix {
    type Err = RuleError;
    fn from_str(text: &str) -> Result<Self, RuleError> {
        if text.contains('*') {
            return Err(RuleError::Star);
        }
        let (base, only_below) = match text.strip_prefix('.') {
            Some(base) => (base, true),
            None => (text, false),
        };
        let base = a_labels(base).map_err(|_| RuleError::Suffix)?;
        Ok(Self { base, only_below })
    }
}

impl Network {
    /// Whether the address lies in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4() && masked(address, self.bits) == self.address
    }
}

/// The address with everything behind the first `bits` cleared.
fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(four) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            IpAddr::V4((u32::from(four) & mask).into())
        }
        IpAddr::V6(sixteen) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            IpAddr::V6((u128::from(sixteen) & mask).into())
        }
    }
}

impl FromStr for Network {
    type Err = RuleError;
    fn from_str(text: &str) -> Result<Self, RuleError> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| RuleError::Network)?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(all), |bits| {
            let plain = bits.bytes().all(|b| b.is_ascii_digit());
            let bits = bits.parse().ok().filter(|bits| plain && *bits <= all);
            bits.ok_or(RuleError::Network)
        })?;
        if masked(address, bits) != address {
            return Err(RuleError::HostBits);
        }
        Ok(Self { address, bits })
    }
}

impl NameRules {
    /// Whether this one name is allowed, wildcards and counts aside.
    pub(super) fn allows(&self, name: &SanName) -> bool {
        match (name.dns(), name.ip()) {
            (Some(dns), _) => self.suffixes.iter().any(|suffix| suffix.allows(dns)),
            (None, Some(address)) => self.networks.iter().any(|net| net.contains(address)),
            (None, None) => false,
        }
    }
}

impl fmt::Display for Suffix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dot = if self.only_below { "." } else { "" };
        write!(f, "{dot}{}", self.base)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

macro_rules! as_text {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = RuleError;
            fn try_from(text: String) -> Result<Self, RuleError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(rule: $name) -> Self {
                rule.to_string()
            }
        }
    };
}

as_text!(Suffix);
as_text!(Network);

#[cfg(test)]
mod tests {
    use super::{Network, Suffix};

    #[test]
    fn a_suffix_matches_whole_labels() {
        let allows = |suffix: &str, name| suffix.parse::<Suffix>().unwrap().allows(name);
        for (suffix, name) in [
            ("example.com", "example.com"),
            ("example.com", "a.b.example.com"),
            ("example.com", "*.example.com"),
            (".example.com", "www.example.com"),
            (".example.com", "*.example.com"),
            ("Bücher.example", "www.xn--bcher-kva.example"),
            ("com", "example.com"),
        ] {
            assert!(allows(suffix, name), "{suffix} {name}");
        }
        for (suffix, name) in [
            ("example.com", "notexample.com"),
            ("example.com", "example.com.evil.example"),
            ("example.com", "example.org"),
            (".example.com", "example.com"),
            ("www.example.com", "example.com"),
        ] {
            assert!(!allows(suffix, name), "{suffix} {name}");
        }
        for text in [
            "",
            ".",
            "*.example.com",
            "a_b.example",
            "..example.com",
            "10.0.0.1",
        ] {
            assert!(text.parse::<Suffix>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_network_holds_its_own_addresses() {
        let holds = |net: &str, address: &str| {
            net.parse::<Network>()
                .unwrap()
                .contains(address.parse().unwrap())
        };
        for (net, address) in [
            ("10.0.0.0/8", "10.255.0.1"),
            ("192.0.2.7", "192.0.2.7"),
            ("0.0.0.0/0", "203.0.113.9"),
            ("2001:db8::/32", "2001:db8:1::9"),
            ("::/0", "2001:db8::1"),
            ("192.0.2.6/31", "192.0.2.7"),
        ] {
            assert!(holds(net, address), "{net} {address}");
        }
        for (net, address) in [
            ("10.0.0.0/8", "11.0.0.1"),
            ("0.0.0.0/0", "::1"),
            ("::/0", "10.0.0.1"),
            ("2001:db8::/32", "2001:db9::1"),
        ] {
            assert!(!holds(net, address), "{net} {address}");
        }
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.1/8",
            "::1/129",
            "example.com",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
