/* SPDX-License-Identifier: MIT
 *
 * test_segment_catalogue.c - the catalogue comes back as it was, or is refused with a reason.
 */
#include <math.h>
#include <stdio.h>

#include "base/hash.h"
#include "segment/catalogue.h"
#include "support.h"

#define BODY 16
#define REQUIRES BODY
#define IGNORABLE (BODY + 4)

static void fill(struct catalogue *catalogue)
{
    uint32_t number;
    catalogue_init(catalogue);
    catalogue->commit = 77;
    catalogue->next_segment = 9;
    catalogue->analysis = LUPE_ANALYSIS_BARE;
    catalogue->flags = LUPE_WITHOUT_POSITIONS;
    catalogue->fingerprint = 0x1122334455667788;
    catalogue->words_cut = 300;
    memcpy(catalogue->language, "german", 7);
    cr_assert_eq(catalogue_add_field(catalogue, "title", LUPE_TEXT, 3.5, NULL, &number), LUPE_OK);
    cr_assert_eq(catalogue_add_field(catalogue, "text", LUPE_TEXT, 0, "english", &number), LUPE_OK);
    cr_assert_eq(catalogue_add_field(catalogue, "tag", LUPE_KEYWORD, 1, NULL, &number), LUPE_OK);
    cr_assert_eq(number, 2u);
    catalogue->lexicon = 5;
    struct segment_entry large = {.number = 3,
                                  .lexicon = 4,
                                  .documents = 100000,
                                  .words = 12345678,
                                  .k1 = 1.2,
                                  .b = 0.75,
                                  .terms = 5000,
                                  .live_version = 4,
                                  .deleted = 70};
    for (unsigned i = 1; i < SECTION_LIVE; i++)
        large.lengths[i] = UINT64_C(1000000) * i * i;
    large.lengths[SECTION_FORMS] = large.lengths[SECTION_COLUMNS] = 0;
    struct segment_entry small = {.number = 8,
                                  .one_value = true,
                                  .documents = 10,
                                  .words = 20,
                                  .k1 = 2,
                                  .b = 1,
                                  .terms = 7,
                                  .deleted = 3,
                                  .deleted_list = {0, 4, 9}};
    small.lengths[SECTION_NORMS] = 10;
    cr_assert_eq(catalogue_insert_segment(catalogue, 0, &small), LUPE_OK);
    cr_assert_eq(catalogue_insert_segment(catalogue, 0, &large), LUPE_OK);
}

static void check_equal(const struct catalogue *left, const struct catalogue *right)
{
    cr_assert_eq(left->commit, right->commit);
    cr_assert_eq(left->next_segment, right->next_segment);
    cr_assert_eq(left->lexicon, right->lexicon);
    cr_assert_eq(left->analysis, right->analysis);
    cr_assert_eq(left->flags, right->flags);
    cr_assert_eq(left->field_gap, right->field_gap);
    cr_assert_eq(left->k1, right->k1);
    cr_assert_eq(left->b, right->b);
    cr_assert_eq(left->fingerprint, right->fingerprint);
    cr_assert_str_eq(left->language, right->language);
    cr_assert_eq(left->words_cut, right->words_cut);
    cr_assert_eq(left->field_count, right->field_count);
    for (uint32_t i = 0; i < left->field_count; i++) {
        const struct field *a = &left->fields[i], *b = &right->fields[i];
        cr_assert_eq(a->kind, b->kind);
        cr_assert_eq(a->flags, b->flags);
        cr_assert_eq(a->weight, b->weight);
        cr_assert_str_eq(a->name, b->name);
        cr_assert_str_eq(a->language, b->language);
    }
    cr_assert_eq(left->segment_count, right->segment_count);
    for (uint32_t i = 0; i < left->segment_count; i++) {
        const struct segment_entry *a = &left->segments[i], *b = &right->segments[i];
        cr_assert_eq(a->number, b->number);
        cr_assert_eq(a->one_value, b->one_value);
        cr_assert_eq(a->lexicon, b->lexicon);
        cr_assert_eq(a->documents, b->documents);
        cr_assert_eq(a->words, b->words);
        cr_assert_eq(a->k1, b->k1);
        cr_assert_eq(a->b, b->b);
        cr_assert_eq(a->terms, b->terms);
        cr_assert_eq(a->live_version, b->live_version);
        cr_assert_eq(a->deleted, b->deleted);
        cr_assert_arr_eq(a->deleted_list, b->deleted_list, sizeof a->deleted_list);
        cr_assert_arr_eq(a->lengths, b->lengths, sizeof a->lengths);
    }
}

