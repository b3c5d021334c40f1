/* SPDX-License-Identifier: MIT
 *
 * print.c - the canonical text of a query (grammar in parse.h).
 */
#include <math.h>

#include "query/parse.h"

#include "base/utf8.h"

#define ROOM_BYTES 512u
#define BOOST_UNITS 1000000u /* boosts are shown with at most six digits behind the point */

static bool is_full(const struct buffer *out)
{
    return out->size >= QUERY_TEXT_BYTES_MAX;
}

static void print_byte(struct buffer *out, char byte)
{
    buffer_add_u8(out, (uint8_t)byte);
}

/* Bytes as they may be shown: control characters are blanks, broken UTF-8 is replaced. */
static void print_bytes(struct buffer *out, const uint8_t *bytes, size_t size)
{
    const uint8_t *end = bytes + size;

    while (bytes < end && !is_full(out)) {
        uint8_t encoded[4];
        unsigned read;
        size_t room = QUERY_TEXT_BYTES_MAX - out->size;
        size_t left = (size_t)(end - bytes);
        size_t plain = 0;
        while (plain < left && plain < room && bytes[plain] >= ' ' && bytes[plain] < 0x80)
            plain++;
        buffer_add(out, bytes, plain);
        if (plain) {
            bytes += plain;
            continue;
        }
        uint32_t c = utf8_decode(bytes, end, &read);
        buffer_add(out, encoded, utf8_encode(c < ' ' ? ' ' : c, encoded));
        bytes += read;
    }
}

static void print_number(struct buffer *out, uint64_t number, unsigned digits_min)
{
    char digits[20];
    unsigned count = 0;

    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number || count < digits_min);
    while (count)
        print_byte(out, digits[--count]);
}

/* Not printf: the point must be a point in every locale. */
static void print_boost(struct buffer *out, double boost)
{
    if (boost == 1)
        return;
    uint64_t units = (uint64_t)llround(boost * BOOST_UNITS);
    unsigned digits = 6;

    if (units == BOOST_UNITS)
        return;
    print_byte(out, '^');
    print_number(out, units / BOOST_UNITS, 1);
    units %= BOOST_UNITS;
    if (units == 0)
        return;
    for (; units % 10 == 0; digits--)
        units /= 10;
    print_byte(out, '.');
    print_number(out, units, digits);
}

static void print_element(struct buffer *out, const struct element *element)
{
    const struct query_term *exact = &element->alternatives[0].exact;
    if (exact->size) {
        print_bytes(out, exact->bytes, exact->size);
        return;
    }
    bool braces = element->alternative_count > 1 || element->alternatives[0].term_count > 1;

    if (braces)
        print_byte(out, '{');
    for (uint32_t a = 0; a < element->alternative_count; a++) {
        const struct alternative *alternative = &element->alternatives[a];
        if (a)
            print_byte(out, '|');
        for (uint32_t t = 0; t < alternative->term_count; t++) {
            if (t)
                print_byte(out, ' ');
            print_bytes(out, alternative->terms[t].bytes, alternative->terms[t].size);
        }
        print_boost(out, (double)alternative->weight);
    }
    if (braces)
        print_byte(out, '}');
}

static void print_sequence(struct buffer *out, const struct node *node)
{
    if (node_is_exact(node))
        print_byte(out, '=');
    if (node->element_count > 1)
        print_byte(out, '"');
    for (uint32_t e = 0; e < node->element_count && !is_full(out); e++) {
        if (e)
            print_byte(out, ' ');
        print_element(out, &node->elements[e]);
    }
    if (node->element_count > 1)
        print_byte(out, '"');
}

/* Depth as in clauses_build. */
static void print_node(struct buffer *out, const struct schema *schema, const struct node *node)
{
    if (node->kind == NODE_BOOLEAN) {
        print_byte(out, '(');
        for (uint32_t i = 0; i < node->clause_count && !is_full(out); i++) {
            if (i)
                print_byte(out, ' ');
            if (node->clauses[i].occur != OCCUR_SHOULD)
                print_byte(out, node->clauses[i].occur == OCCUR_MUST ? '+' : '-');
            print_node(out, schema, node->clauses[i].node);
        }
        print_byte(out, ')');
        return;
    }
    if (node->field >= 0) {
        const char *name = schema->fields[node->field].name;
        print_bytes(out, (const uint8_t *)name, strlen(name));
        print_byte(out, ':');
    }
    if (node->kind == NODE_SEQUENCE) {
        print_sequence(out, node);
        if (node->edits)
            print_byte(out, '~');
        if (node->edits && node->edits != EDITS_FITTING)
            print_byte(out, (char)('0' + node->edits));
    } else {
        bool keyword = node->kind == NODE_KEYWORD;
        if (keyword)
            print_byte(out, '[');
        print_bytes(out, node->prefix.bytes, node->prefix.size);
        print_byte(out, keyword ? ']' : '*');
    }
    print_boost(out, node->boost);
}

lupe_status query_print(const struct schema *schema, const struct node *root, struct arena *arena,
                        const char **text)
{
    uint8_t room[ROOM_BYTES];
    struct buffer out = BUFFER_LENT(room, sizeof room, 0);

    *text = NULL;
    if (root)
        print_node(&out, schema, root);
    else
        buffer_add(&out, "()", 2);
    if (is_full(&out))
        buffer_add(&out, "\xe2\x80\xa6", 3);
    lupe_status status = buffer_status(&out);
    char *copy = status == LUPE_OK ? arena_alloc(arena, out.size + 1) : NULL;
    if (copy) {
        memcpy(copy, out.data, out.size);
        copy[out.size] = '\0';
        *text = copy;
    } else if (status == LUPE_OK) {
        status = fail_memory();
    }
    buffer_free(&out);
    return status;
}
