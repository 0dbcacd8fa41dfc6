/*
 * Questions to the process that checks passwords, and its answers.
 */
#include "worker/serve/auth_check.h"

#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "common/log.h"
#include "common/net.h"
#include "worker/loop.h"
#include "worker/serve/auth_slow.h"
#include "worker/timeout.h"

#define CHECKS_MAX	256	/* of all clients. Delayed ones are not counted:
				 * whoever has enough addresses to guess from
				 * would keep all others out with them. There
				 * are no more of them than auth_slow lets
				 * begin, 4096 */
#define PATIENCE_MS	10000	/* with the process */
#define SAY_MS		60000	/* between complaints of it */

enum check_state {
	CHECK_NONE,
	CHECK_QUEUED,
	CHECK_ASKED,
	CHECK_DELAYED		/* over; the answer waits */
};

TAILQ_HEAD(check_list, auth_check);
TAILQ_HEAD(claim_list, auth_claim);

struct auth_check {
	enum check_state state;
	uint32_t file;			/* in conf.auth_files */
	struct auth_question question;	/* wiped once it is answered */
	struct auth_mac mac;
	struct auth_slow *client;	/* borrowed; it has begun this */
	struct claim_list claims;	/* requests that wait */
	struct timeout timeout;
	enum auth_verdict verdict;	/* of a delayed one */
	bool counted;			/* among CHECKS_MAX */
	TAILQ_ENTRY(auth_check) entry;	/* checks' */
};

static struct {
	struct loop *loop;		/* borrowed */
	int fd;				/* owned; -1 = nobody to ask */
	struct check_list list;		/* owned: all, oldest first */
	unsigned n;			/* counted ones of them */
	unsigned asked;			/* answers that are due */
	uint64_t last_id;
	unsigned unheard;		/* nobody has been told of these */
	struct mono silent_until;
	struct timeoutq patience, delays;
} checks = { .fd = -1 };

static void ask(void);

static struct auth_check *
first_check(void)
{
	return TAILQ_FIRST(&checks.list);
}

static struct auth_check *
next_check(const struct auth_check *c)
{
	return TAILQ_NEXT(c, entry);
}

/* --- the end of a check --- */

static void
count_no_more(struct auth_check *c)
{
	checks.n -= c->counted;
	c->counted = false;
}

static void
free_check(struct auth_check *c)
{
	assert(TAILQ_EMPTY(&c->claims));
	TAILQ_REMOVE(&checks.list, c, entry);
	count_no_more(c);
	timeout_clear(&c->timeout);
	auth_slow_end(c->client);
	OPENSSL_cleanse(&c->question, sizeof(c->question));
	free(c);
}

/* Tells the requests that wait. Each may be gone when it has been woken, and
 * may have begun another check. */
static void
end(struct auth_check *c, enum auth_verdict verdict)
{
	struct auth_claim *claim;

	/* Nobody joins it any more. */
	c->state = CHECK_NONE;
	while ((claim = TAILQ_FIRST(&c->claims)) != NULL) {
		TAILQ_REMOVE(&c->claims, claim, entry);
		claim->check = NULL;
		claim->verdict = verdict;
		request_wake(claim->request);
	}
	free_check(c);
}

static struct auth_check *
check_of(struct timeout *t)
{
	return (struct auth_check *)((char *)t -
	    offsetof(struct auth_check, timeout));
}

static void
on_delay_over(struct timeout *t)
{
	struct auth_check *c = check_of(t);

	end(c, c->verdict);
}

/* Once a minute: while the process stands still there are many. */
static void
complain(void)
{
	struct mono now = clock_now();

	checks.unheard++;
	if (mono_is_set(checks.silent_until) &&
	    mono_before(now, checks.silent_until))
		return;
	log_warn("passwords that were not checked within %d s: %u",
	    PATIENCE_MS / 1000, checks.unheard);
	checks.unheard = 0;
	checks.silent_until = mono_add_ms(now, SAY_MS);
}

