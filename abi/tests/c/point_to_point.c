/* ranks: 1 2 3
   Messages in all modes, of all lengths and of pieces, probes and matched ones, and exchanges in one call. */
#include "check.h"

static int next(void) { return (rank + 1) % size; }
static int before(void) { return (rank + size - 1) % size; }

enum { MAX = 1 << 20 };
static char out[MAX], in[MAX], room[MAX + MPI_BSEND_OVERHEAD];
static const int lengths[] = {0, 1, 39, 40, 4000, 65536, 65537, MAX};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

static void fill(int salt) {
  for (int i = 0; i < MAX; i++) out[i] = (char)(i * 31 + i / 256 + salt);
  memset(in, 0, MAX);
}

static void compare(int len, MPI_Status *status, int tag) {
  int count = -1;
  MPI_Count large = -1;
  SAME(status->MPI_SOURCE, before());
  SAME(status->MPI_TAG, tag);
  DO(MPI_Get_count(status, MPI_CHAR, &count));
  SAME(count, len);
  DO(MPI_Get_elements_c(status, MPI_CHAR, &large));
  SAME(large, len);
  CHECK(memcmp(in, out, len) == 0);
}

/* Everyone sends the same bytes, so that what comes can be told. */
static void modes(void) {
  MPI_Status status;
  MPI_Request request, send;
  MPI_Comm apart;
  void *address;
  int bytes;
  DO(MPI_Comm_dup(MPI_COMM_WORLD, &apart));
  DO(MPI_Buffer_attach(room, sizeof room));
  for (int at = 0; at < LENGTHS; at++) {
    int len = lengths[at];
    for (int mode = 0; mode < 12; mode++) {
      fill(mode + at);
      DO(MPI_Irecv(in, MAX, MPI_CHAR, mode % 2 ? MPI_ANY_SOURCE : before(), mode % 3 ? mode : MPI_ANY_TAG,
                   MPI_COMM_WORLD, &request));
      if (mode % 4 == 3) DO(MPI_Barrier(apart)); /* Ready mode asks for a receive that is posted. */
      send = MPI_REQUEST_NULL;
      switch (mode) {
      case 0: DO(MPI_Send(out, len, MPI_CHAR, next(), mode, MPI_COMM_WORLD)); break;
      case 1: DO(MPI_Bsend(out, len, MPI_CHAR, next(), mode, MPI_COMM_WORLD)); break;
      case 2: DO(MPI_Ssend(out, len, MPI_CHAR, next(), mode, MPI_COMM_WORLD)); break;
      case 3: DO(MPI_Rsend_c(out, len, MPI_CHAR, next(), mode, MPI_COMM_WORLD)); break;
      case 4: DO(MPI_Isend_c(out, len, MPI_CHAR, next(), mode, MPI_COMM_WORLD, &send)); break;
      case 5: DO(MPI_Ibsend(out, len, MPI_CHAR, next(), mode, MPI_COMM_WORLD, &send)); break;
      case 6: DO(MPI_Issend(out, len, MPI_CHAR, next(), mode, MPI_COMM_WORLD, &send)); break;
      case 7: DO(MPI_Irsend(out, len, MPI_CHAR, next(), mode, MPI_COMM_WORLD, &send)); break;
      case 8: DO(MPI_Send_init(out, len, MPI_CHAR, next(), mode, MPI_COMM_WORLD, &send)); break;
      case 9: DO(MPI_Bsend_init(out, len, MPI_CHAR, next(), mode, MPI_COMM_WORLD, &send)); break;
      case 10: DO(MPI_Ssend_init_c(out, len, MPI_CHAR, next(), mode, MPI_COMM_WORLD, &send)); break;
      default: DO(MPI_Rsend_init(out, len, MPI_CHAR, next(), mode, MPI_COMM_WORLD, &send));
      }
      if (mode >= 8) DO(MPI_Start(&send));
      DO(MPI_Wait(&request, &status));
      compare(len, &status, mode);
      DO(MPI_Wait(&send, MPI_STATUS_IGNORE));
      if (mode >= 8) DO(MPI_Request_free(&send));
      CHECK(send == MPI_REQUEST_NULL);
      if (mode % 4 == 1) DO(MPI_Buffer_flush());
    }
  }
  DO(MPI_Buffer_detach(&address, &bytes));
  DO(MPI_Comm_free(&apart));
}

