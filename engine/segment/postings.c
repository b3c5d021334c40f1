/* SPDX-License-Identifier: MIT
 *
 * postings.c - reads lists in place (FORMAT.md sections 5, 6, 7; the grammar stands at the head of
 * postings_write.c).
 *
 * Nothing in the file is trusted: every offset is checked against the extent it must lie in, and
 * the documents of a block against the segment, before a caller sees them.
 */
#include "segment/postings.h"

#include <assert.h>

#include "segment/chunk.h"
#include "segment/short_list.h"

#define LIST_HAS_CHAMPIONS 1u
#define LIST_HAS_TF 2u
#define LIST_HAS_POSITIONS 4u
#define LIST_FLAGS_KNOWN 7u
#define HEAD_BIT_SET 0x1fu
#define SINGLE_FIRSTS_MAX 2u      /* so many are picked out of their chunk one by one */
#define POSITION_LIMIT (1u << 26) /* words of a document and gaps stay below */

/* Lists in the dictionary have no bound. */
static const uint8_t bound_unknown = 255;

static lupe_status list_corrupt(const struct list *list, const char *what)
{
    return fail(LUPE_CORRUPT,
                "segment %u: postings at offset %llu: %s; restore the index from a backup",
                (unsigned)list->postings->segment, (unsigned long long)list->start, what);
}

/* The arrays of the directory; bytes holds what follows the list's header. */
static lupe_status directory_open(struct list *list, const uint8_t *bytes, size_t left)
{
    uint32_t nb = list->block_count;
    uint32_t ns = nb > SUPERBLOCK_BLOCKS ? (nb + SUPERBLOCK_BLOCKS - 1) / SUPERBLOCK_BLOCKS : 0;
    if (left < 5 * (size_t)ns + 9 * (size_t)nb)
        return list_corrupt(list, "its directory ends behind the extent");
    list->super_count = ns;
    if (ns) {
        list->super_last = bytes;
        list->super_bound = bytes + 4 * (size_t)ns;
        bytes += 5 * (size_t)ns;
    }
    list->last = bytes;
    list->offset = bytes + 4 * (size_t)nb;
    list->bounds = bytes + 8 * (size_t)nb;
    return LUPE_OK;
}

lupe_status list_open(struct section *postings, struct section *positions,
                      uint32_t segment_documents, const struct entry *entry, struct list *list)
{
    memset(list, 0, sizeof *list);
    list->postings = postings;
    list->positions = positions;
    list->kernels = pack_kernels();
    list->documents_max = segment_documents;
    list->flags = entry->flags & (ENTRY_HAS_TF | ENTRY_HAS_POSITIONS);
    list->storage = entry->flags & ENTRY_STORAGE_MASK;
    list->frequency = entry->frequency;
    list->occurrences = entry->occurrences;
    list->start = entry->postings;
    list->positions_start = entry->positions;
    list->block_count =
        (uint32_t)(((uint64_t)entry->frequency + BLOCK_DOCUMENTS - 1) / BLOCK_DOCUMENTS);
    list->bound = 255;
    list->bounds = &bound_unknown;
    if (entry->frequency == 0 || entry->frequency > segment_documents)
        return list_corrupt(list, "its frequency is impossible");
    if (list->storage != ENTRY_LIST) {
        if (entry->frequency > BLOCK_DOCUMENTS)
            return list_corrupt(list, "too many documents in the dictionary");
        list->inline_data = entry->data;
        list->inline_size = entry->data_size;
        list->single_document = entry->document;
        list->single_position = entry->position;
        return LUPE_OK;
    }
    const uint8_t *bytes = NULL;
    size_t left = 0;
    lupe_status status = section_at(postings, list->start, &bytes, &left);
    if (status)
        return status;
    if (left < 2 || (bytes[0] & ~LIST_FLAGS_KNOWN))
        return list_corrupt(list, "its header is damaged");
    uint8_t flags = bytes[0];
    if (!(flags & LIST_HAS_TF) != !(list->flags & ENTRY_HAS_TF) ||
        !(flags & LIST_HAS_POSITIONS) != !(list->flags & ENTRY_HAS_POSITIONS))
        return list_corrupt(list, "its header and its dictionary entry differ");
    list->bound = bytes[1];
    list->bounds = bytes + 1;
    list->header_size = 2;
    if (flags & LIST_HAS_CHAMPIONS) {
        if (left < 8)
            return list_corrupt(list, "its header is damaged");
        list->has_champions = true;
        for (unsigned i = 0; i < 3; i++)
            list->champions[i] = load_u16(bytes + 2 + 2 * i);
        list->header_size = 8;
    }
    if (list->block_count == 1)
        return LUPE_OK;
    return directory_open(list, bytes + list->header_size, left - list->header_size);
}

