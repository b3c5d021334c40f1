/* SPDX-License-Identifier: MIT
 *
 * test_segment_stored.c - records and the frames that hold them.
 */
#include "segment/stored.h"
#include "segment_cases.h"

/* ---------------------------------------------------------------- records */

Test(segment_stored, records_come_back)
{
    struct buffer bytes = BUFFER_INIT(0);
    struct record record;
    struct record_value value;
    char *large = calloc(1, 100000);
    record_begin(&bytes, 3);
    record_add(&bytes, 0, LUPE_TEXT, "Ein Zug", 7);
    record_add(&bytes, 4095, LUPE_KEYWORD, NULL, 0);
    record_add(&bytes, 200, LUPE_STORED, large, 100000);
    cr_assert_eq(buffer_status(&bytes), LUPE_OK);
    cr_assert_eq(record_open(&record, bytes.data, bytes.size), LUPE_OK);
    cr_assert_eq(record.left, 3u);
    cr_assert_eq(record_next(&record, &value), LUPE_OK);
    cr_assert_eq(value.field, 0u);
    cr_assert_eq(value.kind, LUPE_TEXT);
    cr_assert_eq(value.size, 7u);
    cr_assert_arr_eq(value.bytes, "Ein Zug", 7);
    cr_assert_eq(record_next(&record, &value), LUPE_OK);
    cr_assert_eq(value.field, 4095u);
    cr_assert_eq(value.kind, LUPE_KEYWORD);
    cr_assert_eq(value.size, 0u);
    cr_assert_eq(record_next(&record, &value), LUPE_OK);
    cr_assert_eq(value.field, 200u);
    cr_assert_eq(value.size, 100000u);
    cr_assert_eq(record_next(&record, &value), LUPE_NOT_FOUND);
    cr_assert_eq(record_open(&record, NULL, 0), LUPE_OK);
    cr_assert_eq(record_next(&record, &value), LUPE_NOT_FOUND);
    buffer_free(&bytes);
    free(large);
    support_no_leaks();
}

Test(segment_stored, damaged_records_are_told)
{
    struct buffer bytes = BUFFER_INIT(0);
    struct record record;
    struct record_value value;
    record_begin(&bytes, 2);
    record_add(&bytes, 300, LUPE_TEXT, "abc", 3);
    record_add(&bytes, 1, LUPE_KEYWORD, "defghi", 6);
    for (size_t size = 1; size < bytes.size; size++) {
        uint8_t *cut = malloc(size);
        memcpy(cut, bytes.data, size);
        lupe_status status = record_open(&record, cut, size);
        while (!status)
            status = record_next(&record, &value);
        cr_assert_eq(status, LUPE_CORRUPT, "size %zu", size);
        free(cut);
    }
    struct support_random random = support_random_of(41);
    for (unsigned round = 0; round < 20000; round++) {
        size_t size = bytes.size;
        uint8_t *changed = malloc(size);
        memcpy(changed, bytes.data, size);
        for (unsigned i = 0; i < 2; i++)
            changed[support_random_below(&random, size)] = (uint8_t)support_random_next(&random);
        lupe_status status = record_open(&record, changed, size);
        while (!status) {
            status = record_next(&record, &value);
            if (!status)
                cr_assert(value.bytes >= changed && value.bytes + value.size <= changed + size);
        }
        cr_assert(status == LUPE_CORRUPT || status == LUPE_NOT_FOUND);
        free(changed);
    }
    buffer_free(&bytes);
    support_no_leaks();
}

/* ---------------------------------------------------------------- frames */

struct corpus {
    uint32_t sample_step; /* 0: no samples are given */
    uint8_t **records;
    size_t *sizes;
    uint32_t count;
};

static const char *const words[] = {"der",     "Brief", "Minister", "Haus",   "nach",      "Berlin",
                                    "Sitzung", "und",   "Entwurf",  "Gesetz", "über",      "Zug",
                                    "Antwort", "Frage", "gestern",  "heute",  "Regierung", "nicht"};

