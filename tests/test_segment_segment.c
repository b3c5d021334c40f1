/* SPDX-License-Identifier: MIT
 *
 * test_segment_segment.c - whole segments: what was written is found, the check agrees, damage of
 * any byte is told or harmless.
 */
#include "base/hash.h"
#include "segment/stored.h"
#include "segment/view.h"
#include "segment_cases.h"

/* ---------------------------------------------------------------- a model of a segment */

struct occurrence {
    uint32_t word;
    uint32_t document;
    uint32_t position;
};

struct model {
    uint32_t documents;
    uint32_t vocabulary;
    uint32_t *lengths;
    struct occurrence *occurrences; /* by word, document, position */
    size_t occurrence_count;
    uint64_t words;
    uint32_t fields; /* values a document has, each of a third of its words or so */
    bool records;
};

static int compare_numbers(uint32_t left, uint32_t right)
{
    return left < right ? -1 : left > right;
}

static int compare_occurrences(const void *left, const void *right)
{
    const struct occurrence *a = left, *b = right;
    if (a->word != b->word)
        return compare_numbers(a->word, b->word);
    if (a->document != b->document)
        return compare_numbers(a->document, b->document);
    return compare_numbers(a->position, b->position);
}

static struct model model_of(uint64_t seed, uint32_t documents, uint32_t vocabulary,
                             uint32_t length_max, uint32_t fields, bool records)
{
    struct support_random random = support_random_of(seed);
    struct model model = {
        .documents = documents, .vocabulary = vocabulary, .fields = fields, .records = records};
    model.lengths = malloc(documents * sizeof *model.lengths);
    model.occurrences = malloc((size_t)documents * length_max * sizeof *model.occurrences);
    for (uint32_t d = 0; d < documents; d++) {
        uint32_t length = (uint32_t)support_random_below(&random, length_max);
        model.lengths[d] = length;
        model.words += length;
        for (uint32_t p = 0; p < length; p++) {
            /* The lower a word's number, the more frequent. */
            double skew = support_random_real(&random);
            uint32_t word = (uint32_t)(skew * skew * skew * skew * vocabulary);
            model.occurrences[model.occurrence_count++] = (struct occurrence){word, d, p};
        }
    }
    qsort(model.occurrences, model.occurrence_count, sizeof *model.occurrences,
          compare_occurrences);
    return model;
}

static void model_free(struct model *model)
{
    free(model->lengths);
    free(model->occurrences);
}

static size_t id_of(uint32_t document, char id[300])
{
    size_t size = (size_t)snprintf(id, 300, "id-%07u", document * 37 % 9999991);
    if (document % 19 == 3) { /* some are longer than a term may be */
        memset(id + size, 'l', 250 - size);
        snprintf(id + 250, 50, "%u", document);
        size = strlen(id);
    }
    return size;
}

/* One value; some documents have no record. */
static size_t make_record(uint32_t document, struct buffer *out)
{
    char text[60];
    buffer_clear(out);
    if (document % 11 == 5)
        return 0;
    record_begin(out, 1);
    record_add(out, 2, LUPE_TEXT, text,
               (size_t)snprintf(text, sizeof text, "document %u of the model", document));
    return out->size;
}

static size_t boundaries_of(const struct model *model, uint32_t document, uint32_t pairs[6])
{
    uint32_t count = model->fields > 1 ? document % (model->fields + 1) : 1;
    uint32_t left = model->lengths[document];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t part = i + 1 == count ? left : left / 3;
        pairs[2 * i] = 5 + i;
        pairs[2 * i + 1] = part;
        left -= part;
    }
    return count;
}

static lupe_status write_documents(const struct model *model, struct segment_writer *writer)
{
    lupe_status status = LUPE_OK;
    struct buffer record = BUFFER_INIT(0);
    for (uint32_t d = 0; d < model->documents && !status; d++) {
        char id[300];
        uint32_t pairs[6];
        struct segment_document document = {
            .id = id, .length = model->lengths[d], .boundaries = pairs};
        document.id_size = id_of(d, id);
        document.boundary_count = boundaries_of(model, d, pairs);
        if (model->records) {
            document.record_size = make_record(d, &record);
            document.record = record.data;
            status = buffer_status(&record);
        }
        if (!status)
            status = segment_writer_document(writer, &document);
    }
    buffer_free(&record);
    return status;
}

