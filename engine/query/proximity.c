/* SPDX-License-Identifier: MIT
 *
 * proximity.c - see proximity.h.
 */
#include "query/proximity.h"

#include <stdlib.h>

#include "query/score.h"

/* Of ascending places keeps those that have one of the positions at most so far before or behind.
 * */
static unsigned keep_between(uint32_t *places, unsigned count, const uint32_t *positions,
                             unsigned position_count, uint32_t before, uint32_t behind)
{
    unsigned kept = 0, next = 0;
    for (unsigned i = 0; i < count; i++) {
        while (next < position_count && positions[next] + before < places[i])
            next++;
        if (next < position_count && positions[next] <= places[i] + behind)
            places[kept++] = places[i];
    }
    return kept;
}

unsigned keep_near(uint32_t *places, unsigned count, const uint32_t *positions,
                   unsigned position_count, uint32_t near)
{
    return keep_between(places, count, positions, position_count, near, near);
}

/* What is read of one list, documents ascending. */
struct reader {
    const struct list *list; /* NULL: the segment has none */
    uint32_t tf;             /* of the document looked for; 0: it is not there */
    unsigned at;             /* in the block */
    bool opened;
    uint32_t before; /* how far the other word may be */
    uint32_t behind;
    uint32_t *positions;
    size_t capacity;
    struct block block;
};

static lupe_status reader_seek(struct reader *reader, uint32_t document)
{
    const struct list *list = reader->list;
    struct block *block = &reader->block;
    lupe_status status = LUPE_OK;
    reader->tf = 0;
    if (!list)
        return LUPE_OK;
    uint32_t number = list_find_block(list, reader->opened ? block->number : 0, document);
    if (number >= list->block_count)
        return LUPE_OK;
    if (!reader->opened || block->number != number)
        TRY(block_read(list, number, block));
    reader->opened = true;
    reader->at = pack_kernels()->count_below(block->documents, block->count, document);
    if (reader->at == block->count || block->documents[reader->at] != document)
        return LUPE_OK;
    TRY(block_read_tfs(list, block));
    reader->tf = block->tfs[reader->at];
out:
    return status;
}

static lupe_status reader_positions(struct reader *reader)
{
    uint8_t index = (uint8_t)reader->at;
    return block_positions(reader->list, &reader->block, &index, 1, &reader->positions,
                           &reader->capacity, 0);
}

/* How often the two words stand near each other: places of the first, which is the rarer one. */
static lupe_status near_count(struct reader words[2], uint32_t document, unsigned *count)
{
    lupe_status status = LUPE_OK;
    *count = 0;
    for (unsigned w = 0; w < 2; w++) {
        TRY(reader_seek(&words[w], document));
        if (words[w].tf == 0)
            return LUPE_OK;
    }
    for (unsigned w = 0; w < 2; w++)
        TRY(reader_positions(&words[w]));
    *count = keep_between(words[0].positions, words[0].tf, words[1].positions, words[1].tf,
                          words[0].before, words[0].behind);
out:
    return status;
}

/* What a group counts for a document already. */
static lupe_status group_x(const struct plan_node *group, uint32_t place, uint32_t document,
                           float *x)
{
    struct reader *reader = memory_zalloc(1, sizeof *reader);
    lupe_status status = LUPE_OK;
    *x = 0;
    if (!reader)
        return fail_memory();
    for (unsigned m = 0; m < group->member_count; m++) {
        const struct plan_member *member = &group->members[m];
        reader->list = member->term->lists[place];
        reader->opened = false;
        TRY(reader_seek(reader, document));
        bool is_parts = member->kind == MEMBER_PARTS;
        bool fractions = is_parts || (reader->list && reader->list->is_wide);
        uint32_t tf = is_parts ? reader->tf % PARTS_TF_UNIT : reader->tf;
        *x += (fractions ? member->weight / WIDE_UNIT : member->weight) * (float)tf;
    }
out:
    memory_free(reader);
    return status;
}

/* Adds what a group gets more for the hits of one segment, by document. */
static lupe_status group_apply(const struct plan *plan, const struct plan_node *group,
                               struct search_hit **hits, size_t count)
{
    uint32_t place = hits[0]->segment;
    const struct plan_variant *later = group->later;
    const struct segment *segment = plan->view->segments[place];
    struct reader *words = memory_zalloc(2, sizeof *words);
    lupe_status status = LUPE_OK;
    if (!words)
        return fail_memory();
    for (unsigned w = 0; w < 2; w++) {
        words[w].list = later->terms[w]->lists[place];
        if (!words[w].list)
            goto out;
    }
    words[0].before = later->ordered ? 0 : later->near;
    words[0].behind = later->near;
    if (words[1].list->frequency < words[0].list->frequency) {
        words[0].before = later->near;
        words[0].behind = later->ordered ? 0 : later->near;
        const struct list *rarer = words[1].list;
        words[1].list = words[0].list;
        words[0].list = rarer;
    }
    for (size_t i = 0; i < count; i++) {
        unsigned near = 0;
        float x = 0;
        TRY(near_count(words, hits[i]->document, &near));
        if (near == 0)
            continue;
        TRY(group_x(group, place, hits[i]->document, &x));
        float factor = plan->scratch->factors[segment->norms[hits[i]->document]];
        uint32_t before = x > 0 ? score_share(group->weight, x, factor) : 0;
        x += later->weight * (float)near;
        hits[i]->score += score_share(group->weight, x, factor) - before;
    }
out:
    memory_free(words[0].positions);
    memory_free(words[1].positions);
    memory_free(words);
    return status;
}

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

lupe_status proximity_apply(const struct plan *plan, struct search_hit *hits, size_t count)
{
    struct search_hit *ordered[PROXIMITY_HITS];
    size_t looked_at = count < PROXIMITY_HITS ? count : PROXIMITY_HITS;
    lupe_status status = LUPE_OK;
    if (!plan->later || count == 0)
        return LUPE_OK;
    for (size_t i = 0; i < looked_at; i++)
        ordered[i] = &hits[i];
    qsort(ordered, looked_at, sizeof *ordered, by_place);
    for (const struct plan_node *group = plan->later; group; group = group->next_later) {
        for (size_t first = 0, end; first < looked_at; first = end) {
            for (end = first + 1;
                 end < looked_at && ordered[end]->segment == ordered[first]->segment;)
                end++;
            TRY(group_apply(plan, group, ordered + first, end - first));
        }
    }
    qsort(hits, looked_at, sizeof *hits, by_score);
out:
    return status;
}
