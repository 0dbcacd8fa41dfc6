#!/usr/bin/perl
# Large answers over TLS: records leave in batches, whatever the client does.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::MD5;
use Test::More;

use Pyked;

my $size = 48 << 20;
my $s = Pyked->prepare(tls => 1, files => { 'index.html' => "first\n" });
{
	open my $f, '>:raw', "$s->{site}/big.bin" or die "big.bin: $!";
	print $f pack 'N*', map { $_ * 2654435761 % 2 ** 32 }
	    $_ << 18 .. ($_ + 1 << 18) - 1 for 0 .. ($size >> 20) - 1;
	close $f or die "big.bin: $!";
}
$s->write_conf(servers => <<'END');
server {
	listen 127.0.0.1:0 tls
	certificate @CERT@ @KEY@
	root @SITE@
}
END
$s->up;
my ($worker) = $s->workers;

sub request {
	return "GET $_[0] HTTP/1.1\r\nHost: localhost\r\n"
	    . ($_[1] ? "Connection: close\r\n" : '') . "\r\n";
}

sub digest_of_body {
	my ($pipe, $first) = @_;
	my ($head, $rest) = split /\r\n\r\n/, $first, 2;
	my $md5 = Digest::MD5->new->add($rest);
	my $left = $size - length $rest;

	while ($left > 0) {
		my $bytes = take($pipe, $left < 1 << 20 ? $left : 1 << 20);
		last if $bytes eq '';
		$md5->add($bytes);
		$left -= length $bytes;
	}
	return $md5->hexdigest;
}

my $digest = do {
	open my $f, '<:raw', "$s->{site}/big.bin" or die "big.bin: $!";
	Digest::MD5->new->addfile($f)->hexdigest;
};

subtest 'a client that stops reading and goes on' => sub {
	my ($pid, $pipe) = slow_s_client($s->port('https'),
	    request('/big.bin') . request('/', 1));
	my $first = take($pipe, 65536);

	like $first, qr/^HTTP\/1\.1 200 /, 'the answer begins';
	ok wait_until(sub { is_stalled($worker) }, 20), 'and stalls';
	is scalar(grep { m{/big\.bin} } $s->access), 0,
	    'it is not in the log as sent';
	is digest_of_body($pipe, $first), $digest, 'it is whole';
	like take($pipe, 1 << 16), qr/\AHTTP\/1\.1 200 .*\r\n\r\nfirst\n\z/s,
	    'and the next answer follows';
	is finish($pid), 0, 'the connection ends in order';
	ok wait_until(sub {
		grep { m{GET /big\.bin HTTP/1\.1" 200 $size } } $s->access;
	}),
	    'the log has it, with its size';
};

subtest 'a client that stops reading and leaves' => sub {
	my ($pid, $pipe) = slow_s_client($s->port('https'),
	    request('/big.bin?2'));

	take($pipe, 65536);
	ok wait_until(sub { is_stalled($worker) }, 20), 'the answer stalls';
	kill KILL => $pid;
	finish($pid);
	ok wait_until(sub {
		grep { m{GET /big\.bin\?2 HTTP/1\.1" \d+ \d+ } } $s->access;
	}),
	    'the log has it';
	my ($line) = grep { m{/big\.bin\?2 } } $s->access;
	cmp_ok $line =~ /" \d+ (\d+) / ? $1 : $size, '<', $size,
	    'with less than its size';
	my $r = curl('-k', $s->url('/', 'https'));
	is $r->{out}, "first\n", 'others are served';
	is_deeply [$s->workers], [$worker], 'by the same worker';
};

# RFC 6066 section 4: many more records for the same bytes.
subtest 'a client that takes short records only' => sub {
	for (['-tls1_3'], ['-tls1_2']) {
		my $r = s_client($s->port('https'), request('/big.bin', 1),
		    '-maxfraglen', 512, @$_);
		my $body = $r->{out} =~ s/\A.*?\r\n\r\n//sr;
		is length $body, $size, "@$_: all of it";
		is Digest::MD5::md5_hex($body), $digest, '... in order';
	}
};

$s->stop;
done_testing;
