//! No registration is found that is not of the pages behind the address now: real mappings come and go.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use olympi_registration::{Cache, Limits, Memory, Mode};

/// In one thread: see `Cargo.toml`.
fn main() {
    let checks: &[(&str, fn())] = &[
        ("what_stays_mapped_is_found_again", what_stays_mapped_is_found_again),
        ("memory_at_the_same_place_is_other_memory", memory_at_the_same_place_is_other_memory),
        ("a_part_that_goes_takes_the_whole_registration", a_part_that_goes_takes_the_whole_registration),
        ("what_the_allocator_gives_back_is_forgotten", what_the_allocator_gives_back_is_forgotten),
        ("threads_unmap_and_look_up_at_once", threads_unmap_and_look_up_at_once),
        ("another_thread_unmaps", another_thread_unmaps),
        ("more_than_can_be_recorded_is_everything", more_than_can_be_recorded_is_everything),
        ("shared_memory_is_never_kept", shared_memory_is_never_kept),
        ("without_a_watch_only_our_own_memory_is_kept", without_a_watch_only_our_own_memory_is_kept),
        ("the_oldest_goes_first_and_who_uses_it_keeps_it", the_oldest_goes_first_and_who_uses_it_keeps_it),
        ("a_forked_child_does_not_trust_the_watch", a_forked_child_does_not_trust_the_watch),
    ];
    println!("\nrunning {} tests", checks.len());
    for (name, check) in checks {
        check();
        println!("test {name} ... ok");
    }
    println!("\ntest result: ok. {} passed; 0 failed; 0 ignored\n", checks.len());
}

const LIMITS: Limits = Limits { bytes: 1 << 30, entries: 64 };

fn page() -> usize {
    rustix::param::page_size()
}

/// Maps pages anonymously, at `at` if that is not zero, and touches them.
fn map(at: usize, len: usize, flags: i32) -> usize {
    let fixed = if at == 0 { 0 } else { libc::MAP_FIXED };
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: anywhere, or where this test has just unmapped or mapped its own.
    let start = unsafe {
        libc::mmap(at as *mut libc::c_void, len, protection, flags | libc::MAP_ANONYMOUS | fixed, -1, 0)
    };
    assert_ne!(start, libc::MAP_FAILED);
    for offset in (0..len).step_by(page()) {
        // SAFETY: within the mapping.
        unsafe { *(start as usize as *mut u8).add(offset) = 1 };
    }
    start as usize
}

fn unmap(start: usize, len: usize) {
    // SAFETY: mapped by `map`, and not used after.
    assert_eq!(unsafe { libc::munmap(start as *mut libc::c_void, len) }, 0);
}

/// A registration that knows which life of the memory it was made in.
struct Registered(usize);

fn life(cache: &mut Cache<Registered>, address: usize, len: usize, now: usize) -> usize {
    cache.get(address, len, true, |_, _| Ok::<_, ()>(Registered(now))).unwrap().0
}

/// A cache, where this system can watch; else a word on why nothing is tried.
fn cache() -> Option<(Arc<Memory>, Cache<Registered>)> {
    let memory = Memory::new();
    if let Err(why) = memory.watches() {
        eprintln!("nothing is kept here, so nothing can be stale: {why}");
        assert!(!Cache::<Registered>::new(&memory, LIMITS).enabled());
        return None;
    }
    let cache = Cache::new(&memory, LIMITS);
    assert!(cache.enabled());
    Some((memory, cache))
}

fn what_stays_mapped_is_found_again() {
    let Some((_memory, mut cache)) = cache() else { return };
    let start = map(0, 4 * page(), libc::MAP_PRIVATE);
    assert_eq!(life(&mut cache, start, 4 * page(), 1), 1);
    assert_eq!(life(&mut cache, start + 10, 100, 2), 1, "a part of it");
    assert_eq!(cache.pinned(), 4 * page());
    let read_only = cache.get(start, 10, false, |_, _| Ok::<_, ()>(Registered(3))).unwrap();
    assert_eq!(read_only.0, 3, "what may be written is not handed out for reading");
    unmap(start, 4 * page());
    cache.sweep();
    assert_eq!(cache.pinned(), 0);
}

