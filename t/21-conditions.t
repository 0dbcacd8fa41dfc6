#!/usr/bin/perl
# Conditional requests: validators, preconditions in their order, and what an
# answer without a body still says.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes ();

use Pyked;

my $now = time;
my $s = Pyked->prepare(tls => 1, top => "file-cache 0\n", files => {
	'old.txt' => "old text\n",
	'other.txt' => "new text\n",
	'fresh.txt' => "just now\n",
	'future.txt' => "later\n",
	'huge.txt' => "much later\n",
	'negative.txt' => "before\n",
	'style.css' => "p{}\n",
	'folder/index.html' => "index\n",
});
my $site = $s->{site};
my $date = 'Tue, 06 Nov 2007 08:49:37 GMT';
my $before = 'Tue, 06 Nov 2007 08:49:36 GMT';
utime 1194338977, 1194338977, "$site/$_" for 'old.txt', 'other.txt',
    'style.css';
utime $now + 5000, $now + 5000, "$site/future.txt";
utime 99999999999999, 99999999999999, "$site/huge.txt";
utime -86400, -86400, "$site/negative.txt";
$s->write_conf(servers => <<'END');
server {
	listen 127.0.0.1:0
	listen 127.0.0.1:0 tls
	certificate @CERT@ @KEY@
	root @SITE@
	cache *.css 30d
	precompressed gz
}
END
$s->up;

my $etag = field($s->get('/old.txt'), 'ETag');

subtest 'validators' => sub {
	my $r = $s->get('/old.txt');
	like $etag, qr/^"[\x21\x23-\x7e]+"$/, 'a strong ETag';
	is field($r, 'Last-Modified'), $date, 'Last-Modified';
	is field($s->get('/old.txt'), 'ETag'), $etag, 'the same again';
	is field($s->head('/old.txt'), 'ETag'), $etag, 'and to HEAD';

	spew("$site/changed.txt", 'aaaa');
	Time::HiRes::utime($now - 100, $now - 100.5, "$site/changed.txt");
	my $first = field($s->get('/changed.txt'), 'ETag');
	spew("$site/changed.txt", 'bbbb');
	Time::HiRes::utime($now - 100, $now - 100.25, "$site/changed.txt");
	my $second = field($s->get('/changed.txt'), 'ETag');
	isnt $second, $first, 'a change within the same second shows';
	rename "$site/changed.txt", "$site/moved.txt";
	is field($s->get('/moved.txt'), 'ETag'), $second,
	    'a copy of the same age has the same';
};

subtest 'a time that is no time' => sub {
	for my $time (0, 1, 315532800, 946684800) {
		spew("$site/packed.txt", 'aaaa');
		utime $time, $time, "$site/packed.txt";
		my $first = field($s->get('/packed.txt'), 'ETag');
		spew("$site/new.txt", 'bbbb');
		utime $time, $time, "$site/new.txt";
		rename "$site/new.txt", "$site/packed.txt";
		isnt field($s->get('/packed.txt'), 'ETag'), $first,
		    "$time: another file has another ETag";
		is field($s->get('/packed.txt', 'If-None-Match' => $first),
		    'Content-Length'), 4, '... and is sent';
	}
};

subtest 'a file that has just changed' => sub {
	spew("$site/fresh.txt", "one\n");
	my $r = $s->get('/fresh.txt');
	my $weak = field($r, 'ETag');
	like $weak, qr{^W/"[^"]+"$}, 'a weak ETag';
	is $s->get('/fresh.txt', 'If-None-Match' => $weak)->{status}, 304,
	    '... that is compared';
	is $s->get('/fresh.txt', 'If-Match' => $weak)->{status}, 412,
	    '... but not as a strong one';
	is $s->get('/fresh.txt', Range => 'bytes=0-1', 'If-Range' => $weak)
	    ->{status}, 200, '... and is no reason for a part';
	is $s->get('/fresh.txt', Range => 'bytes=0-1', 'If-Range' =>
	    field($r, 'Last-Modified'))->{status}, 200, '... nor is its date';
	eventually { field($s->get('/fresh.txt'), 'ETag') !~ m{^W/} } 5,
	    'it is strong soon';
	is $s->get('/fresh.txt', 'If-None-Match' => $weak)->{status}, 200,
	    'and what was weak then is not known any more';
};

