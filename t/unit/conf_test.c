/*
 * The configuration's grammar and messages, word for word.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t/unit/conf_load.h"

static void
test_design_example(void)
{
	/* the message of DESIGN section 7, in its place */
	bad("\n\n\n\n\n\n\n\n\n\nserver a.org {\n"
	    "    servr_name example.org\n}\n", 1,
	    "pyked.conf:12:5: unknown directive \"servr_name\" in server "
	    "block\n"
	    "   12 |     servr_name example.org\n"
	    "      |     ^^^^^^^^^^ did you mean \"server\"?\n");
}

static void
test_several(void)
{
	bad("workers 600; drain 10\n"
	    "limitz { connections { } }\n"
	    "server a.org {\n"
	    "\tlisten 80; dotfiles  yes\n"
	    "    location /x { root / }\n"
	    "}\n", 5,
	    "pyked.conf:1:9: \"600\" is out of range: \"workers\" takes 1 to "
	    "512\n"
	    "    1 | workers 600; drain 10\n"
	    "      |         ^^^\n"
	    "pyked.conf:1:20: \"10\" is not a time\n"
	    "    1 | workers 600; drain 10\n"
	    "      |                    ^^ write a time like 500ms, 10s, 5m, "
	    "1h, 14d or 1y\n"
	    "pyked.conf:2:1: unknown directive \"limitz\" at main level\n"
	    "    2 | limitz { connections { } }\n"
	    "      | ^^^^^^ did you mean \"limits\"?\n"
	    "pyked.conf:4:23: \"yes\" is not on or off\n"
	    "    4 | \tlisten 80; dotfiles  yes\n"
	    "      | \t                     ^^^ write on or off\n"
	    "pyked.conf:5:24: the whole machine cannot be served\n"
	    "    5 |     location /x { root / }\n"
	    "      |                        ^ name a folder below it\n");
}

static void
test_braces(void)
{
	bad("server a {\n", 1,
	    "pyked.conf:1:1: this block is not closed\n"
	    "    1 | server a {\n"
	    "      | ^^^^^^ put a \"}\" at its end\n");
	bad("}\n", 1,
	    "pyked.conf:1:1: unexpected \"}\"\n"
	    "    1 | }\n"
	    "      | ^ no block is open here\n");
	bad_part("log\n{\n}\n", "\"{\" without a directive");
	bad_part("limits { } drain 5s\n", "1:12: text behind \"}\"");
	bad_part("limits\n", "\"limits\" needs a block");
	bad_part("drain 5s { }\n", "\"drain\" has no block");
	ok(load("log{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{") == NULL &&
	    strstr(said(), "blocks are nested too deeply") != NULL, "depth");
	good("limits { fields 5 } ; drain 5s\n");
	good("limits{fields 5}");
	good("");
	good("\n\n;;\n# nothing\n");
}

static void
test_words(void)
{
	struct conf *conf = must_load(
	    "root \"/srv/a b;{}#\\\"\\\\\\$$$\"\n"
	    "index a#b \\\n   c\\\nd e\\;f # comment\n"
	    "env EMPTY \"\"\n");
	const struct conf_location *l = &conf->servers[0].base;

	ok(strcmp(l->root->path, "/srv/a b;{}#\"\\$$") == 0, "quotes: %s",
	    l->root->path);
	ok(l->nindex == 3 && strcmp(l->index[0], "a#b") == 0 &&
	    strcmp(l->index[1], "cd") == 0 && strcmp(l->index[2], "e;f") == 0,
	    "continuation, and escapes outside quotes");
	ok(strcmp(l->cgi.env[0], "EMPTY=") == 0, "an empty word");
	conf_free(conf);

	bad("root \"/srv\n", 1,
	    "pyked.conf:1:6: this quote is not closed\n"
	    "    1 | root \"/srv\n"
	    "      |      ^ put a \" at its end\n");
	bad_part("env A \"one\ntwo\"\n", "1:7: this quote is not closed");
	bad_part("env A \"one\n\\\" server {\n\r\n\" B\n",
	    "1:7: this quote is not closed");
	bad("root \"/srv\npidfile \"/x y\"\ndrian 5s\n", 2,
	    "pyked.conf:1:6: this quote is not closed\n"
	    "    1 | root \"/srv\n"
	    "      |      ^ put a \" at its end\n"
	    "pyked.conf:3:1: unknown directive \"drian\" at main level\n"
	    "    3 | drian 5s\n"
	    "      | ^^^^^ did you mean \"drain\"?\n");
	bad_part("root /s\"rv\"\n", "1:8: a quote in the middle of a word");
	bad_part("root \"/s\"rv\n", "1:10: text right behind a closing quote");
	bad_part("root /s\\nx\n", "1:8: \"\\n\" means nothing");
	bad_part("root /s \\ x\n", "1:9: \"\\\" before a blank");
	bad_part("root /s\\", "1:8: \"\\\" at the end of the file");
}