/* A record of about size bytes that looks like text, or of random bytes. */
static void corpus_add(struct corpus *corpus, struct support_random *random, size_t size,
                       bool noise)
{
    corpus->records = realloc(corpus->records, (corpus->count + 1) * sizeof *corpus->records);
    corpus->sizes = realloc(corpus->sizes, (corpus->count + 1) * sizeof *corpus->sizes);
    uint8_t *record = malloc(size + 1);
    size_t at = 0;
    if (noise)
        support_random_bytes(random, record, size);
    while (!noise && at < size) {
        const char *word = words[support_random_below(random, sizeof words / sizeof *words)];
        char text[40];
        int length = snprintf(text, sizeof text, "%s%u ", word,
                              (unsigned)support_random_below(random, 1 + corpus->count % 50));
        for (int i = 0; i < length && at < size; i++)
            record[at++] = (uint8_t)text[i];
    }
    corpus->records[corpus->count] = record;
    corpus->sizes[corpus->count++] = size;
}

static void corpus_free(struct corpus *corpus)
{
    for (uint32_t i = 0; i < corpus->count; i++)
        free(corpus->records[i]);
    free(corpus->records);
    free(corpus->sizes);
}

struct written {
    struct keeper keeper;
    struct section sections[3]; /* frames, index, dictionary */
};

static lupe_status write_frames(const struct corpus *corpus, struct written *written)
{
    static const enum section_id ids[3] = {SECTION_STORED, SECTION_STORED_INDEX,
                                           SECTION_STORED_DICTIONARY};
    memset(written, 0, sizeof *written);
    struct extent_sink sink = {keeper_put, &written->keeper};
    struct section_writer sections[3];
    struct stored_writer writer;
    uint64_t lengths[3];
    lupe_status status = LUPE_OK;
    for (unsigned i = 0; i < 3; i++)
        section_writer_init(&sections[i], ids[i], &sink);
    stored_writer_init(&writer, &sections[0], &sections[1], &sections[2]);
    bool enough = corpus->sample_step == 0;
    for (uint32_t i = 0; i < corpus->count && !status && !enough; i += corpus->sample_step)
        status = stored_writer_sample(&writer, corpus->records[i], corpus->sizes[i], &enough);
    for (uint32_t i = 0; i < corpus->count && !status; i++)
        status = stored_writer_add(&writer, corpus->records[i], corpus->sizes[i]);
    if (!status)
        status = stored_writer_finish(&writer);
    stored_writer_free(&writer);
    for (unsigned i = 0; i < 3; i++) {
        lengths[i] = section_writer_offset(&sections[i]);
        if (!status)
            status = section_writer_finish(&sections[i]);
        section_writer_free(&sections[i]);
    }
    for (unsigned i = 0; i < 3; i++)
        written->sections[i] = kept_section(&written->keeper, ids[i], status ? 0 : lengths[i]);
    return status;
}

static void written_free(struct written *written)
{
    for (unsigned i = 0; i < 3; i++)
        kept_section_free(&written->sections[i]);
    keeper_free(&written->keeper);
}

static struct stored_reader *open_reader(struct written *written, uint32_t documents)
{
    struct stored_reader *reader = NULL;
    cr_assert_eq(stored_reader_open(&written->sections[0], &written->sections[1],
                                    &written->sections[2], documents, &reader),
                 LUPE_OK);
    return reader;
}

