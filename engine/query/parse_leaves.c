/* SPDX-License-Identifier: MIT
 *
 * parse_leaves.c - words of a query become leaves; equal leaves are one.
 *
 *   key         := kind:u8 field:u32 (elements | bytes)
 *   elements    := count:u32 element * [edits:u8]
 *   element     := alternatives:u32 alternative *
 *   alternative := joined:u8 terms:u32 (size:u32 bytes) *       EXACT: a term and its form
 *
 * The key lives in memory only: numbers are fixed so that counts can be patched.
 */
#include "query/parse_leaves.h"

#include <assert.h>

#include "base/hash.h"
#include "query/word_form.h"

#define KEY_HEAD_BYTES 5u
#define EXACT 2u /* in place of joined */
#define DROPPED_SLOTS_MIN 64u
/* A key is bounded by the words of a phrase; this is far above. */
#define KEY_BUFFER_BYTES_MAX ((size_t)64 << 20)

void leaves_init(struct parse_leaves *leaves, const struct schema *schema, struct arena *arena,
                 struct arena *scratch)
{
    leaves->schema = schema;
    leaves->arena = arena;
    leaves->scratch = scratch;
    leaves->slots = leaves->slots_room;
    leaves->slot_count = LEAF_SLOTS_MIN;
    memset(leaves->slots_room, 0, sizeof leaves->slots_room);
    leaves->count = 0;
    leaves->words = 0;
    leaves->dropped = NULL;
    leaves->dropped_slots = 0;
    leaves->dropped_count = 0;
    leaves->words_dropped = 0;
    leaves->key = BUFFER_LENT(leaves->key_room, LEAF_KEY_BYTES, KEY_BUFFER_BYTES_MAX);
    leaves->element_count = 0;
}

void leaves_free(struct parse_leaves *leaves)
{
    if (leaves->slots != leaves->slots_room)
        memory_free(leaves->slots);
    memory_free(leaves->dropped);
    buffer_free(&leaves->key);
}

/* ---- tables */

static lupe_status slots_grow(struct parse_leaves *leaves)
{
    uint32_t wider = leaves->slot_count * 2;
    struct parse_leaf **slots = memory_zalloc(wider, sizeof *slots);

    if (!slots)
        return fail_memory();
    for (uint32_t i = 0; i < leaves->slot_count; i++) {
        struct parse_leaf *leaf = leaves->slots[i];
        if (!leaf)
            continue;
        uint32_t slot = (uint32_t)leaf->hash & (wider - 1);
        while (slots[slot])
            slot = (slot + 1) & (wider - 1);
        slots[slot] = leaf;
    }
    if (leaves->slots != leaves->slots_room)
        memory_free(leaves->slots);
    leaves->slots = slots;
    leaves->slot_count = wider;
    return LUPE_OK;
}

static lupe_status dropped_grow(struct parse_leaves *leaves)
{
    size_t wider = leaves->dropped_slots ? leaves->dropped_slots * 2 : DROPPED_SLOTS_MIN;
    uint64_t *slots = memory_zalloc(wider, sizeof *slots);

    if (!slots)
        return fail_memory();
    for (size_t i = 0; i < leaves->dropped_slots; i++) {
        uint64_t hash = leaves->dropped[i];
        if (!hash)
            continue;
        size_t slot = (size_t)hash & (wider - 1);
        while (slots[slot])
            slot = (slot + 1) & (wider - 1);
        slots[slot] = hash;
    }
    memory_free(leaves->dropped);
    leaves->dropped = slots;
    leaves->dropped_slots = wider;
    return LUPE_OK;
}

/* Counts the words of a leaf beyond the limit unless they were counted before. Told apart by
 * their hash alone, which is good enough for a count. */
