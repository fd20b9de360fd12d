//! The lines of PMI-1: bytes to [`Message`]s and back. Checked once here, never trusted again.
//!
//! A message is one line `cmd=NAME key=value key=value\n`, its keys in any order. One kind takes several
//! lines: `mcmd=NAME\n`, one `key=value` a line, then `endcmd\n`; there a value runs to the end of its line
//! and may hold spaces. Every function here is total: whatever a peer sends gives a message or a
//! [`WireError`], never a panic and never more memory than [`MAX_LINE`] and [`MAX_BLOCK`] allow.

use std::fmt::Write as _;

use thiserror::Error;

/// The longest line that a client may send so that every known launcher answers: Slurm's plugin reads a
/// request with one call of 1,024 bytes, and leaves longer ones unanswered.
pub const MAX_REQUEST: usize = 1023;

/// The longest line that [`Decoder`] accepts. Twice what the protocol's own maxima (a name of 256 bytes, a
/// key of 64, a value of 1,024) add up to.
pub const MAX_LINE: usize = 4096;

/// The longest line inside a multi-line block, where a line carries one argument of a program.
pub const MAX_BLOCK_LINE: usize = 128 * 1024;

/// The longest multi-line block that [`Decoder`] accepts.
pub const MAX_BLOCK: usize = 1024 * 1024;

/// One message: its command and its fields, in the order in which they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    command: String,
    fields: Vec<(String, String)>,
}

/// Why bytes are no message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WireError {
    /// The line does not begin with `cmd=` or `mcmd=`.
    #[error("a PMI line does not begin with cmd= or mcmd=: {0:?}")]
    NoCommand(String),
    /// The bytes are not UTF-8 text, or hold a control character.
    #[error("a PMI line holds bytes that are not text")]
    NotText,
    /// A line of a multi-line block has no `=`.
    #[error("a line of a PMI block has no '=': {0:?}")]
    NoValue(String),
    /// No end of line came within the limit.
    #[error("a PMI message is longer than {0} bytes")]
    TooLong(usize),
}

impl Message {
    /// A message with this command and no field.
    pub fn new(command: &str) -> Self {
        Message { command: command.to_owned(), fields: Vec::new() }
    }

    /// The same message with one more field.
    pub fn with(mut self, key: &str, value: impl ToString) -> Self {
        self.fields.push((key.to_owned(), value.to_string()));
        self
    }

    /// What follows `cmd=` or `mcmd=`.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// The value of the first field with this key.
    pub fn field(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// The value of the first field with this key, as a number; `None` if it is absent or no number.
    pub fn number(&self, key: &str) -> Option<i64> {
        self.field(key)?.trim().parse().ok()
    }

    /// True unless the message says that something failed. Several replies of hydra 4 carry no `rc` at all,
    /// and Slurm says `info=ok` instead; an absent code is a success.
    pub fn succeeded(&self) -> bool {
        let code = self.field("rc").is_none_or(|rc| rc.trim() == "0");
        code && self.field("info").is_none_or(|info| info == "ok")
    }

    /// The message as one line, its end included.
    pub fn to_line(&self) -> Vec<u8> {
        let mut line = format!("cmd={}", self.command);
        for (key, value) in &self.fields {
            // Writing into a String cannot fail.
            let _ = write!(line, " {key}={value}");
        }
        line.push('\n');
        line.into_bytes()
    }

    /// Parses one line (with or without its end). A word without `=` continues the value before it, since
    /// free text in `msg=` fields holds spaces.
    pub fn parse(line: &[u8]) -> Result<Self, WireError> {
        let line = text(line)?;
        let mut fields: Vec<(String, String)> = Vec::new();
        for word in line.split(' ').filter(|word| !word.is_empty()) {
            match (word.split_once('='), fields.last_mut()) {
                (Some((key, value)), _) if !key.is_empty() => fields.push((key.to_owned(), value.to_owned())),
                (_, Some((_, value))) => {
                    value.push(' ');
                    value.push_str(word);
                }
                (_, None) => return Err(WireError::NoCommand(excerpt(line))),
            }
        }
        match fields.iter().position(|(key, _)| key == "cmd") {
            Some(at) => {
                let (_, command) = fields.remove(at);
                Ok(Message { command, fields })
            }
            None => Err(WireError::NoCommand(excerpt(line))),
        }
    }

    /// Parses a block from its `mcmd=` line up to, but without, its `endcmd` line.
    fn parse_block(block: &[u8]) -> Result<Self, WireError> {
        let mut message: Option<Message> = None;
        for line in block.split(|byte| *byte == b'\n') {
            let line = text(line)?;
            if line.is_empty() {
                continue;
            }
            let pair = line.split_once('=');
            match (&mut message, pair) {
                (None, Some(("mcmd", command))) => message = Some(Message::new(command)),
                (None, _) => return Err(WireError::NoCommand(excerpt(line))),
                (Some(message), Some((key, value))) => {
                    message.fields.push((key.to_owned(), value.to_owned()));
                }
                (Some(_), None) => return Err(WireError::NoValue(excerpt(line))),
            }
        }
        message.ok_or_else(|| WireError::NoCommand(String::new()))
    }
}

/// Cuts a stream of bytes into messages.
///
/// After an error the decoder stays with it: there is no telling where the next message would begin.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// How much of `buffer` was already given out as messages.
    taken: usize,
    /// How much of a block that is not whole yet was already cut into lines.
    scanned: usize,
    failed: Option<WireError>,
}

