/* SPDX-License-Identifier: MIT
 *
 * test_query_model.c - the evaluators beside their naive twin: same documents, scores, order and
 * totals over random indexes of several segments with deletes; that explanations add up to the
 * scores; and that pruning prunes.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lupe_index.h"
#include "query/explain.h"
#include "query/search.h"
#include "query/second_look.h"
#include "support.h"
#include "write/pair_lists.h"
#include "write/part_lists.h"

#define VOCABULARY 400u
#define TEXT_BYTES_MAX 65536u

struct corpus {
    const char *name;
    lupe_analysis analysis;
    uint32_t flags;
    double title_weight;
    unsigned documents;
    unsigned commits;
    unsigned deletes;
    unsigned words_max;
    unsigned field_gap;
};

static struct support_random rnd;

static unsigned below(unsigned n)
{
    return (unsigned)support_random_below(&rnd, n);
}

/* Words with falling frequency: number 0 is in most documents, the last in few. */
static unsigned zipf_word(void)
{
    double u = (double)(support_random_next(&rnd) >> 11) / 9007199254740992.0;
    return (unsigned)(pow(VOCABULARY, u * u) - 1.0) % VOCABULARY;
}

static bool german; /* words are nouns and what they join to */

/* The same nouns as first parts, with linking letters. */
static const char *const nouns[] = {"Haus",   "Tisch", "Wasser",    "Arbeit",    "Schule",
                                    "Garten", "Stadt", "Regierung", "Krankheit", "Versicherung"};
static const char *const first_nouns[] = {"Haus",       "Tisch",        "Wasser", "Arbeits",
                                          "Schul",      "Garten",       "Stadt",  "Regierungs",
                                          "Krankheits", "Versicherungs"};
enum { NOUNS = sizeof nouns / sizeof *nouns };

static void append_word(char *text, size_t *size, unsigned word)
{
    if (german) {
        bool joined = word % 3 == 0, long_one = word % 15 == 0;
        *size += (size_t)snprintf(
            text + *size, 64, "%s%s%s", long_one ? first_nouns[word / 5 % NOUNS] : "",
            joined ? first_nouns[word / 3 % NOUNS] : "", nouns[word / 2 % NOUNS]);
        return;
    }
    *size += (size_t)snprintf(text + *size, 32, "w%ux", word);
}

static size_t make_text(char *text, unsigned words, bool hyphens)
{
    size_t size = 0;
    for (unsigned i = 0; i < words; i++) {
        append_word(text, &size, zipf_word());
        text[size++] = hyphens && below(12) == 0 ? '-' : ' ';
    }
    return size;
}

static void put(lupe_writer *writer, unsigned number, const struct corpus *corpus)
{
    static char title[1024], text[TEXT_BYTES_MAX];
    char id[16], kind[16];
    bool hyphens = corpus->analysis == LUPE_ANALYSIS_STANDARD;
    int id_size = snprintf(id, sizeof id, "d%u", number);
    int kind_size = snprintf(kind, sizeof kind, "k%u", number % 3);
    unsigned words =
        below(10) == 0 ? 1 + below(corpus->words_max) : 1 + below(corpus->words_max / 8 + 1);
    lupe_value values[4] = {
        {.field = "title",
         .kind = LUPE_TEXT,
         .data = title,
         .size = make_text(title, 1 + below(5), hyphens)},
        {.field = "text", .kind = LUPE_TEXT, .data = text, .size = make_text(text, words, hyphens)},
        {.field = "kind", .kind = LUPE_KEYWORD, .data = kind, .size = (size_t)kind_size},
        {.field = "text", .kind = LUPE_TEXT, .data = title, .size = 12},
    };
    lupe_document document = {.id = id,
                              .id_size = (size_t)id_size,
                              .values = values,
                              .value_count = below(4) == 0 ? 4 : 3};
    cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK, "%s", lupe_last_error());
}

