/* SPDX-License-Identifier: MIT
 *
 * dictionary_index.c - see dictionary_index.h; the grammar stands at the head of
 * dictionary_layout.h:
 *
 *   index := part *
 *   part  := count:u32 first_block:u32 address:u32 * count offset:u32 * (count + 1) separator bytes
 */
#include "segment/dictionary_index.h"

#include "base/cpu.h"
#include "segment/dictionary_layout.h"

#define LEVELS_ASKED 3u             /* of remembered separators, a line of the cache each */
#define SEPARATORS_ASKED_MAX 32u    /* of the last ones offsets and bytes are asked for */
#define SEPARATORS_ASKED_BYTES 256u /* they have some 6 each */
#define BLOCK_PREFETCH_BYTES 256u   /* a block has some 400: half of it is read as a rule */

lupe_status dictionary_corrupt(const struct section *section, uint64_t offset, const char *what)
{
    return fail(LUPE_CORRUPT, "segment %u: dictionary at offset %llu of section %u: %s",
                section->segment, (unsigned long long)offset, section->id, what);
}

lupe_status dictionary_part_open(struct dictionary *dictionary, uint32_t extent,
                                 struct dictionary_part *part)
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

/* The first bytes of a key as a number that orders as they do. */
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

struct dictionary_wanted dictionary_wanted_of(const uint8_t *key, size_t size)
{
    return (struct dictionary_wanted){key, size, prefix_of(key, size)};
}

/* The first eight bytes of separator i, 0 when it is empty or damaged. Reads up to 8 bytes behind
 * the separator, which the extent's tail allows. */
static inline uint64_t separator_prefix(const struct dictionary_part *part, uint32_t i)
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
static bool separator_reaches(const struct dictionary_part *part, uint32_t i,
                              const struct dictionary_wanted *wanted)
{
    uint32_t start = load_u32(part->offsets + 4 * (size_t)i);
    uint32_t end = load_u32(part->offsets + 4 * (size_t)i + 4);
    if (start >= end || end > part->bytes)
        return true;
    return compare_keys(part->separators + start, end - start, wanted->key, wanted->size) <= 0;
}

bool dictionary_part_reaches(const struct dictionary_part *part, uint32_t place,
                             const struct dictionary_wanted *wanted)
{
    uint64_t prefix = separator_prefix(part, place);
    return prefix == wanted->prefix ? separator_reaches(part, place, wanted)
                                    : prefix < wanted->prefix;
}

/* The prefixes remembered, from the beginning of a line of the cache. */
static inline uint64_t *tops_of(const struct dictionary *dictionary)
{
    uintptr_t tops = (uintptr_t)dictionary->tops;
    return (uint64_t *)((tops + CACHE_LINE_BYTES - 1) & ~(uintptr_t)(CACHE_LINE_BYTES - 1));
}

/* Goes from a node of the tree to the next: whether separator i of the part is at or below. */
static inline bool node_step(struct dictionary *dictionary, size_t *node,
                             const struct dictionary_part *part, uint32_t i,
                             const struct dictionary_wanted *wanted)
{
    uint64_t prefix = separator_prefix(part, i);
    if (*node < DICTIONARY_TOPS)
        tops_of(dictionary)[*node] = prefix;
    bool reaches =
        prefix == wanted->prefix ? separator_reaches(part, i, wanted) : prefix < wanted->prefix;
    *node = 2 * *node + reaches;
    return reaches;
}

/* The same without a look at the file, where the node is known and its prefix decides. */
static inline bool top_step(const struct dictionary *dictionary, size_t *node,
                            const struct dictionary_wanted *wanted, bool *reaches)
{
    uint64_t prefix = *node < DICTIONARY_TOPS ? tops_of(dictionary)[*node] : 0;
    if (prefix == 0 || prefix == wanted->prefix)
        return false;
    *reaches = prefix < wanted->prefix;
    *node = 2 * *node + *reaches;
    return true;
}

/* The part and the block in it that hold a key if any does. Which separators are compared depends
 * on the outcomes alone, so the path of outcomes, a node, stands for a separator. */
lupe_status dictionary_index_find(struct dictionary *dictionary, const uint8_t *key,
                                  size_t key_size, uint64_t *address)
{
    struct dictionary_part part;
    struct dictionary_wanted wanted = dictionary_wanted_of(key, key_size);
    size_t node = 1;
    uint32_t low = 0;
    uint32_t high = dictionary->index->extent_count;
    lupe_status status;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        bool reaches;
        if (!top_step(dictionary, &node, &wanted, &reaches)) {
            status = dictionary_part_open(dictionary, middle, &part);
            if (status)
                return status;
            reaches = node_step(dictionary, &node, &part, 0, &wanted);
        }
        low = reaches ? middle : low;
        high = reaches ? high : middle;
    }
    status = dictionary_part_open(dictionary, low, &part);
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

/* ---- step by step */

/* Three levels of remembered separators, wherever it goes on. */
static void ask_tops(const struct dictionary_search *search)
{
    const uint64_t *tops = tops_of(search->dictionary);
    for (unsigned i = 0; i < LEVELS_ASKED && search->node << i < DICTIONARY_TOPS; i++)
        prefetch_bytes(tops + (search->node << i), 1);
}

