/* SPDX-License-Identifier: MIT
 *
 * lupe_index.h - what the public handles lupe_index and lupe_snapshot are. Included by
 * engine/lupe*.c alone.
 *
 * Parsing needs a schema (field names, analyzers), which costs more to make than a query to parse.
 * The index keeps the last few for the next query: a schema is taken by one thread, used, given
 * back, and dropped when the catalogue has changed meanwhile. Whether anything was committed is
 * asked without a transaction.
 */
#ifndef LUPE_LUPE_INDEX_H
#define LUPE_LUPE_INDEX_H

#include <pthread.h>

#include "query/schema.h"
#include "result/document.h"
#include "segment/view.h"

#define K1_MAX 10.0
#define SCHEMAS_KEPT_MAX 8u
#define OPTION_BYTES_MAX 4096u /* an option struct that says it is longer was never initialized */

struct lupe_index {
    struct store *store;
    lupe_open_options options; /* hooks and flags as given */
    char language[LANGUAGE_NAME_BYTES];
    bool analyzer_changed;   /* written by another version of the analyzer */
    bool lexicon_changed;    /* compounds of some segments were split with another lexicon */
    struct lexicon *lexicon; /* with the index's word list; NULL: it has none */
    uint64_t lexicon_hash;   /* of the list */
    pthread_mutex_t mutex;   /* guards the schemas */
    struct schema *schemas[SCHEMAS_KEPT_MAX];
    unsigned schema_count;
};

struct lupe_snapshot {
    lupe_index *index;
    struct view *view;
    struct stored_document document; /* of lupe_snapshot_get */
    lupe_field *fields;              /* NULL until asked for */
};

/* Takes an option struct of the caller, whose first member is its size, over the defaults in
 * `options` (of size bytes). given may be NULL. Callers compiled with an older header have a
 * smaller struct; of the larger one of a newer header the unknown part is zero, else
 * LUPE_UNSUPPORTED. */
CHECKED lupe_status options_take(void *options, size_t size, const void *given, const char *name);

/* The lexicon with the word list of an index that is made, to be put into its first commit, or of
 * one that is opened; none where there is no list. The catalogue is told. Segments whose compounds
 * were split with another lexicon than today's. */
CHECKED lupe_status index_lexicon_make(lupe_index *index, const lupe_create_options *options,
                                       struct catalogue *catalogue);
CHECKED lupe_status index_lexicon_load(lupe_index *index, struct store_read *read,
                                       struct catalogue *catalogue);
uint32_t catalogue_lexicons_changed(const struct catalogue *catalogue);

/* What the statistics say of compounds. */
CHECKED lupe_status statistics_of_compounds(const lupe_snapshot *snapshot,
                                            lupe_statistics *statistics);

/* A schema of the last commit, for one thread until it is given back. */
CHECKED lupe_status index_schema_take(lupe_index *index, struct schema **schema);
void index_schema_give(lupe_index *index, struct schema *schema); /* accepts NULL */

#endif
