/* SPDX-License-Identifier: MIT
 *
 * utf8.c - UTF-8 as RFC 3629 has it; see utf8.h.
 */
#include "base/utf8.h"

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

/* The size of the sequence at text, 1 to 4, or 0 when it is broken. The second byte decides on
 * overlong forms (E0, F0), surrogates (ED) and what lies above U+10FFFF (F4). */
static unsigned sequence_size(const uint8_t *text, const uint8_t *end)
{
    uint8_t first = text[0];
    size_t left = (size_t)(end - text);

    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4 || left < 2 || !is_continuation(text[1]))
        return 0;
    if (first < 0xE0)
        return 2;
    if (left < 3 || !is_continuation(text[2]))
        return 0;
    if (first < 0xF0) {
        if ((first == 0xE0 && text[1] < 0xA0) || (first == 0xED && text[1] > 0x9F))
            return 0;
        return 3;
    }
    if (left < 4 || !is_continuation(text[3]))
        return 0;
    if ((first == 0xF0 && text[1] < 0x90) || (first == 0xF4 && text[1] > 0x8F))
        return 0;
    return 4;
}

uint32_t utf8_decode_slow(const uint8_t *text, const uint8_t *end, unsigned *size)
{
    *size = sequence_size(text, end);
    switch (*size) {
    case 1:
        return text[0];
    case 2:
        return (text[0] & 0x1Fu) << 6 | (text[1] & 0x3Fu);
    case 3:
        return (text[0] & 0x0Fu) << 12 | (text[1] & 0x3Fu) << 6 | (text[2] & 0x3Fu);
    case 4:
        return (text[0] & 0x07u) << 18 | (text[1] & 0x3Fu) << 12 | (text[2] & 0x3Fu) << 6 |
               (text[3] & 0x3Fu);
    default:
        *size = 1;
        return UTF8_REPLACEMENT;
    }
}

unsigned utf8_encode(uint32_t code_point, uint8_t *out)
{
    if (code_point < 0x80) {
        out[0] = (uint8_t)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (uint8_t)(0xC0 | code_point >> 6);
        out[1] = (uint8_t)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF))
        code_point = UTF8_REPLACEMENT;
    if (code_point < 0x10000) {
        out[0] = (uint8_t)(0xE0 | code_point >> 12);
        out[1] = (uint8_t)(0x80 | (code_point >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (code_point & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | code_point >> 18);
    out[1] = (uint8_t)(0x80 | (code_point >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (code_point >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (code_point & 0x3F));
    return 4;
}

bool utf8_valid(const uint8_t *text, size_t size)
{
    const uint8_t *end = text + size;

    while (text < end) {
        if (end - text >= 8 && (load_u64(text) & 0x8080808080808080u) == 0) {
            text += 8;
            continue;
        }
        unsigned step = sequence_size(text, end);
        if (step == 0)
            return false;
        text += step;
    }
    return true;
}

/* A first byte is never inside another sequence, so the nearest one before the cut tells all. */
size_t utf8_cut(const uint8_t *text, size_t size, size_t size_max)
{
    if (size <= size_max)
        return size;
    size_t start = size_max;
    for (unsigned back = 0; back < 3 && start > 0 && is_continuation(text[start]); back++)
        start--;
    unsigned step = sequence_size(text + start, text + size);
    return start + step > size_max ? start : size_max;
}
