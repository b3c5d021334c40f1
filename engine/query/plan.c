/* SPDX-License-Identifier: MIT
 *
 * plan.c - see plan.h.
 */
#include "query/plan.h"

#include <math.h>
#include <stdlib.h>

#include "base/sort.h"
#include "query/evaluate.h"
#include "query/plan_compounds.h"
#include "query/weights.h"

#define PREFIX_SCAN_MAX 1000000u /* dictionary entries looked at for one prefix */
#define PREFIX_SCAN_TICK 1024u   /* entries between two questions whether to go on: some 50 us */

/* ------------------------------------------------------------------ words */

static bool has_own_list(const struct plan *plan, int field)
{
    const struct catalogue *catalogue = &plan->view->catalogue;
    return field >= 0 && (uint32_t)field < catalogue->field_count &&
           (catalogue->fields[field].flags & FIELD_OWN_LIST);
}

static bool with_compounds(const struct plan *plan)
{
    return !(plan->request->flags & LUPE_SEARCH_WITHOUT_COMPOUNDS);
}

/* The joined forms of hyphen words that a word answers to. */
static lupe_status add_joined(struct plan *plan, struct members *members,
                              const struct alternative *alternative, uint64_t *frequency)
{
    struct plan_term *joined[HYPHEN_PARTS_MAX];
    uint32_t spans[HYPHEN_PARTS_MAX];
    unsigned count = 0;
    lupe_status status = LUPE_OK;
    TRY(plan_joined(plan, &alternative->terms[0], joined, spans, &count));
    for (unsigned i = 0; i < count; i++) {
        TRY(members_add(plan, members, joined[i], alternative->weight, MEMBER_EXTRA));
        *frequency += joined[i]->frequency;
    }
out:
    return status;
}

/* What a word counts more for in weighted fields. */
static lupe_status add_fields(struct plan *plan, struct members *members,
                              const struct alternative *alternative)
{
    const struct query_term *term = &alternative->terms[0];
    const struct catalogue *catalogue = &plan->view->catalogue;
    uint8_t key[KEY_BYTES_MAX];
    struct plan_term *found = NULL;
    lupe_status status = LUPE_OK;
    for (uint32_t f = 0; f < catalogue->field_count; f++) {
        const struct field *field = &catalogue->fields[f];
        if (field->kind != LUPE_TEXT || !(field->flags & FIELD_OWN_LIST) || field->weight <= 1.0)
            continue;
        TRY(plan_term(plan, key, key_make(key, LIST_FIELDS + f, term->bytes, term->size), &found));
        TRY(members_add(plan, members, found, alternative->weight * (float)(field->weight - 1.0),
                        MEMBER_FIELD));
    }
out:
    return status;
}

/* A word all of whose readings are single terms: the group of its lists. */
static lupe_status compile_group(struct plan *plan, const struct node *node, struct plan_node *out)
{
    const struct element *element = &node->elements[0];
    struct members members = {0};
    uint8_t key[KEY_BYTES_MAX];
    bool own_list = has_own_list(plan, node->field);
    uint64_t own = 0, all = 0;
    lupe_status status = LUPE_OK;
    out->kind = PLAN_GROUP;
    out->field = own_list ? -1 : node->field;
    for (uint32_t a = 0; a < element->alternative_count; a++) {
        const struct alternative *alternative = &element->alternatives[a];
        const struct query_term *term = &alternative->terms[0];
        struct plan_term *found = NULL;
        bool with_parts = alternative->joined && node->field < 0 && with_compounds(plan);
        uint32_t list = own_list ? LIST_FIELDS + (uint32_t)node->field : LIST_WORDS;
        if (alternative->joined && !own_list) /* looked up with the word */
            TRY(plan_begin_joined(plan, term));
        if (with_parts)
            TRY(plan_begin(plan, key, key_make(key, LIST_PARTS, term->bytes, term->size), &found));
        TRY(plan_term(plan, key, key_make(key, list, term->bytes, term->size), &found));
        bool is_own = alternative->weight == 1.0f;
        own += is_own ? found->frequency : 0;
        if (a == 0 && node->field < 0)
            out->own = found;
        if (with_parts) {
            bool is_part = false;
            TRY(plan_add_word(plan, term, found, &members, &all, &is_part));
            out->is_part |= is_part;
        } else {
            all += found->frequency;
            TRY(members_add(plan, &members, found, alternative->weight,
                            is_own ? MEMBER_LIST : MEMBER_EXTRA));
        }
        if (own_list)
            continue;
        if (alternative->joined)
            TRY(add_joined(plan, &members, alternative, &all));
        if (node->field < 0)
            TRY(add_fields(plan, &members, alternative));
    }
    out->members = members.items;
    out->member_count = members.count;
    plan->doubtful |= all == 0 || node->edits;
    out->frequency = own ? own : all;
    out->gain = plan_idf(plan, out->frequency) * node->boost;
    out->form = node->field < 0 ? element->form : NULL;
    out->term = &element->alternatives[0].terms[0];
out:
    return status;
}

