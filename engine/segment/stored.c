/* SPDX-License-Identifier: MIT
 *
 * stored.c - writes and reads stored documents (FORMAT.md section 10):
 *
 *   stored       := frame *            frames may straddle extents
 *   frame        := raw_size:varint packed_size:varint bytes
 *   raw          := (size:varint record) * documents of the frame
 *   record       := value_count:varint (field:varint kind:u8 value:string) *
 *   stored index := (first_document:u32 offset:u64) *
 *
 * Frames are small, so that a hit costs the decompression of a few neighbours only; what small
 * frames lose the dictionary gives back. It is trained from the first frames, which are held back
 * until there are enough of them.
 */
#include "segment/stored.h"

#include <assert.h>
#include <zdict.h>
#include <zstd.h>

#define COMPRESSION_LEVEL 3
/* Training takes 100 ms a MiB of samples, far more than compressing them: a small segment, which a
 * commit may write while somebody waits, does without (10 % larger), and 1 MiB is sample enough
 * (4 MiB: 0.5 % smaller). */
#define TRAINING_BYTES ((size_t)1 << 20)
#define TRAINING_BYTES_MIN ((size_t)4 << 20) /* of frames, held back until a dictionary is made */
#define TRAINING_SAMPLE_BYTES ((size_t)16 << 10) /* a larger frame is several samples */
#define FRAME_RAW_BYTES_MAX ((uint64_t)RECORD_BYTES_MAX + FRAME_BYTES + VARINT_BYTES_MAX)
#define FRAME_HEAD_BYTES_MAX (2u * VARINT_BYTES_MAX)
#define INDEX_ENTRY_BYTES 12u
#define PACKED_RATIO_MAX ((uint64_t)1 << 16) /* zstd cannot shrink anything further */

/* ---- records */

void record_begin(struct buffer *out, size_t value_count)
{
    buffer_add_varint(out, value_count);
}

void record_add(struct buffer *out, uint32_t field, lupe_kind kind, const void *bytes, size_t size)
{
    buffer_add_varint(out, field);
    buffer_add_u8(out, (uint8_t)kind);
    buffer_add_varint(out, size);
    buffer_add(out, bytes, size);
}

static lupe_status record_corrupt(void)
{
    return fail(LUPE_CORRUPT, "a stored document is damaged; restore the index from a backup");
}

lupe_status record_open(struct record *record, const uint8_t *bytes, size_t size)
{
    record->cursor = cursor_of(bytes, size);
    uint64_t count = size ? cursor_varint(&record->cursor) : 0;
    record->left = (size_t)count;
    if (record->cursor.ok && count <= cursor_left(&record->cursor) / 3)
        return LUPE_OK;
    record->left = 0;
    return record_corrupt();
}

lupe_status record_next(struct record *record, struct record_value *value)
{
    struct cursor *cursor = &record->cursor;
    memset(value, 0, sizeof *value);
    if (record->left == 0)
        return cursor_left(cursor) ? record_corrupt() : LUPE_NOT_FOUND;
    uint64_t field = cursor_varint(cursor);
    unsigned kind = cursor_u8(cursor);
    uint64_t size = cursor_varint(cursor);
    if (!cursor->ok || field >= FIELDS_MAX || kind < LUPE_TEXT || kind > LUPE_DATE ||
        size > cursor_left(cursor)) {
        record->left = 0;
        return record_corrupt();
    }
    value->field = (uint32_t)field;
    value->kind = (lupe_kind)kind;
    value->size = (size_t)size;
    value->bytes = cursor_take(cursor, (size_t)size);
    record->left--;
    return LUPE_OK;
}

/* ---- writing frames */

void stored_writer_init(struct stored_writer *writer, struct section_writer *frames,
                        struct section_writer *index, struct section_writer *dictionary)
{
    memset(writer, 0, sizeof *writer);
    writer->frames = frames;
    writer->index = index;
    writer->dictionary = dictionary;
    writer->raw = BUFFER_INIT(FRAME_RAW_BYTES_MAX);
}

