//! Reading and writing files (MPI 5.0, section 14.4): memory that is known by its address, and on it the calls on buffers
//! and views.

use std::mem::MaybeUninit;

use olympi_datatype::{Buffer, BufferMut, Datatype, Memory, MemoryMut, View, with_bytes_mut};

use crate::error_class::ErrorClass;
use crate::file::{File, FileError, FilePosition, Representation, Tiling};
use crate::raw::Raw;
use crate::status::Status;

/// What has to be packed or distributed goes through memory of this length.
const PIECE: usize = 1 << 22;

/// How many ranks make an access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Together {
    /// This one.
    Alone,
    /// All, at the same time.
    All,
}

/// Accesses of memory that is known by its address.
impl File {
    /// Reads elements ([`read`](Self::read), [`read_all`](Self::read_all)). In a file of the representation `external32`,
    /// bytes without a datatype are bytes.
    ///
    /// # Errors
    /// As [`read`](Self::read), and of all ranks as [`read_all`](Self::read_all).
    ///
    /// # Safety
    /// All data of the elements lies in memory that may be written, and that nobody else uses during the call.
    pub unsafe fn read_raw(
        &self,
        at: FilePosition,
        together: Together,
        into: Raw<'_>,
    ) -> Result<Status, FileError> {
        const CALL: &str = "File::read";
        self.access(CALL, at, together, into, self.may_read(), |tiling, position| {
            // SAFETY: the caller's promise.
            unsafe { self.read_elements(tiling, position, into) }
        })
    }

    /// Writes elements ([`write`](Self::write), [`write_all`](Self::write_all)), with bytes as above.
    ///
    /// # Errors
    /// As [`write`](Self::write), and of all ranks as [`write_all`](Self::write_all).
    ///
    /// # Safety
    /// All data of the elements lies in memory that may be read and is initialized.
    pub unsafe fn write_raw(
        &self,
        at: FilePosition,
        together: Together,
        from: Raw<'_>,
    ) -> Result<Status, FileError> {
        const CALL: &str = "File::write";
        self.access(CALL, at, together, from, self.may_write(), |tiling, position| {
            // SAFETY: the caller's promise.
            unsafe { self.write_elements(tiling, position, from) }
        })
    }

    /// Takes part in an access of all ranks that this one cannot make, so that no other waits for it.
    pub fn excuse(&self, at: FilePosition, class: ErrorClass) {
        const CALL: &str = "File::excuse";
        let wrong = || FileError::Elsewhere { call: CALL, rank: self.rank(), class };
        // As often as `access` has a verdict of all.
        let turns = if at == FilePosition::Shared { 2 } else { 1 };
        for _ in 0..turns {
            let _known: Result<(), FileError> = self.agree(CALL, Err(wrong()));
        }
    }

    /// Finds where an access begins, makes it, and tells how many bytes of memory it has moved.
    fn access(
        &self,
        call: &'static str,
        at: FilePosition,
        together: Together,
        raw: Raw<'_>,
        allowed: Result<(), FileError>,
        body: impl FnOnce(&Tiling, u64) -> Result<usize, FileError>,
    ) -> Result<Status, FileError> {
        let tiling = self.tiling();
        let valid = allowed
            .and_then(|()| stream_len(&tiling, raw))
            .and_then(|bytes| Self::etypes(&tiling, bytes, call));
        let claim = match (together, at) {
            (Together::All, FilePosition::Shared) => self.claim_in_turn(call, &tiling, valid),
            _ => valid.and_then(|etypes| self.claim(call, &tiling, at, etypes)),
        };
        let moved = claim.and_then(|claim| body(&tiling, claim.position));
        let moved = match together {
            Together::Alone => moved,
            Together::All => self.agree(call, moved),
        };
        Ok(Status { bytes: moved?, ..Status::EMPTY })
    }

    unsafe fn read_elements(&self, tiling: &Tiling, position: u64, raw: Raw<'_>) -> Result<usize, FileError> {
        if let (Representation::External32, Raw::Laid { start, count, datatype }) =
            (tiling.view.representation(), raw)
        {
            let mut external = vec![MaybeUninit::uninit(); stream_len(tiling, raw)? as usize];
            let got = self.read_stream(tiling, position, &mut external)?;
            // SAFETY: so many were read.
            let external = unsafe { external[..got].assume_init_ref() };
            let one = datatype.external_size(1).unwrap_or(0).max(1);
            let whole = (got as u64 / one).min(count as u64) as usize;
            // SAFETY: the caller's promise for the first elements as for all.
            unsafe { datatype.unpack_external_raw(start, whole, external) }?;
            return Ok(whole.saturating_mul(datatype.size() as usize));
        }
        match in_one_piece(raw) {
            Raw::Run { len: 0, .. } => Ok(0),
            Raw::Run { start, len } => {
                // SAFETY: the caller's promise; the bytes need not be initialized.
                let room = unsafe { std::slice::from_raw_parts_mut(start.cast::<MaybeUninit<u8>>(), len) };
                self.read_stream(tiling, position, room)
            }
            Raw::Laid { start, count, datatype } => {
                let len = raw.len();
                let mut piece = vec![MaybeUninit::uninit(); len.min(PIECE)];
                let mut done = 0;
                while done < len {
                    let room = (len - done).min(PIECE);
                    let got = self.read_stream(tiling, position + done as u64, &mut piece[..room])?;
                    // SAFETY: so many were read.
                    let packed = unsafe { piece[..got].assume_init_ref() };
                    // SAFETY: the caller's promise; the piece is ours.
                    unsafe { datatype.unpack_raw(start, count, done as u64, packed) };
                    done += got;
                    if got < room {
                        break;
                    }
                }
                Ok(done)
            }
        }
    }

