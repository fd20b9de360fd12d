//! Attributes: values that libraries keep with a communicator (MPI 5.0, section 7.7).
//!
//! A [`Keyval`] is a typed face of an untyped core (a number, callbacks over `dyn Any`). The C interface keeps attributes of
//! its own, since its callbacks take handles, and datatypes have attributes too. Callbacks are users' functions: they run while nothing of ours is held, and may call anything.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::communicator::Communicator;
use crate::error::{AttributeError, CallbackError};

/// Any value.
type Value = Arc<dyn Any + Send + Sync>;

type CopyFn = dyn Fn(&Communicator, &Value) -> Result<Option<Value>, CallbackError> + Send + Sync;
type DeleteFn = dyn Fn(&Communicator, &Value) -> Result<(), CallbackError> + Send + Sync;

/// What all handles of a keyval have in common.
struct Core {
    number: u32,
    copy: Box<CopyFn>,
    delete: Box<DeleteFn>,
}

/// A key under which a communicator keeps a `T` (`MPI_Comm_create_keyval`): see [`Job::keyval`](crate::Job::keyval).
///
/// Dropping it leaves the attributes that were set with it, and their callbacks, as they are (`MPI_Comm_free_keyval`).
pub struct Keyval<T> {
    core: Arc<Core>,
    of: PhantomData<fn() -> T>,
}

/// For [`Job::keyval`](crate::Job::keyval): duplicates do not inherit the attribute (`MPI_COMM_NULL_COPY_FN`).
///
/// # Errors
/// Never.
pub fn null_copy<T>(_: &Communicator, _: &T) -> Result<Option<T>, CallbackError> {
    Ok(None)
}

/// For [`Job::keyval`](crate::Job::keyval): duplicates get a clone of the attribute (`MPI_COMM_DUP_FN`).
///
/// # Errors
/// Never.
pub fn clone_copy<T: Clone>(_: &Communicator, value: &T) -> Result<Option<T>, CallbackError> {
    Ok(Some(value.clone()))
}

/// For [`Job::keyval`](crate::Job::keyval): nothing is to be done about a value but dropping it
/// (`MPI_COMM_NULL_DELETE_FN`).
///
/// # Errors
/// Never.
pub fn null_delete<T>(_: &Communicator, _: &T) -> Result<(), CallbackError> {
    Ok(())
}

impl crate::Job {
    /// A new key for attributes of communicators (`MPI_Comm_create_keyval`).
    ///
    /// `copy` is called for each attribute of a communicator that is duplicated, in the order in which they were set, with
    /// the old communicator; what it gives, the new one has, if anything. If it fails, so does the duplicate.
    /// `delete` is called before an attribute is dropped: when it is deleted or set anew, and when its communicator is
    /// freed, then in the reverse order of setting. [`clone_copy`], [`null_copy`] and [`null_delete`] do for most.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// use olympi_comm::{clone_copy, null_delete};
    ///
    /// let plan = universe.keyval(clone_copy::<String>, null_delete);
    /// let comm = universe.world().dup()?;
    /// comm.set_attr(&plan, "fft".to_owned())?;
    /// assert_eq!(*comm.dup()?.attr(&plan).unwrap(), "fft");
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn keyval<T: Any + Send + Sync>(
        &self,
        copy: impl Fn(&Communicator, &T) -> Result<Option<T>, CallbackError> + Send + Sync + 'static,
        delete: impl Fn(&Communicator, &T) -> Result<(), CallbackError> + Send + Sync + 'static,
    ) -> Keyval<T> {
        let number = self.shared().made.fetch_add(1, Ordering::Relaxed);
        // A value under this key is a T: only this key's own calls set it.
        let typed =
            |value: &Value| value.clone().downcast::<T>().unwrap_or_else(|_| unreachable!("set by its key"));
        let core = Core {
            number,
            copy: Box::new(move |comm, value| {
                Ok(copy(comm, &typed(value))?.map(|value| Arc::new(value) as Value))
            }),
            delete: Box::new(move |comm, value| delete(comm, &typed(value))),
        };
        Keyval { core: Arc::new(core), of: PhantomData }
    }
}

/// What a communicator keeps, in the order in which it was set.
#[derive(Default)]
pub(crate) struct Attributes {
    list: Vec<(Arc<Core>, Value)>,
}

impl Attributes {
    fn position(&self, core: &Arc<Core>) -> Option<usize> {
        self.list.iter().position(|(known, _)| Arc::ptr_eq(known, core))
    }
}

/// Attributes.
impl Communicator {
    /// Keeps a value under a key (`MPI_Comm_set_attr`). One that was there before is deleted first.
    ///
    /// # Errors
    /// [`AttributeError::Delete`], if the delete callback refuses that; then the old value stays.
    pub fn set_attr<T: Any + Send + Sync>(&self, key: &Keyval<T>, value: T) -> Result<(), AttributeError> {
        self.delete_attr(key)?;
        self.core.about().attributes.list.push((Arc::clone(&key.core), Arc::new(value)));
        Ok(())
    }

