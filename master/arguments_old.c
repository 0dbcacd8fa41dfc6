/*
 * The command lines of the course server: eight words, or a log file alone.
 */
#include "master/arguments_text.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "master/arguments.h"
#include "master/path.h"

/* Where each argument of the old command line stands. */
enum {
	OLD_HTTP,
	OLD_HTTPS,
	OLD_LOG,
	OLD_LOCK,
	OLD_WWW,
	OLD_SCRIPT,
	OLD_KEY,
	OLD_CERTIFICATE
};

_Static_assert(OLD_CERTIFICATE + 1 == ARGUMENTS_OLD, "all are named");

static int
read_port(const char *which, const char *word, uint64_t *port)
{
	if (str_u64(str_from(word), UINT16_MAX, port) == -1)
		return arguments_wrong(EXIT_USAGE, "the %s port \"%s\" is not "
		    "a number from 0 to 65535", which, word);
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
		return arguments_wrong(EXIT_USAGE, "the HTTP port and the "
		    "HTTPS port are both %s: choose two", words[OLD_HTTP]);
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
		return arguments_refuse_name(words[OLD_CERTIFICATE]);
	return arguments_put_path(text, "", words[OLD_KEY]);
}

/* A program can be run without being readable, a script cannot. */
static int
put_script(struct buf *text, const char *script)
{
	int status;

	if (access(script, R_OK) == -1)
		return arguments_wrong(EXIT_CONF, "the CGI script %s cannot be "
		    "read: %s", script, strerror(errno));
	(void)buf_puts(text, "location /cgi/ {\n");
	status = arguments_put_path(text, "cgi program", script);
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
				return arguments_wrong(EXIT_USAGE, "the %s "
				    "file and the %s are both %s: name another "
				    "%s file", files[i].name, files[k].name,
				    words[files[k].word], files[i].name);
	return 0;
}

int
arguments_old(struct arguments *a, char **words)
{
	struct buf *text = &a->text;
	int status;

	if ((status = check_apart(words)) != 0 ||
	    (status = put_ports(text, words)) != 0 ||
	    (status = arguments_put_log(text, words[OLD_LOG])) != 0 ||
	    (status = arguments_put_path(text, "pidfile",
	    words[OLD_LOCK])) != 0 ||
	    (status = arguments_put_path(text, "root", words[OLD_WWW])) != 0 ||
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
		return arguments_wrong(EXIT_FAILURE, "out of memory");
	status = arguments_put_path(text, "pidfile", name);
	free(name);
	return status;
}

int
arguments_log(struct arguments *a, const char *log)
{
	int status;

	if ((status = arguments_put_log(&a->text, log)) != 0 ||
	    (status = put_pidfile(&a->text, log)) != 0)
		return status;
	(void)buf_puts(&a->greeting, "pyked serves ./www on "
	    "http://localhost:8080/\n");
	return arguments_put_path(&a->text, "root", "www");
}
