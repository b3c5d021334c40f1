/* SPDX-License-Identifier: MIT
 *
 * expand.c - see expand.h.
 *
 * What a word becomes are leaves in its place: one with many readings for a fuzzy word, so that a
 * document with several of them has no more than the word that weighs most would give it often; a
 * few with falling weights for a correction, each with a rarity of its own.
 */
#include "query/expand.h"
#include "query/word_form.h"

#include <stdlib.h>

#include "query/evaluate.h"
#include "query/parse_leaves.h"
#include "query/spell.h"
#include "text/function_words.h"
#include "text/words.h"

/* A word that was corrected counts so much of one that was found. With 0.4 to 1 the queries with
 * one typing error each of a collection have 0.880, 0.922 (0.6), 0.916 (0.8) and 0.908 of nDCG@10,
 * 0.257 uncorrected and 0.925 with the right word; the other collections differ by 0.001. */
#define CORRECTION_WEIGHT 0.7
/* Where others are as likely but for so little, they stand beside the best, each for half of the
 * one before: 0.926. */
#define CORRECTION_TERMS_MAX 3u
#define CORRECTION_COST_MARGIN 0.3f
#define CORRECTION_FALL 0.5
/* Two edits are believed where one of them at least is a usual error: else Hauptfeind, which nobody
 * has, is Haupteinheit. From 1.6 downwards typing errors are missed: 0.901 instead of 0.924. */
#define CORRECTION_COST_MAX 1.8f
/* A compound that nobody has written is found by its parts and stays; what is like it stands beside
 * it. In its place it would take 0.008 from compounds whose parts stand apart, left out it would
 * take 0.022 from those with a typing error and 0.013 from inflected ones. */
#define COMPOUND_CORRECTION_WEIGHT 0.5
#define EXPANDED_NODES_MAX (CORRECTION_TERMS_MAX + 1)

#define FUZZY_WEIGHT_ONE 0.5  /* of a term one edit away from the fuzzy word itself, */
#define FUZZY_WEIGHT_TWO 0.25 /* and two */

struct expander {
    const struct expand_request *request;
    struct schema *schema;
    struct lupe_query *out;
    struct arena scratch;
    struct ticker ticker;
    struct fuzzy_pause pause;
    struct correction corrections[CORRECTIONS_MAX];
    unsigned correction_count;
};

/* What a node becomes. */
struct expanded_node {
    const struct node *nodes[EXPANDED_NODES_MAX];
    unsigned count;
};

/* ------------------------------------------------------------------ what is known */

static lupe_status list_has(struct view *view, const uint8_t *key, size_t size, bool *has)
{
    struct entry entry;
    *has = false;
    for (uint32_t s = 0; s < view->catalogue.segment_count && !*has; s++) {
        lupe_status status = dictionary_find(&view->segments[s]->dictionary, key, size, &entry);
        if (status && status != LUPE_NOT_FOUND)
            return status;
        *has = !status;
    }
    return LUPE_OK;
}

static bool with_compounds(const struct expand_request *request)
{
    return !(request->search->flags & LUPE_SEARCH_WITHOUT_COMPOUNDS);
}

/* Whether a term stands in another list than its own: every further kind has to be asked here. Of
 * parts also where compounds are left out: the word finds nothing then, but is no error. */
static lupe_status known_otherwise(const struct expand_request *request,
                                   const struct query_term *term, bool *known)
{
    static const uint32_t lists[] = {LIST_PARTS, LIST_VARIANTS};
    lupe_status status = LUPE_OK;
    uint8_t key[KEY_BYTES_MAX];
    *known = false;
    for (size_t i = 0; i < sizeof lists / sizeof *lists && !*known; i++)
        TRY(list_has(request->view, key, key_make(key, lists[i], term->bytes, term->size), known));
    size_t size = key_make(key, LIST_JOINED, term->bytes, term->size);
    for (uint8_t span = 2; span <= HYPHEN_PARTS_MAX && !*known; span++) {
        key[size] = 0;
        key[size + 1] = span;
        TRY(list_has(request->view, key, size + 2, known));
    }
out:
    return status;
}

static lupe_status term_known(const struct expand_request *request, int field,
                              const struct query_term *term, bool joined, bool *known)
{
    lupe_status status = LUPE_OK;
    uint8_t key[KEY_BYTES_MAX];
    uint32_t list = spell_list(request->view, field);
    *known = term->size > TERM_BYTES_MAX;
    if (!*known)
        TRY(list_has(request->view, key, key_make(key, list, term->bytes, term->size), known));
    if (!*known && joined && list == LIST_WORDS)
        TRY(known_otherwise(request, term, known));
out:
    return status;
}

