//! Windows: what each access does, which epochs allow it, and what goes wrong how.

mod harness;

use harness::{run, run_leaving_with, run_with};
use olympi_comm::raw::{Element, Kind, Raw, Target};
use olympi_comm::{
    Asserts, Communicator, Config, Datatype, ErrorClass, Flavor, Info, LockKind, Op, PROC_NULL, SplitType,
    Window, WindowError,
};

/// Over each transport, with each of these numbers of ranks; and where all ranks know that they see the same memory.
fn everywhere(ranks: &[u32], body: impl Fn(&Communicator) + Send + Sync + Copy + 'static) {
    for &ranks in ranks {
        for transport in harness::transports() {
            run(transport, ranks, move |universe| body(universe.world()));
        }
        let transports = "shm".parse().unwrap();
        let config = Config { transports, local_size: Some(ranks), ..Config::default() };
        run_with(config, ranks, move |universe| body(universe.world()));
    }
}

fn window<T: olympi_comm::Number>(comm: &Communicator, count: usize) -> Window {
    Window::allocate::<T>(comm, count, &Info::new()).unwrap()
}

fn class<T: std::fmt::Debug>(result: Result<T, WindowError>) -> ErrorClass {
    result.unwrap_err().class()
}

#[test]
fn what_was_put_is_there_after_a_fence() {
    everywhere(&[1, 2, 4], |world| {
        let (me, size) = (world.rank(), world.size());
        // Within a request, and by a message of its own.
        for count in [1, 100, 100_000] {
            let window = window::<i32>(world, count * size as usize);
            window.fence(Asserts::NO_PRECEDE).unwrap();
            for round in 0..3 {
                let data: Vec<i32> = (0..count as i32).map(|i| i * 1000 + me * 10 + round).collect();
                for rank in 0..size {
                    window.put(&data, rank, i64::from(me) * count as i64).unwrap();
                }
                window.fence(Asserts::NONE).unwrap();
                let all = window.read::<i32>(0, count * size as usize).unwrap();
                for (at, item) in all.into_iter().enumerate() {
                    let (from, i) = ((at / count) as i32, (at % count) as i32);
                    assert_eq!(item, i * 1000 + from * 10 + round);
                }
                // What the others read next is from before the next round.
                let mut got = vec![0; count];
                window.get(&mut got[..], (me + 1) % size, i64::from(me) * count as i64).unwrap();
                assert_eq!(got, data);
                window.fence(Asserts::NONE).unwrap();
            }
            window.free().unwrap();
        }
    });
}

#[test]
fn targets_post_and_origins_start() {
    everywhere(&[2, 3, 5], |world| {
        let (me, size) = (world.rank(), world.size());
        let window = window::<i64>(world, size as usize);
        let group = window.group().clone();
        let (before, after) = ((me + size - 1) % size, (me + 1) % size);
        for round in 1..20_i64 {
            window.post(&group.incl(&[before]).unwrap(), Asserts::NONE).unwrap();
            window.start(&group.incl(&[after]).unwrap(), Asserts::NONE).unwrap();
            window.put(&[round * 100 + i64::from(me)], after, i64::from(me)).unwrap();
            assert_eq!(class(window.put(&[1_i64], me, 0)), ErrorClass::RmaSync, "it was not started");
            window.complete().unwrap();
            if round % 2 == 0 {
                window.wait().unwrap();
            } else {
                while !window.test().unwrap() {}
            }
            let got = window.read::<i64>(before as usize, 1).unwrap();
            assert_eq!(got, [round * 100 + i64::from(before)]);
        }
        assert_eq!(class(window.wait()), ErrorClass::RmaSync);
        assert_eq!(class(window.complete()), ErrorClass::RmaSync);
        window.free().unwrap();
    });
}

