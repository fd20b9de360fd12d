//! Calls with arrays of handles or ranks, whose lengths are found in other arguments, or in the communicator.

use std::ffi::c_int;

use olympi_abi::constants as c;
use olympi_abi::types::{self, Aint, Count};
use olympi_abi::{datatypes, groups, topology};

use crate::arguments::{Answer, Argument, Translated, with_array};
use crate::codes::Code;
use crate::constants::{Buffer, BufferMut, Rank};
use crate::handles::{Comm, Datatype, Group, Info, Request};

/// How many types a rank sends with, and receives with.
type Lengths = (i64, i64);

/// In a collective of all: one for each rank; of an intercommunicator, for each of the other group.
fn ranks(comm: types::Comm) -> Lengths {
    let size = comm.get().map_or(0, |object| object.comm.remote_size().unwrap_or(object.comm.size()));
    (i64::from(size), i64::from(size))
}

/// In a collective of neighbours: one for each of them.
fn neighbours(comm: types::Comm) -> Lengths {
    let (mut kind, mut sources, mut destinations, mut weighted) = (0, 0, 0, 0);
    // Of what is no communicator the call itself will tell.
    if comm.get().is_err() {
        return (0, 0);
    }
    // SAFETY: the results have places; questions that have no answer are not asked.
    unsafe {
        topology::topo_test(comm, &raw mut kind);
        match kind {
            c::MPI_CART => {
                topology::cartdim_get(comm, &raw mut sources);
                sources *= 2;
                destinations = sources;
            }
            c::MPI_GRAPH => {
                let rank = comm.get().map_or(0, |object| object.comm.rank());
                topology::graph_neighbors_count(comm, rank, &raw mut sources);
                destinations = sources;
            }
            c::MPI_DIST_GRAPH => {
                topology::dist_graph_neighbors_count(
                    comm,
                    &raw mut sources,
                    &raw mut destinations,
                    &raw mut weighted,
                );
            }
            _ => {}
        }
    }
    (i64::from(destinations), i64::from(sources))
}

/// Exports collectives that take a datatype for each peer:
/// `MPI_X PMPI_X = chapter::core(more arguments) with lengths <counts, displacements>;`
macro_rules! of_types {
    ($(
        $mpi:ident $pmpi:ident = $chapter:ident::$core:ident ($($more:ident: $type:ty),*)
            with $lengths:ident <$count:ty, $displacement:ty>;
    )*) => { $(
        $crate::export::twins! { $mpi $pmpi (
            sendbuf: Buffer, sendcounts: *const $count, sdispls: *const $displacement,
            sendtypes: *const Datatype, recvbuf: BufferMut, recvcounts: *const $count,
            rdispls: *const $displacement, recvtypes: *const Datatype, comm: Comm $(, $more: $type)*
        ) -> Code {
            $(let mut $more = ($more, $more.hold());)*
            let (from, into, comm) = (sendbuf.to_core(), recvbuf.to_core(), comm.to_core());
            let (sends, receives) = $lengths(comm);
            // Types of a send in place mean nothing.
            let sends = if from as usize == c::MPI_IN_PLACE { 0 } else { sends };
            let answer = with_array(sends, sendtypes, |sendtypes| {
                with_array(receives, recvtypes, |recvtypes| {
                    olympi_abi::$chapter::$core(
                        from, sendcounts, sdispls, sendtypes.cast_const(), into, recvcounts, rdispls,
                        recvtypes.cast_const(), comm $(, <$type as Argument>::lend(&mut $more.1))*
                    )
                })
            });
            $($more.0.settle($more.1);)*
            Code::answer(answer)
        } }
    )* };
}

