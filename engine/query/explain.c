/* SPDX-License-Identifier: MIT
 *
 * explain.c - see explain.h.
 */
#include "query/explain.h"

#include <math.h>

#include "query/as_typed.h"
#include "query/evaluate.h"
#include "query/plan_terms.h"
#include "query/proximity.h"
#include "query/reader.h"
#include "query/score.h"
#include "query/weights.h"

#define READERS (PHRASE_WORDS_MAX + HYPHEN_PARTS_MAX)

struct explainer {
    const struct explain_request *request;
    struct plan *plan;
    struct arena *arena;
    struct segment *segment;
    struct reader *readers; /* [READERS], one a word of a sequence */
    float factor;           /* of BM25, by the document's norm */
};

/* What a node is worth: a part to show, unless it does not match. */
struct worth {
    lupe_explanation *part; /* NULL: no match */
    uint32_t share;
    bool filter; /* it matches, and has no share of its own */
};

/* ------------------------------------------------------------------ making parts */

static const char *const names[] = {
    [LUPE_EXPLAIN_SUM] = "sum",
    [LUPE_EXPLAIN_WORD] = "word",
    [LUPE_EXPLAIN_CORRECTION] = "correction",
    [LUPE_EXPLAIN_PREFIX] = "prefix",
    [LUPE_EXPLAIN_SEQUENCE] = "sequence",
    [LUPE_EXPLAIN_NEIGHBOURS] = "neighbours",
    [LUPE_EXPLAIN_NEAR] = "near",
    [LUPE_EXPLAIN_TYPED] = "typed",
    [LUPE_EXPLAIN_FILTER] = "filter",
    [LUPE_EXPLAIN_OWN] = "own",
    [LUPE_EXPLAIN_WIDE] = "wide",
    [LUPE_EXPLAIN_PARTS] = "parts",
    [LUPE_EXPLAIN_JOINED] = "joined",
    [LUPE_EXPLAIN_FIELD] = "field",
    [LUPE_EXPLAIN_SIMILAR] = "similar",
    [LUPE_EXPLAIN_READING] = "reading",
    [LUPE_EXPLAIN_PLACES] = "places",
};

/* A part, with room for parts of its own. */
static lupe_status part_new(struct explainer *e, lupe_explanation_kind kind, size_t parts_max,
                            lupe_explanation **part)
{
    lupe_explanation *made = arena_alloc(e->arena, sizeof *made);
    const lupe_explanation **parts = arena_alloc(e->arena, (parts_max + 1) * sizeof *parts);
    *part = made;
    if (!made || !parts)
        return fail_memory();
    *made = (lupe_explanation){.kind = kind,
                               .name = names[kind],
                               .text = "",
                               .share_bits = e->plan->score_bits,
                               .parts = parts};
    return LUPE_OK;
}

static void part_add(lupe_explanation *whole, const lupe_explanation *part)
{
    const lupe_explanation **parts = (const lupe_explanation **)(uintptr_t)whole->parts;
    parts[whole->part_count++] = part;
}

static void share_set(const struct explainer *e, lupe_explanation *part, uint64_t share)
{
    part->share = share;
    part->score = ldexp((double)share, -e->plan->score_bits);
}

static void gain_set(const struct explainer *e, const struct plan_node *node,
                     lupe_explanation *part)
{
    part->documents = node->frequency;
    part->gain = node->gain;
    part->factor = node->boost;
    part->idf = node->frequency   ? plan_idf(e->plan, node->frequency)
                : node->boost > 0 ? node->gain / node->boost
                                  : 0;
}

static lupe_status text_set(struct explainer *e, lupe_explanation *part, const struct buffer *text)
{
    lupe_status status = buffer_status(text);
    char *copy = status == LUPE_OK ? arena_alloc(e->arena, text->size + 1) : NULL;
    if (!copy)
        return status ? status : fail_memory();
    if (text->size)
        memcpy(copy, text->data, text->size);
    copy[text->size] = '\0';
    part->text = copy;
    part->text_size = text->size;
    return LUPE_OK;
}

/* Adds a further word to a text. */
static void text_add(struct buffer *text, const uint8_t *bytes, size_t size)
{
    if (text->size)
        buffer_add_u8(text, ' ');
    buffer_add(text, bytes, size);
}

