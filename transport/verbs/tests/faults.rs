//! What goes wrong under real devices: a peer that is killed while its memory is read, memory that is another between two
//! reads. In a process of its own, as `conformance`.

mod common;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{device_or_skip, open};
use olympi_registration::Memory;
use olympi_transport_api::{
    Address, ClosedKind, Inbound, OpToken, Peer, Post, RecvBuf, RemoteKey, RmaError, SendBuf, Transport,
};
use olympi_verbs::{Config, Verbs};

/// Far beyond what a loaded, emulated machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() {
    if std::env::args().nth(1).as_deref() == Some("victim") {
        return victim();
    }
    let Some(device) = device_or_skip("faults") else { return };
    let names = device.names;
    println!("test a_peer_that_is_killed_while_it_is_read ...");
    a_peer_that_is_killed_while_it_is_read(&names);
    println!("test other_memory_at_the_same_place_is_what_is_read ...");
    other_memory_at_the_same_place_is_what_is_read(&names);
    println!("test a_device_that_is_not_there_is_an_error ...");
    a_device_that_is_not_there_is_an_error();
    println!("\ntest result: ok. 3 passed; 0 failed; 0 ignored");
}

/// Bytes that the victim lends, long enough that reads are under way when it is killed.
const LENT: usize = 32 << 20;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
}

/// Rank 1 in a process of its own: lends memory, tells where, and polls until it is killed.
fn victim() {
    let device = std::env::args().nth(2).expect("a device");
    let memory = Memory::new();
    let mut verbs = open(Config { device, ..Config::default() }, 1, 2, &memory);
    let lent: &'static mut [u8] = vec![7_u8; LENT].leak();
    // SAFETY: leaked, and only read from here on.
    let buffer = unsafe { SendBuf::lend(lent.as_ptr(), LENT) };
    let region = verbs.register(buffer.extent()).expect("the memory is registered");
    println!("{} {} {}", hex(&verbs.address().0), region.key().address, region.key().key);
    std::io::stdout().flush().unwrap();
    loop {
        verbs.poll(&mut |_| {});
    }
}

/// Ends a child however the test ends.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn until(what: &str, mut reached: impl FnMut() -> bool) {
    let since = Instant::now();
    while !reached() {
        assert!(since.elapsed() < PATIENCE, "waited {} s for {what}", PATIENCE.as_secs());
    }
}

fn a_peer_that_is_killed_while_it_is_read(devices: &[String]) {
    let other = devices.last().expect("there is one").clone();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["victim", &other])
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program starts again");
    let mut child = Ended(child);
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    let [address, at, key] = words[..] else { panic!("the victim said {line:?}") };
    let key = RemoteKey { address: at.parse().unwrap(), key: key.parse().unwrap() };
    let memory = Memory::new();
    let mut verbs = open(Config { device: devices[0].clone(), ..Config::default() }, 0, 2, &memory);
    verbs.connect(Peer(1), &Address(bytes(address))).unwrap();
    let mut target = vec![0_u8; LENT];
    // SAFETY: the vector outlives every operation: they have ended when this function does, or the test has failed.
    let target = unsafe { RecvBuf::lend(target.as_mut_ptr(), target.len()) };
    let piece = LENT / 4;
    // On a machine with other things to do the first read may have ended before the last is posted.
    let (mut posted, mut done) = (0_usize, 0);
    until("reads to begin", || {
        verbs.poll(&mut |event| match event {
            Inbound::Done { outcome: Ok(()), .. } => done += 1,
            _ => panic!("the victim is alive, and sends nothing"),
        });
        let part = target.part(posted * piece, piece);
        let post = verbs.get(Peer(1), part, key.at((posted * piece) as u64), OpToken(posted as u64));
        posted += usize::from(post == Post::Accepted);
        posted == 4
    });
    child.0.kill().unwrap();
    let (mut failed, mut closed) = (0, None);
    until("the death to be told", || {
        verbs.poll(&mut |event| match event {
            Inbound::Done { outcome, .. } => {
                assert!(closed.is_none(), "a Done after the Closed");
                done += 1;
                if let Err(error) = outcome {
                    assert_eq!(error, RmaError::PeerGone { peer: Peer(1) });
                    failed += 1;
                }
            }
            Inbound::Closed(end) => assert!(closed.replace(end).is_none(), "told twice"),
            Inbound::Frame { .. } => panic!("nobody sent a frame"),
        });
        closed.is_some()
    });
    let closed = closed.expect("it was told");
    assert_eq!(done, 4, "every read ends once");
    assert!(failed > 0, "the victim was killed while it was read");
    assert!(matches!(closed.kind, ClosedKind::Died | ClosedKind::Fabric), "{closed}");
    let text = closed.to_string();
    assert!(text.contains("rank 1") && (text.contains("process ended") || text.contains("port 1")), "{text}");
    assert_eq!(verbs.send(Peer(1), b"x", b""), Post::Closed);
}

