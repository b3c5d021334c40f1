/* SPDX-License-Identifier: MIT
 *
 * test_write_reorder.c - the order that reorder.h finds, and an index put into it: it answers as
 * before but for the order of equal scores, and takes changes as before.
 */
#include "query/query.h"
#include "segment/postings.h"
#include "write/merge.h"
#include "write/reorder.h"
#include "write_helpers.h"

#define HITS_MAX 4096u

static struct model model;

static lupe_status optimize_reordering(lupe_index *index, uint64_t memory_bytes)
{
    lupe_optimize_options options = LUPE_OPTIMIZE_OPTIONS_INIT;
    options.flags = LUPE_OPTIMIZE_REORDER;
    options.memory_bytes = memory_bytes;
    return lupe_index_optimize(index, &options);
}

#define ENOUGH ((uint64_t)64 << 20)

/* Documents 0 to count - 1 in commits that nobody merges. */
static lupe_index *index_make(const char *name, uint32_t flags, uint32_t count, uint32_t commits,
                              size_t words)
{
    lupe_index *index = helper_create(support_path(name), flags);
    lupe_writer *writer = helper_writer(index, 64 << 20, 1);
    model_init(&model, count ? count : 1, words);
    must(store_lock(index->store, STORE_LOCK_MAINTENANCE, 0));
    for (uint32_t i = 0; i < count; i++) {
        model_put(&model, writer, i);
        if (i % (count / commits + 1) == count / commits)
            model_commit(&model, writer);
    }
    model_commit(&model, writer);
    store_unlock(index->store, STORE_LOCK_MAINTENANCE);
    lupe_writer_close(writer);
    return index;
}

static void path_remove(const char *name)
{
    char lock[64];
    snprintf(lock, sizeof lock, "%s-lock", name);
    remove(support_path(name));
    remove(support_path(lock));
}

/* ---- the order by itself */

/* Whether a document has a term. Documents are of two kinds by turns: those of kind k have one in
 * eight of the terms k * 100 to k * 100 + 99, all have the last two. */
static bool kinds_has(uint32_t document, uint32_t term)
{
    struct support_random random = {0, document * 1000 + term};
    return term >= 200 || (document % 2 == term / 100 && support_random_below(&random, 8) == 0);
}

/* Ids are in the order of numbers. */
static void kinds_tell(struct reorder *reorder, uint32_t documents)
{
    for (bool more = true; more;) {
        for (uint32_t term = 0; term < 202; term++) {
            uint32_t told[4096];
            uint32_t count = 0;
            for (uint32_t i = 0; i < documents; i++)
                if (kinds_has(i, term))
                    told[count++] = i;
            if (count && reorder_term(reorder, count))
                reorder_documents(reorder, told, count);
        }
        for (uint32_t i = 0; i < documents; i++)
            if (reorder_ids(reorder))
                reorder_id_documents(reorder, &i, 1);
        must(reorder_pass_end(reorder, &more));
    }
}

/* Every document has one place; how often the kind changes from place to place. */
static uint32_t kinds_change(const uint32_t *order, uint32_t documents)
{
    static bool seen[4096];
    uint32_t changes = 0;
    memset(seen, 0, sizeof seen);
    for (uint32_t i = 0; i < documents; i++) {
        cr_assert(order[i] < documents && !seen[order[i]], "place %u", i);
        seen[order[i]] = true;
        changes += i && order[i] % 2 != order[i - 1] % 2;
    }
    return changes;
}

Test(write_reorder, documents_of_a_kind_come_together)
{
    const uint32_t counts[] = {1, 2, 3, 511, 512, 513, 1000, 1024, 4096};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        struct reorder *reorder = NULL;
        double share = 0.0;
        must(reorder_open(counts[c], ENOUGH, &reorder));
        kinds_tell(reorder, counts[c]);
        while (!reorder_step(reorder)) {
            cr_assert(reorder_share(reorder) >= share && reorder_share(reorder) <= 1.0);
            share = reorder_share(reorder);
        }
        uint32_t changes = kinds_change(reorder_order(reorder), counts[c]);
        if (counts[c] <= 512) /* they are not halved */
            cr_assert_eq(changes, counts[c] - 1);
        else /* where the halves are not of one size one document may be left over */
            cr_assert(changes <= (counts[c] % 2 ? 3 : 1), "%u documents: %u changes", counts[c],
                      changes);
        reorder_close(reorder);
    }
    support_no_leaks();
}

