/* SPDX-License-Identifier: MIT
 *
 * pair_lists.c - see pair_lists.h. The words are the most frequent ones; segment/pairs.c counts
 * where they meet, in as many passes as its memory needs. While a pass reads, nothing is written:
 * what waits in the publication stays where it is.
 */
#include "write/pair_lists.h"

#include <assert.h>
#include <stdlib.h>

#include "segment/pairs.h"

struct pair_limits pair_limits = {PAIR_DOCUMENTS_MIN, PAIR_SHARE, PAIR_WORDS_MAX,
                                  PAIR_MEMORY_BYTES};

struct pair_lists {
    struct segment_writer *writer;
    const struct publication *publication;
    struct pair_word *words;
    const struct frequent_word **chosen; /* the writer's, of each word */
    unsigned count;
    unsigned first; /* of the pass */
    uint32_t frequency_min;
    uint64_t bytes;
    struct pair_scan *scan;
    bool reading; /* a pass goes on */
    struct store_read *read;
    struct section postings;
    struct section positions;
};

/* ------------------------------------------------------------------ the words */

static int by_frequency(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    return a < b ? 1 : a > b ? -1 : 0;
}

/* The least frequency that leaves no more than words_max words; 0 when there is no word. */
static lupe_status frequency_choose(const struct frequent_word *words, size_t count,
                                    uint32_t *least)
{
    *least = 0;
    if (count == 0)
        return LUPE_OK;
    uint32_t *frequencies = memory_alloc(count * sizeof *frequencies);
    if (!frequencies)
        return fail_memory();
    for (size_t i = 0; i < count; i++)
        frequencies[i] = words[i].frequency;
    qsort(frequencies, count, sizeof *frequencies, by_frequency);
    bool fits = count <= pair_limits.words_max;
    *least = fits ? frequencies[count - 1] : frequencies[pair_limits.words_max] + 1;
    memory_free(frequencies);
    return LUPE_OK;
}

static lupe_status words_choose(struct pair_lists *lists)
{
    lupe_status status = LUPE_OK;
    size_t count;
    const struct frequent_word *words = segment_writer_frequent(lists->writer, &count);
    TRY(frequency_choose(words, count, &lists->frequency_min));
    lists->words = memory_zalloc(pair_limits.words_max, sizeof *lists->words);
    lists->chosen = memory_zalloc(pair_limits.words_max, sizeof *lists->chosen);
    if (!lists->words || !lists->chosen)
        return fail_memory();
    for (size_t i = 0; i < count; i++) {
        if (words[i].frequency < lists->frequency_min)
            continue;
        assert(lists->count < pair_limits.words_max);
        struct pair_word *word = &lists->words[lists->count];
        memcpy(word->term, words[i].term, words[i].size);
        word->size = words[i].size;
        lists->chosen[lists->count++] = &words[i];
    }
    if (lists->count == 0) /* too many of one frequency */
        lists->frequency_min = 0;
out:
    return status;
}

lupe_status pair_lists_open(struct segment_writer *writer, const struct publication *publication,
                            struct pair_lists **out_lists)
{
    lupe_status status = LUPE_OK;
    *out_lists = NULL;
    struct pair_lists *lists = memory_zalloc(1, sizeof *lists);
    if (!lists)
        return fail_memory();
    lists->writer = writer;
    lists->publication = publication;
    TRY(words_choose(lists));
    if (lists->count) {
        uint32_t documents;
        const uint8_t *norms = segment_writer_norms(writer, &documents);
        TRY(pair_scan_open(lists->words, lists->count, norms, documents, pair_limits.memory_bytes,
                           &lists->scan));
    }
    *out_lists = lists;
    lists = NULL;
out:
    pair_lists_close(lists);
    return status;
}

/* ------------------------------------------------------------------ what was written */

static void sections_close(struct pair_lists *lists)
{
    memory_free(lists->postings.extents);
    memory_free(lists->positions.extents);
    lists->postings.extents = NULL;
    lists->positions.extents = NULL;
    store_read_end(lists->read);
    lists->read = NULL;
}

/* A section as far as it is written: some extents are in the store, some wait in the publication,
 * and the writer has the last. */
static lupe_status section_open(struct pair_lists *lists, enum section_id id,
                                struct section *section)
{
    const struct publication *publication = lists->publication;
    const uint8_t *payload;
    size_t size;
    uint32_t extents;
    lupe_status status = segment_writer_peek(lists->writer, id, &extents, &payload, &size);
    if (status)
        return status;
    *section =
        (struct section){lists->read, publication->segment,
                         (uint8_t)id, (uint64_t)extents * EXTENT_PAYLOAD_BYTES + size,
                         extents + 1, memory_zalloc((size_t)extents + 1, sizeof *section->extents)};
    if (!section->extents)
        return fail_memory();
    section->extents[extents] = payload;
    for (size_t i = 0; i < publication->count; i++) {
        uint32_t number = publication->extents[i].number;
        if (number >= extent_number(id, 0) && number < extent_number(id, extents))
            section->extents[number - extent_number(id, 0)] = publication->extents[i].bytes;
    }
    return LUPE_OK;
}

