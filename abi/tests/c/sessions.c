/* ranks: 1 2 4 */
/* Sessions without a world, and beside one. */
#include <assert.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

static int heard;

static void hears(MPI_Session *session, int *code, ...)
{
    (void)session;
    heard = *code;
}

static void on_comm(MPI_Comm *comm, int *code, ...)
{
    (void)comm;
    heard = -*code;
}

static void sets(MPI_Session session)
{
    int n, i, len, flag;
    char name[MPI_MAX_PSET_NAME_LEN], value[64];
    MPI_Info info;
    MPI_Group group;
    assert(MPI_Session_get_num_psets(session, MPI_INFO_NULL, &n) == MPI_SUCCESS && n >= 2);
    for (i = 0; i < n; i++) {
        len = 0;
        assert(MPI_Session_get_nth_pset(session, MPI_INFO_NULL, i, &len, NULL) == MPI_SUCCESS && len > 1);
        assert(MPI_Session_get_nth_pset(session, MPI_INFO_NULL, i, &len, name) == MPI_SUCCESS);
        assert((int)strlen(name) == len - 1);
        assert(MPI_Group_from_session_pset(session, name, &group) == MPI_SUCCESS);
        MPI_Group_free(&group);
    }
    len = 4;
    MPI_Session_get_nth_pset(session, MPI_INFO_NULL, 0, &len, name);
    assert(!strcmp(name, "mpi") && len == 12);
    MPI_Session_get_pset_info(session, "mpi://SELF", &info);
    MPI_Info_get(info, "mpi_size", 63, value, &flag);
    assert(flag && !strcmp(value, "1"));
    MPI_Info_free(&info);
    assert(MPI_Session_get_nth_pset(session, MPI_INFO_NULL, n, &len, name) == MPI_ERR_ARG);
    assert(MPI_Session_get_nth_pset(session, MPI_INFO_NULL, -1, &len, name) == MPI_ERR_ARG);
    assert(MPI_Session_get_pset_info(session, "mpi://MOON", &info) == MPI_ERR_ARG);
    assert(MPI_Group_from_session_pset(session, "mpi://MOON", &group) == MPI_ERR_ARG);
    assert(MPI_Group_from_session_pset(session, NULL, &group) == MPI_ERR_ARG);
    assert(MPI_Group_from_session_pset(session, "mpi://SELF", NULL) == MPI_ERR_ARG);
    assert(MPI_Session_get_num_psets(session, (MPI_Info)MPI_COMM_NULL, &n) == MPI_ERR_INFO);
}

static void groups(MPI_Session session)
{
    MPI_Group group;
    MPI_Comm comm, copy;
    MPI_Errhandler handler;
    int size, rank;
    MPI_Group_from_session_pset(session, "mpi://WORLD", &group);
    MPI_Comm_create_errhandler(on_comm, &handler);
    assert(MPI_Comm_create_from_group(group, "org.example", MPI_INFO_NULL, handler, &comm) == MPI_SUCCESS);
    MPI_Errhandler_free(&handler);
    MPI_Group_size(group, &size);
    MPI_Group_rank(group, &rank);
    assert(MPI_Comm_split(comm, rank / 2, 0, &copy) == MPI_SUCCESS);
    MPI_Comm_free(&copy);
    assert(MPI_Comm_remote_size(comm, &size) == MPI_ERR_COMM && heard == -MPI_ERR_COMM);
    MPI_Comm_free(&comm);
    MPI_Group_free(&group);
}

int main(int argc, char **argv)
{
    MPI_Session session, other, null = MPI_SESSION_NULL;
    MPI_Errhandler handler;
    MPI_Info info;
    char value[64];
    int flag;
    MPI_Info_create(&info);
    MPI_Info_set(info, "thread_level", "MPI_THREAD_FUNNELED");
    MPI_Session_create_errhandler(hears, &handler);
    assert(MPI_Session_init(info, handler, &session) == MPI_SUCCESS && session != MPI_SESSION_NULL);
    MPI_Info_free(&info);
    assert(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &other) == MPI_SUCCESS);
    MPI_Initialized(&flag);
    assert(!flag);
    MPI_Session_get_info(session, &info);
    MPI_Info_get(info, "thread_level", 63, value, &flag);
    assert(flag && !strcmp(value, "MPI_THREAD_FUNNELED"));
    MPI_Info_get(info, "mpi_memory_alloc_kinds", 63, value, &flag);
    assert(flag);
    MPI_Info_free(&info);
    sets(session);
    assert(heard == MPI_ERR_INFO);
    groups(session);
    assert(MPI_Session_init((MPI_Info)MPI_COMM_NULL, handler, &null) == MPI_ERR_INFO && heard == MPI_ERR_INFO);
    MPI_Errhandler_free(&handler);
    assert(MPI_Session_finalize(&session) == MPI_SUCCESS && session == MPI_SESSION_NULL);
    groups(other);

    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    sets(other);
    groups(other);
    assert(MPI_Session_get_num_psets(null, MPI_INFO_NULL, &flag) == MPI_ERR_SESSION);
    assert(MPI_Session_get_info(null, &info) == MPI_ERR_SESSION && MPI_Session_finalize(&null) == MPI_ERR_SESSION);
    assert(MPI_Session_finalize(NULL) == MPI_ERR_ARG);
    assert(MPI_Session_init(MPI_INFO_NULL, MPI_ERRHANDLER_NULL, &session) == MPI_ERR_ERRHANDLER);
    assert(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, NULL) == MPI_ERR_ARG);
    MPI_Finalize();
    groups(other);
    MPI_Session_finalize(&other);
    return 0;
}
