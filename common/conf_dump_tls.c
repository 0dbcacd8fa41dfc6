/*
 * What is said of TLS, written as it would be in a file.
 */
#include "common/conf_dump.h"

#include "common/buf.h"
#include "common/conf_schema.h"
#include "common/conf_tree.h"

void
dump_client(const struct dump *d, const struct conf_client *c)
{
	if (c->mode > CONF_CLIENT_OFF)
		dump_line(d, c->mode == CONF_CLIENT_OPTIONAL ?
		    "client-certificate optional" :
		    "client-certificate required", c->path, &c->pos);
}

void
dump_tickets(const struct dump *d)
{
	static const struct conf_arg time = { .type = CONF_TIME };
	const struct conf_tickets *t = &d->tree->conf.tickets;

	if (t->kind == CONF_TICKETS_FILE) {
		dump_line(d, "tickets file", t->path, &t->pos);
		return;
	}
	dump_indent(d);
	if (t->kind == CONF_TICKETS_OFF) {
		(void)buf_puts(d->out, "tickets off\n");
		return;
	}
	(void)buf_puts(d->out, "tickets rotate ");
	conf_value_write(&time, (uint64_t)t->rotate_ms, d->out);
	(void)buf_puts(d->out, "\n");
}
