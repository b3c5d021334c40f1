/* SPDX-License-Identifier: MIT
 *
 * plan_compounds.h - what the making of German words adds to a plan.
 *
 * - A compound of the query also finds its parts near each other: Krankenversicherungsbeitrag the
 *   text on Beiträge zur Krankenversicherung. Such a place counts for part of the word's own.
 * - Neighbouring words of the query also find the compound that they join to, in either order:
 *   Munition Lieferung the Munitionslieferungen, Grenze des Datums the Datumsgrenze. Among the best
 *   hits they count for more where they stand near each other (proximity.h).
 * - Articles, pronouns and the like count less where a query has enough other words: a question.
 * - Words count for more in the form that was typed, among the best hits (as_typed.h).
 * - k1 is lower for some words than for one, and higher for a sentence.
 *
 * Owns these rules and their weights. Called by plan.c. What a word's wide list has needs nothing
 * of this. Never applies where words are not split: their nodes have no form.
 */
#ifndef LUPE_QUERY_PLAN_COMPOUNDS_H
#define LUPE_QUERY_PLAN_COMPOUNDS_H

#include "query/plan_terms.h"

/* Adds the readings of a compound to its group. */
CHECKED lupe_status plan_add_readings(struct plan *plan, struct plan_node *group);

/* Adds what neighbours among the words of a boolean join to, and weighs its function words. */
CHECKED lupe_status plan_relate_words(struct plan *plan, struct plan_node *boolean);

/* The k1 that a query is searched with. */
double plan_k1(const struct search_request *request, const struct node *root);

#endif