#[test]
fn an_exclusive_lock_keeps_all_others_out() {
    everywhere(&[2, 4], |world| {
        let window = window::<i64>(world, 2);
        for _ in 0..50 {
            window.lock(LockKind::Exclusive, 0, Asserts::NONE).unwrap();
            let mut count = [0_i64; 2];
            window.get(&mut count, 0, 0).unwrap();
            assert_eq!(count[0], count[1], "nobody is half-way through");
            window.put(&[count[0] + 1], 0, 0).unwrap();
            window.put(&[count[1] + 1], 0, 1).unwrap();
            window.unlock(0).unwrap();
        }
        world.barrier().unwrap();
        if world.rank() == 0 {
            assert_eq!(window.read::<i64>(0, 2).unwrap(), [50 * i64::from(world.size()); 2]);
        }
        window.free().unwrap();
    });
}

#[test]
fn one_element_is_changed_by_one_at_a_time() {
    everywhere(&[1, 3], |world| {
        let window = window::<i64>(world, 3);
        window.lock_all(Asserts::NONE).unwrap();
        let mut tickets = Vec::new();
        for i in 0..50_i64 {
            tickets.push(window.fetch_and_op(1_i64, 0, 0, &Op::sum()).unwrap());
            window.accumulate(&[i, -i], 0, 1, &Op::sum()).unwrap();
        }
        assert!(tickets.is_sorted() && tickets[0] < tickets[49]);
        // A lock out of a compare-and-swap, which is how some programs make theirs.
        let mine = i64::from(world.rank()) + 1;
        window.flush_all().unwrap();
        world.barrier().unwrap();
        let target = world.size() - 1;
        for _ in 0..10 {
            while window.compare_and_swap(0, mine, target, 0).unwrap() > 0 && target != 0 {}
            if target != 0 {
                assert_eq!(window.compare_and_swap(mine, 0, target, 0).unwrap(), mine);
            }
        }
        window.unlock_all().unwrap();
        world.barrier().unwrap();
        if world.rank() == 0 && target != 0 {
            let size = i64::from(world.size());
            assert_eq!(window.read::<i64>(0, 3).unwrap(), [50 * size, 1225 * size, -1225 * size]);
        }
        window.free().unwrap();
    });
}

#[test]
fn datatypes_lay_out_both_sides() {
    everywhere(&[2], |world| {
        const N: usize = 300;
        let window = Window::allocate_bytes(world, 4 * N * N, 4, &Info::new()).unwrap();
        let other = 1 - world.rank();
        let int = Datatype::of::<i32>();
        let column = int.vector(N, 1, N as i64).unwrap();
        let row = int.contiguous(N).unwrap();
        let matrix: Vec<i32> = (0..(N * N) as i32).map(|i| i + world.rank()).collect();
        let at = |memory: *const i32, index: usize| memory.wrapping_add(index).cast_mut().cast::<u8>();
        window.fence(Asserts::NONE).unwrap();
        for i in 0..N {
            // The transpose, by columns here and rows there.
            let from = Raw::new(at(matrix.as_ptr(), i), 1, &column);
            let target = Target { rank: other, displacement: (i * N) as i64, count: 1, datatype: &row };
            // SAFETY: the matrix outlives the fence below.
            unsafe { window.put_raw(&from, &target) }.unwrap();
        }
        window.fence(Asserts::NONE).unwrap();
        let mine = window.read::<i32>(0, N * N).unwrap();
        for (at, item) in mine.iter().enumerate() {
            assert_eq!(*item, ((at % N) * N + at / N) as i32 + other);
        }
        let mut back = vec![0_i32; N * N];
        for i in 0..N {
            let into = Raw::new(at(back.as_mut_ptr(), i * N), 1, &row);
            let target = Target { rank: other, displacement: i as i64, count: 1, datatype: &column };
            // SAFETY: the memory outlives the fence below, and is not looked at before.
            unsafe { window.get_raw(&into, &target) }.unwrap();
        }
        window.fence(Asserts::NONE).unwrap();
        assert!(back == matrix);
        // Less than there is room for: the rest stays as it is. More is an error at once.
        let two = Raw::new(at(matrix.as_ptr(), 0), 2, &int);
        let four = Raw::new(at(back.as_mut_ptr(), 0), 4, &int);
        let places = int.vector(3, 1, 3).unwrap();
        let three = Target { rank: other, displacement: 0, count: 1, datatype: &places };
        // SAFETY: the memory outlives the fences below, and is not looked at before.
        unsafe {
            window.put_raw(&two, &three).unwrap();
            assert_eq!(class(window.put_raw(&four, &three)), ErrorClass::Truncate);
            assert_eq!(class(window.get_raw(&two, &three)), ErrorClass::Truncate);
            window.fence(Asserts::NONE).unwrap();
            window.get_raw(&four, &three).unwrap();
            window.fence(Asserts::NONE).unwrap();
        }
        let mine = {
            let mut expected = mine;
            (expected[0], expected[3]) = (other, 1 + other);
            assert!(window.read::<i32>(0, N * N).unwrap() == expected);
            expected
        };
        assert_eq!(back[..4], [matrix[0], matrix[1], 6 * N as i32 + world.rank(), matrix[3]]);
        window.fence(Asserts::NONE).unwrap();
        // Sums into every other element.
        let spread = int.vector(4, 1, 2).unwrap();
        let ones = [1_i32; 4];
        let target = Target { rank: other, displacement: 0, count: 1, datatype: &spread };
        // SAFETY: it is copied.
        unsafe {
            window.accumulate_raw(&Raw::new(at(ones.as_ptr(), 0), 4, &int), &target, Kind::Sum, Element::I32)
        }
        .unwrap();
        window.fence(Asserts::NONE).unwrap();
        let after = window.read::<i32>(0, 8).unwrap();
        let sums: Vec<i32> = (0..8).map(|at| mine[at] + i32::from(at % 2 == 0)).collect();
        assert_eq!(after, sums);
        window.free().unwrap();
    });
}

