/* SPDX-License-Identifier: MIT
 *
 * match.h - where the words of a query stand in a text.
 *
 * Owns the query's terms in a table and what is known of words seen before. Called by snippet.c
 * and lupe_results_matches. Finds and analyzes words as indexing does, so that what is marked is
 * what matched. Never reads the index but for how rare words are.
 *
 * A clause here is a word, phrase or prefix that the query wants; exclusions and keywords are
 * none. The words of a phrase are found only where they stand in sequence, a hyphen word as one
 * place. A word that is a part of a compound in the text is found inside it, a compound of the
 * query also where its parts stand near each other.
 */
#ifndef LUPE_RESULT_MATCH_H
#define LUPE_RESULT_MATCH_H

#include "query/query.h"
#include "query/schema.h"
#include "segment/view.h"

struct match {
    size_t start; /* bytes */
    size_t end;
    uint32_t clause;
};

struct match_list {
    struct match *items;
    size_t count;
    size_t capacity;
};

void match_list_free(struct match_list *list);
CHECKED lupe_status match_list_add(struct match_list *list, const struct match *match);

struct matcher;

/* The query and the schema are borrowed until the matcher is closed. flags are those of the search:
 * LUPE_SEARCH_WITHOUT_COMPOUNDS finds no parts. */
CHECKED lupe_status matcher_open(const struct lupe_query *query, struct schema *schema,
                                 uint32_t flags, struct matcher **matcher);
void matcher_close(struct matcher *matcher); /* accepts NULL */

uint32_t matcher_clauses(const struct matcher *matcher);
double matcher_weight(const struct matcher *matcher, uint32_t clause); /* above 0 */

/* Makes rare words weigh more than frequent ones; before, all weigh as they are boosted. */
CHECKED lupe_status matcher_weigh(struct matcher *matcher, struct view *view);

/* How far to read a text: to enough where something was found before, at most to limit. */
struct match_reach {
    size_t enough;
    size_t limit;
};

/* The places in a value of the field, ordered by start, then end; places may overlap. list is
 * replaced. */
CHECKED lupe_status matcher_scan(struct matcher *matcher, int field, const char *text, size_t size,
                                 struct match_reach reach, struct match_list *list);

#endif
