/* SPDX-License-Identifier: MIT
 *
 * parse.c - the query language.
 *
 *   group   := chain *                          any of them; with LUPE_QUERY_ALL each
 *   chain   := run (OR run) *                   OR, ODER
 *   run     := operand (AND operand) *          AND, UND
 *   operand := [+ | - | NOT] [field:] ([=] quoted | (group) | [=] text) [^boost]
 *   text    := words [* | ~ | ~1 | ~2]          of the last word, but behind =
 *
 * Nothing is an error: what is not syntax in its place is text, and text is words. A first pass
 * marks the bytes that are syntax, quotes and parentheses that have a partner, so that the parser
 * proper never meets one that has none and recurses no deeper than QUERY_DEPTH_MAX groups.
 */
#include "query/parse.h"

#include <assert.h>
#include <stdatomic.h>
#include <utf8proc.h>

#include "base/utf8.h"
#include "query/parse_clauses.h"
#include "query/parse_leaves.h"

#define BOOST_DIGITS_MAX 9u /* on each side of the point */

enum sign { SIGN_NONE, SIGN_PLUS, SIGN_MINUS };

#define SCRATCH_ROOM_BYTES 2048u
#define SYNTAX_ROOM_BYTES 64u

/* Of a short query all that is needed for parsing lies in here. It is large and not zeroed. */
struct parser {
    const uint8_t *text;
    size_t size;
    size_t at;
    uint8_t *syntax; /* one bit a byte: a quote or parenthesis that has its partner */
    bool operators;  /* AND, OR, NOT are operators */
    bool all;
    bool forms_missed; /* a = that the index has no surface forms for */
    struct parse_leaves leaves;
    struct parse_clauses clauses;
    struct arena scratch; /* leaves and branches */
    uint64_t scratch_room[SCRATCH_ROOM_BYTES / sizeof(uint64_t)];
    uint8_t syntax_room[SYNTAX_ROOM_BYTES];
};

/* Where a piece of the query stands: the field it is limited to and how deep. */
struct place {
    int field;
    unsigned depth;
    bool exact; /* behind =: words in the form in which they stand */
};

/* ---- characters */

/* The bytes of the white space at `at`, 0 when there is none. Control characters are white space,
 * so that no binary input makes a word. */
static unsigned space_size(const struct parser *parser, size_t at)
{
    uint8_t byte = parser->text[at];
    unsigned size;

    if (byte <= ' ' || byte == 0x7f)
        return 1;
    if (byte != 0xc2 && byte != 0xe1 && byte != 0xe2 && byte != 0xe3)
        return 0;
    uint32_t c = utf8_decode(parser->text + at, parser->text + parser->size, &size);
    bool is_space = c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
                    c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
    return is_space ? size : 0;
}

static size_t spaces_end(const struct parser *parser, size_t at)
{
    while (at < parser->size) {
        unsigned size = space_size(parser, at);
        if (size == 0)
            break;
        at += size;
    }
    return at;
}

/* The bytes of the quotation mark at `at`, 0 when there is none. */
static unsigned quote_size(const struct parser *parser, size_t at)
{
    const uint8_t *text = parser->text + at;
    size_t left = parser->size - at;

    if (text[0] == '"')
        return 1;
    if (text[0] == 0xc2 && left >= 2 && (text[1] == 0xab || text[1] == 0xbb))
        return 2; /* guillemets */
    if (text[0] == 0xe2 && left >= 3 && text[1] == 0x80 && text[2] >= 0x9c && text[2] <= 0x9f)
        return 3; /* high and low double quotation marks */
    return 0;
}

static bool is_syntax(const struct parser *parser, size_t at)
{
    return parser->syntax[at / 8] >> (at % 8) & 1;
}

static bool is_closing(const struct parser *parser, size_t at)
{
    return parser->text[at] == ')' && is_syntax(parser, at);
}

/* Whether white space or syntax stands at `at`: what ends a run of text. */
static inline bool ends_run(const struct parser *parser, size_t at)
{
    uint8_t byte = parser->text[at];
    if (byte > '"' && byte < 0x7f && byte != '(' && byte != ')')
        return false;
    return is_syntax(parser, at) || space_size(parser, at);
}

