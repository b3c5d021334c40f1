/* SPDX-License-Identifier: MIT
 *
 * fuzzy.h - the terms of a dictionary that differ from a word in few letters.
 *
 * Owns the automaton and the walk through a segment's dictionary. Called by spell.c. Never weighs
 * what it finds, never reads postings.
 *
 * An edit is a letter too many, too few or another one, or two neighbours that changed places, of
 * which no letter is edited again ("restricted edit distance"). Letters are code points; what is
 * compared is folded, so umlauts and their transliterations are no edits.
 *
 * Terms are stems, words have endings. So a term may count as what it is with any of some endings,
 * and may be compared with beginnings of the word, too.
 */
#ifndef LUPE_QUERY_FUZZY_H
#define LUPE_QUERY_FUZZY_H

#include "base/buffer.h"
#include "segment/dictionary.h"

#define FUZZY_LETTERS_MAX 60u      /* a longer word is like none */
#define FUZZY_DISTANCE_MAX 2u      /* edits */
#define FUZZY_ENTRIES_MAX 1000000u /* dictionary entries looked at for one word and segment */
#define FUZZY_LISTED_MAX 256u      /* terms listed of a segment: the nearest, then most frequent */

/* Endings are made of one part each of some lists, in this order; "" is of every list. */
#define FUZZY_ENDING_PARTS 3u
#define FUZZY_ENDING_BYTES_MAX 24u
struct fuzzy_endings {
    struct {
        const char *const *texts; /* each ASCII, not empty */
        unsigned count;
    } parts[FUZZY_ENDING_PARTS];
};

/* The word as a set of places by letter: bit i is set where letter i is the letter. */
struct fuzzy {
    unsigned letters;
    unsigned distance;
    uint64_t ends;                         /* bit i: a term may be like the first i letters */
    const struct fuzzy_endings *endings;   /* see fuzzy_set_endings; or NULL */
    uint64_t rest[FUZZY_DISTANCE_MAX + 1]; /* bit i of [k]: the letters from i on are an
                                                    * ending but for k edits; */
    uint64_t swapped_rest[FUZZY_DISTANCE_MAX + 1]; /* letter i begins one, when letter i + 1 ended
                                                    * the term */
    uint64_t ascii[128];
    uint32_t others[FUZZY_LETTERS_MAX]; /* letters beyond, */
    uint64_t other_places[FUZZY_LETTERS_MAX];
    unsigned other_count;
};

/* A word of valid UTF-8, compared whole; set ends for more. False when it has too many
 * letters or none. */
bool fuzzy_init(struct fuzzy *fuzzy, const uint8_t *word, size_t size, unsigned distance);

/* From now on a term may be like the word with any of the endings, too, which stay the caller's. */
void fuzzy_set_endings(struct fuzzy *fuzzy, const struct fuzzy_endings *endings);

/* After how many letters a beginning of the word ends, as a bit of ends. */
uint64_t fuzzy_end(const uint8_t *word, size_t size);

struct fuzzy_term {
    const uint8_t *bytes; /* without the number of the list, in the arena */
    uint32_t size;
    uint32_t frequency;
    unsigned distance;
};

/* Asked now and then whether to go on; anything but LUPE_OK ends the walk with it. */
struct fuzzy_pause {
    lupe_status (*ask)(void *user);
    void *user;
};

/* The terms of a list that are near enough, the nearest first, of those the most frequent, appended
 * to found as struct fuzzy_term. *cut is set where a limit left some out. Terms of the dictionary
 * are UTF-8; what is not is compared somehow. */
CHECKED lupe_status fuzzy_list(const struct fuzzy *fuzzy, struct dictionary *dictionary,
                               uint32_t list, const struct fuzzy_pause *pause, struct arena *arena,
                               struct buffer *found, bool *cut);

/* The edits between the whole word and another; more than the distance when they are too many. */
unsigned fuzzy_distance(const struct fuzzy *fuzzy, const uint8_t *other, size_t size);

/* Calls visit for each ending with which a term is near enough to the word, "" included. */
CHECKED lupe_status fuzzy_endings_near(const struct fuzzy *fuzzy, const uint8_t *term, size_t size,
                                       lupe_status (*visit)(void *user, const char *ending,
                                                            size_t ending_size, unsigned distance),
                                       void *user);

#endif
