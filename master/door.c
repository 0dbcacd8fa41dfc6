/*
 * Where the control sockets are, and what else may be there.
 */
#include "master/door.h"

#include <sys/stat.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/unixsock.h"
#include "master/byname.h"
#include "master/seek.h"

/* Why there is no socket at path. */
static const char *
why_not(const char *path, int error)
{
	struct stat st;

	if (error != EADDRINUSE)
		return strerror(error);
	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return "something is there that is no socket: remove it, or "
		    "name another path with \"control\"";
	return "another program listens there: stop it, or name another path "
	    "with \"control\"";
}

static int
open_path(struct door *d, const struct conf *conf)
{
	const char *why;

	d->fd = unixsock_listen(conf->control);
	if (d->fd != -1) {
		d->path = strdup(conf->control);
		return 0;
	}
	why = why_not(conf->control, errno);
	if (conf->control_set)
		log_error("cannot use the control socket %s: %s",
		    conf->control, why);
	else
		log_warn("cannot use the control socket %s: %s",
		    conf->control, why);
	return conf->control_set ? -1 : 0;
}

/* Who else runs with this file has read another "pidfile" in it. Whoever is
 * not to be believed has the name for nothing. */
static int
open_name(struct door *d, const char *file, bool one)
{
	pid_t other;

	d->named = byname_listen(file);
	if (d->named != -1)
		return 0;
	other = one && errno == EADDRINUSE ? seek_by_name(file) : 0;
	if (other == 0 || kill(other, 0) == -1) {
		log_debug("no control socket by the name of %s", file);
		return 0;
	}
	log_error("another pyked runs already with %s: process %ld, since "
	    "\"pidfile\" was another one; \"pyked -c %s stop\" ends it", file,
	    (long)other, file);
	return -1;
}

int
door_open(struct door *d, const struct conf *conf, bool one)
{
	if (conf->file != conf_command_line &&
	    open_name(d, conf->file, one) == -1)
		return -1;
	return one || conf->control_set ? open_path(d, conf) : 0;
}

void
door_forget(struct door *d)
{
	if (d->fd != -1)
		(void)close(d->fd);
	if (d->named != -1)
		(void)close(d->named);
	free(d->path);
	*d = (struct door){ .fd = -1, .named = -1 };
}

void
door_close(struct door *d)
{
	if (d->path != NULL)
		(void)unlink(d->path);
	door_forget(d);
}
