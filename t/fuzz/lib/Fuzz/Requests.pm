# Fuzz::Requests: streams of requests, well-formed ones and damaged ones.
#
#	$bytes = Fuzz::Requests::stream(\@corpus)
#
# The random numbers are rand()'s: srand() before makes it the same again.
package Fuzz::Requests;

use strict;
use warnings;

sub pick { $_[rand @_] }
sub chance { rand() < $_[0] }

# The good one mostly, or any of the others.
sub mostly { my $good = shift; return chance(0.9) ? $good : pick(@_) }

my $request_in_body = "GET /in-a-body HTTP/1.1\r\nHost: localhost\r\n\r\n";

my @targets = ('/index.html?a=b&c=%20', '/sub/../index.html', '//sub//', '/./sub/.',
    '/..', '/%2e%2e/x', '/%zz', '/%00', '/a%2fb', '/%5c', '/?', '/big.bin',
    'http://localhost/', 'http://localhost:80/index.html?x',
    'HTTPS://localhost', 'http://user@localhost/', 'http:///', 'ftp://a/',
    '*', 'index.html', '/#', '/\\', "/\xe4", '/' . 'a' x 300);
my @good_targets = ('/', '/index.html', '/index.html?a=b', '/sub', '/sub/',
    '/a%20b', '/none', '/big.bin', 'http://localhost/index.html');
my @methods = ('OPTIONS', 'PUT', 'DELETE', 'TRACE', 'CONNECT', 'BREW', 'get',
    'G' x 33);
my @versions = (('HTTP/1.0') x 3, 'HTTP/1.2', 'HTTP/2.0', 'HTTP/0.9',
    'HTTP/1.10', 'http/1.1', 'HTTP/1.', '');
my @hosts = ('localhost:8080', '[::1]', '[::1]:80',
    '127.0.0.1', '', 'a b', 'a..b', '.', 'a.', 'a:0', 'a:65536', 'a:', 'u@a',
    '[::', '[::1]x', 'a,b', '%41', '%4');
my @lengths = ('0', '1', '5', '05', '+5', '-5', '5, 5', '5 ', '0x5', '',
    '9223372036854775807', '9223372036854775808', '18446744073709551621',
    "5\t", '5;', '4294967301');
my @codings = ('Chunked', 'chunked, chunked', 'gzip, chunked',
    'chunked, gzip', 'identity', 'xchunked', '"chunked"', "chunked\x0b",
    ' chunked', "\tchunked", 'chunked;a=b', ',chunked', 'chunked,', '');
my @connections = ('close', 'keep-alive', 'Keep-Alive, TE', 'close, keep-alive',
    'upgrade', ',close', 'close;q=1', '"close"', 'x', '', 'clos', 'Close');
my @good = ('Accept: */*', 'User-Agent: fuzz', 'Expect: 100-continue',
    'Range: bytes=0-0',
    'Range: bytes=-5,0-1,2-', 'Range: bytes=5-4', 'Range: x',
    'If-None-Match: *', 'If-None-Match: "a", W/"b"', 'If-Match: "x"',
    'If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT',
    'If-Unmodified-Since: Sunday, 06-Nov-94 08:49:37 GMT',
    'If-Range: "x"', 'Accept-Encoding: gzip;q=0.5, br', 'TE: trailers',
    'Trailer: X', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk',
    'Cookie: a=b', 'Content-Type: text/plain', "X: \xff", "X:\ty",
    'Content_Length: 5', 'Transfer_Encoding: chunked', 'X: ' . 'y' x 4000);
my @others = ('Expect: 100-Continue', 'Expect: x', 'X : y', 'X', ': y', ' X: y',
    "X: a\rb", "X: a\0b", "X: a\x7f", "X: a\r\n b");

sub chunk {
	my ($data) = @_;
	my $extension = chance(0.05) ? pick(';a', ';a=b', ' ; a = "b;\\""', ';',
	    ' ', ";\x80", ';a="\n"', ';' . 'e' x 300) : '';
	my $size = sprintf pick('%x', '%x', '%x', '%X', '0%x', '00000%x'),
	    length $data;

	$size = pick('0x5', '-1', '+5', 'fffffffffffffff', '1' . '0' x 15, '',
	    sprintf '%x', length($data) + pick(1, 2)) if chance(0.03);
	return $size . $extension . pick(("\r\n") x 60, "\n") . $data
	    . pick(("\r\n") x 90, "\n", '');
}

