//! From the launcher to a membership: rank, size, secret, and where the others are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use olympi_coll::Nodes;
use olympi_pmi::{Job, PmiError};
use olympi_transport::{Config, Directory, LookupError, Membership};
use olympi_transport_api::Peer;

use crate::error::InitError;

const SECRET_KEY: &str = "olympi-secret";
/// How long the end of the last fence goes unseen at most, where a look-up came across it.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// This process's line to its launcher.
pub(crate) struct Bootstrap {
    job: Arc<Mutex<Job>>,
}

impl Bootstrap {
    pub(crate) fn from_env() -> Result<Self, InitError> {
        Ok(Self { job: Arc::new(Mutex::new(Job::from_env()?)) })
    }

    fn job(&self) -> MutexGuard<'_, Job> {
        locked(&self.job)
    }

    /// Who we are. Under a launcher that hands out no secret (any but our own), rank 0 makes one and the
    /// key-value space carries it: it is as private as that space is.
    pub(crate) fn membership(&mut self) -> Result<Membership, InitError> {
        let mut job = self.job();
        let (me, size) = (number(job.rank())?, number(job.size())?.0);
        let handed_out = job.secret();
        let secret = handed_out.map_or_else(|| share_secret(&mut job, me), Ok)?;
        Ok(Membership { me, size, secret })
    }

    /// What the launcher knows of this host and the environment's settings do not say.
    pub(crate) fn locate(&self, config: &mut Config) {
        let job = self.job();
        config.local_size = config.local_size.or(job.local_size().and_then(|size| u32::try_from(size).ok()));
        config.oversubscribed = config.oversubscribed.or(job.oversubscribed());
    }

    /// Which rank lives on which node, if the launcher tells; whether it is true matters to speed alone.
    pub(crate) fn nodes(&self) -> Option<Nodes> {
        let mut job = self.job();
        let size = job.size();
        let mapping = job.process_mapping().ok().flatten()?;
        Nodes::of(&mapping.hosts_of(size))
    }

    /// Tells everyone how to reach us, and waits until all have.
    pub(crate) fn publish(&self, address: &[u8]) -> Result<(), InitError> {
        let mut job = self.job();
        if job.size() > 1 {
            let key = address_key(number(job.rank())?);
            job.put_blob(&key, address).map_err(missing(&key))?;
            job.fence().map_err(missing(&key))?;
        }
        Ok(())
    }

    /// Where the others are found, lazily: a rank that is never written to is never looked up. That goes on until
    /// [`leave`](Self::leave) comes back: a rank that has sent us something which nobody will receive wants an answer,
    /// or it cannot leave either.
    pub(crate) fn directory(&self) -> Box<dyn Directory> {
        Box::new(KeyValueSpace { job: Arc::clone(&self.job) })
    }

    /// Waits until every rank is here, and takes leave of the launcher. Errors have no one to go to: a launcher that
    /// is gone ends the job by itself.
    pub(crate) fn leave(&self) {
        if let Err(error) = self.wait_for_all() {
            tracing::debug!("leaving the job: {error}");
        }
        if let Err(error) = self.job().finalize() {
            tracing::debug!("leaving the job: {error}");
        }
    }

    /// The last fence. The job is not held meanwhile, so that others can be looked up.
    fn wait_for_all(&self) -> Result<(), PmiError> {
        let watch = {
            let mut job = self.job();
            if job.size() == 1 {
                return Ok(());
            }
            job.begin_fence()?;
            job.watch()
        };
        let Some(watch) = watch else { return self.job().fence() };
        while !self.job().fence_is_over()? {
            watch.wait(LOOK_AGAIN);
        }
        Ok(())
    }

    /// How many processes there could be, if the launcher tells.
    pub(crate) fn universe_size(&self) -> Option<i32> {
        self.job().universe_size().ok()?.and_then(|size| i32::try_from(size).ok())
    }

    /// Which of several programs this process runs, if the launcher tells.
    pub(crate) fn appnum(&self) -> Option<i32> {
        self.job().appnum().ok()?.and_then(|number| i32::try_from(number).ok())
    }

    /// The number of the host of each rank, if the launcher tells.
    pub(crate) fn hosts(&self, ranks: u32) -> Option<Vec<u32>> {
        Some(self.job().process_mapping().ok()??.hosts_of(ranks as usize))
    }

    /// How the whole job is ended.
    pub(crate) fn ending(&self) -> Ending {
        Ending { job: Arc::clone(&self.job) }
    }
}

/// The way to end the whole job at once.
pub(crate) struct Ending {
    job: Arc<Mutex<Job>>,
}

impl Ending {
    pub(crate) fn abort(&self, code: i32) -> ! {
        let mut job = locked(&self.job);
        let why = format!("rank {} called abort({code})", job.rank());
        job.abort(code, &why)
    }
}

struct KeyValueSpace {
    job: Arc<Mutex<Job>>,
}

impl Directory for KeyValueSpace {
    fn address(&mut self, peer: Peer) -> Result<Vec<u8>, LookupError> {
        let mut job = locked(&self.job);
        let key = address_key(peer);
        match job.get_blob(&key) {
            Ok(Some(address)) => Ok(address),
            Ok(None) => Err(LookupError { peer, detail: format!("the launcher does not know {key}") }),
            Err(error) => Err(LookupError { peer, detail: error.to_string() }),
        }
    }
}

fn locked(job: &Mutex<Job>) -> MutexGuard<'_, Job> {
    job.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the job's secret on rank 0, and fetches it on the others.
fn share_secret(job: &mut Job, me: Peer) -> Result<[u8; 32], InitError> {
    let mut secret = [0; 32];
    if me.0 == 0 {
        getrandom::fill(&mut secret).map_err(|error| InitError::Random(error.to_string()))?;
    }
    if job.size() == 1 {
        return Ok(secret);
    }
    if me.0 == 0 {
        job.put_blob(SECRET_KEY, &secret).map_err(missing(SECRET_KEY))?;
    }
    job.fence().map_err(missing(SECRET_KEY))?;
    fetch(job, SECRET_KEY)?.try_into().map_err(|bytes: Vec<u8>| InitError::Missing {
        key: SECRET_KEY.into(),
        detail: format!("{} bytes instead of 32", bytes.len()),
    })
}

fn address_key(peer: Peer) -> String {
    format!("olympi-address-{}", peer.0)
}

/// A rank or a size as peers are numbered.
fn number(launcher: usize) -> Result<Peer, InitError> {
    u32::try_from(launcher).ok().filter(|&n| i32::try_from(n).is_ok()).map(Peer).ok_or_else(|| {
        InitError::Missing {
            key: "rank and size".into(),
            detail: format!("{launcher}, which is more than an MPI rank can be"),
        }
    })
}

fn fetch(job: &mut Job, key: &str) -> Result<Vec<u8>, InitError> {
    match job.get_blob(key) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(InitError::Missing { key: key.into(), detail: "nothing".into() }),
        Err(error) => Err(missing(key)(error)),
    }
}

fn missing<E: ToString>(key: &str) -> impl FnOnce(E) -> InitError {
    let key = key.to_owned();
    move |error| InitError::Missing { key, detail: error.to_string() }
}
