//! The proof: both ends of a new connection show that they hold the job's secret, before anything else.
//!
//! ```text
//! dialling rank                         accepting rank
//!   HELLO   who, to whom, nonce, mac  ->
//!                                     <-  CHALLENGE  nonce, mac over both nonces
//!   PROOF   mac over both nonces      ->
//!        and one byte, USE, from the lower rank
//! ```
//!
//! The macs are HMAC-SHA256 under the secret, each with its own label, over the version of the wire, the size of
//! the job, both ranks (the dialling one first) and the nonces, so none can be replayed, reflected or moved to
//! another pair. A hello carries one as well: who cannot make it gets no answer at all, and who replays a hello
//! gets no further than a challenge that it cannot answer.
//!
//! **One connection a pair.** Both ranks may dial at once, and each may try several addresses. The lower rank
//! decides alone: it says USE on exactly one connection, the first that is proven, and closes the others.
//! Frames flow after USE and never before, so whichever connections lose, nothing was in them.
//!
//! A `Handshake` is a value: bytes in, bytes out, no socket.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use thiserror::Error;

const MAGIC: [u8; 8] = *b"OLYMPI-T";
const VERSION: u16 = 1;
const NONCE: usize = 32;
const MAC: usize = 32;
const USE: u8 = 0x55;

/// Bytes of a hello, the longest message.
pub(crate) const HELLO: usize = 8 + 2 + 2 + 4 + 4 + 4 + NONCE + MAC;
const CHALLENGE: usize = NONCE + MAC;
const PROOF: usize = MAC;
const VERDICT: usize = 1;

/// The job's secret, as this rank holds it.
pub(crate) struct Keys {
    pub(crate) me: u32,
    pub(crate) size: u32,
    pub(crate) secret: [u8; 32],
}

/// A few bytes to send.
pub(crate) struct Message {
    bytes: [u8; HELLO],
    len: usize,
}

impl Message {
    fn new(parts: &[&[u8]]) -> Self {
        let mut message = Self { bytes: [0; HELLO], len: 0 };
        for part in parts {
            message.bytes[message.len..message.len + part.len()].copy_from_slice(part);
            message.len += part.len();
        }
        message
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// What a whole message of the other end leads to.
pub(crate) enum Step {
    /// Send this, and read on.
    Reply(Message),
    /// A rank of this job has said, by itself or through a replay, that it wants this connection. Send this, and
    /// read on.
    Claimed { peer: u32, nonce: [u8; NONCE], reply: Message },
    /// The other end is proven, and waits for, or has sent, USE. The lower rank sends the message, if it wants this
    /// connection, and then both may send frames.
    Ready { peer: u32, message: Option<Message> },
    /// The other end is proven, and the lower rank decides: read on.
    Wait,
}

/// Why the other end is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum HandshakeError {
    /// Not our protocol.
    #[error("what answers there is no rank of an Olympi job")]
    Foreign,
    /// Another version.
    #[error("the other end speaks another version of the wire; use one version of Olympi in a job")]
    Version,
    /// A rank that cannot be.
    #[error("the other end names ranks or a job size that are not of this job")]
    Ranks,
    /// A wrong mac.
    #[error("the other end does not hold this job's secret; it belongs to another job or to none")]
    Proof,
    /// No nonce.
    #[error("the system gave no random bytes for the proof")]
    Random,
    /// Not USE.
    #[error("the other end sent something else than its verdict")]
    Verdict,
}

/// Which message of the other end is awaited.
enum State {
    Hello,
    Challenge,
    Proof,
    Verdict,
}

/// One end of the proof on one connection.
pub(crate) struct Handshake {
    state: State,
    /// The other rank; for one that was accepted, known from its hello on.
    peer: u32,
    dialled: bool,
    /// The dialling rank's nonce and the accepting rank's.
    nonces: [[u8; NONCE]; 2],
    buffer: [u8; HELLO],
    have: usize,
}

impl Handshake {
    /// The end that dials `peer`, with the hello to send.
    pub(crate) fn dial(keys: &Keys, peer: u32) -> Result<(Self, Message), getrandom::Error> {
        let mut this = Self::new(State::Challenge, peer, true);
        getrandom::fill(&mut this.nonces[0])?;
        let mac = this.mac(keys, b"hello").finalize().into_bytes();
        let hello = Message::new(&[
            &MAGIC,
            &VERSION.to_le_bytes(),
            &[0; 2],
            &keys.me.to_le_bytes(),
            &peer.to_le_bytes(),
            &keys.size.to_le_bytes(),
            &this.nonces[0],
            &mac,
        ]);
        Ok((this, hello))
    }

    /// The end that was connected to.
    pub(crate) fn accept() -> Self {
        Self::new(State::Hello, u32::MAX, false)
    }

    fn new(state: State, peer: u32, dialled: bool) -> Self {
        Self { state, peer, dialled, nonces: [[0; NONCE]; 2], buffer: [0; HELLO], have: 0 }
    }

