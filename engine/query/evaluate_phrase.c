/* SPDX-License-Identifier: MIT
 *
 * evaluate_phrase.c - words in sequence.
 *
 * Documents that have all the words are found as in a conjunction, a block of the rarest word at a
 * time. A phrase occurs no more often than any of its words, so the least share of the words bounds
 * the phrase's: most candidates fall before their positions are read. Positions are then read word
 * by word, rarest first, for what is left of the block.
 */
#include <assert.h>

#include "query/evaluate.h"

/* Where a candidate stands in the list of one word. */
struct place {
    uint32_t block;
    uint8_t at;
    uint8_t mark; /* of the block, among those of the word */
};

/* Numbers by candidate: those of candidate i are [starts[i], starts[i + 1]) of items. */
struct numbers {
    uint32_t *items; /* grown as needed, readable 16 beyond */
    size_t capacity;
    uint32_t starts[BLOCK_DOCUMENTS + 1];
};

struct phrase_run {
    const struct phrase *phrase;
    struct leaf *lead; /* the rarest of the words and pairs */
    bool lead_is_word; /* the first one */
    struct evaluation *evaluation;
    unsigned count;           /* candidates of the lead's block */
    uint32_t *documents;      /* [BLOCK_DOCUMENTS + 16] */
    uint32_t *bounds;         /* highest share possible */
    struct place *places;     /* [word][BLOCK_DOCUMENTS] */
    struct block_mark *marks; /* [word][BLOCK_DOCUMENTS], as many as blocks have candidates */
    struct numbers matches;   /* places where the phrase may begin */
    struct numbers positions; /* of the word being looked at */
    unsigned (*follow)(uint32_t *, unsigned, const uint32_t *, unsigned, uint32_t);
    struct block block;
};

static void phrase_run_free(struct phrase_run *run)
{
    memory_free(run->documents);
    memory_free(run->bounds);
    memory_free(run->places);
    memory_free(run->marks);
    memory_free(run->matches.items);
    memory_free(run->positions.items);
    memory_free(run);
}

static lupe_status phrase_run_new(const struct phrase *phrase, struct evaluation *evaluation,
                                  struct phrase_run **out)
{
    struct phrase_run *run = memory_zalloc(1, sizeof *run);
    *out = NULL;
    if (!run)
        return fail_memory();
    run->phrase = phrase;
    run->lead = phrase->leaves[0];
    if (phrase->filter_count && phrase->filters[0]->cost < run->lead->cost)
        run->lead = phrase->filters[0];
    run->lead_is_word = run->lead == phrase->leaves[0];
    run->evaluation = evaluation;
    run->follow = intersect_kernels()->follow;
    run->documents = memory_alloc((BLOCK_DOCUMENTS + 16) * sizeof *run->documents);
    run->bounds = memory_alloc((BLOCK_DOCUMENTS + 16) * sizeof *run->bounds);
    run->places = memory_alloc(phrase->count * BLOCK_DOCUMENTS * sizeof *run->places);
    run->marks = memory_alloc(phrase->count * BLOCK_DOCUMENTS * sizeof *run->marks);
    if (!run->documents || !run->bounds || !run->places || !run->marks) {
        phrase_run_free(run);
        return fail_memory();
    }
    *out = run;
    return LUPE_OK;
}

/* Drops candidates whose bound is not above the limit; places move along. */
static void keep_candidates(struct phrase_run *run, unsigned words, uint32_t limit)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < run->count; i++) {
        if (run->bounds[i] <= limit)
            continue;
        if (kept != i) {
            run->documents[kept] = run->documents[i];
            run->bounds[kept] = run->bounds[i];
            for (unsigned w = 0; w < words; w++)
                run->places[w * BLOCK_DOCUMENTS + kept] = run->places[w * BLOCK_DOCUMENTS + i];
        }
        kept++;
    }
    run->count = kept;
}

/* Keeps the candidates that the leaf has too and lowers their bounds. Of the first `words` words
 * the places move along; where the leaf is the next word (is_word) its places are taken down. */
