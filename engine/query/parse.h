/* SPDX-License-Identifier: MIT
 *
 * parse.h - from what a person typed to a query.
 *
 * Owns the query language (lupe.h, at lupe_query_parse). Called by lupe_query_parse and tests.
 * Never refuses input, never reads an index: what it needs of one is in the schema.
 */
#ifndef LUPE_QUERY_PARSE_H
#define LUPE_QUERY_PARSE_H

#include "query/query.h"
#include "query/schema.h"

/* flags: LUPE_QUERY_... The only error is LUPE_NO_MEMORY. The query keeps nothing of text and
 * schema; its index is NULL until the caller sets it. */
CHECKED lupe_status query_parse(const struct schema *schema, const char *text, size_t size,
                                uint32_t flags, struct lupe_query **query);

/* An empty query, for who makes one of another's nodes. */
CHECKED lupe_status query_new(struct lupe_query **query);

/* A query lives until each of its holders has released it: its owner and the results of searches.
 * Any thread. */
struct lupe_query *query_hold(const struct lupe_query *query);
void query_release(struct lupe_query *query); /* accepts NULL */

/* The canonical text of a tree, for lupe_query_text, put into the arena:
 *
 *     boolean    (a +b -c)             "()" for what matches nothing
 *     sequence   "a b", one word as it is
 *     element    {jong un|jongun}      when it has more than one reading
 *     prefix     pre*
 *     fuzzy      word~ word~1 word~2
 *     exact      =form ="form form"
 *     keyword    tag:[value]
 *     with       field: in front, ^boost behind
 */
CHECKED lupe_status query_print(const struct schema *schema, const struct node *root,
                                struct arena *arena, const char **text);

#endif
