/* SPDX-License-Identifier: MIT
 *
 * hash.c - the only file that knows xxHash. It is compiled in (XXH_INLINE_ALL), which makes
 * short keys about twice as fast as calls into its library.
 */
#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

_Static_assert(sizeof(XXH128_canonical_t) == 16, "hash_128 gives 16 bytes");

uint64_t hash_bytes(const void *bytes, size_t size)
{
    return XXH3_64bits(bytes, size);
}

uint32_t checksum_32(const void *bytes, size_t size)
{
    return (uint32_t)XXH3_64bits(bytes, size);
}

void hash_128(const void *bytes, size_t size, uint8_t out[16])
{
    XXH128_canonicalFromHash((XXH128_canonical_t *)out, XXH3_128bits(bytes, size));
}
