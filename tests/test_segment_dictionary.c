/* SPDX-License-Identifier: MIT
 *
 * test_segment_dictionary.c - keys are found, walked in order, and damage is told.
 */
#include "base/hash.h"
#include "segment_cases.h"

#define DOCUMENTS 1000u /* of the segment that the dictionaries are of */

struct key {
    uint8_t bytes[KEY_BYTES_MAX];
    size_t size;
};

static int compare_keys(const void *left, const void *right)
{
    const struct key *a = left, *b = right;
    size_t shorter = a->size < b->size ? a->size : b->size;
    int order = memcmp(a->bytes, b->bytes, shorter);
    return order ? order : a->size < b->size ? -1 : a->size > b->size;
}

/* Sorts and drops what is there twice. */
static size_t sort_keys(struct key *keys, size_t count)
{
    size_t unique = 0;
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || compare_keys(&keys[unique - 1], &keys[i]) != 0)
            keys[unique++] = keys[i];
    return unique;
}

/* The number i as the info of a key: a list of one block, i its offset. */
static size_t info_of(uint64_t i, uint8_t info[32])
{
    info[0] = ENTRY_LIST | ENTRY_HAS_TF;
    size_t size = 1 + varint_put(info + 1, 200);
    size += varint_put(info + size, i % 7);
    return size + varint_put(info + size, i);
}

static void write_keys(const struct key *keys, size_t count, struct kept_dictionary *written)
{
    memset(written, 0, sizeof *written);
    struct extent_sink sink = {keeper_put, &written->keeper};
    struct section_writer blocks, index;
    struct dictionary_writer writer;
    section_writer_init(&blocks, SECTION_DICTIONARY, &sink);
    section_writer_init(&index, SECTION_INDEX, &sink);
    dictionary_writer_init(&writer, &blocks, &index, DOCUMENTS);
    for (size_t i = 0; i < count; i++) {
        uint8_t info[32];
        size_t info_size = info_of(i, info);
        cr_assert_eq(dictionary_writer_add(&writer, keys[i].bytes, keys[i].size, info, info_size),
                     LUPE_OK);
    }
    cr_assert_eq(dictionary_writer_finish(&writer), LUPE_OK);
    cr_assert_eq(writer.terms, count);
    dictionary_writer_free(&writer);
    kept_dictionary_make(written, &blocks, &index);
}

static void check_found(struct kept_dictionary *written, const struct key *key, size_t i)
{
    struct entry entry;
    cr_assert_eq(dictionary_find(&written->dictionary, key->bytes, key->size, &entry), LUPE_OK,
                 "key %zu", i);
    cr_assert_eq(entry.postings, i);
    cr_assert_eq(entry.frequency, 200u);
    cr_assert_eq(entry.occurrences, 200 + i % 7);
    cr_assert_eq(entry.flags, ENTRY_LIST | ENTRY_HAS_TF);
}

/* Every key is found; keys next to it that are not there are not; walking gives all in order, from
 * any of them. */
