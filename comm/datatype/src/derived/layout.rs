//! What a constructor makes of the layouts of other datatypes.

use super::basic::Basic;
use super::bounds::Bounds;
use super::copy::Copying;
use super::elements::Signature;
use super::program::{Builder, Program};

/// Everything that a datatype means, apart from how it was written.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) bounds: Bounds,
    pub(crate) signature: Signature,
    /// The type map.
    pub(crate) map: Program<Basic>,
    /// The same as bytes.
    pub(crate) copying: Copying,
}

/// The number that does not fit in 63 bits.
pub(crate) type Overflow = &'static str;

const BOUNDS: Overflow = "extent";
const SIZE: Overflow = "size";

impl Layout {
    /// Of nothing.
    pub(crate) const EMPTY: Self = Self {
        bounds: Bounds::NONE,
        signature: Signature::EMPTY,
        map: Program::EMPTY,
        copying: Program::EMPTY,
    };

    /// Of one element.
    pub(crate) fn of(basic: Basic) -> Result<Self, Overflow> {
        let size = i64::try_from(basic.size()).map_err(|_| SIZE)?;
        Ok(Self {
            bounds: Bounds::of(size, basic.align() as i64).ok_or(BOUNDS)?,
            signature: Signature::of(basic),
            map: Program::run(size as u64, basic),
            copying: Program::run(size as u64, ()),
        })
    }

    /// Size of one element in bytes, without gaps.
    pub(crate) fn size(&self) -> u64 {
        self.copying.size
    }

    /// `count` copies, each `stride` bytes behind the one before it.
    pub(crate) fn repeat(&self, count: usize, stride: i64) -> Result<Self, Overflow> {
        let count = count as u64;
        let size = self.size().checked_mul(count).ok_or(SIZE)?;
        i64::try_from(size).map_err(|_| SIZE)?;
        Ok(Self {
            bounds: self.bounds.repeat(count, stride).ok_or(BOUNDS)?,
            signature: if count == 1 { self.signature } else { self.signature.repeat(count) },
            map: self.map.repeat(count, stride),
            copying: self.copying.repeat(count, stride),
        })
    }

    /// `count` copies, one extent apart.
    pub(crate) fn block(&self, count: usize) -> Result<Self, Overflow> {
        self.repeat(count, self.bounds.extent)
    }

    /// The same, moved.
    pub(crate) fn at(self, displacement: i64) -> Result<Self, Overflow> {
        Ok(Self {
            bounds: self.bounds.at(displacement).ok_or(BOUNDS)?,
            signature: self.signature,
            map: self.map.at(displacement),
            copying: self.copying.at(displacement),
        })
    }

    /// Layouts one after the other.
    pub(crate) fn sequence(parts: impl Iterator<Item = Result<Self, Overflow>>) -> Result<Self, Overflow> {
        let (mut bounds, mut signature) = (None::<Bounds>, Signature::EMPTY);
        let (mut map, mut copying) = (Builder::default(), Builder::default());
        let mut size = 0_u64;
        for part in parts {
            let part = part?;
            bounds = Some(match bounds {
                None => part.bounds,
                Some(bounds) => bounds.join(&part.bounds).ok_or(BOUNDS)?,
            });
            size = size.checked_add(part.size()).filter(|&size| i64::try_from(size).is_ok()).ok_or(SIZE)?;
            signature = signature.then(&part.signature);
            map.push(part.map);
            copying.push(part.copying);
        }
        Ok(Self {
            bounds: bounds.unwrap_or(Bounds::NONE),
            signature,
            map: map.finish(),
            copying: copying.finish(),
        })
    }

    /// The same, as that of a datatype.
    pub(crate) fn sealed(self) -> Self {
        Self { bounds: self.bounds.sealed(), ..self }
    }

    /// The same data between other bounds.
    pub(crate) fn resized(self, lb: i64, extent: i64) -> Result<Self, Overflow> {
        Ok(Self { bounds: self.bounds.resized(lb, extent).ok_or(BOUNDS)?, ..self })
    }
}
