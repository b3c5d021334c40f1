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
 * A word of the text that may have a part which is a word of the query is split; where the parts of
 * a compound of the query stand near each other is readings.h's, what neighbours of it join to
 * joins.h's.
 *
 * Most words of a text occur again and again: what a surface form was found to be is kept in a
 * direct-mapped table of fixed size, by the hash of its bytes.
 */
#include <assert.h>
#include <stdlib.h>

#include "result/matcher.h"
#include "result/part_places.h"
#include "text/suspended.h"
#include "text/words.h"

void match_list_free(struct match_list *list)
{
    memory_free(list->items);
    memset(list, 0, sizeof *list);
}

lupe_status match_list_add(struct match_list *list, const struct match *match)
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

/* ---- reading a text */

static bool field_fits(const struct matcher *matcher, uint32_t clause, int field)
{
    int wanted = matcher->wanted[clause].node->field;
    return wanted < 0 || wanted == field;
}

/* Whether a beginning of a word of the query stands in a folded word behind its start. */
static bool may_have_part(const struct matcher *matcher, const uint8_t *folded, size_t size)
{
    for (size_t at = 0; at + COMPOUND_PART_LETTERS_MIN <= size; at++) {
        unsigned first = (uint8_t)(folded[at] - 'a');
        unsigned second = (uint8_t)(folded[at + 1] - 'a');
        if (first < 26 && second < 26 && matcher->beginnings[first * 26 + second])
            return true;
    }
    return false;
}

/* Notes where parts of the word that the analyzer saw last are words of the query: of those that
 * lie within each other the longest. */
static lupe_status parts_find(struct matcher *matcher, struct analyzer *analyzer,
                              const uint8_t *surface, size_t surface_size, struct seen *seen)
{
    lupe_status status = LUPE_OK;
    uint32_t ids[COMPOUND_PARTS_MAX][COMPOUND_PARTS_MAX] = {{0}};
    uint8_t folded[COMPOUND_LETTERS_MAX];
    const uint8_t *bytes;
    struct word_parts parts;
    size_t size;
    bool any = false;

    if (!analyzer_folded(analyzer, &bytes, &size) || size < COMPOUND_LETTERS_MIN ||
        !may_have_part(matcher, bytes, size))
        return LUPE_OK;
    memcpy(folded, bytes, size);
    TRY(analyzer_parts(analyzer, &parts));
    for (unsigned first = 0; first < parts.count; first++)
        for (unsigned last = first; last < parts.count; last++) {
            struct term term;
            if (last - first + 1 == parts.count)
                continue;
            TRY(analyzer_parts_joined(analyzer, &parts.compound, first, last, &term));
            uint32_t id = *term_slot(matcher, term.bytes, term.size);
            ids[first][last] = matcher->is_part[id] ? id : 0;
            any |= ids[first][last] != 0;
        }
    for (unsigned first = 0; any && first < parts.count; first++)
        for (unsigned last = first; last < parts.count; last++) {
            struct part_place place;
            if (ids[first][last] == 0)
                continue;
            TRY(part_place(analyzer, surface, surface_size, folded, &parts.compound, first, last,
                           &place));
            struct part part = {ids[first][last], (uint16_t)place.start, (uint16_t)place.end,
                                (uint16_t)place.next};
            if (seen->part_count++ == 0)
                seen->parts = (uint32_t)(matcher->parts.size / sizeof part);
            buffer_add(&matcher->parts, &part, sizeof part);
        }
    TRY(buffer_status(&matcher->parts));
out:
    if (status != LUPE_OK)
        *seen = (struct seen){0};
    return status;
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
    struct analyzer *analyzer = schema_analyzer(matcher->schema, field);
    lupe_status status = analyzer_term(analyzer, surface, size, &term);
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
    return matcher->any_part ? parts_find(matcher, analyzer, surface, size, seen) : LUPE_OK;
}

/* Whether a token has the surface form that an alternative asks for. */
static bool form_fits(const struct matcher *matcher, const struct alternative *alternative,
                      size_t at)
{
    const struct token *token = &matcher->tokens[at];
    struct term form;
    if (alternative->exact.size == 0)
        return true;
    analyzer_form(schema_analyzer(matcher->schema, matcher->field), matcher->text + token->start,
                  token->end - token->start, &form);
    return form.size == alternative->exact.size &&
           memcmp(form.bytes, alternative->exact.bytes, form.size) == 0;
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
    return form_fits(matcher, alternative, at) ? alternative->term_count : 0;
}

static bool elements_fit(struct matcher *matcher, const struct wanted *wanted, uint32_t element,
                         const uint32_t *ids, size_t at);

