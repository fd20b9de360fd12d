/* One measurement program for every MPI that has an mpi.h.
 *
 * The subcommands, the options and the JSON lines are those of `olympi-bench`,
 * so that the runner treats both alike; README.md describes them. Each figure
 * is measured in many short batches: the low percentile of short batches is
 * what the machine can do, the median is what it did under the load of the day.
 */
#define _GNU_SOURCE
#include <mpi.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"

#define MAX_WINDOW 64
#define PAGE 4096

enum { TAG_DATA = 1, TAG_ACK = 2, TAG_DONE = 3, TAG_FIRST_DEPTH = 10 };

static struct {
    long sizes[64];
    int size_count;
    int batches;       /* samples wanted for a size */
    double batch_time; /* seconds a batch should take */
    double limit;      /* seconds after which a size gets fewer batches */
    long laps;
    int pinned;
    int posted, unexpected;
    const char *which;
} opt = {.batches = 200, .batch_time = 1.5e-3, .limit = 1.5, .laps = 1000, .posted = 1, .unexpected = 1};

static int rank, ranks;
static char *send_buffer, *receive_buffer; /* page aligned, reused by every size */
static double *samples;

static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "bench: rank %d: ", rank);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    MPI_Abort(MPI_COMM_WORLD, 3);
    exit(3);
}

static int peer(void) { return rank ^ 1; }

static void *pages(size_t length)
{
    void *memory;
    if (posix_memalign(&memory, PAGE, length ? length : PAGE))
        fail("cannot allocate %zu bytes", length);
    memset(memory, 0x5a, length ? length : PAGE);
    return memory;
}

/* ------------------------------------------------------------------------
 * The figures: each function runs `iterations` of one figure on every rank.
 */

/* Messages in flight: at most 16 MiB of them, so that no size is a memory test. */
static int window_of(long size)
{
    return size <= (64 << 10) ? 64 : size <= (1 << 20) ? 16 : 4;
}

