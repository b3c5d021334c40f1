/* SPDX-License-Identifier: MIT
 *
 * catalogue.c - encodes and decodes the catalogue (FORMAT.md section 2):
 *
 *   catalogue  := magic "LUPE" format:u32 checksum:u64 body
 *   body       := requires:u32 ignorable:u32 commit:u64 next_segment:u32 lexicon:u32
 *                 analysis:u8 flags:u8 field_gap:u16 k1:f64 b:f64 fingerprint:u64
 *                 language:string words_cut:varint
 *                 field_count:varint field*
 *                 segment_count:varint segment* [more]
 *   field      := kind:u8 flags:u8 weight:f64 name:string language:string
 *   segment    := number:u32 flags:u8 lexicon:u32 documents:u32 words:u64 k1:f64 b:f64 terms:u64
 *                 live_version:u32 deleted:varint deleted_list
 *                 section_mask:u16 length:varint *
 *                 pair_frequency_min:varint [pair_bytes:varint]
 *   deleted_list := delta:varint *
 */
#include "segment/catalogue.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/sort.h"

#define CATALOGUE_HEAD_BYTES 16u
#define CATALOGUE_FLAGS                                                          \
    (LUPE_WITHOUT_POSITIONS | LUPE_WITHOUT_STORED_TEXT | LUPE_WITHOUT_PAIRS |    \
     LUPE_WITHOUT_COMPOUNDS | LUPE_WITHOUT_OLD_SPELLING | LUPE_WITHOUT_MENDING | \
     LUPE_WITHOUT_FORMS)
#define SEGMENT_ONE_VALUE 1u
#define FIELD_BYTES_MIN 13u   /* the shortest encoded field */
#define SEGMENT_BYTES_MIN 53u /* the shortest encoded segment */
#define FIELD_WEIGHT_MAX 100.0
#define K1_MAX 10.0
#define SECTION_BYTES_MAX ((uint64_t)EXTENT_PAYLOAD_BYTES << 24)
#define SECTION_MASK ((1u << SECTION_LIVE) - 2u) /* sections 1 to 14 */

/* What this library knows of later pieces. */
#define REQUIRES_KNOWN 0u
#define IGNORABLE_KNOWN (CATALOGUE_HAS_WORDS | IGNORABLE_FORMS)

static const char magic[4] = {'L', 'U', 'P', 'E'};

void catalogue_init(struct catalogue *catalogue)
{
    memset(catalogue, 0, sizeof *catalogue);
    catalogue->next_segment = 1;
    catalogue->field_gap = 100;
    catalogue->k1 = 1.2;
    catalogue->b = 0.75;
}

void catalogue_free(struct catalogue *catalogue)
{
    for (uint32_t i = 0; i < catalogue->field_count; i++)
        memory_free(catalogue->fields[i].name);
    memory_free(catalogue->fields);
    memory_free(catalogue->segments);
    catalogue_init(catalogue);
}

lupe_status catalogue_copy(const struct catalogue *from, struct catalogue *to)
{
    lupe_status status = LUPE_OK;
    *to = *from;
    to->fields = NULL;
    to->field_count = 0;
    to->segments = NULL;
    to->segment_count = 0;
    if (from->field_count) {
        to->fields = memory_zalloc(from->field_count, sizeof *to->fields);
        if (!to->fields)
            goto no_memory;
        for (uint32_t i = 0; i < from->field_count; i++) {
            const struct field *field = &from->fields[i];
            char *name = memory_copy_string(field->name, strlen(field->name));
            if (!name)
                goto no_memory;
            to->fields[i] = *field;
            to->fields[i].name = name;
            to->field_count = i + 1;
        }
    }
    if (from->segment_count) {
        to->segments = memory_alloc(from->segment_count * sizeof *to->segments);
        if (!to->segments)
            goto no_memory;
        memcpy(to->segments, from->segments, from->segment_count * sizeof *to->segments);
        to->segment_count = from->segment_count;
    }
    return status;
no_memory:
    catalogue_free(to);
    return fail_memory();
}

