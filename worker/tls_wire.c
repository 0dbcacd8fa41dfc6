/*
 * The BIO that gathers TLS records.
 *
 * One buffer serves the whole process: a batch is begun, filled and sent
 * within one call of the transport. Only what a slow client's socket refuses
 * is copied, at most one batch.
 */
#include "worker/tls_wire.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "common/buf.h"
#include "worker/timeout.h"

#define FRAGMENT_MIN	512	/* the shortest records that a client may ask
				 * for (RFC 6066 section 4) */
#define RECORD_EXTRA	256	/* a header, tag and padding, at most */
#define GATHER_MAX	(TLS_BATCH_MAX + (TLS_BATCH_MAX / FRAGMENT_MIN + 1) * \
			RECORD_EXTRA)
#define REST_MAX	(2 * TLS_BATCH_MAX)
#define KEEP_MS		1000	/* a session that was not used for so long gives
				 * its buffers back */
#define KEEPERS_MAX	256	/* sessions that have them meanwhile: 33 kB
				 * each */

struct wire {
	int fd;				/* borrowed */
	int flags;			/* of each send */
	struct buf rest;		/* owned: records the socket refused */
	size_t rest_plain;		/* the plain bytes they stand for */
	size_t batch;			/* plain bytes of the next batch */
	SSL *tls;			/* borrowed: whose it is */
	struct timeout keep;		/* armed while it keeps its buffers */
	bool used;			/* since that was armed */
};

/* Those that keep their buffers. */
static timeout_fn on_rest;
static struct timeoutq keepers = { .fn = on_rest };
static unsigned nkeepers;

static struct {
	const struct wire *of;		/* whose records these are; NULL:
					 * none are gathered */
	size_t n;
	char bytes[GATHER_MAX];
} gathered;

static struct wire *
wire_of(const SSL *tls)
{
	return BIO_get_data(SSL_get_wbio(tls));
}

/* --- the BIO's methods --- */

static int
wire_write(BIO *bio, const char *p, size_t n, size_t *done)
{
	struct wire *w = BIO_get_data(bio);
	ssize_t r;

	BIO_clear_retry_flags(bio);
	*done = n;
	if (gathered.of == w) {
		/* None may go out before those that are gathered. */
		if (n > sizeof(gathered.bytes) - gathered.n)
			return 0;
		memcpy(gathered.bytes + gathered.n, p, n);
		gathered.n += n;
		return 1;
	}
	/* An alert or key update may not overtake what is waiting. */
	if (buf_len(&w->rest) > 0)
		return buf_len(&w->rest) + n <= REST_MAX &&
		    buf_put(&w->rest, p, n) == 0;
	r = send(w->fd, p, n, w->flags);
	if (r == -1) {
		if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
			BIO_set_retry_write(bio);
		return 0;
	}
	*done = (size_t)r;
	return 1;
}

static int
wire_read(BIO *bio, char *p, size_t n, size_t *done)
{
	struct wire *w = BIO_get_data(bio);
	ssize_t r = recv(w->fd, p, n, 0);

	BIO_clear_retry_flags(bio);
	if (r > 0) {
		*done = (size_t)r;
		return 1;
	}
	*done = 0;
	if (r == -1 && (errno == EAGAIN || errno == EWOULDBLOCK ||
	    errno == EINTR))
		BIO_set_retry_read(bio);
	else if (r == 0)
		BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
	return 0;
}

static long
wire_ctrl(BIO *bio, int cmd, long number, void *pointer)
{
	(void)number;
	(void)pointer;
	switch (cmd) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_EOF:
		return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
	default:
		return 0;
	}
}

static int
wire_free(BIO *bio)
{
	struct wire *w = BIO_get_data(bio);

	if (w != NULL) {
		nkeepers -= timeout_is_set(&w->keep);
		timeout_clear(&w->keep);
		buf_free(&w->rest);
		free(w);
	}
	BIO_set_data(bio, NULL);
	return 1;
}

/* Made once for the process. */
static const BIO_METHOD *
wire_method(void)
{
	static BIO_METHOD *method;
	BIO_METHOD *m;

	if (method != NULL)
		return method;
	m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
	if (m == NULL)
		return NULL;
	if (BIO_meth_set_write_ex(m, wire_write) != 1 ||
	    BIO_meth_set_read_ex(m, wire_read) != 1 ||
	    BIO_meth_set_ctrl(m, wire_ctrl) != 1 ||
	    BIO_meth_set_destroy(m, wire_free) != 1) {
		BIO_meth_free(m);
		return NULL;
	}
	return method = m;
}

