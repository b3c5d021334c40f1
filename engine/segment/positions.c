/* SPDX-License-Identifier: MIT
 *
 * positions.c - writing and reading pieces of positions.
 *
 *   piece := low unary
 *   low   := of each number its lowest w bits; w = position_width(base, tf of its document)
 *   unary := of each number the rest: so many zeros, then a one
 *
 * Bits are counted from the least significant one of the first byte; both parts end with a whole
 * byte, spare bits zero.
 *
 * The reader trusts nothing: where low ends follows from the term frequencies and is checked
 * against the end, ones are looked for up to the end, and positions are summed in 64 bits, in which
 * they cannot wrap around, and checked against their limit.
 */
#include "segment/positions.h"

#include <assert.h>

#include "base/buffer.h"
#include "segment/chunk.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

_Static_assert(PIECE_NUMBERS_MAX * 40u / 8u < EXTENT_PAYLOAD_BYTES / 2, "a piece is an item");

/* ------------------------------------------------------------------ writing */

#define LIFTED_MAX 4096u /* numbers that are lifted for all bases at once */

/* What bases differ in: the bits of unary above one a number, if all numbers, lifted by what their
 * widths lack, had the width base, and for the two bases below. (Of the lowest bases this tells
 * more than there are.) */
static void zeros_of(const uint32_t *lifted, size_t count, unsigned base, uint64_t zeros[3])
{
    unsigned lower = base > 0 ? base - 1 : 0, lowest = base > 1 ? base - 2 : 0;
    uint64_t first = 0, second = 0, third = 0;
    for (size_t i = 0; i < count; i++) {
        first += lifted[i] >> base;
        second += lifted[i] >> lower;
        third += lifted[i] >> lowest;
    }
    zeros[0] = first;
    zeros[1] = second;
    zeros[2] = third;
}

/* A unit's first numbers tell enough of it where it has more than LIFTED_MAX: the base is chosen
 * from them, but not below what the sum of all asks for. */
unsigned piece_base(const uint32_t *numbers, const uint32_t *tfs, const uint32_t *takes,
                    unsigned count)
{
    uint32_t lifted[LIFTED_MAX];
    uint64_t sum = 0, total = 0;
    size_t held = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned lessening = POSITION_BASE_MAX - position_width(POSITION_BASE_MAX, tfs[i]);
        for (uint32_t j = 0; j < takes[i]; j++) {
            uint64_t number = (uint64_t)*numbers++ << lessening;
            sum += number;
            if (held < LIFTED_MAX)
                lifted[held++] = number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
        }
        total += takes[i];
    }
    uint64_t mean = total ? sum / total : 0;
    unsigned base = mean ? 63 - (unsigned)__builtin_clzll(mean) : 0;
    base = base < POSITION_BASE_MAX ? base : POSITION_BASE_MAX;
    if (held != total)
        return base;
    for (;;) { /* costs fall, then rise */
        uint64_t zeros[3];
        zeros_of(lifted, held, base, zeros);
        for (unsigned i = 1; i < 3; i++) {
            if (base == 0 || zeros[i] >= zeros[i - 1] + held)
                return base;
            base--;
        }
    }
}

