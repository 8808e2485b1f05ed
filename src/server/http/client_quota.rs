//! A limited resource that is shared fairly among clients.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Cheap to clone; clones share the same quota.
#[derive(Clone)]
pub struct ClientQuota {
    max: usize,
    usage: Arc<Mutex<Usage>>,
}

#[derive(Default)]
struct Usage {
    total: usize,
    by_client: HashMap<IpAddr, usize>,
}

/// Releases its part of the quota when dropped.
pub struct QuotaPermit {
    client: IpAddr,
    usage: Arc<Mutex<Usage>>,
}

impl ClientQuota {
    pub fn new(max: usize) -> Self {
        Self {
            max,
            usage: Arc::default(),
        }
    }

    /// Takes a permit for a client that may hold at most `max_per_client`, and no more than remain for all
    /// others: the scarcer permits become, the fewer may one client take. `None` when it has its share.
    pub fn take(&self, client: IpAddr, max_per_client: usize) -> Option<QuotaPermit> {
        self.take_if(client, |held, free| held < max_per_client.min(free))
    }

    /// Takes a permit for a proxy, which stands for many clients; `None` when all permits are taken.
    pub fn take_for_proxy(&self, proxy: IpAddr) -> Option<QuotaPermit> {
        self.take_if(proxy, |_, free| free > 0)
    }

    /// True when three quarters of the permits are taken.
    pub fn is_scarce(&self) -> bool {
        lock(&self.usage).total * 4 >= self.max * 3
    }

    /// Takes a permit if the numbers of those that the client holds and of those that are free allow it.
    fn take_if(
        &self,
        client: IpAddr,
        allows: impl FnOnce(usize, usize) -> bool,
    ) -> Option<QuotaPermit> {
        let client = network(client);
        let mut usage = lock(&self.usage);
        let of_client = usage.by_client.get(&client).copied().unwrap_or_default();
        if !allows(of_client, self.max.saturating_sub(usage.total)) {
            return None;
        }
        usage.total += 1;
        usage.by_client.insert(client, of_client + 1);
        Some(QuotaPermit {
            client,
            usage: Arc::clone(&self.usage),
        })
    }
}

impl Drop for QuotaPermit {
    fn drop(&mut self) {
        let mut usage = lock(&self.usage);
        usage.total -= 1;
        if let Entry::Occupied(mut of_client) = usage.by_client.entry(self.client) {
            *of_client.get_mut() -= 1;
            if *of_client.get() == 0 {
                of_client.remove();
            }
        }
    }
}

/// Treats an IPv6 network as one client: a host has a whole network of addresses to choose from.
pub fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// A poisoned lock is still consistent: nothing panics between related changes.
fn lock(usage: &Mutex<Usage>) -> MutexGuard<'_, Usage> {
    usage.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn one_client_leaves_some_for_others() {
        let quota = ClientQuota::new(3);
        let held = [quota.take(ONE, 2), quota.take(ONE, 2)];
        assert!(held.iter().all(Option::is_some));
        assert!(quota.take(ONE, 2).is_none(), "its own quota is used up");
        let others = quota.take(OTHER, 2);
        assert!(others.is_some());
        assert!(quota.take(OTHER, 2).is_none(), "the whole quota is used up");
        drop(held);
        assert!(quota.take(OTHER, 2).is_some());
    }

    #[test]
    fn a_share_shrinks_as_permits_get_scarce() {
        let quota = ClientQuota::new(1000);
        let mut held = Vec::new();
        let mut shares = Vec::new();
        for last in 1..=10 {
            let client = IpAddr::from([192, 0, 2, last]);
            let before = held.len();
            held.extend(std::iter::from_fn(|| quota.take(client, 500)));
            shares.push(held.len() - before);
            assert_eq!(quota.is_scarce(), last > 1, "{shares:?}");
        }
        assert_eq!(shares, [500, 250, 125, 63, 31, 16, 8, 4, 2, 1]);
        assert!(quota.take(ONE, 500).is_none());
        let proxy = quota.take_for_proxy(ONE);
        assert!(proxy.is_none(), "nothing is left for a proxy either");
    }

    #[test]
    fn a_proxy_may_take_every_permit() {
        let quota = ClientQuota::new(4);
        let held: Vec<_> = std::iter::from_fn(|| quota.take_for_proxy(ONE)).collect();
        assert_eq!(held.len(), 4);
    }

    #[test]
    fn a_host_with_many_addresses_is_one_client() {
        let quota = ClientQuota::new(3);
        let address = |text: &str| text.parse().expect("an address");
        let _held = quota.take(address("2001:db8::1"), 1);
        assert!(quota.take(address("2001:db8::2"), 1).is_none());
        assert!(quota.take(address("2001:db8:0:1::1"), 1).is_some());
        assert_eq!(network(address("::ffff:192.0.2.1")), ONE);
    }

    #[test]
    fn clients_without_permits_are_forgotten() {
        let quota = ClientQuota::new(3);
        drop((quota.take(ONE, 2), quota.take(OTHER, 2)));
        let usage = lock(&quota.usage);
        assert!(usage.total == 0 && usage.by_client.is_empty());
    }
}
