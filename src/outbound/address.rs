//! Which addresses may be reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::access::Networks;

/// What is no public unicast (IANA's special-purpose registries), as network and length.
const NOT_PUBLIC_4: [([u8; 4], u8); 15] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];
/// What no list opens: this host, the link, groups.
const NEVER_4: [([u8; 4], u8); 4] =
    [([0, 0, 0, 0], 8), ([169, 254, 0, 0], 16), ([224, 0, 0, 0], 4), ([240, 0, 0, 0], 4)];
/// Metadata services of clouds that stand outside the link's network.
const METADATA_4: [Ipv4Addr; 2] = [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192)];
const METADATA_6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// Whether this address may be reached: it is public, or an operator has listed its network. In a lab, which no real
/// service is, loopback can be listed too.
pub(super) fn may_be_reached(address: IpAddr, listed: &Networks, lab: bool) -> bool {
    match address {
        IpAddr::V4(address) => {
            let never = NEVER_4.iter().any(|network| in_4(address, *network)) || METADATA_4.contains(&address);
            let shut = never || (address.is_loopback() && !lab);
            let public = !NOT_PUBLIC_4.iter().any(|network| in_4(address, *network));
            !shut && (public || listed.contain(address.into()))
        }
        IpAddr::V6(address) => {
            let shut = never_6(address) || (address.is_loopback() && !lab);
            !shut && (public_6(address) || listed.contain(address.into()))
        }
    }
}

/// What no list opens, or only a lab's.
const SHUT: [&str; 16] = [
    LOOPBACK[0],
    LOOPBACK[1],
    "0.0.0.0/8",
    "169.254.0.0/16",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "100.100.100.200/32",
    "192.0.0.192/32",
    "::ffff:0:0/96",
    "64:ff9b::/32",
    "2001::/32",
    "2002::/16",
    "::ffff:0:0:0/96",
    "fe80::/9",
    "ff00::/8",
    "fd00:ec2::254/128",
];
const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1/128"];

/// What an operator's list does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The listed networks of which something is open now.
    pub open: Vec<IpNet>,
    /// What stays shut although it is listed.
    pub shut: Vec<IpNet>,
    /// Whether some of that is loopback, which a lab would open.
    pub wants_lab: bool,
}

impl Reach {
    pub fn of(listed: &Networks, lab: bool) -> Self {
        let is_shut = |network: &str| !(lab && LOOPBACK.contains(&network));
        let kept: Vec<IpNet> =
            SHUT.iter().filter(|network| is_shut(network)).filter_map(|network| network.parse().ok()).collect();
        let mut reach = Self { open: Vec::new(), shut: Vec::new(), wants_lab: false };
        for network in listed.iter() {
            if !kept.iter().any(|kept| kept.contains(network)) {
                reach.open.push(*network);
            }
            for kept in kept.iter().filter(|kept| kept.contains(network) || network.contains(*kept)) {
                let smaller = if kept.contains(network) { *network } else { *kept };
                reach.wants_lab |= smaller.addr().is_loopback();
                if !reach.shut.contains(&smaller) {
                    reach.shut.push(smaller);
                }
            }
        }
        reach
    }
}

fn in_4(address: Ipv4Addr, (network, length): ([u8; 4], u8)) -> bool {
    let mask = u32::MAX << (32 - u32::from(length));
    u32::from(address) & mask == u32::from(Ipv4Addr::from(network))
}

/// Global unicast is 2000::/3; of it 2001::/23 is for protocols (Teredo is in it) and two networks are for documents.
fn public_6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let document = (first == 0x2001 && second == 0xdb8) || (first == 0x3fff && second < 0x1000);
    (0x2000..0x4000).contains(&first) && !(first == 0x2001 && second < 0x200) && !document
}

/// The link, groups, metadata, and whatever has an IPv4 address inside, which would pass by the rules for that one.
fn never_6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let [first, second, ..] = segments;
    let begins_empty = segments[..5].iter().all(|segment| *segment == 0);
    let embeds = begins_empty && (segments[5] == 0xffff || (segments[5] == 0 && !address.is_loopback()));
    let translated = (first == 0x64 && second == 0xff9b) || first == 0x2002 || (first == 0x2001 && second == 0);
    let mapped_by_sit = segments[4] == 0xffff && segments[..4].iter().all(|segment| *segment == 0);
    address.is_unspecified()
        || address.is_multicast()
        || (0xfe80..0xff00).contains(&first)
        || address == METADATA_6
        || embeds
        || translated
        || mapped_by_sit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_to_be_shut_is_shut_and_the_rest_is_open() {
        for network in SHUT {
            let net: IpNet = network.parse().unwrap();
            let listed: Networks = network.parse().unwrap();
            for address in [net.network(), net.broadcast()] {
                assert!(!may_be_reached(address, &listed, false), "{address}");
                assert_eq!(may_be_reached(address, &listed, true), LOOPBACK.contains(&network), "{address} in a lab");
            }
            assert_eq!(Reach::of(&listed, false).open, [], "{network}");
        }
    }

    #[test]
    fn a_list_tells_what_it_opens_and_what_it_does_not() {
        let told = |list: &str, lab: bool| {
            let Reach { open, shut, wants_lab } = Reach::of(&list.parse().unwrap(), lab);
            let [open, shut] =
                [open, shut].map(|nets| nets.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
            (open, shut, wants_lab)
        };
        for (list, lab, open, shut, wants_lab) in [
            ("10.20.0.0/16", false, "10.20.0.0/16", "", false),
            ("127.0.0.1", false, "", "127.0.0.1/32", true),
            ("127.0.0.0/8", true, "127.0.0.0/8", "", false),
            ("::1, 10.0.0.0/8", false, "10.0.0.0/8", "::1/128", true),
            ("100.64.0.0/10", false, "100.64.0.0/10", "100.100.100.200/32", false),
            ("169.254.169.254", true, "", "169.254.169.254/32", false),
            ("fd00::/8", false, "fd00::/8", "fd00:ec2::254/128", false),
            ("", false, "", "", false),
        ] {
            assert_eq!(told(list, lab), (open.to_owned(), shut.to_owned(), wants_lab), "{list}");
        }
    }
}
