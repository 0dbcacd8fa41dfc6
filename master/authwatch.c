/* Files of users: which have changed, and handing them on. */
#include "master/authwatch.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/authmsg.h"
#include "common/clock.h"
#include "common/conf.h"
#include "common/conf_auth.h"
#include "common/htpasswd.h"
#include "common/log.h"
#include "common/net.h"
#include "master/config.h"

#define LOOK_MS		1000

/* What tells one state of a file from another. */
struct look {
	int error;			/* why there is none, or 0 */
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec modified, changed;
};

struct watched {
	const struct conf_auth_file *file; /* borrowed */
	struct look seen;
	bool due;			/* to be handed on */
	bool news;			/* it is not what the start found */
};

struct authwatch {
	struct watched *files;		/* owned, n */
	size_t n;
	struct mono next_look;
};

static struct look
look_at(const char *path)
{
	struct look l = { .error = 0 };
	struct stat st;

	if (stat(path, &st) == -1) {
		l.error = errno;
		return l;
	}
	l.dev = st.st_dev;
	l.ino = st.st_ino;
	l.size = st.st_size;
	l.modified = st.st_mtim;
	l.changed = st.st_ctim;
	return l;
}

static bool
is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool
is_same(const struct look *a, const struct look *b)
{
	return a->error == b->error && a->dev == b->dev && a->ino == b->ino &&
	    a->size == b->size && is_same_time(&a->modified, &b->modified) &&
	    is_same_time(&a->changed, &b->changed);
}

struct authwatch *
authwatch_new(const struct conf *conf)
{
	struct authwatch *w = calloc(1, sizeof(*w));
	size_t i;

	if (w == NULL)
		return NULL;
	w->files = calloc(conf->nauth_files, sizeof(*w->files));
	if (w->files == NULL) {
		free(w);
		return NULL;
	}
	w->n = conf->nauth_files;
	for (i = 0; i < w->n; i++) {
		w->files[i].file = &conf->auth_files[i];
		w->files[i].seen = look_at(conf->auth_files[i].path);
	}
	authwatch_restart(w);
	return w;
}

void
authwatch_free(struct authwatch *w)
{
	if (w == NULL)
		return;
	free(w->files);
	free(w);
}

void
authwatch_restart(struct authwatch *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		w->files[i].due = true;
}

void
authwatch_look(struct authwatch *w)
{
	struct look now;
	size_t i;

	if (mono_before(clock_now(), w->next_look))
		return;
	w->next_look = mono_add_ms(clock_now(), LOOK_MS);
	for (i = 0; i < w->n; i++) {
		now = look_at(w->files[i].file->path);
		if (is_same(&now, &w->files[i].seen))
			continue;
		w->files[i].seen = now;
		w->files[i].due = w->files[i].news = true;
	}
}

/* Says what became of a file that has changed; fd is -1 with errno when it
 * cannot be read. */
static void
report(const struct watched *f, int fd)
{
	struct conf_errors errors = { .n = 0 };

	if (fd == -1) {
		log_error("%s: %s: nobody comes in by it until that is mended",
		    f->file->path, strerror(errno));
		return;
	}
	conf_auth_check_file(f->file, fd, &errors);
	if (errors.n == 0)
		log_info("%s has changed and was read again", f->file->path);
	else
		config_report(&errors, "users: ");
	conf_errors_free(&errors);
}

/* What is looked at later than it is opened here would only be handed on once
 * more. */
static bool
hand_on(struct watched *f, uint32_t number, int channel)
{
	struct auth_order order = { .kind = AUTH_ORDER_FILE, .file = number };
	int fd = htpasswd_open(f->file->path), error = errno;

	if (net_send_with_fd(channel, &order, sizeof(order), fd) == 0) {
		f->due = false;
		errno = error;
		if (f->news)
			report(f, fd);
		f->news = false;
	}
	if (fd != -1)
		(void)close(fd);
	return !f->due;
}

bool
authwatch_send(struct authwatch *w, int channel)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->files[i].due && !hand_on(&w->files[i], (uint32_t)i,
		    channel))
			return false;
	return true;
}
