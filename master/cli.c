/*
 * The command line: options, -t and -T, and what is said about mistakes. Words
 * are left to words, and what to serve without a file to arguments.
 */
#include "master/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/sig.h"
#include "master/arguments.h"
#include "master/config.h"
#include "master/listen.h"
#include "master/master.h"
#include "master/path.h"
#include "master/report.h"
#include "master/words.h"

#define DEFAULT_FILE	PATH_CONF

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
	char **words;			/* borrowed; what follows the options */
	int nwords;
};

static const char usage[] =
    "usage: pyked [-c FILE] [-f] [-t | -T] [-V] [-h]\n"
    "       pyked [-c FILE] WORD\n"
    "       pyked [-c FILE] cgi URL [-d BODY]\n"
    "       pyked DIR [--tls] | LOGFILE.log\n"
    "       pyked HTTP-PORT HTTPS-PORT LOGFILE LOCKFILE WWW SCRIPT KEY "
    "CERTIFICATE\n";

static const char options_help[] =
    "  -c FILE  the configuration file (" DEFAULT_FILE ")\n"
    "  -f       stay in the foreground\n"
    "  -t       test the configuration, say what a reload would change, exit\n"
    "  -T       print the effective configuration and exit\n"
    "  -V       print the version and exit\n"
    "  -h       print this and exit\n"
    "  DIR      serve this folder at once, in the foreground; with --tls also\n"
    "           by https, with a certificate it makes\n"
    "  LOGFILE  serve ./www in the background, with this log\n"
    "Words, for the server that runs with FILE:\n";

/* --- options --- */

/* word is what the option stands in. */
static int
bad_option(int option, const char *word)
{
	if (optopt == 'c' && option == ':')
		(void)fprintf(stderr, "pyked: -c needs the name of a file\n");
	else if (strcmp(word, "--tls") == 0)
		(void)fprintf(stderr, "pyked: --tls stands behind the "
		    "folder\n");
	else if (ascii_digit((char)optopt))
		(void)fprintf(stderr, "pyked: \"%s\" is not a port: that is a "
		    "number from 0 to 65535\n", word);
	else if (str_starts(str_from(word), STR("--")))
		(void)fprintf(stderr, "pyked: there is no option %s\n", word);
	else
		(void)fprintf(stderr, "pyked: there is no option -%c\n",
		    optopt);
	(void)fputs(usage, stderr);
	return -1;
}

static int
parse_option(struct cli *cli, int option, const char *word)
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
		return bad_option(option, word);
	}
}

static int
parse(struct cli *cli, int argc, char **argv)
{
	/* What everybody tries first. */
	static const struct option names[] = {
		{ .name = "help", .val = 'h' },
		{ .name = "version", .val = 'V' },
		{ .name = NULL }
	};
	int option, at = optind;

	while ((option = getopt_long(argc, argv, "+:c:ftTVh", names,
	    NULL)) != -1) {
		if (parse_option(cli, option, argv[at]) == -1)
			return -1;
		at = optind;
	}
	cli->words = argv + optind;
	cli->nwords = argc - optind;
	return 0;
}

static int
too_much(const char *word, const char *why)
{
	(void)fprintf(stderr, "pyked: \"%s\" is too much: %s\n", word, why);
	(void)fputs(usage, stderr);
	return EXIT_USAGE;
}

/* --- actions --- */

/* The tree, or NULL with every mistake on standard error. */
static struct conf *
load(const struct cli *cli, const struct master_options *options,
    struct identity *who)
{
	struct conf_errors errors = { .n = 0 };
	/* A test is for the server as it will run, in the background. */
	struct master_options as = *options;
	struct conf *conf;

	if (cli->file == NULL && options->text == NULL &&
	    access(options->file, F_OK) == -1) {
		(void)fprintf(stderr, "pyked: %s: %s; another configuration "
		    "file is named with -c FILE\n", options->file,
		    strerror(errno));
		return NULL;
	}
	as.foreground |= cli->action == ACTION_DUMP;
	conf = config_load(&as, who, &errors);
	if (conf != NULL && cli->action == ACTION_TEST &&
	    listen_check(conf, &errors) == -1) {
		conf_free(conf);
		conf = NULL;
	}
	if (conf == NULL)
		(void)fwrite(buf_head(&errors.text), 1, buf_len(&errors.text),
		    stderr);
	conf_errors_free(&errors);
	return conf;
}

