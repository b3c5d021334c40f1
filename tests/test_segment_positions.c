/* SPDX-License-Identifier: MIT
 *
 * test_segment_positions.c - pieces of positions give back what was written on every path, and
 * damage is told or lived with.
 */
#include <stdlib.h>

#include "base/buffer.h"
#include "segment/chunk.h"
#include "segment/positions.h"
#include "support.h"

#define NUMBERS_MAX 40000u

struct unit_case {
    uint32_t tfs[BLOCK_DOCUMENTS + 16];
    unsigned count;
    uint32_t total;
    uint32_t numbers[NUMBERS_MAX];
    uint32_t positions[NUMBERS_MAX];
    unsigned base;
    size_t size;
    uint8_t bytes[NUMBERS_MAX * 6];
};

static uint32_t state = 1;

static uint32_t random_below(uint32_t limit)
{
    state = state * 1664525u + 1013904223u;
    return limit ? (state >> 8) % limit : 0;
}

/* Documents with up to tf_max, positions some `spread` apart. */
static void fill(struct unit_case *unit, unsigned count, uint32_t tf_max, uint32_t spread)
{
    memset(unit, 0, sizeof *unit);
    unit->count = count;
    for (unsigned i = 0; i < count; i++) {
        uint32_t tf = 1 + random_below(1 + random_below(tf_max));
        uint32_t position = 0;
        unit->tfs[i] = tf;
        for (uint32_t j = 0; j < tf; j++) {
            uint32_t number = random_below(1 + random_below(spread));
            position += number + (j > 0);
            unit->numbers[unit->total] = number;
            unit->positions[unit->total++] = position;
        }
    }
    unit->base = piece_base(unit->numbers, unit->tfs, unit->tfs, count);
    unit->size = piece_write(unit->numbers, unit->tfs, unit->tfs, count, unit->base, unit->bytes);
    cr_assert_leq(unit->size, piece_bytes_max(unit->total));
    memset(unit->bytes + unit->size, 0, READ_PADDING_BYTES);
}

static void check_sums(const struct position_kernels *kernels, const struct unit_case *unit,
                       const struct piece *piece, unsigned i)
{
    uint32_t less[BLOCK_DOCUMENTS];
    uint8_t chunk[CHUNK_BYTES_MAX + READ_PADDING_BYTES] = {0};
    struct position_sums sums;
    for (unsigned j = 0; j < unit->count; j++)
        less[j] = unit->tfs[j] - 1;
    size_t size = chunk_write(less, unit->count, chunk);
    for (unsigned way = 0; way < 2; way++) {
        if (way == 0)
            kernels->sums_before(unit->tfs, unit->count, unit->base, i, &sums);
        else if (!kernels->sums_of_chunk ||
                 !kernels->sums_of_chunk(chunk, chunk + size, unit->count, unit->base, i, &sums))
            break;
        cr_assert_eq(sums.tf, unit->tfs[i]);
        cr_assert_eq(sums.numbers_before, piece->numbers[i]);
        cr_assert_eq(sums.bits_before, piece->bits[i]);
        cr_assert_eq(sums.numbers, piece->numbers[unit->count]);
        cr_assert_eq(sums.bits, piece->bits[unit->count]);
    }
}

static void check_unit(const struct unit_case *unit)
{
    static uint32_t out[NUMBERS_MAX];
    struct piece expected;
    const uint8_t *end = unit->bytes + unit->size;
    cr_assert(
        piece_open(unit->bytes, end, unit->base, unit->tfs, unit->count, unit->total, &expected));
    for (int level = CPU_SCALAR; level <= CPU_AVX512; level++) {
        const struct position_kernels *kernels = position_kernels_of((enum cpu_level)level);
        struct piece piece = expected;
        uint8_t index[BLOCK_DOCUMENTS];
        if (!cpu_has((enum cpu_level)level))
            continue;
        kernels->sums(&piece, unit->tfs, unit->count);
        cr_assert_arr_eq(piece.numbers, expected.numbers, (unit->count + 1) * sizeof(uint32_t));
        cr_assert_arr_eq(piece.bits, expected.bits, (unit->count + 1) * sizeof(uint32_t));
        for (unsigned step = 1; step <= 7; step += 3) {
            unsigned n = 0;
            for (unsigned i = step - 1; i < unit->count; i += step)
                index[n++] = (uint8_t)i;
            cr_assert(kernels->read(&piece, unit->tfs, index, n, out));
            const uint32_t *next = out;
            for (unsigned w = 0; w < n; w++) {
                uint32_t tf = unit->tfs[index[w]];
                cr_assert_arr_eq(next, unit->positions + piece.numbers[index[w]],
                                 tf * sizeof *next);
                next += tf;
            }
        }
        for (unsigned i = 0; i < unit->count; i++) {
            struct position_sums sums;
            struct position_place place;
            check_sums(kernels, unit, &piece, i);
            kernels->sums_before(unit->tfs, unit->count, unit->base, i, &sums);
            cr_assert(piece_place(unit->bytes, end, unit->base, &sums, &place));
            cr_assert(kernels->read_place(&place, out));
            cr_assert_arr_eq(out, unit->positions + piece.numbers[i], unit->tfs[i] * sizeof *out);
        }
    }
}

