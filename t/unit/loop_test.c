/* loop: deliveries, signals under load, the hot and the cold. */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/sig.h"
#include "t/unit/tap.h"
#include "worker/loop.h"

static struct loop *loop;
static int delivered[9], order[64], norder;

struct end {
	int id;
	int fd;
	bool keep;		/* leave the bytes in: always ready */
	int forget;		/* another descriptor to forget, or -1 */
};

static void
on_ready(void *arg, enum loop_events ready)
{
	struct end *e = arg;
	char byte;

	delivered[e->id]++;
	if (norder < 64)
		order[norder++] = e->id;
	if (e->forget != -1)
		loop_forget(loop, e->forget);
	if ((ready & LOOP_READ) && !e->keep)
		(void)!read(e->fd, &byte, 1);
}

static struct mono
soon(void)
{
	return mono_add_ms(clock_now(), 20);
}

static void
test_delivery(void)
{
	int a[2], b[2], last[2];
	struct end ea, eb, el;

	if (pipe(a) == -1 || pipe(b) == -1 || pipe(last) == -1)
		exit(1);
	el = (struct end){ 2, last[0], false, -1 };
	ea = (struct end){ 0, a[0], false, -1 };
	eb = (struct end){ 1, b[0], false, -1 };
	loop_watch_last(loop, last[0], LOOP_READ, on_ready, &el);
	loop_watch(loop, a[0], LOOP_READ, on_ready, &ea);
	loop_watch(loop, b[0], LOOP_READ, on_ready, &eb);
	(void)!write(last[1], "x", 1);
	(void)!write(a[1], "x", 1);
	(void)!write(b[1], "x", 1);
	loop_turn(loop, soon());
	ok(norder == 3 && order[2] == 2, "the listener comes last");
	loop_turn(loop, soon());
	ok(norder == 3, "nothing ready, nothing delivered");

	loop_watch(loop, a[0], LOOP_NONE, on_ready, &ea);
	(void)!write(a[1], "x", 1);
	loop_turn(loop, soon());
	ok(delivered[0] == 1, "registered and silent");

	loop_watch(loop, a[0], LOOP_READ, on_ready, &ea);
	(void)!write(b[1], "x", 1);
	ea.forget = b[0];
	eb.forget = a[0];
	loop_turn(loop, soon());
	ok(delivered[0] + delivered[1] == 3,
	    "the one forgotten in this turn is not delivered");
	loop_forget(loop, a[0]);
	loop_forget(loop, b[0]);
	loop_forget(loop, last[0]);
	loop_forget(loop, 100000);
}

static void
test_signals_under_load(void)
{
	struct end e = { 3, 0, true, -1 };
	struct mono start;
	int a[2];

	if (pipe(a) == -1)
		exit(1);
	e.fd = a[0];
	loop_watch(loop, a[0], LOOP_READ, on_ready, &e);
	(void)!write(a[1], "x", 1);
	sig_catch(SIGUSR1);
	loop_turn(loop, soon());
	(void)kill(getpid(), SIGUSR1);
	start = mono_read();
	while (!sig_take(SIGUSR1) && mono_us(start, mono_read()) < 1000000)
		loop_turn(loop, soon());
	ok(mono_us(start, mono_read()) < 100000,
	    "a signal reached a saturated loop in %lld us",
	    (long long)mono_us(start, mono_read()));
	loop_forget(loop, a[0]);
}

/* Turns until the cold one is delivered, while the busy one always is. */
static int
turns_until(const struct end *cold)
{
	int before = delivered[cold->id], n = 0;
	struct mono start = mono_read();

	while (delivered[cold->id] == before &&
	    mono_us(start, mono_read()) < 1000000) {
		loop_turn(loop, soon());
		n++;
	}
	return n;
}

static void
busy_for(int ms)
{
	struct mono start = mono_read();

	while (mono_us(start, mono_read()) < ms * 1000)
		loop_turn(loop, soon());
}

