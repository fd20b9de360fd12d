//! Events and their sources: there are none (MPI 5.0, section 15.3.8).

use std::ffi::{c_char, c_int, c_void};

use super::{answer, call};
use crate::constants::{MPI_T_ERR_INVALID_HANDLE, MPI_T_ERR_INVALID_INDEX, MPI_T_ERR_INVALID_NAME};
use crate::types::{Aint, Callback, Count, Datatype, EventInstance, EventRegistration, Info, TEnum};

/// `MPI_T_event_get_num`
///
/// # Safety
/// The result has a place.
pub unsafe fn event_get_num(num: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    call(|_| unsafe { answer(num, 0) })
}

/// `MPI_T_source_get_num`
///
/// # Safety
/// The result has a place.
pub unsafe fn source_get_num(num: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    call(|_| unsafe { answer(num, 0) })
}

macro_rules! none {
    ($($name:literal $core:ident($($argument:ident: $type:ty),*) is $code:ident;)*) => {$(
        #[doc = concat!("`", $name, "`: there is none.")]
        ///
        /// # Safety
        /// None.
        pub unsafe fn $core($($argument: $type),*) -> c_int {
            call(|_| Err($code))
        }
    )*};
}

none! {
    "MPI_T_event_get_index" event_get_index(
        _name: *const c_char, _event_index: *mut c_int
    ) is MPI_T_ERR_INVALID_NAME;
    "MPI_T_event_get_info" event_get_info(
        _event_index: c_int, _name: *mut c_char, _name_len: *mut c_int, _verbosity: *mut c_int,
        _array_of_datatypes: *mut Datatype, _array_of_displacements: *mut Aint, _num_elements: *mut c_int,
        _enumtype: *mut TEnum, _info: *mut Info, _desc: *mut c_char, _desc_len: *mut c_int,
        _bind: *mut c_int
    ) is MPI_T_ERR_INVALID_INDEX;
    "MPI_T_event_handle_alloc" event_handle_alloc(
        _event_index: c_int, _obj_handle: *mut c_void, _info: Info,
        _event_registration: *mut EventRegistration
    ) is MPI_T_ERR_INVALID_INDEX;
    "MPI_T_event_handle_free" event_handle_free(
        _event_registration: EventRegistration, _user_data: *mut c_void, _free_cb_function: Callback
    ) is MPI_T_ERR_INVALID_HANDLE;
    "MPI_T_event_handle_get_info" event_handle_get_info(
        _event_registration: EventRegistration, _info_used: *mut Info
    ) is MPI_T_ERR_INVALID_HANDLE;
    "MPI_T_event_handle_set_info" event_handle_set_info(
        _event_registration: EventRegistration, _info: Info
    ) is MPI_T_ERR_INVALID_HANDLE;
    "MPI_T_event_callback_get_info" event_callback_get_info(
        _event_registration: EventRegistration, _cb_safety: c_int, _info_used: *mut Info
    ) is MPI_T_ERR_INVALID_HANDLE;
    "MPI_T_event_callback_set_info" event_callback_set_info(
        _event_registration: EventRegistration, _cb_safety: c_int, _info: Info
    ) is MPI_T_ERR_INVALID_HANDLE;
    "MPI_T_event_copy" event_copy(_event_instance: EventInstance, _buffer: *mut c_void) is MPI_T_ERR_INVALID_HANDLE;
    "MPI_T_event_get_source" event_get_source(
        _event_instance: EventInstance, _source_index: *mut c_int
    ) is MPI_T_ERR_INVALID_HANDLE;
    "MPI_T_event_get_timestamp" event_get_timestamp(
        _event_instance: EventInstance, _event_timestamp: *mut Count
    ) is MPI_T_ERR_INVALID_HANDLE;
    "MPI_T_event_read" event_read(
        _event_instance: EventInstance, _element_index: c_int, _buffer: *mut c_void
    ) is MPI_T_ERR_INVALID_HANDLE;
    "MPI_T_event_register_callback" event_register_callback(
        _event_registration: EventRegistration, _cb_safety: c_int, _info: Info, _user_data: *mut c_void,
        _event_cb_function: Callback
    ) is MPI_T_ERR_INVALID_HANDLE;
    "MPI_T_event_set_dropped_handler" event_set_dropped_handler(
        _event_registration: EventRegistration, _dropped_cb_function: Callback
    ) is MPI_T_ERR_INVALID_HANDLE;
    "MPI_T_source_get_info" source_get_info(
        _source_index: c_int, _name: *mut c_char, _name_len: *mut c_int, _desc: *mut c_char,
        _desc_len: *mut c_int, _ordering: *mut c_int, _ticks_per_second: *mut Count,
        _max_ticks: *mut Count, _info: *mut Info
    ) is MPI_T_ERR_INVALID_INDEX;
    "MPI_T_source_get_timestamp" source_get_timestamp(
        _source_index: c_int, _timestamp: *mut Count
    ) is MPI_T_ERR_INVALID_INDEX;
}
