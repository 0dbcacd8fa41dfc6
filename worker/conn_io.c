/*
 * One round of the pump: read, step, write.
 */
#include "worker/conn_io.h"

#include <assert.h>
#include <string.h>

#include "common/conf.h"
#include "common/log.h"
#include "worker/bufpool.h"
#include "worker/conn.h"
#include "worker/http1.h"
#include "worker/http1_queue.h"
#include "worker/pace.h"
#include "worker/transport.h"

#define READ_SMALL	4096		/* room for a head */

static size_t
in_limit(const struct conn *c)
{
	size_t head = c->worker->conf->limits.header_size + 4;

	return head > CONN_IN_MAX ? head : CONN_IN_MAX;
}

bool
conn_wants_read(const struct conn *c)
{
	return !c->eof && !c->failed && buf_len(&c->in) < in_limit(c);
}

static void
take_verdict_of_read(struct conn *c, enum io_result r)
{
	c->read_wants_write = r == IO_WANT_WRITE;
	if (r == IO_WANT_READ || r == IO_WANT_WRITE)
		c->can_read = false;
	else if (r == IO_EOF)
		c->eof = true;
	else if (r == IO_ERROR)
		c->failed = true;
}

/* After an answer there is nothing more to read unless the last read was
 * filled: that saves a call for each request. */
static bool
fill(struct conn *c)
{
	size_t want = c->http1.body_wanted ? CONN_IN_MAX : READ_SMALL;
	size_t left = in_limit(c) - buf_len(&c->in), got;
	enum io_result r;

	if (want > left)
		want = left;
	bufpool_lend(&c->in);
	if (buf_reserve(&c->in, want) == -1) {
		c->failed = true;
		return true;
	}
	want = buf_room(&c->in) < left ? buf_room(&c->in) : left;
	r = c->transport->read(c, buf_tail(&c->in), want, &got);
	buf_added(&c->in, got);
	c->received += got;
	take_verdict_of_read(c, r);
	if (r == IO_OK && got < want && !c->transport->pending(c))
		c->can_read = false;
	return got > 0 || r == IO_EOF || r == IO_ERROR;
}

/* Reads what is left of a client whose answer is out, and drops it. How much
 * it is does not matter: conn_wait says how long. */
static bool
fill_linger(struct conn *c)
{
	char dropped[CONN_IN_MAX];
	enum io_result r;
	size_t got;

	r = c->transport->read(c, dropped, sizeof(dropped), &got);
	explicit_bzero(dropped, got);
	take_verdict_of_read(c, r);
	c->received += got;
	return got > 0 || r == IO_EOF || r == IO_ERROR;
}

static bool
handshake(struct conn *c)
{
	enum io_result r = c->transport->handshake(c);

	c->can_read = c->can_write = true;
	switch (r) {
	case IO_OK:
		c->state = CONN_READING;
		c->read_wants_write = false;
		c->fresh = true;
		return true;
	case IO_WANT_READ:
		c->can_read = false;
		return false;
	case IO_WANT_WRITE:
		c->read_wants_write = true;
		c->can_read = false;
		return false;
	default:
		c->failed = true;
		return true;
	}
}

static void
took(struct conn *c, size_t n)
{
	size_t of_out = n < buf_len(&c->out) ? n : buf_len(&c->out);

	buf_take(&c->out, of_out);
	n -= of_out;
	c->span.n -= n;
	c->span.off += (off_t)n;
	if (c->span.p != NULL)
		c->span.p += n;
	c->sent += of_out + n;
}

static bool
drain(struct conn *c)
{
	bool paced = c->worker->conf->nlimits > 0;
	size_t n = buf_len(&c->out), sent, held = 0;
	enum io_result r;

	if (conn_is_flushed(c) || !c->can_write || c->failed ||
	    (paced && !pace_begin(c, &held)))
		return false;
	n += c->span.n < TRANSPORT_WRITE_MAX ? c->span.n : TRANSPORT_WRITE_MAX;
	http1_queue_sending(c, n);
	c->fin_follows = c->flush_then_close && !c->cut && held == 0;
	r = c->transport->write(c, &sent);
	if (paced)
		pace_end(c, held, sent);
	took(c, sent);
	http1_queue_sent(c);
	c->write_wants_read = r == IO_WANT_READ;
	if (r == IO_WANT_READ || r == IO_WANT_WRITE)
		c->can_write = false;
	else if (r != IO_OK)
		c->failed = true;
	return sent > 0 || c->failed;
}

bool
conn_round(struct conn *c)
{
	bool moved = false;

	if (c->failed)
		return false;
	if (c->state == CONN_HANDSHAKE)
		return c->can_read && handshake(c);
	if (c->state == CONN_LINGER)
		return c->can_read && !c->eof && fill_linger(c);
	if (c->can_read && conn_wants_read(c))
		moved = fill(c);
	if (c->failed)
		return false;
	moved |= http1_step(c);
	moved |= drain(c);
	return moved;
}

/* --- for the protocol --- */

size_t
conn_out_room(const struct conn *c)
{
	size_t used = buf_len(&c->out);

	return c->span.n > 0 || used >= CONN_OUT_MAX ? 0 :
	    CONN_OUT_MAX - used;
}

void
conn_queued(struct conn *c, size_t n)
{
	c->queued += n;
}

void
conn_set_span(struct conn *c, const struct span *span)
{
	assert(c->span.n == 0);
	c->span = *span;
	c->queued += span->n;
}

void
conn_file_failed(const struct conn *c, int error)
{
	const struct request *r = c->http1.current;

	/* Nothing begins behind a span. */
	if (r == NULL)
		r = c->http1.answered_last;
	log_warn("%s%s: %s while it was being sent", r->location->root->path,
	    r->path.p, error == 0 ? "the file shrank" : strerror(error));
}

bool
conn_is_flushed(const struct conn *c)
{
	return buf_len(&c->out) == 0 && c->span.n == 0;
}
