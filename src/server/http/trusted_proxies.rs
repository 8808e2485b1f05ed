//! The proxies that are believed when they report a client's address.
//!
//! Each proxy appends the address of its own client to a chain. Only the end of the chain comes from
//! proxies; a client can write anything before it.

use std::net::IpAddr;

use anyhow::{Context as _, Result, ensure};
use ipnet::IpNet;

const MAX_HOPS: usize = 9;

#[derive(Clone, Debug)]
pub enum TrustedProxies {
    /// So many proxies are passed by every request, whatever their addresses.
    Hops(usize),
    Listed {
        addresses: Vec<IpAddr>,
        /// Any address of these networks may report its client, but is not known to be a proxy.
        networks: Vec<IpNet>,
    },
}

impl Default for TrustedProxies {
    fn default() -> Self {
        Self::Listed {
            addresses: Vec::new(),
            networks: Vec::new(),
        }
    }
}

impl TrustedProxies {
    /// Parses a number of proxies, or addresses and networks.
    ///
    /// # Errors
    /// The wrong text.
    pub fn parse(items: &[String]) -> Result<Self> {
        if let [number] = items
            && let Ok(hops) = number.parse()
        {
            ensure!(
                (1..=MAX_HOPS).contains(&hops),
                "“{hops}” is not a number of proxies from 1 to {MAX_HOPS}"
            );
            return Ok(Self::Hops(hops));
        }
        let (mut addresses, mut networks) = (Vec::new(), Vec::new());
        for text in items {
            if let Ok(address) = text.parse::<IpAddr>() {
                addresses.push(address.to_canonical());
                continue;
            }
            let network: IpNet = text.parse().with_context(|| {
                format!(
                    "“{text}” is neither an address such as 10.0.0.5 nor a number of proxies; a network \
                     such as 10.0.0.0/24 is possible, too"
                )
            })?;
            if network.prefix_len() == network.max_prefix_len() {
                addresses.push(network.addr().to_canonical());
            } else {
                networks.push(network);
            }
        }
        Ok(Self::Listed {
            addresses,
            networks,
        })
    }

    /// True if requests may come through proxies.
    pub fn may_exist(&self) -> bool {
        match self {
            Self::Hops(_) => true,
            Self::Listed {
                addresses,
                networks,
            } => !addresses.is_empty() || !networks.is_empty(),
        }
    }

    /// Networks of which every host can pretend to be any client.
    pub fn networks(&self) -> &[IpNet] {
        match self {
            Self::Hops(_) => &[],
            Self::Listed { networks, .. } => networks,
        }
    }

    /// True if a peer may report the address of its client.
    pub fn may_report(&self, peer: IpAddr) -> bool {
        let in_network = |network: &IpNet| network.contains(&peer.to_canonical());
        self.is_proxy(peer) || self.networks().iter().any(in_network)
    }

    /// True if a peer is certainly a proxy, which stands for many clients.
    pub fn is_proxy(&self, peer: IpAddr) -> bool {
        match self {
            Self::Hops(_) => true,
            Self::Listed { addresses, .. } => addresses.contains(&peer.to_canonical()),
        }
    }

    /// The client of a peer that reports this chain of addresses; `None` for those that are not addresses.
    pub fn client(
        &self,
        peer: IpAddr,
        chain: impl DoubleEndedIterator<Item = Option<IpAddr>>,
    ) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.may_report(peer) {
            return client;
        }
        let hops = match self {
            Self::Hops(hops) => *hops,
            Self::Listed { .. } => usize::MAX,
        };
        for address in chain.rev().take(hops) {
            let Some(address) = address else { break };
            client = address;
            if !self.is_proxy(client) {
                break;
            }
        }
        client
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(text: &str) -> TrustedProxies {
        let items: Vec<String> = text.split(", ").map(str::to_owned).collect();
        TrustedProxies::parse(&items).expect("proxies")
    }

    fn client(trusted: &str, peer: &str, chain: &str) -> String {
        let chain: Vec<_> = chain.split(", ").map(|text| text.parse().ok()).collect();
        let peer = peer.parse().expect("an address");
        let client = proxies(trusted).client(peer, chain.into_iter());
        client.to_string()
    }

    #[test]
    fn the_client_is_the_last_address_that_is_not_a_listed_proxy() {
        let listed = "10.0.0.1, 10.0.0.2";
        for (peer, chain, expected) in [
            ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
            ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
            ("10.0.0.1", "1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
            ("10.0.0.1", "1.1.1.1, nonsense", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.3", "203.0.113.9", "10.0.0.3"),
        ] {
            assert_eq!(client(listed, peer, chain), expected, "{peer} {chain}");
        }
    }

    #[test]
    fn a_number_of_proxies_counts_from_the_end_of_the_chain() {
        for (hops, chain, expected) in [
            ("1", "1.1.1.1, 10.0.0.9, 203.0.113.9", "203.0.113.9"),
            ("2", "1.1.1.1, 203.0.113.9, 10.0.0.9", "203.0.113.9"),
            ("2", "203.0.113.9", "203.0.113.9"),
            ("1", "203.0.113.9, nonsense", "10.0.0.1"),
            ("1", "", "10.0.0.1"),
        ] {
            assert_eq!(client(hops, "10.0.0.1", chain), expected, "{hops}: {chain}");
        }
    }

    #[test]
    fn a_host_in_a_trusted_network_cannot_forge_the_chain_that_a_proxy_reports() {
        for forged in ["1.1.1.1, 10.9.9.9", "1.1.1.1, 10.2.2.2, 10.9.9.9"] {
            assert_eq!(client("10.0.0.0/8", "10.0.0.1", forged), "10.9.9.9");
        }
    }

    #[test]
    fn only_what_is_certainly_a_proxy_stands_for_many_clients() {
        let peer: IpAddr = "10.0.0.1".parse().expect("an address");
        assert!(proxies("10.0.0.1").is_proxy(peer) && proxies("10.0.0.1/32").is_proxy(peer));
        assert!(proxies("1").is_proxy(peer));
        let network = proxies("10.0.0.0/8");
        assert!(network.may_report(peer) && !network.is_proxy(peer));
        assert_eq!(network.networks().len(), 1);
        assert!(!TrustedProxies::default().may_report(peer));
    }

    #[test]
    fn wrong_values_are_reported() {
        for wrong in ["0", "10", "-1", "everybody", "10.0.0.1, 2", "10.0.0.0/33"] {
            let items: Vec<String> = wrong.split(", ").map(str::to_owned).collect();
            assert!(TrustedProxies::parse(&items).is_err(), "{wrong}");
        }
    }
}
