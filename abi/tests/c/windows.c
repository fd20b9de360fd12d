/* ranks: 1 2 3 4 6
   Windows: how they come to be and end, what they say of themselves, names, hints, attributes, error handlers; and what is
   wrong, with its class. */
#include "check.h"

#include <limits.h>
#include <stdint.h>

static void *attribute(MPI_Win win, int keyval) {
  void *value = NULL;
  int flag = -1;
  DO(MPI_Win_get_attr(win, keyval, &value, &flag));
  CHECK(flag == 1);
  return value;
}

/* A window is what it was asked to be. */
static void is(MPI_Win win, int flavor, void *base, MPI_Aint bytes, int unit) {
  MPI_Group ours, its;
  int same = -1;
  DO(MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN));
  CHECK(attribute(win, MPI_WIN_BASE) == base);
  SAME(*(MPI_Aint *)attribute(win, MPI_WIN_SIZE), bytes);
  SAME(*(int *)attribute(win, MPI_WIN_DISP_UNIT), unit);
  SAME(*(int *)attribute(win, MPI_WIN_CREATE_FLAVOR), flavor);
  SAME(*(int *)attribute(win, MPI_WIN_MODEL), MPI_WIN_UNIFIED);
  DO(MPI_Win_get_group(win, &its));
  DO(MPI_Comm_group(MPI_COMM_WORLD, &ours));
  DO(MPI_Group_compare(ours, its, &same));
  SAME(same, MPI_IDENT);
  DO(MPI_Group_free(&ours));
  DO(MPI_Group_free(&its));
  CHECK(MPI_Win_fromint(MPI_Win_toint(win)) == win);
}

static void flavors(void) {
  char memory[64];
  char *base = NULL;
  MPI_Win win, none;
  DO(MPI_Win_create(memory, 10 + rank, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &win));
  is(win, MPI_WIN_FLAVOR_CREATE, memory, 10 + rank, 1);
  /* Beside it, one without memory. */
  DO(MPI_Win_create(NULL, 0, 8, MPI_INFO_NULL, MPI_COMM_WORLD, &none));
  is(none, MPI_WIN_FLAVOR_CREATE, NULL, 0, 8);
  DO(MPI_Win_free(&none));
  CHECK(none == MPI_WIN_NULL);
  DO(MPI_Win_free(&win));
  CHECK(win == MPI_WIN_NULL);

  DO(MPI_Win_create_c(memory, sizeof memory, (MPI_Aint)1 << 33, MPI_INFO_NULL, MPI_COMM_WORLD, &win));
  is(win, MPI_WIN_FLAVOR_CREATE, memory, sizeof memory, INT_MAX);
  DO(MPI_Win_free(&win));

  DO(MPI_Win_allocate(rank % 2 ? 0 : 1000, 1 + rank, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win));
  is(win, MPI_WIN_FLAVOR_ALLOCATE, base, rank % 2 ? 0 : 1000, 1 + rank);
  if (rank % 2 == 0) memset(base, 7, 1000);
  DO(MPI_Win_free(&win));
  DO(MPI_Win_allocate_c(4096, 8, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win));
  is(win, MPI_WIN_FLAVOR_ALLOCATE, base, 4096, 8);
  CHECK((uintptr_t)base % 16 == 0);
  DO(MPI_Win_free(&win));

  DO(MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_WORLD, &win));
  is(win, MPI_WIN_FLAVOR_DYNAMIC, MPI_BOTTOM, 0, 1);
  DO(MPI_Win_attach(win, memory, 32));
  DO(MPI_Win_attach(win, memory + 32, 32));
  DO(MPI_Win_detach(win, memory));
  DO(MPI_Win_detach(win, memory + 32));
  DO(MPI_Win_free(&win));
}