/* Without room for any term the order is that of ids. */
Test(write_reorder, without_memory_the_order_is_that_of_ids)
{
    struct reorder *reorder = NULL;
    must(reorder_open(1000, 0, &reorder));
    kinds_tell(reorder, 1000);
    while (!reorder_step(reorder))
        ;
    for (uint32_t i = 0; i < 1000; i++)
        cr_assert_eq(reorder_order(reorder)[i], i);
    reorder_close(reorder);
    support_no_leaks();
}

/* With room for some the most frequent are kept, which tell the kinds as well. */
Test(write_reorder, little_memory_leaves_rare_terms_out)
{
    struct reorder *reorder = NULL;
    must(reorder_open(1000, 20000, &reorder));
    for (bool more = true; more;) {
        uint32_t wanted = 0;
        for (uint32_t term = 0; term < 400; term++) {
            uint32_t frequency = 2 + term / 4;
            if (!reorder_term(reorder, frequency))
                continue;
            cr_assert(frequency > 80, "%u", frequency);
            wanted++;
            for (uint32_t i = 0; i < frequency; i++)
                reorder_documents(reorder, &(uint32_t){(term * 37 + i * 5) % 1000}, 1);
        }
        must(reorder_pass_end(reorder, &more));
        cr_assert(wanted == 0 || (wanted > 25 && wanted < 50), "%u terms", wanted);
    }
    while (!reorder_step(reorder))
        ;
    kinds_change(reorder_order(reorder), 1000);
    reorder_close(reorder);
    support_no_leaks();
}

/* ---- answers */

struct answer_hit {
    double score;
    char id[32];
};

struct answer {
    uint64_t total;
    size_t count;
    struct answer_hit hits[HITS_MAX];
};

static int compare_hits(const void *left, const void *right)
{
    const struct answer_hit *a = left;
    const struct answer_hit *b = right;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return strcmp(a->id, b->id);
}

/* Hits of equal score in the order of ids. */
static void answer_take(struct answer *answer, lupe_results *results)
{
    bool exact = false;
    answer->total = lupe_results_total(results, &exact);
    answer->count = lupe_results_count(results);
    cr_assert(exact);
    for (size_t i = 0; i < answer->count; i++) {
        const lupe_hit *hit;
        must(lupe_results_hit(results, i, &hit));
        answer->hits[i].score = hit->score;
        snprintf(answer->hits[i].id, sizeof answer->hits[i].id, "%s", hit->id);
    }
    qsort(answer->hits, answer->count, sizeof *answer->hits, compare_hits);
}

/* The text that a hit of this id shows, with all places of matches, as one string. */
static void hit_print(lupe_results *results, const char *id, char *out, size_t room)
{
    lupe_snippet_options options = LUPE_SNIPPET_OPTIONS_INIT;
    const lupe_document *document;
    const lupe_snippet *snippet;
    const lupe_hit *hit = NULL;
    size_t at = 0;
    size_t size = 0;
    options.before = "[";
    options.after = "]";
    for (; at < lupe_results_count(results); at++) {
        must(lupe_results_hit(results, at, &hit));
        if (strcmp(hit->id, id) == 0)
            break;
    }
    cr_assert(at < lupe_results_count(results), "%s is not found", id);
    must(lupe_results_snippet(results, at, &options, &snippet));
    size += (size_t)snprintf(out, room, "%s\n", snippet->text);
    must(lupe_results_document(results, at, &document));
    for (size_t value = 0; value < document->value_count; value++) {
        const lupe_span *spans;
        size_t count;
        must(lupe_results_matches(results, at, value, &spans, &count));
        size += (size_t)snprintf(out + size, room - size, "%s:%zu", document->values[value].field,
                                 document->values[value].size);
        for (size_t i = 0; i < count && size + 64 < room; i++)
            size +=
                (size_t)snprintf(out + size, room - size, " %zu-%zu", spans[i].start, spans[i].end);
        cr_assert(size + 512 < room);
    }
}

