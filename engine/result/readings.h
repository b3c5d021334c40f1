/* SPDX-License-Identifier: MIT
 *
 * readings.h - where the words that a compound of the query can be read as stand near each other:
 * Krankenversicherungsbeitrag, and "Beiträge zur Krankenversicherung".
 *
 * Owns the readings and the places of their words in the text that is being read. Called by
 * match.c, which numbers words and reads texts. Never knows what the words are.
 */
#ifndef LUPE_RESULT_READINGS_H
#define LUPE_RESULT_READINGS_H

#include "base/buffer.h"
#include "result/match.h"
#include "text/compound.h"

/* Some words, by number, that count as a clause where they are near each other. */
struct reading {
    uint32_t clause;
    uint32_t count;
    uint32_t ids[COMPOUND_PARTS_MAX];
};

/* A reading that has the word `id`, in order of these. */
struct reading_word {
    uint32_t id;
    uint32_t reading;
};

struct reading_place {
    uint64_t position;
    struct match match; /* without a clause */
    uint32_t id;
};

/* All zero: no readings. */
struct readings {
    struct buffer list;   /* struct reading */
    struct buffer words;  /* struct reading_word */
    struct buffer places; /* struct reading_place, of the text, as far as still needed */
    size_t resolved;      /* of these */
};

void readings_free(struct readings *readings);

CHECKED lupe_status readings_add(struct readings *readings, const struct reading *reading);
void readings_sort(struct readings *readings); /* when all are added */

/* A text begins. */
void readings_restart(struct readings *readings);

/* A word of a reading stands at a position, which ascend. */
CHECKED lupe_status readings_note(struct readings *readings, const struct reading_place *place);

/* Adds what is found to the list, but for words from which what lies behind position `until` may
 * not be too far. */
CHECKED lupe_status readings_resolve(struct readings *readings, uint64_t until,
                                     struct match_list *list);

#endif
