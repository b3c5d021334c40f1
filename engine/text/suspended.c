/* SPDX-License-Identifier: MIT
 *
 * suspended.c - see suspended.h.
 *
 *     Hin-, Rück- und günstige Rundflüge      piece Hin, piece between Rück, und, passed over
 *     |   | |     |   |        |   |          günstige, completed by Rundflüge = rund | fluge
 *     +---+-+-----+---+--------+   tail       Hin + fluge
 */
#include "text/suspended.h"

#include <string.h>

#include "text/function_words.h"
#include "text/words.h"

#define PASSED_OVER_MAX 3u /* words between und and the word that completes the piece */
#define BACK_BYTES_MAX 160u
#define TAIL_LETTERS_MIN 3u
#define TAIL_LETTERS_MIN_UNKNOWN 4u /* of a tail that no lexicon knows, between two prefixes */
#define TAIL_LETTERS_MIN_WHOLE 5u   /* of one behind letters that no lexicon knows */

/* Beginnings of words that compound.h takes no word apart behind, folded, longest first where one
 * begins another. */
static const char *const prefixes[] = {
    "auseinander",
    "zusammen",
    "entgegen",
    "zwischen",
    "herunter",
    "hinunter",
    "heraus",
    "hinaus",
    "herein",
    "hinein",
    "mittel",
    "leicht",
    "schwer",
    "wieder",
    "weiter",
    "hinter",
    "zuruck",
    "aussen",
    "nieder",
    "sonder",
    "durch",
    "gegen",
    "gross",
    "haupt",
    "innen",
    "klein",
    "neben",
    "unter",
    "wider",
    "drei",
    "fein",
    "fern",
    "fort",
    "fruh",
    "grob",
    "halb",
    "hoch",
    "kalt",
    "kurz",
    "lang",
    "mehr",
    "nach",
    "ober",
    "ruck",
    "spat",
    "teil",
    "uber",
    "viel",
    "vier",
    "voll",
    "warm",
    "zwei",
    "alt",
    "auf",
    "aus",
    "bei",
    "ein",
    "fur",
    "her",
    "hin",
    "los",
    "mit",
    "neu",
    "vor",
    "weg",
    "ab",
    "an",
    "da",
    "um",
    "un",
    "zu",
    /* those that hang only where another prefix does, too (Be- und Entladung) */
    "miss",
    "ent",
    "ver",
    "zer",
    "be",
    "er",
};
#define PREFIXES (sizeof prefixes / sizeof *prefixes)
#define PREFIXES_OF_WORDS (PREFIXES - 6)

/* Between the piece and what completes it. */
static const char *const conjunctions[] = {
    "und",   "oder", "bzw",  "beziehungsweise", "sowie", "wie", "als", "noch", "bis",
    "statt", "u",    "resp", "respektive",      "od",
};
#define CONJUNCTIONS (sizeof conjunctions / sizeof *conjunctions)

/* A folded word. */
struct letters {
    uint8_t bytes[COMPOUND_LETTERS_MAX];
    size_t size; /* 0: it has other characters, or too many letters */
};

/* A word or hyphen word as it stands in the text. */
struct written {
    size_t start;
    size_t end;
    size_t last; /* where its last part begins */
    unsigned parts;
};

static lupe_status letters_of(struct analyzer *analyzer, const uint8_t *text, size_t size,
                              struct letters *letters)
{
    struct term term;
    const uint8_t *bytes;
    letters->size = 0;
    lupe_status status = analyzer_term(analyzer, text, size, &term);
    if (status != LUPE_OK)
        return status;
    if (analyzer_folded(analyzer, &bytes, &letters->size))
        memcpy(letters->bytes, bytes, letters->size);
    else
        letters->size = 0;
    return LUPE_OK;
}

static bool next_written(struct word_scanner *scanner, struct written *written)
{
    struct word word;
    if (!word_next(scanner, &word))
        return false;
    *written = (struct written){word.start, word.start + word.size, word.start, word.parts};
    for (unsigned part = 1; part < written->parts && word_next(scanner, &word); part++) {
        written->last = word.start;
        written->end = word.start + word.size;
    }
    return true;
}

