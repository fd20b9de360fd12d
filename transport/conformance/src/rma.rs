//! "Each accepted `put` and `get` ends in exactly one `Done`. What a `put` wrote is visible to the peer before any
//! frame sent after its `Done`." Every check counts the `Done`s.

use olympi_transport_api::{RegisterError, RemoteKey, Transport};

use crate::flow::{difference, pattern};
use crate::lent::Lent;
use crate::world::{Event, World};

/// The pair, if its transport has what is asked for.
pub(crate) fn pair_with<T: Transport>(
    make: &impl Fn(usize) -> World<T>,
    get: bool,
    put: bool,
    check: &str,
) -> Option<(World<T>, usize, usize)> {
    let (mut world, a, b) = World::pair(make);
    let caps = world.transport(a).caps();
    if (get && caps.get_from.is_none()) || (put && caps.put_from.is_none()) {
        eprintln!("{check}: {} has no such remote memory access: left out", caps.name);
        return None;
    }
    Some((world, a, b))
}

/// Lengths of operations: short ones, odd ones, pages and their neighbours, and some that take a while.
fn lengths() -> impl Iterator<Item = usize> {
    [1, 2, 7, 8, 63, 64, 65, 1000, 4095, 4096, 4097, 65_535, 65_536, 100_003, (1 << 20) + 1].into_iter()
}

fn assert_bytes(want: &[u8], got: &[u8], what: &str) {
    assert!(want == got, "{what}: {}", difference(want, got));
}

/// Whole regions and parts of them are fetched.
pub fn get_brings_the_bytes<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let Some((mut world, a, b)) = pair_with(make, true, false, "get_brings_the_bytes") else { return };
    for (op, len) in lengths().enumerate() {
        let bytes = pattern(op as u64, len);
        let source = Lent::new(&bytes);
        let region = world.register(b, source.send().extent());
        let into = Lent::filled(0, len);
        world.get(a, b, into.recv(), region.key(), 2 * op as u64);
        assert_eq!(world.all_done(a)[&(2 * op as u64)], Ok(()));
        assert_bytes(&bytes, &into.bytes(), "a whole region was fetched");

        let (offset, part) = (len / 3, len / 2);
        let into = Lent::filled(0xAA, part + 2);
        world.get(a, b, into.recv().part(1, part), region.key().at(offset as u64), 2 * op as u64 + 1);
        assert_eq!(world.all_done(a)[&(2 * op as u64 + 1)], Ok(()));
        let want = [&[0xAA], &bytes[offset..offset + part], &[0xAA]].concat();
        assert_bytes(&want, &into.bytes(), "a part of a region was fetched");
        assert_bytes(&bytes, &source.bytes(), "a get left its source as it was");
    }
}

/// Whole regions and parts of them are written.
pub fn put_brings_the_bytes<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let Some((mut world, a, b)) = pair_with(make, false, true, "put_brings_the_bytes") else { return };
    for (op, len) in lengths().enumerate() {
        let bytes = pattern(op as u64 + 100, len);
        let source = Lent::new(&bytes);
        let target = Lent::filled(0xAA, len + 2);
        let region = world.register(b, target.recv().extent());
        world.put(a, b, source.send(), region.key().at(1), 2 * op as u64);
        assert_eq!(world.all_done(a)[&(2 * op as u64)], Ok(()));
        world.fence(a, b);
        let want = [&[0xAA], &bytes[..], &[0xAA]].concat();
        assert_bytes(&want, &target.bytes(), "a whole buffer was put");

        let (offset, part) = (len / 3, len / 2);
        let target = Lent::filled(0xAA, len);
        let region = world.register(b, target.recv().extent());
        world.put(a, b, source.send().part(1, part), region.key().at(offset as u64), 2 * op as u64 + 1);
        assert_eq!(world.all_done(a)[&(2 * op as u64 + 1)], Ok(()));
        world.fence(a, b);
        let mut want = vec![0xAA; len];
        let part = part.min(len - 1);
        want[offset..offset + part].copy_from_slice(&bytes[1..=part]);
        assert_bytes(&want, &target.bytes(), "a part of a region was put");
    }
}

/// A frame that follows a `put`'s `Done` finds all its bytes in place.
pub fn a_put_is_visible_before_a_later_frame<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let Some((mut world, a, b)) = pair_with(make, false, true, "a_put_is_visible_before_a_later_frame")
    else {
        return;
    };
    for round in 0..100 {
        let len = 1 + (round as usize * 977) % 20_000;
        let bytes = pattern(round, len);
        let source = Lent::new(&bytes);
        let target = Lent::filled(0, len);
        let region = world.register(b, target.recv().extent());
        world.put(a, b, source.send(), region.key(), round);
        assert_eq!(world.all_done(a)[&round], Ok(()));
        world.send(a, b, &round.to_le_bytes(), &[]);
        world.until("the frame after a put", |world| match world.take(b).as_slice() {
            [] => false,
            [Event::Frame { header, .. }] if *header == round.to_le_bytes() => true,
            events => panic!("only one frame was sent, not {events:?}"),
        });
        assert_bytes(&bytes, &target.bytes(), "a frame overtook the put before it");
    }
}

