/* ranks: 1 2 3 4 6
   Epochs: fences, groups that post and start, locks, flushes; access to ranks that do something else meanwhile. */
#include "check.h"

enum { TIMES = 40 };

static int right, left;

static int *make(int count, MPI_Win *win) {
  int *base = NULL;
  DO(MPI_Win_allocate(count * (MPI_Aint)sizeof(int), sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &base, win));
  DO(MPI_Win_set_errhandler(*win, MPI_ERRORS_RETURN));
  memset(base, 0, (size_t)count * sizeof(int));
  DO(MPI_Barrier(MPI_COMM_WORLD));
  return base;
}

static void fences(void) {
  MPI_Win win;
  int *base = make(2, &win), value;
  const int modes[] = {0, MPI_MODE_NOSTORE, MPI_MODE_NOPUT, MPI_MODE_NOSTORE | MPI_MODE_NOPUT, MPI_MODE_NOPRECEDE};
  for (int i = 0; i < 5; i++) DO(MPI_Win_fence(modes[i], win));
  for (int i = 0; i < TIMES; i++) {
    value = 100 * rank + i;
    DO(MPI_Win_fence(i % 2 ? MPI_MODE_NOPRECEDE : 0, win));
    DO(MPI_Put(&value, 1, MPI_INT, right, i % 2, 1, MPI_INT, win));
    DO(MPI_Win_fence(i % 3 ? MPI_MODE_NOSUCCEED : 0, win));
    SAME(base[i % 2], 100 * left + i);
    /* Own stores, between two fences. */
    base[i % 2] = -1;
  }
  DO(MPI_Win_fence(0, win));
  DO(MPI_Win_free(&win));
}

/* A group of so many ranks of the world. */
static MPI_Group group_of(int count, const int *ranks) {
  MPI_Group world, group;
  DO(MPI_Comm_group(MPI_COMM_WORLD, &world));
  DO(MPI_Group_incl(world, count, ranks, &group));
  DO(MPI_Group_free(&world));
  return group;
}

static void post_and_start(void) {
  MPI_Win win;
  int *base = make(size, &win), value, got = -1, over = 0;
  MPI_Group to = group_of(1, &right), from = group_of(1, &left), all;
  for (int i = 0; i < TIMES; i++) {
    value = 100 * rank + i;
    DO(MPI_Win_post(from, i % 2 ? MPI_MODE_NOSTORE : 0, win));
    DO(MPI_Win_start(to, 0, win));
    DO(MPI_Put(&value, 1, MPI_INT, right, 0, 1, MPI_INT, win));
    DO(MPI_Win_complete(win));
    if (i % 3) {
      DO(MPI_Win_wait(win));
    } else {
      for (over = 0; !over;) DO(MPI_Win_test(win, &over));
    }
    SAME(base[0], 100 * left + i);
  }
  /* Nobody. */
  DO(MPI_Win_start(MPI_GROUP_EMPTY, 0, win));
  DO(MPI_Win_complete(win));
  DO(MPI_Win_post(MPI_GROUP_EMPTY, 0, win));
  DO(MPI_Win_wait(win));
  /* All at all, and each fetches too. */
  DO(MPI_Win_get_group(win, &all));
  value = rank + 1;
  DO(MPI_Win_post(all, 0, win));
  DO(MPI_Win_start(all, 0, win));
  for (int i = 0; i < size; i++) DO(MPI_Put(&value, 1, MPI_INT, (rank + i) % size, rank, 1, MPI_INT, win));
  DO(MPI_Win_complete(win));
  DO(MPI_Win_wait(win));
  for (int i = 0; i < size; i++) SAME(base[i], i + 1);
  DO(MPI_Win_post(from, MPI_MODE_NOPUT, win));
  DO(MPI_Win_start(to, 0, win));
  DO(MPI_Get(&got, 1, MPI_INT, right, rank, 1, MPI_INT, win));
  /* Who was not named in the group is no target. */
  if (size > 2) FAILS(MPI_Get(&value, 1, MPI_INT, left, 0, 1, MPI_INT, win), MPI_ERR_RMA_SYNC);
  DO(MPI_Win_complete(win));
  SAME(got, rank + 1);
  DO(MPI_Win_wait(win));
  /* Rank 0 and the others, one way and then the other. First the access knows that it is posted already. */
  if (size > 1) {
    MPI_Group others, zero = group_of(1, (int[]){0});
    DO(MPI_Group_difference(all, zero, &others));
    value = 10 + rank;
    if (rank == 0) {
      DO(MPI_Win_post(others, MPI_MODE_NOCHECK, win));
      DO(MPI_Barrier(MPI_COMM_WORLD));
      DO(MPI_Win_wait(win));
      for (int i = 1; i < size; i++) SAME(base[i], 10 + i);
      DO(MPI_Win_start(others, 0, win));
      for (int i = 1; i < size; i++) DO(MPI_Accumulate(&value, 1, MPI_INT, i, 0, 1, MPI_INT, MPI_SUM, win));
      DO(MPI_Win_complete(win));
    } else {
      int before = base[0];
      DO(MPI_Barrier(MPI_COMM_WORLD));
      DO(MPI_Win_start(zero, MPI_MODE_NOCHECK, win));
      DO(MPI_Put(&value, 1, MPI_INT, 0, rank, 1, MPI_INT, win));
      DO(MPI_Win_complete(win));
      DO(MPI_Win_post(zero, 0, win));
      DO(MPI_Win_wait(win));
      SAME(base[0], before + 10);
    }
    DO(MPI_Group_free(&others));
    DO(MPI_Group_free(&zero));
  }
  DO(MPI_Group_free(&all));
  DO(MPI_Group_free(&to));
  DO(MPI_Group_free(&from));
  DO(MPI_Win_free(&win));
}

