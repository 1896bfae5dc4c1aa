#include "admin/peer.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

enum { GROUPS_MAX = 65536, NSS_BYTES = 4096 }; /* the kernel's NGROUPS_MAX */

gid_t peer_group(const char *name)
{
	char tmp[NSS_BYTES];
	struct group g, *found = NULL;

	if (!*name || getgrnam_r(name, &g, tmp, sizeof tmp, &found) != 0 || !found)
		return (gid_t)-1;
	return g.gr_gid;
}

static void set_name(struct peer *p)
{
	char tmp[NSS_BYTES];
	struct passwd pw, *found = NULL;

	if (getpwuid_r(p->uid, &pw, tmp, sizeof tmp, &found) == 0 && found)
		snprintf(p->name, sizeof p->name, "%s", pw.pw_name);
	else
		snprintf(p->name, sizeof p->name, "uid %u", (unsigned)p->uid);
}

/* The groups the process has, as when it connected: those that file permissions go by. */
static bool in_group(int fd, gid_t own, gid_t group)
{
	socklen_t bytes = 0;
	gid_t *list;
	bool found = own == group;

	if (group == (gid_t)-1)
		return false;
	if (found || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &bytes) == 0 ||
		errno != ERANGE)
		return found;
	if (bytes > GROUPS_MAX * sizeof *list)
		return false;
	list = xmalloc(bytes);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, list, &bytes) == 0)
		for (size_t i = 0; i < bytes / sizeof *list && !found; i++)
			found = list[i] == group;
	xfree(list);
	return found;
}

int peer_of(int fd, gid_t group, struct peer *ret, struct err *e)
{
	struct ucred cred;
	socklen_t n = sizeof cred;

	*ret = (struct peer){.uid = (uid_t)-1, .name = "nobody"};
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) < 0)
		return err_code(e, ERR_DENIED, "not_allowed", NULL, "who asks is not known");
	ret->uid = cred.uid;
	ret->pid = cred.pid;
	set_name(ret);
	if (cred.uid != 0 && cred.uid != geteuid() && !in_group(fd, cred.gid, group))
		return err_code(e, ERR_DENIED, "not_allowed", NULL,
			"%s may not administer Entente; root and the members of its group may",
			ret->name);
	return 0;
}
