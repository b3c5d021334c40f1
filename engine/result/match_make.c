/* SPDX-License-Identifier: MIT
 *
 * match_make.c - makes a matcher of a query: numbers its terms, notes which clauses may begin with
 * which, which words are looked for inside compounds, and what clauses weigh.
 */
#include <math.h>
#include <stdlib.h>

#include "result/matcher.h"

#define TOKENS_MIN 256u   /* tokens read ahead at least */
#define PREFIX_WEIGHT 2.0 /* what a prefix weighs beside words by rarity */

/* Counts or collects (where out is given) the clauses that are wanted. */
static void wanted_collect(const struct node *node, struct wanted *out, uint32_t *count)
{
    if (node->kind == NODE_BOOLEAN) {
        for (uint32_t i = 0; i < node->clause_count; i++)
            if (node->clauses[i].occur != OCCUR_NOT)
                wanted_collect(node->clauses[i].node, out, count);
    } else if (node->kind != NODE_KEYWORD) {
        if (out)
            out[*count] = (struct wanted){.node = node, .weight = node->boost};
        ++*count;
    }
}

static uint32_t sequence_terms(const struct node *node)
{
    uint32_t count = 0;
    for (uint32_t e = 0; e < node->element_count; e++)
        for (uint32_t a = 0; a < node->elements[e].alternative_count; a++)
            count += node->elements[e].alternatives[a].term_count;
    return count;
}

/* The form of a compound that the planner reads as its parts; NULL: none. */
static const struct word_form *compound_form(const struct node *node)
{
    const struct word_form *form = takes_parts(node) ? node->elements[0].form : NULL;
    return form && form->part_count > 1 ? form : NULL;
}

/* How many tokens a sequence may cover. */
static size_t sequence_reach(const struct node *node)
{
    size_t reach = 0;
    for (uint32_t e = 0; e < node->element_count; e++) {
        uint32_t most = 1;
        for (uint32_t a = 0; a < node->elements[e].alternative_count; a++) {
            const struct alternative *alternative = &node->elements[e].alternatives[a];
            uint32_t size = alternative->joined ? HYPHEN_PARTS_MAX : alternative->term_count;
            most = size > most ? size : most;
        }
        reach += most;
    }
    return reach;
}

static uint32_t term_number(struct matcher *matcher, const struct query_term *term)
{
    uint32_t *slot = term_slot(matcher, term->bytes, term->size);
    if (*slot == 0) {
        *slot = ++matcher->term_count;
        matcher->terms[*slot] = *term;
    }
    return *slot;
}

static lupe_status terms_number(struct matcher *matcher)
{
    uint32_t total = 0;

    for (uint32_t w = 0; w < matcher->wanted_count; w++) {
        const struct word_form *form = compound_form(matcher->wanted[w].node);
        total += sequence_terms(matcher->wanted[w].node);
        total += form ? 3 * form->part_count : 0; /* of two for each cut, and all parts */
    }
    total += (uint32_t)(matcher->joins.size / sizeof(struct join));
    for (matcher->term_slot_count = 16; matcher->term_slot_count < 2 * total;)
        matcher->term_slot_count *= 2;
    matcher->terms = memory_alloc((total + 1) * sizeof *matcher->terms);
    matcher->term_slots = memory_zalloc(matcher->term_slot_count, sizeof *matcher->term_slots);
    uint32_t *ids = arena_alloc(&matcher->arena, ((size_t)total + 1) * sizeof *ids);
    if (!matcher->terms || !matcher->term_slots || !ids)
        return fail_memory();
    for (uint32_t w = 0; w < matcher->wanted_count; w++) {
        const struct node *node = matcher->wanted[w].node;
        matcher->wanted[w].ids = ids;
        for (uint32_t e = 0; e < node->element_count; e++)
            for (uint32_t a = 0; a < node->elements[e].alternative_count; a++)
                for (uint32_t t = 0; t < node->elements[e].alternatives[a].term_count; t++)
                    *ids++ = term_number(matcher, &node->elements[e].alternatives[a].terms[t]);
    }
    return LUPE_OK;
}

/* One way to put a compound's parts together, as in query/plan_compounds.c: cut behind the parts
 * whose bits of cuts are set. */
static lupe_status reading_make(struct matcher *matcher, uint32_t clause, unsigned cuts)
{
    const struct word_form *form = compound_form(matcher->wanted[clause].node);
    struct reading reading = {.clause = clause};
    unsigned parts = form->part_count;
    for (unsigned first = 0, last = 0; last < parts; last++) {
        if (last + 1 < parts && !(cuts >> last & 1))
            continue;
        reading.ids[reading.count++] = term_number(matcher, &form->parts[first * parts + last]);
        first = last + 1;
    }
    return readings_add(&matcher->readings, &reading);
}

