/* SPDX-License-Identifier: MIT
 *
 * postings_write.c - writes lists (FORMAT.md sections 5, 6, 7):
 *
 *   list      := header directory block *
 *   header    := flags:u8 bound:u8 [champion:u16 * 3]
 *   directory := nothing | [super_last:u32 * ns super_bound:u8 * ns]
 *                last:u32 * nb offset:u32 * nb bound:u8 * nb
 *   block     := documents [[positions_at:u32 but in the first] base:u8] [tfs]
 *   documents := bit_set | chunk       bit_set := 0x1f:u8 words:u8 word:u64 * words
 *   unit      := piece | (size:u32 base:u8 piece) *     in section positions (positions.h)
 *   single    := document:varint [position:varint]
 *   inline    := size:u8 bytes         those of short_list.c
 *
 * (What dictionary.c makes of single and inline is shorter, see there.)
 *
 * A list is buffered encoded until its end, because its directory stands before its blocks; its
 * positions go out as they come. A list short enough for the dictionary never leaves the buffer.
 */
#include "segment/postings.h"

#include <assert.h>

#include "segment/chunk.h"
#include "segment/positions.h"
#include "segment/short_list.h"

#define LIST_HAS_CHAMPIONS 1u
#define LIST_HAS_TF 2u
#define LIST_HAS_POSITIONS 4u
#define LIST_IS_WIDE 8u
#define HEAD_BIT_SET 0x1fu
#define CHAMPIONS_MAX 1000u
#define DIRECTORY_RECORD_BYTES 9u /* last, size, bound, while the list is being written */
#define BLOCK_BYTES_MAX (2u * CHUNK_BYTES_MAX + 2u + 255u * 8u + 5u)

_Static_assert(BLOCK_DOCUMENTS == PACK_COUNT_MAX, "a block is one chunk");
_Static_assert(2 + 6 + (SEGMENT_DOCUMENTS_MAX / BLOCK_DOCUMENTS) * 10 < EXTENT_PAYLOAD_BYTES,
               "the largest directory fits one extent");

lupe_status postings_writer_init(struct postings_writer *writer, struct section_writer *postings,
                                 struct section_writer *positions, const uint8_t *norms,
                                 uint32_t documents, const struct bm25 *bm25)
{
    memset(writer, 0, sizeof *writer);
    writer->document_bits = document_bits(documents);
    writer->postings = postings;
    writer->positions = positions;
    writer->norms = norms;
    norm_factors(bm25, writer->factors);
    for (unsigned norm = 0; norm < NORMS; norm++)
        writer->wide_factors[norm] = WIDE_UNIT * writer->factors[norm];
    writer->blocks = BUFFER_INIT(0);
    writer->directory = BUFFER_INIT(0);
    writer->units = BUFFER_INIT(0);
    writer->sizes = BUFFER_INIT(0);
    writer->holes = BUFFER_INIT(0);
    writer->champions = memory_alloc(2 * CHAMPIONS_MAX * sizeof *writer->champions);
    writer->values = memory_alloc(VALUES_TF_MAX * sizeof *writer->values);
    if (!writer->champions || !writer->values)
        return fail_memory();
    for (unsigned tf = 0; tf < VALUES_TF_MAX; tf++)
        for (unsigned norm = 0; norm < NORMS; norm++)
            writer->values[tf][norm] = (float)tf / ((float)tf + writer->factors[norm]);
    return LUPE_OK;
}

void postings_writer_free(struct postings_writer *writer)
{
    buffer_free(&writer->blocks);
    buffer_free(&writer->directory);
    buffer_free(&writer->units);
    buffer_free(&writer->sizes);
    buffer_free(&writer->holes);
    memory_free(writer->champions);
    memory_free(writer->values);
    writer->values = NULL;
    memory_free(writer->numbers);
    writer->champions = NULL;
    writer->numbers = NULL;
    writer->number_capacity = 0;
}

