//! Views: which bytes of a file a process sees, and in which order (MPI 5.0, section 14.3).

use std::fmt;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use olympi_datatype::Datatype;

use crate::error_class::ErrorClass;
use crate::file::agree::agree_in;
use crate::file::{File, FileError, FileMode};
use crate::info::Info;

/// How values are written in a file (MPI 5.0, section 14.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Representation {
    /// As they are in memory (`"native"`).
    #[default]
    Native,
    /// As this library likes it (`"internal"`): as they are in memory.
    Internal,
    /// As all machines can read it (`"external32"`). Olympi has it for views without gaps.
    External32,
}

impl Representation {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Native, Self::Internal, Self::External32];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Internal => "internal",
            Self::External32 => "external32",
        }
    }
}

/// Which bytes of a file a process sees: from a displacement on, those that the *filetype* has, again and again. Places
/// in the file count in elements of the *etype*, of which the filetype is made.
#[derive(Clone)]
pub struct FileView {
    displacement: i64,
    etype: Datatype,
    filetype: Datatype,
    representation: Representation,
}

impl FileView {
    /// As a displacement: that of the shared pointer, in a file that is accessed in sequence (`MPI_DISPLACEMENT_CURRENT`).
    pub const CURRENT: i64 = -1;

    /// A view: `displacement` bytes from the beginning of the file, and from there the bytes of the filetype.
    pub fn new(displacement: i64, etype: &Datatype, filetype: &Datatype) -> Self {
        let (etype, filetype) = (etype.clone(), filetype.clone());
        Self { displacement, etype, filetype, representation: Representation::Native }
    }

    /// The same with another representation of values.
    #[must_use]
    pub fn represented(self, representation: Representation) -> Self {
        Self { representation, ..self }
    }

    /// Where it begins, in bytes.
    pub fn displacement(&self) -> i64 {
        self.displacement
    }

    /// In what places in it are counted.
    pub fn etype(&self) -> &Datatype {
        &self.etype
    }

    /// What it shows.
    pub fn filetype(&self) -> &Datatype {
        &self.filetype
    }

    /// How values are written.
    pub fn representation(&self) -> Representation {
        self.representation
    }
}

impl Default for FileView {
    /// That of a file which has been opened: all bytes.
    fn default() -> Self {
        let byte = Datatype::of::<u8>();
        Self::new(0, &byte, &byte)
    }
}

impl fmt::Debug for FileView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { displacement, etype, filetype, representation } = self;
        write!(f, "FileView from {displacement} of {filetype:?} in {etype:?}, {representation:?}")
    }
}

/// A view as accesses use it. The *stream* is what is seen through it, as bytes without gaps.
pub(crate) struct Tiling {
    pub(crate) view: FileView,
    /// Where displacement 0 of the first filetype lies.
    origin: u64,
    /// Bytes of the stream that an etype has.
    pub(crate) unit: u64,
    /// Bytes of the stream that a filetype has.
    size: u64,
    /// From one to the next in the file.
    extent: u64,
    /// There are no gaps.
    dense: bool,
}

impl Tiling {
    /// What a view comes to; `origin` is where it begins.
    pub(crate) fn new(view: FileView, origin: u64) -> Result<Self, FileError> {
        let (etype, filetype) = (&view.etype, &view.filetype);
        let wrong = |detail: String| Err(FileError::Layout { detail });
        let (unit, size) = (etype.size(), filetype.size());
        if unit == 0 || !size.is_multiple_of(unit) || size == 0 {
            return wrong(format!("a filetype of {size} bytes is not made of etypes of {unit} bytes"));
        }
        let extent = filetype.extent();
        if filetype.true_lb() < 0 || extent < 0 || (extent == 0 && size > 0) {
            let first = filetype.true_lb();
            return wrong(format!(
                "a filetype goes forward in the file, but this one begins at {first} and has the extent {extent}"
            ));
        }
        let dense = filetype.is_contiguous();
        if view.representation == Representation::External32 {
            let sizes = etype.signature().external_size().zip(filetype.signature().external_size());
            let Some((unit, size)) = sizes.filter(|_| dense) else {
                return Err(FileError::Representation {
                    detail: "external32 is there for views without gaps, of elements that it has a form for"
                        .into(),
                });
            };
            return Ok(Self { origin, unit, size, extent: size, dense, view });
        }
        let origin = if dense { origin + filetype.true_lb() as u64 } else { origin };
        Ok(Self { origin, unit, size, extent: extent as u64, dense, view })
    }

    /// Where a byte of the stream lies in the file.
    pub(crate) fn place(&self, position: u64) -> u64 {
        let mut place = self.origin.saturating_add(position);
        let _first: Result<(), ()> = self.each_run(position, 1, &mut |at, _| {
            place = at;
            Err(())
        });
        place
    }

