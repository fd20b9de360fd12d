/* ranks: 1 2 4 */
/* Groups: their algebra, and what is wrong. */
#include <assert.h>
#include <mpi.h>
#include <stdlib.h>

static int rank, size;

static int size_of(MPI_Group group)
{
    int n;
    assert(MPI_Group_size(group, &n) == MPI_SUCCESS);
    return n;
}

static int compared(MPI_Group one, MPI_Group other)
{
    int result;
    assert(MPI_Group_compare(one, other, &result) == MPI_SUCCESS);
    return result;
}

static void algebra(MPI_Group world)
{
    MPI_Group first, rest, all, none;
    int zero = 0, me;
    assert(size_of(world) == size && size_of(MPI_GROUP_EMPTY) == 0);
    assert(MPI_Group_incl(world, 1, &zero, &first) == MPI_SUCCESS);
    assert(MPI_Group_excl(world, 1, &zero, &rest) == MPI_SUCCESS);
    assert(size_of(first) == 1 && size_of(rest) == size - 1);
    MPI_Group_rank(first, &me);
    assert(me == (rank == 0 ? 0 : MPI_UNDEFINED));
    MPI_Group_rank(MPI_GROUP_EMPTY, &me);
    assert(me == MPI_UNDEFINED);

    MPI_Group_union(first, rest, &all);
    assert(compared(all, world) == MPI_IDENT);
    MPI_Group_free(&all);
    MPI_Group_union(rest, first, &all);
    assert(compared(all, world) == (size == 1 ? MPI_IDENT : MPI_SIMILAR));
    assert(compared(first, MPI_GROUP_EMPTY) == MPI_UNEQUAL);
    MPI_Group_intersection(first, rest, &none);
    assert(none == MPI_GROUP_EMPTY);
    assert(MPI_Group_free(&none) == MPI_SUCCESS && none == MPI_GROUP_NULL);
    MPI_Group_difference(all, rest, &none);
    assert(compared(none, first) == MPI_IDENT);
    MPI_Group_free(&none);
    MPI_Group_free(&all);
    MPI_Group_free(&first);
    MPI_Group_free(&rest);
    assert(first == MPI_GROUP_NULL);
}

static void ranges(MPI_Group world)
{
    MPI_Group back, even, odd;
    int down[1][3], two[1][3], i;
    int *ranks = malloc((size + 1) * sizeof *ranks), *others = malloc((size + 1) * sizeof *others);
    down[0][0] = size - 1, down[0][1] = 0, down[0][2] = -1;
    if (size > 1) {
        assert(MPI_Group_range_incl(world, 1, down, &back) == MPI_SUCCESS);
        for (i = 0; i < size; i++)
            ranks[i] = i;
        ranks[size] = MPI_PROC_NULL;
        assert(MPI_Group_translate_ranks(back, size + 1, ranks, world, others) == MPI_SUCCESS);
        for (i = 0; i < size; i++)
            assert(others[i] == size - 1 - i);
        assert(others[size] == MPI_PROC_NULL);
        MPI_Group_free(&back);
    }
    two[0][0] = 0, two[0][1] = size - 1, two[0][2] = 2;
    MPI_Group_range_incl(world, 1, two, &even);
    MPI_Group_range_excl(world, 1, two, &odd);
    assert(size_of(even) == (size + 1) / 2 && size_of(odd) == size / 2);
    ranks[0] = 0;
    MPI_Group_translate_ranks(even, 1, ranks, odd, others);
    assert(others[0] == MPI_UNDEFINED);
    MPI_Group_free(&even);
    MPI_Group_free(&odd);
    assert(MPI_Group_range_incl(world, 0, NULL, &even) == MPI_SUCCESS && even == MPI_GROUP_EMPTY);
    free(ranks);
    free(others);
}

static void wrong(MPI_Group world)
{
    MPI_Group group = MPI_GROUP_NULL, freed;
    int n, beyond, twice[2] = { 0, 0 }, still[1][3] = { { 0, 0, 0 } };
    beyond = size;
    assert(MPI_Group_size(MPI_GROUP_NULL, &n) == MPI_ERR_GROUP);
    assert(MPI_Group_rank(MPI_GROUP_NULL, &n) == MPI_ERR_GROUP);
    assert(MPI_Group_compare(world, MPI_GROUP_NULL, &n) == MPI_ERR_GROUP);
    assert(MPI_Group_compare(MPI_GROUP_NULL, world, &n) == MPI_ERR_GROUP);
    assert(MPI_Group_union(world, MPI_GROUP_NULL, &group) == MPI_ERR_GROUP);
    assert(MPI_Group_size(world, NULL) == MPI_ERR_ARG);
    assert(MPI_Group_union(world, world, NULL) == MPI_ERR_ARG);
    assert(MPI_Group_incl(world, 1, &beyond, &group) == MPI_ERR_RANK);
    assert(MPI_Group_excl(world, 1, &beyond, &group) == MPI_ERR_RANK);
    assert(MPI_Group_incl(world, 2, twice, &group) == MPI_ERR_RANK);
    assert(MPI_Group_incl(world, -1, twice, &group) == MPI_ERR_ARG);
    assert(MPI_Group_incl(world, 1, NULL, &group) == MPI_ERR_ARG);
    assert(MPI_Group_range_incl(world, 1, still, &group) == MPI_ERR_ARG);
    assert(MPI_Group_translate_ranks(world, 1, &beyond, world, &n) == MPI_ERR_RANK);
    assert(MPI_Group_free(&group) == MPI_ERR_GROUP && MPI_Group_free(NULL) == MPI_ERR_ARG);
    MPI_Group_union(world, MPI_GROUP_EMPTY, &group);
    freed = group;
    MPI_Group_free(&group);
    assert(MPI_Group_size(freed, &n) == MPI_ERR_GROUP);
    assert(MPI_Group_size((MPI_Group)MPI_COMM_WORLD, &n) == MPI_ERR_GROUP);
}

int main(void)
{
    MPI_Group world;
    MPI_Init(NULL, NULL);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    algebra(world);
    ranges(world);
    wrong(world);
    MPI_Group_free(&world);
    MPI_Finalize();
    return 0;
}
