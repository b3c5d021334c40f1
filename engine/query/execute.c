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
    struct leaf **leaves = arena_alloc(&execution->arena, 7 * count * sizeof *leaves + 8);
    memset(roles, 0, sizeof *roles);
    roles->words.items = arena_alloc(&execution->arena, count * sizeof *roles->words.items + 8);
    if (!leaves || !roles->words.items)
        return fail_memory();
    roles->required = leaves;
    roles->excluded = leaves + count;
    roles->should = leaves + 3 * count;
    roles->counted = leaves + 5 * count;
    return LUPE_OK;
}

/* Documents of a list of the file that are few enough to be looked at apart. */
#define APART_DOCUMENTS_MAX 1024u

/* A clause, with what only few documents have of it apart. What neighbours join to is apart as a
 * whole where it is little. */
static lupe_status role_word(struct execution *execution, const struct plan_node *child,
                             bool required, struct roles *roles, struct word_leaves **out)
{
    struct word word;
    lupe_status status = LUPE_OK;
    *out = NULL;
    TRY(word_of_group(execution, child, &word));
    if (!word.leaf)
        goto out;
    struct word_leaves *leaves = &roles->words.items[roles->words.count++];
    *leaves = (struct word_leaves){.leaf = word.leaf, .required = required};
    *out = leaves;
    if (word.extras) {
        TRY(leaf_of_extras(execution, word.extras, false, &leaves->apart));
        leaves->fresh = word.extras->is_fresh;
    } else if (!required && !child->source && word.leaf->cost <= APART_DOCUMENTS_MAX) {
        leaves->leaf = NULL;
        leaves->apart = word.leaf;
    }
out:
    return status;
}

static lupe_status role_required(struct execution *execution, const struct plan_node *child,
                                 bool apart, struct roles *roles)
{
    struct word_leaves *leaves = NULL;
    struct leaf *leaf = NULL;
    lupe_status status = LUPE_OK;
    roles->has_required = true;
    if (apart) {
        TRY(role_word(execution, child, true, roles, &leaves));
        leaf = leaves ? leaves->leaf : NULL;
    } else {
        TRY(execution_leaf(execution, child, &leaf));
    }
    roles->nothing |= !leaf;
    roles->required[roles->required_count] = leaf;
    roles->required_count += leaf != NULL;
out:
    return status;
}

static lupe_status role_excluded(struct execution *execution, const struct plan_node *child,
                                 struct roles *roles)
{
    struct word word;
    bool unscored = execution->unscored;
    lupe_status status = LUPE_OK;
    execution->unscored = true;
    TRY(word_of_group(execution, child, &word));
    if (word.leaf)
        roles->excluded[roles->excluded_count++] = word.leaf;
    if (word.extras)
        TRY(leaf_of_extras(execution, word.extras, false,
                           &roles->excluded[roles->excluded_count++]));
out:
    execution->unscored = unscored;
    return status;
}

static lupe_status role_should(struct execution *execution, const struct plan_node *child,
                               bool apart, struct roles *roles)
{
    struct word_leaves *leaves = NULL;
    struct word word = {0};
    lupe_status status = LUPE_OK;
    if (child->kind == PLAN_FILTER) {
        TRY(execution_leaf(execution, child, &word.leaf));
        if (!word.leaf || roles->has_required)
            goto out;
        TRY(leaf_with_least_share(execution, &word.leaf));
    } else if (apart) {
        TRY(role_word(execution, child, false, roles, &leaves));
        if (!leaves)
            goto out;
        word.leaf = leaves->leaf;
        if (leaves->apart)
            roles->counted[roles->counted_count++] = leaves->apart;
    } else {
        TRY(word_of_group(execution, child, &word));
        if (word.extras)
            TRY(leaf_of_extras(execution, word.extras, true,
                               &roles->should[roles->should_count++]));
    }
    if (word.leaf)
        roles->should[roles->should_count++] = word.leaf;
out:
    return status;
}

static void apart_add(struct words *words, const uint32_t *documents, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t word = documents[i] / 64;
        words->apart_bits[word] |= (uint64_t)1 << documents[i] % 64;
        words->apart_words[word / 64] |= (uint64_t)1 << word % 64;
    }
}

/* The documents that words have apart, as bits. */
static lupe_status apart_bits(struct execution *execution, struct words *words)
{
    size_t size = (size_t)execution->evaluation->documents / 64 + 1;
    size_t all = size + size / 64 + 1;
    bool any = false;
    lupe_status status = LUPE_OK;
    for (unsigned w = 0; w < words->count; w++)
        any |= words->items[w].apart != NULL;
    if (!any)
        return LUPE_OK;
    words->apart_bits = arena_alloc(&execution->arena, all * sizeof *words->apart_bits);
    if (!words->apart_bits)
        return fail_memory();
    words->apart_words = words->apart_bits + size;
    memset(words->apart_bits, 0, all * sizeof *words->apart_bits);
    for (unsigned w = 0; w < words->count; w++) {
        struct leaf *leaf = words->items[w].apart;
        for (uint32_t block = 0; leaf && block < leaf->block_count; block++) {
            TRY(leaf_open_block(leaf, block));
            apart_add(words, leaf->documents, leaf->count);
        }
    }
out:
    return status;
}

