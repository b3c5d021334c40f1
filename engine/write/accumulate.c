/* SPDX-License-Identifier: MIT
 *
 * accumulate.c - see accumulate.h.
 *
 * Words are taken ITEMS at a time, in three passes: find and hash them, look each up, append to
 * their lists; each pass prefetches what the next one touches, since a rare word misses the
 * processor's caches three times.
 */
#include "write/accumulate.h"

#include "base/hash.h"
#include "text/suspended.h"
#include "text/words.h"

#define ITEMS 64u              /* words a pass, */
#define ITEMS_MAX (3u * ITEMS) /* and some more: joined forms, and simple words */
#define ITEMS_SIMPLE_MAX (2u * ITEMS)
#define SUSPENDED_MAX (ITEMS - 8u) /* words meant by suspended hyphens, of these */
#define SURFACE_CUT 0x8000u        /* the term was cut; beside the space, which is smaller */
#define KEPT_BYTES (1u << 20) /* a reset accumulator keeps no table or buffer larger than this */
#define LIST_BLOCK_BYTES ((LIST_BLOCK_LISTS + 1) * sizeof(struct growing_list))
#define ANALYZERS_MAX 256u

/* What a word belongs to: the cache keeps equal bytes of different spaces apart. */
#define SPACE(analyzer, parts) ((analyzer)*16u + (parts))

/* A cached surface form; offsets of them are multiples of 8, bytes are padded with zeros. */
struct surface {
    uint32_t list;
    uint16_t size;
    uint16_t space; /* and SURFACE_CUT */
    uint64_t bytes[];
};
_Static_assert(sizeof(struct surface) == 8, "surfaces lie at multiples of 8");

struct word_item {
    uint64_t low; /* of a short word */
    uint32_t high;
    uint32_t hash;
    const uint8_t *bytes;
    uint32_t size;
    uint32_t space;
    uint32_t position;
    uint32_t ref;              /* of a long word */
    struct growing_list *list; /* NULL: nothing to index */
    uint8_t form;              /* of its word, see growing.h */
};

/* Some words of a value. Short and long ones are looked for apart, each without asking for every
 * word which it is: no processor predicts that. */
struct word_items {
    unsigned count;
    unsigned short_count;
    unsigned long_count;
    uint8_t shorts[ITEMS_MAX + 1]; /* their numbers; one more: each is put, and counted or not */
    uint8_t longs[ITEMS_MAX + 1];
    struct word_item list[ITEMS_MAX];
    unsigned suspended_count;
    uint8_t suspended[SUSPENDED_MAX][SUSPENDED_BYTES_MAX + BATCH_PADDING_BYTES];
};
_Static_assert(ITEMS_MAX < 256, "items are numbered in bytes");

/* ---- opening */

static lupe_status analyzer_number(struct accumulator *accumulator,
                                   const struct catalogue *catalogue, const char *language,
                                   uint8_t *number)
{
    if (accumulator->analyzer_count == ANALYZERS_MAX)
        return fail(LUPE_LIMIT, "more than %u languages in one index", ANALYZERS_MAX);
    struct analyzer *analyzer = NULL;
    lupe_status status =
        analyzer_open_with(catalogue->analysis, catalogue->flags, language[0] ? language : NULL,
                           catalogue->words, &analyzer);
    if (status != LUPE_OK)
        return status;
    for (uint32_t i = 0; i < accumulator->analyzer_count; i++) {
        if (!strcmp(analyzer_language(accumulator->analyzers[i]), analyzer_language(analyzer))) {
            analyzer_close(analyzer);
            *number = (uint8_t)i;
            return LUPE_OK;
        }
    }
    *number = (uint8_t)accumulator->analyzer_count;
    accumulator->analyzers[accumulator->analyzer_count++] = analyzer;
    if (analyzer_lexicon(analyzer))
        accumulator->splitter = analyzer;
    return LUPE_OK;
}