static void check_all(struct kept_dictionary *written, const struct key *keys, size_t count,
                      size_t step)
{
    struct entry entry;
    struct dictionary_iterator at;
    for (size_t i = 0; i < count; i += step) {
        check_found(written, &keys[i], i);
        struct key other = keys[i];
        other.bytes[other.size - 1]++;
        bool there = bsearch(&other, keys, count, sizeof *keys, compare_keys) != NULL;
        cr_assert_eq(dictionary_find(&written->dictionary, other.bytes, other.size, &entry),
                     there ? LUPE_OK : LUPE_NOT_FOUND);
        other = keys[i];
        if (other.size > 2) {
            other.size--;
            there = bsearch(&other, keys, count, sizeof *keys, compare_keys) != NULL;
            cr_assert_eq(dictionary_find(&written->dictionary, other.bytes, other.size, &entry),
                         there ? LUPE_OK : LUPE_NOT_FOUND);
            /* That key is below this one, so the walk from there begins here or before. */
            cr_assert_eq(dictionary_seek(&written->dictionary, other.bytes, other.size, &at),
                         LUPE_OK);
            cr_assert_eq(dictionary_next(&at), LUPE_OK);
            cr_assert_leq(at.entry.postings, i);
            cr_assert(at.entry.postings == 0 ||
                      compare_keys(&keys[at.entry.postings - 1], &other) < 0);
            struct key met = {.size = at.key_size};
            memcpy(met.bytes, at.key, at.key_size);
            cr_assert_geq(compare_keys(&met, &other), 0);
        }
        cr_assert_eq(dictionary_seek(&written->dictionary, keys[i].bytes, keys[i].size, &at),
                     LUPE_OK);
        for (size_t j = i; j < count && j < i + 70; j++) {
            cr_assert_eq(dictionary_next(&at), LUPE_OK, "%s", lupe_last_error());
            cr_assert_eq(at.entry.postings, j);
            cr_assert_eq(at.key_size, keys[j].size);
            cr_assert_arr_eq(at.key, keys[j].bytes, at.key_size);
        }
    }
    cr_assert_eq(dictionary_seek(&written->dictionary, NULL, 0, &at), LUPE_OK);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(dictionary_next(&at), LUPE_OK, "%s", lupe_last_error());
        cr_assert_eq(at.entry.postings, i);
    }
    cr_assert_eq(dictionary_next(&at), LUPE_NOT_FOUND);
    cr_assert_eq(dictionary_next(&at), LUPE_NOT_FOUND);
}

Test(segment_dictionary, random_keys_are_found_and_walked)
{
    static const size_t counts[] = {1, 2, 31, 32, 33, 64, 65, 1000, 5000};
    static const unsigned alphabets[] = {2, 26, 256};
    struct support_random random = support_random_of(5);
    for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
        for (size_t a = 0; a < 3; a++) {
            struct key *keys = malloc(counts[n] * sizeof *keys);
            for (size_t i = 0; i < counts[n]; i++) {
                keys[i].bytes[0] = 0;
                keys[i].bytes[1] = (uint8_t)support_random_below(&random, 3);
                keys[i].size = 3 + (size_t)support_random_below(&random, 12);
                if (support_random_below(&random, 100) == 0)
                    keys[i].size = KEY_BYTES_MAX;
                for (size_t j = 2; j < keys[i].size; j++)
                    keys[i].bytes[j] = (uint8_t)support_random_below(&random, alphabets[a]);
            }
            size_t count = sort_keys(keys, counts[n]);
            struct kept_dictionary written;
            write_keys(keys, count, &written);
            check_all(&written, keys, count, 1 + count / 1000);
            struct entry entry;
            cr_assert_eq(dictionary_find(&written.dictionary, (const uint8_t *)"\0\7zz", 4, &entry),
                         LUPE_NOT_FOUND);
            cr_assert_eq(dictionary_find(&written.dictionary, (const uint8_t *)"\0", 1, &entry),
                         LUPE_NOT_FOUND);
            kept_dictionary_free(&written);
            free(keys);
        }
    }
    support_no_leaks();
}

/* Long separators, so that the index has several parts, and blocks in several extents. */
Test(segment_dictionary, an_index_of_several_parts)
{
    size_t count = 200000;
    struct key *keys = calloc(count, sizeof *keys);
    for (size_t i = 0; i < count; i++) {
        memset(keys[i].bytes, 'x', 246);
        keys[i].bytes[0] = 0;
        keys[i].bytes[1] = 1;
        keys[i].size = 246 + 4;
        for (unsigned j = 0; j < 4; j++)
            keys[i].bytes[246 + j] = (uint8_t)(i * 3 >> (24 - 8 * j));
    }
    struct kept_dictionary written;
    write_keys(keys, count, &written);
    cr_assert_gt(written.index.extent_count, 1u);
    cr_assert_gt(written.blocks.extent_count, 1u);
    check_all(&written, keys, count, 97);
    kept_dictionary_free(&written);
    free(keys);
    support_no_leaks();
}

