#pragma once

#include "directory/request.h"

/* Answers a question, and frees it. Blocks; any thread. */
void ask_run(struct request *r);
