/* SPDX-License-Identifier: MIT
 *
 * search.c - runs a compiled query over the segments of a view (search.h), choosing the evaluator
 * by the query's shape: one leaf best blocks first, a phrase, a conjunction, a union.
 */
#include "query/search.h"

#include <stdlib.h>

#include "query/execute.h"
#include "query/floor.h"
#include "query/second_look.h"

#define LEAF_BYTES_KEPT ((size_t)256 << 10) /* on the view, from one search to the next */

struct run {
    struct plan *plan;
    const struct search_request *request;
    struct collector collector;
    struct ticker ticker;
    struct search_answer *answer;
    uint64_t count_stop; /* counting may stop here */
    bool collects;
    bool counted; /* a run before this one has counted */
};

static lupe_status run_init(struct run *run)
{
    lupe_status status = LUPE_OK;
    TRY(collector_init(&run->collector, second_look_hits(run->plan, run->request->k),
                       run->plan->documents));
    run->collects = run->collector.k > 0;
    run->ticker.request = run->request;
    run->count_stop =
        run->request->count_limit == LUPE_COUNT_EXACT ? UINT64_MAX : run->request->count_limit + 1;
out:
    return status;
}

static void run_free(struct run *run)
{
    collector_free(&run->collector);
}

static bool counts(const struct run *run)
{
    return run->request->count_limit > 0 && run->answer->total < run->count_stop && !run->counted;
}

/* Whether the count comes from the documents that are looked at anyhow: of two words that few
 * documents have both. Where many have them, they are counted by bits and the best ones found by
 * bounds. */
static bool counts_on_the_way(const struct evaluation *evaluation, const struct roles *roles)
{
    uint32_t least = UINT32_MAX, second = UINT32_MAX;
    for (unsigned i = 0; i < roles->required_count; i++) {
        uint32_t cost = roles->required[i]->cost;
        if (cost < least) {
            second = least;
            least = cost;
        } else if (cost < second) {
            second = cost;
        }
    }
    return roles->required_count > 1 && second < evaluation->documents / 4 &&
           counting_probes(evaluation, roles->required, roles->required_count,
                           roles->excluded_count);
}

/* The best by the lists of the words; *counted when the count came with them. */
static lupe_status collect_listed(struct run *run, struct evaluation *evaluation,
                                  const struct roles *roles, bool *counted)
{
    bool single = !roles->excluded_count && ((roles->has_required && roles->required_count == 1 &&
                                              !roles->should_count && roles->required[0]->scored) ||
                                             (!roles->has_required && roles->should_count == 1));
    if (single)
        return evaluate_single(evaluation,
                               roles->has_required ? roles->required[0] : roles->should[0]);
    if (!roles->has_required)
        return roles->should_count ? evaluate_union(evaluation, roles->should, roles->should_count,
                                                    roles->excluded, roles->excluded_count)
                                   : LUPE_OK;
    *counted = counts(run) && counts_on_the_way(evaluation, roles);
    return evaluate_required(evaluation, roles->required, roles->required_count, roles->should,
                             roles->should_count, roles->excluded, roles->excluded_count,
                             run->count_stop, *counted ? &run->answer->total : NULL);
}

static lupe_status count_listed(struct run *run, struct evaluation *evaluation,
                                const struct roles *roles)
{
    uint64_t *total = &run->answer->total;
    leaves_rewind(roles->required, roles->required_count);
    leaves_rewind(roles->counted, roles->counted_count);
    leaves_rewind(roles->excluded, roles->excluded_count);
    if (roles->has_required)
        return count_required(evaluation, roles->required, roles->required_count, roles->excluded,
                              roles->excluded_count, run->count_stop, total);
    return count_union(evaluation, roles->counted, roles->counted_count, roles->excluded,
                       roles->excluded_count, run->count_stop, total);
}

static lupe_status run_roles(struct run *run, struct evaluation *evaluation,
                             const struct roles *roles)
{
    const struct words *words = &roles->words;
    uint64_t *total = &run->answer->total;
    bool counted = false; /* on the way */
    lupe_status status = LUPE_OK;
    if (roles->nothing)
        return LUPE_OK;
    evaluation->skipped = words->apart_bits;
    if (run->collects)
        TRY(collect_listed(run, evaluation, roles, &counted));
    if (counts(run) && !counted)
        TRY(count_listed(run, evaluation, roles));
    if (words->apart_bits)
        TRY(evaluate_apart(evaluation, words, run->collects,
                           roles->has_required && counts(run) ? total : NULL));
out:
    return status;
}

