/* SPDX-License-Identifier: MIT
 *
 * split.c - splits the words of standard input, one a line, as Lupe does: for make.py, and for a
 * look at what a lexicon does.
 *
 *     lexicon_split < words          the word, a tab, its parts: geschicht+s(e)|buch
 *     lexicon_split --time < words   words a second of processor time, the best of five rounds
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text/compound.h"
#include "text/fold.h"

#define INPUT_BYTES_MAX ((size_t)256 << 20)
#define ROUNDS 5

static void print_split(const char *word, const struct fold *fold, const struct compound *compound)
{
    const char *folded = (const char *)fold->bytes;
    printf("%s\t", word);
    if (compound->count == 0)
        printf("%.*s", (int)fold->size, folded);
    for (uint32_t i = 0; i < compound->count; i++) {
        const struct compound_part *part = compound->parts + i;
        printf("%s%.*s", i ? "|" : "", part->base_size, folded + part->first);
        if (part->size > part->base_size)
            printf("+%.*s", part->size - part->base_size, folded + part->first + part->base_size);
        if (part->append)
            printf("(%c)", part->append);
    }
    putchar('\n');
}

static int split_lines(const struct lexicon *lexicon)
{
    static char line[65536];
    struct fold fold;
    struct compound compound;
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        fold_word(&fold, FOLD_GERMAN, line, strlen(line), false);
        compound_split(lexicon, fold.bytes, fold.size, &compound);
        print_split(line, &fold, &compound);
    }
    return fflush(stdout) ? 1 : 0;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The lines are taken for folded words. */
static int measure(const struct lexicon *lexicon)
{
    uint8_t *text = malloc(INPUT_BYTES_MAX);
    size_t size = text ? fread(text, 1, INPUT_BYTES_MAX, stdin) : 0;
    double best = 0;
    size_t words = 0, compounds = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct compound compound;
        double start = now();
        words = compounds = 0;
        for (const uint8_t *at = text, *end = text + size; at < end; words++) {
            const uint8_t *line_end = memchr(at, '\n', (size_t)(end - at));
            size_t letters = (size_t)((line_end ? line_end : end) - at);
            compound_split(lexicon, at, letters, &compound);
            compounds += compound.count > 0;
            at += letters + 1;
        }
        double rate = (double)words / (now() - start);
        best = rate > best ? rate : best;
    }
    printf("%zu words, %zu of them compounds, %.2f million a second\n", words, compounds,
           best / 1e6);
    free(text);
    return 0;
}

int main(int count, char **arguments)
{
    struct lexicon *lexicon;
    if (lexicon_open(NULL, 0, &lexicon) != LUPE_OK)
        return 1;
    int result =
        count > 1 && !strcmp(arguments[1], "--time") ? measure(lexicon) : split_lines(lexicon);
    lexicon_close(lexicon);
    return result;
}
