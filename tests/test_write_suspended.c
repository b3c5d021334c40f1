/* SPDX-License-Identifier: MIT
 *
 * test_write_suspended.c - words meant by suspended hyphens, from the text to the hit.
 */
#include "write_helpers.h"

static void put(lupe_writer *writer, const char *id, const char *text, size_t size)
{
    lupe_value value = {.field = "text", .kind = LUPE_TEXT, .data = text, .size = size};
    lupe_document document = {.id = id, .id_size = strlen(id), .values = &value, .value_count = 1};
    must(lupe_writer_put(writer, &document));
}

/* The ids that a query finds, in order of bytes. */
static void found(lupe_index *index, const char *text, char *out)
{
    lupe_snapshot *snapshot = NULL;
    lupe_query *query = NULL;
    lupe_results *results = NULL;
    char ids[16] = "";
    must(lupe_snapshot_open(index, &snapshot));
    must(lupe_query_parse(index, text, strlen(text), NULL, &query));
    must(lupe_search(snapshot, query, NULL, &results));
    for (size_t i = 0; i < lupe_results_count(results); i++) {
        const lupe_document *document;
        must(lupe_results_document(results, i, &document));
        ids[*(const char *)document->id - 'a'] = *(const char *)document->id;
    }
    for (size_t i = 0; i < sizeof ids; i++)
        if (ids[i])
            *out++ = ids[i];
    *out = 0;
    lupe_results_free(results);
    lupe_query_free(query);
    lupe_snapshot_close(snapshot);
}

Test(write_suspended, what_is_meant_is_found)
{
    static const char *const texts[] = {
        "die Ein- und Ausfuhr von Waren",         /* a */
        "Haupteingang und -ausgang im Haus",      /* b */
        "Ein Zug, und die Ausfuhr",               /* c */
        "Hin-, Rück- und Rundflüge nach Rom",     /* d */
        "die Einfuhr",                            /* e */
        "Musikschulen, -vereine und -gruppen da", /* f */
        "Fische der Nord- und Ostsee",            /* g */
    };
    static const struct {
        const char *query, *ids;
    } cases[] = {
        {"Einfuhr", "ae"},
        {"Ausfuhr", "ac"},
        {"\"Einfuhr von\"", "a"},
        {"\"die Einfuhr\"", "ae"},
        {"\"Einfuhr und\"", ""},
        {"\"Ein und Ausfuhr\"", "a"},
        {"Hauptausgang", "b"},
        {"\"Hauptausgang im\"", "b"},
        {"Hinflug", "d"},
        {"\"Hinflug nach Rom\"", "d"},
        {"\"Rückflüge nach\"", "d"},
        {"Musikvereine", "f"},
        {"\"Musikgruppen da\"", "f"},
        {"Nordsee", "g"},
        {"Ostsee", "g"},
        {"\"Fische der Nordsee\"", "g"},
    };
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char id[] = {(char)('a' + i), 0};
        put(writer, id, texts[i], strlen(texts[i]));
    }
    must(lupe_writer_commit(writer));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char ids[16];
        found(index, cases[i].query, ids);
        cr_expect_str_eq(ids, cases[i].ids, "%s: %s", cases[i].query, ids);
    }
    helper_check(index);
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}

/* More pieces at once than indexing takes words, and in every order: positions of a list ascend. */
Test(write_suspended, dense_texts_are_sound)
{
    static const char *const pieces[] = {
        "Ein-",
        " und ",
        ", ",
        "-ausgang",
        "Haupteingang",
        " ",
        "Ausfuhr",
        "/",
        "-vereine",
        "Musikschulen",
        " und -ausgang",
        " bzw. ",
        "E-Mail-",
        "-Listen",
        "Landesgesetze",
        " oder ",
        "Bundes-",
        "\n",
        "Haupteingang und -ausgang",
        "Ein- und Ausfuhr",
    };
    struct support_random random = support_random_of(5);
    lupe_index *index = helper_create(support_path("a.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    char *text = malloc(1 << 16);
    for (unsigned i = 0; i < 200; i++) {
        char id[32];
        size_t size = 0;
        for (size_t n = 1 + support_random_below(&random, 1500); n > 0; n--) {
            size_t which = support_random_below(&random, sizeof pieces / sizeof *pieces);
            const char *piece = i == 0   ? "Ein- und Ausfuhr "
                                : i == 1 ? "Haupteingang, -ausgang "
                                         : pieces[which];
            memcpy(text + size, piece, strlen(piece));
            size += strlen(piece);
        }
        snprintf(id, sizeof id, "%u", i);
        put(writer, id, text, size);
    }
    must(lupe_writer_commit(writer));
    helper_check(index);
    free(text);
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}
