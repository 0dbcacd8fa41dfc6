/* The master's logs: hostile rings, lines cut short, lines lost and counted. */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/shm.h"
#include "common/sig.h"
#include "master/generation.h"
#include "master/logs.h"
#include "master/logwriter.h"
#include "t/unit/tap.h"

static char folder[] = "/tmp/pyked-logwriter-XXXXXX";
static char access_path[64], error_path[64];
static struct logs logs;
static struct worker_process worker = { .channel = -1 };
static struct generation generation = { .workers = &worker, .nworkers = 1 };

static void
logs_setup(void)
{
	struct conf conf = {
		.access = { .kind = CONF_LOG_FILE, .path = access_path },
		.error = { .kind = CONF_LOG_FILE, .path = error_path } };
	struct conf_errors errors = { .n = 0 };

	(void)unlink(access_path);
	(void)unlink(error_path);
	if (logs_open(&logs, &conf, false, &errors) == -1 ||
	    shm_open_worker(&worker.shm) == -1)
		abort();
	logs_attach(&logs);
}

static void
logs_teardown(void)
{
	logs_attach(NULL);
	logs_close(&logs);
	shm_close(&worker.shm);
}

static void
put(const char *line, bool commit)
{
	struct ring *r = &worker.shm.access;

	(void)ring_put(r, line, strlen(line));
	if (commit)
		ring_commit(r, ring_mark(r));
}

/* A file's text, valid until the next call. */
static const char *
content(const char *path)
{
	static char text[8192];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd == -1 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd != -1)
		(void)close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static bool
has(const char *path, const char *expected)
{
	const char *got = content(path);

	if (strcmp(got, expected) == 0)
		return true;
	printf("# got: %s\n", got);
	return false;
}

static unsigned
count(const char *path, const char *what)
{
	const char *p = content(path);
	unsigned n = 0;

	while ((p = strstr(p, what)) != NULL) {
		n++;
		p++;
	}
	return n;
}

static void
test_lines(void)
{
	logs_setup();
	put("one\n", true);
	put("two\n", true);
	put("half\n", false);
	put("{\"json\":1}\n", false);
	ok(!logwriter_drain(&logs, &generation), "all is taken");
	ok(has(access_path, "one\ntwo\n"), "what is committed is written");
	logwriter_drain_dead(&logs, &worker);
	ok(has(access_path, "one\ntwo\nhalf killed\n"
	    "{\"json\":1,\"killed\":true}\n"),
	    "what is not is marked when the worker is dead");
	logs_teardown();
}

static void
test_hostile_lines(void)
{
	logs_setup();
	put("a\x1b[31mb\r\x7f\tc\n", true);
	(void)logwriter_drain(&logs, &generation);
	ok(has(access_path, "a\\x1b[31mb\\x0d\\x7f\\x09c\n"),
	    "control bytes are escaped again");
	put("no end", true);
	(void)logwriter_drain(&logs, &generation);
	put("next\n", true);
	put("no end either", false);
	logwriter_drain_dead(&logs, &worker);
	ok(has(access_path, "a\\x1b[31mb\\x0d\\x7f\\x09c\nno end\nnext\n"
	    "no end either killed\n"), "every line is ended");
	logs_teardown();
}

static void
test_hostile_counters(void)
{
	logs_setup();
	atomic_store(&worker.shm.access.shared->head, UINT64_MAX / 3);
	atomic_store(&worker.shm.errors.shared->head, UINT64_MAX);
	ok(!logwriter_drain(&logs, &generation), "nonsense is no loop");
	ok(has(access_path, ""), "and no line");
	ok(strstr(content(error_path), "made no sense") != NULL,
	    "but it is told");
	atomic_store(&worker.shm.access.shared->pending, 17);
	logwriter_drain_dead(&logs, &worker);
	ok(has(access_path, ""), "nor when it is dead");
	logs_teardown();
}

/* A worker that does nothing else. */
static void
test_hostile_flood(void)
{
	int i;

	logs_setup();
	worker.told_rings_at = (struct mono){ 0 };
	for (i = 0; i < 100; i++) {
		atomic_fetch_add(&worker.shm.access.shared->head, UINT64_MAX /
		    3);
		atomic_store(&worker.shm.access.shared->dropped, 5);
		atomic_store(&worker.shm.errors.shared->dropped, 7);
		(void)logwriter_drain(&logs, &generation);
	}
	ok(count(error_path, "\n") == 1 && strstr(content(error_path), " error "
	    "pyked: worker 0: its log rings made no sense") != NULL,
	    "a hundred complaints are one line");
	worker.told_rings_at = mono_add_ms(worker.told_rings_at, -1000);
	(void)logwriter_drain(&logs, &generation);
	ok(count(error_path, "\n") == 2, "a second later there is another");
	(void)logwriter_drain(&logs, &generation);
	ring_drop(&worker.shm.access);
	logwriter_drain_dead(&logs, &worker);
	ok(strstr(content(error_path), ": 1 access and 0 error lines lost, its "
	    "rings were full\n") != NULL, "the dead one's last is told");
	logs_teardown();
}

