/* SPDX-License-Identifier: MIT
 *
 * fuzzy.c - see fuzzy.h.
 *
 * The automaton is the nondeterministic one, a bit a state: bit i of reached[k] is set when what
 * was read is the first i letters of the word but for k edits. A letter costs some ten operations
 * however long the word is, so no table is made ahead.
 *
 * Keys come in order and share beginnings: the states behind each byte of the key at hand are kept,
 * and a key goes on from what it shares with the one before. Where all bits are gone, nothing that
 * begins so is near enough; the walk then goes to the block of the next key that can be:
 *
 *     separator  munitv      word munition, one edit
 *     alive      munit       behind v nothing is reached
 *     next       munix? no, the edits are used up: after "munit" only i, o, n are left: next is
 *                above v in one of them, here none; one letter less: muniu, munix, ...
 */
#include "query/fuzzy.h"

#include <assert.h>
#include <stdlib.h>

#include "base/sort.h"
#include "base/utf8.h"

#define ENTRIES_TICK 1024u /* entries between two questions whether to go on: some 20 us */

/* What was reached behind a byte. */
struct reached {
    uint64_t by_edits[FUZZY_DISTANCE_MAX + 1];
    uint64_t swapped[FUZZY_DISTANCE_MAX]; /* the letter before was the one after next: if the next
                                           * is the one passed over, they changed places */
};

struct scan {
    const struct fuzzy *fuzzy;
    uint8_t key[KEY_BYTES_MAX];
    size_t known; /* bytes of key, and states behind them, that stand */
    size_t dead;  /* nothing that begins with so many bytes of key is near; SIZE_MAX: not known */
    struct reached behind[KEY_BYTES_MAX + 1];
};

/* ------------------------------------------------------------------ the automaton */

bool fuzzy_init(struct fuzzy *fuzzy, const uint8_t *word, size_t size, unsigned distance)
{
    const uint8_t *end = word + size;
    memset(fuzzy, 0, sizeof *fuzzy);
    assert(distance <= FUZZY_DISTANCE_MAX);
    fuzzy->distance = distance;
    while (word < end) {
        unsigned read, i = 0;
        uint32_t letter = utf8_decode(word, end, &read);
        uint64_t place = UINT64_C(1) << fuzzy->letters;
        word += read;
        if (fuzzy->letters == FUZZY_LETTERS_MAX)
            return false;
        fuzzy->letters++;
        if (letter < 128) {
            fuzzy->ascii[letter] |= place;
            continue;
        }
        while (i < fuzzy->other_count && fuzzy->others[i] != letter)
            i++;
        fuzzy->others[i] = letter;
        fuzzy->other_places[i] |= place;
        fuzzy->other_count += i == fuzzy->other_count;
    }
    fuzzy->ends = UINT64_C(1) << fuzzy->letters;
    return fuzzy->letters > 0;
}

uint64_t fuzzy_end(const uint8_t *word, size_t size)
{
    const uint8_t *end = word + size;
    unsigned letters = 0;
    for (unsigned read; word < end && letters < FUZZY_LETTERS_MAX; word += read, letters++)
        (void)utf8_decode(word, end, &read);
    return UINT64_C(1) << letters;
}

static uint64_t places_of(const struct fuzzy *fuzzy, uint32_t letter)
{
    if (letter < 128)
        return fuzzy->ascii[letter];
    for (unsigned i = 0; i < fuzzy->other_count; i++)
        if (fuzzy->others[i] == letter)
            return fuzzy->other_places[i];
    return 0;
}

static void reach_start(const struct fuzzy *fuzzy, struct reached *start)
{
    memset(start, 0, sizeof *start);
    for (unsigned k = 0; k <= fuzzy->distance; k++) /* letters at the beginning may be missing */
        start->by_edits[k] = (UINT64_C(2) << k) - 1;
}

