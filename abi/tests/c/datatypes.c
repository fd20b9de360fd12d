/* ranks: 1 */
/* Constructors, sizes and bounds, and what a datatype says of how it was made. */
#include <assert.h>
#include <limits.h>
#include <mpi.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static int class_of(int code)
{
    int class;
    MPI_Error_class(code, &class);
    return class;
}

static void sizes(void)
{
    int size;
    MPI_Count large;
    MPI_Aint lb, extent;
    MPI_Datatype type, resized;
    assert(MPI_Type_size(MPI_INT, &size) == MPI_SUCCESS && size == 4);
    assert(MPI_Type_vector(3, 2, 5, MPI_DOUBLE, &type) == MPI_SUCCESS);
    MPI_Type_size(type, &size);
    assert(size == 48);
    MPI_Type_get_extent(type, &lb, &extent);
    assert(lb == 0 && extent == 12 * 8);
    MPI_Type_create_resized(type, -8, 200, &resized);
    MPI_Type_free(&type);
    assert(type == MPI_DATATYPE_NULL);
    MPI_Type_get_extent(resized, &lb, &extent);
    assert(lb == -8 && extent == 200);
    MPI_Type_get_true_extent(resized, &lb, &extent);
    assert(lb == 0 && extent == 96);
    MPI_Type_free(&resized);

    MPI_Type_contiguous(INT_MAX, MPI_DOUBLE, &type);
    MPI_Type_size(type, &size);
    assert(size == MPI_UNDEFINED);
    MPI_Type_size_x(type, &large);
    assert(large == 8LL * INT_MAX);
    MPI_Type_size_c(type, &large);
    assert(large == 8LL * INT_MAX);
    MPI_Type_free(&type);
}

struct part {
    char c;
    double d[2];
    int i;
};

static void contents(void)
{
    int ni, na, nd, combiner, ints[16];
    MPI_Aint addresses[8];
    MPI_Datatype types[4], type, column, old;
    int lengths[3] = { 1, 2, 1 };
    MPI_Aint places[3] = { offsetof(struct part, c), offsetof(struct part, d), offsetof(struct part, i) };
    MPI_Type_contiguous(1, MPI_INT, &column);
    MPI_Datatype parts[3] = { MPI_CHAR, MPI_DOUBLE, column };
    MPI_Type_create_struct(3, lengths, places, parts, &type);
    MPI_Type_free(&column);

    MPI_Type_get_envelope(type, &ni, &na, &nd, &combiner);
    assert(ni == 4 && na == 3 && nd == 3 && combiner == MPI_COMBINER_STRUCT);
    MPI_Type_get_contents(type, 16, 8, 4, ints, addresses, types);
    assert(ints[0] == 3 && ints[1] == 1 && ints[2] == 2 && ints[3] == 1);
    assert(addresses[1] == (MPI_Aint)offsetof(struct part, d));
    assert(types[0] == MPI_CHAR && types[1] == MPI_DOUBLE && types[2] != MPI_INT);
    MPI_Type_get_envelope(types[2], &ni, &na, &nd, &combiner);
    assert(ni == 1 && na == 0 && nd == 1 && combiner == MPI_COMBINER_CONTIGUOUS);
    MPI_Type_get_contents(types[2], 1, 0, 1, ints, NULL, &old);
    assert(ints[0] == 1 && old == MPI_INT);
    MPI_Type_free(&types[2]);
    assert(class_of(MPI_Type_get_contents(type, 3, 8, 4, ints, addresses, types)) == MPI_ERR_ARG);
    MPI_Type_free(&type);

    assert(class_of(MPI_Type_get_contents(MPI_INT, 0, 0, 0, ints, addresses, types)) == MPI_ERR_TYPE);
    MPI_Type_get_envelope(MPI_DOUBLE_INT, &ni, &na, &nd, &combiner);
    assert(ni == 0 && combiner == MPI_COMBINER_NAMED);
    MPI_Type_dup(MPI_DOUBLE_INT, &type);
    MPI_Type_get_envelope(type, &ni, &na, &nd, &combiner);
    assert(ni == 0 && na == 0 && nd == 1 && combiner == MPI_COMBINER_DUP);
    MPI_Type_get_contents(type, 0, 0, 1, NULL, NULL, types);
    assert(types[0] == MPI_DOUBLE_INT);
    MPI_Type_free(&type);

    int sizes[2] = { 4, 6 }, subsizes[2] = { 2, 3 }, starts[2] = { 1, 2 };
    MPI_Type_create_subarray(2, sizes, subsizes, starts, MPI_ORDER_FORTRAN, MPI_INT, &type);
    MPI_Type_get_envelope(type, &ni, &na, &nd, &combiner);
    assert(ni == 8 && na == 0 && nd == 1 && combiner == MPI_COMBINER_SUBARRAY);
    MPI_Type_get_contents(type, 16, 0, 1, ints, NULL, types);
    int subarray[8] = { 2, 4, 6, 2, 3, 1, 2, MPI_ORDER_FORTRAN };
    assert(memcmp(ints, subarray, sizeof subarray) == 0);
    MPI_Type_free(&type);

    int dist[2] = { MPI_DISTRIBUTE_BLOCK, MPI_DISTRIBUTE_CYCLIC };
    int args[2] = { MPI_DISTRIBUTE_DFLT_DARG, 2 }, grid[2] = { 2, 2 };
    MPI_Type_create_darray(4, 3, 2, sizes, dist, args, grid, MPI_ORDER_C, MPI_INT, &type);
    MPI_Type_get_envelope(type, &ni, &na, &nd, &combiner);
    assert(ni == 12 && na == 0 && nd == 1 && combiner == MPI_COMBINER_DARRAY);
    MPI_Type_get_contents(type, 16, 0, 1, ints, NULL, types);
    int darray[12] = { 4, 3, 2, 4, 6, dist[0], dist[1], args[0], 2, 2, 2, MPI_ORDER_C };
    assert(memcmp(ints, darray, sizeof darray) == 0);
    MPI_Type_size(type, ints);
    assert(ints[0] == 2 * 2 * 4);
    MPI_Type_free(&type);
}