impl Decoder {
    /// A decoder that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what came from the peer. Call [`Decoder::next`] until it gives `None` before adding more, so that
    /// the limits hold.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.buffer.drain(..self.taken);
            self.taken = 0;
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next whole message, `None` if more bytes are needed.
    #[expect(clippy::should_implement_trait, reason = "an iterator would end for good at its first None")]
    pub fn next(&mut self) -> Option<Result<Message, WireError>> {
        if let Some(error) = &self.failed {
            return Some(Err(error.clone()));
        }
        let parsed = self.cut();
        if let Some(Err(error)) = &parsed {
            self.failed = Some(error.clone());
            self.buffer = Vec::new();
            self.taken = 0;
        }
        parsed
    }

    fn cut(&mut self) -> Option<Result<Message, WireError>> {
        let rest = self.buffer.get(self.taken..).unwrap_or_default();
        let block = rest.starts_with(b"mcmd=");
        let limit = if block { MAX_BLOCK_LINE } else { MAX_LINE };
        let mut start = if block { self.scanned } else { 0 };
        loop {
            let line = match line_at(rest, start, limit) {
                Ok(Some(line)) => line,
                Ok(None) if start > MAX_BLOCK => return Some(Err(WireError::TooLong(MAX_BLOCK))),
                Ok(None) => {
                    self.scanned = start;
                    return None;
                }
                Err(error) => return Some(Err(error)),
            };
            let end = start + line.len() + 1;
            if !block {
                self.taken += end;
                return Some(Message::parse(line));
            }
            if end > MAX_BLOCK {
                return Some(Err(WireError::TooLong(MAX_BLOCK)));
            }
            if line == b"endcmd" {
                let message = Message::parse_block(rest.get(..start).unwrap_or_default());
                self.taken += end;
                self.scanned = 0;
                return Some(message);
            }
            start = end;
        }
    }
}

/// The line that begins at `start`, without its end; `None` if its end has not come yet.
fn line_at(bytes: &[u8], start: usize, limit: usize) -> Result<Option<&[u8]>, WireError> {
    let rest = bytes.get(start..).unwrap_or_default();
    match rest.iter().take(limit).position(|byte| *byte == b'\n') {
        Some(length) => Ok(rest.get(..length)),
        None if rest.len() >= limit => Err(WireError::TooLong(limit)),
        None => Ok(None),
    }
}

fn text(line: &[u8]) -> Result<&str, WireError> {
    let line = std::str::from_utf8(line).map_err(|_| WireError::NotText)?;
    let line = line.trim_end_matches(['\n', '\r']);
    if line.chars().any(|c| c.is_control() && c != '\t') { Err(WireError::NotText) } else { Ok(line) }
}

