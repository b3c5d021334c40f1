/* SPDX-License-Identifier: MIT
 *
 * postings.h - a term's documents, term frequencies and positions in blocks of 128 (FORMAT.md
 * sections 5, 6, 7).
 *
 * Owns the encoding of lists and the way into them: directory, blocks, bounds, champions. Written
 * by segment_writer.c; read block by block by query/ and write/merge.c. Never scores, never looks
 * at live documents.
 */
#ifndef LUPE_SEGMENT_POSTINGS_H
#define LUPE_SEGMENT_POSTINGS_H

#include "segment/dictionary.h"
#include "segment/norm.h"
#include "segment/pack.h"
#include "segment/positions.h"

/* ---- writing one list after the other */

#define VALUES_TF_MAX 16u /* 16 KiB of table: it stays in the first-level cache */

struct postings_writer {
    struct section_writer *postings;
    struct section_writer *positions;
    const uint8_t *norms;      /* of the segment's documents */
    float factors[NORMS];      /* k1 * n by norm, */
    float wide_factors[NORMS]; /* in units of a wide list */
    float (*values)[NORMS];    /* [VALUES_TF_MAX]: tf / (tf + factor) of small tfs */
    const uint8_t *key;        /* with a parcel: of the list being written */
    size_t key_size;
    unsigned document_bits; /* of the segment */
    uint8_t flags;          /* ENTRY_HAS_... of the list being written */
    bool is_wide;           /* its tfs count WIDE_UNIT-ths */
    uint32_t frequency;
    uint64_t occurrences;
    uint32_t last; /* last document added, UINT32_MAX before the first */
    uint64_t positions_start;
    unsigned count; /* postings in the block being filled */
    uint32_t documents[BLOCK_DOCUMENTS + 16];
    uint32_t tfs[BLOCK_DOCUMENTS + 16];
    uint32_t *numbers; /* first positions and deltas of the block's documents, in order */
    size_t number_count;
    size_t number_capacity;
    struct buffer blocks;    /* encoded blocks, one after the other */
    struct buffer directory; /* {u32 last, u32 size in blocks, u8 bound} a block */
    float *champions;        /* the best values, the 1000 wanted among them */
    unsigned champion_count;
    float champion_least;  /* what is not above it is not among them */
    struct buffer *parcel; /* NULL: lists go to the sections */
    struct buffer units;   /* encoded pieces of positions: of a block, with a parcel of the list */
    struct buffer sizes;   /* the u32 size of each piece of them, */
    struct buffer holes;   /* and {u32 place of positions_at in blocks, u32 pieces} a block */
};

CHECKED lupe_status postings_writer_init(struct postings_writer *writer,
                                         struct section_writer *postings,
                                         struct section_writer *positions, const uint8_t *norms,
                                         uint32_t documents, const struct bm25 *bm25);
void postings_writer_free(struct postings_writer *writer);

/* Begins a list. flags: ENTRY_HAS_TF, ENTRY_HAS_POSITIONS (which needs tf). */
void postings_writer_begin(struct postings_writer *writer, uint8_t flags);
/* Then: its tfs count WIDE_UNIT-ths of a word. Such a list is never inline. */
static inline void postings_writer_set_wide(struct postings_writer *writer)
{
    writer->is_wide = true;
}

/* Adds postings in document order, any number at a time. tfs may be NULL without tf; positions
 * (absolute, ascending within a document, sum of tfs of them) NULL without positions. */
CHECKED lupe_status postings_writer_add(struct postings_writer *writer, const uint32_t *documents,
                                        const uint32_t *tfs, const uint32_t *positions,
                                        size_t count);

/* Ends the list: writes it where it is not inline and gives the dictionary info (at most 63
 * bytes). A list without postings gives info_size 0: it has no entry. */
CHECKED lupe_status postings_writer_end(struct postings_writer *writer, uint8_t info[256],
                                        size_t *info_size);

/* Lists may be encoded in several threads and placed by one. A writer with a parcel does not touch
 * the sections: postings_writer_end adds to the parcel what postings_place needs to write the same
 * bytes as a writer without would; the info it gives is to be ignored. A list without postings
 * adds nothing. */
void postings_writer_to_parcel(struct postings_writer *writer, struct buffer *parcel,
                               const uint8_t *key, size_t key_size);

struct parcel_entry {
    const uint8_t *key;
    size_t key_size;
    uint32_t frequency;
    uint8_t info[256];
    size_t info_size;
};

/* Places the next list of a parcel, made by this process and trusted. */
CHECKED lupe_status postings_place(struct cursor *parcel, struct section_writer *postings,
                                   struct section_writer *positions, struct parcel_entry *entry);

/* ---- reading */

/* A list ready for reading; points into the file. Cheap to make: no block is touched. A list that
 * is inline has one block, decoded into small_*. */
struct list {
    struct section *postings;
    struct section *positions;
    const struct pack_kernels *kernels;
    uint64_t start; /* logical offset of the list */
    uint64_t positions_start;
    uint32_t frequency;
    uint64_t occurrences;
    uint32_t block_count;
    uint32_t super_count; /* 0: no superblock arrays */
    uint8_t flags;        /* ENTRY_HAS_... */
    uint8_t bound;        /* of the whole list */
    bool has_champions;
    uint16_t champions[3];     /* of 10, 100, 1000 */
    const uint8_t *super_last; /* u32[super_count], unaligned */
    const uint8_t *super_bound;
    const uint8_t *last;        /* u32[block_count], unaligned; NULL when block_count == 1 */
    const uint8_t *offset;      /* u32[block_count] */
    const uint8_t *bounds;      /* u8[block_count] */
    uint32_t header_size;       /* bytes before the first block when block_count == 1 */
    const uint8_t *inline_data; /* inline */
    uint32_t inline_size;
    uint32_t single_document; /* single */
    uint32_t single_position;
    uint8_t storage;        /* ENTRY_LIST, ... */
    bool is_wide;           /* its tfs count WIDE_UNIT-ths */
    uint32_t documents_max; /* of the segment, to check against */
};