static lupe_status leaf_drop(struct parse_leaves *leaves, uint64_t hash, uint32_t words)
{
    hash |= 1; /* 0 marks an empty slot */
    if (leaves->dropped_count * 2 >= leaves->dropped_slots) {
        lupe_status status = dropped_grow(leaves);
        if (status != LUPE_OK)
            return status;
    }
    size_t slot = (size_t)hash & (leaves->dropped_slots - 1);
    while (leaves->dropped[slot] && leaves->dropped[slot] != hash)
        slot = (slot + 1) & (leaves->dropped_slots - 1);
    if (leaves->dropped[slot] == hash)
        return LUPE_OK;
    leaves->dropped[slot] = hash;
    leaves->dropped_count++;
    leaves->words_dropped += words;
    return LUPE_OK;
}

unsigned leaves_readings(const struct parse_leaves *leaves, int field)
{
    return field >= 0 ? 1 : leaves->schema->word_analyzer_count;
}

static struct analyzer *reading_analyzer(const struct parse_leaves *leaves, int field,
                                         unsigned reading)
{
    const struct schema *schema = leaves->schema;
    return field >= 0 ? schema_analyzer(schema, field)
                      : schema->analyzers[schema->word_analyzers[reading]];
}

/* ---- from a key to a node */

static const uint8_t *take_u32(const uint8_t *at, uint32_t *value)
{
    *value = load_u32(at);
    return at + sizeof *value;
}

static lupe_status alternative_make(struct arena *arena, const uint8_t **at,
                                    struct alternative *alternative)
{
    unsigned kind = *(*at)++;
    alternative->weight = 1;
    alternative->joined = kind == 1;
    alternative->exact = (struct query_term){NULL, 0};
    *at = take_u32(*at, &alternative->term_count);
    struct query_term *terms = arena_alloc(arena, alternative->term_count * sizeof *terms);
    if (!terms)
        return fail_memory();
    alternative->terms = terms;
    for (uint32_t i = 0; i < alternative->term_count; i++) {
        *at = take_u32(*at, &terms[i].size);
        terms[i].bytes = *at;
        *at += terms[i].size;
    }
    if (kind == EXACT)
        alternative->exact = terms[--alternative->term_count];
    return LUPE_OK;
}

static lupe_status elements_make(struct parse_leaves *leaves, const uint8_t *at, struct node *node)
{
    at = take_u32(at, &node->element_count);
    struct element *elements = arena_alloc(leaves->arena, node->element_count * sizeof *elements);
    if (!elements)
        return fail_memory();
    node->elements = elements;
    for (uint32_t e = 0; e < node->element_count; e++) {
        const struct parse_surface *surface = &leaves->surfaces[e];
        struct element *element = &elements[e];
        at = take_u32(at, &element->alternative_count);
        struct alternative *alternatives =
            arena_alloc(leaves->arena, element->alternative_count * sizeof *alternatives);
        uint8_t *bytes = arena_alloc(leaves->arena, surface->size);
        if (!alternatives || !bytes)
            return fail_memory();
        memcpy(bytes, surface->bytes, surface->size);
        element->form = NULL;
        element->surface = bytes;
        element->surface_size = surface->size;
        element->alternatives = alternatives;
        for (uint32_t a = 0; a < element->alternative_count; a++) {
            lupe_status status = alternative_make(leaves->arena, &at, &alternatives[a]);
            if (status != LUPE_OK)
                return status;
        }
    }
    return LUPE_OK;
}

/* Whether the index knows compounds by their parts. */
static bool leaves_splits(const struct parse_leaves *leaves)
{
    return !(leaves->schema->flags & LUPE_WITHOUT_COMPOUNDS);
}

/* Of a plain word, by the first of its readings that splits words. */
static lupe_status word_form(struct parse_leaves *leaves, struct node *node)
{
    struct element *element = (struct element *)node->elements;
    lupe_status status = LUPE_OK;
    if (element->alternatives[0].term_count != 1 || !element->alternatives[0].joined)
        return LUPE_OK;
    for (unsigned r = 0; r < leaves_readings(leaves, node->field) && !element->form; r++)
        TRY(word_form_make(leaves->arena, reading_analyzer(leaves, node->field, r),
                           leaves_splits(leaves), &element->form));
out:
    return status;
}