/* Of so many superblocks and fewer the arrays are scanned: eight steps at most. */
#define SUPERBLOCKS_SCANNED_MAX 128u

/* The first superblock behind `from` that reaches target. */
static uint32_t find_superblock(const struct list *list, uint32_t from, uint32_t target)
{
    uint32_t low = from, high = list->super_count;
    while (high - low > SUPERBLOCKS_SCANNED_MAX) {
        uint32_t middle = low + (high - low) / 2;
        if (load_u32(list->super_last + 4 * (size_t)middle) < target)
            low = middle + 1;
        else
            high = middle + 1;
    }
    return list->kernels->find_not_below(list->super_last, low, high, target);
}

/* The reader moves forward by a few blocks as a rule: the arrays are scanned from where it is, many
 * at once, and the superblocks take the long steps. */
uint32_t list_find_block(const struct list *list, uint32_t from, uint32_t target)
{
    uint32_t nb = list->block_count;
    if (!list->last || from >= nb)
        return from < nb ? from : nb;
    if (!list->super_count)
        return list->kernels->find_not_below(list->last, from, nb, target);
    uint32_t super = from / SUPERBLOCK_BLOCKS;
    if (load_u32(list->super_last + 4 * (size_t)super) < target) {
        super = find_superblock(list, super + 1, target);
        if (super >= list->super_count)
            return nb;
        from = super * SUPERBLOCK_BLOCKS;
    }
    uint32_t end = (super + 1) * SUPERBLOCK_BLOCKS;
    return list->kernels->find_not_below(list->last, from, end < nb ? end : nb, target);
}

static struct short_bytes short_bytes(const struct list *list)
{
    return (struct short_bytes){list->inline_data, list->inline_size,
                                document_bits(list->documents_max),
                                (list->flags & ENTRY_HAS_TF) != 0};
}

/* Single and inline lists: all of it is read at once. */
static lupe_status inline_read(const struct list *list, struct block *block)
{
    bool sound = true;
    uint32_t next = 0; /* the least that a document may be */
    block->count = list->frequency;
    block->tfs_read = true;
    if (list->storage == ENTRY_SINGLE) {
        block->documents[0] = list->single_document;
        block->tfs[0] = 1;
    } else {
        struct short_bytes bytes = short_bytes(list);
        sound = short_list_read(&bytes, list->frequency, block->documents, block->tfs);
    }
    for (uint32_t i = 0; sound && i < list->frequency; i++) {
        sound = block->documents[i] >= next && block->documents[i] < list->documents_max &&
                block->tfs[i] <= DOCUMENT_WORDS_MAX;
        next = block->documents[i] + 1;
    }
    return sound ? LUPE_OK : list_corrupt(list, "postings in the dictionary are damaged");
}

/* What is wanted of a block's documents. */
enum block_mode { BLOCK_DOCUMENTS_READ, BLOCK_BITS_KEPT };

