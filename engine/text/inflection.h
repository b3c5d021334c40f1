/* SPDX-License-Identifier: MIT
 *
 * inflection.h - mends what Snowball German keeps apart or throws together: changes the form of
 * a word into another of the same word that the stemmer treats right.
 *
 * Owns the list of stemming accidents, a table for rewrite.h. Called by analyzer.c right before
 * the stemmer. Never stems itself; knows no vocabulary: what is not in the table stays as it is.
 */
#ifndef LUPE_TEXT_INFLECTION_H
#define LUPE_TEXT_INFLECTION_H

#include "text/rewrite.h"

void inflection_open(struct rewrite *rewrite);

#endif
