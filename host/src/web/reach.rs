//! Which addresses may be reached where somebody else named the server: nothing of this machine, its link, or private
//! networks, unless the operator says so.
//! Above: `way`. Below: `model::profile`'s networks.
//! Invariant: a name is judged by the addresses that are connected to, after it was resolved; what a link-local address
//! offers (a cloud's metadata) is reached by no setting.

use crate::model::profile::Network;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who may be reached.
#[derive(Debug, Clone)]
pub(crate) enum Reach {
    /// The operator named the server.
    Anywhere,
    /// Somebody else did: public addresses, and these networks.
    Public(Vec<Network>),
}

/// Not to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Forbidden {
    #[error("{0} is a private address: --revocation-networks would have to name its network")]
    Private(IpAddr),
    #[error("{0} is an address of the link, and never asked")]
    Link(IpAddr),
}

impl Reach {
    pub(crate) fn judge(&self, address: IpAddr) -> Result<(), Forbidden> {
        let Self::Public(allowed) = self else {
            return Ok(());
        };
        let plain = plain(address);
        if is_link(plain) {
            return Err(Forbidden::Link(address));
        }
        let named = |network: &Network| network.contains(address) || network.contains(plain);
        if is_public(plain) || allowed.iter().any(named) {
            Ok(())
        } else {
            Err(Forbidden::Private(address))
        }
    }
}

/// The IPv4 address that an IPv6 one stands for: mapped, compatible, translated (NAT64), 6to4.
fn plain(address: IpAddr) -> IpAddr {
    let IpAddr::V6(six) = address else {
        return address;
    };
    let four = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match six.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            four(high, low)
        }
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => four(high, low),
        [0x2002, high, low, ..] => four(high, low),
        _ => address,
    }
}

/// Link-local, with the places where clouds put their metadata.
fn is_link(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => four.is_link_local() || four == Ipv4Addr::new(100, 100, 100, 200),
        IpAddr::V6(six) => {
            six.is_unicast_link_local() || six == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
        }
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => {
            let [a, b, c, _] = four.octets();
            let special = match (a, b) {
                // "This" network, carriers' NAT, protocol assignments, measurements, and all from multicast upward.
                (0 | 224..=255, _) | (100, 64..=127) | (198, 18 | 19) => true,
                (192, 0) => c == 0,
                _ => false,
            };
            !(special || four.is_private() || four.is_loopback() || four.is_documentation())
        }
        // Of IPv6 only the global unicast block is handed out; documentation and Teredo lie within.
        IpAddr::V6(six) => {
            let [first, second, ..] = six.segments();
            first & 0xe000 == 0x2000 && !(first == 0x2001 && (second < 0x200 || second == 0xdb8))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(allowed: &[&str], address: &str) -> Result<(), Forbidden> {
        let allowed = allowed.iter().map(|text| text.parse().unwrap()).collect();
        Reach::Public(allowed).judge(address.parse().unwrap())
    }

    #[test]
    fn what_is_not_public_is_not_reached() {
        for address in [
            "93.184.216.34",
            "8.8.8.8",
            "172.32.0.1",
            "2606:4700::1111",
            "64:ff9b::808:808",
        ] {
            assert_eq!(judged(&[], address), Ok(()), "{address}");
        }
        for address in [
            "0.0.0.0",
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "fc00::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
        ] {
            let told = judged(&[], address);
            assert!(
                matches!(told, Err(Forbidden::Private(_))),
                "{address}: {told:?}"
            );
        }
    }

    #[test]
    fn an_operator_opens_networks_and_never_the_link() {
        assert_eq!(judged(&["10.0.0.0/8"], "10.1.2.3"), Ok(()));
        assert_eq!(judged(&["10.0.0.0/8"], "::ffff:10.1.2.3"), Ok(()));
        assert!(judged(&["10.0.0.0/8"], "192.168.0.1").is_err());
        let all = ["0.0.0.0/0", "::/0"];
        for address in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "100.100.100.200",
            "fe80::1",
            "fd00:ec2::254",
        ] {
            let told = judged(&all, address);
            assert!(
                matches!(told, Err(Forbidden::Link(_))),
                "{address}: {told:?}"
            );
        }
        assert_eq!(judged(&all, "127.0.0.1"), Ok(()));
        assert_eq!(Reach::Anywhere.judge("127.0.0.1".parse().unwrap()), Ok(()));
    }
}
