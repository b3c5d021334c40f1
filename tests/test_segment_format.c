/* SPDX-License-Identifier: MIT
 *
 * test_segment_format.c - the bytes of the format: the examples of engine/FORMAT.md, read from
 * there, and a segment of four documents, its one value and what a reader makes of it.
 *
 * A change of these bytes is a change of the format: it needs a new FORMAT_VERSION, and the old
 * bytes stay here to be read.
 */
#include <ctype.h>

#include "base/hash.h"
#include "lupe_index.h"
#include "segment/stored.h"
#include "segment/view.h"
#include "segment_cases.h"

/* Four documents with the fields title (0) and text (1), the last without stored text:
 *
 *   a1  "Zug"    "der Zug der Post"     length 5
 *   a2           "Post"                 length 1
 *   b   "Tag"    "der Tag"              length 3
 *   c            "ja" forty times       length 40
 */
/* A line is a piece of the format. */
/* clang-format off */
static const uint8_t example[] = {
    /* index: one part of 1 block from block 0; address 0; offsets 0, 0: an empty separator */
    0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00,
    /* dictionary: a block of 79 bytes with 9 entries and lists, the first at 0 of both sections */
    0x75, 0x5c, 0x98, 0xc5, 0x4f, 0x00, 0x89, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    /* heads of "der", "ja", "post", "tag", "zug" of list 0, "a1", "a2", "b", "c" of list 1: shared
     * in 5 bits, suffix less 1 in 4, info in 5, form in 2; */
    0x80, 0x4a, 0x22, 0x88, 0x62, 0x48, 0x42, 0x46, 0x42, 0x46,
    0x41, 0xc2, 0x03, 0xc2, 0x02, 0xc2, 0x02, 0xc2,
    /* suffixes */
    0x00, 0x00, 'd', 'e', 'r', 'j', 'a', 'p', 'o', 's', 't', 't', 'a', 'g', 'z', 'u', 'g',
    0x01, 'a', '1', '2', 'b', 'c',
    /* infos, the last one first: documents 3 to 0 of the ids */
    0x03, 0x02, 0x01, 0x00,
    /* "zug", bits from the least significant on: 1 document (1): 0 (00); tf 2 (0 1 0); 0 (1 000000)
     * and 102: 101 behind it (00100 10100) */
    0x51, 0x80, 0x14,
    /* "tag": the same in document 2 */
    0x55, 0x80, 0x14,
    /* "post": 2 documents (0 1 0): 0 and 1; tf 1 (1) both; 104 and 0 */
    0xa2, 0x85, 0x06, 0x00,
    /* "ja": 1 document, 39 more occurrences; postings and positions at 0 */
    0x01, 0x27, 0x00, 0x00,
    /* "der": 2 documents: 0 with 101, 103, then 2 with 101 */
    0x42, 0x55, 0x39, 0xa8, 0x04,
    /* postings: of "ja": tf and positions, bound 236/255; document 3 in 2 bits; positions with base
     * 0; tf 39 + 1 in 6 bits */
    0x06, 0xec, 0x02, 0x03, 0x00, 0x06, 0x27,
    /* positions: of "ja": the first is 0; 39 more, each right behind the one before: forty ones */
    0xff, 0xff, 0xff, 0xff, 0xff,
    /* norms */
    0x05, 0x01, 0x03, 0x28,
    /* ids: five entries before the first's; ranks 0 to 3 in two bits each */
    0x05, 0x00, 0x00, 0x00, 0xe4,
    /* stored: a frame of 55 bytes as they are */
    0x37, 0x00,
    0x1a, 0x02, 0x00, 0x01, 0x03, 'Z', 'u', 'g',
    0x01, 0x01, 0x10,
    'd', 'e', 'r', ' ', 'Z', 'u', 'g', ' ', 'd', 'e', 'r', ' ', 'P', 'o', 's', 't',
    0x08, 0x01, 0x01, 0x01, 0x04, 'P', 'o', 's', 't',
    0x11, 0x02, 0x00, 0x01, 0x03, 'T', 'a', 'g',
    0x01, 0x01, 0x07, 'd', 'e', 'r', ' ', 'T', 'a', 'g',
    0x00,
    /* stored index: document 0, offset 0 */
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    /* boundaries: no document has the fields of the one before; count, fields, words of all but
     * the last */
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x02, 0x00, 0x01, 0x01, 0x01, 0x01, 0x02, 0x00, 0x01, 0x01, 0x01, 0x01,
    /* boundary index */
    0x00, 0x00, 0x00, 0x00,
    /* 64 zeros and the checksum */
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x7e, 0xd4, 0x46, 0x6e, 0xc7, 0x4e, 0xcc, 0x09,
};
/* clang-format on */

