"""A program of mpi4py for ci/launchers: each rank hears its left neighbour's number, in an array."""
import numpy
from mpi4py import MPI

comm = MPI.COMM_WORLD
rank, size = comm.Get_rank(), comm.Get_size()
heard = numpy.full(1000, -1)
comm.Sendrecv(numpy.full(1000, rank), (rank + 1) % size, recvbuf=heard, source=(rank - 1) % size)
assert (heard == (rank - 1) % size).all()
print("rank %d of %d heard %d\n" % (rank, size, heard[0]), end="")
