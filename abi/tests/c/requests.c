/* ranks: 1 2 4
   Requests of all kinds in one array: waiting for any, some and all of them, looking without an end, persistent ones,
   cancelled and freed ones, and what becomes of statuses. */
#include "check.h"

enum { N = 8 };
static int out[N], in[N];

static int next(void) { return (rank + 1) % size; }
static int before(void) { return (rank + size - 1) % size; }

/* Half of them receives, half sends of every mode; with holes. */
static void begin_all(MPI_Request *requests, int round) {
  for (int i = 0; i < N; i++) {
    out[i] = 1000 * round + 100 * rank + i;
    in[i] = -1;
    DO(MPI_Irecv(&in[i], 1, MPI_INT, before(), i, MPI_COMM_WORLD, &requests[2 * i]));
  }
  for (int i = 0; i < N; i++) {
    MPI_Request *request = &requests[2 * i + 1];
    if (i % 4 == 0) DO(MPI_Isend(&out[i], 1, MPI_INT, next(), i, MPI_COMM_WORLD, request));
    if (i % 4 == 1) DO(MPI_Issend(&out[i], 1, MPI_INT, next(), i, MPI_COMM_WORLD, request));
    if (i % 4 == 2) DO(MPI_Isend(&out[i], 1, MPI_INT, MPI_PROC_NULL, i, MPI_COMM_WORLD, request));
    if (i % 4 == 2) DO(MPI_Send(&out[i], 1, MPI_INT, next(), i, MPI_COMM_WORLD));
    if (i % 4 == 3) {
      DO(MPI_Send(&out[i], 1, MPI_INT, next(), i, MPI_COMM_WORLD));
      *request = MPI_REQUEST_NULL;
    }
  }
}

static void check_in(int i, int round, MPI_Status *status) {
  int count = -1;
  SAME(in[i], 1000 * round + 100 * before() + i);
  SAME(status->MPI_SOURCE, before());
  SAME(status->MPI_TAG, i);
  DO(MPI_Get_count(status, MPI_INT, &count));
  SAME(count, 1);
}

static void is_empty(MPI_Status *status) {
  int count = -1, flag = -1;
  SAME(status->MPI_SOURCE, MPI_ANY_SOURCE);
  SAME(status->MPI_TAG, MPI_ANY_TAG);
  SAME(status->MPI_ERROR, MPI_SUCCESS);
  DO(MPI_Get_count(status, MPI_INT, &count));
  DO(MPI_Test_cancelled(status, &flag));
  CHECK(count == 0 && !flag);
}

static void all_null(MPI_Request *requests) {
  MPI_Status status, statuses[2 * N];
  int index = -1, flag = -1, count = -1, indices[2 * N];
  for (int i = 0; i < 2 * N; i++) CHECK(requests[i] == MPI_REQUEST_NULL);
  status.MPI_ERROR = 77;
  DO(MPI_Waitany(2 * N, requests, &index, &status));
  SAME(index, MPI_UNDEFINED);
  is_empty(&status);
  status.MPI_ERROR = 77;
  DO(MPI_Testany(2 * N, requests, &index, &flag, &status));
  CHECK(flag && index == MPI_UNDEFINED);
  is_empty(&status);
  DO(MPI_Waitsome(2 * N, requests, &count, indices, statuses));
  SAME(count, MPI_UNDEFINED);
  DO(MPI_Testsome(2 * N, requests, &count, indices, statuses));
  SAME(count, MPI_UNDEFINED);
  statuses[3].MPI_ERROR = 77;
  DO(MPI_Waitall(2 * N, requests, statuses));
  is_empty(&statuses[3]);
  DO(MPI_Testall(2 * N, requests, &flag, MPI_STATUSES_IGNORE));
  CHECK(flag);
  status.MPI_ERROR = 77;
  DO(MPI_Request_get_status(MPI_REQUEST_NULL, &flag, &status));
  CHECK(flag);
  is_empty(&status);
  DO(MPI_Wait(&requests[0], &status));
  is_empty(&status);
  DO(MPI_Waitany(0, NULL, &index, MPI_STATUS_IGNORE));
  SAME(index, MPI_UNDEFINED);
  DO(MPI_Waitall(0, NULL, MPI_STATUSES_IGNORE));
}

