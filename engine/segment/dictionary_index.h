/* SPDX-License-Identifier: MIT
 *
 * dictionary_index.h - the index of the dictionary: from a key to the block that has it if any has.
 *
 * Owns the bisection over separators, at once or step by step (dictionary_search_begin and
 * dictionary_search_go of dictionary.h), and the separators that are remembered. Called by
 * dictionary.c. Never reads a block.
 */
#ifndef LUPE_SEGMENT_DICTIONARY_INDEX_H
#define LUPE_SEGMENT_DICTIONARY_INDEX_H

#include "segment/dictionary.h"

CHECKED lupe_status dictionary_corrupt(const struct section *section, uint64_t offset,
                                       const char *what);

/* The part of the index in one of its extents. */
CHECKED lupe_status dictionary_part_open(struct dictionary *dictionary, uint32_t extent,
                                         struct dictionary_part *part);

struct dictionary_wanted dictionary_wanted_of(const uint8_t *key, size_t size);

/* Whether a separator of the part is at or below a key. */
bool dictionary_part_reaches(const struct dictionary_part *part, uint32_t place,
                             const struct dictionary_wanted *wanted);

/* The address of the block that holds a key if any does, and of the block that has a number. */
CHECKED lupe_status dictionary_index_find(struct dictionary *dictionary, const uint8_t *key,
                                          size_t key_size, uint64_t *address);
CHECKED lupe_status dictionary_index_block(struct dictionary *dictionary, uint64_t number,
                                           uint64_t *address);

/* Asks for the bytes of a block ahead. */
void dictionary_ask_block(struct dictionary *dictionary, uint64_t address);

#endif
