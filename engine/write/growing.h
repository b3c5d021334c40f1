/* SPDX-License-Identifier: MIT
 *
 * growing.h - lists that grow posting by posting, for all words at once.
 *
 * Owns the pool their bytes lie in, and how a posting is written there and read again. Written by
 * accumulate.c, read by flush.c. Nothing of it goes to the file.
 *
 *   list := record *           of a list with positions
 *   record := further | new    a further position of the document, or a new document
 *           | 00000000 form    the position before has another surface form than the first, 0
 *   further := xxxxxxx1              position minus the one before, below 2^7
 *            | xxxxxx10 x            ... below 2^14, little-endian
 *            | 00pp0000 position     ... any
 *   new      := ggppnn00 gap position   gap: the low bits gg, then n bytes; position: p + 1 bytes
 *
 *   list := gap tf ...         varints, of a list with tfs: the last document's tf is list.position
 *   list := gap ...            varints, of a list of documents
 *
 * A gap is the document minus the one before, which is -1 at first. A record is one store of eight
 * bytes and one load, with no branch that depends on how many bytes it has: nine of ten words of a
 * text cost one, and what no processor predicts is how often a word comes and how far apart.
 */
#ifndef LUPE_WRITE_GROWING_H
#define LUPE_WRITE_GROWING_H

#include "base/buffer.h"
#include "base/status.h"

enum growing_kind { GROWING_POSITIONS, GROWING_TF, GROWING_DOCUMENTS };

struct growing_list {
    uint8_t *next;     /* where the next byte goes */
    uint32_t document; /* the last one + 1; 0: none yet */
    uint32_t position; /* its last position; for tf lists its tf so far */
    uint32_t first;    /* chunk (pool_chunk) */
    uint32_t key;      /* offset of the key in keys: size:u8 bytes */
    uint16_t left;     /* bytes that may follow in this chunk */
    uint8_t chunks;    /* in use */
    uint8_t kind;
};
_Static_assert(sizeof(struct growing_list) == 32, "two a cache line, none in two");

/* ---- the pool */

/* Chunks of bytes of growing size, cut from blocks that never move. A chunk ends with the number
 * of the one that follows it. A record's size may be read beyond the last chunk of a block. */
#define POOL_UNIT_BYTES 16u
#define POOL_BLOCK_BYTES (256u * 1024u)
#define POOL_LINK_BYTES 4u
#define POOL_CHUNK_SHIFT_MAX 10u /* largest chunk: POOL_UNIT_BYTES << this */
#define POOL_UNITS (POOL_BLOCK_BYTES / POOL_UNIT_BYTES)

struct pool {
    uint8_t **blocks;
    uint32_t block_count;
    uint32_t block_capacity;
    uint32_t next; /* free unit in the last block */
    uint32_t kept; /* blocks from here on are empty */
};

static inline size_t pool_chunk_bytes(unsigned ordinal)
{
    unsigned shift = ordinal / 2;
    return (size_t)POOL_UNIT_BYTES << (shift < POOL_CHUNK_SHIFT_MAX ? shift : POOL_CHUNK_SHIFT_MAX);
}

static inline uint8_t *pool_chunk(const struct pool *pool, uint32_t chunk)
{
    return pool->blocks[chunk / POOL_UNITS] + (size_t)(chunk % POOL_UNITS) * POOL_UNIT_BYTES;
}

/* Frees the blocks beyond so many. */
void pool_trim(struct pool *pool, uint32_t blocks);

/* ---- writing */

/* An empty list with a chunk. */
CHECKED lupe_status growing_init(struct pool *pool, struct growing_list *list,
                                 enum growing_kind kind, uint32_t key);

CHECKED lupe_status growing_append_slow(struct pool *pool, struct growing_list *list,
                                        const uint8_t *bytes, size_t size);

#define RECORD_BYTES_MAX 8u
#define FORM_RECORD_BYTES 2u
#define VARINTS_BYTES_MAX 10u /* two numbers of 32 bits */

static inline unsigned number_bytes(uint32_t number) /* 0 has none */
{
    return (70 - (unsigned)__builtin_clzll((uint64_t)number << 1 | 1)) / 8;
}

/* As growing_add_position, of a position and a form whose records are longer than one store. */
CHECKED lupe_status growing_add_long(struct pool *pool, struct growing_list *list,
                                     uint32_t document, uint32_t position, uint8_t form);

/* form: which surface form stands there, 0 the first. */
static inline lupe_status growing_add_position(struct pool *pool, struct growing_list *list,
                                               uint32_t document, uint32_t position, uint8_t form)
{
    uint32_t gap = document + 1 - list->document;
    uint32_t number = position - (gap ? 0 : list->position);
    unsigned gap_bytes = number_bytes(gap >> 2);
    unsigned bytes = number_bytes(number | 1);
    uint64_t record = gap_bytes << 2 | (bytes - 1) << 4 | (uint64_t)gap << 6 |
                      (uint64_t)number << (8 + 8 * gap_bytes);
    unsigned size = 1 + gap_bytes + bytes;
    if (gap == 0 && number < 1u << 14) {
        unsigned two = number >> 7 != 0;
        record = number << (1 + two) | (1 + two);
        size = 1 + two;
    }
    if (size > RECORD_BYTES_MAX - FORM_RECORD_BYTES) {
        if (form)
            return growing_add_long(pool, list, document, position, form);
    } else {
        record |= (uint64_t)form << (8 * size + 8);
        size += form ? FORM_RECORD_BYTES : 0;
    }
    list->document = document + 1;
    list->position = position;
    if (list->left < RECORD_BYTES_MAX) {
        uint8_t spare[RECORD_BYTES_MAX];
        store_u64(spare, record);
        return growing_append_slow(pool, list, spare, size);
    }
    store_u64(list->next, record);
    list->next += size;
    list->left = (uint16_t)(list->left - size);
    return LUPE_OK;
}

CHECKED lupe_status growing_add_tf(struct pool *pool, struct growing_list *list, uint32_t document);
CHECKED lupe_status growing_add_document(struct pool *pool, struct growing_list *list,
                                         uint32_t document);

/* ---- reading */

/* What the first byte of a record says. */
struct record_form {
    uint32_t gap_mask; /* of the record, from bit 6 on */
    uint32_t number_mask;
    uint32_t keep; /* of the position before: all or nothing */
    uint8_t number_shift;
    uint8_t size;
    uint8_t is_new;
    uint8_t is_form; /* of the position before */
    uint8_t form_mask;
};

#define RECORD_FORMS 256u
#define RECORD_GAP_SHIFT 6u

void record_forms_make(struct record_form forms[RECORD_FORMS]);

/* The bytes of a list from *at to *end, RECORD_BYTES_MAX and more readable beyond them: where they
 * are when they lie in one chunk, else gathered into the stream. */
CHECKED lupe_status growing_bytes(const struct pool *pool, const struct growing_list *list,
                                  struct buffer *stream, const uint8_t **at, const uint8_t **end);

/* The next number of a list without records. */
static inline uint32_t growing_number(const uint8_t **at)
{
    uint32_t value = *(*at)++;
    if (value < 0x80)
        return value;
    value &= 0x7f;
    for (unsigned shift = 7;; shift += 7) {
        uint32_t byte = *(*at)++;
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
}

#endif