static lupe_status readings_make(struct matcher *matcher)
{
    lupe_status status = LUPE_OK;
    for (uint32_t w = 0; w < matcher->wanted_count; w++) {
        const struct word_form *form = compound_form(matcher->wanted[w].node);
        if (!form)
            continue;
        for (unsigned cut = 0; cut + 1 < form->part_count; cut++)
            TRY(reading_make(matcher, w, 1u << cut));
        if (form->part_count > 2)
            TRY(reading_make(matcher, w, (1u << (form->part_count - 1)) - 1));
    }
    readings_sort(&matcher->readings);
out:
    return status;
}

/* Which words are looked for inside compounds, and which for readings. */
static lupe_status words_mark(struct matcher *matcher, bool compounds)
{
    const struct reading *readings = (const void *)matcher->readings.list.data;
    size_t reading_count = matcher->readings.list.size / sizeof *readings;
    size_t join_count;
    struct join *joins = joins_of(matcher, &join_count);
    for (size_t j = 0; j < join_count; j++)
        joins[j].id = term_number(matcher, &joins[j].term);
    matcher->is_join = memory_zalloc((size_t)matcher->term_count + 1, 1);
    matcher->is_part = memory_zalloc((size_t)matcher->term_count + 1, 1);
    matcher->in_readings = memory_zalloc((size_t)matcher->term_count + 1, 1);
    if (!matcher->is_join || !matcher->is_part || !matcher->in_readings)
        return fail_memory();
    for (size_t j = 0; j < join_count; j++)
        matcher->is_join[joins[j].id] = true;
    for (size_t r = 0; r < reading_count; r++)
        for (uint32_t i = 0; i < readings[r].count; i++)
            matcher->in_readings[readings[r].ids[i]] = true;
    for (uint32_t w = 0; w < matcher->wanted_count; w++) {
        const struct node *node = matcher->wanted[w].node;
        if (!compounds || !takes_parts(node))
            continue;
        for (uint32_t a = 0; a < node->elements[0].alternative_count; a++) {
            const struct alternative *alternative = &node->elements[0].alternatives[a];
            const struct query_term *term = &alternative->terms[0];
            uint8_t first = term->size >= BEGINNING_LETTERS ? term->bytes[0] - (uint8_t)'a' : 26;
            uint8_t second = first < 26 ? term->bytes[1] - (uint8_t)'a' : 26;
            if (!alternative->joined || second >= 26)
                continue;
            matcher->beginnings[first * 26 + second] = true;
            matcher->is_part[matcher->wanted[w].ids[a]] = true;
            matcher->any_part = true;
        }
    }
    return LUPE_OK;
}

/* Lists by term the clauses that may begin with it: counts, sums, fills. */
static lupe_status starters_list(struct matcher *matcher)
{
    size_t starts_size = (size_t)matcher->term_count + 2;
    uint32_t total = 0;

    matcher->starts = memory_zalloc(starts_size, sizeof *matcher->starts);
    if (!matcher->starts)
        return fail_memory();
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t w = 0; w < matcher->wanted_count; w++) {
            const struct node *node = matcher->wanted[w].node;
            if (node->kind != NODE_SEQUENCE)
                continue;
            const uint32_t *ids = matcher->wanted[w].ids;
            for (uint32_t a = 0; a < node->elements[0].alternative_count; a++) {
                if (pass == 0)
                    matcher->starts[*ids + 1]++;
                else
                    matcher->starters[matcher->starts[*ids]++] = w;
                ids += node->elements[0].alternatives[a].term_count;
                total += pass == 0;
            }
        }
        if (pass == 1)
            break;
        for (uint32_t id = 1; id < starts_size; id++)
            matcher->starts[id] += matcher->starts[id - 1];
        matcher->starters = memory_alloc(((size_t)total + 1) * sizeof *matcher->starters);
        if (!matcher->starters)
            return fail_memory();
    }
    /* Filling moved each start to the next one's place. */
    memmove(matcher->starts + 1, matcher->starts, (starts_size - 1) * sizeof *matcher->starts);
    matcher->starts[0] = 0;
    return LUPE_OK;
}

lupe_status matcher_open(const struct lupe_query *query, struct schema *schema, uint32_t flags,
                         struct matcher **out)
{
    bool compounds =
        !(flags & LUPE_SEARCH_WITHOUT_COMPOUNDS) && !(schema->flags & LUPE_WITHOUT_COMPOUNDS);
    lupe_status status = LUPE_OK;
    uint32_t count = 0;

