/*
 * What the parts of a bridged message cost at best on this machine: the system calls, TLS records
 * and the XML parser that no implementation can do without, batched as well as they can be. The sums
 * are the floor that bench/bridge is compared with.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "parts.h"
#include "proc.h"
#include "report.h"

enum { BATCH = 64, ROUNDS = 2000, SIP_BYTES = 560, RESPONSE_BYTES = 330 };

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

int main(void)
{
	struct udp_cost request, response;
	struct parts_tls tls;
	double xml, down, up;

	proc_pin(0);
	request = udp_cost(SIP_BYTES);
	response = udp_cost(RESPONSE_BYTES);
	tls = parts_tls();
	xml = parts_xml();
	down = request.recv_us + tls.write_us + response.send_us;
	up = tls.read_us + xml + request.send_us + response.recv_us;
	printf("{\"bench\": \"floor\", \"unit\": \"us of CPU a message\", \"udp_recv_request\": %.3f, "
	       "\"udp_send_request\": %.3f, \"udp_recv_response\": %.3f, \"udp_send_response\": %.3f, "
	       "\"tls_write\": %.3f, \"tls_read\": %.3f, \"xml_parse\": %.3f, "
	       "\"sip_to_xmpp\": %.3f, \"xmpp_to_sip\": %.3f, \"commit\": \"%s\", "
	       "\"command\": \"bench/floor\"}\n",
		request.recv_us, request.send_us, response.recv_us, response.send_us, tls.write_us,
		tls.read_us, xml, down, up, bench_commit());
	return 0;
}
