/* SPDX-License-Identifier: MIT
 *
 * test_text_words.c - the words of a text are those of tests/data/words/scan.txt, and those that
 * a slow scanner finds, which classifies all code points first and then looks at any of them.
 */
#include <utf8proc.h>

#include "text/words.h"
#include "text_cases.h"

/* ------------------------------------------------------------------ data-driven */

/* A scan written as in scan.txt: "max ~muster Jong+un". */
static void describe(const uint8_t *text, size_t size, char *out, size_t out_size)
{
    struct word_scanner scanner;
    struct word word;
    size_t to = 0;
    word_scanner_init(&scanner, LUPE_ANALYSIS_STANDARD, text, size);
    while (word_next(&scanner, &word)) {
        if (to)
            out[to++] = word.part > 1 ? '+' : ' ';
        if (word.glued && word.part < 2)
            out[to++] = '~';
        cr_assert_lt(to + word.size + 4, out_size);
        memcpy(out + to, text + word.start, word.size);
        to += word.size;
    }
    out[to] = 0;
}

Test(text_words, scans_as_listed)
{
    struct case_file cases;
    char seen[CASE_BYTES_MAX];
    unsigned count = 0;
    cases_open(&cases, "scan.txt");
    while (cases_next(&cases, 2)) {
        struct case_text text = case_unescape(cases.columns[0]);
        struct case_text wanted =
            case_unescape(strcmp(cases.columns[1], "-") ? cases.columns[1] : "");
        describe(text.bytes, text.size, seen, sizeof seen);
        wanted.bytes[wanted.size] = 0;
        cr_expect_str_eq(seen, (char *)wanted.bytes, "scan.txt:%u: \"%s\" is not \"%s\"",
                         cases.line, seen, (char *)wanted.bytes);
        count++;
    }
    cr_assert_gt(count, 70u);
}

Test(text_words, the_first_part_names_the_hyphen_word)
{
    const char *text = "Die Nord-Süd-Achse (1.000,50)";
    static const struct word wanted[] = {
        {0, 3, 0, 0, 1, false},  {4, 4, 15, 1, 3, false}, {9, 4, 0, 2, 3, false},
        {14, 5, 0, 3, 3, false}, {21, 1, 8, 1, 3, false}, {23, 3, 0, 2, 3, true},
        {27, 2, 0, 3, 3, false},
    };
    struct word_scanner scanner;
    struct word word;
    word_scanner_init(&scanner, LUPE_ANALYSIS_BARE, text, strlen(text));
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        cr_assert(word_next(&scanner, &word));
        cr_expect_eq(word.start, wanted[i].start, "word %zu", i);
        cr_expect_eq(word.size, wanted[i].size, "word %zu", i);
        cr_expect_eq(word.joined_size, wanted[i].joined_size, "word %zu", i);
        cr_expect_eq(word.part, wanted[i].part, "word %zu", i);
        cr_expect_eq(word.parts, wanted[i].parts, "word %zu", i);
        cr_expect_eq(word.glued, wanted[i].glued, "word %zu", i);
    }
    cr_assert_not(word_next(&scanner, &word));
    cr_assert_not(word_next(&scanner, &word), "the end is the end");
}

Test(text_words, a_long_run_comes_in_pieces_of_whole_characters)
{
    static uint8_t text[5000];
    struct word_scanner scanner;
    struct word word;
    size_t next = 0, words = 0;
    for (lupe_analysis mode = LUPE_ANALYSIS_STANDARD; mode <= LUPE_ANALYSIS_PLAIN; mode++) {
        text[0] = 'x'; /* so that SURFACE_BYTES_MAX falls into an ä */
        for (size_t i = 1; i + 1 < sizeof text; i += 2)
            memcpy(text + i, "ä", 2);
        word_scanner_init(&scanner, mode, text, sizeof text - 1);
        for (next = 0, words = 0; word_next(&scanner, &word);
             words++, next = word.start + word.size) {
            cr_assert_eq(word.start, next);
            cr_assert_leq(word.size, SURFACE_BYTES_MAX);
            cr_assert(utf8_valid(text + word.start, word.size));
            cr_assert_not(word.glued);
        }
        cr_assert_eq(next, sizeof text - 1);
        cr_assert_eq(words, (size_t)5);
    }
}

