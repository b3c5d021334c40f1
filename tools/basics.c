/* SPDX-License-Identifier: MIT
 *
 * basics.c - see basics.h.
 */
#include "basics.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PROGRESS_INTERVAL_US 100000u
#define MESSAGE_BYTES_MAX 8192u /* a longer message is cut */

/* ------------------------------------------------------------------ memory */

static void *there_is(void *memory)
{
    if (!memory) {
        static const char message[] = "lupe: out of memory; try --memory with less\n";
        if (write(STDERR_FILENO, message, sizeof message - 1) < 0)
            _exit(EXIT_SYSTEM);
        _exit(EXIT_SYSTEM);
    }
    return memory;
}

void *allocate(size_t size)
{
    return there_is(calloc(1, size ? size : 1));
}

void *reallocate(void *memory, size_t size)
{
    return there_is(realloc(memory, size ? size : 1));
}

char *copy_bytes(const void *bytes, size_t size)
{
    char *copy = there_is(malloc(size + 1));
    if (size)
        memcpy(copy, bytes, size);
    copy[size] = '\0';
    return copy;
}

char *format_text(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int size = vasprintf(&text, format, arguments);
    va_end(arguments);
    return there_is(size < 0 ? NULL : text);
}

void *grow_array(void *items, size_t count, size_t *capacity, size_t item_size)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity ? 2 * *capacity : 16;
    if (*capacity > SIZE_MAX / item_size)
        return there_is(NULL);
    return reallocate(items, *capacity * item_size);
}

/* ------------------------------------------------------------------ messages */

static bool progress_shown;
static uint64_t progress_time;

/* What could steer a terminal becomes a question mark, in place: C0, DEL and C1. */
static void disarm(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at; at++) {
        if (*at < 0x20 || *at == 0x7F)
            *at = '?';
        else if (*at == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0)
            at[0] = at[1] = '?';
    }
}

void progress_clear(void)
{
    if (progress_shown)
        fputs("\r\033[K", stderr);
    progress_shown = false;
}

void complain(const char *format, ...)
{
    char text[MESSAGE_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    disarm(text);
    progress_clear();
    fprintf(stderr, "lupe: %s\n", text);
}

void progress_show(const char *format, ...)
{
    static int terminal = -1;
    if (terminal < 0)
        terminal = isatty(STDERR_FILENO);
    uint64_t now = now_us();
    if (!terminal || now - progress_time < PROGRESS_INTERVAL_US)
        return;
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    disarm(text);
    fprintf(stderr, "\r\033[K%s", text);
    fflush(stderr);
    progress_shown = true;
    progress_time = now;
}

const char *with_commas(uint64_t number)
{
    static char texts[8][32];
    static unsigned next;
    char *text = texts[next++ % 8];
    char *at = text + sizeof texts[0] - 1;
    *at = '\0';
    for (unsigned digits = 0;; digits++) {
        if (digits && digits % 3 == 0)
            *--at = ',';
        *--at = (char)('0' + number % 10);
        number /= 10;
        if (!number)
            return at;
    }
}

/* ------------------------------------------------------------------ interrupts */

static volatile sig_atomic_t interrupt_signal;

static void note_signal(int number)
{
    interrupt_signal = number;
}

void interrupt_catch(void)
{
    /* Not restarting: a read that waits for input comes back. Reset: the second one ends. */
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    /* Whoever reads the messages may go away; the work goes on. */
    signal(SIGPIPE, SIG_IGN);
}

bool interrupted(void)
{
    return interrupt_signal != 0;
}

int interrupt_status(void)
{
    return 128 + (interrupt_signal ? (int)interrupt_signal : SIGINT);
}

/* ------------------------------------------------------------------ clock and hash */

uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

uint64_t hash_text(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

void hash_format(uint64_t hash, char out[HASH_TEXT_BYTES])
{
    snprintf(out, HASH_TEXT_BYTES, "%016llx", (unsigned long long)hash);
}
