/* SPDX-License-Identifier: MIT
 *
 * test_text_spelling.c - old and new spellings of tests/data/words have one term, words of today
 * keep theirs; stemming accidents are mended; both for German in STANDARD mode alone, and within
 * their limits.
 */
#include "text/analyzer.h"
#include "text/fold.h"
#include "text/inflection.h"
#include "text/spelling.h"
#include "text_cases.h"

static struct analyzer *opened(lupe_analysis mode, const char *language)
{
    struct analyzer *analyzer = NULL;
    cr_assert_eq(analyzer_open(mode, 0, language, &analyzer), LUPE_OK, "%s", lupe_last_error());
    return analyzer;
}

static struct term term_of(struct analyzer *analyzer, const void *surface, size_t size)
{
    struct term term;
    cr_assert_eq(analyzer_term(analyzer, surface, size, &term), LUPE_OK);
    return term;
}

/* Whether the spelling of a folded word is left alone. */
static bool keeps_spelling(const struct case_text *surface)
{
    static struct fold fold;
    uint8_t out[FOLD_BYTES_MAX * REWRITE_GROWTH_MAX];
    struct rewrite spelling;
    spelling_open(&spelling);
    fold_word(&fold, FOLD_GERMAN, surface->bytes, surface->size, false);
    return rewrite_apply(&spelling, fold.bytes, fold.size, false, out) == 0;
}

static unsigned check_terms(struct analyzer *analyzer, struct case_file *cases)
{
    const char *wanted = cases->columns[0];
    struct case_text surface;
    unsigned count = 0;
    for (char *list = cases->columns[1]; case_item(&list, &surface); count++) {
        struct term term = term_of(analyzer, surface.bytes, surface.size);
        cr_expect(term.size == strlen(wanted) && !memcmp(term.bytes, wanted, term.size),
                  "%s:%u: %.*s gives \"%.*s\", not \"%s\"", cases->name, cases->line,
                  (int)surface.size, (char *)surface.bytes, (int)term.size, (char *)term.bytes,
                  wanted);
    }
    return count;
}

Test(text_spelling, old_and_new_spelling_have_one_term)
{
    struct analyzer *analyzer = opened(LUPE_ANALYSIS_STANDARD, "german");
    struct case_file cases;
    struct case_text surface;
    unsigned respelled = 0, kept = 0;
    cases_open(&cases, "spelling.txt");
    while (cases_next(&cases, 2)) {
        if (strcmp(cases.columns[0], "=") != 0) {
            respelled += check_terms(analyzer, &cases);
            continue;
        }
        for (char *list = cases.columns[1]; case_item(&list, &surface); kept++)
            cr_expect(keeps_spelling(&surface), "spelling.txt:%u: %.*s", cases.line,
                      (int)surface.size, (char *)surface.bytes);
    }
    cr_expect_gt(respelled, 400u);
    cr_expect_gt(kept, 180u);
    analyzer_close(analyzer);
    support_no_leaks();
}

Test(text_spelling, stemming_accidents_are_mended_in_standard_mode)
{
    static const char *const files[] = {"inflection.txt", "bare.txt"};
    for (int i = 0; i < 2; i++) {
        struct analyzer *analyzer =
            opened(i ? LUPE_ANALYSIS_BARE : LUPE_ANALYSIS_STANDARD, "german");
        struct case_file cases;
        unsigned count = 0;
        cases_open(&cases, files[i]);
        while (cases_next(&cases, 2))
            count += check_terms(analyzer, &cases);
        cr_expect_gt(count, i ? 30u : 250u);
        analyzer_close(analyzer);
    }
    support_no_leaks();
}

Test(text_spelling, other_languages_and_modes_spell_as_they_do)
{
    static const char *const words[] = {"Theil", "Concert", "studiren", "giebt", "Photo"};
    struct analyzer *analyzers[] = {
        opened(LUPE_ANALYSIS_STANDARD, "english"), opened(LUPE_ANALYSIS_STANDARD, "none"),
        opened(LUPE_ANALYSIS_BARE, "german"), opened(LUPE_ANALYSIS_PLAIN, "german")};
    static const char *const wanted[][5] = {
        {"theil", "concert", "studiren", "giebt", "photo"},
        {"theil", "concert", "studiren", "giebt", "photo"},
        {"theil", "concert", "studir", "giebt", "photo"},
        {"theil", "concert", "studiren", "giebt", "photo"},
    };
    for (size_t a = 0; a < 4; a++) {
        for (size_t w = 0; w < 5; w++) {
            struct term term = term_of(analyzers[a], words[w], strlen(words[w]));
            cr_expect(term.size == strlen(wanted[a][w]) &&
                          !memcmp(term.bytes, wanted[a][w], term.size),
                      "%s in analyzer %zu: %.*s", words[w], a, (int)term.size, (char *)term.bytes);
        }
        analyzer_close(analyzers[a]);
    }
    support_no_leaks();
}

