/* SPDX-License-Identifier: MIT
 *
 * dictionary.c - searches and walks the dictionary (FORMAT.md sections 4, 5; the grammar stands at
 * the head of dictionary_layout.h).
 *
 * A search reads heads and suffixes alone, so they stand together.
 *
 * `shared` is the whole common prefix with the key before. So a search never builds a key: with
 * `matched` bytes of the wanted key matching the key before, which is below it,
 *
 *   shared > matched    the entry differs from the wanted key where the one before did: skip it
 *   shared < matched    the entry differs earlier, upwards: the wanted key is not there
 *   shared = matched    compare the suffix with the rest of the wanted key
 */
#include "segment/dictionary.h"

#include <assert.h>

#include "base/cpu.h"
#include "base/hash.h"
#include "segment/dictionary_index.h"
#include "segment/dictionary_layout.h"
#include "segment/short_list.h"

#define HASH_BYTES 16u

/* By kind in the head of a single. */
static const uint8_t single_flags[4] = {ENTRY_SINGLE, ENTRY_SINGLE | ENTRY_HAS_TF,
                                        ENTRY_SINGLE | FLAGS_FULL, 0};

_Static_assert(KEYWORD_PREFIX_BYTES + HASH_BYTES > KEYWORD_BYTES_MAX,
               "no whole keyword is so long");
_Static_assert(2 + KEYWORD_PREFIX_BYTES + HASH_BYTES <= KEY_BYTES_MAX, "a long keyword's key fits");
_Static_assert(2 + ID_TERM_BYTES_MAX + HASH_BYTES <= KEY_BYTES_MAX, "a long id's key fits");

/* ---- keys */

size_t key_make(uint8_t key[KEY_BYTES_MAX], uint32_t list, const void *term, size_t term_size)
{
    assert(list <= UINT16_MAX && term_size <= KEY_BYTES_MAX - 2);
    key[0] = (uint8_t)(list >> 8);
    key[1] = (uint8_t)list;
    if (term_size)
        memcpy(key + 2, term, term_size);
    return 2 + term_size;
}

/* A key of the whole value, or of its first bytes and a hash. */
static size_t key_hashed(uint8_t key[KEY_BYTES_MAX], uint32_t list, const void *value,
                         size_t value_size, size_t whole_max, size_t prefix)
{
    if (value_size <= whole_max)
        return key_make(key, list, value, value_size);
    size_t size = key_make(key, list, value, prefix);
    hash_128(value, value_size, key + size);
    return size + HASH_BYTES;
}

size_t key_of_id(uint8_t key[KEY_BYTES_MAX], const void *id, size_t id_size)
{
    return key_hashed(key, LIST_IDS, id, id_size, ID_TERM_BYTES_MAX, ID_TERM_BYTES_MAX);
}

size_t key_of_keyword(uint8_t key[KEY_BYTES_MAX], uint32_t field, const void *value,
                      size_t value_size)
{
    return key_hashed(key, LIST_FIELDS + field, value, value_size, KEYWORD_BYTES_MAX,
                      KEYWORD_PREFIX_BYTES);
}

/* ---- reading: blocks */

/* The checksum of a block, unless it was right lately: each place remembers one block. */
static bool block_sound(struct dictionary *dictionary, uint64_t address, const uint8_t *bytes,
                        size_t size)
{
    uint32_t place = (uint32_t)address * 0x9e3779b1u / (UINT32_MAX / DICTIONARY_VERIFIED + 1);
    if (address < UINT32_MAX && dictionary->verified[place] == address + 1)
        return true;
    if (load_u32(bytes) != checksum_32(bytes + 4, size - 4))
        return false;
    if (address < UINT32_MAX)
        dictionary->verified[place] = (uint32_t)address + 1;
    return true;
}

