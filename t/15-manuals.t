#!/usr/bin/perl
# The manuals: well-formed, complete, and true. What they show is tried out.
#
# Examples are marked in the sources by a comment before their display:
# "example NAME" is a configuration, "script NAME" a script.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Pyked;

my $top = Pyked::top();
my $pyked = Pyked::program();
my ($pyked_8, $conf_5, $cgi_7) = map { "$top/$_" }
    qw(master/pyked.8 conf/pyked.conf.5 worker/pyked-cgi.7);

# The lines of a section of a manual's source.
sub section {
	my ($file, $name) = @_;
	my ($text) = slurp($file) =~ /^\.Sh \Q$name\E\n(.*?)(?=^\.Sh |\z)/ms;

	return $text // die "$file: no section $name\n";
}

# A manual, or a section of it, as people see it, wide enough that no heading
# is broken.
sub rendered {
	my ($file, $name) = @_;
	my $text = run('mandoc', '-Tascii', '-Owidth=200', $file)->{out};

	$text =~ s/.\x08//g;
	($text) = $text =~ /^\Q$name\E\n(.*?)(?=^[A-Z]|\z)/ms;
	return $text;
}

# The displays of a manual that are marked so, by name.
sub displays {
	my ($file, $mark) = @_;
	my %found = slurp($file) =~
	    /^\.\\" $mark (\S+)\n\.Bd [^\n]*\n(.*?)^\.Ed$/msg;

	s/\\e/\\/g, s/\\&//g for values %found;
	return %found;
}

subtest 'well-formed' => sub {
	for my $file ($pyked_8, $conf_5, $cgi_7) {
		my $r = run('mandoc', '-Tlint', '-Wwarning', $file);
		is "$r->{status}$r->{out}$r->{err}", '0', $file;
	}
};

# --- directives ---

# What "pyked help" says of the directives of a name: their headings, and the
# facts that the manual has of each in parentheses.
sub ask_help {
	my ($name) = @_;
	my @entries = split /^(?=\S)/m, run($pyked, 'help', $name)->{out};

	# A word of the same name is said first.
	return map { facts(/^([^\n]*)\n(.*)/s) } grep { !/^pyked / } @entries;
}

