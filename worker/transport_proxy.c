/* The beginning of a connection that a trusted proxy brings. */
#include "worker/transport_proxy.h"

#include <errno.h>
#include <sys/socket.h>

#include "common/conf_trust.h"
#include "common/log.h"
#include "worker/bufpool.h"
#include "worker/conn.h"
#include "worker/crowd.h"
#include "worker/proxy_header.h"

/* The connection is the client's from now on, in all that is asked of it. */
static enum io_result
believe(struct conn *c, const struct proxy_header *header)
{
	const struct conf_trust *trust;

	if (header->known) {
		c->client.peer = header->peer;
		c->client.local = header->local;
		c->client.https = header->tls;
		trust = conf_trust_find(c->worker->conf, &header->peer);
		if (trust != NULL && trust->forwarded > CONF_FORWARDED_OFF)
			c->forwarder = trust;
	}
	if (transport_open(c) == -1 || !crowd_enter(c))
		return IO_ERROR;
	return c->transport->handshake(c);
}

static enum io_result
refuse(const struct conn *c)
{
	char peer[NET_ADDR_TEXT];

	(void)net_addr_text(&c->client.peer, peer);
	log_info("%s: closed, it does not begin with a PROXY header", peer);
	return IO_ERROR;
}

/* Takes n bytes that were looked at already. */
static bool
take(struct conn *c, size_t n)
{
	if (recv(c->fd, buf_tail(&c->in), n, 0) != (ssize_t)n)
		return false;
	buf_added(&c->in, n);
	c->received += n;
	return true;
}

/* What comes is looked at first: how long the header is shows only in it, and
 * what is behind it may be TLS. */
static enum io_result
proxy_handshake(struct conn *c)
{
	size_t had = buf_len(&c->in), used;
	struct proxy_header header;
	enum proxy_parse parsed;
	ssize_t n;

	bufpool_lend(&c->in);
	if (buf_reserve(&c->in, PROXY_HEADER_MAX - had) == -1)
		return IO_ERROR;
	n = recv(c->fd, buf_tail(&c->in), PROXY_HEADER_MAX - had, MSG_PEEK);
	if (n == -1)
		return errno == EAGAIN || errno == EINTR ? IO_WANT_READ :
		    IO_ERROR;
	if (n == 0)
		return had == 0 ? IO_EOF : refuse(c);
	parsed = proxy_header_parse(buf_head(&c->in), had + (size_t)n,
	    &header, &used);
	if (parsed == PROXY_BAD)
		return refuse(c);
	if (!take(c, parsed == PROXY_PARTIAL ? (size_t)n : used - had))
		return IO_ERROR;
	if (parsed == PROXY_PARTIAL)
		return IO_WANT_READ;
	buf_take(&c->in, used);
	return believe(c, &header);
}

/* Nothing is read or written before the handshake is over. */
static enum io_result
proxy_read(struct conn *c, char *p, size_t n, size_t *got)
{
	(void)c;
	(void)p;
	(void)n;
	*got = 0;
	return IO_ERROR;
}

static enum io_result
proxy_write(struct conn *c, size_t *sent)
{
	(void)c;
	*sent = 0;
	return IO_ERROR;
}

static bool
proxy_pending(const struct conn *c)
{
	(void)c;
	return false;
}

static void
proxy_close(struct conn *c, bool orderly)
{
	(void)c;
	(void)orderly;
}

const struct transport transport_proxy = {
	.name = "proxy",
	.handshake = proxy_handshake,
	.read = proxy_read,
	.write = proxy_write,
	.pending = proxy_pending,
	.close = proxy_close
};
