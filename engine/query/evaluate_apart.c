/* SPDX-License-Identifier: MIT
 *
 * evaluate_apart.c - documents that words of a query have in a few short lists besides their own:
 * as a part of a compound, as the joined form of a hyphen word, as what neighbours join to.
 *
 * They are few. Each is looked for in all words by itself, so that all others are evaluated as if
 * words had their lists alone: bounds that had to hold for a list and what stands beside it left
 * nothing out (a word without another one: 164 us instead of 17).
 */
#include "query/evaluate.h"

/* Candidates of a block, with their scores so far. */
struct candidates {
    uint32_t documents[BLOCK_DOCUMENTS + 16];
    uint32_t scores[BLOCK_DOCUMENTS + 16];
    uint8_t fresh[BLOCK_DOCUMENTS]; /* some required word's list has it not */
    unsigned count;
    bool scored; /* else scores stay 0 */
};

/* Adds all that a word gives candidates that are among its few documents, and marks them. */
static lupe_status add_apart(const struct word_leaves *word, struct candidates *candidates,
                             uint8_t has[BLOCK_DOCUMENTS], unsigned *found_all)
{
    uint8_t candidate_at[BLOCK_DOCUMENTS], document_at[BLOCK_DOCUMENTS];
    lupe_status status = LUPE_OK;
    for (unsigned next = 0, found = 0; next < candidates->count;) {
        TRY(leaf_match(word->apart, candidates->documents, candidates->count, &next, candidate_at,
                       document_at, &found));
        if (found == 0)
            continue;
        if (candidates->scored && word->apart->scored)
            TRY(leaf_add_shares(word->apart, candidates->documents, candidate_at, document_at,
                                found, candidates->scores));
        for (unsigned i = 0; i < found; i++) {
            has[candidate_at[i]] = 1;
            if (word->fresh)
                candidates->fresh[candidate_at[i]] |=
                    word->fresh[word->apart->number * BLOCK_DOCUMENTS + document_at[i]];
        }
        *found_all += found;
    }
out:
    return status;
}

/* Adds the list's shares to candidates that are not marked, and marks those it has. */
static lupe_status add_listed(struct leaf *leaf, struct candidates *candidates,
                              uint8_t has[BLOCK_DOCUMENTS])
{
    uint8_t candidate_at[BLOCK_DOCUMENTS], document_at[BLOCK_DOCUMENTS];
    bool scored = candidates->scored && leaf->scored;
    lupe_status status = LUPE_OK;
    for (unsigned next = 0, found = 0; next < candidates->count;) {
        unsigned kept = 0;
        TRY(leaf_match(leaf, candidates->documents, candidates->count, &next, candidate_at,
                       scored ? document_at : NULL, &found));
        for (unsigned i = 0; i < found; i++) {
            uint8_t at = candidate_at[i];
            candidate_at[kept] = at;
            document_at[kept] = scored ? document_at[i] : 0;
            kept += !has[at];
            has[at] = 1;
        }
        if (kept && scored)
            TRY(leaf_add_shares(leaf, candidates->documents, candidate_at, document_at, kept,
                                candidates->scores));
    }
out:
    return status;
}

static void keep_marked(struct candidates *candidates, const uint8_t has[BLOCK_DOCUMENTS])
{
    unsigned kept = 0;
    for (unsigned i = 0; i < candidates->count; i++) {
        candidates->documents[kept] = candidates->documents[i];
        candidates->scores[kept] = candidates->scores[i];
        candidates->fresh[kept] = candidates->fresh[i];
        kept += has[i];
    }
    candidates->count = kept;
}

static lupe_status add_word(const struct word_leaves *word, struct candidates *candidates)
{
    uint8_t has[BLOCK_DOCUMENTS] = {0};
    unsigned found = 0;
    lupe_status status = LUPE_OK;
    if (word->apart)
        TRY(add_apart(word, candidates, has, &found));
    if (word->leaf && found < candidates->count)
        TRY(add_listed(word->leaf, candidates, has));
    if (word->required)
        keep_marked(candidates, has);
out:
    return status;
}

/* ------------------------------------------------------------------ all words */

static uint64_t word_cost(const struct word_leaves *word)
{
    return (word->leaf ? (uint64_t)word->leaf->cost : 0) + (word->apart ? word->apart->cost : 0);
}

static uint32_t word_bound(const struct word_leaves *word)
{
    uint32_t listed = word->leaf ? word->leaf->bound : 0;
    uint32_t apart = word->apart ? word->apart->bound : 0;
    return listed > apart ? listed : apart;
}

/* Required words first, the rarest of them before the others; then what may add most. */
static bool word_is_before(const struct word_leaves *a, const struct word_leaves *b)
{
    if (a->required != b->required)
        return a->required;
    return a->required ? word_cost(a) < word_cost(b) : word_bound(a) > word_bound(b);
}

static void sort_words(struct word_leaves *words, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        struct word_leaves word = words[i];
        unsigned at = i;
        for (; at > 0 && word_is_before(&word, &words[at - 1]); at--)
            words[at] = words[at - 1];
        words[at] = word;
    }
}

static void rewind_all(const struct words *words)
{
    for (unsigned w = 0; w < words->count; w++) {
        if (words->items[w].leaf)
            leaf_rewind(words->items[w].leaf);
        if (words->items[w].apart)
            leaf_rewind(words->items[w].apart);
    }
    leaves_rewind(words->excluded, words->excluded_count);
}

