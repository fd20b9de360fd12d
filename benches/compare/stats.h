/* What bench.c and raw.c share: clock, percentiles, the JSON line, sizes. */
#ifndef STATS_H
#define STATS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static inline double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The least time between two readings of the clock, in seconds. */
static inline double cost_of_clock(void)
{
    double least = 1;
    for (int i = 0; i < 1000; i++) {
        double start = now(), cost = now() - start;
        if (cost < least)
            least = cost;
    }
    return least;
}

static inline int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One record on standard output. `p02` is always the good end: of a rate it is
 * the 98th percentile, which is the 2nd of the time that it was made from; and
 * `max` is always the bad end. */
static inline void emit(const char *figure, long size, int ranks, const char *unit, double *samples, int count,
                        int higher_is_better)
{
    qsort(samples, (size_t)count, sizeof *samples, ascending);
    int low = (int)(0.02 * (count - 1) + 0.5);
    double p02 = samples[higher_is_better ? count - 1 - low : low];
    double worst = samples[higher_is_better ? 0 : count - 1];
    double middle = count % 2 ? samples[count / 2] : (samples[count / 2 - 1] + samples[count / 2]) / 2;
    printf("{\"figure\":\"%s\",\"size\":%ld,\"ranks\":%d,\"median\":%.6g,\"p02\":%.6g,\"max\":%.6g,"
           "\"unit\":\"%s\",\"samples\":%d}\n",
           figure, size, ranks, middle, p02, worst, unit, count);
    fflush(stdout);
}

/* "64", "4K" or "1M" as a number; -1 if it is none. */
static inline long size_of(const char *text, char **end)
{
    char *rest;
    long value = strtol(text, &rest, 10);
    if (rest == text || value < 0)
        return -1;
    if (*rest == 'K' || *rest == 'k')
        value <<= 10, rest++;
    else if (*rest == 'M' || *rest == 'm')
        value <<= 20, rest++;
    if (end)
        *end = rest;
    return value;
}

static inline int size_list(const char *text, long *sizes, int most)
{
    int count = 0;
    while (count < most) {
        char *end;
        long size = size_of(text, &end);
        if (size < 0)
            return -1;
        sizes[count++] = size;
        if (*end == 0)
            return count;
        if (*end != ',')
            return -1;
        text = end + 1;
    }
    return -1;
}

/* 0 if it is in the range, then every power of two. */
static inline int size_range(long least, long most, long *sizes, int room)
{
    int count = 0;
    if (least == 0)
        sizes[count++] = 0;
    for (long size = 1; size <= most && count < room; size *= 2)
        if (size >= least)
            sizes[count++] = size;
    return count;
}

/* The one CPU this process may run on, or -1 if there are more. */
static inline int only_cpu(void)
{
    char line[256];
    int cpu = -1;
    FILE *status = fopen("/proc/self/status", "r");
    if (!status)
        return -1;
    while (fgets(line, sizeof line, status))
        if (!strncmp(line, "Cpus_allowed_list:", 18)) {
            char *end;
            long value = strtol(line + 18, &end, 10);
            if (*end == '\n' || *end == 0)
                cpu = (int)value;
        }
    fclose(status);
    return cpu;
}

static inline double resident_bytes(void)
{
    long total = 0, resident = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (!statm)
        return 0;
    if (fscanf(statm, "%ld %ld", &total, &resident) != 2)
        resident = 0;
    fclose(statm);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

#endif
