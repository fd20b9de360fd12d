//! The figures on objects.

use std::hint::black_box;
use std::time::Instant;

use olympi::{Communicator, Error};
use serde::{Deserialize, Serialize};

use crate::figures::{Bench, TAG_ACK, TAG_DATA, reduce};
use crate::options::Options;
use crate::stats::Samples;

/// An object as programs send them: a number, a name, and `size / 8` floats.
#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
pub(crate) struct Sample {
    number: u64,
    name: String,
    values: Vec<f64>,
}

impl Sample {
    /// One whose floats take `size` bytes.
    pub(crate) fn of(size: usize) -> Self {
        Self { number: 42, name: "sample".into(), values: (0..size / 8).map(|i| i as f64).collect() }
    }
}

/// Objects in flight.
pub(crate) const WINDOW: usize = 16;

/// Blocking ping-pong of an object.
pub(crate) fn latency(bench: &mut Bench<'_>, object: &Sample, iterations: usize) -> Result<(), Error> {
    let world = bench.world;
    for i in 0..iterations {
        if world.rank() == 0 {
            world.send_object(object, 1, TAG_DATA)?;
            let (back, _) = world.recv_object::<Sample>(1, TAG_DATA)?;
            assert!(i > 0 || back == *object, "the object came back changed");
        } else if world.rank() == 1 {
            let (object, _) = world.recv_object::<Sample>(0, TAG_DATA)?;
            world.send_object(&object, 0, TAG_DATA)?;
        }
    }
    Ok(())
}

/// Windows of objects from rank 0 to rank 1, answered by one.
pub(crate) fn bandwidth(bench: &mut Bench<'_>, object: &Sample, iterations: usize) -> Result<(), Error> {
    let world = bench.world;
    for _ in 0..iterations {
        if world.rank() == 0 {
            let sends = (0..WINDOW)
                .map(|_| world.isend_object(object, 1, TAG_DATA))
                .collect::<Result<Vec<_>, _>>()?;
            olympi::wait_all(sends)?;
            world.recv_object::<u8>(1, TAG_ACK)?;
        } else if world.rank() == 1 {
            for _ in 0..WINDOW {
                black_box(world.recv_object::<Sample>(0, TAG_DATA)?);
            }
            world.send_object(&0_u8, 0, TAG_ACK)?;
        }
    }
    Ok(())
}

/// A `Vec<f64>` as an object, beside the sum of its parts: encoding it once, half a round trip of the encoded bytes
/// as a raw message into a buffer that is there already, decoding it once. Each batch of the one is made beside a
/// batch of the other.
pub(crate) fn vec(world: &Communicator, options: &Options, elements: usize) -> Result<(), Error> {
    let object: Vec<f64> = (0..elements).map(|i| i as f64).collect();
    let mut encoded = Vec::new();
    olympi_object::encode(&object, &mut encoded).expect("a vector of floats can be encoded");
    let mut landing = vec![0_u8; encoded.len()];
    let (mut whole, mut parts, mut ratio) = (Vec::new(), Vec::new(), Vec::new());
    let batches = options.batches.min(40);
    for batch in 0..batches + 2 {
        let start = Instant::now();
        ping_pong(
            world,
            || world.send_object(&object, world.rank() ^ 1, TAG_DATA).map_err(Error::from),
            || {
                black_box(world.recv_object::<Vec<f64>>(world.rank() ^ 1, TAG_DATA)?);
                Ok(())
            },
        )?;
        let object_seconds = start.elapsed().as_secs_f64() / 2.0;

        let start = Instant::now();
        ping_pong(
            world,
            || world.send(&encoded, world.rank() ^ 1, TAG_DATA).map_err(Error::from),
            || {
                world.recv_into(&mut landing, world.rank() ^ 1, TAG_DATA)?;
                Ok(())
            },
        )?;
        let raw = start.elapsed().as_secs_f64() / 2.0;
        // Rank 1 is idle meanwhile, as a rank that waits for an object is.
        let mut codec = 0.0;
        if world.rank() == 0 {
            let start = Instant::now();
            let mut bytes = Vec::new();
            olympi_object::encode(black_box(&object), &mut bytes).expect("a vector of floats can be encoded");
            black_box(&bytes);
            let back: Vec<f64> =
                olympi_object::decode(black_box(&landing)).expect("what was encoded can be decoded");
            black_box(&back);
            codec = start.elapsed().as_secs_f64();
        }
        reduce(world, 0.0, f64::max)?;
        if batch >= 2 {
            whole.push(object_seconds * 1e6);
            parts.push((codec + raw) * 1e6);
            ratio.push(object_seconds / (codec + raw));
        }
    }
    if world.rank() == 0 {
        let record =
            |figure, unit| Samples { figure, size: elements, ranks: 2, unit, higher_is_better: false };
        record("object_vec", "us").emit(whole);
        record("object_vec_parts", "us").emit(parts);
        record("object_vec_ratio", "x").emit(ratio);
    }
    Ok(())
}

fn ping_pong(
    world: &Communicator,
    mut send: impl FnMut() -> Result<(), Error>,
    mut receive: impl FnMut() -> Result<(), Error>,
) -> Result<(), Error> {
    match world.rank() {
        0 => send().and_then(|()| receive()),
        1 => receive().and_then(|()| send()),
        _ => Ok(()),
    }
}
