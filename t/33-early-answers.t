#!/usr/bin/perl
# Answers that come before their request is complete: they arrive, whatever the
# client is still sending; and requests that never become complete.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time sleep);

use Pyked;
use Pyked::Tls;

my $s = Pyked->prepare(tls => 1, files => {
	'index.html' => "home\n", 'big.bin' => 'x' x (4 << 20) },
    scripts => {
	'echo' => "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
	    . "exec cat\n" });
spew("$s->{cgi}/ran", "#!/bin/sh\n: > $s->{dir}/pids/ran\n"
    . "printf 'Content-Type: text/plain\\n\\nran'\n", 0755);
mkdir "$s->{dir}/pids" and chmod 0777, "$s->{dir}/pids";
$s->write_conf(top => <<'END');
limits {
	body 100k 10s
}
END
chmod 0711, $s->{dir};
$s->up;

sub post { Pyked::Http::bytes(POST => @_) }

my ($worker) = $s->workers;

sub sockets {
	return scalar grep { (readlink($_) // '') =~ /^socket/ }
	    glob "/proc/$worker/fd/*";
}

my $sockets = sockets();

# A client that goes on sending for longer than anybody should listen.
my $endless = background(sub {
	my $c = client($s);
	my $start = time;

	$c->send(post('/cgi/echo', 'Content-Length' => 1 << 40));
	while (time - $start < scaled(60)) {
		$c->send('x');
		POSIX::_exit($c->{sent} ? 1 : 0) if !$c->{sent};
		sleep 0.1;
	}
	POSIX::_exit(1);
});

sub connection {
	my ($over) = @_;

	return $over eq 'plain TCP' ? client($s, timeout => scaled(20))
	    : Pyked::Tls->new($s->port('https'), timeout => scaled(20),
		blind => 1);
}

# More than any buffer between the two holds.
my $large = 'x' x (6 << 20);
my $get = "GET / HTTP/1.1\r\nHost: a\r\n";

# [ status, what, the request that is too early for its answer ]
my @early = (
	[413, 'a length that is too large',
	    post('/cgi/echo', 'Content-Length' => length $large)],
	[413, '... and the client will close',
	    post('/cgi/echo', 'Content-Length' => length $large,
	    Connection => 'close')],
	[413, 'chunks that are too large', post('/cgi/echo',
	    'Transfer-Encoding' => 'chunked')
	    . sprintf("%x\r\n", length $large)],
	[413, 'and so for a file',
	    post('/', 'Content-Length' => length $large)],
	[405, 'POST to a file', post('/',
	    'Transfer-Encoding' => 'chunked')
	    . sprintf("%x\r\n", length $large)],
	[400, 'a bad chunk', post('/cgi/echo',
	    'Transfer-Encoding' => 'chunked') . "5;\r\n"],
	[400, '... and the client will close', post('/cgi/echo',
	    'Transfer-Encoding' => 'chunked', Connection => 'close')
	    . "5;\r\n"],
	[400, 'a bad head', "GET  / HTTP/1.1\r\n"],
	[400, 'a bad Connection', "${get}Connection: a b\r\n\r\n"],
	[400, 'two lengths', "${get}Connection: close\r\n"
	    . "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"],
	[414, 'an endless target', 'GET /' . 'a' x 8192],
	[431, 'an endless field', "${get}A:"],
	[417, 'an expectation', post('/cgi/echo', Expect => 'x',
	    'Content-Length' => length $large)],
	[501, 'an unknown coding', post('/cgi/echo',
	    'Transfer-Encoding' => 'gzip')],
	[505, 'another version', "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
);

for my $over ('plain TCP', 'TLS') {
	subtest "a large body meanwhile, over $over" => sub {
		plan skip_all => Pyked::Tls::missing()
		    if $over eq 'TLS' && Pyked::Tls::missing();
		for (@early) {
			my ($status, $what, $bytes) = @$_;
			my $c = connection($over);

			$c->send($bytes)->send($large);
			my $sent = $c->{sent};
			my $r = $c->response;
			is $r->{status}, $status, "$status: $what";
			is $sent, length $large, '... no reset before it';
			ok $r->{complete}, '... the whole answer';
			is field($r, 'Connection'), 'close', '... close';
			is +($c->rest)[1], 'closed', '... in order';
			$c->close;
		}
	};

	subtest "a slow body meanwhile, over $over" => sub {
		plan skip_all => Pyked::Tls::missing()
		    if $over eq 'TLS' && Pyked::Tls::missing();
		my $c = connection($over);
		my $sent = 0;

		$c->send(post('/cgi/echo', 'Content-Length' => 1 << 30));
		for (1 .. 12) {
			$sent += $c->send('x')->{sent};
			sleep 0.25;
		}
		is $sent, 12, 'whoever sends slowly is listened to';
		my $r = $c->response;
		is $r->{status}, 413, '... and finds its answer';
		is +($c->rest)[1], 'closed', '... in order';
	};

	subtest "100 Continue, over $over" => sub {
		plan skip_all => Pyked::Tls::missing()
		    if $over eq 'TLS' && Pyked::Tls::missing();
		my @body = (['Content-Length' => 5, 'hello'],
		    ['Transfer-Encoding' => 'chunked',
			"5\r\nhello\r\n0\r\n\r\n"]);
		for (@body) {
			my ($name, $value, $body) = @$_;
			my $c = connection($over);
			my $r = $c->send("$get\r\n" . post('/cgi/echo',
			    $name => $value, Expect => '100-continue'))
			    ->response;
			is $r->{status}, 200, 'the request before it';
			$r = $c->response;
			is $r->{status}, 100, 'the 100 comes before the body';
			is scalar @{ $r->{fields} }, 0, '... and is bare';
			$r = $c->send($body)->response;
			is $r->{body}, 'hello', '... which arrives';
			isnt field($r, 'Connection'), 'close', '... and';
			is $c->get('/')->{body}, "home\n", '... it goes on';
		}
		my $c = connection($over);
		$c->send(post('/none', 'Content-Length' => 5,
		    Expect => '100-continue'));
		my $r = $c->response;
		like $r->{status}, qr/^40[45]$/, 'no 100 where nobody reads';
		is field($r, 'Connection'), 'close', '... close';
	};
}

subtest 'a body that never comes' => sub {
	my $c = client($s);

	$c->send(post('/cgi/ran', 'Content-Length' => 100) . 'half');
	$c->abort;
	$s->wait_access($s->access + 1);
	SKIP: {
		skip Pyked::Tls::missing(), 1 if Pyked::Tls::missing();
		$c = connection('TLS');
		$c->send(post('/cgi/ran', 'Content-Length' => 100) . 'half');
		sleep 0.1;
		shutdown $c->{socket}, 1;
		is +($c->rest)[1], 'cut',
		    'TLS is cut in the middle of a body: it ends likewise';
	}
	is $s->get('/cgi/echo')->{status}, 200, 'others are served';
	ok !-e "$s->{dir}/pids/ran", 'its script never ran';
	is $s->request(post('/cgi/ran', 'Content-Length' => 1,
	    Connection => 'close') . 'x')->{body}, 'ran', '... but would have';
	ok -e "$s->{dir}/pids/ran", '... and left its mark';
};

subtest 'an answer does not overtake its request' => sub {
	my $c = client($s);

	$c->send(Pyked::Http::bytes(GET => '/', 'Content-Length' => 5));
	is $c->response(timeout => 0.3)->{status}, 'timeout',
	    'no answer before the body';
	my $r = $c->send('GET /')->response;
	is $r->{body}, "home\n", 'and then it comes';
	is $c->get('/')->{status}, 200, 'the connection is in step';
	$r = $c->send(Pyked::Http::bytes(GET => '/big.bin',
	    'Content-Length' => 90000) . 'x' x 1000)->response;
	is length $r->{body}, 4 << 20, 'a long body is not waited for';
	is field($r, 'Connection'), 'close', '... but ends the connection';
	is +($c->rest)[1], 'closed', '... in order';
};

subtest 'how long there is lingering' => sub {
	eventually { sockets() <= $sockets + 1 } 6, 'all others are gone';
	my @c = map { client($s) } 1 .. 10;

	$_->send("GET  /\r\n") for @c;
	is $_->response->{status}, 400, 'an error' for @c;
	cmp_ok sockets(), '>=', $sockets + 10, 'its connection lingers';
	eventually { sockets() <= $sockets + 1 } 6, '... not for long';
	is finish($endless, scaled(60)), 0,
	    'one that sends without end is cut off';
};

$s->stop;
done_testing;
