/* SPDX-License-Identifier: MIT
 *
 * source.c - a corpus as a stream, see source.h.
 */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "../tools/jsonl.h"
#include "bench.h"

int source_open(struct source *source, const char *path)
{
    *source = (struct source){.path = path};
    source->descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (source->descriptor < 0)
        return bench_fail("%s: %s", path, strerror(errno));
    source->reader = jsonl_open(source->descriptor, NULL);
    if (source->reader)
        return 0;
    close(source->descriptor);
    return bench_fail("out of memory");
}

void source_close(struct source *source)
{
    if (!source->reader)
        return;
    jsonl_close(source->reader);
    close(source->descriptor);
    source->reader = NULL;
}

int source_next(struct source *source, struct source_document *document, bool *more)
{
    struct jsonl_document line;
    enum jsonl_result result = jsonl_next(source->reader, &line);
    *more = result == JSONL_DOCUMENT;
    if (result == JSONL_END)
        return 0;
    if (result == JSONL_FAILED)
        return bench_fail("%s: %s", source->path, strerror(jsonl_errno(source->reader)));
    if (result == JSONL_BAD_LINE)
        return bench_fail("%s:%" PRIu64 ":%" PRIu64 ": %s", source->path,
                          jsonl_line(source->reader), jsonl_column(source->reader),
                          jsonl_message(source->reader));
    if (line.id.kind != JSONL_STRING && line.id.kind != JSONL_NUMBER)
        return bench_fail("%s:%" PRIu64 ": no id", source->path, line.line);
    bool has_title = line.title.kind == JSONL_STRING;
    bool has_text = line.text.kind == JSONL_STRING;
    *document = (struct source_document){
        .id = line.id.data,
        .id_size = line.id.size,
        .title = has_title ? line.title.data : NULL,
        .title_size = has_title ? line.title.size : 0,
        .text = has_text ? line.text.data : "",
        .text_size = has_text ? line.text.size : 0,
    };
    source->documents++;
    return 0;
}

int source_count(const char *path, uint64_t *documents)
{
    struct source source;
    struct source_document document;
    bool more = true;
    int status = source_open(&source, path);
    while (status == 0 && more)
        status = source_next(&source, &document, &more);
    *documents = source.documents;
    source_close(&source);
    return status;
}