/* A block whose checksum was verified, before its first entry. */
static lupe_status block_open(struct dictionary *dictionary, uint64_t address,
                              struct dictionary_block *block)
{
    const uint8_t *bytes;
    size_t left;
    lupe_status status = section_at(dictionary->blocks, address, &bytes, &left);
    if (status)
        return status;
    size_t size = left >= BLOCK_HEAD_BYTES ? load_u16(bytes + 4) : 0;
    if (size < BLOCK_HEAD_BYTES || size > left)
        return dictionary_corrupt(dictionary->blocks, address, "the head of a block is damaged");
    if (!block_sound(dictionary, address, bytes, size))
        return dictionary_corrupt(dictionary->blocks, address, "a block has a wrong checksum");
    unsigned count = bytes[6] & BLOCK_COUNT_MASK;
    size_t head_size = BLOCK_HEAD_BYTES + (bytes[6] & BLOCK_HAS_LISTS ? BLOCK_BASES_BYTES : 0);
    if (count == 0 || count > DICTIONARY_BLOCK_TERMS || size < head_size + ENTRY_HEAD_BYTES * count)
        return dictionary_corrupt(dictionary->blocks, address, "a block has a wrong count");
    block->bases = bytes[6] & BLOCK_HAS_LISTS ? bytes + BLOCK_HEAD_BYTES : NULL;
    block->heads = bytes + head_size;
    block->next = block->heads + ENTRY_HEAD_BYTES * count;
    block->end = bytes + size;
    block->left = count;
    block->size = (uint32_t)size;
    return LUPE_OK;
}

/* What the head cannot tell stands before the suffix and behind the info. */
static bool block_next_escaped(struct dictionary_block *block, struct block_entry *entry)
{
    size_t left = (size_t)(block->end - block->next);
    bool long_shared = entry->shared == SHARED_ESCAPE;
    bool long_suffix = entry->suffix_size == SUFFIX_ESCAPE;
    bool long_info = entry->info_size == 0;
    if (left < (size_t)long_shared + long_suffix + long_info ||
        (long_info && entry->head >> FORM_SHIFT == FORM_SINGLE))
        return false;
    if (long_shared)
        entry->shared = *block->next++;
    if (long_suffix)
        entry->suffix_size = *block->next++;
    if (long_info)
        entry->info_size = *--block->end;
    return entry->suffix_size && entry->info_size && entry->info_size <= ENTRY_INFO_BYTES_MAX;
}

/* Takes the next of the entries that are left; false when it does not fit the block. */
static inline bool block_next(struct dictionary_block *block, struct block_entry *entry)
{
    unsigned head = load_u16(block->heads);
    block->heads += ENTRY_HEAD_BYTES;
    block->left--;
    entry->head = head;
    entry->shared = head & SHARED_ESCAPE;
    entry->suffix_size = (head >> SUFFIX_SHIFT & (SUFFIX_ESCAPE - 1)) + 1;
    entry->info_size = head >> INFO_SHIFT &
                       (head >> FORM_SHIFT == FORM_SINGLE ? SINGLE_SIZE_MASK : INFO_SIZE_MASK);
    if (__builtin_expect(entry->shared == SHARED_ESCAPE || entry->suffix_size == SUFFIX_ESCAPE ||
                             entry->info_size == 0,
                         0) &&
        !block_next_escaped(block, entry))
        return false;
    if ((size_t)(block->end - block->next) < entry->suffix_size + entry->info_size)
        return false;
    entry->suffix = block->next;
    block->next += entry->suffix_size;
    block->end -= entry->info_size;
    entry->info = block->end;
    return true;
}

/* Finds a key among the entries of a block; *ok tells whether they are sound. */
static bool block_find(struct dictionary_block *block, const uint8_t *key, size_t key_size,
                       struct block_entry *entry, bool *ok)
{
    size_t matched = 0;
    *ok = true;
    while (block->left) {
        if (!block_next(block, entry)) {
            *ok = false;
            return false;
        }
        if (entry->shared < matched)
            return false;
        if (entry->shared > matched)
            continue;
        const uint8_t *suffix = entry->suffix;
        size_t common =
            common_prefix(suffix, entry->suffix_size, key + matched, key_size - matched);
        matched += common;
        if (common == entry->suffix_size && matched == key_size)
            return true;
        if (common < entry->suffix_size && (matched == key_size || suffix[common] > key[matched]))
            return false;
    }
    return false;
}

/* The group of an entry whose frequency is known; false when its numbers cannot be. */
static bool group_parse(struct cursor *cursor, struct entry *entry)
{
    uint64_t extra = cursor_varint(cursor);
    uint64_t all = cursor_varint(cursor);
    if (!cursor->ok || extra == 0 || all > SEGMENT_DOCUMENTS_MAX || all < extra ||
        all < entry->frequency || all > extra + entry->frequency)
        return false;
    entry->extra_frequency = (uint32_t)extra;
    entry->union_frequency = (uint32_t)all;
    return true;
}

