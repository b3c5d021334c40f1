/* SPDX-License-Identifier: MIT
 *
 * forms.c - reads section 13; see forms.h, and forms_write.c for the grammar.
 */
#include "segment/forms.h"

_Static_assert(EXTENT_PAYLOAD_BYTES % 4 == 0, "no offset of a group straddles extents");

static lupe_status forms_corrupt(const struct section *section, uint64_t group)
{
    return fail(LUPE_CORRUPT, "segment %u: group %llu of the forms of words is damaged",
                section->segment, (unsigned long long)group);
}

/* ---- records */

void form_reader_init(struct form_reader *reader, struct section *section)
{
    memset(reader, 0, sizeof *reader);
    reader->section = section;
}

void form_reader_free(struct form_reader *reader)
{
    memory_free(reader->gathered);
    reader->gathered = NULL;
    reader->opened = false;
}

static lupe_status offset_read(struct section *section, uint64_t at, uint32_t *offset)
{
    uint8_t bytes[4];
    lupe_status status = section_copy(section, at, bytes, sizeof bytes);
    *offset = status ? 0 : load_u32(bytes);
    return status;
}

static lupe_status groups_count(struct form_reader *reader)
{
    struct section *section = reader->section;
    uint32_t groups = 0;
    if (reader->groups || section->length == 0)
        return LUPE_OK;
    if (section->length < 8 || section->length % 4)
        return forms_corrupt(section, 0);
    lupe_status status = offset_read(section, section->length - 4, &groups);
    if (!status && (groups == 0 || groups > section->length / 4 - 1))
        status = forms_corrupt(section, 0);
    reader->groups = status ? 0 : groups;
    return status;
}

/* Makes a group the one at hand, before its first record. */
static lupe_status group_open(struct form_reader *reader, uint64_t group)
{
    struct section *section = reader->section;
    uint64_t index = section->length - 4 * (reader->groups + 1);
    uint32_t start = 0, end = 0;
    size_t left = 0;
    lupe_status status = LUPE_OK;
    form_reader_free(reader);
    reader->group = group;
    reader->next = 0;
    reader->has = 0;
    TRY(offset_read(section, index + 4 * group, &start));
    if (group + 1 < reader->groups)
        TRY(offset_read(section, index + 4 * group + 4, &end));
    else
        end = (uint32_t)index; /* with up to three zeros of fill */
    if (start > end || end > index)
        return forms_corrupt(section, group);
    if (end - start >= 4) {
        TRY(section_at(section, start, &reader->at, &left));
        if (left < end - start) {
            reader->gathered = memory_alloc(end - start + READ_PADDING_BYTES);
            if (!reader->gathered)
                return fail_memory();
            memset(reader->gathered + (end - start), 0, READ_PADDING_BYTES);
            TRY(section_copy(section, start, reader->gathered, end - start));
            reader->at = reader->gathered;
        }
        reader->end = reader->at + (end - start);
        reader->has = load_u32(reader->at);
        reader->at += 4;
    }
    reader->opened = true;
out:
    return status;
}

/* What the head of a record of several forms says. */
struct record_head {
    unsigned count;
    unsigned gap_bits;
    unsigned form_bits;
    uint64_t size; /* of what follows */
};

/* Whether a record of several forms begins here; false as well where it is damaged, which the
 * cursor tells. */
static bool head_take(struct cursor *cursor, struct record_head *head)
{
    if (cursor_left(cursor) == 0 || (*cursor->next & (NAME_PATCHED - 1)) < NAME_CODES)
        return false;
    unsigned byte = cursor_u8(cursor);
    unsigned kind = (byte & (NAME_PATCHED - 1)) - NAME_CODES + byte / NAME_PATCHED * 16;
    *head = (struct record_head){2 + kind / SHORT_GAPS, kind % SHORT_GAPS, 0, 0};
    if (kind == HEAD_LONG) {
        head->count = cursor_u8(cursor);
        head->gap_bits = cursor_u8(cursor);
        head->form_bits = head->gap_bits >> 4;
        head->gap_bits &= 15;
    } else if (kind >= SHORT_FORMS * SHORT_GAPS) {
        cursor->ok = false;
    }
    head->size = cursor_varint(cursor);
    cursor->ok = cursor->ok && head->size <= cursor_left(cursor) && head->count > 1 &&
                 head->count <= FORMS_MAX;
    return cursor->ok;
}