static size_t run_end(const struct parser *parser, size_t at)
{
    while (at < parser->size && !ends_run(parser, at))
        at++;
    return at;
}

/* ---- the first pass */

static void syntax_set(struct parser *parser, size_t at, bool on)
{
    uint8_t bit = (uint8_t)(1u << (at % 8));
    if (on)
        parser->syntax[at / 8] |= bit;
    else
        parser->syntax[at / 8] &= (uint8_t)~bit;
}

/* Where the quotation that opens at `at` closes: " with ", a typographic mark with any mark. The
 * size of the text when it does not. Every search either consumes what it passed or is the last
 * of its kind, so that all of them together are linear. */
static size_t quote_partner(const struct parser *parser, size_t at)
{
    bool plain = parser->text[at] == '"';
    for (size_t i = at + quote_size(parser, at); i < parser->size; i++)
        if (plain ? parser->text[i] == '"' : quote_size(parser, i) > 0)
            return i;
    return parser->size;
}

static void quotes_mark(struct parser *parser)
{
    bool plain_left = true; /* a " further on is not ruled out yet */

    for (size_t i = 0; i < parser->size; i++) {
        unsigned size = quote_size(parser, i);
        if (size == 0 || (size == 1 && !plain_left)) {
            if (parser->text[i] == '(' || parser->text[i] == ')')
                syntax_set(parser, i, true);
            continue;
        }
        size_t partner = quote_partner(parser, i);
        if (partner < parser->size) {
            syntax_set(parser, i, true);
            syntax_set(parser, partner, true);
            i = partner;
        } else if (size == 1) {
            plain_left = false;
        }
    }
}

/* Unmarks parentheses without partner and those nested too deeply. Parentheses inside quotations
 * were never marked. */
static void parentheses_match(struct parser *parser)
{
    size_t open = 0;

    for (size_t i = 0; i < parser->size; i++) {
        if (!is_syntax(parser, i))
            continue;
        if (parser->text[i] == '(')
            open++;
        else if (parser->text[i] == ')' && open-- == 0) {
            open = 0;
            syntax_set(parser, i, false);
        }
    }
    size_t closed = 0;
    for (size_t i = parser->size; i-- > 0;) {
        if (!is_syntax(parser, i))
            continue;
        if (parser->text[i] == ')')
            closed++;
        else if (parser->text[i] == '(' && closed-- == 0) {
            closed = 0;
            syntax_set(parser, i, false);
        }
    }
    size_t depth = 0;
    for (size_t i = 0; i < parser->size; i++) {
        if (!is_syntax(parser, i))
            continue;
        if (parser->text[i] == '(' && ++depth > QUERY_DEPTH_MAX)
            syntax_set(parser, i, false);
        else if (parser->text[i] == ')' && depth-- > QUERY_DEPTH_MAX)
            syntax_set(parser, i, false);
    }
}

/* Whether any byte may be (the first of) a quote or parenthesis. */
static bool may_have_syntax(const uint8_t *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] == '"' || text[i] == '(' || text[i] == ')' || text[i] == 0xc2 ||
            text[i] == 0xe2)
            return true;
    return false;
}

/* KRIEG UND FRIEDEN is three words: operators need a lower-case letter somewhere. */
static bool has_lower_case(const struct parser *parser)
{
    const uint8_t *at = parser->text;
    const uint8_t *end = parser->text + parser->size;

    while (at < end) {
        unsigned size;
        uint32_t c = utf8_decode(at, end, &size);
        if (c < 0x80 ? c >= 'a' && c <= 'z'
                     : utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_LL)
            return true;
        at += size;
    }
    return false;
}

/* ---- operators */

enum keyword { KEYWORD_NONE, KEYWORD_AND, KEYWORD_OR, KEYWORD_NOT };

/* The operator word that the run at `at` is; *end is set behind it. */
static enum keyword keyword_at(const struct parser *parser, size_t at, size_t *end)
{
    static const struct {
        const char *word;
        enum keyword keyword;
    } words[] = {{"AND", KEYWORD_AND}, {"UND", KEYWORD_AND}, {"OR", KEYWORD_OR},
                 {"ODER", KEYWORD_OR}, {"NOT", KEYWORD_NOT}, {"NICHT", KEYWORD_NOT}};

