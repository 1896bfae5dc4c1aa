#pragma once

#include "base/slice.h"

/*
 * One name=value of a list with ';' between them, as Microsoft's own fields are written: what
 * stands in it need not be a token ("ms-body=aGk="). By name in any case, the first; without white
 * space around it, and without quotes. SL_NONE: there is none. Pure.
 */
struct slice member_of(struct slice list, const char *name);
