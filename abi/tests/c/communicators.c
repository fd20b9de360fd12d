/* ranks: 1 2 3 4 */
/* Communicators: made of others and of groups, between groups, names, hints, their end, and what is wrong. */
#include <assert.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

static int rank, size;

static int compared(MPI_Comm one, MPI_Comm other)
{
    int result;
    assert(MPI_Comm_compare(one, other, &result) == MPI_SUCCESS);
    return result;
}

static void expect(MPI_Comm comm, int want_size, int want_rank)
{
    int s, r;
    assert(comm != MPI_COMM_NULL);
    MPI_Comm_size(comm, &s);
    MPI_Comm_rank(comm, &r);
    assert(s == want_size && r == want_rank);
}

/* Of a communicator of those who share memory: its members are those on this host, in their order or the reverse. */
static void expect_neighbours(MPI_Comm comm, int reversed)
{
    static char names[16][MPI_MAX_PROCESSOR_NAME];
    char name[MPI_MAX_PROCESSOR_NAME] = "";
    int len, i, here = 0, before = 0;
    assert(size <= 16 && MPI_Get_processor_name(name, &len) == MPI_SUCCESS);
    MPI_Allgather(name, sizeof name, MPI_CHAR, names, sizeof name, MPI_CHAR, MPI_COMM_WORLD);
    for (i = 0; i < size; i++)
        if (!strcmp(names[i], name)) {
            here++;
            before += i < rank;
        }
    expect(comm, here, reversed ? here - 1 - before : before);
}

static void finish(MPI_Comm *comm)
{
    if (*comm != MPI_COMM_NULL)
        assert(MPI_Comm_free(comm) == MPI_SUCCESS && *comm == MPI_COMM_NULL);
}

static void duplicates(void)
{
    MPI_Comm copy, again, late[3];
    MPI_Request requests[3];
    MPI_Status status;
    MPI_Info info, got;
    int i, flag, len;
    char value[16];
    assert(MPI_Comm_dup(MPI_COMM_WORLD, &copy) == MPI_SUCCESS);
    expect(copy, size, rank);
    assert(compared(copy, MPI_COMM_WORLD) == MPI_CONGRUENT && compared(copy, copy) == MPI_IDENT);

    MPI_Info_create(&info);
    MPI_Info_set(info, "mpi_assert_no_any_tag", "true");
    assert(MPI_Comm_dup_with_info(copy, info, &again) == MPI_SUCCESS);
    MPI_Comm_get_info(again, &got);
    len = sizeof value;
    MPI_Info_get_string(got, "mpi_assert_no_any_tag", &len, value, &flag);
    assert(flag && len == 5 && !strcmp(value, "true"));
    MPI_Info_free(&got);
    MPI_Comm_get_info(copy, &got);
    MPI_Info_get_nkeys(got, &len);
    assert(len == 0);
    MPI_Info_free(&got);
    assert(MPI_Comm_set_info(copy, info) == MPI_SUCCESS);
    MPI_Comm_get_info(copy, &got);
    MPI_Info_get_nkeys(got, &len);
    assert(len == 1);
    MPI_Info_free(&got);

    assert(MPI_Comm_idup(copy, &late[0], &requests[0]) == MPI_SUCCESS);
    assert(MPI_Comm_idup_with_info(MPI_COMM_SELF, info, &late[1], &requests[1]) == MPI_SUCCESS);
    assert(MPI_Comm_idup_with_info(copy, MPI_INFO_NULL, &late[2], &requests[2]) == MPI_SUCCESS);
    for (i = 2; i > 0; i--)
        assert(MPI_Wait(&requests[i], &status) == MPI_SUCCESS && requests[i] == MPI_REQUEST_NULL);
    for (flag = 0; !flag;)
        assert(MPI_Test(&requests[0], &flag, MPI_STATUS_IGNORE) == MPI_SUCCESS);
    expect(late[0], size, rank);
    expect(late[1], 1, 0);
    assert(compared(late[2], copy) == MPI_CONGRUENT);
    for (i = 0; i < 3; i++)
        finish(&late[i]);
    MPI_Info_free(&info);
    finish(&again);
    finish(&copy);
}

