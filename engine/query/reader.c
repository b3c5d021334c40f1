/* SPDX-License-Identifier: MIT
 *
 * reader.c - see reader.h.
 */
#include "query/reader.h"

#include "base/memory.h"
#include "segment/pack.h"

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
        TRY(block_read(list, number, block));
    reader->opened = true;
    reader->at = pack_kernels()->count_below(block->documents, block->count, document);
    if (reader->at == block->count || block->documents[reader->at] != document)
        return LUPE_OK;
    TRY(block_read_tfs(list, block));
    reader->tf = block->tfs[reader->at];
out:
    return status;
}

lupe_status reader_positions(struct reader *reader)
{
    uint8_t index = (uint8_t)reader->at;
    return block_positions(reader->list, &reader->block, &index, 1, &reader->positions,
                           &reader->capacity, 0);
}

void reader_free(struct reader *reader)
{
    memory_free(reader->positions);
    reader->positions = NULL;
    reader->capacity = 0;
}
