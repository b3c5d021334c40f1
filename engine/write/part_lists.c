/* SPDX-License-Identifier: MIT
 *
 * part_lists.c - see part_lists.h.
 *
 *   tf of a list of parts := own * PARTS_TF_UNIT + extra     own: of list 0; extra: 1 to 63
 *   tf of a wide list     := own * WIDE_UNIT + extra
 *
 * Measured on 160,000 German documents: wide lists alone are 27 % of an index, since words that are
 * in many documents are in few compounds; up to 1,024 documents as lists of parts leave 13 %.
 */
#include "write/part_lists.h"

#include "base/sort.h"

#define FEW_DOCUMENTS 16u /* from so many on, bits give their order */
#define PART_WEIGHT 3u    /* of a compound in the list of its part, in WIDE_UNIT-ths */
#define OWN_TF_MAX (DOCUMENT_WORDS_MAX / PARTS_TF_UNIT - 1)

uint32_t part_documents_max = PARTS_DOCUMENTS_MAX;

lupe_status part_lists_init(struct part_lists *parts, struct segment_writer *writer,
                            uint32_t segment_documents)
{
    size_t words = (size_t)segment_documents / 64 + 1;
    memset(parts, 0, sizeof *parts);
    parts->writer = writer;
    parts->segment_documents = segment_documents;
    parts->stream = BUFFER_INIT(0);
    parts->sums = memory_zalloc(segment_documents, sizeof *parts->sums);
    parts->documents = memory_alloc(((size_t)segment_documents + 1) * sizeof *parts->documents);
    parts->bits = memory_zalloc(words, sizeof *parts->bits);
    parts->bit_words = memory_zalloc(words / 64 + 1, sizeof *parts->bit_words);
    if (!parts->sums || !parts->documents || !parts->bits || !parts->bit_words)
        return fail_memory();
    record_forms_make(parts->forms);
    return LUPE_OK;
}

void part_lists_free(struct part_lists *parts)
{
    buffer_free(&parts->stream);
    memory_free(parts->sums);
    memory_free(parts->documents);
    memory_free(parts->bits);
    memory_free(parts->bit_words);
}

/* ---- adding */

/* A sum grows without a look at its limit, which no document's words can make it pass by so much
 * that 32 bits would not do: it is kept to it at last. */
static inline uint32_t limited(uint32_t sum, uint32_t limit)
{
    return sum < limit ? sum : limit;
}

void part_lists_add_extra(struct part_lists *parts, uint32_t document, uint32_t more)
{
    uint32_t sum = parts->sums[document];
    parts->documents[parts->count] = document;
    parts->count += sum == 0 && more;
    parts->sums[document] = limited(sum, DOCUMENT_WORDS_MAX) + limited(more, DOCUMENT_WORDS_MAX);
}

void part_lists_add_wide(struct part_lists *parts, uint32_t document, uint32_t tf)
{
    parts->is_wide = true;
    part_lists_add_extra(parts, document, tf);
}

void part_lists_choose(struct part_lists *parts)
{
    parts->is_wide |= parts->count > part_documents_max;
    for (uint32_t i = 0; !parts->is_wide && i < parts->count; i++) {
        uint32_t *sum = &parts->sums[parts->documents[i]];
        *sum = limited(*sum, PARTS_EXTRA_MAX);
    }
}

void part_lists_add_own(struct part_lists *parts, uint32_t document, uint32_t tf)
{
    if (parts->is_wide)
        part_lists_add_extra(parts, document, WIDE_UNIT * limited(tf, DOCUMENT_WORDS_MAX));
    else if (parts->sums[document])
        parts->sums[document] += PARTS_TF_UNIT * limited(tf, OWN_TF_MAX);
}

/* What a document has at last. */
static inline uint32_t sum_taken(const struct part_lists *parts, uint32_t document, bool is_wide)
{
    uint32_t sum = parts->sums[document];
    parts->sums[document] = 0;
    if (is_wide)
        return limited(sum, DOCUMENT_WORDS_MAX);
    return limited(sum / PARTS_TF_UNIT, OWN_TF_MAX) * PARTS_TF_UNIT + sum % PARTS_TF_UNIT;
}

/* ---- of an accumulator */

/* What is done with each position of a list: it counts so much for its document, or for those alone
 * that have a sum. */
struct counting {
    uint32_t more;
    bool present;
};

/* As counting says, of the records that begin between at and end; *document is the last one.
 * Returns where the next record begins. No step depends on what a record is: how often a word comes
 * in a document is what no processor guesses. */
