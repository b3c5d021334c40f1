/* SPDX-License-Identifier: MIT
 *
 * execute_extras.c - what a word has besides its list, as documents and what these add to the
 * shares that the list gives. They are few: the list is evaluated as if there were none.
 */
#include "query/execute_parts.h"

/* ------------------------------------------------------------------ gathering */

/* x by document, in order. */
struct few_sums {
    uint32_t *documents;
    float *x;
    uint32_t count;
};

static void few_sums_free(struct few_sums *sums)
{
    memory_free(sums->documents);
    memory_free(sums->x);
}

/* Merges matches in, each counting for weight. */
static lupe_status few_sums_add(struct few_sums *sums, const struct gathered *matches, float weight)
{
    struct few_sums merged = {0};
    size_t room = (size_t)sums->count + matches->count + 1;
    merged.documents = memory_alloc(room * sizeof *merged.documents);
    merged.x = memory_alloc(room * sizeof *merged.x);
    if (!merged.documents || !merged.x) {
        few_sums_free(&merged);
        return fail_memory();
    }
    for (uint32_t old = 0, new = 0; old < sums->count || new < matches->count;) {
        bool take_old = old < sums->count &&
                        (new == matches->count || sums->documents[old] <= matches->documents[new]);
        bool take_new = new < matches->count &&
                        (old == sums->count || matches->documents[new] <= sums->documents[old]);
        merged.documents[merged.count] = take_old ? sums->documents[old] : matches->documents[new];
        float x = take_old ? sums->x[old] : 0;
        merged.x[merged.count++] = take_new ? x + weight * (float)matches->shares[new] : x;
        old += take_old;
        new += take_new;
    }
    few_sums_free(sums);
    *sums = merged;
    return LUPE_OK;
}

/* Documents of a list of few with what they count. */
static lupe_status list_gather(struct execution *execution, const struct list *list, bool is_parts,
                               struct gathered *matches)
{
    struct block block;
    lupe_status status = LUPE_OK;
    matches->documents = memory_alloc((list->frequency + 16) * sizeof *matches->documents);
    matches->shares = memory_alloc((list->frequency + 16) * sizeof *matches->shares);
    if (!matches->documents || !matches->shares)
        return fail_memory();
    for (uint32_t b = 0; b < list->block_count; b++) {
        TRY(ticker_tick(execution->evaluation->ticker));
        TRY(block_read(list, b, &block));
        TRY(block_read_tfs(list, &block));
        for (uint32_t i = 0; i < block.count; i++) {
            uint32_t tf = block.tfs[i];
            matches->documents[matches->count] = block.documents[i];
            matches->shares[matches->count++] = is_parts ? tf % PARTS_TF_UNIT : tf;
        }
        execution->evaluation->work->blocks_decoded++;
    }
out:
    return status;
}

/* Adds up the extra lists and the places of parts. */
static lupe_status extras_sum(struct execution *execution, const struct plan_node *node,
                              struct few_sums *sums)
{
    uint32_t place = execution->segment_place;
    struct gathered matches = {0};
    lupe_status status = LUPE_OK;
    for (unsigned m = 0; m < node->member_count; m++) {
        const struct plan_member *member = &node->members[m];
        const struct list *list = member->term->lists[place];
        bool is_parts = member->kind == MEMBER_PARTS;
        if (!list || (member->kind != MEMBER_EXTRA && !is_parts))
            continue;
        TRY(list_gather(execution, list, is_parts, &matches));
        TRY(few_sums_add(sums, &matches, is_parts ? member->weight / WIDE_UNIT : member->weight));
        gathered_free(&matches);
    }
    for (unsigned v = 0; v < node->variant_count; v++) {
        const struct plan_variant *variant = &node->variants[v];
        if (!variant_is_here(variant, place))
            continue;
        TRY(variant_gather(execution, node, variant, &matches));
        TRY(few_sums_add(sums, &matches, variant->weight));
        gathered_free(&matches);
    }
out:
    gathered_free(&matches);
    return status;
}

