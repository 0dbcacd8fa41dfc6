#!/usr/bin/perl
# Ranges: one, many, none; what they cost; what they are a part of.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time);

use Pyked;

my $text = join '', map { sprintf '%07d,', $_ } 0 .. 12499;
my $size = length $text;		# 100000
my $s = Pyked->prepare(tls => 1, files => {
	'data.txt' => $text,
	'ten.bin' => '0123456789',
	'empty.txt' => '',
});
utime 1194338977, 1194338977, "$s->{site}/$_" for 'data.txt', 'ten.bin';
my $date = 'Tue, 06 Nov 2007 08:49:37 GMT';
$s->up;

my $etag = field($s->get('/data.txt'), 'ETag');

# The parts of a multipart/byteranges body as [first, last, bytes], and an empty
# list when there is anything wrong with it.
sub parts {
	my ($r, $total) = @_;
	my ($boundary) = (field($r, 'Content-Type') // '') =~
	    m{^multipart/byteranges; boundary=([0-9a-zA-Z'()+_,./:=?-]{1,70})$}
	    or return;
	my $body = $r->{body};
	my @parts;

	$body =~ s/^--\Q$boundary\E\r\n// or return;
	while ($body =~ s/^Content-Type:\ (\S[^\r\n]*)\r\n
	    Content-Range:\ bytes\ (\d+)-(\d+)\/(\d+)\r\n\r\n//x) {
		my ($type, $first, $last, $all) = ($1, $2, $3, $4);
		return if $all != $total || $last < $first;
		my $bytes = substr $body, 0, $last - $first + 1, '';
		return if length $bytes != $last - $first + 1;
		push @parts, [$first, $last, $bytes];
		return @parts if $body eq "\r\n--$boundary--\r\n";
		$body =~ s/^\r\n--\Q$boundary\E\r\n// or return;
	}
	return;
}

subtest 'one range' => sub {
	for (['0-0', 0, 0], ['0-9', 0, 9], ['100-199', 100, 199],
	    ['0-', 0, $size - 1], ['99999-', 99999, 99999],
	    ['99990-200000', 99990, 99999], ['-1', 99999, 99999],
	    ['-500', 99500, 99999], ['-100000', 0, 99999],
	    ['-999999999', 0, 99999], ['5-18446744073709551615', 5, 99999],
	    ['5-99999999999999999999999999', 5, 99999],
	    ['-18446744073709551616', 0, 99999], ['0-9,5-14', 0, 14],
	    ['5-14, 0-9', 0, 14], ['0-9,10-19', 0, 19],
	    ['0-9,200000-', 0, 9], [',0-9,', 0, 9]) {
		my ($range, $first, $last) = @$_;
		my $r = $s->get('/data.txt', Range => "bytes=$range");
		is $r->{status}, 206, "206 for $range";
		is field($r, 'Content-Range'), "bytes $first-$last/$size",
		    '... Content-Range';
		is field($r, 'Content-Length'), $last - $first + 1,
		    '... Content-Length';
		ok $r->{body} eq substr($text, $first, $last - $first + 1),
		    '... the bytes';
	}
	my $r = $s->get('/data.txt', Range => 'bytes=0-9');
	is field($r, 'ETag'), $etag, 'ETag';
	is field($r, 'Last-Modified'), $date, 'Last-Modified';
	is field($r, 'Content-Type'), 'text/plain; charset=utf-8', 'the type';
	is field($r, 'Accept-Ranges'), 'bytes', 'Accept-Ranges';
	is field($s->get('/data.txt'), 'Accept-Ranges'), 'bytes',
	    'that ranges are taken is said beforehand';
};

subtest 'what is not there' => sub {
	for ('100000-', '100000-100001', '-0', '18446744073709551615-',
	    '99999999999999999999-', '100000-,200000-300000,-0') {
		my $r = $s->get('/data.txt', Range => "bytes=$_");
		is $r->{status}, 416, "416 for $_";
		is field($r, 'Content-Range'), "bytes */$size",
		    '... how much there is';
		is field($r, 'Content-Type'), 'text/html; charset=utf-8',
		    '... a page';
		is field($r, $_), undef, "... no $_" for qw(ETag
		    Last-Modified Accept-Ranges);
	}
	my $c = client($s);
	is $c->get('/data.txt', Range => 'bytes=100000-')->{status}, 416,
	    'refused';
	is $c->get('/ten.bin')->{body}, '0123456789',
	    '... and the connection goes on';
};

subtest 'an empty file' => sub {
	my $r = $s->get('/empty.txt');
	is $r->{status}, 200, 'as it is';
	for ('0-', '0-0', '-0', '5-') {
		$r = $s->get('/empty.txt', Range => "bytes=$_");
		is $r->{status}, 416, "416 for $_";
		is field($r, 'Content-Range'), 'bytes */0', '... of nothing';
	}
	$r = $s->get('/empty.txt', Range => 'bytes=-5');
	is "$r->{status}$r->{body}", 200, 'its last bytes are none';
};

subtest 'what does not count' => sub {
	for ('', 'bytes', 'bytes=', 'bytes=-', 'bytes=9-0', 'bytes=a-b',
	    'bytes=1', 'bytes=0-1,x', 'bytes=0-1,9-0', 'bytes 0-1',
	    'bytes =0-1', 'bytes= 0-1', 'bytes=0 - 1', 'bytes=0-1;2-3',
	    'octets=0-1', 'bytes=+0-1', 'bytes=0x0-1', 'bytes=1-0x2',
	    'bytes=--1', 'bytes=0-1-2', '0-1', 'bytes=\\0-1',
	    'bytes=0-1, bytes=2-3', 'bytes=' . '9' x 7000,
	    'bytes=0-,0-', 'bytes=0-99999,0-0', 'bytes=0-60000,-60000') {
		my $r = $s->get('/data.txt', Range => $_);
		is $r->{status}, 200, '200 for ' . substr $_, 0, 40;
		ok $r->{body} eq $text, '... all of it';
		is field($r, 'Content-Range'), undef, '... no Content-Range';
	}
	my $r = $s->get('/data.txt', Range => 'bytes=0-1',
	    Range => 'bytes=2-3');
	is $r->{status}, 200, 'two fields';
	$r = $s->head('/data.txt', Range => 'bytes=0-1');
	is $r->{status}, 200, 'HEAD';
	is field($r, 'Content-Length'), $size, '... of all of it';
	is $s->head('/data.txt', Range => 'bytes=100000-')->{status}, 200,
	    '... whatever is asked';
	is $s->ask(OPTIONS => '/data.txt', Range => 'bytes=0-1')->{status},
	    204, 'OPTIONS';
	is $s->ask(POST => '/data.txt', Range => 'bytes=0-1',
	    'Content-Length' => 0)->{status}, 405, 'POST';
	is $s->get('/none', Range => 'bytes=0-1')->{status}, 404,
	    'what is not there';
};

subtest 'many ranges' => sub {
	for (['0-0,99999-99999', [0, 0], [99999, 99999]],
	    ['500-599,100-199', [500, 599], [100, 199]],
	    ['0-9,-10', [0, 9], [99990, 99999]],
	    ['0-9 , 20-29,,40-49', [0, 9], [20, 29], [40, 49]],
	    ['0-9,5-14,30-39', [0, 14], [30, 39]],
	    ['0-9,300000-,30-39', [0, 9], [30, 39]],
	    ['0-29999,40000-79999', [0, 29999], [40000, 79999]]) {
		my ($range, @want) = @$_;
		my $r = $s->get('/data.txt', Range => "bytes=$range");
		my @got = parts($r, $size);
		is $r->{status}, 206, "206 for $range";
		is join(' ', map { "$_->[0]-$_->[1]" } @got),
		    join(' ', map { "$_->[0]-$_->[1]" } @want), '... parts';
		is scalar(grep { $_->[2] ne substr $text, $_->[0],
		    $_->[1] - $_->[0] + 1 } @got), 0, '... their bytes';
		is field($r, 'Content-Range'), undef,
		    '... and no Content-Range of their own';
	}
	my $request = Pyked::Http::bytes(GET => '/data.txt',
	    Range => 'bytes=0-9,20-29');
	my $c = client($s);
	my @types = map { field($c->send($request)->response, 'Content-Type') }
	    1 .. 5;
	my %seen = map { $_ => 1 } @types;
	is keys %seen, 5, 'each answer has a boundary of its own';
	is $c->get('/ten.bin')->{body}, '0123456789',
	    'and the connection goes on';
	like $s->get('/data.txt', Range => 'bytes=0-9,20-29')->{body},
	    qr{\r\nContent-Range: bytes 20-29/100000\r\n\r\n\d{3},},
	    'a part says what it is';
};

subtest 'at most 16' => sub {
	my $ranges = sub {
		join ',', map { $_ * 10 . '-' . $_ * 10 } 1 .. $_[0];
	};
	my @got = parts($s->get('/data.txt', Range => 'bytes='
	    . $ranges->(16)), $size);
	is scalar @got, 16, '16 ranges';
	my $r = $s->get('/data.txt', Range => 'bytes=' . $ranges->(17));
	is $r->{status}, 200, '17 are none';
	ok $r->{body} eq $text, '... but all of it';
};

# Nothing may cost more than the file, however it is asked for.
subtest 'greedy requests' => sub {
	my $most = 0;
	for ('bytes=' . join(',', ('0-') x 100),
	    'bytes=' . join(',', map { "0-$_" } 1 .. 1300),
	    'bytes=' . join(',', map { "$_-" } 1 .. 1300),
	    'bytes=' . join(',', ('-1') x 16),
	    'bytes=' . join(',', map { "$_-90000" } 1 .. 16),
	    'bytes=0-,-100000', 'bytes=-17208,-9223372036854758792',
	    'bytes=0-18446744073709551615,1-18446744073709551615') {
		my $c = client($s);
		$c->send(Pyked::Http::bytes(GET => '/data.txt',
		    Range => substr($_, 0, 8000) =~ s/,[^,]*$//r,
		    Connection => 'close'));
		my $n = length $c->rest;
		$most = $n if $n > $most;
	}
	cmp_ok $most, '<', $size + 2048, 'never more than the file and a head';
	my $r = $s->get('/data.txt', Range => 'bytes='
	    . join ',', map { $_ * 2 . '-' . $_ * 2 } 0 .. 15);
	cmp_ok length $r->{body}, '<', 16 * 2048, 'small parts stay small';
};

subtest 'If-Range' => sub {
	for ([206, $etag], [200, "W/$etag"], [200, '"x"'], [206, $date],
	    [206, 'Tuesday, 06-Nov-07 08:49:37 GMT'],
	    [206, 'Tue Nov  6 08:49:37 2007'],
	    [200, 'Tue, 06 Nov 2007 08:49:38 GMT'],
	    [200, 'Tue, 06 Nov 2007 08:49:36 GMT'], [200, 'junk'], [200, '*'],
	    [200, ''], [200, "$etag, \"x\""], [200, '9' x 8000]) {
		my ($status, $value) = @$_;
		my $r = $s->get('/data.txt', Range => 'bytes=0-9',
		    'If-Range' => $value);
		is $r->{status}, $status,
		    "$status: " . substr $value, 0, 40;
		is length $r->{body}, $status == 206 ? 10 : $size, '... body';
	}
	is $s->get('/data.txt', 'If-Range' => $etag)->{status}, 200,
	    'without a Range it means nothing';
	is $s->get('/data.txt', Range => 'bytes=100000-',
	    'If-Range' => $etag)->{status}, 416, 'the same file: 416';
	is $s->get('/data.txt', Range => 'bytes=100000-',
	    'If-Range' => '"x"')->{status}, 200, 'another one: all of it';
};

subtest 'HTTP/1.0' => sub {
	my $r = $s->request("GET /ten.bin HTTP/1.0\r\n"
	    . "Range: bytes=2-3,6-7\r\n\r\n");
	is $r->{status}, 206, 'has ranges, too';
	is join(' ', map { $_->[2] } parts($r, 10)), '23 67', '... its parts';
};

subtest 'more than 4 GiB' => sub {
	open my $f, '>', "$s->{site}/big.bin" or die "big.bin: $!";
	my $big = 5 * 2 ** 30;
	SKIP: {
		skip 'no sparse files here', 4 unless truncate $f, $big;
		sysseek $f, $big - 5, 0;
		syswrite $f, 'there';
		my $r = $s->get('/big.bin', Range => 'bytes=-5');
		is $r->{body}, 'there', 'its end';
		is field($r, 'Content-Range'), 'bytes 5368709115-5368709119/'
		    . '5368709120', '... where it is';
		my @got = parts($s->get('/big.bin', Range =>
		    'bytes=5368709115-5368709116,0-0,4294967296-4294967297'),
		    $big);
		is join(' ', map { $_->[2] =~ tr/\0/0/r } @got), 'th 0 00',
		    'parts';
		$r = $s->get('/big.bin', Range => 'bytes=5368709120-');
		is field($r, 'Content-Range'), 'bytes */5368709120', 'beyond';
	}
	close $f;
	unlink "$s->{site}/big.bin";
};

subtest 'curl' => sub {
	my $whole = "$s->{dir}/whole";
	spew($whole, substr $text, 0, 40000);
	my $r = curl('-k', '-C', '-', '-o', $whole,
	    $s->url('/data.txt', 'https'));
	is $r->{status}, 0, 'goes on with a download';
	ok slurp($whole) eq $text, '... and has it all';
	$r = curl('-k', '-r', '0-9,99990-', $s->url('/data.txt', 'https'));
	like $r->{out}, qr{0000000,00.*8,0012499,\r\n--}s, 'parts over https';
};

$s->stop;
done_testing;
