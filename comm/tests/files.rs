//! Files that ranks open together.

mod harness;

use std::io::SeekFrom;
use std::path::PathBuf;

use harness::run;
use olympi_comm::{
    Basic, Communicator, Datatype, ErrorClass, File, FileError, FileMode, FilePosition, FileView, Info,
    Representation,
};

fn everywhere(ranks: u32, body: impl Fn(&Communicator) + Send + Sync + Copy + 'static) {
    run(harness::transports()[0], ranks, move |universe| body(universe.world()));
}

/// A name that this test alone has, the same at all ranks.
fn name(of: &str) -> PathBuf {
    std::env::temp_dir().join(format!("olympi-files-{}-{of}", std::process::id()))
}

fn class(result: Result<File, FileError>) -> ErrorClass {
    result.unwrap_err().class()
}

#[test]
fn a_file_is_made_sized_and_deleted() {
    everywhere(3, |world| {
        let path = name("sized");
        let mode = FileMode::READ_WRITE | FileMode::CREATE | FileMode::EXCLUSIVE;
        let file = File::open(world, &path, mode, &Info::new()).unwrap();
        assert_eq!((file.size().unwrap(), file.mode(), file.group().size()), (0, mode, 3));
        for (asked, is) in [(1, 1), (100, 100), (10, 100)] {
            file.preallocate(asked).unwrap();
            assert_eq!(file.size().unwrap(), is);
            world.barrier().unwrap();
        }
        file.set_size(10).unwrap();
        assert_eq!(file.size().unwrap(), 10);
        let error = file.set_size(10 + world.rank() as u64).unwrap_err();
        assert_eq!(error.class(), ErrorClass::NotSame);
        file.set_atomicity(true).unwrap();
        assert!(file.atomicity());
        file.sync().unwrap();
        file.close().unwrap();
        // It is there now.
        assert_eq!(class(File::open(world, &path, mode, &Info::new())), ErrorClass::FileExists);
        let mode = FileMode::READ_ONLY | FileMode::DELETE_ON_CLOSE;
        let file = File::open(world, &path, mode, &Info::new()).unwrap();
        assert_eq!(file.set_size(0).unwrap_err().class(), ErrorClass::ReadOnly);
        file.close().unwrap();
        assert!(!path.exists());
        assert_eq!(class(File::open(world, &path, mode, &Info::new())), ErrorClass::NoSuchFile);
    });
}

#[test]
fn one_rank_that_cannot_open_is_known_to_all() {
    everywhere(3, |world| {
        let path = name("one");
        let mine = if world.rank() == 1 { path.join("not a directory") } else { path.clone() };
        let mode = FileMode::WRITE_ONLY | FileMode::CREATE;
        let error = File::open(world, &mine, mode, &Info::new()).unwrap_err();
        assert_eq!(error.class(), ErrorClass::BadFile, "{error}");
        if world.rank() != 1 {
            assert!(matches!(error, FileError::Elsewhere { rank: 1, .. }), "{error}");
        }
        let mine = if world.rank() == 2 { mode } else { mode | FileMode::EXCLUSIVE };
        assert_eq!(class(File::open(world, &path, mine, &Info::new())), ErrorClass::NotSame);
        assert_eq!(class(File::open(world, &path, FileMode::CREATE, &Info::new())), ErrorClass::Amode);
        let temp = std::env::temp_dir();
        assert_eq!(class(File::open(world, &temp, FileMode::READ_ONLY, &Info::new())), ErrorClass::BadFile);
        if world.rank() == 0 {
            File::delete(&path, &Info::new()).unwrap();
            assert_eq!(File::delete(&path, &Info::new()).unwrap_err().class(), ErrorClass::NoSuchFile);
        }
    });
}

/// A new file, which is deleted at its end.
fn fresh(world: &Communicator, of: &str) -> File {
    let mode = FileMode::READ_WRITE | FileMode::CREATE | FileMode::EXCLUSIVE | FileMode::DELETE_ON_CLOSE;
    File::open(world, name(of), mode, &Info::new()).unwrap()
}

/// All of a file, as numbers.
fn content(file: &File) -> Vec<i32> {
    let bytes = std::fs::read(file.path()).unwrap();
    bytes.chunks_exact(4).map(|four| i32::from_ne_bytes(four.try_into().unwrap())).collect()
}