    /// Calls `each` with the runs of `len` bytes of the stream from `position` on: where they lie in the file, and which of
    /// the `len` bytes they are. Runs that follow one another in the file are one.
    pub(crate) fn each_run<E>(
        &self,
        position: u64,
        len: u64,
        each: &mut impl FnMut(u64, Range<usize>) -> Result<(), E>,
    ) -> Result<(), E> {
        if len == 0 {
            return Ok(());
        }
        if self.dense {
            return each(self.origin + position, 0..len as usize);
        }
        let mut tile = position / self.size;
        let mut skip = position % self.size;
        let (mut done, mut held) = (0_u64, None::<(u64, u64, u64)>);
        while done < len {
            let base = self.origin.saturating_add(tile.saturating_mul(self.extent));
            let walked = self.view.filetype.runs_from(skip, |at, run| {
                let (at, run) = (base.saturating_add(at as u64), run.min(len - done));
                let before = done;
                done += run;
                held = match held {
                    Some((from, start, long)) if from + long == at => Some((from, start, long + run)),
                    Some((from, start, long)) => {
                        if let Err(error) = each(from, start as usize..(start + long) as usize) {
                            return ControlFlow::Break(Some(error));
                        }
                        Some((at, before, run))
                    }
                    None => Some((at, before, run)),
                };
                if done == len { ControlFlow::Break(None) } else { ControlFlow::Continue(()) }
            });
            if let ControlFlow::Break(Some(error)) = walked {
                return Err(error);
            }
            (tile, skip) = (tile + 1, 0);
        }
        match held {
            Some((from, start, long)) => each(from, start as usize..(start + long) as usize),
            None => Ok(()),
        }
    }

