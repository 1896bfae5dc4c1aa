#pragma once

#include "base/buf.h"
#include "base/slice.h"

/*
 * Appends a text in the form in which texts are compared that may differ in case and in how their
 * characters are composed: full case folding, then NFKC (what RFC 4518 2.2 and 2.3 ask for). -1: it
 * is not UTF-8; nothing is appended. The caller bounds what it passes.
 */
int text_fold(struct buf *out, struct slice s);
