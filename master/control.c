/*
 * The control sockets' side of the master.
 */
#include "master/control.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/fdset.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/reload.h"
#include "master/status.h"

/* For a line to come, and for an answer to be taken. */
#define CLIENT_MS	5000
/* A silent client gives its place to another one after this. */
#define SILENCE_MS	100

/* --- places --- */

static void
end(struct control_client *client)
{
	(void)close(client->fd);
	buf_free(&client->out);
	*client = (struct control_client){ .state = CONTROL_NONE };
}

void
control_forget(struct control *c)
{
	size_t i;

	for (i = 0; i < CONTROL_CLIENTS; i++)
		if (c->clients[i].state != CONTROL_NONE)
			end(&c->clients[i]);
	buf_free(&c->said);
	door_forget(&c->door);
	*c = (struct control){ .door = c->door };
}

void
control_close(struct control *c)
{
	door_close(&c->door);
	control_forget(c);
}

static struct control_client *
free_place(struct control *c)
{
	size_t i;

	for (i = 0; i < CONTROL_CLIENTS; i++)
		if (c->clients[i].state == CONTROL_NONE)
			return &c->clients[i];
	return NULL;
}

/* That of a client which has been silent for too long, or NULL. */
static struct control_client *
silent_place(struct control *c)
{
	struct mono limit = mono_add_ms(clock_now(), CLIENT_MS - SILENCE_MS);
	size_t i;

	for (i = 0; i < CONTROL_CLIENTS; i++)
		if (c->clients[i].state == CONTROL_READING &&
		    mono_before(c->clients[i].deadline, limit))
			return &c->clients[i];
	return NULL;
}

static int
collect(struct fdset *set, int fd, int nfds)
{
	/* Without memory it waits for the next tick. */
	if (fdset_grow(set, fd + 1) == -1)
		return nfds;
	fdset_add(set, fd);
	return fd >= nfds ? fd + 1 : nfds;
}

int
control_collect(const struct control *c, struct fdset *set)
{
	const struct control_client *client;
	bool room = false;
	int nfds = 0;
	size_t i;

	for (i = 0; i < CONTROL_CLIENTS; i++) {
		client = &c->clients[i];
		room |= client->state == CONTROL_NONE;
		if (client->state != CONTROL_NONE &&
		    client->state != CONTROL_WRITING)
			nfds = collect(set, client->fd, nfds);
	}
	if (c->door.fd != -1 && room)
		nfds = collect(set, c->door.fd, nfds);
	if (c->door.named != -1 && room)
		nfds = collect(set, c->door.named, nfds);
	return nfds;
}

/* --- answers --- */

/* Each line of text with mark before it. */
static void
put_lines(struct buf *out, const char *mark, struct str text)
{
	const char *newline;
	size_t n;

	while (text.n > 0) {
		newline = memchr(text.p, '\n', text.n);
		n = newline == NULL ? text.n : (size_t)(newline - text.p);
		(void)buf_printf(out, "%s%.*s\n", mark, (int)n, text.p);
		n += newline != NULL;
		text = (struct str){ text.p + n, text.n - n };
	}
}

/* The last line: from here on the answer goes out. */
static void
answer(struct control_client *client, int status)
{
	(void)buf_printf(&client->out, "=%d\n", status);
	client->state = CONTROL_WRITING;
	client->deadline = mono_add_ms(clock_now(), CLIENT_MS);
}

static void
write_client(struct control_client *client)
{
	struct str left = buf_str(&client->out);
	ssize_t n = send(client->fd, left.p, left.n, MSG_NOSIGNAL);

	if (n > 0)
		buf_take(&client->out, (size_t)n);
	if ((n == -1 && errno != EAGAIN && errno != EINTR) ||
	    buf_len(&client->out) == 0)
		end(client);
}

void
control_reload_begins(struct master *m)
{
	size_t i;

	for (i = 0; i < CONTROL_CLIENTS; i++) {
		if (m->control.clients[i].state == CONTROL_WISHING) {
			m->control.clients[i].state = CONTROL_RELOADING;
			m->logs.copy = &m->control.said;
		}
	}
}

void
control_reload_ended(struct master *m, int status, const char *text)
{
	struct control *c = &m->control;
	size_t i;

	for (i = 0; i < CONTROL_CLIENTS; i++) {
		if (c->clients[i].state != CONTROL_RELOADING)
			continue;
		put_lines(&c->clients[i].out, "!", buf_str(&c->said));
		put_lines(&c->clients[i].out, ">", str_from(text));
		answer(&c->clients[i], status);
		/* At once: the next turn may be a tick away. */
		write_client(&c->clients[i]);
	}
	m->logs.copy = NULL;
	buf_free(&c->said);
}

