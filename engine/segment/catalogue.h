/* SPDX-License-Identifier: MIT
 *
 * catalogue.h - what the index is: schema, settings, segments (FORMAT.md section 2).
 *
 * Owns the catalogue's encoding and its image in memory. Read by every snapshot and writer,
 * written by write/ alone. Never opens segments.
 */
#ifndef LUPE_SEGMENT_CATALOGUE_H
#define LUPE_SEGMENT_CATALOGUE_H

#include "segment/extent.h"
#include "text/analyzer.h"

#define FIELD_OWN_LIST 1u            /* keyword fields, text fields with a weight above 1 */
#define CATALOGUE_HAS_WORDS 128u     /* of ignorable: the index has a word list (word_list.h) */
#define CATALOGUE_SEGMENTS_MAX 4096u /* far above what merging leaves; a reader refuses more */

struct field {
    lupe_kind kind;
    uint8_t flags;
    double weight;
    char *name;
    char language[LANGUAGE_NAME_BYTES]; /* "": the index's */
};

struct segment_entry {
    uint32_t number;
    bool one_value;
    uint32_t lexicon;   /* version of the compound lexicon it was made with; 0: none */
    uint32_t documents; /* with deleted ones */
    uint64_t words;
    double k1;
    double b;
    uint64_t terms;
    uint32_t live_version; /* grows whenever deletes of this segment are stored */
    uint32_t deleted;
    uint32_t deleted_list[LIVE_LIST_MAX]; /* when deleted < LIVE_LIST_MAX */
    uint64_t lengths[SECTION_COUNT];
    uint32_t pair_frequency_min; /* words in so many documents are paired; 0: none are */
    uint64_t pair_bytes;         /* of section 3, the lists of pairs */
};

struct catalogue {
    uint32_t ignorable; /* bits of pieces that readers pass over where they do not know them */
    uint64_t commit;
    uint32_t next_segment;
    uint32_t lexicon; /* version of the compound lexicon of new segments; 0: none */
    lupe_analysis analysis;
    uint8_t flags; /* LUPE_WITHOUT_... */
    uint16_t field_gap;
    double k1;
    double b;
    uint64_t fingerprint;
    char language[LANGUAGE_NAME_BYTES];
    uint64_t words_cut;
    struct field *fields;
    uint32_t field_count;
    struct segment_entry *segments;
    uint32_t segment_count;
    /* Not of the file's catalogue: borrowed from the index for who opens analyzers; NULL: the
     * shipped lexicon, as in an index without a word list. */
    const struct lexicon *words;
};

void catalogue_init(struct catalogue *catalogue); /* empty, defaults */
void catalogue_free(struct catalogue *catalogue);
CHECKED lupe_status catalogue_copy(const struct catalogue *from, struct catalogue *to);
CHECKED lupe_status catalogue_encode(const struct catalogue *catalogue, struct buffer *out);
/* LUPE_NOT_INDEX (no magic), LUPE_TOO_NEW (format, a bit of requires), LUPE_CORRUPT. On failure
 * catalogue is empty. */
CHECKED lupe_status catalogue_decode(const uint8_t *bytes, size_t size,
                                     struct catalogue *catalogue);
/* It has pieces of a later library, which readers pass over. */
bool catalogue_has_more(const struct catalogue *catalogue);
/* LUPE_TOO_NEW when it has: whoever changes an index must know all of it. */
CHECKED lupe_status catalogue_check_writable(const struct catalogue *catalogue);

/* Large segments shall have the lists of pairs of frequent words. */
static inline bool catalogue_wants_pairs(const struct catalogue *catalogue)
{
    return !(catalogue->flags & (LUPE_WITHOUT_POSITIONS | LUPE_WITHOUT_PAIRS));
}

/* Words have their surface forms. */
#define IGNORABLE_FORMS 1u
static inline bool catalogue_has_forms(const struct catalogue *catalogue)
{
    return catalogue->ignorable & IGNORABLE_FORMS;
}

/* The number of a field by name, or -1. */
int catalogue_field(const struct catalogue *catalogue, const char *name);
/* Declares a field (copies the name; weight 0 is 1; language may be NULL, whether it is known is
 * the caller's to ask). LUPE_LIMIT, LUPE_INVALID (name, kind, weight, declared already),
 * LUPE_UNSUPPORTED (kind). */
CHECKED lupe_status catalogue_add_field(struct catalogue *catalogue, const char *name,
                                        lupe_kind kind, double weight, const char *language,
                                        uint32_t *number);
/* Inserts a segment at place (moves others), removes count from place. */
CHECKED lupe_status catalogue_insert_segment(struct catalogue *catalogue, uint32_t place,
                                             const struct segment_entry *entry);
void catalogue_remove_segments(struct catalogue *catalogue, uint32_t place, uint32_t count);
/* Bytes of all sections of a segment. */
uint64_t segment_entry_bytes(const struct segment_entry *entry);
/* Bytes of the longest of the sections whose offsets are u32: see SEGMENT_SECTION_BYTES_MAX. */
uint64_t segment_entry_section_bytes(const struct segment_entry *entry);

#endif
