/* SPDX-License-Identifier: MIT
 *
 * execute.c - see execute.h.
 */
#include "query/execute.h"

#include <assert.h>

#include "query/pair.h"

void execution_free(struct execution *execution)
{
    for (unsigned i = 0; i < execution->array_count; i++)
        gathered_free(&execution->arrays[i]);
    memory_free(execution->arrays);
    arena_free(&execution->arena);
}

static struct segment *segment_of(const struct execution *execution)
{
    return execution->evaluation->segment;
}

static lupe_status leaf_new(struct execution *execution, struct leaf **leaf)
{
    *leaf = arena_alloc(&execution->arena, sizeof **leaf);
    return *leaf ? LUPE_OK : fail_memory();
}

/* Hands an array over to the execution and makes a leaf of it. */
static lupe_status leaf_of_array(struct execution *execution, struct gathered *array, bool scored,
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

static lupe_status leaf_of_list(struct execution *execution, const struct list *list, float weight,
                                struct leaf **leaf)
{
    struct segment *segment = segment_of(execution);
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

/* ------------------------------------------------------------------ x by document */

/* x = sum of weight * tf of several lists, or of matches of several variants, by document. Sums are
 * made in the order of the lists and are small multiples of the weights, the same everywhere. */
struct sums {
    float *x;       /* [documents] */
    uint64_t *bits; /* documents that have any */
    uint32_t documents;
};

static lupe_status sums_init(struct sums *sums, uint32_t documents)
{
    sums->documents = documents;
    sums->x = memory_zalloc((size_t)documents + 16, sizeof *sums->x);
    sums->bits = memory_zalloc((size_t)documents / 64 + 1, sizeof *sums->bits);
    return sums->x && sums->bits ? LUPE_OK : fail_memory();
}

static void sums_free(struct sums *sums)
{
    memory_free(sums->x);
    memory_free(sums->bits);
}

static void sums_add(struct sums *sums, uint32_t document, float x)
{
    sums->x[document] += x;
    sums->bits[document / 64] |= (uint64_t)1 << (document % 64);
}

/* Turns the sums into documents and shares. */
static lupe_status sums_gather(const struct sums *sums, struct execution *execution, float weight,
                               struct gathered *out)
{
    const uint8_t *norms = segment_of(execution)->norms;
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

/* The same of few documents, in order. */
struct near_sums {
    uint32_t *documents;
    float *x;
    uint32_t count;
};

static void near_sums_free(struct near_sums *sums)
{
    memory_free(sums->documents);
    memory_free(sums->x);
}

/* Merges matches in, each counting for weight. */
static lupe_status near_sums_add(struct near_sums *sums, const struct gathered *matches,
                                 float weight)
{
    struct near_sums merged = {0};
    size_t room = (size_t)sums->count + matches->count + 1;
    merged.documents = memory_alloc(room * sizeof *merged.documents);
    merged.x = memory_alloc(room * sizeof *merged.x);
    if (!merged.documents || !merged.x) {
        near_sums_free(&merged);
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
    near_sums_free(sums);
    *sums = merged;
    return LUPE_OK;
}

/* Adds a list's documents whose positions lie in the field. */
static lupe_status add_list_in_field(struct execution *execution, const struct list *list,
                                     float weight, int field, struct sums *sums)
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
            TRY(field_places(segment_of(execution), execution->plan->view->catalogue.field_gap,
                             field, block->documents[i], positions + at, block->tfs[i], 1,
                             &inside));
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

static lupe_status add_list(struct execution *execution, const struct list *list, float weight,
                            struct sums *sums)
{
    struct block *block = memory_alloc(sizeof *block);
    lupe_status status = LUPE_OK;
    if (!block)
        return fail_memory();
    if (list->is_wide)
        weight /= WIDE_UNIT;
    for (uint32_t b = 0; b < list->block_count; b++) {
        TRY(ticker_tick(execution->evaluation->ticker));
        TRY(block_read(list, b, block));
        TRY(block_read_tfs(list, block));
        for (uint32_t i = 0; i < block->count; i++)
            sums_add(sums, block->documents[i], weight * (float)block->tfs[i]);
        execution->evaluation->work->blocks_decoded++;
    }
out:
    memory_free(block);
    return status;
}

/* ------------------------------------------------------------------ sequences */

static bool variant_is_here(const struct plan_variant *variant, uint32_t place)
{
    for (unsigned i = 0; i < variant->count; i++)
        if (!variant->terms[i]->lists[place])
            return false;
    return true;
}

/* A variant of two words that the segment keeps as a pair: a list of its own. */
static bool is_pair(const struct execution *execution, const struct plan_variant *variant)
{
    return variant->count == 2 && !variant->near &&
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
    if (!leaves || !offsets)
        return fail_memory();
    for (unsigned i = 0; i < variant->count; i++) {
        struct leaf *leaf = NULL;
        TRY(leaf_of_list(execution, variant->terms[i]->lists[place], weight, &leaf));
        unsigned at = i;
        for (; at > 0 && leaves[at - 1]->cost > leaf->cost; at--) {
            leaves[at] = leaves[at - 1];
            offsets[at] = offsets[at - 1];
        }
        leaves[at] = leaf;
        offsets[at] = variant->offsets[i];
    }
    *phrase = (struct phrase){.leaves = leaves,
                              .offsets = offsets,
                              .count = variant->count,
                              .near = variant->near,
                              .arena = &execution->arena,
                              .weight = weight,
                              .factors = execution->plan->scratch->factors,
                              .norms = segment_of(execution)->norms,
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
    if (here != 1 || only->count < 2 || is_pair(execution, only))
        return LUPE_OK;
    *simple = true;
    return phrase_of_variant(execution, only, node->weight, phrase);
}

/* The documents of a variant of several words with their number of matches. Without positions a
 * sequence is all its words, counted by the rarest. */
static lupe_status variant_gather(struct execution *execution, const struct plan_node *node,
                                  const struct plan_variant *variant, struct gathered *matches)
{
    struct evaluation evaluation = *execution->evaluation;
    struct phrase phrase;
    lupe_status status = LUPE_OK;
    evaluation.collector = NULL;
    evaluation.gathered = matches;
    TRY(phrase_of_variant(execution, variant, 1.0f, &phrase));
    phrase.field = phrase.without_positions ? -1 : node->field;
    TRY(gather_phrase(&evaluation, &phrase));
out:
    return status;
}

/* Adds the documents of one variant. */
static lupe_status add_variant(struct execution *execution, const struct plan_node *node,
                               const struct plan_variant *variant, struct sums *sums)
{
    struct gathered matches = {0};
    lupe_status status = LUPE_OK;
    if (variant->count == 1 && node->field < 0)
        return add_list(execution, variant->terms[0]->lists[execution->segment_place], 1.0f, sums);
    if (node->field < 0 && is_pair(execution, variant)) {
        struct list *pair = NULL;
        TRY(list_of_pair(execution, variant, 0, &pair));
        return pair ? add_list(execution, pair, 1.0f, sums) : LUPE_OK;
    }
    TRY(variant_gather(execution, node, variant, &matches));
    for (uint32_t i = 0; i < matches.count; i++)
        sums_add(sums, matches.documents[i], variant->weight * (float)matches.shares[i]);
out:
    gathered_free(&matches);
    return status;
}

/* The lists of a group in this segment: how many, and the only one where it counts as it is. */
static unsigned group_lists(const struct execution *execution, const struct plan_node *node,
                            const struct list **only)
{
    unsigned present = 0;
    *only = NULL;
    for (unsigned m = 0; m < node->member_count; m++) {
        const struct list *list = node->members[m].term->lists[execution->segment_place];
        if (!list)
            continue;
        *only = present == 0 && node->members[m].weight == 1.0f ? list : NULL;
        present++;
    }
    return present;
}

/* Adds the places where parts of a compound are near each other. */
static lupe_status near_gather(struct execution *execution, const struct plan_node *node,
                               struct near_sums *sums)
{
    lupe_status status = LUPE_OK;
    for (unsigned v = 0; v < node->variant_count; v++) {
        const struct plan_variant *variant = &node->variants[v];
        struct gathered matches = {0};
        if (!variant_is_here(variant, execution->segment_place))
            continue;
        status = variant_gather(execution, node, variant, &matches);
        if (!status)
            status = near_sums_add(sums, &matches, variant->weight);
        gathered_free(&matches);
        if (status)
            break;
    }
    return status;
}

/* What the places add to the shares that the group's list gives already, as documents and shares;
 * without list all they give. */
static lupe_status near_shares(struct execution *execution, const struct plan_node *node,
                               const struct list *list, const struct near_sums *sums,
                               struct gathered *out)
{
    const uint8_t *norms = segment_of(execution)->norms;
    const float *factors = execution->plan->scratch->factors;
    struct leaf *leaf = NULL;
    bool more = list != NULL;
    lupe_status status = LUPE_OK;
    out->documents = memory_alloc((sums->count + 16) * sizeof *out->documents);
    out->shares = memory_alloc((sums->count + 16) * sizeof *out->shares);
    if (!out->documents || !out->shares)
        return fail_memory();
    out->capacity = sums->count;
    if (list)
        TRY(leaf_of_list(execution, list, node->weight, &leaf));
    for (uint32_t i = 0; i < sums->count; i++) {
        uint32_t document = sums->documents[i];
        float x = sums->x[i], factor = factors[norms[document]];
        uint32_t before = 0;
        if (more)
            TRY(leaf_seek(leaf, document, &more));
        if (more && leaf->documents[leaf->next] == document) {
            uint32_t tf;
            TRY(block_tf(list, &leaf->block, leaf->next, &tf));
            float own = (float)tf / (list->is_wide ? WIDE_UNIT : 1);
            before = score_share(node->weight, own, factor);
            x += own;
        }
        uint32_t share = score_share(node->weight, x, factor) - before;
        out->documents[out->count] = document;
        out->shares[out->count] = share;
        out->count += share > 0;
    }
out:
    return status;
}

/* A compound beside whose own list there are places of its parts: a leaf of the list, as if there
 * were none, and one of what the places add. */
static lupe_status leaves_of_compound(struct execution *execution, const struct plan_node *node,
                                      const struct list *list, struct leaf *leaves[2],
                                      unsigned *count)
{
    struct near_sums sums = {0};
    struct gathered array = {0};
    struct leaf *leaf = NULL;
    lupe_status status = LUPE_OK;
    TRY(near_gather(execution, node, &sums));
    if (list)
        TRY(leaf_of_list(execution, list, node->weight, &leaves[(*count)++]));
    if (sums.count == 0)
        goto out;
    TRY(near_shares(execution, node, list, &sums, &array));
    status = leaf_of_array(execution, &array, true, &leaf);
    memset(&array, 0, sizeof array);
    if (!status && leaf)
        leaves[(*count)++] = leaf;
out:
    gathered_free(&array);
    near_sums_free(&sums);
    return status;
}

static lupe_status leaf_of_group(struct execution *execution, const struct plan_node *node,
                                 struct leaf **leaf)
{
    struct sums sums = {0};
    struct gathered array = {0};
    uint32_t place = execution->segment_place;
    const struct list *only;
    bool positional =
        node->field >= 0 && !(execution->plan->view->catalogue.flags & LUPE_WITHOUT_POSITIONS);
    unsigned present = group_lists(execution, node, &only), near = 0;
    lupe_status status = LUPE_OK;
    *leaf = NULL;
    for (unsigned v = 0; v < node->variant_count; v++)
        near += variant_is_here(&node->variants[v], place);
    if (present + near == 0)
        return LUPE_OK;
    if (only && !positional && near == 0)
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
            TRY(add_list(execution, list, member->weight, &sums));
    }
    for (unsigned v = 0; near && v < node->variant_count; v++)
        if (variant_is_here(&node->variants[v], place))
            TRY(add_variant(execution, node, &node->variants[v], &sums));
    TRY(sums_gather(&sums, execution, node->weight, &array));
    TRY(leaf_of_array(execution, &array, node->weight > 0, leaf));
out:
    sums_free(&sums);
    return status;
}

/* A node that only adds to scores, as up to two leaves. */
static lupe_status leaves_of_optional(struct execution *execution, const struct plan_node *node,
                                      struct leaf *leaves[2], unsigned *count)
{
    const struct list *only = NULL;
    struct leaf *leaf = NULL;
    *count = 0;
    if (node->kind == PLAN_GROUP && node->variant_count && node->field < 0 &&
        (group_lists(execution, node, &only) == 0 || only))
        return leaves_of_compound(execution, node, only, leaves, count);
    lupe_status status = execution_leaf(execution, node, &leaf);
    if (!status && leaf)
        leaves[(*count)++] = leaf;
    return status;
}

static lupe_status leaf_of_sequence(struct execution *execution, const struct plan_node *node,
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

/* ------------------------------------------------------------------ booleans */

/* A filter that may bring in a document by itself gives it the least share there is. */
static lupe_status leaf_with_least_share(struct execution *execution, struct leaf **leaf)
{
    struct sums sums = {0};
    struct gathered array = {0};
    lupe_status status = LUPE_OK;
    TRY(sums_init(&sums, execution->evaluation->documents));
    TRY(add_list(execution, (*leaf)->list, 1.0f, &sums));
    TRY(sums_gather(&sums, execution, 0, &array));
    for (uint32_t i = 0; i < array.count; i++)
        array.shares[i] = 1;
    TRY(leaf_of_array(execution, &array, true, leaf));
out:
    sums_free(&sums);
    return status;
}

lupe_status execution_roles(struct execution *execution, const struct plan_node *node,
                            struct roles *roles)
{
    lupe_status status = LUPE_OK;
    memset(roles, 0, sizeof *roles);
    struct leaf **leaves =
        arena_alloc(&execution->arena, 4 * (size_t)node->child_count * sizeof *leaves + 8);
    if (!leaves)
        return fail_memory();
    roles->required = leaves;
    roles->excluded = leaves + node->child_count;
    roles->should = leaves + 2 * (size_t)node->child_count;
    for (unsigned i = 0; i < node->child_count && !roles->nothing; i++) {
        if (node->occurs[i] != OCCUR_MUST)
            continue;
        struct leaf *leaf = NULL;
        roles->has_required = true;
        TRY(execution_leaf(execution, node->children[i], &leaf));
        if (leaf)
            roles->required[roles->required_count++] = leaf;
        else
            roles->nothing = true;
    }
    for (unsigned i = 0; i < node->child_count && !roles->nothing; i++) {
        if (node->occurs[i] == OCCUR_MUST)
            continue;
        struct leaf *two[2];
        unsigned count = 0;
        if (node->occurs[i] == OCCUR_NOT) {
            TRY(execution_leaf(execution, node->children[i], &two[0]));
            if (two[0])
                roles->excluded[roles->excluded_count++] = two[0];
            continue;
        }
        TRY(leaves_of_optional(execution, node->children[i], two, &count));
        if (count && !two[0]->scored) {
            if (roles->has_required)
                continue;
            TRY(leaf_with_least_share(execution, &two[0]));
        }
        for (unsigned l = 0; l < count; l++)
            roles->should[roles->should_count++] = two[l];
    }
    if (!roles->has_required && roles->should_count == 0)
        roles->nothing = true;
out:
    return status;
}

lupe_status execution_word(struct execution *execution, const struct plan_node *node,
                           struct roles *roles)
{
    unsigned count = 0;
    lupe_status status = LUPE_OK;
    struct leaf **leaves = arena_alloc(&execution->arena, 2 * sizeof *leaves);
    memset(roles, 0, sizeof *roles);
    if (!leaves)
        return fail_memory();
    TRY(leaves_of_optional(execution, node, leaves, &count));
    roles->required = roles->should = leaves;
    roles->has_required = count == 1;
    roles->required_count = roles->has_required;
    roles->should_count = count > 1 ? count : 0;
    roles->nothing = count == 0;
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
    TRY(execution_roles(execution, node, &roles));
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