    uint8_t first = parser->text[at];
    if (!parser->operators || (first != 'A' && first != 'N' && first != 'O' && first != 'U'))
        return KEYWORD_NONE;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t size = strlen(words[i].word);
        if (parser->size - at < size || memcmp(parser->text + at, words[i].word, size) != 0)
            continue;
        *end = at + size;
        if (*end == parser->size || is_syntax(parser, *end) || space_size(parser, *end))
            return words[i].keyword;
    }
    return KEYWORD_NONE;
}

/* Whether the operator word that ends at `end` has an operand to its right. */
static bool operand_follows(const struct parser *parser, enum keyword keyword, size_t end)
{
    size_t behind;
    size_t at = spaces_end(parser, end);

    if (at == parser->size || is_closing(parser, at))
        return false;
    enum keyword next = keyword_at(parser, at, &behind);
    return next == KEYWORD_NONE || (next == KEYWORD_NOT && keyword != KEYWORD_NOT);
}

/* Goes behind an operator and to its operand, if there is one here. */
static bool operator_take(struct parser *parser, enum keyword keyword)
{
    size_t end;
    size_t at = spaces_end(parser, parser->at);

    if (at == parser->size || keyword_at(parser, at, &end) != keyword ||
        !operand_follows(parser, keyword, end))
        return false;
    parser->at = spaces_end(parser, end);
    return true;
}

/* ---- the parts of an operand */

/* + or - in front of an operand, behind white space, a parenthesis or nothing. */
static enum sign sign_take(struct parser *parser)
{
    size_t at = parser->at;
    uint8_t byte = parser->text[at];

    if ((byte != '+' && byte != '-') || at + 1 == parser->size)
        return SIGN_NONE;
    if (at > 0 && parser->text[at - 1] == ')')
        return SIGN_NONE;
    if (at > 0 && is_syntax(parser, at - 1) && parser->text[at - 1] != '(')
        return SIGN_NONE;
    /* Behind a quotation of several bytes the byte before is no syntax of its own. */
    for (unsigned back = 2; back <= 3 && back <= at; back++)
        if (is_syntax(parser, at - back) && quote_size(parser, at - back) == back)
            return SIGN_NONE;
    uint8_t next = parser->text[at + 1];
    if (next == '+' || next == '-' || space_size(parser, at + 1) || is_closing(parser, at + 1))
        return SIGN_NONE;
    parser->at++;
    return byte == '+' ? SIGN_PLUS : SIGN_MINUS;
}

/* "field:" in front of something, when there is a field of that name that can be searched. The run
 * of text at hand ends at run. */
static void field_take(struct parser *parser, size_t run, int *field)
{
    size_t at = parser->at;
    const uint8_t *colon = memchr(parser->text + at, ':', run - at);
    if (!colon)
        return;
    size_t end = (size_t)(colon - parser->text);
    if (end + 1 == parser->size)
        return;
    if (space_size(parser, end + 1) || is_closing(parser, end + 1))
        return;
    const struct schema *schema = parser->leaves.schema;
    int found = schema_find(schema, parser->text + at, end - at);
    if (found < 0 ||
        (schema->fields[found].kind != LUPE_TEXT && schema->fields[found].kind != LUPE_KEYWORD))
        return;
    *field = found;
    parser->at = end + 1;
}

/* "=" in front of a word or quotation. Without surface forms it finds what these do. */
static void exact_take(struct parser *parser, struct place *place)
{
    size_t at = parser->at;
    place->exact = false;
    if (parser->text[at] != '=' || at + 1 == parser->size || parser->text[at + 1] == '=' ||
        space_size(parser, at + 1) ||
        (is_syntax(parser, at + 1) && quote_size(parser, at + 1) == 0))
        return;
    parser->at++;
    place->exact = parser->leaves.schema->has_forms;
    parser->forms_missed |= !place->exact;
}

