/* SPDX-License-Identifier: MIT
 *
 * part_places.h - where the parts of a compound lie in the word as it is written.
 *
 * Parts are found in the folded word (compound.h), where ä is a, ß is ss, old spelling is brought
 * into today's and soft hyphens are gone. A place is exact or not given: it is taken when what
 * stands before it and what stands behind it fold to the two pieces of the folded word.
 *
 * Owns the way back. Called by match.c for compounds that a query has a part of. Never splits,
 * never allocates.
 */
#ifndef LUPE_RESULT_PART_PLACES_H
#define LUPE_RESULT_PART_PLACES_H

#include "text/analyzer.h"

/* In bytes of the written word. */
struct part_place {
    uint32_t start;
    uint32_t end;  /* without linking letters; the last part with its ending */
    uint32_t next; /* where the next part begins */
};

/* The place of the parts first to last. Where it cannot be told, the whole word. `folded` is the
 * word folded, of which the compound was made. The analyzer sees other words meanwhile. */
CHECKED lupe_status part_place(struct analyzer *analyzer, const uint8_t *surface, size_t size,
                               const uint8_t *folded, const struct compound *compound,
                               unsigned first, unsigned last, struct part_place *place);

#endif
