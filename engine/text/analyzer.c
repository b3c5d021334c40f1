/* SPDX-License-Identifier: MIT
 *
 * analyzer.c - fold, respell, stem; and who an analyzer is: mode, language, fingerprint.
 */
#include "text/analyzer.h"

#include <assert.h>
#include <libstemmer.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "text/fold.h"
#include "text/inflection.h"
#include "text/lexicon.h"
#include "text/spelling.h"

/* To be raised when a rule changes that the words below may not show. */
#define RULES_VERSION 3u

struct analyzer {
    lupe_analysis mode;
    enum fold_rules rules; /* before stemming */
    char language[LANGUAGE_NAME_BYTES];
    struct sb_stemmer *stemmer; /* NULL: none */
    uint64_t fingerprint;       /* 0: not yet computed */
    bool respells;              /* old spelling is brought into today's */
    bool mends;                 /* stemming accidents are mended */
    uint8_t mended[REWRITE_GROWTH_MAX * TERM_BYTES_MAX];
    struct rewrite spelling;
    struct rewrite inflection;
    struct fold fold;
    const struct lexicon *lexicon; /* NULL: no compounds */
    struct lexicon *shipped;       /* its own, where none was given */
};

/* ------------------------------------------------------------------ languages */

struct language_alias {
    char alias[4];
    const char *name;
};

/* libstemmer accepts these but does not tell which language they are. */
static const struct language_alias aliases[] = {
    {"ar", "arabic"},     {"ara", "arabic"},     {"hy", "armenian"},   {"hye", "armenian"},
    {"arm", "armenian"},  {"eu", "basque"},      {"eus", "basque"},    {"baq", "basque"},
    {"ca", "catalan"},    {"cat", "catalan"},    {"da", "danish"},     {"dan", "danish"},
    {"nl", "dutch"},      {"nld", "dutch"},      {"dut", "dutch"},     {"en", "english"},
    {"eng", "english"},   {"fi", "finnish"},     {"fin", "finnish"},   {"fr", "french"},
    {"fra", "french"},    {"fre", "french"},     {"de", "german"},     {"deu", "german"},
    {"ger", "german"},    {"el", "greek"},       {"ell", "greek"},     {"gre", "greek"},
    {"hi", "hindi"},      {"hin", "hindi"},      {"hu", "hungarian"},  {"hun", "hungarian"},
    {"id", "indonesian"}, {"ind", "indonesian"}, {"ga", "irish"},      {"gle", "irish"},
    {"it", "italian"},    {"ita", "italian"},    {"lt", "lithuanian"}, {"lit", "lithuanian"},
    {"ne", "nepali"},     {"nep", "nepali"},     {"no", "norwegian"},  {"nor", "norwegian"},
    {"pt", "portuguese"}, {"por", "portuguese"}, {"ro", "romanian"},   {"ron", "romanian"},
    {"rum", "romanian"},  {"ru", "russian"},     {"rus", "russian"},   {"sr", "serbian"},
    {"srp", "serbian"},   {"es", "spanish"},     {"spa", "spanish"},   {"esl", "spanish"},
    {"sv", "swedish"},    {"swe", "swedish"},    {"ta", "tamil"},      {"tam", "tamil"},
    {"tr", "turkish"},    {"tur", "turkish"},    {"yi", "yiddish"},    {"yid", "yiddish"},
};

static bool is_available(const char *language)
{
    for (const char **name = sb_stemmer_list(); *name; name++)
        if (strcmp(*name, language) == 0)
            return true;
    return false;
}

static lupe_status fail_language(const char *language)
{
    char names[MESSAGE_BYTES_MAX / 2];
    size_t size = 0;
    for (const char **name = sb_stemmer_list(); *name; name++) {
        size_t name_size = strlen(*name);
        if (size + name_size + 3 > sizeof names)
            break;
        memcpy(names + size, *name, name_size);
        memcpy(names + size + name_size, ", ", 2);
        size += name_size + 2;
    }
    names[size] = 0;
    return fail(LUPE_INVALID, "unknown language \"%.*s\": there are %snone",
                (int)LANGUAGE_NAME_BYTES, language, names);
}