Test(segment_dictionary, an_empty_dictionary_has_no_key)
{
    struct kept_dictionary written;
    struct entry entry;
    struct dictionary_iterator at;
    write_keys(NULL, 0, &written);
    cr_assert_eq(written.blocks.length, 0u);
    cr_assert_eq(written.index.length, 0u);
    cr_assert_eq(dictionary_find(&written.dictionary, (const uint8_t *)"\0\0a", 3, &entry),
                 LUPE_NOT_FOUND);
    cr_assert_eq(dictionary_seek(&written.dictionary, (const uint8_t *)"\0\0a", 3, &at), LUPE_OK);
    cr_assert_eq(dictionary_next(&at), LUPE_NOT_FOUND);
    kept_dictionary_free(&written);
    support_no_leaks();
}

static size_t make_keys(struct key *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        keys[i].bytes[0] = 0;
        keys[i].bytes[1] = 0;
        keys[i].size =
            2 + (size_t)snprintf((char *)keys[i].bytes + 2, 20, "wort%zu", i * 7919 % 100003);
    }
    return sort_keys(keys, count);
}

/* Finds and walks; whatever the bytes, answers are ok, not found or corrupt. */
static bool use(struct dictionary *dictionary, const struct key *keys, size_t count)
{
    struct dictionary_iterator at;
    struct entry entry;
    bool corrupt = false;
    for (size_t i = 0; i < count; i += 17) {
        lupe_status status = dictionary_find(dictionary, keys[i].bytes, keys[i].size, &entry);
        cr_assert(status == LUPE_OK || status == LUPE_NOT_FOUND || status == LUPE_CORRUPT);
        corrupt = corrupt || status == LUPE_CORRUPT;
    }
    lupe_status status = dictionary_seek(dictionary, NULL, 0, &at);
    size_t walked = 0;
    while (!status) {
        status = dictionary_next(&at);
        cr_assert_leq(++walked, 100000u, "the walk does not end");
    }
    cr_assert(status == LUPE_NOT_FOUND || status == LUPE_CORRUPT);
    return corrupt || status == LUPE_CORRUPT;
}

/* Every byte of the extents lies in a copy that ends where it may be read. */
static void damage(const struct key *keys, size_t count, bool reseal, uint64_t seed)
{
    struct support_random random = support_random_of(seed);
    struct kept_dictionary written;
    write_keys(keys, count, &written);
    size_t blocks_size = (size_t)written.blocks.length;
    size_t index_size = (size_t)written.index.length;
    for (unsigned round = 0; round < (test_full() ? 20000u : 1500u); round++) {
        uint8_t *blocks = malloc(blocks_size + READ_PADDING_BYTES);
        uint8_t *index = malloc(index_size + READ_PADDING_BYTES);
        memcpy(blocks, written.blocks.extents[0], blocks_size);
        memcpy(index, written.index.extents[0], index_size);
        bool in_blocks = support_random_below(&random, 2);
        uint8_t *bytes = in_blocks ? blocks : index;
        size_t size = in_blocks ? blocks_size : index_size;
        size_t place = (size_t)support_random_below(&random, size);
        unsigned flips = 1 + (unsigned)support_random_below(&random, 3);
        for (unsigned i = 0; i < flips; i++)
            bytes[(place + support_random_below(&random, 4)) % size] ^=
                (uint8_t)(1 + support_random_below(&random, 255));
        /* With sound checksums the damage reaches what reads the entries. */
        for (size_t at = 0; reseal && at + 7 < blocks_size;) {
            size_t block = load_u16(blocks + at + 4);
            if (block < 7 || block > blocks_size - at)
                break;
            store_u32(blocks + at, checksum_32(blocks + at + 4, block - 4));
            at += block;
        }
        const uint8_t *tables[2] = {index, blocks};
        struct section damaged_index = written.index, damaged_blocks = written.blocks;
        damaged_index.extents = &tables[0];
        damaged_blocks.extents = &tables[1];
        struct dictionary dictionary = {
            .index = &damaged_index, .blocks = &damaged_blocks, .document_bits = 10};
        bool told = use(&dictionary, keys, count);
        if (in_blocks && !reseal && memcmp(blocks, written.blocks.extents[0], blocks_size) != 0)
            cr_assert(told, "seed %" PRIu64 ", round %u: damage at %zu went unseen", random.seed,
                      round, place);
        free(blocks);
        free(index);
    }
    kept_dictionary_free(&written);
}

