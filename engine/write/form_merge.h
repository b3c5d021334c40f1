/* SPDX-License-Identifier: MIT
 *
 * form_merge.h - the surface forms of a word when its lists of several segments become one.
 *
 * Owns the forms of one word in all sources and the numbers they get. Called by merge.c, and by
 * permute.c where documents take another order. Never reads a list, never writes a section.
 *
 * Where positions have different forms they are handed on with the form's new number in their upper
 * FORM_BITS bits, which are free (DOCUMENT_WORDS_MAX); form_merge_take takes it out again before
 * they are written.
 */
#ifndef LUPE_WRITE_FORM_MERGE_H
#define LUPE_WRITE_FORM_MERGE_H

#include "segment/forms.h"
#include "segment/postings.h"

struct form_source;

struct form_merge {
    struct form_source *sources;
    uint32_t count; /* of sources */
    struct form_writer writer;
    const uint8_t *term;
    size_t term_size;
    bool any;                         /* some source has a record */
    bool several;                     /* positions carry forms */
    const struct form_source *copied; /* its record is taken over; or NULL */
    uint8_t *names;                   /* [FORMS_MAX][FORM_BYTES_MAX] */
    uint8_t *sizes;
    uint64_t *counts;
    unsigned form_count;
    struct form_places places;
};

CHECKED lupe_status form_merge_init(struct form_merge *merge, uint32_t sources);
void form_merge_free(struct form_merge *merge); /* also of one that is zeroed */

/* Begins a word, borrowed until the end. */
void form_merge_begin(struct form_merge *merge, const uint8_t *term, size_t term_size);
/* Then each source that has it: entry `number` of its dictionary, with this list. */
CHECKED lupe_status form_merge_add(struct form_merge *merge, uint32_t source,
                                   struct section *section, uint64_t number,
                                   const struct list *list);
/* Then: gives the forms their numbers. unchanged: the list is that of one source, block by block.
 */
CHECKED lupe_status form_merge_number(struct form_merge *merge, bool unchanged);

/* Where several: puts the forms of documents index[0..count) of a block of a source, whose tfs were
 * read, into their positions. */
CHECKED lupe_status form_merge_block(struct form_merge *merge, uint32_t source,
                                     const struct block *block, const uint8_t *index,
                                     uint32_t count, uint32_t *positions);
/* Takes them out again and down, of documents in the order in which they are written. */
CHECKED lupe_status form_merge_take(struct form_merge *merge, const uint32_t *tfs, uint32_t count,
                                    uint32_t *positions);
/* Appends the record for the new segment. */
CHECKED lupe_status form_merge_end(struct form_merge *merge, struct buffer *record);

#endif
