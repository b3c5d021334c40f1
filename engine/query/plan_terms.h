/* SPDX-License-Identifier: MIT
 *
 * plan_terms.h - the terms of a plan: each key of the dictionaries looked up once a search, in all
 * segments.
 *
 * Owns the table of a plan's terms. Called by the parts of the planner alone (plan.c,
 * plan_compounds.c). Never looks at a query but for its terms.
 */
#ifndef LUPE_QUERY_PLAN_TERMS_H
#define LUPE_QUERY_PLAN_TERMS_H

#include "query/plan.h"

/* The term of a key, located once a search however often the query names it; the second looks it
 * up, too, with all that were begun before. */
CHECKED lupe_status plan_begin(struct plan *plan, const uint8_t *key, size_t key_size,
                               struct plan_term **out);
CHECKED lupe_status plan_term(struct plan *plan, const uint8_t *key, size_t key_size,
                              struct plan_term **out);

/* Begins to look whether keys begin so; answered with what is looked up next. */
CHECKED lupe_status plan_begin_prefix(struct plan *plan, const uint8_t *key, size_t key_size,
                                      struct plan_term **out);

double plan_idf(const struct plan *plan, uint64_t frequency);

/* Members grow one by one: a word has few, a prefix many. */
struct members {
    struct plan_member *items;
    unsigned count;
    unsigned capacity;
};

/* Adds a term with its weight once; one that nobody has only when it is the word itself. */
CHECKED lupe_status members_add(struct plan *plan, struct members *members, struct plan_term *term,
                                float weight, enum member_kind kind);

/* Adds the list that a word is searched with: the wide one of each segment that has one, else its
 * own, and those of compounds it is a part of. *frequency grows by their documents. */
CHECKED lupe_status plan_add_word(struct plan *plan, const struct query_term *term,
                                  struct plan_term *own, struct members *members,
                                  uint64_t *frequency, bool *is_part);

/* Begins to look for joined forms equal to a term: these are then found sooner. */
CHECKED lupe_status plan_begin_joined(struct plan *plan, const struct query_term *term);

/* The joined forms equal to a term, with what they span. */
CHECKED lupe_status plan_joined(struct plan *plan, const struct query_term *term,
                                struct plan_term *terms[HYPHEN_PARTS_MAX],
                                uint32_t spans[HYPHEN_PARTS_MAX], unsigned *count);

#endif
