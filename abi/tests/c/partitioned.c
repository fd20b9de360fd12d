/* ranks: 1 2 3
   Partitioned messages: divided differently at both sides, of derived datatypes, marked by threads, among other requests,
   and used wrongly. */
#include "check.h"
#include <pthread.h>

enum { PARTS = 12, COUNT = 500, LEN = PARTS * COUNT };
static int sent[LEN], received[LEN];

static void fill(int round) {
  for (int i = 0; i < LEN; i++) sent[i] = i * 7 + round + rank * 1000;
  memset(received, 0xff, sizeof received);
}

static void compare(int first, int end, int round) {
  int source = (rank + size - 1) % size;
  for (int i = first; i < end; i++) SAME(received[i], i * 7 + round + source * 1000);
}

/* Twelve partitions there, four here; the marks come in an order of their own. */
static void divided(void) {
  int dest = (rank + 1) % size, source = (rank + size - 1) % size, flag = -1, index = -1, count = -1;
  MPI_Request requests[2];
  MPI_Status statuses[2];
  DO(MPI_Precv_init(received, 4, LEN / 4, MPI_INT, source, 3, MPI_COMM_WORLD, MPI_INFO_NULL, &requests[0]));
  DO(MPI_Psend_init(sent, PARTS, COUNT, MPI_INT, dest, 3, MPI_COMM_WORLD, MPI_INFO_NULL, &requests[1]));
  DO(MPI_Parrived(requests[0], 2, &flag));
  CHECK(flag); /* It is inactive. */
  DO(MPI_Wait(&requests[1], &statuses[1]));
  for (int round = 0; round < 20; round++) {
    fill(round);
    DO(MPI_Startall(2, requests));
    DO(MPI_Test(&requests[1], &flag, MPI_STATUS_IGNORE));
    CHECK(!flag);
    if (size == 1) {
      DO(MPI_Testany(2, requests, &index, &flag, MPI_STATUS_IGNORE));
      CHECK(!flag);
    }
    DO(MPI_Pready_range(9, 11, requests[1]));
    DO(MPI_Parrived(requests[0], 0, &flag));
    CHECK(!flag || size > 1);
    do DO(MPI_Parrived(requests[0], 3, &flag));
    while (!flag);
    compare(LEN / 4 * 3, LEN, round);
    DO(MPI_Pready_list(3, (int[]){8, 0, 4}, requests[1]));
    for (int part = 1; part < 8; part++)
      if (part != 4) DO(MPI_Pready(part, requests[1]));
    if (round % 3 == 0) {
      DO(MPI_Waitall(2, requests, statuses));
    } else if (round % 3 == 1) {
      for (int i = 0; i < 2; i++) {
        MPI_Status status;
        DO(MPI_Waitany(2, requests, &index, &status));
        CHECK(index == 0 || index == 1);
        statuses[index] = status;
      }
    } else {
      do DO(MPI_Testall(2, requests, &flag, statuses));
      while (!flag);
    }
    compare(0, LEN, round);
    SAME(statuses[0].MPI_SOURCE, source);
    SAME(statuses[0].MPI_TAG, 3);
    DO(MPI_Get_count(&statuses[0], MPI_INT, &count));
    SAME(count, LEN);
    CHECK(requests[0] != MPI_REQUEST_NULL && requests[1] != MPI_REQUEST_NULL);
  }
  DO(MPI_Request_free(&requests[0]));
  DO(MPI_Request_free(&requests[1]));
  CHECK(requests[0] == MPI_REQUEST_NULL && requests[1] == MPI_REQUEST_NULL);
}