Test(segment_dictionary, damage_is_told)
{
    struct key keys[500];
    damage(keys, make_keys(keys, 500), false, 21);
    support_no_leaks();
}

/* Finds them by searches that take their steps in turn. */
static void search_in_turn(struct dictionary *dictionary, const struct key *keys, size_t count)
{
    struct dictionary_search searches[12];
    uint64_t address = 0;
    for (size_t i = 0; i < count; i++)
        cr_assert(dictionary_search_begin(&searches[i], dictionary, keys[i].bytes, keys[i].size));
    bool done[12] = {false};
    for (size_t left = count; left;)
        for (size_t i = 0; i < count; i++) {
            if (done[i])
                continue;
            cr_assert_eq(dictionary_search_go(&searches[i], &done[i]), LUPE_OK);
            left -= done[i];
        }
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(dictionary_locate(dictionary, keys[i].bytes, keys[i].size, &address), LUPE_OK);
        cr_assert_eq(searches[i].address, address);
    }
}

Test(segment_dictionary, searches_in_turn_find_what_one_after_the_other_does)
{
    enum { COUNT = 20000 };
    struct key *keys = malloc(COUNT * sizeof *keys);
    struct kept_dictionary written;
    size_t count = make_keys(keys, COUNT);
    write_keys(keys, count, &written);
    struct dictionary dictionary = written.dictionary;
    for (size_t i = 0; i + 12 <= count; i += 12) { /* from what is remembered, and from nothing */
        search_in_turn(&written.dictionary, keys + i, 12);
        memset(dictionary.tops, 0, sizeof dictionary.tops);
        search_in_turn(&dictionary, keys + i, i % 11 + 2);
    }
    written.blocks.length = 0;
    struct dictionary_search search;
    cr_assert_not(
        dictionary_search_begin(&search, &written.dictionary, keys[0].bytes, keys[0].size));
    kept_dictionary_free(&written);
    free(keys);
    support_no_leaks();
}

/* What was verified lately is not verified again, but vouches for no other block. */
Test(segment_dictionary, each_block_is_verified_before_its_first_use)
{
    struct key keys[500];
    size_t count = make_keys(keys, 500);
    struct kept_dictionary written;
    struct entry entry;
    write_keys(keys, count, &written);
    size_t size = (size_t)written.blocks.length;
    uint8_t *blocks = malloc(size + READ_PADDING_BYTES);
    memcpy(blocks, written.blocks.extents[0], size);
    const uint8_t *table[1] = {blocks};
    struct section section = written.blocks;
    section.extents = table;
    struct dictionary dictionary = {
        .index = &written.index, .blocks = &section, .document_bits = 10};
    size_t last = 0; /* where the last block begins, and how many there are */
    size_t before = 1;
    for (; last + load_u16(blocks + last + 4) < size; before++)
        last += load_u16(blocks + last + 4);
    size_t first = (before - 1) * DICTIONARY_BLOCK_TERMS;
    for (size_t i = 0; i < first; i++)
        cr_assert_eq(dictionary_find(&dictionary, keys[i].bytes, keys[i].size, &entry), LUPE_OK);
    blocks[size - 1] ^= 1;
    for (size_t i = first; i < count; i++)
        cr_assert_eq(dictionary_find(&dictionary, keys[i].bytes, keys[i].size, &entry),
                     LUPE_CORRUPT);
    for (size_t i = 0; i < first; i++)
        cr_assert_eq(dictionary_find(&dictionary, keys[i].bytes, keys[i].size, &entry), LUPE_OK);
    blocks[size - 1] ^= 1;
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(dictionary_find(&dictionary, keys[i].bytes, keys[i].size, &entry), LUPE_OK);
    free(blocks);
    kept_dictionary_free(&written);
    support_no_leaks();
}