/* What the catalogue says of it. */
static const struct segment_entry example_entry = {
    .number = 1,
    .one_value = true,
    .documents = 4,
    .words = 49,
    .k1 = 1.2,
    .b = 0.75,
    .terms = 9,
    .lengths = {[SECTION_INDEX] = 20,
                [SECTION_DICTIONARY] = 79,
                [SECTION_POSTINGS] = 7,
                [SECTION_POSITIONS] = 5,
                [SECTION_NORMS] = 4,
                [SECTION_IDS] = 5,
                [SECTION_STORED] = 57,
                [SECTION_STORED_INDEX] = 12,
                [SECTION_BOUNDARIES] = 20,
                [SECTION_BOUNDARY_INDEX] = 4},
};

#define DOCUMENTS 4u

struct posting {
    uint32_t document;
    uint32_t tf;
    uint32_t positions[40];
};

static const struct {
    const char *word;
    struct posting postings[2];
    unsigned count;
} words[] = {
    /* FIELD_GAP positions lie between title and text. */
    {"der", {{0, 2, {101, 103}}, {2, 1, {101}}}, 2},
    {"ja",
     {{3, 40, {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
               20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39}}},
     1},
    {"post", {{0, 1, {104}}, {1, 1, {0}}}, 2},
    {"tag", {{2, 2, {0, 102}}}, 1},
    {"zug", {{0, 2, {0, 102}}}, 1},
};

static const struct {
    const char *id;
    const char *title;
    const char *text;
    uint32_t length;
    uint32_t boundaries[4];
    unsigned boundary_count;
} documents[] = {
    {"a1", "Zug", "der Zug der Post", 5, {0, 1, 1, 4}, 2},
    {"a2", NULL, "Post", 1, {1, 1}, 1},
    {"b", "Tag", "der Tag", 3, {0, 1, 1, 2}, 2},
    {"c", NULL, NULL, 40, {1, 40}, 1},
};

static void write_documents(struct segment_writer *writer)
{
    struct buffer record = BUFFER_INIT(0);
    for (size_t d = 0; d < DOCUMENTS; d++) {
        buffer_clear(&record);
        if (documents[d].text)
            record_begin(&record, documents[d].title ? 2 : 1);
        if (documents[d].title)
            record_add(&record, 0, LUPE_TEXT, documents[d].title, strlen(documents[d].title));
        if (documents[d].text)
            record_add(&record, 1, LUPE_TEXT, documents[d].text, strlen(documents[d].text));
        struct segment_document document = {
            documents[d].id, strlen(documents[d].id), documents[d].length,        record.data,
            record.size,     documents[d].boundaries, documents[d].boundary_count};
        cr_assert_eq(segment_writer_document(writer, &document), LUPE_OK);
    }
    buffer_free(&record);
    cr_assert_eq(segment_writer_documents_done(writer), LUPE_OK);
}