static void answers_compare(lupe_snapshot *before, lupe_snapshot *after, const lupe_query *query,
                            const char *text, uint32_t limit)
{
    static struct answer answers[2];
    static char shown[2][1 << 16];
    lupe_snapshot *snapshots[2] = {before, after};
    lupe_results *results[2];
    lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
    options.limit = limit;
    options.count_limit = LUPE_COUNT_EXACT;
    /* Which hits get a second look is by their order where scores are equal. */
    options.flags = LUPE_SEARCH_WITHOUT_PROXIMITY | LUPE_SEARCH_WITHOUT_FORMS;
    for (int i = 0; i < 2; i++) {
        must(lupe_search(snapshots[i], query, &options, &results[i]));
        answer_take(&answers[i], results[i]);
    }
    cr_assert_eq(answers[0].total, answers[1].total, "%s: %" PRIu64 " and %" PRIu64 " documents",
                 text, answers[0].total, answers[1].total);
    cr_assert_eq(answers[0].count, answers[1].count);
    for (size_t i = 0; i < answers[0].count; i++) {
        const struct answer_hit *hits[2] = {&answers[0].hits[i], &answers[1].hits[i]};
        cr_assert_eq(hits[0]->score, hits[1]->score, "%s, hit %zu: %.17g and %.17g", text, i,
                     hits[0]->score, hits[1]->score);
        if (answers[0].total > limit)
            continue; /* of equal scores at the end others may be among the best */
        cr_assert_str_eq(hits[0]->id, hits[1]->id, "%s, hit %zu", text, i);
        if (i >= 5)
            continue;
        for (int side = 0; side < 2; side++)
            hit_print(results[side], hits[0]->id, shown[side], sizeof shown[side]);
        cr_assert_str_eq(shown[0], shown[1], "%s, hit %zu", text, i);
    }
    for (int i = 0; i < 2; i++)
        lupe_results_free(results[i]);
}

static const char *const queries[] = {
    "w0",
    "w6",
    "Wort17",
    "w0 w6",
    "w6 w12 w20 w24",
    "w0 w1 w2 w3 w4 w5 w6 Wort1 Wort2 Wort3",
    "+w6 +w12",
    "+w0 +w12 +w20",
    "w6 -w12",
    "+w6 -w0 Wort3",
    "\"w0 w0\"",
    "\"w6 w12\"",
    "\"w0 w0 w0\"",
    "w6^3 w12",
    "w1*",
    "Wort4*",
    "title:w6",
    "title:w0 text:w6",
    "english:w6",
    "tag:tag3",
    "tag:tag3 w6",
    "tag:tag1 tag:tag2 w0 w6",
    "-tag:tag3 w6",
    "Jong-un",
    "Nord-Süd-Achse w0",
    "\"Jong-un w0\"",
    "w6 AND (w12 OR w20) NOT w0",
    "Häuser Abenteuer",
    "fehlt",
    "fehlt w6",
};

/* A snapshot of before stays what it was, so that both are asked side by side. */
static void reorder_and_compare(lupe_index *index)
{
    lupe_snapshot *before = NULL;
    lupe_snapshot *after = NULL;
    must(lupe_snapshot_open(index, &before));
    must(optimize_reordering(index, ENOUGH));
    helper_check(index);
    must(lupe_snapshot_open(index, &after));
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        lupe_query *query = NULL;
        must(lupe_query_parse(index, queries[i], strlen(queries[i]), NULL, &query));
        answers_compare(before, after, query, queries[i], HITS_MAX);
        answers_compare(before, after, query, queries[i], 10);
        lupe_query_free(query);
    }
    lupe_snapshot_close(before);
    lupe_snapshot_close(after);
    model_verify(&model, index);
}

/* Scores are those of the whole index, so that they do not depend on its segments either. */
Test(write_reorder, answers_are_the_same)
{
    const uint32_t flags[] = {0, LUPE_WITHOUT_POSITIONS, LUPE_WITHOUT_STORED_TEXT};
    for (size_t f = 0; f < sizeof flags / sizeof *flags; f++) {
        if (flags[f] == LUPE_WITHOUT_STORED_TEXT)
            continue; /* documents come without texts: below */
        path_remove("a.lupe");
        lupe_index *index = index_make("a.lupe", flags[f], 1500, 1 + (uint32_t)f * 4, 40);
        reorder_and_compare(index);
        lupe_index_close(index);
    }
    support_no_leaks();
}

Test(write_reorder, answers_are_the_same_where_documents_were_deleted)
{
    struct support_random random = support_random_of(3);
    lupe_index *index = index_make("a.lupe", 0, 1500, 4, 40);
    lupe_writer *writer = helper_writer(index, 64 << 20, 1);
    must(store_lock(index->store, STORE_LOCK_MAINTENANCE, 0));
    for (uint32_t i = 0; i < 400; i++) {
        uint32_t number = (uint32_t)support_random_below(&random, 1500);
        if (i % 3)
            model_delete(&model, writer, number);
        else
            model_put(&model, writer, number);
    }
    model_commit(&model, writer);
    store_unlock(index->store, STORE_LOCK_MAINTENANCE);
    lupe_writer_close(writer);
    must(lupe_index_optimize(index, NULL)); /* frequencies count deleted documents until then */
    reorder_and_compare(index);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_reorder, without_stored_text)
{
    lupe_index *index = index_make("a.lupe", LUPE_WITHOUT_STORED_TEXT, 700, 3, 30);
    must(optimize_reordering(index, ENOUGH));
    helper_check(index);
    lupe_index_close(index);
    support_no_leaks();
}