static lupe_status narrow(struct phrase_run *run, struct leaf *leaf, unsigned words, bool is_word,
                          bool bounded)
{
    uint8_t candidate_at[BLOCK_DOCUMENTS], document_at[BLOCK_DOCUMENTS];
    uint32_t shares[BLOCK_DOCUMENTS];
    struct place *here = run->places + words * BLOCK_DOCUMENTS;
    struct block_mark *marks = run->marks + words * BLOCK_DOCUMENTS;
    unsigned kept = 0, mark_count = 0;
    lupe_status status = LUPE_OK;
    for (unsigned next = 0; next < run->count;) {
        unsigned found = 0;
        TRY(leaf_match(leaf, run->documents, run->count, &next, candidate_at,
                       is_word || bounded ? document_at : NULL, &found));
        if (found == 0)
            continue;
        if (bounded) {
            for (unsigned i = 0; i < found; i++)
                shares[candidate_at[i]] = 0;
            TRY(leaf_add_shares(leaf, run->documents, candidate_at, document_at, found, shares));
        } else if (is_word) {
            block_prefetch_positions(leaf->list, &leaf->block);
        }
        for (unsigned i = 0; i < found; i++) {
            unsigned from = candidate_at[i];
            uint32_t bound = run->bounds[from];
            if (bounded && shares[from] < bound)
                bound = shares[from];
            run->documents[kept] = run->documents[from];
            run->bounds[kept] = bound;
            for (unsigned before = 0; before < words; before++)
                run->places[before * BLOCK_DOCUMENTS + kept] =
                    run->places[before * BLOCK_DOCUMENTS + from];
            if (is_word)
                here[kept] = (struct place){leaf->number, document_at[i], (uint8_t)mark_count};
            kept++;
        }
        if (is_word)
            marks[mark_count++] = block_mark(&leaf->block);
    }
    run->count = kept;
out:
    return status;
}

/* Positions of a document that stands alone in its block: with tf 1 its first position is all, and
 * nothing else of the block is decoded. *done is false when that is not so. */
static lupe_status read_single(const struct list *list, struct block *block, uint8_t at,
                               struct numbers *out, size_t place, bool *done)
{
    uint32_t tf = 0;
    *done = false;
    if (list->storage != ENTRY_LIST || block->tfs_read || out->capacity < place + 17)
        return LUPE_OK;
    lupe_status status = block_tf(list, block, at, &tf);
    if (status || tf != 1)
        return status;
    *done = true;
    return block_first_position(list, block, at, out->items + place);
}

/* Reads the positions of all candidates in the list of word w, block by block. */
static lupe_status read_positions(struct phrase_run *run, unsigned w, struct numbers *out)
{
    struct leaf *leaf = run->phrase->leaves[w];
    const struct place *places = run->places + w * BLOCK_DOCUMENTS;
    size_t done = 0;
    lupe_status status = LUPE_OK;
    for (unsigned i = 0; i < run->count;) {
        uint8_t index[BLOCK_DOCUMENTS];
        unsigned n = 0, first = i;
        uint32_t number = places[i].block;
        bool single = false;
        for (; i < run->count && places[i].block == number; i++)
            index[n++] = places[i].at;
        struct block *block = &leaf->block;
        if (leaf->number != number) {
            block = &run->block;
            block_return(block, &run->marks[w * BLOCK_DOCUMENTS + places[first].mark]);
        }
        out->starts[first] = (uint32_t)done;
        if (n == 1)
            TRY(read_single(leaf->list, block, index[0], out, done, &single));
        if (single) {
            done++;
            continue;
        }
        TRY(block_read_tfs(leaf->list, block));
        for (unsigned j = 0; j < n; j++) {
            out->starts[first + j] = (uint32_t)done;
            done += block->tfs[index[j]];
        }
        TRY(block_positions(leaf->list, block, index, n, &out->items, &out->capacity,
                            out->starts[first]));
    }
    out->starts[run->count] = (uint32_t)done;
out:
    return status;
}

/* Moves candidate `from` with its matches [begin, begin + count) to place `to`. */
static void move_candidate(struct phrase_run *run, unsigned from, unsigned to, uint32_t begin,
                           uint32_t count)
{
    struct numbers *matches = &run->matches;
    uint32_t start = to ? matches->starts[to] : 0;
    if (start != begin)
        memmove(matches->items + start, matches->items + begin, count * sizeof *matches->items);
    matches->starts[to + 1] = start + count;
    run->documents[to] = run->documents[from];
    for (unsigned w = 1; w < run->phrase->count && to != from; w++)
        run->places[w * BLOCK_DOCUMENTS + to] = run->places[w * BLOCK_DOCUMENTS + from];
}

/* The rarest word's positions are where the phrase may begin ... */
static lupe_status match_first(struct phrase_run *run)
{
    struct numbers *matches = &run->matches;
    uint32_t offset = run->phrase->offsets[0];
    lupe_status status = read_positions(run, 0, matches);
    unsigned kept = 0;
    if (status || offset == 0)
        return status;
    uint32_t begin = 0;
    for (unsigned i = 0; i < run->count; i++) {
        uint32_t end = matches->starts[i + 1]; /* moving sets the starts up to here anew */
        while (begin < end && matches->items[begin] < offset)
            begin++;
        for (uint32_t p = begin; p < end; p++)
            matches->items[p] -= offset;
        if (begin < end)
            move_candidate(run, i, kept++, begin, end - begin);
        begin = end;
    }
    run->count = kept;
    return LUPE_OK;
}