/* Writes the canonical name of a language, of which case does not matter. */
static CHECKED lupe_status language_resolve(const char *language, char name[LANGUAGE_NAME_BYTES])
{
    size_t size = strlen(language);
    if (size >= LANGUAGE_NAME_BYTES)
        return fail_language(language);
    for (size_t i = 0; i <= size; i++) {
        bool capital = language[i] >= 'A' && language[i] <= 'Z';
        name[i] = capital ? (char)(language[i] | 0x20) : language[i];
    }
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcmp(aliases[i].alias, name) == 0)
            memcpy(name, aliases[i].name, strlen(aliases[i].name) + 1);
    if (strcmp(name, "none") != 0 && !is_available(name))
        return fail_language(language);
    return LUPE_OK;
}

static enum fold_rules rules_for(lupe_analysis mode, const char *language)
{
    if (mode == LUPE_ANALYSIS_PLAIN)
        return FOLD_PLAIN;
    if (strcmp(language, "german") == 0)
        return FOLD_GERMAN;
    if (strcmp(language, "none") == 0)
        return FOLD_GENERAL;
    return strcmp(language, "turkish") == 0 ? FOLD_TURKISH : FOLD_LOWER;
}

/* libstemmer grows its buffer to the longest word it sees. It sees one of the longest now, so
 * that no later call allocates. */
static CHECKED lupe_status stemmer_prepare(struct analyzer *analyzer)
{
    uint8_t longest[FOLD_BYTES_MAX];
    memset(longest, 'b', sizeof longest);
    analyzer->stemmer = sb_stemmer_new(analyzer->language, NULL);
    if (!analyzer->stemmer || !sb_stemmer_stem(analyzer->stemmer, longest, (int)sizeof longest))
        return fail_memory();
    return LUPE_OK;
}

bool analyzer_splits(lupe_analysis mode, const char *language)
{
    return mode == LUPE_ANALYSIS_STANDARD && strcmp(language, "german") == 0;
}

lupe_status analyzer_open(lupe_analysis mode, uint32_t flags, const char *language,
                          struct analyzer **analyzer)
{
    return analyzer_open_with(mode, flags, language, NULL, analyzer);
}

lupe_status analyzer_open_with(lupe_analysis mode, uint32_t flags, const char *language,
                               const struct lexicon *lexicon, struct analyzer **analyzer)
{
    lupe_status status = LUPE_OK;
    struct analyzer *opened = NULL;
    *analyzer = NULL;
    if (mode != LUPE_ANALYSIS_STANDARD && mode != LUPE_ANALYSIS_BARE && mode != LUPE_ANALYSIS_PLAIN)
        return fail(LUPE_INVALID, "unknown kind of analysis %d", (int)mode);
    opened = memory_zalloc(1, sizeof *opened);
    if (!opened)
        return fail_memory();
    opened->mode = mode;
    TRY(language_resolve(language ? language : "german", opened->language));
    opened->rules = rules_for(mode, opened->language);
    if (opened->rules != FOLD_PLAIN && opened->rules != FOLD_GENERAL)
        TRY(stemmer_prepare(opened));
    bool standard = mode == LUPE_ANALYSIS_STANDARD && opened->rules == FOLD_GERMAN;
    opened->respells = standard && !(flags & LUPE_WITHOUT_OLD_SPELLING);
    opened->mends = standard && !(flags & LUPE_WITHOUT_MENDING);
    if (analyzer_splits(mode, opened->language)) {
        if (!lexicon)
            TRY(lexicon_open(NULL, 0, &opened->shipped));
        opened->lexicon = lexicon ? lexicon : opened->shipped;
    }
    if (opened->respells)
        spelling_open(&opened->spelling);
    if (opened->mends)
        inflection_open(&opened->inflection);
    *analyzer = opened;
    opened = NULL;
out:
    analyzer_close(opened);
    return status;
}

void analyzer_close(struct analyzer *analyzer)
{
    if (!analyzer)
        return;
    sb_stemmer_delete(analyzer->stemmer);
    lexicon_close(analyzer->shipped);
    memory_free(analyzer);
}

lupe_analysis analyzer_mode(const struct analyzer *analyzer)
{
    return analyzer->mode;
}

