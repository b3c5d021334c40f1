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

/* Documents of a list of few with what they count; of a list of parts the word's own tfs, too. */
static lupe_status list_gather(struct execution *execution, const struct list *list, bool is_parts,
                               struct gathered *matches, uint32_t *own)
{
    struct block *block = memory_alloc(sizeof *block);
    lupe_status status = LUPE_OK;
    matches->documents = memory_alloc((list->frequency + 16) * sizeof *matches->documents);
    matches->shares = memory_alloc((list->frequency + 16) * sizeof *matches->shares);
    if (!block || !matches->documents || !matches->shares) {
        status = fail_memory();
        goto out;
    }
    for (uint32_t b = 0; b < list->block_count; b++) {
        TRY(ticker_tick(execution->evaluation->ticker));
        TRY(block_read(list, b, block));
        TRY(block_read_tfs(list, block));
        for (uint32_t i = 0; i < block->count; i++) {
            uint32_t tf = block->tfs[i];
            matches->documents[matches->count] = block->documents[i];
            if (is_parts)
                own[matches->count] = tf / PARTS_TF_UNIT;
            matches->shares[matches->count++] = is_parts ? tf % PARTS_TF_UNIT : tf;
        }
        execution->evaluation->work->blocks_decoded++;
    }
out:
    memory_free(block);
    return status;
}

/* Adds up the extra lists and the places of parts. own is filled where nothing but one list of
 * parts was added: *known. */
static lupe_status extras_sum(struct execution *execution, const struct plan_node *node,
                              struct few_sums *sums, uint32_t **own, bool *known)
{
    uint32_t place = execution->segment_place;
    struct gathered matches = {0};
    lupe_status status = LUPE_OK;
    unsigned added = 0;
    for (unsigned m = 0; m < node->member_count; m++) {
        const struct plan_member *member = &node->members[m];
        const struct list *list = member->term->lists[place];
        bool is_parts = member->kind == MEMBER_PARTS;
        if (!list || (member->kind != MEMBER_EXTRA && !is_parts))
            continue;
        if (is_parts) {
            *own = arena_alloc(&execution->arena, (list->frequency + 16) * sizeof **own);
            if (!*own)
                return fail_memory();
        }
        TRY(list_gather(execution, list, is_parts, &matches, *own));
        TRY(few_sums_add(sums, &matches, is_parts ? member->weight / WIDE_UNIT : member->weight));
        *known = is_parts;
        added++;
        gathered_free(&matches);
    }
    for (unsigned v = 0; v < node->variant_count; v++) {
        const struct plan_variant *variant = &node->variants[v];
        if (!variant_is_here(variant, place))
            continue;
        TRY(variant_gather(execution, node, variant, &matches));
        TRY(few_sums_add(sums, &matches, variant->weight));
        added++;
        gathered_free(&matches);
    }
    *known = *known && added == 1;
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

static lupe_status extras_score(struct execution *execution, const struct plan_node *node,
                                const struct list *list, const struct few_sums *sums,
                                const uint32_t *own, struct extras *extras)
{
    const uint8_t *norms = execution_segment(execution)->norms;
    const float *factors = execution->plan->scratch->factors;
    size_t room = sums->count + 16u;
    float unit = list && list->is_wide ? 1.0f / WIDE_UNIT : 1.0f;
    extras->documents = arena_alloc(&execution->arena, room * sizeof *extras->documents);
    extras->full = arena_alloc(&execution->arena, room * sizeof *extras->full);
    extras->more = arena_alloc(&execution->arena, room * sizeof *extras->more);
    extras->fresh = arena_alloc(&execution->arena, room * sizeof *extras->fresh);
    if (!extras->documents || !extras->full || !extras->more || !extras->fresh)
        return fail_memory();
    for (uint32_t i = 0; i < sums->count; i++) {
        uint32_t document = sums->documents[i];
        float factor = factors[norms[document]];
        float x = list ? unit * (float)own[i] : 0;
        uint32_t before = x > 0 ? score_share(node->weight, x, factor) : 0;
        uint32_t full = score_share(node->weight, x + sums->x[i], factor);
        extras->documents[extras->count] = document;
        extras->full[extras->count] = full;
        extras->more[extras->count] = full - before;
        extras->count += full > before;
        if (!(x > 0))
            extras->fresh[extras->fresh_count++] = document;
    }
    return LUPE_OK;
}

lupe_status extras_gather(struct execution *execution, const struct plan_node *node,
                          const struct list *list, struct extras **out)
{
    struct few_sums sums = {0};
    uint32_t *own = NULL;
    bool known = false;
    lupe_status status = LUPE_OK;
    struct extras *extras = arena_alloc(&execution->arena, sizeof *extras);
    if (!extras)
        return fail_memory();
    memset(extras, 0, sizeof *extras);
    TRY(extras_sum(execution, node, &sums, &own, &known));
    if (list && !known) {
        own = arena_alloc(&execution->arena, (sums.count + 16u) * sizeof *own);
        if (!own) {
            status = fail_memory();
            goto out;
        }
        TRY(own_seek(execution, list, &sums, own));
    }
    TRY(extras_score(execution, node, list, &sums, own, extras));
    *out = extras;
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
