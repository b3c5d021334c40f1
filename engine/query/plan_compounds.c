/* SPDX-License-Identifier: MIT
 *
 * plan_compounds.c - see plan_compounds.h. The weights were chosen by half the queries of the
 * relevance sets and checked with the others (bench/DECISIONS.md).
 */
#include "query/plan_compounds.h"

#include "query/schema.h"
#include "query/weights.h"
#include "query/word_form.h"

/* ---- the parts of a compound */

/* One way to put a compound's parts together, cut behind the parts whose bits of cuts are set.
 * Nothing when the index lacks one of the words. */
static lupe_status add_reading(struct plan *plan, struct plan_node *group, unsigned cuts,
                               double *gain)
{
    const struct word_form *form = group->form;
    struct plan_variant *variant = &group->variants[group->variant_count];
    unsigned parts = form->part_count;
    uint8_t key[KEY_BYTES_MAX];
    double sum = 0;
    uint64_t least = UINT64_MAX;
    lupe_status status = LUPE_OK;
    variant->terms = arena_alloc(&plan->arena, parts * sizeof *variant->terms);
    variant->offsets = arena_alloc(&plan->arena, parts * sizeof *variant->offsets);
    if (!variant->terms || !variant->offsets)
        return fail_memory();
    variant->count = 0;
    for (unsigned first = 0, last = 0; last < parts; last++) {
        struct plan_term *found = NULL;
        if (last + 1 < parts && !(cuts >> last & 1))
            continue;
        const struct query_term *term = &form->parts[first * parts + last];
        TRY(plan_term(plan, key, key_make(key, LIST_WORDS, term->bytes, term->size), &found));
        if (found->frequency == 0)
            return LUPE_OK;
        least = found->frequency < least ? found->frequency : least;
        sum += plan_idf(plan, found->frequency);
        variant->terms[variant->count] = found;
        variant->offsets[variant->count++] = 0;
        first = last + 1;
    }
    if (least > READING_DOCUMENTS_MAX)
        return LUPE_OK;
    variant->exact = NULL;
    variant->near = (uint32_t)PARTS_NEAR;
    variant->weight = (float)PARTS_WEIGHT;
    group->variant_count++;
    *gain = sum > *gain ? sum : *gain;
out:
    return status;
}

lupe_status plan_add_readings(struct plan *plan, struct plan_node *group)
{
    unsigned parts = group->form->part_count;
    double gain = 0;
    lupe_status status = LUPE_OK;
    if (plan->view->catalogue.flags & LUPE_WITHOUT_POSITIONS)
        return LUPE_OK;
    group->variants = arena_alloc(&plan->arena, (parts + 1) * sizeof *group->variants);
    if (!group->variants)
        return fail_memory();
    for (unsigned cut = 0; cut + 1 < parts; cut++)
        TRY(add_reading(plan, group, 1u << cut, &gain));
    if (parts > 2)
        TRY(add_reading(plan, group, (1u << (parts - 1)) - 1, &gain));
    /* A compound nobody has written counts what its parts would. */
    if (group->variant_count && group->members[0].term->frequency == 0) {
        group->gain = gain * group->boost;
        group->frequency = 0;
    }
out:
    return status;
}

/* ---- neighbours */

/* What neighbours count, in parts of the rarer one. */
struct neighbours {
    double join_gain; /* of a compound they join to */
    double pair_gain; /* otherwise, where they are near each other */
};

struct join {
    struct members members;
    uint64_t frequency;
};

/* What a first word with its linking letters and a second one, stemmed, are together; false when
 * that is too long. */
static bool join_key(const struct query_term *first, const struct query_term *second,
                     uint8_t word[TERM_BYTES_MAX], struct query_term *term)
{
    if (first->size + second->size > TERM_BYTES_MAX)
        return false;
    memcpy(word, first->bytes, first->size);
    memcpy(word + first->size, second->bytes, second->size);
    *term = (struct query_term){word, first->size + second->size};
    return true;
}

/* What a word is joined by; it stays NULL where there are no analyzers to tell. */
static lupe_status join_make(struct plan *plan, struct plan_node *word)
{
    const struct lupe_query *query = plan->query;
    lupe_status status = LUPE_OK;
    if (word->join || !query->host)
        return LUPE_OK;
    if (!plan->schema)
        TRY(query->host->take(query->index, &plan->schema));
    struct analyzer *analyzer = schema_splitter(plan->schema);
    struct word_join *join = arena_alloc(&plan->arena, sizeof *join);
    if (!join)
        return fail_memory();
    if (analyzer) {
        TRY(word_join_make(&plan->arena, analyzer, word->term, word->form, join));
        word->join = join;
    }
out:
    return status;
}

/* The stems of a second word: by itself, and as the end of a longer one where that differs. */
static unsigned join_tails(const struct plan_node *second, const struct query_term *tails[2])
{
    const struct query_term *tail = &second->join->tail;
    tails[0] = second->term;
    tails[1] = tail;
    return tail->size && (tail->size != second->term->size ||
                          memcmp(tail->bytes, second->term->bytes, tail->size) != 0)
               ? 2
               : 1;
}

