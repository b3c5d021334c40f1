/* SPDX-License-Identifier: MIT
 *
 * rewrite.c - reading a table of rows.
 */
#include "text/rewrite.h"

#include <assert.h>
#include <string.h>

#define END 26u /* of the word, as a letter */

/* How many letters of the group and behind it a beginning must have when a context reaches
 * beyond it: Thei* is Teil, and for Theismus a letter more is needed. */
#define REACH_TO_CHANGE 4u
#define REACH_TO_STAY 5u

static bool is_vowel(uint8_t letter)
{
    return letter == 'a' || letter == 'e' || letter == 'i' || letter == 'o' || letter == 'u' ||
           letter == 'y';
}

static bool is_fit(char wanted, uint8_t letter)
{
    if (wanted == 'V')
        return is_vowel(letter);
    if (wanted == 'K')
        return !is_vowel(letter);
    return (uint8_t)wanted == letter;
}

/* A word, and whether it is but the beginning of one. */
struct text {
    const uint8_t *letters;
    size_t size;
    bool beginning;
};

/* The letters behind the group, from at, against those of a context. A beginning fits when it
 * reaches so far. */
static bool fits_behind(const struct text *text, size_t at, const char *context, size_t reach)
{
    for (; *context && *context != ' '; context++, at++) {
        if (*context == '$')
            return at == text->size && !text->beginning;
        if (at >= text->size)
            return text->beginning && at >= reach;
        if (!is_fit(*context, text->letters[at]))
            return false;
    }
    return true;
}

/* Whether the group of the row, from at to end, stands in one of its contexts. */
static bool is_in_context(const struct text *text, size_t at, size_t end,
                          const struct rewrite_row *row)
{
    size_t reach = at + (strcmp(row->from, row->to) ? REACH_TO_CHANGE : REACH_TO_STAY);
    const char *context = row->contexts;
    for (;;) {
        bool anchored = *context == '^';
        context += anchored;
        size_t before = 0;
        while (context[before] != '_')
            before++;
        bool fits = anchored ? before == at : before <= at;
        for (size_t i = 0; fits && i < before; i++)
            fits = is_fit(context[i], text->letters[at - before + i]);
        context += before + 1;
        if (fits && fits_behind(text, end, context, reach))
            return true;
        while (*context != ' ')
            if (!*context++)
                return false;
        context++;
    }
}

static unsigned letter_at(const struct text *text, size_t at)
{
    return at < text->size ? (unsigned)(text->letters[at] - 'a') : END;
}

static unsigned group_of(unsigned first, unsigned second, unsigned third)
{
    return (first * REWRITE_LETTERS + second) * REWRITE_LETTERS + third;
}

/* At which of up to PLACES_AT_ONCE places from at on some row may apply, by the letters around
 * each: a bit each. At nine places of ten none does, which no processor could guess. */
#define PLACES_AT_ONCE 64u
static uint64_t places_find(const struct rewrite *rewrite, const struct text *text, size_t at)
{
    size_t left = text->size - at;
    unsigned count = left < PLACES_AT_ONCE ? (unsigned)left : PLACES_AT_ONCE;
    unsigned before = at ? (unsigned)(text->letters[at - 1] - 'a') : END;
    unsigned first = letter_at(text, at), second = letter_at(text, at + 1);
    uint64_t places = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned third = letter_at(text, at + i + 2);
        unsigned group = group_of(first, second, third);
        uint64_t may = rewrite->groups[group / 32] >> group % 32 | text->beginning;
        may &= rewrite->before[first * REWRITE_LETTERS + second] >> before & 1;
        places |= may << i;
        before = first;
        first = second;
        second = third;
    }
    return places;
}

/* The row that decides at at, or NULL. */
static const struct rewrite_row *row_at(const struct rewrite *rewrite, const struct text *text,
                                        size_t at)
{
    unsigned pair = letter_at(text, at) * REWRITE_LETTERS + letter_at(text, at + 1);
    const uint8_t *here = text->letters + at;
    size_t left = text->size - at;
    unsigned before = at ? (unsigned)(text->letters[at - 1] - 'a') : END;
    for (size_t i = rewrite->first[pair]; i < rewrite->first[pair + 1]; i++) {
        const struct rewrite_candidate *candidate = &rewrite->candidates[i];
        const struct rewrite_row *row = &rewrite->rows[candidate->row];
        size_t size = candidate->size;
        if (candidate->last ? size != left : size > left)
            continue;
        if (candidate->third &&
            (candidate->third != here[2] || memcmp(row->from + 3, here + 3, size - 3) != 0))
            continue;
        if (!(candidate->before >> before & 1) ||
            (!text->beginning && !(candidate->behind >> letter_at(text, at + size) & 1)))
            continue;
        if (is_in_context(text, at, at + size, row))
            return row;
    }
    return NULL;
}

/* Whether each of the contexts has its group: a mistake in a table shows in every test. */
static bool is_sound(const char *contexts)
{
    for (;; contexts++) {
        size_t size = strcspn(contexts, " ");
        if (!size || !memchr(contexts, '_', size))
            return false;
        contexts += size;
        if (!*contexts)
            return true;
    }
}

#define ALL_LETTERS ((2u << END) - 1)

