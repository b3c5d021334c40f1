/* SPDX-License-Identifier: MIT
 *
 * dictionary.h - from a term to its list (FORMAT.md sections 4, 5).
 *
 * Owns the dictionary blocks and the separators above them. Written by segment_writer.c, read by
 * segment.c's callers: query/ (find, prefixes), write/ (ids, merging), check. Never reads postings.
 */
#ifndef LUPE_SEGMENT_DICTIONARY_H
#define LUPE_SEGMENT_DICTIONARY_H

#include "segment/extent.h"

#define LIST_WORDS 0u
#define LIST_IDS 1u
#define LIST_JOINED 2u
#define LIST_PARTS 3u
#define LIST_VARIANTS 4u
#define LIST_PAIRS 5u
#define LIST_FIELDS 16u /* + field number */

#define KEY_BYTES_MAX (2u + TERM_BYTES_MAX + 2u)

#define ENTRY_LIST 0u
#define ENTRY_INLINE 1u
#define ENTRY_SINGLE 2u
#define ENTRY_NONE 3u /* no postings, a group alone */
#define ENTRY_STORAGE_MASK 3u
#define ENTRY_HAS_TF 4u
#define ENTRY_HAS_POSITIONS 8u
#define ENTRY_HAS_GROUP 16u
#define ENTRY_HAS_FORMS 32u
#define ENTRY_INFO_BYTES_MAX 63u
#define ENTRY_HAS_MORE 192u /* parts of a later library behind all others, passed over */

/* What the dictionary knows of a key. */
struct entry {
    uint8_t flags;
    uint32_t frequency;   /* documents; 0 with ENTRY_NONE only */
    uint64_t occurrences; /* sum of tf; = frequency for single and lists without tf, 0 for inline */
    uint64_t postings;    /* logical offset (list) */
    uint64_t positions;
    const uint8_t *data; /* inline: see short_list.h */
    uint32_t data_size;
    uint32_t document; /* single */
    uint32_t position;
    uint32_t extra_frequency; /* of the group, see FORMAT.md section 4; 0 without one */
    uint32_t union_frequency;
};

/* ---- writing: keys ascending */

struct dictionary_writer {
    struct section_writer *blocks;
    struct section_writer *index;
    unsigned document_bits;
    struct buffer block;    /* the one put together last */
    struct buffer suffixes; /* of the block being filled, */
    struct buffer infos;    /* and these, which go out last one first */
    uint16_t heads[DICTIONARY_BLOCK_TERMS];
    uint16_t info_starts[DICTIONARY_BLOCK_TERMS];
    unsigned block_terms;
    bool has_lists;
    bool has_positions;
    uint64_t postings;            /* offsets of the first list of the block, */
    uint64_t positions;           /* and of the first with positions */
    uint8_t first[KEY_BYTES_MAX]; /* the first key of the block */
    unsigned first_size;
    uint8_t last[KEY_BYTES_MAX]; /* the key before */
    unsigned last_size;
    uint8_t before[KEY_BYTES_MAX]; /* the last key of the block before */
    unsigned before_size;
    struct buffer addresses; /* of the index part being filled */
    struct buffer offsets;   /* where each block's separator ends */
    struct buffer separators;
    uint32_t blocks_done;
    uint32_t part_first;
    uint64_t terms;
};

void dictionary_writer_init(struct dictionary_writer *writer, struct section_writer *blocks,
                            struct section_writer *index, uint32_t documents);
void dictionary_writer_free(struct dictionary_writer *writer);
/* Adds a key with what entry_parse takes (at most 63 bytes); lists come in the order in which they
 * stand. LUPE_LIMIT when the section is full. */
CHECKED lupe_status dictionary_writer_add(struct dictionary_writer *writer, const uint8_t *key,
                                          size_t key_size, const uint8_t *info, size_t info_size);
CHECKED lupe_status dictionary_writer_finish(struct dictionary_writer *writer);

/* ---- reading */

