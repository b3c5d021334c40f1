/* SPDX-License-Identifier: MIT
 *
 * lexicon.h - the words that German compounds are made of: which there are, how likely each is as
 * a part, which linking letters it brings, and which words are whole although they look composed.
 *
 * Owns the shipped table and the words of the user. Called by whoever opens an index or a writer,
 * read by compound.c. Immutable once open, so that any thread may read it. Never splits.
 */
#ifndef LUPE_TEXT_LEXICON_H
#define LUPE_TEXT_LEXICON_H

#include <stdbool.h>

#include "base/status.h"
#include "text/lexicon_table.h"

#define LEXICON_WORDS_MAX (1u << 20) /* words of the user; more are passed over */
#define LEXICON_WORD_LETTERS_MIN 3u  /* a shorter word of the user's is passed over, */
#define LEXICON_WORD_LETTERS_MAX 40u /* and so is a longer one */
#define LEXICON_LINE_BYTES_MAX 1000u /* of a line, else it is passed over */
#define LEXICON_RULES_VERSION 1u     /* raised when the same table splits otherwise */

struct lexicon {
    struct lexicon_table shipped;
    struct lexicon_table user;
    struct lexicon_slot *user_slots; /* of the user's table, */
    uint16_t *user_lengths;          /* in one piece */
    uint8_t *user_trigrams;          /* of memory */
    uint32_t version;
    uint32_t words;
    uint32_t passed_over;
};

/* Opens the shipped lexicon and, where size is above 0, the words of the user: a word a line, also
 * as in a .dic file of hunspell (a count first, flags behind a slash) and with comments behind #.
 * What is no word is passed over and counted. */
CHECKED lupe_status lexicon_open(const void *words, size_t size, struct lexicon **lexicon);

/* What no list of words is: more than LEXICON_BYTES_MAX (LUPE_LIMIT), binary (LUPE_INVALID). A list
 * that passes may still have no word. */
CHECKED lupe_status lexicon_check(const void *words, size_t size);

/* Accepts NULL. */
void lexicon_close(struct lexicon *lexicon);

/* A hash of the words and the rules, never 0: the same version splits every word the same. Of NULL:
 * that of the shipped lexicon alone. */
uint32_t lexicon_version(const struct lexicon *lexicon);

/* Whether compounds begin with a folded word, its linking letters included. */
bool lexicon_begins(const struct lexicon *lexicon, const uint8_t *folded, size_t size);

/* Whether a folded word stands in it, as it is or with an ending that words in it take as a last
 * part. The longer compounds that it could be split into are not asked for. */
bool lexicon_knows(const struct lexicon *lexicon, const uint8_t *folded, size_t size);

/* What the user's words, else the shipped ones, say of the word with a hash; NULL: nothing. */
static inline const struct lexicon_entry *lexicon_find(const struct lexicon *lexicon, uint64_t hash)
{
    const struct lexicon_entry *entry = NULL;
    if (lexicon->user.slot_count)
        entry = lexicon_table_find(&lexicon->user, hash);
    return entry ? entry : lexicon_table_find(&lexicon->shipped, hash);
}

/* Lines of the user's list that gave a word, and those that did not. */
uint32_t lexicon_user_words(const struct lexicon *lexicon);
uint32_t lexicon_passed_over(const struct lexicon *lexicon);

#endif
