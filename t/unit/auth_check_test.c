/*
 * auth_check: what becomes of a password when the process that checks it is
 * slow, wrong or gone, and of requests when there are too many.
 */
#include <sys/socket.h>

#include <stdlib.h>
#include <unistd.h>

#include "common/authmsg.h"
#include "t/unit/tap.h"
#include "worker/loop.h"
#include "worker/serve/auth_check.h"
#include "worker/serve/auth_slow.h"

#define CHECKS	256		/* under way at most; auth_check.c */

static struct loop *loop;
static int process = -1;	/* its end of the socket */
static unsigned woken;
static struct client_info clients[CHECKS + 8];

static void
on_wake(struct request *r)
{
	(void)r;
	woken++;
}

static void
link_process(void)
{
	int ends[2];

	if (process != -1)
		(void)close(process);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1)
		abort();
	process = ends[0];
	auth_check_link(ends[1]);
}

static int
check(struct request *r, const char *user)
{
	struct basic b = { .user = user, .password = "secret" };
	struct auth_mac mac = auth_cache_mac(7, b.user, b.password);

	return auth_check_start(r, 7, &b, &mac);
}

/* A request of the client of that number: NULL when it is turned away. */
static struct request *
ask_for(unsigned client, const char *user)
{
	struct request *r = request_new();
	int status;

	if (r == NULL)
		abort();
	r->client = &clients[client];
	r->wake = on_wake;
	status = check(r, user);
	if (status == 0)
		return r;
	ok(status == 503 && r->response.retry_after == AUTH_RETRY_S,
	    "503, and when to try again");
	request_free(r);
	return NULL;
}

static enum auth_verdict
verdict_of(const struct request *r)
{
	const struct auth_claim *claim = (const struct auth_claim *)r->hold;

	return claim->check != NULL ? AUTH_NONE : claim->verdict;
}

static bool
is_over(const struct request *r)
{
	return ((const struct auth_claim *)r->hold)->check == NULL;
}

/* What the process is asked next; false when that is nothing. */
static bool
take_question(struct auth_question *q)
{
	return recv(process, q, sizeof(*q), MSG_DONTWAIT) ==
	    (ssize_t)sizeof(*q);
}

static bool
is_asked(const char *user, struct auth_question *q)
{
	return take_question(q) && q->file == 7 && strcmp(q->user, user) == 0 &&
	    strcmp(q->password, "secret") == 0;
}

static void
answer(uint64_t id, enum auth_verdict verdict)
{
	struct auth_answer a = { id, 7, verdict };

	if (send(process, &a, sizeof(a), 0) != (ssize_t)sizeof(a))
		abort();
	loop_turn(loop, mono_add_ms(clock_now(), 1));
}

static void
after(int64_t ms)
{
	auth_check_tick(mono_add_ms(clock_now(), ms));
}

/* --- one request --- */

static void
test_answers(void)
{
	struct auth_question q;
	struct request *r = ask_for(0, "ann"), *same = ask_for(1, "ann");
	struct auth_mac mac = auth_cache_mac(7, "ann", "secret");

	link_process();
	ok(is_asked("ann", &q) && !take_question(&q),
	    "what two requests bring is asked once, when there is a process");
	answer(q.id + 1, AUTH_RIGHT);
	ok(!is_over(r), "an answer to another question is none");
	answer(q.id, AUTH_RIGHT);
	ok(woken == 2 && verdict_of(r) == AUTH_RIGHT &&
	    verdict_of(same) == AUTH_RIGHT, "right, for both");
	ok(auth_cache_has(&mac, clock_now()), "and remembered");
	answer(0, AUTH_CHANGED);
	ok(!auth_cache_has(&mac, clock_now()), "until the file changes");
	request_free(r);
	request_free(same);

	r = ask_for(0, "bob");
	ok(is_asked("bob", &q), "asked");
	answer(q.id, AUTH_BROKEN);
	ok(verdict_of(r) == AUTH_BROKEN, "a file that cannot be read");
	request_free(r);
}

static void
test_wrong(void)
{
	struct auth_question q;
	struct request *r = ask_for(2, "eve"), *again;

	ok(is_asked("eve", &q), "asked");
	woken = 0;
	answer(q.id, AUTH_WRONG);
	again = ask_for(2, "eve");
	ok(woken == 0 && !is_over(r) && !take_question(&q),
	    "a wrong password is answered later, and not asked again till "
	    "then");
	after(99);
	ok(!is_over(r), "not before its time");
	after(101);
	ok(woken == 2 && verdict_of(r) == AUTH_WRONG &&
	    verdict_of(again) == AUTH_WRONG, "but then, to all");
	request_free(r);
	request_free(again);

	r = ask_for(2, "eve");
	ok(is_asked("eve", &q), "asked once more");
	request_free(r);
	answer(q.id, AUTH_WRONG);
	r = ask_for(2, "eve");
	after(199);
	ok(!is_over(r), "leaving early is no way round a delay that grew");
	after(201);
	ok(verdict_of(r) == AUTH_WRONG, "it ends");
	request_free(r);
}

/* --- the process --- */