static const char *field_name(const struct explainer *e, int field)
{
    const struct catalogue *catalogue = &e->plan->view->catalogue;
    if (field < 0 || (uint32_t)field >= catalogue->field_count)
        return NULL;
    return catalogue->fields[field].name;
}

static void surfaces_add(struct buffer *text, const struct node *node)
{
    if (node->kind == NODE_SEQUENCE)
        for (uint32_t i = 0; i < node->element_count; i++)
            text_add(text, node->elements[i].surface, node->elements[i].surface_size);
    else
        text_add(text, node->prefix.bytes, node->prefix.size);
}

/* The text of a node: the words as they were typed. */
static lupe_status node_text(struct explainer *e, const struct plan_node *node,
                             lupe_explanation *part)
{
    struct buffer text = BUFFER_INIT(0);
    if (node->source) {
        surfaces_add(&text, node->source);
        part->field = field_name(e, node->source->field);
    } else {
        for (unsigned i = 0; i < 2; i++)
            surfaces_add(&text, node->two[i]->source);
    }
    lupe_status status = text_set(e, part, &text);
    buffer_free(&text);
    return status;
}

/* The text of a source: its terms, which stand in keys behind the number of their list. */
static lupe_status terms_text(struct explainer *e, struct plan_term *const *terms, unsigned count,
                              lupe_explanation *part)
{
    struct buffer text = BUFFER_INIT(0);
    for (unsigned i = 0; i < count; i++) {
        size_t behind = key_is_of(terms[i]->key, LIST_JOINED) ? 2 : 0; /* NUL and span */
        text_add(&text, terms[i]->key + 2, terms[i]->key_size - 2 - behind);
    }
    lupe_status status = text_set(e, part, &text);
    buffer_free(&text);
    return status;
}

/* ------------------------------------------------------------------ sources */

/* Adds a source to a part, and what it counts to x. */
static lupe_status source_add(struct explainer *e, lupe_explanation_kind kind,
                              struct plan_term *const *terms, unsigned term_count, uint32_t count,
                              float weight, lupe_explanation *part, float *x)
{
    lupe_explanation *source = NULL;
    lupe_status status = LUPE_OK;
    float more = weight * (float)count;
    *x += more;
    if (count == 0)
        return LUPE_OK;
    TRY(part_new(e, kind, 0, &source));
    TRY(terms_text(e, terms, term_count, source));
    if (kind == LUPE_EXPLAIN_FIELD)
        source->field = field_name(e, (int)((uint32_t)terms[0]->key[0] << 8 | terms[0]->key[1]) -
                                          (int)LIST_FIELDS);
    source->count = count;
    source->weight = (double)weight;
    source->x = (double)more;
    part_add(part, source);
out:
    return status;
}

static lupe_explanation_kind kind_of(const struct plan_member *member, const struct list *list)
{
    switch (member->kind) {
    case MEMBER_LIST:
        return list->is_wide ? LUPE_EXPLAIN_WIDE : LUPE_EXPLAIN_OWN;
    case MEMBER_FIELD:
        return LUPE_EXPLAIN_FIELD;
    case MEMBER_PARTS:
        return LUPE_EXPLAIN_PARTS;
    case MEMBER_EXTRA:
        break;
    }
    return key_is_of(member->term->key, LIST_JOINED) ? LUPE_EXPLAIN_JOINED : LUPE_EXPLAIN_SIMILAR;
}

static lupe_status member_explain(struct explainer *e, const struct plan_node *node,
                                  const struct plan_member *member, lupe_explanation *part,
                                  float *x)
{
    const struct list *list = member->term->lists[e->request->segment];
    struct reader *reader = &e->readers[0];
    lupe_status status = LUPE_OK;
    if (!list)
        return LUPE_OK;
    reader->list = list;
    reader->opened = false;
    TRY(reader_seek(reader, e->request->document));
    bool is_parts = member->kind == MEMBER_PARTS;
    uint32_t count = is_parts ? reader->tf % PARTS_TF_UNIT : reader->tf;
    if (count && node->field >= 0 && (list->flags & ENTRY_HAS_POSITIONS)) {
        TRY(reader_positions(reader));
        TRY(field_places(e->segment, e->plan->view->catalogue.field_gap, node->field,
                         e->request->document, reader->positions, reader->tf, 1, &count));
    }
    float weight = list->is_wide || is_parts ? member->weight / WIDE_UNIT : member->weight;
    TRY(source_add(e, kind_of(member, list), &member->term, 1, count, weight, part, x));
out:
    return status;
}

