/* SPDX-License-Identifier: MIT
 *
 * The parts of the tool that need no library: options, encodings, output, the walk through
 * folders, finding the index. What needs one is tested by cli.sh.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../tools/basics.c"
#include "../tools/encoding.c"
#include "../tools/find.c"
#include "../tools/options.c"
#include "../tools/output.c"
#include "../tools/walk.c"
#include "support.h"

/* ---------------------------------------------------------------- options */

struct parsed {
    struct options options;
    char message[OPTION_MESSAGE_BYTES_MAX];
    bool good;
};

/* Parses words that are separated by blanks; up to 15. */
static struct parsed parse(const char *line)
{
    static char copy[512];
    const char *words[16];
    int count = 0;
    struct parsed parsed;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = copy; word && *word && count < 16; count++) {
        char *blank = strchr(word, ' ');
        words[count] = word;
        if (blank)
            *blank++ = '\0';
        word = blank;
    }
    parsed.good = options_parse(&parsed.options, count, words, parsed.message);
    return parsed;
}

Test(tool_options, are_read_in_every_spelling)
{
    static const char *const lines[] = {
        "search -i x.lupe -n 7 --offset 3 --all --json Zug Bahn",
        "search Zug --index x.lupe --limit 7 Bahn --offset=3 --json --all",
        "search -ix.lupe -n7 --offset 3 --format json --all Zug Bahn",
        "search --index=x.lupe --limit=7 --offset=3 --format=json --all -- Zug Bahn",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct parsed parsed = parse(lines[i]);
        cr_assert(parsed.good, "%s: %s", lines[i], parsed.message);
        cr_expect_eq(parsed.options.command, COMMAND_SEARCH);
        cr_expect_str_eq(parsed.options.index, "x.lupe");
        cr_expect_eq(parsed.options.limit, 7u);
        cr_expect_eq(parsed.options.offset, 3u);
        cr_expect_eq(parsed.options.format, (uint64_t)FORMAT_JSON);
        cr_expect(parsed.options.all_words);
        cr_assert_eq(parsed.options.argument_count, 2u, "%s", lines[i]);
        cr_expect_str_eq(parsed.options.arguments[0], "Zug");
        cr_expect_str_eq(parsed.options.arguments[1], "Bahn");
        options_free(&parsed.options);
    }
}

Test(tool_options, have_the_defaults_of_the_manual)
{
    struct parsed parsed = parse("search Zug");
    cr_assert(parsed.good);
    cr_expect_eq(parsed.options.limit, 10u);
    cr_expect_eq(parsed.options.offset, 0u);
    cr_expect_eq(parsed.options.threads, 0u);
    cr_expect_eq(parsed.options.memory_bytes, (uint64_t)256 << 20);
    cr_expect_eq(parsed.options.format, (uint64_t)FORMAT_PEOPLE);
    cr_expect_null(parsed.options.index);
    options_free(&parsed.options);
}

Test(tool_options, two_dashes_end_them_and_one_is_an_argument)
{
    struct parsed parsed = parse("search -- -Zug --all");
    cr_assert(parsed.good, "%s", parsed.message);
    cr_assert_eq(parsed.options.argument_count, 2u);
    cr_expect_str_eq(parsed.options.arguments[0], "-Zug");
    cr_expect_not(parsed.options.all_words);
    options_free(&parsed.options);
    parsed = parse("index - -i x");
    cr_assert(parsed.good, "%s", parsed.message);
    cr_assert_eq(parsed.options.argument_count, 1u);
    cr_expect_str_eq(parsed.options.arguments[0], "-");
    options_free(&parsed.options);
}

Test(tool_options, sizes_have_units_and_lists_grow)
{
    struct parsed parsed = parse("index --memory 2G --text a --text b --threads 4 x");
    cr_assert(parsed.good, "%s", parsed.message);
    cr_expect_eq(parsed.options.memory_bytes, (uint64_t)2 << 30);
    cr_expect_eq(parsed.options.threads, 4u);
    cr_assert_eq(parsed.options.text_field_count, 2u);
    cr_expect_str_eq(parsed.options.text_fields[1], "b");
    options_free(&parsed.options);
    static const struct {
        const char *text;
        uint64_t bytes;
    } sizes[] = {{"1048576", 1u << 20},
                 {"1024K", 1u << 20},
                 {"8m", 8u << 20},
                 {"3MiB", 3u << 20},
                 {"5MB", 5u << 20}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char line[64];
        snprintf(line, sizeof line, "index --memory %s x", sizes[i].text);
        parsed = parse(line);
        cr_assert(parsed.good, "%s: %s", line, parsed.message);
        cr_expect_eq(parsed.options.memory_bytes, sizes[i].bytes, "%s", line);
        options_free(&parsed.options);
    }
}