of_types! {
    MPI_Alltoallw PMPI_Alltoallw = collectives::alltoallw() with ranks <c_int, c_int>;
    MPI_Alltoallw_c PMPI_Alltoallw_c = collectives::alltoallw() with ranks <Count, Aint>;
    MPI_Ialltoallw PMPI_Ialltoallw = collectives::ialltoallw(request: *mut Request)
        with ranks <c_int, c_int>;
    MPI_Ialltoallw_c PMPI_Ialltoallw_c = collectives::ialltoallw(request: *mut Request)
        with ranks <Count, Aint>;
    MPI_Alltoallw_init PMPI_Alltoallw_init = collectives::alltoallw_init(info: Info, request: *mut Request)
        with ranks <c_int, c_int>;
    MPI_Alltoallw_init_c PMPI_Alltoallw_init_c = collectives::alltoallw_init(
        info: Info, request: *mut Request) with ranks <Count, Aint>;
    MPI_Neighbor_alltoallw PMPI_Neighbor_alltoallw = neighbours::neighbor_alltoallw()
        with neighbours <c_int, Aint>;
    MPI_Neighbor_alltoallw_c PMPI_Neighbor_alltoallw_c = neighbours::neighbor_alltoallw()
        with neighbours <Count, Aint>;
    MPI_Ineighbor_alltoallw PMPI_Ineighbor_alltoallw = neighbours::ineighbor_alltoallw(
        request: *mut Request) with neighbours <c_int, Aint>;
    MPI_Ineighbor_alltoallw_c PMPI_Ineighbor_alltoallw_c = neighbours::ineighbor_alltoallw(
        request: *mut Request) with neighbours <Count, Aint>;
    MPI_Neighbor_alltoallw_init PMPI_Neighbor_alltoallw_init = neighbours::neighbor_alltoallw_init(
        info: Info, request: *mut Request) with neighbours <c_int, Aint>;
    MPI_Neighbor_alltoallw_init_c PMPI_Neighbor_alltoallw_init_c = neighbours::neighbor_alltoallw_init(
        info: Info, request: *mut Request) with neighbours <Count, Aint>;
}

/// `MPI_Group_translate_ranks`: `MPI_PROC_NULL` may stand among the ranks.
///
/// # Safety
/// The arrays are null, or have `n` ranks.
unsafe fn group_translate_ranks(
    group1: Group,
    n: c_int,
    ranks1: *const Rank,
    group2: Group,
    ranks2: *mut Rank,
) -> Code {
    // SAFETY: the caller's promise.
    unsafe {
        let answer = with_array(i64::from(n), ranks1, |ours1| {
            with_array(i64::from(n), ranks2.cast_const(), |ours2| {
                let (group1, group2) = (group1.to_core(), group2.to_core());
                let answer = groups::group_translate_ranks(group1, n, ours1.cast_const(), group2, ours2);
                if answer == c::MPI_SUCCESS && !ranks2.is_null() {
                    for at in 0..usize::try_from(n).unwrap_or(0) {
                        *ranks2.add(at) = Rank::from_core(*ours2.add(at));
                    }
                }
                answer
            })
        });
        Code::answer(answer)
    }
}

/// `MPI_Type_create_struct`
///
/// # Safety
/// The arrays are null, or have `count` elements; the result has a place.
pub(crate) unsafe fn type_create_struct(
    count: c_int,
    lengths: *const c_int,
    displacements: *const Aint,
    types: *const Datatype,
    newtype: *mut Datatype,
) -> Code {
    // SAFETY: the caller's promise.
    unsafe {
        let mut held = newtype.hold();
        let answer = with_array(i64::from(count), types, |types| {
            let place = <*mut Datatype>::lend(&mut held);
            datatypes::type_create_struct(count, lengths, displacements, types.cast_const(), place)
        });
        newtype.settle(held);
        Code::answer(answer)
    }
}

/// `MPI_Type_create_struct_c`
///
/// # Safety
/// As above.
unsafe fn type_create_struct_c(
    count: Count,
    lengths: *const Count,
    displacements: *const Count,
    types: *const Datatype,
    newtype: *mut Datatype,
) -> Code {
    // SAFETY: the caller's promise.
    unsafe {
        let mut held = newtype.hold();
        let answer = with_array(count, types, |types| {
            let place = <*mut Datatype>::lend(&mut held);
            datatypes::type_create_struct(count, lengths, displacements, types.cast_const(), place)
        });
        newtype.settle(held);
        Code::answer(answer)
    }
}

by_hand! {
    MPI_Group_translate_ranks PMPI_Group_translate_ranks = group_translate_ranks(
        group1: Group, n: c_int, ranks1: *const Rank, group2: Group, ranks2: *mut Rank) -> Code;
    MPI_Type_create_struct PMPI_Type_create_struct = type_create_struct(
        count: c_int, array_of_blocklengths: *const c_int, array_of_displacements: *const Aint,
        array_of_types: *const Datatype, newtype: *mut Datatype) -> Code;
    MPI_Type_create_struct_c PMPI_Type_create_struct_c = type_create_struct_c(
        count: Count, array_of_blocklengths: *const Count, array_of_displacements: *const Count,
        array_of_types: *const Datatype, newtype: *mut Datatype) -> Code;
}
