/*
 * fuzz: Accept-Encoding. Qualities stay in their range, the first of two
 * counts, and what is not accepted by name or by "*" is not accepted.
 */
#include "t/fuzz/fuzz.h"
#include "worker/http/accept.h"
#include "worker/http/parse.h"

static struct http_head head;

static void
set_field(size_t i, const char *name, struct str value)
{
	head.field[i] = (struct http_field){ FIELD_ACCEPT_ENCODING,
	    str_from(name), value };
	head.nfields = i + 1;
	head.count[FIELD_ACCEPT_ENCODING] = (uint8_t)(i + 1);
	head.first[FIELD_ACCEPT_ENCODING] = 1;
}

static bool
names(struct str value, const char *coding)
{
	size_t n = strlen(coding);

	for (size_t i = 0; i + n <= value.n; i++)
		if (str_eqcase((struct str){ value.p + i, n },
		    (struct str){ coding, n }))
			return true;
	return false;
}

static bool
same(const struct http_accept *a, const struct http_accept *b)
{
	return a->br == b->br && a->gzip == b->gzip &&
	    a->identity == b->identity;
}

void
fuzz(const char *p, size_t n)
{
	struct str value = { edge_put(p, n), n };
	struct http_accept one = { 0 }, two = { 0 };

	set_field(0, "Accept-Encoding", value);
	http_accept_encoding(&head, &one);
	must(one.br <= HTTP_QUALITY_MAX && one.gzip <= HTTP_QUALITY_MAX &&
	    one.identity <= HTTP_QUALITY_MAX);
	if (!names(value, "*")) {
		must(one.br == 0 || names(value, "br"));
		must(one.gzip == 0 || names(value, "gzip"));
		must(one.identity == 1 || names(value, "identity"));
	}
	/* Said once more it is nothing new; and neither is the opposite. */
	set_field(1, "accept-encoding", value);
	http_accept_encoding(&head, &two);
	must(same(&one, &two));
	if (one.br != 0 && one.gzip != 0) {
		set_field(1, "accept-encoding", STR("br;q=0, gzip;q=0"));
		http_accept_encoding(&head, &two);
		must(names(value, "*") || same(&one, &two));
	}
}
