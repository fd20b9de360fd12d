/* ranks: 1 2
   Wrong arguments: handles that never were, that were freed, and of another kind; null buffers, counts, ranks and tags;
   and where each error is raised. */
#include "check.h"

static int world_errors, self_errors, file_errors, last;

static void on_world(MPI_Comm *comm, int *code, ...) {
  CHECK(*comm == MPI_COMM_WORLD);
  last = *code;
  world_errors++;
}

static void on_self(MPI_Comm *comm, int *code, ...) {
  CHECK(*comm == MPI_COMM_SELF);
  last = *code;
  self_errors++;
}

static void on_file(MPI_File *file, int *code, ...) {
  CHECK(*file == MPI_FILE_NULL);
  last = *code;
  file_errors++;
}

static void arguments(void) {
  int data[4] = {0}, flag = -1;
  MPI_Comm freed, wrong = MPI_Comm_fromint(0x7654321);
  MPI_Request request;
  MPI_Status status;
  MPI_Message message = MPI_MESSAGE_NULL;

  FAILS(MPI_Send(data, 1, MPI_INT, size, 0, MPI_COMM_WORLD), MPI_ERR_RANK);
  FAILS(MPI_Send(data, 1, MPI_INT, -5, 0, MPI_COMM_WORLD), MPI_ERR_RANK);
  FAILS(MPI_Send(data, 1, MPI_INT, MPI_ANY_SOURCE, 0, MPI_COMM_WORLD), MPI_ERR_RANK);
  FAILS(MPI_Send(data, 1, MPI_INT, 0, -1, MPI_COMM_WORLD), MPI_ERR_TAG);
  FAILS(MPI_Send(data, 1, MPI_INT, 0, MPI_ANY_TAG, MPI_COMM_WORLD), MPI_ERR_TAG);
  FAILS(MPI_Send(data, -1, MPI_INT, 0, 0, MPI_COMM_WORLD), MPI_ERR_COUNT);
  FAILS(MPI_Send_c(data, -1, MPI_INT, 0, 0, MPI_COMM_WORLD), MPI_ERR_COUNT);
  FAILS(MPI_Send(NULL, 1, MPI_INT, 0, 0, MPI_COMM_WORLD), MPI_ERR_BUFFER);
  FAILS(MPI_Send(data, 1, MPI_DATATYPE_NULL, 0, 0, MPI_COMM_WORLD), MPI_ERR_TYPE);
  FAILS(MPI_Send(data, 1, MPI_Type_fromint(0x7654321), 0, 0, MPI_COMM_WORLD), MPI_ERR_TYPE);
  FAILS(MPI_Send(data, 1, (MPI_Datatype)MPI_COMM_WORLD, 0, 0, MPI_COMM_WORLD), MPI_ERR_TYPE);
  FAILS(MPI_Send(data, 1, MPI_INT, 0, 0, MPI_COMM_NULL), MPI_ERR_COMM);
  FAILS(MPI_Send(data, 1, MPI_INT, 0, 0, wrong), MPI_ERR_COMM);
  FAILS(MPI_Send(data, 1, MPI_INT, 0, 0, (MPI_Comm)MPI_INT), MPI_ERR_COMM);
  FAILS(MPI_Recv(NULL, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, &status), MPI_ERR_BUFFER);
  FAILS(MPI_Irecv(data, 1, MPI_INT, size, 0, MPI_COMM_WORLD, &request), MPI_ERR_RANK);
  FAILS(MPI_Isend(data, 1, MPI_INT, 0, -7, MPI_COMM_WORLD, &request), MPI_ERR_TAG);
  FAILS(MPI_Recv_init(data, -1, MPI_INT, 0, 0, MPI_COMM_WORLD, &request), MPI_ERR_COUNT);
  FAILS(MPI_Sendrecv(data, 1, MPI_INT, size, 0, data + 1, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, &status), MPI_ERR_RANK);
  FAILS(MPI_Probe(size, 0, MPI_COMM_WORLD, &status), MPI_ERR_RANK);
  FAILS(MPI_Iprobe(0, -2147483647, MPI_COMM_WORLD, &flag, &status), MPI_ERR_TAG);
  FAILS(MPI_Mrecv(data, 1, MPI_INT, &message, &status), MPI_ERR_REQUEST);
  DO(MPI_Send(NULL, 0, MPI_INT, MPI_PROC_NULL, 0, MPI_COMM_WORLD));

  DO(MPI_Comm_dup(MPI_COMM_WORLD, &freed));
  wrong = freed;
  DO(MPI_Comm_free(&freed));
  CHECK(freed == MPI_COMM_NULL);
  FAILS(MPI_Send(data, 1, MPI_INT, 0, 0, wrong), MPI_ERR_COMM);
  FAILS(MPI_Comm_free(&wrong), MPI_ERR_COMM);

  MPI_Datatype pair, gone;
  DO(MPI_Type_contiguous(2, MPI_INT, &pair));
  FAILS(MPI_Send(data, 1, pair, 0, 0, MPI_COMM_WORLD), MPI_ERR_TYPE);
  gone = pair;
  DO(MPI_Type_free(&pair));
  FAILS(MPI_Send(data, 1, gone, 0, 0, MPI_COMM_WORLD), MPI_ERR_TYPE);
}

