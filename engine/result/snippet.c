/* SPDX-License-Identifier: MIT
 *
 * snippet.c - chooses a passage and renders it.
 *
 * The choice: of all windows of the wanted length that begin with a match, the one whose distinct
 * clauses weigh most; a clause that occurs again adds a little. Around the matches the passage
 * then grows to a sentence or word boundary. Values of a field named "title" are looked at only
 * when no other text has a match: titles are shown beside snippets anyway.
 *
 *     text    ... Satz davor.  Der Zug nach Wladiwostok war mit Munition beladen. Weiter ...
 *                              |            [first match] ...  [last match]      |
 *                              begin                                           end
 */
#include "result/snippet.h"

#include <assert.h>

#include "base/utf8.h"

#define REPEAT_WEIGHT 0.1 /* of a clause's weight, for each further occurrence */
#define REPEATS_MAX 4u
#define ABBREVIATION_LETTERS_MAX 3u /* "Dr.", "bzw.", "z." end no sentence */
#define TITLE_FIELD "title"

static const char ellipsis[] = "\xe2\x80\xa6";

/* A passage: matches first to last of a value, and how good it is. */
struct passage {
    size_t value; /* SIZE_MAX: none */
    size_t first;
    size_t last;
    double score;
};

void snippet_free(struct snippet_maker *maker)
{
    buffer_free(&maker->text);
    memory_free(maker->spans);
    match_list_free(&maker->matches);
    match_list_free(&maker->best);
    memory_free(maker->counts);
    memset(maker, 0, sizeof *maker);
}

/* ---- characters */