    unsafe fn write_elements(
        &self,
        tiling: &Tiling,
        position: u64,
        raw: Raw<'_>,
    ) -> Result<usize, FileError> {
        if let (Representation::External32, Raw::Laid { start, count, datatype }) =
            (tiling.view.representation(), raw)
        {
            let mut external = Vec::new();
            // SAFETY: the caller's promise.
            unsafe { datatype.pack_external_raw(start, count, &mut external) }?;
            self.write_stream(tiling, position, &external)?;
            return Ok(raw.len());
        }
        match in_one_piece(raw) {
            Raw::Run { len: 0, .. } => {}
            Raw::Run { start, len } => {
                // SAFETY: the caller's promise.
                let bytes = unsafe { std::slice::from_raw_parts(start, len) };
                self.write_stream(tiling, position, bytes)?;
            }
            Raw::Laid { start, count, datatype } => {
                let len = raw.len();
                let mut piece = vec![MaybeUninit::uninit(); len.min(PIECE)];
                let mut done = 0;
                while done < len {
                    let room = &mut piece[..(len - done).min(PIECE)];
                    // SAFETY: the caller's promise; the piece is ours.
                    let packed = unsafe { datatype.pack_raw(start, count, done as u64, room) };
                    // SAFETY: so many were packed.
                    let bytes = unsafe { room[..packed].assume_init_ref() };
                    self.write_stream(tiling, position + done as u64, bytes)?;
                    done += packed;
                }
            }
        }
        Ok(raw.len())
    }
}

/// How many bytes of the stream elements are.
fn stream_len(tiling: &Tiling, raw: Raw<'_>) -> Result<u64, FileError> {
    match (tiling.view.representation(), raw) {
        (Representation::External32, Raw::Laid { count, datatype, .. }) => {
            datatype.external_size(count).ok_or_else(|| olympi_datatype::PackError::NotExternal.into())
        }
        _ => Ok(raw.len() as u64),
    }
}

