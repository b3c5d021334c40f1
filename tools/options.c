/* SPDX-License-Identifier: MIT
 *
 * options.c - see options.h. Options and arguments may stand in any order; `--` ends the
 * options; a lone `-` is an argument. Values: `-n 5`, `-n5`, `--limit 5`, `--limit=5`.
 */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basics.h"

/* ------------------------------------------------------------------ the tables */

const struct command commands[COMMAND_COUNT] = {
    [COMMAND_INDEX] =
        {"index", "PATH...", "put files, folders and JSON Lines into the index",
         "Folders are walked for .txt, .md, .jsonl and .ndjson; - is standard input as\n"
         "JSON Lines: one object a line with id, title, text and further fields.\n"
         "Unchanged files are skipped, files that have gone are removed when their\n"
         "folder is indexed again. Status 0: every document is in the index, durably.\n",
         1, SIZE_MAX, "a file or folder (- is standard input)"},
    [COMMAND_SEARCH] =
        {"search", "QUERY...", "find documents",
         "  word another     any of them; more and rarer words rank first\n"
         "  \"two words\"      a sequence\n"
         "  +must -not       required, excluded (put -- before a query that begins so)\n"
         "  a AND b, a OR b, NOT c; also UND, ODER, NICHT; (a OR b) c\n"
         "  field:word       in that field only\n"
         "  pre*  word^2     words that begin so; counts twice\n"
         "  word~1  word~2   also words that differ in one or two letters; word~\n"
         "A word that no document has is taken for a typing error and corrected.\n"
         "Status 0: hits; 1: none.\n",
         0, SIZE_MAX, "a query"},
    [COMMAND_SUGGEST] =
        {"suggest", "WORD...", "list words of the index that are like a word",
         "Likeliest first, with the number of documents that have them in any form.\n"
         "Status 1: there are none.\n",
         1, SIZE_MAX, "a word"},
    [COMMAND_GET] = {"get", "ID...", "print stored documents whole",
                     "The id of a file is its path, relative to the index's folder where it lies\n"
                     "below it. Status 1: there is no such document.\n",
                     1, SIZE_MAX, "the id of a document"},
    [COMMAND_DELETE] = {"delete", "ID...", "take documents out of the index",
                        "Files themselves are never touched.\n", 1, SIZE_MAX,
                        "the id of a document"},
    [COMMAND_STATS] = {"stats", "", "tell what is in the index", NULL, 0, 0, NULL},
    [COMMAND_CHECK] =
        {"check", "", "look for damage: every page, checksum and structure",
         "Status 0: the index is sound. Searching and indexing may go on meanwhile.\n", 0, 0, NULL},
    [COMMAND_OPTIMIZE] =
        {"optimize", "", "merge into one segment and drop deleted documents",
         "Makes searching a little faster. Never needed: the index keeps its shape.\n"
         "After --reorder hits of equal score come in another order.\n",
         0, 0, NULL},
    [COMMAND_COMPACT] =
        {"compact", "", "give free space back to the file system",
         "In place it needs the index alone; --to NEW writes a minimal copy at any\n"
         "time.\n",
         0, 0, NULL},
    [COMMAND_BACKUP] = {"backup", "FILE", "write a consistent copy while others read and write",
                        "FILE must not exist.\n", 1, 1, "the file to write"},
    [COMMAND_VERSION] = {"version", "", "print the version", NULL, 0, 0, NULL},
    [COMMAND_HELP] = {"help", "[COMMAND]", "print this, or more about a command", NULL, 0, 1, NULL},
};

#define BIT(name) (1u << COMMAND_##name)
#define WITH_INDEX                                                                                \
    (BIT(INDEX) | BIT(SEARCH) | BIT(SUGGEST) | BIT(GET) | BIT(DELETE) | BIT(STATS) | BIT(CHECK) | \
     BIT(OPTIMIZE) | BIT(COMPACT) | BIT(BACKUP))
#define EVERY_COMMAND ((1u << COMMAND_COUNT) - 1)

enum option_kind {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_LIST,
    OPTION_NUMBER,
    OPTION_DECIMAL,
    OPTION_BYTES,
    OPTION_FORMAT,
    OPTION_JSON
};

