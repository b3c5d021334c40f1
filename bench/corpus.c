/* SPDX-License-Identifier: MIT
 *
 * corpus.c - documents in memory and queries made from them, see corpus.h.
 */
#include "corpus.h"

#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "generate.h"
#include "source.h"

/* ------------------------------------------------------------------ documents */

static bool grow(void **data, size_t *capacity, size_t wanted, size_t element_size)
{
    if (wanted <= *capacity)
        return true;
    size_t larger = *capacity * 2 > wanted ? *capacity * 2 : wanted;
    void *grown = realloc(*data, larger * element_size);
    if (!grown)
        return false;
    *data = grown;
    *capacity = larger;
    return true;
}

static size_t append(struct corpus *corpus, const char *data, size_t size, char end)
{
    size_t place = corpus->size;
    memcpy(corpus->bytes + place, data, size);
    corpus->bytes[place + size] = end;
    corpus->size += size + 1;
    return place;
}

static int corpus_add(struct corpus *corpus, const struct generated *document)
{
    size_t size = document->id_size + document->title_size + document->text_size + 3;
    if (!grow((void **)&corpus->bytes, &corpus->capacity, corpus->size + size, 1) ||
        !grow((void **)&corpus->documents, &corpus->document_capacity, corpus->count + 1,
              sizeof *corpus->documents))
        return bench_fail("out of memory");
    struct corpus_document *added = &corpus->documents[corpus->count++];
    added->id = append(corpus, document->id, document->id_size, '\0');
    added->title = append(corpus, document->title, document->title_size, '\n');
    added->text = append(corpus, document->text, document->text_size, '\0');
    added->id_size = document->id_size;
    added->title_size = document->title_size;
    added->text_size = document->text_size;
    corpus->text_bytes += document->title_size + document->text_size;
    return 0;
}

void corpus_free(struct corpus *corpus)
{
    free(corpus->bytes);
    free(corpus->documents);
    memset(corpus, 0, sizeof *corpus);
}

int corpus_generate(struct corpus *corpus, uint64_t documents, uint64_t seed)
{
    int status = 0;
    memset(corpus, 0, sizeof *corpus);
    struct generator *generator = generator_open(seed, DOCUMENT_WORDS_MEDIAN);
    for (uint64_t i = 0; status == 0 && i < documents; i++) {
        const struct generated *document = generator ? generator_next(generator) : NULL;
        status = document ? corpus_add(corpus, document) : bench_fail("out of memory");
    }
    generator_close(generator);
    return status;
}

int corpus_read(struct corpus *corpus, const char *path, uint64_t bytes_max)
{
    struct source source;
    struct source_document line;
    bool more = true;
    memset(corpus, 0, sizeof *corpus);
    int status = source_open(&source, path);
    while (status == 0 && more && corpus->text_bytes < bytes_max) {
        status = source_next(&source, &line, &more);
        if (status != 0 || !more)
            continue;
        struct generated document = {
            .id = line.id,
            .id_size = line.id_size,
            .title = line.title ? line.title : "",
            .title_size = line.title_size,
            .text = line.text,
            .text_size = line.text_size,
        };
        status = corpus_add(corpus, &document);
    }
    source_close(&source);
    return status;
}

/* ------------------------------------------------------------------ queries */

int corpus_queries(const struct corpus *corpus, uint64_t seed, unsigned per_class,
                   struct queries *queries)
{
    struct query_maker *maker = query_maker_open(seed);
    if (!maker)
        return bench_fail("out of memory");
    for (size_t i = 0; i < corpus->count; i++) {
        const struct corpus_document *document = &corpus->documents[i];
        query_maker_add(maker, corpus->bytes + document->title, document->title_size,
                        corpus->bytes + document->text, document->text_size);
    }
    int status = query_maker_make(maker, per_class, queries);
    query_maker_close(maker);
    return status;
}
