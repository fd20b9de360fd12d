//! Ranks inside one process, with a matcher of the simplest sort: by tag.
#![allow(unreachable_pub, dead_code)] // each test crate uses some of it

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use olympi_transport::{
    Accepted, ArrivalId, Closed, Config, Directory, Envelope, Inbox, LookupError, Membership, Mode, Peer,
    Progress, RecvBuf, RecvError, RecvId, SendBuf, SendError, SendId, Sent, StartError,
};

/// Nothing may hang for ever; on a loaded machine everything takes long.
pub const GUARD: Duration = Duration::from_secs(120);

/// Where all ranks of a test publish.
pub type Book = Arc<Mutex<HashMap<Peer, Vec<u8>>>>;

struct Reader(Book);

impl Directory for Reader {
    fn address(&mut self, peer: Peer) -> Result<Vec<u8>, LookupError> {
        let found = self.0.lock().unwrap().get(&peer).cloned();
        found.ok_or_else(|| LookupError { peer, detail: "it has not published".to_owned() })
    }
}

#[derive(Default)]
pub struct Mail {
    posted: Vec<(i32, RecvId, RecvBuf)>,
    unexpected: Vec<(Envelope, ArrivalId)>,
    pub received: HashMap<u32, Result<(), RecvError>>,
    pub sent: HashMap<u32, Result<(), SendError>>,
    pub closed: Vec<Closed>,
}

impl Inbox for Mail {
    fn arrive(&mut self, _: Peer, envelope: &Envelope, arrival: ArrivalId) -> Option<(RecvId, RecvBuf)> {
        let Some(at) = self.posted.iter().position(|(tag, ..)| *tag == envelope.tag) else {
            self.unexpected.push((*envelope, arrival));
            return None;
        };
        let (_, id, buf) = self.posted.remove(at);
        Some((id, buf))
    }
    fn received(&mut self, recv: RecvId, outcome: Result<(), RecvError>) {
        assert!(self.received.insert(recv.0, outcome).is_none(), "{recv:?} ends once");
    }
    fn sent(&mut self, send: SendId, outcome: Result<(), SendError>) {
        assert!(self.sent.insert(send.0, outcome).is_none(), "{send:?} ends once");
    }
    fn closed(&mut self, closed: &Closed) {
        assert!(self.closed.iter().all(|known| known.peer != closed.peer), "{} is closed once", closed.peer);
        self.closed.push(closed.clone());
    }
}

pub struct Rank {
    pub progress: Progress,
    pub mail: Mail,
    me: u32,
    next: u32,
    began: Instant,
}

/// Configuration with these variables.
pub fn config(variables: &[(&str, &str)]) -> Config {
    let of =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Config::from_variables(of).expect("sound settings")
}

impl Rank {
    pub fn start(me: u32, size: u32, config: Config, book: &Book) -> Result<Self, StartError> {
        let membership = Membership { me: Peer(me), size, secret: [7; 32] };
        let progress = Progress::start(membership, config, Box::new(Reader(Arc::clone(book))))?;
        let address = progress.address();
        assert!(address.len() <= 450, "{} bytes are too many for a key-value space", address.len());
        book.lock().unwrap().insert(Peer(me), address);
        Ok(Self { progress, mail: Mail::default(), me, next: 0, began: Instant::now() })
    }

    /// Some ranks that share a book.
    pub fn some(configs: &[Config]) -> Vec<Self> {
        let (book, size) = (Book::default(), configs.len() as u32);
        let start = |(me, config): (usize, &Config)| Self::start(me as u32, size, config.clone(), &book);
        configs.iter().enumerate().map(|rank| start(rank).expect("starts")).collect()
    }

    pub fn poll(&mut self) -> usize {
        assert!(self.began.elapsed() < GUARD, "this never ends at rank {}", self.me);
        self.progress.poll(&mut self.mail)
    }

    /// Begins a send; the bytes must outlive it.
    pub fn send(&mut self, to: u32, tag: i32, mode: Mode, bytes: &[u8]) -> (u32, Result<Sent, SendError>) {
        self.next += 1;
        let envelope = Envelope { context: 0, source: self.me, tag, signature: 0, len: bytes.len() as u64 };
        // SAFETY: the callers keep the bytes until the send has ended.
        let buf = unsafe { SendBuf::lend(bytes.as_ptr(), bytes.len()) };
        (self.next, self.progress.send(Peer(to), &envelope, mode, buf, SendId(self.next)))
    }

    /// Begins a receive; the bytes must outlive it and stay untouched.
    pub fn receive(&mut self, tag: i32, bytes: &mut [u8]) -> u32 {
        self.next += 1;
        // SAFETY: the callers leave the bytes alone until the receive has ended.
        let buf = unsafe { RecvBuf::lend(bytes.as_mut_ptr(), bytes.len()) };
        let id = RecvId(self.next);
        match self.mail.unexpected.iter().position(|(envelope, _)| envelope.tag == tag) {
            None => self.mail.posted.push((tag, id, buf)),
            Some(at) => {
                let (_, arrival) = self.mail.unexpected.remove(at);
                match self.progress.accept(arrival, id, buf) {
                    Ok(Accepted::Pending) => {}
                    Ok(Accepted::Done) => self.mail.received(id, Ok(())),
                    Err(error) => self.mail.received(id, Err(error)),
                }
            }
        }
        self.next
    }

    pub fn has_unexpected(&self, tag: i32) -> bool {
        self.mail.unexpected.iter().any(|(envelope, _)| envelope.tag == tag)
    }

    pub fn discard(&mut self, tag: i32) {
        let at =
            self.mail.unexpected.iter().position(|(envelope, _)| envelope.tag == tag).expect("it is there");
        let (_, arrival) = self.mail.unexpected.remove(at);
        self.progress.discard(arrival);
    }

    /// Polls, and sleeps when there is nothing to do, until `over` says so.
    pub fn wait(&mut self, over: impl Fn(&Mail) -> bool) {
        let patience = *self.progress.patience();
        let mut spin = patience.begin();
        while !over(&self.mail) {
            if self.poll() > 0 {
                spin = patience.begin();
            } else if !spin.more()
                && let Some(nap) = self.progress.arm()
            {
                nap.sleep(Duration::from_secs(1));
                self.progress.disarm();
            }
        }
    }
}

/// Polls all until `over` says so.
pub fn run(ranks: &mut [Rank], over: impl Fn(&[Rank]) -> bool) {
    while !over(ranks) {
        for rank in &mut *ranks {
            rank.poll();
        }
    }
}

/// The bytes of a test's message.
pub fn pattern(len: usize, salt: usize) -> Vec<u8> {
    (0..len).map(|at| (at.wrapping_mul(7) ^ (at >> 9) ^ salt) as u8).collect()
}
