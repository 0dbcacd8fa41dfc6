#!/usr/bin/perl
# Static files: what is served, what is not, and how it is described.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use POSIX ();
use Socket qw(AF_UNIX SOCK_STREAM pack_sockaddr_un);
use Test::More;
use Time::HiRes qw(time);

use Pyked;

my $s = Pyked->prepare(tls => 1, files => {
	'index.html' => "<p>home</p>\n",
	'1k.html' => 'x' x 1024,
	'empty.txt' => '',
	'plain.txt' => "text\n",
	'style.css' => "p{}\n",
	'data.json' => "{}\n",
	'picture.png' => "\x89PNG\n",
	'UPPER.HTML' => "up\n",
	'unknown.zzz' => "?\n",
	'noext' => "?\n",
	'with space.txt' => "space\n",
	'100%.txt' => "percent\n",
	"\xc3\xa4.txt" => "umlaut\n",
	'sub/index.html' => "sub home\n",
	'sub/deep/file.txt' => "deep\n",
	'bare/file.txt' => "bare\n",
	'.secret' => "no\n",
	'.git/config' => "no\n",
	'sub/.hidden/file.txt' => "no\n",
	'.well-known/acme' => "token\n",
	'unreadable.txt' => "no\n",
	'closed/file.txt' => "no\n",
	'old.txt' => "old\n",
});
my $site = $s->{site};
spew("$s->{dir}/outside.txt", "outside\n");
symlink "$s->{dir}/outside.txt", "$site/absolute.txt";
symlink '../outside.txt', "$site/relative.txt";
symlink 'plain.txt', "$site/inside.txt";
symlink '..', "$site/sub/up";
symlink 'loop-b', "$site/loop-a";
symlink 'loop-a', "$site/loop-b";
POSIX::mkfifo("$site/fifo", 0644) or die "mkfifo: $!";
socket my $listening, AF_UNIX, SOCK_STREAM, 0 or die "socket: $!";
bind $listening, pack_sockaddr_un("$site/socket") or die "bind: $!";
chmod 0, "$site/unreadable.txt", "$site/closed";
utime 784111777, 784111777, "$site/old.txt";
utime -86400, -86400, "$site/empty.txt";
$s->up;

sub status_is {
	my ($target, $status, $why, @fields) = @_;
	my $r = $s->get($target, @fields);

	is $r->{status}, $status, "$status: $why";
	unlike $r->{body}, qr/outside|^no$/m, '... and nothing leaks'
	    if $status >= 400;
	return $r;
}

subtest 'what is served' => sub {
	for (['/', "<p>home</p>\n", 'text/html; charset=utf-8'],
	    ['/index.html', "<p>home</p>\n", 'text/html; charset=utf-8'],
	    ['/1k.html', 'x' x 1024, 'text/html; charset=utf-8'],
	    ['/empty.txt', '', 'text/plain; charset=utf-8'],
	    ['/style.css', "p{}\n", 'text/css; charset=utf-8'],
	    ['/data.json', "{}\n", 'application/json'],
	    ['/picture.png', "\x89PNG\n", 'image/png'],
	    ['/UPPER.HTML', "up\n", 'text/html; charset=utf-8'],
	    ['/unknown.zzz', "?\n", 'application/octet-stream'],
	    ['/noext', "?\n", 'application/octet-stream'],
	    ['/with%20space.txt', "space\n", 'text/plain; charset=utf-8'],
	    ['/100%25.txt', "percent\n", 'text/plain; charset=utf-8'],
	    ['/%C3%a4.txt', "umlaut\n", 'text/plain; charset=utf-8'],
	    ['/sub/', "sub home\n", 'text/html; charset=utf-8'],
	    ['/sub/deep/file.txt', "deep\n", 'text/plain; charset=utf-8'],
	    ['/inside.txt', "text\n", 'text/plain; charset=utf-8'],
	    ['/.well-known/acme', "token\n", 'application/octet-stream'],
	    ['/plain.txt?a=b&c', "text\n", 'text/plain; charset=utf-8'],
	    ['//sub/./deep//../deep/file.txt', "deep\n",
		'text/plain; charset=utf-8'],
	    ['/%70lain.txt', "text\n", 'text/plain; charset=utf-8']) {
		my ($target, $body, $type) = @$_;
		my $r = $s->get($target);
		is $r->{status}, 200, "200 for $target";
		is $r->{body}, $body, '... with its content';
		is field($r, 'Content-Type'), $type, "... as $type";
		is field($r, 'Content-Length'), length $body, '... measured';
	}
};

