/* tls_wire: batches that a slow socket refuses, and the buffers of sessions. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "common/clock.h"
#include "t/unit/tap.h"
#include "worker/tls_wire.h"

/* --- what OpenSSL holds --- */

static size_t held;

static void *
count_malloc(size_t n, const char *file, int line)
{
	void *p = malloc(n);

	(void)file;
	(void)line;
	held += malloc_usable_size(p);
	return p;
}

static void *
count_realloc(void *old, size_t n, const char *file, int line)
{
	size_t before = malloc_usable_size(old);
	void *p = realloc(old, n);

	(void)file;
	(void)line;
	if (p != NULL || n == 0)
		held += malloc_usable_size(p) - before;
	return p;
}

static void
count_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	held -= malloc_usable_size(p);
	free(p);
}

/* --- sessions --- */

/* Both ends of a session, made without a certificate. */
struct pair {
	SSL_CTX *ctx;
	SSL *server;
	SSL *client;
	int fd[2];
};

static void
open_pair(struct pair *p, int fragment)
{
	bool good = socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, p->fd) == 0;

	p->ctx = SSL_CTX_new(TLS_method());
	(void)SSL_CTX_set_max_proto_version(p->ctx, TLS1_2_VERSION);
	(void)SSL_CTX_set_cipher_list(p->ctx, "AECDH-AES128-SHA:@SECLEVEL=0");
	(void)SSL_CTX_set_mode(p->ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	    SSL_MODE_RELEASE_BUFFERS);
	p->server = SSL_new(p->ctx);
	p->client = SSL_new(p->ctx);
	SSL_set_accept_state(p->server);
	SSL_set_connect_state(p->client);
	if (fragment != 0)
		(void)SSL_set_tlsext_max_fragment_length(p->client,
		    (uint8_t)fragment);
	good = good && tls_wire_open(p->server, p->fd[0]) == 0 &&
	    SSL_set_fd(p->client, p->fd[1]) == 1;
	for (int i = 0; good && i < 10; i++) {
		(void)SSL_do_handshake(p->client);
		(void)SSL_do_handshake(p->server);
	}
	ok(good && SSL_is_init_finished(p->server), "a session");
}

static void
close_pair(struct pair *p)
{
	SSL_free(p->server);
	SSL_free(p->client);
	SSL_CTX_free(p->ctx);
	(void)close(p->fd[0]);
	(void)close(p->fd[1]);
}

/* Reads all that the client has: how much was right, as letters in a row. */
static size_t
read_all(struct pair *p, size_t at)
{
	char text[16384];
	size_t n;

	while (SSL_read_ex(p->client, text, sizeof(text), &n) == 1)
		for (size_t i = 0; i < n; i++)
			if (text[i] == (char)('a' + at % 26))
				at++;
	return at;
}

/* A whole batch, of whatever records the client asked for. */
static void
test_batch(int fragment)
{
	static char text[TLS_BATCH_MAX];
	struct pair p;
	size_t sent, done, got;
	enum io_result r;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 26);
	open_pair(&p, fragment);
	/* So that it takes a part of the batch only. */
	(void)setsockopt(p.fd[0], SOL_SOCKET, SO_SNDBUF, &(int){ 20000 },
	    sizeof(int));
	tls_wire_gather(p.server);
	ok(SSL_write_ex(p.server, text, sizeof(text), &done) == 1 &&
	    done == sizeof(text), "one call writes a batch");
	r = tls_wire_send(p.server, sizeof(text), &sent);
	ok(r == IO_WANT_WRITE && sent == 0,
	    "nothing counts while some is refused");
	got = read_all(&p, 0);
	ok(got > 0 && got < sizeof(text) &&
	    tls_wire_underway(p.server) < sizeof(text),
	    "a part of it is on its way");
	while ((r = tls_wire_flush(p.server, &sent)) == IO_WANT_WRITE)
		got = read_all(&p, got);
	ok(r == IO_OK && sent == sizeof(text), "then it counts, all of it");
	ok(read_all(&p, got) == sizeof(text), "and arrived in order");
	close_pair(&p);
}

/* The client asks, the server reads and answers. */
static void
talk(struct pair *p)
{
	char text[16];
	size_t n, sent;
	bool good;

	clock_update();
	good = SSL_write_ex(p->client, "?", 1, &n) == 1 &&
	    SSL_read_ex(p->server, text, sizeof(text), &n) == 1;
	tls_wire_used(p->server);
	tls_wire_gather(p->server);
	good = good && SSL_write_ex(p->server, "!", 1, &n) == 1;
	good = tls_wire_send(p->server, 1, &sent) == IO_OK && good &&
	    SSL_read_ex(p->client, text, sizeof(text), &n) == 1;
	ok(good, "question and answer");
}

static void
rest(void)
{
	struct mono next;

	while (mono_is_set(next = tls_wire_next((struct mono){ 0 })))
		tls_wire_tick(next);
}

static void
test_rest(void)
{
	struct pair p;
	size_t least;

	open_pair(&p, 0);
	talk(&p);
	rest();
	least = held;
	talk(&p);
	talk(&p);
	ok(held > least + 30000, "its buffers are kept for the next");
	tls_wire_tick(tls_wire_next((struct mono){ 0 }));
	ok(held > least + 30000 &&
	    mono_is_set(tls_wire_next((struct mono){ 0 })),
	    "longer, when it was used meanwhile");
	tls_wire_tick(tls_wire_next((struct mono){ 0 }));
	ok(held <= least, "then they are given back");
	ok(!mono_is_set(tls_wire_next((struct mono){ 0 })),
	    "and nothing is to be done");
	talk(&p);
	ok(mono_is_set(tls_wire_next((struct mono){ 0 })),
	    "until it is used again");
	close_pair(&p);
	ok(!mono_is_set(tls_wire_next((struct mono){ 0 })),
	    "a session that ends is not waited for");
}

int
main(void)
{
	ok(CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free)
	    == 1, "memory is counted");
	test_batch(0);
	test_batch(TLSEXT_max_fragment_length_512);
	test_rest();
	return done_testing();
}
