/* SPDX-License-Identifier: MIT
 *
 * evaluate_union.c - documents that any of several leaves has: windowed block-max MaxScore.
 *
 * Documents are taken in windows of WINDOW_DOCUMENTS, or of SPARSE_DOCUMENTS where few postings are
 * scanned. In each, every leaf has a bound from its blocks there; the leaves with the lowest bounds
 * that together cannot lift a document above the limit are not scanned (not essential) but probed
 * for the documents that the others found. The choice is made once a window, not once a document.
 */
#include "query/evaluate.h"

/* Below so many postings in WINDOW_DOCUMENTS documents the places of sums are listed instead of
 * reading all sums, and windows have SPARSE_DOCUMENTS. */
#define SPARSE_POSTINGS_MAX 384u

/* A leaf with so many times fewer documents than those scanned with it is gone through first. */
#define LEAD_SHARE 128u

/* The first windows are smaller, each twice the one before, so that little is scored before there
 * is a limit. (Scoring the best blocks of one leaf beforehand cost 5 % more than it saved.) */
#define FIRST_WINDOW_DOCUMENTS 256u

struct window {
    uint32_t base;
    uint32_t end;
    uint32_t limit;
    uint64_t bound_all;     /* sum of the bounds of all leaves here */
    uint64_t bound_probed;  /* sum of those that are not essential */
    struct leaf **by_bound; /* ascending; the first probed_count are not essential */
    uint32_t *bound_by_place;
    unsigned probed_count;
    unsigned probe_halves;
    bool everywhere; /* it is all documents, and its limit only begins to rise */
};

/* Halves of what looking for a candidate in a leaf costs, in scanned postings: where the windows
 * hold few documents nearly all that are found are candidates, as what is probed may add almost
 * the limit. */
#define PROBE_HALVES_SPARSE 4u
#define PROBE_HALVES_DENSE 3u

/* Makes a leaf with this bound one of the first `count` of by_bound. */
static void window_insert(struct window *window, unsigned count, struct leaf *leaf, uint32_t bound)
{
    unsigned at = count;
    for (; at > 0 && window->bound_by_place[at - 1] > bound; at--) {
        window->bound_by_place[at] = window->bound_by_place[at - 1];
        window->by_bound[at] = window->by_bound[at - 1];
    }
    window->bound_by_place[at] = bound;
    window->by_bound[at] = leaf;
    window->bound_all += bound;
}

/* Splits off the leaves that together cannot lift a document above the limit. */
static void split_by_limit(struct window *window, unsigned count)
{
    window->bound_probed = 0;
    window->probed_count = 0;
    while (window->probed_count < count &&
           window->bound_probed + window->bound_by_place[window->probed_count] <= window->limit)
        window->bound_probed += window->bound_by_place[window->probed_count++];
}

/* Postings of the leaves that are scanned. */
static uint64_t scanned_cost(const struct window *window, unsigned count)
{
    uint64_t cost = 0;
    for (unsigned i = window->probed_count; i < count; i++)
        cost += window->by_bound[i]->cost;
    return cost;
}

/* Whether the last of the probed leaves is better probed than scanned. */
static bool probing_pays(const struct window *window, unsigned count)
{
    return window->by_bound[window->probed_count - 1]->cost * (uint64_t)2 >
           window->probe_halves * scanned_cost(window, count);
}

/* Orders the leaves by their bound in the window and splits off those that need no scan. */
static void window_split(struct window *window, struct leaf **leaves, unsigned count)
{
    window->bound_all = 0;
    for (unsigned i = 0; i < count; i++)
        window_insert(window, i, leaves[i],
                      leaf_bound_between(leaves[i], window->base, window->end));
    split_by_limit(window, count);
    while (window->probed_count > 0 && !probing_pays(window, count))
        window->bound_probed -= window->bound_by_place[--window->probed_count];
}

/* Moves a leaf to the window; false when it has nothing there. */
static lupe_status leaf_enter(struct leaf *leaf, const struct window *window, bool *inside)
{
    lupe_status status = leaf_seek(leaf, window->base, inside);
    if (!status && *inside)
        *inside = leaf->documents[leaf->next] < window->end;
    return status;
}

