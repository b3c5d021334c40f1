/* SPDX-License-Identifier: MIT
 *
 * transliterate.c - see transliterate.h; rewrite.h tells how the tables are read.
 */
#include "query/transliterate.h"

#include <string.h>

#include "text/rewrite.h"

/* clang-format off */
static const struct rewrite_row into_german[] = {
    {"ch", "tsch", "^_V V_V K_V _$"},             /* Chekhov */
    {"cc", "kk", "_a _o _u"},
    {"ck", "ck", "_"},
    {"c", "z", "_e _i _y"},
    {"c", "k", "_a _o _u _l _r _t _$"},           /* Congo, Crete */
    {"ev", "ow", "ch_$ sh_$ ch_a$ sh_a$"},        /* Gorbachev */
    {"ee", "eje", "_v"},                          /* Andreev */
    {"iy", "i", "_$"},
    {"j", "dsch", "_a _e _i _o _u"},              /* Azerbaijan */
    {"kh", "ch", "_"},                            /* Kharkiv */
    {"ks", "x", "^_V V_V _a"},                    /* Aleksandr */
    {"ou", "u", "_"},                             /* Khartoum */
    {"oo", "u", "_"},
    {"qu", "qu", "_"},
    {"q", "k", "_"},                              /* Qatar */
    {"shch", "schtsch", "_"},
    {"sh", "sch", "_"},                           /* Shoigu */
    {"tch", "tsch", "_"},                         /* Tchaikovsky */
    {"ts", "z", "_V"},                            /* Yeltsin is Jelzin */
    {"v", "w", "_"},
    {"yy", "yj", "_$"},
    {"y", "j", "_V"},                             /* Yalta */
    {"y", "i", "_$"},                             /* Dostoyevsky */
    {"zh", "sch", "_"},                           /* Zhukov */
    {"zz", "zz", "_"},
    {"z", "s", "_"},                              /* Kazan */
};

static const struct rewrite_row into_english[] = {
    {"ch", "kh", "_"},
    {"dsch", "j", "_"},
    {"i", "y", "sk_$"},
    {"j", "y", "_"},
    {"ow", "ev", "sch_$ sch_a$"},
    {"schtsch", "shch", "_"},
    {"sch", "sh", "_"},
    {"ss", "s", "V_V"},
    {"tsch", "ch", "_"},
    {"w", "v", "_"},
    {"z", "ts", "^_V V_V K_V"},
};
/* clang-format on */

static bool has(const uint8_t *word, size_t size, const char *group)
{
    return memmem(word, size, group, strlen(group)) != NULL;
}

size_t transliterate(enum transliteration into, const uint8_t *word, size_t size, uint8_t *out)
{
    struct rewrite rewrite;
    bool german = has(word, size, "sch") || has(word, size, "w");
    bool english = has(word, size, "sh") || has(word, size, "v");
    if (into == TRANSLITERATION_GERMAN ? german : english)
        return 0;
    for (size_t i = 0; i < size; i++)
        if (word[i] < 'a' || word[i] > 'z')
            return 0;
    if (into == TRANSLITERATION_GERMAN)
        rewrite_prepare(&rewrite, into_german, sizeof into_german / sizeof *into_german);
    else
        rewrite_prepare(&rewrite, into_english, sizeof into_english / sizeof *into_english);
    return rewrite_apply(&rewrite, word, size, false, out);
}
