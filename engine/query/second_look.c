/* SPDX-License-Identifier: MIT
 *
 * second_look.c - see second_look.h.
 */
#include "query/second_look.h"

#include <stdlib.h>

#include "query/as_typed.h"
#include "query/evaluate.h"
#include "query/proximity.h"

static int by_place(const void *left, const void *right)
{
    const struct search_hit *a = *(struct search_hit *const *)left;
    const struct search_hit *b = *(struct search_hit *const *)right;
    if (a->segment != b->segment)
        return a->segment < b->segment ? -1 : 1;
    return a->document < b->document ? -1 : a->document > b->document;
}

static int by_score(const void *left, const void *right)
{
    const struct search_hit *a = left;
    const struct search_hit *b = right;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    return by_place(&a, &b);
}

/* All groups of the plan that have something to look for in these hits, of one segment. */
static lupe_status look(const struct plan *plan, struct ticker *ticker, struct search_hit **hits,
                        size_t count)
{
    lupe_status status = LUPE_OK;
    if (plan->later)
        TRY(proximity_apply(plan, ticker, hits, count));
    for (const struct plan_node *group = plan->typed; group; group = group->next_typed) {
        TRY(ticker_ask(ticker));
        TRY(as_typed_apply(plan, group, hits, count));
    }
out:
    return status;
}

lupe_status second_look(const struct plan *plan, struct search_hit *hits, size_t count)
{
    struct search_hit *ordered[SECOND_LOOK_HITS];
    struct ticker ticker = {.request = plan->request};
    size_t looked_at = count < SECOND_LOOK_HITS ? count : SECOND_LOOK_HITS;
    lupe_status status = LUPE_OK;
    if ((!plan->later && !plan->typed) || count == 0)
        return LUPE_OK;
    for (size_t i = 0; i < looked_at; i++)
        ordered[i] = &hits[i];
    qsort(ordered, looked_at, sizeof *ordered, by_place);
    for (size_t first = 0, end; first < looked_at; first = end) {
        for (end = first + 1; end < looked_at && ordered[end]->segment == ordered[first]->segment;)
            end++;
        TRY(look(plan, &ticker, ordered + first, end - first));
    }
    qsort(hits, looked_at, sizeof *hits, by_score);
out:
    return status;
}
