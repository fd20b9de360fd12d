//! Communicators whose collectives have had boards, which are files: a process of its own counts what is left open.

mod harness;

use harness::{run_with, transports};
use olympi_comm::Config;

#[test]
fn collectives_on_communicators_that_come_and_go_leave_nothing() {
    for transport in transports() {
        for ranks in 1..=5 {
            // All ranks on one host: there are boards, where shared memory may be used.
            let transports = transport.parse().unwrap();
            let config = Config { transports, local_size: Some(ranks), ..Config::default() };
            run_with(config, ranks, |universe| {
                let world = universe.world();
                let (me, size) = (world.rank(), world.size());
                let open_files = || std::fs::read_dir("/proc/self/fd").unwrap().count();
                let round = || {
                    let half = world.split(Some(me % 2), -me).unwrap().unwrap();
                    let mine: Vec<_> = (0..size).rev().filter(|rank| rank % 2 == me % 2).collect();
                    // Often enough for a board, where there can be one.
                    for _ in 0..6 {
                        half.barrier().unwrap();
                        assert_eq!(half.all_gather(&me).unwrap(), mine);
                    }
                    let last = half.ibarrier().unwrap();
                    let all = world.ibarrier().unwrap();
                    drop(half);
                    last.wait().unwrap();
                    all.wait().unwrap();
                };
                (0..5).for_each(|_| round());
                let before = open_files();
                (0..40).for_each(|_| round());
                // All ranks are in this process, and some may be a round ahead.
                assert!(
                    open_files() <= before + 2 * size as usize,
                    "{before} files were open, now {}",
                    open_files()
                );
                assert_eq!(universe.table_sizes().unwrap()[0], 3);
            });
        }
    }
}
