/* SPDX-License-Identifier: MIT
 *
 * test_api_golden.c - a file that the first library of format 1 wrote is read by all later ones:
 * tests/data/format1.lupe, and what searching in it gave.
 *
 * It has a list with champions, a directory and bit sets, compressed frames, a live chunk, a list
 * of deletes, weighted and stored fields, long ids and keywords, joined forms. While the format may
 * still change it is made anew by
 *
 *     LUPE_GOLDEN=make build/tests --filter "api_golden/?*"
 *
 * and the tables below are corrected by what the test then finds.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support.h"

#define GOLDEN_PATH "tests/data/format1.lupe"
#define GOLDEN_BYTES_MAX (64u << 10)
#define NUMBERED 1100u /* documents of the first segment */
#define LONG_BYTES 300u

/* ---------------------------------------------------------------- making it */

static lupe_value value_of(const char *field, lupe_kind kind, const char *text)
{
    return (lupe_value){.field = field, .kind = kind, .data = text, .size = strlen(text)};
}

static void put(lupe_writer *writer, const char *id, const lupe_value *values, size_t count)
{
    lupe_document document = {
        .id = id, .id_size = strlen(id), .values = values, .value_count = count};
    cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK, "%s", lupe_last_error());
}

static void put_numbered(lupe_writer *writer)
{
    static const char *const words[] = {"Brücke", "Straße", "Häuser", "Nebel", "Hafen",
                                        "Winter", "Anker",  "Möwe",   "Salz"};
    char id[16], text[100];
    for (unsigned i = 0; i < NUMBERED; i++) {
        snprintf(id, sizeof id, "n%u", i);
        snprintf(text, sizeof text, "Zug%s%s%s%s%s", i % 3 ? "" : " Zug", i % 41 ? "" : " fährt",
                 i % 2 ? " " : "", i % 2 ? words[i / 2 % 9] : "",
                 i % 100 == 99 ? " und noch ein Zug über die lange Brücke" : "");
        lupe_value value = value_of("text", LUPE_TEXT, text);
        put(writer, id, &value, 1);
    }
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
}

static const char *long_text(char letter, char text[LONG_BYTES + 1])
{
    memset(text, letter, LONG_BYTES);
    text[LONG_BYTES] = 0;
    return text;
}

static void put_letters(lupe_writer *writer)
{
    char id[LONG_BYTES + 1], tag[LONG_BYTES + 1];
    lupe_value letters[][4] = {
        {value_of("title", LUPE_TEXT, "Ein Zug nach Wladiwostok"),
         value_of("text", LUPE_TEXT, "Kim Jong-un fuhr mit dem Zug nach Wladiwostok."),
         value_of("tag", LUPE_KEYWORD, "Reise"), value_of("note", LUPE_STORED, "Seite 1")},
        {value_of("title", LUPE_TEXT, "Brücken"),
         value_of("text", LUPE_TEXT, "Nord-Süd-Verbindung: die Brücke."),
         value_of("text", LUPE_TEXT, "Ein zweiter Absatz über Wladiwostok."),
         value_of("tag", LUPE_KEYWORD, "Bau")},
        {value_of("text", LUPE_TEXT, "Nur ein Text."), value_of("tag", LUPE_KEYWORD, "Reise"),
         value_of("tag", LUPE_KEYWORD, "Bau"), value_of("note", LUPE_STORED, "")},
        {value_of("title", LUPE_TEXT, "Nur ein Titel"), value_of("tag", LUPE_KEYWORD, "?"),
         value_of("note", LUPE_STORED, "x"), value_of("note", LUPE_STORED, "y")},
    };
    letters[3][1] = value_of("tag", LUPE_KEYWORD, long_text('k', tag));
    put(writer, "a", letters[0], 4);
    put(writer, "b", letters[1], 4);
    put(writer, "c", letters[2], 4);
    put(writer, long_text('d', id), letters[3], 4);
    put(writer, "e", letters[2], 1);
    put(writer, "n2", letters[0], 2);
    for (unsigned i = 0; i < NUMBERED; i += 13) {
        int size = snprintf(id, sizeof id, "n%u", i);
        cr_assert_eq(lupe_writer_delete(writer, id, (size_t)size), LUPE_OK);
    }
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(lupe_writer_delete(writer, "e", 1), LUPE_OK);
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK, "%s", lupe_last_error());
}