static lupe_status run_segment(struct run *run, uint32_t place, uint32_t base)
{
    struct view *view = run->plan->view;
    struct segment *segment = view->segments[place];
    struct evaluation evaluation = {.segment = segment,
                                    .base = base,
                                    .documents = segment->entry.documents,
                                    .collector = &run->collector,
                                    .ticker = &run->ticker,
                                    .work = &run->answer->work,
                                    .sums = run->plan->scratch->sums,
                                    .count_window = &run->plan->scratch->count_window,
                                    .window_documents = run->plan->scratch->window_documents,
                                    .window_scores = run->plan->scratch->window_scores};
    struct execution execution = {.plan = run->plan,
                                  .segment_place = place,
                                  .evaluation = &evaluation,
                                  .unscored = !run->collects,
                                  .arena = view->leaves};
    struct plan_node *root = run->plan->root;
    lupe_status status = LUPE_OK;
    struct roles roles = {0};
    view->leaves = (struct arena){NULL, NULL, NULL, 0};
    if (root->kind == PLAN_SEQUENCE) {
        struct phrase phrase;
        bool simple = false;
        TRY(execution_phrase(&execution, root, &phrase, &simple));
        if (simple) {
            TRY(evaluate_phrase(&evaluation, &phrase, run->collects, run->count_stop,
                                counts(run) ? &run->answer->total : NULL));
            goto out;
        }
    }
    enum occur must = OCCUR_MUST;
    const struct plan_node alone = {
        .kind = PLAN_BOOLEAN, .children = &root, .occurs = &must, .child_count = 1};
    TRY(execution_roles(&execution, root->kind == PLAN_BOOLEAN ? root : &alone, true, &roles));
    TRY(run_roles(run, &evaluation, &roles));
out:
    arena_restart(&execution.arena, LEAF_BYTES_KEPT);
    view->leaves = execution.arena;
    execution.arena = (struct arena){NULL, NULL, NULL, 0};
    execution_free(&execution);
    return status;
}

/* From keys (document numbers over all segments) to hits. */
static lupe_status take_hits(struct run *run)
{
    const struct view *view = run->plan->view;
    struct search_answer *answer = run->answer;
    lupe_status status = collector_finish(&run->collector);
    if (status)
        return status;
    if (run->collector.count == 0)
        return LUPE_OK;
    answer->hits = memory_alloc(run->collector.count * sizeof *answer->hits);
    if (!answer->hits)
        return fail_memory();
    for (size_t i = 0; i < run->collector.count; i++) {
        uint64_t key = run->collector.keys[i];
        uint32_t document = UINT32_MAX - (uint32_t)key;
        uint32_t place = 0;
        while (document >= view->segments[place]->entry.documents)
            document -= view->segments[place++]->entry.documents;
        answer->hits[i] = (struct search_hit){(uint32_t)(key >> 32), place, document};
    }
    answer->hit_count = run->collector.count;
    status = second_look(run->plan, answer->hits, answer->hit_count);
    if (answer->hit_count > run->request->k)
        answer->hit_count = (size_t)run->request->k;
    return status;
}

static lupe_status run_segments(struct run *run, uint32_t floor)
{
    struct view *view = run->plan->view;
    lupe_status status = LUPE_OK;
    uint32_t base = 0;
    collector_raise(&run->collector, floor);
    for (uint32_t place = 0; place < view->catalogue.segment_count; place++) {
        TRY(run_segment(run, place, base));
        base += view->segments[place]->entry.documents;
    }
out:
    return status;
}

/* With deletes the first limit is one that nearly always holds; where it did not, fewer documents
 * than wanted have come above it, and all is done again with the one that does. */
static lupe_status run_from_floor(struct run *run)
{
    lupe_status status = LUPE_OK;
    struct score_floor floor = plan_floor(run->plan, run->collector.k);
    TRY(run_segments(run, floor.supposed));
    if (floor.supposed == floor.proven || run->collector.count >= run->collector.k)
        goto out;
    run->counted = true;
    collector_restart(&run->collector);
    TRY(run_segments(run, floor.proven));
out:
    return status;
}

/* Runs the query; where known is asked for, only when all words are. */
static lupe_status run(struct view *view, const struct lupe_query *query,
                       const struct search_request *request, struct search_answer *answer,
                       bool *known)
{
    struct run run = {.request = request, .answer = answer};
    lupe_status status = LUPE_OK;
    memset(answer, 0, sizeof *answer);
    TRY(plan_compile(view, query, request, &run.plan));
    answer->score_bits = run.plan->score_bits;
    answer->total_exact = true;
    if (known)
        *known = !run.plan->doubtful;
    if (!run.plan->root || (known && !*known))
        goto out;
    if (run.plan->documents >= UINT32_MAX) {
        status =
            fail(LUPE_LIMIT, "an index of more than 4,294,967,294 documents cannot be searched");
        goto out;
    }
    TRY(run_init(&run));
    TRY(ticker_ask(&run.ticker));
    TRY(run_from_floor(&run));
    TRY(take_hits(&run));
    if (request->count_limit == 0) {
        answer->total = answer->hit_count;
        answer->total_exact = false;
    } else if (answer->total >= run.count_stop) {
        answer->total = request->count_limit;
        answer->total_exact = false;
    }
out:
    if (status)
        search_answer_free(answer);
    plan_free(run.plan);
    run_free(&run);
    return status;
}

lupe_status search_run(struct view *view, const struct lupe_query *query,
                       const struct search_request *request, struct search_answer *answer)
{
    return run(view, query, request, answer, NULL);
}

lupe_status search_run_known(struct view *view, const struct lupe_query *query,
                             const struct search_request *request, struct search_answer *answer,
                             bool *known)
{
    return run(view, query, request, answer, known);
}

void search_answer_free(struct search_answer *answer)
{
    memory_free(answer->hits);
    memset(answer, 0, sizeof *answer);
}