static lupe_index *build(const struct corpus *corpus)
{
    lupe_index *index = NULL;
    lupe_writer *writer = NULL;
    lupe_field fields[] = {{.name = "title", .kind = LUPE_TEXT, .weight = corpus->title_weight},
                           {.name = "text", .kind = LUPE_TEXT, .weight = 1},
                           {.name = "kind", .kind = LUPE_KEYWORD}};
    lupe_create_options options = LUPE_CREATE_OPTIONS_INIT;
    options.fields = fields;
    options.field_count = 3;
    options.analysis = corpus->analysis;
    options.flags = corpus->flags | LUPE_WITHOUT_STORED_TEXT;
    options.field_gap = corpus->field_gap;
    /* Several passes, and a good part of the words that phrases are made of. */
    pair_limits = (struct pair_limits){
        .documents_min = 4, .share = 16, .words_max = 64, .memory_bytes = 1 << 15};
    cr_assert_eq(lupe_index_create(support_path(corpus->name), &options, NULL, &index), LUPE_OK,
                 "%s", lupe_last_error());
    cr_assert_eq(lupe_writer_open(index, NULL, &writer), LUPE_OK, "%s", lupe_last_error());
    unsigned number = 0;
    for (unsigned c = 0; c < corpus->commits; c++) {
        /* Sizes that fall keep merging away. */
        unsigned end = c + 1 == corpus->commits ? corpus->documents
                                                : number + (corpus->documents - number) * 3 / 4;
        for (; number < end; number++)
            put(writer, number, corpus);
        cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
    }
    for (unsigned i = 0; i < corpus->deletes; i++) {
        char id[16];
        int size = snprintf(id, sizeof id, "d%u", below(corpus->documents));
        cr_assert_eq(lupe_writer_delete(writer, id, (size_t)size), LUPE_OK);
    }
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
    lupe_writer_close(writer);
    return index;
}

/* A random query of one class. */
static void make_query(char *out, size_t room, unsigned class)
{
    static const char *forms[] = {
        "w%ux",
        "+w%ux +w%ux",
        "+w%ux +w%ux +w%ux",
        "w%ux w%ux",
        "w%ux w%ux w%ux w%ux w%ux",
        "\"w%ux w%ux\"",
        "\"w%ux w%ux w%ux\"",
        "+w%ux -w%ux",
        "+w%ux w%ux w%ux",
        "w%ux w%ux -w%ux",
        "(w%ux w%ux) AND (w%ux OR \"w%ux w%ux\")",
        "+\"w%ux w%ux\" w%ux",
        "w1%u* w%ux",
        "title:w%ux w%ux",
        "+kind:k1 w%ux w%ux",
        "kind:k0 kind:k2 -w%ux",
        "text:\"w%ux w%ux\"",
        "w%ux^3 w%ux^0.5 w%ux",
        "w%ux-w%ux w%ux",
        "\"w%ux w%ux-w%ux\"",
        "kind:k1",
        "w%uxw%ux w%ux",
        "(w%ux -w%ux) (+w%ux +w%ux)",
        "-(w%ux w%ux) w%ux",
    };
    enum { FORMS = sizeof forms / sizeof forms[0] };
    const char *form = forms[class % FORMS];
    size_t size = 0;
    for (; *form && size + 64 < room; form++) {
        if (german && strncmp(form, "w%ux", 4) == 0) {
            append_word(out, &size, below(2) ? zipf_word() : below(VOCABULARY));
            form += 3;
        } else if (form[0] == '%' && form[1] == 'u') {
            size +=
                (size_t)snprintf(out + size, 12, "%u", below(2) ? zipf_word() : below(VOCABULARY));
            form++;
        } else {
            out[size++] = *form;
        }
    }
    out[size] = 0;
}
#define QUERY_CLASSES 24u

static bool is_close(double a, double b)
{
    return fabs(a - b) <= 1e-5 * (fabs(a) + fabs(b)) + 2e-6;
}

static unsigned told[LUPE_EXPLAIN_PLACES + 1]; /* parts of each kind, of explanations */