/* Element number `element` has these bytes, and the next ones begin with token `next`: do they? */
static bool element_stands(struct matcher *matcher, const struct wanted *wanted, uint32_t element,
                           const uint32_t *next_ids, lupe_span bytes, size_t next)
{
    matcher->found[element].start = bytes.start;
    matcher->found[element].end = bytes.end;
    return elements_fit(matcher, wanted, element + 1, next_ids, next);
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
        for (unsigned j = 0; alternative->joined && j < JOINED_FORMS_MAX; j++) {
            const struct joined_form *joined = &token->joined[j];
            lupe_span bytes = {joined->start, joined->end};
            if (joined->id == *ids && joined->size <= matcher->tokens_end - at &&
                element_stands(matcher, wanted, element, next_ids, bytes, at + joined->size))
                return true;
        }
        size_t size = alternative_fits(matcher, alternative, ids, at);
        if (size) {
            lupe_span bytes = {token->start, matcher->tokens[at + size - 1].end};
            if (element_stands(matcher, wanted, element, next_ids, bytes, at + size))
                return true;
        }
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
            lupe_status status = match_list_add(list, &matcher->found[e]);
            if (status != LUPE_OK)
                return status;
        }
    }
    return LUPE_OK;
}

/* The words of the query inside a compound. Linking letters are marked between two that are. */
static lupe_status parts_try(const struct matcher *matcher, int field, const struct token *token,
                             struct match_list *list)
{
    const struct part *parts = (const struct part *)(const void *)matcher->parts.data;
    const struct part *end = parts + token->parts + token->part_count;
    lupe_status status = LUPE_OK;

    for (const struct part *part = parts + token->parts; part < end; part++) {
        uint16_t stop = part->end;
        for (const struct part *next = parts + token->parts; next < end; next++)
            stop = next->start == part->next ? part->next : stop;
        for (uint32_t i = matcher->starts[part->id]; i < matcher->starts[part->id + 1]; i++) {
            uint32_t clause = matcher->starters[i];
            const struct node *node = matcher->wanted[clause].node;
            const uint32_t *ids = matcher->wanted[clause].ids;
            bool is_wanted = false;
            for (uint32_t a = 0; takes_parts(node) && a < node->elements[0].alternative_count; a++)
                is_wanted |= ids[a] == part->id;
            if (!is_wanted || !field_fits(matcher, clause, field))
                continue;
            struct match match = {token->start + part->start, token->start + stop, clause};
            TRY(match_list_add(list, &match));
        }
    }
out:
    return status;
}

/* A compound that words of the query join to, and of which no part is one of them: whole. */
static lupe_status joins_try(const struct matcher *matcher, const struct token *token,
                             struct match_list *list)
{
    lupe_status status = LUPE_OK;
    size_t count;
    const struct join *joins = joins_of(matcher, &count);
    for (size_t j = 0; j < count; j++)
        for (uint32_t w = 0; joins[j].id == token->id && w < matcher->wanted_count; w++) {
            const struct node *node = matcher->wanted[w].node;
            struct match match = {token->start, token->end, w};
            if (node == joins[j].words[0] || node == joins[j].words[1])
                TRY(match_list_add(list, &match));
        }
out:
    return status;
}

static lupe_status token_try(struct matcher *matcher, int field, size_t at, struct match_list *list)
{
    lupe_status status = LUPE_OK;
    const struct token *token = &matcher->tokens[at];

    if (token->id)
        TRY(starters_try(matcher, field, token->id, at, list));
    for (unsigned j = 0; j < JOINED_FORMS_MAX; j++)
        if (token->joined[j].id && token->joined[j].id != token->id)
            TRY(starters_try(matcher, field, token->joined[j].id, at, list));
    if (token->part_count)
        TRY(parts_try(matcher, field, token, list));
    else if (matcher->is_join[token->id])
        TRY(joins_try(matcher, token, list));
    if (matcher->in_readings[token->id]) {
        struct reading_place place = {
            .position = matcher->position,
            .match = {.start = token->start, .end = token->end},
            .id = token->id,
        };
        TRY(readings_note(&matcher->readings, &place));
    }
    matcher->position++;
    if (token->prefix) {
        struct match match = {token->start, token->end, token->prefix - 1};
        TRY(match_list_add(list, &match));
    }
out:
    return status;
}

static lupe_status joined_look_up(struct matcher *matcher, int field, const uint8_t *bytes,
                                  size_t size, struct joined_form joined, struct joined_form *out)
{
    const struct seen *seen;
    lupe_status status = surface_look_up(matcher, field, bytes, size, &seen);
    if (status == LUPE_OK && seen->id) {
        *out = joined;
        out->id = seen->id;
    }
    return status;
}

