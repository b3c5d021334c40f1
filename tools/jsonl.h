/* SPDX-License-Identifier: MIT
 *
 * jsonl.h - reads JSON Lines: one object a line, one document an object.
 *
 * Owns the buffer that holds the present line; strings are unescaped in it and handed out as
 * pointers into it, so that nothing is copied. Called by `lupe index` and by the bench. Never
 * prints, never seeks, never reads the whole input; knows nothing of the rest of the tool and
 * nothing of the library.
 *
 * A line is read strictly (RFC 8259: structure, numbers, escapes, no raw control characters),
 * with one leniency: a \u escape of half a surrogate pair reads as U+FFFD, since programs that
 * cut strings write such. Bytes above 127 are handed on as they are; whether they are UTF-8 is
 * the caller's question. Of two members with one name the last counts. A bad line costs that
 * line alone.
 */
#ifndef LUPE_TOOLS_JSONL_H
#define LUPE_TOOLS_JSONL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSONL_LINE_BYTES_MAX ((uint64_t)1 << 30) /* a longer line is a bad line */
#define JSONL_FIELDS_MAX 4096u                   /* members of one object beside the three */
#define JSONL_DEPTH_MAX 512u                     /* nesting of a member's value */
#define JSONL_BLOCK_BYTES ((size_t)256 << 10)    /* one read: fits the second-level cache */
#define JSONL_MESSAGE_BYTES_MAX 160u

enum jsonl_kind {
    JSONL_ABSENT = 0,
    JSONL_NULL,
    JSONL_FALSE,
    JSONL_TRUE,
    JSONL_NUMBER,
    JSONL_STRING,
    JSONL_ARRAY,
    JSONL_OBJECT
};

/* A member's value. Of a string, data is its text without escapes, a NUL behind it (and NULs
 * inside it when it has \u0000). Of everything else, data is the JSON as it stands in the line,
 * without a NUL behind it. ABSENT has NULL and 0. */
struct jsonl_value {
    const char *data;
    size_t size;
    enum jsonl_kind kind;
};

struct jsonl_field {
    const char *name; /* name_size bytes and a NUL */
    size_t name_size;
    struct jsonl_value value;
};

/* A document: the three members every line should have, and the others in their order. All
 * of it belongs to the reader and is valid until the next jsonl_next. */
struct jsonl_document {
    uint64_t line; /* from 1 */
    struct jsonl_value id;
    struct jsonl_value title;
    struct jsonl_value text;
    const struct jsonl_field *fields;
    size_t field_count;
};

enum jsonl_result {
    JSONL_DOCUMENT, /* *document is filled */
    JSONL_END,      /* no more lines */
    JSONL_BAD_LINE, /* jsonl_line, jsonl_column and jsonl_message tell; go on with the next */
    JSONL_FAILED    /* reading failed, memory ran out, or stop asked for it: see jsonl_errno */
};

/* Zero in a member means its default. */
struct jsonl_options {
    uint64_t line_bytes_max;
    size_t block_bytes;
    bool (*stop)(void); /* asked when a signal interrupts a read; true ends it with EINTR */
};

struct jsonl_reader;

/* A reader of an open file descriptor, which stays the caller's. options may be NULL. NULL
 * when there is no memory. */
struct jsonl_reader *jsonl_open(int descriptor, const struct jsonl_options *options);
void jsonl_close(struct jsonl_reader *reader); /* accepts NULL */

/* The next document; lines without anything but blanks are passed over. */
enum jsonl_result jsonl_next(struct jsonl_reader *reader, struct jsonl_document *document);

uint64_t jsonl_line(const struct jsonl_reader *reader);       /* of the last result, from 1 */
uint64_t jsonl_column(const struct jsonl_reader *reader);     /* bytes, from 1 */
const char *jsonl_message(const struct jsonl_reader *reader); /* what is wrong, as a phrase */
int jsonl_errno(const struct jsonl_reader *reader);           /* after JSONL_FAILED */
uint64_t jsonl_bytes_read(const struct jsonl_reader *reader); /* so far, for progress */

#endif
