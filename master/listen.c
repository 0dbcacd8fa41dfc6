/*
 * Listening sockets: bound, shared over a reload, announced, closed.
 */
#include "master/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/net.h"
#include "master/holder.h"
#include "master/sockfile.h"
#include "worker/worker.h"

/* Such mistakes are told in one line, without the line they come from. */
static const struct conf_pos nowhere;

#define REASON_MAX	512

static void
explain_in_use(const struct net_addr *addr, char *text)
{
	struct holder h = holder_find(addr);

	if (h.pid != 0)
		(void)snprintf(text, REASON_MAX, "process %ld (%s) listens "
		    "there already: stop it, or choose another port",
		    (long)h.pid, h.name);
	else
		(void)snprintf(text, REASON_MAX, "another program listens "
		    "there already%s: stop it, or choose another port",
		    geteuid() == 0 ? "" : ", and only root may see which");
}

/* The first port that is not root's own. */
static unsigned
first_free_for_all(void)
{
	char text[16];
	uint64_t port = 0;
	int fd = open("/proc/sys/net/ipv4/ip_unprivileged_port_start",
	    O_RDONLY | O_CLOEXEC);
	ssize_t n = fd == -1 ? -1 : read(fd, text, sizeof(text));

	if (fd != -1)
		(void)close(fd);
	if (n < 1 || str_u64((struct str){ text, (size_t)n - 1 }, UINT16_MAX,
	    &port) == -1)
		return IPPORT_RESERVED;
	return (unsigned)port;
}

static void
explain_low(const struct net_addr *addr, char *text)
{
	unsigned port = net_addr_port(addr), first = first_free_for_all();
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self));

	if (port >= first)
		(void)snprintf(text, REASON_MAX, "%s", strerror(EACCES));
	else
		(void)snprintf(text, REASON_MAX, "ports below %u are root's: "
		    "run pyked as root, or allow it once with \"sudo setcap "
		    "cap_net_bind_service=+ep %.*s\" or \"sudo sysctl "
		    "net.ipv4.ip_unprivileged_port_start=%u\", or choose a "
		    "port from %u on", first, n > 0 && n < REASON_MAX / 2 ?
		    (int)n : 5, n > 0 && n < REASON_MAX / 2 ? self : "pyked",
		    port, first);
}

/* Why there can be no socket with a name. */
static const char *
explain_path(int error)
{
	if (error == EADDRINUSE)
		return "another program listens there already, or it is no "
		    "socket: stop or remove it, or choose another path";
	if (error == ENOENT)
		return "there is no such folder: make it, or correct the path";
	return strerror(error);
}

/* Why c cannot be listened on, and what to do, into text. */
static const char *
explain(const struct conf_listen *c, int error, char text[REASON_MAX])
{
	const struct net_addr *addr = &c->addr;

	if (c->path != NULL)
		return explain_path(error);
	switch (error) {
	case EADDRINUSE:
		explain_in_use(addr, text);
		return text;
	case EACCES:
		explain_low(addr, text);
		return text;
	case EADDRNOTAVAIL:
		return "this machine has no such address";
	case EAFNOSUPPORT:
		return "this machine does not know this kind of address";
	default:
		return strerror(error);
	}
}

static bool
may_be_missing(const struct conf_listen *c, int error)
{
	return c->optional && (error == EAFNOSUPPORT || error == EADDRNOTAVAIL);
}

static void
refuse(const struct conf_listen *c, int error, struct conf_errors *errors)
{
	char room[NET_ADDR_TEXT], why[REASON_MAX];
	const char *text = conf_listen_text(c, room);

	if (may_be_missing(c, error))
		log_info("not listening on %s: %s", text, explain(c, error,
		    why));
	else if (c->pos.file != NULL && c->pos.file != conf_command_line)
		conf_error(errors, &nowhere, 0, NULL, "cannot listen on %s "
		    "(%s:%u): %s", text, c->pos.file, c->pos.line,
		    explain(c, error, why));
	else
		conf_error(errors, &nowhere, 0, NULL, "cannot listen on %s: "
		    "%s", text, explain(c, error, why));
}

/* One socket, or -1: errors says why, unless it may be missing. */
static int
bind_one(const struct conf_listen *c, struct sockfile **file,
    struct conf_errors *errors)
{
	int fd = c->path != NULL ? sockfile_listen(c, file) :
	    net_listen(&c->addr, c->backlog);

	if (fd == -1)
		refuse(c, errno, errors);
	return fd;
}

/* The first socket of old that was asked for as c is and is not yet in used;
 * old->n when there is none. */
static size_t
find_old(const struct listen_set *old, bool *used, const struct conf_listen *c)
{
	size_t i;

	for (i = 0; i < old->n; i++) {
		if (!used[i] && conf_listen_same(old->sockets[i].conf, c)) {
			used[i] = true;
			break;
		}
	}
	return i;
}

static void
add(struct listen_set *s, const struct conf_listen *c, int fd,
    struct sockfile *file)
{
	s->sockets[s->n] = (struct listener){ .fd = fd, .conf = c };
	s->files[s->n] = file;
	s->n++;
}

