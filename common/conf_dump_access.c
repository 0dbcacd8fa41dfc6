/*
 * Who may come in, written as it would be in a file.
 */
#include "common/conf_dump.h"

#include "common/buf.h"
#include "common/conf.h"
#include "common/conf_tree.h"

void
dump_access(const struct dump *d, const struct conf_location *l,
    const struct conf_location *outer)
{
	const struct conf_access *a = &l->access;
	char net[CIDR_TEXT];
	size_t i;

	for (i = 0; i < a->nrules; i++) {
		if (outer != NULL && (a->rules[i].inherited ||
		    a->rules == outer->access.rules))
			continue;
		(void)cidr_text(&a->rules[i].net, net);
		dump_indent(d);
		(void)buf_printf(d->out, "%s %s\n",
		    a->rules[i].allow ? "allow" : "deny", net);
	}
	if (outer != NULL && a->realm == outer->access.realm)
		return;
	dump_indent(d);
	(void)buf_puts(d->out, "auth");
	if (a->realm == NULL) {
		(void)buf_puts(d->out, " off");
	} else {
		dump_word(d, a->realm);
		dump_word(d, d->tree->conf.auth_files[a->file].path);
	}
	(void)buf_puts(d->out, "\n");
}
