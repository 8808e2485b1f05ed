//! Permits that are handed out in turn: one to each waiting client, then again one to each. A client with
//! many requests waits for itself, and others hardly wait for it.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use super::client_quota::network;

/// Cheap to clone; clones share the same permits.
#[derive(Clone)]
pub struct FairQueue(Arc<Shared>);

struct Shared {
    /// The permits that one client may hold.
    max_per_client: usize,
    turns: Mutex<Turns>,
}

#[derive(Default)]
struct Turns {
    free: usize,
    held: HashMap<IpAddr, usize>,
    /// The clients that wait, the next one first. Each has at least one waiter, the oldest first.
    clients: VecDeque<(IpAddr, VecDeque<Waiter>)>,
    last_id: u64,
}

struct Waiter {
    id: u64,
    granted: oneshot::Sender<()>,
}

/// Goes to the next client when dropped.
pub struct Permit {
    client: IpAddr,
    queue: Arc<Shared>,
}

impl FairQueue {
    pub fn new(permits: usize, max_per_client: usize) -> Self {
        let turns = Turns {
            free: permits,
            ..Turns::default()
        };
        Self(Arc::new(Shared {
            max_per_client,
            turns: turns.into(),
        }))
    }

    /// Waits for a permit. The caller limits the number of waiters and their time.
    pub async fn acquire(&self, client: IpAddr) -> Permit {
        let client = network(client);
        let waiting = self.0.turns().take_or_wait(client, self.0.max_per_client);
        if let Some((id, granted)) = waiting {
            let mut place = Place {
                id,
                client,
                queue: &self.0,
                granted,
                left: false,
            };
            // The sender is only dropped after the place.
            let _ = (&mut place.granted).await;
            place.left = true;
        }
        Permit {
            client,
            queue: Arc::clone(&self.0),
        }
    }
}

#[cfg(test)]
impl FairQueue {
    /// The number of permits that are taken.
    pub fn taken(&self) -> usize {
        self.0.turns().held.values().sum()
    }
}

impl Shared {
    /// A poisoned lock is still consistent: nothing panics between related changes.
    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn release(&self, client: IpAddr) {
        let mut turns = self.turns();
        turns.release(client);
        turns.grant(self.max_per_client);
    }
}

impl Turns {
    /// Takes a permit at once, or a place in the queue. A permit is free only if nobody waits who may have it.
    fn take_or_wait(
        &mut self,
        client: IpAddr,
        max_per_client: usize,
    ) -> Option<(u64, oneshot::Receiver<()>)> {
        if self.free > 0 && self.held(client) < max_per_client {
            self.hold(client);
            return None;
        }
        let (granted, receiver) = oneshot::channel();
        self.last_id += 1;
        let waiter = Waiter {
            id: self.last_id,
            granted,
        };
        match self.waiters(client) {
            Some(waiters) => waiters.push_back(waiter),
            None => self.clients.push_back((client, VecDeque::from([waiter]))),
        }
        Some((self.last_id, receiver))
    }

    /// Hands out the free permits.
    fn grant(&mut self, max_per_client: usize) {
        while self.free > 0 {
            let may_have = |(client, _): &(IpAddr, _)| self.held(*client) < max_per_client;
            let Some(next) = self.clients.iter().position(may_have) else {
                return;
            };
            let Some((client, mut waiters)) = self.clients.remove(next) else {
                return;
            };
            if let Some(waiter) = waiters.pop_front() {
                self.hold(client);
                // A waiter that leaves leaves the queue before it drops the receiver.
                let _ = waiter.granted.send(());
            }
            if !waiters.is_empty() {
                self.clients.push_back((client, waiters));
            }
        }
    }

    /// Returns whether the waiter was still in the queue.
    fn remove(&mut self, client: IpAddr, id: u64) -> bool {
        let Some(waiters) = self.waiters(client) else {
            return false;
        };
        let before = waiters.len();
        waiters.retain(|waiter| waiter.id != id);
        let removed = waiters.len() < before;
        self.clients.retain(|(_, waiters)| !waiters.is_empty());
        removed
    }

    fn waiters(&mut self, client: IpAddr) -> Option<&mut VecDeque<Waiter>> {
        let mut clients = self.clients.iter_mut();
        let found = clients.find(|(waiting, _)| *waiting == client);
        found.map(|(_, waiters)| waiters)
    }

