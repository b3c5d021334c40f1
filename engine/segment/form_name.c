/* SPDX-License-Identifier: MIT
 *
 * form_name.c - see form_name.h. The tables are part of the format: what German text of many kinds
 * has most often, in its order.
 */
#include "segment/form_name.h"

#define PATCH_LETTERS_MAX 63u
#define PATCH_SECOND 64u
#define PATCH_MORE 128u
#define PATCHES_MAX 32u

/* What may stand behind the term; no bytes first. */
#define E(text)               \
    {                         \
        sizeof text - 1, text \
    }

static const struct ending {
    uint8_t size;
    char bytes[11];
} endings[NAME_ENDINGS] = {
    E(""),         E("e"),          E("en"),      E("er"),     E("s"),        E("ung"),
    E("es"),       E("ungen"),      E("ern"),     E("n"),      E("ers"),      E("ens"),
    E("enden"),    E("em"),         E("igen"),    E("ende"),   E("ischen"),   E("ige"),
    E("ig"),       E("ische"),      E("r"),       E("end"),    E("rt"),       E("ren"),
    E("st"),       E("ene"),        E("igkeit"),  E("ik"),     E("enen"),     E("isch"),
    E("iger"),     E("rte"),        E("rten"),    E("est"),    E("ischer"),   E("ender"),
    E("lichen"),   E("liche"),      E("lich"),    E("ungs"),   E("iges"),     E("um"),
    E("igung"),    E("ere"),        E("ener"),    E("se"),     E("ste"),      E("erin"),
    E("endes"),    E("isches"),     E("sten"),    E("keit"),   E("eren"),     E("licher"),
    E("re"),       E("igem"),       E("iken"),    E("enes"),   E("rter"),     E("heit"),
    E("sen"),      E("lichkeit"),   E("este"),    E("erer"),   E("liches"),   E("t"),
    E("rn"),       E("esten"),      E("rs"),      E("ster"),   E("igkeiten"), E("ischem"),
    E("enem"),     E("rtes"),       E("igungen"), E("eres"),   E("endem"),    E("iker"),
    E("in"),       E("lichkeiten"), E("ses"),     E("ums"),    E("ns"),       E("erinnen"),
    E("heiten"),   E("enheit"),     E("ester"),   E("rtem"),   E("lichem"),   E("stes"),
    E("igsten"),   E("eit"),        E("ne"),      E("ten"),    E("igste"),    E("nen"),
    E("ien"),      E("erem"),       E("rer"),     E("erheit"), E("enheiten"), E("innen"),
    E("lichsten"), E("lichste"),    E("keiten"),  E("stern"),  E("ing"),      E("ed"),
    E("d"),        E("ly"),
};

/* How a letter of a term may have been written, by its place in the alphabet; ss is read by its
 * first letter. */
static const struct respelling {
    char first[3];
    char second[3];
} respellings['z' - 'a' + 1] = {
    ['a' - 'a'] = {"\xc3\xa4", "ae"},
    ['c' - 'a'] = {"\xc3\xa7", ""},
    ['e' - 'a'] = {"\xc3\xa9", "\xc3\xa8"},
    ['f' - 'a'] = {"ph", "ff"},
    ['i' - 'a'] = {"y", "ie"},
    ['k' - 'a'] = {"c", "ck"},
    ['l' - 'a'] = {"ll", ""},
    ['m' - 'a'] = {"mm", ""},
    ['n' - 'a'] = {"\xc3\xb1", "nn"},
    ['o' - 'a'] = {"\xc3\xb6", "oe"},
    ['r' - 'a'] = {"rh", ""},
    ['s' - 'a'] = {"\xc3\x9f", ""},
    ['t' - 'a'] = {"th", "dt"},
    ['u' - 'a'] = {"\xc3\xbc", "ue"},
    ['z' - 'a'] = {"c", "tz"},
};

/* What may stand for the letter at `at` of a term, and how many letters that stands for; NULL where
 * nothing does. */
