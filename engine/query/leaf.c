/* SPDX-License-Identifier: MIT
 *
 * leaf.c - see leaf.h.
 */
#include "query/leaf.h"

#include <assert.h>

void leaf_rewind(struct leaf *leaf)
{
    leaf->number = LEAF_NO_BLOCK;
    leaf->count = 0;
    leaf->next = 0;
    leaf->shallow = 0;
    leaf->shares = NULL;
}

void leaf_init_list(struct leaf *leaf, const struct list *list, struct search_work *work)
{
    memset(leaf, 0, offsetof(struct leaf, shares_owned));
    leaf->list = list;
    leaf->cost = list->frequency;
    leaf->block_count = list->block_count;
    leaf->work = work;
    leaf->documents = leaf->block.documents;
    leaf_rewind(leaf);
    work->postings += leaf->cost;
    work->blocks += leaf->block_count;
}

/* A share that a value in [0, 1] cannot exceed: up by more than the float operations may round. */
#define BOUND_SLACK (1.0f + 1.0f / (1 << 19))

lupe_status leaf_set_weight(struct leaf *leaf, struct arena *arena, float weight,
                            const float *factors, const uint8_t *norms,
                            const float bound_values[256], const struct bm25 *made,
                            const struct bm25 *used)
{
    leaf->bounds = arena_alloc(arena, 256 * sizeof *leaf->bounds);
    if (!leaf->bounds)
        return fail_memory();
    leaf->scored = true;
    leaf->weight = weight;
    leaf->factors = factors;
    leaf->norms = norms;
    for (unsigned i = 0; i < 256; i++)
        leaf->bounds[i] = (uint32_t)((int32_t)(weight * bound_values[i] * BOUND_SLACK) + 1);
    leaf->bound = leaf->bounds[leaf->list->bound];
    for (unsigned i = 0; leaf->list->has_champions && i < 3; i++) {
        double value = champion_value(made, used, 1.0, leaf->list->champions[i]);
        double floor = (double)weight * value * (1.0 - 1.0 / (1 << 20)) - 1.0;
        leaf->floor[i] = floor > 0 ? (uint32_t)floor : 0;
    }
    return LUPE_OK;
}