/* Memory that all ranks of a host see, by their own loads and stores. */
static void shared(void) {
  MPI_Comm near;
  MPI_Win win;
  MPI_Info info;
  int ranks, mine, unit = -1;
  MPI_Aint bytes = -1;
  DO(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &near));
  DO(MPI_Comm_rank(near, &mine));
  DO(MPI_Comm_size(near, &ranks));
  DO(MPI_Info_create(&info));
  for (int apart = 0; apart < 2; apart++) {
    int *base = NULL, *other = NULL, *next = NULL;
    DO(MPI_Info_set(info, "alloc_shared_noncontig", apart ? "true" : "false"));
    DO(MPI_Win_allocate_shared((mine + 1) * sizeof(int), sizeof(int), info, near, &base, &win));
    DO(MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN));
    SAME(*(int *)attribute(win, MPI_WIN_CREATE_FLAVOR), MPI_WIN_FLAVOR_SHARED);
    CHECK(attribute(win, MPI_WIN_BASE) == base);
    DO(MPI_Win_lock_all(MPI_MODE_NOCHECK, win));
    for (int i = 0; i <= mine; i++) base[i] = 100 * mine + i;
    DO(MPI_Win_sync(win));
    DO(MPI_Barrier(near));
    DO(MPI_Win_sync(win));
    for (int from = 0; from < ranks; from++) {
      DO(MPI_Win_shared_query(win, from, &bytes, &unit, &other));
      SAME(bytes, (from + 1) * (MPI_Aint)sizeof(int));
      SAME(unit, sizeof(int));
      CHECK(from != mine || other == base);
      /* One behind the other, unless it was said that they need not be. */
      CHECK(apart || !next || other == next);
      for (int i = 0; i <= from; i++) SAME(other[i], 100 * from + i);
      next = other + from + 1;
    }
    /* What is put there, is seen there too. */
    int value = 1000 + mine;
    DO(MPI_Barrier(near));
    DO(MPI_Put(&value, 1, MPI_INT, (mine + 1) % ranks, 0, 1, MPI_INT, win));
    DO(MPI_Win_flush_all(win));
    DO(MPI_Barrier(near));
    DO(MPI_Win_sync(win));
    SAME(base[0], 1000 + (mine + ranks - 1) % ranks);
    DO(MPI_Win_unlock_all(win));
    DO(MPI_Win_free(&win));
  }
  /* The first that has any. */
  char *base = NULL, *other = NULL;
  MPI_Aint wide = -1;
  DO(MPI_Win_allocate_shared_c(mine == ranks - 1 ? 50 : 0, 2, MPI_INFO_NULL, near, &base, &win));
  DO(MPI_Win_shared_query_c(win, MPI_PROC_NULL, &bytes, &wide, &other));
  SAME(bytes, 50);
  SAME(wide, 2);
  CHECK(mine < ranks - 1 || other == base);
  DO(MPI_Win_free(&win));
  DO(MPI_Info_free(&info));
  DO(MPI_Comm_free(&near));
}

static void names_and_hints(void) {
  char name[MPI_MAX_OBJECT_NAME], value[MPI_MAX_INFO_VAL + 1], long_name[2 * MPI_MAX_OBJECT_NAME];
  int length = -1, flag = -1;
  MPI_Info info, used;
  MPI_Win win;
  DO(MPI_Info_create(&info));
  DO(MPI_Info_set(info, "same_size", "true"));
  DO(MPI_Info_set(info, "org.example.color", "blue"));
  DO(MPI_Win_create(NULL, 0, 1, info, MPI_COMM_WORLD, &win));
  DO(MPI_Win_get_name(win, name, &length));
  CHECK(length == 0 && name[0] == 0);
  DO(MPI_Win_set_name(win, "the one"));
  DO(MPI_Win_get_name(win, name, &length));
  CHECK(length == 7 && !strcmp(name, "the one"));
  memset(long_name, 'x', sizeof long_name - 1);
  long_name[sizeof long_name - 1] = 0;
  DO(MPI_Win_set_name(win, long_name));
  DO(MPI_Win_get_name(win, name, &length));
  CHECK(length == MPI_MAX_OBJECT_NAME - 1 && !strncmp(name, long_name, length) && name[length] == 0);
  DO(MPI_Win_get_name(MPI_WIN_NULL, name, &length));
  CHECK(!strcmp(name, "MPI_WIN_NULL"));

  DO(MPI_Win_get_info(win, &used));
  DO(MPI_Info_get(used, "same_size", MPI_MAX_INFO_VAL, value, &flag));
  CHECK(flag && !strcmp(value, "true"));
  DO(MPI_Info_get(used, "no_locks", MPI_MAX_INFO_VAL, value, &flag));
  CHECK(flag && !strcmp(value, "false"));
  DO(MPI_Info_get(used, "accumulate_ordering", MPI_MAX_INFO_VAL, value, &flag));
  CHECK(flag && !strcmp(value, "rar,raw,war,waw"));
  DO(MPI_Info_free(&used));
  DO(MPI_Info_set(info, "same_disp_unit", "true"));
  DO(MPI_Win_set_info(win, info));
  DO(MPI_Win_set_info(win, MPI_INFO_NULL));
  DO(MPI_Win_get_info(win, &used));
  DO(MPI_Info_get(used, "same_disp_unit", MPI_MAX_INFO_VAL, value, &flag));
  CHECK(flag && !strcmp(value, "true"));
  DO(MPI_Info_free(&used));
  DO(MPI_Info_free(&info));
  DO(MPI_Win_free(&win));
}

