/* SPDX-License-Identifier: MIT
 *
 * evaluate_count.c - how many documents match, without scores: bit sets by window where lists are
 * dense, probing where one of them is short.
 */
#include "query/evaluate.h"
#include "query/scratch.h"

/* From this share of all documents on (1 in n) windows of bits beat probing. */
#define DENSE_SHARE 8u

/* Below so many postings a window bits are set one by one, ... */
#define SPARSE_POSTINGS_MAX 512u
/* ... and below so many unions are counted in wide windows. */
#define WIDE_POSTINGS_MAX 1500u

static void set_bits(uint64_t *bits, const uint32_t *documents, uint32_t count, uint32_t base)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = documents[i] - base;
        bits[at / 64] |= (uint64_t)1 << (at % 64);
    }
}

/* A byte a document: unlike bits, one does not wait for the one before it in the same word. Of 128
 * documents marking takes 45 ns, setting bits 190. */
static void set_marks(struct count_window *window, const uint32_t *documents, uint32_t count,
                      uint32_t base)
{
    if (!window->marked)
        memset(window->marks, 0, sizeof window->marks);
    window->marked = true;
    uint8_t *marks = window->marks;
    uint32_t i = 0;
    for (; i + 8 <= count; i += 8)
#pragma GCC unroll 8
        for (unsigned j = 0; j < 8; j++)
            marks[documents[i + j] - base] = 1;
    for (; i < count; i++)
        marks[documents[i] - base] = 1;
}

/* The marks become bits. */
static void settle_marks(struct count_window *window, uint64_t *bits)
{
    if (window->marked)
        intersect_kernels()->or_marks(bits, window->marks);
    window->marked = false;
}

/* ORs a stored bit set whose bit 0 is document bits_base into the window. */
static void or_words(uint64_t *bits, uint32_t base, const uint8_t *words, uint32_t word_count,
                     uint32_t bits_base)
{
    int64_t shift = (int64_t)bits_base - (int64_t)base; /* place of bit 0 in the window */
    for (uint32_t i = 0; i < word_count; i++, shift += 64) {
        if (shift <= -64 || shift >= (int64_t)COUNT_DOCUMENTS)
            continue;
        uint64_t word = load_u64(words + 8 * (size_t)i);
        if (shift < 0) {
            bits[0] |= word >> -shift;
            continue;
        }
        unsigned at = (unsigned)shift / 64, low = (unsigned)shift % 64;
        bits[at] |= word << low;
        if (low && at + 1 < COUNT_WORDS)
            bits[at + 1] |= word >> (64 - low);
    }
}

/* Puts the leaf's documents of the window that begins at base (a multiple of 64) into bits or, to
 * be settled, into marks. */
static lupe_status fill_window(struct leaf *leaf, uint32_t base, struct count_window *window,
                               uint64_t *bits)
{
    const struct pack_kernels *kernels = pack_kernels();
    uint32_t end = base + COUNT_DOCUMENTS;
    uint32_t block = leaf_find_block(leaf, leaf->shallow, base);
    leaf->shallow = block;
    for (; block < leaf->block_count; block++) {
        if (block && leaf_block_last(leaf, block - 1) + 1 >= end)
            break;
        lupe_status status = leaf_open_block_lazy(leaf, block);
        if (status)
            return status;
        if (leaf->bits_only) {
            or_words(bits, base, leaf->block.bits, leaf->block.bit_words, leaf->block.bit_base);
            continue;
        }
        /* A block may begin before the window and end behind it. */
        const uint32_t *documents = leaf->documents;
        uint32_t from = 0, to = leaf->count;
        if (leaf->low < base)
            from = kernels->count_below(documents, leaf->count, base);
        if (leaf->last >= end)
            to = kernels->count_below(documents, leaf->count, end);
        if (window->sparse)
            set_bits(bits, documents + from, to - from, base);
        else
            set_marks(window, documents + from, to - from, base);
    }
    return LUPE_OK;
}

/* As fill_window, into bits that begin empty. */
static lupe_status fill_bits(struct leaf *leaf, uint32_t base, struct count_window *window,
                             uint64_t *bits)
{
    memset(bits, 0, COUNT_WORDS * sizeof *bits);
    lupe_status status = fill_window(leaf, base, window, bits);
    settle_marks(window, bits);
    return status;
}