static lupe_status schema_take(struct accumulator *accumulator, const struct catalogue *catalogue)
{
    lupe_status status = LUPE_OK;
    uint8_t number;
    uint32_t languages = 1;
    for (uint32_t i = 0; i < catalogue->field_count; i++)
        languages += catalogue->fields[i].language[0] != 0;
    accumulator->analyzers = memory_zalloc(languages, sizeof *accumulator->analyzers);
    accumulator->field_analyzers = memory_zalloc(catalogue->field_count + 1, 1);
    accumulator->field_own_list = memory_zalloc(catalogue->field_count + 1, sizeof(bool));
    if (!accumulator->analyzers || !accumulator->field_analyzers || !accumulator->field_own_list)
        return fail_memory();
    TRY(analyzer_number(accumulator, catalogue, catalogue->language, &number));
    accumulator->field_count = catalogue->field_count;
    for (uint32_t i = 0; i < catalogue->field_count; i++) {
        const struct field *field = &catalogue->fields[i];
        if (field->kind != LUPE_TEXT)
            continue;
        accumulator->field_own_list[i] = field->flags & FIELD_OWN_LIST;
        if (field->language[0])
            TRY(analyzer_number(accumulator, catalogue, field->language,
                                &accumulator->field_analyzers[i]));
    }
out:
    return status;
}

lupe_status accumulator_open(const struct catalogue *catalogue,
                             struct accumulator **out_accumulator)
{
    lupe_status status = LUPE_OK;
    *out_accumulator = NULL;
    struct accumulator *accumulator = memory_zalloc(1, sizeof *accumulator);
    if (!accumulator)
        return fail_memory();
    accumulator->analysis = catalogue->analysis;
    accumulator->with_positions = !(catalogue->flags & LUPE_WITHOUT_POSITIONS);
    accumulator->with_parts = catalogue->analysis == LUPE_ANALYSIS_STANDARD &&
                              !(catalogue->flags & LUPE_WITHOUT_COMPOUNDS);
    accumulator->with_forms = catalogue_has_forms(catalogue);
    accumulator->field_gap = catalogue->field_gap;
    accumulator->surfaces = BUFFER_INIT(0);
    accumulator->keys = BUFFER_INIT(UINT32_MAX);
    part_notes_init(&accumulator->parts);
    compound_queue_init(&accumulator->compounds);
    accumulator->items = memory_alloc(sizeof *accumulator->items);
    if (!accumulator->items) {
        status = fail_memory();
        goto out;
    }
    TRY(schema_take(accumulator, catalogue));
    *out_accumulator = accumulator;
    accumulator = NULL;
out:
    accumulator_close(accumulator);
    return status;
}

static void lists_trim(struct accumulator *accumulator, uint32_t blocks)
{
    while (accumulator->list_block_count > blocks)
        memory_free(accumulator->list_blocks[--accumulator->list_block_count]);
}

void accumulator_close(struct accumulator *accumulator)
{
    if (!accumulator)
        return;
    for (uint32_t i = 0; i < accumulator->analyzer_count; i++)
        analyzer_close(accumulator->analyzers[i]);
    memory_free(accumulator->analyzers);
    memory_free(accumulator->field_analyzers);
    memory_free(accumulator->field_own_list);
    memory_free(accumulator->short_table.slots);
    memory_free(accumulator->surface_table.slots);
    memory_free(accumulator->term_table.slots);
    buffer_free(&accumulator->surfaces);
    buffer_free(&accumulator->keys);
    part_notes_free(&accumulator->parts);
    compound_queue_free(&accumulator->compounds);
    lists_trim(accumulator, 0);
    memory_free(accumulator->list_blocks);
    pool_trim(&accumulator->pool, 0);
    memory_free(accumulator->pool.blocks);
    memory_free(accumulator->documents);
    memory_free(accumulator->boundaries);
    memory_free(accumulator->items);
    memory_free(accumulator->values);
    memory_free(accumulator);
}

static void buffer_reset(struct buffer *buffer)
{
    if (buffer->capacity > KEPT_BYTES || buffer->status != LUPE_OK)
        buffer_free(buffer);
    buffer_clear(buffer);
}

/* Gives back what only adding needs, where it is large. */
static void tables_reset(struct accumulator *accumulator)
{
    short_table_reset(&accumulator->short_table, KEPT_BYTES);
    table_reset(&accumulator->surface_table, KEPT_BYTES);
    table_reset(&accumulator->term_table, KEPT_BYTES);
    buffer_reset(&accumulator->surfaces);
    buffer_reset(&accumulator->compounds.words);
    if (part_notes_bytes(&accumulator->parts) > KEPT_BYTES)
        part_notes_seal(&accumulator->parts);
}

