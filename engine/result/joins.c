/* SPDX-License-Identifier: MIT
 *
 * joins.c - see joins.h.
 */
#include "result/joins.h"

#include "query/word_form.h"

struct collector {
    struct arena *arena;
    struct analyzer *analyzer;
    struct buffer *joins;
    unsigned neighbours;
};

/* A word that may be a part of a compound; NULL: none. */
static const struct word_form *form_of(const struct clause *clause)
{
    const struct node *node = clause->node;
    if (clause->occur == OCCUR_NOT || node->kind != NODE_SEQUENCE || node->element_count != 1 ||
        node->field >= 0 || node->elements[0].alternatives[0].term_count != 1)
        return NULL;
    return node->elements[0].form;
}

static lupe_status join_add(struct collector *collector, const struct query_term *first,
                            const struct query_term *second, const struct node *const words[2])
{
    size_t size = first->size + second->size;
    if (size > TERM_BYTES_MAX)
        return LUPE_OK;
    uint8_t *bytes = arena_alloc(collector->arena, size);
    if (!bytes)
        return fail_memory();
    memcpy(bytes, first->bytes, first->size);
    memcpy(bytes + first->size, second->bytes, second->size);
    struct join join = {{bytes, (uint32_t)size}, {words[0], words[1]}, 0};
    buffer_add(collector->joins, &join, sizeof join);
    return buffer_status(collector->joins);
}

/* What a word is joined to others by. */
static lupe_status join_of(struct collector *collector, const struct node *word,
                           struct word_join *join)
{
    const struct element *element = &word->elements[0];
    return word_join_make(collector->arena, collector->analyzer, &element->alternatives[0].terms[0],
                          element->form, join);
}

/* What two words join to in this order. */
static lupe_status join_in_order(struct collector *collector, const struct node *first,
                                 const struct word_join *first_join, const struct node *second,
                                 const struct word_join *second_join)
{
    lupe_status status = LUPE_OK;
    const struct node *const words[2] = {first, second};
    for (uint32_t f = 0; f < first_join->first_count; f++) {
        const struct query_term *start = &first_join->firsts[f];
        TRY(join_add(collector, start, &second->elements[0].alternatives[0].terms[0], words));
        if (second_join->tail.size)
            TRY(join_add(collector, start, &second_join->tail, words));
    }
out:
    return status;
}

static lupe_status join_two(struct collector *collector, const struct node *first,
                            const struct node *second, bool beside)
{
    struct word_join joins[2];
    lupe_status status = LUPE_OK;
    TRY(join_of(collector, first, &joins[0]));
    TRY(join_of(collector, second, &joins[1]));
    if (beside)
        TRY(join_in_order(collector, first, &joins[0], second, &joins[1]));
    TRY(join_in_order(collector, second, &joins[1], first, &joins[0]));
out:
    return status;
}

static bool may_join(const struct clause *clause)
{
    const struct word_form *form = form_of(clause);
    return form && !form->is_function_word && form->folded.size >= JOIN_WORD_BYTES_MIN;
}

/* Depth: QUERY_DEPTH_MAX. */
static lupe_status collect(struct collector *collector, const struct node *node)
{
    lupe_status status = LUPE_OK;
    const struct clause *clauses = node->clauses;
    for (uint32_t i = 0; node->kind == NODE_BOOLEAN && i < node->clause_count; i++) {
        uint32_t next = i + 1;
        if (clauses[i].occur != OCCUR_NOT)
            TRY(collect(collector, clauses[i].node));
        while (next + 1 < node->clause_count && next - i <= NEIGHBOURS_BETWEEN) {
            const struct word_form *form = form_of(&clauses[next]);
            if (!form || !form->is_function_word)
                break;
            next++;
        }
        if (next >= node->clause_count || collector->neighbours == NEIGHBOURS_MAX ||
            !may_join(&clauses[i]) || !may_join(&clauses[next]))
            continue;
        collector->neighbours++;
        TRY(join_two(collector, clauses[i].node, clauses[next].node, next == i + 1));
    }
out:
    return status;
}

lupe_status joins_collect(const struct node *root, const struct schema *schema, struct arena *arena,
                          struct buffer *joins)
{
    struct collector collector = {arena, schema_splitter(schema), joins, 0};
    return collector.analyzer ? collect(&collector, root) : LUPE_OK;
}
