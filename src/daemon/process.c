#include "daemon/process.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/rand.h"

void process_prepare(void)
{
	struct rlimit files;
	uint8_t seed[16];

	rand_bytes(seed, sizeof seed);
	hash_seed(seed);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	signal(SIGPIPE, SIG_IGN);
}

char *process_helper(const char *name, const char *folder)
{
	char own[1024], *path;
	ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
	const char *slash;

	own[n > 0 ? n : 0] = '\0';
	slash = strrchr(own, '/');
	path = xasprintf("%.*s/%s", slash ? (int)(slash - own) : 0, own, name);
	if (slash && access(path, X_OK) == 0)
		return path;
	xfree(path);
	return xasprintf("%s/%s", folder, name);
}

int process_become(const char *user, struct err *e)
{
	struct passwd *pw;

	if (!*user)
		return 0;
	errno = 0;
	pw = getpwnam(user);
	if (!pw)
		return err_set(e, ERR_NOT_FOUND, "there is no user '%s'%s%s", user,
			errno ? ": " : "", errno ? strerror(errno) : "");
	if (pw->pw_uid == geteuid())
		return 0;
	if (initgroups(user, pw->pw_gid) < 0 || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
		setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
		return err_set(e, ERR_DENIED,
			"cannot become user '%s': %s; start as root, or remove "
			"'user'",
			user, strerror(errno));
	if (pw->pw_uid != 0 && setuid(0) == 0)
		return err_set(e, ERR_INTERNAL, "the rights of root did not go away");
	return 0;
}
