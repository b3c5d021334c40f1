/* SPDX-License-Identifier: MIT
 *
 * forms.h - the surface forms of words: which a word has in a segment, and which stands at each of
 * its positions (FORMAT.md section 13).
 *
 * Owns the encoding of section 13, which goes by the number of a word's entry in the dictionary and
 * by the blocks of its list: the dictionary knows nothing of it, so that who does not ask for forms
 * pays nothing. Written by segment_writer.c with what write/ tells, read by query/, write/merge.c
 * and check. Never folds a word.
 *
 *   places   of a block's positions those that have another form than the word's most frequent one:
 *            u64 each, (number of the position within the block) << FORM_BITS | form, ascending
 */
#ifndef LUPE_SEGMENT_FORMS_H
#define LUPE_SEGMENT_FORMS_H

#include "segment/dictionary.h"
#include "segment/form_name.h"

/* The first byte of a record that is no name: one of 32 kinds. Those below SHORT_FORMS * SHORT_GAPS
 * are of 2 forms and more with so many low bits of gaps, HEAD_LONG says that these follow. */
#define SHORT_FORMS 3u
#define SHORT_GAPS 8u
#define HEAD_LONG 31u

static inline uint8_t head_of_kind(unsigned kind)
{
    return (uint8_t)(NAME_CODES + kind % 16 + kind / 16 * NAME_PATCHED);
}

#define FORM_BITS 8u
#define FORM_MASK 255u
_Static_assert(FORMS_MAX <= FORM_MASK + 1, "a place holds any form");

static inline uint64_t form_place(uint64_t position, unsigned form)
{
    return position << FORM_BITS | form;
}

/* ---- writing the record of one word */

struct form_writer {
    const uint8_t *term;
    size_t term_size;
    struct buffer names; /* encoded */
    uint32_t ends[FORMS_MAX];
    uint64_t counts[FORMS_MAX];
    unsigned count;
    unsigned gap_bits;
    unsigned form_bits;
    uint32_t block_count;
    uint32_t documents;   /* in the block being filled, */
    uint64_t positions;   /* their positions, */
    struct buffer places; /* and which of them have other forms than 0 */
    struct buffer sizes;  /* of the blocks before, varints, */
    struct buffer blocks; /* and their bytes */
};

void form_writer_init(struct form_writer *writer);
void form_writer_free(struct form_writer *writer);

/* Begins a word; the term is borrowed until the end. */
void form_writer_begin(struct form_writer *writer, const uint8_t *term, size_t term_size);
/* Then its forms, the most frequent first as far as that is known, at most FORMS_MAX: count says
 * how often about. A form without bytes stands for all that have no name. */
void form_writer_name(struct form_writer *writer, const uint8_t *form, size_t size, uint64_t count);
void form_writer_named(struct form_writer *writer);
/* Then a block of its documents, BLOCK_DOCUMENTS but in the last. */
void form_writer_block(struct form_writer *writer, const uint64_t *places, size_t place_count);
/* Or its documents in order, any number at a time: places count positions from the first of these
 * documents on. */
void form_writer_add(struct form_writer *writer, const uint32_t *tfs, size_t count,
                     const uint64_t *places, size_t place_count);
/* Appends the record: nothing where the term is the only form. */
CHECKED lupe_status form_writer_end(struct form_writer *writer, struct buffer *record);

/* ---- writing the section */

struct form_section {
    struct section_writer *section;
    struct buffer records; /* of the group being filled */
    struct buffer offsets; /* of the groups before */
    uint32_t has;          /* bits of its entries that have a record */
};

void form_section_init(struct form_section *section, struct section_writer *writer);
void form_section_free(struct form_section *section);
/* The record of the entry that has a number; numbers ascend, entries without a record may be left
 * out. */
CHECKED lupe_status form_section_add(struct form_section *section, uint64_t number,
                                     const uint8_t *record, size_t size);
CHECKED lupe_status form_section_finish(struct form_section *section);

/* ---- reading */

/* Finds records; those of neighbours in order fast. */
struct form_reader {
    struct section *section;
    uint64_t groups;    /* 0: none, or the section has not been looked at */
    uint64_t group;     /* at hand */
    bool opened;        /* there is one */
    const uint8_t *at;  /* its record number `next`, */
    const uint8_t *end; /* readable READ_PADDING_BYTES beyond */
    uint32_t has;
    unsigned next;
    uint8_t *gathered; /* of a group that straddles extents */
};

void form_reader_init(struct form_reader *reader, struct section *section);
void form_reader_free(struct form_reader *reader);
/* size 0: there is none, the term is the only form. Valid until the next call; readable
 * READ_PADDING_BYTES beyond. LUPE_CORRUPT. */
CHECKED lupe_status form_reader_find(struct form_reader *reader, uint64_t number,
                                     const uint8_t **record, size_t *size);

/* A stream of bits, readable eight bytes beyond its end. */
struct form_bits {
    const uint8_t *bytes;
    uint64_t bit;
    uint64_t bits;
};

/* The forms of a word, parsed from its record. */
struct forms {
    const uint8_t *term;
    size_t term_size;
    unsigned count;                  /* at least 1: the term alone where there is no record */
    const uint8_t *names[FORMS_MAX]; /* as they are written, form_name.h */
    unsigned gap_bits;
    unsigned form_bits;
    uint32_t block_count;
    const uint8_t *sizes;  /* of the blocks; NULL: there is one */
    const uint8_t *blocks; /* NULL: all positions have form 0 */
    const uint8_t *end;
    uint32_t block;          /* the next one, */
    const uint8_t *size_at;  /* its size, */
    const uint8_t *block_at; /* and its bytes */
    struct form_bits bits;   /* of the block being read, */
    uint64_t next;           /* and the position behind what has been read */
};

/* term and record are borrowed; block_count is that of the word's list. LUPE_CORRUPT. */
CHECKED lupe_status forms_open(struct forms *forms, const uint8_t *record, size_t size,
                               const uint8_t *term, size_t term_size, uint32_t block_count);
/* The bytes of a form; returns how many. */
size_t forms_name(const struct forms *forms, unsigned form, uint8_t bytes[FORM_BYTES_MAX]);
/* Whether a form is a word that was folded, as form_name_folds_to says. */
bool forms_folds_to(const struct forms *forms, unsigned form, const uint8_t *bytes, size_t size);
/* Whether there is a form of these bytes, and then its number. */
bool forms_find(const struct forms *forms, const uint8_t *bytes, size_t size, unsigned *form);

/* Grown with memory_realloc, freed by who has it. */
struct form_places {
    uint64_t *items;
    size_t count;
    size_t capacity;
};
CHECKED lupe_status form_places_add(struct form_places *places, uint64_t place);
/* The places of a block whose tfs add up to so many positions; blocks in order fast. */
CHECKED lupe_status forms_block(struct forms *forms, uint32_t number, uint64_t positions,
                                struct form_places *places);
/* The same by pieces: finds a block, then adds its places before position `until`, and maybe one
 * behind, to those that were read before. */
CHECKED lupe_status forms_block_begin(struct forms *forms, uint32_t number);
CHECKED lupe_status forms_block_until(struct forms *forms, uint64_t positions, uint64_t until,
                                      struct form_places *places);

#endif