static void write_terms(struct segment_writer *writer)
{
    uint8_t key[KEY_BYTES_MAX];
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
        size_t size = key_make(key, LIST_WORDS, words[w].word, strlen(words[w].word));
        cr_assert_eq(
            segment_writer_term_begin(writer, key, size, ENTRY_HAS_TF | ENTRY_HAS_POSITIONS),
            LUPE_OK);
        for (unsigned i = 0; i < words[w].count; i++) {
            const struct posting *posting = &words[w].postings[i];
            cr_assert_eq(segment_writer_term_add(writer, &posting->document, &posting->tf,
                                                 posting->positions, 1),
                         LUPE_OK);
        }
        cr_assert_eq(segment_writer_term_end(writer), LUPE_OK);
    }
    for (uint32_t d = 0; d < DOCUMENTS; d++) {
        size_t size = key_of_id(key, documents[d].id, strlen(documents[d].id));
        cr_assert_eq(segment_writer_term_begin(writer, key, size, 0), LUPE_OK);
        cr_assert_eq(segment_writer_term_add(writer, &d, NULL, NULL, 1), LUPE_OK);
        cr_assert_eq(segment_writer_term_end(writer), LUPE_OK);
    }
}

static void write_example(struct keeper *keeper, struct segment_entry *entry)
{
    struct segment_writer_options options = {1, 1.2, 0.75, {keeper_put, keeper}, 0};
    struct segment_writer *writer = NULL;
    cr_assert_eq(segment_writer_open(&options, &writer), LUPE_OK);
    write_documents(writer);
    write_terms(writer);
    cr_assert_eq(segment_writer_finish(writer, entry), LUPE_OK);
    segment_writer_close(writer);
}

Test(segment_format, the_example_is_written_so)
{
    struct keeper keeper = {0};
    struct segment_entry entry;
    write_example(&keeper, &entry);
    cr_assert(entry.one_value);
    cr_assert_eq(entry.documents, example_entry.documents);
    cr_assert_eq(entry.words, example_entry.words);
    cr_assert_eq(entry.terms, example_entry.terms);
    for (unsigned i = 0; i < SECTION_COUNT; i++)
        cr_assert_eq(entry.lengths[i], example_entry.lengths[i], "section %u has %" PRIu64 " bytes",
                     i, entry.lengths[i]);
    cr_assert_eq(keeper.count, 1u);
    cr_assert_eq(keeper.values[0].number, 0u);
    cr_assert_eq(keeper.values[0].size, sizeof example);
    for (size_t i = 0; i < sizeof example; i++)
        cr_assert_eq(keeper.values[0].bytes[i], example[i], "byte %zu is %02x", i,
                     keeper.values[0].bytes[i]);
    keeper_free(&keeper);
    support_no_leaks();
}

static void check_word(struct segment *segment, size_t w)
{
    uint8_t key[KEY_BYTES_MAX];
    uint8_t index[2] = {0, 1};
    uint32_t *positions = NULL;
    size_t capacity = 0;
    struct list list;
    struct block block;
    size_t size = key_make(key, LIST_WORDS, words[w].word, strlen(words[w].word));
    cr_assert_eq(segment_find(segment, key, size, &list), LUPE_OK, "%s", words[w].word);
    cr_assert_eq(list.frequency, words[w].count);
    cr_assert_eq(block_read(&list, 0, &block), LUPE_OK);
    cr_assert_eq(block_read_tfs(&list, &block), LUPE_OK);
    cr_assert_eq(block_positions(&list, &block, index, words[w].count, &positions, &capacity, 0),
                 LUPE_OK);
    size_t at = 0;
    for (unsigned i = 0; i < words[w].count; i++) {
        const struct posting *posting = &words[w].postings[i];
        cr_assert_eq(block.documents[i], posting->document);
        cr_assert_eq(block.tfs[i], posting->tf);
        for (uint32_t j = 0; j < posting->tf; j++)
            cr_assert_eq(positions[at++], posting->positions[j], "%s", words[w].word);
    }
    memory_free(positions);
}