static lupe_status leaf_make(struct parse_leaves *leaves, uint64_t hash, struct parse_leaf **out)
{
    size_t size = leaves->key.size;
    struct parse_leaf *leaf = arena_alloc(leaves->scratch, sizeof *leaf);
    uint8_t *key = arena_alloc(leaves->arena, size);

    if (!leaf || !key)
        return fail_memory();
    memcpy(key, leaves->key.data, size);
    memset(leaf, 0, sizeof *leaf);
    leaf->hash = hash;
    leaf->key = key;
    leaf->key_size = (uint32_t)size;
    leaf->number = leaves->count;
    leaf->node.kind = (enum node_kind)key[0];
    leaf->node.field = (int)load_u32(key + 1);
    leaf->node.boost = 1;
    if (leaf->node.kind == NODE_SEQUENCE) {
        lupe_status status = elements_make(leaves, key + KEY_HEAD_BYTES, &leaf->node);
        if (status == LUPE_OK && leaf->node.element_count == 1)
            status = word_form(leaves, &leaf->node);
        if (status != LUPE_OK)
            return status;
    } else {
        leaf->node.prefix.bytes = key + KEY_HEAD_BYTES;
        leaf->node.prefix.size = (uint32_t)(size - KEY_HEAD_BYTES);
    }
    *out = leaf;
    return LUPE_OK;
}

/* The leaf of the key in hand, new or known; NULL beyond the limit. */
static lupe_status leaf_intern(struct parse_leaves *leaves, uint32_t words,
                               const struct parse_leaf **out)
{
    lupe_status status = LUPE_OK;
    struct parse_leaf *leaf = NULL;

    *out = NULL;
    TRY(buffer_status(&leaves->key));
    if (leaves->count * 2 >= leaves->slot_count)
        TRY(slots_grow(leaves));
    uint64_t hash = hash_bytes(leaves->key.data, leaves->key.size);
    uint32_t slot = (uint32_t)hash & (leaves->slot_count - 1);
    for (; leaves->slots[slot]; slot = (slot + 1) & (leaves->slot_count - 1)) {
        leaf = leaves->slots[slot];
        if (leaf->hash == hash && leaf->key_size == leaves->key.size &&
            memcmp(leaf->key, leaves->key.data, leaf->key_size) == 0) {
            *out = leaf;
            return LUPE_OK;
        }
    }
    if (words > QUERY_TERMS_MAX - leaves->words)
        return leaf_drop(leaves, hash, words);
    TRY(leaf_make(leaves, hash, &leaf));
    leaves->slots[slot] = leaf;
    leaves->count++;
    leaves->words += words;
    *out = leaf;
out:
    return status;
}

/* ---- sequences */

static void key_begin(struct parse_leaves *leaves, enum node_kind kind, int field)
{
    buffer_clear(&leaves->key);
    buffer_add_u8(&leaves->key, (uint8_t)kind);
    buffer_add_u32(&leaves->key, (uint32_t)field);
}

void leaves_begin(struct parse_leaves *leaves, int field)
{
    key_begin(leaves, NODE_SEQUENCE, field);
    buffer_add_u32(&leaves->key, 0); /* elements, patched by element_close */
    leaves->element_count = 0;
}

/* An element being written: where it and its alternatives begin in the key. */
struct open_element {
    size_t start;
    size_t alternative; /* of the one being written */
    uint32_t alternative_count;
    uint32_t term_count; /* of that one */
};

static void alternative_open(struct parse_leaves *leaves, struct open_element *element,
                             unsigned joined)
{
    element->alternative = leaves->key.size;
    element->term_count = 0;
    buffer_add_u8(&leaves->key, (uint8_t)joined);
    buffer_add_u32(&leaves->key, 0);
}

static lupe_status alternative_term(struct parse_leaves *leaves, struct open_element *element,
                                    struct analyzer *analyzer, const uint8_t *surface, size_t size)
{
    struct term term;
    lupe_status status = analyzer_term(analyzer, surface, size, &term);
    if (status != LUPE_OK || term.size == 0)
        return status;
    buffer_add_u32(&leaves->key, term.size);
    buffer_add(&leaves->key, term.bytes, term.size);
    element->term_count++;
    return LUPE_OK;
}

