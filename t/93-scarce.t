#!/usr/bin/perl
# A worker whose allocations fail, or whose calls to the system do: each failure
# costs a request at most, and when there is enough again all is as before.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Pyked;

plan skip_all => 'the sanitizers have an allocator of their own'
    if Pyked::is_sanitized();
my ($scarce) = grep { -e } (Pyked->program =~ s{/pyked$}{/t/scarce.so}r,
    Pyked::top() . '/build/release/t/scarce.so');
die "t/scarce.so is not built\n" unless $scarce;

my $dir = temporary();
my $order = spew("$dir/order", pack('LLL', 0, 0, 0));
my $s = Pyked->start(workers => 1,
    wrap => ['env', "SCARCE_FILE=$order", "LD_PRELOAD=$scarce"],
    files => { 'index.html' => "home\n", 'page.html' => 'p' x 20000,
	'big.bin' => 'z' x 100000,
	map { ("list/$_.txt" => 'x') } 1 .. 200 },
    scripts => { 'echo' => "#!/bin/sh\n"
	. "printf 'Content-Type: text/plain\\nX: y\\n\\n'\ncat\n" },
    servers => <<'END');
server {
	listen 127.0.0.1:0
	root @SITE@
	gzip text/html
	precompressed gz
	cache *.html 1h
	location /list/ {
		listing on
	}
	location /cgi/ {
		cgi dir @CGI@
	}
}
END
my ($worker) = $s->workers;

# Every n-th allocation and every m-th call fails; none with 0.
sub fail_every {
	my ($n, $m) = @_;

	open my $f, '+<', $order or die "$order: $!";
	syswrite $f, pack 'LLL', $worker, $n, $m;
	close $f;
}

# What each request gets when nothing fails.
my %requests = (
	home => [Pyked::Http::bytes(GET => '/'), "home\n"],
	big => [Pyked::Http::bytes(GET => '/big.bin'), 'z' x 100000],
	range => [Pyked::Http::bytes(GET => '/big.bin',
	    Range => 'bytes=5-9'), 'zzzzz', 206],
	ranges => [Pyked::Http::bytes(GET => '/big.bin',
	    Range => 'bytes=5-9,20-29,40-49'), undef, 206],
	beyond => [Pyked::Http::bytes(GET => '/big.bin',
	    Range => 'bytes=100000-'), undef, 416],
	newer => [Pyked::Http::bytes(GET => '/',
	    'If-None-Match' => '*'), '', 304],
	gzip => [Pyked::Http::bytes(GET => '/page.html',
	    'Accept-Encoding' => 'gzip'), undef],
	head => [Pyked::Http::bytes(HEAD => '/page.html',
	    'Accept-Encoding' => 'gzip'), ''],
	none => [Pyked::Http::bytes(GET => '/none'), undef, 404],
	folder => [Pyked::Http::bytes(GET => '/list'), undef, 301],
	list => [Pyked::Http::bytes(GET => '/list/'), undef],
	long => [Pyked::Http::bytes(GET => '/?' . 'q' x 7000,
	    map { ("X-$_" => 'v' x 900) } 1 .. 6), "home\n"],
	script => [Pyked::Http::bytes(POST => '/cgi/echo?a=b',
	    'Content-Length' => 5, map { ("X-$_" => 'v' x 100) } 1 .. 20)
	    . 'hello', 'hello'],
	upload => [Pyked::Http::bytes(POST => '/cgi/echo',
	    'Content-Length' => 90000) . 'u' x 90000, 'u' x 90000],
	chunks => [Pyked::Http::bytes(POST => '/cgi/echo',
	    'Transfer-Encoding' => 'chunked')
	    . "5\r\nhello\r\n0\r\n\r\n", 'hello'],
);

# 'right', 'failed', or what is wrong. A padded head leaves a request no memory
# but what it has to ask for.
sub ask_for {
	my ($name, $padding) = @_;
	my ($bytes, $body, $status) = @{ $requests{$name} };
	my $c = client($s) or return 'no connection';
	$bytes =~ s/\r\n/"\r\nX-Pad: " . 'p' x $padding . "\r\n"/e if $padding;
	my $r = $c->send($bytes)->response(head => $name eq 'head');

	$c->close;
	return 'failed' if $r->{status} =~ /^(?:40[34]|50[0-47]|closed|reset)/
	    && $r->{status} ne ($status // 200);
	return 'failed' if $r->{status} =~ /in the head$/;
	return "$name: $r->{status}"
	    if $r->{status} ne ($status // 200);
	return 'failed' if !$r->{complete};
	return "$name: another body" if defined $body && $r->{body} ne $body;
	return 'right';
}

sub descriptors { scalar(() = glob "/proc/$worker/fd/*") }

is ask_for($_), 'right', "$_ before" for sort keys %requests;
my $before = descriptors();
# What fails is logged, and meant to be.
$s->allow(qr/ error worker /);

sub suffer {
	my ($what, @orders) = @_;
	my %seen;

	for my $order (@orders) {
		fail_every(@$order);
		for my $name (sort keys %requests) {
			$seen{ ask_for($name, $_) }++ for 0, 2700, 2900;
		}
	}
	fail_every(0, 0);
	cmp_ok $seen{failed}, '>', 100, "$what: many requests failed";
	cmp_ok $seen{right}, '>', 100, '... many did not';
	is join(', ', grep { !/^(?:right|failed)$/ } sort keys %seen), '',
	    '... no answer was wrong';
	is ask_for($_), 'right', "$_ afterwards" for sort keys %requests;
	is join(' ', $s->workers), $worker, 'it is the worker that began';
	SKIP: {
		skip 'only root sees the descriptors of workers', 1 if $>;
		# The few files that are sent may be kept open by now.
		eventually { descriptors() <= $before + 5 } 10,
		    'no descriptor is left over'
		    or diag "$before, then ", descriptors();
	}
}

my @every = (1 .. 30, 37, 53, 71, 97);
suffer('memory', map { [$_, 0] } @every);
suffer('calls', map { [0, $_] } @every);
$s->stop;
done_testing;