struct option_rule {
    const char *name;
    char letter; /* 0: none */
    unsigned commands;
    enum option_kind kind;
    size_t place; /* in struct options */
    uint64_t least;
    uint64_t most;
    const char *value; /* what the value is called; NULL for flags */
    const char *help;
};

#define PLACE(member) offsetof(struct options, member)

static const struct option_rule rules[] = {
    {"index", 'i', WITH_INDEX, OPTION_TEXT, PLACE(index), 0, 0, "FILE",
     "the index; else $LUPE_INDEX, else the nearest .lupe upward from here"},
    {"limit", 'n', BIT(SEARCH) | BIT(SUGGEST), OPTION_NUMBER, PLACE(limit), 0, UINT32_MAX, "N",
     "hits wanted (10); 0: only the total"},
    {"offset", 0, BIT(SEARCH), OPTION_NUMBER, PLACE(offset), 0, UINT32_MAX, "N",
     "hits left out before them"},
    {"all", 0, BIT(SEARCH), OPTION_FLAG, PLACE(all_words), 0, 0, NULL,
     "every word is required, not any"},
    {"no-correct", 0, BIT(SEARCH), OPTION_FLAG, PLACE(as_typed), 0, 0, NULL,
     "words that no document has stay as they are typed"},
    {"no-compounds", 0, BIT(SEARCH), OPTION_FLAG, PLACE(no_compounds), 0, 0, NULL,
     "words within compounds are not found, nor compounds by their parts"},
    {"no-proximity", 0, BIT(SEARCH), OPTION_FLAG, PLACE(no_proximity), 0, 0, NULL,
     "words near each other do not count for more"},
    {"no-sentences", 0, BIT(SEARCH), OPTION_FLAG, PLACE(no_sentences), 0, 0, NULL,
     "words of grammar are not given less weight"},
    {"no-forms", 0, BIT(SEARCH), OPTION_FLAG, PLACE(no_forms), 0, 0, NULL,
     "words in the form that was typed do not count for more"},
    {"k1", 0, BIT(SEARCH), OPTION_DECIMAL, PLACE(k1), 0, 10, "X",
     "how much further occurrences of a word add, 0 to 10 (by the query)"},
    {"b", 0, BIT(SEARCH), OPTION_DECIMAL, PLACE(b), 0, 1, "X",
     "how much the length of a text takes away, 0 to 1 (0.75)"},
    {"explain", 0, BIT(SEARCH), OPTION_FLAG, PLACE(explain), 0, 0, NULL,
     "tell of each hit how its score came about"},
    {"queries", 0, BIT(SEARCH), OPTION_TEXT, PLACE(queries), 0, 0, "FILE",
     "many queries: lines of an id, a tab and a query (- is standard input)"},
    {"format", 0, BIT(SEARCH), OPTION_FORMAT, PLACE(format), 0, 0, "people|json|trec",
     "how hits are written; trec: qid Q0 id rank score lupe"},
    {"json", 0, BIT(SEARCH) | BIT(SUGGEST) | BIT(GET) | BIT(STATS), OPTION_JSON, PLACE(format), 0,
     0, NULL, "one JSON object, a line each"},
    {"verify", 0, BIT(SEARCH) | BIT(SUGGEST) | BIT(GET) | BIT(STATS), OPTION_FLAG, PLACE(verify), 0,
     0, NULL, "check the whole file before it is used"},
    {"text", 0, BIT(INDEX), OPTION_LIST, PLACE(text_fields), 0, 0, "FIELD",
     "a further field of JSON Lines that is searched as text (repeatable)"},
    {"language", 0, BIT(INDEX), OPTION_TEXT, PLACE(language), 0, 0, "LANGUAGE",
     "of a new index: german (default), another Snowball language, or none"},
    {"lexicon", 0, BIT(INDEX), OPTION_TEXT, PLACE(lexicon), 0, 0, "WORDS",
     "of a new index: words that compounds are made of, one a line, or a .dic file"},
    {"no-pairs", 0, BIT(INDEX), OPTION_FLAG, PLACE(no_pairs), 0, 0, NULL,
     "of a new index: smaller, but phrases of very frequent words are slower"},
    {"no-compounds", 0, BIT(INDEX), OPTION_FLAG, PLACE(no_compounds), 0, 0, NULL,
     "of a new index: smaller, but words within compounds are not found"},
    {"no-old-spelling", 0, BIT(INDEX), OPTION_FLAG, PLACE(no_old_spelling), 0, 0, NULL,
     "of a new index: old spelling (Theil) is not brought into today's"},
    {"no-mending", 0, BIT(INDEX), OPTION_FLAG, PLACE(no_mending), 0, 0, NULL,
     "of a new index: forms that the stemmer keeps apart (Autos) stay apart"},
    {"no-forms", 0, BIT(INDEX), OPTION_FLAG, PLACE(no_forms), 0, 0, NULL,
     "of a new index: smaller, but =word finds what word finds"},
    {"threads", 0, BIT(INDEX), OPTION_NUMBER, PLACE(threads), 1, 64, "N",
     "threads that work (one for every core)"},
    {"memory", 0, BIT(INDEX), OPTION_BYTES, PLACE(memory_bytes), (uint64_t)1 << 20,
     (uint64_t)64 << 30, "SIZE", "memory for buffered changes, as 512M or 2G (256M)"},
    {"to", 0, BIT(COMPACT), OPTION_TEXT, PLACE(to), 0, 0, "NEW",
     "write a copy to NEW, which must not exist, and leave the index as it is"},
    {"reorder", 0, BIT(OPTIMIZE), OPTION_FLAG, PLACE(reorder), 0, 0, NULL,
     "put similar documents next to each other: smaller, faster, takes a while"},
    {"quiet", 'q',
     BIT(INDEX) | BIT(DELETE) | BIT(CHECK) | BIT(OPTIMIZE) | BIT(COMPACT) | BIT(BACKUP),
     OPTION_FLAG, PLACE(quiet), 0, 0, NULL, "no closing report"},
    {"help", 'h', EVERY_COMMAND, OPTION_FLAG, PLACE(help), 0, 0, NULL, "print this"},
};
#define RULE_COUNT (sizeof rules / sizeof *rules)

