/* SPDX-License-Identifier: MIT
 *
 * execute.c - see execute.h.
 */
#include <assert.h>

#include "query/execute_parts.h"

void execution_free(struct execution *execution)
{
    for (unsigned i = 0; i < execution->array_count; i++)
        gathered_free(&execution->arrays[i]);
    memory_free(execution->arrays);
    arena_free(&execution->arena);
}

lupe_status leaf_new(struct execution *execution, struct leaf **leaf)
{
    *leaf = arena_alloc(&execution->arena, sizeof **leaf);
    return *leaf ? LUPE_OK : fail_memory();
}

lupe_status leaf_of_array(struct execution *execution, struct gathered *array, bool scored,
                          struct leaf **leaf)
{
    lupe_status status = LUPE_OK;
    *leaf = NULL;
    if (array->count == 0) {
        gathered_free(array);
        return LUPE_OK;
    }
    if (execution->array_count == execution->array_capacity) {
        unsigned capacity = execution->array_capacity ? 2 * execution->array_capacity : 8;
        struct gathered *arrays = memory_realloc(execution->arrays, capacity * sizeof *arrays);
        if (!arrays) {
            gathered_free(array);
            return fail_memory();
        }
        execution->arrays = arrays;
        execution->array_capacity = capacity;
    }
    execution->arrays[execution->array_count++] = *array;
    TRY(leaf_new(execution, leaf));
    TRY(leaf_init_array(*leaf, &execution->arena, array->documents, scored ? array->shares : NULL,
                        array->count, execution->evaluation->work));
out:
    return status;
}

lupe_status leaf_of_list(struct execution *execution, const struct list *list, float weight,
                         struct leaf **leaf)
{
    struct segment *segment = execution_segment(execution);
    lupe_status status = LUPE_OK;
    TRY(leaf_new(execution, leaf));
    leaf_init_list(*leaf, list, execution->evaluation->work);
    if (weight > 0)
        leaf_set_weight(*leaf, weight,
                        list->is_wide ? execution->plan->scratch->wide_factors
                                      : execution->plan->scratch->factors,
                        segment->norms,
                        execution->plan->scratch->bound_values[execution->segment_place],
                        &segment->bm25, &execution->plan->used);
out:
    return status;
}

/* ------------------------------------------------------------------ booleans */

/* A filter that may bring in a document by itself gives it the least share there is. */
static lupe_status leaf_with_least_share(struct execution *execution, struct leaf **leaf)
{
    struct sums sums = {0};
    struct gathered array = {0};
    lupe_status status = LUPE_OK;
    TRY(sums_init(&sums, execution->evaluation->documents));
    TRY(add_list(execution, (*leaf)->list, 1.0f, false, &sums));
    TRY(sums_gather(&sums, execution, 0, &array));
    for (uint32_t i = 0; i < array.count; i++)
        array.shares[i] = 1;
    TRY(leaf_of_array(execution, &array, true, leaf));
out:
    sums_free(&sums);
    return status;
}

static lupe_status roles_room(struct execution *execution, unsigned children, struct roles *roles)
{
    size_t count = children;
    struct leaf **leaves = arena_alloc(&execution->arena, 8 * count * sizeof *leaves + 8);
    memset(roles, 0, sizeof *roles);
    roles->words = arena_alloc(&execution->arena, count * sizeof *roles->words + 8);
    if (!leaves || !roles->words)
        return fail_memory();
    roles->required = leaves;
    roles->excluded = leaves + count;
    roles->should = leaves + 3 * count;
    roles->optional = leaves + 6 * count;
    return LUPE_OK;
}

/* A required child. Apart: what only few documents have is looked at later (evaluate_fresh). */
static lupe_status role_required(struct execution *execution, const struct plan_node *child,
                                 bool apart, struct roles *roles)
{
    struct word word = {0};
    lupe_status status = LUPE_OK;
    roles->has_required = true;
    TRY(apart ? word_of_group(execution, child, &word)
              : execution_leaf(execution, child, &word.leaf));
    if (!word.leaf) {
        roles->nothing = true;
        goto out;
    }
    roles->required[roles->required_count] = word.leaf;
    roles->words[roles->required_count++] =
        (struct word_leaves){word.leaf, word.more, word.extras ? word.extras->fresh : NULL,
                             word.extras ? word.extras->fresh_count : 0};
    roles->has_fresh |= word.extras && word.extras->fresh_count;
out:
    return status;
}

