#!/usr/bin/perl
# Messages: request lines, fields, statuses, error pages, and the access log.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use POSIX ();
use Test::More;

use Pyked;

my $s = Pyked->start(files => {
	'index.html' => "home\n", 'a.html' => "a\n" });

# Raw bytes get this status, and when it is 400 or above, the connection ends
# with nothing further on it being interpreted.
sub answer_is {
	my ($bytes, $status, $why) = @_;
	my $c = client($s);
	my $r = $c->send($bytes)->response;

	(my $shown = substr $bytes, 0, 60) =~ s/([^ -~])/sprintf '\x%02x',
	    ord $1/ge;
	like $r->{status}, qr/^(?:$status)$/, "$status: $why" or diag $shown;
	if ($status eq '400') {
		is field($r, 'Connection'), 'close', '... close';
		ok $c->is_closed, '... and closed';
	}
	$c->close;
	return $r;
}

my $host = "Host: x\r\n";
my $http_date = qr/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),[ ]\d\d[ ][JFMASOND][a-z]{2}
    [ ]\d{4}[ ]\d\d:\d\d:\d\d[ ]GMT\z/x;

subtest 'the request line' => sub {
	answer_is("GET / HTTP/1.1\r\n$host\r\n", 200, 'plain');
	answer_is("\r\nGET / HTTP/1.1\r\n$host\r\n", 200, 'an empty line');
	answer_is("\r\n\r\nGET / HTTP/1.1\r\n$host\r\n", 400, 'two of them');
	answer_is("GET  / HTTP/1.1\r\n$host\r\n", 400, 'two spaces');
	answer_is("GET\t/ HTTP/1.1\r\n$host\r\n", 400, 'a tab');
	answer_is(" GET / HTTP/1.1\r\n$host\r\n", 400, 'a space before');
	answer_is("GET / HTTP/1.1 \r\n$host\r\n", 400, 'a space behind');
	answer_is("GET /\r\n\r\n", 400, 'HTTP/0.9');
	answer_is("GET / http/1.1\r\n$host\r\n", 400, 'lower case');
	answer_is("GET / HTTP/1\r\n$host\r\n", 400, 'no minor');
	answer_is("GET / HTTP/1.10\r\n$host\r\n", 400, 'two digits');
	answer_is("GET / HTTP/1.2\r\n$host\r\n", 200, '1.2 is read as 1.1');
	answer_is("GET / HTTP/2.0\r\n$host\r\n", 505, 'another major');
	answer_is("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", '505|400', 'HTTP/2');
	answer_is("GET / HTTP/1.1\n$host\r\n", 400, 'a bare LF');
	answer_is("GET / HTTP/1.1\r$host\r\n", 400, 'a bare CR');
	answer_is("GET /\x00 HTTP/1.1\r\n$host\r\n", 400, 'NUL');
	answer_is("GET /\xc3\xa4 HTTP/1.1\r\n$host\r\n", 400, 'raw 8 bit');
	answer_is("GET / HTTP/1.1\r\n$host\r\n" . 'x' x 10, 200, 'and more');
	answer_is("G\@T / HTTP/1.1\r\n$host\r\n", 400, 'no token');
	answer_is("get / HTTP/1.1\r\n$host\r\n", 501, 'methods have a case');
	answer_is("BREW / HTTP/1.1\r\n$host\r\n", 501, 'an unknown method');
	answer_is("TRACE / HTTP/1.1\r\n$host\r\n", '405|501', 'TRACE');
	answer_is("CONNECT a:1 HTTP/1.1\r\n$host\r\n", '405|501', 'CONNECT');
	answer_is("GET * HTTP/1.1\r\n$host\r\n", 400, '* is for OPTIONS');
	answer_is("GET a.html HTTP/1.1\r\n$host\r\n", 400, 'no slash');
	answer_is("GET http://x/a.html HTTP/1.1\r\n$host\r\n", 200,
	    'the absolute form');
	answer_is("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400,
	    'a TLS hello on the plain port');
};