void
control_stopping(struct master *m)
{
	control_reload_begins(m);
	if (m->logs.copy == NULL)
		return;
	(void)buf_puts(&m->control.said, "pyked: the server is stopping\n");
	control_reload_ended(m, EXIT_FAILURE, "");
}

/* --- what clients want --- */

static void
refuse(struct control_client *client, const char *why)
{
	(void)buf_printf(&client->out, "!pyked: %s\n", why);
	answer(client, EXIT_FAILURE);
}

static void
reload(struct master *m, struct control_client *client)
{
	reload_wish(m);
	if (m->reload_wanted) {
		client->state = CONTROL_WISHING;
		return;
	}
	refuse(client, "the server is stopping");
}

static void
reopen(struct master *m, struct control_client *client)
{
	struct buf *copy = m->logs.copy, said = { .p = NULL };
	bool bad;

	m->logs.copy = &said;
	master_reopen_logs(m);
	m->logs.copy = copy;
	bad = buf_len(&said) > 0;
	if (bad)
		put_lines(&client->out, "!", buf_str(&said));
	else
		put_lines(&client->out, ">", STR("logs reopened"));
	buf_free(&said);
	answer(client, bad ? EXIT_FAILURE : EXIT_SUCCESS);
}

static void
status(struct master *m, struct control_client *client)
{
	struct buf text = { .p = NULL };

	status_put(m, &text);
	put_lines(&client->out, ">", buf_str(&text));
	buf_free(&text);
	answer(client, EXIT_SUCCESS);
}

/* What is in force, for "pyked -t" to compare with. */
static void
dump(struct master *m, struct control_client *client)
{
	const struct generation *g = master_serving(m);
	struct buf text = { .p = NULL };

	if (g == NULL || conf_dump(g->conf, &text) == -1) {
		refuse(client, g == NULL ? "the server is not serving" :
		    "the server is out of memory");
		return;
	}
	put_lines(&client->out, ">", buf_str(&text));
	buf_free(&text);
	answer(client, EXIT_SUCCESS);
}

static const struct {
	const char *word;
	void (*act)(struct master *m, struct control_client *client);
} requests[] = {
	{ "reload\n", reload },
	{ "reopen\n", reopen },
	{ "status\n", status },
	{ "dump\n", dump },
};

static void
act(struct master *m, struct control_client *client)
{
	struct str line = { client->line, client->len };
	size_t i;

	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (str_eq(line, str_from(requests[i].word))) {
			requests[i].act(m, client);
			return;
		}
	}
	refuse(client, "the server does not know this word: it is older, or "
	    "newer");
}

/* --- one step for each --- */

/* The mode of the socket says so, but not on every system. */
static bool
is_welcome(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	    (peer.uid == 0 || peer.uid == geteuid());
}

/* No more than there are places: whoever floods a socket delays nobody. */
static void
take_clients(struct control *c, int listener)
{
	struct control_client *client;
	int fd, i;

	for (i = 0; listener != -1 && i < CONTROL_CLIENTS; i++) {
		client = free_place(c);
		if (client == NULL && (client = silent_place(c)) == NULL)
			return;
		fd = accept4(listener, NULL, NULL,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd == -1)
			return;
		if (!is_welcome(fd)) {
			(void)close(fd);
			continue;
		}
		if (client->state != CONTROL_NONE)
			end(client);
		*client = (struct control_client){ .state = CONTROL_READING,
		    .fd = fd, .deadline = mono_add_ms(clock_now(),
		    CLIENT_MS) };
	}
}

/* One more read: nothing but one line is to come, and while its answer is not
 * there a client that ends has lost its patience. */
static void
read_client(struct master *m, struct control_client *client)
{
	ssize_t n = recv(client->fd, client->line + client->len,
	    sizeof(client->line) - client->len, 0);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || client->state != CONTROL_READING) {
		end(client);
		return;
	}
	client->len += (size_t)n;
	if (memchr(client->line, '\n', client->len) != NULL ||
	    client->len == sizeof(client->line))
		act(m, client);
}

static bool
is_late(const struct control_client *client)
{
	return (client->state == CONTROL_READING ||
	    client->state == CONTROL_WRITING) &&
	    !mono_before(clock_now(), client->deadline);
}

void
control_step(struct master *m)
{
	struct control_client *client;
	size_t i;

	take_clients(&m->control, m->control.door.fd);
	take_clients(&m->control, m->control.door.named);
	for (i = 0; i < CONTROL_CLIENTS; i++) {
		client = &m->control.clients[i];
		if (client->state != CONTROL_NONE &&
		    client->state != CONTROL_WRITING)
			read_client(m, client);
		if (client->state == CONTROL_WRITING)
			write_client(client);
		if (is_late(client))
			end(client);
	}
}
