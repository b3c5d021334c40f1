/* SPDX-License-Identifier: MIT
 *
 * lupe.h - the whole public interface of Lupe, an embedded full-text search engine.
 *
 * WHAT IT IS
 *
 * Lupe keeps an inverted index of documents in one file and answers queries over it,
 * ranked by BM25. Text is analyzed for German by default (folding of case, umlauts and
 * sharp s, Snowball stems, hyphen words). The file is an LMDB environment: commits are
 * atomic and durable, readers in any thread and any process are never blocked, and a
 * snapshot stays what it was while others write.
 *
 * IN TWENTY LINES OF C
 *
 *     lupe_index *index = NULL;
 *     lupe_writer *writer = NULL;
 *     lupe_snapshot *snapshot = NULL;
 *     lupe_query *query = NULL;
 *     lupe_results *results = NULL;
 *     lupe_value values[] = {
 *         { .field = "title", .kind = LUPE_TEXT, .data = "Brief", .size = 5 },
 *         { .field = "text", .kind = LUPE_TEXT, .data = "Ein Zug nach Wladiwostok", .size = 24 },
 *     };
 *     lupe_document document = { .id = "1", .id_size = 1, .values = values, .value_count = 2 };
 *     if (lupe_index_create("brief.lupe", NULL, NULL, &index) ||
 *         lupe_writer_open(index, NULL, &writer) || lupe_writer_put(writer, &document) ||
 *         lupe_writer_commit(writer) || lupe_snapshot_open(index, &snapshot) ||
 *         lupe_query_parse(index, "Zug", 3, NULL, &query) ||
 *         lupe_search(snapshot, query, NULL, &results))
 *         fprintf(stderr, "%s\n", lupe_last_error());
 *     else
 *         printf("%zu hits\n", lupe_results_count(results));
 *     lupe_results_free(results);
 *     lupe_query_free(query);
 *     lupe_snapshot_close(snapshot);
 *     lupe_writer_close(writer);
 *     lupe_index_close(index);
 *
 * RULES THAT HOLD FOR EVERY FUNCTION
 *
 * Errors.     A call that can fail returns lupe_status, 0 on success. On failure its out
 *             parameters are set to NULL or 0 and lupe_last_error() tells what happened,
 *             where, and what to do. A call names the errors that are its own; beside them any
 *             can give LUPE_INVALID (arguments), LUPE_MISUSE (handles), LUPE_NO_MEMORY, and any
 *             that reads the file LUPE_IO and LUPE_CORRUPT. The library never aborts, exits,
 *             prints or installs a signal handler.
 * Ownership.  What you pass in is borrowed for the call. What the library hands out belongs
 *             to the handle named in the comment and is valid until that handle is closed
 *             or, where the comment says so, reused. Each _open, _create, _parse and
 *             lupe_search has one _close or _free, which accepts NULL. Close results before
 *             their snapshot, snapshots and writers before their index: the other way round is
 *             undefined. A query may be freed before the results of its searches.
 * Threads.    lupe_index, lupe_query: any thread at any time, until one closes them.
 *             lupe_writer: one thread at a time. A lupe_snapshot and all results made with it,
 *             together: one thread at a time. No thread is started unless an option asks for it
 *             (but for the moment of compacting a file, when LMDB runs one to read ahead).
 * Hooks.      Functions you give (log, progress, cancel, report) are called by the thread that
 *             made the call, during it. They must not call the library with the same handle.
 * Processes.  Any number may hold the file open. After fork() a child must not use handles
 *             of its parent: calls with them give LUPE_MISUSE, closing them is safe.
 * Strings.    Text is UTF-8 with a length in bytes; invalid sequences are read as U+FFFD.
 *             File names, field names, languages and what returns a bare const char * are
 *             NUL-terminated; so are ids and snippets handed out, behind their size bytes.
 *             Values of documents are not.
 * Structs.    Option structs, and lupe_statistics, begin with their size, so that they can grow.
 *             Declare them with their _INIT macro, then set members: zero is a value, not "the
 *             default". Passing NULL for options means the defaults. A shorter struct (of an
 *             older header) is completed with the defaults; of a longer one (of a newer header)
 *             the part that the library does not know must be zero, else LUPE_UNSUPPORTED.
 *             lupe_field, lupe_value and lupe_document, of which you make arrays, stay as they
 *             are in all versions 0.x (liblupe.so.0); what they may need is in them already and
 *             must be zero, so set the members you mean and leave the rest to the initializer
 *             ({ 0 } in C, {} in C++). Structs handed out may grow at their end.
 */
#ifndef LUPE_H
#define LUPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LUPE_VERSION_MAJOR 0
#define LUPE_VERSION_MINOR 1
#define LUPE_VERSION_PATCH 0
#define LUPE_VERSION "0.1.0"

#if defined(__GNUC__)
#define LUPE_API __attribute__((visibility("default")))
#define LUPE_CHECKED __attribute__((visibility("default"), warn_unused_result))
#else
#define LUPE_API
#define LUPE_CHECKED LUPE_API
#endif

/* ------------------------------------------------------------------ status codes */

