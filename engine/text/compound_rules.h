/* SPDX-License-Identifier: MIT
 *
 * compound_rules.h - what a split of a compound costs, and the prefixes that parts begin with.
 *
 * Owns these numbers and the list. Included by compound.c, and by the test that splits in the
 * plainest way to compare. Never looks at a word.
 */
#ifndef LUPE_TEXT_COMPOUND_RULES_H
#define LUPE_TEXT_COMPOUND_RULES_H

#include <stdbool.h>
#include <stdint.h>

/* In eighths of a nat, as in the lexicon; found on the words of tests/data/words/compounds.txt. */
#define BOUNDARY_COST 8u
#define WHOLE_COST 64u
#define LETTER_COST 14u /* 13.6, in which the costs of the lexicon are counted */
#define PREFIX_COST 48u
#define INNER_PREFIX_COST 80u /* of two letters within a word */
#define DROPPED_COST 16u

/* Prefixes and particles: no part of their own, but a part may begin with one and then a word of
 * the lexicon (Zwischenspeicherungs|anwendung). Nor does a part end inside one of PARTICLE. */
struct prefix {
    char letters[12];
    uint8_t size;
    bool particle;
};
static const struct prefix prefixes[] = {
    {"ab", 2, false},    {"an", 2, false},          {"anti", 4, false},     {"auf", 3, false},
    {"aus", 3, false},   {"auseinander", 11, true}, {"ausser", 6, false},   {"be", 2, false},
    {"bei", 3, false},   {"dahin", 5, true},        {"de", 2, false},       {"dis", 3, false},
    {"durch", 5, true},  {"ein", 3, false},         {"einander", 8, true},  {"empor", 5, true},
    {"ent", 3, false},   {"entgegen", 8, true},     {"er", 2, false},       {"fort", 4, false},
    {"ge", 2, false},    {"gegen", 5, true},        {"gegenuber", 9, true}, {"her", 3, false},
    {"heran", 5, true},  {"herauf", 6, true},       {"heraus", 6, true},    {"herein", 6, true},
    {"herum", 5, false}, {"herunter", 8, true},     {"hervor", 6, false},   {"hin", 3, false},
    {"hinauf", 6, true}, {"hinaus", 6, true},       {"hindurch", 8, true},  {"hinein", 6, true},
    {"hinter", 6, true}, {"hinunter", 8, true},     {"hyper", 5, false},    {"inner", 5, false},
    {"inter", 5, false}, {"los", 3, false},         {"miss", 4, false},     {"mit", 3, false},
    {"nach", 4, false},  {"neben", 5, false},       {"nicht", 5, false},    {"nieder", 6, true},
    {"ober", 4, false},  {"re", 2, false},          {"ruck", 4, false},     {"sub", 3, false},
    {"super", 5, false}, {"trans", 5, false},       {"uber", 4, true},      {"um", 2, false},
    {"umher", 5, true},  {"umhin", 5, true},        {"un", 2, false},       {"unter", 5, true},
    {"ur", 2, false},    {"ver", 3, false},         {"vor", 3, false},      {"voran", 5, true},
    {"voraus", 6, true}, {"vorbei", 6, true},       {"vorder", 6, false},   {"weg", 3, false},
    {"weiter", 6, true}, {"wider", 5, false},       {"wieder", 6, true},    {"zer", 3, false},
    {"zu", 2, false},    {"zuruck", 6, true},       {"zusammen", 8, true},  {"zwischen", 8, true},
};

#define PREFIXES (sizeof prefixes / sizeof *prefixes)

/* Where those of each first letter begin in the list, and which second letters they have, a bit
 * each: behind most letters of a word no prefix begins. */
static const uint8_t prefixes_from[27] = {0,  7,  9,  9,  13, 19, 20, 23, 39, 41, 41, 41, 42, 44,
                                          48, 49, 49, 49, 51, 53, 54, 61, 67, 71, 71, 71, 76};
static const uint32_t prefixes_second[26] = {
    0x102002, 0x10,    0x0,     0x100111, 0x23100, 0x4000, 0x10, 0x1000110, 0x2000,
    0x0,      0x0,     0x4000,  0x100,    0x111,   0x2,    0x0,  0x0,       0x100010,
    0x100000, 0x20000, 0x23002, 0x4010,   0x110,   0x0,    0x0,  0x500010};

#endif
