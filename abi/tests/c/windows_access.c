/* ranks: 1 2 3 4 6
   One-sided access: put, get, the accumulates with every operation, with and without a request; derived datatypes on both
   sides, long messages, none at all; windows whose memory comes and goes. Epochs are windows_sync's. */
#include "check.h"

#include <complex.h>
#include <stdbool.h>
#include <stdint.h>

enum { FEW = 8, MANY = 700000 };

static int right, left;

/* A window of so many bytes at each rank, with errors returned. */
static void *make(MPI_Aint bytes, int unit, MPI_Win *win) {
  void *base = NULL;
  DO(MPI_Win_allocate(bytes, unit, MPI_INFO_NULL, MPI_COMM_WORLD, &base, win));
  DO(MPI_Win_set_errhandler(*win, MPI_ERRORS_RETURN));
  if (bytes) memset(base, 0, (size_t)bytes);
  DO(MPI_Win_fence(MPI_MODE_NOPRECEDE, *win));
  return base;
}

static void end(MPI_Win *win) {
  DO(MPI_Win_fence(MPI_MODE_NOSUCCEED, *win));
  DO(MPI_Win_free(win));
}

/* All have seen what is there, so that it may change again. */
static void seen(MPI_Win win) { DO(MPI_Win_fence(0, win)); }

static void put_and_get(void) {
  MPI_Win win;
  int got[FEW], given[FEW], *base = make(4 * FEW * sizeof(int), sizeof(int), &win);
  for (int i = 0; i < FEW; i++) given[i] = 100 * rank + i, got[i] = -1;
  DO(MPI_Put(given, FEW, MPI_INT, right, FEW, FEW, MPI_INT, win));
  DO(MPI_Put_c(given, 3, MPI_INT, right, 2 * FEW, 3, MPI_INT, win));
  DO(MPI_Put(NULL, 0, MPI_INT, right, 0, 0, MPI_INT, win));
  DO(MPI_Put(given, FEW, MPI_INT, MPI_PROC_NULL, 1000, FEW, MPI_INT, win));
  DO(MPI_Put(given, 4, MPI_INT, right, 3 * FEW, 16, MPI_BYTE, win)); /* bytes are bytes */
  DO(MPI_Win_fence(0, win));
  for (int i = 0; i < FEW; i++) SAME(base[FEW + i], 100 * left + i);
  for (int i = 0; i < FEW; i++) SAME(base[2 * FEW + i], i < 3 ? 100 * left + i : 0);
  for (int i = 0; i < FEW; i++) SAME(base[3 * FEW + i], i < 4 ? 100 * left + i : 0);
  SAME(base[0], 0);
  DO(MPI_Get(got, FEW, MPI_INT, left, FEW, FEW, MPI_INT, win));
  DO(MPI_Win_fence(0, win));
  for (int i = 0; i < FEW; i++) SAME(got[i], 100 * ((left + size - 1) % size) + i);
  DO(MPI_Get(got, 2, MPI_INT, MPI_PROC_NULL, 0, 2, MPI_INT, win));
  DO(MPI_Get_c(got + 2, 2, MPI_INT, rank, FEW, 2, MPI_INT, win));
  DO(MPI_Win_fence(0, win));
  SAME(got[0], 100 * ((left + size - 1) % size));
  SAME(got[2], 100 * left);
  /* Outside of the window nothing is written. */
  FAILS(MPI_Put(given, FEW, MPI_INT, right, 4 * FEW - 1, FEW, MPI_INT, win), MPI_ERR_RMA_RANGE);
  end(&win);
}