static lupe_status bits_read(const struct list *list, struct block *block, const uint8_t *bytes,
                             size_t left, uint32_t before, enum block_mode mode, size_t *size)
{
    if (left < 2 || left < 2 + 8 * (size_t)bytes[1] || bytes[1] == 0)
        return list_corrupt(list, "a bit set ends behind the extent");
    unsigned words = bytes[1];
    *size = 2 + 8 * (size_t)words;
    block->is_bits = true;
    block->bits = bytes + 2;
    block->bit_words = words;
    block->bit_base = before + 1;
    unsigned set = block->count;
    if (mode == BLOCK_DOCUMENTS_READ)
        set = list->kernels->bits_to_documents(block->bits, words, before, block->documents);
    uint64_t last = load_u64(block->bits + 8 * (words - 1));
    uint64_t highest =
        last ? (uint64_t)block->bit_base + 64 * (words - 1) + (63 - (unsigned)__builtin_clzll(last))
             : UINT64_MAX;
    if (set != block->count || highest >= list->documents_max ||
        (list->last && highest != list_block_last(list, block->number)))
        return list_corrupt(list, "a bit set does not have its documents");
    block->bit_last = (uint32_t)highest;
    return LUPE_OK;
}

/* A chunk of deltas. */
static lupe_status deltas_read(const struct list *list, struct block *block, const uint8_t *bytes,
                               size_t left, uint32_t before, size_t *size)
{
    uint32_t *documents = block->documents;
    const uint8_t *behind =
        chunk_read_ascending(bytes, bytes + left, block->count, before, documents);
    if (!behind)
        return list_corrupt(list, "a block is damaged");
    *size = (size_t)(behind - bytes);
    if (documents[0] < before + 1 || documents[block->count - 1] >= list->documents_max)
        return list_corrupt(list, "a block has documents the segment has not");
    return LUPE_OK;
}

static lupe_status block_locate(const struct list *list, uint32_t number, const uint8_t **bytes,
                                size_t *left, uint32_t *before)
{
    assert(number < list->block_count);
    uint64_t offset;
    *before = UINT32_MAX;
    if (list->block_count == 1) {
        offset = list->start + list->header_size;
    } else {
        offset = list->start + load_u32(list->offset + 4 * (size_t)number);
        if (number) {
            *before = list_block_last(list, number - 1);
            if (*before >= list->documents_max)
                return list_corrupt(list, "its directory is damaged");
        }
    }
    lupe_status status = section_at(list->postings, offset, bytes, left);
    if (status)
        return status;
    if (*left < 1)
        return list_corrupt(list, "a block ends behind the extent");
    return LUPE_OK;
}

static lupe_status block_open(const struct list *list, uint32_t number, struct block *block,
                              enum block_mode mode)
{
    block->number = number;
    block->tfs_read = false;
    block->is_bits = false;
    block->tf_bytes = NULL;
    block->positions_at = 0;
    if (list->storage != ENTRY_LIST)
        return inline_read(list, block);
    const uint8_t *bytes = NULL;
    size_t left = 0, size = 0;
    uint32_t before;
    lupe_status status = block_locate(list, number, &bytes, &left, &before);
    if (status)
        return status;
    uint32_t rest = list->frequency - number * BLOCK_DOCUMENTS;
    block->count = rest < BLOCK_DOCUMENTS ? rest : BLOCK_DOCUMENTS;
    if (bytes[0] == HEAD_BIT_SET)
        status = bits_read(list, block, bytes, left, before, mode, &size);
    else
        status = deltas_read(list, block, bytes, left, before, &size);
    if (status)
        return status;
    if (mode == BLOCK_DOCUMENTS_READ && list->last &&
        block->documents[block->count - 1] != list_block_last(list, number))
        return list_corrupt(list, "a block does not end where its directory says");
    block->end = bytes + left;
    bytes += size;
    if ((list->flags & ENTRY_HAS_POSITIONS) && number) {
        if ((size_t)(block->end - bytes) < 4)
            return list_corrupt(list, "a block ends behind the extent");
        block->positions_at = load_u32(bytes);
        bytes += 4;
    }
    if (list->flags & ENTRY_HAS_TF)
        block->tf_bytes = bytes;
    return LUPE_OK;
}