subtest 'what is not' => sub {
	status_is('/none.html', 404, 'no such file');
	status_is('/none/none.html', 404, 'no such folder');
	status_is('/plain.txt/', 404, 'a file with a slash');
	status_is('/plain.txt/more', 404, 'below a file');
	status_is('/plain.txt;x', 404, 'parameters are part of a name');
	status_is('/plain.txt%20', 404, 'a space is part of a name');
	status_is('/plain.txt.', 404, 'a dot too');
	status_is('/' . 'a' x 300, 404, 'a name that is too long');
	status_is('/bare/', 403, 'a folder without index');
	status_is($_, 404, "a dot file, $_") for '/.secret', '/.git/config',
	    '/sub/.hidden/file.txt', '/.git/', '/%2esecret';
	status_is($_, 403, "a link out of the root, $_") for '/absolute.txt',
	    '/relative.txt';
	like $s->get('/loop-a')->{status}, qr/^40[34]$/, 'a loop of links';
	status_is('/sub/up/../outside.txt', 404, 'dots are removed first');
	my $r = $s->get('/sub/up/plain.txt');
	like $r->{status}, qr/^(200|403)$/, 'a link that stays inside';
	status_is($_, 403, "$_ is no file") for '/fifo', '/socket';
	SKIP: {
		skip 'root reads everything when its workers are root', 2
		    if $> == 0 && !getpwnam 'www-data';
		status_is('/unreadable.txt', 403, 'an unreadable file');
		status_is('/closed/file.txt', 403, 'a closed folder');
	}
};

subtest 'paths that try to get out' => sub {
	status_is($_, 400, $_) for '/../outside.txt', '/sub/../../outside.txt',
	    '/..', '/%2e%2e/outside.txt', '/.%2e/outside.txt',
	    '/%2E./outside.txt', '/sub/%2e%2e/%2e%2e/outside.txt',
	    '/plain.txt%00', '/plain.txt%00.html', '/%', '/%1', '/%zz',
	    '/plain.txt%0a', '/%7f', '/a\\b';
	status_is($_, 404, $_) for '/%2e%2e%2foutside.txt', '/..%2foutside.txt',
	    '/sub%2fdeep', '/%252e%252e/outside.txt', '/%c0%ae%c0%ae/x',
	    '/..%5coutside.txt', '/a%5cb';
	my @wrong = grep {
		$s->get(sprintf '/a%%%02xb', $_)->{status} ne '400'
	} 1 .. 31, 127;
	is "@wrong", '', 'no control byte in a path';
};

subtest 'a folder without its slash' => sub {		# P22
	my $r = $s->request("GET /sub HTTP/1.1\r\nHost: evil.example\r\n\r\n");
	is $r->{status}, 301, 'to the slash';
	is field($r, 'Location'), '/sub/', 'the path alone, no Host';
	unlike $r->{body}, qr/evil/, 'the page repeats nothing';
	$r = $s->get('/sub?a=1&b=%2f');
	is field($r, 'Location'), '/sub/?a=1&b=%2f', 'the query is kept';
	for my $target ('//sub', '///sub', '//evil/..//sub', '/./sub',
	    '/%2e/sub') {
		$r = $s->get($target);
		is field($r, 'Location'), '/sub/', "one slash for $target";
	}
	$r = $s->head('/sub');
	is $r->{status}, 301, 'HEAD gets it too';
};

subtest 'validators' => sub {
	my $r = $s->get('/old.txt');
	my $etag = field($r, 'ETag');
	my $date = 'Sun, 06 Nov 1994 08:49:37 GMT';

	is field($r, 'Last-Modified'), $date, 'Last-Modified';
	like $etag, qr/^"[\x21\x23-\x7e]+"$/, 'a strong ETag';
	for (['If-None-Match', $etag, 304], ['If-None-Match', '*', 304],
	    ['If-None-Match', "W/$etag", 304],
	    ['If-None-Match', "\"other\", $etag", 304],
	    ['If-None-Match', '"other"', 200],
	    ['If-Modified-Since', $date, 304],
	    ['If-Modified-Since', 'Sunday, 06-Nov-94 08:49:37 GMT', 304],
	    ['If-Modified-Since', 'Sun Nov  6 08:49:37 1994', 304],
	    ['If-Modified-Since', 'Sun, 06 Nov 1994 08:49:38 GMT', 304],
	    ['If-Modified-Since', 'Sun, 06 Nov 1994 08:49:36 GMT', 200],
	    ['If-Modified-Since', 'yesterday', 200],
	    ['If-Modified-Since', '9' x 5000, 200]) {
		my ($name, $value, $status) = @$_;
		my $r = $s->get('/old.txt', $name => $value);
		is $r->{status}, $status,
		    "$status for $name: " . substr $value, 0, 40;
		is $r->{body}, $status == 304 ? '' : "old\n", '... body';
		is field($r, 'ETag'), $etag, '... ETag';
	}
	$r = $s->get('/old.txt', 'If-None-Match' => '"other"',
	    'If-Modified-Since' => $date);
	is $r->{status}, 200, 'If-None-Match counts more';
	$r = $s->ask(HEAD => '/old.txt', 'If-None-Match' => $etag);
	is $r->{status}, 304, 'HEAD';
	isnt field($s->get('/plain.txt'), 'ETag'), $etag, 'each file its own';
	like $s->get('/empty.txt')->{status}, qr/^200$/, 'a time before 1970';
};