static void probes(void) {
  MPI_Status status;
  MPI_Message message;
  MPI_Request request, send;
  int flag = -1, count = -1;
  fill(7);
  DO(MPI_Iprobe(before(), 30, MPI_COMM_WORLD, &flag, &status));
  CHECK(!flag || size > 1);
  for (int len = 10; len <= MAX; len *= 100) {
    DO(MPI_Isend(out, len, MPI_CHAR, next(), 30, MPI_COMM_WORLD, &send));
    DO(MPI_Probe(before(), MPI_ANY_TAG, MPI_COMM_WORLD, &status));
    SAME(status.MPI_TAG, 30);
    DO(MPI_Get_count(&status, MPI_CHAR, &count));
    SAME(count, len);
    DO(MPI_Iprobe(MPI_ANY_SOURCE, 30, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE));
    CHECK(flag);
    DO(MPI_Mprobe(MPI_ANY_SOURCE, 30, MPI_COMM_WORLD, &message, &status));
    CHECK(message != MPI_MESSAGE_NULL && message != MPI_MESSAGE_NO_PROC);
    MPI_Message copy = message;
    if (len == 10) {
      DO(MPI_Mrecv(in, MAX, MPI_CHAR, &message, &status));
    } else {
      DO(MPI_Imrecv(in, MAX, MPI_CHAR, &message, &request));
      DO(MPI_Wait(&request, &status));
    }
    CHECK(message == MPI_MESSAGE_NULL);
    compare(len, &status, 30);
    FAILS(MPI_Mrecv(in, MAX, MPI_CHAR, &copy, &status), MPI_ERR_REQUEST);
    DO(MPI_Wait(&send, MPI_STATUS_IGNORE));
  }
  DO(MPI_Send(out, 5, MPI_CHAR, next(), 31, MPI_COMM_WORLD));
  do DO(MPI_Improbe(before(), 31, MPI_COMM_WORLD, &flag, &message, &status));
  while (!flag);
  DO(MPI_Mrecv_c(in, 5, MPI_CHAR, &message, &status));
  compare(5, &status, 31);

  /* Nobody sends nothing. */
  DO(MPI_Mprobe(MPI_PROC_NULL, 30, MPI_COMM_WORLD, &message, &status));
  CHECK(message == MPI_MESSAGE_NO_PROC);
  DO(MPI_Imrecv(in, 5, MPI_CHAR, &message, &request));
  DO(MPI_Wait(&request, &status));
  SAME(status.MPI_SOURCE, MPI_PROC_NULL);
  SAME(status.MPI_TAG, MPI_ANY_TAG);
  DO(MPI_Recv(NULL, 0, MPI_INT, MPI_PROC_NULL, 1, MPI_COMM_WORLD, &status));
  SAME(status.MPI_SOURCE, MPI_PROC_NULL);
  DO(MPI_Probe(MPI_PROC_NULL, 1, MPI_COMM_WORLD, &status));
  SAME(status.MPI_SOURCE, MPI_PROC_NULL);
  DO(MPI_Get_count(&status, MPI_INT, &count));
  SAME(count, 0);
}

static void exchanges(void) {
  MPI_Status status;
  MPI_Request request;
  int mine[3] = {rank, rank + 1, rank + 2}, theirs[3] = {-1, -1, -1};
  for (int round = 0; round < 4; round++) {
    memset(theirs, 0xff, sizeof theirs);
    if (round == 0) {
      DO(MPI_Sendrecv(mine, 3, MPI_INT, next(), 40, theirs, 3, MPI_INT, before(), 40, MPI_COMM_WORLD, &status));
    } else if (round == 1) {
      DO(MPI_Isendrecv(mine, 3, MPI_INT, next(), 40, theirs, 3, MPI_INT, before(), 40, MPI_COMM_WORLD, &request));
      DO(MPI_Wait(&request, &status));
    } else {
      memcpy(theirs, mine, sizeof mine);
      if (round == 2) {
        DO(MPI_Sendrecv_replace(theirs, 3, MPI_INT, next(), 40, before(), 40, MPI_COMM_WORLD, &status));
      } else {
        DO(MPI_Isendrecv_replace_c(theirs, 3, MPI_INT, next(), 40, before(), 40, MPI_COMM_WORLD, &request));
        DO(MPI_Wait(&request, &status));
      }
    }
    for (int i = 0; i < 3; i++) SAME(theirs[i], before() + i);
    SAME(status.MPI_SOURCE, before());
    SAME(status.MPI_TAG, 40);
  }
  DO(MPI_Sendrecv(mine, 3, MPI_INT, MPI_PROC_NULL, 0, theirs, 3, MPI_INT, MPI_PROC_NULL, 0, MPI_COMM_WORLD, &status));
  SAME(status.MPI_SOURCE, MPI_PROC_NULL);
}

/* A column goes, and lands as a row; and part of a pair tells its elements. */
static void pieces(void) {
  int matrix[4][5], row[4] = {0}, count = -1;
  MPI_Datatype column, pair;
  MPI_Status status;
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 5; j++) matrix[i][j] = 100 * rank + 10 * i + j;
  DO(MPI_Type_vector(4, 1, 5, MPI_INT, &column));
  DO(MPI_Type_commit(&column));
  DO(MPI_Sendrecv(&matrix[0][2], 1, column, next(), 41, row, 4, MPI_INT, before(), 41, MPI_COMM_WORLD, &status));
  for (int i = 0; i < 4; i++) SAME(row[i], 100 * before() + 10 * i + 2);
  DO(MPI_Sendrecv(row, 4, MPI_INT, before(), 42, &matrix[0][0], 1, column, next(), 42, MPI_COMM_WORLD, &status));
  for (int i = 0; i < 4; i++) {
    SAME(matrix[i][0], 100 * rank + 10 * i + 2);
    SAME(matrix[i][1], 100 * rank + 10 * i + 1);
  }
  DO(MPI_Sendrecv_replace(&matrix[0][0], 1, column, next(), 43, before(), 43, MPI_COMM_WORLD, &status));
  for (int i = 0; i < 4; i++) SAME(matrix[i][0], 100 * before() + 10 * i + 2);
  DO(MPI_Type_contiguous(2, MPI_INT, &pair));
  DO(MPI_Type_commit(&pair));
  DO(MPI_Sendrecv(row, 3, MPI_INT, next(), 44, row, 2, pair, MPI_PROC_NULL, 44, MPI_COMM_WORLD, &status));
  int pairs[4];
  DO(MPI_Recv(pairs, 2, pair, before(), 44, MPI_COMM_WORLD, &status));
  DO(MPI_Get_count(&status, pair, &count));
  SAME(count, MPI_UNDEFINED);
  DO(MPI_Get_elements(&status, pair, &count));
  SAME(count, 3);
  DO(MPI_Type_free(&column));
  DO(MPI_Type_free(&pair));
}

int main(void) {
  begin(MPI_THREAD_SINGLE);
  modes();
  probes();
  exchanges();
  pieces();
  MPI_Finalize();
  return 0;
}