static void scan_from(struct word_scanner *scanner, const struct suspended_word *word, size_t at)
{
    word_scanner_init(scanner, LUPE_ANALYSIS_STANDARD, word->text, word->size);
    scanner->next = at;
}

/* The bytes of a hyphen at `at`, 0: there is none. */
static size_t hyphen_at(const uint8_t *text, size_t size, size_t at)
{
    if (at < size && text[at] == '-')
        return 1;
    return size - at > 2 && text[at] == 0xE2 && text[at + 1] == 0x80 &&
                   (text[at + 2] == 0x90 || text[at + 2] == 0x91)
               ? 3
               : 0;
}

/* ---- what stands between two words */

enum gap { GAP_BLANK, GAP_COMMA, GAP_SLASH, GAP_POINT, GAP_OTHER };

static size_t blank_at(const uint8_t *text, size_t at, size_t end)
{
    if (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')
        return 1;
    return end - at > 1 && text[at] == 0xC2 && text[at + 1] == 0xA0 ? 2 : 0;
}

static enum gap gap_between(const uint8_t *text, size_t start, size_t end)
{
    enum gap gap = GAP_BLANK;
    unsigned lines = 0, blanks = 0;
    for (size_t at = start, size; at < end; at += size) {
        size = blank_at(text, at, end);
        lines += text[at] == '\n';
        blanks += size > 0;
        if (size)
            continue;
        if (gap != GAP_BLANK)
            return GAP_OTHER;
        size = 1;
        if (text[at] == ',' && blanks == 0)
            gap = GAP_COMMA;
        else if (text[at] == '/' || text[at] == '&' || text[at] == '+')
            gap = GAP_SLASH;
        else if (text[at] == '.' && blanks == 0)
            gap = GAP_POINT;
        else
            return GAP_OTHER;
    }
    return lines > 1 || (gap != GAP_SLASH && blanks == 0) ? GAP_OTHER : gap;
}

static bool is_conjunction(const uint8_t *word, size_t size)
{
    for (size_t i = 0; i < CONJUNCTIONS; i++) {
        size_t at = 0;
        while (at < size && (word[at] | 0x20) == conjunctions[i][at])
            at++;
        if (at == size && conjunctions[i][at] == '\0')
            return true;
    }
    return false;
}

/* Small letters of German begin so: with a, ä, ö, ü. */
static bool is_small(const uint8_t *word, size_t size)
{
    if (size > 1 && word[0] == 0xC3)
        return word[1] >= 0xA0;
    return word[0] >= 'a' && word[0] <= 'z';
}

/* An article, a preposition or an adjective before the word that completes the piece. */
static bool may_pass_over(const uint8_t *word, const struct letters *letters)
{
    static const char *const endings[] = {"e", "en", "er", "es", "em"};
    if (letters->size < 2 || !is_small(word, letters->size))
        return false;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t size = strlen(endings[i]);
        if (letters->size > size + 2 &&
            memcmp(letters->bytes + letters->size - size, endings[i], size) == 0)
            return true;
    }
    return is_function_word(letters->bytes, letters->size);
}

/* ---- where a word is parted */

static bool is_known(const struct lexicon *lexicon, const uint8_t *word, size_t size)
{
    struct compound compound;
    if (lexicon_knows(lexicon, word, size))
        return true;
    compound_split(lexicon, word, size, &compound);
    return compound.count > 0;
}

/* The letters of a prefix that a word begins with, else 0. */
static size_t prefix_of(const struct letters *word, const char *prefix)
{
    size_t size = 0;
    while (size < word->size && word->bytes[size] == (uint8_t)prefix[size])
        size++;
    return prefix[size] == '\0' ? size : 0;
}

static bool is_prefix(const struct letters *word)
{
    for (size_t i = 0; i < PREFIXES; i++)
        if (prefix_of(word, prefixes[i]) == word->size)
            return word->size > 0;
    return false;
}