static MPI_Win expected = MPI_WIN_NULL;
static char story[16];
static int told, refuses;

/* 8 is not deleted for a while. */
static int deletes(MPI_Win win, int keyval, void *value, void *extra) {
  CHECK(win == expected && keyval != MPI_KEYVAL_INVALID && extra == story);
  story[told++] = (char)('0' + (intptr_t)value);
  return refuses && (intptr_t)value == 8 ? MPI_ERR_OTHER : MPI_SUCCESS;
}

static int never(MPI_Win win, int keyval, void *extra, void *value, void *copy, int *flag) {
  (void)win, (void)keyval, (void)extra, (void)value, (void)copy, (void)flag;
  CHECK(!"a window has no duplicate");
  return MPI_SUCCESS;
}

static void attributes(void) {
  MPI_Win win;
  int a, b, of_comm, flag = -1;
  void *value = NULL;
  DO(MPI_Win_create_keyval(never, deletes, &a, story));
  DO(MPI_Win_create_keyval(MPI_WIN_DUP_FN, deletes, &b, story));
  DO(MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, MPI_COMM_NULL_DELETE_FN, &of_comm, NULL));
  DO(MPI_Win_create(NULL, 0, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &win));
  DO(MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN));
  expected = win;
  DO(MPI_Win_get_attr(win, a, &value, &flag));
  CHECK(!flag);
  DO(MPI_Win_set_attr(win, a, (void *)1));
  DO(MPI_Win_set_attr(win, b, (void *)2));
  CHECK(attribute(win, a) == (void *)1);
  DO(MPI_Win_set_attr(win, a, (void *)3));
  DO(MPI_Win_delete_attr(win, b));
  CHECK(told == 2 && !memcmp(story, "12", 2));
  DO(MPI_Win_set_attr(win, b, (void *)8));
  refuses = 1;
  SAME(MPI_Win_delete_attr(win, b), MPI_ERR_OTHER);
  FAILS(MPI_Win_get_attr(win, of_comm, &value, &flag), MPI_ERR_KEYVAL);
  FAILS(MPI_Win_set_attr(win, MPI_WIN_BASE, NULL), MPI_ERR_KEYVAL);
  FAILS(MPI_Win_delete_attr(win, MPI_WIN_SIZE), MPI_ERR_KEYVAL);
  FAILS(MPI_Win_get_attr(win, MPI_KEYVAL_INVALID, &value, &flag), MPI_ERR_KEYVAL);
  FAILS(MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_WIN_BASE, &value, &flag), MPI_ERR_KEYVAL);
  FAILS(MPI_Win_get_attr(win, MPI_TAG_UB, &value, &flag), MPI_ERR_KEYVAL);
  /* What is refused keeps the window. */
  SAME(MPI_Win_free(&win), MPI_ERR_OTHER);
  CHECK(win == expected && told == 4 && !memcmp(story, "1288", 4));
  int kept = b;
  DO(MPI_Win_free_keyval(&b));
  FAILS(MPI_Win_set_attr(win, kept, (void *)1), MPI_ERR_KEYVAL);
  refuses = told = 0;
  DO(MPI_Win_create_keyval(MPI_WIN_NULL_COPY_FN, deletes, &b, story));
  DO(MPI_Win_set_attr(win, b, (void *)4));
  DO(MPI_Win_free(&win));
  CHECK(win == MPI_WIN_NULL && told == 3 && !memcmp(story, "483", 3));
  DO(MPI_Win_free_keyval(&b));
  DO(MPI_Win_free_keyval(&a));
  DO(MPI_Comm_free_keyval(&of_comm));
}