static lupe_status write_words(const struct model *model, struct segment_writer *writer)
{
    uint32_t *positions = malloc((model->occurrence_count + 1) * sizeof *positions);
    lupe_status status = LUPE_OK;
    for (size_t at = 0; at < model->occurrence_count && !status;) {
        uint8_t key[KEY_BYTES_MAX];
        char term[16];
        uint32_t word = model->occurrences[at].word;
        size_t size =
            key_make(key, LIST_WORDS, term, (size_t)snprintf(term, sizeof term, "w%07u", word));
        status = segment_writer_term_begin(writer, key, size, ENTRY_HAS_TF | ENTRY_HAS_POSITIONS);
        while (!status && at < model->occurrence_count && model->occurrences[at].word == word) {
            uint32_t document = model->occurrences[at].document;
            uint32_t tf = 0;
            for (; at < model->occurrence_count && model->occurrences[at].word == word &&
                   model->occurrences[at].document == document;
                 at++)
                positions[tf++] = model->occurrences[at].position;
            status = segment_writer_term_add(writer, &document, &tf, positions, 1);
        }
        if (!status)
            status = segment_writer_term_end(writer);
    }
    free(positions);
    return status;
}

struct id_key {
    uint8_t key[KEY_BYTES_MAX];
    size_t size;
    uint32_t document;
};

static int compare_id_keys(const void *left, const void *right)
{
    const struct id_key *a = left, *b = right;
    size_t shorter = a->size < b->size ? a->size : b->size;
    int order = memcmp(a->key, b->key, shorter);
    return order ? order : a->size < b->size ? -1 : a->size > b->size;
}

static lupe_status write_ids(const struct model *model, struct segment_writer *writer)
{
    struct id_key *keys = calloc(model->documents, sizeof *keys);
    lupe_status status = LUPE_OK;
    for (uint32_t d = 0; d < model->documents; d++) {
        char id[300];
        size_t id_size = id_of(d, id);
        keys[d].size = key_of_id(keys[d].key, id, id_size);
        keys[d].document = d;
    }
    qsort(keys, model->documents, sizeof *keys, compare_id_keys);
    for (uint32_t i = 0; i < model->documents && !status; i++) {
        status = segment_writer_term_begin(writer, keys[i].key, keys[i].size, 0);
        if (!status)
            status = segment_writer_term_add(writer, &keys[i].document, NULL, NULL, 1);
        if (!status)
            status = segment_writer_term_end(writer);
    }
    free(keys);
    return status;
}

static lupe_status write_model(const struct model *model, struct keeper *keeper,
                               struct segment_entry *entry)
{
    struct segment_writer_options options = {6, 1.2, 0.75, {keeper_put, keeper}, 0};
    struct segment_writer *writer = NULL;
    lupe_status status = segment_writer_open(&options, &writer);
    if (!status)
        status = write_documents(model, writer);
    if (!status)
        status = segment_writer_documents_done(writer);
    if (!status)
        status = write_words(model, writer);
    if (!status)
        status = write_ids(model, writer);
    if (!status)
        status = segment_writer_finish(writer, entry);
    segment_writer_close(writer);
    return status;
}

/* ---------------------------------------------------------------- reading it back */

static void print_finding(void *user, const char *finding)
{
    ++*(unsigned *)user;
    if (*(unsigned *)user < 10)
        fprintf(stderr, "finding: %s\n", finding);
}

static void check_sound(struct segment *segment)
{
    unsigned findings = 0;
    cr_assert_eq(segment_check(segment, print_finding, &findings), LUPE_OK, "%s",
                 lupe_last_error());
    cr_assert_eq(findings, 0u);
}

static void check_words(const struct model *model, struct segment *segment)
{
    uint32_t *positions = NULL;
    size_t capacity = 0;
    for (size_t at = 0; at < model->occurrence_count;) {
        uint8_t key[KEY_BYTES_MAX];
        char term[16];
        struct list list;
        struct block block;
        uint32_t word = model->occurrences[at].word;
        size_t size =
            key_make(key, LIST_WORDS, term, (size_t)snprintf(term, sizeof term, "w%07u", word));
        cr_assert_eq(segment_find(segment, key, size, &list), LUPE_OK);
        for (uint32_t b = 0; b < list.block_count; b++) {
            cr_assert_eq(block_read(&list, b, &block), LUPE_OK);
            cr_assert_eq(block_read_tfs(&list, &block), LUPE_OK);
            for (uint32_t i = 0; i < block.count; i++) {
                uint8_t index = (uint8_t)i;
                cr_assert_eq(block_positions(&list, &block, &index, 1, &positions, &capacity, 0),
                             LUPE_OK);
                for (uint32_t j = 0; j < block.tfs[i]; j++, at++) {
                    const struct occurrence *expected = &model->occurrences[at];
                    cr_assert_lt(at, model->occurrence_count);
                    cr_assert_eq(expected->word, word);
                    cr_assert_eq(expected->document, block.documents[i]);
                    cr_assert_eq(expected->position, positions[j]);
                }
            }
        }
        cr_assert(at == model->occurrence_count || model->occurrences[at].word != word);
    }
    memory_free(positions);
}

