/* SPDX-License-Identifier: MIT
 *
 * live.c - loads and stores which documents are live (FORMAT.md sections 2, 12):
 *
 *   chunk := word:u64 * 508  checksum:u64
 *
 * Below LIVE_LIST_MAX deletes the list in the catalogue is all there is. From there on bit
 * d % LIVE_CHUNK_DOCUMENTS of chunk d / LIVE_CHUNK_DOCUMENTS tells; a chunk that is not there has
 * all documents live.
 */
#include "segment/live.h"

#include <assert.h>

#include "base/hash.h"

#define CHUNK_WORDS (LIVE_CHUNK_DOCUMENTS / 64)
#define CHUNK_BYTES (CHUNK_WORDS * 8 + CHECKSUM_BYTES)

_Static_assert(LIVE_CHUNK_DOCUMENTS % 64 == 0, "chunks are whole words");
_Static_assert(SEGMENT_DOCUMENTS_MAX / LIVE_CHUNK_DOCUMENTS < 1u << 24, "chunks can be numbered");

static size_t word_count(uint32_t documents)
{
    return ((size_t)documents + 63) / 64;
}

static uint32_t chunk_count(uint32_t documents)
{
    return (documents + LIVE_CHUNK_DOCUMENTS - 1) / LIVE_CHUNK_DOCUMENTS;
}

/* Word i of a bitmap in which every document is live. */
static uint64_t word_all_live(uint32_t documents, size_t i)
{
    uint64_t below = documents - (uint64_t)i * 64;
    if ((uint64_t)i * 64 >= documents)
        return 0;
    return below >= 64 ? UINT64_MAX : (UINT64_C(1) << below) - 1;
}

void live_free(struct live *live)
{
    memory_free(live->words);
    memset(live, 0, sizeof *live);
}

static lupe_status live_materialise(struct live *live)
{
    size_t words = word_count(live->documents);
    live->words = memory_zalloc(words + COUNT_DOCUMENTS / 64, sizeof *live->words);
    if (!live->words)
        return fail_memory();
    for (size_t i = 0; i < words; i++)
        live->words[i] = word_all_live(live->documents, i);
    return LUPE_OK;
}

static lupe_status chunk_load(struct store_read *read, uint32_t segment, uint32_t chunk,
                              struct live *live)
{
    const uint8_t *value;
    size_t size;
    lupe_status status =
        store_get(read, segment, extent_number(SECTION_LIVE, chunk), &value, &size);
    if (status == LUPE_NOT_FOUND)
        return LUPE_OK;
    if (status)
        return status;
    if (size != CHUNK_BYTES ||
        load_u64(value + CHUNK_WORDS * 8) != hash_bytes(value, CHUNK_WORDS * 8))
        return fail(LUPE_CORRUPT, "segment %u: chunk %u of the live documents is damaged", segment,
                    chunk);
    size_t first = (size_t)chunk * CHUNK_WORDS;
    size_t words = word_count(live->documents) - first;
    for (size_t i = 0; i < CHUNK_WORDS; i++) {
        uint64_t word = load_u64(value + i * 8);
        uint64_t allowed = i < words ? word_all_live(live->documents, first + i) : 0;
        if (word & ~allowed)
            return fail(LUPE_CORRUPT, "segment %u: documents live behind the last one", segment);
        if (i < words)
            live->words[first + i] = word;
    }
    return LUPE_OK;
}

lupe_status live_load(struct store_read *read, const struct segment_entry *entry, struct live *live)
{
    lupe_status status = LUPE_OK;
    *live = (struct live){NULL, entry->documents, entry->deleted};
    if (entry->deleted == 0)
        return LUPE_OK;
    TRY(live_materialise(live));
    if (entry->deleted < LIVE_LIST_MAX) {
        for (uint32_t i = 0; i < entry->deleted; i++) {
            uint32_t document = entry->deleted_list[i];
            assert(document < entry->documents);
            live->words[document / 64] &= ~(UINT64_C(1) << (document % 64));
        }
    } else {
        for (uint32_t chunk = 0; chunk < chunk_count(entry->documents); chunk++)
            TRY(chunk_load(read, entry->number, chunk, live));
    }
    uint64_t count = 0;
    for (size_t i = 0; i < word_count(entry->documents); i++)
        count += (unsigned)__builtin_popcountll(live->words[i]);
    if (count != entry->documents - entry->deleted)
        status = fail(LUPE_CORRUPT, "segment %u: %llu documents are live, the catalogue says %u",
                      entry->number, (unsigned long long)count, entry->documents - entry->deleted);
out:
    if (status)
        live_free(live);
    return status;
}

lupe_status live_copy(const struct live *from, struct live *to)
{
    *to = *from;
    if (!from->words)
        return LUPE_OK;
    size_t bytes = (word_count(from->documents) + COUNT_DOCUMENTS / 64) * sizeof *to->words;
    to->words = memory_alloc(bytes);
    if (!to->words)
        return fail_memory();
    memcpy(to->words, from->words, bytes);
    return LUPE_OK;
}

lupe_status live_delete(struct live *live, uint32_t document, bool *was_live)
{
    assert(document < live->documents);
    *was_live = false;
    if (!live->words) {
        lupe_status status = live_materialise(live);
        if (status)
            return status;
    }
    uint64_t bit = UINT64_C(1) << (document % 64);
    if (live->words[document / 64] & bit) {
        live->words[document / 64] &= ~bit;
        live->deleted++;
        *was_live = true;
    }
    return LUPE_OK;
}

static void list_deleted(struct segment_entry *entry, const struct live *live)
{
    uint32_t count = 0;
    memset(entry->deleted_list, 0, sizeof entry->deleted_list);
    for (size_t i = 0; live->words && i < word_count(live->documents); i++) {
        uint64_t gone = word_all_live(live->documents, i) & ~live->words[i];
        for (; gone; gone &= gone - 1)
            entry->deleted_list[count++] = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(gone);
    }
    assert(count == live->deleted);
}

lupe_status live_store(struct store_write *write, struct segment_entry *entry,
                       const struct live *before, const struct live *live)
{
    assert(live->documents == entry->documents && before->deleted == entry->deleted);
    assert(live->deleted >= before->deleted);
    if (live->deleted == before->deleted)
        return LUPE_OK;
    memset(entry->deleted_list, 0, sizeof entry->deleted_list);
    if (live->deleted < LIVE_LIST_MAX) {
        list_deleted(entry, live);
    } else {
        bool stored = before->deleted >= LIVE_LIST_MAX; /* else nothing is in chunks yet */
        size_t words = word_count(live->documents);
        for (uint32_t chunk = 0; chunk < chunk_count(live->documents); chunk++) {
            uint8_t value[CHUNK_BYTES];
            bool changed = false;
            for (size_t i = 0; i < CHUNK_WORDS; i++) {
                size_t at = (size_t)chunk * CHUNK_WORDS + i;
                uint64_t now = at < words ? live->words[at] : 0;
                uint64_t then = at >= words ? 0
                                : stored    ? before->words[at]
                                            : word_all_live(live->documents, at);
                changed = changed || now != then;
                store_u64(value + i * 8, now);
            }
            if (!changed)
                continue;
            store_u64(value + CHUNK_WORDS * 8, hash_bytes(value, CHUNK_WORDS * 8));
            lupe_status status = store_put(write, entry->number, extent_number(SECTION_LIVE, chunk),
                                           value, CHUNK_BYTES);
            if (status)
                return status;
        }
    }
    entry->deleted = live->deleted;
    entry->live_version++;
    return LUPE_OK;
}