static int errors, last;

static void on_error(MPI_Win *win, int *code, ...) {
  CHECK(*win == expected);
  last = class_of(*code);
  errors++;
}

static void handlers(void) {
  MPI_Win win, freed;
  MPI_Errhandler handler, known;
  MPI_Request request = MPI_REQUEST_NULL;
  int data = 0;
  DO(MPI_Win_create(&data, sizeof data, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &win));
  DO(MPI_Win_get_errhandler(win, &known));
  CHECK(known == MPI_ERRORS_ARE_FATAL);
  DO(MPI_Errhandler_free(&known));
  DO(MPI_Win_create_errhandler(on_error, &handler));
  DO(MPI_Win_set_errhandler(win, handler));
  DO(MPI_Win_get_errhandler(win, &known));
  CHECK(known == handler);
  DO(MPI_Errhandler_free(&known));
  FAILS(MPI_Comm_set_errhandler(MPI_COMM_WORLD, handler), MPI_ERR_ERRHANDLER);
  DO(MPI_Errhandler_free(&handler));
  expected = win;
  FAILS(MPI_Win_set_errhandler(win, MPI_ERRHANDLER_NULL), MPI_ERR_ERRHANDLER);
  CHECK(errors == 1 && last == MPI_ERR_ERRHANDLER);
  FAILS(MPI_Put(&data, 1, MPI_INT, size, 0, 1, MPI_INT, win), MPI_ERR_RANK);
  CHECK(errors == 2 && last == MPI_ERR_RANK);
  FAILS(MPI_Rput(&data, -1, MPI_INT, 0, 0, 1, MPI_INT, win, &request), MPI_ERR_COUNT);
  CHECK(errors == 3 && last == MPI_ERR_COUNT && request == MPI_REQUEST_NULL);
  DO(MPI_Win_call_errhandler(win, MPI_ERR_OTHER));
  CHECK(errors == 4 && last == MPI_ERR_OTHER);
  freed = win;
  DO(MPI_Win_free(&win));
  FAILS(MPI_Win_fence(0, freed), MPI_ERR_WIN);
  FAILS(MPI_Win_free(&freed), MPI_ERR_WIN);
  FAILS(MPI_Win_set_errhandler(MPI_WIN_NULL, MPI_ERRORS_RETURN), MPI_ERR_WIN);
  SAME(errors, 4);
}

/* What cannot become a window, at any rank. */
static void creations(void) {
  char data[8] = {0}, *base = NULL;
  MPI_Win win = MPI_WIN_NULL;
  FAILS(MPI_Win_create(data, -1, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &win), MPI_ERR_SIZE);
  FAILS(MPI_Win_create(data, 8, 0, MPI_INFO_NULL, MPI_COMM_WORLD, &win), MPI_ERR_DISP);
  FAILS(MPI_Win_create_c(data, 8, -1, MPI_INFO_NULL, MPI_COMM_WORLD, &win), MPI_ERR_DISP);
  FAILS(MPI_Win_create(data, 8, 1, MPI_INFO_NULL, MPI_COMM_NULL, &win), MPI_ERR_COMM);
  FAILS(MPI_Win_create(data, 8, 1, MPI_INFO_NULL, MPI_COMM_WORLD, NULL), MPI_ERR_ARG);
  FAILS(MPI_Win_create(NULL, 8, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &win), MPI_ERR_ARG);
  FAILS(MPI_Win_create(data, 8, 1, (MPI_Info)MPI_COMM_WORLD, MPI_COMM_WORLD, &win), MPI_ERR_INFO);
  FAILS(MPI_Win_allocate(-8, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win), MPI_ERR_SIZE);
  FAILS(MPI_Win_allocate(8, -1, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win), MPI_ERR_DISP);
  FAILS(MPI_Win_allocate(8, 1, MPI_INFO_NULL, MPI_COMM_WORLD, NULL, &win), MPI_ERR_ARG);
  FAILS(MPI_Win_allocate_shared(-8, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win), MPI_ERR_SIZE);
  FAILS(MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_NULL, &win), MPI_ERR_COMM);
  CHECK(win == MPI_WIN_NULL && base == NULL);
  /* What is wrong at one rank is wrong at all. */
  FAILS(MPI_Win_create(data, rank ? 8 : -1, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &win), MPI_ERR_SIZE);
  FAILS(MPI_Win_allocate(8, rank == size - 1 ? 0 : 1, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win), MPI_ERR_DISP);
  CHECK(win == MPI_WIN_NULL && base == NULL);
  if (size == 1) return;
  /* Two groups have no window. */
  MPI_Comm half, inter;
  DO(MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half));
  DO(MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, 1 - rank % 2, 7, &inter));
  DO(MPI_Comm_set_errhandler(inter, MPI_ERRORS_RETURN));
  FAILS(MPI_Win_create(data, 8, 1, MPI_INFO_NULL, inter, &win), MPI_ERR_COMM);
  FAILS(MPI_Win_allocate(8, 1, MPI_INFO_NULL, inter, &base, &win), MPI_ERR_COMM);
  FAILS(MPI_Win_create_dynamic(MPI_INFO_NULL, inter, &win), MPI_ERR_COMM);
  DO(MPI_Comm_free(&inter));
  DO(MPI_Comm_free(&half));
}