/* The record at hand, behind which the reader then is. */
static bool record_take(struct form_reader *reader, const uint8_t **record, size_t *size)
{
    struct cursor cursor = cursor_of(reader->at, (size_t)(reader->end - reader->at));
    struct record_head head;
    if (head_take(&cursor, &head))
        cursor.next += head.size;
    else if (!cursor.ok || !form_name_skip(&cursor))
        return false;
    *record = reader->at;
    *size = (size_t)(cursor.next - reader->at);
    reader->at = cursor.next;
    return true;
}

lupe_status form_reader_find(struct form_reader *reader, uint64_t number, const uint8_t **record,
                             size_t *size)
{
    uint64_t group = number / DICTIONARY_BLOCK_TERMS;
    unsigned place = number % DICTIONARY_BLOCK_TERMS;
    lupe_status status = LUPE_OK;
    *record = NULL;
    *size = 0;
    TRY(groups_count(reader));
    if (group >= reader->groups)
        return LUPE_OK;
    if (!reader->opened || reader->group != group || reader->next > place)
        TRY(group_open(reader, group));
    if (!(reader->has >> place & 1))
        return LUPE_OK;
    for (; reader->next <= place; reader->next++)
        if (reader->has >> reader->next & 1 && !record_take(reader, record, size)) {
            form_reader_free(reader);
            *size = 0;
            return forms_corrupt(reader->section, group);
        }
out:
    return status;
}

/* ---- the forms of a word */

static bool several_parse(struct cursor *cursor, const struct record_head *head,
                          struct forms *forms)
{
    forms->count = head->count;
    forms->gap_bits = head->gap_bits;
    forms->form_bits = head->form_bits;
    for (unsigned i = 0; i < forms->count; i++) {
        forms->names[i] = cursor->next;
        if (!form_name_skip(cursor))
            return false;
    }
    forms->blocks = cursor->next;
    if (forms->block_count > 1) {
        forms->sizes = cursor->next;
        for (uint32_t i = 0; i < forms->block_count && cursor->ok; i++)
            (void)cursor_varint(cursor);
        forms->blocks = cursor->next;
    }
    return cursor->ok;
}

lupe_status forms_open(struct forms *forms, const uint8_t *record, size_t size, const uint8_t *term,
                       size_t term_size, uint32_t block_count)
{
    static const uint8_t itself[1]; /* the name of the term */
    struct cursor cursor = cursor_of(size ? record : itself, size ? size : sizeof itself);
    struct record_head head;
    uint8_t bytes[FORM_BYTES_MAX];
    bool sound;
    forms->term = term;
    forms->term_size = term_size;
    forms->count = 1;
    forms->gap_bits = forms->form_bits = 0;
    forms->block_count = block_count;
    forms->sizes = forms->blocks = NULL;
    forms->names[0] = cursor.next;
    if (head_take(&cursor, &head))
        sound = several_parse(&cursor, &head, forms);
    else
        sound = cursor.ok && form_name_skip(&cursor);
    forms->end = cursor.end;
    forms->block = 0;
    forms->size_at = forms->sizes;
    forms->block_at = forms->blocks;
    for (unsigned i = 0; i < forms->count && sound; i++)
        sound = forms_name(forms, i, bytes) != NAME_DAMAGED;
    if (sound)
        return LUPE_OK;
    forms->count = 0;
    return fail(LUPE_CORRUPT, "the forms of a word are damaged");
}

size_t forms_name(const struct forms *forms, unsigned form, uint8_t bytes[FORM_BYTES_MAX])
{
    return form_name_read(forms->names[form], forms->term, forms->term_size, bytes);
}

bool forms_folds_to(const struct forms *forms, unsigned form, const uint8_t *bytes, size_t size)
{
    return form_name_folds_to(forms->names[form], forms->term, forms->term_size, bytes, size);
}

bool forms_find(const struct forms *forms, const uint8_t *bytes, size_t size, unsigned *form)
{
    uint8_t name[FORM_BYTES_MAX];
    for (*form = 0; *form < forms->count; ++*form)
        if (forms_name(forms, *form, name) == size && size > 0 && memcmp(bytes, name, size) == 0)
            return true;
    return false;
}

/* ---- blocks */

#define PAIR_BITS_MAX 57u /* what a load of eight bytes has from any bit on */

/* The next Rice code; false where no more ones are there: the end. */
static bool rice_take(struct form_bits *bits, unsigned low_bits, uint64_t *number)
{
    uint64_t start = bits->bit;
    for (;;) {
        if (bits->bit >= bits->bits)
            return false;
        uint64_t word = load_u64(bits->bytes + bits->bit / 8) >> bits->bit % 8;
        unsigned width = 64 - (unsigned)(bits->bit % 8);
        unsigned zeros = word ? (unsigned)__builtin_ctzll(word) : width;
        bits->bit += zeros;
        if (word)
            break;
    }
    if (bits->bit >= bits->bits)
        return false;
    *number = (bits->bit - start) << low_bits;
    bits->bit++;
    *number |= load_u64(bits->bytes + bits->bit / 8) >> bits->bit % 8 & ((1u << low_bits) - 1);
    bits->bit += low_bits;
    return bits->bit <= bits->bits;
}