/* A counter that who locks it alone reads, changes and writes back; and one that all change at once. */
static void counters(void) {
  MPI_Win win;
  int *base = make(3, &win), value, one = 1, before = -1, sum = 0, all = 0;
  for (int i = 0; i < TIMES; i++) {
    DO(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win));
    DO(MPI_Get(&value, 1, MPI_INT, 0, 0, 1, MPI_INT, win));
    DO(MPI_Win_flush(0, win));
    value++;
    DO(MPI_Put(&value, 1, MPI_INT, 0, 0, 1, MPI_INT, win));
    DO(MPI_Win_unlock(0, win));
    DO(MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, win));
    DO(MPI_Fetch_and_op(&one, &before, MPI_INT, 0, 1, MPI_SUM, win));
    DO(MPI_Accumulate(&one, 1, MPI_INT, 0, 2, 1, MPI_INT, MPI_SUM, win));
    DO(MPI_Win_unlock(0, win));
    sum += before;
  }
  DO(MPI_Reduce(&sum, &all, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD));
  if (rank == 0) {
    const int times = TIMES * size;
    SAME(all, times * (times - 1) / 2);
    DO(MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, win));
    CHECK(base[0] == times && base[1] == times && base[2] == times);
    DO(MPI_Win_unlock(0, win));
  }
  DO(MPI_Barrier(MPI_COMM_WORLD));
  /* The same with loads and stores of its own, of who has the memory. */
  for (int i = 0; i < TIMES; i++) {
    DO(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win));
    if (rank == 0) {
      base[0]--;
    } else {
      DO(MPI_Get(&value, 1, MPI_INT, 0, 0, 1, MPI_INT, win));
      DO(MPI_Win_flush_local(0, win));
      value--;
      DO(MPI_Put(&value, 1, MPI_INT, 0, 0, 1, MPI_INT, win));
    }
    DO(MPI_Win_unlock(0, win));
  }
  DO(MPI_Barrier(MPI_COMM_WORLD));
  DO(MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, win));
  DO(MPI_Get(&value, 1, MPI_INT, 0, 0, 1, MPI_INT, win));
  DO(MPI_Win_unlock(0, win));
  SAME(value, 0);
  DO(MPI_Win_free(&win));
}