lupe_status block_read(const struct list *list, uint32_t number, struct block *block)
{
    return block_open(list, number, block, BLOCK_DOCUMENTS_READ);
}

lupe_status block_read_lazy(const struct list *list, uint32_t number, struct block *block)
{
    return block_open(list, number, block, BLOCK_BITS_KEPT);
}

lupe_status block_read_tfs(const struct list *list, struct block *block)
{
    if (block->tfs_read)
        return LUPE_OK;
    unsigned count = block->count;
    block->tfs_read = true;
    block->more = 0;
    if (!block->tf_bytes) {
        for (unsigned i = 0; i < count; i++)
            block->tfs[i] = 1;
        return LUPE_OK;
    }
    if (block->tf_bytes < block->end && *block->tf_bytes == 0) { /* the commonest: all are 1 */
        for (unsigned i = 0; i < count; i++)
            block->tfs[i] = 1;
        return LUPE_OK;
    }
    if (!chunk_read(block->tf_bytes, block->end, count, block->tfs)) {
        block->tfs_read = false;
        return list_corrupt(list, "term frequencies are damaged");
    }
    uint32_t all = 0;
    list->kernels->raise(block->tfs, count, &block->more, &all);
    if (all >= DOCUMENT_WORDS_MAX || (uint64_t)block->more + count > list->occurrences)
        return list_corrupt(list, "term frequencies are damaged");
    return LUPE_OK;
}

lupe_status block_tf(const struct list *list, struct block *block, unsigned index, uint32_t *tf)
{
    if (block->tfs_read) {
        *tf = block->tfs[index];
        return LUPE_OK;
    }
    *tf = 0;
    if (block->tf_bytes && !chunk_get(block->tf_bytes, block->end, block->count, index, tf))
        return list_corrupt(list, "term frequencies are damaged");
    ++*tf;
    if (*tf == 0 || *tf > DOCUMENT_WORDS_MAX || *tf > list->occurrences)
        return list_corrupt(list, "term frequencies are damaged");
    return LUPE_OK;
}

lupe_status block_first_position(const struct list *list, const struct block *block, unsigned index,
                                 uint32_t *position)
{
    const uint8_t *bytes = NULL;
    size_t left = 0;
    assert(list->storage == ENTRY_LIST);
    lupe_status status =
        section_at(list->positions, list->positions_start + block->positions_at, &bytes, &left);
    if (status)
        return status;
    if (!chunk_get(bytes, bytes + left, block->count, index, position))
        return list_corrupt(list, "positions are damaged");
    return LUPE_OK;
}

static lupe_status positions_grow(uint32_t **out, size_t *capacity, size_t needed)
{
    if (needed <= *capacity)
        return LUPE_OK;
    size_t grown_capacity = *capacity ? *capacity : 512;
    while (grown_capacity < needed)
        grown_capacity *= 2;
    uint32_t *grown = memory_realloc(*out, grown_capacity * sizeof *grown);
    if (!grown)
        return fail_memory();
    *out = grown;
    *capacity = grown_capacity;
    return LUPE_OK;
}

/* Turns deltas into positions in place; false when they leave the range of positions. */
static bool positions_sum(uint32_t *numbers, uint32_t count)
{
    uint32_t expected = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (numbers[i] >= POSITION_LIMIT)
            return false;
        numbers[i] += expected;
        if (numbers[i] >= POSITION_LIMIT)
            return false;
        expected = numbers[i] + 1;
    }
    return true;
}