    /// Where the next bytes of the other end go: never more than the message in hand still needs, since frames
    /// may follow it.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        let whole = self.expected();
        &mut self.buffer[self.have..whole]
    }

    /// Notes that `n` bytes of [`room`](Self::room) were filled. `None`: the message is not whole yet.
    pub(crate) fn filled(&mut self, keys: &Keys, n: usize) -> Option<Result<Step, HandshakeError>> {
        self.have += n;
        if self.have < self.expected() {
            return None;
        }
        self.have = 0;
        Some(match self.state {
            State::Hello => self.hello(keys),
            State::Challenge => self.challenge(keys),
            State::Proof => self.proof(keys),
            State::Verdict => self.verdict(),
        })
    }

    fn expected(&self) -> usize {
        match self.state {
            State::Hello => HELLO,
            State::Challenge => CHALLENGE,
            State::Proof => PROOF,
            State::Verdict => VERDICT,
        }
    }

    fn hello(&mut self, keys: &Keys) -> Result<Step, HandshakeError> {
        let bytes = self.buffer;
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        if bytes[..8] != MAGIC {
            return Err(HandshakeError::Foreign);
        }
        if bytes[8..12] != [VERSION.to_le_bytes(), [0; 2]].concat()[..] {
            return Err(HandshakeError::Version);
        }
        let (from, to, size) = (word(12), word(16), word(20));
        if to != keys.me || size != keys.size || from >= keys.size || from == keys.me {
            return Err(HandshakeError::Ranks);
        }
        self.peer = from;
        self.nonces[0].copy_from_slice(&bytes[24..24 + NONCE]);
        let claimed = self.mac(keys, b"hello").verify_slice(&bytes[24 + NONCE..]);
        claimed.map_err(|_| HandshakeError::Proof)?;
        // Only now, so that strangers cost no random bytes.
        getrandom::fill(&mut self.nonces[1]).map_err(|_| HandshakeError::Random)?;
        let mac = self.mac(keys, b"accepting").finalize().into_bytes();
        self.state = State::Proof;
        Ok(Step::Claimed { peer: from, nonce: self.nonces[0], reply: Message::new(&[&self.nonces[1], &mac]) })
    }

    fn challenge(&mut self, keys: &Keys) -> Result<Step, HandshakeError> {
        let (nonce, mac) = self.buffer[..CHALLENGE].split_at(NONCE);
        let mut theirs = [0; NONCE];
        theirs.copy_from_slice(nonce);
        self.nonces[1] = theirs;
        self.mac(keys, b"accepting").verify_slice(mac).map_err(|_| HandshakeError::Proof)?;
        let proof = self.mac(keys, b"dialling").finalize().into_bytes();
        if keys.me < self.peer {
            return Ok(Step::Ready { peer: self.peer, message: Some(Message::new(&[&proof, &[USE]])) });
        }
        self.state = State::Verdict;
        Ok(Step::Reply(Message::new(&[&proof])))
    }

    fn proof(&mut self, keys: &Keys) -> Result<Step, HandshakeError> {
        self.mac(keys, b"dialling").verify_slice(&self.buffer[..PROOF]).map_err(|_| HandshakeError::Proof)?;
        if keys.me < self.peer {
            return Ok(Step::Ready { peer: self.peer, message: Some(Message::new(&[&[USE]])) });
        }
        self.state = State::Verdict;
        Ok(Step::Wait)
    }

    fn verdict(&mut self) -> Result<Step, HandshakeError> {
        if self.buffer[0] != USE {
            return Err(HandshakeError::Verdict);
        }
        Ok(Step::Ready { peer: self.peer, message: None })
    }

    /// The mac over everything that makes this connection what it is.
    fn mac(&self, keys: &Keys, label: &[u8]) -> Hmac<Sha256> {
        let (from, to) = if self.dialled { (keys.me, self.peer) } else { (self.peer, keys.me) };
        let mut mac = Hmac::<Sha256>::new_from_slice(&keys.secret).expect("HMAC takes keys of any length");
        mac.update(&[label.len() as u8]);
        mac.update(label);
        mac.update(&VERSION.to_le_bytes());
        for word in [keys.size, from, to] {
            mac.update(&word.to_le_bytes());
        }
        for nonce in &self.nonces {
            mac.update(nonce);
        }
        mac
    }
}

