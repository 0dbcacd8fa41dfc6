/*
 * The plain transport: readv's simpler brother, writev and sendfile.
 */
#include "worker/transport.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "worker/conn.h"

static enum io_result
verdict(enum io_result want)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return want;
	return errno == EINTR ? IO_OK : IO_ERROR;
}

static enum io_result
plain_handshake(struct conn *c)
{
	(void)c;
	return IO_OK;
}

static enum io_result
plain_read(struct conn *c, char *p, size_t n, size_t *got)
{
	ssize_t r = recv(c->fd, p, n, 0);

	*got = 0;
	if (r == -1)
		return verdict(IO_WANT_READ);
	if (r == 0)
		return IO_EOF;
	*got = (size_t)r;
	return IO_OK;
}

/* A file that shrank while it is being sent cannot be made whole again. */
static enum io_result
send_file(struct conn *c, size_t *sent)
{
	off_t off = c->span.off;
	size_t n = c->span.n < TRANSPORT_WRITE_MAX ? c->span.n :
	    TRANSPORT_WRITE_MAX;
	ssize_t w = sendfile(c->fd, c->span.fd, &off, n);

	if (w > 0) {
		*sent += (size_t)w;
		return IO_OK;
	}
	if (w == 0) {
		conn_file_failed(c, 0);
		return IO_ERROR;
	}
	if (errno == EIO || errno == ESTALE || errno == EINVAL) {
		conn_file_failed(c, errno);
		return IO_ERROR;
	}
	return verdict(IO_WANT_WRITE);
}

static enum io_result
send_memory(struct conn *c, int flags, size_t *sent)
{
	struct iovec iov[2] = {
		{ buf_head(&c->out), buf_len(&c->out) },
		/* sendmsg does not write to it; iovec has no const form. */
		{ (void *)(uintptr_t)c->span.p, c->span.n }
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t w;

	if (c->span.p == NULL)
		iov[1] = (struct iovec){ NULL, 0 };
	if (iov[1].iov_len > TRANSPORT_WRITE_MAX)
		iov[1].iov_len = TRANSPORT_WRITE_MAX;
	if (iov[1].iov_len == 0)
		w = send(c->fd, iov[0].iov_base, iov[0].iov_len,
		    flags | MSG_NOSIGNAL);
	else
		w = sendmsg(c->fd, &msg, flags | MSG_NOSIGNAL);
	if (w == -1)
		return verdict(IO_WANT_WRITE);
	*sent += (size_t)w;
	return IO_OK;
}

static enum io_result
plain_write(struct conn *c, size_t *sent)
{
	bool file = c->span.n > 0 && c->span.p == NULL;
	enum io_result r;

	*sent = 0;
	if (!file)
		return send_memory(c, c->fin_follows ? MSG_MORE : 0, sent);
	if (buf_len(&c->out) > 0) {
		r = send_memory(c, MSG_MORE, sent);
		if (r != IO_OK || *sent < buf_len(&c->out))
			return r;
	}
	r = send_file(c, sent);
	/* What went out before the refusal counts; the next call repeats it. */
	return r == IO_WANT_WRITE && *sent > 0 ? IO_OK : r;
}

static bool
plain_pending(const struct conn *c)
{
	(void)c;
	return false;
}

static void
plain_close(struct conn *c, bool orderly)
{
	(void)c;
	(void)orderly;
}

const struct transport transport_plain = {
	.name = "plain",
	.handshake = plain_handshake,
	.read = plain_read,
	.write = plain_write,
	.pending = plain_pending,
	.close = plain_close
};
