/* ranks: 1 2 3 4 */
/* Collectives on derived datatypes, and between two groups. */
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

/* A transposition: rows go out, columns come in. */
static void columns(MPI_Comm comm)
{
    int matrix[4][8], row[4];
    MPI_Datatype column, type;
    MPI_Request request;
    MPI_Type_vector(4, 1, 8, MPI_INT, &type);
    MPI_Type_create_resized(type, 0, sizeof(int), &column);
    MPI_Type_free(&type);
    MPI_Type_commit(&column);
    for (int i = 0; i < 4; i++)
        row[i] = 10 * rank + i;
    for (int form = 0; form < 2; form++) {
        memset(matrix, -1, sizeof matrix);
        if (form == 0) {
            assert(MPI_Allgather(row, 4, MPI_INT, matrix, 1, column, comm) == MPI_SUCCESS);
        } else {
            assert(MPI_Iallgather(row, 4, MPI_INT, matrix, 1, column, comm, &request) == MPI_SUCCESS);
            MPI_Wait(&request, MPI_STATUS_IGNORE);
        }
        for (int r = 0; r < size; r++)
            for (int i = 0; i < 4; i++)
                assert(matrix[i][r] == 10 * r + i && matrix[i][size] == -1);
    }

    memset(matrix, -1, sizeof matrix);
    int counts[4], displs[4];
    for (int r = 0; r < size; r++)
        counts[r] = 1, displs[r] = 2 * r;
    assert(MPI_Gatherv(row, 4, MPI_INT, matrix, counts, displs, column, 0, comm) == MPI_SUCCESS);
    for (int r = 0; rank == 0 && r < size; r++)
        assert(matrix[3][2 * r] == 10 * r + 3 && matrix[3][2 * r + 1] == -1);

    /* A type that was freed goes on in a persistent operation. */
    memset(matrix, -1, sizeof matrix);
    MPI_Bcast_init(&matrix[0][1], 1, column, 0, comm, MPI_INFO_NULL, &request);
    MPI_Type_free(&column);
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; rank == 0 && i < 4; i++)
            matrix[i][1] = turn + i;
        MPI_Start(&request);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        for (int i = 0; i < 4; i++)
            assert(matrix[i][1] == turn + i && matrix[i][2] == -1);
    }
    MPI_Request_free(&request);
}

/* Every rank has another datatype for each. */
static void everything(MPI_Comm comm)
{
    MPI_Datatype sends[4], recvs[4];
    int counts[4], displs[4], rdispls[4];
    struct { double d; int i; char c; } from[4], into[4];
    int lengths[2] = { 1, 1 };
    MPI_Aint places[2] = { 0, 8 };
    MPI_Datatype parts[2] = { MPI_DOUBLE, MPI_INT }, type;
    MPI_Type_create_struct(2, lengths, places, parts, &type);
    MPI_Type_commit(&type);
    memset(into, 0x11, sizeof into);
    for (int r = 0; r < size; r++) {
        /* The even ranks' blocks are a double and an integer, those of odd ones an integer alone. */
        from[r].d = rank + 0.5, from[r].i = 100 * rank + r;
        sends[r] = r % 2 ? MPI_INT : type;
        recvs[r] = rank % 2 ? MPI_INT : type;
        counts[r] = 1;
        displs[r] = (int)((char *)&from[r] - (char *)from) + (r % 2 ? 8 : 0);
        rdispls[r] = (int)((char *)&into[r] - (char *)into) + (rank % 2 ? 8 : 0);
    }
    assert(MPI_Alltoallw(from, counts, displs, sends, into, counts, rdispls, recvs, comm) == MPI_SUCCESS);
    for (int r = 0; r < size; r++) {
        assert(into[r].i == 100 * r + rank && into[r].c == 0x11);
        assert(rank % 2 || into[r].d == r + 0.5);
    }
    MPI_Type_free(&type);

    /* Blocks without elements may have any datatype. */
    for (int r = 0; r < size; r++)
        counts[r] = 0, sends[r] = MPI_DATATYPE_NULL;
    assert(MPI_Alltoallw(NULL, counts, displs, sends, NULL, counts, displs, sends, comm) == MPI_SUCCESS);
}