/* Every second int goes, and lands in every third. */
static void derived(void) {
  int dest = (rank + 1) % size, source = (rank + size - 1) % size, flag = -1;
  static int wide[3 * LEN];
  MPI_Datatype second, third;
  MPI_Request send, receive;
  DO(MPI_Type_create_resized(MPI_INT, 0, 2 * sizeof(int), &second));
  DO(MPI_Type_create_resized(MPI_INT, 0, 3 * sizeof(int), &third));
  FAILS(MPI_Psend_init(sent, 3, LEN / 6, second, dest, 4, MPI_COMM_WORLD, MPI_INFO_NULL, &send), MPI_ERR_TYPE);
  DO(MPI_Type_commit(&second));
  DO(MPI_Type_commit(&third));
  DO(MPI_Psend_init(sent, 3, LEN / 6, second, dest, 4, MPI_COMM_WORLD, MPI_INFO_NULL, &send));
  DO(MPI_Precv_init(wide, 6, LEN / 12, third, source, 4, MPI_COMM_WORLD, MPI_INFO_NULL, &receive));
  DO(MPI_Type_free(&second));
  DO(MPI_Type_free(&third));
  for (int round = 0; round < 3; round++) {
    fill(round);
    memset(wide, 0xff, sizeof wide);
    DO(MPI_Start(&receive));
    DO(MPI_Start(&send));
    DO(MPI_Pready(1, send));
    for (int part = 2; part < 4; part++) {
      do DO(MPI_Parrived(receive, part, &flag));
      while (!flag);
    }
    for (int i = 0; i < LEN / 2; i++) {
      int here = i >= LEN / 6 && i < LEN / 3;
      if (!here && size > 1) continue; /* It may have come already. */
      SAME(wide[3 * i], here ? 2 * i * 7 + round + source * 1000 : -1);
      SAME(wide[3 * i + 1], -1);
    }
    DO(MPI_Pready(2, send));
    DO(MPI_Pready(0, send));
    DO(MPI_Wait(&receive, MPI_STATUS_IGNORE));
    DO(MPI_Wait(&send, MPI_STATUS_IGNORE));
    for (int i = 0; i < LEN / 2; i++) SAME(wide[3 * i], 2 * i * 7 + round + source * 1000);
  }
  DO(MPI_Request_free(&send));
  DO(MPI_Request_free(&receive));
}

static MPI_Request shared;

static void *mark(void *first) {
  for (int part = (int)(size_t)first; part < PARTS; part += 3) DO(MPI_Pready(part, shared));
  return NULL;
}

/* Threads mark partitions while this one waits. */
static void threads(void) {
  int dest = (rank + 1) % size, source = (rank + size - 1) % size;
  MPI_Request receive;
  pthread_t workers[3];
  DO(MPI_Psend_init(sent, PARTS, COUNT, MPI_INT, dest, 5, MPI_COMM_WORLD, MPI_INFO_NULL, &shared));
  DO(MPI_Precv_init(received, 1, LEN, MPI_INT, source, 5, MPI_COMM_WORLD, MPI_INFO_NULL, &receive));
  for (int round = 0; round < 10; round++) {
    MPI_Request send = shared;
    fill(round);
    DO(MPI_Start(&receive));
    DO(MPI_Start(&send));
    for (size_t i = 0; i < 3; i++) SAME(pthread_create(&workers[i], NULL, mark, (void *)i), 0);
    DO(MPI_Wait(&send, MPI_STATUS_IGNORE));
    DO(MPI_Wait(&receive, MPI_STATUS_IGNORE));
    for (size_t i = 0; i < 3; i++) SAME(pthread_join(workers[i], NULL), 0);
    compare(0, LEN, round);
  }
  DO(MPI_Request_free(&shared));
  DO(MPI_Request_free(&receive));
}

static void odd_ones(void) {
  MPI_Request send, receive;
  MPI_Status status;
  int flag = -1;

  /* To nobody, and from nobody. */
  DO(MPI_Psend_init(sent, 2, 5, MPI_INT, MPI_PROC_NULL, 6, MPI_COMM_WORLD, MPI_INFO_NULL, &send));
  DO(MPI_Precv_init(received, 2, 5, MPI_INT, MPI_PROC_NULL, 6, MPI_COMM_WORLD, MPI_INFO_NULL, &receive));
  for (int round = 0; round < 2; round++) {
    DO(MPI_Start(&send));
    DO(MPI_Start(&receive));
    DO(MPI_Pready_range(0, 1, send));
    DO(MPI_Parrived(receive, 1, &flag));
    CHECK(flag);
    DO(MPI_Wait(&send, MPI_STATUS_IGNORE));
    DO(MPI_Wait(&receive, &status));
    SAME(status.MPI_SOURCE, MPI_PROC_NULL);
  }
  DO(MPI_Request_free(&send));
  DO(MPI_Request_free(&receive));

  /* No partitions, no bytes. */
  DO(MPI_Psend_init(NULL, 0, 5, MPI_INT, 0, 7, MPI_COMM_SELF, MPI_INFO_NULL, &send));
  DO(MPI_Precv_init(NULL, 3, 0, MPI_INT, 0, 7, MPI_COMM_SELF, MPI_INFO_NULL, &receive));
  DO(MPI_Start(&receive));
  DO(MPI_Parrived(receive, 0, &flag));
  CHECK(!flag);
  DO(MPI_Start(&send));
  FAILS(MPI_Pready(0, send), MPI_ERR_ARG);
  DO(MPI_Wait(&receive, MPI_STATUS_IGNORE));
  DO(MPI_Wait(&send, MPI_STATUS_IGNORE));
  DO(MPI_Request_free(&send));
  DO(MPI_Request_free(&receive));

  /* One that is freed before all is ready tells the receiver so. */
  DO(MPI_Psend_init(sent, 2, 5, MPI_INT, 0, 8, MPI_COMM_SELF, MPI_INFO_NULL, &send));
  DO(MPI_Precv_init(received, 2, 5, MPI_INT, 0, 8, MPI_COMM_SELF, MPI_INFO_NULL, &receive));
  DO(MPI_Start(&receive));
  DO(MPI_Start(&send));
  DO(MPI_Pready(0, send));
  DO(MPI_Request_free(&send));
  DO(MPI_Request_free(&receive));
}