/* The word's own tfs in a list that is not wide, of documents in order. */
static lupe_status own_seek(struct execution *execution, const struct list *list,
                            const struct few_sums *sums, uint32_t *own)
{
    struct leaf *leaf = NULL;
    bool more = true;
    lupe_status status = LUPE_OK;
    TRY(leaf_of_list(execution, list, 0, &leaf));
    for (uint32_t i = 0; i < sums->count; i++) {
        own[i] = 0;
        TRY(ticker_tick(execution->evaluation->ticker));
        if (more)
            TRY(leaf_seek(leaf, sums->documents[i], &more));
        if (more && leaf->documents[leaf->next] == sums->documents[i])
            TRY(block_tf(list, &leaf->block, leaf->next, &own[i]));
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

static void extras_score(struct execution *execution, const struct plan_node *node,
                         const struct list *list, const struct few_sums *sums, const uint32_t *own,
                         struct extras *extras)
{
    const uint8_t *norms = execution_segment(execution)->norms;
    const float *factors = execution->plan->scratch->factors;
    float unit = list && list->is_wide ? 1.0f / WIDE_UNIT : 1.0f;
    for (uint32_t i = 0; i < sums->count; i++) {
        uint32_t document = sums->documents[i];
        float factor = factors[norms[document]];
        float x = list ? unit * (float)own[i] : 0;
        uint32_t before = x > 0 ? score_share(node->weight, x, factor) : 0;
        extras->documents[i] = document;
        extras->full[i] = score_share(node->weight, x + sums->x[i], factor);
        extras->more[i] = extras->full[i] - before;
        extras->is_fresh[i] = !(x > 0);
    }
    extras->count = sums->count;
}

/* The same where there is nothing but one list of parts, which says what the word's own list has,
 * too: nearly always. A search for a number alone takes the fresh ones and scores nothing. */
static lupe_status extras_of_parts(struct execution *execution, const struct plan_node *node,
                                   const struct list *parts, struct extras **out)
{
    const struct score_kernels *kernels = score_kernels();
    const struct scratch *scratch = execution->plan->scratch;
    bool only_fresh = execution->plan->request->k == 0;
    uint32_t x[BLOCK_DOCUMENTS + 16], own[BLOCK_DOCUMENTS + 16];
    struct block block;
    struct extras *extras;
    lupe_status status = LUPE_OK;
    TRY(extras_new(execution, parts->frequency, &extras));
    for (uint32_t b = 0; b < parts->block_count; b++) {
        uint32_t *documents = extras->documents + extras->count;
        uint32_t *full = extras->full + extras->count, *more = extras->more + extras->count;
        uint8_t *is_fresh = extras->is_fresh + extras->count;
        TRY(ticker_tick(execution->evaluation->ticker));
        TRY(block_read(parts, b, &block));
        TRY(block_read_tfs(parts, &block));
        execution->evaluation->work->blocks_decoded++;
        if (extras->count + block.count > parts->frequency)
            return fail(LUPE_CORRUPT,
                        "a list of parts has more documents than it says; restore the index from a "
                        "backup");
        if (only_fresh) {
            unsigned kept = 0;
            for (uint32_t i = 0; i < block.count; i++) {
                documents[kept] = block.documents[i];
                full[kept] = more[kept] = is_fresh[kept] = 1;
                kept += block.tfs[i] < PARTS_TF_UNIT;
            }
            extras->count += kept;
            continue;
        }
        for (uint32_t i = 0; i < block.count; i++) {
            own[i] = block.tfs[i] / PARTS_TF_UNIT * WIDE_UNIT;
            x[i] = own[i] + block.tfs[i] % PARTS_TF_UNIT;
            is_fresh[i] = own[i] == 0;
        }
        memcpy(documents, block.documents, block.count * sizeof *documents);
        kernels->shares(block.documents, x, block.count, execution_segment(execution)->norms,
                        scratch->wide_factors, node->weight, full);
        kernels->shares(block.documents, own, block.count, execution_segment(execution)->norms,
                        scratch->wide_factors, node->weight, more);
        for (uint32_t i = 0; i < block.count; i++)
            more[i] = full[i] - (own[i] ? more[i] : 0);
        extras->count += block.count;
    }
    *out = extras;
out:
    return status;
}

/* The list of parts where it is all that stands besides the word's list. */
static const struct list *only_parts(const struct execution *execution,
                                     const struct plan_node *node)
{
    uint32_t place = execution->segment_place;
    const struct list *parts = NULL;
    for (unsigned m = 0; m < node->member_count; m++) {
        const struct plan_member *member = &node->members[m];
        const struct list *list = member->term->lists[place];
        if (!list || (member->kind != MEMBER_EXTRA && member->kind != MEMBER_PARTS))
            continue;
        if (parts || member->kind != MEMBER_PARTS || member->weight != 1.0f)
            return NULL;
        parts = list;
    }
    for (unsigned v = 0; v < node->variant_count; v++)
        if (variant_is_here(&node->variants[v], place))
            return NULL;
    return parts;
}

lupe_status extras_gather(struct execution *execution, const struct plan_node *node,
                          const struct list *list, struct extras **out)
{
    const struct list *parts = list && !list->is_wide ? only_parts(execution, node) : NULL;
    struct few_sums sums = {0};
    uint32_t *own = NULL;
    lupe_status status = LUPE_OK;
    if (parts)
        return extras_of_parts(execution, node, parts, out);
    TRY(extras_sum(execution, node, &sums));
    if (list) {
        own = arena_alloc(&execution->arena, (sums.count + 16u) * sizeof *own);
        if (!own) {
            status = fail_memory();
            goto out;
        }
        TRY(own_seek(execution, list, &sums, own));
    }
    TRY(extras_new(execution, sums.count, out));
    extras_score(execution, node, list, &sums, own, *out);
out:
    few_sums_free(&sums);
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