/* A descriptor past 1023 that got cold while another one is always busy. */
static void
test_cold(void)
{
	struct end busy = { 4, 0, true, -1 }, cold = { 5, 3000, false, -1 };
	int a[2], b[2];

	if (pipe(a) == -1 || pipe(b) == -1 || dup2(b[0], 3000) == -1)
		exit(1);
	busy.fd = a[0];
	loop_watch(loop, a[0], LOOP_READ, on_ready, &busy);
	loop_watch(loop, 3000, LOOP_READ, on_ready, &cold);
	(void)!write(a[1], "x", 1);
	busy_for(400);
	ok(delivered[4] > 1000 && delivered[5] == 0, "busy and idle");
	(void)!write(b[1], "x", 1);
	ok(turns_until(&cold) <= 2, "descriptor 3000 announced itself");
	busy_for(400);
	(void)!write(b[1], "xy", 2);
	ok(turns_until(&cold) <= 2 && turns_until(&cold) <= 2,
	    "... once more, and is hot then");
	busy_for(400);
	loop_watch(loop, 3000, LOOP_READ, on_ready, &cold);
	(void)!write(b[1], "x", 1);
	ok(turns_until(&cold) <= 2, "... and when it is watched anew");
	busy_for(400);
	(void)close(b[1]);
	ok(turns_until(&cold) <= 2, "... and its end");
	loop_forget(loop, a[0]);
	loop_forget(loop, 3000);
	(void)close(3000);
}

/* One that cannot announce itself; and signals that cannot be queued. */
static void
test_looks(void)
{
	static const struct rlimit none;
	struct end busy = { 4, 0, true, -1 }, cold = { 6, 0, false, -1 };
	struct end lost = { 7, 0, false, -1 };
	int a[2], b[2], event = eventfd(0, EFD_NONBLOCK);
	uint64_t one = 1;

	if (pipe(a) == -1 || pipe(b) == -1 || event == -1)
		exit(1);
	busy.fd = a[0];
	cold.fd = event;
	lost.fd = b[0];
	loop_watch(loop, a[0], LOOP_READ, on_ready, &busy);
	(void)!write(a[1], "x", 1);
	loop_watch(loop, event, LOOP_READ, on_ready, &cold);
	busy_for(400);
	(void)!write(event, &one, sizeof(one));
	(void)turns_until(&cold);
	ok(delivered[6] > 0, "what announces nothing is looked at");
	loop_forget(loop, event);
	loop_watch(loop, b[0], LOOP_READ, on_ready, &lost);
	busy_for(400);
	(void)setrlimit(RLIMIT_SIGPENDING, &none);
	(void)!write(b[1], "x", 1);
	(void)turns_until(&lost);
	ok(delivered[7] == 1, "when a signal is lost all are looked at");
	loop_forget(loop, a[0]);
	loop_forget(loop, b[0]);
}

/* A slow reader's connection, which waits for room. */
static void
test_cold_writer(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct end busy = { 4, 0, true, -1 }, writer = { 8, 0, false, -1 };
	socklen_t n = sizeof(in);
	static char block[65536];
	int a[2], fd = socket(AF_INET, SOCK_STREAM, 0), reader;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (pipe(a) == -1 || fd == -1 || listener == -1 ||
	    bind(listener, (struct sockaddr *)&in, n) == -1 ||
	    listen(listener, 1) == -1 ||
	    getsockname(listener, (struct sockaddr *)&in, &n) == -1 ||
	    connect(fd, (struct sockaddr *)&in, n) == -1 ||
	    (reader = accept(listener, NULL, NULL)) == -1)
		exit(1);
	busy.fd = a[0];
	writer.fd = fd;
	while (send(fd, block, sizeof(block), MSG_DONTWAIT) > 0)
		continue;
	loop_watch(loop, a[0], LOOP_READ, on_ready, &busy);
	(void)!write(a[1], "x", 1);
	loop_watch(loop, fd, LOOP_WRITE, on_ready, &writer);
	busy_for(400);
	ok(delivered[8] == 0, "no room to write");
	while (recv(reader, block, sizeof(block), MSG_DONTWAIT) > 0)
		continue;
	ok(turns_until(&writer) < 1000 && delivered[8] == 1,
	    "room announces itself, too");
	loop_forget(loop, a[0]);
	loop_forget(loop, fd);
	(void)close(fd);
	(void)close(reader);
	(void)close(listener);
}

int
main(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return 1;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	sig_reset();
	clock_update();
	loop = loop_new();
	test_delivery();
	test_signals_under_load();
	test_cold();
	test_cold_writer();
	test_looks();
	loop_free(loop);
	return done_testing();
}