static const char *respelled(const uint8_t *term, size_t term_size, size_t at, bool second,
                             size_t *letters)
{
    if (at >= term_size || (uint8_t)(term[at] - 'a') > 'z' - 'a')
        return NULL;
    const struct respelling *respelling = &respellings[term[at] - 'a'];
    const char *text = second ? respelling->second : respelling->first;
    *letters = term[at] == 's' ? 2 : 1;
    bool fits = text[0] && (*letters == 1 || (at + 1 < term_size && term[at + 1] == 's'));
    return fits ? text : NULL;
}

/* ---- writing */

struct patch {
    size_t at; /* in the term */
    size_t end;
    bool second;
};

/* A term and a form of it, read side by side. */
struct alignment {
    const uint8_t *term;
    size_t term_size;
    const uint8_t *form;
    size_t size;
    size_t term_at;
    size_t form_at;
    struct patch patches[PATCHES_MAX];
    unsigned count;
};

/* Respells the letter at term_at - back, as the form does at form_at - back. */
static bool patch_try(struct alignment *a, size_t back)
{
    size_t at = a->term_at - back, from = a->form_at - back, letters = 0;
    if (a->count == PATCHES_MAX || a->term_at < back || a->form_at < back ||
        (a->count && at < a->patches[a->count - 1].end))
        return false;
    for (unsigned second = 0; second < 2; second++) {
        const char *text = respelled(a->term, a->term_size, at, second, &letters);
        size_t size = text ? strlen(text) : 0;
        if (!text || size <= back || a->size - from < size ||
            memcmp(a->form + from, text, size) != 0)
            continue;
        size_t before = a->count ? a->patches[a->count - 1].end : 0;
        if (at - before > PATCH_LETTERS_MAX)
            return false;
        a->patches[a->count++] = (struct patch){at, at + letters, second};
        a->term_at = at + letters;
        a->form_at = from + size;
        return true;
    }
    return false;
}

static void align(struct alignment *a)
{
    do
        while (a->term_at < a->term_size && a->form_at < a->size &&
               a->term[a->term_at] == a->form[a->form_at]) {
            a->term_at++;
            a->form_at++;
        }
    while (patch_try(a, 0) || patch_try(a, 1));
}

static unsigned ending_code(const uint8_t *bytes, size_t size)
{
    for (unsigned i = 0; i < NAME_ENDINGS; i++)
        if (endings[i].size == size && memcmp(endings[i].bytes, bytes, size) == 0)
            return i;
    return NAME_LITERAL;
}

static size_t alignment_write(const struct alignment *a, uint8_t *out)
{
    size_t back = a->term_size - a->term_at, size = a->size - a->form_at, to = 0, before = 0;
    const uint8_t *bytes = a->form + a->form_at;
    unsigned code = back ? NAME_BACK : ending_code(bytes, size);
    out[to++] = (uint8_t)(code | (a->count ? NAME_PATCHED : 0));
    for (unsigned i = 0; i < a->count; i++) {
        const struct patch *patch = &a->patches[i];
        out[to++] = (uint8_t)((patch->at - before) | (patch->second ? PATCH_SECOND : 0) |
                              (i + 1 < a->count ? PATCH_MORE : 0));
        before = patch->end;
    }
    if (code == NAME_BACK)
        out[to++] = (uint8_t)back;
    if (code >= NAME_ENDINGS) {
        out[to++] = (uint8_t)size;
        memcpy(out + to, bytes, size);
        to += size;
    }
    return to;
}

size_t form_name_write(const uint8_t *term, size_t term_size, const uint8_t *form, size_t size,
                       uint8_t out[NAME_BYTES_MAX])
{
    uint8_t other[NAME_BYTES_MAX];
    struct alignment a = {.term = term, .term_size = term_size, .form = form, .size = size};
    align(&a);
    size_t patched = alignment_write(&a, out);
    if (a.count < 2)
        return patched;
    /* Of forms that have little to do with the term. */
    a.count = 0;
    for (a.term_at = 0;
         a.term_at < term_size && a.term_at < size && term[a.term_at] == form[a.term_at];)
        a.term_at++;
    a.form_at = a.term_at;
    size_t plain = alignment_write(&a, other);
    if (plain >= patched)
        return patched;
    memcpy(out, other, plain);
    return plain;
}

