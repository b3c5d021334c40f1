/* SPDX-License-Identifier: MIT
 *
 * jsonl.c - JSON Lines, see jsonl.h. What it reads, one a line:
 *
 *     document = "{" [ member *( "," member ) ] "}"
 *     member   = string ":" value
 *     value    = string | number | "true" | "false" | "null" | array | object
 *
 * The buffer. Lines are found by memchr; the newline is overwritten with a NUL, which no rule
 * accepts, so that no scan needs to ask for the end. What is left of a block moves to the front
 * before the next read:
 *
 *     | done with | the line (in place) | 0 | more lines ... half a line | free      | padding |
 *                                         ^ next                         ^ filled    ^ capacity
 *
 * Strings. Eight bytes at a time are tested for quote, backslash and control characters. A
 * string without escapes is never touched; one with escapes is moved together in place, eight
 * bytes at a time as well: the target lies before the source, so that a word is read before
 * it can be overwritten.
 */
#include "jsonl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Words may be read so far behind the line's end. */
#define PADDING_BYTES 16u

struct jsonl_reader {
    int descriptor;
    struct jsonl_options options;
    char *data;
    size_t capacity; /* without the padding */
    size_t next;     /* first byte of the next line */
    size_t scanned;  /* no newline before here */
    size_t filled;
    bool at_end;
    bool too_long; /* dropping bytes up to the next newline */
    uint64_t line;
    uint64_t bytes_read;
    const char *line_start;
    uint64_t column;
    int error;
    char message[JSONL_MESSAGE_BYTES_MAX];
    struct jsonl_field *fields;
    size_t field_count;
    size_t field_capacity;
};

/* ------------------------------------------------------------------ open, close, state */

struct jsonl_reader *jsonl_open(int descriptor, const struct jsonl_options *options)
{
    struct jsonl_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return NULL;
    if (options)
        reader->options = *options;
    if (!reader->options.line_bytes_max)
        reader->options.line_bytes_max = JSONL_LINE_BYTES_MAX;
    if (!reader->options.block_bytes)
        reader->options.block_bytes = JSONL_BLOCK_BYTES;
    reader->descriptor = descriptor;
    reader->capacity = reader->options.block_bytes;
    reader->data = malloc(reader->capacity + PADDING_BYTES);
    if (!reader->data) {
        free(reader);
        return NULL;
    }
    memset(reader->data, 0, reader->capacity + PADDING_BYTES);
    return reader;
}

void jsonl_close(struct jsonl_reader *reader)
{
    if (!reader)
        return;
    free(reader->fields);
    free(reader->data);
    free(reader);
}

uint64_t jsonl_line(const struct jsonl_reader *reader)
{
    return reader->line;
}

uint64_t jsonl_column(const struct jsonl_reader *reader)
{
    return reader->column;
}

const char *jsonl_message(const struct jsonl_reader *reader)
{
    return reader->message;
}

int jsonl_errno(const struct jsonl_reader *reader)
{
    return reader->error;
}

uint64_t jsonl_bytes_read(const struct jsonl_reader *reader)
{
    return reader->bytes_read;
}

static enum jsonl_result failed(struct jsonl_reader *reader, int error)
{
    reader->error = error;
    reader->column = 0;
    snprintf(reader->message, sizeof reader->message, "%s", strerror(error));
    return JSONL_FAILED;
}

/* Notes what is wrong at a place of the present line; always NULL, for `return bad(...)`. */
static char *bad(struct jsonl_reader *reader, const char *at, const char *message)
{
    reader->column = (uint64_t)(at - reader->line_start) + 1;
    snprintf(reader->message, sizeof reader->message, "%s", message);
    return NULL;
}

static bool refuse(struct jsonl_reader *reader, const char *at, const char *message)
{
    bad(reader, at, message);
    return false;
}

/* ------------------------------------------------------------------ lines */

static bool resize(struct jsonl_reader *reader, size_t capacity)
{
    char *data = realloc(reader->data, capacity + PADDING_BYTES);
    if (!data)
        return false;
    reader->data = data;
    reader->capacity = capacity;
    return true;
}

/* Makes room for a block behind filled. Memory taken for one very long line is given back when
 * it is through. */
static bool make_room(struct jsonl_reader *reader)
{
    size_t left = reader->filled - reader->next;
    size_t block = reader->options.block_bytes;
    if (reader->next > 0) {
        memmove(reader->data, reader->data + reader->next, left);
        reader->scanned -= reader->next;
        reader->filled = left;
        reader->next = 0;
    }
    if (reader->capacity > 64 * block && left < block)
        return resize(reader, 2 * block);
    if (reader->capacity - left < block / 2 + 1)
        return resize(reader, 2 * reader->capacity);
    return true;
}

