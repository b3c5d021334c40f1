/* SPDX-License-Identifier: MIT
 *
 * naive.c - the plainly correct twin of search_run, for tests: every node gives a share or "no
 * match" for every document of a segment; nothing is skipped, nothing is bounded, no block is
 * decoded lazily.
 */
#include <stdlib.h>

#include "query/evaluate.h"
#include "query/exact.h"
#include "query/plan.h"
#include "query/second_look.h"

/* Share by document; 0 where the node does not match. A matching filter has NAIVE_FILTER. */
#define NAIVE_FILTER UINT32_MAX

struct naive {
    struct plan *plan;
    uint32_t place;
    struct segment *segment;
    uint32_t documents;
};

/* tf and positions of one list, spread out by document. */
struct spread {
    uint32_t *tfs;  /* [documents] */
    size_t *starts; /* [documents] into positions */
    uint32_t *positions;
};

static void spread_free(struct spread *spread)
{
    memory_free(spread->tfs);
    memory_free(spread->starts);
    memory_free(spread->positions);
}

static lupe_status spread_list(const struct naive *naive, const struct list *list, bool positions,
                               struct spread *spread)
{
    struct block block;
    size_t capacity = 0, done = 0;
    uint8_t index[BLOCK_DOCUMENTS];
    lupe_status status = LUPE_OK;
    memset(spread, 0, sizeof *spread);
    spread->tfs = memory_zalloc(naive->documents, sizeof *spread->tfs);
    spread->starts = memory_zalloc(naive->documents, sizeof *spread->starts);
    if (!spread->tfs || !spread->starts)
        return fail_memory();
    for (unsigned i = 0; i < BLOCK_DOCUMENTS; i++)
        index[i] = (uint8_t)i;
    for (uint32_t b = 0; b < list->block_count; b++) {
        TRY(block_read(list, b, &block));
        TRY(block_read_tfs(list, &block));
        if (positions)
            TRY(block_positions(list, &block, index, block.count, &spread->positions, &capacity,
                                done));
        for (uint32_t i = 0; i < block.count; i++) {
            spread->tfs[block.documents[i]] = block.tfs[i];
            spread->starts[block.documents[i]] = done;
            done += block.tfs[i];
        }
    }
out:
    return status;
}

/* Takes away the positions that have other forms than the wanted one. */
static lupe_status spread_keep(const struct naive *naive, const struct plan_term *term,
                               const struct query_term *form, struct spread *spread)
{
    const struct list *list = term->lists[naive->place];
    struct exact_word word;
    struct block block;
    lupe_status status = exact_open(&word, naive->segment, term->key, term->key_size, list, form);
    if (status)
        return status;
    for (uint32_t b = 0; b < list->block_count; b++) {
        TRY(block_read(list, b, &block));
        for (uint32_t i = 0; i < block.count; i++) {
            uint32_t document = block.documents[i];
            if (word.nowhere)
                spread->tfs[document] = 0;
            else
                TRY(exact_keep(&word, &block, i, spread->positions + spread->starts[document],
                               &spread->tfs[document]));
        }
    }
out:
    exact_close(&word);
    return status;
}

static bool has_place(const struct spread *spread, uint32_t document, uint32_t place)
{
    for (uint32_t i = 0; i < spread->tfs[document]; i++)
        if (spread->positions[spread->starts[document] + i] == place)
            return true;
    return false;
}

/* Adds weight * (tf, or occurrences in the field) of a list to x. */
static lupe_status naive_list(const struct naive *naive, const struct list *list,
                              const struct plan_member *member, int field, float *x)
{
    struct spread spread;
    bool positional = field >= 0 && (list->flags & ENTRY_HAS_POSITIONS);
    lupe_status status = LUPE_OK;
    bool is_parts = member->kind == MEMBER_PARTS;
    float weight = list->is_wide || is_parts ? member->weight / WIDE_UNIT : member->weight;
    TRY(spread_list(naive, list, positional, &spread));
    for (uint32_t d = 0; d < naive->documents; d++) {
        uint32_t tf = spread.tfs[d];
        if (tf && positional)
            TRY(field_places(naive->segment, naive->plan->view->catalogue.field_gap, field, d,
                             spread.positions + spread.starts[d], spread.tfs[d], 1, &tf));
        x[d] += weight * (float)(is_parts ? tf % PARTS_TF_UNIT : tf);
    }
out:
    spread_free(&spread);
    return status;
}

