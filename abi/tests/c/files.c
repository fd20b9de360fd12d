/* ranks: 1 2 4 */
/* Files: opening, sizes, error handlers; reading and writing by offsets, pointers and views. */
#include "check.h"

#include <unistd.h>

static char name[256];

static MPI_File opened(int amode) {
  MPI_File file = MPI_FILE_NULL;
  DO(MPI_File_open(MPI_COMM_WORLD, name, amode, MPI_INFO_NULL, &file));
  CHECK(file != MPI_FILE_NULL);
  return file;
}

static void modes(void) {
  MPI_File file = MPI_FILE_NULL;
  const int wrong[] = {MPI_MODE_CREATE, MPI_MODE_RDONLY | MPI_MODE_RDWR, MPI_MODE_RDONLY | MPI_MODE_CREATE,
                       MPI_MODE_RDONLY | MPI_MODE_EXCL, MPI_MODE_RDWR | MPI_MODE_SEQUENTIAL, 1 << 20, -1};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    FAILS(MPI_File_open(MPI_COMM_WORLD, name, wrong[i], MPI_INFO_NULL, &file), MPI_ERR_AMODE);
  FAILS(MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDONLY, MPI_INFO_NULL, &file), MPI_ERR_NO_SUCH_FILE);
  FAILS(MPI_File_open(MPI_COMM_WORLD, "/tmp", MPI_MODE_RDONLY, MPI_INFO_NULL, &file), MPI_ERR_BAD_FILE);
  FAILS(MPI_File_open(MPI_COMM_NULL, name, MPI_MODE_RDONLY, MPI_INFO_NULL, &file), MPI_ERR_COMM);
  FAILS(MPI_File_delete(name, MPI_INFO_NULL), MPI_ERR_NO_SUCH_FILE);
  SAME(file, MPI_FILE_NULL);
  FAILS(MPI_File_close(&file), MPI_ERR_FILE);
  /* One rank alone cannot: nobody can. */
  FAILS(MPI_File_open(MPI_COMM_WORLD, rank ? name : NULL, MPI_MODE_RDONLY, MPI_INFO_NULL, &file), MPI_ERR_BAD_FILE);
  if (size > 1) {
    char other[300];
    snprintf(other, sizeof other, "%s%s", name, rank == size - 1 ? "/there/is/none" : "");
    int code = MPI_File_open(MPI_COMM_WORLD, other, MPI_MODE_WRONLY | MPI_MODE_CREATE, MPI_INFO_NULL, &file);
    FAILS(code, MPI_ERR_BAD_FILE);
    FAILS(MPI_File_open(MPI_COMM_WORLD, name, rank ? MPI_MODE_RDONLY : MPI_MODE_RDWR, MPI_INFO_NULL, &file),
          MPI_ERR_NOT_SAME);
    if (rank == 0) DO(MPI_File_delete(name, MPI_INFO_NULL));
    DO(MPI_Barrier(MPI_COMM_WORLD));
  }
}

static void management(void) {
  const int amode = MPI_MODE_RDWR | MPI_MODE_CREATE | MPI_MODE_EXCL;
  MPI_File file = opened(amode), again = MPI_FILE_NULL;
  MPI_Offset bytes = -1;
  MPI_Group group, all;
  MPI_Info info, told;
  MPI_Aint extent;
  int is, flag;
  char value[8];
  MPI_Datatype etype, filetype;
  char datarep[MPI_MAX_DATAREP_STRING];
  DO(MPI_File_get_amode(file, &is));
  SAME(is, amode);
  DO(MPI_File_get_view(file, &bytes, &etype, &filetype, datarep));
  CHECK(bytes == 0 && etype == MPI_BYTE && filetype == MPI_BYTE && !strcmp(datarep, "native"));
  DO(MPI_File_get_size(file, &bytes));
  SAME(bytes, 0);
  DO(MPI_File_set_size(file, 77));
  DO(MPI_File_get_size(file, &bytes));
  SAME(bytes, 77);
  DO(MPI_File_preallocate(file, 5000));
  DO(MPI_File_get_size(file, &bytes));
  SAME(bytes, 5000);
  FAILS(MPI_File_set_size(file, rank ? 10 : -1), MPI_ERR_ARG);
  DO(MPI_File_get_group(file, &group));
  DO(MPI_Comm_group(MPI_COMM_WORLD, &all));
  DO(MPI_Group_compare(group, all, &is));
  SAME(is, MPI_IDENT);
  DO(MPI_Group_free(&group));
  DO(MPI_Group_free(&all));
  DO(MPI_Info_create(&info));
  DO(MPI_Info_set(info, "cb_nodes", "2"));
  DO(MPI_File_set_info(file, info));
  DO(MPI_File_get_info(file, &told));
  DO(MPI_Info_get(told, "cb_nodes", 7, value, &flag));
  CHECK(flag && !strcmp(value, "2"));
  DO(MPI_Info_free(&info));
  DO(MPI_Info_free(&told));
  DO(MPI_File_get_atomicity(file, &flag));
  SAME(flag, 0);
  DO(MPI_File_set_atomicity(file, 1));
  DO(MPI_File_get_atomicity(file, &flag));
  SAME(flag, 1);
  DO(MPI_File_get_type_extent(file, MPI_DOUBLE, &extent));
  SAME(extent, 8);
  DO(MPI_File_sync(file));
  DO(MPI_File_close(&file));
  SAME(file, MPI_FILE_NULL);
  FAILS(MPI_File_open(MPI_COMM_WORLD, name, amode, MPI_INFO_NULL, &again), MPI_ERR_FILE_EXISTS);
  file = opened(MPI_MODE_RDONLY | MPI_MODE_DELETE_ON_CLOSE);
  FAILS(MPI_File_set_size(file, 0), MPI_ERR_READ_ONLY);
  DO(MPI_File_close(&file));
  CHECK(access(name, F_OK) != 0);
}