/// Two ranks in this process, connected.
fn pair(devices: &[String], memory: &Arc<Memory>) -> [Verbs; 2] {
    let mut ranks = [0, 1].map(|rank: usize| {
        let device = devices[rank % devices.len()].clone();
        open(Config { device, ..Config::default() }, rank as u32, 2, memory)
    });
    let address = ranks[1].address();
    ranks[0].connect(Peer(1), &address).unwrap();
    ranks
}

/// Maps pages, at `at` if that is not zero, and fills them.
fn map(at: usize, len: usize, byte: u8) -> usize {
    let fixed = if at == 0 { 0 } else { libc::MAP_FIXED };
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | fixed;
    // SAFETY: anywhere, or where this test has just unmapped its own; filled within its length.
    unsafe {
        let start =
            libc::mmap(at as *mut libc::c_void, len, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
        assert_ne!(start, libc::MAP_FAILED);
        std::ptr::write_bytes(start.cast::<u8>(), byte, len);
        start as usize
    }
}

fn other_memory_at_the_same_place_is_what_is_read(devices: &[String]) {
    const LEN: usize = 256 << 10;
    let memory = Memory::new();
    let mut ranks = pair(devices, &memory);
    let start = map(0, LEN, 0);
    let mut target = vec![0_u8; LEN];
    for round in 1..=10_u8 {
        // The buffer goes, and another comes in its place: a registration that is kept would read the old pages.
        // SAFETY: mapped by this test, and in nobody's use.
        assert_eq!(unsafe { libc::munmap(start as *mut libc::c_void, LEN) }, 0);
        assert_eq!(map(start, LEN, round), start);
        // SAFETY: mapped until the next round; lent to one operation, which ends in this one.
        let source = unsafe { SendBuf::lend(start as *const u8, LEN) };
        let region = ranks[1].register(source.extent()).unwrap();
        target.fill(0);
        // SAFETY: the vector is not touched before the operation has ended.
        let into = unsafe { RecvBuf::lend(target.as_mut_ptr(), LEN) };
        let mut posted = false;
        let mut outcome = None;
        until("a read", || {
            posted = posted || ranks[0].get(Peer(1), into, region.key(), OpToken(1)) == Post::Accepted;
            for rank in &mut ranks {
                rank.poll(&mut |event| {
                    if let Inbound::Done { outcome: told, .. } = event {
                        outcome = Some(told);
                    }
                });
            }
            outcome.is_some()
        });
        assert_eq!(outcome, Some(Ok(())));
        assert!(target.iter().all(|&byte| byte == round), "round {round}: the bytes of other memory");
    }
}

fn a_device_that_is_not_there_is_an_error() {
    let config = Config { device: "none0:1".into(), ..Config::default() };
    let error = Verbs::new(config, Peer(0), 2, [0; 32], &Memory::new()).err().expect("there is none0");
    assert!(error.to_string().contains("no none0"), "{error}");
}
