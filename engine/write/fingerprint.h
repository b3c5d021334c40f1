/* SPDX-License-Identifier: MIT
 *
 * fingerprint.h - one number for all the analyzers of an index.
 *
 * Owns nothing. Called where an index is made and where a writer is opened: when the number in
 * the catalogue differs from today's, the same words would become other terms. Never changes
 * the catalogue.
 */
#ifndef LUPE_WRITE_FINGERPRINT_H
#define LUPE_WRITE_FINGERPRINT_H

#include "segment/catalogue.h"

/* A hash over the analyzer_fingerprint of the index's language and of those of the text fields
 * with a language of their own, in the order of field numbers. Fields declared by use have none
 * and leave it as it is. */
CHECKED lupe_status catalogue_fingerprint(const struct catalogue *catalogue, uint64_t *out);

/* The version of the lexicon that they split words with; 0 where none of them splits. */
uint32_t catalogue_lexicon(const struct catalogue *catalogue);

#endif
