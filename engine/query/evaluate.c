/* SPDX-License-Identifier: MIT
 *
 * evaluate.c - what all evaluators share, one leaf alone, and conjunctions.
 */
#include "query/evaluate.h"

#include <time.h>

lupe_status ticker_ask(struct ticker *ticker)
{
    const struct search_request *request = ticker->request;
    if (request->cancel && request->cancel(request->user))
        return fail(LUPE_CANCELLED, "the search was cancelled");
    if (request->deadline_ns) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if ((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec > request->deadline_ns)
            return fail(LUPE_CANCELLED, "the search ran out of its time");
    }
    return LUPE_OK;
}

void gathered_free(struct gathered *gathered)
{
    memory_free(gathered->documents);
    memory_free(gathered->shares);
    memset(gathered, 0, sizeof *gathered);
}

static lupe_status gathered_add(struct gathered *gathered, const uint32_t *documents,
                                const uint32_t *shares, unsigned count)
{
    if (count == 0)
        return LUPE_OK;
    if (gathered->capacity - gathered->count < count) {
        uint32_t capacity = gathered->capacity ? gathered->capacity : 512;
        while (capacity - gathered->count < count)
            capacity *= 2;
        uint32_t *grown = memory_realloc(gathered->documents, (capacity + 16) * sizeof *grown);
        if (!grown)
            return fail_memory();
        gathered->documents = grown;
        grown = memory_realloc(gathered->shares, (capacity + 16) * sizeof *grown);
        if (!grown)
            return fail_memory();
        gathered->shares = grown;
        gathered->capacity = capacity;
    }
    memcpy(gathered->documents + gathered->count, documents, count * sizeof *documents);
    memcpy(gathered->shares + gathered->count, shares, count * sizeof *shares);
    gathered->count += count;
    return LUPE_OK;
}

static bool is_skipped(const struct evaluation *evaluation, uint32_t document)
{
    return evaluation->skipped && evaluation->skipped[document / 64] >> document % 64 & 1;
}

lupe_status evaluation_emit(struct evaluation *evaluation, const uint32_t *documents,
                            const uint32_t *scores, unsigned count)
{
    if (evaluation->gathered)
        return gathered_add(evaluation->gathered, documents, scores, count);
    const struct live *live = &evaluation->segment->live;
    lupe_status status = LUPE_OK;
    for (unsigned i = 0; i < count; i++) {
        if (!live_has(live, documents[i]) || is_skipped(evaluation, documents[i]))
            continue;
        TRY(collector_add(evaluation->collector, scores[i], evaluation->base + documents[i]));
    }
out:
    return status;
}

/* ------------------------------------------------------------------ one leaf alone */

/* Blocks by falling bound (a counting sort), so that the limit is high after a few of them: of
 * `die` a tenth of a per cent of the postings is scored for the ten best. */
static lupe_status blocks_by_bound(const struct leaf *leaf, uint32_t **order)
{
    const uint8_t *bounds = leaf->list->bounds;
    uint32_t places[257] = {0};
    *order = memory_alloc(leaf->block_count * sizeof **order);
    if (!*order)
        return fail_memory();
    for (uint32_t i = 0; i < leaf->block_count; i++)
        places[255 - bounds[i] + 1]++;
    for (unsigned i = 0; i < 256; i++)
        places[i + 1] += places[i];
    for (uint32_t i = 0; i < leaf->block_count; i++)
        (*order)[places[255 - bounds[i]]++] = i;
    return LUPE_OK;
}

void evaluation_raise(struct evaluation *evaluation, const struct leaf *leaf)
{
    static const uint32_t places[3] = {10, 100, 1000};
    struct collector *collector = evaluation->collector;
    for (unsigned i = 0; i < 3; i++) {
        if (leaf->floor[i] && places[i] >= collector->k + evaluation->segment->live.deleted) {
            collector_raise(collector, leaf->floor[i]);
            return;
        }
    }
}