/* ------------------------------------------------------------------ sequences */

struct reading {
    struct plan_term *term;
    uint32_t offset;
    const struct query_term *exact;
};

/* Expands the alternatives of each element into variants, depth first. */
struct expansion {
    struct plan *plan;
    const struct node *node;
    struct reading readings[PHRASE_WORDS_MAX + HYPHEN_PARTS_MAX];
    struct plan_variant variants[PHRASE_VARIANTS_MAX];
    unsigned count;
};

static lupe_status variant_add(struct expansion *e, unsigned length)
{
    if (e->count == PHRASE_VARIANTS_MAX)
        return LUPE_OK;
    struct plan_variant *variant = &e->variants[e->count];
    variant->terms = arena_alloc(&e->plan->arena, length * sizeof *variant->terms);
    variant->offsets = arena_alloc(&e->plan->arena, length * sizeof *variant->offsets);
    variant->exact = NULL;
    if (node_is_exact(e->node))
        variant->exact = arena_alloc(&e->plan->arena, length * sizeof *variant->exact);
    if (!variant->terms || !variant->offsets || (node_is_exact(e->node) && !variant->exact))
        return fail_memory();
    for (unsigned i = 0; i < length; i++) {
        if (variant->exact)
            variant->exact[i] = e->readings[i].exact;
        variant->terms[i] = e->readings[i].term;
        variant->offsets[i] = e->readings[i].offset;
    }
    variant->count = length;
    variant->near = 0;
    variant->weight = 1.0f;
    e->count++;
    return LUPE_OK;
}

static lupe_status expand(struct expansion *e, uint32_t element_number, unsigned length,
                          uint32_t offset);

/* One reading as terms in sequence. A word nobody has ends the variant. */
static lupe_status expand_terms(struct expansion *e, uint32_t element_number,
                                const struct alternative *alternative, unsigned length,
                                uint32_t offset)
{
    uint8_t key[KEY_BYTES_MAX];
    lupe_status status = LUPE_OK;
    if (length + alternative->term_count > PHRASE_WORDS_MAX)
        return LUPE_OK;
    for (uint32_t t = 0; t < alternative->term_count; t++) {
        const struct query_term *term = &alternative->terms[t];
        struct plan_term *found = NULL;
        TRY(plan_term(e->plan, key, key_make(key, LIST_WORDS, term->bytes, term->size), &found));
        if (found->frequency == 0)
            return LUPE_OK;
        e->readings[length + t] = (struct reading){found, offset + t, &alternative->exact};
    }
    TRY(expand(e, element_number + 1, length + alternative->term_count,
               offset + alternative->term_count));
out:
    return status;
}