static void any_some_all(void) {
  for (int round = 0; round < 30; round++) {
    MPI_Request requests[2 * N];
    MPI_Status status, statuses[2 * N];
    int index = -1, flag = -1, count = -1, indices[2 * N], done[2 * N] = {0};
    begin_all(requests, round);
    int live = 0;
    for (int i = 0; i < 2 * N; i++) live += requests[i] != MPI_REQUEST_NULL;
    switch (round % 6) {
    case 0:
      for (int i = 0; i < live; i++) {
        DO(MPI_Waitany(2 * N, requests, &index, &status));
        CHECK(index >= 0 && index < 2 * N && requests[index] == MPI_REQUEST_NULL && !done[index]++);
        if (index % 2 == 0) check_in(index / 2, round, &status);
      }
      break;
    case 1:
      for (int i = 0; i < live;) {
        DO(MPI_Testany(2 * N, requests, &index, &flag, &status));
        if (!flag) {
          SAME(index, MPI_UNDEFINED);
          continue;
        }
        CHECK(!done[index]++);
        if (index % 2 == 0) check_in(index / 2, round, &status);
        i++;
      }
      break;
    case 2:
    case 3:
      for (int i = 0; i < live; i += count) {
        if (round % 6 == 2) DO(MPI_Waitsome(2 * N, requests, &count, indices, statuses));
        else DO(MPI_Testsome(2 * N, requests, &count, indices, statuses));
        CHECK(count >= (round % 6 == 2) && count <= live);
        for (int at = 0; at < count; at++) {
          CHECK(!done[indices[at]]++);
          if (indices[at] % 2 == 0) check_in(indices[at] / 2, round, &statuses[at]);
        }
      }
      break;
    case 4:
      /* Looks first, which ends nothing. */
      do DO(MPI_Request_get_status_all(2 * N, requests, &flag, statuses));
      while (!flag);
      for (int i = 0; i < N; i++) check_in(i, round, &statuses[2 * i]);
      DO(MPI_Request_get_status_any(2 * N, requests, &index, &flag, &status));
      CHECK(flag && index >= 0 && index < 2 * N);
      DO(MPI_Request_get_status_some(2 * N, requests, &count, indices, statuses));
      SAME(count, live);
      DO(MPI_Request_get_status(requests[0], &flag, &status));
      CHECK(flag && requests[0] != MPI_REQUEST_NULL);
      check_in(0, round, &status);
      DO(MPI_Waitall(2 * N, requests, statuses));
      for (int i = 0; i < N; i++) check_in(i, round, &statuses[2 * i]);
      break;
    default:
      do DO(MPI_Testall(2 * N, requests, &flag, statuses));
      while (!flag);
      for (int i = 0; i < N; i++) check_in(i, round, &statuses[2 * i]);
    }
    all_null(requests);
  }
}

static void persistent(void) {
  MPI_Request requests[2 * N];
  MPI_Status statuses[2 * N], status;
  int flag = -1;
  for (int i = 0; i < N; i++) {
    DO(MPI_Recv_init(&in[i], 1, MPI_INT, before(), i, MPI_COMM_WORLD, &requests[i]));
    if (i % 2) DO(MPI_Ssend_init(&out[i], 1, MPI_INT, next(), i, MPI_COMM_WORLD, &requests[N + i]));
    else DO(MPI_Send_init(&out[i], 1, MPI_INT, next(), i, MPI_COMM_WORLD, &requests[N + i]));
  }
  /* Inactive ones are over, and empty. */
  DO(MPI_Wait(&requests[0], &status));
  is_empty(&status);
  DO(MPI_Testall(2 * N, requests, &flag, statuses));
  CHECK(flag);
  is_empty(&statuses[1]);
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < N; i++) {
      out[i] = 1000 * round + 100 * rank + i;
      in[i] = -1;
    }
    DO(MPI_Startall(N, requests));
    FAILS(MPI_Start(&requests[0]), MPI_ERR_REQUEST);
    DO(MPI_Startall(N, requests + N));
    DO(MPI_Waitall(2 * N, requests, statuses));
    for (int i = 0; i < N; i++) check_in(i, round, &statuses[i]);
  }
  for (int i = 0; i < 2 * N; i++) {
    CHECK(requests[i] != MPI_REQUEST_NULL);
    DO(MPI_Request_free(&requests[i]));
    CHECK(requests[i] == MPI_REQUEST_NULL);
  }
}

static void cancelled_and_freed(void) {
  MPI_Request request, copy;
  MPI_Status status;
  int flag = -1, data = -1;
  DO(MPI_Irecv(&data, 1, MPI_INT, 0, 50, MPI_COMM_SELF, &request));
  DO(MPI_Test(&request, &flag, &status));
  CHECK(!flag && request != MPI_REQUEST_NULL);
  DO(MPI_Cancel(&request));
  DO(MPI_Wait(&request, &status));
  DO(MPI_Test_cancelled(&status, &flag));
  CHECK(flag);

  /* A receive that is freed still receives. */
  DO(MPI_Irecv(&data, 1, MPI_INT, 0, 51, MPI_COMM_SELF, &request));
  copy = request;
  DO(MPI_Request_free(&request));
  FAILS(MPI_Wait(&copy, &status), MPI_ERR_REQUEST);
  FAILS(MPI_Request_free(&copy), MPI_ERR_REQUEST);
  DO(MPI_Send(&rank, 1, MPI_INT, 0, 51, MPI_COMM_SELF));
  do DO(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_SELF, &flag, MPI_STATUS_IGNORE));
  while (data != rank);
  CHECK(!flag);

  /* One that fails keeps the others whole. */
  int small = -1, large[2] = {1, 2};
  MPI_Request both[2];
  MPI_Status statuses[2];
  DO(MPI_Irecv(&small, 1, MPI_INT, 0, 52, MPI_COMM_SELF, &both[0]));
  DO(MPI_Irecv(&data, 1, MPI_INT, 0, 53, MPI_COMM_SELF, &both[1]));
  DO(MPI_Send(large, 2, MPI_INT, 0, 52, MPI_COMM_SELF));
  DO(MPI_Send(large, 1, MPI_INT, 0, 53, MPI_COMM_SELF));
  FAILS(MPI_Waitall(2, both, statuses), MPI_ERR_IN_STATUS);
  SAME(class_of(statuses[0].MPI_ERROR), MPI_ERR_TRUNCATE);
  SAME(statuses[1].MPI_ERROR, MPI_SUCCESS);
  SAME(data, 1);
  CHECK(both[0] == MPI_REQUEST_NULL && both[1] == MPI_REQUEST_NULL);
}

int main(void) {
  begin(MPI_THREAD_SINGLE);
  any_some_all();
  persistent();
  cancelled_and_freed();
  MPI_Finalize();
  return 0;
}
