//! The contract, over the devices of this machine: all ranks on one, on two in turn, and with everything small.
//!
//! Run alone: `cargo test -p olympi-verbs --test conformance [WORD]...` on a machine with an RDMA device; only checks whose
//! name has one of the words. `ci/rdma` runs it in a virtual machine that has two. Without a device it says so and ends
//! well, unless `OLYMPI_TEST_RDMA=1` asks for one.

mod common;

use common::{Device, device_or_skip, open};
use olympi_conformance::{Named, World, named_checks};
use olympi_registration::{Memory, Mode};
use olympi_verbs::{Config, Verbs};

fn world(ranks: usize, device: &Device, config: &Config, mode: Mode) -> World<Verbs> {
    let memory = Memory::with(mode);
    let open = |rank: usize| {
        let name = device.names[rank % device.names.len()].clone();
        open(Config { device: name, ..config.clone() }, rank as u32, ranks as u32, &memory)
    };
    // Dropping it says goodbye; `tests/faults.rs` kills processes.
    World::new((0..ranks).map(open).collect()).mortal(|_, verbs| drop(verbs))
}

/// Everything small, so that whatever can be full is.
fn scarce() -> Config {
    Config {
        frame: 1280,
        window: 2,
        window_max: 4,
        receives: 128,
        send_depth: 8,
        inline: 0,
        ..Config::default()
    }
}

fn main() {
    let Some(device) = device_or_skip("conformance") else { return };
    let first = Device { names: device.names[..1].to_vec() };
    let one = |ranks| world(ranks, &first, &Config::default(), Mode::Auto);
    let two = |ranks| world(ranks, &device, &Config::default(), Mode::Auto);
    let cramped = |ranks| world(ranks, &device, &scarce(), Mode::Auto);
    let copied = |ranks| world(ranks, &device, &Config::default(), Mode::Off);
    let worlds: [(&str, Vec<Named<'_>>); 4] = [
        ("one", named_checks!(&one)),
        ("two", named_checks!(&two)),
        ("cramped", named_checks!(&cramped)),
        ("copied", named_checks!(&copied)),
    ];
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let mut passed = 0;
    for (world, checks) in &worlds {
        for (name, check) in checks {
            let name = format!("{world}::{name}");
            if words.is_empty() || words.iter().any(|word| name.contains(word.as_str())) {
                // Printed first: a check that hangs is known by its name.
                println!("test {name} ...");
                check();
                passed += 1;
            }
        }
    }
    println!("\ntest result: ok. {passed} passed; 0 failed; 0 ignored");
}
