/* ranks: 2 */
/* What a translation of MPICH's ABI can get wrong beside what abi/tests/c looks at: its own numbers and addresses. It is
   compiled with MPICH's mpi.h (ci/abi-mpich). */
#undef NDEBUG
#include <assert.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

static int rank, peer;

/* Functions of the program are given away before MPI_Init, and called with MPICH's handles and codes. */

static MPI_Datatype summed;
static void sum(void *in, void *inout, int *len, MPI_Datatype *datatype)
{
    summed = *datatype;
    for (int i = 0; i < *len; i++)
        ((int *)inout)[i] += ((int *)in)[i];
}

static MPI_Comm failed;
static int failure;
static void fail(MPI_Comm *comm, int *code, ...)
{
    failed = *comm;
    failure = *code;
}

static int copied_by;
static int copy(MPI_Comm comm, int keyval, void *extra, void *in, void *out, int *flag)
{
    (void)extra;
    assert(comm != MPI_COMM_NULL);
    copied_by = keyval;
    *(void **)out = (char *)in + 1;
    *flag = 1;
    return MPI_SUCCESS;
}

static int refuse(MPI_Comm comm, int keyval, void *value, void *extra)
{
    (void)comm, (void)keyval, (void)value, (void)extra;
    return MPI_ERR_TOPOLOGY;
}

static int query(void *extra, MPI_Status *status)
{
    (void)extra;
    status->MPI_SOURCE = MPI_PROC_NULL;
    status->MPI_TAG = 6;
    MPI_Status_set_cancelled(status, 0);
    return MPI_Status_set_elements(status, MPI_INT, 3);
}

static int release(void *extra)
{
    return extra ? MPI_ERR_OTHER : MPI_SUCCESS;
}

static int cancel(void *extra, int complete)
{
    (void)extra;
    return complete ? MPI_SUCCESS : MPI_ERR_PENDING;
}

static void functions(MPI_Op op, MPI_Errhandler handler)
{
    int in = rank + 1, out, class, flag;
    assert(!MPI_Allreduce(&in, &out, 1, MPI_INT, op, MPI_COMM_WORLD) && out == 3 && summed == MPI_INT);

    MPI_Comm dup;
    MPI_Comm_dup(MPI_COMM_WORLD, &dup);
    MPI_Comm_set_errhandler(dup, handler);
    int code = MPI_Send(&in, 1, MPI_INT, 99, 0, dup);
    assert(!MPI_Error_class(code, &class) && class == MPI_ERR_RANK && failed == dup && failure == code);

    int copies, duplicates, refuses;
    char memory[2];
    void *value;
    MPI_Comm again;
    MPI_Comm_create_keyval(copy, MPI_COMM_NULL_DELETE_FN, &copies, NULL);
    MPI_Comm_create_keyval(MPI_COMM_DUP_FN, MPI_COMM_NULL_DELETE_FN, &duplicates, NULL);
    MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, refuse, &refuses, NULL);
    MPI_Comm_set_errhandler(dup, MPI_ERRORS_RETURN);
    MPI_Comm_set_attr(dup, copies, memory);
    MPI_Comm_set_attr(dup, duplicates, memory);
    MPI_Comm_set_attr(dup, refuses, memory);
    MPI_Comm_dup(dup, &again);
    assert(!MPI_Comm_get_attr(again, copies, &value, &flag) && flag && value == memory + 1 && copied_by == copies);
    assert(!MPI_Comm_get_attr(again, duplicates, &value, &flag) && flag && value == memory);
    assert(!MPI_Comm_get_attr(again, refuses, &value, &flag) && !flag);
    assert(MPI_Comm_delete_attr(dup, refuses) == MPI_ERR_TOPOLOGY);
    MPI_Comm_free_keyval(&copies);
    assert(copies == MPI_KEYVAL_INVALID);

    MPI_Request request;
    MPI_Status status;
    int count;
    MPI_Grequest_start(query, release, cancel, NULL, &request);
    assert(MPI_Cancel(&request) == MPI_ERR_PENDING);
    MPI_Grequest_complete(request);
    assert(!MPI_Wait(&request, &status) && status.MPI_SOURCE == MPI_PROC_NULL && status.MPI_TAG == 6);
    assert(!MPI_Get_count(&status, MPI_INT, &count) && count == 3);
    MPI_Grequest_start(query, release, cancel, memory, &request);
    MPI_Grequest_complete(request);
    assert(MPI_Wait(&request, &status) == MPI_ERR_OTHER);
}

