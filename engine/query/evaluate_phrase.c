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
#include "query/exact.h"
#include "query/plan.h"
#include "query/proximity.h"

/* In lists of more than this share of the documents, whose blocks are bit sets as a rule,
 * candidates are looked for one by one when most stand alone in a block. */
#define PROBE_SHARE 16u

/* Words in more than this share of the documents come late. */
#define LATE_SHARE 6u

/* Where a candidate stands in the list of one word. */
struct place {
    uint8_t at;   /* in its block */
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
    unsigned count;                  /* candidates of the lead's block */
    uint32_t *documents;             /* [BLOCK_DOCUMENTS + 16] */
    uint32_t *bounds;                /* highest share possible */
    struct place *places;            /* [word][BLOCK_DOCUMENTS] */
    struct position_place *found[2]; /* [BLOCK_DOCUMENTS]: of words with even and odd numbers */
    unsigned narrowed;               /* words whose places candidates have */
    bool matched;                    /* candidates have matches, which move along */
    struct block_mark *marks; /* [word][BLOCK_DOCUMENTS], as many as blocks have candidates */
    struct place first_places[BLOCK_DOCUMENTS]; /* of all documents of a lead's block */
    struct numbers matches;                     /* places where the phrase may begin */
    struct numbers positions;                   /* of the word being looked at */
    struct exact_word *exact;                   /* [word], or NULL */
    bool nowhere;                               /* of some word the form is not there */
    unsigned (*follow)(uint32_t *, unsigned, const uint32_t *, unsigned, uint32_t);
    struct block block;
};

static void phrase_run_free(struct phrase_run *run)
{
    memory_free(run->matches.items);
    memory_free(run->positions.items);
    for (unsigned w = 0; run->exact && w < run->phrase->count; w++)
        exact_close(&run->exact[w]);
}

/* Opens the forms that the words must have. */
static lupe_status exact_words_open(struct phrase_run *run)
{
    const struct phrase *phrase = run->phrase;
    lupe_status status = LUPE_OK;
    run->exact = arena_alloc(phrase->arena, phrase->count * sizeof *run->exact);
    if (!run->exact)
        return fail_memory();
    memset(run->exact, 0, phrase->count * sizeof *run->exact);
    for (unsigned w = 0; w < phrase->count && !run->nowhere; w++) {
        const struct plan_term *term = phrase->exact[w].term;
        TRY(exact_open(&run->exact[w], run->evaluation->segment, term->key, term->key_size,
                       phrase->leaves[w]->list, phrase->exact[w].form));
        run->nowhere = run->exact[w].nowhere;
    }
out:
    return status;
}