/* Sums are those of their parts, and what is told of a share gives it. */
static void explanation_check(const lupe_explanation *part, const lupe_explanation *whole,
                              const char *text)
{
    uint64_t shares = 0;
    double x = 0;
    told[part->kind]++;
    for (size_t i = 0; i < part->part_count; i++) {
        shares += part->parts[i]->share;
        x += part->parts[i]->x;
        explanation_check(part->parts[i], whole, text);
    }
    switch (part->kind) {
    case LUPE_EXPLAIN_SUM:
        cr_assert_eq(part->share, shares, "%s", text);
        break;
    case LUPE_EXPLAIN_FILTER:
        cr_assert_leq(part->share, 1u, "%s", text);
        break;
    case LUPE_EXPLAIN_WORD:
    case LUPE_EXPLAIN_PREFIX:
    case LUPE_EXPLAIN_SEQUENCE:
    case LUPE_EXPLAIN_NEIGHBOURS:
        cr_assert(part->part_count > 0 && is_close(part->x, x), "%s: %g, %g", text, part->x, x);
        cr_assert(is_close(part->gain, part->idf * part->factor), "%s", text);
        cr_assert(is_close(part->score, part->gain * x / (x + whole->norm)) || part->share == 1,
                  "%s: %g from %g", text, part->score, part->gain * x / (x + whole->norm));
        break;
    case LUPE_EXPLAIN_TYPED:
        cr_assert(part->count > 0 && is_close(part->x, part->count * part->weight), "%s", text);
        cr_assert(is_close(part->gain, part->idf * part->factor), "%s", text);
        cr_assert(is_close(part->score, part->gain * part->x / (part->x + whole->norm)) ||
                      part->share == 1,
                  "%s: %g", text, part->score);
        break;
    case LUPE_EXPLAIN_NEAR: {
        double before = part->x - part->count * part->weight;
        cr_assert(is_close(part->score, part->gain * part->x / (part->x + whole->norm) -
                                            part->gain * before / (before + whole->norm)),
                  "%s", text);
        break;
    }
    default:
        cr_assert(part->text_size > 0 && part->count > 0, "%s", text);
        cr_assert(is_close(part->x, part->count * part->weight), "%s", text);
        break;
    }
}

/* Explains some of the hits. */
static void explained(struct view *view, const lupe_query *query,
                      const struct search_request *request, const struct search_answer *answer,
                      const char *text)
{
    struct arena arena = {0};
    for (size_t i = 0; i < answer->hit_count; i += i < 12 ? 1 : 1 + answer->hit_count / 8) {
        const struct search_hit *hit = &answer->hits[i];
        struct explain_request asked = {view,         query,         request,
                                        hit->segment, hit->document, i < SECOND_LOOK_HITS};
        const lupe_explanation *whole = NULL;
        cr_assert_eq(explain_hit(&asked, &arena, &whole), LUPE_OK, "%s: %s", text,
                     lupe_last_error());
        cr_assert_eq(whole->kind, LUPE_EXPLAIN_SUM);
        cr_assert_eq(whole->share, hit->score,
                     "seed %" PRIu64 ", query %s: %" PRIu64 " explained of hit %zu, which has %u",
                     rnd.seed, text, whole->share, i, hit->score);
        explanation_check(whole, whole, text);
        arena_restart(&arena, 1 << 16);
    }
    arena_free(&arena);
}

static void same_answers(struct view *view, lupe_index *index, const char *text, uint64_t k,
                         double k1, double b, uint32_t flags)
{
    lupe_query *query = NULL;
    struct search_answer fast, slow;
    struct search_request request = {
        .k = k, .count_limit = LUPE_COUNT_EXACT, .k1 = k1, .b = b, .flags = flags};
    cr_assert_eq(lupe_query_parse(index, text, strlen(text), NULL, &query), LUPE_OK);
    cr_assert_eq(search_run(view, query, &request, &fast), LUPE_OK, "%s: %s", text,
                 lupe_last_error());
    cr_assert_eq(search_run_naive(view, query, &request, &slow), LUPE_OK, "%s: %s", text,
                 lupe_last_error());
    cr_assert_eq(fast.total, slow.total,
                 "seed %" PRIu64 ", query %s, k %" PRIu64 ": %" PRIu64 " matches, %" PRIu64
                 " expected",
                 rnd.seed, text, k, fast.total, slow.total);
    cr_assert_eq(fast.hit_count, slow.hit_count,
                 "seed %" PRIu64 ", query %s, k %" PRIu64 ": %zu hits, %zu expected", rnd.seed,
                 text, k, fast.hit_count, slow.hit_count);
    cr_assert_eq(fast.score_bits, slow.score_bits);
    for (size_t i = 0; i < fast.hit_count; i++) {
        const struct search_hit *a = &fast.hits[i], *e = &slow.hits[i];
        cr_assert(a->score == e->score && a->segment == e->segment && a->document == e->document,
                  "seed %" PRIu64 ", query %s, k %" PRIu64
                  ": hit %zu is %u/%u with %u, expected %u/%u with %u",
                  rnd.seed, text, k, i, a->segment, a->document, a->score, e->segment, e->document,
                  e->score);
    }
    explained(view, query, &request, &fast, text);
    search_answer_free(&fast);
    search_answer_free(&slow);
    lupe_query_free(query);
}