/* Pairs with a gap between value and index, long doubles, and a sum of a dup. */
static void elements(MPI_Comm comm)
{
    struct { short value; int index; } mine[2] = { { (short)-rank, rank }, { 5, rank } }, least[2];
    memset(least, 0x22, sizeof least);
    MPI_Allreduce(mine, least, 2, MPI_SHORT_INT, MPI_MINLOC, comm);
    assert(least[0].value == 1 - size && least[0].index == size - 1 && least[1].value == 5 && least[1].index == 0);
    long double wide = rank + 1, product = 0, expected = 1;
    MPI_Allreduce(&wide, &product, 1, MPI_LONG_DOUBLE, MPI_PROD, comm);
    for (int r = 0; r < size; r++)
        expected *= r + 1;
    assert(product == expected);
    MPI_Datatype dup;
    int one = 1, sum;
    MPI_Type_dup(MPI_INT, &dup);
    MPI_Allreduce(&one, &sum, 1, dup, MPI_SUM, comm);
    assert(sum == size);
    MPI_Type_free(&dup);
}

static void across(void)
{
    MPI_Comm half, inter;
    int side = rank % 2, others = side ? (size + 1) / 2 : size / 2, mine = size - others;
    int send[4], recv[16], me;
    MPI_Comm_split(MPI_COMM_WORLD, side, rank, &half);
    MPI_Comm_rank(half, &me);
    MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, 1 - side, 5, &inter);

    memset(recv, -1, sizeof recv);
    int root = side ? 0 : me == 0 ? MPI_ROOT : MPI_PROC_NULL;
    send[0] = 77;
    assert(MPI_Bcast(side ? recv : me == 0 ? send : NULL, 1, side || me == 0 ? MPI_INT : MPI_DATATYPE_NULL, root, inter) ==
           MPI_SUCCESS);
    assert(!side || recv[0] == 77);

    send[0] = rank;
    assert(MPI_Gather(side ? send : NULL, 1, side ? MPI_INT : MPI_DATATYPE_NULL, recv, 1,
                      root == MPI_ROOT ? MPI_INT : MPI_DATATYPE_NULL, root, inter) == MPI_SUCCESS);
    for (int r = 0; root == MPI_ROOT && r < others; r++)
        assert(recv[r] == 2 * r + 1);

    memset(recv, -1, sizeof recv);
    assert(MPI_Reduce(side ? send : NULL, recv, 1, root == MPI_PROC_NULL ? MPI_DATATYPE_NULL : MPI_INT,
                      root == MPI_PROC_NULL ? MPI_OP_NULL : MPI_MAX, root, inter) == MPI_SUCCESS);
    assert(root != MPI_ROOT || recv[0] == 2 * others - 1);

    assert(MPI_Allgather(send, 1, MPI_INT, recv, 1, MPI_INT, inter) == MPI_SUCCESS);
    for (int r = 0; r < others; r++)
        assert(recv[r] == 2 * r + 1 - side);
    int sum, expected = 0;
    assert(MPI_Allreduce(send, &sum, 1, MPI_INT, MPI_SUM, inter) == MPI_SUCCESS);
    for (int r = 0; r < others; r++)
        expected += 2 * r + 1 - side;
    assert(sum == expected);
    for (int r = 0; r < others; r++)
        send[r] = 100 * rank + r;
    assert(MPI_Alltoall(send, 1, MPI_INT, recv, 1, MPI_INT, inter) == MPI_SUCCESS);
    for (int r = 0; r < others; r++)
        assert(recv[r] == 100 * (2 * r + 1 - side) + me);
    assert(MPI_Barrier(inter) == MPI_SUCCESS);

    assert(class_of(MPI_Scan(send, recv, 1, MPI_INT, MPI_SUM, inter)) == MPI_ERR_COMM);
    assert(class_of(MPI_Exscan(send, recv, 1, MPI_INT, MPI_SUM, inter)) == MPI_ERR_COMM);
    assert(class_of(MPI_Bcast(recv, 1, MPI_INT, others, inter)) == MPI_ERR_ROOT);
    assert(mine > 0);
    MPI_Comm_free(&inter);
    MPI_Comm_free(&half);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    columns(MPI_COMM_WORLD);
    everything(MPI_COMM_WORLD);
    elements(MPI_COMM_WORLD);
    if (size > 1)
        across();
    MPI_Finalize();
    return 0;
}
