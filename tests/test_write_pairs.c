/* SPDX-License-Identifier: MIT
 *
 * test_write_pairs.c - the lists of pairs of frequent words: which segments and words have them,
 * that they hold what the positions say, and that searching with them gives what it gives without.
 */
#include <string.h>

#include "query/search.h"
#include "segment/pairs.h"
#include "write_helpers.h"

#define TEXT_BYTES_MAX 8192
#define WORD_BYTES_MAX 16

static const char *const words[] = {"die",  "der",   "und",  "in",    "über",     "Straße", "naïve",
                                    "nach", "recht", "haus", "Ämter", "zwischen", "wie",    "x"};
#define WORDS (sizeof words / sizeof *words)

static struct support_random rnd;

static unsigned below(unsigned n)
{
    return (unsigned)support_random_below(&rnd, n);
}

/* Low numbers are frequent; above WORDS they are words of their own. */
static size_t add_word(char *text)
{
    unsigned number = below(1 + below(3 * WORDS));
    if (number < WORDS)
        return (size_t)snprintf(text, WORD_BYTES_MAX, "%s ", words[number]);
    return (size_t)snprintf(text, WORD_BYTES_MAX, "wort%u ", number);
}

static size_t make_text(char *text, unsigned count)
{
    size_t size = 0;
    for (unsigned i = 0; i < count; i++)
        size += add_word(text + size);
    return size;
}

static void put_texts(lupe_writer *writer, unsigned number, unsigned count)
{
    static char texts[3][TEXT_BYTES_MAX];
    char id[16];
    lupe_value values[3];
    lupe_document document = {.id = id, .values = values, .value_count = 1 + below(3)};
    document.id_size = (size_t)snprintf(id, sizeof id, "%u", number);
    for (size_t i = 0; i < document.value_count; i++)
        values[i] = (lupe_value){.field = i ? "text" : "title",
                                 .kind = LUPE_TEXT,
                                 .data = texts[i],
                                 .size = make_text(texts[i], below(count))};
    must(lupe_writer_put(writer, &document));
}

struct shape {
    uint64_t seed;
    uint32_t documents;
    uint32_t commits;
    uint32_t field_gap;
    unsigned words;
    bool merge;
    lupe_analysis analysis;
};

static lupe_index *shape_build(const struct shape *shape, const char *name, uint32_t flags)
{
    lupe_index *index = NULL;
    lupe_create_options create = LUPE_CREATE_OPTIONS_INIT;
    lupe_open_options open = helper_open_options();
    create.field_gap = shape->field_gap;
    create.analysis = shape->analysis;
    create.flags = flags | LUPE_WITHOUT_STORED_TEXT;
    rnd = support_random_of(shape->seed);
    must(lupe_index_create(support_path(name), &create, &open, &index));
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    for (uint32_t commit = 0, number = 0; commit < shape->commits; commit++) {
        for (; number < shape->documents * (commit + 1) / shape->commits; number++)
            put_texts(writer, number, shape->words);
        for (unsigned i = 0; i < shape->documents / 20; i++) {
            char id[16];
            must(lupe_writer_delete(writer, id,
                                    (size_t)snprintf(id, sizeof id, "%u", below(number))));
        }
        must(lupe_writer_commit(writer));
    }
    lupe_writer_close(writer);
    if (shape->merge)
        must(lupe_index_optimize(index, NULL));
    helper_check(index);
    return index;
}

