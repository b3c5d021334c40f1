/* SPDX-License-Identifier: MIT
 *
 * pack.c - turns the lexicon, a text file, into the table that Lupe is linked with. Run by make on
 * the machine that compiles: pack lexicon_german.txt > lexicon_german.c
 *
 * A line is a word, the cost of it as a first part, the cost as a last part ("-": it is none), the
 * endings it takes as a last part ("-": none), its marks ("-": none): a digit is the number of its
 * linking letters, e says that an e is to be appended, ! that the word is never split.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/lexicon_table.h"

#define LINE_BYTES_MAX 256
#define WORDS_MAX 100000u

static struct lexicon_slot slots[WORDS_MAX * 2];
static uint16_t lengths[LEXICON_BEGINNINGS];
static uint8_t trigrams[LEXICON_TRIGRAM_BYTES];
static uint8_t filter[LEXICON_FILTER_BITS / 8];
static char lines[WORDS_MAX][LINE_BYTES_MAX];

static void give_up(const char *what, const char *where)
{
    fprintf(stderr, "lexicon: %s: %s\n", what, where);
    exit(1);
}

static uint16_t ending_bit(const char *ending, const char *line)
{
    for (uint32_t i = 0; i < LEXICON_ENDINGS; i++)
        if (!strcmp(ending, lexicon_endings[i]))
            return (uint16_t)(1u << i);
    give_up("an unknown ending", line);
    return 0;
}

static uint8_t cost_of(const char *text, const char *line)
{
    long cost = strcmp(text, "-") ? strtol(text, NULL, 10) : 0;
    if (cost < 0 || cost > UINT8_MAX || (cost == 0 && strcmp(text, "-")))
        give_up("a cost that is none", line);
    return (uint8_t)cost;
}

static void insert(const char *line, uint32_t slot_count)
{
    char word[64], first[8], last[8], endings[64], marks[8];
    struct lexicon_entry entry = {0};
    uint64_t hash = LEXICON_HASH_START;
    uint32_t beginning = 0;
    if (sscanf(line, "%63s %7s %7s %63s %7s", word, first, last, endings, marks) != 5)
        give_up("not five columns", line);
    for (const char *letter = word; *letter; letter++) {
        if (*letter < 'a' || *letter > 'z')
            give_up("a letter that is none", line);
        hash = lexicon_hash_letter(hash, (uint8_t)*letter);
        if (letter - word + 1 == LEXICON_BEGINNING_LETTERS)
            beginning = lexicon_beginning(lexicon_hash_end(hash));
    }
    if (strlen(word) >= LEXICON_TRIGRAM_LETTERS)
        lexicon_trigram_set(trigrams, (const uint8_t *)word, (uint32_t)strlen(word));
    if (strlen(word) >= LEXICON_BEGINNING_LETTERS)
        lengths[beginning] |= lexicon_length_bit((uint32_t)strlen(word));
    hash = lexicon_hash_end(hash);
    entry.first_cost = cost_of(first, line);
    entry.last_cost = cost_of(last, line);
    if (strcmp(endings, "-"))
        for (char *ending = endings, *comma; ending; ending = comma) {
            comma = strchr(ending, ',');
            if (comma)
                *comma++ = 0;
            entry.bits |= ending_bit(ending, line);
        }
    for (const char *mark = marks; *mark; mark++) {
        if (*mark >= '1' && *mark <= '3')
            entry.bits |= (uint16_t)((*mark - '0') << LEXICON_LINK_SHIFT);
        else if (*mark == 'e')
            entry.bits |= LEXICON_APPEND_E;
        else if (*mark == '!')
            entry.bits |= LEXICON_WHOLE;
        else if (*mark != '-')
            give_up("an unknown mark", line);
    }
    uint32_t at = lexicon_place(hash, slot_count);
    while (slots[at].fingerprint) {
        if (slots[at].fingerprint == lexicon_fingerprint(hash))
            give_up("a word that stands there twice, or two of one fingerprint", line);
        at = at + 1 == slot_count ? 0 : at + 1;
    }
    slots[at].fingerprint = lexicon_fingerprint(hash);
    slots[at].entry = entry;
    filter[lexicon_filter_bit(hash) / 8] |= (uint8_t)(1u << lexicon_filter_bit(hash) % 8);
}

int main(int count, char **arguments)
{
    uint32_t words = 0, slot_count;
    uint64_t version = LEXICON_HASH_START;
    FILE *file = count == 2 ? fopen(arguments[1], "r") : NULL;
    if (!file)
        give_up("cannot open", count == 2 ? arguments[1] : "one file is to be named");
    while (words < WORDS_MAX && fgets(lines[words], LINE_BYTES_MAX, file))
        words += lines[words][0] != '#';
    if (words == WORDS_MAX || words == 0 || ferror(file))
        give_up("cannot read, or too many words", arguments[1]);
    fclose(file);
    slot_count = words + words / 3;
    for (uint32_t i = 0; i < words; i++)
        insert(lines[i], slot_count);
    printf("#include \"text/lexicon_table.h\"\n");
    printf("const struct lexicon_slot lexicon_german_slots[] = {\n");
    for (uint32_t i = 0; i < slot_count; i++) {
        const struct lexicon_entry *entry = &slots[i].entry;
        printf("{%uu,{%u,%u,%u}},\n", slots[i].fingerprint, entry->first_cost, entry->last_cost,
               entry->bits);
        version = (version ^ slots[i].fingerprint) * 0x100000001B3u;
        version = (version ^ ((uint64_t)entry->first_cost << 24 | (uint64_t)entry->last_cost << 16 |
                              entry->bits)) *
                  0x100000001B3u;
    }
    printf("};\nconst uint16_t lexicon_german_lengths[] = {\n");
    for (uint32_t i = 0; i < LEXICON_BEGINNINGS; i++)
        printf("%uu,\n", lengths[i]);
    printf("};\nconst uint8_t lexicon_german_trigrams[] = {\n");
    for (uint32_t i = 0; i < LEXICON_TRIGRAM_BYTES; i++)
        printf("%u,\n", trigrams[i]);
    printf("};\nconst uint8_t lexicon_german_filter[] = {\n");
    for (uint32_t i = 0; i < LEXICON_FILTER_BITS / 8; i++)
        printf("%u,\n", filter[i]);
    printf("};\nconst uint32_t lexicon_german_slot_count = %u;\n", slot_count);
    printf("const uint64_t lexicon_german_version = %lluu;\n", (unsigned long long)version);
    return fflush(stdout) ? 1 : 0;
}
