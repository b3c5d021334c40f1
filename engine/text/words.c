/* SPDX-License-Identifier: MIT
 *
 * words.c - the scanner. Most text is ASCII words with a space behind: for them it is a table
 * look-up a byte and two comparisons a word; all else is looked at behind a branch.
 *
 *     hyphen word:   Nord-Süd-Achse          ends[0]  ends[1]  ends[2]
 *                    |   ||  ||   |
 *                    part 1  2   3           joined_size = end of part 3 - start of part 1
 */
#include "text/words.h"

#include <assert.h>

#include "text/unicode.h"
#include "text/words_masks.h"

_Static_assert(HYPHEN_PARTS_MAX >= 2 && HYPHEN_PARTS_MAX < 256, "parts are counted in a byte");

void word_scanner_init(struct word_scanner *scanner, lupe_analysis mode, const void *text,
                       size_t size)
{
    assert(text || size == 0);
    *scanner = (struct word_scanner){
        .text = size ? text : (const void *)"",
        .size = size,
        .mode = mode,
        .classes = classes_get(),
        .kernel = word_masks_choose(),
    };
}

/* How many of the eight bytes at at are ASCII letters before the first that is none, without a
 * branch: the end of a word is what no processor predicts. */
static inline unsigned letters_ahead(const uint8_t *at)
{
    const uint64_t each = 0x0101010101010101u;
    uint64_t bytes = load_u64(at);
    uint64_t lower = (bytes | each * 0x20) & each * 0x7F;
    uint64_t from_a = lower + each * (0x80 - 'a');
    uint64_t above_z = lower + each * (0x80 - 'z' - 1);
    uint64_t others = ~(from_a & ~above_z & ~bytes) & each * 0x80;
    return others ? (unsigned)__builtin_ctzll(others) / 8 : 8;
}

/* The end of the ASCII characters of these classes that begin at at. */
static inline const uint8_t *skip_ascii(const struct classes *classes, const uint8_t *at,
                                        const uint8_t *limit, unsigned wanted)
{
    while (limit - at >= 8) {
        unsigned letters = letters_ahead(at);
        at += letters;
        if (letters == 8)
            continue;
        if (!(classes->byte[*at] & wanted))
            return at;
        at++;
    }
    while (at < limit && classes->byte[*at] & wanted)
        at++;
    return at;
}

/* The first character at or behind at of one of these classes, or end. */
static const uint8_t *skip_to(const struct classes *classes, const uint8_t *at, const uint8_t *end,
                              unsigned wanted)
{
    while (at < end) {
        unsigned class = classes->byte[*at];
        if (*at < 0x80) {
            if (class & wanted)
                return at;
            at++;
            continue;
        }
        unsigned size;
        if (class_at(classes, at, end, &size) & wanted)
            return at;
        at += size;
    }
    return end;
}

/* The end of the run of plain characters that begins at at. */
static const uint8_t *run_plain(const struct classes *classes, const uint8_t *at,
                                const uint8_t *end)
{
    const uint8_t *limit = end - at > (ptrdiff_t)SURFACE_BYTES_MAX ? at + SURFACE_BYTES_MAX : end;
    for (;;) {
        at = skip_ascii(classes, at, limit, CLASS_PLAIN);
        if (at == limit || *at < 0x80)
            return at;
        unsigned size;
        if (!(class_at(classes, at, end, &size) & CLASS_PLAIN) || limit - at < (ptrdiff_t)size)
            return at;
        at += size;
    }
}

/* The end of the run of letters, digits, underscores, marks and inner apostrophes that begins
 * at at. *last is the class of its last character that is not a mark. */
static const uint8_t *run_standard(const struct classes *classes, const uint8_t *at,
                                   const uint8_t *end, unsigned *last)
{
    const uint8_t *limit = end - at > (ptrdiff_t)SURFACE_BYTES_MAX ? at + SURFACE_BYTES_MAX : end;
    *last = 0;
    for (;;) {
        const uint8_t *begin = at;
        at = skip_ascii(classes, at, limit, CLASS_RUN);
        if (at > begin)
            *last = classes->byte[at[-1]];
        if (at == limit || !(classes->byte[*at] & (BYTE_WIDE | CLASS_APOSTROPHE)))
            return at;
        unsigned size, next_size;
        unsigned class = class_at(classes, at, end, &size);
        if (limit - at < (ptrdiff_t)size)
            return at;
        if (class & CLASS_RUN)
            *last = class;
        else if (class & CLASS_APOSTROPHE) {
            if (!(*last & CLASS_LETTER) || end - at == (ptrdiff_t)size ||
                !(class_at(classes, at + size, end, &next_size) & CLASS_LETTER))
                return at;
        } else if (!(class & CLASS_MARK))
            return at;
        at += size;
    }
}

/* The end of the word that begins at at, which is no mark: a run, with ++ or # behind a lone
 * letter, or one ideograph with its marks. */