Test(segment_dictionary, damage_under_a_sound_checksum_is_survived)
{
    struct key keys[500];
    damage(keys, make_keys(keys, 500), true, 22);
    support_no_leaks();
}

Test(segment_dictionary, keys_of_lists_ids_and_keywords)
{
    uint8_t key[KEY_BYTES_MAX], other[KEY_BYTES_MAX];
    char long_value[ID_BYTES_MAX];
    memset(long_value, 'i', sizeof long_value);
    cr_assert_eq(key_make(key, LIST_FIELDS + 300, "ab", 2), 4u);
    cr_assert_arr_eq(key,
                     "\x01\x3c"
                     "ab",
                     4);
    cr_assert_eq(key_of_id(key, long_value, 200), 202u);
    cr_assert_arr_eq(key, "\0\1iii", 5);
    cr_assert_eq(key_of_id(key, long_value, 201), 218u);
    cr_assert_eq(key_of_id(other, long_value, ID_BYTES_MAX), 218u);
    cr_assert_neq(memcmp(key, other, 218), 0, "long ids are told apart by their hashes");
    cr_assert_eq(key_of_keyword(key, 3, long_value, 250), 252u);
    cr_assert_arr_eq(key, "\0\x13iii", 5);
    /* A whole keyword has at most 250 bytes, so that no long one has the key of a whole one. */
    cr_assert_eq(key_of_keyword(key, 3, long_value, 251), 2u + 235 + 16);
    cr_assert_arr_eq(key + 2, long_value, 235);
    cr_assert_eq(key_of_keyword(other, 3, long_value, 252), 2u + 235 + 16);
    cr_assert_neq(memcmp(key, other, 253), 0, "long keywords are told apart by their hashes");
    cr_assert_eq(memcmp(key, other, 237), 0);
    cr_assert_eq(key_make(key, LIST_WORDS, NULL, 0), 2u);
}

