/* SPDX-License-Identifier: MIT
 *
 * test_text_analyzer.c - terms are those of tests/data/words; composed and decomposed text agree;
 * every language opens; nothing that is not a word does harm.
 */
#include <libstemmer.h>
#include <utf8proc.h>

#include "text/analyzer.h"
#include "text/words.h"
#include "text_cases.h"

static struct analyzer *opened(lupe_analysis mode, const char *language)
{
    struct analyzer *analyzer = NULL;
    cr_assert_eq(analyzer_open(mode, 0, language, &analyzer), LUPE_OK, "%s", lupe_last_error());
    return analyzer;
}

static struct term term_of(struct analyzer *analyzer, const void *surface, size_t size)
{
    struct term term = {.size = 9999};
    cr_assert_eq(analyzer_term(analyzer, surface, size, &term), LUPE_OK);
    cr_assert_leq(term.size, TERM_BYTES_MAX);
    cr_assert(utf8_valid(term.bytes, term.size));
    return term;
}

static bool is_term(const struct term *term, const char *wanted)
{
    return term->size == strlen(wanted) && memcmp(term->bytes, wanted, term->size) == 0;
}

static bool is_same(const struct term *one, const struct term *other)
{
    return one->size == other->size && memcmp(one->bytes, other->bytes, one->size) == 0;
}

/* ------------------------------------------------------------------ data-driven */

static unsigned check_terms(struct analyzer *analyzer, struct case_file *cases, unsigned column)
{
    const char *wanted = strcmp(cases->columns[column], "-") ? cases->columns[column] : "";
    char *list = cases->columns[column + 1];
    struct case_text surface;
    unsigned count = 0;
    for (; case_item(&list, &surface); count++) {
        struct term term = term_of(analyzer, surface.bytes, surface.size);
        cr_expect(is_term(&term, wanted), "%s:%u: %.*s gives \"%.*s\", not \"%s\"", cases->name,
                  cases->line, (int)surface.size, (char *)surface.bytes, (int)term.size,
                  (char *)term.bytes, wanted);
        cr_expect_not(term.cut);
    }
    return count;
}

Test(text_analyzer, german_terms_are_as_listed)
{
    for (lupe_analysis mode = LUPE_ANALYSIS_STANDARD; mode <= LUPE_ANALYSIS_BARE; mode++) {
        struct analyzer *analyzer = opened(mode, NULL);
        struct case_file cases;
        unsigned count = 0;
        cases_open(&cases, "german.txt");
        while (cases_next(&cases, 2))
            count += check_terms(analyzer, &cases, 0);
        cr_assert_gt(count, 300u);
        analyzer_close(analyzer);
    }
    support_no_leaks();
}

Test(text_analyzer, different_words_stay_different)
{
    struct analyzer *analyzer = opened(LUPE_ANALYSIS_STANDARD, "german");
    struct case_file cases;
    struct case_text surface;
    static struct term terms[CASE_ITEMS_MAX];
    cases_open(&cases, "different.txt");
    while (cases_next(&cases, 1)) {
        char *list = cases.columns[0];
        unsigned count = 0;
        for (; case_item(&list, &surface) && count < CASE_ITEMS_MAX; count++) {
            terms[count] = term_of(analyzer, surface.bytes, surface.size);
            for (unsigned i = 0; i < count; i++)
                cr_expect_not(is_same(&terms[i], &terms[count]),
                              "different.txt:%u: %.*s is word %u", cases.line, (int)surface.size,
                              (char *)surface.bytes, i + 1);
        }
        cr_assert_gt(count, 1u);
    }
    analyzer_close(analyzer);
    support_no_leaks();
}

Test(text_analyzer, terms_of_other_languages_are_as_listed)
{
    struct case_file cases;
    cases_open(&cases, "languages.txt");
    while (cases_next(&cases, 3)) {
        struct analyzer *analyzer = opened(LUPE_ANALYSIS_STANDARD, cases.columns[0]);
        cr_assert_gt(check_terms(analyzer, &cases, 1), 0u);
        analyzer_close(analyzer);
    }
    support_no_leaks();
}

