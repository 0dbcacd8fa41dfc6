/*
 * Trusted proxies, written as they would be in a file.
 */
#include "common/conf_dump.h"

#include "common/buf.h"
#include "common/conf_trust.h"
#include "common/conf_tree.h"

void
dump_trust(struct dump *d)
{
	static const char *const forwarded[] = {
		[CONF_FORWARDED_X] = "X-Forwarded-For",
		[CONF_FORWARDED_RFC] = "Forwarded"
	};
	const struct conf *conf = &d->tree->conf;
	char net[CIDR_TEXT];

	for (size_t i = 0; i < conf->ntrust; i++) {
		const struct conf_trust *t = &conf->trust[i];

		(void)cidr_text(&t->net, net);
		(void)buf_printf(d->out, "trust-proxy %s", net);
		dump_open(d);
		dump_indent(d);
		(void)buf_printf(d->out, "proxy-protocol %s\n",
		    t->proxy_protocol ? "on" : "off");
		dump_indent(d);
		(void)buf_printf(d->out, "forwarded %s\n",
		    t->forwarded <= CONF_FORWARDED_OFF ? "off" :
		    forwarded[t->forwarded]);
		dump_close(d);
	}
}