#define DICTIONARY_TOPS 512u      /* a power of two: the upper nine levels of the search */
#define DICTIONARY_VERIFIED 1024u /* a power of two */

/* Zeroed but for the sections, and filled by use: what many look-ups come by again. */
struct dictionary {
    struct section *index;
    struct section *blocks;
    unsigned document_bits;             /* of the segment, see short_list.h */
    uint64_t tops[DICTIONARY_TOPS + 8]; /* prefixes of separators by their node in the tree of all
                                         * bisections, the root is 1; 0: not known. They begin at
                                         * the first line of the cache */
    uint32_t verified[DICTIONARY_VERIFIED]; /* 1 + address of blocks whose checksum was right */
};

/* The entry of a key; LUPE_NOT_FOUND (no message) when there is none. entry->data points into the
 * file. 0.1 us hot; verifies the checksum of a block that was not looked at lately. */
CHECKED lupe_status dictionary_find(struct dictionary *dictionary, const uint8_t *key,
                                    size_t key_size, struct entry *entry);
/* The same in two steps: the first finds the block that may have the key and asks for it, the
 * second looks into it. Both may give LUPE_NOT_FOUND. */
CHECKED lupe_status dictionary_locate(struct dictionary *dictionary, const uint8_t *key,
                                      size_t key_size, uint64_t *address);
CHECKED lupe_status dictionary_find_at(struct dictionary *dictionary, uint64_t address,
                                       const uint8_t *key, size_t key_size, struct entry *entry);
/* Whether a key may begin so, given the address of the block that has the first of them if any
 * does: true, too, where that block ends before it can be told. */
CHECKED lupe_status dictionary_begins_at(struct dictionary *dictionary, uint64_t address,
                                         const uint8_t *prefix, size_t prefix_size, bool *begins);

/* The first of the two in steps of its own, so that several look-ups wait for memory together: each
 * step asks for what the next one reads. Alone, dictionary_locate is faster. */
struct dictionary_part {      /* of the index */
    const uint8_t *addresses; /* u32[count], unaligned like all numbers */
    const uint8_t *offsets;   /* u32[count + 1] */
    const uint8_t *separators;
    uint32_t count;
    uint32_t first; /* block of the dictionary */
    uint32_t bytes; /* of separators */
};

struct dictionary_wanted {
    const uint8_t *key;
    size_t size;
    uint64_t prefix; /* its first bytes as a number that orders as they do */
};

struct dictionary_search {
    struct dictionary *dictionary;
    struct dictionary_wanted wanted;
    uint32_t low; /* the one wanted is among count from here on: parts, then blocks */
    uint32_t count;
    size_t node; /* in the tree of all bisections */
    enum { SEARCH_PART, SEARCH_TOPS, SEARCH_OFFSETS, SEARCH_SEPARATORS, SEARCH_ADDRESS } step;
    struct dictionary_part part;
    uint64_t address; /* of the block that has the key if any has */
};

/* The key is borrowed. False: the dictionary is empty. */
bool dictionary_search_begin(struct dictionary_search *search, struct dictionary *dictionary,
                             const uint8_t *key, size_t key_size);
/* Sets *done, which the caller cleared, behind the last step: then the address is known. */
CHECKED lupe_status dictionary_search_go(struct dictionary_search *search, bool *done);

/* Parses the info of an entry, flags first, as lists are written with; LUPE_CORRUPT when it is
 * damaged. */
CHECKED lupe_status entry_parse(const uint8_t *info, size_t size, struct entry *entry);

/* What is left of a block. */
struct dictionary_block {
    const uint8_t *bases; /* offsets of its first list; NULL: it has none */
    const uint8_t *heads; /* u16 each */
    const uint8_t *next;  /* suffixes from here upwards, */
    const uint8_t *end;   /* infos from here downwards */
    unsigned left;        /* entries */
    uint32_t size;        /* of the whole block in bytes */
};

/* Walks keys in order from the first at or above a key. Entries without postings (ENTRY_NONE) are
 * passed over: they are found by dictionary_find alone. */