/* Name, value, sentence. The numbers never change. */
#define LUPE_STATUS_TABLE(X)                                                  \
    X(LUPE_OK, 0, "success")                                                  \
    X(LUPE_NO_MEMORY, 1, "out of memory")                                     \
    X(LUPE_INVALID, 2, "invalid argument")                                    \
    X(LUPE_MISUSE, 3, "the handle cannot be used here")                       \
    X(LUPE_NOT_FOUND, 4, "not found")                                         \
    X(LUPE_EXISTS, 5, "exists already")                                       \
    X(LUPE_BUSY, 6, "in use by another")                                      \
    X(LUPE_CONFLICT, 7, "the field has another kind")                         \
    X(LUPE_LIMIT, 8, "a limit was exceeded")                                  \
    X(LUPE_NOT_INDEX, 9, "not a Lupe index")                                  \
    X(LUPE_TOO_NEW, 10, "made by a newer Lupe")                               \
    X(LUPE_CORRUPT, 11, "the index is damaged")                               \
    X(LUPE_IO, 12, "input/output error")                                      \
    X(LUPE_NO_SPACE, 13, "no space left")                                     \
    X(LUPE_NO_PERMISSION, 14, "permission denied")                            \
    X(LUPE_CANCELLED, 15, "cancelled")                                        \
    X(LUPE_ANALYZER_CHANGED, 16, "the index was written by another analyzer") \
    X(LUPE_UNSUPPORTED, 17, "not supported")

typedef enum lupe_status {
#define LUPE_STATUS_ENUM(name, value, text) name = value,
    LUPE_STATUS_TABLE(LUPE_STATUS_ENUM)
#undef LUPE_STATUS_ENUM
} lupe_status;

/* The version of the library at run time, "major.minor.patch". Static. */
LUPE_API const char *lupe_version(void);

/* The name ("LUPE_BUSY") and the sentence ("in use by another") of a status. Static. */
LUPE_API const char *lupe_status_name(lupe_status status);
LUPE_API const char *lupe_status_text(lupe_status status);

/* The message of the last failed call of this thread: what, where, what to do; "" when none
 * has failed. A call that succeeds leaves it. It belongs to the thread and is valid until the
 * thread's next failing call. */
LUPE_API const char *lupe_last_error(void);

/* ------------------------------------------------------------------ memory */

/* An allocator. allocate and reallocate return memory aligned for any type, or NULL, which
 * the library answers with LUPE_NO_MEMORY; reallocate then leaves the old memory as it is. They
 * are never asked for 0 bytes, reallocate and release never given NULL. All three may be called
 * from any thread. */
typedef struct lupe_allocator {
    void *(*allocate)(void *user, size_t size);
    void *(*reallocate)(void *user, void *memory, size_t size);
    void (*release)(void *user, void *memory);
    void *user;
} lupe_allocator;

/* Sets the allocator of the process; NULL restores malloc. To be called while the library
 * holds no memory (else LUPE_MISUSE) and by one thread. The packages Lupe stands on (LMDB,
 * zstd, libstemmer) go on using malloc. */
LUPE_CHECKED lupe_status lupe_set_allocator(const lupe_allocator *allocator);

/* How many allocations of the library are alive in this process, for tests: zero when every
 * handle is closed. Any thread. */
LUPE_API size_t lupe_allocations_live(void);

/* ------------------------------------------------------------------ the index */

typedef struct lupe_index lupe_index;   /* a file, open in this process */
typedef struct lupe_writer lupe_writer; /* changes to it; one works at a time over all processes */
typedef struct lupe_snapshot lupe_snapshot;       /* a consistent view of it */
typedef struct lupe_query lupe_query;             /* a parsed query */
typedef struct lupe_results lupe_results;         /* the answer to one search */
typedef struct lupe_suggestions lupe_suggestions; /* words like one */

/* What a field is. INTEGER, REAL and DATE have their number but are refused
 * (LUPE_UNSUPPORTED) until the queries that use them exist. */
typedef enum lupe_kind {
    LUPE_KIND_NONE = 0, /* in lupe_value: "as the field was declared" */
    LUPE_TEXT = 1,      /* analyzed words with positions; searched by default */
    LUPE_KEYWORD = 2,   /* exact value; field:value filters. A value above 250 bytes is told from
                         * others by its first 235 and a hash. */
    LUPE_STORED = 3,    /* kept and handed back, not searched */
    LUPE_INTEGER = 4,
    LUPE_REAL = 5,
    LUPE_DATE = 6
} lupe_kind;

#define LUPE_FIELD_FAST 1u /* a list of its own for a text field, so that field:word is fast */

/* A field to declare. Field names are 1 to 255 bytes without control characters. */
typedef struct lupe_field {
    const char *name;
    lupe_kind kind;
    uint32_t flags;       /* LUPE_FIELD_... */
    const char *language; /* of a text field; NULL: the index's language */
    double weight;        /* of a text field's words, 1 to 100; 0 is read as 1. Above 1 the field
                           * has a list of its own, as with LUPE_FIELD_FAST. */
} lupe_field;

typedef enum lupe_analysis {
    LUPE_ANALYSIS_STANDARD = 0, /* what Lupe does best for the language; the default */
    LUPE_ANALYSIS_BARE = 1,     /* words, folding and stems, nothing more */
    LUPE_ANALYSIS_PLAIN = 2     /* runs of letters, digits and _ in lower case, nothing more */
} lupe_analysis;