static MPI_File heard_of;
static int heard;

static void listen(MPI_File *file, int *code, ...) {
  heard_of = *file;
  heard = *code;
}

static void handlers(void) {
  MPI_Errhandler own, known, before;
  MPI_File file, none = MPI_FILE_NULL;
  DO(MPI_File_get_errhandler(MPI_FILE_NULL, &before));
  SAME(before, MPI_ERRORS_RETURN);
  DO(MPI_File_create_errhandler(listen, &own));
  /* Files have the handler that MPI_FILE_NULL has when they are opened. */
  DO(MPI_File_set_errhandler(MPI_FILE_NULL, own));
  file = opened(MPI_MODE_RDWR | MPI_MODE_CREATE | MPI_MODE_DELETE_ON_CLOSE);
  FAILS(MPI_File_open(MPI_COMM_WORLD, name, 0, MPI_INFO_NULL, &none), MPI_ERR_AMODE);
  CHECK(heard_of == MPI_FILE_NULL && heard == MPI_ERR_AMODE);
  DO(MPI_File_set_errhandler(MPI_FILE_NULL, before));
  DO(MPI_File_get_errhandler(file, &known));
  CHECK(known == own);
  DO(MPI_Errhandler_free(&known));
  FAILS(MPI_File_set_size(file, -1), MPI_ERR_ARG);
  CHECK(heard_of == file && heard == MPI_ERR_ARG);
  DO(MPI_File_call_errhandler(file, MPI_ERR_IO));
  CHECK(heard_of == file && heard == MPI_ERR_IO);
  DO(MPI_File_set_errhandler(file, MPI_ERRORS_RETURN));
  heard = 0;
  FAILS(MPI_File_set_size(file, -1), MPI_ERR_ARG);
  SAME(heard, 0);
  DO(MPI_Errhandler_free(&own));
  DO(MPI_File_close(&file));
}

static int count_of(const MPI_Status *status, MPI_Datatype type) {
  int count = -1;
  DO(MPI_Get_count(status, type, &count));
  return count;
}