/* Whether two pieces make a word that the lexicon has. */
static bool joins_known(const struct lexicon *lexicon, const struct letters *first,
                        const uint8_t *second, size_t second_size)
{
    uint8_t word[2 * COMPOUND_LETTERS_MAX];
    memcpy(word, first->bytes, first->size);
    memcpy(word + first->size, second, second_size);
    return lexicon_knows(lexicon, word, first->size + second_size);
}

/* Whether two pieces make a word that the lexicon has, or one that comes apart between them. */
static bool joins_to_word(const struct lexicon *lexicon, const uint8_t *first, size_t first_size,
                          const uint8_t *second, size_t second_size)
{
    uint8_t word[2 * COMPOUND_LETTERS_MAX];
    struct compound compound;
    memcpy(word, first, first_size);
    memcpy(word + first_size, second, second_size);
    if (lexicon_knows(lexicon, word, first_size + second_size))
        return true;
    compound_split(lexicon, word, first_size + second_size, &compound);
    for (unsigned i = 1; i < compound.count; i++)
        if (compound.parts[i].first == first_size)
            return true;
    return false;
}

/* What a piece and the word that may complete it are to each other. */
struct pair {
    struct letters piece;
    struct letters word;
    bool prefix; /* the piece is one, */
    bool alike;  /* and both begin with a capital, or neither does, */
    bool small;  /* neither does: verbs, adjectives */
};

/* People named by an adjective: Jug-endliche is none of two words. */
static bool is_person(const struct pair *pair)
{
    const uint8_t *end = pair->word.bytes + pair->word.size;
    return !pair->small && pair->word.size > 8 &&
           (memcmp(end - 5, "liche", 5) == 0 || memcmp(end - 6, "liche", 5) == 0);
}

/* Where a word that does not come apart has two words in it, of which the second with the piece is
 * a word, too: names (Nord- und Ost|see), simple words of the lexicon (Feld- und Rad|wege), and,
 * with `any_front`, words that begin as no other does (Wasser- und Wat|vögel). 0: nowhere.
 *
 * In 83 MB of laws, encyclopaedias and help pages 304 of 7,566 pieces without a meaning get one, of
 * a sample of 60 the right one 57 times (without `any_front` 75 get one). */
static size_t tail_of_whole(const struct lexicon *lexicon, const struct letters *piece,
                            const struct letters *word, bool any_front)
{
    size_t least = any_front ? TAIL_LETTERS_MIN_WHOLE : TAIL_LETTERS_MIN;
    struct letters front = *word;
    for (size_t at = COMPOUND_PART_LETTERS_MIN; at + least <= word->size; at++) {
        const uint8_t *rest = word->bytes + at;
        size_t size = word->size - at;
        front.size = at;
        if (any_front ? is_prefix(&front) : !lexicon_begins(lexicon, word->bytes, at))
            continue;
        if (size > 4 && memcmp(rest + 1, "isch", 4) == 0) /* elektro-nisch */
            continue;
        if (lexicon_knows(lexicon, rest, size) &&
            joins_to_word(lexicon, piece->bytes, piece->size, rest, size))
            return at;
    }
    return 0;
}

/* Behind which of its parts a compound completes the piece: as many as the piece itself has
 * (Wasserstraßen- und Schiff|fahrts|verwaltung), but the whole of what both have (Lebensmittel-
 * und Futter|mittel|preise), and two where the lexicon has these as one word and the piece with the
 * second as none (Wein- und Delikat|essen|handlung). */
static size_t tail_of_compound(const struct lexicon *lexicon, const struct letters *piece,
                               const uint8_t *word, const struct compound *compound)
{
    struct compound own;
    for (unsigned i = compound->count - 1; i-- > 1;) {
        const struct compound_part *part = &compound->parts[i];
        for (size_t size = part->base_size; size <= part->size; size++)
            if (piece->size > size &&
                memcmp(piece->bytes + piece->size - size, word + part->first, size) == 0)
                return compound->parts[i + 1].first;
    }
    compound_split(lexicon, piece->bytes, piece->size, &own);
    unsigned parts = own.count ? own.count : 1;
    const struct compound_part *second = &compound->parts[1];
    if (parts == 1 && lexicon_knows(lexicon, word, (size_t)second->first + second->base_size) &&
        !joins_known(lexicon, piece, word + second->first, second->base_size))
        parts = 2;
    if (parts >= compound->count)
        parts = compound->count - 1;
    return compound->parts[parts].first;
}

