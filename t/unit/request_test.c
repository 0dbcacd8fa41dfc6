/*
 * Requests: made, pooled and freed; the header lines of their responses.
 */
#include "worker/http/request.h"

#include "t/unit/edge.h"
#include "t/unit/tap.h"

#define MANY	200

static unsigned closed;

static void
count_source(struct source *s)
{
	(void)s;
	closed++;
}

static void
count_sink(struct sink *s)
{
	(void)s;
	closed++;
}

static void
test_new(void)
{
	static const struct source_ops source_ops = { NULL, count_source };
	static const struct sink_ops sink_ops = { NULL, NULL, count_sink };
	struct source source = { &source_ops };
	struct sink sink = { &sink_ops };
	struct request *r = request_new();

	ok(r != NULL && r->magic == REQUEST_MAGIC && r->response.length == -1 &&
	    r->response.status == 0 && r->head != NULL, "a new one");
	r->response.source = &source;
	r->sink = &sink;
	r->response.status = 200;
	request_free(r);
	ok(closed == 2, "source and sink are closed with it");
	r = request_new();
	ok(r->response.status == 0 && r->response.source == NULL &&
	    r->sink == NULL, "nothing of it is in the next one");
	request_free(r);
}

/* More at once than are kept; each has an arena of its own. */
static void
test_pool(void)
{
	static struct request *r[MANY];
	unsigned wrong = 0;

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < MANY; i++) {
			r[i] = request_new();
			r[i]->protocol = arena_alloc(&r[i]->arena, 5000);
			memset(r[i]->protocol, (int)i, 5000);
		}
		for (unsigned i = 0; i < MANY; i++) {
			const char *p = r[i]->protocol;

			wrong += p[0] != (char)i || p[4999] != (char)i;
			request_free(r[i]);
		}
	}
	ok(wrong == 0, "%d at once, twice", MANY);
	request_pool_free();
	request_pool_free();
	r[0] = request_new();
	ok(r[0] != NULL, "one more when none are kept");
	request_free(r[0]);
}

static unsigned woken;

static void
count_wake(struct request *r)
{
	(void)r;
	woken++;
}

static void
test_fields(void)
{
	struct request *r = request_new();
	struct str fields;

	r->wake = count_wake;
	request_wake(r);
	ok(woken == 1, "it can be woken");
	ok(response_field(r, STR("X-One"), STR("a b")) == 0 &&
	    response_field(r, STR("Two"), STR("")) == 0, "two fields");
	fields = buf_str(&r->response.fields);
	ok(str_eq(fields, STR("X-One: a b\r\nTwo: \r\n")), "as lines");
#ifndef PYKED_DEBUG		/* where these abort */
	ok(response_field(r, STR("A:"), STR("b")) == -1 &&
	    response_field(r, STR(""), STR("b")) == -1 &&
	    response_field(r, STR("A\r\nB"), STR("b")) == -1,
	    "what is no name is refused");
	ok(response_field(r, STR("A"), STR("b\r\nC: d")) == -1 &&
	    response_field(r, STR("A"), STR("b\n")) == -1 &&
	    response_field(r, STR("A"), STR("\0")) == -1,
	    "what would split a response is refused");
	ok(str_eq(buf_str(&r->response.fields), fields), "nothing was added");
#endif
	request_free(r);
}

static void
test_memory(void)
{
	struct request *r = request_new();
	struct source *s = source_from_memory(&r->arena, "hello", 5);
	struct span span = { 0 };

	ok(s != NULL && s->ops->next(s, &span) == SOURCE_MORE && span.n == 5 &&
	    memcmp(span.p, "hello", 5) == 0, "a source of memory");
	ok(s->ops->next(s, &span) == SOURCE_END, "which ends");
	s->ops->close(s);
	request_free(r);
}

int
main(void)
{
	test_new();
	test_pool();
	test_fields();
	test_memory();
	request_pool_free();
	return done_testing();
}
