/*
 * The one place where a header line is written: nothing gets past it.
 */
#include "worker/http/request.h"

#include <sys/wait.h>
#include <unistd.h>

#include "t/unit/tap.h"

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

int
main(void)
{
	test_refused();
	test_written();
	return done_testing();
}