static void make_golden(const char *path)
{
    static const lupe_field title = {.name = "title", .kind = LUPE_TEXT, .weight = 3};
    lupe_create_options options = LUPE_CREATE_OPTIONS_INIT;
    lupe_index *index = NULL;
    lupe_writer *writer = NULL;
    options.fields = &title;
    options.field_count = 1;
    cr_assert_eq(lupe_index_create(support_path("made"), &options, NULL, &index), LUPE_OK);
    cr_assert_eq(lupe_writer_open(index, NULL, &writer), LUPE_OK);
    put_numbered(writer);
    put_letters(writer);
    lupe_writer_close(writer);
    remove(path);
    cr_assert_eq(lupe_index_compact_to(index, path), LUPE_OK, "%s", lupe_last_error());
    lupe_index_close(index);
}

/* ---------------------------------------------------------------- reading it */

#define HITS_MAX 4u

static const struct {
    const char *query;
    uint64_t total;
    struct {
        const char *id;
        uint64_t score; /* in units of 2^-20 */
    } hits[HITS_MAX];
} searches[] = {
    {"Zug", 1016, {{"n6", 2658}, {"n12", 2658}, {"n18", 2658}, {"n24", 2658}}},
    {"Brücke", 66, {{"n1", 1290952}, {"n19", 1290952}, {"n37", 1290952}, {"n55", 1290952}}},
    {"Wladiwostok Munition", 3, {{"a", 3862378}, {"n2", 3862378}, {"b", 1977144}}},
    {"zug +fährt -nebel",
     22,
     {{"n82", 2898457}, {"n164", 2898457}, {"n328", 2898457}, {"n410", 2898457}}},
    {"\"lange Brücke\"",
     10,
     {{"n199", 1302695}, {"n499", 1302695}, {"n599", 1302695}, {"n799", 1302695}}},
    {"\"Zug Zug\" Möwe",
     338,
     {{"n15", 1137863}, {"n33", 1137863}, {"n51", 1137863}, {"n69", 1137863}}},
    {"Jong-un", 2, {{"a", 1764622}, {"n2", 1764622}}},
    {"Kim AND Zug", 2, {{"a", 1863927}, {"n2", 1863927}}},
    {"Strasse salz", 112, {{"n17", 2263145}, {"n35", 2263145}, {"n53", 2263145}, {"n71", 2263145}}},
    {"title:Zug", 2, {{"a", 882311}, {"n2", 882311}}},
    {"text:Wladiwostok", 3, {{"b", 954010}, {"a", 833588}, {"n2", 833588}}},
    {"tag:Reise", 2, {{"a", 0}, {"c", 0}}},
    {"tag:Bau Zug", 0, {{NULL, 0}}},
    {"Brück*", 66, {{"n1", 1290952}, {"n19", 1290952}, {"n37", 1290952}, {"n55", 1290952}}},
    {"title:Titel Text", 2, {{"dddddddddd", 3772594}, {"c", 3480778}}},
    {"haus^3 hafen", 113, {{"n5", 6789433}, {"n23", 6789433}, {"n59", 6789433}, {"n77", 6789433}}},
    {"\"mit dem Zug nach Wladiwostok\"", 2, {{"a", 3481110}, {"n2", 3481110}}},
    {"Verbindung", 1, {{"b", 1094427}}},
};

static lupe_index *open_golden(void)
{
    size_t size;
    lupe_index *index = NULL;
    lupe_open_options options = LUPE_OPEN_OPTIONS_INIT;
    uint8_t *bytes = support_read_file(GOLDEN_PATH, &size);
    cr_assert_lt(size, GOLDEN_BYTES_MAX, "%zu bytes", size);
    support_write_file(support_path("golden"), bytes, size);
    free(bytes);
    options.flags = LUPE_OPEN_READ_ONLY | LUPE_OPEN_VERIFY;
    cr_assert_eq(lupe_index_open(support_path("golden"), &options, &index), LUPE_OK, "%s",
                 lupe_last_error());
    return index;
}

static void check_search(lupe_index *index, lupe_snapshot *snapshot, size_t number)
{
    lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
    lupe_query *query = NULL;
    lupe_results *results = NULL;
    const char *text = searches[number].query;
    options.limit = HITS_MAX;
    options.count_limit = LUPE_COUNT_EXACT;
    cr_assert_eq(lupe_query_parse(index, text, strlen(text), NULL, &query), LUPE_OK);
    cr_assert_eq(lupe_search(snapshot, query, &options, &results), LUPE_OK, "%s",
                 lupe_last_error());
    char found[400];
    int size = snprintf(found, sizeof found, "%" PRIu64, lupe_results_total(results, NULL));
    char wanted[400];
    int wanted_size = snprintf(wanted, sizeof wanted, "%" PRIu64, searches[number].total);
    for (size_t i = 0; i < lupe_results_count(results); i++) {
        const lupe_hit *hit = NULL;
        cr_assert_eq(lupe_results_hit(results, i, &hit), LUPE_OK);
        size += snprintf(found + size, sizeof found - (size_t)size, ", {\"%.10s\", %.0f}", hit->id,
                         hit->score * 0x1p20);
    }
    for (size_t i = 0; i < HITS_MAX && searches[number].hits[i].id; i++)
        wanted_size += snprintf(wanted + wanted_size, sizeof wanted - (size_t)wanted_size,
                                ", {\"%.10s\", %" PRIu64 "}", searches[number].hits[i].id,
                                searches[number].hits[i].score);
    cr_expect_str_eq(found, wanted, "\"%s\": %s", text, found);
    lupe_results_free(results);
    lupe_query_free(query);
}