lupe_status accumulator_seal(struct accumulator *accumulator)
{
    lupe_status status = LUPE_OK;
    if (accumulator->splitter)
        status = compound_queue_note(&accumulator->compounds, accumulator->splitter,
                                     &accumulator->parts);
    tables_reset(accumulator);
    return status;
}

void accumulator_reset(struct accumulator *accumulator)
{
    tables_reset(accumulator);
    buffer_reset(&accumulator->keys);
    part_notes_reset(&accumulator->parts, KEPT_BYTES);
    accumulator->list_count = 0;
    lists_trim(accumulator, KEPT_BYTES / LIST_BLOCK_BYTES);
    pool_trim(&accumulator->pool, KEPT_BYTES / POOL_BLOCK_BYTES);
    accumulator->pool.kept = 0;
    accumulator->pool.next = 0;
    accumulator->document_count = 0;
    accumulator->boundary_count = 0;
    accumulator->words_cut = 0;
    if (accumulator->document_capacity * sizeof *accumulator->documents > KEPT_BYTES) {
        memory_free(accumulator->documents);
        accumulator->documents = NULL;
        accumulator->document_capacity = 0;
    }
    if (accumulator->boundary_capacity * sizeof *accumulator->boundaries > KEPT_BYTES) {
        memory_free(accumulator->boundaries);
        accumulator->boundaries = NULL;
        accumulator->boundary_capacity = 0;
    }
}

size_t accumulator_bytes(const struct accumulator *accumulator)
{
    return short_table_bytes(&accumulator->short_table) + table_bytes(&accumulator->surface_table) +
           table_bytes(&accumulator->term_table) + accumulator->surfaces.size +
           accumulator->keys.size + part_notes_bytes(&accumulator->parts) +
           accumulator->compounds.words.size +
           accumulator->list_count * sizeof(struct growing_list) +
           (size_t)accumulator->pool.kept * POOL_BLOCK_BYTES +
           accumulator->document_count * sizeof *accumulator->documents +
           accumulator->boundary_count * sizeof *accumulator->boundaries;
}

/* One more document adds at most DOCUMENT_BYTES_MAX of surface forms, terms and postings; the pool
 * and the offsets below are 32-bit numbers of units. */
bool accumulator_full(const struct accumulator *accumulator)
{
    return accumulator->document_count >= SEGMENT_DOCUMENTS_MAX ||
           accumulator->keys.size > UINT32_MAX / 4 ||
           accumulator->surfaces.size > (uint64_t)UINT32_MAX * 4 ||
           accumulator->boundary_count > UINT32_MAX / 4 ||
           accumulator->pool.kept > UINT32_MAX / POOL_UNITS / 2;
}

/* ---- growing lists */

static lupe_status list_block(struct accumulator *accumulator)
{
    if (accumulator->list_block_count == accumulator->list_block_capacity) {
        uint32_t capacity =
            accumulator->list_block_capacity ? accumulator->list_block_capacity * 2 : 16;
        void **blocks = memory_realloc(accumulator->list_blocks, capacity * sizeof *blocks);
        if (!blocks)
            return fail_memory();
        accumulator->list_blocks = blocks;
        accumulator->list_block_capacity = capacity;
    }
    void *block = memory_alloc(LIST_BLOCK_BYTES);
    if (!block)
        return fail_memory();
    accumulator->list_blocks[accumulator->list_block_count++] = block;
    return LUPE_OK;
}

static lupe_status list_new(struct accumulator *accumulator, const uint8_t *key, size_t key_size,
                            enum growing_kind kind, uint32_t *number)
{
    lupe_status status = LUPE_OK;
    if (accumulator->list_count == accumulator->list_block_count * LIST_BLOCK_LISTS)
        TRY(list_block(accumulator));
    struct growing_list *list = accumulator_list(accumulator, accumulator->list_count);
    buffer_add_u32(&accumulator->keys, FORMS_NONE);
    TRY(growing_init(&accumulator->pool, list, kind, (uint32_t)accumulator->keys.size));
    buffer_add_u8(&accumulator->keys, (uint8_t)key_size);
    buffer_add(&accumulator->keys, key, key_size);
    TRY(buffer_status(&accumulator->keys));
    *number = accumulator->list_count++;
out:
    return status;
}