static bool reader_has(const struct reader *reader, uint32_t from, uint32_t to)
{
    for (uint32_t i = 0; i < reader->tf; i++)
        if (reader->positions[i] >= from && reader->positions[i] <= to)
            return true;
    return false;
}

/* The places of the rarest word that have all others near. */
static uint32_t near_places(const struct explainer *e, const struct plan_variant *variant)
{
    unsigned rarest = 0;
    uint32_t count = 0;
    for (unsigned w = 1; w < variant->count; w++)
        if (e->readers[w].list->frequency < e->readers[rarest].list->frequency)
            rarest = w;
    const struct reader *lead = &e->readers[rarest];
    for (uint32_t i = 0; i < lead->tf; i++) {
        uint32_t place = lead->positions[i];
        uint32_t from = place > variant->near ? place - variant->near : 0;
        bool all = true;
        for (unsigned w = 0; w < variant->count && all; w++)
            all = reader_has(&e->readers[w], from, place + variant->near);
        count += all;
    }
    return count;
}

/* The places where the words stand in sequence, in the node's field. */
static lupe_status sequence_places(struct explainer *e, const struct plan_node *node,
                                   const struct plan_variant *variant, uint32_t *count)
{
    const struct reader *lead = &e->readers[0];
    uint32_t span = variant->offsets[variant->count - 1] + 1;
    lupe_status status = LUPE_OK;
    *count = 0;
    for (uint32_t i = 0; i < lead->tf; i++) {
        bool all = lead->positions[i] >= variant->offsets[0];
        uint32_t start = lead->positions[i] - variant->offsets[0];
        for (unsigned w = 1; w < variant->count && all; w++)
            all = reader_has(&e->readers[w], start + variant->offsets[w],
                             start + variant->offsets[w]);
        uint32_t inside = all;
        if (all && node->field >= 0)
            TRY(field_places(e->segment, e->plan->view->catalogue.field_gap, node->field,
                             e->request->document, &start, 1, span, &inside));
        *count += inside;
    }
out:
    return status;
}

static lupe_status variant_explain(struct explainer *e, const struct plan_node *node,
                                   const struct plan_variant *variant, lupe_explanation *part,
                                   float *x)
{
    bool positions = !(e->plan->view->catalogue.flags & LUPE_WITHOUT_POSITIONS);
    uint32_t count = UINT32_MAX;
    lupe_status status = LUPE_OK;
    for (unsigned w = 0; w < variant->count; w++) {
        struct reader *reader = &e->readers[w];
        reader->list = variant->terms[w]->lists[e->request->segment];
        reader->opened = false;
        TRY(reader_seek(reader, e->request->document));
        if (reader->tf == 0)
            return LUPE_OK;
        if (positions)
            TRY(reader_positions(reader));
        count = reader->tf < count ? reader->tf : count;
    }
    if (positions && variant->near)
        count = near_places(e, variant);
    else if (positions)
        TRY(sequence_places(e, node, variant, &count));
    TRY(source_add(e, variant->near ? LUPE_EXPLAIN_READING : LUPE_EXPLAIN_PLACES, variant->terms,
                   variant->count, count, variant->weight, part, x));
out:
    return status;
}

/* ------------------------------------------------------------------ nodes */

