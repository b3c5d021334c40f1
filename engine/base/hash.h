/* SPDX-License-Identifier: MIT
 *
 * hash.h - xxHash behind three names: hash tables, checksums, long ids.
 */
#ifndef LUPE_BASE_HASH_H
#define LUPE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *bytes, size_t size);   /* XXH3, 64 bits: tables, extent checksums */
uint32_t checksum_32(const void *bytes, size_t size);  /* its lower half: dictionary blocks */
void hash_128(const void *bytes, size_t size, uint8_t out[16]); /* XXH3, 128 bits, canonical order */

#endif