/* The number that text[at..end) is, when it is one: 2, 0.5. */
static bool boost_read(const uint8_t *text, size_t at, size_t end, double *boost)
{
    uint64_t whole = 0;
    uint64_t part = 0;
    uint64_t unit = 1;
    size_t digits = at;

    while (at < end && text[at] >= '0' && text[at] <= '9' && at - digits < BOOST_DIGITS_MAX)
        whole = whole * 10 + (text[at++] - '0');
    if (at == digits)
        return false;
    if (at < end && text[at] == '.') {
        digits = ++at;
        while (at < end && text[at] >= '0' && text[at] <= '9' && at - digits < BOOST_DIGITS_MAX) {
            part = part * 10 + (text[at++] - '0');
            unit *= 10;
        }
        if (at == digits)
            return false;
    }
    double value = (double)whole + (double)part / (double)unit;
    if (at < end || value <= 0 || value > BOOST_TYPED_MAX)
        return false;
    *boost = value;
    return true;
}

/* Cuts "^boost" off the end of a run. */
static void boost_cut(const struct parser *parser, size_t start, size_t *end, double *boost)
{
    size_t farthest = 2 * BOOST_DIGITS_MAX + 3;
    size_t first = *end - start > farthest ? *end - farthest : start;
    const uint8_t *caret = memrchr(parser->text + first, '^', *end - first);
    if (!caret || caret == parser->text + start)
        return;
    size_t at = (size_t)(caret - parser->text) + 1;
    if (boost_read(parser->text, at, *end, boost))
        *end = at - 1;
}

/* Cuts "~", "~1" or "~2" off the end of a run; 0 when there is none. */
static uint8_t edits_cut(const struct parser *parser, size_t start, size_t *end)
{
    const uint8_t *text = parser->text;
    if (*end - start > 1 && text[*end - 1] == '~') {
        *end -= 1;
        return EDITS_FITTING;
    }
    uint8_t digit = text[*end - 1];
    if (*end - start < 3 || text[*end - 2] != '~' || (digit != '1' && digit != '2'))
        return 0;
    *end -= 2;
    return digit - '0';
}

/* "^boost" right behind a quotation or group. */
static void boost_take(struct parser *parser, double *boost)
{
    if (parser->at == parser->size || parser->text[parser->at] != '^')
        return;
    size_t end = run_end(parser, parser->at);
    if (boost_read(parser->text, parser->at + 1, end, boost))
        parser->at = end;
}

/* ---- operands */

static struct parse_item leaf_item(const struct parse_leaf *leaf)
{
    return (struct parse_item){
        .kind = leaf ? ITEM_LEAF : ITEM_NOTHING,
        .filter = leaf && leaf->node.kind == NODE_KEYWORD,
        .boost = 1,
        .leaf = leaf,
    };
}

static bool is_keyword_field(const struct parser *parser, int field)
{
    return field >= 0 && parser->leaves.schema->fields[field].kind == LUPE_KEYWORD;
}

/* The items of one operand, which are one as a rule: a group is opened for the second. */
struct pieces {
    struct parse_item item;
    enum occur occur;
    uint32_t base;
    bool many;
};

static lupe_status pieces_add(struct parser *parser, struct pieces *pieces,
                              const struct parse_item *item)
{
    lupe_status status = LUPE_OK;

    if (item->kind == ITEM_NOTHING)
        return LUPE_OK;
    if (pieces->item.kind == ITEM_NOTHING) {
        pieces->item = *item;
        return LUPE_OK;
    }
    if (!pieces->many) {
        pieces->many = true;
        pieces->base = clauses_begin(&parser->clauses);
        TRY(clauses_add(&parser->clauses, pieces->base, pieces->occur, &pieces->item));
    }
    TRY(clauses_add(&parser->clauses, pieces->base, pieces->occur, item));
out:
    return status;
}

static lupe_status pieces_end(struct parser *parser, struct pieces *pieces, struct parse_item *item)
{
    if (pieces->many)
        return clauses_end(&parser->clauses, pieces->base, item);
    *item = pieces->item;
    return LUPE_OK;
}

