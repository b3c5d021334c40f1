/* SPDX-License-Identifier: MIT
 *
 * batch.c - see batch.h. The record is that of FORMAT.md section 10:
 *
 *   record := value_count:varint (field:varint kind:u8 value:string) *
 */
#include "write/batch.h"

#include "base/hash.h"

#define BATCH_SLOTS_MIN 64u
#define BATCH_KEPT_BYTES (1u << 20) /* a cleared batch keeps no more bytes than this */

void batch_init(struct batch *batch)
{
    memset(batch, 0, sizeof *batch);
    batch->bytes = BUFFER_INIT(0);
    batch->deletes = BUFFER_INIT(0);
}

void batch_free(struct batch *batch)
{
    buffer_free(&batch->bytes);
    buffer_free(&batch->deletes);
    memory_free(batch->documents);
    memory_free(batch->slots);
    batch_init(batch);
}

void batch_clear(struct batch *batch)
{
    if (batch->bytes.capacity > BATCH_KEPT_BYTES || batch->deletes.capacity > BATCH_KEPT_BYTES ||
        batch->bytes.status != LUPE_OK || batch->deletes.status != LUPE_OK) {
        batch_free(batch);
        return;
    }
    buffer_clear(&batch->bytes);
    buffer_clear(&batch->deletes);
    batch->count = batch->dead_count = batch->delete_count = 0;
    if (batch->slot_count)
        memset(batch->slots, 0, batch->slot_count * sizeof *batch->slots);
}

size_t batch_bytes(const struct batch *batch)
{
    return batch->bytes.size + batch->deletes.size + batch->count * sizeof *batch->documents +
           batch->slot_count * sizeof *batch->slots;
}

/* ---- the table of ids */

static lupe_status slots_grow(struct batch *batch)
{
    uint32_t slot_count = batch->slot_count ? batch->slot_count * 2 : BATCH_SLOTS_MIN;
    struct batch_slot *slots = memory_zalloc(slot_count, sizeof *slots);
    if (!slots)
        return fail_memory();
    for (uint32_t i = 0; i < batch->slot_count; i++) {
        if (!batch->slots[i].document)
            continue;
        uint32_t at = batch->slots[i].hash & (slot_count - 1);
        while (slots[at].document)
            at = (at + 1) & (slot_count - 1);
        slots[at] = batch->slots[i];
    }
    memory_free(batch->slots);
    batch->slots = slots;
    batch->slot_count = slot_count;
    return LUPE_OK;
}

/* The slot of an id, or the free one where it belongs. The table must not be full. */
static struct batch_slot *slot_of(struct batch *batch, const void *id, size_t id_size,
                                  uint32_t hash)
{
    uint32_t at = hash & (batch->slot_count - 1);
    for (;; at = (at + 1) & (batch->slot_count - 1)) {
        struct batch_slot *slot = &batch->slots[at];
        if (!slot->document)
            return slot;
        uint32_t document = slot->document - 1;
        if (slot->hash == hash && batch->documents[document].id_size == id_size &&
            !memcmp(batch_id(batch, document), id, id_size))
            return slot;
    }
}

static void kill(struct batch *batch, uint32_t document)
{
    if (!batch->documents[document].dead) {
        batch->documents[document].dead = true;
        batch->dead_count++;
    }
}

/* ---- documents */

/* Adds the values whose being text is as asked (or all of them) in the form of a record. */
static size_t add_record(struct buffer *out, const struct batch_value *values, size_t value_count,
                         bool text, bool other)
{
    size_t start = out->size;
    size_t taken = 0;
    for (size_t i = 0; i < value_count; i++)
        taken += values[i].kind == LUPE_TEXT ? text : other;
    buffer_add_varint(out, taken);
    for (size_t i = 0; i < value_count; i++) {
        if (!(values[i].kind == LUPE_TEXT ? text : other))
            continue;
        buffer_add_varint(out, values[i].field);
        buffer_add_u8(out, (uint8_t)values[i].kind);
        buffer_add_varint(out, values[i].size);
        buffer_add(out, values[i].data, values[i].size);
    }
    return out->size - start;
}

static lupe_status documents_grow(struct batch *batch)
{
    uint32_t capacity = batch->capacity ? batch->capacity * 2 : 16;
    struct batch_document *documents =
        memory_realloc(batch->documents, capacity * sizeof *documents);
    if (!documents)
        return fail_memory();
    batch->documents = documents;
    batch->capacity = capacity;
    return LUPE_OK;
}

lupe_status batch_put(struct batch *batch, const void *id, size_t id_size,
                      const struct batch_value *values, size_t value_count, enum batch_text text)
{
    lupe_status status = LUPE_OK;
    if (batch->count == batch->capacity)
        TRY(documents_grow(batch));
    if ((uint64_t)(batch->count + 1) * 3 > (uint64_t)batch->slot_count * 2)
        TRY(slots_grow(batch));

    struct batch_document *document = &batch->documents[batch->count];
    document->offset = batch->bytes.size;
    document->id_size = (uint32_t)id_size;
    document->dead = false;
    buffer_add(&batch->bytes, id, id_size);
    document->record_size =
        (uint32_t)add_record(&batch->bytes, values, value_count, text == BATCH_TEXT_STORED, true);
    document->unstored_size =
        text == BATCH_TEXT_BESIDE
            ? (uint32_t)add_record(&batch->bytes, values, value_count, true, false)
            : 0;
    (void)buffer_reserve(&batch->bytes, BATCH_PADDING_BYTES);
    TRY(buffer_status(&batch->bytes));

    uint32_t hash = (uint32_t)hash_bytes(id, id_size);
    struct batch_slot *slot = slot_of(batch, id, id_size, hash);
    if (slot->document)
        kill(batch, slot->document - 1);
    slot->hash = hash;
    slot->document = ++batch->count;
out:
    return status;
}

void batch_record(struct buffer *out, const struct batch_value *values, size_t value_count)
{
    add_record(out, values, value_count, true, true);
    (void)buffer_reserve(out, BATCH_PADDING_BYTES);
}

void batch_drop_unstored(struct batch *batch)
{
    struct batch_document *document = &batch->documents[batch->count - 1];
    batch->bytes.size -= document->unstored_size;
    document->unstored_size = 0;
}

lupe_status batch_delete(struct batch *batch, const void *id, size_t id_size)
{
    if (batch->slot_count) {
        struct batch_slot *slot = slot_of(batch, id, id_size, (uint32_t)hash_bytes(id, id_size));
        if (slot->document)
            kill(batch, slot->document - 1);
    }
    buffer_add_u32(&batch->deletes, (uint32_t)id_size);
    buffer_add(&batch->deletes, id, id_size);
    batch->delete_count++;
    return buffer_status(&batch->deletes);
}