/* Whether the index has all the words that a compound comes apart into where the bits of cuts are
 * set behind its parts: then it is found by them. */
static lupe_status cut_known(const struct expand_request *request, const struct word_form *form,
                             uint32_t cuts, bool *known)
{
    lupe_status status = LUPE_OK;
    uint32_t parts = form->part_count;
    *known = true;
    for (uint32_t first = 0, last = 0; last < parts && *known; last++) {
        if (last + 1 < parts && !(cuts >> last & 1))
            continue;
        TRY(term_known(request, -1, &form->parts[first * parts + last], false, known));
        first = last + 1;
    }
out:
    return status;
}

static lupe_status compound_known(const struct expand_request *request,
                                  const struct word_form *form, bool *known)
{
    lupe_status status = LUPE_OK;
    uint32_t parts = form && with_compounds(request) ? form->part_count : 0;
    for (uint32_t cut = 0; cut + 1 < parts && !*known; cut++)
        TRY(cut_known(request, form, UINT32_C(1) << cut, known));
    if (parts > 2 && !*known)
        TRY(cut_known(request, form, UINT32_MAX, known));
out:
    return status;
}

/* Whether the words of any reading of an element are there. */
static lupe_status element_known(const struct expand_request *request, int field,
                                 const struct element *element, bool *known)
{
    lupe_status status = LUPE_OK;
    *known = element->form && element->form->is_function_word;
    for (uint32_t a = 0; a < element->alternative_count && !*known; a++) {
        const struct alternative *alternative = &element->alternatives[a];
        *known = true;
        for (uint32_t t = 0; t < alternative->term_count && *known; t++)
            TRY(term_known(request, field, &alternative->terms[t], alternative->joined, known));
    }
out:
    return status;
}

static lupe_status node_wanted(const struct expand_request *request, const struct node *node,
                               bool correct, bool *wanted)
{
    lupe_status status = LUPE_OK;
    for (uint32_t i = 0; i < node->clause_count && !*wanted; i++)
        TRY(node_wanted(request, node->clauses[i].node,
                        correct && node->clauses[i].occur != OCCUR_NOT, wanted));
    if (node->kind != NODE_SEQUENCE || node_is_exact(node))
        goto out;
    *wanted |= node->edits != 0;
    for (uint32_t e = 0; correct && e < node->element_count && !*wanted; e++) {
        bool known = false;
        TRY(element_known(request, node->field, &node->elements[e], &known));
        *wanted = !known;
    }
out:
    return status;
}

lupe_status expand_wanted(const struct expand_request *request, bool *wanted)
{
    *wanted = false;
    if (!request->query->root || request->view->catalogue.segment_count == 0)
        return LUPE_OK;
    return node_wanted(request, request->query->root, request->correct, wanted);
}

/* ------------------------------------------------------------------ making leaves */

static const uint8_t *copy_of(struct expander *e, const void *bytes, size_t size)
{
    uint8_t *copy = arena_alloc(&e->out->arena, size);
    if (copy && size)
        memcpy(copy, bytes, size);
    return copy;
}

/* A leaf like a node of one element, which has room for so many readings now. */
static lupe_status leaf_copy(struct expander *e, const struct node *node, uint32_t readings,
                             struct node **leaf, struct element **copied,
                             struct alternative **alternatives)
{
    struct arena *arena = &e->out->arena;
    struct node *copy = arena_alloc(arena, sizeof *copy);
    struct element *element = arena_alloc(arena, sizeof *element);
    *alternatives = arena_alloc(arena, readings * sizeof **alternatives);
    if (!copy || !element || !*alternatives)
        return fail_memory();
    *copy = *node;
    *element = node->elements[0];
    element->alternatives = *alternatives;
    element->alternative_count = readings;
    element->form = NULL; /* of the word as it was typed */
    copy->elements = element;
    copy->edits = 0;
    *leaf = copy;
    *copied = element;
    return LUPE_OK;
}

static double boost_of(const struct node *node, double weight)
{
    double boost = node->boost * weight;
    return boost < BOOST_MIN ? BOOST_MIN : boost;
}

/* A reading that is one term. */
static lupe_status reading_make(struct expander *e, const struct spelling *spelling, double weight,
                                bool joined, struct alternative *reading)
{
    struct query_term *term = arena_alloc(&e->out->arena, sizeof *term);
    if (!term)
        return fail_memory();
    *term = (struct query_term){copy_of(e, spelling->term, spelling->size), spelling->size};
    *reading = (struct alternative){
        .terms = term, .term_count = 1, .weight = (float)weight, .joined = joined};
    return term->bytes ? LUPE_OK : fail_memory();
}

