/* SPDX-License-Identifier: MIT
 *
 * dictionary.c - writes, searches and walks the dictionary (FORMAT.md sections 4, 5):
 *
 *   dictionary := block *                       each block an item
 *   block      := checksum:u32 size:u16 count:u8 entry * count
 *   entry      := shared:u8 suffix_size:u8 head:u8 suffix info
 *   head       := info_size in bits 0-5, form in bits 6-7: 0 flags stand in the info, else it is a
 *                 single's, 1 without tf, 2 with tf, 3 with tf and positions
 *   info       := flags:u8 by_storage [group] [forms] | single
 *   by_storage := single | inline | list | nothing
 *   single     := document:varint [position:varint]
 *   inline     := frequency:varint (delta:varint [tf:varint [position_delta:varint * tf]]) *
 *   list       := frequency:varint more:varint postings:varint [positions:varint]
 *   group      := extra_frequency:varint union_frequency:varint
 *   forms      := offset:varint
 *   index      := part *                        one part an extent
 *   part       := count:u32 first_block:u32 address:u32 * count offset:u32 * (count + 1)
 *                 separator bytes
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

#include "base/hash.h"

#define BLOCK_HEAD_BYTES 7u
#define ENTRY_HEAD_BYTES 3u
#define HEAD_FORM_SHIFT 6u
#define BLOCK_BYTES_MAX \
    (BLOCK_HEAD_BYTES + \
     DICTIONARY_BLOCK_TERMS * (ENTRY_HEAD_BYTES + KEY_BYTES_MAX + ENTRY_INFO_BYTES_MAX))
#define PART_HEAD_BYTES 8u
#define HASH_BYTES 16u

/* The flags of the forms that have none in the info. */
static const uint8_t form_flags[4] = {0, ENTRY_SINGLE, ENTRY_SINGLE | ENTRY_HAS_TF,
                                      ENTRY_SINGLE | ENTRY_HAS_TF | ENTRY_HAS_POSITIONS};

_Static_assert(KEY_BYTES_MAX <= 255, "shared and suffix_size are one byte");
_Static_assert(BLOCK_BYTES_MAX <= UINT16_MAX, "the size of a block is two bytes");
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

static size_t common_prefix(const uint8_t *left, size_t left_size, const uint8_t *right,
                            size_t right_size)
{
    size_t shorter = left_size < right_size ? left_size : right_size;
    size_t common = 0;
    while (common < shorter && left[common] == right[common])
        common++;
    return common;
}

static int compare_keys(const uint8_t *left, size_t left_size, const uint8_t *right,
                        size_t right_size)
{
    size_t shorter = left_size < right_size ? left_size : right_size;
    int order = shorter ? memcmp(left, right, shorter) : 0;
    if (order)
        return order;
    return left_size < right_size ? -1 : left_size > right_size;
}

/* ---- writing */

void dictionary_writer_init(struct dictionary_writer *writer, struct section_writer *blocks,
                            struct section_writer *index)
{
    memset(writer, 0, sizeof *writer);
    writer->blocks = blocks;
    writer->index = index;
    writer->block = BUFFER_INIT(BLOCK_BYTES_MAX);
    writer->addresses = BUFFER_INIT(EXTENT_PAYLOAD_BYTES);
    writer->offsets = BUFFER_INIT(EXTENT_PAYLOAD_BYTES);
    writer->separators = BUFFER_INIT(EXTENT_PAYLOAD_BYTES);
}

void dictionary_writer_free(struct dictionary_writer *writer)
{
    buffer_free(&writer->block);
    buffer_free(&writer->addresses);
    buffer_free(&writer->offsets);
    buffer_free(&writer->separators);
}

