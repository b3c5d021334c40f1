/* SPDX-License-Identifier: MIT
 *
 * plan_terms.c - see plan_terms.h.
 */
#include "query/plan_terms.h"

#include <math.h>

#include "base/hash.h"

#define TABLE_MIN 16u

struct plan_entry {
    uint64_t hash;
    struct plan_term *term;
};

/* Where a segment has a term, if it has it. */
struct term_place {
    struct dictionary_search search;
    bool located;
    bool here; /* as far as is known */
    struct entry entry;
};

/* ---- looking up */

static lupe_status table_grow(struct plan *plan)
{
    size_t size = plan->table_size ? 4 * plan->table_size : TABLE_MIN;
    struct plan_entry *table = arena_alloc(&plan->arena, size * sizeof *table);
    if (!table)
        return fail_memory();
    memset(table, 0, size * sizeof *table);
    for (size_t i = 0; i < plan->table_size; i++) {
        if (!plan->table[i].term)
            continue;
        size_t at = plan->table[i].hash & (size - 1);
        while (table[at].term)
            at = (at + 1) & (size - 1);
        table[at] = plan->table[i];
    }
    plan->table = table;
    plan->table_size = size;
    return LUPE_OK;
}

/* Terms are looked up in three steps: where in each segment's dictionary a term must stand, what
 * the dictionary says, and the list. Each asks for the memory of the next, so that what is not
 * in the caches is waited for once, not once a word and segment. */
static lupe_status term_begin(struct plan *plan, const uint8_t *key, size_t key_size,
                              struct plan_term *term)
{
    struct view *view = plan->view;
    uint32_t segments = view->catalogue.segment_count;
    uint8_t *copy = arena_alloc(&plan->arena, key_size);
    term->lists = arena_alloc(&plan->arena, (segments + 1) * sizeof *term->lists);
    term->found = plan->spare;
    plan->spare = NULL;
    if (!term->found)
        term->found = arena_alloc(&plan->arena, (segments + 1) * sizeof *term->found);
    if (!term->lists || !term->found || !copy)
        return fail_memory();
    bool alone = segments == 1 && plan->alone;
    memcpy(copy, key, key_size);
    term->frequency = 0;
    term->is_prefix = false;
    term->begins = false;
    term->split = false;
    term->wide = NULL;
    term->key = copy;
    term->key_size = key_size;
    for (uint32_t s = 0; s < segments; s++) {
        term->lists[s] = NULL;
        struct term_place *place = &term->found[s];
        struct dictionary *dictionary = &view->segments[s]->dictionary;
        lupe_status status = LUPE_OK;
        if (alone)
            status = dictionary_locate(dictionary, copy, key_size, &place->search.address);
        else if (!dictionary_search_begin(&place->search, dictionary, copy, key_size))
            status = LUPE_NOT_FOUND;
        if (status && status != LUPE_NOT_FOUND)
            return status;
        place->here = !status;
        place->located = alone || !place->here;
    }
    return LUPE_OK;
}

/* A step for each of the places that are still being searched for; *all when none is left. */
static lupe_status terms_step(struct plan *plan, bool *all)
{
    lupe_status status = LUPE_OK;
    *all = true;
    for (struct plan_term *term = plan->pending; term; term = term->next)
        for (uint32_t s = 0; s < plan->view->catalogue.segment_count; s++) {
            struct term_place *place = &term->found[s];
            if (place->located)
                continue;
            TRY(dictionary_search_go(&place->search, &place->located));
            *all &= place->located;
        }
out:
    return status;
}

static lupe_status term_enter(struct plan *plan, struct plan_term *term)
{
    struct view *view = plan->view;
    for (uint32_t s = 0; s < view->catalogue.segment_count; s++) {
        struct term_place *place = &term->found[s];
        if (!place->here)
            continue;
        if (term->is_prefix) {
            bool begins;
            lupe_status status =
                dictionary_begins_at(&view->segments[s]->dictionary, place->search.address,
                                     term->key, term->key_size, &begins);
            if (status)
                return status;
            term->begins |= begins;
            place->here = false;
            continue;
        }
        lupe_status status = segment_find_at(view->segments[s], place->search.address, term->key,
                                             term->key_size, &place->entry);
        if (status && status != LUPE_NOT_FOUND)
            return status;
        if (status)
            place->here = false;
    }
    return LUPE_OK;
}