sub chunked {
	my ($body) = @_;
	my $text = '';

	while (length $body) {
		$text .= chunk(substr $body, 0, 1 + rand length $body, '');
	}
	$text .= pick(('0') x 20, '00', '0;a', '0 ') . "\r\n";
	$text .= pick('X: y', 'Content-Length: 5', 'hOST: a', 'Y:', "Z: a\0",
	    'bad', "X: y\r\nX: y") . "\r\n" if chance(0.15);
	return "$text\r\n";
}

sub request {
	my ($script) = @_;
	my $method = $script ? pick('POST', 'POST', 'PUT', 'GET')
	    : mostly(pick('GET', 'GET', 'HEAD', 'POST'), @methods);
	my @fields = chance(0.98) ? 'Host: ' . ($script ? 'localhost'
	    : mostly('localhost', @hosts)) : ();
	my $body = '';

	push @fields, 'Connection: ' . mostly('keep-alive', @connections)
	    if chance(0.3);
	push @fields, mostly(pick(@good), @others) while chance(0.4);
	if (chance($method eq 'POST' || $script ? 0.95 : 0.1)) {
		my $data = chance(0.5) ? $request_in_body
		    : 'b' x int rand 40;
		if (chance(0.5)) {
			push @fields, 'Transfer-Encoding: '
			    . mostly('chunked', @codings);
			$body = chunked($data);
		} else {
			push @fields, 'Content-Length: '
			    . mostly(length $data, @lengths);
			$body = $data;
		}
		push @fields, 'Content-Length: ' . length $data
		    if chance(0.02);
	}
	push @fields, 'Host: localhost' if chance(0.01);
	@fields = sort { rand() <=> 0.5 } @fields if chance(0.3);
	return "$method " . ($script ? '/cgi/echo'
	    : mostly(pick(@good_targets), @targets)) . ' '
	    . ($script ? 'HTTP/1.1' : mostly('HTTP/1.1', @versions)) . "\r\n"
	    . join('', map { "$_\r\n" } @fields) . "\r\n$body";
}

my @bytes = ("\r", "\n", "\r\n", "\r\n\r\n", ' ', "\t", ':', ';', ',', '0', '5',
    'f', "\0", "\x7f", "\x80", '"', '\\', '%', '/', '?', '#', '.', '=',
    "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n");

# One damage, where at is drawn at random.
sub damage {
	my ($text) = @_;
	my $at = int rand 1 + length $text;
	my $what = int rand 8;

	if ($what == 0) {
		substr $text, $at, 1 + rand 3, '';
	} elsif ($what == 1) {
		substr $text, $at, 0, pick(@bytes);
	} elsif ($what == 2) {
		substr $text, $at, 1, pick(@bytes) if $at < length $text;
	} elsif ($what == 3) {
		substr $text, $at, 1, chr rand 256 if $at < length $text;
	} elsif ($what == 4) {
		$text =~ s/\r\n/\n/ if $at % 2;
		$text =~ s/(.*)\r\n/$1\n/s unless $at % 2;
	} elsif ($what == 5) {
		my @lines = split /(?<=\n)/, $text;
		splice @lines, rand @lines, 0, pick(@lines) if @lines;
		$text = join '', @lines;
	} elsif ($what == 6) {
		my @lines = split /(?<=\n)/, $text;
		splice @lines, rand @lines, 1 if @lines;
		$text = join '', @lines;
	} else {
		$text = substr $text, 0, $at;
	}
	return $text;
}

# One to three requests.
sub stream {
	my ($corpus, $script) = @_;
	my $text = '';

	for (1 .. pick(1, 1, 1, 2, 3)) {
		$text .= !$script && chance(0.15) ? pick(@$corpus)
		    : request($script);
	}
	if (chance(0.4)) {
		$text = damage($text) for 1 .. pick(1, 1, 2, 4);
	}
	$text .= "\r\n" if chance(0.03);
	return $text;
}

1;
