/* ranks: 1 2 3 4 */
/* Every collective in its three forms, in place and not, and what is wrong with arguments. */
#include <assert.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

static int rank, size;

static int class_of(int code)
{
    int class;
    MPI_Error_class(code, &class);
    return class;
}

/* Runs a call in its three forms; the persistent one twice. `before` sets the buffers, `after` looks at them. */
#define FORMS(before, after, name, ...)                                                    \
    do {                                                                                   \
        MPI_Request request;                                                               \
        before;                                                                            \
        assert(MPI_##name(__VA_ARGS__, comm) == MPI_SUCCESS);                              \
        after;                                                                             \
        before;                                                                            \
        assert(MPI_I##name(__VA_ARGS__, comm, &request) == MPI_SUCCESS);                   \
        assert(MPI_Wait(&request, MPI_STATUS_IGNORE) == MPI_SUCCESS);                      \
        assert(request == MPI_REQUEST_NULL);                                               \
        after;                                                                             \
        assert(INIT(name)(__VA_ARGS__, comm, MPI_INFO_NULL, &request) == MPI_SUCCESS);     \
        for (int turn = 0; turn < 2; turn++) {                                             \
            before;                                                                        \
            assert(MPI_Start(&request) == MPI_SUCCESS);                                    \
            assert(MPI_Wait(&request, MPI_STATUS_IGNORE) == MPI_SUCCESS);                  \
            after;                                                                         \
        }                                                                                  \
        assert(MPI_Request_free(&request) == MPI_SUCCESS);                                 \
    } while (0)
#define INIT(name) MPI_##name##_init

/* The names of MPI with a capital first and a small letter behind the I. */
#define MPI_IBcast MPI_Ibcast
#define MPI_IGather MPI_Igather
#define MPI_IGatherv MPI_Igatherv
#define MPI_IScatter MPI_Iscatter
#define MPI_IScatterv MPI_Iscatterv
#define MPI_IAllgather MPI_Iallgather
#define MPI_IAllgatherv MPI_Iallgatherv
#define MPI_IAlltoall MPI_Ialltoall
#define MPI_IAlltoallv MPI_Ialltoallv
#define MPI_IAlltoallw MPI_Ialltoallw
#define MPI_IReduce MPI_Ireduce
#define MPI_IAllreduce MPI_Iallreduce
#define MPI_IReduce_scatter_block MPI_Ireduce_scatter_block
#define MPI_IReduce_scatter MPI_Ireduce_scatter
#define MPI_IScan MPI_Iscan
#define MPI_IExscan MPI_Iexscan

static int send[64], recv[64], counts[4], displs[4], rcounts[4], rdispls[4];

/* What rank `from` has for rank `to`, element by element. */
static int value(int from, int to, int at) { return 10000 * from + 100 * to + at; }

static void clear(void)
{
    for (int i = 0; i < 64; i++)
        send[i] = -1, recv[i] = -2;
}

static void rooted(MPI_Comm comm, int root)
{
    FORMS(({ clear(); for (int i = 0; i < 5; i++) recv[i] = rank == root ? value(root, 0, i) : -2; }),
          ({ for (int i = 0; i < 5; i++) assert(recv[i] == value(root, 0, i)); }),
          Bcast, recv, 5, MPI_INT, root);

    FORMS(({ clear(); send[0] = value(rank, 0, 0), send[1] = value(rank, 0, 1); }),
          ({ for (int r = 0; rank == root && r < size; r++)
                assert(recv[2 * r] == value(r, 0, 0) && recv[2 * r + 1] == value(r, 0, 1)); }),
          Gather, send, 2, MPI_INT, rank == root ? recv : NULL, rank == root ? 2 : -7,
          rank == root ? MPI_INT : MPI_DATATYPE_NULL, root);
    FORMS(({ clear(); send[0] = rank; if (rank == root) recv[rank] = rank; }),
          ({ for (int r = 0; rank == root && r < size; r++) assert(recv[r] == r); }),
          Gather, rank == root ? MPI_IN_PLACE : send, 1, MPI_INT, recv, 1, MPI_INT, root);

    for (int r = 0; r < size; r++)
        counts[r] = r, displs[r] = 4 * r + 1;
    FORMS(({ clear(); for (int i = 0; i < rank; i++) send[i] = value(rank, 0, i); }),
          ({ for (int r = 0; rank == root && r < size; r++) {
                for (int i = 0; i < r; i++) assert(recv[4 * r + 1 + i] == value(r, 0, i));
                assert(recv[4 * r] == -2); } }),
          Gatherv, send, rank, MPI_INT, recv, rank == root ? counts : NULL, rank == root ? displs : NULL,
          rank == root ? MPI_INT : MPI_DATATYPE_NULL, root);

    FORMS(({ clear(); for (int i = 0; i < 3 * size; i++) send[i] = value(root, i / 3, i % 3); }),
          ({ for (int i = 0; i < 3; i++) assert(recv[i] == value(root, rank, i)); }),
          Scatter, rank == root ? send : NULL, rank == root ? 3 : -1, rank == root ? MPI_INT : MPI_DATATYPE_NULL,
          recv, 3, MPI_INT, root);
    FORMS(({ clear(); for (int i = 0; i < size; i++) send[i] = i; }),
          ({ assert(rank == root ? send[rank] == rank && recv[0] == -2 : recv[0] == rank); }),
          Scatter, send, 1, MPI_INT, rank == root ? MPI_IN_PLACE : recv, 1, MPI_INT, root);
    FORMS(({ clear(); for (int r = 0; r < size; r++) for (int i = 0; i < r; i++) send[4 * r + 1 + i] = value(root, r, i); }),
          ({ for (int i = 0; i < rank; i++) assert(recv[i] == value(root, rank, i)); assert(recv[rank] == -2); }),
          Scatterv, send, rank == root ? counts : NULL, rank == root ? displs : NULL, MPI_INT, recv, rank, MPI_INT, root);

    FORMS(({ clear(); send[0] = rank + 1, send[1] = -rank; }),
          ({ if (rank == root) assert(recv[0] == size * (size + 1) / 2 && recv[1] == -size * (size - 1) / 2); }),
          Reduce, send, rank == root ? recv : NULL, 2, MPI_INT, MPI_SUM, root);
    FORMS(({ clear(); send[0] = rank; recv[0] = rank; }),
          ({ if (rank == root) assert(recv[0] == size - 1); }),
          Reduce, rank == root ? MPI_IN_PLACE : send, recv, 1, MPI_INT, MPI_MAX, root);
}

static void everyone(MPI_Comm comm)
{
    FORMS(({ clear(); send[0] = rank, send[1] = 7; }),
          ({ for (int r = 0; r < size; r++) assert(recv[2 * r] == r && recv[2 * r + 1] == 7); }),
          Allgather, send, 2, MPI_INT, recv, 2, MPI_INT);
    FORMS(({ clear(); recv[rank] = rank; }), ({ for (int r = 0; r < size; r++) assert(recv[r] == r); }),
          Allgather, MPI_IN_PLACE, -1, MPI_DATATYPE_NULL, recv, 1, MPI_INT);
    for (int r = 0; r < size; r++)
        counts[r] = r + 1, displs[r] = 5 * (size - 1 - r);
    FORMS(({ clear(); for (int i = 0; i <= rank; i++) send[i] = value(rank, 0, i); }),
          ({ for (int r = 0; r < size; r++) for (int i = 0; i <= r; i++) assert(recv[displs[r] + i] == value(r, 0, i)); }),
          Allgatherv, send, rank + 1, MPI_INT, recv, counts, displs, MPI_INT);

    FORMS(({ clear(); for (int i = 0; i < 2 * size; i++) send[i] = value(rank, i / 2, i % 2); }),
          ({ for (int i = 0; i < 2 * size; i++) assert(recv[i] == value(i / 2, rank, i % 2)); }),
          Alltoall, send, 2, MPI_INT, recv, 2, MPI_INT);
    FORMS(({ clear(); for (int i = 0; i < 2 * size; i++) recv[i] = value(rank, i / 2, i % 2); }),
          ({ for (int i = 0; i < 2 * size; i++) assert(recv[i] == value(i / 2, rank, i % 2)); }),
          Alltoall, MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, recv, 2, MPI_INT);
    for (int r = 0; r < size; r++) {
        counts[r] = r, displs[r] = 5 * r;
        rcounts[r] = rank, rdispls[r] = 6 * r;
    }
    FORMS(({ clear(); for (int r = 0; r < size; r++) for (int i = 0; i < r; i++) send[5 * r + i] = value(rank, r, i); }),
          ({ for (int r = 0; r < size; r++) for (int i = 0; i < rank; i++) assert(recv[6 * r + i] == value(r, rank, i)); }),
          Alltoallv, send, counts, displs, MPI_INT, recv, rcounts, rdispls, MPI_INT);

    MPI_Datatype types[4] = { MPI_INT, MPI_INT, MPI_INT, MPI_INT };
    int bytes[4], rbytes[4];
    for (int r = 0; r < size; r++)
        bytes[r] = 4 * displs[r], rbytes[r] = 4 * rdispls[r];
    FORMS(({ clear(); for (int r = 0; r < size; r++) for (int i = 0; i < r; i++) send[5 * r + i] = value(rank, r, i); }),
          ({ for (int r = 0; r < size; r++) for (int i = 0; i < rank; i++) assert(recv[6 * r + i] == value(r, rank, i)); }),
          Alltoallw, send, counts, bytes, types, recv, rcounts, rbytes, types);
    for (int r = 0; r < size; r++)
        rcounts[r] = 1, rdispls[r] = 3 * r;
    FORMS(({ clear(); for (int r = 0; r < size; r++) recv[3 * r] = value(rank, r, 0); }),
          ({ for (int r = 0; r < size; r++) assert(recv[3 * r] == value(r, rank, 0) && recv[3 * r + 1] == -2); }),
          Alltoallv, MPI_IN_PLACE, NULL, NULL, MPI_DATATYPE_NULL, recv, rcounts, rdispls, MPI_INT);
}

static void reductions(MPI_Comm comm)
{
    int all = size * (size - 1) / 2;
    double one, sum;
    FORMS(one = rank + 0.5, assert(sum == all + 0.5 * size), Allreduce, &one, &sum, 1, MPI_DOUBLE, MPI_SUM);
    FORMS(sum = rank + 0.5, assert(sum == all + 0.5 * size), Allreduce, MPI_IN_PLACE, &sum, 1, MPI_DOUBLE, MPI_SUM);
    FORMS(({ clear(); for (int i = 0; i < 2 * size; i++) send[i] = rank + i; }),
          ({ for (int i = 0; i < 2; i++) assert(recv[i] == all + size * (2 * rank + i)); }),
          Reduce_scatter_block, send, recv, 2, MPI_INT, MPI_SUM);
    FORMS(({ clear(); for (int i = 0; i < 2 * size; i++) recv[i] = rank + i; }),
          ({ for (int i = 0; i < 2; i++) assert(recv[i] == all + size * (2 * rank + i)); }),
          Reduce_scatter_block, MPI_IN_PLACE, recv, 2, MPI_INT, MPI_SUM);
    int first = 0;
    for (int r = 0; r < size; r++) {
        counts[r] = r + 1;
        first += r < rank ? r + 1 : 0;
    }
    FORMS(({ clear(); for (int i = 0; i < 10; i++) send[i] = rank + i; }),
          ({ for (int i = 0; i <= rank; i++) assert(recv[i] == all + size * (first + i)); assert(recv[rank + 1] == -2); }),
          Reduce_scatter, send, recv, counts, MPI_INT, MPI_SUM);
    FORMS(({ clear(); for (int i = 0; i < 10; i++) recv[i] = rank + i; }),
          ({ for (int i = 0; i <= rank; i++) assert(recv[i] == all + size * (first + i)); }),
          Reduce_scatter, MPI_IN_PLACE, recv, counts, MPI_INT, MPI_SUM);
    FORMS(({ clear(); send[0] = rank + 1; }), assert(recv[0] == (rank + 1) * (rank + 2) / 2),
          Scan, send, recv, 1, MPI_INT, MPI_SUM);
    FORMS(({ clear(); recv[0] = rank + 1; }), assert(recv[0] == (rank + 1) * (rank + 2) / 2),
          Scan, MPI_IN_PLACE, recv, 1, MPI_INT, MPI_SUM);
    FORMS(({ clear(); send[0] = rank + 1; }), assert(recv[0] == (rank ? rank * (rank + 1) / 2 : -2)),
          Exscan, send, recv, 1, MPI_INT, MPI_SUM);
    static const int constant = 3;
    FORMS(recv[0] = -2, assert(recv[0] == (rank ? 3 * rank : -2)),
          Exscan, &constant, rank ? recv : NULL, 1, MPI_INT, MPI_SUM);
    FORMS(({ clear(); recv[0] = rank + 1; }), assert(recv[0] == (rank ? rank * (rank + 1) / 2 : 1)),
          Exscan, MPI_IN_PLACE, recv, 1, MPI_INT, MPI_SUM);
    struct { float value; int index; } mine = { (float)(rank % 2), rank }, most;
    FORMS(most.index = -1, assert(most.value == (size > 1 ? 1 : 0) && most.index == (size > 1 ? 1 : 0)),
          Allreduce, &mine, &most, 1, MPI_FLOAT_INT, MPI_MAXLOC);

    /* Long enough for other algorithms. */
    int many = 100000;
    long *from = malloc(many * sizeof *from), *into = malloc(many * sizeof *into);
    for (int i = 0; i < many; i++)
        from[i] = rank * (long)i;
    MPI_Allreduce(from, into, many, MPI_LONG, MPI_SUM, comm);
    for (int i = 0; i < many; i++)
        assert(into[i] == all * (long)i);
    free(from);
    free(into);
}

static void large(MPI_Comm comm)
{
    MPI_Count one = 1, ones[4] = { 1, 1, 1, 1 };
    MPI_Aint at[4] = { 0, 2, 4, 6 };
    clear();
    send[0] = rank;
    assert(MPI_Allgatherv_c(send, one, MPI_INT, recv, ones, at, MPI_INT, comm) == MPI_SUCCESS);
    for (int r = 0; r < size; r++)
        assert(recv[2 * r] == r && recv[2 * r + 1] == -2);
    MPI_Datatype types[4] = { MPI_INT, MPI_INT, MPI_INT, MPI_INT };
    MPI_Aint bytes[4] = { 0, 8, 16, 24 };
    for (int r = 0; r < size; r++)
        send[2 * r] = value(rank, r, 0);
    assert(MPI_Alltoallw_c(send, ones, bytes, types, recv, ones, bytes, types, comm) == MPI_SUCCESS);
    for (int r = 0; r < size; r++)
        assert(recv[2 * r] == value(r, rank, 0));
}

static void wrong(MPI_Comm comm)
{
    MPI_Request request;
    assert(class_of(MPI_Bcast(recv, 1, MPI_INT, size, comm)) == MPI_ERR_ROOT);
    assert(class_of(MPI_Bcast(recv, 1, MPI_INT, MPI_ROOT, comm)) == MPI_ERR_ROOT);
    assert(class_of(MPI_Bcast(recv, -1, MPI_INT, 0, comm)) == MPI_ERR_COUNT);
    assert(class_of(MPI_Bcast(NULL, 1, MPI_INT, 0, comm)) == MPI_ERR_BUFFER);
    assert(class_of(MPI_Bcast(MPI_IN_PLACE, 1, MPI_INT, 0, comm)) == MPI_ERR_BUFFER);
    assert(class_of(MPI_Bcast(recv, 1, MPI_DATATYPE_NULL, 0, comm)) == MPI_ERR_TYPE);
    assert(class_of(MPI_Allreduce(recv, recv, 1, MPI_INT, MPI_SUM, comm)) == MPI_ERR_BUFFER);
    assert(class_of(MPI_Allreduce(send, recv, 1, MPI_CHAR, MPI_SUM, comm)) == MPI_ERR_OP);
    assert(class_of(MPI_Allreduce(send, recv, 1, MPI_INT, MPI_REPLACE, comm)) == MPI_ERR_OP);
    assert(class_of(MPI_Allreduce(send, MPI_IN_PLACE, 1, MPI_INT, MPI_SUM, comm)) == MPI_ERR_BUFFER);
    assert(class_of(MPI_Allgather(recv, 1, MPI_INT, recv, 1, MPI_INT, comm)) == MPI_ERR_BUFFER);
    assert(class_of(MPI_Allgatherv(send, 1, MPI_INT, recv, NULL, displs, MPI_INT, comm)) == MPI_ERR_ARG);
    assert(class_of(MPI_Alltoallv(send, counts, NULL, MPI_INT, recv, counts, displs, MPI_INT, comm)) == MPI_ERR_ARG);
    assert(class_of(MPI_Reduce_scatter(send, recv, NULL, MPI_INT, MPI_SUM, comm)) == MPI_ERR_ARG);
    assert(class_of(MPI_Barrier(MPI_COMM_NULL)) == MPI_ERR_COMM);
    assert(class_of(MPI_Barrier_init(comm, (MPI_Info)(long)0x7777, &request)) == MPI_ERR_INFO);
    MPI_Datatype type;
    MPI_Type_contiguous(1, MPI_INT, &type);
    assert(class_of(MPI_Bcast(recv, 1, type, 0, comm)) == MPI_ERR_TYPE);
    assert(class_of(MPI_Alltoall(send, 1, type, recv, 1, type, comm)) == MPI_ERR_TYPE);
    MPI_Type_free(&type);
    assert(MPI_Allreduce(NULL, NULL, 0, MPI_INT, MPI_SUM, comm) == MPI_SUCCESS);
    assert(MPI_Bcast(NULL, 0, MPI_INT, 0, comm) == MPI_SUCCESS);
}

int main(int argc, char **argv)
{
    MPI_Request request;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    assert(MPI_Barrier(MPI_COMM_WORLD) == MPI_SUCCESS);
    assert(MPI_Ibarrier(MPI_COMM_WORLD, &request) == MPI_SUCCESS);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPI_Barrier_init(MPI_COMM_WORLD, MPI_INFO_NULL, &request);
    MPI_Start(&request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPI_Request_free(&request);
    rooted(MPI_COMM_WORLD, 0);
    rooted(MPI_COMM_WORLD, size - 1);
    everyone(MPI_COMM_WORLD);
    reductions(MPI_COMM_WORLD);
    large(MPI_COMM_WORLD);
    wrong(MPI_COMM_WORLD);
    MPI_Finalize();
    return 0;
}