#[test]
fn ranks_write_where_their_views_say() {
    everywhere(3, |world| {
        let (rank, file) = (i64::from(world.rank()), fresh(world, "views"));
        let number = Datatype::of::<i32>();
        // Every third pair of numbers.
        let pairs = number.contiguous(2).unwrap().resized(0, 24).unwrap();
        file.set_view(&FileView::new(8 * rank, &number, &pairs), &Info::new()).unwrap();
        let mine: Vec<i32> = (0..7).map(|i| 10 * rank as i32 + i).collect();
        file.write(FilePosition::Own, &mine[..3]).unwrap();
        let status = file.write_all(FilePosition::Own, &mine[3..]).unwrap();
        assert_eq!((status.count::<i32>(), file.position().unwrap()), (Some(4), 7));
        file.sync().unwrap();
        assert_eq!(content(&file)[..14], [0, 1, 10, 11, 20, 21, 2, 3, 12, 13, 22, 23, 4, 5]);
        assert_eq!(file.byte_offset(3).unwrap(), 24 + 8 * rank as u64 + 4);

        // Ended by the end of the file: as much as rank 2 has written.
        let mut read = [-1; 9];
        let status = file.read_all(FilePosition::At(1), &mut read).unwrap();
        let there = if rank == 2 { 6 } else { 7 };
        assert_eq!(status.count::<i32>(), Some(there));
        assert_eq!(read[..6], mine[1..]);
        assert_eq!(file.read(FilePosition::At(100), &mut read).unwrap().bytes(), 0);
        file.seek(SeekFrom::End(-1)).unwrap();
        assert_eq!(file.position().unwrap(), there as u64);
        let error = file.seek(SeekFrom::Current(-20)).unwrap_err();
        assert_eq!(error.class(), ErrorClass::Arg);

        // No whole number of etypes, at one rank alone.
        let odd = if rank == 1 { &[0_u8; 3][..] } else { &[0; 4] };
        let error = file.write_all(FilePosition::At(0), odd).unwrap_err();
        assert_eq!(error.class(), ErrorClass::Arg);
        let wrong = Datatype::of::<u8>().contiguous(if rank == 0 { 6 } else { 8 }).unwrap();
        let error = file.set_view(&FileView::new(0, &number, &wrong), &Info::new()).unwrap_err();
        assert_eq!(error.class(), ErrorClass::Type);
        file.close().unwrap();
    });
}

#[test]
fn memory_is_laid_out_by_datatypes_and_short_runs_are_read_together() {
    everywhere(2, |world| {
        let (rank, file) = (i64::from(world.rank()), fresh(world, "laid"));
        let number = Datatype::of::<i32>();
        // Every second number is this rank's.
        let sparse = number.resized(0, 8).unwrap();
        file.set_view(&FileView::new(4 * rank, &number, &sparse), &Info::new()).unwrap();
        const COUNT: usize = 200_000;
        let memory: Vec<i32> = (0..3 * COUNT as i32).collect();
        let every_third = number.resized(0, 12).unwrap();
        file.write_view_all(FilePosition::At(5), &every_third.view(&memory[..], COUNT).unwrap()).unwrap();
        file.sync().unwrap();
        world.barrier().unwrap();
        let mut read = vec![-1; COUNT + 9];
        let status = file.read(FilePosition::At(0), &mut read[..]).unwrap();
        assert_eq!(status.count::<i32>(), Some(COUNT + 5));
        assert!(read[..5].iter().all(|value| *value == 0));
        assert!(read[5..COUNT + 5].iter().enumerate().all(|(at, value)| *value == 3 * at as i32));
        assert_eq!(read[COUNT + 5..], [-1; 4]);
        let mut back = vec![-1; 3 * COUNT];
        file.read_view_all(FilePosition::At(5), &mut every_third.view(&mut back[..], COUNT).unwrap())
            .unwrap();
        assert!(back.iter().zip(0..).all(|(value, at)| *value == if at % 3 == 0 { at } else { -1 }));
        file.close().unwrap();
    });
}

#[test]
fn one_pointer_is_shared_by_all() {
    everywhere(4, |world| {
        let (rank, file) = (world.rank(), fresh(world, "shared"));
        let number = Datatype::of::<i32>();
        file.set_view(&FileView::new(0, &number, &number), &Info::new()).unwrap();
        // In the order of ranks, with lengths of their own.
        file.write_all(FilePosition::Shared, &vec![rank; rank as usize + 1][..]).unwrap();
        assert_eq!(file.shared_position().unwrap(), 10);
        file.sync().unwrap();
        assert_eq!(content(&file), [0, 1, 1, 2, 2, 2, 3, 3, 3, 3]);
        world.barrier().unwrap();
        // In any order, but each once.
        for _ in 0..20 {
            file.write(FilePosition::Shared, &[100 + rank]).unwrap();
        }
        file.sync().unwrap();
        for each in 0..4 {
            assert_eq!(content(&file)[10..].iter().filter(|value| **value == 100 + each).count(), 20);
        }
        file.seek_shared(SeekFrom::Start(1)).unwrap();
        let mut read = vec![-1; rank as usize];
        file.read_all(FilePosition::Shared, &mut read[..]).unwrap();
        assert_eq!(read, [[].as_slice(), &[1], &[1, 2], &[2, 2, 3]][rank as usize]);
        file.seek_shared(SeekFrom::End(-2)).unwrap();
        assert_eq!(file.shared_position().unwrap(), 88);
        let error = file.seek_shared(SeekFrom::Current(-100)).unwrap_err();
        assert_eq!(error.class(), ErrorClass::Arg);
        let error = file.seek_shared(SeekFrom::Start(rank as u64)).unwrap_err();
        assert_eq!(error.class(), ErrorClass::NotSame);
        // One who cannot holds nobody up, and the pointer stays.
        let before = file.shared_position().unwrap();
        world.barrier().unwrap();
        let odd = if rank == 3 { &[0_u8; 5][..] } else { &[0; 4] };
        let error = file.write_all(FilePosition::Shared, odd).unwrap_err();
        assert_eq!(error.class(), ErrorClass::Arg);
        assert_eq!(file.shared_position().unwrap(), before);
        if rank == 2 {
            file.excuse(FilePosition::Shared, ErrorClass::Count);
        } else {
            let error = file.read_all(FilePosition::Shared, &mut [0; 1]).unwrap_err();
            assert_eq!(error.class(), ErrorClass::Count);
        }
        file.set_view(&FileView::default(), &Info::new()).unwrap();
        assert_eq!(file.shared_position().unwrap(), 0);
        file.close().unwrap();
    });
}

