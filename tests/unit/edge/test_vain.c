#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "rig.h"

/* Addresses whose connections come to nothing are slowed, and no other (decision 0132). */
static struct rig rig;
static struct side a, b;

enum { ALLOWED = 3 };

static int setup(void **state)
{
	rig_init(&rig);
	side_init(&a, &rig, &(struct side_options){.domain = "sip.lab"});
	side_init(&b, &rig,
		&(struct side_options){.domain = "xmpp.lab", .limits = {.vain_connections = ALLOWED}});
	side_settings(&a, &(struct side_partner){.domain = "xmpp.lab", .port = side_port(&b)});
	side_settings(&b, &(struct side_partner){.domain = "sip.lab", .port = side_port(&a)});
	return 0;
}

static int teardown(void **state)
{
	side_done(&a);
	side_done(&b);
	rig_done(&rig);
	return 0;
}

static int dial(const char *from)
{
	struct sockaddr_in own = {.sin_family = AF_INET}, at = {.sin_family = AF_INET,
		.sin_port = htons(side_port(&b)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, from, &own.sin_addr);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof own), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

/* It has ended, from the other side. */
static bool is_closed(int fd)
{
	char some[512];
	ssize_t n;

	while ((n = recv(fd, some, sizeof some, MSG_DONTWAIT)) > 0)
		;
	return n == 0 || errno != EAGAIN;
}

/* What is seen here of the end is not all of it yet. */
static void close_other_end(int fd)
{
	close(fd);
	rig_turns(&rig, 10);
}

/* Says what makes b answer and then end the stream. */
static void say_nonsense(int fd)
{
	assert_true(send(fd, "<nonsense/>", 11, MSG_NOSIGNAL) == 11);
	rig_until(&rig, is_closed(fd));
	close_other_end(fd);
}

/* Whether b has taken the connection: one that it has not is closed without a word. */
static bool is_taken(int fd)
{
	static const char header[] =
		"<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
		"version='1.0' from='stranger.lab' to='xmpp.lab'>";
	char answer[2048];
	ssize_t n = -1;

	send(fd, header, sizeof header - 1, MSG_NOSIGNAL);
	rig_until(&rig, (n = recv(fd, answer, sizeof answer, MSG_DONTWAIT)) >= 0 || errno != EAGAIN);
	rig_until(&rig, is_closed(fd));
	close_other_end(fd);
	return n > 0;
}

static void an_address_of_connections_in_vain_is_slowed(void **state)
{
	for (int i = 0; i < ALLOWED; i++)
		say_nonsense(dial("127.0.0.2"));
	assert_false(is_taken(dial("127.0.0.2")));
	assert_true(is_taken(dial("127.0.0.3")));
	rig_pass(&rig, 1000);
	assert_true(is_taken(dial("127.0.0.2")));
	assert_false(is_taken(dial("127.0.0.2")));
}

/* It says nothing at all: the time-out is counted as well. */
static void silence_is_in_vain(void **state)
{
	int fd[ALLOWED];

	for (int i = 0; i < ALLOWED; i++)
		fd[i] = dial("127.0.0.2");
	rig_pass(&rig, 9000);
	assert_false(is_closed(fd[0]));
	for (int i = 0; i < ALLOWED; i++) {
		rig_until(&rig, is_closed(fd[i]));
		close_other_end(fd[i]);
	}
	assert_false(is_taken(dial("127.0.0.2")));
}

/* A partner whose streams bring stanzas may end them as often as it likes. */
static void who_brings_a_stanza_is_not_slowed(void **state)
{
	uint64_t begin = loop_now(rig.loop);

	for (uint64_t i = 1; i <= 3 * ALLOWED; i++) {
		side_send(&a, "xmpp.lab", i, 20000);
		rig_until(&rig, side_received(&b, i) == 1);
		side_settings(&a, &(struct side_partner){
					  .domain = "xmpp.lab", .port = side_port(&b), .disabled = true});
		rig_turns(&rig, 20);
		side_settings(&a, &(struct side_partner){.domain = "xmpp.lab", .port = side_port(&b)});
	}
	assert_true(loop_now(rig.loop) - begin < 1000); /* nobody had to wait for room */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(an_address_of_connections_in_vain_is_slowed),
		T(silence_is_in_vain),
		T(who_brings_a_stanza_is_not_slowed),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