/* Smaller, without the places of words: a phrase matches where all its words are, and field:word
 * of a text field without a list of its own (LUPE_FIELD_FAST) finds the word in any text field. */
#define LUPE_WITHOUT_POSITIONS 1u
/* Text fields are not kept: no snippets, and documents are handed out without them. */
#define LUPE_WITHOUT_STORED_TEXT 2u
/* Smaller by a few percent: without the lists of pairs of very frequent words, which make phrases
 * of them ("in der") as fast as words. Large segments alone have them. */
#define LUPE_WITHOUT_PAIRS 4u
/* Smaller, where German is split into its compounds: they are not, in documents and in queries. */
#define LUPE_WITHOUT_COMPOUNDS 8u
/* Of German, for comparisons: old spelling (Theil, Concert) is not brought into today's, and forms
 * that the stemmer keeps apart (Autos, Museen) stay apart. */
#define LUPE_WITHOUT_OLD_SPELLING 32u
#define LUPE_WITHOUT_MENDING 64u
/* Smaller by some 5 %: without the forms in which words were written, so that =word finds what word
 * does. They are there with LUPE_ANALYSIS_STANDARD and positions alone. */
#define LUPE_WITHOUT_FORMS 16u

/* What an index is made with; fixed in the file. */
typedef struct lupe_create_options {
    size_t size;              /* sizeof(lupe_create_options) */
    const lupe_field *fields; /* declared fields; others are declared by their first use */
    size_t field_count;
    const char *language; /* "german" (default, NULL), any Snowball language, or "none" */
    lupe_analysis analysis;
    uint32_t flags;     /* LUPE_WITHOUT_... */
    uint32_t field_gap; /* positions left free between two text fields, 0 to 1000; default 100 */
    double k1;          /* BM25, 0 to 10; default 1.2 */
    double b;           /* BM25, 0 to 1; default 0.75 */
    /* Words that German compounds are made of, beside those that Lupe knows: lexicon_size bytes, a
     * word a line, also a .dic file of hunspell; # begins a comment. Up to 64 MiB and 1,048,576
     * words of 3 to 40 letters; lines that are none are counted and passed over. The index keeps
     * the list. LUPE_INVALID: it is binary or has no word, or nothing of the index is German;
     * LUPE_LIMIT: it is longer. */
    const char *lexicon;
    size_t lexicon_size; /* 0: none */
} lupe_create_options;
#define LUPE_CREATE_OPTIONS_INIT                                                               \
    {                                                                                          \
        sizeof(lupe_create_options), NULL, 0, NULL, LUPE_ANALYSIS_STANDARD, 0, 100, 1.2, 0.75, \
            NULL, 0                                                                            \
    }

#define LUPE_OPEN_READ_ONLY 1u /* no writer can be opened through this handle */
#define LUPE_OPEN_IMMUTABLE 2u /* opens without lock file where nobody may write; read only */
#define LUPE_OPEN_VERIFY 4u /* walks all pages and checksums first; as slow as reading the file */

/* How a file is opened; holds for this handle only. */
typedef struct lupe_open_options {
    size_t size; /* sizeof(lupe_open_options) */
    uint32_t flags;
    uint64_t map_bytes; /* address space to reserve = largest size of the file; 0: 1 TiB, halved
                         * until it is granted */
    void *user;         /* passed to the hooks below, which may be NULL */
    void (*log)(void *user, const char *message);
    /* Called now and then by long work (merge, optimize, compact, backup, check) with the
     * share done, 0 to 1. Returning false cancels it: LUPE_CANCELLED, nothing is lost. */
    bool (*progress)(void *user, const char *what, double done);
} lupe_open_options;
#define LUPE_OPEN_OPTIONS_INIT                            \
    {                                                     \
        sizeof(lupe_open_options), 0, 0, NULL, NULL, NULL \
    }

/* Creates an index at path, which must not exist (LUPE_EXISTS), and opens it. */
LUPE_CHECKED lupe_status lupe_index_create(const char *path, const lupe_create_options *create,
                                           const lupe_open_options *open, lupe_index **index);

/* Opens an index. Errors: LUPE_NOT_FOUND, LUPE_NOT_INDEX, LUPE_TOO_NEW, LUPE_CORRUPT,
 * LUPE_NO_PERMISSION, LUPE_IO, LUPE_BUSY (another compacts it), LUPE_UNSUPPORTED. Opening one file
 * twice in a process gives two handles over one environment, also by different paths. Damage to
 * the pages of LMDB itself can crash the process unless LUPE_OPEN_VERIFY is given or
 * lupe_index_check found the file sound; damage to Lupe's own data cannot. */
LUPE_CHECKED lupe_status lupe_index_open(const char *path, const lupe_open_options *open,
                                         lupe_index **index);

/* True when the index was written by another version of the analyzer. Searching goes on, but may
 * miss words that are analyzed otherwise today; writing gives LUPE_ANALYZER_CHANGED. The remedy is
 * a new index, made from the documents. */
LUPE_API bool lupe_index_analyzer_changed(const lupe_index *index);

/* True when compounds of documents that were there when the index was opened were split with
 * another lexicon than today's, that of another version of the library. Searching and writing go
 * on; in those documents a word may not be found in compounds. The remedy is to put all documents
 * again, in one commit, or a new index. */
LUPE_API bool lupe_index_lexicon_changed(const lupe_index *index);

