/* SPDX-License-Identifier: MIT
 *
 * match.c - finds the words, phrases and prefixes of a query in a text.
 *
 * The text is read once, word by word. Each word becomes a token: the number of its term when the
 * query has it, for the first part of a hyphen word also that of the joined form. For each token
 * the clauses are tried that can begin with it, looking ahead over the tokens that follow:
 *
 *     text      Machthaber Kim Jong-un sagte          query "Kim Jong-un"
 *     token     -          kim jong  un  -            elements kim, {jong un|jongun}
 *     joined                   jongun
 *
 * Most words of a text occur again and again: what a surface form was found to be is kept in a
 * direct-mapped table of fixed size, by the hash of its bytes.
 */
#include "result/match.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "text/words.h"

#define SEEN_SLOTS 8192u  /* surface forms remembered, a power of two */
#define TOKENS_MIN 256u   /* tokens read ahead at least */
#define PREFIX_WEIGHT 2.0 /* what a prefix weighs beside words by rarity */

/* A clause of the query. Its terms have numbers in ids, in the order of elements, alternatives,
 * terms. */
struct wanted {
    const struct node *node;
    const uint32_t *ids;
    double weight;
};

/* What is known of a surface form. */
struct seen {
    uint64_t hash;   /* 0: empty */
    uint32_t id;     /* of its term, 0: not in the query */
    uint32_t prefix; /* 1 + clause of a prefix it begins with, 0: none */
    bool vanishes;   /* nothing is left of it: takes no position */
};

struct token {
    size_t start;
    size_t end;
    uint32_t id;
    uint32_t prefix;
    uint32_t joined;      /* id of the joined form that begins here, 0: none in the query */
    uint32_t joined_size; /* tokens it covers */
    size_t joined_end;
};

struct matcher {
    struct schema *schema;
    struct arena arena;
    struct wanted *wanted;
    uint32_t wanted_count;
    struct query_term *terms; /* by id; 0 is none */
    uint32_t term_count;
    uint32_t *term_slots; /* open addressing over terms */
    uint32_t term_slot_count;
    uint32_t *starts;   /* starts[id]..starts[id + 1]: places in starters */
    uint32_t *starters; /* clauses whose first element may begin with the term */
    uint32_t *prefixes; /* clauses that are prefixes */
    uint32_t prefix_count;
    struct seen *seen;
    struct token *tokens;
    size_t token_capacity;
    size_t ahead; /* tokens the longest sequence may cover */
    /* while one place is tried */
    size_t tokens_end;
    unsigned steps;
    struct match found[PHRASE_WORDS_MAX];
};

void match_list_free(struct match_list *list)
{
    memory_free(list->items);
    memset(list, 0, sizeof *list);
}

/* ---- making a matcher */

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

/* The slot of a term: that of its id, or the empty one where it belongs. */
static uint32_t *term_slot(const struct matcher *matcher, const void *bytes, size_t size)
{
    uint32_t mask = matcher->term_slot_count - 1;
    uint32_t slot = (uint32_t)hash_bytes(bytes, size) & mask;
    for (;; slot = (slot + 1) & mask) {
        uint32_t id = matcher->term_slots[slot];
        if (id == 0 ||
            (matcher->terms[id].size == size && memcmp(matcher->terms[id].bytes, bytes, size) == 0))
            return &matcher->term_slots[slot];
    }
}