static bool is_space(uint32_t c)
{
    return c <= ' ' || (c >= 0x7f && c <= 0xa0) || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
           c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* Where the character before `at` begins; a byte of a broken one is one. */
static size_t character_before(const uint8_t *text, size_t at)
{
    size_t start = at;
    unsigned bytes;

    assert(at > 0);
    do
        start--;
    while (start > 0 && at - start < 4 && (text[start] & 0xc0) == 0x80);
    utf8_decode(text + start, text + at, &bytes);
    return bytes == at - start ? start : at - 1;
}

static uint32_t character_at(const uint8_t *text, size_t size, size_t at, unsigned *bytes)
{
    return utf8_decode(text + at, text + size, bytes);
}

static bool space_at(const uint8_t *text, size_t size, size_t at)
{
    unsigned bytes;
    return is_space(character_at(text, size, at, &bytes));
}

static size_t spaces_skip(const uint8_t *text, size_t size, size_t at, size_t limit)
{
    while (at < limit) {
        unsigned bytes;
        if (!is_space(character_at(text, size, at, &bytes)))
            break;
        at += bytes;
    }
    return at < limit ? at : limit;
}

/* The end of the text before `at` without the white space there, at least floor. */
static size_t spaces_trim(const uint8_t *text, size_t size, size_t at, size_t floor)
{
    while (at > floor) {
        size_t before = character_before(text, at);
        if (!space_at(text, size, before))
            break;
        at = before;
    }
    return at > floor ? at : floor;
}

/* ---- choosing */

static double clause_gain(const struct matcher *matcher, uint32_t clause, uint32_t before)
{
    double weight = matcher_weight(matcher, clause);
    return before == 0 ? weight : before < REPEATS_MAX ? weight * REPEAT_WEIGHT : 0;
}

/* The best window of `length` bytes that begins with a match. */
static void window_choose(struct snippet_maker *maker, const struct matcher *matcher, size_t length,
                          struct passage *passage)
{
    const struct match *matches = maker->matches.items;
    size_t count = maker->matches.count;
    double score = 0;
    size_t next = 0;

    memset(maker->counts, 0, maker->count_capacity * sizeof *maker->counts);
    passage->score = -1;
    for (size_t first = 0; first < count; first++) {
        while (next < count &&
               (next == first || matches[next].end <= matches[first].start + length)) {
            uint32_t clause = matches[next].clause;
            score += clause_gain(matcher, clause, maker->counts[clause]++);
            next++;
        }
        /* Sums that went up and down again may differ in the last bits: what is better must be
         * better by more than that, and of equals the first is taken. */
        if (score > passage->score + 1e-9) {
            passage->score = score;
            passage->first = first;
            passage->last = next - 1;
        }
        uint32_t clause = matches[first].clause;
        score -= clause_gain(matcher, clause, --maker->counts[clause]);
    }
}

static lupe_status counts_reserve(struct snippet_maker *maker, const struct matcher *matcher)
{
    uint32_t clauses = matcher_clauses(matcher) + 1;
    if (clauses <= maker->count_capacity)
        return LUPE_OK;
    uint32_t *counts = memory_realloc(maker->counts, clauses * sizeof *counts);
    if (!counts)
        return fail_memory();
    maker->counts = counts;
    maker->count_capacity = clauses;
    return LUPE_OK;
}

/* Looks at the values that are titles, or at those that are not, for a better passage. */
static lupe_status values_search(struct snippet_maker *maker, struct matcher *matcher,
                                 const struct stored_document *document, size_t length, bool titles,
                                 struct passage *best)
{
    const struct match_reach reach = {SNIPPET_ENOUGH_BYTES, SNIPPET_LIMIT_BYTES};

    for (size_t i = 0; i < document->document.value_count; i++) {
        const lupe_value *value = &document->document.values[i];
        if (value->kind != LUPE_TEXT || (strcmp(value->field, TITLE_FIELD) == 0) != titles)
            continue;
        lupe_status status = matcher_scan(matcher, (int)document->fields[i], value->data,
                                          value->size, reach, &maker->matches);
        if (status != LUPE_OK)
            return status;
        if (maker->matches.count == 0)
            continue;
        struct passage passage = {.value = i};
        window_choose(maker, matcher, length, &passage);
        if (best->value == SIZE_MAX || passage.score > best->score + 1e-9) {
            *best = passage;
            struct match_list chosen = maker->matches;
            maker->matches = maker->best;
            maker->best = chosen;
        }
    }
    return LUPE_OK;
}

/* Without a match: the beginning of the text, else of the title. */
static size_t value_first(const struct stored_document *document)
{
    size_t title = SIZE_MAX;

    for (size_t i = 0; i < document->document.value_count; i++) {
        const lupe_value *value = &document->document.values[i];
        if (value->kind != LUPE_TEXT || value->size == 0)
            continue;
        if (strcmp(value->field, TITLE_FIELD) != 0)
            return i;
        if (title == SIZE_MAX)
            title = i;
    }
    return title;
}

/* ---- growing to boundaries */

static bool is_letter(uint8_t byte)
{
    return byte >= 0x80 || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* Whether a sentence begins at `at`, where white space precedes: behind . ! ? or an empty line, not
 * behind an abbreviation or an ordinal. */
static bool sentence_begins(const uint8_t *text, size_t size, size_t at)
{
    size_t end = spaces_trim(text, size, at, 0);
    unsigned lines = 0;

    if (end == 0)
        return true;
    for (size_t i = end; i < at; i++)
        lines += text[i] == '\n';
    if (lines > 1 || text[end - 1] == '!' || text[end - 1] == '?')
        return true;
    if (text[end - 1] != '.')
        return false;
    size_t letters = 0;
    while (letters < end - 1 && letters <= ABBREVIATION_LETTERS_MAX &&
           is_letter(text[end - 2 - letters]))
        letters++;
    return letters > ABBREVIATION_LETTERS_MAX;
}

/* A good place to begin, at most `slack` bytes before `first`: the nearest sentence within two
 * thirds of it, else a word about one third before. */
static size_t begin_choose(const uint8_t *text, size_t size, size_t first, size_t slack)
{
    size_t floor = first > slack ? first - slack : 0;
    size_t sentence_floor = first > slack * 2 / 3 ? first - slack * 2 / 3 : 0;
    size_t wanted = first > slack / 3 ? first - slack / 3 : 0;
    size_t word = first;

    for (size_t at = first; at > floor;) {
        size_t before = character_before(text, at);
        if (space_at(text, size, before) && !space_at(text, size, at)) {
            if (at >= sentence_floor && sentence_begins(text, size, at))
                return at;
            if (at >= wanted)
                word = at;
        }
        at = before;
    }
    return sentence_floor == 0 ? 0 : word;
}

/* Where to end when `wanted` is too far for the text or between two words; not before `last`. */
static size_t end_choose(const uint8_t *text, size_t size, size_t last, size_t wanted)
{
    if (wanted >= size)
        return size;
    if (wanted <= last)
        return last;
    while (wanted > last && wanted < size && (text[wanted] & 0xc0) == 0x80)
        wanted--;
    if (space_at(text, size, wanted))
        return wanted;
    for (size_t at = wanted; at > last;) {
        at = character_before(text, at);
        if (space_at(text, size, at))
            return at > last ? at : last;
    }
    return wanted;
}

/* The bytes of the value to show. `matches` may be empty. */
static lupe_span passage_grow(const uint8_t *text, size_t size, const struct match *first,
                              const struct match *last, size_t length)
{
    size_t start = first ? first->start : 0;
    size_t end = last ? last->end : 0;
    lupe_span span = {0, size};

    if (size <= length)
        return span;
    size_t slack = end - start < length ? length - (end - start) : 0;
    span.start = begin_choose(text, size, start, slack);
    if (size - span.start < length) {
        /* The text ends before the passage is full: more of what is before. */
        size_t wanted = size - length;
        while (wanted < span.start && !(wanted == 0 || space_at(text, size, wanted)))
            wanted++;
        span.start = wanted;
    }
    span.end = end_choose(text, size, end, span.start + length);
    return span;
}

/* ---- rendering */

/* The snippet being written. */
struct render {
    struct buffer *out;
    const lupe_snippet_options *options;
    bool space; /* white space is due before the next character */
};

static void render_character(struct render *render, uint32_t c)
{
    struct buffer *out = render->out;
    uint8_t encoded[4];
    unsigned size = utf8_encode(c, encoded);

    if (render->space && out->size)
        buffer_add_u8(out, ' ');
    render->space = false;
    if (render->options->escape_html && c == '&')
        buffer_add(out, "&amp;", 5);
    else if (render->options->escape_html && c == '<')
        buffer_add(out, "&lt;", 4);
    else if (render->options->escape_html && c == '>')
        buffer_add(out, "&gt;", 4);
    else
        buffer_add(out, encoded, size);
}

static void render_mark(struct render *render, const char *mark)
{
    if (mark)
        buffer_add(render->out, mark, strlen(mark));
}

/* Writes text[span] with the marks of spans (in: places in the text; out: in the snippet). Returns
 * how many there are. */
static size_t passage_render(struct render *render, const uint8_t *text, lupe_span span,
                             lupe_span *spans, size_t span_count)
{
    size_t done = 0;
    bool inside = false;
    size_t opened = 0;

    for (size_t at = span.start; at < span.end;) {
        unsigned bytes;
        uint32_t c = utf8_decode(text + at, text + span.end, &bytes);
        if (inside && at >= spans[done].end) {
            render_mark(render, render->options->after);
            spans[done++] = (lupe_span){opened, render->out->size};
            inside = false;
        }
        if (is_space(c)) {
            render->space = true;
        } else {
            if (!inside && done < span_count && at >= spans[done].start) {
                if (render->space && render->out->size)
                    buffer_add_u8(render->out, ' ');
                render->space = false;
                opened = render->out->size;
                render_mark(render, render->options->before);
                inside = true;
            }
            render_character(render, c);
        }
        at += bytes;
    }
    if (inside) {
        render_mark(render, render->options->after);
        spans[done++] = (lupe_span){opened, render->out->size};
    }
    return done;
}

void snippet_spans(const struct match_list *matches, lupe_span *spans, size_t *count)
{
    size_t merged = 0;

    for (size_t i = 0; i < matches->count; i++) {
        const struct match *match = &matches->items[i];
        if (merged && match->start <= spans[merged - 1].end) {
            if (match->end > spans[merged - 1].end)
                spans[merged - 1].end = match->end;
        } else {
            spans[merged++] = (lupe_span){match->start, match->end};
        }
    }
    *count = merged;
}

/* The places to mark within the passage, in maker->spans. */
static lupe_status spans_choose(struct snippet_maker *maker, lupe_span passage, size_t *count)
{
    size_t all = maker->best.count;
    size_t kept = 0;

    if (all > maker->span_capacity) {
        lupe_span *spans = memory_realloc(maker->spans, all * sizeof *spans);
        if (!spans)
            return fail_memory();
        maker->spans = spans;
        maker->span_capacity = all;
    }
    snippet_spans(&maker->best, maker->spans, &all);
    for (size_t i = 0; i < all; i++)
        if (maker->spans[i].start >= passage.start && maker->spans[i].end <= passage.end)
            maker->spans[kept++] = maker->spans[i];
    *count = kept;
    return LUPE_OK;
}

static lupe_status value_render(struct snippet_maker *maker, const lupe_value *value,
                                const struct passage *passage, const lupe_snippet_options *options)
{
    lupe_status status = LUPE_OK;
    const uint8_t *text = (const uint8_t *)value->data;
    const struct match *matches = maker->best.count ? maker->best.items : NULL;
    struct render render = {.out = &maker->text, .options = options};
    size_t count = 0;

    lupe_span span = passage_grow(text, value->size, matches ? &matches[passage->first] : NULL,
                                  matches ? &matches[passage->last] : NULL, options->length);
    span.start = spaces_skip(text, value->size, span.start, span.end);
    span.end = spaces_trim(text, value->size, span.end, span.start);
    TRY(spans_choose(maker, span, &count));
    if (spaces_trim(text, value->size, span.start, 0) > 0) {
        buffer_add(&maker->text, ellipsis, sizeof ellipsis - 1);
        render.space = true;
    }
    maker->snippet.highlight_count = passage_render(&render, text, span, maker->spans, count);
    if (spaces_skip(text, value->size, span.end, value->size) < value->size) {
        if (maker->text.size)
            buffer_add_u8(&maker->text, ' ');
        buffer_add(&maker->text, ellipsis, sizeof ellipsis - 1);
    }
out:
    return status;
}

lupe_status snippet_make(struct snippet_maker *maker, struct matcher *matcher,
                         const struct stored_document *document,
                         const lupe_snippet_options *options)
{
    lupe_status status = LUPE_OK;
    struct passage best = {.value = SIZE_MAX};

    maker->snippet = (lupe_snippet){0};
    maker->best.count = 0;
    buffer_restart(&maker->text);
    TRY(counts_reserve(maker, matcher));
    TRY(values_search(maker, matcher, document, options->length, false, &best));
    if (best.value == SIZE_MAX)
        TRY(values_search(maker, matcher, document, options->length, true, &best));
    if (best.value == SIZE_MAX)
        best.value = value_first(document);
    if (best.value != SIZE_MAX)
        TRY(value_render(maker, &document->document.values[best.value], &best, options));
    size_t size = maker->text.size;
    buffer_add_u8(&maker->text, 0);
    TRY(buffer_status(&maker->text));
    maker->snippet.text = (const char *)maker->text.data;
    maker->snippet.size = size;
    maker->snippet.highlights = maker->spans;
out:
    return status;
}
