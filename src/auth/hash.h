#pragma once

#include "base/slice.h"

/*
 * SHA-256 as 64 hexadecimal digits: how secrets of 80 random bits and more are kept. What people
 * choose needs store/argon.h.
 */
void hash_text(struct slice s, char ret[65]);