static lupe_status part_flush(struct dictionary_writer *writer)
{
    uint32_t count = (uint32_t)(writer->addresses.size / 4);
    uint8_t head[PART_HEAD_BYTES + 4];
    if (count == 0)
        return writer->index->status;
    store_u32(head, count);
    store_u32(head + 4, writer->part_first);
    section_writer_fit(writer->index, EXTENT_PAYLOAD_BYTES);
    section_writer_add(writer->index, head, PART_HEAD_BYTES);
    section_writer_add(writer->index, writer->addresses.data, writer->addresses.size);
    store_u32(head, 0);
    section_writer_add(writer->index, head, 4);
    section_writer_add(writer->index, writer->offsets.data, writer->offsets.size);
    section_writer_add(writer->index, writer->separators.data, writer->separators.size);
    buffer_clear(&writer->addresses);
    buffer_clear(&writer->offsets);
    buffer_clear(&writer->separators);
    writer->part_first = writer->blocks_done;
    return writer->index->status;
}

/* Ends the block: it goes out, its address and separator into the index. */
static lupe_status block_flush(struct dictionary_writer *writer)
{
    struct buffer *block = &writer->block;
    lupe_status status = buffer_status(block);
    if (status || writer->block_terms == 0)
        return status;
    /* The first entry of a block holds its whole key. */
    const uint8_t *first = block->data + BLOCK_HEAD_BYTES + ENTRY_HEAD_BYTES;
    size_t first_size = block->data[BLOCK_HEAD_BYTES + 1];
    size_t separator = 0;
    if (writer->blocks_done)
        separator = common_prefix(writer->before, writer->before_size, first, first_size) + 1;
    assert(separator <= first_size);

    size_t part = PART_HEAD_BYTES + writer->addresses.size + 4 + writer->offsets.size + 4 +
                  writer->separators.size;
    if (part + 4 + separator > EXTENT_PAYLOAD_BYTES) {
        status = part_flush(writer);
        if (status)
            return status;
    }

    store_u16(block->data + 4, (uint16_t)block->size);
    block->data[6] = (uint8_t)writer->block_terms;
    store_u32(block->data, checksum_32(block->data + 4, block->size - 4));
    section_writer_fit(writer->blocks, block->size);
    uint64_t address = section_writer_offset(writer->blocks);
    if (address > UINT32_MAX)
        return fail(LUPE_LIMIT, "the dictionary of a segment exceeds 4 GiB");
    section_writer_add(writer->blocks, block->data, block->size);
    if (writer->blocks->status)
        return writer->blocks->status;

    buffer_add_u32(&writer->addresses, (uint32_t)address);
    buffer_add(&writer->separators, first, separator);
    buffer_add_u32(&writer->offsets, (uint32_t)writer->separators.size);
    memcpy(writer->before, writer->last, writer->last_size);
    writer->before_size = writer->last_size;
    writer->blocks_done++;
    writer->block_terms = 0;
    buffer_clear(block);
    status = buffer_status(&writer->addresses);
    if (!status)
        status = buffer_status(&writer->separators);
    return status ? status : buffer_status(&writer->offsets);
}

lupe_status dictionary_writer_add(struct dictionary_writer *writer, const uint8_t *key,
                                  size_t key_size, const uint8_t *info, size_t info_size)
{
    assert(key_size >= 2 && key_size <= KEY_BYTES_MAX);
    assert(info_size > 0 && info_size <= ENTRY_INFO_BYTES_MAX);
    assert(compare_keys(writer->last, writer->last_size, key, key_size) < 0);
    if (writer->block_terms == DICTIONARY_BLOCK_TERMS) {
        lupe_status status = block_flush(writer);
        if (status)
            return status;
    }
    size_t shared = 0;
    if (writer->block_terms)
        shared = common_prefix(writer->last, writer->last_size, key, key_size);
    else
        buffer_add(&writer->block, (const uint8_t[BLOCK_HEAD_BYTES]){0}, BLOCK_HEAD_BYTES);
    uint8_t head[ENTRY_HEAD_BYTES] = {(uint8_t)shared, (uint8_t)(key_size - shared),
                                      (uint8_t)info_size};
    for (unsigned form = 1; form < 4; form++) {
        if (info[0] != form_flags[form])
            continue;
        info++;
        info_size--;
        head[2] = (uint8_t)(form << HEAD_FORM_SHIFT | info_size);
        break;
    }
    buffer_add(&writer->block, head, ENTRY_HEAD_BYTES);
    buffer_add(&writer->block, key + shared, key_size - shared);
    buffer_add(&writer->block, info, info_size);
    memcpy(writer->last, key, key_size);
    writer->last_size = (unsigned)key_size;
    writer->block_terms++;
    writer->terms++;
    return buffer_status(&writer->block);
}

