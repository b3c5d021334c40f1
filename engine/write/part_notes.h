/* SPDX-License-Identifier: MIT
 *
 * part_notes.h - which words are parts of which: noted while documents are inverted, once for each
 * distinct surface form.
 *
 * Owns the parts, the words that they were seen as, and the notes. Filled by compound_queue.c, read
 * by flush_parts.c. Never splits or stems a word, never looks at documents.
 *
 * A part is a term. As a word (versicherung, versicherungen) it is stemmed once: compounds of a
 * language have the same few parts again and again, ten times each in 160,000 documents.
 *
 *   note := source:u32 (part:30 single:1 last:1) *     source: the list of the compound
 */
#ifndef LUPE_WRITE_PART_NOTES_H
#define LUPE_WRITE_PART_NOTES_H

#include "base/buffer.h"
#include "base/status.h"

#define PART_NONE UINT32_MAX /* what a word without a term is */
#define NOTE_LAST 1u
#define NOTE_SINGLE 2u
#define NOTE_PART_SHIFT 2u

struct part {
    uint32_t hash;
    uint32_t key; /* offset in keys: size:u8, key of list LIST_PARTS */
};

struct part_word_slot {
    uint32_t hash;
    uint32_t word; /* offset in words + 1; 0: free */
};

struct part_notes {
    struct buffer keys;
    struct buffer parts; /* struct part */
    struct buffer notes; /* u32 */
    struct buffer words; /* part:u32 size:u8 bytes */
    struct part_word_slot *word_slots;
    uint32_t word_slot_count; /* a power of two */
    uint32_t word_count;
    uint32_t *slots;     /* part + 1 */
    uint32_t slot_count; /* a power of two */
};

void part_notes_init(struct part_notes *notes);
void part_notes_free(struct part_notes *notes);
/* Empties them; what is not large is kept for the next. */
void part_notes_reset(struct part_notes *notes, size_t bytes_kept);
/* Gives back what only adding needs. Only reading and reset are allowed afterwards. */
void part_notes_seal(struct part_notes *notes);
size_t part_notes_bytes(const struct part_notes *notes);

/* The part that a word of 1 to 255 bytes with some hash is, when it was seen before; else false. */
bool part_notes_find(const struct part_notes *notes, const uint8_t *word, uint32_t size,
                     uint32_t hash, uint32_t *part);
/* Asks for what part_notes_find will look at. */
static inline void part_notes_ask(const struct part_notes *notes, uint32_t hash)
{
    if (notes->word_slots)
        __builtin_prefetch(&notes->word_slots[hash & (notes->word_slot_count - 1)]);
}
/* What was not found is this term from now on; one of no bytes is PART_NONE. */
CHECKED lupe_status part_notes_learn(struct part_notes *notes, const uint8_t *word, uint32_t size,
                                     uint32_t hash, const uint8_t *term, size_t term_size,
                                     uint32_t *part);

/* Notes the parts of the words of a list. Each is one part of the word where NOTE_SINGLE is set,
 * else several as one: part << NOTE_PART_SHIFT | bits. None: nothing is noted. */
CHECKED lupe_status part_notes_add(struct part_notes *notes, uint32_t source, const uint32_t *parts,
                                   unsigned count);

static inline uint32_t part_notes_count(const struct part_notes *notes)
{
    return (uint32_t)(notes->parts.size / sizeof(struct part));
}
static inline const struct part *part_notes_at(const struct part_notes *notes, uint32_t number)
{
    return (const struct part *)(const void *)notes->parts.data + number;
}
/* size:u8 and the key of its list of parts */
static inline const uint8_t *part_key(const struct part_notes *notes, uint32_t number)
{
    return notes->keys.data + part_notes_at(notes, number)->key;
}

/* The notes by part, parts in an order. */
struct noted_sources {
    uint32_t count;    /* of parts */
    uint32_t *starts;  /* [count + 1], in sources */
    uint32_t *sources; /* lists, in the order they were noted, some more than once */
    uint8_t *single;   /* [count]: a part of some word, not only several parts of words as one */
};

/* places: which place each part takes. */
CHECKED lupe_status noted_sources_make(const struct part_notes *notes, const uint32_t *places,
                                       struct noted_sources *sources);
void noted_sources_free(struct noted_sources *sources); /* also of one that is zeroed */

#endif