/* A status that a call has not to do with stays, and so does an error that it does not tell. */
static void statuses(void)
{
    MPI_Status status = {.MPI_ERROR = -77}, four[4];
    MPI_Request requests[80], two[2];
    int value = rank, got = -1, count, buffer[80], indices[4], over, flag;
    MPI_Sendrecv(&value, 1, MPI_INT, peer, 3, &got, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
    assert(got == peer && status.MPI_SOURCE == peer && status.MPI_TAG == 3 && status.MPI_ERROR == -77);
    assert(!MPI_Get_count(&status, MPI_DOUBLE, &count) && count == MPI_UNDEFINED);
    MPI_Recv(&got, 1, MPI_INT, MPI_PROC_NULL, 1, MPI_COMM_WORLD, &status);
    assert(status.MPI_SOURCE == MPI_PROC_NULL && status.MPI_TAG == MPI_ANY_TAG);

    /* More than are translated without memory from the heap. */
    for (int i = 0; i < 40; i++) {
        buffer[40 + i] = 100 * rank + i;
        MPI_Irecv(&buffer[i], 1, MPI_INT, peer, i, MPI_COMM_WORLD, &requests[i]);
        MPI_Isend(&buffer[40 + i], 1, MPI_INT, peer, i, MPI_COMM_WORLD, &requests[40 + i]);
        assert(requests[40 + i] != MPI_REQUEST_NULL);
    }
    assert(!MPI_Waitall(80, requests, MPI_STATUSES_IGNORE));
    for (int i = 0; i < 80; i++)
        assert(requests[i] == MPI_REQUEST_NULL && (i >= 40 || buffer[i] == 100 * peer + i));

    /* Of four requests one is over: one status is written. */
    for (int i = 0; i < 4; i++) {
        four[i].MPI_SOURCE = four[i].MPI_ERROR = -4 - i;
        requests[i] = MPI_REQUEST_NULL;
    }
    MPI_Irecv(&got, 1, MPI_INT, peer, 0, MPI_COMM_WORLD, &requests[2]);
    MPI_Send(&value, 1, MPI_INT, peer, 0, MPI_COMM_WORLD);
    assert(!MPI_Waitsome(4, requests, &over, indices, four) && over == 1 && indices[0] == 2);
    assert(four[0].MPI_SOURCE == peer && four[1].MPI_SOURCE == -5 && four[3].MPI_ERROR == -7);
    assert(!MPI_Testany(4, requests, indices, &flag, &status) && flag && indices[0] == MPI_UNDEFINED);
    assert(status.MPI_SOURCE == MPI_ANY_SOURCE && status.MPI_TAG == MPI_ANY_TAG);

    /* Errors of several. */
    int both[2] = {1, 2};
    MPI_Isend(both, 2, MPI_INT, peer, 21, MPI_COMM_WORLD, &two[0]);
    MPI_Irecv(&got, 1, MPI_INT, peer, 21, MPI_COMM_WORLD, &two[1]);
    assert(MPI_Waitall(2, two, four) == MPI_ERR_IN_STATUS);
    assert(four[0].MPI_ERROR == MPI_SUCCESS && four[1].MPI_ERROR == MPI_ERR_TRUNCATE);

    MPI_Fint fortran[MPI_F_STATUS_SIZE];
    MPI_Status back;
    assert(!MPI_Status_c2f(&status, fortran) && fortran[MPI_F_SOURCE] == MPI_ANY_SOURCE);
    assert(!MPI_Status_f2c(fortran, &back) && back.MPI_TAG == status.MPI_TAG);
}

/* What is no handle is an error of its kind, whatever it would be elsewhere. */
static void handles(void)
{
    int n, value = 0;
    const int none[] = {0, 1, 0x101, 0x209, 0x44000002, 0x4c000011, 0x40000000, -1, (int)0xc4000005, MPI_REQUEST_NULL};
    for (unsigned i = 0; i < sizeof none / sizeof *none; i++) {
        MPI_Request request = none[i];
        assert(MPI_Comm_size(none[i], &n) == MPI_ERR_COMM);
        assert(MPI_Type_size(none[i], &n) == MPI_ERR_TYPE);
        assert(MPI_Group_size(none[i], &n) == MPI_ERR_GROUP);
        assert(MPI_Op_commutative(none[i], &n) == MPI_ERR_OP);
        assert(request == MPI_REQUEST_NULL || MPI_Wait(&request, MPI_STATUS_IGNORE) == MPI_ERR_REQUEST);
        assert(request == none[i]);
    }
    assert(MPI_Type_size((MPI_Datatype)MPI_COMM_WORLD, &n) == MPI_ERR_TYPE);
    assert(MPI_Comm_size((MPI_Comm)MPI_INT, &n) == MPI_ERR_COMM);

    assert(MPI_Send(&value, 1, MPI_INT, MPI_ANY_SOURCE, 5, MPI_COMM_WORLD) == MPI_ERR_RANK);
    assert(MPI_Send(&value, 1, MPI_INT, -4, 5, MPI_COMM_WORLD) == MPI_ERR_RANK);
    assert(MPI_Send(&value, 1, MPI_INT, peer, MPI_ANY_TAG, MPI_COMM_WORLD) == MPI_ERR_TAG);
    assert(MPI_Send(&value, 1, MPI_INT, peer, -2, MPI_COMM_WORLD) == MPI_ERR_TAG);
    assert(MPI_Bcast(&value, 1, MPI_INT, MPI_ROOT, MPI_COMM_WORLD) == MPI_ERR_ROOT);

    MPI_Comm dup;
    MPI_Request request;
    MPI_Comm_idup(MPI_COMM_WORLD, &dup, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    assert(!MPI_Comm_size(dup, &n) && n == 2 && MPI_Comm_toint(dup) == dup);
    MPI_Comm_free(&dup);
    assert(dup == MPI_COMM_NULL);
}

/* Codes that a program adds, and attributes that are told as numbers. */
static void codes(void)
{
    int class, code, back, flag, *value, len;
    char text[MPI_MAX_ERROR_STRING];
    MPI_Add_error_class(&class);
    MPI_Add_error_code(class, &code);
    MPI_Add_error_string(code, "mine");
    assert(class > MPI_ERR_LASTCODE && !MPI_Error_class(code, &back) && back == class);
    assert(!MPI_Error_string(code, text, &len) && !strcmp(text, "mine"));
    assert(!MPI_Error_string(MPI_ERR_TRUNCATE, text, &len) && strstr(text, "MPI_ERR_TRUNCATE"));
    assert(!MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_LASTUSEDCODE, &value, &flag) && flag && *value == code);
    assert(!MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &value, &flag) && flag && *value >= 32767);
    assert(!MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_HOST, &value, &flag) && (!flag || *value == MPI_PROC_NULL));
    assert(!MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_IO, &value, &flag));
    assert(!flag || *value == MPI_ANY_SOURCE || *value == MPI_PROC_NULL || *value == rank);
}