static void check_documents(const struct model *model, struct segment *segment)
{
    struct buffer id_read = BUFFER_INIT(0);
    struct buffer record_expected = BUFFER_INIT(0);
    for (uint32_t d = 0; d < model->documents; d++) {
        char id[300];
        size_t id_size = id_of(d, id);
        uint32_t found;
        cr_assert_eq(segment_find_id(segment, id, id_size, &found), LUPE_OK, "%s",
                     lupe_last_error());
        cr_assert_eq(found, d);
        buffer_clear(&id_read);
        cr_assert_eq(segment_id(segment, d, &id_read), LUPE_OK);
        cr_assert_eq(id_read.size, id_size);
        cr_assert_arr_eq(id_read.data, id, id_size);
        cr_assert_eq(segment->norms[d], norm_of_length(model->lengths[d]));

        const uint8_t *record;
        size_t size = model->records ? make_record(d, &record_expected) : 0;
        size_t size_read;
        cr_assert_eq(segment_stored(segment, d, &record, &size_read), LUPE_OK);
        cr_assert_eq(size_read, size);
        cr_assert_eq(size && memcmp(record, record_expected.data, size), 0);

        uint32_t pairs[6], pairs_read[6];
        size_t count = boundaries_of(model, d, pairs);
        size_t count_read;
        cr_assert_eq(segment_boundaries(segment, d, pairs_read, 3, &count_read), LUPE_OK);
        cr_assert_eq(count_read, count);
        if (count)
            pairs[2 * count - 1] = DOCUMENT_WORDS_MAX; /* it runs to the end */
        if (model->fields > 1) {
            cr_assert_eq(memcmp(pairs, pairs_read, count * 8), 0);
        } else {
            cr_assert_eq(pairs_read[0], 5u);
            cr_assert_eq(pairs_read[1], DOCUMENT_WORDS_MAX);
        }
    }
    buffer_free(&id_read);
    buffer_free(&record_expected);
    uint32_t found;
    cr_assert_eq(segment_find_id(segment, "id-", 3, &found), LUPE_NOT_FOUND);
}