/* The place behind the last document of the open block that lies below end. */
static uint32_t block_end_below(const struct leaf *leaf, uint32_t end)
{
    if (leaf->last < end)
        return leaf->count;
    return pack_kernels()->count_below(leaf->documents, leaf->count, end);
}

/* Sums are indexed by document: a damaged directory must not lead below the window. */
static lupe_status leaf_in_order(const struct leaf *leaf, const struct window *window)
{
    if (leaf->documents[0] >= window->base)
        return LUPE_OK;
    return fail(LUPE_CORRUPT, "a postings list goes back; restore the index from a backup");
}

static void add_dense(uint32_t *sums, const uint32_t *documents, const uint32_t *shares,
                      uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        sums[documents[i]] += shares[i];
}

/* Of a sparse window the documents that got a share are listed: not all sums need be read. */
struct listed {
    uint32_t *places; /* [WINDOW_DOCUMENTS + 16], in the window; a document of two leaves twice */
    unsigned count;
    bool overflowed; /* there are more: all sums must be read */
};

static void add_listed(uint32_t *sums, struct listed *listed, const uint32_t *documents,
                       const uint32_t *shares, uint32_t base, uint32_t count)
{
    uint32_t *places = listed->places + listed->count;
    if (listed->count + count > WINDOW_DOCUMENTS) {
        listed->overflowed = true;
        add_dense(sums - base, documents, shares, count);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = documents[i] - base;
        sums[at] += shares[i];
        places[i] = at;
    }
    listed->count += count;
}

/* Adds the shares of an essential leaf; leaves out blocks that cannot lift anything above the
 * limit: a document there may miss this share only where its sum stays below. */
static lupe_status leaf_accumulate(struct evaluation *evaluation, const struct window *window,
                                   struct leaf *leaf, uint32_t bound_here, struct listed *listed)
{
    uint32_t *sums = evaluation->sums;
    uint64_t others = window->bound_all - bound_here;
    bool inside;
    lupe_status status = LUPE_OK;
    TRY(leaf_enter(leaf, window, &inside));
    while (inside) {
        uint32_t end = block_end_below(leaf, window->end);
        if (leaf_block_bound(leaf, leaf->number) + others > window->limit) {
            TRY(leaf_score_block(leaf));
            const uint32_t *documents = leaf->documents + leaf->next;
            const uint32_t *shares = leaf->shares + leaf->next;
            if (listed)
                add_listed(sums, listed, documents, shares, window->base, end - leaf->next);
            else
                add_dense(sums - window->base, documents, shares, end - leaf->next);
        }
        leaf->next = end;
        if (end < leaf->count)
            break;
        /* Skip whole blocks by their bounds before any is decoded. */
        uint32_t block = leaf->number + 1;
        while (block < leaf->block_count &&
               leaf_block_bound(leaf, block) + others <= window->limit &&
               leaf_block_last(leaf, block) < window->end) {
            block++;
            evaluation->work->blocks_skipped++;
        }
        if (block >= leaf->block_count)
            break;
        if (leaf_block_last(leaf, block - 1) + 1 >= window->end)
            break;
        TRY(leaf_open_block(leaf, block));
        TRY(leaf_in_order(leaf, window));
        inside = leaf->documents[0] < window->end;
    }
out:
    return status;
}

/* For so many best at most it is looked at what candidates have before all leaves were probed. */
#define PARTIAL_K_MAX 16u

/* Candidates have no less in the end than they have already: where k of them are above the limit,
 * the least of the k best of these is a limit before the other leaves are looked into. */
static uint32_t raise_to_partial(struct evaluation *evaluation, const uint32_t *scores,
                                 unsigned count, uint32_t limit)
{
    struct collector *collector = evaluation->collector;
    uint32_t best[PARTIAL_K_MAX]; /* ascending */
    size_t have = 0;
    if (!collector || collector->k == 0 || collector->k > PARTIAL_K_MAX || count < collector->k ||
        evaluation->segment->live.deleted)
        return limit;
    for (unsigned i = 0; i < count; i++) {
        if (scores[i] <= limit || (have == collector->k && scores[i] <= best[0]))
            continue;
        size_t at = 0;
        if (have < collector->k) {
            for (at = have++; at > 0 && best[at - 1] > scores[i]; at--)
                best[at] = best[at - 1];
        } else {
            for (; at + 1 < have && best[at + 1] < scores[i]; at++)
                best[at] = best[at + 1];
        }
        best[at] = scores[i];
    }
    if (have < collector->k)
        return limit;
    collector_raise(collector, best[0]);
    return evaluation_limit(evaluation);
}

