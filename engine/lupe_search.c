/* SPDX-License-Identifier: MIT
 *
 * lupe_search.c - the public functions of queries, searches and their results.
 *
 * Results keep the snapshot (the caller's promise) and the query (held). A hit is filled in when
 * it is asked for. What explains a hit is made on demand: the first snippet or matches open a
 * matcher with a schema of the index, which goes back there when the results are freed.
 */
#include <assert.h>
#include <time.h>

#include "lupe_index.h"
#include "query/expand.h"
#include "query/explain.h"
#include "query/search.h"
#include "query/second_look.h"
#include "result/snippet.h"
#include "result/surface.h"

#define QUERY_FLAGS LUPE_QUERY_ALL
#define SEARCH_FLAGS                                                                        \
    (LUPE_SEARCH_AS_TYPED | LUPE_SEARCH_WITHOUT_COMPOUNDS | LUPE_SEARCH_WITHOUT_PROXIMITY | \
     LUPE_SEARCH_WITHOUT_SENTENCES | LUPE_SEARCH_WITHOUT_FORMS)

#define EXPLANATION_BYTES_KEPT ((size_t)64 << 10) /* from one to the next */

struct explanation {
    struct stored_document document;      /* of lupe_results_document */
    struct stored_document text_document; /* of snippets and matches */
    struct schema *schema;
    struct matcher *matcher;
    bool weighed;
    struct snippet_maker snippet;
    struct match_list matches;
    lupe_span *spans;
    size_t span_capacity;
    struct arena score; /* of lupe_results_explain */
};

struct lupe_results {
    lupe_snapshot *snapshot;
    struct lupe_query *query;
    struct search_answer answer;
    struct search_request request; /* for explanations: without hooks */
    size_t offset;
    size_t count;
    uint32_t flags;               /* of the search */
    struct buffer id;             /* the id being read */
    struct arena arena;           /* ids, corrections */
    lupe_correction *corrections; /* NULL until one is asked for; typed NULL: not asked for yet */
    struct explanation *more;     /* NULL until a document, snippet or match is asked for */
    lupe_hit hits[];              /* [count]; rank 0: not asked for yet */
};

/* ---- queries */

static const struct query_host host = {index_schema_take, index_schema_give};

lupe_status lupe_query_parse(lupe_index *index, const char *text, size_t size,
                             const lupe_query_options *given, lupe_query **query)
{
    lupe_status status = LUPE_OK;
    lupe_query_options options = LUPE_QUERY_OPTIONS_INIT;
    struct schema *schema = NULL;

    if (!query)
        return fail(LUPE_INVALID, "lupe_query_parse: query is NULL");
    *query = NULL;
    if (!index || (!text && size))
        return fail(LUPE_INVALID, "lupe_query_parse: %s is NULL", index ? "text" : "index");
    TRY(options_take(&options, sizeof options, given, "lupe_query_options"));
    if (options.flags & ~QUERY_FLAGS)
        TRY(fail(LUPE_INVALID, "unknown flags 0x%x", options.flags & ~QUERY_FLAGS));
    TRY(index_schema_take(index, &schema));
    TRY(query_parse(schema, text ? text : "", size, options.flags, query));
    (*query)->index = index;
    (*query)->host = &host;
out:
    index_schema_give(index, schema);
    return status;
}

void lupe_query_free(lupe_query *query)
{
    query_release(query);
}

const char *lupe_query_text(const lupe_query *query)
{
    return query ? query->text : "";
}

bool lupe_query_forms_missed(const lupe_query *query)
{
    return query && query->forms_missed;
}

bool lupe_query_matches_nothing(const lupe_query *query)
{
    return !query || !query->root;
}

/* ---- searching */

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static lupe_status request_make(const lupe_search_options *options,
                                const struct catalogue *catalogue, struct search_request *request)
{
    uint64_t k = (uint64_t)options->limit + options->offset;

    *request = (struct search_request){
        .k = options->limit ? k : 0,
        .count_limit = options->count_limit,
        .k1 = options->k1 < 0 ? catalogue->k1 : options->k1,
        .k1_by_query = options->k1 < 0,
        .b = options->b < 0 ? catalogue->b : options->b,
        .deadline_ns = options->timeout_ms ? now_ns() + options->timeout_ms * 1000000ull : 0,
        .user = options->user,
        .cancel = options->cancel,
        .flags = options->flags,
    };
    if (catalogue->flags & LUPE_WITHOUT_COMPOUNDS)
        request->flags |= LUPE_SEARCH_WITHOUT_COMPOUNDS;
    if (catalogue->flags & (LUPE_WITHOUT_FORMS | LUPE_WITHOUT_POSITIONS))
        request->flags |= LUPE_SEARCH_WITHOUT_FORMS;
    if (!(request->k1 >= 0 && request->k1 <= K1_MAX))
        return fail(LUPE_INVALID, "k1 is %g, 0 to %g", request->k1, K1_MAX);
    if (!(request->b >= 0 && request->b <= 1))
        return fail(LUPE_INVALID, "b is %g, 0 to 1", request->b);
    return LUPE_OK;
}

