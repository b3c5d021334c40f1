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
#include "segment/positions.h"
#include "segment/short_list.h"

#define LIST_HAS_CHAMPIONS 1u
#define LIST_HAS_TF 2u
#define LIST_HAS_POSITIONS 4u
#define LIST_IS_WIDE 8u
#define LIST_FLAGS_KNOWN 15u
#define HEAD_BIT_SET 0x1fu

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
    list->is_wide = flags & LIST_IS_WIDE;
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

static void block_begin(const struct list *list, uint32_t number, struct block *block)
{
    uint32_t rest = list->frequency - number * BLOCK_DOCUMENTS;
    block->number = number;
    block->count = rest < BLOCK_DOCUMENTS ? rest : BLOCK_DOCUMENTS;
    block->tfs_read = false;
    block->is_bits = false;
    block->tf_bytes = NULL;
    block->positions_at = 0;
}

/* What follows the documents. */
static lupe_status block_rest(const struct list *list, struct block *block, const uint8_t *bytes,
                              const uint8_t *end)
{
    block->end = end;
    if (list->flags & ENTRY_HAS_POSITIONS) {
        if ((size_t)(end - bytes) < (block->number ? 5u : 1u))
            return list_corrupt(list, "a block ends behind the extent");
        if (block->number) {
            block->positions_at = load_u32(bytes);
            bytes += 4;
        }
        block->position_base = *bytes++;
        if (block->position_base > POSITION_BASE_MAX)
            return list_corrupt(list, "a block is damaged");
    }
    if (list->flags & ENTRY_HAS_TF)
        block->tf_bytes = bytes;
    return LUPE_OK;
}

