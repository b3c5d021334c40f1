/* SPDX-License-Identifier: MIT
 *
 * word_list.h - the file of --lexicon: words that compounds are made of.
 *
 * Owns the bytes of the file. Called by session.c before an index is made. Never looks for words:
 * what a line means is the library's.
 */
#ifndef LUPE_TOOLS_WORD_LIST_H
#define LUPE_TOOLS_WORD_LIST_H

#include <stdbool.h>
#include <stddef.h>

#define WORD_LIST_BYTES_MAX ((size_t)64 << 20) /* the library's limit */

struct word_list {
    char *bytes; /* UTF-8, owned; NULL: none */
    size_t size;
};

/* Reads the file; what is not UTF-8 is read as Windows-1252, as lists of hunspell often are. False:
 * it cannot be read, is too long or binary, which has been reported. */
bool word_list_read(struct word_list *list, const char *path);
void word_list_free(struct word_list *list);

#endif
