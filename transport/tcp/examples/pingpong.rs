//! Two pinned processes: the latency of an 8-byte frame and the bandwidth of puts and frames of 1 MiB, each beside
//! the same exchange over a raw non-blocking socket, interleaved in one run.
//!
//! `cargo run --release -p olympi-tcp --example pingpong [rounds]`

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Instant;

use olympi_tcp::{Config, Tcp};
use olympi_transport_api::{
    Address, Inbound, MemoryRegion, OpToken, Peer, Post, RecvBuf, RemoteKey, SendBuf, Transport,
};

type Failure = Box<dyn std::error::Error>;

/// Short rounds, so that the best of many lie between the disturbances of a busy machine.
const PINGS: usize = 100;
const BLOCK: usize = 1 << 20;
const BLOCKS: usize = 16;

fn main() -> Result<(), Failure> {
    let mut args = env::args().skip(1);
    match args.next() {
        Some(word) if word == "peer" => run(1, BufReader::new(io::stdin()), io::stdout(), 0),
        rounds => {
            let rounds = rounds.map_or(Ok(200), |text| text.parse())?;
            let mut child = Command::new(env::current_exe()?)
                .arg("peer")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()?;
            let (input, output) = (child.stdout.take(), child.stdin.take());
            let (Some(input), Some(output)) = (input, output) else { return Err("no pipes".into()) };
            let result = run(0, BufReader::new(input), output, rounds);
            if result.is_err() {
                child.kill()?;
            }
            child.wait()?;
            result
        }
    }
}

/// Both ends. Addresses, keys and the number of rounds are exchanged as lines.
fn run(me: u32, mut input: impl BufRead, mut output: impl Write, rounds: usize) -> Result<(), Failure> {
    pin(me as usize)?;
    let mut line = |mine: String| -> Result<String, Failure> {
        writeln!(output, "{mine}")?;
        output.flush()?;
        let mut theirs = String::new();
        input.read_line(&mut theirs)?;
        Ok(theirs.trim().to_owned())
    };
    let mut tcp = Tcp::new(Config::from_env()?, Peer(me), 2, [1; 32])?;
    let hex: String = tcp.address().0.iter().map(|b| format!("{b:02x}")).collect();
    let theirs = line(hex)?;
    let bytes: Result<Vec<u8>, _> =
        (0..theirs.len() / 2).map(|i| u8::from_str_radix(&theirs[2 * i..2 * i + 2], 16)).collect();
    let address = Address(bytes?);
    let rounds = line(rounds.to_string())?.parse::<usize>()?.max(rounds);

    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let port: u16 = line(listener.local_addr()?.port().to_string())?.parse()?;
    let mut raw = if me == 0 { TcpStream::connect(("127.0.0.1", port))? } else { listener.accept()?.0 };
    raw.set_nodelay(true)?;
    raw.set_nonblocking(true)?;

    let source = vec![1_u8; BLOCK];
    let mut target = vec![0_u8; BLOCK];
    // SAFETY: both live until the end of this function, the region and the transport go before them, and in
    // between they are used for these transfers alone.
    let (from, into) =
        unsafe { (SendBuf::lend(source.as_ptr(), BLOCK), RecvBuf::lend(target.as_mut_ptr(), BLOCK)) };
    let region: MemoryRegion = tcp.register(into.extent())?;
    let theirs = line(format!("{} {}", region.key().address, region.key().key))?;
    let (address_of, key) = theirs.split_once(' ').ok_or("no key")?;
    let key = RemoteKey { address: address_of.parse()?, key: key.parse()? };
    if me == 0 {
        tcp.connect(Peer(1), &address)?;
    }
    let mut ours = Ours { tcp, peer: Peer(1 - me), frames: 0, done: 0, bytes: 0 };
    let mut figures: [Vec<f64>; 5] = Default::default();
    let mut scrap = vec![0_u8; BLOCK];
    for round in 0..=rounds {
        // In turn, so that neither is always the one that comes after the other.
        for first in [round % 2, 1 - round % 2] {
            figures[first].push(if first == 0 { raw_pings(&mut raw, me)? } else { ours.pings(me) });
        }
        for which in [2, 3, 4].map(|k| 2 + (k + round) % 3) {
            figures[which].push(match which {
                2 => raw_stream(&mut raw, me, &source, &mut scrap)?,
                3 => ours.puts(me, from, key),
                _ => ours.train(me, &source),
            });
        }
    }
    if me == 0 {
        println!("{}", ours.tcp.describe(Peer(1)));
        // The first round warms up.
        for (name, share) in [("median", 0.5), ("p02", 0.02)] {
            let [rp, op, rs, oput, ot] = figures.each_mut().map(|f| quantile(&mut f[1..], share));
            let rate = |s: f64| (BLOCK * BLOCKS) as f64 / s / 1e9;
            println!("{name}: 8 B half round trip: raw {rp:.2} us, frame {op:.2} us, {:.3} x raw", op / rp);
            println!(
                "{name}: 1 MiB: raw {:.2} GB/s; put {:.2} GB/s, {:.3} x raw; frames {:.2} GB/s, {:.3} x raw",
                rate(rs),
                rate(oput),
                rs / oput,
                rate(ot),
                rs / ot
            );
        }
    }
    drop(region);
    Ok(())
}