static void check_value(struct record *record, uint32_t field, const char *text)
{
    struct record_value value;
    if (!text)
        return;
    cr_assert_eq(record_next(record, &value), LUPE_OK);
    cr_assert_eq(value.field, field);
    cr_assert_eq(value.kind, LUPE_TEXT);
    cr_assert_eq(value.size, strlen(text));
    cr_assert_arr_eq(value.bytes, text, value.size);
}

static void check_document(struct segment *segment, uint32_t d)
{
    struct buffer id = BUFFER_INIT(ID_BYTES_MAX);
    struct record record;
    struct record_value none;
    uint32_t found, pairs[4];
    const uint8_t *bytes;
    size_t size, count;
    cr_assert_eq(segment_id(segment, d, &id), LUPE_OK);
    cr_assert_eq(id.size, strlen(documents[d].id));
    cr_assert_arr_eq(id.data, documents[d].id, id.size);
    cr_assert_eq(segment_find_id(segment, id.data, id.size, &found), LUPE_OK);
    cr_assert_eq(found, d);
    buffer_free(&id);
    cr_assert_eq(norm_length(segment->norms[d]), documents[d].length);
    cr_assert_eq(segment_boundaries(segment, d, pairs, 2, &count), LUPE_OK);
    cr_assert_eq(count, documents[d].boundary_count);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(pairs[2 * i], documents[d].boundaries[2 * i]);
        cr_assert_eq(pairs[2 * i + 1],
                     i + 1 < count ? documents[d].boundaries[2 * i + 1] : DOCUMENT_WORDS_MAX);
    }
    cr_assert_eq(segment_stored(segment, d, &bytes, &size), LUPE_OK);
    cr_assert_eq(record_open(&record, bytes, size), LUPE_OK);
    check_value(&record, 0, documents[d].title);
    check_value(&record, 1, documents[d].text);
    cr_assert_eq(record_next(&record, &none), LUPE_NOT_FOUND);
}

Test(segment_format, the_example_is_read_so)
{
    uint8_t *bytes = malloc(sizeof example);
    memcpy(bytes, example, sizeof example);
    struct kept_value value = {0, bytes, sizeof example};
    struct keeper keeper = {&value, 1, LUPE_OK};
    struct open_segment open = open_kept(&keeper, &example_entry, "example");
    cr_assert_eq(open.status, LUPE_OK, "%s", lupe_last_error());
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        check_word(open.segment, w);
    for (uint32_t d = 0; d < DOCUMENTS; d++)
        check_document(open.segment, d);
    cr_assert_eq(segment_check(open.segment, NULL, NULL), LUPE_OK, "%s", lupe_last_error());
    open_kept_close(&open);
    free(bytes);
    support_no_leaks();
}

/* ---------------------------------------------------------------- engine/FORMAT.md */

#define FORMAT_PATH "engine/FORMAT.md"
#define EXAMPLE_BYTES_MAX 1024

/* The bytes of a block of the specification: "offset  bytes  meaning", of which bytes are pairs of
 * digits, or one pair as often as "x count" says. Offsets go on without a gap. */
struct example {
    uint8_t bytes[EXAMPLE_BYTES_MAX];
    size_t size;
};

static void line_take(struct example *example, const char *line)
{
    char *next;
    unsigned long offset = strtoul(line, &next, 16);
    cr_assert_eq(next - line, 4, "no offset: %s", line);
    cr_assert_eq(offset, example->size, "offset %zx: %s", example->size, line);
    const char *at = next;
    while (isspace((unsigned char)*at))
        at++;
    for (;;) {
        if (!isxdigit((unsigned char)at[0]) || !isxdigit((unsigned char)at[1]) || at[2] > ' ')
            break;
        char digits[3] = {at[0], at[1], 0};
        size_t count = 1;
        at += 2;
        if (strncmp(at, " x ", 3) == 0) {
            count = strtoul(at + 3, &next, 10);
            at = next;
        }
        cr_assert(example->size + count <= EXAMPLE_BYTES_MAX);
        memset(example->bytes + example->size, (int)strtoul(digits, NULL, 16), count);
        example->size += count;
        while (*at == ' ')
            at++;
    }
    cr_assert_gt(example->size, offset, "no bytes: %s", line);
    cr_assert(*at > ' ', "no meaning: %s", line);
}

