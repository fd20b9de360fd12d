//! What the tests share: devices, where there are any.
#![allow(dead_code, unreachable_pub)]

use std::sync::Arc;

use olympi_registration::Memory;
use olympi_transport_api::Peer;
use olympi_verbs::{Config, Verbs};

/// The devices that serve here.
pub struct Device {
    pub names: Vec<String>,
}

/// The devices, or a word on why this test is left out; without one it fails where `OLYMPI_TEST_RDMA=1` asks for one.
pub fn device_or_skip(test: &str) -> Option<Device> {
    let listed = std::fs::read_dir("/sys/class/infiniband").into_iter().flatten().flatten();
    let mut names: Vec<String> =
        listed.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let memory = Memory::new();
    let mut reasons = Vec::new();
    names.retain(|name| {
        let config = Config { device: name.clone(), ..Config::default() };
        match Verbs::new(config, Peer(0), 1, [0; 32], &memory) {
            Ok(_) => true,
            Err(why) => {
                reasons.push(why.to_string());
                false
            }
        }
    });
    if names.is_empty() {
        let why = if reasons.is_empty() { "no RDMA device".to_owned() } else { reasons.join("; ") };
        assert!(std::env::var_os("OLYMPI_TEST_RDMA").is_none(), "{test}: {why}");
        eprintln!("\n{test}: SKIPPED on this machine: {why} (ci/rdma runs it where there is one)\n");
        println!("test result: ok. 0 passed; 0 failed; 1 ignored");
        return None;
    }
    Some(Device { names })
}

/// The transport of one rank.
pub fn open(config: Config, rank: u32, size: u32, memory: &Arc<Memory>) -> Verbs {
    match Verbs::new(config, Peer(rank), size, [7; 32], memory) {
        Ok(verbs) => verbs,
        Err(why) => panic!("rank {rank} of {size}: {why}"),
    }
}