Test(segment_positions, units_give_back_positions_on_every_path)
{
    static const unsigned counts[] = {1, 2, 15, 16, 17, 63, 64, 65, 127, 128};
    static const uint32_t tf_maxes[] = {1, 2, 9, 64, 65, 250};
    static const uint32_t spreads[] = {1, 3, 100, 5000};
    struct unit_case *unit = malloc(sizeof *unit);
    for (unsigned c = 0; c < sizeof counts / sizeof *counts; c++)
        for (unsigned t = 0; t < sizeof tf_maxes / sizeof *tf_maxes; t++)
            for (unsigned s = 0; s < sizeof spreads / sizeof *spreads; s++) {
                fill(unit, counts[c], tf_maxes[t], spreads[s]);
                check_unit(unit);
            }
    free(unit);
    support_no_leaks();
}

Test(segment_positions, far_first_positions_do_not_blow_up_a_unit)
{
    struct unit_case *unit = malloc(sizeof *unit);
    fill(unit, 128, 3, 2);
    unit->numbers[7] = POSITION_LIMIT - 10;
    unsigned base = piece_base(unit->numbers, unit->tfs, unit->tfs, 128);
    unit->size = piece_write(unit->numbers, unit->tfs, unit->tfs, 128, base, unit->bytes);
    cr_assert_leq(unit->size, piece_bytes_max(unit->total));
    free(unit);
    support_no_leaks();
}

Test(segment_positions, widths_are_those_of_the_specification)
{
    static const uint32_t tfs[] = {1, 2, 4, 5, 10, 11, 21, 22, 44, 45, 89, 90, 1u << 24};
    static const unsigned lessenings[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 23};
    for (unsigned i = 0; i < sizeof tfs / sizeof *tfs; i++) {
        cr_assert_eq(position_width(31, tfs[i]), 31 - lessenings[i], "tf %u", tfs[i]);
        cr_assert_eq(position_width(lessenings[i], tfs[i]), 0u);
    }
    /* The vectors compute them with floats: every tf there can be in a piece. */
    for (uint32_t tf = 1; tf <= PIECE_NUMBERS_MAX; tf++) {
        uint32_t alone[16] = {tf};
        for (int level = CPU_SCALAR; level <= CPU_AVX512; level++) {
            struct piece piece = {.base = 31, .total = tf};
            if (!cpu_has((enum cpu_level)level))
                continue;
            position_kernels_of((enum cpu_level)level)->sums(&piece, alone, 1);
            cr_assert_eq(piece.bits[1], tf * position_width(31, tf), "tf %u", tf);
        }
    }
    support_no_leaks();
}

Test(segment_positions, a_unit_that_ends_too_early_is_damage)
{
    struct unit_case *unit = malloc(sizeof *unit);
    uint32_t *out = malloc(NUMBERS_MAX * sizeof *out);
    fill(unit, 128, 30, 300);
    uint8_t index[BLOCK_DOCUMENTS];
    for (unsigned i = 0; i < 128; i++)
        index[i] = (uint8_t)i;
    for (size_t size = 0; size + 16 < unit->size; size++) {
        struct piece piece;
        uint8_t *copy = calloc(1, size + READ_PADDING_BYTES); /* behind the end are zeros */
        memcpy(copy, unit->bytes, size);
        if (piece_open(copy, copy + size, unit->base, unit->tfs, 128, unit->total, &piece))
            cr_assert_not(position_kernels()->read(&piece, unit->tfs, index, 128, out));
        free(copy);
    }
    free(out);
    free(unit);
    support_no_leaks();
}

Test(segment_positions, arbitrary_bytes_are_read_within_their_bounds)
{
    uint32_t *out = malloc(NUMBERS_MAX * sizeof *out);
    struct unit_case *unit = malloc(sizeof *unit);
    for (unsigned round = 0; round < 3000; round++) {
        struct piece piece;
        uint8_t index[BLOCK_DOCUMENTS];
        size_t size = 1 + random_below(600);
        uint8_t *bytes = malloc(size + READ_PADDING_BYTES);
        fill(unit, 1 + random_below(128), 20, 50);
        for (size_t i = 0; i < size + READ_PADDING_BYTES; i++)
            bytes[i] = (uint8_t)(random_below(4) ? random_below(256) : 0);
        for (unsigned i = 0; i < unit->count; i++)
            index[i] = (uint8_t)i;
        unsigned base = random_below(POSITION_BASE_MAX + 1);
        if (piece_open(bytes, bytes + size, base, unit->tfs, unit->count, unit->total, &piece) &&
            position_kernels()->read(&piece, unit->tfs, index, unit->count, out))
            for (uint32_t i = 0; i < unit->total; i++)
                cr_assert_lt(out[i], POSITION_LIMIT);
        free(bytes);
    }
    free(unit);
    free(out);
    support_no_leaks();
}
