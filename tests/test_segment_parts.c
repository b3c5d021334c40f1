/* SPDX-License-Identifier: MIT
 *
 * test_segment_parts.c - lists of parts and wide lists beside the word's own: the check goes along
 * both and tells where they do not fit, and merging takes nothing over that cannot be.
 */
#include "segment/segment.h"
#include "segment_cases.h"
#include "write/merge.h"

#define DOCUMENTS 700u /* 699 has the word */

enum damage {
    SOUND,
    OWN_WRONG,      /* 64 more than there is */
    OWN_MISSING,    /* 0, but the word is there */
    EXTRA_MISSING,  /* of compounds nothing */
    NO_FREQUENCIES, /* none at all */
    WIDE_LESS,      /* than the word's own, by an eighth */
    WIDE_LACKS,     /* a document in the middle, */
    WIDE_ENDS,      /* the last one */
    WORD_WIDE       /* the word's own list says that it is wide */
};

static uint32_t own_tf(uint32_t document)
{
    return document % 3 == 0 ? 1 + document % 2 : 0;
}

static bool has_compound(uint32_t document)
{
    return document % 5 == 0;
}

static void write_list(struct segment_writer *writer, uint32_t list, const uint32_t *tfs,
                       bool is_wide, uint8_t flags)
{
    uint8_t key[KEY_BYTES_MAX];
    size_t size = key_make(key, list, "haus", 4);
    cr_assert_eq(segment_writer_term_begin(writer, key, size, flags), LUPE_OK);
    if (is_wide)
        segment_writer_term_wide(writer);
    for (uint32_t d = 0; d < DOCUMENTS; d++)
        if (tfs[d])
            cr_assert_eq(segment_writer_term_add(writer, &d, flags ? &tfs[d] : NULL, NULL, 1),
                         LUPE_OK);
    cr_assert_eq(segment_writer_term_end(writer), LUPE_OK);
}

static void write_documents(struct segment_writer *writer)
{
    for (uint32_t d = 0; d < DOCUMENTS; d++) {
        char id[12];
        struct segment_document document = {.id = id, .length = own_tf(d)};
        document.id_size = (size_t)snprintf(id, sizeof id, "%07u", d);
        cr_assert_eq(segment_writer_document(writer, &document), LUPE_OK);
    }
    cr_assert_eq(segment_writer_documents_done(writer), LUPE_OK);
}

static void write_ids(struct segment_writer *writer)
{
    for (uint32_t d = 0; d < DOCUMENTS; d++) {
        uint8_t key[KEY_BYTES_MAX];
        char id[12];
        size_t size = key_of_id(key, id, (size_t)snprintf(id, sizeof id, "%07u", d));
        cr_assert_eq(segment_writer_term_begin(writer, key, size, 0), LUPE_OK);
        cr_assert_eq(segment_writer_term_add(writer, &d, NULL, NULL, 1), LUPE_OK);
        cr_assert_eq(segment_writer_term_end(writer), LUPE_OK);
    }
}

/* What list 3 says of a document: 0: it is not in it. */
static uint32_t parts_tf(uint32_t document, bool is_wide, enum damage damage)
{
    uint32_t own = own_tf(document), extra = has_compound(document) ? 3 : 0;
    bool here = document == 345; /* a multiple of 3 and of 5 */
    if (is_wide) {
        if ((damage == WIDE_LACKS && here) || (damage == WIDE_ENDS && document == DOCUMENTS - 1))
            return 0;
        return WIDE_UNIT * own + (damage == WIDE_LESS && here ? 0 : extra) -
               (damage == WIDE_LESS && here);
    }
    if (!extra)
        return 0;
    own = here && damage == OWN_WRONG ? own + 1 : here && damage == OWN_MISSING ? 0 : own;
    return PARTS_TF_UNIT * own + (here && damage == EXTRA_MISSING ? 0 : extra);
}

struct told {
    unsigned findings;
    const char *expected;
};

static void compare_finding(void *user, const char *finding)
{
    struct told *told = user;
    told->findings++;
    cr_expect(strstr(finding, told->expected), "%s, expected %s", finding, told->expected);
    cr_expect(strstr(finding, ":haus"), "%s", finding);
}

