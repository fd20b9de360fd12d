/* What the machine itself can do, without any MPI: the yardsticks.
 *
 *   raw cacheline      half round trip of one cache line a direction
 *   raw tcp-latency    half round trip of a message over a loopback socket
 *   raw tcp-bandwidth  a stream over a loopback socket, in the windows of bench.c
 *   raw memcpy         a copy within one process
 *   raw turns          processes that share two CPUs: until each has had its turn once, giving way to the next
 *
 * Two processes, each pinned to its own CPU (`--cpus A,B`), print the JSON lines
 * of bench.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "stats.h"

#define LINE 128 /* two lines apart: the prefetcher fetches pairs */
#define MAX_WINDOW 64

static struct {
    long sizes[64];
    int size_count;
    int batches;
    double batch_time, limit;
    long cpus[2];
} opt = {.batches = 200, .batch_time = 1.5e-3, .limit = 1.5, .cpus = {0, 1}};

/* What the two processes share. */
struct shared {
    _Alignas(LINE) _Atomic unsigned long flag[2][LINE / sizeof(unsigned long)];
    _Alignas(LINE) _Atomic long iterations; /* of the next batch; -1 ends */
    _Alignas(LINE) _Atomic long batch;      /* the number of the next batch */
    _Alignas(LINE) _Atomic long ended;      /* sizes that side 1 has done with */
};

static struct shared *shared;
static int side, fd;
static char *buffer;
static double *samples;

static void die(const char *what)
{
    fprintf(stderr, "raw: %s: %s\n", what, strerror(errno));
    exit(3);
}

static void pin_to(long cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((int)cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set))
        die("cannot pin to a CPU of --cpus");
}

/* ------------------------------------------------------------------------
 * The figures, one function for both sides.
 */

/* Asking for the line less often lets its owner write it sooner. */
static inline void relax(void)
{
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("isb");
#endif
}

static void cacheline(long size, long iterations)
{
    static unsigned long turn;
    (void)size;
    _Atomic unsigned long *mine = &shared->flag[side][0], *theirs = &shared->flag[!side][0];
    for (long i = 0; i < iterations; i++) {
        turn++;
        if (side == 0)
            atomic_store_explicit(mine, turn, memory_order_release);
        while (atomic_load_explicit(theirs, memory_order_acquire) != turn)
            relax();
        if (side == 1)
            atomic_store_explicit(mine, turn, memory_order_release);
    }
}

/* A sender that finds the socket full may sleep: it is the faster way to stream. */
static void send_all(const char *from, size_t left)
{
    while (left) {
        ssize_t sent = send(fd, from, left, MSG_NOSIGNAL);
        if (sent > 0) {
            from += sent;
            left -= (size_t)sent;
        } else if (errno != EINTR)
            die("send");
    }
}

static void spin_receive(char *to, size_t left)
{
    while (left) {
        ssize_t received = recv(fd, to, left, MSG_DONTWAIT);
        if (received > 0) {
            to += received;
            left -= (size_t)received;
        } else if (received == 0 || (errno != EAGAIN && errno != EINTR))
            die("recv");
    }
}

static void tcp_latency(long size, long iterations)
{
    for (long i = 0; i < iterations; i++) {
        if (side == 0)
            send_all(buffer, (size_t)size);
        spin_receive(buffer, (size_t)size);
        if (side == 1)
            send_all(buffer, (size_t)size);
    }
}

static int window_of(long size)
{
    return size <= (64 << 10) ? 64 : size <= (1 << 20) ? 16 : 4;
}

/* Every write is one message; all are read into one buffer of that length. */
static void tcp_bandwidth(long size, long iterations)
{
    for (long i = 0; i < iterations; i++) {
        for (int w = 0; w < window_of(size); w++) {
            if (side == 0)
                send_all(buffer, (size_t)size);
            else
                spin_receive(buffer, (size_t)size);
        }
        if (side == 0)
            spin_receive(buffer, 4);
        else
            send_all(buffer, 4);
    }
}

static void copy(long size, long iterations)
{
    for (long i = 0; i < iterations; i++) {
        memcpy(buffer + size, buffer, (size_t)size);
        __asm__ volatile("" ::"r"(buffer) : "memory");
    }
}

/* Half of so many processes are on this CPU. What they wait for, no other can do before each has run: this is the least that
 * a barrier of them can take, if all of them wait for it. */
static void turns(long processes, long iterations)
{
    static long others;
    for (; others < processes / 2 - 1; others++) {
        pid_t child = fork();
        if (child < 0)
            die("fork");
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;)
                sched_yield();
        }
    }
    for (long i = 0; i < iterations; i++)
        sched_yield();
}

static double each_turn(long size, long iterations, double seconds)
{
    (void)size;
    return seconds / (double)iterations * 1e6;
}

static double half_round_trip(long size, long iterations, double seconds)
{
    (void)size;
    return seconds / (double)iterations / 2 * 1e6;
}
static double windows(long size, long iterations, double seconds)
{
    return (double)size * window_of(size) * (double)iterations / seconds / 1e9;
}
static double copies(long size, long iterations, double seconds)
{
    return (double)size * (double)iterations / seconds / 1e9;
}

static const struct figure {
    const char *name, *unit, *sizes;
    void (*run)(long, long);
    double (*value)(long, long, double);
    int higher_is_better, sockets, alone;
} FIGURES[] = {
    {"cacheline", "us", "8", cacheline, half_round_trip, 0, 0, 0},
    {"tcp-latency", "us", "8", tcp_latency, half_round_trip, 0, 1, 0},
    {"tcp-bandwidth", "GB/s", "1M", tcp_bandwidth, windows, 1, 1, 0},
    {"turns", "us", "8", turns, each_turn, 0, 0, 1},
    {"memcpy", "GB/s", "4K,16K,64K,256K,1M,4M", copy, copies, 1, 0, 1},
};

