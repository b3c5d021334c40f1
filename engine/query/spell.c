/* SPDX-License-Identifier: MIT
 *
 * spell.c - see spell.h. Terms near the word come from fuzzy.c, where all edits are alike; here
 * each is weighed by what is likely to happen at a keyboard, and by how many documents have it.
 */
#include "query/spell.h"

#include <math.h>
#include <stdlib.h>

#include "base/sort.h"
#include "base/utf8.h"
#include "query/transliterate.h"
#include "text/rewrite.h"

/* What an edit weighs, that of a letter by any other being 1, and by how much rarer a term may be
 * that is nearer by 1: tuned on 8,350 invented typing errors in words of three collections, of
 * which the first term found is then the right one in 95.6 % (in 82 % comparing stem with stem).
 * Neighbours that changed places, a letter typed twice or once instead of twice, a key beside the
 * right one, a letter left out are what fingers do; the first letter is rarely wrong. Names are
 * written otherwise elsewhere, which is no error of fingers: with the two costs for it 67 and 68 of
 * 71 names are found by the other language's, without them 41 and 33; of 5,722 typing errors 8 more
 * are told right and 9 wrong. */
#define COST_SWAPPED 0.6f
#define COST_DOUBLED 0.5f
#define COST_NEIGHBOUR 0.7f
#define COST_MISSING 0.7f
#define COST_ALIKE \
    0.6f /* letters for one sound, first ones, too: Vladivostok, Jalta, Aserbaidschan */
#define COST_OTHER 1.0f
#define COST_TRANSLITERATED 0.6f /* the whole word as another language writes it */
#define FIRST_LETTER_FACTOR 1.5f
#define NATS_PER_COST 12.0
#define COST_UNSURE 0.3f /* more where no word is known that the term stands for */
#define COST_NONE 1e6f

#define TAIL_LETTERS_MAX 3u /* of the typed word's own ending, in languages without a list */

/* What the German stemmer takes off, the last part first. */
static const char *const derivations[] = {"end",    "ung",    "igung",  "ig",     "ik",
                                          "isch",   "lich",   "erlich", "enlich", "heit",
                                          "erheit", "enheit", "keit",   "igkeit", "lichkeit"};
static const char *const comparisons[] = {"en", "er", "est", "st"};
static const char *const inflections[] = {"e", "em", "en", "er", "ern", "es", "s"};
#define TEXTS(list)                           \
    {                                         \
        (list), sizeof(list) / sizeof *(list) \
    }
static const struct fuzzy_endings german_endings = {
    {TEXTS(derivations), TEXTS(comparisons), TEXTS(inflections)}};

/* By letter those beside it on a German keyboard. */
static const char neighbours[26][9] = {
    "qwsy",   "vghn",  "xdfv", "serfcx", "wrsd", "drtgvc", "ftzhbv", "gzujnb", "uojk",
    "huiknm", "jiolm", "kop",  "njk",    "bhjm", "ipkl",   "ol",     "wa",     "etdf",
    "awedxy", "rzfg",  "zihj", "cfgb",   "qeas", "ysdc",   "asx",    "tugh",
};

/* ------------------------------------------------------------------ what edits weigh */

#define WORD_LETTERS_MAX (FUZZY_LETTERS_MAX + FUZZY_DISTANCE_MAX)

struct letters {
    uint32_t at[WORD_LETTERS_MAX];
    unsigned count;
};

/* Appends letters; false when there are too many. */
static bool letters_add(struct letters *letters, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    const uint8_t *end = at + size;
    for (unsigned read; at < end; at += read) {
        if (letters->count == WORD_LETTERS_MAX)
            return false;
        letters->at[letters->count++] = utf8_decode(at, end, &read);
    }
    return true;
}

static bool are_neighbours(uint32_t left, uint32_t right)
{
    return left >= 'a' && left <= 'z' && right >= 'a' && right <= 'z' &&
           strchr(neighbours[left - 'a'], (int)right);
}

static bool are_alike(uint32_t left, uint32_t right)
{
    static const char pairs[][3] = {"vw", "jy", "iy", "ij", "ck", "cz", "sz"};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if ((left == (uint8_t)pairs[i][0] && right == (uint8_t)pairs[i][1]) ||
            (left == (uint8_t)pairs[i][1] && right == (uint8_t)pairs[i][0]))
            return true;
    return false;
}

static float lower(float left, float right)
{
    return left < right ? left : right;
}