/* ---- reading */

bool form_name_skip(struct cursor *cursor)
{
    uint8_t head = cursor_u8(cursor);
    unsigned code = head & (NAME_PATCHED - 1);
    if (code >= NAME_CODES)
        return false;
    for (bool more = head & NAME_PATCHED; more;)
        more = cursor_u8(cursor) & PATCH_MORE; /* 0 at the end */
    if (code == NAME_BACK)
        (void)cursor_u8(cursor);
    if (code >= NAME_ENDINGS)
        (void)cursor_take(cursor, cursor_u8(cursor));
    return cursor->ok;
}

/* The bytes that a name puts together, piece by piece, each with the letters of the term that it
 * stands for: false where the name is damaged or a piece is not taken. */
typedef bool take_piece(void *context, const void *bytes, size_t size, const uint8_t *letters,
                        size_t letter_count);

static bool name_walk(const uint8_t *name, const uint8_t *term, size_t term_size, take_piece *take,
                      void *context)
{
    unsigned head = *name++;
    unsigned code = head & (NAME_PATCHED - 1);
    size_t at = 0;
    for (bool more = head & NAME_PATCHED; more;) {
        unsigned patch = *name++;
        size_t gap = patch & PATCH_LETTERS_MAX, letters = 0;
        const char *respelling = NULL;
        if (gap < term_size - at)
            respelling = respelled(term, term_size, at + gap, patch & PATCH_SECOND, &letters);
        if (!respelling || !take(context, term + at, gap, term + at, gap) ||
            !take(context, respelling, strlen(respelling), term + at + gap, letters))
            return false;
        at += gap + letters;
        more = patch & PATCH_MORE;
    }
    size_t back = code == NAME_BACK ? *name++ : 0;
    if (back > term_size - at)
        return false;
    size_t left = term_size - at - back;
    if (!take(context, term + at, left, term + at, left))
        return false;
    const void *ending = code < NAME_ENDINGS ? (const void *)endings[code].bytes : name + 1;
    size_t ending_size = code < NAME_ENDINGS ? endings[code].size : *name;
    return take(context, ending, ending_size, ending, ending_size);
}

/* A form being put together; beyond FORM_BYTES_MAX it is damaged. */
struct form_text {
    uint8_t *bytes;
    size_t size;
};

static bool text_add(void *context, const void *bytes, size_t size, const uint8_t *letters,
                     size_t letter_count)
{
    struct form_text *text = context;
    (void)letters;
    (void)letter_count;
    if (size > FORM_BYTES_MAX - text->size)
        return false;
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    return true;
}

size_t form_name_read(const uint8_t *name, const uint8_t *term, size_t term_size,
                      uint8_t form[FORM_BYTES_MAX])
{
    struct form_text text = {form, 0};
    return name_walk(name, term, term_size, text_add, &text) ? text.size : NAME_DAMAGED;
}

/* ---- comparing */

/* What is left of a word that a form is compared with. */
struct expected {
    const uint8_t *bytes;
    size_t size;
};

static bool expected_begins(const struct expected *expected, const void *bytes, size_t size)
{
    return size <= expected->size && memcmp(expected->bytes, bytes, size) == 0;
}

/* Takes away what comes next: the piece, or the letters of the term that it stands for. */
static bool expected_take(void *context, const void *bytes, size_t size, const uint8_t *letters,
                          size_t letter_count)
{
    struct expected *expected = context;
    if (!expected_begins(expected, bytes, size)) {
        if (!expected_begins(expected, letters, letter_count))
            return false;
        size = letter_count;
    }
    expected->bytes += size;
    expected->size -= size;
    return true;
}

bool form_name_folds_to(const uint8_t *name, const uint8_t *term, size_t term_size,
                        const uint8_t *folded, size_t size)
{
    struct expected expected = {folded, size};
    return name_walk(name, term, term_size, expected_take, &expected) && expected.size == 0;
}
