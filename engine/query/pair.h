/* SPDX-License-Identifier: MIT
 *
 * pair.h - the list of two words of a sequence that stand one behind the other, where a segment
 * has the pairs of its frequent words (FORMAT.md section 4, list 5).
 *
 * Owns nothing. Called by execute.c. Never reads positions, never scores.
 */
#ifndef LUPE_QUERY_PAIR_H
#define LUPE_QUERY_PAIR_H

#include "query/plan.h"

/* Whether a segment keeps words `at` and `at + 1` of a variant as a pair; costs no look-up. Then
 * pair_list tells where they follow each other, and no list means that they do nowhere. */
bool pair_is_kept(const struct view *view, uint32_t place, const struct plan_variant *variant,
                  unsigned at);

/* The list of such a pair: its documents, and as tf how many places the pair has in each; *found is
 * false where there is none. */
CHECKED lupe_status pair_list(const struct view *view, uint32_t place,
                              const struct plan_variant *variant, unsigned at, struct list *list,
                              bool *found);

#endif
