//! Collectives of objects: anything that serde can serialize (what mpi4py's lower-case calls do with pickle).
//!
//! Objects differ in length, so ranks first tell one another the lengths, and then exchange bytes.

use olympi_object::{decode, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::collective::error::CollectiveError;
use crate::collective::parts::Parts;
use crate::communicator::Communicator;

/// Objects, as those of point-to-point messages: each carries the name of its type.
impl Communicator {
    /// The root's object to all (mpi4py's `bcast`). The root gives `Some`, the others `None`.
    ///
    /// # Errors
    /// [`CollectiveError`]: as of [`broadcast`](Self::broadcast), and objects that cannot be encoded or decoded. A root
    /// that cannot encode its object tells the others.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// let world = universe.world();
    /// let settings = (world.rank() == 0).then(|| ("fast".to_owned(), vec![1, 2, 3]));
    /// let (mode, steps) = world.broadcast_object(settings.as_ref(), 0)?;
    /// assert_eq!((mode.as_str(), steps.len()), ("fast", 3));
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn broadcast_object<T>(&self, object: Option<&T>, root: i32) -> Result<T, CollectiveError>
    where
        T: Serialize + DeserializeOwned,
    {
        const CALL: &str = "broadcast_object";
        self.root(CALL, root)?;
        let mut bytes = Ok(Vec::new());
        if self.rank() == root {
            bytes = object.ok_or_else(|| missing(CALL)).and_then(|object| encoded(CALL, object));
        }
        let mut len = [bytes.as_ref().map_or(FAILED, |bytes| bytes.len() as u64)];
        self.broadcast(&mut len, root)?;
        let mut bytes = bytes?;
        if len[0] == FAILED {
            return Err(CollectiveError::Failed { call: CALL, rank: root });
        }
        bytes.resize(len[0] as usize, 0);
        self.broadcast(&mut bytes, root)?;
        decoded(CALL, &bytes, root)
    }

    /// Everyone's object to the root (mpi4py's `gather`), which alone gets `Some`, in the order of ranks.
    ///
    /// # Errors
    /// As [`broadcast_object`](Self::broadcast_object).
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// let world = universe.world();
    /// let names = world.gather_objects(&format!("rank {}", world.rank()), 0)?;
    /// assert!(names.is_none_or(|names| names[0] == "rank 0"));
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn gather_objects<T>(&self, object: &T, root: i32) -> Result<Option<Vec<T>>, CollectiveError>
    where
        T: Serialize + DeserializeOwned,
    {
        const CALL: &str = "gather_objects";
        self.root(CALL, root)?;
        let (bytes, counts) = self.tell_lengths(CALL, encoded(CALL, object))?;
        let is_root = self.rank() == root;
        let parts = Parts::new(&counts);
        let mut all = vec![0; if is_root { parts.end() } else { 0 }];
        self.gather_parts_into(&bytes, &mut all, &parts, root)?;
        if is_root { self.decode_all(CALL, &all, &parts).map(Some) } else { Ok(None) }
    }

    /// Everyone's object to all (mpi4py's `allgather`), in the order of ranks.
    ///
    /// # Errors
    /// As [`broadcast_object`](Self::broadcast_object).
    pub fn all_gather_objects<T>(&self, object: &T) -> Result<Vec<T>, CollectiveError>
    where
        T: Serialize + DeserializeOwned,
    {
        const CALL: &str = "all_gather_objects";
        self.inside_one_group(CALL)?;
        let (bytes, counts) = self.tell_lengths(CALL, encoded(CALL, object))?;
        let parts = Parts::new(&counts);
        let mut all = vec![0; parts.end()];
        self.all_gather_parts_into(&bytes, &mut all, &parts)?;
        self.decode_all(CALL, &all, &parts)
    }

    /// The i-th of the root's objects to rank i (mpi4py's `scatter`). The root gives `Some` of one for each rank, the others
    /// `None`.
    ///
    /// # Errors
    /// As [`broadcast_object`](Self::broadcast_object); also if the root has not one for each.
    pub fn scatter_objects<T>(&self, objects: Option<&[T]>, root: i32) -> Result<T, CollectiveError>
    where
        T: Serialize + DeserializeOwned,
    {
        const CALL: &str = "scatter_objects";
        self.root(CALL, root)?;
        let mut packed = Ok((Vec::new(), vec![FAILED; self.count()]));
        if self.rank() == root {
            packed = objects.ok_or_else(|| missing(CALL)).and_then(|objects| self.pack(CALL, objects));
        }
        let lengths =
            packed.as_ref().map_or_else(|_| vec![FAILED; self.count()], |(_, lengths)| lengths.clone());
        let mut len = [0];
        self.scatter_into(&lengths[..], &mut len[..], root)?;
        let (bytes, lengths) = packed?;
        if len[0] == FAILED {
            return Err(CollectiveError::Failed { call: CALL, rank: root });
        }
        let counts: Vec<usize> = lengths.iter().map(|len| *len as usize).collect();
        let mut mine = vec![0; len[0] as usize];
        let parts = if self.rank() == root { Parts::new(&counts) } else { Parts::new(&[]) };
        self.scatter_parts_into(&bytes, &mut mine, &parts, root)?;
        decoded(CALL, &mine, root)
    }

    /// The i-th of each rank's objects to rank i (mpi4py's `alltoall`).
    ///
    /// # Errors
    /// As [`broadcast_object`](Self::broadcast_object); also if a rank has not one for each.
    pub fn all_to_all_objects<T>(&self, objects: &[T]) -> Result<Vec<T>, CollectiveError>
    where
        T: Serialize + DeserializeOwned,
    {
        const CALL: &str = "all_to_all_objects";
        self.inside_one_group(CALL)?;
        let packed = self.pack(CALL, objects);
        let lengths =
            packed.as_ref().map_or_else(|_| vec![FAILED; self.count()], |(_, lengths)| lengths.clone());
        let coming = self.all_to_all(&lengths[..])?;
        // Who cannot go on sends nothing more; so nobody may.
        let failed = coming.iter().position(|len| *len == FAILED);
        let first = self.all_reduce(&failed.map_or(u64::MAX, |rank| rank as u64), crate::Op::min())?;
        let (bytes, lengths) = packed?;
        if first != u64::MAX {
            return Err(CollectiveError::Failed { call: CALL, rank: first as i32 });
        }
        let counts =
            |lengths: &[u64]| Parts::new(&lengths.iter().map(|len| *len as usize).collect::<Vec<_>>());
        let (from, to) = (counts(&lengths), counts(&coming));
        let mut all = vec![0; to.end()];
        self.all_to_all_parts_into(&bytes, &mut all, &from, &to)?;
        self.decode_all(CALL, &all, &to)
    }

    /// Combines everyone's objects at the root, in the order of ranks (mpi4py's `reduce`), which alone gets `Some`.
    ///
    /// # Errors
    /// As [`broadcast_object`](Self::broadcast_object).
    pub fn reduce_objects<T>(
        &self,
        object: &T,
        root: i32,
        combine: impl FnMut(T, T) -> T,
    ) -> Result<Option<T>, CollectiveError>
    where
        T: Serialize + DeserializeOwned,
    {
        Ok(self.gather_objects(object, root)?.and_then(|all| all.into_iter().reduce(combine)))
    }

    /// Combines everyone's objects for all, in the order of ranks (mpi4py's `allreduce`). `combine` runs on every rank, and
    /// must do the same there.
    ///
    /// # Errors
    /// As [`broadcast_object`](Self::broadcast_object).
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// let world = universe.world();
    /// let all = world.all_reduce_objects(&vec![world.rank()], |a, b| [a, b].concat())?;
    /// assert_eq!(all, (0..world.size()).collect::<Vec<_>>());
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn all_reduce_objects<T>(
        &self,
        object: &T,
        combine: impl FnMut(T, T) -> T,
    ) -> Result<T, CollectiveError>
    where
        T: Serialize + DeserializeOwned,
    {
        let all = self.all_gather_objects(object)?;
        // There is this rank's own at least.
        all.into_iter().reduce(combine).ok_or_else(|| missing("all_reduce_objects"))
    }

    /// Combines the objects of the ranks up to this one, in order (mpi4py's `scan`).
    ///
    /// # Errors
    /// As [`broadcast_object`](Self::broadcast_object).
    pub fn scan_objects<T>(&self, object: &T, combine: impl FnMut(T, T) -> T) -> Result<T, CollectiveError>
    where
        T: Serialize + DeserializeOwned,
    {
        let all = self.all_gather_objects(object)?.into_iter().take(self.rank() as usize + 1);
        all.reduce(combine).ok_or_else(|| missing("scan_objects"))
    }

    /// Combines the objects of the ranks below this one, in order (mpi4py's `exscan`); rank 0 gets `None`.
    ///
    /// # Errors
    /// As [`broadcast_object`](Self::broadcast_object).
    pub fn exclusive_scan_objects<T>(
        &self,
        object: &T,
        combine: impl FnMut(T, T) -> T,
    ) -> Result<Option<T>, CollectiveError>
    where
        T: Serialize + DeserializeOwned,
    {
        let all = self.all_gather_objects(object)?.into_iter().take(self.rank() as usize);
        Ok(all.reduce(combine))
    }

    /// Tells everyone how long everyone's object is; also that one could not be encoded, which is an error at all.
    fn tell_lengths(
        &self,
        call: &'static str,
        bytes: Result<Vec<u8>, CollectiveError>,
    ) -> Result<(Vec<u8>, Vec<usize>), CollectiveError> {
        let len = bytes.as_ref().map_or(FAILED, |bytes| bytes.len() as u64);
        let lengths = self.all_gather(&len)?;
        let bytes = bytes?;
        match lengths.iter().position(|len| *len == FAILED) {
            Some(rank) => Err(CollectiveError::Failed { call, rank: rank as i32 }),
            None => Ok((bytes, lengths.into_iter().map(|len| len as usize).collect())),
        }
    }

    /// The bytes of one object for each rank, and how many each has.
    fn pack<T: Serialize>(
        &self,
        call: &'static str,
        objects: &[T],
    ) -> Result<(Vec<u8>, Vec<u64>), CollectiveError> {
        let needed = self.count();
        if objects.len() != needed {
            return Err(CollectiveError::Buffer { call, buffer: "the objects", needed, len: objects.len() });
        }
        let (mut bytes, mut lengths) = (Vec::new(), Vec::with_capacity(needed));
        for object in objects {
            let one = encoded(call, object)?;
            lengths.push(one.len() as u64);
            bytes.extend(one);
        }
        Ok((bytes, lengths))
    }

    fn decode_all<T: DeserializeOwned>(
        &self,
        call: &'static str,
        bytes: &[u8],
        parts: &Parts,
    ) -> Result<Vec<T>, CollectiveError> {
        let one = |rank: usize| {
            let begin = parts.offset(rank);
            decoded(call, &bytes[begin..begin + parts.count(rank)], rank as i32)
        };
        (0..self.count()).map(one).collect()
    }
}

/// In the place of a length: there is no object.
const FAILED: u64 = u64::MAX;

#[cold]
fn missing(call: &'static str) -> CollectiveError {
    CollectiveError::Counts { call, detail: "the root must give what it sends, as `Some`".to_owned() }
}

fn encoded<T: Serialize>(call: &'static str, object: &T) -> Result<Vec<u8>, CollectiveError> {
    let mut bytes = Vec::new();
    encode(object, &mut bytes).map_err(|source| CollectiveError::Encode { call, source })?;
    Ok(bytes)
}

fn decoded<T: DeserializeOwned>(call: &'static str, bytes: &[u8], rank: i32) -> Result<T, CollectiveError> {
    decode(bytes).map_err(|source| CollectiveError::Decode { call, rank, source })
}