lupe_status accumulator_list_of_key(struct accumulator *accumulator, const uint8_t *key,
                                    size_t key_size, enum growing_kind kind, uint32_t *number)
{
    lupe_status status = LUPE_OK;
    struct table *table = &accumulator->term_table;
    uint32_t hash = (uint32_t)hash_bytes(key, key_size);
    TRY(table_room(table));
    uint32_t at = hash & (table->slot_count - 1);
    for (; table->slots[at].ref; at = (at + 1) & (table->slot_count - 1)) {
        if (table->slots[at].hash != hash)
            continue;
        *number = table->slots[at].ref - 1;
        const uint8_t *known = accumulator->keys.data + accumulator_list(accumulator, *number)->key;
        if (known[0] == key_size && !memcmp(known + 1, key, key_size))
            return LUPE_OK;
    }
    TRY(list_new(accumulator, key, key_size, kind, number));
    table_insert(table, hash, *number + 1);
out:
    return status;
}

/* ---- surface forms */

static inline bool surface_equals(const struct surface *surface, const struct word_item *item)
{
    if (surface->size != item->size || (surface->space & ~SURFACE_CUT) != item->space)
        return false;
    const uint8_t *bytes = item->bytes;
    const uint64_t *known = surface->bytes;
    uint32_t size = item->size;
    for (; size > 8; size -= 8, bytes += 8, known++)
        if (load_u64(bytes) != *known)
            return false;
    return last_bytes(bytes, size) == *known;
}

static inline struct surface *surface_at(const struct accumulator *accumulator, uint32_t ref)
{
    return (struct surface *)(void *)(accumulator->surfaces.data + (size_t)ref * 8);
}

/* Has the word that the analyzer saw last split. */
static lupe_status compound_note(struct accumulator *accumulator, struct analyzer *analyzer,
                                 uint32_t list)
{
    const uint8_t *folded;
    size_t size;
    if (!analyzer_folded(analyzer, &folded, &size))
        return LUPE_OK;
    lupe_status status = compound_queue_add(&accumulator->compounds, list, folded, size);
    if (status || !compound_queue_full(&accumulator->compounds))
        return status;
    return compound_queue_note(&accumulator->compounds, analyzer, &accumulator->parts);
}

/* Asks for what form_number will look at: the last form of a word is at a random place. */
static inline void form_ask(const struct accumulator *accumulator, uint32_t list)
{
    const uint8_t *keys = accumulator->keys.data;
    __builtin_prefetch(keys + load_u32(keys + accumulator_list(accumulator, list)->key - 4));
}

/* The number of a form of a word, given when it is new; beyond FORMS_MAX the forms of a word are
 * one, which has no bytes. */
static lupe_status form_number(struct accumulator *accumulator, uint32_t list,
                               const struct term *form, uint8_t *number)
{
    struct buffer *keys = &accumulator->keys;
    uint32_t key_at = accumulator_list(accumulator, list)->key;
    uint8_t *key = keys->data + key_at;
    uint32_t size = form->size;
    bool is_term = size + 2 == key[0] && !memcmp(form->bytes, key + 3, size);
    uint32_t last = load_u32(key - 4);
    uint32_t at = last;
    struct surface_form known = {.number = 0};
    *number = 0;
    if (last == FORMS_NONE && is_term) {
        store_u32(key - 4, FORMS_IS_TERM);
        return LUPE_OK;
    }
    for (; at > FORMS_IS_TERM; at = known.next) {
        known = accumulator_form(accumulator, at);
        *number = known.number;
        if (known.size == size && !memcmp(known.bytes, form->bytes, size))
            return LUPE_OK;
    }
    *number = 0;
    if (at == FORMS_IS_TERM && is_term)
        return LUPE_OK;
    if (last != FORMS_NONE)
        *number = last == FORMS_IS_TERM ? 1 : accumulator_form(accumulator, last).number + 1;
    if (*number >= FORMS_MAX - 1) {
        *number = FORMS_MAX - 1;
        size = 0;
        if (last > FORMS_IS_TERM && accumulator_form(accumulator, last).number == *number)
            return LUPE_OK;
    }
    uint8_t head[SURFACE_FORM_HEAD_BYTES] = {0, 0, 0, 0, *number, (uint8_t)size};
    store_u32(head, last);
    store_u32(key - 4, (uint32_t)keys->size);
    buffer_add(keys, head, sizeof head);
    buffer_add(keys, form->bytes, size);
    return buffer_status(keys);
}