/* Writes a segment and opens it. */
static struct open_segment open_damaged(bool is_wide, enum damage damage, struct keeper *keeper,
                                        struct segment_entry *entry)
{
    struct segment_writer_options options = {6, 1.2, 0.75, {keeper_put, keeper}, 0};
    struct segment_writer *writer = NULL;
    uint32_t own[DOCUMENTS], parts[DOCUMENTS];
    for (uint32_t d = 0; d < DOCUMENTS; d++) {
        own[d] = own_tf(d);
        parts[d] = parts_tf(d, is_wide, damage);
    }
    cr_assert_eq(segment_writer_open(&options, &writer), LUPE_OK);
    write_documents(writer);
    write_list(writer, LIST_WORDS, own, damage == WORD_WIDE, ENTRY_HAS_TF);
    write_ids(writer);
    write_list(writer, LIST_PARTS, parts, is_wide, damage == NO_FREQUENCIES ? 0 : ENTRY_HAS_TF);
    cr_assert_eq(segment_writer_finish(writer, entry), LUPE_OK);
    segment_writer_close(writer);
    struct open_segment open = open_kept(keeper, entry, "parts");
    cr_assert_eq(open.status, LUPE_OK, "%s", lupe_last_error());
    return open;
}

static void check(bool is_wide, enum damage damage, const char *expected)
{
    struct keeper keeper = {0};
    struct segment_entry entry;
    struct told told = {0, expected};
    struct open_segment open = open_damaged(is_wide, damage, &keeper, &entry);
    cr_expect_eq(segment_check(open.segment, compare_finding, &told),
                 expected[0] ? LUPE_CORRUPT : LUPE_OK, "%d: %s", (int)damage, lupe_last_error());
    cr_expect_eq(told.findings, expected[0] ? 1u : 0u, "%d: %u findings", (int)damage,
                 told.findings);
    open_kept_close(&open);
    keeper_free(&keeper);
}

static void merge(bool is_wide, enum damage damage, lupe_status expected)
{
    struct keeper keeper = {0};
    struct segment_entry entry;
    struct merge_options options = {.k1 = 1.2, .b = 0.75};
    struct merge *merge = NULL;
    bool done = false;
    struct open_segment open = open_damaged(is_wide, damage, &keeper, &entry);
    struct merge_source source = {.entry = &entry};
    cr_assert_eq(merge_begin(open.store, &options, &source, 1, &merge), LUPE_OK, "%s",
                 lupe_last_error());
    cr_expect_eq(merge_step(merge, UINT64_MAX, &done), expected, "%d: %s", (int)damage,
                 lupe_last_error());
    cr_expect_eq(done, expected == LUPE_OK);
    merge_close(merge);
    open_kept_close(&open);
    keeper_free(&keeper);
}

Test(segment_parts, lists_that_fit_the_word_are_sound)
{
    check(false, SOUND, "");
    check(true, SOUND, "");
    support_no_leaks();
}

Test(segment_parts, lists_that_do_not_fit_the_word_are_told)
{
    check(false, OWN_WRONG, "another frequency than in the word's own list");
    check(false, OWN_MISSING, "another frequency than in the word's own list");
    check(false, EXTRA_MISSING, "nothing of compounds");
    check(false, NO_FREQUENCIES, "has frequencies and nothing else");
    check(true, WIDE_LESS, "counts less than in the word's own list");
    check(true, WIDE_LACKS, "lacks a document of the word's own list");
    check(true, WIDE_ENDS, "lacks a document of the word's own list");
    check(false, WORD_WIDE, "wide, but no list of parts");
    support_no_leaks();
}

/* A document that a list of parts has for nothing would be written with a frequency of 0. */
Test(segment_parts, merging_takes_over_no_list_that_cannot_be)
{
    merge(false, SOUND, LUPE_OK);
    merge(true, SOUND, LUPE_OK);
    merge(false, EXTRA_MISSING, LUPE_CORRUPT);
    support_no_leaks();
}

/* Who asks for positions knows that the index has them; a list may be without them all the same. */
Test(segment_parts, a_list_without_positions_is_refused_where_they_are_asked_for)
{
    struct keeper keeper = {0};
    struct segment_entry entry;
    struct open_segment open = open_damaged(false, SOUND, &keeper, &entry);
    struct list list;
    struct block block;
    uint8_t key[KEY_BYTES_MAX], index = 0;
    uint32_t *positions = NULL;
    size_t capacity = 0;
    cr_assert_eq(segment_find(open.segment, key, key_make(key, LIST_WORDS, "haus", 4), &list),
                 LUPE_OK);
    cr_assert_eq(block_read(&list, 0, &block), LUPE_OK);
    cr_assert_eq(block_read_tfs(&list, &block), LUPE_OK);
    cr_assert_eq(block_positions(&list, &block, &index, 1, &positions, &capacity, 0), LUPE_CORRUPT);
    cr_assert_null(positions);
    open_kept_close(&open);
    keeper_free(&keeper);
    support_no_leaks();
}
