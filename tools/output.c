/* SPDX-License-Identifier: MIT
 *
 * output.c - see output.h.
 */
#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "basics.h"
#include "encoding.h"

#define COLUMNS_DEFAULT 80u
#define COLUMNS_MIN 40u
#define COLUMNS_MAX 100u
#define REPLACEMENT_TEXT "\xEF\xBF\xBD"

/* ------------------------------------------------------------------ the buffer */

static char *reserve(struct output *output, size_t more)
{
    if (output->capacity - output->size < more) {
        size_t capacity = output->capacity ? output->capacity : 4096;
        while (capacity - output->size < more)
            capacity *= 2;
        output->data = reallocate(output->data, capacity);
        output->capacity = capacity;
    }
    return output->data + output->size;
}

void output_bytes(struct output *output, const void *bytes, size_t size)
{
    if (!size)
        return;
    memcpy(reserve(output, size), bytes, size);
    output->size += size;
}

void output_text(struct output *output, const char *text)
{
    output_bytes(output, text, strlen(text));
}

void output_format(struct output *output, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    int size = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (size > 0)
        output_bytes(output, text, (size_t)size);
    if (size >= 0)
        free(text);
}

bool output_flush(struct output *output, int descriptor)
{
    size_t done = 0;
    while (done < output->size) {
        ssize_t written = write(descriptor, output->data + done, output->size - done);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0)
            done += (size_t)written;
    }
    output->size = 0;
    return true;
}

void output_free(struct output *output)
{
    free(output->data);
    *output = (struct output){0};
}

int output_finish(struct output *output, int status)
{
    if (!output_flush(output, STDOUT_FILENO)) {
        /* A reader that has seen enough is no failure worth a message. */
        if (errno != EPIPE)
            complain("standard output: %s", strerror(errno));
        status = EXIT_SYSTEM;
    }
    output_free(output);
    return status;
}

/* ------------------------------------------------------------------ JSON */

/* True where a byte stands for itself in a JSON string and begins no longer sequence. */
static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void json_escape(struct output *output, uint32_t code)
{
    static const char letters[] = "\"\\bfnrt";
    static const char meanings[] = "\"\\\b\f\n\r\t";
    const char *meaning = strchr(meanings, (int)code);
    if (code && meaning)
        output_format(output, "\\%c", letters[meaning - meanings]);
    else
        output_format(output, "\\u%04x", (unsigned)code);
}

void output_json(struct output *output, const char *bytes, size_t size)
{
    const char *end = bytes + size;
    output_text(output, "\"");
    for (const char *at = bytes; at < end;) {
        const char *run = at;
        while (at < end && is_plain((unsigned char)*at))
            at++;
        output_bytes(output, run, (size_t)(at - run));
        if (at == end)
            break;
        size_t step;
        uint32_t code = encoding_next(at, end, &step);
        if (code < 0x80)
            json_escape(output, code);
        else if (step == 1)
            output_text(output, REPLACEMENT_TEXT);
        else
            output_bytes(output, at, step);
        at += step;
    }
    output_text(output, "\"");
}

/* ------------------------------------------------------------------ text for people */

