/* SPDX-License-Identifier: MIT
 *
 * forms_write.c - writes section 13 (FORMAT.md section 13):
 *
 *   forms   := group * zero * offset:u32 * groups  groups:u32     the last two at a multiple of 4
 *   group   := nothing | has:u32 record *
 *   record  := name | head:u8 [count:u8 bits:u8] size:varint name * count  blocks
 *   blocks  := block | size:varint * nb  block * nb
 *   block   := (gap form) *                                       a stream of bits
 *
 * How many others there are is known from the estimates of a flush and of a merge before the first
 * block comes, so that blocks are encoded as they come and nothing of a long list is kept.
 */
#include "segment/forms.h"

#include <assert.h>

#include "segment/form_name.h"

#define RICE_BITS_MAX 15u

void form_writer_init(struct form_writer *writer)
{
    writer->names = BUFFER_INIT(0);
    writer->places = BUFFER_INIT(0);
    writer->sizes = BUFFER_INIT(0);
    writer->blocks = BUFFER_INIT(0);
    writer->count = 0;
}

void form_writer_free(struct form_writer *writer)
{
    buffer_free(&writer->names);
    buffer_free(&writer->places);
    buffer_free(&writer->sizes);
    buffer_free(&writer->blocks);
}

void form_writer_begin(struct form_writer *writer, const uint8_t *term, size_t term_size)
{
    writer->term = term;
    writer->term_size = term_size;
    writer->count = 0;
    writer->block_count = 0;
    writer->documents = 0;
    writer->positions = 0;
    buffer_clear(&writer->names);
    buffer_clear(&writer->places);
    buffer_clear(&writer->sizes);
    buffer_clear(&writer->blocks);
}

void form_writer_name(struct form_writer *writer, const uint8_t *form, size_t size, uint64_t count)
{
    uint8_t name[NAME_BYTES_MAX];
    assert(writer->count < FORMS_MAX && size <= FORM_BYTES_MAX);
    buffer_add(&writer->names, name,
               form_name_write(writer->term, writer->term_size, form, size, name));
    writer->ends[writer->count] = (uint32_t)writer->names.size;
    writer->counts[writer->count++] = count;
}

/* The bits of a Rice code for numbers that add up to sum: about the logarithm of their mean. */
static unsigned rice_bits(uint64_t count, uint64_t sum)
{
    unsigned bits = 0;
    while (bits < RICE_BITS_MAX && count << (bits + 1) < sum)
        bits++;
    return bits;
}

void form_writer_named(struct form_writer *writer)
{
    uint64_t others = 0, sum = 0;
    for (unsigned i = 1; i < writer->count; i++) {
        others += writer->counts[i];
        sum += writer->counts[i] * (i - 1);
    }
    writer->gap_bits = others ? rice_bits(others, writer->counts[0]) : 0;
    writer->form_bits = others ? rice_bits(others, sum) : 0;
}

/* ---- blocks */

/* Bits go into bytes from the least significant on. */
struct bit_writer {
    uint8_t *out; /* zeros, and BIT_WORD_BYTES more behind what is written */
    size_t bit;
};

#define BIT_WORD_BYTES 8u
#define BIT_WORD_BITS 57u /* that fit at any bit of a byte */

/* At most BIT_WORD_BITS. */
static inline void bits_put(struct bit_writer *bits, uint64_t word, unsigned size)
{
    uint8_t *at = bits->out + bits->bit / 8;
    store_u64(at, load_u64(at) | word << bits->bit % 8);
    bits->bit += size;
}

/* So many zeros, a one, and the low bits: nearly always one store. */
static inline void rice_put(struct bit_writer *bits, uint64_t number, unsigned low_bits)
{
    uint64_t zeros = number >> low_bits;
    uint64_t word = 1u | (number & (((uint64_t)1 << low_bits) - 1)) << 1;
    if (zeros + 1 + low_bits > BIT_WORD_BITS) {
        bits->bit += (size_t)zeros;
        zeros = 0;
    }
    bits_put(bits, word << zeros, (unsigned)zeros + 1 + low_bits);
}

/* Encodes the places of a block. */
static void block_encode(struct form_writer *writer, const uint64_t *places, size_t count)
{
    unsigned gap_bits = writer->gap_bits, form_bits = writer->form_bits;
    size_t room = count * (2 + gap_bits + form_bits), size = 0;
    uint64_t next = 0, forms = 0;
    for (size_t i = 0; i < count; i++)
        forms += (places[i] & FORM_MASK) - 1;
    if (count) /* gaps add up to less than the last place, each cut down as the sum is or more */
        room +=
            (size_t)((places[count - 1] >> FORM_BITS) >> gap_bits) + (size_t)(forms >> form_bits);
    room = room / 8 + 1 + BIT_WORD_BYTES;
    struct bit_writer bits = {count ? buffer_reserve(&writer->blocks, room) : NULL, 0};
    if (bits.out) {
        memset(bits.out, 0, room);
        for (size_t i = 0; i < count; i++) {
            uint64_t at = places[i] >> FORM_BITS;
            rice_put(&bits, at - next, gap_bits);
            rice_put(&bits, (places[i] & FORM_MASK) - 1, form_bits);
            next = at + 1;
        }
        size = (bits.bit + 7) / 8;
        writer->blocks.size += size;
    }
    buffer_add_varint(&writer->sizes, size);
    writer->block_count++;
}

