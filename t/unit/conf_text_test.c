/*
 * Configurations that are made from a command line, where the control socket
 * lies, and looking for a server whose configuration is broken.
 */
#include "t/unit/conf_load.h"

static struct conf *
load_text(const char *text)
{
	conf_errors_free(&errors);
	return conf_load_text(text, &errors);
}

static void
test_text(void)
{
	struct conf *conf = load_text("pidfile /p\nroot /srv/x\nlisten 0\n");

	ok(conf != NULL && conf->file == conf_command_line &&
	    conf->pidfile_set && strcmp(conf->pidfile, "/p") == 0 &&
	    conf->nlistens == 2, "a text is as good as a file");
	conf_free(conf);
	conf = load_text("");
	ok(conf != NULL, "an empty one too");
	conf_free(conf);
	conf = load_text("workers none\n\nlisten foo\n");
	ok(conf == NULL && errors.n == 2, "mistakes are found");
	ok(strcmp(said(), "the command line: \"none\" is not a number (write "
	    "digits alone, like 100)\n"
	    "the command line: \"foo\" is not an address to listen on (write "
	    "PORT, ADDRESS:PORT, [V6]:PORT or unix:/PATH)\n") == 0,
	    "and told without a place: %s", said());
}

/* Every byte a name may have comes back as it was. */
static void
test_quote(void)
{
	char word[256], line[1024];
	struct buf out = { 0 };
	struct conf *conf;
	size_t i, n = 0;

	for (i = ' '; i < 256; i++)
		if (i != 0x7f && i != '/')
			word[n++] = (char)i;
	word[n] = '\0';
	ok(conf_quote(word, &out) == 0 && buf_put(&out, "", 1) == 0,
	    "quoted");
	(void)snprintf(line, sizeof(line), "env A %s\n", buf_head(&out));
	conf = load_text(line);
	ok(conf != NULL && conf->servers[0].base.cgi.nenv == 1 &&
	    strcmp(conf->servers[0].base.cgi.env[0] + 2, word) == 0,
	    "and read back: %s", said());
	conf_free(conf);
	buf_free(&out);
	ok(conf_quote("a\nlisten 1", &out) == -1 && buf_len(&out) == 0 &&
	    conf_quote("\x7f", &out) == -1 && buf_len(&out) == 0,
	    "control bytes are refused");
	buf_free(&out);
}

static void
control_is(const char *text, const char *control)
{
	struct conf *conf = load_text(text);

	ok(conf != NULL && strcmp(conf->control, control) == 0,
	    "control: %s", name_of(text));
	conf_free(conf);
}

static void
test_control(void)
{
	control_is("", "/run/pyked/control.sock");
	control_is("pidfile /run/a.pid\n", "/run/a.sock");
	control_is("pidfile /run/lock\n", "/run/lock.sock");
	control_is("pidfile /run/a.pid\ncontrol /run/c\n", "/run/c");
	control_is("control /run/c\npidfile /run/a.pid\n", "/run/c");
	control_is("control /run/c\n", "/run/c");
}

/* What a server can be found by, whatever else is in the file. */
static void
found(const char *text, const char *pidfile, const char *control)
{
	struct conf *conf;

	write_file("pyked.conf", text);
	conf = conf_load_anyhow("pyked.conf");
	ok(conf != NULL && strcmp(conf->pidfile, pidfile) == 0 &&
	    strcmp(conf->control, control) == 0, "found: %s", name_of(text));
	conf_free(conf);
}

static void
test_anyhow(void)
{
	struct conf *conf = conf_load_anyhow(NULL);

	ok(conf != NULL && strcmp(conf->pidfile, "/run/pyked/pyked.pid") == 0 &&
	    conf->drain_ms == 30000, "no file: the defaults");
	conf_free(conf);
	found("pidfile /a\n", "/a", "/a.sock");
	found("rot x\npidfile /a\nworkers 0\n", "/a", "/a.sock");
	found("pidfile /a\ncontrol /c\nserver {\nlisten 1\n", "/a", "/c");
	found("}\npidfile /a\n", "/a", "/a.sock");
	found("pidfile\n", "/run/pyked/pyked.pid", "/run/pyked/control.sock");
}

/* A line of nothing but the later bytes of characters is cut somewhere. */
static void
test_cut(void)
{
	char text[400], shown[1024] = "";

	memset(text, 0xbb, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ok(load(text) == NULL && errors.n == 1, "a line of broken UTF-8");
	for (int i = 0; i < 107; i++)
		strcat(shown, "\\xBB");
	strcat(shown, "...\n");
	ok(strstr(said(), shown) != NULL, "... is shown from its beginning");
}

static void
test_nearest(void)
{
	static const char *const names[] = { "reload", "stop" };

	ok(conf_nearest("relaod", names, 2) == names[0], "near to one");
	ok(conf_nearest("xyzzy", names, 2) == NULL, "near to none");
}

int
main(void)
{
	enter();
	test_text();
	test_quote();
	test_control();
	test_anyhow();
	test_cut();
	test_nearest();
	leave();
	return done_testing();
}
