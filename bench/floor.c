/*
 * What the parts of a bridged message cost at best on this machine: the system calls, TLS records
 * and the XML parser that no implementation can do without, batched as well as they can be. The sums
 * are the floor that bench/bridge is compared with.
 */
#include <arpa/inet.h>
#include <expat.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "pki.h"
#include "proc.h"

enum { BATCH = 64, ROUNDS = 2000, SIP_BYTES = 560, RESPONSE_BYTES = 330, RECORD = 16 };

static const char stanza[] =
	"<message from='romeo17@sip.bench' to='juliet17@xmpp.bench/balcony' id='A00000000000017' "
	"type='normal'><thread>9E97FB43-85F4-4A00-8751</thread><body>Neither, fair saint, if either "
	"thee dislike.</body></message>";

struct batch {
	struct mmsghdr msg[BATCH];
	struct iovec iov[BATCH];
	char bytes[BATCH][2048];
};

static void batch_init(struct batch *b, size_t n)
{
	memset(b, 0, sizeof *b);
	for (int i = 0; i < BATCH; i++) {
		memset(b->bytes[i], 'x', n);
		b->iov[i] = (struct iovec){b->bytes[i], n};
		b->msg[i].msg_hdr.msg_iov = &b->iov[i];
		b->msg[i].msg_hdr.msg_iovlen = 1;
	}
}

static int udp_socket(struct sockaddr_in *ret)
{
	socklen_t len = sizeof *ret;
	int size = 4 << 20, fd = socket(AF_INET, SOCK_DGRAM, 0);

	*ret = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (bind(fd, (struct sockaddr *)ret, sizeof *ret) < 0 ||
		getsockname(fd, (struct sockaddr *)ret, &len) < 0) {
		perror("bench: socket");
		exit(1);
	}
	return fd;
}

struct udp_cost {
	double send_us, recv_us;
};

/* Sending on loopback runs the receiver's half of the kernel too, as it does in the bridge. */
static struct udp_cost udp_cost(size_t n)
{
	static struct batch out, in;
	struct sockaddr_in addr, from;
	int rx = udp_socket(&addr), tx = udp_socket(&from);
	uint64_t send_ns = 0, recv_ns = 0;

	batch_init(&out, n);
	batch_init(&in, sizeof in.bytes[0]);
	if (connect(tx, (struct sockaddr *)&addr, sizeof addr) < 0)
		exit(1);
	for (int r = 0; r < ROUNDS; r++) {
		uint64_t t0 = bench_thread_ns(), t1;

		if (sendmmsg(tx, out.msg, BATCH, 0) != BATCH)
			exit(1);
		t1 = bench_thread_ns();
		if (recvmmsg(rx, in.msg, BATCH, MSG_WAITFORONE, NULL) != BATCH)
			exit(1);
		send_ns += t1 - t0;
		recv_ns += bench_thread_ns() - t1;
	}
	return (struct udp_cost){
		(double)send_ns / ROUNDS / BATCH / 1e3, (double)recv_ns / ROUNDS / BATCH / 1e3};
}

struct tls_pair {
	SSL *client, *server;
};

static struct tls_pair tls_pair(void)
{
	SSL_CTX *cc = SSL_CTX_new(TLS_client_method()), *sc = SSL_CTX_new(TLS_server_method());
	struct tls_pair t = {0};
	struct pki pki;
	EVP_PKEY *key;
	X509 *cert;
	int fd[2];

	pki_make(&pki);
	pki_issue(&pki, "xmpp.bench", &key, &cert);
	SSL_CTX_use_certificate(sc, cert);
	SSL_CTX_use_PrivateKey(sc, key);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) < 0)
		exit(1);
	t.client = SSL_new(cc);
	t.server = SSL_new(sc);
	SSL_set_fd(t.client, fd[0]);
	SSL_set_fd(t.server, fd[1]);
	SSL_set_connect_state(t.client);
	SSL_set_accept_state(t.server);
	for (int i = 0; i < 20; i++) {
		SSL_do_handshake(t.client);
		SSL_do_handshake(t.server);
	}
	if (!SSL_is_init_finished(t.client) || !SSL_is_init_finished(t.server))
		exit(1);
	X509_free(cert);
	EVP_PKEY_free(key);
	pki_done(&pki);
	SSL_CTX_free(cc);
	SSL_CTX_free(sc);
	return t;
}