#[test]
fn modes_say_what_may_be_done() {
    everywhere(2, |world| {
        let path = name("modes");
        let mode = FileMode::WRITE_ONLY | FileMode::CREATE | FileMode::SEQUENTIAL;
        let file = File::open(world, &path, mode, &Info::new()).unwrap();
        let class = |result: Result<_, FileError>| result.unwrap_err().class();
        file.write_all(FilePosition::Shared, &[world.rank() as u8; 3]).unwrap();
        assert_eq!(class(file.write(FilePosition::Own, &[0_u8])), ErrorClass::UnsupportedOperation);
        assert_eq!(class(file.write(FilePosition::At(0), &[0_u8])), ErrorClass::UnsupportedOperation);
        assert_eq!(class(file.read(FilePosition::Shared, &mut [0_u8])), ErrorClass::Access);
        assert!(file.seek(SeekFrom::Start(0)).is_err() && file.byte_offset(0).is_err());
        let byte = Datatype::of::<u8>();
        let current = FileView::new(FileView::CURRENT, &byte, &byte);
        file.set_view(&current, &Info::new()).unwrap();
        assert_eq!((file.view().displacement(), file.shared_position().unwrap()), (6, 0));
        file.close().unwrap();

        // All pointers begin at the end.
        let mode = FileMode::READ_WRITE | FileMode::APPEND | FileMode::DELETE_ON_CLOSE;
        let file = File::open(world, &path, mode, &Info::new()).unwrap();
        assert_eq!((file.position().unwrap(), file.shared_position().unwrap()), (6, 6));
        file.write_all(FilePosition::Shared, &[7_u8]).unwrap();
        file.sync().unwrap();
        let mut all = [0_u8; 9];
        assert_eq!(file.read(FilePosition::At(0), &mut all).unwrap().bytes(), 8);
        assert_eq!(all[..8], [0, 0, 0, 1, 1, 1, 7, 7]);
        assert_eq!(class(file.read(FilePosition::At(-1), &mut all)), ErrorClass::Arg);
        assert!(file.set_view(&current, &Info::new()).is_err());
        file.close().unwrap();
    });
}

#[test]
fn external32_is_big_endian_and_atomic_accesses_come_one_by_one() {
    everywhere(3, |world| {
        let file = fresh(world, "external");
        let long = Datatype::basic(Basic::C_LONG);
        let view = FileView::new(4, &long, &long).represented(Representation::External32);
        file.set_view(&view, &Info::new()).unwrap();
        assert_eq!((file.extent_of(&long).unwrap(), file.byte_offset(2).unwrap()), (4, 12));
        if world.rank() == 0 {
            let memory = [1_i64, -2, 1 << 40];
            let longs = |count| long.view(&memory[..], count).unwrap();
            assert_eq!(file.write_view(FilePosition::At(0), &longs(2)).unwrap().bytes(), 16);
            let error = file.write_view(FilePosition::At(0), &longs(3)).unwrap_err();
            assert_eq!(error.class(), ErrorClass::Conversion);
            assert_eq!(std::fs::read(file.path()).unwrap()[4..], [0, 0, 0, 1, 0xff, 0xff, 0xff, 0xfe]);
            let mut back = [0_i64; 3];
            let status =
                file.read_view(FilePosition::Own, &mut long.view(&mut back[..], 3).unwrap()).unwrap();
            assert_eq!((status.bytes(), back), (16, [1, -2, 0]));
        }
        file.set_view(&FileView::default(), &Info::new()).unwrap();

        // What one writes in two runs, nobody sees half of.
        file.set_atomicity(true).unwrap();
        let halves = Datatype::of::<u8>().vector(2, 100, 5000).unwrap();
        file.set_view(&FileView::new(0, &Datatype::of::<u8>(), &halves), &Info::new()).unwrap();
        file.write_all(FilePosition::At(0), &[9_u8; 200]).unwrap();
        for round in 0..200 {
            file.write(FilePosition::At(0), &[round as u8; 200]).unwrap();
            let mut all = [0_u8; 200];
            file.read(FilePosition::At(0), &mut all).unwrap();
            assert!(all.iter().all(|byte| *byte == all[0]), "{all:?}");
        }
        file.close().unwrap();
    });
}
