/* SPDX-License-Identifier: MIT
 *
 * test_write_parts.c - what is noted of compounds: words that waited, and parts that were met
 * before, are what they would be if each were analyzed at once; every note is there again, by part.
 */
#include "write/part_lists.h"

#include "base/limits.h"
#include "segment/dictionary.h"
#include "text_cases.h"
#include "write/word_hash.h"

/* ---- words */

/* Parts the other way round. */
static uint32_t *places_of(uint32_t count)
{
    uint32_t *places = malloc(count * sizeof *places);
    for (uint32_t i = 0; i < count; i++)
        places[i] = count - 1 - i;
    return places;
}

/* Whether a list was noted for a part with this term; takes the note out. */
static bool take(const struct part_notes *notes, struct noted_sources *noted, uint32_t list,
                 const struct term *term, bool single)
{
    for (uint32_t part = 0; part < part_notes_count(notes); part++) {
        const uint8_t *key = part_key(notes, part);
        if (key[0] != term->size + 2u || memcmp(key + 3, term->bytes, term->size) != 0)
            continue;
        cr_assert(key_is_of(key + 1, LIST_PARTS));
        uint32_t place = noted->count - 1 - part;
        cr_assert(!single || noted->single[place]);
        for (uint32_t i = noted->starts[place]; i < noted->starts[place + 1]; i++)
            if (noted->sources[i] == list) {
                noted->sources[i] = UINT32_MAX;
                return true;
            }
    }
    return false;
}

/* The parts of a word in a fresh analysis, which all have to be noted. Returns their number. */
static uint32_t word_check(struct analyzer *analyzer, const char *text, uint32_t list,
                           const struct part_notes *notes, struct noted_sources *noted)
{
    struct term term;
    struct word_parts parts;
    uint32_t count = 0;
    cr_assert_eq(analyzer_term(analyzer, text, strlen(text), &term), LUPE_OK);
    cr_assert_eq(analyzer_parts(analyzer, &parts), LUPE_OK);
    for (unsigned first = 0; first < parts.count; first++)
        for (unsigned last = first; last < parts.count; last++) {
            if (last - first + 1 == parts.count)
                continue;
            cr_assert_eq(analyzer_parts_joined(analyzer, &parts.compound, first, last, &term),
                         LUPE_OK);
            if (term.size == 0)
                continue;
            cr_assert(take(notes, noted, list, &term, first == last), "%s: %.*s", text,
                      (int)term.size, term.bytes);
            count++;
        }
    return count;
}

#define WORDS_MAX 3000u

Test(write_parts, what_waited_is_noted_as_if_it_were_split_at_once)
{
    static char words[WORDS_MAX][64];
    struct case_file cases;
    struct compound_queue queue;
    struct part_notes notes;
    struct noted_sources noted = {0};
    struct analyzer *analyzer;
    uint32_t count = 0, noted_count = 0;
    part_notes_init(&notes);
    compound_queue_init(&queue);
    cr_assert_eq(analyzer_open(LUPE_ANALYSIS_STANDARD, 0, "german", &analyzer), LUPE_OK);
    cases_open(&cases, "compounds.txt");
    while (cases_next(&cases, 2)) {
        const uint8_t *folded;
        size_t size;
        struct term term;
        cr_assert(count < WORDS_MAX && strlen(cases.columns[0]) < sizeof *words);
        memcpy(words[count], cases.columns[0], strlen(cases.columns[0]) + 1);
        cr_assert_eq(analyzer_term(analyzer, words[count], strlen(words[count]), &term), LUPE_OK);
        if (analyzer_folded(analyzer, &folded, &size))
            cr_assert_eq(compound_queue_add(&queue, count, folded, size), LUPE_OK);
        if (++count % 500 == 0) /* parts of these are met again by the next */
            cr_assert_eq(compound_queue_note(&queue, analyzer, &notes), LUPE_OK);
    }
    cr_assert_eq(compound_queue_note(&queue, analyzer, &notes), LUPE_OK);
    cr_assert_eq(queue.words.size, 0);
    part_notes_seal(&notes);
    uint32_t *places = places_of(part_notes_count(&notes));
    cr_assert_eq(noted_sources_make(&notes, places, &noted), LUPE_OK);
    free(places);
    for (uint32_t i = 0; i < count; i++)
        noted_count += word_check(analyzer, words[i], i, &notes, &noted);
    cr_assert_eq(noted_count, noted.starts[part_notes_count(&notes)]);
    cr_assert_gt(noted_count, 1000);
    noted_sources_free(&noted);
    analyzer_close(analyzer);
    compound_queue_free(&queue);
    part_notes_free(&notes);
    support_no_leaks();
}

