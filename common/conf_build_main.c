/*
 * What the main level says of the process, its logs, types and TLS.
 */
#include "common/conf_build.h"

#include <errno.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "common/arena.h"
#include "common/conf_file.h"
#include "common/mime.h"

void
conf_set_user(struct conf_scope *scope, const struct conf_node *node)
{
	const struct conf_word *name = &node->words[1];
	struct conf *conf = &scope->tree->conf;
	const struct passwd *pw;

	conf->user = name->text.p;
	conf->user_pos = name->pos;
	if (name->pos.file == NULL)
		return;
	errno = 0;
	pw = getpwnam(name->text.p);
	if (pw != NULL && (pw->pw_uid == 0 || pw->pw_gid == 0))
		conf_wrong(scope, name, "name a user with few rights, "
		    "like www-data", "workers cannot run as root: \"%s\" has "
		    "user id %u and group id %u", name->text.p,
		    (unsigned)pw->pw_uid, (unsigned)pw->pw_gid);
	else if (pw == NULL && geteuid() == 0)
		conf_wrong(scope, name, "make it with: adduser --system",
		    "there is no user \"%s\"", name->text.p);
}

/* `auto`: one for each CPU that this process may use. */
void
conf_set_workers(struct conf_scope *scope, const struct conf_node *node)
{
	const struct conf_arg *arg = &node->directive->args[0];
	struct conf *conf = &scope->tree->conf;
	cpu_set_t set;
	long n;

	if (conf->workers != 0)
		return;
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	else
		n = sysconf(_SC_NPROCESSORS_ONLN);
	n = n < (long)arg->min ? (long)arg->min : n;
	conf->workers = (unsigned)(n > (long)arg->max ? (long)arg->max : n);
}

void
conf_set_pidfile(struct conf_scope *scope, const struct conf_node *node)
{
	struct conf *conf = &scope->tree->conf;

	conf->pidfile = node->words[1].path;
	conf->pidfile_pos = node->words[1].pos;
	conf->pidfile_set = node->words[1].pos.file != NULL;
}

void
conf_set_control(struct conf_scope *scope, const struct conf_node *node)
{
	struct conf *conf = &scope->tree->conf;

	conf->control = node->words[1].path;
	conf->control_pos = node->words[1].pos;
	conf->control_set = node->words[1].pos.file != NULL;
}

/* Two servers with pid files in one folder must not share a socket: the name
 * is the pid file's. */
void
conf_build_control(struct conf_tree *tree)
{
	struct conf *conf = &tree->conf;
	struct str stem = str_from(conf->pidfile);

	if (conf->control_set || !conf->pidfile_set)
		return;
	if (str_ends(stem, STR(".pid")))
		stem.n -= strlen(".pid");
	conf->control = arena_printf(&tree->arena, "%.*s.sock", (int)stem.n,
	    stem.p);
	if (conf->control == NULL)
		conf_no_memory(tree);
}

void
conf_set_spool(struct conf_scope *scope, const struct conf_node *node)
{
	scope->tree->conf.spool = conf_build_dir(scope->tree,
	    node->words[1].path, &node->words[1].pos);
}

/* --- logs --- */

/* A log's first value: a word that means something, or a path. */
static void
set_log(struct conf_scope *scope, const struct conf_word *word,
    struct conf_logfile *log)
{
	static const char *const words[] = { "on", "none", "yes", "no",
	    "stdout", "stderr", "off", "syslog", NULL };
	const char *path;
	size_t i;

	for (i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], word->text.p) != 0)
			continue;
		conf_wrong(scope, word, "write a path; ./NAME for a file of "
		    "that name", "\"%s\" does not fit here", word->text.p);
		return;
	}
	path = word->text.n == 0 ? "" : conf_file_resolve(&scope->tree->arena,
	    word->pos.file, word->text);
	if (path == NULL || *path == '\0') {
		conf_wrong(scope, word, NULL, "%s", path == NULL ?
		    strerror(errno) : "an empty path");
		return;
	}
	log->path = path;
	log->pos = word->pos;
	if (word->pos.file != NULL)
		log->kind = CONF_LOG_FILE;
}

void
conf_set_access(struct conf_scope *scope, const struct conf_node *node)
{
	struct conf_logfile *log = &scope->tree->conf.access;
	const struct conf_word *word = &node->words[1];

	log->pos = word->pos;
	if (str_eq(word->text, STR("stdout")))
		log->kind = CONF_LOG_STDOUT;
	else if (str_eq(word->text, STR("stderr")))
		log->kind = CONF_LOG_STDERR;
	else if (!str_eq(word->text, STR("off")))
		set_log(scope, word, log);
	else if (node->nwords > 2)
		conf_wrong(scope, &node->words[2], "write: access off",
		    "too many values for \"access\"");
	else
		log->kind = CONF_LOG_OFF;
}

