#!/usr/bin/perl
# Targets: every spelling that means something else than it says, sent raw, for
# files and for scripts alike.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Pyked;

# A script whose source must never be seen, and what it says when it runs.
my $script = "#!/bin/sh\n# the source\nprintf 'Content-Type: text/plain\\n\\n'"
    . "\nprintf '%s' \"ran as \$SCRIPT_NAME with \$PATH_INFO\"\n";
my $s = Pyked->prepare(tls => 1, files => {
	'small.txt' => "small\n",
	'sub/index.html' => "sub\n",
	'sub/file.txt' => "below\n",
	'a b.txt' => "blank\n",
	'a%2eb.txt' => "percent\n",
	"\xc3\xa4\xff.txt" => "bytes\n",
	'back\\slash.txt' => "backslash\n",
	'semi;x=1' => "semicolon\n",
	'script.cgi' => $script,
	'cgi/small.txt' => "no\n",
	'evil/x' => "x\n",
	'...' => "no\n",
}, scripts => { 'run' => $script, 'sub/run' => $script,
	'a b' => $script });
chmod 0755, "$s->{site}/script.cgi";
spew("$s->{dir}/marker.txt", "the marker\n");
spew("$s->{dir}/marker.cgi", $script, 0755);
$s->write_conf(servers => <<'END');
server {
	listen 127.0.0.1:0
	listen 127.0.0.1:0 tls
	certificate @CERT@ @KEY@
	root @SITE@
	location /cgi/ { cgi dir @CGI@ }
	location *.cgi { cgi on }
}
END
$s->up;