static void twice(void *in, void *inout, int *count, MPI_Datatype *type) {
  (void)in, (void)inout, (void)count, (void)type;
}

/* Arguments that are wrong inside of an epoch, where nothing comes of them. */
static void arguments(MPI_Win win) {
  int data[4] = {0};
  MPI_Datatype pair, mixed;
  MPI_Op own;
  MPI_Request request = MPI_REQUEST_NULL;
  int ones[2] = {1, 1};
  MPI_Aint at[2] = {0, 8};
  MPI_Datatype kinds[2] = {MPI_INT, MPI_DOUBLE};
  FAILS(MPI_Put(data, 1, MPI_INT, size, 0, 1, MPI_INT, win), MPI_ERR_RANK);
  FAILS(MPI_Put(data, 1, MPI_INT, -9, 0, 1, MPI_INT, win), MPI_ERR_RANK);
  FAILS(MPI_Put(data, -1, MPI_INT, 0, 0, 1, MPI_INT, win), MPI_ERR_COUNT);
  FAILS(MPI_Put(data, 1, MPI_INT, 0, 0, -1, MPI_INT, win), MPI_ERR_COUNT);
  FAILS(MPI_Put_c(data, 1, MPI_INT, 0, 0, -1, MPI_INT, win), MPI_ERR_COUNT);
  FAILS(MPI_Put(data, 1, MPI_DATATYPE_NULL, 0, 0, 1, MPI_INT, win), MPI_ERR_TYPE);
  FAILS(MPI_Put(data, 1, MPI_INT, 0, 0, 1, MPI_DATATYPE_NULL, win), MPI_ERR_TYPE);
  FAILS(MPI_Put(NULL, 1, MPI_INT, 0, 0, 1, MPI_INT, win), MPI_ERR_BUFFER);
  FAILS(MPI_Get(data, 1, MPI_INT, 0, -1, 1, MPI_INT, win), MPI_ERR_DISP);
  FAILS(MPI_Get(data, 1, MPI_INT, 0, 0, 1, MPI_INT, MPI_WIN_NULL), MPI_ERR_WIN);
  FAILS(MPI_Rget(data, 1, MPI_INT, 0, 0, 1, MPI_INT, win, NULL), MPI_ERR_ARG);
  FAILS(MPI_Rget(data, 1, MPI_INT, size, 0, 1, MPI_INT, win, &request), MPI_ERR_RANK);
  DO(MPI_Type_contiguous(2, MPI_INT, &pair));
  FAILS(MPI_Get(data, 1, pair, 0, 0, 2, MPI_INT, win), MPI_ERR_TYPE);
  FAILS(MPI_Get(data, 2, MPI_INT, 0, 0, 1, pair, win), MPI_ERR_TYPE);
  DO(MPI_Type_commit(&pair));
  DO(MPI_Type_create_struct(2, ones, at, kinds, &mixed));
  DO(MPI_Type_commit(&mixed));

  DO(MPI_Op_create(twice, 1, &own));
  FAILS(MPI_Accumulate(data, 1, MPI_INT, 0, 0, 1, MPI_INT, own, win), MPI_ERR_OP);
  FAILS(MPI_Accumulate(data, 1, MPI_INT, 0, 0, 1, MPI_INT, MPI_NO_OP, win), MPI_ERR_OP);
  FAILS(MPI_Accumulate(data, 1, MPI_INT, 0, 0, 1, MPI_INT, MPI_OP_NULL, win), MPI_ERR_OP);
  FAILS(MPI_Accumulate(data, 1, MPI_BYTE, 0, 0, 1, MPI_BYTE, MPI_SUM, win), MPI_ERR_OP);
  FAILS(MPI_Accumulate(data, 1, MPI_CHAR, 0, 0, 1, MPI_CHAR, MPI_MAX, win), MPI_ERR_OP);
  FAILS(MPI_Accumulate(data, 1, MPI_DOUBLE, 0, 0, 1, MPI_DOUBLE, MPI_BAND, win), MPI_ERR_OP);
  FAILS(MPI_Accumulate(data, 1, MPI_INT, 0, 0, 1, MPI_INT, MPI_MINLOC, win), MPI_ERR_OP);
  FAILS(MPI_Accumulate(data, 1, MPI_INT, 0, 0, 1, MPI_FLOAT, MPI_SUM, win), MPI_ERR_TYPE);
  FAILS(MPI_Accumulate(data, 1, mixed, 0, 0, 1, mixed, MPI_REPLACE, win), MPI_ERR_TYPE);
  FAILS(MPI_Accumulate(data, 1, MPI_INT, size, 0, 1, MPI_INT, MPI_SUM, win), MPI_ERR_RANK);
  FAILS(MPI_Accumulate(data, 1, MPI_INT, 0, -4, 1, MPI_INT, MPI_SUM, win), MPI_ERR_DISP);
  FAILS(MPI_Raccumulate(data, 1, MPI_INT, 0, 0, 1, MPI_INT, MPI_NO_OP, win, &request), MPI_ERR_OP);
  FAILS(MPI_Get_accumulate(data, 1, MPI_INT, data + 2, 1, MPI_INT, 0, 0, 1, MPI_INT, own, win), MPI_ERR_OP);
  FAILS(MPI_Get_accumulate(data, 1, MPI_INT, data + 2, 1, MPI_FLOAT, 0, 0, 1, MPI_INT, MPI_SUM, win), MPI_ERR_TYPE);
  FAILS(MPI_Get_accumulate(NULL, 0, MPI_DATATYPE_NULL, NULL, 1, MPI_INT, 0, 0, 1, MPI_INT, MPI_NO_OP, win),
        MPI_ERR_BUFFER);
  FAILS(MPI_Fetch_and_op(data, data + 1, pair, 0, 0, MPI_SUM, win), MPI_ERR_TYPE);
  FAILS(MPI_Fetch_and_op(data, data + 1, MPI_INT, 0, -1, MPI_SUM, win), MPI_ERR_DISP);
  FAILS(MPI_Fetch_and_op(data, data + 1, MPI_INT, size, 0, MPI_SUM, win), MPI_ERR_RANK);
  FAILS(MPI_Fetch_and_op(data, NULL, MPI_INT, 0, 0, MPI_SUM, win), MPI_ERR_BUFFER);
  FAILS(MPI_Compare_and_swap(data, data, data + 2, MPI_DOUBLE, 0, 0, win), MPI_ERR_TYPE);
  FAILS(MPI_Compare_and_swap(data, data, data + 2, pair, 0, 0, win), MPI_ERR_TYPE);
  FAILS(MPI_Compare_and_swap(data, NULL, data + 2, MPI_INT, 0, 0, win), MPI_ERR_BUFFER);
  DO(MPI_Op_free(&own));
  DO(MPI_Type_free(&mixed));
  DO(MPI_Type_free(&pair));
}