static void
test_process(void)
{
	struct auth_question q, first;
	struct request *r = ask_for(0, "ann");

	ok(is_asked("ann", &first), "asked");
	link_process();
	ok(is_asked("ann", &q) && q.id != first.id,
	    "a new process is asked what the old one did not answer");
	if (send(process, "x", 1, 0) != 1)
		abort();
	loop_turn(loop, mono_add_ms(clock_now(), 1));
	ok(send(process, "x", 1, MSG_NOSIGNAL) == -1,
	    "one that talks nonsense is left");
	link_process();
	ok(is_asked("ann", &q), "and the next is asked");
	(void)close(process);
	process = -1;
	loop_turn(loop, mono_add_ms(clock_now(), 1));
	ok(!is_over(r), "one that dies answers nothing");
	link_process();
	ok(is_asked("ann", &q), "the next does");
	after(10001);
	ok(is_over(r) && verdict_of(r) == AUTH_NONE,
	    "one that does not answer is not waited for");
	request_free(r);
	answer(q.id, AUTH_RIGHT);
	r = ask_for(0, "ann");
	ok(is_asked("ann", &q), "a late answer is to nobody");
	answer(q.id, AUTH_RIGHT);
	request_free(r);
	auth_cache_clear();
}

/* Nobody listens any more, which shows when something is asked. */
static void
test_broken_socket(void)
{
	struct auth_question q;
	struct request *r;

	(void)close(process);
	process = -1;
	r = ask_for(0, "ann");
	ok(r != NULL && !is_over(r), "asked of nobody, it waits");
	link_process();
	ok(is_asked("ann", &q), "for the next process");
	answer(q.id, AUTH_RIGHT);
	ok(verdict_of(r) == AUTH_RIGHT, "which knows");
	request_free(r);
	auth_cache_clear();
}

/* --- too many --- */

static void
name(char text[16], unsigned n)
{
	(void)snprintf(text, 16, "user%u", n);
}

static void
test_order(void)
{
	struct auth_question q[AUTH_ASKED_MAX], last;
	struct request *r[AUTH_ASKED_MAX + 3];
	char user[16];
	unsigned i, asked = 0;

	for (i = 0; i < AUTH_ASKED_MAX; i++) {
		name(user, i);
		r[i] = ask_for(10 + i, user);
		asked += take_question(&q[i]);
	}
	/* The second client has guessed wrong before. */
	r[i++] = ask_for(2, "eve");
	r[i++] = ask_for(20, "ann");
	r[i++] = ask_for(21, "gone");
	ok(asked == AUTH_ASKED_MAX && !take_question(&last),
	    "so many are asked at once, no more");
	request_free(r[--i]);
	answer(q[0].id, AUTH_RIGHT);
	ok(is_asked("ann", &last), "who guessed wrong stands back");
	answer(q[1].id, AUTH_RIGHT);
	ok(is_asked("eve", &last), "then it is his turn");
	answer(q[2].id, AUTH_RIGHT);
	ok(!take_question(&last), "whoever has left is not asked about");
	while (i-- > 0)
		request_free(r[i]);
	link_process();
	while (take_question(&last))
		answer(last.id, AUTH_RIGHT);
	auth_cache_clear();
}

static void
test_too_many(void)
{
	struct request *r[CHECKS], *guesser, *late;
	char user[16];
	unsigned i, n = 0;

	for (i = 0; i < AUTH_SLOW_CHECKS; i++) {
		name(user, i);
		r[i] = ask_for(5, user);
		n += r[i] != NULL;
	}
	ok(n == AUTH_SLOW_CHECKS && ask_for(5, "more") == NULL,
	    "a client has so many at a time");
	guesser = ask_for(2, "eve");
	for (; i < CHECKS - 1; i++) {
		name(user, i);
		r[i] = ask_for(8 + i, user);
		n += r[i] != NULL;
	}
	ok(n == CHECKS - 1 && guesser != NULL, "so many wait");
	ok(ask_for(2, "mallory") == NULL, "no more of who guessed wrong");
	late = ask_for(6, "late");
	ok(late != NULL && !is_over(guesser),
	    "one of who did not takes the place of one of who did");
	after(0);
	ok(is_over(guesser) && verdict_of(guesser) == AUTH_NONE,
	    "which is told so");
	ok(ask_for(7, "later") == NULL, "when there is none it must wait");
	request_free(guesser);
	request_free(late);
	while (i-- > 0)
		request_free(r[i]);
}

int
main(void)
{
	struct str host = STR("192.0.2.1");
	uint8_t *bytes;
	unsigned i;

	clock_update();
	for (i = 0; i < CHECKS + 8; i++) {
		if (net_addr_parse(host, 0, &clients[i].peer) == -1)
			abort();
		bytes = (uint8_t *)&clients[i].peer.in4.sin_addr;
		bytes[2] = (uint8_t)(i >> 8);
		bytes[3] = (uint8_t)i;
	}
	loop = loop_new();
	ok(loop != NULL && auth_cache_open() == 0 &&
	    auth_check_open(loop) == 0, "opened");
	test_answers();
	test_wrong();
	test_process();
	test_broken_socket();
	test_order();
	test_too_many();
	auth_check_close();
	ok(!mono_is_set(auth_check_next((struct mono){ 0 })),
	    "closed, with nothing due");
	loop_free(loop);
	request_pool_free();
	(void)close(process);
	return done_testing();
}