fn memory_at_the_same_place_is_other_memory() {
    let Some((_memory, mut cache)) = cache() else { return };
    let len = 8 * page();
    let start = map(0, len, libc::MAP_PRIVATE);
    for now in 0..200 {
        assert_eq!(life(&mut cache, start, len, now), now);
        assert_eq!(life(&mut cache, start + page(), 5, 1000), now);
        match now % 4 {
            0 => {
                unmap(start, len);
                assert_eq!(map(start, len, libc::MAP_PRIVATE), start);
            }
            // Over it, without an munmap.
            1 => assert_eq!(map(start, len, libc::MAP_PRIVATE), start),
            // The mapping stays, its pages go.
            2 => {
                // SAFETY: this test's own pages.
                assert_eq!(unsafe { libc::madvise(start as *mut _, len, libc::MADV_DONTNEED) }, 0);
                // SAFETY: as above; the first byte of every page comes back.
                (0..len).step_by(page()).for_each(|at| unsafe { *(start as *mut u8).add(at) = 2 });
            }
            // Away, and others in its place.
            _ => {
                let away = map(0, len, libc::MAP_PRIVATE);
                let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
                // SAFETY: from this test's mapping to where another of it lies.
                let moved =
                    unsafe { libc::mremap(start as *mut _, len, len, flags, away as *mut libc::c_void) };
                assert_eq!(moved as usize, away);
                assert_eq!(map(start, len, libc::MAP_PRIVATE), start);
                unmap(away, len);
            }
        }
    }
    unmap(start, len);
}

fn a_part_that_goes_takes_the_whole_registration() {
    let Some((_memory, mut cache)) = cache() else { return };
    let start = map(0, 4 * page(), libc::MAP_PRIVATE);
    assert_eq!(life(&mut cache, start, 4 * page(), 1), 1);
    unmap(start + 2 * page(), page());
    assert_eq!(map(start + 2 * page(), page(), libc::MAP_PRIVATE), start + 2 * page());
    assert_eq!(life(&mut cache, start, 4 * page(), 2), 2);
    unmap(start, 4 * page());
}

fn what_the_allocator_gives_back_is_forgotten() {
    let Some((_memory, mut cache)) = cache() else { return };
    let mut seen = 0;
    for now in 0..20 {
        // So long that the allocator always maps it alone, mostly at the same place again.
        let buffer = vec![now as u8; 40 << 20];
        seen = life(&mut cache, buffer.as_ptr() as usize, buffer.len(), now);
        assert_eq!(seen, now);
    }
    assert_eq!(seen, 19);
}

fn threads_unmap_and_look_up_at_once() {
    let Some((_memory, _)) = cache() else { return };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let memory = Memory::new();
                let mut cache = Cache::new(&memory, LIMITS);
                for now in 0..200 {
                    let start = map(0, 2 * page(), libc::MAP_PRIVATE);
                    assert_eq!(life(&mut cache, start, 2 * page(), now), now);
                    assert_eq!(life(&mut cache, start, 2 * page(), 1000), now);
                    unmap(start, 2 * page());
                }
            });
        }
    });
}

fn another_thread_unmaps() {
    let Some((_memory, mut cache)) = cache() else { return };
    let len = 4 * page();
    let start = map(0, len, libc::MAP_PRIVATE);
    let lives = AtomicUsize::new(0);
    for _ in 0..200 {
        let now = lives.load(Ordering::Acquire);
        assert_eq!(life(&mut cache, start, len, now), now);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                unmap(start, len);
                map(start, len, libc::MAP_PRIVATE);
                lives.fetch_add(1, Ordering::Release);
            });
        });
    }
    unmap(start, len);
}

