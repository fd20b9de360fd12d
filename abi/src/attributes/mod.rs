//! Attributes of communicators, types and windows, and names of types (MPI 5.0, sections 7.7 and 7.8).
//!
//! A keyval lives as long as the program has it or an attribute was set with it, so that its number means nothing else
//! meanwhile. Callbacks are functions of the program: they run while nothing of ours is locked, and may call anything.

mod calls;
mod names;
mod standard;

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::constants::{MPI_ERR_KEYVAL, MPI_KEYVAL_INVALID, MPI_SUCCESS};
use crate::dialect::dialect;
use crate::fault::{Fault, Outcome};
use crate::handle::Table;
use crate::object::{CommObject, TypeObject, too_many};
use crate::types::{Callback, Comm, Datatype, Win};
use crate::windows::WindowObject;

pub use calls::*;
pub use names::*;

/// Which objects a keyval is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Scope {
    Comm,
    Type,
    Win,
}

/// A key, and what is to be done with the values that are kept under it.
struct Keyval {
    scope: Scope,
    /// The program's functions; of those that copy, [`NOTHING`] and [`SAME`] are none, of those that delete the first.
    copy: usize,
    delete: usize,
    extra: usize,
    /// Attributes that were set with it, and the program's own handle.
    uses: AtomicUsize,
    /// The program has it no longer.
    freed: AtomicBool,
}

/// `MPI_COMM_NULL_COPY_FN`, `MPI_COMM_NULL_DELETE_FN` and their like.
const NOTHING: usize = 0;
/// `MPI_COMM_DUP_FN` and its like.
const SAME: usize = 1;

static KEYVALS: Table<Keyval> = Table::new(10);

impl Keyval {
    /// The one of a number, if it is for such objects.
    fn get(number: c_int, scope: Scope) -> Outcome<&'static Self> {
        let wrong = |detail: String| Err(Fault::new(MPI_ERR_KEYVAL, detail));
        match usize::try_from(number).ok().and_then(|number| KEYVALS.get(number)) {
            Some(keyval) if keyval.scope == scope => Ok(keyval),
            Some(keyval) => {
                wrong(format!("the keyval is for a {:?}, and used for a {scope:?}", keyval.scope))
            }
            None if number == MPI_KEYVAL_INVALID => wrong("the keyval is MPI_KEYVAL_INVALID".to_owned()),
            None if standard::is_predefined(number) => {
                wrong(format!("keyval {number} is predefined: it cannot be set, deleted or freed"))
            }
            None => wrong(format!("{number} is no keyval, or one that was freed")),
        }
    }

    fn take(&self) {
        self.uses.fetch_add(1, Ordering::Relaxed);
    }

    /// One use less: with the last it goes.
    fn give_back(&self, number: c_int) {
        if self.uses.fetch_sub(1, Ordering::AcqRel) == 1 {
            KEYVALS.remove(number as usize);
        }
    }
}

/// A new keyval.
fn create(scope: Scope, copy: Callback, delete: Callback, extra: *mut c_void) -> Outcome<c_int> {
    let keyval = Keyval {
        scope,
        copy: copy as usize,
        delete: delete as usize,
        extra: extra as usize,
        uses: 1.into(),
        freed: false.into(),
    };
    // Handles fit in 31 bits.
    KEYVALS.insert(keyval).map(|number| number as c_int).ok_or_else(too_many)
}

/// The program's handle of a keyval ends.
fn free(scope: Scope, number: c_int) -> Outcome {
    let keyval = Keyval::get(number, scope)?;
    if keyval.freed.swap(true, Ordering::Relaxed) {
        return Err(Fault::new(MPI_ERR_KEYVAL, format!("keyval {number} was freed already")));
    }
    keyval.give_back(number);
    Ok(())
}

/// The attributes of an object, in the order in which they were set.
#[derive(Default)]
pub struct Attributes {
    list: Vec<Attribute>,
}

#[derive(Clone, Copy)]
struct Attribute {
    keyval: c_int,
    value: usize,
}

impl Attributes {
    fn position(&self, keyval: c_int) -> Option<usize> {
        self.list.iter().position(|attribute| attribute.keyval == keyval)
    }

    fn value(&self, keyval: c_int) -> Option<usize> {
        self.position(keyval).map(|at| self.list[at].value)
    }
}

/// Nothing of the program's is called meanwhile.
fn lock(attributes: &Mutex<Attributes>) -> MutexGuard<'_, Attributes> {
    // Each change leaves it consistent.
    attributes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What has attributes.
