/* SPDX-License-Identifier: MIT
 *
 * cpu.h - which SIMD path runs: the best the machine has, found once, or what the environment
 * variable LUPE_SIMD=scalar|sse41|avx2|avx512|neon asks for where the machine has it. And asking
 * for memory ahead.
 */
#ifndef LUPE_BASE_CPU_H
#define LUPE_BASE_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cpu_level { CPU_SCALAR, CPU_SSE41, CPU_AVX2, CPU_AVX512, CPU_NEON };

enum cpu_level cpu_level(void);     /* in use; thread-safe */
bool cpu_has(enum cpu_level level); /* the machine can run it */
const char *cpu_level_name(enum cpu_level level);

#define CACHE_LINE_BYTES 64u

/* Asks for size bytes, which need not be there. The empty statement keeps the call: gcc 12 takes a
 * function that does nothing but prefetch for one that does nothing. */
static inline void prefetch_bytes(const void *bytes, size_t size)
{
    uintptr_t at = (uintptr_t)bytes & ~(uintptr_t)(CACHE_LINE_BYTES - 1);
    for (uintptr_t end = (uintptr_t)bytes + size; at < end; at += CACHE_LINE_BYTES)
        __builtin_prefetch((const void *)at);
    __asm__ volatile("");
}

#endif