void postings_writer_begin(struct postings_writer *writer, uint8_t flags)
{
    assert(!(flags & ENTRY_HAS_POSITIONS) || (flags & ENTRY_HAS_TF));
    writer->flags = flags;
    writer->is_wide = false;
    writer->frequency = 0;
    writer->occurrences = 0;
    writer->last = UINT32_MAX;
    writer->count = 0;
    writer->number_count = 0;
    writer->champion_count = 0;
    writer->champion_least = 0;
    writer->positions_start = 0;
    buffer_clear(&writer->blocks);
    buffer_clear(&writer->directory);
    buffer_clear(&writer->units);
    buffer_clear(&writer->sizes);
    buffer_clear(&writer->holes);
}

#define SELECT_BITS 8u

static inline uint32_t float_bits(float value) /* positive ones are ordered as these are */
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Moves the k highest of up to 2 * CHAMPIONS_MAX values, none negative, to the front: counts how
 * many fall into each part of their range, then goes on within the part that has the k-th.
 * Values come in no order, so that comparing them with each other is a mistaken branch every
 * other time. */
static void select_highest(float *values, unsigned count, unsigned k)
{
    float above[2 * CHAMPIONS_MAX + 1], equal[2 * CHAMPIONS_MAX + 1], below[2 * CHAMPIONS_MAX + 1];
    while (k > 0 && k < count) {
        uint32_t parts[1u << SELECT_BITS] = {0};
        uint32_t least = UINT32_MAX, most = 0;
        for (unsigned i = 0; i < count; i++) {
            uint32_t bits = float_bits(values[i]);
            least = bits < least ? bits : least;
            most = bits > most ? bits : most;
        }
        if (least == most)
            return;
        unsigned width = 32 - (unsigned)__builtin_clz(most - least);
        unsigned shift = width > SELECT_BITS ? width - SELECT_BITS : 0;
        for (unsigned i = 0; i < count; i++)
            parts[(float_bits(values[i]) - least) >> shift]++;
        unsigned part = (1u << SELECT_BITS) - 1;
        for (unsigned sum = 0; (sum += parts[part]) < k;)
            part--;
        unsigned above_count = 0, equal_count = 0, below_count = 0;
        for (unsigned i = 0; i < count; i++) {
            uint32_t of = (float_bits(values[i]) - least) >> shift;
            above[above_count] = equal[equal_count] = below[below_count] = values[i];
            above_count += of > part;
            equal_count += of == part;
            below_count += of < part;
        }
        memcpy(values, above, above_count * sizeof *values);
        memcpy(values + above_count, equal, equal_count * sizeof *values);
        memcpy(values + above_count + equal_count, below, below_count * sizeof *values);
        values += above_count;
        k -= above_count;
        count = equal_count;
    }
}

static float lowest(const float *values, unsigned count)
{
    float least = values[0];
    for (unsigned i = 1; i < count; i++)
        least = values[i] < least ? values[i] : least;
    return least;
}

/* Keeps twice as many values as are wanted and cuts them to the best when full: a value costs a
 * comparison as a rule. */
static void champions_cut(struct postings_writer *writer)
{
    select_highest(writer->champions, writer->champion_count, CHAMPIONS_MAX);
    writer->champion_count = CHAMPIONS_MAX;
    writer->champion_least = lowest(writer->champions, CHAMPIONS_MAX);
}

static inline void champion_add(struct postings_writer *writer, float value)
{
    if (value <= writer->champion_least)
        return;
    if (writer->champion_count == 2 * CHAMPIONS_MAX)
        champions_cut(writer);
    writer->champions[writer->champion_count++] = value;
}

/* Bit sets are counted by popcount, joined by OR and probed without decoding, so they are taken up
 * to twice as large: of a German corpus the index grows by 0.8 %, counting of questions takes 0.73
 * of the time and no scored query more. */