static void
on_patience_over(struct timeout *t)
{
	complain();
	end(check_of(t), AUTH_NONE);
}

static void
delay(struct auth_check *c, enum auth_verdict verdict, int64_t ms)
{
	c->state = CHECK_DELAYED;
	c->verdict = verdict;
	count_no_more(c);
	OPENSSL_cleanse(&c->question, sizeof(c->question));
	timeout_set(&checks.delays, &c->timeout, mono_add_ms(clock_now(), ms));
}

/* --- answers --- */

static void
take_answer(const struct auth_answer *a)
{
	struct auth_check *c;

	if (a->verdict == AUTH_CHANGED) {
		auth_cache_forget(a->file);
		return;
	}
	checks.asked -= checks.asked > 0;
	for (c = first_check(); c != NULL; c = next_check(c))
		if (c->state == CHECK_ASKED && c->question.id == a->id)
			break;
	if (c == NULL)
		return;		/* nobody had the patience */
	if (a->verdict == AUTH_WRONG) {
		delay(c, AUTH_WRONG, auth_slow_failed(c->client, clock_now()));
		return;
	}
	if (a->verdict == AUTH_RIGHT)
		auth_cache_put(&c->mac, c->file, clock_now());
	end(c, (enum auth_verdict)a->verdict);
}

/* The process is gone: the next one is asked all that was not answered. */
static void
unlink_process(void)
{
	struct auth_check *c;

	if (checks.fd == -1)
		return;
	loop_forget(checks.loop, checks.fd);
	(void)close(checks.fd);
	checks.fd = -1;
	checks.asked = 0;
	auth_cache_clear();
	for (c = first_check(); c != NULL; c = next_check(c))
		if (c->state == CHECK_ASKED)
			c->state = CHECK_QUEUED;
}

static void
on_answer(void *arg, enum loop_events ready)
{
	struct auth_answer a;
	ssize_t n;

	(void)arg;
	(void)ready;
	/* A request that goes on may ask something, and find the process gone:
	 * then the descriptor is closed, and may be somebody else's. */
	while (checks.fd != -1) {
		n = recv(checks.fd, &a, sizeof(a), MSG_DONTWAIT);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n == (ssize_t)sizeof(a))
			take_answer(&a);
		else
			unlink_process();
	}
	ask();
}

/* --- questions --- */

/* The next one: those whose client has guessed nothing wrong come first. */
static struct auth_check *
next_to_ask(void)
{
	struct auth_check *c, *first = NULL;

	for (c = first_check(); c != NULL; c = next_check(c)) {
		if (c->state != CHECK_QUEUED)
			continue;
		if (auth_slow_is_clean(c->client))
			return c;
		if (first == NULL)
			first = c;
	}
	return first;
}

static void
ask(void)
{
	struct auth_check *c;

	while (checks.fd != -1 && checks.asked < AUTH_ASKED_MAX &&
	    (c = next_to_ask()) != NULL) {
		c->question.id = ++checks.last_id;
		if (send(checks.fd, &c->question, sizeof(c->question),
		    MSG_NOSIGNAL | MSG_DONTWAIT) !=
		    (ssize_t)sizeof(c->question)) {
			unlink_process();
			return;
		}
		c->state = CHECK_ASKED;
		checks.asked++;
	}
}

/* --- requests --- */

/* The request is over. What nobody waits for is not asked any more. */
static void
drop(struct request_hold *hold)
{
	struct auth_claim *claim = (struct auth_claim *)hold;
	struct auth_check *c = claim->check;

	if (c == NULL)
		return;
	TAILQ_REMOVE(&c->claims, claim, entry);
	if (c->state == CHECK_QUEUED && TAILQ_EMPTY(&c->claims))
		free_check(c);
}

static struct auth_check *
find(uint32_t file, const struct auth_mac *mac)
{
	struct auth_check *c;

	for (c = first_check(); c != NULL; c = next_check(c))
		if (c->state != CHECK_NONE && c->file == file &&
		    auth_mac_eq(&c->mac, mac))
			return c;
	return NULL;
}