/* The query as this snapshot can answer it; *expanded stays NULL when that is as it is. */
static lupe_status expand(lupe_snapshot *snapshot, const lupe_query *query,
                          const lupe_search_options *options, const struct search_request *search,
                          struct lupe_query **expanded)
{
    lupe_status status = LUPE_OK;
    struct schema *schema = NULL;
    bool wanted = false;
    struct expand_request request = {
        .view = snapshot->view,
        .query = query,
        .search = search,
        .correct = snapshot->view->catalogue.analysis == LUPE_ANALYSIS_STANDARD &&
                   !(options->flags & LUPE_SEARCH_AS_TYPED),
    };
    TRY(expand_wanted(&request, &wanted));
    if (!wanted)
        goto out;
    TRY(index_schema_take(snapshot->index, &schema));
    TRY(expand_query(&request, schema, expanded));
out:
    index_schema_give(snapshot->index, schema);
    return status;
}

lupe_status lupe_search(lupe_snapshot *snapshot, const lupe_query *query,
                        const lupe_search_options *given, lupe_results **out)
{
    lupe_status status = LUPE_OK;
    lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
    struct search_request request;
    struct search_answer answer = {.total_exact = true};
    struct lupe_query *expanded = NULL;

    if (!out)
        return fail(LUPE_INVALID, "lupe_search: results is NULL");
    *out = NULL;
    if (!snapshot || !query)
        return fail(LUPE_INVALID, "lupe_search: %s is NULL", snapshot ? "query" : "snapshot");
    if (query->index != snapshot->index)
        return fail(LUPE_INVALID, "the query was parsed for another index");
    TRY(store_usable(snapshot->index->store));
    TRY(options_take(&options, sizeof options, given, "lupe_search_options"));
    if (options.flags & ~SEARCH_FLAGS)
        TRY(fail(LUPE_INVALID, "unknown flags 0x%x", options.flags & ~SEARCH_FLAGS));
    TRY(request_make(&options, &snapshot->view->catalogue, &request));
    bool known = false;
    if (query->root)
        TRY(search_run_known(snapshot->view, query, &request, &answer, &known));
    if (query->root && !known) {
        TRY(expand(snapshot, query, &options, &request, &expanded));
        query = expanded ? expanded : query;
        TRY(search_run(snapshot->view, query, &request, &answer));
    }
    size_t found = answer.hit_count;
    size_t count = found > options.offset ? found - options.offset : 0;
    lupe_results *results = memory_zalloc(1, sizeof *results + count * sizeof results->hits[0]);
    if (!results) {
        search_answer_free(&answer);
        TRY(fail_memory());
    }
    results->snapshot = snapshot;
    results->query = query_hold(query);
    results->answer = answer;
    results->request = request;
    results->request.deadline_ns = 0;
    results->request.cancel = NULL;
    results->offset = options.offset;
    results->count = count;
    results->flags = request.flags;
    *out = results;
out:
    query_release(expanded); /* results hold it, too */
    return status;
}

static void explanation_free(struct explanation *more, lupe_index *index)
{
    if (!more)
        return;
    matcher_close(more->matcher);
    /* In a child of fork() the index's mutex may be held by a thread that is not there. */
    if (more->schema && store_usable(index->store) == LUPE_OK)
        index_schema_give(index, more->schema);
    else
        schema_close(more->schema);
    document_free(&more->document);
    document_free(&more->text_document);
    snippet_free(&more->snippet);
    match_list_free(&more->matches);
    memory_free(more->spans);
    arena_free(&more->score);
    memory_free(more);
}

void lupe_results_free(lupe_results *results)
{
    if (!results)
        return;
    explanation_free(results->more, results->snapshot->index);
    memory_free(results->answer.hits);
    buffer_free(&results->id);
    arena_free(&results->arena);
    query_release(results->query);
    memory_free(results);
}

/* ---- hits */

uint64_t lupe_results_total(const lupe_results *results, bool *exact)
{
    if (exact)
        *exact = results ? results->answer.total_exact : true;
    return results ? results->answer.total : 0;
}

size_t lupe_results_count(const lupe_results *results)
{
    return results ? results->count : 0;
}

size_t lupe_results_words_dropped(const lupe_results *results)
{
    return results ? results->query->words_dropped : 0;
}

