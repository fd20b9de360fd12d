//! "Peers may `get` from registered memory, and `put` to it if it is writable, as long as the region lives. An
//! access to any other memory is refused where the fabric allows to check it." Unless [`World::guards_memory`] was said,
//! such an access may do as it likes and its rank may be closed for it, but it must end once, and the job must go on.

use olympi_transport_api::{Post, RemoteKey, RmaError, Transport};

use crate::flow::{Flow, pattern, run};
use crate::lent::Lent;
use crate::rma::pair_with;
use crate::world::{Event, World, peer};

/// A hundred regions are registered, used, and dropped in another order.
pub fn many_regions_come_and_go<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    for (get, put) in [(true, false), (false, true)] {
        let Some((mut world, a, b)) = pair_with(make, get, put, "many_regions_come_and_go") else { continue };
        let memory: Vec<_> = (0..100).map(|i| Lent::new(&pattern(i, 100))).collect();
        let mut regions: Vec<_> = memory
            .iter()
            .enumerate()
            .map(|(i, lent)| Some((i, world.register(b, lent.recv().extent()))))
            .collect();
        for step in 0..100_usize {
            let (i, region) = regions[(step * 37) % 100].take().expect("37 and 100 have no common divisor");
            let own = Lent::new(&pattern(1000 + i as u64, 100));
            let op = i as u64;
            if get {
                world.get(a, b, own.recv(), region.key(), op);
            } else {
                world.put(a, b, own.send(), region.key(), op);
            }
            assert_eq!(world.all_done(a)[&op], Ok(()));
            world.fence(a, b);
            drop(region);
            let want = if get { pattern(op, 100) } else { pattern(1000 + op, 100) };
            assert!(own.bytes() == want && memory[i].bytes() == want, "region {i} of 100 was mixed up");
        }
    }
}

/// An access by the key of a region that was dropped.
pub fn a_dropped_region_harms_nobody<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let memory = Lent::filled(7, 4096);
    forbidden(make, "a_dropped_region_harms_nobody", &memory, |world, b| {
        let region = world.register(b, memory.recv().extent());
        let key = region.key();
        drop(region);
        (key, None)
    });
}

/// An access that begins inside a region and ends outside of it.
pub fn access_beyond_a_region_harms_nobody<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let memory = Lent::filled(7, 4096);
    forbidden(make, "access_beyond_a_region_harms_nobody", &memory, |world, b| {
        let region = world.register(b, memory.recv().part(0, 1000).extent());
        (region.key().at(990), Some(region))
    });
}

fn forbidden<T: Transport>(
    make: &impl Fn(usize) -> World<T>,
    check: &str,
    memory: &Lent,
    key: impl Fn(&mut World<T>, usize) -> (RemoteKey, Option<olympi_transport_api::MemoryRegion>),
) {
    for (get, put) in [(true, false), (false, true)] {
        let Some((mut world, a, b)) = pair_with(make, get, put, check) else { continue };
        let (key, region) = key(&mut world, b);
        // The bytes are those that are there already, so an access that is not refused changes nothing.
        let own = Lent::filled(7, 100);
        if get {
            world.get(a, b, own.recv(), key, 1);
        } else {
            world.put(a, b, own.send(), key, 1);
        }
        let outcome = world.all_done(a).remove(&1).expect("all operations have ended");
        refused(&world, &outcome, check);
        usable_or_parted(&mut world, a, b);
        assert!(memory.bytes().iter().all(|&byte| byte == 7));
        drop(region);
    }
}

/// A `put` into memory that was registered for reading.
pub fn a_read_only_region_is_not_written<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let check = "a_read_only_region_is_not_written";
    let Some((mut world, a, b)) = pair_with(make, false, true, check) else { return };
    if !world.insists_on_guards() {
        eprintln!("{check}: this fabric does not check accesses: left out");
        return;
    }
    let memory = Lent::filled(7, 100);
    let region = world.register(b, memory.send().extent());
    let own = Lent::filled(9, 100);
    world.put(a, b, own.send(), region.key(), 1);
    let outcome = world.all_done(a).remove(&1).expect("all operations have ended");
    refused(&world, &outcome, check);
    usable_or_parted(&mut world, a, b);
    assert_eq!(memory.bytes(), [7; 100]);
}

/// A key that nobody ever gave out, pointing where nothing is mapped.
pub fn a_wild_key_is_refused<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    for (get, put) in [(true, false), (false, true)] {
        for (address, key) in [(16, 0xDEAD_BEEF), (u64::MAX - 50, 1), (0, 0)] {
            let Some((mut world, a, b)) = pair_with(make, get, put, "a_wild_key_is_refused") else {
                continue;
            };
            let own = Lent::filled(7, 100);
            let key = RemoteKey { address, key };
            if get {
                world.get(a, b, own.recv(), key, 1);
            } else {
                world.put(a, b, own.send(), key, 1);
            }
            let outcome = world.all_done(a).remove(&1).expect("all operations have ended");
            refused(&world, &outcome, "a_wild_key_is_refused");
            let usable = usable_or_parted(&mut world, a, b);
            assert!(outcome.is_err() || !usable, "an access to {key:?} cannot have worked");
        }
    }
}

/// The region keeps alive what its registration needs, even when it is the last that is dropped.
pub fn a_region_may_outlive_its_transport<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    for (get, put) in [(true, false), (false, true)] {
        let Some((mut world, _, b)) = pair_with(make, get, put, "a_region_may_outlive_its_transport") else {
            continue;
        };
        let memory = Lent::filled(7, 10_000);
        let region = world.register(b, memory.recv().extent());
        let key = region.key();
        drop(world);
        assert_eq!(region.key(), key);
        drop(region);
    }
}

fn refused<T: Transport>(world: &World<T>, outcome: &Result<(), RmaError>, check: &str) {
    if world.insists_on_guards() {
        assert!(matches!(outcome, Err(RmaError::Refused { .. })), "{check}: {outcome:?}");
    }
}

/// Whether the two ranks still exchange frames. Where memory is not guarded they need not: either the one that made a
/// forbidden access is cut off, and both are told so, or all goes on.
fn usable_or_parted<T: Transport>(world: &mut World<T>, a: usize, b: usize) -> bool {
    if world.insists_on_guards() {
        still_usable(world, a, b);
        return true;
    }
    // One frame each way, unless the endpoint ends first.
    let mut heard = [false, a == b];
    let mut sent = [false, a == b];
    world.until("a frame each way after a forbidden access, or the end of the endpoint", |world| {
        for (turn, (from, to)) in [(a, b), (b, a)].into_iter().enumerate() {
            if !sent[turn] {
                sent[turn] = world.transport(from).send(peer(to), &[turn as u8], &[]) == Post::Accepted;
            }
            for event in world.take(to) {
                match event {
                    Event::Frame { header, .. } => heard[usize::from(header[0])] = true,
                    Event::Closed(end) => assert_eq!(end.peer, peer(from)),
                    Event::Done { .. } => panic!("nothing is outstanding: {event:?}"),
                }
            }
        }
        (heard[0] && heard[1]) || (world.parted(a, b) && world.parted(b, a))
    });
    !world.parted(a, b)
}

fn still_usable<T: Transport>(world: &mut World<T>, a: usize, b: usize) {
    run(world, &mut [Flow::new(a, b, vec![(8, 100); 5])], 1);
    if a != b {
        run(world, &mut [Flow::new(b, a, vec![(8, 100); 5])], 1);
    }
}
