/* SPDX-License-Identifier: MIT
 *
 * compound_queue.h - words that wait to be split, so that many are split at once.
 *
 * Owns the queue. Filled by accumulate.c with each distinct word of a language that has compounds;
 * what it finds goes to part_notes.c. Never looks at a document.
 *
 * The lexicon and the notes are two megabytes that splitting reads here and there, inverting as
 * many: taking turns word by word, each finds the second-level cache full of the other's.
 */
#ifndef LUPE_WRITE_COMPOUND_QUEUE_H
#define LUPE_WRITE_COMPOUND_QUEUE_H

#include "text/analyzer.h"
#include "write/part_notes.h"

#define COMPOUND_QUEUE_BYTES (512u * 1024u) /* when to empty it */

struct compound_queue {
    struct buffer words; /* list:u32 size:u8 bytes */
};

void compound_queue_init(struct compound_queue *queue);
void compound_queue_free(struct compound_queue *queue);

/* Adds a folded word that went to a list. */
CHECKED lupe_status compound_queue_add(struct compound_queue *queue, uint32_t list,
                                       const uint8_t *folded, size_t size);

/* Splits all words and notes their parts; the queue is empty then. */
CHECKED lupe_status compound_queue_note(struct compound_queue *queue, struct analyzer *analyzer,
                                        struct part_notes *notes);

static inline bool compound_queue_full(const struct compound_queue *queue)
{
    return queue->words.size >= COMPOUND_QUEUE_BYTES;
}

#endif
