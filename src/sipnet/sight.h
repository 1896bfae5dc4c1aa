#pragma once

/* What sipnet_view() says, as a copy that may leave the loop (view/routes.h). */

struct sipnet;
struct view_routes;

struct view_routes *sipnet_sight(struct sipnet *n);