const char *analyzer_language(const struct analyzer *analyzer)
{
    return analyzer->language;
}

const struct lexicon *analyzer_lexicon(const struct analyzer *analyzer)
{
    return analyzer->lexicon;
}

/* ------------------------------------------------------------------ terms */

static bool is_ascii(const uint8_t *bytes, size_t size)
{
    uint8_t any = 0;
    for (size_t i = 0; i < size; i++)
        any |= bytes[i];
    return any < 0x80;
}

/* What the tables of rows are made for. */
static bool is_a_to_z(const uint8_t *bytes, size_t size)
{
    uint8_t other = 0;
    for (size_t i = 0; i < size; i++)
        other |= (uint8_t)(bytes[i] - 'a') > 'z' - 'a';
    return !other;
}

static void term_set(struct term *term, const uint8_t *bytes, size_t size, bool cut)
{
    size_t kept = size > TERM_BYTES_MAX ? utf8_cut(bytes, size, TERM_BYTES_MAX) : size;
    memcpy(term->bytes, bytes, kept);
    term->size = (uint32_t)kept;
    term->cut = cut || kept < size;
}

/* Rewrites the folded word. What has other letters than [a-z] is no German word. */
static void rewrite_folded(struct fold *fold, const struct rewrite *rewrite, bool beginning)
{
    if (!fold->letters || fold->size > TERM_BYTES_MAX || !is_a_to_z(fold->bytes, fold->size))
        return;
    size_t size = rewrite_apply(rewrite, fold->bytes, fold->size, beginning, fold->draft);
    if (!size)
        return;
    memcpy(fold->bytes, fold->draft, size);
    fold->size = size;
}

/* Stems a word of letters, but for what the table of accidents says; of German it is mended first.
 * stemmed is valid until the next word. */
static CHECKED lupe_status stem_letters(struct analyzer *analyzer, const uint8_t *word, size_t size,
                                        const uint8_t **stemmed, size_t *stemmed_size)
{
    if (analyzer->mends && is_a_to_z(word, size)) {
        size_t mended = rewrite_apply(&analyzer->inflection, word, size, false, analyzer->mended);
        const uint8_t *stop = mended ? memchr(analyzer->mended, '.', mended) : NULL;
        if (stop) { /* the term itself */
            *stemmed = analyzer->mended;
            *stemmed_size = (size_t)(stop - analyzer->mended);
            return LUPE_OK;
        }
        word = mended ? analyzer->mended : word;
        size = mended ? mended : size;
    }
    *stemmed = sb_stemmer_stem(analyzer->stemmer, word, (int)size);
    if (!*stemmed)
        return fail_memory();
    *stemmed_size = (size_t)sb_stemmer_length(analyzer->stemmer);
    if (*stemmed_size == 0) {
        *stemmed = word;
        *stemmed_size = size;
    }
    return LUPE_OK;
}

/* Stems the folded word and, where the stemmer wanted diacritics, folds them now. A word that
 * is too long is not stemmed: it is cut. */
static CHECKED lupe_status stem(struct analyzer *analyzer, struct term *term)
{
    struct fold *fold = &analyzer->fold;
    const uint8_t *bytes = fold->bytes;
    size_t size = fold->size;
    bool cut = fold->cut;
    bool german = analyzer->rules == FOLD_GERMAN;
    if (size > 0 && size <= TERM_BYTES_MAX && fold->letters && (!german || is_ascii(bytes, size))) {
        lupe_status status = stem_letters(analyzer, bytes, size, &bytes, &size);
        if (status)
            return status;
    }
    if (!german && !is_ascii(bytes, size)) {
        uint8_t copy[FOLD_BYTES_MAX];
        size = size > sizeof copy ? utf8_cut(bytes, size, sizeof copy) : size;
        memcpy(copy, bytes, size);
        fold_word(fold, FOLD_GENERAL, copy, size, false);
        bytes = fold->bytes;
        size = fold->size;
        cut |= fold->cut;
    }
    term_set(term, bytes, size, cut);
    return LUPE_OK;
}