static const uint8_t *word_end_at(const struct classes *classes, const uint8_t *at,
                                  const uint8_t *end, unsigned *last)
{
    const uint8_t *start = at;
    unsigned size;
    at = run_standard(classes, at, end, last);
    if (at == start) {
        unsigned class = class_at(classes, at, end, &size);
        assert(class & CLASS_SINGLE);
        *last = class;
        for (at += size; at < end; at += size)
            if (!(class_at(classes, at, end, &size) & CLASS_MARK) ||
                at + size > start + SURFACE_BYTES_MAX)
                break;
    } else if (at < end && (*at == '#' || *at == '+') && *last & CLASS_LETTER) {
        class_at(classes, start, end, &size);
        if (at - start == (ptrdiff_t)size) {
            if (*at == '#')
                at += 1;
            else if (end - at > 1 && at[1] == '+')
                at += 2;
        }
    }
    return at;
}

/* False for nearly all words, in one predictable branch. */
static inline bool may_join(unsigned byte_class, unsigned last)
{
    _Static_assert(BYTE_JOINS_DIGITS == CLASS_DIGIT << 2, "the shift below");
    return byte_class & (BYTE_JOINS | (last & CLASS_DIGIT) << 2);
}

/* Where the next part of a hyphen word begins, when there is a connector at at, behind a
 * character of class last; else NULL. */
static const uint8_t *connected(const struct classes *classes, const uint8_t *at,
                                const uint8_t *end, unsigned last)
{
    unsigned between = CLASS_LETTER | CLASS_DIGIT;
    unsigned size = 1;
    if (end - at < 2)
        return NULL;
    if (*at == '.' || *at == ',' || *at == ':')
        between = CLASS_DIGIT;
    else if (*at == 0xE2 && end - at > 3 && at[1] == 0x80 && (at[2] == 0x90 || at[2] == 0x91))
        size = 3;
    else if (*at != '-')
        return NULL;
    if (!(last & between))
        return NULL;
    at += size;
    return class_at(classes, at, end, &size) & between ? at : NULL;
}

/* Follows a hyphen word from the end of its first part to its own; notes the places of its
 * parts. One of too many parts is no hyphen word, and its later parts begin none. */
static void find_parts(struct word_scanner *scanner, size_t start, size_t first_end, unsigned last)
{
    const uint8_t *end = scanner->text + scanner->size;
    const uint8_t *at = scanner->text + first_end;
    const uint8_t *next;
    size_t count = 1;
    scanner->ends[0][0] = start;
    scanner->ends[0][1] = first_end;
    while ((next = connected(scanner->classes, at, end, last))) {
        at = word_end_at(scanner->classes, next, end, &last);
        if (count < HYPHEN_PARTS_MAX) {
            scanner->ends[count][0] = (size_t)(next - scanner->text);
            scanner->ends[count][1] = (size_t)(at - scanner->text);
        }
        count++;
    }
    if (count > HYPHEN_PARTS_MAX) {
        scanner->separate_until = (size_t)(at - scanner->text);
    } else if (count > 1) {
        scanner->parts = (uint8_t)count;
        scanner->part = 0;
    }
}

static bool is_glue(uint8_t byte)
{
    switch (byte) {
    case '.':
    case '@':
    case '/':
    case '\\':
    case ':':
    case '&':
    case '=':
        return true;
    default:
        return false;
    }
}

static inline void give(struct word_scanner *scanner, struct word *word, size_t start, size_t end)
{
    word->start = start;
    word->size = (uint32_t)(end - start);
    word->joined_size = 0;
    word->part = 0;
    word->parts = 1;
    word->glued = start == scanner->word_end + 1 && scanner->word_end > 0 &&
                  is_glue(scanner->text[scanner->word_end]);
    scanner->word_end = end;
    scanner->next = end;
}

static void give_part(struct word_scanner *scanner, struct word *word)
{
    const size_t *place = scanner->ends[scanner->part];
    give(scanner, word, place[0], place[1]);
    if (scanner->part == 0)
        word->joined_size = (uint32_t)(scanner->ends[scanner->parts - 1][1] - place[0]);
    word->parts = scanner->parts;
    word->part = ++scanner->part;
}

bool word_next(struct word_scanner *scanner, struct word *word)
{
    const struct classes *classes = scanner->classes;
    const uint8_t *end = scanner->text + scanner->size;
    const uint8_t *start, *at;
    bool plain = scanner->mode == LUPE_ANALYSIS_PLAIN;
    if (scanner->part < scanner->parts) {
        give_part(scanner, word);
        return true;
    }
    start = skip_to(classes, scanner->text + scanner->next, end,
                    plain ? CLASS_PLAIN : CLASS_RUN | CLASS_SINGLE);
    if (start == end) {
        scanner->next = scanner->size;
        return false;
    }
    if (plain) {
        at = run_plain(classes, start, end);
        give(scanner, word, (size_t)(start - scanner->text), (size_t)(at - scanner->text));
        return true;
    }
    unsigned last;
    at = word_end_at(classes, start, end, &last);
    if (at < end && may_join(classes->byte[*at], last) &&
        start >= scanner->text + scanner->separate_until) {
        find_parts(scanner, (size_t)(start - scanner->text), (size_t)(at - scanner->text), last);
        if (scanner->part < scanner->parts) {
            give_part(scanner, word);
            return true;
        }
    }
    give(scanner, word, (size_t)(start - scanner->text), (size_t)(at - scanner->text));
    return true;
}