/* Encodes the block being filled. */
static void block_end(struct form_writer *writer)
{
    block_encode(writer, (const uint64_t *)(const void *)writer->places.data,
                 writer->places.size / sizeof(uint64_t));
    buffer_clear(&writer->places);
    writer->documents = 0;
    writer->positions = 0;
}

void form_writer_block(struct form_writer *writer, const uint64_t *places, size_t place_count)
{
    block_encode(writer, places, place_count);
}

void form_writer_add(struct form_writer *writer, const uint32_t *tfs, size_t count,
                     const uint64_t *places, size_t place_count)
{
    uint64_t before = 0; /* positions of the documents before */
    size_t next = 0;
    if (writer->count < 2)
        return;
    for (size_t i = 0; i < count; i++) {
        if (writer->documents == BLOCK_DOCUMENTS)
            block_end(writer);
        uint32_t tf = tfs ? tfs[i] : 1;
        for (; next < place_count && places[next] >> FORM_BITS < before + tf; next++) {
            unsigned form = places[next] & FORM_MASK;
            uint64_t at = (places[next] >> FORM_BITS) - before + writer->positions;
            assert(form > 0 && form < writer->count);
            buffer_add_u64(&writer->places, form_place(at, form));
        }
        before += tf;
        writer->positions += tf;
        writer->documents++;
    }
}

/* ---- records */

/* The head of a record of several forms: for up to SHORT_FORMS of them, whose numbers take no low
 * bits, it says all. */
static void head_add(const struct form_writer *writer, struct buffer *record)
{
    unsigned kind = HEAD_LONG;
    if (writer->count < 2 + SHORT_FORMS && writer->form_bits == 0 && writer->gap_bits < SHORT_GAPS)
        kind = (writer->count - 2) * SHORT_GAPS + writer->gap_bits;
    buffer_add_u8(record, head_of_kind(kind));
    if (kind == HEAD_LONG) {
        buffer_add_u8(record, (uint8_t)writer->count);
        buffer_add_u8(record, (uint8_t)(writer->gap_bits | writer->form_bits << 4));
    }
}

lupe_status form_writer_end(struct form_writer *writer, struct buffer *record)
{
    if (writer->documents)
        block_end(writer);
    if (writer->blocks.size) {
        bool one = writer->block_count < 2;
        size_t size = writer->names.size + (one ? 0 : writer->sizes.size) + writer->blocks.size;
        head_add(writer, record);
        buffer_add_varint(record, size);
        buffer_add(record, writer->names.data, writer->names.size);
        if (!one)
            buffer_add(record, writer->sizes.data, writer->sizes.size);
        buffer_add(record, writer->blocks.data, writer->blocks.size);
    } else if (writer->names.size && writer->names.data[0]) { /* the first is all there is */
        buffer_add(record, writer->names.data, writer->ends[0]);
    }
    lupe_status status = buffer_status(&writer->names);
    if (!status)
        status = buffer_status(&writer->places);
    if (!status)
        status = buffer_status(&writer->sizes);
    if (!status)
        status = buffer_status(&writer->blocks);
    return status ? status : buffer_status(record);
}

/* ---- the section */

void form_section_init(struct form_section *section, struct section_writer *writer)
{
    section->section = writer;
    section->records = BUFFER_INIT(0);
    section->offsets = BUFFER_INIT(0);
    section->has = 0;
}

void form_section_free(struct form_section *section)
{
    buffer_free(&section->records);
    buffer_free(&section->offsets);
}

static lupe_status group_end(struct form_section *section)
{
    uint64_t offset = section_writer_offset(section->section);
    if (offset > UINT32_MAX)
        return fail(LUPE_LIMIT, "the forms of the words of a segment exceed 4 GiB");
    buffer_add_u32(&section->offsets, (uint32_t)offset);
    if (section->has) {
        uint8_t has[4];
        store_u32(has, section->has);
        section_writer_add(section->section, has, sizeof has);
        section_writer_add(section->section, section->records.data, section->records.size);
    }
    section->has = 0;
    buffer_clear(&section->records);
    lupe_status status = buffer_status(&section->records);
    return status ? status : buffer_status(&section->offsets);
}

lupe_status form_section_add(struct form_section *section, uint64_t number, const uint8_t *record,
                             size_t size)
{
    lupe_status status = LUPE_OK;
    if (size == 0)
        return LUPE_OK;
    while (section->offsets.size / 4 < number / DICTIONARY_BLOCK_TERMS)
        TRY(group_end(section));
    section->has |= 1u << number % DICTIONARY_BLOCK_TERMS;
    buffer_add(&section->records, record, size);
out:
    return status;
}

lupe_status form_section_finish(struct form_section *section)
{
    lupe_status status = LUPE_OK;
    static const uint8_t zeros[4];
    uint8_t groups[4];
    if (section->has == 0)
        return LUPE_OK; /* nothing was ever added */
    TRY(group_end(section));
    section_writer_add(section->section, zeros, -section_writer_offset(section->section) % 4);
    section_writer_add(section->section, section->offsets.data, section->offsets.size);
    store_u32(groups, (uint32_t)(section->offsets.size / 4));
    section_writer_add(section->section, groups, sizeof groups);
out:
    return status;
}