Test(text_analyzer, beginnings_begin_the_terms)
{
    struct analyzer *analyzer = opened(LUPE_ANALYSIS_STANDARD, NULL);
    struct case_file cases;
    struct case_text surface;
    cases_open(&cases, "beginnings.txt");
    while (cases_next(&cases, 3)) {
        struct case_text beginning = case_unescape(cases.columns[0]);
        struct term folded;
        char *list = cases.columns[2];
        cr_assert_eq(analyzer_fold(analyzer, beginning.bytes, beginning.size, &folded), LUPE_OK);
        cr_expect(is_term(&folded, cases.columns[1]), "beginnings.txt:%u: %.*s", cases.line,
                  (int)folded.size, (char *)folded.bytes);
        while (case_item(&list, &surface) && surface.bytes[0] != '-') {
            struct term term = term_of(analyzer, surface.bytes, surface.size);
            cr_expect(term.size >= folded.size &&
                          memcmp(term.bytes, folded.bytes, folded.size) == 0,
                      "beginnings.txt:%u: %.*s does not begin %.*s", cases.line, (int)folded.size,
                      (char *)folded.bytes, (int)term.size, (char *)term.bytes);
        }
    }
    analyzer_close(analyzer);
    support_no_leaks();
}

Test(text_analyzer, plain_terms_are_as_listed)
{
    struct analyzer *analyzer = opened(LUPE_ANALYSIS_PLAIN, NULL);
    struct case_file cases;
    cases_open(&cases, "plain.txt");
    while (cases_next(&cases, 2)) {
        struct case_text text = case_unescape(cases.columns[0]);
        char *list = cases.columns[1];
        struct word_scanner scanner;
        struct word word;
        struct case_text wanted;
        word_scanner_init(&scanner, LUPE_ANALYSIS_PLAIN, text.bytes, text.size);
        while (word_next(&scanner, &word)) {
            struct term term = term_of(analyzer, text.bytes + word.start, word.size);
            cr_assert(case_item(&list, &wanted), "plain.txt:%u: too many words", cases.line);
            wanted.bytes[wanted.size] = 0;
            cr_expect(is_term(&term, (char *)wanted.bytes), "plain.txt:%u: %.*s is not %s",
                      cases.line, (int)term.size, (char *)term.bytes, (char *)wanted.bytes);
            cr_expect_eq(word.parts, 1);
        }
        cr_expect_not(case_item(&list, &wanted), "plain.txt:%u: too few words", cases.line);
    }
    analyzer_close(analyzer);
    support_no_leaks();
}

/* ------------------------------------------------------------------ agreement */

/* Latin-1 takes the fast way, its decomposition the slow one. */
Test(text_analyzer, composed_and_decomposed_letters_have_one_term)
{
    static const char *const languages[] = {"german", "none", "french", "swedish"};
    static const char *const frames[] = {"%s", "x%sx", "h%suser", "tr%sue", "%s%s", "Bl%sen"};
    for (size_t l = 0; l < 4; l++) {
        struct analyzer *analyzer = opened(LUPE_ANALYSIS_STANDARD, languages[l]);
        for (uint32_t point = 0xC0; point < 0x250; point++) {
            char letter[8] = "", composed[64];
            utf8_encode(point, (uint8_t *)letter);
            for (size_t f = 0; f < sizeof frames / sizeof *frames; f++) {
                snprintf(composed, sizeof composed, frames[f], letter, letter);
                utf8proc_uint8_t *decomposed = utf8proc_NFD((utf8proc_uint8_t *)composed);
                struct term one = term_of(analyzer, composed, strlen(composed));
                struct term other = term_of(analyzer, decomposed, strlen((char *)decomposed));
                cr_expect(is_same(&one, &other), "%s: %s: %.*s and %.*s", languages[l], composed,
                          (int)one.size, (char *)one.bytes, (int)other.size, (char *)other.bytes);
                free(decomposed);
            }
        }
        analyzer_close(analyzer);
    }
    support_no_leaks();
}