lupe_status dictionary_writer_finish(struct dictionary_writer *writer)
{
    lupe_status status = block_flush(writer);
    return status ? status : part_flush(writer);
}

/* ---- reading: the index */

struct part {
    const uint8_t *addresses; /* u32[count], unaligned like all numbers */
    const uint8_t *offsets;   /* u32[count + 1] */
    const uint8_t *separators;
    uint32_t count;
    uint32_t first; /* block of the dictionary */
    uint32_t bytes; /* of separators */
};

static lupe_status dictionary_corrupt(const struct section *section, uint64_t offset,
                                      const char *what)
{
    return fail(LUPE_CORRUPT, "segment %u: dictionary at offset %llu of section %u: %s",
                section->segment, (unsigned long long)offset, section->id, what);
}

static lupe_status part_open(struct dictionary *dictionary, uint32_t extent, struct part *part)
{
    uint64_t offset = (uint64_t)extent * EXTENT_PAYLOAD_BYTES;
    const uint8_t *bytes;
    size_t left;
    lupe_status status = section_at(dictionary->index, offset, &bytes, &left);
    if (status)
        return status;
    part->count = left >= PART_HEAD_BYTES + 12 ? load_u32(bytes) : 0;
    if (part->count == 0 || part->count > (left - PART_HEAD_BYTES - 4) / 8)
        return dictionary_corrupt(dictionary->index, offset, "the head of a part is damaged");
    part->first = load_u32(bytes + 4);
    part->addresses = bytes + PART_HEAD_BYTES;
    part->offsets = part->addresses + 4 * (size_t)part->count;
    part->separators = part->offsets + 4 * ((size_t)part->count + 1);
    part->bytes = (uint32_t)(bytes + left - part->separators);
    return LUPE_OK;
}

/* The key being looked for, its first bytes as a number that orders as they do. */
struct wanted {
    const uint8_t *key;
    size_t size;
    uint64_t prefix;
};

static inline uint64_t prefix_of(const uint8_t *bytes, size_t size)
{
    uint64_t prefix = 0;
    if (size >= 8)
        return __builtin_bswap64(load_u64(bytes));
    if (size >= 4) /* in two halves that overlap */
        return (uint64_t)__builtin_bswap32(load_u32(bytes)) << 32 |
               (uint64_t)__builtin_bswap32(load_u32(bytes + size - 4)) << (8 * (8 - size));
    for (size_t i = 0; i < size; i++)
        prefix |= (uint64_t)bytes[i] << (56 - 8 * i);
    return prefix;
}

/* The first eight bytes of separator i, 0 when it is empty or damaged. Reads up to 8 bytes behind
 * the separator, which the extent's tail allows. */
static inline uint64_t separator_prefix(const struct part *part, uint32_t i)
{
    uint32_t start = load_u32(part->offsets + 4 * (size_t)i);
    uint32_t end = load_u32(part->offsets + 4 * (size_t)i + 4);
    if (start >= end || end > part->bytes)
        return 0;
    uint64_t prefix = __builtin_bswap64(load_u64(part->separators + start));
    return end - start < 8 ? prefix & ~(UINT64_MAX >> (8 * (end - start))) : prefix;
}

/* Whether separator i, of the same prefix, is at or below a key. A damaged one always is: the block
 * it leads to does not have the key. */
static bool separator_reaches(const struct part *part, uint32_t i, const struct wanted *wanted)
{
    uint32_t start = load_u32(part->offsets + 4 * (size_t)i);
    uint32_t end = load_u32(part->offsets + 4 * (size_t)i + 4);
    if (start >= end || end > part->bytes)
        return true;
    return compare_keys(part->separators + start, end - start, wanted->key, wanted->size) <= 0;
}

