/* SPDX-License-Identifier: MIT
 *
 * execute_phrase.c - sequences of words as leaves, or ready for evaluate_phrase.
 */
#include "query/execute_parts.h"
#include "query/pair.h"

/* ------------------------------------------------------------------ sequences */

bool variant_is_here(const struct plan_variant *variant, uint32_t place)
{
    for (unsigned i = 0; i < variant->count; i++)
        if (!variant->terms[i]->lists[place])
            return false;
    return true;
}

/* A variant of two words that the segment keeps as a pair: a list of its own. */
static bool is_pair(const struct execution *execution, const struct plan_variant *variant)
{
    return variant->count == 2 && !variant->near && !variant->exact &&
           pair_is_kept(execution->plan->view, execution->segment_place, variant, 0);
}

/* The list of its words at and at + 1, for as long as the execution; NULL where they follow each
 * other nowhere. */
static lupe_status list_of_pair(struct execution *execution, const struct plan_variant *variant,
                                unsigned at, struct list **list)
{
    bool found = false;
    *list = arena_alloc(&execution->arena, sizeof **list);
    if (!*list)
        return fail_memory();
    lupe_status status =
        pair_list(execution->plan->view, execution->segment_place, variant, at, *list, &found);
    if (!found)
        *list = NULL;
    return status;
}

/* The pairs that the segment keeps of a longer sequence: a document has all of them or no match. */
static lupe_status add_filters(struct execution *execution, const struct plan_variant *variant,
                               float weight, struct phrase *phrase)
{
    lupe_status status = LUPE_OK;
    phrase->filters = arena_alloc(&execution->arena, variant->count * sizeof *phrase->filters);
    if (!phrase->filters)
        return fail_memory();
    for (unsigned i = 0; i + 1 < variant->count && !phrase->nowhere; i++) {
        struct list *list = NULL;
        struct leaf *leaf = NULL;
        if (!pair_is_kept(execution->plan->view, execution->segment_place, variant, i))
            continue;
        TRY(list_of_pair(execution, variant, i, &list));
        phrase->nowhere = !list;
        if (!list)
            break;
        TRY(leaf_of_list(execution, list, weight, &leaf));
        unsigned at = phrase->filter_count++;
        for (; at > 0 && phrase->filters[at - 1]->cost > leaf->cost; at--)
            phrase->filters[at] = phrase->filters[at - 1];
        phrase->filters[at] = leaf;
    }
out:
    return status;
}

/* Leaves of a variant's lists, rarest first, each with the weight of the whole. */
static lupe_status phrase_of_variant(struct execution *execution,
                                     const struct plan_variant *variant, float weight,
                                     struct phrase *phrase)
{
    uint32_t place = execution->segment_place;
    lupe_status status = LUPE_OK;
    struct leaf **leaves = arena_alloc(&execution->arena, variant->count * sizeof *leaves);
    uint32_t *offsets = arena_alloc(&execution->arena, variant->count * sizeof *offsets);
    struct phrase_exact *exact = arena_alloc(&execution->arena, variant->count * sizeof *exact);
    if (!leaves || !offsets || !exact)
        return fail_memory();
    for (unsigned i = 0; i < variant->count; i++) {
        struct leaf *leaf = NULL;
        TRY(leaf_of_list(execution, variant->terms[i]->lists[place], weight, &leaf));
        unsigned at = i;
        for (; at > 0 && leaves[at - 1]->cost > leaf->cost; at--) {
            leaves[at] = leaves[at - 1];
            offsets[at] = offsets[at - 1];
            exact[at] = exact[at - 1];
        }
        leaves[at] = leaf;
        offsets[at] = variant->offsets[i];
        exact[at] =
            (struct phrase_exact){variant->terms[i], variant->exact ? variant->exact[i] : NULL};
    }
    *phrase = (struct phrase){.leaves = leaves,
                              .exact = variant->exact ? exact : NULL,
                              .offsets = offsets,
                              .count = variant->count,
                              .near = variant->near,
                              .arena = &execution->arena,
                              .weight = weight,
                              .factors = execution->plan->scratch->factors,
                              .norms = execution_segment(execution)->norms,
                              .without_positions =
                                  execution->plan->view->catalogue.flags & LUPE_WITHOUT_POSITIONS,
                              .field = -1,
                              .field_gap = execution->plan->view->catalogue.field_gap,
                              .span = variant->offsets[variant->count - 1] + 1};
    if (variant->count > 2 && !phrase->without_positions && !phrase->near)
        TRY(add_filters(execution, variant, weight, phrase));
out:
    return status;
}