fn more_than_can_be_recorded_is_everything() {
    let Some((_memory, mut cache)) = cache() else { return };
    let kept = map(0, page(), libc::MAP_PRIVATE);
    assert_eq!(life(&mut cache, kept, page(), 1), 1);
    let many: Vec<usize> = (0..600).map(|_| map(0, page(), libc::MAP_PRIVATE)).collect();
    let mut small = Cache::new(&_memory, LIMITS);
    for &start in &many {
        assert_eq!(life(&mut small, start, page(), 2), 2);
    }
    many.iter().for_each(|&start| unmap(start, page()));
    assert_eq!(life(&mut cache, kept, page(), 3), 3);
    unmap(kept, page());
}

fn shared_memory_is_never_kept() {
    let memory = Memory::new();
    let mut cache = Cache::new(&memory, LIMITS);
    let start = map(0, page(), libc::MAP_SHARED);
    assert_eq!(life(&mut cache, start, page(), 1), 1);
    assert_eq!(life(&mut cache, start, page(), 2), 2);
    assert_eq!(cache.pinned(), 0);
    unmap(start, page());
}

fn without_a_watch_only_our_own_memory_is_kept() {
    let memory = Memory::with(Mode::Off);
    assert!(memory.watches().unwrap_err().contains("OLYMPI_REGISTRATION"));
    let mut cache = Cache::new(&memory, LIMITS);
    assert!(!cache.enabled());
    let start = map(0, page(), libc::MAP_PRIVATE);
    assert_eq!(life(&mut cache, start, page(), 1), 1);
    assert_eq!(life(&mut cache, start, page(), 2), 2);
    unmap(start, page());
    let own = memory.allocate(100_000).unwrap();
    assert_eq!(life(&mut cache, own.address(), own.len(), 3), 3);
    assert_eq!(life(&mut cache, own.address() + 5, 1000, 4), 3);
    let address = own.address();
    drop(own);
    cache.sweep();
    assert_eq!(cache.pinned(), 0);
    let again = map(0, page(), libc::MAP_PRIVATE);
    assert_eq!(life(&mut cache, address.max(again), 1, 5), 5);
    unmap(again, page());
}

fn the_oldest_goes_first_and_who_uses_it_keeps_it() {
    let memory = Memory::new();
    let mut cache = Cache::new(&memory, Limits { bytes: 3 * page(), entries: 2 });
    let buffers: Vec<_> = (0..3).map(|_| memory.allocate(page()).unwrap()).collect();
    let first = cache.get(buffers[0].address(), 1, true, |_, _| Ok::<_, ()>(Registered(0))).unwrap();
    for (now, buffer) in buffers.iter().enumerate().skip(1) {
        assert_eq!(life(&mut cache, buffer.address(), 1, now), now);
    }
    assert_eq!(cache.pinned(), 2 * page());
    assert_eq!(Arc::strong_count(&first), 1, "no longer kept, and alive");
    assert_eq!(life(&mut cache, buffers[2].address(), 1, 9), 2);
    let long = memory.allocate(4 * page()).unwrap();
    assert_eq!(life(&mut cache, long.address(), long.len(), 4), 4);
    assert_eq!(life(&mut cache, long.address(), long.len(), 5), 5, "longer than all that may be kept");
    cache.clear();
    assert_eq!(cache.pinned(), 0);
}

fn a_forked_child_does_not_trust_the_watch() {
    let memory = Memory::new();
    let watched = memory.watches().is_ok();
    // SAFETY: the child only reads memory and exits; it takes no lock that another thread may have held.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let trusted = memory.watches().is_ok();
        // SAFETY: ends the child without running what belongs to the parent.
        unsafe { libc::_exit(i32::from(trusted)) };
    }
    let mut status = 0;
    // SAFETY: our own child.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!((libc::WIFEXITED(status), libc::WEXITSTATUS(status)), (true, 0));
    assert_eq!(memory.watches().is_ok(), watched);
}