static void large_contents(void)
{
    int ints[8], combiner;
    MPI_Count ni, na, nc, nd, counts[8];
    MPI_Aint addresses[2];
    MPI_Datatype type, types[2];
    MPI_Count lengths[2] = { 1, 5000000000 }, places[2] = { 0, 10000000000 };
    MPI_Type_create_hindexed_c(2, lengths, places, MPI_BYTE, &type);
    MPI_Type_get_envelope_c(type, &ni, &na, &nc, &nd, &combiner);
    assert(ni == 0 && na == 0 && nc == 5 && nd == 1 && combiner == MPI_COMBINER_HINDEXED);
    MPI_Type_get_contents_c(type, 8, 2, 8, 2, ints, addresses, counts, types);
    assert(counts[0] == 2 && counts[2] == lengths[1] && counts[4] == places[1] && types[0] == MPI_BYTE);
    int i, a, d;
    assert(class_of(MPI_Type_get_envelope(type, &i, &a, &d, &combiner)) == MPI_ERR_TYPE);
    MPI_Type_free(&type);

    MPI_Type_create_hvector(2, 3, 40, MPI_INT, &type);
    MPI_Type_get_envelope_c(type, &ni, &na, &nc, &nd, &combiner);
    assert(ni == 2 && na == 1 && nc == 0 && nd == 1);
    MPI_Type_get_contents_c(type, 8, 2, 8, 2, ints, addresses, counts, types);
    assert(ints[0] == 2 && ints[1] == 3 && addresses[0] == 40);
    MPI_Type_free(&type);
}