/* Whether the index was made with this word list (size 0: with none). */
LUPE_API bool lupe_index_lexicon_is(const lupe_index *index, const char *words, size_t size);

/* Closes the handle. Its writers, snapshots and results must be closed before. */
LUPE_API void lupe_index_close(lupe_index *index);

/* ------------------------------------------------------------------ writing */

/* A value of a document. A field may occur many times: texts follow each other, a keyword
 * field has many values. kind is needed only where the field is not yet declared. */
typedef struct lupe_value {
    const char *field;
    lupe_kind kind;
    uint32_t flags;   /* 0 */
    const char *data; /* size bytes, UTF-8 for text */
    size_t size;
    union {
        int64_t integer; /* of an integer; of a date, milliseconds since 1970 */
        double real;
    } number; /* of the kinds still to come; not read for others */
} lupe_value;

/* A document: an external id of 1 to 4,096 bytes, unique in the index, and values. */
typedef struct lupe_document {
    const char *id;
    size_t id_size;
    const lupe_value *values;
    size_t value_count;
    uint64_t reserved; /* 0 */
} lupe_document;

typedef struct lupe_writer_options {
    size_t size;           /* sizeof(lupe_writer_options) */
    uint64_t memory_bytes; /* budget of buffered changes, 1 MiB to 64 GiB; default 64 MiB */
    uint32_t threads;      /* 1 to 64; 1 (default) starts none */
    uint32_t wait_ms;      /* how long to wait for another writer before LUPE_BUSY; default 0;
                            * UINT32_MAX: as long as it takes */
} lupe_writer_options;
#define LUPE_WRITER_OPTIONS_INIT                     \
    {                                                \
        sizeof(lupe_writer_options), 64u << 20, 1, 0 \
    }

/* Opens a writer. This takes no lock: the first put or delete does, commit and rollback give
 * it back. Errors: LUPE_MISUSE (the handle is for reading only), LUPE_TOO_NEW (the index has
 * parts that this library can read past but not write), LUPE_ANALYZER_CHANGED (it was written by
 * another version of the analyzer: searching goes on; to write, make a new index from the
 * documents). These can also come from a put or delete that is the first after a commit, when
 * another process has changed the index. */
LUPE_CHECKED lupe_status lupe_writer_open(lupe_index *index, const lupe_writer_options *options,
                                          lupe_writer **writer);

/* Inserts the document, or replaces the one with its id. It becomes visible and durable with
 * the next commit. Errors that take nothing and leave the writer as it was: LUPE_INVALID (id,
 * field name, value), LUPE_CONFLICT (a value's kind is not that of its field; the message names
 * it), LUPE_LIMIT (a document over 1 GiB, too many fields), LUPE_UNSUPPORTED (a kind still to
 * come, a flag), LUPE_BUSY (another writer is at work).
 *
 * After any other error (LUPE_NO_MEMORY, LUPE_IO, LUPE_NO_SPACE, LUPE_CORRUPT) within a run of
 * changes, all changes since the last commit are lost, and put and delete give LUPE_MISUSE until
 * lupe_writer_rollback. A commit without it gives LUPE_MISUSE once and rolls back itself, so that
 * changes are never lost with LUPE_OK. An error of the first put or delete of a run, which had
 * nothing to lose, leaves the writer as it was. */
LUPE_CHECKED lupe_status lupe_writer_put(lupe_writer *writer, const lupe_document *document);

/* Deletes the document with this id, if there is one, with the next commit. Errors as those of
 * lupe_writer_put. */
LUPE_CHECKED lupe_status lupe_writer_delete(lupe_writer *writer, const char *id, size_t id_size);

/* Makes all changes since the last commit visible at once and durable. On failure
 * (LUPE_NO_MEMORY, LUPE_IO, LUPE_NO_SPACE, LUPE_CORRUPT, LUPE_MISUSE after an error of before)
 * none of them is; they are gone, as after rollback, and the writer can begin anew. Merging is
 * done behind a commit: what goes wrong there is told to the log hook and leaves the commit. So
 * is compacting a file of up to 16 MiB that has more free pages than data, where no other handle
 * or process has it open; who opens it meanwhile waits for some milliseconds. */
LUPE_CHECKED lupe_status lupe_writer_commit(lupe_writer *writer);

/* Drops all changes since the last commit. */
LUPE_API void lupe_writer_rollback(lupe_writer *writer);

/* Rolls back what was not committed and closes the writer. */
LUPE_API void lupe_writer_close(lupe_writer *writer);

/* Declares a field with the next commit, which values of documents may use before. Fields need not
 * be declared: the first value of an unknown one declares it, without weight, language or list of
 * its own, and that stays. To be called before the first put or delete behind a commit, else
 * LUPE_MISUSE. Declaring again what there is already is LUPE_OK, at any time; something else of the
 * same name is LUPE_CONFLICT. Other errors as those of lupe_writer_put. */
LUPE_CHECKED lupe_status lupe_writer_declare(lupe_writer *writer, const lupe_field *field);

/* The kind of a field as this writer sees it, with those it declared since the last commit;
 * LUPE_KIND_NONE when it is not declared. */
LUPE_API lupe_kind lupe_writer_field_kind(const lupe_writer *writer, const char *field);

/* ------------------------------------------------------------------ reading */

