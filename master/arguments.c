/* From arguments to the text of a configuration. */
#include "master/arguments.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/net.h"
#include "master/path.h"
#include "master/selfsigned.h"
#include "master/words.h"

#define HTTP_PORT	8080		/* where a folder is served ... */
#define HTTPS_PORT	8443
#define PORTS		100		/* ... or so many from there on */

enum {
	EXIT_USAGE = 2,
	EXIT_CONF = 78			/* EX_CONFIG of sysexits.h */
};

/* Where each argument of the old command line stands. */
enum {
	OLD_HTTP,
	OLD_HTTPS,
	OLD_LOG,
	OLD_LOCK,
	OLD_WWW,
	OLD_SCRIPT,
	OLD_KEY,
	OLD_CERTIFICATE,
	OLD_ARGUMENTS
};

static int wrong(int status, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Says what is wrong; returns status. */
static int
wrong(int status, const char *fmt, ...)
{
	va_list ap;

	(void)fputs("pyked: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputs("\n", stderr);
	return status;
}

/* What no file may hold cannot be shown on a terminal either. */
static int
refuse_control(const char *file)
{
	char text[512];
	size_t n = log_escape(text, sizeof(text) - 1, file, strlen(file));

	text[n] = '\0';
	return wrong(EXIT_USAGE, "\"%s\" has a control character in it: give "
	    "it another name", text);
}

/* Appends "name PATH" with the absolute path of file: 0, or the status to exit
 * with. */
static int
put_path(struct buf *text, const char *name, const char *file)
{
	char *path = path_absolute(file);
	int bad;

	if (path == NULL)
		return EXIT_FAILURE;
	bad = buf_printf(text, "%s ", name) | conf_quote(path, text) |
	    buf_puts(text, "\n");
	free(path);
	return bad == 0 ? 0 : refuse_control(file);
}

static int
put_log(struct buf *text, const char *file)
{
	int status;

	(void)buf_puts(text, "log {\n");
	if ((status = put_path(text, "access", file)) == 0)
		status = put_path(text, "error", file);
	(void)buf_puts(text, "}\n");
	return status;
}

/* --- the old command line --- */

static int
read_port(const char *which, const char *word, uint64_t *port)
{
	if (str_u64(str_from(word), UINT16_MAX, port) == -1)
		return wrong(EXIT_USAGE, "the %s port \"%s\" is not a number "
		    "from 0 to 65535", which, word);
	return 0;
}

static int
put_ports(struct buf *text, char **words)
{
	uint64_t http, https;
	int status = read_port("HTTP", words[OLD_HTTP], &http);

	if (status == 0)
		status = read_port("HTTPS", words[OLD_HTTPS], &https);
	if (status != 0)
		return status;
	if (http == https && http != 0)
		return wrong(EXIT_USAGE, "the HTTP port and the HTTPS port are "
		    "both %s: choose two", words[OLD_HTTP]);
	(void)buf_printf(text, "listen %u\nlisten %u tls\n", (unsigned)http,
	    (unsigned)https);
	return 0;
}

static int
put_certificate(struct buf *text, char **words)
{
	char *path = path_absolute(words[OLD_CERTIFICATE]);
	int bad;

	if (path == NULL)
		return EXIT_FAILURE;
	bad = buf_puts(text, "certificate ") | conf_quote(path, text);
	free(path);
	if (bad != 0)
		return refuse_control(words[OLD_CERTIFICATE]);
	return put_path(text, "", words[OLD_KEY]);
}

/* A program can be run without being readable, a script cannot. */
static int
put_script(struct buf *text, const char *script)
{
	int status;

	if (access(script, R_OK) == -1)
		return wrong(EXIT_CONF, "the CGI script %s cannot be read: %s",
		    script, strerror(errno));
	(void)buf_puts(text, "location /cgi/ {\n");
	status = put_path(text, "cgi program", script);
	(void)buf_puts(text, "}\n");
	return status;
}

static bool
is_same(const char *a, const char *b)
{
	struct stat sa, sb;

	if (strcmp(a, b) == 0)
		return true;
	return stat(a, &sa) == 0 && stat(b, &sb) == 0 &&
	    sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

/* What is written to must be nothing that is read. */
static int
check_apart(char **words)
{
	static const struct {
		int word;
		const char *name;
	} files[] = {
		{ OLD_LOG, "log" },
		{ OLD_LOCK, "lock" },
		{ OLD_SCRIPT, "CGI script" },
		{ OLD_KEY, "private key" },
		{ OLD_CERTIFICATE, "certificate" },
	};
	size_t i, k;

	for (i = 0; i < 2; i++)
		for (k = i + 1; k < sizeof(files) / sizeof(files[0]); k++)
			if (is_same(words[files[i].word],
			    words[files[k].word]))
				return wrong(EXIT_USAGE, "the %s file and the "
				    "%s are both %s: name another %s file",
				    files[i].name, files[k].name,
				    words[files[k].word], files[i].name);
	return 0;
}

static int
read_old(struct arguments *a, char **words)
{
	struct buf *text = &a->text;
	int status;

	if ((status = check_apart(words)) != 0 ||
	    (status = put_ports(text, words)) != 0 ||
	    (status = put_log(text, words[OLD_LOG])) != 0 ||
	    (status = put_path(text, "pidfile", words[OLD_LOCK])) != 0 ||
	    (status = put_path(text, "root", words[OLD_WWW])) != 0 ||
	    (status = put_script(text, words[OLD_SCRIPT])) != 0)
		return status;
	(void)buf_printf(&a->greeting, "pyked serves %s on port %s and, with "
	    "https, %s; \"kill $(cat %s)\" ends it\n", words[OLD_WWW],
	    words[OLD_HTTP], words[OLD_HTTPS], words[OLD_LOCK]);
	return put_certificate(text, words);
}

/* --- a log file alone --- */

/* An ordinary user has no /run: the pid file is the log's neighbour. */
static int
put_pidfile(struct buf *text, const char *log)
{
	struct str stem = str_from(log);
	char *name;
	int status;

	if (geteuid() == 0)
		return 0;
	if (str_ends(stem, STR(".log")))
		stem.n -= strlen(".log");
	if (asprintf(&name, "%.*s.pid", (int)stem.n, stem.p) == -1)
		return wrong(EXIT_FAILURE, "out of memory");
	status = put_path(text, "pidfile", name);
	free(name);
	return status;
}

static int
read_log(struct arguments *a, const char *log)
{
	int status;

	if ((status = put_log(&a->text, log)) != 0 ||
	    (status = put_pidfile(&a->text, log)) != 0)
		return status;
	(void)buf_puts(&a->greeting, "pyked serves ./www on "
	    "http://localhost:8080/\n");
	return put_path(&a->text, "root", "www");
}

/* --- a folder --- */

/* The first port from first on that is free now, or 0. */
static unsigned
free_port(unsigned first)
{
	struct net_addr addr;
	unsigned port;
	int fd;

	for (port = first; port < first + PORTS; port++) {
		if (net_addr_parse(STR("127.0.0.1"), (uint16_t)port,
		    &addr) == -1)
			return 0;
		fd = net_listen(&addr, 1);
		if (fd != -1) {
			(void)close(fd);
			return port;
		}
	}
	return 0;
}

/* An ordinary user has no right to the default places: these are beside the
 * configuration. */
static const char own_places[] = "pidfile pyked.pid\nlog {\n"
    "    access access.log\n    error error.log\n}\n";

static const char own_certificate[] =
    "# https needs a certificate of your own: certificate FILE KEY\n";

/* A folder, and where it is to be found. */
struct place {
	char *path;			/* owned */
	unsigned http;
	unsigned https;			/* 0 = without TLS */
};

/* 0, or the status to exit with. */
static int
put_https(struct arguments *a, const struct place *p)
{
	a->certificate = selfsigned_make();
	if (a->certificate == -1)
		return wrong(EXIT_FAILURE, "no certificate could be made");
	(void)buf_printf(&a->text, "listen 127.0.0.1:%u tls\n"
	    "certificate /proc/self/fd/%d /proc/self/fd/%d\n", p->https,
	    a->certificate, a->certificate);
	return 0;
}

static void
greet(struct buf *out, const struct place *p, struct str site)
{
	(void)buf_printf(out, "pyked serves %s\n\n    "
	    "http://127.0.0.1:%u/\n", p->path, p->http);
	if (p->https != 0)
		(void)buf_printf(out, "    https://127.0.0.1:%u/   (its "
		    "certificate is new: the browser asks)\n", p->https);
	(void)buf_printf(out, "\nuntil Ctrl-C. To make it permanent, write "
	    "this into a file (as root:\n" PATH_CONF ") and run \"pyked -c "
	    "FILE\":\n\n%.*s%s%s\nRequests:\n", (int)site.n, site.p,
	    geteuid() == 0 ? "" : own_places,
	    p->https == 0 ? "" : own_certificate);
}

/* What to serve, which is also what makes it permanent, and what to say. */
static int
put_folder(struct arguments *a, const struct place *p)
{
	struct buf site = { .p = NULL };
	int status;

	(void)buf_printf(&site, "listen 127.0.0.1:%u\n", p->http);
	status = put_path(&site, "root", p->path);
	(void)buf_puts(&site, "listing on\n");
	if (buf_put_str(&a->text, buf_str(&site)) == -1 ||
	    buf_puts(&a->text, "log {\naccess stdout\nerror stderr warn\n}\n")
	    == -1)
		status = wrong(EXIT_FAILURE, "out of memory");
	if (status == 0 && p->https != 0)
		status = put_https(a, p);
	greet(&a->greeting, p, buf_str(&site));
	buf_free(&site);
	return status;
}

static int
read_folder(struct arguments *a, const char *folder, bool tls)
{
	struct place p = { .path = realpath(folder, NULL),
	    .http = free_port(HTTP_PORT),
	    .https = tls ? free_port(HTTPS_PORT) : 0 };
	int status;

	if (p.path == NULL || access(p.path, R_OK | X_OK) == -1)
		status = wrong(EXIT_CONF, "the folder %s cannot be served: %s",
		    folder, strerror(errno));
	else if (p.http == 0 || (tls && p.https == 0))
		status = wrong(EXIT_FAILURE, "none of the %d ports from %d on "
		    "is free on 127.0.0.1", PORTS, p.http == 0 ? HTTP_PORT :
		    HTTPS_PORT);
	else
		status = put_folder(a, &p);
	a->foreground = a->alone = true;
	free(p.path);
	return status;
}

/* --- which of them --- */

static int
tell_neither(const char *word)
{
	const char *near = words_nearest(word);

	if (strcmp(word, "start") == 0 || strcmp(word, "restart") == 0)
		return wrong(EXIT_USAGE, "there is no word \"%s\": without one "
		    "pyked starts, and \"pyked reload\" renews one that runs",
		    word);
	if (near != NULL)
		return wrong(EXIT_USAGE, "there is no word \"%s\"; did you "
		    "mean \"%s\"?", word, near);
	return wrong(EXIT_USAGE, "\"%s\" is neither a folder to serve, nor a "
	    "log file (it would end in .log), nor a word (\"pyked -h\" lists "
	    "them)", word);
}

static int
read_one(struct arguments *a, const char *word, bool tls)
{
	struct stat st = { .st_mode = 0 };
	bool there = stat(word, &st) == 0;

	if (there && S_ISDIR(st.st_mode))
		return read_folder(a, word, tls);
	if (tls)
		return wrong(EXIT_USAGE, "--tls is for a folder, and \"%s\" "
		    "is none", word);
	if (str_ends(str_from(word), STR(".conf")))
		return wrong(EXIT_USAGE, "\"%s\" looks like a configuration: "
		    "did you mean \"pyked -c %s\"?", word, word);
	if ((there && S_ISREG(st.st_mode)) ||
	    str_ends(str_from(word), STR(".log")))
		return read_log(a, word);
	return tell_neither(word);
}

int
arguments_read(struct arguments *a, int n, char **words)
{
	int status;

	*a = (struct arguments){ .certificate = -1 };
	if (n == 1)
		status = read_one(a, words[0], false);
	else if (n == 2 && strcmp(words[1], "--tls") == 0)
		status = read_one(a, words[0], true);
	else if (n == OLD_ARGUMENTS)
		status = read_old(a, words);
	else
		return wrong(EXIT_USAGE, "%d arguments are neither one (a "
		    "word, a folder or a log file) nor %d", n, OLD_ARGUMENTS);
	if (status == 0 && (buf_put(&a->text, "", 1) == -1 ||
	    buf_put(&a->greeting, "", 1) == -1))
		status = wrong(EXIT_FAILURE, "out of memory");
	return status;
}

void
arguments_free(struct arguments *a)
{
	buf_free(&a->text);
	buf_free(&a->greeting);
	if (a->certificate != -1)
		(void)close(a->certificate);
}
