/* SPDX-License-Identifier: MIT
 *
 * lupe_lexicon.c - the word list of an index: what it is made with, what it is opened with, and
 * what the statistics tell of compounds.
 */
#include "base/hash.h"
#include "lupe_index.h"
#include "segment/word_list.h"
#include "text/lexicon.h"
#include "write/fingerprint.h"

/* The words are kept for the life of the handle: the list of an index never changes. */
static lupe_status lexicon_take(lupe_index *index, const void *words, size_t size)
{
    lupe_status status = lexicon_open(words, size, &index->lexicon);
    index->lexicon_hash = hash_bytes(words, size);
    return status;
}

lupe_status index_lexicon_make(lupe_index *index, const lupe_create_options *options,
                               struct catalogue *catalogue)
{
    lupe_status status = LUPE_OK;
    catalogue->lexicon = catalogue_lexicon(catalogue);
    if (options->lexicon_size == 0)
        return LUPE_OK;
    TRY(lexicon_check(options->lexicon, options->lexicon_size));
    if (catalogue->lexicon == 0)
        return fail(LUPE_INVALID,
                    "a word list is for splitting German compounds; this index (%s) splits none",
                    catalogue->language);
    TRY(lexicon_take(index, options->lexicon, options->lexicon_size));
    if (lexicon_user_words(index->lexicon) == 0)
        return fail(LUPE_INVALID, "the word list has no words; lines passed over: %u",
                    lexicon_passed_over(index->lexicon));
    catalogue->ignorable |= CATALOGUE_HAS_WORDS;
    catalogue->words = index->lexicon;
    catalogue->lexicon = catalogue_lexicon(catalogue);
out:
    return status;
}

lupe_status index_lexicon_load(lupe_index *index, struct store_read *read,
                               struct catalogue *catalogue)
{
    lupe_status status = LUPE_OK;
    struct buffer words = BUFFER_INIT(LEXICON_BYTES_MAX);
    if (catalogue->ignorable & CATALOGUE_HAS_WORDS) {
        TRY(word_list_get(read, &words));
        TRY(lexicon_take(index, words.data, words.size));
    }
    catalogue->words = index->lexicon;
out:
    buffer_free(&words);
    return status;
}

uint32_t catalogue_lexicons_changed(const struct catalogue *catalogue)
{
    uint32_t version = catalogue_lexicon(catalogue);
    uint32_t count = 0;
    for (uint32_t i = 0; i < catalogue->segment_count; i++) {
        const struct segment_entry *entry = &catalogue->segments[i];
        count += entry->lexicon != version && entry->deleted < entry->documents;
    }
    return count;
}

bool lupe_index_lexicon_changed(const lupe_index *index)
{
    return index && index->lexicon_changed;
}

bool lupe_index_lexicon_is(const lupe_index *index, const char *words, size_t size)
{
    if (!index || (size && !words))
        return false;
    if (!index->lexicon || size == 0)
        return !index->lexicon && size == 0;
    return hash_bytes(words, size) == index->lexicon_hash;
}

/* ---- statistics */

/* Entries of list 3 are a tenth of the dictionary: of 8,000 articles 15,000. */
static lupe_status parts_count(struct segment *segment, lupe_statistics *statistics)
{
    uint8_t key[KEY_BYTES_MAX];
    struct dictionary_iterator parts;
    lupe_status status =
        dictionary_seek(&segment->dictionary, key, key_make(key, LIST_PARTS, NULL, 0), &parts);
    while (status == LUPE_OK) {
        status = dictionary_next(&parts);
        if (status != LUPE_OK || !key_is_of(parts.key, LIST_PARTS))
            break;
        statistics->part_terms++;
        statistics->part_documents += parts.entry.frequency;
    }
    return status == LUPE_NOT_FOUND ? LUPE_OK : status;
}

lupe_status statistics_of_compounds(const lupe_snapshot *snapshot, lupe_statistics *statistics)
{
    lupe_status status = LUPE_OK;
    const struct catalogue *catalogue = &snapshot->view->catalogue;
    for (uint32_t i = 0; i < catalogue->segment_count; i++)
        TRY(parts_count(snapshot->view->segments[i], statistics));
    statistics->lexicon = catalogue_lexicon(catalogue);
    statistics->lexicon_segments_changed = catalogue_lexicons_changed(catalogue);
    if (catalogue->words) {
        statistics->lexicon_words = lexicon_user_words(catalogue->words);
        statistics->lexicon_lines_passed_over = lexicon_passed_over(catalogue->words);
    }
out:
    return status;
}
