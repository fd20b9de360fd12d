/* One-sided access: the part of bench.c that measures it.
 *
 * Rank 0 accesses rank 1's memory inside one epoch of MPI_Win_lock_all, and waits for each access to
 * be done at the target (MPI_Win_flush). Rank 1 waits for the next message meanwhile, so it moves on
 * whatever its library wants moved. The window is one of MPI_Win_allocate. `fence` is a put of 8 B by
 * both ranks between two MPI_Win_fence.
 */
#ifndef ONESIDED_H
#define ONESIDED_H

static MPI_Win window;
static char *window_memory;

static void put(long size, long iterations)
{
    for (long i = 0; i < iterations && rank == 0; i++) {
        MPI_Put(send_buffer, (int)size, MPI_BYTE, 1, 0, (int)size, MPI_BYTE, window);
        MPI_Win_flush(1, window);
    }
}

static void get(long size, long iterations)
{
    for (long i = 0; i < iterations && rank == 0; i++) {
        MPI_Get(receive_buffer, (int)size, MPI_BYTE, 1, 0, (int)size, MPI_BYTE, window);
        MPI_Win_flush(1, window);
    }
}

static void accumulate(long size, long iterations)
{
    for (long i = 0; i < iterations && rank == 0; i++) {
        MPI_Accumulate(send_buffer, doubles(size), MPI_DOUBLE, 1, 0, doubles(size), MPI_DOUBLE, MPI_SUM, window);
        MPI_Win_flush(1, window);
    }
}

static void fetch_and_op(long size, long iterations)
{
    (void)size;
    for (long i = 0; i < iterations && rank == 0; i++) {
        MPI_Fetch_and_op(send_buffer, receive_buffer, MPI_LONG, 1, 0, MPI_SUM, window);
        MPI_Win_flush(1, window);
    }
}

static void compare_and_swap(long size, long iterations)
{
    (void)size;
    for (long i = 0; i < iterations && rank == 0; i++) {
        MPI_Compare_and_swap(send_buffer, receive_buffer, receive_buffer + 8, MPI_LONG, 1, 0, window);
        MPI_Win_flush(1, window);
    }
}

static void fence(long size, long iterations)
{
    for (long i = 0; i < iterations; i++) {
        if (rank < 2)
            MPI_Put(send_buffer, (int)size, MPI_BYTE, peer(), 0, (int)size, MPI_BYTE, window);
        MPI_Win_fence(0, window);
    }
}

static const struct one_sided {
    struct figure figure;
    int has_sizes;
    int fenced;
} ONE_SIDED[] = {
    {{"put", "us", put, each_call}, 1, 0},
    {{"get", "us", get, each_call}, 1, 0},
    {{"accumulate", "us", accumulate, each_call}, 1, 0},
    {{"fetch_and_op", "us", fetch_and_op, each_call}, 0, 0},
    {{"compare_and_swap", "us", compare_and_swap, each_call}, 0, 0},
    {{"fence", "us", fence, each_call, .slowest = 1}, 0, 1},
};
enum { ONE_SIDED_COUNT = sizeof ONE_SIDED / sizeof *ONE_SIDED };

/* Every access once, and what it must have left; the elements are small whole numbers. */
static void verify_one_sided(long size)
{
    long count = size / 8;
    double *mine = (double *)window_memory;
    for (long i = 0; i < count; i++) {
        mine[i] = element(i, rank);
        sends()[i] = element(i, 2);
        receives()[i] = -1;
    }
    MPI_Barrier(MPI_COMM_WORLD);
    get(size, 1);
    for (long i = 0; i < count && rank == 0; i++)
        if (receives()[i] != element(i, 1))
            fail("get of %ld bytes: element %ld is %g instead of %g", size, i, receives()[i], element(i, 1));
    put(size, 1);
    accumulate(size, 2);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Win_sync(window);
    for (long i = 0; i < count && rank == 1; i++)
        if (mine[i] != 3 * element(i, 2))
            fail("put of %ld bytes: element %ld is %g instead of %g", size, i, mine[i], 3 * element(i, 2));
    if (rank == 1)
        *(long *)window_memory = 40;
    MPI_Win_sync(window);
    *(long *)send_buffer = 1;
    MPI_Barrier(MPI_COMM_WORLD);
    fetch_and_op(8, 2);
    if (rank == 0 && *(long *)receive_buffer != 41)
        fail("fetch_and_op: there was %ld instead of 41", *(long *)receive_buffer);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void one_sided(void)
{
    long largest = PAGE;
    for (int i = 0; i < opt.size_count; i++)
        if (opt.sizes[i] % 8)
            fail("one-sided: the sizes must be multiples of 8");
        else if (opt.sizes[i] > largest)
            largest = opt.sizes[i];
    send_buffer = pages(largest);
    receive_buffer = pages(largest);
    MPI_Win_allocate(largest, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &window_memory, &window);
    memset(window_memory, 0, largest);
    for (int at = 0; at < ONE_SIDED_COUNT; at++) {
        const struct one_sided *access = &ONE_SIDED[at];
        if (access->fenced)
            MPI_Win_fence(0, window);
        else
            MPI_Win_lock_all(0, window);
        for (int i = 0; i < (access->has_sizes ? opt.size_count : 1); i++) {
            long size = access->has_sizes ? opt.sizes[i] : 8;
            if (!access->fenced)
                verify_one_sided(size);
            /* Numbers that stay numbers, however often they are added. */
            memset(send_buffer, 0, size);
            memset(window_memory, 0, size);
            MPI_Barrier(MPI_COMM_WORLD);
            measure(&access->figure, size);
        }
        if (access->fenced)
            MPI_Win_fence(MPI_MODE_NOSUCCEED, window);
        else
            MPI_Win_unlock_all(window);
    }
    MPI_Win_free(&window);
}

#endif
