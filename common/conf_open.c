/*
 * Opens what a configuration names, while there are privileges to do so.
 */
#include "common/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "common/conf_auth.h"
#include "common/conf_tree.h"
#include "common/log.h"
#include "common/mime.h"
#include "common/tlsctx.h"

/* What conf_open works on. */
struct opening {
	struct conf *conf;
	struct conf_errors *errors;
	const struct passwd *user;	/* whom workers become, or NULL */
};

static bool
same_place(const struct conf_pos *a, const struct conf_pos *b)
{
	return a->file == b->file && a->line == b->line && a->col == b->col;
}

/* --- folders --- */

/* Is anything ever served from l's root? */
static bool
uses_root(const struct conf_server *s, const struct conf_location *l)
{
	size_t i;

	if (l->cgi.kind == CONF_CGI_DIR || l->cgi.kind == CONF_CGI_PROGRAM)
		return false;
	if (l->answer.refuse != 0 || l->answer.redirect.status != 0)
		return false;
	for (i = 0; l->match == CONF_MATCH_ALL && i < s->nlocations; i++)
		if (s->locations[i].match == CONF_MATCH_PREFIX &&
		    str_eq(s->locations[i].path, STR("/")))
			return false;
	return true;
}

/* A default may be missing where nothing needs it. */
static bool
is_needed(const struct conf *conf, const struct conf_dir *dir)
{
	size_t i, k;

	if (dir->pos.file != NULL)
		return true;
	for (i = 0; i < conf->nservers; i++) {
		const struct conf_server *s = &conf->servers[i];

		if (s->base.root == dir && uses_root(s, &s->base))
			return true;
		for (k = 0; k < s->nlocations; k++)
			if (s->locations[k].root == dir &&
			    uses_root(s, &s->locations[k]))
				return true;
	}
	return false;
}

