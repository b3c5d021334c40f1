/* SPDX-License-Identifier: MIT
 *
 * check.c - segment_check: verifies checksums and walks every structure of a segment against every
 * other. A finding is a sentence with its place; the walk goes on behind it where that makes sense.
 *
 * It costs four bytes a document (the words found in the lists), PAIR_MEMORY_BYTES, and the time to
 * read everything.
 */
#include "segment/segment.h"

#include <stdarg.h>
#include <stdio.h>

#include "segment/forms.h"
#include "segment/ids.h"
#include "segment/pairs.h"
#include "segment/stored.h"

#define CHAMPIONS 3u
#define FINDINGS_MAX 100u /* of a segment; the rest is not told one by one */

struct check {
    struct segment *segment;
    void (*report)(void *user, const char *finding);
    void *user;
    uint32_t findings;
    uint32_t *words; /* by document: occurrences in list LIST_WORDS */
    uint64_t terms;
    uint64_t ids;             /* documents in list LIST_IDS */
    uint64_t long_ids;        /* documents with one */
    struct pair_word *paired; /* [PAIR_WORDS_MAX]: the words that the segment has pairs of */
    unsigned paired_count;
    uint64_t pairs; /* lists of them */
    struct form_reader forms;
    struct forms word_forms; /* of the word whose list is walked */
    struct form_places places;
    float factors[NORMS];
    uint32_t *positions;
    size_t positions_capacity;
};

/* What is known of a list while its blocks are walked. */
struct list_check {
    const struct list *list;
    const struct dictionary_iterator *at;
    uint64_t entry; /* its number in the dictionary */
    uint64_t occurrences;
    uint32_t documents;
    uint32_t last;
    double best;
    double super_best;
    uint64_t champions[CHAMPIONS]; /* documents not below each */
};