trait Holder: Copy {
    const SCOPE: Scope;

    /// Calls a delete function of the program.
    ///
    /// # Safety
    /// It is one for such objects.
    unsafe fn deleted(self, function: usize, keyval: c_int, value: *mut c_void, extra: *mut c_void) -> c_int;
}

/// What can be duplicated, and its attributes with it.
trait Copyable: Holder {
    /// Calls a copy function of the program.
    ///
    /// # Safety
    /// It is one for such objects.
    unsafe fn copied(self, copy: Copied<'_>) -> c_int;
}

/// What a copy function is called with.
struct Copied<'a> {
    function: usize,
    keyval: c_int,
    extra: *mut c_void,
    value: *mut c_void,
    new: &'a mut *mut c_void,
    flag: &'a mut c_int,
}

macro_rules! holders {
    ($($handle:ident $scope:ident $delete:ident $($copy:ident)?;)*) => {$(
        impl Holder for $handle {
            const SCOPE: Scope = Scope::$scope;

            unsafe fn deleted(
                self,
                function: usize,
                keyval: c_int,
                value: *mut c_void,
                extra: *mut c_void,
            ) -> c_int {
                // SAFETY: the caller's promise.
                unsafe { (dialect().$delete)(function, self, keyval, value, extra) }
            }
        }

        $(impl Copyable for $handle {
            unsafe fn copied(self, copy: Copied<'_>) -> c_int {
                let Copied { function, keyval, extra, value, new, flag } = copy;
                let new = std::ptr::from_mut(new).cast();
                // SAFETY: the caller's promise.
                unsafe { (dialect().$copy)(function, self, keyval, extra, value, new, flag) }
            }
        })?
    )*};
}

holders! {
    Comm Comm comm_delete comm_copy;
    Datatype Type type_delete type_copy;
    Win Win win_delete;
}

/// Has the program delete a value.
fn delete_value<H: Holder>(holder: H, Attribute { keyval: number, value }: Attribute) -> Outcome {
    let keyval = Keyval::get(number, H::SCOPE)?;
    if keyval.delete == NOTHING {
        return Ok(());
    }
    let (value, extra) = (value as *mut c_void, keyval.extra as *mut c_void);
    // SAFETY: the program has given it as the delete function of such a keyval.
    match unsafe { holder.deleted(keyval.delete, number, value, extra) } {
        MPI_SUCCESS => Ok(()),
        code => Err(Fault::new(code, format!("the delete function of keyval {number} has failed"))),
    }
}

/// Deletes an attribute, if there is one. If the program's function refuses, it stays.
fn delete<H: Holder>(holder: H, attributes: &Mutex<Attributes>, number: c_int) -> Outcome {
    let keyval = Keyval::get(number, H::SCOPE)?;
    let found = lock(attributes).value(number);
    let Some(value) = found else { return Ok(()) };
    delete_value(holder, Attribute { keyval: number, value })?;
    let removed = {
        let mut attributes = lock(attributes);
        attributes.position(number).map(|at| attributes.list.remove(at))
    };
    if removed.is_some() {
        keyval.give_back(number);
    }
    Ok(())
}

/// Sets an attribute. One that was there is deleted first; if that is refused, it stays.
fn set<H: Holder>(holder: H, attributes: &Mutex<Attributes>, number: c_int, value: *mut c_void) -> Outcome {
    let keyval = Keyval::get(number, H::SCOPE)?;
    if keyval.freed.load(Ordering::Relaxed) {
        return Err(Fault::new(MPI_ERR_KEYVAL, format!("keyval {number} was freed")));
    }
    keyval.take();
    let deleted = delete(holder, attributes, number);
    if deleted.is_err() {
        keyval.give_back(number);
        return deleted;
    }
    lock(attributes).list.push(Attribute { keyval: number, value: value as usize });
    Ok(())
}

/// The value of an attribute.
fn get(scope: Scope, attributes: &Mutex<Attributes>, number: c_int) -> Outcome<Option<usize>> {
    Keyval::get(number, scope)?;
    Ok(lock(attributes).value(number))
}

/// What a duplicate has: of each attribute what its copy function says.
fn copy<H: Copyable>(holder: H, attributes: &Mutex<Attributes>) -> Outcome<Attributes> {
    let numbers: Vec<_> = lock(attributes).list.iter().map(|attribute| attribute.keyval).collect();
    let mut copies = Attributes::default();
    for number in numbers {
        match copy_value(holder, attributes, number) {
            Ok(None) => {}
            Ok(Some(attribute)) => copies.list.push(attribute),
            Err(fault) => {
                discard(holder, copies);
                return Err(fault);
            }
        }
    }
    Ok(copies)
}