/* What is reached behind one more letter. Bits above the word's length mean nothing and are cut. */
static inline uint64_t reach_next(const struct fuzzy *fuzzy, const struct reached *from,
                                  uint32_t letter, struct reached *to)
{
    uint64_t places = places_of(fuzzy, letter);
    uint64_t all = (UINT64_C(2) << fuzzy->letters) - 1;
    uint64_t any = 0;
    for (unsigned k = 0; k <= fuzzy->distance; k++) {
        uint64_t bits = (from->by_edits[k] & places) << 1;
        if (k > 0) {
            bits |= from->by_edits[k - 1];      /* the letter is too many, */
            bits |= from->by_edits[k - 1] << 1; /* another, */
            bits |= to->by_edits[k - 1] << 1;   /* or one is missing behind it */
            bits |= (from->swapped[k - 1] & places) << 2;
        }
        to->by_edits[k] = bits & all;
        any |= to->by_edits[k];
        if (k < fuzzy->distance)
            to->swapped[k] = from->by_edits[k] & places >> 1;
    }
    return any;
}

/* The fewest edits by which a place is reached; more than the distance when it is not. */
static unsigned edits_to(const struct fuzzy *fuzzy, const struct reached *reached, uint64_t places)
{
    unsigned k = 0;
    while (k <= fuzzy->distance && !(reached->by_edits[k] & places))
        k++;
    return k;
}

static bool reach_through(const struct fuzzy *fuzzy, const char *text, struct reached *reached)
{
    for (; *text; text++) {
        struct reached next;
        if (reach_next(fuzzy, reached, (uint8_t)*text, &next) == 0)
            return false;
        *reached = next;
    }
    return true;
}

/* The endings being tried behind a term. */
struct ending_trial {
    const struct fuzzy *fuzzy;
    lupe_status (*visit)(void *user, const char *ending, size_t ending_size, unsigned distance);
    void *user;
    char ending[FUZZY_ENDING_BYTES_MAX];
};

static lupe_status endings_try(struct ending_trial *trial, const struct reached *behind,
                               unsigned part, size_t size)
{
    const struct fuzzy *fuzzy = trial->fuzzy;
    if (part == (fuzzy->endings ? FUZZY_ENDING_PARTS : 0)) {
        unsigned k = edits_to(fuzzy, behind, UINT64_C(1) << fuzzy->letters);
        return k <= fuzzy->distance ? trial->visit(trial->user, trial->ending, size, k) : LUPE_OK;
    }
    lupe_status status = endings_try(trial, behind, part + 1, size);
    for (unsigned i = 0; !status && i < fuzzy->endings->parts[part].count; i++) {
        const char *text = fuzzy->endings->parts[part].texts[i];
        size_t more = strlen(text);
        struct reached reached = *behind;
        if (size + more > FUZZY_ENDING_BYTES_MAX || !reach_through(fuzzy, text, &reached))
            continue;
        memcpy(trial->ending + size, text, more);
        status = endings_try(trial, &reached, part + 1, size + more);
    }
    return status;
}

static lupe_status keep_least(void *user, const char *ending, size_t ending_size, unsigned distance)
{
    unsigned *least = user;
    (void)ending;
    (void)ending_size;
    *least = distance < *least ? distance : *least;
    return LUPE_OK;
}

void fuzzy_set_endings(struct fuzzy *fuzzy, const struct fuzzy_endings *endings)
{
    unsigned least;
    struct ending_trial trial = {.fuzzy = fuzzy, .visit = keep_least, .user = &least};
    fuzzy->endings = endings;
    for (unsigned i = 0; i <= fuzzy->letters; i++) {
        uint64_t place = UINT64_C(1) << i;
        struct reached only = {.by_edits = {place}};
        struct reached swapped = {.swapped = {place}};
        least = fuzzy->distance + 1;
        (void)endings_try(&trial, &only, 0, 0);
        if (least <= fuzzy->distance)
            fuzzy->rest[least] |= place;
        least = fuzzy->distance + 1;
        if (fuzzy->distance > 0)
            (void)endings_try(&trial, &swapped, 0, 0);
        if (least <= fuzzy->distance)
            fuzzy->swapped_rest[least] |= place;
    }
}