static void same_answers(lupe_index *with, lupe_index *without, const char *text, uint64_t k)
{
    lupe_index *indexes[2] = {with, without};
    struct search_answer answers[2];
    for (unsigned i = 0; i < 2; i++) {
        struct view *view = NULL;
        lupe_query *query = NULL;
        struct search_request request = {
            .k = k, .count_limit = LUPE_COUNT_EXACT, .k1 = 1.2, .b = 0.75};
        must(view_open(indexes[i]->store, &view));
        must(lupe_query_parse(indexes[i], text, strlen(text), NULL, &query));
        must(search_run(view, query, &request, &answers[i]));
        lupe_query_free(query);
        view_close(view);
    }
    cr_assert_eq(answers[0].total, answers[1].total,
                 "seed %" PRIu64 ", %s: %" PRIu64 " matches with pairs, %" PRIu64 " without",
                 rnd.seed, text, answers[0].total, answers[1].total);
    cr_assert_eq(answers[0].hit_count, answers[1].hit_count, "%s", text);
    for (size_t i = 0; i < answers[0].hit_count; i++)
        cr_assert(memcmp(&answers[0].hits[i], &answers[1].hits[i], sizeof *answers[0].hits) == 0,
                  "seed %" PRIu64 ", %s: hit %zu differs", rnd.seed, text, i);
    search_answer_free(&answers[0]);
    search_answer_free(&answers[1]);
}

/* How many segments have pairs. */
static uint32_t segments_with_pairs(lupe_index *index, uint32_t *segments)
{
    struct view *view = NULL;
    uint32_t count = 0;
    must(view_open(index->store, &view));
    *segments = view->catalogue.segment_count;
    for (uint32_t i = 0; i < view->catalogue.segment_count; i++)
        count += view->segments[i]->entry.pair_frequency_min > 0;
    view_close(view);
    return count;
}

static void compare(const struct shape *shape)
{
    static const char *const forms[] = {
        "\"%s %s\"",        "\"%s %s %s\"",           "+\"%s %s\" +%s",  "\"%s %s\" %s",
        "%s -\"%s %s\"",    "\"%s %s\" OR \"%s %s\"", "text:\"%s %s\"",  "\"%s-%s %s\"",
        "\"%s %s\" AND %s", "\"%s %s\"^3 \"%s %s\"",  "\"%s %s %s %s\"", "(\"%s %s\" %s) -%s"};
    static const uint64_t ks[] = {10, 1, 100, 1000};
    uint32_t segments;
    lupe_index *with = shape_build(shape, "with.lupe", 0);
    lupe_index *without = shape_build(shape, "without.lupe", LUPE_WITHOUT_PAIRS);
    cr_assert_eq(segments_with_pairs(without, &segments), 0u);
    cr_assert_gt(segments_with_pairs(with, &segments), 0u);
    for (size_t form = 0; form < sizeof forms / sizeof *forms; form++)
        for (unsigned round = 0; round < (test_full() ? 60u : 15u); round++) {
            char text[256], ws[4][16];
            for (unsigned i = 0; i < 4; i++) {
                add_word(ws[i]);
                ws[i][strlen(ws[i]) - 1] = '\0';
                if (i && below(4) == 0)
                    memcpy(ws[i], ws[i - 1], sizeof ws[i]);
            }
            snprintf(text, sizeof text, forms[form], ws[0], ws[1], ws[2], ws[3]);
            same_answers(with, without, text, ks[round % 4]);
        }
    lupe_index_close(with);
    lupe_index_close(without);
    for (unsigned i = 0; i < 4; i++) {
        static const char *const names[] = {"with.lupe", "with.lupe-lock", "without.lupe",
                                            "without.lupe-lock"};
        remove(support_path(names[i]));
    }
}

static void limits(uint32_t documents_min, uint32_t share, uint32_t words_max, size_t memory_bytes)
{
    pair_limits = (struct pair_limits){documents_min, share, words_max, memory_bytes};
}

Test(write_pairs, searching_gives_what_it_gives_without)
{
    const struct shape shapes[] = {
        {31, 900, 1, 100, 20, false, LUPE_ANALYSIS_STANDARD},
        {32, 1500, 5, 0, 12, false, LUPE_ANALYSIS_PLAIN},
        {33, 1500, 5, 0, 12, true, LUPE_ANALYSIS_PLAIN},
        {34, 3000, 3, 1, 30, true, LUPE_ANALYSIS_STANDARD},
        {35, 300, 12, 7, 300, false, LUPE_ANALYSIS_BARE},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        limits(20, i % 2 ? 16 : 4, i % 2 ? 128 : 9, i == 1 ? 512 : 1 << 20);
        compare(&shapes[i]);
    }
    support_no_leaks();
}