/* What does not lie in one piece, here or there. */
static void derived(void) {
  MPI_Win win;
  enum { N = 10 };
  double matrix[N][N], column[N], *base = make(N * N * sizeof(double), sizeof(double), &win);
  MPI_Datatype columns, every_second, part, backwards;
  for (int i = 0; i < N; i++) {
    column[i] = -1;
    for (int j = 0; j < N; j++) matrix[i][j] = 1000 * rank + 10 * i + j;
  }
  DO(MPI_Type_vector(N, 1, N, MPI_DOUBLE, &columns));
  DO(MPI_Type_vector(N / 2, 1, 2, MPI_DOUBLE, &every_second));
  DO(MPI_Type_create_subarray(2, (int[]){N, N}, (int[]){2, 3}, (int[]){4, 5}, MPI_ORDER_C, MPI_DOUBLE, &part));
  DO(MPI_Type_indexed(3, (int[]){2, 1, 3}, (int[]){7, 4, 0}, MPI_DOUBLE, &backwards));
  DO(MPI_Type_commit(&columns));
  DO(MPI_Type_commit(&every_second));
  DO(MPI_Type_commit(&part));
  DO(MPI_Type_commit(&backwards));
  /* A column becomes a row, and a row a column. */
  DO(MPI_Put(&matrix[0][3], 1, columns, right, 2 * N, N, MPI_DOUBLE, win));
  DO(MPI_Win_fence(0, win));
  for (int i = 0; i < N; i++) SAME(base[2 * N + i], 1000 * left + 10 * i + 3);
  seen(win);
  DO(MPI_Put(matrix[6], N, MPI_DOUBLE, right, 9, 1, columns, win));
  DO(MPI_Win_fence(0, win));
  for (int i = 0; i < N; i++) SAME(base[N * i + 9], 1000 * left + 60 + i);
  DO(MPI_Get(column, 1, every_second, right, 9, 1, every_second, win));
  DO(MPI_Win_fence(0, win));
  for (int i = 0; i < N; i++) SAME(column[i], i % 2 ? -1 : i ? 0 : 1000 * rank + 60);
  /* Different layouts of as many elements. */
  DO(MPI_Put(matrix, 1, part, right, 40, 1, backwards, win));
  DO(MPI_Win_fence(0, win));
  const int from[6] = {45, 46, 47, 55, 56, 57}, to[6] = {7, 8, 4, 0, 1, 2};
  for (int i = 0; i < 6; i++) SAME(base[40 + to[i]], 1000 * left + from[i]);
  seen(win);
  /* And the accumulates. */
  DO(MPI_Accumulate(matrix, 1, part, right, 40, 1, backwards, MPI_SUM, win));
  DO(MPI_Win_fence(0, win));
  for (int i = 0; i < 6; i++) SAME(base[40 + to[i]], 2 * (1000 * left + from[i]));
  seen(win);
  DO(MPI_Get_accumulate(matrix, 1, part, column, 6, MPI_DOUBLE, right, 40, 1, backwards, MPI_REPLACE, win));
  DO(MPI_Win_fence(0, win));
  for (int i = 0; i < 6; i++) SAME(base[40 + to[i]], 1000 * left + from[i]);
  for (int i = 0; i < 6; i++) SAME(column[i], 2 * (1000 * rank + from[i]));
  DO(MPI_Type_free(&columns));
  DO(MPI_Type_free(&every_second));
  DO(MPI_Type_free(&part));
  DO(MPI_Type_free(&backwards));
  end(&win);
}

/* Each rank combines its element with rank 0's, and one rank knows what must come out: the operations are commutative. */
#define COMBINE(type, mpi, op, first, of_rank, expression) \
  do { \
    MPI_Win win_; \
    type *base_ = make(2 * sizeof(type), sizeof(type), &win_), mine_[2]; \
    { int r = -1; (void)r; base_[0] = first; base_[1] = first; } \
    DO(MPI_Win_fence(0, win_)); \
    { int r = rank; (void)r; mine_[0] = of_rank; mine_[1] = of_rank; } \
    DO(MPI_Accumulate(mine_, 2, mpi, 0, 0, 2, mpi, op, win_)); \
    DO(MPI_Win_fence(0, win_)); \
    if (rank == 0) { \
      type all = first; \
      for (int r = 0; r < size; r++) { \
        type one = of_rank; \
        all = (type)(expression); \
      } \
      CHECK(base_[0] == all && base_[1] == all); \
    } \
    end(&win_); \
  } while (0)

#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define MIN(a, b) ((a) < (b) ? (a) : (b))

#define OF_INTEGERS(type, mpi) \
  COMBINE(type, mpi, MPI_SUM, 5, (type)(r + 1), all + one); \
  COMBINE(type, mpi, MPI_PROD, 3, (type)(r + 1), all * one); \
  COMBINE(type, mpi, MPI_MAX, 2, (type)(7 * r % 5), MAX(all, one)); \
  COMBINE(type, mpi, MPI_MIN, 4, (type)(7 * r % 5), MIN(all, one)); \
  COMBINE(type, mpi, MPI_BAND, 127, (type)(127 - (1 << r)), all & one); \
  COMBINE(type, mpi, MPI_BOR, 64, (type)(1 << r), all | one); \
  COMBINE(type, mpi, MPI_BXOR, 3, (type)(r + 1), all ^ one); \
  COMBINE(type, mpi, MPI_LAND, 2, (type)(r < 2), all && one); \
  COMBINE(type, mpi, MPI_LOR, 0, (type)(r == 1), all || one); \
  COMBINE(type, mpi, MPI_LXOR, 1, (type)(r + 1), !all != !one)