static size_t write_documents(const struct postings_writer *writer, uint32_t before, uint8_t *out)
{
    uint32_t deltas[BLOCK_DOCUMENTS];
    unsigned count = writer->count;
    uint32_t last = writer->documents[count - 1];
    uint32_t previous = before;
    for (unsigned i = 0; i < count; i++) {
        deltas[i] = writer->documents[i] - previous - 1;
        previous = writer->documents[i];
    }
    uint32_t span = last - before;
    size_t words = ((size_t)span + 63) / 64;
    size_t packed = chunk_write(deltas, count, out);
    if (count < 32 || packed <= 1 || words > 255 || 2 + 8 * words > 2 * packed)
        return packed;
    out[0] = HEAD_BIT_SET;
    out[1] = (uint8_t)words;
    memset(out + 2, 0, 8 * words);
    for (unsigned i = 0; i < count; i++) {
        uint32_t bit = writer->documents[i] - before - 1;
        out[2 + bit / 8] |= (uint8_t)(1u << (bit % 8));
    }
    return 2 + 8 * words;
}

/* Where the unit of a block begins, behind the first of the list: its first piece has to fit. */
static lupe_status unit_begin(struct section_writer *positions, size_t size, bool first,
                              uint64_t *start, uint32_t *positions_at)
{
    section_writer_fit(positions, size);
    if (first)
        *start = section_writer_offset(positions);
    uint64_t at = section_writer_offset(positions) - *start;
    if (at > UINT32_MAX)
        return fail(LUPE_LIMIT, "the positions of one word exceed 4 GiB in a segment");
    *positions_at = (uint32_t)at;
    return LUPE_OK;
}

/* Encodes a piece: numbers [from, from + total) of the block. Of several each has a header. */
static lupe_status encode_piece(struct postings_writer *writer, size_t from, size_t total,
                                bool several, uint8_t *base)
{
    uint32_t takes[BLOCK_DOCUMENTS];
    size_t before = 0;
    for (unsigned i = 0; i < writer->count && several; i++) {
        size_t begin = before > from ? before : from;
        before += writer->tfs[i];
        size_t end = before < from + total ? before : from + total;
        takes[i] = end > begin ? (uint32_t)(end - begin) : 0;
    }
    uint8_t *room = buffer_reserve(&writer->units, PIECE_HEADER_BYTES + piece_bytes_max(total));
    if (!room)
        return buffer_status(&writer->units);
    const uint32_t *numbers = writer->numbers + from;
    size_t header = several ? PIECE_HEADER_BYTES : 0;
    const uint32_t *of_piece = several ? takes : writer->tfs;
    *base = (uint8_t)piece_base(numbers, writer->tfs, of_piece, writer->count);
    size_t size = piece_write(numbers, writer->tfs, of_piece, writer->count, *base, room + header);
    if (several) {
        store_u32(room, (uint32_t)size);
        room[4] = *base;
    }
    writer->units.size += header + size;
    buffer_add_u32(&writer->sizes, (uint32_t)(header + size));
    return buffer_status(&writer->sizes);
}

/* The pieces of a block, each within one extent; gives where the first of them begins. */
static lupe_status place_pieces(struct section_writer *positions, const uint8_t *sizes,
                                size_t count, const uint8_t **pieces, bool first, uint64_t *start,
                                uint32_t *positions_at)
{
    lupe_status status = unit_begin(positions, load_u32(sizes), first, start, positions_at);
    for (size_t i = 0; i < count && !status; i++) {
        size_t size = load_u32(sizes + 4 * i);
        section_writer_fit(positions, size);
        section_writer_add(positions, *pieces, size);
        *pieces += size;
        status = positions->status;
    }
    return status;
}