/* Keeps the alternative unless it is empty or said already. */
static void alternative_close(struct parse_leaves *leaves, struct open_element *element)
{
    struct buffer *key = &leaves->key;
    if (key->status != LUPE_OK)
        return;
    store_u32(key->data + element->alternative + 1, element->term_count);
    size_t size = key->size - element->alternative;
    const uint8_t *fresh = key->data + element->alternative;
    bool known = element->term_count == 0;
    const uint8_t *at = key->data + element->start + sizeof(uint32_t);
    while (!known && at < fresh) {
        uint32_t terms;
        const uint8_t *next = take_u32(at + 1, &terms);
        while (terms--) {
            uint32_t bytes;
            next = take_u32(next, &bytes);
            next += bytes;
        }
        known = (size_t)(next - at) == size && memcmp(at, fresh, size) == 0;
        at = next;
    }
    if (known)
        key->size = element->alternative;
    else
        element->alternative_count++;
}

static void element_open(struct parse_leaves *leaves, struct open_element *element)
{
    *element = (struct open_element){.start = leaves->key.size};
    buffer_add_u32(&leaves->key, 0);
}

static void element_close(struct parse_leaves *leaves, const struct open_element *element,
                          const uint8_t *surface, size_t size)
{
    struct buffer *key = &leaves->key;
    if (key->status != LUPE_OK)
        return;
    if (element->alternative_count == 0) {
        key->size = element->start;
        return;
    }
    assert(leaves->element_count < PHRASE_WORDS_MAX);
    store_u32(key->data + element->start, element->alternative_count);
    leaves->surfaces[leaves->element_count].bytes = surface;
    leaves->surfaces[leaves->element_count].size = (uint32_t)size;
    leaves->element_count++;
    store_u32(key->data + KEY_HEAD_BYTES, leaves->element_count);
}

/* One word that is no hyphen word. In STANDARD mode it also answers joined forms. */
static lupe_status word_add(struct parse_leaves *leaves, int field, const uint8_t *surface,
                            size_t size)
{
    bool joined = leaves->schema->analysis == LUPE_ANALYSIS_STANDARD;
    struct open_element element;

    element_open(leaves, &element);
    for (unsigned r = 0; r < leaves_readings(leaves, field); r++) {
        alternative_open(leaves, &element, joined);
        lupe_status status =
            alternative_term(leaves, &element, reading_analyzer(leaves, field, r), surface, size);
        if (status != LUPE_OK)
            return status;
        alternative_close(leaves, &element);
    }
    element_close(leaves, &element, surface, size);
    return LUPE_OK;
}

/* A hyphen word: its parts in sequence, or their joined form. */
static lupe_status hyphen_word_add(struct parse_leaves *leaves, int field, const uint8_t *text,
                                   const struct word *parts, unsigned count)
{
    lupe_status status = LUPE_OK;
    const uint8_t *surface = text + parts[0].start;
    size_t size = parts[count - 1].start + parts[count - 1].size - parts[0].start;
    struct open_element element;

    element_open(leaves, &element);
    for (unsigned r = 0; r < leaves_readings(leaves, field); r++) {
        struct analyzer *analyzer = reading_analyzer(leaves, field, r);
        alternative_open(leaves, &element, false);
        for (unsigned i = 0; i < count; i++)
            TRY(alternative_term(leaves, &element, analyzer, text + parts[i].start, parts[i].size));
        alternative_close(leaves, &element);
        alternative_open(leaves, &element, true);
        TRY(alternative_term(leaves, &element, analyzer, surface, size));
        alternative_close(leaves, &element);
    }
    element_close(leaves, &element, surface, size);
out:
    return status;
}

lupe_status leaves_word(struct parse_leaves *leaves, int field, const uint8_t *text,
                        const struct word *parts, unsigned count)
{
    lupe_status status = LUPE_OK;
    bool hyphen_word = count > 1 && leaves->schema->analysis == LUPE_ANALYSIS_STANDARD;

    assert(count >= 1);
    if (hyphen_word && leaves->element_count < PHRASE_WORDS_MAX)
        return hyphen_word_add(leaves, field, text, parts, count);
    for (unsigned i = 0; i < count; i++) {
        if (leaves->element_count == PHRASE_WORDS_MAX)
            leaves->words_dropped++;
        else
            TRY(word_add(leaves, field, text + parts[i].start, parts[i].size));
    }
out:
    return status;
}