/* Opens a view of the last commit. It pins the space of older data: keep it no longer than
 * needed. */
LUPE_CHECKED lupe_status lupe_snapshot_open(lupe_index *index, lupe_snapshot **snapshot);
LUPE_API void lupe_snapshot_close(lupe_snapshot *snapshot);

/* The stored document with this id; LUPE_NOT_FOUND when there is none. The document belongs
 * to the snapshot and is valid until the next call of this function or its close. */
LUPE_CHECKED lupe_status lupe_snapshot_get(lupe_snapshot *snapshot, const char *id, size_t id_size,
                                           const lupe_document **document);

/* The fields of the index, 0 to count - 1 in the order in which they were declared, with the
 * language that holds for them. They belong to the snapshot. */
LUPE_API size_t lupe_snapshot_field_count(const lupe_snapshot *snapshot);
LUPE_CHECKED lupe_status lupe_snapshot_field(lupe_snapshot *snapshot, size_t number,
                                             const lupe_field **field);

#define LUPE_QUERY_ALL 1u /* every word is required, not any */

typedef struct lupe_query_options {
    size_t size; /* sizeof(lupe_query_options) */
    uint32_t flags;
} lupe_query_options;
#define LUPE_QUERY_OPTIONS_INIT       \
    {                                 \
        sizeof(lupe_query_options), 0 \
    }

/* Parses a query. What a person can type is never an error: what is not syntax is words.
 *
 *     word another        any of them; more and rarer words rank first
 *     "two words"         a sequence
 *     +must -not          required, excluded
 *     a AND b, a OR b, NOT c   also UND, ODER, NICHT; only between operands and where the
 *                         query also has a lower-case letter; AND binds closer than OR
 *     (a OR b) c          groups
 *     field:word          in that field only; a keyword field filters by the exact value
 *     word^2              counts twice
 *     pre*                words that begin so (at most 1,024 of them, the most frequent) and the
 *                         word itself, as it is found without the asterisk
 *     word~1 word~2 word~ words that differ from it in one or two edits (a letter too many, too few
 *                         or another, neighbours that changed places; umlauts and ae, oe, ue are
 *                         one), at most 64 of them, the nearest first, besides the word itself,
 *                         which counts most; ~ alone: one edit from 4, two from 8 letters on;
 *                         articles, pronouns and the like are not among them
 *     =word ="two words"  in just these surface forms, in any case of letters: =Hauses finds Hauses
 *                         and HAUSES, not Haus (in an index without forms, what word finds)
 *     Jong-un             the sequence or the joined word, never one part alone
 *
 * A value of a keyword field beside words filters: it is required, several values of one such
 * field are alternatives, and of the words beside it one is required. With a sign or operator
 * (+tag:x, -tag:x, tag:x OR word) it means what that says. A query of exclusions alone matches
 * nothing. Field names are looked up when the query is parsed, in the last commit, in any case of
 * letters; a name unknown then is a word. The query belongs to the caller and may be used with any
 * snapshot of the index while the index is open. */
LUPE_CHECKED lupe_status lupe_query_parse(lupe_index *index, const char *text, size_t size,
                                          const lupe_query_options *options, lupe_query **query);
LUPE_API void lupe_query_free(lupe_query *query);

/* The query as it was understood, in full parentheses, for people and tests. Belongs to the
 * query. */
LUPE_API const char *lupe_query_text(const lupe_query *query);

/* True when the query asks for nothing: empty, punctuation, exclusions alone. */
LUPE_API bool lupe_query_matches_nothing(const lupe_query *query);
/* Whether it has =word and the index no surface forms (LUPE_WITHOUT_FORMS): such words are found in
 * any form. */
LUPE_API bool lupe_query_forms_missed(const lupe_query *query);

#define LUPE_COUNT_EXACT UINT64_MAX

typedef struct lupe_search_options {
    size_t size;          /* sizeof(lupe_search_options) */
    uint32_t limit;       /* hits wanted, default 10; 0: only the total; UINT32_MAX: all. Memory
                           * grows with what is found, not with the limit. */
    uint32_t offset;      /* hits left out before them, default 0 */
    uint64_t count_limit; /* the total is exact up to here; default 1,000. 0: do not count;
                           * LUPE_COUNT_EXACT: always exact. Counting less is faster. */
    double k1;            /* BM25; negative (default): by the query, see lupe_search */
    double b;             /* BM25; negative (default): the index's */
    uint32_t timeout_ms;  /* 0 (default): none; else LUPE_CANCELLED when it runs out */
    void *user;
    bool (*cancel)(void *user); /* asked at least every 10 ms; true: LUPE_CANCELLED */
    uint32_t flags;             /* LUPE_SEARCH_... */
} lupe_search_options;
#define LUPE_SEARCH_OPTIONS_INIT                                               \
    {                                                                          \
        sizeof(lupe_search_options), 10, 0, 1000, -1.0, -1.0, 0, NULL, NULL, 0 \
    }

#define LUPE_SEARCH_AS_TYPED 1u /* words that no document has are not corrected */
/* Each takes one rule out of the ranking, for comparisons; other analyses than
 * LUPE_ANALYSIS_STANDARD have none of them. Compounds: words are not looked for within compounds, a
 * compound not by its parts, and words of the query not as the compound that they make. Proximity:
 * the best hits do not count for more where words of the query stand near each other. Sentences:
 * words of grammar weigh what their rarity says, in a sentence, too. Forms: nor do the best hits
 * where words stand in the form that was typed. */
