/* SPDX-License-Identifier: MIT
 *
 * lupe_index.h - what the public handle lupe_index is. Included by engine/lupe*.c alone.
 */
#ifndef LUPE_LUPE_INDEX_H
#define LUPE_LUPE_INDEX_H

#include "segment/catalogue.h"
#include "store/store.h"

struct lupe_index {
    struct store *store;
    lupe_open_options options; /* hooks and flags as given */
    char language[LANGUAGE_NAME_BYTES];
};

#endif