Test(text_words, an_empty_text_has_none)
{
    struct word_scanner scanner;
    struct word word;
    word_scanner_init(&scanner, LUPE_ANALYSIS_STANDARD, NULL, 0);
    cr_assert_not(word_next(&scanner, &word));
    word_scanner_init(&scanner, LUPE_ANALYSIS_PLAIN, "", 0);
    cr_assert_not(word_next(&scanner, &word));
}

/* ------------------------------------------------------------------ the slow scanner */

#define TWIN_POINTS_MAX 16384

struct twin_point {
    size_t start; /* byte */
    size_t end;
    uint32_t point;
    char kind; /* L letter, N number, _ underscore, M mark, S single, ' apostrophe, 0 other */
    bool plain;
};

struct twin {
    struct twin_point points[TWIN_POINTS_MAX + 1];
    size_t count;
    struct word words[TWIN_POINTS_MAX];
    size_t word_count;
};

static bool twin_single(uint32_t point)
{
    return (point >= 0x3005 && point <= 0x3007) || (point >= 0x3021 && point <= 0x3029) ||
           (point >= 0x3031 && point <= 0x303C) || (point >= 0x3041 && point <= 0x3098) ||
           (point >= 0x309D && point <= 0x30FF) || (point >= 0x31F0 && point <= 0x31FF) ||
           (point >= 0x3400 && point <= 0x4DBF) || (point >= 0x4E00 && point <= 0x9FFF) ||
           (point >= 0xF900 && point <= 0xFAFF) || (point >= 0xFF66 && point <= 0xFF9D) ||
           (point >= 0x1AFF0 && point <= 0x1B16F) || point >= 0x20000;
}

static char twin_kind(uint32_t point, bool *plain)
{
    const char *category = utf8proc_category_string((utf8proc_int32_t)point);
    *plain = *category == 'L' || *category == 'N' || point == '_';
    if (point == '_')
        return '_';
    if (point == '\'' || point == '`' || point == 0xB4 || point == 0x2018 || point == 0x2019)
        return '\'';
    if (*category == 'M' || point == 0xFF9E || point == 0xFF9F)
        return 'M';
    if (strcmp(category, "Cf") == 0)
        return point == 0x200B ? 0 : 'M';
    if (*category != 'L' && *category != 'N')
        return 0;
    return twin_single(point) ? 'S' : *category;
}

static void twin_classify(struct twin *twin, const uint8_t *text, size_t size)
{
    size_t at = 0;
    twin->count = 0;
    while (at < size) {
        struct twin_point *point = &twin->points[twin->count++];
        unsigned point_size;
        point->point = utf8_decode_slow(text + at, text + size, &point_size);
        point->start = at;
        point->end = at += point_size;
        point->kind = twin_kind(point->point, &point->plain);
    }
    twin->points[twin->count] = (struct twin_point){size, size, 0, 0, false};
}

/* The kind of the last point before i, not before first, that is no mark. */
static char twin_last(const struct twin *twin, size_t first, size_t i)
{
    while (i > first && twin->points[i - 1].kind == 'M')
        i--;
    return i > first ? twin->points[i - 1].kind : 0;
}