lupe_status analyzer_term(struct analyzer *analyzer, const void *surface, size_t size,
                          struct term *term)
{
    fold_word(&analyzer->fold, analyzer->rules, surface, size, false);
    if (analyzer->respells)
        rewrite_folded(&analyzer->fold, &analyzer->spelling, false);
    if (analyzer->stemmer)
        return stem(analyzer, term);
    term_set(term, analyzer->fold.bytes, analyzer->fold.size, analyzer->fold.cut);
    return LUPE_OK;
}

lupe_status analyzer_part_term(struct analyzer *analyzer, const uint8_t *word, size_t size,
                               struct term *term)
{
    const uint8_t *stemmed;
    lupe_status status = stem_letters(analyzer, word, size, &stemmed, &size);
    if (!status)
        term_set(term, stemmed, size, false);
    return status;
}

lupe_status analyzer_parts_joined(struct analyzer *analyzer, const struct compound *compound,
                                  unsigned first, unsigned last, struct term *term)
{
    uint8_t word[PART_WORD_BYTES_MAX];
    size_t size = compound_part_word(compound, analyzer->fold.bytes, first, last, word);
    return analyzer_part_term(analyzer, word, size, term);
}

lupe_status analyzer_tail(struct analyzer *analyzer, const uint8_t *folded, size_t size,
                          struct term *term)
{
    static const uint8_t before[] = "babab"; /* both regions begin in it */
    uint8_t word[sizeof before + COMPOUND_LETTERS_MAX];
    size_t head = sizeof before - 1;
    term_set(term, before, 0, false);
    if (size > COMPOUND_LETTERS_MAX || !is_ascii(folded, size))
        return LUPE_OK; /* no German word, which the rules for mending know nothing of */
    memcpy(word, before, head);
    memcpy(word + head, folded, size);
    const uint8_t *stemmed;
    lupe_status status = stem_letters(analyzer, word, head + size, &stemmed, &size);
    if (!status)
        term_set(term, stemmed + head, size > head ? size - head : 0, false);
    return status;
}

bool analyzer_folded(const struct analyzer *analyzer, const uint8_t **bytes, size_t *size)
{
    *bytes = analyzer->fold.bytes;
    *size = analyzer->fold.size;
    return analyzer->lexicon && analyzer->fold.letters && !analyzer->fold.cut &&
           analyzer->fold.size <= COMPOUND_LETTERS_MAX;
}

void analyzer_split(const struct analyzer *analyzer, struct compound *compound)
{
    const uint8_t *folded;
    size_t size;
    compound->count = 0;
    if (analyzer_folded(analyzer, &folded, &size))
        compound_split(analyzer->lexicon, folded, size, compound);
}

lupe_status analyzer_parts(struct analyzer *analyzer, struct word_parts *parts)
{
    lupe_status status = LUPE_OK;
    parts->count = 0;
    analyzer_split(analyzer, &parts->compound);
    for (unsigned i = 0; i < parts->compound.count; i++)
        TRY(analyzer_parts_joined(analyzer, &parts->compound, i, i, &parts->terms[i]));
    parts->count = parts->compound.count;
out:
    return status;
}

void analyzer_form(struct analyzer *analyzer, const void *surface, size_t size, struct term *form)
{
    enum fold_rules rules = analyzer->rules == FOLD_TURKISH ? FOLD_TURKISH : FOLD_LOWER;
    fold_word(&analyzer->fold, rules, surface, size, false);
    term_set(form, analyzer->fold.bytes, analyzer->fold.size, analyzer->fold.cut);
}

lupe_status analyzer_fold(struct analyzer *analyzer, const void *surface, size_t size,
                          struct term *term)
{
    enum fold_rules rules = analyzer->rules;
    if (rules == FOLD_LOWER || rules == FOLD_TURKISH)
        rules = FOLD_GENERAL;
    fold_word(&analyzer->fold, rules, surface, size, true);
    if (analyzer->respells)
        rewrite_folded(&analyzer->fold, &analyzer->spelling, true);
    term_set(term, analyzer->fold.bytes, analyzer->fold.size, analyzer->fold.cut);
    return LUPE_OK;
}

/* ------------------------------------------------------------------ fingerprint */

/* Endings, umlauts, exceptions and scripts: words that a change of libstemmer, utf8proc or the
 * rules of folding is likely to show in. */
