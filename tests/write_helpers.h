/* SPDX-License-Identifier: MIT
 *
 * write_helpers.h - what the tests of write/ share: an index with fields of every kind, documents
 * made from a seed, a model that remembers what must be there, and the comparison of an
 * index with one built at once. Used by tests/test_write_*.c and test_api_*.c only.
 */
#ifndef LUPE_TESTS_WRITE_HELPERS_H
#define LUPE_TESTS_WRITE_HELPERS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lupe_index.h"
#include "segment/view.h"
#include "support.h"
#include "write/pair_lists.h"

#define must(call)                                                                             \
    do {                                                                                       \
        lupe_status must_status = (call);                                                      \
        cr_assert_eq(must_status, LUPE_OK, "%s: %s: %s", #call, lupe_status_name(must_status), \
                     lupe_last_error());                                                       \
    } while (0)

#define must_give(call, expected)                                               \
    do {                                                                        \
        lupe_status must_status = (call);                                       \
        cr_assert_eq(must_status, (expected), "%s: %s, not %s: %s", #call,      \
                     lupe_status_name(must_status), lupe_status_name(expected), \
                     lupe_last_error());                                        \
    } while (0)

#define HELPER_MAP_BYTES (1ull << 33) /* small enough for sanitizers and address limits */
#define HELPER_VALUES_MAX 8
#define HELPER_TEXT_BYTES 4096

/* How far an optimization says that it is: forward, up to the end. It is given up at call
 * cancel_at. */
struct helper_told {
    unsigned calls;
    double last;
    unsigned cancel_at;
};

static inline bool helper_progress(void *user, const char *what, double done)
{
    struct helper_told *told = user;
    cr_assert_str_eq(what, "optimize");
    cr_assert(done >= told->last && done <= 1.0, "%g after %g", done, told->last);
    told->last = done;
    return ++told->calls != told->cancel_at;
}

static inline lupe_open_options helper_open_options(void)
{
    lupe_open_options options = LUPE_OPEN_OPTIONS_INIT;
    options.map_bytes = HELPER_MAP_BYTES;
    return options;
}

static inline lupe_index *helper_create(const char *path, uint32_t flags)
{
    static const lupe_field fields[] = {
        {.name = "text", .kind = LUPE_TEXT},
        {.name = "title", .kind = LUPE_TEXT, .weight = 3},
        {.name = "tag", .kind = LUPE_KEYWORD},
        {.name = "english", .kind = LUPE_TEXT, .language = "english"},
    };
    lupe_create_options create = LUPE_CREATE_OPTIONS_INIT;
    lupe_open_options open = helper_open_options();
    lupe_index *index = NULL;
    /* Small segments have pairs of frequent words here, made in several passes. */
    pair_limits =
        (struct pair_limits){.documents_min = 8, .share = 4, .words_max = 12, .memory_bytes = 4096};
    create.fields = fields;
    create.field_count = sizeof fields / sizeof *fields;
    create.flags = flags;
    must(lupe_index_create(path, &create, &open, &index));
    return index;
}

static inline lupe_index *helper_open(const char *path)
{
    lupe_open_options open = helper_open_options();
    lupe_index *index = NULL;
    must(lupe_index_open(path, &open, &index));
    return index;
}

static inline lupe_writer *helper_writer(lupe_index *index, uint64_t memory_bytes, uint32_t threads)
{
    lupe_writer_options options = LUPE_WRITER_OPTIONS_INIT;
    lupe_writer *writer = NULL;
    options.memory_bytes = memory_bytes;
    options.threads = threads;
    must(lupe_writer_open(index, &options, &writer));
    return writer;
}

static inline void helper_print(void *user, const char *finding)
{
    (void)user;
    fprintf(stderr, "finding: %s\n", finding);
}

static inline void helper_check(lupe_index *index)
{
    must(lupe_index_check(index, helper_print, NULL));
}