    fn held(&self, client: IpAddr) -> usize {
        self.held.get(&client).copied().unwrap_or_default()
    }

    fn hold(&mut self, client: IpAddr) {
        self.free -= 1;
        *self.held.entry(client).or_default() += 1;
    }

    fn release(&mut self, client: IpAddr) {
        self.free += 1;
        if let Entry::Occupied(mut held) = self.held.entry(client) {
            *held.get_mut() -= 1;
            if *held.get() == 0 {
                held.remove();
            }
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.queue.release(self.client);
    }
}

/// A place in the queue, for as long as its owner waits.
struct Place<'a> {
    id: u64,
    client: IpAddr,
    queue: &'a Shared,
    granted: oneshot::Receiver<()>,
    /// The owner has its permit.
    left: bool,
}

impl Drop for Place<'_> {
    /// An owner that stops waiting may have been granted a permit that it has not noticed.
    fn drop(&mut self) {
        if !self.left && !self.queue.turns().remove(self.client, self.id) {
            self.queue.release(self.client);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, time::Duration};

    use futures::{FutureExt as _, poll};

    use super::*;

    const fn client(last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))
    }

    /// Waits in the queue.
    macro_rules! waiter {
        ($queue:expr, $client:expr) => {{
            let mut waiter = Box::pin($queue.acquire(client($client)));
            assert!(poll!(&mut waiter).is_pending());
            waiter
        }};
    }

    #[tokio::test]
    async fn clients_take_turns_however_many_requests_one_of_them_has() {
        let queue = FairQueue::new(1, 1);
        let running = queue.acquire(client(1)).await;
        let mut greedy = Vec::new();
        for _ in 0..250 {
            greedy.push(waiter!(queue, 1));
        }
        let mut second = waiter!(queue, 2);
        let mut third = waiter!(queue, 3);
        drop(running);
        // The greedy client was first, and is last from now on.
        let first = greedy.remove(0).await;
        assert!(poll!(&mut second).is_pending());
        drop(first);
        let permit = second.now_or_never().expect("the second client's turn");
        assert!(poll!(&mut third).is_pending());
        drop(permit);
        let permit = third.now_or_never().expect("the third client's turn");
        drop(permit);
        let again = greedy.remove(0).now_or_never();
        assert!(
            again.is_some(),
            "the oldest of the greedy client's requests"
        );
    }

    #[tokio::test]
    async fn a_client_leaves_permits_to_others() {
        let queue = FairQueue::new(4, 2);
        let held = [
            queue.acquire(client(1)).await,
            queue.acquire(client(1)).await,
        ];
        let mut third = waiter!(queue, 1);
        let other = queue.acquire(client(2)).now_or_never();
        assert!(other.is_some(), "others do not wait for it");
        drop(other);
        assert!(poll!(&mut third).is_pending(), "its own are used up");
        drop(held);
        assert!(third.now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_waiter_that_leaves_takes_no_permit_with_it() {
        let queue = FairQueue::new(1, 1);
        let running = queue.acquire(client(1)).await;
        let waiting = waiter!(queue, 2);
        let granted = waiter!(queue, 3);
        let last = waiter!(queue, 4);
        drop(waiting);
        drop(running);
        // Granted, but it leaves before it notices.
        drop(granted);
        assert!(last.now_or_never().is_some());
        let turns = queue.0.turns();
        assert_eq!(turns.free, 1);
        assert!(turns.held.is_empty() && turns.clients.is_empty());
    }

    #[tokio::test]
    async fn every_permit_comes_back_whatever_waiters_do() {
        let queue = FairQueue::new(3, 2);
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..300_u32 {
            let queue = queue.clone();
            tasks.spawn(async move {
                let last = u8::try_from(n % 5).expect("a small number");
                let pause = Duration::from_micros(u64::from(n * 7919 % 500));
                let work = async {
                    let _permit = queue.acquire(client(last)).await;
                    tokio::time::sleep(pause).await;
                };
                let _ = tokio::time::timeout(pause * 3, work).await;
            });
        }
        tasks.join_all().await;
        let turns = queue.0.turns();
        assert_eq!(turns.free, 3);
        assert!(turns.held.is_empty() && turns.clients.is_empty());
    }
}