static void check_record(struct stored_reader *reader, const struct corpus *corpus, uint32_t i)
{
    const uint8_t *record;
    size_t size;
    cr_assert_eq(stored_reader_record(reader, i, &record, &size), LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(size, corpus->sizes[i], "document %u", i);
    cr_assert_eq(memcmp(record, corpus->records[i], size), 0, "document %u", i);
}

/* Reads all in order, then backwards, then here and there. */
static void check_corpus(struct written *written, const struct corpus *corpus)
{
    struct support_random random = support_random_of(42);
    struct stored_reader *reader = open_reader(written, corpus->count);
    for (uint32_t i = 0; i < corpus->count; i++)
        check_record(reader, corpus, i);
    for (uint32_t i = corpus->count; i-- > 0;)
        check_record(reader, corpus, i);
    for (uint32_t i = 0; i < 1000; i++)
        check_record(reader, corpus, (uint32_t)support_random_below(&random, corpus->count));
    stored_reader_close(reader);
}

Test(segment_stored, a_few_records_come_back)
{
    struct support_random random = support_random_of(43);
    struct corpus corpus = {0};
    struct written written;
    for (unsigned i = 0; i < 500; i++)
        corpus_add(&corpus, &random, (size_t)support_random_below(&random, i % 10 ? 300 : 5000),
                   i % 50 == 7);
    corpus_add(&corpus, &random, 3000000, false);
    corpus_add(&corpus, &random, 0, false);
    corpus_add(&corpus, &random, 2500000, true);
    corpus_add(&corpus, &random, 0, false);
    cr_assert_eq(write_frames(&corpus, &written), LUPE_OK);
    cr_assert_gt(written.sections[0].extent_count, 1u);
    check_corpus(&written, &corpus);
    written_free(&written);
    corpus_free(&corpus);
    support_no_leaks();
}

Test(segment_stored, many_records_share_a_dictionary)
{
    struct support_random random = support_random_of(44);
    struct corpus corpus = {0};
    struct written written;
    for (unsigned i = 0; i < 12000; i++)
        corpus_add(&corpus, &random, 300 + (size_t)support_random_below(&random, 300), false);
    cr_assert_eq(write_frames(&corpus, &written), LUPE_OK);
    cr_assert_gt(written.sections[2].length, 0u);
    cr_assert_leq(written.sections[2].length, STORED_DICTIONARY_BYTES);
    check_corpus(&written, &corpus);
    written_free(&written);
    corpus_free(&corpus);
    support_no_leaks();
}

/* The first records are no sample of all: given samples serve the others better. */
Test(segment_stored, samples_make_the_dictionary)
{
    struct support_random random = support_random_of(47);
    struct corpus corpus = {0};
    uint64_t bytes[2];
    for (unsigned i = 0; i < 12000; i++)
        corpus_add(&corpus, &random, 500, i < 9000);
    for (unsigned given = 0; given < 2; given++) {
        struct written written;
        corpus.sample_step = given * 11;
        cr_assert_eq(write_frames(&corpus, &written), LUPE_OK);
        bytes[given] = written.sections[0].length + written.sections[2].length;
        check_corpus(&written, &corpus);
        written_free(&written);
    }
    cr_assert_lt(bytes[1] + 100000, bytes[0], "%" PRIu64 " bytes, %" PRIu64 " without samples",
                 bytes[1], bytes[0]);
    corpus_free(&corpus);
    support_no_leaks();
}

Test(segment_stored, what_cannot_be_compressed_or_trained_is_kept_as_it_is)
{
    struct support_random random = support_random_of(45);
    struct corpus corpus = {0};
    struct written written;
    uint64_t bytes = 0;
    for (unsigned i = 0; i < 3000; i++) {
        corpus_add(&corpus, &random, 700, true);
        bytes += 700;
    }
    cr_assert_eq(write_frames(&corpus, &written), LUPE_OK);
    cr_assert_lt(written.sections[0].length, bytes + bytes / 50);
    check_corpus(&written, &corpus);
    written_free(&written);
    corpus_free(&corpus);
    support_no_leaks();
}

Test(segment_stored, without_records_nothing_is_stored)
{
    struct support_random random = support_random_of(46);
    struct corpus corpus = {0};
    struct written written;
    for (unsigned i = 0; i < 5000; i++)
        corpus_add(&corpus, &random, 0, false);
    cr_assert_eq(write_frames(&corpus, &written), LUPE_OK);
    cr_assert_eq(written.sections[0].length, 0u);
    cr_assert_eq(written.sections[1].length, 0u);
    check_corpus(&written, &corpus);
    written_free(&written);
    /* The first record comes late: those before it are empty. */
    corpus_add(&corpus, &random, 100, false);
    cr_assert_eq(write_frames(&corpus, &written), LUPE_OK);
    cr_assert_gt(written.sections[0].length, 0u);
    check_corpus(&written, &corpus);
    written_free(&written);
    corpus_free(&corpus);
    support_no_leaks();
}

Test(segment_stored, damaged_frames_are_survived)
{
    struct support_random random = support_random_of(47);
    struct corpus corpus = {0};
    struct written written;
    for (unsigned i = 0; i < 120; i++)
        corpus_add(&corpus, &random, 20 + (size_t)support_random_below(&random, 300), i % 40 < 8);
    cr_assert_eq(write_frames(&corpus, &written), LUPE_OK);
    unsigned told = 0;
    for (unsigned round = 0; round < (test_full() ? 20000u : 2000u); round++) {
        uint8_t *copies[2];
        struct written damaged = written;
        const uint8_t *tables[2];
        for (unsigned i = 0; i < 2; i++) {
            size_t size = (size_t)written.sections[i].length;
            copies[i] = malloc(size);
            memcpy(copies[i], written.sections[i].extents[0], size);
            tables[i] = copies[i];
            damaged.sections[i].extents = &tables[i];
        }
        unsigned which = (unsigned)support_random_below(&random, 2);
        unsigned flips = 1 + (unsigned)support_random_below(&random, 3);
        for (unsigned i = 0; i < flips; i++)
            copies[which][support_random_below(&random, written.sections[which].length)] =
                (uint8_t)support_random_next(&random);
        struct stored_reader *reader = open_reader(&damaged, corpus.count);
        for (uint32_t i = 0; i < corpus.count; i += 7) {
            const uint8_t *record;
            size_t size;
            lupe_status status = stored_reader_record(reader, i, &record, &size);
            cr_assert(status == LUPE_OK || status == LUPE_CORRUPT);
            told += status == LUPE_CORRUPT;
            uint8_t sum = 0;
            for (size_t j = 0; status == LUPE_OK && j < size; j++)
                sum ^= record[j];
            if (sum == 1 && size == 0)
                cr_assert_fail("no bytes have a sum");
        }
        stored_reader_close(reader);
        free(copies[0]);
        free(copies[1]);
    }
    cr_assert_gt(told, 0u);
    written_free(&written);
    corpus_free(&corpus);
    support_no_leaks();
}

Test(segment_stored, writing_and_reading_survive_failing_allocations)
{
    struct support_random random = support_random_of(48);
    struct corpus corpus = {0};
    for (unsigned i = 0; i < 40; i++)
        corpus_add(&corpus, &random, 400, false);
    corpus_add(&corpus, &random, EXTENT_BYTES + 1000, true); /* gathered from two extents */
    bool failed = true;
    for (size_t n = 1; failed; n++) {
        struct written written;
        support_fail_allocation(n);
        lupe_status status = write_frames(&corpus, &written);
        struct stored_reader *reader = NULL;
        if (!status)
            status = stored_reader_open(&written.sections[0], &written.sections[1],
                                        &written.sections[2], corpus.count, &reader);
        for (uint32_t i = 0; i < corpus.count && !status; i++) {
            const uint8_t *record;
            size_t size;
            status = stored_reader_record(reader, i, &record, &size);
            if (status == LUPE_NO_MEMORY)
                check_record(reader, &corpus, i); /* the next call has memory again */
        }
        stored_reader_close(reader);
        failed = support_allocation_failed();
        cr_assert_eq(status, failed ? LUPE_NO_MEMORY : LUPE_OK, "allocation %zu", n);
        support_fail_allocation(0);
        written_free(&written);
        support_no_leaks();
    }
    corpus_free(&corpus);
}