/* A word of the scanner with, for a hyphen word, all its parts. */
static bool parts_next(struct word_scanner *scanner, struct word parts[HYPHEN_PARTS_MAX],
                       unsigned *count)
{
    *count = 0;
    do {
        if (!word_next(scanner, &parts[*count]))
            break;
        ++*count;
    } while (*count < HYPHEN_PARTS_MAX && parts[*count - 1].parts > 1 &&
             parts[*count - 1].part < parts[*count - 1].parts);
    return *count > 0;
}

/* The words of a run of text: each an item of its own, those glued together (e-mail addresses,
 * host names) a sequence. A slash separates: und/oder. */
static lupe_status text_words(struct parser *parser, const struct place *place, size_t start,
                              size_t end, enum occur occur, struct parse_item *item)
{
    lupe_status status = LUPE_OK;
    const uint8_t *text = parser->text + start;
    struct pieces pieces = {.item = {.kind = ITEM_NOTHING, .boost = 1}, .occur = occur};
    const struct parse_leaf *leaf = NULL;
    struct word_scanner scanner;
    struct word parts[HYPHEN_PARTS_MAX];
    unsigned count;
    bool open = false;

    word_scanner_init(&scanner, parser->leaves.schema->analysis, text, end - start);
    while (parts_next(&scanner, parts, &count)) {
        if (open && (!parts[0].glued || text[parts[0].start - 1] == '/')) {
            TRY(leaves_end(&parser->leaves, &leaf));
            struct parse_item piece = leaf_item(leaf);
            TRY(pieces_add(parser, &pieces, &piece));
            open = false;
        }
        if (!open)
            leaves_begin(&parser->leaves, place->field);
        open = true;
        TRY(place->exact ? leaves_word_exact(&parser->leaves, place->field, text, parts, count)
                         : leaves_word(&parser->leaves, place->field, text, parts, count));
    }
    if (open) {
        TRY(leaves_end(&parser->leaves, &leaf));
        struct parse_item piece = leaf_item(leaf);
        TRY(pieces_add(parser, &pieces, &piece));
    }
    TRY(pieces_end(parser, &pieces, item));
out:
    return status;
}

/* The readings of a prefix as alternatives. The index holds stems: where the stem of what was
 * typed is shorter than that, the word itself is one more (Häuser* finds Häuser). */
static lupe_status prefix_item(struct parser *parser, const struct place *place, size_t start,
                               const struct word *word, struct parse_item *item)
{
    lupe_status status = LUPE_OK;
    struct pieces pieces = {.item = {.kind = ITEM_NOTHING, .boost = 1}, .occur = OCCUR_SHOULD};
    struct parse_leaves *leaves = &parser->leaves;
    const uint8_t *text = parser->text + start;
    const struct parse_leaf *known = NULL;
    const struct parse_leaf *leaf = NULL;
    struct parse_item piece;
    bool covered = true;

    for (unsigned r = 0; r < leaves_readings(leaves, place->field); r++) {
        bool covers;
        TRY(leaves_prefix(leaves, place->field, r, text + word->start, word->size, &leaf, &covers));
        covered = covered && covers;
        if (leaf == known)
            continue; /* most languages fold alike */
        known = leaf;
        piece = leaf_item(leaf);
        TRY(pieces_add(parser, &pieces, &piece));
    }
    if (!covered) {
        leaves_begin(leaves, place->field);
        TRY(leaves_word(leaves, place->field, text, word, 1));
        TRY(leaves_end(leaves, &leaf));
        piece = leaf_item(leaf);
        TRY(pieces_add(parser, &pieces, &piece));
    }
    TRY(pieces_end(parser, &pieces, item));
out:
    return status;
}

/* A word and what is like it by so many edits. */
static lupe_status fuzzy_item(struct parser *parser, const struct place *place, size_t start,
                              const struct word *word, uint8_t edits, struct parse_item *item)
{
    lupe_status status = LUPE_OK;
    const struct parse_leaf *leaf = NULL;
    leaves_begin(&parser->leaves, place->field);
    TRY(leaves_word(&parser->leaves, place->field, parser->text + start, word, 1));
    TRY(leaves_end_fuzzy(&parser->leaves, edits, &leaf));
    *item = leaf_item(leaf);
out:
    return status;
}

