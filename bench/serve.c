/* SPDX-License-Identifier: MIT
 *
 * serve.c - `lupe-bench serve`: answers queries over pipes, one line each, with its own clock.
 *
 *     request = command TAB query LF
 *     command = "NOOP" | "COUNT" | "TOP_" k | "TOP_" k "_COUNT" | "TOPIDS_" k | "TOPTEXT_" k
 *     answer  = ( number | [ id SP score *( TAB id SP score ) ] | "UNSUPPORTED" | "ERROR" )
 *               TAB "us=" microseconds LF
 *
 * The clock covers parsing, searching, reading the result and freeing query and results; not
 * the pipe. The lines are read and written with one system call each where that is possible:
 * both are part of a round trip that others measure from outside.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define READ_BYTES ((size_t)64 << 10)
#define LINE_BYTES_MAX ((size_t)64 << 20) /* a longer request ends the process */
#define SCORE_BYTES 48u                   /* room for a blank, a score and a tab */

struct buffer {
    char *data;
    size_t size;
    size_t capacity;
};

struct server {
    lupe_index *index;
    lupe_snapshot *snapshot;
    struct buffer input; /* what was read; lines up to next are answered */
    size_t next;
    struct buffer answer;
};

enum request_kind {
    REQUEST_UNSUPPORTED,
    REQUEST_NOOP,
    REQUEST_COUNT,
    REQUEST_TOP,
    REQUEST_IDS,
    REQUEST_TEXT
};

struct request {
    enum request_kind kind;
    uint32_t limit;
    bool count;
    const char *query;
    size_t query_size;
};

