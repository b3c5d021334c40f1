/* SPDX-License-Identifier: MIT
 *
 * surface.c - searches for the term alone and reads the best documents.
 */
#include "result/surface.h"

#include "query/search.h"
#include "result/document.h"
#include "result/match.h"

#define SURFACE_DOCUMENTS_MAX 8u
#define SURFACE_VALUE_BYTES_MAX ((size_t)1 << 18) /* read of each of their texts */

struct surface_reader {
    const struct surface_request *request;
    struct matcher *matcher;
    struct stored_document document;
    struct match_list matches;
    struct buffer *out;
    size_t start;  /* of what is appended to out */
    bool is_exact; /* it is the form that was wanted */
};

/* Looks at the places where the term stands in a value. */
static lupe_status read_value(struct surface_reader *reader, size_t number)
{
    lupe_status status = LUPE_OK;
    const struct surface_request *request = reader->request;
    const struct match_reach reach = {SURFACE_VALUE_BYTES_MAX, SURFACE_VALUE_BYTES_MAX};
    const lupe_value *value = &reader->document.document.values[number];
    int field = (int)reader->document.fields[number];

    if (value->kind != LUPE_TEXT)
        return LUPE_OK;
    TRY(matcher_scan(reader->matcher, field, value->data, value->size, reach, &reader->matches));
    for (size_t i = 0; i < reader->matches.count && !reader->is_exact; i++) {
        const struct match *match = &reader->matches.items[i];
        size_t size = match->end - match->start;
        struct term folded;
        TRY(analyzer_fold(schema_analyzer(request->schema, field), value->data + match->start, size,
                          &folded));
        reader->is_exact = folded.size == request->word_size &&
                           memcmp(folded.bytes, request->word, folded.size) == 0;
        if (!reader->is_exact && reader->out->size > reader->start)
            continue;
        reader->out->size = reader->start;
        buffer_add(reader->out, value->data + match->start, size);
        TRY(buffer_status(reader->out));
    }
out:
    return status;
}

static lupe_status read_hits(struct surface_reader *reader, const struct search_answer *answer)
{
    lupe_status status = LUPE_OK;
    for (size_t h = 0; h < answer->hit_count && !reader->is_exact; h++) {
        const struct search_hit *hit = &answer->hits[h];
        TRY(document_load(&reader->document, reader->request->view, hit->segment, hit->document));
        for (size_t v = 0; v < reader->document.document.value_count && !reader->is_exact; v++)
            TRY(read_value(reader, v));
    }
out:
    return status;
}

lupe_status surface_find(const struct surface_request *request, struct buffer *out)
{
    lupe_status status = LUPE_OK;
    const struct alternative reading = {.terms = &request->term, .term_count = 1, .weight = 1};
    const struct element element = {.alternatives = &reading, .alternative_count = 1};
    const struct node word = {.kind = NODE_SEQUENCE,
                              .field = request->field,
                              .boost = 1,
                              .elements = &element,
                              .element_count = 1};
    const struct lupe_query query = {.root = &word};
    const struct search_request search = {.k = SURFACE_DOCUMENTS_MAX,
                                          .k1 = request->view->catalogue.k1,
                                          .b = request->view->catalogue.b};
    struct surface_reader reader = {.request = request, .out = out, .start = out->size};
    struct search_answer answer = {0};

    TRY(matcher_open(&query, request->schema, 0, &reader.matcher));
    TRY(search_run(request->view, &query, &search, &answer));
    TRY(read_hits(&reader, &answer));
    if (out->size == reader.start)
        buffer_add(out, request->word, request->word_size);
    TRY(buffer_status(out));
out:
    search_answer_free(&answer);
    matcher_close(reader.matcher);
    document_free(&reader.document);
    match_list_free(&reader.matches);
    return status;
}