/* ------------------------------------------------------------------ spellings */

static lupe_status spellings_find(struct expander *e, int field, const uint8_t *word, size_t size,
                                  unsigned distance, bool only_edits, struct spelling **spellings,
                                  size_t *count)
{
    struct spell_request request = {
        .view = e->request->view,
        .schema = e->schema,
        .field = field,
        .word = word,
        .size = size,
        .distance = distance,
        .only_edits = only_edits,
        .pause = &e->pause,
    };
    return spell_find(&request, &e->scratch, spellings, count);
}

static bool has_digit(const uint8_t *word, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (word[i] >= '0' && word[i] <= '9')
            return true;
    return false;
}

/* The spellings of a word that nobody has, noted as a correction. Numbers and short words are like
 * too many others: for them there are only suggestions, and *count is 0. */
static lupe_status correction_find(struct expander *e, int field, const uint8_t *word, size_t size,
                                   bool apply, struct spelling **spellings, size_t *count)
{
    lupe_status status = LUPE_OK;
    struct term folded;
    *count = 0;
    if (e->correction_count == CORRECTIONS_MAX)
        return LUPE_OK;
    TRY(analyzer_fold(schema_analyzer(e->schema, field), word, size, &folded));
    bool is_short = spell_distance(folded.bytes, folded.size) == 0;
    TRY(spellings_find(e, field, word, size, is_short, false, spellings, count));
    if (*count == 0 || (*spellings)[0].cost > CORRECTION_COST_MAX) {
        *count = 0;
        goto out;
    }
    const struct spelling *best = &(*spellings)[0];
    struct correction *correction = &e->corrections[e->correction_count++];
    *correction = (struct correction){
        .typed = copy_of(e, word, size),
        .typed_size = (uint32_t)size,
        .word = copy_of(e, best->word, best->word_size),
        .word_size = best->word_size,
        .term = {copy_of(e, best->term, best->size), best->size},
        .field = field,
        .frequency = best->frequency,
        .applied = apply && !is_short && !has_digit(word, size),
    };
    if (!correction->typed || !correction->word || !correction->term.bytes)
        TRY(fail_memory());
    if (!correction->applied)
        *count = 0;
out:
    return status;
}

/* ------------------------------------------------------------------ nodes */

/* Drops the words of grammar, which are like any short word with an ending: Meier~2 would be einer,
 * and mark each "ein" of a text. */
static size_t keep_words_of_topics(struct spelling *spellings, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_function_word(spellings[i].term, spellings[i].size) &&
            !is_function_word(spellings[i].word, spellings[i].word_size))
            spellings[kept++] = spellings[i];
    return kept;
}

/* word~: its own readings, and the terms that are like it. */
static lupe_status fuzzy_expand(struct expander *e, const struct node *node,
                                struct expanded_node *out)
{
    lupe_status status = LUPE_OK;
    const struct element *element = &node->elements[0];
    struct spelling *spellings = NULL;
    struct alternative *readings = NULL;
    struct element *copied = NULL;
    struct node *leaf = NULL;
    size_t count = 0;
    unsigned distance = node->edits == EDITS_FITTING ? 0 : node->edits;
    TRY(spellings_find(e, node->field, element->surface, element->surface_size, distance,
                       distance != 0, &spellings, &count));
    if (element->form && !element->form->is_function_word)
        count = keep_words_of_topics(spellings, count);
    if (count > FUZZY_TERMS_MAX)
        count = FUZZY_TERMS_MAX;
    TRY(leaf_copy(e, node, element->alternative_count + (uint32_t)count, &leaf, &copied,
                  &readings));
    memcpy(readings, element->alternatives, element->alternative_count * sizeof *readings);
    for (size_t i = 0; i < count; i++)
        TRY(reading_make(e, &spellings[i],
                         spellings[i].edits > 1 ? FUZZY_WEIGHT_TWO : FUZZY_WEIGHT_ONE, false,
                         &readings[element->alternative_count + i]));
    out->nodes[0] = leaf;
out:
    return status;
}

/* The form of the word that was meant, so that neighbours see it as they would have. */
static lupe_status form_find(struct expander *e, const struct spelling *spelling,
                             const struct word_form **form)
{
    lupe_status status = LUPE_OK;
    const struct schema *schema = e->schema;
    struct term term;
    for (uint32_t r = 0; r < schema->word_analyzer_count && !*form; r++) {
        struct analyzer *analyzer = schema->analyzers[schema->word_analyzers[r]];
        TRY(analyzer_term(analyzer, spelling->word, spelling->word_size, &term));
        if (term.size != spelling->size || memcmp(term.bytes, spelling->term, term.size) != 0)
            continue;
        TRY(word_form_make(&e->out->arena, analyzer, !(schema->flags & LUPE_WITHOUT_COMPOUNDS),
                           form));
    }
out:
    return status;
}