#define LUPE_SEARCH_WITHOUT_COMPOUNDS 2u
#define LUPE_SEARCH_WITHOUT_PROXIMITY 4u
#define LUPE_SEARCH_WITHOUT_SENTENCES 8u
#define LUPE_SEARCH_WITHOUT_FORMS 16u

/* Searches. Scores are those of BM25 with idf = ln(1 + (N - df + 0.5) / (df + 0.5)) and
 * tf / (tf + k1 * (1 - b + b * length / average)) over lengths quantized to one byte, each
 * term's share rounded to 2^-20 (coarser where a query's weights are very large), and are the
 * same on every machine, plan and thread count. Equal scores are ordered by document order: that of
 * insertion, until LUPE_OPTIMIZE_REORDER makes another.
 * k1 and b are the index's. With LUPE_ANALYSIS_STANDARD and German two words and more that carry
 * a topic take half its k1, as each of them is wanted rather than one often, and a sentence, which
 * has three such words and two of grammar, 1.4 times its k1. A k1 that is asked for is taken as it
 * is.
 * A word that no document of the snapshot has in any form is taken for a typing error, or for a
 * name as another language writes it (Vladivostok, Wladiwostok): what it was likely meant to be, at
 * most three words, is searched for in its place and counts less; see lupe_results_correction.
 * Words in quotation marks, of fewer than four letters or with digits, and what is excluded, stay
 * as they are; a compound of words that the index has stays beside what it may have been meant to
 * be. At most 8 words of a query are corrected; none with
 * LUPE_SEARCH_AS_TYPED, and none in an index of another analysis than LUPE_ANALYSIS_STANDARD.
 * The results read through the snapshot: free them before it is closed. They hold the query, which
 * may be freed before them. Errors: LUPE_CANCELLED, LUPE_INVALID (query of another index, an
 * option out of range). */
LUPE_CHECKED lupe_status lupe_search(lupe_snapshot *snapshot, const lupe_query *query,
                                     const lupe_search_options *options, lupe_results **results);
LUPE_API void lupe_results_free(lupe_results *results);

/* Documents that match. exact (may be NULL) is false when counting stopped at count_limit:
 * then there are at least that many. */
LUPE_API uint64_t lupe_results_total(const lupe_results *results, bool *exact);

/* Hits at hand: at most limit. */
LUPE_API size_t lupe_results_count(const lupe_results *results);

/* Distinct words beyond the query's limit of 1,024, which were left out; 0 as a rule. */
LUPE_API size_t lupe_results_words_dropped(const lupe_results *results);

/* A word of the query that no document has, as lupe_search says. */
typedef struct lupe_correction {
    const char *typed; /* as in the query; NUL-terminated like the other */
    size_t typed_size;
    const char *meant; /* what it was likely meant to be, as a document has it; folded where texts
                        * are not stored */
    size_t meant_size;
    uint64_t documents; /* that have it in any form */
    bool applied;       /* searched for in place of what was typed; false: only a suggestion */
} lupe_correction;

/* The corrections of a search, 0 to count - 1 in the order of the query. They belong to the results
 * and stay until these are freed. The first call with a number reads documents. */
LUPE_API size_t lupe_results_correction_count(const lupe_results *results);
LUPE_CHECKED lupe_status lupe_results_correction(lupe_results *results, size_t number,
                                                 const lupe_correction **correction);

typedef struct lupe_hit {
    uint64_t rank; /* from 1, offset included */
    double score;
    const char *id; /* id_size bytes, NUL-terminated behind them */
    size_t id_size;
} lupe_hit;

/* The hit at position 0 to count - 1. It belongs to the results and stays until they are freed. */
LUPE_CHECKED lupe_status lupe_results_hit(lupe_results *results, size_t position,
                                          const lupe_hit **hit);

/* The stored fields of a hit. They belong to the results and are valid until the next call of
 * this function with them. */
LUPE_CHECKED lupe_status lupe_results_document(lupe_results *results, size_t position,
                                               const lupe_document **document);

/* What a part of an explanation is. Sums have parts; words, prefixes, sequences and compounds of
 * neighbours have the sources of their occurrences as parts; the others have none. */
typedef enum lupe_explanation_kind {
    LUPE_EXPLAIN_SUM = 0,        /* the whole, and clauses in parentheses */
    LUPE_EXPLAIN_WORD = 1,       /* a word of the query; of a hyphen word its parts in sequence */
    LUPE_EXPLAIN_CORRECTION = 2, /* what a word that no document has was likely meant to be */
    LUPE_EXPLAIN_PREFIX = 3,
    LUPE_EXPLAIN_SEQUENCE = 4,   /* in quotation marks */
    LUPE_EXPLAIN_NEIGHBOURS = 5, /* compounds that two words of the query make */
    LUPE_EXPLAIN_NEAR = 6,       /* these two words near each other, in the best hits */
    LUPE_EXPLAIN_TYPED = 7,      /* this word in the form that was typed, in the best hits */
    LUPE_EXPLAIN_FILTER = 8,     /* the value of a keyword field */
    LUPE_EXPLAIN_OWN = 9,        /* a source: the term itself, */
    LUPE_EXPLAIN_WIDE = 10,      /* the term itself with compounds that it is a part of, */
    LUPE_EXPLAIN_PARTS = 11,     /* compounds that it is a part of, */
    LUPE_EXPLAIN_JOINED = 12,    /* hyphen words that are it without their hyphens, */
    LUPE_EXPLAIN_FIELD = 13,     /* what it counts more for in a weighted field, */
    LUPE_EXPLAIN_SIMILAR = 14,   /* a term that is like it (word~), */
    LUPE_EXPLAIN_READING = 15,   /* the parts of the compound near each other, */
    LUPE_EXPLAIN_PLACES = 16,    /* the words in sequence */
} lupe_explanation_kind;