static lupe_status expand(struct expansion *e, uint32_t element_number, unsigned length,
                          uint32_t offset)
{
    lupe_status status = LUPE_OK;
    if (e->count == PHRASE_VARIANTS_MAX)
        return LUPE_OK;
    if (element_number == e->node->element_count)
        return length ? variant_add(e, length) : LUPE_OK;
    const struct element *element = &e->node->elements[element_number];
    uint32_t parts = 0;
    for (uint32_t a = 0; a < element->alternative_count; a++)
        if (element->alternatives[a].term_count > 1)
            parts = element->alternatives[a].term_count;
    for (uint32_t a = 0; a < element->alternative_count; a++) {
        const struct alternative *alternative = &element->alternatives[a];
        TRY(expand_terms(e, element_number, alternative, length, offset));
        if (!alternative->joined || alternative->term_count != 1 || length + 1 > PHRASE_WORDS_MAX)
            continue;
        struct plan_term *joined[HYPHEN_PARTS_MAX];
        uint32_t spans[HYPHEN_PARTS_MAX];
        unsigned count = 0;
        TRY(plan_joined(e->plan, &alternative->terms[0], joined, spans, &count));
        for (unsigned i = 0; i < count; i++) {
            /* Joined forms of as many parts as the query's word has are found by the parts. */
            if (spans[i] == parts)
                continue;
            e->readings[length] = (struct reading){joined[i], offset, NULL};
            TRY(expand(e, element_number + 1, length + 1, offset + spans[i]));
        }
    }
out:
    return status;
}

/* idf of a sequence: the sum over its words; of a hyphen word over its parts. */
static lupe_status sequence_gain(struct plan *plan, const struct node *node, double *gain)
{
    uint8_t key[KEY_BYTES_MAX];
    lupe_status status = LUPE_OK;
    *gain = 0;
    for (uint32_t e = 0; e < node->element_count; e++) {
        const struct element *element = &node->elements[e];
        const struct alternative *best = &element->alternatives[0];
        for (uint32_t a = 0; a < element->alternative_count; a++)
            if (element->alternatives[a].term_count > best->term_count)
                best = &element->alternatives[a];
        for (uint32_t t = 0; t < best->term_count; t++) {
            struct plan_term *found = NULL;
            TRY(plan_term(plan, key,
                          key_make(key, LIST_WORDS, best->terms[t].bytes, best->terms[t].size),
                          &found));
            *gain += plan_idf(plan, found->frequency);
            plan->doubtful |= found->frequency == 0;
        }
    }
    *gain *= node->boost;
out:
    return status;
}

static lupe_status compile_sequence(struct plan *plan, const struct node *node,
                                    struct plan_node *out)
{
    struct expansion *e = memory_zalloc(1, sizeof *e);
    lupe_status status = LUPE_OK;
    if (!e)
        return fail_memory();
    e->plan = plan;
    e->node = node;
    out->kind = PLAN_SEQUENCE;
    out->field = node->field;
    TRY(expand(e, 0, 0, 0));
    out->variant_count = e->count;
    out->variants = arena_alloc(&plan->arena, (e->count + 1) * sizeof *out->variants);
    if (!out->variants) {
        status = fail_memory();
        goto out;
    }
    memcpy(out->variants, e->variants, e->count * sizeof *out->variants);
    TRY(sequence_gain(plan, node, &out->gain));
out:
    memory_free(e);
    return status;
}

/* ------------------------------------------------------------------ prefixes */

struct expanded {
    const uint8_t *term;
    uint32_t size;
    uint32_t frequency;
};

static int by_frequency(const void *left, const void *right)
{
    const struct expanded *a = left, *b = right;
    if (a->frequency != b->frequency)
        return a->frequency < b->frequency ? 1 : -1;
    return compare_bytes(a->term, a->size, b->term, b->size);
}

/* Cuts what stands in found from first on to the PREFIX_TERMS_MAX most frequent; gives the lowest
 * frequency among them. Sorting all 50,000 terms of a short prefix at once took 13 ms. */
static uint32_t keep_most_frequent(struct buffer *found, size_t first)
{
    size_t count = (found->size - first) / sizeof(struct expanded);
    struct expanded last;
    qsort(found->data + first, count, sizeof(struct expanded), by_frequency);
    found->size = first + PREFIX_TERMS_MAX * sizeof(struct expanded);
    memcpy(&last, found->data + found->size - sizeof last, sizeof last);
    return last.frequency;
}

