//! Benchmarks in the manner of the OSU suite, on Olympi. `benches/compare` runs the same ones on other MPIs, and
//! describes the figures, the options and the records.

mod collectives;
mod figures;
mod measure;
mod objects;
mod options;
mod pack;
mod stats;

use std::process::ExitCode;

use figures::{Bench, barrier, reduce, window_of};
use measure::{Figure, TimedBy};
use objects::Sample;
use olympi::{Error, InitError, Universe};
use options::{Options, USAGE};
use stats::Samples;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("olympi-bench: {error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match join(&options).map_err(Error::from).and_then(|universe| run(&universe, &options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            eprintln!("olympi-bench: {error}");
            ExitCode::from(3)
        }
    }
}

fn join(options: &Options) -> Result<Universe, InitError> {
    let builder = Universe::builder();
    match &options.transport {
        Some(list) => builder.transports(list)?.init(),
        None => builder.init(),
    }
}

/// Runs the subcommand; whether it was one that works here.
fn run(universe: &Universe, options: &Options) -> Result<bool, Error> {
    let world = universe.world();
    if options.subcommand == "empty" {
        return Ok(true);
    }
    if options.subcommand == "memory" {
        barrier(world)?;
        let largest = reduce(world, resident_megabytes(), f64::max)?;
        if world.rank() == 0 {
            let record = Samples {
                figure: "memory",
                size: 0,
                ranks: world.size(),
                unit: "MB",
                higher_is_better: false,
            };
            record.emit(vec![largest]);
        }
        return Ok(true);
    }
    if options.subcommand == "pinned" {
        pinned(world)?;
        return Ok(true);
    }
    let alone = matches!(options.subcommand.as_str(), "collectives" | "pack");
    if (world.size() < 2 && !alone) || (options.subcommand == "rate" && world.size() % 2 == 1) {
        eprintln!("olympi-bench: {} does not work with {} ranks", options.subcommand, world.size());
        return Ok(false);
    }
    if options.pinned && world.size() > 1 && !is_pinned(world)? {
        return Ok(false);
    }
    let mut bench = Bench { world, send: Vec::new(), receive: Vec::new(), drained: 0.0 };
    measure(&mut bench, options)
}

fn measure(bench: &mut Bench<'_>, options: &Options) -> Result<bool, Error> {
    match options.subcommand.as_str() {
        "latency" => over_sizes(
            bench,
            options,
            &mut Figure {
                name: "latency",
                unit: "us",
                run: &mut |bench, size, iterations| bench.latency(size, iterations),
                value: &|_, _, iterations, seconds| seconds / iterations as f64 / 2.0 * 1e6,
                higher_is_better: false,
                timed_by: TimedBy::First,
            },
        )?,
        "bandwidth" => over_sizes(
            bench,
            options,
            &mut Figure {
                name: "bandwidth",
                unit: "GB/s",
                run: &mut |bench, size, iterations| bench.bandwidth(size, iterations),
                value: &|_, size, iterations, seconds| gigabytes(size, iterations, seconds),
                higher_is_better: true,
                timed_by: TimedBy::First,
            },
        )?,
        "bibandwidth" => over_sizes(
            bench,
            options,
            &mut Figure {
                name: "bibandwidth",
                unit: "GB/s",
                run: &mut |bench, size, iterations| bench.bibandwidth(size, iterations),
                value: &|_, size, iterations, seconds| 2.0 * gigabytes(size, iterations, seconds),
                higher_is_better: true,
                timed_by: TimedBy::First,
            },
        )?,
        "rate" => over_sizes(
            bench,
            options,
            &mut Figure {
                name: "rate",
                unit: "M/s",
                run: &mut |bench, size, iterations| bench.rate(size, iterations),
                value: &|_, size, iterations, seconds| (window_of(size) * iterations) as f64 / seconds / 1e6,
                higher_is_better: true,
                timed_by: TimedBy::LowerHalf,
            },
        )?,
        "matching" => matching(bench, options)?,
        "token" => {
            bench.ring(3)?; // Connections are made here, not in the figure.
            let milliseconds = bench.ring(options.laps)? * 1e3;
            if bench.world.rank() == 0 {
                let ranks = bench.world.size();
                Samples { figure: "token", size: options.laps, ranks, unit: "ms", higher_is_better: false }
                    .emit(vec![milliseconds]);
            }
        }
        "collectives" => {
            if let Err(complaint) = collectives::measure(bench, options)? {
                eprintln!("olympi-bench: {complaint}");
                return Ok(false);
            }
        }
        "pack" => pack::measure(bench, options)?,
        "object-latency" | "object-bandwidth" => over_objects(bench, options)?,
        "object-vec" => {
            options.sizes.iter().try_for_each(|&size| objects::vec(bench.world, options, size))?
        }
        other => {
            eprintln!("olympi-bench: unknown subcommand {other}\n{USAGE}");
            return Ok(false);
        }
    }
    Ok(true)
}

