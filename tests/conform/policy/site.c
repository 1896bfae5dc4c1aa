#include "site.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what, const char *which)
{
	fprintf(stderr, "policy_matrix: %s: %s\n", which, what);
	exit(1);
}

/* A port that was free a moment ago. */
static uint16_t free_port(int type)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, type, 0);

	if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 ||
		getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		die("no free port", "loopback");
	close(fd);
	return ntohs(a.sin_port);
}

static void write_config(const struct site *s, const struct site_cfg *cfg)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/entente.conf", s->dir);
	f = fopen(path, "w");
	if (!f)
		die("cannot be written", path);
	fprintf(f,
		"[daemon]\nlog-level = debug\n[store]\ndir = %s/store\nkey-file = %s/store.key\n"
		"[xmpp]\nlisten = 127.0.0.1:%u\ntrust = %s\nvain-connections = 100000\n[sip]\nlisten-udp = 127.0.0.1:%u\n"
		"[resolver]\ndnssec = off\nforward = 127.0.0.1:%u\n"
		"[admin]\nsocket = %s/admin.sock\nlisten =\ngroup =\n[metrics]\nlisten =\n",
		s->dir, s->dir, s->xmpp_port, cfg->trust, s->sip_port, cfg->dns_port, s->dir);
	if (cfg->chain)
		fprintf(f, "[certificate own]\nchain = %s\nkey = %s\n", cfg->chain, cfg->key);
	fclose(f);
}

void site_start(struct site *s, const struct site_cfg *cfg)
{
	char conf[128], log[128];

	snprintf(s->dir, sizeof s->dir, "%s", cfg->dir);
	mkdir(s->dir, 0700);
	s->sip_port = free_port(SOCK_DGRAM);
	s->xmpp_port = free_port(SOCK_STREAM);
	write_config(s, cfg);
	snprintf(conf, sizeof conf, "%s/entente.conf", s->dir);
	snprintf(log, sizeof log, "%s/log", s->dir);
	s->pid = fork();
	if (s->pid == 0) {
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

		prctl(PR_SET_PDEATHSIG, SIGTERM); /* ends with us, however we end */
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		execl(s->entented, "entented", "--config", conf, (char *)NULL);
		_exit(127);
	}
}

/* Its exit code; what it says goes to a file. */
static int run(const struct site *s, const char *const *words)
{
	char socket[128], said[128];
	const char *argv[64] = {"entente", "--socket", socket};
	int n = 3, status = 0;
	pid_t pid;

	snprintf(socket, sizeof socket, "%s/admin.sock", s->dir);
	snprintf(said, sizeof said, "%s/shell.log", s->dir);
	while (*words && n < 63)
		argv[n++] = *words++;
	pid = fork();
	if (pid == 0) {
		int fd = open(said, O_WRONLY | O_CREAT | O_APPEND, 0600);

		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		execv(s->entente, (char *const *)argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

void site_wait_up(struct site *s)
{
	for (int i = 0; i < 300; i++) {
		if (run(s, (const char *[]){"status", NULL}) <= 1)
			return;
		if (waitpid(s->pid, NULL, WNOHANG) == s->pid)
			break;
		usleep(50000);
	}
	die("entented did not come up", s->dir);
}

void site_do(const struct site *s, const char *const *words)
{
	if (run(s, words) != 0)
		die("entente refused it, see shell.log there", s->dir);
}

void site_stop(const struct site *s)
{
	kill(s->pid, SIGTERM);
}

bool site_ended(struct site *s, bool *ret_well)
{
	int status = 0;

	if (waitpid(s->pid, &status, WNOHANG) == 0)
		return false;
	*ret_well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return true;
}
