/* SPDX-License-Identifier: MIT
 *
 * team.c - see team.h.
 */
#include "write/team.h"

#include <assert.h>
#include <pthread.h>

#include "base/memory.h"

struct member {
    struct team *team;
    uint32_t number;
    pthread_t thread;
};

struct team {
    struct member *members;
    uint32_t started;
    pthread_mutex_t mutex;
    pthread_cond_t begun; /* a task, or stop */
    pthread_cond_t ended;
    uint64_t tasks; /* begun so far */
    uint32_t busy;  /* threads that have not ended the last one */
    bool stop;
    void (*task)(void *user, uint32_t thread);
    void *user;
};

static void *member_main(void *user)
{
    struct member *member = user;
    struct team *team = member->team;
    uint64_t done = 0;
    pthread_mutex_lock(&team->mutex);
    for (;;) {
        while (!team->stop && team->tasks == done)
            pthread_cond_wait(&team->begun, &team->mutex);
        if (team->tasks == done)
            break;
        done = team->tasks;
        pthread_mutex_unlock(&team->mutex);
        team->task(team->user, member->number);
        pthread_mutex_lock(&team->mutex);
        if (--team->busy == 0)
            pthread_cond_signal(&team->ended);
    }
    pthread_mutex_unlock(&team->mutex);
    return NULL;
}

lupe_status team_start(uint32_t threads, struct team **out_team)
{
    lupe_status status = LUPE_OK;
    *out_team = NULL;
    struct team *team = memory_zalloc(1, sizeof *team);
    if (!team)
        return fail_memory();
    pthread_mutex_init(&team->mutex, NULL);
    pthread_cond_init(&team->begun, NULL);
    pthread_cond_init(&team->ended, NULL);
    team->members = memory_zalloc(threads, sizeof *team->members);
    if (!team->members)
        status = fail_memory();
    for (uint32_t i = 0; status == LUPE_OK && i < threads; i++) {
        struct member *member = &team->members[i];
        member->team = team;
        member->number = i;
        int error = pthread_create(&member->thread, NULL, member_main, member);
        if (error)
            status = fail_errno(error, "cannot start thread %u of %u", i + 1, threads);
        else
            team->started++;
    }
    if (status == LUPE_OK)
        *out_team = team;
    else
        team_stop(team);
    return status;
}

void team_stop(struct team *team)
{
    if (!team)
        return;
    pthread_mutex_lock(&team->mutex);
    assert(team->busy == 0);
    team->stop = true;
    pthread_cond_broadcast(&team->begun);
    pthread_mutex_unlock(&team->mutex);
    for (uint32_t i = 0; i < team->started; i++)
        pthread_join(team->members[i].thread, NULL);
    pthread_cond_destroy(&team->ended);
    pthread_cond_destroy(&team->begun);
    pthread_mutex_destroy(&team->mutex);
    memory_free(team->members);
    memory_free(team);
}

uint32_t team_threads(const struct team *team)
{
    return team->started;
}

void team_begin(struct team *team, void (*task)(void *user, uint32_t thread), void *user)
{
    pthread_mutex_lock(&team->mutex);
    assert(team->busy == 0);
    team->task = task;
    team->user = user;
    team->busy = team->started;
    team->tasks++;
    pthread_cond_broadcast(&team->begun);
    pthread_mutex_unlock(&team->mutex);
}

void team_wait(struct team *team)
{
    pthread_mutex_lock(&team->mutex);
    while (team->busy > 0)
        pthread_cond_wait(&team->ended, &team->mutex);
    pthread_mutex_unlock(&team->mutex);
}