void stored_writer_free(struct stored_writer *writer)
{
    buffer_free(&writer->raw);
    buffer_free(&writer->samples);
    buffer_free(&writer->sample_sizes);
    buffer_free(&writer->held);
    buffer_free(&writer->held_frames);
    buffer_free(&writer->packed);
    ZSTD_freeCCtx(writer->context);
    ZSTD_freeCDict(writer->trained);
    writer->context = NULL;
    writer->trained = NULL;
}

static lupe_status compressor_open(struct stored_writer *writer)
{
    if (writer->context)
        return LUPE_OK;
    writer->context = ZSTD_createCCtx();
    if (!writer->context)
        return fail_memory();
    size_t result =
        ZSTD_CCtx_setParameter(writer->context, ZSTD_c_compressionLevel, COMPRESSION_LEVEL);
    if (!ZSTD_isError(result))
        result = ZSTD_CCtx_setParameter(writer->context, ZSTD_c_dictIDFlag, 0);
    if (!ZSTD_isError(result) && writer->trained)
        result = ZSTD_CCtx_refCDict(writer->context, writer->trained);
    return ZSTD_isError(result) ? fail_memory() : LUPE_OK;
}

/* Writes one frame, as it is where compressing does not make it smaller. */
static lupe_status frame_put(struct stored_writer *writer, uint32_t first, const uint8_t *raw,
                             size_t size)
{
    lupe_status status = compressor_open(writer);
    if (status)
        return status;
    buffer_clear(&writer->packed);
    size_t bound = ZSTD_compressBound(size);
    uint8_t *packed = buffer_reserve(&writer->packed, bound);
    if (!packed)
        return buffer_status(&writer->packed);
    size_t packed_size = ZSTD_compress2(writer->context, packed, bound, raw, size);
    if (ZSTD_isError(packed_size))
        return fail_memory();
    bool smaller = packed_size < size;

    uint8_t entry[INDEX_ENTRY_BYTES];
    store_u32(entry, first);
    store_u64(entry + 4, section_writer_offset(writer->frames));
    section_writer_add(writer->index, entry, sizeof entry);

    uint8_t head[FRAME_HEAD_BYTES_MAX];
    size_t head_size = varint_put(head, size);
    head_size += varint_put(head + head_size, smaller ? packed_size : 0);
    section_writer_add(writer->frames, head, head_size);
    section_writer_add(writer->frames, smaller ? packed : raw, smaller ? packed_size : size);
    return writer->frames->status ? writer->frames->status : writer->index->status;
}

lupe_status stored_writer_sample(struct stored_writer *writer, const uint8_t *record, size_t size,
                                 bool *enough)
{
    lupe_status status = LUPE_OK;
    if (size > TRAINING_SAMPLE_BYTES)
        size = TRAINING_SAMPLE_BYTES;
    if (size) {
        buffer_add(&writer->samples, record, size);
        buffer_add_u32(&writer->sample_sizes, (uint32_t)size);
        TRY(buffer_status(&writer->samples));
        TRY(buffer_status(&writer->sample_sizes));
    }
    *enough = writer->samples.size >= TRAINING_BYTES;
out:
    return status;
}

/* The samples given, else the frames held back, in pieces. */
static size_t samples_list(const struct stored_writer *writer, size_t *samples, size_t samples_max)
{
    size_t count = 0;
    size_t bytes = 0;
    for (size_t i = 0; i < writer->sample_sizes.size; i += 4)
        samples[count++] = load_u32(writer->sample_sizes.data + i);
    if (count)
        return count;
    for (size_t i = 0; i < writer->held_frames.size && bytes < TRAINING_BYTES; i += 8) {
        size_t size = load_u32(writer->held_frames.data + i + 4);
        while (size && bytes < TRAINING_BYTES) {
            size_t sample = size < TRAINING_SAMPLE_BYTES ? size : TRAINING_SAMPLE_BYTES;
            assert(count < samples_max);
            samples[count++] = sample;
            bytes += sample;
            size -= sample;
        }
    }
    return count;
}

/* Trains the dictionary. One that cannot be trained (too few samples, too much alike) is left out:
 * that is no error. */