static void of_requests(void) {
  MPI_Request null = MPI_REQUEST_NULL, wrong = MPI_Request_fromint(0x5c000001), request, copy;
  MPI_Status status;
  int flag = -1, index = -1, data = -1;
  FAILS(MPI_Wait(&wrong, &status), MPI_ERR_REQUEST);
  FAILS(MPI_Wait(NULL, &status), MPI_ERR_REQUEST);
  FAILS(MPI_Test(&wrong, &flag, &status), MPI_ERR_REQUEST);
  FAILS(MPI_Waitany(1, &wrong, &index, &status), MPI_ERR_REQUEST);
  FAILS(MPI_Waitany(-1, &null, &index, &status), MPI_ERR_COUNT);
  FAILS(MPI_Waitall(1, NULL, MPI_STATUSES_IGNORE), MPI_ERR_ARG);
  FAILS(MPI_Start(&null), MPI_ERR_REQUEST);
  FAILS(MPI_Cancel(&null), MPI_ERR_REQUEST);
  FAILS(MPI_Request_free(&null), MPI_ERR_REQUEST);
  DO(MPI_Irecv(&data, 1, MPI_INT, 0, 0, MPI_COMM_SELF, &request));
  copy = request;
  FAILS(MPI_Start(&request), MPI_ERR_REQUEST);
  DO(MPI_Send(&rank, 1, MPI_INT, 0, 0, MPI_COMM_SELF));
  DO(MPI_Wait(&request, &status));
  FAILS(MPI_Wait(&copy, &status), MPI_ERR_REQUEST);
  FAILS(MPI_Test(&copy, &flag, MPI_STATUS_IGNORE), MPI_ERR_REQUEST);
  FAILS(MPI_Get_count(NULL, MPI_INT, &flag), MPI_ERR_ARG);
  FAILS(MPI_Get_count(&status, MPI_DATATYPE_NULL, &flag), MPI_ERR_TYPE);
}

static void handlers(void) {
  int data[2] = {0}, length = -1;
  char text[MPI_MAX_ERROR_STRING];
  MPI_Errhandler world, self, file;
  DO(MPI_Comm_create_errhandler(on_world, &world));
  DO(MPI_Comm_create_errhandler(on_self, &self));
  DO(MPI_File_create_errhandler(on_file, &file));
  DO(MPI_Comm_set_errhandler(MPI_COMM_WORLD, world));
  DO(MPI_Comm_set_errhandler(MPI_COMM_SELF, self));
  FAILS(MPI_Send(data, 1, MPI_INT, size, 0, MPI_COMM_WORLD), MPI_ERR_RANK);
  CHECK(world_errors == 1 && self_errors == 0 && class_of(last) == MPI_ERR_RANK);
  DO(MPI_Error_string(last, text, &length));
  CHECK(strstr(text, "MPI_Send") && length == (int)strlen(text));
  FAILS(MPI_Send(data, 1, MPI_INT, 0, 0, MPI_COMM_NULL), MPI_ERR_COMM);
  CHECK(world_errors == 1 && self_errors == 1);
  FAILS(MPI_Buffer_detach(&data, &length), MPI_ERR_BUFFER);
  SAME(self_errors, 2);
  /* A truncated receive is the communicator's. */
  MPI_Request request;
  DO(MPI_Irecv(data, 1, MPI_INT, rank, 5, MPI_COMM_WORLD, &request));
  DO(MPI_Send(data, 2, MPI_INT, rank, 5, MPI_COMM_WORLD));
  FAILS(MPI_Wait(&request, MPI_STATUS_IGNORE), MPI_ERR_TRUNCATE);
  CHECK(world_errors == 2 && self_errors == 2);

  /* Of a window that does not come to be, and of none. */
  MPI_Win win = MPI_WIN_NULL;
  FAILS(MPI_Win_create(data, 8, 0, MPI_INFO_NULL, MPI_COMM_WORLD, &win), MPI_ERR_DISP);
  CHECK(world_errors == 3 && self_errors == 2);
  FAILS(MPI_Win_fence(0, win), MPI_ERR_WIN);
  SAME(self_errors, 3);
  /* What comes later. */
  MPI_File handle = MPI_FILE_NULL;
  MPI_Comm spawned;
  FAILS(MPI_Comm_spawn("a", MPI_ARGV_NULL, 1, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &spawned, MPI_ERRCODES_IGNORE),
        MPI_ERR_UNSUPPORTED_OPERATION);
  SAME(world_errors, 4);
  /* Errors of files are returned unless the program says otherwise. */
  FAILS(MPI_File_open(MPI_COMM_WORLD, "/no/such/file", MPI_MODE_RDONLY, MPI_INFO_NULL, &handle),
        MPI_ERR_NO_SUCH_FILE);
  CHECK(world_errors == 4 && self_errors == 3 && file_errors == 0);
  DO(MPI_File_set_errhandler(MPI_FILE_NULL, file));
  FAILS(MPI_File_open(MPI_COMM_WORLD, "/no/such/file", MPI_MODE_RDONLY, MPI_INFO_NULL, &handle),
        MPI_ERR_NO_SUCH_FILE);
  SAME(file_errors, 1);
  DO(MPI_File_call_errhandler(MPI_FILE_NULL, MPI_ERR_FILE));
  CHECK(file_errors == 2 && class_of(last) == MPI_ERR_FILE);
  DO(MPI_File_set_errhandler(MPI_FILE_NULL, MPI_ERRORS_RETURN));
  DO(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
  DO(MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN));
  DO(MPI_Errhandler_free(&world));
  DO(MPI_Errhandler_free(&self));
  DO(MPI_Errhandler_free(&file));
}