/* What is left of a window after exclusions and deletes. */
static lupe_status window_count(struct evaluation *evaluation, uint32_t base,
                                struct leaf **excluded, unsigned excluded_count, uint64_t *count)
{
    struct count_window *window = evaluation->count_window;
    const struct live *live = &evaluation->segment->live;
    if (live->words)
        intersect_kernels()->and_bits(window->bits, live->words + base / 64);
    for (unsigned i = 0; i < excluded_count; i++) {
        lupe_status status = fill_bits(excluded[i], base, window, window->others);
        if (status)
            return status;
        for (unsigned w = 0; w < COUNT_WORDS; w++)
            window->bits[w] &= ~window->others[w];
    }
    *count += intersect_kernels()->count_bits(window->bits);
    return LUPE_OK;
}

/* Prepares the windows: whether marks are worth it. */
static struct count_window *window_begin(struct evaluation *evaluation, struct leaf **leaves,
                                         unsigned count)
{
    uint64_t cost = 0;
    for (unsigned i = 0; i < count; i++)
        cost += leaves[i]->cost;
    struct count_window *window = evaluation->count_window;
    window->marked = false;
    uint64_t windows = (evaluation->documents + COUNT_DOCUMENTS - 1u) / COUNT_DOCUMENTS;
    window->postings = cost / (windows ? windows : 1);
    window->sparse = window->postings < SPARSE_POSTINGS_MAX;
    return window;
}

/* Probes the lead's documents in the others, block by block. */
static lupe_status count_by_probing(struct evaluation *evaluation, struct leaf **required,
                                    unsigned required_count, struct leaf **excluded,
                                    unsigned excluded_count, uint64_t limit, uint64_t *count)
{
    struct leaf *lead = required[0];
    const struct live *live = &evaluation->segment->live;
    lupe_status status = LUPE_OK;
    for (uint32_t block = 0; block < lead->block_count && *count < limit; block++) {
        TRY(ticker_tick(evaluation->ticker));
        if (required_count > 1 && required[1]->number != LEAF_NO_BLOCK &&
            leaf_block_last(lead, block) < required[1]->low)
            continue;
        TRY(leaf_open_block(lead, block));
        uint32_t documents[BLOCK_DOCUMENTS + 16];
        unsigned candidates = lead->count;
        memcpy(documents, lead->documents, candidates * sizeof *documents);
        for (unsigned l = 1; l < required_count && candidates; l++)
            TRY(leaf_require(required[l], documents, NULL, &candidates));
        for (unsigned l = 0; l < excluded_count && candidates; l++)
            TRY(leaf_exclude(excluded[l], documents, NULL, &candidates));
        if (live->words)
            candidates = intersect_kernels()->count_among(documents, candidates, live->words);
        *count += candidates;
    }
out:
    return status;
}

/* A deleted document is looked for in about the time that two blocks of a list are counted in: as a
 * rule its block is opened for it alone. */
#define DELETED_COST (2u * BLOCK_DOCUMENTS)

/* All documents of a leaf less the deleted ones among them. */
static lupe_status count_deleted(struct evaluation *evaluation, struct leaf *leaf, uint64_t *count)
{
    const struct live *live = &evaluation->segment->live;
    uint32_t deleted[BLOCK_DOCUMENTS + 16];
    uint32_t words = (live->documents + 63) / 64;
    uint64_t gone = 0;
    unsigned gathered = 0;
    lupe_status status = LUPE_OK;
    for (uint32_t w = 0; w < words; w++) {
        uint64_t dead = ~live->words[w];
        if (w == words - 1 && live->documents % 64)
            dead &= ((uint64_t)1 << live->documents % 64) - 1;
        for (; dead; dead &= dead - 1) {
            deleted[gathered++] = w * 64 + (unsigned)__builtin_ctzll(dead);
            if (gathered < BLOCK_DOCUMENTS)
                continue;
            TRY(ticker_tick(evaluation->ticker));
            TRY(leaf_require(leaf, deleted, NULL, &gathered));
            gone += gathered;
            gathered = 0;
        }
    }
    if (gathered)
        TRY(leaf_require(leaf, deleted, NULL, &gathered));
    *count += leaf->cost - (gone + gathered);
out:
    return status;
}