/* The point behind the word that begins at first, or first when none does. */
static size_t twin_word(const struct twin *twin, size_t first, bool plain)
{
    const struct twin_point *points = twin->points;
    size_t i = first;
    char kind = points[first].kind;
    if (plain) {
        while (points[i].plain && points[i].end - points[first].start <= SURFACE_BYTES_MAX)
            i++;
        return i;
    }
    if (kind == 'S') {
        for (i++;
             points[i].kind == 'M' && points[i].end - points[first].start <= SURFACE_BYTES_MAX;)
            i++;
        return i;
    }
    if (kind != 'L' && kind != 'N' && kind != '_')
        return first;
    for (; i < twin->count; i++) {
        bool inside = strchr("LN_M", points[i].kind) && points[i].kind;
        if (points[i].kind == '\'')
            inside = twin_last(twin, first, i) == 'L' && points[i + 1].kind == 'L';
        if (!inside || points[i].end - points[first].start > SURFACE_BYTES_MAX)
            break;
    }
    if (i == first + 1 && kind == 'L' && points[i].point == '#')
        return i + 1;
    if (i == first + 1 && kind == 'L' && points[i].point == '+' && points[i + 1].point == '+')
        return i + 2;
    return i;
}

/* The point behind the connector at i, behind a word from first; i when there is none. */
static size_t twin_connector(const struct twin *twin, size_t first, size_t i)
{
    uint32_t point = twin->points[i].point;
    char next = i < twin->count ? twin->points[i + 1].kind : 0;
    char last = twin_last(twin, first, i);
    if (i > first && (twin->points[i - 1].point == '#' || twin->points[i - 1].point == '+'))
        last = 'L';
    if (point == '-' || point == 0x2010 || point == 0x2011)
        return (last == 'L' || last == 'N') && (next == 'L' || next == 'N') ? i + 1 : i;
    if (point == '.' || point == ',' || point == ':')
        return last == 'N' && next == 'N' ? i + 1 : i;
    return i;
}

static void twin_add(struct twin *twin, const uint8_t *text, size_t first, size_t end)
{
    struct word word = {.start = twin->points[first].start, .parts = 1};
    word.size = (uint32_t)(twin->points[end].start - word.start);
    if (twin->word_count) {
        const struct word *before = &twin->words[twin->word_count - 1];
        word.glued = before->start + before->size + 1 == word.start &&
                     strchr(".@/\\:&=", text[word.start - 1]) && text[word.start - 1];
    }
    twin->words[twin->word_count++] = word;
}

static void twin_scan(struct twin *twin, const uint8_t *text, size_t size, bool plain)
{
    size_t i = 0;
    twin_classify(twin, text, size);
    twin->word_count = 0;
    while (i < twin->count) {
        size_t first_word = twin->word_count, first = i, next = i;
        size_t end = twin_word(twin, i, plain);
        if (end == i) {
            i++;
            continue;
        }
        for (;;) {
            twin_add(twin, text, first, end);
            next = plain ? end : twin_connector(twin, first, end);
            if (next == end)
                break;
            first = next;
            end = twin_word(twin, first, plain);
        }
        i = end;
        size_t parts = twin->word_count - first_word;
        struct word *words = &twin->words[first_word];
        if (parts > 1 && parts <= HYPHEN_PARTS_MAX) {
            words->joined_size =
                (uint32_t)(words[parts - 1].start + words[parts - 1].size - words->start);
            for (size_t part = 0; part < parts; part++) {
                words[part].part = (uint8_t)(part + 1);
                words[part].parts = (uint8_t)parts;
            }
        }
    }
}

static struct twin twin;

/* The same words when as many as possible are taken many at a time; one that is not is looked at
 * by word_next. */