subtest 'times' => sub {
	my $r = $s->get('/future.txt');
	is field($r, 'Last-Modified'), field($r, 'Date'),
	    'never later than the answer';
	for ('huge', 'negative') {
		SKIP: {
			skip "no such time on this file system", 4
			    if (stat "$site/$_.txt")[9] > 0 &&
			    (stat _)[9] < 253402300800;
			$r = $s->get("/$_.txt");
			is $r->{status}, 200, "a $_ time";
			is field($r, 'Last-Modified'), undef,
			    '... is not said';
			ok defined field($r, 'ETag'), '... but its ETag';
			is $s->get("/$_.txt", 'If-Modified-Since' => $date)
			    ->{status}, 200, '... and no condition';
		}
	}
};

# [status, what is asked, fields...]
my @table = (
	[200, 'nothing asked'],
	[200, 'If-Match names it', 'If-Match' => $etag],
	[200, 'If-Match: *', 'If-Match' => '*'],
	[200, 'If-Match in a list', 'If-Match' => "\"x\", $etag"],
	[412, 'If-Match names another', 'If-Match' => '"x"'],
	[412, 'If-Match is weak', 'If-Match' => "W/$etag"],
	[412, 'If-Match is junk', 'If-Match' => 'junk'],
	[304, 'If-None-Match names it', 'If-None-Match' => $etag],
	[304, 'If-None-Match is weak', 'If-None-Match' => "W/$etag"],
	[304, 'If-None-Match: *', 'If-None-Match' => '*'],
	[304, 'If-None-Match in a list', 'If-None-Match' => "\"a,b\",$etag"],
	[200, 'If-None-Match names another', 'If-None-Match' => '"x"'],
	[200, 'If-None-Match is junk', 'If-None-Match' => 'junk'],
	[304, 'not modified since', 'If-Modified-Since' => $date],
	[304, 'in the second format', 'If-Modified-Since' =>
	    'Tuesday, 06-Nov-07 08:49:37 GMT'],
	[304, 'in the third format', 'If-Modified-Since' =>
	    'Tue Nov  6 08:49:37 2007'],
	[200, 'modified since', 'If-Modified-Since' => $before],
	[200, 'since junk', 'If-Modified-Since' => 'yesterday'],
	[200, 'since a very long date', 'If-Modified-Since' => '9' x 8000],
	[200, 'since two dates', 'If-Modified-Since' => $date,
	    'If-Modified-Since' => $date],
	[200, 'unmodified since', 'If-Unmodified-Since' => $date],
	[412, 'not unmodified since', 'If-Unmodified-Since' => $before],
	[412, 'the same in the second format', 'If-Unmodified-Since' =>
	    'Tuesday, 06-Nov-07 08:49:36 GMT'],
	[412, 'the same in the third format', 'If-Unmodified-Since' =>
	    'Tue Nov  6 08:49:36 2007'],
	[200, 'unmodified since junk', 'If-Unmodified-Since' => 'today'],
	[200, 'If-Match before If-Unmodified-Since', 'If-Match' => $etag,
	    'If-Unmodified-Since' => $before],
	[412, 'If-Match before If-None-Match', 'If-Match' => '"x"',
	    'If-None-Match' => $etag],
	[304, 'both of them true', 'If-Match' => $etag,
	    'If-None-Match' => $etag],
	[412, 'If-Unmodified-Since before If-None-Match',
	    'If-Unmodified-Since' => $before, 'If-None-Match' => $etag],
	[200, 'If-None-Match before If-Modified-Since',
	    'If-None-Match' => '"x"', 'If-Modified-Since' => $date],
	[304, 'the other way round', 'If-None-Match' => $etag,
	    'If-Modified-Since' => $before],
	[304, 'If-None-Match before Range', 'If-None-Match' => $etag,
	    Range => 'bytes=0-1'],
	[412, 'If-Match before Range', 'If-Match' => '"x"',
	    Range => 'bytes=0-1'],
	[412, 'If-Match before a range that is not there', 'If-Match' => '"x"',
	    Range => 'bytes=99-'],
	[206, 'a range when all is true', 'If-Match' => $etag,
	    'If-None-Match' => '"x"', Range => 'bytes=0-1'],
);