static void
open_dir(const struct opening *o, struct conf_dir *dir)
{
	const char *hint = NULL;
	int error;

	dir->fd = open(dir->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	error = errno;
	if (dir->fd != -1 || !is_needed(o->conf, dir))
		return;
	if (dir->pos.file == NULL)
		hint = "make it, or say which folder to serve: root PATH";
	else if (error == ENOENT)
		hint = "make it, or correct the path";
	else if (error == ENOTDIR)
		hint = "name the folder that the files are in";
	conf_error(o->errors, &dir->pos, CONF_WORD, hint,
	    "cannot open the folder %s: %s", dir->path, strerror(error));
}

/* --- scripts --- */

/* Could a process of the workers' user change what st describes? */
static bool
user_may_write(const struct opening *o, const struct stat *st)
{
	if (o->user == NULL)
		return false;
	if (st->st_uid == o->user->pw_uid)
		return true;	/* its owner may always chmod it */
	return st->st_gid == o->user->pw_gid && (st->st_mode & S_IWGRP) != 0;
}

/* Whoever can put a file there can run it. */
static void
check_cgi_dir(const struct opening *o, const struct conf_cgi *cgi)
{
	const struct conf_dir *dir = cgi->dir;
	struct stat st;

	if (dir->fd == -1)
		return;
	if (fstat(dir->fd, &st) == -1)
		conf_error(o->errors, &cgi->pos, CONF_WORD, NULL, "%s: %s",
		    dir->path, strerror(errno));
	else if ((st.st_mode & S_IWOTH) != 0)
		conf_error(o->errors, &cgi->pos, CONF_WORD, "mend it with: "
		    "chmod o-w", "everybody may write into %s, and run what "
		    "they put there", dir->path);
	else if (user_may_write(o, &st))
		conf_error(o->errors, &cgi->pos, CONF_WORD,
		    "mend it with: chown root:root, chmod 755",
		    "the workers' user %s may write into %s, and run what it "
		    "puts there", o->conf->user, dir->path);
}

/* May the workers' user do what bit, one of the rights of others, stands for?
 * A list of rights beside the mode may say something else, so this is good for
 * a warning only. */
static bool
user_may(const struct opening *o, const struct stat *st, mode_t bit)
{
	if (o->user == NULL)
		return true;
	if (st->st_uid == o->user->pw_uid)
		return (st->st_mode & bit << 6) != 0;
	if (st->st_gid == o->user->pw_gid)
		return (st->st_mode & bit << 3) != 0;
	return (st->st_mode & bit) != 0;
}

static void
warn_program(const struct opening *o, const struct conf_cgi *cgi,
    const struct stat *program)
{
	const char *folder = cgi->dir->path;
	struct stat st;

	if (!user_may(o, program, S_IXOTH))
		log_warn("the workers' user %s may not run %s/%s: mend it with "
		    "chmod 755", o->conf->user, folder, cgi->program);
	else if (fstat(cgi->dir->fd, &st) == 0 && !user_may(o, &st, S_IXOTH))
		log_warn("the workers' user %s may not enter %s, where %s is: "
		    "mend it with chmod 755", o->conf->user, folder,
		    cgi->program);
}

/* A program of dirfd, or anywhere. */
static void
check_program(const struct opening *o, const struct conf_cgi *cgi, int dirfd)
{
	const char *folder = cgi->kind == CONF_CGI_PROGRAM ?
	    cgi->dir->path : "";
	const char *why = NULL, *hint = NULL;
	struct stat st;

	if (fstatat(dirfd, cgi->program, &st, 0) == -1) {
		why = strerror(errno);
	} else if (!S_ISREG(st.st_mode)) {
		why = "it is not a file";
	} else if ((st.st_mode & 0111) == 0 || (geteuid() != 0 &&
	    faccessat(dirfd, cgi->program, X_OK, AT_EACCESS) == -1)) {
		why = "it is not executable";
		hint = "mend it with: chmod +x";
	}
	if (why != NULL)
		conf_error(o->errors, &cgi->pos, CONF_WORD, hint,
		    "cannot run %s%s%s: %s", folder, *folder == '\0' ||
		    strcmp(folder, "/") == 0 ? "" : "/", cgi->program, why);
	else if (cgi->kind == CONF_CGI_PROGRAM)
		warn_program(o, cgi, &st);
}

static void
check_cgi(const struct opening *o, const struct conf_cgi *cgi)
{
	if (cgi->kind == CONF_CGI_DIR)
		check_cgi_dir(o, cgi);
	else if (cgi->kind == CONF_CGI_WITH)
		check_program(o, cgi, AT_FDCWD);
	else if (cgi->kind == CONF_CGI_PROGRAM && cgi->dir->fd != -1)
		check_program(o, cgi, cgi->dir->fd);
}

/* --- servers --- */

/* Not refused, for much software wants it so; but no secret either. */
static void
warn_root(const struct opening *o, const struct conf_location *l)
{
	struct stat st;

	if (l->root->fd != -1 && o->user != NULL &&
	    fstat(l->root->fd, &st) == 0 && user_may_write(o, &st))
		log_warn("the workers' user %s may write into the root %s",
		    o->conf->user, l->root->path);
}

/* Only what l does not inherit from outer is looked at. */
static void
open_location(const struct opening *o, const struct conf_location *l,
    const struct conf_location *outer)
{
	if (!same_place(&l->cgi.pos, &outer->cgi.pos))
		check_cgi(o, &l->cgi);
	if (l->root != outer->root)
		warn_root(o, l);
}

static void
open_server(const struct opening *o, struct conf_server *s,
    const struct conf_location *outer)
{
	size_t i;

	open_location(o, &s->base, outer);
	for (i = 0; i < s->nlocations; i++)
		open_location(o, &s->locations[i], &s->base);
	if (s->ncerts > 0)
		(void)tlsctx_load(s, o->conf, o->errors);
}

int
conf_open(struct conf *conf, struct conf_errors *errors)
{
	const struct conf_tree *tree = (const struct conf_tree *)conf;
	struct opening o = { .conf = conf, .errors = errors };
	unsigned before = errors->n;
	size_t i;

	if (geteuid() == 0)
		o.user = getpwnam(conf->user);
	for (i = 0; i < conf->ndirs; i++)
		open_dir(&o, &conf->dirs[i]);
	check_cgi(&o, &tree->base.cgi);
	warn_root(&o, &tree->base);
	for (i = 0; i < conf->nservers; i++)
		open_server(&o, &conf->servers[i], &tree->base);
	(void)tickets_load(conf, errors);
	conf_auth_check(conf, errors);
	return errors->n == before ? 0 : -1;
}

void
conf_free(struct conf *conf)
{
	struct conf_tree *tree = (struct conf_tree *)conf;
	size_t i;

	if (conf == NULL)
		return;
	for (i = 0; i < conf->nservers; i++)
		tlsctx_free(conf->servers[i].tls);
	for (i = 0; i < conf->ndirs; i++)
		if (conf->dirs[i].fd != -1)
			(void)close(conf->dirs[i].fd);
	OPENSSL_cleanse(&conf->tickets.keys, sizeof(conf->tickets.keys));
	mime_free(conf->mime);
	arena_free(&tree->arena);
	free(tree);
}