sub facts {
	my ($heading, $text) = @_;
	my ($where) = $text =~ /^    belongs in: (.*)$/m;
	my @where = map { s/ (?:level|block)$//r } split /, /, $where;
	my @facts = @where > 4 ? 'anywhere' : join ', ', @where;

	push @facts, "default $1" if $text =~ /^    default: (.*)$/m;
	push @facts, $1 if $text =~ /^    range: (.*)$/m;
	push @facts, 'needs a restart' if $text =~ /needs: a restart$/m;
	return $heading, join '; ', @facts;
}

subtest 'every directive' => sub {
	my ($list) = run($pyked, 'help')->{out} =~ /^Directives.*?\n(.*)/ms;
	my %names = map { $_ => 1 } $list =~ /^  (\S+)/mg;
	my %manual = rendered($conf_5, 'DIRECTIVES') =~
	    /^ {5}(\S.*)\n +\((.*)\)$/mg;

	cmp_ok scalar keys %names, '>', 40, 'there are some';
	for my $name (sort keys %names) {
		my %facts = ask_help($name);
		is delete $manual{$_}, $facts{$_}, $_ for sort keys %facts;
	}
	is join(', ', sort keys %manual), '', 'and no others';
};

# --- the command line ---

subtest 'options, words, statuses' => sub {
	my ($usage) = section($pyked_8, 'DESCRIPTION') =~
	    /(.*)^\.Ss Without a configuration/ms;
	my $help = run($pyked, '-h')->{out};
	my @options = $help =~ /^ +-(\w) /mg;
	my @words = $help =~ /^  ([a-z]+) /mg;

	cmp_ok @options * @words, '>=', 36, 'there are some';
	is_deeply [$usage =~ /^\.It Fl (\w)/mg], \@options, 'options';
	is_deeply [$usage =~ /^\.It Cm (\w+)/mg], \@words, 'words';
	my $synopsis = section($pyked_8, 'SYNOPSIS');
	like $synopsis, qr/\b$_\b/, "$_ is in the synopsis"
	    for @options, @words;

	my ($page) = slurp("$top/worker/serve/error.c") =~ /table\[\] = (.*?);/s;
	my ($table) = section($pyked_8, 'DIAGNOSTICS') =~ /^\.Ss Statuses(.*)/ms;
	my @documented = map { split / , / } $table =~ /^\.It ([\d ,]+)/mg;
	is_deeply [sort @documented], [sort 304, $page =~ /\{ (\d+), /g],
	    'statuses';
};

subtest 'exit statuses' => sub {
	my $s = Pyked->prepare;
	my @c = ('-c', $s->{conf});
	my %status;
	my $try = sub {
		my ($want, @arguments) = @_;
		my $r = run($pyked, @arguments);

		is $r->{status}, $want, "$want: @arguments" or diag $r->{err};
		$status{$want} = 1;
	};

	$try->(0, '-V');
	$try->(0, @c, '-t');
	$try->(0, @c, $_) for qw(stop quit);
	$try->(1, @c, $_) for qw(reload reopen);
	$try->(2, '-Z');
	$try->(2, 'help', 'nothing-of-the-kind');
	$try->(78, '-c', "$s->{dir}/missing.conf");
	spew($s->{conf}, "lisen 80\n");
	$try->(78, @c, '-t');
	is_deeply [section($pyked_8, 'EXIT STATUS') =~ /^\.It (\d+)$/mg],
	    [sort { $a <=> $b } keys %status], 'all that are documented';
	spew($s->{conf}, "pidfile $s->{dir}/pyked.pid\n");
	$try->(3, @c, 'status');
	$try->(4, '-c', "$s->{dir}/missing.conf", 'status');
};

# --- configurations ---

# A folder with everything that the examples name; their paths are moved there.
# An interpreter is started by its path, so scripts' user may enter it.
my $root = temporary(0755);
spew("$root/srv/www/$_/index.html", "$_\n") for qw(html example net default);
spew("$root/srv/www/example/page.php", "php\n");
spew("$root/$_/here", '') for qw(conf.d html srv/git var/log/pyked);
spew("$root/conf.d/site.conf", "root ../srv/www/html\n");
spew("$root/usr/$_", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
    . 'echo "$SCRIPT_NAME $PATH_INFO $APP_ENV$GIT_PROJECT_ROOT"', 0755)
    for qw(lib/cgi-bin/show lib/git-core/git-http-backend bin/php-cgi);
my $names = spew("$root/names", "#!/usr/bin/perl\n"
    . 'print "Content-Type: text/plain\n\n", map { "$_\n" } keys %ENV;', 0755);
{
	my ($cert, $key) = certificate($root, 'example.org');

	mkdir $_ or die "$_: $!" for map { "$root/$_" } qw(etc etc/ssl
	    etc/ssl/private);
	spew("$root/etc/pyked/staff.htpasswd",
	    "ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n");
	rename $cert, "$root/etc/ssl/example.pem" or die "$!";
	rename $key, "$root/etc/ssl/private/example.key" or die "$!";
}
my %example = map { displays($_, 'example') } $pyked_8, $conf_5, $cgi_7;
s{(?<=\s)/(?=(?:etc|srv|usr|var)/)}{$root/}g for values %example;

subtest 'example configurations' => sub {
	cmp_ok scalar keys %example, '>=', 7, 'there are some';
	for my $name (sort keys %example) {
		my $file = spew("$root/$name", $example{$name});
		my $r = run($pyked, '-t', '-c', $file);

		like $r->{out}, qr/^\Q$file\E: the configuration is fine$/m,
		    $name or diag $r->{out}, $r->{err};
		is $r->{err}, '', '... without a warning';
	}
};

subtest 'several names' => sub {
	my $port = free_port();
	my $s = Pyked->start(servers => $example{'names.conf'} =~
	    s/listen  80$/listen 127.0.0.1:$port/mgr);
	my %site = ('example.org' => 'example', 'www.Example.ORG.' => 'example',
	    'a.b.example.net' => 'net', 'example.net' => 'default',
	    'elsewhere:81' => 'default');

	for my $host (sort keys %site) {
		my $r = $s->request("GET / HTTP/1.1\r\nHost: $host\r\n"
		    . "Connection: close\r\n\r\n");
		is $r->{body}, "$site{$host}\n", $host;
	}
	$s->stop;
};

subtest 'scripts of the example' => sub {
	my $s = Pyked->start(servers => $example{'scripts.conf'} =~
	    s/listen  80$/listen 127.0.0.1:0/mr);
	my %says = ('/' => 'example',
	    '/cgi-bin/show/x' => '/cgi-bin/show /x production',
	    '/git/a.git/info/refs' => "/git /a.git/info/refs $root/srv/git",
	    '/page.php' => '/page.php  ');

	is $s->get($_)->{body}, "$says{$_}\n", $_ for sort keys %says;
	$s->stop;
};

# --- scripts ---

# A server with the scripts of the manual, and one that says what it is told.
sub start_scripts {
	my ($scripts) = @_;
	my $s = Pyked->prepare(tls => 1, scripts => $scripts,
	    files => { 'file.x' => '' }, servers => <<"END");
server {
	listen 127.0.0.1:0
	listen 127.0.0.1:0 tls
	certificate \@CERT\@ \@KEY\@
	client-certificate optional \@CERT\@
	root \@SITE\@
	location /cgi-bin/ {
		cgi dir \@CGI\@/
	}
	location /names {
		cgi program $names
	}
	location /named {
		cgi program $names
		auth Staff $root/etc/pyked/staff.htpasswd
	}
	location *.x {
		cgi with $names
	}
}
END
	for my $source (glob "$s->{cgi}/*.c") {
		my $r = run('cc', '-Wall', '-o', $source =~ s/\.c$//r, $source);
		is "$r->{status}$r->{err}", '0', "$source compiles";
	}
	return $s->up;
}

my %script = displays($cgi_7, 'script');
my $s = start_scripts(\%script);

subtest 'example scripts' => sub {
	my $count = '/cgi-bin/count.pl';
	my $text = "one\ntwo\n";

	is_deeply [sort keys %script], [qw(count.pl hello.sh slowly.c)],
	    'all of them are tried here';
	my $r = $s->get('/cgi-bin/hello.sh?x');
	is $r->{body}, "Hello 127.0.0.1, you asked for /cgi-bin/hello.sh?x\n",
	    'sh';
	$r = $s->request(Pyked::Http::bytes(POST => $count, Connection =>
	    'close', 'Content-Length' => length $text) . $text);
	is "$r->{status} " . field($r, 'Location'),
	    "303 $count?2", 'perl: after a form';
	is $s->get("$count?2")->{body}, "2 lines were sent\n", '... its result';
	is $s->get($count)->{status}, 400, '... a mistake';
	is $s->get('/cgi-bin/slowly')->{body}, "1\n2\n3\n", 'C';
};

subtest 'variables of scripts' => sub {
	my $source = section($cgi_7, 'ENVIRONMENT');
	my %documented = $source =~ /^\.It Ev (\w+)( No \*)?$/mg;
	my $posted = curl('-k', '--cert', $s->{cert}, '--key', $s->{key}, '-d', 'a=b', $s->url('/names', 'https'));
	my @set = map { split /\n/ } $s->get('/names/x?y')->{body},
	    $s->get('/file.x')->{body}, $posted->{out},
	    curl('-u', 'ann:secret', $s->url('/named'))->{out};
	my %set = map { s/^HTTP_.*/HTTP_NAME/r => 1 } @set;

	is_deeply [sort keys %set], [sort keys %documented],
	    'those that are set are those that are documented';

	my @fixed = grep { $documented{$_} } sort keys %documented;
	my @free = grep { !$documented{$_} } sort keys %documented;
	my $conf = "$root/env.conf";
	spew($conf, join '', "root srv/www/html\n",
	    map { "env $_ x\n" } @free);
	my $r = run($pyked, '-t', '-c', $conf);
	is $r->{status}, 0, 'a site may set those without a star'
	    or diag $r->{err};
	spew($conf, join '', map { "env $_ x\n" } @fixed);
	$r = run($pyked, '-t', '-c', $conf);
	is_deeply [$r->{err} =~ /"(\w+)" cannot be set/g], \@fixed,
	    'and none of the others';
};

$s->stop;

# --- messages ---

# All texts that the program has, with their conversions as NUL.
sub texts {
	my $all = '';

	for my $file (glob "$top/{common,master,worker,worker/serve}/*.c") {
		my $text = slurp($file) =~ s/"\s*\n\s*"//gr;

		$all .= "$_\n" for $text =~ /"((?:\\.|[^"\\\n])*)"/g;
	}
	return $all =~ s/\\"/"/gr =~ s/%[-.*0-9]*[a-z]+/\0/gr;
}

subtest 'messages' => sub {
	my $texts = texts();
	my ($ours) = rendered($pyked_8, 'DIAGNOSTICS') =~ /(.*)^   Statuses/ms;
	my @messages = ($ours =~ /^ {5}(\S.*)\n {8}/mg,
	    section($cgi_7, 'DIAGNOSTICS') =~ /^\.Dq (.*?)(?: [:;,.])?$/mg);
	s/^"|"$//g for @messages;

	cmp_ok scalar @messages, '>', 25, 'there are some';
	for my $message (@messages) {
		# What stands in capitals, and numbers, are different each time.
		my @parts = split
		    /[ (]*\b[A-Z]{2,}\b[ ):]*|[ (]*\b(?:N|\d+)\b */,
		    $message;
		my @missing = grep { index($texts, $_) < 0 } @parts;

		is "@missing", '', $message;
	}
};

done_testing;
