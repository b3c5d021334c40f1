/* SPDX-License-Identifier: MIT
 *
 * test_text_suspended.c - what is meant by suspended hyphens.
 */
#include "text/suspended.h"
#include "text/words.h"
#include "text_cases.h"

/* Asks about each word of a text, as indexing does; terms and spans to out, "-" for none. */
static void meant(struct analyzer *analyzer, const uint8_t *text, size_t size, char *out)
{
    struct word_scanner scanner;
    struct word word;
    size_t to = 0;
    word_scanner_init(&scanner, LUPE_ANALYSIS_STANDARD, text, size);
    while (word_next(&scanner, &word)) {
        size_t word_size = word.joined_size ? word.joined_size : word.size;
        struct suspended_word piece = {text, size, word.start, word.start + word_size};
        for (unsigned side = 0; side < 2 && word.part <= 1; side++) {
            struct suspended suspended = {.size = 0};
            struct term term;
            if (side == 0 && suspended_leads(text, word.start) && word.parts == 1)
                cr_assert_eq(suspended_behind(analyzer, &piece, &suspended), LUPE_OK);
            if (side == 1 && suspended_hangs(text, size, piece.end))
                cr_assert_eq(suspended_ahead(analyzer, &piece, &suspended), LUPE_OK);
            if (suspended.size == 0)
                continue;
            cr_assert(suspended.span >= 2 && suspended.span <= HYPHEN_PARTS_MAX);
            cr_assert(suspended.start < suspended.end && suspended.end <= size &&
                      suspended.size <= SUSPENDED_BYTES_MAX);
            cr_assert_eq(analyzer_term(analyzer, suspended.bytes, suspended.size, &term), LUPE_OK);
            if (out)
                to += (size_t)snprintf(out + to, CASE_BYTES_MAX - to, "%s%.*s/%u", to ? " " : "",
                                       (int)term.size, (const char *)term.bytes, suspended.span);
        }
    }
    if (out && to == 0)
        memcpy(out, "-", 2);
}

Test(text_suspended, table)
{
    struct case_file cases;
    struct analyzer *analyzer;
    cr_assert_eq(analyzer_open(LUPE_ANALYSIS_STANDARD, 0, NULL, &analyzer), LUPE_OK);
    cases_open(&cases, "suspended.txt");
    while (cases_next(&cases, 2)) {
        char out[CASE_BYTES_MAX];
        struct case_text text = case_unescape(cases.columns[0]);
        meant(analyzer, text.bytes, text.size, out);
        cr_expect_str_eq(out, cases.columns[1], "%s:%u: %s means %s", cases.name, cases.line,
                         cases.columns[0], out);
    }
    analyzer_close(analyzer);
    support_no_leaks();
}

Test(text_suspended, german_words_only)
{
    static const char text[] = "Ein- und Ausfuhr, Haupteingang und -ausgang";
    static const struct {
        lupe_analysis mode;
        const char *language;
    } others[] = {{LUPE_ANALYSIS_STANDARD, "english"},
                  {LUPE_ANALYSIS_STANDARD, "none"},
                  {LUPE_ANALYSIS_BARE, "german"},
                  {LUPE_ANALYSIS_PLAIN, "german"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct analyzer *analyzer;
        char out[CASE_BYTES_MAX];
        cr_assert_eq(analyzer_open(others[i].mode, 0, others[i].language, &analyzer), LUPE_OK);
        meant(analyzer, (const uint8_t *)text, sizeof text - 1, out);
        cr_expect_str_eq(out, "-", "%s: %s", others[i].language, out);
        analyzer_close(analyzer);
    }
    support_no_leaks();
}

/* Words, hyphens and what stands between them in any order, and cut anywhere. */
Test(text_suspended, random_texts)
{
    static const char *const pieces[] = {
        "Ein",
        "Bundes",
        "Landesgesetze",
        "ausfuhr",
        "Haupteingang",
        "E-Mail",
        "und",
        "oder",
        "bzw",
        "die",
        "neuen",
        "-",
        "-",
        "-",
        " ",
        " ",
        " ",
        ", ",
        "/",
        "&",
        ".",
        "\n",
        "\xc2\xa0",
        "\xe2\x80\x90",
        "\xff",
        "\xc3",
        "5",
    };
    struct support_random random = support_random_of(11);
    struct analyzer *analyzer;
    cr_assert_eq(analyzer_open(LUPE_ANALYSIS_STANDARD, 0, NULL, &analyzer), LUPE_OK);
    for (size_t i = 0; i < 20000; i++) {
        uint8_t *text = malloc(2048);
        size_t size = 0;
        for (size_t n = support_random_below(&random, 60); n > 0; n--) {
            const char *piece =
                pieces[support_random_below(&random, sizeof pieces / sizeof *pieces)];
            memcpy(text + size, piece, strlen(piece));
            size += strlen(piece);
        }
        size -= size ? support_random_below(&random, 3) % size : 0;
        text = realloc(text, size + !size); /* so that a sanitizer sees what lies behind */
        meant(analyzer, text, size, NULL);
        free(text);
    }
    analyzer_close(analyzer);
    support_no_leaks();
}