size_t piece_write(const uint32_t *numbers, const uint32_t *tfs, const uint32_t *takes,
                   unsigned count, unsigned base, uint8_t *out)
{
    uint8_t widths[BLOCK_DOCUMENTS];
    uint64_t low_bits = 0;
    for (unsigned i = 0; i < count; i++) {
        widths[i] = (uint8_t)position_width(base, tfs[i]);
        low_bits += (uint64_t)takes[i] * widths[i];
    }
    /* Both parts are written at once, each through a word of its own. */
    uint8_t *low = out, *unary = out + (low_bits + 7) / 8;
    uint64_t low_word = 0, unary_word = 0, at = 0;
    unsigned held = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned width = widths[i];
        uint32_t mask = (uint32_t)(((uint64_t)1 << width) - 1);
        for (uint32_t j = 0; j < takes[i]; j++) {
            uint32_t number = *numbers++;
            low_word |= (uint64_t)(number & mask) << held;
            held += width;
            if (held >= 32) {
                store_u32(low, (uint32_t)low_word);
                low += 4;
                low_word >>= 32;
                held -= 32;
            }
            for (at += number >> width; at >= 64; at -= 64) {
                store_u64(unary, unary_word);
                unary += 8;
                unary_word = 0;
            }
            unary_word |= (uint64_t)1 << at++;
        }
    }
    for (; held > 0; held -= held < 8 ? held : 8, low_word >>= 8)
        *low++ = (uint8_t)low_word;
    store_u64(unary, unary_word);
    return (size_t)(unary - out) + (size_t)(at + 7) / 8;
}

/* ------------------------------------------------------------------ reading */

/* Where the ones of unary are being looked for. */
struct ones {
    const uint8_t *unary;
    uint64_t bytes; /* up to the end */
    uint64_t at;    /* byte of the word */
    uint64_t word;  /* the ones of it that are left */
};

static inline struct ones ones_of(const uint8_t *unary, const uint8_t *end)
{
    return (struct ones){unary, (uint64_t)(end - unary), 0, load_u64(unary)};
}

static inline bool ones_next_word(struct ones *ones)
{
    ones->at += 8;
    if (ones->at >= ones->bytes)
        return false;
    ones->word = load_u64(ones->unary + ones->at);
    return true;
}

/* The positions of a document whose numbers begin with the next one, and in unary at bit begin;
 * gives the bit behind them. */
static inline __attribute__((always_inline)) bool document_read(struct ones *ones,
                                                                const uint8_t *low,
                                                                uint64_t low_bit, uint64_t *begin,
                                                                uint32_t tf, unsigned width,
                                                                uint32_t *out)
{
    uint32_t mask = (uint32_t)(((uint64_t)1 << width) - 1);
    uint64_t bit = 0, sum = 0, position = 0;
    uint64_t start = *begin;
    for (uint32_t i = 0; i < tf; i++) {
        while (ones->word == 0)
            if (!ones_next_word(ones))
                return false;
        bit = 8 * ones->at + (unsigned)__builtin_ctzll(ones->word);
        ones->word &= ones->word - 1;
        sum += load_u64(low + low_bit / 8) >> low_bit % 8 & mask;
        low_bit += width;
        position = ((bit - start) << width) + sum;
        out[i] = (uint32_t)position;
        /* What comes is relative to the position behind this one. */
        start++;
        sum++;
    }
    *begin = bit + 1;
    return position < POSITION_LIMIT;
}

static void sums_scalar(struct piece *piece, const uint32_t *tfs, unsigned count)
{
    uint32_t numbers = 0, bits = 0;
    for (unsigned i = 0; i < count; i++) {
        piece->numbers[i] = numbers;
        piece->bits[i] = bits;
        numbers += tfs[i];
        bits += tfs[i] * position_width(piece->base, tfs[i]);
    }
    piece->numbers[count] = numbers;
    piece->bits[count] = bits;
}

static void sums_before_scalar(const uint32_t *tfs, unsigned count, unsigned base, unsigned i,
                               struct position_sums *sums)
{
    uint32_t numbers = 0, bits = 0;
    sums->tf = tfs[i];
    for (unsigned j = 0; j < count; j++) {
        if (j == i) {
            sums->numbers_before = numbers;
            sums->bits_before = bits;
        }
        numbers += tfs[j];
        bits += tfs[j] * position_width(base, tfs[j]);
    }
    sums->numbers = numbers;
    sums->bits = bits;
}

