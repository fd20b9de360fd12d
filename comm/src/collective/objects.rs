//! Collectives of objects: anything that serde can serialize (what mpi4py's lower-case calls do with pickle).
//!
//! Objects differ in length, so ranks first tell one another the lengths, and then exchange bytes. Everyone takes part in
//! both, whatever has failed: a rank that has no object, since it cannot be encoded, says so in the place of the length and
//! sends one byte; one that has not heard of a length, since someone has died, expects one byte, and gets an error where
//! there are more. For that the second exchange has the same messages whatever the lengths: a tree, or one from each to each.

use olympi_coll::Schedule;
use olympi_object::{decode, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::collective::error::CollectiveError;
use crate::collective::invoke::{Invocation, Shape};
use crate::collective::parts::Parts;
use crate::communicator::Communicator;

/// Objects, as those of point-to-point messages: each carries the name of its type.
///
/// In an intercommunicator each group gets what the other one gives, as with buffers (MPI 5.0, section 6.2.3); of a call
/// with a root, the root gives [`ROOT`](crate::ROOT) and the others of its group [`PROC_NULL`](crate::PROC_NULL).
impl Communicator {
    /// The root's object to all (mpi4py's `bcast`). The root gives `Some`, the others `None`.
    ///
    /// # Errors
    /// [`CollectiveError`]: as of [`broadcast`](Self::broadcast), and objects that cannot be encoded or decoded. A root
    /// that cannot encode its object tells the others. An intercommunicator's ranks do not all get an object: it has
    /// [`broadcast_object_across`](Self::broadcast_object_across).
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
        if self.is_inter() {
            let kind = "an intercommunicator, of which not all get an object: call broadcast_object_across";
            return Err(CollectiveError::Communicator { call: CALL, kind });
        }
        Ok(self
            .broadcast_encoded(CALL, object, root)?
            .unwrap_or_else(|| unreachable!("all are in one group")))
    }

    /// The same for any communicator (mpi4py's `bcast`): an intercommunicator's root gives its object to the other group,
    /// whose ranks get `Some`; the root and the others of its group get `None`. Where there is one group, all get `Some`.
    ///
    /// # Errors
    /// As [`broadcast_object`](Self::broadcast_object).
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// use olympi_comm::{PROC_NULL, ROOT};
    ///
    /// let world = universe.world();
    /// if world.size() > 1 {
    ///     // Rank 0 tells all others.
    ///     let first = world.rank() == 0;
    ///     let side = world.split(Some(i32::from(!first)), 0)?.unwrap();
    ///     let across = side.create_inter(0, Some((world, i32::from(first))), 0)?;
    ///     let given = first.then(|| "settings".to_owned());
    ///     let got = across.broadcast_object_across(given.as_ref(), if first { ROOT } else { 0 })?;
    ///     assert_eq!(got.as_deref(), (!first).then_some("settings"));
    /// }
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn broadcast_object_across<T>(
        &self,
        object: Option<&T>,
        root: i32,
    ) -> Result<Option<T>, CollectiveError>
    where
        T: Serialize + DeserializeOwned,
    {
        self.broadcast_encoded("broadcast_object_across", object, root)
    }

    fn broadcast_encoded<T>(
        &self,
        call: &'static str,
        object: Option<&T>,
        root: i32,
    ) -> Result<Option<T>, CollectiveError>
    where
        T: Serialize + DeserializeOwned,
    {
        let role = self.role(call, root)?;
        let load = match (role.is_root, object) {
            (true, Some(object)) => Load::one(call, object),
            (true, None) => Load::failed(1, missing(call)),
            (false, _) => Load::nothing(1),
        };
        let mut len = [load.lengths[0]];
        let told = self.broadcast(&mut len, root);
        let len = if role.is_root || told.is_ok() { len[0] } else { FAILED };
        let mut bytes = load.bytes;
        bytes.resize(present(len), 0);
        let spread = self.call(spread(call, role.root, bytes.len()), &[], &mut bytes[..]);
        load.wrong.map_or(Ok(()), Err)?;
        told?;
        if len == FAILED {
            return Err(CollectiveError::Failed { call, rank: root });
        }
        whole(spread)?;
        role.is_other.then(|| decoded(call, &bytes, root)).transpose()
    }

    /// Everyone's object to the root (mpi4py's `gather`), which alone gets `Some`, in the order of ranks. A root in another
    /// group gets those of the other group alone; what its own group gives is not looked at.
    ///
    /// # Errors
    /// As [`broadcast_object`](Self::broadcast_object). A rank that cannot encode its object tells the root, and the others
    /// do not hear of it.
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
        let role = self.role(CALL, root)?;
        let load = if role.is_other { Load::one(CALL, object) } else { Load::nothing(1) };
        let told = self.gather(&load.lengths[..], root);
        let lengths = match &told {
            Ok(lengths) => lengths.clone().unwrap_or_default(),
            Err(_) if role.is_root => self.unknown(role.is_other.then_some(load.lengths[0])),
            Err(_) => Vec::new(),
        };
        let parts = parts(&lengths);
        let mut all = vec![0; parts.end()];
        let gathered = self.gather_parts_into(&load.bytes, &mut all, &parts, root);
        load.wrong.map_or(Ok(()), Err)?;
        told?;
        all_have(CALL, &lengths)?;
        whole(gathered)?;
        if role.is_root { decode_all(CALL, &all, &parts).map(Some) } else { Ok(None) }
    }

    /// Everyone's object to all (mpi4py's `allgather`), in the order of ranks; in an intercommunicator those of the other
    /// group.
    ///
    /// # Errors
    /// As [`broadcast_object`](Self::broadcast_object). A rank that cannot encode its object tells all that would get it.
    pub fn all_gather_objects<T>(&self, object: &T) -> Result<Vec<T>, CollectiveError>
    where
        T: Serialize + DeserializeOwned,
    {
        const CALL: &str = "all_gather_objects";
        let load = Load::one(CALL, object);
        let told = self.all_gather(&load.lengths[..]);
        let lengths = self.heard(&told, &load.lengths);
        // The same for each.
        let (len, count) = (load.bytes.len(), self.count());
        let from = Parts::at(&vec![len; count], &vec![0; count]);
        let parts = parts(&lengths);
        let mut all = vec![0; parts.end()];
        let gathered = self.all_to_all_parts_into(&load.bytes, &mut all, &from, &parts);
        load.wrong.map_or(Ok(()), Err)?;
        told?;
        all_have(CALL, &lengths)?;
        whole(gathered)?;
        decode_all(CALL, &all, &parts)
    }

    /// The i-th of the root's objects to rank i (mpi4py's `scatter`). The root gives `Some` of one for each rank, the others
    /// `None`.
    ///
    /// # Errors
    /// As [`broadcast_object`](Self::broadcast_object); also if the root has not one for each. An intercommunicator's ranks
    /// do not all get an object: it has [`scatter_objects_across`](Self::scatter_objects_across).
    pub fn scatter_objects<T>(&self, objects: Option<&[T]>, root: i32) -> Result<T, CollectiveError>
    where
        T: Serialize + DeserializeOwned,
    {
        const CALL: &str = "scatter_objects";
        if self.is_inter() {
            let kind = "an intercommunicator, of which not all get an object: call scatter_objects_across";
            return Err(CollectiveError::Communicator { call: CALL, kind });
        }
        Ok(self.scatter_encoded(CALL, objects, root)?.unwrap_or_else(|| unreachable!("all are in one group")))
    }

    /// The same for any communicator (mpi4py's `scatter`): an intercommunicator's root gives one to each rank of the other
    /// group, which get `Some`; the root and the others of its group get `None`. Where there is one group, all get `Some`.
    ///
    /// # Errors
    /// As [`scatter_objects`](Self::scatter_objects).
    pub fn scatter_objects_across<T>(
        &self,
        objects: Option<&[T]>,
        root: i32,
    ) -> Result<Option<T>, CollectiveError>
    where
        T: Serialize + DeserializeOwned,
    {
        self.scatter_encoded("scatter_objects_across", objects, root)
    }

    fn scatter_encoded<T>(
        &self,
        call: &'static str,
        objects: Option<&[T]>,
        root: i32,
    ) -> Result<Option<T>, CollectiveError>
    where
        T: Serialize + DeserializeOwned,
    {
        let role = self.role(call, root)?;
        let load = match (role.is_root, objects) {
            (true, Some(objects)) => Load::many(call, objects, self.count()),
            (true, None) => Load::failed(self.count(), missing(call)),
            (false, _) => Load::nothing(0),
        };
        let mut len = vec![0; usize::from(role.is_other)];
        let told = self.scatter_into(&load.lengths[..], &mut len[..], root);
        let len = match (role.is_root, role.is_other) {
            (true, true) => load.lengths[root as usize],
            (false, true) => {
                if told.is_ok() {
                    len[0]
                } else {
                    FAILED
                }
            }
            (_, false) => 0,
        };
        let mut mine = vec![0; present(len)];
        let scattered = self.scatter_parts_into(&load.bytes, &mut mine, &parts(&load.lengths), root);
        load.wrong.map_or(Ok(()), Err)?;
        told?;
        if len == FAILED {
            return Err(CollectiveError::Failed { call, rank: root });
        }
        whole(scattered)?;
        role.is_other.then(|| decoded(call, &mine, root)).transpose()
    }

    /// The i-th of each rank's objects to rank i (mpi4py's `alltoall`); in an intercommunicator to and from the ranks of the
    /// other group.
    ///
    /// # Errors
    /// As [`broadcast_object`](Self::broadcast_object); also if a rank has not one for each, which it tells all that would
    /// get one.
    pub fn all_to_all_objects<T>(&self, objects: &[T]) -> Result<Vec<T>, CollectiveError>
    where
        T: Serialize + DeserializeOwned,
    {
        const CALL: &str = "all_to_all_objects";
        let load = Load::many(CALL, objects, self.count());
        let told = self.all_to_all(&load.lengths[..]);
        let lengths = self.heard(&told, &load.lengths);
        let (from, to) = (parts(&load.lengths), parts(&lengths));
        let mut all = vec![0; to.end()];
        let exchanged = self.all_to_all_parts_into(&load.bytes, &mut all, &from, &to);
        load.wrong.map_or(Ok(()), Err)?;
        told?;
        all_have(CALL, &lengths)?;
        whole(exchanged)?;
        decode_all(CALL, &all, &to)
    }

    /// Combines everyone's objects at the root, in the order of ranks (mpi4py's `reduce`), which alone gets `Some`. A root in another
    /// group gets those of the other group, combined.
    ///
    /// # Errors
    /// As [`gather_objects`](Self::gather_objects).
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

    /// Combines everyone's objects for all, in the order of ranks (mpi4py's `allreduce`); in an intercommunicator those of
    /// the other group. `combine` runs on every rank, and must do the same there.
    ///
    /// # Errors
    /// As [`all_gather_objects`](Self::all_gather_objects).
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
        // No group is empty.
        all.into_iter().reduce(combine).ok_or_else(|| missing("all_reduce_objects"))
    }

    /// Combines the objects of the ranks up to this one, in order (mpi4py's `scan`).
    ///
    /// # Errors
    /// As [`all_gather_objects`](Self::all_gather_objects); in an intercommunicator it is not defined.
    pub fn scan_objects<T>(&self, object: &T, combine: impl FnMut(T, T) -> T) -> Result<T, CollectiveError>
    where
        T: Serialize + DeserializeOwned,
    {
        self.inside_one_group("scan_objects")?;
        let all = self.all_gather_objects(object)?.into_iter().take(self.rank() as usize + 1);
        all.reduce(combine).ok_or_else(|| missing("scan_objects"))
    }

    /// Combines the objects of the ranks below this one, in order (mpi4py's `exscan`); rank 0 gets `None`.
    ///
    /// # Errors
    /// As [`all_gather_objects`](Self::all_gather_objects); in an intercommunicator it is not defined.
    pub fn exclusive_scan_objects<T>(
        &self,
        object: &T,
        combine: impl FnMut(T, T) -> T,
    ) -> Result<Option<T>, CollectiveError>
    where
        T: Serialize + DeserializeOwned,
    {
        self.inside_one_group("exclusive_scan_objects")?;
        let all = self.all_gather_objects(object)?.into_iter().take(self.rank() as usize);
        Ok(all.reduce(combine))
    }

    /// The lengths that everyone told this rank, which told `own` to each, or all to one another.
    fn heard(&self, told: &Result<Vec<u64>, CollectiveError>, own: &[u64]) -> Vec<u64> {
        let own = own.get(self.rank() as usize).or(own.first()).copied();
        told.as_ref().map_or_else(|_| self.unknown(own.filter(|_| !self.is_inter())), Vec::clone)
    }

    /// The lengths of all, of which only this rank's own is known, if it gets its own object too.
    fn unknown(&self, own: Option<u64>) -> Vec<u64> {
        let mut lengths = vec![FAILED; self.count()];
        if let Some(own) = own {
            lengths[self.rank() as usize] = own;
        }
        lengths
    }
}