/* The distance of a term behind which this is reached. Edits in the term and in its ending add up,
 * so that no ending has to be tried. */
static unsigned distance_behind(const struct fuzzy *fuzzy, const struct reached *behind)
{
    unsigned least = edits_to(fuzzy, behind, fuzzy->ends);
    for (unsigned k = 0; k < least; k++)
        for (unsigned more = 0; k + more < least; more++)
            if ((behind->by_edits[k] & fuzzy->rest[more]) ||
                (k < fuzzy->distance && behind->swapped[k] & fuzzy->swapped_rest[more]))
                least = k + more;
    return least;
}

/* What is reached behind a text; false when nothing is. */
static bool reach_text(const struct fuzzy *fuzzy, const uint8_t *text, size_t size,
                       struct reached *behind)
{
    const uint8_t *end = text + size;
    struct reached next;
    reach_start(fuzzy, behind);
    for (unsigned read; text < end; text += read, *behind = next)
        if (reach_next(fuzzy, behind, utf8_decode(text, end, &read), &next) == 0)
            return false;
    return true;
}

unsigned fuzzy_distance(const struct fuzzy *fuzzy, const uint8_t *other, size_t size)
{
    struct reached behind;
    if (!reach_text(fuzzy, other, size, &behind))
        return fuzzy->distance + 1;
    return edits_to(fuzzy, &behind, UINT64_C(1) << fuzzy->letters);
}

lupe_status fuzzy_endings_near(const struct fuzzy *fuzzy, const uint8_t *term, size_t size,
                               lupe_status (*visit)(void *user, const char *ending,
                                                    size_t ending_size, unsigned distance),
                               void *user)
{
    struct ending_trial trial = {.fuzzy = fuzzy, .visit = visit, .user = user};
    struct reached behind;
    if (!reach_text(fuzzy, term, size, &behind))
        return LUPE_OK;
    return endings_try(&trial, &behind, 0, 0);
}

/* ------------------------------------------------------------------ along keys */

/* The key is that of before up to `shared`, then the suffix. Brings the states up to it, as far as
 * anything is reached. */
static void scan_take(struct scan *scan, size_t shared, const uint8_t *suffix, size_t size)
{
    if (shared >= scan->dead)
        return; /* still dead, and what it died of stays */
    memcpy(scan->key + shared, suffix, size);
    const uint8_t *end = scan->key + shared + size;
    size_t at = shared < scan->known ? shared : scan->known;
    at = at < 2 ? 2 : at; /* the number of the list is no letter */
    while (at > 2 && (scan->key[at] & 0xc0) == 0x80)
        at--; /* the keys part within a letter */
    scan->dead = SIZE_MAX;
    while (scan->key + at < end) {
        struct reached next;
        unsigned read;
        uint32_t letter = utf8_decode(scan->key + at, end, &read);
        if (reach_next(scan->fuzzy, &scan->behind[at], letter, &next) == 0) {
            scan->dead = at + read;
            break;
        }
        for (unsigned i = 1; i < read; i++)
            scan->behind[at + i] = scan->behind[at];
        at += read;
        scan->behind[at] = next;
    }
    scan->known = at;
}

/* The same for a key of which it is not known what it shares. */
static void scan_key(struct scan *scan, const uint8_t *key, size_t size)
{
    size_t have = scan->dead == SIZE_MAX ? scan->known : scan->dead;
    size_t shared = 0;
    while (shared < have && shared < size && scan->key[shared] == key[shared])
        shared++;
    scan_take(scan, shared, key + shared, size - shared);
}