/* ------------------------------------------------------------------------
 * Side 0 leads, side 1 follows what it finds in shared memory.
 */

static double run(const struct figure *figure, long size, long iterations)
{
    if (!figure->alone) {
        atomic_store(&shared->iterations, iterations);
        atomic_fetch_add(&shared->batch, 1);
    }
    double start = now();
    figure->run(size, iterations);
    return now() - start;
}

static void follow(const struct figure *figure, long size)
{
    static long seen;
    for (;;) {
        while (atomic_load(&shared->batch) == seen)
            ;
        seen++;
        long iterations = atomic_load(&shared->iterations);
        if (iterations < 0) {
            atomic_fetch_add(&shared->ended, 1);
            return;
        }
        figure->run(size, iterations);
    }
}

static void lead(const struct figure *figure, long size)
{
    double each, shortest = 0;
    /* As in bench.c: three warm-up runs must be long enough, and the shortest counts. */
    for (long iterations = 1, runs = 0; runs < 3;) {
        double seconds = run(figure, size, iterations);
        shortest = runs++ && shortest < seconds ? shortest : seconds;
        each = shortest / (double)iterations;
        if (shortest <= opt.batch_time) {
            iterations *= 2;
            runs = 0;
        }
    }
    long iterations = (long)(opt.batch_time / each);
    if (iterations < 1)
        iterations = 1;
    long batches = (long)(opt.limit / (each * (double)iterations));
    if (batches > opt.batches)
        batches = opt.batches;
    if (batches < 3)
        batches = 3;
    int taken = 0;
    double start = now();
    /* A machine that became busy must not make this endless. */
    while (taken < batches && (taken == 0 || now() - start < 4 * opt.limit))
        samples[taken++] = figure->value(size, iterations, run(figure, size, iterations));
    if (!figure->alone) {
        long ended = atomic_load(&shared->ended);
        atomic_store(&shared->iterations, -1);
        atomic_fetch_add(&shared->batch, 1);
        while (atomic_load(&shared->ended) == ended)
            ; /* or the next size's first batch would overwrite the -1 unread */
    }
    emit(figure->name, size, figure->alone ? 1 : 2, figure->unit, samples, taken, figure->higher_is_better);
}

static void loopback_pair(int pair[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    pair[0] = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || pair[0] < 0 || bind(listener, (struct sockaddr *)&address, length) || listen(listener, 1) ||
        getsockname(listener, (struct sockaddr *)&address, &length) ||
        connect(pair[0], (struct sockaddr *)&address, length) || (pair[1] = accept(listener, NULL, NULL)) < 0)
        die("cannot connect over the loopback interface");
    close(listener);
    for (int i = 0; i < 2; i++)
        if (setsockopt(pair[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on))
            die("TCP_NODELAY");
}

static void usage(void)
{
    fprintf(stderr, "usage: raw cacheline|tcp-latency|tcp-bandwidth|memcpy|turns [--cpus A,B] [--sizes LIST] "
                    "[--batches N] [--batch-time MS] [--limit MS]\n");
    exit(2);
}

int main(int count, char **words)
{
    const struct figure *figure = NULL;
    for (size_t i = 0; count > 1 && i < sizeof FIGURES / sizeof *FIGURES; i++)
        if (!strcmp(words[1], FIGURES[i].name))
            figure = &FIGURES[i];
    if (!figure)
        usage();
    opt.size_count = size_list(figure->sizes, opt.sizes, 64);
    for (int i = 2; i < count; i += 2) {
        const char *value = i + 1 < count ? words[i + 1] : "";
        if (!strcmp(words[i], "--cpus")) {
            if (size_list(value, opt.cpus, 2) != 2)
                usage();
        } else if (!strcmp(words[i], "--sizes"))
            opt.size_count = size_list(value, opt.sizes, 64);
        else if (!strcmp(words[i], "--batches"))
            opt.batches = atoi(value);
        else if (!strcmp(words[i], "--batch-time"))
            opt.batch_time = atof(value) / 1e3;
        else if (!strcmp(words[i], "--limit"))
            opt.limit = atof(value) / 1e3;
        else
            usage();
    }
    if (opt.size_count <= 0 || opt.batches < 1)
        usage();
    long largest = 4096;
    for (int i = 0; i < opt.size_count; i++) {
        if (opt.sizes[i] == 0)
            usage(); /* a raw stream has no message of no bytes */
        if (opt.sizes[i] > largest)
            largest = opt.sizes[i];
    }

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || posix_memalign((void **)&buffer, 4096, 2 * (size_t)largest))
        die("memory");
    samples = malloc(sizeof *samples * ((size_t)opt.batches + 4));
    int pair[2] = {-1, -1};
    if (figure->sockets)
        loopback_pair(pair);

    pid_t child = figure->alone ? 0 : fork();
    if (child < 0)
        die("fork");
    side = figure->alone ? 0 : child == 0;
    if (!figure->alone && side == 1)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin_to(opt.cpus[side]);
    fd = pair[side];
    memset(buffer, 0x5a, 2 * (size_t)largest);
    for (int i = 0; i < opt.size_count; i++) {
        if (side == 0)
            lead(figure, opt.sizes[i]);
        else
            follow(figure, opt.sizes[i]);
    }
    if (figure->alone || side == 1)
        return 0;
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}
