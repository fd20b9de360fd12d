/* ranks: 1 2 3 */
/* Predefined operations and those of the program, on which datatypes they are, and reductions of one rank. */
#include <assert.h>
#include <complex.h>
#include <mpi.h>
#include <stdbool.h>
#include <string.h>

static int class_of(int code)
{
    int class;
    MPI_Error_class(code, &class);
    return class;
}

static int tried(MPI_Op op, MPI_Datatype type)
{
    char in[64] = { 0 }, inout[64] = { 0 };
    return class_of(MPI_Reduce_local(in, inout, 1, type, op));
}

static void defined(void)
{
    const MPI_Op arithmetic[2] = { MPI_SUM, MPI_PROD }, order[2] = { MPI_MIN, MPI_MAX };
    const MPI_Op logical[3] = { MPI_LAND, MPI_LOR, MPI_LXOR }, bits[3] = { MPI_BAND, MPI_BOR, MPI_BXOR };
    const MPI_Datatype none[4] = { MPI_CHAR, MPI_WCHAR, MPI_CHARACTER, MPI_PACKED };
    const MPI_Datatype integers[8] = { MPI_INT, MPI_UNSIGNED_CHAR, MPI_LONG, MPI_INTEGER, MPI_AINT, MPI_COUNT,
                                       MPI_OFFSET, MPI_INTEGER16 };
    const MPI_Datatype floats[4] = { MPI_FLOAT, MPI_DOUBLE, MPI_LONG_DOUBLE, MPI_REAL2 };
    const MPI_Datatype logicals[6] = { MPI_C_BOOL, MPI_LOGICAL, MPI_LOGICAL1, MPI_LOGICAL2, MPI_LOGICAL8,
                                       MPI_LOGICAL16 };
    const MPI_Datatype pairs[9] = { MPI_FLOAT_INT, MPI_DOUBLE_INT, MPI_LONG_INT, MPI_2INT, MPI_SHORT_INT,
                                    MPI_LONG_DOUBLE_INT, MPI_2REAL, MPI_2DOUBLE_PRECISION, MPI_2INTEGER };
    for (int i = 0; i < 2; i++) {
        for (int t = 0; t < 4; t++)
            assert(tried(arithmetic[i], none[t]) == MPI_ERR_OP && tried(order[i], none[t]) == MPI_ERR_OP);
        for (int t = 0; t < 8; t++)
            assert(tried(arithmetic[i], integers[t]) == MPI_SUCCESS && tried(order[i], integers[t]) == MPI_SUCCESS);
        for (int t = 0; t < 4; t++)
            assert(tried(arithmetic[i], floats[t]) == MPI_SUCCESS && tried(order[i], floats[t]) == MPI_SUCCESS);
        assert(tried(arithmetic[i], MPI_C_DOUBLE_COMPLEX) == MPI_SUCCESS);
        assert(tried(arithmetic[i], MPI_C_LONG_DOUBLE_COMPLEX) == MPI_SUCCESS);
        assert(tried(order[i], MPI_C_DOUBLE_COMPLEX) == MPI_ERR_OP);
        assert(tried(arithmetic[i], MPI_BYTE) == MPI_ERR_OP && tried(arithmetic[i], MPI_C_BOOL) == MPI_ERR_OP);
        assert(tried(arithmetic[i], MPI_DOUBLE_INT) == MPI_ERR_OP);
    }
    for (int i = 0; i < 3; i++) {
        for (int t = 0; t < 8; t++)
            assert(tried(logical[i], integers[t]) == MPI_SUCCESS && tried(bits[i], integers[t]) == MPI_SUCCESS);
        for (int t = 0; t < 6; t++)
            assert(tried(logical[i], logicals[t]) == MPI_SUCCESS && tried(bits[i], logicals[t]) == MPI_ERR_OP);
        assert(tried(bits[i], MPI_BYTE) == MPI_SUCCESS && tried(logical[i], MPI_BYTE) == MPI_ERR_OP);
        assert(tried(bits[i], MPI_FLOAT) == MPI_ERR_OP && tried(logical[i], MPI_DOUBLE) == MPI_ERR_OP);
    }
    for (int t = 0; t < 9; t++)
        assert(tried(MPI_MINLOC, pairs[t]) == MPI_SUCCESS && tried(MPI_MAXLOC, pairs[t]) == MPI_SUCCESS);
    assert(tried(MPI_MINLOC, MPI_INT) == MPI_ERR_OP);
    assert(tried(MPI_REPLACE, MPI_INT) == MPI_ERR_OP && tried(MPI_NO_OP, MPI_INT) == MPI_ERR_OP);
    assert(tried(MPI_OP_NULL, MPI_INT) == MPI_ERR_OP);

    MPI_Datatype type;
    MPI_Type_contiguous(2, MPI_INT, &type);
    MPI_Type_commit(&type);
    assert(tried(MPI_SUM, type) == MPI_ERR_OP);
    MPI_Type_free(&type);
    MPI_Type_dup(MPI_INT, &type);
    assert(tried(MPI_SUM, type) == MPI_SUCCESS);
    MPI_Type_free(&type);
    MPI_Type_create_f90_real(15, 300, &type);
    assert(tried(MPI_SUM, type) == MPI_SUCCESS && tried(MPI_BAND, type) == MPI_ERR_OP);
    MPI_Type_create_f90_integer(9, &type);
    assert(tried(MPI_BAND, type) == MPI_SUCCESS);
}

