/* SPDX-License-Identifier: MIT
 *
 * document.h - stored documents as JSON and as text.
 *
 * Owns nothing. Called by search.c and get.c. The tool's own fields are never shown. A field
 * that occurs more than once is an array in JSON; all values are strings.
 */
#ifndef LUPE_TOOLS_DOCUMENT_H
#define LUPE_TOOLS_DOCUMENT_H

#include "lupe.h"
#include "output.h"

/* The members of the document's fields, `"name":value`, separated by commas: those for which
 * wanted says true. Returns how many. */
size_t document_members(struct output *output, const lupe_document *document,
                        bool (*wanted)(const lupe_value *value));

/* The whole document as one JSON object, which `lupe index -` reads again. */
void document_json(struct output *output, const lupe_document *document);

/* The whole document for people: lines `field: value`, a blank line, the text. clean: what
 * could steer a terminal is replaced. */
void document_people(struct output *output, const lupe_document *document, bool clean);

#endif
