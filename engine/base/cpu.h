/* SPDX-License-Identifier: MIT
 *
 * cpu.h - which SIMD path runs: the best the machine has, found once, or what the environment
 * variable LUPE_SIMD=scalar|sse41|avx2|avx512|neon asks for where the machine has it.
 */
#ifndef LUPE_BASE_CPU_H
#define LUPE_BASE_CPU_H

#include <stdbool.h>

enum cpu_level { CPU_SCALAR, CPU_SSE41, CPU_AVX2, CPU_AVX512, CPU_NEON };

enum cpu_level cpu_level(void);     /* in use; thread-safe */
bool cpu_has(enum cpu_level level); /* the machine can run it */
const char *cpu_level_name(enum cpu_level level);

#endif