enum command_id command_find(const char *name)
{
    for (unsigned i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return (enum command_id)i;
    return COMMAND_COUNT;
}

/* ------------------------------------------------------------------ values */

struct parser {
    struct options *options;
    const char *const *words;
    size_t count;
    size_t next;
    char *message;
};

static bool wrong(struct parser *parser, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool wrong(struct parser *parser, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(parser->message, OPTION_MESSAGE_BYTES_MAX, format, arguments);
    va_end(arguments);
    return false;
}

/* Decimal digits, and for sizes one of K, M, G behind them (also KB, KiB). */
static bool parse_number(const char *text, bool bytes, uint64_t *number)
{
    char *end = NULL;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno)
        return false;
    unsigned shift = 0;
    if (bytes && *end) {
        static const char units[] = "KMG";
        const char *unit = strchr(units, *end & ~0x20);
        if (!unit)
            return false;
        shift = 10 * (unsigned)(unit - units + 1);
        end++;
        if (*end == 'i')
            end++;
        if (*end == 'B')
            end++;
    }
    if (*end || value > UINT64_MAX >> shift)
        return false;
    *number = (uint64_t)value << shift;
    return true;
}

static bool store_number(struct parser *parser, const struct option_rule *rule, const char *value,
                         uint64_t *number)
{
    bool bytes = rule->kind == OPTION_BYTES;
    if (!parse_number(value, bytes, number))
        return wrong(parser, "--%s wants %s, not \"%.80s\"", rule->name,
                     bytes ? "a size as 512M or 2G" : "a number", value);
    if (*number < rule->least || *number > rule->most)
        return wrong(parser, "--%s must lie between %llu%s and %llu%s", rule->name,
                     (unsigned long long)(bytes ? rule->least >> 20 : rule->least),
                     bytes ? "M" : "", (unsigned long long)(bytes ? rule->most >> 20 : rule->most),
                     bytes ? "M" : "");
    return true;
}

/* Digits with a point among them or none: the number is the same in every locale. */
static bool parse_decimal(const char *text, double *number)
{
    double value = 0, place = 1;
    bool behind_point = false, any = false;
    for (; *text; text++) {
        if (*text == '.' && !behind_point) {
            behind_point = true;
            continue;
        }
        if (*text < '0' || *text > '9')
            return false;
        any = true;
        value = value * 10 + (*text - '0');
        place *= behind_point ? 10 : 1;
    }
    *number = value / place;
    return any;
}

static bool store_decimal(struct parser *parser, const struct option_rule *rule, const char *value,
                          double *number)
{
    if (!parse_decimal(value, number))
        return wrong(parser, "--%s wants a number as 0.75, not \"%.80s\"", rule->name, value);
    if (!(*number >= (double)rule->least && *number <= (double)rule->most))
        return wrong(parser, "--%s must lie between %llu and %llu", rule->name,
                     (unsigned long long)rule->least, (unsigned long long)rule->most);
    return true;
}

static bool store_format(struct parser *parser, const char *value, uint64_t *format)
{
    static const char *const names[] = {
        [FORMAT_PEOPLE] = "people", [FORMAT_JSON] = "json", [FORMAT_TREC] = "trec"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(value, names[i]) == 0) {
            *format = i;
            return true;
        }
    }
    return wrong(parser, "--format is people, json or trec, not \"%.80s\"", value);
}