/* A ring full of one line, as no worker writes it. */
static void
test_huge_line(void)
{
	struct ring *r = &worker.shm.access;
	struct stat st;
	bool more;
	unsigned turns = 0;

	logs_setup();
	memset(r->shared->data, '\1', r->size);
	atomic_store(&r->shared->head, r->size);
	atomic_store(&r->shared->pending, r->size);
	do
		more = logwriter_drain(&logs, &generation);
	while (more && ++turns < 100);
	ok(turns >= 4 && turns < 100, "it takes %u turns", turns);
	ok(stat(access_path, &st) == 0 && st.st_size >= 4 * (off_t)r->size,
	    "and is escaped byte by byte");
	logs_teardown();
}

/* What a dead worker forked: it has the ring too, and fills it for ever. */
static _Noreturn void
refill(struct ring_shared *r, size_t size, bool commit)
{
	for (;;) {
		uint64_t tail = atomic_load(&r->tail);

		atomic_store(&r->pending, tail + size);
		if (commit)
			atomic_store(&r->head, tail + size);
	}
}

static off_t
size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == -1 ? -1 : st.st_size;
}

static void
test_survivor(bool commit)
{
	struct ring *r = &worker.shm.access;
	int status;
	pid_t pid;
	off_t size;

	logs_setup();
	memset(r->shared->data, 'x', r->size);
	pid = fork();
	if (pid == 0)
		refill(r->shared, r->size, commit);
	while (atomic_load(&r->shared->pending) == 0)
		;
	/* What never returns ends the test. */
	(void)alarm(60);
	logwriter_drain_dead(&logs, &worker);
	(void)alarm(0);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	size = size_of(access_path);
	ok(size > 0 && size <= 3 * (off_t)r->size, "a ring that is filled for "
	    "ever is emptied once, %lld bytes", (long long)size);
	logs_teardown();
}

/* The shortest lines there are, as many as fit. */
static void
test_empty_lines(void)
{
	struct ring *r = &worker.shm.access;
	off_t size;

	logs_setup();
	memset(r->shared->data, '\n', r->size);
	atomic_store(&r->shared->pending, r->size);
	logwriter_drain_dead(&logs, &worker);
	size = size_of(access_path);
	ok(size == (off_t)r->size * (off_t)strlen(" killed\n"),
	    "every undecided line is marked, %lld bytes", (long long)size);
	logs_teardown();
}

static void
limit_files(rlim_t n)
{
	struct rlimit limit;

	(void)getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = n;
	(void)setrlimit(RLIMIT_FSIZE, &limit);
}

/* A full disk, played by a limit of the file's size. */
static void
test_full_disk(void)
{
	logs_setup();
	limit_files(10);
	put("12345\n", true);
	put("67890\nlost\n", true);
	(void)logwriter_drain(&logs, &generation);
	ok(has(access_path, "12345\n6789"), "a line is cut short");
	put("lost too\n", true);
	(void)logwriter_drain(&logs, &generation);
	ok(logs.access.lost == 3, "three lines are counted, got %llu",
	    (unsigned long long)logs.access.lost);
	logs_report(&logs);
	ok(logs.access.lost == 3, "not reported while it goes on");
	limit_files(RLIM_INFINITY);
	put("again\n", true);
	(void)logwriter_drain(&logs, &generation);
	ok(has(access_path, "12345\n6789\nagain\n"),
	    "the next line begins a line");
	logs.next_report = (struct mono){ 0 };
	logs_report(&logs);
	ok(strstr(content(error_path), " warn pyked: 3 access lines lost from ")
	    != NULL, "and the loss is told");
	ok(logs.access.lost == 0, "once");
	logs_teardown();
}

/* Lines are lost all the time: it is told when it begins, and why. */
static void
test_loss_goes_on(void)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), fine, i;

	logs_setup();
	fine = logs.access.fd;
	logs.access.fd = full;
	/* No report is due for a while. */
	logs.next_report = mono_add_ms(clock_now(), 100000);
	for (i = 0; i < 3; i++) {
		put("lost\n", true);
		(void)logwriter_drain(&logs, &generation);
		logs_report(&logs);
	}
	ok(count(error_path, " warn pyked: access lines are being lost: "
	    "No space left on device: make room on its disk\n") == 1,
	    "a loss is told at its first line, once");
	logs.access.fd = fine;
	put("kept\n", true);
	(void)logwriter_drain(&logs, &generation);
	logs.next_report = (struct mono){ 0 };
	logs_report(&logs);
	ok(count(error_path, " 3 access lines lost from ") == 1 &&
	    count(error_path, ": No space left on device\n") == 1,
	    "at its end how many, and still why");
	(void)close(full);
	logs_teardown();
}