static lupe_status term_open(struct plan *plan, struct plan_term *term)
{
    struct view *view = plan->view;
    for (uint32_t s = 0; s < view->catalogue.segment_count; s++) {
        if (!term->found[s].here)
            continue;
        struct list *list = arena_alloc(&plan->arena, sizeof *list);
        if (!list)
            return fail_memory();
        lupe_status status = segment_list(view->segments[s], &term->found[s].entry, list);
        if (status)
            return status;
        term->lists[s] = list;
        term->frequency += list->frequency;
    }
    plan->spare = term->found;
    term->found = NULL;
    return LUPE_OK;
}

/* Looks up the terms that were begun. */
static lupe_status terms_finish(struct plan *plan)
{
    lupe_status status = LUPE_OK;
    bool all = false;
    while (!all)
        TRY(terms_step(plan, &all));
    for (struct plan_term *term = plan->pending; term; term = term->next)
        TRY(term_enter(plan, term));
    for (struct plan_term *term = plan->pending; term; term = term->next)
        TRY(term_open(plan, term));
    plan->pending = NULL;
out:
    return status;
}

static lupe_status begin(struct plan *plan, const uint8_t *key, size_t key_size, bool is_prefix,
                         struct plan_term **out)
{
    lupe_status status = LUPE_OK;
    uint64_t hash = hash_bytes(key, key_size);
    if (4 * (plan->table_count + 1) > 3 * plan->table_size)
        TRY(table_grow(plan));
    size_t at = hash & (plan->table_size - 1);
    for (; plan->table[at].term; at = (at + 1) & (plan->table_size - 1)) {
        const struct plan_entry *entry = &plan->table[at];
        if (entry->hash == hash && entry->term->key_size == key_size &&
            memcmp(entry->term->key, key, key_size) == 0) {
            *out = entry->term;
            return LUPE_OK;
        }
    }
    struct plan_term *term = arena_alloc(&plan->arena, sizeof *term);
    if (!term)
        return fail_memory();
    TRY(term_begin(plan, key, key_size, term));
    term->is_prefix = is_prefix;
    term->next = plan->pending;
    plan->pending = term;
    plan->table[at] = (struct plan_entry){hash, term};
    plan->table_count++;
    *out = term;
out:
    return status;
}

/* The term of a key, located once a search however often the query names it. */
lupe_status plan_begin(struct plan *plan, const uint8_t *key, size_t key_size,
                       struct plan_term **out)
{
    return begin(plan, key, key_size, false, out);
}

/* The same, looked up. */
lupe_status plan_term(struct plan *plan, const uint8_t *key, size_t key_size,
                      struct plan_term **out)
{
    lupe_status status = plan_begin(plan, key, key_size, out);
    return status || !plan->pending ? status : terms_finish(plan);
}

lupe_status plan_begin_prefix(struct plan *plan, const uint8_t *key, size_t key_size,
                              struct plan_term **out)
{
    return begin(plan, key, key_size, true, out);
}

double plan_idf(const struct plan *plan, uint64_t frequency)
{
    double n = (double)plan->documents;
    double df = (double)(frequency < plan->documents ? frequency : plan->documents);
    return log(1.0 + (n - df + 0.5) / (df + 0.5));
}

/* ---- members */

lupe_status members_add(struct plan *plan, struct members *members, struct plan_term *term,
                        float weight, enum member_kind kind)
{
    if (term->frequency == 0 && kind != MEMBER_LIST)
        return LUPE_OK;
    if (members->count == members->capacity) {
        unsigned capacity = members->capacity ? 2 * members->capacity : 4;
        struct plan_member *items = arena_alloc(&plan->arena, capacity * sizeof *items);
        if (!items)
            return fail_memory();
        if (members->count)
            memcpy(items, members->items, members->count * sizeof *items);
        members->items = items;
        members->capacity = capacity;
    }
    for (unsigned i = 0; i < members->count; i++)
        if (members->items[i].term == term) /* two languages, one term */
            return LUPE_OK;
    members->items[members->count++] = (struct plan_member){term, weight, kind};
    return LUPE_OK;
}

/* ---- words that are parts of compounds */

/* Takes the wide lists out of a term of list 3. Where there are any, the word's list is these and,
 * in other segments, its own. */
