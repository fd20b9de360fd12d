/* ranks: 1 2 3 4 */
/* Collectives among neighbours: on a ring, on a line with ends, on a graph, in their three forms. */
#include <assert.h>
#include <mpi.h>
#include <string.h>

static int rank, size;

static int class_of(int code)
{
    int class;
    MPI_Error_class(code, &class);
    return class;
}

/* A grid of one axis has two neighbours, below and above; beyond the end of a line there is none. */
static void grid(int periodic)
{
    MPI_Comm comm;
    MPI_Request request;
    int below = (rank + size - 1) % size, above = (rank + 1) % size, send[4], recv[8];
    MPI_Cart_create(MPI_COMM_WORLD, 1, &size, &periodic, 0, &comm);
    int has_below = periodic || rank > 0, has_above = periodic || rank < size - 1;

    for (int form = 0; form < 3; form++) {
        memset(recv, -1, sizeof recv);
        send[0] = 10 * rank, send[1] = 10 * rank + 1;
        if (form == 0) {
            assert(MPI_Neighbor_allgather(send, 2, MPI_INT, recv, 2, MPI_INT, comm) == MPI_SUCCESS);
        } else if (form == 1) {
            assert(MPI_Ineighbor_allgather(send, 2, MPI_INT, recv, 2, MPI_INT, comm, &request) == MPI_SUCCESS);
            MPI_Wait(&request, MPI_STATUS_IGNORE);
        } else {
            MPI_Neighbor_allgather_init(send, 2, MPI_INT, recv, 2, MPI_INT, comm, MPI_INFO_NULL, &request);
            MPI_Start(&request);
            MPI_Wait(&request, MPI_STATUS_IGNORE);
            MPI_Request_free(&request);
        }
        assert(recv[0] == (has_below ? 10 * below : -1) && recv[1] == (has_below ? 10 * below + 1 : -1));
        assert(recv[2] == (has_above ? 10 * above : -1) && recv[3] == (has_above ? 10 * above + 1 : -1));
    }

    int counts[2] = { 1, 1 }, displs[2] = { 4, 1 };
    memset(recv, -1, sizeof recv);
    assert(MPI_Neighbor_allgatherv(send, 1, MPI_INT, recv, counts, displs, MPI_INT, comm) == MPI_SUCCESS);
    assert(recv[4] == (has_below ? 10 * below : -1) && recv[1] == (has_above ? 10 * above : -1) && recv[0] == -1);

    for (int form = 0; form < 2; form++) {
        memset(recv, -1, sizeof recv);
        send[0] = 100 * rank + below, send[1] = 100 * rank + above;
        if (form == 0) {
            assert(MPI_Neighbor_alltoall(send, 1, MPI_INT, recv, 1, MPI_INT, comm) == MPI_SUCCESS);
        } else {
            assert(MPI_Ineighbor_alltoall(send, 1, MPI_INT, recv, 1, MPI_INT, comm, &request) == MPI_SUCCESS);
            MPI_Wait(&request, MPI_STATUS_IGNORE);
        }
        assert(recv[0] == (has_below ? 100 * below + rank : -1) && recv[1] == (has_above ? 100 * above + rank : -1));
    }
    MPI_Comm_free(&comm);
}

/* Edges from every rank to the next but one too, with blocks of as many elements as the receiver's rank. */
static void graph(void)
{
    MPI_Comm comm;
    MPI_Request request;
    int from[2] = { (rank + size - 1) % size, (rank + 2 * size - 2) % size };
    int to[2] = { (rank + 1) % size, (rank + 2) % size };
    int send[16], recv[16], counts[2], displs[2] = { 0, 8 }, rcounts[2] = { rank, rank }, rdispls[2] = { 8, 0 };
    int weights[2] = { 1, 1 };
    MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 2, from, weights, 2, to, weights, MPI_INFO_NULL, 0, &comm);
    for (int n = 0; n < 2; n++) {
        counts[n] = to[n];
        for (int i = 0; i < to[n]; i++)
            send[8 * n + i] = 100 * rank + 10 * n + i;
    }
    memset(recv, -1, sizeof recv);
    assert(MPI_Neighbor_alltoallv(send, counts, displs, MPI_INT, recv, rcounts, rdispls, MPI_INT, comm) == MPI_SUCCESS);
    for (int i = 0; i < rank; i++)
        assert(recv[8 + i] == 100 * from[0] + i && recv[i] == 100 * from[1] + 10 + i);

    MPI_Datatype types[2] = { MPI_INT, MPI_INT };
    MPI_Aint at[2] = { 0, 8 * sizeof(int) }, rat[2] = { 8 * sizeof(int), 0 };
    for (int form = 0; form < 3; form++) {
        memset(recv, -1, sizeof recv);
        if (form == 0) {
            assert(MPI_Neighbor_alltoallw(send, counts, at, types, recv, rcounts, rat, types, comm) == MPI_SUCCESS);
        } else if (form == 1) {
            assert(MPI_Ineighbor_alltoallw(send, counts, at, types, recv, rcounts, rat, types, comm, &request) ==
                   MPI_SUCCESS);
            MPI_Wait(&request, MPI_STATUS_IGNORE);
        } else {
            MPI_Count many[2] = { counts[0], counts[1] }, rmany[2] = { rank, rank };
            assert(MPI_Neighbor_alltoallw_init_c(send, many, at, types, recv, rmany, rat, types, comm, MPI_INFO_NULL,
                                                 &request) == MPI_SUCCESS);
            MPI_Start(&request);
            MPI_Wait(&request, MPI_STATUS_IGNORE);
            MPI_Request_free(&request);
        }
        for (int i = 0; i < rank; i++)
            assert(recv[8 + i] == 100 * from[0] + i && recv[i] == 100 * from[1] + 10 + i);
    }
    assert(class_of(MPI_Neighbor_allgather(send, 1, MPI_INT, send, 1, MPI_INT, comm)) == MPI_ERR_BUFFER);
    assert(class_of(MPI_Neighbor_allgather(MPI_IN_PLACE, 1, MPI_INT, recv, 1, MPI_INT, comm)) == MPI_ERR_BUFFER);
    assert(class_of(MPI_Neighbor_alltoallv(send, NULL, displs, MPI_INT, recv, rcounts, rdispls, MPI_INT, comm)) ==
           MPI_ERR_ARG);
    MPI_Comm_free(&comm);

    /* A rank that nobody is next to. */
    int receives = rank == 0 && size > 1, sends = rank == 1;
    int source = 1, target = 0;
    MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, receives, &source, weights, sends, &target, weights, MPI_INFO_NULL, 0,
                                   &comm);
    recv[0] = -1;
    assert(MPI_Neighbor_alltoall(sends ? send : NULL, 1, MPI_INT, receives ? recv : NULL, 1, MPI_INT, comm) == MPI_SUCCESS);
    assert(MPI_Neighbor_allgatherv(sends ? send : NULL, 1, MPI_INT, receives ? recv : NULL, receives ? weights : NULL,
                                   receives ? displs : NULL, MPI_INT, comm) == MPI_SUCCESS);
    MPI_Comm_free(&comm);
}

int main(int argc, char **argv)
{
    int one = 1, many[4];
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    grid(1);
    grid(0);
    graph();
    assert(class_of(MPI_Neighbor_allgather(&one, 1, MPI_INT, many, 1, MPI_INT, MPI_COMM_WORLD)) == MPI_ERR_TOPOLOGY);
    MPI_Finalize();
    return 0;
}
