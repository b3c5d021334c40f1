/* SPDX-License-Identifier: MIT
 *
 * The reader of JSON Lines (tools/jsonl.c), beside jansson.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../tools/jsonl.c"
#include "support.h"

static int descriptor_of(const void *bytes, size_t size)
{
    int descriptor = memfd_create("lines", 0);
    cr_assert_geq(descriptor, 0);
    cr_assert_eq(write(descriptor, bytes, size), (ssize_t)size);
    cr_assert_eq(lseek(descriptor, 0, SEEK_SET), 0);
    return descriptor;
}

static struct jsonl_reader *reader_of(const char *text, const struct jsonl_options *options)
{
    struct jsonl_reader *reader = jsonl_open(descriptor_of(text, strlen(text)), options);
    cr_assert_not_null(reader);
    return reader;
}

static void done_with(struct jsonl_reader *reader)
{
    close(reader->descriptor);
    jsonl_close(reader);
}

static void expect_value(const struct jsonl_value *value, enum jsonl_kind kind, const char *text)
{
    cr_expect_eq(value->kind, kind, "kind %d for %s", value->kind, text);
    cr_expect_eq(value->size, strlen(text), "size %zu for %s", value->size, text);
    cr_expect(value->size == strlen(text) && memcmp(value->data, text, value->size) == 0,
              "\"%.*s\" for %s", (int)value->size, value->data, text);
}

/* ---------------------------------------------------------------- single lines */

Test(tool_jsonl, hands_out_the_three_members_and_the_others_in_order)
{
    struct jsonl_document document;
    struct jsonl_reader *reader =
        reader_of(" {\"z\" : 1.5e3, \"text\":\"Zug\",\"id\":\"a/1\", \"b\":[1, {\"c\":\"]\"}],"
                  "\"title\":\"Bahn\",\"t\":true,\"f\":false,\"n\":null,\"o\":{ } } \r\n",
                  NULL);
    cr_assert_eq(jsonl_next(reader, &document), JSONL_DOCUMENT, "%s", jsonl_message(reader));
    cr_expect_eq(document.line, 1u);
    expect_value(&document.id, JSONL_STRING, "a/1");
    expect_value(&document.title, JSONL_STRING, "Bahn");
    expect_value(&document.text, JSONL_STRING, "Zug");
    static const struct {
        const char *name;
        enum jsonl_kind kind;
        const char *text;
    } others[] = {{"z", JSONL_NUMBER, "1.5e3"}, {"b", JSONL_ARRAY, "[1, {\"c\":\"]\"}]"},
                  {"t", JSONL_TRUE, "true"},    {"f", JSONL_FALSE, "false"},
                  {"n", JSONL_NULL, "null"},    {"o", JSONL_OBJECT, "{ }"}};
    cr_assert_eq(document.field_count, sizeof others / sizeof *others);
    for (size_t i = 0; i < document.field_count; i++) {
        cr_expect_str_eq(document.fields[i].name, others[i].name);
        cr_expect_eq(document.fields[i].name_size, strlen(others[i].name));
        expect_value(&document.fields[i].value, others[i].kind, others[i].text);
    }
    cr_expect_eq(jsonl_next(reader, &document), JSONL_END);
    cr_expect_eq(jsonl_next(reader, &document), JSONL_END);
    done_with(reader);
}

