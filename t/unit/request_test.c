/*
 * Requests: made, pooled and freed; and the one place where a header line is
 * written: nothing gets past it.
 */
#include "worker/http/request.h"

#include <sys/wait.h>
#include <unistd.h>

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
	struct sink sink = { .ops = &sink_ops };
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

/* A debug build aborts where others refuse: so it is asked in a child. */
static bool
is_refused(struct str name, struct str value)
{
	struct request *r;
	bool refused;
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		r = request_new();
		refused = r != NULL && response_field(r, name, value) == -1 &&
		    buf_len(&r->response.fields) == 0;
		_exit(refused ? 0 : 1);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid)
		return false;
#ifdef PYKED_DEBUG
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
#else
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
#endif
}

static void
test_refused(void)
{
	static const struct {
		struct str value;
		const char *what;
	} bad[] = {
		{ { "a\r\nB: c", 7 }, "a line break in a value is refused" },
		{ { "a\nb", 3 }, "a bare LF" }, { { "a\rb", 3 }, "a bare CR" },
		{ { "a\0b", 3 }, "NUL" }, { { "\x1b[1m", 4 }, "ESC" },
		{ { "\x7f", 1 }, "DEL" }, { { "a\r", 2 }, "CR at the end" },
	};
	static const char *const names[] = { "", "A b", "A:", "A\r\nB", "A\n",
	    "\x80", " A" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(is_refused(STR("A"), bad[i].value), "%s", bad[i].what);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ok(is_refused(str_from(names[i]), STR("b")), "bad name %zu", i);
}

static void
test_written(void)
{
	static const char both[] = "A: b\r\nX-Y: c \t\xe4\r\n";
	struct request *r = request_new();

	if (r == NULL)
		return;
	ok(response_field(r, STR("A"), STR("b")) == 0 &&
	    response_field(r, STR("X-Y"), STR("c \t\xe4")) == 0 &&
	    str_eq(buf_str(&r->response.fields), STR(both)),
	    "two lines as they have to be");
	request_free(r);
	request_pool_free();
}

static unsigned woken;

static void
count_wake(struct request *r)
{
	(void)r;
	woken++;
}

static void
test_wake(void)
{
	struct request *r = request_new();

	r->wake = count_wake;
	request_wake(r);
	ok(woken == 1, "it can be woken");
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
	test_wake();
	test_memory();
	test_refused();
	test_written();
	request_pool_free();
	return done_testing();
}