/* A list and a form of its word in one number; lists without have the form 0. */
#define LIST_BITS 24u
#define LIST_NONE UINT32_MAX /* a surface form with nothing to index */
#define LISTS_NUMBERED ((1u << LIST_BITS) - 1u)

/* Analyzes a new surface form and finds or makes its list. */
static lupe_status surface_list(struct accumulator *accumulator, const struct word_item *item,
                                uint32_t *list, uint8_t *form, uint16_t *flags)
{
    struct term term;
    uint8_t key[KEY_BYTES_MAX];
    unsigned parts = item->space % 16;
    lupe_status status =
        analyzer_term(accumulator->analyzers[item->space / 16], item->bytes, item->size, &term);
    *list = LIST_NONE;
    *form = 0;
    *flags = 0;
    if (status != LUPE_OK || term.size == 0)
        return status;
    *flags = term.cut ? SURFACE_CUT : 0;
    size_t key_size = key_make(key, parts ? LIST_JOINED : LIST_WORDS, term.bytes, term.size);
    if (parts) {
        key[key_size++] = 0;
        key[key_size++] = (uint8_t)parts;
    }
    status =
        accumulator_list_of_key(accumulator, key, key_size,
                                accumulator->with_positions ? GROWING_POSITIONS : GROWING_TF, list);
    if (status != LUPE_OK || parts)
        return status;
    form_ask(accumulator, *list);
    if (accumulator->with_parts)
        TRY(compound_note(accumulator, accumulator->analyzers[item->space / 16], *list));
    if (accumulator->with_forms) {
        analyzer_form(accumulator->analyzers[item->space / 16], item->bytes, item->size, &term);
        TRY(form_number(accumulator, *list, &term, form));
    }
out:
    return status;
}

/* What a slot says of a word. */
static inline void item_set(const struct accumulator *accumulator, struct word_item *item,
                            uint32_t number)
{
    item->list =
        number == LIST_NONE ? NULL : accumulator_list(accumulator, number % (1u << LIST_BITS));
    item->form = number >> LIST_BITS;
}

/* The number for the slot of a new word, and the item that it is for. Beyond LISTS_NUMBERED lists,
 * which no flush has but one of a monstrous document, words are not cached. */
static lupe_status item_number(struct accumulator *accumulator, struct word_item *item,
                               uint32_t *number, uint16_t *flags, bool *cached)
{
    uint8_t form;
    lupe_status status = surface_list(accumulator, item, number, &form, flags);
    *cached = *number == LIST_NONE || *number < LISTS_NUMBERED;
    if (status || *number == LIST_NONE)
        return status;
    item->list = accumulator_list(accumulator, *number);
    item->form = form;
    *number |= (uint32_t)form << LIST_BITS;
    return LUPE_OK;
}

/* *ref is 0 where the word is not cached. */
static __attribute__((noinline)) lupe_status surface_new(struct accumulator *accumulator,
                                                         struct word_item *item, uint32_t *ref)
{
    lupe_status status = LUPE_OK;
    uint32_t list;
    uint16_t flags;
    bool cached;
    *ref = 0;
    TRY(table_room(&accumulator->surface_table));
    TRY(item_number(accumulator, item, &list, &flags, &cached));
    if (!cached) {
        accumulator->words_cut += flags / SURFACE_CUT;
        return LUPE_OK;
    }

    struct buffer *surfaces = &accumulator->surfaces;
    size_t size = sizeof(struct surface) + ((size_t)item->size + 7) / 8 * 8;
    uint8_t *room = buffer_reserve(surfaces, size);
    if (!room)
        return buffer_status(surfaces);
    struct surface *surface = (struct surface *)(void *)room;
    memset(room, 0, size);
    surface->list = list;
    surface->size = (uint16_t)item->size;
    surface->space = (uint16_t)(item->space | flags);
    memcpy(surface->bytes, item->bytes, item->size);
    *ref = (uint32_t)(surfaces->size / 8);
    surfaces->size += size;
    table_insert(&accumulator->surface_table, item->hash, *ref);
out:
    return status;
}

/* The surface form that has the item's hash, most likely its own; 0: none. */
static inline uint32_t surface_guess(const struct table *table, const struct word_item *item)
{
    uint32_t mask = table->slot_count - 1;
    uint32_t at = item->hash & mask;
    while (table->slots[at].ref && table->slots[at].hash != item->hash)
        at = (at + 1) & mask;
    return table->slots[at].ref;
}

