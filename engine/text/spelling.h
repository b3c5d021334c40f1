/* SPDX-License-Identifier: MIT
 *
 * spelling.h - brings a folded German word into today's spelling: Theil is Teil, Accord is
 * Akkord, studiren is studieren, Photo is Foto, Schiffahrt is Schifffahrt.
 *
 * Owns the rules, a table for rewrite.h. Called by analyzer.c between folding and stemming, for
 * texts and queries alike, so that either spelling finds the other. Never stems; knows no
 * vocabulary: what is not in the table stays as it is.
 */
#ifndef LUPE_TEXT_SPELLING_H
#define LUPE_TEXT_SPELLING_H

#include "text/rewrite.h"

void spelling_open(struct rewrite *rewrite);

#endif