/* Candidates (at most BLOCK_DOCUMENTS) get the shares of the leaves that were not scanned, highest
 * bound first. */
static lupe_status finish_block(struct evaluation *evaluation, const struct window *window,
                                uint32_t *documents, uint32_t *scores, unsigned count,
                                struct leaf **excluded, unsigned excluded_count)
{
    const struct score_kernels *kernels = score_kernels();
    uint64_t rest = window->bound_probed;
    uint32_t limit = evaluation_limit(evaluation);
    lupe_status status = LUPE_OK;
    for (unsigned e = 0; e < excluded_count && count; e++)
        TRY(leaf_exclude(excluded[e], documents, scores, &count));
    for (unsigned p = window->probed_count; p-- > 0 && count;) {
        if (window->everywhere && window->probed_count > 1)
            limit = raise_to_partial(evaluation, scores, count, limit);
        if (limit)
            count = kernels->keep_above(documents, scores, count, (uint32_t)rest, limit);
        rest -= window->bound_by_place[p];
        if (window->bound_by_place[p] && count)
            TRY(leaf_add_optional(window->by_bound[p], documents, scores, count));
    }
    if (limit)
        count = kernels->keep_above(documents, scores, count, 0, limit);
    TRY(evaluation_emit(evaluation, documents, scores, count));
out:
    return status;
}

static lupe_status finish_candidates(struct evaluation *evaluation, const struct window *window,
                                     uint32_t *documents, uint32_t *scores, unsigned count,
                                     struct leaf **excluded, unsigned excluded_count)
{
    if (window->probed_count == 0 && excluded_count == 0)
        return evaluation_emit(evaluation, documents, scores, count);
    for (unsigned done = 0; done < count; done += BLOCK_DOCUMENTS) {
        unsigned some = count - done < BLOCK_DOCUMENTS ? count - done : BLOCK_DOCUMENTS;
        uint32_t piece_documents[BLOCK_DOCUMENTS + 16], piece_scores[BLOCK_DOCUMENTS + 16];
        memcpy(piece_documents, documents + done, some * sizeof *documents);
        memcpy(piece_scores, scores + done, some * sizeof *scores);
        lupe_status status = finish_block(evaluation, window, piece_documents, piece_scores, some,
                                          excluded, excluded_count);
        if (status)
            return status;
    }
    return LUPE_OK;
}

/* One essential leaf: its blocks are candidates as they are. */
static lupe_status window_stream(struct evaluation *evaluation, struct window *window,
                                 struct leaf *leaf, struct leaf **excluded, unsigned excluded_count)
{
    uint32_t documents[BLOCK_DOCUMENTS + 16], scores[BLOCK_DOCUMENTS + 16];
    bool inside;
    lupe_status status = LUPE_OK;
    TRY(leaf_enter(leaf, window, &inside));
    while (inside) {
        uint32_t end = block_end_below(leaf, window->end);
        uint32_t limit = evaluation_limit(evaluation);
        unsigned count = end - leaf->next;
        if (leaf_block_bound(leaf, leaf->number) + window->bound_probed > limit) {
            TRY(leaf_score_above(leaf, leaf->next, end, (uint32_t)window->bound_probed, limit,
                                 documents, scores, &count));
            TRY(finish_candidates(evaluation, window, documents, scores, count, excluded,
                                  excluded_count));
            limit = evaluation_limit(evaluation);
        }
        leaf->next = end;
        if (end < leaf->count)
            break;
        uint32_t block = leaf->number + 1;
        while (block < leaf->block_count &&
               leaf_block_bound(leaf, block) + window->bound_probed <= limit &&
               leaf_block_last(leaf, block) < window->end) {
            block++;
            evaluation->work->blocks_skipped++;
        }
        if (block >= leaf->block_count || leaf_block_last(leaf, block - 1) + 1 >= window->end)
            break;
        TRY(leaf_open_block(leaf, block));
        TRY(leaf_in_order(leaf, window));
        inside = leaf->documents[0] < window->end;
    }
out:
    return status;
}