static void encode(const struct catalogue *catalogue, struct buffer *out)
{
    *out = BUFFER_INIT(0);
    cr_assert_eq(catalogue_encode(catalogue, out), LUPE_OK);
}

static void reseal(struct buffer *bytes)
{
    store_u64(bytes->data + 8, hash_bytes(bytes->data + BODY, bytes->size - BODY));
}

Test(segment_catalogue, comes_back_as_it_was)
{
    struct catalogue written, read;
    struct buffer bytes;
    catalogue_init(&written);
    encode(&written, &bytes);
    cr_assert_eq(catalogue_decode(bytes.data, bytes.size, &read), LUPE_OK);
    check_equal(&written, &read);
    catalogue_free(&read);
    buffer_free(&bytes);

    fill(&written);
    encode(&written, &bytes);
    cr_assert_eq(catalogue_decode(bytes.data, bytes.size, &read), LUPE_OK, "%s", lupe_last_error());
    check_equal(&written, &read);
    cr_assert_eq(segment_entry_bytes(&read.segments[1]), 10u);
    catalogue_free(&read);
    buffer_free(&bytes);
    catalogue_free(&written);
    support_no_leaks();
}

Test(segment_catalogue, what_is_none_is_refused)
{
    struct catalogue written, read;
    struct buffer bytes;
    fill(&written);
    encode(&written, &bytes);
    cr_assert_eq(catalogue_decode(bytes.data, 15, &read), LUPE_NOT_INDEX);
    cr_assert_eq(catalogue_decode((const uint8_t *)"LUPI000000000000000", 19, &read),
                 LUPE_NOT_INDEX);
    cr_assert_eq(read.field_count, 0u);
    store_u32(bytes.data + 4, FORMAT_VERSION + 1);
    cr_assert_eq(catalogue_decode(bytes.data, bytes.size, &read), LUPE_TOO_NEW);
    store_u32(bytes.data + 4, 0);
    cr_assert_eq(catalogue_decode(bytes.data, bytes.size, &read), LUPE_CORRUPT);
    buffer_free(&bytes);
    catalogue_free(&written);
    support_no_leaks();
}

Test(segment_catalogue, every_flipped_bit_and_every_cut_is_told)
{
    struct catalogue written, read;
    struct buffer bytes;
    fill(&written);
    encode(&written, &bytes);
    for (size_t bit = 8 * 8; bit < bytes.size * 8; bit++) {
        bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_eq(catalogue_decode(bytes.data, bytes.size, &read), LUPE_CORRUPT);
        cr_assert_null(read.segments);
        bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t size = BODY; size < bytes.size; size++) {
        struct buffer cut = BUFFER_INIT(0);
        buffer_add(&cut, bytes.data, size);
        reseal(&cut);
        cr_assert_eq(catalogue_decode(cut.data, cut.size, &read), LUPE_CORRUPT, "size %zu", size);
        buffer_free(&cut);
    }
    buffer_add_u8(&bytes, 0);
    reseal(&bytes);
    cr_assert_eq(catalogue_decode(bytes.data, bytes.size, &read), LUPE_CORRUPT);
    buffer_free(&bytes);
    catalogue_free(&written);
    support_no_leaks();
}