static lupe_status split_lists(struct plan *plan, struct plan_term *parts,
                               const struct plan_term *own)
{
    uint32_t segments = plan->view->catalogue.segment_count;
    parts->split = true;
    for (uint32_t s = 0; s < segments; s++) {
        if (!parts->lists[s] || !parts->lists[s]->is_wide)
            continue;
        if (!parts->wide) {
            parts->wide = arena_alloc(&plan->arena, sizeof *parts->wide);
            if (!parts->wide)
                return fail_memory();
            *parts->wide = *own;
            parts->wide->lists = arena_alloc(&plan->arena, segments * sizeof *own->lists);
            if (!parts->wide->lists)
                return fail_memory();
            memcpy(parts->wide->lists, own->lists, segments * sizeof *own->lists);
        }
        parts->wide->frequency += parts->lists[s]->frequency;
        parts->wide->frequency -= own->lists[s] ? own->lists[s]->frequency : 0;
        parts->wide->lists[s] = parts->lists[s];
        parts->frequency -= parts->lists[s]->frequency;
        parts->lists[s] = NULL;
    }
    return LUPE_OK;
}

lupe_status plan_add_word(struct plan *plan, const struct query_term *term, struct plan_term *own,
                          struct members *members, uint64_t *frequency, bool *is_part)
{
    uint8_t key[KEY_BYTES_MAX];
    struct plan_term *parts = NULL;
    lupe_status status = LUPE_OK;
    TRY(plan_term(plan, key, key_make(key, LIST_PARTS, term->bytes, term->size), &parts));
    if (parts->frequency && !parts->split)
        TRY(split_lists(plan, parts, own));
    *is_part = parts->wide || parts->frequency;
    *frequency += (parts->wide ? parts->wide : own)->frequency + parts->frequency;
    TRY(members_add(plan, members, parts->wide ? parts->wide : own, 1.0f, MEMBER_LIST));
    TRY(members_add(plan, members, parts, 1.0f, MEMBER_PARTS));
out:
    return status;
}

/* ---- joined forms */

/* What the keys of all joined forms of a term begin with: the span follows. */
static size_t joined_key(uint8_t key[KEY_BYTES_MAX], const struct query_term *term)
{
    size_t size = key_make(key, LIST_JOINED, term->bytes, term->size);
    key[size++] = 0;
    return size;
}

/* Which spans joined forms of a term have in a segment, as bits. */
static lupe_status joined_spans(struct segment *segment, const uint8_t *key, size_t size,
                                uint32_t *spans)
{
    struct dictionary_iterator at;
    lupe_status status = LUPE_OK;
    TRY(dictionary_seek(&segment->dictionary, key, size, &at));
    while ((status = dictionary_next(&at)) == LUPE_OK && at.key_size == size + 1 &&
           memcmp(at.key, key, size) == 0)
        if (at.key[size] >= 2 && at.key[size] <= HYPHEN_PARTS_MAX)
            *spans |= 1u << at.key[size];
    if (status == LUPE_NOT_FOUND)
        status = LUPE_OK;
out:
    return status;
}

lupe_status plan_begin_joined(struct plan *plan, const struct query_term *term)
{
    uint8_t key[KEY_BYTES_MAX];
    struct plan_term *any;
    if (term->size > TERM_BYTES_MAX)
        return LUPE_OK;
    return plan_begin_prefix(plan, key, joined_key(key, term), &any);
}

lupe_status plan_joined(struct plan *plan, const struct query_term *term,
                        struct plan_term *terms[HYPHEN_PARTS_MAX], uint32_t spans[HYPHEN_PARTS_MAX],
                        unsigned *count)
{
    uint8_t key[KEY_BYTES_MAX];
    uint32_t present = 0;
    struct plan_term *any;
    lupe_status status = LUPE_OK;
    *count = 0;
    if (term->size > TERM_BYTES_MAX)
        return LUPE_OK;
    size_t size = joined_key(key, term);
    TRY(plan_begin_prefix(plan, key, size, &any));
    if (plan->pending)
        TRY(terms_finish(plan));
    for (uint32_t s = 0; any->begins && s < plan->view->catalogue.segment_count; s++)
        TRY(joined_spans(plan->view->segments[s], key, size, &present));
    for (uint8_t span = 2; span <= HYPHEN_PARTS_MAX; span++) {
        if (!(present >> span & 1))
            continue;
        key[size] = span;
        TRY(plan_term(plan, key, size + 1, &terms[*count]));
        spans[(*count)++] = span;
    }
out:
    return status;
}