/* The unit of the block. */
static lupe_status write_positions(struct postings_writer *writer, uint32_t *positions_at,
                                   uint8_t *base)
{
    lupe_status status = LUPE_OK;
    bool several = writer->number_count > PIECE_NUMBERS_MAX;
    for (size_t from = 0; from < writer->number_count; from += PIECE_NUMBERS_MAX) {
        size_t rest = writer->number_count - from;
        TRY(encode_piece(writer, from, rest < PIECE_NUMBERS_MAX ? rest : PIECE_NUMBERS_MAX, several,
                         base));
    }
    if (several)
        *base = 0;
    if (writer->parcel)
        return LUPE_OK;
    const uint8_t *pieces = writer->units.data;
    TRY(place_pieces(writer->positions, writer->sizes.data, writer->sizes.size / 4, &pieces,
                     writer->directory.size == 0, &writer->positions_start, positions_at));
    buffer_clear(&writer->units);
    buffer_clear(&writer->sizes);
out:
    return status;
}

/* The highest tf / (tf + K) of the block; keeps the list's champions. */
static float block_best(struct postings_writer *writer)
{
    bool keep_champions = writer->flags & ENTRY_HAS_TF;
    float best = 0;
    for (unsigned i = 0; i < writer->count; i++) {
        uint32_t tf = writer->tfs[i];
        uint8_t norm = writer->norms[writer->documents[i]];
        float value;
        if (writer->is_wide)
            value = (float)tf / ((float)tf + writer->wide_factors[norm]);
        else if (tf < VALUES_TF_MAX)
            value = writer->values[tf][norm];
        else
            value = (float)tf / ((float)tf + writer->factors[norm]);
        best = value > best ? value : best;
        if (keep_champions)
            champion_add(writer, value);
    }
    return best;
}

/* Ends the block being filled: encodes it and remembers last document, size and bound. */
static lupe_status block_end(struct postings_writer *writer)
{
    uint32_t before =
        writer->directory.size
            ? load_u32(writer->directory.data + writer->directory.size - DIRECTORY_RECORD_BYTES)
            : UINT32_MAX;
    uint8_t *out = buffer_reserve(&writer->blocks, BLOCK_BYTES_MAX);
    if (!out)
        return buffer_status(&writer->blocks);
    size_t size = write_documents(writer, before, out);
    if (writer->flags & ENTRY_HAS_POSITIONS) {
        uint32_t positions_at = 0;
        uint8_t base = 0;
        lupe_status status = write_positions(writer, &positions_at, &base);
        if (status)
            return status;
        if (writer->parcel) {
            buffer_add_u32(&writer->holes, (uint32_t)(writer->blocks.size + size));
            buffer_add_u32(&writer->holes, (uint32_t)(writer->sizes.size / 4));
        }
        if (writer->directory.size) {
            store_u32(out + size, positions_at);
            size += 4;
        }
        out[size++] = base;
    }
    float best = block_best(writer);
    uint32_t less[BLOCK_DOCUMENTS];
    for (unsigned i = 0; i < writer->count; i++)
        less[i] = writer->tfs[i] - 1;
    if (writer->flags & ENTRY_HAS_TF)
        size += chunk_write(less, writer->count, out + size);
    assert(size <= BLOCK_BYTES_MAX);
    writer->blocks.size += size;
    buffer_add_u32(&writer->directory, writer->documents[writer->count - 1]);
    buffer_add_u32(&writer->directory, (uint32_t)size);
    buffer_add_u8(&writer->directory, bound_of_value(best));
    writer->count = 0;
    writer->number_count = 0;
    return buffer_status(&writer->directory);
}

static lupe_status numbers_grow(struct postings_writer *writer, size_t more)
{
    size_t capacity = writer->number_capacity ? writer->number_capacity : 1024;
    while (capacity - writer->number_count < more)
        capacity *= 2;
    uint32_t *grown = memory_realloc(writer->numbers, capacity * sizeof *grown);
    if (!grown)
        return fail_memory();
    writer->numbers = grown;
    writer->number_capacity = capacity;
    return LUPE_OK;
}

