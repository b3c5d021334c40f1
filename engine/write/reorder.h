/* SPDX-License-Identifier: MIT
 *
 * reorder.h - an order of documents in which similar ones are neighbours: recursive graph
 * bisection.
 *
 * Owns the terms of each document (the forward index) and the order that comes of them. Called by
 * merge.c, which tells it the lists of all sources term by term, three times over. Never reads a
 * segment, starts no thread.
 *
 *   for each pass until !*more:
 *       for each term, in one order: if reorder_term(): reorder_documents *
 *       for each id, in order: if reorder_ids(): reorder_id_documents *
 *       reorder_pass_end
 *   reorder_step * -> reorder_order -> reorder_close
 */
#ifndef LUPE_WRITE_REORDER_H
#define LUPE_WRITE_REORDER_H

#include "base/memory.h"

struct reorder;

/* For up to SEGMENT_DOCUMENTS_MAX documents. memory_bytes bounds the forward index and the tables
 * of terms, 4 bytes a posting and 20 a term: where they need more, the rarest terms are left out.
 * What it needs besides is 40 bytes a document. */
CHECKED lupe_status reorder_open(uint32_t documents, uint64_t memory_bytes,
                                 struct reorder **reorder);
void reorder_close(struct reorder *reorder); /* accepts NULL */

/* The next term with its frequency; true when its documents are wanted. */
bool reorder_term(struct reorder *reorder, uint64_t frequency);
/* Documents of the term, each once. */
void reorder_documents(struct reorder *reorder, const uint32_t *documents, uint32_t count);
CHECKED lupe_status reorder_pass_end(struct reorder *reorder, bool *more);

/* True while the documents are wanted in the order of their ids as well; each is told once. */
bool reorder_ids(const struct reorder *reorder);
void reorder_id_documents(struct reorder *reorder, const uint32_t *documents, uint32_t count);

/* Works for a while, at most once through all postings; true when the order is found. */
bool reorder_step(struct reorder *reorder);
double reorder_share(const struct reorder *reorder); /* done, 0 to 1 */

/* By place the document, valid until reorder_close. */
const uint32_t *reorder_order(const struct reorder *reorder);

#endif