static void compare_with_naive(const struct corpus *corpus, uint64_t seed)
{
    static const uint64_t ks[] = {1, 10, 100, 3, 1000};
    static const uint32_t switches[] = {
        LUPE_SEARCH_WITHOUT_COMPOUNDS, LUPE_SEARCH_WITHOUT_PROXIMITY, LUPE_SEARCH_WITHOUT_SENTENCES,
        LUPE_SEARCH_WITHOUT_COMPOUNDS | LUPE_SEARCH_WITHOUT_PROXIMITY};
    rnd = support_random_of(seed);
    lupe_index *index = build(corpus);
    struct view *view = NULL;
    cr_assert_eq(view_open(index->store, &view), LUPE_OK, "%s", lupe_last_error());
    unsigned rounds = test_full() ? 40 : 6;
    for (unsigned class = 0; class < QUERY_CLASSES; class ++) {
        for (unsigned round = 0; round < rounds; round++) {
            char text[512];
            make_query(text, sizeof text, class);
            bool other = round % 3 == 2;
            same_answers(view, index, text, ks[round % 5], other ? 0.9 + below(10) / 10.0 : 1.2,
                         other ? below(11) / 10.0 : 0.75, round % 3 == 1 ? switches[below(4)] : 0);
        }
    }
    view_close(view);
    lupe_index_close(index);
}

Test(query_model, standard_segments_deletes)
{
    struct corpus corpus = {"a", LUPE_ANALYSIS_STANDARD, 0, 1, 3000, 4, 300, 200, 1};
    compare_with_naive(&corpus, 11);
    support_no_leaks();
}

/* Compounds, their parts and their neighbours: wide lists, places near each other, the second look
 * at the best hits. */
Test(query_model, compounds)
{
    struct corpus corpus = {"k", LUPE_ANALYSIS_STANDARD, 0, 1, 1500, 4, 100, 60, 1};
    german = true;
    part_documents_max = 200; /* both forms of lists, and the one becomes the other in merges */
    compare_with_naive(&corpus, 31);
    static const lupe_explanation_kind kinds[] = {LUPE_EXPLAIN_NEIGHBOURS, LUPE_EXPLAIN_NEAR,
                                                  LUPE_EXPLAIN_WIDE, LUPE_EXPLAIN_PARTS,
                                                  LUPE_EXPLAIN_READING};
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
        cr_expect_gt(told[kinds[i]], 0u, "nothing of kind %d was explained", (int)kinds[i]);
    support_no_leaks();
}

Test(query_model, compounds_of_weighted_titles)
{
    struct corpus corpus = {"l", LUPE_ANALYSIS_STANDARD, 0, 2.5, 800, 2, 30, 40, 1};
    german = true;
    compare_with_naive(&corpus, 32);
    support_no_leaks();
}

/* So few that frequent words are counted by looking for the deleted documents. */
/* Of a word with readings in two languages each may be a part of compounds of its own: the German
 * term is hausing, the English one haus. alone: the words by themselves, which some texts have. */
