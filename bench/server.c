#include "server.h"

#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc.h"

static void die(const char *what, const char *name)
{
	fprintf(stderr, "bench: %s: %s\n", name, what);
	exit(1);
}

void server_folder(char *dir, const struct pki *pki)
{
	char path[128];
	EVP_PKEY *key;
	X509 *cert;

	strcpy(dir, "/tmp/entente-bench-XXXXXX");
	if (!mkdtemp(dir))
		die("no temporary folder", "bench");
	pki_issue(pki, "sip.bench", &key, &cert);
	snprintf(path, sizeof path, "%s/ca.pem", dir);
	pki_write_cert(path, pki->ca);
	snprintf(path, sizeof path, "%s/cert.pem", dir);
	pki_write_cert(path, cert);
	snprintf(path, sizeof path, "%s/key.pem", dir);
	pki_write_key(path, key);
	X509_free(cert);
	EVP_PKEY_free(key);
}

void server_folder_remove(const char *dir)
{
	char cmd[128];

	snprintf(cmd, sizeof cmd, "rm -rf '%s'", dir);
	if (system(cmd) != 0)
		fprintf(stderr, "bench: %s was left behind\n", dir);
}

/* Becomes the server, or the script that keeps it. */
static void become(const struct server *s, const struct server_env *env)
{
	char self[512], path[600], port[16], partners[16];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	snprintf(port, sizeof port, "%u", env->dns_port);
	snprintf(partners, sizeof partners, "%u", env->partners);
	self[n > 0 ? n : 0] = '\0';
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	proc_pin(0);
	if (strcmp(s->name, "entente") == 0) {
		snprintf(path, sizeof path, "%s/edge_host", dirname(self));
		execl(path, "edge_host", s->dir, port, partners, (char *)NULL);
	} else {
		snprintf(path, sizeof path, "%s/rival.py", BENCH_SOURCE);
		execlp("python3", "python3", "-B", path, s->name, s->dir, port, SERVER_SECRET,
			env->own_component ? "alone" : "component", (char *)NULL);
	}
	perror(path);
	_exit(127);
}

void server_start(struct server *s, const char *name, const struct server_env *env)
{
	int in[2], out[2], pid = 0;
	unsigned port = 0, component = 0;
	char line[256];

	*s = (struct server){.name = name};
	server_folder(s->dir, env->pki);
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		die("pipe", name);
	s->keeper = fork();
	if (s->keeper == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		become(s, env);
	}
	close(in[0]);
	close(out[1]);
	s->to = fdopen(in[1], "w");
	s->from = fdopen(out[0], "r");
	if (!fgets(line, sizeof line, s->from) ||
		sscanf(line, "ready %d %u %u", &pid, &port, &component) < 2)
		die("did not come up", name);
	s->pid = pid;
	s->port = (uint16_t)port;
	s->component_port = (uint16_t)component;
}

void server_send(struct server *s, unsigned first, unsigned count)
{
	fprintf(s->to, "send %u %u\n", first, count);
	fflush(s->to);
}

void server_stop(struct server *s)
{
	fclose(s->to);
	waitpid(s->keeper, NULL, 0);
	fclose(s->from);
	server_folder_remove(s->dir);
}

unsigned server_names(const char *against, const char **ret, unsigned max)
{
	static const char *const rivals[] = {"prosody", "ejabberd"};
	unsigned n = 0;

	ret[n++] = "entente";
	for (unsigned i = 0; against && i < 2 && n < max; i++)
		if (strcmp(against, "all") == 0 || strcmp(against, rivals[i]) == 0)
			ret[n++] = rivals[i];
	if (against && n == 1)
		die("no such server: prosody, ejabberd or all", against);
	return n;
}