Test(segment_dictionary, entries_of_every_storage_are_parsed)
{
    struct entry entry;
    const uint8_t single[] = {ENTRY_SINGLE | ENTRY_HAS_TF | ENTRY_HAS_POSITIONS, 0x85, 1, 9};
    cr_assert_eq(entry_parse(single, sizeof single, &entry), LUPE_OK);
    cr_assert_eq(entry.frequency, 1u);
    cr_assert_eq(entry.occurrences, 1u);
    cr_assert_eq(entry.document, 133u);
    cr_assert_eq(entry.position, 9u);
    cr_assert_eq(entry.union_frequency, 0u);
    const uint8_t in_line[] = {ENTRY_INLINE | ENTRY_HAS_TF | ENTRY_HAS_GROUP, 4, 2, 1, 0, 3, 8, 9};
    cr_assert_eq(entry_parse(in_line, sizeof in_line, &entry), LUPE_OK);
    cr_assert_eq(entry.frequency, 2u);
    cr_assert_eq(entry.occurrences, 0u);
    cr_assert_eq(entry.data, in_line + 2);
    cr_assert_eq(entry.data_size, 4u, "the group is not part of the postings");
    cr_assert_eq(entry.extra_frequency, 8u);
    cr_assert_eq(entry.union_frequency, 9u);
    const uint8_t none[] = {ENTRY_NONE | ENTRY_HAS_GROUP, 8, 8};
    cr_assert_eq(entry_parse(none, sizeof none, &entry), LUPE_OK);
    cr_assert_eq(entry.frequency, 0u);
    cr_assert_eq(entry.occurrences, 0u);
    cr_assert_eq(entry.extra_frequency, 8u);
    cr_assert_eq(entry.union_frequency, 8u);
    const uint8_t later[] = {ENTRY_SINGLE | 0x40, 5, 'n', 'e', 'w'};
    cr_assert_eq(entry_parse(later, sizeof later, &entry), LUPE_OK, "later parts are passed over");
    cr_assert_eq(entry.frequency, 1u);
    cr_assert_eq(entry.document, 5u);
    const uint8_t list[] = {
        ENTRY_HAS_TF | ENTRY_HAS_POSITIONS | ENTRY_HAS_FORMS, 130, 2, 44, 7, 8, 6};
    cr_assert_eq(entry_parse(list, sizeof list, &entry), LUPE_OK);
    cr_assert_eq(entry.frequency, 258u);
    cr_assert_eq(entry.occurrences, 302u);
    cr_assert_eq(entry.postings, 7u);
    cr_assert_eq(entry.positions, 8u);

    static const struct {
        const char *what;
        uint8_t bytes[6];
        size_t size;
    } damaged[] = {
        {"nothing", {0}, 0},
        {"no postings and no group", {ENTRY_NONE, 1, 1}, 3},
        {"contents of no postings", {ENTRY_NONE | ENTRY_HAS_GROUP | ENTRY_HAS_TF, 1, 1}, 3},
        {"a group without extras", {ENTRY_SINGLE | ENTRY_HAS_GROUP, 1, 0, 1}, 4},
        {"a union below its extras", {ENTRY_SINGLE | ENTRY_HAS_GROUP, 1, 3, 2}, 4},
        {"a union above its lists", {ENTRY_SINGLE | ENTRY_HAS_GROUP, 1, 3, 5}, 4},
        {"a union that is not that of its extras", {ENTRY_NONE | ENTRY_HAS_GROUP, 3, 4}, 3},
        {"a group cut off", {ENTRY_NONE | ENTRY_HAS_GROUP, 3}, 2},
        {"tf above what a document has", {ENTRY_HAS_TF, 1, 0xff, 0xff, 0xff, 0x7f}, 6},
        {"positions without tf", {ENTRY_HAS_POSITIONS, 1, 0, 1, 1}, 5},
        {"no documents", {ENTRY_HAS_TF, 0, 0, 1}, 4},
        {"more without tf", {0, 5, 1, 1}, 4},
        {"too short", {ENTRY_HAS_TF, 5, 1}, 3},
        {"too long", {ENTRY_HAS_TF, 5, 1, 1, 1}, 5},
        {"varint without end", {ENTRY_SINGLE, 0x80}, 2},
        {"inline too short", {ENTRY_INLINE, 3, 1, 0}, 4},
        {"inline without frequency", {ENTRY_INLINE, 1, 0}, 3},
        {"too many documents", {0, 0xff, 0xff, 0xff, 0xff, 0x0f}, 6},
    };
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++)
        cr_assert_eq(entry_parse(damaged[i].bytes, damaged[i].size, &entry), LUPE_CORRUPT, "%s",
                     damaged[i].what);
}