/* Which letters a sign of a context stands for. */
static uint32_t letters_of(char sign)
{
    uint32_t letters = 0;
    if (sign == '$' || sign == '^')
        return 1u << END;
    if (sign != 'V' && sign != 'K')
        return 1u << (sign - 'a');
    for (unsigned letter = 0; letter < END; letter++)
        if (is_fit(sign, (uint8_t)('a' + letter)))
            letters |= 1u << letter;
    return letters;
}

/* The letters that may stand at + 0, 1, 2 where the row applies: a bit each. */
static uint32_t letters_at(const struct rewrite_row *row, size_t at)
{
    uint32_t letters = 0;
    size_t size = strlen(row->from);
    if (at < size)
        return letters_of(row->from[at]);
    for (const char *group = strchr(row->contexts, '_'); group; group = strchr(group + 1, '_')) {
        const char *sign = group + 1;
        for (size_t i = size; i < at && *sign && *sign != ' ' && *sign != '$'; i++)
            sign++;
        if (!*sign || *sign == ' ')
            return ALL_LETTERS;
        letters |= letters_of(*sign);
    }
    return letters;
}

/* The letters that may stand before it. */
static uint32_t letters_before(const struct rewrite_row *row)
{
    uint32_t letters = 0;
    for (const char *group = strchr(row->contexts, '_'); group; group = strchr(group + 1, '_')) {
        if (group == row->contexts || group[-1] == ' ')
            return ALL_LETTERS;
        letters |= letters_of(group[-1]);
    }
    return letters;
}

/* Whether all contexts of a row end with its group. */
static bool is_last(const struct rewrite_row *row)
{
    for (const char *at = strchr(row->contexts, '_'); at; at = strchr(at + 1, '_'))
        if (at[1] != '$')
            return false;
    return true;
}

static struct rewrite_candidate candidate_of(const struct rewrite_row *rows, size_t i)
{
    size_t size = strlen(rows[i].from);
    return (struct rewrite_candidate){.row = (uint16_t)i,
                                      .size = (uint8_t)size,
                                      .third = size > 2 ? (uint8_t)rows[i].from[2] : 0,
                                      .last = is_last(&rows[i]),
                                      .before = letters_before(&rows[i]),
                                      .behind = letters_at(&rows[i], size)};
}

void rewrite_prepare(struct rewrite *rewrite, const struct rewrite_row *rows, size_t count)
{
    uint32_t seconds[REWRITE_ROWS_MAX], thirds[REWRITE_ROWS_MAX];
    struct rewrite_candidate candidates[REWRITE_ROWS_MAX];
    size_t to = 0, begin = 0, end = 0;
    assert(count <= REWRITE_ROWS_MAX);
    for (size_t i = 0; i < count; i++) {
        assert(is_sound(rows[i].contexts) && (i == 0 || rows[i - 1].from[0] <= rows[i].from[0]));
        seconds[i] = letters_at(&rows[i], 1);
        thirds[i] = letters_at(&rows[i], 2);
        candidates[i] = candidate_of(rows, i);
    }
    memset(rewrite->groups, 0, sizeof rewrite->groups);
    rewrite->rows = rows;
    rewrite->row_count = count;
    for (unsigned pair = 0; pair < 26 * REWRITE_LETTERS; pair++) {
        unsigned next = pair % REWRITE_LETTERS;
        rewrite->first[pair] = (uint16_t)to;
        rewrite->before[pair] = 0;
        if (next == 0) { /* a new first letter */
            begin = end;
            while (end < count && rows[end].from[0] == (char)('a' + pair / REWRITE_LETTERS))
                end++;
        }
        for (size_t i = begin; i < end; i++)
            if (seconds[i] >> next & 1) {
                assert(to < REWRITE_CANDIDATES_MAX);
                rewrite->before[pair] |= candidates[i].before;
                for (unsigned third = 0; third < REWRITE_LETTERS; third++)
                    rewrite->groups[(pair * REWRITE_LETTERS + third) / 32] |=
                        (thirds[i] >> third & 1) << (pair * REWRITE_LETTERS + third) % 32;
                rewrite->candidates[to++] = candidates[i];
            }
    }
    rewrite->first[26 * REWRITE_LETTERS] = (uint16_t)to;
}

size_t rewrite_apply(const struct rewrite *rewrite, const uint8_t *word, size_t size,
                     bool beginning, uint8_t *out)
{
    struct text text = {word, size, beginning};
    size_t to = 0, done = 0, next = 0; /* next: behind the last group */
    bool changed = false;
    for (size_t start = 0; start < size; start += PLACES_AT_ONCE)
        for (uint64_t places = places_find(rewrite, &text, start); places; places &= places - 1) {
            size_t at = start + (unsigned)__builtin_ctzll(places);
            const struct rewrite_row *row = at < next ? NULL : row_at(rewrite, &text, at);
            if (!row)
                continue;
            next = at + strlen(row->from);
            if (strcmp(row->from, row->to) == 0)
                continue;
            size_t respelled = strlen(row->to);
            memcpy(out + to, word + done, at - done);
            memcpy(out + to + at - done, row->to, respelled);
            to += at - done + respelled;
            done = next;
            changed = true;
        }
    if (!changed)
        return 0;
    memcpy(out + to, word + done, size - done);
    return to + size - done;
}