static int
act(const struct cli *cli, const struct master_options *options)
{
	struct identity who;
	struct conf *conf;
	int status;

	/* No file system stays busy because of us. */
	if (chdir("/") == -1)
		log_warn("cannot go to /: %s", strerror(errno));
	/* What serves nobody ends like any command. */
	if (cli->action != ACTION_RUN)
		(void)sigprocmask(SIG_SETMASK, sig_wait_mask(), NULL);
	conf = load(cli, options, &who);
	if (conf == NULL)
		return EXIT_CONF;
	if (cli->action == ACTION_RUN)
		return master_run(options, conf, &who);
	if (cli->action == ACTION_TEST)
		status = report_test(conf, options, &who);
	else
		status = report_dump(conf);
	conf_free(conf);
	return status;
}

/* --- what there is to act on --- */

static int
act_on_file(const struct cli *cli, const char *file)
{
	struct master_options options = { .file = file,
	    .foreground = cli->foreground };

	return act(cli, &options);
}

static int
act_on_arguments(const struct cli *cli)
{
	struct arguments a;
	int status;

	if (cli->file != NULL)
		return too_much(cli->words[0], "with -c the configuration says "
		    "what to serve");
	status = arguments_read(&a, cli->nwords, cli->words);
	if (status == 0)
		status = act(cli, &(struct master_options){
		    .file = conf_command_line, .text = buf_head(&a.text),
		    .greeting = buf_head(&a.greeting), .alone = a.alone,
		    .foreground = cli->foreground || a.foreground });
	if (status == EXIT_USAGE)
		(void)fputs(usage, stderr);
	arguments_free(&a);
	return status;
}

static int
act_on_word(const struct cli *cli, const struct word *word, const char *file)
{
	struct words_args args = { .file = file, .required = cli->file != NULL,
	    .argument = cli->nwords > 1 ? cli->words[1] : NULL,
	    .second = cli->nwords > 2 ? cli->words[2] : NULL };
	int most = 1 + words_arguments(word), status;

	if (args.argument != NULL && args.argument[0] == '-')
		return too_much(args.argument, "options stand before the word");
	if (words_take_body(word) && cli->nwords == 4 &&
	    strcmp(cli->words[2], "-d") == 0) {
		args.body = cli->words[3];
		most = 4;
	}
	if (cli->nwords > most)
		return too_much(cli->words[most], "nothing may follow here");
	if (cli->foreground || cli->action != ACTION_RUN)
		return too_much(cli->words[0], "-f, -t and -T are for a server "
		    "that is to start");
	status = words_run(word, &args);
	return status == EXIT_SUCCESS ? report_flush() : status;
}

static int
act_on_configuration(const struct cli *cli, const struct word *word)
{
	char *file = path_absolute(cli->file == NULL ? DEFAULT_FILE :
	    cli->file);
	int status;

	if (file == NULL)
		return EXIT_FAILURE;
	if (word != NULL)
		status = act_on_word(cli, word, file);
	else
		status = act_on_file(cli, file);
	free(file);
	return status;
}

static int
print_help(void)
{
	(void)fputs(usage, stdout);
	(void)fputs(options_help, stdout);
	words_list(stdout);
	return report_flush();
}

int
cli_run(int argc, char **argv)
{
	struct cli cli = { .action = ACTION_RUN };
	const struct word *word = NULL;

	if (parse(&cli, argc, argv) == -1)
		return EXIT_USAGE;
	if (cli.action == ACTION_VERSION) {
		(void)printf("pyked " PYKED_VERSION "\n");
		return report_flush();
	}
	if (cli.action == ACTION_HELP)
		return print_help();
	if (cli.nwords > 0 && (word = words_find(cli.words[0])) == NULL)
		return act_on_arguments(&cli);
	return act_on_configuration(&cli, word);
}