/* Where the tail of a word begins that completes a piece, 0: nowhere.
 *
 * First behind a prefix where the lexicon has the piece with the rest of the first part (Ein- und
 * Aus|fuhr|bestimmungen); then behind the first part (Ein- und Mehr|familienhäuser); then behind a
 * prefix with a rest that is a word (Hin- und Rück|reise), or between prefixes any (ein- und
 * aus|zahlen); then where a word that is whole has two in it (Nord- und Ost|see). Of verbs and
 * adjectives parts are told less well: there prefixes come before them.
 */
static size_t tail_find(const struct lexicon *lexicon, const struct pair *pair)
{
    const struct letters *word = &pair->word;
    struct compound compound;
    size_t first, longest = 0;
    compound_split(lexicon, word->bytes, word->size, &compound);
    first = compound.count ? compound.parts[0].base_size : word->size;
    for (size_t i = 0; i < (pair->prefix ? PREFIXES : PREFIXES_OF_WORDS); i++) {
        size_t size = prefix_of(word, prefixes[i]);
        if (size == 0)
            continue;
        if (longest == 0)
            longest = size;
        if (first >= size + TAIL_LETTERS_MIN &&
            joins_known(lexicon, &pair->piece, word->bytes + size, first - size))
            return size;
    }
    size_t rest = longest ? word->size - longest : 0;
    bool any_rest = pair->prefix && pair->alike && rest >= TAIL_LETTERS_MIN_UNKNOWN;
    if (any_rest && pair->small)
        return longest;
    if (compound.count)
        return tail_of_compound(lexicon, &pair->piece, word->bytes, &compound);
    if (any_rest || (rest >= TAIL_LETTERS_MIN && is_known(lexicon, word->bytes + longest, rest)))
        return longest;
    size_t tail = tail_of_whole(lexicon, &pair->piece, word, false);
    if (tail == 0 && pair->alike && !is_person(pair))
        tail = tail_of_whole(lexicon, &pair->piece, word, true);
    return tail;
}

/* How many letters of a word the piece behind it stands for, too, 0: none. */
static size_t head_find(const struct lexicon *lexicon, const struct letters *word,
                        const struct letters *piece)
{
    struct compound compound;
    compound_split(lexicon, word->bytes, word->size, &compound);
    if (compound.count)
        return compound.parts[compound.count - 1].first;
    for (size_t i = 0; i < PREFIXES; i++) {
        struct letters head = {.size = prefix_of(word, prefixes[i])};
        if (head.size == 0 || word->size < head.size + TAIL_LETTERS_MIN)
            continue;
        memcpy(head.bytes, prefixes[i], head.size);
        if (joins_known(lexicon, &head, piece->bytes, piece->size))
            return head.size;
    }
    return 0;
}

/* ---- a hyphen behind */

static void join(struct suspended *out, const uint8_t *first, size_t first_size,
                 const uint8_t *second, size_t second_size)
{
    if (first_size + second_size > SUSPENDED_BYTES_MAX)
        return;
    memcpy(out->bytes, first, first_size);
    memcpy(out->bytes + first_size, second, second_size);
    out->size = (uint32_t)(first_size + second_size);
}

/* What a search for the completing word knows. */
struct ahead {
    struct word_scanner scanner;
    const struct suspended_word *piece;
    size_t at;        /* end of the word before, with its hyphen */
    bool joined;      /* a conjunction was seen, */
    bool abbreviated; /* just now: it may have a point behind it */
    unsigned passed_over;
    uint32_t words;
};

