#!/usr/bin/perl
# Whatever a client can make grow has a limit, and the right status beyond it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time);

use Pyked;

# Times are generous enough for a slow build to be told from the limits.
my $time = Pyked::is_sanitized() ? 4 : 1;
my $s = Pyked->start(top => <<"END", scripts => {
limits {
	header 16k ${time}s
	fields 100
	body 8k ${time}s
	keepalive 30s 1000
}
END
	'count' => "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nwc -c\n",
}, files => { 'index.html' => "home\n" });

my $get = "GET / HTTP/1.1\r\nHost: x\r\n";

sub answer_is {
	my ($bytes, $status, $why) = @_;
	my $c = client($s);
	my $r = $c->send($bytes)->response;

	is $r->{status}, $status, "$status: $why";
	return if $status < 400;
	is field($r, 'Connection'), 'close', '... close';
	ok $c->is_closed, '... and closed';
}

subtest 'the head' => sub {
	my $line = 8192;
	my $fixed = length 'GET / HTTP/1.1';

	my $long = 'a' x ($line - $fixed);
	is $s->request("GET /$long HTTP/1.1\r\nHost: x\r\n\r\n")->{status},
	    404, 'the longest request line';
	answer_is("GET /${long}a HTTP/1.1\r\nHost: x\r\n\r\n", 414, 'longer');
	answer_is("GET /?${long}$long", 414, 'before its end is here');
	answer_is('A' x 65536, 400, 'an endless method');
	answer_is("${get}A: " . 'b' x ($line - 3) . "\r\n\r\n", 200,
	    'the longest field');
	answer_is("${get}A: " . 'b' x ($line - 2) . "\r\n\r\n", 431, 'longer');
	answer_is("${get}A: " . 'b' x 10000, 431, 'before its end is here');
	answer_is($get . "A: b\r\n" x 99 . "\r\n", 200, '100 fields');
	answer_is($get . "A: b\r\n" x 100 . "\r\n", 431, '101 fields');
	answer_is($get . "A: b\r\n" x 20000, 431, '20,000 fields');

	my $head = $get . join '', map { "A$_: " . 'b' x 4000 . "\r\n" } 1 .. 4;
	my $room = 16384 - length($head) - length("A: \r\n\r\n");
	answer_is($head . 'A: ' . 'b' x $room . "\r\n\r\n", 200,
	    'a head of 16 KiB');
	answer_is($head . 'A: ' . 'b' x ($room + 1) . "\r\n\r\n", 431,
	    'a byte more');
};

subtest 'the body' => sub {
	my $post = sub {
		my ($n, $chunked) = @_;
		my @how = $chunked ? ('Transfer-Encoding' => 'chunked')
		    : ('Content-Length' => $n);
		my $bytes = $chunked ? sprintf "%x\r\n%s\r\n0\r\n\r\n", $n,
		    'x' x $n : 'x' x $n;
		return Pyked::Http::bytes(POST => '/cgi/count', @how) . $bytes;
	};
	for my $chunked (0, 1) {
		my $kind = $chunked ? 'chunked' : 'counted';
		my $r = $s->request($post->(8192, $chunked));
		is $r->{status}, 200, "8 KiB, $kind";
		is $r->{body} + 0, 8192, '... all of it';
		answer_is($post->(8193, $chunked), 413, "a byte more, $kind");
	}
	my $huge = '1' . '0' x 15;
	answer_is(Pyked::Http::bytes(POST => '/cgi/count',
	    'Content-Length' => $huge), 413, 'announced, and never sent');
	answer_is(Pyked::Http::bytes(POST => '/cgi/count',
	    'Content-Length' => $huge, Expect => '100-continue'), 413,
	    'announced, and waiting for a 100');
};

# How long the server waits before it answers with a status, or closes ('').
sub gives_up {
	my ($bytes, $status, $why) = @_;
	my $c = client($s);
	my $start = time;

	$c->send($bytes);
	if ($status) {
		is $c->response->{status}, $status, "$status: $why";
	} else {
		ok $c->is_closed, "closed: $why";
	}
	my $took = time - $start;
	cmp_ok $took, '>', $time * 0.9, '... not too early';
	cmp_ok $took, '<', $time + scaled(1.2), '... nor late';
	$c->close;
}

subtest 'time' => sub {
	gives_up('', 0, 'nothing is sent');
	gives_up('GET / HT', 408, 'half a request line');
	gives_up($get, 408, 'half a head');
	gives_up(Pyked::Http::bytes(POST => '/cgi/count',
	    'Content-Length' => 10) . 'half', 408, 'half a body');
	gives_up(Pyked::Http::bytes(POST => '/cgi/count',
	    'Transfer-Encoding' => 'chunked') . "a\r\nhalf", 408,
	    'half a chunk');

	my $c = client($s);
	my $start = time;
	for my $byte (split //, $get) {
		$c->send($byte);
		last if $c->fill(time + $time / 10) ne 'timeout';
	}
	is $c->response->{status}, 408, '408: progress does not prolong it';
	cmp_ok time - $start, '<', $time + scaled(1.2), '... in time';

	$c = client($s);
	$c->get('/');
	select undef, undef, undef, $time * 1.3;
	is $c->get('/')->{status}, 200,
	    'the time of a later head begins with its first byte';
	$c->send('GET');
	is $c->response->{status}, 408, '... but then it runs';
};

$s->stop;
done_testing;
