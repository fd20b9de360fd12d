//! The tool information interface (MPI 5.0, section 15.3).

use std::ffi::{c_char, c_int, c_void};

use olympi_abi::types::{
    Callback, Count, CvarHandle, EventInstance, EventRegistration, PvarHandle, PvarSession, TEnum,
};

use crate::codes::Code;
use crate::constants::{Binding, Ordering, PvarClass, Safety, Scope, ThreadLevel, Verbosity};
use crate::handles::{Datatype, Info};

export! {
    // Starting and ending.
    MPI_T_init_thread PMPI_T_init_thread = tools::init_thread(
        required: ThreadLevel, provided: *mut ThreadLevel) -> Code;
    MPI_T_finalize PMPI_T_finalize = tools::finalize() -> Code;

    // Enumerations.
    MPI_T_enum_get_info PMPI_T_enum_get_info = tools::enum_get_info(
        enumtype: TEnum, num: *mut c_int, name: *mut c_char, name_len: *mut c_int) -> Code;
    MPI_T_enum_get_item PMPI_T_enum_get_item = tools::enum_get_item(
        enumtype: TEnum, index: c_int, value: *mut c_int, name: *mut c_char, name_len: *mut c_int) -> Code;

    // Control variables.
    MPI_T_cvar_get_index PMPI_T_cvar_get_index = tools::cvar_get_index(
        name: *const c_char, cvar_index: *mut c_int) -> Code;
    MPI_T_cvar_get_info PMPI_T_cvar_get_info = tools::cvar_get_info(
        cvar_index: c_int, name: *mut c_char, name_len: *mut c_int, verbosity: *mut Verbosity,
        datatype: *mut Datatype, enumtype: *mut TEnum, desc: *mut c_char, desc_len: *mut c_int,
        bind: *mut Binding, scope: *mut Scope) -> Code;
    MPI_T_cvar_get_num PMPI_T_cvar_get_num = tools::cvar_get_num(num_cvar: *mut c_int) -> Code;
    MPI_T_cvar_handle_alloc PMPI_T_cvar_handle_alloc = tools::cvar_handle_alloc(
        cvar_index: c_int, obj_handle: *mut c_void, handle: *mut CvarHandle, count: *mut c_int) -> Code;
    MPI_T_cvar_handle_free PMPI_T_cvar_handle_free = tools::cvar_handle_free(handle: *mut CvarHandle) -> Code;
    MPI_T_cvar_read PMPI_T_cvar_read = tools::cvar_read(handle: CvarHandle, buf: *mut c_void) -> Code;
    MPI_T_cvar_write PMPI_T_cvar_write = tools::cvar_write(handle: CvarHandle, buf: *const c_void) -> Code;

    // Performance variables.
    MPI_T_pvar_get_index PMPI_T_pvar_get_index = tools::pvar_get_index(
        name: *const c_char, var_class: PvarClass, pvar_index: *mut c_int) -> Code;
    MPI_T_pvar_get_info PMPI_T_pvar_get_info = tools::pvar_get_info(
        pvar_index: c_int, name: *mut c_char, name_len: *mut c_int, verbosity: *mut Verbosity,
        var_class: *mut PvarClass, datatype: *mut Datatype, enumtype: *mut TEnum, desc: *mut c_char,
        desc_len: *mut c_int, bind: *mut Binding, readonly: *mut c_int, continuous: *mut c_int,
        atomic: *mut c_int) -> Code;
    MPI_T_pvar_get_num PMPI_T_pvar_get_num = tools::pvar_get_num(num_pvar: *mut c_int) -> Code;
    MPI_T_pvar_session_create PMPI_T_pvar_session_create = tools::pvar_session_create(
        pe_session: *mut PvarSession) -> Code;
    MPI_T_pvar_session_free PMPI_T_pvar_session_free = tools::pvar_session_free(
        pe_session: *mut PvarSession) -> Code;
    MPI_T_pvar_handle_alloc PMPI_T_pvar_handle_alloc = tools::pvar_handle_alloc(
        pe_session: PvarSession, pvar_index: c_int, obj_handle: *mut c_void, handle: *mut PvarHandle,
        count: *mut c_int) -> Code;
    MPI_T_pvar_handle_free PMPI_T_pvar_handle_free = tools::pvar_handle_free(
        pe_session: PvarSession, handle: *mut PvarHandle) -> Code;
    MPI_T_pvar_read PMPI_T_pvar_read = tools::pvar_read(
        pe_session: PvarSession, handle: PvarHandle, buf: *mut c_void) -> Code;
    MPI_T_pvar_readreset PMPI_T_pvar_readreset = tools::pvar_readreset(
        pe_session: PvarSession, handle: PvarHandle, buf: *mut c_void) -> Code;
    MPI_T_pvar_reset PMPI_T_pvar_reset = tools::pvar_reset(
        pe_session: PvarSession, handle: PvarHandle) -> Code;
    MPI_T_pvar_start PMPI_T_pvar_start = tools::pvar_start(
        pe_session: PvarSession, handle: PvarHandle) -> Code;
    MPI_T_pvar_stop PMPI_T_pvar_stop = tools::pvar_stop(pe_session: PvarSession, handle: PvarHandle) -> Code;
    MPI_T_pvar_write PMPI_T_pvar_write = tools::pvar_write(
        pe_session: PvarSession, handle: PvarHandle, buf: *const c_void) -> Code;

    // Events and their sources.
    MPI_T_event_get_index PMPI_T_event_get_index = tools::event_get_index(
        name: *const c_char, event_index: *mut c_int) -> Code;
    MPI_T_event_get_num PMPI_T_event_get_num = tools::event_get_num(num_events: *mut c_int) -> Code;
    MPI_T_event_handle_alloc PMPI_T_event_handle_alloc = tools::event_handle_alloc(
        event_index: c_int, obj_handle: *mut c_void, info: Info,
        event_registration: *mut EventRegistration) -> Code;
    MPI_T_event_handle_free PMPI_T_event_handle_free = tools::event_handle_free(
        event_registration: EventRegistration, user_data: *mut c_void, free_cb_function: Callback) -> Code;
    MPI_T_event_handle_get_info PMPI_T_event_handle_get_info = tools::event_handle_get_info(
        event_registration: EventRegistration, info_used: *mut Info) -> Code;
    MPI_T_event_handle_set_info PMPI_T_event_handle_set_info = tools::event_handle_set_info(
        event_registration: EventRegistration, info: Info) -> Code;
    MPI_T_event_callback_get_info PMPI_T_event_callback_get_info = tools::event_callback_get_info(
        event_registration: EventRegistration, cb_safety: Safety, info_used: *mut Info) -> Code;
    MPI_T_event_callback_set_info PMPI_T_event_callback_set_info = tools::event_callback_set_info(
        event_registration: EventRegistration, cb_safety: Safety, info: Info) -> Code;
    MPI_T_event_copy PMPI_T_event_copy = tools::event_copy(
        event_instance: EventInstance, buffer: *mut c_void) -> Code;
    MPI_T_event_get_source PMPI_T_event_get_source = tools::event_get_source(
        event_instance: EventInstance, source_index: *mut c_int) -> Code;
    MPI_T_event_get_timestamp PMPI_T_event_get_timestamp = tools::event_get_timestamp(
        event_instance: EventInstance, event_timestamp: *mut Count) -> Code;
    MPI_T_event_read PMPI_T_event_read = tools::event_read(
        event_instance: EventInstance, element_index: c_int, buffer: *mut c_void) -> Code;
    MPI_T_event_register_callback PMPI_T_event_register_callback = tools::event_register_callback(
        event_registration: EventRegistration, cb_safety: Safety, info: Info, user_data: *mut c_void,
        event_cb_function: Callback) -> Code;
    MPI_T_event_set_dropped_handler PMPI_T_event_set_dropped_handler = tools::event_set_dropped_handler(
        event_registration: EventRegistration, dropped_cb_function: Callback) -> Code;
    MPI_T_source_get_num PMPI_T_source_get_num = tools::source_get_num(num_sources: *mut c_int) -> Code;
    MPI_T_source_get_info PMPI_T_source_get_info = tools::source_get_info(
        source_index: c_int, name: *mut c_char, name_len: *mut c_int, desc: *mut c_char, desc_len: *mut c_int,
        ordering: *mut Ordering, ticks_per_second: *mut Count, max_ticks: *mut Count,
        info: *mut Info) -> Code;
    MPI_T_source_get_timestamp PMPI_T_source_get_timestamp = tools::source_get_timestamp(
        source_index: c_int, timestamp: *mut Count) -> Code;

    // Categories.
    MPI_T_category_get_num PMPI_T_category_get_num = tools::category_get_num(num_cat: *mut c_int) -> Code;
    MPI_T_category_changed PMPI_T_category_changed = tools::category_changed(
        update_number: *mut c_int) -> Code;
    MPI_T_category_get_categories PMPI_T_category_get_categories = tools::category_get_categories(
        cat_index: c_int, len: c_int, indices: *mut c_int) -> Code;
    MPI_T_category_get_cvars PMPI_T_category_get_cvars = tools::category_get_cvars(
        cat_index: c_int, len: c_int, indices: *mut c_int) -> Code;
    MPI_T_category_get_events PMPI_T_category_get_events = tools::category_get_events(
        cat_index: c_int, len: c_int, indices: *mut c_int) -> Code;
    MPI_T_category_get_index PMPI_T_category_get_index = tools::category_get_index(
        name: *const c_char, cat_index: *mut c_int) -> Code;
    MPI_T_category_get_info PMPI_T_category_get_info = tools::category_get_info(
        cat_index: c_int, name: *mut c_char, name_len: *mut c_int, desc: *mut c_char, desc_len: *mut c_int,
        num_cvars: *mut c_int, num_pvars: *mut c_int, num_categories: *mut c_int) -> Code;
    MPI_T_category_get_num_events PMPI_T_category_get_num_events = tools::category_get_num_events(
        cat_index: c_int, num_events: *mut c_int) -> Code;
    MPI_T_category_get_pvars PMPI_T_category_get_pvars = tools::category_get_pvars(
        cat_index: c_int, len: c_int, indices: *mut c_int) -> Code;
}
