/* SPDX-License-Identifier: MIT
 *
 * part_notes.h - which words are parts of which: noted while documents are inverted, one note for
 * each distinct surface form and part.
 *
 * Owns the table of parts and the notes. Filled by accumulate.c, read by flush.c. Never splits a
 * word, never looks at documents.
 */
#ifndef LUPE_WRITE_PART_NOTES_H
#define LUPE_WRITE_PART_NOTES_H

#include "base/buffer.h"
#include "base/status.h"

struct part {
    uint32_t hash;
    uint32_t key;   /* offset in keys: size:u8, term */
    uint32_t note;  /* the last one + 1 */
    bool is_single; /* a part of some word, not only several parts of words as one */
};

struct part_note {
    uint32_t source; /* the accumulator's list of the compound */
    uint32_t next;   /* the note before + 1; 0: none */
};

struct part_notes {
    struct buffer keys;
    struct buffer parts; /* struct part */
    struct buffer notes; /* struct part_note */
    uint32_t *slots;     /* open addressing: part + 1 */
    uint32_t slot_count; /* a power of two */
};

void part_notes_init(struct part_notes *notes);
void part_notes_free(struct part_notes *notes);
/* Empties them; what is not large is kept for the next. */
void part_notes_reset(struct part_notes *notes, size_t bytes_kept);
size_t part_notes_bytes(const struct part_notes *notes);

/* Notes that a term is a part of the words of a list; single: it is one part. */
CHECKED lupe_status part_notes_add(struct part_notes *notes, const uint8_t *term, size_t size,
                                   uint32_t source, bool single);

static inline uint32_t part_notes_count(const struct part_notes *notes)
{
    return (uint32_t)(notes->parts.size / sizeof(struct part));
}
static inline const struct part *part_notes_at(const struct part_notes *notes, uint32_t number)
{
    return (const struct part *)(const void *)notes->parts.data + number;
}
/* size:u8, term */
static inline const uint8_t *part_key(const struct part_notes *notes, uint32_t number)
{
    return notes->keys.data + part_notes_at(notes, number)->key;
}

/* The numbers of the parts in the order of their terms; to be freed. */
CHECKED lupe_status part_notes_order(const struct part_notes *notes, uint32_t **order);

/* The lists noted for a part, each once, in order, appended to sources (of uint32_t). */
CHECKED lupe_status part_notes_sources(const struct part_notes *notes, uint32_t number,
                                       struct buffer *sources);

#endif
