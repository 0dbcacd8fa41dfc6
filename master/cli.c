/*
 * The command line: options, -t and -T, and what is said about mistakes.
 */
#include "master/cli.h"

#include <sys/resource.h>

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/net.h"
#include "common/sig.h"
#include "master/config.h"
#include "master/master.h"
#include "master/priv.h"

#define DEFAULT_FILE	"/etc/pyked/pyked.conf"

enum {
	EXIT_USAGE = 2,
	EXIT_CONF = 78			/* EX_CONFIG of sysexits.h */
};

enum action {
	ACTION_RUN,
	ACTION_TEST,
	ACTION_DUMP,
	ACTION_VERSION,
	ACTION_HELP
};

struct cli {
	enum action action;
	bool foreground;
	const char *file;		/* borrowed; NULL = not given */
};

static const char usage[] =
    "usage: pyked [-c FILE] [-f] [-t | -T] [-V] [-h]\n"
    "  -c FILE  the configuration file (" DEFAULT_FILE ")\n"
    "  -f       stay in the foreground\n"
    "  -t       test the configuration and exit\n"
    "  -T       print the effective configuration and exit\n"
    "  -V       print the version and exit\n"
    "  -h       print this and exit\n";

/* --- options --- */

static int
bad_option(int option)
{
	if (optopt == 'c' && option == ':')
		(void)fprintf(stderr, "pyked: -c needs the name of a file\n");
	else
		(void)fprintf(stderr, "pyked: there is no option -%c\n",
		    optopt);
	(void)fputs(usage, stderr);
	return -1;
}

static int
parse_option(struct cli *cli, int option)
{
	switch (option) {
	case 'c':
		cli->file = optarg;
		return 0;
	case 'f':
		cli->foreground = true;
		return 0;
	case 't':
		cli->action = ACTION_TEST;
		return 0;
	case 'T':
		cli->action = ACTION_DUMP;
		return 0;
	case 'V':
		cli->action = ACTION_VERSION;
		return 0;
	case 'h':
		cli->action = ACTION_HELP;
		return 0;
	default:
		return bad_option(option);
	}
}

static int
parse(struct cli *cli, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+:c:ftTVh")) != -1)
		if (parse_option(cli, option) == -1)
			return -1;
	if (optind == argc)
		return 0;
	(void)fprintf(stderr, "pyked: \"%s\" is too much: a configuration file "
	    "is named with -c\n", argv[optind]);
	(void)fputs(usage, stderr);
	return -1;
}

/* The file's name from the root on, as the process leaves its folder; to be
 * freed. NULL with the reason said. */
static char *
absolute(const char *file)
{
	char folder[PATH_MAX], *full;

	if (file[0] == '/')
		full = strdup(file);
	else if (getcwd(folder, sizeof(folder)) == NULL) {
		(void)fprintf(stderr, "pyked: %s: the current folder is not "
		    "known: %s\n", file, strerror(errno));
		return NULL;
	} else if (asprintf(&full, "%s/%s", folder, file) == -1)
		full = NULL;
	if (full == NULL)
		(void)fprintf(stderr, "pyked: out of memory\n");
	return full;
}

/* --- actions --- */

/* What is printed must have arrived. */
static int
flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	(void)fprintf(stderr, "pyked: cannot write: %s\n", strerror(errno));
	return EXIT_FAILURE;
}

static void
print_listens(const struct conf *conf)
{
	char text[NET_ADDR_TEXT];
	size_t i;

	(void)printf("  listens");
	for (i = 0; i < conf->nlistens; i++) {
		(void)net_addr_text(&conf->listens[i].addr, text);
		(void)printf("%s %s%s", i == 0 ? "     " : ",", text,
		    conf->listens[i].tls ? " tls" : "");
	}
	(void)printf("\n");
}

/* What a worker may open, beside what its connections may come to. */
static void
print_budget(const struct conf *conf)
{
	struct rlimit limit = { 0 };
	unsigned long long have, want = conf->limits.connections;

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	have = limit.rlim_cur;
	(void)printf("  descriptors  %llu for each worker, %llu connections\n",
	    have, want);
	if (have < 2 * want)
		(void)printf("               (a connection may need two or "
		    "more: raise the limit, ulimit -n)\n");
}

static int
print_fine(const struct conf *conf, const char *file,
    const struct identity *who)
{
	(void)printf("%s: the configuration is fine\n", file);
	print_listens(conf);
	(void)printf("  servers      %zu\n", conf->nservers);
	(void)printf("  workers      %u", conf->workers);
	if (who->drop)
		(void)printf(", as %s", conf->user);
	(void)printf("\n");
	print_budget(conf);
	return flush();
}

static int
print_dump(const struct conf *conf)
{
	struct buf out = { .p = NULL };
	int status = EXIT_FAILURE;

	if (conf_dump(conf, &out) == -1)
		(void)fprintf(stderr, "pyked: out of memory\n");
	else {
		(void)fwrite(buf_head(&out), 1, buf_len(&out), stdout);
		status = flush();
	}
	buf_free(&out);
	return status;
}

/* The tree, or NULL with every mistake on standard error. */
static struct conf *
load(const struct cli *cli, const char *file, struct identity *who)
{
	struct conf_errors errors = { .n = 0 };
	struct conf *conf;

	if (cli->file == NULL && access(file, F_OK) == -1) {
		(void)fprintf(stderr, "pyked: %s: %s; another configuration "
		    "file is named with -c FILE\n", file, strerror(errno));
		return NULL;
	}
	/* A test is for the server as it will run, in the background. */
	conf = config_load(file, cli->foreground || cli->action ==
	    ACTION_DUMP, who, &errors);
	if (conf == NULL)
		(void)fwrite(buf_head(&errors.text), 1, buf_len(&errors.text),
		    stderr);
	conf_errors_free(&errors);
	return conf;
}

static int
act(const struct cli *cli, const char *file)
{
	struct master_options options = { .file = file,
	    .foreground = cli->foreground };
	struct identity who;
	struct conf *conf;
	int status;

	/* What serves nobody ends like any command. */
	if (cli->action != ACTION_RUN)
		(void)sigprocmask(SIG_SETMASK, sig_wait_mask(), NULL);
	conf = load(cli, file, &who);
	if (conf == NULL)
		return EXIT_CONF;
	if (cli->action == ACTION_RUN)
		return master_run(&options, conf, &who);
	if (cli->action == ACTION_TEST)
		status = print_fine(conf, file, &who);
	else
		status = print_dump(conf);
	conf_free(conf);
	return status;
}

int
cli_run(int argc, char **argv)
{
	struct cli cli = { .action = ACTION_RUN };
	char *file;
	int status;

	if (parse(&cli, argc, argv) == -1)
		return EXIT_USAGE;
	if (cli.action == ACTION_VERSION) {
		(void)printf("pyked " PYKED_VERSION "\n");
		return flush();
	}
	if (cli.action == ACTION_HELP) {
		(void)fputs(usage, stdout);
		return flush();
	}
	file = absolute(cli.file == NULL ? DEFAULT_FILE : cli.file);
	if (file == NULL)
		return EXIT_FAILURE;
	/* No file system stays busy because of us. */
	if (chdir("/") == -1)
		log_warn("cannot go to /: %s", strerror(errno));
	status = act(&cli, file);
	free(file);
	return status;
}