static struct example example_of(const char *name)
{
    struct example example = {.size = 0};
    size_t size;
    char fence[32];
    char *text = (char *)support_read_file(FORMAT_PATH, &size);
    text = realloc(text, size + 1);
    text[size] = 0;
    snprintf(fence, sizeof fence, "\n```%s\n", name);
    char *line = strstr(text, fence);
    cr_assert_not_null(line, "%s has no block %s", FORMAT_PATH, name);
    for (line += strlen(fence); strncmp(line, "```", 3) != 0; line = strchr(line, '\n') + 1) {
        *strchr(line, '\n') = 0;
        line_take(&example, line);
        line[strlen(line)] = '\n';
    }
    free(text);
    return example;
}

/* The index of the example, by the public functions. */
static void make_example(const char *path)
{
    static const lupe_field title = {.name = "title", .kind = LUPE_TEXT, .weight = 2};
    static const lupe_value first[] = {
        {.field = "title", .kind = LUPE_TEXT, .data = "Zug", .size = 3},
        {.field = "text", .kind = LUPE_TEXT, .data = "Ein Zug nach Wladiwostok", .size = 24},
        {.field = "tag", .kind = LUPE_KEYWORD, .data = "Reise", .size = 5},
    };
    static const lupe_value second[] = {
        {.field = "text", .kind = LUPE_TEXT, .data = "Zug um Zug", .size = 10}};
    static const lupe_document both[] = {
        {.id = "1", .id_size = 1, .values = first, .value_count = 3},
        {.id = "2", .id_size = 1, .values = second, .value_count = 1}};
    lupe_create_options options = LUPE_CREATE_OPTIONS_INIT;
    lupe_index *index = NULL;
    lupe_writer *writer = NULL;
    options.fields = &title;
    options.field_count = 1;
    cr_assert_eq(lupe_index_create(path, &options, NULL, &index), LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(lupe_writer_open(index, NULL, &writer), LUPE_OK);
    cr_assert_eq(lupe_writer_put(writer, &both[0]), LUPE_OK);
    cr_assert_eq(lupe_writer_put(writer, &both[1]), LUPE_OK);
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK);
    lupe_writer_close(writer);
    lupe_index_close(index);
}

static void check_bytes(const struct example *example, const uint8_t *bytes, size_t size,
                        const char *what)
{
    for (size_t i = 0; i < example->size && i < size; i++)
        cr_assert_eq(bytes[i], example->bytes[i], "%s, offset %04zx: %02x", what, i, bytes[i]);
    cr_assert_eq(size, example->size, "%s has %zu bytes", what, size);
}

#define CATALOGUE_CHECKSUM 8u
#define CATALOGUE_BODY 16u
#define CATALOGUE_LEXICON 0x24u
#define CATALOGUE_SEGMENT_LEXICON 0x83u
#define CATALOGUE_FINGERPRINT 0x3cu

/* The fingerprint belongs to the packages of one system, the lexicon's version to one lexicon, and
 * the checksum with them. */
