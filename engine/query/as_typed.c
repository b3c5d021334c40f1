/* SPDX-License-Identifier: MIT
 *
 * as_typed.c - see as_typed.h.
 */
#include "query/as_typed.h"

#include "query/exact.h"
#include "query/reader.h"
#include "query/score.h"
#include "query/weights.h"

/* A word in one segment. */
struct typed_word {
    struct reader reader;
    struct exact_word forms; /* unless any will do */
    bool any_form;
    bool nowhere; /* no place of the segment has the form that was typed */
};

static lupe_status word_open(const struct plan *plan, const struct plan_node *group, uint32_t place,
                             struct typed_word **out)
{
    const struct word_form *form = group->form;
    const struct list *list = group->own->lists[place];
    lupe_status status = LUPE_OK;
    struct typed_word *word = memory_zalloc(1, sizeof *word);
    *out = word;
    if (!word)
        return fail_memory();
    word->reader.list = list;
    word->any_form = !form || form->part_count;
    word->nowhere = !list;
    if (!list || word->any_form)
        return LUPE_OK;
    TRY(exact_open_folded(&word->forms, plan->view->segments[place], group->own->key,
                          group->own->key_size, list, &form->folded));
    word->nowhere = word->forms.nowhere;
    word->any_form = word->forms.everywhere;
out:
    return status;
}

static void word_close(struct typed_word *word)
{
    if (!word)
        return;
    exact_close(&word->forms);
    memory_free(word);
}

static lupe_status word_look(const struct plan *plan, const struct plan_node *group,
                             struct typed_word *word, uint32_t place, uint32_t document,
                             struct as_typed *typed)
{
    lupe_status status = LUPE_OK;
    *typed = (struct as_typed){0, 0};
    if (word->nowhere)
        return LUPE_OK;
    TRY(reader_seek(&word->reader, document));
    typed->places = word->reader.tf;
    if (typed->places && !word->any_form)
        TRY(exact_count(&word->forms, &word->reader.block, word->reader.at, &typed->places));
    if (typed->places)
        typed->more =
            score_share((float)TYPED_GAIN * group->weight, (float)typed->places,
                        plan->scratch->factors[plan->view->segments[place]->norms[document]]);
out:
    return status;
}

lupe_status as_typed_of(const struct plan *plan, const struct plan_node *group, uint32_t place,
                        uint32_t document, struct as_typed *typed)
{
    struct typed_word *word = NULL;
    lupe_status status = word_open(plan, group, place, &word);
    if (status == LUPE_OK)
        status = word_look(plan, group, word, place, document, typed);
    word_close(word);
    return status;
}

struct as_typed_look {
    const struct plan *plan;
    unsigned groups;
    struct typed_word *words[]; /* [segment * groups + group]; NULL: not open yet */
};

lupe_status as_typed_begin(const struct plan *plan, struct as_typed_look **out)
{
    unsigned groups = 0;
    for (const struct plan_node *group = plan->typed; group; group = group->next_typed)
        groups++;
    size_t count = (size_t)groups * plan->view->catalogue.segment_count;
    struct as_typed_look *look = memory_zalloc(1, sizeof *look + count * sizeof look->words[0]);
    *out = look;
    if (!look)
        return fail_memory();
    look->plan = plan;
    look->groups = groups;
    return LUPE_OK;
}

void as_typed_end(struct as_typed_look *look)
{
    size_t count = look ? (size_t)look->groups * look->plan->view->catalogue.segment_count : 0;
    for (size_t i = 0; i < count; i++)
        word_close(look->words[i]);
    memory_free(look);
}

uint32_t as_typed_bound(const struct plan *plan)
{
    double bound = 0;
    for (const struct plan_node *group = plan->typed; group; group = group->next_typed)
        bound += TYPED_GAIN * (double)group->weight + 2; /* rounding */
    return bound < INT32_MAX ? (uint32_t)bound : INT32_MAX;
}

/* What one word adds to hits of one segment. */
static lupe_status word_apply(struct as_typed_look *look, const struct plan_node *group,
                              struct typed_word **word, struct search_hit **hits, size_t count)
{
    uint32_t place = hits[0]->segment;
    lupe_status status = LUPE_OK;
    if (!*word)
        TRY(word_open(look->plan, group, place, word));
    (*word)->reader.opened = false; /* it may have been further on */
    for (size_t i = 0; i < count && !(*word)->nowhere; i++) {
        struct as_typed typed;
        TRY(word_look(look->plan, group, *word, place, hits[i]->document, &typed));
        hits[i]->score += typed.more;
    }
out:
    return status;
}

lupe_status as_typed_apply(struct as_typed_look *look, struct ticker *ticker,
                           struct search_hit **hits, size_t count)
{
    lupe_status status = LUPE_OK;
    for (size_t first = 0, end; first < count; first = end) {
        struct typed_word **word = &look->words[(size_t)hits[first]->segment * look->groups];
        for (end = first + 1; end < count && hits[end]->segment == hits[first]->segment;)
            end++;
        for (const struct plan_node *group = look->plan->typed; group; group = group->next_typed) {
            TRY(ticker_ask(ticker)); /* long documents have many places */
            TRY(word_apply(look, group, word++, hits + first, end - first));
        }
    }
out:
    return status;
}