/* Characters that steer a terminal or turn the direction of writing. */
static bool is_harmful(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x200E || code == 0x200F ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

static bool is_space(uint32_t code)
{
    return code == ' ' || code == '\n' || code == '\t' || code == '\r';
}

static void put_clean(struct output *output, const char *at, size_t step, uint32_t code)
{
    if (code >= 0x80 && step == 1)
        output_text(output, REPLACEMENT_TEXT);
    else if (is_harmful(code))
        output_text(output, code < 0x80 ? "?" : REPLACEMENT_TEXT);
    else
        output_bytes(output, at, step);
}

static void put_people(struct output *output, const char *bytes, size_t size, bool many_lines)
{
    const char *end = bytes + size;
    size_t step;
    for (const char *at = bytes; at < end; at += step) {
        uint32_t code = encoding_next(at, end, &step);
        if (code == '\r' && at + 1 < end && at[1] == '\n')
            continue;
        if (is_space(code))
            output_bytes(output, many_lines && code != '\r' ? at : " ", 1);
        else
            put_clean(output, at, step, code);
    }
}

void output_line(struct output *output, const char *bytes, size_t size)
{
    put_people(output, bytes, size, false);
}

void output_lines(struct output *output, const char *bytes, size_t size)
{
    put_people(output, bytes, size, true);
}

struct output_style output_style_find(void)
{
    struct output_style style = {isatty(STDOUT_FILENO) == 1, false, COLUMNS_DEFAULT};
    const char *no_colour = getenv("NO_COLOR");
    const char *kind = getenv("TERM");
    style.colour =
        style.terminal && !(no_colour && *no_colour) && !(kind && strcmp(kind, "dumb") == 0);
    struct winsize window;
    if (style.terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0)
        style.columns = window.ws_col;
    if (style.columns < COLUMNS_MIN)
        style.columns = COLUMNS_MIN;
    if (style.columns > COLUMNS_MAX)
        style.columns = COLUMNS_MAX;
    return style;
}

/* ------------------------------------------------------------------ paragraphs */

/* How many columns a character takes, near enough for wrapping lines. */
static size_t columns_of(uint32_t code)
{
    if (code >= 0x300 && code < 0x370)
        return 0;
    bool wide = (code >= 0x1100 && code < 0x1160) || (code >= 0x2E80 && code < 0xA4D0) ||
                (code >= 0xAC00 && code < 0xD7A4) || (code >= 0xF900 && code < 0xFB00) ||
                (code >= 0xFF00 && code < 0xFF61) || (code >= 0x1F300 && code < 0x1FA00) ||
                (code >= 0x20000 && code < 0x40000);
    return wide ? 2 : 1;
}

struct paragraph {
    struct output *output;
    const struct output_style *style;
    const char *bytes;
    const struct output_span *spans;
    size_t span_count;
    size_t next_span;
    size_t indent;
    size_t column; /* 0: nothing on this line yet */
    bool lit;
};

static void light(struct paragraph *paragraph, bool on)
{
    if (paragraph->lit != on && paragraph->style->colour)
        output_text(paragraph->output, on ? STYLE_HIT : STYLE_OFF);
    paragraph->lit = on;
}

static bool in_span(struct paragraph *paragraph, size_t offset)
{
    while (paragraph->next_span < paragraph->span_count &&
           paragraph->spans[paragraph->next_span].end <= offset)
        paragraph->next_span++;
    return paragraph->next_span < paragraph->span_count &&
           paragraph->spans[paragraph->next_span].start <= offset;
}

/* Puts one word, on a new line when it does not fit the present one. */
static void put_word(struct paragraph *paragraph, size_t start, size_t end, size_t columns)
{
    struct output *output = paragraph->output;
    size_t room = paragraph->style->columns - paragraph->indent;
    bool lit = paragraph->lit && in_span(paragraph, start);
    if (!lit)
        light(paragraph, false);
    if (paragraph->column && paragraph->column + 1 + columns > room) {
        light(paragraph, false);
        output_text(output, "\n");
        paragraph->column = 0;
    }
    if (paragraph->column == 0) {
        output_format(output, "%*s", (int)paragraph->indent, "");
    } else {
        output_text(output, " ");
        paragraph->column++;
    }
    size_t step;
    for (size_t at = start; at < end; at += step) {
        uint32_t code = encoding_next(paragraph->bytes + at, paragraph->bytes + end, &step);
        light(paragraph, in_span(paragraph, at));
        put_clean(output, paragraph->bytes + at, step, code);
    }
    paragraph->column += columns;
    if (paragraph->column == 0)
        paragraph->column = 1;
}

void output_paragraph(struct output *output, const struct output_style *style, const char *bytes,
                      size_t size, const struct output_span *spans, size_t span_count,
                      size_t indent)
{
    struct paragraph paragraph = {.output = output,
                                  .style = style,
                                  .bytes = bytes,
                                  .spans = spans,
                                  .span_count = span_count,
                                  .indent = indent};
    size_t at = 0;
    while (at < size) {
        size_t step, columns = 0;
        size_t start = at;
        while (at < size) {
            uint32_t code = encoding_next(bytes + at, bytes + size, &step);
            if (is_space(code))
                break;
            columns += columns_of(code);
            at += step;
        }
        if (at > start)
            put_word(&paragraph, start, at, columns);
        else
            at++;
    }
    light(&paragraph, false);
    if (paragraph.column)
        output_text(output, "\n");
}