#[test]
fn requests_are_over_when_their_memory_is_free() {
    everywhere(&[2], |world| {
        let window = window::<u8>(world, 200_000);
        let (other, byte) = (1 - world.rank(), Datatype::of::<u8>());
        window.lock_all(Asserts::NONE).unwrap();
        for len in [10, 150_000_usize] {
            let data = vec![len as u8; len];
            let mut got = vec![0_u8; len];
            let target = Target { rank: other, displacement: 5, count: len, datatype: &byte };
            let raw = |start: *const u8| Raw::Run { start: start.cast_mut(), len };
            // SAFETY: both live until their requests are over, and what is read is looked at after that.
            unsafe {
                window.rput_raw(&raw(data.as_ptr()), &target).unwrap().wait().unwrap();
                window.flush(other).unwrap();
                let mut get = window.rget_raw(&raw(got.as_mut_ptr()), &target).unwrap();
                while get.test().unwrap().is_none() {}
                assert!(got == data);
                // One that nobody asks is over at the end of the epoch.
                let again = window.rget_raw(&raw(got.as_mut_ptr()), &target).unwrap();
                window.flush_local(other).unwrap();
                assert!(got == data);
                drop(again);
                let mut nothing = window.rget_raw(&Raw::NONE, &Target { count: 0, ..target }).unwrap();
                nothing.wait().unwrap();
                let old = window.rget_accumulate_raw(
                    &raw(data.as_ptr()),
                    &raw(got.as_mut_ptr()),
                    &target,
                    Kind::Sum,
                    Element::U8,
                );
                old.unwrap().wait().unwrap();
                assert!(got == data);
                window.raccumulate_raw(&raw(data.as_ptr()), &target, Kind::NoOp, Element::U8).unwrap();
            }
        }
        window.unlock_all().unwrap();
        window.free().unwrap();
    });
}