Test(tool_options, what_is_wrong_is_named)
{
    static const struct {
        const char *line;
        const char *named;
    } cases[] = {
        {"", "command"},
        {"serch x", "serch"},
        {"search", "query"},
        {"search --no-such-option x", "--no-such-option"},
        {"search -Zug", "-- before"},
        {"search -n x y", "number"},
        {"search -n", "value"},
        {"search -n -1 y", "number"},
        {"search -n 99999999999999999999 y", "number"},
        {"search -n 4294967296 y", "between"},
        {"search --json=1 x", "takes no value"},
        {"search --format xml x", "xml"},
        {"search --queries f x", "exclude"},
        {"search --memory 1G x", "--memory"},
        {"index", "file or folder"},
        {"index --memory 1K x", "between"},
        {"index --memory 1X x", "size"},
        {"index --memory 99999999999999G x", "size"},
        {"index --threads 0 x", "between"},
        {"index --threads 65 x", "between"},
        {"get", "id"},
        {"stats x", "too many"},
        {"backup a b", "too many"},
        {"compact --to= ", "empty"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct parsed parsed = parse(cases[i].line);
        cr_expect_not(parsed.good, "%s", cases[i].line);
        cr_expect_not_null(strstr(parsed.message, cases[i].named), "%s: %s", cases[i].line,
                           parsed.message);
        options_free(&parsed.options);
    }
}

Test(tool_options, help_needs_no_arguments_and_names_every_option)
{
    for (unsigned i = 0; i < COMMAND_COUNT; i++) {
        char line[64];
        snprintf(line, sizeof line, "%s --help", commands[i].name);
        struct parsed parsed = parse(line);
        cr_expect(parsed.good, "%s: %s", line, parsed.message);
        cr_expect(parsed.options.help);
        options_free(&parsed.options);
        struct output output = {0};
        help_command(&output, (enum command_id)i);
        output_bytes(&output, "", 1);
        for (size_t j = 0; j < RULE_COUNT; j++) {
            char name[64];
            snprintf(name, sizeof name, " --%s ", rules[j].name);
            bool named = strstr(output.data, name) != NULL;
            unsigned takers = 0; /* another command may have an option of this name, too */
            for (size_t k = 0; k < RULE_COUNT; k++)
                takers += strcmp(rules[k].name, rules[j].name) == 0 && rules[k].commands >> i & 1;
            cr_expect_leq(takers, 1u, "%s: %s", commands[i].name, name);
            cr_expect_eq(named, takers == 1, "%s: %s", commands[i].name, name);
        }
        for (char *line_start = output.data; *line_start;) {
            size_t size = strcspn(line_start, "\n");
            cr_expect_leq(size, 110u, "%.*s", (int)size, line_start);
            line_start += size + (line_start[size] == '\n');
        }
        output_free(&output);
    }
}

/* ---------------------------------------------------------------- encodings */

Test(tool_encoding, knows_utf8)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"", true},
        {"abc", true},
        {"Straße 🙂 €", true},
        {"0123456789abcdefä", true},
        {"\xF4\x8F\xBF\xBF", true},
        {"\xE4", false},
        {"0123456789\xE4"
         "abc",
         false},
        {"\xC3", false},
        {"\xC0\x80", false},         /* overlong */
        {"\xE0\x9F\xBF", false},     /* overlong */
        {"\xED\xA0\x80", false},     /* surrogate */
        {"\xF4\x90\x80\x80", false}, /* beyond Unicode */
        {"\xF8\x88\x80\x80", false},
        {"\x80", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(encoding_is_utf8(cases[i].text, strlen(cases[i].text)), cases[i].good, "%zu",
                     i);
}