/* ---- encoding */

static void add_f64(struct buffer *out, double value)
{
    buffer_add(out, &value, sizeof value);
}

static void add_string(struct buffer *out, const char *string)
{
    size_t size = strlen(string);
    buffer_add_varint(out, size);
    buffer_add(out, string, size);
}

static void encode_segment(const struct segment_entry *entry, struct buffer *out)
{
    buffer_add_u32(out, entry->number);
    buffer_add_u8(out, entry->one_value ? SEGMENT_ONE_VALUE : 0);
    buffer_add_u32(out, entry->lexicon);
    buffer_add_u32(out, entry->documents);
    buffer_add_u64(out, entry->words);
    add_f64(out, entry->k1);
    add_f64(out, entry->b);
    buffer_add_u64(out, entry->terms);
    buffer_add_u32(out, entry->live_version);
    buffer_add_varint(out, entry->deleted);
    if (entry->deleted < LIVE_LIST_MAX) {
        uint32_t expected = 0;
        for (uint32_t i = 0; i < entry->deleted; i++) {
            buffer_add_varint(out, entry->deleted_list[i] - expected);
            expected = entry->deleted_list[i] + 1;
        }
    }
    unsigned mask = 0;
    for (unsigned section = 1; section < SECTION_LIVE; section++)
        if (entry->lengths[section])
            mask |= 1u << section;
    buffer_add_u16(out, (uint16_t)mask);
    for (unsigned section = 1; section < SECTION_LIVE; section++)
        if (entry->lengths[section])
            buffer_add_varint(out, entry->lengths[section]);
    buffer_add_varint(out, entry->pair_frequency_min);
    if (entry->pair_frequency_min)
        buffer_add_varint(out, entry->pair_bytes);
}

lupe_status catalogue_encode(const struct catalogue *catalogue, struct buffer *out)
{
    size_t start = out->size;
    buffer_add(out, magic, sizeof magic);
    buffer_add_u32(out, FORMAT_VERSION);
    buffer_add_u64(out, 0);
    buffer_add_u32(out, REQUIRES_KNOWN);
    buffer_add_u32(out, catalogue->ignorable);
    buffer_add_u64(out, catalogue->commit);
    buffer_add_u32(out, catalogue->next_segment);
    buffer_add_u32(out, catalogue->lexicon);
    buffer_add_u8(out, (uint8_t)catalogue->analysis);
    buffer_add_u8(out, catalogue->flags);
    buffer_add_u16(out, catalogue->field_gap);
    add_f64(out, catalogue->k1);
    add_f64(out, catalogue->b);
    buffer_add_u64(out, catalogue->fingerprint);
    add_string(out, catalogue->language);
    buffer_add_varint(out, catalogue->words_cut);
    buffer_add_varint(out, catalogue->field_count);
    for (uint32_t i = 0; i < catalogue->field_count; i++) {
        const struct field *field = &catalogue->fields[i];
        buffer_add_u8(out, (uint8_t)field->kind);
        buffer_add_u8(out, field->flags);
        add_f64(out, field->weight);
        add_string(out, field->name);
        add_string(out, field->language);
    }
    buffer_add_varint(out, catalogue->segment_count);
    for (uint32_t i = 0; i < catalogue->segment_count; i++)
        encode_segment(&catalogue->segments[i], out);
    lupe_status status = buffer_status(out);
    if (status)
        return status;
    uint8_t *head = out->data + start;
    size_t body = out->size - start - CATALOGUE_HEAD_BYTES;
    store_u64(head + 8, hash_bytes(head + CATALOGUE_HEAD_BYTES, body));
    return LUPE_OK;
}

/* ---- decoding */

static lupe_status catalogue_corrupt(const char *what)
{
    return fail(LUPE_CORRUPT, "the catalogue is damaged: %s; restore the index from a backup",
                what);
}