/* ... and of those the ones that word w follows at its offset are kept. Words are looked at one
 * after the other, so that few candidates are left for the frequent ones. */
static lupe_status match_next(struct phrase_run *run, unsigned w)
{
    struct numbers *matches = &run->matches, *positions = &run->positions;
    unsigned kept = 0;
    lupe_status status = read_positions(run, w, positions);
    if (status)
        return status;
    uint32_t begin = 0;
    for (unsigned i = 0; i < run->count; i++) {
        uint32_t end = matches->starts[i + 1];
        unsigned count = run->follow(
            matches->items + begin, end - begin, positions->items + positions->starts[i],
            positions->starts[i + 1] - positions->starts[i], run->phrase->offsets[w]);
        if (count)
            move_candidate(run, i, kept++, begin, count);
        begin = end;
    }
    run->count = kept;
    return LUPE_OK;
}

/* From matches to frequencies, in run->bounds; drops what lies outside the field. */
static lupe_status count_matches(struct phrase_run *run)
{
    const struct phrase *phrase = run->phrase;
    unsigned kept = 0;
    for (unsigned i = 0; i < run->count; i++) {
        uint32_t begin = run->matches.starts[i];
        uint32_t frequency = run->matches.starts[i + 1] - begin;
        if (phrase->field >= 0) {
            lupe_status status = field_places(
                run->evaluation->segment, phrase->field_gap, phrase->field, run->documents[i],
                run->matches.items + begin, frequency, phrase->span, &frequency);
            if (status)
                return status;
        }
        run->documents[kept] = run->documents[i];
        run->bounds[kept] = frequency;
        kept += frequency > 0;
    }
    run->count = kept;
    return LUPE_OK;
}

/* Without positions: the candidates that have all words, with the least of their tfs. */
static lupe_status words_block(struct phrase_run *run)
{
    const struct phrase *phrase = run->phrase;
    lupe_status status = LUPE_OK;
    run->count = phrase->leaves[0]->count; /* which leads, as there are no pairs */
    TRY(block_read_tfs(phrase->leaves[0]->list, &phrase->leaves[0]->block));
    for (unsigned i = 0; i < run->count; i++) {
        run->documents[i] = phrase->leaves[0]->documents[i];
        run->bounds[i] = phrase->leaves[0]->block.tfs[i];
    }
    for (unsigned w = 1; w < phrase->count && run->count; w++) {
        struct leaf *leaf = phrase->leaves[w];
        bool found = true;
        for (unsigned i = 0; i < run->count; i++) {
            if (found)
                TRY(leaf_seek(leaf, run->documents[i], &found));
            if (!found || leaf->documents[leaf->next] != run->documents[i]) {
                run->bounds[i] = 0;
                continue;
            }
            TRY(block_read_tfs(leaf->list, &leaf->block));
            uint32_t tf = leaf->block.tfs[leaf->next];
            run->bounds[i] = tf < run->bounds[i] ? tf : run->bounds[i];
        }
        keep_candidates(run, 0, 0);
    }
out:
    return status;
}

/* The lead's open block as candidates: those that all pairs and all words have, with the places of
 * the words. */
static lupe_status find_candidates(struct phrase_run *run, uint32_t limit)
{
    const struct phrase *phrase = run->phrase;
    struct leaf *lead = run->lead;
    unsigned words = run->lead_is_word;
    bool bounded = limit > 0;
    lupe_status status = LUPE_OK;
    run->count = lead->count;
    memcpy(run->documents, lead->documents, lead->count * sizeof *run->documents);
    if (bounded) {
        TRY(leaf_score_block(lead));
        memcpy(run->bounds, lead->shares, lead->count * sizeof *run->bounds);
    } else {
        for (unsigned i = 0; i < lead->count; i++)
            run->bounds[i] = UINT32_MAX;
    }
    for (unsigned i = 0; i < lead->count && run->lead_is_word; i++)
        run->places[i] = (struct place){lead->number, (uint8_t)i, 0};
    if (bounded)
        keep_candidates(run, words, limit);
    for (unsigned f = 0; f < phrase->filter_count && run->count; f++) {
        if (phrase->filters[f] == lead)
            continue;
        TRY(narrow(run, phrase->filters[f], words, false, bounded));
        if (bounded)
            keep_candidates(run, words, limit);
    }
    for (unsigned w = words; w < phrase->count && run->count; w++) {
        TRY(narrow(run, phrase->leaves[w], w, true, bounded));
        if (bounded)
            keep_candidates(run, w + 1, limit);
    }
out:
    return status;
}

