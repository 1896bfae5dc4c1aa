#pragma once

/*
 * Tells the service manager (systemd: $NOTIFY_SOCKET) how we are: "READY=1", "STOPPING=1",
 * "STATUS=...". Without one nothing happens; nothing can fail that anybody could mend.
 */
void notify(const char *state);
