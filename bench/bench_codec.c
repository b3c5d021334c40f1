/* SPDX-License-Identifier: MIT
 *
 * bench_codec.c - how long the integer kernels take, for each level the machine has.
 *
 * Prints Markdown tables of nanoseconds. Data lies in the first-level cache: 32 blocks of 128
 * numbers, one output. Each figure is the least of several rounds, since on a shared machine
 * only the least is the kernel's own.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "segment/chunk.h"

void bench_codec(void);

#define BLOCKS 32u
#define ROUNDS 9u
#define REPEATS 60u /* of all blocks, a round */
#define NUMBERS (BLOCKS * PACK_COUNT_MAX)

static const unsigned widths[] = {1, 2, 3, 5, 8, 12, 17, 24};
#define WIDTHS (sizeof widths / sizeof widths[0])

static const enum cpu_level levels[] = {CPU_SCALAR, CPU_SSE41, CPU_AVX2, CPU_AVX512, CPU_NEON};
#define LEVELS (sizeof levels / sizeof levels[0])

struct work {
    const struct pack_kernels *kernels;
    unsigned bits; /* or words of a bit set */
    uint32_t numbers[NUMBERS];
    uint8_t packed[BLOCKS * CHUNK_BYTES_MAX + READ_PADDING_BYTES];
    size_t block_bytes;
    uint32_t targets[NUMBERS];
    uint32_t out[PACK_COUNT_MAX + 16];
    unsigned found;
};

static struct work work;
static uint64_t random_state = 1;

static uint32_t random_u32(void)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 32);
}

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void fill_numbers(unsigned bits)
{
    work.bits = bits;
    for (unsigned i = 0; i < NUMBERS; i++)
        work.numbers[i] = random_u32() & (((uint32_t)1 << bits) - 1);
    work.block_bytes = packed_bytes(PACK_COUNT_MAX, bits);
}

static void fill_packed(unsigned bits)
{
    fill_numbers(bits);
    for (unsigned i = 0; i < BLOCKS; i++)
        pack(work.numbers + i * PACK_COUNT_MAX, PACK_COUNT_MAX, bits,
             work.packed + i * work.block_bytes);
}

/* Numbers of which one in 25 is four bits wider than the others. */
static void fill_chunks(unsigned bits)
{
    fill_numbers(bits);
    for (unsigned i = 0; i < NUMBERS; i += 25)
        work.numbers[i] |= (uint32_t)0xf << bits;
    work.block_bytes = CHUNK_BYTES_MAX;
    for (unsigned i = 0; i < BLOCKS; i++)
        (void)chunk_write(work.numbers + i * PACK_COUNT_MAX, PACK_COUNT_MAX,
                          work.packed + i * work.block_bytes);
}

/* Bit sets of 128 documents within so many words. */
static void fill_bit_sets(unsigned words)
{
    work.bits = words;
    work.block_bytes = (size_t)words * 8;
    memset(work.packed, 0, sizeof work.packed);
    for (unsigned i = 0; i < BLOCKS; i++) {
        uint8_t *set = work.packed + i * work.block_bytes;
        for (unsigned count = 0; count < PACK_COUNT_MAX;) {
            unsigned bit = random_u32() % (words * 64);
            count += !(set[bit / 8] >> bit % 8 & 1);
            set[bit / 8] |= (uint8_t)(1u << bit % 8);
        }
    }
}

static void fill_ascending(void)
{
    uint32_t document = 0;
    for (unsigned i = 0; i < NUMBERS; i++) {
        if (i % PACK_COUNT_MAX == 0)
            document = 0;
        work.numbers[i] = document += 1 + random_u32() % 100;
        work.targets[i] = random_u32() % (50 * PACK_COUNT_MAX);
    }
}

static void run_unpack(void)
{
    for (unsigned i = 0; i < BLOCKS; i++)
        work.kernels->unpack(work.packed + i * work.block_bytes, PACK_COUNT_MAX, work.bits,
                             work.out);
}

static void run_unpack_ascending(void)
{
    for (unsigned i = 0; i < BLOCKS; i++)
        work.kernels->unpack_ascending(work.packed + i * work.block_bytes, PACK_COUNT_MAX,
                                       work.bits, i, work.out);
}

static void run_sum_ascending(void)
{
    for (unsigned i = 0; i < BLOCKS; i++)
        work.kernels->sum_ascending(work.numbers + i * PACK_COUNT_MAX, PACK_COUNT_MAX, i);
}