/* Reads more bytes; 0 at the end of the input, -1 on an error. */
static ssize_t read_more(struct jsonl_reader *reader)
{
    for (;;) {
        ssize_t got = read(reader->descriptor, reader->data + reader->filled,
                           reader->capacity - reader->filled);
        if (got >= 0)
            return got;
        if (errno != EINTR || (reader->options.stop && reader->options.stop()))
            return -1;
    }
}

/* Ends the line at size bytes behind next, counts it, and moves on behind its newline. */
static char *take_line(struct jsonl_reader *reader, size_t size, bool newline, size_t *line_size)
{
    char *start = reader->data + reader->next;
    start[size] = '\0';
    reader->line++;
    reader->line_start = start;
    reader->next += size + (newline ? 1 : 0);
    reader->scanned = reader->next;
    *line_size = size;
    return start;
}

/* The next line in *start and *size (a NUL behind it). */
static enum jsonl_result next_line(struct jsonl_reader *reader, char **start, size_t *size)
{
    for (;;) {
        size_t unscanned = reader->filled - reader->scanned;
        char *from = reader->data + reader->scanned;
        char *newline = unscanned ? memchr(from, '\n', unscanned) : NULL;
        size_t length = newline ? (size_t)(newline - reader->data) - reader->next
                                : reader->filled - reader->next;
        reader->scanned = reader->filled;
        if (length > reader->options.line_bytes_max || reader->too_long) {
            bool ends = newline || reader->at_end;
            reader->too_long = !ends;
            reader->next += newline ? length + 1 : length;
            reader->scanned = reader->next;
            if (ends) {
                reader->line++;
                reader->line_start = reader->data;
                bad(reader, reader->data, "the line is longer than the limit");
                return JSONL_BAD_LINE;
            }
        } else if (newline || (reader->at_end && length > 0)) {
            *start = take_line(reader, length, newline != NULL, size);
            return JSONL_DOCUMENT;
        } else if (reader->at_end) {
            return JSONL_END;
        }
        if (!make_room(reader))
            return failed(reader, ENOMEM);
        ssize_t got = read_more(reader);
        if (got < 0)
            return failed(reader, errno);
        reader->filled += (size_t)got;
        reader->bytes_read += (uint64_t)got;
        reader->at_end = got == 0;
    }
}

/* ------------------------------------------------------------------ strings */

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (uint64_t)(value))

/* The high bit of every byte that is a quote, a backslash or a control character. Bits above
 * the lowest one set may be wrong (borrows run upwards), so that only the lowest counts. */
static inline uint64_t special_bytes(uint64_t word)
{
    uint64_t quote = word ^ EACH_BYTE('"');
    uint64_t backslash = word ^ EACH_BYTE('\\');
    uint64_t found = ((quote - EACH_BYTE(1)) & ~quote) | ((backslash - EACH_BYTE(1)) & ~backslash) |
                     ((word - EACH_BYTE(0x20)) & ~word);
    return found & EACH_BYTE(0x80);
}

