/* SPDX-License-Identifier: MIT
 *
 * stats.c - `lupe stats`: what is in the index, and where its bytes are.
 */
#include <string.h>

#include "commands.h"
#include "session.h"

static const struct row {
    const char *name;  /* in JSON */
    const char *title; /* for people */
    size_t place;      /* in lupe_statistics */
} rows[] = {
#define ROW(member, title)                                \
    {                                                     \
#member, title, offsetof(lupe_statistics, member) \
    }
    ROW(documents, "documents"),
    ROW(documents_deleted, "deleted, not yet merged away"),
    ROW(words, "words"),
    ROW(terms, "dictionary entries"),
    ROW(segments, "segments"),
    ROW(file_bytes, "bytes of the file"),
    ROW(free_bytes, "  free"),
    ROW(dictionary_bytes, "  dictionary"),
    ROW(postings_bytes, "  postings"),
    ROW(pair_bytes, "    of pairs of words"),
    ROW(positions_bytes, "  positions"),
    ROW(norm_bytes, "  lengths"),
    ROW(id_bytes, "  ids"),
    ROW(stored_bytes, "  stored documents"),
    ROW(words_cut, "words cut for their length"),
    ROW(part_terms, "words that are parts of others"),
    ROW(part_documents, "  documents in their lists"),
    ROW(lexicon_words, "words of the word list"),
    ROW(lexicon_lines_passed_over, "  lines passed over"),
    ROW(lexicon_segments_changed, "segments of another lexicon"),
    ROW(commits, "commits"),
#undef ROW
};
#define ROW_COUNT (sizeof rows / sizeof *rows)

static uint64_t number_of(const lupe_statistics *statistics, const struct row *row)
{
    uint64_t number;
    memcpy(&number, (const char *)statistics + row->place, sizeof number);
    return number;
}

static void write_json(struct output *output, const char *path, const lupe_statistics *statistics)
{
    output_text(output, "{\"index\":");
    output_json(output, path, strlen(path));
    for (size_t i = 0; i < ROW_COUNT; i++)
        output_format(output, ",\"%s\":%llu", rows[i].name,
                      (unsigned long long)number_of(statistics, &rows[i]));
    output_format(output, ",\"lexicon\":\"%08x\"", (unsigned)statistics->lexicon);
    output_format(output, ",\"format\":%u,\"language\":", (unsigned)statistics->format);
    const char *language = statistics->language ? statistics->language : "";
    output_json(output, language, strlen(language));
    output_text(output, "}\n");
}

static void write_people(struct output *output, const char *path, const lupe_statistics *statistics)
{
    output_format(output, "%-30s ", "index");
    output_line(output, path, strlen(path));
    output_text(output, "\n");
    for (size_t i = 0; i < ROW_COUNT; i++)
        output_format(output, "%-30s %s\n", rows[i].title,
                      with_commas(number_of(statistics, &rows[i])));
    output_format(output, "%-30s %08x\n", "lexicon", (unsigned)statistics->lexicon);
    output_format(output, "%-30s %u\n", "format", (unsigned)statistics->format);
    output_format(output, "%-30s ", "language");
    const char *language = statistics->language ? statistics->language : "";
    output_line(output, language, strlen(language));
    output_text(output, "\n");
}

static int stats_answer(const struct options *options, const char *path, lupe_snapshot *snapshot,
                        struct output *output)
{
    lupe_statistics statistics = LUPE_STATISTICS_INIT;
    lupe_status status = lupe_snapshot_statistics(snapshot, &statistics);
    if (status != LUPE_OK)
        return session_failed(status, path);
    if (options->format == FORMAT_JSON)
        write_json(output, path, &statistics);
    else
        write_people(output, path, &statistics);
    return EXIT_HITS;
}

int command_stats(const struct options *options)
{
    return session_answer(options, stats_answer);
}