static void wrong(void) {
  MPI_Request send, receive, freed, plain;
  int flag = -1, data = 0;
  DO(MPI_Psend_init(sent, 4, 5, MPI_INT, 0, 9, MPI_COMM_SELF, MPI_INFO_NULL, &send));
  DO(MPI_Precv_init(received, 4, 5, MPI_INT, 0, 9, MPI_COMM_SELF, MPI_INFO_NULL, &receive));
  FAILS(MPI_Pready(0, send), MPI_ERR_REQUEST);
  DO(MPI_Start(&receive));
  DO(MPI_Start(&send));
  FAILS(MPI_Start(&send), MPI_ERR_REQUEST);
  FAILS(MPI_Pready(4, send), MPI_ERR_ARG);
  FAILS(MPI_Pready(-1, send), MPI_ERR_ARG);
  FAILS(MPI_Pready_range(1, 4, send), MPI_ERR_ARG);
  FAILS(MPI_Pready_range(2, 1, send), MPI_ERR_ARG);
  FAILS(MPI_Pready_list(2, (int[]){0, 7}, send), MPI_ERR_ARG);
  FAILS(MPI_Pready_list(1, NULL, send), MPI_ERR_ARG);
  FAILS(MPI_Pready_list(-1, NULL, send), MPI_ERR_ARG);
  DO(MPI_Pready(0, send));
  FAILS(MPI_Pready(0, send), MPI_ERR_REQUEST);
  FAILS(MPI_Pready(0, receive), MPI_ERR_REQUEST);
  FAILS(MPI_Parrived(send, 0, &flag), MPI_ERR_REQUEST);
  FAILS(MPI_Parrived(receive, 4, &flag), MPI_ERR_ARG);
  DO(MPI_Parrived(MPI_REQUEST_NULL, 4, &flag));
  CHECK(flag);
  DO(MPI_Pready_range(1, 3, send));
  DO(MPI_Wait(&send, MPI_STATUS_IGNORE));
  DO(MPI_Wait(&receive, MPI_STATUS_IGNORE));
  freed = send;
  DO(MPI_Request_free(&send));
  DO(MPI_Request_free(&receive));
  FAILS(MPI_Pready(0, freed), MPI_ERR_REQUEST);
  FAILS(MPI_Pready(0, MPI_REQUEST_NULL), MPI_ERR_REQUEST);
  DO(MPI_Irecv(&data, 1, MPI_INT, 0, 1, MPI_COMM_SELF, &plain));
  FAILS(MPI_Pready(0, plain), MPI_ERR_REQUEST);
  FAILS(MPI_Parrived(plain, 0, &flag), MPI_ERR_REQUEST);
  DO(MPI_Cancel(&plain));
  DO(MPI_Wait(&plain, MPI_STATUS_IGNORE));
  FAILS(MPI_Psend_init(sent, -1, 5, MPI_INT, 0, 9, MPI_COMM_SELF, MPI_INFO_NULL, &send), MPI_ERR_ARG);
  FAILS(MPI_Psend_init(sent, 4, -5, MPI_INT, 0, 9, MPI_COMM_SELF, MPI_INFO_NULL, &send), MPI_ERR_COUNT);
  FAILS(MPI_Psend_init(sent, 4, 5, MPI_INT, 1, 9, MPI_COMM_SELF, MPI_INFO_NULL, &send), MPI_ERR_RANK);
  FAILS(MPI_Precv_init(sent, 4, 5, MPI_INT, MPI_ANY_SOURCE, 9, MPI_COMM_SELF, MPI_INFO_NULL, &send), MPI_ERR_ARG);
  FAILS(MPI_Psend_init(NULL, 4, 5, MPI_INT, 0, 9, MPI_COMM_SELF, MPI_INFO_NULL, &send), MPI_ERR_BUFFER);
}

int main(void) {
  begin(MPI_THREAD_MULTIPLE);
  divided();
  derived();
  threads();
  odd_ones();
  wrong();
  MPI_Finalize();
  return 0;
}
