//! Percentiles, and the record of a figure.

/// One figure's samples at one size.
pub(crate) struct Samples<'a> {
    /// The figure's name.
    pub(crate) figure: &'a str,
    /// Bytes, depth, laps or elements.
    pub(crate) size: usize,
    /// How many ranks took part.
    pub(crate) ranks: i32,
    /// The unit of the samples.
    pub(crate) unit: &'a str,
    /// Whether more is better (a rate) or less (a time).
    pub(crate) higher_is_better: bool,
}

impl Samples<'_> {
    /// Writes one line to standard output. `p02` is always the good end: of a rate it is the 98th percentile,
    /// which is the 2nd of the time that it was made from; `max` is always the bad end.
    pub(crate) fn emit(&self, mut samples: Vec<f64>) {
        samples.sort_by(f64::total_cmp);
        let count = samples.len();
        let low = (0.02 * (count - 1) as f64 + 0.5) as usize;
        let (good, bad) = if self.higher_is_better { (count - 1 - low, 0) } else { (low, count - 1) };
        println!(
            "{{\"figure\":\"{}\",\"size\":{},\"ranks\":{},\"median\":{:.6},\"p02\":{:.6},\"max\":{:.6},\
             \"unit\":\"{}\",\"samples\":{count}}}",
            self.figure,
            self.size,
            self.ranks,
            median(&samples),
            samples[good],
            samples[bad],
            self.unit,
        );
    }
}

/// The middle of sorted samples.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) }
}