    *out = NULL;
    struct matcher *matcher = memory_zalloc(1, sizeof *matcher);
    if (!matcher)
        return fail_memory();
    matcher->schema = schema;
    if (query->root)
        wanted_collect(query->root, NULL, &count);
    matcher->wanted = memory_zalloc(count, sizeof *matcher->wanted);
    matcher->prefixes = memory_zalloc(count, sizeof *matcher->prefixes);
    matcher->seen = memory_zalloc(SEEN_SLOTS, sizeof *matcher->seen);
    if (!matcher->wanted || !matcher->prefixes || !matcher->seen)
        TRY(fail_memory());
    if (query->root)
        wanted_collect(query->root, matcher->wanted, &matcher->wanted_count);
    if (query->root && compounds)
        TRY(joins_collect(query->root, schema, &matcher->arena, &matcher->joins));
    TRY(terms_number(matcher));
    if (compounds && !(schema->flags & LUPE_WITHOUT_POSITIONS))
        TRY(readings_make(matcher));
    TRY(words_mark(matcher, compounds));
    TRY(starters_list(matcher));
    matcher->ahead = 1;
    for (uint32_t w = 0; w < matcher->wanted_count; w++) {
        const struct node *node = matcher->wanted[w].node;
        if (node->kind == NODE_PREFIX)
            matcher->prefixes[matcher->prefix_count++] = w;
        else if (sequence_reach(node) > matcher->ahead)
            matcher->ahead = sequence_reach(node);
    }
    matcher->token_capacity = 2 * (matcher->ahead + HYPHEN_PARTS_MAX) + TOKENS_MIN;
    matcher->tokens = memory_alloc(matcher->token_capacity * sizeof *matcher->tokens);
    if (!matcher->tokens)
        TRY(fail_memory());
    *out = matcher;
    matcher = NULL;
out:
    matcher_close(matcher);
    return status;
}

void matcher_close(struct matcher *matcher)
{
    if (!matcher)
        return;
    memory_free(matcher->wanted);
    memory_free(matcher->terms);
    memory_free(matcher->term_slots);
    memory_free(matcher->starts);
    memory_free(matcher->starters);
    memory_free(matcher->prefixes);
    memory_free(matcher->seen);
    memory_free(matcher->tokens);
    memory_free(matcher->is_join);
    memory_free(matcher->is_part);
    memory_free(matcher->in_readings);
    buffer_free(&matcher->joins);
    buffer_free(&matcher->parts);
    readings_free(&matcher->readings);
    arena_free(&matcher->arena);
    memory_free(matcher);
}

/* ---- weights */

uint32_t matcher_clauses(const struct matcher *matcher)
{
    return matcher->wanted_count;
}

double matcher_weight(const struct matcher *matcher, uint32_t clause)
{
    return matcher->wanted[clause].weight;
}

/* In how many documents a term stands, over all segments. */
static lupe_status term_frequency(struct view *view, const struct query_term *term,
                                  uint64_t *frequency)
{
    uint8_t key[KEY_BYTES_MAX];
    size_t size = key_make(key, LIST_WORDS, term->bytes, term->size);
    struct entry entry;

    *frequency = 0;
    for (uint32_t s = 0; s < view->catalogue.segment_count; s++) {
        lupe_status status = dictionary_find(&view->segments[s]->dictionary, key, size, &entry);
        if (status == LUPE_OK)
            *frequency += entry.frequency;
        else if (status != LUPE_NOT_FOUND)
            return status;
    }
    return LUPE_OK;
}

/* An alternative is as frequent as the rarest of its words, an element as the most frequent of its
 * alternatives; the rarities of a phrase add up. */
lupe_status matcher_weigh(struct matcher *matcher, struct view *view)
{
    lupe_status status = LUPE_OK;
    uint64_t documents = 0;

    for (uint32_t s = 0; s < view->catalogue.segment_count; s++)
        documents += view->catalogue.segments[s].documents;
    for (uint32_t w = 0; w < matcher->wanted_count; w++) {
        struct wanted *wanted = &matcher->wanted[w];
        const struct node *node = wanted->node;
        double rarity = node->kind == NODE_PREFIX ? PREFIX_WEIGHT : 0;
        for (uint32_t e = 0; e < node->element_count; e++) {
            uint64_t element = 0;
            for (uint32_t a = 0; a < node->elements[e].alternative_count; a++) {
                const struct alternative *alternative = &node->elements[e].alternatives[a];
                uint64_t rarest = UINT64_MAX;
                for (uint32_t t = 0; t < alternative->term_count; t++) {
                    uint64_t frequency;
                    TRY(term_frequency(view, &alternative->terms[t], &frequency));
                    rarest = frequency < rarest ? frequency : rarest;
                }
                element = rarest > element ? rarest : element;
            }
            double df = (double)(element < documents ? element : documents);
            rarity += log(1 + ((double)documents - df + 0.5) / (df + 0.5));
        }
        wanted->weight = node->boost * rarity;
    }
out:
    return status;
}
