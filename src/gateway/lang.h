#pragma once

#include <stdbool.h>

#include "base/slice.h"

/* Language tags (BCP 47), as both protocols carry them. Pure. */

/* language-tag of RFC 3261 25.1: "cs", "en-GB", "zh-Hant-TW". */
bool lang_valid(struct slice s);

/* The first tag of a Content-Language; SL_NONE when there is none or it is none. */
struct slice lang_first(struct slice list);