static void
fill_question(struct auth_question *q, uint32_t file, const struct basic *b)
{
	q->file = file;
	(void)strlcpy(q->user, b->user, sizeof(q->user));
	(void)strlcpy(q->password, b->password, sizeof(q->password));
}

/* The youngest that is not asked yet goes unanswered, of a client that has
 * guessed wrong: else such clients would keep the others out. */
static bool
make_room(void)
{
	struct auth_check *c;

	for (c = TAILQ_LAST(&checks.list, check_list); c != NULL;
	    c = TAILQ_PREV(c, check_list, entry)) {
		if (c->state != CHECK_QUEUED || auth_slow_is_clean(c->client))
			continue;
		/* Not now: its request would be woken in the midst of this
		 * one. */
		delay(c, AUTH_NONE, 0);
		return true;
	}
	return false;
}

/* Its client's entry, when one more may be checked for it now. */
static struct auth_slow *
admit(const struct request *r)
{
	struct cidr client = cidr_of(&r->client->peer);
	struct auth_slow *s = auth_slow_begin(&client, clock_now());

	if (s == NULL || checks.n < CHECKS_MAX ||
	    (auth_slow_is_clean(s) && make_room()))
		return s;
	auth_slow_end(s);
	return NULL;
}

/* NULL when there are too many, of all or of this client. */
static struct auth_check *
new_check(const struct request *r, uint32_t file,
    const struct basic *credentials, const struct auth_mac *mac)
{
	struct auth_check *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->client = admit(r);
	if (c->client == NULL) {
		free(c);
		return NULL;
	}
	c->state = CHECK_QUEUED;
	c->file = file;
	c->mac = *mac;
	fill_question(&c->question, file, credentials);
	TAILQ_INIT(&c->claims);
	TAILQ_INSERT_TAIL(&checks.list, c, entry);
	c->counted = true;
	checks.n++;
	timeout_set(&checks.patience, &c->timeout,
	    mono_add_ms(clock_now(), PATIENCE_MS));
	return c;
}

int
auth_check_start(struct request *r, uint32_t file,
    const struct basic *credentials, const struct auth_mac *mac)
{
	struct auth_claim *claim = arena_alloc(&r->arena, sizeof(*claim));
	struct auth_check *c = find(file, mac);

	if (claim == NULL)
		return 500;
	if (c == NULL)
		c = new_check(r, file, credentials, mac);
	if (c == NULL) {
		r->response.retry_after = AUTH_RETRY_S;
		return 503;
	}
	*claim = (struct auth_claim){ .hold = { drop }, .request = r,
	    .check = c };
	TAILQ_INSERT_TAIL(&c->claims, claim, entry);
	r->hold = &claim->hold;
	ask();
	return 0;
}

/* --- the worker's side --- */

int
auth_check_open(struct loop *loop)
{
	checks.loop = loop;
	checks.patience.fn = on_patience_over;
	checks.delays.fn = on_delay_over;
	TAILQ_INIT(&checks.list);
	return auth_slow_open();
}

void
auth_check_link(int fd)
{
	unlink_process();
	if (net_prepare(fd) == -1 ||
	    loop_watch(checks.loop, fd, LOOP_READ, on_answer, NULL) == -1) {
		log_error("passwords cannot be checked: %s", strerror(errno));
		(void)close(fd);
		return;
	}
	checks.fd = fd;
	ask();
}

void
auth_check_tick(struct mono now)
{
	timeoutq_run(&checks.patience, now);
	timeoutq_run(&checks.delays, now);
}

struct mono
auth_check_next(struct mono until)
{
	until = timeoutq_next(&checks.patience, until);
	return timeoutq_next(&checks.delays, until);
}

void
auth_check_close(void)
{
	struct auth_check *c;

	while ((c = TAILQ_FIRST(&checks.list)) != NULL)
		free_check(c);
	unlink_process();
	auth_cache_clear();
}
