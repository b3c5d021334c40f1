/* SPDX-License-Identifier: MIT
 *
 * sizes.h - where the bytes of an index are: by section and by list of terms.
 *
 * Owns the sums of one index. Called by `sizes` and `growth`. Reads the catalogue and walks the
 * dictionaries, which know it; never reads postings. Looks inside the engine, as the measurements
 * of single layers do.
 */
#ifndef LUPE_BENCH_SIZES_H
#define LUPE_BENCH_SIZES_H

#include <stdint.h>

#include "segment/catalogue.h"
#include "segment/dictionary.h"

#define SIZES_LISTS (LIST_FIELDS + FIELDS_MAX)

struct list_sizes {
    uint64_t terms;
    uint64_t postings;   /* documents of all its terms */
    uint64_t dictionary; /* bytes: entries, with the heads of the blocks they begin */
    uint64_t documents;  /* bytes of section 3 */
    uint64_t positions;  /* bytes of section 4 */
};

struct sizes {
    uint64_t file_bytes;
    uint64_t free_bytes;
    uint64_t documents; /* with deleted ones */
    uint64_t deleted;
    uint64_t words;
    uint32_t segments;
    uint64_t sections[SECTION_COUNT];
    struct list_sizes lists[SIZES_LISTS];
    struct field *fields; /* names of the lists from LIST_FIELDS on */
    uint32_t field_count;
};

/* Adds up an index; returns an exit status. sizes_free in any case, also of zeros. */
int sizes_read(struct sizes *sizes, const char *path);
void sizes_free(struct sizes *sizes);

const char *section_name(enum section_id section);

#endif