static void values(void)
{
    int i[2] = { 3, -4 }, j[2] = { 5, 6 };
    MPI_Reduce_local(i, j, 2, MPI_INT, MPI_SUM);
    assert(j[0] == 8 && j[1] == 2);
    struct { double value; int index; } a[2] = { { 1.0, 7 }, { 2.0, 3 } }, b[2] = { { 1.0, 5 }, { 1.5, 9 } };
    MPI_Reduce_local(a, b, 2, MPI_DOUBLE_INT, MPI_MAXLOC);
    assert(b[0].value == 1.0 && b[0].index == 5 && b[1].value == 2.0 && b[1].index == 3);
    double complex x = 1 + 2 * I, y = 3 - I;
    MPI_Reduce_local(&x, &y, 1, MPI_C_DOUBLE_COMPLEX, MPI_PROD);
    assert(y == 5 + 5 * I);
    long double l = 0.1L, m = 0.2L;
    MPI_Reduce_local(&l, &m, 1, MPI_LONG_DOUBLE, MPI_SUM);
    assert(m == 0.1L + 0.2L);
    assert(class_of(MPI_Reduce_local(i, i, 2, MPI_INT, MPI_SUM)) == MPI_ERR_BUFFER);
    assert(class_of(MPI_Reduce_local(i, NULL, 2, MPI_INT, MPI_SUM)) == MPI_ERR_BUFFER);
    assert(class_of(MPI_Reduce_local(i, j, -2, MPI_INT, MPI_SUM)) == MPI_ERR_COUNT);
    assert(MPI_Reduce_local(NULL, NULL, 0, MPI_INT, MPI_SUM) == MPI_SUCCESS);
}

/* Two by two matrices: associative, but not commutative. */
typedef struct { int a[4]; } matrix;

static MPI_Datatype expected;

static void multiply(void *in, void *inout, int *len, MPI_Datatype *type)
{
    matrix *left = in, *right = inout;
    assert(*type == expected);
    for (int i = 0; i < *len; i++) {
        int *a = left[i].a, *b = right[i].a;
        matrix c = { { a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3],
                       a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3] } };
        right[i] = c;
    }
}

static void multiply_c(void *in, void *inout, MPI_Count *len, MPI_Datatype *type)
{
    int few = (int)*len;
    multiply(in, inout, &few, type);
}

static void users(MPI_Op op)
{
    int commutes, rank, size;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Op_commutative(op, &commutes);
    assert(!commutes);
    MPI_Type_contiguous(4, MPI_INT, &expected);
    MPI_Type_commit(&expected);
    matrix mine[10], result[10], all[10];
    for (int i = 0; i < 10; i++) {
        matrix m = { { 1, rank + i, 0, 1 + rank % 2 } };
        mine[i] = m;
        all[i] = (matrix){ { 1, i, 0, 1 } };
    }
    int len = 10;
    for (int r = 1; r < size; r++) {
        matrix next[10];
        for (int i = 0; i < 10; i++)
            next[i] = (matrix){ { 1, r + i, 0, 1 + r % 2 } };
        multiply(all, next, &len, &expected);
        memcpy(all, next, sizeof all);
    }
    assert(MPI_Allreduce(mine, result, 10, expected, op, MPI_COMM_WORLD) == MPI_SUCCESS);
    assert(memcmp(result, all, sizeof all) == 0);
    MPI_Type_free(&expected);
    MPI_Op_free(&op);
    assert(op == MPI_OP_NULL);
}

/* Elements with a gap: only what belongs to them is combined. */
typedef struct { char c; int i; } gapped;

static void add(void *in, void *inout, int *len, MPI_Datatype *type)
{
    gapped *a = in, *b = inout;
    (void)type;
    for (int i = 0; i < *len; i++) {
        b[i].c = (char)(a[i].c + b[i].c);
        b[i].i += a[i].i;
    }
}

static void gaps(void)
{
    MPI_Op op, late;
    MPI_Datatype type;
    MPI_Request request;
    int size, lengths[2] = { 1, 1 };
    MPI_Aint at[2] = { 0, 4 };
    MPI_Datatype parts[2] = { MPI_CHAR, MPI_INT };
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Type_create_struct(2, lengths, at, parts, &type);
    MPI_Type_commit(&type);
    MPI_Op_create(add, 1, &op);
    gapped mine[3] = { { 1, 10 }, { 2, 20 }, { 3, 30 } }, sum[3];
    memset(sum, 0x55, sizeof sum);
    MPI_Allreduce(mine, sum, 3, type, op, MPI_COMM_WORLD);
    for (int i = 0; i < 3; i++)
        assert(sum[i].c == (i + 1) * size && sum[i].i == 10 * (i + 1) * size && ((char *)&sum[i])[1] == 0x55);

    /* Both may be freed while the operation is under way. */
    memset(sum, 0, sizeof sum);
    MPI_Iallreduce(mine, sum, 3, type, op, MPI_COMM_WORLD, &request);
    late = op;
    MPI_Type_free(&type);
    MPI_Op_free(&op);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    assert(sum[2].i == 30 * size);
    assert(class_of(MPI_Op_free(&late)) == MPI_ERR_OP);
}

int main(int argc, char **argv)
{
    MPI_Op op;
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    defined();
    values();
    MPI_Op_create(multiply, 0, &op);
    users(op);
    MPI_Op_create_c(multiply_c, 0, &op);
    users(op);
    gaps();
    op = MPI_SUM;
    assert(class_of(MPI_Op_free(&op)) == MPI_ERR_OP);
    assert(class_of(MPI_Op_create(NULL, 0, &op)) == MPI_ERR_ARG);
    MPI_Finalize();
    return 0;
}
