#include "parts_net.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "parts.h"
#include "proc.h"

enum { BATCH = 64, RECORD = 16, ROUNDS = 2000, SIP_BYTES = 560, RESPONSE_BYTES = 330 };

struct cost {
	double send_us, recv_us;
};

struct batch {
	struct mmsghdr msg[BATCH];
	struct iovec iov[BATCH];
	char bytes[BATCH][2048];
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

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

static int bound(int type, struct sockaddr_in *ret)
{
	socklen_t len = sizeof *ret;
	int size = 4 << 20, fd = socket(AF_INET, type, 0);

	*ret = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (bind(fd, (struct sockaddr *)ret, sizeof *ret) < 0 ||
		getsockname(fd, (struct sockaddr *)ret, &len) < 0)
		die("bench: socket");
	return fd;
}

/* Sending on loopback runs the receiver's half of the kernel too, as it does in the bridge. */
static struct cost udp_cost(size_t n)
{
	static struct batch out, in;
	struct sockaddr_in addr, from;
	int rx = bound(SOCK_DGRAM, &addr), tx = bound(SOCK_DGRAM, &from);
	uint64_t send_ns = 0, recv_ns = 0;

	batch_init(&out, n);
	batch_init(&in, sizeof in.bytes[0]);
	if (connect(tx, (struct sockaddr *)&addr, sizeof addr) < 0)
		die("bench: connect");
	for (int r = 0; r < ROUNDS; r++) {
		uint64_t t0 = bench_thread_ns(), t1;

		if (sendmmsg(tx, out.msg, BATCH, 0) != BATCH)
			die("bench: sendmmsg");
		t1 = bench_thread_ns();
		if (recvmmsg(rx, in.msg, BATCH, MSG_WAITFORONE, NULL) != BATCH)
			die("bench: recvmmsg");
		send_ns += t1 - t0;
		recv_ns += bench_thread_ns() - t1;
	}
	close(rx);
	close(tx);
	return (struct cost){
		(double)send_ns / ROUNDS / BATCH / 1e3, (double)recv_ns / ROUNDS / BATCH / 1e3};
}

/* One connection; RECORD messages to a system call. */
static struct cost tcp_cost(size_t n)
{
	static char bytes[RECORD * 2048];
	struct sockaddr_in addr;
	int listener = bound(SOCK_STREAM, &addr), tx = socket(AF_INET, SOCK_STREAM, 0), rx;
	uint64_t send_ns = 0, recv_ns = 0;

	if (listen(listener, 1) < 0 || connect(tx, (struct sockaddr *)&addr, sizeof addr) < 0 ||
		(rx = accept(listener, NULL, NULL)) < 0)
		die("bench: connect");
	n *= RECORD;
	for (int r = 0; r < ROUNDS; r++) {
		uint64_t t0 = bench_thread_ns(), t1;

		if (write(tx, bytes, n) != (ssize_t)n)
			die("bench: write");
		t1 = bench_thread_ns();
		for (size_t have = 0; have < n;) {
			ssize_t k = read(rx, bytes, sizeof bytes);

			if (k <= 0)
				die("bench: read");
			have += (size_t)k;
		}
		send_ns += t1 - t0;
		recv_ns += bench_thread_ns() - t1;
	}
	close(tx);
	close(rx);
	close(listener);
	return (struct cost){
		(double)send_ns / ROUNDS / RECORD / 1e3, (double)recv_ns / ROUNDS / RECORD / 1e3};
}

struct parts_sip parts_sip(enum side_kind k)
{
	struct cost request, response;

	if (k == SIDE_TLS) {
		struct parts_tls q = parts_tls_of(SIP_BYTES, RECORD),
				 s = parts_tls_of(RESPONSE_BYTES, RECORD);

		return (struct parts_sip){q.read_us, q.write_us, s.read_us, s.write_us};
	}
	request = k == SIDE_UDP ? udp_cost(SIP_BYTES) : tcp_cost(SIP_BYTES);
	response = k == SIDE_UDP ? udp_cost(RESPONSE_BYTES) : tcp_cost(RESPONSE_BYTES);
	return (struct parts_sip){
		request.recv_us, request.send_us, response.recv_us, response.send_us};
}

struct parts_bridge parts_bridge(enum side_kind k)
{
	struct parts_sip sip = parts_sip(k);
	struct parts_tls xmpp = parts_tls();

	return (struct parts_bridge){sip.recv_request + xmpp.write_us + sip.send_response,
		xmpp.read_us + parts_xml() + sip.send_request + sip.recv_response};
}
