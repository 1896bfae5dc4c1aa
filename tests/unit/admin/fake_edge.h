#pragma once

#include "view/ask.h"

struct loop;

/*
 * An edge that has one stream, o1, to xn--bcher-kva.lab, which fails and whose texts are hostile,
 * and a partner that never had any. The hook `ask` of the administration.
 */
void fake_ask(void *arg, struct loop *asker, struct view_ask *a);

extern unsigned fake_closed; /* how often o1 was closed */
extern bool fake_well;       /* nobody fails */