/* ---- the rarest of the required words */

/* Where a required word has so few documents, nothing but these is gathered of what the others have
 * besides their lists. */
#define WANTED_DOCUMENTS_MAX 1024u

/* The documents of a word's lists, of which some may be the same; UINT64_MAX: not known. */
static uint64_t child_documents(const struct execution *execution, const struct plan_node *child)
{
    uint64_t documents = 0;
    if (child->kind != PLAN_GROUP || child->variant_count)
        return UINT64_MAX;
    for (unsigned m = 0; m < child->member_count; m++) {
        const struct list *list = child->members[m].term->lists[execution->segment_place];
        documents += list ? list->frequency : 0;
    }
    return documents;
}

/* The required child whose documents are all that matter; child_count: none. */
static unsigned rarest_child(const struct execution *execution, const struct plan_node *node)
{
    unsigned rarest = node->child_count;
    uint64_t least = WANTED_DOCUMENTS_MAX + 1;
    for (unsigned i = 0; node->child_count > 1 && i < node->child_count; i++) {
        uint64_t documents = UINT64_MAX;
        if (node->occurs[i] == OCCUR_MUST)
            documents = child_documents(execution, node->children[i]);
        if (documents >= least)
            continue;
        least = documents;
        rarest = i;
    }
    return rarest;
}

/* All documents of a word, in order, each once. */
static lupe_status word_documents(struct execution *execution, const struct word_leaves *word,
                                  struct leaf **all)
{
    struct leaf *leaf = word->leaf;
    const uint32_t *apart = word->apart ? word->apart->array_documents : NULL;
    uint32_t left = word->apart ? word->apart->cost : 0, count = 0;
    lupe_status status = LUPE_OK;
    uint32_t *documents =
        arena_alloc(&execution->arena, ((size_t)leaf->cost + left + 16) * sizeof *documents);
    if (!documents)
        return fail_memory();
    for (uint32_t block = 0; block < leaf->block_count; block++) {
        TRY(ticker_tick(execution->evaluation->ticker));
        TRY(leaf_open_block(leaf, block));
        for (uint32_t i = 0; i < leaf->count; i++) {
            uint32_t document = leaf->documents[i];
            for (; left && *apart < document; left--)
                documents[count++] = *apart++;
            if (left && *apart == document) {
                apart++;
                left--;
            }
            documents[count++] = document;
        }
    }
    for (; left; left--)
        documents[count++] = *apart++;
    leaf_rewind(leaf);
    TRY(leaf_new(execution, all));
    TRY(leaf_init_array(*all, &execution->arena, documents, NULL, count,
                        execution->evaluation->work));
out:
    return status;
}

/* Begins with the rarest required child and lets its documents be all that matter for the others;
 * *first is its number. */
static lupe_status roles_begin(struct execution *execution, const struct plan_node *node,
                               struct roles *roles, unsigned *first)
{
    lupe_status status = LUPE_OK;
    *first = rarest_child(execution, node);
    if (*first == node->child_count)
        return LUPE_OK;
    TRY(role_required(execution, node->children[*first], true, roles));
    if (!roles->nothing)
        TRY(word_documents(execution, &roles->words.items[0], &execution->wanted));
out:
    return status;
}

/* In a union of more words than this what stands besides their lists is more lists of it (0.92 of
 * the time of three to six words, 0.57 of that of 600): there are too many documents to look at
 * apart. */
#define APART_UNION_WORDS_MAX 2u

static bool looks_apart(const struct plan_node *node)
{
    for (unsigned i = 0; i < node->child_count; i++)
        if (node->occurs[i] == OCCUR_MUST)
            return true;
    return node->child_count <= APART_UNION_WORDS_MAX;
}

lupe_status execution_roles(struct execution *execution, const struct plan_node *node, bool apart,
                            struct roles *roles)
{
    struct leaf *wanted_before = execution->wanted;
    unsigned first = node->child_count; /* is done already */
    bool is_root = apart;
    lupe_status status = LUPE_OK;
    TRY(roles_room(execution, node->child_count, roles));
    apart = apart && looks_apart(node);
    if (apart)
        TRY(roles_begin(execution, node, roles, &first));
    for (unsigned i = 0; i < node->child_count && !roles->nothing; i++)
        if (node->occurs[i] == OCCUR_MUST && i != first)
            TRY(role_required(execution, node->children[i], apart, roles));
    for (unsigned i = 0; i < node->child_count && !roles->nothing; i++)
        if (node->occurs[i] == OCCUR_NOT)
            TRY(role_excluded(execution, node->children[i], roles));
        else if (node->occurs[i] == OCCUR_SHOULD)
            TRY(role_should(execution, node->children[i], apart, roles));
    if (!roles->has_required && roles->should_count == 0 && roles->words.count == 0)
        roles->nothing = true;
    if (roles->nothing || !is_root)
        goto out;
    for (unsigned i = 0; i < roles->should_count; i++)
        roles->counted[roles->counted_count++] = roles->should[i];
    roles->words.excluded = roles->excluded;
    roles->words.excluded_count = roles->excluded_count;
    TRY(apart_bits(execution, &roles->words));
out:
    execution->wanted = wanted_before;
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