static void parts(void)
{
    MPI_Comm part;
    MPI_Group world, half;
    MPI_Info info;
    int range[1][3], flag, len, members;
    char value[64];
    assert(MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &part) == MPI_SUCCESS);
    members = (size + 1 - rank % 2) / 2;
    expect(part, members, members - 1 - rank / 2);
    finish(&part);
    MPI_Comm_split(MPI_COMM_WORLD, rank == 0 ? MPI_UNDEFINED : 0, 0, &part);
    assert((part == MPI_COMM_NULL) == (rank == 0));
    finish(&part);
    assert(MPI_Comm_split(MPI_COMM_WORLD, -7, 0, &part) == MPI_ERR_ARG && part == MPI_COMM_NULL);

    assert(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &part) == 0);
    expect_neighbours(part, 0);
    finish(&part);
    MPI_Comm_split_type(MPI_COMM_WORLD, rank ? MPI_UNDEFINED : MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &part);
    assert((part == MPI_COMM_NULL) == (rank != 0));
    finish(&part);
    MPI_Info_create(&info);
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_HW_GUIDED, 0, info, &part);
    assert(part == MPI_COMM_NULL);
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_HW_UNGUIDED, 0, info, &part);
    if (part != MPI_COMM_NULL) {
        len = sizeof value;
        MPI_Info_get_string(info, "mpi_hw_resource_type", &len, value, &flag);
        assert(flag);
        MPI_Comm_size(part, &len);
        assert(len < size);
        MPI_Info_delete(info, "mpi_hw_resource_type");
    }
    finish(&part);
    MPI_Info_set(info, "mpi_pset_name", "mpi://SELF");
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_RESOURCE_GUIDED, 0, info, &part);
    expect(part, 1, 0);
    finish(&part);
    MPI_Info_set(info, "mpi_hw_resource_type", "mpi_shared_memory");
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_HW_GUIDED, -rank, info, &part);
    expect_neighbours(part, 1);
    finish(&part);
    MPI_Info_free(&info);

    MPI_Comm_group(MPI_COMM_WORLD, &world);
    range[0][0] = 0, range[0][1] = (size - 1) / 2, range[0][2] = 1;
    MPI_Group_range_incl(world, 1, range, &half);
    assert(MPI_Comm_create(MPI_COMM_WORLD, half, &part) == MPI_SUCCESS);
    assert((part == MPI_COMM_NULL) == (rank > range[0][1]));
    finish(&part);
    MPI_Comm_create(MPI_COMM_WORLD, MPI_GROUP_EMPTY, &part);
    assert(part == MPI_COMM_NULL);
    assert(MPI_Comm_create_group(MPI_COMM_WORLD, half, 5, &part) == MPI_SUCCESS);
    assert((part == MPI_COMM_NULL) == (rank > range[0][1]));
    finish(&part);
    if (rank <= range[0][1]) {
        assert(MPI_Comm_create_from_group(half, "org.example", MPI_INFO_NULL, MPI_ERRORS_RETURN, &part) == 0);
        expect(part, range[0][1] + 1, rank);
        finish(&part);
    } else {
        assert(MPI_Comm_create_from_group(half, "org.example", MPI_INFO_NULL, MPI_ERRORS_RETURN, &part)
               == MPI_ERR_GROUP);
    }
    MPI_Comm_create_from_group(MPI_GROUP_EMPTY, "none", MPI_INFO_NULL, MPI_ERRORS_RETURN, &part);
    assert(part == MPI_COMM_NULL);
    MPI_Group_free(&half);
    MPI_Group_free(&world);
}

