/* authd: the process that checks passwords, spoken to directly. */
#include <sys/socket.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/authmsg.h"
#include "common/net.h"
#include "t/unit/tap.h"
#include "worker/authd.h"

#define SHA1_OF	"{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="	/* secret */

static int channel;
static pid_t pid;

static void
make_pair(int pair[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) ==
	    -1) {
		printf("Bail out! socketpair\n");
		exit(1);
	}
}

static void
start(void)
{
	int pair[2];

	make_pair(pair);
	pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		(void)net_prepare(pair[1]);
		authd_run(pair[1], 2);
	}
	(void)close(pair[1]);
	channel = pair[0];
}

/* Hands on a file with this text; none: it is missing. */
static void
give_file(uint32_t number, const char *text)
{
	struct auth_order order = { AUTH_ORDER_FILE, number };
	FILE *f = text == NULL ? NULL : tmpfile();

	if (f != NULL && (fputs(text, f) == EOF || fflush(f) != 0))
		exit(1);
	(void)net_send_with_fd(channel, &order, sizeof(order),
	    f == NULL ? -1 : fileno(f));
	if (f != NULL)
		(void)fclose(f);
}

static int
join(void)
{
	struct auth_order order = { .kind = AUTH_ORDER_WORKER };
	int pair[2];

	make_pair(pair);
	(void)net_send_with_fd(channel, &order, sizeof(order), pair[1]);
	(void)close(pair[1]);
	return pair[0];
}

static void
ask(int fd, uint32_t file, const char *user, const char *password)
{
	static uint64_t id;
	struct auth_question q = { .id = ++id, .file = file };

	(void)strlcpy(q.user, user, sizeof(q.user));
	(void)strlcpy(q.password, password, sizeof(q.password));
	(void)send(fd, &q, sizeof(q), MSG_NOSIGNAL);
}

/* The next answer's verdict; -1 when the link is closed. */
static int
answer(int fd)
{
	struct auth_answer a;
	ssize_t n = recv(fd, &a, sizeof(a), 0);

	return n == (ssize_t)sizeof(a) ? (int)a.verdict : -1;
}

static int
asked(int fd, uint32_t file, const char *user, const char *password)
{
	ask(fd, file, user, password);
	return answer(fd);
}

static void
test_questions(int fd, int other)
{
	int i, right = 0;

	ok(asked(fd, 0, "ann", "secret") == AUTH_RIGHT, "right");
	ok(asked(fd, 0, "ann", "Secret") == AUTH_WRONG, "wrong");
	ok(asked(fd, 0, "bob", "secret") == AUTH_WRONG, "nobody");
	ok(asked(fd, 1, "ann", "secret") == AUTH_BROKEN, "no file");
	for (i = 0; i < AUTH_ASKED_MAX; i++) {
		ask(fd, 0, "ann", "secret");
		ask(other, 0, "ann", "secret");
	}
	for (i = 0; i < AUTH_ASKED_MAX; i++)
		right += (answer(other) == AUTH_RIGHT) +
		    (answer(fd) == AUTH_RIGHT);
	ok(right == 2 * AUTH_ASKED_MAX, "as many at a time as may be");
}

static void
test_changes(int fd, int other)
{
	give_file(1, "eve:" SHA1_OF "\n");
	ok(answer(fd) == AUTH_CHANGED && answer(other) == AUTH_CHANGED,
	    "all are told of a change");
	ok(asked(fd, 1, "eve", "secret") == AUTH_RIGHT, "it counts");
	give_file(0, "ann:bad\nzoe:" SHA1_OF "\n");
	ok(answer(fd) == AUTH_CHANGED && answer(other) == AUTH_CHANGED,
	    "again");
	ok(asked(fd, 0, "ann", "secret") == AUTH_WRONG &&
	    asked(fd, 0, "zoe", "secret") == AUTH_RIGHT,
	    "a line that is no use is left out");
	give_file(0, NULL);
	ok(answer(fd) == AUTH_CHANGED && answer(other) == AUTH_CHANGED &&
	    asked(fd, 0, "zoe", "secret") == AUTH_BROKEN, "it is missing");
}

/* A worker that has gone mad is not listened to. */
static void
test_nonsense(void)
{
	struct auth_question q = { .file = 0 };
	struct auth_order order = { .kind = AUTH_ORDER_FILE, .file = 7 };
	int fd = join();

	ok(asked(fd, 2, "ann", "secret") == -1, "a file that is not there");
	(void)close(fd);
	fd = join();
	(void)send(fd, "x", 1, MSG_NOSIGNAL);
	ok(answer(fd) == -1, "a short question");
	(void)close(fd);
	fd = join();
	memset(q.user, 'x', sizeof(q.user));
	(void)send(fd, &q, sizeof(q), MSG_NOSIGNAL);
	ok(answer(fd) == -1, "a name without end");
	(void)close(fd);
	(void)net_send_with_fd(channel, &order, sizeof(order), 0);
	order.kind = 99;
	(void)net_send_with_fd(channel, &order, sizeof(order), 0);
	fd = join();
	ok(asked(fd, 1, "eve", "secret") == AUTH_RIGHT, "all is well for "
	    "others");
	(void)close(fd);
}

int
main(void)
{
	int fd, other, status = -1;

	(void)signal(SIGPIPE, SIG_IGN);
	start();
	give_file(0, "ann:" SHA1_OF "\n");
	give_file(1, NULL);
	fd = join();
	other = join();
	test_questions(fd, other);
	test_changes(fd, other);
	test_nonsense();
	(void)close(other);
	(void)close(channel);
	ok(asked(fd, 1, "eve", "secret") == AUTH_RIGHT,
	    "it goes on without the master");
	(void)close(fd);
	ok(waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0, "and ends with the last worker");
	return done_testing();
}
