/*
 * A folder, served at once.
 */
#include "master/arguments_text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/net.h"
#include "master/arguments.h"
#include "master/path.h"
#include "master/selfsigned.h"

#define HTTP_PORT	8080		/* where it is served ... */
#define HTTPS_PORT	8443
#define PORTS		100		/* ... or so many from there on */

/* The first port from first on that is free now, or 0. */
static unsigned
free_port(unsigned first)
{
	struct net_addr addr;
	unsigned port;
	int fd;

	for (port = first; port < first + PORTS; port++) {
		if (net_addr_parse(STR("127.0.0.1"), (uint16_t)port,
		    &addr) == -1)
			return 0;
		fd = net_listen(&addr, 1);
		if (fd != -1) {
			(void)close(fd);
			return port;
		}
	}
	return 0;
}

/* An ordinary user has no right to the default places: these are beside the
 * configuration. */
static const char own_places[] = "pidfile pyked.pid\nlog {\n"
    "    access access.log\n    error error.log\n}\n";

static const char own_certificate[] =
    "# https needs a certificate of your own: certificate FILE KEY\n";

/* A folder, and where it is to be found. */
struct place {
	char *path;			/* owned */
	unsigned http;
	unsigned https;			/* 0 = without TLS */
};

/* 0, or the status to exit with. */
static int
put_https(struct arguments *a, const struct place *p)
{
	a->certificate = selfsigned_make();
	if (a->certificate == -1)
		return arguments_wrong(EXIT_FAILURE,
		    "no certificate could be made");
	(void)buf_printf(&a->text, "listen 127.0.0.1:%u tls\n"
	    "certificate /proc/self/fd/%d /proc/self/fd/%d\n", p->https,
	    a->certificate, a->certificate);
	return 0;
}

static void
greet(struct buf *out, const struct place *p, struct str site)
{
	(void)buf_printf(out, "pyked serves %s\n\n    "
	    "http://127.0.0.1:%u/\n", p->path, p->http);
	if (p->https != 0)
		(void)buf_printf(out, "    https://127.0.0.1:%u/   (its "
		    "certificate is new: the browser asks)\n", p->https);
	(void)buf_printf(out, "\nuntil Ctrl-C. To make it permanent, write "
	    "this into a file (as root:\n" PATH_CONF ") and run \"pyked -c "
	    "FILE\":\n\n%.*s%s%s\nRequests:\n", (int)site.n, site.p,
	    geteuid() == 0 ? "" : own_places,
	    p->https == 0 ? "" : own_certificate);
}

/* What to serve, which is also what makes it permanent, and what to say. */
static int
put_folder(struct arguments *a, const struct place *p)
{
	struct buf site = { .p = NULL };
	int status;

	(void)buf_printf(&site, "listen 127.0.0.1:%u\n", p->http);
	status = arguments_put_path(&site, "root", p->path);
	(void)buf_puts(&site, "listing on\n");
	if (buf_put_str(&a->text, buf_str(&site)) == -1 ||
	    buf_puts(&a->text, "log {\naccess stdout\nerror stderr warn\n}\n")
	    == -1)
		status = arguments_wrong(EXIT_FAILURE, "out of memory");
	if (status == 0 && p->https != 0)
		status = put_https(a, p);
	greet(&a->greeting, p, buf_str(&site));
	buf_free(&site);
	return status;
}

int
arguments_folder(struct arguments *a, const char *folder, bool tls)
{
	struct place p = { .path = realpath(folder, NULL),
	    .http = free_port(HTTP_PORT),
	    .https = tls ? free_port(HTTPS_PORT) : 0 };
	int status;

	if (p.path == NULL || access(p.path, R_OK | X_OK) == -1)
		status = arguments_wrong(EXIT_CONF, "the folder %s cannot be "
		    "served: %s", folder, strerror(errno));
	else if (p.http == 0 || (tls && p.https == 0))
		status = arguments_wrong(EXIT_FAILURE, "none of the %d ports "
		    "from %d on is free on 127.0.0.1", PORTS, p.http == 0 ?
		    HTTP_PORT : HTTPS_PORT);
	else
		status = put_folder(a, &p);
	a->foreground = a->alone = true;
	free(p.path);
	return status;
}