static inline const uint8_t *records_count(struct part_lists *parts, struct counting counting,
                                           const uint8_t *at, const uint8_t *end,
                                           uint32_t *document)
{
    uint32_t *sums = parts->sums;
    uint32_t count = parts->count, here = *document;
    while (at < end) {
        uint64_t record = load_u64(at);
        const struct record_form *form = &parts->forms[record % RECORD_FORMS];
        here += (uint32_t)(record >> RECORD_GAP_SHIFT) & form->gap_mask;
        at += form->size;
        uint32_t sum = sums[here];
        uint32_t more = form->is_form ? 0 : counting.more; /* of the position before */
        if (counting.present) {
            more = sum ? more : 0;
        } else {
            parts->documents[count] = here;
            count += sum == 0;
        }
        sums[here] = sum + more;
    }
    parts->count = count;
    *document = here;
    return at;
}

/* All records of a list, chunk by chunk. One that lies in two is read where both ends are copied
 * to. */
static inline void list_count(struct part_lists *parts, struct counting counting,
                              const struct pool *pool, const struct growing_list *list)
{
    uint8_t both[2 * RECORD_BYTES_MAX];
    uint32_t document = UINT32_MAX;
    const uint8_t *bytes = pool_chunk(pool, list->first);
    const uint8_t *at = bytes;
    for (unsigned ordinal = 0;; ordinal++) {
        const uint8_t *end = bytes + pool_chunk_bytes(ordinal) - POOL_LINK_BYTES;
        if (end == list->next + list->left) {
            records_count(parts, counting, at, list->next, &document);
            return;
        }
        bytes = pool_chunk(pool, load_u32(end));
        __builtin_prefetch(bytes);
        at = records_count(parts, counting, at, end - (RECORD_BYTES_MAX - 1), &document);
        size_t left = (size_t)(end - at);
        memcpy(both, at, RECORD_BYTES_MAX);
        memcpy(both + left, bytes, RECORD_BYTES_MAX);
        at = bytes + (records_count(parts, counting, both, both + left, &document) - both - left);
    }
}

/* A list as documents with their tfs. */
struct growing_reader {
    const struct record_form *forms;
    const uint8_t *at;
    const uint8_t *end;
    uint32_t document;
    uint32_t tf_behind;
    bool with_positions;
};

/* The next document and its tf; false behind the last. */
static inline bool growing_next(struct growing_reader *reader, uint32_t *tf)
{
    if (reader->at >= reader->end)
        return false;
    if (!reader->with_positions) {
        reader->document += growing_number(&reader->at);
        *tf = reader->at < reader->end ? growing_number(&reader->at) : reader->tf_behind;
        return true;
    }
    uint64_t record = load_u64(reader->at);
    const struct record_form *form = &reader->forms[record % RECORD_FORMS];
    reader->document += (uint32_t)(record >> RECORD_GAP_SHIFT) & form->gap_mask;
    *tf = 0;
    do {
        reader->at += form->size;
        *tf += !form->is_form;
        if (reader->at >= reader->end)
            break;
        form = &reader->forms[*reader->at];
    } while (!form->is_new);
    return true;
}

/* The same as list_count of any list, document by document. */
static lupe_status documents_count(struct part_lists *parts, struct counting counting,
                                   const struct pool *pool, const struct growing_list *list,
                                   const uint32_t *map)
{
    struct growing_reader reader = {.forms = parts->forms,
                                    .document = UINT32_MAX,
                                    .tf_behind = list->position,
                                    .with_positions = list->kind == GROWING_POSITIONS};
    uint32_t tf;
    lupe_status status = growing_bytes(pool, list, &parts->stream, &reader.at, &reader.end);
    if (status)
        return status;
    while (growing_next(&reader, &tf)) {
        uint32_t document = map ? map[reader.document] : reader.document;
        if (document != UINT32_MAX && (!counting.present || parts->sums[document]))
            part_lists_add_extra(parts, document, counting.more * tf);
    }
    return LUPE_OK;
}

static inline lupe_status any_count(struct part_lists *parts, struct counting counting,
                                    const struct accumulator *accumulator, uint32_t number,
                                    const uint32_t *map)
{
    const struct growing_list *list = accumulator_list(accumulator, number);
    if (map || list->kind != GROWING_POSITIONS)
        return documents_count(parts, counting, &accumulator->pool, list, map);
    list_count(parts, counting, &accumulator->pool, list);
    return LUPE_OK;
}

