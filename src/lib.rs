//! Olympi: a whole MPI in Rust.
//!
//! Processes of a job exchange objects and arrays over the best hardware there is between them. Start a program
//! with `mpiexec -n 4 ./program` (Olympi's own), with `srun --mpi=pmi2`, or with MPICH's or Intel's `mpiexec`;
//! without any of them it is a job of one.
//!
//! ```no_run
//! use olympi::prelude::*;
//!
//! fn main() -> Result<(), olympi::Error> {
//!     let universe = olympi::init()?;
//!     let world = universe.world();
//!     if world.rank() == 0 {
//!         world.send_object(&vec!["any", "object"], 1, 11)?;
//!         world.send(&[1.0_f64, 2.0, 3.0], 1, 12)?;
//!     } else if world.rank() == 1 {
//!         let (words, _) = world.recv_object::<Vec<String>>(0, 11)?;
//!         let (numbers, status) = world.recv_vec::<f64>(ANY_SOURCE, 12)?;
//!         println!("{words:?} {numbers:?} from rank {}", status.source());
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Finding your way
//! | MPI | here |
//! |---|---|
//! | `MPI_Init`, `MPI_Finalize` | [`init`], dropping the [`Universe`]; several of them and sessions share a [`Job`] |
//! | `MPI_COMM_WORLD`, `MPI_COMM_SELF` | [`Universe::world`], [`Universe::self_comm`] |
//! | `MPI_Send`, `Bsend`, `Ssend`, `Rsend` | [`Communicator::send`], [`bsend`](Communicator::bsend), [`ssend`](Communicator::ssend), [`rsend`](Communicator::rsend) |
//! | `MPI_Recv` | [`Communicator::recv_into`], [`recv`](Communicator::recv), [`recv_vec`](Communicator::recv_vec) |
//! | `MPI_Isend`, `MPI_Irecv` | [`Communicator::isend`], [`irecv`](Communicator::irecv) on owned buffers; [`Communicator::scope`] on borrowed ones |
//! | `MPI_Send_init`, `MPI_Recv_init` | [`Communicator::send_init`], [`recv_init`](Communicator::recv_init) |
//! | `MPI_Start`, `MPI_Startall`; `MPI_Waitall` that keeps them | [`Persistent::start`], [`start_all`]; [`wait_all`]`(&mut requests)` |
//! | `MPI_Psend_init`, `MPI_Precv_init` | [`Communicator::psend_init`], [`precv_init`](Communicator::precv_init) |
//! | `MPI_Pready`, `_range`, `_list`; `MPI_Parrived` | [`PartitionedSend::ready`], [`ready_range`](PartitionedSend::ready_range), [`ready_list`](PartitionedSend::ready_list), [`Claim::ready`]; [`PartitionedRecv::arrived`] |
//! | `MPI_Wait`, `MPI_Test`, and their any, some, all | [`Request::wait`], [`Request::test`], [`wait_any`], [`wait_some`], [`wait_all`], [`test_any`], ... |
//! | `MPI_Probe`, `Iprobe`, `Mprobe`, `Improbe`, `Mrecv` | [`Communicator::probe`], [`iprobe`](Communicator::iprobe), [`mprobe`](Communicator::mprobe), [`improbe`](Communicator::improbe), [`Message`] |
//! | `MPI_Sendrecv`, `_replace` | [`Communicator::sendrecv`], [`sendrecv_replace`](Communicator::sendrecv_replace) |
//! | derived datatypes: `MPI_Type_vector`, `_indexed`, `_create_struct`, `_subarray`, `_darray`, ... | [`Datatype`] and its constructors |
//! | an address, a count and a derived datatype | [`Datatype::view`] |
//! | `MPI_Send`, `Recv`, `Isend`, `Irecv` of these | [`Communicator::send_view`], [`recv_view`](Communicator::recv_view), [`isend_view`](Communicator::isend_view), [`irecv_view`](Communicator::irecv_view), [`Scope::irecv_view`] |
//! | `MPI_Send_init`, `MPI_Recv_init` of these | [`Communicator::send_view_init`], [`ssend_view_init`](Communicator::ssend_view_init), ..., [`recv_view_init`](Communicator::recv_view_init) |
//! | `MPI_Get_count`, `MPI_Get_elements` | [`Status::count`], [`Status::count_of`], [`Status::elements`] |
//! | `MPI_Pack`, `MPI_Unpack`, `_external` | [`View::pack`], [`View::unpack`], [`View::pack_external`], [`View::unpack_external`] |
//! | `MPI_Type_size`, `_get_extent`, `_get_true_extent`, `_get_envelope` | [`Datatype::size`], [`lb`](Datatype::lb), [`extent`](Datatype::extent), [`true_lb`](Datatype::true_lb), [`recipe`](Datatype::recipe) |
//! | `MPI_Comm_dup`, `idup`, `_with_info` | [`Communicator::dup`], [`idup`](Communicator::idup), [`dup_with_info`](Communicator::dup_with_info), ... |
//! | `MPI_Comm_split`, `split_type` | [`Communicator::split`], [`split_type`](Communicator::split_type) |
//! | `MPI_Comm_create`, `_group`, `_from_group` | [`Communicator::create`], [`create_group`](Communicator::create_group), [`Job::create_from_group`] |
//! | `MPI_Intercomm_create`, `_from_groups`, `_merge` | [`Communicator::create_inter`], [`Job::inter_from_groups`], [`Communicator::merge`] |
//! | `MPI_Comm_test_inter`, `remote_size`, `remote_group` | [`Communicator::is_inter`], [`remote_size`](Communicator::remote_size), [`remote_group`](Communicator::remote_group) |
//! | `MPI_ROOT`, collectives of intercommunicators | [`ROOT`], those of every [`Communicator`] |
//! | `MPI_Cart_create`, `_sub`, `_shift`, `_coords`, `_rank`, `_map`; `MPI_Dims_create` | [`Communicator::cartesian`], [`Cartesian`], [`cart_map`](Communicator::cart_map); [`dims_create`] |
//! | `MPI_Graph_create`, `_map`, `MPI_Dist_graph_create`, `_adjacent`; `MPI_Topo_test` | [`Communicator::graph`], [`graph_map`](Communicator::graph_map), [`dist_graph`](Communicator::dist_graph), [`dist_graph_unweighted`](Communicator::dist_graph_unweighted), [`dist_graph_adjacent`](Communicator::dist_graph_adjacent); [`topology`](Communicator::topology) |
//! | `MPI_Neighbor_allgather`, `_alltoall`, ... | [`Communicator::neighbour_all_gather_into`], [`neighbour_all_to_all_into`](Communicator::neighbour_all_to_all_into), ... |
//! | `MPI_Session_init`, `finalize` | [`Session::init`], [`Job::session`], dropping it |
//! | `MPI_Session_get_num_psets`, `nth_pset`, `pset_info` | [`Session::psets`], [`Session::pset_info`] |
//! | `MPI_Group_from_session_pset` | [`Session::group_from_pset`] |
//! | `MPI_Comm_compare`, `MPI_Comm_free`, names | [`Communicator::compare`], dropping it or [`free`](Communicator::free), [`name`](Communicator::name) |
//! | `MPI_Comm_group`, `MPI_Group_...` | [`Communicator::group`], [`Group`] |
//! | `MPI_Comm_create_keyval`, attributes | [`Job::keyval`], [`Communicator::set_attr`], [`attr`](Communicator::attr) |
//! | `MPI_Info`, `MPI_INFO_ENV` | [`Info`], [`Communicator::info`], [`Job::info_env`] |
//! | `MPI_Errhandler`, `MPI_Error_class` | [`ErrorHandler`], [`Communicator::handle_error`], [`Error::class`] |
//! | `MPI_Barrier`, `MPI_Bcast` | [`Communicator::barrier`], [`broadcast`](Communicator::broadcast) |
//! | `MPI_Gather`, `Scatter`, `Allgather`, `Alltoall` | [`Communicator::gather`], [`scatter_into`](Communicator::scatter_into), [`all_gather`](Communicator::all_gather), [`all_to_all`](Communicator::all_to_all), and `..._into` |
//! | `MPI_Gatherv`, `Scatterv`, `Allgatherv`, `Alltoallv`, `Alltoallw` | [`Communicator::gather_parts_into`], [`scatter_parts_into`](Communicator::scatter_parts_into), ... with [`Parts`] |
//! | collectives of derived datatypes, `MPI_Alltoallw` | [`Communicator::broadcast_view`], [`gather_view`](Communicator::gather_view), [`all_to_all_view`](Communicator::all_to_all_view), ... with [`Pieces`]; [`Scope::ibroadcast_view`], ... |
//! | `MPI_Reduce`, `Allreduce`, `Reduce_scatter`, `Scan`, `Exscan` | [`Communicator::reduce`], [`all_reduce`](Communicator::all_reduce), [`reduce_scatter_into`](Communicator::reduce_scatter_into), [`scan`](Communicator::scan), [`exclusive_scan`](Communicator::exclusive_scan) |
//! | `MPI_Ibcast`, ...; `MPI_IN_PLACE` | [`Communicator::ibroadcast`], ... on vectors, [`Scope::ibroadcast`], ... on borrowed buffers; `..._in_place` |
//! | `MPI_Bcast_init`, ... | [`Communicator::broadcast_init`], ...: [`PersistentCollective`] |
//! | `MPI_Op`, `MPI_Op_create`, `MPI_Reduce_local` | [`Op`], [`Op::commutative`], [`Op::associative`], [`Op::reduce_local`] |
//! | mpi4py's lower-case `bcast`, `gather`, ... | [`Communicator::broadcast_object`], [`gather_objects`](Communicator::gather_objects), ... |
//! | `MPI_Win_allocate`, `_shared`, `_create_dynamic`; `MPI_Win_free` | [`Window::allocate`], [`allocate_bytes`](Window::allocate_bytes), [`allocate_shared_bytes`](Window::allocate_shared_bytes), [`create_dynamic`](Window::create_dynamic); [`free`](Window::free) |
//! | `MPI_Put`, `MPI_Get` | [`Window::put`], [`get`](Window::get); [`read`](Window::read), [`write`](Window::write) of one's own part |
//! | `MPI_Accumulate`, `Get_accumulate`, `Fetch_and_op`, `Compare_and_swap` | [`Window::accumulate`], [`get_accumulate`](Window::get_accumulate), [`fetch_and_op`](Window::fetch_and_op), [`compare_and_swap`](Window::compare_and_swap) |
//! | `MPI_Win_fence`; `_post`, `_start`, `_complete`, `_wait`; `_lock`, `_unlock`, `_flush`, ... | [`Window::fence`]; [`post`](Window::post), [`start`](Window::start), [`complete`](Window::complete), [`wait`](Window::wait); [`lock`](Window::lock), [`unlock`](Window::unlock), [`flush`](Window::flush), ... |
//! | `MPI_File_open`, `read_at`, `write_all`, ... | [`File::open`], [`read`](File::read), [`write_all`](File::write_all), ... |
//! | `MPI_Alloc_mem` | [`alloc`], [`Job::alloc`] |
//! | mpi4py's lower-case `send`, `recv`, ... | [`Communicator::send_object`], [`recv_object`](Communicator::recv_object), ... |
//!
//! # Types
//! Raw messages are made of [`Equivalence`] types: integers, floats, `bool`, `char`, complex and half-precision
//! numbers (of `num_complex` and `half`), arrays of them, and structs of them through
//! `#[derive(Equivalence)]`. What does not lie in one piece, such as a column of a matrix or a halo, is described by a
//! [`Datatype`], and no bytes between its elements are touched. Objects are anything that serde serializes.
//!
//! # Threads
//! [`Universe::builder`] chooses the [`ThreadLevel`]. At the default, `Funneled`, only the thread that called
//! [`init`] may call; a call from another is an error, never a race.
#![forbid(unsafe_code)]

