/* SPDX-License-Identifier: MIT
 *
 * options.h - the command line: one table of commands, one of options, one parser, and the
 * help that is printed from the same tables.
 *
 * Owns the tables. Called by main.c and help.c; the commands read struct options. Never prints,
 * never touches a file.
 */
#ifndef LUPE_TOOLS_OPTIONS_H
#define LUPE_TOOLS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output.h"

enum command_id {
    COMMAND_INDEX,
    COMMAND_SEARCH,
    COMMAND_SUGGEST,
    COMMAND_GET,
    COMMAND_DELETE,
    COMMAND_STATS,
    COMMAND_CHECK,
    COMMAND_OPTIMIZE,
    COMMAND_COMPACT,
    COMMAND_BACKUP,
    COMMAND_VERSION,
    COMMAND_HELP,
    COMMAND_COUNT
};

struct command {
    const char *name;
    const char *usage;   /* what follows the name */
    const char *summary; /* one line */
    const char *details; /* lines for `lupe help NAME`, may be NULL */
    size_t arguments_min;
    size_t arguments_max; /* SIZE_MAX: any number */
    const char *missing;  /* what an argument too few is called */
};

extern const struct command commands[COMMAND_COUNT];

enum output_format { FORMAT_PEOPLE, FORMAT_JSON, FORMAT_TREC };

#define TEXT_FIELDS_MAX 64u
#define OPTION_MESSAGE_BYTES_MAX 512u

/* A parsed command line. The strings are those of argv; arguments is an array of its own. */
struct options {
    enum command_id command;
    const char *index;
    const char *to;
    const char *queries;
    const char *language;
    const char *lexicon;
    const char *text_fields[TEXT_FIELDS_MAX];
    size_t text_field_count;
    uint64_t format; /* enum output_format */
    uint64_t limit;
    uint64_t offset;
    uint64_t threads; /* 0: one for every core */
    uint64_t memory_bytes;
    double k1; /* negative: the index's */
    double b;
    bool all_words;
    bool as_typed;
    bool explain;
    bool no_pairs;
    bool no_compounds; /* of a new index, or of a search */
    bool no_old_spelling;
    bool no_mending;
    bool no_proximity;
    bool no_sentences;
    bool no_forms; /* likewise */
    bool verify;
    bool reorder;
    bool quiet;
    bool help;
    const char **arguments;
    size_t argument_count;
};

/* Parses what follows the program's name. False: message says what is wrong (and command is
 * COMMAND_COUNT when it is the command that is not known). options_free in either case. */
bool options_parse(struct options *options, int count, const char *const *words,
                   char message[OPTION_MESSAGE_BYTES_MAX]);
void options_free(struct options *options);

/* The command of this name, COMMAND_COUNT when there is none. */
enum command_id command_find(const char *name);

/* Writes the overview, or the help of one command. */
void help_overview(struct output *output);
void help_command(struct output *output, enum command_id command);

#endif