static void compare_simple(const uint8_t *text, size_t size, lupe_analysis mode, uint64_t seed,
                           unsigned round)
{
    struct word_scanner scanner;
    struct word_place places[WORDS_SIMPLE_MIN * 3];
    size_t count = 0;
    word_scanner_init(&scanner, mode, text, size);
    for (bool more = true; more;) {
        unsigned capacity = WORDS_SIMPLE_MIN + 1 + (unsigned)count % (WORDS_SIMPLE_MIN * 2);
        unsigned words = words_simple(&scanner, places, capacity);
        struct word word;
        cr_assert_lt(words, capacity);
        for (unsigned i = 0; i < words; i++, count++) {
            const struct word *wanted = &twin.words[count];
            cr_assert_lt(count, twin.word_count, "seed %" PRIu64 " round %u", seed, round);
            cr_assert(places[i].start == wanted->start && places[i].size == wanted->size &&
                          wanted->parts == 1,
                      "seed %" PRIu64 " round %u mode %d simple word %zu at %zu size %u, not %zu "
                      "size %u",
                      seed, round, (int)mode, count, places[i].start, places[i].size, wanted->start,
                      wanted->size);
        }
        if (words)
            continue;
        more = word_next(&scanner, &word);
        if (!more)
            break;
        const struct word *wanted = &twin.words[count++];
        cr_assert(count <= twin.word_count && word.start == wanted->start &&
                      word.size == wanted->size && word.joined_size == wanted->joined_size &&
                      word.part == wanted->part && word.glued == wanted->glued,
                  "seed %" PRIu64 " round %u mode %d word %zu", seed, round, (int)mode, count);
    }
    cr_assert_eq(count, twin.word_count, "seed %" PRIu64 " round %u", seed, round);
}

static void compare(const uint8_t *text, size_t size, uint64_t seed, unsigned round)
{
    for (lupe_analysis mode = LUPE_ANALYSIS_STANDARD; mode <= LUPE_ANALYSIS_PLAIN; mode++) {
        struct word_scanner scanner;
        struct word word;
        size_t count = 0;
        twin_scan(&twin, text, size, mode == LUPE_ANALYSIS_PLAIN);
        word_scanner_init(&scanner, mode, text, size);
        for (; word_next(&scanner, &word); count++) {
            const struct word *wanted = &twin.words[count];
            cr_assert_lt(count, twin.word_count, "seed %" PRIu64 " round %u", seed, round);
            cr_assert(word.start == wanted->start && word.size == wanted->size &&
                          word.joined_size == wanted->joined_size && word.part == wanted->part &&
                          word.parts == wanted->parts && word.glued == wanted->glued,
                      "seed %" PRIu64 " round %u mode %d word %zu at %zu size %u, not %zu size %u",
                      seed, round, (int)mode, count, word.start, word.size, wanted->start,
                      wanted->size);
        }
        cr_assert_eq(count, twin.word_count, "seed %" PRIu64 " round %u", seed, round);
        compare_simple(text, size, mode, seed, round);
    }
}

/* What texts are made of: pieces around which the rules turn. */
static const char *const pieces[] = {
    "a",        "b",           "Z",        "ä",          "ß",          "é",          "Haus",
    "Munition", "Wladiwostok", "1",        "23",         "456",        "²",          "_",
    "-",        "-",           "-",        "\u2010",     "\u2011",     "\u2013",     ".",
    ",",        ":",           " ",        " ",          " ",          "\n",         "'",
    "\u2019",   "\u2018",      "\u02BC",   "´",          "`",          "+",          "++",
    "#",        "@",           "/",        "\\",         "&",          "=",          "\u00AD",
    "\u0308",   "\u200B",      "\u200D",   "\uFEFF",     "\u200E",     "東",         "京",
    "ー",       "か",          "\u3099",   "ﾞ",          "Я",          "ῶ",          "한",
    "ि",        "द",           "٣",        "\U0001F600", "\U00020000", "\U0001D400", "\uFE0F",
    "\xC3",     "\xE2",        "\xE2\x80", "\x80",       "\xFF",       "\xF0\x9F",   "\xED\xA0\x80",
};

