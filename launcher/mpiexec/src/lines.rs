//! Many streams into one, by whole lines: a value without I/O.
//!
//! A line goes on when its end has come, so that lines of different ranks never mix. A line longer than
//! [`MAX_LINE`] goes on in parts; meanwhile the lines of others wait, until one of them has as much waiting,
//! for a rank may be waiting for the very one that we keep. Then, and after a stream that ended in
//! the middle of a line, a line end is put between the two.

/// A line up to this length, in bytes, is kept until it is whole.
pub(crate) const MAX_LINE: usize = 1 << 20;

/// Joins streams into one.
pub(crate) struct Joiner {
    labels: bool,
    streams: Vec<Stream>,
    /// Who wrote the last byte that was no line end.
    owner: Option<Owner>,
}

struct Stream {
    rank: usize,
    open: bool,
    buffer: Vec<u8>,
    /// How much of the buffer is whole lines: all of them when another stream's long line is going on.
    whole: usize,
}

#[derive(Clone, Copy, PartialEq)]
struct Owner {
    stream: usize,
    /// The others wait for the end of the line.
    firm: bool,
}

impl Joiner {
    /// Without streams; with labels each line begins with `[rank] `.
    pub(crate) fn new(labels: bool) -> Self {
        Joiner { labels, streams: Vec::new(), owner: None }
    }

    /// A further stream of this rank; gives its number.
    pub(crate) fn add(&mut self, rank: usize) -> usize {
        self.streams.push(Stream { rank, open: true, buffer: Vec::new(), whole: 0 });
        self.streams.len() - 1
    }

    /// Takes bytes of a stream, and appends to `out` what can go on.
    pub(crate) fn push(&mut self, stream: usize, bytes: &[u8], out: &mut Vec<u8>) {
        let blocked = self.blocked(stream);
        let Some(state) = self.streams.get_mut(stream) else { return };
        let last_end = bytes.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
        if let (Some(end), true, false) = (last_end, state.buffer.is_empty(), blocked) {
            // The usual case copies only the rest of a line to the buffer.
            let (lines, rest) = bytes.split_at(end);
            state.buffer.extend_from_slice(rest);
            self.write(stream, lines, true, out);
        } else {
            if let Some(end) = last_end {
                state.whole = state.buffer.len() + end;
            }
            state.buffer.extend_from_slice(bytes);
            if !blocked {
                self.write_whole(stream, out);
            }
        }
        if self.streams.get(stream).is_some_and(|state| state.buffer.len() > MAX_LINE) {
            self.write_all(stream, true, out);
        }
        self.release(out);
    }

    /// A stream has ended: what remains of it goes on.
    pub(crate) fn close(&mut self, stream: usize, out: &mut Vec<u8>) {
        let Some(state) = self.streams.get_mut(stream) else { return };
        state.open = false;
        self.release(out);
    }

    /// Whether the beginning of a line is kept that nothing keeps back but its missing end.
    pub(crate) fn has_partial(&self) -> bool {
        !self.owner.is_some_and(|owner| owner.firm)
            && self.streams.iter().any(|state| state.buffer.len() > state.whole)
    }

    /// Whether what has gone on so far ends in the middle of a line.
    pub(crate) fn is_mid_line(&self) -> bool {
        self.owner.is_some()
    }

    /// Lets beginnings of lines go on: a question to the user has no line end. For terminals, when nothing has
    /// come for a while.
    pub(crate) fn flush_partials(&mut self, out: &mut Vec<u8>) {
        for stream in 0..self.streams.len() {
            if !self.blocked(stream) {
                self.write_all(stream, false, out);
            }
        }
    }

    /// Whether another stream's line must end first.
    fn blocked(&self, stream: usize) -> bool {
        self.owner.is_some_and(|owner| owner.firm && owner.stream != stream)
    }

    /// After the end of a long line, what waited for it.
    fn release(&mut self, out: &mut Vec<u8>) {
        if let Some(owner) = &mut self.owner {
            owner.firm &= self.streams.get(owner.stream).is_some_and(|state| state.open);
        }
        for stream in 0..self.streams.len() {
            if self.blocked(stream) {
                continue;
            }
            match self.streams.get(stream) {
                Some(state) if !state.open => self.write_all(stream, false, out),
                Some(state) if state.whole > 0 => self.write_whole(stream, out),
                _ => {}
            }
        }
    }

    fn write_whole(&mut self, stream: usize, out: &mut Vec<u8>) {
        let Some(state) = self.streams.get_mut(stream) else { return };
        let whole = std::mem::take(&mut state.whole);
        if whole > 0 {
            let rest = state.buffer.split_off(whole);
            let lines = std::mem::replace(&mut state.buffer, rest);
            self.write(stream, &lines, true, out);
        }
    }

    fn write_all(&mut self, stream: usize, firm: bool, out: &mut Vec<u8>) {
        let Some(state) = self.streams.get_mut(stream) else { return };
        state.whole = 0;
        let bytes = std::mem::take(&mut state.buffer);
        if !bytes.is_empty() {
            self.write(stream, &bytes, firm, out);
        }
    }

