/* SPDX-License-Identifier: MIT
 *
 * evaluate_count.c - how many documents match, without scores: bit sets by window where lists are
 * dense, probing where one of them is short.
 */
#include "query/evaluate.h"

/* From this share of all documents on (1 in n) windows of bits beat probing. */
#define DENSE_SHARE 8u

static void set_bits(uint64_t *bits, const uint32_t *documents, uint32_t from, uint32_t count,
                     uint32_t base)
{
    for (uint32_t i = from; i < count; i++) {
        uint32_t at = documents[i] - base;
        if (at >= WINDOW_DOCUMENTS)
            return;
        bits[at / 64] |= (uint64_t)1 << (at % 64);
    }
}

/* ORs a stored bit set whose bit 0 is document bits_base into the window. */
static void or_words(uint64_t *bits, uint32_t base, const uint8_t *words, uint32_t word_count,
                     uint32_t bits_base)
{
    int64_t shift = (int64_t)bits_base - (int64_t)base; /* place of bit 0 in the window */
    for (uint32_t i = 0; i < word_count; i++, shift += 64) {
        if (shift <= -64 || shift >= (int64_t)WINDOW_DOCUMENTS)
            continue;
        uint64_t word = load_u64(words + 8 * (size_t)i);
        if (shift < 0) {
            bits[0] |= word >> -shift;
            continue;
        }
        unsigned at = (unsigned)shift / 64, low = (unsigned)shift % 64;
        bits[at] |= word << low;
        if (low && at + 1 < WINDOW_WORDS)
            bits[at + 1] |= word >> (64 - low);
    }
}

lupe_status leaf_fill_window(struct leaf *leaf, uint32_t base, uint64_t bits[WINDOW_WORDS])
{
    uint32_t end = base + WINDOW_DOCUMENTS;
    uint32_t block = leaf_find_block(leaf, leaf->shallow, base);
    leaf->shallow = block;
    for (; block < leaf->block_count; block++) {
        if (block && leaf_block_last(leaf, block - 1) + 1 >= end)
            break;
        if (leaf->is_array || leaf->number == block) {
            lupe_status status = leaf_open_block(leaf, block);
            if (status)
                return status;
        } else {
            leaf->number = LEAF_NO_BLOCK;
            lupe_status status = block_read_lazy(leaf->list, block, &leaf->block);
            if (status)
                return status;
            leaf->work->blocks_decoded++;
            if (leaf->block.is_bits) {
                or_words(bits, base, leaf->block.bits, leaf->block.bit_words, leaf->block.bit_base);
                continue;
            }
            leaf->number = block;
            leaf->count = leaf->block.count;
            leaf->shares = NULL;
            leaf->next = 0;
        }
        /* A block may begin before the window. */
        uint32_t from = 0;
        if (leaf->documents[0] < base) {
            uint32_t low = 0, high = leaf->count;
            while (low < high) {
                uint32_t middle = low + (high - low) / 2;
                if (leaf->documents[middle] < base)
                    low = middle + 1;
                else
                    high = middle;
            }
            from = low;
        }
        set_bits(bits, leaf->documents, from, leaf->count, base);
    }
    return LUPE_OK;
}

static void clear_excluded(uint64_t *bits, const uint64_t *others)
{
    for (unsigned w = 0; w < WINDOW_WORDS; w++)
        bits[w] &= ~others[w];
}

/* What is left of a window after exclusions and deletes. */
static lupe_status window_count(struct evaluation *evaluation, uint64_t *bits, uint32_t base,
                                struct leaf **excluded, unsigned excluded_count, uint64_t *count)
{
    uint64_t others[WINDOW_WORDS];
    const struct live *live = &evaluation->segment->live;
    if (live->words)
        for (unsigned w = 0; w < WINDOW_WORDS; w++)
            bits[w] &= live->words[base / 64 + w];
    for (unsigned i = 0; i < excluded_count; i++) {
        memset(others, 0, sizeof others);
        lupe_status status = leaf_fill_window(excluded[i], base, others);
        if (status)
            return status;
        clear_excluded(bits, others);
    }
    *count += intersect_kernels()->count_bits(bits);
    return LUPE_OK;
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
            leaf_block_last(lead, block) < required[1]->documents[0])
            continue;
        TRY(leaf_open_block(lead, block));
        uint32_t documents[BLOCK_DOCUMENTS + 16];
        unsigned candidates = lead->count;
        memcpy(documents, lead->documents, candidates * sizeof *documents);
        for (unsigned l = 1; l < required_count && candidates; l++)
            TRY(leaf_require(required[l], documents, NULL, &candidates));
        for (unsigned l = 0; l < excluded_count && candidates; l++)
            TRY(leaf_exclude(excluded[l], documents, NULL, &candidates));
        if (!live->words) {
            *count += candidates;
            continue;
        }
        for (unsigned i = 0; i < candidates; i++)
            *count += live_has(live, documents[i]);
    }