/* ---- notes */

#define PARTS 300u
#define LISTS 5000u
#define NOTES_MAX 20u

static uint32_t learn(struct part_notes *notes, uint32_t number)
{
    uint8_t word[16 + WORD_PADDING_BYTES] = {0};
    uint32_t part, size = (uint32_t)snprintf((char *)word, 16, "w%u", number);
    uint32_t hash = word_hash(word, size, 0) % 64; /* many alike */
    if (!part_notes_find(notes, word, size, hash, &part))
        cr_assert_eq(part_notes_learn(notes, word, size, hash, word, size, &part), LUPE_OK);
    return part;
}

Test(write_parts, every_note_is_there_by_part)
{
    struct part_notes notes;
    struct noted_sources noted = {0};
    unsigned(*counts)[LISTS] = calloc(PARTS, sizeof *counts);
    bool single[PARTS] = {false};
    struct support_random random = support_random_of(11);
    part_notes_init(&notes);
    for (uint32_t number = 0; number < PARTS; number++)
        cr_assert_eq(learn(&notes, number), number);
    for (unsigned i = 0; i < 4000; i++) {
        uint32_t parts[NOTES_MAX], list = (uint32_t)(support_random_below(&random, LISTS));
        unsigned count = (unsigned)(support_random_below(&random, NOTES_MAX + 1));
        for (unsigned j = 0; j < count; j++) {
            uint32_t part = learn(&notes, (uint32_t)(support_random_below(&random, PARTS - 1)));
            bool is_single = support_random_below(&random, 500) == 0;
            single[part] |= is_single;
            counts[part][list]++;
            parts[j] = part << NOTE_PART_SHIFT | (is_single ? NOTE_SINGLE : 0);
        }
        cr_assert_eq(part_notes_add(&notes, list, parts, count), LUPE_OK);
    }
    part_notes_seal(&notes);
    uint32_t *places = places_of(PARTS);
    cr_assert_eq(noted_sources_make(&notes, places, &noted), LUPE_OK);
    free(places);
    for (uint32_t part = 0; part < PARTS; part++) {
        uint32_t place = PARTS - 1 - part;
        cr_assert_eq(noted.single[place] != 0, single[part]);
        for (uint32_t i = noted.starts[place]; i < noted.starts[place + 1]; i++)
            cr_assert(counts[part][noted.sources[i]]-- > 0);
        for (uint32_t list = 0; list < LISTS; list++)
            cr_assert_eq(counts[part][list], 0);
    }
    cr_assert_eq(noted.starts[0], noted.starts[1]); /* the one without a note */
    noted_sources_free(&noted);
    part_notes_free(&notes);
    free(counts);
    support_no_leaks();
}

static lupe_status notes_scenario(struct part_notes *notes, struct noted_sources *noted)
{
    lupe_status status = LUPE_OK;
    for (uint32_t number = 0; number < 400; number++) {
        uint8_t word[16 + WORD_PADDING_BYTES] = {0};
        uint32_t part, size = (uint32_t)snprintf((char *)word, 16, "w%u", number);
        uint32_t hash = word_hash(word, size, 0);
        cr_assert_not(part_notes_find(notes, word, size, hash, &part));
        TRY(part_notes_learn(notes, word, size, hash, word, size, &part));
        part <<= NOTE_PART_SHIFT;
        TRY(part_notes_add(notes, number, &part, 1));
    }
    uint32_t *places = places_of(part_notes_count(notes));
    status = noted_sources_make(notes, places, noted);
    free(places);
out:
    return status;
}

Test(write_parts, survives_failing_allocations)
{
    for (size_t n = 1, failed = 1; failed; n++) {
        struct part_notes notes;
        struct noted_sources noted = {0};
        support_fail_allocation(n);
        part_notes_init(&notes);
        lupe_status status = notes_scenario(&notes, &noted);
        failed = support_allocation_failed();
        cr_assert_eq(status, failed ? LUPE_NO_MEMORY : LUPE_OK);
        support_fail_allocation(0);
        noted_sources_free(&noted);
        part_notes_reset(&notes, 0);
        cr_assert_eq(part_notes_bytes(&notes), 0);
        part_notes_free(&notes);
        support_no_leaks();
    }
}

/* ---- sums */

#define DOCUMENTS 3000u
#define COMPOUNDS 60u