/* What the run needs is one piece of the query's memory. */
static lupe_status phrase_run_new(const struct phrase *phrase, struct evaluation *evaluation,
                                  struct phrase_run **out)
{
    size_t candidates = phrase->count * (size_t)BLOCK_DOCUMENTS;
    struct phrase_run *run = arena_alloc(phrase->arena, sizeof *run);
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
    run->exact = NULL;
    run->nowhere = false;
    run->matches.items = run->positions.items = NULL;
    run->matches.capacity = run->positions.capacity = 0;
    run->documents = arena_alloc(phrase->arena, (BLOCK_DOCUMENTS + 16) * sizeof *run->documents);
    run->bounds = arena_alloc(phrase->arena, (BLOCK_DOCUMENTS + 16) * sizeof *run->bounds);
    run->places = arena_alloc(phrase->arena, candidates * sizeof *run->places);
    run->marks = arena_alloc(phrase->arena, candidates * sizeof *run->marks);
    for (unsigned i = 0; i < 2; i++)
        run->found[i] = arena_alloc(phrase->arena, BLOCK_DOCUMENTS * sizeof *run->found[i]);
    for (unsigned i = 0; i < BLOCK_DOCUMENTS; i++)
        run->first_places[i] = (struct place){(uint8_t)i, 0};
    if (!run->documents || !run->bounds || !run->places || !run->marks || !run->found[0] ||
        !run->found[1])
        return fail_memory();
    *out = run;
    return LUPE_OK;
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
    if (to == from)
        return;
    run->documents[to] = run->documents[from];
    run->found[1][to] = run->found[1][from];
    for (unsigned w = 1; w < run->narrowed; w++)
        run->places[w * BLOCK_DOCUMENTS + to] = run->places[w * BLOCK_DOCUMENTS + from];
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

/* The candidates' blocks in a list, asked for ahead, so that the waits overlap; gives how many
 * candidates are not behind the last of them. */
static unsigned find_blocks(const struct phrase_run *run, const struct leaf *leaf,
                            uint32_t numbers[BLOCK_DOCUMENTS])
{
    const struct list *list = leaf->list;
    uint32_t number = leaf->number == LEAF_NO_BLOCK ? 0 : leaf->number;
    unsigned i = 0;
    while (i < run->count) {
        number = list_find_block(list, number, run->documents[i]);
        if (number >= list->block_count)
            break;
        list_prefetch_block(list, number);
        uint32_t last = list_block_last(list, number);
        numbers[i++] = number;
        while (i < run->count && run->documents[i] <= last)
            numbers[i++] = number;
        number++;
    }
    return i;
}

/* Candidate `from`, which has matches when there are any yet, becomes candidate `to`. */
static void keep_candidate(struct phrase_run *run, unsigned from, unsigned to, unsigned words)
{
    if (run->matched) {
        uint32_t begin = from ? run->matches.starts[from] : 0;
        move_candidate(run, from, to, begin, run->matches.starts[from + 1] - begin);
    } else if (to != from) {
        run->documents[to] = run->documents[from];
        for (unsigned w = 0; w < words; w++)
            run->places[w * BLOCK_DOCUMENTS + to] = run->places[w * BLOCK_DOCUMENTS + from];
    }
}

/* Keeps the candidates that word w has too and takes down their places in its list, which has so
 * many blocks that most candidates stand alone in theirs: each is looked for by itself, and in a
 * bit set only its own bit and those before it are looked at. */
static lupe_status probe(struct phrase_run *run, unsigned w)
{
    struct leaf *leaf = run->phrase->leaves[w];
    struct place *here = run->places + w * BLOCK_DOCUMENTS;
    struct block_mark *marks = run->marks + w * BLOCK_DOCUMENTS;
    uint32_t numbers[BLOCK_DOCUMENTS], open = LEAF_NO_BLOCK;
    struct bit_block bits;
    bool is_bits = false;
    unsigned kept = 0, mark_count = 0;
    unsigned count = find_blocks(run, leaf, numbers);
    lupe_status status = LUPE_OK;
    for (unsigned i = 0; i < count; i++) {
        uint32_t document = run->documents[i];
        uint8_t at = 0;
        if (numbers[i] != open) {
            TRY(bit_block_open(leaf->list, numbers[i], &bits, &is_bits));
            if (!is_bits)
                TRY(leaf_open_block(leaf, numbers[i]));
            open = numbers[i];
            run->evaluation->work->blocks_decoded += is_bits;
            marks[mark_count++] = is_bits ? bits.mark : block_mark(&leaf->block);
        }
        if (is_bits) {
            if (!bit_block_find(&bits, document, &at))
                continue;
        } else {
            unsigned place = pack_kernels()->count_below(leaf->documents, leaf->count, document);
            if (place == leaf->count || leaf->documents[place] != document)
                continue;
            at = (uint8_t)place;
        }
        keep_candidate(run, i, kept, w);
        here[kept++] = (struct place){at, (uint8_t)(mark_count - 1)};
    }
    run->count = kept;
out:
    return status;
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
        TRY(ticker_tick(run->evaluation->ticker));
        TRY(leaf_match(leaf, run->documents, run->count, &next, candidate_at,
                       is_word || bounded ? document_at : NULL, &found));
        if (found == 0)
            continue;
        if (bounded) {
            for (unsigned i = 0; i < found; i++)
                shares[candidate_at[i]] = 0;
            TRY(leaf_add_shares(leaf, run->documents, candidate_at, document_at, found, shares));
        }
        for (unsigned i = 0; i < found; i++) {
            unsigned from = candidate_at[i];
            if (bounded)
                run->bounds[kept] =
                    shares[from] < run->bounds[from] ? shares[from] : run->bounds[from];
            keep_candidate(run, from, kept, words);
            if (is_word)
                here[kept] = (struct place){document_at[i], (uint8_t)mark_count};
            kept++;
        }
        if (is_word)
            marks[mark_count++] = block_mark(&leaf->block);
    }
    run->count = kept;
out:
    return status;
}