lupe_status evaluate_single(struct evaluation *evaluation, struct leaf *leaf)
{
    uint32_t *order = NULL;
    lupe_status status = LUPE_OK;
    uint32_t documents[BLOCK_DOCUMENTS + 16], scores[BLOCK_DOCUMENTS + 16];
    if (evaluation->collector)
        evaluation_raise(evaluation, leaf);
    bool sorted = evaluation->collector && !leaf->is_array && leaf->block_count > 4;
    if (sorted)
        TRY(blocks_by_bound(leaf, &order));
    for (uint32_t i = 0; i < leaf->block_count; i++) {
        uint32_t limit = evaluation_limit(evaluation);
        uint32_t block = order ? order[i] : i;
        if (leaf_block_bound(leaf, block) < limit) {
            evaluation->work->blocks_skipped++;
            if (!sorted)
                continue;
            evaluation->work->blocks_skipped += leaf->block_count - i - 1;
            break;
        }
        TRY(ticker_tick(evaluation->ticker));
        unsigned kept;
        TRY(leaf_open_block(leaf, block));
        TRY(leaf_score_above(leaf, 0, leaf->count, 1, limit, documents, scores, &kept));
        TRY(evaluation_emit(evaluation, documents, scores, kept));
    }
out:
    memory_free(order);
    return status;
}

/* ------------------------------------------------------------------ conjunctions */

static void sort_by_cost(struct leaf **leaves, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        struct leaf *leaf = leaves[i];
        unsigned at = i;
        for (; at > 0 && leaves[at - 1]->cost > leaf->cost; at--)
            leaves[at] = leaves[at - 1];
        leaves[at] = leaf;
    }
}

static void sort_by_bound(struct leaf **leaves, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        struct leaf *leaf = leaves[i];
        unsigned at = i;
        for (; at > 0 && leaves[at - 1]->bound < leaf->bound; at--)
            leaves[at] = leaves[at - 1];
        leaves[at] = leaf;
    }
}

lupe_status leaf_require(struct leaf *leaf, uint32_t *documents, uint32_t *scores, unsigned *count)
{
    uint8_t candidate_at[BLOCK_DOCUMENTS], document_at[BLOCK_DOCUMENTS];
    bool scored = scores && leaf->scored;
    unsigned kept = 0;
    lupe_status status = LUPE_OK;
    for (unsigned next = 0; next < *count;) {
        unsigned found = 0;
        TRY(leaf_match(leaf, documents, *count, &next, candidate_at, scored ? document_at : NULL,
                       &found));
        if (found == 0)
            continue;
        if (scored)
            TRY(leaf_add_shares(leaf, documents, candidate_at, document_at, found, scores));
        for (unsigned i = 0; i < found; i++) { /* kept never overtakes what is still to be read */
            documents[kept] = documents[candidate_at[i]];
            if (scores)
                scores[kept] = scores[candidate_at[i]];
            kept++;
        }
    }
    *count = kept;
out:
    return status;
}

lupe_status leaf_exclude(struct leaf *leaf, uint32_t *documents, uint32_t *scores, unsigned *count)
{
    uint8_t candidate_at[BLOCK_DOCUMENTS];
    bool gone[BLOCK_DOCUMENTS] = {false};
    unsigned all = 0, kept = 0;
    lupe_status status = LUPE_OK;
    for (unsigned next = 0; next < *count;) {
        unsigned found = 0;
        TRY(leaf_match(leaf, documents, *count, &next, candidate_at, NULL, &found));
        for (unsigned i = 0; i < found; i++)
            gone[candidate_at[i]] = true;
        all += found;
    }
    if (all == 0) /* as a rule where a leaf has few documents */
        return LUPE_OK;
    for (unsigned i = 0; i < *count; i++) {
        documents[kept] = documents[i];
        if (scores)
            scores[kept] = scores[i];
        kept += !gone[i];
    }
    *count = kept;
out:
    return status;
}