    /// The value that it keeps under a key (`MPI_Comm_get_attr`).
    pub fn attr<T: Any + Send + Sync>(&self, key: &Keyval<T>) -> Option<Arc<T>> {
        let about = self.core.about();
        let at = about.attributes.position(&key.core)?;
        about.attributes.list[at].1.clone().downcast().ok()
    }

    /// Deletes the value under a key (`MPI_Comm_delete_attr`); whether there was one.
    ///
    /// # Errors
    /// [`AttributeError::Delete`], if the delete callback refuses; then the value stays.
    pub fn delete_attr<T>(&self, key: &Keyval<T>) -> Result<bool, AttributeError> {
        let found = {
            let about = self.core.about();
            about.attributes.position(&key.core).map(|at| about.attributes.list[at].clone())
        };
        let Some((core, value)) = found else { return Ok(false) };
        (core.delete)(self, &value).map_err(|error| AttributeError::Delete(error.into()))?;
        let removed = {
            let attributes = &mut self.core.about().attributes;
            attributes.position(&core).map(|at| attributes.list.remove(at))
        };
        // The value's own end is a user's function too: nothing is held now.
        drop(removed);
        Ok(true)
    }

    /// The attributes of a duplicate.
    pub(crate) fn copy_attributes(&self) -> Result<Attributes, AttributeError> {
        let list = self.core.about().attributes.list.clone();
        let mut copied = Attributes::default();
        for (core, value) in list {
            match (core.copy)(self, &value) {
                Ok(None) => {}
                Ok(Some(value)) => copied.list.push((core, value)),
                Err(error) => {
                    self.discard_attributes(copied);
                    return Err(AttributeError::Copy(error.into()));
                }
            }
        }
        Ok(copied)
    }

    /// Deletes copies that no communicator has come to keep.
    pub(crate) fn discard_attributes(&self, copies: Attributes) {
        if let Err(error) = self.delete_all(copies) {
            tracing::warn!(comm = ?self, %error, "of an attribute that was copied for nothing");
        }
    }

    /// Deletes all attributes, since the communicator is being freed, the last one first; whatever fails, all of them
    /// are.
    pub(crate) fn drop_attributes(&self) -> Result<(), AttributeError> {
        let attributes = std::mem::take(&mut self.core.about().attributes);
        self.delete_all(attributes)
    }

    fn delete_all(&self, attributes: Attributes) -> Result<(), AttributeError> {
        let mut first = Ok(());
        for (core, value) in attributes.list.into_iter().rev() {
            if let Err(error) = (core.delete)(self, &value)
                && first.is_ok()
            {
                first = Err(AttributeError::Delete(error.into()));
            }
        }
        first
    }
}

/// A key is a name, which many may know.
impl<T> Clone for Keyval<T> {
    fn clone(&self) -> Self {
        Self { core: Arc::clone(&self.core), of: PhantomData }
    }
}

impl<T> fmt::Debug for Keyval<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyval {} of {}", self.core.number, std::any::type_name::<T>())
    }
}

/// What the standard predefines as attributes of `MPI_COMM_WORLD` (MPI 5.0, section 9.1.2); `MPI_TAG_UB` is
/// [`TAG_UB`](crate::TAG_UB).
impl crate::Job {
    /// Whether the clocks of all ranks go together (`MPI_WTIME_IS_GLOBAL`): each has its own.
    pub fn wtime_is_global(&self) -> bool {
        false
    }

    /// The rank of a host process (`MPI_HOST`): there is none, which [`PROC_NULL`](crate::PROC_NULL) says.
    pub fn host(&self) -> i32 {
        crate::PROC_NULL
    }

    /// The rank that can do input and output (`MPI_IO`): all can, which [`ANY_SOURCE`](crate::ANY_SOURCE) says.
    pub fn io(&self) -> i32 {
        crate::ANY_SOURCE
    }

    /// How many ranks there could be (`MPI_UNIVERSE_SIZE`), if the launcher tells.
    pub fn universe_size(&self) -> Option<i32> {
        self.bootstrap()?.universe_size()
    }

    /// Which of several programs this process runs (`MPI_APPNUM`), if the launcher tells.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// assert_eq!(universe.appnum(), None); // started without one
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn appnum(&self) -> Option<i32> {
        self.bootstrap()?.appnum()
    }

    /// The last error code that is in use (`MPI_LASTUSEDCODE`): that of the last error class.
    pub fn last_used_code(&self) -> i32 {
        crate::ErrorClass::ALL.len() as i32 - 1
    }
}