/* Goes from a node of the tree to the next: whether separator i of the part is at or below. */
static inline bool node_step(struct dictionary *dictionary, size_t *node, const struct part *part,
                             uint32_t i, const struct wanted *wanted)
{
    uint64_t prefix = separator_prefix(part, i);
    if (*node < DICTIONARY_TOPS)
        dictionary->tops[*node] = prefix;
    bool reaches =
        prefix == wanted->prefix ? separator_reaches(part, i, wanted) : prefix < wanted->prefix;
    *node = 2 * *node + reaches;
    return reaches;
}

/* The same without a look at the file, where the node is known and its prefix decides. */
static inline bool top_step(const struct dictionary *dictionary, size_t *node,
                            const struct wanted *wanted, bool *reaches)
{
    uint64_t prefix = *node < DICTIONARY_TOPS ? dictionary->tops[*node] : 0;
    if (prefix == 0 || prefix == wanted->prefix)
        return false;
    *reaches = prefix < wanted->prefix;
    *node = 2 * *node + *reaches;
    return true;
}

/* The part and the block in it that hold a key if any does. Which separators are compared depends
 * on the outcomes alone, so the path of outcomes, a node, stands for a separator. */
static lupe_status index_find(struct dictionary *dictionary, const uint8_t *key, size_t key_size,
                              uint64_t *address)
{
    struct part part;
    struct wanted wanted = {key, key_size, prefix_of(key, key_size)};
    size_t node = 1;
    uint32_t low = 0;
    uint32_t high = dictionary->index->extent_count;
    lupe_status status;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        bool reaches;
        if (!top_step(dictionary, &node, &wanted, &reaches)) {
            status = part_open(dictionary, middle, &part);
            if (status)
                return status;
            reaches = node_step(dictionary, &node, &part, 0, &wanted);
        }
        low = reaches ? middle : low;
        high = reaches ? high : middle;
    }
    status = part_open(dictionary, low, &part);
    if (status)
        return status;
    low = 0;
    high = part.count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        bool reaches;
        if (!top_step(dictionary, &node, &wanted, &reaches))
            reaches = node_step(dictionary, &node, &part, middle, &wanted);
        low = reaches ? middle : low;
        high = reaches ? high : middle;
    }
    *address = load_u32(part.addresses + 4 * (size_t)low);
    return LUPE_OK;
}

/* The address of the block that has a number. */
static lupe_status index_block(struct dictionary *dictionary, uint64_t number, uint64_t *address)
{
    struct part part;
    uint32_t low = 0;
    uint32_t high = dictionary->index->extent_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        lupe_status status = part_open(dictionary, middle, &part);
        if (status)
            return status;
        if (part.first <= number)
            low = middle;
        else
            high = middle;
    }
    lupe_status status = part_open(dictionary, low, &part);
    if (status)
        return status;
    if (number < part.first || number - part.first >= part.count)
        return dictionary_corrupt(dictionary->index, (uint64_t)low * EXTENT_PAYLOAD_BYTES,
                                  "a part does not have the block that it should");
    *address = load_u32(part.addresses + 4 * (size_t)(number - part.first));
    return LUPE_OK;
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

/* A block whose checksum was verified: its entries lie from next to end. */
static lupe_status block_open(struct dictionary *dictionary, uint64_t address, const uint8_t **next,
                              const uint8_t **end, unsigned *count)
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
    *count = bytes[6];
    if (*count == 0 || *count > DICTIONARY_BLOCK_TERMS)
        return dictionary_corrupt(dictionary->blocks, address, "a block has a wrong count");
    *next = bytes + BLOCK_HEAD_BYTES;
    *end = bytes + size;
    return LUPE_OK;
}

static inline size_t info_bytes(uint8_t head)
{
    return head & ENTRY_INFO_BYTES_MAX;
}

/* The bytes of an entry behind its head, or 0 when it ends behind the block. */
static inline size_t entry_bytes(const uint8_t *entry, const uint8_t *end)
{
    if ((size_t)(end - entry) < ENTRY_HEAD_BYTES)
        return 0;
    size_t size = ENTRY_HEAD_BYTES + (size_t)entry[1] + info_bytes(entry[2]);
    return entry[1] && info_bytes(entry[2]) && size <= (size_t)(end - entry) ? size : 0;
}

