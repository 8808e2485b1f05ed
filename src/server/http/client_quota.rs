//! A limited resource that is shared fairly among clients.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Cheap to clone; clones share the same quota.
#[derive(Clone)]
pub struct ClientQuota {
    most: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    in_all: usize,
    by_client: HashMap<IpAddr, usize>,
}

/// Releases its part of the quota when dropped.
pub struct QuotaPermit {
    client: IpAddr,
    taken: Arc<Mutex<Taken>>,
}

impl ClientQuota {
    pub fn new(most: usize) -> Self {
        Self {
            most,
            taken: Arc::default(),
        }
    }

    /// Takes a permit for a client that may hold at most `most_of_one`; `None` when the quota is used up.
    pub fn take(&self, client: IpAddr, most_of_one: usize) -> Option<QuotaPermit> {
        let client = network(client);
        let mut taken = lock(&self.taken);
        let of_one = taken.by_client.get(&client).copied().unwrap_or_default();
        if taken.in_all >= self.most || of_one >= most_of_one {
            return None;
        }
        taken.in_all += 1;
        taken.by_client.insert(client, of_one + 1);
        Some(QuotaPermit {
            client,
            taken: Arc::clone(&self.taken),
        })
    }
}

impl Drop for QuotaPermit {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.in_all -= 1;
        if let Entry::Occupied(mut of_one) = taken.by_client.entry(self.client) {
            *of_one.get_mut() -= 1;
            if *of_one.get() == 0 {
                of_one.remove();
            }
        }
    }
}

/// Treats an IPv6 network as one client: a host has a whole network of addresses to choose from.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// A poisoned lock is still consistent: nothing panics between related changes.
fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn one_client_leaves_some_for_others() {
        let shares = ClientQuota::new(3);
        let held = [shares.take(ONE, 2), shares.take(ONE, 2)];
        assert!(held.iter().all(Option::is_some));
        assert!(shares.take(ONE, 2).is_none(), "its own quota is used up");
        let others = shares.take(OTHER, 2);
        assert!(others.is_some());
        assert!(
            shares.take(OTHER, 2).is_none(),
            "the whole quota is used up"
        );
        drop(held);
        assert!(shares.take(OTHER, 2).is_some());
    }

    #[test]
    fn a_host_with_many_addresses_is_one_client() {
        let shares = ClientQuota::new(3);
        let address = |text: &str| text.parse().expect("an address");
        let _held = shares.take(address("2001:db8::1"), 1);
        assert!(shares.take(address("2001:db8::2"), 1).is_none());
        assert!(shares.take(address("2001:db8:0:1::1"), 1).is_some());
        assert_eq!(network(address("::ffff:192.0.2.1")), ONE);
    }

    #[test]
    fn clients_without_permits_are_forgotten() {
        let shares = ClientQuota::new(3);
        drop((shares.take(ONE, 2), shares.take(OTHER, 2)));
        let taken = lock(&shares.taken);
        assert!(taken.in_all == 0 && taken.by_client.is_empty());
    }
}