/* The next letter above `letter` behind which something is reached; false when there is none. */
static bool letter_above(const struct fuzzy *fuzzy, const struct reached *from, uint32_t letter,
                         uint32_t *next)
{
    uint64_t places = from->by_edits[fuzzy->distance];
    uint32_t best = UINT32_MAX;
    for (unsigned k = 0; k < fuzzy->distance; k++) {
        if (from->by_edits[k]) { /* with an edit to spare every letter will do */
            *next = letter + 1;
            return letter < 0x10ffff;
        }
        places |= from->swapped[k];
    }
    for (uint32_t c = letter < 127 ? letter + 1 : 128; c < 128; c++)
        if (fuzzy->ascii[c] & places) {
            *next = c;
            return true;
        }
    for (unsigned i = 0; i < fuzzy->other_count; i++)
        if (fuzzy->others[i] > letter && fuzzy->others[i] < best && fuzzy->other_places[i] & places)
            best = fuzzy->others[i];
    *next = best;
    return best != UINT32_MAX;
}

/* Makes of the key that is dead the lowest above all that begin like it which is not; its size, 0
 * when there is none in the list. */
static size_t scan_next_key(struct scan *scan, uint8_t next[KEY_BYTES_MAX + 4])
{
    size_t at = scan->known;
    size_t end = scan->dead;
    for (;;) {
        unsigned read;
        uint32_t letter = utf8_decode(scan->key + at, scan->key + end, &read);
        memcpy(next, scan->key, at);
        if (letter == UTF8_REPLACEMENT && read == 1) { /* a byte of no letter: any above it */
            next[at] = scan->key[at];
            if (next[at] < UINT8_MAX) {
                next[at]++;
                return at + 1;
            }
        } else if (letter_above(scan->fuzzy, &scan->behind[at], letter, &letter)) {
            return at + utf8_encode(letter, next + at);
        }
        if (at <= 2)
            return 0;
        end = at--;
        while (at > 2 && (scan->key[at] & 0xc0) == 0x80)
            at--;
    }
}

/* ------------------------------------------------------------------ terms */

static int by_nearness(const void *left, const void *right)
{
    const struct fuzzy_term *a = left, *b = right;
    if (a->distance != b->distance)
        return a->distance < b->distance ? -1 : 1;
    if (a->frequency != b->frequency)
        return a->frequency < b->frequency ? 1 : -1;
    return compare_bytes(a->bytes, a->size, b->bytes, b->size);
}

static void keep_nearest(struct buffer *found, size_t first, bool *cut)
{
    size_t count = (found->size - first) / sizeof(struct fuzzy_term);
    if (count > 1)
        qsort(found->data + first, count, sizeof(struct fuzzy_term), by_nearness);
    if (count > FUZZY_LISTED_MAX) {
        found->size = first + FUZZY_LISTED_MAX * sizeof(struct fuzzy_term);
        *cut = true;
    }
}

/* Adds the key at hand if it is near enough. */
static lupe_status term_add(const struct scan *scan, const struct dictionary_walk *walk,
                            struct arena *arena, struct buffer *found)
{
    struct entry entry;
    if (walk->key_size == 2)
        return LUPE_OK;
    unsigned distance = distance_behind(scan->fuzzy, &scan->behind[walk->key_size]);
    if (distance > scan->fuzzy->distance)
        return LUPE_OK;
    lupe_status status = dictionary_walk_parse(walk, &entry);
    if (status || (entry.flags & ENTRY_STORAGE_MASK) == ENTRY_NONE)
        return status;
    uint32_t size = (uint32_t)walk->key_size - 2;
    uint8_t *bytes = arena_alloc(arena, size);
    if (!bytes)
        return fail_memory();
    memcpy(bytes, scan->key + 2, size);
    struct fuzzy_term term = {bytes, size, entry.frequency, distance};
    buffer_add(found, &term, sizeof term);
    return buffer_status(found);
}

/* The entries of the block at hand. */
static lupe_status block_scan(struct scan *scan, struct dictionary_walk *walk, uint32_t list,
                              struct arena *arena, struct buffer *found, uint32_t *entries)
{
    lupe_status status;
    bool first = true;
    while (!(status = dictionary_walk_entry(walk))) {
        const struct block_entry *entry = &walk->entry;
        ++*entries;
        if (first)
            scan_key(scan, entry->suffix, entry->suffix_size);
        else
            scan_take(scan, entry->shared, entry->suffix, entry->suffix_size);
        first = false;
        if (scan->dead == SIZE_MAX && key_is_of(scan->key, list)) {
            status = term_add(scan, walk, arena, found);
            if (status)
                return status;
        }
    }
    return status == LUPE_NOT_FOUND ? LUPE_OK : status;
}