/* Keeps the candidates that word w has too, with their places in its list. */
static lupe_status narrow_word(struct phrase_run *run, unsigned w, bool bounded)
{
    struct leaf *leaf = run->phrase->leaves[w];
    bool alone = leaf->list->last && leaf->cost > run->evaluation->documents / PROBE_SHARE &&
                 leaf->block_count >= run->lead->cost / 2;
    lupe_status status = !bounded && alone ? probe(run, w) : narrow(run, leaf, w, true, bounded);
    run->narrowed = w + 1;
    return status;
}

/* Back at the block of candidate i in the list of word w. */
static struct block *block_of(struct phrase_run *run, unsigned w, unsigned i)
{
    struct leaf *leaf = run->phrase->leaves[w];
    const struct place *place = run->places + w * BLOCK_DOCUMENTS + i;
    const struct block_mark *mark = &run->marks[w * BLOCK_DOCUMENTS + place->mark];
    if (leaf->number == mark->number)
        return &leaf->block;
    block_return(&run->block, mark);
    return &run->block;
}

/* The candidates from i on that are in one block of word w: their places in it. */
static unsigned same_block(const struct phrase_run *run, unsigned w, unsigned i,
                           uint8_t index[BLOCK_DOCUMENTS])
{
    const struct place *places = run->places + w * BLOCK_DOCUMENTS;
    unsigned n = 0;
    for (unsigned j = i; j < run->count && places[j].mark == places[i].mark; j++)
        index[n++] = places[j].at;
    return n;
}

/* Of so many candidates in a block the positions are read together, with sums over the term
 * frequencies for all documents at once. */
#define TOGETHER_MIN 4u

/* Finds where the positions of all candidates in the list of word w are, and asks for them. */
static lupe_status find_positions(struct phrase_run *run, unsigned w)
{
    const struct list *list = run->phrase->leaves[w]->list;
    struct position_place *found = run->found[w % 2];
    lupe_status status = LUPE_OK;
    for (unsigned i = 0, n; i < run->count; i += n) {
        uint8_t index[BLOCK_DOCUMENTS];
        TRY(ticker_tick(run->evaluation->ticker));
        n = same_block(run, w, i, index);
        struct block *block = block_of(run, w, i);
        if (n >= TOGETHER_MIN)
            TRY(block_read_tfs(list, block));
        for (unsigned j = 0; j < n; j++) {
            if (n < TOGETHER_MIN)
                TRY(block_place(list, block, index[j], &found[i + j]));
            else
                found[i + j] = (struct position_place){.tf = block->tfs[index[j]]};
        }
    }
out:
    return status;
}

static lupe_status numbers_grow(struct numbers *numbers, size_t needed)
{
    if (needed <= numbers->capacity)
        return LUPE_OK;
    uint32_t *grown = memory_realloc(numbers->items, 2 * needed * sizeof *grown);
    if (!grown)
        return fail_memory();
    numbers->items = grown;
    numbers->capacity = 2 * needed;
    return LUPE_OK;
}

/* Of the positions of word w those that have its form. */
static lupe_status keep_exact(struct phrase_run *run, unsigned w, struct numbers *out)
{
    lupe_status status = LUPE_OK;
    uint32_t kept = 0, begin = 0;
    if (run->exact[w].everywhere)
        return LUPE_OK;
    for (unsigned i = 0; i < run->count; i++) {
        uint32_t count = out->starts[i + 1] - begin;
        uint32_t *items = out->items + begin;
        begin = out->starts[i + 1];
        TRY(exact_keep(&run->exact[w], block_of(run, w, i), run->places[w * BLOCK_DOCUMENTS + i].at,
                       items, &count));
        memmove(out->items + kept, items, count * sizeof *items);
        out->starts[i] = kept;
        kept += count;
    }
    out->starts[run->count] = kept;
out:
    return status;
}

