/* SPDX-License-Identifier: MIT
 *
 * form_name.h - a surface form written as what it has other than its term: respelled letters and an
 * ending (FORMAT.md section 13).
 *
 *   name  := code:u8 [patch *] [literal]
 *   patch := letters:6 second:1 more:1
 *
 * Of German words that differ from their term nine in ten are one or two bytes: the index of forms
 * is made of such names for the most part, a word having as many forms as there are words as rare
 * as itself.
 *
 * Owns the tables of endings and respellings. Called by forms.c and forms_write.c. Never allocates.
 */
#ifndef LUPE_SEGMENT_FORM_NAME_H
#define LUPE_SEGMENT_FORM_NAME_H

#include "base/buffer.h"
#include "base/limits.h"

#define NAME_ENDINGS 110u /* F: codes of endings; then those below; then none */
#define NAME_LITERAL 110u /* size:u8 and bytes behind the term */
#define NAME_BACK 111u    /* back:u8: so many bytes of the term's end are left out before */
#define NAME_CODES 112u   /* F: what is above begins no name, with or without the bit of patches */
#define NAME_PATCHED 128u
#define NAME_BYTES_MAX (4u + 2u * FORM_BYTES_MAX)
#define NAME_DAMAGED SIZE_MAX

/* Writes the name of a form of at most FORM_BYTES_MAX bytes; returns its size. */
size_t form_name_write(const uint8_t *term, size_t term_size, const uint8_t *form, size_t size,
                       uint8_t out[NAME_BYTES_MAX]);
/* Goes behind a name; false where it is damaged. */
bool form_name_skip(struct cursor *cursor);
/* The form that a name, over which form_name_skip went, tells; returns its size, NAME_DAMAGED where
 * it is not one of this term. */
size_t form_name_read(const uint8_t *name, const uint8_t *term, size_t term_size,
                      uint8_t form[FORM_BYTES_MAX]);

/* Whether a form is written so when it is folded: as it is, but that each letter which it respells
 * may be the term's. */
bool form_name_folds_to(const uint8_t *name, const uint8_t *term, size_t term_size,
                        const uint8_t *folded, size_t size);

#endif