/* How a score came about. The shares of the parts of a sum add up to its own exactly, and the share
 * of the whole is the hit's score:
 *
 *     x = sum of count * weight over the sources
 *     score = gain * x / (x + norm), rounded to share;  gain = idf * factor
 *     norm = k1 * (1 - b + b * length / length_average)
 *
 * What does not apply to a kind is 0 or NULL. */
typedef struct lupe_explanation {
    lupe_explanation_kind kind;
    const char *name; /* of the kind: "sum", "word", ...; NUL-terminated like the others */
    const char *text; /* words as typed, the value; of a source its term */
    size_t text_size;
    const char *field; /* that it is limited to; of LUPE_EXPLAIN_FIELD the weighted one */
    double score;      /* what it adds to the hit's; 0 for sources */
    uint64_t share;    /* the same as a whole number of 2^-share_bits */
    int share_bits;
    uint64_t documents; /* that have it, for the idf; of the whole: of the snapshot */
    double idf; /* of several words: the sum; of neighbours: the gain of the one that has less */
    double factor;
    double gain;
    double
        count; /* of a source and LUPE_EXPLAIN_TYPED: occurrences; of LUPE_EXPLAIN_NEAR: places */
    double weight;
    double x;      /* of LUPE_EXPLAIN_NEAR: with what it had without */
    double norm;   /* of the whole: what the lengths come to */
    double length; /* of the document in words, as it was kept */
    double length_average;
    const struct lupe_explanation *const *parts;
    size_t part_count;
} lupe_explanation;

/* How the score of a hit came about; a sum. It belongs to the results and is valid until the next
 * call of this function with them. Takes about as long as a search. */
LUPE_CHECKED lupe_status lupe_results_explain(lupe_results *results, size_t position,
                                              const lupe_explanation **explanation);

/* A place in a text: bytes start to end - 1. */
typedef struct lupe_span {
    size_t start;
    size_t end;
} lupe_span;

typedef struct lupe_snippet_options {
    size_t size;        /* sizeof(lupe_snippet_options) */
    size_t length;      /* about how many bytes of text; 20 to 100,000, default 200 */
    const char *before; /* put before a highlighted word; default NULL: nothing */
    const char *after;  /* and after it */
    bool escape_html;   /* & < > in the text are escaped; default false */
} lupe_snippet_options;
#define LUPE_SNIPPET_OPTIONS_INIT                            \
    {                                                        \
        sizeof(lupe_snippet_options), 200, NULL, NULL, false \
    }

/* The passage of a hit's text that shows the query best. text is NUL-terminated; highlights
 * are places in it (marks included when before and after are given). All of it belongs to the
 * results and is valid until the next call of this function with them. Without stored text
 * the snippet is empty. */
typedef struct lupe_snippet {
    const char *text;
    size_t size;
    const lupe_span *highlights;
    size_t highlight_count;
} lupe_snippet;
LUPE_CHECKED lupe_status lupe_results_snippet(lupe_results *results, size_t position,
                                              const lupe_snippet_options *options,
                                              const lupe_snippet **snippet);

/* Where the query's words stand in value number value of the stored document of a hit (as
 * lupe_results_document gives it), in order. Belongs to the results, valid until the next call
 * of this function with them. */
LUPE_CHECKED lupe_status lupe_results_matches(lupe_results *results, size_t position, size_t value,
                                              const lupe_span **spans, size_t *span_count);

/* ------------------------------------------------------------------ spelling */

typedef struct lupe_suggest_options {
    size_t size;    /* sizeof(lupe_suggest_options) */
    uint32_t limit; /* words wanted, default 10 */
    uint32_t edits; /* by which they may differ, 1 or 2; default 0: 2 from 8 letters on, else 1 */
    const char *field; /* the words of one text field; default NULL: of all */
} lupe_suggest_options;
#define LUPE_SUGGEST_OPTIONS_INIT                 \
    {                                             \
        sizeof(lupe_suggest_options), 10, 0, NULL \
    }

typedef struct lupe_suggestion {
    const char *word; /* as a document has it, NUL-terminated; folded where texts are not stored */
    size_t size;
    uint64_t documents; /* that have it in any form; deleted ones are counted until merged away */
    uint32_t edits;     /* by which it differs; one for the way another language writes it */
} lupe_suggestion;

/* The words of the index that are like a word, likeliest first: those that differ in few edits,
 * usual typing errors before others, then those of more documents. Of a text the first word is
 * taken; its own forms are not among them. The suggestions are the caller's; they may outlive the
 * snapshot. Errors: LUPE_INVALID (more than 2 edits, no such text field). */