Test(tool_encoding, reads_what_is_not_utf8_as_windows_1252)
{
    static const struct {
        const char *bytes;
        const char *text;
    } cases[] = {
        {"Gr\xFC\xDF"
         "e aus G\xF6\xDFnitz",
         "Grüße aus Gößnitz"},
        {"\x84Spa\xDF\x93 \x80 5 \x96 \xE4", "„Spaß“ € 5 – ä"}, /* DF 93 looks like UTF-8 */
        {"\xC3\xA4 \xC3\xB6 \xC3\xBC \xFC", "ä ö ü ü"},         /* UTF-8 with one stray byte */
        {"\xE4 abgeschnitten \xC3", "ä abgeschnitten Ã"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size = 0;
        char *text = encoding_repair(cases[i].bytes, strlen(cases[i].bytes), &size);
        cr_expect_str_eq(text, cases[i].text);
        cr_expect_eq(size, strlen(cases[i].text));
        cr_expect(encoding_is_utf8(text, size));
        free(text);
    }
}

Test(tool_encoding, the_repair_of_any_bytes_is_utf8)
{
    struct support_random random = support_random_of(21);
    for (unsigned i = 0; i < 3000; i++) {
        char bytes[64];
        size_t size = support_random_below(&random, sizeof bytes), repaired;
        support_random_bytes(&random, bytes, size);
        char *text = encoding_repair(bytes, size, &repaired);
        cr_assert(encoding_is_utf8(text, repaired), "seed %" PRIu64, random.seed);
        free(text);
    }
}

Test(tool_encoding, the_title_is_the_first_heading_or_line)
{
    static const struct {
        const char *text;
        bool markdown;
        const char *title;
    } cases[] = {
        {"Erste Zeile\nzweite", false, "Erste Zeile"},
        {"\n \t\r\n  Spät\t! \r\n", false, "Spät !"},
        {"\xEF\xBB\xBFMit Marke\n", false, "Mit Marke"},
        {"# Kein Heading\n", false, "# Kein Heading"},
        {"# Titel ##\ntext", true, "Titel"},
        {"Vorab\n\n##  Später  \n", true, "Später"},
        {"#hashtag\nText", true, "#hashtag"},
        {"```\n# nein\n```\n# ja\n", true, "ja"},
        {"---\ntitel: x\n# nein\n---\n# Ja\n", true, "Ja"},
        {"---\nohne Ende\n", true, "---"},
        {"Nur Text", true, "Nur Text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text_file file;
        enum text_result result =
            text_file_read(&file, cases[i].text, strlen(cases[i].text), cases[i].markdown);
        cr_assert_eq(result, TEXT_GOOD, "%s", cases[i].text);
        cr_expect_str_eq(file.title, cases[i].title);
        text_file_free(&file);
    }
}

Test(tool_encoding, a_long_first_line_is_cut_between_words_and_characters)
{
    char text[1200];
    for (unsigned round = 0; round < 2; round++) {
        struct text_file file;
        for (size_t i = 0; i < 400; i++)
            memcpy(text + 3 * i, round && i % 5 == 4 ? "ä " : "äx", 3);
        cr_assert_eq(text_file_read(&file, text, sizeof text, false), TEXT_GOOD);
        size_t size = strlen(file.title);
        cr_expect_leq(size, TITLE_BYTES_MAX);
        cr_expect_gt(size, TITLE_BYTES_MAX / 2);
        cr_expect(encoding_is_utf8(file.title, size));
        cr_expect_str_eq(file.title + size - strlen("…"), "…");
        cr_expect_eq(file.size, sizeof text, "the text stays whole");
        text_file_free(&file);
    }
}

Test(tool_encoding, binary_and_empty_files_are_known)
{
    static const struct {
        const char *bytes;
        size_t size;
        enum text_result result;
    } cases[] = {{"", 0, TEXT_EMPTY},
                 {" \r\n\t\n", 5, TEXT_EMPTY},
                 {"\xEF\xBB\xBF\n", 4, TEXT_EMPTY},
                 {"a\0b", 3, TEXT_BINARY},
                 {"a", 1, TEXT_GOOD}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text_file file;
        cr_expect_eq(text_file_read(&file, cases[i].bytes, cases[i].size, i % 2), cases[i].result,
                     "%zu", i);
        text_file_free(&file);
    }
}

/* ---------------------------------------------------------------- output */

static const char *text_of(struct output *output)
{
    static char copy[4096];
    snprintf(copy, sizeof copy, "%.*s", (int)output->size, output->data ? output->data : "");
    output_free(output);
    return copy;
}

Test(tool_output, json_strings_are_read_back_by_jansson)
{
    struct support_random random = support_random_of(22);
    for (unsigned i = 0; i < 3000; i++) {
        char bytes[48];
        struct output output = {0};
        size_t size = support_random_below(&random, sizeof bytes);
        support_random_bytes(&random, bytes, size);
        for (size_t j = 0; j < size; j++)
            if (support_random_below(&random, 4))
                bytes[j] &= 0x7F;
        output_json(&output, bytes, size);
        json_error_t error;
        json_t *read =
            json_loadb(output.data, output.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
        cr_assert_not_null(read, "seed %" PRIu64 ": %s", random.seed, error.text);
        if (encoding_is_utf8(bytes, size)) {
            cr_assert_eq(json_string_length(read), size);
            cr_assert_eq(memcmp(json_string_value(read), bytes, size), 0);
        }
        json_decref(read);
        output_free(&output);
    }
}

Test(tool_output, json_strings_look_as_they_should)
{
    struct output output = {0};
    output_json(&output, "a\"b\\c\n\x01\x7Fä\xE4", 11);
    cr_expect_str_eq(text_of(&output), "\"a\\\"b\\\\c\\n\\u0001\x7Fä\xEF\xBF\xBD\"");
}

Test(tool_output, nothing_stored_steers_a_terminal)
{
    static const char evil[] = "a\033[31mb\x07\xC2\x9B"
                               "c\nd\te\r\nf\rg\xE2\x80\xAEh\x7F\xFF";
    struct output output = {0};
    output_line(&output, evil, sizeof evil - 1);
    cr_expect_str_eq(text_of(&output), "a?[31mb?\xEF\xBF\xBD"
                                       "c d e f g\xEF\xBF\xBDh?\xEF\xBF\xBD");
    output_lines(&output, evil, sizeof evil - 1);
    cr_expect_str_eq(text_of(&output), "a?[31mb?\xEF\xBF\xBD"
                                       "c\nd\te\nf g\xEF\xBF\xBDh?\xEF\xBF\xBD");
}

Test(tool_output, paragraphs_are_wrapped_and_lit)
{
    struct output_style style = {true, true, 20};
    struct output output = {0};
    static const char text[] = "Ein Zug nach\nWladiwostok, älter\033 als der Hafen";
    struct output_span spans[] = {{4, 7}, {13, 24}, {34, 43}};
    output_paragraph(&output, &style, text, sizeof text - 1, spans, 3, 4);
    cr_expect_str_eq(text_of(&output), "    Ein " STYLE_HIT "Zug" STYLE_OFF " nach\n"
                                       "    " STYLE_HIT "Wladiwostok" STYLE_OFF ",\n"
                                       "    älter? " STYLE_HIT "als der" STYLE_OFF "\n"
                                       "    " STYLE_HIT "H" STYLE_OFF "afen\n");
    style.colour = false;
    output_paragraph(&output, &style, text, sizeof text - 1, spans, 3, 0);
    cr_expect_str_eq(text_of(&output), "Ein Zug nach\nWladiwostok, älter?\nals der Hafen\n");
    output_paragraph(&output, &style, "", 0, NULL, 0, 4);
    cr_expect_str_eq(text_of(&output), "");
}

Test(tool_output, numbers_have_commas)
{
    cr_expect_str_eq(with_commas(0), "0");
    cr_expect_str_eq(with_commas(999), "999");
    cr_expect_str_eq(with_commas(1000), "1,000");
    cr_expect_str_eq(with_commas(UINT64_MAX), "18,446,744,073,709,551,615");
}

/* ---------------------------------------------------------------- walk and find */

static void write_text(const char *name)
{
    support_write_file(support_path(name), "x", 1);
}

static void make_folder(const char *name)
{
    cr_assert_eq(mkdir(support_path(name), 0777), 0);
}

static const char *real_directory(void)
{
    static char path[4096];
    cr_assert_not_null(realpath(support_directory(), path));
    return path;
}

Test(tool_walk, finds_texts_in_order_and_follows_no_loop)
{
    make_folder("t");
    make_folder("t/b");
    make_folder("t/b/tief");
    static const char *const names[] = {"t/z.txt",      "t/a.md",           "t/b.txt",
                                        "t/b/x.JSONL",  "t/b/bild.png",     "t/README",
                                        "t/z.txt-lock", "t/b/tief/y.ndjson"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        write_text(names[i]);
    write_text("fern.txt");
    cr_assert_eq(symlink("..", support_path("t/b/schleife")), 0);
    cr_assert_eq(symlink("nirgends", support_path("t/c.txt")), 0);
    cr_assert_eq(symlink("../fern.txt", support_path("t/link.txt")), 0);
    char *excluded = format_text("%s/t/z.txt", real_directory());
    struct walk walk = {.excluded = excluded};
    cr_assert(walk_add(&walk, support_path("t")));
    static const struct {
        const char *name;
        enum walk_kind kind;
    } found[] = {{"t/a.md", WALK_MARKDOWN},
                 {"t/b/tief/y.ndjson", WALK_LINES},
                 {"t/b/x.JSONL", WALK_LINES},
                 {"t/b.txt", WALK_TEXT},
                 {"t/link.txt", WALK_TEXT}};
    cr_assert_eq(walk.file_count, sizeof found / sizeof *found, "%zu", walk.file_count);
    for (size_t i = 0; i < walk.file_count; i++) {
        char *path = format_text("%s/%s", real_directory(), found[i].name);
        cr_expect_str_eq(walk.files[i].path, path);
        cr_expect_eq(walk.files[i].kind, found[i].kind);
        cr_expect_eq(walk.files[i].size, 1u);
        free(path);
    }
    cr_expect_eq(walk.other_count, 2u);
    cr_expect_eq(walk.link_count, 2u);
    cr_expect_eq(walk.folder_count, 1u);
    cr_expect_eq(walk.unreadable_count, 0u);
    walk_free(&walk);
    free(excluded);
}

Test(tool_walk, takes_named_files_whatever_they_are_called)
{
    write_text("brief");
    make_folder("u");
    write_text("index.txt");
    write_text("index.txt-lock");
    char *excluded = format_text("%s/index.txt", real_directory());
    struct walk walk = {.excluded = excluded};
    cr_assert_eq(chdir(support_path("u")), 0);
    cr_expect(walk_add(&walk, "../brief"));
    cr_expect(walk_add(&walk, "-"));
    cr_expect(walk_add(&walk, "/dev/null"));
    cr_expect_not(walk_add(&walk, "../index.txt"), "the index itself");
    cr_expect_not(walk_add(&walk, "../index.txt-lock"));
    cr_expect_not(walk_add(&walk, "fehlt.txt"));
    cr_assert_eq(walk.file_count, 3u);
    char *path = format_text("%s/brief", real_directory());
    cr_expect_str_eq(walk.files[0].path, path);
    cr_expect_eq(walk.files[0].kind, WALK_TEXT);
    cr_expect_str_eq(walk.files[1].path, "-");
    cr_expect_eq(walk.files[1].kind, WALK_STREAM);
    cr_expect_eq(walk.files[2].kind, WALK_STREAM);
    walk_free(&walk);
    free(path);
    free(excluded);
}

Test(tool_walk, absolute_paths_keep_their_last_name)
{
    make_folder("v");
    cr_assert_eq(symlink("v", support_path("w")), 0);
    static const struct {
        const char *given;
        const char *end;
    } cases[] = {{"w/neu", "/v/neu"}, {"v/../w", "/w"}, {"w/.", "/v"}, {"w/", "/w"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *absolute = walk_absolute(support_path(cases[i].given));
        char *wanted = format_text("%s%s", real_directory(), cases[i].end);
        cr_assert_not_null(absolute);
        cr_expect_str_eq(absolute, wanted);
        free(absolute);
        free(wanted);
    }
    cr_expect_null(walk_absolute(support_path("fehlt/neu")));
    char *root = walk_absolute("/neu");
    cr_expect_str_eq(root, "/neu");
    free(root);
}

Test(tool_find, looks_upward_as_far_as_it_takes)
{
    unsetenv("LUPE_INDEX");
    make_folder("p");
    make_folder("p/q");
    make_folder("p/q/.lupe"); /* a folder is no index */
    write_text("p/.lupe");
    cr_assert_eq(chdir(support_path("p/q")), 0);
    char *wanted = format_text("%s/p/.lupe", real_directory());
    char *found = find_index(NULL, false);
    cr_assert_not_null(found);
    cr_expect_str_eq(found, wanted);
    free(found);
    setenv("LUPE_INDEX", "umgebung", 1);
    found = find_index(NULL, true);
    cr_expect_str_eq(found, "umgebung");
    free(found);
    found = find_index("gegeben", true);
    cr_expect_str_eq(found, "gegeben");
    free(found);
    setenv("LUPE_INDEX", "", 1);
    cr_assert_eq(unlink(wanted), 0);
    char *folder = getcwd(NULL, 0);
    found = find_index(NULL, false);
    cr_expect(!found || strncmp(found, folder, strlen(folder)) != 0);
    if (!found) {
        found = find_index(NULL, true);
        cr_expect_str_eq(found, ".lupe");
    }
    free(found);
    free(folder);
    free(wanted);
}