#[test]
fn attached_memory_is_accessed_by_its_address() {
    everywhere(&[2], |world| {
        let window = Window::create_dynamic(world, &Info::new()).unwrap();
        let mut memory = vec![0_u64; 100];
        let start: *mut u8 = memory.as_mut_ptr().cast();
        // SAFETY: the memory is there until it is detached.
        unsafe { window.attach_raw(start, 800) }.unwrap();
        // SAFETY: as above.
        assert_eq!(class(unsafe { window.attach_raw(start.wrapping_add(8), 8) }), ErrorClass::RmaAttach);
        let theirs = world.all_gather(&(start.addr() as i64)).unwrap()[1 - world.rank() as usize];
        let other = 1 - world.rank();
        window.fence(Asserts::NONE).unwrap();
        window.put(&[7_u64, 8], other, theirs + 98 * 8).unwrap();
        window.fence(Asserts::NONE).unwrap();
        // What the target finds out is an error at the end of the epoch, and the rest was done.
        window.put(&[9_u64, 9], other, theirs + 99 * 8).unwrap();
        window.put(&[1_u64], other, theirs).unwrap();
        assert_eq!(class(window.fence(Asserts::NONE)), ErrorClass::RmaRange);
        let mut got = [0_u64];
        assert_eq!(class(window.get(&mut got, other, theirs + 100 * 8)), ErrorClass::RmaRange);
        window.fence(Asserts::NONE).unwrap();
        window.detach_raw(start).unwrap();
        assert_eq!(class(window.detach_raw(start)), ErrorClass::RmaAttach);
        window.fence(Asserts::NONE).unwrap();
        assert_eq!((memory[0], memory[98], memory[99]), (1, 7, 8));
        assert_eq!(class(window.get(&mut got, other, theirs)), ErrorClass::RmaRange);
        window.fence(Asserts::NO_SUCCEED).unwrap();
        window.free().unwrap();
    });
}

#[test]
fn shared_memory_is_seen_by_all() {
    everywhere(&[1, 3], |world| {
        let host = world.split_type(Some(SplitType::Shared), 0, &Info::new()).unwrap().unwrap();
        for apart in [false, true] {
            let mut info = Info::new();
            if apart {
                info.set("alloc_shared_noncontig", "true").unwrap();
            }
            let me = host.rank() as usize;
            // One rank has none.
            let window = Window::allocate_shared_bytes(&host, me * 16, 8, &info).unwrap();
            assert_eq!((window.flavor(), window.size(), window.unit()), (Flavor::Shared, me * 16, 8));
            let part = |rank: i32| window.shared_query(rank).unwrap();
            assert_eq!(part(host.rank()), (me * 16, 8, window.base()));
            window.lock_all(Asserts::NONE).unwrap();
            if me > 0 {
                // SAFETY: this rank's own part.
                unsafe { window.base().cast::<u64>().write(me as u64) };
            }
            window.sync().unwrap();
            host.barrier().unwrap();
            for rank in 1..host.size() {
                // SAFETY: that rank's part, which nobody writes at the moment.
                assert_eq!(unsafe { part(rank).2.cast::<u64>().read() }, rank as u64);
                if !apart && rank > 1 {
                    let before = part(rank - 1);
                    assert_eq!(before.2.wrapping_add(before.0), part(rank).2);
                }
            }
            if host.size() > 1 {
                assert_eq!(part(PROC_NULL), part(1));
                window.put(&[100 + me as u64], 1, 1).unwrap();
            }
            window.unlock_all().unwrap();
            window.free().unwrap();
        }
    });
}