fn gigabytes(size: usize, iterations: usize, seconds: f64) -> f64 {
    (size * window_of(size) * iterations) as f64 / seconds / 1e9
}

fn over_sizes(bench: &mut Bench<'_>, options: &Options, figure: &mut Figure<'_>) -> Result<(), Error> {
    let largest = options.sizes.iter().map(|&size| size * window_of(size)).max().unwrap_or(0).max(8);
    bench.send = vec![0x5a; largest];
    bench.receive = vec![0x5a; largest];
    for &size in &options.sizes {
        bench.verify(size)?;
        figure.measure(bench, options, size)?;
    }
    Ok(())
}

fn matching(bench: &mut Bench<'_>, options: &Options) -> Result<(), Error> {
    bench.send = vec![0x5a; 4096];
    bench.receive = vec![0x5a; 4096];
    for &depth in options.sizes.iter().filter(|_| options.posted) {
        bench.behind_posted(depth, |bench| {
            let mut figure = Figure {
                name: "posted_depth",
                unit: "us",
                // The depth is in the queue; the messages that pass it have eight bytes.
                run: &mut |bench, _, iterations| bench.latency(8, iterations),
                value: &|_, _, iterations, seconds| seconds / iterations as f64 / 2.0 * 1e6,
                higher_is_better: false,
                timed_by: TimedBy::First,
            };
            figure.measure(bench, options, depth)
        })?;
    }
    for &depth in options.sizes.iter().filter(|_| options.unexpected) {
        let mut figure = Figure {
            name: "unexpected_depth",
            unit: "us",
            run: &mut |bench, size, iterations| bench.unexpected(size, iterations),
            value: &|bench, depth, iterations, _| bench.drained / iterations as f64 / depth as f64 * 1e6,
            higher_is_better: false,
            timed_by: TimedBy::Second,
        };
        figure.measure(bench, options, depth)?;
    }
    Ok(())
}

fn over_objects(bench: &mut Bench<'_>, options: &Options) -> Result<(), Error> {
    for &size in &options.sizes {
        let object = Sample::of(size);
        let mut figure = if options.subcommand == "object-latency" {
            Figure {
                name: "object_latency",
                unit: "us",
                run: &mut |bench, _, iterations| objects::latency(bench, &object, iterations),
                value: &|_, _, iterations, seconds| seconds / iterations as f64 / 2.0 * 1e6,
                higher_is_better: false,
                timed_by: TimedBy::First,
            }
        } else {
            Figure {
                name: "object_bandwidth",
                unit: "GB/s",
                run: &mut |bench, _, iterations| objects::bandwidth(bench, &object, iterations),
                value: &|_, size, iterations, seconds| {
                    (size / 8 * 8 * objects::WINDOW * iterations) as f64 / seconds / 1e9
                },
                higher_is_better: true,
                timed_by: TimedBy::First,
            }
        };
        figure.measure(bench, options, size)?;
    }
    Ok(())
}

/// Whether this rank may run on one CPU only, and ranks 0 and 1 on different ones.
fn is_pinned(world: &olympi::Communicator) -> Result<bool, Error> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let cpu = list.and_then(|list| list.trim().parse::<i32>().ok()).unwrap_or(-1);
    let mut other = -2;
    if world.rank() < 2 {
        let peer = world.rank() ^ 1;
        world.sendrecv(&cpu, peer, figures::TAG_ACK, &mut other, peer, figures::TAG_ACK)?;
    }
    let pinned = cpu >= 0 && cpu != other;
    if !pinned {
        eprintln!("olympi-bench: --pinned: rank {} is not alone on one CPU", world.rank());
    }
    Ok(reduce(world, f64::from(u8::from(pinned)), f64::min)? > 0.5)
}

/// What rank 0 has pinned for a connected peer that then says nothing: with all of them connected against with one.
fn pinned(world: &olympi::Communicator) -> Result<(), Error> {
    let (rank, size) = (world.rank(), world.size());
    if rank != 0 {
        let byte = world.recv::<u8>(0, figures::TAG_DATA)?.0;
        return Ok(world.send(&byte, 0, figures::TAG_ACK)?);
    }
    let mut kib = Vec::new();
    for peer in 1..size {
        world.send(&1_u8, peer, figures::TAG_DATA)?;
        world.recv::<u8>(peer, figures::TAG_ACK)?;
        kib.push(status_kib("VmPin:"));
    }
    if let [first, .., last] = kib[..] {
        let record = Samples { figure: "pinned", size: 0, ranks: size, unit: "KiB", higher_is_better: false };
        record.emit(vec![(last - first) / f64::from(size - 2)]);
    } else {
        eprintln!("olympi-bench: pinned needs three ranks or more");
    }
    Ok(())
}

/// Resident memory of this process in 1e6 bytes.
fn resident_megabytes() -> f64 {
    status_kib("VmRSS:") * 1024.0 / 1e6
}

/// A line of what the kernel says of this process, in KiB.
fn status_kib(key: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or(0.0)
}
