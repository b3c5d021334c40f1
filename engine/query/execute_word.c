/* SPDX-License-Identifier: MIT
 *
 * execute_word.c - groups of lists as leaves: a word with its joined forms, its weighted fields,
 * the compounds it is a part of, the places of its own parts.
 */
#include "query/execute_parts.h"

/* ------------------------------------------------------------------ x by document */

lupe_status sums_init(struct sums *sums, uint32_t documents)
{
    sums->documents = documents;
    sums->x = memory_zalloc((size_t)documents + 16, sizeof *sums->x);
    sums->bits = memory_zalloc((size_t)documents / 64 + 1, sizeof *sums->bits);
    return sums->x && sums->bits ? LUPE_OK : fail_memory();
}

void sums_free(struct sums *sums)
{
    memory_free(sums->x);
    memory_free(sums->bits);
}

/* Turns the sums into documents and shares. */
lupe_status sums_gather(const struct sums *sums, struct execution *execution, float weight,
                        struct gathered *out)
{
    const uint8_t *norms = execution_segment(execution)->norms;
    const float *factors = execution->plan->scratch->factors;
    uint32_t count = 0;
    for (uint32_t w = 0; w <= sums->documents / 64; w++)
        count += (unsigned)__builtin_popcountll(sums->bits[w]);
    memset(out, 0, sizeof *out);
    if (count == 0)
        return LUPE_OK;
    out->documents = memory_alloc((count + 16) * sizeof *out->documents);
    out->shares = memory_alloc((count + 16) * sizeof *out->shares);
    if (!out->documents || !out->shares) {
        gathered_free(out);
        return fail_memory();
    }
    out->capacity = count;
    for (uint32_t w = 0; w <= sums->documents / 64; w++) {
        for (uint64_t word = sums->bits[w]; word; word &= word - 1) {
            uint32_t document = w * 64 + (unsigned)__builtin_ctzll(word);
            out->documents[out->count] = document;
            out->shares[out->count++] =
                weight > 0 ? score_share(weight, sums->x[document], factors[norms[document]]) : 0;
        }
    }
    return LUPE_OK;
}

/* Adds a list's documents whose positions lie in the field. */
lupe_status add_list_in_field(struct execution *execution, const struct list *list, float weight,
                              int field, struct sums *sums)
{
    struct block *block = memory_alloc(sizeof *block);
    uint32_t *positions = NULL;
    size_t capacity = 0;
    uint8_t index[BLOCK_DOCUMENTS];
    lupe_status status = LUPE_OK;
    if (!block)
        return fail_memory();
    for (unsigned i = 0; i < BLOCK_DOCUMENTS; i++)
        index[i] = (uint8_t)i;
    for (uint32_t b = 0; b < list->block_count; b++) {
        TRY(ticker_tick(execution->evaluation->ticker));
        TRY(block_read(list, b, block));
        TRY(block_read_tfs(list, block));
        TRY(block_positions(list, block, index, block->count, &positions, &capacity, 0));
        size_t at = 0;
        for (uint32_t i = 0; i < block->count; i++) {
            uint32_t inside = 0;
            TRY(field_places(execution_segment(execution),
                             execution->plan->view->catalogue.field_gap, field, block->documents[i],
                             positions + at, block->tfs[i], 1, &inside));
            if (inside)
                sums_add(sums, block->documents[i], weight * (float)inside);
            at += block->tfs[i];
        }
    }
out:
    memory_free(positions);
    memory_free(block);
    return status;
}

lupe_status add_list(struct execution *execution, const struct list *list, float weight,
                     bool is_parts, struct sums *sums)
{
    struct block *block = memory_alloc(sizeof *block);
    lupe_status status = LUPE_OK;
    if (!block)
        return fail_memory();
    if (list->is_wide || is_parts)
        weight /= WIDE_UNIT;
    for (uint32_t b = 0; b < list->block_count; b++) {
        TRY(ticker_tick(execution->evaluation->ticker));
        TRY(block_read(list, b, block));
        TRY(block_read_tfs(list, block));
        for (uint32_t i = 0; i < block->count; i++)
            sums_add(sums, block->documents[i],
                     weight * (float)(is_parts ? block->tfs[i] % PARTS_TF_UNIT : block->tfs[i]));
        execution->evaluation->work->blocks_decoded++;
    }
out:
    memory_free(block);
    return status;
}