/* Constants that stand among numbers. */
static void datatypes(void)
{
    int sizes[2] = {8, 6}, subsizes[2] = {4, 6}, starts[2] = {0, 0}, processes[2] = {2, 1}, n, a, d, combiner, in[20];
    int kinds[2] = {MPI_DISTRIBUTE_BLOCK, MPI_DISTRIBUTE_CYCLIC}, dflt = MPI_DISTRIBUTE_DFLT_DARG;
    int arguments[2] = {dflt, dflt};
    MPI_Aint at[20], lb, ub;
    MPI_Datatype of[20], made;

    MPI_Type_create_darray(2, rank, 2, sizes, kinds, arguments, processes, MPI_ORDER_FORTRAN, MPI_INT, &made);
    assert(!MPI_Type_get_envelope(made, &n, &a, &d, &combiner) && combiner == MPI_COMBINER_DARRAY && n == 12);
    assert(!MPI_Type_get_contents(made, n, a, d, in, at, of) && of[0] == MPI_INT);
    assert(in[3] == 8 && in[5] == kinds[0] && in[6] == kinds[1] && in[7] == dflt && in[11] == MPI_ORDER_FORTRAN);
    MPI_Type_create_subarray(2, sizes, subsizes, starts, MPI_ORDER_C, MPI_INT, &made);
    assert(!MPI_Type_get_envelope(made, &n, &a, &d, &combiner) && combiner == MPI_COMBINER_SUBARRAY);
    assert(!MPI_Type_get_contents(made, n, a, d, in, at, of) && in[n - 1] == MPI_ORDER_C);
    assert(!MPI_Type_match_size(MPI_TYPECLASS_REAL, 8, &made) && (made == MPI_REAL8 || made == MPI_DOUBLE_PRECISION));

    int lengths[2] = {1, 2};
    MPI_Aint places[2] = {0, 8};
    MPI_Datatype types[2] = {MPI_INT, MPI_DOUBLE};
    MPI_Type_create_struct(2, lengths, places, types, &made);
    assert(!MPI_Type_get_envelope(made, &n, &a, &d, &combiner) && combiner == MPI_COMBINER_STRUCT);
    assert(!MPI_Type_get_contents(made, n, a, d, in, at, of) && of[0] == MPI_INT && of[1] == MPI_DOUBLE);
    assert(!MPI_Type_get_extent(made, &lb, &ub) && lb == 0 && ub == 24);
}