/* What it weighs to type one word where another was meant: the same table as for edits. */
static float typing_cost(const struct letters *typed, const struct letters *meant)
{
    float rows[3][WORD_LETTERS_MAX + 1];
    float *before = rows[0], *above = rows[1], *row = rows[2];
    for (unsigned i = 0; i <= typed->count; i++) {
        for (unsigned j = 0; j <= meant->count; j++) {
            float first = i <= 1 && j <= 1 ? FIRST_LETTER_FACTOR : 1;
            float cost = i || j ? COST_NONE : 0;
            if (i && j) {
                uint32_t is = typed->at[i - 1], was = meant->at[j - 1];
                float other = first * (are_neighbours(is, was) ? COST_NEIGHBOUR : COST_OTHER);
                other = are_alike(is, was) ? COST_ALIKE : other;
                cost = lower(cost, above[j - 1] + (is == was ? 0 : other));
                if (i > 1 && j > 1 && is == meant->at[j - 2] && was == typed->at[i - 2])
                    cost = lower(cost, before[j - 2] + COST_SWAPPED);
            }
            if (i) {
                bool twice = i > 1 && typed->at[i - 1] == typed->at[i - 2];
                cost = lower(cost, above[j] + (twice ? COST_DOUBLED : first * COST_OTHER));
            }
            if (j) {
                bool twice = j > 1 && meant->at[j - 1] == meant->at[j - 2];
                cost = lower(cost, row[j - 1] + (twice ? COST_DOUBLED : first * COST_MISSING));
            }
            row[j] = cost;
        }
        float *next = before;
        before = above;
        above = row;
        row = next;
    }
    return above[meant->count];
}

unsigned spell_distance(const uint8_t *folded, size_t size)
{
    struct letters letters = {.count = 0};
    if (!letters_add(&letters, folded, size) || letters.count < SPELL_LETTERS_MIN)
        return 0;
    return letters.count < SPELL_LETTERS_LONG ? 1 : FUZZY_DISTANCE_MAX;
}

/* ------------------------------------------------------------------ endings */

/* A word being looked for, and the term at hand. */
struct typed {
    struct analyzer *analyzer;
    struct arena *arena;
    struct fuzzy fuzzy;
    struct term folded;
    struct letters letters;                 /* of it */
    uint32_t starts[FUZZY_LETTERS_MAX + 1]; /* where they begin */
    struct term stem;
    struct letters term;
    struct spelling *spelling;
};

/* The term with an ending, if that is nearer than all before and the stemmer takes the ending off
 * again. */
static lupe_status ending_try(void *user, const char *ending, size_t size, unsigned edits)
{
    struct typed *typed = user;
    struct spelling *spelling = typed->spelling;
    struct letters word = typed->term;
    struct term stem;
    if (!letters_add(&word, ending, size))
        return LUPE_OK;
    float cost = typing_cost(&typed->letters, &word);
    if (cost >= spelling->cost)
        return LUPE_OK;
    uint8_t *bytes = arena_alloc(typed->arena, spelling->size + size);
    if (!bytes)
        return fail_memory();
    memcpy(bytes, spelling->term, spelling->size);
    if (size)
        memcpy(bytes + spelling->size, ending, size);
    lupe_status status = analyzer_term(typed->analyzer, bytes, spelling->size + size, &stem);
    if (status || stem.size != spelling->size || memcmp(stem.bytes, spelling->term, stem.size) != 0)
        return status;
    spelling->cost = cost;
    spelling->edits = edits;
    spelling->word = bytes;
    spelling->word_size = (uint32_t)(spelling->size + size);
    return LUPE_OK;
}

/* Where it is not known which endings there are: the term with what the typed word ends in; else
 * the stems as they are. */
static lupe_status tails_try(struct typed *typed)
{
    lupe_status status = LUPE_OK;
    struct spelling *spelling = typed->spelling;
    uint8_t bytes[KEY_BYTES_MAX + TAIL_LETTERS_MAX * 4]; /* a damaged term may be longer */
    struct letters stem = {.count = 0};
    struct fuzzy fuzzy;
    for (unsigned cut = 0; cut <= TAIL_LETTERS_MAX && cut < typed->letters.count; cut++) {
        uint32_t start = typed->starts[typed->letters.count - cut];
        uint32_t size = typed->folded.size - start;
        memcpy(bytes, spelling->term, spelling->size);
        memcpy(bytes + spelling->size, typed->folded.bytes + start, size);
        unsigned edits = fuzzy_distance(&typed->fuzzy, bytes, spelling->size + size);
        if (edits <= typed->fuzzy.distance)
            TRY(ending_try(typed, (const char *)typed->folded.bytes + start, size, edits));
    }
    if (spelling->cost < COST_NONE || !letters_add(&stem, typed->stem.bytes, typed->stem.size))
        goto out;
    unsigned distance = spell_distance(typed->stem.bytes, typed->stem.size);
    if (distance > typed->fuzzy.distance)
        distance = typed->fuzzy.distance;
    if (!fuzzy_init(&fuzzy, typed->stem.bytes, typed->stem.size, distance))
        goto out;
    unsigned edits = fuzzy_distance(&fuzzy, spelling->term, spelling->size);
    if (edits > fuzzy.distance)
        goto out;
    spelling->cost = typing_cost(&stem, &typed->term) + COST_UNSURE;
    spelling->edits = edits;
    spelling->word = spelling->term;
    spelling->word_size = spelling->size;
out:
    return status;
}

