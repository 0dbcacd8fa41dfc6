/*
 * The effective configuration, written so that conf_load reads it back.
 *
 * What the schema keeps by itself is written by walking the table; the rest
 * has a line of its own. A server's and a location's blocks hold only what
 * differs from the block around them. A default that conf_load tells from the
 * same value in a file is written as a comment.
 */
#include "common/conf_dump.h"

#include <string.h>

#include <openssl/ssl.h>

#include "common/conf_schema.h"
#include "common/conf_tree.h"

static void
put_spool(const struct dump *d)
{
	const struct conf *conf = &d->tree->conf;
	static const struct conf_arg size = { .type = CONF_SIZE };

	dump_indent(d);
	(void)buf_printf(d->out, "%sspool",
	    conf->spool->pos.file == NULL ? "# " : "");
	dump_word(d, conf->spool->path);
	(void)buf_puts(d->out, " ");
	conf_value_write(&size, conf->spool_total, d->out);
	(void)buf_puts(d->out, "\n");
}

/* One log; the last value is its format or level. */
static void
put_log(const struct dump *d, const char *name, const struct conf_logfile *log,
    uint64_t last)
{
	const struct conf_directive *directive;

	directive = conf_schema_find(str_from(name), CONF_IN_LOG);
	dump_indent(d);
	(void)buf_printf(d->out, "%s%s",
	    log->kind == CONF_LOG_UNSET ? "# " : "", name);
	if (log->kind == CONF_LOG_STDOUT || log->kind == CONF_LOG_STDERR)
		(void)buf_printf(d->out, " std%s",
		    log->kind == CONF_LOG_STDOUT ? "out" : "err");
	else if (log->kind == CONF_LOG_OFF)
		(void)buf_puts(d->out, " off");
	else if (log->kind == CONF_LOG_SYSLOG)
		(void)buf_puts(d->out, " syslog");
	else
		dump_word(d, log->path);
	if (log->kind != CONF_LOG_OFF) {
		(void)buf_puts(d->out, " ");
		conf_value_write(&directive->args[1], last, d->out);
	}
	(void)buf_puts(d->out, "\n");
}

static void
put_logs(struct dump *d)
{
	const struct conf *conf = &d->tree->conf;

	(void)buf_puts(d->out, "log");
	dump_open(d);
	put_log(d, "access", &conf->access, conf->access_format);
	put_log(d, "error", &conf->error, conf->error_level);
	dump_close(d);
}

static void
put_types(struct dump *d)
{
	const struct conf_type_line *line = d->tree->types;
	size_t i;

	if (d->tree->ntypes == 0)
		return;
	(void)buf_puts(d->out, "types");
	dump_open(d);
	for (i = 0; i < d->tree->ntypes; i++, line++) {
		(void)buf_printf(d->out, "%*s", 4 * d->depth - 1, "");
		dump_word(d, line->type);
		dump_word(d, line->extension);
		(void)buf_puts(d->out, "\n");
	}
	dump_close(d);
}

static void
put_tls(struct dump *d)
{
	const struct conf *conf = &d->tree->conf;
	bool old = conf->tls_min == TLS1_2_VERSION;
	bool new = conf->tls_max == TLS1_3_VERSION;

	(void)buf_puts(d->out, "tls");
	dump_open(d);
	dump_indent(d);
	(void)buf_printf(d->out, "protocols%s%s\n", old ? " 1.2" : "",
	    new ? " 1.3" : "");
	dump_indent(d);
	(void)buf_puts(d->out, "ciphers");
	dump_word(d, conf->ciphers == NULL ? "default" : conf->ciphers);
	(void)buf_puts(d->out, "\n");
	dump_tickets(d);
	dump_close(d);
}

int
conf_dump(const struct conf *conf, struct buf *out)
{
	struct buf text = { 0 };
	struct dump d = { .out = &text,
	    .tree = (const struct conf_tree *)conf };
	size_t i;
	int result;

	dump_line(&d, "user", conf->user, &conf->user_pos);
	dump_line(&d, "pidfile", conf->pidfile, &conf->pidfile_pos);
	dump_line(&d, "control", conf->control, &conf->control_pos);
	put_spool(&d);
	dump_table(&d, NULL, CONF_IN_MAIN, d.tree, NULL);
	dump_table(&d, "limits", CONF_IN_LIMITS, d.tree, NULL);
	dump_trust(&d);
	put_logs(&d);
	put_types(&d);
	put_tls(&d);
	dump_site(&d, &d.tree->base, NULL);
	for (i = 0; i < conf->nservers; i++)
		dump_server(&d, &conf->servers[i]);
	result = buf_len(&text) == 0 ? -1 : buf_put_str(out, buf_str(&text));
	buf_free(&text);
	return result;
}
