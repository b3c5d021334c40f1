/* SPDX-License-Identifier: MIT
 *
 * test_segment_forms.c - the names of surface forms, records and sections of them: what is written
 * is read again, and damaged bytes are noticed or do no harm.
 */
#include <stdlib.h>
#include <string.h>

#include "segment/forms.h"
#include "support.h"

struct form_case {
    const char *term;
    const char *form;
    size_t size; /* of the name */
};

static const struct form_case cases[] = {
    {"haus", "haus", 1},
    {"haus", "hauses", 1},
    {"haus", "h\u00e4user", 2},
    {"haus", "haeuser", 2},
    {"gross", "gr\u00f6\u00dfte", 6}, /* te is no ending */
    {"gross", "gr\u00f6\u00dfe", 3},
    {"teil", "theile", 2},
    {"kontainer", "containers", 2},
    {"strass", "stra\u00dfen", 2},
    {"strass", "strassen", 1},
    {"fotograf", "photographen", 3},
    {"organisir", "organisieren", 2},
    {"a", "\u00e1", 5},
    {"haus", "", 3},
    {"haus", "xyz", 6},
    {"12", "12", 1},
    {"\u043a\u043d\u0438\u0433", "\u043a\u043d\u0438\u0433\u0430\u043c\u0438", 8},
};
#define CASES (sizeof cases / sizeof *cases)

static void check_name(const char *term, const char *form, size_t expected)
{
    uint8_t name[NAME_BYTES_MAX], read[FORM_BYTES_MAX];
    size_t size = form_name_write((const uint8_t *)term, strlen(term), (const uint8_t *)form,
                                  strlen(form), name);
    struct cursor cursor = cursor_of(name, size);
    cr_expect_eq(size, expected, "%s of %s has %zu bytes", form, term, size);
    cr_assert(form_name_skip(&cursor) && cursor_left(&cursor) == 0, "%s of %s", form, term);
    cr_assert_eq(form_name_read(name, (const uint8_t *)term, strlen(term), read), strlen(form),
                 "%s of %s", form, term);
    cr_assert_arr_eq(read, form, strlen(form));
}

Test(segment_forms, names_are_read_as_they_are_written)
{
    for (size_t i = 0; i < CASES; i++)
        check_name(cases[i].term, cases[i].form, cases[i].size);
    support_no_leaks();
}

Test(segment_forms, forms_are_compared_as_they_are_folded)
{
    static const struct {
        const char *term;
        const char *form;
        const char *folded;
        bool same;
    } pairs[] = {
        {"haus", "haus", "haus", true},
        {"haus", "haus", "hauses", false},
        {"haus", "hauses", "haus", false},
        {"haus", "h\u00e4user", "hauser", true},
        {"haus", "h\u00e4user", "haus", false},
        {"haus", "haeuser", "hauser", true},
        {"haus", "haeuser", "haeuser", true},
        {"haus", "xyz", "xyz", true},
        {"haus", "xyz", "hausxyz", false},
        {"haus", "", "haus", false},
        {"gross", "gr\u00f6\u00dfte", "grosste", true},
        {"teil", "theile", "teile", true},
        {"organisir", "organisieren", "organisieren", true},
        {"organisir", "organisieren", "organisier", false},
        {"prasidir", "pr\u00e4sidieren", "prasidieren", true},
        {"strass", "stra\u00dfen", "strassen", true},
        {"strass", "strassen", "strassen", true},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        uint8_t name[NAME_BYTES_MAX];
        const uint8_t *term = (const uint8_t *)pairs[i].term;
        const uint8_t *form = (const uint8_t *)pairs[i].form;
        const uint8_t *folded = (const uint8_t *)pairs[i].folded;
        form_name_write(term, strlen(pairs[i].term), form, strlen(pairs[i].form), name);
        cr_expect_eq(
            form_name_folds_to(name, term, strlen(pairs[i].term), folded, strlen(pairs[i].folded)),
            pairs[i].same, "%s and %s", pairs[i].form, pairs[i].folded);
    }
    support_no_leaks();
}

/* Words of few letters, among them those that respellings are made of. */
static size_t random_word(struct support_random *random, uint8_t *out, size_t most)
{
    static const char *const letters[] = {"a", "\u00e4", "e", "s", "\u00df", "t", "h", "o",
                                          "u", "\u00fc", "k", "c", "i",      "y", "n", "r"};
    size_t size = 0;
    for (uint64_t left = support_random_below(random, most); left-- > 0;) {
        const char *letter = letters[support_random_below(random, 16)];
        memcpy(out + size, letter, strlen(letter));
        size += strlen(letter);
    }
    return size;
}

Test(segment_forms, any_form_has_a_name)
{
    struct support_random random = support_random_of(7);
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t term[FORM_BYTES_MAX], form[FORM_BYTES_MAX], name[NAME_BYTES_MAX],
            read[FORM_BYTES_MAX];
        size_t term_size = random_word(&random, term, i % 100 ? 12 : 125);
        size_t size = random_word(&random, form, i % 100 ? 12 : 125);
        size_t name_size = form_name_write(term, term_size, form, size, name);
        cr_assert_leq(name_size, NAME_BYTES_MAX);
        cr_assert_eq(form_name_read(name, term, term_size, read), size, "seed %" PRIu64,
                     random.seed);
        cr_assert_arr_eq(read, form, size);
    }
    support_no_leaks();
}

