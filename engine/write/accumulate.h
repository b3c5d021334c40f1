/* SPDX-License-Identifier: MIT
 *
 * accumulate.h - inverts documents in memory: from the words of each document to the documents
 * of each word.
 *
 * Owns the analyzers of one thread, the cache of surface forms, and the growing lists. Opened
 * by writer.c or workers.c, fed by accumulate_document.c with documents of a batch, emptied by
 * flush.c. Never encodes, never touches the store.
 *
 * A surface form is analyzed once per flush: the cache maps it to its list, so that a word
 * costs finding it, a hash, one probe and one append.
 *
 *   short words (bytes, list) ------------------+              a slot is all there is
 *   slots (hash, ref) --> surfaces: {list, size, space, bytes}    of the other words
 *                                      |        |
 *   terms (hash, list) --------------> lists: {next, left, last document, ...} --> pool of chunks
 *                                      |
 *                                     keys: {forms, size, list number, term}
 *
 * The surface forms of a word are numbered as they come, the first one 0: a position of another one
 * has its number behind it in the word's list (growing.h). The cache gives a word's form with its
 * list, in one number.
 */
#ifndef LUPE_WRITE_ACCUMULATE_H
#define LUPE_WRITE_ACCUMULATE_H

#include "segment/catalogue.h"
#include "segment/dictionary.h"
#include "text/words.h"
#include "write/batch.h"
#include "write/compound_queue.h"
#include "write/growing.h"
#include "write/word_table.h"

/* Lists lie in blocks, at multiples of their size. */
#define LIST_BLOCK_LISTS 4096u

struct accumulated_document {
    uint32_t length;
    uint32_t boundaries; /* first number in accumulator.boundaries */
    uint32_t boundary_count;
};

/* Where the surface forms of a word's list are: the u32 before its key is the offset in keys of the
 * last of them, as is `next` in that of the one before, or one of these. */
#define FORMS_NONE 0u    /* no form has been seen */
#define FORMS_IS_TERM 1u /* the first form is the term itself */

struct surface_form {
    uint32_t next;
    uint8_t number;
    uint8_t size;
    const uint8_t *bytes;
};
#define SURFACE_FORM_HEAD_BYTES 6u /* in keys, before the bytes */

struct word_items;

struct accumulator {
    /* from the catalogue */
    lupe_analysis analysis;
    bool with_positions;
    bool with_parts; /* compounds are noted with their parts */
    bool with_forms;
    uint32_t field_gap;
    uint8_t *field_analyzers; /* by field; fields beyond field_count have analyzer 0 */
    bool *field_own_list;
    uint32_t field_count;
    struct analyzer **analyzers;
    uint32_t analyzer_count;
    struct analyzer *splitter; /* the one of a language with compounds; NULL: there is none */

    struct short_table short_table;
    struct table surface_table; /* ref: offset in surfaces / 8 */
    struct buffer surfaces;
    struct table term_table; /* ref: list + 1 */
    struct buffer keys;
    struct part_notes parts;
    struct compound_queue compounds; /* words whose parts are not yet noted */
    void **list_blocks;              /* list_block_count of them, some not in use */
    uint32_t list_block_count;
    uint32_t list_block_capacity;
    uint32_t list_count;
    struct pool pool;

    struct accumulated_document *documents;
    uint32_t document_count;
    uint32_t document_capacity;
    uint32_t *boundaries; /* pairs {field, words} */
    size_t boundary_count;
    size_t boundary_capacity;

    uint64_t words_cut;
    struct word_items *items;   /* scratch */
    struct batch_value *values; /* scratch */
    size_t value_capacity;
};

static inline struct growing_list *accumulator_list(const struct accumulator *accumulator,
                                                    uint32_t number)
{
    uintptr_t block = (uintptr_t)accumulator->list_blocks[number / LIST_BLOCK_LISTS];
    uintptr_t first = (block + sizeof(struct growing_list) - 1) & ~(uintptr_t)31;
    return (struct growing_list *)first + number % LIST_BLOCK_LISTS;
}

CHECKED lupe_status accumulator_open(const struct catalogue *catalogue,
                                     struct accumulator **accumulator);
void accumulator_close(struct accumulator *accumulator); /* accepts NULL */

/* The surface form at an offset in keys. */
static inline struct surface_form accumulator_form(const struct accumulator *accumulator,
                                                   uint32_t offset)
{
    const uint8_t *at = accumulator->keys.data + offset;
    return (struct surface_form){load_u32(at), at[4], at[5], at + SURFACE_FORM_HEAD_BYTES};
}

/* Empties it; tables and buffers of small flushes are kept for the next. */
void accumulator_reset(struct accumulator *accumulator);

/* Room for the first words of a document, which are asked for before they are looked up. */
CHECKED lupe_status accumulator_begin(struct accumulator *accumulator);

/* The words of a document's texts as they are consumed. Begins as zeros. */
struct text_state {
    struct word_scanner scanner;
    uint32_t analyzer;
    uint32_t position; /* of the next word */
    bool full;         /* DOCUMENT_WORDS_MAX is reached */
    bool suspends;     /* words with hyphens beside them are looked at (suspended.h) */
    uint32_t joined_from[HYPHEN_PARTS_MAX + 1]; /* by span: where a joined form may lie */
};

/* Inverts a text of a document; *length grows by its words. */
CHECKED lupe_status accumulator_text(struct accumulator *accumulator,
                                     const struct batch_value *value, uint32_t document,
                                     struct text_state *state, uint32_t *length);
/* The list of a key, which is made when it is new. */
CHECKED lupe_status accumulator_list_of_key(struct accumulator *accumulator, const uint8_t *key,
                                            size_t key_size, enum growing_kind kind,
                                            uint32_t *number);

/* Splits the words that wait for it, and gives back what only adding needs, where it is large:
 * called before a flush, which needs memory to sort. Only reset and close are allowed then. */
CHECKED lupe_status accumulator_seal(struct accumulator *accumulator);

/* Bytes in use, with what the next document may make a table grow by. */
size_t accumulator_bytes(const struct accumulator *accumulator);

/* True when no further document may be added, whatever memory there is. */
bool accumulator_full(const struct accumulator *accumulator);

#endif