/* A run whose last word, which ends at `end`, is a prefix (edits 0) or fuzzy. What stands before
 * that word in the run (e-ma*) is required beside it. *found is false when no word ends there. */
static lupe_status marked_text(struct parser *parser, const struct place *place, size_t start,
                               size_t end, uint8_t edits, bool *found, struct parse_item *item)
{
    lupe_status status = LUPE_OK;
    struct word_scanner scanner;
    struct word word;
    struct word last = {0};
    struct parse_item before;
    struct parse_item marked;

    *found = false;
    word_scanner_init(&scanner, parser->leaves.schema->analysis, parser->text + start, end - start);
    while (word_next(&scanner, &word))
        last = word;
    if (start + last.start + last.size != end)
        return LUPE_OK;
    *found = true;
    TRY(edits ? fuzzy_item(parser, place, start, &last, edits, &marked)
              : prefix_item(parser, place, start, &last, &marked));
    TRY(text_words(parser, place, start, start + last.start, OCCUR_MUST, &before));
    struct pieces pieces = {.item = {.kind = ITEM_NOTHING, .boost = 1}, .occur = OCCUR_MUST};
    TRY(pieces_add(parser, &pieces, &before));
    TRY(pieces_add(parser, &pieces, &marked));
    TRY(pieces_end(parser, &pieces, item));
out:
    return status;
}

/* The run of text from here to end. */
static lupe_status parse_text(struct parser *parser, const struct place *place, enum sign sign,
                              size_t end, struct parse_item *item)
{
    lupe_status status = LUPE_OK;
    size_t start = parser->at;
    const struct parse_leaf *leaf = NULL;
    double boost = 1;
    bool found = false;

    parser->at = end;
    if (is_keyword_field(parser, place->field)) {
        TRY(leaves_keyword(&parser->leaves, place->field, parser->text + start, end - start,
                           &leaf));
        *item = leaf_item(leaf);
        return LUPE_OK;
    }
    boost_cut(parser, start, &end, &boost);
    size_t last = end;
    uint8_t edits = place->exact ? 0 : edits_cut(parser, start, &last);
    if (edits)
        TRY(marked_text(parser, place, start, last, edits, &found, item));
    else if (end - start > 1 && parser->text[end - 1] == '*' && !place->exact)
        TRY(marked_text(parser, place, start, end - 1, 0, &found, item));
    if (!found) {
        bool each = parser->all && place->depth == 0 && sign != SIGN_MINUS;
        TRY(text_words(parser, place, start, end, each ? OCCUR_MUST : OCCUR_SHOULD, item));
    }
    item->boost *= boost;
out:
    return status;
}

static lupe_status parse_quoted(struct parser *parser, const struct place *place,
                                struct parse_item *item)
{
    lupe_status status = LUPE_OK;
    size_t start = parser->at + quote_size(parser, parser->at);
    size_t end = start;
    const struct parse_leaf *leaf = NULL;

    while (!is_syntax(parser, end))
        end++;
    parser->at = end + quote_size(parser, end);
    if (is_keyword_field(parser, place->field)) {
        TRY(leaves_keyword(&parser->leaves, place->field, parser->text + start, end - start,
                           &leaf));
    } else {
        struct word_scanner scanner;
        struct word parts[HYPHEN_PARTS_MAX];
        unsigned count;
        word_scanner_init(&scanner, parser->leaves.schema->analysis, parser->text + start,
                          end - start);
        leaves_begin(&parser->leaves, place->field);
        const uint8_t *text = parser->text + start;
        while (parts_next(&scanner, parts, &count))
            TRY(place->exact ? leaves_word_exact(&parser->leaves, place->field, text, parts, count)
                             : leaves_word(&parser->leaves, place->field, text, parts, count));
        TRY(leaves_end_quoted(&parser->leaves, &leaf));
    }
    *item = leaf_item(leaf);
    boost_take(parser, &item->boost);
out:
    return status;
}

static lupe_status parse_group(struct parser *parser, const struct place *place,
                               struct parse_item *item);

static lupe_status parse_operand(struct parser *parser, const struct place *outer,
                                 struct parse_item *item, enum sign *sign)
{
    lupe_status status = LUPE_OK;
    struct place place = *outer;
    double boost = 1;