/* ------------------------------------------------------------------ groups */

/* The lists of the word itself in this segment: how many, and the only one where it counts as it is
 * and has nothing but extras beside it. */
static unsigned group_lists(const struct execution *execution, const struct plan_node *node,
                            const struct list **only, bool *extras)
{
    unsigned present = 0;
    *only = NULL;
    *extras = false;
    for (unsigned m = 0; m < node->member_count; m++) {
        const struct plan_member *member = &node->members[m];
        const struct list *list = member->term->lists[execution->segment_place];
        if (!list)
            continue;
        if (member->kind == MEMBER_EXTRA || member->kind == MEMBER_PARTS) {
            *extras = true;
            continue;
        }
        *only = present == 0 && member->weight == 1.0f ? list : NULL;
        present++;
    }
    for (unsigned v = 0; v < node->variant_count; v++)
        *extras |= variant_is_here(&node->variants[v], execution->segment_place);
    return present;
}

lupe_status leaf_of_group(struct execution *execution, const struct plan_node *node,
                          struct leaf **leaf)
{
    struct sums sums = {0};
    struct gathered array = {0};
    uint32_t place = execution->segment_place;
    const struct list *only;
    bool positional =
        node->field >= 0 && !(execution->plan->view->catalogue.flags & LUPE_WITHOUT_POSITIONS);
    bool extras;
    unsigned present = group_lists(execution, node, &only, &extras);
    lupe_status status = LUPE_OK;
    *leaf = NULL;
    if (present == 0 && !extras)
        return LUPE_OK;
    if (only && !positional && !extras)
        return leaf_of_list(execution, only, node->weight, leaf);
    TRY(sums_init(&sums, execution->evaluation->documents));
    for (unsigned m = 0; m < node->member_count; m++) {
        const struct plan_member *member = &node->members[m];
        const struct list *list = member->term->lists[place];
        if (!list)
            continue;
        if (positional)
            TRY(add_list_in_field(execution, list, member->weight, node->field, &sums));
        else
            TRY(add_list(execution, list, member->weight, member->kind == MEMBER_PARTS, &sums));
    }
    for (unsigned v = 0; v < node->variant_count; v++)
        if (variant_is_here(&node->variants[v], place))
            TRY(add_variant(execution, node, &node->variants[v], &sums));
    TRY(sums_gather(&sums, execution, node->weight, &array));
    TRY(leaf_of_array(execution, &array, node->weight > 0, leaf));
out:
    sums_free(&sums);
    return status;
}

/* Whether a group is one list, or none, and extras beside it. */
static bool is_word(const struct execution *execution, const struct plan_node *node,
                    const struct list **only)
{
    bool extras;
    return node->kind == PLAN_GROUP && node->field < 0 && node->weight > 0 &&
           (group_lists(execution, node, only, &extras) == 0 || *only) && extras;
}

lupe_status word_of_group(struct execution *execution, const struct plan_node *node,
                          struct word *word)
{
    const struct list *only = NULL;
    lupe_status status = LUPE_OK;
    memset(word, 0, sizeof *word);
    if (!is_word(execution, node, &only))
        return execution_leaf(execution, node, &word->leaf);
    if (only)
        TRY(leaf_of_list(execution, only, node->weight, &word->leaf));
    TRY(extras_gather(execution, node, only, &word->extras));
    if (word->extras->count == 0)
        word->extras = NULL;
    if (!only && word->extras) {
        TRY(leaf_of_extras(execution, word->extras, false, &word->leaf));
        word->extras = NULL;
    }
out:
    return status;
}
