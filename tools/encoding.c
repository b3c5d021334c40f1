/* SPDX-License-Identifier: MIT
 *
 * encoding.c - see encoding.h.
 */
#include "encoding.h"

#include <stdlib.h>
#include <string.h>

#include "basics.h"

#define REPLACEMENT 0xFFFDu
#define HEADING_LINES_MAX 200u /* where a Markdown file has none so far, its first line is taken */

/* ------------------------------------------------------------------ UTF-8 */

uint32_t encoding_next(const char *bytes, const char *end, size_t *size)
{
    const unsigned char *at = (const unsigned char *)bytes;
    size_t left = (size_t)(end - bytes);
    *size = 1;
    if (at[0] < 0x80)
        return at[0];
    size_t wanted = at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : 2;
    if (at[0] < 0xC2 || at[0] > 0xF4 || left < wanted)
        return REPLACEMENT;
    uint32_t code = at[0] & (0x7Fu >> wanted);
    for (size_t i = 1; i < wanted; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return REPLACEMENT;
        code = code << 6 | (at[i] & 0x3F);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[wanted] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        return REPLACEMENT;
    *size = wanted;
    return code;
}

size_t encoding_put(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

/* The first byte above 127 from at on. */
static const char *skip_ascii(const char *at, const char *end)
{
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        if (word & UINT64_C(0x8080808080808080))
            break;
        at += 8;
    }
    while (at < end && !(*at & 0x80))
        at++;
    return at;
}

bool encoding_is_utf8(const char *bytes, size_t size)
{
    const char *end = bytes + size;
    for (const char *at = skip_ascii(bytes, end); at < end; at = skip_ascii(at, end)) {
        size_t step;
        encoding_next(at, end, &step);
        if (step == 1)
            return false;
        at += step;
    }
    return true;
}

/* ------------------------------------------------------------------ Windows-1252 */

static uint32_t windows_letter(unsigned char byte)
{
    static const uint16_t letters[32] = {
        0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};
    return byte >= 0x80 && byte < 0xA0 ? letters[byte - 0x80] : byte;
}

/* More whole sequences than stray bytes? */
static bool mostly_utf8(const char *bytes, size_t size)
{
    const char *end = bytes + size;
    size_t whole = 0, stray = 0;
    for (const char *at = skip_ascii(bytes, end); at < end; at = skip_ascii(at, end)) {
        size_t step;
        encoding_next(at, end, &step);
        if (step == 1)
            stray++;
        else
            whole++;
        at += step;
    }
    return whole > stray;
}

char *encoding_repair(const char *bytes, size_t size, size_t *repaired_size)
{
    const char *end = bytes + size;
    bool keep = mostly_utf8(bytes, size);
    char *repaired = allocate(3 * size + 1); /* no letter of Windows-1252 takes more than 3 */
    char *out = repaired;
    for (const char *at = bytes; at < end;) {
        const char *high = skip_ascii(at, end);
        memcpy(out, at, (size_t)(high - at));
        out += high - at;
        at = high;
        if (at == end)
            break;
        size_t step = 1;
        if (keep)
            encoding_next(at, end, &step);
        if (step > 1) {
            memcpy(out, at, step);
            out += step;
        } else {
            out += encoding_put(windows_letter((unsigned char)*at), out);
        }
        at += step;
    }
    *out = '\0';
    *repaired_size = (size_t)(out - repaired);
    return repaired;
}

/* ------------------------------------------------------------------ text files */

struct line {
    const char *start;
    const char *end; /* without the newline */
    const char *next;
};

static struct line line_at(const char *at, const char *end)
{
    const char *newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    struct line line = {at, newline ? newline : end, newline ? newline + 1 : end};
    return line;
}

static bool is_blank(unsigned char c)
{
    return c <= ' ' || c == 0x7F;
}

static struct line trimmed(struct line line)
{
    while (line.start < line.end && is_blank((unsigned char)*line.start))
        line.start++;
    while (line.end > line.start && is_blank((unsigned char)line.end[-1]))
        line.end--;
    return line;
}

/* The heading of a line `## Heading ##`, or an empty line. */
static struct line heading_of(struct line line)
{
    const char *at = line.start;
    while (at < line.end && *at == '#')
        at++;
    size_t level = (size_t)(at - line.start);
    if (level == 0 || level > 6 || (at < line.end && *at != ' ' && *at != '\t')) {
        line.end = line.start;
        return line;
    }
    line.start = at;
    line = trimmed(line);
    while (line.end > line.start && line.end[-1] == '#')
        line.end--;
    return trimmed(line);
}

static bool is_only(struct line line, const char *what)
{
    line = trimmed(line);
    return (size_t)(line.end - line.start) == strlen(what) &&
           memcmp(line.start, what, strlen(what)) == 0;
}

/* The text behind a leading block of metadata between two lines `---`. */
static const char *behind_metadata(const char *text, const char *end)
{
    struct line line = line_at(text, end);
    if (!is_only(line, "---"))
        return text;
    for (unsigned i = 0; i < HEADING_LINES_MAX && line.next < end; i++) {
        line = line_at(line.next, end);
        if (is_only(line, "---"))
            return line.next;
    }
    return text;
}

/* The first heading of a Markdown text; headings inside fences of code are none. */
static struct line markdown_heading(const char *text, const char *end)
{
    bool fenced = false;
    struct line line = {text, text, text};
    for (unsigned i = 0; i < HEADING_LINES_MAX && line.next < end; i++) {
        line = line_at(line.next, end);
        size_t size = (size_t)(line.end - line.start);
        if (size >= 3 && (memcmp(line.start, "```", 3) == 0 || memcmp(line.start, "~~~", 3) == 0))
            fenced = !fenced;
        struct line heading = heading_of(line);
        if (!fenced && heading.end > heading.start)
            return heading;
    }
    return (struct line){end, end, end};
}

static struct line first_line(const char *text, const char *end)
{
    struct line line = {text, text, text};
    do {
        line = trimmed(line_at(line.next, end));
    } while (line.start == line.end && line.next < end);
    return line;
}

/* A copy of the line of at most TITLE_BYTES_MAX bytes, cut between words where it is longer,
 * control characters as blanks. */
static char *title_of(struct line line)
{
    static const char ellipsis[] = "…";
    size_t size = (size_t)(line.end - line.start);
    bool cut = size > TITLE_BYTES_MAX;
    if (cut) {
        size = TITLE_BYTES_MAX - (sizeof ellipsis - 1);
        size_t word = size;
        while (word > size / 2 && line.start[word] != ' ')
            word--;
        if (word > size / 2)
            size = word;
        while (size > 0 && ((unsigned char)line.start[size] & 0xC0) == 0x80)
            size--;
    }
    char *title = allocate(size + sizeof ellipsis);
    memcpy(title, line.start, size);
    for (size_t i = 0; i < size; i++)
        if (is_blank((unsigned char)title[i]))
            title[i] = ' ';
    if (cut)
        memcpy(title + size, ellipsis, sizeof ellipsis);
    return title;
}

enum text_result text_file_read(struct text_file *file, const char *bytes, size_t size,
                                bool markdown)
{
    *file = (struct text_file){0};
    if (size && memchr(bytes, '\0', size))
        return TEXT_BINARY;
    if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        bytes += 3;
        size -= 3;
    }
    file->text = bytes;
    file->size = size;
    if (!encoding_is_utf8(bytes, size)) {
        file->owned = encoding_repair(bytes, size, &file->size);
        file->text = file->owned;
        file->windows = true;
    }
    const char *end = file->text + file->size;
    const char *body = markdown ? behind_metadata(file->text, end) : file->text;
    struct line line = {end, end, end};
    if (markdown)
        line = markdown_heading(body, end);
    if (line.start == line.end)
        line = first_line(body, end);
    if (line.start == line.end)
        line = first_line(file->text, end);
    if (line.start == line.end)
        return TEXT_EMPTY;
    file->title = title_of(line);
    return TEXT_GOOD;
}

void text_file_free(struct text_file *file)
{
    free(file->title);
    free(file->owned);
    *file = (struct text_file){0};
}