#define OF_FLOATS(type, mpi) \
  COMBINE(type, mpi, MPI_SUM, 5, (type)(r + 0.5), all + one); \
  COMBINE(type, mpi, MPI_PROD, 3, (type)(r + 0.5), all * one); \
  COMBINE(type, mpi, MPI_MAX, 2.5, (type)(7 * r % 5), MAX(all, one)); \
  COMBINE(type, mpi, MPI_MIN, 2.5, (type)(7 * r % 5), MIN(all, one))

static void operations(void) {
  OF_INTEGERS(int, MPI_INT);
  OF_INTEGERS(signed char, MPI_SIGNED_CHAR);
  OF_INTEGERS(unsigned short, MPI_UNSIGNED_SHORT);
  OF_INTEGERS(long long, MPI_LONG_LONG);
  OF_INTEGERS(uint64_t, MPI_UINT64_T);
  OF_INTEGERS(MPI_Aint, MPI_AINT);
  OF_FLOATS(float, MPI_FLOAT);
  OF_FLOATS(double, MPI_DOUBLE);
  OF_FLOATS(long double, MPI_LONG_DOUBLE);
  COMBINE(double complex, MPI_C_DOUBLE_COMPLEX, MPI_SUM, 1 + 2 * I, r + 2 * r * I, all + one);
  COMBINE(double complex, MPI_C_DOUBLE_COMPLEX, MPI_PROD, 1 + 2 * I, r + 1 - 2 * r * I, all * one);
  COMBINE(unsigned char, MPI_BYTE, MPI_BXOR, 0x55, (unsigned char)(1 << r), all ^ one);
  COMBINE(bool, MPI_C_BOOL, MPI_LOR, false, r == size - 1, all || one);
  /* Whatever can be sent can replace; it is somebody's. */
  MPI_Win win;
  char one[2] = {'a', (char)('0' + rank)}, *base = make(2, 1, &win);
  DO(MPI_Accumulate(one, 2, MPI_CHAR, 0, 0, 2, MPI_CHAR, MPI_REPLACE, win));
  DO(MPI_Win_fence(0, win));
  CHECK(rank || (base[0] == 'a' && base[1] >= '0' && base[1] < '0' + size));
  end(&win);
  /* Values and where they are. */
  struct { double value; int at; } place = {(rank + 1) % size, rank}, *places = make(2 * sizeof place, sizeof place, &win);
  places[0].value = -1, places[1].value = 100;
  places[0].at = places[1].at = -1;
  DO(MPI_Win_fence(0, win));
  DO(MPI_Accumulate(&place, 1, MPI_DOUBLE_INT, 0, 0, 1, MPI_DOUBLE_INT, MPI_MAXLOC, win));
  DO(MPI_Accumulate(&place, 1, MPI_DOUBLE_INT, 0, 1, 1, MPI_DOUBLE_INT, MPI_MINLOC, win));
  DO(MPI_Win_fence(0, win));
  if (rank == 0) {
    CHECK(places[0].value == size - 1 && places[0].at == (size + size - 2) % size);
    CHECK(places[1].value == 0 && places[1].at == size - 1);
  }
  end(&win);
}

static int by_value(const void *one, const void *other) {
  long long a = *(const long long *)one, b = *(const long long *)other;
  return (a > b) - (a < b);
}

/* What was there before: of all ranks together each value once. */
static void each_once(const long long *mine, int count, const char *what) {
  long long *all = malloc((size_t)(count * size) * sizeof *all);
  DO(MPI_Allgather(mine, count, MPI_LONG_LONG, all, count, MPI_LONG_LONG, MPI_COMM_WORLD));
  qsort(all, (size_t)(count * size), sizeof *all, by_value);
  for (int i = 0; i < count * size; i++) {
    if (all[i] != i) fprintf(stderr, "%s: %lld stands where %d should\n", what, all[i], i);
    SAME(all[i], i);
  }
  free(all);
}

