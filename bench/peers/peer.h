/* SPDX-License-Identifier: MIT
 *
 * peer.h - what the drivers in C and C++ share: arguments, the clock, JSON Lines, queries in parts.
 *
 * Owns no state. Included by fts5.c and xapian.cc. Knows no engine and nothing of Lupe, so that a
 * driver is a program by itself. Ends the process when there is no memory: a driver is a tool.
 */
#ifndef LUPE_BENCH_PEER_H
#define LUPE_BENCH_PEER_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* The value behind an option, or the other one. */
static const char *option_value(int count, char **arguments, const char *name, const char *other)
{
    for (int i = 0; i + 1 < count; i++)
        if (strcmp(arguments[i], name) == 0)
            return arguments[i + 1];
    return other;
}

static int option_given(int count, char **arguments, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(arguments[i], name) == 0)
            return 1;
    return 0;
}

/* ------------------------------------------------------------------ JSON Lines */

struct text {
    char *data; /* NUL-terminated */
    size_t size;
    size_t capacity;
};

static void text_add(struct text *text, char byte)
{
    if (text->size + 2 > text->capacity) {
        text->capacity = text->capacity ? text->capacity * 2 : 65536;
        text->data = (char *)realloc(text->data, text->capacity);
        if (!text->data)
            exit(3);
    }
    text->data[text->size++] = byte;
    text->data[text->size] = '\0';
}

static unsigned hex_number(const char *digits)
{
    unsigned number = 0;
    for (int i = 0; i < 4 && digits[i]; i++)
        number = number * 16 +
                 (unsigned)(digits[i] <= '9' ? digits[i] - '0' : (digits[i] | 32) - 'a' + 10);
    return number;
}

static void add_character(struct text *text, unsigned character)
{
    if (character < 0x80) {
        text_add(text, character ? (char)character : ' ');
    } else if (character < 0x800) {
        text_add(text, (char)(0xc0 | character >> 6));
        text_add(text, (char)(0x80 | (character & 63)));
    } else if (character < 0x10000) {
        text_add(text, (char)(0xe0 | character >> 12));
        text_add(text, (char)(0x80 | (character >> 6 & 63)));
        text_add(text, (char)(0x80 | (character & 63)));
    } else {
        text_add(text, (char)(0xf0 | character >> 18));
        text_add(text, (char)(0x80 | (character >> 12 & 63)));
        text_add(text, (char)(0x80 | (character >> 6 & 63)));
        text_add(text, (char)(0x80 | (character & 63)));
    }
}

/* What stands behind a backslash; returns what follows it. */
static const char *add_escape(struct text *text, const char *at)
{
    static const char names[] = "ntrbf";
    static const char bytes[] = "\n\t\r\b\f";
    const char *name = *at ? strchr(names, *at) : NULL;
    if (name) {
        text_add(text, bytes[name - names]);
        return at + 1;
    }
    if (*at != 'u') {
        text_add(text, *at);
        return at + (*at != '\0');
    }
    if (strlen(at) < 5)
        return at + strlen(at);
    unsigned character = hex_number(at + 1);
    at += 5;
    if (character >= 0xd800 && character < 0xdc00 && at[0] == '\\' && at[1] == 'u' &&
        strlen(at) >= 6) {
        character = 0x10000 + ((character - 0xd800) << 10) + (hex_number(at + 2) - 0xdc00);
        at += 6;
    }
    add_character(text, character);
    return at;
}

static const char *skip_string(const char *at)
{
    while (*at && *at != '"')
        at += *at == '\\' && at[1] ? 2 : 1;
    return at;
}

/* Adds the string that a member of the object in a line has; false when it has none. */
static int add_member(const char *line, const char *name, struct text *text)
{
    int depth = 0;
    size_t name_size = strlen(name);
    for (const char *at = line; *at; at++) {
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        if (*at != '"')
            continue;
        const char *begin = at + 1;
        at = skip_string(begin);
        if (!*at)
            return 0;
        const char *colon = at + 1 + strspn(at + 1, " ");
        if (*colon != ':' || depth != 1 || (size_t)(at - begin) != name_size ||
            memcmp(begin, name, name_size) != 0)
            continue;
        const char *value = colon + 1 + strspn(colon + 1, " ");
        if (*value != '"')
            return 0;
        for (value++; *value && *value != '"';) {
            if (*value == '\\')
                value = add_escape(text, value + 1);
            else
                text_add(text, *value++);
        }
        return 1;
    }
    return 0;
}

struct peer_document {
    struct text id;
    struct text text; /* title, newline, text */
};

/* False when the line is no document. The memory is used again by the next. */
static int read_document(const char *line, struct peer_document *document)
{
    document->id.size = 0;
    document->text.size = 0;
    if (!add_member(line, "id", &document->id))
        return 0;
    if (add_member(line, "title", &document->text))
        text_add(&document->text, '\n');
    add_member(line, "text", &document->text);
    if (document->text.size == 0)
        text_add(&document->text, ' ');
    return 1;
}

/* ------------------------------------------------------------------ requests */

enum peer_command { PEER_NOOP, PEER_COUNT, PEER_TOP, PEER_TOP_COUNT, PEER_IDS, PEER_UNSUPPORTED };

struct peer_request {
    enum peer_command command;
    int limit;
    char *query;
};

/* Takes a line apart, in place. */
static struct peer_request read_request(char *line, size_t size)
{
    struct peer_request request = {PEER_UNSUPPORTED, 0, line};
    int end = 0;
    if (size > 0 && line[size - 1] == '\n')
        line[--size] = '\0';
    char *tab = strchr(line, '\t');
    request.query = tab ? tab + 1 : line + size;
    if (tab)
        *tab = '\0';
    if (strcmp(line, "NOOP") == 0)
        request.command = PEER_NOOP;
    else if (strcmp(line, "COUNT") == 0)
        request.command = PEER_COUNT;
    else if (sscanf(line, "TOP_%d_COUNT%n", &request.limit, &end) == 1 && end && !line[end])
        request.command = PEER_TOP_COUNT;
    else if (sscanf(line, "TOPIDS_%d%n", &request.limit, &end) == 1 && !line[end])
        request.command = PEER_IDS;
    else if (sscanf(line, "TOP_%d%n", &request.limit, &end) == 1 && !line[end])
        request.command = PEER_TOP;
    return request;
}

/* A word or a phrase of a query; text points into the query. */
struct clause {
    char sign; /* + - or blank */
    const char *text;
    size_t size;
};

static inline int split_query(const char *query, struct clause *clauses, int clauses_max)
{
    int count = 0;
    while (*query && count < clauses_max) {
        if (isspace((unsigned char)*query)) {
            query++;
            continue;
        }
        struct clause *clause = &clauses[count];
        clause->sign = *query == '+' || *query == '-' ? *query++ : ' ';
        clause->text = query;
        if (*query == '"') {
            clause->text = ++query;
            query += strcspn(query, "\"");
            clause->size = (size_t)(query - clause->text);
            query += *query == '"';
        } else {
            query += strcspn(query, " \t\r\n\v\f");
            clause->size = (size_t)(query - clause->text);
        }
        count += clause->size > 0;
    }
    return count;
}

#endif