/* Completes the piece by a word, if the word does. */
static lupe_status complete(struct analyzer *analyzer, const struct ahead *ahead,
                            const struct written *word, const struct letters *letters,
                            struct suspended *out)
{
    const uint8_t *text = ahead->piece->text;
    const uint8_t *first = text + ahead->piece->start;
    size_t size = ahead->piece->end - ahead->piece->start;
    struct pair pair = {.word = *letters};
    lupe_status status = LUPE_OK;
    TRY(letters_of(analyzer, first, size, &pair.piece));
    if (pair.piece.size == 0)
        return LUPE_OK;
    if (word->parts > 1) {
        TRY(letters_of(analyzer, text + word->last, word->end - word->last, &pair.word));
        if (pair.word.size >= TAIL_LETTERS_MIN)
            join(out, first, size, pair.word.bytes, pair.word.size);
        return LUPE_OK;
    }
    if (letters->size == 0 || is_function_word(letters->bytes, letters->size))
        return LUPE_OK;
    pair.small = is_small(first, size);
    pair.alike = pair.small == is_small(text + word->start, word->end - word->start);
    pair.prefix = is_prefix(&pair.piece);
    size_t tail = tail_find(analyzer_lexicon(analyzer), &pair);
    if (tail)
        join(out, first, size, letters->bytes + tail, letters->size - tail);
out:
    return status;
}

/* Takes the next word; *ended when the piece is completed or cannot be. */
static lupe_status ahead_step(struct analyzer *analyzer, struct ahead *ahead, struct suspended *out,
                              bool *ended)
{
    const uint8_t *text = ahead->piece->text;
    struct written word;
    struct letters letters;
    lupe_status status = LUPE_OK;
    *ended = true;
    if (!next_written(&ahead->scanner, &word))
        return LUPE_OK;
    enum gap gap = gap_between(text, ahead->at, word.start);
    size_t hyphen = hyphen_at(text, ahead->piece->size, word.end);
    size_t size = word.end - word.start;
    ahead->words += word.parts;
    ahead->at = word.end + hyphen;
    if (gap == GAP_OTHER || (gap == GAP_POINT && !ahead->abbreviated) ||
        ahead->words > HYPHEN_PARTS_MAX)
        return LUPE_OK;
    ahead->joined |= gap == GAP_SLASH;
    ahead->abbreviated = false;
    if (hyphen && (ahead->joined || gap == GAP_COMMA)) { /* another piece */
        ahead->joined = false;
        ahead->passed_over = 0;
        *ended = false;
        return LUPE_OK;
    }
    if (ahead->passed_over == 0 && is_conjunction(text + word.start, size)) {
        ahead->joined = ahead->abbreviated = true;
        *ended = false;
        return LUPE_OK;
    }
    if (hyphen || !ahead->joined || gap == GAP_COMMA)
        return LUPE_OK;
    TRY(letters_of(analyzer, text + word.start, size, &letters));
    if (ahead->passed_over == 0 || !is_small(text + word.start, size))
        TRY(complete(analyzer, ahead, &word, &letters, out));
    *ended = out->size > 0 || ahead->passed_over++ == PASSED_OVER_MAX ||
             !may_pass_over(text + word.start, &letters);
out:
    return status;
}

lupe_status suspended_ahead(struct analyzer *analyzer, const struct suspended_word *piece,
                            struct suspended *out)
{
    lupe_status status = LUPE_OK;
    size_t hyphen = hyphen_at(piece->text, piece->size, piece->end);
    struct ahead ahead = {.piece = piece, .at = piece->end + hyphen};
    struct written own;
    bool ended = false;
    out->size = 0;
    if (!analyzer_lexicon(analyzer) || hyphen == 0 || ahead.at == piece->size ||
        piece->end - piece->start > SUSPENDED_PIECE_BYTES_MAX)
        return LUPE_OK;
    if (!blank_at(piece->text, ahead.at, piece->size) && piece->text[ahead.at] != ',' &&
        piece->text[ahead.at] != '/')
        return LUPE_OK;
    scan_from(&ahead.scanner, piece, piece->start);
    if (!next_written(&ahead.scanner, &own) || own.end != piece->end)
        return LUPE_OK;
    ahead.words = own.parts;
    while (!ended)
        TRY(ahead_step(analyzer, &ahead, out, &ended));
    out->span = ahead.words;
    out->back = 0;
    out->start = piece->start;
    out->end = piece->end + hyphen;
out:
    return status;
}

