//! From where a key may be used.

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Networks in CIDR form; none means from anywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Networks(Vec<IpNet>);

/// The text is no list of networks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no network such as 10.1.0.0/16 or 2001:db8::/32")]
pub struct MalformedNetworks(String);

impl Networks {
    /// Whether nothing is listed.
    pub fn are_open(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &IpNet> {
        self.0.iter()
    }

    /// Whether one of them is the whole of IPv4 or IPv6.
    pub fn are_everywhere(&self) -> bool {
        self.0.iter().any(|network| network.prefix_len() == 0)
    }

    /// Whether the list has this address. An IPv4 address inside IPv6 is the IPv4 address.
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether somebody at this address is let in.
    pub fn admit(&self, address: IpAddr) -> bool {
        self.are_open() || self.contain(address)
    }
}

impl FromStr for Networks {
    type Err = MalformedNetworks;

    /// Networks between commas or spaces; an address alone is a network of one.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let words = text.split([',', ' ']).filter(|word| !word.is_empty());
        let read = |word: &str| {
            let network = word.parse::<IpNet>().or_else(|_| word.parse::<IpAddr>().map(IpNet::from));
            network.map(|network| network.trunc()).map_err(|_| MalformedNetworks(word.to_owned()))
        };
        words.map(read).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let networks: Vec<String> = self.0.iter().map(IpNet::to_string).collect();
        f.write_str(&networks.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_let_in_by_its_network() {
        let networks: Networks = "10.1.2.3/16, 192.0.2.7 2001:db8::/32".parse().unwrap();
        assert_eq!(networks.to_string(), "10.1.0.0/16,192.0.2.7/32,2001:db8::/32");
        for (address, admitted) in [
            ("10.1.255.255", true),
            ("::ffff:10.1.0.9", true),
            ("10.2.0.1", false),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("2001:db8:1::1", true),
            ("::1", false),
        ] {
            assert_eq!(networks.admit(address.parse().unwrap()), admitted, "{address}");
        }
        let open = Networks::default();
        assert!(open.are_open() && open.admit("192.0.2.8".parse().unwrap()) && !open.contain([0; 4].into()));
        assert!("10.0.0.0/33".parse::<Networks>().is_err() && "tinh.vn".parse::<Networks>().is_err());
    }
}
