/*
 * Loads a configuration and checks it against this process and machine; used
 * at the start, for -t and for a reload, so that all three agree.
 */
#include "master/config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "master/logs.h"
#include "master/master.h"

/* A second server in somebody's terminal is in nobody's way. */
bool
config_wants_pidfile(const struct master_options *options,
    const struct conf *conf)
{
	if (conf->pidfile_set || !options->foreground)
		return true;
	return geteuid() == 0 && !options->alone;
}

/* Whoever can replace the pid file names the process that an init script
 * sends its signals to. */
static int
check_pidfile(const struct conf *conf, const struct identity *who,
    struct conf_errors *errors)
{
	int error = priv_cannot_write(conf->pidfile, !conf->pidfile_set);

	if (error != 0) {
		conf_error(errors, &conf->pidfile_pos, 0,
		    conf->file == conf_command_line ? NULL :
		    "name another one with \"pidfile\"",
		    "cannot use the pid file %s: %s", conf->pidfile,
		    error == ELOOP ? "it is a symbolic link" :
		    strerror(error));
		return -1;
	}
	if (!priv_may_replace(who, conf->pidfile))
		return 0;
	conf_error(errors, &conf->pidfile_pos, 0, NULL, "the pid file %s could "
	    "be replaced by the user that workers run as: let only root write "
	    "to its folder", conf->pidfile);
	return -1;
}

/* And whoever can replace the socket answers in the master's name. Beside the
 * pid file it has been looked at with that. */
static int
check_control(const struct conf *conf, const struct identity *who,
    struct conf_errors *errors)
{
	if (!conf->control_set || !priv_may_replace(who, conf->control))
		return 0;
	conf_error(errors, &conf->control_pos, 0, NULL, "the control socket %s "
	    "could be replaced by the user that workers run as: let only root "
	    "write to its folder", conf->control);
	return -1;
}

/* A folder that is served by itself, and by nobody who could: a site of a
 * configuration answers 403, with the cure in the log, and does not keep the
 * others from being served. */
static int
check_root(const struct conf *conf, const struct identity *who,
    struct conf_errors *errors)
{
	const struct conf_dir *root = conf->servers[0].base.root;

	if (conf->file != conf_command_line || root->fd == -1 ||
	    priv_may_enter(who, root->fd))
		return 0;
	conf_error(errors, &root->pos, 0, NULL, "the folder %s cannot be "
	    "served: the workers' user %s may not enter it: mend it with chmod "
	    "o+x, or start as the user it belongs to", root->path, conf->user);
	return -1;
}

static int
check_files(const struct conf *conf, const struct identity *who,
    const struct master_options *options, struct conf_errors *errors)
{
	int rc = logs_check(conf, who, options->foreground, errors);

	if (config_wants_pidfile(options, conf) &&
	    check_pidfile(conf, who, errors) == -1)
		rc = -1;
	if (check_control(conf, who, errors) == -1 ||
	    check_root(conf, who, errors) == -1)
		rc = -1;
	return rc;
}

struct conf *
config_load(const struct master_options *options, struct identity *who,
    struct conf_errors *errors)
{
	struct conf *conf = options->text == NULL ?
	    conf_load(options->file, errors) :
	    conf_load_text(options->text, errors);
	int rc = 0;

	if (conf == NULL)
		return NULL;
	if (conf_open(conf, errors) == -1)
		rc = -1;
	if (priv_identify(who, conf, errors) == -1)
		rc = -1;
	else if (check_files(conf, who, options, errors) == -1)
		rc = -1;
	if (rc == 0)
		return conf;
	conf_free(conf);
	return NULL;
}

void
config_report(const struct conf_errors *errors, const char *prefix)
{
	struct str text = buf_str(&errors->text);
	const char *newline;
	size_t n;

	while (text.n > 0) {
		newline = memchr(text.p, '\n', text.n);
		n = newline == NULL ? text.n : (size_t)(newline - text.p);
		log_error("%s%.*s", prefix, (int)n, text.p);
		n += newline != NULL;
		text = (struct str){ text.p + n, text.n - n };
	}
}
