/* SPDX-License-Identifier: MIT
 *
 * execute_extras.c - what a word has besides its list, as documents and what these add to the
 * shares that the list gives. They are few: the list is evaluated as if there were none.
 */
#include "query/execute_parts.h"

/* ------------------------------------------------------------------ gathering */

#define OWN_UNKNOWN UINT32_MAX

/* By document, in order: x of what stands besides the list, and the list's own tf. */
struct few_sums {
    uint32_t *documents;
    float *x;
    uint32_t *own; /* OWN_UNKNOWN: to be looked for */
    uint32_t count;
    bool in_units; /* every x is a multiple of 1 / WIDE_UNIT */
};

static lupe_status few_sums_room(struct execution *execution, uint32_t count, struct few_sums *sums)
{
    size_t room = count + 16u;
    sums->documents = arena_alloc(&execution->arena, room * sizeof *sums->documents);
    sums->x = arena_alloc(&execution->arena, room * sizeof *sums->x);
    sums->own = arena_alloc(&execution->arena, room * sizeof *sums->own);
    sums->count = 0;
    return sums->documents && sums->x && sums->own ? LUPE_OK : fail_memory();
}

/* The first block of a list from number block on that may have a document that is wanted. */
static uint32_t wanted_block(const struct execution *execution, const struct list *list,
                             uint32_t block)
{
    const struct leaf *wanted = execution->wanted;
    if (!wanted || block >= list->block_count)
        return block;
    uint32_t least = block ? list_block_last(list, block - 1) + 1 : 0;
    uint32_t low = 0, high = wanted->cost;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (wanted->array_documents[middle] < least)
            low = middle + 1;
        else
            high = middle;
    }
    return low == wanted->cost ? list->block_count
                               : list_find_block(list, block, wanted->array_documents[low]);
}

/* The documents of a block that are wanted: how many, and their places. */
static lupe_status wanted_places(const struct execution *execution, const struct block *block,
                                 uint8_t at[BLOCK_DOCUMENTS], unsigned *count)
{
    lupe_status status = LUPE_OK;
    *count = 0;
    if (!execution->wanted) {
        for (; *count < block->count; ++*count)
            at[*count] = (uint8_t)*count;
        return LUPE_OK;
    }
    leaf_rewind(execution->wanted);
    for (unsigned next = 0, found = 0; next < block->count; *count += found)
        TRY(leaf_match(execution->wanted, block->documents, block->count, &next, at + *count, NULL,
                       &found));
out:
    return status;
}

/* Reads the next block of a list, from number *number on, that has documents that are wanted, and
 * its tfs: how many, and their places; 0 at the end. */
static lupe_status wanted_next(struct execution *execution, const struct list *list,
                               uint32_t *number, struct block *block, uint8_t at[BLOCK_DOCUMENTS],
                               unsigned *count)
{
    lupe_status status = LUPE_OK;
    for (*count = 0; *count == 0; ++*number) {
        *number = wanted_block(execution, list, *number);
        if (*number >= list->block_count)
            return LUPE_OK;
        TRY(ticker_tick(execution->evaluation->ticker));
        TRY(block_read(list, *number, block));
        TRY(wanted_places(execution, block, at, count));
        if (*count)
            TRY(block_read_tfs(list, block));
        execution->evaluation->work->blocks_decoded++;
    }
out:
    return status;
}

/* Begins with a list of parts, which says what its word's own list has, too. */
static lupe_status few_sums_begin(struct execution *execution, const struct list *parts,
                                  float weight, struct few_sums *sums)
{
    struct block block;
    uint8_t at[BLOCK_DOCUMENTS];
    uint32_t number = 0;
    unsigned count;
    lupe_status status = LUPE_OK;
    TRY(few_sums_room(execution, parts ? parts->frequency : 0, sums));
    sums->in_units = weight == 1.0f;
    weight /= WIDE_UNIT;
    while (parts) {
        TRY(wanted_next(execution, parts, &number, &block, at, &count));
        if (count == 0)
            break;
        for (unsigned i = 0; i < count; i++, sums->count++) {
            uint32_t tf = block.tfs[at[i]];
            sums->documents[sums->count] = block.documents[at[i]];
            sums->x[sums->count] = weight * (float)(tf % PARTS_TF_UNIT);
            sums->own[sums->count] = tf / PARTS_TF_UNIT;
        }
    }
out:
    return status;
}

