#!/usr/bin/perl
# Connections: keep-alive, pipelining, bodies between requests, half a close.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Socket qw(IPPROTO_TCP TCP_INFO);
use Test::More;
use Time::HiRes qw(time);

use Pyked;

my $s = Pyked->start(top => <<'END', files => {
limits {
	keepalive 3s 100
}
END
	'index.html' => "home\n",
	'big.bin' => join('', map { pack 'N', $_ } 1 .. 50000),
	(map { ("$_.txt" => "file $_\n" x $_) } 1 .. 40),
});

sub get { Pyked::Http::bytes(GET => @_) }

subtest 'keep-alive' => sub {
	my $c = client($s);
	for (1 .. 10) {
		my $r = $c->get("/$_.txt");
		is $r->{body}, "file $_\n" x $_, "request $_";
		isnt field($r, 'Connection'), 'close', '... it goes on';
	}
	my $r = $c->get('/none');
	is $r->{status}, 404, 'an error does not end it';
	$r = $c->get('/1.txt', Connection => 'close');
	is field($r, 'Connection'), 'close', 'the client asks to close';
	ok $c->is_closed, '... and it is closed';

	$c = client($s);
	$r = $c->send("GET /1.txt HTTP/1.0\r\n\r\n")->response;
	is $r->{status}, 200, 'HTTP/1.0';
	ok $c->is_closed, '... closes';
	$c = client($s);
	for (1 .. 3) {
		$r = $c->send("GET /1.txt HTTP/1.0\r\n"
		    . "Connection: Keep-Alive\r\n\r\n")->response;
		is $r->{status}, 200, 'HTTP/1.0 with keep-alive, as of ab -k';
		is lc field($r, 'Connection'), 'keep-alive', '... confirmed';
	}
	like field($r, 'Keep-Alive') // '', qr/^timeout=3\b/,
	    'the end is announced';
	is $c->send("GET /none HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
	    ->response->{status}, 404, 'an error';
	is $c->get('/1.txt')->{status}, 200, '... goes on too';
};

subtest 'its limits' => sub {
	my $c = client($s);
	my ($n, $r) = 0;
	do {
		$r = $c->get('/1.txt');
		$n++ if $r->{status} eq '200';
	} until $n > 200 || (field($r, 'Connection') // '') eq 'close'
	    || $r->{status} ne '200';
	is $n, 100, 'so many requests as are allowed';
	ok $c->is_closed, '... then it is closed';

	$c = client($s);
	$c->get('/1.txt');
	my $start = time;
	ok $c->is_closed(scaled(8)), 'an idle one is closed';
	my $took = time - $start;
	cmp_ok $took, '>', 2.7, '... not too early';
	cmp_ok $took, '<', scaled(4.5), '... nor late';
};

# Sends a text and reads n answers from the same connection.
sub pipeline {
	my ($text, $n) = @_;
	my $c = client($s);

	$c->send($text);
	return ($c, map { $c->response } 1 .. $n);
}

subtest 'pipelining' => sub {
	for my $n (2, 16, 17, 40) {
		my (undef, @r) = pipeline(join('', map { get("/$_.txt") }
		    1 .. $n), $n);
		is join(',', map { $_->{body} } @r),
		    join(',', map { "file $_\n" x $_ } 1 .. $n),
		    "$n requests in one write, answered in order";
	}
	my (undef, @r) = pipeline(join('', map { get($_ % 3 ? "/$_.txt"
	    : '/big.bin') } 1 .. 12), 12);
	is scalar(grep { $_->{status} eq '200' } @r), 12, 'large ones between';
	is length $r[2]{body}, 200000, '... whole';

	(my $c, @r) = pipeline(get('/1.txt') . get('/none') . get('/')
	    . Pyked::Http::bytes(HEAD => '/1.txt'), 3);
	is join(' ', map { $_->{status} } @r), '200 404 200', 'a 404 between';
	is $c->response(head => 1)->{status}, 200, '... and a HEAD behind';

	($c, @r) = pipeline(get('/1.txt') . "GET  / HTTP/1.1\r\n\r\n"
	    . get('/2.txt') x 20, 2);
	is join(' ', map { $_->{status} } @r), '200 400', 'a bad one';
	is field($r[1], 'Connection'), 'close', '... ends it';
	ok $c->is_closed, '... and what follows is not looked at';

	($c, @r) = pipeline(get('/1.txt', Connection => 'close')
	    . get('/2.txt'), 1);
	is $r[0]{status}, 200, 'after Connection: close';
	ok $c->is_closed, '... nothing is answered';
};

subtest 'pipelined requests split at every byte' => sub {
	my $text = get('/1.txt') . Pyked::Http::bytes(GET => '/2.txt',
	    'Content-Length' => 3) . 'abc' . get('/none')
	    . Pyked::Http::bytes(GET => '/3.txt',
	    'Transfer-Encoding' => 'chunked') . "3\r\nabc\r\n0\r\n\r\n";
	my @wrong;

	for my $i (1 .. length($text) - 1) {
		my $c = client($s);
		$c->send(substr $text, 0, $i);
		select undef, undef, undef, 0.001;
		$c->send(substr $text, $i);
		my $got = join ' ', map { $c->response->{status} } 1 .. 4;
		push @wrong, "$i: $got" if $got ne '200 200 404 200';
	}
	is join("\n", @wrong), '', 'the same answers everywhere';
};

subtest 'bodies nobody wants' => sub {
	my @bodies = (['Content-Length' => 5, 'hello'],
	    ['Content-Length' => 0, ''],
	    ['Content-Length' => 40000, 'x' x 40000],
	    ['Transfer-Encoding' => 'chunked', "5\r\nhello\r\n0\r\n\r\n"],
	    ['Transfer-Encoding' => 'chunked', "0\r\n\r\n"],
	    ['Transfer-Encoding' => 'chunked',
		"1\r\nx\r\n" x 5000 . "0\r\nA: b\r\n\r\n"]);
	for my $body (@bodies) {
		my ($name, $value, $bytes) = @$body;
		my $c = client($s);
		my $r = $c->send(Pyked::Http::bytes(GET => '/1.txt',
		    $name => $value) . $bytes . get('/2.txt'))->response;
		is $r->{status}, 200, "GET with $name $value";
		is $c->response->{body}, "file 2\n" x 2,
		    '... is discarded before the next';
	}
	my $c = client($s);
	my $r = $c->send(Pyked::Http::bytes(POST => '/1.txt',
	    'Content-Length' => 5) . 'hello' . get('/2.txt'))->response;
	is $r->{status}, 405, 'POST';
	is $c->response->{body}, "file 2\n" x 2, '... and then the next one';
};

subtest 'Expect: 100-continue' => sub {
	my $c = client($s);
	$c->send(Pyked::Http::bytes(POST => '/1.txt', 'Content-Length' => 5,
	    Expect => '100-continue'));
	my $r = $c->response;
	is $r->{status}, 405, 'a final answer without a 100';
	is field($r, 'Connection'), 'close', '... closes';
};

subtest 'half a close' => sub {
	my $c = client($s);
	$c->send(get('/1.txt'))->half_close;
	is $c->response->{status}, 200, 'one request is answered';
	ok $c->is_closed, '... and it ends';

	$c = client($s);
	$c->send(get('/big.bin') . get('/1.txt') x 5)->half_close;
	is length $c->response->{body}, 200000, 'a large one too';
	is $c->response->{status}, 200, "... and the others, $_" for 1 .. 5;
	ok $c->is_closed, '... and it ends';

	$c = client($s);
	$c->send("GET / HTTP/1.1\r\nHost:")->half_close;
	my ($bytes, $how) = $c->rest(scaled(3));
	isnt $how, 'timeout', 'half a head and half a close: no waiting';

	$c = client($s);
	$c->half_close;
	ok $c->is_closed(scaled(3)), 'nothing at all: no waiting';
};

# Segments that came: tcpi_segs_in of struct tcp_info.
sub segments {
	my ($c) = @_;

	return unpack 'x140 L', getsockopt $c->{socket}, IPPROTO_TCP, TCP_INFO;
}

subtest 'the end of a connection' => sub {
	my $close = get('/1.txt', Connection => 'close');
	my $c = client($s);

	is $c->send($close)->response->{status}, 200, 'an answer';
	ok $c->is_closed, '... ends it';
	cmp_ok segments($c), '<=', 3, '... and leaves in one segment with its '
	    . 'end, behind that of the handshake and an acknowledgement';

	# They come before the answer, behind it, or while it is made.
	my ($whole, $reset) = (0, 0);
	for (1 .. 1000) {
		$c = client($s);
		$c->send($close);
		$c->send("\r\n");
		my ($bytes, $how) = $c->rest;
		$whole++ if $bytes =~ /\r\n\r\nfile 1\n\z/;
		$reset++ if $how ne 'closed';
	}
	is $whole, 1000, 'bytes behind the last request take no answer with '
	    . 'them';
	cmp_ok $reset, '<', 100, '... nor reset the connection';
};

subtest 'a client that sends and never reads' => sub {
	my ($worker) = $s->workers;
	my $memory = sub {
		slurp("/proc/$worker/status") =~ /^VmRSS:\s+(\d+)/m;
		return $1;
	};
	my $c = client($s, rcvbuf => 4096);
	my $before = $memory->();
	my $flood = get('/40.txt') x 200;
	my $sent = 0;

	$c->{socket}->blocking(0);
	wait_until {
		my $n = syswrite $c->{socket}, $flood;
		$sent += $n // 0;
		$sent > 40e6;
	} 0.5 / scaled(1);
	cmp_ok $sent, '<', 40e6, 'it is held back';
	cmp_ok $memory->() - $before, '<', scaled(1000), '... within bounds';
	is $s->get('/')->{status}, 200, '... and others are served';
	$c->abort;
};

$s->stop;
done_testing;