subtest 'preconditions' => sub {
	for (@table) {
		my ($status, $why, @fields) = @$_;
		my $r = $s->get('/old.txt', @fields);
		is $r->{status}, $status, "GET, $status: $why";
		is $r->{body}, "old text\n", '... all of it'
		    if $status == 200;
		is $r->{body}, '', '... without a body' if $status == 304;
		$r = $s->head('/old.txt', @fields);
		is $r->{status}, $status == 206 ? 200 : $status,
		    '... and HEAD';
	}
};

# RFC 9110 13.2.1: only where the answer would be 2xx without them.
subtest 'no preconditions elsewhere' => sub {
	for my $fields (['If-Match' => '*'], ['If-Match' => '"x"'],
	    ['If-None-Match' => '*'], ['If-Unmodified-Since' => $before]) {
		is $s->get('/none.txt', @$fields)->{status}, 404,
		    "@$fields: 404 for what is not there";
		is $s->get('/folder', @$fields)->{status}, 301, '... 301';
		is $s->ask(POST => '/old.txt', 'Content-Length' => 0,
		    @$fields)->{status}, 405, '... 405';
		is $s->ask(OPTIONS => '/old.txt', @$fields)->{status}, 204,
		    '... OPTIONS';
	}
};

# RFC 9110 15.4.5: ETag, Vary, Cache-Control, Date as in the 200; no metadata.
subtest 'what a 304 says' => sub {
	spew("$site/style.css.gz", "\x1f\x8b not really\n");
	utime 1194338977, 1194338977, "$site/style.css.gz";
	for my $coding ('identity', 'gzip') {
		my $all = $s->get('/style.css', 'Accept-Encoding' => $coding);
		my $r = $s->get('/style.css', 'Accept-Encoding' => $coding,
		    'If-None-Match' => field($all, 'ETag'));
		is $all->{status}, 200, "$coding: 200";
		is $r->{status}, 304, '... then 304';
		ok defined field($r, 'Date'), '... Date';
		for my $name (qw(ETag Vary Cache-Control)) {
			ok defined field($all, $name), "... 200 has $name";
			is field($r, $name), field($all, $name),
			    '... 304 the same';
		}
		for my $name (qw(Content-Type Content-Length Content-Encoding
		    Content-Range Transfer-Encoding Last-Modified)) {
			is field($r, $name), undef, "... 304 has no $name";
		}
	}
};

# What follows on the connection begins right behind the head.
subtest 'no body, and the connection goes on' => sub {
	my $c = client($s);
	for (1 .. 3) {
		is $c->get('/old.txt', 'If-None-Match' => '*')->{status}, 304,
		    'not modified';
		my $r = $c->send(Pyked::Http::bytes(HEAD => '/old.txt'))
		    ->response(head => 1);
		is $r->{status}, 200, 'HEAD';
		is $c->get('/old.txt', 'If-Match' => '"x"')->{status}, 412,
		    'refused';
		is $c->send(Pyked::Http::bytes(OPTIONS => '/old.txt'))
		    ->response->{status}, 204, 'OPTIONS';
		is $c->get('/old.txt')->{body}, "old text\n", 'GET';
	}
	is $c->{in}, '', 'and nothing is left over';
	my $got = curl('-k', '-o', '/dev/null', '-w', '%{http_code}',
	    '-H', "If-None-Match: $etag", $s->url('/old.txt', 'https'));
	is $got->{out}, 304, 'over https';
};

$s->stop;
done_testing;