/* The kernels stand in macros so that each level gets its own instructions for bits. */
#define READ_BODY(skip)                                                          \
    struct ones ones = ones_of(piece->unary, piece->end);                        \
    uint64_t begin = 0;                                                          \
    uint32_t number = 0;                                                         \
    for (unsigned w = 0; w < n; w++) {                                           \
        unsigned document = index[w];                                            \
        uint32_t tf = tfs[document];                                             \
        uint32_t before = piece->numbers[document];                              \
        if (before > number && !skip(&ones, before - number, &begin))            \
            return false;                                                        \
        if (!document_read(&ones, piece->low, piece->bits[document], &begin, tf, \
                           position_width(piece->base, tf), out))                \
            return false;                                                        \
        number = before + tf;                                                    \
        out += tf;                                                               \
    }                                                                            \
    return true;

#define READ_PLACE_BODY(skip)                                 \
    struct ones ones = ones_of(place->unary, place->end);     \
    uint64_t begin = 0;                                       \
    if (place->number && !skip(&ones, place->number, &begin)) \
        return false;                                         \
    return document_read(&ones, place->low, place->low_bit, &begin, place->tf, place->width, out);

/* Passes over so many ones, 1 or more; gives the bit behind the last of them. */
#define SKIP_BODY                                               \
    unsigned here = (unsigned)__builtin_popcountll(ones->word); \
    while (here < count) {                                      \
        count -= here;                                          \
        if (!ones_next_word(ones))                              \
            return false;                                       \
        here = (unsigned)__builtin_popcountll(ones->word);      \
    }

static bool skip_scalar(struct ones *ones, uint32_t count, uint64_t *begin)
{
    SKIP_BODY
    uint64_t last = 0;
    for (uint32_t i = 0; i < count; i++) {
        last = ones->word & -ones->word;
        ones->word ^= last;
    }
    *begin = 8 * ones->at + (unsigned)__builtin_ctzll(last) + 1;
    return true;
}

static bool read_scalar(const struct piece *piece, const uint32_t *tfs, const uint8_t *index,
                        unsigned n, uint32_t *out)
{
    READ_BODY(skip_scalar)
}

static bool read_place_scalar(const struct position_place *place, uint32_t *out)
{
    READ_PLACE_BODY(skip_scalar)
}

#define ONES_BEFORE_BODY                                                               \
    uint64_t below = load_u64(words + bit / 64 * 8) & (((uint64_t)1 << bit % 64) - 1); \
    unsigned before = (unsigned)__builtin_popcountll(below);                           \
    for (uint32_t w = 0; w < bit / 64; w++)                                            \
        before += (unsigned)__builtin_popcountll(load_u64(words + 8 * (size_t)w));     \
    return before;

static unsigned ones_before_scalar(const uint8_t *words, uint32_t bit)
{
    ONES_BEFORE_BODY
}

static const struct position_kernels kernels_scalar = {
    sums_scalar, sums_before_scalar, NULL, read_scalar, ones_before_scalar, read_place_scalar};

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define AVX512 \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,bmi,bmi2,popcnt")))

AVX2 static inline bool skip_avx2(struct ones *ones, uint32_t count, uint64_t *begin)
{
    SKIP_BODY
    uint64_t last = _pdep_u64((uint64_t)1 << (count - 1), ones->word);
    ones->word &= -(last << 1);
    *begin = 8 * ones->at + (unsigned)__builtin_ctzll(last) + 1;
    return true;
}

/* Logarithms are exponents of floats: squares of numbers up to PIECE_NUMBERS_MAX + 1 never round to
 * an odd power of 2, which alone would matter; products stay below 2^24, where floats are exact. */
#define FLOAT_EXPONENT_BIAS 127
_Static_assert(PIECE_NUMBERS_MAX *POSITION_BASE_MAX < 1u << 24, "numbers of bits are exact");

/* With fewer numbers both sums fit one lane: numbers below, bits above. */
#define SUM_BITS 13
_Static_assert(((1u << SUM_BITS) - 1) * POSITION_BASE_MAX < 1u << (32 - SUM_BITS), "they fit");