Test(text_analyzer, soft_hyphens_and_joiners_change_nothing)
{
    static const char *const words[] = {"Häuser", "Straße", "Präsidentenwahl", "zueinander",
                                        "Œuvre"};
    static const char *const marks[] = {"\u00AD", "\u200D", "\u2060",
                                        "-",      "\u2019", "\u0301\u0323"};
    struct analyzer *analyzer = opened(LUPE_ANALYSIS_STANDARD, NULL);
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
        struct term wanted = term_of(analyzer, words[w], strlen(words[w]));
        for (size_t m = 0; m < sizeof marks / sizeof *marks; m++)
            for (size_t at = 1; at < strlen(words[w]); at++) {
                char marked[64];
                if (((uint8_t)words[w][at] & 0xC0) == 0x80)
                    continue;
                snprintf(marked, sizeof marked, "%.*s%s%s", (int)at, words[w], marks[m],
                         words[w] + at);
                struct term term = term_of(analyzer, marked, strlen(marked));
                cr_expect(is_same(&term, &wanted), "%s: %.*s", marked, (int)term.size,
                          (char *)term.bytes);
            }
    }
    analyzer_close(analyzer);
    support_no_leaks();
}

Test(text_analyzer, one_letter_in_either_case_has_one_term)
{
    struct analyzer *analyzer = opened(LUPE_ANALYSIS_STANDARD, "none");
    for (uint32_t point = 0x41; point < 0x2000; point++) {
        uint8_t upper[4], lower[4];
        uint32_t low = (uint32_t)utf8proc_tolower((utf8proc_int32_t)point);
        if (low == point || (uint32_t)utf8proc_toupper((utf8proc_int32_t)low) != point)
            continue;
        struct term one = term_of(analyzer, upper, utf8_encode(point, upper));
        struct term other = term_of(analyzer, lower, utf8_encode(low, lower));
        cr_expect(is_same(&one, &other), "U+%04X", point);
    }
    analyzer_close(analyzer);
    support_no_leaks();
}

/* ------------------------------------------------------------------ limits and harm */

Test(text_analyzer, long_words_are_cut_between_characters)
{
    static const char *const letters[] = {"a", "ä", "ῶ", "東", "\U00010400"};
    for (lupe_analysis mode = LUPE_ANALYSIS_STANDARD; mode <= LUPE_ANALYSIS_PLAIN; mode++) {
        struct analyzer *analyzer = opened(mode, NULL);
        for (size_t l = 0; l < sizeof letters / sizeof *letters; l++) {
            static char word[5000];
            size_t letter_size = strlen(letters[l]);
            for (size_t size = 0; size + letter_size <= 2000; size += letter_size) {
                memcpy(word + size, letters[l], letter_size);
                struct term term = term_of(analyzer, word, size + letter_size);
                bool german_umlaut = mode != LUPE_ANALYSIS_PLAIN && letter_size == 2;
                bool fits = (size + letter_size) / (german_umlaut ? 2 : 1) <= TERM_BYTES_MAX;
                if (letters[l][0] != '\xE1') /* which folds to fewer bytes */
                    cr_expect_eq(term.cut, !fits, "%zu bytes of %s", size + letter_size,
                                 letters[l]);
                if (term.cut)
                    cr_expect_gt(term.size, TERM_BYTES_MAX - 4);
            }
        }
        analyzer_close(analyzer);
    }
    support_no_leaks();
}

Test(text_analyzer, the_longest_hyphen_word_is_cut)
{
    static char word[HYPHEN_PARTS_MAX * (SURFACE_BYTES_MAX + 1)];
    struct analyzer *analyzer = opened(LUPE_ANALYSIS_STANDARD, NULL);
    memset(word, 'a', sizeof word);
    for (size_t i = SURFACE_BYTES_MAX; i < sizeof word; i += SURFACE_BYTES_MAX + 1)
        word[i] = '-';
    struct term term = term_of(analyzer, word, sizeof word);
    cr_assert(term.cut);
    cr_assert_eq(term.size, TERM_BYTES_MAX);
    analyzer_close(analyzer);
    support_no_leaks();
}

Test(text_analyzer, a_letter_under_many_marks_is_a_letter)
{
    struct analyzer *german = opened(LUPE_ANALYSIS_STANDARD, NULL);
    struct analyzer *hindi = opened(LUPE_ANALYSIS_STANDARD, "hindi");
    static char word[4096];
    size_t size = 0;
    word[size++] = 'H';
    while (size < 3000) { /* more marks than FOLD_POINTS_MAX */
        memcpy(word + size, size / 2 % 2 ? "\u0301" : "\u0323", 2);
        size += 2;
    }
    memcpy(word + size, "aus", 3);
    struct term term = term_of(german, word, size + 3);
    cr_expect(is_term(&term, "haus"));
    term = term_of(hindi, word, size + 3);
    cr_expect(is_term(&term, "haus"));
    analyzer_close(german);
    analyzer_close(hindi);
    support_no_leaks();
}

