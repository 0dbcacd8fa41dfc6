/* Files of users, as far as they are read before a server starts. */
#include "common/conf_auth.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/conf.h"
#include "common/htpasswd.h"
#include "common/log.h"

/* What report_fault works on. */
struct checking {
	const struct conf_auth_file *file;
	struct conf_errors *errors;
};

/* The line itself is not shown: there may be a password in it. */
static void
report_fault(void *arg, const struct htpasswd_fault *fault)
{
	const struct checking *c = arg;
	struct conf_pos pos = { .line = 0 };
	struct buf place = { 0 }, hint = { 0 };
	bool named = fault->user.n > 0;

	(void)buf_printf(&place, "%s:%u", c->file->path, fault->line);
	(void)buf_put(&place, "", 1);
	if (fault->cure == NULL)
		(void)buf_printf(&hint, "make it anew: pyked passwd %s %.*s",
		    c->file->path, (int)fault->user.n, fault->user.p);
	else
		(void)buf_puts(&hint, fault->cure);
	(void)buf_put(&hint, "", 1);
	pos.file = buf_len(&place) > 0 ? buf_head(&place) : c->file->path;
	conf_error(c->errors, &pos, 0, buf_len(&hint) > 0 ? buf_head(&hint) :
	    NULL, "%s%.*s%s%s", named ? fault->cure == NULL ?
	    "the password of \"" : "\"" : "", (int)fault->user.n,
	    named ? fault->user.p : "", named ? "\" " : "", fault->what);
	buf_free(&place);
	buf_free(&hint);
}

void
conf_auth_check_file(const struct conf_auth_file *file, int fd,
    struct conf_errors *errors)
{
	struct checking c = { .file = file, .errors = errors };
	struct htpasswd users;
	struct stat st;

	if (fstat(fd, &st) == 0 && (st.st_mode & S_IWOTH) != 0)
		conf_error(errors, &file->pos, CONF_WORD, "mend it with: chmod "
		    "o-w", "everybody may write to %s, and so let themselves "
		    "in", file->path);
	if (htpasswd_read(&users, fd, report_fault, &c) == -1)
		conf_error(errors, &file->pos, CONF_WORD, NULL,
		    "cannot read %s: %s", file->path, strerror(errno));
	else
		htpasswd_free(&users);
}

/* Hidden names are not served, wherever they are. */
static bool
is_served(const char *path, const struct conf_location *l)
{
	size_t n = strlen(l->root->path);
	const char *name;

	if (strncmp(path, l->root->path, n) != 0 || path[n] != '/')
		return false;
	for (name = path + n; name != NULL; name = strchr(name + 1, '/'))
		if (name[1] == '.' && !l->dotfiles)
			return false;
	return true;
}

static void
warn_if_served(const struct conf *conf, const struct conf_auth_file *file)
{
	const struct conf_location *l;
	size_t i, k;

	for (i = 0; i < conf->nservers; i++) {
		const struct conf_server *s = &conf->servers[i];

		for (k = 0; k <= s->nlocations; k++) {
			l = k == 0 ? &s->base : &s->locations[k - 1];
			if (!is_served(file->path, l))
				continue;
			log_warn("%s is below the root %s, where clients may "
			    "find it: move it away", file->path,
			    l->root->path);
			return;
		}
	}
}

static void
cannot_open(const struct conf_auth_file *file, struct conf_errors *errors)
{
	const char *hint = NULL, *why = strerror(errno);

	if (errno == ENOENT)
		hint = "make it with: pyked passwd FILE USER";
	else if (errno == EACCES)
		hint = "try it as root (sudo)";
	else if (errno == EINVAL)
		why = "it is not a file";
	conf_error(errors, &file->pos, CONF_WORD, hint, "cannot read %s: %s",
	    file->path, why);
}

void
conf_auth_check(const struct conf *conf, struct conf_errors *errors)
{
	size_t i;
	int fd;

	for (i = 0; i < conf->nauth_files; i++) {
		const struct conf_auth_file *file = &conf->auth_files[i];

		fd = htpasswd_open(file->path);
		if (fd == -1) {
			cannot_open(file, errors);
			continue;
		}
		conf_auth_check_file(file, fd, errors);
		(void)close(fd);
		warn_if_served(conf, file);
	}
}