/* Lists whose positions are counted besides; each has its chunks, and records of every length. */
static void lists_fill(struct accumulator *accumulator, uint32_t lists[COMPOUNDS],
                       uint32_t (*tfs)[DOCUMENTS])
{
    struct support_random random = support_random_of(13);
    uint32_t last[COMPOUNDS] = {0};
    for (uint32_t i = 0; i < COMPOUNDS; i++) {
        uint8_t key[KEY_BYTES_MAX];
        char term[8];
        size_t size = (size_t)snprintf(term, sizeof term, "w%u", i);
        cr_assert_eq(accumulator_list_of_key(accumulator, key,
                                             key_make(key, LIST_WORDS, term, size),
                                             GROWING_POSITIONS, &lists[i]),
                     LUPE_OK);
    }
    for (uint32_t document = 0; document < DOCUMENTS; document++)
        for (uint32_t i = 0; i < COMPOUNDS; i++) {
            uint64_t times = support_random_below(&random, 3 + 40 * i / COMPOUNDS);
            times = support_random_below(&random, 1 + i) ? 0 : times;
            last[i] = 0;
            for (; times; times--) {
                uint8_t form = (uint8_t)(support_random_below(&random, 4) ? 0 : times % 200);
                last[i] += 1 + (uint32_t)support_random_below(&random, times % 5 ? 200 : 100000);
                cr_assert_eq(growing_add_position(&accumulator->pool,
                                                  accumulator_list(accumulator, lists[i]), document,
                                                  last[i], form),
                             LUPE_OK);
                tfs[i][document]++;
            }
        }
}

/* Sums of the lists from first to end for a part, and of one as its own. */
static void sums_check(struct part_lists *parts, const struct accumulator *accumulator,
                       const uint32_t *lists, uint32_t (*tfs)[DOCUMENTS], const uint32_t *map,
                       uint32_t first, uint32_t end, uint32_t own)
{
    uint32_t count = 0;
    cr_assert_eq(part_lists_add_noted(parts, accumulator, lists + first, end - first,
                                      COMPOUNDS - first, map),
                 LUPE_OK);
    for (uint32_t document = 0; document < DOCUMENTS; document++) {
        uint32_t sum = 0;
        for (uint32_t i = first; i < end; i++)
            sum += 3 * tfs[i][document];
        count += sum > 0;
        cr_assert_eq(parts->sums[document], sum);
    }
    cr_assert_eq(parts->count, count);
    part_lists_choose(parts);
    bool is_wide = parts->is_wide;
    cr_assert_eq(is_wide, count > part_documents_max);
    cr_assert_eq(part_lists_add_own_list(parts, accumulator, lists[own], map), LUPE_OK);
    for (uint32_t document = 0; document < DOCUMENTS; document++) {
        uint32_t sum = 0, tf = tfs[own][document];
        for (uint32_t i = first; i < end; i++)
            sum += 3 * tfs[i][document];
        sum = is_wide ? sum + 8 * tf : sum ? (sum < 63 ? sum : 63) + 64 * tf : 0;
        cr_assert_eq(parts->sums[document], sum);
    }
    for (uint32_t i = 0; i < parts->count; i++) /* each once */
        cr_assert(parts->sums[parts->documents[i]] > 0 && parts->documents[i] < DOCUMENTS);
    part_lists_drop(parts);
    for (uint32_t document = 0; document < DOCUMENTS; document++)
        cr_assert_eq(parts->sums[document], 0);
}

Test(write_parts, sums_are_those_of_the_documents)
{
    struct catalogue catalogue;
    struct accumulator *accumulator;
    struct part_lists parts;
    uint32_t lists[COMPOUNDS], same[DOCUMENTS];
    uint32_t(*tfs)[DOCUMENTS] = calloc(COMPOUNDS, sizeof *tfs);
    for (uint32_t i = 0; i < DOCUMENTS; i++)
        same[i] = i;
    catalogue_init(&catalogue);
    cr_assert_eq(accumulator_open(&catalogue, &accumulator), LUPE_OK);
    lists_fill(accumulator, lists, tfs);
    cr_assert_eq(part_lists_init(&parts, NULL, DOCUMENTS), LUPE_OK);
    part_documents_max = 500;
    for (uint32_t first = 0; first < COMPOUNDS; first += 3)
        for (uint32_t end = first + 1; end <= COMPOUNDS; end += 7) {
            uint32_t own = (first + 5 * end) % COMPOUNDS;
            sums_check(&parts, accumulator, lists, tfs, NULL, first, end, own);
            sums_check(&parts, accumulator, lists, tfs, same, first, end, own);
        }
    part_lists_free(&parts);
    accumulator_close(accumulator);
    catalogue_free(&catalogue);
    free(tfs);
    support_no_leaks();
}
