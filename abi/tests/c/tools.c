/* ranks: 1 2
   The tool interface: before, during and after MPI; every variable and category; what is wrong in every way. */
#include "check.h"

#define T(call, code) SAME(call, code)

/* Variables of both kinds, all categories, and that each variable is in one. */
static void lists(void) {
  int cvars = -1, pvars = -1, categories = -1, seen = 0, counted = 0;
  DO(MPI_T_cvar_get_num(&cvars));
  DO(MPI_T_pvar_get_num(&pvars));
  DO(MPI_T_category_get_num(&categories));
  CHECK(cvars > 30 && pvars >= 6 && categories == 7);
  for (int i = 0; i < cvars; i++) {
    char name[64], desc[1024], small[5];
    int name_len = sizeof name, desc_len = sizeof desc, verbosity = -1, bind = -1, scope = -1, index = -1, count = -1;
    MPI_Datatype type = MPI_DATATYPE_NULL;
    MPI_T_enum enumtype;
    DO(MPI_T_cvar_get_info(i, name, &name_len, &verbosity, &type, &enumtype, desc, &desc_len, &bind, &scope));
    SAME(name_len, strlen(name) + 1);
    CHECK(strncmp(name, "OLYMPI_", 7) == 0 && desc[0] != 0);
    CHECK(enumtype == MPI_T_ENUM_NULL && bind == MPI_T_BIND_NO_OBJECT);
    CHECK(type == MPI_CHAR || type == MPI_UNSIGNED_LONG_LONG);
    CHECK(scope == MPI_T_SCOPE_CONSTANT || scope == MPI_T_SCOPE_ALL_EQ);
    DO(MPI_T_cvar_get_index(name, &index));
    SAME(index, i);
    /* What is cut off ends with a zero; what is not wanted is not written. */
    name_len = sizeof small;
    DO(MPI_T_cvar_get_info(i, small, &name_len, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    CHECK(strcmp(small, "OLYM") == 0 && name_len == (int)strlen(name) + 1);
    name_len = 0;
    DO(MPI_T_cvar_get_info(i, NULL, &name_len, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    SAME(name_len, strlen(name) + 1);

    MPI_T_cvar_handle handle, copy;
    DO(MPI_T_cvar_handle_alloc(i, NULL, &handle, &count));
    if (type == MPI_CHAR) {
      char *value = malloc(count);
      memset(value, 1, count);
      DO(MPI_T_cvar_read(handle, value));
      CHECK((int)strlen(value) < count);
      free(value);
    } else {
      unsigned long long value;
      SAME(count, 1);
      DO(MPI_T_cvar_read(handle, &value));
    }
    if (scope == MPI_T_SCOPE_CONSTANT) {
      char buffer[512] = "1";
      T(MPI_T_cvar_write(handle, buffer), MPI_T_ERR_CVAR_SET_NEVER);
    }
    copy = handle;
    DO(MPI_T_cvar_handle_free(&handle));
    CHECK(handle == MPI_T_CVAR_HANDLE_NULL);
    T(MPI_T_cvar_handle_free(&copy), MPI_T_ERR_INVALID_HANDLE);
  }
  for (int i = 0; i < categories; i++) {
    char name[64];
    int name_len = sizeof name, index = -1, num_cvars = -1, num_pvars = -1, num_categories = -1, events = -1;
    int indices[200];
    DO(MPI_T_category_get_info(i, name, &name_len, NULL, NULL, &num_cvars, &num_pvars, &num_categories));
    DO(MPI_T_category_get_index(name, &index));
    SAME(index, i);
    CHECK(num_cvars > 0 && num_cvars < 200 && num_categories == 0);
    DO(MPI_T_category_get_cvars(i, 200, indices));
    for (int at = 0; at < num_cvars; at++) CHECK(indices[at] >= 0 && indices[at] < cvars);
    DO(MPI_T_category_get_pvars(i, 200, indices));
    DO(MPI_T_category_get_categories(i, 0, NULL));
    DO(MPI_T_category_get_num_events(i, &events));
    SAME(events, 0);
    seen += num_cvars;
    counted += num_pvars;
  }
  SAME(seen, cvars);
  SAME(counted, pvars);
}

static MPI_T_cvar_handle handle_of(const char *name) {
  int index = -1, count = -1;
  MPI_T_cvar_handle handle;
  DO(MPI_T_cvar_get_index(name, &index));
  DO(MPI_T_cvar_handle_alloc(index, NULL, &handle, &count));
  return handle;
}

/* An algorithm and a threshold of collectives, at all ranks. */
static void tune(int now) {
  char value[256] = "";
  unsigned long long number = 0;
  MPI_T_cvar_handle algorithm = handle_of("OLYMPI_COLL_ALL_REDUCE"), least = handle_of("OLYMPI_COLL_BOARD_MAX");
  DO(MPI_T_cvar_read(algorithm, value));
  CHECK(strcmp(value, "auto") == 0);
  if (!now) {
    T(MPI_T_cvar_write(algorithm, "ring"), MPI_T_ERR_CVAR_SET_NOT_NOW);
    return;
  }
  for (int round = 0; round < 2; round++) {
    int mine = rank + 1, sum = 0;
    DO(MPI_T_cvar_write(algorithm, round == 0 ? "ring" : "auto"));
    DO(MPI_T_cvar_read(algorithm, value));
    CHECK(strcmp(value, round == 0 ? "ring" : "auto") == 0);
    DO(MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD));
    SAME(sum, size * (size + 1) / 2);
  }
  T(MPI_T_cvar_write(algorithm, "pigeons"), MPI_T_ERR_INVALID);
  DO(MPI_T_cvar_read(least, &number));
  number += 64;
  unsigned long long set = number;
  DO(MPI_T_cvar_write(least, &number));
  number = 0;
  DO(MPI_T_cvar_read(least, &number));
  SAME(number, set);
  T(MPI_T_cvar_write(least, NULL), MPI_T_ERR_INVALID);
  DO(MPI_T_cvar_handle_free(&algorithm));
  DO(MPI_T_cvar_handle_free(&least));
}

static MPI_T_pvar_session session;

static unsigned long long value_of(const char *name) {
  int index = -1, count = -1;
  unsigned long long value = 77;
  MPI_T_pvar_handle handle;
  DO(MPI_T_pvar_get_index(name, MPI_T_PVAR_CLASS_LEVEL, &index));
  DO(MPI_T_pvar_handle_alloc(session, index, NULL, &handle, &count));
  SAME(count, 1);
  DO(MPI_T_pvar_read(session, handle, &value));
  DO(MPI_T_pvar_handle_free(session, &handle));
  CHECK(handle == MPI_T_PVAR_HANDLE_NULL);
  return value;
}

/* Counters go up and down with what they count. */
static void counters(void) {
  MPI_Request request;
  MPI_Comm copy;
  char data[100] = "", into[100];
  unsigned long long comms = value_of("olympi_communicators"), operations = value_of("olympi_operations");
  SAME(value_of("olympi_posted_receives"), 0);
  DO(MPI_Irecv(into, 100, MPI_CHAR, 0, 1, MPI_COMM_SELF, &request));
  SAME(value_of("olympi_posted_receives"), 1);
  SAME(value_of("olympi_operations"), operations + 1);
  DO(MPI_Send(data, 100, MPI_CHAR, 0, 1, MPI_COMM_SELF));
  DO(MPI_Wait(&request, MPI_STATUS_IGNORE));
  SAME(value_of("olympi_posted_receives"), 0);
  SAME(value_of("olympi_operations"), operations);
  SAME(value_of("olympi_unexpected_messages"), 0);
  DO(MPI_Send(data, 100, MPI_CHAR, 0, 1, MPI_COMM_SELF));
  SAME(value_of("olympi_unexpected_messages"), 1);
  CHECK(value_of("olympi_unexpected_bytes") >= 100);
  DO(MPI_Recv(into, 100, MPI_CHAR, 0, 1, MPI_COMM_SELF, MPI_STATUS_IGNORE));
  SAME(value_of("olympi_unexpected_bytes"), 0);
  DO(MPI_Comm_dup(MPI_COMM_SELF, &copy));
  SAME(value_of("olympi_communicators"), comms + 1);
  DO(MPI_Comm_free(&copy));
  SAME(value_of("olympi_communicators"), comms);
  SAME(value_of("olympi_operations_moving"), 0);
}

static void wrong(void) {
  int num = -1, count = -1;
  unsigned long long value;
  char text[64];
  MPI_T_cvar_handle cvar;
  MPI_T_pvar_handle pvar, other = MPI_T_PVAR_HANDLE_NULL;
  MPI_T_pvar_session second, freed;

  DO(MPI_T_cvar_get_num(&num));
  T(MPI_T_cvar_get_num(NULL), MPI_T_ERR_INVALID);
  T(MPI_T_cvar_get_info(num, text, &count, NULL, NULL, NULL, NULL, NULL, NULL, NULL), MPI_T_ERR_INVALID_INDEX);
  T(MPI_T_cvar_get_info(-1, text, &count, NULL, NULL, NULL, NULL, NULL, NULL, NULL), MPI_T_ERR_INVALID_INDEX);
  T(MPI_T_cvar_get_index("OLYMPI_NONE", &num), MPI_T_ERR_INVALID_NAME);
  T(MPI_T_cvar_get_index(NULL, &num), MPI_T_ERR_INVALID);
  T(MPI_T_cvar_handle_alloc(-1, NULL, &cvar, &count), MPI_T_ERR_INVALID_INDEX);
  T(MPI_T_cvar_read(MPI_T_CVAR_HANDLE_NULL, &value), MPI_T_ERR_INVALID_HANDLE);
  T(MPI_T_cvar_handle_free(NULL), MPI_T_ERR_INVALID);

  DO(MPI_T_pvar_handle_alloc(session, 0, NULL, &pvar, &count));
  DO(MPI_T_pvar_session_create(&second));
  T(MPI_T_pvar_read(second, pvar, &value), MPI_T_ERR_INVALID_HANDLE);
  T(MPI_T_pvar_read(session, MPI_T_PVAR_ALL_HANDLES, &value), MPI_T_ERR_INVALID_HANDLE);
  T(MPI_T_pvar_read(MPI_T_PVAR_SESSION_NULL, pvar, &value), MPI_T_ERR_INVALID_SESSION);
  T(MPI_T_pvar_start(session, pvar), MPI_T_ERR_PVAR_NO_STARTSTOP);
  T(MPI_T_pvar_stop(session, pvar), MPI_T_ERR_PVAR_NO_STARTSTOP);
  T(MPI_T_pvar_reset(session, pvar), MPI_T_ERR_PVAR_NO_WRITE);
  T(MPI_T_pvar_write(session, pvar, &value), MPI_T_ERR_PVAR_NO_WRITE);
  T(MPI_T_pvar_readreset(session, pvar, &value), MPI_T_ERR_PVAR_NO_ATOMIC);
  DO(MPI_T_pvar_start(session, MPI_T_PVAR_ALL_HANDLES));
  DO(MPI_T_pvar_stop(session, MPI_T_PVAR_ALL_HANDLES));
  DO(MPI_T_pvar_reset(session, MPI_T_PVAR_ALL_HANDLES));
  T(MPI_T_pvar_start(session, other), MPI_T_ERR_INVALID_HANDLE);
  T(MPI_T_pvar_handle_free(second, &pvar), MPI_T_ERR_INVALID_HANDLE);
  T(MPI_T_pvar_handle_alloc(session, 1000, NULL, &other, &count), MPI_T_ERR_INVALID_INDEX);
  T(MPI_T_pvar_get_index("olympi_operations", MPI_T_PVAR_CLASS_TIMER, &num), MPI_T_ERR_INVALID_NAME);
  freed = second;
  DO(MPI_T_pvar_handle_alloc(second, 0, NULL, &other, &count));
  DO(MPI_T_pvar_session_free(&second));
  CHECK(second == MPI_T_PVAR_SESSION_NULL);
  T(MPI_T_pvar_read(freed, other, &value), MPI_T_ERR_INVALID_SESSION);
  T(MPI_T_pvar_session_free(&freed), MPI_T_ERR_INVALID_SESSION);
  DO(MPI_T_pvar_handle_free(session, &pvar));

  DO(MPI_T_event_get_num(&num));
  SAME(num, 0);
  DO(MPI_T_source_get_num(&num));
  SAME(num, 0);
  T(MPI_T_event_get_index("none", &num), MPI_T_ERR_INVALID_NAME);
  T(MPI_T_event_handle_alloc(0, NULL, MPI_INFO_NULL, NULL), MPI_T_ERR_INVALID_INDEX);
  T(MPI_T_source_get_timestamp(0, NULL), MPI_T_ERR_INVALID_INDEX);
  T(MPI_T_enum_get_info(MPI_T_ENUM_NULL, &num, text, &count), MPI_T_ERR_INVALID_HANDLE);
  T(MPI_T_category_get_cvars(7, 0, NULL), MPI_T_ERR_INVALID_INDEX);
  T(MPI_T_category_get_cvars(0, 1, NULL), MPI_T_ERR_INVALID);
  T(MPI_T_category_get_index("none", &num), MPI_T_ERR_INVALID_NAME);
  DO(MPI_T_category_changed(&num));
  T(MPI_T_init_thread(7, &num), MPI_T_ERR_INVALID);

  char string[MPI_MAX_ERROR_STRING];
  int class = -1;
  for (int code = MPI_T_ERR_CANNOT_INIT; code <= MPI_T_ERR_PVAR_NO_ATOMIC; code++) {
    DO(MPI_Error_string(code, string, &count));
    CHECK(strncmp(string, "MPI_T_ERR_", 10) == 0);
    DO(MPI_Error_class(code, &class));
    SAME(class, code);
  }
}

int main(void) {
  int provided = -1, num = -1;
  if (MPI_T_cvar_get_num(&num) != MPI_T_ERR_NOT_INITIALIZED) return 1;
  if (MPI_T_finalize() != MPI_T_ERR_NOT_INITIALIZED) return 2;
  if (MPI_T_init_thread(MPI_THREAD_SINGLE, &provided) != MPI_SUCCESS || provided != MPI_THREAD_MULTIPLE) return 3;
  DO(MPI_T_pvar_session_create(&session));
  lists();
  tune(0);
  SAME(value_of("olympi_operations"), 0);
  begin(MPI_THREAD_SINGLE);
  DO(MPI_T_init_thread(MPI_THREAD_SINGLE, &provided));
  lists();
  tune(1);
  counters();
  wrong();
  DO(MPI_T_finalize());
  MPI_Finalize();
  lists();
  SAME(value_of("olympi_communicators"), 0);
  DO(MPI_T_pvar_session_free(&session));
  DO(MPI_T_finalize());
  SAME(MPI_T_pvar_session_create(&session), MPI_T_ERR_NOT_INITIALIZED);
  return 0;
}