#define TERM "haus"

/* A record of forms at random places of so many documents, with what it says. */
struct made {
    struct buffer record;
    unsigned forms;
    uint32_t documents;
    uint8_t *of; /* [documents]: the form, of tf 1 */
};

static void record_make(struct made *made, struct support_random *random, unsigned forms,
                        uint32_t documents, unsigned others)
{
    struct form_writer writer;
    made->record = BUFFER_INIT(0);
    made->forms = forms;
    made->documents = documents;
    made->of = calloc(documents, 1);
    form_writer_init(&writer);
    form_writer_begin(&writer, (const uint8_t *)TERM, strlen(TERM));
    for (unsigned i = 0; i < forms; i++) {
        uint8_t form[8] = TERM;
        form[4] = (uint8_t)('a' + i / 26);
        form[5] = (uint8_t)('a' + i % 26);
        form_writer_name(&writer, form, i ? 6 : 4, i ? 1 : 10);
    }
    form_writer_named(&writer);
    for (uint32_t i = 0; i < documents; i++) {
        uint32_t tf = 1;
        made->of[i] = support_random_below(random, 100) < others
                          ? (uint8_t)support_random_below(random, forms)
                          : 0;
        uint64_t place = form_place(0, made->of[i]);
        form_writer_add(&writer, &tf, 1, &place, made->of[i] != 0);
    }
    cr_assert_eq(form_writer_end(&writer, &made->record), LUPE_OK);
    form_writer_free(&writer);
    cr_assert_not_null(buffer_reserve(&made->record, READ_PADDING_BYTES));
    memset(made->record.data + made->record.size, 0, READ_PADDING_BYTES);
}

static void made_free(struct made *made)
{
    buffer_free(&made->record);
    free(made->of);
}

static lupe_status made_open(const struct made *made, struct forms *forms)
{
    return forms_open(forms, made->record.data, made->record.size, (const uint8_t *)TERM,
                      strlen(TERM), (made->documents + BLOCK_DOCUMENTS - 1) / BLOCK_DOCUMENTS);
}

Test(segment_forms, records_are_read_as_they_are_written)
{
    static const unsigned counts[] = {2, 3, 4, 5, 17, FORMS_MAX};
    struct support_random random = support_random_of(8);
    struct forms forms;
    struct form_places places = {0};
    for (unsigned i = 0; i < 60; i++) {
        struct made made;
        record_make(&made, &random, counts[i % 6], 1 + (uint32_t)support_random_below(&random, 900),
                    i % 5 * 25);
        cr_assert_eq(made_open(&made, &forms), LUPE_OK, "%s", lupe_last_error());
        for (uint32_t round = 0; round < 40; round++) { /* blocks in any order */
            uint32_t block = (uint32_t)support_random_below(&random, forms.block_count);
            uint32_t first = block * BLOCK_DOCUMENTS;
            uint32_t left = made.documents - first;
            size_t at = 0;
            left = left < BLOCK_DOCUMENTS ? left : BLOCK_DOCUMENTS;
            cr_assert_eq(forms_block(&forms, block, left, &places), LUPE_OK);
            for (uint32_t d = 0; d < left; d++)
                if (made.of[first + d])
                    cr_assert_eq(places.items[at++], form_place(d, made.of[first + d]));
            cr_assert_eq(at, places.count);
        }
        made_free(&made);
    }
    memory_free(places.items);
    support_no_leaks();
}

/* Whatever bytes there are: an error or some answer within bounds. */
Test(segment_forms, damaged_records_do_no_harm)
{
    struct support_random random = support_random_of(9);
    struct forms forms;
    struct form_places places = {0};
    uint8_t name[FORM_BYTES_MAX];
    unsigned noticed = 0;
    for (unsigned i = 0; i < 4000; i++) {
        struct made made;
        record_make(&made, &random, 2 + i % 9, 1 + i % 400, 30);
        for (unsigned damages = 1 + i % 3; damages-- > 0 && made.record.size;)
            made.record.data[support_random_below(&random, made.record.size)] =
                (uint8_t)support_random_next(&random);
        lupe_status status = made_open(&made, &forms);
        cr_assert(status == LUPE_OK || status == LUPE_CORRUPT);
        for (unsigned f = 0; !status && f < forms.count; f++)
            cr_assert_leq(forms_name(&forms, f, name), FORM_BYTES_MAX);
        for (uint32_t b = 0; !status && b < forms.block_count; b++) {
            status = forms_block(&forms, b, BLOCK_DOCUMENTS, &places);
            for (size_t p = 0; !status && p < places.count; p++) {
                cr_assert_lt(places.items[p] >> FORM_BITS, BLOCK_DOCUMENTS);
                cr_assert_lt(places.items[p] & FORM_MASK, forms.count);
            }
        }
        noticed += status == LUPE_CORRUPT;
        made_free(&made);
    }
    cr_assert_gt(noticed, 500u);
    memory_free(places.items);
    support_no_leaks();
}