Test(tool_jsonl, reads_every_escape)
{
    static const struct {
        const char *json;
        const char *text;
    } cases[] = {
        {"", ""},
        {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
        {"\\u00e4\\u00DF\\u20ac", "äß€"},
        {"\\ud83d\\ude42", "🙂"},
        {"a\\nb", "a\nb"},
        {"acht Zeichen und mehr\\nund weiter bis zum Ende der Zeile", NULL},
        {"\\ud83d", "\xEF\xBF\xBD"},   /* half a pair alone */
        {"\\ude42x", "\xEF\xBF\xBDx"}, /* the other half */
        {"\\ud83d\\u0041", "\xEF\xBF\xBD"
                           "A"}, /* a half, then another escape */
        {"\\ud83d\\ud83d\\ude42", "\xEF\xBF\xBD🙂"},
        {"ä", "ä"},
        {"\xE4", "\xE4"}, /* not UTF-8: the caller's question */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[200];
        struct jsonl_document document;
        snprintf(line, sizeof line, "{\"id\":\"1\",\"text\":\"%s\"}", cases[i].json);
        struct jsonl_reader *reader = reader_of(line, NULL);
        cr_assert_eq(jsonl_next(reader, &document), JSONL_DOCUMENT, "%s", line);
        const char *text = cases[i].text;
        if (!text)
            text = "acht Zeichen und mehr\nund weiter bis zum Ende der Zeile";
        expect_value(&document.text, JSONL_STRING, text);
        cr_expect_eq(document.text.data[document.text.size], '\0');
        done_with(reader);
    }
}

Test(tool_jsonl, keeps_a_nul_inside_a_string)
{
    struct jsonl_document document;
    struct jsonl_reader *reader = reader_of("{\"id\":\"1\",\"text\":\"a\\u0000b\"}", NULL);
    cr_assert_eq(jsonl_next(reader, &document), JSONL_DOCUMENT);
    cr_expect_eq(document.text.size, 3u);
    cr_expect_arr_eq(document.text.data, "a\0b", 4);
    done_with(reader);
}

Test(tool_jsonl, of_two_members_with_one_name_the_last_counts)
{
    struct jsonl_document document;
    struct jsonl_reader *reader =
        reader_of("{\"id\":\"1\",\"x\":1,\"id\":\"2\",\"y\":2,\"x\":\"drei\"}", NULL);
    cr_assert_eq(jsonl_next(reader, &document), JSONL_DOCUMENT);
    expect_value(&document.id, JSONL_STRING, "2");
    cr_assert_eq(document.field_count, 2u);
    expect_value(&document.fields[0].value, JSONL_STRING, "drei");
    expect_value(&document.fields[1].value, JSONL_NUMBER, "2");
    done_with(reader);
}

Test(tool_jsonl, refuses_what_is_not_json_and_says_where)
{
    static const struct {
        const char *line;
        uint64_t column;
    } cases[] = {
        {"{kaputt", 2},
        {"[]", 1},
        {"\"id\"", 1},
        {"{", 2},
        {"{\"id\"}", 6},
        {"{\"id\":}", 7},
        {"{\"id\":\"1\"", 10},
        {"{\"id\":\"1\",}", 11},
        {"{\"id\":\"1\"} x", 12},
        {"{\"id\":\"1\"}{}", 11},
        {"{\"id\":\"1", 9},
        {"{\"id\":\"\t\"}", 8},
        {"{\"id\":\"\\x\"}", 8},
        {"{\"id\":\"\\u12\"}", 8},
        {"{\"id\":\"\\", 8},
        {"{\"a\":01}", 7},
        {"{\"a\":-}", 7},
        {"{\"a\":1.}", 8},
        {"{\"a\":.5}", 6},
        {"{\"a\":1e}", 8},
        {"{\"a\":+1}", 6},
        {"{\"a\":True}", 6},
        {"{\"a\":nul}", 6},
        {"{\"a\":truex}", 10},
        {"{\"a\":[1,]}", 9},
        {"{\"a\":[1}", 8},
        {"{\"a\":{\"b\":1]}", 12},
        {"{\"a\":{1:2}}", 7},
        {"{\"a\":{\"b\" 2}}", 11},
        {"{\"a\":[\"\\q\"]}", 8},
        {"{\"a\":[\"x]}", 11},
        {"{\"a\":[[[", 9},
        {"{'a':1}", 2},
        {"{\"a\":1,,\"b\":2}", 8},
        {"{\"a\":NaN}", 6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct jsonl_document document;
        struct jsonl_reader *reader = reader_of(cases[i].line, NULL);
        cr_expect_eq(jsonl_next(reader, &document), JSONL_BAD_LINE, "%s", cases[i].line);
        cr_expect_eq(jsonl_column(reader), cases[i].column, "%s: column %llu, %s", cases[i].line,
                     (unsigned long long)jsonl_column(reader), jsonl_message(reader));
        cr_expect_neq(jsonl_message(reader)[0], '\0');
        cr_expect_eq(jsonl_line(reader), 1u);
        done_with(reader);
    }
}

Test(tool_jsonl, goes_on_behind_a_bad_line_and_counts_blank_ones)
{
    struct jsonl_document document;
    struct jsonl_reader *reader = reader_of("\xEF\xBB\xBF{\"id\":\"1\"}\n\n  \t\r\n{kaputt\n"
                                            "{\"id\":\"5\"}\r\n\n{\"id\":\"7\"}",
                                            NULL);
    cr_assert_eq(jsonl_next(reader, &document), JSONL_DOCUMENT);
    cr_expect_eq(document.line, 1u);
    cr_assert_eq(jsonl_next(reader, &document), JSONL_BAD_LINE);
    cr_expect_eq(jsonl_line(reader), 4u);
    cr_assert_eq(jsonl_next(reader, &document), JSONL_DOCUMENT);
    cr_expect_eq(document.line, 5u);
    cr_assert_eq(jsonl_next(reader, &document), JSONL_DOCUMENT);
    cr_expect_eq(document.line, 7u);
    expect_value(&document.id, JSONL_STRING, "7");
    cr_assert_eq(jsonl_next(reader, &document), JSONL_END);
    done_with(reader);
}

Test(tool_jsonl, an_empty_input_has_no_documents)
{
    struct jsonl_document document;
    struct jsonl_reader *reader = reader_of("", NULL);
    cr_expect_eq(jsonl_next(reader, &document), JSONL_END);
    done_with(reader);
}

Test(tool_jsonl, a_failing_read_is_an_error_not_an_end)
{
    struct jsonl_document document;
    int descriptor = open("/", O_RDONLY);
    struct jsonl_reader *reader = jsonl_open(descriptor, NULL);
    cr_expect_eq(jsonl_next(reader, &document), JSONL_FAILED);
    cr_expect_eq(jsonl_errno(reader), EISDIR);
    done_with(reader);
}

/* ---------------------------------------------------------------- limits */

/* {"a":[[...]]} of that depth; returns its size. */
static size_t nested_line(char *line, size_t depth)
{
    memcpy(line, "{\"a\":", 5);
    memset(line + 5, '[', depth);
    memset(line + 5 + depth, ']', depth);
    line[5 + 2 * depth] = '}';
    return 6 + 2 * depth;
}

/* {"m0":0,"m1":0,...} with so many members; returns its size. */
static size_t wide_line(char *line, size_t capacity, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += (size_t)snprintf(line + size, capacity - size, "%c\"m%zu\":0", i ? ',' : '{', i);
    line[size] = '}';
    return size + 1;
}

Test(tool_jsonl, a_line_beyond_the_limit_costs_itself_alone)
{
    struct jsonl_options options = {.line_bytes_max = 40};
    static const size_t blocks[] = {1, 7, 64, 4096};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        struct jsonl_document document;
        options.block_bytes = blocks[i];
        struct jsonl_reader *reader =
            reader_of("{\"id\":\"1\"}\n"
                      "{\"id\":\"2\",\"text\":\"weit mehr als vierzig Bytes in dieser Zeile\"}\n"
                      "{\"id\":\"3\"}\n"
                      "{\"id\":\"4\",\"text\":\"weit mehr als vierzig Bytes in dieser Zeile\"}",
                      &options);
        cr_expect_eq(jsonl_next(reader, &document), JSONL_DOCUMENT);
        cr_expect_eq(jsonl_next(reader, &document), JSONL_BAD_LINE);
        cr_expect_eq(jsonl_line(reader), 2u);
        cr_assert_eq(jsonl_next(reader, &document), JSONL_DOCUMENT);
        expect_value(&document.id, JSONL_STRING, "3");
        cr_expect_eq(document.line, 3u);
        cr_expect_eq(jsonl_next(reader, &document), JSONL_BAD_LINE);
        cr_expect_eq(jsonl_line(reader), 4u);
        cr_expect_eq(jsonl_next(reader, &document), JSONL_END);
        done_with(reader);
    }
}

Test(tool_jsonl, nesting_has_a_limit)
{
    for (size_t depth = JSONL_DEPTH_MAX - 1; depth <= JSONL_DEPTH_MAX + 1; depth++) {
        char line[3 * JSONL_DEPTH_MAX];
        struct jsonl_document document;
        size_t size = nested_line(line, depth);
        struct jsonl_reader *reader = jsonl_open(descriptor_of(line, size), NULL);
        cr_expect_eq(jsonl_next(reader, &document),
                     depth <= JSONL_DEPTH_MAX ? JSONL_DOCUMENT : JSONL_BAD_LINE, "%zu", depth);
        done_with(reader);
    }
}

Test(tool_jsonl, members_have_a_limit)
{
    for (size_t count = JSONL_FIELDS_MAX; count <= JSONL_FIELDS_MAX + 1; count++) {
        char *line = malloc(16 * count + 32);
        size_t size = wide_line(line, 16 * count + 32, count);
        struct jsonl_document document;
        struct jsonl_reader *reader = jsonl_open(descriptor_of(line, size), NULL);
        cr_expect_eq(jsonl_next(reader, &document),
                     count <= JSONL_FIELDS_MAX ? JSONL_DOCUMENT : JSONL_BAD_LINE, "%zu", count);
        done_with(reader);
        free(line);
    }
}

Test(tool_jsonl, a_long_line_is_read_and_its_memory_given_back)
{
    enum { LONG = 40 << 20 };
    char *text = malloc(LONG + 100);
    size_t size = (size_t)snprintf(text, 80, "{\"id\":\"1\",\"text\":\"");
    memset(text + size, 'x', LONG);
    size += LONG;
    size += (size_t)snprintf(text + size, 80, "\"}\n{\"id\":\"2\"}\n{\"id\":\"3\"}\n");
    struct jsonl_document document;
    struct jsonl_reader *reader = jsonl_open(descriptor_of(text, size), NULL);
    cr_assert_eq(jsonl_next(reader, &document), JSONL_DOCUMENT);
    cr_expect_eq(document.text.size, (size_t)LONG);
    cr_assert_eq(jsonl_next(reader, &document), JSONL_DOCUMENT);
    cr_assert_eq(jsonl_next(reader, &document), JSONL_DOCUMENT);
    cr_assert_eq(jsonl_next(reader, &document), JSONL_END);
    cr_expect_lt(reader->capacity, (size_t)1 << 20);
    done_with(reader);
    free(text);
}

/* ---------------------------------------------------------------- beside jansson */

/* A growing text of random lines. */
struct text {
    char *data;
    size_t size;
    size_t capacity;
};

static void put(struct text *text, const char *bytes, size_t size)
{
    if (text->size + size > text->capacity) {
        text->capacity = 2 * (text->capacity + size);
        text->data = realloc(text->data, text->capacity);
    }
    memcpy(text->data + text->size, bytes, size);
    text->size += size;
}

static void put_text(struct text *text, const char *bytes)
{
    put(text, bytes, strlen(bytes));
}

static void put_one_of(struct text *text, struct support_random *random, const char *const *choice,
                       size_t count)
{
    put_text(text, choice[support_random_below(random, count)]);
}

#define ONE_OF(text, random, ...)                                \
    put_one_of(text, random, (const char *const[]){__VA_ARGS__}, \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void put_string(struct text *text, struct support_random *random, bool ascii)
{
    put_text(text, "\"");
    for (uint64_t left = support_random_below(random, 12); left; left--) {
        if (ascii)
            ONE_OF(text, random, "a", "Zug ", "Wladiwostok", "\\n", "\\\"", "\\\\", "\\/", "{", "]",
                   ":", ",", "\\u00e4", "\\u0041", "1", "acht Byte", "\x7f");
        else
            ONE_OF(text, random, "ä", "Straße ", "🙂", "\\ud83d\\ude42", "\\t", "€", "\\u20ac",
                   "ein längerer Satz ohne alles", "\\r\\n", "x");
    }
    put_text(text, "\"");
}

static void put_blanks(struct text *text, struct support_random *random)
{
    ONE_OF(text, random, "", "", "", " ", "\t ");
}

static void put_value(struct text *text, struct support_random *random, bool ascii, unsigned depth)
{
    put_blanks(text, random);
    uint64_t choice = support_random_below(random, depth ? 5 : 8);
    if (choice < 3) {
        put_string(text, random, ascii);
    } else if (choice < 5) {
        ONE_OF(text, random, "0", "-0", "17", "-3.25", "1e5", "2E-3", "0.5e+1", "true", "false",
               "null", "123456789");
    } else {
        bool object = choice == 5;
        put_text(text, object ? "{" : "[");
        uint64_t count = support_random_below(random, 4);
        for (uint64_t i = 0; i < count; i++) {
            if (i)
                put_text(text, ",");
            put_blanks(text, random);
            if (object) {
                put_string(text, random, ascii);
                put_text(text, ":");
            }
            put_value(text, random, ascii, depth + (count > 2));
        }
        put_blanks(text, random);
        put_text(text, object ? "}" : "]");
    }
    put_blanks(text, random);
}

static void put_line(struct text *text, struct support_random *random)
{
    size_t start = text->size;
    bool ascii = support_random_below(random, 2);
    put_text(text, "{");
    uint64_t count = support_random_below(random, 6);
    for (uint64_t i = 0; i < count; i++) {
        if (i)
            put_text(text, ",");
        put_blanks(text, random);
        if (support_random_below(random, 3))
            ONE_OF(text, random, "\"id\"", "\"title\"", "\"text\"", "\"source\"");
        else
            put_string(text, random, ascii);
        put_blanks(text, random);
        put_text(text, ":");
        put_value(text, random, ascii, 0);
    }
    put_text(text, "}");
    /* Damage to every second line of ASCII; without new Unicode escapes, where jansson is
     * stricter. */
    for (uint64_t left = ascii ? support_random_below(random, 3) : 0; left; left--) {
        static const char bytes[] = "{}[]:,\"\\ 0123456789.eE+-tfn\tx\x01";
        size_t at = start + support_random_below(random, text->size - start);
        if (support_random_below(random, 3)) {
            text->data[at] = bytes[support_random_below(random, sizeof bytes - 1)];
        } else {
            memmove(text->data + at, text->data + at + 1, text->size - at - 1);
            text->size--;
        }
        if (text->size == start)
            break;
    }
    put_text(text, "\n");
}

static bool same_value(const struct jsonl_value *value, const json_t *other)
{
    if (!other)
        return value->kind == JSONL_ABSENT;
    if (value->kind == JSONL_STRING)
        return json_is_string(other) && json_string_length(other) == value->size &&
               memcmp(json_string_value(other), value->data, value->size) == 0;
    if (value->kind == JSONL_ABSENT)
        return false;
    json_t *read =
        json_loadb(value->data, value->size, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);
    bool same = read && json_equal(read, (json_t *)other);
    json_decref(read);
    return same;
}

static bool same_document(const struct jsonl_document *document, const json_t *other)
{
    size_t count = document->field_count + (document->id.kind != JSONL_ABSENT) +
                   (document->title.kind != JSONL_ABSENT) + (document->text.kind != JSONL_ABSENT);
    bool same = json_object_size(other) == count &&
                same_value(&document->id, json_object_get(other, "id")) &&
                same_value(&document->title, json_object_get(other, "title")) &&
                same_value(&document->text, json_object_get(other, "text"));
    for (size_t i = 0; i < document->field_count && same; i++)
        same = same_value(&document->fields[i].value,
                          json_object_get(other, document->fields[i].name));
    return same;
}

static bool is_blank_line(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!strchr(" \t\r", line[i]) || !line[i])
            return false;
    return true;
}

/* Reads all lines of the text and compares each with what jansson says. Returns how many lines
 * were good. */
static size_t compare_with_jansson(const struct text *text, size_t block, uint64_t seed)
{
    struct jsonl_options options = {.block_bytes = block};
    struct jsonl_reader *reader = jsonl_open(descriptor_of(text->data, text->size), &options);
    uint64_t line = 0;
    size_t good = 0;
    for (size_t at = 0; at < text->size;) {
        const char *start = text->data + at;
        size_t size = (size_t)((char *)memchr(start, '\n', text->size - at) - start);
        at += size + 1;
        line++;
        if (is_blank_line(start, size))
            continue;
        struct jsonl_document document;
        json_error_t error;
        enum jsonl_result result = jsonl_next(reader, &document);
        json_t *other = json_loadb(start, size, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
        bool object = json_is_object(other);
        if (other || json_error_code(&error) != json_error_numeric_overflow) {
            cr_assert_eq(jsonl_line(reader), line, "seed %" PRIu64, seed);
            cr_assert_eq(result, object ? JSONL_DOCUMENT : JSONL_BAD_LINE,
                         "seed %" PRIu64 ", %.*s: %s; jansson: %s", seed, (int)size, start,
                         jsonl_message(reader), other ? "good" : error.text);
            cr_assert(!object || same_document(&document, other), "seed %" PRIu64 ", %.*s", seed,
                      (int)size, start);
        }
        good += object;
        json_decref(other);
    }
    struct jsonl_document document;
    cr_assert_eq(jsonl_next(reader, &document), JSONL_END);
    done_with(reader);
    return good;
}

Test(tool_jsonl, agrees_with_jansson_whatever_the_blocks)
{
    struct support_random random = support_random_of(20);
    static const size_t blocks[] = {JSONL_BLOCK_BYTES, 64, 17, 1};
    size_t lines = test_full() ? 100000 : 10000;
    struct text text = {0};
    for (size_t i = 0; i < lines; i++)
        put_line(&text, &random);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        size_t good = compare_with_jansson(&text, blocks[i], random.seed);
        cr_assert(good > lines / 3 && good < lines, "%zu of %zu lines are good", good, lines);
    }
    free(text.data);
}
