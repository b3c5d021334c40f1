/* SPDX-License-Identifier: MIT
 *
 * word_form.c - see word_form.h.
 */
#include "query/word_form.h"

#include <string.h>

#include "text/function_words.h"

static lupe_status term_copy(struct arena *arena, const void *bytes, size_t size,
                             struct query_term *term)
{
    uint8_t *copy = arena_alloc(arena, size + 1);
    if (!copy)
        return fail_memory();
    memcpy(copy, bytes, size);
    *term = (struct query_term){copy, (uint32_t)size};
    return LUPE_OK;
}

/* Linking letters. Behind the stem they make most of the forms that compounds begin with, behind
 * the word as it is written the others. */
static const char *const links[] = {"", "s", "es", "n", "en", "er", "e", "ens"};
#define LINKS (sizeof links / sizeof *links)
#define LINKS_OF_WORD 2u /* the first of them are tried there */
#define LINK_BYTES_MAX 3u
#define FIRSTS_MAX (LINKS + LINKS_OF_WORD)

static lupe_status firsts_add(struct arena *arena, const struct lexicon *lexicon,
                              const struct query_term *word, unsigned link_count, bool known,
                              struct query_term *firsts, uint32_t *count)
{
    uint8_t first[COMPOUND_LETTERS_MAX + LINK_BYTES_MAX];
    lupe_status status = LUPE_OK;
    if (word->size > COMPOUND_LETTERS_MAX)
        return LUPE_OK;
    memcpy(first, word->bytes, word->size);
    for (unsigned l = 0; l < link_count; l++) {
        size_t size = word->size;
        for (const char *letter = links[l]; *letter; letter++)
            first[size++] = (uint8_t)*letter;
        if (!known || lexicon_begins(lexicon, first, size))
            TRY(term_copy(arena, first, size, &firsts[(*count)++]));
    }
out:
    return status;
}

/* What compounds begin with that have the word as their first part: what the lexicon knows of; of a
 * word it does not know, the word itself, with and without s. Asking for all of them in the
 * dictionary cost 10 us a pair of words, the lexicon is asked in 0.3. */
static lupe_status firsts_make(struct arena *arena, const struct lexicon *lexicon,
                               const struct query_term *stem, const struct word_form *form,
                               struct word_join *join)
{
    uint32_t *count = &join->first_count;
    lupe_status status = LUPE_OK;
    struct query_term *firsts = arena_alloc(arena, FIRSTS_MAX * sizeof *firsts);
    if (!firsts)
        return fail_memory();
    join->firsts = firsts;
    TRY(firsts_add(arena, lexicon, stem, LINKS, true, firsts, count));
    if (stem->size != form->folded.size)
        TRY(firsts_add(arena, lexicon, &form->folded, LINKS_OF_WORD, true, firsts, count));
    if (*count == 0)
        TRY(firsts_add(arena, lexicon, &form->folded, LINKS_OF_WORD, false, firsts, count));
out:
    return status;
}

/* The parts of the compound that the analyzer saw last, each and several of them together. */
static lupe_status parts_make(struct arena *arena, struct analyzer *analyzer,
                              struct word_form *form)
{
    struct compound compound;
    lupe_status status = LUPE_OK;
    analyzer_split(analyzer, &compound);
    if (compound.count == 0)
        return LUPE_OK;
    struct query_term *terms =
        arena_alloc(arena, (size_t)compound.count * compound.count * sizeof *terms);
    if (!terms)
        return fail_memory();
    for (unsigned i = 0; i < compound.count; i++)
        for (unsigned j = i; j < compound.count; j++) {
            struct term term;
            TRY(analyzer_parts_joined(analyzer, &compound, i, j, &term));
            TRY(term_copy(arena, term.bytes, term.size, &terms[i * compound.count + j]));
        }
    form->parts = terms;
    form->part_count = compound.count;
out:
    return status;
}

lupe_status word_form_make(struct arena *arena, struct analyzer *analyzer, bool parts,
                           const struct word_form **out)
{
    const uint8_t *folded;
    size_t size;
    lupe_status status = LUPE_OK;
    if (!analyzer_folded(analyzer, &folded, &size))
        return LUPE_OK;
    struct word_form *form = arena_alloc(arena, sizeof *form);
    if (!form)
        return fail_memory();
    memset(form, 0, sizeof *form);
    form->is_function_word = is_function_word(folded, size);
    TRY(term_copy(arena, folded, size, &form->folded));
    if (parts)
        TRY(parts_make(arena, analyzer, form));
    *out = form;
out:
    return status;
}

lupe_status word_join_make(struct arena *arena, struct analyzer *analyzer,
                           const struct query_term *stem, const struct word_form *form,
                           struct word_join *join)
{
    struct term tail;
    lupe_status status = LUPE_OK;
    join->first_count = 0;
    TRY(firsts_make(arena, analyzer_lexicon(analyzer), stem, form, join));
    TRY(analyzer_tail(analyzer, form->folded.bytes, form->folded.size, &tail));
    TRY(term_copy(arena, tail.bytes, tail.size, &join->tail));
out:
    return status;
}