static bool frequency_sound(uint64_t frequency)
{
    return frequency > 0 && frequency <= SEGMENT_DOCUMENTS_MAX;
}

static bool list_parse(struct cursor *cursor, struct entry *entry)
{
    uint64_t frequency = cursor_varint(cursor);
    uint64_t more = cursor_varint(cursor);
    entry->postings = cursor_varint(cursor);
    if (entry->flags & ENTRY_HAS_POSITIONS)
        entry->positions = cursor_varint(cursor);
    if (!cursor->ok || !frequency_sound(frequency) || more >= frequency * DOCUMENT_WORDS_MAX ||
        (more && !(entry->flags & ENTRY_HAS_TF)))
        return false;
    entry->frequency = (uint32_t)frequency;
    entry->occurrences = frequency + more;
    return true;
}

static bool inline_parse(const uint8_t *bytes, size_t size, struct entry *entry)
{
    entry->data = bytes;
    entry->data_size = (uint32_t)size;
    entry->frequency = short_list_frequency(bytes, size);
    return frequency_sound(entry->frequency);
}

static bool storage_parse(struct cursor *cursor, struct entry *entry)
{
    unsigned storage = entry->flags & ENTRY_STORAGE_MASK;
    unsigned contents = entry->flags & FLAGS_FULL;
    if (storage == ENTRY_NONE)
        return !contents && (entry->flags & ENTRY_HAS_GROUP);
    if (contents == ENTRY_HAS_POSITIONS)
        return false;
    if (storage == ENTRY_LIST)
        return list_parse(cursor, entry);
    if (storage == ENTRY_INLINE) {
        size_t size = cursor_u8(cursor);
        const uint8_t *bytes = cursor_take(cursor, size);
        return cursor->ok && inline_parse(bytes, size, entry);
    }
    uint64_t document = cursor_varint(cursor);
    uint64_t position = contents & ENTRY_HAS_POSITIONS ? cursor_varint(cursor) : 0;
    entry->document = (uint32_t)document;
    entry->position = (uint32_t)position;
    entry->frequency = 1;
    entry->occurrences = 1;
    return document < SEGMENT_DOCUMENTS_MAX && position <= UINT32_MAX;
}

lupe_status entry_parse(const uint8_t *info, size_t size, struct entry *entry)
{
    struct cursor cursor = cursor_of(info, size);
    memset(entry, 0, sizeof *entry);
    entry->flags = cursor_u8(&cursor);
    bool sound = storage_parse(&cursor, entry);
    if (sound && entry->flags & ENTRY_HAS_GROUP)
        sound = group_parse(&cursor, entry);
    if (sound && entry->flags & ENTRY_HAS_FORMS)
        (void)cursor_varint(&cursor);
    if (sound && cursor.ok && (cursor_left(&cursor) == 0 || entry->flags & ENTRY_HAS_MORE))
        return LUPE_OK;
    memset(entry, 0, sizeof *entry);
    return fail(LUPE_CORRUPT, "a dictionary entry is damaged");
}

static bool single_parse(const struct block_entry *at, unsigned document_bits, struct entry *entry)
{
    uint64_t number = 0;
    for (size_t i = 0; i < at->info_size; i++)
        number |= (uint64_t)at->info[i] << 8 * i;
    entry->flags = single_flags[at->head >> KIND_SHIFT & 3];
    entry->frequency = 1;
    entry->occurrences = 1;
    entry->document = (uint32_t)(number & ((UINT64_C(1) << document_bits) - 1));
    number >>= document_bits;
    entry->position = (uint32_t)number;
    return entry->flags && number <= (entry->flags & ENTRY_HAS_POSITIONS ? UINT32_MAX : 0);
}

