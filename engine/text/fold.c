/* SPDX-License-Identifier: MIT
 *
 * fold.c - folding in two ways that agree: a table look-up a byte for words of ASCII and Latin-1
 * letters, which are nearly all, and through code points and utf8proc for the rest.
 *
 *     surface    H a u U+0308 s e r      code points, decomposed, folded, marks judged
 *     draft      h ä u s e r             German: ä, ö, ü are kept apart from a, o, u ...
 *     bytes      h a u s e r             ... until ae, oe, ue have been read
 */
#include "text/fold.h"

#include <string.h>
#include <utf8proc.h>

#include "text/unicode.h"

/* ------------------------------------------------------------------ letters */

/* Latin-1 letters from U+00E0 without their marks; capitals are 32 lower. '?' is no letter or
 * becomes two. */
static const char latin_base[33] = "aaaaaa?ceeeeiiiidnooooo?ouuuuy?y";

/* Letters that Unicode does not decompose, and what to read for them. */
struct plain_letter {
    uint16_t point;
    char letters[3];
};
static const struct plain_letter plain_letters[] = {
    {0xDF, "ss"}, {0xE6, "ae"}, {0xF0, "d"},  {0xF8, "o"},  {0xFE, "th"},  {0x111, "d"},
    {0x127, "h"}, {0x131, "i"}, {0x138, "k"}, {0x142, "l"}, {0x14B, "n"},  {0x153, "oe"},
    {0x167, "t"}, {0x180, "b"}, {0x188, "c"}, {0x18C, "d"}, {0x192, "f"},  {0x199, "k"},
    {0x19A, "l"}, {0x19E, "n"}, {0x1A5, "p"}, {0x1AD, "t"}, {0x1B4, "y"},  {0x1B6, "z"},
    {0x1DD, "e"}, {0x1E5, "g"}, {0x237, "j"}, {0x253, "b"}, {0x254, "o"},  {0x256, "d"},
    {0x257, "d"}, {0x259, "e"}, {0x25B, "e"}, {0x260, "g"}, {0x268, "i"},  {0x269, "i"},
    {0x26B, "l"}, {0x272, "n"}, {0x288, "t"}, {0x289, "u"}, {0xA75B, "r"}, {0x2C65, "a"},
};

static const char *plain_letters_of(uint32_t point)
{
    for (size_t i = 0; i < sizeof plain_letters / sizeof *plain_letters; i++)
        if (plain_letters[i].point == point)
            return plain_letters[i].letters;
    return NULL;
}

/* The umlaut that a German reads in a letter of his neighbours. */
static uint32_t german_reading(uint32_t point)
{
    switch (point) {
    case 0xE6:
        return 0xE4; /* æ */
    case 0xF8:
    case 0x153:
        return 0xF6; /* ø, œ */
    default:
        return point;
    }
}

static uint32_t with_umlaut(uint32_t letter)
{
    switch (letter) {
    case 'a':
        return 0xE4;
    case 'o':
        return 0xF6;
    case 'u':
        return 0xFC;
    default:
        return 0;
    }
}

/* What may stand between digits; the slash is that of a fraction. */
static bool is_separator(uint32_t point)
{
    return point == '.' || point == ',' || point == ':' || point == '-' || point == '/';
}

static uint32_t plain_separator(uint32_t point)
{
    switch (point) {
    case 0x2010:
    case 0x2011:
        return '-';
    case 0x2044:
        return '/';
    default:
        return point;
    }
}

/* Apostrophes go: what is left are letters, digits, marks, underscores, the + and # of C++ and
 * C#, and separators, which join_parts() judges. */
static bool is_kept(uint32_t point)
{
    if (point == '+' || point == '#' || is_separator(point))
        return true;
    if (point == 0x2BC) /* an apostrophe, though a letter to Unicode */
        return false;
    const utf8proc_property_t *property = utf8proc_get_property((utf8proc_int32_t)point);
    if (property->ignorable || property->category == UTF8PROC_CATEGORY_CF)
        return false;
    return class_of(classes_get(), point) &
           (CLASS_LETTER | CLASS_DIGIT | CLASS_UNDERSCORE | CLASS_MARK | CLASS_SINGLE);
}

