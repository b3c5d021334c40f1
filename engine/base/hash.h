/* SPDX-License-Identifier: MIT
 *
 * hash.h - xxHash behind three names: hash tables, checksums, long ids.
 */
#ifndef LUPE_BASE_HASH_H
#define LUPE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* XXH3 of 64 bits: tables, extent checksums. */
uint64_t hash_bytes(const void *bytes, size_t size);

/* Its lower half: dictionary blocks. */
uint32_t checksum_32(const void *bytes, size_t size);

/* XXH3 of 128 bits in canonical order: long ids and keywords. */
void hash_128(const void *bytes, size_t size, uint8_t out[16]);

#endif