static __attribute__((noinline)) lupe_status surface_search(struct accumulator *accumulator,
                                                            struct word_item *item, uint32_t *ref)
{
    const struct table *table = &accumulator->surface_table;
    uint32_t mask = table->slot_count - 1;
    for (uint32_t at = item->hash & mask; table->slots[at].ref; at = (at + 1) & mask) {
        *ref = table->slots[at].ref;
        if (table->slots[at].hash == item->hash &&
            surface_equals(surface_at(accumulator, *ref), item))
            return LUPE_OK;
    }
    return surface_new(accumulator, item, ref);
}

/* ---- short words */

static __attribute__((noinline)) lupe_status short_new(struct accumulator *accumulator,
                                                       struct word_item *item)
{
    lupe_status status = LUPE_OK;
    struct short_table *table = &accumulator->short_table;
    uint32_t number;
    uint16_t cut;
    bool cached;
    TRY(short_room(table));
    TRY(item_number(accumulator, item, &number, &cut, &cached));
    if (number == LIST_NONE)
        item_set(accumulator, item, number);
    if (!cached)
        return LUPE_OK;
    struct short_slot slot = {item->low, item->high, number};
    short_insert(table, &slot);
out:
    return status;
}

static inline lupe_status short_find(struct accumulator *accumulator, struct word_item *item)
{
    const struct short_table *table = &accumulator->short_table;
    uint32_t mask = table->slot_count - 1;
    for (uint32_t at = item->hash & mask; table->slots[at].low; at = (at + 1) & mask) {
        if (table->slots[at].low == item->low && table->slots[at].high == item->high) {
            item_set(accumulator, item, table->slots[at].list);
            return LUPE_OK;
        }
    }
    return short_new(accumulator, item);
}

/* ---- words */

static inline lupe_status long_find(struct accumulator *accumulator, struct word_item *item)
{
    uint32_t ref = item->ref;
    if (!ref || !surface_equals(surface_at(accumulator, ref), item)) {
        lupe_status status = surface_search(accumulator, item, &ref);
        if (status != LUPE_OK)
            return status;
    }
    if (!ref)
        return LUPE_OK; /* surface_new has set it */
    const struct surface *surface = surface_at(accumulator, ref);
    accumulator->words_cut += surface->space / SURFACE_CUT;
    item_set(accumulator, item, surface->list);
    return LUPE_OK;
}

/* The second pass: the list of each item. */
static lupe_status items_find(struct accumulator *accumulator)
{
    lupe_status status = LUPE_OK;
    struct word_items *items = accumulator->items;
    for (unsigned i = 0; i < items->long_count; i++) {
        struct word_item *item = &items->list[items->longs[i]];
        item->ref = surface_guess(&accumulator->surface_table, item);
        __builtin_prefetch(surface_at(accumulator, item->ref));
    }
    for (unsigned i = 0; i < items->short_count; i++) {
        struct word_item *item = &items->list[items->shorts[i]];
        TRY(short_find(accumulator, item));
        __builtin_prefetch(item->list, 1);
    }
    for (unsigned i = 0; i < items->long_count; i++) {
        struct word_item *item = &items->list[items->longs[i]];
        TRY(long_find(accumulator, item));
        __builtin_prefetch(item->list, 1);
    }
    for (unsigned i = 0; i < items->count; i++)
        if (items->list[i].list)
            __builtin_prefetch(items->list[i].list->next, 1);
out:
    return status;
}

/* ---- one text value */

/* Which bytes of the first eight and of the four behind them belong to a word of a size. */
#define ALL64 (~(uint64_t)0)
static const uint64_t short_masks[SHORT_BYTES_MAX + 1][2] = {
    {0, 0},           {ALL64 >> 56, 0},  {ALL64 >> 48, 0},   {ALL64 >> 40, 0}, {ALL64 >> 32, 0},
    {ALL64 >> 24, 0}, {ALL64 >> 16, 0},  {ALL64 >> 8, 0},    {ALL64, 0},       {ALL64, 0xff},
    {ALL64, 0xffff},  {ALL64, 0xffffff}, {ALL64, 0xffffffff}};

