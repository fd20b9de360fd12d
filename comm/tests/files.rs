//! Files that ranks open together.

mod harness;

use std::path::PathBuf;

use harness::run;
use olympi_comm::{Communicator, ErrorClass, File, FileError, FileMode, Info};

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