/* Reads the positions of all candidates in the list of word w, which were found. */
static lupe_status read_positions(struct phrase_run *run, unsigned w, struct numbers *out)
{
    const struct list *list = run->phrase->leaves[w]->list;
    const struct position_place *found = run->found[w % 2];
    const struct position_kernels *kernels = position_kernels();
    size_t total = 0;
    lupe_status status = LUPE_OK;
    for (unsigned i = 0; i < run->count; i++) {
        out->starts[i] = (uint32_t)total;
        total += found[i].tf;
    }
    out->starts[run->count] = (uint32_t)total;
    TRY(numbers_grow(out, total + 16));
    for (unsigned i = 0, n; i < run->count; i += n) {
        uint8_t index[BLOCK_DOCUMENTS];
        n = 1;
        if (found[i].unary) {
            if (!kernels->read_place(&found[i], out->items + out->starts[i]))
                return list_corrupt_positions(list);
            continue;
        }
        n = same_block(run, w, i, index);
        struct block *block = block_of(run, w, i);
        TRY(block_read_tfs(list, block));
        TRY(block_positions(list, block, index, n, &out->items, &out->capacity, out->starts[i]));
    }
    if (run->exact)
        TRY(keep_exact(run, w, out));
out:
    return status;
}

/* The rarest word's positions are where the phrase may begin ... */
static lupe_status match_first(struct phrase_run *run)
{
    struct numbers *matches = &run->matches;
    uint32_t offset = run->phrase->offsets[0];
    lupe_status status = read_positions(run, 0, matches);
    unsigned kept = 0;
    run->matched = true;
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
        const uint32_t *here = positions->items + positions->starts[i];
        unsigned here_count = positions->starts[i + 1] - positions->starts[i];
        unsigned count = run->phrase->near ? keep_near(matches->items + begin, end - begin, here,
                                                       here_count, run->phrase->near)
                                           : run->follow(matches->items + begin, end - begin, here,
                                                         here_count, run->phrase->offsets[w]);
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

/* Whether word w is looked for only in documents in which those before it were found to follow each
 * other: nearly all documents have it, so that looking at its documents first is in vain. */
static bool comes_late(const struct phrase_run *run, unsigned w)
{
    return w > 1 && run->phrase->leaves[w]->cost > run->evaluation->documents / LATE_SHARE;
}

/* The lead's open block as candidates: those that all pairs and all words have, but words that come
 * late unless bounds are asked for, with the places of the words. */
static lupe_status find_candidates(struct phrase_run *run, uint32_t limit)
{
    const struct phrase *phrase = run->phrase;
    struct leaf *lead = run->lead;
    unsigned words = run->lead_is_word;
    bool bounded = limit > 0;
    lupe_status status = LUPE_OK;
    run->matched = false;
    run->narrowed = words;
    run->count = lead->count;
    memcpy(run->documents, lead->documents, lead->count * sizeof *run->documents);
    if (bounded) {
        TRY(leaf_score_block(lead));
        memcpy(run->bounds, lead->shares, lead->count * sizeof *run->bounds);
    }
    if (run->lead_is_word) {
        memcpy(run->places, run->first_places, lead->count * sizeof *run->places);
        run->marks[0] = block_mark(&lead->block);
    }
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
        if (!bounded && comes_late(run, w))
            break; /* as all behind it do */
        TRY(narrow_word(run, w, bounded));
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
    TRY(find_positions(run, 0));
    if (phrase->count > 1)
        TRY(find_positions(run, 1));
    TRY(match_first(run));
    for (unsigned w = 1; w < phrase->count && run->count; w++) {
        if (w >= run->narrowed)
            TRY(narrow_word(run, w, false));
        if (w > 1)
            TRY(find_positions(run, w));
        TRY(match_next(run, w));
    }
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
    if (phrase->exact)
        TRY(exact_words_open(run));
    for (uint32_t block = 0; !run->nowhere; block++) {
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