LUPE_CHECKED lupe_status lupe_suggest(lupe_snapshot *snapshot, const char *word, size_t size,
                                      const lupe_suggest_options *options,
                                      lupe_suggestions **suggestions);
LUPE_API size_t lupe_suggestions_count(const lupe_suggestions *suggestions);
/* The suggestion at position 0 to count - 1, else NULL. */
LUPE_API const lupe_suggestion *lupe_suggestions_item(const lupe_suggestions *suggestions,
                                                      size_t position);
LUPE_API void lupe_suggestions_free(lupe_suggestions *suggestions);

/* ------------------------------------------------------------------ upkeep */

typedef struct lupe_statistics {
    size_t size;                /* sizeof(lupe_statistics) */
    uint64_t documents;         /* live */
    uint64_t documents_deleted; /* not yet merged away */
    uint64_t words;             /* word positions of all documents */
    uint64_t terms;             /* dictionary entries, summed over segments */
    uint64_t segments;
    uint64_t file_bytes; /* size of the file */
    uint64_t free_bytes; /* of it, free pages */
    uint64_t dictionary_bytes;
    uint64_t postings_bytes;
    uint64_t pair_bytes;      /* of these, what the lists of pairs of frequent words take */
    uint64_t positions_bytes; /* with the boundaries of fields */
    uint64_t norm_bytes;
    uint64_t id_bytes;
    uint64_t stored_bytes;
    uint64_t words_cut; /* words longer than the limit, cut */
    uint64_t commits;   /* number of the commit */
    uint32_t format;
    const char *language;    /* belongs to the index */
    uint32_t flags;          /* LUPE_WITHOUT_..., that it was made with */
    uint64_t part_terms;     /* words that are parts of compounds, summed over segments */
    uint64_t part_documents; /* documents in the lists of these */
    uint64_t lexicon;        /* version of the lexicon that compounds are split with, or 0 */
    uint64_t lexicon_segments_changed; /* segments whose compounds were split with another */
    uint64_t lexicon_words;            /* of the index's word list */
    uint64_t lexicon_lines_passed_over;
} lupe_statistics;
#define LUPE_STATISTICS_INIT                                                                       \
    {                                                                                              \
        sizeof(lupe_statistics), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, 0, 0, 0, \
            0, 0, 0, 0                                                                             \
    }

/* Fills in what the library knows of the struct, the rest with zero. */
LUPE_CHECKED lupe_status lupe_snapshot_statistics(lupe_snapshot *snapshot,
                                                  lupe_statistics *statistics);

/* Checks pages, checksums, and every structure against every other. report (may be NULL) is
 * called for each finding. LUPE_OK: sound; LUPE_CORRUPT: damaged. Readers and writers go on. */
LUPE_CHECKED lupe_status lupe_index_check(lupe_index *index,
                                          void (*report)(void *user, const char *finding),
                                          void *user);

/* The same for a file that cannot be opened, or that nobody should open before it is known to
 * be sound. */
LUPE_CHECKED lupe_status lupe_check_file(const char *path,
                                         void (*report)(void *user, const char *finding),
                                         void *user);

/* Puts similar documents next to each other: a smaller index and faster searches for a multiple of
 * the time (two minutes of one core a million documents of 230 words). Scores, ids and documents
 * stay as they are. Document order, which decides between equal scores, is no longer that of
 * insertion for the documents there are; what is inserted later stands behind them, and merges keep
 * the order they find. What comes out depends on the documents and memory_bytes alone. */
#define LUPE_OPTIMIZE_REORDER 1u

typedef struct lupe_optimize_options {
    size_t size;           /* sizeof(lupe_optimize_options) */
    uint32_t flags;        /* LUPE_OPTIMIZE_... */
    uint64_t memory_bytes; /* of reordering, for the words of all documents: 20 bytes a word
                            * and 4 for each document that has it; where that is more, the
                            * rarest words are not considered. 1 MiB to 64 GiB, default 1 GiB.
                            * Besides, reordering takes 60 bytes a document, and for a word's
                            * list while it is written 32 bytes a document and 4 a position. */
} lupe_optimize_options;
#define LUPE_OPTIMIZE_OPTIONS_INIT                          \
    {                                                       \
        sizeof(lupe_optimize_options), 0, (uint64_t)1 << 30 \
    }

/* Merges all segments into one (or as few as the limits allow) and drops deleted documents.
 * LUPE_BUSY when another does the same. Readers and writers go on. Errors of the options:
 * LUPE_INVALID, LUPE_UNSUPPORTED (a flag). */
LUPE_CHECKED lupe_status lupe_index_optimize(lupe_index *index,
                                             const lupe_optimize_options *options);

/* Writes a copy without free space to path, which must not exist, while others read and
 * write. */
LUPE_CHECKED lupe_status lupe_index_compact_to(lupe_index *index, const char *path);

/* Gives free space back to the file system in place. Needs the file alone: LUPE_BUSY when any
 * other handle, of this or another process, or a snapshot or writer is open. */
LUPE_CHECKED lupe_status lupe_index_compact(lupe_index *index);

/* Writes a consistent copy to path, which must not exist, while others read and write. */
LUPE_CHECKED lupe_status lupe_index_backup(lupe_index *index, const char *path);

#ifdef __cplusplus
}
#endif
#endif