/// The same elements as bytes in one piece, if they are.
fn in_one_piece(raw: Raw<'_>) -> Raw<'_> {
    match raw {
        Raw::Laid { start, count, datatype } => Raw::new(start, count, datatype),
        run @ Raw::Run { .. } => run,
    }
}

/// Reading and writing (MPI 5.0, section 14.4). The datatype of a buffer is that of its elements; a view of memory has its
/// own.
impl File {
    /// Reads at a position (`MPI_File_read_at`, `MPI_File_read`, `MPI_File_read_shared`). The status says how much there was:
    /// less than there is room for, where the file ends.
    ///
    /// # Errors
    /// [`FileError`]: the file is not open for reading, or not for this kind of access; no whole number of etypes; the system
    /// cannot read it; at the end of a file of the representation `external32` what cannot be converted.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// use std::io::SeekFrom;
    ///
    /// use olympi_comm::{File, FileMode, FilePosition, Info};
    ///
    /// let path = std::env::temp_dir().join(format!("olympi-read-{}", std::process::id()));
    /// let mode = FileMode::READ_WRITE | FileMode::CREATE | FileMode::DELETE_ON_CLOSE;
    /// let file = File::open(universe.self_comm(), &path, mode, &Info::new())?;
    /// file.write(FilePosition::Own, &[1_u16, 2, 3])?; // a file is of bytes, as long as it has no other view
    /// let mut numbers = [0_u16; 4];
    /// let status = file.read(FilePosition::At(2), &mut numbers)?;
    /// assert_eq!((status.count::<u16>(), numbers), (Some(2), [2, 3, 0, 0]));
    /// file.seek(SeekFrom::Current(-4))?;
    /// assert_eq!(file.position()?, 2);
    /// file.close()?;
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn read<B: BufferMut + ?Sized>(&self, at: FilePosition, into: &mut B) -> Result<Status, FileError> {
        self.read_buffer(at, Together::Alone, into)
    }

    /// The same, of all ranks (`MPI_File_read_at_all`, `MPI_File_read_all`, `MPI_File_read_ordered`): at the shared pointer one
    /// after the other, in the order of ranks.
    ///
    /// # Errors
    /// As [`read`](Self::read), of the same class at all ranks.
    pub fn read_all<B: BufferMut + ?Sized>(
        &self,
        at: FilePosition,
        into: &mut B,
    ) -> Result<Status, FileError> {
        self.read_buffer(at, Together::All, into)
    }

    fn read_buffer<B: BufferMut + ?Sized>(
        &self,
        at: FilePosition,
        together: Together,
        into: &mut B,
    ) -> Result<Status, FileError> {
        let items = into.items_mut();
        let (count, datatype) = (items.len(), Datatype::of::<B::Item>());
        with_bytes_mut(items, |bytes| {
            let raw = Raw::Laid { start: bytes.as_mut_ptr(), count, datatype: &datatype };
            // SAFETY: so many elements of this type lie there, and are lent to this call.
            unsafe { self.read_raw(at, together, raw) }
        })
    }

    /// Writes at a position (`MPI_File_write_at`, `MPI_File_write`, `MPI_File_write_shared`).
    ///
    /// # Errors
    /// [`FileError`]: the file is not open for writing, or not for this kind of access; no whole number of etypes; the system
    /// cannot write it.
    pub fn write<B: Buffer + ?Sized>(&self, at: FilePosition, from: &B) -> Result<Status, FileError> {
        self.write_buffer(at, Together::Alone, from)
    }

    /// The same, of all ranks (`MPI_File_write_at_all`, `MPI_File_write_all`, `MPI_File_write_ordered`): at the shared pointer
    /// one after the other, in the order of ranks.
    ///
    /// # Errors
    /// As [`write`](Self::write), of the same class at all ranks.
    pub fn write_all<B: Buffer + ?Sized>(&self, at: FilePosition, from: &B) -> Result<Status, FileError> {
        self.write_buffer(at, Together::All, from)
    }

    fn write_buffer<B: Buffer + ?Sized>(
        &self,
        at: FilePosition,
        together: Together,
        from: &B,
    ) -> Result<Status, FileError> {
        let (items, datatype) = (from.items(), Datatype::of::<B::Item>());
        let start = items.as_ptr().cast_mut().cast();
        let raw = Raw::Laid { start, count: items.len(), datatype: &datatype };
        // SAFETY: so many elements of this type lie there; they are only read, and have no holes.
        unsafe { self.write_raw(at, together, raw) }
    }

    /// [`read`](Self::read) into what a datatype lays out.
    ///
    /// # Errors
    /// As [`read`](Self::read); [`FileError::Value`]: bytes that are no values of the memory's type, which are zero now.
    pub fn read_view<M: MemoryMut>(&self, at: FilePosition, into: &mut View<M>) -> Result<Status, FileError> {
        self.read_laid(at, Together::Alone, into)
    }

    /// [`read_all`](Self::read_all) into what a datatype lays out.
    ///
    /// # Errors
    /// As [`read_view`](Self::read_view), and those of reading at all ranks.
    pub fn read_view_all<M: MemoryMut>(
        &self,
        at: FilePosition,
        into: &mut View<M>,
    ) -> Result<Status, FileError> {
        self.read_laid(at, Together::All, into)
    }

    fn read_laid<M: MemoryMut>(
        &self,
        at: FilePosition,
        together: Together,
        into: &mut View<M>,
    ) -> Result<Status, FileError> {
        let start = into.base_mut();
        let raw = Raw::Laid { start, count: into.count(), datatype: into.datatype() };
        // SAFETY: a view's elements lie in its memory, which is borrowed exclusively and mended below.
        let read = unsafe { self.read_raw(at, together, raw) };
        let valid = into.mend();
        let status = read?;
        valid?;
        Ok(status)
    }

    /// [`write`](Self::write) of what a datatype lays out.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// use olympi_comm::{Datatype, File, FileMode, FilePosition, Info};
    ///
    /// let path = std::env::temp_dir().join(format!("olympi-column-{}", std::process::id()));
    /// let mode = FileMode::READ_WRITE | FileMode::CREATE | FileMode::DELETE_ON_CLOSE;
    /// let file = File::open(universe.self_comm(), &path, mode, &Info::new())?;
    /// let matrix = [1_u8, 2, 3, 4, 5, 6]; // three rows of two
    /// let column = Datatype::of::<u8>().vector(3, 1, 2)?;
    /// file.write_view(FilePosition::At(0), &column.view(&matrix[1..], 1)?)?;
    /// let mut read = [0_u8; 3];
    /// file.read(FilePosition::At(0), &mut read)?;
    /// assert_eq!(read, [2, 4, 6]);
    /// file.close()?;
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn write_view<M: Memory>(&self, at: FilePosition, from: &View<M>) -> Result<Status, FileError> {
        self.write_laid(at, Together::Alone, from)
    }

    /// [`write_all`](Self::write_all) of what a datatype lays out.
    ///
    /// # Errors
    /// As [`write_all`](Self::write_all).
    pub fn write_view_all<M: Memory>(&self, at: FilePosition, from: &View<M>) -> Result<Status, FileError> {
        self.write_laid(at, Together::All, from)
    }

    fn write_laid<M: Memory>(
        &self,
        at: FilePosition,
        together: Together,
        from: &View<M>,
    ) -> Result<Status, FileError> {
        let raw = Raw::Laid { start: from.base().cast_mut(), count: from.count(), datatype: from.datatype() };
        // SAFETY: a view's elements lie in its memory, which is borrowed; they are only read.
        unsafe { self.write_raw(at, together, raw) }
    }
}