lupe_status leaf_add_optional(struct leaf *leaf, const uint32_t *documents, uint32_t *scores,
                              unsigned count)
{
    uint8_t candidate_at[BLOCK_DOCUMENTS], document_at[BLOCK_DOCUMENTS];
    lupe_status status = LUPE_OK;
    for (unsigned next = 0; next < count;) {
        unsigned found = 0;
        TRY(leaf_match(leaf, documents, count, &next, candidate_at, document_at, &found));
        if (found)
            TRY(leaf_add_shares(leaf, documents, candidate_at, document_at, found, scores));
    }
out:
    return status;
}

struct conjunction {
    struct leaf **required;
    unsigned required_count;
    struct leaf **optional;
    unsigned optional_count;
    struct leaf **excluded;
    unsigned excluded_count;
    uint32_t *rests; /* [required + optional]: what the leaves behind this one add at most here */
    uint32_t seeded; /* documents with so high a share of the lead are done; 0: none */
};

static uint32_t add_bounds(uint32_t a, uint32_t b)
{
    uint32_t sum = a + b;
    return sum > INT32_MAX ? INT32_MAX : sum;
}

/* Fills rests for documents low to high - 1 (high 0: anywhere). */
static void rests_between(const struct conjunction *c, uint32_t low, uint32_t high)
{
    unsigned count = c->required_count + c->optional_count;
    c->rests[count - 1] = 0;
    for (unsigned i = count - 1; i > 0; i--) {
        struct leaf *leaf =
            i < c->required_count ? c->required[i] : c->optional[i - c->required_count];
        uint32_t bound = 0;
        if (leaf->scored)
            bound = high ? leaf_bound_between(leaf, low, high) : leaf->bound;
        c->rests[i - 1] = add_bounds(c->rests[i], bound);
    }
}

/* Documents with the lead's shares against all other leaves. */
static lupe_status conjunction_finish(struct evaluation *evaluation, const struct conjunction *c,
                                      uint32_t *documents, uint32_t *scores, unsigned count,
                                      uint32_t limit)
{
    const struct score_kernels *kernels = score_kernels();
    lupe_status status = LUPE_OK;
    for (unsigned i = 1; i < c->required_count && count; i++) {
        TRY(leaf_require(c->required[i], documents, scores, &count));
        if (c->required[i]->scored && limit)
            count = kernels->keep_above(documents, scores, count, c->rests[i], limit);
    }
    for (unsigned i = 0; i < c->excluded_count && count; i++)
        TRY(leaf_exclude(c->excluded[i], documents, scores, &count));
    for (unsigned i = 0; i < c->optional_count && count; i++) {
        TRY(leaf_add_optional(c->optional[i], documents, scores, count));
        if (limit)
            count = kernels->keep_above(documents, scores, count, c->rests[c->required_count + i],
                                        limit);
    }
    TRY(evaluation_emit(evaluation, documents, scores, count));
out:
    return status;
}

static unsigned keep_below(uint32_t *documents, uint32_t *scores, unsigned count, uint32_t end)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < count; i++) {
        uint32_t score = scores[i];
        documents[kept] = documents[i];
        scores[kept] = score;
        kept += score < end;
    }
    return kept;
}

/* The lead's open block against all others. */
static lupe_status conjunction_block(struct evaluation *evaluation, const struct conjunction *c)
{
    struct leaf *lead = c->required[0];
    uint32_t documents[BLOCK_DOCUMENTS + 16], scores[BLOCK_DOCUMENTS + 16];
    unsigned count = lead->count;
    uint32_t limit = evaluation_limit(evaluation);
    lupe_status status = LUPE_OK;
    if (lead->scored) {
        TRY(leaf_score_above(lead, 0, count, c->rests[0], limit, documents, scores, &count));
    } else {
        memcpy(documents, lead->documents, count * sizeof *documents);
        memset(scores, 0, count * sizeof *scores);
        if (limit)
            count = score_kernels()->keep_above(documents, scores, count, c->rests[0], limit);
    }
    if (c->seeded)
        count = keep_below(documents, scores, count, c->seeded);
    TRY(conjunction_finish(evaluation, c, documents, scores, count, limit));
out:
    return status;
}