static inline uint64_t load_word(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The first quote, backslash or control character from at on; the NUL behind the line is one. */
static inline char *find_special(char *at)
{
    for (;; at += 8) {
        uint64_t found = special_bytes(load_word(at));
        if (found)
            return at + (__builtin_ctzll(found) >> 3);
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of four hex digits, or -1. Stops at the NUL behind the line. */
static int hex_value(const char *at)
{
    int value = 0;
    for (unsigned i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static char *put_code_point(char *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *out++ = (char)(0xE0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    } else {
        *out++ = (char)(0xF0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3F));
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    }
    return out;
}

/* Reads the escape whose backslash is at *at, leaves *at behind it and writes what it stands
 * for, never more bytes than it took. Returns the new end of the output, NULL when bad. */
static char *unescape(struct jsonl_reader *reader, char **at, char *out)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    char *escape = *at;
    const char *letter = escape[1] ? strchr(letters, escape[1]) : NULL;
    if (letter) {
        *at = escape + 2;
        *out = meanings[letter - letters];
        return out + 1;
    }
    if (escape[1] != 'u')
        return bad(reader, escape, "this escape does not exist");
    int unit = hex_value(escape + 2);
    if (unit < 0)
        return bad(reader, escape, "\\u wants four hexadecimal digits");
    *at = escape + 6;
    uint32_t code = (uint32_t)unit;
    if (code >= 0xD800 && code < 0xDC00 && escape[6] == '\\' && escape[7] == 'u') {
        int low = hex_value(escape + 8);
        if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
            *at = escape + 12;
        }
    }
    if (code >= 0xD800 && code < 0xE000)
        code = 0xFFFD;
    return put_code_point(out, code);
}

static char *bad_in_string(struct jsonl_reader *reader, char *at, const char *end)
{
    if (at >= end)
        return bad(reader, at, "the line ends inside a string");
    return bad(reader, at, "a control character stands in a string");
}

/* Reads the string whose first byte behind the quote is at, moving it together in place.
 * Returns the place behind its closing quote, NULL when bad. */
static char *read_string(struct jsonl_reader *reader, char *at, const char *end, size_t *size)
{
    char *start = at;
    at = find_special(at);
    char *out = at;
    while (*at != '"') {
        if (*at != '\\')
            return bad_in_string(reader, at, end);
        out = unescape(reader, &at, out);
        if (!out)
            return NULL;
        /* A whole word may be stored over what follows out, since it has been read: out < at.
         * The last one not: the special byte behind it is still to be read. */
        uint64_t found;
        while (!(found = special_bytes(load_word(at)))) {
            memmove(out, at, 8);
            at += 8;
            out += 8;
        }
        for (size_t left = (size_t)__builtin_ctzll(found) >> 3; left > 0; left--)
            *out++ = *at++;
    }
    *out = '\0';
    *size = (size_t)(out - start);
    return at + 1;
}

/* The same for a string inside an array or object, which stays as it is. */
static char *skip_string(struct jsonl_reader *reader, char *at, const char *end)
{
    for (at = find_special(at); *at != '"'; at = find_special(at)) {
        char scratch[4];
        if (*at != '\\')
            return bad_in_string(reader, at, end);
        if (!unescape(reader, &at, scratch))
            return NULL;
    }
    return at + 1;
}

/* ------------------------------------------------------------------ values */

static inline char *skip_blanks(char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\r')
        at++;
    return at;
}

static char *skip_digits(char *at)
{
    while (*at >= '0' && *at <= '9')
        at++;
    return at;
}

static char *skip_number(struct jsonl_reader *reader, char *at)
{
    char *digits = at + (*at == '-');
    char *next = *digits == '0' ? digits + 1 : skip_digits(digits);
    if (next == digits)
        return bad(reader, next, "a value is missing or is not JSON");
    if (*next == '.') {
        digits = next + 1;
        next = skip_digits(digits);
        if (next == digits)
            return bad(reader, next, "digits are missing behind the point");
    }
    if (*next == 'e' || *next == 'E') {
        digits = next + 1;
        digits += *digits == '+' || *digits == '-';
        next = skip_digits(digits);
        if (next == digits)
            return bad(reader, next, "digits are missing in the exponent");
    }
    return next;
}

/* A number, true, false or null. */
static char *skip_plain(struct jsonl_reader *reader, char *at, enum jsonl_kind *kind)
{
    static const struct {
        const char *word;
        size_t size;
        enum jsonl_kind kind;
    } words[] = {{"true", 4, JSONL_TRUE}, {"false", 5, JSONL_FALSE}, {"null", 4, JSONL_NULL}};
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        if (strncmp(at, words[i].word, words[i].size) == 0) {
            *kind = words[i].kind;
            return at + words[i].size;
        }
    }
    *kind = JSONL_NUMBER;
    return skip_number(reader, at);
}

/* A member's name and the colon, inside an object that is skipped. */
static char *skip_name(struct jsonl_reader *reader, char *at, const char *end)
{
    if (*at != '"')
        return bad(reader, at, "a member's name in quotes is missing");
    at = skip_string(reader, at + 1, end);
    if (!at)
        return NULL;
    at = skip_blanks(at);
    if (*at != ':')
        return bad(reader, at, "a colon is missing behind a name");
    return skip_blanks(at + 1);
}

/* Skips the array or object that begins at `at`. open[] holds the bracket that closes each
 * level. */
static char *skip_nested(struct jsonl_reader *reader, char *at, const char *end)
{
    char closing[JSONL_DEPTH_MAX];
    size_t depth = 0;
    enum jsonl_kind ignored;
    for (;;) {
        /* Here a value begins. */
        if (*at == '{' || *at == '[') {
            if (depth == JSONL_DEPTH_MAX)
                return bad(reader, at, "the value is nested too deeply");
            closing[depth++] = *at == '{' ? '}' : ']';
            at = skip_blanks(at + 1);
            if (*at != closing[depth - 1]) {
                if (closing[depth - 1] == '}')
                    at = skip_name(reader, at, end);
                if (!at)
                    return NULL;
                continue;
            }
        } else if (*at == '"') {
            at = skip_string(reader, at + 1, end);
        } else {
            at = skip_plain(reader, at, &ignored);
        }
        if (!at)
            return NULL;
        /* Here a value has ended, or an empty one is about to. */
        for (at = skip_blanks(at); *at == closing[depth - 1]; at = skip_blanks(at)) {
            at++;
            if (--depth == 0)
                return at;
        }
        if (*at != ',')
            return bad(reader, at, "a comma or a closing bracket is missing");
        at = skip_blanks(at + 1);
        if (closing[depth - 1] == '}')
            at = skip_name(reader, at, end);
        if (!at)
            return NULL;
    }
}

static char *read_value(struct jsonl_reader *reader, char *at, const char *end,
                        struct jsonl_value *value)
{
    char *next;
    if (*at == '"') {
        value->kind = JSONL_STRING;
        value->data = at + 1;
        return read_string(reader, at + 1, end, &value->size);
    }
    if (*at == '{' || *at == '[') {
        value->kind = *at == '{' ? JSONL_OBJECT : JSONL_ARRAY;
        next = skip_nested(reader, at, end);
    } else {
        next = skip_plain(reader, at, &value->kind);
    }
    value->data = at;
    value->size = next ? (size_t)(next - at) : 0;
    return next;
}

/* ------------------------------------------------------------------ documents */

/* The place for a member of this name: one of the three, an earlier one of the same name, or a
 * new one. NULL when there are too many or memory is out (then reader->error is set). */
static struct jsonl_value *value_for(struct jsonl_reader *reader, struct jsonl_document *document,
                                     const char *name, size_t size)
{
    if (size == 2 && memcmp(name, "id", 2) == 0)
        return &document->id;
    if (size == 5 && memcmp(name, "title", 5) == 0)
        return &document->title;
    if (size == 4 && memcmp(name, "text", 4) == 0)
        return &document->text;
    for (size_t i = 0; i < reader->field_count; i++) {
        struct jsonl_field *field = &reader->fields[i];
        if (field->name_size == size && memcmp(field->name, name, size) == 0)
            return &field->value;
    }
    if (reader->field_count == JSONL_FIELDS_MAX) {
        bad(reader, name, "the object has too many members");
        return NULL;
    }
    if (reader->field_count == reader->field_capacity) {
        size_t capacity = reader->field_capacity ? 2 * reader->field_capacity : 16;
        struct jsonl_field *fields = realloc(reader->fields, capacity * sizeof *fields);
        if (!fields) {
            failed(reader, ENOMEM);
            return NULL;
        }
        reader->fields = fields;
        reader->field_capacity = capacity;
    }
    struct jsonl_field *field = &reader->fields[reader->field_count++];
    *field = (struct jsonl_field){name, size, {NULL, 0, JSONL_ABSENT}};
    return &field->value;
}

/* Reads one member; returns the place behind it, NULL when bad. */
static char *read_member(struct jsonl_reader *reader, char *at, const char *end,
                         struct jsonl_document *document)
{
    if (*at != '"')
        return bad(reader, at, "a member's name in quotes is missing");
    char *name = at + 1;
    size_t name_size = 0;
    at = read_string(reader, name, end, &name_size);
    if (!at)
        return NULL;
    at = skip_blanks(at);
    if (*at != ':')
        return bad(reader, at, "a colon is missing behind a name");
    struct jsonl_value value = {NULL, 0, JSONL_ABSENT};
    at = read_value(reader, skip_blanks(at + 1), end, &value);
    if (!at)
        return NULL;
    struct jsonl_value *place = value_for(reader, document, name, name_size);
    if (!place)
        return NULL;
    *place = value;
    return at;
}

/* Reads the object of a line. False when it is bad. */
static bool read_document(struct jsonl_reader *reader, char *at, const char *end,
                          struct jsonl_document *document)
{
    if (*at != '{')
        return refuse(reader, at, "a line must hold one JSON object");
    at = skip_blanks(at + 1);
    if (*at == '}') {
        at++;
    } else {
        for (;;) {
            at = read_member(reader, at, end, document);
            if (!at)
                return false;
            at = skip_blanks(at);
            if (*at == '}') {
                at++;
                break;
            }
            if (*at != ',')
                return refuse(reader, at, "a comma or a closing brace is missing");
            at = skip_blanks(at + 1);
        }
    }
    at = skip_blanks(at);
    if (at != end)
        return refuse(reader, at, "something stands behind the object");
    return true;
}

enum jsonl_result jsonl_next(struct jsonl_reader *reader, struct jsonl_document *document)
{
    memset(document, 0, sizeof *document);
    reader->field_count = 0;
    reader->column = 0;
    reader->message[0] = '\0';
    for (;;) {
        char *line = NULL;
        size_t size = 0;
        enum jsonl_result result = next_line(reader, &line, &size);
        if (result != JSONL_DOCUMENT)
            return result;
        const char *end = line + size;
        if (reader->line == 1 && strncmp(line, "\xEF\xBB\xBF", 3) == 0)
            line += 3;
        line = skip_blanks(line);
        if (line == end)
            continue;
        reader->error = 0;
        bool good = read_document(reader, line, end, document);
        document->line = reader->line;
        document->fields = reader->fields;
        document->field_count = reader->field_count;
        if (good)
            return JSONL_DOCUMENT;
        return reader->error ? JSONL_FAILED : JSONL_BAD_LINE;
    }
}
