/*
 * fuzz: configuration files. Loading one ends well or with a message; what
 * was loaded can be printed, read again, and printed again the same.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/conf.h"
#include "t/fuzz/fuzz.h"

static struct conf_errors errors;

/* A file that is in memory alone. */
static const char *
file_of(const char *p, size_t n)
{
	static char name[32];
	static int fd = -1;

	if (fd == -1) {
		fd = memfd_create("pyked.conf", MFD_CLOEXEC);
		(void)snprintf(name, sizeof(name), "/dev/fd/%d", fd);
	}
	must(fd != -1 && ftruncate(fd, (off_t)n) == 0 &&
	    pwrite(fd, p, n, 0) == (ssize_t)n);
	return name;
}

static struct conf *
load(const char *p, size_t n)
{
	struct conf *conf;

	conf_errors_free(&errors);
	conf = conf_load(file_of(p, n), &errors);
	must((conf != NULL) == (errors.n == 0));
	must((conf == NULL) == (buf_len(&errors.text) > 0));
	return conf;
}

/* Messages are for a terminal. */
static void
check_text(const struct buf *text)
{
	for (size_t i = 0; i < buf_len(text); i++) {
		unsigned char c = (unsigned char)buf_head(text)[i];

		must(c == '\n' || c == '\t' || (c >= ' ' && c != 0x7f));
	}
}

static void
check_dump(const struct conf *conf)
{
	struct buf one = { 0 }, two = { 0 };
	struct conf *again;

	must(conf_dump(conf, &one) == 0);
	check_text(&one);
	again = load(buf_head(&one), buf_len(&one));
	if (again == NULL)
		fprintf(stderr, "%.*s\n%.*s\n", (int)buf_len(&one),
		    buf_head(&one), (int)buf_len(&errors.text),
		    buf_head(&errors.text));
	must(again != NULL);
	must(conf_dump(again, &two) == 0);
	if (!str_eq(buf_str(&one), buf_str(&two)))
		fprintf(stderr, "%.*s\n--- then\n%.*s\n", (int)buf_len(&one),
		    buf_head(&one), (int)buf_len(&two), buf_head(&two));
	must(str_eq(buf_str(&one), buf_str(&two)));
	conf_free(again);
	buf_free(&one);
	buf_free(&two);
}

/* Files of this machine are none of a fuzzer's business, and would make its
 * finds depend on them. */
static bool
names_files(const char *p, size_t n)
{
	return memmem(p, n, "include", 7) != NULL;
}

void
fuzz(const char *p, size_t n)
{
	struct conf *conf;

	if (names_files(p, n))
		return;
	conf = load(p, n);
	check_text(&errors.text);
	if (conf != NULL)
		check_dump(conf);
	conf_free(conf);
	conf = conf_load_anyhow(file_of(p, n));
	must(conf != NULL && conf->pidfile != NULL && conf->control != NULL);
	conf_free(conf);
	conf_errors_free(&errors);
}
