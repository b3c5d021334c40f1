/* SPDX-License-Identifier: MIT
 *
 * dictionary_write.c - writes the dictionary (FORMAT.md sections 4, 5; the grammar stands at the
 * head of dictionary_layout.h).
 *
 * Keys come in their order. Heads, suffixes and infos of a block are gathered apart and put
 * together when it is full; then it goes out, and its address and separator into the index.
 */
#include <assert.h>

#include "base/hash.h"
#include "segment/dictionary_layout.h"
#include "segment/short_list.h"

void dictionary_writer_init(struct dictionary_writer *writer, struct section_writer *blocks,
                            struct section_writer *index, uint32_t documents)
{
    memset(writer, 0, sizeof *writer);
    writer->blocks = blocks;
    writer->index = index;
    writer->document_bits = document_bits(documents);
    writer->block = BUFFER_INIT(BLOCK_BYTES_MAX);
    writer->suffixes = BUFFER_INIT(BLOCK_BYTES_MAX);
    writer->infos = BUFFER_INIT(BLOCK_BYTES_MAX);
    writer->addresses = BUFFER_INIT(EXTENT_PAYLOAD_BYTES);
    writer->offsets = BUFFER_INIT(EXTENT_PAYLOAD_BYTES);
    writer->separators = BUFFER_INIT(EXTENT_PAYLOAD_BYTES);
}