static void compare_two_readings(const char *alone)
{
    lupe_field fields[] = {{.name = "title", .kind = LUPE_TEXT, .language = "english"},
                           {.name = "text", .kind = LUPE_TEXT, .language = "german"}};
    static const char *const texts[] = {"Hausinggarten", "Hausgarten Garten",
                                        "Hausgarten Hausgarten Hausinggarten", "Garten Wasser"};
    lupe_create_options options = LUPE_CREATE_OPTIONS_INIT;
    lupe_index *index = NULL;
    lupe_writer *writer = NULL;
    struct view *view = NULL;
    options.fields = fields;
    options.field_count = 2;
    options.lexicon = "Hausing\n";
    options.lexicon_size = strlen("Hausing\n");
    cr_assert_eq(lupe_index_create(support_path("r"), &options, NULL, &index), LUPE_OK, "%s",
                 lupe_last_error());
    cr_assert_eq(lupe_writer_open(index, NULL, &writer), LUPE_OK, "%s", lupe_last_error());
    for (unsigned d = 0; d < 32; d++) {
        char id[16], text[128];
        int id_size = snprintf(id, sizeof id, "d%u", d);
        int size = snprintf(text, sizeof text, "%s %s", texts[d % 4], d % 3 ? "Wasser" : alone);
        lupe_value value = {.field = "text", .kind = LUPE_TEXT, .data = text, .size = (size_t)size};
        lupe_document document = {
            .id = id, .id_size = (size_t)id_size, .values = &value, .value_count = 1};
        cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK, "%s", lupe_last_error());
    }
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
    lupe_writer_close(writer);
    cr_assert_eq(view_open(index->store, &view), LUPE_OK, "%s", lupe_last_error());
    static const char *const queries[] = {"Hausing", "+Hausing +Garten", "Hausing Wasser",
                                          "+Wasser -Hausing"};
    for (unsigned q = 0; q < sizeof queries / sizeof *queries; q++)
        same_answers(view, index, queries[q], 32, 1.2, 0.75, 0);
    view_close(view);
    lupe_index_close(index);
}

Test(query_model, two_readings_are_parts)
{
    compare_two_readings("Wasser");
    support_no_leaks();
}

Test(query_model, two_readings_are_parts_and_one_is_a_word)
{
    compare_two_readings("Haus");
    support_no_leaks();
}

Test(query_model, two_readings_are_parts_and_the_other_is_a_word)
{
    compare_two_readings("Hausing");
    support_no_leaks();
}

Test(query_model, few_deletes)
{
    struct corpus corpus = {"f", LUPE_ANALYSIS_PLAIN, 0, 1, 6000, 2, 6, 60, 1};
    compare_with_naive(&corpus, 22);
    support_no_leaks();
}

Test(query_model, plain_one_segment)
{
    struct corpus corpus = {"b", LUPE_ANALYSIS_PLAIN, 0, 1, 6000, 1, 0, 120, 1};
    compare_with_naive(&corpus, 12);
    support_no_leaks();
}

Test(query_model, words_of_two_values_meet)
{
    struct corpus corpus = {"g", LUPE_ANALYSIS_PLAIN, 0, 1, 2500, 3, 200, 30, 0};
    compare_with_naive(&corpus, 21);
    support_no_leaks();
}

Test(query_model, weighted_title)
{
    struct corpus corpus = {"c", LUPE_ANALYSIS_STANDARD, 0, 2.5, 2000, 3, 50, 80, 1};
    compare_with_naive(&corpus, 13);
    support_no_leaks();
}

Test(query_model, without_positions)
{
    struct corpus corpus = {"d", LUPE_ANALYSIS_PLAIN, LUPE_WITHOUT_POSITIONS, 1, 2000, 2, 100, 80,
                            1};
    compare_with_naive(&corpus, 14);
    support_no_leaks();
}

Test(query_model, tiny)
{
    for (unsigned documents = 1; documents < 6; documents++) {
        struct corpus corpus = {"e", LUPE_ANALYSIS_STANDARD, 0, 1, documents,
                                1,   documents / 3,          9, 1};
        compare_with_naive(&corpus, 15 + documents);
        remove(support_path("e"));
        remove(support_path("e-lock"));
    }
    support_no_leaks();
}

/* Short documents: many have one score, so that the order among equals shows; lists long enough for
 * champions, from which the first limit comes. */
Test(query_model, equal_scores)
{
    struct corpus corpus = {"h", LUPE_ANALYSIS_PLAIN, 0, 1, 20000, 1, 0, 12, 1};
    compare_with_naive(&corpus, 22);
    support_no_leaks();
}

/* Lists long enough for champions in several segments, with deletes. */
Test(query_model, champions_of_segments)
{
    struct corpus corpus = {"q", LUPE_ANALYSIS_PLAIN, 0, 1, 16000, 3, 900, 40, 1};
    compare_with_naive(&corpus, 23);
    support_no_leaks();
}