/* Finds a key among the entries of a block: NULL and ok, or NULL and not ok when it is damaged. */
static const uint8_t *block_find(const uint8_t *next, const uint8_t *end, unsigned count,
                                 const uint8_t *key, size_t key_size, bool *ok)
{
    size_t matched = 0;
    *ok = true;
    while (count--) {
        size_t size = entry_bytes(next, end);
        if (size == 0) {
            *ok = false;
            return NULL;
        }
        size_t shared = next[0];
        if (shared < matched)
            return NULL;
        if (shared == matched) {
            const uint8_t *suffix = next + ENTRY_HEAD_BYTES;
            size_t suffix_size = next[1];
            size_t common = common_prefix(suffix, suffix_size, key + matched, key_size - matched);
            matched += common;
            if (common == suffix_size && matched == key_size)
                return next;
            if (common < suffix_size && (matched == key_size || suffix[common] > key[matched]))
                return NULL;
        }
        next += size;
    }
    return NULL;
}

/* Walks over the postings of a single or inline entry, to what stands behind them. */
static void inline_skip(struct cursor *cursor, const struct entry *entry)
{
    bool has_positions = entry->flags & ENTRY_HAS_POSITIONS;
    bool single = (entry->flags & ENTRY_STORAGE_MASK) == ENTRY_SINGLE;
    for (uint32_t i = 0; i < entry->frequency && cursor->ok; i++) {
        (void)cursor_varint(cursor);
        uint64_t tf = entry->flags & ENTRY_HAS_TF && !single ? cursor_varint(cursor) : 1;
        for (uint64_t j = 0; has_positions && j < tf && cursor->ok; j++)
            (void)cursor_varint(cursor);
    }
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

static bool storage_parse(struct cursor *cursor, struct entry *entry)
{
    unsigned storage = entry->flags & ENTRY_STORAGE_MASK;
    unsigned contents = entry->flags & (ENTRY_HAS_TF | ENTRY_HAS_POSITIONS);
    if (storage == ENTRY_NONE)
        return !contents && (entry->flags & ENTRY_HAS_GROUP);
    if (contents == ENTRY_HAS_POSITIONS)
        return false;
    uint64_t frequency = storage == ENTRY_SINGLE ? 1 : cursor_varint(cursor);
    if (!cursor->ok || frequency == 0 || frequency > SEGMENT_DOCUMENTS_MAX)
        return false;
    entry->frequency = (uint32_t)frequency;
    if (storage == ENTRY_LIST) {
        uint64_t more = cursor_varint(cursor);
        entry->postings = cursor_varint(cursor);
        if (entry->flags & ENTRY_HAS_POSITIONS)
            entry->positions = cursor_varint(cursor);
        entry->occurrences = frequency + more;
        return more < frequency * DOCUMENT_WORDS_MAX && (!more || contents & ENTRY_HAS_TF);
    }
    entry->occurrences = storage == ENTRY_SINGLE ? 1 : 0;
    entry->data = cursor->next;
    inline_skip(cursor, entry);
    entry->data_size = (uint32_t)(cursor->next - entry->data);
    return true;
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

/* What stands behind the head and the suffix of an entry. */
static lupe_status info_parse(uint8_t head, const uint8_t *info, struct entry *entry)
{
    size_t size = info_bytes(head);
    if (head == size)
        return entry_parse(info, size, entry);
    struct cursor cursor = cursor_of(info, size);
    memset(entry, 0, sizeof *entry);
    entry->flags = form_flags[head >> HEAD_FORM_SHIFT];
    entry->frequency = 1;
    entry->occurrences = 1;
    entry->data = info;
    entry->data_size = (uint32_t)size;
    inline_skip(&cursor, entry);
    if (cursor.ok && cursor_left(&cursor) == 0)
        return LUPE_OK;
    memset(entry, 0, sizeof *entry);
    return fail(LUPE_CORRUPT, "a dictionary entry is damaged");
}

lupe_status dictionary_find(struct dictionary *dictionary, const uint8_t *key, size_t key_size,
                            struct entry *entry)
{
    uint64_t address;
    const uint8_t *next;
    const uint8_t *end;
    unsigned count;
    bool ok;

    memset(entry, 0, sizeof *entry);
    if (dictionary->blocks->length == 0)
        return LUPE_NOT_FOUND;
    lupe_status status = index_find(dictionary, key, key_size, &address);
    if (status)
        return status;
    status = block_open(dictionary, address, &next, &end, &count);
    if (status)
        return status;
    const uint8_t *found = block_find(next, end, count, key, key_size, &ok);
    if (!ok)
        return dictionary_corrupt(dictionary->blocks, address, "an entry ends behind its block");
    if (!found)
        return LUPE_NOT_FOUND;
    status = info_parse(found[2], found + ENTRY_HEAD_BYTES + found[1], entry);
    return status ? dictionary_corrupt(dictionary->blocks, address, "an entry is damaged")
                  : LUPE_OK;
}

lupe_status dictionary_key(struct dictionary *dictionary, uint64_t number,
                           uint8_t key[KEY_BYTES_MAX], size_t *key_size)
{
    uint64_t address = 0;
    const uint8_t *next;
    const uint8_t *end;
    unsigned count;
    size_t known = 0;
    *key_size = 0;
    lupe_status status = index_block(dictionary, number / DICTIONARY_BLOCK_TERMS, &address);
    if (!status)
        status = block_open(dictionary, address, &next, &end, &count);
    if (status)
        return status;
    unsigned place = (unsigned)(number % DICTIONARY_BLOCK_TERMS);
    if (place >= count)
        return dictionary_corrupt(dictionary->blocks, address, "a block has too few entries");
    for (unsigned i = 0; i <= place; i++) {
        size_t size = entry_bytes(next, end);
        if (size == 0)
            return dictionary_corrupt(dictionary->blocks, address,
                                      "an entry ends behind its block");
        size_t shared = next[0];
        size_t suffix_size = next[1];
        if (shared > known || shared + suffix_size > KEY_BYTES_MAX || shared + suffix_size < 2)
            return dictionary_corrupt(dictionary->blocks, address, "a key is damaged");
        memcpy(key + shared, next + ENTRY_HEAD_BYTES, suffix_size);
        known = shared + suffix_size;
        next += size;
    }
    *key_size = known;
    return LUPE_OK;
}

/* ---- reading: walking */

/* Decodes the next entry of the block in use into key and entry. Ascending order is checked: a key
 * either goes on where the one before ended, or differs from it upwards. */
static lupe_status iterator_decode(struct dictionary_iterator *iterator)
{
    const uint8_t *entry = iterator->next;
    size_t size = entry_bytes(entry, iterator->end);
    if (size == 0)
        return fail(LUPE_CORRUPT, "segment %u: a dictionary entry ends behind its block",
                    iterator->dictionary->blocks->segment);
    size_t shared = entry[0];
    size_t suffix_size = entry[1];
    const uint8_t *suffix = entry + ENTRY_HEAD_BYTES;
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
    iterator->left--;
    iterator->next = entry + size;
    return info_parse(entry[2], suffix + suffix_size, &iterator->entry);
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
    status =
        block_open(iterator->dictionary, offset, &iterator->next, &iterator->end, &iterator->left);
    if (status)
        return status;
    iterator->first = true;
    iterator->block_next = offset + BLOCK_HEAD_BYTES + (uint64_t)(iterator->end - iterator->next);
    return LUPE_OK;
}

lupe_status dictionary_next(struct dictionary_iterator *iterator)
{
    if (iterator->pending) {
        iterator->pending = false;
        return LUPE_OK;
    }
    for (;;) {
        if (iterator->left == 0) {
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
    status = index_find(dictionary, key, key_size, &iterator->block_next);
    if (status)
        return status;
    do
        status = dictionary_next(iterator);
    while (!status && compare_keys(iterator->key, iterator->key_size, key, key_size) < 0);
    iterator->pending = status == LUPE_OK;
    return status == LUPE_NOT_FOUND ? LUPE_OK : status;
}
