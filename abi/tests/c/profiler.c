/* ranks: 1 2 4 */
/* A profiler linked into the program: it takes the names MPI_*, and calls their PMPI_* twins. The library's own calls among
 * each other do not come by it. */
#include <assert.h>
#include <mpi.h>

static int sends, barriers;

int MPI_Send(const void *buffer, int count, MPI_Datatype datatype, int dest, int tag, MPI_Comm comm)
{
    sends++;
    return PMPI_Send(buffer, count, datatype, dest, tag, comm);
}

int MPI_Barrier(MPI_Comm comm)
{
    barriers++;
    return PMPI_Barrier(comm);
}

int main(int argc, char **argv)
{
    int rank, size, number = 7;
    MPI_Comm other;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    for (int to = 1; rank == 0 && to < size; to++)
        MPI_Send(&number, 1, MPI_INT, to, 3, MPI_COMM_WORLD);
    if (rank > 0)
        MPI_Recv(&number, 1, MPI_INT, 0, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Comm_dup(MPI_COMM_WORLD, &other);
    MPI_Bcast(&number, 1, MPI_INT, 0, other);
    PMPI_Barrier(other);
    MPI_Comm_disconnect(&other);
    assert(number == 7);
    assert(sends == (rank == 0 ? size - 1 : 0));
    assert(barriers == 1);
    MPI_Finalize();
    return 0;
}