/* ---- a hyphen before */

/* The word that ends before blanks and a comma or a point at `end`, as bytes that are no blank and
 * no punctuation but hyphens; false: there is none. */
static bool word_before(const uint8_t *text, size_t floor, size_t end, size_t *start, size_t *stop)
{
    size_t at = end;
    while (at > floor && blank_at(text, at - 1, at))
        at--;
    if (at > floor && (text[at - 1] == ',' || text[at - 1] == '.'))
        at--;
    *stop = at;
    while (at > floor) {
        uint8_t byte = text[at - 1];
        bool letter = (uint8_t)((byte | 0x20) - 'a') < 26 || byte >= 0x80 || byte == '-';
        if (!letter)
            break;
        at--;
    }
    *start = at;
    return at < *stop && (at > floor || floor == 0);
}

/* The word before a piece that the piece shares a beginning with; false: there is none. */
static bool head_before(const struct suspended_word *piece, size_t *start, size_t *stop)
{
    const uint8_t *text = piece->text;
    size_t before = piece->start - 1; /* the hyphen */
    size_t floor = before > BACK_BYTES_MAX ? before - BACK_BYTES_MAX : 0;
    bool joined = false;
    for (unsigned words = 0; words < HYPHEN_PARTS_MAX; words++) {
        if (!word_before(text, floor, before, start, stop))
            return false;
        enum gap gap = gap_between(text, *stop, before);
        bool is_joining = is_conjunction(text + *start, *stop - *start);
        if (gap == GAP_OTHER || (gap == GAP_POINT && !is_joining))
            return false;
        joined |= gap == GAP_COMMA;
        if (text[*start] == '-') {
            joined = false; /* another piece, joined to what stands before it */
        } else if (is_joining) {
            joined = true;
        } else {
            return joined;
        }
        before = *start;
    }
    return false;
}

lupe_status suspended_behind(struct analyzer *analyzer, const struct suspended_word *piece,
                             struct suspended *out)
{
    const struct lexicon *lexicon = analyzer_lexicon(analyzer);
    const uint8_t *text = piece->text;
    lupe_status status = LUPE_OK;
    struct letters letters, head;
    struct written word, next;
    struct word_scanner scanner;
    size_t start, stop;
    out->size = 0;
    if (!lexicon || piece->end - piece->start > SUSPENDED_PIECE_BYTES_MAX ||
        !head_before(piece, &start, &stop))
        return LUPE_OK;
    scan_from(&scanner, piece, start);
    if (!next_written(&scanner, &word) || word.start != start || word.end != stop)
        return LUPE_OK;
    out->back = word.parts;
    while (next_written(&scanner, &next) && next.start < piece->start)
        out->back += next.parts;
    if (next.start != piece->start || next.end != piece->end || out->back >= HYPHEN_PARTS_MAX)
        return LUPE_OK;
    TRY(letters_of(analyzer, text + piece->start, piece->end - piece->start, &letters));
    if (letters.size < TAIL_LETTERS_MIN || is_function_word(letters.bytes, letters.size) ||
        !is_known(lexicon, letters.bytes, letters.size))
        return LUPE_OK;
    if (word.parts > 1) {
        join(out, text + start, word.last - start, text + piece->start, piece->end - piece->start);
    } else {
        TRY(letters_of(analyzer, text + start, stop - start, &head));
        size_t kept = head.size ? head_find(lexicon, &head, &letters) : 0;
        if (kept)
            join(out, head.bytes, kept, text + piece->start, piece->end - piece->start);
    }
    out->span = out->back + 1;
    out->start = piece->start - 1;
    out->end = piece->end;
out:
    return status;
}
