/* SPDX-License-Identifier: MIT
 *
 * main.c - lupe-bench: which command, and what there is.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"

static const char usage[] =
    "lupe-bench index JSONL DIR [--threads N] [--memory MIB] [--merge] [--reorder] [--store]\n"
    "                           [--analysis german|best|plain] [--commit-every N]\n"
    "                           [--segments N] [--delete PERCENT] [--no-pairs]\n"
    "                           [--no-compounds] [--no-forms] [--no-old-spelling] [--no-mending]\n"
    "lupe-bench serve DIR            answers COMMAND<TAB>QUERY lines, see bench/README.md\n"
    "lupe-bench micro [FILE]         codec, analysis, indexing, queries; Markdown\n"
    "lupe-bench generate N [SEED [FILE]] N invented documents as JSON Lines; queries to FILE\n"
    "lupe-bench queries JSONL [N [SEED]]  N queries of each of fifteen classes\n"
    "lupe-bench sizes DIR            bytes by section and list of terms\n"
    "lupe-bench growth DIR [--corpus JSONL] [--sizes N,N,...] [--per-class N]\n"
    "                                speed and size from ten thousand documents to a million\n"
    "lupe-bench throughput DIR QUERIES [--threads N] [--seconds S] [--limit K]\n"
    "                                [--disturb JSONL] queries a second, slowest per cent\n"
    "lupe-bench disturb INDEX JSONL  indexes and merges until its input ends\n"
    "lupe-bench commits DIR N        N commits of a document beside two bare fdatasync\n"
    "lupe-bench updates DIR N IDS    N updates of IDS documents: size beside a fresh index\n";

static const struct command {
    const char *name;
    int (*run)(int count, char **arguments);
} commands[] = {
    {"index", command_index},     {"serve", command_serve},
    {"micro", command_micro},     {"generate", command_generate},
    {"queries", command_queries}, {"sizes", command_sizes},
    {"growth", command_growth},   {"throughput", command_throughput},
    {"disturb", command_disturb}, {"commits", command_commits},
    {"updates", command_updates},
};

int usage_fail(void)
{
    fputs(usage, stderr);
    return 2;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < LENGTH(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 2, argv + 2);
    }
    return usage_fail();
}