/// A broadcast of bytes of which a rank may not know how many there are.
fn spread(call: &'static str, root: u32, len: usize) -> Invocation<impl FnOnce(&Shape<'_>) -> Schedule> {
    let plan = move |shape: &Shape<'_>| shape.broadcast_in_a_tree(root, len);
    Invocation { call, key: None, operation: None, plan }
}

/// In the place of a length: there is no object, and one byte instead.
const FAILED: u64 = u64::MAX;

/// How many bytes come where this is told.
fn present(len: u64) -> usize {
    if len == FAILED { 1 } else { len as usize }
}

fn parts(lengths: &[u64]) -> Parts {
    Parts::new(&lengths.iter().map(|len| present(*len)).collect::<Vec<_>>())
}

fn all_have(call: &'static str, lengths: &[u64]) -> Result<(), CollectiveError> {
    match lengths.iter().position(|len| *len == FAILED) {
        Some(rank) => Err(CollectiveError::Failed { call, rank: rank as i32 }),
        None => Ok(()),
    }
}

/// Lengths have been told, so that another one is the mark of a rank that has not heard of it.
fn whole(result: Result<(), CollectiveError>) -> Result<(), CollectiveError> {
    result.map_err(|error| match error {
        CollectiveError::Length { call, rank, .. } => CollectiveError::Failed { call, rank },
        error => error,
    })
}

