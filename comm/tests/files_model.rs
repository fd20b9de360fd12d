//! Files against a model that keeps every byte: random views, memory layouts, offsets and lengths.

mod harness;

use std::ops::ControlFlow;

use harness::run;
use olympi_comm::{Datatype, File, FileMode, FilePosition, FileView, Info};

/// Numbers that follow from a seed (splitmix64).
struct Rng(u64);

impl Rng {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % end as u64) as usize
    }

    /// Blocks that go forward, maybe with gaps between them and at the end.
    fn layout(&mut self, etype: &Datatype) -> Datatype {
        let mut at = 0;
        let blocks: Vec<(usize, i64)> = (0..1 + self.below(4))
            .map(|_| {
                let block = (1 + self.below(3), (at + self.below(3)) as i64);
                at = block.1 as usize + block.0;
                block
            })
            .collect();
        let parts = blocks.iter().map(|(count, at)| (*count, at * etype.extent(), etype.clone()));
        let extent = (at + self.below(3)) as i64 * etype.extent();
        let tile = Datatype::structure(parts).unwrap().resized(0, extent).unwrap();
        // A layout of layouts now and then.
        if self.below(3) == 0 {
            tile.vector(1 + self.below(3), 1, 1 + self.below(2) as i64).unwrap()
        } else {
            tile
        }
    }
}

/// Where each byte of one element lies.
fn places(datatype: &Datatype) -> Vec<usize> {
    let mut places = vec![];
    let _all = datatype.runs_from(0, |at, len| {
        places.extend((at..at + len as i64).map(|at| at as usize));
        ControlFlow::<()>::Continue(())
    });
    places
}

/// What lies where in the file.
#[derive(Default)]
struct Model {
    bytes: Vec<u8>,
    origin: usize,
    tile: Vec<usize>,
    extent: usize,
}

impl Model {
    fn place(&self, position: usize) -> usize {
        self.origin + position / self.tile.len() * self.extent + self.tile[position % self.tile.len()]
    }

    fn write(&mut self, position: usize, bytes: &[u8]) {
        for (at, byte) in bytes.iter().enumerate() {
            let place = self.place(position + at);
            if place >= self.bytes.len() {
                self.bytes.resize(place + 1, 0);
            }
            self.bytes[place] = *byte;
        }
    }

    fn read(&self, position: usize, len: usize) -> Vec<u8> {
        (position..position + len).map_while(|at| self.bytes.get(self.place(at)).copied()).collect()
    }
}

fn check(file: &File, seed: u64) {
    let mut rng = Rng(seed);
    let mut model = Model::default();
    file.set_size(0).unwrap();
    for _ in 0..12 {
        let etype = Datatype::of::<u8>().contiguous(1 + rng.below(3)).unwrap();
        let (unit, tile) = (etype.size() as usize, rng.layout(&etype));
        let origin = rng.below(50);
        file.set_view(&FileView::new(origin as i64, &etype, &tile), &Info::new()).unwrap();
        (model.origin, model.extent, model.tile) = (origin, tile.extent() as usize, places(&tile));
        for _ in 0..12 {
            let memory_type = rng.layout(&etype);
            let (count, offset) = (rng.below(8), rng.below(40));
            let inside = places(&memory_type);
            let step = memory_type.extent() as usize;
            let all: Vec<usize> =
                (0..count).flat_map(|element| inside.iter().map(move |at| element * step + at)).collect();
            let room = (count + 1) * (step + memory_type.true_extent() as usize);
            let mut memory: Vec<u8> = (0..room).map(|_| rng.below(256) as u8).collect();
            file.seek(std::io::SeekFrom::Start(offset as u64)).unwrap();
            let at = if rng.below(2) == 0 { FilePosition::Own } else { FilePosition::At(offset as i64) };
            if rng.below(2) == 0 {
                let packed: Vec<u8> = all.iter().map(|at| memory[*at]).collect();
                model.write(offset * unit, &packed);
                file.write_view(at, &memory_type.view(&memory[..], count).unwrap()).unwrap();
            } else {
                let known = model.read(offset * unit, all.len());
                let mut expected = memory.clone();
                for (at, byte) in all.iter().zip(&known) {
                    expected[*at] = *byte;
                }
                let mut view = memory_type.view(&mut memory[..], count).unwrap();
                let status = file.read_view(at, &mut view).unwrap();
                assert_eq!((status.bytes(), memory), (known.len(), expected), "seed {seed}");
            }
            if at == FilePosition::Own {
                assert_eq!(file.position().unwrap() as usize, offset + all.len() / unit, "seed {seed}");
            }
            let place = rng.below(60);
            assert_eq!(file.byte_offset(place as i64).unwrap() as usize, model.place(place * unit));
        }
        file.seek(std::io::SeekFrom::End(0)).unwrap();
        let seen = (0..).take_while(|at| model.place(*at) < model.bytes.len()).count();
        assert_eq!(file.position().unwrap() as usize, seen.div_ceil(unit), "seed {seed}");
        assert_eq!(std::fs::read(file.path()).unwrap(), model.bytes, "seed {seed}");
    }
}

#[test]
fn files_hold_what_the_model_holds() {
    run(harness::transports()[0], 1, |universe| {
        let path = std::env::temp_dir().join(format!("olympi-files-{}-model", std::process::id()));
        let mode = FileMode::READ_WRITE | FileMode::CREATE | FileMode::DELETE_ON_CLOSE;
        let file = File::open(universe.world(), path, mode, &Info::new()).unwrap();
        for seed in 0..100 {
            check(&file, seed);
        }
        file.close().unwrap();
    });
}