/* Merges matches in, each counting for weight. */
static lupe_status few_sums_add(struct execution *execution, struct few_sums *sums,
                                const struct gathered *matches, float weight)
{
    bool in_units = weight == 1.0f || weight == 1.0f / WIDE_UNIT;
    struct few_sums merged = {.in_units = sums->in_units && in_units};
    lupe_status status = LUPE_OK;
    TRY(few_sums_room(execution, sums->count + matches->count, &merged));
    for (uint32_t old = 0, new = 0; old < sums->count || new < matches->count;) {
        bool take_old = old < sums->count &&
                        (new == matches->count || sums->documents[old] <= matches->documents[new]);
        bool take_new = new < matches->count &&
                        (old == sums->count || matches->documents[new] <= sums->documents[old]);
        float x = take_old ? sums->x[old] : 0;
        merged.documents[merged.count] = take_old ? sums->documents[old] : matches->documents[new];
        merged.own[merged.count] = take_old ? sums->own[old] : OWN_UNKNOWN;
        merged.x[merged.count++] = take_new ? x + weight * (float)matches->shares[new] : x;
        old += take_old;
        new += take_new;
    }
    *sums = merged;
out:
    return status;
}

/* Documents of a list of few with what they count, of a list of parts in WIDE_UNIT-ths. */
static lupe_status list_gather(struct execution *execution, const struct list *list, bool is_parts,
                               struct gathered *matches)
{
    struct block block;
    uint8_t at[BLOCK_DOCUMENTS];
    uint32_t number = 0;
    unsigned count;
    lupe_status status = LUPE_OK;
    matches->documents = memory_alloc((list->frequency + 16) * sizeof *matches->documents);
    matches->shares = memory_alloc((list->frequency + 16) * sizeof *matches->shares);
    if (!matches->documents || !matches->shares)
        return fail_memory();
    for (;;) {
        TRY(wanted_next(execution, list, &number, &block, at, &count));
        if (count == 0)
            break;
        for (unsigned i = 0; i < count; i++) {
            uint32_t tf = block.tfs[at[i]];
            matches->documents[matches->count] = block.documents[at[i]];
            matches->shares[matches->count++] = is_parts ? tf % PARTS_TF_UNIT : tf;
        }
    }
out:
    return status;
}

/* The list of parts that tells of the own list of the group's word, which has no other; NULL: none
 * here. Where readings are several words, the own list may be another's. */
static const struct plan_member *own_parts(const struct plan_node *node, uint32_t place)
{
    const struct plan_member *found = NULL;
    unsigned words = 0, parts = 0;
    for (unsigned m = 0; m < node->member_count; m++) {
        const struct plan_member *member = &node->members[m];
        words += member->kind == MEMBER_LIST;
        parts += member->kind == MEMBER_PARTS;
        if (member->kind == MEMBER_PARTS && member->term->lists[place])
            found = member;
    }
    return words == 1 && parts == 1 ? found : NULL;
}

/* Adds up the extra lists and the places of parts. */
static lupe_status extras_sum(struct execution *execution, const struct plan_node *node,
                              struct few_sums *sums)
{
    uint32_t place = execution->segment_place;
    struct gathered matches = {0};
    const struct plan_member *parts = own_parts(node, place);
    lupe_status status = LUPE_OK;
    TRY(few_sums_begin(execution, parts ? parts->term->lists[place] : NULL,
                       parts ? parts->weight : 1.0f, sums));
    for (unsigned m = 0; m < node->member_count; m++) {
        const struct plan_member *member = &node->members[m];
        const struct list *list = member->term->lists[place];
        bool is_parts = member->kind == MEMBER_PARTS;
        if (!list || member == parts || (member->kind != MEMBER_EXTRA && !is_parts))
            continue;
        TRY(list_gather(execution, list, is_parts, &matches));
        TRY(few_sums_add(execution, sums, &matches,
                         is_parts ? member->weight / WIDE_UNIT : member->weight));
        gathered_free(&matches);
    }
    for (unsigned v = 0; v < node->variant_count; v++) {
        const struct plan_variant *variant = &node->variants[v];
        if (!variant_is_here(variant, place))
            continue;
        TRY(variant_gather(execution, node, variant, &matches));
        TRY(few_sums_add(execution, sums, &matches, variant->weight));
        gathered_free(&matches);
    }
out:
    gathered_free(&matches);
    return status;
}

/* Looks for the own tfs that are not known yet in the word's list. */
static lupe_status own_seek(struct execution *execution, const struct list *list,
                            struct few_sums *sums)
{
    struct leaf *leaf = NULL;
    bool more = true;
    lupe_status status = LUPE_OK;
    for (uint32_t i = 0; i < sums->count; i++) {
        if (sums->own[i] != OWN_UNKNOWN)
            continue;
        sums->own[i] = 0;
        if (!list)
            continue;
        if (!leaf)
            TRY(leaf_of_list(execution, list, 0, &leaf));
        TRY(ticker_tick(execution->evaluation->ticker));
        if (more)
            TRY(leaf_seek(leaf, sums->documents[i], &more));
        if (more && leaf->documents[leaf->next] == sums->documents[i])
            TRY(block_tf(list, &leaf->block, leaf->next, &sums->own[i]));
    }
out:
    return status;
}