static void locks_of_many(void) {
  MPI_Win win;
  int *base = make(2 * size, &win), value = -1, got[2] = {-1, -1};
  /* Several targets at a time, and ended in another order. */
  for (int i = 0; i < size; i++) DO(MPI_Win_lock(MPI_LOCK_SHARED, i, 0, win));
  FAILS(MPI_Win_lock(MPI_LOCK_SHARED, right, 0, win), MPI_ERR_RMA_SYNC);
  FAILS(MPI_Win_free(&win), MPI_ERR_RMA_SYNC);
  CHECK(win != MPI_WIN_NULL);
  FAILS(MPI_Win_lock_all(0, win), MPI_ERR_RMA_SYNC);
  for (int i = 0; i < size; i++) {
    value = 100 * rank + i;
    DO(MPI_Put(&value, 1, MPI_INT, i, rank, 1, MPI_INT, win));
    DO(MPI_Win_flush_local(i, win)); /* So that the value may be changed. */
  }
  DO(MPI_Win_flush_all(win));
  for (int i = size - 1; i >= 0; i--) DO(MPI_Win_unlock(i, win));
  DO(MPI_Barrier(MPI_COMM_WORLD));
  DO(MPI_Win_lock_all(MPI_MODE_NOCHECK, win));
  for (int i = 0; i < size; i++) SAME(base[i], 100 * i + rank);
  for (int i = 0; i < TIMES; i++) {
    value = 1000 * rank + i;
    DO(MPI_Put(&value, 1, MPI_INT, right, size + rank, 1, MPI_INT, win));
    if (i % 2) {
      DO(MPI_Win_flush(right, win));
    } else {
      DO(MPI_Win_flush_local_all(win));
      DO(MPI_Win_flush_all(win));
    }
    DO(MPI_Get(got, 1, MPI_INT, right, size + rank, 1, MPI_INT, win));
    DO(MPI_Win_flush_local(right, win));
    SAME(got[0], value);
  }
  DO(MPI_Win_sync(win));
  DO(MPI_Win_unlock_all(win));
  DO(MPI_Barrier(MPI_COMM_WORLD));
  /* One alone, and many together. */
  for (int i = 0; i < TIMES; i++) {
    if ((rank + i) % 3 == 0) {
      value = rank;
      DO(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, i % size, 0, win));
      DO(MPI_Put(&value, 1, MPI_INT, i % size, 0, 1, MPI_INT, win));
      DO(MPI_Put(&value, 1, MPI_INT, i % size, 1 % (2 * size), 1, MPI_INT, win));
      DO(MPI_Win_unlock(i % size, win));
    } else {
      DO(MPI_Win_lock_all(0, win));
      DO(MPI_Get(got, 2, MPI_INT, i % size, 0, 2, MPI_INT, win));
      DO(MPI_Win_unlock_all(win));
      /* What one has written under its own lock, is seen as a whole. */
      CHECK(i < 2 * size || got[0] == got[1] || got[0] >= 100 || got[1] >= 100);
    }
  }
  DO(MPI_Barrier(MPI_COMM_WORLD));
  DO(MPI_Win_free(&win));
}

