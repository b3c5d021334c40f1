/* SPDX-License-Identifier: MIT
 *
 * form_lists.h - the surface forms of a word when its list is flushed: which of them stands at each
 * position.
 *
 * Owns the forms of one word and the numbers they have in each accumulator. Called by flush.c
 * beside the word's list. Never reads a growing list, never writes a section.
 *
 * Each accumulator numbers the forms of a word as they come. The positions of a block are marked
 * with numbers that hold for all accumulators; how often each form comes is known at the end, where
 * the forms get the order in which they are written.
 */
#ifndef LUPE_WRITE_FORM_LISTS_H
#define LUPE_WRITE_FORM_LISTS_H

#include "segment/forms.h"
#include "write/accumulate.h"

struct form_lists {
    struct form_writer writer;
    const uint8_t *term;
    size_t term_size;
    struct surface_form *forms; /* [FORMS_MAX] */
    unsigned count;
    struct buffer places; /* of all blocks, those of form 0 left out, */
    struct buffer blocks; /* and {positions, places} of each: u64 */
    struct buffer spare;  /* u64: places of a block */
};

CHECKED lupe_status form_lists_init(struct form_lists *lists);
void form_lists_free(struct form_lists *lists); /* also of one that is zeroed */

/* Begins a word: size:u8 and the key, borrowed until the end. */
void form_lists_begin(struct form_lists *lists, const uint8_t *key);
/* Then its list in each accumulator: what its forms are numbered here, by their numbers there. */
void form_lists_add(struct form_lists *lists, const struct accumulator *from, uint32_t number,
                    uint8_t numbers[FORMS_MAX]);
/* Then each block of the word's list: the forms of its positions, readable to the next multiple of
 * 8, where they are zeros. */
void form_lists_block(struct form_lists *lists, const uint8_t *marks, size_t positions);
/* Appends the record for the segment; nothing where the term is the word's only form. */
CHECKED lupe_status form_lists_end(struct form_lists *lists, struct buffer *record);

#endif