lupe_status form_places_add(struct form_places *places, uint64_t place)
{
    if (places->count == places->capacity) {
        size_t capacity = places->capacity ? 2 * places->capacity : 256;
        uint64_t *items = memory_realloc(places->items, capacity * sizeof *items);
        if (!items)
            return fail_memory();
        places->items = items;
        places->capacity = capacity;
    }
    places->items[places->count++] = place;
    return LUPE_OK;
}

/* Where a block lies. */
static bool block_find(struct forms *forms, uint32_t number, const uint8_t **bytes, size_t *size)
{
    if (!forms->sizes) {
        *bytes = forms->blocks;
        *size = (size_t)(forms->end - forms->blocks);
        return number == 0;
    }
    if (number < forms->block) {
        forms->block = 0;
        forms->size_at = forms->sizes;
        forms->block_at = forms->blocks;
    }
    struct cursor sizes = cursor_of(forms->size_at, (size_t)(forms->blocks - forms->size_at));
    *size = 0;
    for (; forms->block <= number; forms->block++) {
        uint64_t next = cursor_varint(&sizes);
        if (!sizes.ok || next > (size_t)(forms->end - forms->block_at))
            return false;
        *bytes = forms->block_at;
        *size = (size_t)next;
        forms->block_at += next;
    }
    forms->size_at = sizes.next;
    return true;
}

static lupe_status block_damaged(void)
{
    return fail(LUPE_CORRUPT, "the forms of a word are damaged");
}

lupe_status forms_block_begin(struct forms *forms, uint32_t number)
{
    size_t size = 0;
    forms->bits = (struct form_bits){NULL, 0, 0};
    forms->next = 0;
    if (!forms->blocks)
        return LUPE_OK;
    if (!block_find(forms, number, &forms->bits.bytes, &size))
        return block_damaged();
    forms->bits.bits = 8 * (uint64_t)size;
    return LUPE_OK;
}

/* A gap and a form from one load, where both codes are short; else false, and nothing is taken. */
static inline bool pair_take(struct form_bits *bits, unsigned gap_bits, unsigned form_bits,
                             uint64_t *gap, uint64_t *form)
{
    if (bits->bit >= bits->bits)
        return false;
    uint64_t word = load_u64(bits->bytes + bits->bit / 8) >> bits->bit % 8;
    if (!word)
        return false;
    unsigned zeros = (unsigned)__builtin_ctzll(word), used = zeros + 1 + gap_bits;
    if (used >= PAIR_BITS_MAX)
        return false;
    *gap = (uint64_t)zeros << gap_bits | (word >> (zeros + 1) & ((1u << gap_bits) - 1));
    word >>= used;
    if (!word)
        return false;
    zeros = (unsigned)__builtin_ctzll(word);
    *form = (uint64_t)zeros << form_bits | (word >> (zeros + 1) & ((1u << form_bits) - 1));
    used += zeros + 1 + form_bits;
    if (used > PAIR_BITS_MAX || bits->bit + used > bits->bits)
        return false;
    bits->bit += used;
    return true;
}

lupe_status forms_block_until(struct forms *forms, uint64_t positions, uint64_t until,
                              struct form_places *places)
{
    struct form_bits bits = forms->bits;
    uint64_t gap = 0, form = 0, next = forms->next;
    lupe_status status = LUPE_OK;
    while (status == LUPE_OK && next < until) {
        bool sound = pair_take(&bits, forms->gap_bits, forms->form_bits, &gap, &form);
        if (!sound) {
            if (!rice_take(&bits, forms->gap_bits, &gap))
                break;
            sound = rice_take(&bits, forms->form_bits, &form);
        }
        next += gap;
        if (!sound || form + 1 >= forms->count || next >= positions)
            return block_damaged();
        status = form_places_add(places, form_place(next++, (unsigned)form + 1));
    }
    forms->bits = bits;
    forms->next = next;
    return status;
}

lupe_status forms_block(struct forms *forms, uint32_t number, uint64_t positions,
                        struct form_places *places)
{
    lupe_status status = forms_block_begin(forms, number);
    places->count = 0;
    return status ? status : forms_block_until(forms, positions, UINT64_MAX, places);
}