/* How many documents the words of a query find. */
static inline uint64_t helper_total(lupe_index *index, const char *text)
{
    lupe_snapshot *snapshot = NULL;
    lupe_query *query = NULL;
    lupe_results *results = NULL;
    must(lupe_snapshot_open(index, &snapshot));
    must(lupe_query_parse(index, text, strlen(text), NULL, &query));
    must(lupe_search(snapshot, query, NULL, &results));
    uint64_t count = lupe_results_total(results, NULL);
    lupe_results_free(results);
    lupe_query_free(query);
    lupe_snapshot_close(snapshot);
    return count;
}

static inline lupe_statistics helper_statistics(lupe_index *index)
{
    lupe_statistics statistics = LUPE_STATISTICS_INIT;
    lupe_snapshot *snapshot = NULL;
    must(lupe_snapshot_open(index, &snapshot));
    must(lupe_snapshot_statistics(snapshot, &statistics));
    lupe_snapshot_close(snapshot);
    return statistics;
}

/* ---- documents made from an id and a version */

struct helper_document {
    char id[32];
    char texts[HELPER_VALUES_MAX][HELPER_TEXT_BYTES];
    lupe_value values[HELPER_VALUES_MAX];
    lupe_document document;
};

/* Puts a word made of a name and a number into the text; returns its bytes. */
static inline size_t helper_word(char *out, const char *word, uint64_t number)
{
    int size = snprintf(out, 64, "%s%" PRIu64 " ", word, number);
    return (size_t)size;
}

static inline size_t helper_text(struct support_random *random, char *out, size_t words)
{
    static const char *const rare[] = {"Jong-un",        "E-Mail", "Straße", "3.10.1990",
                                       "über",           "C++",    "naïve",  "Häuser",
                                       "Nord-Süd-Achse", "ISBN",   "ß",      "Abenteuer"};
    size_t size = 0;
    for (size_t i = 0; i < words && size + 64 < HELPER_TEXT_BYTES; i++) {
        uint64_t kind = support_random_below(random, 20);
        if (kind == 0) {
            const char *word = rare[support_random_below(random, sizeof rare / sizeof *rare)];
            size += (size_t)snprintf(out + size, 64, "%s ", word);
        } else if (kind < 4) {
            size += helper_word(out + size, "Wort", support_random_below(random, 5000));
        } else {
            uint64_t left = support_random_below(random, 30);
            size += helper_word(out + size, "w", left * support_random_below(random, 30));
        }
    }
    return size;
}

static inline size_t helper_id(char id[32], uint32_t number)
{
    return (size_t)snprintf(id, 32, "id/%u", number);
}

static inline void helper_value(struct helper_document *made, const char *field, size_t size)
{
    size_t i = made->document.value_count++;
    made->values[i] = (lupe_value){.field = field, .data = made->texts[i], .size = size};
}

/* The same for the same number and version. words: about how many. */
static inline void helper_document(struct helper_document *made, uint32_t number, uint64_t version,
                                   size_t words)
{
    struct support_random random = {0, number * 1000003ull + version};
    memset(&made->document, 0, sizeof made->document);
    made->document.id = made->id;
    made->document.id_size = helper_id(made->id, number);
    made->document.values = made->values;
    if (support_random_below(&random, 3) == 0)
        helper_value(made, "english", helper_text(&random, made->texts[0], 5));
    size_t i = made->document.value_count;
    size_t text_words = support_random_below(&random, 2 * words + 1);
    helper_value(made, "text", helper_text(&random, made->texts[i], text_words));
    if (support_random_below(&random, 2) == 0) {
        i = made->document.value_count;
        helper_value(made, "title", helper_text(&random, made->texts[i], 3));
    }
    for (uint64_t tags = support_random_below(&random, 3); tags > 0; tags--) {
        i = made->document.value_count;
        size_t size = helper_word(made->texts[i], "tag", support_random_below(&random, 9));
        helper_value(made, "tag", size);
    }
    if (support_random_below(&random, 4) == 0) {
        i = made->document.value_count;
        helper_value(made, "text", helper_text(&random, made->texts[i], 4));
    }
}