/* ------------------------------------------------------------------ shares */

static lupe_status extras_new(struct execution *execution, uint32_t count, struct extras **out)
{
    size_t room = count + 16u;
    struct extras *extras = arena_alloc(&execution->arena, sizeof *extras);
    *out = extras;
    if (!extras)
        return fail_memory();
    memset(extras, 0, sizeof *extras);
    extras->documents = arena_alloc(&execution->arena, room * sizeof *extras->documents);
    extras->full = arena_alloc(&execution->arena, room * sizeof *extras->full);
    extras->more = arena_alloc(&execution->arena, room * sizeof *extras->more);
    extras->is_fresh = arena_alloc(&execution->arena, room);
    return extras->documents && extras->full && extras->more && extras->is_fresh ? LUPE_OK
                                                                                 : fail_memory();
}

/* Where scores do not matter: the fresh ones, as the others are in the word's list. */
static void take_fresh(const struct few_sums *sums, struct extras *extras)
{
    for (uint32_t i = 0; i < sums->count; i++) {
        extras->documents[extras->count] = sums->documents[i];
        extras->full[extras->count] = extras->more[extras->count] = 1;
        extras->is_fresh[extras->count] = 1;
        extras->count += sums->own[i] == 0;
    }
}

static void take_scored(struct execution *execution, const struct plan_node *node, float unit,
                        const struct few_sums *sums, struct extras *extras)
{
    const uint8_t *norms = execution_segment(execution)->norms;
    const float *factors = execution->plan->scratch->factors;
    for (uint32_t i = 0; i < sums->count; i++) {
        uint32_t document = sums->documents[i];
        float factor = factors[norms[document]];
        float x = unit * (float)sums->own[i];
        extras->full[i] = score_share(node->weight, x + sums->x[i], factor);
        extras->more[i] = extras->full[i] - (x > 0 ? score_share(node->weight, x, factor) : 0);
    }
}

/* The same in blocks, where every x is a number of units: scaled by a power of two, all that is
 * rounded comes out the same. */
static void take_scored_in_units(struct execution *execution, const struct plan_node *node,
                                 float unit, const struct few_sums *sums, struct extras *extras)
{
    const struct score_kernels *kernels = score_kernels();
    const struct scratch *scratch = execution->plan->scratch;
    const uint8_t *norms = execution_segment(execution)->norms;
    uint32_t own_units = unit == 1.0f ? WIDE_UNIT : 1;
    uint32_t x[BLOCK_DOCUMENTS + 16], own[BLOCK_DOCUMENTS + 16], before[BLOCK_DOCUMENTS + 16];
    for (uint32_t done = 0; done < sums->count; done += BLOCK_DOCUMENTS) {
        uint32_t left = sums->count - done;
        unsigned count = left < BLOCK_DOCUMENTS ? left : BLOCK_DOCUMENTS;
        const uint32_t *documents = sums->documents + done;
        uint32_t *full = extras->full + done, *more = extras->more + done;
        for (unsigned i = 0; i < count; i++) {
            own[i] = sums->own[done + i] * own_units;
            x[i] = own[i] + (uint32_t)(sums->x[done + i] * WIDE_UNIT);
        }
        kernels->shares(documents, x, count, norms, scratch->wide_factors, node->weight, full);
        kernels->shares(documents, own, count, norms, scratch->wide_factors, node->weight, before);
        for (unsigned i = 0; i < count; i++)
            more[i] = full[i] - (own[i] ? before[i] : 0);
    }
}

lupe_status extras_gather(struct execution *execution, const struct plan_node *node,
                          const struct list *list, struct extras **out)
{
    struct few_sums sums = {0};
    float unit = list && list->is_wide ? 1.0f / WIDE_UNIT : 1.0f;
    lupe_status status = LUPE_OK;
    TRY(extras_sum(execution, node, &sums));
    TRY(own_seek(execution, list, &sums));
    TRY(extras_new(execution, sums.count, out));
    if (execution->unscored) {
        take_fresh(&sums, *out);
        return LUPE_OK;
    }
    memcpy((*out)->documents, sums.documents, sums.count * sizeof *sums.documents);
    for (uint32_t i = 0; i < sums.count; i++)
        (*out)->is_fresh[i] = sums.own[i] == 0;
    (*out)->count = sums.count;
    if (sums.in_units)
        take_scored_in_units(execution, node, unit, &sums, *out);
    else
        take_scored(execution, node, unit, &sums, *out);
out:
    return status;
}

lupe_status leaf_of_extras(struct execution *execution, const struct extras *extras, bool more,
                           struct leaf **leaf)
{
    lupe_status status = leaf_new(execution, leaf);
    return status ? status
                  : leaf_init_array(*leaf, &execution->arena, extras->documents,
                                    more ? extras->more : extras->full, extras->count,
                                    execution->evaluation->work);
}