/* Words a, b and c, of which b has no postings of its own, and c has tf and positions. */
Test(segment_dictionary, entries_without_postings_are_found_but_not_walked)
{
    static const struct {
        const char *key;
        uint8_t info[3];
        size_t size;
    } entries[] = {
        {"\0\0a", {ENTRY_SINGLE, 4}, 2},
        {"\0\0b", {ENTRY_NONE | ENTRY_HAS_GROUP, 7, 7}, 3},
        {"\0\0c", {ENTRY_SINGLE | ENTRY_HAS_TF | ENTRY_HAS_POSITIONS, 5, 6}, 3},
    };
    struct keeper keeper = {0};
    struct extent_sink sink = {keeper_put, &keeper};
    struct section_writer blocks, index;
    struct dictionary_writer writer;
    section_writer_init(&blocks, SECTION_DICTIONARY, &sink);
    section_writer_init(&index, SECTION_INDEX, &sink);
    dictionary_writer_init(&writer, &blocks, &index, DOCUMENTS);
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(dictionary_writer_add(&writer, (const uint8_t *)entries[i].key, 3,
                                           entries[i].info, entries[i].size),
                     LUPE_OK);
    cr_assert_eq(dictionary_writer_finish(&writer), LUPE_OK);
    uint64_t lengths[2] = {section_writer_offset(&index), section_writer_offset(&blocks)};
    cr_assert_eq(section_writer_finish(&blocks), LUPE_OK);
    cr_assert_eq(section_writer_finish(&index), LUPE_OK);

    struct section sections[2] = {kept_section(&keeper, SECTION_INDEX, lengths[0]),
                                  kept_section(&keeper, SECTION_DICTIONARY, lengths[1])};
    struct dictionary dictionary = {
        .index = &sections[0], .blocks = &sections[1], .document_bits = 10};
    struct dictionary_iterator at;
    struct entry entry;
    cr_assert_eq(dictionary_find(&dictionary, (const uint8_t *)"\0\0b", 3, &entry), LUPE_OK);
    cr_assert_eq(entry.frequency, 0u);
    cr_assert_eq(entry.union_frequency, 7u);
    cr_assert_eq(dictionary_seek(&dictionary, NULL, 0, &at), LUPE_OK);
    cr_assert_eq(dictionary_next(&at), LUPE_OK);
    cr_assert_eq(at.key[2], 'a');
    cr_assert_eq(at.entry.flags, ENTRY_SINGLE);
    cr_assert_eq(at.entry.document, 4u);
    cr_assert_eq(dictionary_next(&at), LUPE_OK);
    cr_assert_eq(at.key[2], 'c');
    cr_assert_eq(at.entry.flags, ENTRY_SINGLE | ENTRY_HAS_TF | ENTRY_HAS_POSITIONS);
    cr_assert_eq(at.entry.document, 5u);
    cr_assert_eq(at.entry.position, 6u);
    cr_assert_eq(at.passed_over, 1u);
    cr_assert_eq(dictionary_next(&at), LUPE_NOT_FOUND);
    cr_assert_eq(dictionary_seek(&dictionary, (const uint8_t *)"\0\0b", 3, &at), LUPE_OK);
    cr_assert_eq(dictionary_next(&at), LUPE_OK);
    cr_assert_eq(at.key[2], 'c');
    kept_section_free(&sections[0]);
    kept_section_free(&sections[1]);
    dictionary_writer_free(&writer);
    section_writer_free(&blocks);
    section_writer_free(&index);
    keeper_free(&keeper);
    support_no_leaks();
}