void dictionary_writer_free(struct dictionary_writer *writer)
{
    buffer_free(&writer->block);
    buffer_free(&writer->suffixes);
    buffer_free(&writer->infos);
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

/* Puts the bytes of a block together. */
static lupe_status block_build(struct dictionary_writer *writer)
{
    struct buffer *block = &writer->block;
    size_t info_end = writer->infos.size;
    buffer_clear(block);
    buffer_add_u32(block, 0);
    buffer_add_u16(block, 0);
    buffer_add_u8(block,
                  (uint8_t)(writer->block_terms | (writer->has_lists ? BLOCK_HAS_LISTS : 0)));
    if (writer->has_lists) {
        buffer_add_u32(block, (uint32_t)writer->postings);
        buffer_add_u32(block, (uint32_t)writer->positions);
    }
    buffer_add(block, writer->heads, writer->block_terms * sizeof *writer->heads);
    buffer_add(block, writer->suffixes.data, writer->suffixes.size);
    for (unsigned i = writer->block_terms; i-- > 0; info_end = writer->info_starts[i])
        buffer_add(block, writer->infos.data + writer->info_starts[i],
                   info_end - writer->info_starts[i]);
    lupe_status status = buffer_status(&writer->suffixes);
    if (!status)
        status = buffer_status(&writer->infos);
    if (!status)
        status = buffer_status(block);
    if (status)
        return status;
    store_u16(block->data + 4, (uint16_t)block->size);
    store_u32(block->data, checksum_32(block->data + 4, block->size - 4));
    return LUPE_OK;
}

/* Ends the block: it goes out, its address and separator into the index. */
static lupe_status block_flush(struct dictionary_writer *writer)
{
    struct buffer *block = &writer->block;
    if (writer->block_terms == 0)
        return LUPE_OK;
    lupe_status status = block_build(writer);
    if (status)
        return status;
    size_t separator = 0;
    if (writer->blocks_done)
        separator =
            common_prefix(writer->before, writer->before_size, writer->first, writer->first_size) +
            1;
    assert(separator <= writer->first_size);

    size_t part = PART_HEAD_BYTES + writer->addresses.size + 4 + writer->offsets.size + 4 +
                  writer->separators.size;
    if (part + 4 + separator > EXTENT_PAYLOAD_BYTES) {
        status = part_flush(writer);
        if (status)
            return status;
    }

    section_writer_fit(writer->blocks, block->size);
    uint64_t address = section_writer_offset(writer->blocks);
    if (address > UINT32_MAX)
        return fail(LUPE_LIMIT, "the dictionary of a segment exceeds 4 GiB");
    section_writer_add(writer->blocks, block->data, block->size);
    if (writer->blocks->status)
        return writer->blocks->status;

    buffer_add_u32(&writer->addresses, (uint32_t)address);
    buffer_add(&writer->separators, writer->first, separator);
    buffer_add_u32(&writer->offsets, (uint32_t)writer->separators.size);
    memcpy(writer->before, writer->last, writer->last_size);
    writer->before_size = writer->last_size;
    writer->blocks_done++;
    writer->block_terms = 0;
    writer->has_lists = false;
    writer->has_positions = false;
    writer->positions = 0;
    buffer_clear(&writer->suffixes);
    buffer_clear(&writer->infos);
    status = buffer_status(&writer->addresses);
    if (!status)
        status = buffer_status(&writer->separators);
    return status ? status : buffer_status(&writer->offsets);
}

/* The offsets of a list of the block less those of its first. */
static lupe_status list_rebase(struct dictionary_writer *writer, struct entry *entry)
{
    bool has_positions = entry->flags & ENTRY_HAS_POSITIONS;
    if (entry->postings > UINT32_MAX || entry->positions > UINT32_MAX)
        return fail(LUPE_LIMIT, "the lists of a segment exceed 4 GiB");
    if (!writer->has_lists)
        writer->postings = entry->postings;
    if (has_positions && !writer->has_positions)
        writer->positions = entry->positions;
    writer->has_lists = true;
    writer->has_positions = writer->has_positions || has_positions;
    assert(entry->postings >= writer->postings);
    assert(!has_positions || entry->positions >= writer->positions);
    entry->postings -= writer->postings;
    if (has_positions)
        entry->positions -= writer->positions;
    return LUPE_OK;
}

static size_t list_put(uint8_t *at, const struct entry *entry)
{
    size_t size = varint_put(at, entry->frequency);
    size += varint_put(at + size, entry->occurrences - entry->frequency);
    size += varint_put(at + size, entry->postings);
    if (entry->flags & ENTRY_HAS_POSITIONS)
        size += varint_put(at + size, entry->positions);
    return size;
}

static size_t single_put(uint8_t *at, const struct entry *entry, unsigned document_bits)
{
    uint64_t number = (uint64_t)entry->position << document_bits | entry->document;
    size_t size = 0;
    assert(entry->document >> document_bits == 0);
    do
        at[size++] = (uint8_t)number;
    while (number >>= 8);
    assert(size <= SINGLE_SIZE_MASK);
    return size;
}

/* Adds the info of an entry in the form that is shortest for it; gives its bits of the head. */
static lupe_status info_add(struct dictionary_writer *writer, const uint8_t *info, size_t info_size,
                            uint16_t *head)
{
    uint8_t made[ENTRY_INFO_BYTES_MAX + 2 * VARINT_BYTES_MAX];
    struct entry entry;
    lupe_status status = entry_parse(info, info_size, &entry);
    unsigned storage = entry.flags & ENTRY_STORAGE_MASK;
    size_t parsed = 0; /* what of the info another form stands for, flags included */
    enum form form = FORM_FLAGS;
    unsigned kind = 0;
    if (!status && storage == ENTRY_LIST) {
        parsed = 1 + list_put(made, &entry);
        status = list_rebase(writer, &entry);
    }
    if (status)
        return status;
    if (entry.flags == (ENTRY_LIST | FLAGS_FULL)) {
        form = FORM_LIST;
        info_size = list_put(made, &entry);
    } else if (storage == ENTRY_LIST) {
        made[0] = info[0];
        size_t size = 1 + list_put(made + 1, &entry);
        memcpy(made + size, info + parsed, info_size - parsed);
        info_size += size - parsed;
    } else if (entry.flags == (ENTRY_INLINE | FLAGS_FULL)) {
        form = FORM_INLINE;
        info_size = entry.data_size;
        memcpy(made, entry.data, info_size);
    } else if (entry.flags <= (ENTRY_SINGLE | FLAGS_FULL) && storage == ENTRY_SINGLE) {
        form = FORM_SINGLE;
        kind = entry.flags >> 2 & 1;
        kind += entry.flags >> 3 & 1;
        info_size = single_put(made, &entry, writer->document_bits);
    } else {
        memcpy(made, info, info_size);
    }
    writer->info_starts[writer->block_terms] = (uint16_t)writer->infos.size;
    buffer_add(&writer->infos, made, info_size);
    if (info_size > INFO_SIZE_MASK)
        buffer_add_u8(&writer->infos, (uint8_t)info_size);
    *head = (uint16_t)((info_size <= INFO_SIZE_MASK ? info_size : 0) << INFO_SHIFT |
                       kind << KIND_SHIFT | (unsigned)form << FORM_SHIFT);
    return LUPE_OK;
}

lupe_status dictionary_writer_add(struct dictionary_writer *writer, const uint8_t *key,
                                  size_t key_size, const uint8_t *info, size_t info_size)
{
    lupe_status status = LUPE_OK;
    uint16_t head = 0;
    assert(key_size >= 2 && key_size <= KEY_BYTES_MAX);
    assert(info_size > 0 && info_size <= ENTRY_INFO_BYTES_MAX);
    assert(compare_keys(writer->last, writer->last_size, key, key_size) < 0);
    if (writer->block_terms == DICTIONARY_BLOCK_TERMS)
        TRY(block_flush(writer));
    size_t shared = 0;
    if (writer->block_terms) {
        shared = common_prefix(writer->last, writer->last_size, key, key_size);
    } else {
        memcpy(writer->first, key, key_size);
        writer->first_size = (unsigned)key_size;
    }
    TRY(info_add(writer, info, info_size, &head));
    size_t suffix_size = key_size - shared;
    if (shared >= SHARED_ESCAPE)
        buffer_add_u8(&writer->suffixes, (uint8_t)shared);
    if (suffix_size >= SUFFIX_ESCAPE)
        buffer_add_u8(&writer->suffixes, (uint8_t)suffix_size);
    buffer_add(&writer->suffixes, key + shared, suffix_size);
    head |= (uint16_t)(shared < SHARED_ESCAPE ? shared : SHARED_ESCAPE);
    head |= (uint16_t)((suffix_size < SUFFIX_ESCAPE ? suffix_size : SUFFIX_ESCAPE) - 1)
            << SUFFIX_SHIFT;
    writer->heads[writer->block_terms++] = head;
    memcpy(writer->last, key, key_size);
    writer->last_size = (unsigned)key_size;
    writer->terms++;
    TRY(buffer_status(&writer->suffixes));
    TRY(buffer_status(&writer->infos));
out:
    return status;
}

lupe_status dictionary_writer_finish(struct dictionary_writer *writer)
{
    lupe_status status = block_flush(writer);
    return status ? status : part_flush(writer);
}