    assert(parser->at < parser->size && !is_closing(parser, parser->at));
    bool negated = operator_take(parser, KEYWORD_NOT);
    *sign = sign_take(parser);
    if (negated)
        *sign = SIGN_MINUS;
    if (!is_syntax(parser, parser->at)) {
        size_t end = run_end(parser, parser->at);
        field_take(parser, end, &place.field);
        if (parser->at < end && !is_keyword_field(parser, place.field))
            exact_take(parser, &place);
        if (parser->at < end)
            return parse_text(parser, &place, *sign, end, item);
    }
    if (parser->text[parser->at] != '(')
        return parse_quoted(parser, &place, item);
    parser->at++;
    place.depth++;
    TRY(parse_group(parser, &place, item));
    assert(is_closing(parser, parser->at));
    parser->at++;
    boost_take(parser, &boost);
    item->boost *= boost;
out:
    return status;
}

static enum occur occur_of(enum sign sign, enum occur otherwise)
{
    return sign == SIGN_PLUS ? OCCUR_MUST : sign == SIGN_MINUS ? OCCUR_NOT : otherwise;
}

/* a AND b AND NOT c */
static lupe_status parse_run(struct parser *parser, const struct place *place,
                             struct parse_item *item, enum sign *sign)
{
    lupe_status status = LUPE_OK;
    bool required = false;

    TRY(parse_operand(parser, place, item, sign));
    if (!operator_take(parser, KEYWORD_AND))
        return LUPE_OK;
    uint32_t base = clauses_begin(&parser->clauses);
    do {
        required |= *sign == SIGN_PLUS;
        TRY(clauses_add(&parser->clauses, base, occur_of(*sign, OCCUR_MUST), item));
        TRY(parse_operand(parser, place, item, sign));
    } while (operator_take(parser, KEYWORD_AND));
    required |= *sign == SIGN_PLUS;
    TRY(clauses_add(&parser->clauses, base, occur_of(*sign, OCCUR_MUST), item));
    TRY(clauses_end(&parser->clauses, base, item));
    *sign = required ? SIGN_PLUS : SIGN_NONE;
out:
    return status;
}

/* a OR b AND c. A required member makes the whole chain required, an excluded one is excluded
 * from it. */
static lupe_status parse_chain(struct parser *parser, const struct place *place,
                               struct parse_item *item, enum sign *sign)
{
    lupe_status status = LUPE_OK;
    bool required = false;

    TRY(parse_run(parser, place, item, sign));
    if (!operator_take(parser, KEYWORD_OR))
        return LUPE_OK;
    uint32_t base = clauses_begin(&parser->clauses);
    do {
        required |= *sign == SIGN_PLUS;
        TRY(clauses_add(&parser->clauses, base, occur_of(*sign, OCCUR_SHOULD), item));
        TRY(parse_run(parser, place, item, sign));
    } while (operator_take(parser, KEYWORD_OR));
    required |= *sign == SIGN_PLUS;
    TRY(clauses_add(&parser->clauses, base, occur_of(*sign, OCCUR_SHOULD), item));
    TRY(clauses_end(&parser->clauses, base, item));
    *sign = required ? SIGN_PLUS : SIGN_NONE;
out:
    return status;
}

/* Everything up to the end or the closing parenthesis. */
static lupe_status parse_group(struct parser *parser, const struct place *place,
                               struct parse_item *item)
{
    lupe_status status = LUPE_OK;
    uint32_t base = clauses_begin(&parser->clauses);
    enum occur otherwise = parser->all && place->depth == 0 ? OCCUR_MUST : OCCUR_SHOULD;
    bool in_keyword = is_keyword_field(parser, place->field);

    for (;;) {
        enum sign sign;
        parser->at = spaces_end(parser, parser->at);
        if (parser->at == parser->size || is_closing(parser, parser->at))
            break;
        TRY(parse_chain(parser, place, item, &sign));
        item->loose = item->filter && !in_keyword && occur_of(sign, otherwise) == OCCUR_SHOULD;
        TRY(clauses_add(&parser->clauses, base, occur_of(sign, otherwise), item));
    }
    if (!in_keyword)
        TRY(clauses_require_filters(&parser->clauses, base));
    TRY(clauses_end(&parser->clauses, base, item));
out:
    return status;
}

