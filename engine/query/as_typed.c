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

static uint32_t typed_share(const struct plan *plan, const struct plan_node *group, uint32_t place,
                            uint32_t document, uint32_t places)
{
    if (places == 0)
        return 0;
    return score_share((float)TYPED_GAIN * group->weight, (float)places,
                       plan->scratch->factors[plan->view->segments[place]->norms[document]]);
}

/* Of a word that was sought in the document. */
static lupe_status word_look(const struct plan *plan, const struct plan_node *group,
                             struct typed_word *word, uint32_t place, uint32_t document,
                             struct as_typed *typed)
{
    lupe_status status = LUPE_OK;
    *typed = (struct as_typed){word->reader.tf, 0};
    if (typed->places && !word->any_form)
        TRY(exact_count(&word->forms, &word->reader.block, word->reader.at, &typed->places));
    typed->more = typed_share(plan, group, place, document, typed->places);
out:
    return status;
}

static lupe_status word_seek(struct typed_word *word, uint32_t document)
{
    word->reader.tf = 0;
    return word->nowhere ? LUPE_OK : reader_seek(&word->reader, document);
}

lupe_status as_typed_of(const struct plan *plan, const struct plan_node *group, uint32_t place,
                        uint32_t document, struct as_typed *typed)
{
    struct typed_word *word = NULL;
    lupe_status status = word_open(plan, group, place, &word);
    if (status == LUPE_OK)
        status = word_seek(word, document);
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

/* The words in a segment, from its first documents on. */
static lupe_status words_open(struct as_typed_look *look, uint32_t place,
                              struct typed_word ***words)
{
    lupe_status status = LUPE_OK;
    struct typed_word **word = &look->words[(size_t)place * look->groups];
    *words = word;
    for (const struct plan_node *group = look->plan->typed; group;
         group = group->next_typed, word++) {
        if (!*word)
            TRY(word_open(look->plan, group, place, word));
        (*word)->reader.opened = false; /* it may have been further on */
    }
out:
    return status;
}

/* Forms are read where all places of the words together might lift the hit to the least score. */
static lupe_status hit_apply(const struct as_typed_look *look, struct typed_word **words,
                             struct search_hit *hit, uint32_t least)
{
    const struct plan *plan = look->plan;
    struct typed_word **word = words;
    uint64_t most = hit->score;
    lupe_status status = LUPE_OK;
    for (const struct plan_node *group = plan->typed; group; group = group->next_typed, word++) {
        TRY(word_seek(*word, hit->document));
        most += typed_share(plan, group, hit->segment, hit->document, (*word)->reader.tf);
    }
    if (most < least)
        return LUPE_OK;
    word = words;
    for (const struct plan_node *group = plan->typed; group; group = group->next_typed, word++) {
        struct as_typed typed;
        TRY(word_look(plan, group, *word, hit->segment, hit->document, &typed));
        hit->score += typed.more;
    }
out:
    return status;
}

lupe_status as_typed_apply(struct as_typed_look *look, struct ticker *ticker,
                           struct search_hit **hits, size_t count, uint32_t least)
{
    struct typed_word **words = NULL;
    lupe_status status = LUPE_OK;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || hits[i]->segment != hits[i - 1]->segment)
            TRY(words_open(look, hits[i]->segment, &words));
        TRY(ticker_ask(ticker)); /* long documents have many places */
        TRY(hit_apply(look, words, hits[i], least));
    }
out:
    return status;
}