AVX2 static inline __m256i bits_avx2(__m256i tf, __m256i base)
{
    __m256 value = _mm256_cvtepi32_ps(tf);
    __m256 raised = _mm256_add_ps(value, _mm256_set1_ps(1.0f));
    __m256i exponent =
        _mm256_sub_epi32(_mm256_srli_epi32(_mm256_castps_si256(_mm256_mul_ps(raised, raised)), 23),
                         _mm256_set1_epi32(FLOAT_EXPONENT_BIAS + 1));
    __m256i width = _mm256_sub_epi32(base, _mm256_srai_epi32(exponent, 1));
    width = _mm256_max_epi32(width, _mm256_setzero_si256());
    return _mm256_cvtps_epi32(_mm256_mul_ps(value, _mm256_cvtepi32_ps(width)));
}

/* Running sums of eight lanes, behind *carry. */
AVX2 static inline __m256i running_avx2(__m256i value, __m256i *carry)
{
    value = _mm256_add_epi32(value, _mm256_slli_si256(value, 4));
    value = _mm256_add_epi32(value, _mm256_slli_si256(value, 8));
    __m256i low = _mm256_permutevar8x32_epi32(value, _mm256_set1_epi32(3));
    value = _mm256_add_epi32(value, _mm256_blend_epi32(_mm256_setzero_si256(), low, 0xf0));
    value = _mm256_add_epi32(value, *carry);
    *carry = _mm256_permutevar8x32_epi32(value, _mm256_set1_epi32(7));
    return value;
}

AVX2 static void sums_avx2(struct piece *piece, const uint32_t *tfs, unsigned count)
{
    __m256i base = _mm256_set1_epi32((int)piece->base);
    __m256i numbers = _mm256_setzero_si256(), bits = numbers;
    piece->numbers[0] = 0;
    piece->bits[0] = 0;
    for (unsigned i = 0; i < count; i += 8) {
        __m256i tf = _mm256_loadu_si256((const __m256i *)(tfs + i));
        __m256i low = bits_avx2(tf, base);
        _mm256_storeu_si256((__m256i *)(piece->numbers + 1 + i), running_avx2(tf, &numbers));
        _mm256_storeu_si256((__m256i *)(piece->bits + 1 + i), running_avx2(low, &bits));
    }
}

AVX2 static void sums_before_avx2(const uint32_t *tfs, unsigned count, unsigned base, unsigned i,
                                  struct position_sums *sums)
{
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i bases = _mm256_set1_epi32((int)base), zero = _mm256_setzero_si256();
    __m256i numbers = zero, bits = zero, all_numbers = zero, all_bits = zero;
    for (unsigned j = 0; j < count; j += 8) {
        __m256i at = _mm256_add_epi32(lanes, _mm256_set1_epi32((int)j));
        __m256i there = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), at);
        __m256i before = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)i), at);
        __m256i tf = _mm256_and_si256(_mm256_loadu_si256((const __m256i *)(tfs + j)), there);
        __m256i low = bits_avx2(tf, bases);
        all_numbers = _mm256_add_epi32(all_numbers, tf);
        all_bits = _mm256_add_epi32(all_bits, low);
        bits = _mm256_add_epi32(bits, _mm256_and_si256(low, before));
        numbers = _mm256_add_epi32(numbers, _mm256_and_si256(tf, before));
    }
    __m256i four = _mm256_hadd_epi32(_mm256_hadd_epi32(numbers, bits),
                                     _mm256_hadd_epi32(all_numbers, all_bits));
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
    sums->tf = tfs[i];
    _mm_storeu_si128((__m128i *)&sums->numbers_before, sum); /* the four sums, in order */
}

AVX2 static bool read_avx2(const struct piece *piece, const uint32_t *tfs, const uint8_t *index,
                           unsigned n, uint32_t *out){READ_BODY(skip_avx2)}

AVX2 static unsigned ones_before_avx2(const uint8_t *words, uint32_t bit){ONES_BEFORE_BODY}

