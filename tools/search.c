/* SPDX-License-Identifier: MIT
 *
 * search.c - `lupe search`: one query or a file of them, for people, programs or evaluation.
 *
 * Nothing is done beside opening the index and searching. An answer is written when all of it
 * is there, so that a damaged index leaves no half of one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "document.h"
#include "explanation.h"
#include "session.h"

#define FIELD_SHOWN_BYTES_MAX 255u /* longer searched fields are left to `lupe get` */
#define SNIPPET_INDENT 4u
#define TREC_TAG "lupe"

struct search {
    const struct options *options;
    char *path;
    lupe_index *index;
    lupe_snapshot *snapshot;
    struct output_style style;
    struct output output;
    bool several;      /* queries come from a file */
    bool anything;     /* some query had a hit */
    bool nothing_told; /* the reason why there was none is on standard error */
};

/* One query, and its answer. */
struct question {
    const char *id; /* NULL outside of a file of queries */
    const char *text;
    size_t size;
    lupe_query *query;
    lupe_results *results;
    uint64_t took_us;
};

/* ------------------------------------------------------------------ searching */

static lupe_status ask(struct search *search, struct question *question)
{
    lupe_query_options parse = LUPE_QUERY_OPTIONS_INIT;
    lupe_search_options how = LUPE_SEARCH_OPTIONS_INIT;
    const struct options *options = search->options;
    if (options->all_words)
        parse.flags |= LUPE_QUERY_ALL;
    if (options->as_typed)
        how.flags |= LUPE_SEARCH_AS_TYPED;
    if (options->no_compounds)
        how.flags |= LUPE_SEARCH_WITHOUT_COMPOUNDS;
    if (options->no_proximity)
        how.flags |= LUPE_SEARCH_WITHOUT_PROXIMITY;
    if (options->no_sentences)
        how.flags |= LUPE_SEARCH_WITHOUT_SENTENCES;
    if (options->no_forms)
        how.flags |= LUPE_SEARCH_WITHOUT_FORMS;
    how.k1 = options->k1;
    how.b = options->b;
    how.limit = (uint32_t)options->limit;
    how.offset = (uint32_t)options->offset;
    how.count_limit = options->format == FORMAT_TREC ? 0 : LUPE_COUNT_EXACT;
    uint64_t started_us = now_us();
    lupe_status status =
        lupe_query_parse(search->index, question->text, question->size, &parse, &question->query);
    if (status == LUPE_OK)
        status = lupe_search(search->snapshot, question->query, &how, &question->results);
    question->took_us = now_us() - started_us;
    return status;
}

static void forget(struct question *question)
{
    lupe_results_free(question->results);
    lupe_query_free(question->query);
    question->results = NULL;
    question->query = NULL;
}

/* ------------------------------------------------------------------ corrections */

static bool is_of_word(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || byte == '_';
}

/* The correction that was searched for in place of the word at a byte of the query, NULL when there
 * is none. */
static lupe_status correction_at(struct question *question, size_t at,
                                 const lupe_correction **correction)
{
    *correction = NULL;
    if (at > 0 && is_of_word(question->text[at - 1]))
        return LUPE_OK;
    size_t count = lupe_results_correction_count(question->results);
    for (size_t i = 0; i < count; i++) {
        const lupe_correction *one = NULL;
        lupe_status status = lupe_results_correction(question->results, i, &one);
        if (status != LUPE_OK)
            return status;
        size_t end = at + one->typed_size;
        if (one->applied && end <= question->size &&
            memcmp(question->text + at, one->typed, one->typed_size) == 0 &&
            (end == question->size || !is_of_word(question->text[end]))) {
            *correction = one;
            return LUPE_OK;
        }
    }
    return LUPE_OK;
}

/* The query as it was searched for. */
static lupe_status corrected_query(struct question *question, struct output *output)
{
    for (size_t at = 0; at < question->size;) {
        const lupe_correction *correction = NULL;
        lupe_status status = correction_at(question, at, &correction);
        if (status != LUPE_OK)
            return status;
        if (correction) {
            output_bytes(output, correction->meant, correction->meant_size);
            at += correction->typed_size;
        } else {
            output_bytes(output, question->text + at++, 1);
        }
    }
    return LUPE_OK;
}