static lupe_status terms_number(struct matcher *matcher)
{
    uint32_t total = 0;

    for (uint32_t w = 0; w < matcher->wanted_count; w++)
        total += sequence_terms(matcher->wanted[w].node);
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
                for (uint32_t t = 0; t < node->elements[e].alternatives[a].term_count; t++) {
                    const struct query_term *term = &node->elements[e].alternatives[a].terms[t];
                    uint32_t *slot = term_slot(matcher, term->bytes, term->size);
                    if (*slot == 0) {
                        *slot = ++matcher->term_count;
                        matcher->terms[*slot] = *term;
                    }
                    *ids++ = *slot;
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

lupe_status matcher_open(const struct lupe_query *query, struct schema *schema,
                         struct matcher **out)
{
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
    TRY(terms_number(matcher));
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

/* ---- reading a text */

static bool field_fits(const struct matcher *matcher, uint32_t clause, int field)
{
    int wanted = matcher->wanted[clause].node->field;
    return wanted < 0 || wanted == field;
}

static lupe_status surface_look_up(struct matcher *matcher, int field, const uint8_t *surface,
                                   size_t size, const struct seen **out)
{
    uint64_t hash = (hash_bytes(surface, size) ^ (uint64_t)(field + 2) * 0x9e3779b97f4a7c15u) | 1;
    struct seen *seen = &matcher->seen[hash >> 32 & (SEEN_SLOTS - 1)];
    struct term term;

    *out = seen;
    if (seen->hash == hash)
        return LUPE_OK;
    lupe_status status =
        analyzer_term(schema_analyzer(matcher->schema, field), surface, size, &term);
    if (status != LUPE_OK)
        return status;
    *seen = (struct seen){.hash = hash, .vanishes = term.size == 0};
    if (seen->vanishes)
        return LUPE_OK;
    seen->id = *term_slot(matcher, term.bytes, term.size);
    for (uint32_t p = 0; p < matcher->prefix_count && !seen->prefix; p++) {
        const struct query_term *prefix = &matcher->wanted[matcher->prefixes[p]].node->prefix;
        if (prefix->size <= term.size && memcmp(prefix->bytes, term.bytes, prefix->size) == 0 &&
            field_fits(matcher, matcher->prefixes[p], field))
            seen->prefix = matcher->prefixes[p] + 1;
    }
    return LUPE_OK;
}

static lupe_status found_add(struct match_list *list, const struct match *match)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 64;
        struct match *items = memory_realloc(list->items, capacity * sizeof *items);
        if (!items)
            return fail_memory();
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = *match;
    return LUPE_OK;
}

/* The tokens an alternative covers at a place, 0: it does not stand there. */
static size_t alternative_fits(const struct matcher *matcher, const struct alternative *alternative,
                               const uint32_t *ids, size_t at)
{
    if (matcher->tokens_end - at < alternative->term_count)
        return 0;
    for (uint32_t t = 0; t < alternative->term_count; t++)
        if (matcher->tokens[at + t].id != ids[t])
            return 0;
    return alternative->term_count;
}

static bool elements_fit(struct matcher *matcher, const struct wanted *wanted, uint32_t element,
                         const uint32_t *ids, size_t at);

/* Element number `element` stands at tokens at..at + size and ends at byte end: do the others? */
static bool element_stands(struct matcher *matcher, const struct wanted *wanted, uint32_t element,
                           const uint32_t *next_ids, size_t at, size_t size, size_t end)
{
    matcher->found[element].start = matcher->tokens[at].start;
    matcher->found[element].end = end;
    return elements_fit(matcher, wanted, element + 1, next_ids, at + size);
}

/* Whether the elements from `element` on stand at token `at`. Depth: PHRASE_WORDS_MAX. */
static bool elements_fit(struct matcher *matcher, const struct wanted *wanted, uint32_t element,
                         const uint32_t *ids, size_t at)
{
    if (element == wanted->node->element_count)
        return true;
    if (at >= matcher->tokens_end || matcher->steps++ >= SEQUENCE_STEPS_MAX)
        return false;
    const struct element *here = &wanted->node->elements[element];
    const uint32_t *next_ids = ids;
    for (uint32_t a = 0; a < here->alternative_count; a++)
        next_ids += here->alternatives[a].term_count;
    for (uint32_t a = 0; a < here->alternative_count; a++) {
        const struct alternative *alternative = &here->alternatives[a];
        const struct token *token = &matcher->tokens[at];
        if (alternative->joined && token->joined == *ids &&
            token->joined_size <= matcher->tokens_end - at &&
            element_stands(matcher, wanted, element, next_ids, at, token->joined_size,
                           token->joined_end))
            return true;
        size_t size = alternative_fits(matcher, alternative, ids, at);
        if (size && element_stands(matcher, wanted, element, next_ids, at, size,
                                   matcher->tokens[at + size - 1].end))
            return true;
        ids += alternative->term_count;
    }
    return false;
}

static lupe_status starters_try(struct matcher *matcher, int field, uint32_t id, size_t at,
                                struct match_list *list)
{
    for (uint32_t i = matcher->starts[id]; i < matcher->starts[id + 1]; i++) {
        uint32_t clause = matcher->starters[i];
        const struct wanted *wanted = &matcher->wanted[clause];
        matcher->steps = 0;
        if (!field_fits(matcher, clause, field) ||
            !elements_fit(matcher, wanted, 0, wanted->ids, at))
            continue;
        for (uint32_t e = 0; e < wanted->node->element_count; e++) {
            matcher->found[e].clause = clause;
            lupe_status status = found_add(list, &matcher->found[e]);
            if (status != LUPE_OK)
                return status;
        }
    }
    return LUPE_OK;
}

static lupe_status token_try(struct matcher *matcher, int field, size_t at, struct match_list *list)
{
    lupe_status status = LUPE_OK;
    const struct token *token = &matcher->tokens[at];

    if (token->id)
        TRY(starters_try(matcher, field, token->id, at, list));
    if (token->joined && token->joined != token->id)
        TRY(starters_try(matcher, field, token->joined, at, list));
    if (token->prefix) {
        struct match match = {token->start, token->end, token->prefix - 1};
        TRY(found_add(list, &match));
    }
out:
    return status;
}

/* Reads the next word with, for a hyphen word, its other parts, behind the tokens there are. */
static lupe_status word_read(struct matcher *matcher, int field, const uint8_t *text,
                             struct word_scanner *scanner, const struct word *first, size_t *count)
{
    lupe_status status = LUPE_OK;
    struct word word = *first;
    size_t before = *count;
    const struct seen *seen;

    for (unsigned part = 0;; part++) {
        TRY(surface_look_up(matcher, field, text + word.start, word.size, &seen));
        if (!seen->vanishes)
            matcher->tokens[(*count)++] = (struct token){
                .start = word.start,
                .end = word.start + word.size,
                .id = seen->id,
                .prefix = seen->prefix,
            };
        if (part + 1 >= first->parts || !word_next(scanner, &word))
            break;
    }
    if (first->joined_size && *count > before &&
        matcher->schema->analysis == LUPE_ANALYSIS_STANDARD) {
        TRY(surface_look_up(matcher, field, text + first->start, first->joined_size, &seen));
        matcher->tokens[before].joined = seen->id;
        matcher->tokens[before].joined_size = (uint32_t)(*count - before);
        matcher->tokens[before].joined_end = first->start + first->joined_size;
    }
out:
    return status;
}

static int matches_compare(const void *left, const void *right)
{
    const struct match *a = left;
    const struct match *b = right;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    if (a->end != b->end)
        return a->end < b->end ? -1 : 1;
    return a->clause < b->clause ? -1 : a->clause > b->clause;
}

/* Overlapping finds of one phrase ("a a" in a a a) come in disorder and twice. */
static void matches_order(struct match_list *list)
{
    size_t kept = 0;

    if (list->count < 2)
        return;
    for (size_t i = 1; i < list->count; i++)
        if (matches_compare(&list->items[i - 1], &list->items[i]) >= 0) {
            qsort(list->items, list->count, sizeof *list->items, matches_compare);
            break;
        }
    for (size_t i = 1; i < list->count; i++)
        if (matches_compare(&list->items[kept], &list->items[i]) != 0)
            list->items[++kept] = list->items[i];
    list->count = kept + 1;
}

lupe_status matcher_scan(struct matcher *matcher, int field, const char *text, size_t size,
                         struct match_reach reach, struct match_list *list)
{
    lupe_status status = LUPE_OK;
    struct word_scanner scanner;
    struct word word;
    size_t count = 0;
    bool ended = matcher->wanted_count == 0;

    list->count = 0;
    word_scanner_init(&scanner, matcher->schema->analysis, text, size);
    while (!ended) {
        while (!ended && count + HYPHEN_PARTS_MAX <= matcher->token_capacity) {
            ended = !word_next(&scanner, &word) || word.start >= reach.limit ||
                    (word.start >= reach.enough && list->count);
            if (!ended)
                TRY(word_read(matcher, field, (const uint8_t *)text, &scanner, &word, &count));
        }
        size_t at = 0;
        matcher->tokens_end = count;
        for (; at < count && (ended || at + matcher->ahead <= count); at++)
            TRY(token_try(matcher, field, at, list));
        memmove(matcher->tokens, matcher->tokens + at, (count - at) * sizeof *matcher->tokens);
        count -= at;
    }
    matches_order(list);
out:
    return status;
}
