/* Collectives and MPI_Pack: the part of bench.c that measures them.
 *
 * The time of a call is that of the slowest rank: each batch begins behind a
 * barrier, every rank times its calls, and the largest time counts. The root
 * goes round, from call to call, and a batch is whole rounds: were it the same,
 * it could run ahead, and the figure would tell how many calls fit into the
 * buffers, or how late the others leave the barrier. A size is checked once
 * before it is measured.
 */
#ifndef COLLECTIVES_H
#define COLLECTIVES_H

enum { ROOT = 0 }; /* of the first call, which is the one that is checked */

static int root_of(long call) { return (int)((ROOT + call) % ranks); }

/* What a rank contributes: small whole numbers, whose sums are exact. */
static double element(long index, int from) { return (double)((index * 7 + from * 13) % 1000); }

static double element_sum(long index, int from, int to)
{
    double sum = 0;
    for (int other = from; other < to; other++)
        sum += element(index, other);
    return sum;
}

static double *sends(void) { return (double *)send_buffer; }
static double *receives(void) { return (double *)receive_buffer; }
static int doubles(long size) { return (int)(size / 8); }

static void barrier(long size, long iterations)
{
    (void)size;
    for (long i = 0; i < iterations; i++)
        MPI_Barrier(MPI_COMM_WORLD);
}

static void bcast(long size, long iterations)
{
    for (long i = 0; i < iterations; i++)
        MPI_Bcast(receive_buffer, (int)size, MPI_BYTE, root_of(i), MPI_COMM_WORLD);
}