/* A word that nobody has: leaves of what it may have been meant to be; a compound stays itself, as
 * the first. */
static lupe_status word_correct(struct expander *e, const struct node *node,
                                struct expanded_node *out)
{
    lupe_status status = LUPE_OK;
    const struct element *element = &node->elements[0];
    struct spelling *spellings = NULL;
    size_t count = 0;
    bool compound = false;
    TRY(compound_known(e->request, element->form, &compound));
    TRY(correction_find(e, node->field, element->surface, element->surface_size, !node->quoted,
                        &spellings, &count));
    double weight = compound ? COMPOUND_CORRECTION_WEIGHT : CORRECTION_WEIGHT;
    unsigned made = compound ? 1 : 0;
    for (size_t i = 0; i < count && i < CORRECTION_TERMS_MAX; i++, weight *= CORRECTION_FALL) {
        struct alternative *reading = NULL;
        struct element *element_copy = NULL;
        struct node *leaf = NULL;
        if (spellings[i].cost > spellings[0].cost + CORRECTION_COST_MARGIN)
            break;
        TRY(leaf_copy(e, node, 1, &leaf, &element_copy, &reading));
        TRY(reading_make(e, &spellings[i], 1, element->alternatives[0].joined, reading));
        if (i == 0 && !compound)
            TRY(form_find(e, &spellings[i], &element_copy->form));
        leaf->boost = boost_of(node, weight);
        out->nodes[made++] = leaf;
    }
    if (made)
        out->count = made;
out:
    return status;
}

/* The parts of a hyphen word that nobody has, each replaced by the likeliest. */
static lupe_status hyphen_word_correct(struct expander *e, const struct node *node,
                                       struct expanded_node *out)
{
    lupe_status status = LUPE_OK;
    const struct element *element = &node->elements[0];
    const struct alternative *parts = &element->alternatives[0];
    struct alternative *readings = NULL;
    struct element *copied = NULL;
    struct node *leaf = NULL;
    struct word_scanner scanner;
    struct word word;
    bool corrected = false;
    struct query_term *terms = arena_alloc(&e->out->arena, parts->term_count * sizeof *terms);
    if (!terms)
        return fail_memory();
    memcpy(terms, parts->terms, parts->term_count * sizeof *terms);
    word_scanner_init(&scanner, e->schema->analysis, element->surface, element->surface_size);
    for (uint32_t t = 0; t < parts->term_count && word_next(&scanner, &word); t++) {
        struct spelling *spellings = NULL;
        size_t count = 0;
        bool known = false;
        TRY(term_known(e->request, node->field, &terms[t], false, &known));
        if (!known)
            TRY(correction_find(e, node->field, element->surface + word.start, word.size,
                                !node->quoted, &spellings, &count));
        if (count == 0)
            continue;
        terms[t] = (struct query_term){copy_of(e, spellings[0].term, spellings[0].size),
                                       spellings[0].size};
        if (!terms[t].bytes)
            TRY(fail_memory());
        corrected = true;
    }
    if (!corrected)
        goto out;
    TRY(leaf_copy(e, node, 1, &leaf, &copied, &readings));
    *readings = *parts;
    readings->terms = terms;
    leaf->boost = boost_of(node, CORRECTION_WEIGHT);
    out->nodes[0] = leaf;
out:
    return status;
}

/* Words of a sequence of several elements are only suggested: it is quoted or an address. */
static lupe_status sequence_correct(struct expander *e, const struct node *node,
                                    struct expanded_node *out)
{
    lupe_status status = LUPE_OK;
    for (uint32_t i = 0; i < node->element_count; i++) {
        const struct element *element = &node->elements[i];
        struct spelling *spellings = NULL;
        size_t count = 0;
        bool known = false;
        TRY(element_known(e->request, node->field, element, &known));
        if (known)
            continue;
        if (node->element_count > 1)
            TRY(correction_find(e, node->field, element->surface, element->surface_size, false,
                                &spellings, &count));
        else if (element->alternatives[0].term_count == 1)
            TRY(word_correct(e, node, out));
        else
            TRY(hyphen_word_correct(e, node, out));
    }
out:
    return status;
}

static lupe_status node_expand(struct expander *e, const struct node *node, bool correct,
                               struct expanded_node *out);