    /// Appends bytes of a stream to `out`, on a line of its own or in continuation of its own line.
    fn write(&mut self, stream: usize, bytes: &[u8], firm: bool, out: &mut Vec<u8>) {
        let goes_on = self.owner.is_some_and(|owner| owner.stream == stream);
        if self.owner.is_some() && !goes_on {
            out.push(b'\n');
        }
        if self.labels {
            let rank = self.streams.get(stream).map_or(0, |state| state.rank);
            let label = format!("[{rank}] ");
            for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
                if number > 0 || !goes_on {
                    out.extend_from_slice(label.as_bytes());
                }
                out.extend_from_slice(line);
            }
        } else {
            out.extend_from_slice(bytes);
        }
        let ended = bytes.last() == Some(&b'\n');
        self.owner = if ended { None } else { Some(Owner { stream, firm }) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn joiner(ranks: usize, labels: bool) -> Joiner {
        let mut joiner = Joiner::new(labels);
        for rank in 0..ranks {
            assert_eq!(joiner.add(rank), rank);
        }
        joiner
    }

    fn pushed(joiner: &mut Joiner, stream: usize, text: &str) -> String {
        let mut out = Vec::new();
        joiner.push(stream, text.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    fn closed(joiner: &mut Joiner, stream: usize) -> String {
        let mut out = Vec::new();
        joiner.close(stream, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lines_wait_for_their_end() {
        let mut joiner = joiner(2, true);
        assert_eq!(pushed(&mut joiner, 0, "he"), "");
        assert_eq!(pushed(&mut joiner, 1, "one\ntwo\nth"), "[1] one\n[1] two\n");
        assert_eq!(pushed(&mut joiner, 0, "llo\n"), "[0] hello\n");
        assert_eq!(closed(&mut joiner, 1), "[1] th");
        assert_eq!(pushed(&mut joiner, 0, "x\n"), "\n[0] x\n");
    }

    #[test]
    fn one_stream_passes_unchanged() {
        let mut joiner = joiner(1, false);
        let text = "a\n\nb";
        assert_eq!(pushed(&mut joiner, 0, text) + &closed(&mut joiner, 0), text);
    }

    #[test]
    fn a_long_line_goes_on_in_parts_and_keeps_others_back() {
        let mut joiner = joiner(2, false);
        let long = "x".repeat(MAX_LINE + 1);
        assert_eq!(pushed(&mut joiner, 0, &long), long);
        assert_eq!(pushed(&mut joiner, 1, "other\nrest"), "");
        assert_eq!(pushed(&mut joiner, 0, "end\n"), "end\nother\n");
        assert_eq!(closed(&mut joiner, 1), "rest");
    }

    #[test]
    fn nobody_waits_for_ever() {
        let mut first = joiner(2, true);
        let long = "x".repeat(MAX_LINE + 1);
        pushed(&mut first, 0, &long);
        let waiting = "y\n".repeat(MAX_LINE / 2) + "z\n";
        let out = pushed(&mut first, 1, &waiting);
        assert!(out.starts_with("\n[1] y\n") && out.ends_with("[1] z\n"));
        assert_eq!(pushed(&mut first, 0, "more\n"), "[0] more\n");

        let mut second = joiner(2, false);
        pushed(&mut second, 0, &long);
        assert_eq!(pushed(&mut second, 1, "y\n"), "");
        assert_eq!(closed(&mut second, 0), "\ny\n");
    }

    #[test]
    fn a_question_reaches_the_terminal() {
        let mut joiner = joiner(2, true);
        pushed(&mut joiner, 0, "how many? ");
        assert!(joiner.has_partial());
        let mut out = Vec::new();
        joiner.flush_partials(&mut out);
        assert_eq!(out, b"[0] how many? ");
        assert!(!joiner.has_partial());
        assert_eq!(pushed(&mut joiner, 1, "hello\n"), "\n[1] hello\n");
        assert_eq!(pushed(&mut joiner, 0, "5\n"), "[0] 5\n");
    }

    proptest! {
        /// However the lines are cut and mixed: each comes out whole, in its stream's order.
        #[test]
        fn lines_are_never_torn(
            texts in proptest::collection::vec(proptest::collection::vec("[a-z ]{0,9}", 0..9), 1..5),
            steps in proptest::collection::vec((0usize..5, 1usize..12), 0..60),
            labels: bool,
        ) {
            let mut joiner = joiner(texts.len(), labels);
            let inputs: Vec<Vec<u8>> = texts.iter().enumerate().map(|(rank, lines)| {
                lines.iter().map(|line| format!("{rank}:{line}\n")).collect::<String>().into_bytes()
            }).collect();
            let mut sent = vec![0; texts.len()];
            let mut out = Vec::new();
            for (stream, length) in steps {
                let stream = stream % texts.len();
                let end = (sent[stream] + length).min(inputs[stream].len());
                joiner.push(stream, &inputs[stream][sent[stream]..end], &mut out);
                sent[stream] = end;
            }
            for stream in 0..texts.len() {
                joiner.push(stream, &inputs[stream][sent[stream]..], &mut out);
                joiner.close(stream, &mut out);
            }
            let out = String::from_utf8(out).unwrap();
            for (rank, lines) in texts.iter().enumerate() {
                let prefix = if labels { format!("[{rank}] {rank}:") } else { format!("{rank}:") };
                let came: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix(&prefix)).collect();
                prop_assert_eq!(&came, &lines.iter().map(String::as_str).collect::<Vec<_>>());
            }
            prop_assert_eq!(out.lines().count(), texts.iter().map(Vec::len).sum::<usize>());
        }
    }
}