/* clang-format off */
static const char *const fingerprint_words[] = {
    "Haus", "Häuser", "Haeuser", "HÄUSER", "Hauses", "Straße", "STRASSE", "STRAẞE", "groß",
    "größte", "Fußgänger", "Fussgaenger", "Präsident", "Praesidentin", "Präsidentinnen",
    "neue", "neuen", "Steuer", "Steuern", "Bauer", "Bäuerinnen", "Feuer", "Quelle", "Frequenzen",
    "aktuell", "manuelle", "Duell", "Müller", "Mueller", "fuellen", "gruen", "Statuen", "Michael",
    "Israel", "Poeten", "Spötter", "Oboen", "Boeing", "Büroeinrichtung", "europaeisch", "geuebt",
    "Lehrer", "Lehrerin", "Lehrerinnen", "Bücher", "Buches", "gehen", "ging", "gegangen", "gehst",
    "Wohnung", "Wohnungen", "Freiheit", "Freiheiten", "Möglichkeit", "Möglichkeiten",
    "freundlich", "freundlicher", "freundlichste", "Wissenschaft", "wissenschaftlich",
    "Wissenschaftlern", "Ergebnis", "Ergebnisse", "Ergebnisses", "System", "Systeme", "Systems",
    "Theil", "Concert", "studiren", "giebt", "Photographie", "Schiffahrt", "selbständig", "Regeln",
    "Autos", "Museen", "organisierte", "sicher", "Kurs", "Tageszeitung",
    "Munition", "Regierung", "Regierungserklärung", "Donaudampfschifffahrt", "Kindern", "Kindes",
    "Männer", "Mann", "Äpfel", "Apfels", "Jahre", "Jahres", "Tagen", "arbeiten", "arbeitete",
    "gearbeitet", "Arbeiterin", "schönes", "schoenster", "kürzlich", "bald", "aber", "daß",
    "dass", "Fluss", "Fluß", "Flüsse", "Maßes", "Masse", "Café", "naïve", "Ångström",
    "Øresund", "Łódź", "Čapek", "Đinđić", "Æther", "Œuvre", "İstanbul", "Ｗｉｄｅ",
    "ﬁnden", "Waſſer", "geht's", "geht’s", "Jong-un", "U-Boot", "3.10.1990", "1.000,50",
    "1.234.567", "1.5", "2023-05-01",
    "C++", "C#", "5G", "A4", "m²", "snake_case", "_betont_", "Москва", "Ёлка", "йод",
    "Ελλάς", "Οδυσσεύς", "東", "가나다", "हिन्दी", "عَرَبِيّ",
    "שלום", "running", "happiness", "national", "relational", "continuer", "françaises",
    "corrió", "canciones", "città", "velocemente", "bellezza", "koningen", "huizen", "flickornas",
    "hästar", "bøkene", "kirjassa", "книгами", "города", "kitapların", "házakban",
    "cărților", "livros", "ações", "žmonių", "ágætur",
};
/* clang-format on */

uint64_t analyzer_fingerprint(struct analyzer *analyzer)
{
    struct {
        uint64_t before;
        uint64_t term;
    } chain;
    char head[64];
    struct term term;
    if (analyzer->fingerprint)
        return analyzer->fingerprint;
    int head_size = snprintf(head, sizeof head, "lupe %u %d %s", RULES_VERSION, (int)analyzer->mode,
                             analyzer->language);
    assert(head_size > 0 && (size_t)head_size < sizeof head);
    chain.before = hash_bytes(head, (size_t)head_size);
    if (analyzer->lexicon && !(analyzer->respells && analyzer->mends))
        chain.before += 1u + analyzer->respells + 2u * analyzer->mends; /* two with equal terms */
    for (size_t i = 0; i < sizeof fingerprint_words / sizeof *fingerprint_words; i++) {
        const char *word = fingerprint_words[i];
        if (analyzer_term(analyzer, word, strlen(word), &term) != LUPE_OK)
            return 0;
        chain.term = hash_bytes(term.bytes, term.size);
        chain.before = hash_bytes(&chain, sizeof chain);
    }
    analyzer->fingerprint = chain.before ? chain.before : 1;
    return analyzer->fingerprint;
}