/* The leaves of a required word become alternatives; those of one that is not stand beside the
 * others. */
static lupe_status clause_add(struct expander *e, enum occur occur,
                              const struct expanded_node *expanded, struct clause *clauses,
                              uint32_t *count)
{
    if (expanded->count == 1 || occur == OCCUR_SHOULD) {
        for (unsigned i = 0; i < expanded->count; i++)
            clauses[(*count)++] = (struct clause){occur, expanded->nodes[i]};
        return LUPE_OK;
    }
    struct node *any = arena_alloc(&e->out->arena, sizeof *any);
    struct clause *inner = arena_alloc(&e->out->arena, expanded->count * sizeof *inner);
    if (!any || !inner)
        return fail_memory();
    for (unsigned i = 0; i < expanded->count; i++)
        inner[i] = (struct clause){OCCUR_SHOULD, expanded->nodes[i]};
    *any = (struct node){.kind = NODE_BOOLEAN,
                         .field = -1,
                         .boost = 1,
                         .clauses = inner,
                         .clause_count = expanded->count};
    clauses[(*count)++] = (struct clause){occur, any};
    return LUPE_OK;
}

static lupe_status boolean_expand(struct expander *e, const struct node *node, bool correct,
                                  struct expanded_node *out)
{
    lupe_status status = LUPE_OK;
    uint32_t count = 0;
    struct node *copy = arena_alloc(&e->out->arena, sizeof *copy);
    struct clause *clauses = arena_alloc(&e->out->arena, (size_t)node->clause_count *
                                                             EXPANDED_NODES_MAX * sizeof *clauses);
    if (!copy || !clauses)
        return fail_memory();
    for (uint32_t i = 0; i < node->clause_count; i++) {
        const struct clause *clause = &node->clauses[i];
        struct expanded_node expanded;
        TRY(node_expand(e, clause->node, correct && clause->occur != OCCUR_NOT, &expanded));
        TRY(clause_add(e, clause->occur, &expanded, clauses, &count));
    }
    *copy = *node;
    copy->clauses = clauses;
    copy->clause_count = count;
    out->nodes[0] = copy;
out:
    return status;
}

/* Depth: QUERY_DEPTH_MAX. */
static lupe_status node_expand(struct expander *e, const struct node *node, bool correct,
                               struct expanded_node *out)
{
    out->nodes[0] = node;
    out->count = 1;
    if (node->kind == NODE_BOOLEAN)
        return boolean_expand(e, node, correct, out);
    if (node->kind != NODE_SEQUENCE || node_is_exact(node))
        return LUPE_OK;
    if (node->edits)
        return fuzzy_expand(e, node, out);
    return correct ? sequence_correct(e, node, out) : LUPE_OK;
}

static lupe_status ask_ticker(void *user)
{
    return ticker_ask(user);
}

static lupe_status root_make(struct expander *e)
{
    lupe_status status = LUPE_OK;
    struct expanded_node expanded;
    struct clause *clauses = arena_alloc(&e->out->arena, sizeof *clauses);
    uint32_t count = 0;
    if (!clauses)
        return fail_memory();
    TRY(node_expand(e, e->request->query->root, e->request->correct, &expanded));
    TRY(clause_add(e, OCCUR_MUST, &expanded, clauses, &count));
    e->out->root = clauses[0].node;
    struct correction *corrections =
        arena_alloc(&e->out->arena, e->correction_count * sizeof *corrections);
    if (!corrections)
        TRY(fail_memory());
    memcpy(corrections, e->corrections, e->correction_count * sizeof *corrections);
    e->out->corrections = corrections;
    e->out->correction_count = e->correction_count;
out:
    return status;
}

lupe_status expand_query(const struct expand_request *request, struct schema *schema,
                         struct lupe_query **expanded)
{
    lupe_status status = LUPE_OK;
    struct expander e = {
        .request = request, .schema = schema, .ticker = {.request = request->search}};
    e.pause = (struct fuzzy_pause){ask_ticker, &e.ticker};

    *expanded = NULL;
    TRY(query_new(&e.out));
    e.out->index = request->query->index;
    e.out->host = request->query->host;
    e.out->original = query_hold(request->query);
    e.out->words_dropped = request->query->words_dropped;
    e.out->forms_missed = request->query->forms_missed;
    TRY(root_make(&e));
    TRY(query_print(schema, e.out->root, &e.out->arena, &e.out->text));
    *expanded = e.out;
    e.out = NULL;
out:
    query_release(e.out);
    arena_free(&e.scratch);
    return status;
}
