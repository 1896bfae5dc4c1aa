#include "service.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc.h"
#include "sip_side.h"

static void die(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
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
		die("no free port");
	close(fd);
	return ntohs(a.sin_port);
}

static void write_certificates(const struct service *s, const struct pki *pki)
{
	char path[128];
	EVP_PKEY *key;
	X509 *cert;

	pki_issue(pki, "sip.bench", &key, &cert);
	snprintf(path, sizeof path, "%s/ca.pem", s->dir);
	pki_write_cert(path, pki->ca);
	snprintf(path, sizeof path, "%s/cert.pem", s->dir);
	pki_write_cert(path, cert);
	snprintf(path, sizeof path, "%s/key.pem", s->dir);
	pki_write_key(path, key);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void write_config(const struct service *s, const struct bench_dns *dns)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/entente.conf", s->dir);
	f = fopen(path, "w");
	if (!f)
		die("cannot write the configuration");
	fprintf(f,
		"[daemon]\nlog-level = %s\n[store]\ndir = %s/store\nkey-file = %s/store.key\n"
		"[xmpp]\nlisten = 127.0.0.1:%u\ntrust = %s/ca.pem\n"
		"[certificate bench]\nchain = %s/cert.pem\nkey = %s/key.pem\n"
		"[sip]\nlisten-%s = 127.0.0.1:%u\n",
		s->log_to_file ? "info" : "warn", s->dir, s->dir, s->xmpp_port, s->dir, s->dir, s->dir,
		s->transport ? s->transport : "udp", s->sip_port);
	if (s->streams)
		fprintf(f, "listen-tcp = 127.0.0.1:%u\nlisten-tls = 127.0.0.1:%u\n", s->sip_tcp_port,
			s->sip_tls_port);
	if (s->vain)
		fprintf(f, "vain-connections = %u\n", s->vain);
	fprintf(f,
		"[resolver]\ndnssec = off\nforward = 127.0.0.1:%u\n"
		"[metrics]\nlisten =\n[admin]\nsocket = %s/admin.sock\nlisten =",
		dns->port, s->dir);
	fprintf(f, s->panel ? " 127.0.0.1:%u\n" : "\n", s->panel_port);
	fclose(f);
}

static void log_to_file(const struct service *s)
{
	char path[128];
	int fd;

	snprintf(path, sizeof path, "%s/log", s->dir);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static void start(struct service *s)
{
	char conf[128];

	snprintf(conf, sizeof conf, "%s/entente.conf", s->dir);
	s->pid = fork();
	if (s->pid == 0) {
		setsid();
		prctl(PR_SET_PDEATHSIG, SIGTERM); /* ends with the benchmark, however that ends */
		proc_pin(0);
		if (s->log_to_file)
			log_to_file(s);
		execl(s->entented, "entented", "--config", conf, (char *)NULL);
		perror(s->entented);
		_exit(127);
	}
}

/* Runs entente with words separated by single spaces; returns its exit code. */
static int entente(const struct service *s, char *words)
{
	char socket[128], name[] = "entente", option[] = "--socket";
	char *argv[40] = {name, option, socket};
	int n = 3, status, null;
	pid_t pid;

	snprintf(socket, sizeof socket, "%s/admin.sock", s->dir);
	for (char *w = strtok(words, " "); w && n < 39; w = strtok(NULL, " "))
		argv[n++] = w;
	pid = fork();
	if (pid == 0) {
		null = open("/dev/null", O_WRONLY);
		dup2(null, STDOUT_FILENO);
		if (strcmp(argv[3], "status") == 0)
			dup2(null, STDERR_FILENO);
		execv(s->entente, argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void service_do(const struct service *s, const char *fmt, ...)
{
	char words[256], shown[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	strcpy(shown, words);
	if (entente(s, words) != 0) {
		fprintf(stderr, "bench: refused: entente %s\n", shown);
		service_stop((struct service *)s);
		exit(1);
	}
}

static void wait_until_up(struct service *s)
{
	for (int i = 0; i < 100; i++) {
		char status[] = "status";

		if (entente(s, status) == 0)
			return;
		if (waitpid(s->pid, NULL, WNOHANG) == s->pid)
			break;
		usleep(100000);
	}
	die("entented did not come up");
}

void service_start(struct service *s, const struct pki *pki, const struct bench_dns *dns,
	uint16_t next_hop_port)
{
	const char *tmp = getenv("TMPDIR");
	bool is_tls = s->transport && strcmp(s->transport, "tls") == 0;

	snprintf(s->dir, sizeof s->dir, "%s/entente-bench-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(s->dir))
		die("no temporary folder");
	s->sip_port = free_port(!s->transport || strcmp(s->transport, "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM);
	s->xmpp_port = free_port(SOCK_STREAM);
	s->panel_port = free_port(SOCK_STREAM);
	s->sip_tcp_port = free_port(SOCK_STREAM);
	s->sip_tls_port = free_port(SOCK_STREAM);
	write_certificates(s, pki);
	write_config(s, dns);
	start(s);
	wait_until_up(s);
	service_do(s, "route add bench --next-hop sip:127.0.0.1:%u --transport %s --error-wait 0%s", next_hop_port,
		s->transport ? s->transport : "udp", is_tls ? " --tls-names " PBX_NAME : "");
	service_do(s, "domain add sip.bench --route bench");
	if (!s->partners)
		service_do(s, "partner add xmpp.bench --type federated --dialback no");
	for (unsigned i = 0; i < s->partners; i++)
		service_do(s, "partner add p%u.bench --type federated --dialback no", i);
	service_do(s, "access set --allow-federated-users yes --enable-federation-access yes --enable-xmpp-access yes");
}

void service_token(const struct service *s, const char *role, char ret[static 128])
{
	char cmd[512];
	FILE *f;

	snprintf(cmd, sizeof cmd,
		"'%s' --socket '%s/admin.sock' token add bench --role %s 2>/dev/null | grep -o 'ent_[A-Za-z0-9_-]*'",
		s->entente, s->dir, role);
	f = popen(cmd, "r");
	if (!f || fscanf(f, "%127s", ret) != 1)
		die("no token was made");
	pclose(f);
}

int service_stop(struct service *s)
{
	int status = 0;
	char cmd[128];

	if (s->pid > 0) {
		kill(s->pid, SIGTERM);
		waitpid(s->pid, &status, 0);
	}
	snprintf(cmd, sizeof cmd, "rm -rf '%s'", s->dir);
	if (system(cmd) != 0)
		fprintf(stderr, "bench: %s was left behind\n", s->dir);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
