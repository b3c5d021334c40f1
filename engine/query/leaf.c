/* SPDX-License-Identifier: MIT
 *
 * leaf.c - see leaf.h.
 */
#include "query/leaf.h"

#include <assert.h>

#include "base/cpu.h"

void leaf_rewind(struct leaf *leaf)
{
    leaf->number = LEAF_NO_BLOCK;
    leaf->count = 0;
    leaf->bits_only = false;
    leaf->next = 0;
    leaf->shallow = 0;
    leaf->shares = NULL;
}

void leaves_rewind(struct leaf **leaves, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        leaf_rewind(leaves[i]);
}

/* The beginning of a list's directory and its first blocks are asked for as soon as it is known
 * that they will be read: with cold caches the lists of a query then come side by side, not one
 * after the other (3 to 5 % of a query). Asking for more, or for each block by the one before,
 * brings nothing. */
#define LIST_AHEAD_BYTES 512u

void leaf_init_list(struct leaf *leaf, const struct list *list, struct search_work *work)
{
    memset(leaf, 0, offsetof(struct leaf, ranks));
    leaf->list = list;
    leaf->cost = list->frequency;
    leaf->block_count = list->block_count;
    leaf->work = work;
    leaf->documents = leaf->block.documents;
    leaf_rewind(leaf);
    if (list->last)
        prefetch_bytes(list->last, LIST_AHEAD_BYTES);
    work->postings += leaf->cost;
    work->blocks += leaf->block_count;
}

void leaf_set_weight(struct leaf *leaf, float weight, const float *factors, const uint8_t *norms,
                     const float bound_values[256], const struct bm25 *made,
                     const struct bm25 *used)
{
    leaf->scored = true;
    leaf->weight = weight;
    leaf->factors = factors;
    leaf->norms = norms;
    leaf->bound_values = bound_values;
    leaf->bound = leaf_bound_of(leaf, leaf->list->bound);
    for (unsigned i = 0; leaf->list->has_champions && i < 3; i++) {
        double value = champion_value(made, used, 1.0, leaf->list->champions[i]);
        double floor = (double)weight * value * (1.0 - 1.0 / (1 << 20)) - 1.0;
        leaf->floor[i] = floor > 0 ? (uint32_t)floor : 0;
    }
}

lupe_status leaf_init_array(struct leaf *leaf, struct arena *arena, const uint32_t *documents,
                            const uint32_t *shares, uint32_t count, struct search_work *work)
{
    memset(leaf, 0, offsetof(struct leaf, ranks));
    leaf->is_array = true;
    leaf->cost = count;
    leaf->block_count = (count + BLOCK_DOCUMENTS - 1) / BLOCK_DOCUMENTS;
    leaf->array_documents = documents;
    leaf->array_shares = shares;
    leaf->scored = shares != NULL;
    leaf->work = work;
    leaf_rewind(leaf);
    work->postings += count;
    work->blocks += leaf->block_count;
    if (!shares)
        return LUPE_OK;
    leaf->array_bounds = arena_alloc(arena, leaf->block_count * sizeof *leaf->array_bounds + 8);
    if (!leaf->array_bounds)
        return fail_memory();
    for (uint32_t b = 0; b < leaf->block_count; b++) {
        uint32_t highest = 0;
        for (uint32_t i = b * BLOCK_DOCUMENTS; i < count && i < (b + 1) * BLOCK_DOCUMENTS; i++)
            highest = shares[i] > highest ? shares[i] : highest;
        leaf->array_bounds[b] = highest;
        leaf->bound = highest > leaf->bound ? highest : leaf->bound;
    }
    return LUPE_OK;
}