/* Live documents of the open block. */
static uint32_t block_count_live(const struct leaf *leaf, const uint64_t *words)
{
    const struct block *block = &leaf->block;
    if (leaf->bits_only) /* the bitmap is padded */
        return intersect_kernels()->count_both(block->bits, block->bit_words, block->bit_base,
                                               words);
    return intersect_kernels()->count_among(leaf->documents, leaf->count, words);
}

/* The live documents of one leaf: all of it is looked at, or, of a long one in a segment with few
 * deletes, the deleted documents are looked for in it. */
static lupe_status count_leaf(struct evaluation *evaluation, struct leaf *leaf, uint64_t limit,
                              uint64_t *count)
{
    const struct live *live = &evaluation->segment->live;
    lupe_status status = LUPE_OK;
    if (!live->words) {
        *count += leaf->cost;
        return LUPE_OK;
    }
    if ((uint64_t)live->deleted * DELETED_COST < leaf->cost)
        return count_deleted(evaluation, leaf, count);
    for (uint32_t block = 0; block < leaf->block_count && *count < limit; block++) {
        TRY(ticker_tick(evaluation->ticker));
        TRY(leaf_open_block_lazy(leaf, block));
        *count += block_count_live(leaf, live->words);
    }
out:
    return status;
}

bool counting_probes(const struct evaluation *evaluation, struct leaf *const *required,
                     unsigned required_count, unsigned excluded_count)
{
    uint64_t least = UINT32_MAX;
    for (unsigned i = 0; i < required_count; i++)
        least = required[i]->cost < least ? required[i]->cost : least;
    return required_count + excluded_count > 1 && least * DENSE_SHARE < evaluation->documents;
}

lupe_status count_required(struct evaluation *evaluation, struct leaf **required,
                           unsigned required_count, struct leaf **excluded, unsigned excluded_count,
                           uint64_t limit, uint64_t *count)
{
    lupe_status status = LUPE_OK;
    for (unsigned i = 1; i < required_count; i++)
        for (unsigned j = i; j > 0 && required[j - 1]->cost > required[j]->cost; j--) {
            struct leaf *leaf = required[j];
            required[j] = required[j - 1];
            required[j - 1] = leaf;
        }
    if (required_count == 1 && excluded_count == 0)
        return count_leaf(evaluation, required[0], limit, count);
    if (counting_probes(evaluation, required, required_count, excluded_count))
        return count_by_probing(evaluation, required, required_count, excluded, excluded_count,
                                limit, count);
    struct count_window *window = window_begin(evaluation, required, required_count);
    for (uint64_t base = 0; base < evaluation->documents && *count < limit;
         base += COUNT_DOCUMENTS) {
        TRY(ticker_ask(evaluation->ticker));
        TRY(fill_bits(required[0], (uint32_t)base, window, window->bits));
        for (unsigned i = 1; i < required_count; i++) {
            TRY(fill_bits(required[i], (uint32_t)base, window, window->others));
            intersect_kernels()->and_bits(window->bits, window->others);
        }
        TRY(window_count(evaluation, (uint32_t)base, excluded, excluded_count, count));
    }
out:
    return status;
}

/* ---- unions of few documents */

/* A byte is read and written for each document: of words it would often be the one written just
 * before, which must be waited for. */
static void set_bit_bytes(uint8_t *bits, const uint32_t *documents, uint32_t count, uint32_t base)
{
#pragma GCC unroll 4
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = documents[i] - base;
        bits[at / 8] |= (uint8_t)(1u << at % 8);
    }
}

