#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"

/*
 * The program as a process: how it starts, reloads and ends. $ENTENTED and $ENTENTE are the
 * programs; what it tells the service manager is what is waited for.
 */
enum { WAIT_MS = 60000 };

static char folder[64];
static int manager = -1; /* receives what the service manager would */
static pid_t daemon_pid;
static unsigned xmpp_port, sip_port, metrics_port;

/* ---- files ---- */

static char *in_folder(const char *name)
{
	return xasprintf("%s/%s", folder, name);
}

static void write_file(const char *name, const char *text)
{
	char *path = in_folder(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	free(path);
}

static char *read_file(const char *name)
{
	char *path = in_folder(name), *text;
	FILE *f = fopen(path, "r");
	struct buf b = {0};
	size_t n;

	assert_non_null(f);
	do {
		n = fread(buf_room(&b, 4096), 1, 4096, f);
		buf_added(&b, n);
	} while (n);
	fclose(f);
	text = buf_dup(&b);
	buf_done(&b);
	free(path);
	return text;
}

static void write_pem(const char *name, X509 *x, EVP_PKEY *key)
{
	char *path = in_folder(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	if (x)
		PEM_write_X509(f, x);
	else
		PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	free(path);
}

static void write_certificate(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();

	X509_set_version(x, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 100 * 86400);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
		(const unsigned char *)"sip.lab", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	write_pem("cert.pem", x, NULL);
	write_pem("key.pem", NULL, key);
	X509_free(x);
	EVP_PKEY_free(key);
}

static unsigned free_port(int type)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, type, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	close(fd);
	return ntohs(at.sin_port);
}

static void write_conf(const char *more)
{
	char *text = xasprintf("[store]\ndir = %1$s/state/store\nkey-file = %1$s/state/key\n"
			       "[xmpp]\nlisten = 127.0.0.1:%2$u\ntrust = %1$s/cert.pem\n"
			       "[certificate lab]\nchain = %1$s/cert.pem\nkey = %1$s/key.pem\n"
			       "[sip]\nlisten-udp = 127.0.0.1:%3$u\n"
			       "[resolver]\ndnssec = off\nforward = 127.0.0.1:9\n"
			       "[admin]\nsocket = %1$s/admin.sock\nlisten =\ngroup =\n"
			       "[metrics]\nlisten = 127.0.0.1:%4$u\n%5$s",
		folder, xmpp_port, sip_port, metrics_port, more);

	write_file("entente.conf", text);
	free(text);
}

/* ---- the daemon ---- */

static void exec_daemon(void)
{
	char *conf = in_folder("entente.conf"), *log = in_folder("log");
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);

	if (fd >= 0 && dup2(fd, 2) == 2 && dup2(fd, 1) == 1)
		execl(getenv("ENTENTED"), "entented", "--config", conf, (char *)NULL);
	_exit(127);
}

static pid_t spawn(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		exec_daemon();
	return pid;
}