static void append_text(char *text, size_t *size, const char *more)
{
    memcpy(text + *size, more, strlen(more));
    *size += strlen(more);
}

/* Just the documents that have a word most often are deleted, so that the floor its champions let
 * suppose does not hold: what was left out below it is looked at again, and counted once. */
Test(query_model, best_are_deleted)
{
    static const char *const queries[] = {"oft",        "oft auch",  "+oft auch",
                                          "+oft +auch", "oft -auch", "oft auch selten"};
    enum { DOCUMENTS = 9000, FIRST_COMMIT = 6000, OFTEN = 5 };
    lupe_index *index = NULL;
    lupe_writer *writer = NULL;
    struct view *view = NULL;
    lupe_create_options options = LUPE_CREATE_OPTIONS_INIT;
    options.analysis = LUPE_ANALYSIS_PLAIN;
    options.flags = LUPE_WITHOUT_STORED_TEXT;
    rnd = support_random_of(80);
    cr_assert_eq(lupe_index_create(support_path("r"), &options, NULL, &index), LUPE_OK, "%s",
                 lupe_last_error());
    cr_assert_eq(lupe_writer_open(index, NULL, &writer), LUPE_OK);
    for (unsigned d = 0; d < DOCUMENTS; d++) {
        char id[16], text[256];
        size_t size = 0;
        for (unsigned i = d % OFTEN ? 1 + below(2) : 5 + below(6); i > 0; i--)
            append_text(text, &size, "oft ");
        append_text(text, &size, below(3) ? "auch " : "");
        append_text(text, &size, below(50) ? "" : "selten ");
        for (unsigned i = below(10); i > 0; i--)
            append_text(text, &size, "sonst ");
        lupe_value value = {.field = "text", .kind = LUPE_TEXT, .data = text, .size = size};
        lupe_document document = {.id = id,
                                  .id_size = (size_t)snprintf(id, sizeof id, "%u", d),
                                  .values = &value,
                                  .value_count = 1};
        cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK);
        if (d + 1 == FIRST_COMMIT)
            cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
    }
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
    for (unsigned d = 0; d < DOCUMENTS; d += OFTEN) {
        char id[16];
        size_t size = (size_t)snprintf(id, sizeof id, "%u", d);
        cr_assert_eq(lupe_writer_delete(writer, id, size), LUPE_OK);
    }
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
    lupe_writer_close(writer);
    cr_assert_eq(view_open(index->store, &view), LUPE_OK);
    cr_assert_eq(view->catalogue.segment_count, 2);
    for (unsigned q = 0; q < sizeof queries / sizeof queries[0]; q++)
        for (uint64_t k = 1; k <= 10000; k *= 10)
            same_answers(view, index, queries[q], k, 1.2, 0.75, 0);
    view_close(view);
    lupe_index_close(index);
    support_no_leaks();
}

/* Four words crowd where the window has more postings than it can list, though on the whole there
 * are few. */
Test(query_model, crowded_window)
{
    static const char *const queries[] = {"+(w1x w2x w3x w4x) +w0x", "w1x w2x w3x w4x",
                                          "w1x w2x w5x", "w5x w1x", "w1x w2x w3x -w5x"};
    lupe_index *index = NULL;
    lupe_writer *writer = NULL;
    struct view *view = NULL;
    lupe_create_options options = LUPE_CREATE_OPTIONS_INIT;
    options.analysis = LUPE_ANALYSIS_PLAIN;
    options.flags = LUPE_WITHOUT_STORED_TEXT;
    rnd = support_random_of(79);
    cr_assert_eq(lupe_index_create(support_path("o"), &options, NULL, &index), LUPE_OK, "%s",
                 lupe_last_error());
    cr_assert_eq(lupe_writer_open(index, NULL, &writer), LUPE_OK);
    for (unsigned d = 0; d < 48000; d++) {
        char id[16], text[128] = "";
        size_t size = 0;
        for (unsigned i = below(6); i > 0; i--)
            append_word(text, &size, 0), text[size++] = ' ';
        for (unsigned word = 1; d >= 100 && d < 1200 && word < 5; word++)
            append_word(text, &size, word), text[size++] = ' ';
        if (below(300) == 0)
            append_word(text, &size, 5);
        lupe_value value = {.field = "text", .kind = LUPE_TEXT, .data = text, .size = size};
        lupe_document document = {.id = id,
                                  .id_size = (size_t)snprintf(id, sizeof id, "%u", d),
                                  .values = &value,
                                  .value_count = 1};
        cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK);
    }
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
    lupe_writer_close(writer);
    cr_assert_eq(view_open(index->store, &view), LUPE_OK);
    for (unsigned q = 0; q < sizeof queries / sizeof queries[0]; q++)
        for (uint64_t k = 1; k <= 10000; k *= 10)
            same_answers(view, index, queries[q], k, 1.2, 0.75, 0);
    view_close(view);
    lupe_index_close(index);
    support_no_leaks();
}