/* "corrections" and "corrected_query", where words were not found. */
static lupe_status json_corrections(struct output *output, struct question *question)
{
    size_t count = lupe_results_correction_count(question->results);
    struct output query = {0};
    bool applied = false;
    if (count == 0)
        return LUPE_OK;
    output_text(output, ",\"corrections\":[");
    for (size_t i = 0; i < count; i++) {
        const lupe_correction *correction = NULL;
        lupe_status status = lupe_results_correction(question->results, i, &correction);
        if (status != LUPE_OK)
            return status;
        output_text(output, i ? ",{\"typed\":" : "{\"typed\":");
        output_json(output, correction->typed, correction->typed_size);
        output_text(output, ",\"meant\":");
        output_json(output, correction->meant, correction->meant_size);
        output_format(output, ",\"documents\":%llu,\"applied\":%s}",
                      (unsigned long long)correction->documents,
                      correction->applied ? "true" : "false");
        applied = applied || correction->applied;
    }
    output_text(output, "]");
    lupe_status status = corrected_query(question, &query);
    if (status == LUPE_OK && applied) {
        output_text(output, ",\"corrected_query\":");
        output_json(output, query.data, query.size);
    }
    output_free(&query);
    return status;
}

/* What was searched for instead of what was typed, for people, on standard error. */
static void remark_corrections(struct question *question)
{
    size_t count = lupe_results_correction_count(question->results);
    for (size_t i = 0; i < count; i++) {
        const lupe_correction *correction = NULL;
        struct output line = {0};
        if (lupe_results_correction(question->results, i, &correction) != LUPE_OK)
            return;
        output_text(&line, "Meinten Sie \"");
        output_line(&line, correction->meant, correction->meant_size);
        output_text(&line, correction->applied ? "\"? It was searched for instead of \""
                                               : "\"? No document has \"");
        output_line(&line, correction->typed, correction->typed_size);
        output_text(&line, "\"");
        complain("%.*s", (int)line.size, line.data);
        output_free(&line);
    }
}

/* ------------------------------------------------------------------ JSON */

/* What "fields" of a hit shows: all but the title, which has its own member, and long texts. */
static bool is_shown(const lupe_value *value)
{
    if (strcmp(value->field, "title") == 0 || strcmp(value->field, "text") == 0)
        return false;
    return value->kind != LUPE_TEXT || value->size <= FIELD_SHOWN_BYTES_MAX;
}

static lupe_status json_hit(struct search *search, struct question *question, size_t position)
{
    struct output *output = &search->output;
    lupe_snippet_options how = LUPE_SNIPPET_OPTIONS_INIT;
    const lupe_document *document = NULL;
    const lupe_snippet *snippet = NULL;
    const lupe_hit *hit = NULL;
    how.before = "<mark>";
    how.after = "</mark>";
    how.escape_html = true;
    lupe_status status = lupe_results_hit(question->results, position, &hit);
    if (status != LUPE_OK)
        return status;
    output_format(output, "%s{\"rank\":%llu,\"id\":", position ? "," : "",
                  (unsigned long long)hit->rank);
    output_json(output, hit->id, hit->id_size);
    output_format(output, ",\"score\":%.7f,\"title\":", hit->score);
    status = lupe_results_document(question->results, position, &document);
    if (status != LUPE_OK)
        return status;
    const lupe_value *title = session_value(document, "title");
    output_json(output, title ? title->data : "", title ? title->size : 0);
    status = lupe_results_snippet(question->results, position, &how, &snippet);
    if (status != LUPE_OK)
        return status;
    output_text(output, ",\"snippet\":");
    output_json(output, snippet->text, snippet->size);
    output_text(output, ",\"fields\":{");
    document_members(output, document, is_shown);
    output_text(output, "}");
    if (search->options->explain) {
        const lupe_explanation *explanation = NULL;
        status = lupe_results_explain(question->results, position, &explanation);
        if (status != LUPE_OK)
            return status;
        output_text(output, ",\"explanation\":");
        explanation_json(output, explanation);
    }
    output_text(output, "}");
    return LUPE_OK;
}

static lupe_status answer_json(struct search *search, struct question *question)
{
    struct output *output = &search->output;
    output_text(output, "{");
    if (question->id) {
        output_text(output, "\"qid\":");
        output_json(output, question->id, strlen(question->id));
        output_text(output, ",");
    }
    output_text(output, "\"query\":");
    output_json(output, question->text, question->size);
    lupe_status corrected = json_corrections(output, question);
    if (corrected != LUPE_OK)
        return corrected;
    output_format(output, ",\"total\":%llu,\"took_us\":%llu,\"hits\":[",
                  (unsigned long long)lupe_results_total(question->results, NULL),
                  (unsigned long long)question->took_us);
    size_t count = lupe_results_count(question->results);
    for (size_t i = 0; i < count; i++) {
        lupe_status status = json_hit(search, question, i);
        if (status != LUPE_OK)
            return status;
    }
    output_text(output, "]}\n");
    return LUPE_OK;
}