/* The hit at a position, checked. */
static lupe_status hit_at(const lupe_results *results, size_t position,
                          const struct search_hit **hit)
{
    if (!results)
        return fail(LUPE_INVALID, "results is NULL");
    if (position >= results->count)
        return fail(LUPE_INVALID, "there is no hit at position %zu of %zu", position,
                    results->count);
    *hit = &results->answer.hits[results->offset + position];
    return store_usable(results->snapshot->index->store);
}

/* The hit at a position, and room for what explains it. */
static lupe_status hit_explained(lupe_results *results, size_t position,
                                 const struct search_hit **hit, struct explanation **more)
{
    lupe_status status = hit_at(results, position, hit);
    if (status != LUPE_OK)
        return status;
    if (!results->more)
        results->more = memory_zalloc(1, sizeof *results->more);
    *more = results->more;
    return *more ? LUPE_OK : fail_memory();
}

/* Fills in a hit that is asked for the first time. */
static lupe_status hit_read(lupe_results *results, size_t position, const struct search_hit *found,
                            lupe_hit *hit)
{
    struct segment *segment = results->snapshot->view->segments[found->segment];

    buffer_restart(&results->id);
    lupe_status status = segment_id(segment, found->document, &results->id);
    if (status != LUPE_OK)
        return status;
    size_t size = results->id.size;
    char *bytes = arena_alloc(&results->arena, size + 1);
    if (!bytes)
        return fail_memory();
    if (size)
        memcpy(bytes, results->id.data, size);
    bytes[size] = '\0';
    *hit = (lupe_hit){
        .rank = (uint64_t)results->offset + position + 1,
        .score = (double)found->score / (double)(1ull << results->answer.score_bits),
        .id = bytes,
        .id_size = size,
    };
    return LUPE_OK;
}

lupe_status lupe_results_hit(lupe_results *results, size_t position, const lupe_hit **hit)
{
    lupe_status status = LUPE_OK;
    const struct search_hit *found = NULL;

    if (!hit)
        return fail(LUPE_INVALID, "lupe_results_hit: hit is NULL");
    *hit = NULL;
    TRY(hit_at(results, position, &found));
    lupe_hit *made = &results->hits[position];
    if (made->rank == 0)
        TRY(hit_read(results, position, found, made));
    *hit = made;
out:
    return status;
}

lupe_status lupe_results_document(lupe_results *results, size_t position,
                                  const lupe_document **document)
{
    lupe_status status = LUPE_OK;
    const struct search_hit *hit = NULL;
    struct explanation *more = NULL;

    if (!document)
        return fail(LUPE_INVALID, "lupe_results_document: document is NULL");
    *document = NULL;
    TRY(hit_explained(results, position, &hit, &more));
    TRY(document_load(&more->document, results->snapshot->view, hit->segment, hit->document));
    *document = &more->document.document;
out:
    return status;
}

lupe_status lupe_results_explain(lupe_results *results, size_t position,
                                 const lupe_explanation **explanation)
{
    lupe_status status = LUPE_OK;
    const struct search_hit *hit = NULL;
    struct explanation *more = NULL;

    if (!explanation)
        return fail(LUPE_INVALID, "lupe_results_explain: explanation is NULL");
    *explanation = NULL;
    TRY(hit_explained(results, position, &hit, &more));
    struct explain_request request = {
        .view = results->snapshot->view,
        .query = results->query,
        .search = &results->request,
        .segment = hit->segment,
        .document = hit->document,
        .is_best = results->offset + position < SECOND_LOOK_HITS,
    };
    arena_restart(&more->score, EXPLANATION_BYTES_KEPT);
    TRY(explain_hit(&request, &more->score, explanation));
out:
    return status;
}

/* ---- snippets and matches */

static lupe_status matcher_ready(lupe_results *results)
{
    lupe_status status = LUPE_OK;
    struct explanation *more = results->more;

    if (!more->schema)
        TRY(index_schema_take(results->snapshot->index, &more->schema));
    if (!more->matcher)
        TRY(matcher_open(results->query, more->schema, results->flags, &more->matcher));
out:
    return status;
}

lupe_status lupe_results_snippet(lupe_results *results, size_t position,
                                 const lupe_snippet_options *given, const lupe_snippet **snippet)
{
    lupe_status status = LUPE_OK;
    lupe_snippet_options options = LUPE_SNIPPET_OPTIONS_INIT;
    const struct search_hit *hit = NULL;
    struct explanation *more = NULL;

    if (!snippet)
        return fail(LUPE_INVALID, "lupe_results_snippet: snippet is NULL");
    *snippet = NULL;
    TRY(options_take(&options, sizeof options, given, "lupe_snippet_options"));
    if (options.length < SNIPPET_LENGTH_MIN || options.length > SNIPPET_LENGTH_MAX)
        TRY(fail(LUPE_INVALID, "the length of a snippet is %u to %u, not %zu", SNIPPET_LENGTH_MIN,
                 SNIPPET_LENGTH_MAX, options.length));
    TRY(hit_explained(results, position, &hit, &more));
    TRY(matcher_ready(results));
    if (!more->weighed)
        TRY(matcher_weigh(more->matcher, results->snapshot->view));
    more->weighed = true;
    TRY(document_load(&more->text_document, results->snapshot->view, hit->segment, hit->document));
    TRY(snippet_make(&more->snippet, more->matcher, &more->text_document, &options));
    *snippet = &more->snippet.snippet;
out:
    return status;
}