static bool same_term(const struct query_term *a, const struct query_term *b)
{
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* Whether a word stands for one that was corrected. A compound that stays beside what it may have
 * been meant to be has its own form; of the others only the likeliest has one. */
static bool is_correction(const struct lupe_query *query, const struct element *element)
{
    for (uint32_t i = 0; i < query->correction_count; i++) {
        const struct correction *correction = &query->corrections[i];
        if (correction->applied && correction->typed_size == element->surface_size &&
            memcmp(correction->typed, element->surface, element->surface_size) == 0)
            return element->alternative_count == 1 &&
                   (!element->form ||
                    same_term(&element->alternatives[0].terms[0], &correction->term));
    }
    return false;
}

static lupe_explanation_kind kind_of_node(const struct explainer *e, const struct plan_node *node)
{
    if (node->kind == PLAN_FILTER)
        return LUPE_EXPLAIN_FILTER;
    if (!node->source)
        return LUPE_EXPLAIN_NEIGHBOURS;
    if (node->source->kind == NODE_PREFIX)
        return LUPE_EXPLAIN_PREFIX;
    if (node->source->element_count > 1)
        return LUPE_EXPLAIN_SEQUENCE;
    return is_correction(e->request->query, &node->source->elements[0]) ? LUPE_EXPLAIN_CORRECTION
                                                                        : LUPE_EXPLAIN_WORD;
}

static lupe_status words_explain(struct explainer *e, const struct plan_node *node,
                                 struct worth *worth)
{
    lupe_explanation *part = NULL;
    float x = 0;
    lupe_status status = LUPE_OK;
    TRY(part_new(e, kind_of_node(e, node), (size_t)node->member_count + node->variant_count,
                 &part));
    for (unsigned m = 0; m < node->member_count; m++)
        TRY(member_explain(e, node, &node->members[m], part, &x));
    for (unsigned v = 0; v < node->variant_count; v++)
        TRY(variant_explain(e, node, &node->variants[v], part, &x));
    if (!(x > 0))
        return LUPE_OK;
    TRY(node_text(e, node, part));
    worth->part = part;
    if (node->kind == PLAN_FILTER) {
        worth->filter = true;
        part->part_count = 0; /* the value says it all */
        goto out;
    }
    worth->share = score_share(node->weight, x, e->factor);
    part->x = (double)x;
    gain_set(e, node, part);
    share_set(e, part, worth->share);
out:
    return status;
}

static lupe_status node_explain(struct explainer *e, const struct plan_node *node,
                                struct worth *worth);

/* As naive_boolean. Depth: QUERY_DEPTH_MAX. */
static lupe_status boolean_explain(struct explainer *e, const struct plan_node *node,
                                   struct worth *worth)
{
    lupe_explanation *sum = NULL;
    bool has_required = false, any = false;
    lupe_status status = LUPE_OK;
    TRY(part_new(e, LUPE_EXPLAIN_SUM, node->child_count, &sum));
    for (unsigned c = 0; c < node->child_count; c++)
        has_required |= node->occurs[c] == OCCUR_MUST;
    uint32_t share = 0;
    for (unsigned c = 0; c < node->child_count; c++) {
        struct worth child = {0};
        TRY(node_explain(e, node->children[c], &child));
        bool wanted = node->occurs[c] != OCCUR_NOT;
        if (child.part ? !wanted : node->occurs[c] == OCCUR_MUST)
            return LUPE_OK;
        if (!child.part)
            continue;
        if (child.filter && !has_required) {
            child.share = 1;
            share_set(e, child.part, 1);
        }
        any = true;
        share += child.share;
        part_add(sum, child.part);
    }
    if (!any)
        return LUPE_OK;
    *worth = (struct worth){sum, share, share == 0};
    share_set(e, sum, share);
    sum->kind = share ? LUPE_EXPLAIN_SUM : LUPE_EXPLAIN_FILTER; /* filters alone */
    sum->name = names[sum->kind];
out:
    return status;
}

static lupe_status node_explain(struct explainer *e, const struct plan_node *node,
                                struct worth *worth)
{
    *worth = (struct worth){NULL, 0, false};
    return node->kind == PLAN_BOOLEAN ? boolean_explain(e, node, worth)
                                      : words_explain(e, node, worth);
}

/* A part for what the second look adds by some words. */
static lupe_status looked_new(struct explainer *e, lupe_explanation_kind kind,
                              const struct plan_node *group, lupe_explanation **part)
{
    lupe_status status = LUPE_OK;
    TRY(part_new(e, kind, 0, part));
    TRY(node_text(e, group, *part));
    gain_set(e, group, *part);
out:
    return status;
}

static void looked_add(struct explainer *e, lupe_explanation *whole, lupe_explanation *part,
                       uint32_t more, uint64_t *share)
{
    share_set(e, part, more);
    *share += more;
    part_add(whole, part);
}

/* What words near each other add. */
static lupe_status near_explain(struct explainer *e, const struct plan_node *group,
                                lupe_explanation *whole, uint64_t *share)
{
    struct nearness nearness;
    lupe_explanation *part = NULL;
    lupe_status status = LUPE_OK;
    TRY(proximity_of(e->plan, group, e->request->segment, e->request->document, &nearness));
    if (nearness.places == 0)
        goto out;
    TRY(looked_new(e, LUPE_EXPLAIN_NEAR, group, &part));
    part->count = nearness.places;
    part->weight = (double)group->later->weight;
    part->x = (double)nearness.x;
    looked_add(e, whole, part, nearness.more, share);
out:
    return status;
}

/* What a word adds in the form that was typed. */
static lupe_status typed_explain(struct explainer *e, const struct plan_node *group,
                                 lupe_explanation *whole, uint64_t *share)
{
    struct as_typed typed;
    lupe_explanation *part = NULL;
    lupe_status status = LUPE_OK;
    TRY(as_typed_of(e->plan, group, e->request->segment, e->request->document, &typed));
    if (typed.places == 0)
        goto out;
    TRY(looked_new(e, LUPE_EXPLAIN_TYPED, group, &part));
    part->factor *= TYPED_GAIN;
    part->gain *= TYPED_GAIN;
    part->count = part->x = typed.places;
    part->weight = 1;
    looked_add(e, whole, part, typed.more, share);
out:
    return status;
}

/* What the second look adds. */
static lupe_status second_look_explain(struct explainer *e, lupe_explanation *whole,
                                       uint64_t *share)
{
    lupe_status status = LUPE_OK;
    for (const struct plan_node *group = e->plan->later; group; group = group->next_later)
        TRY(near_explain(e, group, whole, share));
    for (const struct plan_node *group = e->plan->typed; group; group = group->next_typed)
        TRY(typed_explain(e, group, whole, share));
out:
    return status;
}

/* The whole: the clauses of the query, and behind them what the second look adds. */
static lupe_status whole_explain(struct explainer *e, lupe_explanation **out)
{
    const struct plan *plan = e->plan;
    uint8_t norm = e->segment->norms[e->request->document];
    lupe_explanation *whole = NULL;
    struct worth worth;
    size_t looked = 0;
    lupe_status status = LUPE_OK;
    for (const struct plan_node *group = plan->later; group; group = group->next_later)
        looked++;
    for (const struct plan_node *group = plan->typed; group; group = group->next_typed)
        looked++;
    TRY(node_explain(e, plan->root, &worth));
    bool is_sum = worth.part && plan->root->kind == PLAN_BOOLEAN;
    size_t clauses = is_sum ? worth.part->part_count : 1;
    TRY(part_new(e, LUPE_EXPLAIN_SUM, clauses + looked, &whole));
    for (size_t i = 0; is_sum && i < clauses; i++)
        part_add(whole, worth.part->parts[i]);
    if (worth.part && !is_sum)
        part_add(whole, worth.part);
    uint64_t share = worth.share;
    if (e->request->is_best)
        TRY(second_look_explain(e, whole, &share));
    share_set(e, whole, share);
    whole->documents = plan->documents;
    whole->norm = (double)e->factor;
    whole->length = norm_length(norm);
    whole->length_average = plan->used.average;
    *out = whole;
out:
    return status;
}

lupe_status explain_hit(const struct explain_request *request, struct arena *arena,
                        const lupe_explanation **explanation)
{
    struct explainer e = {
        .request = request, .arena = arena, .segment = request->view->segments[request->segment]};
    lupe_explanation *whole = NULL;
    lupe_status status = LUPE_OK;
    *explanation = NULL;
    TRY(plan_compile(request->view, request->query, request->search, &e.plan));
    e.readers = memory_zalloc(READERS, sizeof *e.readers);
    if (!e.readers)
        TRY(fail_memory());
    e.factor = e.plan->scratch->factors[e.segment->norms[request->document]];
    if (e.plan->root)
        TRY(whole_explain(&e, &whole));
    *explanation = whole;
out:
    for (unsigned i = 0; e.readers && i < READERS; i++)
        reader_free(&e.readers[i]);
    memory_free(e.readers);
    plan_free(e.plan);
    return status;
}