/* Addresses that mean something else, and arrays whose length is that of the communicator. */
static void addresses(void)
{
    int four[4] = {1, 2, 3, 4}, value, size;
    assert(!MPI_Allreduce(MPI_IN_PLACE, four, 4, MPI_INT, MPI_SUM, MPI_COMM_WORLD) && four[3] == 8);

    size = 4096 + MPI_BSEND_OVERHEAD;
    char *buffer = malloc((size_t)size), *bytes = calloc(4096, 1);
    void *old;
    MPI_Buffer_attach(buffer, size);
    assert(!MPI_Bsend(bytes, 4096, MPI_BYTE, peer, 2, MPI_COMM_WORLD));
    MPI_Recv(bytes, 4096, MPI_BYTE, peer, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    assert(!MPI_Buffer_detach(&old, &value) && old == buffer && value == size);
    MPI_Buffer_attach(MPI_BUFFER_AUTOMATIC, 0);
    assert(!MPI_Buffer_detach(&old, &value) && old == MPI_BUFFER_AUTOMATIC);
    free(buffer);
    free(bytes);

    int counts[2] = {1, 1}, places[2] = {0, 4}, out[2] = {rank, rank + 10}, in[2] = {-1, -1};
    MPI_Aint far[2] = {0, 4};
    MPI_Datatype types[2] = {MPI_INT, MPI_INT};
    MPI_Request request;
    MPI_Ialltoallw(out, counts, places, types, in, counts, places, types, MPI_COMM_WORLD, &request);
    assert(!MPI_Wait(&request, MPI_STATUS_IGNORE) && in[peer] == peer + 10 * rank);
    assert(!MPI_Alltoallw(MPI_IN_PLACE, NULL, NULL, NULL, in, counts, places, types, MPI_COMM_WORLD));

    MPI_Comm line, graph;
    int dims[1] = {2}, periods[1] = {0}, left, right, kind, weighted, degrees[2];
    MPI_Cart_create(MPI_COMM_WORLD, 1, dims, periods, 0, &line);
    MPI_Cart_shift(line, 0, 1, &left, &right);
    assert((rank ? right : left) == MPI_PROC_NULL && (rank ? left : right) == peer);
    in[0] = in[1] = -1;
    assert(!MPI_Neighbor_alltoallw(out, counts, far, types, in, counts, far, types, line));
    assert(rank ? in[0] == 10 && in[1] == -1 : in[1] == 1 && in[0] == -1);
    MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 1, &peer, MPI_UNWEIGHTED, 1, &peer, MPI_UNWEIGHTED, MPI_INFO_NULL, 0,
                                   &graph);
    assert(!MPI_Dist_graph_neighbors_count(graph, &degrees[0], &degrees[1], &weighted) && !weighted);
    assert(degrees[0] == 1 && !MPI_Topo_test(graph, &kind) && kind == MPI_DIST_GRAPH);

    MPI_Group all, self;
    int some[3] = {0, 1, MPI_PROC_NULL}, there[3];
    MPI_Comm_group(MPI_COMM_WORLD, &all);
    MPI_Comm_group(MPI_COMM_SELF, &self);
    MPI_Group_translate_ranks(all, 3, some, self, there);
    assert(there[rank] == 0 && there[peer] == MPI_UNDEFINED && there[2] == MPI_PROC_NULL);
}

int main(int argc, char **argv)
{
    int provided, level, major, minor;
    MPI_Op op;
    MPI_Errhandler handler;
    MPI_Op_create(sum, 1, &op);
    MPI_Comm_create_errhandler(fail, &handler);
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    assert(provided == MPI_THREAD_MULTIPLE && !MPI_Query_thread(&level) && level == provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    peer = 1 - rank;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);

    functions(op, handler);
    statuses();
    handles();
    codes();
    datatypes();
    addresses();

    /* This is not the standard ABI. */
    assert(!MPI_Abi_get_version(&major, &minor) && major < 0);
    MPI_Op_free(&op);
    MPI_Errhandler_free(&handler);
    assert(op == MPI_OP_NULL && handler == MPI_ERRHANDLER_NULL);
    return MPI_Finalize();
}