static bool store(struct parser *parser, const struct option_rule *rule, const char *value)
{
    struct options *options = parser->options;
    void *place = (char *)options + rule->place;
    switch (rule->kind) {
    case OPTION_FLAG:
        *(bool *)place = true;
        return true;
    case OPTION_JSON:
        *(uint64_t *)place = FORMAT_JSON;
        return true;
    case OPTION_TEXT:
        *(const char **)place = value;
        return *value || wrong(parser, "the value of --%s is empty", rule->name);
    case OPTION_LIST:
        if (options->text_field_count == TEXT_FIELDS_MAX)
            return wrong(parser, "--%s comes too often", rule->name);
        options->text_fields[options->text_field_count++] = value;
        return *value || wrong(parser, "the value of --%s is empty", rule->name);
    case OPTION_NUMBER:
    case OPTION_BYTES:
        return store_number(parser, rule, value, place);
    case OPTION_DECIMAL:
        return store_decimal(parser, rule, value, place);
    case OPTION_FORMAT:
        return store_format(parser, value, place);
    }
    return false;
}

/* ------------------------------------------------------------------ words */

static bool takes_value(const struct option_rule *rule)
{
    return rule->value != NULL;
}

static bool next_value(struct parser *parser, const struct option_rule *rule, const char **value)
{
    if (parser->next == parser->count)
        return wrong(parser, "--%s wants a value: %s", rule->name, rule->value);
    *value = parser->words[parser->next++];
    return true;
}

static const struct option_rule *find_rule(const struct parser *parser, const char *name,
                                           size_t size, char letter)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct option_rule *rule = &rules[i];
        if (!(rule->commands >> parser->options->command & 1))
            continue;
        if (letter ? rule->letter == letter
                   : strlen(rule->name) == size && memcmp(rule->name, name, size) == 0)
            return rule;
    }
    return NULL;
}

static bool unknown(struct parser *parser, const char *word)
{
    bool search = parser->options->command == COMMAND_SEARCH;
    return wrong(parser, "there is no option %.80s%s", word,
                 search ? " (put -- before a query that begins with -)" : "");
}

static bool parse_long(struct parser *parser, const char *word)
{
    const char *name = word + 2;
    const char *equals = strchr(name, '=');
    size_t size = equals ? (size_t)(equals - name) : strlen(name);
    const struct option_rule *rule = find_rule(parser, name, size, 0);
    const char *value = equals ? equals + 1 : NULL;
    if (!rule)
        return unknown(parser, word);
    if (value && !takes_value(rule))
        return wrong(parser, "--%s takes no value", rule->name);
    if (!value && takes_value(rule) && !next_value(parser, rule, &value))
        return false;
    return store(parser, rule, value);
}

