/* SPDX-License-Identifier: MIT
 *
 * text_cases.h - reads tests/data/words: lines of columns between tabs, with lists between
 * spaces, # before a comment, and \uXXXX, \xNN, \\ in either. Used by the tests of text/.
 */
#ifndef LUPE_TESTS_TEXT_CASES_H
#define LUPE_TESTS_TEXT_CASES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "support.h"

#define CASE_BYTES_MAX 4096
#define CASE_COLUMNS_MAX 3
#define CASE_ITEMS_MAX 64

struct case_text {
    uint8_t bytes[CASE_BYTES_MAX];
    size_t size;
};

struct case_file {
    FILE *file;
    const char *name;
    unsigned line;
    char buffer[CASE_BYTES_MAX];
    char *columns[CASE_COLUMNS_MAX]; /* still escaped */
};

static inline void cases_open(struct case_file *cases, const char *name)
{
    char path[256];
    memset(cases, 0, sizeof *cases);
    snprintf(path, sizeof path, "tests/data/words/%s", name);
    cases->name = name;
    cases->file = fopen(path, "rb");
    cr_assert(cases->file, "cannot open %s: run the tests from the top of the tree", path);
}

/* The next line that is no comment, in so many columns; false at the end. */
static inline bool cases_next(struct case_file *cases, unsigned column_count)
{
    while (fgets(cases->buffer, sizeof cases->buffer, cases->file)) {
        char *at = cases->buffer;
        cases->line++;
        at[strcspn(at, "\n")] = 0;
        if (at[0] == 0 || (at[0] == '#' && (at[1] == ' ' || at[1] == 0)))
            continue;
        for (unsigned i = 0; i < column_count; i++) {
            cr_assert(at, "%s:%u: too few columns", cases->name, cases->line);
            cases->columns[i] = strsep(&at, "\t");
        }
        cr_assert(!at, "%s:%u: too many columns", cases->name, cases->line);
        return true;
    }
    fclose(cases->file);
    return false;
}

static inline struct case_text case_unescape(const char *text)
{
    struct case_text out = {.size = 0};
    while (*text) {
        char digits[5] = "";
        if (*text != '\\') {
            out.bytes[out.size++] = (uint8_t)*text++;
        } else if (text[1] == 'u') {
            memcpy(digits, text + 2, 4);
            out.size += utf8_encode((uint32_t)strtoul(digits, NULL, 16), out.bytes + out.size);
            text += 6;
        } else if (text[1] == 'x') {
            memcpy(digits, text + 2, 2);
            out.bytes[out.size++] = (uint8_t)strtoul(digits, NULL, 16);
            text += 4;
        } else {
            out.bytes[out.size++] = (uint8_t)text[1];
            text += 2;
        }
    }
    return out;
}

/* The next item of a list between spaces, unescaped; false when there is none. */
static inline bool case_item(char **list, struct case_text *item)
{
    char *text;
    do {
        if (!*list)
            return false;
        text = strsep(list, " ");
    } while (!*text);
    *item = case_unescape(text);
    return true;
}

#endif
