/* What a pid file says: the lock counts, not the text. */
#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "master/pidfile.h"
#include "t/unit/tap.h"

static char path[] = "/tmp/pyked-pidfile-XXXXXX";

static struct pidfile
look_at(int fd, const char *text)
{
	size_t n = strlen(text);

	if (ftruncate(fd, 0) == -1 || pwrite(fd, text, n, 0) != (ssize_t)n)
		abort();
	return pidfile_look(path);
}

int
main(void)
{
	static const char *const unread[] = { "", "\n", "123", "12 3\n",
	    "-1\n", "123\nx", "99999999999\n" };
	char text[PIDFILE_TIME], link[sizeof(path) + 2];
	int fd = mkstemp(path);
	struct pidfile p;
	size_t i;

	p = look_at(fd, "123\n");
	ok(p.state == PIDFILE_STALE && p.pid == 0, "nobody holds it");
	ok(flock(fd, LOCK_EX | LOCK_NB) == 0, "looking takes no lock");
	p = look_at(fd, "123\n");
	ok(p.state == PIDFILE_HELD && p.pid == 123 &&
	    llabs((long long)(time(NULL) - p.since)) < 60, "somebody does");
	for (i = 0; i < sizeof(unread) / sizeof(unread[0]); i++) {
		p = look_at(fd, unread[i]);
		ok(p.state == PIDFILE_HELD && p.pid == 0,
		    "... and has not said who (%zu)", i);
	}
	p.since = 0;
	(void)setenv("TZ", "UTC", 1);
	pidfile_since(&p, text);
	ok(strcmp(text, "1970-01-01 00:00:00") == 0, "since %s", text);

	(void)snprintf(link, sizeof(link), "%s.l", path);
	ok(symlink(path, link) == 0 && (p = pidfile_look(link)).state ==
	    PIDFILE_UNKNOWN && p.error == ELOOP, "links are not followed");
	(void)unlink(link);
	(void)unlink(path);
	(void)close(fd);
	ok(pidfile_look(path).state == PIDFILE_NONE, "none is none");
	return done_testing();
}
