/* ranks: 1 2 3 */
/* Attributes: what is copied and deleted, when and in which order; what MPI itself sets; and what is wrong. */
#include <assert.h>
#include <mpi.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int rank, size;
static char story[256];

static void tell(char what, void *value)
{
    size_t n = strlen(story);
    story[n] = what;
    story[n + 1] = (char)('0' + (intptr_t)value);
}

static int told(const char *expected)
{
    int same = !strcmp(story, expected);
    memset(story, 0, sizeof story);
    return same;
}

/* A copy is one more. 7 is not copied; 9 cannot be. */
static int copies(MPI_Comm comm, int keyval, void *extra, void *value, void *new, int *flag)
{
    int n;
    assert(MPI_Comm_size(comm, &n) == MPI_SUCCESS && keyval != MPI_KEYVAL_INVALID && extra == story);
    tell('c', value);
    if ((intptr_t)value == 9)
        return MPI_ERR_OTHER;
    *(void **)new = (void *)((intptr_t)value + 1);
    *flag = (intptr_t)value != 7;
    return MPI_SUCCESS;
}

/* 8 is not deleted. */
static int deletes(MPI_Comm comm, int keyval, void *value, void *extra)
{
    int n;
    assert(MPI_Comm_size(comm, &n) == MPI_SUCCESS && keyval != MPI_KEYVAL_INVALID && extra == story);
    tell('d', value);
    return (intptr_t)value == 8 ? MPI_ERR_OTHER : MPI_SUCCESS;
}

static intptr_t value_of(MPI_Comm comm, int keyval)
{
    void *value;
    int flag;
    assert(MPI_Comm_get_attr(comm, keyval, &value, &flag) == MPI_SUCCESS);
    return flag ? (intptr_t)value : -1;
}

static void set(MPI_Comm comm, int keyval, intptr_t value)
{
    assert(MPI_Comm_set_attr(comm, keyval, (void *)value) == MPI_SUCCESS);
}

static void of_communicators(void)
{
    MPI_Comm comm, copy, late;
    MPI_Request request;
    int a, b, same, none, kept;
    MPI_Comm_create_keyval(copies, deletes, &a, story);
    MPI_Comm_create_keyval(copies, deletes, &b, story);
    MPI_Comm_create_keyval(MPI_COMM_DUP_FN, MPI_COMM_NULL_DELETE_FN, &same, NULL);
    MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, MPI_COMM_NULL_DELETE_FN, &none, NULL);
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    assert(value_of(comm, a) == -1);
    set(comm, b, 1);
    set(comm, same, 42);
    set(comm, none, 43);
    set(comm, a, 2);
    assert(told(""));
    MPI_Comm_dup(comm, &copy);
    assert(told("c1c2"));
    assert(value_of(copy, b) == 2 && value_of(copy, a) == 3 && value_of(copy, same) == 42);
    assert(value_of(copy, none) == -1 && value_of(comm, none) == 43);
    MPI_Comm_idup(copy, &late, &request);
    assert(told("c2c3"));
    MPI_Comm_delete_attr(copy, b);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    assert(told("d2") && value_of(late, b) == 3 && value_of(late, a) == 4);
    MPI_Comm_free(&late);
    assert(told("d4d3"));
    set(copy, a, 5);
    assert(told("d3"));
    /* A keyval that was freed goes on where it was set. */
    kept = a;
    MPI_Comm_free_keyval(&a);
    assert(a == MPI_KEYVAL_INVALID && value_of(copy, kept) == 5);
    assert(MPI_Comm_set_attr(copy, kept, NULL) == MPI_ERR_KEYVAL);
    MPI_Comm_free(&copy);
    assert(told("d5"));
    MPI_Comm_delete_attr(comm, kept);
    assert(told("d2"));
    assert(MPI_Comm_get_attr(comm, kept, &copy, &none) == MPI_ERR_KEYVAL);

    /* What cannot be copied at one rank is duplicated nowhere; the copies that were made go. */
    MPI_Comm_create_keyval(copies, deletes, &a, story);
    set(comm, a, rank == 0 ? 9 : 7);
    copy = MPI_COMM_WORLD;
    assert(MPI_Comm_dup(comm, &copy) != MPI_SUCCESS && copy == MPI_COMM_NULL);
    assert(told(rank == 0 ? "c1c9d2" : "c1c7d2"));
    assert(MPI_Comm_idup(comm, &copy, &request) == MPI_SUCCESS);
    assert(MPI_Wait(&request, MPI_STATUS_IGNORE) != MPI_SUCCESS && copy == MPI_COMM_NULL);
    told("");
    /* What cannot be deleted stays, and so does its communicator. */
    set(comm, b, 8);
    told("");
    assert(MPI_Comm_delete_attr(comm, b) == MPI_ERR_OTHER && value_of(comm, b) == 8);
    assert(MPI_Comm_set_attr(comm, b, NULL) == MPI_ERR_OTHER && value_of(comm, b) == 8);
    assert(MPI_Comm_free(&comm) == MPI_ERR_OTHER && comm != MPI_COMM_NULL);
    assert(told("d8d8d8"));
    MPI_Comm_free_keyval(&a);
    MPI_Comm_free_keyval(&b);
    MPI_Comm_free_keyval(&same);
}