static void fortran(void)
{
    MPI_Datatype one, two, of, pair;
    int ni, na, nd, combiner, ints[2], size;
    MPI_Type_create_f90_real(15, 300, &one);
    MPI_Type_create_f90_real(15, 300, &two);
    assert(one == two);
    MPI_Type_create_f90_real(MPI_UNDEFINED, 30, &two);
    assert(one != two);
    MPI_Type_size(one, &size);
    assert(size == 8);
    MPI_Type_size(two, &size);
    assert(size == 4);
    MPI_Type_get_envelope(one, &ni, &na, &nd, &combiner);
    assert(ni == 2 && na == 0 && nd == 0 && combiner == MPI_COMBINER_F90_REAL);
    MPI_Type_get_contents(one, 2, 0, 0, ints, NULL, NULL);
    assert(ints[0] == 15 && ints[1] == 300);
    two = one;
    assert(class_of(MPI_Type_free(&two)) == MPI_ERR_TYPE);
    MPI_Type_contiguous(2, one, &two);
    MPI_Type_get_contents(two, 1, 0, 1, ints, NULL, &of);
    assert(of == one);
    MPI_Type_free(&two);
    MPI_Type_create_f90_integer(9, &one);
    MPI_Type_size(one, &size);
    assert(size == 4);
    MPI_Type_create_f90_complex(6, 30, &one);
    MPI_Type_size(one, &size);
    assert(size == 8);
    assert(class_of(MPI_Type_create_f90_real(100, 1, &one)) == MPI_ERR_ARG);
    assert(class_of(MPI_Type_create_f90_integer(50, &one)) == MPI_ERR_ARG);

    MPI_Type_match_size(MPI_TYPECLASS_REAL, 8, &one);
    assert(one == MPI_REAL8);
    assert(class_of(MPI_Type_match_size(MPI_TYPECLASS_INTEGER, 3, &one)) == MPI_ERR_ARG);

    MPI_Type_get_value_index(MPI_DOUBLE, MPI_INT, &pair);
    assert(pair == MPI_DOUBLE_INT);
    MPI_Type_get_value_index(MPI_DOUBLE, MPI_FLOAT, &pair);
    assert(pair == MPI_DATATYPE_NULL);
    MPI_Type_get_value_index(MPI_INT64_T, MPI_INT64_T, &pair);
    assert(pair == MPI_DATATYPE_NULL);
    assert(class_of(MPI_Type_get_value_index(MPI_DATATYPE_NULL, MPI_INT, &pair)) == MPI_ERR_TYPE);
}

static void errors(void)
{
    MPI_Datatype type = MPI_INT;
    int one = 1, numbers[2] = { 1, -1 }, zeros[2] = { 0, 0 }, value;
    MPI_Aint at[2] = { 0, 8 };
    assert(class_of(MPI_Type_contiguous(-1, MPI_INT, &type)) == MPI_ERR_COUNT);
    assert(class_of(MPI_Type_contiguous(1, MPI_DATATYPE_NULL, &type)) == MPI_ERR_TYPE);
    assert(class_of(MPI_Type_contiguous(1, MPI_INT, NULL)) == MPI_ERR_ARG);
    assert(class_of(MPI_Type_vector(1, -1, 1, MPI_INT, &type)) == MPI_ERR_COUNT);
    assert(class_of(MPI_Type_create_hindexed(2, numbers, at, MPI_INT, &type)) == MPI_ERR_COUNT);
    assert(class_of(MPI_Type_create_hindexed(2, NULL, at, MPI_INT, &type)) == MPI_ERR_ARG);
    assert(MPI_Type_create_hindexed(0, NULL, NULL, MPI_INT, &type) == MPI_SUCCESS);
    MPI_Type_size(type, &value);
    assert(value == 0);
    MPI_Type_free(&type);
    assert(class_of(MPI_Type_create_subarray(1, &one, &one, zeros, 77, MPI_INT, &type)) == MPI_ERR_ARG);
    assert(class_of(MPI_Type_create_subarray(1, &one, &one, &one, MPI_ORDER_C, MPI_INT, &type)) == MPI_ERR_ARG);
    assert(class_of(MPI_Type_create_subarray(0, NULL, NULL, NULL, MPI_ORDER_C, MPI_INT, &type)) == MPI_ERR_ARG);
    type = MPI_INT;
    assert(class_of(MPI_Type_free(&type)) == MPI_ERR_TYPE && type == MPI_INT);
    assert(MPI_Type_commit(&type) == MPI_SUCCESS);

    MPI_Datatype freed;
    MPI_Type_contiguous(2, MPI_INT, &type);
    freed = type;
    assert(class_of(MPI_Send(numbers, 1, type, MPI_PROC_NULL, 0, MPI_COMM_WORLD)) == MPI_ERR_TYPE);
    MPI_Type_free(&type);
    assert(class_of(MPI_Type_commit(&freed)) == MPI_ERR_TYPE);
    assert(class_of(MPI_Type_free(&freed)) == MPI_ERR_TYPE);

    MPI_Datatype huge, next;
    MPI_Type_contiguous_c(1LL << 61, MPI_BYTE, &huge);
    assert(class_of(MPI_Type_contiguous(8, huge, &next)) == MPI_ERR_VALUE_TOO_LARGE);
    MPI_Type_free(&huge);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    sizes();
    contents();
    large_contents();
    fortran();
    errors();
    MPI_Finalize();
    return 0;
}