/* The likeliest word that a term stands for; its cost stays COST_NONE when there is none. */
static lupe_status weigh(struct typed *typed, struct spelling *spelling)
{
    typed->spelling = spelling;
    typed->term.count = 0;
    if (!letters_add(&typed->term, spelling->term, spelling->size))
        return LUPE_OK;
    if (!typed->fuzzy.endings)
        return tails_try(typed);
    return fuzzy_endings_near(&typed->fuzzy, spelling->term, spelling->size, ending_try, typed);
}

/* ------------------------------------------------------------------ terms */

/* A rarer term has to be nearer: by how much, is tuned. */
static double unlikeliness(const struct spelling *spelling)
{
    return NATS_PER_COST * (double)spelling->cost - log((double)spelling->frequency + 1);
}

static int by_likeliness(const void *left, const void *right)
{
    const struct spelling *a = left, *b = right;
    double first = unlikeliness(a), second = unlikeliness(b);
    if (first != second)
        return first < second ? -1 : 1;
    return compare_bytes(a->term, a->size, b->term, b->size);
}

static int by_term(const void *left, const void *right)
{
    const struct fuzzy_term *a = left, *b = right;
    return compare_bytes(a->bytes, a->size, b->bytes, b->size);
}

/* Reads a word; *possible is false when nothing can be like it. */
static lupe_status typed_init(struct typed *typed, struct analyzer *analyzer, struct arena *arena,
                              const uint8_t *word, size_t size, bool *possible)
{
    lupe_status status = LUPE_OK;
    memset(typed, 0, sizeof *typed);
    typed->analyzer = analyzer;
    typed->arena = arena;
    TRY(analyzer_fold(analyzer, word, size, &typed->folded));
    TRY(analyzer_term(analyzer, word, size, &typed->stem));
    *possible = letters_add(&typed->letters, typed->folded.bytes, typed->folded.size);
    if (!*possible)
        goto out;
    const uint8_t *bytes = typed->folded.bytes, *end = bytes + typed->folded.size;
    unsigned letter = 0;
    for (unsigned read; bytes < end && letter < FUZZY_LETTERS_MAX; bytes += read) {
        typed->starts[letter++] = (uint32_t)(bytes - typed->folded.bytes);
        (void)utf8_decode(bytes, end, &read);
    }
    *possible = bytes == end;
    typed->starts[letter] = typed->folded.size;
out:
    return status;
}

/* What is near the word: *possible is false when nothing can be. */
static bool typed_near(struct typed *typed, unsigned distance)
{
    struct fuzzy *fuzzy = &typed->fuzzy;
    if (!fuzzy_init(fuzzy, typed->folded.bytes, typed->folded.size, distance))
        return false;
    if (strcmp(analyzer_language(typed->analyzer), "german") == 0) {
        fuzzy_set_endings(fuzzy, &german_endings);
        return true;
    }
    fuzzy->ends |= fuzzy_end(typed->stem.bytes, typed->stem.size);
    for (unsigned cut = 1; cut <= TAIL_LETTERS_MAX && cut < typed->letters.count; cut++)
        fuzzy->ends |= UINT64_C(1) << (typed->letters.count - cut);
    return true;
}

/* The terms of all segments, each once. */
static lupe_status terms_unite(const struct buffer *found, struct arena *arena,
                               struct spelling **spellings, size_t *count)
{
    size_t listed = found->size / sizeof(struct fuzzy_term);
    struct fuzzy_term *terms = (struct fuzzy_term *)(void *)found->data;
    struct spelling *out = arena_alloc(arena, listed * sizeof *out);
    if (!out)
        return fail_memory();
    *count = 0;
    if (listed > 1)
        qsort(terms, listed, sizeof *terms, by_term);
    for (size_t i = 0; i < listed; i++) {
        if (i == 0 || by_term(&terms[i - 1], &terms[i]) != 0)
            out[(*count)++] =
                (struct spelling){.term = terms[i].bytes, .size = terms[i].size, .cost = COST_NONE};
        out[*count - 1].frequency += terms[i].frequency;
    }
    *spellings = out;
    return LUPE_OK;
}