/* What an entry of a block says. */
static lupe_status info_parse(const struct dictionary *dictionary,
                              const struct dictionary_block *block, const struct block_entry *at,
                              struct entry *entry)
{
    struct cursor cursor = cursor_of(at->info, at->info_size);
    bool sound = false;
    memset(entry, 0, sizeof *entry);
    switch ((enum form)(at->head >> FORM_SHIFT)) {
    case FORM_SINGLE:
        sound = single_parse(at, dictionary->document_bits, entry);
        break;
    case FORM_INLINE:
        entry->flags = ENTRY_INLINE | FLAGS_FULL;
        sound = inline_parse(at->info, at->info_size, entry);
        break;
    case FORM_LIST:
        entry->flags = ENTRY_LIST | FLAGS_FULL;
        sound = list_parse(&cursor, entry) && cursor_left(&cursor) == 0;
        break;
    case FORM_FLAGS:
        sound = entry_parse(at->info, at->info_size, entry) == LUPE_OK;
        break;
    }
    if (sound && (entry->flags & ENTRY_STORAGE_MASK) == ENTRY_LIST) {
        sound = block->bases != NULL;
        if (sound) {
            entry->postings += load_u32(block->bases);
            if (entry->flags & ENTRY_HAS_POSITIONS)
                entry->positions += load_u32(block->bases + 4);
        }
    }
    if (sound)
        return LUPE_OK;
    memset(entry, 0, sizeof *entry);
    return fail(LUPE_CORRUPT, "a dictionary entry is damaged");
}

lupe_status dictionary_locate(struct dictionary *dictionary, const uint8_t *key, size_t key_size,
                              uint64_t *address)
{
    if (dictionary->blocks->length == 0)
        return LUPE_NOT_FOUND;
    lupe_status status = dictionary_index_find(dictionary, key, key_size, address);
    if (!status)
        dictionary_ask_block(dictionary, *address);
    return status;
}

lupe_status dictionary_find(struct dictionary *dictionary, const uint8_t *key, size_t key_size,
                            struct entry *entry)
{
    uint64_t address;
    lupe_status status = dictionary_locate(dictionary, key, key_size, &address);
    if (!status)
        return dictionary_find_at(dictionary, address, key, key_size, entry);
    memset(entry, 0, sizeof *entry);
    return status;
}

lupe_status dictionary_find_at(struct dictionary *dictionary, uint64_t address, const uint8_t *key,
                               size_t key_size, struct entry *entry)
{
    struct dictionary_block block;
    struct block_entry found;
    bool ok;

    memset(entry, 0, sizeof *entry);
    lupe_status status = block_open(dictionary, address, &block);
    if (status)
        return status;
    if (!block_find(&block, key, key_size, &found, &ok))
        return ok ? LUPE_NOT_FOUND
                  : dictionary_corrupt(dictionary->blocks, address,
                                       "an entry ends behind its block");
    status = info_parse(dictionary, &block, &found, entry);
    return status ? dictionary_corrupt(dictionary->blocks, address, "an entry is damaged")
                  : LUPE_OK;
}

lupe_status dictionary_begins_at(struct dictionary *dictionary, uint64_t address,
                                 const uint8_t *prefix, size_t prefix_size, bool *begins)
{
    struct dictionary_block block;
    struct block_entry entry;
    size_t matched = 0;
    lupe_status status = block_open(dictionary, address, &block);
    if (status)
        return status;
    *begins = true;
    while (block.left) {
        if (!block_next(&block, &entry))
            return dictionary_corrupt(dictionary->blocks, address,
                                      "an entry ends behind its block");
        if (entry.shared > matched)
            continue;
        *begins = entry.shared == matched;
        if (!*begins)
            return LUPE_OK;
        size_t common =
            common_prefix(entry.suffix, entry.suffix_size, prefix + matched, prefix_size - matched);
        matched += common;
        if (matched == prefix_size)
            return LUPE_OK;
        *begins = common == entry.suffix_size || entry.suffix[common] < prefix[matched];
        if (!*begins)
            return LUPE_OK;
    }
    return LUPE_OK;
}