/* Extents of the lists are in the store by the time the pairs are made, others still wait. */
Test(write_pairs, a_segment_of_many_extents)
{
    struct shape shape = {41, 3000, 1, 0, 800, true, LUPE_ANALYSIS_PLAIN};
    uint32_t segments;
    limits(100, 16, 128, 1 << 16);
    lupe_index *index = shape_build(&shape, "many.lupe", 0);
    cr_assert_eq(segments_with_pairs(index, &segments), 1u);
    cr_assert_eq(segments, 1u);
    struct view *view = NULL;
    must(view_open(index->store, &view));
    cr_assert_gt(view->segments[0]->sections[SECTION_POSITIONS].extent_count, 1u);
    view_close(view);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_pairs, small_segments_have_none_and_merging_makes_them)
{
    struct shape shape = {42, 400, 4, 0, 20, false, LUPE_ANALYSIS_PLAIN};
    uint32_t segments;
    limits(300, 16, 128, 1 << 20);
    lupe_index *index = shape_build(&shape, "small.lupe", 0);
    cr_assert_eq(segments_with_pairs(index, &segments), 0u);
    cr_assert_gt(segments, 1u);
    must(lupe_index_optimize(index, NULL));
    cr_assert_eq(segments_with_pairs(index, &segments), 1u);
    cr_assert_eq(segments, 1u);
    helper_check(index);
    lupe_index_close(index);
    support_no_leaks();
}

/* A source's pairs do not outlive what makes them useful. */
Test(write_pairs, merging_leaves_out_what_the_sources_had)
{
    struct shape shape = {43, 400, 4, 0, 20, false, LUPE_ANALYSIS_PLAIN};
    uint32_t segments;
    limits(20, 16, 128, 1 << 20);
    lupe_index *index = shape_build(&shape, "out.lupe", 0);
    uint32_t with = segments_with_pairs(index, &segments);
    cr_assert_eq(with, segments);
    limits(10000, 16, 128, 1 << 20);
    must(lupe_index_optimize(index, NULL));
    cr_assert_eq(segments_with_pairs(index, &segments), 0u);
    helper_check(index);
    lupe_index_close(index);
    support_no_leaks();
}

static void put_text(lupe_writer *writer, unsigned number, const char *text)
{
    char id[16];
    lupe_value value = {.field = "text", .kind = LUPE_TEXT, .data = text, .size = strlen(text)};
    lupe_document document = {.id = id, .values = &value, .value_count = 1};
    document.id_size = (size_t)snprintf(id, sizeof id, "%u", number);
    must(lupe_writer_put(writer, &document));
}

static lupe_index *index_of(const char *name, uint32_t flags, const char *const *texts)
{
    lupe_index *index = NULL;
    lupe_create_options create = LUPE_CREATE_OPTIONS_INIT;
    lupe_open_options open = helper_open_options();
    create.analysis = LUPE_ANALYSIS_PLAIN;
    create.flags = flags;
    must(lupe_index_create(support_path(name), &create, &open, &index));
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    for (unsigned i = 0; texts[i]; i++)
        put_text(writer, i, texts[i]);
    must(lupe_writer_commit(writer));
    lupe_writer_close(writer);
    helper_check(index);
    return index;
}

/* "first second:documents,times " of every pair, in the order of keys. */
static void pairs_print(lupe_index *index, char *out)
{
    struct view *view = NULL;
    struct dictionary_iterator at;
    uint8_t key[KEY_BYTES_MAX];
    must(view_open(index->store, &view));
    *out = '\0';
    must(dictionary_seek(&view->segments[0]->dictionary, key, key_make(key, LIST_PAIRS, NULL, 0),
                         &at));
    while (dictionary_next(&at) == LUPE_OK && at.key[1] == LIST_PAIRS) {
        struct list list;
        struct block block;
        uint32_t times = 0;
        must(segment_find(view->segments[0], at.key, at.key_size, &list));
        for (uint32_t i = 0; i < list.block_count; i++) {
            must(block_read(&list, i, &block));
            must(block_read_tfs(&list, &block));
            for (uint32_t j = 0; j < block.count; j++)
                times += block.tfs[j];
        }
        at.key[at.key_size] = '\0';
        size_t first = strlen((const char *)at.key + 2);
        out += snprintf(out, 128, "%s %s:%u,%u ", at.key + 2, at.key + 2 + first + 1,
                        list.frequency, times);
    }
    view_close(view);
}

