/* Finding a master from outside. */
#include "master/seek.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/unixsock.h"
#include "master/byname.h"

static bool
is_believed(const struct ucred *peer, const char *file)
{
	struct stat st;

	if (peer->uid == 0 || peer->uid == geteuid())
		return true;
	return stat(file, &st) == 0 && st.st_uid == peer->uid;
}

/* A master hears root and its own user. */
static bool
is_welcome(const struct ucred *peer)
{
	return geteuid() == 0 || geteuid() == peer->uid;
}

/* Who listens at the other end of fd (-1 is fine); 0 = nobody to believe. A
 * process that we cannot see, for it is in a container, is none either. */
static pid_t
listener(int fd, const char *file, struct ucred *peer)
{
	socklen_t len = sizeof(*peer);

	if (fd == -1 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer,
	    &len) == -1 || !is_believed(peer, file))
		return 0;
	return peer->pid;
}

/* Keeps fd if a master is there that hears us, and the one that is sought. */
static void
try_road(struct sought *s, int fd, const char *file)
{
	int error = errno;
	struct ucred peer;
	pid_t pid = listener(fd, file, &peer);

	if (pid != 0 && s->pid == 0)
		s->pid = pid;
	if (pid != 0 && pid == s->pid && is_welcome(&peer)) {
		s->fd = fd;
		return;
	}
	if (fd != -1) {
		error = pid != 0 && pid == s->pid ? EACCES : ECONNREFUSED;
		(void)close(fd);
	}
	s->error = error;
}

/* Whoever is just starting writes its id in a moment. */
static struct pidfile
look(const char *path)
{
	static const struct timespec moment = { .tv_nsec = 20000000 };
	struct pidfile p;
	int i;

	for (i = 0; i < 50; i++) {
		p = pidfile_look(path);
		if (p.state != PIDFILE_HELD || p.pid != 0)
			break;
		(void)nanosleep(&moment, NULL);
	}
	return p;
}

struct sought
seek_master(const char *file, const struct conf *conf)
{
	struct sought s = { .fd = -1 };

	/* The name comes first: a pid file that was moved may by now be that of
	 * another server. */
	try_road(&s, byname_connect(file), file);
	s.pidfile = look(conf->pidfile);
	if (s.pid == 0 && s.pidfile.state == PIDFILE_HELD)
		s.pid = s.pidfile.pid;
	if (s.fd == -1)
		try_road(&s, unixsock_connect(conf->control), file);
	return s;
}

pid_t
seek_by_name(const char *file)
{
	int fd = byname_connect(file);
	struct ucred peer;
	pid_t pid = listener(fd, file, &peer);

	if (fd != -1)
		(void)close(fd);
	return pid;
}

void
seek_end(struct sought *s)
{
	if (s->fd != -1)
		(void)close(s->fd);
	s->fd = -1;
}
