//! Events of the tool interface: their elements are told in an array of datatypes.

use std::ffi::{c_char, c_int};

use olympi_abi::types::{Aint, TEnum};
use olympi_abi::{constants as c, tools};

use crate::arguments::{Answer, Argument, Translated, with_array};
use crate::codes::Code;
use crate::constants::{Binding, Verbosity};
use crate::handles::{Datatype, Info};

/// `MPI_T_event_get_info`: the array has as many datatypes as the program says to have room for, and the call has.
///
/// # Safety
/// What MPI asks for.
unsafe fn event_get_info(
    event_index: c_int,
    name: *mut c_char,
    name_len: *mut c_int,
    verbosity: *mut Verbosity,
    datatypes: *mut Datatype,
    displacements: *mut Aint,
    elements: *mut c_int,
    enumtype: *mut TEnum,
    info: *mut Info,
    desc: *mut c_char,
    desc_len: *mut c_int,
    bind: *mut Binding,
) -> Code {
    // SAFETY: the caller's promise.
    unsafe {
        let room = elements.as_ref().map_or(0, |room| *room);
        let (mut verbosity, mut info, mut bind) =
            ((verbosity, verbosity.hold()), (info, info.hold()), (bind, bind.hold()));
        let answer = with_array(i64::from(room), datatypes.cast_const(), |ours| {
            let answer = tools::event_get_info(
                event_index,
                name,
                name_len,
                <*mut Verbosity>::lend(&mut verbosity.1),
                ours,
                displacements,
                elements,
                enumtype,
                <*mut Info>::lend(&mut info.1),
                desc,
                desc_len,
                <*mut Binding>::lend(&mut bind.1),
            );
            if answer == c::MPI_SUCCESS && !datatypes.is_null() {
                let written = elements.as_ref().map_or(0, |written| *written.min(&room));
                for at in 0..usize::try_from(written).unwrap_or(0) {
                    *datatypes.add(at) = Datatype::from_core(*ours.add(at));
                }
            }
            answer
        });
        verbosity.0.settle(verbosity.1);
        info.0.settle(info.1);
        bind.0.settle(bind.1);
        Code::answer(answer)
    }
}

by_hand! {
    MPI_T_event_get_info PMPI_T_event_get_info = event_get_info(
        event_index: c_int, name: *mut c_char, name_len: *mut c_int, verbosity: *mut Verbosity,
        array_of_datatypes: *mut Datatype, array_of_displacements: *mut Aint, num_elements: *mut c_int,
        enumtype: *mut TEnum, info: *mut Info, desc: *mut c_char, desc_len: *mut c_int,
        bind: *mut Binding) -> Code;
}
