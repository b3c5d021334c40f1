/* SPDX-License-Identifier: MIT
 *
 * short_list.c - writes and reads lists within the dictionary (FORMAT.md section 5), a stream of
 * bits, least significant first, in whole bytes:
 *
 *   inline    := frequency documents [tfs [positions]]
 *   frequency := gamma                         of it less 1
 *   documents := w bits * frequency            w: what the segment's documents - 1 take
 *   tfs       := gamma * frequency             of each less 1
 *   positions := (first more *) * frequency
 *   first     := gamma of the number / 64, then 6 bits
 *   more      := gamma of (it - the one before - 1) / 32, then 5 bits
 *   gamma     := of a number n with b + 1 bits in n + 1: b zeros, a one, the b lower bits of n + 1
 *
 * The widths were chosen by what 160,000 German documents take (see bench/DECISIONS.md). No number
 * takes more than WINDOW_BITS.
 */
#include "segment/short_list.h"

#include <assert.h>

#define FIRST_BITS 6u
#define MORE_BITS 5u
#define WINDOW_BITS 57u /* of eight bytes, whatever the bit to begin with */
#define GAMMA_BITS_MAX 26u

_Static_assert(DOCUMENT_WORDS_MAX <= 1u << GAMMA_BITS_MAX, "numbers fit their window");

/* ---- writing */

struct bit_writer {
    uint8_t *out;
    size_t size; /* whole bytes written */
    uint64_t held;
    unsigned held_bits; /* below 8 between two numbers */
};

/* Adds up to 56 bits. What goes beyond the room is wrong, but size tells. */
static inline void bits_put(struct bit_writer *writer, uint64_t number, unsigned bits)
{
    writer->held |= number << writer->held_bits;
    bits += writer->held_bits;
    if (writer->size <= DICTIONARY_INLINE_BYTES)
        store_u64(writer->out + writer->size, writer->held);
    writer->size += bits / 8;
    writer->held >>= bits & ~7u;
    writer->held_bits = bits % 8;
}

static inline void gamma_put(struct bit_writer *writer, uint32_t number)
{
    uint64_t value = (uint64_t)number + 1;
    unsigned bits = 63 - (unsigned)__builtin_clzll(value);
    bits_put(writer, 1ull << bits, bits + 1);
    bits_put(writer, value - (1ull << bits), bits);
}

static inline void position_put(struct bit_writer *writer, uint32_t number, unsigned low_bits)
{
    gamma_put(writer, number >> low_bits);
    bits_put(writer, number & ((1u << low_bits) - 1), low_bits);
}

static void positions_put(struct bit_writer *writer, const struct short_list *list)
{
    const uint32_t *more = list->mores;
    for (uint32_t i = 0; i < list->frequency && writer->size <= DICTIONARY_INLINE_BYTES; i++) {
        position_put(writer, list->firsts[i], FIRST_BITS);
        for (uint32_t j = 1; j < list->tfs[i] && writer->size <= DICTIONARY_INLINE_BYTES; j++)
            position_put(writer, *more++, MORE_BITS);
    }
}

size_t short_list_write(const struct short_list *list, uint8_t out[SHORT_LIST_ROOM])
{
    struct bit_writer writer = {.out = out};
    assert(list->frequency && (list->tfs || !list->firsts));
    if ((uint64_t)list->frequency * list->document_bits > 8 * DICTIONARY_INLINE_BYTES)
        return 0;
    gamma_put(&writer, list->frequency - 1);
    for (uint32_t i = 0; i < list->frequency; i++)
        bits_put(&writer, list->documents[i], list->document_bits);
    for (uint32_t i = 0; list->tfs && i < list->frequency; i++)
        gamma_put(&writer, list->tfs[i] - 1);
    if (list->firsts)
        positions_put(&writer, list);
    if (writer.held_bits)
        bits_put(&writer, 0, 8 - writer.held_bits);
    return writer.size <= DICTIONARY_INLINE_BYTES ? writer.size : 0;
}

/* ---- reading */

/* The bits from one on, at least WINDOW_BITS of them, zeros behind the end. */
static inline uint64_t window(const uint8_t *bytes, size_t size, uint64_t bit)
{
    size_t at = (size_t)(bit / 8);
    if (at + 8 <= size)
        return load_u64(bytes + at) >> bit % 8;
    uint8_t rest[8] = {0};
    if (at < size)
        memcpy(rest, bytes + at, size - at);
    return load_u64(rest) >> bit % 8;
}

/* A gamma number with low bits behind it; false when it is too large or ends behind the bytes. */
static inline bool gamma_get(const uint8_t *bytes, size_t size, uint64_t *bit, unsigned low_bits,
                             uint32_t *number)
{
    uint64_t bits = window(bytes, size, *bit);
    unsigned width = bits ? (unsigned)__builtin_ctzll(bits) : WINDOW_BITS;
    *number = 0;
    if (2 * width + 1 + low_bits > WINDOW_BITS || width > GAMMA_BITS_MAX)
        return false;
    bits >>= width + 1;
    uint64_t high = (1ull << width | (bits & ((1ull << width) - 1))) - 1;
    bits >>= width;
    *bit += 2 * width + 1 + low_bits;
    uint64_t value = high << low_bits | (bits & ((1u << low_bits) - 1));
    *number = (uint32_t)value;
    return value <= UINT32_MAX && *bit <= 8 * (uint64_t)size;
}

uint32_t short_list_frequency(const uint8_t *bytes, size_t size)
{
    uint64_t bit = 0;
    uint32_t number;
    return gamma_get(bytes, size, &bit, 0, &number) ? number + 1 : 0;
}

/* How many bits the frequency takes. */
static unsigned frequency_bits(uint32_t frequency)
{
    return 2 * (31 - (unsigned)__builtin_clz(frequency)) + 1;
}

bool short_list_read(const struct short_bytes *list, uint32_t frequency, uint32_t *documents,
                     uint32_t *tfs)
{
    unsigned width = list->document_bits;
    uint64_t bit = frequency_bits(frequency);
    if (bit + (uint64_t)frequency * width > 8 * (uint64_t)list->size)
        return false;
    for (uint32_t i = 0; i < frequency; i++, bit += width)
        documents[i] =
            (uint32_t)(window(list->bytes, list->size, bit) & ((UINT64_C(1) << width) - 1));
    for (uint32_t i = 0; i < frequency; i++) {
        tfs[i] = 0;
        if (list->has_tf && !gamma_get(list->bytes, list->size, &bit, 0, &tfs[i]))
            return false;
        tfs[i]++;
    }
    return true;
}

void short_positions_begin(struct short_positions *positions, const struct short_bytes *list,
                           uint32_t frequency, const uint32_t *tfs)
{
    positions->list = *list;
    positions->bit = frequency_bits(frequency) + (uint64_t)frequency * list->document_bits;
    for (uint32_t i = 0; list->has_tf && i < frequency; i++)
        positions->bit += frequency_bits(tfs[i]);
}

bool short_positions_next(struct short_positions *positions, bool is_first, uint32_t *number)
{
    return gamma_get(positions->list.bytes, positions->list.size, &positions->bit,
                     is_first ? FIRST_BITS : MORE_BITS, number);
}