AVX2 static bool read_place_avx2(const struct position_place *place,
                                 uint32_t *out){READ_PLACE_BODY(skip_avx2)}

AVX512 static inline __m512i bits_avx512(__m512i tf, __m512i base)
{
    __m512 value = _mm512_cvtepi32_ps(tf);
    __m512 raised = _mm512_add_ps(value, _mm512_set1_ps(1.0f));
    __m512i exponent =
        _mm512_sub_epi32(_mm512_srli_epi32(_mm512_castps_si512(_mm512_mul_ps(raised, raised)), 23),
                         _mm512_set1_epi32(FLOAT_EXPONENT_BIAS + 1));
    __m512i width = _mm512_sub_epi32(base, _mm512_srai_epi32(exponent, 1));
    width = _mm512_max_epi32(width, _mm512_setzero_si512());
    return _mm512_cvtps_epi32(_mm512_mul_ps(value, _mm512_cvtepi32_ps(width)));
}

/* What position_width takes off the base, by tf - 1 up to 63. */
static const uint8_t lessenings[64] = {
    0, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5};
#define CHUNK_BYTES_WIDTH 6u /* numbers of so many bits are looked up in them */

/* Numbers of a chunk, as far as below 64, as bytes. Eight numbers of `bits` bits take `bits` bytes:
 * these are brought into eight bytes, out of which the numbers are shifted. */
AVX512 static bool chunk_to_bytes(const struct chunk_parts *parts, unsigned count,
                                  uint8_t bytes[PACK_COUNT_MAX])
{
    const __m512i eight = _mm512_set1_epi64(0x0706050403020100);
    const __m512i qword = _mm512_set_epi64(
        0x0707070707070707, 0x0606060606060606, 0x0505050505050505, 0x0404040404040404,
        0x0303030303030303, 0x0202020202020202, 0x0101010101010101, 0);
    __m512i bits = _mm512_set1_epi16((short)parts->bits);
    __m512i from = _mm512_add_epi8(eight, _mm512_mullo_epi16(qword, bits));
    __m512i shifts = _mm512_mullo_epi16(eight, bits);
    __m512i mask = _mm512_set1_epi8((char)((1u << parts->bits) - 1));
    for (unsigned j = 0; j < count; j += 64) {
        __m512i packed = _mm512_loadu_si512(parts->packed + (size_t)j / 8 * parts->bits);
        packed = _mm512_multishift_epi64_epi8(shifts, _mm512_permutexvar_epi8(from, packed));
        _mm512_storeu_si512(bytes + j, _mm512_and_si512(packed, mask));
    }
    unsigned above = 0;
    for (unsigned e = 0; e < parts->exceptions; e++) {
        unsigned high = (unsigned)parts->high[e] << parts->bits;
        above |= high;
        bytes[parts->index[e] % PACK_COUNT_MAX] |= (uint8_t)high;
    }
    return above >> CHUNK_BYTES_WIDTH == 0;
}

AVX512 static inline uint64_t lowest_ones(unsigned count)
{
    return count < 64 ? ((uint64_t)1 << count) - 1 : UINT64_MAX;
}

