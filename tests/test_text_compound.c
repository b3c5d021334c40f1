/* SPDX-License-Identifier: MIT
 *
 * test_text_compound.c - compounds are split as tests/data/words/compounds.txt says, precisely
 * enough and often enough; word lists of every kind are survived.
 */
#include "text/compound.h"

#include "text/fold.h"
#include "text_cases.h"

/* ------------------------------------------------------------------ measured */

struct boundaries {
    unsigned required, optional, wrong, missing;
};

static size_t folded_size(const char *text, size_t size)
{
    struct fold fold;
    fold_word(&fold, FOLD_GERMAN, text, size, false);
    return fold.size;
}

/* Compares a split with a segmentation, whose | are required and whose : are optional. */
static void judge(const char *segmentation, const struct compound *compound,
                  struct boundaries *found)
{
    char plain[CASE_BYTES_MAX];
    size_t size = 0;
    unsigned marks = 0;
    for (const char *at = segmentation; *at; at++) {
        if (*at != '|' && *at != ':') {
            plain[size++] = *at;
            continue;
        }
        size_t boundary = folded_size(plain, size);
        bool set = false;
        for (uint32_t i = 1; i < compound->count; i++)
            set |= compound->parts[i].first == boundary;
        marks += set;
        if (*at == ':')
            found->optional += set;
        else if (set)
            found->required++;
        else
            found->missing++;
    }
    found->wrong += compound->count ? compound->count - 1 - marks : 0;
}

static void measure(const char *name, unsigned words_min, double precision_min, double recall_min)
{
    struct lexicon *lexicon;
    struct case_file cases;
    struct compound compound;
    struct fold fold;
    struct boundaries found = {0};
    unsigned words = 0;
    cr_assert_eq(lexicon_open(NULL, 0, &lexicon), LUPE_OK);
    cases_open(&cases, name);
    while (cases_next(&cases, 2)) {
        fold_word(&fold, FOLD_GERMAN, cases.columns[0], strlen(cases.columns[0]), false);
        compound_split(lexicon, fold.bytes, fold.size, &compound);
        judge(cases.columns[1], &compound, &found);
        words++;
    }
    lexicon_close(lexicon);
    double right = found.required + found.optional;
    double precision = right / (right + found.wrong);
    double recall = (double)found.required / (found.required + found.missing);
    fprintf(stderr, "%s: %u words, precision %.4f, recall %.4f\n", name, words, precision, recall);
    cr_assert_gt(words, words_min);
    cr_expect_geq(precision, precision_min, "%s: precision %.4f", name, precision);
    cr_expect_geq(recall, recall_min, "%s: recall %.4f", name, recall);
    support_no_leaks();
}

Test(text_compound, splits_the_words_it_was_tuned_on)
{
    measure("compounds.txt", 1000, 0.97, 0.90);
}

Test(text_compound, splits_words_it_never_saw)
{
    measure("compounds_held.txt", 1000, 0.97, 0.90);
}

/* ------------------------------------------------------------------ parts */

/* A split as text: linking letters behind +, what is to be appended in parentheses. */
static const char *describe(const struct lexicon *lexicon, const char *word)
{
    static char out[256];
    struct compound compound;
    struct fold fold;
    size_t to = 0, next = 0;
    fold_word(&fold, FOLD_GERMAN, word, strlen(word), false);
    compound_split(lexicon, fold.bytes, fold.size, &compound);
    if (compound.count == 0)
        return "-";
    cr_assert(compound.count >= 2 && compound.count <= COMPOUND_PARTS_MAX);
    for (uint32_t i = 0; i < compound.count; i++) {
        const struct compound_part *part = compound.parts + i;
        cr_assert_eq(part->first, next, "%s: part %u", word, i);
        cr_assert(part->base_size > 0 && part->base_size <= part->size);
        next += part->size;
        to += (size_t)snprintf(out + to, sizeof out - to, "%s%.*s", i ? "|" : "", part->base_size,
                               (const char *)fold.bytes + part->first);
        if (part->size > part->base_size)
            to += (size_t)snprintf(out + to, sizeof out - to, "+%.*s", part->size - part->base_size,
                                   (const char *)fold.bytes + part->first + part->base_size);
        if (part->append)
            to += (size_t)snprintf(out + to, sizeof out - to, "(%c)", part->append);
    }
    cr_assert_eq(next, fold.size, "%s: the parts do not tile it", word);
    return out;
}

static void splits(const struct lexicon *lexicon, const char *word, const char *wanted)
{
    const char *seen = describe(lexicon, word);
    cr_expect_str_eq(seen, wanted, "%s is %s, not %s", word, seen, wanted);
}

Test(text_compound, parts_have_bases_and_linking_letters)
{
    struct lexicon *lexicon;
    cr_assert_eq(lexicon_open(NULL, 0, &lexicon), LUPE_OK);
    splits(lexicon, "Geschichtsbücher", "geschicht+s(e)|bucher");
    splits(lexicon, "Krankenversicherungsbeitrag", "kranken|versicherung+s|beitrag");
    splits(lexicon, "Munitionslieferungen", "munition+s|lieferungen");
    splits(lexicon, "Taschenhersteller", "taschen|hersteller");
    splits(lexicon, "Wandhalterung", "wand|halterung");
    splits(lexicon, "Dampfschifffahrtskapit\303\244n", "dampf|schiff|fahrt+s|kapitan");
    splits(lexicon, "Schulb\303\274cher", "schul|bucher");
    splits(lexicon, "Kinderg\303\244rten", "kinder|garten");
    splits(lexicon, "Brennessel", "bren(n)|nessel");
    lexicon_close(lexicon);
    support_no_leaks();
}