lupe_status postings_writer_add(struct postings_writer *writer, const uint32_t *documents,
                                const uint32_t *tfs, const uint32_t *positions, size_t count)
{
    lupe_status status = LUPE_OK;
    for (size_t i = 0; i < count; i++) {
        uint32_t tf = tfs ? tfs[i] : 1;
        /* A merge may feed what it read from a damaged file. */
        if (tf == 0 || (writer->last != UINT32_MAX && documents[i] <= writer->last))
            return fail(LUPE_CORRUPT, "postings do not ascend; run check");
        if (writer->count == BLOCK_DOCUMENTS)
            TRY(block_end(writer));
        writer->documents[writer->count] = documents[i];
        writer->tfs[writer->count] = tf;
        writer->count++;
        writer->last = documents[i];
        writer->frequency++;
        writer->occurrences += tf;
        if (!(writer->flags & ENTRY_HAS_POSITIONS))
            continue;
        if (writer->number_capacity - writer->number_count < tf)
            TRY(numbers_grow(writer, tf));
        uint32_t *numbers = writer->numbers + writer->number_count;
        numbers[0] = positions[0];
        for (uint32_t j = 1; j < tf; j++) {
            if (positions[j] <= positions[j - 1])
                return fail(LUPE_CORRUPT, "positions do not ascend; run check");
            numbers[j] = positions[j] - positions[j - 1] - 1;
        }
        if (positions[tf - 1] >= POSITION_LIMIT)
            return fail(LUPE_CORRUPT, "a position is too high; run check");
        writer->number_count += tf;
        positions += tf;
    }
out:
    return status;
}

/* The dictionary's form of a list that never filled a block, when it is short enough. */
static size_t write_inline(const struct postings_writer *writer, uint8_t info[256])
{
    bool has_tf = writer->flags & ENTRY_HAS_TF;
    bool has_positions = writer->flags & ENTRY_HAS_POSITIONS;
    if (writer->count == 1 && writer->tfs[0] == 1) {
        info[0] = writer->flags | ENTRY_SINGLE;
        size_t size = 1 + varint_put(info + 1, writer->documents[0]);
        if (has_positions)
            size += varint_put(info + size, writer->numbers[0]);
        return size;
    }
    /* A number takes a bit at least. */
    if (writer->number_count > 8 * DICTIONARY_INLINE_BYTES)
        return 0;
    uint32_t firsts[BLOCK_DOCUMENTS], mores[8 * DICTIONARY_INLINE_BYTES];
    const uint32_t *number = writer->numbers;
    uint32_t *more = mores;
    for (unsigned i = 0; has_positions && i < writer->count; i++) {
        firsts[i] = *number++;
        for (uint32_t j = 1; j < writer->tfs[i]; j++)
            *more++ = *number++;
    }
    struct short_list list = {.document_bits = writer->document_bits,
                              .frequency = writer->count,
                              .documents = writer->documents,
                              .tfs = has_tf ? writer->tfs : NULL,
                              .firsts = has_positions ? firsts : NULL,
                              .mores = mores};
    size_t size = short_list_write(&list, info + 2);
    info[0] = writer->flags | ENTRY_INLINE;
    info[1] = (uint8_t)size;
    return size ? 2 + size : 0;
}

