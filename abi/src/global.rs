//! The one global of the tree: this process's part in MPI, which C's calls do not name.

use std::ffi::c_int;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use olympi_comm::{Job, ThreadLevel, Universe};

use crate::constants::MPI_ERR_OTHER;
use crate::fault::{Fault, Outcome};
use crate::object::{self, CommObject};
use crate::types::Errhandler;

/// What a process has from its first call to its last.
pub struct Process {
    /// The job, as long as the world or a session has a part of it.
    job: Option<Job>,
    /// From `MPI_Init` to `MPI_Finalize`.
    universe: Option<Universe>,
    /// How many sessions are open.
    sessions: usize,
    /// The thread that has initialized MPI.
    main: Option<std::thread::ThreadId>,
}

static PROCESS: Mutex<Process> = Mutex::new(Process { job: None, universe: None, sessions: 0, main: None });

/// Where the world stands: for calls that may not wait for anyone.
static WORLD: AtomicI32 = AtomicI32::new(BEFORE);
const BEFORE: i32 = 0;
const DURING: i32 = 1;
const AFTER: i32 = 2;

/// What becomes of errors while there is no communicator.
static INITIAL: AtomicUsize = AtomicUsize::new(Errhandler::FATAL.0);

fn process() -> MutexGuard<'static, Process> {
    // Each change leaves it consistent.
    PROCESS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What becomes of errors while there is no communicator.
pub fn initial_handler() -> Errhandler {
    Errhandler(INITIAL.load(Ordering::Relaxed))
}

/// Sets it, as the launcher or an info object of the program says.
pub fn set_initial_handler(handler: Errhandler) {
    INITIAL.store(handler.0, Ordering::Relaxed);
}

/// Whether `MPI_Init` has been called.
pub fn is_initialized() -> bool {
    WORLD.load(Ordering::Acquire) != BEFORE
}

/// Whether `MPI_Finalize` has.
pub fn is_finalized() -> bool {
    WORLD.load(Ordering::Acquire) == AFTER
}

/// The error of a call that comes too early or too late.
#[cold]
pub fn not_now() -> Fault {
    let when = match WORLD.load(Ordering::Acquire) {
        BEFORE => "before MPI_Init",
        AFTER => "after MPI_Finalize",
        _ => "at a time when it has no meaning",
    };
    Fault::new(MPI_ERR_OTHER, format!("called {when}"))
}

/// Joins the job, and makes the world (`MPI_Init_thread`).
///
/// # Errors
/// What keeps this process from joining.
pub fn init(level: ThreadLevel) -> Outcome<ThreadLevel> {
    let mut process = process();
    if WORLD.load(Ordering::Acquire) != BEFORE {
        return Err(Fault::new(MPI_ERR_OTHER, "MPI has been initialized already, and can be once"));
    }
    let job = process.join(level)?;
    let universe = job.universe().map_err(olympi_comm::Error::from)?;
    let handler = initial_handler();
    object::set_predefined(
        CommObject::new(universe.world().share(), handler),
        CommObject::new(universe.self_comm().share(), handler),
    );
    let level = job.thread_level();
    process.universe = Some(universe);
    process.main = Some(std::thread::current().id());
    WORLD.store(DURING, Ordering::Release);
    Ok(level)
}

impl Process {
    fn join(&mut self, level: ThreadLevel) -> Outcome<&Job> {
        if self.job.is_none() {
            let job = Job::builder().threads(level).join().map_err(olympi_comm::Error::from)?;
            self.job = Some(job);
        }
        self.job.as_ref().ok_or_else(not_now)
    }
}

/// Ends the world (`MPI_Finalize`). What attributes of `MPI_COMM_SELF` have to do was done before.
///
/// # Errors
/// If there is none.
pub fn finalize() -> Outcome {
    let (universe, job) = {
        let mut process = process();
        let universe = process.universe.take().ok_or_else(not_now)?;
        // A job that sessions have a part of goes on.
        let job = if process.sessions == 0 { process.job.take() } else { None };
        WORLD.store(AFTER, Ordering::Release);
        (universe, job)
    };
    object::clear_predefined();
    drop(universe);
    drop(job);
    Ok(())
}

/// Opens a session.
///
/// # Errors
/// What keeps this process from joining the job.
pub fn open_session(level: ThreadLevel, hints: &olympi_comm::Info) -> Outcome<olympi_comm::Session> {
    let mut process = process();
    let session = process.join(level)?.session_with_info(hints);
    process.sessions += 1;
    Ok(session)
}

/// Ends one. The job stays: a process joins it once, and may open a session again. At its exit it leaves.
pub fn close_session(session: olympi_comm::Session) {
    drop(session);
    let mut process = process();
    process.sessions -= 1;
    if process.sessions == 0 && WORLD.load(Ordering::Acquire) == AFTER {
        let job = process.job.take();
        drop(process);
        drop(job);
    } else if WORLD.load(Ordering::Acquire) == BEFORE {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(|| {
            // SAFETY: a function without arguments.
            unsafe { libc::atexit(leave) };
        });
    }
}

extern "C" fn leave() {
    let job = match PROCESS.try_lock() {
        Ok(mut process) if process.sessions == 0 && process.universe.is_none() => process.job.take(),
        _ => None,
    };
    drop(job);
}

/// Runs something with the job.
///
/// # Errors
/// If this process has no part in one, and those of `body`.
pub fn with_job<R>(body: impl FnOnce(&Job) -> Outcome<R>) -> Outcome<R> {
    let job = process().job.clone().ok_or_else(not_now)?;
    body(&job)
}

/// Whether this is the thread that has initialized MPI.
pub fn is_main_thread() -> bool {
    process().main == Some(std::thread::current().id())
}

/// Ends the job at once.
pub fn abort(code: c_int) -> ! {
    let job = match PROCESS.try_lock() {
        Ok(process) => process.job.clone(),
        Err(_) => None,
    };
    if let Some(job) = job {
        job.abort(code);
    }
    // No part in a job, or in the middle of getting or giving up one.
    std::process::exit(code)
}