static bool reserve(struct buffer *buffer, size_t more)
{
    if (buffer->capacity - buffer->size >= more)
        return true;
    size_t capacity =
        buffer->capacity * 2 > buffer->size + more ? buffer->capacity * 2 : buffer->size + more;
    char *data = realloc(buffer->data, capacity);
    if (!data)
        return false;
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

/* ------------------------------------------------------------------ requests */

/* Reads the digits of "TOP_10_COUNT" behind "TOP_"; the rest is what follows them. */
static bool parse_limit(const char *text, const char *end, uint32_t *limit, const char **rest)
{
    uint64_t number = 0;
    const char *digit = text;
    for (; digit < end && *digit >= '0' && *digit <= '9'; digit++) {
        number = number * 10 + (uint64_t)(*digit - '0');
        if (number > UINT32_MAX)
            return false;
    }
    *limit = (uint32_t)number;
    *rest = digit;
    return digit > text;
}

static bool is_text(const char *data, const char *end, const char *text)
{
    size_t size = strlen(text);
    return (size_t)(end - data) == size && memcmp(data, text, size) == 0;
}

static bool begins(const char *data, const char *end, const char *text)
{
    size_t size = strlen(text);
    return (size_t)(end - data) >= size && memcmp(data, text, size) == 0;
}

static struct request parse_request(const char *line, size_t size)
{
    struct request request = {0};
    const char *end = line + size;
    const char *tab = memchr(line, '\t', size);
    const char *command_end = tab ? tab : end;
    const char *rest = NULL;
    request.query = tab ? tab + 1 : end;
    request.query_size = (size_t)(end - request.query);
    if (is_text(line, command_end, "NOOP")) {
        request.kind = REQUEST_NOOP;
    } else if (is_text(line, command_end, "COUNT")) {
        request.kind = REQUEST_COUNT;
        request.count = true;
    } else if (begins(line, command_end, "TOP_") &&
               parse_limit(line + strlen("TOP_"), command_end, &request.limit, &rest)) {
        request.count = is_text(rest, command_end, "_COUNT");
        if (request.count || rest == command_end)
            request.kind = REQUEST_TOP;
    } else if (begins(line, command_end, "TOPIDS_") &&
               parse_limit(line + strlen("TOPIDS_"), command_end, &request.limit, &rest) &&
               rest == command_end) {
        request.kind = REQUEST_IDS;
    } else if (begins(line, command_end, "TOPTEXT_") &&
               parse_limit(line + strlen("TOPTEXT_"), command_end, &request.limit, &rest) &&
               rest == command_end) {
        request.kind = REQUEST_TEXT;
    }
    return request;
}

/* ------------------------------------------------------------------ answers */

static bool add_text(struct buffer *answer, const char *text)
{
    size_t size = strlen(text);
    if (!reserve(answer, size))
        return false;
    memcpy(answer->data + answer->size, text, size);
    answer->size += size;
    return true;
}

static lupe_status add_hits(struct buffer *answer, lupe_results *results)
{
    size_t count = lupe_results_count(results);
    for (size_t i = 0; i < count; i++) {
        const lupe_hit *hit = NULL;
        lupe_status status = lupe_results_hit(results, i, &hit);
        if (status != LUPE_OK)
            return status;
        if (!reserve(answer, hit->id_size + SCORE_BYTES))
            return LUPE_NO_MEMORY;
        if (i > 0)
            answer->data[answer->size++] = '\t';
        memcpy(answer->data + answer->size, hit->id, hit->id_size);
        answer->size += hit->id_size;
        answer->size +=
            (size_t)snprintf(answer->data + answer->size, SCORE_BYTES - 1, " %.7f", hit->score);
    }
    return LUPE_OK;
}

/* Bytes of the stored values of all hits: what a page of results reads. */
static lupe_status count_text(lupe_results *results, uint64_t *bytes)
{
    *bytes = 0;
    for (size_t i = 0; i < lupe_results_count(results); i++) {
        const lupe_document *document = NULL;
        lupe_status status = lupe_results_document(results, i, &document);
        if (status != LUPE_OK)
            return status;
        for (size_t v = 0; v < document->value_count; v++)
            *bytes += document->values[v].size;
    }
    return LUPE_OK;
}

/* The work that is timed. number is the answer, except for ids, which go to answer. */
static lupe_status run_query(struct server *server, const struct request *request, uint64_t *number)
{
    lupe_query *query = NULL;
    lupe_results *results = NULL;
    lupe_search_options options = LUPE_SEARCH_OPTIONS_INIT;
    options.limit = request->limit;
    options.count_limit = request->count ? LUPE_COUNT_EXACT : 0;
    lupe_status status =
        lupe_query_parse(server->index, request->query, request->query_size, NULL, &query);
    if (status == LUPE_OK)
        status = lupe_search(server->snapshot, query, &options, &results);
    if (status == LUPE_OK) {
        *number = request->count ? lupe_results_total(results, NULL) : lupe_results_count(results);
        if (request->kind == REQUEST_IDS)
            status = add_hits(&server->answer, results);
        if (request->kind == REQUEST_TEXT)
            status = count_text(results, number);
    }
    lupe_results_free(results);
    lupe_query_free(query);
    return status;
}

static bool answer_request(struct server *server, const struct request *request)
{
    char text[64];
    uint64_t number = 0;
    lupe_status status = LUPE_OK;
    server->answer.size = 0;
    double start = wall_us();
    if (request->kind >= REQUEST_COUNT)
        status = run_query(server, request, &number);
    double spent = wall_us() - start;
    if (status != LUPE_OK) {
        server->answer.size = 0;
        fprintf(stderr, "lupe-bench: %.*s: %s\n", (int)request->query_size, request->query,
                lupe_last_error());
        return add_text(&server->answer, "ERROR\n");
    }
    if (request->kind == REQUEST_UNSUPPORTED)
        return add_text(&server->answer, "UNSUPPORTED\n");
    if (request->kind == REQUEST_IDS)
        snprintf(text, sizeof text, "\tus=%.1f\n", spent);
    else
        snprintf(text, sizeof text, "%llu\tus=%.1f\n", (unsigned long long)number, spent);
    return add_text(&server->answer, text);
}

/* ------------------------------------------------------------------ lines */

static bool write_answer(const struct buffer *answer)
{
    for (size_t written = 0; written < answer->size;) {
        ssize_t size = write(STDOUT_FILENO, answer->data + written, answer->size - written);
        if (size < 0 && errno != EINTR)
            return false;
        written += size > 0 ? (size_t)size : 0;
    }
    return true;
}

/* The next line, without its end; it is valid until the next call. At the end of the input
 * what is left counts as one. False: no more. */
static bool read_line(struct server *server, const char **line, size_t *size)
{
    struct buffer *input = &server->input;
    size_t scanned = server->next;
    for (;;) {
        char *end = input->size > scanned
                        ? memchr(input->data + scanned, '\n', input->size - scanned)
                        : NULL;
        if (end) {
            *line = input->data + server->next;
            *size = (size_t)(end - *line);
            server->next += *size + 1;
            return true;
        }
        if (server->next > 0) {
            input->size -= server->next;
            memmove(input->data, input->data + server->next, input->size);
            server->next = 0;
        }
        scanned = input->size;
        if (input->size > LINE_BYTES_MAX || !reserve(input, READ_BYTES))
            return false;
        ssize_t got = read(STDIN_FILENO, input->data + input->size, input->capacity - input->size);
        if (got > 0) {
            input->size += (size_t)got;
        } else if (got == 0 || errno != EINTR) {
            *line = input->data;
            *size = input->size;
            server->next = input->size;
            return got == 0 && *size > 0;
        }
    }
}

static int answer_lines(struct server *server)
{
    const char *line = NULL;
    size_t size = 0;
    while (read_line(server, &line, &size)) {
        struct request request = parse_request(line, size);
        if (!answer_request(server, &request))
            return bench_fail("out of memory");
        if (!write_answer(&server->answer))
            return bench_fail("writing the answer: %s", strerror(errno));
    }
    return 0;
}

int command_serve(int count, char **arguments)
{
    struct server server = {0};
    char path[PATH_SIZE];
    if (count != 1)
        return usage_fail();
    if (!join_path(path, arguments[0], "index.lupe"))
        return bench_fail("%s: the path is too long", arguments[0]);
    lupe_open_options options = LUPE_OPEN_OPTIONS_INIT;
    options.flags = LUPE_OPEN_READ_ONLY;
    int status = 0;
    if (!reserve(&server.input, READ_BYTES) || !reserve(&server.answer, READ_BYTES))
        status = bench_fail("out of memory");
    else if (lupe_index_open(path, &options, &server.index) != LUPE_OK ||
             lupe_snapshot_open(server.index, &server.snapshot) != LUPE_OK)
        status = library_fail(path);
    else
        status = answer_lines(&server);
    lupe_snapshot_close(server.snapshot);
    lupe_index_close(server.index);
    free(server.input.data);
    free(server.answer.data);
    return status;
}
