/* SPDX-License-Identifier: MIT
 *
 * words_masks.h - which of 64 bytes of text are what, a bit each, lowest first.
 *
 * Owned by words_simple.c, which alone reads them; made by words_x86.c. Never decides what a word
 * is: it tells bytes apart.
 */
#ifndef LUPE_TEXT_WORDS_MASKS_H
#define LUPE_TEXT_WORDS_MASKS_H

#include <stdint.h>

#define MASK_BYTES 64u

struct word_masks {
    uint64_t run;       /* ASCII letters, digits, underscores */
    uint64_t digit;     /* ASCII digits */
    uint64_t wide;      /* 0x80 and above */
    uint64_t lead_c2;   /* 0xC2, */
    uint64_t lead_c3;   /* 0xC3, */
    uint64_t lead_e2;   /* 0xE2 */
    uint64_t is_80;     /* 0x80 */
    uint64_t letter_c3; /* behind 0xC3 a letter: 0x80 to 0xBF but the signs for times and divided */
    uint64_t sign_c2;   /* behind 0xC2 a blank, paragraph, degree or quote: A0 A7 AB B0 BB */
    uint64_t sign_e2;   /* behind 0xE2 0x80 a dash, quote or ellipsis: 93 94 9A 9C 9D 9E A6 */
    uint64_t joins;     /* - ' ` + #: what may belong to the word before */
    uint64_t points;    /* . , : which do behind digits */
};

typedef void word_masks_kernel(const uint8_t *bytes, struct word_masks *masks);

/* The kernel of this machine, or NULL. */
word_masks_kernel *word_masks_choose(void);

#endif
