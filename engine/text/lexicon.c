/* SPDX-License-Identifier: MIT
 *
 * lexicon.c - opening the shipped table, which is compiled in, and reading a word list into a
 * second one beside it.
 */
#include "text/lexicon.h"

#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "text/compound.h"
#include "text/fold.h"

/* A word of the user's costs as much as a rare one of the shipped lexicon: nothing is known of it
 * but that it is there. */
#define USER_COST 72u
#define USER_ENTRIES_MAX 3u /* a word makes: itself, with s, with n or without its e */

/* ------------------------------------------------------------------ reading a list */

struct list {
    const uint8_t *at, *end;
    bool first_line;
    struct fold fold;
};

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static bool is_count(const uint8_t *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((uint8_t)(text[i] - '0') > 9)
            return false;
    return size > 0;
}

static bool is_word(const struct fold *fold)
{
    if (fold->size < LEXICON_WORD_LETTERS_MIN || fold->size > LEXICON_WORD_LETTERS_MAX)
        return false;
    for (size_t i = 0; i < fold->size; i++)
        if ((uint8_t)(fold->bytes[i] - 'a') > 'z' - 'a')
            return false;
    return true;
}

enum line { LINE_NONE, LINE_WORD, LINE_NO_WORD, LINE_END };

/* Reads a line; of LINE_WORD the folded word is in list->fold. */
static enum line next_line(struct list *list)
{
    if (list->at == list->end)
        return LINE_END;
    const uint8_t *text = list->at;
    const uint8_t *line_end = memchr(text, '\n', (size_t)(list->end - text));
    list->at = line_end ? line_end + 1 : list->end;
    line_end = line_end ? line_end : list->end;
    bool first_line = list->first_line;
    list->first_line = false;
    if (first_line && line_end - text >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3))
        text += 3;
    while (text < line_end && is_blank(*text))
        text++;
    size_t size = 0;
    while (text + size < line_end && text[size] != '#' && text[size] != '/' && text[size] != '\t')
        size++;
    while (size > 0 && is_blank(text[size - 1]))
        size--;
    if (size == 0)
        return text < line_end && *text == '/' ? LINE_NO_WORD : LINE_NONE;
    if (first_line && is_count(text, size))
        return LINE_NONE;
    if (size > LEXICON_LINE_BYTES_MAX || memchr(text, ' ', size))
        return LINE_NO_WORD;
    fold_word(&list->fold, FOLD_GERMAN, text, size, false);
    return is_word(&list->fold) ? LINE_WORD : LINE_NO_WORD;
}

/* ------------------------------------------------------------------ the user's table */

static uint64_t hash_of(const uint8_t *word, size_t size)
{
    uint64_t hash = LEXICON_HASH_START;
    for (size_t i = 0; i < size; i++)
        hash = lexicon_hash_letter(hash, word[i]);
    return lexicon_hash_end(hash);
}

/* What the shipped lexicon knows, or splits, it knows better. */
static bool is_news(const struct lexicon *shipped, const uint8_t *word, size_t size)
{
    struct compound compound;
    if (lexicon_table_find(&shipped->shipped, hash_of(word, size)))
        return false;
    compound_split(shipped, word, size, &compound);
    return compound.count == 0;
}

/* A cost of 0: the word is there no longer. */
static void insert(struct lexicon *lexicon, const uint8_t *word, size_t size, uint8_t first_cost,
                   uint8_t last_cost, uint16_t bits)
{
    uint64_t hash = hash_of(word, size);
    uint32_t slot_count = lexicon->user.slot_count;
    uint32_t at = lexicon_place(hash, slot_count);
    struct lexicon_slot *slots = lexicon->user_slots;
    if (lexicon_table_find(&lexicon->shipped, hash))
        return;
    while (slots[at].fingerprint && slots[at].fingerprint != lexicon_fingerprint(hash))
        at = at + 1 == slot_count ? 0 : at + 1;
    if (slots[at].fingerprint && first_cost && !last_cost)
        return;
    lexicon_trigram_set(lexicon->user_trigrams, word, (uint32_t)size);
    if (size >= LEXICON_BEGINNING_LETTERS)
        lexicon->user_lengths[lexicon_beginning(hash_of(word, LEXICON_BEGINNING_LETTERS))] |=
            lexicon_length_bit((uint32_t)size);
    slots[at] = (struct lexicon_slot){lexicon_fingerprint(hash), {first_cost, last_cost, bits}};
}

