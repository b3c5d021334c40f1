/* SPDX-License-Identifier: MIT
 *
 * function_words.c - see function_words.h.
 */
#include "text/function_words.h"

#include <stdlib.h>
#include <string.h>

#define FUNCTION_WORD_BYTES_MAX 15u

/* In order; the table keeps to the words that nobody searches for by themselves. */
static const char function_words[][FUNCTION_WORD_BYTES_MAX + 1] = {
    /* clang-format off */
    "aber", "alle", "allem", "allen", "aller", "als", "also", "am", "an", "ans", "auch", "auf",
    "aus", "bei", "beim", "bin", "bis", "bist", "da", "damit", "dann", "darf", "das", "dass",
    "dein", "dem", "den", "denn", "der", "des", "dich", "die", "diese", "diesem", "diesen",
    "dieser", "dieses", "dir", "doch", "dort", "du", "durch", "durfen", "ein", "eine", "einem",
    "einen", "einer", "eines", "er", "es", "etwa", "euch", "euer", "fur", "gegen", "habe",
    "haben", "hat", "hatte", "hatten", "hier", "hinter", "ich", "ihm", "ihn", "ihnen", "ihr",
    "ihre", "ihrem", "ihren", "ihrer", "im", "in", "ins", "ist", "jede", "jedem", "jeden",
    "jeder", "jedes", "jedoch", "jene", "jener", "jenes", "kann", "kein", "keine", "keinem",
    "keinen", "keiner", "konnen", "konnte", "konnten", "mag", "man", "mehr", "mein", "mich",
    "mir", "mit", "mochte", "muss", "mussen", "musste", "nach", "neben", "nicht", "noch", "nun",
    "nur", "ob", "oder", "ohne", "schon", "sehr", "sei", "sein", "seine", "seinem", "seinen",
    "seiner", "seit", "sich", "sie", "sind", "so", "soll", "sollen", "sollte", "sollten",
    "sondern", "sowie", "trotz", "uber", "um", "und", "uns", "unser", "unter", "viel", "viele",
    "vielen", "vom", "von", "vor", "wahrend", "wann", "war", "waren", "warum", "was", "wegen",
    "weil", "welche", "welchem", "welchen", "welcher", "welches", "wem", "wen", "wenn", "wer",
    "werden", "weshalb", "wessen", "wie", "wieso", "will", "wir", "wird", "wo", "wodurch",
    "woher", "wohin", "wollen", "wollte", "womit", "worden", "wozu", "wurde", "wurden", "zu",
    "zum", "zur", "zwischen",
    /* clang-format on */
};

static int compare(const void *left, const void *right)
{
    return strcmp(left, right);
}

bool is_function_word(const uint8_t *folded, size_t size)
{
    char word[FUNCTION_WORD_BYTES_MAX + 1] = {0};
    if (size > FUNCTION_WORD_BYTES_MAX)
        return false;
    memcpy(word, folded, size);
    return bsearch(word, function_words, sizeof function_words / sizeof *function_words,
                   sizeof *function_words, compare) != NULL;
}