subtest 'fields' => sub {
	my $get = "GET / HTTP/1.1\r\n";

	answer_is("$get\r\n", 400, 'no Host in 1.1');
	answer_is("GET / HTTP/1.0\r\n\r\n", 200, 'none needed in 1.0');
	answer_is("$get${host}Host: y\r\n\r\n", 400, 'two Hosts');
	answer_is("$get$host\x01: y\r\n\r\n", 400, 'a control in a name');
	answer_is("${get}Host: $_\r\n\r\n", 400, "Host: $_") for 'a b',
	    'a/b', 'u@a', 'a:99999', 'a:x', '..', '', '[::1';
	answer_is("${get}Host: $_\r\n\r\n", 200, "Host: $_") for
	    'example.org', 'example.org:8080', '127.0.0.1', '[::1]:80',
	    'EXAMPLE.org.', 'a_b', 'localhost:';
	answer_is("$get${host}A : b\r\n\r\n", 400, 'a space before the colon');
	answer_is("$get${host}: b\r\n\r\n", 400, 'no name');
	answer_is("$get${host}abc\r\n\r\n", 400, 'no colon');
	answer_is("$get${host}A(b): c\r\n\r\n", 400, 'no token');
	answer_is("$get${host}A: b\r\n c\r\n\r\n", 400, 'folded');
	answer_is("$get ${host}\r\n", 400, 'a space before the first');
	answer_is("$get${host}A: b\nB: c\r\n\r\n", 400, 'a bare LF');
	answer_is("$get${host}A: b\rc\r\n\r\n", 400, 'a bare CR');
	answer_is("$get${host}A: b\x00c\r\n\r\n", 400, 'NUL');
	answer_is("$get${host}A: b\x1b[1m\r\n\r\n", 400, 'ESC');
	answer_is("$get${host}A: b\tc\xe4\r\n\r\n", 200, 'a tab and 8 bit');
	answer_is("$get${host}A:\r\n\r\n", 200, 'an empty value');
	answer_is("$get${host}A:b  \r\n\r\n", 200, 'space or not');
	answer_is("$get${host}Expect: something\r\n\r\n", 417, 'Expect');
};

subtest 'how a body is framed' => sub {
	my $get = "GET / HTTP/1.1\r\n$host";
	my $cl = 'Content-Length:';
	my $te = 'Transfer-Encoding:';

	answer_is("$get$cl 1\r\n$te chunked\r\n\r\n", 400, 'both');
	answer_is("$get$cl 1\r\n$cl 1\r\n\r\na", 400, 'two lengths');
	answer_is("$get$cl $_\r\n\r\n", 400, "length $_") for '1, 1', '+5',
	    '-5', '0x5', '5 6', '', '18446744073709551617',
	    '00000000000000000000005', 'abc';
	answer_is("$get$te $_\r\n\r\n", '501|400', "coding $_") for 'xchunked',
	    'identity', 'gzip', 'chunked, identity', '"chunked"',
	    'chunked, chunked', 'gzip, chunked', '';
	answer_is("$get$te chunked\r\n$te chunked\r\n\r\n", 400, 'twice');
	answer_is("$get$te \x0bchunked\r\n\r\n", 400, 'VT');
	answer_is("GET / HTTP/1.0\r\n$te chunked\r\n\r\n0\r\n\r\n", 400,
	    'chunked in 1.0');
	answer_is("$get$te chunked\r\n\r\n$_", '400', 'chunk ' . s/[\r\n]+/./gr)
	    for "-1\r\n", "0x5\r\n", "1234567890abcdef\r\n", "5 \r\n", "5\n",
	    "\r\n", "g\r\n", "1\r\nab\r\n", "1;" . 'x' x 300 . "\r\n",
	    "1;a\nb\r\n", "0\r\nContent-Length: 1\r\n\r\n", "0\r\nbad\r\n\r\n";
	answer_is("$get$te Chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
	    200, 'well-formed, with extension and trailer');
};