/* A word in today's spelling is left alone, so that a word respelled twice is the same. */
Test(text_spelling, what_is_respelled_stays)
{
    static const char *const words[] = {"theilweise",   "concentriren",  "selbstandig",
                                        "schiffahrt",   "kenntnissvoll", "brennessel",
                                        "photographie", "numeriren",     "secretair"};
    struct rewrite spelling;
    spelling_open(&spelling);
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
        uint8_t out[64], again[128];
        size_t size = strlen(words[w]);
        size_t first = rewrite_apply(&spelling, (const uint8_t *)words[w], size, false, out);
        cr_expect_gt(first, 0u, "%s", words[w]);
        cr_expect_eq(rewrite_apply(&spelling, out, first, false, again), 0u, "%s", words[w]);
    }
    support_no_leaks();
}

Test(text_spelling, random_letters_stay_within_the_limit)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzthcheenssiirraackk";
    struct support_random random = support_random_of(1901);
    unsigned rounds = test_full() ? 1000000 : 50000;
    struct rewrite tables[2];
    spelling_open(&tables[0]);
    inflection_open(&tables[1]);
    for (unsigned round = 0; round < rounds; round++) {
        size_t size = 1 + support_random_below(&random, round % 100 ? 12 : 200);
        uint8_t *word = malloc(size);
        uint8_t *out = malloc(size * REWRITE_GROWTH_MAX);
        for (size_t i = 0; i < size; i++)
            word[i] = (uint8_t)letters[support_random_below(&random, sizeof letters - 1)];
        size_t to = rewrite_apply(&tables[round / 2 % 2], word, size, round % 2, out);
        cr_assert_leq(to, size * REWRITE_GROWTH_MAX);
        for (size_t i = 0; i < to; i++)
            cr_assert((out[i] >= 'a' && out[i] <= 'z') || out[i] == '.', "%.*s", (int)size,
                      (char *)word);
        free(word);
        free(out);
    }
    support_no_leaks();
}

/* ------------------------------------------------------------------ umlauts written out */

/* Writes a word with ae, oe, ue and ss; returns its size. */
static size_t transliterate(const struct case_text *word, char *out, bool capitals)
{
    static const char *const pairs[][2] = {{"ä", "ae"}, {"ö", "oe"}, {"ü", "ue"}, {"ß", "ss"},
                                           {"Ä", "Ae"}, {"Ö", "Oe"}, {"Ü", "Ue"}};
    size_t to = 0;
    for (size_t at = 0; at < word->size;) {
        size_t step = 1;
        out[to] = (char)word->bytes[at];
        for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
            if (at + 2 <= word->size && memcmp(word->bytes + at, pairs[i][0], 2) == 0) {
                step = 2;
                memcpy(out + to, pairs[i][1], 2);
            }
        at += step;
        to += step;
    }
    for (size_t i = 0; capitals && i < to; i++)
        out[i] = out[i] >= 'a' && out[i] <= 'z' ? (char)(out[i] - 'a' + 'A') : out[i];
    return to;
}

Test(text_spelling, umlauts_may_be_written_out)
{
    struct analyzer *analyzer = opened(LUPE_ANALYSIS_STANDARD, "german");
    static struct fold fold;
    struct case_file cases;
    struct case_text word;
    unsigned count = 0, kept = 0;
    cases_open(&cases, "umlauts.txt");
    while (cases_next(&cases, 1)) {
        bool keeps = cases.columns[0][0] == '=';
        for (char *list = cases.columns[0] + keeps; case_item(&list, &word); count++) {
            char written[CASE_BYTES_MAX], capitals[CASE_BYTES_MAX];
            size_t size = transliterate(&word, written, false);
            transliterate(&word, capitals, true);
            struct term term = term_of(analyzer, word.bytes, word.size);
            struct term other = term_of(analyzer, written, size);
            struct term loud = term_of(analyzer, capitals, size);
            cr_expect(term.size == other.size && !memcmp(term.bytes, other.bytes, term.size),
                      "%.*s: %.*s", (int)size, written, (int)other.size, (char *)other.bytes);
            cr_expect(term.size == loud.size && !memcmp(term.bytes, loud.bytes, term.size),
                      "%.*s: %.*s", (int)size, capitals, (int)loud.size, (char *)loud.bytes);
            fold_word(&fold, FOLD_GERMAN, word.bytes, word.size, false);
            kept += keeps;
            cr_expect(!keeps || fold.size == word.size, "%.*s is %.*s", (int)size, written,
                      (int)fold.size, (char *)fold.bytes);
        }
    }
    cr_expect_gt(count - kept, 400u);
    cr_expect_gt(kept, 60u);
    analyzer_close(analyzer);
    support_no_leaks();
}