fn copy_value<H: Copyable>(
    holder: H,
    attributes: &Mutex<Attributes>,
    number: c_int,
) -> Outcome<Option<Attribute>> {
    // A function that was called before may have deleted it.
    let found = lock(attributes).value(number);
    let Some(value) = found else { return Ok(None) };
    let keyval = Keyval::get(number, H::SCOPE)?;
    let mut new = value as *mut c_void;
    let copied = match keyval.copy {
        NOTHING => false,
        SAME => true,
        function => {
            let mut flag = 0;
            let (value, extra) = (value as *mut c_void, keyval.extra as *mut c_void);
            let copy = Copied { function, keyval: number, extra, value, new: &mut new, flag: &mut flag };
            // SAFETY: the program has given it as the copy function of such a keyval.
            let code = unsafe { holder.copied(copy) };
            if code != MPI_SUCCESS {
                return Err(Fault::new(code, format!("the copy function of keyval {number} has failed")));
            }
            flag != 0
        }
    };
    if !copied {
        return Ok(None);
    }
    keyval.take();
    Ok(Some(Attribute { keyval: number, value: new as usize }))
}

/// Deletes copies that no object has come to keep.
fn discard<H: Holder>(holder: H, copies: Attributes) {
    for attribute in copies.list.into_iter().rev() {
        // The call has failed already, and says why.
        let _refused = delete_value(holder, attribute);
        if let Ok(keyval) = Keyval::get(attribute.keyval, H::SCOPE) {
            keyval.give_back(attribute.keyval);
        }
    }
}

/// Deletes all of an object that is about to end, the last one first. Where that is refused, the rest stays.
fn delete_all<H: Holder>(holder: H, attributes: &Mutex<Attributes>) -> Outcome {
    loop {
        let last = lock(attributes).list.last().copied();
        let Some(Attribute { keyval, .. }) = last else { return Ok(()) };
        delete(holder, attributes, keyval)?;
    }
}

/// What a duplicate of a communicator has.
///
/// # Errors
/// What a copy function of the program says.
pub(crate) fn copy_comm(from: Comm, object: &CommObject) -> Outcome<Attributes> {
    copy(from, &object.attributes)
}

/// Deletes such copies, since there is no duplicate.
pub(crate) fn discard_comm(from: Comm, copies: Attributes) {
    discard(from, copies);
}

/// Deletes all of a communicator, which is about to end.
///
/// # Errors
/// What a function of the program says; what it has refused to delete stays.
pub fn drop_all(comm: Comm, object: &CommObject) -> Outcome {
    delete_all(comm, &object.attributes)
}

/// Gives a duplicate of a datatype what the copy functions say.
///
/// # Errors
/// What a function of the program says: then there is to be no duplicate.
pub fn copy_type(from: Datatype, from_object: &TypeObject, to_object: &TypeObject) -> Outcome {
    let copies = copy(from, &from_object.attributes)?;
    *lock(&to_object.attributes) = copies;
    Ok(())
}

/// Deletes all of a datatype, which is about to end.
///
/// # Errors
/// What a function of the program says; what it has refused to delete stays.
pub fn drop_type(datatype: Datatype, object: &TypeObject) -> Outcome {
    delete_all(datatype, &object.attributes)
}

