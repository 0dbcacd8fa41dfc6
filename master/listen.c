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

/* Why addr cannot be listened on, and what to do, into text. */
static const char *
explain(const struct net_addr *addr, int error, char text[REASON_MAX])
{
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
	char text[NET_ADDR_TEXT], why[REASON_MAX];

	(void)net_addr_text(&c->addr, text);
	if (may_be_missing(c, error))
		log_info("not listening on %s: %s", text, explain(&c->addr,
		    error, why));
	else if (c->pos.file != NULL && c->pos.file != conf_command_line)
		conf_error(errors, &nowhere, 0, NULL, "cannot listen on %s "
		    "(%s:%u): %s", text, c->pos.file, c->pos.line,
		    explain(&c->addr, error, why));
	else
		conf_error(errors, &nowhere, 0, NULL, "cannot listen on %s: "
		    "%s", text, explain(&c->addr, error, why));
}

/* One socket, or -1: errors says why, unless it may be missing. */
static int
bind_one(const struct conf_listen *c, struct conf_errors *errors)
{
	int fd = net_listen(&c->addr, c->backlog);

	if (fd == -1)
		refuse(c, errno, errors);
	return fd;
}

/* The first socket of old that was asked for with addr and is not yet in
 * used; or -1. */
static int
find_old(const struct listen_set *old, bool *used, const struct net_addr *addr)
{
	size_t i;

	for (i = 0; i < old->n; i++) {
		if (!used[i] &&
		    net_addr_eq(&old->sockets[i].conf->addr, addr)) {
			used[i] = true;
			return old->sockets[i].fd;
		}
	}
	return -1;
}

static void
add(struct listen_set *s, const struct conf_listen *c, int fd, bool fresh)
{
	s->sockets[s->n] = (struct listener){ .fd = fd, .conf = c };
	s->fresh[s->n] = fresh;
	s->n++;
}

static int
open_one(struct listen_set *s, const struct conf_listen *c, int old_fd,
    struct conf_errors *errors)
{
	unsigned before = errors->n;
	int fd;

	if (old_fd == -1)
		fd = bind_one(c, errors);
	else
		fd = fcntl(old_fd, F_DUPFD_CLOEXEC, 0);
	if (fd != -1) {
		add(s, c, fd, old_fd == -1);
		return 0;
	}
	if (old_fd != -1)
		conf_error(errors, &nowhere, 0, NULL, "a listening socket "
		    "cannot be kept: %s", strerror(errno));
	return errors->n == before ? 0 : -1;
}

static int
allocate(struct listen_set *s, size_t n)
{
	s->sockets = calloc(n + 1, sizeof(*s->sockets));
	s->fresh = calloc(n + 1, sizeof(*s->fresh));
	return s->sockets == NULL || s->fresh == NULL ? -1 : 0;
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
	size_t i;
	int old_fd;

	for (i = 0; i < conf->nlistens; i++) {
		c = &conf->listens[i];
		if (is_half_of(c, failed))
			continue;
		old_fd = find_old(old, used, &c->addr);
		if (open_one(s, c, old_fd, errors) == -1)
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

int
listen_check(const struct conf *conf, struct conf_errors *errors)
{
	const struct conf_listen *c, *failed = NULL;
	unsigned before = errors->n;
	size_t i;
	int fd;

	for (i = 0; i < conf->nlistens; i++) {
		c = &conf->listens[i];
		if (is_half_of(c, failed))
			continue;
		fd = net_bind(&c->addr);
		if (fd != -1) {
			(void)close(fd);
		} else if (errno != EADDRINUSE) {
			refuse(c, errno, errors);
			failed = c;
		}
	}
	return errors->n == before ? 0 : -1;
}

void
listen_announce(const struct listen_set *s)
{
	char text[NET_ADDR_TEXT];
	const struct conf_listen *c;
	struct net_addr real;
	size_t i;

	for (i = 0; i < s->n; i++) {
		c = s->sockets[i].conf;
		if (!s->fresh[i]) {
			(void)listen(s->sockets[i].fd, c->backlog > 0 ?
			    c->backlog : INT_MAX);
			continue;
		}
		if (net_local(s->sockets[i].fd, &real) == -1)
			real = c->addr;
		(void)net_addr_text(&real, text);
		log_info("listening on %s://%s/", c->tls ? "https" : "http",
		    text);
	}
}

void
listen_close(struct listen_set *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		(void)close(s->sockets[i].fd);
	free(s->sockets);
	free(s->fresh);
	*s = (struct listen_set){ 0 };
}
