#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin/admin.h"
#include "admin/peer.h"

enum { BACKLOG = 128 };

static int fail(int fd, struct err *e, const char *what)
{
	int why = errno;

	if (fd >= 0)
		close(fd);
	return err_set(e, ERR_UNAVAILABLE, "%s: %s", what, strerror(why));
}

/* A socket file that nobody serves is left over from a process that died. */
static int remove_stale(const struct sockaddr_un *at, struct err *e)
{
	struct stat st;
	int fd, r;

	if (lstat(at->sun_path, &st) < 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return err_set(
			e, ERR_CONFLICT, "%s is there already and is no socket", at->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(fd, e, at->sun_path);
	r = connect(fd, (const struct sockaddr *)at, sizeof *at);
	if (r == 0 || errno == EAGAIN) {
		close(fd);
		return err_set(e, ERR_CONFLICT, "%s is served by another process", at->sun_path);
	}
	close(fd);
	return unlink(at->sun_path) < 0 ? fail(-1, e, at->sun_path) : 0;
}

/* Nobody may connect between bind() and the end: listen() is last. */
static int bind_private(int fd, const struct sockaddr_un *at, gid_t group)
{
	mode_t old = umask(0177);
	int r = bind(fd, (const struct sockaddr *)at, sizeof *at);

	umask(old);
	if (r < 0)
		return -1;
	/* Without the right to give it away, the group stays ours: root and we can use it. */
	if (group != (gid_t)-1 && chown(at->sun_path, (uid_t)-1, group) < 0 && errno != EPERM)
		return -1;
	return chmod(at->sun_path, 0660) < 0 ? -1 : listen(fd, BACKLOG);
}

int admin_listen_unix(const char *path, const char *group, int *ret, struct err *e)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof at.sun_path)
		return err_set(e, ERR_INVALID, "%s is longer than a socket's path may be (%zu)",
			path, sizeof at.sun_path - 1);
	memcpy(at.sun_path, path, strlen(path) + 1);
	if (remove_stale(&at, e) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind_private(fd, &at, peer_group(group)) < 0)
		return fail(fd, e, path);
	*ret = fd;
	return 0;
}

static socklen_t tcp_address(const char *host, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *four = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;

	*ret = (struct sockaddr_storage){0};
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		return sizeof *four;
	}
	if (inet_pton(AF_INET6, host, &six->sin6_addr) != 1)
		return 0;
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	return sizeof *six;
}

int admin_listen_tcp(const char *host, uint16_t port, int *ret, struct err *e)
{
	struct sockaddr_storage at;
	socklen_t n = tcp_address(host, port, &at);
	int fd, on = 1;
	char what[80];

	snprintf(what, sizeof what, "%s port %u", host, port);
	if (n == 0)
		return err_set(e, ERR_INVALID, "%s is no address", host);
	fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(fd, e, what);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (at.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&at, n) < 0 || listen(fd, BACKLOG) < 0)
		return fail(fd, e, what);
	*ret = fd;
	return 0;
}
