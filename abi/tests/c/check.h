/* What all the programs here share: checks that say where they fail, and who fails. */
#ifndef CHECK_H
#define CHECK_H

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __GNUC__
#define UNUSED __attribute__((unused))
#else
#define UNUSED
#endif

static int rank UNUSED = -1, size UNUSED = -1;

/* Ends the job unless a condition holds. */
#define CHECK(condition) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "%s:%d: rank %d: not so: %s\n", __FILE__, __LINE__, rank, #condition); \
      MPI_Abort(MPI_COMM_WORLD, 9); \
    } \
  } while (0)

/* Ends the job unless two integers are the same. */
#define SAME(one, other) \
  do { \
    long long one_ = (long long)(one), other_ = (long long)(other); \
    if (one_ != other_) { \
      fprintf(stderr, "%s:%d: rank %d: %s is %lld, and %s is %lld\n", __FILE__, __LINE__, rank, #one, one_, \
              #other, other_); \
      MPI_Abort(MPI_COMM_WORLD, 9); \
    } \
  } while (0)

/* Ends the job unless a call succeeds. */
#define DO(call) SAME(call, MPI_SUCCESS)

/* Ends the job unless a call fails with that class. */
#define FAILS(call, class) SAME(class_of(call), class)

static UNUSED int class_of(int code) {
  int class = -1;
  MPI_Error_class(code, &class);
  return class;
}

/* Starts, with errors returned, and learns who we are. */
static UNUSED void begin(int level) {
  int provided = -1;
  if (MPI_Init_thread(NULL, NULL, level, &provided) != MPI_SUCCESS) exit(9);
  CHECK(provided >= level);
  DO(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
  DO(MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN));
  DO(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
  DO(MPI_Comm_size(MPI_COMM_WORLD, &size));
}

#endif