static void check_model(const struct model *model, bool one_value)
{
    struct keeper keeper = {0};
    struct segment_entry entry;
    cr_assert_eq(write_model(model, &keeper, &entry), LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(entry.one_value, one_value);
    cr_assert_eq(entry.documents, model->documents);
    cr_assert_eq(entry.words, model->words);
    cr_assert_eq(entry.number, 6u);
    if (one_value)
        cr_assert_eq(keeper.count, 1u);
    struct open_segment open = open_kept(&keeper, &entry, "model");
    cr_assert_eq(open.status, LUPE_OK, "%s", lupe_last_error());
    check_sound(open.segment);
    check_words(model, open.segment);
    check_documents(model, open.segment);
    open_kept_close(&open);
    keeper_free(&keeper);
}

Test(segment_segment, a_small_segment_is_one_value)
{
    struct model model = model_of(51, 300, 200, 30, 3, true);
    check_model(&model, true);
    model_free(&model);
    support_no_leaks();
}

Test(segment_segment, one_document)
{
    struct model model = model_of(52, 1, 200, 30, 1, true);
    check_model(&model, true);
    model_free(&model);
    support_no_leaks();
}

Test(segment_segment, a_large_segment_has_extents)
{
    struct model model = model_of(53, 20000, 30000, 120, 3, true);
    check_model(&model, false);
    model_free(&model);
    support_no_leaks();
}

Test(segment_segment, one_field_and_no_records)
{
    struct model model = model_of(54, 5000, 3000, 20, 1, false);
    check_model(&model, false);
    model_free(&model);
    support_no_leaks();
}

Test(segment_segment, norms_of_several_extents_are_gathered)
{
    struct model model = {.documents = 2 * EXTENT_PAYLOAD_BYTES + 1000, .fields = 1};
    model.lengths = malloc(model.documents * sizeof *model.lengths);
    for (uint32_t i = 0; i < model.documents; i++)
        model.lengths[i] = i % 5000;
    struct keeper keeper = {0};
    struct segment_entry entry;
    struct segment_writer_options options = {6, 1.2, 0.75, {keeper_put, &keeper}, 0};
    struct segment_writer *writer = NULL;
    cr_assert_eq(segment_writer_open(&options, &writer), LUPE_OK);
    for (uint32_t d = 0; d < model.documents; d++) {
        char id[12];
        struct segment_document document = {.id = id, .length = model.lengths[d]};
        document.id_size = (size_t)snprintf(id, sizeof id, "%07u", d);
        cr_assert_eq(segment_writer_document(writer, &document), LUPE_OK);
    }
    cr_assert_eq(segment_writer_documents_done(writer), LUPE_OK);
    for (uint32_t d = 0; d < model.documents; d++) {
        uint8_t key[KEY_BYTES_MAX];
        char id[12];
        size_t size = key_of_id(key, id, (size_t)snprintf(id, sizeof id, "%07u", d));
        cr_assert_eq(segment_writer_term_begin(writer, key, size, 0), LUPE_OK);
        cr_assert_eq(segment_writer_term_add(writer, &d, NULL, NULL, 1), LUPE_OK);
        cr_assert_eq(segment_writer_term_end(writer), LUPE_OK);
    }
    cr_assert_eq(segment_writer_finish(writer, &entry), LUPE_OK);
    segment_writer_close(writer);
    struct open_segment open = open_kept(&keeper, &entry, "norms");
    cr_assert_eq(open.status, LUPE_OK, "%s", lupe_last_error());
    cr_assert_not_null(open.segment->norms_owned);
    for (uint32_t i = 0; i < model.documents; i++)
        cr_assert_eq(open.segment->norms[i], norm_of_length(model.lengths[i]));
    struct buffer id = BUFFER_INIT(0);
    cr_assert_eq(segment_id(open.segment, model.documents - 1, &id), LUPE_OK);
    buffer_add_u8(&id, 0);
    cr_assert_eq(strtoul((char *)id.data, NULL, 10), model.documents - 1);
    buffer_free(&id);
    open_kept_close(&open);
    keeper_free(&keeper);
    model_free(&model);
    support_no_leaks();
}

Test(segment_segment, what_cannot_be_a_segment_is_refused)
{
    struct keeper keeper = {0};
    struct segment_writer_options options = {6, 1.2, 0.75, {keeper_put, &keeper}, 0};
    struct segment_writer *writer = NULL;
    char id[ID_BYTES_MAX + 1] = {0};
    struct segment_document document = {.id = id};
    cr_assert_eq(segment_writer_open(&options, &writer), LUPE_OK);
    document.id_size = ID_BYTES_MAX + 1;
    cr_assert_eq(segment_writer_document(writer, &document), LUPE_INVALID);
    document.id_size = ID_BYTES_MAX;
    document.length = DOCUMENT_WORDS_MAX + 1;
    cr_assert_eq(segment_writer_document(writer, &document), LUPE_LIMIT);
    cr_assert_eq(segment_writer_documents_done(writer), LUPE_INVALID);
    segment_writer_close(writer);
    cr_assert_eq(keeper.count, 0u);
    keeper_free(&keeper);
    support_no_leaks();
}

/* ---------------------------------------------------------------- damage */

/* Everything a reader may ask of a segment; no answer but ok, not found and corrupt. */
static void use_segment(const struct model *model, struct segment *segment)
{
    struct buffer id = BUFFER_INIT(0);
    for (uint32_t d = 0; d < model->documents; d += 7) {
        char name[300];
        uint32_t found, pairs[6];
        const uint8_t *record;
        size_t size;
        lupe_status answers[4];
        answers[0] = segment_find_id(segment, name, id_of(d, name), &found);
        answers[1] = segment_id(segment, d, &id);
        answers[2] = segment_stored(segment, d, &record, &size);
        answers[3] = segment_boundaries(segment, d, pairs, 3, &size);
        for (unsigned i = 0; i < 4; i++)
            cr_assert(answers[i] == LUPE_OK || answers[i] == LUPE_CORRUPT ||
                      (i == 0 && answers[i] == LUPE_NOT_FOUND));
        if (answers[0] == LUPE_OK)
            cr_assert_lt(found, model->documents);
    }
    buffer_free(&id);
}

static void count_finding(void *user, const char *finding)
{
    cr_assert_not_null(strstr(finding, " "));
    ++*(unsigned *)user;
}

/* Changes bytes of the values kept; sealed anew, the damage reaches what the checksum guards. */
static void damage(struct model *model, bool reseal, unsigned rounds, uint64_t seed)
{
    struct support_random random = support_random_of(seed);
    struct keeper keeper = {0};
    struct segment_entry entry;
    unsigned told = 0;
    cr_assert_eq(write_model(model, &keeper, &entry), LUPE_OK);
    for (unsigned round = 0; round < rounds; round++) {
        struct kept_value *value = &keeper.values[support_random_below(&random, keeper.count)];
        uint8_t *before = malloc(value->size);
        memcpy(before, value->bytes, value->size);
        size_t end = value->size - (reseal ? EXTENT_TAIL_BYTES : 0);
        size_t place = (size_t)support_random_below(&random, end);
        value->bytes[place] ^= (uint8_t)(1 + support_random_below(&random, 255));
        if (reseal)
            store_u64(value->bytes + value->size - CHECKSUM_BYTES,
                      hash_bytes(value->bytes, value->size - CHECKSUM_BYTES));
        struct open_segment open = open_kept(&keeper, &entry, "damage");
        cr_assert(open.status == LUPE_OK || open.status == LUPE_CORRUPT);
        if (open.status == LUPE_OK) {
            unsigned findings = 0;
            use_segment(model, open.segment);
            lupe_status status = segment_check(open.segment, count_finding, &findings);
            cr_assert_eq(status, findings ? LUPE_CORRUPT : LUPE_OK, "%s", lupe_last_error());
            cr_assert(findings || reseal, "seed %" PRIu64 ", round %u: byte %zu of value %x",
                      random.seed, round, place, value->number);
            told += findings > 0;
        }
        open_kept_close(&open);
        memcpy(value->bytes, before, value->size);
        free(before);
    }
    /* Under a sound checksum some damage gives another segment that is sound, some hits fill. */
    cr_assert_gt(told, rounds / 10);
    keeper_free(&keeper);
}

/* Flips bits of all values, of the thinned run every step-th one: the check reports each. */
static void flip_bits(struct model *model, size_t step)
{
    struct keeper keeper = {0};
    struct segment_entry entry;
    size_t bit = 0;
    cr_assert_eq(write_model(model, &keeper, &entry), LUPE_OK);
    for (size_t v = 0; v < keeper.count; v++) {
        struct kept_value *value = &keeper.values[v];
        for (; bit < value->size * 8; bit += step) {
            unsigned findings = 0;
            value->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            struct open_segment open = open_kept(&keeper, &entry, "flips");
            if (open.status == LUPE_OK) {
                cr_assert_eq(segment_check(open.segment, count_finding, &findings), LUPE_CORRUPT,
                             "bit %zu of value %x", bit, value->number);
                cr_assert_gt(findings, 0u);
                cr_assert_eq(segment_verify(open.segment, NULL, NULL), LUPE_CORRUPT);
            }
            open_kept_close(&open);
            value->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        bit -= value->size * 8;
    }
    struct open_segment open = open_kept(&keeper, &entry, "flips");
    cr_assert_eq(segment_verify(open.segment, NULL, NULL), LUPE_OK);
    cr_assert_eq(segment_check(open.segment, NULL, NULL), LUPE_OK, "%s", lupe_last_error());
    open_kept_close(&open);
    keeper_free(&keeper);
}

Test(segment_segment, every_flipped_bit_is_told)
{
    struct model model = model_of(53, 12, 20, 12, 2, true);
    flip_bits(&model, test_full() ? 1 : 37);
    model_free(&model);
    model = model_of(54, 1500, 1500, 60, 3, true);
    flip_bits(&model, test_full() ? 997 : 39989);
    model_free(&model);
    support_no_leaks();
}

Test(segment_segment, damage_of_one_value_is_told)
{
    struct model model = model_of(55, 200, 150, 30, 3, true);
    damage(&model, false, test_full() ? 2000 : 200, 61);
    model_free(&model);
    support_no_leaks();
}

Test(segment_segment, damage_of_extents_is_told)
{
    struct model model = model_of(56, 2000, 2000, 60, 3, true);
    damage(&model, false, test_full() ? 500 : 40, 62);
    model_free(&model);
    support_no_leaks();
}

Test(segment_segment, damage_under_a_sound_checksum_is_survived)
{
    struct model model = model_of(57, 200, 150, 30, 3, true);
    damage(&model, true, test_full() ? 5000 : 400, 63);
    model_free(&model);
    model = model_of(58, 1500, 50, 60, 1, true);
    damage(&model, true, test_full() ? 2000 : 100, 64);
    model_free(&model);
    support_no_leaks();
}

/* The column of ids leads elsewhere, under a sound checksum. */
static void damage_ids(const struct model *model, size_t place, uint8_t change, bool all)
{
    struct keeper keeper = {0};
    struct segment_entry entry;
    unsigned findings = 0;
    unsigned wrong = 0;
    cr_assert_eq(write_model(model, &keeper, &entry), LUPE_OK);
    struct kept_value *value = keeper_find(&keeper, extent_number(SECTION_IDS, 0));
    value->bytes[place] ^= change;
    store_u64(value->bytes + value->size - CHECKSUM_BYTES,
              hash_bytes(value->bytes, value->size - CHECKSUM_BYTES));
    struct open_segment open = open_kept(&keeper, &entry, "ranks");
    cr_assert_eq(open.status, LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(segment_verify(open.segment, NULL, NULL), LUPE_OK);
    cr_assert_eq(segment_check(open.segment, count_finding, &findings), LUPE_CORRUPT);
    cr_assert_gt(findings, 0u);
    struct buffer id = BUFFER_INIT(0);
    for (uint32_t d = 0; d < model->documents; d++) {
        char expected[300];
        buffer_clear(&id);
        lupe_status status = segment_id(open.segment, d, &id);
        cr_assert(status == LUPE_OK || status == LUPE_CORRUPT);
        wrong += status != LUPE_OK || id.size != id_of(d, expected) ||
                 memcmp(id.data, expected, id.size) != 0;
        cr_assert(!all || status == LUPE_CORRUPT);
    }
    cr_assert(all || wrong == 1);
    buffer_free(&id);
    open_kept_close(&open);
    keeper_free(&keeper);
}

Test(segment_segment, a_wrong_rank_is_told)
{
    struct model model = model_of(60, 2000, 1000, 60, 3, true);
    damage_ids(&model, 4, 1, false);                        /* the rank of the first document */
    damage_ids(&model, 3, 0x7f, true);                      /* entries behind the last, */
    damage_ids(&model, 4 + 2000 * 11 / 8 + 3, 0x55, false); /* another document has a long id */
    model_free(&model);
    support_no_leaks();
}

/* Keys have the beginning and a hash of ids of so many bytes: two could have one. */
Test(segment_segment, documents_of_one_key_have_their_own_ids)
{
    struct keeper keeper = {0};
    struct segment_entry entry;
    struct segment_writer_options options = {6, 1.2, 0.75, {keeper_put, &keeper}, 0};
    struct segment_writer *writer = NULL;
    char ids[3][ID_BYTES_MAX];
    uint8_t key[KEY_BYTES_MAX];
    uint32_t documents[2] = {0, 2};
    cr_assert_eq(segment_writer_open(&options, &writer), LUPE_OK);
    for (uint32_t d = 0; d < 3; d++) {
        memset(ids[d], 'a' + (int)d, sizeof ids[d]);
        struct segment_document document = {.id = ids[d], .id_size = 1000 + d * 1000};
        cr_assert_eq(segment_writer_document(writer, &document), LUPE_OK);
    }
    cr_assert_eq(segment_writer_documents_done(writer), LUPE_OK);
    cr_assert_eq(segment_writer_term_begin(writer, key, key_of_id(key, ids[0], 1000), 0), LUPE_OK);
    cr_assert_eq(segment_writer_term_add(writer, documents, NULL, NULL, 2), LUPE_OK);
    cr_assert_eq(segment_writer_term_end(writer), LUPE_OK);
    cr_assert_eq(segment_writer_term_begin(writer, key, key_of_id(key, ids[1], 2000), 0), LUPE_OK);
    documents[0] = 1;
    cr_assert_eq(segment_writer_term_add(writer, documents, NULL, NULL, 1), LUPE_OK);
    cr_assert_eq(segment_writer_term_end(writer), LUPE_OK);
    cr_assert_eq(segment_writer_finish(writer, &entry), LUPE_OK);
    segment_writer_close(writer);
    struct open_segment open = open_kept(&keeper, &entry, "keys");
    cr_assert_eq(open.status, LUPE_OK, "%s", lupe_last_error());
    struct buffer id = BUFFER_INIT(0);
    for (uint32_t d = 0; d < 3; d++) {
        buffer_clear(&id);
        cr_assert_eq(segment_id(open.segment, d, &id), LUPE_OK);
        cr_assert_eq(id.size, 1000 + d * 1000);
        cr_assert_arr_eq(id.data, ids[d], id.size);
    }
    uint32_t found;
    cr_assert_eq(segment_find_id(open.segment, ids[0], 1000, &found), LUPE_OK);
    cr_assert_eq(found, 0u);
    buffer_free(&id);
    open_kept_close(&open);
    keeper_free(&keeper);
    support_no_leaks();
}

Test(segment_segment, ids_that_are_in_no_list_are_refused)
{
    struct keeper keeper = {0};
    struct segment_entry entry;
    struct segment_writer_options options = {6, 1.2, 0.75, {keeper_put, &keeper}, 0};
    struct segment_writer *writer = NULL;
    struct segment_document document = {.id = "a", .id_size = 1};
    cr_assert_eq(segment_writer_open(&options, &writer), LUPE_OK);
    cr_assert_eq(segment_writer_document(writer, &document), LUPE_OK);
    cr_assert_eq(segment_writer_documents_done(writer), LUPE_OK);
    cr_assert_eq(segment_writer_finish(writer, &entry), LUPE_CORRUPT);
    segment_writer_close(writer);
    keeper_free(&keeper);
    support_no_leaks();
}

Test(segment_segment, a_wrong_catalogue_is_told)
{
    struct model model = model_of(59, 400, 150, 60, 3, true);
    struct keeper keeper = {0};
    struct segment_entry entry;
    cr_assert_eq(write_model(&model, &keeper, &entry), LUPE_OK);
    for (unsigned i = 1; i < SECTION_LIVE; i++) {
        struct segment_entry wrong = entry;
        wrong.lengths[i] += i == SECTION_STORED_INDEX ? 12 : 4096;
        struct open_segment open = open_kept(&keeper, &wrong, "lengths");
        if (open.status == LUPE_OK)
            cr_assert_eq(segment_check(open.segment, NULL, NULL), LUPE_CORRUPT, "section %u", i);
        else
            cr_assert_eq(open.status, LUPE_CORRUPT);
        open_kept_close(&open);
    }
    struct segment_entry wrong = entry;
    wrong.terms++;
    struct open_segment open = open_kept(&keeper, &wrong, "terms");
    cr_assert_eq(open.status, LUPE_OK);
    cr_assert_eq(segment_check(open.segment, NULL, NULL), LUPE_CORRUPT);
    open_kept_close(&open);
    wrong = entry;
    wrong.words *= 3;
    open = open_kept(&keeper, &wrong, "words");
    cr_assert_eq(open.status, LUPE_OK);
    cr_assert_eq(segment_check(open.segment, NULL, NULL), LUPE_CORRUPT);
    open_kept_close(&open);
    wrong = entry;
    wrong.number++;
    cr_assert_eq(wrong.number, 7u);
    struct store *store = kept_store(&keeper, 6, "number");
    struct store_read *read = NULL;
    struct segment *segment = NULL;
    cr_assert_eq(store_read_begin(store, &read), LUPE_OK);
    cr_assert_eq(segment_open(read, &wrong, &segment), LUPE_CORRUPT);
    cr_assert_null(segment);
    store_read_end(read);
    store_close(store);
    keeper_free(&keeper);
    model_free(&model);
    support_no_leaks();
}

/* ---------------------------------------------------------------- memory */

Test(segment_segment, writing_survives_failing_allocations)
{
    struct model model = model_of(60, 150, 60, 20, 3, true);
    bool failed = true;
    for (size_t n = 1; failed; n += n < 200 || test_full() ? 1 : 7) {
        struct keeper keeper = {0};
        struct segment_entry entry;
        support_fail_allocation(n);
        lupe_status status = write_model(&model, &keeper, &entry);
        failed = support_allocation_failed();
        cr_assert_eq(status, failed ? LUPE_NO_MEMORY : LUPE_OK, "allocation %zu", n);
        support_fail_allocation(0);
        keeper_free(&keeper);
        support_no_leaks();
    }
    model_free(&model);
}

Test(segment_segment, reading_survives_failing_allocations)
{
    struct model model = model_of(60, 150, 60, 20, 3, true);
    struct keeper keeper = {0};
    struct segment_entry entry;
    support_fail_allocation(0);
    cr_assert_eq(write_model(&model, &keeper, &entry), LUPE_OK);
    entry.deleted = 1;
    struct store *store = kept_store(&keeper, entry.number, "memory");
    struct store_read *read = NULL;
    cr_assert_eq(store_read_begin(store, &read), LUPE_OK);
    size_t held = lupe_allocations_live();
    bool failed = true;
    for (size_t n = 1; failed; n++) {
        struct segment *segment = NULL;
        support_fail_allocation(n);
        lupe_status status = segment_open(read, &entry, &segment);
        if (!status)
            status = segment_check(segment, NULL, NULL);
        segment_close(segment);
        failed = support_allocation_failed();
        cr_assert_eq(status, failed ? LUPE_NO_MEMORY : LUPE_OK, "allocation %zu: %s", n,
                     lupe_last_error());
        support_fail_allocation(0);
        cr_assert_eq(lupe_allocations_live(), held);
    }
    store_read_end(read);
    store_close(store);
    keeper_free(&keeper);
    model_free(&model);
    support_no_leaks();
}

/* ---------------------------------------------------------------- views */

static void commit_catalogue(struct store *store, const struct catalogue *catalogue)
{
    struct buffer bytes = BUFFER_INIT(0);
    struct store_write *write = NULL;
    cr_assert_eq(catalogue_encode(catalogue, &bytes), LUPE_OK);
    cr_assert_eq(store_lock(store, STORE_LOCK_WRITER, 0), LUPE_OK);
    cr_assert_eq(store_write_begin(store, &write), LUPE_OK);
    cr_assert_eq(store_put(write, 0, 0, bytes.data, bytes.size), LUPE_OK);
    cr_assert_eq(store_write_commit(write), LUPE_OK);
    store_unlock(store, STORE_LOCK_WRITER);
    buffer_free(&bytes);
}

Test(segment_segment, a_view_has_the_segments_of_the_catalogue)
{
    struct model model = model_of(65, 50, 60, 20, 3, true);
    struct keeper keeper = {0};
    struct segment_entry entry;
    cr_assert_eq(write_model(&model, &keeper, &entry), LUPE_OK);
    struct store *store = kept_store(&keeper, entry.number, "view");
    struct view *view = NULL;
    cr_assert_eq(view_open(store, &view), LUPE_NOT_INDEX);
    cr_assert_null(view);

    struct catalogue catalogue;
    catalogue_init(&catalogue);
    catalogue.next_segment = 7;
    commit_catalogue(store, &catalogue);
    cr_assert_eq(view_open(store, &view), LUPE_OK);
    uint32_t segment, document;
    char id[300];
    size_t id_size = id_of(20, id);
    cr_assert_eq(view_find_id(view, id, id_size, &segment, &document), LUPE_NOT_FOUND);
    view_close(view);

    cr_assert_eq(catalogue_insert_segment(&catalogue, 0, &entry), LUPE_OK);
    commit_catalogue(store, &catalogue);
    cr_assert_eq(view_open(store, &view), LUPE_OK, "%s", lupe_last_error());
    cr_assert_eq(view->catalogue.segment_count, 1u);
    cr_assert_eq(view_find_id(view, id, id_size, &segment, &document), LUPE_OK);
    cr_assert_eq(segment, 0u);
    cr_assert_eq(document, 20u);
    view_close(view);

    /* The document is deleted. */
    catalogue.segments[0].deleted = 1;
    catalogue.segments[0].deleted_list[0] = 20;
    commit_catalogue(store, &catalogue);
    cr_assert_eq(view_open(store, &view), LUPE_OK);
    cr_assert_eq(view_find_id(view, id, id_size, &segment, &document), LUPE_NOT_FOUND);
    cr_assert_eq(segment_find_id(view->segments[0], id, id_size, &document), LUPE_OK);
    check_sound(view->segments[0]);
    view_close(view);

    catalogue.segments[0].number = 5;
    commit_catalogue(store, &catalogue);
    cr_assert_eq(view_open(store, &view), LUPE_CORRUPT);
    cr_assert_null(view);
    catalogue_free(&catalogue);
    store_close(store);
    keeper_free(&keeper);
    model_free(&model);
    support_no_leaks();
}