static bool parse_short(struct parser *parser, const char *word)
{
    const struct option_rule *rule = find_rule(parser, NULL, 0, word[1]);
    const char *value = word[2] ? word + 2 : NULL;
    if (!rule || (value && !takes_value(rule)))
        return unknown(parser, word);
    if (!value && takes_value(rule) && !next_value(parser, rule, &value))
        return false;
    return store(parser, rule, value);
}

static bool check_arguments(struct parser *parser)
{
    const struct options *options = parser->options;
    const struct command *command = &commands[options->command];
    if (options->help)
        return true;
    if (options->argument_count < command->arguments_min)
        return wrong(parser, "what is missing is %s", command->missing);
    if (options->argument_count > command->arguments_max)
        return wrong(parser, "\"%.80s\" is one argument too many",
                     options->arguments[command->arguments_max]);
    if (options->command == COMMAND_SEARCH && !options->queries && !options->argument_count)
        return wrong(parser, "what is missing is %s", command->missing);
    if (options->command == COMMAND_SEARCH && options->queries && options->argument_count)
        return wrong(parser, "a query and --queries exclude each other");
    if (options->explain && options->format == FORMAT_TREC)
        return wrong(parser, "--explain and --format trec exclude each other");
    return true;
}

bool options_parse(struct options *options, int count, const char *const *words,
                   char message[OPTION_MESSAGE_BYTES_MAX])
{
    *options = (struct options){.command = COMMAND_COUNT,
                                .limit = 10,
                                .memory_bytes = (uint64_t)256 << 20,
                                .k1 = -1,
                                .b = -1};
    struct parser parser = {options, words, count > 0 ? (size_t)count : 0, 0, message};
    message[0] = '\0';
    if (parser.count == 0)
        return wrong(&parser, "what is missing is a command");
    const char *name = words[parser.next++];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        name = "version";
    options->command = command_find(name);
    if (options->command == COMMAND_COUNT)
        return wrong(&parser, "there is no command \"%.80s\"", name);
    options->arguments = allocate((parser.count + 1) * sizeof *options->arguments);
    bool only_arguments = false;
    while (parser.next < parser.count) {
        const char *word = words[parser.next++];
        bool option = !only_arguments && word[0] == '-' && word[1];
        if (!option)
            options->arguments[options->argument_count++] = word;
        else if (strcmp(word, "--") == 0)
            only_arguments = true;
        else if (!(word[1] == '-' ? parse_long(&parser, word) : parse_short(&parser, word)))
            return false;
    }
    return check_arguments(&parser);
}

void options_free(struct options *options)
{
    free(options->arguments);
    options->arguments = NULL;
    options->argument_count = 0;
}

/* ------------------------------------------------------------------ help */

void help_overview(struct output *output)
{
    output_text(output, "Lupe finds words in texts.\n\n"
                        "    lupe index ~/texte\n"
                        "    lupe search \"Wladiwostok Munition\"\n\n"
                        "Commands:\n");
    for (unsigned i = 0; i < COMMAND_COUNT; i++)
        output_format(output, "  %-9s %-10s %s\n", commands[i].name, commands[i].usage,
                      commands[i].summary);
    output_text(output,
                "\nThe index is -i FILE, else $LUPE_INDEX, else the nearest .lupe upward from the\n"
                "working directory; `lupe index` makes ./.lupe where there is none.\n"
                "Status: 0 found or done, 1 nothing found, 2 usage, 3 and above errors.\n"
                "`lupe help COMMAND` tells more, and so does the manual page lupe(1).\n");
}

void help_command(struct output *output, enum command_id command)
{
    const struct command *about = &commands[command];
    output_format(output, "lupe %s [OPTIONS] %s\n  %s\n", about->name, about->usage,
                  about->summary);
    if (about->details)
        output_format(output, "\n%s", about->details);
    output_text(output, "\nOptions:\n");
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct option_rule *rule = &rules[i];
        if (!(rule->commands >> command & 1))
            continue;
        char names[64];
        snprintf(names, sizeof names, "%c%c%s --%s%s%s", rule->letter ? '-' : ' ',
                 rule->letter ? rule->letter : ' ', rule->letter ? "," : " ", rule->name,
                 rule->value ? " " : "", rule->value ? rule->value : "");
        output_format(output, "  %-30s %s\n", names, rule->help);
    }
}