static void
test_bytes(void)
{
	static const char zero[] = "drain 5s\0\n", mark[] = "\xef\xbb\xbf"
	    "drain 5q\r\nfoo\r\n";
	char *line = malloc(1 << 20);
	struct conf *conf;

	good("\xef\xbb\xbf" "drain 5s\r\nroot \\\r\n /x\r\n");
	bad(mark, 2, "pyked.conf:1:7: \"5q\" is not a time\n"
	    "    1 | drain 5q\n"
	    "      |       ^^ write a time like 500ms, 10s, 5m, 1h, 14d or 1y\n"
	    "pyked.conf:2:1: unknown directive \"foo\" at main level\n"
	    "    2 | foo\n"
	    "      | ^^^ \"pyked help\" lists all there are\n");
	bad("user \x1b[2Jme\n", 1,
	    "pyked.conf:1:6: control character \\x1B\n"
	    "    1 | user \\x1B[2Jme\n"
	    "      |      ^^^^ remove it\n");
	bad("f\xc3\xbc\xff\xc2\x9b \"\n", 1,
	    "pyked.conf:1:8: this quote is not closed\n"
	    "    1 | f\xc3\xbc\\xFF\\xC2\\x9B \"\n"
	    "      |                ^ put a \" at its end\n");
	conf_errors_free(&errors);
	write_bytes("zero.conf", zero, sizeof(zero) - 1);
	conf = conf_load("zero.conf", &errors);
	ok(conf == NULL && strstr(said(), "1:9: a zero byte: this is not a "
	    "text file") != NULL, "a zero byte");
	memset(line, 'x', 1 << 20);
	memcpy(line + (1 << 19), " \" ", 3);
	line[(1 << 20) - 1] = '\0';
	ok(load(line) == NULL && errors.n == 1 &&
	    buf_len(&errors.text) < 1000, "a line of 1 MiB is shown in part");
	free(line);
}

static void
test_let(void)
{
	struct conf *conf = must_load("let top /srv\nlet www $top/www\n"
	    "root $www/a\n"
	    "server a { listen 1; let www /other; root \"$www b\" }\n"
	    "server b { listen 2; root $www }\n");

	ok(strcmp(conf->servers[0].base.root->path, "/other b") == 0,
	    "let within a block, in quotes");
	ok(strcmp(conf->servers[1].base.root->path, "/srv/www") == 0,
	    "it ends with the block");
	conf_free(conf);
	bad("let root /srv\nroot $rot/x\n", 1,
	    "pyked.conf:2:6: unknown name \"$rot\"\n"
	    "    2 | root $rot/x\n"
	    "      |      ^^^^ did you mean \"$root\"?\n");
	bad_part("root $\n", "1:6: \"$\" without a name behind it");
	bad_part("root /a$rets\n", "unknown name \"$rets\"");
	bad_part("root /a$rest\n", "$rest and $query mean nothing here");
	bad_part("let rest /b\n", "this name is for redirects");
	bad_part("let a 1\nlet a 2\n", "2:5: \"a\" was given a value at "
	    "pyked.conf:1");
	bad_part("let 1a 2\n", "1:5: this is not a name");
	bad_part("let a\n", "too few values for \"let\"");
	bad_part("let a b c\n", "1:9: too many values for \"let\"");
}