/* ---- the model: what is committed and what is pending, with the order of insertion */

#define MODEL_IDS_MAX 4096

struct model_entry {
    uint64_t version; /* 0: not there */
    uint64_t place;   /* in the order of insertion */
};

struct model {
    struct model_entry committed[MODEL_IDS_MAX];
    struct model_entry pending[MODEL_IDS_MAX];
    uint32_t ids;
    uint64_t puts;
    size_t words;
};

static inline void model_init(struct model *model, uint32_t ids, size_t words)
{
    cr_assert(ids <= MODEL_IDS_MAX);
    memset(model, 0, sizeof *model);
    model->ids = ids;
    model->words = words;
}

static inline void model_put(struct model *model, lupe_writer *writer, uint32_t number)
{
    static struct helper_document made;
    model->puts++;
    helper_document(&made, number, model->puts, model->words);
    must(lupe_writer_put(writer, &made.document));
    model->pending[number] = (struct model_entry){model->puts, model->puts};
}

static inline void model_delete(struct model *model, lupe_writer *writer, uint32_t number)
{
    char id[32];
    must(lupe_writer_delete(writer, id, helper_id(id, number)));
    model->pending[number] = (struct model_entry){0, 0};
}

static inline void model_commit(struct model *model, lupe_writer *writer)
{
    must(lupe_writer_commit(writer));
    memcpy(model->committed, model->pending, sizeof model->committed);
}

static inline void model_rollback(struct model *model, lupe_writer *writer)
{
    lupe_writer_rollback(writer);
    memcpy(model->pending, model->committed, sizeof model->committed);
}

static inline uint64_t model_live(const struct model *model)
{
    uint64_t live = 0;
    for (uint32_t i = 0; i < model->ids; i++)
        live += model->committed[i].version != 0;
    return live;
}

static inline bool helper_same_values(const lupe_document *stored, const lupe_document *put)
{
    if (stored->value_count != put->value_count)
        return false;
    for (size_t i = 0; i < put->value_count; i++)
        if (strcmp(stored->values[i].field, put->values[i].field) ||
            stored->values[i].size != put->values[i].size ||
            memcmp(stored->values[i].data, put->values[i].data, put->values[i].size))
            return false;
    return true;
}

/* Every id is there with its last version, or is not there. */
static inline void model_verify(const struct model *model, lupe_index *index)
{
    static struct helper_document made;
    lupe_snapshot *snapshot = NULL;
    lupe_statistics statistics = LUPE_STATISTICS_INIT;
    const lupe_document *stored;
    must(lupe_snapshot_open(index, &snapshot));
    must(lupe_snapshot_statistics(snapshot, &statistics));
    cr_assert_eq(statistics.documents, model_live(model), "%" PRIu64 " documents, not %" PRIu64,
                 statistics.documents, model_live(model));
    for (uint32_t i = 0; i < model->ids; i++) {
        uint64_t version = model->committed[i].version;
        helper_document(&made, i, version, model->words);
        if (version == 0) {
            must_give(lupe_snapshot_get(snapshot, made.id, made.document.id_size, &stored),
                      LUPE_NOT_FOUND);
            continue;
        }
        must(lupe_snapshot_get(snapshot, made.id, made.document.id_size, &stored));
        cr_assert(helper_same_values(stored, &made.document), "document %u is not version %" PRIu64,
                  i, version);
    }
    lupe_snapshot_close(snapshot);
}

/* ---- comparing segments byte by byte */

static inline void helper_same_section(struct segment *left, struct segment *right, unsigned id)
{
    uint64_t size = left->entry.lengths[id];
    cr_assert_eq(size, right->entry.lengths[id], "section %u: %" PRIu64 " and %" PRIu64 " bytes",
                 id, size, right->entry.lengths[id]);
    if (size == 0)
        return;
    uint8_t *bytes = malloc(2 * size);
    cr_assert_not_null(bytes);
    must(section_copy(&left->sections[id], 0, bytes, size));
    must(section_copy(&right->sections[id], 0, bytes + size, size));
    cr_assert(memcmp(bytes, bytes + size, size) == 0, "section %u differs", id);
    free(bytes);
}