/* 64 tfs at once, in bytes: a block is two steps. */
AVX512 static bool sums_of_chunk_avx512(const uint8_t *chunk, const uint8_t *end, unsigned count,
                                        unsigned base, unsigned i, struct position_sums *sums)
{
    struct chunk_parts parts;
    uint8_t bytes[PACK_COUNT_MAX];
    if (!chunk_find_parts(chunk, end, count, &parts) || parts.bits > CHUNK_BYTES_WIDTH ||
        parts.high_bytes > 1 || !chunk_to_bytes(&parts, count, bytes))
        return false;
    const __m512i one = _mm512_set1_epi8(1), ones = _mm512_set1_epi16(1);
    __m512i widths = _mm512_subs_epu8(_mm512_set1_epi8((char)base), _mm512_loadu_si512(lessenings));
    __m512i zero = _mm512_setzero_si512(), numbers = zero, bits = zero, all = zero;
    for (unsigned j = 0; j < count; j += 64) {
        __m512i less = _mm512_loadu_si512(bytes + j);
        __mmask64 before = i > j ? lowest_ones(i - j) : 0;
        __m512i tf = _mm512_maskz_add_epi8(lowest_ones(count - j), less, one);
        __m512i some = _mm512_maskz_mov_epi8(before, tf);
        __m512i width = _mm512_permutexvar_epi8(less, widths);
        __m512i both = _mm512_sad_epu8(tf, zero);
        numbers = _mm512_add_epi64(numbers, _mm512_sad_epu8(some, zero));
        numbers = _mm512_add_epi64(numbers, _mm512_slli_epi64(both, 32));
        bits = _mm512_add_epi32(bits, _mm512_madd_epi16(_mm512_maddubs_epi16(some, width), ones));
        all = _mm512_add_epi32(all, _mm512_madd_epi16(_mm512_maddubs_epi16(tf, width), ones));
    }
    uint64_t two = (uint64_t)_mm512_reduce_add_epi64(numbers);
    sums->tf = bytes[i] + 1u;
    sums->numbers_before = (uint32_t)two;
    sums->numbers = (uint32_t)(two >> 32);
    sums->bits_before = (uint32_t)_mm512_reduce_add_epi32(bits);
    sums->bits = (uint32_t)_mm512_reduce_add_epi32(all);
    return true;
}

AVX512 static inline __m512i running_avx512(__m512i value, __m512i *carry)
{
    const __m512i zero = _mm512_setzero_si512();
    value = _mm512_add_epi32(value, _mm512_alignr_epi32(value, zero, 15));
    value = _mm512_add_epi32(value, _mm512_alignr_epi32(value, zero, 14));
    value = _mm512_add_epi32(value, _mm512_alignr_epi32(value, zero, 12));
    value = _mm512_add_epi32(value, _mm512_alignr_epi32(value, zero, 8));
    value = _mm512_add_epi32(value, *carry);
    *carry = _mm512_permutexvar_epi32(_mm512_set1_epi32(15), value);
    return value;
}

AVX512 static void sums_avx512(struct piece *piece, const uint32_t *tfs, unsigned count)
{
    __m512i base = _mm512_set1_epi32((int)piece->base);
    __m512i carry = _mm512_setzero_si512(), more = carry;
    piece->numbers[0] = 0;
    piece->bits[0] = 0;
    if (piece->total < 1u << SUM_BITS) {
        const __m512i mask = _mm512_set1_epi32((1 << SUM_BITS) - 1);
        for (unsigned i = 0; i < count; i += 16) {
            __m512i tf = _mm512_loadu_si512(tfs + i);
            __m512i both = _mm512_or_si512(tf, _mm512_slli_epi32(bits_avx512(tf, base), SUM_BITS));
            both = running_avx512(both, &carry);
            _mm512_storeu_si512(piece->numbers + 1 + i, _mm512_and_si512(both, mask));
            _mm512_storeu_si512(piece->bits + 1 + i, _mm512_srli_epi32(both, SUM_BITS));
        }
        return;
    }
    for (unsigned i = 0; i < count; i += 16) {
        __m512i tf = _mm512_loadu_si512(tfs + i);
        __m512i low = bits_avx512(tf, base);
        _mm512_storeu_si512(piece->numbers + 1 + i, running_avx512(tf, &carry));
        _mm512_storeu_si512(piece->bits + 1 + i, running_avx512(low, &more));
    }
}

static const struct position_kernels kernels_avx2 = {sums_avx2, sums_before_avx2, NULL,
                                                     read_avx2, ones_before_avx2, read_place_avx2};
static const struct position_kernels kernels_avx512 = {sums_avx512,          sums_before_avx2,
                                                       sums_of_chunk_avx512, read_avx2,
                                                       ones_before_avx2,     read_place_avx2};
#endif