static void accesses(void) {
  MPI_File file = opened(MPI_MODE_RDWR | MPI_MODE_CREATE | MPI_MODE_DELETE_ON_CLOSE);
  MPI_Status status;
  MPI_Request requests[2];
  MPI_Datatype strided;
  MPI_Offset place = -1;
  int mine[6], back[9];
  for (int i = 0; i < 6; i++) mine[i] = 100 * rank + i;
  DO(MPI_File_set_view(file, 0, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));

  MPI_Datatype etype, filetype;
  char datarep[MPI_MAX_DATAREP_STRING];
  DO(MPI_File_set_view(file, 1, MPI_BYTE, MPI_BYTE, "native", MPI_INFO_NULL));
  DO(MPI_File_set_view(file, 0, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
  DO(MPI_File_get_view(file, &place, &etype, &filetype, datarep));
  CHECK(etype == MPI_INT && filetype == MPI_INT);

  /* By offsets, also of every second number of memory. */
  DO(MPI_File_write_at(file, 6 * rank, mine, 6, MPI_INT, &status));
  SAME(count_of(&status, MPI_INT), 6);
  DO(MPI_File_sync(file));
  DO(MPI_Type_vector(3, 1, 2, MPI_INT, &strided));
  FAILS(MPI_File_read_at(file, 0, back, 1, strided, &status), MPI_ERR_TYPE);
  DO(MPI_Type_commit(&strided));
  memset(back, 0xff, sizeof back);
  DO(MPI_File_read_at_all(file, 6 * rank + 1, back, 1, strided, &status));
  SAME(count_of(&status, strided), 1);
  for (int i = 0; i < 3; i++) {
    SAME(back[2 * i], 100 * rank + 1 + i);
    SAME(back[2 * i + 1], -1);
  }
  DO(MPI_Type_free(&strided));
  /* Where the file ends. */
  DO(MPI_File_read_at(file, 6 * size - 2, back, 9, MPI_INT, &status));
  SAME(count_of(&status, MPI_INT), 2);
  FAILS(MPI_File_read_at(file, -1, back, 1, MPI_INT, &status), MPI_ERR_ARG);
  FAILS(MPI_File_read_at(file, 0, back, -1, MPI_INT, &status), MPI_ERR_COUNT);
  FAILS(MPI_File_read_at(file, 0, NULL, 1, MPI_INT, &status), MPI_ERR_BUFFER);
  FAILS(MPI_File_read_at(file, 0, back, 1, MPI_BYTE, &status), MPI_ERR_ARG);
  /* A rank that cannot take part holds nobody up. */
  FAILS(MPI_File_read_at_all(file, 0, back, rank ? 1 : -1, MPI_INT, &status), MPI_ERR_COUNT);
  FAILS(MPI_File_read_ordered(file, back, 1, rank == size - 1 ? MPI_DATATYPE_NULL : MPI_INT, &status),
        MPI_ERR_TYPE);

  /* The own pointer; requests. */
  DO(MPI_File_seek(file, 6 * rank, MPI_SEEK_SET));
  DO(MPI_File_iread(file, back, 2, MPI_INT, &requests[0]));
  DO(MPI_File_iread_at(file, 6 * rank + 4, back + 2, 2, MPI_INT, &requests[1]));
  DO(MPI_Waitall(2, requests, MPI_STATUSES_IGNORE));
  CHECK(requests[0] == MPI_REQUEST_NULL && back[0] == mine[0] && back[1] == mine[1]);
  CHECK(back[2] == mine[4] && back[3] == mine[5]);
  DO(MPI_File_get_position(file, &place));
  SAME(place, 6 * rank + 2);
  DO(MPI_File_iread_all(file, back, 1, MPI_INT, &requests[0]));
  int over = 0;
  DO(MPI_Test(&requests[0], &over, &status));
  CHECK(over && back[0] == mine[2]);
  SAME(count_of(&status, MPI_INT), 1);
  FAILS(MPI_File_seek(file, -1, MPI_SEEK_SET), MPI_ERR_ARG);
  FAILS(MPI_File_seek(file, 0, 77), MPI_ERR_ARG);
  DO(MPI_File_seek(file, -1, MPI_SEEK_END));
  DO(MPI_File_get_position(file, &place));
  SAME(place, 6 * size - 1);

  /* In two halves. */
  DO(MPI_File_read_at_all_begin(file, 6 * rank, back, 3, MPI_INT));
  FAILS(MPI_File_read_all_begin(file, back, 3, MPI_INT), MPI_ERR_OTHER);
  FAILS(MPI_File_read_all_end(file, back, &status), MPI_ERR_OTHER);
  DO(MPI_File_read_at_all_end(file, back, &status));
  SAME(count_of(&status, MPI_INT), 3);
  CHECK(back[2] == mine[2]);
  FAILS(MPI_File_read_at_all_end(file, back, &status), MPI_ERR_OTHER);

  /* The shared pointer. */
  DO(MPI_File_seek_shared(file, 0, MPI_SEEK_SET));
  DO(MPI_File_write_ordered(file, mine, 1, MPI_INT, &status));
  DO(MPI_File_get_position_shared(file, &place));
  SAME(place, size);
  DO(MPI_File_sync(file));
  DO(MPI_File_read_at(file, 0, back, size, MPI_INT, &status));
  for (int i = 0; i < size; i++) SAME(back[i], 100 * i);
  DO(MPI_Barrier(MPI_COMM_WORLD));
  DO(MPI_File_iread_shared(file, back, 1, MPI_INT, &requests[0]));
  DO(MPI_Wait(&requests[0], &status));
  DO(MPI_Barrier(MPI_COMM_WORLD));
  DO(MPI_File_get_position_shared(file, &place));
  SAME(place, 2 * size);
  DO(MPI_File_close(&file));
}

static void views(void) {
  MPI_File file = opened(MPI_MODE_RDWR | MPI_MODE_CREATE | MPI_MODE_DELETE_ON_CLOSE);
  MPI_Datatype block, etype, filetype;
  MPI_Offset place = -1;
  MPI_Aint lb, extent;
  char datarep[MPI_MAX_DATAREP_STRING];
  const int sizes[2] = {2, 3 * size}, part[2] = {2, 3}, starts[2] = {0, 3 * rank};
  int mine[6], all[24];
  for (int i = 0; i < 6; i++) mine[i] = 10 * rank + i;
  /* A matrix of two rows, of which each rank has three columns. */
  DO(MPI_Type_create_subarray(2, sizes, part, starts, MPI_ORDER_C, MPI_INT, &block));
  DO(MPI_File_set_view(file, 8, MPI_INT, block, "native", MPI_INFO_NULL));
  DO(MPI_File_get_view(file, &place, &etype, &filetype, datarep));
  CHECK(place == 8 && etype == MPI_INT && filetype != block && !strcmp(datarep, "native"));
  DO(MPI_Type_get_extent(filetype, &lb, &extent));
  SAME(extent, 24 * size);
  DO(MPI_Type_free(&filetype));
  DO(MPI_Type_free(&block));
  DO(MPI_File_write_all(file, mine, 6, MPI_INT, MPI_STATUS_IGNORE));
  DO(MPI_File_get_byte_offset(file, 3, &place));
  SAME(place, 8 + 12 * size + 12 * rank);
  DO(MPI_File_set_view(file, 8, MPI_INT, MPI_INT, "internal", MPI_INFO_NULL));
  DO(MPI_File_read_all(file, all, 6 * size, MPI_INT, MPI_STATUS_IGNORE));
  for (int i = 0; i < 6 * size; i++) SAME(all[i], 10 * (i % (3 * size) / 3) + i / (3 * size) * 3 + i % 3);
  FAILS(MPI_File_set_view(file, 0, MPI_INT, MPI_BYTE, "native", MPI_INFO_NULL), MPI_ERR_TYPE);
  FAILS(MPI_File_set_view(file, 0, MPI_INT, rank ? MPI_INT : MPI_DATATYPE_NULL, "native", MPI_INFO_NULL),
        MPI_ERR_TYPE);
  FAILS(MPI_File_set_view(file, 0, MPI_INT, MPI_INT, "martian", MPI_INFO_NULL), MPI_ERR_UNSUPPORTED_DATAREP);
  FAILS(MPI_File_set_view(file, MPI_DISPLACEMENT_CURRENT, MPI_INT, MPI_INT, "native", MPI_INFO_NULL), MPI_ERR_ARG);
  FAILS(MPI_File_set_view(file, 0, rank ? MPI_INT : MPI_SHORT, rank ? MPI_INT : MPI_SHORT, "native", MPI_INFO_NULL),
        size > 1 ? MPI_ERR_NOT_SAME : MPI_SUCCESS);
  /* Big-endian, in four bytes. */
  long number = 258 + rank, back = -1;
  unsigned char bytes[4];
  DO(MPI_File_set_view(file, 0, MPI_LONG, MPI_LONG, "external32", MPI_INFO_NULL));
  DO(MPI_File_get_type_extent(file, MPI_LONG, &extent));
  SAME(extent, 4);
  DO(MPI_File_write_at_all(file, rank, &number, 1, MPI_LONG, MPI_STATUS_IGNORE));
  DO(MPI_File_read_at_all(file, rank, &back, 1, MPI_LONG, MPI_STATUS_IGNORE));
  SAME(back, number);
  DO(MPI_File_set_view(file, 4 * rank, MPI_BYTE, MPI_BYTE, "native", MPI_INFO_NULL));
  DO(MPI_File_read(file, bytes, 4, MPI_BYTE, MPI_STATUS_IGNORE));
  CHECK(bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 1 && bytes[3] == 2 + rank);
  DO(MPI_File_close(&file));
}

int main(void) {
  int me = getpid();
  begin(MPI_THREAD_SINGLE);
  DO(MPI_Bcast(&me, 1, MPI_INT, 0, MPI_COMM_WORLD));
  snprintf(name, sizeof name, "/tmp/olympi-files-%d", me);
  modes();
  management();
  handlers();
  accesses();
  views();
  DO(MPI_Finalize());
  return 0;
}