static void insert_forms(struct lexicon *lexicon, const uint8_t *word, size_t size, uint8_t cost)
{
    uint8_t linked[LEXICON_WORD_LETTERS_MAX + 1];
    insert(lexicon, word, size, cost, cost, (1u << LEXICON_ENDINGS) - 1);
    memcpy(linked, word, size);
    linked[size] = 's';
    if (word[size - 1] != 's')
        insert(lexicon, linked, size + 1, cost, 0, 1u << LEXICON_LINK_SHIFT);
    linked[size] = 'n';
    if (word[size - 1] == 'e')
        insert(lexicon, linked, size + 1, cost, 0, 1u << LEXICON_LINK_SHIFT);
}

enum pass {
    PASS_COUNT,  /* how large must the table be? */
    PASS_INSERT, /* fills it */
    PASS_SPLIT   /* takes out what the others of the list split: those are better parts */
};

static uint32_t read_words(struct lexicon *lexicon, const struct lexicon *shipped,
                           const void *words, size_t size, enum pass pass)
{
    struct list list = {.at = words, .end = (const uint8_t *)words + size, .first_line = true};
    struct compound compound;
    uint32_t news = 0;
    enum line line;
    lexicon->words = lexicon->passed_over = 0;
    while ((line = next_line(&list)) != LINE_END) {
        const uint8_t *word = list.fold.bytes;
        size_t letters = list.fold.size;
        if (line == LINE_WORD && lexicon->words == LEXICON_WORDS_MAX)
            line = LINE_NO_WORD;
        lexicon->passed_over += line == LINE_NO_WORD && lexicon->passed_over != UINT32_MAX;
        lexicon->words += line == LINE_WORD;
        if (line != LINE_WORD || !is_news(shipped, word, letters))
            continue;
        news++;
        if (pass == PASS_INSERT)
            insert_forms(lexicon, word, letters, USER_COST);
        if (pass != PASS_SPLIT)
            continue;
        compound_split(lexicon, word, letters, &compound);
        if (compound.count)
            insert_forms(lexicon, word, letters, 0);
    }
    return news;
}

/* ------------------------------------------------------------------ opening and closing */

/* words: a hash of the entries of the user's; 0: there are none. */
static uint32_t version_of(uint64_t words)
{
    uint64_t parts[3] = {lexicon_german_version, LEXICON_RULES_VERSION, words};
    uint32_t version = checksum_32(parts, sizeof parts);
    return version ? version : 1;
}

static lupe_status user_hash(const struct lexicon *lexicon, uint64_t *hash)
{
    uint32_t count = lexicon->user.slot_count;
    struct lexicon_entry *entries = memory_alloc(count * sizeof *entries);
    if (!entries)
        return fail_memory();
    for (uint32_t i = 0; i < count; i++)
        entries[i] = lexicon->user_slots[i].entry;
    *hash = hash_bytes(entries, count * sizeof *entries);
    memory_free(entries);
    return LUPE_OK;
}