    /// How many bytes of the stream lie in a file that ends at `end`.
    pub(crate) fn seen(&self, end: u64) -> u64 {
        let Some(rest) = end.checked_sub(self.origin) else { return 0 };
        if self.dense {
            return rest;
        }
        // Tiles that begin before the end, of which the last may not be there as a whole.
        let whole = rest / self.extent;
        let rest = rest % self.extent;
        let mut part = 0;
        let _all = self.view.filetype.runs_from(0, |at, run| {
            let here = rest.saturating_sub(at as u64).min(run);
            part += here;
            if here == run { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        whole * self.size + part
    }

    /// How much of the file is seen of what lies between, at most one part in so many: worth reading as a whole.
    pub(crate) fn is_thick(&self) -> bool {
        self.size >= self.extent / 8
    }
}

impl File {
    /// The view that this process has (`MPI_File_get_view`).
    pub fn view(&self) -> FileView {
        self.tiling().view.clone()
    }

    /// Sets this process's view (`MPI_File_set_view`, MPI 5.0, section 14.3), and puts the pointers to its beginning. All
    /// ranks call it, with etypes of one size and the same representation; displacements and filetypes may differ.
    ///
    /// # Errors
    /// [`FileError`], of the same class at all ranks: a filetype that is not made of etypes or has displacements below zero;
    /// a representation that is not there for it; a rank that is gone.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// use olympi_comm::{Datatype, File, FileMode, FilePosition, FileView, Info};
    ///
    /// let (world, info) = (universe.world(), Info::new());
    /// let (rank, ranks) = (world.rank() as usize, world.size() as usize);
    /// let path = std::env::temp_dir().join(format!("olympi-view-{}", std::process::id()));
    /// let mode = FileMode::READ_WRITE | FileMode::CREATE | FileMode::DELETE_ON_CLOSE;
    /// let file = File::open(world, &path, mode, &info)?;
    ///
    /// // Blocks of two numbers, dealt out to the ranks.
    /// let number = Datatype::of::<f64>();
    /// let blocks = number.contiguous(2)?.resized(0, 16 * ranks as i64)?;
    /// file.set_view(&FileView::new(16 * rank as i64, &number, &blocks), &info)?;
    /// file.write_all(FilePosition::Own, &[rank as f64; 6])?;
    /// assert_eq!(file.byte_offset(3)?, 16 * (rank + ranks) as u64 + 8);
    /// file.close()?;
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn set_view(&self, view: &FileView, info: &Info) -> Result<(), FileError> {
        const CALL: &str = "File::set_view";
        let tiling = self.begin_of(view).and_then(|(view, origin)| Tiling::new(view, origin));
        let unit = tiling.as_ref().map_or(0, |tiling| tiling.unit);
        let alike = [("size of etypes", unit as i64), ("representation", view.representation as i64)];
        // A rank that has failed has no size that could be compared: then its error is what all have.
        let tiling = agree_in(&self.comm, CALL, tiling, alike)?;
        self.add_hints(info);
        self.see(Arc::new(tiling));
        self.restart_shared(CALL)
    }

    /// Takes part in a change of views for which this rank has none, so that no other waits for it.
    pub fn excuse_view(&self, class: ErrorClass) {
        const CALL: &str = "File::set_view";
        let wrong = FileError::Elsewhere { call: CALL, rank: self.rank(), class };
        let alike = [("size of etypes", 0), ("representation", 0)];
        let _known: Result<(), FileError> = agree_in(&self.comm, CALL, Err(wrong), alike);
    }

    /// From one element of a datatype to the next in the file (`MPI_File_get_type_extent`), in the view's representation.
    ///
    /// # Errors
    /// [`FileError::Representation`]: elements with gaps in a file of the representation `external32`.
    pub fn extent_of(&self, datatype: &Datatype) -> Result<i64, FileError> {
        if self.tiling().view.representation != Representation::External32 {
            return Ok(datatype.extent());
        }
        let external = datatype.is_contiguous().then(|| datatype.external_size(1)).flatten();
        external.map(|size| size as i64).ok_or_else(|| FileError::Representation {
            detail: "external32 is there for datatypes without gaps, of elements that it has a form for"
                .into(),
        })
    }

    /// The view with its displacement, and that as a place in the file.
    fn begin_of(&self, view: &FileView) -> Result<(FileView, u64), FileError> {
        let sequence = self.mode.has(FileMode::SEQUENTIAL);
        let mut view = view.clone();
        if view.displacement == FileView::CURRENT && sequence {
            let tiling = self.tiling();
            let here = tiling.place(self.shared_position()?.saturating_mul(tiling.unit));
            view.displacement = i64::try_from(here).unwrap_or(i64::MAX);
        }
        if let Ok(origin) = u64::try_from(view.displacement) {
            return Ok((view, origin));
        }
        let detail = format!("a view begins in the file, not at {}", view.displacement);
        Err(FileError::Argument { call: "File::set_view", detail })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(tiling: &Tiling, position: u64, len: u64) -> Vec<(u64, Range<usize>)> {
        let mut runs = vec![];
        let all: Result<(), ()> = tiling.each_run(position, len, &mut |at, range| {
            runs.push((at, range));
            Ok(())
        });
        all.unwrap();
        runs
    }

    #[test]
    fn tiles_follow_one_another() {
        let byte = Datatype::of::<u8>();
        let three = byte.vector(2, 2, 3).unwrap().resized(0, 7).unwrap(); // xx.xx..
        let tiling = Tiling::new(FileView::new(10, &byte, &three), 10).unwrap();
        assert_eq!(runs(&tiling, 0, 4), [(10, 0..2), (13, 2..4)]);
        assert_eq!(runs(&tiling, 3, 4), [(14, 0..1), (17, 1..3), (20, 3..4)]);
        assert_eq!([0, 1, 2, 3, 4, 9].map(|at| tiling.place(at)), [10, 11, 13, 14, 17, 25]);
        let seen = [0, 10, 11, 12, 13, 14, 15, 17, 18, 24].map(|end| tiling.seen(end));
        assert_eq!(seen, [0, 0, 1, 2, 2, 3, 4, 4, 5, 8]);
    }

    #[test]
    fn neighbours_in_the_file_are_one_run() {
        let byte = Datatype::of::<u8>();
        // Its bytes 4 and 5 meet the next tile's 0 and 1.
        let ends = byte.vector(2, 2, 4).unwrap();
        assert_eq!((ends.size(), ends.extent()), (4, 6));
        let tiling = Tiling::new(FileView::new(0, &byte, &ends), 0).unwrap();
        assert_eq!(runs(&tiling, 0, 8), [(0, 0..2), (4, 2..6), (10, 6..8)]);
    }

    #[test]
    fn filetypes_are_made_of_etypes_and_go_forward() {
        let number = Datatype::of::<i32>();
        let wrong = |etype: &Datatype, filetype: &Datatype| {
            Tiling::new(FileView::new(0, etype, filetype), 0).is_err()
        };
        assert!(wrong(&number, &Datatype::of::<u8>().contiguous(6).unwrap()));
        assert!(wrong(&number.contiguous(0).unwrap(), &number));
        assert!(wrong(&number, &number.vector(2, 1, -2).unwrap()));
        let gaps = number.vector(2, 1, 2).unwrap();
        let view = FileView::new(0, &number, &gaps).represented(Representation::External32);
        assert!(matches!(Tiling::new(view, 0), Err(FileError::Representation { .. })));
        let long = Datatype::basic(olympi_datatype::Basic::C_LONG);
        let view = FileView::new(0, &long, &long).represented(Representation::External32);
        assert_eq!(Tiling::new(view, 0).unwrap().unit, 4);
    }
}