/* ------------------------------------------------------------------ TREC */

/* A column of a line whose columns are separated by blanks: those within it, and control
 * characters, as %20. */
static void trec_column(struct output *output, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c <= ' ' || c == 0x7F)
            output_format(output, "%%%02X", c);
        else
            output_bytes(output, bytes + i, 1);
    }
}

static lupe_status answer_trec(struct search *search, struct question *question)
{
    const char *qid = question->id ? question->id : "1";
    size_t count = lupe_results_count(question->results);
    for (size_t i = 0; i < count; i++) {
        const lupe_hit *hit = NULL;
        lupe_status status = lupe_results_hit(question->results, i, &hit);
        if (status != LUPE_OK)
            return status;
        trec_column(&search->output, qid, strlen(qid));
        output_text(&search->output, " Q0 ");
        trec_column(&search->output, hit->id, hit->id_size);
        output_format(&search->output, " %llu %.7f " TREC_TAG "\n", (unsigned long long)hit->rank,
                      hit->score);
    }
    return LUPE_OK;
}

/* ------------------------------------------------------------------ people */

static void styled(struct search *search, const char *style, const char *bytes, size_t size)
{
    if (search->style.colour)
        output_text(&search->output, style);
    output_line(&search->output, bytes, size);
    if (search->style.colour)
        output_text(&search->output, STYLE_OFF);
}

static lupe_status people_hit(struct search *search, struct question *question, size_t position)
{
    struct output *output = &search->output;
    lupe_snippet_options how = LUPE_SNIPPET_OPTIONS_INIT;
    const lupe_document *document = NULL;
    const lupe_snippet *snippet = NULL;
    const lupe_hit *hit = NULL;
    char score[32];
    lupe_status status = lupe_results_hit(question->results, position, &hit);
    if (status == LUPE_OK)
        status = lupe_results_document(question->results, position, &document);
    if (status != LUPE_OK)
        return status;
    const lupe_value *title = session_value(document, "title");
    output_format(output, "%s%2llu  ", position ? "\n" : "", (unsigned long long)hit->rank);
    if (title && title->size)
        styled(search, STYLE_BOLD, title->data, title->size);
    else
        styled(search, STYLE_BOLD, hit->id, hit->id_size);
    output_format(output, "\n%*s", (int)SNIPPET_INDENT, "");
    styled(search, STYLE_PATH, hit->id, hit->id_size);
    snprintf(score, sizeof score, "  %.3f", hit->score);
    styled(search, STYLE_FAINT, score, strlen(score));
    output_text(output, "\n");
    status = lupe_results_snippet(question->results, position, &how, &snippet);
    if (status != LUPE_OK)
        return status;
    struct output_span *spans = allocate(snippet->highlight_count * sizeof *spans);
    for (size_t i = 0; i < snippet->highlight_count; i++)
        spans[i] = (struct output_span){snippet->highlights[i].start, snippet->highlights[i].end};
    output_paragraph(output, &search->style, snippet->text, snippet->size, spans,
                     snippet->highlight_count, SNIPPET_INDENT);
    free(spans);
    if (!search->options->explain)
        return LUPE_OK;
    const lupe_explanation *explanation = NULL;
    status = lupe_results_explain(question->results, position, &explanation);
    if (status == LUPE_OK)
        explanation_lines(output, explanation, SNIPPET_INDENT);
    return status;
}

static lupe_status answer_people(struct search *search, struct question *question)
{
    size_t count = lupe_results_count(question->results);
    if (question->id && count) {
        output_line(&search->output, question->id, strlen(question->id));
        output_text(&search->output, ": ");
        output_line(&search->output, question->text, question->size);
        output_text(&search->output, "\n\n");
    }
    for (size_t i = 0; i < count; i++) {
        lupe_status status = people_hit(search, question, i);
        if (status != LUPE_OK)
            return status;
    }
    if (question->id && count)
        output_text(&search->output, "\n");
    return LUPE_OK;
}

