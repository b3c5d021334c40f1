/* SPDX-License-Identifier: MIT
 *
 * proximity.c - see proximity.h.
 */
#include "query/proximity.h"

#include "query/reader.h"
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

/* Two words, the rarer first. */
struct near_words {
    struct reader readers[2];
    bool both;       /* the segment has them */
    uint32_t before; /* how far the second may be */
    uint32_t behind;
};

/* How often the two words stand near each other: places of the first, which is the rarer one. */
static lupe_status near_count(struct near_words *words, uint32_t document, unsigned *count)
{
    struct reader *first = &words->readers[0], *second = &words->readers[1];
    lupe_status status = LUPE_OK;
    *count = 0;
    for (unsigned w = 0; w < 2; w++) {
        TRY(reader_seek(&words->readers[w], document));
        if (words->readers[w].tf == 0)
            return LUPE_OK;
    }
    for (unsigned w = 0; w < 2; w++)
        TRY(reader_positions(&words->readers[w]));
    *count = keep_between(first->positions, first->tf, second->positions, second->tf, words->before,
                          words->behind);
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

static lupe_status words_open(const struct plan_node *group, uint32_t place,
                              struct near_words **out)
{
    const struct plan_variant *later = group->later;
    const struct list *first = later->terms[0]->lists[place];
    const struct list *second = later->terms[1]->lists[place];
    struct near_words *words = memory_zalloc(1, sizeof *words);
    *out = words;
    if (!words)
        return fail_memory();
    words->both = first && second;
    if (!words->both)
        return LUPE_OK;
    bool swapped = second->frequency < first->frequency;
    words->readers[0].list = swapped ? second : first;
    words->readers[1].list = swapped ? first : second;
    words->before = later->ordered && !swapped ? 0 : later->near;
    words->behind = later->ordered && swapped ? 0 : later->near;
    return LUPE_OK;
}

static void words_close(struct near_words *words)
{
    for (unsigned w = 0; words && w < 2; w++)
        reader_free(&words->readers[w]);
    memory_free(words);
}

static lupe_status nearness_of(const struct plan *plan, const struct plan_node *group,
                               struct near_words *words, uint32_t place, uint32_t document,
                               struct nearness *out)
{
    lupe_status status = LUPE_OK;
    *out = (struct nearness){0};
    if (words->both)
        TRY(near_count(words, document, &out->places));
    if (out->places == 0)
        return LUPE_OK;
    TRY(group_x(group, place, document, &out->before));
    float factor = plan->scratch->factors[plan->view->segments[place]->norms[document]];
    uint32_t before = out->before > 0 ? score_share(group->weight, out->before, factor) : 0;
    out->x = out->before + group->later->weight * (float)out->places;
    out->more = score_share(group->weight, out->x, factor) - before;
out:
    return status;
}

lupe_status proximity_of(const struct plan *plan, const struct plan_node *group, uint32_t place,
                         uint32_t document, struct nearness *nearness)
{
    struct near_words *words = NULL;
    lupe_status status = words_open(group, place, &words);
    if (status == LUPE_OK)
        status = nearness_of(plan, group, words, place, document, nearness);
    words_close(words);
    return status;
}

lupe_status proximity_apply(const struct plan *plan, const struct plan_node *group,
                            struct search_hit **hits, size_t count)
{
    uint32_t place = hits[0]->segment;
    struct near_words *words = NULL;
    lupe_status status = LUPE_OK;
    TRY(words_open(group, place, &words));
    for (size_t i = 0; words->both && i < count; i++) {
        struct nearness nearness;
        TRY(nearness_of(plan, group, words, place, hits[i]->document, &nearness));
        hits[i]->score += nearness.more;
    }
out:
    words_close(words);
    return status;
}