Test(text_compound, simple_words_and_derivations_stay_whole)
{
    static const char *const words[] = {
        "Abenteuer", "Gesellschaft", "Freiheit",   "Mannschaft",  "Verantwortung", "Aufnahme",
        "Hamburg",   "Information",  "Wirtschaft", "Botschaften", "aufgenommen",   "Abgeordneter"};
    struct lexicon *lexicon;
    cr_assert_eq(lexicon_open(NULL, 0, &lexicon), LUPE_OK);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        splits(lexicon, words[i], "-");
    lexicon_close(lexicon);
    support_no_leaks();
}

/* ------------------------------------------------------------------ bad input */

Test(text_compound, what_is_no_word_is_no_compound)
{
    struct lexicon *lexicon;
    struct compound compound;
    uint8_t bytes[300];
    struct support_random random = support_random_of(5);
    cr_assert_eq(lexicon_open(NULL, 0, &lexicon), LUPE_OK);
    compound_split(lexicon, NULL, 0, &compound);
    cr_assert_eq(compound.count, 0);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = "haustur"[i % 7];
    for (size_t size = 0; size <= sizeof bytes; size++) {
        compound_split(lexicon, bytes, size, &compound);
        cr_assert(compound.count <= COMPOUND_PARTS_MAX);
        cr_assert(size <= COMPOUND_LETTERS_MAX || compound.count == 0);
    }
    for (const char *const *word =
             (const char *const[]){"hausTur", "haus-tur", "haus tur", "haustur1", "h\303\244ustur",
                                   "strasse\377nbahn", NULL};
         *word; word++) {
        compound_split(lexicon, (const uint8_t *)*word, strlen(*word), &compound);
        cr_assert_eq(compound.count, 0, "%s", *word);
    }
    for (unsigned round = 0; round < 20000; round++) {
        size_t size = support_random_below(&random, 70);
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)('a' + support_random_below(&random, round % 2 ? 26 : 5));
        compound_split(lexicon, bytes, size, &compound);
        cr_assert(compound.count <= COMPOUND_PARTS_MAX && compound.count != 1);
    }
    lexicon_close(lexicon);
    support_no_leaks();
}

/* ------------------------------------------------------------------ words of the user */

static const char list[] =
    "\xEF\xBB\xBF"
    "5\r\n# words of a house\r\nBlorkel/Nm\r\n  Quasp \r\n\r\n"
    "Würstelzange\r\nzwei Wörter\r\n/x\r\nxy\r\nU-Boot9\r\nBlorkel\r\nBlorkelquasp";

Test(text_compound, words_of_the_user_are_parts)
{
    struct lexicon *lexicon, *without;
    cr_assert_eq(lexicon_open(list, sizeof list - 1, &lexicon), LUPE_OK);
    cr_assert_eq(lexicon_open(NULL, 0, &without), LUPE_OK);
    cr_expect_eq(lexicon_user_words(lexicon), 5, "%u words", lexicon_user_words(lexicon));
    cr_expect_eq(lexicon_passed_over(lexicon), 4, "%u passed over", lexicon_passed_over(lexicon));
    splits(lexicon, "Blorkelversicherung", "blorkel|versicherung");
    splits(lexicon, "Blorkelsversicherungen", "blorkel+s|versicherungen");
    splits(lexicon, "Versicherungsblorkel", "versicherung+s|blorkel");
    splits(lexicon, "Blorkelquaspversicherung", "blorkel|quasp|versicherung");
    splits(without, "Blorkelversicherung", "-");
    cr_assert_neq(lexicon_version(lexicon), 0);
    cr_assert_neq(lexicon_version(without), 0);
    cr_assert_neq(lexicon_version(lexicon), lexicon_version(without));
    lexicon_close(lexicon);
    lexicon_close(without);
    support_no_leaks();
}

Test(text_compound, hostile_lists_are_survived)
{
    enum { SIZE = 200000 };
    struct lexicon *lexicon;
    struct support_random random = support_random_of(6);
    uint8_t *bytes = malloc(SIZE);
    for (unsigned kind = 0; kind < 5; kind++) {
        for (size_t i = 0; i < SIZE; i++) {
            uint8_t any = (uint8_t)support_random_next(&random);
            bytes[i] = kind == 0   ? any
                       : kind == 1 ? 'a'
                       : kind == 2 ? '\n'
                       : kind == 3 ? "ab/#\r\n \t\xC3\xA4"[any % 10]
                                   : (any % 6 ? (uint8_t)('a' + any % 4) : '\n');
        }
        cr_assert_eq(lexicon_open(bytes, SIZE, &lexicon), LUPE_OK);
        describe(lexicon, "abcabcabcabcabcabcdabcdabcdabcdabcdabcdabcdabcdabcd");
        lexicon_close(lexicon);
    }
    free(bytes);
    lexicon_close(NULL);
    support_no_leaks();
}

Test(text_compound, each_allocation_may_fail)
{
    for (size_t n = 1, failed = 1; failed; n++) {
        struct lexicon *lexicon;
        support_fail_allocation(n);
        lupe_status status = lexicon_open(list, sizeof list - 1, &lexicon);
        failed = support_allocation_failed();
        cr_assert_eq(status, failed ? LUPE_NO_MEMORY : LUPE_OK);
        lexicon_close(lexicon);
        support_fail_allocation(0);
        support_no_leaks();
    }
}