/* How far ahead a list and its first chunks are asked for: each is at a random place, most lists
 * are a few bytes, and most parts have few of them. */
#define AHEAD_LIST 24u
#define AHEAD_CHUNK 16u
#define AHEAD_SECOND 8u

static inline void ask_ahead(const struct accumulator *accumulator, const uint32_t *lists,
                             size_t left)
{
    const struct pool *pool = &accumulator->pool;
    if (left <= AHEAD_LIST)
        return;
    __builtin_prefetch(accumulator_list(accumulator, lists[AHEAD_LIST]));
    __builtin_prefetch(pool_chunk(pool, accumulator_list(accumulator, lists[AHEAD_CHUNK])->first));
    const struct growing_list *list = accumulator_list(accumulator, lists[AHEAD_SECOND]);
    if (list->chunks > 1)
        __builtin_prefetch(pool_chunk(
            pool, load_u32(pool_chunk(pool, list->first) + pool_chunk_bytes(0) - POOL_LINK_BYTES)));
}

lupe_status part_lists_add_noted(struct part_lists *parts, const struct accumulator *accumulator,
                                 const uint32_t *lists, uint32_t count, size_t ahead,
                                 const uint32_t *map)
{
    lupe_status status = LUPE_OK;
    for (uint32_t i = 0; i < count; i++) {
        ask_ahead(accumulator, lists + i, ahead - i);
        TRY(any_count(parts, (struct counting){PART_WEIGHT, false}, accumulator, lists[i], map));
    }
out:
    return status;
}

lupe_status part_lists_add_own_list(struct part_lists *parts, const struct accumulator *accumulator,
                                    uint32_t list, const uint32_t *map)
{
    if (parts->is_wide)
        return any_count(parts, (struct counting){WIDE_UNIT, false}, accumulator, list, map);
    return any_count(parts, (struct counting){PARTS_TF_UNIT, true}, accumulator, list, map);
}

/* ---- writing */

/* Few documents are compared with each other, many put into bits, and the words of these into bits
 * again, so that few of them are looked at. */
static void documents_sort(struct part_lists *parts)
{
    uint32_t words = parts->segment_documents / 64 / 64 + 1;
    uint32_t count = 0;
    if (parts->count < FEW_DOCUMENTS || parts->count < words / FEW_DOCUMENTS) {
        sort_numbers(parts->documents, parts->count);
        return;
    }
    for (uint32_t i = 0; i < parts->count; i++) {
        uint32_t word = parts->documents[i] / 64;
        parts->bits[word] |= (uint64_t)1 << parts->documents[i] % 64;
        parts->bit_words[word / 64] |= (uint64_t)1 << word % 64;
    }
    for (uint32_t i = 0; i < words; i++) {
        for (uint64_t left = parts->bit_words[i]; left; left &= left - 1) {
            uint32_t word = i * 64 + (unsigned)__builtin_ctzll(left);
            for (uint64_t bits = parts->bits[word]; bits; bits &= bits - 1)
                parts->documents[count++] = word * 64 + (unsigned)__builtin_ctzll(bits);
            parts->bits[word] = 0;
        }
        parts->bit_words[i] = 0;
    }
}

void part_lists_drop(struct part_lists *parts)
{
    for (uint32_t i = 0; i < parts->count; i++)
        parts->sums[parts->documents[i]] = 0;
    parts->count = 0;
    parts->is_wide = false;
}

lupe_status part_lists_write(struct part_lists *parts, const uint8_t *key, size_t key_size)
{
    lupe_status status = LUPE_OK;
    uint32_t tfs[BLOCK_DOCUMENTS];
    bool is_wide = parts->is_wide;
    parts->is_wide = false;
    if (parts->count == 0)
        return LUPE_OK;
    documents_sort(parts);
    TRY(segment_writer_term_begin(parts->writer, key, key_size, ENTRY_HAS_TF));
    if (is_wide)
        segment_writer_term_wide(parts->writer);
    for (uint32_t done = 0; done < parts->count; done += BLOCK_DOCUMENTS) {
        uint32_t left = parts->count - done;
        uint32_t count = left < BLOCK_DOCUMENTS ? left : BLOCK_DOCUMENTS;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t document = parts->documents[done + i];
            tfs[i] = sum_taken(parts, document, is_wide);
        }
        TRY(segment_writer_term_add(parts->writer, parts->documents + done, tfs, NULL, count));
    }
    TRY(segment_writer_term_end(parts->writer));
    parts->count = 0;
out:
    return status;
}