struct tls_cost {
	double write_us, read_us;
};

static struct tls_cost tls_cost(void)
{
	struct tls_pair t = tls_pair();
	static char record[RECORD * sizeof stanza], got[65536];
	uint64_t write_ns = 0, read_ns = 0;
	size_t n = 0;

	for (int i = 0; i < RECORD; i++, n += sizeof stanza - 1)
		memcpy(record + n, stanza, sizeof stanza - 1);
	for (int r = 0; r < ROUNDS * 4; r++) {
		uint64_t t0 = bench_thread_ns(), t1;

		if (SSL_write(t.client, record, (int)n) != (int)n)
			exit(1);
		t1 = bench_thread_ns();
		for (size_t have = 0; have < n;) {
			int k = SSL_read(t.server, got, sizeof got);

			if (k <= 0)
				exit(1);
			have += (size_t)k;
		}
		write_ns += t1 - t0;
		read_ns += bench_thread_ns() - t1;
	}
	SSL_free(t.client);
	SSL_free(t.server);
	return (struct tls_cost){(double)write_ns / ROUNDS / 4 / RECORD / 1e3,
		(double)read_ns / ROUNDS / 4 / RECORD / 1e3};
}

static unsigned long events;

static void on_start(void *arg, const char *name, const char **attr)
{
	(void)arg, (void)name, (void)attr;
	events++;
}

static void on_text(void *arg, const char *s, int n)
{
	(void)arg, (void)s;
	events += (unsigned long)n;
}

static double expat_cost(void)
{
	XML_Parser p = XML_ParserCreateNS(NULL, '\n');
	const char *head = "<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:server'>";
	int rounds = ROUNDS * 50;
	uint64_t t0;

	XML_SetReparseDeferralEnabled(p, XML_FALSE);
	XML_SetStartElementHandler(p, on_start);
	XML_SetCharacterDataHandler(p, on_text);
	XML_Parse(p, head, (int)strlen(head), 0);
	t0 = bench_thread_ns();
	for (int r = 0; r < rounds; r++)
		if (XML_Parse(p, stanza, sizeof stanza - 1, 0) != XML_STATUS_OK)
			exit(1);
	t0 = bench_thread_ns() - t0;
	XML_ParserFree(p);
	return (double)t0 / rounds / 1e3;
}

int main(void)
{
	struct udp_cost request, response;
	struct tls_cost tls;
	double xml, down, up;

	proc_pin(0);
	request = udp_cost(SIP_BYTES);
	response = udp_cost(RESPONSE_BYTES);
	tls = tls_cost();
	xml = expat_cost();
	down = request.recv_us + tls.write_us + response.send_us;
	up = tls.read_us + xml + request.send_us + response.recv_us;
	printf("{\"bench\": \"floor\", \"unit\": \"us of CPU a message\", \"udp_recv_request\": %.3f, "
	       "\"udp_send_request\": %.3f, \"udp_recv_response\": %.3f, \"udp_send_response\": %.3f, "
	       "\"tls_write\": %.3f, \"tls_read\": %.3f, \"xml_parse\": %.3f, "
	       "\"sip_to_xmpp\": %.3f, \"xmpp_to_sip\": %.3f, \"commit\": \"%s\", "
	       "\"command\": \"bench/floor\"}\n",
		request.recv_us, request.send_us, response.recv_us, response.send_us, tls.write_us,
		tls.read_us, xml, down, up, BENCH_COMMIT);
	return events ? 0 : 1;
}
