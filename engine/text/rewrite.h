/* SPDX-License-Identifier: MIT
 *
 * rewrite.h - changes groups of letters in a folded word by a table of rows.
 *
 * A row changes one group of letters into another, the same for all its contexts. In a context
 * _ is the group, ^ the beginning of the word, $ its end, V any vowel, K any consonant; the rest
 * are letters. Contexts are those of the word as it came: rows do not see what others did. At
 * each place the first row that matches decides, so what has to stay stands first, as a row that
 * changes a group into itself. Rows are sorted by the first letter of their groups.
 *
 * Owns how such a table is read and no memory but what its caller gives. Called by spelling.c
 * and inflection.c, which own tables. Never allocates, never fails.
 */
#ifndef LUPE_TEXT_REWRITE_H
#define LUPE_TEXT_REWRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a row changes and into what, with the 0. No row makes a word more than twice as long. */
#define REWRITE_FROM_BYTES_MAX 13u
#define REWRITE_TO_BYTES_MAX 13u
#define REWRITE_GROWTH_MAX 2u

struct rewrite_row {
    char from[REWRITE_FROM_BYTES_MAX];
    char to[REWRITE_TO_BYTES_MAX];
    const char *contexts; /* between single blanks */
};

/* A row that may apply to a pair of letters. */
struct rewrite_candidate {
    uint16_t row;
    uint8_t size;    /* of its group */
    uint8_t third;   /* its third letter, 0 when it has none */
    bool last;       /* only where the group ends the word */
    uint32_t before; /* letters that may stand before the group, */
    uint32_t behind; /* and behind it */
};

#define REWRITE_LETTERS 27u /* and the end of the word, as a second letter */
#define REWRITE_GROUPS (26u * REWRITE_LETTERS * REWRITE_LETTERS)
#define REWRITE_ROWS_MAX 512u
#define REWRITE_CANDIDATES_MAX 768u

/* A table, and its rows by the first two letters they can apply to, so that a word in which no
 * row applies, as nearly all are, costs a look-up a letter. */
struct rewrite {
    const struct rewrite_row *rows;
    size_t row_count;
    uint16_t first[26 * REWRITE_LETTERS + 1];
    uint32_t before[26 * REWRITE_LETTERS]; /* letters that may stand before such a pair, as bits */
    uint32_t groups[REWRITE_GROUPS / 32 + 1]; /* a bit for three letters that a row can apply to */
    struct rewrite_candidate candidates[REWRITE_CANDIDATES_MAX];
};

void rewrite_prepare(struct rewrite *rewrite, const struct rewrite_row *rows, size_t count);

/* Writes a word of letters [a-z] as the table wants it to out, which has room for
 * REWRITE_GROWTH_MAX times the word; returns its size, or 0 when nothing changes. A beginning is
 * what stands before the * of a prefix query: a context may reach beyond its end when some of
 * its letters are there. */
size_t rewrite_apply(const struct rewrite *rewrite, const uint8_t *word, size_t size,
                     bool beginning, uint8_t *out);

#endif
