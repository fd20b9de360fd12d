/* ranks: 1 */
/* Info objects, also before MPI_Init. */
#include <assert.h>
#include <mpi.h>
#include <string.h>

static void of_arguments(void)
{
    char *argv[] = { "solver", "-n", "10", NULL };
    char value[MPI_MAX_INFO_VAL];
    int len = sizeof value, flag;
    MPI_Info info;
    assert(MPI_Info_create_env(3, argv, &info) == MPI_SUCCESS);
    MPI_Info_get_string(info, "command", &len, value, &flag);
    assert(flag && !strcmp(value, "solver") && len == 7);
    len = sizeof value;
    MPI_Info_get_string(info, "argv", &len, value, &flag);
    assert(flag && !strcmp(value, "-n 10"));
    MPI_Info_free(&info);
    assert(MPI_Info_create_env(0, NULL, &info) == MPI_SUCCESS);
    len = sizeof value;
    MPI_Info_get_string(info, "command", &len, value, &flag);
    assert(flag && strlen(value) > 0);
    MPI_Info_free(&info);
}

int main(void)
{
    MPI_Info info, copy, null = MPI_INFO_NULL, env = MPI_INFO_ENV;
    char value[16], key[MPI_MAX_INFO_KEY], longer[MPI_MAX_INFO_VAL + 1];
    int flag, len;
    MPI_Info_create(&info);
    MPI_Info_set(info, "early", "yes");
    MPI_Info_get_nkeys(info, &len);
    assert(len == 1);
    MPI_Info_free(&info);
    assert(info == MPI_INFO_NULL);

    MPI_Init(NULL, NULL);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Info_create(&info);
    MPI_Info_set(info, "zebra", "striped");
    MPI_Info_set(info, "ant", "small");
    MPI_Info_set(info, "mole", "blind");
    MPI_Info_set(info, "zebra", "black and white");
    MPI_Info_get_nkeys(info, &len);
    assert(len == 3);
    MPI_Info_get_nthkey(info, 0, key);
    assert(!strcmp(key, "zebra"));
    MPI_Info_get_nthkey(info, 2, key);
    assert(!strcmp(key, "mole"));
    assert(MPI_Info_get_nthkey(info, 3, key) == MPI_ERR_ARG && MPI_Info_get_nthkey(info, -1, key) == MPI_ERR_ARG);

    MPI_Info_get_valuelen(info, "zebra", &len, &flag);
    assert(flag && len == 15);
    MPI_Info_get(info, "zebra", 5, value, &flag);
    assert(flag && !strcmp(value, "black"));
    MPI_Info_get(info, "zebra", 15, value, &flag);
    assert(flag && !strcmp(value, "black and white"));
    len = 0;
    MPI_Info_get_string(info, "zebra", &len, NULL, &flag);
    assert(flag && len == 16);
    len = 6;
    MPI_Info_get_string(info, "zebra", &len, value, &flag);
    assert(flag && len == 16 && !strcmp(value, "black"));
    len = 6;
    MPI_Info_get_string(info, "yak", &len, value, &flag);
    assert(!flag && len == 6 && !strcmp(value, "black"));
    MPI_Info_get(info, "yak", 5, value, &flag);
    assert(!flag);
    MPI_Info_get_valuelen(info, "yak", &len, &flag);
    assert(!flag);

    MPI_Info_dup(info, &copy);
    assert(MPI_Info_delete(info, "ant") == MPI_SUCCESS && MPI_Info_delete(info, "ant") == MPI_ERR_INFO_NOKEY);
    MPI_Info_get_nthkey(info, 1, key);
    assert(!strcmp(key, "mole"));
    MPI_Info_get_nkeys(copy, &len);
    assert(len == 3);
    MPI_Info_free(&copy);

    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert(MPI_Info_set(info, "k", longer) == MPI_ERR_INFO_VALUE && MPI_Info_set(info, "k", NULL) == MPI_ERR_INFO_VALUE);
    assert(MPI_Info_set(info, longer, "v") == MPI_ERR_INFO_KEY && MPI_Info_set(info, "", "v") == MPI_ERR_INFO_KEY);
    assert(MPI_Info_set(info, NULL, "v") == MPI_ERR_INFO_KEY && MPI_Info_delete(info, NULL) == MPI_ERR_INFO_KEY);
    assert(MPI_Info_get(info, longer, 5, value, &flag) == MPI_ERR_INFO_KEY);
    longer[MPI_MAX_INFO_VAL - 1] = '\0';
    assert(MPI_Info_set(info, "k", longer) == MPI_SUCCESS);
    assert(MPI_Info_get(info, "k", -1, value, &flag) == MPI_ERR_ARG);
    assert(MPI_Info_get(info, "k", 3, NULL, &flag) == MPI_ERR_ARG);
    assert(MPI_Info_get_valuelen(info, "k", &len, NULL) == MPI_ERR_ARG);
    MPI_Info_free(&info);

    assert(MPI_Info_set(null, "k", "v") == MPI_ERR_INFO && MPI_Info_dup(null, &copy) == MPI_ERR_INFO);
    assert(MPI_Info_get_nkeys(null, &len) == MPI_ERR_INFO && MPI_Info_free(&null) == MPI_ERR_INFO);
    assert(MPI_Info_get(null, "k", 5, value, &flag) == MPI_ERR_INFO && MPI_Info_create(NULL) == MPI_ERR_ARG);
    assert(MPI_Info_set(env, "k", "v") == MPI_ERR_INFO && MPI_Info_free(&env) == MPI_ERR_INFO);
    MPI_Info_get(env, "maxprocs", 15, value, &flag);
    assert(flag && !strcmp(value, "1"));
    MPI_Info_get(env, "thread_level", 15, value, &flag);
    assert(flag && !strncmp(value, "MPI_THREAD_", 11));
    MPI_Info_dup(env, &copy);
    assert(MPI_Info_set(copy, "k", "v") == MPI_SUCCESS);
    MPI_Info_free(&copy);
    of_arguments();
    MPI_Finalize();
    MPI_Info_create(&info);
    MPI_Info_free(&info);
    return 0;
}