static void check_catalogue(struct example *example, const uint8_t *bytes, size_t size)
{
    cr_assert_eq(load_u64(example->bytes + CATALOGUE_CHECKSUM),
                 hash_bytes(example->bytes + CATALOGUE_BODY, example->size - CATALOGUE_BODY));
    cr_assert_geq(size, CATALOGUE_FINGERPRINT + 8);
    cr_assert_eq(load_u64(bytes + CATALOGUE_CHECKSUM),
                 hash_bytes(bytes + CATALOGUE_BODY, size - CATALOGUE_BODY));
    memcpy(example->bytes + CATALOGUE_CHECKSUM, bytes + CATALOGUE_CHECKSUM, 8);
    memcpy(example->bytes + CATALOGUE_FINGERPRINT, bytes + CATALOGUE_FINGERPRINT, 8);
    cr_assert_neq(load_u32(bytes + CATALOGUE_LEXICON), 0);
    cr_assert_eq(load_u32(bytes + CATALOGUE_LEXICON), load_u32(bytes + CATALOGUE_SEGMENT_LEXICON));
    memcpy(example->bytes + CATALOGUE_LEXICON, bytes + CATALOGUE_LEXICON, 4);
    memcpy(example->bytes + CATALOGUE_SEGMENT_LEXICON, bytes + CATALOGUE_SEGMENT_LEXICON, 4);
    check_bytes(example, bytes, size, "the catalogue");
}

Test(segment_format, the_specification_has_the_bytes_that_are_written)
{
    struct example catalogue = example_of("catalogue");
    struct example segment = example_of("segment");
    struct store *store = NULL;
    struct store_read *read = NULL;
    struct store_options options = {.read_only = true};
    const uint8_t *value;
    size_t size;
    make_example(support_path("example"));
    cr_assert_eq(store_open(support_path("example"), &options, &store), LUPE_OK);
    cr_assert_eq(store_read_begin(store, &read), LUPE_OK);
    cr_assert_eq(store_get(read, 0, 0, &value, &size), LUPE_OK);
    check_catalogue(&catalogue, value, size);
    cr_assert_eq(store_get(read, 1, 0, &value, &size), LUPE_OK);
    check_bytes(&segment, value, size, "the segment");
    uint32_t number = 1, next = 1;
    cr_assert_eq(store_seek(read, &number, &next, &value, &size), LUPE_NOT_FOUND);
    store_read_end(read);
    store_close(store);
    support_no_leaks();
}

/* An index made of nothing but the bytes of the specification; its catalogue says of itself that
 * readers may ignore what these bits announce. */
static void write_specified(const char *path, uint32_t ignorable)
{
    struct example values[] = {example_of("catalogue"), example_of("segment")};
    struct store *store = NULL;
    struct store_write *write = NULL;
    struct store_options options = {.create = true, .map_bytes = MAP_BYTES_MIN};
    struct example *catalogue = &values[0];
    store_u32(catalogue->bytes + CATALOGUE_BODY + 4,
              ignorable | load_u32(catalogue->bytes + CATALOGUE_BODY + 4));
    store_u64(catalogue->bytes + CATALOGUE_CHECKSUM,
              hash_bytes(catalogue->bytes + CATALOGUE_BODY, catalogue->size - CATALOGUE_BODY));
    cr_assert_eq(store_open(path, &options, &store), LUPE_OK);
    cr_assert_eq(store_lock(store, STORE_LOCK_WRITER, 0), LUPE_OK);
    cr_assert_eq(store_write_begin(store, &write), LUPE_OK);
    for (uint32_t i = 0; i < 2; i++)
        cr_assert_eq(store_put(write, i, 0, values[i].bytes, values[i].size), LUPE_OK);
    cr_assert_eq(store_write_commit(write), LUPE_OK);
    store_close(store);
}

