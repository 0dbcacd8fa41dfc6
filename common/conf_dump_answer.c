/*
 * What a site does to its answers, written as it would be in a file.
 */
#include "common/conf_dump.h"

#include <string.h>

#include "common/conf.h"
#include "common/conf_schema.h"

static void
put_redirect(const struct dump *d, const struct conf_redirect *r,
    const struct conf_redirect *outer)
{
	if (outer == NULL ? r->status == 0 : r->status == outer->status &&
	    r->to == outer->to)
		return;
	dump_indent(d);
	if (r->status == 0) {
		(void)buf_puts(d->out, "redirect off\n");
		return;
	}
	(void)buf_printf(d->out, "redirect %d ", r->status);
	/* Its $names are no names to be replaced; others are dollars. */
	for (size_t i = 0; i < r->npieces; i++) {
		struct str text = r->piece[i].text;

		for (size_t k = 0; k < text.n; k++) {
			if (r->piece[i].kind == CONF_PIECE_TEXT &&
			    strchr("$;#{}", text.p[k]) != NULL)
				(void)buf_puts(d->out, "\\");
			(void)buf_put(d->out, text.p + k, 1);
		}
	}
	(void)buf_puts(d->out, "\n");
}

static void
put_errors(const struct dump *d, const struct conf_dir *errors)
{
	if (errors != NULL) {
		dump_line(d, "errors", errors->path, &errors->pos);
		return;
	}
	dump_indent(d);
	(void)buf_puts(d->out, "errors off\n");
}

static bool
has_header(const struct conf_answer *a, const struct conf_header *h)
{
	for (size_t i = 0; i < a->nheaders; i++)
		if (a->header[i].value.p == h->value.p)
			return true;
	return false;
}

static void
put_headers(const struct dump *d, const struct conf_answer *a,
    const struct conf_answer *outer)
{
	static const struct conf_answer none;

	if (outer == NULL)
		outer = &none;
	for (size_t i = 0; i < outer->nheaders; i++) {
		const struct conf_header *h = &outer->header[i];

		if (has_header(a, h))
			continue;
		dump_indent(d);
		(void)buf_printf(d->out, "no header %s\n", h->name.p);
	}
	for (size_t i = 0; i < a->nheaders; i++) {
		const struct conf_header *h = &a->header[i];

		if (has_header(outer, h))
			continue;
		dump_indent(d);
		(void)buf_printf(d->out, "header %s", h->name.p);
		dump_word(d, h->value.p);
		(void)buf_puts(d->out, "\n");
	}
}

static void
put_refuse(const struct dump *d, const struct conf_answer *a)
{
	dump_indent(d);
	if (a->refuse == 0)
		(void)buf_puts(d->out, "refuse off\n");
	else if (a->refuse == CONF_REFUSE_CLOSE)
		(void)buf_puts(d->out, "refuse close\n");
	else
		(void)buf_printf(d->out, "refuse %d\n", a->refuse);
}

static void
put_https(const struct dump *d, const struct conf_answer *a)
{
	dump_indent(d);
	(void)buf_puts(d->out, a->https ? "https only" : "https off");
	if (a->https && a->https_given != 0)
		(void)buf_printf(d->out, " %u", (unsigned)a->https_given);
	(void)buf_puts(d->out, "\n");
}

static void
put_hsts(const struct dump *d, const struct conf_answer *a)
{
	static const struct conf_arg seconds = { .type = CONF_SECONDS };

	dump_indent(d);
	(void)buf_puts(d->out, "hsts ");
	if (!a->hsts)
		(void)buf_puts(d->out, "off");
	else
		conf_value_write(&seconds, a->hsts_s, d->out);
	(void)buf_printf(d->out, "%s%s\n",
	    a->hsts_subdomains ? " subdomains" : "",
	    a->hsts_preload ? " preload" : "");
}

void
dump_answer(const struct dump *d, const struct conf_answer *a,
    const struct conf_answer *outer)
{
	static const struct conf_answer none;
	const struct conf_answer *from = outer == NULL ? &none : outer;

	put_redirect(d, &a->redirect, outer == NULL ? NULL : &outer->redirect);
	if (a->fallback != from->fallback) {
		dump_indent(d);
		(void)buf_puts(d->out, "fallback");
		dump_word(d, a->fallback == NULL ? "off" : a->fallback);
		(void)buf_puts(d->out, "\n");
	}
	if (a->errors != from->errors)
		put_errors(d, a->errors);
	put_headers(d, a, outer);
	if (a->refuse != from->refuse)
		put_refuse(d, a);
	if (a->https != from->https || (a->https &&
	    a->https_given != from->https_given))
		put_https(d, a);
	if (a->hsts != from->hsts || a->hsts_s != from->hsts_s ||
	    a->hsts_preload != from->hsts_preload ||
	    a->hsts_subdomains != from->hsts_subdomains)
		put_hsts(d, a);
}