lupe_status execution_phrase(struct execution *execution, const struct plan_node *node,
                             struct phrase *phrase, bool *simple)
{
    const struct plan_variant *only = NULL;
    unsigned here = 0;
    *simple = false;
    if (node->field >= 0 || (execution->plan->view->catalogue.flags & LUPE_WITHOUT_POSITIONS))
        return LUPE_OK;
    for (unsigned v = 0; v < node->variant_count; v++) {
        if (variant_is_here(&node->variants[v], execution->segment_place)) {
            only = &node->variants[v];
            here++;
        }
    }
    if (here != 1 || (only->count < 2 && !only->exact) || is_pair(execution, only))
        return LUPE_OK;
    *simple = true;
    return phrase_of_variant(execution, only, node->weight, phrase);
}

/* Only documents that are wanted matter. */
static lupe_status filter_wanted(struct execution *execution, struct phrase *phrase)
{
    struct leaf **filters =
        arena_alloc(&execution->arena, (phrase->filter_count + 1) * sizeof *filters);
    unsigned count = 0;
    if (!filters)
        return fail_memory();
    leaf_rewind(execution->wanted);
    while (count < phrase->filter_count && phrase->filters[count]->cost < execution->wanted->cost) {
        filters[count] = phrase->filters[count];
        count++;
    }
    filters[count] = execution->wanted;
    for (; count < phrase->filter_count; count++)
        filters[count + 1] = phrase->filters[count];
    phrase->filters = filters;
    phrase->filter_count++;
    return LUPE_OK;
}

/* The documents of a variant of several words with their number of matches. Without positions a
 * sequence is all its words, counted by the rarest. */
lupe_status variant_gather(struct execution *execution, const struct plan_node *node,
                           const struct plan_variant *variant, struct gathered *matches)
{
    struct evaluation evaluation = *execution->evaluation;
    struct phrase phrase;
    lupe_status status = LUPE_OK;
    evaluation.collector = NULL;
    evaluation.gathered = matches;
    TRY(phrase_of_variant(execution, variant, 1.0f, &phrase));
    phrase.field = phrase.without_positions ? -1 : node->field;
    if (execution->wanted && !phrase.without_positions)
        TRY(filter_wanted(execution, &phrase));
    TRY(gather_phrase(&evaluation, &phrase));
out:
    return status;
}

/* Adds the documents of one variant. */
lupe_status add_variant(struct execution *execution, const struct plan_node *node,
                        const struct plan_variant *variant, struct sums *sums)
{
    struct gathered matches = {0};
    lupe_status status = LUPE_OK;
    if (variant->count == 1 && node->field < 0 && !variant->exact)
        return add_list(execution, variant->terms[0]->lists[execution->segment_place], 1.0f, false,
                        sums);
    if (node->field < 0 && is_pair(execution, variant)) {
        struct list *pair = NULL;
        TRY(list_of_pair(execution, variant, 0, &pair));
        return pair ? add_list(execution, pair, 1.0f, false, sums) : LUPE_OK;
    }
    TRY(variant_gather(execution, node, variant, &matches));
    for (uint32_t i = 0; i < matches.count; i++)
        sums_add(sums, matches.documents[i], variant->weight * (float)matches.shares[i]);
out:
    gathered_free(&matches);
    return status;
}

lupe_status leaf_of_sequence(struct execution *execution, const struct plan_node *node,
                             struct leaf **leaf)
{
    struct sums sums = {0};
    struct gathered array = {0};
    lupe_status status = LUPE_OK;
    const struct plan_variant *only = NULL;
    unsigned here = 0;
    *leaf = NULL;
    for (unsigned v = 0; v < node->variant_count; v++) {
        if (variant_is_here(&node->variants[v], execution->segment_place)) {
            only = &node->variants[v];
            here++;
        }
    }
    if (here == 0)
        return LUPE_OK;
    if (here == 1 && node->field < 0 && is_pair(execution, only)) {
        struct list *pair = NULL;
        TRY(list_of_pair(execution, only, 0, &pair));
        return pair ? leaf_of_list(execution, pair, node->weight, leaf) : LUPE_OK;
    }
    TRY(sums_init(&sums, execution->evaluation->documents));
    for (unsigned v = 0; v < node->variant_count; v++)
        if (variant_is_here(&node->variants[v], execution->segment_place))
            TRY(add_variant(execution, node, &node->variants[v], &sums));
    TRY(sums_gather(&sums, execution, node->weight, &array));
    TRY(leaf_of_array(execution, &array, node->weight > 0, leaf));
out:
    sums_free(&sums);
    return status;
}
