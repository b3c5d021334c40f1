/* SPDX-License-Identifier: MIT
 *
 * fingerprint.c - see fingerprint.h.
 */
#include "write/fingerprint.h"

#include "base/hash.h"
#include "text/lexicon.h"

static lupe_status language_fingerprint(const struct catalogue *catalogue, const char *language,
                                        uint64_t *out)
{
    struct analyzer *analyzer = NULL;
    lupe_status status = analyzer_open(catalogue->analysis, catalogue->flags,
                                       language[0] ? language : NULL, &analyzer);
    if (status == LUPE_OK)
        *out = analyzer_fingerprint(analyzer);
    analyzer_close(analyzer);
    return status;
}

lupe_status catalogue_fingerprint(const struct catalogue *catalogue, uint64_t *out)
{
    uint64_t chain[2];
    lupe_status status = language_fingerprint(catalogue, catalogue->language, &chain[0]);
    for (uint32_t number = 0; status == LUPE_OK && number < catalogue->field_count; number++) {
        const struct field *field = &catalogue->fields[number];
        if (field->kind != LUPE_TEXT || !field->language[0])
            continue;
        status = language_fingerprint(catalogue, field->language, &chain[1]);
        chain[0] = hash_bytes(chain, sizeof chain);
    }
    *out = status == LUPE_OK ? chain[0] : 0;
    return status;
}

uint32_t catalogue_lexicon(const struct catalogue *catalogue)
{
    bool splits = analyzer_splits(catalogue->analysis, catalogue->language);
    for (uint32_t number = 0; number < catalogue->field_count && !splits; number++)
        splits = catalogue->fields[number].kind == LUPE_TEXT &&
                 analyzer_splits(catalogue->analysis, catalogue->fields[number].language);
    splits = splits && !(catalogue->flags & LUPE_WITHOUT_COMPOUNDS);
    return splits ? lexicon_version(catalogue->words) : 0;
}