/* Damage that the checksum agrees with: what is accepted is a catalogue, and encodes as one. */
Test(segment_catalogue, random_bytes_under_a_sound_checksum_are_survived)
{
    struct support_random random = support_random_of(31);
    struct catalogue written, read, again;
    struct buffer bytes;
    unsigned accepted = 0;
    fill(&written);
    encode(&written, &bytes);
    for (unsigned round = 0; round < (test_full() ? 200000u : 20000u); round++) {
        struct buffer changed = BUFFER_INIT(0);
        buffer_add(&changed, bytes.data, bytes.size);
        unsigned flips = 1 + (unsigned)support_random_below(&random, 3);
        for (unsigned i = 0; i < flips; i++)
            changed.data[BODY + support_random_below(&random, changed.size - BODY)] =
                (uint8_t)support_random_next(&random);
        reseal(&changed);
        lupe_status status = catalogue_decode(changed.data, changed.size, &read);
        cr_assert(status == LUPE_OK || status == LUPE_CORRUPT || status == LUPE_TOO_NEW);
        if (status == LUPE_OK) {
            struct buffer encoded;
            accepted++;
            encode(&read, &encoded);
            cr_assert_eq(catalogue_decode(encoded.data, encoded.size, &again), LUPE_OK);
            check_equal(&read, &again);
            catalogue_free(&again);
            buffer_free(&encoded);
        }
        catalogue_free(&read);
        buffer_free(&changed);
    }
    cr_assert_gt(accepted, 0u);
    buffer_free(&bytes);
    catalogue_free(&written);
    support_no_leaks();
}

/* The pieces a later library may add: those a reader needs, and those it may pass over. */
Test(segment_catalogue, what_a_later_library_wrote_is_passed_over_or_too_new)
{
    struct catalogue written, read;
    struct buffer bytes;
    fill(&written);
    written.segments[1].lengths[SECTION_COLUMNS] = 77;
    encode(&written, &bytes);
    cr_assert_eq(catalogue_decode(bytes.data, bytes.size, &read), LUPE_CORRUPT,
                 "a section that nothing announces");
    for (unsigned bit = 0; bit < 32; bit++) {
        store_u32(bytes.data + REQUIRES, UINT32_C(1) << bit);
        store_u32(bytes.data + IGNORABLE, 0);
        reseal(&bytes);
        cr_assert_eq(catalogue_decode(bytes.data, bytes.size, &read), LUPE_TOO_NEW);
        cr_assert_eq(read.segment_count, 0u);
        if (UINT32_C(1) << bit == CATALOGUE_HAS_WORDS)
            continue; /* known */
        store_u32(bytes.data + REQUIRES, 0);
        if (UINT32_C(1) << bit == IGNORABLE_FORMS)
            continue;
        store_u32(bytes.data + IGNORABLE, UINT32_C(1) << bit);
        reseal(&bytes);
        cr_assert_eq(catalogue_decode(bytes.data, bytes.size, &read), LUPE_OK, "%s",
                     lupe_last_error());
        cr_assert_eq(read.ignorable, UINT32_C(1) << bit);
        check_equal(&written, &read);
        cr_assert_eq(read.segments[1].lengths[SECTION_COLUMNS], 77u);
        cr_assert(catalogue_has_more(&read));
        cr_assert_eq(catalogue_check_writable(&read), LUPE_TOO_NEW);
        catalogue_free(&read);
    }
    buffer_add_u32(&bytes, 0x12345678); /* more behind the segments */
    reseal(&bytes);
    cr_assert_eq(catalogue_decode(bytes.data, bytes.size, &read), LUPE_OK);
    check_equal(&written, &read);
    catalogue_free(&read);
    buffer_free(&bytes);
    cr_assert_not(catalogue_has_more(&written));
    cr_assert_eq(catalogue_check_writable(&written), LUPE_OK);
    catalogue_free(&written);
    support_no_leaks();
}

