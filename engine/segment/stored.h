/* SPDX-License-Identifier: MIT
 *
 * stored.h - stored documents: records, and the compressed frames that hold them (FORMAT.md
 * section 10).
 *
 * Owns both encodings. Frames are written by segment_writer.c and read through segment.h; records
 * are made by write/ and taken apart by result/. The only files that include zstd.h. Never knows
 * what a field is.
 */
#ifndef LUPE_SEGMENT_STORED_H
#define LUPE_SEGMENT_STORED_H

#include "segment/extent.h"

/* ---- records: the values of one document */

#define RECORD_BYTES_MAX \
    (DOCUMENT_BYTES_MAX + DOCUMENT_BYTES_MAX / 8) /* with what each value costs */

/* A record is begun with the number of its values, then each is added. Errors stick in out. */
void record_begin(struct buffer *out, size_t value_count);
void record_add(struct buffer *out, uint32_t field, lupe_kind kind, const void *bytes, size_t size);

struct record_value {
    uint32_t field; /* its number */
    lupe_kind kind;
    const uint8_t *bytes;
    size_t size;
};

struct record {
    struct cursor cursor;
    size_t left; /* values */
};

/* Opens a record; one of size 0 has no values. record->left is how many follow. */
CHECKED lupe_status record_open(struct record *record, const uint8_t *bytes, size_t size);
/* The next value, pointing into the record; LUPE_NOT_FOUND (no message) behind the last. */
CHECKED lupe_status record_next(struct record *record, struct record_value *value);

/* ---- writing frames */

struct ZSTD_CCtx_s;
struct ZSTD_CDict_s;

struct stored_writer {
    struct section_writer *frames;
    struct section_writer *index;
    struct section_writer *dictionary;
    struct buffer raw;          /* of the frame being filled */
    uint32_t documents;         /* added */
    uint32_t first;             /* document of the frame being filled */
    struct buffer samples;      /* records to make the dictionary from, where some were given */
    struct buffer sample_sizes; /* u32 */
    struct buffer held;         /* frames that wait for the dictionary */
    struct buffer held_frames;  /* {u32 first document, u32 size} a frame */
    struct buffer packed;
    struct ZSTD_CCtx_s *context;
    struct ZSTD_CDict_s *trained;
    bool any;     /* some record was not empty */
    bool settled; /* with or without a dictionary: frames go out */
};

void stored_writer_init(struct stored_writer *writer, struct section_writer *frames,
                        struct section_writer *index, struct section_writer *dictionary);
void stored_writer_free(struct stored_writer *writer);
/* Gives a record to make the dictionary from, before the first is added: to be called where the
 * first ones are no sample of all. They should be scattered over all. *enough when no more is
 * wanted. */
CHECKED lupe_status stored_writer_sample(struct stored_writer *writer, const uint8_t *record,
                                         size_t size, bool *enough);
/* Adds the record of the next document; size may be 0. */
CHECKED lupe_status stored_writer_add(struct stored_writer *writer, const uint8_t *record,
                                      size_t size);
CHECKED lupe_status stored_writer_finish(struct stored_writer *writer);

/* ---- reading frames */

struct stored_reader; /* keeps the last frame */

/* The sections outlive the reader. Nothing is read yet. */
CHECKED lupe_status stored_reader_open(struct section *frames, struct section *index,
                                       struct section *dictionary, uint32_t documents,
                                       struct stored_reader **reader);
void stored_reader_close(struct stored_reader *reader); /* accepts NULL */

/* The record of a document below documents, valid until the next call; size 0 when nothing is
 * stored. Documents of one frame in a row cost nothing more. */
CHECKED lupe_status stored_reader_record(struct stored_reader *reader, uint32_t document,
                                         const uint8_t **record, size_t *size);

#endif
