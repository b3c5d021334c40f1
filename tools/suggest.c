/* SPDX-License-Identifier: MIT
 *
 * suggest.c - `lupe suggest`: words of the index that are like a word.
 */
#include <string.h>

#include "commands.h"
#include "session.h"

static void suggestions_json(struct output *output, const char *word,
                             const lupe_suggestions *suggestions)
{
    output_text(output, "{\"word\":");
    output_json(output, word, strlen(word));
    output_text(output, ",\"suggestions\":[");
    for (size_t i = 0; i < lupe_suggestions_count(suggestions); i++) {
        const lupe_suggestion *suggestion = lupe_suggestions_item(suggestions, i);
        output_text(output, i ? ",{\"word\":" : "{\"word\":");
        output_json(output, suggestion->word, suggestion->size);
        output_format(output, ",\"documents\":%llu,\"edits\":%u}",
                      (unsigned long long)suggestion->documents, suggestion->edits);
    }
    output_text(output, "]}\n");
}

static void suggestions_people(struct output *output, const lupe_suggestions *suggestions)
{
    for (size_t i = 0; i < lupe_suggestions_count(suggestions); i++) {
        const lupe_suggestion *suggestion = lupe_suggestions_item(suggestions, i);
        output_line(output, suggestion->word, suggestion->size);
        output_format(output, "  %llu\n", (unsigned long long)suggestion->documents);
    }
}

/* EXIT_HITS when there are suggestions for any of the words. */
static int suggest_all(const struct options *options, const char *path, lupe_snapshot *snapshot,
                       struct output *output)
{
    int result = EXIT_NONE;
    lupe_suggest_options how = LUPE_SUGGEST_OPTIONS_INIT;
    how.limit = (uint32_t)options->limit;
    for (size_t i = 0; i < options->argument_count; i++) {
        const char *word = options->arguments[i];
        lupe_suggestions *suggestions = NULL;
        lupe_status status = lupe_suggest(snapshot, word, strlen(word), &how, &suggestions);
        if (status != LUPE_OK)
            return session_failed(status, path);
        if (lupe_suggestions_count(suggestions))
            result = EXIT_HITS;
        if (options->format == FORMAT_JSON)
            suggestions_json(output, word, suggestions);
        else
            suggestions_people(output, suggestions);
        lupe_suggestions_free(suggestions);
    }
    return result;
}

int command_suggest(const struct options *options)
{
    return session_answer(options, suggest_all);
}