static bool is_mark(uint32_t point)
{
    return class_of(classes_get(), point) & CLASS_MARK;
}

static bool is_between(uint32_t point, uint32_t first, uint32_t last)
{
    return point >= first && point <= last;
}

/* Whether a mark is only a diacritic on this letter. Vowel signs of Indian scripts and the
 * voicing of kana are more; й and ї are letters of their own, ё and stress marks are not. */
static bool is_diacritic(uint32_t mark, uint32_t letter)
{
    if (is_between(letter, 0x400, 0x52F))
        return mark == 0x300 || mark == 0x301 || (mark == 0x308 && letter == 0x435);
    return is_between(mark, 0x300, 0x36F) || is_between(mark, 0x1AB0, 0x1AFF) ||
           is_between(mark, 0x1DC0, 0x1DFF) || is_between(mark, 0x20D0, 0x20FF) ||
           is_between(mark, 0xFE20, 0xFE2F) || is_between(mark, 0x591, 0x5C7) ||
           is_between(mark, 0x64B, 0x65F) || mark == 0x670;
}

/* ------------------------------------------------------------------ ASCII and Latin-1 */

static size_t fold_latin(uint8_t *out, enum fold_rules rules, uint8_t byte)
{
    uint8_t lower = byte >= 0x80 && byte < 0x9F ? byte | 0x20 : byte; /* of C3 80 to C3 9F */
    uint32_t point = 0xC0u | (lower & 0x3Fu);
    if (point == 0xD7 || point == 0xF7) /* multiplication and division signs */
        return 0;
    if (rules == FOLD_LOWER)
        return utf8_encode(point, out);
    if (rules == FOLD_GERMAN) {
        point = german_reading(point);
        if (point == 0xE4 || point == 0xF6 || point == 0xFC)
            return utf8_encode(point, out);
    }
    if (point >= 0xE0 && latin_base[point - 0xE0] != '?') {
        out[0] = (uint8_t)latin_base[point - 0xE0];
        return 1;
    }
    const char *letters = plain_letters_of(point); /* ß, æ, þ */
    out[0] = (uint8_t)letters[0];
    out[1] = (uint8_t)letters[1];
    return letters[1] ? 2 : 1;
}

/* Folds a word of ASCII, Latin-1 letters and the marks that German text is full of; false when
 * there is something else in it. */
static bool fold_fast(struct fold *fold, enum fold_rules rules, const uint8_t *surface, size_t size,
                      uint8_t *out, size_t *out_size)
{
    size_t to = 0;
    fold->letters = true;
    fold->separated = false;
    fold->cut = false;
    if (size > FOLD_BYTES_MAX / 2) /* no character grows to more than twice its size */
        return false;
    for (size_t at = 0; at < size; at++) {
        uint8_t byte = surface[at];
        size_t left = size - at - 1;
        if ((uint8_t)((byte | 0x20) - 'a') < 26) {
            out[to++] = byte | 0x20;
        } else if (byte < 0x80) {
            bool digit = (uint8_t)(byte - '0') < 10;
            if (digit || byte == '_' || byte == '+' || byte == '#') {
                out[to++] = byte;
                fold->letters = false;
            } else if (is_separator(byte)) {
                out[to++] = byte;
                fold->separated = true;
            }
        } else if (byte == 0xC3 && left && (surface[at + 1] & 0xC0) == 0x80) {
            to += fold_latin(out + to, rules, surface[++at]);
        } else if (byte == 0xC2 && left && (surface[at + 1] == 0xAD || surface[at + 1] == 0xB4)) {
            at++; /* soft hyphen, acute accent */
        } else if (byte == 0xE2 && left > 1 && surface[at + 1] == 0x80 &&
                   (surface[at + 2] == 0x90 || surface[at + 2] == 0x91)) {
            at += 2;
            out[to++] = '-';
            fold->separated = true;
        } else if (byte == 0xE2 && left > 1 && surface[at + 1] == 0x80 &&
                   (surface[at + 2] == 0x98 || surface[at + 2] == 0x99)) {
            at += 2; /* apostrophes */
        } else {
            return false;
        }
    }
    *out_size = to;
    return true;
}

