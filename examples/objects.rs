//! Objects of every kind between processes: a master hands out tasks and collects the answers.
//! Run: `cargo mpiexec -n 4 --example objects`

use std::collections::BTreeMap;

use olympi::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Debug)]
enum Task {
    Count { text: String },
    Stop,
}

#[derive(Serialize, Deserialize, Debug)]
struct Answer {
    worker: i32,
    letters: BTreeMap<char, usize>,
}

const TEXTS: [&str; 5] = ["send any object", "receive any object", "a map", "an enum", "a struct of both"];

fn main() -> Result<(), olympi::Error> {
    let universe = olympi::init()?;
    let comm = universe.world();
    if comm.size() == 1 {
        println!("start at least two processes: one hands out tasks, the others do them");
    } else if comm.rank() == 0 {
        master(comm)?;
    } else {
        worker(comm)?;
    }
    Ok(())
}

fn master(comm: &Communicator) -> Result<(), olympi::Error> {
    let mut tasks = TEXTS.iter().map(|text| Task::Count { text: (*text).into() });
    let mut working = 0;
    for worker in 1..comm.size() {
        let task = tasks.next().unwrap_or(Task::Stop);
        working += i32::from(matches!(task, Task::Count { .. }));
        comm.send_object(&task, worker, 0)?;
    }
    let mut letters = BTreeMap::new();
    while working > 0 {
        let (answer, status) = comm.recv_object::<Answer>(ANY_SOURCE, 0)?;
        assert_eq!(answer.worker, status.source());
        for (letter, count) in answer.letters {
            *letters.entry(letter).or_insert(0) += count;
        }
        let task = tasks.next().unwrap_or(Task::Stop);
        working -= i32::from(matches!(task, Task::Stop));
        comm.send_object(&task, status.source(), 0)?;
    }
    println!("letters in {} texts: {letters:?}", TEXTS.len());
    Ok(())
}

fn worker(comm: &Communicator) -> Result<(), olympi::Error> {
    while let (Task::Count { text }, _) = comm.recv_object(0, 0)? {
        let mut letters = BTreeMap::new();
        for letter in text.chars().filter(|c| c.is_alphabetic()) {
            *letters.entry(letter).or_insert(0) += 1;
        }
        comm.send_object(&Answer { worker: comm.rank(), letters }, 0, 0)?;
    }
    Ok(())
}
