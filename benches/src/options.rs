//! The command line: the same as that of `compare/bench.c`.

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// What to measure.
    pub(crate) subcommand: String,
    /// Message sizes in bytes, depths, or elements.
    pub(crate) sizes: Vec<usize>,
    /// Samples wanted for a size.
    pub(crate) batches: usize,
    /// Seconds a batch should take.
    pub(crate) batch_time: f64,
    /// Seconds after which a size gets fewer batches.
    pub(crate) limit: f64,
    /// Laps of the token.
    pub(crate) laps: usize,
    /// Each rank must be on a CPU of its own.
    pub(crate) pinned: bool,
    /// Which collectives, with their sizes; all if there is none.
    pub(crate) which: Option<String>,
    /// Measure posted depth.
    pub(crate) posted: bool,
    /// Measure unexpected depth.
    pub(crate) unexpected: bool,
    /// The transports that may be used, instead of those of `OLYMPI_TRANSPORTS`.
    pub(crate) transport: Option<String>,
}

/// How to use it.
pub(crate) const USAGE: &str = "\
usage: olympi-bench SUBCOMMAND [--sizes LIST | --min SIZE --max SIZE] [--batches N] [--batch-time MS] [--limit MS]
                    [--which posted|unexpected|LIST] [--laps N] [--pinned] [--transport LIST]
  latency, bandwidth, bibandwidth   of raw buffers between two ranks
  rate                              8-byte messages a second, pairs of ranks
  matching                          a match behind posted receives; unexpected messages taken newest first
  collectives                       of all ranks: --which barrier,bcast:8:64K names some, with sizes of their own
  pack                              a column of a matrix, beside a loop by hand
  token                             round a ring of all ranks
  memory                            of an idle rank
  pinned                            memory for a connected, silent peer
  object-latency, object-bandwidth  of objects
  object-vec                        a Vec<f64> as an object, beside its parts
  empty                             initializes and finalizes
a transport is shm, verbs, ofi or tcp, or a list of them, as OLYMPI_TRANSPORTS has it
sizes are like 0,8,4K,1M; one JSON line a record on standard output";

impl Options {
    /// Reads the words after the program's name.
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut words = words;
        let subcommand = words.next().ok_or("a subcommand is missing")?;
        let mut options = Self {
            subcommand,
            sizes: Vec::new(),
            batches: 200,
            batch_time: 1.5e-3,
            limit: 1.5,
            laps: 1000,
            pinned: false,
            which: None,
            posted: true,
            unexpected: true,
            transport: None,
        };
        let (mut least, mut most) = (0, 4 << 20);
        while let Some(word) = words.next() {
            if word == "--pinned" {
                options.pinned = true;
                continue;
            }
            let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
            match word.as_str() {
                "--sizes" => options.sizes = value.split(',').map(size_of).collect::<Result<_, _>>()?,
                "--min" => least = size_of(&value)?,
                "--max" => most = size_of(&value)?,
                "--batches" => options.batches = number::<usize>(&word, &value)?.max(1),
                "--batch-time" => options.batch_time = number::<f64>(&word, &value)? / 1e3,
                "--limit" => options.limit = number::<f64>(&word, &value)? / 1e3,
                "--laps" => options.laps = number(&word, &value)?,
                "--transport" => options.transport = Some(value),
                "--which" => {
                    options.posted = value != "unexpected";
                    options.unexpected = value != "posted";
                    options.which = Some(value);
                }
                _ => return Err(format!("unknown option {word}")),
            }
        }
        if options.sizes.is_empty() {
            options.sizes = match options.subcommand.as_str() {
                "matching" => vec![1, 10, 100, 1_000, 10_000],
                "rate" => vec![8],
                "collectives" => vec![8, 64 << 10, 1 << 20],
                "object-vec" => vec![1_000_000],
                _ => range(least, most),
            };
        }
        Ok(options)
    }
}

fn number<T: std::str::FromStr>(option: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{option}: {value} is no number"))
}

/// `64`, `4K` or `1M` as a number.
pub(crate) fn size_of(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(['K', 'k', 'M', 'm']);
    let unit = match &text[digits.len()..] {
        "" => 1,
        "K" | "k" => 1 << 10,
        "M" | "m" => 1 << 20,
        _ => return Err(format!("{text} is no size: expected numbers like 0,8,4K,1M")),
    };
    digits
        .parse::<usize>()
        .map(|n| n * unit)
        .map_err(|_| format!("{text} is no size: expected numbers like 0,8,4K,1M"))
}

/// 0 if it is in the range, then every power of two.
fn range(least: usize, most: usize) -> Vec<usize> {
    let powers = (0..usize::BITS - 1).map(|bit| 1 << bit).take_while(|&size| size <= most);
    let zero = (least == 0).then_some(0);
    zero.into_iter().chain(powers.filter(|&size| size >= least)).collect()
}