__attribute__((format(printf, 2, 3))) static void found(struct check *check, const char *format,
                                                        ...)
{
    char what[MESSAGE_BYTES_MAX / 2];
    char sentence[MESSAGE_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    snprintf(sentence, sizeof sentence, "segment %u: %s", check->segment->entry.number, what);
    if (check->report && check->findings < FINDINGS_MAX)
        check->report(check->user, sentence);
    check->findings++;
    (void)fail(LUPE_CORRUPT, "%s", sentence);
}

/* A reader's answer: damage becomes a finding (its message has the place), other failures end the
 * check. True when the reader was content. */
static bool sound(struct check *check, lupe_status *status)
{
    if (*status != LUPE_CORRUPT)
        return *status == LUPE_OK;
    *status = LUPE_OK;
    if (check->report && check->findings < FINDINGS_MAX)
        check->report(check->user, lupe_last_error());
    check->findings++;
    return false;
}

/* A key as it can be printed: the list, and its term with dots for what is not ASCII. */
static const char *key_text(const struct dictionary_iterator *at, char text[KEY_BYTES_MAX + 16])
{
    int size = snprintf(text, 16, "%u:", (unsigned)at->key[0] << 8 | at->key[1]);
    for (size_t i = 2; i < at->key_size; i++)
        text[size++] = (char)(at->key[i] > 0x20 && at->key[i] < 0x7f ? at->key[i] : '.');
    text[size] = 0;
    return text;
}

static void list_found(struct check *check, const struct list_check *state, uint32_t block,
                       const char *what)
{
    char key[KEY_BYTES_MAX + 16];
    found(check, "list %s, block %u: %s", key_text(state->at, key), block, what);
}

/* ---- checksums */

lupe_status segment_verify(struct segment *segment, void (*report)(void *user, const char *finding),
                           void *user)
{
    lupe_status damage = LUPE_OK;
    if (segment->entry.one_value) {
        const uint8_t *value;
        size_t size;
        lupe_status status = store_get(segment->read, segment->entry.number, 0, &value, &size);
        if (status || extent_sound(value, size))
            return status;
        damage =
            fail(LUPE_CORRUPT, "segment %u: its value has a wrong checksum", segment->entry.number);
        if (report)
            report(user, lupe_last_error());
        return damage;
    }
    for (unsigned i = 1; i < SECTION_LIVE; i++) {
        lupe_status status = section_verify(&segment->sections[i], report, user);
        if (status && status != LUPE_CORRUPT)
            return status;
        if (status)
            damage = status;
    }
    return damage;
}

static void count_report(void *user, const char *finding)
{
    struct check *check = user;
    if (check->report && check->findings < FINDINGS_MAX)
        check->report(check->user, finding);
    check->findings++;
}

static lupe_status check_checksums(struct check *check)
{
    lupe_status status = segment_verify(check->segment, count_report, check);
    return status == LUPE_CORRUPT ? LUPE_OK : status;
}

/* ---- lists */

/* Values of the documents of a block: against the bounds of block, superblock and list. */
static void check_values(struct check *check, struct list_check *state, const struct block *block)
{
    const struct list *list = state->list;
    double best = 0.0;
    for (uint32_t i = 0; i < block->count; i++) {
        float tf = (float)block->tfs[i];
        float factor = check->factors[check->segment->norms[block->documents[i]]];
        factor *= list->is_wide ? WIDE_UNIT : 1;
        double value = (double)(tf / (tf + factor));
        if (value > best)
            best = value;
        for (unsigned c = 0; list->has_champions && c < CHAMPIONS; c++)
            state->champions[c] += value * 65535.0 >= list->champions[c];
    }
    if (list->storage != ENTRY_LIST)
        return;
    if (best * 255.0 > list->bounds[block->number])
        list_found(check, state, block->number, "a document is above the block's bound");
    if (best > state->best)
        state->best = best;
    if (block->number % SUPERBLOCK_BLOCKS == 0 || best > state->super_best)
        state->super_best = best;
    bool super_ends =
        (block->number + 1) % SUPERBLOCK_BLOCKS == 0 || block->number + 1 == list->block_count;
    if (!list->super_count || !super_ends)
        return;
    uint32_t super = block->number / SUPERBLOCK_BLOCKS;
    if (state->super_best * 255.0 > list->super_bound[super])
        list_found(check, state, block->number, "a document is above the superblock's bound");
    if (load_u32(list->super_last + 4 * (size_t)super) != state->last)
        list_found(check, state, block->number, "the superblock ends at another document");
}

/* Positions of the documents of a block are there for each occurrence and ascend. */
static lupe_status check_positions(struct check *check, struct list_check *state,
                                   struct block *block)
{
    uint8_t index[BLOCK_DOCUMENTS];
    uint64_t total = 0;
    for (unsigned i = 0; i < block->count; i++) {
        index[i] = (uint8_t)i;
        total += block->tfs[i];
    }
    /* A position takes a bit at least; more are damage that costs memory. */
    if (state->list->storage == ENTRY_LIST && total / 8 > state->list->positions->length) {
        list_found(check, state, block->number, "it has more positions than there are");
        return LUPE_OK;
    }
    lupe_status status = block_positions(state->list, block, index, block->count, &check->positions,
                                         &check->positions_capacity, 0);
    if (!sound(check, &status))
        return status;
    const uint32_t *positions = check->positions;
    for (unsigned i = 0; i < block->count; i++) {
        for (uint32_t j = 1; j < block->tfs[i]; j++)
            if (positions[j] <= positions[j - 1]) {
                list_found(check, state, block->number, "positions do not ascend");
                return LUPE_OK;
            }
        positions += block->tfs[i];
    }
    return LUPE_OK;
}

/* The column of ids leads from the documents of a block to the entry of their list. */
static lupe_status check_ranks(struct check *check, const struct list_check *state,
                               const struct block *block)
{
    const struct segment *segment = check->segment;
    struct section *ids = &check->segment->sections[SECTION_IDS];
    for (uint32_t i = 0; i < block->count; i++) {
        uint64_t number;
        lupe_status status =
            id_entry_number(ids, segment->entry.documents, block->documents[i], &number);
        if (!sound(check, &status))
            return status;
        if (number != state->entry) {
            list_found(check, state, block->number, "its document has the id of another entry");
            return LUPE_OK;
        }
    }
    return LUPE_OK;
}

/* One block: ascending behind the block before, as the directory says, counted into state. */
static lupe_status check_block(struct check *check, struct list_check *state, struct block *block,
                               uint32_t number, bool is_words)
{
    const struct list *list = state->list;
    lupe_status status = block_read(list, number, block);
    if (!status)
        status = block_read_tfs(list, block);
    if (!sound(check, &status))
        return status;
    for (uint32_t i = 0; i < block->count; i++) {
        uint32_t document = block->documents[i];
        if (document >= check->segment->entry.documents ||
            (state->documents && document <= state->last)) {
            list_found(check, state, number, "documents do not ascend");
            return LUPE_OK;
        }
        state->documents++;
        state->last = document;
        state->occurrences += block->tfs[i];
        if (is_words)
            check->words[document] += block->tfs[i];
    }
    if (list->last && list_block_last(list, number) != state->last)
        list_found(check, state, number, "the directory says that it ends at another document");
    if (list_find_block(list, 0, state->last) != number)
        list_found(check, state, number, "the directory does not lead to it");
    check_values(check, state, block);
    if (list->flags & ENTRY_HAS_POSITIONS)
        return check_positions(check, state, block);
    return LUPE_OK;
}

/* Notes a list that is, or takes part in, pairs of frequent words. */
static void note_pairs(struct check *check, const struct list_check *state, uint32_t list_number)
{
    const struct dictionary_iterator *at = state->at;
    size_t term_size = at->key_size - 2;
    uint32_t frequency_min = check->segment->entry.pair_frequency_min;
    if (list_number == LIST_PAIRS) {
        check->pairs++;
        if (frequency_min == 0)
            list_found(check, state, 0, "the catalogue says that there are no pairs");
        if ((state->list->flags & (ENTRY_HAS_TF | ENTRY_HAS_POSITIONS)) != ENTRY_HAS_TF)
            list_found(check, state, 0, "a list of pairs has frequencies and nothing else");
        return;
    }
    if (list_number != LIST_WORDS ||
        !pair_has_word(frequency_min, state->list->frequency, term_size))
        return;
    if (check->paired_count == PAIR_WORDS_MAX || !(state->list->flags & ENTRY_HAS_POSITIONS)) {
        list_found(check, state, 0, "its word cannot be paired, but the catalogue says it is");
        return;
    }
    struct pair_word *word = &check->paired[check->paired_count++];
    memcpy(word->term, at->key + 2, term_size);
    word->size = (uint8_t)term_size;
    word->list = *state->list;
}

/* The forms of a word: each has its own name, and every block its places. */
static lupe_status check_forms(struct check *check, const struct list_check *state)
{
    struct forms *forms = &check->word_forms;
    const struct dictionary_iterator *at = state->at;
    uint8_t name[FORM_BYTES_MAX];
    char text[KEY_BYTES_MAX + 16];
    const uint8_t *record;
    size_t size;
    struct block block;
    lupe_status status = form_reader_find(&check->forms, state->entry, &record, &size);
    if (!status && size)
        status = forms_open(forms, record, size, at->key + 2, at->key_size - 2,
                            state->list->block_count);
    if (!sound(check, &status) || size == 0)
        return status;
    if (!(at->entry.flags & ENTRY_HAS_POSITIONS))
        found(check, "key %s has forms without positions", key_text(at, text));
    for (unsigned i = 0, first = 0; i < forms->count; i++) {
        size = forms_name(forms, i, name);
        if (size && (!forms_find(forms, name, size, &first) || first != i))
            found(check, "key %s has a form twice", key_text(at, text));
    }
    for (uint32_t b = 0; b < state->list->block_count && forms->count > 1; b++) {
        uint64_t positions = 0;
        status = block_read(state->list, b, &block);
        if (!status)
            status = block_read_tfs(state->list, &block);
        for (uint32_t i = 0; !status && i < block.count; i++)
            positions += block.tfs[i];
        if (!status)
            status = forms_block(forms, b, positions, &check->places);
        if (!sound(check, &status))
            return status;
    }
    return LUPE_OK;
}

/* ---- words that are parts of compounds */

/* A list, document by document. */
struct list_walk {
    const struct list *list;
    uint32_t blocks; /* read */
    unsigned at;     /* of the last one the document at hand */
    struct block block;
};

/* *more is false behind the last document. */
static lupe_status list_walk_on(struct list_walk *walk, bool *more)
{
    lupe_status status = LUPE_OK;
    if (walk->blocks == 0 || ++walk->at == walk->block.count) {
        *more = walk->blocks < walk->list->block_count;
        if (!*more)
            return LUPE_OK;
        walk->at = 0;
        status = block_read(walk->list, walk->blocks++, &walk->block);
        if (!status)
            status = block_read_tfs(walk->list, &walk->block);
    }
    return status;
}

/* What is wrong with a tf of a list of parts, or of a wide list, of a word whose own list has
 * another; NULL: nothing. */
static const char *part_wrong(bool is_wide, uint32_t tf, uint32_t own)
{
    if (is_wide)
        return tf < DOCUMENT_WORDS_MAX && tf < (uint64_t)own * WIDE_UNIT
                   ? "a document counts less than in the word's own list"
                   : NULL;
    if (tf % PARTS_TF_UNIT == 0)
        return "a document has nothing of compounds";
    uint32_t own_max = DOCUMENT_WORDS_MAX / PARTS_TF_UNIT - 1;
    return tf / PARTS_TF_UNIT == (own < own_max ? own : own_max)
               ? NULL
               : "a document has another frequency than in the word's own list";
}

/* Goes along both lists of a word; *wrong stays NULL where they fit each other. */
static lupe_status compare_with_own(struct list_walk *parts, struct list_walk *own,
                                    const char **wrong)
{
    bool is_wide = parts->list->is_wide;
    bool more = true, more_own = true;
    lupe_status status = list_walk_on(own, &more_own);
    while (!status && !*wrong) {
        status = list_walk_on(parts, &more);
        if (status || (!more && !(is_wide && more_own)))
            break;
        uint32_t document = more ? parts->block.documents[parts->at] : UINT32_MAX;
        while (!status && more_own && own->block.documents[own->at] < document && !*wrong) {
            if (is_wide)
                *wrong = "it lacks a document of the word's own list";
            status = list_walk_on(own, &more_own);
        }
        if (status || *wrong)
            break;
        bool both = more_own && own->block.documents[own->at] == document;
        *wrong =
            part_wrong(is_wide, parts->block.tfs[parts->at], both ? own->block.tfs[own->at] : 0);
        if (both)
            status = list_walk_on(own, &more_own);
    }
    return status;
}

/* Lists of parts and wide lists say of the word itself what its own list does. */
static lupe_status check_parts(struct check *check, const struct list_check *state)
{
    uint8_t key[KEY_BYTES_MAX];
    const char *wrong = NULL;
    struct list list = {.block_count = 0};
    if ((state->list->flags & (ENTRY_HAS_TF | ENTRY_HAS_POSITIONS)) != ENTRY_HAS_TF) {
        list_found(check, state, 0, "a list of parts has frequencies and nothing else");
        return LUPE_OK;
    }
    size_t size = key_make(key, LIST_WORDS, state->at->key + 2, state->at->key_size - 2);
    lupe_status status = segment_find(check->segment, key, size, &list);
    if (status == LUPE_NOT_FOUND)
        status = LUPE_OK;
    struct list_walk parts = {.list = state->list}, own = {.list = &list};
    if (!status)
        status = compare_with_own(&parts, &own, &wrong);
    if (sound(check, &status) && wrong)
        list_found(check, state, parts.blocks ? parts.blocks - 1 : 0, wrong);
    return status;
}

/* ---- every list */

static lupe_status check_list(struct check *check, const struct dictionary_iterator *at)
{
    static const uint64_t champion_places[CHAMPIONS] = {10, 100, 1000};
    struct segment *segment = check->segment;
    struct list list;
    struct list_check state = {.list = &list, .at = at, .entry = check->terms + at->passed_over};
    uint32_t list_number = (uint32_t)at->key[0] << 8 | at->key[1];
    lupe_status status =
        list_open(&segment->sections[SECTION_POSTINGS], &segment->sections[SECTION_POSITIONS],
                  segment->entry.documents, &at->entry, &list);
    if (!sound(check, &status))
        return status;
    struct block block;
    for (uint32_t i = 0; i < list.block_count; i++) {
        uint32_t findings = check->findings;
        status = check_block(check, &state, &block, i, list_number == LIST_WORDS);
        if (!status && check->findings == findings && list_number == LIST_IDS)
            status = check_ranks(check, &state, &block);
        if (status || check->findings != findings)
            return status;
    }
    if (state.documents != list.frequency)
        list_found(check, &state, 0, "it has another number of documents than its entry says");
    if (list.storage != ENTRY_INLINE && state.occurrences != list.occurrences)
        list_found(check, &state, 0, "it has another number of occurrences than its entry says");
    if (list.storage == ENTRY_LIST && state.best * 255.0 > list.bound)
        list_found(check, &state, 0, "a document is above the list's bound");
    for (unsigned c = 0; list.has_champions && c < CHAMPIONS; c++)
        if (state.champions[c] < champion_places[c])
            list_found(check, &state, 0, "a champion is above the documents it stands for");
    if (list_number == LIST_IDS)
        check->ids += state.documents;
    if (list.is_wide && list_number != LIST_PARTS)
        list_found(check, &state, 0, "it is wide, but no list of parts");
    note_pairs(check, &state, list_number);
    if (list_number == LIST_WORDS)
        return check_forms(check, &state);
    return list_number == LIST_PARTS ? check_parts(check, &state) : LUPE_OK;
}

/* The first entry of a block is found by its number. */
static lupe_status check_number(struct check *check, const struct dictionary_iterator *at)
{
    uint64_t number = check->terms + at->passed_over;
    uint8_t key[KEY_BYTES_MAX];
    size_t key_size;
    char text[KEY_BYTES_MAX + 16];
    if (number % DICTIONARY_BLOCK_TERMS)
        return LUPE_OK;
    lupe_status status = dictionary_key(&check->segment->dictionary, number, key, &key_size);
    if (sound(check, &status) && (key_size != at->key_size || memcmp(key, at->key, key_size) != 0))
        found(check, "key %s is not found by its number", key_text(at, text));
    return status;
}

static lupe_status check_dictionary(struct check *check)
{
    struct segment *segment = check->segment;
    struct dictionary_iterator at;
    lupe_status status = dictionary_seek(&segment->dictionary, NULL, 0, &at);
    while (!status) {
        status = dictionary_next(&at);
        if (status)
            break;
        struct entry entry;
        char key[KEY_BYTES_MAX + 16];
        status = dictionary_find(&segment->dictionary, at.key, at.key_size, &entry);
        if (status == LUPE_NOT_FOUND) {
            found(check, "key %s is in the dictionary but is not found", key_text(&at, key));
            status = LUPE_OK;
        } else if (sound(check, &status) && memcmp(&entry, &at.entry, sizeof entry) != 0) {
            found(check, "key %s is found elsewhere", key_text(&at, key));
        }
        if (!status)
            status = check_number(check, &at);
        if (!status)
            status = check_list(check, &at);
        check->terms++;
    }
    if (status == LUPE_NOT_FOUND) {
        uint64_t terms = check->terms + at.passed_over;
        if (terms != segment->entry.terms)
            found(check, "%llu terms are there, the catalogue says %llu", (unsigned long long)terms,
                  (unsigned long long)segment->entry.terms);
        return LUPE_OK;
    }
    (void)sound(check, &status);
    return status;
}

/* ---- pairs of frequent words */

/* What was counted of a pair in the positions beside its list. */
static lupe_status check_pair(struct check *check, struct pair_reader *counted,
                              const struct list *list, bool *same)
{
    lupe_status status = LUPE_OK;
    uint32_t documents[BLOCK_DOCUMENTS];
    uint32_t tfs[BLOCK_DOCUMENTS];
    struct block block;
    *same = true;
    for (uint32_t i = 0; i < list->block_count && *same; i++) {
        status = block_read(list, i, &block);
        if (!status)
            status = block_read_tfs(list, &block);
        if (!sound(check, &status))
            return status;
        unsigned count = pair_read(counted, documents, tfs);
        *same = count == block.count &&
                memcmp(documents, block.documents, count * sizeof *documents) == 0 &&
                memcmp(tfs, block.tfs, count * sizeof *tfs) == 0;
    }
    *same = *same && pair_read(counted, documents, tfs) == 0;
    return LUPE_OK;
}

/* The pairs that begin with one word. */
static lupe_status check_pairs_of(struct check *check, const struct pair_scan *scan, unsigned first)
{
    const struct pair_word *words = check->paired;
    for (unsigned second = 0; second < check->paired_count; second++) {
        struct pair_reader counted = pair_read_begin(scan, first, second);
        struct dictionary_iterator at = {.key_size = 0};
        struct list list = {.block_count = 0};
        struct list_check state = {.list = &list, .at = &at};
        bool same = true;
        at.key_size = key_of_pair(at.key, words[first].term, words[first].size, words[second].term,
                                  words[second].size);
        lupe_status status = segment_find(check->segment, at.key, at.key_size, &list);
        if (status == LUPE_OK)
            check->pairs--;
        if (status == LUPE_NOT_FOUND)
            status = LUPE_OK;
        if (!status)
            status = check_pair(check, &counted, &list, &same);
        if (!sound(check, &status))
            return status;
        if (!same)
            list_found(check, &state, 0, "it has not the places where these words meet");
    }
    return LUPE_OK;
}

/* Counts anew what the lists of pairs say. Positions were found to be sound. */
static lupe_status check_pairs(struct check *check)
{
    lupe_status status = LUPE_OK;
    struct pair_scan *scan = NULL;
    if (check->paired_count && !check->findings)
        TRY(pair_scan_open(check->paired, check->paired_count, check->segment->norms,
                           check->segment->entry.documents, PAIR_MEMORY_BYTES, &scan));
    for (unsigned first = 0, end = 0; scan && first < check->paired_count; first = end) {
        bool done = false;
        TRY(pair_scan_begin(scan, first));
        while (!done)
            TRY(pair_scan_step(scan, &done, &end));
        for (unsigned word = first; word < end; word++)
            TRY(check_pairs_of(check, scan, word));
    }
    if (check->pairs && !check->findings)
        found(check, "%llu lists of pairs are of words that are not paired",
              (unsigned long long)check->pairs);
out:
    pair_scan_close(scan);
    (void)sound(check, &status);
    return status;
}

/* ---- documents */

/* The highest length with the norm of a document. */
static uint64_t length_max(uint8_t norm)
{
    return norm == NORMS - 1 ? UINT32_MAX : (uint64_t)norm_length_min((uint8_t)(norm + 1)) - 1;
}

static void check_norms(struct check *check)
{
    const struct segment *segment = check->segment;
    uint64_t lowest = 0;
    uint64_t highest = 0;
    for (uint32_t i = 0; i < segment->entry.documents; i++) {
        uint8_t norm = segment->norms[i];
        lowest += norm_length_min(norm);
        highest += length_max(norm);
        if (check->words[i] > length_max(norm))
            found(check, "document %u has %u words in the lists but a norm for at most %llu", i,
                  check->words[i], (unsigned long long)length_max(norm));
    }
    if (segment->entry.words < lowest || segment->entry.words > highest)
        found(check, "the catalogue says %llu words, the norms %llu to %llu",
              (unsigned long long)segment->entry.words, (unsigned long long)lowest,
              (unsigned long long)highest);
}

static lupe_status check_id(struct check *check, uint32_t document, struct buffer *id)
{
    uint32_t back;
    buffer_clear(id);
    lupe_status status = segment_id(check->segment, document, id);
    if (!sound(check, &status))
        return status;
    check->long_ids += id->size > ID_TERM_BYTES_MAX;
    status = segment_find_id(check->segment, id->data, id->size, &back);
    if (status == LUPE_NOT_FOUND) {
        found(check, "the id of document %u is in no list", document);
        return LUPE_OK;
    }
    if (sound(check, &status) && back != document)
        found(check, "the id of document %u leads to document %u", document, back);
    return status;
}

static lupe_status check_stored(struct check *check, uint32_t document)
{
    const uint8_t *bytes;
    size_t size;
    struct record record;
    struct record_value value;
    lupe_status status = segment_stored(check->segment, document, &bytes, &size);
    if (!sound(check, &status))
        return status;
    status = record_open(&record, bytes, size);
    while (!status)
        status = record_next(&record, &value);
    if (status == LUPE_CORRUPT) {
        found(check, "the stored record of document %u is damaged", document);
        return LUPE_OK;
    }
    return status == LUPE_NOT_FOUND ? LUPE_OK : status;
}

static lupe_status check_boundaries(struct check *check, uint32_t document, struct buffer *pairs)
{
    size_t count = 0;
    size_t room = pairs->capacity / 8;
    uint32_t *numbers = (uint32_t *)(void *)pairs->data;
    lupe_status status = segment_boundaries(check->segment, document, numbers, room, &count);
    if (!sound(check, &status))
        return status;
    if (count > room) {
        if (!buffer_reserve(pairs, count * 8))
            return buffer_status(pairs);
        numbers = (uint32_t *)(void *)pairs->data;
        status = segment_boundaries(check->segment, document, numbers, count, &count);
        if (!sound(check, &status))
            return status;
    }
    /* The last value runs to the end, whatever its words say. */
    uint64_t words = 0;
    for (size_t i = 0; i + 1 < count; i++)
        words += numbers[2 * i + 1];
    if (words > length_max(check->segment->norms[document]))
        found(check, "the values of document %u have more words than it has", document);
    return LUPE_OK;
}

static lupe_status check_documents(struct check *check)
{
    lupe_status status = LUPE_OK;
    struct buffer id = BUFFER_INIT(ID_BYTES_MAX);
    struct buffer pairs = BUFFER_INIT(0);
    for (uint32_t i = 0; i < check->segment->entry.documents; i++) {
        TRY(check_id(check, i, &id));
        TRY(check_stored(check, i));
        TRY(check_boundaries(check, i, &pairs));
    }
    if (check->ids != check->segment->entry.documents)
        found(check, "%llu documents are in the lists of ids, the catalogue says %u",
              (unsigned long long)check->ids, check->segment->entry.documents);
    uint64_t long_ids =
        id_long_count(&check->segment->sections[SECTION_IDS], check->segment->entry.documents);
    if (check->long_ids != long_ids && !check->findings)
        found(check, "%llu documents have long ids, the column of ids says %llu",
              (unsigned long long)check->long_ids, (unsigned long long)long_ids);
out:
    buffer_free(&id);
    buffer_free(&pairs);
    return status;
}

lupe_status segment_check(struct segment *segment, void (*report)(void *user, const char *finding),
                          void *user)
{
    lupe_status status = LUPE_OK;
    struct check check = {.segment = segment, .report = report, .user = user};
    norm_factors(&segment->bm25, check.factors);
    form_reader_init(&check.forms, &segment->sections[SECTION_FORMS]);
    check.words = memory_zalloc(segment->entry.documents, sizeof *check.words);
    check.paired = memory_zalloc(PAIR_WORDS_MAX, sizeof *check.paired);
    if (!check.words || !check.paired) {
        status = fail_memory();
        goto out;
    }
    TRY(check_checksums(&check));
    TRY(check_dictionary(&check));
    TRY(check_pairs(&check));
    check_norms(&check);
    TRY(check_documents(&check));
    if (check.findings)
        status =
            fail(LUPE_CORRUPT, "segment %u has %u findings", segment->entry.number, check.findings);
out:
    memory_free(check.words);
    memory_free(check.paired);
    memory_free(check.positions);
    memory_free(check.places.items);
    form_reader_free(&check.forms);
    return status;
}