/* The closing remark for people, on standard error. */
static void remark(struct search *search, struct question *question)
{
    enum { QUERY_SHOWN = 60 };
    uint64_t total = lupe_results_total(question->results, NULL);
    size_t dropped = lupe_results_words_dropped(question->results);
    int shown = question->size < QUERY_SHOWN ? (int)question->size : (int)QUERY_SHOWN;
    while (shown < (int)question->size && shown > 0 && (question->text[shown] & 0xC0) == 0x80)
        shown--;
    const char *dots = shown < (int)question->size ? "..." : "";
    if (dropped)
        complain("%zu words beyond the limit of a query were left out", dropped);
    if (lupe_query_forms_missed(question->query))
        complain("the index does not have the forms in which words are written: = was left out");
    if (search->options->format == FORMAT_PEOPLE)
        remark_corrections(question);
    if (lupe_query_matches_nothing(question->query))
        complain("the query \"%.*s%s\" asks for nothing: it has no word to look for%s", shown,
                 question->text, dots,
                 strchr(question->text, '-') ? " (what is excluded alone matches nothing)" : "");
    else if (total == 0 && search->options->format == FORMAT_PEOPLE)
        complain("no hits for \"%.*s%s\"", shown, question->text, dots);
    else if (search->style.terminal && search->options->format == FORMAT_PEOPLE)
        complain("%s hit%s (%.1f ms)", with_commas(total), total == 1 ? "" : "s",
                 (double)question->took_us / 1e3);
}

/* ------------------------------------------------------------------ queries */

/* Asks and answers one query. EXIT_HITS unless the search itself failed. */
static int run_query(struct search *search, struct question *question)
{
    int result = EXIT_HITS;
    lupe_status status = ask(search, question);
    if (status == LUPE_OK) {
        switch ((enum output_format)search->options->format) {
        case FORMAT_JSON:
            status = answer_json(search, question);
            break;
        case FORMAT_TREC:
            status = answer_trec(search, question);
            break;
        case FORMAT_PEOPLE:
            status = answer_people(search, question);
            break;
        }
    }
    if (status != LUPE_OK) {
        search->output.size = 0;
        result = session_failed(status, search->path);
    } else {
        bool found = lupe_results_count(question->results) > 0 ||
                     lupe_results_total(question->results, NULL) > 0;
        search->anything = search->anything || found;
        if (!output_flush(&search->output, 1)) {
            if (errno != EPIPE)
                complain("standard output: %s", strerror(errno));
            result = EXIT_SYSTEM;
        } else if (!search->several || search->options->format == FORMAT_PEOPLE) {
            remark(search, question);
        }
    }
    forget(question);
    return result;
}

/* Runs the queries of a file, one a line: an id, a tab, the query. */
static int run_file(struct search *search)
{
    const char *name = search->options->queries;
    bool standard = strcmp(name, "-") == 0;
    FILE *file = standard ? stdin : fopen(name, "r");
    if (!file) {
        complain("%s: %s", name, strerror(errno));
        return EXIT_INPUT;
    }
    int result = EXIT_HITS;
    bool bad = false;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    for (unsigned long number = 1;
         result == EXIT_HITS && (size = getline(&line, &capacity, file)) >= 0; number++) {
        while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
            line[--size] = '\0';
        char *tab = strchr(line, '\t');
        if (size == 0)
            continue;
        if (!tab || tab == line) {
            complain("%s: line %lu: an id and a tab are missing in front of the query", name,
                     number);
            bad = true;
            continue;
        }
        *tab = '\0';
        struct question question = {
            .id = line, .text = tab + 1, .size = (size_t)(line + size - (tab + 1))};
        result = run_query(search, &question);
    }
    if (ferror(file)) {
        complain("%s: %s", name, strerror(errno));
        bad = true;
    }
    free(line);
    if (!standard)
        fclose(file);
    return result == EXIT_HITS && bad ? EXIT_INPUT : result;
}

/* The arguments joined by blanks. */
static int run_arguments(struct search *search)
{
    struct output text = {0};
    for (size_t i = 0; i < search->options->argument_count; i++) {
        if (i)
            output_text(&text, " ");
        output_text(&text, search->options->arguments[i]);
    }
    output_bytes(&text, "", 1);
    struct question question = {.text = text.data, .size = text.size - 1};
    int result = run_query(search, &question);
    output_free(&text);
    return result;
}

int command_search(const struct options *options)
{
    struct search search = {.options = options, .several = options->queries != NULL};
    search.style = output_style_find();
    int result = session_open(options, LUPE_OPEN_READ_ONLY, &search.path, &search.index);
    if (result == EXIT_HITS) {
        lupe_status status = lupe_snapshot_open(search.index, &search.snapshot);
        if (status != LUPE_OK)
            result = session_failed(status, search.path);
        else
            result = search.several ? run_file(&search) : run_arguments(&search);
    }
    if (result == EXIT_HITS && !search.anything)
        result = EXIT_NONE;
    lupe_snapshot_close(search.snapshot);
    lupe_index_close(search.index);
    output_free(&search.output);
    free(search.path);
    return result;
}