/* Asks for all that two words may be joined to in this order, so that it is waited for once. */
static lupe_status join_begin(struct plan *plan, const struct plan_node *first,
                              const struct plan_node *second)
{
    uint8_t word[TERM_BYTES_MAX], key[KEY_BYTES_MAX];
    const struct query_term *tails[2];
    unsigned tail_count = join_tails(second, tails);
    struct query_term term;
    struct plan_term *own;
    lupe_status status = LUPE_OK;
    for (uint32_t f = 0; f < first->join->first_count; f++)
        for (unsigned t = 0; t < tail_count; t++)
            if (join_key(&first->join->firsts[f], tails[t], word, &term))
                TRY(plan_begin(plan, key, key_make(key, LIST_WORDS, term.bytes, term.size), &own));
out:
    return status;
}

/* What two words are joined to, in this order. */
static lupe_status join_in_order(struct plan *plan, struct join *join,
                                 const struct plan_node *first, const struct plan_node *second)
{
    uint8_t word[TERM_BYTES_MAX], key[KEY_BYTES_MAX];
    const struct query_term *tails[2];
    unsigned tail_count = join_tails(second, tails);
    struct query_term term;
    lupe_status status = LUPE_OK;
    for (uint32_t f = 0; f < first->join->first_count; f++)
        for (unsigned t = 0; t < tail_count; t++) {
            struct plan_term *own = NULL;
            uint64_t frequency = 0;
            bool is_part;
            if (!join_key(&first->join->firsts[f], tails[t], word, &term))
                continue;
            TRY(plan_term(plan, key, key_make(key, LIST_WORDS, term.bytes, term.size), &own));
            if (own->frequency == 0)
                continue;
            TRY(plan_add_word(plan, &term, own, &join->members, &frequency, &is_part));
            join->frequency += own->frequency;
        }
out:
    return status;
}

/* The places where two words stand near each other, for the best hits only. */
static lupe_status note_near(struct plan *plan, const struct plan_node *first,
                             const struct plan_node *second, bool joined, struct plan_node *group)
{
    uint8_t key[KEY_BYTES_MAX];
    const struct query_term *terms[2] = {first->term, second->term};
    lupe_status status = LUPE_OK;
    struct plan_variant *later = arena_alloc(&plan->arena, sizeof *later);
    if (!later)
        return fail_memory();
    *later = (struct plan_variant){.count = 2,
                                   .near = (uint32_t)(joined ? WORDS_NEAR : PAIR_NEAR),
                                   .weight = (float)(joined ? WORDS_WEIGHT : PAIR_WEIGHT),
                                   .ordered = joined};
    later->terms = arena_alloc(&plan->arena, 2 * sizeof *later->terms);
    if (!later->terms)
        return fail_memory();
    for (unsigned i = 0; i < 2; i++) {
        TRY(plan_term(plan, key, key_make(key, LIST_WORDS, terms[i]->bytes, terms[i]->size),
                      &later->terms[i]));
        if (later->terms[i]->frequency == 0)
            return LUPE_OK;
    }
    if (later->terms[0] != later->terms[1]) {
        group->later = later;
        group->next_later = plan->later;
        plan->later = group;
    }
out:
    return status;
}

static lupe_status join_two(struct plan *plan, const struct neighbours *neighbours, unsigned i,
                            unsigned next, struct plan_node *boolean)
{
    struct plan_node *first = boolean->children[i], *second = boolean->children[next];
    double least = first->gain < second->gain ? first->gain : second->gain;
    struct join join = {{0}, 0};
    bool near = plan->request->k && !(plan->view->catalogue.flags & LUPE_WITHOUT_POSITIONS) &&
                !(plan->request->flags & LUPE_SEARCH_WITHOUT_PROXIMITY);
    lupe_status status = LUPE_OK;
    if (first->is_part && second->is_part) {
        TRY(join_make(plan, first));
        TRY(join_make(plan, second));
    }
    if (first->join && second->join) {
        if (next == i + 1)
            TRY(join_begin(plan, first, second));
        TRY(join_begin(plan, second, first));
        if (next == i + 1)
            TRY(join_in_order(plan, &join, first, second));
        TRY(join_in_order(plan, &join, second, first));
    }
    double gain = (join.frequency ? neighbours->join_gain : neighbours->pair_gain) * least;
    if (!(gain > 0) || !(join.frequency || near))
        goto out;
    struct plan_node *group = arena_alloc(&plan->arena, sizeof *group);
    if (!group)
        return fail_memory();
    *group = (struct plan_node){.kind = PLAN_GROUP,
                                .field = -1,
                                .gain = gain,
                                .boost = gain / least,
                                .two = {first, second},
                                .members = join.members.items,
                                .member_count = join.members.count};
    if (near)
        TRY(note_near(plan, first, second, join.frequency, group));
    if (join.frequency) {
        boolean->children[boolean->child_count] = group;
        boolean->occurs[boolean->child_count++] = OCCUR_SHOULD;
    }
out:
    return status;
}