subtest 'methods' => sub {
	my $get = $s->get('/1k.html');
	my $head = $s->head('/1k.html');

	is $head->{status}, 200, 'HEAD';
	for my $name (qw(Content-Length Content-Type ETag Last-Modified)) {
		is field($head, $name), field($get, $name), "HEAD has $name";
	}
	for my $method (qw(POST PUT DELETE PATCH)) {
		my $r = $s->ask($method => '/1k.html', 'Content-Length' => 0);
		is $r->{status}, 405, "405 for $method";
		is field($r, 'Allow'), 'GET, HEAD, OPTIONS', '... Allow';
	}
	my $r = $s->request(Pyked::Http::bytes(POST => '/1k.html',
	    'Content-Length' => 5) . 'a=b&c');
	is $r->{status}, 405, '405 for a POST with a body';
	for my $target ('/1k.html', '*') {
		$r = $s->ask(OPTIONS => $target);
		like $r->{status}, qr/^20[04]$/, "OPTIONS $target";
		like field($r, 'Allow'), qr/\bGET, HEAD\b/, '... Allow';
		is $r->{body}, '', '... no body';
	}
};

subtest 'a fifo never blocks' => sub {
	my $start = time;
	my @c = map { client($s)->send(Pyked::Http::bytes(GET => '/fifo')) }
	    1 .. 100;
	is $s->get('/plain.txt')->{status}, 200, 'others are served';
	my @wrong = grep { $_->response->{status} ne '403' } @c;
	is scalar @wrong, 0, '100 at once';
	my $took = time - $start;
	cmp_ok $took, '<', scaled(2), 'quickly';
};

subtest 'more than 4 GiB' => sub {
	open my $f, '>', "$site/big.bin" or die "big.bin: $!";
	my $size = 5 * 2 ** 30 + 3;
	SKIP: {
		skip 'no sparse files here', 3 unless truncate $f, $size;
		my $r = $s->head('/big.bin');
		is field($r, 'Content-Length'), "$size", 'its length';
		my $c = client($s)->send(Pyked::Http::bytes(GET => '/big.bin'));
		is $c->need(300000, time + scaled(10)), '', 'its first bytes';
		like $c->{in}, qr/^Content-Length: $size\r$/m, 'the head';
		$c->abort;
	}
	close $f;
	unlink "$site/big.bin";
};

# A client that takes the head and little more, of a file that is too big for
# the sockets' buffers.
sub slow_download {
	my ($name, $size) = @_;

	$s->put_file($name, 'a' x $size);
	my $c = client($s, rcvbuf => 4096);
	$c->send(Pyked::Http::bytes(GET => "/$name"));
	$c->need(1000, time + scaled(10));
	return $c;
}

subtest 'a file that changes while it is sent' => sub {
	my $size = 16 << 20;

	my $c = slow_download('cut.bin', $size);
	truncate "$site/cut.bin", 1024;
	my ($bytes, $how) = $c->rest(scaled(10));
	cmp_ok length $bytes, '<', $size, 'truncated: it ends early';
	isnt $how, 'timeout', '... and the connection ends';
	unlike $bytes, qr/HTTP.*HTTP/s, '... with nothing added';
	like $s->get('/cut.bin')->{body}, qr/^a{1024}$/, '... as it is now';

	$c = slow_download('grow.bin', $size);
	open my $f, '>>', "$site/grow.bin" or die "grow.bin: $!";
	print $f 'b' x 100000;
	close $f;
	my $r = $c->response;
	is length $r->{body}, $size, 'grown: as long as it was announced';
	unlike $r->{body}, qr/b/, '... without what came later';
	is $c->get('/plain.txt')->{status}, 200, '... the connection goes on';

	$c = slow_download('swap.bin', $size);
	spew("$site/new.bin", 'c' x 1000);
	rename "$site/new.bin", "$site/swap.bin";
	$r = $c->response;
	ok $r->{complete} && $r->{body} !~ /c/, 'replaced: the old to the end';
	is $s->get('/swap.bin')->{body}, 'c' x 1000, '... then the new';
	unlink map { "$site/$_.bin" } qw(cut grow swap);
};

subtest 'large files arrive whole' => sub {
	my $data = join '', map { pack 'N', $_ * 2654435761 % 2 ** 32 }
	    1 .. 1 << 20;

	$s->put_file('random.bin', $data);
	my $r = $s->get('/random.bin');
	ok $r->{body} eq $data, 'over http';
	my $got = curl('-k', $s->url('/random.bin', 'https'));
	ok $got->{out} eq $data, 'over https' or diag $got->{err};
};

$s->allow(qr/cut\.bin/);
chmod 0755, "$site/closed";
$s->stop;

subtest 'an ordinary user may run it' => sub {
	plan skip_all => 'this is an ordinary user' if $>;
	my $user = Pyked->start(user => 'nobody',
	    files => { 'index.html' => "mine\n" });
	is $user->get('/')->{body}, "mine\n", 'served';
	my ($worker) = $user->workers;
	my ($uid) = slurp("/proc/$worker/status") =~ /^Uid:\s+(\d+)/m;
	is $uid, scalar getpwnam('nobody'), 'as that user';
	$user->stop;
};

done_testing;
