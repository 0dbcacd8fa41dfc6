/*
 * Passwords, checked one after the other.
 */
#include "worker/authd.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "common/authmsg.h"
#include "common/htpasswd.h"
#include "common/net.h"
#include "common/sig.h"

#define LINKS_MAX	4096	/* far more than there are workers */
#define POLITENESS	10	/* nice(2): requests come first */

struct users {
	struct htpasswd list;
	bool readable;
};

static struct {
	struct users *files;		/* owned, nfiles */
	size_t nfiles;
	struct pollfd polls[1 + LINKS_MAX]; /* the master, then workers */
	nfds_t nlinks;
	uint8_t key[SIPHASH_KEY];	/* which hash an unknown user gets */
} authd;

/* --- workers --- */

static void
drop_link(nfds_t i)
{
	(void)close(authd.polls[i].fd);
	authd.polls[i] = authd.polls[authd.nlinks--];
}

/* A worker that does not take an answer has itself to blame: it is told that
 * nothing more will come. */
static bool
say(nfds_t i, const struct auth_answer *answer)
{
	if (send(authd.polls[i].fd, answer, sizeof(*answer), MSG_NOSIGNAL |
	    MSG_DONTWAIT) == (ssize_t)sizeof(*answer))
		return true;
	drop_link(i);
	return false;
}

static enum auth_verdict
judge(const struct auth_question *q)
{
	const struct users *u = &authd.files[q->file];

	if (!u->readable)
		return AUTH_BROKEN;
	return htpasswd_verify(&u->list, str_from(q->user), q->password,
	    authd.key) ? AUTH_RIGHT : AUTH_WRONG;
}

static bool
is_sound(const struct auth_question *q, ssize_t n)
{
	return n == (ssize_t)sizeof(*q) && q->file < authd.nfiles &&
	    memchr(q->user, '\0', sizeof(q->user)) != NULL &&
	    memchr(q->password, '\0', sizeof(q->password)) != NULL;
}

/* One question. False when the link is gone. */
static bool
take_question(nfds_t i)
{
	struct auth_question q;
	struct auth_answer answer;
	ssize_t n = recv(authd.polls[i].fd, &q, sizeof(q), MSG_DONTWAIT);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (!is_sound(&q, n)) {
		OPENSSL_cleanse(&q, sizeof(q));
		drop_link(i);
		return false;
	}
	answer = (struct auth_answer){ .id = q.id, .file = q.file,
	    .verdict = judge(&q) };
	OPENSSL_cleanse(&q, sizeof(q));
	return say(i, &answer);
}

/* --- the master --- */

static void
take_file(uint32_t number, int fd)
{
	struct auth_answer changed = { .file = number,
	    .verdict = AUTH_CHANGED };
	struct users *u = &authd.files[number];
	nfds_t i = 1;

	htpasswd_free(&u->list);
	/* What is wrong with it has been said by the master. */
	u->readable = fd != -1 &&
	    htpasswd_read(&u->list, fd, NULL, NULL) == 0;
	if (fd != -1)
		(void)close(fd);
	while (i <= authd.nlinks)
		i += say(i, &changed);
}

static void
take_worker(int fd)
{
	if (fd == -1)
		return;
	if (authd.nlinks == LINKS_MAX) {
		(void)close(fd);
		return;
	}
	authd.polls[++authd.nlinks] = (struct pollfd){ .fd = fd,
	    .events = POLLIN };
}

static void
take_orders(void)
{
	struct auth_order order;
	int fd;

	while (net_recv_with_fd(authd.polls[0].fd, &order, sizeof(order),
	    &fd) == 0) {
		if (order.kind == AUTH_ORDER_FILE && order.file < authd.nfiles)
			take_file(order.file, fd);
		else if (order.kind == AUTH_ORDER_WORKER)
			take_worker(fd);
		else if (fd != -1)
			(void)close(fd);
	}
	if (errno == EAGAIN)
		return;
	/* The master is gone; poll(2) leaves a negative one out. */
	(void)close(authd.polls[0].fd);
	authd.polls[0].fd = -1;
}

/* --- the process --- */

static void
open_authd(int channel, size_t nfiles)
{
	static const struct rlimit none = { 0, 0 };

	authd.files = calloc(nfiles, sizeof(*authd.files));
	authd.nfiles = nfiles;
	authd.polls[0] = (struct pollfd){ .fd = channel, .events = POLLIN };
	if (authd.files == NULL || siphash_key(authd.key) == -1)
		_exit(1);
	/* It writes to no file, and yields to whoever serves. */
	if (setrlimit(RLIMIT_FSIZE, &none) == -1 ||
	    setpriority(PRIO_PROCESS, 0, POLITENESS) == -1)
		_exit(1);
	(void)sigprocmask(SIG_SETMASK, sig_wait_mask(), NULL);
}

/* Orders before questions: a file that has changed counts at once. */
static void
turn(void)
{
	nfds_t i = 1;
	int n = poll(authd.polls, 1 + authd.nlinks, -1);

	if (n == -1) {
		assert(errno == EINTR || errno == ENOMEM);
		return;
	}
	if (authd.polls[0].fd != -1 && authd.polls[0].revents != 0)
		take_orders();
	while (i <= authd.nlinks)
		i += authd.polls[i].revents == 0 || take_question(i);
}

noreturn void
authd_run(int channel, size_t nfiles)
{
	open_authd(channel, nfiles);
	while (authd.polls[0].fd != -1 || authd.nlinks > 0)
		turn();
	_exit(0);
}