/* --- OpenSSL's buffers --- */

static void
arm(struct wire *w)
{
	w->used = false;
	timeout_set(&keepers, &w->keep, mono_add_ms(clock_now(), KEEP_MS));
}

static void
on_rest(struct timeout *t)
{
	struct wire *w = (struct wire *)((char *)t -
	    offsetof(struct wire, keep));

	if (w->used) {
		arm(w);
		return;
	}
	nkeepers--;
	/* From here on it frees them by itself, after the next record. Not now
	 * in the midst of one: OpenSSL before 3.0.14 frees what it has begun
	 * to read (CVE-2024-4741). */
	(void)SSL_set_mode(w->tls, SSL_MODE_RELEASE_BUFFERS);
	if (SSL_has_pending(w->tls) == 0 &&
	    strcmp(SSL_rstate_string(w->tls), "RB") != 0)
		(void)SSL_free_buffers(w->tls);
}

void
tls_wire_used(SSL *tls)
{
	struct wire *w = wire_of(tls);

	w->used = true;
	if (timeout_is_set(&w->keep) || nkeepers >= KEEPERS_MAX)
		return;
	nkeepers++;
	(void)SSL_clear_mode(tls, SSL_MODE_RELEASE_BUFFERS);
	arm(w);
}

void
tls_wire_tick(struct mono now)
{
	timeoutq_run(&keepers, now);
}

struct mono
tls_wire_next(struct mono until)
{
	return timeoutq_next(&keepers, until);
}

/* --- for the transport --- */

int
tls_wire_open(SSL *tls, int fd)
{
	const BIO_METHOD *method = wire_method();
	struct wire *w = calloc(1, sizeof(*w));
	BIO *bio = method == NULL || w == NULL ? NULL : BIO_new(method);

	if (bio == NULL) {
		free(w);
		return -1;
	}
	w->fd = fd;
	w->flags = MSG_NOSIGNAL;
	w->tls = tls;
	w->batch = 4 * TLS_RECORD;
	BIO_set_data(bio, w);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls, bio, bio);
	return 0;
}

size_t
tls_wire_batch(const SSL *tls)
{
	return wire_of(tls)->batch;
}

void
tls_wire_ends(SSL *tls)
{
	wire_of(tls)->flags |= MSG_MORE;
}

void
tls_wire_gather(SSL *tls)
{
	assert(gathered.of == NULL);
	gathered.of = wire_of(tls);
	gathered.n = 0;
}

/* Sends from p: how much went out, or -1 when nothing ever will. */
static ssize_t
send_some(const struct wire *w, const char *p, size_t n)
{
	ssize_t r = send(w->fd, p, n, w->flags);

	if (r == -1 && (errno == EAGAIN || errno == EWOULDBLOCK ||
	    errno == EINTR))
		return 0;
	return r;
}

enum io_result
tls_wire_send(SSL *tls, size_t n, size_t *sent)
{
	struct wire *w = wire_of(tls);
	ssize_t r = send_some(w, gathered.bytes, gathered.n);
	size_t left;

	assert(gathered.of == w);
	gathered.of = NULL;
	*sent = 0;
	if (r == -1)
		return IO_ERROR;
	left = gathered.n - (size_t)r;
	if (left == 0) {
		*sent = n;
		if (n >= w->batch && w->batch < TLS_BATCH_MAX)
			w->batch *= 2;
		return IO_OK;
	}
	w->batch = TLS_RECORD;
	w->rest_plain = n;
	return buf_put(&w->rest, gathered.bytes + r, left) == -1 ? IO_ERROR :
	    IO_WANT_WRITE;
}

enum io_result
tls_wire_flush(SSL *tls, size_t *sent)
{
	struct wire *w = wire_of(tls);
	ssize_t r;

	*sent = 0;
	if (buf_len(&w->rest) == 0)
		return IO_OK;
	r = send_some(w, buf_head(&w->rest), buf_len(&w->rest));
	if (r == -1)
		return IO_ERROR;
	buf_take(&w->rest, (size_t)r);
	if (buf_len(&w->rest) > 0)
		return IO_WANT_WRITE;
	buf_free(&w->rest);
	*sent = w->rest_plain;
	return IO_OK;
}

size_t
tls_wire_underway(const SSL *tls)
{
	const struct wire *w = wire_of(tls);
	size_t left = buf_len(&w->rest);

	return left == 0 || left > w->rest_plain ? 0 : w->rest_plain - left;
}
