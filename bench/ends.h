#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One end of a stream as bytes: a TLS connection, or a component's plain one. What is put is written
 * by byte_end_write() as far as it goes; byte_end_read() hands out the text behind each <body>.
 */
struct byte_end {
	SSL *ssl; /* NULL: plain */
	int fd;
	char put[1 << 18];
	size_t put_n;
	char got[1 << 18];
	size_t got_n;
};

void byte_end_init(struct byte_end *e, SSL *ssl, int fd);
bool byte_end_put(struct byte_end *e, const char *p, size_t n); /* false: no room */
void byte_end_write(struct byte_end *e);
void byte_end_read(struct byte_end *e, void (*body)(void *arg, const char *text), void *arg);

/* Opens the component sip.bench (XEP-0114) on 127.0.0.1:port; exits when it is refused. */
int component_open(uint16_t port, const char *secret);
