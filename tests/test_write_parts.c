/* SPDX-License-Identifier: MIT
 *
 * test_write_parts.c - what is noted of compounds: a part that was met before is the one that it
 * would be if it were stemmed again, and every note is there again, by part.
 */
#include "write/part_notes.h"

#include "base/limits.h"
#include "segment/dictionary.h"
#include "text/analyzer.h"
#include "text_cases.h"
#include "write/word_hash.h"

/* ---- words */

/* The term of a part, without the head of its key. */
static void term_of(const struct part_notes *notes, uint32_t part, struct term *term)
{
    const uint8_t *key = part_key(notes, part);
    cr_assert(key_is_of(key + 1, LIST_PARTS));
    term->size = key[0] - 2u;
    memcpy(term->bytes, key + 3, term->size);
}

/* Asks for all runs of parts of a word, as inverting does, and compares each with a fresh analysis.
 * Returns how many were met before. */
static unsigned word_check(struct part_notes *notes, struct analyzer *analyzer, const char *text)
{
    struct term term, known;
    struct compound compound;
    struct word_parts parts;
    unsigned met = 0;
    cr_assert_eq(analyzer_term(analyzer, text, strlen(text), &term), LUPE_OK);
    cr_assert_eq(analyzer_parts(analyzer, &parts), LUPE_OK);
    analyzer_split(analyzer, &compound);
    cr_assert_eq(parts.count, compound.count);
    for (unsigned first = 0; first < compound.count; first++)
        for (unsigned last = first; last < compound.count; last++) {
            uint8_t word[PART_WORD_BYTES_MAX + WORD_PADDING_BYTES];
            uint32_t hash, part;
            size_t size = analyzer_part_word(analyzer, &compound, first, last, word);
            memset(word + size, 'x', WORD_PADDING_BYTES); /* whatever stands there */
            cr_assert_eq(analyzer_parts_joined(analyzer, &compound, first, last, &term), LUPE_OK);
            if (part_notes_find(notes, word, (uint32_t)size, &hash, &part)) {
                met++;
            } else {
                cr_assert_eq(part_notes_learn(notes, word, (uint32_t)size, hash, term.bytes,
                                              term.size, &part),
                             LUPE_OK);
            }
            cr_assert_eq(part == PART_NONE, term.size == 0);
            if (part == PART_NONE)
                continue;
            term_of(notes, part, &known);
            cr_assert(known.size == term.size && !memcmp(known.bytes, term.bytes, term.size),
                      "%s: %.*s is no %.*s", text, (int)known.size, known.bytes, (int)term.size,
                      term.bytes);
        }
    return met;
}

Test(write_parts, a_part_met_before_is_as_if_it_were_new)
{
    struct case_file cases;
    struct part_notes notes;
    struct analyzer *analyzer;
    unsigned met = 0;
    part_notes_init(&notes);
    cr_assert_eq(analyzer_open(LUPE_ANALYSIS_STANDARD, 0, "german", &analyzer), LUPE_OK);
    cases_open(&cases, "compounds.txt");
    while (cases_next(&cases, 2))
        met += word_check(&notes, analyzer, cases.columns[0]);
    cr_assert_gt(met, 100);
    part_notes_seal(&notes);
    analyzer_close(analyzer);
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
    uint32_t hash, part, size = (uint32_t)snprintf((char *)word, 16, "w%u", number);
    if (!part_notes_find(notes, word, size, &hash, &part))
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
    cr_assert_eq(noted_sources_make(&notes, &noted), LUPE_OK);
    for (uint32_t part = 0; part < PARTS; part++) {
        cr_assert_eq(noted.single[part] != 0, single[part]);
        for (uint32_t i = noted.starts[part]; i < noted.starts[part + 1]; i++)
            cr_assert(counts[part][noted.sources[i]]-- > 0);
        for (uint32_t list = 0; list < LISTS; list++)
            cr_assert_eq(counts[part][list], 0);
    }
    cr_assert_eq(noted.starts[PARTS - 1], noted.starts[PARTS]); /* the one without a note */
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
        uint32_t hash, part, size = (uint32_t)snprintf((char *)word, 16, "w%u", number);
        cr_assert_not(part_notes_find(notes, word, size, &hash, &part));
        TRY(part_notes_learn(notes, word, size, hash, word, size, &part));
        part <<= NOTE_PART_SHIFT;
        TRY(part_notes_add(notes, number, &part, 1));
    }
    TRY(noted_sources_make(notes, noted));
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