/* Appends the terms near what was read, but for one. */
static lupe_status typed_find(const struct spell_request *request, struct typed *typed,
                              const struct term *but, struct buffer *out)
{
    lupe_status status = LUPE_OK;
    struct buffer found = BUFFER_INIT(0);
    struct spelling *spellings = NULL;
    size_t count = 0;
    bool cut = false;

    for (uint32_t s = 0; s < request->view->catalogue.segment_count; s++)
        TRY(fuzzy_list(&typed->fuzzy, &request->view->segments[s]->dictionary,
                       spell_list(request->view, request->field), request->pause, typed->arena,
                       &found, &cut));
    TRY(terms_unite(&found, typed->arena, &spellings, &count));
    for (size_t i = 0; i < count; i++) {
        struct spelling *spelling = &spellings[i];
        if (compare_bytes(spelling->term, spelling->size, but->bytes, but->size) == 0)
            continue;
        TRY(weigh(typed, spelling));
        if (spelling->cost < COST_NONE)
            buffer_add(out, spelling, sizeof *spelling);
    }
    TRY(buffer_status(out));
out:
    buffer_free(&found);
    return status;
}

/* Appends what is found for the word as another language writes it, in long words also with an
 * edit: Tchaikovsky is Tschaikowski, but also Tschaikowsky. */
static lupe_status transliterated_find(const struct spell_request *request,
                                       const struct typed *word, enum transliteration into,
                                       struct buffer *out)
{
    lupe_status status = LUPE_OK;
    uint8_t bytes[REWRITE_GROWTH_MAX * TERM_BYTES_MAX];
    struct typed typed;
    size_t before = out->size / sizeof(struct spelling);
    bool possible;

    size_t size = transliterate(into, word->folded.bytes, word->folded.size, bytes);
    unsigned distance = spell_distance(bytes, size) == FUZZY_DISTANCE_MAX ? 1 : 0;
    if (size == 0)
        return LUPE_OK;
    TRY(typed_init(&typed, word->analyzer, word->arena, bytes, size, &possible));
    if (possible && typed_near(&typed, distance))
        TRY(typed_find(request, &typed, &word->stem, out));
    struct spelling *spellings = (struct spelling *)(void *)out->data;
    for (size_t i = before; i < out->size / sizeof *spellings; i++) {
        spellings[i].cost += COST_TRANSLITERATED;
        spellings[i].edits++;
    }
out:
    return status;
}

/* Appends what is found for one reading of the word. */
static lupe_status reading_find(const struct spell_request *request, struct analyzer *analyzer,
                                struct arena *arena, struct buffer *out)
{
    lupe_status status = LUPE_OK;
    struct typed typed;
    bool possible;

    TRY(typed_init(&typed, analyzer, arena, request->word, request->size, &possible));
    if (!possible)
        goto out;
    unsigned distance = request->distance ? request->distance
                                          : spell_distance(typed.folded.bytes, typed.folded.size);
    if (distance == 0 || !typed_near(&typed, distance))
        goto out;
    TRY(typed_find(request, &typed, &typed.stem, out));
    for (unsigned into = 0; into < TRANSLITERATIONS && !request->only_edits; into++)
        TRY(transliterated_find(request, &typed, (enum transliteration)into, out));
out:
    return status;
}

uint32_t spell_list(const struct view *view, int field)
{
    const struct catalogue *catalogue = &view->catalogue;
    bool own = field >= 0 && (uint32_t)field < catalogue->field_count &&
               (catalogue->fields[field].flags & FIELD_OWN_LIST);
    return own ? LIST_FIELDS + (uint32_t)field : LIST_WORDS;
}

/* Keeps the first of those that are of one term. */
static size_t keep_distinct(struct spelling *spellings, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < kept && compare_bytes(spellings[k].term, spellings[k].size, spellings[i].term,
                                         spellings[i].size) != 0)
            k++;
        if (k == kept)
            spellings[kept++] = spellings[i];
    }
    return kept;
}

lupe_status spell_find(const struct spell_request *request, struct arena *arena,
                       struct spelling **spellings, size_t *count)
{
    lupe_status status = LUPE_OK;
    const struct schema *schema = request->schema;
    struct buffer found = BUFFER_INIT(0);
    unsigned readings = request->field >= 0 ? 1 : schema->word_analyzer_count;

    *count = 0;
    *spellings = NULL;
    for (unsigned r = 0; r < readings; r++)
        TRY(reading_find(request,
                         request->field >= 0 ? schema_analyzer(schema, request->field)
                                             : schema->analyzers[schema->word_analyzers[r]],
                         arena, &found));
    if (found.size == 0)
        goto out;
    *spellings = arena_alloc(arena, found.size);
    if (!*spellings)
        TRY(fail_memory());
    memcpy(*spellings, found.data, found.size);
    *count = found.size / sizeof **spellings;
    qsort(*spellings, *count, sizeof **spellings, by_likeliness);
    if (readings > 1 || !request->only_edits)
        *count = keep_distinct(*spellings, *count);
out:
    buffer_free(&found);
    return status;
}