/* The PREFIX_TERMS_MAX most frequent terms of one segment that begin so, appended to found. */
static lupe_status prefix_scan(struct plan *plan, struct segment *segment, const uint8_t *prefix,
                               size_t prefix_size, struct buffer *found)
{
    struct dictionary_iterator iterator;
    struct ticker ticker = {.request = plan->request};
    lupe_status status = LUPE_OK;
    size_t first = found->size;
    uint32_t least = 0;
    TRY(dictionary_seek(&segment->dictionary, prefix, prefix_size, &iterator));
    for (uint32_t scanned = 0; scanned < PREFIX_SCAN_MAX; scanned++) {
        status = dictionary_next(&iterator);
        if (status == LUPE_NOT_FOUND) {
            status = LUPE_OK;
            break;
        }
        if (status)
            goto out;
        if (scanned % PREFIX_SCAN_TICK == 0)
            TRY(ticker_ask(&ticker));
        if (iterator.key_size < prefix_size || memcmp(iterator.key, prefix, prefix_size) != 0)
            break;
        if (iterator.entry.frequency <= least)
            continue; /* of two with one frequency the earlier term is kept */
        uint8_t *term = arena_alloc(&plan->arena, iterator.key_size);
        if (!term)
            return fail_memory();
        memcpy(term, iterator.key, iterator.key_size);
        struct expanded one = {term, (uint32_t)iterator.key_size, iterator.entry.frequency};
        buffer_add(found, &one, sizeof one);
        TRY(buffer_status(found));
        if (found->size - first == 2 * PREFIX_TERMS_MAX * sizeof one)
            least = keep_most_frequent(found, first);
    }
    if (found->size - first > PREFIX_TERMS_MAX * sizeof(struct expanded))
        (void)keep_most_frequent(found, first);
out:
    return status;
}

static lupe_status compile_prefix(struct plan *plan, const struct node *node, struct plan_node *out)
{
    struct buffer found = BUFFER_INIT(0);
    struct members members = {0};
    uint8_t key[KEY_BYTES_MAX];
    uint64_t all = 0;
    lupe_status status = LUPE_OK;
    bool own_list = has_own_list(plan, node->field);
    out->kind = PLAN_GROUP;
    out->field = own_list ? -1 : node->field;
    size_t size = key_make(key, own_list ? LIST_FIELDS + (uint32_t)node->field : LIST_WORDS,
                           node->prefix.bytes, node->prefix.size);
    for (uint32_t s = 0; s < plan->view->catalogue.segment_count; s++)
        TRY(prefix_scan(plan, plan->view->segments[s], key, size, &found));
    size_t count = found.size / sizeof(struct expanded);
    if (count)
        qsort(found.data, count, sizeof(struct expanded), by_frequency);
    const struct expanded *terms = (const struct expanded *)(const void *)found.data;
    for (size_t i = 0; i < count && members.count < PREFIX_TERMS_MAX; i++) {
        struct plan_term *term = NULL;
        unsigned before = members.count;
        TRY(plan_term(plan, terms[i].term, terms[i].size, &term));
        TRY(members_add(plan, &members, term, 1.0f, MEMBER_LIST));
        if (members.count > before)
            all += term->frequency;
    }
    out->members = members.items;
    out->member_count = members.count;
    out->frequency = all;
    out->gain = plan_idf(plan, all) * node->boost;
out:
    buffer_free(&found);
    return status;
}

/* ------------------------------------------------------------------ nodes */

static lupe_status compile_keyword(struct plan *plan, const struct node *node,
                                   struct plan_node *out)
{
    uint8_t key[KEY_BYTES_MAX];
    struct members members = {0};
    struct plan_term *term = NULL;
    lupe_status status = LUPE_OK;
    out->kind = PLAN_FILTER;
    out->field = -1;
    TRY(plan_term(plan, key,
                  key_of_keyword(key, (uint32_t)node->field, node->prefix.bytes, node->prefix.size),
                  &term));
    TRY(members_add(plan, &members, term, 1.0f, MEMBER_LIST));
    out->members = members.items;
    out->member_count = members.count;
out:
    return status;
}

static bool is_group(const struct node *node)
{
    if (node->element_count != 1 || node_is_exact(node))
        return false;
    for (uint32_t a = 0; a < node->elements[0].alternative_count; a++)
        if (node->elements[0].alternatives[a].term_count != 1)
            return false;
    return true;
}