/* An empty table of the user's, for so many words that the shipped one does not know. */
static lupe_status user_table(struct lexicon *lexicon, uint32_t news)
{
    uint32_t slot_count = news * USER_ENTRIES_MAX + news * USER_ENTRIES_MAX / 2 + 1;
    size_t slot_bytes = (size_t)slot_count * sizeof *lexicon->user_slots;
    size_t length_bytes = LEXICON_BEGINNINGS * sizeof *lexicon->user_lengths;
    lexicon->user_slots = memory_zalloc(1, slot_bytes + length_bytes + LEXICON_TRIGRAM_BYTES);
    if (!lexicon->user_slots)
        return fail_memory();
    lexicon->user_lengths = (uint16_t *)(lexicon->user_slots + slot_count);
    lexicon->user_trigrams = (uint8_t *)(lexicon->user_lengths + LEXICON_BEGINNINGS);
    lexicon->user = (struct lexicon_table){.slots = lexicon->user_slots,
                                           .lengths = lexicon->user_lengths,
                                           .trigrams = lexicon->user_trigrams,
                                           .slot_count = slot_count};
    return LUPE_OK;
}

lupe_status lexicon_check(const void *words, size_t size)
{
    if (size > LEXICON_BYTES_MAX)
        return fail(LUPE_LIMIT, "the word list has %zu bytes, at most %u are read", size,
                    LEXICON_BYTES_MAX);
    if (size && !words)
        return fail(LUPE_INVALID, "a word list of %zu bytes is announced, none given", size);
    if (size && memchr(words, 0, size))
        return fail(LUPE_INVALID, "the word list is binary: it has lines of one word each, or is a "
                                  ".dic file of hunspell");
    return LUPE_OK;
}

lupe_status lexicon_open(const void *words, size_t size, struct lexicon **out)
{
    lupe_status status = LUPE_OK;
    struct lexicon *lexicon = memory_zalloc(1, sizeof *lexicon);
    struct lexicon shipped;
    uint64_t user_words = 0;
    uint32_t news = 0;
    *out = NULL;
    if (!lexicon)
        return fail_memory();
    lexicon->shipped = (struct lexicon_table){.slots = lexicon_german_slots,
                                              .lengths = lexicon_german_lengths,
                                              .trigrams = lexicon_german_trigrams,
                                              .filter = lexicon_german_filter,
                                              .slot_count = lexicon_german_slot_count};
    shipped = *lexicon;
    if (size > 0)
        news = read_words(lexicon, &shipped, words, size, PASS_COUNT);
    if (news > 0) {
        TRY(user_table(lexicon, news));
        read_words(lexicon, &shipped, words, size, PASS_INSERT);
        read_words(lexicon, &shipped, words, size, PASS_SPLIT);
        TRY(user_hash(lexicon, &user_words));
    }
    lexicon->version = version_of(user_words);
    *out = lexicon;
    lexicon = NULL;
out:
    lexicon_close(lexicon);
    return status;
}

void lexicon_close(struct lexicon *lexicon)
{
    if (!lexicon)
        return;
    memory_free(lexicon->user_slots);
    memory_free(lexicon);
}

uint32_t lexicon_version(const struct lexicon *lexicon)
{
    return lexicon ? lexicon->version : version_of(0);
}

bool lexicon_begins(const struct lexicon *lexicon, const uint8_t *folded, size_t size)
{
    const struct lexicon_entry *entry = lexicon_find(lexicon, hash_of(folded, size));
    return entry && entry->first_cost;
}

bool lexicon_knows(const struct lexicon *lexicon, const uint8_t *folded, size_t size)
{
    const struct lexicon_entry *entry = lexicon_find(lexicon, hash_of(folded, size));
    if (entry && (entry->last_cost || entry->bits & LEXICON_WHOLE))
        return true;
    for (uint32_t i = 0; i < LEXICON_ENDINGS; i++) {
        size_t ending = strlen(lexicon_endings[i]);
        if (size < ending + COMPOUND_PART_LETTERS_MIN ||
            memcmp(folded + size - ending, lexicon_endings[i], ending) != 0)
            continue;
        entry = lexicon_find(lexicon, hash_of(folded, size - ending));
        if (entry && entry->last_cost && entry->bits & 1u << i)
            return true;
    }
    return false;
}

uint32_t lexicon_user_words(const struct lexicon *lexicon)
{
    return lexicon->words;
}

uint32_t lexicon_passed_over(const struct lexicon *lexicon)
{
    return lexicon->passed_over;
}