static void wrong(void) {
  int data[4] = {1, 2, 3, 4}, flag = -1, unit;
  MPI_Win win, dynamic;
  MPI_Aint bytes;
  void *base;
  DO(MPI_Win_create(data, sizeof data, 4, MPI_INFO_NULL, MPI_COMM_WORLD, &win));
  DO(MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN));
  DO(MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_WORLD, &dynamic));
  DO(MPI_Win_set_errhandler(dynamic, MPI_ERRORS_RETURN));
  /* Nothing has begun that could end. */
  FAILS(MPI_Win_complete(win), MPI_ERR_RMA_SYNC);
  FAILS(MPI_Win_wait(win), MPI_ERR_RMA_SYNC);
  FAILS(MPI_Win_test(win, &flag), MPI_ERR_RMA_SYNC);
  FAILS(MPI_Win_unlock(0, win), MPI_ERR_RMA_SYNC);
  FAILS(MPI_Win_unlock_all(win), MPI_ERR_RMA_SYNC);
  FAILS(MPI_Win_flush(0, win), MPI_ERR_RMA_SYNC);
  FAILS(MPI_Win_flush_all(win), MPI_ERR_RMA_SYNC);
  FAILS(MPI_Put(data, 1, MPI_INT, 0, 0, 1, MPI_INT, win), MPI_ERR_RMA_SYNC);

  FAILS(MPI_Win_lock(0, 0, 0, win), MPI_ERR_LOCKTYPE);
  FAILS(MPI_Win_lock(MPI_LOCK_SHARED, size, 0, win), MPI_ERR_RANK);
  FAILS(MPI_Win_lock(MPI_LOCK_SHARED, 0, MPI_MODE_NOPUT, win), MPI_ERR_ASSERT);
  FAILS(MPI_Win_lock_all(-1, win), MPI_ERR_ASSERT);
  FAILS(MPI_Win_fence(MPI_MODE_NOCHECK, win), MPI_ERR_ASSERT);
  FAILS(MPI_Win_fence(1, win), MPI_ERR_ASSERT);
  FAILS(MPI_Win_post(MPI_GROUP_EMPTY, MPI_MODE_NOSUCCEED, win), MPI_ERR_ASSERT);
  FAILS(MPI_Win_start(MPI_GROUP_EMPTY, MPI_MODE_NOSTORE, win), MPI_ERR_ASSERT);
  FAILS(MPI_Win_post(MPI_GROUP_NULL, 0, win), MPI_ERR_GROUP);
  FAILS(MPI_Win_start(MPI_GROUP_NULL, 0, win), MPI_ERR_GROUP);

  FAILS(MPI_Win_attach(win, data, 4), MPI_ERR_RMA_FLAVOR);
  FAILS(MPI_Win_attach(dynamic, data, -4), MPI_ERR_SIZE);
  FAILS(MPI_Win_attach(dynamic, NULL, 4), MPI_ERR_RMA_ATTACH);
  FAILS(MPI_Win_detach(dynamic, data), MPI_ERR_RMA_ATTACH);
  FAILS(MPI_Win_shared_query(dynamic, 0, &bytes, &unit, &base), MPI_ERR_RMA_FLAVOR);
  FAILS(MPI_Win_shared_query(win, size, &bytes, &unit, &base), MPI_ERR_RANK);
  FAILS(MPI_Win_shared_query(win, 0, &bytes, &unit, NULL), MPI_ERR_ARG);
  FAILS(MPI_Win_get_group(win, NULL), MPI_ERR_ARG);
  FAILS(MPI_Win_get_info(win, NULL), MPI_ERR_ARG);
  FAILS(MPI_Win_set_name(win, NULL), MPI_ERR_ARG);

  DO(MPI_Win_fence(0, win));
  arguments(win);
  DO(MPI_Win_fence(0, win));
  CHECK(data[0] == 1 && data[1] == 2 && data[2] == 3 && data[3] == 4);
  DO(MPI_Win_free(&dynamic));
  DO(MPI_Win_free(&win));
}

int main(void) {
  begin(MPI_THREAD_SINGLE);
  flavors();
  shared();
  names_and_hints();
  attributes();
  handlers();
  creations();
  wrong();
  MPI_Finalize();
  return 0;
}