struct dictionary_iterator {
    struct dictionary *dictionary;
    uint8_t key[KEY_BYTES_MAX];
    size_t key_size;
    struct entry entry;
    uint64_t block_next; /* logical offset behind the block in use */
    struct dictionary_block block;
    uint64_t passed_over; /* entries without postings since dictionary_seek */
    bool first;           /* the next entry is the first of its block */
    bool pending;         /* key and entry are those dictionary_next has yet to give out */
};

CHECKED lupe_status dictionary_seek(struct dictionary *dictionary, const uint8_t *key,
                                    size_t key_size, struct dictionary_iterator *iterator);
/* Moves to the next key (after dictionary_seek: to the first); LUPE_NOT_FOUND behind the last. */
CHECKED lupe_status dictionary_next(struct dictionary_iterator *iterator);

/* An entry of a block; suffix and info follow each other at different ends of what is left. */
struct block_entry {
    unsigned head;
    size_t shared;
    size_t suffix_size;
    size_t info_size;
    const uint8_t *suffix;
    const uint8_t *info;
};

/* Walks blocks forward for who can tell from a separator that nothing between it and some key
 * further on is wanted: what is left out is not read. */
struct dictionary_walk {
    struct dictionary *dictionary;
    struct dictionary_part part;
    uint32_t extent; /* of the index, that has the part */
    uint32_t place;  /* of the block in it */
    struct dictionary_block block;
    struct block_entry entry; /* the one at hand: shared bytes of the key before, then suffix */
    size_t key_size;          /* its key's; 0 before the first entry of a block */
};

/* To the first block; LUPE_NOT_FOUND when there is none. */
CHECKED lupe_status dictionary_walk_begin(struct dictionary_walk *walk,
                                          struct dictionary *dictionary);
/* To the next block, whose separator is then at hand: it is above all keys before, and no key of
 * the block is below it. LUPE_NOT_FOUND behind the last. */
CHECKED lupe_status dictionary_walk_on(struct dictionary_walk *walk, const uint8_t **separator,
                                       size_t *size);
/* From the block at hand on to the one that has a key if any does, and opens it. */
CHECKED lupe_status dictionary_walk_to(struct dictionary_walk *walk, const uint8_t *key,
                                       size_t key_size);
/* The next entry of the block; LUPE_NOT_FOUND behind its last. The first shares nothing. */
CHECKED lupe_status dictionary_walk_entry(struct dictionary_walk *walk);
/* What the dictionary knows of the entry at hand. */
CHECKED lupe_status dictionary_walk_parse(const struct dictionary_walk *walk, struct entry *entry);

/* The key of the entry that has a number, counted from 0 in the order of keys, those without
 * postings included; LUPE_CORRUPT when there is none. */
CHECKED lupe_status dictionary_key(struct dictionary *dictionary, uint64_t number,
                                   uint8_t key[KEY_BYTES_MAX], size_t *key_size);

/* The number of the entry that has a key; LUPE_NOT_FOUND (no message) when there is none. */
CHECKED lupe_status dictionary_number(struct dictionary *dictionary, const uint8_t *key,
                                      size_t key_size, uint64_t *number);

/* Whether a key is of a list. */
static inline bool key_is_of(const uint8_t *key, uint32_t list)
{
    return ((uint32_t)key[0] << 8 | key[1]) == list;
}
/* Builds a key: list number and term. Returns its size. */
size_t key_make(uint8_t key[KEY_BYTES_MAX], uint32_t list, const void *term, size_t term_size);
/* The key of an external id (list 1), of any length up to ID_BYTES_MAX: the id of one above
 * ID_TERM_BYTES_MAX is to be compared, another may have its key. The key of a keyword value (list
 * LIST_FIELDS + field), of any length. */
size_t key_of_id(uint8_t key[KEY_BYTES_MAX], const void *id, size_t id_size);
size_t key_of_keyword(uint8_t key[KEY_BYTES_MAX], uint32_t field, const void *value,
                      size_t value_size);

#endif