out:
    return status;
}

lupe_status count_required(struct evaluation *evaluation, struct leaf **required,
                           unsigned required_count, struct leaf **excluded, unsigned excluded_count,
                           uint64_t limit, uint64_t *count)
{
    uint64_t bits[WINDOW_WORDS], others[WINDOW_WORDS];
    lupe_status status = LUPE_OK;
    for (unsigned i = 1; i < required_count; i++)
        for (unsigned j = i; j > 0 && required[j - 1]->cost > required[j]->cost; j--) {
            struct leaf *leaf = required[j];
            required[j] = required[j - 1];
            required[j - 1] = leaf;
        }
    if (required_count == 1 && excluded_count == 0 && !evaluation->segment->live.words) {
        *count += required[0]->cost;
        return LUPE_OK;
    }
    if ((uint64_t)required[0]->cost * DENSE_SHARE < evaluation->documents)
        return count_by_probing(evaluation, required, required_count, excluded, excluded_count,
                                limit, count);
    for (uint64_t base = 0; base < evaluation->documents && *count < limit;
         base += WINDOW_DOCUMENTS) {
        TRY(ticker_ask(evaluation->ticker));
        memset(bits, 0, sizeof bits);
        TRY(leaf_fill_window(required[0], (uint32_t)base, bits));
        for (unsigned i = 1; i < required_count; i++) {
            memset(others, 0, sizeof others);
            TRY(leaf_fill_window(required[i], (uint32_t)base, others));
            intersect_kernels()->and_bits(bits, others);
        }
        TRY(window_count(evaluation, bits, (uint32_t)base, excluded, excluded_count, count));
    }
out:
    return status;
}

/* |A or B| = |A| + |B| - |A and B|: worth it when one is short. */
static bool by_exclusion(const struct evaluation *evaluation, struct leaf **leaves,
                         unsigned leaf_count, unsigned excluded_count)
{
    if (leaf_count != 2 || excluded_count || evaluation->segment->live.words)
        return false;
    uint32_t least = leaves[0]->cost < leaves[1]->cost ? leaves[0]->cost : leaves[1]->cost;
    return (uint64_t)least * DENSE_SHARE < evaluation->documents;
}

lupe_status count_union(struct evaluation *evaluation, struct leaf **leaves, unsigned leaf_count,
                        struct leaf **excluded, unsigned excluded_count, uint64_t limit,
                        uint64_t *count)
{
    uint64_t bits[WINDOW_WORDS];
    lupe_status status = LUPE_OK;
    if (leaf_count == 1)
        return count_required(evaluation, leaves, 1, excluded, excluded_count, limit, count);
    if (by_exclusion(evaluation, leaves, leaf_count, excluded_count)) {
        uint64_t both = 0;
        status = count_required(evaluation, leaves, 2, NULL, 0, UINT64_MAX, &both);
        *count += leaves[0]->cost + leaves[1]->cost - both;
        return status;
    }
    for (uint64_t base = 0; base < evaluation->documents && *count < limit;
         base += WINDOW_DOCUMENTS) {
        TRY(ticker_ask(evaluation->ticker));
        memset(bits, 0, sizeof bits);
        for (unsigned i = 0; i < leaf_count; i++)
            TRY(leaf_fill_window(leaves[i], (uint32_t)base, bits));
        TRY(window_count(evaluation, bits, (uint32_t)base, excluded, excluded_count, count));
    }
out:
    return status;
}
