/* SPDX-License-Identifier: MIT
 *
 * test_query_fuzzy.c - the automaton and its walk against a table of distances over all terms.
 */
#include "base/hash.h"
#include "base/utf8.h"
#include "query/fuzzy.h"
#include "segment_cases.h"

/* ---------------------------------------------------------------- dictionaries in memory */

struct word {
    uint8_t bytes[TERM_BYTES_MAX];
    size_t size;
    uint32_t list;
    uint32_t frequency;
};

static int compare_words(const void *left, const void *right)
{
    const struct word *a = left, *b = right;
    if (a->list != b->list)
        return a->list < b->list ? -1 : 1;
    size_t shorter = a->size < b->size ? a->size : b->size;
    int order = memcmp(a->bytes, b->bytes, shorter);
    return order ? order : a->size < b->size ? -1 : a->size > b->size;
}

static size_t sort_words(struct word *words, size_t count)
{
    size_t unique = 0;
    qsort(words, count, sizeof *words, compare_words);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || compare_words(&words[unique - 1], &words[i]) != 0)
            words[unique++] = words[i];
    return unique;
}

static void write_words(const struct word *words, size_t count, struct kept_dictionary *written)
{
    memset(written, 0, sizeof *written);
    struct extent_sink sink = {keeper_put, &written->keeper};
    struct section_writer blocks, index;
    struct dictionary_writer writer;
    section_writer_init(&blocks, SECTION_DICTIONARY, &sink);
    section_writer_init(&index, SECTION_INDEX, &sink);
    dictionary_writer_init(&writer, &blocks, &index, 1000);
    for (size_t i = 0; i < count; i++) {
        uint8_t info[32], key[KEY_BYTES_MAX];
        size_t info_size = 0;
        if (words[i].frequency == 0) { /* a group alone */
            info[info_size++] = ENTRY_NONE | ENTRY_HAS_GROUP;
            info_size += varint_put(info + info_size, 3);
            info_size += varint_put(info + info_size, 3);
        } else {
            info[info_size++] = ENTRY_LIST | ENTRY_HAS_TF;
            info_size += varint_put(info + info_size, words[i].frequency);
            info_size += varint_put(info + info_size, 0);
            info_size += varint_put(info + info_size, i);
        }
        size_t size = key_make(key, words[i].list, words[i].bytes, words[i].size);
        cr_assert_eq(dictionary_writer_add(&writer, key, size, info, info_size), LUPE_OK);
    }
    cr_assert_eq(dictionary_writer_finish(&writer), LUPE_OK);
    dictionary_writer_free(&writer);
    kept_dictionary_make(written, &blocks, &index);
}

/* ---------------------------------------------------------------- the naive twin */

static size_t letters_of(const uint8_t *bytes, size_t size, uint32_t letters[TERM_BYTES_MAX])
{
    size_t count = 0;
    for (size_t at = 0; at < size; count++) {
        unsigned read;
        letters[count] = utf8_decode(bytes + at, bytes + size, &read);
        at += read;
    }
    return count;
}

#define FAR (FUZZY_DISTANCE_MAX + 1) /* more edits are not counted */

static unsigned edits_to(unsigned before, unsigned more)
{
    return before + more < FAR ? before + more : FAR;
}

static unsigned least_of(unsigned left, unsigned right)
{
    return left < right ? left : right;
}

/* The fewest edits between a term and any of the beginnings of a word whose bits are set. Where the
 * lengths differ by FAR or more it is as many. */
