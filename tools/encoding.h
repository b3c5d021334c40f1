/* SPDX-License-Identifier: MIT
 *
 * encoding.h - is it UTF-8, and if not, what was meant; and what the tool makes of a text file:
 * its title and its text.
 *
 * Owns nothing. Called by index_files.c, index_lines.c and output.c. Never reads a file.
 *
 * What is not UTF-8 is read as Windows-1252, which is Latin-1 with letters in place of control
 * characters. Text that is UTF-8 for the most part (more whole sequences than stray bytes) keeps
 * its sequences, and only the stray bytes are read so: a byte lost somewhere does not spoil
 * the umlauts of the whole file. The other way round a lone "ß“" of Windows-1252, which happens
 * to look like UTF-8, is not mistaken for it.
 */
#ifndef LUPE_TOOLS_ENCODING_H
#define LUPE_TOOLS_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TITLE_BYTES_MAX 200u /* a longer first line is cut for the title */

bool encoding_is_utf8(const char *bytes, size_t size);

/* UTF-8 for bytes that are not; from the tool's allocator, NUL-terminated. */
char *encoding_repair(const char *bytes, size_t size, size_t *repaired_size);

/* The code point at bytes (bytes < end), and its size; U+FFFD and 1 for a broken sequence. */
uint32_t encoding_next(const char *bytes, const char *end, size_t *size);

/* Writes 1 to 4 bytes, returns how many. */
size_t encoding_put(uint32_t code_point, char *out);

enum text_result { TEXT_GOOD, TEXT_EMPTY, TEXT_BINARY };

/* A text file, ready to be indexed. text lies in the bytes given or in owned. */
struct text_file {
    char *title; /* owned, without control characters */
    const char *text;
    size_t size;
    char *owned;
    bool windows; /* was not UTF-8 */
};

/* Looks at the bytes of a file: the title is the first heading (markdown) or the first line
 * that is not blank. NUL bytes make it binary. */
enum text_result text_file_read(struct text_file *file, const char *bytes, size_t size,
                                bool markdown);
void text_file_free(struct text_file *file);

#endif