Test(text_analyzer, random_bytes_do_no_harm)
{
    static const char *const languages[] = {"german",  "none",  "russian",
                                            "turkish", "hindi", "arabic"};
    struct support_random random = support_random_of(815);
    unsigned rounds = test_full() ? 30000 : 3000;
    for (size_t l = 0; l < sizeof languages / sizeof *languages; l++) {
        struct analyzer *analyzer = opened(LUPE_ANALYSIS_STANDARD, languages[l]);
        struct analyzer *plain = opened(LUPE_ANALYSIS_PLAIN, languages[l]);
        for (unsigned round = 0; round < rounds; round++) {
            size_t size = support_random_below(&random, round % 10 ? 24 : 3000);
            uint8_t *bytes = malloc(size ? size : 1);
            struct term term, again;
            support_random_bytes(&random, bytes, size);
            for (size_t i = 0; round % 2 && i < size; i++)
                bytes[i] = "aeouquAEiltns\xC3\xA4\xBC\xCC\x88-'9"[bytes[i] % 21];
            term = term_of(analyzer, bytes, size);
            again = term_of(analyzer, bytes, size);
            cr_assert(is_same(&term, &again), "seed %" PRIu64, random.seed);
            term_of(plain, bytes, size);
            cr_assert_eq(analyzer_fold(analyzer, bytes, size, &term), LUPE_OK);
            cr_assert(utf8_valid(term.bytes, term.size));
            free(bytes);
        }
        analyzer_close(analyzer);
        analyzer_close(plain);
    }
    support_no_leaks();
}

/* ------------------------------------------------------------------ opening */

Test(text_analyzer, every_language_opens_and_differs)
{
    uint64_t fingerprints[64];
    size_t count = 0;
    for (const char **name = sb_stemmer_list(); *name && count < 63; name++) {
        struct analyzer *analyzer = opened(LUPE_ANALYSIS_STANDARD, *name);
        cr_assert_str_eq(analyzer_language(analyzer), *name);
        cr_assert_eq(analyzer_mode(analyzer), LUPE_ANALYSIS_STANDARD);
        fingerprints[count] = analyzer_fingerprint(analyzer);
        cr_assert_neq(fingerprints[count], 0u);
        for (size_t i = 0; i < count; i++)
            cr_expect_neq(fingerprints[i], fingerprints[count], "%s", *name);
        count++;
        analyzer_close(analyzer);
    }
    cr_assert_geq(count, (size_t)15);
    support_no_leaks();
}

Test(text_analyzer, a_language_has_several_names)
{
    static const char *const names[][2] = {
        {"de", "german"},  {"ger", "german"}, {"deu", "german"}, {"German", "german"},
        {"EN", "english"}, {"fra", "french"}, {"none", "none"},  {"ru", "russian"},
        {"sv", "swedish"}, {"tr", "turkish"},
    };
    struct sb_stemmer *stemmer;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct analyzer *analyzer = opened(LUPE_ANALYSIS_STANDARD, names[i][0]);
        struct analyzer *canonical = opened(LUPE_ANALYSIS_STANDARD, names[i][1]);
        cr_expect_str_eq(analyzer_language(analyzer), names[i][1]);
        cr_expect_eq(analyzer_fingerprint(analyzer), analyzer_fingerprint(canonical));
        analyzer_close(analyzer);
        analyzer_close(canonical);
    }
    /* Every code of two or three letters that libstemmer knows is known here. */
    for (unsigned i = 0; i < 27 * 26 * 26; i++) {
        char code[4] = {(char)('a' + i % 26), (char)('a' + i / 26 % 26), 0, 0};
        code[2] = i / 676 ? (char)('a' + i / 676 - 1) : 0;
        if (!(stemmer = sb_stemmer_new(code, NULL)))
            continue;
        sb_stemmer_delete(stemmer);
        analyzer_close(opened(LUPE_ANALYSIS_STANDARD, code));
    }
    support_no_leaks();
}