static bool is_word(const struct node *node)
{
    return is_group(node) && node->elements[0].alternative_count == 1;
}

/* Whether a search for a number alone can do without the clauses that only score. */
static bool leaves_out_optional(const struct plan *plan, const struct node *node)
{
    bool has_required = false;
    for (uint32_t i = 0; i < node->clause_count; i++)
        has_required |= node->clauses[i].occur == OCCUR_MUST;
    return has_required && plan->request->k == 0;
}

/* Of a clause that is left out: whether the index has all its words. */
static lupe_status doubt(struct plan *plan, const struct node *node)
{
    uint8_t key[KEY_BYTES_MAX];
    struct plan_term *found = NULL;
    lupe_status status = LUPE_OK;
    for (uint32_t i = 0; i < node->clause_count; i++)
        TRY(doubt(plan, node->clauses[i].node));
    plan->doubtful |= node->edits != 0;
    for (uint32_t e = 0; node->kind == NODE_SEQUENCE && e < node->element_count; e++) {
        const struct alternative *first = &node->elements[e].alternatives[0];
        for (uint32_t t = 0; t < first->term_count; t++) {
            const struct query_term *term = &first->terms[t];
            TRY(plan_term(plan, key, key_make(key, LIST_WORDS, term->bytes, term->size), &found));
            plan->doubtful |= found->frequency == 0;
        }
    }
out:
    return status;
}

static lupe_status compile(struct plan *plan, const struct node *node, struct plan_node **out)
{
    struct plan_node *compiled = arena_alloc(&plan->arena, sizeof *compiled);
    lupe_status status = LUPE_OK;
    if (!compiled)
        return fail_memory();
    memset(compiled, 0, sizeof *compiled);
    compiled->source = node;
    compiled->boost = node->boost;
    switch (node->kind) {
    case NODE_SEQUENCE:
        TRY(is_group(node) ? compile_group(plan, node, compiled)
                           : compile_sequence(plan, node, compiled));
        if (compiled->form && compiled->form->part_count && with_compounds(plan))
            TRY(plan_add_readings(plan, compiled));
        break;
    case NODE_PREFIX:
        TRY(compile_prefix(plan, node, compiled));
        break;
    case NODE_KEYWORD:
        TRY(compile_keyword(plan, node, compiled));
        break;
    case NODE_BOOLEAN:
        compiled->kind = PLAN_BOOLEAN;
        compiled->children =
            arena_alloc(&plan->arena, node->clause_count * sizeof *compiled->children + 8);
        compiled->occurs =
            arena_alloc(&plan->arena, node->clause_count * sizeof *compiled->occurs + 8);
        if (!compiled->children || !compiled->occurs)
            return fail_memory();
        bool without_optional = leaves_out_optional(plan, node);
        for (uint32_t i = 0; i < node->clause_count; i++) {
            if (without_optional && node->clauses[i].occur == OCCUR_SHOULD) {
                TRY(doubt(plan, node->clauses[i].node));
                continue;
            }
            compiled->occurs[compiled->child_count] = node->clauses[i].occur;
            TRY(compile(plan, node->clauses[i].node, &compiled->children[compiled->child_count++]));
        }
        if (!without_optional)
            TRY(plan_relate_words(plan, compiled));
        break;
    }
    *out = compiled;
out:
    return status;
}

/* Locates what a word or phrase is looked up by; listed: in the list of words alone. */
static lupe_status begin_sequence(struct plan *plan, const struct node *node, bool listed)
{
    uint8_t key[KEY_BYTES_MAX];
    struct plan_term *term = NULL;
    bool own_list = is_group(node) && has_own_list(plan, node->field);
    uint32_t list = own_list ? LIST_FIELDS + (uint32_t)node->field : LIST_WORDS;
    lupe_status status = LUPE_OK;
    for (uint32_t e = 0; e < node->element_count; e++) {
        const struct element *element = &node->elements[e];
        for (uint32_t a = 0; a < element->alternative_count; a++)
            for (uint32_t t = 0; t < element->alternatives[a].term_count; t++) {
                const struct query_term *one = &element->alternatives[a].terms[t];
                TRY(plan_begin(plan, key, key_make(key, list, one->bytes, one->size), &term));
                if (listed || own_list || !element->alternatives[a].joined)
                    continue;
                TRY(plan_begin_joined(plan, one));
                if (with_compounds(plan))
                    TRY(plan_begin(plan, key, key_make(key, LIST_PARTS, one->bytes, one->size),
                                   &term));
            }
    }
out:
    return status;
}