/// The beginning of a line, for an error message.
fn excerpt(line: &str) -> String {
    line.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_replies_of_real_launchers_are_understood() {
        // hydra 4.0.2: the code last, a text, parentheses in the value.
        let reply = Message::parse(b"cmd=get_result rc=0 msg=success value=(vector,(0,1,1))\n").unwrap();
        assert_eq!(
            (reply.command(), reply.field("value"), reply.succeeded()),
            ("get_result", Some("(vector,(0,1,1))"), true)
        );
        // hydra 4.0.2: no code at all.
        let reply = Message::parse(b"cmd=maxes kvsname_max=256 keylen_max=64 vallen_max=1024\n").unwrap();
        assert_eq!((reply.number("keylen_max"), reply.succeeded()), (Some(64), true));
        // hydra 4.0.2 and Slurm on a missing key.
        let reply = Message::parse(b"cmd=get_result rc=-1 msg=key_k_not_found value=unknown\n").unwrap();
        assert!(!reply.succeeded());
        assert!(!Message::parse(b"cmd=get_result rc=1\n").unwrap().succeeded());
        assert!(!Message::parse(b"cmd=lookup_result info=fail\n").unwrap().succeeded());
        // hydra 5.0.2.
        let reply = Message::parse(b"cmd=barrier_out tag=0\n").unwrap();
        assert_eq!((reply.command(), reply.succeeded()), ("barrier_out", true));
    }

    #[test]
    fn keys_come_in_any_order_and_text_may_hold_spaces() {
        let message = Message::parse(b"rc=0 msg=all is well  cmd=put_result x==").unwrap();
        assert_eq!(message.command(), "put_result");
        assert_eq!((message.field("msg"), message.field("x")), (Some("all is well"), Some("=")));
    }

    #[test]
    fn a_spawn_block_is_one_message() {
        let mut decoder = Decoder::new();
        decoder.push(b"cmd=barrier_in\nmcmd=spawn\nnprocs=1\narg1=a b=c\n");
        assert_eq!(decoder.next().unwrap().unwrap().command(), "barrier_in");
        assert_eq!(decoder.next(), None);
        decoder.push(b"argcnt=1\nendcmd\ncmd=final");
        let spawn = decoder.next().unwrap().unwrap();
        assert_eq!(
            (spawn.command(), spawn.field("arg1"), spawn.number("argcnt")),
            ("spawn", Some("a b=c"), Some(1))
        );
        assert_eq!(decoder.next(), None);
    }

    #[test]
    fn what_is_no_message_is_an_error_and_stays_one() {
        let cases: [(&[u8], WireError); 4] = [
            (b"hello\n", WireError::NoCommand("hello".into())),
            (b"\n", WireError::NoCommand(String::new())),
            (b"cmd=\xff\n", WireError::NotText),
            (b"mcmd=spawn\nnprocs\nendcmd\n", WireError::NoValue("nprocs".into())),
        ];
        for (bytes, error) in cases {
            let mut decoder = Decoder::new();
            decoder.push(bytes);
            assert_eq!(decoder.next(), Some(Err(error.clone())));
            decoder.push(b"cmd=init\n");
            assert_eq!(decoder.next(), Some(Err(error)));
        }
    }

    #[test]
    fn a_line_without_end_is_refused_at_the_limit() {
        let mut decoder = Decoder::new();
        decoder.push(&vec![b'a'; MAX_LINE - 1]);
        assert_eq!(decoder.next(), None);
        decoder.push(b"a");
        assert_eq!(decoder.next(), Some(Err(WireError::TooLong(MAX_LINE))));

        let mut decoder = Decoder::new();
        decoder.push(b"mcmd=spawn\n");
        let line = [b"arg1=".as_slice(), &[b'x'; 1000], b"\n"].concat();
        let mut refused = None;
        for _ in 0..MAX_BLOCK / 1000 {
            decoder.push(&line);
            refused = refused.or(decoder.next());
        }
        assert_eq!(refused, Some(Err(WireError::TooLong(MAX_BLOCK))));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(chunks in proptest::collection::vec(
            prop_oneof![
                any::<Vec<u8>>(),
                "(cmd=|mcmd=|endcmd|[a-z]{1,3}=| |\n|=|x){0,12}".prop_map(String::into_bytes),
            ], 0..8)) {
            let mut decoder = Decoder::new();
            for chunk in chunks {
                decoder.push(&chunk);
                while let Some(Ok(_)) = decoder.next() {}
            }
        }

        #[test]
        fn what_is_written_is_read_back(
            command in "[a-z_]{1,12}",
            fields in proptest::collection::vec(("[a-z0-9_]{1,8}", "[!-~]{0,40}"), 0..6),
            cuts in proptest::collection::vec(0usize..200, 0..4),
        ) {
            let fields: Vec<_> = fields.into_iter().filter(|(key, _)| key != "cmd").collect();
            let message = fields.iter().fold(Message::new(&command), |m, (k, v)| m.with(k, v));
            let line = message.to_line();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(line.len())).collect();
            cuts.push(line.len());
            cuts.sort_unstable();
            let mut decoder = Decoder::new();
            let (mut start, mut seen) = (0, Vec::new());
            for cut in cuts {
                decoder.push(&line[start..cut]);
                start = cut;
                while let Some(next) = decoder.next() {
                    seen.push(next.unwrap());
                }
            }
            prop_assert_eq!(seen, vec![message]);
        }
    }
}