static unsigned distance_of(const struct word *word, uint64_t ends, const struct word *term)
{
    static unsigned table[TERM_BYTES_MAX + 1][TERM_BYTES_MAX + 1];
    uint32_t a[TERM_BYTES_MAX], b[TERM_BYTES_MAX];
    size_t a_count = letters_of(word->bytes, word->size, a);
    size_t b_count = letters_of(term->bytes, term->size, b);
    unsigned best = FAR;
    for (size_t i = 0; i <= a_count; i++)
        for (size_t j = i < FAR ? 0 : i - FAR; j <= b_count && j <= i + FAR; j++) {
            unsigned least = i == 0 || j == 0 ? edits_to(0, (unsigned)(i + j)) : FAR;
            if (i && j) {
                least = edits_to(table[i - 1][j - 1], a[i - 1] != b[j - 1]);
                if (j < i + FAR)
                    least = least_of(least, edits_to(table[i - 1][j], 1));
                if (i < j + FAR)
                    least = least_of(least, edits_to(table[i][j - 1], 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    least = least_of(least, edits_to(table[i - 2][j - 2], 1));
            }
            table[i][j] = least;
        }
    for (size_t i = b_count < FAR ? 0 : b_count - FAR; i <= a_count && i <= b_count + FAR; i++)
        if (ends >> i & 1)
            best = least_of(best, table[i][b_count]);
    return best;
}

static const char *const first_parts[] = {"ab", "b", "ccc"};
static const char *const last_parts[] = {"a", "ca", "e"};
static const struct fuzzy_endings test_endings = {{{first_parts, 3}, {NULL, 0}, {last_parts, 3}}};

/* The same for a term with any ending. */
static unsigned distance_with_endings(const struct word *word, uint64_t ends, bool endings,
                                      const struct word *term)
{
    unsigned best = distance_of(word, ends, term);
    for (unsigned i = 0; endings && i < 16; i++) {
        struct word whole = *term;
        const char *first = i / 4 ? first_parts[i / 4 - 1] : "";
        const char *last = i % 4 ? last_parts[i % 4 - 1] : "";
        memcpy(whole.bytes + whole.size, first, strlen(first));
        whole.size += strlen(first);
        memcpy(whole.bytes + whole.size, last, strlen(last));
        whole.size += strlen(last);
        best = least_of(best, distance_of(word, fuzzy_end(word->bytes, word->size), &whole));
    }
    return best;
}

/* Near endings are those with which the twin finds the term near. */
struct near_endings {
    const struct word *word;
    const struct word *term;
    unsigned distance;
    unsigned least;
};

static lupe_status near_ending(void *user, const char *ending, size_t size, unsigned distance)
{
    struct near_endings *near = user;
    struct word whole = *near->term;
    memcpy(whole.bytes + whole.size, ending, size);
    whole.size += size;
    cr_assert_eq(distance,
                 distance_of(near->word, fuzzy_end(near->word->bytes, near->word->size), &whole));
    cr_assert_leq(distance, near->distance);
    near->least = least_of(near->least, distance);
    return LUPE_OK;
}

static void check_endings(const struct fuzzy *fuzzy, const struct word *word,
                          const struct word *term)
{
    struct near_endings near = {word, term, fuzzy->distance, FAR};
    cr_assert_eq(fuzzy_endings_near(fuzzy, term->bytes, term->size, near_ending, &near), LUPE_OK);
    uint64_t whole = fuzzy_end(word->bytes, word->size);
    unsigned least = distance_with_endings(word, whole, fuzzy->endings != NULL, term);
    cr_assert_eq(near.least, least <= fuzzy->distance ? least : FAR);
    unsigned bare = distance_of(word, whole, term);
    unsigned told = fuzzy_distance(fuzzy, term->bytes, term->size);
    cr_assert(told == bare || (told > fuzzy->distance && bare > fuzzy->distance));
}

static void check_listed(struct kept_dictionary *written, const struct word *words, size_t count,
                         const struct word *word, uint32_t list, unsigned distance, uint64_t ends,
                         bool endings, uint64_t seed)
{
    struct buffer found = BUFFER_INIT(0);
    struct arena arena = {NULL, NULL, NULL, 0};
    struct fuzzy fuzzy;
    bool cut = false;
    cr_assert(fuzzy_init(&fuzzy, word->bytes, word->size, distance));
    fuzzy.ends |= ends;
    if (endings)
        fuzzy_set_endings(&fuzzy, &test_endings);
    cr_assert_eq(fuzzy_list(&fuzzy, &written->dictionary, list, NULL, &arena, &found, &cut),
                 LUPE_OK, "%s", lupe_last_error());
    size_t listed = found.size / sizeof(struct fuzzy_term);
    size_t expected = 0;
    const struct fuzzy_term *terms = (const struct fuzzy_term *)(const void *)found.data;
    for (size_t i = 0; i < count; i++) {
        unsigned real = distance_with_endings(word, fuzzy.ends, endings, &words[i]);
        if (i % 64 == 0 || real <= distance)
            check_endings(&fuzzy, word, &words[i]);
        if (words[i].list != list || words[i].frequency == 0 || real > distance)
            continue;
        expected++;
        size_t at = 0;
        while (at < listed && (terms[at].size != words[i].size ||
                               memcmp(terms[at].bytes, words[i].bytes, words[i].size) != 0))
            at++;
        if (at == listed) {
            cr_assert(cut, "seed %" PRIu64 ": \"%.*s\" is not found for \"%.*s\", %u edits", seed,
                      (int)words[i].size, (const char *)words[i].bytes, (int)word->size,
                      (const char *)word->bytes, real);
            const struct fuzzy_term *last = &terms[listed - 1];
            cr_assert(last->distance < real ||
                      (last->distance == real && last->frequency >= words[i].frequency));
            continue;
        }
        cr_assert_eq(terms[at].distance, real);
        cr_assert_eq(terms[at].frequency, words[i].frequency);
    }
    cr_assert_eq(listed, cut ? FUZZY_LISTED_MAX : expected, "seed %" PRIu64 ": %zu of %zu", seed,
                 listed, expected);
    for (size_t i = 1; i < listed; i++)
        cr_assert(terms[i - 1].distance < terms[i].distance ||
                  (terms[i - 1].distance == terms[i].distance &&
                   terms[i - 1].frequency >= terms[i].frequency));
    buffer_free(&found);
    arena_free(&arena);
}

/* ---------------------------------------------------------------- the model */

/* Letters of one to four bytes. */
static const char *const alphabets[] = {"abc", "abcdefghijklmnopqrstuvwxyz", "aб東c𝔞жеё"};

static void random_word(struct support_random *random, const char *alphabet, struct word *word)
{
    uint32_t letters[TERM_BYTES_MAX];
    size_t known = letters_of((const uint8_t *)alphabet, strlen(alphabet), letters);
    size_t count = 1 + (size_t)support_random_below(random, 11);
    if (support_random_below(random, 40) == 0)
        count = 30 + (size_t)support_random_below(random, 29);
    word->size = 0;
    for (size_t i = 0; i < count; i++)
        word->size +=
            utf8_encode(letters[support_random_below(random, known)], word->bytes + word->size);
    word->list = support_random_below(random, 8) == 0 ? LIST_FIELDS : LIST_WORDS;
    word->frequency =
        support_random_below(random, 20) == 0 ? 0 : 1 + (uint32_t)support_random_below(random, 500);
}

/* A word a few edits away from one there is, or any other. */
static void typed_word(struct support_random *random, const char *alphabet,
                       const struct word *words, size_t count, struct word *word)
{
    uint32_t letters[TERM_BYTES_MAX], known[TERM_BYTES_MAX];
    random_word(random, alphabet, word);
    if (support_random_below(random, 8) == 0)
        return;
    const struct word *model = &words[support_random_below(random, count)];
    size_t size = letters_of(model->bytes, model->size, letters);
    size_t kinds = letters_of((const uint8_t *)alphabet, strlen(alphabet), known);
    for (unsigned edits = (unsigned)support_random_below(random, 4); edits; edits--) {
        size_t at = (size_t)support_random_below(random, size);
        uint32_t letter = known[support_random_below(random, kinds)];
        switch (support_random_below(random, 4)) {
        case 0:
            letters[at] = letter;
            break;
        case 1:
            memmove(letters + at + 1, letters + at, (size - at) * sizeof *letters);
            letters[at] = letter;
            size++;
            break;
        case 2:
            if (size > 1)
                memmove(letters + at, letters + at + 1, (--size - at) * sizeof *letters);
            break;
        default:
            if (at + 1 < size) {
                uint32_t first = letters[at];
                letters[at] = letters[at + 1];
                letters[at + 1] = first;
            }
        }
    }
    word->size = 0;
    for (size_t i = 0; i < size && i < FUZZY_LETTERS_MAX; i++)
        word->size += utf8_encode(letters[i], word->bytes + word->size);
}

Test(query_fuzzy, lists_what_a_table_of_distances_lists)
{
    static const size_t counts[] = {1, 31, 33, 300, 4000};
    struct support_random random = support_random_of(41);
    for (size_t n = 0; n < sizeof counts / sizeof *counts; n++)
        for (size_t a = 0; a < sizeof alphabets / sizeof *alphabets; a++) {
            struct word *words = malloc(counts[n] * sizeof *words);
            struct kept_dictionary written;
            for (size_t i = 0; i < counts[n]; i++)
                random_word(&random, alphabets[a], &words[i]);
            size_t count = sort_words(words, counts[n]);
            write_words(words, count, &written);
            for (unsigned round = 0; round < (test_full()        ? 400u
                                              : counts[n] < 1000 ? 40u
                                                                 : 8u);
                 round++) {
                struct word word;
                typed_word(&random, alphabets[a], words, count, &word);
                uint64_t ends = support_random_below(&random, 2)
                                    ? 0
                                    : UINT64_C(1) << support_random_below(&random, 12);
                check_listed(&written, words, count, &word,
                             support_random_below(&random, 5) ? LIST_WORDS : LIST_FIELDS,
                             (unsigned)support_random_below(&random, 3), ends,
                             support_random_below(&random, 2), random.seed);
            }
            kept_dictionary_free(&written);
            free(words);
        }
    support_no_leaks();
}

/* Long beginnings in common make long separators, so that the index has several parts. */
Test(query_fuzzy, walks_over_several_parts_of_an_index)
{
    enum { COUNT = 200000, LONG = 48 };
    struct word *words = calloc(COUNT, sizeof *words);
    struct kept_dictionary written;
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < LONG; j++)
            words[i].size +=
                utf8_encode(0x1d51e + (j == 9 ? i % 3 : 0), words[i].bytes + words[i].size);
        words[i].size += (size_t)snprintf((char *)words[i].bytes + words[i].size, 8, "%06zu",
                                          i * 7919 % 1000003);
        words[i].frequency = 1 + (uint32_t)(i % 17);
    }
    size_t count = sort_words(words, COUNT);
    write_words(words, count, &written);
    cr_assert_gt(written.index.extent_count, 1u);
    for (size_t i = count / 3; i < count; i += count / 2) {
        struct word word = words[i];
        word.bytes[word.size - 2] = 'x';
        check_listed(&written, words, count, &word, LIST_WORDS, 1, 0, false, i);
        word.bytes[3] ^= 1;
        check_listed(&written, words, count, &word, LIST_WORDS, 2, 0, false, i);
    }
    kept_dictionary_free(&written);
    free(words);
    support_no_leaks();
}