/* Locates the words of a query of several, before the first of them is looked up: nearly all
 * that will be asked for. */
static lupe_status begin_words(struct plan *plan, const struct node *node, bool listed)
{
    bool without_optional = leaves_out_optional(plan, node);
    lupe_status status = LUPE_OK;
    for (uint32_t i = 0; i < node->clause_count; i++)
        TRY(begin_words(plan, node->clauses[i].node,
                        listed || (without_optional && node->clauses[i].occur == OCCUR_SHOULD)));
    if (node->kind == NODE_SEQUENCE)
        TRY(begin_sequence(plan, node, listed));
out:
    return status;
}

static double total_gain(const struct plan_node *node)
{
    double total = node->kind == PLAN_FILTER ? 1.0 / (1 << SCORE_BITS) : node->gain;
    for (unsigned i = 0; i < node->child_count; i++)
        total += total_gain(node->children[i]);
    return total;
}

static void set_weights(struct plan_node *node, int score_bits)
{
    node->weight = (float)ldexp(node->gain, score_bits);
    if (node->gain > 0 && node->weight < 1.0f)
        node->weight = 1.0f;
    for (unsigned i = 0; i < node->child_count; i++)
        set_weights(node->children[i], score_bits);
}

lupe_status plan_compile(struct view *view, const struct lupe_query *query,
                         const struct search_request *request, struct plan **out)
{
    lupe_status status = LUPE_OK;
    struct arena arena = view->plans;
    *out = NULL;
    view->plans = (struct arena){NULL, NULL, NULL, 0};
    struct plan *plan = arena_alloc(&arena, sizeof *plan);
    if (!plan) {
        arena_free(&arena);
        return fail_memory();
    }
    memset(plan, 0, sizeof *plan);
    plan->arena = arena;
    plan->view = view;
    plan->query = query;
    plan->request = request;
    uint64_t words = 0;
    for (uint32_t s = 0; s < view->catalogue.segment_count; s++) {
        plan->documents += view->segments[s]->entry.documents;
        words += view->segments[s]->entry.words;
    }
    plan->used = (struct bm25){plan_k1(request, query->root), request->b,
                               words ? (double)words / (double)plan->documents : 1.0};
    TRY(scratch_of(view, &plan->used, &plan->scratch));
    plan->score_bits = SCORE_BITS;
    if (query->root && plan->documents) {
        plan->alone = is_word(query->root);
        if (!plan->alone)
            TRY(begin_words(plan, query->root, false));
        TRY(compile(plan, query->root, &plan->root));
        /* Sums must stay below 2^31 whatever the boosts are. */
        double total = total_gain(plan->root);
        for (const struct plan_node *group = plan->later; group; group = group->next_later)
            total += group->gain;
        for (const struct plan_node *group = plan->typed; group; group = group->next_typed)
            total += TYPED_GAIN * group->gain;
        while (ldexp(total, plan->score_bits) >= 1073741824.0)
            plan->score_bits--;
        set_weights(plan->root, plan->score_bits);
        for (struct plan_node *group = plan->later; group; group = group->next_later)
            set_weights(group, plan->score_bits);
    }
    *out = plan;
out:
    if (status)
        plan_free(plan);
    return status;
}

void plan_free(struct plan *plan)
{
    if (!plan)
        return;
    struct view *view = plan->view;
    struct arena arena = plan->arena;
    if (plan->schema)
        plan->query->host->give(plan->query->index, plan->schema);
    arena_restart(&arena, PLAN_BYTES_KEPT);
    arena_free(&view->plans); /* empty but for a second plan */
    view->plans = arena;
}