const struct position_kernels *position_kernels_of(enum cpu_level level)
{
#if defined(__x86_64__)
    if (level == CPU_AVX512)
        return &kernels_avx512;
    if (level == CPU_AVX2)
        return &kernels_avx2;
#endif
    (void)level;
    return &kernels_scalar;
}

const struct position_kernels *position_kernels(void)
{
    return position_kernels_of(cpu_level());
}

/* Where unary begins behind so many bits of low; NULL when so many numbers cannot follow. */
static const uint8_t *unary_of(const uint8_t *low, const uint8_t *end, uint64_t numbers,
                               uint64_t bits)
{
    uint64_t left = (uint64_t)(end - low);
    uint64_t low_bytes = (bits + 7) / 8;
    if (low_bytes > left || left - low_bytes < (numbers + 7) / 8)
        return NULL;
    return low + low_bytes;
}

bool piece_open(const uint8_t *bytes, const uint8_t *end, unsigned base, const uint32_t *tfs,
                unsigned count, uint32_t total, struct piece *piece)
{
    piece->low = bytes;
    piece->end = end;
    piece->base = base;
    piece->total = total;
    position_kernels()->sums(piece, tfs, count);
    piece->unary = unary_of(bytes, end, piece->numbers[count], piece->bits[count]);
    return piece->unary != NULL;
}

#define CACHE_LINE_BYTES 64u

bool piece_place(const uint8_t *bytes, const uint8_t *end, unsigned base,
                 const struct position_sums *sums, struct position_place *place)
{
    place->low = bytes;
    place->end = end;
    place->low_bit = sums->bits_before;
    place->number = sums->numbers_before;
    place->tf = sums->tf;
    place->width = position_width(base, sums->tf);
    place->unary = unary_of(bytes, end, sums->numbers, sums->bits);
    if (!place->unary)
        return false;
    /* A number takes about two bits of unary; all that is before the document's is read. */
    const uint8_t *last = place->unary + (place->number + place->tf) / 4;
    __builtin_prefetch(bytes + place->low_bit / 8);
    for (const uint8_t *at = place->unary; at <= last; at += CACHE_LINE_BYTES)
        __builtin_prefetch(at);
    return true;
}

bool piece_reader_open(struct piece_reader *reader, const uint8_t *bytes, const uint8_t *end,
                       unsigned base, const uint32_t *tfs, const uint32_t *takes, unsigned count)
{
    uint64_t numbers = 0, bits = 0;
    for (unsigned i = 0; i < count; i++) {
        numbers += takes[i];
        bits += (uint64_t)takes[i] * position_width(base, tfs[i]);
    }
    *reader = (struct piece_reader){.low = bytes, .end = end, .base = base};
    reader->unary = unary_of(bytes, end, numbers, bits);
    return reader->unary != NULL;
}

bool piece_reader_take(struct piece_reader *reader, uint32_t tf, uint32_t count, uint32_t *out)
{
    unsigned width = position_width(reader->base, tf);
    uint32_t mask = (uint32_t)(((uint64_t)1 << width) - 1);
    uint64_t bits_end = 8 * (uint64_t)(reader->end - reader->unary);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t begin = reader->unary_bit, bit = begin;
        for (;;
             bit = (bit | 7) + 1) { /* a byte at a time: this is for the longest documents alone */
            if (bit >= bits_end)
                return false;
            unsigned rest = (unsigned)reader->unary[bit / 8] >> bit % 8;
            if (rest) {
                bit += (unsigned)__builtin_ctz(rest);
                break;
            }
        }
        uint64_t low = load_u64(reader->low + reader->low_bit / 8) >> reader->low_bit % 8 & mask;
        uint64_t number = ((bit - begin) << width) + low;
        reader->low_bit += width;
        reader->unary_bit = bit + 1;
        if (number >= POSITION_LIMIT)
            return false;
        if (out)
            out[i] = (uint32_t)number;
    }
    return true;
}