/// Many operations of all kinds and lengths, under way together, in both directions.
pub fn many_outstanding_operations_end_once_each<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let check = "many_outstanding_operations_end_once_each";
    for (get, put) in [(true, false), (false, true)] {
        let Some((mut world, a, b)) = pair_with(make, get, put, check) else { continue };
        let mut held = Vec::new();
        for op in 0..128_u64 {
            let (by, other) = if op % 3 == 0 { (b, a) } else { (a, b) };
            let bytes = pattern(op, 1 + (op as usize * 7919) % 50_000);
            let source = Lent::new(&bytes);
            let target = Lent::filled(0, bytes.len());
            let region = if get {
                let region = world.register(other, source.send().extent());
                world.get(by, other, target.recv(), region.key(), op);
                region
            } else {
                let region = world.register(other, target.recv().extent());
                world.put(by, other, source.send(), region.key(), op);
                region
            };
            held.push((bytes, source, target, region));
        }
        let mut ended = world.all_done(a);
        if a != b {
            ended.extend(world.all_done(b));
        }
        assert_eq!(ended.len(), 128);
        assert!(ended.values().all(Result::is_ok), "{ended:?}");
        world.fence(a, b);
        world.fence(b, a);
        for (bytes, _, target, _) in &held {
            assert_bytes(bytes, &target.bytes(), "one of many operations");
        }
        world.settle();
    }
}

/// Operations of no bytes end like any other.
pub fn no_bytes_are_moved_too<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    for (get, put) in [(true, false), (false, true)] {
        let Some((mut world, a, b)) = pair_with(make, get, put, "no_bytes_are_moved_too") else { continue };
        let (memory, other) = (Lent::filled(7, 64), Lent::filled(8, 64));
        let region = world.register(b, memory.recv().extent());
        for (op, key) in [(1, region.key()), (2, region.key().at(64))] {
            if get {
                world.get(a, b, other.recv().part(5, 0), key, op);
            } else {
                world.put(a, b, other.send().part(5, 0), key, op);
            }
        }
        let ended = world.all_done(a);
        assert!(ended.len() == 2 && ended.values().all(Result::is_ok), "{ended:?}");
        assert!(memory.bytes() == [7; 64] && other.bytes() == [8; 64]);
    }
}

/// Frames and operations do not get in each other's way.
pub fn frames_and_operations_side_by_side<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    for (get, put) in [(true, false), (false, true)] {
        let check = "frames_and_operations_side_by_side";
        let Some((mut world, a, b)) = pair_with(make, get, put, check) else { continue };
        let bytes = pattern(9, 100_000);
        let (source, target) = (Lent::new(&bytes), Lent::filled(0, bytes.len()));
        let (readable, writable) =
            (world.register(b, source.send().extent()), world.register(b, target.recv().extent()));
        let into = Lent::filled(0, bytes.len());
        for op in 0..50_u64 {
            let (at, len) = (op as usize * 2000, 2000);
            if get {
                world.get(a, b, into.recv().part(at, len), readable.key().at(at as u64), op);
            } else {
                world.put(a, b, source.send().part(at, len), writable.key().at(at as u64), op);
            }
            world.send(a, b, &op.to_le_bytes(), &bytes[..op as usize]);
        }
        let ended = world.all_done(a);
        assert!(ended.len() == 50 && ended.values().all(Result::is_ok), "{ended:?}");
        let mut seen = 0;
        world.until("50 frames beside 50 operations", |world| {
            for event in world.take(b) {
                let Event::Frame { header, payload, .. } = event else { panic!("unexpected: {event:?}") };
                assert_eq!(header, u64::to_le_bytes(seen));
                assert_bytes(&bytes[..seen as usize], &payload, "a frame beside operations");
                seen += 1;
            }
            seen == 50
        });
        world.fence(a, b);
        assert_bytes(&bytes, &if get { into.bytes() } else { target.bytes() }, "operations beside frames");
    }
}

/// A transport with neither `get` nor `put` refuses to register, rather than hand out a key that leads nowhere.
pub fn without_remote_access_registration_says_so<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let (mut world, a, _) = World::pair(make);
    let caps = world.transport(a).caps().clone();
    let memory = Lent::filled(1, 64);
    let answer = world.transport(a).register(memory.recv().extent());
    if caps.get_from.is_none() && caps.put_from.is_none() {
        assert!(matches!(answer, Err(RegisterError::Unsupported { .. })), "{answer:?}");
    } else {
        assert_ne!(answer.expect("remote memory access needs registration").key(), RemoteKey::default());
    }
}
