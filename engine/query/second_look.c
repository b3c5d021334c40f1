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

/* Words near each other, segment by segment. */
static lupe_status look_near(const struct plan *plan, struct ticker *ticker,
                             struct search_hit **hits, size_t count)
{
    lupe_status status = LUPE_OK;
    for (size_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && hits[end]->segment == hits[first]->segment;)
            end++;
        TRY(proximity_apply(plan, ticker, hits + first, end - first));
    }
out:
    return status;
}

/* Takes hits [from, to) that may come to a score, by place: how many. */
static size_t take_possible(struct search_hit *hits, size_t from, size_t to, uint32_t more,
                            uint32_t least, struct search_hit **taken)
{
    size_t count = 0;
    for (size_t i = from; i < to; i++)
        if ((uint64_t)hits[i].score + more >= least)
            taken[count++] = &hits[i];
    qsort(taken, count, sizeof *taken, by_place);
    return count;
}

/* Words as they were typed: the k best so far, and those of the others that this may lift among
 * them; what it adds is little. The hits are in order, and are again in the end as far as k. */
static lupe_status look_typed(const struct plan *plan, struct ticker *ticker,
                              struct search_hit *hits, size_t count)
{
    struct search_hit *taken[SECOND_LOOK_HITS];
    uint64_t k = plan->request->k;
    size_t best = k < count ? (size_t)k : count;
    struct as_typed_look *look = NULL;
    lupe_status status = LUPE_OK;
    TRY(as_typed_begin(plan, &look));
    size_t some = take_possible(hits, 0, best, 0, 0, taken);
    TRY(as_typed_apply(look, ticker, taken, some, 0));
    uint32_t least = UINT32_MAX;
    for (size_t i = 0; i < best; i++)
        least = hits[i].score < least ? hits[i].score : least;
    some = take_possible(hits, best, count, as_typed_bound(plan), least, taken);
    TRY(as_typed_apply(look, ticker, taken, some, least));
    qsort(hits, count, sizeof *hits, by_score);
out:
    as_typed_end(look);
    return status;
}

lupe_status second_look(const struct plan *plan, struct search_hit *hits, size_t count)
{
    struct search_hit *ordered[SECOND_LOOK_HITS];
    struct ticker ticker = {.request = plan->request};
    size_t looked_at = count < SECOND_LOOK_HITS ? count : SECOND_LOOK_HITS;
    lupe_status status = LUPE_OK;
    if (looked_at == 0)
        return LUPE_OK;
    if (plan->later) {
        take_possible(hits, 0, looked_at, 0, 0, ordered);
        TRY(look_near(plan, &ticker, ordered, looked_at));
        qsort(hits, looked_at, sizeof *hits, by_score);
    }
    if (plan->typed)
        TRY(look_typed(plan, &ticker, hits, looked_at));
out:
    return status;
}