/* A corpus whose best documents stand out, as a chapter on the matter does in a book: pruned
 * evaluation must leave nearly all else alone. */
Test(query_model, prunable)
{
    static const struct {
        const char *name;
        const char *text;
    } classes[] = {{"term", "oft"},
                   {"union", "oft selten"},
                   {"union of frequent", "oft auch"},
                   {"conjunction", "+oft +auch"},
                   {"phrase", "\"oft auch\""}};
    lupe_index *index = NULL;
    lupe_writer *writer = NULL;
    struct view *view = NULL;
    static char text[4096];
    lupe_create_options options = LUPE_CREATE_OPTIONS_INIT;
    options.analysis = LUPE_ANALYSIS_PLAIN;
    options.flags = LUPE_WITHOUT_STORED_TEXT;
    rnd = support_random_of(77);
    cr_assert_eq(lupe_index_create(support_path("p"), &options, NULL, &index), LUPE_OK, "%s",
                 lupe_last_error());
    cr_assert_eq(lupe_writer_open(index, NULL, &writer), LUPE_OK);
    for (unsigned d = 0; d < 40000; d++) {
        char id[16];
        size_t size = 0;
        bool best = d / 100 == 12; /* a chapter on the matter */
        for (unsigned i = 0; i < (best ? 6 : 20 + below(20)); i++)
            append_word(text, &size, below(5000)), text[size++] = ' ';
        for (unsigned i = 0; i < (best ? 6 : 1); i++) {
            memcpy(text + size, "oft auch ", 9);
            size += 9;
        }
        if (d % 500 == 0) {
            memcpy(text + size, "selten ", 7);
            size += 7;
        }
        lupe_value value = {.field = "text", .kind = LUPE_TEXT, .data = text, .size = size};
        lupe_document document = {.id = id,
                                  .id_size = (size_t)snprintf(id, sizeof id, "%u", d),
                                  .values = &value,
                                  .value_count = 1};
        cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK);
    }
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
    lupe_writer_close(writer);
    cr_assert_eq(view_open(index->store, &view), LUPE_OK);
    for (unsigned c = 0; c < sizeof classes / sizeof classes[0]; c++) {
        lupe_query *query = NULL;
        struct search_answer answer;
        struct search_request request = {.k = 10, .count_limit = 0, .k1 = 1.2, .b = 0.75};
        cr_assert_eq(
            lupe_query_parse(index, classes[c].text, strlen(classes[c].text), NULL, &query),
            LUPE_OK);
        cr_assert_eq(search_run(view, query, &request, &answer), LUPE_OK, "%s", lupe_last_error());
        const struct search_work *work = &answer.work;
        fprintf(stderr,
                "pruning %-18s %8" PRIu64 " postings, %6" PRIu64 " scored; %5" PRIu64
                " blocks, %4" PRIu64 " decoded, %5" PRIu64 " skipped by bound\n",
                classes[c].name, work->postings, work->postings_scored, work->blocks,
                work->blocks_decoded, work->blocks_skipped);
        cr_assert_eq(answer.hit_count, (size_t)10);
        cr_expect_leq(work->postings_scored * 20, work->postings,
                      "%s: more than 5 %% of the postings are scored", classes[c].name);
        search_answer_free(&answer);
        lupe_query_free(query);
    }
    view_close(view);
    lupe_index_close(index);
    support_no_leaks();
}