static void fetching(void) {
  enum { TIMES = 50 };
  MPI_Win win;
  long long one = 1, before[TIMES], result = -1, *base = make(4 * sizeof *base, sizeof *base, &win);
  for (int i = 0; i < TIMES; i++) DO(MPI_Fetch_and_op(&one, &before[i], MPI_LONG_LONG, 0, 0, MPI_SUM, win));
  DO(MPI_Win_fence(0, win));
  each_once(before, TIMES, "MPI_Fetch_and_op");
  CHECK(rank || base[0] == (long long)TIMES * size);
  for (int i = 0; i < TIMES; i++) {
    DO(MPI_Get_accumulate(&one, 1, MPI_LONG_LONG, &before[i], 1, MPI_LONG_LONG, 0, 1, 1, MPI_LONG_LONG, MPI_SUM, win));
  }
  DO(MPI_Win_fence(0, win));
  each_once(before, TIMES, "MPI_Get_accumulate");
  /* Reading only: what the origin says means nothing. */
  DO(MPI_Get_accumulate(NULL, 0, MPI_DATATYPE_NULL, &result, 1, MPI_LONG_LONG, 0, 1, 1, MPI_LONG_LONG, MPI_NO_OP, win));
  DO(MPI_Win_fence(0, win));
  SAME(result, (long long)TIMES * size);
  DO(MPI_Fetch_and_op(NULL, &result, MPI_LONG_LONG, rank, 1, MPI_NO_OP, win));
  DO(MPI_Win_fence(0, win));
  SAME(result, base[1]);
  DO(MPI_Fetch_and_op(&one, &result, MPI_LONG_LONG, MPI_PROC_NULL, 0, MPI_SUM, win));
  DO(MPI_Get_accumulate_c(&one, 1, MPI_LONG_LONG, &result, 1, MPI_LONG_LONG, right, 2, 1, MPI_LONG_LONG, MPI_REPLACE,
                          win));
  DO(MPI_Win_fence(0, win));
  CHECK(result == 0 && base[2] == 1);
  /* One of all wins, and the others see who. */
  long long nobody = -1, me = rank;
  base[3] = -1;
  DO(MPI_Win_fence(0, win));
  DO(MPI_Compare_and_swap(&me, &nobody, &result, MPI_LONG_LONG, 0, 3, win));
  DO(MPI_Win_fence(0, win));
  long long winner = base[3], wins = result == -1, all = 0;
  DO(MPI_Bcast(&winner, 1, MPI_LONG_LONG, 0, MPI_COMM_WORLD));
  DO(MPI_Allreduce(&wins, &all, 1, MPI_LONG_LONG, MPI_SUM, MPI_COMM_WORLD));
  CHECK(all == 1 && wins == (winner == rank) && (wins || result == winner));
  end(&win);
  /* Small ones, side by side. */
  unsigned char byte = 3, none = 0, was = 9, *bytes = make(8, 1, &win);
  DO(MPI_Compare_and_swap(&byte, &none, &was, MPI_BYTE, right, 5, win));
  DO(MPI_Win_fence(0, win));
  CHECK(was == 0 && bytes[5] == 3 && bytes[4] == 0 && bytes[6] == 0);
  DO(MPI_Compare_and_swap(&byte, &none, &was, MPI_BYTE, right, 5, win));
  DO(MPI_Win_fence(0, win));
  CHECK(was == 3 && bytes[5] == 3);
  end(&win);
}