pub use olympi_comm::*;

/// Joins the job that this process was started for (`MPI_Init`). Dropping the universe leaves it
/// (`MPI_Finalize`).
///
/// # Errors
/// [`InitError`], which says what is wrong with the launch, a setting, or this machine.
///
/// ```
/// let universe = olympi::init()?;
/// assert!(universe.world().rank() < universe.world().size());
/// # Ok::<(), olympi::Error>(())
/// ```
pub fn init() -> Result<Universe, InitError> {
    Universe::init()
}

/// Allocates `len` elements, all zero, in memory that stays registered with RDMA devices (`MPI_Alloc_mem`, MPI 5.0,
/// section 9.2): [`Job::alloc`]. A universe or a session will do for the job.
///
/// # Errors
/// [`AllocError`], if the system has no such memory.
///
/// ```
/// let universe = olympi::init()?;
/// let field = olympi::alloc::<f32>(&universe, 1 << 20)?;
/// assert_eq!(field[1000], 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn alloc<T: Equivalence>(job: &Job, len: usize) -> Result<Registered<T>, AllocError> {
    job.alloc(len)
}

/// What most programs name.
pub mod prelude {
    pub use olympi_comm::{
        ANY_SOURCE, ANY_TAG, Communicator, Datatype, Equivalence, Group, Op, PROC_NULL, Request, Status,
        Universe, wait_all,
    };
}