/* The access log is a pipe: its other end. */
static int
setup_reader(void)
{
	int ends[2];

	logs_setup();
	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) == -1)
		abort();
	(void)close(logs.access.fd);
	logs.access.fd = ends[1];
	return ends[0];
}

/* A reader that is slow for a while loses nothing. */
static void
test_slow_reader(void)
{
	static char big[60001];
	char drop[16384];
	struct logfile *f = &logs.access;
	int reader;
	ssize_t n;
	size_t got = 0;

	reader = setup_reader();
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 2] = '\n';
	put(big, true);
	put(big, true);
	(void)logwriter_drain(&logs, &generation);
	(void)logwriter_drain(&logs, &generation);
	ok(logfile_is_stuck(f) && f->lost == 0, "the rest is kept");
	put(big, true);
	(void)logwriter_drain(&logs, &generation);
	ok(ring_used(&worker.shm.access) >= sizeof(big) - 1,
	    "further lines stay in the ring");
	while ((n = read(reader, drop, sizeof(drop))) > 0) {
		got += (size_t)n;
		(void)logwriter_drain(&logs, &generation);
	}
	ok(got == 3 * (sizeof(big) - 1) && f->lost == 0,
	    "all of them come, %zu bytes", got);
	(void)close(reader);
	logs_teardown();
}

/* What such a reader has not taken is left to the worker, if we die. */
static void
test_lines_stay(void)
{
	char drop[65536];
	struct logfile *f = &logs.access;
	const char *tail;
	int reader, i;
	ssize_t n;
	struct ring orphan;
	bool broken;

	reader = setup_reader();
	for (i = 0; i < 10000; i++)
		put("a line of no common length\n", true);
	(void)logwriter_drain(&logs, &generation);
	(void)logwriter_drain(&logs, &generation);
	n = read(reader, drop, sizeof(drop));
	orphan = worker.shm.access;
	orphan.tail = atomic_load(&orphan.shared->tail);
	ok(n + (ssize_t)buf_len(&f->rest) + (ssize_t)ring_used(&orphan) ==
	    10000 * 27 && buf_len(&f->rest) < 27,
	    "of 10000 lines %zu bytes are kept", buf_len(&f->rest));
	tail = ring_peek(&orphan, drop, sizeof(drop), &broken) > 0 ? drop : "";
	ok(strncmp(tail, "a line", 6) == 0, "the others whole in the ring");
	ok(f->lost == 0, "none is lost");
	(void)close(reader);
	logs_teardown();
}

/* A reader without end, but no fast one: longer than our patience. */
static void
test_steady_reader(void)
{
	char drop[16384];
	struct logfile *f = &logs.access;
	int reader, i;
	ssize_t n;
	size_t got = 0;

	reader = setup_reader();
	for (i = 0; i < 100000; i++)
		put("a line of no common length\n", true);
	(void)logwriter_drain(&logs, &generation);
	while ((n = read(reader, drop, sizeof(drop))) > 0) {
		got += (size_t)n;
		/* As if each took a tenth of a second. */
		f->failing = mono_add_ms(f->failing, -100);
		(void)logwriter_drain(&logs, &generation);
	}
	ok(got == 100000 * 27 && f->lost == 0, "every line comes, %zu bytes",
	    got);
	(void)close(reader);
	logs_teardown();
}

static void
test_reopen(void)
{
	char old[80];

	logs_setup();
	logfile_put(&logs.access, "before\n", 7);
	(void)snprintf(old, sizeof(old), "%s.1", access_path);
	(void)rename(access_path, old);
	logs_reopen(&logs);
	logfile_put(&logs.access, "after\n", 6);
	ok(has(old, "before\n") && has(access_path, "after\n"),
	    "a renamed log is opened anew");
	(void)unlink(access_path);
	if (symlink(old, access_path) == -1)
		abort();
	logs_reopen(&logs);
	logfile_put(&logs.access, "still\n", 6);
	ok(has(old, "before\n"), "a link in its place is not followed");
	ok(strstr(content(error_path), "the old one is kept") != NULL,
	    "and told");
	(void)unlink(old);
	logs_teardown();
}

int
main(void)
{
	sig_reset();
	if (mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(access_path, sizeof(access_path), "%s/access", folder);
	(void)snprintf(error_path, sizeof(error_path), "%s/error", folder);
	clock_update();
	test_lines();
	test_hostile_lines();
	test_hostile_counters();
	test_hostile_flood();
	test_huge_line();
	test_survivor(true);
	test_survivor(false);
	test_empty_lines();
	test_full_disk();
	test_loss_goes_on();
	test_slow_reader();
	test_lines_stay();
	test_steady_reader();
	test_reopen();
	(void)unlink(access_path);
	(void)unlink(error_path);
	ok(rmdir(folder) == 0, "nothing is left behind");
	return done_testing();
}