static int
open_one(struct listen_set *s, const struct conf_listen *c,
    struct conf_errors *errors)
{
	unsigned before = errors->n;
	struct sockfile *file = NULL;
	int fd = bind_one(c, &file, errors);

	if (fd != -1) {
		s->fresh[s->n] = true;
		add(s, c, fd, file);
	}
	return errors->n == before ? 0 : -1;
}

/* Shares socket number i of old. */
static int
keep_one(struct listen_set *s, const struct conf_listen *c,
    const struct listen_set *old, size_t i, struct conf_errors *errors)
{
	struct sockfile *file = old->files[i];
	int fd = fcntl(old->sockets[i].fd, F_DUPFD_CLOEXEC, 0);

	if (fd == -1) {
		conf_error(errors, &nowhere, 0, NULL, "a listening socket "
		    "cannot be kept: %s", strerror(errno));
		return -1;
	}
	add(s, c, fd, file == NULL ? NULL : sockfile_share(file));
	return 0;
}

static int
allocate(struct listen_set *s, size_t n)
{
	s->sockets = calloc(n + 1, sizeof(*s->sockets));
	s->fresh = calloc(n + 1, sizeof(*s->fresh));
	s->files = calloc(n + 1, sizeof(struct sockfile *));
	return s->sockets == NULL || s->fresh == NULL || s->files == NULL ?
	    -1 : 0;
}

/* "listen 80" is one mistake, not one for IPv6 as well. */
static bool
is_half_of(const struct conf_listen *c, const struct conf_listen *failed)
{
	return failed != NULL && c->optional &&
	    net_addr_port(&c->addr) == net_addr_port(&failed->addr);
}

/* Goes on after a failure: all that is in use is told in one run. */
static int
open_all(struct listen_set *s, const struct conf *conf,
    const struct listen_set *old, bool *used, struct conf_errors *errors)
{
	const struct conf_listen *c, *failed = NULL;
	size_t i, k;
	int rc;

	for (i = 0; i < conf->nlistens; i++) {
		c = &conf->listens[i];
		if (is_half_of(c, failed))
			continue;
		k = find_old(old, used, c);
		rc = k == old->n ? open_one(s, c, errors) :
		    keep_one(s, c, old, k, errors);
		if (rc == -1)
			failed = c;
	}
	if (failed == NULL && s->n > 0)
		return 0;
	if (failed == NULL)
		conf_error(errors, &nowhere, 0, NULL, "there is no address to "
		    "listen on");
	return -1;
}

int
listen_open(struct listen_set *s, const struct conf *conf,
    const struct listen_set *old, struct conf_errors *errors)
{
	bool *used = calloc(old->n + 1, sizeof(*used));
	int rc = -1;

	*s = (struct listen_set){ 0 };
	if (used != NULL && allocate(s, conf->nlistens) == 0)
		rc = open_all(s, conf, old, used, errors);
	else
		conf_error(errors, &nowhere, 0, NULL, "out of memory");
	free(used);
	if (rc == -1)
		listen_close(s);
	return rc;
}

void
listen_end(const struct listen_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		net_end_deferral(s->sockets[i].fd);
}

/* 0, or -1 with errno. */
static int
check_one(const struct conf_listen *c)
{
	int fd;

	if (c->path != NULL)
		return sockfile_check(c->path);
	fd = net_bind(&c->addr);
	if (fd == -1)
		return errno == EADDRINUSE ? 0 : -1;
	(void)close(fd);
	return 0;
}

int
listen_check(const struct conf *conf, struct conf_errors *errors)
{
	const struct conf_listen *c, *failed = NULL;
	unsigned before = errors->n;
	size_t i;

	for (i = 0; i < conf->nlistens; i++) {
		c = &conf->listens[i];
		if (is_half_of(c, failed) || check_one(c) == 0)
			continue;
		refuse(c, errno, errors);
		failed = c;
	}
	return errors->n == before ? 0 : -1;
}

const char *
listen_text(const struct listener *l, char text[NET_ADDR_TEXT])
{
	struct net_addr real;

	if (l->conf->path != NULL || net_local(l->fd, &real) == -1)
		return conf_listen_text(l->conf, text);
	(void)net_addr_text(&real, text);
	return text;
}

void
listen_announce(const struct listen_set *s)
{
	char text[NET_ADDR_TEXT];
	const struct conf_listen *c;
	size_t i;

	for (i = 0; i < s->n; i++) {
		c = s->sockets[i].conf;
		if (!s->fresh[i]) {
			(void)listen(s->sockets[i].fd, c->backlog > 0 ?
			    c->backlog : INT_MAX);
			if (s->files[i] != NULL)
				sockfile_admit(s->files[i], c);
			continue;
		}
		log_info("listening on %s://%s/", c->tls ? "https" : "http",
		    listen_text(&s->sockets[i], text));
	}
}

void
listen_close(struct listen_set *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		(void)close(s->sockets[i].fd);
		sockfile_drop(s->files[i]);
	}
	free(s->sockets);
	free(s->fresh);
	free(s->files);
	*s = (struct listen_set){ 0 };
}
