/* ranks: 1 2
   Generalized requests: what their functions are called with and when, alone, among others, freed early, and ended by
   another thread while one waits. */
#include "check.h"
#include <pthread.h>
#include <unistd.h>

struct context {
  int queried, freed, cancelled, cancelled_when_over, fail_query, fail_free;
};

static int query(void *extra, MPI_Status *status) {
  struct context *context = extra;
  context->queried++;
  MPI_Status_set_elements(status, MPI_INT, 6);
  MPI_Status_set_cancelled(status, context->cancelled > 0);
  status->MPI_SOURCE = 3;
  status->MPI_TAG = 7;
  return context->fail_query;
}

static int release(void *extra) {
  struct context *context = extra;
  context->freed++;
  return context->fail_free;
}

static int cancel(void *extra, int complete) {
  struct context *context = extra;
  if (complete) context->cancelled_when_over++;
  else context->cancelled++;
  return MPI_SUCCESS;
}

static void *complete_later(void *request) {
  usleep(20000);
  DO(MPI_Grequest_complete(*(MPI_Request *)request));
  return NULL;
}

static MPI_Request start(struct context *context) {
  MPI_Request request = MPI_REQUEST_NULL;
  memset(context, 0, sizeof *context);
  DO(MPI_Grequest_start(query, release, cancel, context, &request));
  CHECK(request != MPI_REQUEST_NULL);
  return request;
}

static void one(void) {
  struct context context;
  MPI_Request request = start(&context), copy = request;
  MPI_Status status;
  int flag = -1, count = -1;

  DO(MPI_Test(&request, &flag, &status));
  CHECK(!flag && context.queried == 0);
  DO(MPI_Cancel(&request));
  SAME(context.cancelled, 1);
  DO(MPI_Grequest_complete(request));
  FAILS(MPI_Grequest_complete(request), MPI_ERR_REQUEST);
  DO(MPI_Cancel(&request));
  SAME(context.cancelled_when_over, 1);

  DO(MPI_Request_get_status(request, &flag, &status));
  CHECK(flag && context.queried == 1 && context.freed == 0);
  DO(MPI_Test(&request, &flag, &status));
  CHECK(flag && context.queried == 2 && context.freed == 1);
  CHECK(request == MPI_REQUEST_NULL);
  SAME(status.MPI_SOURCE, 3);
  SAME(status.MPI_TAG, 7);
  DO(MPI_Get_count(&status, MPI_INT, &count));
  SAME(count, 6);
  DO(MPI_Test_cancelled(&status, &flag));
  CHECK(flag);
  FAILS(MPI_Grequest_complete(copy), MPI_ERR_REQUEST);
  FAILS(MPI_Wait(&copy, &status), MPI_ERR_REQUEST);
}

static void failures(void) {
  struct context context;
  MPI_Request request = start(&context);
  context.fail_query = MPI_ERR_BUFFER;
  DO(MPI_Grequest_complete(request));
  FAILS(MPI_Wait(&request, MPI_STATUS_IGNORE), MPI_ERR_BUFFER);
  CHECK(request == MPI_REQUEST_NULL && context.freed == 1);

  request = start(&context);
  context.fail_free = MPI_ERR_OTHER;
  DO(MPI_Grequest_complete(request));
  FAILS(MPI_Wait(&request, MPI_STATUS_IGNORE), MPI_ERR_OTHER);
  SAME(context.queried, 1);

  FAILS(MPI_Grequest_start(NULL, release, cancel, NULL, &request), MPI_ERR_ARG);
  FAILS(MPI_Grequest_complete(MPI_REQUEST_NULL), MPI_ERR_REQUEST);
  int data = 0;
  DO(MPI_Irecv(&data, 1, MPI_INT, 0, 99, MPI_COMM_SELF, &request));
  FAILS(MPI_Grequest_complete(request), MPI_ERR_REQUEST);
  DO(MPI_Send(&rank, 1, MPI_INT, 0, 99, MPI_COMM_SELF));
  DO(MPI_Wait(&request, MPI_STATUS_IGNORE));
  SAME(data, rank);
}

/* The request goes first, and what it stands for frees itself when it is over; or the other way round. */
static void freed(void) {
  struct context context;
  MPI_Request request = start(&context), copy = request;
  DO(MPI_Request_free(&request));
  CHECK(request == MPI_REQUEST_NULL && context.freed == 0);
  DO(MPI_Grequest_complete(copy));
  CHECK(context.freed == 1 && context.queried == 0);
  FAILS(MPI_Grequest_complete(copy), MPI_ERR_REQUEST);

  request = start(&context);
  DO(MPI_Grequest_complete(request));
  SAME(context.freed, 0);
  DO(MPI_Request_free(&request));
  CHECK(context.freed == 1 && context.queried == 0);
}

static void threads(void) {
  struct context context;
  pthread_t thread;
  for (int round = 0; round < 3; round++) {
    MPI_Request requests[3] = {start(&context), MPI_REQUEST_NULL, MPI_REQUEST_NULL}, copy = requests[0];
    MPI_Status statuses[3];
    int index = -1, data = -1;
    SAME(pthread_create(&thread, NULL, complete_later, &copy), 0);
    if (round == 0) {
      DO(MPI_Wait(&requests[0], &statuses[0]));
      SAME(statuses[0].MPI_TAG, 7);
    } else if (round == 1) {
      DO(MPI_Irecv(&data, 1, MPI_INT, 0, 5, MPI_COMM_SELF, &requests[2]));
      DO(MPI_Waitany(3, requests, &index, &statuses[0]));
      SAME(index, 0);
      DO(MPI_Send(&rank, 1, MPI_INT, 0, 5, MPI_COMM_SELF));
      DO(MPI_Wait(&requests[2], MPI_STATUS_IGNORE));
    } else {
      DO(MPI_Isend(&rank, 1, MPI_INT, 0, 6, MPI_COMM_SELF, &requests[1]));
      DO(MPI_Irecv(&data, 1, MPI_INT, 0, 6, MPI_COMM_SELF, &requests[2]));
      DO(MPI_Waitall(3, requests, statuses));
      SAME(statuses[0].MPI_TAG, 7);
      SAME(statuses[2].MPI_TAG, 6);
    }
    SAME(pthread_join(thread, NULL), 0);
    CHECK(context.queried == 1 && context.freed == 1);
  }
}

int main(void) {
  begin(MPI_THREAD_MULTIPLE);
  one();
  failures();
  freed();
  threads();
  MPI_Finalize();
  return 0;
}
