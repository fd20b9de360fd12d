//! Waiting, testing, starting, and what a status tells (MPI 5.0, sections 3.2.5, 3.7, 3.9 and 13.2 to 13.3).

use std::ffi::{c_int, c_void};

use olympi_abi::types::{Callback, Count};

use crate::codes::Code;
use crate::constants::{Rank, Tag};
use crate::handles::{Datatype, Request};
use crate::statuses::Status;

export! {
    // Waiting and testing.
    MPI_Wait PMPI_Wait = requests::wait(request: *mut Request, status: *mut Status) -> Code;
    MPI_Test PMPI_Test = requests::test(request: *mut Request, flag: *mut c_int, status: *mut Status) -> Code;

    // Looking without freeing.
    MPI_Request_get_status PMPI_Request_get_status = requests::request_get_status(
        request: Request, flag: *mut c_int, status: *mut Status) -> Code;

    // Starting, cancelling, freeing.
    MPI_Start PMPI_Start = requests::start(request: *mut Request) -> Code;
    MPI_Cancel PMPI_Cancel = requests::cancel(request: *mut Request) -> Code;
    MPI_Test_cancelled PMPI_Test_cancelled = requests::test_cancelled(
        status: *const Status, flag: *mut c_int) -> Code;
    MPI_Request_free PMPI_Request_free = requests::request_free(request: *mut Request) -> Code;

    // Generalized requests.
    MPI_Grequest_start PMPI_Grequest_start = requests::grequest_start(
        query_fn: Callback, free_fn: Callback, cancel_fn: Callback, extra_state: *mut c_void,
        request: *mut Request) -> Code;
    MPI_Grequest_complete PMPI_Grequest_complete = requests::grequest_complete(request: Request) -> Code;

    // What a status tells.
    MPI_Get_count PMPI_Get_count = requests::get_count(
        status: *const Status, datatype: Datatype, count: *mut c_int) -> Code;
    MPI_Get_count_c PMPI_Get_count_c = requests::get_count(
        status: *const Status, datatype: Datatype, count: *mut Count) -> Code;
    MPI_Get_elements PMPI_Get_elements = requests::get_elements(
        status: *const Status, datatype: Datatype, count: *mut c_int) -> Code;
    MPI_Get_elements_c PMPI_Get_elements_c = requests::get_elements(
        status: *const Status, datatype: Datatype, count: *mut Count) -> Code;
    MPI_Get_elements_x PMPI_Get_elements_x = requests::get_elements(
        status: *const Status, datatype: Datatype, count: *mut Count) -> Code;
    MPI_Status_get_error PMPI_Status_get_error = requests::status_get_error(
        status: *const Status, err: *mut Code) -> Code;
    MPI_Status_get_source PMPI_Status_get_source = requests::status_get_source(
        status: *const Status, source: *mut Rank) -> Code;
    MPI_Status_get_tag PMPI_Status_get_tag = requests::status_get_tag(
        status: *const Status, tag: *mut Tag) -> Code;
    MPI_Status_set_cancelled PMPI_Status_set_cancelled = requests::status_set_cancelled(
        status: *mut Status, flag: c_int) -> Code;
    MPI_Status_set_elements PMPI_Status_set_elements = requests::status_set_elements(
        status: *mut Status, datatype: Datatype, count: c_int) -> Code;
    MPI_Status_set_elements_c PMPI_Status_set_elements_c = requests::status_set_elements(
        status: *mut Status, datatype: Datatype, count: Count) -> Code;
    MPI_Status_set_elements_x PMPI_Status_set_elements_x = requests::status_set_elements(
        status: *mut Status, datatype: Datatype, count: Count) -> Code;
    MPI_Status_set_error PMPI_Status_set_error = requests::status_set_error(
        status: *mut Status, err: Code) -> Code;
    MPI_Status_set_source PMPI_Status_set_source = requests::status_set_source(
        status: *mut Status, source: Rank) -> Code;
    MPI_Status_set_tag PMPI_Status_set_tag = requests::status_set_tag(status: *mut Status, tag: Tag) -> Code;
}
