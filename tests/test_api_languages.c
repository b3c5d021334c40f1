/* SPDX-License-Identifier: MIT
 *
 * test_api_languages.c - every Snowball language as that of an index and as that of one field
 * beside others; of all of them German words alone are split.
 */
#include <libstemmer.h>

#include "text_cases.h"
#include "write_helpers.h"

/* Two forms of a word in each language, from languages.txt. */
struct pair {
    char language[32];
    char form[64];
    char other[64];
};

static bool pair_of(const char *language, struct pair *pair)
{
    struct case_file cases;
    struct case_text surface;
    bool found = false;
    cases_open(&cases, "languages.txt");
    while (cases_next(&cases, 3)) {
        char *list = cases.columns[2];
        char *forms[2] = {pair->form, pair->other};
        unsigned count = 0;
        if (found || strcmp(cases.columns[0], language) != 0)
            continue;
        for (; count < 2 && case_item(&list, &surface); count++)
            snprintf(forms[count], sizeof pair->form, "%.*s", (int)surface.size,
                     (const char *)surface.bytes);
        found = count == 2;
    }
    snprintf(pair->language, sizeof pair->language, "%s", language);
    return found;
}

static void put(lupe_index *index, const char *id, const char *field, const char *text)
{
    lupe_value value = {.field = field, .data = text, .size = strlen(text)};
    lupe_document document = {.id = id, .id_size = strlen(id), .values = &value, .value_count = 1};
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    must(lupe_writer_put(writer, &document));
    must(lupe_writer_commit(writer));
    lupe_writer_close(writer);
}

static lupe_index *index_with(const char *language, const lupe_field *fields, size_t count)
{
    lupe_create_options create = LUPE_CREATE_OPTIONS_INIT;
    lupe_open_options open = helper_open_options();
    lupe_index *index = NULL;
    char name[64];
    create.language = language;
    create.fields = fields;
    create.field_count = count;
    snprintf(name, sizeof name, "%s.lupe", language);
    must(lupe_index_create(support_path(name), &create, &open, &index));
    return index;
}

Test(api_languages, every_language_finds_other_forms_of_a_word)
{
    unsigned count = 0;
    for (const char **name = sb_stemmer_list(); *name; name++, count++) {
        struct pair pair;
        char query[80];
        cr_assert(pair_of(*name, &pair), "languages.txt has no forms of %s", *name);
        lupe_index *index = index_with(*name, NULL, 0);
        put(index, "1", "text", pair.form);
        put(index, "2", "text", "Wandhalterung");
        snprintf(query, sizeof query, "+%s", pair.other);
        cr_expect_eq(helper_total(index, query), 1, "%s: %s as %s", *name, pair.form, pair.other);
        bool german = strcmp(*name, "german") == 0;
        lupe_statistics statistics = helper_statistics(index);
        cr_expect_eq(statistics.part_terms, german ? 2 : 0, "%s", *name);
        cr_expect_eq(statistics.lexicon != 0, german, "%s", *name);
        cr_expect_eq(helper_total(index, "+Halterung"), german, "%s", *name);
        lupe_index_close(index);
    }
    cr_assert_geq(count, 15u);
    support_no_leaks();
}

Test(api_languages, each_field_has_a_language_of_its_own)
{
    enum { LANGUAGES_MAX = 64 };
    static struct pair pairs[LANGUAGES_MAX];
    lupe_field fields[LANGUAGES_MAX] = {{0}};
    size_t count = 0;
    for (const char **name = sb_stemmer_list(); *name && count < LANGUAGES_MAX; name++, count++) {
        cr_assert(pair_of(*name, &pairs[count]));
        fields[count].name = fields[count].language = pairs[count].language;
        fields[count].kind = LUPE_TEXT;
        fields[count].flags = LUPE_FIELD_FAST;
    }
    lupe_index *index = index_with("none", fields, count);
    for (size_t i = 0; i < count; i++)
        put(index, pairs[i].language, pairs[i].language, pairs[i].form);
    put(index, "compound", "german", "Wandhalterung");
    put(index, "none", "swedish", "Wandhalterung");
    for (size_t i = 0; i < count; i++) {
        char query[256];
        snprintf(query, sizeof query, "%.31s:%.63s", pairs[i].language, pairs[i].other);
        cr_expect_geq(helper_total(index, query), 1u, "%s", query);
        snprintf(query, sizeof query, "+%.63s", pairs[i].other);
        cr_expect_geq(helper_total(index, query), 1u, "%s", query);
    }
    cr_expect_eq(helper_total(index, "+Halterung"), 1, "in the German field alone");
    cr_expect_eq(helper_statistics(index).part_terms, 2);
    must(lupe_index_optimize(index, NULL));
    cr_expect_eq(helper_total(index, "+Halterung"), 1);
    helper_check(index);
    lupe_index_close(index);
    support_no_leaks();
}
