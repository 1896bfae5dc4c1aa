#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <assert.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/peer.h"
#include "base/mem.h"

/* Who may come in by the unix socket, as the kernel sees the other process. */

enum { STRANGER = 64001, GROUP = 64002, OTHER_GROUP = 64003 };

/* clang-format off */
static const struct {
	const char *who;
	uid_t uid;
	gid_t gid;
	size_t more;
	gid_t supplementary[2];
	gid_t asked; /* the group that may administer */
	bool welcome;
} peers[] = {
	{"root", 0, 0, 0, {0}, GROUP, true},
	{"root, without a group", 0, 0, 0, {0}, (gid_t)-1, true},
	{"a stranger", STRANGER, STRANGER, 0, {0}, GROUP, false},
	{"a stranger where there is no group", STRANGER, STRANGER, 0, {0}, (gid_t)-1, false},
	{"the group as his own", STRANGER, GROUP, 0, {0}, GROUP, true},
	{"the group as a further one", STRANGER, STRANGER, 2, {OTHER_GROUP, GROUP}, GROUP, true},
	{"another group", STRANGER, OTHER_GROUP, 1, {OTHER_GROUP}, GROUP, false},
	{"root's group alone", STRANGER, 0, 0, {0}, GROUP, false},
};
/* clang-format on */

static int listener(struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at->sun_path, sizeof at->sun_path, "/tmp/entente-peer-%d.sock", (int)getpid());
	assert_int_equal(bind(fd, (struct sockaddr *)at, sizeof *at), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(chmod(at->sun_path, 0666), 0);
	return fd;
}

/* A child connects as this peer and holds on until it is let go. */
static pid_t connect_as(size_t i, const struct sockaddr_un *at)
{
	pid_t child = fork();
	char c;
	int fd;

	assert_true(child >= 0);
	if (child)
		return child;
	if (setgroups(peers[i].more, peers[i].supplementary) ||
		setresgid(peers[i].gid, peers[i].gid, peers[i].gid) ||
		setresuid(peers[i].uid, peers[i].uid, peers[i].uid))
		_exit(1);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(fd, (const struct sockaddr *)at, sizeof *at))
		_exit(2);
	_exit(read(fd, &c, 1) == 0 ? 0 : 3);
}

static void the_kernel_says_who_may_come_in(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int lfd, fd, status, r;
	struct peer p;
	struct err e;
	pid_t child;

	if (geteuid() != 0)
		skip();
	lfd = listener(&at);
	for (size_t i = 0; i < ARRAY_LEN(peers); i++) {
		child = connect_as(i, &at);
		fd = accept(lfd, NULL, NULL);
		assert_true(fd >= 0);
		r = peer_of(fd, peers[i].asked, &p, &e);
		if ((r == 0) != peers[i].welcome)
			fail_msg("%s was %s", peers[i].who, r ? "refused" : "let in");
		assert_int_equal(p.uid, peers[i].uid);
		assert_int_equal(p.pid, child);
		if (r < 0)
			assert_string_equal(e.code, "not_allowed");
		close(fd);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
	close(lfd);
	unlink(at.sun_path);
}

static void names_are_for_the_log(void **state)
{
	int pair[2];
	struct peer p;
	struct err e;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(peer_of(pair[0], (gid_t)-1, &p, &e), 0); /* we ourselves */
	assert_int_equal(p.uid, geteuid());
	assert_true(strlen(p.name) > 0);
	close(pair[0]);
	close(pair[1]);
}

static void a_group_is_looked_up_by_name(void **state)
{
	assert_int_equal(peer_group("root"), 0);
	assert_true(peer_group("") == (gid_t)-1);
	assert_true(peer_group("no-such-group-at-all") == (gid_t)-1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_says_who_may_come_in),
		cmocka_unit_test(names_are_for_the_log),
		cmocka_unit_test(a_group_is_looked_up_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