/* A number that is neither infinite nor NaN, within the bounds; else the cursor fails. */
static double take_f64(struct cursor *cursor, double low, double high)
{
    double value = 0.0;
    const uint8_t *bytes = cursor_take(cursor, sizeof value);
    if (bytes)
        memcpy(&value, bytes, sizeof value);
    if (!(value >= low && value <= high))
        cursor->ok = false;
    return value;
}

static uint32_t take_count(struct cursor *cursor, uint64_t count_max)
{
    uint64_t count = cursor_varint(cursor);
    if (count > count_max) {
        cursor->ok = false;
        return 0;
    }
    return (uint32_t)count;
}

static const char *take_string(struct cursor *cursor, size_t size_max, size_t *size)
{
    *size = take_count(cursor, size_max);
    const char *bytes = (const char *)cursor_take(cursor, *size);
    if (bytes && memchr(bytes, 0, *size))
        cursor->ok = false;
    return cursor->ok ? bytes : NULL;
}

static void take_language(struct cursor *cursor, char language[LANGUAGE_NAME_BYTES])
{
    size_t size;
    const char *bytes = take_string(cursor, LANGUAGE_NAME_BYTES - 1, &size);
    memset(language, 0, LANGUAGE_NAME_BYTES);
    if (bytes)
        memcpy(language, bytes, size);
}