/* ---- the index */

/* One segment or five, in one process or another: the same bytes; and the order is another than
 * that of insertion. */
Test(write_reorder, the_order_depends_on_the_documents_alone)
{
    lupe_index *indexes[3];
    indexes[0] = index_make("a.lupe", 0, 1200, 1, 40);
    indexes[1] = index_make("b.lupe", 0, 1200, 5, 40);
    indexes[2] = index_make("c.lupe", 0, 1200, 5, 40);
    must(optimize_reordering(indexes[0], ENOUGH));
    must(optimize_reordering(indexes[1], ENOUGH));
    helper_same_index(indexes[0], indexes[1]);
    must(lupe_index_optimize(indexes[2], NULL));
    struct view *view = NULL;
    struct buffer id = BUFFER_INIT(0);
    uint32_t moved = 0;
    must(view_open(indexes[1]->store, &view));
    for (uint32_t i = 0; i < 1200; i++) {
        char expected[32];
        size_t size = helper_id(expected, i);
        buffer_clear(&id);
        must(segment_id(view->segments[0], i, &id));
        moved += id.size != size || memcmp(id.data, expected, size) != 0;
    }
    cr_assert(moved > 600, "%u documents moved", moved);
    buffer_free(&id);
    view_close(view);
    for (int i = 0; i < 3; i++)
        lupe_index_close(indexes[i]);
    support_no_leaks();
}

/* Merging again without the option keeps the order; with it, once more, it may only find another.
 */
Test(write_reorder, later_merges_keep_the_order)
{
    lupe_index *index = index_make("a.lupe", 0, 800, 3, 30);
    lupe_writer *writer = helper_writer(index, 64 << 20, 1);
    struct view *before = NULL;
    struct view *after = NULL;
    struct buffer ids[2] = {BUFFER_INIT(0), BUFFER_INIT(0)};
    must(optimize_reordering(index, ENOUGH));
    must(view_open(index->store, &before));
    model.ids = 810;
    for (uint32_t i = 800; i < 810; i++)
        model_put(&model, writer, i);
    model_commit(&model, writer);
    must(lupe_index_optimize(index, NULL));
    must(view_open(index->store, &after));
    cr_assert_eq(after->catalogue.segment_count, 1);
    for (uint32_t i = 0; i < 800; i++) {
        buffer_clear(&ids[0]);
        buffer_clear(&ids[1]);
        must(segment_id(before->segments[0], i, &ids[0]));
        must(segment_id(after->segments[0], i, &ids[1]));
        cr_assert(ids[0].size == ids[1].size && !memcmp(ids[0].data, ids[1].data, ids[0].size));
    }
    buffer_free(&ids[0]);
    buffer_free(&ids[1]);
    view_close(before);
    view_close(after);
    lupe_writer_close(writer);
    must(optimize_reordering(index, ENOUGH));
    helper_check(index);
    model_verify(&model, index);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_reorder, tiny_indexes)
{
    for (uint32_t count = 0; count <= 5; count++) {
        for (size_t words = 0; words <= 20; words += 20) {
            path_remove("a.lupe");
            lupe_index *index = index_make("a.lupe", 0, count, 1 + count / 2, words);
            must(optimize_reordering(index, ENOUGH));
            helper_check(index);
            model_verify(&model, index);
            reorder_and_compare(index);
            lupe_index_close(index);
        }
    }
    support_no_leaks();
}

Test(write_reorder, everything_deleted)
{
    lupe_index *index = index_make("a.lupe", 0, 300, 2, 20);
    lupe_writer *writer = helper_writer(index, 64 << 20, 1);
    struct view *view = NULL;
    for (uint32_t i = 0; i < 300; i++)
        model_delete(&model, writer, i);
    must(store_lock(index->store, STORE_LOCK_MAINTENANCE, 0));
    model_commit(&model, writer);
    store_unlock(index->store, STORE_LOCK_MAINTENANCE);
    lupe_writer_close(writer);
    must(optimize_reordering(index, ENOUGH));
    must(view_open(index->store, &view));
    cr_assert_eq(view->catalogue.segment_count, 0);
    view_close(view);
    helper_check(index);
    lupe_index_close(index);
    support_no_leaks();
}

