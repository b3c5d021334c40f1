/* SPDX-License-Identifier: MIT
 *
 * dictionary_layout.h - what the writer and the reader of the dictionary both know (FORMAT.md
 * sections 4, 5):
 *
 *   dictionary := block *                       each block an item
 *   block      := checksum:u32 size:u16 count:u8 [postings:u32 positions:u32]
 *                 head:u16 * count  suffixes  infos, the last one first
 *   count      := entries in bits 0-6; bit 7: the block has lists, the offsets of the first follow
 *   head       := shared in bits 0-4 (31: a byte before the suffix), size of the suffix - 1 in bits
 *                 5-8 (15: a byte before the suffix), size of the info in bits 9-13, form in 14-15
 *   info       := by form: 0 flags:u8 by_storage [group] [forms]; 1 inline; 2 list; 3 single
 *                 of size 0 in the head: info size:u8
 *   by_storage := list | size:u8 inline | document:varint [position:varint] | nothing
 *   list       := frequency:varint more:varint postings:varint [positions:varint]
 *   inline     := see short_list.c
 *   single     := (position << w | document):uint * size in bits 9-11 of the head; bits 12-13: 0
 *                 without tf, 1 with tf, 2 with tf and position; w bits take all documents
 *   group      := extra_frequency:varint union_frequency:varint
 *   forms      := offset:varint
 *   index      := part *                        one part an extent
 *   part       := count:u32 first_block:u32 address:u32 * count offset:u32 * (count + 1)
 *                 separator bytes
 *
 * Writers of lists give infos in form 0 with offsets from the beginning of their sections; what a
 * block has is made of these. Included by dictionary.c, dictionary_index.c and dictionary_write.c
 * only.
 */
#ifndef LUPE_SEGMENT_DICTIONARY_LAYOUT_H
#define LUPE_SEGMENT_DICTIONARY_LAYOUT_H

#include "segment/dictionary.h"

#define BLOCK_HEAD_BYTES 7u
#define BLOCK_COUNT_MASK 0x7fu
#define BLOCK_HAS_LISTS 0x80u
#define BLOCK_BASES_BYTES 8u
#define ENTRY_HEAD_BYTES 2u
#define SHARED_ESCAPE 31u
#define SUFFIX_SHIFT 5u
#define SUFFIX_ESCAPE 16u
#define INFO_SHIFT 9u
#define INFO_SIZE_MASK 31u
#define SINGLE_SIZE_MASK 7u
#define KIND_SHIFT 12u
#define FORM_SHIFT 14u
#define BLOCK_BYTES_MAX                     \
    (BLOCK_HEAD_BYTES + BLOCK_BASES_BYTES + \
     DICTIONARY_BLOCK_TERMS * (ENTRY_HEAD_BYTES + 2u + KEY_BYTES_MAX + 1u + ENTRY_INFO_BYTES_MAX))
#define PART_HEAD_BYTES 8u

enum form { FORM_FLAGS, FORM_INLINE, FORM_LIST, FORM_SINGLE };

#define FLAGS_FULL (ENTRY_HAS_TF | ENTRY_HAS_POSITIONS)

_Static_assert(DICTIONARY_BLOCK_TERMS <= BLOCK_COUNT_MASK, "count has seven bits");
_Static_assert(DICTIONARY_INLINE_BYTES <= INFO_SIZE_MASK, "the head tells the size of an inline");
_Static_assert(KEY_BYTES_MAX <= 255, "shared and suffix_size are one byte");
_Static_assert(BLOCK_BYTES_MAX <= UINT16_MAX, "the size of a block is two bytes");

static inline size_t common_prefix(const uint8_t *left, size_t left_size, const uint8_t *right,
                                   size_t right_size)
{
    size_t shorter = left_size < right_size ? left_size : right_size;
    size_t common = 0;
    while (common < shorter && left[common] == right[common])
        common++;
    return common;
}

static inline int compare_keys(const uint8_t *left, size_t left_size, const uint8_t *right,
                               size_t right_size)
{
    size_t shorter = left_size < right_size ? left_size : right_size;
    int order = shorter ? memcmp(left, right, shorter) : 0;
    if (order)
        return order;
    return left_size < right_size ? -1 : left_size > right_size;
}

#endif