/* ------------------------------------------------------------------ any script */

/* Decomposes the word into fold->points, without what is not kept and marks beyond
 * FOLD_MARKS_MAX on one letter; returns how many. */
static size_t decompose(struct fold *fold, enum fold_rules rules, const uint8_t *surface,
                        size_t size)
{
    const uint8_t *end = surface + size;
    bool casefold = rules == FOLD_GERMAN || rules == FOLD_GENERAL;
    utf8proc_option_t options = UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_IGNORE;
    size_t count = 0, kept = 0, marks = 0;
    int boundary_class = 0;
    if (casefold)
        options |= UTF8PROC_CASEFOLD;
    while (surface < end) {
        unsigned point_size;
        uint32_t point = plain_separator(utf8_decode(surface, end, &point_size));
        surface += point_size;
        if (!is_kept(point))
            continue;
        if (rules == FOLD_TURKISH && (point == 'I' || point == 0x130))
            point = point == 'I' ? 0x131 : 'i';
        utf8proc_ssize_t room = (utf8proc_ssize_t)(FOLD_POINTS_MAX - count);
        utf8proc_ssize_t more = utf8proc_decompose_char(
            (utf8proc_int32_t)point, fold->points + count, room, options, &boundary_class);
        if (more < 0 || more > room) {
            fold->cut = true;
            break;
        }
        kept = count;
        for (utf8proc_ssize_t i = 0; i < more; i++) {
            uint32_t part = plain_separator((uint32_t)fold->points[count + (size_t)i]);
            if (!casefold)
                part = (uint32_t)utf8proc_tolower((utf8proc_int32_t)part);
            marks = is_mark(part) ? marks + 1 : 0;
            if (is_kept(part) && marks <= FOLD_MARKS_MAX)
                fold->points[kept++] = (int32_t)part;
        }
        count = kept;
    }
    return count;
}

/* Takes away diacritics, reads umlauts. */
static size_t fold_marks(struct fold *fold, enum fold_rules rules, size_t count)
{
    bool strip = rules == FOLD_GERMAN || rules == FOLD_GENERAL;
    uint32_t letter = 0;
    size_t marks = 0, to = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t point = (uint32_t)fold->points[i];
        if (!is_mark(point)) {
            letter = point;
            marks = 0;
            fold->points[to++] = (int32_t)point;
            continue;
        }
        marks++;
        /* U+0364 is the little e over a, o and u in old prints. */
        if (rules == FOLD_GERMAN && marks == 1 && (point == 0x308 || point == 0x364) &&
            with_umlaut(letter))
            fold->points[to - 1] = (int32_t)with_umlaut(letter);
        else if (!(strip && is_diacritic(point, letter)))
            fold->points[to++] = (int32_t)point;
    }
    return to;
}

/* Canonical order of marks; few ever stand together. */
static void order_marks(struct fold *fold, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        int32_t point = fold->points[i];
        utf8proc_propval_t class = utf8proc_get_property(point)->combining_class;
        size_t to = i;
        if (class <= 0)
            continue;
        while (to > 0 && utf8proc_get_property(fold->points[to - 1])->combining_class > class) {
            fold->points[to] = fold->points[to - 1];
            to--;
        }
        fold->points[to] = point;
    }
}