/* The last text value of a document runs to its end, whatever its words say. */
static inline void helper_same_boundaries(struct segment *left, struct segment *right)
{
    uint32_t pairs[2][2 * HELPER_VALUES_MAX];
    size_t counts[2];
    for (uint32_t i = 0; i < left->entry.documents; i++) {
        must(segment_boundaries(left, i, pairs[0], HELPER_VALUES_MAX, &counts[0]));
        must(segment_boundaries(right, i, pairs[1], HELPER_VALUES_MAX, &counts[1]));
        cr_assert_eq(counts[0], counts[1], "document %u: %zu and %zu values", i, counts[0],
                     counts[1]);
        size_t numbers = counts[0] ? 2 * counts[0] - 1 : 0;
        cr_assert(memcmp(pairs[0], pairs[1], numbers * sizeof **pairs) == 0,
                  "values of document %u", i);
    }
}

/* Both have one segment (or none), the same but for its number. */
static inline void helper_same_index(lupe_index *left, lupe_index *right)
{
    struct view *views[2] = {NULL, NULL};
    must(view_open(left->store, &views[0]));
    must(view_open(right->store, &views[1]));
    cr_assert_eq(views[0]->catalogue.segment_count, views[1]->catalogue.segment_count);
    cr_assert(views[0]->catalogue.segment_count <= 1, "%u segments",
              views[0]->catalogue.segment_count);
    if (views[0]->catalogue.segment_count) {
        const struct segment_entry *a = &views[0]->segments[0]->entry;
        const struct segment_entry *b = &views[1]->segments[0]->entry;
        cr_assert_eq(a->deleted, 0);
        cr_assert_eq(a->documents, b->documents, "%u and %u documents", a->documents, b->documents);
        cr_assert_eq(a->terms, b->terms, "%" PRIu64 " and %" PRIu64 " terms", a->terms, b->terms);
        cr_assert_eq(a->words, b->words, "%" PRIu64 " and %" PRIu64 " words", a->words, b->words);
        helper_same_boundaries(views[0]->segments[0], views[1]->segments[0]);
        for (unsigned id = SECTION_INDEX; id < SECTION_LIVE; id++)
            if (id != SECTION_BOUNDARIES && id != SECTION_BOUNDARY_INDEX)
                helper_same_section(views[0]->segments[0], views[1]->segments[0], id);
    }
    view_close(views[0]);
    view_close(views[1]);
}

struct model_order {
    uint64_t place;
    uint32_t number;
};

static inline int model_compare(const void *left, const void *right)
{
    const struct model_order *a = left;
    const struct model_order *b = right;
    return (a->place > b->place) - (a->place < b->place);
}

/* Optimizes the index; it must then be what one commit of the same documents gives. */
static inline void model_verify_optimized(const struct model *model, lupe_index *index,
                                          uint32_t flags)
{
    static struct model_order order[MODEL_IDS_MAX];
    static struct helper_document made;
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->ids; i++)
        if (model->committed[i].version)
            order[count++] = (struct model_order){model->committed[i].place, i};
    qsort(order, count, sizeof *order, model_compare);
    const char *path = support_path("fresh.lupe");
    remove(path);
    remove(support_path("fresh.lupe-lock"));
    lupe_index *fresh = helper_create(path, flags);
    lupe_writer *writer = helper_writer(fresh, 1ull << 30, 1);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = order[i].number;
        helper_document(&made, number, model->committed[number].version, model->words);
        must(lupe_writer_put(writer, &made.document));
    }
    must(lupe_writer_commit(writer));
    lupe_writer_close(writer);
    must(lupe_index_optimize(index, NULL));
    helper_check(index);
    helper_same_index(index, fresh);
    lupe_index_close(fresh);
}

#endif