static void
test_include(void)
{
	struct conf *conf;

	(void)mkdir("conf.d", 0700);
	(void)mkdir("[x]", 0700);
	write_file("conf.d/1.conf", "let r www\nroot $r\n");
	write_file("conf.d/2.conf", "dotfiles on\ninclude ../\\\nthree");
	write_file("three", "drain 7s");
	conf = must_load("include conf.d/*.conf\nenv R $r\n"
	    "include nothing/*.conf");
	ok(strstr(conf->servers[0].base.root->path, "/conf.d/www") != NULL,
	    "paths are relative to their file: %s",
	    conf->servers[0].base.root->path);
	ok(conf->servers[0].base.dotfiles && conf->drain_ms == 7000,
	    "all files of a pattern, and a file of a file");
	ok(strcmp(conf->servers[0].base.cgi.env[0], "R=www") == 0,
	    "a let of an included file");
	conf_free(conf);

	write_file("[x]/a.conf", "drian 5s\n}\nserver {\n");
	bad("include [[]x]/*\n", 3,
	    "[x]/a.conf:2:1: unexpected \"}\"\n    2 | }\n"
	    "      | ^ no block is open here\n"
	    "[x]/a.conf:3:1: this block is not closed\n    3 | server {\n"
	    "      | ^^^^^^ put a \"}\" at its end\n"
	    "[x]/a.conf:1:1: unknown directive \"drian\" at main level\n"
	    "    1 | drian 5s\n      | ^^^^^ did you mean \"drain\"?\n");
}

static void
test_include_bad(void)
{
	char name[16], text[32];
	int i;

	bad("include nosuch.conf\n", 1,
	    "pyked.conf:1:9: cannot include nosuch.conf: No such file or "
	    "directory\n"
	    "    1 | include nosuch.conf\n"
	    "      |         ^^^^^^^^^^^\n");
	bad_part("include conf.d\n", "cannot include conf.d: Is a directory");
	bad_part("include \"\"\n", "a file without a name");
	bad_part("include\n", "too few values for \"include\"");
	bad_part("include x { }\n", "\"include\" has no block");
	bad_part("include pyked.conf\n", "pyked.conf is being read already");
	write_file("loop", "include ./conf.d/../pyked.conf\n");
	bad_part("include loop\n", "is being read already");
	for (i = 0; i < 12; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i);
		(void)snprintf(text, sizeof(text), "include n%d\n", i + 1);
		write_file(name, text);
	}
	bad_part("include n0\n", "n7:1:9: includes are nested deeper than 8");
}

static void
test_file(void)
{
	struct conf *conf;

	conf_errors_free(&errors);
	conf = conf_load("nosuch", &errors);
	ok(conf == NULL && strcmp(said(), "nosuch: cannot be read: No such "
	    "file or directory\n") == 0, "no file");
	conf_errors_free(&errors);
	conf = conf_load("conf.d", &errors);
	ok(conf == NULL && strcmp(said(), "conf.d: cannot be read: Is a "
	    "directory\n") == 0, "a folder");
	conf_errors_free(&errors);
	conf = conf_load(NULL, &errors);
	ok(conf != NULL && errors.n == 0, "no file at all is all defaults");
	conf_free(conf);
}

static void
test_many_mistakes(void)
{
	static const char rest[] = "\n... and 10 more mistakes\n";
	char text[1000] = "";
	int i;

	for (i = 0; i < 60; i++)
		strcat(text, "xyzzy\n");
	ok(load(text) == NULL && errors.n == 60, "sixty mistakes are counted");
	ok(strstr(said(), "pyked.conf:50:1") != NULL &&
	    strstr(said(), "pyked.conf:51:1") == NULL, "fifty are shown");
	ok(str_ends(buf_str(&errors.text), str_from(rest)),
	    "and the rest counted");
}

static void
test_error_forms(void)
{
	struct conf_errors e = { 0 };
	struct conf_pos pos = { .file = "three", .line = 1, .col = 1 };

	conf_error(&e, NULL, 0, "cure", "no place");
	conf_error(&e, &pos, 0, "cure", "no caret");
	pos.line = 99;
	conf_error(&e, &pos, 5, NULL, "gone\n");
	ok(str_eq(buf_str(&e.text), STR("no place (cure)\n"
	    "three:1:1: no caret (cure)\n    1 | drain 7s\n"
	    "three:99:1: gone\\x0A\n")), "places without a line");
	conf_errors_free(&e);
}

int
main(void)
{
	enter();
	test_design_example();
	test_several();
	test_braces();
	test_words();
	test_bytes();
	test_let();
	test_include();
	test_include_bad();
	test_file();
	test_many_mistakes();
	test_error_forms();
	leave();
	return done_testing();
}
