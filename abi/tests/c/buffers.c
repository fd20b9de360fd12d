/* ranks: 1 2 3
   Buffers for buffered sends: of the process and of communicators; what they hold, what they refuse, what is given back. */
#include "check.h"

enum { LEN = 50000 };
static char storage[LEN + MPI_BSEND_OVERHEAD], other[LEN + MPI_BSEND_OVERHEAD], message[LEN], received[LEN];

static void receive(int tag) {
  MPI_Status status;
  int count = -1;
  memset(received, 0, LEN);
  DO(MPI_Recv(received, LEN, MPI_CHAR, (rank + size - 1) % size, tag, MPI_COMM_WORLD, &status));
  DO(MPI_Get_count(&status, MPI_CHAR, &count));
  SAME(count, LEN);
  CHECK(memcmp(received, message, LEN) == 0);
}

static void of_process(void) {
  void *address = NULL;
  int bytes = -1, next = (rank + 1) % size;
  MPI_Request request;

  FAILS(MPI_Bsend(message, LEN, MPI_CHAR, next, 0, MPI_COMM_WORLD), MPI_ERR_BUFFER);
  FAILS(MPI_Buffer_detach(&address, &bytes), MPI_ERR_BUFFER);
  FAILS(MPI_Buffer_flush(), MPI_ERR_BUFFER);
  FAILS(MPI_Buffer_iflush(&request), MPI_ERR_BUFFER);
  FAILS(MPI_Buffer_attach(storage, -1), MPI_ERR_ARG);
  FAILS(MPI_Buffer_attach(NULL, 100), MPI_ERR_BUFFER);

  DO(MPI_Buffer_attach(storage, sizeof storage));
  FAILS(MPI_Buffer_attach(other, sizeof other), MPI_ERR_BUFFER);
  /* As long as nobody receives it, a long message stays in the buffer, where a second one finds no room. */
  DO(MPI_Bsend(message, LEN, MPI_CHAR, next, 1, MPI_COMM_WORLD));
  DO(MPI_Bsend(message, 1, MPI_CHAR, MPI_PROC_NULL, 1, MPI_COMM_WORLD));
  receive(1);
  DO(MPI_Buffer_flush());
  DO(MPI_Ibsend(message, LEN, MPI_CHAR, next, 2, MPI_COMM_WORLD, &request));
  DO(MPI_Wait(&request, MPI_STATUS_IGNORE));
  DO(MPI_Buffer_iflush(&request));
  receive(2);
  DO(MPI_Wait(&request, MPI_STATUS_IGNORE));
  CHECK(request == MPI_REQUEST_NULL);

  DO(MPI_Bsend_init(message, LEN, MPI_CHAR, next, 3, MPI_COMM_WORLD, &request));
  for (int round = 0; round < 3; round++) {
    DO(MPI_Start(&request));
    DO(MPI_Wait(&request, MPI_STATUS_IGNORE));
    receive(3);
    DO(MPI_Buffer_flush());
  }
  DO(MPI_Request_free(&request));

  FAILS(MPI_Bsend(message, LEN, MPI_CHAR, size, 1, MPI_COMM_WORLD), MPI_ERR_RANK);
  DO(MPI_Buffer_detach(&address, &bytes));
  CHECK(address == storage);
  SAME(bytes, sizeof storage);
}

static void of_communicator(void) {
  void *address = NULL;
  MPI_Count bytes = -1;
  MPI_Request request;
  int next = (rank + 1) % size, small = -1;

  /* The communicator's own one is taken, although the process's has room. */
  DO(MPI_Buffer_attach(storage, sizeof storage));
  DO(MPI_Comm_attach_buffer_c(MPI_COMM_WORLD, other, 100));
  FAILS(MPI_Comm_attach_buffer(MPI_COMM_WORLD, other, 100), MPI_ERR_BUFFER);
  FAILS(MPI_Bsend(message, LEN, MPI_CHAR, next, 4, MPI_COMM_WORLD), MPI_ERR_BUFFER);
  DO(MPI_Bsend(message, 1000, MPI_CHAR, 0, 4, MPI_COMM_SELF));
  DO(MPI_Recv(received, 1000, MPI_CHAR, 0, 4, MPI_COMM_SELF, MPI_STATUS_IGNORE));
  DO(MPI_Comm_detach_buffer_c(MPI_COMM_WORLD, &address, &bytes));
  CHECK(address == other);
  SAME(bytes, 100);
  FAILS(MPI_Comm_detach_buffer_c(MPI_COMM_WORLD, &address, &bytes), MPI_ERR_BUFFER);
  FAILS(MPI_Comm_flush_buffer(MPI_COMM_WORLD), MPI_ERR_BUFFER);
  FAILS(MPI_Comm_attach_buffer(MPI_COMM_NULL, other, 100), MPI_ERR_COMM);
  DO(MPI_Buffer_detach_c(&address, &bytes));
  CHECK(address == storage);

  /* Without a limit. */
  DO(MPI_Comm_attach_buffer(MPI_COMM_WORLD, MPI_BUFFER_AUTOMATIC, 0));
  for (int tag = 10; tag < 20; tag++) DO(MPI_Bsend(message, LEN, MPI_CHAR, next, tag, MPI_COMM_WORLD));
  DO(MPI_Comm_iflush_buffer(MPI_COMM_WORLD, &request));
  for (int tag = 19; tag >= 10; tag--) receive(tag);
  DO(MPI_Wait(&request, MPI_STATUS_IGNORE));
  DO(MPI_Comm_flush_buffer(MPI_COMM_WORLD));
  DO(MPI_Comm_detach_buffer(MPI_COMM_WORLD, &address, &small));
  CHECK(address == MPI_BUFFER_AUTOMATIC);
  SAME(small, 0);
}

int main(void) {
  for (int i = 0; i < LEN; i++) message[i] = (char)(i * 31 + i / 256);
  void *address;
  int bytes;
  begin(MPI_THREAD_SINGLE);
  of_process();
  of_communicator();
  FAILS(MPI_Session_attach_buffer(MPI_SESSION_NULL, storage, 100), MPI_ERR_SESSION);
  FAILS(MPI_Session_detach_buffer(MPI_SESSION_NULL, &address, &bytes), MPI_ERR_SESSION);
  MPI_Finalize();
  return 0;
}