/* Takes what the sums hold above `above`, in order, zeroes them, and finishes it. */
static lupe_status window_take(struct evaluation *evaluation, const struct window *window,
                               const struct listed *listed, struct leaf **excluded,
                               unsigned excluded_count)
{
    const struct score_kernels *kernels = score_kernels();
    uint32_t *sums = evaluation->sums;
    uint32_t *documents = evaluation->window_documents, *scores = evaluation->window_scores;
    uint32_t above =
        window->limit > window->bound_probed ? window->limit - (uint32_t)window->bound_probed : 0;
    lupe_status status = LUPE_OK;
    if (listed && !listed->overflowed) {
        unsigned count = kernels->take_listed(sums, documents, listed->count, above, scores);
        for (unsigned i = 0; i < count; i++)
            documents[i] += window->base;
        return finish_candidates(evaluation, window, documents, scores, count, excluded,
                                 excluded_count);
    }
    for (uint32_t at = 0; at < window->end - window->base; at += WINDOW_DOCUMENTS) {
        unsigned count =
            kernels->window_above(sums + at, window->base + at, above, documents, scores);
        TRY(finish_candidates(evaluation, window, documents, scores, count, excluded,
                              excluded_count));
    }
out:
    return status;
}

static lupe_status evaluate_window(struct evaluation *evaluation, struct window *window,
                                   unsigned count, bool sparse, struct leaf **excluded,
                                   unsigned excluded_count)
{
    struct listed listed = {evaluation->window_documents, 0, false};
    lupe_status status = LUPE_OK;
    if (count - window->probed_count == 1)
        return window_stream(evaluation, window, window->by_bound[window->probed_count], excluded,
                             excluded_count);
    for (unsigned i = window->probed_count; i < count; i++)
        if (window->bound_by_place[i])
            TRY(leaf_accumulate(evaluation, window, window->by_bound[i], window->bound_by_place[i],
                                sparse ? &listed : NULL));
    TRY(window_take(evaluation, window, sparse ? &listed : NULL, excluded, excluded_count));
out:
    return status;
}

/* ------------------------------------------------------------------ leaves gone through first */

/* All leaves but the lead are looked into, wherever they are. */
static void window_everywhere(struct window *window, struct leaf *const *leaves, unsigned count)
{
    window->base = 0;
    window->end = UINT32_MAX;
    window->everywhere = true;
    window->bound_all = 0;
    for (unsigned i = 0; i < count; i++)
        window_insert(window, i, leaves[i], leaves[i]->bound);
    window->bound_probed = window->bound_all;
    window->probed_count = count;
}

/* Whether the documents of the leaf with the highest bound are better gone through before any
 * window, with the others looked into: where there is but one other, as then no sums are needed,
 * and where it has so few that the limit they give costs next to nothing. */
static bool leads(struct window *window, const struct leaf *lead, struct leaf *const *others,
                  unsigned count, uint64_t k)
{
    if (window->limit == 0 || count == 1)
        return window->limit > 0;
    window_everywhere(window, others, count);
    split_by_limit(window, count);
    return k <= 2 * (uint64_t)lead->cost &&
           scanned_cost(window, count) > LEAD_SHARE * (uint64_t)lead->cost;
}

static void rewind_all(struct leaf *const *leaves, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        leaf_rewind(leaves[i]);
}

/* Goes through leaves that lead and moves them from leaves to excluded: what is left to find has
 * none of their documents. */
static lupe_status leads_first(struct evaluation *evaluation, struct window *window,
                               struct leaf **leaves, unsigned *count, struct leaf **excluded,
                               unsigned *excluded_count)
{
    lupe_status status = LUPE_OK;
    while (*count > 1) {
        unsigned at = 0;
        for (unsigned i = 1; i < *count; i++)
            if (leaves[i]->bound > leaves[at]->bound)
                at = i;
        struct leaf *lead = leaves[at];
        leaves[at] = leaves[*count - 1];
        leaves[*count - 1] = lead;
        window->limit = evaluation_limit(evaluation);
        if (!leads(window, lead, leaves, *count - 1, evaluation->collector->k))
            break;
        --*count;
        evaluation->unordered = true;
        window_everywhere(window, leaves, *count);
        TRY(window_stream(evaluation, window, lead, excluded, *excluded_count));
        excluded[(*excluded_count)++] = lead;
        rewind_all(leaves, *count);
        rewind_all(excluded, *excluded_count);
    }
out:
    return status;
}