Test(api_golden, searching_gives_what_it_gave)
{
    const char *make = getenv("LUPE_GOLDEN");
    lupe_snapshot *snapshot = NULL;
    if (make && strcmp(make, "make") == 0)
        make_golden(GOLDEN_PATH);
    lupe_index *index = open_golden();
    cr_assert_eq(lupe_snapshot_open(index, &snapshot), LUPE_OK);
    for (size_t i = 0; i < sizeof searches / sizeof *searches; i++)
        check_search(index, snapshot, i);
    lupe_snapshot_close(snapshot);
    lupe_index_close(index);
    support_no_leaks();
}

static void check_document(lupe_snapshot *snapshot, const char *id, const lupe_value *values,
                           size_t count)
{
    const lupe_document *document = NULL;
    cr_assert_eq(lupe_snapshot_get(snapshot, id, strlen(id), &document), LUPE_OK, "%s",
                 lupe_last_error());
    cr_assert_eq(document->value_count, count, "%s has %zu values", id, document->value_count);
    for (size_t i = 0; i < count; i++) {
        cr_assert_str_eq(document->values[i].field, values[i].field);
        cr_assert_eq(document->values[i].kind, values[i].kind);
        cr_assert_eq(document->values[i].size, values[i].size);
        cr_assert_arr_eq(document->values[i].data, values[i].data, values[i].size);
    }
}

Test(api_golden, documents_are_what_they_were)
{
    lupe_index *index = open_golden();
    lupe_snapshot *snapshot = NULL;
    lupe_statistics statistics = LUPE_STATISTICS_INIT;
    const lupe_document *document = NULL;
    char id[LONG_BYTES + 1], tag[LONG_BYTES + 1];
    cr_assert_eq(lupe_index_check(index, NULL, NULL), LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(lupe_snapshot_open(index, &snapshot), LUPE_OK);
    cr_assert_eq(lupe_snapshot_statistics(snapshot, &statistics), LUPE_OK);
    cr_assert_eq(statistics.format, 1u);
    cr_assert_eq(statistics.commits, 3u);
    cr_assert_eq(statistics.segments, 2u);
    cr_assert_eq(statistics.documents, 1019u, "%" PRIu64, statistics.documents);
    cr_assert_eq(statistics.documents_deleted, 87u, "%" PRIu64, statistics.documents_deleted);

    lupe_value first[] = {
        value_of("title", LUPE_TEXT, "Ein Zug nach Wladiwostok"),
        value_of("text", LUPE_TEXT, "Kim Jong-un fuhr mit dem Zug nach Wladiwostok."),
        value_of("tag", LUPE_KEYWORD, "Reise"), value_of("note", LUPE_STORED, "Seite 1")};
    lupe_value last[] = {value_of("title", LUPE_TEXT, "Nur ein Titel"),
                         value_of("tag", LUPE_KEYWORD, long_text('k', tag)),
                         value_of("note", LUPE_STORED, "x"), value_of("note", LUPE_STORED, "y")};
    lupe_value numbered[] = {value_of("text", LUPE_TEXT, "Zug Zug Möwe")};
    lupe_value longest[] = {
        value_of("text", LUPE_TEXT, "Zug Zug Möwe und noch ein Zug über die lange Brücke")};
    check_document(snapshot, "a", first, 4);
    check_document(snapshot, "n2", first, 2);
    check_document(snapshot, long_text('d', id), last, 4);
    check_document(snapshot, "n267", numbered, 1);
    check_document(snapshot, "n699", longest, 1);
    cr_assert_eq(lupe_snapshot_get(snapshot, "e", 1, &document), LUPE_NOT_FOUND);
    cr_assert_eq(lupe_snapshot_get(snapshot, "n13", 3, &document), LUPE_NOT_FOUND);
    lupe_snapshot_close(snapshot);
    lupe_index_close(index);
    support_no_leaks();
}