Test(query_fuzzy, words_that_cannot_be)
{
    struct fuzzy fuzzy;
    uint8_t word[FUZZY_LETTERS_MAX + 1];
    memset(word, 'a', sizeof word);
    cr_assert_not(fuzzy_init(&fuzzy, word, 0, 1));
    cr_assert_not(fuzzy_init(&fuzzy, word, FUZZY_LETTERS_MAX + 1, 1));
    cr_assert(fuzzy_init(&fuzzy, word, FUZZY_LETTERS_MAX, 1));
    cr_assert_eq(fuzzy.ends, fuzzy_end(word, FUZZY_LETTERS_MAX));
    cr_assert_eq(fuzzy_end((const uint8_t *)"aж東c", 6), UINT64_C(1) << 3);
}

static lupe_status refuse(void *user)
{
    unsigned *left = user;
    return (*left)-- == 0 ? LUPE_CANCELLED : LUPE_OK;
}

Test(query_fuzzy, a_walk_can_be_ended)
{
    enum { COUNT = 20000 };
    struct support_random random = support_random_of(42);
    struct word *words = malloc(COUNT * sizeof *words);
    struct kept_dictionary written;
    for (size_t i = 0; i < COUNT; i++) {
        random_word(&random, alphabets[1], &words[i]);
        words[i].size = words[i].size < 9 ? words[i].size : 9;
    }
    size_t count = sort_words(words, COUNT);
    write_words(words, count, &written);
    unsigned left = 0;
    struct fuzzy_pause pause = {refuse, &left};
    struct buffer found = BUFFER_INIT(0);
    struct arena arena = {NULL, NULL, NULL, 0};
    struct fuzzy fuzzy;
    bool cut = false;
    cr_assert(fuzzy_init(&fuzzy, (const uint8_t *)"abc", 3, 2));
    cr_assert_eq(fuzzy_list(&fuzzy, &written.dictionary, LIST_WORDS, &pause, &arena, &found, &cut),
                 LUPE_CANCELLED);
    left = UINT32_MAX;
    buffer_clear(&found);
    cr_assert_eq(fuzzy_list(&fuzzy, &written.dictionary, LIST_WORDS, &pause, &arena, &found, &cut),
                 LUPE_OK);
    buffer_free(&found);
    arena_free(&arena);
    kept_dictionary_free(&written);
    free(words);
    support_no_leaks();
}