/* Header and directory, built in front of the blocks with offsets still counted from the first. */
static void write_directory(struct postings_writer *writer, struct buffer *out, size_t *offsets_at)
{
    const uint8_t *records = writer->directory.data;
    uint32_t nb = (uint32_t)(writer->directory.size / DIRECTORY_RECORD_BYTES);
    bool champions = writer->frequency >= CHAMPIONS_FREQUENCY_MIN && (writer->flags & ENTRY_HAS_TF);
    uint8_t bound = 0;
    for (uint32_t i = 0; i < nb; i++)
        if (records[i * DIRECTORY_RECORD_BYTES + 8] > bound)
            bound = records[i * DIRECTORY_RECORD_BYTES + 8];
    buffer_add_u8(out, (uint8_t)((champions ? LIST_HAS_CHAMPIONS : 0) |
                                 (writer->flags & ENTRY_HAS_TF ? LIST_HAS_TF : 0) |
                                 (writer->is_wide ? LIST_IS_WIDE : 0) |
                                 (writer->flags & ENTRY_HAS_POSITIONS ? LIST_HAS_POSITIONS : 0)));
    buffer_add_u8(out, bound);
    if (champions) {
        static const unsigned places[3] = {10, 100, CHAMPIONS_MAX};
        uint16_t found[3];
        for (unsigned i = 3; i-- > 0;) { /* each within the best of the one before */
            select_highest(writer->champions, writer->champion_count, places[i]);
            writer->champion_count = places[i];
            found[i] = champion_of_value(lowest(writer->champions, places[i]));
        }
        for (unsigned i = 0; i < 3; i++)
            buffer_add_u16(out, found[i]);
    }
    *offsets_at = out->size;
    if (nb == 1)
        return;
    if (nb > SUPERBLOCK_BLOCKS) {
        uint32_t ns = (nb + SUPERBLOCK_BLOCKS - 1) / SUPERBLOCK_BLOCKS;
        for (uint32_t s = 0; s < ns; s++) {
            uint32_t end = (s + 1) * SUPERBLOCK_BLOCKS < nb ? (s + 1) * SUPERBLOCK_BLOCKS : nb;
            buffer_add_u32(out, load_u32(records + (end - 1) * (size_t)DIRECTORY_RECORD_BYTES));
        }
        for (uint32_t s = 0; s < ns; s++) {
            uint8_t highest = 0;
            for (uint32_t i = s * SUPERBLOCK_BLOCKS; i < nb && i < (s + 1) * SUPERBLOCK_BLOCKS; i++)
                if (records[i * (size_t)DIRECTORY_RECORD_BYTES + 8] > highest)
                    highest = records[i * (size_t)DIRECTORY_RECORD_BYTES + 8];
            buffer_add_u8(out, highest);
        }
    }
    for (uint32_t i = 0; i < nb; i++)
        buffer_add(out, records + i * (size_t)DIRECTORY_RECORD_BYTES, 4);
    *offsets_at = out->size;
    for (uint32_t i = 0; i < nb; i++)
        buffer_add_u32(out, 0);
    for (uint32_t i = 0; i < nb; i++)
        buffer_add_u8(out, records[i * (size_t)DIRECTORY_RECORD_BYTES + 8]);
}

/* A list encoded, but for its place. */
struct encoded {
    uint8_t *head; /* header and directory, */
    size_t head_size;
    size_t offsets_at;      /* in which these are to be filled in */
    const uint8_t *records; /* of the directory while the list is being written */
    uint32_t block_count;
    const uint8_t *blocks;
};

/* Places the list: header and directory as one item, each block as one; where each block will
 * begin is known before anything is written, because fills are. */
static lupe_status place_list(const struct encoded *list, struct section_writer *postings,
                              uint64_t *start)
{
    const uint8_t *records = list->records;
    uint32_t nb = list->block_count;
    /* A list of one block has its block right behind the header, in one item. */
    size_t first_item = list->head_size + (nb == 1 ? load_u32(records + 4) : 0);
    section_writer_fit(postings, first_item);
    *start = section_writer_offset(postings);
    if (nb > 1) {
        uint64_t at = *start + list->head_size;
        for (uint32_t i = 0; i < nb; i++) {
            uint32_t size = load_u32(records + i * (size_t)DIRECTORY_RECORD_BYTES + 4);
            uint64_t left = EXTENT_PAYLOAD_BYTES - at % EXTENT_PAYLOAD_BYTES;
            if (left < size)
                at += left;
            if (at - *start > UINT32_MAX)
                return fail(LUPE_LIMIT, "the postings of one word exceed 4 GiB in a segment");
            store_u32(list->head + list->offsets_at + 4 * (size_t)i, (uint32_t)(at - *start));
            at += size;
        }
    }
    section_writer_add(postings, list->head, list->head_size);
    const uint8_t *block = list->blocks;
    for (uint32_t i = 0; i < nb; i++) {
        uint32_t size = load_u32(records + i * (size_t)DIRECTORY_RECORD_BYTES + 4);
        section_writer_fit(postings, size);
        section_writer_add(postings, block, size);
        block += size;
    }
    return postings->status;
}