/* Entries of one kind each, what is in the file and what comes back. */
Test(segment_dictionary, entries_of_every_form_come_back)
{
    static const struct {
        const char *key;
        uint8_t info[48];
        size_t size;
    } entries[] = {
        {"\0\0a", {ENTRY_SINGLE, 0x81, 1}, 3},
        {"\0\0b", {ENTRY_SINGLE | ENTRY_HAS_TF, 0}, 2},
        {"\0\0c", {ENTRY_SINGLE | ENTRY_HAS_TF | ENTRY_HAS_POSITIONS, 7, 0xff, 0xff, 3}, 5},
        {"\0\0d", {ENTRY_SINGLE | ENTRY_HAS_TF | ENTRY_HAS_GROUP, 7, 3, 4}, 4},
        {"\0\0e", {ENTRY_HAS_TF, 0x80, 2, 9, 100}, 5},
        {"\0\0f", {ENTRY_HAS_TF | ENTRY_HAS_POSITIONS, 0x80, 2, 9, 0xff, 1, 50}, 7},
        {"\0\0g", {ENTRY_HAS_TF | ENTRY_HAS_POSITIONS, 0x80, 2, 9, 0xff, 2, 0xff, 1}, 8},
        {"\0\0h", {ENTRY_HAS_TF | ENTRY_HAS_GROUP, 0x80, 2, 9, 0xff, 3, 1, 0x81, 2}, 9},
        {"\0\0i", {ENTRY_INLINE | ENTRY_HAS_TF | ENTRY_HAS_POSITIONS, 31, 2, 1}, 33},
        {"\0\0j", {ENTRY_INLINE | ENTRY_HAS_TF | ENTRY_HAS_GROUP, 31, 2, [33] = 1, 2}, 35},
        {"\0\0k", {ENTRY_INLINE, 3, 6, 1, 1}, 5},
        {"\0\0l", {ENTRY_NONE | ENTRY_HAS_GROUP, 8, 8}, 3},
    };
    size_t count = sizeof entries / sizeof *entries;
    struct keeper keeper = {0};
    struct extent_sink sink = {keeper_put, &keeper};
    struct section_writer blocks, index;
    struct dictionary_writer writer;
    section_writer_init(&blocks, SECTION_DICTIONARY, &sink);
    section_writer_init(&index, SECTION_INDEX, &sink);
    dictionary_writer_init(&writer, &blocks, &index, DOCUMENTS);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(dictionary_writer_add(&writer, (const uint8_t *)entries[i].key, 3,
                                           entries[i].info, entries[i].size),
                     LUPE_OK);
    static const uint8_t far[] = {ENTRY_HAS_TF, 1, 0, 0x80, 0x80, 0x80, 0x80, 0x10};
    cr_assert_eq(dictionary_writer_add(&writer, (const uint8_t *)"\0\0m", 3, far, sizeof far),
                 LUPE_LIMIT);
    cr_assert_eq(dictionary_writer_finish(&writer), LUPE_OK);
    uint64_t lengths[2] = {section_writer_offset(&index), section_writer_offset(&blocks)};
    cr_assert_eq(section_writer_finish(&blocks), LUPE_OK);
    cr_assert_eq(section_writer_finish(&index), LUPE_OK);
    struct section sections[2] = {kept_section(&keeper, SECTION_INDEX, lengths[0]),
                                  kept_section(&keeper, SECTION_DICTIONARY, lengths[1])};
    struct dictionary dictionary = {
        .index = &sections[0], .blocks = &sections[1], .document_bits = 10};
    for (size_t i = 0; i < count; i++) {
        struct entry expected, entry;
        cr_assert_eq(entry_parse(entries[i].info, entries[i].size, &expected), LUPE_OK, "%zu", i);
        cr_assert_eq(dictionary_find(&dictionary, (const uint8_t *)entries[i].key, 3, &entry),
                     LUPE_OK, "entry %zu: %s", i, lupe_last_error());
        cr_assert_eq(entry.data_size, expected.data_size);
        if (entry.data)
            cr_assert_arr_eq(entry.data, expected.data, entry.data_size);
        entry.data = expected.data = NULL;
        cr_assert_eq(memcmp(&entry, &expected, sizeof entry), 0, "entry %zu", i);
    }
    kept_section_free(&sections[0]);
    kept_section_free(&sections[1]);
    dictionary_writer_free(&writer);
    section_writer_free(&blocks);
    section_writer_free(&index);
    keeper_free(&keeper);
    support_no_leaks();
}

static lupe_status write_scenario(const struct key *keys, size_t count)
{
    struct keeper keeper = {0};
    struct extent_sink sink = {keeper_put, &keeper};
    struct section_writer blocks, index;
    struct dictionary_writer writer;
    lupe_status status = LUPE_OK;
    section_writer_init(&blocks, SECTION_DICTIONARY, &sink);
    section_writer_init(&index, SECTION_INDEX, &sink);
    dictionary_writer_init(&writer, &blocks, &index, DOCUMENTS);
    for (size_t i = 0; i < count && !status; i++) {
        uint8_t info[32];
        size_t info_size = info_of(i, info);
        status = dictionary_writer_add(&writer, keys[i].bytes, keys[i].size, info, info_size);
    }
    if (!status)
        status = dictionary_writer_finish(&writer);
    if (!status)
        status = section_writer_finish(&blocks);
    if (!status)
        status = section_writer_finish(&index);
    dictionary_writer_free(&writer);
    section_writer_free(&blocks);
    section_writer_free(&index);
    keeper_free(&keeper);
    return status;
}

Test(segment_dictionary, writing_survives_failing_allocations)
{
    struct key keys[300];
    size_t count = make_keys(keys, 300);
    bool failed = true;
    for (size_t n = 1; failed; n++) {
        support_fail_allocation(n);
        lupe_status status = write_scenario(keys, count);
        failed = support_allocation_failed();
        cr_assert_eq(status, failed ? LUPE_NO_MEMORY : LUPE_OK, "allocation %zu", n);
        support_fail_allocation(0);
        support_no_leaks();
    }
}