#[test]
fn wrong_calls_are_errors_at_once() {
    everywhere(&[2], |world| {
        let window = Window::allocate_bytes(world, 64, 8, &Info::new()).unwrap();
        let put = |rank, at| window.put(&[1_u64, 2], rank, at);
        assert_eq!(class(put(0, 0)), ErrorClass::RmaSync, "no epoch is open");
        window.fence(Asserts::NONE).unwrap();
        put(PROC_NULL, 0).unwrap();
        for rank in [2, -5] {
            assert_eq!(class(put(rank, 0)), ErrorClass::Rank);
        }
        for at in [7, 8, -1, i64::MAX / 8, i64::MAX] {
            assert_eq!(class(put(1, at)), ErrorClass::RmaRange, "{at}");
        }
        put(1, 6).unwrap();
        assert_eq!(class(window.read::<u64>(7, 2)), ErrorClass::RmaRange);
        assert_eq!(class(window.write(8, &[1_u8])), ErrorClass::RmaRange);
        let own = Op::commutative(|a: &u64, b: &u64| a | b);
        assert_eq!(class(window.accumulate(&[1_u64], 1, 0, &own)), ErrorClass::Op);
        window.fence(Asserts::NO_SUCCEED).unwrap();
        assert_eq!(class(put(1, 0)), ErrorClass::RmaSync);
        assert_eq!(class(window.unlock(1)), ErrorClass::RmaSync);
        assert_eq!(class(window.unlock_all()), ErrorClass::RmaSync);
        assert_eq!(class(window.flush(1)), ErrorClass::RmaSync);
        assert_eq!(class(window.lock(LockKind::Shared, 2, Asserts::NONE)), ErrorClass::Rank);
        window.lock(LockKind::Shared, 1, Asserts::NONE).unwrap();
        assert_eq!(class(window.lock(LockKind::Shared, 1, Asserts::NONE)), ErrorClass::RmaSync);
        assert_eq!(class(window.lock_all(Asserts::NONE)), ErrorClass::RmaSync);
        assert_eq!(class(window.fence(Asserts::NONE)), ErrorClass::RmaSync);
        assert_eq!(class(window.may_end()), ErrorClass::RmaSync);
        put(1, 0).unwrap();
        assert_eq!(class(put(0, 0)), ErrorClass::RmaSync, "another target is locked");
        window.unlock(1).unwrap();
        window.free().unwrap();
        // A rank that gives nonsense fails at all.
        let unit = if world.rank() == 0 { 0 } else { 1 };
        let error = Window::allocate_bytes(world, 8, unit, &Info::new()).unwrap_err();
        assert_eq!(error.class(), ErrorClass::Disp);
        let size = if world.rank() == 1 { usize::MAX } else { 8 };
        let error = Window::allocate_bytes(world, size, 1, &Info::new()).unwrap_err();
        assert!(matches!(error.class(), ErrorClass::Size | ErrorClass::NoMem), "{error}");
    });
}

#[test]
fn a_target_that_is_crowded_out_still_serves() {
    // Every rank sleeps as soon as it waits.
    for local_size in [None, Some(4)] {
        crowded(Config { oversubscribed: Some(true), local_size, ..Config::default() });
    }
}

fn crowded(config: Config) {
    run_with(config, 4, |universe| {
        let world = universe.world();
        let window = window::<u32>(world, 1);
        window.lock_all(Asserts::NONE).unwrap();
        for rank in 0..world.size() {
            for _ in 0..20 {
                window.fetch_and_op(1_u32, rank, 0, &Op::sum()).unwrap();
            }
        }
        window.unlock_all().unwrap();
        world.barrier().unwrap();
        assert_eq!(window.read::<u32>(0, 1).unwrap(), [80]);
        window.free().unwrap();
    });
}

#[test]
fn a_lock_that_a_rank_takes_along_is_an_error_to_who_waits_for_it() {
    let transports = "shm".parse().unwrap();
    let config = Config { transports, local_size: Some(2), ..Config::default() };
    run_leaving_with(config, 2, |job| {
        let universe = job.universe().unwrap();
        let world = universe.world();
        let window = window::<i32>(world, 1);
        if world.rank() == 1 {
            window.lock(LockKind::Exclusive, 0, Asserts::NONE).unwrap();
            world.barrier().unwrap();
            // It leaves, and gives nothing back.
        } else {
            world.barrier().unwrap();
            assert_eq!(class(window.lock(LockKind::Exclusive, 0, Asserts::NONE)), ErrorClass::ProcAborted);
            window.lock(LockKind::Exclusive, 1, Asserts::NONE).unwrap();
            window.fetch_and_op(1_i32, 1, 0, &Op::sum()).unwrap();
            window.unlock(1).unwrap();
        }
    });
}
