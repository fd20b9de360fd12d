//! What the life of a communicator looks like from inside, over a simulated network.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex};

use olympi_coll::{Plan, Span};
use olympi_sim::{Network, NetworkConfig, with_seeds};
use olympi_transport::{Config, Directory, LookupError, Membership};
use olympi_transport_api::{Peer, RecvBuf, SendBuf};

use crate::collective::{Prepared, Sequence};
use crate::context::{candidate, mix};
use crate::{ANY_SOURCE, ANY_TAG, ThreadLevel, Universe};

/// Where the ranks of a test find one another.
#[derive(Default)]
struct Book(Mutex<HashMap<Peer, Vec<u8>>>, Condvar);

struct Reader(Arc<Book>);

impl Directory for Reader {
    fn address(&mut self, peer: Peer) -> Result<Vec<u8>, LookupError> {
        let Book(book, news) = &*self.0;
        let book = news.wait_while(book.lock().unwrap(), |book| !book.contains_key(&peer)).unwrap();
        Ok(book[&peer].clone())
    }
}

/// Runs it on each of three ranks.
fn three<R: Send>(seed: u64, body: impl Fn(&Universe) -> R + Sync) -> Vec<R> {
    let network = Network::new(seed, 3, NetworkConfig::all()[(seed % 5) as usize].clone());
    let (book, body) = (Arc::new(Book::default()), &body);
    let run = |rank: u32, transport| {
        let membership = Membership { me: Peer(rank), size: 3, secret: [7; 32] };
        let publish = |address| {
            book.0.lock().unwrap().insert(Peer(rank), address);
            book.1.notify_all();
        };
        let (level, config) = (ThreadLevel::Funneled, Config::default());
        let reader = Box::new(Reader(Arc::clone(&book)));
        let universe = Universe::simulated(level, config, membership, reader, transport, publish);
        let result = body(&universe);
        // Nobody leaves while another may still need it.
        drop(universe.world().dup().unwrap());
        result
    };
    std::thread::scope(|scope| {
        let ranks = (0..3).zip(network.transports());
        let ranks: Vec<_> =
            ranks.map(|(rank, transport)| scope.spawn(move || run(rank, transport))).collect();
        ranks.into_iter().map(|rank| rank.join().unwrap()).collect()
    })
}

/// A number that is in use at one rank only, or reserved there by a creation that is under way, is nobody's.
#[test]
fn a_number_that_is_taken_at_one_rank_is_given_to_none() {
    with_seeds(12, |seed| {
        let numbers = three(seed, |universe| {
            let world = universe.world();
            // The first proposals of the world's first duplicates, each taken at another rank.
            let proposals = [0_u64, 1].map(|count| candidate(mix(count)));
            let taken = proposals.get(world.rank() as usize);
            if let Some(&number) = taken {
                assert!(world.shared.door.enter().unwrap().mail.contexts.reserve(number));
            }
            let dups = [world.idup().unwrap(), world.idup().unwrap()].map(|dup| dup.wait().unwrap());
            let numbers = dups.each_ref().map(|dup| dup.core.id);
            assert!(numbers[0] != numbers[1] && numbers.iter().all(|number| !proposals.contains(number)));
            // What one rank alone had reserved is still its own.
            let [.., reserved, _, _] = universe.table_sizes().unwrap();
            assert_eq!(reserved, usize::from(taken.is_some()));
            for (tag, dup) in dups.iter().enumerate() {
                let (next, before) = ((dup.rank() + 1) % 3, (dup.rank() + 2) % 3);
                let send = dup.isend(vec![tag], next, 0).unwrap();
                assert_eq!(dup.recv::<usize>(before, 0).unwrap().0, tag);
                send.wait().unwrap();
            }
            numbers
        });
        assert!(numbers.iter().all(|of| *of == numbers[0]), "{numbers:?}");
    });
}

/// A collective whose request and communicator were dropped goes on, since the others wait for it; then the
/// communicator is freed.
#[test]
fn a_communicator_outlives_its_handles_while_a_collective_runs() {
    with_seeds(12, |seed| {
        three(seed, |universe| {
            let world = universe.world();
            let (me, communicators) = (world.rank() as u32, || universe.table_sizes().unwrap()[0]);
            let dup = world.dup().unwrap();
            // Each hears of each other.
            let mut plan = Plan::new();
            for other in (0..3).filter(|&other| other != me) {
                plan.send(other, Span::EMPTY);
                plan.recv(other, Span::EMPTY);
            }
            let prepared = Prepared {
                call: "a test",
                schedule: Arc::new(plan.finish()),
                operation: None,
                sequence: Sequence::Calls,
            };
            if me > 0 {
                world.recv::<u8>(0, 0).unwrap();
            }
            let op = dup.begin(prepared, SendBuf::empty(), RecvBuf::empty(), None).unwrap();
            if me == 0 {
                drop(dup.shared.door.enter().unwrap().detach(op));
                drop(dup);
                assert_eq!(communicators(), 4, "the others have not begun");
                world.send(&1_u8, 1, 0).unwrap();
                world.send(&1_u8, 2, 0).unwrap();
                while communicators() > 3 {
                    world.iprobe(ANY_SOURCE, ANY_TAG).unwrap();
                }
            } else {
                assert!(dup.shared.outcome(op).unwrap().fault.is_none());
                drop(dup);
                assert_eq!(communicators(), 3);
            }
        });
    });
}