static lupe_status dictionary_train(struct stored_writer *writer)
{
    lupe_status status = LUPE_OK;
    uint8_t *dictionary = memory_alloc(STORED_DICTIONARY_BYTES);
    bool given = writer->sample_sizes.size > 0;
    size_t samples_max =
        given ? writer->sample_sizes.size / 4
              : writer->held_frames.size / 8 + writer->held.size / TRAINING_SAMPLE_BYTES;
    size_t *samples = memory_alloc(samples_max * sizeof *samples);
    if (!dictionary || !samples) {
        status = fail_memory();
        goto out;
    }
    size_t count = samples_list(writer, samples, samples_max);
    size_t size = ZDICT_trainFromBuffer(dictionary, STORED_DICTIONARY_BYTES,
                                        given ? writer->samples.data : writer->held.data, samples,
                                        (unsigned)count);
    if (ZDICT_isError(size))
        goto out;
    writer->trained = ZSTD_createCDict(dictionary, size, COMPRESSION_LEVEL);
    if (!writer->trained) {
        status = fail_memory();
        goto out;
    }
    section_writer_add(writer->dictionary, dictionary, size);
    status = writer->dictionary->status;
out:
    memory_free(samples);
    memory_free(dictionary);
    return status;
}

/* Decides about the dictionary and lets the frames held back go. */
static lupe_status stored_writer_settle(struct stored_writer *writer)
{
    lupe_status status = LUPE_OK;
    if (writer->held.size >= TRAINING_BYTES_MIN)
        TRY(dictionary_train(writer));
    const uint8_t *raw = writer->held.data;
    for (size_t i = 0; i < writer->held_frames.size; i += 8) {
        uint32_t first = load_u32(writer->held_frames.data + i);
        uint32_t size = load_u32(writer->held_frames.data + i + 4);
        TRY(frame_put(writer, first, raw, size));
        raw += size;
    }
    buffer_free(&writer->held);
    buffer_free(&writer->held_frames);
    buffer_free(&writer->samples);
    buffer_free(&writer->sample_sizes);
    writer->settled = true;
out:
    return status;
}

static lupe_status frame_end(struct stored_writer *writer)
{
    lupe_status status = LUPE_OK;
    if (writer->settled) {
        TRY(frame_put(writer, writer->first, writer->raw.data, writer->raw.size));
    } else {
        buffer_add(&writer->held, writer->raw.data, writer->raw.size);
        buffer_add_u32(&writer->held_frames, writer->first);
        buffer_add_u32(&writer->held_frames, (uint32_t)writer->raw.size);
        TRY(buffer_status(&writer->held));
        TRY(buffer_status(&writer->held_frames));
        if (writer->held.size >= TRAINING_BYTES_MIN)
            TRY(stored_writer_settle(writer));
    }
    buffer_clear(&writer->raw);
    writer->first = writer->documents;
out:
    return status;
}

static lupe_status frame_add(struct stored_writer *writer, const uint8_t *record, size_t size)
{
    buffer_add_varint(&writer->raw, size);
    buffer_add(&writer->raw, record, size);
    lupe_status status = buffer_status(&writer->raw);
    if (status)
        return status;
    writer->documents++;
    return writer->raw.size >= FRAME_BYTES ? frame_end(writer) : LUPE_OK;
}

lupe_status stored_writer_add(struct stored_writer *writer, const uint8_t *record, size_t size)
{
    if (size > RECORD_BYTES_MAX)
        return fail(LUPE_LIMIT, "the stored values of a document exceed %u bytes",
                    RECORD_BYTES_MAX);
    if (size == 0 && !writer->any) {
        writer->documents++;
        return LUPE_OK;
    }
    if (!writer->any) {
        uint32_t empty = writer->documents;
        writer->any = true;
        writer->documents = 0;
        while (empty--) {
            lupe_status status = frame_add(writer, NULL, 0);
            if (status)
                return status;
        }
    }
    return frame_add(writer, record, size);
}

lupe_status stored_writer_finish(struct stored_writer *writer)
{
    lupe_status status = LUPE_OK;
    if (writer->raw.size)
        TRY(frame_end(writer));
    if (!writer->settled)
        TRY(stored_writer_settle(writer));
out:
    return status;
}