static void check_specified(const char *path)
{
    lupe_index *index = NULL;
    lupe_snapshot *snapshot = NULL;
    lupe_query *query = NULL;
    lupe_results *results = NULL;
    const lupe_document *document = NULL;
    const lupe_hit *hit = NULL;
    cr_assert_eq(lupe_index_open(path, NULL, &index), LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(lupe_index_check(index, NULL, NULL), LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(lupe_snapshot_open(index, &snapshot), LUPE_OK);
    cr_assert_eq(lupe_query_parse(index, "\"Zug nach\" +tag:Reise", 21, NULL, &query), LUPE_OK);
    cr_assert_eq(lupe_search(snapshot, query, NULL, &results), LUPE_OK);
    cr_assert_eq(lupe_results_count(results), 1u);
    cr_assert_eq(lupe_results_hit(results, 0, &hit), LUPE_OK);
    cr_assert_str_eq(hit->id, "1");
    cr_assert_eq(lupe_snapshot_get(snapshot, "2", 1, &document), LUPE_OK);
    cr_assert_eq(document->value_count, 1u);
    cr_assert_str_eq(document->values[0].field, "text");
    cr_assert_eq(document->values[0].size, 10u);
    cr_assert_arr_eq(document->values[0].data, "Zug um Zug", 10);
    lupe_results_free(results);
    lupe_query_free(query);
    lupe_snapshot_close(snapshot);
    lupe_index_close(index);
}

Test(segment_format, the_bytes_of_the_specification_are_an_index)
{
    write_specified(support_path("bytes"), 0);
    check_specified(support_path("bytes"));
    support_no_leaks();
}

Test(segment_format, an_index_with_pieces_of_a_later_library_is_read_but_not_written)
{
    lupe_index *index = NULL;
    lupe_writer *writer = NULL;
    const char *path = support_path("later");
    write_specified(path, 1u << 20);
    check_specified(path);
    cr_assert_eq(lupe_index_open(path, NULL, &index), LUPE_OK);
    cr_assert_eq(lupe_writer_open(index, NULL, &writer), LUPE_TOO_NEW);
    cr_assert_eq(lupe_index_optimize(index, NULL), LUPE_TOO_NEW);
    lupe_index_close(index);
    support_no_leaks();
}

/* The section of forms of two documents. */
Test(segment_format, the_specification_has_the_bytes_of_forms)
{
    struct example forms = example_of("forms");
    static const char *const texts[] = {"H\u00e4user und Haus",
                                        "Haus, H\u00e4user, Hauses; gr\u00f6\u00dfte"};
    lupe_index *index = NULL;
    lupe_writer *writer = NULL;
    struct view *view = NULL;
    const uint8_t *bytes = NULL;
    size_t size = 0;
    cr_assert_eq(lupe_index_create(support_path("forms"), NULL, NULL, &index), LUPE_OK);
    cr_assert_eq(lupe_writer_open(index, NULL, &writer), LUPE_OK);
    for (unsigned i = 0; i < 2; i++) {
        lupe_value value = {
            .field = "text", .kind = LUPE_TEXT, .data = texts[i], .size = strlen(texts[i])};
        lupe_document document = {
            .id = i ? "2" : "1", .id_size = 1, .values = &value, .value_count = 1};
        cr_assert_eq(lupe_writer_put(writer, &document), LUPE_OK);
    }
    cr_assert_eq(lupe_writer_commit(writer), LUPE_OK);
    lupe_writer_close(writer);
    cr_assert_eq(view_open(index->store, &view), LUPE_OK);
    cr_assert_eq(section_at(&view->segments[0]->sections[SECTION_FORMS], 0, &bytes, &size),
                 LUPE_OK);
    check_bytes(&forms, bytes, size, "the forms");
    view_close(view);
    lupe_index_close(index);
    support_no_leaks();
}

/* The list of "ja" in the segment of four documents: its info, its postings, its positions. */
Test(segment_format, the_specification_has_the_bytes_of_a_list)
{
    struct example list = example_of("list");
    size_t index = example_entry.lengths[SECTION_INDEX];
    size_t postings = index + example_entry.lengths[SECTION_DICTIONARY];
    cr_assert_eq(list.size, 4u + 7u + 5u);
    cr_assert_not_null(memmem(example + index, postings - index, list.bytes, 4));
    cr_assert_arr_eq(list.bytes + 4, example + postings, 7 + 5);
}