/* Where a form goes that a token means with the word before that it shares a beginning with. As in
 * the index it begins there, so that phrases do; when that has too many, with the token itself. */
static struct joined_form *head_form(struct matcher *matcher, size_t at, struct joined_form *form)
{
    uint32_t back = form->size - 1;
    for (unsigned j = JOINED_FORM_HEAD; at >= back && j < JOINED_FORMS_MAX; j++)
        if (matcher->tokens[at - back].joined[j].id == 0)
            return &matcher->tokens[at - back].joined[j];
    form->size = 1;
    return &matcher->tokens[at].joined[JOINED_FORM_HEAD];
}

/* What is meant by a word, the token number `at`, with a hyphen beside it. */
static lupe_status suspended_look_up(struct matcher *matcher, int field,
                                     const struct suspended_word *word, bool whole, size_t at)
{
    struct analyzer *analyzer = schema_analyzer(matcher->schema, field);
    struct token *token = &matcher->tokens[at];
    struct suspended suspended;
    lupe_status status = LUPE_OK;

    if (suspended_hangs(word->text, word->size, word->end)) {
        TRY(suspended_ahead(analyzer, word, &suspended));
        struct joined_form joined = {0, suspended.span, suspended.start, suspended.end};
        if (suspended.size)
            TRY(joined_look_up(matcher, field, suspended.bytes, suspended.size, joined,
                               &token->joined[1]));
    }
    if (whole && suspended_leads(word->text, word->start)) {
        TRY(suspended_behind(analyzer, word, &suspended));
        if (suspended.size) {
            struct joined_form joined = {0, suspended.span, suspended.start, suspended.end};
            struct joined_form *form = head_form(matcher, at, &joined);
            TRY(joined_look_up(matcher, field, suspended.bytes, suspended.size, joined, form));
        }
    }
out:
    return status;
}

/* Reads the next word with, for a hyphen word, its other parts, behind the tokens there are. */
static lupe_status word_read(struct matcher *matcher, int field, struct word_scanner *scanner,
                             const struct word *first, size_t *count)
{
    lupe_status status = LUPE_OK;
    const uint8_t *text = scanner->text;
    struct word word = *first;
    size_t before = *count;
    size_t end = first->start + (first->joined_size ? first->joined_size : first->size);
    const struct seen *seen;

    for (unsigned part = 0;; part++) {
        TRY(surface_look_up(matcher, field, text + word.start, word.size, &seen));
        if (!seen->vanishes)
            matcher->tokens[(*count)++] = (struct token){
                .start = word.start,
                .end = word.start + word.size,
                .id = seen->id,
                .prefix = seen->prefix,
                .parts = seen->parts,
                .part_count = seen->part_count,
            };
        if (part + 1 >= first->parts || !word_next(scanner, &word))
            break;
    }
    if (*count == before || matcher->schema->analysis != LUPE_ANALYSIS_STANDARD)
        goto out;
    struct token *token = &matcher->tokens[before];
    if (first->joined_size) {
        struct joined_form joined = {0, (uint32_t)(*count - before), token->start, end};
        TRY(joined_look_up(matcher, field, text + first->start, first->joined_size, joined,
                           &token->joined[0]));
    }
    struct suspended_word whole = {text, scanner->size, first->start, end};
    TRY(suspended_look_up(matcher, field, &whole, first->parts == 1, before));
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
    matcher->position = 0;
    readings_restart(&matcher->readings);
    if (matcher->parts.size > PARTS_KEPT_BYTES) {
        buffer_clear(&matcher->parts);
        memset(matcher->seen, 0, SEEN_SLOTS * sizeof *matcher->seen);
    }
    matcher->text = (const uint8_t *)text;
    matcher->field = field;
    word_scanner_init(&scanner, matcher->schema->analysis, text, size);
    while (!ended) {
        while (!ended && count + HYPHEN_PARTS_MAX <= matcher->token_capacity) {
            ended = !word_next(&scanner, &word) || word.start >= reach.limit ||
                    (word.start >= reach.enough && list->count);
            if (!ended)
                TRY(word_read(matcher, field, &scanner, &word, &count));
        }
        size_t at = 0;
        matcher->tokens_end = count;
        for (; at < count && (ended || at + matcher->ahead <= count); at++)
            TRY(token_try(matcher, field, at, list));
        TRY(readings_resolve(&matcher->readings, ended ? UINT64_MAX : matcher->position, list));
        memmove(matcher->tokens, matcher->tokens + at, (count - at) * sizeof *matcher->tokens);
        count -= at;
    }
    matches_order(list);
out:
    return status;
}
