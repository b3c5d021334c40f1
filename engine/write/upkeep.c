/* SPDX-License-Identifier: MIT
 *
 * upkeep.c - see upkeep.h.
 */
#include "write/upkeep.h"

lupe_status upkeep_run(struct run *run, const struct catalogue *catalogue)
{
    (void)run;
    (void)catalogue;
    return LUPE_OK;
}

void upkeep_after_commit(struct store *store, const struct run *run, const lupe_open_options *hooks)
{
    (void)store;
    (void)run;
    (void)hooks;
}

lupe_status upkeep_optimize(struct store *store, const lupe_open_options *hooks)
{
    (void)store;
    (void)hooks;
    return LUPE_OK;
}