/* Handles as integers, and the ABI about itself. */
static void integers(void) {
  int major = -1, minor = -1, set = -1, flag = -1;
#ifdef MPI_ABI_VERSION
  SAME(MPI_Comm_toint(MPI_COMM_WORLD), 0x101);
#endif
  SAME(MPI_Type_toint(MPI_INT), (int)(size_t)MPI_INT);
  CHECK(MPI_Request_fromint(MPI_Request_toint(MPI_REQUEST_NULL)) == MPI_REQUEST_NULL);
  MPI_Comm copy;
  DO(MPI_Comm_dup(MPI_COMM_SELF, &copy));
  CHECK(MPI_Comm_fromint(MPI_Comm_toint(copy)) == copy);
  DO(MPI_Comm_free(&copy));
  DO(MPI_Abi_get_version(&major, &minor));
#ifdef MPI_ABI_VERSION
  CHECK(major == MPI_ABI_VERSION && minor == MPI_ABI_SUBVERSION);
#else /* with MPICH's mpi.h: another ABI (ci/abi-mpich) */
  CHECK(major < 0 && minor < 0);
#endif
  MPI_Info info = MPI_INFO_NULL;
  char value[16];
  int room = sizeof value;
  DO(MPI_Abi_get_info(&info));
  DO(MPI_Info_get_string(info, "mpi_count_size", &room, value, &flag));
  CHECK(flag && atoi(value) == (int)sizeof(MPI_Count));
  DO(MPI_Info_free(&info));

  DO(MPI_Abi_get_fortran_info(&info));
  CHECK(info == MPI_INFO_NULL);
  FAILS(MPI_Abi_set_fortran_info(MPI_INFO_NULL), MPI_ERR_INFO);
  DO(MPI_Info_create(&info));
  DO(MPI_Info_set(info, "mpi_integer_size", "8"));
  FAILS(MPI_Abi_set_fortran_info(info), MPI_ERR_ABI);
  DO(MPI_Info_set(info, "mpi_integer_size", "4"));
  DO(MPI_Abi_set_fortran_info(info));
  FAILS(MPI_Abi_set_fortran_info(info), MPI_ERR_ABI);
  DO(MPI_Info_free(&info));
  DO(MPI_Abi_get_fortran_info(&info));
  CHECK(info != MPI_INFO_NULL);
  DO(MPI_Info_free(&info));

  int yes = -1, no = 0, said_yes = 7, said_no = 7;
  signed char short_yes = 7, short_no = 7;
  DO(MPI_Abi_get_fortran_booleans(4, &said_yes, &said_no, &set));
  CHECK(!set && said_yes == 7);
  FAILS(MPI_Abi_set_fortran_booleans(3, &yes, &no), MPI_ERR_ARG);
  FAILS(MPI_Abi_set_fortran_booleans(4, NULL, &no), MPI_ERR_ARG);
  DO(MPI_Abi_set_fortran_booleans(4, &yes, &no));
  FAILS(MPI_Abi_set_fortran_booleans(4, &yes, &no), MPI_ERR_ABI);
  DO(MPI_Abi_get_fortran_booleans(4, &said_yes, &said_no, &set));
  CHECK(set && said_yes == -1 && said_no == 0);
  DO(MPI_Abi_get_fortran_booleans(1, &short_yes, &short_no, &set));
  CHECK(short_yes == -1 && short_no == 0);
}

int main(void) {
  begin(MPI_THREAD_SINGLE);
  arguments();
  of_requests();
  handlers();
  integers();
  MPI_Finalize();
  return 0;
}
