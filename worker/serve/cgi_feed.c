/*
 * cgi_feed: the body of a request, given to its script as it comes.
 *
 * For locations that say `body stream`. What the script's pipe does not take
 * is kept, and the client is not read meanwhile, so it goes at the script's
 * speed. Only a body whose length is known can come this way.
 */
#include "worker/serve/cgi_script.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/conf.h"
#include "worker/http/request.h"
#include "worker/ledger.h"
#include "worker/loop.h"

/* The end of what the script reads: all of it, or it has closed its side. */
static void
close_pipe(struct cgi_script *s)
{
	struct cgi_body *b = &s->body;

	s->sink.full = false;
	if (!b->streaming || b->pipe == -1)
		return;
	loop_forget(cgi_worker.loop, b->pipe);
	cgi_body_close_pipe(b);
}

/* How many bytes of p it took; it may close its side instead. */
static size_t
offer(struct cgi_script *s, const char *p, size_t n)
{
	ssize_t w;

	do {
		w = write(s->body.pipe, p, n);
	} while (w == -1 && errno == EINTR);
	if (w == -1 && errno != EAGAIN)
		close_pipe(s);	/* EPIPE: it wants no more */
	return w == -1 ? 0 : (size_t)w;
}

static void	on_stdin(void *arg, enum loop_events ready);

/* The descriptor is known to the loop since the start, so this cannot fail. */
static void
watch_pipe(struct cgi_script *s, enum loop_events want)
{
	(void)loop_watch(cgi_worker.loop, s->body.pipe, want, on_stdin, s);
}

static void
on_stdin(void *arg, enum loop_events ready)
{
	struct cgi_script *s = arg;
	struct cgi_body *b = &s->body;

	(void)ready;
	assert(s->magic == CGI_MAGIC && b->streaming);
	buf_take(&b->memory, offer(s, buf_head(&b->memory),
	    buf_len(&b->memory)));
	if (b->pipe != -1 && buf_len(&b->memory) > 0)
		return;
	if (b->complete)
		close_pipe(s);
	if (b->pipe != -1)
		watch_pipe(s, LOOP_NONE);
	s->sink.full = false;
	if (s->request != NULL)
		request_wake(s->request);
}

/* --- the sink --- */

static int
feed_put(struct sink *sink, const char *p, size_t n)
{
	struct cgi_script *s = cgi_script_of_sink(sink);
	struct cgi_body *b = &s->body;
	size_t done;

	if (s->request == NULL || !b->streaming || b->pipe == -1)
		return 0;	/* nobody reads it */
	done = offer(s, p, n);
	if (b->pipe == -1 || done == n)
		return 0;
	if (buf_put(&b->memory, p + done, n - done) == -1)
		return 503;
	sink->full = true;
	watch_pipe(s, LOOP_WRITE);
	return 0;
}

static int
feed_end(struct sink *sink)
{
	struct cgi_script *s = cgi_script_of_sink(sink);

	s->body.complete = true;
	if (buf_len(&s->body.memory) == 0)
		close_pipe(s);
	return 0;
}

/*
 * Of a body that never became complete the script does not see the end: it
 * could take it for all of it. Its pipe is closed with its last process.
 */
static void
feed_close(struct sink *sink)
{
	struct cgi_script *s = cgi_script_of_sink(sink);

	s->has_sink = false;
	cgi_script_settle(s);
}

const struct sink_ops cgi_feed_ops = { feed_put, feed_end, feed_close };

/* --- the script's side --- */

bool
cgi_feed_is_wanted(const struct request *r)
{
	return r->location->cgi.body_mode == CONF_BODY_STREAM &&
	    !r->framing.chunked;
}

void
cgi_feed_open(struct cgi_script *s)
{
	s->body.streaming = true;
	s->body.pipe = -1;
	s->body.n = s->request->framing.length;
	s->sink.full = true;	/* until there is a script */
}

int
cgi_feed_stdin(struct cgi_script *s)
{
	struct cgi_body *b = &s->body;
	int fds[2];

	if (!b->streaming)
		return cgi_body_stdin(b, cgi_worker.conf, cgi_worker.null);
	if (!ledger_take(1)) {
		errno = EMFILE;
		return -1;
	}
	if (pipe2(fds, O_CLOEXEC) == -1) {
		ledger_give(1);
		return -1;
	}
	b->pipe = fds[1];
	/* Only our end: the script must find an ordinary one. */
	if (fcntl(fds[1], F_SETFL, O_NONBLOCK) == 0)
		return fds[0];
	(void)close(fds[0]);
	return -1;
}

int
cgi_feed_start(struct cgi_script *s)
{
	if (!s->body.streaming)
		return 0;
	if (loop_watch(cgi_worker.loop, s->body.pipe, LOOP_NONE, on_stdin,
	    s) == -1)
		return 503;
	s->sink.full = false;
	return 0;
}

void
cgi_feed_stop(struct cgi_script *s)
{
	close_pipe(s);
	cgi_body_free(&s->body);
}