static lupe_status write_list(struct postings_writer *writer, uint64_t *start)
{
    lupe_status status = LUPE_OK;
    struct buffer head = BUFFER_INIT(0);
    size_t offsets_at = 0;
    write_directory(writer, &head, &offsets_at);
    TRY(buffer_status(&head));
    struct encoded list = {head.data,
                           head.size,
                           offsets_at,
                           writer->directory.data,
                           (uint32_t)(writer->directory.size / DIRECTORY_RECORD_BYTES),
                           writer->blocks.data};
    TRY(place_list(&list, writer->postings, start));
out:
    buffer_free(&head);
    return status;
}

static size_t list_info(uint8_t info[256], uint8_t flags, uint32_t frequency, uint64_t more,
                        uint64_t start, uint64_t positions_start)
{
    size_t size = 1;
    info[0] = flags | ENTRY_LIST;
    size += varint_put(info + size, frequency);
    size += varint_put(info + size, more);
    size += varint_put(info + size, start);
    if (flags & ENTRY_HAS_POSITIONS)
        size += varint_put(info + size, positions_start);
    return size;
}

/* ---- parcels
 *
 *   parcel := list *
 *   list   := key:string8 info:string8 frequency:u32 [when info is empty: rest]
 *   rest   := flags:u8 more:u64 head_size:u32 offsets_at:u32 block_count:u32
 *             piece_count:u32 blocks_size:u64 units_size:u64
 *             head records blocks holes sizes units
 */

void postings_writer_to_parcel(struct postings_writer *writer, struct buffer *parcel,
                               const uint8_t *key, size_t key_size)
{
    writer->parcel = parcel;
    writer->key = key;
    writer->key_size = key_size;
}

static void parcel_string(struct buffer *parcel, const uint8_t *bytes, size_t size)
{
    buffer_add_u8(parcel, (uint8_t)size);
    buffer_add(parcel, bytes, size);
}

static lupe_status parcel_list(struct postings_writer *writer, const uint8_t *info,
                               size_t info_size)
{
    struct buffer *parcel = writer->parcel;
    struct buffer head = BUFFER_INIT(0);
    size_t offsets_at = 0;
    parcel_string(parcel, writer->key, writer->key_size);
    parcel_string(parcel, info, info_size);
    buffer_add_u32(parcel, writer->frequency);
    if (info_size)
        return buffer_status(parcel);
    write_directory(writer, &head, &offsets_at);
    buffer_add_u8(parcel, writer->flags);
    buffer_add_u64(parcel, writer->occurrences - writer->frequency);
    buffer_add_u32(parcel, (uint32_t)head.size);
    buffer_add_u32(parcel, (uint32_t)offsets_at);
    buffer_add_u32(parcel, (uint32_t)(writer->directory.size / DIRECTORY_RECORD_BYTES));
    buffer_add_u32(parcel, (uint32_t)(writer->sizes.size / 4));
    buffer_add_u64(parcel, writer->blocks.size);
    buffer_add_u64(parcel, writer->units.size);
    buffer_add(parcel, head.data, head.size);
    buffer_add(parcel, writer->directory.data, writer->directory.size);
    buffer_add(parcel, writer->blocks.data, writer->blocks.size);
    buffer_add(parcel, writer->holes.data, writer->holes.size);
    buffer_add(parcel, writer->sizes.data, writer->sizes.size);
    buffer_add(parcel, writer->units.data, writer->units.size);
    lupe_status status = buffer_status(&head);
    if (!status)
        status = buffer_status(&writer->holes);
    buffer_free(&head);
    return status ? status : buffer_status(parcel);
}