static void requests(void) {
  MPI_Win win;
  int given[FEW], got[FEW], ones[FEW], were[FEW], *base = make(2 * FEW * sizeof(int), sizeof(int), &win);
  MPI_Request all[4];
  MPI_Status status;
  end(&win); /* They are for locks. */
  DO(MPI_Win_allocate(2 * FEW * sizeof(int), sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win));
  DO(MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN));
  memset(base, 0, 2 * FEW * sizeof(int));
  DO(MPI_Barrier(MPI_COMM_WORLD));
  for (int i = 0; i < FEW; i++) given[i] = 10 * rank + i, ones[i] = 1, got[i] = were[i] = -1;
  DO(MPI_Win_lock_all(0, win));
  DO(MPI_Rput(given, FEW, MPI_INT, right, 0, FEW, MPI_INT, win, &all[0]));
  DO(MPI_Wait(&all[0], &status));
  CHECK(all[0] == MPI_REQUEST_NULL);
  DO(MPI_Win_flush(right, win));
  DO(MPI_Rget(got, FEW, MPI_INT, right, 0, FEW, MPI_INT, win, &all[0]));
  DO(MPI_Raccumulate(ones, FEW, MPI_INT, right, FEW, FEW, MPI_INT, MPI_SUM, win, &all[1]));
  DO(MPI_Rget_c(were, 0, MPI_INT, right, 0, 0, MPI_INT, win, &all[2]));
  DO(MPI_Rput(given, FEW, MPI_INT, MPI_PROC_NULL, 0, FEW, MPI_INT, win, &all[3]));
  DO(MPI_Waitall(4, all, MPI_STATUSES_IGNORE));
  for (int i = 0; i < FEW; i++) CHECK(got[i] == given[i] && were[i] == -1);
  DO(MPI_Win_flush(right, win));
  DO(MPI_Rget_accumulate(ones, FEW, MPI_INT, were, FEW, MPI_INT, right, FEW, FEW, MPI_INT, MPI_SUM, win, &all[0]));
  for (int over = 0; !over;) DO(MPI_Test(&all[0], &over, MPI_STATUS_IGNORE));
  for (int i = 0; i < FEW; i++) SAME(were[i], 1);
  DO(MPI_Win_unlock_all(win));
  DO(MPI_Barrier(MPI_COMM_WORLD));
  DO(MPI_Win_lock(MPI_LOCK_SHARED, rank, 0, win));
  for (int i = 0; i < FEW; i++) CHECK(base[i] == 10 * left + i && base[FEW + i] == 2);
  DO(MPI_Win_unlock(rank, win));
  DO(MPI_Win_free(&win));
}

static void long_messages(void) {
  MPI_Win win;
  double *base = make(MANY * sizeof(double), sizeof(double), &win);
  double *given = malloc(2 * MANY * sizeof *given), *got = malloc(MANY * sizeof *got);
  MPI_Datatype every_second;
  for (int i = 0; i < 2 * MANY; i++) given[i] = rank + 0.25 * i;
  memset(got, 0, MANY * sizeof *got);
  DO(MPI_Put(given, MANY, MPI_DOUBLE, right, 0, MANY, MPI_DOUBLE, win));
  DO(MPI_Win_fence(0, win));
  for (int i = 0; i < MANY; i++) CHECK(base[i] == left + 0.25 * i);
  DO(MPI_Get(got, MANY, MPI_DOUBLE, right, 0, MANY, MPI_DOUBLE, win));
  DO(MPI_Win_fence(0, win));
  for (int i = 0; i < MANY; i++) CHECK(got[i] == given[i]);
  DO(MPI_Accumulate(given, MANY, MPI_DOUBLE, right, 0, MANY, MPI_DOUBLE, MPI_SUM, win));
  DO(MPI_Win_fence(0, win));
  for (int i = 0; i < MANY; i++) CHECK(base[i] == 2 * (left + 0.25 * i));
  seen(win);
  DO(MPI_Get_accumulate(given, MANY, MPI_DOUBLE, got, MANY, MPI_DOUBLE, right, 0, MANY, MPI_DOUBLE, MPI_SUM, win));
  DO(MPI_Win_fence(0, win));
  for (int i = 0; i < MANY; i++) CHECK(base[i] == 3 * (left + 0.25 * i) && got[i] == 2 * given[i]);
  seen(win);
  /* Not in one piece at the one side, then at the other. */
  DO(MPI_Type_vector(MANY / 2, 1, 2, MPI_DOUBLE, &every_second));
  DO(MPI_Type_commit(&every_second));
  DO(MPI_Put(given, 2, every_second, right, 0, MANY, MPI_DOUBLE, win));
  DO(MPI_Win_fence(0, win));
  for (int i = 0; i < MANY / 2; i++) CHECK(base[i] == left + 0.5 * i);
  DO(MPI_Get(got, MANY / 2, MPI_DOUBLE, right, 0, 1, every_second, win));
  DO(MPI_Put(given, MANY / 2, MPI_DOUBLE, MPI_PROC_NULL, 0, 1, every_second, win));
  DO(MPI_Win_fence(0, win));
  for (int i = 0; i < MANY / 4; i++) CHECK(got[i] == rank + 1.0 * i);
  DO(MPI_Put(given, MANY / 2, MPI_DOUBLE, right, 1, 1, every_second, win));
  DO(MPI_Win_fence(0, win));
  for (int i = 0; i < MANY / 2; i++) CHECK(base[2 * i + 1] == left + 0.25 * i);
  seen(win);
  /* All at one. */
  DO(MPI_Accumulate(given, MANY, MPI_DOUBLE, 0, 0, MANY, MPI_DOUBLE, MPI_MAX, win));
  DO(MPI_Win_fence(0, win));
  for (int i = 0; rank == 0 && i < MANY; i++) CHECK(base[i] >= size - 1 + 0.25 * i);
  DO(MPI_Type_free(&every_second));
  free(given);
  free(got);
  end(&win);
}