/* Updates, deletes and insertions between reorderings. */
Test(write_reorder, changes_follow)
{
    struct support_random random = support_random_of(4);
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    model_init(&model, 900, 60);
    for (uint32_t round = 0; round < (test_full() ? 40 : 8); round++) {
        for (uint32_t i = 0; i < 700; i++) {
            uint32_t number = (uint32_t)support_random_below(&random, 900);
            if (support_random_below(&random, 5) == 0)
                model_delete(&model, writer, number);
            else
                model_put(&model, writer, number);
            if (support_random_below(&random, 200) == 0)
                model_commit(&model, writer);
        }
        model_commit(&model, writer);
        if (round % 4 != 3)
            must(optimize_reordering(index, round % 2 ? ENOUGH : 1 << 20));
        helper_check(index);
        model_verify(&model, index);
    }
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}

/* What another writer deletes between the steps is deleted at its new place. */
static void interleave(uint64_t seed, uint64_t step_bytes)
{
    struct support_random random = support_random_of(seed);
    path_remove("a.lupe");
    lupe_index *index = index_make("a.lupe", 0, 600, 4, 15);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    struct view *view = NULL;
    struct merge *merge = NULL;
    struct merge_source sources[16];
    bool done = false;
    must(store_lock(index->store, STORE_LOCK_MAINTENANCE, 0));
    must(view_open(index->store, &view));
    uint32_t count = view->catalogue.segment_count;
    cr_assert(count > 1 && count <= 16);
    for (uint32_t i = 0; i < count; i++)
        sources[i] = (struct merge_source){&view->catalogue.segments[i], NULL};
    struct merge_options options = {.k1 = view->catalogue.k1,
                                    .b = view->catalogue.b,
                                    .reorder = true,
                                    .memory_bytes = ENOUGH,
                                    .pairs = true,
                                    .forms = true};
    must(merge_begin(index->store, &options, sources, count, &merge));
    for (double share = 0.0; !done; share = merge_share(merge)) {
        cr_assert(merge_share(merge) >= share && merge_share(merge) <= 1.0);
        for (uint64_t i = support_random_below(&random, 4); i > 0; i--) {
            uint32_t number = (uint32_t)support_random_below(&random, 600);
            if (support_random_below(&random, 3))
                model_put(&model, writer, number);
            else
                model_delete(&model, writer, number);
        }
        if (support_random_below(&random, 4) == 0)
            model_commit(&model, writer);
        must(merge_step(merge, step_bytes, &done));
    }
    must(merge_publish(merge));
    merge_close(merge);
    view_close(view);
    model_commit(&model, writer);
    helper_check(index);
    model_verify(&model, index);
    store_unlock(index->store, STORE_LOCK_MAINTENANCE);
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_reorder, changes_between_all_steps)
{
    for (uint64_t seed = 1; seed <= (test_full() ? 60 : 8); seed++)
        interleave(seed, 1000 + seed * 997 % 9000);
}

/* Given up at any step it leaves the index as it was. */
Test(write_reorder, it_can_be_cancelled_anywhere)
{
    lupe_index *index = index_make("a.lupe", 0, 3000, 3, 60);
    struct helper_told told = {0, 0.0, 0};
    index->options.progress = helper_progress;
    index->options.user = &told;
    for (unsigned at = 1;; at++) {
        told = (struct helper_told){0, 0.0, at};
        lupe_status status = optimize_reordering(index, ENOUGH);
        if (status == LUPE_OK)
            break;
        cr_assert_eq(status, LUPE_CANCELLED);
        cr_assert_eq(told.calls, at);
        helper_check(index);
    }
    cr_assert(told.calls > 5 && told.last == 1.0, "%u calls", told.calls);
    model_verify(&model, index);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_reorder, options_are_checked)
{
    lupe_index *index = index_make("a.lupe", 0, 10, 1, 5);
    lupe_optimize_options options = LUPE_OPTIMIZE_OPTIONS_INIT;
    options.flags = 2;
    must_give(lupe_index_optimize(index, &options), LUPE_UNSUPPORTED);
    options.flags = LUPE_OPTIMIZE_REORDER;
    options.memory_bytes = (1 << 20) - 1;
    must_give(lupe_index_optimize(index, &options), LUPE_INVALID);
    options.memory_bytes = ((uint64_t)64 << 30) + 1;
    must_give(lupe_index_optimize(index, &options), LUPE_INVALID);
    options.memory_bytes = (uint64_t)64 << 30;
    must(lupe_index_optimize(index, &options));
    options.size = 4;
    must_give(lupe_index_optimize(index, &options), LUPE_INVALID);
    must_give(lupe_index_optimize(NULL, NULL), LUPE_INVALID);
    lupe_index_close(index);
    support_no_leaks();
}