/* ------------------------------------------------------------------ all of it */

/* What evaluate_union changes: its own arrays of leaves. */
static lupe_status window_init(struct window *window, struct leaf ***leaves, unsigned count,
                               struct leaf ***excluded, unsigned excluded_count)
{
    struct leaf **room = memory_alloc((3 * (size_t)count + excluded_count) * sizeof *room);
    memset(window, 0, sizeof *window);
    window->by_bound = room;
    window->bound_by_place = memory_alloc(count * sizeof *window->bound_by_place);
    if (!room || !window->bound_by_place)
        return fail_memory();
    memcpy(room + count, *leaves, count * sizeof *room);
    *leaves = room + count;
    if (excluded_count)
        memcpy(room + 2 * (size_t)count, *excluded, excluded_count * sizeof *room);
    *excluded = room + 2 * (size_t)count; /* with room for all leaves */
    return LUPE_OK;
}

/* Chooses the end of the window that begins at base, at most size documents behind, and what is
 * scanned in it; whether it is sparse. */
static bool window_choose(const struct evaluation *evaluation, struct window *window,
                          struct leaf **leaves, unsigned count, uint32_t size)
{
    for (;; size = WINDOW_DOCUMENTS) {
        uint32_t left = evaluation->documents - window->base;
        window->end = window->base + (size < left ? size : left);
        window_split(window, leaves, count);
        bool sparse = scanned_cost(window, count) * WINDOW_DOCUMENTS <
                      SPARSE_POSTINGS_MAX * ((uint64_t)evaluation->documents + 1);
        if (sparse || size <= WINDOW_DOCUMENTS)
            return sparse;
    }
}

lupe_status evaluate_union(struct evaluation *evaluation, struct leaf **leaves, unsigned count,
                           struct leaf **excluded, unsigned excluded_count)
{
    struct window window;
    uint64_t cost = 0;
    lupe_status status = LUPE_OK;
    TRY(window_init(&window, &leaves, count, &excluded, excluded_count));
    for (unsigned i = 0; i < count; i++)
        cost += leaves[i]->cost;
    bool sparse = cost * WINDOW_DOCUMENTS / (evaluation->documents + 1u) < SPARSE_POSTINGS_MAX;
    window.probe_halves = sparse ? PROBE_HALVES_SPARSE : PROBE_HALVES_DENSE;
    if (evaluation->collector) {
        for (unsigned i = 0; i < count && excluded_count == 0; i++)
            evaluation_raise(evaluation, leaves[i]);
        TRY(leads_first(evaluation, &window, leaves, &count, excluded, &excluded_count));
    }
    uint32_t size =
        evaluation->collector && evaluation->base == 0 ? FIRST_WINDOW_DOCUMENTS : WINDOW_DOCUMENTS;
    window_everywhere(&window, leaves, count);
    uint64_t bound_anywhere = window.bound_all;
    window.everywhere = false;
    for (uint64_t base = 0; base < evaluation->documents; base = window.end) {
        TRY(ticker_ask(evaluation->ticker));
        window.base = (uint32_t)base;
        window.limit = evaluation_limit(evaluation);
        if (bound_anywhere <= window.limit)
            break;
        sparse = window_choose(evaluation, &window, leaves, count, size);
        size = 2 * (window.end - window.base);
        if (size > (sparse ? SPARSE_DOCUMENTS : WINDOW_DOCUMENTS))
            size = sparse ? SPARSE_DOCUMENTS : WINDOW_DOCUMENTS;
        if (window.bound_all > window.limit)
            TRY(evaluate_window(evaluation, &window, count, sparse, excluded, excluded_count));
    }
out:
    evaluation->unordered = false;
    if (status) /* sums are zero between searches */
        memset(evaluation->sums, 0, SPARSE_DOCUMENTS * sizeof *evaluation->sums);
    memory_free(window.by_bound);
    memory_free(window.bound_by_place);
    return status;
}