/* ---- the lead's best documents first */

/* So many seeds for each of the k best are worth it: about that many of them match. */
#define SEED_MATCHES 1.5
/* One in so many of the lead's documents at most is a seed. */
#define SEED_SHARE 8.0
/* A share of the lead must count for so many times what all others add: then the best matches are
 * among the lead's best. With many seeds the more so. */
#define SEED_WEIGHT_FEW 2.0
#define SEED_WEIGHT_MANY 4.0
#define SEEDS_FEW 100.0

/* The share that about so many of the leaf's documents reach, between its champions; 0: not
 * known. */
static uint32_t share_of_rank(const struct leaf *leaf, double rank)
{
    double at = rank > 10 ? log10(rank) - 1 : 0;
    unsigned i = at < 1 ? 0 : 1;
    if (at > 2 || !leaf->floor[i + 1])
        return 0;
    double high = leaf->floor[i], low = leaf->floor[i + 1];
    return (uint32_t)(high - (at - i) * (high - low));
}

/* From which share on the lead's documents are looked at first; 0: it does not pay. */
static uint32_t seeds_least(const struct evaluation *evaluation, const struct conjunction *c)
{
    const struct leaf *lead = c->required[0];
    double rank = SEED_MATCHES * (double)evaluation->collector->k;
    for (unsigned i = 1; i < c->required_count; i++)
        rank *= (double)evaluation->documents / c->required[i]->cost;
    double weight = rank <= SEEDS_FEW ? SEED_WEIGHT_FEW : SEED_WEIGHT_MANY;
    if (rank * SEED_SHARE > lead->cost || lead->bound < weight * c->rests[0])
        return 0;
    return share_of_rank(lead, rank);
}

struct seeds {
    unsigned count;
    uint32_t documents[2 * BLOCK_DOCUMENTS + 16];
    uint32_t scores[2 * BLOCK_DOCUMENTS + 16];
};

/* The first BLOCK_DOCUMENTS of the seeds against all other leaves. */
static lupe_status seeds_finish(struct evaluation *evaluation, const struct conjunction *c,
                                struct seeds *seeds)
{
    unsigned some = seeds->count < BLOCK_DOCUMENTS ? seeds->count : BLOCK_DOCUMENTS;
    seeds->count -= some;
    lupe_status status = conjunction_finish(evaluation, c, seeds->documents, seeds->scores, some,
                                            evaluation_limit(evaluation));
    memmove(seeds->documents, seeds->documents + some, seeds->count * sizeof *seeds->documents);
    memmove(seeds->scores, seeds->scores + some, seeds->count * sizeof *seeds->scores);
    return status;
}

/* Looks at the lead's documents with a share of least and more, so that when the others' turn comes
 * the limit leaves most of them out before they are looked for in the other leaves. */
static lupe_status evaluate_seeds(struct evaluation *evaluation, struct conjunction *c,
                                  uint32_t least)
{
    struct leaf *lead = c->required[0];
    struct seeds seeds;
    lupe_status status = LUPE_OK;
    seeds.count = 0;
    evaluation->unordered = true;
    for (uint32_t block = 0; block < lead->block_count; block++) {
        if (leaf_block_bound(lead, block) < least)
            continue;
        TRY(ticker_tick(evaluation->ticker));
        TRY(leaf_open_block(lead, block));
        unsigned more = 0;
        TRY(leaf_score_above(lead, 0, lead->count, 1, least, seeds.documents + seeds.count,
                             seeds.scores + seeds.count, &more));
        seeds.count += more;
        if (seeds.count >= BLOCK_DOCUMENTS)
            TRY(seeds_finish(evaluation, c, &seeds));
    }
    if (seeds.count)
        TRY(seeds_finish(evaluation, c, &seeds));
    c->seeded = least;
    leaves_rewind(c->required, c->required_count);
    leaves_rewind(c->optional, c->optional_count);
    leaves_rewind(c->excluded, c->excluded_count);
out:
    return status;
}