lupe_status dictionary_key(struct dictionary *dictionary, uint64_t number,
                           uint8_t key[KEY_BYTES_MAX], size_t *key_size)
{
    uint64_t address = 0;
    struct dictionary_block block;
    struct block_entry entry;
    size_t known = 0;
    *key_size = 0;
    lupe_status status =
        dictionary_index_block(dictionary, number / DICTIONARY_BLOCK_TERMS, &address);
    if (!status)
        status = block_open(dictionary, address, &block);
    if (status)
        return status;
    unsigned place = (unsigned)(number % DICTIONARY_BLOCK_TERMS);
    if (place >= block.left)
        return dictionary_corrupt(dictionary->blocks, address, "a block has too few entries");
    for (unsigned i = 0; i <= place; i++) {
        if (!block_next(&block, &entry))
            return dictionary_corrupt(dictionary->blocks, address,
                                      "an entry ends behind its block");
        size_t size = entry.shared + entry.suffix_size;
        if (entry.shared > known || size > KEY_BYTES_MAX || size < 2)
            return dictionary_corrupt(dictionary->blocks, address, "a key is damaged");
        memcpy(key + entry.shared, entry.suffix, entry.suffix_size);
        known = size;
    }
    *key_size = known;
    return LUPE_OK;
}

lupe_status dictionary_number(struct dictionary *dictionary, const uint8_t *key, size_t key_size,
                              uint64_t *number)
{
    struct dictionary_search search;
    struct dictionary_block block;
    struct block_entry entry;
    bool done = false, ok = true;
    lupe_status status = LUPE_OK;
    if (!dictionary_search_begin(&search, dictionary, key, key_size))
        return LUPE_NOT_FOUND;
    while (!done)
        TRY(dictionary_search_go(&search, &done));
    TRY(block_open(dictionary, search.address, &block));
    unsigned count = block.left;
    if (!block_find(&block, key, key_size, &entry, &ok))
        return ok ? LUPE_NOT_FOUND
                  : dictionary_corrupt(dictionary->blocks, search.address,
                                       "an entry ends behind its block");
    *number = ((uint64_t)search.part.first + search.low) * DICTIONARY_BLOCK_TERMS + count -
              block.left - 1;
out:
    return status;
}

/* ---- reading: walking */

/* Decodes the next entry of the block in use into key and entry. Ascending order is checked: a key
 * either goes on where the one before ended, or differs from it upwards. */
static lupe_status iterator_decode(struct dictionary_iterator *iterator)
{
    struct block_entry entry;
    if (!block_next(&iterator->block, &entry))
        return fail(LUPE_CORRUPT, "segment %u: a dictionary entry ends behind its block",
                    iterator->dictionary->blocks->segment);
    size_t shared = entry.shared;
    size_t suffix_size = entry.suffix_size;
    const uint8_t *suffix = entry.suffix;
    bool ascends;
    if (iterator->first)
        ascends =
            shared == 0 && compare_keys(iterator->key, iterator->key_size, suffix, suffix_size) < 0;
    else
        ascends = shared <= iterator->key_size &&
                  (shared == iterator->key_size || suffix[0] > iterator->key[shared]);
    if (!ascends || shared + suffix_size > KEY_BYTES_MAX || shared + suffix_size < 2)
        return fail(LUPE_CORRUPT, "segment %u: the keys of the dictionary do not ascend",
                    iterator->dictionary->blocks->segment);
    memcpy(iterator->key + shared, suffix, suffix_size);
    iterator->key_size = shared + suffix_size;
    iterator->first = false;
    return info_parse(iterator->dictionary, &iterator->block, &entry, &iterator->entry);
}

/* Opens the block at or, over the fill at the end of an extent, behind block_next. */
static lupe_status iterator_block(struct dictionary_iterator *iterator)
{
    struct section *blocks = iterator->dictionary->blocks;
    uint64_t offset = iterator->block_next;
    const uint8_t *bytes;
    size_t left;
    if (offset >= blocks->length)
        return LUPE_NOT_FOUND;
    lupe_status status = section_at(blocks, offset, &bytes, &left);
    if (status)
        return status;
    if (left < BLOCK_HEAD_BYTES || load_u16(bytes + 4) == 0) {
        offset += left;
        if (offset >= blocks->length)
            return dictionary_corrupt(blocks, offset, "no block ends the dictionary");
    }
    status = block_open(iterator->dictionary, offset, &iterator->block);
    if (status)
        return status;
    iterator->first = true;
    iterator->block_next = offset + iterator->block.size;
    return LUPE_OK;
}

lupe_status dictionary_next(struct dictionary_iterator *iterator)
{
    if (iterator->pending) {
        iterator->pending = false;
        return LUPE_OK;
    }
    for (;;) {
        if (iterator->block.left == 0) {
            lupe_status status = iterator_block(iterator);
            if (status)
                return status;
        }
        lupe_status status = iterator_decode(iterator);
        if (status || (iterator->entry.flags & ENTRY_STORAGE_MASK) != ENTRY_NONE)
            return status;
        iterator->passed_over++;
    }
}