subtest 'what every answer says' => sub {
	for my $target ('/', '/none', '/%') {
		my $r = $s->get($target);
		like field($r, 'Date'), $http_date, 'Date';
		is field($r, 'Server'), 'pyked', 'Server, without version';
		is field($r, 'Connection'), 'close', 'Connection as asked';
		like $r->{head}, qr/^Content-Length: \d+\r$/m, 'a length';
	}
	my $r = $s->get('/none');
	is $r->{reason}, 'Not Found', 'the reason phrase';
	is field($r, 'Content-Type'), 'text/html; charset=utf-8', 'a page';
	like $r->{body}, qr/<title>.*404/, '... says what';
	unlike $r->{body}, qr/none|pyked|127\./, '... and no more';
	cmp_ok length $r->{body}, '<', 2000, '... in short';
	$r = $s->head('/none');
	is $r->{status}, 404, 'HEAD of an error';
	cmp_ok field($r, 'Content-Length'), '>', 0, '... with its length';
};

subtest 'a request in any pieces' => sub {
	my $request = "GET /a.html HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\n\r\n";
	my $wrong = 0;
	my $c = client($s);

	for my $i (1 .. length($request) - 1) {
		$c->send(substr $request, 0, $i);
		select undef, undef, undef, 0.002;
		my $r = $c->send(substr $request, $i)->response;
		$wrong++ unless $r->{status} eq '200' && $r->{body} eq "a\n";
	}
	is $wrong, 0, 'cut in two at every place, on one connection';
	for my $byte (split //, $request) {
		$c->send($byte);
		select undef, undef, undef, 0.001;
	}
	is $c->response->{status}, 200, 'byte by byte';
};

subtest 'the access log' => sub {
	my $log = Pyked->start(files => { 'a.html' => "abc\n" });
	my $combined = qr{^127\.0\.0\.1[ ]-[ ]-
	    [ ]\[\d\d/[A-Z][a-z]{2}/\d{4}(?::\d\d){3}[ ][+-]\d{4}\]
	    [ ]"[^"]*"[ ]\d{3}[ ](?:\d+|-)[ ]"[^"]*"[ ]"[^"]*"\n\z}x;

	is $log->get('/a.html?q=1', Referer => 'http://r/',
	    'User-Agent' => 'me "too" \\')->{status}, 200, 'one request';
	my ($line) = $log->wait_access(1);
	like $line, $combined, 'the combined format';
	like $line, qr{"GET /a\.html\?q=1 HTTP/1\.1" 200 4 "http://r/" },
	    'request, status, size, referrer';
	like $line, qr/"me \\x22too\\x22 \\x5c"$/, 'quotes are escaped';

	$log->request("GET /x HTTP/1.1\r\nHost: x\r\nUser-Agent: \xe4\t\r\n"
	    . "Connection: close\r\n\r\n");
	$log->request("GET /\"x\\\x01 HTTP/1.1\r\nHost: x\r\n\r\n");
	$log->request("\x16\x03\x01\x02\x00\x01\x1b[31m\r\n\r\n");
	$log->head('/a.html');
	$log->request("GET /a.html HTTP/1.0\r\n\r\n");
	my @lines = $log->wait_access(6);
	is scalar @lines, 6, 'a line for each, mistakes included';
	is scalar(grep { !/^[\x20-\x7e]+\n\z/ } @lines), 0,
	    'no control and no 8 bit byte in it';
	is scalar(grep { $_ !~ $combined } @lines), 0, 'all well-formed';
	is scalar(grep { /" 404 \d+ "-" "\\xE4"/i } @lines), 1, '8 bit';
	is scalar(grep { /" 400 / } @lines), 2, 'refused ones too';
	like $lines[4], qr{"HEAD /a\.html HTTP/1\.1" 200 (?:0|-) }, 'HEAD';
	like $lines[5], qr{"GET /a\.html HTTP/1\.0" 200 4 }, 'HTTP/1.0';
	$log->stop;
};

$s->stop;
done_testing;
