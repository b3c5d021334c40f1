/* SPDX-License-Identifier: MIT
 *
 * part_places.c - see part_places.h. Folding works from left to right with a look at neighbours
 * (ae, oe, ue; contexts of old spelling), so a beginning of the word is folded for each place that
 * comes into question until it is as long as the piece that is looked for.
 *
 *     surface  H ä u s e r - ­ - b a u        folded  hauserbau, boundary 6
 *              0 1 3 4 5 6 7     9            low 7, high 9: the soft hyphen belongs to neither
 */
#include "result/part_places.h"

#include <string.h>

#include "text/unicode.h"

#define SOFT_HYPHEN 0xADu

/* A word, written and folded. */
struct written {
    struct analyzer *analyzer;
    const uint8_t *surface;
    size_t size;
    const uint8_t *folded;
    size_t folded_size;
};

/* The first and the last place that parts the written word where the folded one is parted. */
struct boundary {
    bool exact;
    size_t low;
    size_t high;
};

/* Whether a piece of the surface folds to a piece of the folded word; *longer, whether it folds to
 * more than that. */
static lupe_status folds_to(const struct written *word, size_t start, size_t end,
                            const uint8_t *folded, size_t folded_size, bool *equal, bool *longer)
{
    struct term term;
    const uint8_t *bytes;
    size_t size;
    lupe_status status = analyzer_term(word->analyzer, word->surface + start, end - start, &term);
    if (status != LUPE_OK)
        return status;
    *equal = analyzer_folded(word->analyzer, &bytes, &size) && size == folded_size &&
             memcmp(bytes, folded, size) == 0;
    *longer = size > folded_size;
    return LUPE_OK;
}

/* Whether a word may be parted before this character: a mark stays with its letter. */
static bool may_part(const struct written *word, size_t at)
{
    unsigned size;
    const uint8_t *end = word->surface + word->size;
    if ((word->surface[at] & 0xC0) == 0x80)
        return false;
    if (word->surface[at] < 0x80)
        return true;
    uint32_t point = utf8_decode_slow(word->surface + at, end, &size);
    return point == SOFT_HYPHEN || !(class_of(classes_get(), point) & CLASS_MARK);
}

/* The letters before `at` are ASCII and stand in the folded word as they are written. */
static bool is_unchanged(const struct written *word, size_t at)
{
    if (word->size != word->folded_size)
        return false;
    for (size_t i = 0; i < at; i++)
        if ((word->surface[i] | 0x20) != word->folded[i])
            return false;
    return true;
}

static lupe_status boundary_find(const struct written *word, size_t at, struct boundary *boundary)
{
    lupe_status status = LUPE_OK;
    *boundary = (struct boundary){.exact = false};
    if (at == 0 || at == word->folded_size || is_unchanged(word, at)) {
        size_t place = at == word->folded_size ? word->size : at;
        *boundary = (struct boundary){true, place, place};
        return LUPE_OK;
    }
    for (size_t place = 1; place < word->size; place++) {
        bool equal, longer, rest_equal, rest_longer;
        if (!may_part(word, place))
            continue;
        TRY(folds_to(word, 0, place, word->folded, at, &equal, &longer));
        if (longer)
            break;
        if (!equal)
            continue;
        TRY(folds_to(word, place, word->size, word->folded + at, word->folded_size - at,
                     &rest_equal, &rest_longer));
        if (!rest_equal)
            continue;
        if (!boundary->exact)
            boundary->low = place;
        boundary->high = place;
        boundary->exact = true;
    }
out:
    return status;
}

lupe_status part_place(struct analyzer *analyzer, const uint8_t *surface, size_t size,
                       const uint8_t *folded, const struct compound *compound, unsigned first,
                       unsigned last, struct part_place *place)
{
    lupe_status status = LUPE_OK;
    const struct compound_part *end = &compound->parts[compound->count - 1];
    const struct compound_part *part = &compound->parts[last];
    struct written word = {analyzer, surface, size, folded, (size_t)end->first + end->size};
    bool ends = last + 1 == compound->count;
    struct boundary start, stop, next;

    *place = (struct part_place){0, (uint32_t)size, (uint32_t)size};
    TRY(boundary_find(&word, compound->parts[first].first, &start));
    TRY(boundary_find(&word, ends ? word.folded_size : (size_t)part->first + part->base_size,
                      &stop));
    TRY(boundary_find(&word, (size_t)part->first + part->size, &next));
    if (start.exact && stop.exact && next.exact && start.high < stop.low)
        *place = (struct part_place){(uint32_t)start.high, (uint32_t)stop.low, (uint32_t)next.high};
out:
    return status;
}
