/* SPDX-License-Identifier: MIT
 *
 * proximity.c - see proximity.h.
 */
#include "query/proximity.h"

#include "query/reader.h"
#include "query/score.h"

unsigned keep_near(uint32_t *places, unsigned count, const uint32_t *positions,
                   unsigned position_count, uint32_t near)
{
    unsigned kept = 0, next = 0;
    for (unsigned i = 0; i < count; i++) {
        while (next < position_count && positions[next] + near < places[i])
            next++;
        if (next < position_count && positions[next] <= places[i] + near)
            places[kept++] = places[i];
    }
    return kept;
}

/* How many of ascending places have one of the positions at most so far before or behind. */
static unsigned count_between(const uint32_t *places, unsigned count, const uint32_t *positions,
                              unsigned position_count, uint32_t before, uint32_t behind)
{
    unsigned found = 0, next = 0;
    for (unsigned i = 0; i < count; i++) {
        while (next < position_count && positions[next] + before < places[i])
            next++;
        found += next < position_count && positions[next] <= places[i] + behind;
    }
    return found;
}

/* A word of a segment, with what was read of it for a document: neighbours share it. */
struct near_term {
    const struct plan_term *term;
    struct reader reader;
    uint32_t document;
    bool sought; /* the document was */
    bool placed; /* and its positions were read */
};

struct near_terms {
    struct near_term *items;
    unsigned count;
};

/* Two words, the rarer first. */
struct near_words {
    struct near_term *terms[2]; /* NULL: the segment has not both */
    uint32_t before;            /* how far the second may be */
    uint32_t behind;
};

static lupe_status term_seek(struct near_term *term, uint32_t document)
{
    if (term->sought && term->document == document)
        return LUPE_OK;
    term->sought = true;
    term->placed = false;
    term->document = document;
    return reader_seek(&term->reader, document);
}

static lupe_status term_place(struct near_term *term)
{
    if (term->placed)
        return LUPE_OK;
    term->placed = true;
    return reader_positions(&term->reader);
}

/* How often the two words stand near each other: places of the first, which is the rarer one. */
static lupe_status near_count(const struct near_words *words, uint32_t document, unsigned *count)
{
    struct reader *first = &words->terms[0]->reader, *second = &words->terms[1]->reader;
    lupe_status status = LUPE_OK;
    *count = 0;
    for (unsigned w = 0; w < 2; w++) {
        TRY(term_seek(words->terms[w], document));
        if (words->terms[w]->reader.tf == 0)
            return LUPE_OK;
    }
    for (unsigned w = 0; w < 2; w++)
        TRY(term_place(words->terms[w]));
    *count = count_between(first->positions, first->tf, second->positions, second->tf,
                           words->before, words->behind);
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

static void terms_close(struct near_terms *terms)
{
    for (unsigned t = 0; t < terms->count; t++)
        reader_free(&terms->items[t].reader);
    memory_free(terms->items);
}

/* The word of a term, which is new or known. */
static struct near_term *terms_add(struct near_terms *terms, const struct plan_term *term,
                                   uint32_t place)
{
    for (unsigned t = 0; t < terms->count; t++)
        if (terms->items[t].term == term)
            return &terms->items[t];
    struct near_term *item = &terms->items[terms->count++];
    item->term = term;
    item->reader.list = term->lists[place];
    return item;
}

/* The words of a group in a segment; terms have room for two more. */
static struct near_words words_open(const struct plan_node *group, uint32_t place,
                                    struct near_terms *terms)
{
    const struct plan_variant *later = group->later;
    const struct list *first = later->terms[0]->lists[place];
    const struct list *second = later->terms[1]->lists[place];
    struct near_words words = {{NULL, NULL}, 0, 0};
    if (!first || !second)
        return words;
    bool swapped = second->frequency < first->frequency;
    words.terms[0] = terms_add(terms, later->terms[swapped], place);
    words.terms[1] = terms_add(terms, later->terms[!swapped], place);
    words.before = later->ordered && !swapped ? 0 : later->near;
    words.behind = later->ordered && swapped ? 0 : later->near;
    return words;
}

static lupe_status nearness_of(const struct plan *plan, const struct plan_node *group,
                               const struct near_words *words, uint32_t place, uint32_t document,
                               struct nearness *out)
{
    lupe_status status = LUPE_OK;
    *out = (struct nearness){0};
    if (words->terms[0])
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

static lupe_status terms_open(unsigned groups, struct near_terms *terms)
{
    terms->count = 0;
    terms->items = memory_zalloc(2 * (size_t)groups, sizeof *terms->items);
    return terms->items ? LUPE_OK : fail_memory();
}

lupe_status proximity_of(const struct plan *plan, const struct plan_node *group, uint32_t place,
                         uint32_t document, struct nearness *nearness)
{
    struct near_terms terms;
    lupe_status status = LUPE_OK;
    TRY(terms_open(1, &terms));
    struct near_words words = words_open(group, place, &terms);
    status = nearness_of(plan, group, &words, place, document, nearness);
    terms_close(&terms);
out:
    return status;
}

lupe_status proximity_apply(const struct plan *plan, struct ticker *ticker,
                            struct search_hit **hits, size_t count)
{
    uint32_t place = hits[0]->segment;
    struct near_terms terms;
    unsigned groups = 0, g = 0;
    lupe_status status = LUPE_OK;
    for (const struct plan_node *group = plan->later; group; group = group->next_later)
        groups++;
    struct near_words *words = memory_alloc(groups * sizeof *words);
    if (!words)
        return fail_memory();
    status = terms_open(groups, &terms);
    if (status) {
        memory_free(words);
        return status;
    }
    for (const struct plan_node *group = plan->later; group; group = group->next_later)
        words[g++] = words_open(group, place, &terms);
    for (size_t i = 0; i < count; i++) {
        TRY(ticker_ask(ticker)); /* long documents have many places */
        g = 0;
        for (const struct plan_node *group = plan->later; group; group = group->next_later, g++) {
            struct nearness nearness;
            if (!words[g].terms[0])
                continue;
            TRY(nearness_of(plan, group, &words[g], place, hits[i]->document, &nearness));
            hits[i]->score += nearness.more;
        }
    }
out:
    terms_close(&terms);
    memory_free(words);
    return status;
}