/* What leads to the last separators: the arrays' beginnings, middles and ends. */
static void ask_offsets(const struct dictionary_search *search)
{
    const struct dictionary_part *part = &search->part;
    size_t first = 4 * (size_t)search->low, bytes = 4 * (size_t)search->count;
    prefetch_bytes(part->offsets + first, 1);
    prefetch_bytes(part->offsets + first + bytes / 2, 1);
    prefetch_bytes(part->offsets + first + bytes, 4);
    prefetch_bytes(part->addresses + first, 1);
    prefetch_bytes(part->addresses + first + bytes - 4, 4);
}

static void ask_separators(const struct dictionary_search *search)
{
    const struct dictionary_part *part = &search->part;
    uint32_t start = load_u32(part->offsets + 4 * (size_t)search->low);
    if (start < part->bytes)
        prefetch_bytes(part->separators + start, SEPARATORS_ASKED_BYTES);
}

void dictionary_ask_block(struct dictionary *dictionary, uint64_t address)
{
    const struct section *blocks = dictionary->blocks;
    if (address >= blocks->length)
        return; /* damage, which dictionary_find_at tells */
    const uint8_t *payload = blocks->extents[address / EXTENT_PAYLOAD_BYTES];
    if (payload)
        prefetch_bytes(payload + address % EXTENT_PAYLOAD_BYTES, BLOCK_PREFETCH_BYTES);
}

/* Goes on above or below the separator in the middle. */
static inline void search_turn(struct dictionary_search *search, bool reaches)
{
    uint32_t half = search->count / 2;
    search->low = reaches ? search->low + half : search->low;
    search->count = reaches ? search->count - half : half;
}

/* The part that holds the key if any does. Most dictionaries have one. */
static lupe_status search_part(struct dictionary_search *search)
{
    lupe_status status;
    while (search->count > 1) {
        bool reaches;
        if (!top_step(search->dictionary, &search->node, &search->wanted, &reaches)) {
            status = dictionary_part_open(search->dictionary, search->low + search->count / 2,
                                          &search->part);
            if (status)
                return status;
            reaches =
                node_step(search->dictionary, &search->node, &search->part, 0, &search->wanted);
        }
        search_turn(search, reaches);
    }
    status = dictionary_part_open(search->dictionary, search->low, &search->part);
    search->low = 0;
    search->count = search->part.count;
    return status;
}

static void search_separator(struct dictionary_search *search)
{
    search_turn(search, node_step(search->dictionary, &search->node, &search->part,
                                  search->low + search->count / 2, &search->wanted));
}

/* As many levels as were asked for; then asks for more, or for what leads to the last
 * separators. */
static void search_tops(struct dictionary_search *search)
{
    for (unsigned level = 0; search->count > 1; level++) {
        bool reaches;
        if (level >= LEVELS_ASKED && search->node < DICTIONARY_TOPS) {
            ask_tops(search);
            return;
        }
        if (top_step(search->dictionary, &search->node, &search->wanted, &reaches)) {
            search_turn(search, reaches);
            continue;
        }
        if (search->count <= SEPARATORS_ASKED_MAX) {
            ask_offsets(search);
            search->step = SEARCH_OFFSETS;
            return;
        }
        search_separator(search);
    }
    prefetch_bytes(search->part.addresses + 4 * (size_t)search->low, 4);
    search->step = SEARCH_ADDRESS;
}

bool dictionary_search_begin(struct dictionary_search *search, struct dictionary *dictionary,
                             const uint8_t *key, size_t key_size)
{
    const struct section *index = dictionary->index;
    if (dictionary->blocks->length == 0)
        return false;
    search->dictionary = dictionary;
    search->wanted = dictionary_wanted_of(key, key_size);
    search->low = 0;
    search->count = index->extent_count;
    search->node = 1;
    search->step = SEARCH_PART;
    search->address = 0;
    ask_tops(search);
    if (index->extent_count == 1 && index->extents[0])
        prefetch_bytes(index->extents[0], PART_HEAD_BYTES);
    return true;
}

lupe_status dictionary_search_go(struct dictionary_search *search, bool *done)
{
    lupe_status status = LUPE_OK;
    switch (search->step) {
    case SEARCH_PART:
        TRY(search_part(search));
        search->step = SEARCH_TOPS;
        /* fall through */
    case SEARCH_TOPS:
        search_tops(search);
        break;
    case SEARCH_OFFSETS:
        ask_separators(search);
        search->step = SEARCH_SEPARATORS;
        break;
    case SEARCH_SEPARATORS:
        while (search->count > 1)
            search_separator(search);
        /* fall through */
    case SEARCH_ADDRESS:
        search->address = load_u32(search->part.addresses + 4 * (size_t)search->low);
        dictionary_ask_block(search->dictionary, search->address);
        *done = true;
    }
out:
    return status;
}

/* The address of the block that has a number. */
lupe_status dictionary_index_block(struct dictionary *dictionary, uint64_t number,
                                   uint64_t *address)
{
    struct dictionary_part part;
    uint32_t low = 0;
    uint32_t high = dictionary->index->extent_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        lupe_status status = dictionary_part_open(dictionary, middle, &part);
        if (status)
            return status;
        if (part.first <= number)
            low = middle;
        else
            high = middle;
    }
    lupe_status status = dictionary_part_open(dictionary, low, &part);
    if (status)
        return status;
    if (number < part.first || number - part.first >= part.count)
        return dictionary_corrupt(dictionary->index, (uint64_t)low * EXTENT_PAYLOAD_BYTES,
                                  "a part does not have the block that it should");
    *address = load_u32(part.addresses + 4 * (size_t)(number - part.first));
    return LUPE_OK;
}
