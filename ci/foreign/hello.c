/* A program of another MPI for ci/launchers: each rank hears its left neighbour's number. */
#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv) {
  int rank, size, heard = -1;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  int right = (rank + 1) % size, left = (rank + size - 1) % size;
  MPI_Sendrecv(&rank, 1, MPI_INT, right, 7, &heard, 1, MPI_INT, left, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  printf("rank %d of %d heard %d\n", rank, size, heard);
  MPI_Finalize();
  return heard == left ? 0 : 3;
}