lupe_status leaves_word_exact(struct parse_leaves *leaves, int field, const uint8_t *text,
                              const struct word *parts, unsigned count)
{
    lupe_status status = LUPE_OK;
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *surface = text + parts[i].start;
        struct open_element element;
        struct term form;
        if (leaves->element_count == PHRASE_WORDS_MAX) {
            leaves->words_dropped++;
            continue;
        }
        element_open(leaves, &element);
        for (unsigned r = 0; r < leaves_readings(leaves, field); r++) {
            struct analyzer *analyzer = reading_analyzer(leaves, field, r);
            alternative_open(leaves, &element, EXACT);
            TRY(alternative_term(leaves, &element, analyzer, surface, parts[i].size));
            if (element.term_count) {
                analyzer_form(analyzer, surface, parts[i].size, &form);
                if (form.size == 0) /* marks alone: no word has that form */
                    form = (struct term){.size = 1};
                buffer_add_u32(&leaves->key, form.size);
                buffer_add(&leaves->key, form.bytes, form.size);
                element.term_count++;
            }
            alternative_close(leaves, &element);
        }
        element_close(leaves, &element, surface, parts[i].size);
    }
out:
    return status;
}

static uint32_t leaf_slot(const struct parse_leaves *leaves, const struct parse_leaf *leaf)
{
    uint32_t slot = (uint32_t)leaf->hash & (leaves->slot_count - 1);
    while (leaves->slots[slot] != leaf)
        slot = (slot + 1) & (leaves->slot_count - 1);
    return slot;
}

lupe_status leaves_end(struct parse_leaves *leaves, const struct parse_leaf **leaf)
{
    *leaf = NULL;
    if (leaves->element_count == 0)
        return buffer_status(&leaves->key);
    return leaf_intern(leaves, leaves->element_count, leaf);
}

lupe_status leaves_end_quoted(struct parse_leaves *leaves, const struct parse_leaf **leaf)
{
    lupe_status status = leaves_end(leaves, leaf);
    if (!status && *leaf)
        leaves->slots[leaf_slot(leaves, *leaf)]->node.quoted = true;
    return status;
}

lupe_status leaves_end_fuzzy(struct parse_leaves *leaves, uint8_t edits,
                             const struct parse_leaf **leaf)
{
    if (leaves->element_count)
        buffer_add_u8(&leaves->key, edits);
    lupe_status status = leaves_end(leaves, leaf);
    if (!status && *leaf)
        leaves->slots[leaf_slot(leaves, *leaf)]->node.edits = edits;
    return status;
}

/* ---- prefixes and keywords */

lupe_status leaves_prefix(struct parse_leaves *leaves, int field, unsigned reading,
                          const uint8_t *text, size_t size, const struct parse_leaf **leaf,
                          bool *covers)
{
    lupe_status status = LUPE_OK;
    struct analyzer *analyzer = reading_analyzer(leaves, field, reading);
    struct term prefix;
    struct term word;

    *leaf = NULL;
    *covers = true;
    TRY(analyzer_fold(analyzer, text, size, &prefix));
    TRY(analyzer_term(analyzer, text, size, &word));
    if (prefix.size == 0)
        goto out;
    *covers = word.size >= prefix.size && memcmp(word.bytes, prefix.bytes, prefix.size) == 0;
    key_begin(leaves, NODE_PREFIX, field);
    buffer_add(&leaves->key, prefix.bytes, prefix.size);
    TRY(leaf_intern(leaves, 1, leaf));
out:
    return status;
}

lupe_status leaves_keyword(struct parse_leaves *leaves, int field, const uint8_t *value,
                           size_t size, const struct parse_leaf **leaf)
{
    *leaf = NULL;
    if (size == 0)
        return LUPE_OK;
    key_begin(leaves, NODE_KEYWORD, field);
    buffer_add(&leaves->key, value, size);
    return leaf_intern(leaves, 1, leaf);
}