static void latency(long size, long iterations)
{
    if (rank == 0) {
        for (long i = 0; i < iterations; i++) {
            MPI_Send(send_buffer, (int)size, MPI_BYTE, 1, TAG_DATA, MPI_COMM_WORLD);
            MPI_Recv(receive_buffer, (int)size, MPI_BYTE, 1, TAG_DATA, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        }
    } else if (rank == 1) {
        for (long i = 0; i < iterations; i++) {
            MPI_Recv(receive_buffer, (int)size, MPI_BYTE, 0, TAG_DATA, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            MPI_Send(send_buffer, (int)size, MPI_BYTE, 0, TAG_DATA, MPI_COMM_WORLD);
        }
    }
}

/* The ping-pong of 8 B that is played behind `depth` posted receives. */
static void behind(long depth, long iterations)
{
    (void)depth;
    latency(8, iterations);
}

/* One direction from `rank` to `to`, answered by four bytes a window. */
static void stream_out(long size, long iterations, int to)
{
    MPI_Request requests[MAX_WINDOW];
    int window = window_of(size), ack;
    for (long i = 0; i < iterations; i++) {
        for (int w = 0; w < window; w++)
            MPI_Isend(send_buffer, (int)size, MPI_BYTE, to, TAG_DATA, MPI_COMM_WORLD, &requests[w]);
        MPI_Waitall(window, requests, MPI_STATUSES_IGNORE);
        MPI_Recv(&ack, 4, MPI_BYTE, to, TAG_ACK, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
}

static void stream_in(long size, long iterations, int from)
{
    MPI_Request requests[MAX_WINDOW];
    int window = window_of(size), ack = 0;
    for (long i = 0; i < iterations; i++) {
        for (int w = 0; w < window; w++)
            MPI_Irecv(receive_buffer + w * size, (int)size, MPI_BYTE, from, TAG_DATA, MPI_COMM_WORLD, &requests[w]);
        MPI_Waitall(window, requests, MPI_STATUSES_IGNORE);
        MPI_Send(&ack, 4, MPI_BYTE, from, TAG_ACK, MPI_COMM_WORLD);
    }
}

static void bandwidth(long size, long iterations)
{
    if (rank == 0)
        stream_out(size, iterations, 1);
    else if (rank == 1)
        stream_in(size, iterations, 0);
}

static void bibandwidth(long size, long iterations)
{
    MPI_Request requests[2 * MAX_WINDOW];
    int window = window_of(size);
    if (rank > 1)
        return;
    for (long i = 0; i < iterations; i++) {
        for (int w = 0; w < window; w++)
            MPI_Irecv(receive_buffer + w * size, (int)size, MPI_BYTE, peer(), TAG_DATA, MPI_COMM_WORLD, &requests[w]);
        for (int w = 0; w < window; w++)
            MPI_Isend(send_buffer, (int)size, MPI_BYTE, peer(), TAG_DATA, MPI_COMM_WORLD, &requests[window + w]);
        MPI_Waitall(2 * window, requests, MPI_STATUSES_IGNORE);
    }
}

/* Every rank of the lower half sends to its partner in the upper half. */
static void rate(long size, long iterations)
{
    int half = ranks / 2;
    if (rank < half)
        stream_out(size, iterations, rank + half);
    else if (rank < 2 * half)
        stream_in(size, iterations, rank - half);
}

static double drain_seconds, clock_cost;

/* `depth` messages wait unexpected at rank 1, which takes the newest first.
 * Only the drain is timed; the time goes to `drain_seconds` of rank 1. */
static void unexpected(long depth, long iterations)
{
    char byte = 0;
    drain_seconds = 0;
    for (long i = 0; i < iterations; i++) {
        if (rank == 0) {
            for (long d = 0; d < depth; d++) {
                long value = d;
                MPI_Send(&value, 8, MPI_BYTE, 1, TAG_FIRST_DEPTH + (int)d, MPI_COMM_WORLD);
            }
            MPI_Send(&byte, 1, MPI_BYTE, 1, TAG_DONE, MPI_COMM_WORLD);
            MPI_Recv(&byte, 1, MPI_BYTE, 1, TAG_ACK, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        } else if (rank == 1) {
            long wrong = 0;
            MPI_Recv(&byte, 1, MPI_BYTE, 0, TAG_DONE, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            double start = now();
            for (long d = depth - 1; d >= 0; d--) {
                long value = -1;
                MPI_Recv(&value, 8, MPI_BYTE, 0, TAG_FIRST_DEPTH + (int)d, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
                wrong += value != d;
            }
            drain_seconds += now() - start - clock_cost;
            if (wrong)
                fail("%ld of %ld unexpected messages held another message's data", wrong, depth);
            MPI_Send(&byte, 1, MPI_BYTE, 0, TAG_ACK, MPI_COMM_WORLD);
        }
    }
}

/* ------------------------------------------------------------------------
 * Timing.
 */

typedef void figure_fn(long, long);

/* What a batch of `iterations` that took `seconds` says, in the figure's unit. */
typedef double value_fn(long size, long iterations, double seconds);

static double half_round_trip(long size, long iterations, double seconds)
{
    (void)size;
    return seconds / iterations / 2 * 1e6;
}
static double one_way_gigabytes(long size, long iterations, double seconds)
{
    return (double)size * window_of(size) * iterations / seconds / 1e9;
}
static double two_way_gigabytes(long size, long iterations, double seconds)
{
    return 2 * one_way_gigabytes(size, iterations, seconds);
}
static double million_messages(long size, long iterations, double seconds)
{
    return (double)window_of(size) * iterations / seconds / 1e6;
}
static double drain_per_message(long depth, long iterations, double seconds)
{
    (void)seconds;
    return drain_seconds / iterations / depth * 1e6;
}

static double each_call(long size, long iterations, double seconds)
{
    (void)size;
    return seconds / iterations * 1e6;
}

struct figure {
    const char *name, *unit;
    figure_fn *run;
    value_fn *value;
    int higher_is_better;
    int sum_over_ranks; /* the lower half's values are added up */
    int timed_by;       /* the rank whose value counts otherwise */
    int slowest;        /* the largest value counts */
    int in_turn;        /* every rank has its turn in a batch, as often as the others */
};

/* One batch on all ranks; the result is valid on rank 0. */
static double batch(const struct figure *figure, long size, long iterations, double *seconds)
{
    if (figure->sum_over_ranks || figure->slowest)
        MPI_Barrier(MPI_COMM_WORLD);
    double start = now();
    figure->run(size, iterations);
    *seconds = now() - start;
    double value = figure->value(size, iterations, *seconds), total = 0;
    if (figure->sum_over_ranks) {
        if (rank >= ranks / 2)
            value = 0;
        MPI_Reduce(&value, &total, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
        return total;
    }
    if (figure->slowest) {
        MPI_Reduce(&value, &total, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
        return total;
    }
    if (figure->timed_by == 1) {
        if (rank == 1)
            MPI_Send(&value, 1, MPI_DOUBLE, 0, TAG_ACK, MPI_COMM_WORLD);
        else if (rank == 0)
            MPI_Recv(&value, 1, MPI_DOUBLE, 1, TAG_ACK, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
    return value;
}

static void measure(const struct figure *figure, long size)
{
    double seconds = 0, value = 0;
    long plan[2]; /* iterations a batch, batches */
    int taken = 0;
    /* Warm up by doubling until a run is long enough to judge by; three must say so, the
     * shortest counts: one may have waited for a processor. */
    double shortest = 0;
    long turns = figure->in_turn ? ranks : 1;
    for (long iterations = turns, runs = 0;;) {
        value = batch(figure, size, iterations, &seconds);
        shortest = runs++ && shortest < seconds ? shortest : seconds;
        /* What takes as long as all of a size may is not asked again. */
        int enough = shortest > opt.limit ? 2 : shortest > opt.batch_time;
        MPI_Bcast(&enough, 1, MPI_INT, 0, MPI_COMM_WORLD);
        if (!enough) {
            iterations *= 2;
            runs = 0;
        } else if (runs == 3 || enough == 2) {
            double each = shortest / iterations;
            plan[0] = (long)(opt.batch_time / each) / turns * turns;
            if (plan[0] < turns)
                plan[0] = turns;
            plan[1] = (long)(opt.limit / (each * plan[0]));
            if (plan[1] > opt.batches)
                plan[1] = opt.batches;
            if (plan[1] < 3 && each * 3 < 2 * opt.limit)
                plan[1] = 3;
            break;
        }
    }
    MPI_Bcast(plan, 2, MPI_LONG, 0, MPI_COMM_WORLD);
    if (plan[1] == 0)
        samples[taken++] = value; /* so slow that the warm-up is the measurement */
    double start = now();
    for (int go = plan[1] > 0; go;) {
        samples[taken++] = batch(figure, size, plan[0], &seconds);
        /* A machine that became busy must not make this endless. */
        go = taken < plan[1] && now() - start < 4 * opt.limit;
        MPI_Bcast(&go, 1, MPI_INT, 0, MPI_COMM_WORLD);
    }
    if (rank == 0)
        emit(figure->name, size, ranks, figure->unit, samples, taken, figure->higher_is_better);
}

/* ------------------------------------------------------------------------
 * Checks: a transport that loses or mixes data must not look fast.
 */

static char pattern(long index, long size, int from)
{
    return (char)(index * 31 + (index >> 12) + size * 7 + from * 101);
}

static void verify(long size)
{
    int window = window_of(size);
    if (rank > 1)
        return;
    for (long i = 0; i < size; i++)
        send_buffer[i] = pattern(i, size, rank);
    memset(receive_buffer, 0x5a, (size_t)size * window);
    bibandwidth(size, 1);
    for (int w = 0; w < window; w++)
        for (long i = 0; i < size; i++)
            if (receive_buffer[w * size + i] != pattern(i, size, peer()))
                fail("byte %ld of message %d of %ld bytes is wrong", i, w, size);
}

static void check_pinning(void)
{
    int cpu = only_cpu(), other = -1;
    if (cpu < 0)
        fail("--pinned: this rank may run on more than one CPU");
    if (rank < 2)
        MPI_Sendrecv(&cpu, 1, MPI_INT, peer(), TAG_ACK, &other, 1, MPI_INT, peer(), TAG_ACK, MPI_COMM_WORLD,
                     MPI_STATUS_IGNORE);
    if (cpu == other)
        fail("--pinned: both ranks are pinned to CPU %d", cpu);
}

#include "collectives.h"
#include "onesided.h"

/* ------------------------------------------------------------------------
 * Subcommands.
 */

static const struct figure LATENCY = {"latency", "us", latency, half_round_trip, 0, 0, 0};
static const struct figure BANDWIDTH = {"bandwidth", "GB/s", bandwidth, one_way_gigabytes, 1, 0, 0};
static const struct figure BIBANDWIDTH = {"bibandwidth", "GB/s", bibandwidth, two_way_gigabytes, 1, 0, 0};
static const struct figure RATE = {"rate", "M/s", rate, million_messages, 1, 1, 0};
static const struct figure POSTED = {"posted_depth", "us", behind, half_round_trip, 0, 0, 0};
static const struct figure UNEXPECTED = {"unexpected_depth", "us", unexpected, drain_per_message, 0, 0, 1};

static void over_sizes(const struct figure *figure)
{
    long largest = 0;
    for (int i = 0; i < opt.size_count; i++)
        if (opt.sizes[i] * window_of(opt.sizes[i]) > largest)
            largest = opt.sizes[i] * window_of(opt.sizes[i]);
    send_buffer = pages(largest);
    receive_buffer = pages(largest);
    for (int i = 0; i < opt.size_count; i++) {
        verify(opt.sizes[i]);
        measure(figure, opt.sizes[i]);
    }
}

/* Both ranks hold `depth` receives that nothing matches, then play ping-pong:
 * every match is made behind them. Afterwards the receives are satisfied. */
static void posted_depth(long depth)
{
    MPI_Request *requests = malloc(sizeof *requests * (depth + 1));
    char *bytes = malloc(depth + 1), byte = 7;
    for (long d = 0; d < depth && rank < 2; d++)
        MPI_Irecv(&bytes[d], 1, MPI_BYTE, peer(), TAG_FIRST_DEPTH + (int)d, MPI_COMM_WORLD, &requests[d]);
    MPI_Barrier(MPI_COMM_WORLD);
    measure(&POSTED, depth);
    MPI_Barrier(MPI_COMM_WORLD);
    for (long d = 0; d < depth && rank < 2; d++)
        MPI_Send(&byte, 1, MPI_BYTE, peer(), TAG_FIRST_DEPTH + (int)d, MPI_COMM_WORLD);
    if (rank < 2)
        MPI_Waitall((int)depth, requests, MPI_STATUSES_IGNORE);
    free(requests);
    free(bytes);
}

static void matching(void)
{
    send_buffer = pages(PAGE);
    receive_buffer = pages(PAGE);
    for (int i = 0; i < opt.size_count && opt.posted; i++)
        posted_depth(opt.sizes[i]);
    for (int i = 0; i < opt.size_count && opt.unexpected; i++)
        measure(&UNEXPECTED, opt.sizes[i]);
}

static double ring(long laps)
{
    int left = (rank + ranks - 1) % ranks, right = (rank + 1) % ranks;
    long token = 0;
    double start = now();
    for (long lap = 0; lap < laps; lap++) {
        if (rank == 0) {
            token++;
            MPI_Send(&token, 8, MPI_BYTE, right, TAG_DATA, MPI_COMM_WORLD);
            MPI_Recv(&token, 8, MPI_BYTE, left, TAG_DATA, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        } else {
            MPI_Recv(&token, 8, MPI_BYTE, left, TAG_DATA, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            token++;
            MPI_Send(&token, 8, MPI_BYTE, right, TAG_DATA, MPI_COMM_WORLD);
        }
    }
    if (rank == 0 && token != laps * ranks)
        fail("the token counted %ld hops instead of %ld", token, laps * ranks);
    return now() - start;
}

static void token(void)
{
    ring(3); /* connections are made here, not in the figure */
    samples[0] = ring(opt.laps) * 1e3;
    if (rank == 0)
        emit("token", opt.laps, ranks, "ms", samples, 1, 0);
}

static void memory(void)
{
    MPI_Barrier(MPI_COMM_WORLD);
    double mine = resident_bytes() / 1e6, largest = 0;
    MPI_Reduce(&mine, &largest, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
    if (rank == 0)
        emit("memory", 0, ranks, "MB", &largest, 1, 0);
}

static void parse(int count, char **words)
{
    long least = 0, most = 4 << 20;
    for (int i = 2; i < count; i++) {
        const char *word = words[i];
        if (!strcmp(word, "--pinned")) {
            opt.pinned = 1;
            continue;
        }
        if (i + 1 >= count)
            fail("%s needs a value", word);
        const char *value = words[++i];
        if (!strcmp(word, "--sizes"))
            opt.size_count = size_list(value, opt.sizes, 64);
        else if (!strcmp(word, "--min"))
            least = size_of(value, NULL);
        else if (!strcmp(word, "--max"))
            most = size_of(value, NULL);
        else if (!strcmp(word, "--batches"))
            opt.batches = atoi(value);
        else if (!strcmp(word, "--batch-time"))
            opt.batch_time = atof(value) / 1e3;
        else if (!strcmp(word, "--limit"))
            opt.limit = atof(value) / 1e3;
        else if (!strcmp(word, "--laps"))
            opt.laps = atol(value);
        else if (!strcmp(word, "--which")) {
            opt.which = value;
            opt.posted = strcmp(value, "unexpected") != 0;
            opt.unexpected = strcmp(value, "posted") != 0;
        } else
            fail("unknown option %s", word);
    }
    if (opt.size_count == 0 && !strcmp(words[1], "matching"))
        opt.size_count = size_list("1,10,100,1000,10000", opt.sizes, 64);
    else if (opt.size_count == 0 && !strcmp(words[1], "rate"))
        opt.size_count = size_list("8", opt.sizes, 64);
    else if (opt.size_count == 0 && !strcmp(words[1], "collectives"))
        opt.size_count = size_list("8,64K,1M", opt.sizes, 64);
    else if (opt.size_count == 0 && !strcmp(words[1], "one-sided"))
        opt.size_count = size_list("8,4K,64K,1M", opt.sizes, 64);
    else if (opt.size_count == 0)
        opt.size_count = size_range(least, most, opt.sizes, 64);
    if (opt.size_count <= 0)
        fail("--sizes: expected up to 64 numbers like 0,8,4K,1M");
    if (opt.batches < 1)
        fail("--batches: expected at least 1");
    samples = malloc(sizeof *samples * (opt.batches + 4));
}

int main(int count, char **words)
{
    MPI_Init(&count, &words);
    if (count > 1 && !strcmp(words[1], "empty")) {
        MPI_Finalize();
        return 0;
    }
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    if (count < 2)
        fail("usage: bench latency|bandwidth|bibandwidth|rate|matching|token|memory|collectives|one-sided|pack|empty [options]");
    const char *name = words[1];
    if (!strcmp(name, "memory")) {
        memory(); /* before anything else can grow the process */
        MPI_Finalize();
        return 0;
    }
    parse(count, words);
    int alone = !strcmp(name, "collectives") || !strcmp(name, "pack");
    if ((ranks < 2 && !alone) || (ranks % 2 && !strcmp(name, "rate")))
        fail("%s does not work with %d ranks", name, ranks);
    if (opt.pinned && ranks > 1)
        check_pinning();
    clock_cost = cost_of_clock();
    const struct figure *sized[] = {&LATENCY, &BANDWIDTH, &BIBANDWIDTH, &RATE};
    for (int i = 0; i < 4; i++)
        if (!strcmp(name, sized[i]->name)) {
            over_sizes(sized[i]);
            name = "";
        }
    if (!strcmp(name, "matching"))
        matching();
    else if (!strcmp(name, "token"))
        token();
    else if (!strcmp(name, "collectives"))
        collectives(opt.which);
    else if (!strcmp(name, "one-sided"))
        one_sided();
    else if (!strcmp(name, "pack"))
        pack();
    else if (*name)
        fail("unknown subcommand %s", name);
    MPI_Finalize();
    return 0;
}