/* Sets the bits of the leaf's documents of the wide window that begins at base. */
static lupe_status fill_wide(struct leaf *leaf, uint32_t base, uint8_t *bits)
{
    const struct pack_kernels *kernels = pack_kernels();
    uint64_t end = (uint64_t)base + WIDE_DOCUMENTS;
    uint32_t block = leaf_find_block(leaf, leaf->shallow, base);
    for (; block < leaf->block_count; block++) {
        if (block && leaf_block_last(leaf, block - 1) + (uint64_t)1 >= end)
            break;
        lupe_status status = leaf_open_block(leaf, block);
        if (status)
            return status;
        uint32_t from = 0, to = leaf->count;
        if (leaf->low < base)
            from = kernels->count_below(leaf->documents, leaf->count, base);
        if (leaf->last >= end)
            to = kernels->count_below(leaf->documents, leaf->count, (uint32_t)end);
        set_bit_bytes(bits, leaf->documents + from, to - from, base);
        leaf->shallow = block;
    }
    return LUPE_OK;
}

static lupe_status count_union_wide(struct evaluation *evaluation, struct leaf **leaves,
                                    unsigned leaf_count, uint64_t limit, uint64_t *count)
{
    const struct live *live = &evaluation->segment->live;
    struct count_window *window = evaluation->count_window;
    lupe_status status = LUPE_OK;
    for (uint64_t base = 0; base < evaluation->documents && *count < limit;
         base += WIDE_DOCUMENTS) {
        uint64_t left = evaluation->documents - base;
        unsigned windows = (unsigned)((left + COUNT_DOCUMENTS - 1) / COUNT_DOCUMENTS);
        if (left > WIDE_DOCUMENTS)
            windows = WIDE_DOCUMENTS / COUNT_DOCUMENTS;
        TRY(ticker_ask(evaluation->ticker));
        memset(window->wide, 0, windows * COUNT_WORDS * sizeof *window->wide);
        for (unsigned i = 0; i < leaf_count; i++)
            TRY(fill_wide(leaves[i], (uint32_t)base, (uint8_t *)window->wide));
        for (unsigned w = 0; w < windows; w++) {
            uint64_t *bits = window->wide + w * COUNT_WORDS;
            if (live->words)
                intersect_kernels()->and_bits(bits, live->words + base / 64 + w * COUNT_WORDS);
            *count += intersect_kernels()->count_bits(bits);
        }
    }
out:
    return status;
}

/* |A or B| = |A| + |B| - |A and B|: worth it when one is short. */
static bool by_exclusion(const struct evaluation *evaluation, struct leaf **leaves,
                         unsigned leaf_count, unsigned excluded_count)
{
    if (leaf_count != 2 || excluded_count)
        return false;
    uint32_t least = leaves[0]->cost < leaves[1]->cost ? leaves[0]->cost : leaves[1]->cost;
    return (uint64_t)least * DENSE_SHARE < evaluation->documents;
}

lupe_status count_union(struct evaluation *evaluation, struct leaf **leaves, unsigned leaf_count,
                        struct leaf **excluded, unsigned excluded_count, uint64_t limit,
                        uint64_t *count)
{
    lupe_status status = LUPE_OK;
    if (leaf_count == 1)
        return count_required(evaluation, leaves, 1, excluded, excluded_count, limit, count);
    if (by_exclusion(evaluation, leaves, leaf_count, excluded_count)) {
        uint64_t either = 0, both = 0;
        TRY(count_leaf(evaluation, leaves[0], UINT64_MAX, &either));
        TRY(count_leaf(evaluation, leaves[1], UINT64_MAX, &either));
        leaf_rewind(leaves[0]);
        leaf_rewind(leaves[1]);
        TRY(count_required(evaluation, leaves, 2, NULL, 0, UINT64_MAX, &both));
        *count += either - both;
        goto out;
    }
    struct count_window *window = window_begin(evaluation, leaves, leaf_count);
    if (window->postings < WIDE_POSTINGS_MAX && excluded_count == 0)
        return count_union_wide(evaluation, leaves, leaf_count, limit, count);
    for (uint64_t base = 0; base < evaluation->documents && *count < limit;
         base += COUNT_DOCUMENTS) {
        TRY(ticker_ask(evaluation->ticker));
        memset(window->bits, 0, sizeof window->bits);
        for (unsigned i = 0; i < leaf_count; i++)
            TRY(fill_window(leaves[i], (uint32_t)base, window, window->bits));
        settle_marks(window, window->bits);
        TRY(window_count(evaluation, (uint32_t)base, excluded, excluded_count, count));
    }
out:
    return status;
}
