/* SPDX-License-Identifier: MIT
 *
 * team.h - threads that do one thing together, then the next.
 *
 * Owns the threads. Called by workers.c and flush.c, in the thread that writes. Knows nothing of
 * what is done.
 */
#ifndef LUPE_WRITE_TEAM_H
#define LUPE_WRITE_TEAM_H

#include "base/status.h"

struct team;

CHECKED lupe_status team_start(uint32_t threads, struct team **team);
void team_stop(struct team *team); /* accepts NULL; no task may be under way */
uint32_t team_threads(const struct team *team);

/* Every thread calls task once, with its number from 0 on. One task at a time. */
void team_begin(struct team *team, void (*task)(void *user, uint32_t thread), void *user);
void team_wait(struct team *team);

#endif