/* ---- the query */

/* So that the whole is what malloc gives out fast. */
#define QUERY_ROOM_BYTES 944u

struct held_query {
    struct lupe_query query;
    atomic_uint holders;
    uint64_t room[QUERY_ROOM_BYTES / sizeof(uint64_t)]; /* the arena's first memory */
};

struct lupe_query *query_hold(const struct lupe_query *query)
{
    struct held_query *held = (struct held_query *)query;
    atomic_fetch_add_explicit(&held->holders, 1, memory_order_relaxed);
    return &held->query;
}

void query_release(struct lupe_query *query)
{
    struct held_query *held = (struct held_query *)query;
    if (!held || atomic_fetch_sub_explicit(&held->holders, 1, memory_order_acq_rel) > 1)
        return;
    query_release(query->original);
    arena_free(&query->arena);
    memory_free(held);
}

lupe_status query_new(struct lupe_query **query)
{
    struct held_query *held = memory_alloc(sizeof *held);
    if (!held)
        return fail_memory();
    memset(&held->query, 0, sizeof held->query);
    atomic_init(&held->holders, 1);
    arena_lend(&held->query.arena, held->room, sizeof held->room);
    *query = &held->query;
    return LUPE_OK;
}

static lupe_status parser_run(struct parser *parser, struct lupe_query *query)
{
    lupe_status status = LUPE_OK;
    struct parse_item item;

    if (may_have_syntax(parser->text, parser->size)) {
        quotes_mark(parser);
        parentheses_match(parser);
    }
    parser->operators = has_lower_case(parser);
    TRY(parse_group(parser, &(struct place){.field = -1}, &item));
    assert(parser->at == parser->size);
    TRY(clauses_build(&query->arena, &item, &query->root));
    uint64_t dropped = parser->leaves.words_dropped + parser->clauses.words_dropped;
    query->forms_missed = parser->forms_missed;
    query->words_dropped = dropped > UINT32_MAX ? UINT32_MAX : (uint32_t)dropped;
    TRY(query_print(parser->leaves.schema, query->root, &query->arena, &query->text));
out:
    return status;
}

lupe_status query_parse(const struct schema *schema, const char *text, size_t size, uint32_t flags,
                        struct lupe_query **out)
{
    lupe_status status = LUPE_OK;
    struct parser parser;

    struct lupe_query *query = NULL;
    *out = NULL;
    status = query_new(&query);
    if (status)
        return status;
    bool cut = size > QUERY_BYTES_MAX;
    parser.text = (const uint8_t *)text;
    parser.size = cut ? utf8_cut(parser.text, size, QUERY_BYTES_MAX) : size;
    parser.at = 0;
    parser.all = flags & LUPE_QUERY_ALL;
    parser.forms_missed = false;
    parser.scratch = (struct arena){NULL, NULL, NULL, 0};
    arena_lend(&parser.scratch, parser.scratch_room, sizeof parser.scratch_room);
    leaves_init(&parser.leaves, schema, &query->arena, &parser.scratch);
    clauses_init(&parser.clauses, &parser.scratch);
    size_t syntax_bytes = parser.size / 8 + 1;
    parser.syntax = parser.syntax_room;
    memset(parser.syntax_room, 0, sizeof parser.syntax_room);
    if (syntax_bytes > sizeof parser.syntax_room)
        parser.syntax = memory_zalloc(syntax_bytes, 1);
    if (!parser.syntax)
        TRY(fail_memory());
    TRY(parser_run(&parser, query));
    if (cut && query->words_dropped < UINT32_MAX)
        query->words_dropped++; /* there were words that nobody counted */
    *out = query;
    query = NULL;
out:
    leaves_free(&parser.leaves);
    clauses_free(&parser.clauses);
    arena_free(&parser.scratch);
    if (parser.syntax != parser.syntax_room)
        memory_free(parser.syntax);
    query_release(query);
    assert((status == LUPE_OK) == (*out != NULL));
    return status;
}