/* The places of the rarest word that have all others near. */
static uint32_t naive_near(const struct spread *spreads, const struct plan_variant *variant,
                           uint32_t segment, uint32_t document)
{
    unsigned rarest = 0;
    uint32_t count = 0;
    for (unsigned w = 1; w < variant->count; w++)
        if (variant->terms[w]->lists[segment]->frequency <
            variant->terms[rarest]->lists[segment]->frequency)
            rarest = w;
    const struct spread *lead = &spreads[rarest];
    for (uint32_t i = 0; i < lead->tfs[document]; i++) {
        uint32_t place = lead->positions[lead->starts[document] + i];
        bool all = true;
        for (unsigned w = 0; w < variant->count && all; w++) {
            const struct spread *spread = &spreads[w];
            bool any = false;
            for (uint32_t j = 0; j < spread->tfs[document] && !any; j++) {
                uint32_t other = spread->positions[spread->starts[document] + j];
                any = other + variant->near >= place && place + variant->near >= other;
            }
            all = any;
        }
        count += all;
    }
    return count;
}

static lupe_status naive_variant(const struct naive *naive, const struct plan_node *node,
                                 const struct plan_variant *variant, float *x)
{
    struct spread spreads[PHRASE_WORDS_MAX];
    unsigned opened = 0;
    bool positions = !(naive->plan->view->catalogue.flags & LUPE_WITHOUT_POSITIONS);
    uint32_t span = variant->offsets[variant->count - 1] + 1;
    lupe_status status = LUPE_OK;
    for (unsigned i = 0; i < variant->count; i++)
        if (!variant->terms[i]->lists[naive->place])
            return LUPE_OK;
    while (opened < variant->count) {
        TRY(spread_list(naive, variant->terms[opened]->lists[naive->place], positions,
                        &spreads[opened]));
        opened++;
        if (variant->exact)
            TRY(spread_keep(naive, variant->terms[opened - 1], variant->exact[opened - 1],
                            &spreads[opened - 1]));
    }
    for (uint32_t d = 0; d < naive->documents; d++) {
        uint32_t count = 0, least = UINT32_MAX;
        for (unsigned w = 0; w < variant->count; w++)
            least = spreads[w].tfs[d] < least ? spreads[w].tfs[d] : least;
        if (variant->near) {
            count = naive_near(spreads, variant, naive->place, d);
            least = least < count ? least : count;
        }
        for (uint32_t i = 0; !variant->near && positions && least && i < spreads[0].tfs[d]; i++) {
            uint32_t place = spreads[0].positions[spreads[0].starts[d] + i];
            bool all = place >= variant->offsets[0];
            for (unsigned w = 1; w < variant->count && all; w++)
                all = has_place(&spreads[w], d, place - variant->offsets[0] + variant->offsets[w]);
            uint32_t inside = all;
            if (all && node->field >= 0) {
                uint32_t start = place - variant->offsets[0];
                TRY(field_places(naive->segment, naive->plan->view->catalogue.field_gap,
                                 node->field, d, &start, 1, span, &inside));
            }
            count += inside;
        }
        x[d] += variant->weight * (float)(positions ? count : least);
    }
out:
    while (opened)
        spread_free(&spreads[--opened]);
    return status;
}

static lupe_status naive_node(const struct naive *naive, const struct plan_node *node,
                              uint32_t *shares);

static lupe_status naive_words(const struct naive *naive, const struct plan_node *node,
                               uint32_t *shares)
{
    float *x = memory_zalloc(naive->documents, sizeof *x);
    lupe_status status = LUPE_OK;
    if (!x)
        return fail_memory();
    for (unsigned m = 0; m < node->member_count; m++) {
        const struct list *list = node->members[m].term->lists[naive->place];
        if (list)
            TRY(naive_list(naive, list, &node->members[m], node->field, x));
    }
    for (unsigned v = 0; v < node->variant_count; v++)
        TRY(naive_variant(naive, node, &node->variants[v], x));
    for (uint32_t d = 0; d < naive->documents; d++) {
        if (!(x[d] > 0))
            shares[d] = 0;
        else if (node->kind == PLAN_FILTER)
            shares[d] = NAIVE_FILTER;
        else
            shares[d] = score_share(node->weight, x[d],
                                    naive->plan->scratch->factors[naive->segment->norms[d]]);
    }
out:
    memory_free(x);
    return status;
}