/* ---- reading frames */

struct stored_reader {
    struct section *frames;
    struct section *index;
    struct section *dictionary;
    uint32_t documents;
    ZSTD_DCtx *context;
    ZSTD_DDict *trained;
    struct buffer raw;      /* of the frame in use, where it is not read in place */
    struct buffer gathered; /* packed bytes that straddle extents */
    uint32_t first;         /* documents of the frame in use; none: first = end */
    uint32_t end;
    struct cursor cursor; /* behind the record of document `next` - 1 */
    const uint8_t *start; /* of the raw bytes */
    uint32_t next;
};

lupe_status stored_reader_open(struct section *frames, struct section *index,
                               struct section *dictionary, uint32_t documents,
                               struct stored_reader **reader)
{
    *reader = memory_zalloc(1, sizeof **reader);
    if (!*reader)
        return fail_memory();
    (*reader)->frames = frames;
    (*reader)->index = index;
    (*reader)->dictionary = dictionary;
    (*reader)->documents = documents;
    (*reader)->raw = BUFFER_INIT(FRAME_RAW_BYTES_MAX);
    return LUPE_OK;
}

void stored_reader_close(struct stored_reader *reader)
{
    if (!reader)
        return;
    ZSTD_freeDCtx(reader->context);
    ZSTD_freeDDict(reader->trained);
    buffer_free(&reader->raw);
    buffer_free(&reader->gathered);
    memory_free(reader);
}

static lupe_status stored_corrupt(const struct stored_reader *reader, uint32_t document,
                                  const char *what)
{
    return fail(LUPE_CORRUPT, "segment %u: stored document %u: %s; restore the index from a backup",
                reader->frames->segment, document, what);
}

static lupe_status decompressor_open(struct stored_reader *reader)
{
    lupe_status status = LUPE_OK;
    struct buffer bytes = BUFFER_INIT(STORED_DICTIONARY_BYTES);
    if (!reader->context)
        reader->context = ZSTD_createDCtx();
    if (!reader->context)
        return fail_memory();
    if (reader->trained || reader->dictionary->length == 0)
        return LUPE_OK;
    if (reader->dictionary->length > STORED_DICTIONARY_BYTES)
        return fail(LUPE_CORRUPT, "segment %u: the dictionary of stored documents is too long",
                    reader->frames->segment);
    size_t size = (size_t)reader->dictionary->length;
    uint8_t *room = buffer_reserve(&bytes, size);
    TRY(buffer_status(&bytes));
    TRY(section_copy(reader->dictionary, 0, room, size));
    reader->trained = ZSTD_createDDict(room, size);
    if (!reader->trained)
        status = fail(LUPE_CORRUPT, "segment %u: the dictionary of stored documents is damaged",
                      reader->frames->segment);
out:
    buffer_free(&bytes);
    return status;
}

static lupe_status index_entry(struct stored_reader *reader, uint32_t number, uint32_t *first,
                               uint64_t *offset)
{
    uint8_t entry[INDEX_ENTRY_BYTES];
    lupe_status status =
        section_copy(reader->index, (uint64_t)number * INDEX_ENTRY_BYTES, entry, sizeof entry);
    if (status)
        return status;
    *first = load_u32(entry);
    *offset = load_u64(entry + 4);
    return LUPE_OK;
}

/* The frame of a document: the last whose first document is not above it. */
static lupe_status index_find(struct stored_reader *reader, uint32_t document, uint32_t *first,
                              uint32_t *end, uint64_t *offset)
{
    uint32_t low = 0;
    uint32_t high = (uint32_t)(reader->index->length / INDEX_ENTRY_BYTES);
    uint64_t at;
    uint32_t middle_first;
    *end = reader->documents;
    *first = 0;
    *offset = 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        lupe_status status = index_entry(reader, middle, &middle_first, &at);
        if (status)
            return status;
        if (middle_first <= document) {
            low = middle + 1;
            *first = middle_first;
            *offset = at;
        } else {
            high = middle;
            *end = middle_first;
        }
    }
    if (low == 0 || *first >= *end)
        return stored_corrupt(reader, document, "the index of frames is damaged");
    return LUPE_OK;
}

