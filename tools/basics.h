/* SPDX-License-Identifier: MIT
 *
 * basics.h - what every part of the tool needs: memory that is there, messages on standard
 * error, one progress line, the clock, and whether somebody pressed Ctrl-C.
 *
 * Owns the progress line and the interrupt flag. Called by all of tools/ except jsonl.c. Knows
 * nothing of the library, so that the parts above it can be tested without one.
 */
#ifndef LUPE_TOOLS_BASICS_H
#define LUPE_TOOLS_BASICS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses; lupe(1) lists them. */
enum exit_status {
    EXIT_HITS = 0,         /* found, or done */
    EXIT_NONE = 1,         /* nothing found */
    EXIT_USAGE = 2,        /* the command line is wrong */
    EXIT_INPUT = 3,        /* part of the input could not be read; the rest was done */
    EXIT_NO_INDEX = 4,     /* there is no index, or the file is none */
    EXIT_DAMAGED = 5,      /* the index is damaged */
    EXIT_SYSTEM = 6,       /* no space, no permission, no memory, input/output errors */
    EXIT_BUSY = 7,         /* another process has the index */
    EXIT_OTHER = 8,        /* any other failure */
    EXIT_INTERRUPTED = 130 /* SIGINT; 143 for SIGTERM */
};

#define HASH_TEXT_BYTES 17u /* sixteen hex digits and a NUL */

/* Memory or the end of the process with EXIT_SYSTEM: a command has nothing better to do, and
 * what was not committed is as if it had never been. */
void *allocate(size_t size);
void *reallocate(void *memory, size_t size);
char *copy_bytes(const void *bytes, size_t size); /* NUL-terminated */
char *format_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Grows an array of items of item_size so that one more fits. */
void *grow_array(void *items, size_t count, size_t *capacity, size_t item_size);

/* Prints "lupe: MESSAGE" on standard error as one line; control characters of names that come
 * from outside are replaced. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Shows a passing line on standard error where that is a terminal, ten times a second at most.
 * complain and progress_clear take it away. */
void progress_show(const char *format, ...) __attribute__((format(printf, 1, 2)));
void progress_clear(void);

/* From here on SIGINT and SIGTERM set a flag; a second one ends the process. */
void interrupt_catch(void);
bool interrupted(void);
int interrupt_status(void); /* the exit status for it */

uint64_t now_us(void); /* a clock that never goes back */

uint64_t hash_text(const void *bytes, size_t size); /* FNV-1a, 64 bits */
void hash_format(uint64_t hash, char out[HASH_TEXT_BYTES]);

/* 1234567 as "1,234,567"; the text is one of a few static ones, good for one message. */
const char *with_commas(uint64_t number);

#endif
