/* SPDX-License-Identifier: MIT
 *
 * explanation.h - how a score came about, for people and as JSON.
 *
 * Owns the wording. Called by search.c. Never searches.
 */
#ifndef LUPE_TOOLS_EXPLANATION_H
#define LUPE_TOOLS_EXPLANATION_H

#include "lupe.h"
#include "output.h"

/* An object: "kind", and of "text", "field", "score", ... what the kind has. */
void explanation_json(struct output *output, const lupe_explanation *explanation);

/* Lines, parts indented below what they are parts of. */
void explanation_lines(struct output *output, const lupe_explanation *explanation, unsigned indent);

#endif