static lupe_status pass_begin(struct pair_lists *lists)
{
    lupe_status status = LUPE_OK;
    uint32_t documents;
    (void)segment_writer_norms(lists->writer, &documents);
    if (lists->publication->segment)
        TRY(store_read_begin(lists->publication->store, &lists->read));
    TRY(section_open(lists, SECTION_POSTINGS, &lists->postings));
    TRY(section_open(lists, SECTION_POSITIONS, &lists->positions));
    for (unsigned w = 0; w < lists->count; w++) {
        struct entry entry;
        TRY(entry_parse(lists->chosen[w]->info, lists->chosen[w]->info_size, &entry));
        TRY(list_open(&lists->postings, &lists->positions, documents, &entry,
                      &lists->words[w].list));
    }
    TRY(pair_scan_begin(lists->scan, lists->first));
    lists->reading = true;
out:
    return status;
}

/* ------------------------------------------------------------------ writing */

static lupe_status pair_write(struct pair_lists *lists, unsigned first, unsigned second)
{
    lupe_status status = LUPE_OK;
    const struct pair_word *words = lists->words;
    struct pair_reader reader = pair_read_begin(lists->scan, first, second);
    uint32_t documents[BLOCK_DOCUMENTS];
    uint32_t tfs[BLOCK_DOCUMENTS];
    uint8_t key[KEY_BYTES_MAX];
    unsigned count = pair_read(&reader, documents, tfs);
    if (count == 0)
        return LUPE_OK;
    size_t key_size = key_of_pair(key, words[first].term, words[first].size, words[second].term,
                                  words[second].size);
    TRY(segment_writer_term_begin(lists->writer, key, key_size, ENTRY_HAS_TF));
    for (; count; count = pair_read(&reader, documents, tfs))
        TRY(segment_writer_term_add(lists->writer, documents, tfs, NULL, count));
    TRY(segment_writer_term_end(lists->writer));
out:
    return status;
}

/* How far the section of postings has been written. */
static lupe_status postings_offset(struct pair_lists *lists, uint64_t *offset)
{
    const uint8_t *payload;
    size_t size = 0;
    uint32_t extents = 0;
    lupe_status status =
        segment_writer_peek(lists->writer, SECTION_POSTINGS, &extents, &payload, &size);
    *offset = (uint64_t)extents * EXTENT_PAYLOAD_BYTES + size;
    return status;
}

static lupe_status pass_write(struct pair_lists *lists, unsigned end)
{
    lupe_status status = LUPE_OK;
    uint64_t before;
    uint64_t behind;
    sections_close(lists);
    lists->reading = false;
    TRY(postings_offset(lists, &before));
    for (; lists->first < end; lists->first++)
        for (unsigned second = 0; second < lists->count; second++)
            TRY(pair_write(lists, lists->first, second));
    TRY(postings_offset(lists, &behind));
    lists->bytes += behind - before;
out:
    return status;
}

lupe_status pair_lists_step(struct pair_lists *lists, bool *done)
{
    lupe_status status = LUPE_OK;
    bool pass_done = false;
    unsigned end = 0;
    *done = false;
    if (lists->first < lists->count) {
        if (!lists->reading)
            TRY(pass_begin(lists));
        TRY(pair_scan_step(lists->scan, &pass_done, &end));
        if (pass_done)
            TRY(pass_write(lists, end));
    }
    if (lists->first == lists->count) {
        segment_writer_set_pairs(lists->writer, lists->frequency_min, lists->bytes);
        *done = true;
    }
out:
    return status;
}

void pair_lists_close(struct pair_lists *lists)
{
    if (!lists)
        return;
    sections_close(lists);
    pair_scan_close(lists->scan);
    memory_free(lists->words);
    memory_free(lists->chosen);
    memory_free(lists);
}

lupe_status pair_lists_write(struct segment_writer *writer, const struct publication *publication)
{
    lupe_status status = LUPE_OK;
    struct pair_lists *lists = NULL;
    size_t count;
    bool done = false;
    (void)segment_writer_frequent(writer, &count);
    if (count == 0)
        return LUPE_OK;
    TRY(pair_lists_open(writer, publication, &lists));
    while (!done)
        TRY(pair_lists_step(lists, &done));
out:
    pair_lists_close(lists);
    return status;
}
