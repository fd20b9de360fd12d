/* ranks: 1 2 */
/* Packing, in this machine's representation and in external32. */
#include <assert.h>
#include <mpi.h>
#include <string.h>

static int class_of(int code)
{
    int class;
    MPI_Error_class(code, &class);
    return class;
}

static void packed(void)
{
    int matrix[4][4], rank, size, position = 0, columns[8];
    MPI_Datatype column;
    char buffer[64];
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    for (int i = 0; i < 16; i++)
        matrix[i / 4][i % 4] = i;
    MPI_Type_vector(4, 1, 4, MPI_INT, &column);
    assert(class_of(MPI_Pack(&matrix[0][1], 1, column, buffer, 64, &position, MPI_COMM_WORLD)) == MPI_ERR_TYPE);
    MPI_Type_commit(&column);
    MPI_Pack_size(1, column, MPI_COMM_WORLD, &size);
    assert(size == 16);
    MPI_Pack(&matrix[0][1], 1, column, buffer, 64, &position, MPI_COMM_WORLD);
    MPI_Pack(&matrix[0][3], 1, column, buffer, 64, &position, MPI_COMM_WORLD);
    assert(position == 32);
    position = 0;
    MPI_Unpack(buffer, 64, &position, columns, 8, MPI_INT, MPI_COMM_WORLD);
    assert(position == 32 && columns[0] == 1 && columns[3] == 13 && columns[4] == 3 && columns[7] == 15);
    position = 20;
    memset(matrix, 0, sizeof matrix);
    MPI_Unpack(buffer, 64, &position, &matrix[0][2], 1, column, MPI_COMM_WORLD);
    assert(position == 36 && matrix[0][2] == 7 && matrix[2][2] == 15 && matrix[0][0] == 0);

    position = 60;
    assert(class_of(MPI_Pack(matrix, 2, MPI_INT, buffer, 64, &position, MPI_COMM_WORLD)) == MPI_ERR_TRUNCATE);
    assert(position == 60);
    assert(class_of(MPI_Unpack(buffer, 64, &position, matrix, 2, MPI_INT, MPI_COMM_WORLD)) == MPI_ERR_TRUNCATE);
    position = -1;
    assert(class_of(MPI_Pack(matrix, 1, MPI_INT, buffer, 64, &position, MPI_COMM_WORLD)) == MPI_ERR_ARG);
    position = 0;
    assert(class_of(MPI_Pack(matrix, 1, MPI_INT, buffer, 64, &position, MPI_COMM_NULL)) == MPI_ERR_COMM);
    assert(class_of(MPI_Pack(NULL, 1, MPI_INT, buffer, 64, &position, MPI_COMM_WORLD)) == MPI_ERR_BUFFER);
    assert(class_of(MPI_Pack(matrix, -1, MPI_INT, buffer, 64, &position, MPI_COMM_WORLD)) == MPI_ERR_COUNT);
    assert(MPI_Pack(NULL, 0, MPI_INT, NULL, 0, &position, MPI_COMM_WORLD) == MPI_SUCCESS && position == 0);
    MPI_Type_free(&column);

    MPI_Datatype large;
    MPI_Type_contiguous(1 << 20, MPI_DOUBLE, &large);
    MPI_Pack_size(1 << 10, large, MPI_COMM_WORLD, &size);
    assert(size == MPI_UNDEFINED);
    MPI_Count count;
    MPI_Pack_size_c(1 << 10, large, MPI_COMM_WORLD, &count);
    assert(count == 1LL << 33);
    MPI_Type_free(&large);
}

static void external(void)
{
    long longs[2] = { 1, -2 }, back[2] = { 0, 0 };
    long double wide = 1.5L, widened = 0;
    unsigned char buffer[32];
    MPI_Aint position = 0, size;
    MPI_Pack_external_size("external32", 2, MPI_LONG, &size);
    assert(size == 8);
    MPI_Pack_external("external32", longs, 2, MPI_LONG, buffer, 32, &position);
    const unsigned char expected[8] = { 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xfe };
    assert(position == 8 && memcmp(buffer, expected, 8) == 0);
    MPI_Pack_external("external32", &wide, 1, MPI_LONG_DOUBLE, buffer, 32, &position);
    assert(position == 24 && buffer[8] == 0x3f && buffer[9] == 0xff && buffer[10] == 0x80);
    position = 0;
    MPI_Unpack_external("external32", buffer, 32, &position, back, 2, MPI_LONG);
    MPI_Unpack_external("external32", buffer, 32, &position, &widened, 1, MPI_LONG_DOUBLE);
    assert(position == 24 && back[0] == 1 && back[1] == -2 && widened == 1.5L);
    assert(class_of(MPI_Unpack_external("external32", buffer, 26, &position, back, 1, MPI_LONG)) == MPI_ERR_TRUNCATE);
    assert(class_of(MPI_Pack_external_size("native", 1, MPI_INT, &size)) == MPI_ERR_ARG);
    assert(class_of(MPI_Pack_external(NULL, longs, 1, MPI_LONG, buffer, 32, &position)) == MPI_ERR_ARG);
    longs[0] = 1L << 40;
    assert(class_of(MPI_Pack_external("external32", longs, 1, MPI_LONG, buffer, 32, &position)) == MPI_ERR_CONVERSION);
    MPI_Count start = 0;
    MPI_Pack_external_c("external32", &wide, 1, MPI_LONG_DOUBLE, buffer, 32, &start);
    assert(start == 16);
}

static void addresses(void)
{
    double a = 1.5, b = 2.5, both[2];
    MPI_Aint at[2];
    int lengths[2] = { 1, 1 }, position = 0;
    MPI_Datatype type;
    MPI_Get_address(&a, &at[0]);
    MPI_Get_address(&b, &at[1]);
    MPI_Type_create_hindexed(2, lengths, at, MPI_DOUBLE, &type);
    MPI_Type_commit(&type);
    MPI_Pack(MPI_BOTTOM, 1, type, both, sizeof both, &position, MPI_COMM_WORLD);
    assert(position == 16 && both[0] == 1.5 && both[1] == 2.5);
    MPI_Type_free(&type);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    packed();
    external();
    addresses();
    MPI_Finalize();
    return 0;
}