static void between(void)
{
    MPI_Comm side, across, both, other;
    MPI_Group mine, theirs;
    int color = rank >= (size + 1) / 2, flag, n, handle;
    MPI_Errhandler handler;
    if (size == 1)
        return;
    MPI_Comm_split(MPI_COMM_WORLD, color, 0, &side);
    MPI_Comm_set_errhandler(side, MPI_ERRORS_RETURN);
    assert(MPI_Intercomm_create(side, 0, MPI_COMM_WORLD, color ? 0 : (size + 1) / 2, 3, &across) == 0);
    MPI_Comm_get_errhandler(across, &handler);
    assert(handler == MPI_ERRORS_RETURN);
    MPI_Comm_test_inter(across, &flag);
    assert(flag);
    MPI_Comm_remote_size(across, &n);
    assert(n == (color ? (size + 1) / 2 : size / 2));
    MPI_Comm_group(across, &mine);
    MPI_Comm_remote_group(across, &theirs);
    MPI_Group_size(theirs, &handle);
    assert(handle == n);
    assert(MPI_Intercomm_merge(across, color, &both) == MPI_SUCCESS);
    expect(both, size, rank);
    finish(&both);
    assert(MPI_Comm_dup(across, &other) == MPI_SUCCESS && compared(across, other) == MPI_CONGRUENT);
    finish(&other);
    assert(MPI_Intercomm_create_from_groups(mine, 0, theirs, 0, "across", MPI_INFO_NULL, MPI_ERRORS_RETURN,
                                            &other) == MPI_SUCCESS);
    assert(compared(across, other) == MPI_CONGRUENT);
    assert(MPI_Comm_disconnect(&other) == MPI_SUCCESS && other == MPI_COMM_NULL);
    /* Where it does not matter, anything may be given. */
    assert(MPI_Intercomm_create(side, 0, rank == 0 || rank == (size + 1) / 2 ? MPI_COMM_WORLD : MPI_COMM_NULL,
                                color ? 0 : (size + 1) / 2, 3, &other) == MPI_SUCCESS);
    finish(&other);
    /* A leader without a peer, seen by all of its group and the other one. */
    assert(MPI_Intercomm_create(side, 99, MPI_COMM_WORLD, 0, 3, &other) == MPI_ERR_RANK);
    assert(other == MPI_COMM_NULL);
    assert(MPI_Intercomm_create(across, 0, MPI_COMM_WORLD, 0, 3, &other) == MPI_ERR_COMM);
    assert(MPI_Comm_create_group(across, mine, 0, &other) == MPI_ERR_COMM);
    assert(MPI_Intercomm_merge(side, 0, &other) == MPI_ERR_COMM);
    MPI_Group_free(&mine);
    MPI_Group_free(&theirs);
    finish(&across);
    finish(&side);
}

static void names(void)
{
    char name[MPI_MAX_OBJECT_NAME], long_name[2 * MPI_MAX_OBJECT_NAME];
    int len;
    MPI_Comm copy;
    MPI_Comm_get_name(MPI_COMM_WORLD, name, &len);
    assert(!strcmp(name, "MPI_COMM_WORLD") && len == 14);
    MPI_Comm_get_name(MPI_COMM_SELF, name, &len);
    assert(!strcmp(name, "MPI_COMM_SELF"));
    MPI_Comm_get_name(MPI_COMM_NULL, name, &len);
    assert(!strcmp(name, "MPI_COMM_NULL"));
    MPI_Comm_dup(MPI_COMM_SELF, &copy);
    MPI_Comm_get_name(copy, name, &len);
    assert(len == 0 && name[0] == '\0');
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    MPI_Comm_set_name(copy, long_name);
    MPI_Comm_get_name(copy, name, &len);
    assert(len == MPI_MAX_OBJECT_NAME - 1 && name[len] == '\0' && name[len - 1] == 'x');
    assert(MPI_Comm_set_name(copy, NULL) == MPI_ERR_ARG && MPI_Comm_get_name(copy, NULL, &len) == MPI_ERR_ARG);
    finish(&copy);
}

static int heard;

static void hears(MPI_Comm *comm, int *code, ...)
{
    (void)comm;
    heard = *code;
}

