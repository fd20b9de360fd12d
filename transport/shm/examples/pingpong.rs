//! Two pinned processes exchange frames through the shared-memory transport, beside a raw cache-line ping-pong
//! in the same run: half round trips, message rates, bandwidths by size.
//!
//! `cargo run --release -p olympi-shm --example pingpong [-- CPU CPU]`

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use olympi_shm::{Config, Shm};
use olympi_transport_api::{Address, Inbound, OpToken, Peer, Post, RecvBuf, RemoteKey, SendBuf, Transport};

/// The length of the header that the protocol puts before each message, about.
const HEADER: usize = 16;
const WINDOW: usize = 64;
const BATCHES: usize = 41;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|arg| arg == "--child") {
        // Without its parent it would spin for ever.
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
        let child = Side::start(
            1,
            args[2].parse()?,
            || read_line(std::io::stdin().lock()),
            |line| {
                println!("{line}");
                Ok(())
            },
        )?;
        return child.run();
    }
    let cpu = |i: usize| args.get(i).map_or(Ok(i), |arg| arg.parse::<usize>());
    let (here, there) = (cpu(0)?, cpu(1)?);
    let mut child: Child = Command::new(std::env::current_exe()?)
        .args(["--child", "--cpu", &there.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut from = BufReader::new(child.stdout.take().ok_or("no pipe")?);
    let mut to = child.stdin.take().ok_or("no pipe")?;
    let side = Side::start(0, here, || read_line(&mut from), |line| Ok(writeln!(to, "{line}")?))?;
    side.run()?;
    child.wait()?;
    Ok(())
}

fn read_line(mut from: impl BufRead) -> Result<String, Box<dyn std::error::Error>> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

struct Side {
    shm: Shm,
    me: u32,
    peer: Peer,
    lines: Lines,
    /// Frames that came, and their bytes of payload.
    frames: usize,
    awaited: usize,
    bytes: usize,
    target: Vec<u8>,
    source: Vec<u8>,
}

/// Two cache lines shared by both processes, for the raw ping-pong. They lie in a file of no name.
struct Lines(*const [AtomicU64; 32]);

impl Side {
    fn start(
        me: u32,
        cpu: usize,
        mut hear: impl FnMut() -> Result<String, Box<dyn std::error::Error>>,
        mut say: impl FnMut(String) -> Result<(), Box<dyn std::error::Error>>,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let mut set = rustix::thread::CpuSet::new();
        set.set(cpu);
        if rustix::thread::sched_setaffinity(None, &set).is_err() {
            eprintln!("rank {me} could not be pinned to CPU {cpu}");
        }
        let mut shm = Shm::new(Config::from_env()?, Peer(me), 2)?;
        let hex: String = shm.address().0.iter().map(|byte| format!("{byte:02x}")).collect();
        // Rank 0 makes the raw lines, and names them before its address.
        let (lines, heard);
        if me == 0 {
            let fd = rustix::fs::memfd_create("raw", rustix::fs::MemfdFlags::empty())?;
            rustix::fs::ftruncate(&fd, 4096)?;
            lines = Lines::map(&fd)?;
            let fd = std::os::fd::IntoRawFd::into_raw_fd(fd);
            say(format!("/proc/{}/fd/{fd} {hex}", std::process::id()))?;
            heard = hear()?;
        } else {
            say(hex)?;
            let line = hear()?;
            let (path, address) = line.split_once(' ').ok_or("no address")?;
            lines = Lines::map(&std::fs::OpenOptions::new().read(true).write(true).open(path)?)?;
            heard = address.to_owned();
        }
        let bytes = (0..heard.len() / 2).map(|i| u8::from_str_radix(&heard[2 * i..2 * i + 2], 16));
        let address = Address(bytes.collect::<Result<_, _>>()?);
        let peer = Peer(1 - me);
        shm.connect(peer, &address)?;
        Ok(Self {
            shm,
            me,
            peer,
            lines,
            frames: 0,
            awaited: 0,
            bytes: 0,
            target: vec![1; 8 << 20],
            source: vec![2; 8 << 20],
        })
    }

    fn run(mut self) -> Result<(), Box<dyn std::error::Error>> {
        let quick = std::env::var_os("QUICK").is_some();
        if self.me == 0 {
            println!("{}", self.shm.describe(self.peer));
        }
        for _ in 0..3 {
            self.raw();
            for payload in [0, 8, 32, 40, 64, 128, 256, 512, 1024, 2048, 4096, 16384] {
                if !quick || payload == 8 || payload == 256 || payload == 64 || payload >= 512 {
                    self.latency(payload);
                }
            }
        }
        self.rate(8);
        self.rate(64);
        self.rate(256);
        self.raw();
        let max = self.shm.caps().max_frame;
        for shift in 10..=23 {
            self.bandwidth(1 << shift, max);
        }
        for shift in 12..=23 {
            self.get_bandwidth(1 << shift);
        }
        self.raw();
        if self.me == 1 {
            eprintln!("in the end: {}", self.shm.describe(self.peer));
        }
        Ok(())
    }

    /// Prints the second percentile and the median of batches of nanoseconds.
    fn report(&self, what: &str, mut batches: Vec<f64>) {
        batches.sort_by(f64::total_cmp);
        if self.me == 0 {
            let p02 = batches[batches.len() / 50];
            println!("{what:32} p02 {p02:9.1} ns   median {:9.1} ns", batches[batches.len() / 2]);
        }
    }

    fn raw(&mut self) {
        // SAFETY: the mapping lives for the whole run.
        let lines = unsafe { &*self.lines.0 };
        let (ours, theirs) = (&lines[self.me as usize * 16], &lines[self.peer.index() * 16]);
        let mut value = ours.load(Ordering::Relaxed);
        let mut batches = Vec::new();
        for _ in 0..BATCHES {
            let start = Instant::now();
            for _ in 0..1000 {
                value += 1;
                if self.me == 0 {
                    ours.store(value, Ordering::Release);
                }
                while theirs.load(Ordering::Acquire) != value {
                    std::hint::spin_loop();
                }
                if self.me == 1 {
                    ours.store(value, Ordering::Release);
                }
            }
            batches.push(start.elapsed().as_nanos() as f64 / 2000.0);
        }
        self.report("raw line", batches);
    }

    #[inline]
    fn poll(&mut self) {
        let (target, frames, bytes) = (&mut self.target, &mut self.frames, &mut self.bytes);
        self.shm.poll(&mut |event| match event {
            Inbound::Frame { header, payload, .. } => {
                let mut at = [0_u8; 8];
                at.copy_from_slice(&header[..8]);
                let at = u64::from_le_bytes(at) as usize;
                // SAFETY: the target outlives the buffer, and is not used while it lives.
                let into = unsafe { RecvBuf::lend(target.as_mut_ptr(), target.len()) };
                *bytes += into.fill(at, payload);
                *frames += 1;
            }
            Inbound::Closed(closed) => panic!("{closed}"),
            Inbound::Done { .. } => {}
        });
    }

    #[inline]
    fn send(&mut self, at: usize, len: usize) {
        let mut header = [0_u8; HEADER];
        header[..8].copy_from_slice(&(at as u64).to_le_bytes());
        while self.shm.send(self.peer, &header, &self.source[at..at + len]) == Post::Busy {
            self.poll();
        }
    }

    #[inline]
    fn await_frames(&mut self, n: usize) {
        self.awaited += n;
        while self.frames < self.awaited {
            self.poll();
        }
    }

    fn latency(&mut self, payload: usize) {
        let mut batches = Vec::new();
        for _ in 0..BATCHES {
            let start = Instant::now();
            for _ in 0..1000 {
                if self.me == 0 {
                    self.send(0, payload);
                    self.await_frames(1);
                } else {
                    self.await_frames(1);
                    self.send(0, payload);
                }
            }
            batches.push(start.elapsed().as_nanos() as f64 / 2000.0);
        }
        self.report(&format!("half round trip {payload:5} B"), batches);
    }

    fn rate(&mut self, payload: usize) {
        let mut batches = Vec::new();
        for _ in 0..BATCHES {
            let start = Instant::now();
            for _ in 0..50 {
                if self.me == 0 {
                    for _ in 0..WINDOW {
                        self.send(0, payload);
                    }
                    self.await_frames(1);
                } else {
                    self.await_frames(WINDOW);
                    self.send(0, 0);
                }
            }
            batches.push(start.elapsed().as_nanos() as f64 / (50 * WINDOW) as f64);
        }
        self.report(&format!("stream, a message {payload:5} B"), batches);
    }

    fn bandwidth(&mut self, len: usize, max: usize) {
        let step = len.min(max - HEADER);
        let window = (WINDOW << 16 >> len.trailing_zeros()).clamp(4, WINDOW);
        let rounds = (32_usize << 20 >> len.trailing_zeros()).div_ceil(window).clamp(2, 20);
        let mut batches = Vec::new();
        for _ in 0..9 {
            let start = Instant::now();
            for _ in 0..rounds {
                if self.me == 0 {
                    for _ in 0..window {
                        for at in (0..len).step_by(step) {
                            self.send(at, step.min(len - at));
                        }
                    }
                    self.await_frames(1);
                } else {
                    let until = self.bytes + window * len;
                    while self.bytes < until {
                        self.poll();
                    }
                    self.send(0, 0);
                    self.awaited = self.frames;
                }
            }
            batches.push(start.elapsed().as_nanos() as f64 / (rounds * window * len) as f64);
        }
        self.report_bandwidth("frames", len, batches);
    }

    fn get_bandwidth(&mut self, len: usize) {
        if self.shm.caps().get_from.is_none() {
            return;
        }
        let key = self.exchange_keys();
        let mut batches = Vec::new();
        let rounds = (32_usize << 20 >> len.trailing_zeros()).clamp(2, 200);
        for _ in 0..9 {
            if self.me == 0 {
                self.await_frames(1);
                continue;
            }
            let start = Instant::now();
            for i in 0..rounds {
                // SAFETY: as above.
                let into = unsafe { RecvBuf::lend(self.target.as_mut_ptr(), len) };
                assert_eq!(self.shm.get(self.peer, into, key, OpToken(i as u64)), Post::Accepted);
                let mut done = false;
                while !done {
                    self.shm.poll(&mut |event| {
                        if let Inbound::Done { outcome, .. } = event {
                            outcome.expect("a get of living memory");
                            done = true;
                        }
                    });
                }
            }
            batches.push(start.elapsed().as_nanos() as f64 / (rounds * len) as f64);
            self.send(0, 0);
        }
        if self.me == 1 {
            batches.sort_by(f64::total_cmp);
            self.source[..8].copy_from_slice(&batches[0].to_le_bytes());
            self.send(0, 8);
        } else {
            self.await_frames(1);
            let mut ns = [0; 8];
            ns.copy_from_slice(&self.target[..8]);
            self.report_bandwidth("get", len, vec![f64::from_le_bytes(ns)]);
        }
    }

    fn exchange_keys(&mut self) -> RemoteKey {
        // SAFETY: the source lives as long as this run, and is not written while it is read.
        let buffer = unsafe { SendBuf::lend(self.source.as_ptr(), self.source.len()) };
        let key = self.shm.register(buffer.extent()).expect("memory").key();
        let mut bytes = key.address.to_le_bytes().to_vec();
        bytes.extend(key.key.to_le_bytes());
        let mut header = [0_u8; HEADER];
        header[..8].copy_from_slice(&0_u64.to_le_bytes());
        assert_eq!(self.shm.send(self.peer, &header, &bytes), Post::Accepted);
        self.await_frames(1);
        let number = |at: usize| u64::from_le_bytes(self.target[at..at + 8].try_into().expect("eight bytes"));
        RemoteKey { address: number(0), key: number(8) }
    }

    fn report_bandwidth(&self, what: &str, len: usize, mut batches: Vec<f64>) {
        batches.sort_by(f64::total_cmp);
        if self.me == 0 {
            let (best, median) = (1.0 / batches[0], 1.0 / batches[batches.len() / 2]);
            println!("{what:8} {len:8} B   best {best:7.2} GB/s   median {median:7.2} GB/s");
        }
    }
}

impl Lines {
    fn map(fd: &impl std::os::fd::AsFd) -> Result<Self, rustix::io::Errno> {
        // SAFETY: a fresh mapping at an address of the kernel's choice.
        let base = unsafe {
            rustix::mm::mmap(
                std::ptr::null_mut(),
                4096,
                rustix::mm::ProtFlags::READ | rustix::mm::ProtFlags::WRITE,
                rustix::mm::MapFlags::SHARED,
                fd,
                0,
            )?
        };
        Ok(Self(base.cast()))
    }
}
