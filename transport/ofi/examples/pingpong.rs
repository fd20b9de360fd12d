//! Two pinned processes over one provider: the latency of an 8-byte frame and the bandwidth of gets and frames.
//! To be run beside `fi_pingpong -p PROVIDER` on the same machine, in turn (`benches/compare` does that).
//!
//! `OLYMPI_OFI_PROVIDER='tcp;ofi_rxm' cargo run --release -p olympi-ofi --example pingpong [rounds]`

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

use olympi_ofi::{Config, Ofi};
use olympi_registration::Memory;
use olympi_transport_api::{Address, Closed, Inbound, OpToken, Peer, Post, RecvBuf, RemoteKey, Transport};

type Failure = Box<dyn std::error::Error>;

/// Short rounds, so that the best of many lie between the disturbances of a busy machine.
const PINGS: usize = 100;
const BLOCK: usize = 1 << 20;
const BLOCKS: usize = 8;

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
    let mut config = Config::from_variables(|name| env::var(name).ok())?;
    config.asked_for = true;
    let mut ofi = Ofi::new(config, Peer(me), 2, [1; 32], &Memory::new())?;
    let hex: String = ofi.address().0.iter().map(|b| format!("{b:02x}")).collect();
    let theirs = line(hex)?;
    let bytes: Result<Vec<u8>, _> =
        (0..theirs.len() / 2).map(|i| u8::from_str_radix(&theirs[2 * i..2 * i + 2], 16)).collect();
    let address = Address(bytes?);
    let rounds = line(rounds.to_string())?.parse::<usize>()?.max(rounds);

    let mut target = vec![1_u8; BLOCK];
    // SAFETY: it lives until the end of this function, the region and the transport go before it, and in between it is
    // used for these transfers alone.
    let into = unsafe { RecvBuf::lend(target.as_mut_ptr(), BLOCK) };
    let region = if ofi.caps().get_from.is_some() { Some(ofi.register(into.extent())?) } else { None };
    let key = region.as_ref().map(olympi_transport_api::MemoryRegion::key).unwrap_or_default();
    let theirs = line(format!("{} {}", key.address, key.key))?;
    let (address_of, key) = theirs.split_once(' ').ok_or("no key")?;
    let key = RemoteKey { address: address_of.parse()?, key: key.parse()? };
    ofi.connect(Peer(1 - me), &address)?;
    let mut ours = Ours { ofi, peer: Peer(1 - me), frames: 0, done: 0, bytes: 0, gone: None };
    let mut figures: [Vec<f64>; 3] = Default::default();
    let source = vec![1_u8; BLOCK];
    for _ in 0..=rounds {
        figures[0].push(ours.pings(me));
        figures[1].push(ours.train(me, &source));
        if region.is_some() {
            figures[2].push(ours.gets(me, into, key));
        }
    }
    if me == 0 {
        println!("{}", ours.ofi.describe(Peer(1)));
        // The first round warms up.
        for (name, share) in [("median", 0.5), ("p02", 0.02), ("best", 0.0)] {
            let [ping, train, gets] =
                figures.each_mut().map(|f| quantile(f.get_mut(1..).unwrap_or_default(), share));
            let rate = |s: f64| (BLOCK * BLOCKS) as f64 / s / 1e9;
            println!(
                "{name}: 8 B half round trip {ping:.2} us; 1 MiB: frames {:.3} GB/s, get {:.3} GB/s",
                rate(train),
                rate(gets)
            );
        }
    }
    drop(region);
    Ok(())
}

struct Ours {
    ofi: Ofi,
    peer: Peer,
    frames: usize,
    done: usize,
    bytes: usize,
    gone: Option<Closed>,
}

impl Ours {
    fn poll(&mut self) {
        let Self { ofi, frames, done, bytes, gone, .. } = self;
        ofi.poll(&mut |event| match event {
            Inbound::Frame { payload, .. } => {
                *frames += 1;
                *bytes += payload.len();
            }
            Inbound::Done { outcome, .. } => {
                outcome.expect("the peer stays");
                *done += 1;
            }
            // The other end leaves first, after its last frame.
            Inbound::Closed(closed) => *gone = Some(closed),
        });
        if let Some(closed) = self.gone.take_if(|_| self.frames == 0) {
            panic!("{closed}");
        }
    }

    fn send(&mut self, header: &[u8], payload: &[u8]) {
        while self.ofi.send(self.peer, header, payload) != Post::Accepted {
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

    /// Seconds for all blocks by `get`, with an answer at the end.
    fn gets(&mut self, me: u32, into: RecvBuf, key: RemoteKey) -> f64 {
        let start = Instant::now();
        if me == 0 {
            for n in 0..BLOCKS {
                while self.ofi.get(self.peer, into, key, OpToken(n as u64)) != Post::Accepted {
                    self.poll();
                }
            }
            while self.done < BLOCKS {
                self.poll();
            }
            self.done = 0;
            self.send(b"end", &[]);
        } else {
            self.frames(1);
        }
        start.elapsed().as_secs_f64()
    }

    /// Seconds for all blocks by frames of the greatest length, with an answer at the end.
    fn train(&mut self, me: u32, source: &[u8]) -> f64 {
        let start = Instant::now();
        let most = self.ofi.caps().max_frame - 8;
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
            self.frames = 0;
            self.send(b"end", &[]);
        }
        self.bytes = 0;
        start.elapsed().as_secs_f64()
    }
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