Test(write_pairs, lists_hold_what_the_texts_say)
{
    const char *const texts[] = {"a b a b a", "b b b c", "a c", "a b c d", "b", "b a", NULL};
    char pairs[512];
    limits(1, 2, 128, 1 << 20);
    lupe_index *index = index_of("texts.lupe", 0, texts);
    pairs_print(index, pairs);
    cr_assert_str_eq(pairs, "a b:2,3 a c:1,1 b a:2,3 b b:1,2 b c:2,2 ");
    lupe_index_close(index);
    limits(1, 2, 2, 1 << 20); /* a and b have 4 and 5 documents, c has 3 */
    index = index_of("two.lupe", 0, texts);
    pairs_print(index, pairs);
    cr_assert_str_eq(pairs, "a b:2,3 b a:2,3 b b:1,2 ");
    lupe_index_close(index);
    limits(1, 2, 1, 1 << 20);
    index = index_of("one.lupe", 0, texts);
    pairs_print(index, pairs);
    cr_assert_str_eq(pairs, "b b:1,2 ");
    lupe_index_close(index);
    support_no_leaks();
}

/* Words that are too many for one frequency, or too long, or that have no positions. */
Test(write_pairs, some_words_are_never_paired)
{
    char texts[1][160], pairs[512], expected[256];
    memset(texts, 0, sizeof texts);
    memset(texts[0], 'l', PAIR_TERM_BYTES_MAX);
    memcpy(texts[0] + PAIR_TERM_BYTES_MAX, " x ", 3);
    memset(texts[0] + PAIR_TERM_BYTES_MAX + 3, 'm', PAIR_TERM_BYTES_MAX + 1);
    const char *const long_words[] = {texts[0], texts[0], NULL};
    limits(1, 1, 128, 1 << 20);
    lupe_index *index = index_of("long.lupe", 0, long_words);
    pairs_print(index, pairs);
    texts[0][PAIR_TERM_BYTES_MAX] = '\0';
    snprintf(expected, sizeof expected, "%s x:2,2 ", texts[0]);
    cr_assert_str_eq(pairs, expected);
    lupe_index_close(index);

    const char *const equal[] = {"a b c", "a b c", NULL};
    limits(1, 1, 2, 1 << 20);
    index = index_of("equal.lupe", 0, equal);
    pairs_print(index, pairs);
    cr_assert_str_eq(pairs, "");
    lupe_index_close(index);

    limits(1, 1, 128, 1 << 20);
    index = index_of("without.lupe", LUPE_WITHOUT_POSITIONS, equal);
    pairs_print(index, pairs);
    cr_assert_str_eq(pairs, "");
    lupe_index_close(index);
    support_no_leaks();
}

/* check compares lists and positions. */
Test(write_pairs, wrong_pairs_are_found)
{
    const char *const texts[] = {"a b a b a", "b b b c", "a c", "a b c d", "b", "b a", NULL};
    struct view *view = NULL;
    limits(1, 2, 2, 1 << 20);
    lupe_index *index = index_of("wrong.lupe", 0, texts);
    must(view_open(index->store, &view));
    struct segment *segment = view->segments[0];
    cr_assert_eq(segment->entry.pair_frequency_min, 4u);
    must(segment_check(segment, NULL, NULL));
    segment->entry.pair_frequency_min = 3; /* c would be paired: "a c" is missing */
    must_give(segment_check(segment, NULL, NULL), LUPE_CORRUPT);
    segment->entry.pair_frequency_min = 5; /* b alone: the others are too many */
    must_give(segment_check(segment, NULL, NULL), LUPE_CORRUPT);
    segment->entry.pair_frequency_min = 0;
    must_give(segment_check(segment, NULL, NULL), LUPE_CORRUPT);
    view_close(view);
    lupe_index_close(index);
    support_no_leaks();
}
