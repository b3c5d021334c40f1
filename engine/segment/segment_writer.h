/* SPDX-License-Identifier: MIT
 *
 * segment_writer.h - builds a segment: first its documents in order, then its terms in order.
 *
 * Owns the section writers and encoders of the segment being built. Called by write/flush.c and
 * write/merge.c. Never touches the store: extents go to the sink as they fill, or, below
 * SEGMENT_SMALL_BYTES_MAX, all at once at the end as one value.
 */
#ifndef LUPE_SEGMENT_SEGMENT_WRITER_H
#define LUPE_SEGMENT_SEGMENT_WRITER_H

#include "segment/catalogue.h"
#include "segment/postings.h"

struct segment_writer;

struct segment_writer_options {
    uint32_t number; /* of the segment */
    double k1;
    double b;
    struct extent_sink sink;
    uint32_t frequent_share; /* words in 1 / frequent_share of the documents are kept; 0: none */
};

/* A word of list 0 that is in many documents, as segment_writer_frequent gives it. */
struct frequent_word {
    uint32_t frequency;
    uint8_t size;
    uint8_t info_size;
    uint8_t term[PAIR_TERM_BYTES_MAX];
    uint8_t info[ENTRY_INFO_BYTES_MAX];
};

CHECKED lupe_status segment_writer_open(const struct segment_writer_options *options,
                                        struct segment_writer **writer);
void segment_writer_close(
    struct segment_writer *writer); /* accepts NULL; drops what is unfinished */

/* ---- first every document, in order, from 0 */

struct segment_document {
    const void *id;  /* needed where it has more than ID_TERM_BYTES_MAX bytes: the others are in */
    size_t id_size;  /* their keys; 0: it is one of these */
    uint32_t length; /* in words */
    const uint8_t *record; /* stored record; size 0: none */
    size_t record_size;
    const uint32_t *boundaries; /* pairs {field, words} of its text values in position order; one
                                 * field stands for all documents where it can */
    size_t boundary_count;
};
/* Before the first document, see stored_writer_sample: a record of a document to come. */
CHECKED lupe_status segment_writer_sample(struct segment_writer *writer, const uint8_t *record,
                                          size_t size, bool *enough);
CHECKED lupe_status segment_writer_document(struct segment_writer *writer,
                                            const struct segment_document *document);

/* ---- then every term, keys ascending (the ids' list, too: the caller adds it at its place, and
 * in it each document once) */

/* After the last document, before the first term. */
CHECKED lupe_status segment_writer_documents_done(struct segment_writer *writer);
CHECKED lupe_status
segment_writer_term_begin(struct segment_writer *writer, const uint8_t *key, size_t key_size,
                          uint8_t flags /* ENTRY_HAS_TF, ENTRY_HAS_POSITIONS */);
void segment_writer_term_wide(struct segment_writer *writer); /* see postings_writer_set_wide */
CHECKED lupe_status segment_writer_term_add(struct segment_writer *writer,
                                            const uint32_t *documents, const uint32_t *tfs,
                                            const uint32_t *positions, size_t count);
/* The record of its surface forms (forms.h), of a word of LIST_WORDS. */
CHECKED lupe_status segment_writer_term_forms(struct segment_writer *writer, const uint8_t *record,
                                              size_t size);
CHECKED lupe_status segment_writer_term_end(struct segment_writer *writer);

/* ---- pairs of frequent words, made of what was written (write/pair_lists.c) */

/* The words of up to PAIR_TERM_BYTES_MAX bytes that are in 1 / frequent_share of the documents, in
 * the order of their terms: all of them behind the last of list 0. */
const struct frequent_word *segment_writer_frequent(const struct segment_writer *writer,
                                                    size_t *count);
/* One byte a document. */
const uint8_t *segment_writer_norms(const struct segment_writer *writer, uint32_t *documents);
/* How much of a section the sink has, and what has not filled an extent yet: readable
 * READ_PADDING_BYTES beyond, until something is added. */
CHECKED lupe_status segment_writer_peek(struct segment_writer *writer, enum section_id section,
                                        uint32_t *extents, const uint8_t **payload, size_t *size);
/* What the entry will say of the segment's pairs. */
void segment_writer_set_pairs(struct segment_writer *writer, uint32_t frequency_min,
                              uint64_t bytes);

/* ---- several threads */

/* Terms may be encoded in other threads, each with an encoder of its own, while this one places
 * what they made, in the order of keys: the bytes are the same. Opened behind
 * segment_writer_documents_done, freed by postings_writer_free. */
CHECKED lupe_status segment_writer_encoder(const struct segment_writer *writer,
                                           struct postings_writer *encoder);
/* Adds all terms of a parcel; ids are not among them. forms: of each term size:varint and record of
 * its surface forms; empty where none of them has any. */
CHECKED lupe_status segment_writer_place(struct segment_writer *writer, struct buffer *parcel,
                                         const struct buffer *forms);

/* Finishes all sections and fills the catalogue's entry (live: all). */
CHECKED lupe_status segment_writer_finish(struct segment_writer *writer,
                                          struct segment_entry *entry);

#endif