/// Deletes all of a window, which is about to end.
///
/// # Errors
/// What a function of the program says; what it has refused to delete stays.
pub fn drop_win(win: Win, object: &WindowObject) -> Outcome {
    delete_all(win, &object.attributes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constants::MPI_ERR_OTHER;
    use std::ptr::null;

    /// A type, and what its functions were called with.
    struct Log(Mutex<Vec<(char, c_int, usize)>>);

    impl Log {
        fn note(&self, what: char, keyval: c_int, value: *mut c_void) -> usize {
            self.0.lock().unwrap().push((what, keyval, value as usize));
            value as usize
        }

        fn taken(&self) -> Vec<(char, c_int, usize)> {
            std::mem::take(&mut *self.0.lock().unwrap())
        }

        fn state(&self) -> *mut c_void {
            std::ptr::from_ref(self).cast_mut().cast()
        }
    }

    /// A copy is one more; of 13 there is none, and 99 cannot be copied.
    extern "C" fn copying(
        _: Datatype,
        keyval: c_int,
        extra: *mut c_void,
        value: *mut c_void,
        new: *mut c_void,
        flag: *mut c_int,
    ) -> c_int {
        // SAFETY: this is what the tests give.
        let log = unsafe { &*extra.cast::<Log>() };
        let value = log.note('c', keyval, value);
        // SAFETY: there are places for the results.
        unsafe {
            new.cast::<usize>().write(value + 1);
            flag.write(c_int::from(value != 13));
        }
        if value == 99 { MPI_ERR_OTHER } else { MPI_SUCCESS }
    }

    /// 50 is not deleted.
    extern "C" fn deleting(_: Datatype, keyval: c_int, value: *mut c_void, extra: *mut c_void) -> c_int {
        // SAFETY: as above.
        let log = unsafe { &*extra.cast::<Log>() };
        if log.note('d', keyval, value) == 50 { MPI_ERR_OTHER } else { MPI_SUCCESS }
    }

    fn keyval(log: &Log) -> c_int {
        create(Scope::Type, copying as *const c_void, deleting as *const c_void, log.state()).unwrap()
    }

    fn at(value: usize) -> *mut c_void {
        value as *mut c_void
    }

    #[test]
    fn attributes_are_copied_in_order_and_deleted_in_reverse() {
        let log = Log(Mutex::default());
        let (holder, of) = (Datatype(7), Mutex::new(Attributes::default()));
        let [a, b] = [keyval(&log), keyval(&log)];
        set(holder, &of, b, at(1)).unwrap();
        set(holder, &of, a, at(10)).unwrap();
        set(holder, &of, b, at(2)).unwrap();
        assert_eq!(log.taken(), [('d', b, 1)]);
        let copies = Mutex::new(copy(holder, &of).unwrap());
        assert_eq!(log.taken(), [('c', a, 10), ('c', b, 2)]);
        assert_eq!(get(Scope::Type, &copies, a).unwrap(), Some(11));
        delete_all(holder, &copies).unwrap();
        assert_eq!(log.taken(), [('d', b, 3), ('d', a, 11)]);
        // What cannot be copied takes the copies before it along; what is not copied is not there.
        set(holder, &of, b, at(99)).unwrap();
        log.taken();
        assert_eq!(copy(holder, &of).err().unwrap().code, MPI_ERR_OTHER);
        assert_eq!(log.taken(), [('c', a, 10), ('c', b, 99), ('d', a, 11)]);
        set(holder, &of, a, at(13)).unwrap();
        set(holder, &of, b, at(13)).unwrap();
        assert!(copy(holder, &of).unwrap().list.is_empty());
        delete_all(holder, &of).unwrap();
        for number in [a, b] {
            free(Scope::Type, number).unwrap();
        }
    }

    #[test]
    fn what_is_refused_stays() {
        let log = Log(Mutex::default());
        let (holder, of) = (Datatype(7), Mutex::new(Attributes::default()));
        let number = keyval(&log);
        set(holder, &of, number, at(50)).unwrap();
        assert!(set(holder, &of, number, at(1)).is_err() && delete(holder, &of, number).is_err());
        assert!(delete_all(holder, &of).is_err());
        assert_eq!(get(Scope::Type, &of, number).unwrap(), Some(50));
        assert_eq!(Keyval::get(number, Scope::Type).unwrap().uses.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_keyval_lives_as_long_as_its_attributes() {
        let (holder, of) = (Datatype(7), Mutex::new(Attributes::default()));
        let number = create(Scope::Type, SAME as *const c_void, null(), at(0)).unwrap();
        assert!(Keyval::get(number, Scope::Comm).is_err());
        set(holder, &of, number, at(0)).unwrap();
        free(Scope::Type, number).unwrap();
        assert_eq!(free(Scope::Type, number).unwrap_err().code, MPI_ERR_KEYVAL);
        assert_eq!(set(holder, &of, number, at(1)).unwrap_err().code, MPI_ERR_KEYVAL);
        let copies = Mutex::new(copy(holder, &of).unwrap());
        delete_all(holder, &of).unwrap();
        assert_eq!(get(Scope::Type, &copies, number).unwrap(), Some(0));
        delete_all(holder, &copies).unwrap();
        for wrong in [number, MPI_KEYVAL_INVALID, crate::constants::MPI_TAG_UB, -1] {
            assert_eq!(get(Scope::Type, &of, wrong).unwrap_err().code, MPI_ERR_KEYVAL);
        }
    }
}