/* ---------------------------------------------------------------- damage */

/* Every byte lies in a copy that ends where it may be read; whatever the bytes, there is an
 * answer. */
static void list_damaged(const struct kept_dictionary *written, struct support_random *random,
                         bool reseal)
{
    size_t blocks_size = (size_t)written->blocks.length;
    size_t index_size = (size_t)written->index.length;
    uint8_t *blocks = malloc(blocks_size + READ_PADDING_BYTES);
    uint8_t *index = malloc(index_size + READ_PADDING_BYTES);
    memcpy(blocks, written->blocks.extents[0], blocks_size);
    memcpy(index, written->index.extents[0], index_size);
    bool in_blocks = support_random_below(random, 2);
    uint8_t *bytes = in_blocks ? blocks : index;
    size_t size = in_blocks ? blocks_size : index_size;
    size_t place = (size_t)support_random_below(random, size);
    for (unsigned i = 0; i < 3; i++)
        bytes[(place + support_random_below(random, 4)) % size] ^=
            (uint8_t)(1 + support_random_below(random, 255));
    for (size_t at = 0; reseal && at + 7 < blocks_size;) {
        size_t block = load_u16(blocks + at + 4);
        if (block < 7 || block > blocks_size - at)
            break;
        store_u32(blocks + at, checksum_32(blocks + at + 4, block - 4));
        at += block;
    }
    const uint8_t *tables[2] = {index, blocks};
    struct section damaged_index = written->index, damaged_blocks = written->blocks;
    damaged_index.extents = &tables[0];
    damaged_blocks.extents = &tables[1];
    struct dictionary dictionary = {
        .index = &damaged_index, .blocks = &damaged_blocks, .document_bits = 10};
    struct buffer found = BUFFER_INIT(0);
    struct arena arena = {NULL, NULL, NULL, 0};
    struct fuzzy fuzzy;
    bool cut = false;
    cr_assert(fuzzy_init(&fuzzy, (const uint8_t *)"wort1234", 8, 2));
    lupe_status status = fuzzy_list(&fuzzy, &dictionary, LIST_WORDS, NULL, &arena, &found, &cut);
    cr_assert(status == LUPE_OK || status == LUPE_CORRUPT);
    buffer_free(&found);
    arena_free(&arena);
    free(blocks);
    free(index);
}

Test(query_fuzzy, damage_is_survived)
{
    enum { COUNT = 500 };
    struct support_random random = support_random_of(43);
    struct word words[COUNT];
    struct kept_dictionary written;
    memset(words, 0, sizeof words);
    for (size_t i = 0; i < COUNT; i++) {
        words[i].size = (size_t)snprintf((char *)words[i].bytes, 20, "wort%zu", i * 7919 % 100003);
        words[i].frequency = 1;
    }
    size_t count = sort_words(words, COUNT);
    write_words(words, count, &written);
    for (unsigned round = 0; round < (test_full() ? 20000u : 2000u); round++)
        list_damaged(&written, &random, round % 2);
    kept_dictionary_free(&written);
    support_no_leaks();
}