static lupe_status frame_unpack(struct stored_reader *reader, uint32_t document,
                                const uint8_t *packed, size_t packed_size, size_t raw_size)
{
    lupe_status status = decompressor_open(reader);
    if (status)
        return status;
    if (ZSTD_getFrameContentSize(packed, packed_size) != raw_size)
        return stored_corrupt(reader, document, "a frame has a wrong size");
    buffer_restart(&reader->raw);
    uint8_t *raw = buffer_reserve(&reader->raw, raw_size);
    if (!raw)
        return buffer_status(&reader->raw);
    size_t result = ZSTD_decompress_usingDDict(reader->context, raw, raw_size, packed, packed_size,
                                               reader->trained);
    if (result != raw_size)
        return stored_corrupt(reader, document, "a frame cannot be decompressed");
    reader->cursor = cursor_of(raw, raw_size);
    return LUPE_OK;
}

/* Makes the frame at offset the one in use. */
static lupe_status frame_open(struct stored_reader *reader, uint32_t document, uint64_t offset)
{
    uint8_t head[FRAME_HEAD_BYTES_MAX] = {0};
    const uint8_t *bytes;
    size_t left;
    uint64_t rest = offset < reader->frames->length ? reader->frames->length - offset : 0;
    size_t head_size = rest < sizeof head ? (size_t)rest : sizeof head;
    lupe_status status = section_copy(reader->frames, offset, head, head_size);
    if (status)
        return status;
    struct cursor cursor = cursor_of(head, head_size);
    uint64_t raw_size = cursor_varint(&cursor);
    uint64_t packed_size = cursor_varint(&cursor);
    head_size = (size_t)(cursor.next - head);
    uint64_t size = packed_size ? packed_size : raw_size;
    if (!cursor.ok || raw_size == 0 || raw_size > FRAME_RAW_BYTES_MAX || size > rest - head_size ||
        (packed_size && raw_size / PACKED_RATIO_MAX > packed_size))
        return stored_corrupt(reader, document, "the head of a frame is damaged");

    status = section_at(reader->frames, offset + head_size, &bytes, &left);
    if (status)
        return status;
    if (left < size) {
        buffer_restart(&reader->gathered);
        uint8_t *room = buffer_reserve(&reader->gathered, (size_t)size);
        if (!room)
            return buffer_status(&reader->gathered);
        status = section_copy(reader->frames, offset + head_size, room, (size_t)size);
        if (status)
            return status;
        bytes = room;
    }
    if (packed_size)
        return frame_unpack(reader, document, bytes, (size_t)size, (size_t)raw_size);
    reader->cursor = cursor_of(bytes, (size_t)raw_size);
    return LUPE_OK;
}

lupe_status stored_reader_record(struct stored_reader *reader, uint32_t document,
                                 const uint8_t **record, size_t *size)
{
    lupe_status status = LUPE_OK;
    *record = (const uint8_t *)"";
    *size = 0;
    assert(document < reader->documents);
    if (reader->index->length == 0)
        return LUPE_OK;
    if (document < reader->first || document >= reader->end) {
        uint32_t first, end;
        uint64_t offset;
        reader->first = reader->end = 0;
        TRY(index_find(reader, document, &first, &end, &offset));
        TRY(frame_open(reader, document, offset));
        reader->first = first;
        reader->end = end;
        reader->start = reader->cursor.next;
        reader->next = first;
    }
    if (document < reader->next) {
        reader->cursor = cursor_of(reader->start, (size_t)(reader->cursor.end - reader->start));
        reader->next = reader->first;
    }
    for (; reader->next <= document; reader->next++) {
        uint64_t record_size = cursor_varint(&reader->cursor);
        const uint8_t *bytes = NULL;
        if (record_size <= cursor_left(&reader->cursor))
            bytes = cursor_take(&reader->cursor, (size_t)record_size);
        if (!bytes || !reader->cursor.ok) {
            reader->first = reader->end = 0;
            return stored_corrupt(reader, document, "a frame has too few documents");
        }
        *record = bytes;
        *size = (size_t)record_size;
    }
out:
    return status;
}