/* Targets that wait for something else, or that are asked by all at once. */
static void passive(void) {
  MPI_Win win;
  int *base = make(4, &win), value = 7 + rank, got = -1;
  if (rank == 0) {
    for (int i = 1; i < size; i++) {
      DO(MPI_Recv(&got, 1, MPI_INT, MPI_ANY_SOURCE, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
      DO(MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, win));
      CHECK(base[got % 4] >= 7);
      DO(MPI_Win_unlock(0, win));
    }
  } else {
    DO(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win));
    DO(MPI_Put(&value, 1, MPI_INT, 0, rank % 4, 1, MPI_INT, win));
    DO(MPI_Win_unlock(0, win));
    DO(MPI_Send(&rank, 1, MPI_INT, 0, 3, MPI_COMM_WORLD));
  }
  /* A turn that goes round, written into the next one's memory, which that one polls. */
  DO(MPI_Barrier(MPI_COMM_WORLD));
  DO(MPI_Win_lock_all(0, win));
  int zero = 0, turn = -1;
  DO(MPI_Accumulate(&zero, 1, MPI_INT, rank, 3, 1, MPI_INT, MPI_REPLACE, win));
  DO(MPI_Win_flush(rank, win));
  DO(MPI_Barrier(MPI_COMM_WORLD));
  for (int round = 1; round <= 5; round++) {
    if (rank > 0 || round > 1) {
      const int wanted = rank > 0 ? round : round - 1;
      do {
        DO(MPI_Fetch_and_op(NULL, &turn, MPI_INT, rank, 3, MPI_NO_OP, win));
        DO(MPI_Win_flush(rank, win));
      } while (turn < wanted);
    }
    DO(MPI_Accumulate(&round, 1, MPI_INT, right, 3, 1, MPI_INT, MPI_REPLACE, win));
    DO(MPI_Win_flush(right, win));
  }
  DO(MPI_Win_unlock_all(win));
  DO(MPI_Win_free(&win));
}

/* Windows beside each other, on different communicators, in different epochs. */
static void several(void) {
  MPI_Comm half;
  MPI_Win wins[3];
  int base[3] = {0, 0, 0}, mine, ranks, value = rank + 1, got = -1;
  DO(MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &half));
  DO(MPI_Comm_rank(half, &mine));
  DO(MPI_Comm_size(half, &ranks));
  DO(MPI_Win_create(&base[0], sizeof(int), 1, MPI_INFO_NULL, MPI_COMM_WORLD, &wins[0]));
  DO(MPI_Win_create(&base[1], sizeof(int), 1, MPI_INFO_NULL, half, &wins[1]));
  DO(MPI_Win_create(&base[2], sizeof(int), 1, MPI_INFO_NULL, MPI_COMM_SELF, &wins[2]));
  DO(MPI_Comm_free(&half));
  DO(MPI_Win_fence(0, wins[0]));
  DO(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, wins[2]));
  DO(MPI_Win_fence(0, wins[1]));
  DO(MPI_Put(&value, 1, MPI_INT, right, 0, 1, MPI_INT, wins[0]));
  DO(MPI_Put(&value, 1, MPI_INT, (mine + 1) % ranks, 0, 1, MPI_INT, wins[1]));
  DO(MPI_Put(&value, 1, MPI_INT, 0, 0, 1, MPI_INT, wins[2]));
  DO(MPI_Win_fence(0, wins[1]));
  DO(MPI_Win_unlock(0, wins[2]));
  DO(MPI_Win_fence(0, wins[0]));
  SAME(base[0], left + 1);
  SAME(base[2], rank + 1);
  DO(MPI_Get(&got, 1, MPI_INT, mine, 0, 1, MPI_INT, wins[1]));
  DO(MPI_Win_fence(MPI_MODE_NOSUCCEED, wins[1]));
  SAME(got, base[1]);
  CHECK(base[1] % 2 == (rank + 1) % 2);
  DO(MPI_Win_free(&wins[2]));
  DO(MPI_Win_free(&wins[1]));
  DO(MPI_Win_fence(MPI_MODE_NOSUCCEED, wins[0]));
  DO(MPI_Win_free(&wins[0]));
  for (int i = 0; i < 3; i++) CHECK(wins[i] == MPI_WIN_NULL);
}

int main(void) {
  begin(MPI_THREAD_SINGLE);
  right = (rank + 1) % size;
  left = (rank + size - 1) % size;
  fences();
  post_and_start();
  counters();
  locks_of_many();
  passive();
  several();
  MPI_Finalize();
  return 0;
}
