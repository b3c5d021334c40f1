/* SPDX-License-Identifier: MIT
 *
 * output.h - what goes to standard output: gathered in memory, written in one piece when it is
 * whole, so that a failure half-way leaves nothing behind.
 *
 * Owns the buffer. Called by every command. Two kinds of text pass through it: JSON, where all
 * is escaped as it must be and what is not UTF-8 becomes U+FFFD; and text for people, where
 * nothing stored can steer a terminal: control characters and those that reverse the direction
 * of writing are replaced.
 */
#ifndef LUPE_TOOLS_OUTPUT_H
#define LUPE_TOOLS_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct output {
    char *data;
    size_t size;
    size_t capacity;
};

void output_bytes(struct output *output, const void *bytes, size_t size);
void output_text(struct output *output, const char *text);
void output_format(struct output *output, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A JSON string with its quotes. */
void output_json(struct output *output, const char *bytes, size_t size);

/* Text for people on one line: blanks for newlines and tabs. */
void output_line(struct output *output, const char *bytes, size_t size);

/* Text for people of many lines: newlines and tabs stay. */
void output_lines(struct output *output, const char *bytes, size_t size);

/* A highlighted place: bytes start to end - 1. */
struct output_span {
    size_t start;
    size_t end;
};

/* How text for people looks. columns counts characters of a line. */
struct output_style {
    bool terminal;
    bool colour;
    size_t columns;
};

/* The style for standard output: colours on a terminal, unless NO_COLOR is set and not empty
 * or TERM is "dumb". */
struct output_style output_style_find(void);

/* Text for people as a paragraph of indented lines no longer than the columns, spans coloured. */
void output_paragraph(struct output *output, const struct output_style *style, const char *bytes,
                      size_t size, const struct output_span *spans, size_t span_count,
                      size_t indent);

/* Writes everything to the descriptor and empties the buffer. False with errno when it cannot. */
bool output_flush(struct output *output, int descriptor);
void output_free(struct output *output);

/* The same to standard output, with a message and the exit status to end with: status when all
 * went well. */
int output_finish(struct output *output, int status);

#define STYLE_BOLD "\033[1m"
#define STYLE_HIT "\033[1;31m"
#define STYLE_PATH "\033[36m"
#define STYLE_FAINT "\033[2m"
#define STYLE_OFF "\033[0m"

#endif
