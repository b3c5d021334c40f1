/* SPDX-License-Identifier: MIT
 *
 * index_lines.c - JSON Lines into the index.
 *
 * What becomes of a member of a line:
 *     id              the document's id, a string or a number
 *     title, text     text, searched; numbers and true or false as they are written
 *     --text FIELD    the same
 *     a string        a keyword of up to KEYWORD_VALUE_BYTES_MAX bytes, else stored
 *     another value   stored, as it is written; null and empty strings are left out
 * where the field is new. A field that exists keeps its kind, and a value that came with another
 * one is kept in that field's way; where that means that it is searched less than it could be,
 * it is reported as a conflict. A document that the index still refuses is put once more without
 * its further fields.
 */
#include <stdlib.h>
#include <string.h>

#include "encoding.h"
#include "index_run.h"
#include "jsonl.h"

#define KEYWORD_VALUE_BYTES_MAX 255u

struct lines {
    struct run *run;
    const char *name; /* of the input */
    struct jsonl_reader *reader;
    uint64_t bytes_before; /* run->bytes_done */
    lupe_value *values;
    size_t value_count;
    size_t value_capacity;
    char **repaired; /* texts of this document that were not UTF-8 */
    size_t repaired_count;
    size_t repaired_capacity;
};

/* ------------------------------------------------------------------ messages */

/* A line that gave no document. */
static void bad_line(struct lines *lines, uint64_t line, const char *message)
{
    struct run *run = lines->run;
    run->bad_lines++;
    run->input_bad = true;
    if (run->bad_lines <= LINES_REPORTED_MAX)
        complain("%s: line %llu: %s", lines->name, (unsigned long long)line, message);
    if (run->bad_lines == LINES_REPORTED_MAX)
        complain("further bad lines are counted only");
}

static void conflict(struct lines *lines, uint64_t line, const char *field, const char *message)
{
    struct run *run = lines->run;
    for (size_t i = 0; i < run->conflict_count; i++) {
        if (strcmp(run->conflicts[i].field, field) == 0) {
            run->conflicts[i].count++;
            return;
        }
    }
    run->conflicts = grow_array(run->conflicts, run->conflict_count, &run->conflict_capacity,
                                sizeof *run->conflicts);
    run->conflicts[run->conflict_count++] = (struct conflict){copy_bytes(field, strlen(field)), 1};
    complain("%s: line %llu: field \"%s\": %s", lines->name, (unsigned long long)line, field,
             message);
}

/* ------------------------------------------------------------------ values */

static bool is_named_text(const struct lines *lines, const char *field)
{
    const struct options *options = lines->run->options;
    for (size_t i = 0; i < options->text_field_count; i++)
        if (strcmp(options->text_fields[i], field) == 0)
            return true;
    return false;
}

/* The value's bytes as UTF-8, in the line or in a copy that lives as long as the document. */
static void as_utf8(struct lines *lines, struct jsonl_value *value)
{
    if (encoding_is_utf8(value->data, value->size))
        return;
    lines->repaired = grow_array(lines->repaired, lines->repaired_count, &lines->repaired_capacity,
                                 sizeof *lines->repaired);
    char *text = encoding_repair(value->data, value->size, &value->size);
    lines->repaired[lines->repaired_count++] = text;
    value->data = text;
}

static bool is_left_out(const struct jsonl_value *value)
{
    return value->kind == JSONL_ABSENT || value->kind == JSONL_NULL || value->size == 0;
}

static void add_value(struct lines *lines, const char *field, lupe_kind kind,
                      const struct jsonl_value *value)
{
    lines->values = grow_array(lines->values, lines->value_count, &lines->value_capacity,
                               sizeof *lines->values);
    lines->values[lines->value_count++] =
        (lupe_value){.field = field, .kind = kind, .data = value->data, .size = value->size};
}

static void add_text(struct lines *lines, const char *field, struct jsonl_value value)
{
    if (is_left_out(&value))
        return;
    as_utf8(lines, &value);
    add_value(lines, field, run_kind(lines->run, field, LUPE_TEXT), &value);
}

/* Whether the library takes this as the name of a field. */
static bool is_field_name(const struct jsonl_field *field)
{
    if (field->name_size == 0 || field->name_size > 255)
        return false;
    for (size_t i = 0; i < field->name_size; i++)
        if ((unsigned char)field->name[i] < 0x20 || field->name[i] == 0x7F)
            return false;
    return !session_is_own_field(field->name) && encoding_is_utf8(field->name, field->name_size);
}

/* Tells where the kind that a field has keeps a value from being searched. */
static void look_for_conflict(struct lines *lines, uint64_t line, const char *field,
                              lupe_kind wanted)
{
    lupe_kind declared = lupe_writer_field_kind(lines->run->writer.writer, field);
    if (declared == LUPE_KIND_NONE || declared == wanted)
        return;
    if (wanted == LUPE_TEXT)
        conflict(lines, line, field,
                 declared == LUPE_KEYWORD
                     ? "holds keywords in this index; kept as such, not searched as text"
                     : "is only stored in this index; kept, not searched");
    else if (wanted == LUPE_KEYWORD && declared == LUPE_STORED)
        conflict(lines, line, field, "is only stored in this index; kept, not searched");
}

