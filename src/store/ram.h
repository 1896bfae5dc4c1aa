#pragma once

/* Private to store/ and its tests. */

/* The n-th operation from now on a ram backend (0: the next) fails, once. -1: none does. */
void ram_fail_after(long n);
