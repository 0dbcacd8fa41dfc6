#!/usr/bin/perl
# Scripts: what they are told, what they may answer, and what becomes of
# requests whose script does not behave. How scripts end is in 41-cgi-end.t.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::MD5 qw(md5_hex);
use Test::More;
use Time::HiRes qw(time);

use Pyked;

# Scripts run as another user than we do: their notes go where both can write.
my $notes = temporary(0777);

my $perl = "#!/usr/bin/perl\n\$| = 1;\n";
my $text = "print qq(Content-Type: text/plain\\n\\n);\n";
my %scripts = (
	env => $perl . $text
	    . 'print "$_=$ENV{$_}\n" for sort keys %ENV;',
	sum => $perl . $text . 'use Digest::MD5;'
	    . 'binmode STDIN; local $/; my $b = <STDIN> // "";'
	    . 'print length($b), " ", Digest::MD5::md5_hex($b), '
	    . '" $ENV{CONTENT_LENGTH}";',
	# Says whatever the query says, percent-decoded.
	say => $perl . '($_ = $ENV{QUERY_STRING}) =~'
	    . 's/%(..)/chr hex $1/ge; print; exit 3 if /exit 3/;',
	stream => $perl . $text . 'print "first\n";'
	    . 'select undef, undef, undef, 0.01 until -e "$ENV{NOTES}/go"'
	    . ' || $i++ > 1500; print "second\n";',
	proc => "#!/bin/sh\necho Content-Type: text/plain\necho\n"
	    . "ls /proc/self/fd | tr '\\n' ' '\necho\n"
	    . "grep -E '^Sig(Blk|Ign|Cgt)|^NoNewPrivs' /proc/self/status\n"
	    . "cat /proc/self/limits\necho umask \$(umask)\npwd\n"
	    . "cut -d' ' -f1,5,6 /proc/\$\$/stat\necho self \$\$\n"
	    . "cut -d' ' -f19 /proc/\$\$/stat\n",
	hang => $perl . 'sleep 60;',
	drip => $perl . $text . 'for (1 .. 200) { print "$_\n";'
	    . 'select undef, undef, undef, 0.1 }',
	over => $perl . 'print "Status: 200\nContent-Length: 4\n\nfo";'
	    . 'select undef, undef, undef, 0.2; print "ur and more";',
	'hang-late' => $perl . $text . 'print "some\n"; sleep 60;',
	wait => $perl . 'open F, ">$ENV{NOTES}/running-$$"; close F;'
	    . 'select undef, undef, undef, 0.01 until '
	    . '-e "$ENV{NOTES}/release" || $i++ > 1500;' . $text
	    . 'print "done\n";',
	spin => $perl . $text . '1 while 1;',
	big => $perl . $text . '$x = "x" x 1024; for $i (1 .. 4096) {'
	    . 'print sprintf("%08d", $i), $x }',
	complain => $perl . 'print STDERR "one\ntw\x1bo\nthree";' . $text
	    . 'exit $ENV{QUERY_STRING};',
	flood => $perl . $text . 'print STDERR (("x" x 127 . "\n") x 8) '
	    . 'for 1 .. 20480; print "done\n"; exit 1;',
	early => $perl . 'print STDERR "cannot go on\n"; exit 7;',
	'no-interpreter' => "#!/nonexistent/perl\n",
	crlf => "#!/bin/sh\r\necho x\r\n",
	'no-program' => "echo hello\n",
	'sub/deep.cgi' => $perl . $text . 'print "$ENV{SCRIPT_NAME} '
	    . '$ENV{PATH_INFO} ", -e "deep.cgi" ? "here" : "elsewhere";',
);

my $s = Pyked->prepare(tls => 1, files => {
	'index.html' => "home\n",
	'app/page.php' => "<?php source ?>\n",
	'app/plain.txt' => "text\n",
});
spew("$s->{cgi}/$_", $scripts{$_}, 0755) for keys %scripts;
spew("$s->{cgi}/source", "secret source\n", 0644);
symlink '/bin/sh', "$s->{cgi}/sh";
symlink 'env', "$s->{cgi}/env-link";
my $interpreter = spew("$notes/interpreter", $perl . $text
    . 'print "$ENV{SCRIPT_FILENAME} $ENV{REDIRECT_STATUS} @ARGV";', 0755);