static lupe_status role_other(struct execution *execution, const struct plan_node *child,
                              enum occur occur, struct roles *roles)
{
    struct word word;
    lupe_status status = LUPE_OK;
    TRY(word_of_group(execution, child, &word));
    if (!word.leaf)
        goto out;
    if (occur == OCCUR_NOT) {
        roles->excluded[roles->excluded_count++] = word.leaf;
        if (word.more)
            roles->excluded[roles->excluded_count++] = word.more;
        goto out;
    }
    if (!word.leaf->scored) {
        if (roles->has_required)
            goto out;
        TRY(leaf_with_least_share(execution, &word.leaf));
    }
    roles->should[roles->should_count++] = word.leaf;
    if (word.more)
        roles->should[roles->should_count++] = word.more;
out:
    return status;
}

lupe_status execution_roles(struct execution *execution, const struct plan_node *node, bool apart,
                            struct roles *roles)
{
    lupe_status status = LUPE_OK;
    TRY(roles_room(execution, node->child_count, roles));
    for (unsigned i = 0; i < node->child_count && !roles->nothing; i++)
        if (node->occurs[i] == OCCUR_MUST)
            TRY(role_required(execution, node->children[i], apart, roles));
    for (unsigned i = 0; i < node->child_count && !roles->nothing; i++)
        if (node->occurs[i] != OCCUR_MUST)
            TRY(role_other(execution, node->children[i], node->occurs[i], roles));
    if (!roles->has_required && roles->should_count == 0)
        roles->nothing = true;
    roles->optional_count = roles->should_count;
    if (roles->should_count)
        memcpy(roles->optional, roles->should, roles->should_count * sizeof *roles->optional);
    for (unsigned w = 0; w < roles->required_count; w++)
        if (roles->words[w].more)
            roles->should[roles->should_count++] = roles->words[w].more;
out:
    return status;
}

lupe_status execution_word(struct execution *execution, const struct plan_node *node,
                           struct roles *roles)
{
    struct word word;
    lupe_status status = LUPE_OK;
    TRY(roles_room(execution, 1, roles));
    TRY(word_of_group(execution, node, &word));
    roles->required[0] = word.leaf;
    roles->required_count = 1;
    roles->has_required = true;
    roles->nothing = !word.leaf;
    roles->extras = word.extras;
out:
    return status;
}

static lupe_status leaf_of_boolean(struct execution *execution, const struct plan_node *node,
                                   struct leaf **leaf)
{
    struct evaluation evaluation = *execution->evaluation;
    struct gathered array = {0};
    struct roles roles;
    lupe_status status = LUPE_OK;
    *leaf = NULL;
    TRY(execution_roles(execution, node, false, &roles));
    if (roles.nothing)
        goto out;
    evaluation.collector = NULL;
    evaluation.gathered = &array;
    if (roles.has_required)
        TRY(evaluate_required(&evaluation, roles.required, roles.required_count, roles.should,
                              roles.should_count, roles.excluded, roles.excluded_count, 0, NULL));
    else
        TRY(evaluate_union(&evaluation, roles.should, roles.should_count, roles.excluded,
                           roles.excluded_count));
    status = leaf_of_array(execution, &array, true, leaf);
    memset(&array, 0, sizeof array);
out:
    gathered_free(&array);
    return status;
}

/* A filter on a keyword is not scored. */
static lupe_status leaf_of_filter(struct execution *execution, const struct plan_node *node,
                                  struct leaf **leaf)
{
    const struct list *list = node->members[0].term->lists[execution->segment_place];
    *leaf = NULL;
    return list ? leaf_of_list(execution, list, 0, leaf) : LUPE_OK;
}

lupe_status execution_leaf(struct execution *execution, const struct plan_node *node,
                           struct leaf **leaf)
{
    switch (node->kind) {
    case PLAN_GROUP:
        return leaf_of_group(execution, node, leaf);
    case PLAN_SEQUENCE:
        return leaf_of_sequence(execution, node, leaf);
    case PLAN_FILTER:
        return leaf_of_filter(execution, node, leaf);
    case PLAN_BOOLEAN:
        return leaf_of_boolean(execution, node, leaf);
    }
    assert(false);
    return LUPE_OK;
}