static void add_field(struct lines *lines, uint64_t line, const struct jsonl_field *field)
{
    struct jsonl_value value = field->value;
    if (is_left_out(&value))
        return;
    if (!is_field_name(field)) {
        lines->run->input_bad = true;
        conflict(lines, line, field->name, "cannot be the name of a field; left out");
        return;
    }
    as_utf8(lines, &value);
    lupe_kind wanted = LUPE_STORED;
    if (is_named_text(lines, field->name))
        wanted = LUPE_TEXT;
    else if (value.kind == JSONL_STRING && value.size <= KEYWORD_VALUE_BYTES_MAX)
        wanted = LUPE_KEYWORD;
    look_for_conflict(lines, line, field->name, wanted);
    add_value(lines, field->name, run_kind(lines->run, field->name, wanted), &value);
}

/* ------------------------------------------------------------------ documents */

static bool is_refusal(lupe_status status)
{
    return status == LUPE_INVALID || status == LUPE_CONFLICT || status == LUPE_LIMIT ||
           status == LUPE_UNSUPPORTED;
}

static bool put_values(struct lines *lines, uint64_t line, const struct jsonl_value *id,
                       size_t plain_count)
{
    struct run *run = lines->run;
    lupe_document document = {.id = id->data,
                              .id_size = id->size,
                              .values = lines->values,
                              .value_count = lines->value_count};
    lupe_status status = session_put(&run->writer, &document);
    if (is_refusal(status) && lines->value_count > plain_count) {
        char *message = copy_bytes(lupe_last_error(), strlen(lupe_last_error()));
        document.value_count = plain_count;
        status = session_put(&run->writer, &document);
        if (status == LUPE_OK) {
            run->input_bad = true;
            complain("%s: line %llu: %s; kept without its further fields", lines->name,
                     (unsigned long long)line, message);
        }
        free(message);
    }
    if (is_refusal(status)) {
        bad_line(lines, line, lupe_last_error());
        return true;
    }
    if (status != LUPE_OK)
        return run_failed(run, status);
    run->indexed++;
    return true;
}

static bool put_document(struct lines *lines, const struct jsonl_document *document)
{
    struct jsonl_value id = document->id;
    if ((id.kind != JSONL_STRING && id.kind != JSONL_NUMBER) || id.size == 0) {
        bad_line(lines, document->line, "the document has no \"id\" (a string or a number)");
        return true;
    }
    lines->value_count = 0;
    as_utf8(lines, &id);
    add_text(lines, "title", document->title);
    add_text(lines, "text", document->text);
    size_t plain_count = lines->value_count;
    for (size_t i = 0; i < document->field_count; i++)
        add_field(lines, document->line, &document->fields[i]);
    bool good = put_values(lines, document->line, &id, plain_count);
    lines->run->windows += lines->repaired_count > 0;
    while (lines->repaired_count)
        free(lines->repaired[--lines->repaired_count]);
    return good;
}

static bool reading_failed(struct lines *lines)
{
    struct run *run = lines->run;
    if (interrupted())
        return false;
    complain("%s: line %llu: %s; what came before is indexed", lines->name,
             (unsigned long long)jsonl_line(lines->reader) + 1, jsonl_message(lines->reader));
    run->unreadable++;
    run->input_bad = true;
    return true;
}

static bool put_all(struct lines *lines)
{
    struct run *run = lines->run;
    struct jsonl_document document;
    while (!interrupted()) {
        switch (jsonl_next(lines->reader, &document)) {
        case JSONL_END:
            return true;
        case JSONL_FAILED:
            return reading_failed(lines);
        case JSONL_BAD_LINE: {
            char *message =
                format_text("column %llu: %s", (unsigned long long)jsonl_column(lines->reader),
                            jsonl_message(lines->reader));
            bad_line(lines, jsonl_line(lines->reader), message);
            free(message);
            break;
        }
        case JSONL_DOCUMENT:
            if (!put_document(lines, &document))
                return false;
            break;
        }
        run->bytes_done = lines->bytes_before + jsonl_bytes_read(lines->reader);
        run_progress(run);
    }
    return false;
}

bool lines_put(struct run *run, int descriptor, const char *name)
{
    struct jsonl_options options = {.stop = interrupted};
    struct lines lines = {.run = run, .name = name, .bytes_before = run->bytes_done};
    lines.reader = jsonl_open(descriptor, &options);
    if (!lines.reader) {
        complain("out of memory; try --memory with less");
        run->fatal = EXIT_SYSTEM;
        return false;
    }
    bool good = put_all(&lines);
    jsonl_close(lines.reader);
    free(lines.values);
    free(lines.repaired);
    return good;
}