/* The lead's open block: gives documents and frequencies of the matches, in run->documents and
 * run->bounds. */
static lupe_status phrase_block(struct phrase_run *run, uint32_t limit)
{
    const struct phrase *phrase = run->phrase;
    lupe_status status = LUPE_OK;
    if (phrase->without_positions)
        return words_block(run);
    TRY(find_candidates(run, limit));
    if (run->count == 0)
        goto out;
    TRY(match_first(run));
    for (unsigned w = 1; w < phrase->count && run->count; w++)
        TRY(match_next(run, w));
    TRY(count_matches(run));
out:
    return status;
}

/* What a block can hold at most: the least of what its words and pairs can. */
static uint32_t phrase_bound(const struct phrase_run *run, uint32_t block)
{
    const struct phrase *phrase = run->phrase;
    struct leaf *lead = run->lead;
    uint32_t low = block ? leaf_block_last(lead, block - 1) + 1 : 0;
    uint32_t high = leaf_block_last(lead, block) + 1;
    uint32_t least = leaf_block_bound(lead, block);
    for (unsigned i = 0; i < phrase->count + phrase->filter_count; i++) {
        struct leaf *leaf =
            i < phrase->count ? phrase->leaves[i] : phrase->filters[i - phrase->count];
        if (leaf == lead)
            continue;
        uint32_t bound = leaf_bound_between(leaf, low, high);
        least = bound < least ? bound : least;
    }
    return least;
}

/* Opens the next block of the lead that is worth it; false at the end. */
static lupe_status next_block(struct phrase_run *run, uint32_t *block, uint32_t limit, bool *more)
{
    const struct phrase *phrase = run->phrase;
    struct leaf *lead = run->lead;
    const struct leaf *other = phrase->leaves[phrase->count > 1 && run->lead_is_word];
    lupe_status status = LUPE_OK;
    for (*more = false; *block < lead->block_count; ++*block) {
        TRY(ticker_tick(run->evaluation->ticker));
        if (limit && phrase_bound(run, *block) <= limit) {
            run->evaluation->work->blocks_skipped++;
            continue;
        }
        if (other != lead && other->number != LEAF_NO_BLOCK &&
            leaf_block_last(lead, *block) < other->low)
            continue;
        TRY(leaf_open_block(lead, *block));
        *more = true;
        break;
    }
out:
    return status;
}

/* What a run is for. */
struct phrase_purpose {
    bool collects;
    bool frequencies; /* collects the numbers of places in place of shares */
    uint64_t count_stop;
    uint64_t *count; /* NULL: nothing is counted */
};

static lupe_status phrase_run_all(struct evaluation *evaluation, const struct phrase *phrase,
                                  const struct phrase_purpose *purpose)
{
    struct phrase_run *run = NULL;
    lupe_status status = LUPE_OK;
    if (phrase->nowhere)
        return LUPE_OK;
    TRY(phrase_run_new(phrase, evaluation, &run));
    for (uint32_t block = 0;; block++) {
        bool counts = purpose->count && *purpose->count < purpose->count_stop;
        bool more = false;
        if (!counts && !purpose->collects)
            break;
        uint32_t limit = counts ? 0 : evaluation_limit(evaluation);
        TRY(next_block(run, &block, limit, &more));
        if (!more)
            break;
        TRY(phrase_block(run, limit));
        for (unsigned i = 0; i < run->count && counts; i++)
            *purpose->count += live_has(&evaluation->segment->live, run->documents[i]);
        if (!purpose->collects)
            continue;
        if (!purpose->frequencies)
            score_kernels()->shares(run->documents, run->bounds, run->count, phrase->norms,
                                    phrase->factors, phrase->weight, run->bounds);
        TRY(evaluation_emit(evaluation, run->documents, run->bounds, run->count));
    }
out:
    if (run)
        phrase_run_free(run);
    return status;
}

lupe_status evaluate_phrase(struct evaluation *evaluation, const struct phrase *phrase,
                            bool collects, uint64_t count_stop, uint64_t *count)
{
    struct phrase_purpose purpose = {
        .collects = collects, .count_stop = count_stop, .count = count};
    return phrase_run_all(evaluation, phrase, &purpose);
}

lupe_status gather_phrase(struct evaluation *evaluation, const struct phrase *phrase)
{
    struct phrase_purpose purpose = {.collects = true, .frequencies = true};
    assert(evaluation->gathered);
    return phrase_run_all(evaluation, phrase, &purpose);
}