/* Whether a clause is a word that may be joined to another. */
static bool may_join(const struct plan_node *boolean, unsigned i)
{
    const struct plan_node *node = boolean->children[i];
    return boolean->occurs[i] != OCCUR_NOT && node->form && !node->form->is_function_word &&
           node->form->folded.size >= JOIN_WORD_BYTES_MIN;
}

static lupe_status join_neighbours(struct plan *plan, const struct neighbours *neighbours,
                                   struct plan_node *boolean)
{
    unsigned count = boolean->child_count;
    struct plan_node more = *boolean;
    lupe_status status = LUPE_OK;
    more.children = arena_alloc(&plan->arena, 2 * (size_t)count * sizeof *more.children + 8);
    more.occurs = arena_alloc(&plan->arena, 2 * (size_t)count * sizeof *more.occurs + 8);
    if (!more.children || !more.occurs)
        return fail_memory();
    memcpy(more.children, boolean->children, count * sizeof *more.children);
    memcpy(more.occurs, boolean->occurs, count * sizeof *more.occurs);
    for (unsigned i = 0; i + 1 < count && plan->neighbours < NEIGHBOURS_MAX; i++) {
        unsigned next = i + 1;
        while (next + 1 < count && next - i <= NEIGHBOURS_BETWEEN &&
               boolean->children[next]->form && boolean->children[next]->form->is_function_word)
            next++;
        if (!may_join(boolean, i) || !may_join(boolean, next))
            continue;
        plan->neighbours++;
        TRY(join_two(plan, neighbours, i, next, &more));
    }
    *boolean = more;
out:
    return status;
}

/* ---- words as they were typed */

/* Notes the words that a second look is taken at, for the form in which they were typed. */
static void note_typed(struct plan *plan, const struct plan_node *boolean)
{
    if (plan->request->flags & LUPE_SEARCH_WITHOUT_FORMS)
        return;
    for (unsigned i = boolean->child_count; i-- > 0;) {
        struct plan_node *node = boolean->children[i];
        if (boolean->occurs[i] == OCCUR_NOT || !node->own || node->own->frequency == 0 ||
            (node->form && node->form->is_function_word))
            continue;
        node->next_typed = plan->typed;
        plan->typed = node;
    }
}

/* ---- all words of a query */

/* Words that carry a topic, and words of grammar. */
struct word_counts {
    unsigned content;
    unsigned function;
};

static void count_word(struct word_counts *words, const struct word_form *form)
{
    words->content += form && !form->is_function_word;
    words->function += form && form->is_function_word;
}

static bool is_sentence(const struct word_counts *words)
{
    return words->content >= SENTENCE_CONTENT_WORDS_MIN &&
           words->function >= SENTENCE_FUNCTION_WORDS_MIN;
}

/* One word alone is ranked alike whatever k1 is: scores of it stay BM25's. */
double plan_k1(const struct search_request *request, const struct node *root)
{
    struct word_counts words = {0, 0};
    if (!request->k1_by_query || !root)
        return request->k1;
    for (uint32_t i = 0; i < root->clause_count; i++) {
        const struct node *node = root->clauses[i].node;
        if (root->clauses[i].occur != OCCUR_NOT && node->kind == NODE_SEQUENCE &&
            node->element_count == 1)
            count_word(&words, node->elements[0].form);
    }
    if (words.content < CONTENT_WORDS_MIN)
        return request->k1;
    return request->k1 * (is_sentence(&words) ? SENTENCE_K1 : WORDS_K1);
}

lupe_status plan_relate_words(struct plan *plan, struct plan_node *boolean)
{
    struct neighbours neighbours = {JOIN_GAIN, PAIR_GAIN};
    struct word_counts words = {0, 0};
    for (unsigned i = 0; i < boolean->child_count; i++)
        if (boolean->occurs[i] != OCCUR_NOT)
            count_word(&words, boolean->children[i]->form);
    if (words.content >= CONTENT_WORDS_MIN &&
        !(plan->request->flags & LUPE_SEARCH_WITHOUT_SENTENCES)) {
        for (unsigned i = 0; i < boolean->child_count; i++) {
            struct plan_node *node = boolean->children[i];
            if (node->form && node->form->is_function_word) {
                node->gain *= FUNCTION_WORD_GAIN;
                node->boost *= FUNCTION_WORD_GAIN;
            }
        }
        if (is_sentence(&words))
            neighbours = (struct neighbours){JOIN_GAIN_SENTENCE, PAIR_GAIN_SENTENCE};
    }
    if (words.content >= CONTENT_WORDS_MIN)
        note_typed(plan, boolean);
    return words.content > 1 ? join_neighbours(plan, &neighbours, boolean) : LUPE_OK;
}
