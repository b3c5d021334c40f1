/* SPDX-License-Identifier: MIT
 *
 * limits.h - every limit of the engine, by name. engine/FORMAT.md lists them with what happens
 * beyond each. Constants that are part of the file format are marked F: changing one makes a
 * new format version. Included everywhere; includes nothing of Lupe.
 */
#ifndef LUPE_BASE_LIMITS_H
#define LUPE_BASE_LIMITS_H

#define FORMAT_VERSION 1u /* F */

/* Documents. */
#define ID_BYTES_MAX 4096u            /* F: an external id */
#define ID_TERM_BYTES_MAX 200u        /* F: what the term keeps of a longer id, besides a hash */
#define FIELD_NAME_BYTES_MAX 255u     /* F */
#define FIELDS_MAX 4096u              /* declared fields of an index */
#define FIELD_GAP_MAX 1000u           /* F: positions left free between two texts */
#define KEYWORD_BYTES_MAX 250u        /* F: a longer keyword is its beginning and a hash, */
#define KEYWORD_PREFIX_BYTES 235u     /* F: so long that no whole keyword has as many bytes */
#define DOCUMENT_BYTES_MAX (1u << 30) /* all values of a document together */
#define DOCUMENT_WORDS_MAX (1u << 24) /* F: positions; what follows is stored, not indexed */

/* Words. */
#define TERM_BYTES_MAX 250u     /* F: a longer word is cut there and counted */
#define HYPHEN_PARTS_MAX 8u     /* F: a hyphen word of more parts is separate words */
#define SURFACE_BYTES_MAX 1024u /* a longer run of letters is cut into words of this size */

/* Word lists of the user. */
#define LEXICON_BYTES_MAX (64u << 20) /* a longer list is refused */

/* Segments. */
#define SEGMENT_DOCUMENTS_MAX (12u << 20)      /* F: a list's directory is within one extent */
#define SEGMENT_SECTION_BYTES_MAX (3ull << 30) /* of sections whose offsets are u32 */
#define SEGMENT_SMALL_BYTES_MAX (64u * 1024u)  /* F: below, a segment is one value */
#define SEGMENTS_MAX 12u                       /* what merging keeps the count at */
#define BLOCK_DOCUMENTS 128u                   /* F: postings a block */
#define SUPERBLOCK_BLOCKS 32u                  /* F: blocks a superblock */
#define WINDOW_DOCUMENTS 4096u                 /* documents a window of evaluation; not stored */
#define SPARSE_DOCUMENTS 16384u                /* documents a window of few postings; not stored */
#define COUNT_DOCUMENTS 16384u                 /* documents a window of counting; not stored */
#define NORMS 256u                             /* F: distinct norms */

/* Extents. The payload of an extent is EXTENT_BYTES - EXTENT_TAIL_BYTES. */
#define PAGE_BYTES 4096u
#define PAGE_HEADER_BYTES 16u                                   /* LMDB's, on a run of pages */
#define EXTENT_BYTES (256u * PAGE_BYTES - PAGE_HEADER_BYTES)    /* F */
#define READ_PADDING_BYTES 64u                                  /* F: kernels may read beyond */
#define CHECKSUM_BYTES 8u                                       /* F */
#define EXTENT_TAIL_BYTES (READ_PADDING_BYTES + CHECKSUM_BYTES) /* F */
#define EXTENT_PAYLOAD_BYTES (EXTENT_BYTES - EXTENT_TAIL_BYTES) /* F */
#define PUBLISH_BYTES_MAX (32u << 20)                           /* dirty in one transaction */
#define LIVE_CHUNK_DOCUMENTS (508u * 64u)                       /* F: of a live-documents chunk */
#define LIVE_LIST_MAX 64u                                       /* F: fewer deletes are a list */

/* Dictionary. */
#define DICTIONARY_BLOCK_TERMS 32u    /* F: terms a block */
#define DICTIONARY_INLINE_BYTES 31u   /* F: postings up to here lie in the dictionary */
#define CHAMPIONS_FREQUENCY_MIN 1024u /* F: lists from here on carry champions */