/* Addresses stand for displacements. */
static void dynamic(void) {
  MPI_Win win;
  int memory[2][FEW], given[FEW], got = -1;
  MPI_Aint mine[2], others[2];
  memset(memory, 0, sizeof memory);
  DO(MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_WORLD, &win));
  DO(MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN));
  DO(MPI_Win_attach(win, memory[0], sizeof memory[0]));
  DO(MPI_Win_attach(win, memory[1], sizeof memory[1]));
  DO(MPI_Get_address(memory[0], &mine[0]));
  DO(MPI_Get_address(memory[1], &mine[1]));
  DO(MPI_Sendrecv(mine, 2, MPI_AINT, left, 0, others, 2, MPI_AINT, right, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
  for (int i = 0; i < FEW; i++) given[i] = 10 * rank + i;
  DO(MPI_Win_fence(0, win));
  DO(MPI_Put(given, FEW, MPI_INT, right, others[1], FEW, MPI_INT, win));
  DO(MPI_Accumulate(given, 2, MPI_INT, right, MPI_Aint_add(others[0], 2 * sizeof(int)), 2, MPI_INT, MPI_SUM, win));
  DO(MPI_Win_fence(0, win));
  for (int i = 0; i < FEW; i++) SAME(memory[1][i], 10 * left + i);
  CHECK(memory[0][1] == 0 && memory[0][2] == 10 * left && memory[0][3] == 10 * left + 1);
  DO(MPI_Get(&got, 1, MPI_INT, right, MPI_Aint_add(others[1], 5 * sizeof(int)), 1, MPI_INT, win));
  DO(MPI_Win_fence(0, win));
  SAME(got, 10 * rank + 5);
  DO(MPI_Fetch_and_op(&given[1], &got, MPI_INT, right, others[1], MPI_REPLACE, win));
  DO(MPI_Win_fence(0, win));
  CHECK(got == 10 * rank && memory[1][0] == 10 * left + 1);
  DO(MPI_Win_detach(win, memory[0]));
  DO(MPI_Win_attach(win, memory[0], sizeof(int)));
  DO(MPI_Win_fence(0, win));
  DO(MPI_Put(given, 1, MPI_INT, right, others[0], 1, MPI_INT, win));
  DO(MPI_Win_fence(0, win));
  SAME(memory[0][0], 10 * left);
  DO(MPI_Win_free(&win));
}

/* Each rank has a size and a unit of its own; some have nothing. */
static void of_many_sizes(void) {
  MPI_Win win;
  int unit = 1 << rank % 3, value = 0x01020304 + rank, got = -1;
  char *base = make(rank % 2 ? 0 : 64, unit, &win);
  int target = right % 2 ? left : right;
  const int there = target % 2 == 0 && size > 1, at = 8 * (rank + 1) / (1 << target % 3);
  if (there) DO(MPI_Put(&value, 4, MPI_BYTE, target, at, 4, MPI_BYTE, win));
  DO(MPI_Win_fence(0, win));
  if (there) DO(MPI_Get(&got, 1, MPI_INT, target, at, 1, MPI_INT, win));
  DO(MPI_Win_fence(0, win));
  CHECK(!there || got == value);
  if (size > 1) FAILS(MPI_Put(&value, 1, MPI_INT, 1, 0, 1, MPI_INT, win), MPI_ERR_RMA_RANGE);
  DO(MPI_Put(&value, 0, MPI_INT, right, 0, 0, MPI_INT, win));
  CHECK(rank % 2 || base[0] == 0);
  end(&win);
}

int main(void) {
  begin(MPI_THREAD_SINGLE);
  right = (rank + 1) % size;
  left = (rank + size - 1) % size;
  put_and_get();
  derived();
  operations();
  fetching();
  requests();
  long_messages();
  dynamic();
  of_many_sizes();
  MPI_Finalize();
  return 0;
}