/* Places the units of a list and fills where they are into its blocks. */
static lupe_status place_positions(struct section_writer *positions, uint8_t *blocks,
                                   uint32_t block_count, const uint8_t *holes, const uint8_t *sizes,
                                   const uint8_t *units, uint64_t *start)
{
    uint32_t piece = 0;
    for (uint32_t i = 0; i < block_count; i++) {
        uint32_t positions_at;
        uint32_t end = load_u32(holes + 8 * (size_t)i + 4);
        lupe_status status = place_pieces(positions, sizes + 4 * (size_t)piece, end - piece, &units,
                                          i == 0, start, &positions_at);
        if (status)
            return status;
        if (i)
            store_u32(blocks + load_u32(holes + 8 * (size_t)i), positions_at);
        piece = end;
    }
    return LUPE_OK;
}

lupe_status postings_place(struct cursor *parcel, struct section_writer *postings,
                           struct section_writer *positions, struct parcel_entry *entry)
{
    lupe_status status = LUPE_OK;
    entry->key_size = cursor_u8(parcel);
    entry->key = cursor_take(parcel, entry->key_size);
    entry->info_size = cursor_u8(parcel);
    memcpy(entry->info, cursor_take(parcel, entry->info_size), entry->info_size);
    entry->frequency = cursor_u32(parcel);
    if (entry->info_size) {
        return LUPE_OK;
    }
    uint64_t start = 0, positions_start = 0;
    uint8_t flags = cursor_u8(parcel);
    uint64_t more = cursor_u64(parcel);
    struct encoded list = {.head_size = cursor_u32(parcel)};
    list.offsets_at = cursor_u32(parcel);
    list.block_count = cursor_u32(parcel);
    size_t piece_count = cursor_u32(parcel);
    size_t blocks_size = cursor_u64(parcel);
    size_t units_size = cursor_u64(parcel);
    bool has_positions = flags & ENTRY_HAS_POSITIONS;
    /* The parcel is ours: places are filled in where they stand. */
    list.head = (uint8_t *)(uintptr_t)cursor_take(parcel, list.head_size);
    list.records = cursor_take(parcel, list.block_count * (size_t)DIRECTORY_RECORD_BYTES);
    uint8_t *blocks = (uint8_t *)(uintptr_t)cursor_take(parcel, blocks_size);
    const uint8_t *holes = cursor_take(parcel, has_positions ? 8 * (size_t)list.block_count : 0);
    const uint8_t *sizes = cursor_take(parcel, 4 * piece_count);
    const uint8_t *units = cursor_take(parcel, units_size);
    list.blocks = blocks;
    if (has_positions)
        TRY(place_positions(positions, blocks, list.block_count, holes, sizes, units,
                            &positions_start));
    TRY(place_list(&list, postings, &start));
    entry->info_size =
        list_info(entry->info, flags, entry->frequency, more, start, positions_start);
out:
    return status;
}

lupe_status postings_writer_end(struct postings_writer *writer, uint8_t info[256],
                                size_t *info_size)
{
    lupe_status status = LUPE_OK;
    *info_size = 0;
    if (writer->frequency == 0)
        return LUPE_OK;
    if (writer->directory.size == 0 && !writer->is_wide) {
        *info_size = write_inline(writer, info);
        if (*info_size)
            return writer->parcel ? parcel_list(writer, info, *info_size) : LUPE_OK;
    }
    TRY(block_end(writer));
    if (writer->parcel) {
        TRY(parcel_list(writer, NULL, 0));
        goto out;
    }
    uint64_t start = 0;
    TRY(write_list(writer, &start));
    *info_size = list_info(info, writer->flags, writer->frequency,
                           writer->occurrences - writer->frequency, start, writer->positions_start);
out:
    return status;
}