/* Stored documents. */
#define FRAME_BYTES 2048u                     /* aim of a frame of stored documents, uncompressed */
#define STORED_DICTIONARY_BYTES (32u * 1024u) /* trained dictionary */

/* Compounds in the lists of their parts. */
#define WIDE_UNIT 8u              /* F: tfs count such fractions of a word */
#define PARTS_DOCUMENTS_MAX 1024u /* in more documents a word gets a wide list */
#define PARTS_TF_UNIT 64u         /* F: in a list of parts the word's own tf counts so much, */
#define PARTS_EXTRA_MAX 63u       /* F: and what compounds count is no more */

/* Surface forms. */
#define FORMS_MAX 255u /* F: of a word in a segment: the rarest of more are one without a name */
#define FORM_BYTES_MAX 250u /* F: a longer one is cut there, as terms are */

/* Pairs of frequent words. */
#define PAIR_TERM_BYTES_MAX 60u       /* F: longer words are not paired */
#define PAIR_WORDS_MAX 128u           /* F: of a segment */
#define PAIR_SHARE 8u                 /* words in an eighth of the documents are paired, */
#define PAIR_DOCUMENTS_MIN 16384u     /* in segments of so many documents */
#define PAIR_MEMORY_BYTES (32u << 20) /* for counting; beyond it documents are read again */

/* Queries. */
#define QUERY_TERMS_MAX 1024u                  /* distinct words; more are dropped and counted */
#define QUERY_BYTES_MAX (1u << 24)             /* what follows is not read */
#define QUERY_DEPTH_MAX 64u                    /* nested parentheses; deeper ones are ignored */
#define PREFIX_TERMS_MAX 1024u                 /* expansions of pre* */
#define FUZZY_TERMS_MAX 64u                    /* expansions of word~ */
#define NEIGHBOURS_MAX 128u                    /* pairs of a query that are looked at */
#define NEIGHBOURS_BETWEEN 2u                  /* words of grammar between the two of a pair */
#define JOIN_WORD_BYTES_MIN 3u                 /* of each of them, to be joined */
#define CORRECTIONS_MAX 8u                     /* unknown words of a query that are looked into */
#define PHRASE_WORDS_MAX 256u                  /* of a longer phrase the first count */
#define PHRASE_VARIANTS_MAX 32u                /* readings of a phrase with hyphen words */
#define SCORE_BITS 20u                         /* a score's unit is 2^-SCORE_BITS */
#define QUERY_CLAUSES_MAX 4096u                /* of the whole tree; more are dropped and counted */
#define QUERY_TEXT_BYTES_MAX ((size_t)1 << 20) /* of lupe_query_text, then an ellipsis */
#define BOOST_TYPED_MAX 1000.0                 /* word^1000; a larger number is a word */
#define BOOST_MAX 1e6                          /* of a word, after all groups and repetitions */
#define BOOST_MIN 1e-6

/* Results. */
#define SNIPPET_LENGTH_MIN 20u
#define SNIPPET_LENGTH_MAX 100000u
#define SNIPPET_ENOUGH_BYTES ((size_t)1 << 20) /* read of a value where a match was found */
#define SNIPPET_LIMIT_BYTES ((size_t)16 << 20) /* read of a value in search of a first match */
#define SEQUENCE_STEPS_MAX 4096u /* attempts to find a phrase of many readings at one place */

/* Writing. */
#define WRITER_MEMORY_MIN (1ull << 20)
#define WRITER_MEMORY_MAX (64ull << 30)
#define WRITER_THREADS_MAX 64u

/* Store. */
#define READERS_MAX 4096u
#define MAP_BYTES_DEFAULT (1ull << 40)
#define MAP_BYTES_MIN (64ull << 20)
#define PATH_BYTES_MAX 4096u
#define MESSAGE_BYTES_MAX 1024u

#endif
