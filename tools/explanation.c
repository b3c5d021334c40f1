/* SPDX-License-Identifier: MIT
 *
 * explanation.c - see explanation.h.
 */
#include "explanation.h"

#include <string.h>

#define STEP 2u /* columns that a part stands behind its whole */

/* ------------------------------------------------------------------ JSON */

static void json_number(struct output *output, const char *name, double number)
{
    if (number != 0)
        output_format(output, ",\"%s\":%.9g", name, number);
}

void explanation_json(struct output *output, const lupe_explanation *explanation)
{
    output_format(output, "{\"kind\":\"%s\"", explanation->name);
    if (explanation->text_size) {
        output_text(output, ",\"text\":");
        output_json(output, explanation->text, explanation->text_size);
    }
    if (explanation->field) {
        output_text(output, ",\"field\":");
        output_json(output, explanation->field, strlen(explanation->field));
    }
    if (explanation->kind < LUPE_EXPLAIN_OWN)
        output_format(output, ",\"score\":%.7f,\"share\":%llu", explanation->score,
                      (unsigned long long)explanation->share);
    if (explanation->norm > 0 || explanation->length > 0)
        output_format(output, ",\"share_bits\":%d", explanation->share_bits);
    json_number(output, "documents", (double)explanation->documents);
    json_number(output, "idf", explanation->idf);
    json_number(output, "factor", explanation->factor);
    json_number(output, "gain", explanation->gain);
    json_number(output, "count", explanation->count);
    json_number(output, "weight", explanation->weight);
    json_number(output, "x", explanation->x);
    json_number(output, "norm", explanation->norm);
    json_number(output, "length", explanation->length);
    json_number(output, "length_average", explanation->length_average);
    for (size_t i = 0; i < explanation->part_count; i++) {
        output_text(output, i ? "," : ",\"parts\":[");
        explanation_json(output, explanation->parts[i]);
    }
    output_text(output, explanation->part_count ? "]}" : "}");
}

/* ------------------------------------------------------------------ people */

/* What a source is, behind its term. */
static const char *const sources[] = {
    [LUPE_EXPLAIN_OWN] = "",
    [LUPE_EXPLAIN_WIDE] = ", and within compounds",
    [LUPE_EXPLAIN_PARTS] = ", within compounds",
    [LUPE_EXPLAIN_JOINED] = ", as hyphen words",
    [LUPE_EXPLAIN_FIELD] = ", more for being in ",
    [LUPE_EXPLAIN_SIMILAR] = ", like it",
    [LUPE_EXPLAIN_READING] = ", near each other",
    [LUPE_EXPLAIN_PLACES] = "",
};

static void source_line(struct output *output, const lupe_explanation *source)
{
    output_format(output, "%.0f x %.4g  ", source->count, source->weight);
    output_line(output, source->text, source->text_size);
    output_text(output, sources[source->kind]);
    if (source->field)
        output_line(output, source->field, strlen(source->field));
}

/* What was asked for, in quotation marks; of neighbours and a correction what is made of it. */
static void asked(struct output *output, const lupe_explanation *part)
{
    if (part->field) {
        output_line(output, part->field, strlen(part->field));
        output_text(output, ":");
    }
    output_text(output, "\"");
    output_line(output, part->text, part->text_size);
    output_text(output, part->kind == LUPE_EXPLAIN_PREFIX ? "*\"" : "\"");
    if (part->kind == LUPE_EXPLAIN_NEIGHBOURS)
        output_text(output, " as one word");
    else if (part->kind == LUPE_EXPLAIN_CORRECTION)
        output_text(output, " corrected");
    else if (part->kind == LUPE_EXPLAIN_NEAR)
        output_format(output, " near each other in %.0f place%s", part->count,
                      part->count > 1 ? "s" : "");
    else if (part->kind == LUPE_EXPLAIN_TYPED)
        output_text(output, " as typed");
}

/* gain * x / (x + norm), and where the gain is from. */
static void arithmetic(struct output *output, const lupe_explanation *part,
                       const lupe_explanation *whole)
{
    double before = part->kind == LUPE_EXPLAIN_NEAR ? part->x - part->count * part->weight : 0;
    output_format(output, ": %.4f * %.4g / (%.4g + %.4f)", part->gain, part->x, part->x,
                  whole->norm);
    if (before > 0)
        output_format(output, ", less the same of %.4g", before);
    bool of_two = part->kind == LUPE_EXPLAIN_NEIGHBOURS || part->kind == LUPE_EXPLAIN_NEAR;
    output_format(output, "; %s %.4f", of_two ? "gain of the rarer" : "idf", part->idf);
    if (part->documents)
        output_format(output, " (%llu document%s)", (unsigned long long)part->documents,
                      part->documents > 1 ? "s" : "");
    if (part->factor != 1)
        output_format(output, " * %.4g", part->factor);
}

static void lines(struct output *output, const lupe_explanation *part,
                  const lupe_explanation *whole, unsigned indent)
{
    output_format(output, "%*s", (int)indent, "");
    if (part->kind >= LUPE_EXPLAIN_OWN) {
        source_line(output, part);
    } else {
        output_format(output, "%.7f  ", part->score);
        if (part == whole)
            output_format(output, "of %llu document%s; %.0f words, %.1f on average: norm %.4f",
                          (unsigned long long)part->documents, part->documents == 1 ? "" : "s",
                          part->length, part->length_average, part->norm);
        else if (part->part_count && part->kind == LUPE_EXPLAIN_FILTER)
            output_text(output, "filters");
        else if (part->kind == LUPE_EXPLAIN_SUM)
            output_text(output, "together");
        else
            asked(output, part);
        if (part->kind != LUPE_EXPLAIN_SUM && part->kind != LUPE_EXPLAIN_FILTER)
            arithmetic(output, part, whole);
    }
    output_text(output, "\n");
    for (size_t i = 0; i < part->part_count; i++)
        lines(output, part->parts[i], whole, indent + STEP);
}

void explanation_lines(struct output *output, const lupe_explanation *explanation, unsigned indent)
{
    lines(output, explanation, explanation, indent);
}