/* As conjunction_block, but nothing is left out before it is counted; of the few that are left the
 * lead's shares come last. */
static lupe_status conjunction_block_counted(struct evaluation *evaluation,
                                             const struct conjunction *c, uint64_t *total)
{
    const struct score_kernels *kernels = score_kernels();
    const struct live *live = &evaluation->segment->live;
    struct leaf *lead = c->required[0];
    uint32_t documents[BLOCK_DOCUMENTS + 16], scores[BLOCK_DOCUMENTS + 16];
    unsigned count = lead->count;
    uint32_t limit = evaluation_limit(evaluation);
    lupe_status status = LUPE_OK;
    memcpy(documents, lead->documents, count * sizeof *documents);
    memset(scores, 0, count * sizeof *scores);
    for (unsigned i = 1; i < c->required_count && count; i++)
        TRY(leaf_require(c->required[i], documents, scores, &count));
    for (unsigned i = 0; i < c->excluded_count && count; i++)
        TRY(leaf_exclude(c->excluded[i], documents, scores, &count));
    *total += live->words ? intersect_kernels()->count_among(documents, count, live->words) : count;
    if (lead->scored && count)
        TRY(leaf_add_optional(lead, documents, scores, count));
    for (unsigned i = 0; i < c->optional_count && count; i++) {
        if (limit)
            count = kernels->keep_above(documents, scores, count,
                                        c->rests[c->required_count + i - 1], limit);
        if (count)
            TRY(leaf_add_optional(c->optional[i], documents, scores, count));
    }
    if (limit)
        count = kernels->keep_above(documents, scores, count, 0, limit);
    TRY(evaluation_emit(evaluation, documents, scores, count));
out:
    return status;
}

lupe_status evaluate_required(struct evaluation *evaluation, struct leaf **required,
                              unsigned required_count, struct leaf **optional,
                              unsigned optional_count, struct leaf **excluded,
                              unsigned excluded_count, uint64_t count_stop, uint64_t *count)
{
    lupe_status status = LUPE_OK;
    sort_by_cost(required, required_count);
    sort_by_bound(optional, optional_count);
    struct conjunction c = {required, required_count, optional, optional_count,
                            excluded, excluded_count, NULL,     0};
    struct leaf *lead = required[0];
    bool others = required_count + optional_count > 1;
    c.rests = memory_alloc((required_count + optional_count) * sizeof *c.rests);
    if (!c.rests)
        return fail_memory();
    rests_between(&c, 0, 0);
    uint32_t anywhere = c.rests[0];
    uint32_t least = !count && evaluation->collector && others ? seeds_least(evaluation, &c) : 0;
    if (least)
        TRY(evaluate_seeds(evaluation, &c, least));
    for (uint32_t block = 0; block < lead->block_count; block++) {
        bool counts = count && *count < count_stop;
        uint32_t limit = counts ? 0 : evaluation_limit(evaluation);
        TRY(ticker_tick(evaluation->ticker));
        if (limit) {
            uint32_t bound = leaf_block_bound(lead, block);
            bool skip = (uint64_t)bound + anywhere <= limit;
            if (!skip && others) {
                uint32_t low = block ? leaf_block_last(lead, block - 1) + 1 : 0;
                rests_between(&c, low, leaf_block_last(lead, block) + 1);
                skip = (uint64_t)bound + c.rests[0] <= limit;
            }
            if (skip) {
                evaluation->work->blocks_skipped++;
                continue;
            }
        }
        /* The other lists may begin far behind. */
        if (required_count > 1 && required[1]->number != LEAF_NO_BLOCK &&
            leaf_block_last(lead, block) < required[1]->low)
            continue;
        TRY(leaf_open_block(lead, block));
        if (counts)
            TRY(conjunction_block_counted(evaluation, &c, count));
        else
            TRY(conjunction_block(evaluation, &c));
    }
out:
    evaluation->unordered = false;
    memory_free(c.rests);
    return status;
}