static lupe_status inline_positions(const struct list *list, const uint32_t *tfs,
                                    const uint8_t *index, unsigned n, uint32_t **out,
                                    size_t *capacity, size_t done)
{
    struct short_bytes bytes = short_bytes(list);
    struct short_positions positions;
    unsigned wanted = 0;
    if (list->storage == ENTRY_INLINE)
        short_positions_begin(&positions, &bytes, list->frequency, tfs);
    for (uint32_t i = 0; i < list->frequency && wanted < n; i++) {
        uint32_t tf = tfs[i];
        bool take = index[wanted] == i;
        bool sound = tf <= 8 * (uint64_t)list->inline_size + 1; /* a bit or more each */
        if (sound) {
            lupe_status status = positions_grow(out, capacity, done + tf);
            if (status)
                return status;
        }
        if (sound && list->storage == ENTRY_SINGLE)
            (*out)[done] = list->single_position;
        else
            for (uint32_t j = 0; sound && j < tf; j++)
                sound = short_positions_next(&positions, j == 0, *out + done + j);
        if (!sound || (take && !positions_sum(*out + done, tf)))
            return list_corrupt(list, "postings in the dictionary are damaged");
        if (take) {
            done += tf;
            wanted++;
        }
    }
    return LUPE_OK;
}

/* Numbers of a unit being read chunk by chunk; [first, first + held) are decoded. */
struct unit {
    const struct list *list;
    uint64_t offset;       /* logical, of the chunk at next */
    const uint8_t *next;   /* the chunk after the decoded one, NULL before the first */
    const uint8_t *end;    /* of the payload it lies in */
    const uint8_t *starts; /* where the last chunk of a full extent may begin at most */
    uint64_t total;        /* numbers */
    uint64_t first;
    unsigned held;
    uint32_t numbers[PACK_COUNT_MAX + 16];
};

static void unit_begin(struct unit *unit, uint64_t total)
{
    unit->total = total;
    unit->first = 0;
    unit->held = 0;
}

/* Finds the bytes of the chunk at offset, in the next extent where none may begin any more. */
static lupe_status unit_locate(struct unit *unit)
{
    uint64_t within = unit->offset % EXTENT_PAYLOAD_BYTES;
    if (EXTENT_PAYLOAD_BYTES - within < CHUNK_BYTES_MAX) {
        unit->offset += EXTENT_PAYLOAD_BYTES - within;
        within = 0;
    }
    size_t left = 0;
    lupe_status status = section_at(unit->list->positions, unit->offset, &unit->next, &left);
    if (status)
        return status;
    unit->end = unit->next + left;
    unit->starts = unit->next + (EXTENT_PAYLOAD_BYTES - CHUNK_BYTES_MAX - within);
    return LUPE_OK;
}

/* Moves to the next chunk; decodes it when it holds number `wanted`, else only skips it. */
static lupe_status unit_next(struct unit *unit, uint64_t wanted)
{
    unit->first += unit->held;
    uint64_t rest = unit->total - unit->first;
    unsigned count = rest < PACK_COUNT_MAX ? (unsigned)rest : PACK_COUNT_MAX;
    if (!unit->next || unit->next > unit->starts) {
        lupe_status status = unit_locate(unit);
        if (status)
            return status;
    }
    const uint8_t *behind = wanted < unit->first + count
                                ? chunk_read(unit->next, unit->end, count, unit->numbers)
                                : chunk_skip(unit->next, unit->end, count);
    if (!behind)
        return list_corrupt(unit->list, "positions are damaged");
    unit->offset += (uint64_t)(behind - unit->next);
    unit->next = behind;
    unit->held = count;
    return LUPE_OK;
}

/* Copies numbers [number, number + count) of the unit. */
static lupe_status unit_copy(struct unit *unit, uint64_t number, uint32_t count, uint32_t *out)
{
    for (uint32_t done = 0; done < count;) {
        while (number + done >= unit->first + unit->held) {
            lupe_status status = unit_next(unit, number + done);
            if (status)
                return status;
        }
        uint64_t held = number + done - unit->first;
        uint32_t take = (uint32_t)(unit->held - held) < count - done ? (uint32_t)(unit->held - held)
                                                                     : count - done;
        memcpy(out + done, unit->numbers + held, take * sizeof(uint32_t));
        done += take;
    }
    return LUPE_OK;
}

