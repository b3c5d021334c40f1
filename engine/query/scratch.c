/* SPDX-License-Identifier: MIT
 *
 * scratch.c - see scratch.h.
 */
#include "query/scratch.h"

lupe_status scratch_of(struct view *view, const struct bm25 *used, struct scratch **out)
{
    struct scratch *scratch = view->scratch;
    *out = scratch;
    if (scratch && memcmp(&scratch->used, used, sizeof *used) == 0)
        return LUPE_OK;
    uint32_t segments = view->catalogue.segment_count;
    if (!scratch) {
        scratch = memory_zalloc(1, sizeof *scratch + segments * sizeof scratch->bound_values[0]);
        if (!scratch)
            return fail_memory();
        view->scratch = scratch;
    }
    norm_factors(used, scratch->factors);
    for (unsigned norm = 0; norm < NORMS; norm++)
        scratch->wide_factors[norm] = WIDE_UNIT * scratch->factors[norm];
    for (uint32_t s = 0; s < segments; s++)
        bound_values(&view->segments[s]->bm25, used, 1.0, scratch->bound_values[s]);
    scratch->used = *used;
    *out = scratch;
    return LUPE_OK;
}