/* Without what there is of a letter that a separator, cut as short as can be, ends in. */
static size_t whole_letters(const uint8_t *bytes, size_t size)
{
    for (size_t back = 1; back <= 3 && back <= size; back++) {
        uint8_t byte = bytes[size - back];
        if (byte >= 0xc0)
            return back < (byte < 0xe0 ? 2u : byte < 0xf0 ? 3u : 4u) ? size - back : size;
        if (byte < 0x80)
            break;
    }
    return size;
}

/* From a separator to the lowest key of the list at or above it that may be near: its size, 0 when
 * there is none. */
static size_t separator_next(struct scan *scan, uint32_t list, const uint8_t *separator,
                             size_t size, uint8_t next[KEY_BYTES_MAX + 4])
{
    uint8_t prefix[KEY_BYTES_MAX];
    size_t prefix_size = key_make(prefix, list, NULL, 0);
    size_t shorter = size < prefix_size ? size : prefix_size;
    int order = shorter ? memcmp(separator, prefix, shorter) : 0;
    if (order > 0)
        return 0;
    if (order < 0 || size <= prefix_size) {
        memcpy(next, prefix, prefix_size);
        return prefix_size;
    }
    size = size < KEY_BYTES_MAX ? size : KEY_BYTES_MAX;
    scan_key(scan, separator, whole_letters(separator, size));
    if (scan->dead != SIZE_MAX)
        return scan_next_key(scan, next);
    memcpy(next, separator, size);
    return size;
}

static lupe_status list_scan(struct scan *scan, struct dictionary *dictionary, uint32_t list,
                             const struct fuzzy_pause *pause, struct arena *arena,
                             struct buffer *found, bool *cut)
{
    struct dictionary_walk walk;
    uint8_t next[KEY_BYTES_MAX + 4];
    size_t next_size = key_make(next, list, NULL, 0);
    size_t first = found->size;
    uint32_t entries = 0, asked = 0;
    lupe_status status = dictionary_walk_begin(&walk, dictionary);
    while (!status) {
        const uint8_t *separator;
        size_t size;
        TRY(dictionary_walk_to(&walk, next, next_size));
        TRY(block_scan(scan, &walk, list, arena, found, &entries));
        if (found->size - first > 2 * FUZZY_LISTED_MAX * sizeof(struct fuzzy_term))
            keep_nearest(found, first, cut);
        if (pause && entries - asked >= ENTRIES_TICK) {
            TRY(pause->ask(pause->user));
            asked = entries;
        }
        status = dictionary_walk_on(&walk, &separator, &size);
        if (status)
            break;
        next_size = separator_next(scan, list, separator, size, next);
        if (next_size == 0)
            break;
        if (entries >= FUZZY_ENTRIES_MAX) {
            *cut = true;
            break;
        }
    }
    keep_nearest(found, first, cut);
out:
    return status == LUPE_NOT_FOUND ? LUPE_OK : status;
}

lupe_status fuzzy_list(const struct fuzzy *fuzzy, struct dictionary *dictionary, uint32_t list,
                       const struct fuzzy_pause *pause, struct arena *arena, struct buffer *found,
                       bool *cut)
{
    struct scan *scan = memory_alloc(sizeof *scan);
    if (!scan)
        return fail_memory();
    scan->fuzzy = fuzzy;
    (void)key_make(scan->key, list, NULL, 0);
    scan->known = 2;
    scan->dead = SIZE_MAX;
    for (unsigned i = 0; i <= 2; i++) /* of another list nothing is looked at but its number */
        reach_start(fuzzy, &scan->behind[i]);
    lupe_status status = list_scan(scan, dictionary, list, pause, arena, found, cut);
    memory_free(scan);
    return status;
}
