/* SPDX-License-Identifier: MIT
 *
 * batch.h - documents on their way into the index: ids and stored records, one after the other.
 *
 * Owns the bytes of the documents put since the last flush, and knows which of them were
 * replaced or deleted meanwhile. Filled by writer.c in the thread that puts, read by
 * accumulate.c and flush.c (perhaps in another thread, later). Never looks into the index.
 */
#ifndef LUPE_WRITE_BATCH_H
#define LUPE_WRITE_BATCH_H

#include "base/buffer.h"
#include "base/limits.h"

/* Bytes that may be read behind every value of a batch. */
#define BATCH_PADDING_BYTES 16u

/* A value whose field is known. */
struct batch_value {
    uint32_t field;
    lupe_kind kind;
    const uint8_t *data;
    size_t size;
};

struct batch_document {
    uint64_t offset; /* of the id in bytes; the record follows it */
    uint32_t id_size;
    uint32_t record_size;
    uint32_t unstored_size; /* text values the record leaves out, in the form of a record */
    bool dead;              /* replaced or deleted by a later change */
};

struct batch_slot {
    uint32_t hash;
    uint32_t document; /* + 1; 0: free */
};

struct batch {
    struct buffer bytes;
    struct batch_document *documents;
    uint32_t count;
    uint32_t capacity;
    uint32_t dead_count;
    struct buffer deletes; /* (size:u32 id) * to be deleted from what was there before */
    uint32_t delete_count;
    struct batch_slot *slots; /* by id */
    uint32_t slot_count;      /* a power of two, or 0 */
};

void batch_init(struct batch *batch);
void batch_free(struct batch *batch);
void batch_clear(struct batch *batch); /* empties it and keeps most of its memory */
size_t batch_bytes(const struct batch *batch);
static inline bool batch_is_empty(const struct batch *batch)
{
    return batch->count == 0 && batch->delete_count == 0;
}

/* Text values are part of the record; stand behind it until they are inverted; are not taken. */
enum batch_text { BATCH_TEXT_STORED, BATCH_TEXT_BESIDE, BATCH_TEXT_ELSEWHERE };

/* Takes a document; an earlier one of the same id is dead from here on. LUPE_NO_MEMORY leaves the
 * batch unfit for anything but batch_clear. */
CHECKED lupe_status batch_put(struct batch *batch, const void *id, size_t id_size,
                              const struct batch_value *values, size_t value_count,
                              enum batch_text text);
/* The record of all values, with BATCH_PADDING_BYTES of room behind it; errors stick in out. */
void batch_record(struct buffer *out, const struct batch_value *values, size_t value_count);
/* Once the last document is inverted, the text its record leaves out is not needed any more. */
void batch_drop_unstored(struct batch *batch);
CHECKED lupe_status batch_delete(struct batch *batch, const void *id, size_t id_size);

static inline const uint8_t *batch_id(const struct batch *batch, uint32_t document)
{
    return batch->bytes.data + batch->documents[document].offset;
}
static inline const uint8_t *batch_stored(const struct batch *batch, uint32_t document)
{
    return batch_id(batch, document) + batch->documents[document].id_size;
}

#endif
