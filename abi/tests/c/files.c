/* ranks: 1 2 4 */
/* Files: opening, sizes, error handlers. */
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
  DO(MPI_File_get_amode(file, &is));
  SAME(is, amode);
  DO(MPI_File_get_size(file, &bytes));
  SAME(bytes, 0);
  DO(MPI_File_set_size(file, 77));
  DO(MPI_File_get_size(file, &bytes));
  SAME(bytes, 77);
  DO(MPI_File_preallocate(file, 5000));
  DO(MPI_File_get_size(file, &bytes));
  SAME(bytes, 5000);
  FAILS(MPI_File_set_size(file, -1), MPI_ERR_ARG);
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

int main(void) {
  int me = getpid();
  begin(MPI_THREAD_SINGLE);
  DO(MPI_Bcast(&me, 1, MPI_INT, 0, MPI_COMM_WORLD));
  snprintf(name, sizeof name, "/tmp/olympi-files-%d", me);
  modes();
  management();
  handlers();
  DO(MPI_Finalize());
  return 0;
}