/* Opens the list of an entry. */
CHECKED lupe_status list_open(struct section *postings, struct section *positions,
                              uint32_t segment_documents, const struct entry *entry,
                              struct list *list);

/* A block being read. documents[0..count) are filled by block_read; tfs when asked for. */
struct block {
    uint32_t number;
    uint32_t count;
    uint32_t positions_at;
    uint8_t position_base;
    const uint8_t *tf_bytes; /* NULL: inline or none */
    const uint8_t *end;      /* of the extent's payload */
    bool tfs_read;
    uint32_t more; /* sum of tf - 1, when the tfs were read */
    bool is_bits;  /* stored as a bit set */
    bool positions_read;
    const uint8_t *bits; /* then its words ... */
    uint32_t bit_words;
    uint32_t bit_base; /* ... bit 0 stands for this document */
    uint32_t bit_last; /* ... and the highest for this */
    uint32_t documents[BLOCK_DOCUMENTS + 16];
    uint32_t tfs[BLOCK_DOCUMENTS + 16];
};

/* What is needed to come back to a block for its term frequencies and positions without reading its
 * documents again. */
struct block_mark {
    uint32_t number;
    uint32_t count;
    uint32_t positions_at;
    uint8_t position_base;
    const uint8_t *tf_bytes;
    const uint8_t *end;
};

static inline struct block_mark block_mark(const struct block *block)
{
    return (struct block_mark){block->number,        block->count,    block->positions_at,
                               block->position_base, block->tf_bytes, block->end};
}

/* Back at a block of a list that is not inline: all but its documents can be read. */
static inline void block_return(struct block *block, const struct block_mark *mark)
{
    block->number = mark->number;
    block->count = mark->count;
    block->positions_at = mark->positions_at;
    block->position_base = mark->position_base;
    block->tf_bytes = mark->tf_bytes;
    block->end = mark->end;
    block->tfs_read = false;
    block->is_bits = false;
}

/* The last document of a block; for a list of one block UINT32_MAX - 1 (not known without
 * reading). */
static inline uint32_t list_block_last(const struct list *list, uint32_t block)
{
    return list->last ? load_u32(list->last + 4 * (size_t)block) : UINT32_MAX - 1;
}

/* The first block at or after `from` whose last document is at or above target; block_count when
 * there is none. */
uint32_t list_find_block(const struct list *list, uint32_t from, uint32_t target);

/* Decodes the documents of a block. LUPE_CORRUPT when it is damaged: documents are ascending and
 * below the segment's number. */
CHECKED lupe_status block_read(const struct list *list, uint32_t number, struct block *block);

/* Locates a block stored as a bit set without decoding it: is_bits tells, documents are not
 * filled when it is true. */
CHECKED lupe_status block_read_lazy(const struct list *list, uint32_t number, struct block *block);

/* Decodes the term frequencies of a block that was read (all 1 without tf). */
CHECKED lupe_status block_read_tfs(const struct list *list, struct block *block);

/* The term frequency of one document of a block, without decoding the others. */
CHECKED lupe_status block_tf(const struct list *list, struct block *block, unsigned index,
                             uint32_t *tf);

/* Asks for the bytes of a block ahead. */
void list_prefetch_block(const struct list *list, uint32_t number);

/* Where the positions of document `index` of a block are, asked for ahead; its term frequencies
 * are decoded only where it must be. unary is NULL where only block_positions reads them, as in a
 * list that is inline and a unit of several pieces: then nothing is known but tf. */
CHECKED lupe_status block_place(const struct list *list, struct block *block, unsigned index,
                                struct position_place *place);

/* A block opened only as far as to look for documents in its bit set. */
struct bit_block {
    struct block_mark mark;
    const uint8_t *bits;
    unsigned words;
    uint32_t base; /* bit 0 stands for this document */
};
/* *is_bits is false, and nothing is given, when the block is no bit set. */
CHECKED lupe_status bit_block_open(const struct list *list, uint32_t number, struct bit_block *bits,
                                   bool *is_bits);
/* Whether it has the document, and then its place in the block. */
static inline bool bit_block_find(const struct bit_block *block, uint32_t document, uint8_t *at)
{
    uint32_t bit = document - block->base;
    if (document < block->base || bit / 64 >= block->words ||
        !(block->bits[bit / 8] >> bit % 8 & 1))
        return false;
    *at = (uint8_t)position_kernels()->ones_before(block->bits, bit);
    return *at < block->mark.count;
}

/* What to say of a document whose place turned out to be damaged. */
lupe_status list_corrupt_positions(const struct list *list);

/* The absolute positions of documents index[0..n) of a block whose tfs were read: the tf[index[0]]
 * positions of the first, then those of the next, from (*out)[at] on; *out (of *capacity numbers)
 * grows with memory_realloc. index ascends. LUPE_CORRUPT, LUPE_NO_MEMORY. */
CHECKED lupe_status block_positions(const struct list *list, struct block *block,
                                    const uint8_t *index, unsigned n, uint32_t **out,
                                    size_t *capacity, size_t at);

#endif