Test(text_words, equals_the_slow_scanner_on_random_pieces)
{
    struct support_random random = support_random_of(20260715);
    static uint8_t text[8192];
    unsigned rounds = test_full() ? 20000 : 2000;
    for (unsigned round = 0; round < rounds; round++) {
        size_t size = 0, count = support_random_below(&random, 60);
        uint64_t common = 1 + support_random_below(&random, sizeof pieces / sizeof *pieces);
        for (size_t i = 0; i < count; i++) {
            const char *piece = pieces[support_random_below(&random, common)];
            memcpy(text + size, piece, strlen(piece));
            size += strlen(piece);
        }
        uint8_t *exact = malloc(size + 1); /* so that reading beyond the end is seen */
        memcpy(exact, text, size);
        exact = realloc(exact, size ? size : 1);
        compare(exact, size, random.seed, round);
        free(exact);
    }
}

Test(text_words, equals_the_slow_scanner_on_random_bytes)
{
    struct support_random random = support_random_of(4711);
    static uint8_t text[2048];
    unsigned rounds = test_full() ? 5000 : 500;
    for (unsigned round = 0; round < rounds; round++) {
        size_t size = support_random_below(&random, sizeof text);
        support_random_bytes(&random, text, size);
        for (size_t i = 0; round % 2 && i < size; i++)
            text[i] = text[i] % 8 ? text[i] & 0x7F : text[i];
        compare(text, size, random.seed, round);
    }
}

Test(text_words, equals_the_slow_scanner_around_the_longest_word)
{
    static const char *const fillings[] = {"a", "ä", "東", "a'", "\u00AD", "a-", "_", "1.", "ῶ"};
    struct support_random random = support_random_of(99);
    static uint8_t text[16384];
    for (unsigned round = 0; round < 400; round++) {
        const char *filling = fillings[round % (sizeof fillings / sizeof *fillings)];
        size_t size = 0, aim = SURFACE_BYTES_MAX - 12 + support_random_below(&random, 24);
        if (support_random_below(&random, 3) == 0)
            aim += SURFACE_BYTES_MAX;
        text[size++] = 'x';
        while (size < aim) {
            memcpy(text + size, filling, strlen(filling));
            size += strlen(filling);
        }
        for (unsigned i = 0; i < 12; i++) {
            const char *piece =
                pieces[support_random_below(&random, sizeof pieces / sizeof *pieces)];
            memcpy(text + size, piece, strlen(piece));
            size += strlen(piece);
        }
        compare(text, size, random.seed, round);
    }
}

Test(text_words, every_code_point_is_classified_as_by_the_slow_scanner)
{
    uint8_t text[16];
    for (uint32_t point = 1; point < 0x110000; point += point < 0x30000 ? 1 : 97) {
        size_t size = 0;
        text[size++] = 'a';
        size += utf8_encode(point, text + size);
        text[size++] = '-';
        size += utf8_encode(point, text + size);
        text[size++] = 'b';
        compare(text, size, 0, point);
    }
}

/* Plain text, where nearly all words are simple: across the ends of blocks of 64 bytes, and up to
 * words too long for one. */
Test(text_words, takes_simple_words_many_at_a_time)
{
    static const char *const simple[] = {
        "a", "Höhe", "über", " ", " ", "„", "“", " – ",
        "§", "x9",   "Mal",  "3", ".", ",", " ", "Straßenbahnhaltestelle",
        "é"};
    struct support_random random = support_random_of(20260716);
    static uint8_t text[8192];
    for (unsigned round = 0; round < 2000; round++) {
        size_t size = 0, count = support_random_below(&random, 300);
        uint64_t common = 1 + support_random_below(&random, sizeof simple / sizeof *simple);
        for (size_t i = 0; i < count; i++) {
            const char *piece = simple[support_random_below(&random, common)];
            memcpy(text + size, piece, strlen(piece));
            size += strlen(piece);
        }
        compare(text, size, random.seed, round);
    }
    memset(text, 'y', sizeof text);
    for (size_t size = SURFACE_BYTES_MAX - 70; size < SURFACE_BYTES_MAX + 70; size++) {
        text[size] = ' ';
        compare(text, size + 70, 0, (unsigned)size);
        text[size] = 'y';
    }
    support_no_leaks();
}