Test(segment_catalogue, impossible_entries_are_refused)
{
    static const struct {
        const char *what;
        size_t offset; /* in struct segment_entry */
        uint64_t value;
        size_t size;
    } cases[] = {
        {"number 0", offsetof(struct segment_entry, number), 0, 4},
        {"number not below next_segment", offsetof(struct segment_entry, number), 9, 4},
        {"number of another", offsetof(struct segment_entry, number), 8, 4},
        {"no documents", offsetof(struct segment_entry, documents), 0, 4},
        {"too many documents", offsetof(struct segment_entry, documents), SEGMENT_DOCUMENTS_MAX + 1,
         4},
        {"more deleted than there are", offsetof(struct segment_entry, deleted), 100001, 4},
        {"impossible words", offsetof(struct segment_entry, words), UINT64_MAX, 8},
        {"one value too large", offsetof(struct segment_entry, one_value), 1, 1},
        {"k1 not a number", offsetof(struct segment_entry, k1), UINT64_MAX, 8},
        {"section too long", offsetof(struct segment_entry, lengths) + 8, UINT64_C(1) << 50, 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct catalogue written, read;
        struct buffer bytes;
        fill(&written);
        memcpy((char *)&written.segments[0] + cases[i].offset, &cases[i].value, cases[i].size);
        encode(&written, &bytes);
        cr_assert_eq(catalogue_decode(bytes.data, bytes.size, &read), LUPE_CORRUPT, "%s",
                     cases[i].what);
        buffer_free(&bytes);
        catalogue_free(&written);
    }
    support_no_leaks();
}

Test(segment_catalogue, fields_are_declared_or_refused)
{
    struct catalogue catalogue;
    uint32_t number;
    char name[FIELD_NAME_BYTES_MAX + 2];
    fill(&catalogue);
    cr_assert_eq(catalogue_field(&catalogue, "text"), 1);
    cr_assert_eq(catalogue_field(&catalogue, "Text"), -1);
    cr_assert_eq(catalogue.fields[0].flags, FIELD_OWN_LIST);
    cr_assert_eq(catalogue.fields[1].flags, 0);
    cr_assert_eq(catalogue.fields[1].weight, 1.0);
    cr_assert_eq(catalogue.fields[2].flags, FIELD_OWN_LIST);

    static const struct {
        const char *name;
        lupe_kind kind;
        double weight;
        const char *language;
        lupe_status status;
    } cases[] = {
        {"", LUPE_TEXT, 1, NULL, LUPE_INVALID},
        {"tab\there", LUPE_TEXT, 1, NULL, LUPE_INVALID},
        {"title", LUPE_TEXT, 1, NULL, LUPE_INVALID},
        {"x", LUPE_KIND_NONE, 1, NULL, LUPE_INVALID},
        {"x", (lupe_kind)77, 1, NULL, LUPE_INVALID},
        {"x", LUPE_TEXT, 0.5, NULL, LUPE_INVALID},
        {"x", LUPE_TEXT, NAN, NULL, LUPE_INVALID},
        {"x", LUPE_TEXT, 100.1, NULL, LUPE_INVALID},
        {"x", LUPE_TEXT, 1, "a language of more letters than any has", LUPE_INVALID},
        {"x", LUPE_DATE, 1, NULL, LUPE_UNSUPPORTED},
        {"x", LUPE_INTEGER, 1, NULL, LUPE_UNSUPPORTED},
        {"x", LUPE_REAL, 1, NULL, LUPE_UNSUPPORTED},
        {"x", LUPE_STORED, 1, NULL, LUPE_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_eq(catalogue_add_field(&catalogue, cases[i].name, cases[i].kind, cases[i].weight,
                                         cases[i].language, &number),
                     cases[i].status, "case %zu", i);
    memset(name, 'n', sizeof name);
    name[FIELD_NAME_BYTES_MAX + 1] = 0;
    cr_assert_eq(catalogue_add_field(&catalogue, name, LUPE_TEXT, 1, NULL, &number), LUPE_INVALID);
    name[FIELD_NAME_BYTES_MAX] = 0;
    cr_assert_eq(catalogue_add_field(&catalogue, name, LUPE_TEXT, 1, NULL, &number), LUPE_OK);
    while (catalogue.field_count < FIELDS_MAX) {
        snprintf(name, sizeof name, "field%u", catalogue.field_count);
        cr_assert_eq(catalogue_add_field(&catalogue, name, LUPE_TEXT, 1, NULL, &number), LUPE_OK);
    }
    cr_assert_eq(catalogue_add_field(&catalogue, "one more", LUPE_TEXT, 1, NULL, &number),
                 LUPE_LIMIT);
    struct buffer bytes;
    struct catalogue read;
    encode(&catalogue, &bytes);
    cr_assert_eq(catalogue_decode(bytes.data, bytes.size, &read), LUPE_OK);
    check_equal(&catalogue, &read);
    catalogue_free(&read);
    buffer_free(&bytes);
    catalogue_free(&catalogue);
    support_no_leaks();
}

Test(segment_catalogue, segments_are_put_in_and_taken_out_at_their_place)
{
    struct catalogue catalogue;
    catalogue_init(&catalogue);
    static const uint32_t places[] = {0, 0, 2, 1, 4};
    for (uint32_t i = 0; i < 5; i++) {
        struct segment_entry entry = {.number = i + 1, .documents = 1};
        cr_assert_eq(catalogue_insert_segment(&catalogue, places[i], &entry), LUPE_OK);
    }
    static const uint32_t expected[] = {2, 4, 1, 3, 5};
    for (uint32_t i = 0; i < 5; i++)
        cr_assert_eq(catalogue.segments[i].number, expected[i]);
    catalogue_remove_segments(&catalogue, 1, 3);
    cr_assert_eq(catalogue.segment_count, 2u);
    cr_assert_eq(catalogue.segments[0].number, 2u);
    cr_assert_eq(catalogue.segments[1].number, 5u);
    catalogue_remove_segments(&catalogue, 0, 2);
    cr_assert_eq(catalogue.segment_count, 0u);
    catalogue_free(&catalogue);
    support_no_leaks();
}

static lupe_status copy_scenario(void)
{
    struct catalogue written, copy, read;
    uint32_t number;
    struct buffer bytes = BUFFER_INIT(0);
    catalogue_init(&written);
    catalogue_init(&copy);
    catalogue_init(&read);
    struct segment_entry entry = {.number = 1, .documents = 5, .k1 = 1, .b = 0.5};
    written.next_segment = 2;
    lupe_status status = catalogue_add_field(&written, "a", LUPE_TEXT, 1, NULL, &number);
    if (!status)
        status = catalogue_add_field(&written, "b", LUPE_KEYWORD, 1, NULL, &number);
    if (!status)
        status = catalogue_insert_segment(&written, 0, &entry);
    if (!status)
        status = catalogue_copy(&written, &copy);
    if (!status)
        status = catalogue_encode(&copy, &bytes);
    if (!status)
        status = catalogue_decode(bytes.data, bytes.size, &read);
    if (!status)
        check_equal(&written, &read);
    catalogue_free(&read);
    catalogue_free(&copy);
    catalogue_free(&written);
    buffer_free(&bytes);
    return status;
}

Test(segment_catalogue, copying_survives_failing_allocations)
{
    bool failed = true;
    for (size_t n = 1; failed; n++) {
        support_fail_allocation(n);
        lupe_status status = copy_scenario();
        failed = support_allocation_failed();
        cr_assert_eq(status, failed ? LUPE_NO_MEMORY : LUPE_OK, "allocation %zu", n);
        support_fail_allocation(0);
        support_no_leaks();
    }
}