my $samples = Pyked->top . '/www/cgi-bin';
mkdir "$notes/spool";
chmod 0777, "$notes/spool";
my $cgi = "cgi dir \@CGI\@/\nenv NOTES $notes\nenv APP_ENV test";
$s->write_conf(top => "spool $notes/spool 6m", servers => <<"END");
server {
	listen 127.0.0.1:0
	listen 127.0.0.1:0 tls
	certificate \@CERT\@ \@KEY\@
	root \@SITE\@
	location /cgi/ {
		$cgi
	}
	location /auth/ {
		$cgi
		cgi-authorization on
	}
	location /quick/ {
		$cgi
		cgi-limits {
			timeout 500ms 1s
		}
	}
	location /slow/ {
		$cgi
		cgi-limits {
			timeout 2s 4s
		}
	}
	location /one/ {
		$cgi
		cgi-limits {
			processes 1 queue 1 600ms
		}
	}
	location /patient/ {
		$cgi
		cgi-limits {
			processes 1 queue 8 30s
		}
	}
	location /cpu/ {
		$cgi
		cgi-limits {
			cpu 1s
		}
	}
	location /always/ {
		$cgi
		cgi-limits {
			stderr always
		}
	}
	location /quiet/ {
		$cgi
		cgi-limits {
			stderr off
		}
	}
	location /program/ {
		cgi program \@CGI\@/env
	}
	location *.php {
		cgi with $interpreter
	}
	location /samples/ {
		cgi dir $samples/
	}
}
END
$s->allow(qr/ script \//);
$s->up;

# What a script says in its plain text, as a hash.
sub variables {
	my ($r) = @_;

	return { $r->{body} =~ /^([^=\n]+)=(.*)$/mg };
}

sub encode {
	my ($bytes) = @_;

	$bytes =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ge;
	return $bytes;
}

# The answer to what a script says, byte for byte.
sub said { return $s->get('/cgi/say?' . encode($_[0])) }

subtest 'the environment' => sub {
	my $r = $s->get('/cgi/env/a%20b/c?x=1&y=%41', 'X-Test' => 'yes',
	    Proxy => 'http://evil', 'X_Test' => 'no',
	    Authorization => 'Basic eDp5', Cookie => 'a=1', Cookie => 'b=2',
	    'X-List' => 'one', 'X-List' => 'two');
	my $env = variables($r);
	my $port = $s->port;
	is $r->{status}, 200, 'status';
	my %want = (GATEWAY_INTERFACE => 'CGI/1.1', REQUEST_METHOD => 'GET',
	    REQUEST_URI => '/cgi/env/a%20b/c?x=1&y=%41',
	    SCRIPT_NAME => '/cgi/env', PATH_INFO => '/a b/c',
	    PATH_TRANSLATED => "$s->{site}/a b/c", SERVER_PORT => $port,
	    SCRIPT_FILENAME => "$s->{cgi}/env", SERVER_NAME => 'localhost',
	    QUERY_STRING => 'x=1&y=%41', DOCUMENT_ROOT => $s->{site},
	    SERVER_PROTOCOL => 'HTTP/1.1', REMOTE_ADDR => '127.0.0.1',
	    SERVER_SOFTWARE => 'pyked', HTTP_X_TEST => 'yes',
	    HTTP_COOKIE => 'a=1; b=2', HTTP_X_LIST => 'one, two',
	    PATH => '/usr/local/bin:/usr/bin:/bin', APP_ENV => 'test');
	is $env->{$_}, $want{$_}, $_ for sort keys %want;
	ok !exists $env->{$_}, "no $_" for qw(HTTP_PROXY HTTP_AUTHORIZATION
	    HTTP_CONNECTION CONTENT_LENGTH CONTENT_TYPE HTTPS HOME USER);
	$env = variables($s->get('/auth/env', Authorization => 'Basic eDp5'));
	is $env->{HTTP_AUTHORIZATION}, 'Basic eDp5',
	    'Authorization where it is configured';
	$r = curl('-k', $s->url('/cgi/env', 'https'));
	$env = variables({ body => $r->{out} });
	is $env->{HTTPS}, 'on', 'HTTPS';
	is $env->{REQUEST_SCHEME}, 'https', 'REQUEST_SCHEME';
	like $env->{SSL_PROTOCOL}, qr/^TLSv1\.[23]$/, 'SSL_PROTOCOL';
	ok $env->{SSL_CIPHER}, 'SSL_CIPHER';
	$env = variables($s->request("GET /cgi/env HTTP/1.0\r\n\r\n"));
	is $env->{SERVER_PROTOCOL}, 'HTTP/1.0', 'HTTP/1.0';
	is $env->{SERVER_NAME}, '127.0.0.1', 'no Host';
};

subtest 'which script' => sub {
	my %status = ('/cgi/env' => 200, '/cgi/env/' => 200,
	    '/cgi/nope' => 404, '/cgi/' => 404, '/cgi/sub' => 404,
	    '/cgi/sub/' => 404, '/cgi/source' => 500, '/cgi/sh' => 403,
	    '/cgi/env-link' => 200, '/cgi/env~' => 404,
	    '/cgi/..%2fcgi/env' => 404, '/cgi/%2e%2e/cgi/env' => 200,
	    '/cgi/../../../bin/sh' => 400, '/cgi/env%00.txt' => 400,
	    '/cgi' => 404);
	for my $target (sort keys %status) {
		my $r = $s->get($target);
		is $r->{status}, $status{$target}, $target;
		unlike $r->{body}, qr/secret source/, 'no source is sent';
	}
	is $s->get('/cgi/sub/deep.cgi/x/y')->{body},
	    '/cgi/sub/deep.cgi /x/y here', 'a script in a folder';
	my $env = variables($s->get('/program/repo.git/info?q'));
	is "$env->{SCRIPT_NAME} $env->{PATH_INFO} $env->{QUERY_STRING}",
	    '/program /repo.git/info q', 'one program for a location';
	is $s->get('/app/page.php')->{body},
	    "$s->{site}/app/page.php 200 ", 'an interpreter';
	is $s->get('/app/nope.php')->{status}, 404, 'nothing to interpret';
	is $s->get('/app/plain.txt')->{body}, "text\n", 'a file beside it';
};

subtest 'the samples' => sub {
	like $s->get('/samples/hello')->{body}, qr/Hello from C/, 'C';
	like $s->get('/samples/env.sh?%3Cb%3E<b>')->{body},
	    qr/^QUERY_STRING=%3Cb%3E&lt;b&gt;$/m, 'sh';
	my $form = 'a=5+%3E+4&%C3%A4=%E2%82%AC&empty=';
	for my $r ($s->get("/samples/form.pl?$form"),
	    $s->post('/samples/form.pl', $form, 'Content-Type' =>
	    'application/x-www-form-urlencoded')) {
		like $r->{body}, qr{<th>a</th><td>5 &gt; 4</td>}, 'perl';
		like $r->{body}, qr{<th>\xc3\xa4</th><td>\xe2\x82\xac</td>},
		    'UTF-8';
	}
};

subtest 'bodies' => sub {
	my %body = (nothing => '', small => "a=b\0\xff\r\n",
	    '64 KiB' => 'k' x 65536, '64 KiB and one' => 'l' x 65537,
	    '100 KB' => join('', map { chr $_ * 7 % 256 } 1 .. 100_000),
	    '5 MB' => join('', map { pack 'N', $_ * 2654435761 % 2 ** 32 }
	    1 .. 1_250_000));
	for my $name (sort keys %body) {
		my $n = length $body{$name};
		my $want = "$n " . md5_hex($body{$name}) . " $n";
		is $s->post('/cgi/sum', $body{$name})->{body}, $want, $name;
		my $chunks = '';
		for (my $off = 0; $off < $n; $off += 30_011) {
			my $chunk = substr $body{$name}, $off, 30_011;
			$chunks .= sprintf "%x\r\n%s\r\n", length $chunk,
			    $chunk;
		}
		my $r = $s->request(Pyked::Http::bytes(POST => '/cgi/sum',
		    'Transfer-Encoding' => 'chunked', Connection => 'close')
		    . "${chunks}0\r\n\r\n");
		is $r->{body}, $want, "$name in chunks";
	}
	is $s->get('/cgi/sum')->{body}, '0 ' . md5_hex('') . ' ',
	    'no body: an empty standard input';
	is $s->post('/cgi/env', 'x' x 200_000)->{status}, 200,
	    'a script that does not read it';
	is $s->post('/cgi/sum', 'x' x 7_000_000)->{status}, 507,
	    'more than the spool holds';
	my $n = 5_900_000;
	like $s->post('/cgi/sum', 'x' x $n)->{body}, qr/^$n /,
	    'and its room is given back';
	is_deeply [glob "$notes/spool/*"], [], 'no file is left over';
	my $c = client($s);
	$c->send("POST /cgi/sum HTTP/1.1\r\nHost: a\r\n"
	    . "Content-Length: 10\r\n\r\n12345");
	$c->abort;
	is $s->get('/cgi/env')->{status}, 200, 'half a body';
};

subtest 'streaming' => sub {
	my $c = client($s);
	my $end = time + scaled(10);
	$c->send(Pyked::Http::bytes(GET => '/cgi/stream'));
	1 while $c->{in} !~ /first/ && $c->fill($end) eq 'data';
	like $c->{in}, qr/first\n/, 'the first line is here,';
	unlike $c->{in}, qr/second/, 'the second is not written yet';
	spew("$notes/go", '');
	like $c->response->{body}, qr/^first\nsecond\n\z/, 'and now it is';
	my $r = $c->get('/cgi/big');
	is length $r->{body}, 4096 * 1032, '4 MB on the same connection';
	ok $r->{complete}, 'complete';
	$r = $s->request("GET /cgi/big HTTP/1.0\r\n\r\n");
	is length $r->{body}, 4096 * 1032, 'by HTTP/1.0';
};

subtest 'answers' => sub {
	my $r = said("Status: 404 Gone fishing\nContent-Type: text/x\n\nno");
	is "$r->{status} $r->{body}", '404 no', 'Status';
	is field($r, 'Content-Type'), 'text/x', 'Content-Type';
	$r = said("Location: http://example.org/?a=b\n\n");
	is $r->{status}, 302, 'Location';
	is field($r, 'Location'), 'http://example.org/?a=b', 'absolute';
	$r = said("Location: /local\r\nStatus: 303\r\n\r\n");
	is $r->{status} . field($r, 'Location'), '303/local', 'with Status';
	$r = said("Location: /local\nX-Own: x\n\n");
	is $r->{status} . field($r, 'Location'), '302/local',
	    'a path, with a field';
	$r = said("Content-Type: a/b\nSet-Cookie: a=1\nSet-Cookie: b=2\n"
	    . "X-Own: x\nConnection: upgrade\nTransfer-Encoding: gzip\n"
	    . "Server: fake\nDate: never\nProxy-Status: x\n\nbody");
	is join(',', map { $_->[1] } grep { $_->[0] eq 'Set-Cookie' }
	    @{ $r->{fields} }), 'a=1,b=2', 'a field twice';
	is field($r, 'X-Own'), 'x', 'a field of its own';
	is field($r, 'Server'), 'pyked', 'Server is ours';
	unlike $r->{head}, qr/upgrade|gzip|never|Proxy-/,
	    'so are hop-by-hop fields';
	my $c = client($s);
	$r = $c->send(Pyked::Http::bytes(HEAD => '/cgi/say?'
	    . encode("Content-Type: a/b\n\nbody")))->response(head => 1);
	is $r->{status} . field($r, 'Content-Type'), '200a/b', 'HEAD';
	$r = $c->get('/cgi/say?' . encode("Status: 204\n\nnothing"));
	is "$r->{status}$r->{body}", '204', '204 has no body';
	$r = $c->get('/cgi/say?' . encode("Status: 304\nETag: \"x\"\n\nno"));
	is "$r->{status}$r->{body}", '304', 'nor has 304';
	$r = $c->get('/cgi/env');
	is $r->{status}, 200, 'and the connection goes on';
};

subtest 'Content-Length' => sub {
	my $c = client($s);
	my $r = $c->get('/cgi/say?' . encode("Status: 200\n"
	    . "Content-Length: 4\n\nfour"));
	is field($r, 'Content-Length') . $r->{body}, '4four', 'right';
	is $c->get('/cgi/env')->{status}, 200, 'keeps the connection';
	$s->set_mark;
	$r = $c->get('/cgi/say?' . encode("Status: 200\n"
	    . "Content-Length: 4\n\nfour and more"));
	is $r->{body}, 'four', 'too small: the rest is dropped';
	ok $c->is_closed, 'and the connection closed';
	ok $s->wait_log(qr{/cgi/say: more output than}), 'logged';
	$c = client($s);
	$s->set_mark;
	is $c->get('/cgi/over')->{body}, 'four', 'and found out late';
	ok $c->is_closed, 'the connection is closed, too';
	ok $s->wait_log(qr{/cgi/over: more output than}), 'logged';
	$r = said("Status: 200\nContent-Length: 9\n\nfour");
	ok !$r->{complete}, 'too large: cut short';
	ok $s->wait_log(qr{/cgi/say: its output ended 5 bytes before}),
	    'logged';
	$c = client($s);
	my $start = time;
	$r = $c->get('/cgi/say?' . encode("Status: 200\nContent-Length: 9\n\n"
	    . 'four'));
	ok !$r->{complete} && $c->is_closed, 'a client that would stay sees it';
	cmp_ok time - $start, '<', scaled(3), 'and is not left waiting';
	is said("Status: 200\nContent-Length: x\n\n")->{status}, 502, 'x';
};

subtest 'answers with 502' => sub {
	my %bad = ('nothing at all' => '', 'no blank line' => "Status: 200\n",
	    'a bare CR' => "Status: 200\nX: a\rSet-Cookie: b\n\nx",
	    'a NUL' => "Status: 200\nX: a\0b\n\nx",
	    'a control byte' => "Status: 200\nX: \e[2J\n\nx",
	    'folding' => "Status: 200\nX: a\n b\n\nx",
	    'no colon' => "Status: 200\nhello\n\nx",
	    'no name' => "Status: 200\n: hello\n\nx",
	    'a blank before the colon' => "Status: 200\nX : a\n\nx",
	    'no field that counts' => "X: a\n\nx",
	    'a body alone' => "\nhello", 'garbage' => "\x80\x81\n\nx",
	    'Status 99999' => "Status: 99999\n\nx",
	    'Status 099' => "Status: 099\n\nx",
	    'Status 101' => "Status: 101 Switching\n\nx",
	    'Status 600' => "Status: 600\n\nx",
	    'Status OK' => "Status: OK\n\nx");
	for my $name (sort keys %bad) {
		my $r = said($bad{$name});
		is $r->{status}, 502, $name;
		unlike $r->{head} . $r->{body}, qr/^X|hello|Set-Cookie/m,
		    'nothing of it is sent';
	}
	spew("$s->{cgi}/long", $perl . 'print "Status: 200\n";'
	    . 'print "X-$_: ", "x" x 100, "\n" for 1 .. 1e6', 0755);
	is $s->get('/cgi/long')->{status}, 502, 'a header without end';
	$s->set_mark;
	is $s->get('/cgi/early')->{status}, 502, 'it ends before its header';
	ok $s->wait_log(qr{script /cgi/early: exit status 7}),
	    'its status is logged';
	ok $s->wait_log(qr{script /cgi/early: cannot go on}),
	    'so is what it says';
};

subtest 'answers with 500' => sub {
	$s->set_mark;
	is $s->get('/cgi/no-interpreter')->{status}, 500, 'no interpreter';
	ok $s->wait_log(qr{interpreter /nonexistent/perl, which does not}),
	    'logged';
	is $s->get('/cgi/crlf')->{status}, 500, 'CR LF';
	ok $s->wait_log(qr/CR LF/), 'logged';
	is $s->get('/cgi/no-program')->{status}, 500, 'no #! line';
	ok $s->wait_log(qr{/cgi/no-program: cannot be run: \S+ is no program}),
	    'logged';
};

subtest 'answers with 504' => sub {
	my $start = time;
	is $s->get('/quick/hang')->{status}, 504, 'no header';
	cmp_ok time - $start, '<', scaled(2), 'in time';
	$start = time;
	my $r = $s->get('/slow/hang-late');
	ok $r->{status} == 200 && !$r->{complete}, 'half a body is cut short';
	cmp_ok time - $start, '<', scaled(3.5), 'in time';
	ok $s->wait_log(qr{/slow/hang-late.*: wrote nothing more for 2000 ms}),
	    'logged';
	$r = $s->get('/slow/drip');
	like $r->{body}, qr/^1\n2\n.*^7\n/ms, 'one that is never silent';
	ok !$r->{complete}, 'is cut short as well';
	ok $s->wait_log(qr{/slow/drip.*: not done within 4000 ms}), 'logged';
};

subtest 'answers with 503' => sub {
	my $wait = Pyked::Http::bytes(GET => '/one/wait', Connection =>
	    'close');
	my $first = client($s)->send($wait);
	eventually { my @f = glob "$notes/running-*" } 5, 'one runs';
	my $second = client($s)->send($wait);
	my $start = time;
	my $r = $s->get('/one/wait');
	is $r->{status}, 503, 'the queue is full';
	cmp_ok time - $start, '<', scaled(0.4), 'refused at once';
	like field($r, 'Retry-After'), qr/^\d+$/, 'Retry-After';
	is $s->get('/')->{status}, 200, 'files are served';
	is $s->get('/cgi/env')->{status}, 200, 'so is another location';
	is $second->response->{status}, 503, 'nobody waits for ever';
	my $left = client($s)->send($wait);
	$left->abort;
	my @queued = map { client($s)->send(Pyked::Http::bytes(
	    GET => '/patient/env', Connection => 'close')) } 1 .. 5;
	spew("$notes/release", '');
	is $first->response->{body}, "done\n", 'the first one is answered';
	is $_->response->{status}, 200, 'and whoever had a place' for @queued;
	is scalar(my @ran = glob "$notes/running-*"), 1, 'no other one ran';
};

subtest 'no process to be had' => sub {
	my ($worker) = $s->workers;
	my ($soft) = slurp("/proc/$worker/limits") =~
	    /^Max processes\s+(\S+)/m;
	my ($uid, $gid) = slurp("/proc/$worker/status") =~
	    /^Uid:\s+(\d+).*^Gid:\s+(\d+)/ms;
	my @limit = ('prlimit', '--pid', $worker);
	unshift @limit, 'setpriv', '--reuid', $uid, '--regid', $gid,
	    '--clear-groups' if $> == 0;
	my $r = run(@limit, '--nproc=0:');
	plan skip_all => $r->{err} if $r->{status} ne 0;
	$r = $s->get('/cgi/env');
	is $r->{status}, 503, 'fork fails';
	ok field($r, 'Retry-After'), 'Retry-After';
	is $s->post('/cgi/sum', 'x' x 100_000)->{status}, 503, 'with a body';
	is $s->get('/')->{status}, 200, 'files are served';
	run(@limit, "--nproc=$soft:");
	is $s->get('/cgi/env')->{status}, 200, 'and scripts again';
};

subtest 'standard error' => sub {
	$s->set_mark;
	is $s->get('/cgi/complain?0')->{status}, 200, 'all is well';
	is $s->get('/quiet/complain?1')->{status}, 200, 'not wanted';
	is $s->get('/cgi/complain?1')->{status}, 200, 'exit status 1';
	ok $s->wait_log(qr{script /cgi/complain: three$}m), 'logged';
	like $s->new_log, qr{error worker 0: \[\w+\] script /cgi/complain: one$}m,
	    'by lines';
	like $s->new_log, qr{: tw\\x1bo$}m, 'escaped';
	is scalar(() = $s->new_log =~ /: one$/mg), 1,
	    'only where it failed and is wanted';
	is $s->get('/always/complain?0')->{status}, 200, 'always';
	ok $s->wait_log(qr{script /always/complain: three}), 'logged';
	$s->set_mark;
	my $start = time;
	is $s->get('/cgi/flood')->{body}, "done\n", 'a flood';
	cmp_ok time - $start, '<', scaled(3), 'stalls nothing';
	ok $s->wait_log(qr{/cgi/flood: (\d+) bytes dropped}), 'is counted';
	cmp_ok length $s->new_log, '<', 40_000, 'and not kept';
};

# The descriptors of the worker that a program would inherit, but for the
# first three.
sub inheritable {
	my ($worker) = $s->workers;

	return grep { m{/(\d+)$} && $1 > 2 &&
	    slurp($_) =~ /^flags:\s+([0-7]+)$/m && !(oct($1) & 02000000) }
	    glob "/proc/$worker/fdinfo/*";
}

sub pipes {
	my ($worker) = $s->workers;

	return scalar grep { (readlink // '') =~ /^pipe:/ }
	    glob "/proc/$worker/fd/*";
}

subtest 'every descriptor closes on exec' => sub {
	plan skip_all => 'only root may look at them' unless $> == 0;
	my $before = pipes();
	my $c = client($s)->send(Pyked::Http::bytes(GET => '/cgi/hang'));
	eventually { pipes() >= $before + 2 } 5, 'while a script runs';
	is_deeply [inheritable()], [], 'those of its pipes, too';
	$c->abort;
};

subtest 'what a script inherits' => sub {
	my $body = $s->get('/cgi/proc')->{body};
	# ls has the folder itself open.
	like $body, qr/^0 1 2 3 $/m, 'three descriptors';
	like $body, qr/^SigBlk:\s0+$/m, 'no signal is blocked';
	# 32 and 33 are the C library's own: its posix_spawn ignores them for
	# whatever it starts (make starts us so), and no sigaction can change it.
	like $body, qr/^SigIgn:\s0{7}[01]80000000$|^SigIgn:\s0+$/m,
	    'none ignored';
	like $body, qr/^Max core file size\s+0\s+0/m, 'no cores';
	like $body, qr/^Max cpu time\s+30\s/m, 'processor time';
	like $body, qr/^Max data size\s+1073741824\s/m, 'memory';
	like $body, qr/^Max open files\s+256\s/m, 'descriptors';
	like $body, qr/^Max pending signals\s+1024\s/m, 'queued signals';
	like $body, qr/^umask 0?077$/m, 'umask';
	like $body, qr/^\Q$s->{cgi}\E$/m, 'in its folder';
	my ($self) = $body =~ /^self (\d+)$/m;
	like $body, qr/^$self $self $self$/m, 'its own group and session';
	my $nice = ($body =~ /(-?\d+)\n\z/)[0];
	cmp_ok $nice, '>=', 5, 'nice';
	# It is started in another way where there are many connections.
	my @many = map { client($s) } 1 .. 120;
	is scalar(grep { $_->get('/')->{status} eq '200' } @many), 120,
	    'beside many connections';
	my $other = $s->get('/cgi/proc')->{body};
	s/self \d+//, s/^\d+ \d+ \d+$//m for $body, $other;
	is $other, $body, 'it is all the same';
	is $s->post('/cgi/sum', 'x' x $_)->{body}, "$_ " . md5_hex('x' x $_)
	    . " $_", "$_ bytes" for 1000, 100_000;
	is $s->get('/cgi/no-program')->{status}, 500, 'a start that fails';
	is scalar(grep { $_->get('/')->{status} eq '200' } @many), 120,
	    'the connections go on';
	$s->set_mark;
	is $s->get('/cpu/spin')->{status}, 200, 'a script that spins';
	ok $s->wait_log(qr{/cpu/spin: killed at its limit of 1 s}),
	    'is stopped by its limit';
};

$s->stop;
done_testing;