static void run_bits_to_documents(void)
{
    for (unsigned i = 0; i < BLOCKS; i++)
        work.found += work.kernels->bits_to_documents(work.packed + i * work.block_bytes, work.bits,
                                                      i, work.out);
}

static void run_count_below(void)
{
    unsigned found = 0;
    for (unsigned i = 0; i < NUMBERS; i++)
        found += work.kernels->count_below(work.numbers + i % BLOCKS * PACK_COUNT_MAX,
                                           PACK_COUNT_MAX, work.targets[i]);
    work.found = found;
}

/* Each target waits for the answer before it, as in a leap-frogging query. */
static void run_count_below_chained(void)
{
    unsigned found = 0;
    for (unsigned i = 0; i < NUMBERS; i++)
        found = work.kernels->count_below(work.numbers + i % BLOCKS * PACK_COUNT_MAX,
                                          PACK_COUNT_MAX, work.targets[i] + (found >> 8));
    work.found = found;
}

static void run_pack(void)
{
    for (unsigned i = 0; i < BLOCKS; i++)
        pack(work.numbers + i * PACK_COUNT_MAX, PACK_COUNT_MAX, work.bits,
             work.packed + i * work.block_bytes);
}

static void run_chunk_write(void)
{
    for (unsigned i = 0; i < BLOCKS; i++)
        work.found += (unsigned)chunk_write(work.numbers + i * PACK_COUNT_MAX, PACK_COUNT_MAX,
                                            work.packed + i * work.block_bytes);
}

static void run_chunk_read(void)
{
    const uint8_t *end = work.packed + sizeof work.packed - READ_PADDING_BYTES;
    for (unsigned i = 0; i < BLOCKS; i++)
        work.found +=
            chunk_read(work.packed + i * work.block_bytes, end, PACK_COUNT_MAX, work.out) != NULL;
}

/* Nanoseconds a number. */
static double least_ns(void (*run)(void))
{
    double least = 1e30;
    run();
    for (unsigned round = 0; round < ROUNDS; round++) {
        double start = now_ns();
        for (unsigned i = 0; i < REPEATS; i++)
            run();
        double ns = (now_ns() - start) / REPEATS / NUMBERS;
        least = ns < least ? ns : least;
    }
    return least;
}

static void print_row(const char *name, const char *level, void (*fill)(unsigned),
                      void (*run)(void))
{
    printf("| %s | %s |", name, level);
    for (size_t i = 0; i < WIDTHS; i++) {
        fill(widths[i]);
        printf(" %.3f |", least_ns(run));
    }
    printf("\n");
}

static void print_by_width(void)
{
    printf("ns a number, by bits a number\n\n| kernel | level |");
    for (size_t i = 0; i < WIDTHS; i++)
        printf(" %u |", widths[i]);
    printf("\n|---|---|");
    for (size_t i = 0; i < WIDTHS; i++)
        printf("--:|");
    printf("\n");
    for (int ascending = 0; ascending < 2; ascending++) {
        for (size_t i = 0; i < LEVELS; i++) {
            work.kernels = pack_kernels_of(levels[i]);
            if (work.kernels)
                print_row(ascending ? "unpack_ascending" : "unpack", cpu_level_name(levels[i]),
                          fill_packed, ascending ? run_unpack_ascending : run_unpack);
        }
    }
    print_row("pack", "-", fill_packed, run_pack);
    print_row("chunk_write", "-", fill_chunks, run_chunk_write);
    print_row("chunk_read", cpu_level_name(cpu_level()), fill_chunks, run_chunk_read);
}

static void print_others(void)
{
    static const unsigned words[] = {3, 4, 8, 16};
    printf("\nns a number; for bits_to_documents by words a set of 128; count_below: ns a call\n\n"
           "| level | sum_ascending | bits, 3 words | 4 | 8 | 16 | count_below | chained |\n"
           "|---|--:|--:|--:|--:|--:|--:|--:|\n");
    for (size_t i = 0; i < LEVELS; i++) {
        work.kernels = pack_kernels_of(levels[i]);
        if (!work.kernels)
            continue;
        printf("| %s | %.3f |", cpu_level_name(levels[i]), least_ns(run_sum_ascending));
        for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
            fill_bit_sets(words[k]);
            printf(" %.3f |", least_ns(run_bits_to_documents));
        }
        fill_ascending();
        printf(" %.2f | %.2f |\n", least_ns(run_count_below), least_ns(run_count_below_chained));
    }
}

void bench_codec(void)
{
    print_by_width();
    print_others();
}