lupe_status leaf_init_array(struct leaf *leaf, struct arena *arena, const uint32_t *documents,
                            const uint32_t *shares, uint32_t count, struct search_work *work)
{
    memset(leaf, 0, offsetof(struct leaf, shares_owned));
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

uint32_t leaf_bound_between(struct leaf *leaf, uint32_t low, uint32_t high)
{
    uint32_t block = leaf_find_block(leaf, leaf->shallow, low);
    leaf->shallow = block;
    uint32_t highest = 0;
    for (unsigned looked = 0; block < leaf->block_count; block++, looked++) {
        uint32_t bound = leaf_block_bound(leaf, block);
        highest = bound > highest ? bound : highest;
        if (leaf_block_last(leaf, block) + 1 >= high)
            break;
        /* Far more blocks than a window holds: the whole list's bound is as good. */
        if (looked == 2 * SUPERBLOCK_BLOCKS)
            return leaf->bound;
    }
    return highest;
}

lupe_status leaf_open_block(struct leaf *leaf, uint32_t number)
{
    if (leaf->number == number)
        return LUPE_OK;
    assert(number < leaf->block_count);
    leaf->next = 0;
    leaf->shares = NULL;
    leaf->work->blocks_decoded++;
    if (leaf->is_array) {
        uint32_t start = number * BLOCK_DOCUMENTS;
        uint32_t rest = leaf->cost - start;
        leaf->documents = leaf->array_documents + start;
        leaf->count = rest < BLOCK_DOCUMENTS ? rest : BLOCK_DOCUMENTS;
        leaf->number = number;
        return LUPE_OK;
    }
    leaf->number = LEAF_NO_BLOCK;
    lupe_status status = block_read(leaf->list, number, &leaf->block);
    if (status)
        return status;
    leaf->number = number;
    leaf->count = leaf->block.count;
    return LUPE_OK;
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

lupe_status leaf_share(struct leaf *leaf, uint32_t at, uint32_t *share)
{
    if (leaf->shares) {
        *share = leaf->shares[at];
        return LUPE_OK;
    }
    if (leaf->is_array) {
        *share = leaf->array_shares[(size_t)leaf->number * BLOCK_DOCUMENTS + at];
        return LUPE_OK;
    }
    lupe_status status = block_read_tfs(leaf->list, &leaf->block);
    if (status)
        return status;
    leaf->work->postings_scored++;
    *share = score_share(leaf->weight, (float)leaf->block.tfs[at],
                         leaf->factors[leaf->norms[leaf->documents[at]]]);
    return LUPE_OK;
}

/* Of few matches in a block the tfs are read one by one. */
#define SINGLE_TFS_MAX 3u

lupe_status leaf_match(struct leaf *leaf, const uint32_t *candidates, unsigned count,
                       unsigned *next, uint8_t *candidate_at, uint8_t *document_at, unsigned *found)
{
    unsigned first = *next;
    uint32_t target = candidates[first];
    *found = 0;
    if (leaf->number == LEAF_NO_BLOCK || leaf->documents[leaf->count - 1] < target) {
        uint32_t from = leaf->number == LEAF_NO_BLOCK ? 0 : leaf->number + 1;
        uint32_t number = leaf_find_block(leaf, from, target);
        if (number >= leaf->block_count) {
            *next = count;
            return LUPE_OK;
        }
        lupe_status status = leaf_open_block(leaf, number);
        if (status)
            return status;
    }
    uint32_t last = leaf->documents[leaf->count - 1];
    unsigned end = count;
    if (candidates[count - 1] > last)
        end = first + pack_kernels()->count_below(candidates + first, count - first, last + 1);
    if (end == first) { /* only a damaged directory leads here */
        *next = first + 1;
        return LUPE_OK;
    }
    *found = intersect_kernels()->intersect(candidates + first, end - first, leaf->documents,
                                            leaf->next, leaf->count, candidate_at, document_at);
    for (unsigned i = 0; i < *found; i++)
        candidate_at[i] = (uint8_t)(candidate_at[i] + first);
    if (*found)
        leaf->next = document_at[*found - 1];
    *next = end;
    return LUPE_OK;
}

lupe_status leaf_add_shares(struct leaf *leaf, const uint8_t *candidate_at,
                            const uint8_t *document_at, unsigned found, uint32_t *scores)
{
    lupe_status status = LUPE_OK;
    if (leaf->is_array) {
        const uint32_t *shares = leaf->array_shares + (size_t)leaf->number * BLOCK_DOCUMENTS;
        for (unsigned i = 0; i < found; i++)
            scores[candidate_at[i]] += shares[document_at[i]];
        return LUPE_OK;
    }
    if (!leaf->shares && found <= SINGLE_TFS_MAX) {
        for (unsigned i = 0; i < found; i++) {
            uint32_t tf = 0, at = document_at[i];
            TRY(block_tf(leaf->list, &leaf->block, at, &tf));
            scores[candidate_at[i]] += score_share(leaf->weight, (float)tf,
                                                   leaf->factors[leaf->norms[leaf->documents[at]]]);
        }
        leaf->work->postings_scored += found;
        return LUPE_OK;
    }
    if (!leaf->shares && found < leaf->count / 4) {
        TRY(block_read_tfs(leaf->list, &leaf->block));
        for (unsigned i = 0; i < found; i++) {
            uint32_t at = document_at[i];
            scores[candidate_at[i]] += score_share(leaf->weight, (float)leaf->block.tfs[at],
                                                   leaf->factors[leaf->norms[leaf->documents[at]]]);
        }
        leaf->work->postings_scored += found;
        return LUPE_OK;
    }
    TRY(leaf_score_block(leaf));
    for (unsigned i = 0; i < found; i++)
        scores[candidate_at[i]] += leaf->shares[document_at[i]];
out:
    return status;
}

/* Array documents may end at the array's end, so they are not read in steps of 16. */
static uint32_t place_in_block(const struct leaf *leaf, uint32_t target)
{
    uint32_t next = leaf->next;
    const uint32_t *documents = leaf->documents;
    for (unsigned i = 0; i < 4; i++, next++) {
        if (next == leaf->count)
            return next;
        if (documents[next] >= target)
            return next;
    }
    uint32_t low = next, high = leaf->count;
    while (high - low > 8) {
        uint32_t middle = low + (high - low) / 2;
        if (documents[middle] < target)
            low = middle + 1;
        else
            high = middle;
    }
    while (low < high && documents[low] < target)
        low++;
    return low;
}

lupe_status leaf_seek(struct leaf *leaf, uint32_t target, bool *found)
{
    *found = false;
    uint32_t number = leaf->number;
    if (number == LEAF_NO_BLOCK || leaf->documents[leaf->count - 1] < target) {
        number = leaf_find_block(leaf, number == LEAF_NO_BLOCK ? 0 : number + 1, target);
        if (number >= leaf->block_count)
            return LUPE_OK;
        lupe_status status = leaf_open_block(leaf, number);
        if (status)
            return status;
    }
    leaf->next = place_in_block(leaf, target);
    *found = leaf->next < leaf->count;
    return LUPE_OK;
}