static lupe_status block_open(const struct list *list, uint32_t number, struct block *block,
                              enum block_mode mode)
{
    block_begin(list, number, block);
    if (list->storage != ENTRY_LIST)
        return inline_read(list, block);
    const uint8_t *bytes = NULL;
    size_t left = 0, size = 0;
    uint32_t before;
    lupe_status status = block_locate(list, number, &bytes, &left, &before);
    if (status)
        return status;
    if (bytes[0] == HEAD_BIT_SET)
        status = bits_read(list, block, bytes, left, before, mode, &size);
    else
        status = deltas_read(list, block, bytes, left, before, &size);
    if (status)
        return status;
    if (mode == BLOCK_DOCUMENTS_READ && list->last &&
        block->documents[block->count - 1] != list_block_last(list, number))
        return list_corrupt(list, "a block does not end where its directory says");
    return block_rest(list, block, bytes + size, bytes + left);
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

lupe_status list_corrupt_positions(const struct list *list)
{
    return list_corrupt(list, "positions are damaged");
}

/* Finds the next piece of several, in the next extent where the rest of this one is fill. */
static lupe_status piece_locate(const struct list *list, uint64_t *offset, const uint8_t **bytes,
                                const uint8_t **end, unsigned *base)
{
    for (unsigned tries = 0; tries < 2; tries++) {
        size_t left = 0;
        uint64_t rest = EXTENT_PAYLOAD_BYTES - *offset % EXTENT_PAYLOAD_BYTES;
        lupe_status status = section_at(list->positions, *offset, bytes, &left);
        if (status)
            return status;
        uint32_t size = left >= PIECE_HEADER_BYTES ? load_u32(*bytes) : 0;
        if (size > 0) {
            if (size > left - PIECE_HEADER_BYTES || (*bytes)[4] > POSITION_BASE_MAX)
                break;
            *offset += PIECE_HEADER_BYTES + (uint64_t)size;
            *base = (*bytes)[4];
            *bytes += PIECE_HEADER_BYTES;
            *end = *bytes + size;
            return LUPE_OK;
        }
        *offset += rest;
    }
    return list_corrupt_positions(list);
}

/* Fills takes with how many of a piece's numbers each document has, from `taken` of the first one
 * on. */
static void piece_takes(const struct block *block, unsigned document, uint32_t taken,
                        uint64_t numbers, uint32_t takes[BLOCK_DOCUMENTS])
{
    memset(takes, 0, BLOCK_DOCUMENTS * sizeof *takes);
    for (; numbers > 0 && document < block->count; document++, taken = 0) {
        uint32_t rest = block->tfs[document] - taken;
        takes[document] = rest < numbers ? rest : (uint32_t)numbers;
        numbers -= takes[document];
    }
}

/* Of a unit of several pieces: documents of hundreds of thousands of words. */
static lupe_status pieces_positions(const struct list *list, const struct block *block,
                                    const uint8_t *index, unsigned n, uint32_t **out,
                                    size_t *capacity, size_t at)
{
    uint32_t takes[BLOCK_DOCUMENTS];
    uint64_t total = (uint64_t)block->count + block->more;
    uint64_t offset = list->positions_start + block->positions_at;
    unsigned document = 0, wanted = 0;
    uint32_t taken = 0; /* numbers of the document */
    lupe_status status = LUPE_OK;
    for (uint64_t first = 0; first < total && wanted < n; first += PIECE_NUMBERS_MAX) {
        struct piece_reader reader;
        const uint8_t *bytes = NULL, *end = NULL;
        unsigned base = 0;
        uint64_t rest = total - first;
        piece_takes(block, document, taken, rest < PIECE_NUMBERS_MAX ? rest : PIECE_NUMBERS_MAX,
                    takes);
        TRY(piece_locate(list, &offset, &bytes, &end, &base));
        if (!piece_reader_open(&reader, bytes, end, base, block->tfs, takes, block->count))
            return list_corrupt_positions(list);
        while (document < block->count && takes[document] && wanted < n) {
            uint32_t tf = block->tfs[document];
            bool take = index[wanted] == document;
            if (take)
                TRY(positions_grow(out, capacity, at + tf + 16));
            if (!piece_reader_take(&reader, tf, takes[document], take ? *out + at + taken : NULL))
                return list_corrupt_positions(list);
            taken += takes[document];
            if (taken < tf)
                break;
            if (take && !positions_sum(*out + at, tf))
                return list_corrupt_positions(list);
            at += take ? tf : 0;
            wanted += take;
            taken = 0;
            document++;
        }
    }
out:
    return status;
}

/* The piece that is the whole unit of a block. */
static lupe_status piece_of_block(const struct list *list, const struct block *block,
                                  struct piece *piece)
{
    const uint8_t *bytes = NULL;
    size_t left = 0;
    lupe_status status =
        section_at(list->positions, list->positions_start + block->positions_at, &bytes, &left);
    if (status)
        return status;
    if (!piece_open(bytes, bytes + left, block->position_base, block->tfs, block->count,
                    block->count + block->more, piece))
        return list_corrupt_positions(list);
    return LUPE_OK;
}

#define BLOCK_PREFETCH_BYTES 128u /* documents and, of most blocks, term frequencies */

void list_prefetch_block(const struct list *list, uint32_t number)
{
    uint64_t offset = list->start + load_u32(list->offset + 4 * (size_t)number);
    if (offset >= list->postings->length)
        return;
    const uint8_t *payload = list->postings->extents[offset / EXTENT_PAYLOAD_BYTES];
    if (!payload)
        return;
    const uint8_t *at = payload + offset % EXTENT_PAYLOAD_BYTES;
    __builtin_prefetch(at);
    __builtin_prefetch(at + BLOCK_PREFETCH_BYTES / 2);
}

lupe_status block_place(const struct list *list, struct block *block, unsigned index,
                        struct position_place *place)
{
    const struct position_kernels *kernels = position_kernels();
    const uint8_t *bytes = NULL;
    size_t left = 0;
    struct position_sums sums;
    lupe_status status = LUPE_OK;
    place->unary = NULL;
    if (list->storage != ENTRY_LIST || block->tfs_read || !kernels->sums_of_chunk ||
        !kernels->sums_of_chunk(block->tf_bytes, block->end, block->count, block->position_base,
                                index, &sums)) {
        TRY(block_read_tfs(list, block));
        place->tf = block->tfs[index];
        if (list->storage != ENTRY_LIST || (uint64_t)block->count + block->more > PIECE_NUMBERS_MAX)
            return LUPE_OK;
        kernels->sums_before(block->tfs, block->count, block->position_base, index, &sums);
    }
    TRY(section_at(list->positions, list->positions_start + block->positions_at, &bytes, &left));
    if (!piece_place(bytes, bytes + left, block->position_base, &sums, place))
        return list_corrupt_positions(list);
out:
    return status;
}

lupe_status bit_block_open(const struct list *list, uint32_t number, struct bit_block *bits,
                           bool *is_bits)
{
    const uint8_t *bytes = NULL;
    size_t left = 0, size = 0;
    uint32_t before;
    struct block block;
    lupe_status status = LUPE_OK;
    *is_bits = false;
    if (list->storage != ENTRY_LIST)
        return LUPE_OK;
    TRY(block_locate(list, number, &bytes, &left, &before));
    if (bytes[0] != HEAD_BIT_SET)
        goto out;
    block_begin(list, number, &block);
    TRY(bits_read(list, &block, bytes, left, before, BLOCK_BITS_KEPT, &size));
    TRY(block_rest(list, &block, bytes + size, bytes + left));
    *is_bits = true;
    bits->mark = block_mark(&block);
    bits->bits = block.bits;
    bits->words = block.bit_words;
    bits->base = block.bit_base;
out:
    return status;
}

lupe_status block_positions(const struct list *list, struct block *block, const uint8_t *index,
                            unsigned n, uint32_t **out, size_t *capacity, size_t at)
{
    struct piece piece;
    size_t total = 0;
    lupe_status status = LUPE_OK;
    if (n == 0)
        return LUPE_OK;
    if (!(list->flags & ENTRY_HAS_POSITIONS))
        return list_corrupt(list, "it has no positions");
    if (list->storage != ENTRY_LIST)
        return inline_positions(list, block->tfs, index, n, out, capacity, at);
    assert(block->tfs_read);
    if ((uint64_t)block->count + block->more > PIECE_NUMBERS_MAX)
        return pieces_positions(list, block, index, n, out, capacity, at);
    TRY(piece_of_block(list, block, &piece));
    for (unsigned i = 0; i < n; i++)
        total += block->tfs[index[i]];
    TRY(positions_grow(out, capacity, at + total + 16));
    if (!position_kernels()->read(&piece, block->tfs, index, n, *out + at))
        return list_corrupt_positions(list);
out:
    return status;
}
