/* SPDX-License-Identifier: MIT
 *
 * reader.c - see reader.h.
 */
#include "query/reader.h"

#include "base/memory.h"
#include "segment/pack.h"

/* Opens a block; of a bit set nothing is decoded. */
static lupe_status reader_open(struct reader *reader, uint32_t number)
{
    lupe_status status = LUPE_OK;
    reader->opened = false;
    TRY(bit_block_open(reader->list, number, &reader->bits, &reader->is_bits));
    if (reader->is_bits)
        block_return(&reader->block, &reader->bits.mark);
    else
        TRY(block_read(reader->list, number, &reader->block));
    reader->opened = true;
out:
    return status;
}

lupe_status reader_seek(struct reader *reader, uint32_t document)
{
    const struct list *list = reader->list;
    struct block *block = &reader->block;
    lupe_status status = LUPE_OK;
    reader->tf = 0;
    if (!list)
        return LUPE_OK;
    uint32_t number = list_find_block(list, reader->opened ? block->number : 0, document);
    if (number >= list->block_count)
        return LUPE_OK;
    if (!reader->opened || block->number != number)
        TRY(reader_open(reader, number));
    if (reader->is_bits) {
        if (!bit_block_find(&reader->bits, document, &reader->at))
            return LUPE_OK;
    } else {
        unsigned at = pack_kernels()->count_below(block->documents, block->count, document);
        if (at == block->count || block->documents[at] != document)
            return LUPE_OK;
        reader->at = (uint8_t)at;
    }
    TRY(block_tf(list, block, reader->at, &reader->tf));
out:
    return status;
}

static lupe_status positions_room(struct reader *reader, size_t needed)
{
    if (needed <= reader->capacity)
        return LUPE_OK;
    uint32_t *grown = memory_realloc(reader->positions, 2 * needed * sizeof *grown);
    if (!grown)
        return fail_memory();
    reader->positions = grown;
    reader->capacity = 2 * needed;
    return LUPE_OK;
}

/* Mostly by the place of the one document: to read it among those of its block all term
 * frequencies are decoded and added up, which took half of the time. */
lupe_status reader_positions(struct reader *reader)
{
    struct position_place place;
    lupe_status status = LUPE_OK;
    TRY(block_place(reader->list, &reader->block, reader->at, &place));
    if (place.unary) {
        TRY(positions_room(reader, (size_t)place.tf + 16));
        if (!position_kernels()->read_place(&place, reader->positions))
            return list_corrupt_positions(reader->list);
        return LUPE_OK;
    }
    TRY(block_read_tfs(reader->list, &reader->block));
    TRY(block_positions(reader->list, &reader->block, &reader->at, 1, &reader->positions,
                        &reader->capacity, 0));
out:
    return status;
}

void reader_free(struct reader *reader)
{
    memory_free(reader->positions);
    reader->positions = NULL;
    reader->capacity = 0;
}