uint32_t leaf_find_block(const struct leaf *leaf, uint32_t from, uint32_t target)
{
    if (!leaf->is_array)
        return list_find_block(leaf->list, from, target);
    uint32_t low = from, high = leaf->block_count;
    for (unsigned i = 0; i < 4 && low < high; i++, low++)
        if (leaf_block_last(leaf, low) >= target)
            return low;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (leaf_block_last(leaf, middle) < target)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The next blocks are looked at one by one before the directory is searched. */
#define STEPS_MAX 4u

uint32_t leaf_bound_between(struct leaf *leaf, uint32_t low, uint32_t high)
{
    uint32_t block = leaf->shallow, count = leaf->block_count, highest = 0;
    for (unsigned i = 0; block < count && leaf_block_last(leaf, block) < low; i++) {
        if (i == STEPS_MAX) {
            block = leaf_find_block(leaf, block, low);
            break;
        }
        block++;
    }
    leaf->shallow = block;
    if (block >= count || !leaf->scored)
        return 0;
    /* Of far more blocks than a window holds the whole list's bound is as good. */
    uint32_t end = count - block > 2 * SUPERBLOCK_BLOCKS ? block + 2 * SUPERBLOCK_BLOCKS : count;
    const uint8_t *bounds = leaf->is_array ? NULL : leaf->list->bounds;
    for (; block < end; block++) {
        uint32_t bound = bounds ? bounds[block] : leaf->array_bounds[block];
        highest = bound > highest ? bound : highest;
        if (leaf_block_last(leaf, block) >= high - 1)
            break;
    }
    if (block == end && end < count)
        return leaf->bound;
    return bounds ? leaf_bound_of(leaf, (uint8_t)highest) : highest;
}

static void array_open_block(struct leaf *leaf, uint32_t number)
{
    uint32_t start = number * BLOCK_DOCUMENTS;
    uint32_t rest = leaf->cost - start;
    leaf->documents = leaf->array_documents + start;
    leaf->count = rest < BLOCK_DOCUMENTS ? rest : BLOCK_DOCUMENTS;
    leaf->number = number;
    leaf->low = leaf->documents[0];
    leaf->last = leaf->documents[leaf->count - 1];
}

/* Opens a block; lazy: of a bit set nothing is decoded. */
static lupe_status open_block(struct leaf *leaf, uint32_t number, bool lazy)
{
    lupe_status status = LUPE_OK;
    assert(number < leaf->block_count);
    leaf->next = 0;
    leaf->shares = NULL;
    leaf->bits_only = false;
    leaf->work->blocks_decoded++;
    if (leaf->is_array) {
        array_open_block(leaf, number);
        return LUPE_OK;
    }
    leaf->number = LEAF_NO_BLOCK;
    if (lazy)
        TRY(block_read_lazy(leaf->list, number, &leaf->block));
    else
        TRY(block_read(leaf->list, number, &leaf->block));
    leaf->number = number;
    leaf->count = leaf->block.count;
    leaf->bits_only = lazy && leaf->block.is_bits;
    leaf->ranks_counted = false;
    if (leaf->bits_only) {
        leaf->low = leaf->block.bit_base;
        leaf->last = leaf->block.bit_last;
    } else {
        leaf->low = leaf->documents[0];
        leaf->last = leaf->documents[leaf->count - 1];
    }
out:
    return status;
}

lupe_status leaf_open_block(struct leaf *leaf, uint32_t number)
{
    if (leaf->number == number && !leaf->bits_only)
        return LUPE_OK;
    return open_block(leaf, number, false);
}

lupe_status leaf_open_block_lazy(struct leaf *leaf, uint32_t number)
{
    return leaf->number == number ? LUPE_OK : open_block(leaf, number, true);
}

lupe_status leaf_score_block(struct leaf *leaf)
{
    if (leaf->shares)
        return LUPE_OK;
    leaf->work->postings_scored += leaf->count;
    if (leaf->is_array) {
        leaf->shares = leaf->array_shares + (size_t)leaf->number * BLOCK_DOCUMENTS;
        return LUPE_OK;
    }
    lupe_status status = block_read_tfs(leaf->list, &leaf->block);
    if (status)
        return status;
    score_kernels()->shares(leaf->documents, leaf->block.tfs, leaf->count, leaf->norms,
                            leaf->factors, leaf->weight, leaf->shares_owned);
    leaf->shares = leaf->shares_owned;
    return LUPE_OK;
}

lupe_status leaf_score_above(struct leaf *leaf, unsigned from, unsigned end, uint32_t more,
                             uint32_t limit, uint32_t *documents, uint32_t *scores, unsigned *count)
{
    lupe_status status = leaf_score_block(leaf);
    if (status)
        return status;
    const uint32_t *all_documents = leaf->documents + from, *all_shares = leaf->shares + from;
    *count = end - from;
    if (limit) {
        *count = score_kernels()->copy_above(all_documents, all_shares, *count, more, limit,
                                             documents, scores);
        return LUPE_OK;
    }
    memcpy(documents, all_documents, *count * sizeof *documents);
    memcpy(scores, all_shares, *count * sizeof *scores);
    return LUPE_OK;
}

/* Bits are counted here at last: a damaged set must not give places behind the block. */
static lupe_status count_ranks(struct leaf *leaf)
{
    unsigned before =
        intersect_kernels()->ranks(leaf->block.bits, leaf->block.bit_words, leaf->ranks);
    if (before != leaf->count)
        return fail(LUPE_CORRUPT,
                    "segment %u: a bit set of %u documents has %u bits; restore the "
                    "index from a backup",
                    (unsigned)leaf->list->postings->segment, leaf->count, before);
    leaf->ranks_counted = true;
    return LUPE_OK;
}

/* Candidates, all at most the last document, against a bit set that is not decoded: one load each,
 * and the place of the few that are in it is counted from the bits before. */
static lupe_status match_bits(struct leaf *leaf, const uint32_t *candidates, unsigned count,
                              uint8_t *candidate_at, uint8_t *document_at, unsigned *found)
{
    const uint8_t *bits = leaf->block.bits;
    uint32_t base = leaf->block.bit_base;
    unsigned first = 0, matches = 0;
    while (first < count && candidates[first] < base)
        first++;
    for (unsigned i = first; i < count; i++) {
        uint32_t at = candidates[i] - base;
        candidate_at[matches] = (uint8_t)i;
        matches += bits[at / 8] >> at % 8 & 1;
    }
    *found = matches;
    if (!document_at || !matches)
        return LUPE_OK;
    if (!leaf->ranks_counted) {
        lupe_status status = count_ranks(leaf);
        if (status)
            return status;
    }
    intersect_kernels()->places(bits, leaf->ranks, candidates, base, candidate_at, matches,
                                document_at);
    return LUPE_OK;
}

/* Candidates against decoded documents: where there are far fewer documents than candidates, the
 * documents are looked for among the candidates. A block of a rare word may have two documents
 * where a hundred candidates are. (Counting them each time costs more than it saves, so it is
 * guessed from the ranges whether it is worth it.) */
static unsigned match_documents(struct leaf *leaf, const uint32_t *candidates, unsigned count,
                                uint8_t *candidate_at, uint8_t *document_at)
{
    const uint32_t *documents = leaf->documents;
    const struct intersect_kernels *kernels = intersect_kernels();
    unsigned low = 0, high = leaf->count;
    uint64_t range = candidates[count - 1] - candidates[0];
    if (count > 8 && 3 * range * leaf->count < (uint64_t)count * (leaf->last - leaf->low)) {
        low = pack_kernels()->count_below(documents, leaf->count, candidates[0]);
        high = pack_kernels()->count_below(documents, leaf->count, candidates[count - 1] + 1);
        if (low == high)
            return 0;
    }
    if (high - low >= count)
        return kernels->intersect(candidates, count, documents, leaf->next, leaf->count,
                                  candidate_at, document_at);
    unsigned found = kernels->intersect(documents + low, high - low, candidates, 0, count,
                                        document_at, candidate_at);
    for (unsigned i = 0; low && i < found; i++)
        document_at[i] = (uint8_t)(document_at[i] + low);
    return found;
}

lupe_status leaf_match(struct leaf *leaf, const uint32_t *candidates, unsigned count,
                       unsigned *next, uint8_t *candidate_at, uint8_t *document_at, unsigned *found)
{
    unsigned first = *next;
    uint32_t target = candidates[first];
    *found = 0;
    if (leaf->number == LEAF_NO_BLOCK || leaf->last < target) {
        uint32_t from = leaf->number == LEAF_NO_BLOCK ? 0 : leaf->number + 1;
        uint32_t number = leaf_find_block(leaf, from, target);
        if (number >= leaf->block_count) {
            *next = count;
            return LUPE_OK;
        }
        lupe_status status = open_block(leaf, number, true);
        if (status)
            return status;
    }
    unsigned end = count;
    if (candidates[count - 1] > leaf->last)
        end =
            first + pack_kernels()->count_below(candidates + first, count - first, leaf->last + 1);
    if (end == first) { /* only a damaged directory leads here */
        *next = first + 1;
        return LUPE_OK;
    }
    uint8_t unused[BLOCK_DOCUMENTS];
    if (!leaf->bits_only) {
        *found = match_documents(leaf, candidates + first, end - first, candidate_at,
                                 document_at ? document_at : unused);
    } else {
        lupe_status status =
            match_bits(leaf, candidates + first, end - first, candidate_at, document_at, found);
        if (status)
            return status;
    }
    for (unsigned i = 0; first && i < *found; i++)
        candidate_at[i] = (uint8_t)(candidate_at[i] + first);
    if (*found && document_at)
        leaf->next = document_at[*found - 1];
    *next = end;
    return LUPE_OK;
}

/* Of few matches in a block the tfs are read one by one. */
#define SINGLE_TFS_MAX 3u
/* And of so many the shares: the vectors' gathers take as long as eight of them. */
#define SINGLE_SHARES_MAX 8u

/* The tfs of some documents of the open block. */
static lupe_status read_some_tfs(struct leaf *leaf, const uint8_t *document_at, unsigned count,
                                 uint32_t *tfs)
{
    lupe_status status = LUPE_OK;
    if (count <= SINGLE_TFS_MAX) {
        for (unsigned i = 0; i < count; i++)
            TRY(block_tf(leaf->list, &leaf->block, document_at[i], &tfs[i]));
        return LUPE_OK;
    }
    TRY(block_read_tfs(leaf->list, &leaf->block));
    for (unsigned i = 0; i < count; i++)
        tfs[i] = leaf->block.tfs[document_at[i]];
out:
    return status;
}

lupe_status leaf_add_shares(struct leaf *leaf, const uint32_t *candidates,
                            const uint8_t *candidate_at, const uint8_t *document_at, unsigned found,
                            uint32_t *scores)
{
    if (!leaf->is_array && !leaf->bits_only && !leaf->shares && found >= leaf->count / 4) {
        lupe_status status = leaf_score_block(leaf);
        if (status)
            return status;
    }
    if (leaf->is_array || leaf->shares) {
        const uint32_t *shares = leaf->shares
                                     ? leaf->shares
                                     : leaf->array_shares + (size_t)leaf->number * BLOCK_DOCUMENTS;
        for (unsigned i = 0; i < found; i++)
            scores[candidate_at[i]] += shares[document_at[i]];
        return LUPE_OK;
    }
    uint32_t documents[BLOCK_DOCUMENTS + 16], tfs[BLOCK_DOCUMENTS + 16];
    uint32_t shares[BLOCK_DOCUMENTS + 16];
    lupe_status status = read_some_tfs(leaf, document_at, found, tfs);
    if (status)
        return status;
    leaf->work->postings_scored += found;
    for (unsigned i = 0; i < found; i++)
        documents[i] = candidates[candidate_at[i]];
    if (found <= SINGLE_SHARES_MAX) {
        for (unsigned i = 0; i < found; i++)
            scores[candidate_at[i]] +=
                score_share(leaf->weight, (float)tfs[i], leaf->factors[leaf->norms[documents[i]]]);
        return LUPE_OK;
    }
    score_kernels()->shares(documents, tfs, found, leaf->norms, leaf->factors, leaf->weight,
                            shares);
    for (unsigned i = 0; i < found; i++)
        scores[candidate_at[i]] += shares[i];
    return LUPE_OK;
}

lupe_status leaf_seek(struct leaf *leaf, uint32_t target, bool *found)
{
    *found = false;
    uint32_t number = leaf->number;
    if (number == LEAF_NO_BLOCK || leaf->last < target) {
        number = leaf_find_block(leaf, number == LEAF_NO_BLOCK ? 0 : number + 1, target);
        if (number >= leaf->block_count)
            return LUPE_OK;
    }
    lupe_status status = leaf_open_block(leaf, number);
    if (status)
        return status;
    leaf->next = pack_kernels()->count_below(leaf->documents, leaf->count, target);
    *found = leaf->next < leaf->count;
    return LUPE_OK;
}