Test(text_analyzer, an_unknown_language_is_refused_with_the_known_ones)
{
    static const char *const names[] = {"klingon", "", "germ", "xx",
                                        "averylongnameofalanguagethatnobodyspeaks"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct analyzer *analyzer = (struct analyzer *)&names;
        cr_expect_eq(analyzer_open(LUPE_ANALYSIS_STANDARD, 0, names[i], &analyzer), LUPE_INVALID);
        cr_expect_null(analyzer);
        cr_expect(strstr(lupe_last_error(), "german"), "%s", lupe_last_error());
        cr_expect(strstr(lupe_last_error(), "yiddish"));
        cr_expect(strstr(lupe_last_error(), "none"));
        cr_expect_eq(analyzer_open(LUPE_ANALYSIS_PLAIN, 0, names[i], &analyzer), LUPE_INVALID);
    }
    support_no_leaks();
}

Test(text_analyzer, an_unknown_mode_is_refused)
{
    struct analyzer *analyzer;
    cr_expect_eq(analyzer_open((lupe_analysis)7, 0, NULL, &analyzer), LUPE_INVALID);
    cr_expect_null(analyzer);
    analyzer_close(NULL);
    support_no_leaks();
}

Test(text_analyzer, failing_allocations_are_reported)
{
    for (size_t n = 1, failed = 1; failed; n++) {
        struct analyzer *analyzer;
        support_fail_allocation(n);
        lupe_status status = analyzer_open(LUPE_ANALYSIS_STANDARD, 0, NULL, &analyzer);
        failed = support_allocation_failed();
        cr_assert_eq(status, failed ? LUPE_NO_MEMORY : LUPE_OK);
        cr_assert(failed == !analyzer);
        support_fail_allocation(0);
        analyzer_close(analyzer);
        support_no_leaks();
        cr_assert(n > 1 || failed);
    }
}

Test(text_analyzer, terms_are_made_without_allocating)
{
    struct analyzer *analyzer;
    support_fail_allocation(0);
    analyzer = opened(LUPE_ANALYSIS_STANDARD, NULL);
    size_t before = support_allocations_seen();
    term_of(analyzer, "Präsidentenwahl", strlen("Präsidentenwahl"));
    term_of(analyzer, "Москва", strlen("Москва"));
    cr_assert_neq(analyzer_fingerprint(analyzer), 0u);
    cr_assert_eq(support_allocations_seen(), before);
    analyzer_close(analyzer);
    support_no_leaks();
}

Test(text_analyzer, fingerprints_tell_flags_apart)
{
    static const uint32_t flags[] = {0, LUPE_WITHOUT_OLD_SPELLING, LUPE_WITHOUT_MENDING,
                                     LUPE_WITHOUT_OLD_SPELLING | LUPE_WITHOUT_MENDING};
    enum { FLAGS = sizeof flags / sizeof *flags };
    uint64_t german[FLAGS], bare[FLAGS];
    for (unsigned i = 0; i < FLAGS; i++) {
        struct analyzer *analyzer;
        cr_assert_eq(analyzer_open(LUPE_ANALYSIS_STANDARD, flags[i], NULL, &analyzer), LUPE_OK);
        german[i] = analyzer_fingerprint(analyzer);
        analyzer_close(analyzer);
        cr_assert_eq(analyzer_open(LUPE_ANALYSIS_BARE, flags[i], NULL, &analyzer), LUPE_OK);
        bare[i] = analyzer_fingerprint(analyzer);
        analyzer_close(analyzer);
        cr_expect_eq(bare[i], bare[0]);
        for (unsigned j = 0; j < i; j++)
            cr_expect_neq(german[i], german[j], "%u, %u", i, j);
    }
    support_no_leaks();
}

Test(text_analyzer, fingerprints_tell_modes_apart)
{
    struct analyzer *analyzers[3];
    for (int i = 0; i < 3; i++)
        analyzers[i] = opened((lupe_analysis)i, NULL);
    struct analyzer *again = opened(LUPE_ANALYSIS_STANDARD, "de");
    cr_expect_neq(analyzer_fingerprint(analyzers[0]), analyzer_fingerprint(analyzers[1]));
    cr_expect_neq(analyzer_fingerprint(analyzers[0]), analyzer_fingerprint(analyzers[2]));
    cr_expect_eq(analyzer_fingerprint(analyzers[0]), analyzer_fingerprint(again));
    cr_expect_eq(analyzer_fingerprint(again), analyzer_fingerprint(again));
    for (int i = 0; i < 3; i++)
        analyzer_close(analyzers[i]);
    analyzer_close(again);
    support_no_leaks();
}