static lupe_status naive_boolean(const struct naive *naive, const struct plan_node *node,
                                 uint32_t *shares)
{
    uint32_t *child = memory_alloc(naive->documents * sizeof *child);
    uint8_t *fits = memory_alloc(naive->documents);
    uint8_t *any = memory_zalloc(naive->documents, 1);
    bool has_required = false;
    lupe_status status = LUPE_OK;
    if (!child || !fits || !any) {
        status = fail_memory();
        goto out;
    }
    for (unsigned c = 0; c < node->child_count; c++)
        has_required |= node->occurs[c] == OCCUR_MUST;
    memset(fits, 1, naive->documents);
    memset(shares, 0, naive->documents * sizeof *shares);
    for (unsigned c = 0; c < node->child_count; c++) {
        TRY(naive_node(naive, node->children[c], child));
        for (uint32_t d = 0; d < naive->documents; d++) {
            uint32_t share = child[d] == NAIVE_FILTER ? !has_required : child[d];
            if (node->occurs[c] == OCCUR_NOT) {
                fits[d] &= child[d] == 0;
                continue;
            }
            if (node->occurs[c] == OCCUR_MUST)
                fits[d] &= child[d] != 0;
            any[d] |= child[d] != 0;
            shares[d] += share;
        }
    }
    for (uint32_t d = 0; d < naive->documents; d++) {
        if (!fits[d] || !any[d])
            shares[d] = 0;
        else if (shares[d] == 0)
            shares[d] = NAIVE_FILTER; /* filters alone */
    }
out:
    memory_free(child);
    memory_free(fits);
    memory_free(any);
    return status;
}

static lupe_status naive_node(const struct naive *naive, const struct plan_node *node,
                              uint32_t *shares)
{
    return node->kind == PLAN_BOOLEAN ? naive_boolean(naive, node, shares)
                                      : naive_words(naive, node, shares);
}

static int hit_order(const void *left, const void *right)
{
    const struct search_hit *a = left, *b = right;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    if (a->segment != b->segment)
        return a->segment < b->segment ? -1 : 1;
    return a->document < b->document ? -1 : a->document > b->document;
}

static lupe_status naive_segment(struct naive *naive, struct buffer *hits)
{
    uint32_t *shares = memory_alloc(naive->documents * sizeof *shares + 8);
    lupe_status status = LUPE_OK;
    if (!shares)
        return fail_memory();
    TRY(naive_node(naive, naive->plan->root, shares));
    for (uint32_t d = 0; d < naive->documents; d++) {
        struct search_hit hit = {shares[d] == NAIVE_FILTER ? 0 : shares[d], naive->place, d};
        if (shares[d] && live_has(&naive->segment->live, d))
            buffer_add(hits, &hit, sizeof hit);
    }
    status = buffer_status(hits);
out:
    memory_free(shares);
    return status;
}

lupe_status search_run_naive(struct view *view, const struct lupe_query *query,
                             const struct search_request *request, struct search_answer *answer)
{
    struct buffer hits = BUFFER_INIT(0);
    struct plan *plan = NULL;
    lupe_status status = LUPE_OK;
    memset(answer, 0, sizeof *answer);
    TRY(plan_compile(view, query, request, &plan));
    answer->score_bits = plan->score_bits;
    answer->total_exact = true;
    for (uint32_t s = 0; plan->root && s < view->catalogue.segment_count; s++) {
        struct naive naive = {plan, s, view->segments[s], view->segments[s]->entry.documents};
        TRY(naive_segment(&naive, &hits));
    }
    answer->total = hits.size / sizeof *answer->hits;
    if (hits.size) {
        qsort(hits.data, answer->total, sizeof *answer->hits, hit_order);
        TRY(second_look(plan, (struct search_hit *)(void *)hits.data, (size_t)answer->total));
    }
    answer->hit_count = answer->total < request->k ? (size_t)answer->total : (size_t)request->k;
    answer->hits = (struct search_hit *)(void *)hits.data;
    hits.data = NULL;
out:
    buffer_free(&hits);
    plan_free(plan);
    return status;
}
