/* SPDX-License-Identifier: MIT
 *
 * evaluate_fresh.c - documents that have a required word only in what stands beside its list: as a
 * part of a compound, as the joined form of a hyphen word. They are few: each is looked for in the
 * other words.
 */
#include "query/evaluate.h"

/* Candidates of a block, with their scores so far. */
struct candidates {
    uint32_t documents[BLOCK_DOCUMENTS + 16];
    uint32_t scores[BLOCK_DOCUMENTS + 16];
    unsigned count;
};

/* Adds the shares that a leaf has for candidates and marks those it has. */
static lupe_status add_and_mark(struct leaf *leaf, struct candidates *candidates,
                                uint8_t has[BLOCK_DOCUMENTS])
{
    uint8_t candidate_at[BLOCK_DOCUMENTS], document_at[BLOCK_DOCUMENTS];
    lupe_status status = LUPE_OK;
    for (unsigned next = 0, found = 0; next < candidates->count;) {
        TRY(leaf_match(leaf, candidates->documents, candidates->count, &next, candidate_at,
                       document_at, &found));
        if (found == 0)
            continue;
        if (leaf->scored)
            TRY(leaf_add_shares(leaf, candidates->documents, candidate_at, document_at, found,
                                candidates->scores));
        for (unsigned i = 0; i < found; i++)
            has[candidate_at[i]] = 1;
    }
out:
    return status;
}

/* Keeps the candidates that a word has, in its list or beside it. */
static lupe_status require_word(const struct word_leaves *word, struct candidates *candidates)
{
    uint8_t has[BLOCK_DOCUMENTS] = {0};
    unsigned kept = 0;
    lupe_status status = LUPE_OK;
    TRY(add_and_mark(word->leaf, candidates, has));
    if (word->more)
        TRY(add_and_mark(word->more, candidates, has));
    for (unsigned i = 0; i < candidates->count; i++) {
        candidates->documents[kept] = candidates->documents[i];
        candidates->scores[kept] = candidates->scores[i];
        kept += has[i];
    }
    candidates->count = kept;
out:
    return status;
}

/* The documents that any word has freshly, as bits: in order and each once, however many words have
 * them. */
static lupe_status fresh_bits(const struct word_leaves *words, unsigned word_count,
                              uint32_t documents, uint64_t **bits)
{
    *bits = memory_zalloc((size_t)documents / 64 + 1, sizeof **bits);
    if (!*bits)
        return fail_memory();
    for (unsigned w = 0; w < word_count; w++)
        for (uint32_t i = 0; i < words[w].fresh_count; i++)
            (*bits)[words[w].fresh[i] / 64] |= (uint64_t)1 << words[w].fresh[i] % 64;
    return LUPE_OK;
}

/* Moves the next BLOCK_DOCUMENTS documents from the bits to the candidates, at most; *next is the
 * first of the bits' words that may have any. */
static void take_candidates(uint64_t *bits, uint32_t documents, uint32_t *next,
                            struct candidates *candidates)
{
    candidates->count = 0;
    for (; *next <= documents / 64; ++*next)
        for (; bits[*next]; bits[*next] &= bits[*next] - 1) {
            if (candidates->count == BLOCK_DOCUMENTS)
                return;
            candidates->documents[candidates->count] =
                *next * 64 + (unsigned)__builtin_ctzll(bits[*next]);
            candidates->scores[candidates->count++] = 0;
        }
}

static void rewind_all(const struct word_leaves *words, unsigned word_count, struct leaf **optional,
                       unsigned optional_count, struct leaf **excluded, unsigned excluded_count)
{
    for (unsigned w = 0; w < word_count; w++) {
        leaf_rewind(words[w].leaf);
        if (words[w].more)
            leaf_rewind(words[w].more);
    }
    leaves_rewind(optional, optional_count);
    leaves_rewind(excluded, excluded_count);
}

lupe_status evaluate_fresh(struct evaluation *evaluation, const struct word_leaves *words,
                           unsigned word_count, struct leaf **optional, unsigned optional_count,
                           struct leaf **excluded, unsigned excluded_count, bool collects,
                           uint64_t *count)
{
    struct candidates candidates;
    uint64_t *bits = NULL;
    uint32_t next = 0;
    lupe_status status = LUPE_OK;
    evaluation->unordered = true;
    TRY(fresh_bits(words, word_count, evaluation->documents, &bits));
    rewind_all(words, word_count, optional, optional_count, excluded, excluded_count);
    for (;;) {
        take_candidates(bits, evaluation->documents, &next, &candidates);
        if (candidates.count == 0)
            break;
        for (unsigned w = 0; w < word_count && candidates.count; w++) {
            TRY(ticker_tick(evaluation->ticker));
            TRY(require_word(&words[w], &candidates));
        }
        for (unsigned e = 0; e < excluded_count && candidates.count; e++)
            TRY(leaf_exclude(excluded[e], candidates.documents, candidates.scores,
                             &candidates.count));
        for (unsigned o = 0; o < optional_count && candidates.count; o++) {
            TRY(ticker_tick(evaluation->ticker));
            TRY(leaf_add_optional(optional[o], candidates.documents, candidates.scores,
                                  candidates.count));
        }
        for (unsigned i = 0; count && i < candidates.count; i++)
            *count += live_has(&evaluation->segment->live, candidates.documents[i]);
        if (collects)
            TRY(evaluation_emit(evaluation, candidates.documents, candidates.scores,
                                candidates.count));
    }
out:
    memory_free(bits);
    return status;
}