# A target as it is, in a request of its own.
sub ask {
	my ($target, $method) = @_;

	return $s->request(($method // 'GET') . " $target HTTP/1.1\r\n"
	    . "Host: localhost\r\nConnection: close\r\n\r\n");
}

sub is_status {
	my ($target, $status, $why) = @_;
	my $r = ask($target);
	my $shown = $target =~ s/([^\x20-\x7e])/sprintf '\\x%02x', ord $1/ger;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	is $r->{status}, $status, "$status for $shown"
	    . (defined $why ? ": $why" : '');
	unlike $r->{body}, qr/the marker|the source|^no$/m,
	    '... and nothing leaks';
	return $r;
}

# Where each is tried: in the root, in a folder, below scripts, behind one.
my @places = ('/', '/sub/', '/cgi/', '/cgi/sub/', '/cgi/run/');

subtest 'climbing out' => sub {		# P1, P2
	for my $dots ('..', '%2e%2e', '%2E%2E', '.%2e', '%2e.', '%2E.') {
		is_status("/$dots/marker.txt", 400);
		is_status("/$dots", 400);
		is_status("/$dots/", 400);
		is_status("/sub/$dots/$dots/marker.txt", 400);
		is_status("/cgi/$dots/$dots/marker.cgi", 400);
		is_status("/cgi/run/$dots/$dots/$dots/marker.cgi", 400);
		is_status("/small.txt/$dots/$dots/marker.txt", 400);
		is_status("/./$dots/marker.txt", 400);
		is_status("//$dots/marker.txt", 400);
		is ask("/sub/$dots/small.txt")->{body}, "small\n",
		    'dots that stay inside';
		is ask("/sub/$dots")->{status}, 403, '... at the end';
		is ask("/cgi/sub/$dots/run")->{body},
		    'ran as /cgi/run with ', '... before a script';
		is ask("/cgi/$dots/small.txt")->{body}, "small\n",
		    '... and out of its folder into the root';
	}
	is_status('/...', 404, 'three dots are a hidden name');
	is_status("/$_", 404, 'no dots') for '..%2fmarker.txt', '..;/small.txt';
};

subtest 'encoded slashes' => sub {	# P3
	is_status($_, 404) for '/sub%2ffile.txt', '/sub%2Ffile.txt',
	    '/%2fsmall.txt', '/sub/%2e%2e%2fsmall.txt', '/small.txt%2f',
	    '/cgi%2frun', '/cgi/sub%2frun', '/cgi/run%2finfo',
	    '/cgi/run/in%2ffo', '/%2fetc%2fpasswd';
};

subtest 'backslashes' => sub {		# P4
	for my $at (@places) {
		is_status("${at}a\\b", 400, 'raw');
		is_status("$at..\\marker.txt", 400, 'raw');
	}
	is_status($_, 404) for '/..%5cmarker.txt', '/sub%5cfile.txt',
	    '/cgi/sub%5crun', '/cgi/..%5c..%5cmarker.cgi';
	is ask('/back%5cslash.txt')->{body}, "backslash\n",
	    'an ordinary byte of a name';
	is ask('/cgi/run/a%5cb')->{body}, 'ran as /cgi/run with /a\\b',
	    '... and of a path behind a script';
};

subtest 'decoded once' => sub {		# P5
	is_status($_, 404) for '/%252e%252e/marker.txt', '/%2570small.txt',
	    '/sub%252ffile.txt', '/cgi/%252e%252e/%252e%252e/marker.cgi',
	    '/small%252etxt', '/%25%32%65%25%32%65/marker.txt';
	is ask('/a%252eb.txt')->{body}, "percent\n", 'a percent sign is one';
	is ask('/cgi/run/%252e%252e')->{body}, 'ran as /cgi/run with /%2e%2e',
	    '... behind a script, too';
};

subtest 'NUL' => sub {			# P6
	for my $at ('/small.txt', '/script.cgi', '/cgi/run', '/sub/', '/') {
		is_status("$at$_", 400) for '%00', '%00.txt', '%00.html',
		    '%00/info', "\0", "\0.txt";
	}
	is ask('/script.cgi')->{body}, 'ran as /script.cgi with ',
	    'the script itself runs';
};

subtest 'bytes' => sub {		# P7
	for my $at (@places) {
		next if $at eq '/cgi/run/';
		is_status($at . '%c0%ae%c0%ae/marker.txt', 404, 'overlong');
		is_status($at . '%c0%af', 404, 'overlong');
		is_status($at . '%e0%80%ae', 404, 'overlong');
		is_status($at . '%ff%fe', 404, 'no UTF-8');
		is_status("$at\xc0\xae", 400, 'raw');
		is_status("$at\xc3\xa4", 400, 'raw');
		is_status("$at\xff", 400, 'raw');
	}
	is ask('/%c3%a4%ff.txt')->{body}, "bytes\n", 'bytes are opaque';
	is ask('/cgi/run/%c0%ae%ff')->{body},
	    "ran as /cgi/run with /\xc0\xae\xff", '... behind a script, too';
};

subtest 'exact names' => sub {		# P8
	is_status($_, 404) for '/small.txt.', '/small.txt..', '/small.txt%20',
	    '/small.txt/', '/small.txt/x', '/small.txt;', '/small.txt;x=1',
	    '/small.txt::$DATA', '/SMALL.TXT', '/small.tx', '/small.txt~',
	    '/small%2etxt%20', '/%20small.txt', '/cgi/run.', '/cgi/run%20',
	    '/cgi/run;x', '/cgi/RUN', '/script.cgi.', '/script.cgi%20',
	    '/cgi/', '/cgi/sub/', '/cgi/small.txt';
	is ask('/small%2etxt')->{body}, "small\n", 'a dot, encoded';
	is ask('/a%20b.txt')->{body}, "blank\n", 'a blank, encoded';
	is ask('/semi;x=1')->{body}, "semicolon\n", 'a semicolon';
	is ask('/semi%3Bx%3D1')->{body}, "semicolon\n", '... encoded';
	is ask('/cgi/a%20b/c%20d')->{body}, 'ran as /cgi/a b with /c d',
	    'a script with a blank';
	is ask('/cgi/run/')->{body}, 'ran as /cgi/run with /',
	    'a slash behind a script is its own';
};

subtest 'control bytes' => sub {	# P9
	my @wrong;
	for my $at (@places) {
		for my $byte (0 .. 31, 127) {
			my $target = sprintf '%sa%%%02xb', $at, $byte;
			push @wrong, $target if ask($target)->{status} ne '400';
		}
		for my $byte (0 .. 8, 11, 12, 14 .. 31, 127) {
			my $target = "${at}a" . chr($byte) . 'b';
			push @wrong, sprintf '%s raw %02x', $at, $byte
			    if ask($target)->{status} ne '400';
		}
	}
	is "@wrong", '', 'none of them, encoded or raw';
};

subtest 'bad encoding' => sub {		# P10
	for my $at (@places) {
		is_status("$at$_", 400) for '%', '%1', '%zz', '%1z', '%z1',
		    'a%', '%%41', '%u0041', '%-1', '%+1', '%a',
		    '%2', 'x%/';
	}
	is_status('/small.txt?%', 200, 'in a query they are anybody\'s');
};

subtest 'empty segments' => sub {	# P11
	for ('//sub', '///sub', '/./sub', '//./sub', '//evil/..//sub',
	    '/evil/../sub', '/%2e/sub', '/.//sub', '////sub',
	    '//evil.example/..//sub') {
		my $r = ask($_);
		is $r->{status}, 301, "301 for $_";
		is field($r, 'Location'), '/sub/', '... to /sub/ alone';
	}
	is ask($_)->{body}, "below\n", $_ for '//sub//file.txt',
	    '/sub/./file.txt', '/sub///./file.txt', '/./sub/././file.txt';
	is ask('//cgi//run')->{body}, 'ran as /cgi/run with ', '//cgi//run';
	is ask('/cgi/./sub//run//x')->{body}, 'ran as /cgi/sub/run with /x',
	    '/cgi/./sub//run//x';
	my $r = ask('//sub?//x');
	is field($r, 'Location'), '/sub/?//x', 'a query is left alone';
	is field(ask('/sub?a=%0d%0aX:%20y'), 'Location'),
	    '/sub/?a=%0d%0aX:%20y', '... and stays encoded';
	$r = $s->request("GET //sub HTTP/1.1\r\nHost: evil.example\r\n"
	    . "Connection: close\r\n\r\n");
	unlike $r->{head} . $r->{body}, qr/evil/, 'no Host is repeated';
};

subtest 'forms of a target' => sub {	# P12
	my $get = sub {
		return $s->request(join("\r\n", @_) . "\r\n\r\n");
	};
	for my $target ('http://localhost/small.txt',
	    'HTTP://other.example/small.txt',
	    'http://localhost/sub/../small.txt') {
		is $get->("GET $target HTTP/1.1", 'Host: localhost')->{body},
		    "small\n", "absolute: $target";
	}
	is $get->('GET https://localhost/small.txt HTTP/1.1', 'Host: localhost')
	    ->{status}, 421, 'https is not answered by http';
	is $get->('GET http://localhost/cgi/run/x HTTP/1.1', 'Host: y')
	    ->{body}, 'ran as /cgi/run with /x', 'absolute, for a script';
	is $get->('GET http://localhost/../marker.txt HTTP/1.1', 'Host: x')
	    ->{status}, 400, 'absolute, and climbing';
	is $get->('GET http://localhost/sub HTTP/1.1', 'Host: x')
	    ->{fields} && field($get->('GET http://localhost/sub HTTP/1.1',
	    'Host: x'), 'Location'), '/sub/', 'absolute, redirected';
	is $get->("GET $_ HTTP/1.1", 'Host: localhost')->{status}, 400,
	    "400 for GET $_" for '*', 'small.txt', 'localhost:80',
	    'ftp://localhost/small.txt', 'http:///small.txt', 'http:small.txt',
	    '?x', '%2fsmall.txt', 'http://u@localhost/small.txt';
	is $get->('OPTIONS * HTTP/1.1', 'Host: localhost')->{status}, 204,
	    'OPTIONS *';
	my $c = client($s)->send("CONNECT localhost:80 HTTP/1.1\r\n"
	    . "Host: localhost\r\n\r\nGET /small.txt HTTP/1.1\r\n"
	    . "Host: localhost\r\n\r\n");
	my $bytes = $c->rest;
	like $bytes, qr{^HTTP/1\.1 (405|501) }, 'CONNECT is refused';
	unlike $bytes, qr/small/, '... and the connection ends';
};

subtest 'long paths' => sub {		# P25
	my $name = 'n' x 251 . '.txt';
	$s->put_file($name, "long\n");
	is ask("/$name")->{body}, "long\n", 'a name of 255 bytes';
	is_status("/n$name", 404, 'of 256');
	is_status('/' . 'x' x 4000, 404, 'of 4000');
	is_status('/' . join('/', ('x') x 2047), 404, 'a path of 4094 bytes');
	is_status('/' . join('/', ('x') x 2049), 404, 'of 4098');
	is_status('/' . join('/', ('x' x 200) x 35), 404, 'of 7035');
	is_status('/' . 'x/' x 5000, 414, 'of 10000');
	is_status('/cgi/' . 'x/' x 3000, 404, 'of 6000, for scripts');
	is_status('/cgi/run/' . 'x/' x 3000, 200, '... and behind one');
	is_status('/' . '%78' x 1500, 404, 'encoded');
	is_status('/sub/' . '../' x 2000, 400, 'and up again');
	is_status('/' . 'a/../' x 1500 . 'small.txt', 200,
	    'and down and up again');
};

subtest 'memory' => sub {		# P25
	plan skip_all => 'sanitizers keep what was freed'
	    if Pyked::is_sanitized();
	my ($worker) = $s->workers;
	my $rss = sub {
		(slurp("/proc/$worker/status") =~ /^RssAnon:\s+(\d+)/m)[0];
	};
	my $c;
	my $ask = sub {
		for my $n (1 .. $_[0]) {
			$c = client($s) if $n % 100 == 1;
			$c->send(join '', map { Pyked::Http::bytes(
			    GET => "/$_/" . 'y' x 200) } $n * 8 .. $n * 8 + 7);
			$c->response for 1 .. 8;
		}
	};
	$ask->(50);
	my $before = $rss->();
	$ask->(500);
	cmp_ok $rss->() - $before, '<', 1024,
	    '4000 names that are not there leave nothing';
};

subtest 'over https' => sub {
	for (['/../marker.txt', 400], ['/sub%2ffile.txt', 404],
	    ['/cgi/run%00.txt', 400], ['/small.txt', 200]) {
		my ($target, $status) = @$_;
		my $r = curl('-k', '--path-as-is', '-o', '/dev/null', '-w',
		    '%{http_code}', $s->url($target, 'https'));
		is $r->{out}, $status, "$status for $target";
	}
};

$s->stop;
done_testing;