/* Positions of one document from its first and its deltas; false when they leave their range. */
static bool positions_of(uint32_t first, const uint32_t *deltas, uint32_t more, uint32_t *out)
{
    uint32_t position = first;
    uint32_t highest = first;
    out[0] = position;
    for (uint32_t i = 0; i < more; i++) {
        highest |= deltas[i];
        position += deltas[i] + 1;
        out[i + 1] = position;
    }
    return highest < POSITION_LIMIT && position < POSITION_LIMIT;
}

#define CACHE_LINE_BYTES 64u
#define PREFETCH_BYTES_MAX 1536u /* of a word like `der` a block has some 1,200 bytes */

void block_prefetch_positions(const struct list *list, const struct block *block)
{
    if (list->storage != ENTRY_LIST || !(list->flags & ENTRY_HAS_POSITIONS))
        return;
    uint64_t offset = list->positions_start + block->positions_at;
    if (offset >= list->positions->length)
        return;
    const uint8_t *payload = list->positions->extents[offset / EXTENT_PAYLOAD_BYTES];
    if (!payload)
        return;
    /* About as many bytes as the list's average block has. */
    uint64_t bytes = (list->occurrences / list->block_count) * 6 / 8;
    if (bytes > PREFETCH_BYTES_MAX)
        bytes = PREFETCH_BYTES_MAX;
    const uint8_t *at = payload + offset % EXTENT_PAYLOAD_BYTES;
    for (uint64_t i = 0; i <= bytes; i += CACHE_LINE_BYTES)
        __builtin_prefetch(at + i);
}

lupe_status block_positions(const struct list *list, struct block *block, const uint8_t *index,
                            unsigned n, uint32_t **out, size_t *capacity, size_t at)
{
    if (n == 0)
        return LUPE_OK;
    if (list->storage != ENTRY_LIST)
        return inline_positions(list, block->tfs, index, n, out, capacity, at);
    assert(block->tfs_read && (list->flags & ENTRY_HAS_POSITIONS));
    uint32_t firsts[PACK_COUNT_MAX + 16];
    struct unit unit;
    lupe_status status = LUPE_OK;
    unit.list = list;
    unit.next = NULL;
    unit.offset = list->positions_start + block->positions_at;
    unit_begin(&unit, block->count);
    if (n <= SINGLE_FIRSTS_MAX) {
        for (unsigned w = 0; w < n; w++)
            TRY(block_first_position(list, block, index[w], &firsts[index[w]]));
        if (block->more)
            TRY(unit_next(&unit, UINT64_MAX));
    } else {
        TRY(unit_copy(&unit, 0, block->count, firsts));
    }
    unit_begin(&unit, block->more);
    uint64_t number = 0;
    unsigned document = 0;
    for (unsigned w = 0; w < n; w++) {
        if (document < index[w]) {
            number += list->kernels->sum(block->tfs, document, index[w]);
            number -= index[w] - document;
            document = index[w];
        }
        uint32_t tf = block->tfs[document];
        uint32_t further = tf - 1;
        if (*capacity < at + tf + 16)
            TRY(positions_grow(out, capacity, at + tf + 16));
        const uint32_t *deltas = unit.numbers;
        if (further && number >= unit.first && number + further <= unit.first + unit.held) {
            deltas = unit.numbers + (number - unit.first);
        } else if (further) {
            TRY(unit_copy(&unit, number, further, *out + at + 1));
            deltas = *out + at + 1;
        }
        if (!positions_of(firsts[document], deltas, further, *out + at))
            return list_corrupt(list, "positions are damaged");
        at += tf;
    }
out:
    return status;
}
