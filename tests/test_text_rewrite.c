/* SPDX-License-Identifier: MIT
 *
 * test_text_rewrite.c - the tables of rows are read as rewrite.h says: compared with reading all
 * rows and all their contexts at each place.
 */
#include "text/rewrite.h"

#include "text/inflection.h"
#include "text/spelling.h"
#include "text_cases.h"

#define WORD_BYTES_MAX 200u

/* ---- the plain reading */

static bool plain_fits(char wanted, char letter)
{
    bool vowel = letter && strchr("aeiouy", letter);
    return wanted == 'V' ? vowel : wanted == 'K' ? letter && !vowel : wanted == letter;
}

/* Whether a context, up to a blank or the end, has its group in the word from at to end. */
static bool plain_context(const char *context, const char *word, size_t at, size_t end,
                          bool beginning, size_t reach)
{
    size_t group = strcspn(context, "_"), size = strlen(word), i = group;
    const char *sign = context + group + 1;
    for (; i > 0 && context[i - 1] != '^'; i--)
        if (i > group + at || group - i >= at ||
            !plain_fits(context[i - 1], word[at - 1 - (group - i)]))
            return false;
    if (i > 0 && at != group - i)
        return false;
    for (; *sign && *sign != ' '; sign++, end++) {
        if (*sign == '$')
            return !beginning && end == size;
        if (end >= size)
            return beginning && end >= reach;
        if (!plain_fits(*sign, word[end]))
            return false;
    }
    return true;
}

static bool plain_matches(const struct rewrite_row *row, const char *word, size_t at,
                          bool beginning)
{
    size_t from = strlen(row->from);
    size_t reach = at + (strcmp(row->from, row->to) ? 4 : 5);
    if (strncmp(word + at, row->from, from) != 0)
        return false;
    for (const char *context = row->contexts; context; context = strchr(context, ' ')) {
        context += *context == ' ';
        if (plain_context(context, word, at, at + from, beginning, reach))
            return true;
    }
    return false;
}

static void plain_apply(const struct rewrite *rewrite, const char *word, bool beginning, char *out)
{
    size_t at = 0;
    while (word[at]) {
        const struct rewrite_row *found = NULL;
        for (size_t i = 0; i < rewrite->row_count && !found; i++)
            if (plain_matches(&rewrite->rows[i], word, at, beginning))
                found = &rewrite->rows[i];
        if (found) {
            memcpy(out, found->to, strlen(found->to));
            out += strlen(found->to);
            at += strlen(found->from);
        } else {
            *out++ = word[at++];
        }
    }
    *out = 0;
}

/* ---- words */

static void compare(const struct rewrite *rewrite, const char *word)
{
    char plain[REWRITE_GROWTH_MAX * WORD_BYTES_MAX + 1];
    for (int beginning = 0; beginning < 2; beginning++) {
        size_t size = strlen(word);
        uint8_t *copy = malloc(size), *out = malloc(REWRITE_GROWTH_MAX * size);
        memcpy(copy, word, size);
        size_t written = rewrite_apply(rewrite, copy, size, beginning, out);
        plain_apply(rewrite, word, beginning, plain);
        cr_assert(written ? written == strlen(plain) && !memcmp(out, plain, written)
                          : !strcmp(word, plain),
                  "%s is %.*s, not %s", word, (int)written, out, plain);
        free(copy);
        free(out);
    }
}

/* A context as letters: ^ and $ are none, V and K any. */
static size_t context_letters(const char *context, const struct rewrite_row *row,
                              struct support_random *random, char *out)
{
    size_t size = 0;
    for (; *context && *context != ' '; context++) {
        if (*context == '_') {
            memcpy(out + size, row->from, strlen(row->from));
            size += strlen(row->from);
        } else if (*context == 'V' || *context == 'K')
            out[size++] = (*context == 'V' ? "aeiouy" : "bcdhst")[support_random_below(random, 6)];
        else if (*context != '^' && *context != '$')
            out[size++] = *context;
    }
    out[size] = 0;
    return size;
}

/* Each context of each row as a word, with letters and other groups around it. */
static void contexts_compare(const struct rewrite *rewrite, struct support_random *random)
{
    char word[WORD_BYTES_MAX], letters[64];
    for (size_t i = 0; i < rewrite->row_count; i++) {
        const struct rewrite_row *row = &rewrite->rows[i];
        for (const char *context = row->contexts; context; context = strchr(context, ' ')) {
            context += *context == ' ';
            context_letters(context, row, random, letters);
            compare(rewrite, letters);
            for (unsigned n = 0; n < 4; n++) {
                const char *other =
                    rewrite->rows[support_random_below(random, rewrite->row_count)].from;
                char letter = (char)('a' + support_random_below(random, 26));
                snprintf(word, sizeof word, "%s%s%c", n % 2 ? other : "", letters, letter);
                compare(rewrite, word);
                snprintf(word, sizeof word, "%c%s%s", letter, letters, n % 2 ? other : "");
                compare(rewrite, word);
            }
        }
    }
}

static void table_compare(const struct rewrite *rewrite)
{
    struct support_random random = support_random_of(12);
    struct case_file cases;
    char word[WORD_BYTES_MAX];
    contexts_compare(rewrite, &random);
    for (unsigned i = 0; i < (test_full() ? 200000u : 10000u); i++) {
        size_t size = 1 + support_random_below(&random, i % 50 ? 14 : WORD_BYTES_MAX - 1);
        for (size_t at = 0; at < size; at++)
            word[at] = "etanirshcuidlkzpfgbmo"[support_random_below(&random, 21)];
        word[size] = 0;
        compare(rewrite, word);
    }
    cases_open(&cases, "compounds.txt");
    while (cases_next(&cases, 2)) {
        size_t size = 0;
        for (const char *at = cases.columns[0]; *at && size + 1 < sizeof word; at++)
            if ((uint8_t)((*at | 0x20) - 'a') < 26)
                word[size++] = (char)(*at | 0x20);
        word[size] = 0;
        compare(rewrite, word);
    }
}

Test(text_rewrite, spelling_is_read_as_it_is_written)
{
    static struct rewrite rewrite;
    spelling_open(&rewrite);
    table_compare(&rewrite);
}

Test(text_rewrite, inflection_is_read_as_it_is_written)
{
    static struct rewrite rewrite;
    inflection_open(&rewrite);
    table_compare(&rewrite);
}