/// Feeds arbitrary bytes, in pieces of arbitrary lengths, to both ends of a handshake; for fuzzing. Says whether
/// either end believed to be proven, which without the secret must never be.
#[doc(hidden)]
pub fn fuzz_handshake(bytes: &[u8], cut: usize) -> bool {
    let keys = Keys { me: 0, size: 2, secret: [7; 32] };
    let accepting = Some(Handshake::accept());
    let dialling = Handshake::dial(&keys, 1).ok().map(|(end, _)| end);
    for mut end in [accepting, dialling].into_iter().flatten() {
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = end.room();
            let n = room.len().min(rest.len()).min(cut.max(1));
            room[..n].copy_from_slice(&rest[..n]);
            rest = &rest[n..];
            match end.filled(&keys, n) {
                Some(Err(_)) => break,
                Some(Ok(Step::Ready { .. } | Step::Wait)) => return true,
                _ => {}
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(end: &mut Handshake, keys: &Keys, bytes: &[u8]) -> Option<Result<Step, HandshakeError>> {
        let n = bytes.len();
        let room = end.room();
        assert!(room.len() >= n, "a message is never longer than what is awaited");
        room[..n].copy_from_slice(bytes);
        end.filled(keys, n)
    }

    fn keys(me: u32, secret: u8) -> Keys {
        Keys { me, size: 3, secret: [secret; 32] }
    }

    /// Runs both ends to their close, or to the first error.
    fn run(dialler: &Keys, acceptor: &Keys) -> Result<(), HandshakeError> {
        let (mut a, hello) = Handshake::dial(dialler, acceptor.me).unwrap();
        let mut b = Handshake::accept();
        let Step::Claimed { peer, reply, .. } = feed(&mut b, acceptor, hello.bytes()).unwrap()? else {
            panic!("a hello leads to a claim")
        };
        assert_eq!(peer, dialler.me);
        match feed(&mut a, dialler, reply.bytes()).unwrap()? {
            Step::Ready { message: Some(message), .. } => {
                assert!(dialler.me < acceptor.me);
                let (proof, verdict) = message.bytes().split_at(PROOF);
                assert!(matches!(feed(&mut b, acceptor, proof).unwrap()?, Step::Wait));
                assert!(matches!(
                    feed(&mut b, acceptor, verdict).unwrap()?,
                    Step::Ready { message: None, .. }
                ));
            }
            Step::Reply(proof) => {
                assert!(dialler.me > acceptor.me);
                let Step::Ready { message: Some(verdict), .. } =
                    feed(&mut b, acceptor, proof.bytes()).unwrap()?
                else {
                    panic!("the lower rank decides")
                };
                assert!(matches!(feed(&mut a, dialler, verdict.bytes()).unwrap()?, Step::Ready { .. }));
            }
            _ => panic!("a challenge leads to a proof"),
        }
        Ok(())
    }

    #[test]
    fn either_rank_may_dial() {
        assert_eq!(run(&keys(0, 1), &keys(2, 1)), Ok(()));
        assert_eq!(run(&keys(2, 1), &keys(0, 1)), Ok(()));
    }

    #[test]
    fn another_secret_is_refused_at_the_hello() {
        assert_eq!(run(&keys(0, 1), &keys(2, 9)), Err(HandshakeError::Proof));
    }

    #[test]
    fn another_job_size_or_rank_is_refused() {
        let mut other = keys(1, 1);
        other.size = 4;
        assert_eq!(run(&other, &keys(2, 1)), Err(HandshakeError::Ranks));
        assert_eq!(run(&keys(1, 1), &keys(1, 1)), Err(HandshakeError::Ranks));
    }

    #[test]
    fn a_replayed_hello_and_proof_lead_nowhere() {
        let (low, high) = (keys(0, 1), keys(1, 1));
        let (mut a, hello) = Handshake::dial(&high, 0).unwrap();
        let mut first = Handshake::accept();
        let Some(Ok(Step::Claimed { reply, .. })) = feed(&mut first, &low, hello.bytes()) else { panic!() };
        let Some(Ok(Step::Reply(proof))) = feed(&mut a, &high, reply.bytes()) else { panic!() };
        assert!(matches!(feed(&mut first, &low, proof.bytes()), Some(Ok(Step::Ready { .. }))));
        // The same bytes again, to a new connection: its nonce differs.
        let mut second = Handshake::accept();
        assert!(matches!(feed(&mut second, &low, hello.bytes()), Some(Ok(Step::Claimed { .. }))));
        assert!(matches!(feed(&mut second, &low, proof.bytes()), Some(Err(HandshakeError::Proof))));
    }

    #[test]
    fn an_answer_reflected_proves_nothing() {
        // Our own hello, sent back to us by what we dialled, names the wrong ranks; our own challenge is no proof.
        let low = keys(0, 1);
        let (mut a, hello) = Handshake::dial(&low, 1).unwrap();
        assert!(matches!(feed(&mut a, &low, &hello.bytes()[..CHALLENGE]), Some(Err(HandshakeError::Proof))));
        let mut b = Handshake::accept();
        assert!(matches!(feed(&mut b, &low, hello.bytes()), Some(Err(HandshakeError::Ranks))));
    }

    #[test]
    fn every_flipped_bit_of_a_hello_is_noticed() {
        let (low, high) = (keys(0, 1), keys(1, 1));
        let (_, hello) = Handshake::dial(&high, 0).unwrap();
        for bit in 0..HELLO * 8 {
            let mut bytes = hello.bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let mut end = Handshake::accept();
            assert!(matches!(feed(&mut end, &low, &bytes), Some(Err(_))), "bit {bit}");
        }
    }
}