fn decode_all<T: DeserializeOwned>(
    call: &'static str,
    bytes: &[u8],
    parts: &Parts,
) -> Result<Vec<T>, CollectiveError> {
    let one = |rank: usize| {
        let begin = parts.offset(rank);
        decoded(call, &bytes[begin..begin + parts.count(rank)], rank as i32)
    };
    (0..parts.len()).map(one).collect()
}

/// What a rank sends: objects one after the other, or the reason why it has none.
struct Load {
    bytes: Vec<u8>,
    lengths: Vec<u64>,
    wrong: Option<CollectiveError>,
}

impl Load {
    /// Nobody expects an object of this rank.
    fn nothing(count: usize) -> Self {
        Self { bytes: Vec::new(), lengths: vec![0; count], wrong: None }
    }

    fn failed(count: usize, wrong: CollectiveError) -> Self {
        Self { bytes: vec![0; count], lengths: vec![FAILED; count], wrong: Some(wrong) }
    }

    fn one<T: Serialize>(call: &'static str, object: &T) -> Self {
        Self::many(call, std::slice::from_ref(object), 1)
    }

    /// One for each of so many ranks.
    fn many<T: Serialize>(call: &'static str, objects: &[T], needed: usize) -> Self {
        let len = objects.len();
        if len != needed {
            let wrong = CollectiveError::Buffer { call, buffer: "the objects", needed, len };
            return Self::failed(needed, wrong);
        }
        let (mut bytes, mut lengths) = (Vec::new(), Vec::with_capacity(needed));
        for object in objects {
            let begin = bytes.len();
            if let Err(source) = encode(object, &mut bytes) {
                return Self::failed(needed, CollectiveError::Encode { call, source });
            }
            lengths.push((bytes.len() - begin) as u64);
        }
        Self { bytes, lengths, wrong: None }
    }
}

#[cold]
fn missing(call: &'static str) -> CollectiveError {
    CollectiveError::Counts { call, detail: "the root must give what it sends, as `Some`".to_owned() }
}

fn decoded<T: DeserializeOwned>(call: &'static str, bytes: &[u8], rank: i32) -> Result<T, CollectiveError> {
    decode(bytes).map_err(|source| CollectiveError::Decode { call, rank, source })
}