static inline void item_add(struct word_items *items, const uint8_t *bytes, uint32_t size,
                            uint32_t space, uint32_t position)
{
    struct word_item *item = &items->list[items->count];
    bool is_short = size <= SHORT_BYTES_MAX && space == 0;
    item->bytes = bytes;
    item->size = size;
    item->space = space;
    item->position = position;
    items->shorts[items->short_count] = items->longs[items->long_count] = (uint8_t)items->count++;
    items->short_count += is_short;
    items->long_count += !is_short;
}

static void items_hash(struct accumulator *accumulator)
{
    struct word_items *items = accumulator->items;
    const struct short_table *short_table = &accumulator->short_table;
    const struct table *table = &accumulator->surface_table;
    for (unsigned i = 0; i < items->short_count; i++) {
        struct word_item *item = &items->list[items->shorts[i]];
        item->low = load_u64(item->bytes) & short_masks[item->size][0];
        item->high = load_u32(item->bytes + 8) & (uint32_t)short_masks[item->size][1];
        item->hash = short_hash(item->low, item->high);
        __builtin_prefetch(&short_table->slots[item->hash & (short_table->slot_count - 1)]);
    }
    for (unsigned i = 0; i < items->long_count; i++) {
        struct word_item *item = &items->list[items->longs[i]];
        item->hash = word_hash(item->bytes, item->size, item->space);
        __builtin_prefetch(&table->slots[item->hash & (table->slot_count - 1)]);
    }
}

/* ---- suspended hyphens */

/* The word that a piece with a hyphen stands for is a joined form: of a term and a span they lie in
 * ascending order. */
static void suspended_add(struct accumulator *accumulator, struct text_state *state,
                          const struct suspended *suspended)
{
    struct word_items *items = accumulator->items;
    uint32_t span = suspended->span;
    if (suspended->size == 0 || items->suspended_count == SUSPENDED_MAX ||
        suspended->back > state->position ||
        state->position - suspended->back < state->joined_from[span])
        return;
    uint32_t position = state->position - suspended->back;
    uint8_t *bytes = items->suspended[items->suspended_count++];
    memcpy(bytes, suspended->bytes, suspended->size);
    memset(bytes + suspended->size, 0, BATCH_PADDING_BYTES);
    item_add(items, bytes, suspended->size, SPACE(state->analyzer, span), position);
    state->joined_from[span] = position + 1;
}

/* Before a word that begins at state->position is added. */
static __attribute__((noinline)) lupe_status suspended_find(struct accumulator *accumulator,
                                                            struct text_state *state, size_t start,
                                                            size_t end, bool whole)
{
    const struct word_scanner *scanner = &state->scanner;
    struct suspended_word piece = {scanner->text, scanner->size, start, end};
    struct analyzer *analyzer = accumulator->analyzers[state->analyzer];
    struct suspended suspended;
    lupe_status status = LUPE_OK;
    if (whole && suspended_leads(scanner->text, start)) {
        TRY(suspended_behind(analyzer, &piece, &suspended));
        suspended_add(accumulator, state, &suspended);
    }
    if (suspended_hangs(scanner->text, scanner->size, end)) {
        TRY(suspended_ahead(analyzer, &piece, &suspended));
        suspended_add(accumulator, state, &suspended);
    }
out:
    return status;
}

/* Words that belong to no hyphen word, as far as there are any here. */
static lupe_status items_scan_simple(struct accumulator *accumulator, struct text_state *state)
{
    struct word_items *items = accumulator->items;
    struct word_place places[ITEMS_SIMPLE_MAX];
    lupe_status status = LUPE_OK;
    unsigned words = words_simple(&state->scanner, places, ITEMS_SIMPLE_MAX - items->count);
    bool leads = state->suspends && state->scanner.leads;
    unsigned left = state->position < DOCUMENT_WORDS_MAX ? DOCUMENT_WORDS_MAX - state->position : 0;
    if (words > left) {
        accumulator->words_cut += words - left;
        words = left;
        state->full = true;
    }
    for (unsigned i = 0; i < words; i++) {
        if (leads && suspended_leads(state->scanner.text, places[i].start))
            TRY(suspended_find(accumulator, state, places[i].start,
                               places[i].start + places[i].size, true));
        item_add(items, state->scanner.text + places[i].start, places[i].size,
                 SPACE(state->analyzer, 0), state->position++);
    }
out:
    return status;
}