static void wait_told(const char *what)
{
	struct pollfd p = {.fd = manager, .events = POLLIN};
	int ready = 0;
	char got[128], *log;
	ssize_t n;

	for (int i = 0; i < WAIT_MS / 100 && !ready; i++) {
		ready = poll(&p, 1, 100);
		if (!ready && daemon_pid && waitpid(daemon_pid, NULL, WNOHANG) == daemon_pid) {
			daemon_pid = 0;
			log = read_file("log");
			print_error("%s", log);
			free(log);
			fail_msg("it ended before it said %s", what);
		}
	}
	n = recv(manager, got, sizeof got - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	got[n] = '\0';
	assert_string_equal(got, what);
}

static int exit_code(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void launch(void)
{
	daemon_pid = spawn();
	wait_told("READY=1");
}

static void end_well(void)
{
	kill(daemon_pid, SIGTERM);
	assert_int_equal(exit_code(daemon_pid), 0);
	daemon_pid = 0;
	wait_told("STOPPING=1");
}

static int shell(const char *words)
{
	char *line = xasprintf(
		"\"$ENTENTE\" --socket %s/admin.sock %s >%s/out 2>&1", folder, words, folder);
	int status = system(line);

	free(line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool said(const char *part)
{
	char *log = read_file("log");
	bool found = strstr(log, part);

	free(log);
	return found;
}

/* What a reload does is seen in the log alone; the log is a file, so it is looked at again. */
static void wait_said(const char *part)
{
	for (int i = 0; i < WAIT_MS / 10 && !said(part); i++)
		poll(NULL, 0, 10);
	assert_true(said(part));
}

static int start(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char *dir;

	strcpy(folder, "/tmp/entente-service-XXXXXX");
	assert_non_null(mkdtemp(folder));
	chmod(folder, 0755);
	dir = in_folder("state");
	assert_int_equal(mkdir(dir, 0700), 0);
	free(dir);
	snprintf(at.sun_path, sizeof at.sun_path, "%s/notify", folder);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(manager, (struct sockaddr *)&at, sizeof at), 0);
	chmod(at.sun_path, 0666);
	setenv("NOTIFY_SOCKET", at.sun_path, 1);
	xmpp_port = free_port(SOCK_STREAM);
	metrics_port = free_port(SOCK_STREAM);
	sip_port = free_port(SOCK_DGRAM);
	write_certificate();
	write_conf("");
	return 0;
}

static int stop(void **state)
{
	char *clean = xasprintf("rm -rf %s", folder);
	int r;

	if (daemon_pid > 0) {
		kill(daemon_pid, SIGKILL);
		waitpid(daemon_pid, NULL, 0);
		daemon_pid = 0;
	}
	close(manager);
	r = system(clean);
	free(clean);
	return r;
}

/* ---- tests ---- */

static void it_starts_serves_and_ends_in_order(void **state)
{
	char *path = in_folder("admin.sock");
	struct stat st;

	launch();
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(shell("status"), 0);
	assert_int_equal(shell("partner add xmpp.lab"), 0);
	end_well();
	assert_int_equal(access(path, F_OK), -1);
	/* what was set is still there */
	launch();
	assert_int_equal(shell("partner show xmpp.lab"), 0);
	end_well();
	free(path);
}

static void health_is_told_over_tcp(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	static const char ask[] = "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n";
	char got[4096] = "";
	size_t n = 0;
	ssize_t k;
	int fd;

	launch();
	at.sin_port = htons((uint16_t)metrics_port);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(send(fd, ask, sizeof ask - 1, 0), sizeof ask - 1);
	while ((k = read(fd, got + n, sizeof got - 1 - n)) > 0)
		n += (size_t)k;
	close(fd);
	assert_true(strncmp(got, "HTTP/1.1 200 ", 13) == 0 && strstr(got, "\r\n\r\nok\n"));
	end_well();
}

static void sighup_reloads_what_is_right_and_refuses_what_is_not(void **state)
{
	launch();
	write_conf("[daemon]\nlog-level = debug\nnode = b\n");
	kill(daemon_pid, SIGHUP);
	wait_said("info reloaded ");
	assert_true(said("node in [daemon] has changed; it takes effect at the next restart"));
	write_conf("[daemon]\nnode = nonsense\n");
	kill(daemon_pid, SIGHUP);
	wait_said("error reload-refused ");
	assert_true(said("node: 'nonsense' has 8 characters"));
	write_conf("");
	write_file("key.pem", "not a key\n");
	kill(daemon_pid, SIGHUP);
	wait_said("key.pem");
	assert_int_equal(shell("status"), 0);
	end_well();
}

static void a_second_one_is_told_that_the_socket_is_taken(void **state)
{
	launch();
	assert_int_equal(exit_code(spawn()), 1);
	assert_true(said("admin.sock is served by another process"));
	assert_int_equal(shell("status"), 0);
	end_well();
}

static void a_socket_left_over_from_a_crash_is_replaced(void **state)
{
	launch();
	kill(daemon_pid, SIGKILL);
	assert_int_equal(exit_code(daemon_pid), 1000 + SIGKILL);
	launch();
	assert_int_equal(shell("status"), 0);
	end_well();
}

static void what_keeps_it_from_starting_is_said(void **state)
{
	char *path = in_folder("cert.pem");

	write_conf("[daemon]\nfrobnicate = 1\n");
	assert_int_equal(exit_code(spawn()), 1);
	assert_true(said("entente.conf:22: error: there is no setting 'frobnicate' in [daemon]"));
	write_conf("");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(exit_code(spawn()), 1);
	assert_true(said("cert.pem"));
	free(path);
}

static void an_address_that_is_taken_is_named(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char *name = xasprintf("127.0.0.1:%u", xmpp_port);

	at.sin_port = htons((uint16_t)xmpp_port);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(exit_code(spawn()), 1);
	assert_true(said(name));
	free(name);
	close(fd);
}

static void a_second_signal_ends_it_at_once(void **state)
{
	launch();
	kill(daemon_pid, SIGTERM);
	kill(daemon_pid, SIGINT);
	assert_int_equal(exit_code(daemon_pid), 0);
	daemon_pid = 0;
}

static void root_becomes_the_user_it_is_told(void **state)
{
	char *dir, *words, *status;

	if (geteuid() != 0)
		skip();
	dir = in_folder("state");
	assert_int_equal(chown(dir, 65534, 65534), 0);
	write_conf("[daemon]\nuser = nobody\n");
	launch();
	words = xasprintf("/proc/%d/status", (int)daemon_pid);
	status = xasprintf("grep -q '^Uid:.65534.65534.65534.65534$' %1$s && "
			   "grep -q '^Gid:.65534.65534.65534.65534$' %1$s",
		words);
	assert_int_equal(system(status), 0);
	assert_int_equal(shell("status"), 0);
	end_well();
	free(status);
	free(words);
	free(dir);
}

static void an_administration_alone_has_no_protocols(void **state)
{
	write_conf("[daemon]\nroles = admin\n");
	launch();
	assert_int_equal(shell("partner add xmpp.lab"), 0);
	assert_int_equal(shell("stream list"), 1);
	kill(daemon_pid, SIGTERM);
	assert_int_equal(exit_code(daemon_pid), 0);
	daemon_pid = 0;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		T(it_starts_serves_and_ends_in_order),
		T(health_is_told_over_tcp),
		T(sighup_reloads_what_is_right_and_refuses_what_is_not),
		T(a_second_one_is_told_that_the_socket_is_taken),
		T(a_socket_left_over_from_a_crash_is_replaced),
		T(what_keeps_it_from_starting_is_said),
		T(an_address_that_is_taken_is_named),
		T(a_second_signal_ends_it_at_once),
		T(root_becomes_the_user_it_is_told),
		T(an_administration_alone_has_no_protocols),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
