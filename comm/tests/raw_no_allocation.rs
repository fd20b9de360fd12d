//! Blocking collectives of a few bytes in one piece take no memory once they are warm.

mod harness;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use olympi_comm::raw::{Element, Kind, Raw, RawBlocks, RawCollective, RawOp};
use olympi_comm::{Basic, Config, Datatype};

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: all is the system's allocator; the count lives in a cell that is neither allocated nor dropped.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = COUNT.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the same contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer is of the system's allocator, by `alloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn small_calls_do_not_allocate() {
    let config = Config { local_size: Some(3), transports: "shm".parse().unwrap(), ..Config::default() };
    harness::run_with(config, 3, |universe| {
        let world = universe.world();
        let datatype = Datatype::basic(Basic::F64);
        let (mut from, mut into) = ([1.0_f64; 12], [0.0_f64; 12]);
        let (from, into) = (from.as_mut_ptr().cast(), into.as_mut_ptr().cast());
        for round in 0..20 {
            let before = COUNT.get();
            let operation = &RawOp::predefined(Kind::Sum, Element::F64).unwrap();
            let blocks = |start| RawBlocks::Even { start, count: 4, datatype: &datatype };
            let [data, result] = [from, into].map(|start| Raw::new(start, 4, &datatype));
            for call in [
                RawCollective::Barrier,
                RawCollective::Broadcast { data, root: 1 },
                RawCollective::Reduce { from: Some(data), into: result, operation, root: 0 },
                RawCollective::AllReduce { from: Some(data), into: result, operation },
                RawCollective::AllGather { from: Some(data), into: blocks(into) },
                RawCollective::AllToAll { from: Some(blocks(from)), into: blocks(into) },
            ] {
                // SAFETY: the arrays hold as many elements, and are used by the call alone.
                unsafe { world.collective_raw(call) }.unwrap();
            }
            assert!(round < 5 || COUNT.get() == before, "{} allocations", COUNT.get() - before);
        }
    });
}