static void of_mpi(void)
{
    MPI_Comm copy;
    int *value, flag, keyval;
    MPI_Comm_dup(MPI_COMM_SELF, &copy);
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &value, &flag);
    assert(flag && *value >= 32767);
    MPI_Comm_get_attr(copy, MPI_TAG_UB, &value, &flag);
    assert(flag && *value >= 32767);
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_IO, &value, &flag);
    assert(flag && *value == MPI_ANY_SOURCE);
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_WTIME_IS_GLOBAL, &value, &flag);
    assert(flag && (*value == 0 || *value == 1));
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_UNIVERSE_SIZE, &value, &flag);
    assert(!flag || *value >= size);
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_APPNUM, &value, &flag);
    assert(!flag || *value >= 0);
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_LASTUSEDCODE, &value, &flag);
    assert(flag && *value >= MPI_ERR_LASTCODE);
    MPI_Add_error_class(&keyval);
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_LASTUSEDCODE, &value, &flag);
    assert(*value == keyval);
    assert(MPI_Comm_set_attr(MPI_COMM_WORLD, MPI_TAG_UB, NULL) == MPI_ERR_KEYVAL);
    assert(MPI_Comm_delete_attr(MPI_COMM_WORLD, MPI_IO) == MPI_ERR_KEYVAL);
    keyval = MPI_TAG_UB;
    assert(MPI_Comm_free_keyval(&keyval) == MPI_ERR_KEYVAL && keyval == MPI_TAG_UB);
    assert(MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_WIN_BASE, &value, &flag) == MPI_ERR_KEYVAL);
    MPI_Comm_free(&copy);
}

static int of_type(MPI_Datatype type, int keyval, void *value, void *extra)
{
    (void)type, (void)keyval, (void)extra;
    tell('t', value);
    return MPI_SUCCESS;
}

static void of_types(void)
{
    int keyval, flag, len;
    void *value;
    char name[MPI_MAX_OBJECT_NAME];
    MPI_Type_create_keyval(MPI_TYPE_NULL_COPY_FN, of_type, &keyval, NULL);
    MPI_Type_get_attr(MPI_INT, keyval, &value, &flag);
    assert(!flag);
    MPI_Type_set_attr(MPI_INT, keyval, (void *)3);
    MPI_Type_get_attr(MPI_INT, keyval, &value, &flag);
    assert(flag && value == (void *)3);
    MPI_Type_delete_attr(MPI_INT, keyval);
    assert(told("t3"));
    assert(MPI_Type_set_attr(MPI_DATATYPE_NULL, keyval, NULL) == MPI_ERR_TYPE);
    assert(MPI_Comm_set_attr(MPI_COMM_SELF, keyval, NULL) == MPI_ERR_KEYVAL);
    assert(MPI_Comm_free_keyval(&keyval) == MPI_ERR_KEYVAL);
    assert(MPI_Type_free_keyval(&keyval) == MPI_SUCCESS && keyval == MPI_KEYVAL_INVALID);
    assert(MPI_Type_get_attr(MPI_INT, keyval, &value, &flag) == MPI_ERR_KEYVAL);

    MPI_Type_get_name(MPI_DOUBLE, name, &len);
    assert(!strcmp(name, "MPI_DOUBLE") && len == 10);
    MPI_Type_get_name(MPI_DATATYPE_NULL, name, &len);
    assert(!strcmp(name, "MPI_DATATYPE_NULL"));
    MPI_Type_set_name(MPI_DOUBLE, "real");
    MPI_Type_get_name(MPI_DOUBLE, name, &len);
    assert(!strcmp(name, "real"));
    MPI_Type_set_name(MPI_DOUBLE, "MPI_DOUBLE");

    assert(MPI_Win_create_keyval(MPI_WIN_NULL_COPY_FN, MPI_WIN_NULL_DELETE_FN, &keyval, NULL) == MPI_SUCCESS);
    assert(MPI_Win_get_attr(MPI_WIN_NULL, keyval, &value, &flag) == MPI_ERR_WIN);
    assert(MPI_Win_free_keyval(&keyval) == MPI_SUCCESS);
}

static int last, ended;

/* What libraries have asked for at the end: the last first, while everything works. */
static int at_end(MPI_Comm comm, int keyval, void *value, void *extra)
{
    int flag;
    (void)keyval, (void)extra;
    assert((intptr_t)value == last && (comm == MPI_COMM_SELF || last == 0));
    last--;
    MPI_Finalized(&flag);
    assert(!flag);
    ended++;
    return MPI_SUCCESS;
}

int main(void)
{
    int keyvals[3], i, world;
    void *value;
    MPI_Init(NULL, NULL);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    of_communicators();
    of_mpi();
    of_types();
    assert(MPI_Comm_get_attr(MPI_COMM_NULL, MPI_TAG_UB, &value, &i) == MPI_ERR_COMM);
    assert(MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_KEYVAL_INVALID, &value, &i) == MPI_ERR_KEYVAL);
    assert(MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, MPI_COMM_NULL_DELETE_FN, NULL, NULL) == MPI_ERR_ARG);
    assert(MPI_Comm_free_keyval(NULL) == MPI_ERR_ARG);
    MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, at_end, &world, NULL);
    MPI_Comm_set_attr(MPI_COMM_WORLD, world, (void *)0);
    for (i = 0; i < 3; i++) {
        MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, at_end, &keyvals[i], NULL);
        MPI_Comm_set_attr(MPI_COMM_SELF, keyvals[i], (void *)(intptr_t)(i + 1));
        MPI_Comm_free_keyval(&keyvals[i]);
    }
    last = 3;
    MPI_Finalize();
    assert(ended == 4);
    return 0;
}