static void wrong(void)
{
    MPI_Comm comm, gone, copy;
    MPI_Group group;
    MPI_Errhandler handler;
    int n;
    MPI_Request request;
    assert(MPI_Comm_size(MPI_COMM_NULL, &n) == MPI_ERR_COMM);
    assert(MPI_Comm_size((MPI_Comm)MPI_GROUP_EMPTY, &n) == MPI_ERR_COMM);
    assert(MPI_Comm_rank(MPI_COMM_WORLD, NULL) == MPI_ERR_ARG);
    assert(MPI_Comm_compare(MPI_COMM_WORLD, MPI_COMM_NULL, &n) == MPI_ERR_COMM);
    assert(MPI_Comm_compare(MPI_COMM_NULL, MPI_COMM_WORLD, &n) == MPI_ERR_COMM);
    assert(MPI_Comm_remote_size(MPI_COMM_WORLD, &n) == MPI_ERR_COMM);
    assert(MPI_Comm_remote_group(MPI_COMM_WORLD, &group) == MPI_ERR_COMM);
    assert(MPI_Comm_dup(MPI_COMM_WORLD, NULL) == MPI_ERR_ARG);
    assert(MPI_Comm_dup_with_info(MPI_COMM_WORLD, (MPI_Info)MPI_COMM_WORLD, &copy) == MPI_ERR_INFO);
    assert(MPI_Comm_idup(MPI_COMM_WORLD, &copy, NULL) == MPI_ERR_ARG);
    assert(MPI_Comm_idup(MPI_COMM_NULL, &copy, &request) == MPI_ERR_COMM);
    assert(MPI_Comm_create(MPI_COMM_WORLD, MPI_GROUP_NULL, &copy) == MPI_ERR_GROUP);
    assert(MPI_Comm_split_type(MPI_COMM_WORLD, 77, 0, MPI_INFO_NULL, &copy) == MPI_ERR_ARG);
    comm = MPI_COMM_WORLD;
    assert(MPI_Comm_free(&comm) == MPI_ERR_COMM && comm == MPI_COMM_WORLD);
    comm = MPI_COMM_SELF;
    assert(MPI_Comm_disconnect(&comm) == MPI_ERR_COMM);
    comm = MPI_COMM_NULL;
    assert(MPI_Comm_free(&comm) == MPI_ERR_COMM && MPI_Comm_free(NULL) == MPI_ERR_ARG);
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    gone = comm;
    MPI_Comm_free(&comm);
    assert(MPI_Comm_size(gone, &n) == MPI_ERR_COMM);
    MPI_Comm_get_parent(&comm);
    assert(comm == MPI_COMM_NULL);

    /* Duplicates inherit the handler, and keep it when the program has let it go. */
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    MPI_Comm_create_errhandler(hears, &handler);
    MPI_Comm_set_errhandler(comm, handler);
    MPI_Errhandler_free(&handler);
    MPI_Comm_dup(comm, &copy);
    finish(&comm);
    assert(MPI_Comm_create(copy, MPI_GROUP_NULL, &comm) == MPI_ERR_GROUP && heard == MPI_ERR_GROUP);
    finish(&copy);
    /* One that is given hears of the call itself. */
    MPI_Comm_create_errhandler(hears, &handler);
    assert(MPI_Comm_create_from_group(MPI_GROUP_NULL, "x", MPI_INFO_NULL, handler, &comm) == MPI_ERR_GROUP);
    MPI_Comm_group(MPI_COMM_SELF, &group);
    assert(MPI_Comm_create_from_group(group, NULL, MPI_INFO_NULL, handler, &comm) == MPI_ERR_ARG);
    assert(heard == MPI_ERR_ARG);
    MPI_Errhandler_free(&handler);
    MPI_Group_free(&group);
}

int main(void)
{
    MPI_Init(NULL, NULL);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    duplicates();
    parts();
    between();
    names();
    wrong();
    MPI_Finalize();
    return 0;
}
