/* SPDX-License-Identifier: MIT
 *
 * positions.h - a unit: the positions of a block's documents as Rice codes, each document's found
 * from the term frequencies alone (FORMAT.md section 7).
 *
 *   unit  := piece | (size:u32 base:u8 piece) *      several of more than PIECE_NUMBERS_MAX numbers
 *   piece := low unary
 *   low   := of each number its lowest w bits, one behind the other, w = position_width(base, tf)
 *   unary := of each number what is above them: so many zeros, then a one
 *
 * Numbers are, by document, the first position and each further one minus the one before minus 1.
 * Where a document's begin in low is a sum over the term frequencies before it, and in unary behind
 * as many ones as there are numbers before it: nothing else of the unit is looked at.
 *
 * Owns the encoding of pieces and the kernels that read them, chosen at run time (scalar, AVX2,
 * AVX-512; all give the same). Called by postings.c and postings_write.c. Never allocates.
 */
#ifndef LUPE_SEGMENT_POSITIONS_H
#define LUPE_SEGMENT_POSITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"
#include "base/limits.h"

#define PIECE_NUMBERS_MAX 32768u
#define PIECE_HEADER_BYTES 5u     /* size and base, before each piece of several */
#define POSITION_LIMIT (1u << 26) /* words of a document and gaps stay below */
#define POSITION_BASE_MAX 31u

/* The width of the low part of each number of a document: positions of a document that has the word
 * often are closer together. base minus the logarithm of (tf + 1) / 2 to the base 2, rounded. */
static inline unsigned position_width(unsigned base, uint32_t tf)
{
    uint64_t square = ((uint64_t)tf + 1) * ((uint64_t)tf + 1);
    unsigned lessening = (62 - (unsigned)__builtin_clzll(square)) / 2;
    return base > lessening ? base - lessening : 0;
}

/* Room that piece_write needs for so many numbers. */
static inline size_t piece_bytes_max(size_t numbers)
{
    return numbers * 5 + BLOCK_DOCUMENTS * 16 + 64;
}

/* The base with about the smallest piece. Of document i the piece has takes[i] numbers, in order,
 * together PIECE_NUMBERS_MAX at most; those of one document add up to less than POSITION_LIMIT. */
unsigned piece_base(const uint32_t *numbers, const uint32_t *tfs, const uint32_t *takes,
                    unsigned count);
/* Writes such a piece and returns its bytes. */
size_t piece_write(const uint32_t *numbers, const uint32_t *tfs, const uint32_t *takes,
                   unsigned count, unsigned base, uint8_t *out);

/* A piece that is the whole unit, opened for reading. */
struct piece {
    const uint8_t *low;
    const uint8_t *unary;
    const uint8_t *end; /* of the payload it lies in: nothing behind it but padding is read */
    unsigned base;
    uint32_t total; /* numbers */
    /* Of each document what is before it: numbers, and bits in low; then the sums of all. */
    uint32_t numbers[BLOCK_DOCUMENTS + 17];
    uint32_t bits[BLOCK_DOCUMENTS + 17];
};

/* Where a document's numbers are. */
struct position_place {
    const uint8_t *low;
    const uint8_t *unary;
    const uint8_t *end;
    uint32_t low_bit; /* where they begin in low */
    uint32_t number;  /* so many are before them */
    uint32_t tf;
    uint32_t width;
};

/* Sums over the documents of a unit. */
struct position_sums {
    uint32_t tf; /* of the document asked for */
    uint32_t numbers_before;
    uint32_t bits_before; /* of low */
    uint32_t numbers;
    uint32_t bits;
};

struct position_kernels {
    /* Fills numbers and bits of a piece from count tfs (1 to PIECE_NUMBERS_MAX, the sum likewise;
     * readable up to the next multiple of 16); behind what count asks for holds anything. */
    void (*sums)(struct piece *piece, const uint32_t *tfs, unsigned count);
    /* What is before document i, and the sums of all. */
    void (*sums_before)(const uint32_t *tfs, unsigned count, unsigned base, unsigned i,
                        struct position_sums *sums);
    /* The same from a chunk of tfs - 1 that is not decoded; false where that is not possible, as
     * with tfs above 64, and where it is damaged. NULL where a level has none. */
    bool (*sums_of_chunk)(const uint8_t *chunk, const uint8_t *end, unsigned count, unsigned base,
                          unsigned i, struct position_sums *sums);
    /* The positions of the documents index[0..n), ascending. false: damage. */
    bool (*read)(const struct piece *piece, const uint32_t *tfs, const uint8_t *index, unsigned n,
                 uint32_t *out);
    /* How many of the bits before this one are set (of little-endian words of 64). */
    unsigned (*ones_before)(const uint8_t *words, uint32_t bit);
    /* The positions of one document. */
    bool (*read_place)(const struct position_place *place, uint32_t *out);
};

const struct position_kernels *position_kernels(void); /* those of cpu_level() */
/* Those of one level, the scalar ones where it has none: for tests. */
const struct position_kernels *position_kernels_of(enum cpu_level level);

/* Opens the piece that is the whole unit of count documents, total numbers; false when it cannot
 * have the numbers that tfs tell. Does not look at the bytes. */
bool piece_open(const uint8_t *bytes, const uint8_t *end, unsigned base, const uint32_t *tfs,
                unsigned count, uint32_t total, struct piece *piece);

/* Where a document of a unit of one piece is; asks for its bytes ahead. false as piece_open. */
bool piece_place(const uint8_t *bytes, const uint8_t *end, unsigned base,
                 const struct position_sums *sums, struct position_place *place);

/* Reads some numbers of a piece in order, without making positions of them: for units of several
 * pieces, of which a document may have parts. */
struct piece_reader {
    const uint8_t *low;
    const uint8_t *unary;
    const uint8_t *end;
    unsigned base;
    uint64_t low_bit;
    uint64_t unary_bit;
};
/* Of document i the piece, which has a header, has takes[i] numbers. false: damage. */
bool piece_reader_open(struct piece_reader *reader, const uint8_t *bytes, const uint8_t *end,
                       unsigned base, const uint32_t *tfs, const uint32_t *takes, unsigned count);
/* The next count numbers, which are of a document with tf; out may be NULL. */
bool piece_reader_take(struct piece_reader *reader, uint32_t tf, uint32_t count, uint32_t *out);

#endif