lupe_status dictionary_seek(struct dictionary *dictionary, const uint8_t *key, size_t key_size,
                            struct dictionary_iterator *iterator)
{
    lupe_status status;
    memset(iterator, 0, sizeof *iterator);
    iterator->dictionary = dictionary;
    if (dictionary->blocks->length == 0)
        return LUPE_OK;
    status = dictionary_index_find(dictionary, key, key_size, &iterator->block_next);
    if (status)
        return status;
    do
        status = dictionary_next(iterator);
    while (!status && compare_keys(iterator->key, iterator->key_size, key, key_size) < 0);
    iterator->pending = status == LUPE_OK;
    return status == LUPE_NOT_FOUND ? LUPE_OK : status;
}

/* ---- reading: block by block */

lupe_status dictionary_walk_begin(struct dictionary_walk *walk, struct dictionary *dictionary)
{
    memset(walk, 0, sizeof *walk);
    walk->dictionary = dictionary;
    return dictionary->blocks->length == 0 ? LUPE_NOT_FOUND
                                           : dictionary_part_open(dictionary, 0, &walk->part);
}

lupe_status dictionary_walk_on(struct dictionary_walk *walk, const uint8_t **separator,
                               size_t *size)
{
    if (walk->place + 1 < walk->part.count) {
        walk->place++;
    } else if (walk->extent + 1 < walk->dictionary->index->extent_count) {
        lupe_status status = dictionary_part_open(walk->dictionary, walk->extent + 1, &walk->part);
        if (status)
            return status;
        walk->extent++;
        walk->place = 0;
    } else {
        return LUPE_NOT_FOUND;
    }
    uint32_t start = load_u32(walk->part.offsets + 4 * (size_t)walk->place);
    uint32_t end = load_u32(walk->part.offsets + 4 * (size_t)walk->place + 4);
    bool sound = start <= end && end <= walk->part.bytes;
    *separator = walk->part.separators + (sound ? start : 0);
    *size = sound ? end - start : 0;
    return LUPE_OK;
}

/* Most of the time the block is near: steps that double, then a bisection. */
lupe_status dictionary_walk_to(struct dictionary_walk *walk, const uint8_t *key, size_t key_size)
{
    struct dictionary_wanted wanted = dictionary_wanted_of(key, key_size);
    struct dictionary_part next;
    while (walk->extent + 1 < walk->dictionary->index->extent_count) {
        lupe_status status = dictionary_part_open(walk->dictionary, walk->extent + 1, &next);
        if (status)
            return status;
        if (!dictionary_part_reaches(&next, 0, &wanted))
            break;
        walk->part = next;
        walk->extent++;
        walk->place = 0;
    }
    uint32_t low = walk->place;
    uint32_t step = 1;
    for (;
         step < walk->part.count - low && dictionary_part_reaches(&walk->part, low + step, &wanted);
         step *= 2)
        low += step;
    uint32_t high = step < walk->part.count - low ? low + step : walk->part.count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (dictionary_part_reaches(&walk->part, middle, &wanted))
            low = middle;
        else
            high = middle;
    }
    walk->place = low;
    walk->key_size = 0;
    return block_open(walk->dictionary, load_u32(walk->part.addresses + 4 * (size_t)low),
                      &walk->block);
}

lupe_status dictionary_walk_entry(struct dictionary_walk *walk)
{
    if (walk->block.left == 0)
        return LUPE_NOT_FOUND;
    bool sound = block_next(&walk->block, &walk->entry);
    size_t size = walk->entry.shared + walk->entry.suffix_size;
    if (!sound || walk->entry.shared > walk->key_size || size > KEY_BYTES_MAX || size < 2)
        return fail(LUPE_CORRUPT, "segment %u: a dictionary entry is damaged",
                    walk->dictionary->blocks->segment);
    walk->key_size = size;
    return LUPE_OK;
}

lupe_status dictionary_walk_parse(const struct dictionary_walk *walk, struct entry *entry)
{
    return info_parse(walk->dictionary, &walk->block, &walk->entry, entry);
}