struct Ours {
    tcp: Tcp,
    peer: Peer,
    frames: usize,
    done: usize,
    bytes: usize,
}

impl Ours {
    fn poll(&mut self) {
        let Self { tcp, frames, done, bytes, .. } = self;
        tcp.poll(&mut |event| match event {
            Inbound::Frame { payload, .. } => {
                *frames += 1;
                *bytes += payload.len();
            }
            Inbound::Done { outcome, .. } => {
                outcome.expect("the peer stays");
                *done += 1;
            }
            Inbound::Closed(closed) => panic!("{closed}"),
        });
    }

    fn send(&mut self, header: &[u8], payload: &[u8]) {
        while self.tcp.send(self.peer, header, payload) != Post::Accepted {
            self.poll();
        }
    }

    fn frames(&mut self, n: usize) {
        while self.frames < n {
            self.poll();
        }
        self.frames -= n;
    }

    /// Microseconds of half a round trip.
    fn pings(&mut self, me: u32) -> f64 {
        let header = [5; 24];
        let start = Instant::now();
        for _ in 0..PINGS {
            if me == 0 {
                self.send(&header, &[1; 8]);
            }
            self.frames(1);
            if me == 1 {
                self.send(&header, &[1; 8]);
            }
        }
        start.elapsed().as_secs_f64() * 1e6 / (2 * PINGS) as f64
    }

    /// Seconds for all blocks by put, with an answer at the end.
    fn puts(&mut self, me: u32, from: SendBuf, key: RemoteKey) -> f64 {
        let start = Instant::now();
        if me == 0 {
            for n in 0..BLOCKS {
                while self.tcp.put(self.peer, from, key, OpToken(n as u64)) != Post::Accepted {
                    self.poll();
                }
                self.poll();
            }
            self.send(b"end", &[]);
            self.frames(1);
            while self.done < BLOCKS {
                self.poll();
            }
            self.done = 0;
        } else {
            self.frames(1);
            self.send(b"end", &[]);
        }
        start.elapsed().as_secs_f64()
    }

    /// Seconds for all blocks by frames of the greatest length, with an answer at the end.
    fn train(&mut self, me: u32, source: &[u8]) -> f64 {
        let start = Instant::now();
        let most = self.tcp.caps().max_frame - 8;
        if me == 0 {
            for _ in 0..BLOCKS {
                for part in source.chunks(most) {
                    self.send(&[0; 8], part);
                }
            }
            self.frames(1);
        } else {
            while self.bytes < BLOCKS * BLOCK {
                self.poll();
            }
            self.bytes = 0;
            self.frames = 0;
            self.send(b"end", &[]);
        }
        start.elapsed().as_secs_f64()
    }
}

fn raw_pings(raw: &mut TcpStream, me: u32) -> io::Result<f64> {
    let mut bytes = [0_u8; 8];
    let start = Instant::now();
    for _ in 0..PINGS {
        if me == 0 {
            write_all(raw, &[1; 8])?;
        }
        read_all(raw, &mut bytes)?;
        if me == 1 {
            write_all(raw, &[1; 8])?;
        }
    }
    Ok(start.elapsed().as_secs_f64() * 1e6 / (2 * PINGS) as f64)
}

fn raw_stream(raw: &mut TcpStream, me: u32, source: &[u8], scrap: &mut [u8]) -> io::Result<f64> {
    let start = Instant::now();
    if me == 0 {
        for _ in 0..BLOCKS {
            write_all(raw, source)?;
        }
        read_all(raw, &mut [0; 8])?;
    } else {
        for _ in 0..BLOCKS {
            read_all(raw, scrap)?;
        }
        write_all(raw, &[0; 8])?;
    }
    Ok(start.elapsed().as_secs_f64())
}

fn write_all(raw: &mut TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match raw.write(bytes) {
            Ok(n) => bytes = &bytes[n..],
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

fn read_all(raw: &mut TcpStream, mut into: &mut [u8]) -> io::Result<()> {
    while !into.is_empty() {
        match raw.read(into) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => into = &mut into[n..],
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

fn quantile(figures: &mut [f64], share: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get((figures.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN)
}

fn pin(cpu: usize) -> io::Result<()> {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let mut set = rustix::thread::CpuSet::new();
    set.set(cpu % cpus);
    Ok(rustix::thread::sched_setaffinity(None, &set)?)
}