void
conf_set_error(struct conf_scope *scope, const struct conf_node *node)
{
	struct conf_logfile *log = &scope->tree->conf.error;
	const struct conf_word *word = &node->words[1];

	log->pos = word->pos;
	if (str_eq(word->text, STR("stderr")))
		log->kind = CONF_LOG_STDERR;
	else if (str_eq(word->text, STR("syslog")))
		log->kind = CONF_LOG_SYSLOG;
	else
		set_log(scope, word, log);
}

/* --- types --- */

bool
conf_build_is_token(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f ||
		    strchr("\"(),/:;<=>?@[\\]{}", s.p[i]) != NULL)
			return false;
	return s.n > 0;
}

/* "text/html", and anything printable behind a ";". */
static bool
is_type(struct str s)
{
	struct str part = { s.p, 0 };
	const char *slash = memchr(s.p, '/', s.n);
	const char *semicolon = memchr(s.p, ';', s.n);
	size_t i;

	if (semicolon != NULL)
		s.n = (size_t)(semicolon - s.p);
	if (slash == NULL || (size_t)(slash - s.p) >= s.n)
		return false;
	part.n = (size_t)(slash - s.p);
	s = (struct str){ slash + 1, s.n - part.n - 1 };
	if (!conf_build_is_token(part) || !conf_build_is_token(s))
		return false;
	for (i = 0; semicolon != NULL && semicolon[i] != '\0'; i++)
		if (semicolon[i] < ' ' || semicolon[i] >= 0x7f)
			return false;
	return true;
}

static void
add_type(struct conf_scope *scope, const struct conf_word *type,
    const struct conf_word *extension)
{
	struct conf_tree *tree = scope->tree;
	struct conf_type_line *lines;

	if (!conf_build_is_token(extension->text) ||
	    extension->text.p[0] == '.') {
		conf_wrong(scope, extension, "without a dot, like: html",
		    "\"%s\" is not an extension", extension->text.p);
		return;
	}
	lines = conf_grow(tree, tree->types, tree->ntypes, sizeof(*lines));
	if (lines == NULL)
		return;
	tree->types = lines;
	lines[tree->ntypes++] = (struct conf_type_line){ .type = type->text.p,
	    .extension = extension->text.p };
	if (mime_add(tree->conf.mime, type->text, extension->text) == -1)
		conf_no_memory(tree);
}

void
conf_set_types(struct conf_scope *scope, const struct conf_node *node)
{
	const struct conf_node *line;
	size_t i;

	for (line = node->first; line != NULL; line = line->next) {
		if (line->bad)
			continue;
		if (line->has_block || line->nwords < 2)
			conf_wrong(scope, &line->words[0],
			    "write: TYPE EXTENSION...",
			    "a line of types is a type and its extensions");
		else if (!is_type(line->words[0].text))
			conf_wrong(scope, &line->words[0],
			    "write one like text/html",
			    "\"%s\" is not a media type",
			    line->words[0].text.p);
		else
			for (i = 1; i < line->nwords; i++)
				add_type(scope, &line->words[0],
				    &line->words[i]);
	}
}

/* --- tls --- */

void
conf_set_protocols(struct conf_scope *scope, const struct conf_node *node)
{
	static const int versions[] = { 0, TLS1_2_VERSION, TLS1_3_VERSION };
	struct conf *conf = &scope->tree->conf;
	int first = versions[node->words[1].value];
	int last = versions[node->words[node->nwords - 1].value];

	if (node->nwords > 2 && first == last)
		conf_wrong(scope, &node->words[2], NULL, "\"%s\" is there "
		    "twice", node->words[2].text.p);
	conf->tls_min = first < last ? first : last;
	conf->tls_max = first < last ? last : first;
}

void
conf_set_ciphers(struct conf_scope *scope, const struct conf_node *node)
{
	const struct conf_word *list = &node->words[1];
	struct conf *conf = &scope->tree->conf;

	conf->ciphers_pos = list->pos;
	if (list->text.n == 0)
		conf_wrong(scope, list, "write: ciphers default",
		    "an empty list of ciphers");
	conf->ciphers = str_eq(list->text, STR("default")) ? NULL :
	    list->text.p;
}