static void allreduce(long size, long iterations)
{
    for (long i = 0; i < iterations; i++)
        MPI_Allreduce(send_buffer, receive_buffer, doubles(size), MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
}

static void reduce(long size, long iterations)
{
    for (long i = 0; i < iterations; i++)
        MPI_Reduce(send_buffer, receive_buffer, doubles(size), MPI_DOUBLE, MPI_SUM, root_of(i), MPI_COMM_WORLD);
}

static void alltoall(long size, long iterations)
{
    for (long i = 0; i < iterations; i++)
        MPI_Alltoall(send_buffer, (int)size, MPI_BYTE, receive_buffer, (int)size, MPI_BYTE, MPI_COMM_WORLD);
}

static void allgather(long size, long iterations)
{
    for (long i = 0; i < iterations; i++)
        MPI_Allgather(send_buffer, (int)size, MPI_BYTE, receive_buffer, (int)size, MPI_BYTE, MPI_COMM_WORLD);
}

static void gather(long size, long iterations)
{
    for (long i = 0; i < iterations; i++)
        MPI_Gather(send_buffer, (int)size, MPI_BYTE, receive_buffer, (int)size, MPI_BYTE, root_of(i), MPI_COMM_WORLD);
}

static void scatter(long size, long iterations)
{
    for (long i = 0; i < iterations; i++)
        MPI_Scatter(send_buffer, (int)size, MPI_BYTE, receive_buffer, (int)size, MPI_BYTE, root_of(i), MPI_COMM_WORLD);
}

static void reduce_scatter_block(long size, long iterations)
{
    for (long i = 0; i < iterations; i++)
        MPI_Reduce_scatter_block(send_buffer, receive_buffer, doubles(size), MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
}

static void scan(long size, long iterations)
{
    for (long i = 0; i < iterations; i++)
        MPI_Scan(send_buffer, receive_buffer, doubles(size), MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
}

/* What element `index` of the result must be on this rank. */
typedef double expected_fn(long size, long index);

static double expect_bcast(long size, long index) { return (void)size, element(index, ROOT); }
static double expect_sum(long size, long index) { return (void)size, element_sum(index, 0, ranks); }
static double expect_scan(long size, long index) { return (void)size, element_sum(index, 0, rank + 1); }
static double expect_transposed(long size, long index)
{
    long each = size / 8;
    return element(rank * each + index % each, (int)(index / each));
}
static double expect_all(long size, long index) { return element(index % (size / 8), (int)(index / (size / 8))); }
static double expect_my_block_of_root(long size, long index) { return element(rank * (size / 8) + index, ROOT); }
static double expect_my_block_of_sum(long size, long index)
{
    return element_sum(rank * (size / 8) + index, 0, ranks);
}

/* Who has a result. */
enum { AT_ALL, AT_ROOT };

static const struct collective {
    struct figure figure;
    int send_blocks, receive_blocks; /* of `size` bytes; 0: one for each rank */
    expected_fn *expected;
    int result;
} COLLECTIVES[] = {
#define COLLECTIVE(name, rooted, sent, received, expected, result) \
    {{#name, "us", name, each_call, .slowest = 1, .in_turn = rooted}, sent, received, expected, result}
    COLLECTIVE(barrier, 0, 1, 1, NULL, AT_ALL),
    COLLECTIVE(bcast, 1, 1, 1, expect_bcast, AT_ALL),
    COLLECTIVE(allreduce, 0, 1, 1, expect_sum, AT_ALL),
    COLLECTIVE(reduce, 1, 1, 1, expect_sum, AT_ROOT),
    COLLECTIVE(alltoall, 0, 0, 0, expect_transposed, AT_ALL),
    COLLECTIVE(allgather, 0, 1, 0, expect_all, AT_ALL),
    COLLECTIVE(gather, 1, 1, 0, expect_all, AT_ROOT),
    COLLECTIVE(scatter, 1, 0, 1, expect_my_block_of_root, AT_ALL),
    COLLECTIVE(reduce_scatter_block, 0, 0, 1, expect_my_block_of_sum, AT_ALL),
    COLLECTIVE(scan, 0, 1, 1, expect_scan, AT_ALL),
#undef COLLECTIVE
};
enum { COLLECTIVE_COUNT = sizeof COLLECTIVES / sizeof *COLLECTIVES };

static long blocks(int number) { return number ? number : ranks; }

/* Nobody may leave a barrier before the last one has come; all ranks share a clock. */
static void verify_barrier(void)
{
    double came = now(), left, last, first;
    MPI_Barrier(MPI_COMM_WORLD);
    left = now();
    MPI_Allreduce(&came, &last, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    MPI_Allreduce(&left, &first, 1, MPI_DOUBLE, MPI_MIN, MPI_COMM_WORLD);
    if (first < last)
        fail("a rank left the barrier %g us before the last one came", (last - first) * 1e6);
}

static void verify_collective(const struct collective *collective, long size)
{
    if (!collective->expected) {
        verify_barrier();
        return;
    }
    long sent = blocks(collective->send_blocks) * size / 8, received = blocks(collective->receive_blocks) * size / 8;
    for (long i = 0; i < sent; i++)
        sends()[i] = element(i, rank);
    /* A broadcast has one buffer, which is the root's to send. */
    int is_sent = collective->figure.run == bcast && rank == ROOT;
    for (long i = 0; i < received; i++)
        receives()[i] = is_sent ? element(i, ROOT) : -1;
    collective->figure.run(size, 1);
    for (long i = 0; i < received && (collective->result == AT_ALL || rank == ROOT); i++)
        if (receives()[i] != collective->expected(size, i))
            fail("%s of %ld bytes: element %ld is %g instead of %g", collective->figure.name, size, i, receives()[i],
                 collective->expected(size, i));
}

static void measure_collective(const struct collective *collective, const long *sizes, int count)
{
    for (int i = 0; i < count; i++) {
        long size = collective->expected ? sizes[i] : 0;
        if (size % 8)
            fail("--which %s: the size must be a multiple of 8", collective->figure.name);
        send_buffer = pages(blocks(collective->send_blocks) * size);
        receive_buffer = pages(blocks(collective->receive_blocks) * size);
        verify_collective(collective, size);
        measure(&collective->figure, size);
        free(send_buffer);
        free(receive_buffer);
        if (!collective->expected)
            return; /* a barrier has no size */
    }
}

/* `which` is like "barrier,bcast:8:64K,alltoall:1K": sizes behind a name are for it alone, others have --sizes. */
static void collectives(const char *which)
{
    char every[512] = "", list[512], *rest = list;
    for (int i = 0; i < COLLECTIVE_COUNT; i++)
        snprintf(every + strlen(every), sizeof every - strlen(every), "%s%s", i ? "," : "", COLLECTIVES[i].figure.name);
    snprintf(list, sizeof list, "%s", which ? which : every);
    for (char *word; (word = strsep(&rest, ","));) {
        const char *name = strsep(&word, ":");
        const struct collective *found = NULL;
        for (int i = 0; i < COLLECTIVE_COUNT; i++)
            if (!strcmp(name, COLLECTIVES[i].figure.name))
                found = &COLLECTIVES[i];
        if (!found)
            fail("--which: there is no collective %s; there are %s", name, every);
        long sizes[64];
        int count = 0;
        for (char *size; count < 64 && (size = strsep(&word, ":"));) {
            sizes[count] = size_of(size, NULL);
            if (sizes[count++] < 0)
                fail("--which %s: %s is no size", name, size);
        }
        if (count)
            measure_collective(found, sizes, count);
        else
            measure_collective(found, opt.sizes, opt.size_count);
    }
}

/* ------------------------------------------------------------------------
 * One column of a square matrix of doubles.
 */

enum { EDGE = 4096, COLUMN = 17 };

static double *matrix;
static MPI_Datatype column;

static void pack_once(long size, long iterations)
{
    (void)size;
    for (long i = 0; i < iterations; i++) {
        int position = 0;
        MPI_Pack(matrix + COLUMN, 1, column, receive_buffer, 8 * EDGE, &position, MPI_COMM_WORLD);
    }
}

/* What a program would write instead. */
static void pack_by_hand(long size, long iterations)
{
    (void)size;
    for (long i = 0; i < iterations; i++) {
        double *out = receives();
        for (long row = 0; row < EDGE; row++)
            out[row] = matrix[row * EDGE + COLUMN];
        __asm__ volatile("" ::: "memory"); /* each time anew */
    }
}

static void verify_column(figure_fn *run, const char *name)
{
    memset(receive_buffer, 0x5a, 8 * EDGE);
    run(0, 1);
    for (long row = 0; row < EDGE; row++)
        if (receives()[row] != (double)(row * EDGE + COLUMN))
            fail("%s: element %ld of the column is %g", name, row, receives()[row]);
}

static void pack(void)
{
    static const struct figure PACK = {"pack", "us", pack_once, each_call};
    static const struct figure LOOP = {"pack_loop", "us", pack_by_hand, each_call};
    matrix = pages(8L * EDGE * EDGE);
    receive_buffer = pages(8 * EDGE);
    for (long i = 0; i < (long)EDGE * EDGE; i++)
        matrix[i] = (double)i;
    MPI_Type_vector(EDGE, 1, EDGE, MPI_DOUBLE, &column);
    MPI_Type_commit(&column);
    verify_column(pack_once, "MPI_Pack");
    verify_column(pack_by_hand, "the loop");
    measure(&PACK, EDGE);
    measure(&LOOP, EDGE);
    MPI_Type_free(&column);
    free(matrix);
    free(receive_buffer);
}

#endif
