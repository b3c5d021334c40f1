/* SPDX-License-Identifier: MIT
 *
 * words_simple.c - words of a text many at a time, by looking at 64 bytes at once.
 *
 *     text    Die Höhe (3.10.1990) ...       wide bytes of two letters count as letters, others
 *     run     xxx xxxxx x xx xxxx            that are no letters for certain as blanks
 *     begin   x   x     x x  x
 *     end        x     x x  x    x
 *     stop               x                   a word that may join what follows: for word_next
 *
 * A word costs two steps over bits instead of a look at each byte, and no branch that depends on
 * how long it is.
 */
#include <string.h>

#include "text/words.h"
#include "text/words_masks.h"

/* What of a block can be told without a closer look. */
struct word_block {
    uint64_t run;
    uint64_t digit;
    uint64_t stop;   /* bytes that need one */
    uint64_t trails; /* bytes that need one behind a run, */
    uint64_t points; /* and behind a digit */
    unsigned size;   /* bytes: a sequence that goes on in the next block is left to that one */
};

static inline void block_of(const struct word_masks *masks, bool plain, struct word_block *block)
{
    block->run = masks->run;
    block->digit = masks->digit;
    block->stop = 0;
    block->trails = plain ? 0 : masks->joins;
    block->points = plain ? 0 : masks->points;
    block->size = MASK_BYTES;
    if (!masks->wide)
        return;
    uint64_t leads = masks->lead_c2 | masks->lead_c3 | masks->lead_e2;
    if (masks->lead_e2 >> (MASK_BYTES - 2) & 1)
        block->size = MASK_BYTES - 2;
    else if (leads >> (MASK_BYTES - 1))
        block->size = MASK_BYTES - 1;
    uint64_t letters = masks->lead_c3 & masks->letter_c3 >> 1;
    uint64_t signs = masks->lead_c2 & masks->sign_c2 >> 1;
    uint64_t long_signs = masks->lead_e2 & masks->is_80 >> 1 & masks->sign_e2 >> 2;
    letters |= letters << 1;
    signs |= signs << 1 | long_signs | long_signs << 1 | long_signs << 2;
    block->run |= letters;
    block->stop = masks->wide & ~letters & ~signs;
}

static inline uint64_t below(unsigned bits)
{
    return bits < 64 ? ((uint64_t)1 << bits) - 1 : ~(uint64_t)0;
}

static inline unsigned first_bit(uint64_t bits)
{
    return bits ? (unsigned)__builtin_ctzll(bits) : 64;
}

unsigned words_simple(struct word_scanner *scanner, struct word_place *places, unsigned capacity)
{
    word_masks_kernel *kernel = scanner->kernel;
    bool plain = scanner->mode == LUPE_ANALYSIS_PLAIN;
    size_t base = scanner->next;
    unsigned begun = 0; /* words, */
    unsigned ended = 0; /* of these ended */
    uint64_t run_before = 0;
    uint64_t digit_before = 0;
    uint64_t leads = 0;

    scanner->leads = false;
    if (!kernel || scanner->part < scanner->parts)
        return 0;
    while (base < scanner->size && ended + MASK_BYTES / 2 < capacity) {
        struct word_masks masks;
        struct word_block block;
        uint8_t last[MASK_BYTES];
        const uint8_t *bytes = scanner->text + base;
        size_t left = scanner->size - base;
        if (left < MASK_BYTES) {
            memset(last, 0, sizeof last);
            memcpy(last, bytes, left);
            bytes = last;
        }
        kernel(bytes, &masks);
        block_of(&masks, plain, &block);

        uint64_t behind_run = block.run << 1 | run_before;
        uint64_t behind_digit = block.digit << 1 | digit_before;
        uint64_t stop = block.stop | (block.trails & behind_run) | (block.points & behind_digit);
        uint64_t sure = below(block.size) & below(first_bit(stop));
        uint64_t begins = block.run & ~behind_run & sure;
        leads |= masks.joins & ~behind_run & (block.run >> 1 | (uint64_t)1 << (MASK_BYTES - 1));
        uint64_t ends = ~block.run & behind_run & sure;
        for (; begins; begins &= begins - 1)
            places[begun++].start = base + (unsigned)__builtin_ctzll(begins);
        for (; ends; ends &= ends - 1, ended++)
            places[ended].size =
                (uint32_t)(base + (unsigned)__builtin_ctzll(ends) - places[ended].start);
        if (stop & below(block.size))
            break;
        run_before = block.run >> (block.size - 1) & 1;
        digit_before = block.digit >> (block.size - 1) & 1;
        base += block.size;
        if (begun > ended && base + MASK_BYTES - places[ended].start > SURFACE_BYTES_MAX)
            break; /* too long, perhaps: word_next cuts it */
    }
    scanner->leads = leads != 0;
    if (ended)
        scanner->next = scanner->word_end = places[ended - 1].start + places[ended - 1].size;
    return ended;
}