static lupe_status spans_reserve(struct explanation *more, size_t count)
{
    if (count <= more->span_capacity)
        return LUPE_OK;
    lupe_span *spans = memory_realloc(more->spans, count * sizeof *spans);
    if (!spans)
        return fail_memory();
    more->spans = spans;
    more->span_capacity = count;
    return LUPE_OK;
}

lupe_status lupe_results_matches(lupe_results *results, size_t position, size_t value_number,
                                 const lupe_span **spans, size_t *span_count)
{
    lupe_status status = LUPE_OK;
    const struct match_reach everything = {SIZE_MAX, SIZE_MAX};
    const struct search_hit *hit = NULL;
    struct explanation *more = NULL;

    if (!spans || !span_count)
        return fail(LUPE_INVALID, "lupe_results_matches: %s is NULL",
                    spans ? "span_count" : "spans");
    *spans = NULL;
    *span_count = 0;
    TRY(hit_explained(results, position, &hit, &more));
    TRY(matcher_ready(results));
    struct stored_document *document = &more->text_document;
    TRY(document_load(document, results->snapshot->view, hit->segment, hit->document));
    if (value_number >= document->document.value_count)
        TRY(fail(LUPE_INVALID, "the document has %zu values, there is no number %zu",
                 document->document.value_count, value_number));
    const lupe_value *value = &document->document.values[value_number];
    if (value->kind != LUPE_TEXT)
        goto out;
    TRY(matcher_scan(more->matcher, (int)document->fields[value_number], value->data, value->size,
                     everything, &more->matches));
    TRY(spans_reserve(more, more->matches.count));
    snippet_spans(&more->matches, more->spans, span_count);
    *spans = more->spans;
out:
    return status;
}

/* ---- corrections */

size_t lupe_results_correction_count(const lupe_results *results)
{
    return results ? results->query->correction_count : 0;
}

static const char *text_copy(lupe_results *results, const void *bytes, size_t size)
{
    char *copy = arena_alloc(&results->arena, size + 1);
    if (!copy)
        return NULL;
    if (size)
        memcpy(copy, bytes, size);
    copy[size] = '\0';
    return copy;
}

/* Fills in a correction that is asked for the first time. */
static lupe_status correction_read(lupe_results *results, const struct correction *found,
                                   lupe_correction *correction)
{
    lupe_status status = LUPE_OK;
    struct buffer surface = BUFFER_INIT(0);
    struct schema *schema = NULL;
    struct surface_request request = {.view = results->snapshot->view,
                                      .field = found->field,
                                      .term = found->term,
                                      .word = found->word,
                                      .word_size = found->word_size};
    TRY(index_schema_take(results->snapshot->index, &schema));
    request.schema = schema;
    TRY(surface_find(&request, &surface));
    const char *meant = text_copy(results, surface.data, surface.size);
    const char *typed = text_copy(results, found->typed, found->typed_size);
    if (!meant || !typed)
        TRY(fail_memory());
    *correction = (lupe_correction){.typed = typed,
                                    .typed_size = found->typed_size,
                                    .meant = meant,
                                    .meant_size = surface.size,
                                    .documents = found->frequency,
                                    .applied = found->applied};
out:
    index_schema_give(results->snapshot->index, schema);
    buffer_free(&surface);
    return status;
}

lupe_status lupe_results_correction(lupe_results *results, size_t number,
                                    const lupe_correction **correction)
{
    lupe_status status = LUPE_OK;

    if (!correction)
        return fail(LUPE_INVALID, "lupe_results_correction: correction is NULL");
    *correction = NULL;
    size_t count = lupe_results_correction_count(results);
    if (number >= count)
        TRY(fail(LUPE_INVALID, "there is no correction number %zu of %zu", number, count));
    TRY(store_usable(results->snapshot->index->store));
    if (!results->corrections) {
        results->corrections = arena_alloc(&results->arena, count * sizeof *results->corrections);
        if (!results->corrections)
            TRY(fail_memory());
        memset(results->corrections, 0, count * sizeof *results->corrections);
    }
    if (!results->corrections[number].typed)
        TRY(correction_read(results, &results->query->corrections[number],
                            &results->corrections[number]));
    *correction = &results->corrections[number];
out:
    return status;
}