/* The first pass: ITEMS words or a few more; none at the end. */
static lupe_status items_scan(struct accumulator *accumulator, struct text_state *state)
{
    struct word_items *items = accumulator->items;
    lupe_status status = LUPE_OK;
    struct word word;
    items->count = items->short_count = items->long_count = items->suspended_count = 0;
    while (items->count < ITEMS) {
        unsigned before = items->count;
        TRY(items_scan_simple(accumulator, state));
        if (state->full)
            break;
        if (items->count > before)
            continue;
        if (!word_next(&state->scanner, &word))
            break;
        if (state->position >= DOCUMENT_WORDS_MAX) {
            state->full = true;
            accumulator->words_cut++;
            break;
        }
        const uint8_t *bytes = state->scanner.text + word.start;
        if (word.joined_size && word.joined_size <= UINT16_MAX) {
            item_add(items, bytes, word.joined_size, SPACE(state->analyzer, word.parts),
                     state->position);
            state->joined_from[word.parts] = state->position + 1;
        }
        if (state->suspends && word.part <= 1)
            TRY(suspended_find(accumulator, state, word.start,
                               word.start + (word.joined_size ? word.joined_size : word.size),
                               word.parts == 1));
        item_add(items, bytes, word.size, SPACE(state->analyzer, 0), state->position++);
    }
    items_hash(accumulator);
out:
    return status;
}

/* The words of a field with a weight have a list of their own besides. */
static lupe_status append_own_list(struct accumulator *accumulator, uint32_t field,
                                   const struct growing_list *list, uint32_t document)
{
    uint8_t key[KEY_BYTES_MAX];
    uint32_t own;
    const uint8_t *known = accumulator->keys.data + list->key;
    size_t key_size = key_make(key, LIST_FIELDS + field, known + 3, known[0] - 2u);
    lupe_status status = accumulator_list_of_key(accumulator, key, key_size, GROWING_TF, &own);
    if (status == LUPE_OK)
        status = growing_add_tf(&accumulator->pool, accumulator_list(accumulator, own), document);
    return status;
}

static lupe_status items_append(struct accumulator *accumulator, uint32_t document,
                                uint32_t *length)
{
    lupe_status status = LUPE_OK;
    struct pool *pool = &accumulator->pool;
    const struct word_items *items = accumulator->items;
    for (unsigned i = 0; i < items->count; i++) {
        const struct word_item *item = &items->list[i];
        if (!item->list)
            continue;
        if (accumulator->with_positions)
            TRY(growing_add_position(pool, item->list, document, item->position, item->form));
        else
            TRY(growing_add_tf(pool, item->list, document));
        *length += item->space % 16 == 0;
    }
out:
    return status;
}

lupe_status accumulator_text(struct accumulator *accumulator, const struct batch_value *value,
                             uint32_t document, struct text_state *state, uint32_t *length)
{
    lupe_status status = LUPE_OK;
    const struct word_items *items = accumulator->items;
    bool known = value->field < accumulator->field_count;
    bool own_list = known && accumulator->field_own_list[value->field];
    struct word word;

    state->analyzer = known ? accumulator->field_analyzers[value->field] : 0;
    state->suspends = analyzer_lexicon(accumulator->analyzers[state->analyzer]) != NULL;
    word_scanner_init(&state->scanner, accumulator->analysis, value->data, value->size);
    while (!state->full) {
        TRY(items_scan(accumulator, state));
        if (items->count == 0)
            break;
        TRY(items_find(accumulator));
        TRY(items_append(accumulator, document, length));
        for (unsigned i = 0; own_list && i < items->count; i++) {
            const struct word_item *item = &items->list[i];
            if (item->list && item->space % 16 == 0)
                TRY(append_own_list(accumulator, value->field, item->list, document));
        }
    }
    while (state->full && word_next(&state->scanner, &word))
        accumulator->words_cut++;
out:
    return status;
}

lupe_status accumulator_begin(struct accumulator *accumulator)
{
    lupe_status status = LUPE_OK;
    TRY(short_room(&accumulator->short_table));
    TRY(table_room(&accumulator->surface_table));
    if (accumulator->surfaces.size == 0) /* so that no reference is 0 */
        buffer_add_u64(&accumulator->surfaces, 0);
    TRY(buffer_status(&accumulator->surfaces));
out:
    return status;
}