/* Printable, of a length a name may have. */
static bool name_valid(const char *name, size_t size)
{
    if (size == 0 || size > FIELD_NAME_BYTES_MAX)
        return false;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return false;
    return true;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static lupe_status check_unique_names(const struct catalogue *catalogue)
{
    lupe_status status = LUPE_OK;
    char **names = memory_alloc((catalogue->field_count + 1) * sizeof *names);
    if (!names)
        return fail_memory();
    for (uint32_t i = 0; i < catalogue->field_count; i++)
        names[i] = catalogue->fields[i].name;
    qsort(names, catalogue->field_count, sizeof *names, compare_names);
    for (uint32_t i = 1; i < catalogue->field_count && !status; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            status = catalogue_corrupt("two fields have one name");
    memory_free(names);
    return status;
}

static lupe_status decode_fields(struct cursor *cursor, struct catalogue *catalogue)
{
    uint32_t count = take_count(cursor, FIELDS_MAX);
    if (!cursor->ok || count > cursor_left(cursor) / FIELD_BYTES_MIN)
        return catalogue_corrupt("it has more fields than bytes");
    if (count == 0)
        return LUPE_OK;
    catalogue->fields = memory_zalloc(count, sizeof *catalogue->fields);
    if (!catalogue->fields)
        return fail_memory();
    for (uint32_t i = 0; i < count; i++) {
        struct field *field = &catalogue->fields[i];
        size_t size;
        field->kind = (lupe_kind)cursor_u8(cursor);
        field->flags = cursor_u8(cursor);
        field->weight = take_f64(cursor, 1.0, FIELD_WEIGHT_MAX);
        const char *name = take_string(cursor, FIELD_NAME_BYTES_MAX, &size);
        take_language(cursor, field->language);
        if (!cursor->ok || !name_valid(name, size) || field->kind < LUPE_TEXT ||
            field->kind > LUPE_STORED ||
            (field->flags > FIELD_OWN_LIST && !catalogue_has_more(catalogue)))
            return catalogue_corrupt("a field is not one");
        field->name = memory_copy_string(name, size);
        if (!field->name)
            return fail_memory();
        catalogue->field_count = i + 1;
    }
    return check_unique_names(catalogue);
}

static bool decode_deleted(struct cursor *cursor, struct segment_entry *entry)
{
    entry->deleted = take_count(cursor, entry->documents);
    if (entry->deleted >= LIVE_LIST_MAX)
        return cursor->ok;
    uint64_t expected = 0;
    for (uint32_t i = 0; i < entry->deleted; i++) {
        uint64_t document = expected + take_count(cursor, entry->documents);
        if (!cursor->ok || document >= entry->documents)
            return false;
        entry->deleted_list[i] = (uint32_t)document;
        expected = document + 1;
    }
    return cursor->ok;
}

static bool decode_segment(struct cursor *cursor, const struct catalogue *catalogue,
                           struct segment_entry *entry)
{
    bool has_more = catalogue_has_more(catalogue);
    entry->number = cursor_u32(cursor);
    uint8_t flags = cursor_u8(cursor);
    entry->one_value = flags & SEGMENT_ONE_VALUE;
    entry->lexicon = cursor_u32(cursor);
    entry->documents = cursor_u32(cursor);
    entry->words = cursor_u64(cursor);
    entry->k1 = take_f64(cursor, 0.0, K1_MAX);
    entry->b = take_f64(cursor, 0.0, 1.0);
    entry->terms = cursor_u64(cursor);
    entry->live_version = cursor_u32(cursor);
    if (!cursor->ok || (flags > SEGMENT_ONE_VALUE && !has_more) || entry->number == 0 ||
        entry->documents == 0 || entry->documents > SEGMENT_DOCUMENTS_MAX ||
        entry->words > (uint64_t)entry->documents * DOCUMENT_WORDS_MAX ||
        !decode_deleted(cursor, entry))
        return false;
    uint16_t mask = cursor_u16(cursor);
    if (mask & ~SECTION_MASK)
        return false;
    for (unsigned section = 1; section < SECTION_LIVE; section++) {
        if (!(mask >> section & 1))
            continue;
        entry->lengths[section] = cursor_varint(cursor);
        if (!cursor->ok || entry->lengths[section] == 0 ||
            entry->lengths[section] > SECTION_BYTES_MAX)
            return false;
    }
    entry->pair_frequency_min = take_count(cursor, entry->documents);
    if (entry->pair_frequency_min)
        entry->pair_bytes = cursor_varint(cursor);
    if (entry->pair_bytes > entry->lengths[SECTION_POSTINGS])
        return false;
    if (!has_more && ((entry->lengths[SECTION_FORMS] && !catalogue_has_forms(catalogue)) ||
                      entry->lengths[SECTION_COLUMNS]))
        return false;
    return cursor->ok && (!entry->one_value ||
                          segment_entry_bytes(entry) + EXTENT_TAIL_BYTES < SEGMENT_SMALL_BYTES_MAX);
}

/* Numbers are below next_segment and unique. */
static lupe_status check_numbers(const struct catalogue *catalogue)
{
    lupe_status status = LUPE_OK;
    uint32_t *numbers = memory_alloc((catalogue->segment_count + 1) * sizeof *numbers);
    if (!numbers)
        return fail_memory();
    for (uint32_t i = 0; i < catalogue->segment_count; i++)
        numbers[i] = catalogue->segments[i].number;
    sort_numbers(numbers, catalogue->segment_count);
    for (uint32_t i = 0; i < catalogue->segment_count && !status; i++)
        if (numbers[i] >= catalogue->next_segment || (i && numbers[i] == numbers[i - 1]))
            status = catalogue_corrupt("a segment's number is impossible");
    memory_free(numbers);
    return status;
}

static lupe_status decode_segments(struct cursor *cursor, struct catalogue *catalogue)
{
    uint32_t count = take_count(cursor, CATALOGUE_SEGMENTS_MAX);
    if (!cursor->ok || count > cursor_left(cursor) / SEGMENT_BYTES_MIN)
        return catalogue_corrupt("it has more segments than bytes");
    if (count) {
        catalogue->segments = memory_zalloc(count, sizeof *catalogue->segments);
        if (!catalogue->segments)
            return fail_memory();
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!decode_segment(cursor, catalogue, &catalogue->segments[i]))
            return catalogue_corrupt("a segment is not one");
        catalogue->segment_count = i + 1;
    }
    return check_numbers(catalogue);
}

static lupe_status decode_body(struct cursor *cursor, struct catalogue *catalogue)
{
    uint32_t requires = cursor_u32(cursor);
    if (cursor->ok && requires & ~REQUIRES_KNOWN)
        return fail(LUPE_TOO_NEW,
                    "the index has parts (0x%x) that this library cannot read; update it",
                    requires & ~REQUIRES_KNOWN);
    catalogue->ignorable = cursor_u32(cursor);
    catalogue->commit = cursor_u64(cursor);
    catalogue->next_segment = cursor_u32(cursor);
    catalogue->lexicon = cursor_u32(cursor);
    uint8_t analysis = cursor_u8(cursor);
    catalogue->analysis = (lupe_analysis)analysis;
    catalogue->flags = cursor_u8(cursor);
    catalogue->field_gap = cursor_u16(cursor);
    catalogue->k1 = take_f64(cursor, 0.0, K1_MAX);
    catalogue->b = take_f64(cursor, 0.0, 1.0);
    catalogue->fingerprint = cursor_u64(cursor);
    take_language(cursor, catalogue->language);
    catalogue->words_cut = cursor_varint(cursor);
    if (!cursor->ok || analysis > LUPE_ANALYSIS_PLAIN || catalogue->flags & ~CATALOGUE_FLAGS ||
        catalogue->field_gap > FIELD_GAP_MAX)
        return catalogue_corrupt("its settings are impossible");
    lupe_status status = decode_fields(cursor, catalogue);
    if (!status)
        status = decode_segments(cursor, catalogue);
    if (!status && cursor_left(cursor) && !catalogue_has_more(catalogue))
        status = catalogue_corrupt("it is longer than its content");
    return status;
}

lupe_status catalogue_decode(const uint8_t *bytes, size_t size, struct catalogue *catalogue)
{
    catalogue_init(catalogue);
    if (size < CATALOGUE_HEAD_BYTES || memcmp(bytes, magic, sizeof magic) != 0)
        return fail(LUPE_NOT_INDEX, "the file holds no Lupe index");
    uint32_t format = load_u32(bytes + 4);
    if (format > FORMAT_VERSION)
        return fail(LUPE_TOO_NEW, "the index has format %u, this library reads up to %u; update it",
                    format, FORMAT_VERSION);
    if (format == 0)
        return catalogue_corrupt("its format has no number");
    const uint8_t *body = bytes + CATALOGUE_HEAD_BYTES;
    size_t body_size = size - CATALOGUE_HEAD_BYTES;
    if (load_u64(bytes + 8) != hash_bytes(body, body_size))
        return catalogue_corrupt("its checksum is wrong");
    struct cursor cursor = cursor_of(body, body_size);
    lupe_status status = decode_body(&cursor, catalogue);
    if (status)
        catalogue_free(catalogue);
    return status;
}

bool catalogue_has_more(const struct catalogue *catalogue)
{
    return catalogue->ignorable & ~IGNORABLE_KNOWN;
}

lupe_status catalogue_check_writable(const struct catalogue *catalogue)
{
    if (!catalogue_has_more(catalogue))
        return LUPE_OK;
    return fail(LUPE_TOO_NEW,
                "the index has parts (0x%x) that this library can pass over but not "
                "write; update it",
                catalogue->ignorable & ~IGNORABLE_KNOWN);
}

/* ---- fields and segments */

int catalogue_field(const struct catalogue *catalogue, const char *name)
{
    for (uint32_t i = 0; i < catalogue->field_count; i++)
        if (strcmp(catalogue->fields[i].name, name) == 0)
            return (int)i;
    return -1;
}

lupe_status catalogue_add_field(struct catalogue *catalogue, const char *name, lupe_kind kind,
                                double weight, const char *language, uint32_t *number)
{
    *number = 0;
    size_t size = strlen(name);
    if (!name_valid(name, size))
        return fail(LUPE_INVALID, "a field name has 1 to %u bytes and no control characters",
                    FIELD_NAME_BYTES_MAX);
    if (kind == LUPE_INTEGER || kind == LUPE_REAL || kind == LUPE_DATE)
        return fail(LUPE_UNSUPPORTED, "field %s: numbers and dates are not supported yet", name);
    if (kind < LUPE_TEXT || kind > LUPE_STORED)
        return fail(LUPE_INVALID, "field %s: %d is no kind of field", name, (int)kind);
    if (weight == 0.0)
        weight = 1.0;
    if (!(weight >= 1.0 && weight <= FIELD_WEIGHT_MAX))
        return fail(LUPE_INVALID, "field %s: a weight is 1 to 100", name);
    if (language && strlen(language) >= LANGUAGE_NAME_BYTES)
        return fail(LUPE_INVALID, "field %s: unknown language", name);
    if (catalogue_field(catalogue, name) >= 0)
        return fail(LUPE_INVALID, "field %s is declared twice", name);
    if (catalogue->field_count == FIELDS_MAX)
        return fail(LUPE_LIMIT, "field %s: an index has at most %u fields", name, FIELDS_MAX);

    size_t bytes = ((size_t)catalogue->field_count + 1) * sizeof *catalogue->fields;
    struct field *fields = memory_realloc(catalogue->fields, bytes);
    if (!fields)
        return fail_memory();
    catalogue->fields = fields;
    struct field *field = &fields[catalogue->field_count];
    memset(field, 0, sizeof *field);
    field->kind = kind;
    field->weight = kind == LUPE_TEXT ? weight : 1.0;
    if (kind == LUPE_KEYWORD || field->weight > 1.0)
        field->flags = FIELD_OWN_LIST;
    if (language)
        memcpy(field->language, language, strlen(language));
    field->name = memory_copy_string(name, size);
    if (!field->name)
        return fail_memory();
    *number = catalogue->field_count++;
    return LUPE_OK;
}

lupe_status catalogue_insert_segment(struct catalogue *catalogue, uint32_t place,
                                     const struct segment_entry *entry)
{
    if (catalogue->segment_count == CATALOGUE_SEGMENTS_MAX)
        return fail(LUPE_LIMIT, "an index has at most %u segments", CATALOGUE_SEGMENTS_MAX);
    size_t bytes = ((size_t)catalogue->segment_count + 1) * sizeof *catalogue->segments;
    struct segment_entry *segments = memory_realloc(catalogue->segments, bytes);
    if (!segments)
        return fail_memory();
    catalogue->segments = segments;
    memmove(segments + place + 1, segments + place,
            (catalogue->segment_count - place) * sizeof *segments);
    segments[place] = *entry;
    catalogue->segment_count++;
    return LUPE_OK;
}

void catalogue_remove_segments(struct catalogue *catalogue, uint32_t place, uint32_t count)
{
    struct segment_entry *segments = catalogue->segments;
    if (count == 0)
        return;
    memmove(segments + place, segments + place + count,
            (catalogue->segment_count - place - count) * sizeof *segments);
    catalogue->segment_count -= count;
}

uint64_t segment_entry_bytes(const struct segment_entry *entry)
{
    uint64_t bytes = 0;
    for (unsigned section = 1; section < SECTION_LIVE; section++)
        bytes += entry->lengths[section];
    return bytes;
}

uint64_t segment_entry_section_bytes(const struct segment_entry *entry)
{
    static const uint8_t sections[] = {SECTION_DICTIONARY, SECTION_POSTINGS,   SECTION_POSITIONS,
                                       SECTION_LONG_IDS,   SECTION_BOUNDARIES, SECTION_FORMS};
    uint64_t longest = 0;
    for (size_t i = 0; i < sizeof sections; i++)
        if (entry->lengths[sections[i]] > longest)
            longest = entry->lengths[sections[i]];
    return longest;
}