/* Where the next of the documents apart is looked for. */
struct apart_place {
    uint32_t group; /* word of apart_words */
    uint64_t words; /* what is left of it */
    uint32_t word;  /* of apart_bits */
    uint64_t bits;  /* what is left of it */
};

/* Takes the next BLOCK_DOCUMENTS documents as candidates, at most. */
static void take_candidates(const struct words *words, uint32_t documents,
                            struct apart_place *place, struct candidates *candidates)
{
    uint32_t groups = documents / 64 / 64 + 1;
    candidates->count = 0;
    for (;;) {
        for (; place->bits; place->bits &= place->bits - 1) {
            if (candidates->count == BLOCK_DOCUMENTS)
                return;
            candidates->documents[candidates->count] =
                place->word * 64 + (unsigned)__builtin_ctzll(place->bits);
            candidates->fresh[candidates->count] = 0;
            candidates->scores[candidates->count++] = 0;
        }
        while (!place->words) {
            if (place->group == groups)
                return;
            place->words = words->apart_words[place->group++];
        }
        place->word = (place->group - 1) * 64 + (unsigned)__builtin_ctzll(place->words);
        place->words &= place->words - 1;
        place->bits = words->apart_bits[place->word];
    }
}

/* Keeps the candidates that some required word has only besides its list. */
static void keep_fresh(struct candidates *candidates)
{
    uint8_t fresh[BLOCK_DOCUMENTS];
    memcpy(fresh, candidates->fresh, candidates->count);
    keep_marked(candidates, fresh);
}

/* A block of candidates against all words. */
static lupe_status collect_block(struct evaluation *evaluation, const struct words *words,
                                 const uint32_t *rests, struct candidates *candidates)
{
    const struct score_kernels *kernels = score_kernels();
    uint32_t limit = evaluation_limit(evaluation);
    lupe_status status = LUPE_OK;
    for (unsigned w = 0; w < words->count && candidates->count; w++) {
        TRY(ticker_tick(evaluation->ticker));
        TRY(add_word(&words->items[w], candidates));
        if (limit && candidates->count)
            candidates->count = kernels->keep_above(candidates->documents, candidates->scores,
                                                    candidates->count, rests[w], limit);
    }
    for (unsigned e = 0; e < words->excluded_count && candidates->count; e++)
        TRY(leaf_exclude(words->excluded[e], candidates->documents, candidates->scores,
                         &candidates->count));
    TRY(evaluation_emit(evaluation, candidates->documents, candidates->scores, candidates->count));
out:
    return status;
}

/* How many of a block of candidates have all required words, of some only what stands besides. */
static lupe_status count_block(struct evaluation *evaluation, const struct words *words,
                               struct candidates *candidates, uint64_t *count)
{
    const struct live *live = &evaluation->segment->live;
    lupe_status status = LUPE_OK;
    for (unsigned w = 0; w < words->count && words->items[w].required && candidates->count; w++) {
        TRY(ticker_tick(evaluation->ticker));
        TRY(add_word(&words->items[w], candidates));
    }
    keep_fresh(candidates);
    for (unsigned e = 0; e < words->excluded_count && candidates->count; e++)
        TRY(leaf_exclude(words->excluded[e], candidates->documents, NULL, &candidates->count));
    for (unsigned i = 0; i < candidates->count; i++)
        *count += live_has(live, candidates->documents[i]);
out:
    return status;
}

/* What the words behind each of them add at most. */
static lupe_status rests_make(const struct words *words, uint32_t **rests)
{
    uint32_t rest = 0;
    *rests = memory_alloc(words->count * sizeof **rests);
    if (!*rests)
        return fail_memory();
    for (unsigned w = words->count; w-- > 0;) {
        (*rests)[w] = rest;
        rest += word_bound(&words->items[w]);
        rest = rest > INT32_MAX ? INT32_MAX : rest;
    }
    return LUPE_OK;
}

/* All candidates, block by block: counted, or handed out where count is NULL. */
static lupe_status evaluate_blocks(struct evaluation *evaluation, const struct words *words,
                                   const uint32_t *rests, uint64_t *count)
{
    struct candidates candidates = {.scored = !count};
    struct apart_place place = {0};
    lupe_status status = LUPE_OK;
    rewind_all(words);
    for (;;) {
        take_candidates(words, evaluation->documents, &place, &candidates);
        if (candidates.count == 0)
            break;
        TRY(count ? count_block(evaluation, words, &candidates, count)
                  : collect_block(evaluation, words, rests, &candidates));
    }
out:
    return status;
}

lupe_status evaluate_apart(struct evaluation *evaluation, const struct words *words, bool collects,
                           uint64_t *count)
{
    uint32_t *rests = NULL;
    lupe_status status = LUPE_OK;
    sort_words(words->items, words->count);
    if (count)
        TRY(evaluate_blocks(evaluation, words, NULL, count));
    if (!collects)
        return LUPE_OK;
    TRY(rests_make(words, &rests));
    evaluation->unordered = true;
    evaluation->skipped = NULL;
    TRY(evaluate_blocks(evaluation, words, rests, NULL));
out:
    evaluation->unordered = false;
    memory_free(rests);
    return status;
}
