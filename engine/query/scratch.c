/* SPDX-License-Identifier: MIT
 *
 * scratch.c - see scratch.h.
 */
#include "query/scratch.h"

static void table_make(struct view *view, struct scratch *scratch, const struct bm25 *used,
                       unsigned number)
{
    struct bm25_tables *tables = &scratch->tables[number];
    uint32_t segments = view->catalogue.segment_count;
    norm_factors(used, tables->factors);
    for (unsigned norm = 0; norm < NORMS; norm++)
        tables->wide_factors[norm] = WIDE_UNIT * tables->factors[norm];
    for (uint32_t s = 0; s < segments; s++)
        bound_values(&view->segments[s]->bm25, used, 1.0,
                     scratch->all_bound_values[(size_t)number * segments + s]);
    tables->used = *used;
}

lupe_status scratch_of(struct view *view, const struct bm25 *used, struct scratch **out)
{
    struct scratch *scratch = view->scratch;
    size_t segments = view->catalogue.segment_count;
    unsigned number = 0;
    *out = scratch;
    if (!scratch) {
        scratch = memory_zalloc(1, sizeof *scratch + SCRATCH_TABLES * segments *
                                                         sizeof scratch->all_bound_values[0]);
        if (!scratch)
            return fail_memory();
        view->scratch = scratch;
    }
    while (number < scratch->table_count &&
           memcmp(&scratch->tables[number].used, used, sizeof *used) != 0)
        number++;
    if (number == scratch->table_count) {
        if (scratch->table_count < SCRATCH_TABLES)
            scratch->table_count++;
        else
            number = scratch->next_table++ % SCRATCH_TABLES;
        table_make(view, scratch, used, number);
    }
    scratch->factors = scratch->tables[number].factors;
    scratch->wide_factors = scratch->tables[number].wide_factors;
    scratch->bound_values = scratch->all_bound_values + number * segments;
    *out = scratch;
    return LUPE_OK;
}