/* Folds any word into out; returns the size. */
static size_t fold_slow(struct fold *fold, enum fold_rules rules, const uint8_t *surface,
                        size_t size, uint8_t *out)
{
    bool casefold = rules == FOLD_GERMAN || rules == FOLD_GENERAL;
    const struct classes *classes = classes_get();
    size_t to = 0;
    fold->cut = false;
    fold->letters = true;
    fold->separated = false;
    size_t count = decompose(fold, rules, surface, size);
    order_marks(fold, count);
    count = fold_marks(fold, rules, count);
    utf8proc_ssize_t composed = utf8proc_normalize_utf32(fold->points, (utf8proc_ssize_t)count,
                                                         UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    if (composed >= 0)
        count = (size_t)composed;
    for (size_t i = 0; i < count; i++) {
        uint32_t point = (uint32_t)fold->points[i];
        if (to + 4 > FOLD_BYTES_MAX) {
            fold->cut = true;
            break;
        }
        if (is_separator(point))
            fold->separated = true;
        else if (!(class_of(classes, point) & (CLASS_LETTER | CLASS_MARK | CLASS_SINGLE)))
            fold->letters = false;
        if (rules == FOLD_GERMAN)
            point = german_reading(point);
        const char *letters = casefold ? plain_letters_of(point) : NULL;
        if (!letters) {
            to += utf8_encode(point, out + to);
            continue;
        }
        while (*letters)
            out[to++] = (uint8_t)*letters++;
    }
    return to;
}

/* ------------------------------------------------------------------ hyphen words and numbers */

static bool is_digit(uint8_t byte)
{
    return (uint8_t)(byte - '0') < 10;
}

/* The end of the digits and points between digits that begin at at. *thousands tells whether
 * the points part thousands: 1.000 and 1.234.567, but not 1.5, 0.125, 3.10.1990. */
static size_t number_end(const uint8_t *text, size_t size, size_t at, bool *thousands)
{
    size_t group = 0, points = 0;
    *thousands = text[at] != '0';
    for (; at < size; at++) {
        if (is_digit(text[at])) {
            group++;
        } else if (text[at] == '.' && at + 1 < size && is_digit(text[at + 1])) {
            *thousands &= points++ ? group == 3 : group <= 3;
            group = 0;
        } else {
            break;
        }
    }
    *thousands &= points && group == 3;
    return at;
}

/* Joins the parts of a hyphen word: U-Boot is uboot. Between digits a separator stays, so that
 * 15 is not 1.5, but for the points that part thousands. Returns the size. */
static size_t join_parts(uint8_t *text, size_t size)
{
    size_t at = 0, to = 0;
    while (at < size) {
        if (is_digit(text[at])) {
            bool thousands;
            size_t end = number_end(text, size, at, &thousands);
            for (; at < end; at++)
                if (!thousands || text[at] != '.')
                    text[to++] = text[at];
            continue;
        }
        bool between = at > 0 && is_digit(text[at - 1]) && at + 1 < size && is_digit(text[at + 1]);
        if (between || !is_separator(text[at]))
            text[to++] = text[at];
        at++;
    }
    return to;
}

/* ------------------------------------------------------------------ German ae, oe, ue */

static uint8_t letter_at(const uint8_t *text, size_t size, size_t at)
{
    return at < size ? text[at] : 0;
}

static uint8_t letter_before(const uint8_t *text, size_t at, size_t distance)
{
    return at >= distance ? text[at - distance] : 0;
}

/* Whether text begins with what, or, when text is the beginning of a word, may yet do so. */
static bool follows(const uint8_t *text, size_t size, const char *what, bool beginning)
{
    for (size_t i = 0; what[i]; i++) {
        if (i == size)
            return beginning;
        if (text[i] != (uint8_t)what[i])
            return false;
    }
    return true;
}

/* Short words that would become another one: AEG is no AG, UEFA no Ufa, a guest no gust. */
static const char *const short_words[] = {"aeg", "aes", "oem", "suez", "uefa", "guess", "guest"};
#define SHORT_WORD_BYTES_MAX 5u

static bool is_short_word(const uint8_t *text, size_t size)
{
    for (size_t i = 0; i < sizeof short_words / sizeof *short_words; i++)
        if (strlen(short_words[i]) == size && memcmp(short_words[i], text, size) == 0)
            return true;
    return false;
}

/* ae: not in Kameraeinstellung (but in europaeisch, Europaeisierung, Aegaeis), not in Michael,
 * who is not Michal. */
static bool is_written_out_a(const uint8_t *text, size_t size, size_t at, bool beginning)
{
    const uint8_t *tail = text + at + 2;
    size_t left = size - at - 2;
    if (left && *tail == 'i')
        return follows(tail, left, "isch", beginning) || follows(tail, left, "ism", beginning) ||
               follows(tail, left, "ist", beginning) || follows(tail, left, "isi", beginning) ||
               (left == 2 && tail[1] == 's');
    if (left && *tail == 'l')
        return !(at >= 3 && text[at - 3] == 'i' && text[at - 2] == 'c' && text[at - 1] == 'h');
    return true;
}

/* oe: not in Autoeinfahrt and Boeing (but in faeroeisch), not in Poet and Poesie (but in
 * Spoetter, pompoese), not in Oboen and soeben. */
static bool is_written_out_o(const uint8_t *text, size_t size, size_t at)
{
    uint8_t next = letter_at(text, size, at + 2);
    uint8_t before = letter_before(text, at, 1);
    if (next == 'i')
        return follows(text + at + 2, size - at - 2, "isch", false);
    if (next == 'b' && before == 's' && at == 1)
        return !follows(text + at + 2, size - at - 2, "ben", false);
    if (next == 't' && before == 'p')
        return letter_at(text, size, at + 3) == 't';
    if (next == 's' && before == 'p')
        return letter_at(text, size, at + 3) != 'i';
    return !(next == 'n' && before == 'b' && letter_before(text, at, 2) == 'o');
}

/* ue: not behind a, e, o, q (Bauer, neue, Rouen, Quelle; but geuebt, Landeuebung,
 * Videoueberwachung, Kameraueberwachung), not in zueinander, zuerst, anzuerkennen,
 * anzuentwickeln (but in Zuerich, zuernen), not in aktuell, manuell, Duell (but in Muell,
 * fuellen, Knueller), not in Duett, and not before a last n or s (Statuen, Blues; but gruen). */
static bool is_written_out_u(const uint8_t *text, size_t size, size_t at, bool beginning)
{
    uint8_t before = letter_before(text, at, 1);
    uint8_t before_that = letter_before(text, at, 2);
    uint8_t next = letter_at(text, size, at + 2);
    uint8_t second = letter_at(text, size, at + 3);
    const uint8_t *tail = text + at + 2;
    size_t left = size - at - 2;
    switch (before) {
    case 'e':
        return (before_that == 'g' && next == 'b') || follows(tail, left, "ber", false) ||
               follows(tail, left, "bung", false);
    case 'o':
        return follows(tail, left, "ber", false);
    case 'a':
        return follows(tail, left, "berw", false) || follows(tail, left, "berp", false) ||
               follows(tail, left, "bers", false) || follows(tail, left, "bert", false);
    case 'q':
        return false;
    case 'z':
        if (next == 'r' && second && strchr("fghklostw", second))
            return false;
        if (next == 'n' && second == 't')
            return false;
        break;
    case 0xA4: /* the second byte of ä, ö, ü */
    case 0xB6:
    case 0xBC:
        if (before_that == 0xC3)
            return false;
        break;
    default:
        break;
    }
    if (next == 'i')
        return false;
    if (next == 'l' && (second == 'l' || second == 's' || second == 0)) {
        if (before == 'd' || before == 's' || before == 'x')
            return false;
        if (before == 't' && at > 1)
            return false;
        if (before == 'n' && before_that != 'k')
            return false;
    }
    if (before == 'd' && follows(tail, left, "tt", false))
        return false;
    if (!beginning && second == 0 && (next == 's' || next == 'n'))
        return next == 'n' && before == 'r' && before_that == 'g';
    return true;
}

/* Whether the e behind the a, o or u at at makes an umlaut of it. A word's last e does not: it
 * is an ending, which the stemmer takes away (Statue, Oboe, and Menue is Menü all the same). */
static bool is_written_out(const uint8_t *text, size_t size, size_t at, bool beginning)
{
    if (text[at] == 'u' && !is_written_out_u(text, size, at, beginning))
        return false;
    if (at + 2 == size)
        return beginning;
    if (text[at] == 'a')
        return is_written_out_a(text, size, at, beginning);
    if (text[at] == 'o')
        return is_written_out_o(text, size, at);
    return true;
}

/* Reads ä and ae as a, and so on. Not as ä: the stemmer would do this last, and it strips the
 * same endings from either. Returns the size. */
static size_t read_umlauts(const uint8_t *text, size_t size, bool beginning, uint8_t *out)
{
    size_t to = 0;
    bool reads = beginning || size > SHORT_WORD_BYTES_MAX || !is_short_word(text, size);
    for (size_t at = 0; at < size; at++) {
        uint8_t byte = text[at];
        if (byte == 0xC3 && at + 1 < size &&
            (text[at + 1] == 0xA4 || text[at + 1] == 0xB6 || text[at + 1] == 0xBC)) {
            at++;
            out[to++] = text[at] == 0xA4 ? 'a' : text[at] == 0xB6 ? 'o' : 'u';
            continue;
        }
        out[to++] = byte;
        if (reads && (byte == 'a' || byte == 'o' || byte == 'u') && at + 1 < size &&
            text[at + 1] == 'e' && is_written_out(text, size, at, beginning))
            at++;
    }
    return to;
}

/* ------------------------------------------------------------------ all together */

static void fold_plain(struct fold *fold, const uint8_t *surface, size_t size)
{
    const uint8_t *end = surface + size;
    fold->size = 0;
    fold->cut = false;
    fold->letters = false;
    while (surface < end) {
        unsigned point_size;
        if (fold->size + 4 > FOLD_BYTES_MAX) {
            fold->cut = true;
            return;
        }
        uint32_t point = utf8_decode(surface, end, &point_size);
        if (point < 0x80)
            point |= point >= 'A' && point <= 'Z' ? 0x20u : 0;
        else
            point = (uint32_t)utf8proc_tolower((utf8proc_int32_t)point);
        fold->size += utf8_encode(point, fold->bytes + fold->size);
        surface += point_size;
    }
}

/* _emphasis_ is emphasis. */
static void strip_underscores(struct fold *fold)
{
    size_t first = 0;
    while (fold->size && fold->bytes[fold->size - 1] == '_')
        fold->size--;
    while (first < fold->size && fold->bytes[first] == '_')
        first++;
    if (first) {
        fold->size -= first;
        memmove(fold->bytes, fold->bytes + first, fold->size);
    }
}

void fold_word(struct fold *fold, enum fold_rules rules, const void *surface, size_t size,
               bool beginning)
{
    size_t draft_size;
    uint8_t *draft = rules == FOLD_GERMAN ? fold->draft : fold->bytes;
    if (rules == FOLD_PLAIN) {
        fold_plain(fold, surface, size);
        return;
    }
    if (rules == FOLD_TURKISH || !fold_fast(fold, rules, surface, size, draft, &draft_size))
        draft_size = fold_slow(fold, rules, surface, size, draft);
    if (fold->separated)
        draft_size = join_parts(draft, draft_size);
    fold->size = draft_size;
    if (rules == FOLD_GERMAN)
        fold->size = read_umlauts(fold->draft, draft_size, beginning, fold->bytes);
    strip_underscores(fold);
}
