#!/usr/bin/perl
# Precompressed files, compression on the way, and what caches are told.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Compress::Gzip qw(gzip);
use IO::Uncompress::Gunzip qw(gunzip $GunzipError);
use Test::More;
use Time::HiRes ();

use Pyked;

my $page = "<p>" . join(' ', 1 .. 5000) . "</p>\n";
gzip \$page => \my $zipped;
my $has_zlib = run(Pyked::program(), '-t', '-c', spew(
    File::Temp->new->filename . '.conf', "gzip text/html\nlisten "
    . "127.0.0.1:0\nroot /tmp\n"))->{err} !~ /built without zlib/;
my $s = Pyked->prepare(files => {
	'page.html' => $page,
	'page.html.gz' => $zipped,
	'page.html.br' => 'brotli: ' . $page,
	'gz.html' => $page,
	'gz.html.gz' => $zipped,
	'stale.html' => $page,
	'stale.html.gz' => $zipped,
	'plain.html' => $page,
	'small.html' => 'x' x 511,
	'enough.html' => 'x' x 512,
	'log.txt' => join('', map { "line $_\n" } 1 .. 300000),
	'zeros.txt' => "0" x (20 << 20),
	'data.json' => '[' . '1,' x 2000 . '1]',
	'picture.svg' => '<svg>' . ' ' x 5000 . '</svg>',
	'picture.png' => 'png' x 500,
	'empty.html' => '',
	'folder.html' => $page,
	'folder.html.gz/file' => 'no',
	'link.html' => $page,
	'closed.html' => $page,
	'closed.html.gz' => $zipped,
	'sub/index.html' => $page,
	'sub/index.html.gz' => $zipped,
	'gzip/page.html' => $page,
	'gzip/page.html.gz' => $zipped,
	'off/page.html' => $page,
	'off/page.html.gz' => $zipped,
	'style.css' => 'p{}',
	'style.min.css' => 'p{}',
	'sw.js' => 'x',
	'cache/style.css' => 'p{}',
	'none/style.css' => 'p{}',
	'module.wasm' => 'x',
	'module.zzz' => 'x',
	'module.cfg' => 'x',
});
my $site = $s->{site};
my $old = time - 100000;
sub age { Time::HiRes::utime($old + $_[0], $old + $_[0], "$site/$_")
    for @_[1 .. $#_] }
age(0, grep { !-d "$site/$_" } map { s{^\Q$site\E/}{}r } glob("$site/*"),
    glob("$site/*/*"));
age(0.9, 'gz.html');			# its .gz has lost the fraction
age(-1, 'stale.html.gz');
spew("$s->{dir}/outside.gz", $zipped);
symlink '../outside.gz', "$site/link.html.gz";
chmod 0, "$site/closed.html.gz";
my $gzip = $has_zlib ? 'gzip text/* application/json image/svg+xml' : '';
$s->write_conf(top => <<'TOP', servers => <<"END");
types {
	application/wasm  wasm
	"text/x-module;charset=us-ascii" zzz
}
types { "application/x-config" cfg }
TOP
server {
	listen 127.0.0.1:0
	root \@SITE\@
	precompressed br gz
	cache 1h
	cache *.css 30d
	cache *.min.css 365d
	cache sw.js no-cache
	location /gzip/ { $gzip }
	location /off/ { precompressed off }
	location /cache/ { cache *.js 1d }
	location /none/ { cache off }
}
server compress.example {
	listen 127.0.0.1:0
	root \@SITE\@
	$gzip
}
END
$s->up;
my ($compressing) = ($s->ports)[1];

sub unzip { gunzip \$_[0] => \my $text; return $text // "not gzip" }

# Which representation an answer is.
sub is_coded {
	my ($r, $coding, $why) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	is field($r, 'Content-Encoding') // 'identity', $coding,
	    "$coding: $why";
	is field($r, 'Vary'), 'Accept-Encoding', '... Vary';
	is field($r, 'Content-Type'), 'text/html; charset=utf-8',
	    '... Content-Type';
	ok $coding eq 'gzip' ? unzip($r->{body}) eq $page
	    : $coding eq 'br' ? $r->{body} eq "brotli: $page"
	    : $r->{body} eq $page, '... the bytes';
}

subtest 'chosen by Accept-Encoding' => sub {
	for ([undef, 'identity'], ['', 'identity'], ['gzip', 'gzip'],
	    ['x-gzip', 'gzip'], ['GZIP', 'gzip'], ['br', 'br'],
	    ['gzip, deflate, br, zstd', 'br'], ['gzip;q=1.0, br;q=0.9', 'gzip'],
	    ['gzip;q=0.5, br;q=0.5', 'br'], ['br;q=0, gzip', 'gzip'],
	    ['gzip;q=0', 'identity'], ['br;q=0,gzip;q=0.000', 'identity'],
	    ['*', 'br'], ['*;q=0', 'identity'], ['br;q=0, *', 'gzip'],
	    ['identity, gzip;q=0.5', 'identity'],
	    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
	    ['identity;q=0', 'identity'], ['identity;q=0, gzip', 'gzip'],
	    ['deflate', 'identity'], ['gzip;q=2', 'identity'],
	    ['gzip;level=9', 'identity']) {
		my ($accept, $coding) = @$_;
		my @fields = defined $accept ? ('Accept-Encoding' => $accept)
		    : ();
		is_coded($s->get('/page.html', @fields), $coding,
		    $accept // 'no field');
	}
	is_coded($s->get('/page.html', 'Accept-Encoding' => 'gzip;q=0.5',
	    'Accept-Encoding' => 'br'), 'br', 'two fields');
	is_coded($s->get('/sub/', 'Accept-Encoding' => 'gzip'), 'gzip',
	    'an index');
	is_coded($s->get('/gz.html', 'Accept-Encoding' => 'br, gzip'), 'gzip',
	    'what there is');
	my $head = $s->head('/page.html', 'Accept-Encoding' => 'gzip');
	is field($head, 'Content-Length'), length $zipped, 'HEAD';
	is field($head, 'Content-Encoding'), 'gzip', '... its coding';
};

subtest 'what is left alone' => sub {
	for ('stale.html', 'folder.html', 'link.html', 'plain.html',
	    'off/page.html') {
		my $r = $s->get("/$_", 'Accept-Encoding' => 'br, gzip');
		is $r->{status}, 200, "200 for $_";
		is field($r, 'Content-Encoding'), undef, '... as it is';
		is field($r, 'Vary'), undef, '... for everybody';
		ok $r->{body} eq $page, '... the bytes';
	}
	my $r = $s->get('/page.html.gz', 'Accept-Encoding' => 'gzip');
	is field($r, 'Content-Type'), 'application/gzip',
	    'asked for itself it is a file';
	is field($r, 'Content-Encoding'), undef, '... without a coding';
	SKIP: {
		skip 'root reads everything when its workers are root', 1
		    if $> == 0 && !getpwnam 'www-data';
		$r = $s->get('/closed.html', 'Accept-Encoding' => 'gzip');
		is "$r->{status} " . (field($r, 'Content-Encoding') // '-'),
		    '200 -', 'an unreadable one does no harm';
	}
};

subtest 'validators' => sub {
	my %etag = map { $_ => field($s->get('/page.html',
	    'Accept-Encoding' => $_), 'ETag') } qw(identity gzip br);
	my %seen = reverse %etag;
	is keys %seen, 3, 'each has an ETag of its own';
	like $_, qr/^"/, '... a strong one' for values %etag;
	for my $coding (keys %etag) {
		for my $other (keys %etag) {
			my $r = $s->get('/page.html',
			    'Accept-Encoding' => $coding,
			    'If-None-Match' => $etag{$other});
			is $r->{status}, $coding eq $other ? 304 : 200,
			    "$other known, $coding chosen";
			is field($r, 'Vary'), 'Accept-Encoding', '... Vary';
			is field($r, 'ETag'), $etag{$coding}, '... ETag';
		}
	}
};

subtest 'ranges of what is compressed' => sub {
	my $n = length $zipped;
	my @accept = ('Accept-Encoding' => 'gzip');
	my $r = $s->get('/page.html', @accept, Range => 'bytes=10-29');
	is $r->{status}, 206, 'a part';
	is field($r, 'Content-Range'), "bytes 10-29/$n", '... of its length';
	is field($r, 'Content-Encoding'), 'gzip', '... its coding';
	is field($r, 'Vary'), 'Accept-Encoding', '... Vary';
	ok $r->{body} eq substr($zipped, 10, 20), '... its bytes';
	my $etag = field($r, 'ETag');
	is $s->get('/page.html', @accept, Range => 'bytes=0-1',
	    'If-Range' => $etag)->{status}, 206, 'If-Range';
	is $s->get('/page.html', Range => 'bytes=0-1', 'If-Range' => $etag)
	    ->{status}, 200, '... of another coding';
};

subtest 'Cache-Control' => sub {
	for (['/page.html', 'max-age=3600'], ['/style.css', 'max-age=2592000'],
	    ['/style.min.css', 'max-age=31536000'], ['/sw.js', 'no-cache'],
	    ['/sub/', 'max-age=3600'], ['/cache/style.css', undef],
	    ['/none/style.css', undef], ['/none.css', undef],
	    ['/sub', undef]) {
		my ($target, $value) = @$_;
		my $r = $s->get($target);
		is field($r, 'Cache-Control'), $value,
		    "$target: " . ($value // 'nothing');
		next unless $r->{status} == 200;
		is field($s->get($target, @$_), 'Cache-Control'), $value,
		    "... with $_->[0]" for ['If-None-Match' => '*'],
		    [Range => 'bytes=0-0'];
	}
	is field($s->get('/style.css', Range => 'bytes=9-'), 'Cache-Control'),
	    undef, 'not for an error';
	is field($s->get('/style.css', 'If-Match' => '"x"'), 'Cache-Control'),
	    undef, '... of any kind';
};

subtest 'types' => sub {
	for (['module.wasm', 'application/wasm'],
	    ['module.zzz', 'text/x-module;charset=us-ascii'],
	    ['module.cfg', 'application/x-config'],
	    ['data.json', 'application/json'],
	    ['style.css', 'text/css; charset=utf-8']) {
		is field($s->get("/$_->[0]"), 'Content-Type'), $_->[1],
		    "$_->[0]: $_->[1]";
	}
};

# --- compressed on the way ---

sub compressed {
	my ($target, @fields) = @_;

	return client($compressing)->send(Pyked::Http::bytes(GET => $target,
	    Connection => 'close', 'Accept-Encoding' => 'gzip', @fields))
	    ->response;
}

sub of_zlib {
	my ($name, $code) = @_;

	subtest $name => sub {
		plan skip_all => 'built without zlib' unless $has_zlib;
		$code->();
	};
}

of_zlib 'compressed on the way' => sub {
	for ('plain.html', 'log.txt', 'data.json', 'picture.svg',
	    'enough.html', 'zeros.txt') {
		my $r = compressed("/$_");
		is $r->{status}, 200, "200 for $_";
		is field($r, 'Content-Encoding'), 'gzip', '... gzip';
		is field($r, 'Vary'), 'Accept-Encoding', '... Vary';
		is field($r, 'Content-Length'), undef, '... of any length';
		is field($r, 'Accept-Ranges'), undef, '... no ranges';
		like field($r, 'ETag'), qr{^W/"}, '... a weak ETag';
		ok $r->{complete}, '... all of it';
		ok unzip($r->{body}) eq slurp("$site/$_"), '... the bytes';
		ok length $r->{body} < -s "$site/$_", '... and fewer of them';
		is compressed("/$_", 'If-None-Match' => field($r, 'ETag'))
		    ->{status}, 304, '... are known later';
	}
	my $r = compressed('/page.html');
	ok unzip($r->{body}) eq $page, 'beside a precompressed file, too';
	$r = $s->get('/gzip/page.html', 'Accept-Encoding' => 'gzip');
	is field($r, 'Content-Length'), length $zipped,
	    'but where that is used it goes first';
};

of_zlib 'and what is not' => sub {
	for (['small.html', 'it is small'], ['empty.html', 'it is empty'],
	    ['picture.png', 'its type is not listed'],
	    ['page.html.gz', 'it is compressed']) {
		my ($name, $why) = @$_;
		my $r = compressed("/$name");
		is field($r, 'Content-Encoding'), undef, "$name: $why";
		is field($r, 'Vary'), undef, '... for everybody';
		ok $r->{body} eq slurp("$site/$name"), '... the bytes';
	}
	for ('gzip;q=0', 'identity', 'br', '', '*;q=0',
	    'gzip;q=0.5, identity') {
		my $r = client($compressing)->send(Pyked::Http::bytes(
		    GET => '/plain.html', 'Accept-Encoding' => $_))
		    ->response;
		is_coded($r, 'identity', "accepts \"$_\"");
		is field($r, 'Content-Length'), length $page, '... as it is';
	}
	my $r = compressed('/plain.html', Range => 'bytes=0-9');
	is $r->{status}, 206, 'a range is of the file';
	is $r->{body}, substr($page, 0, 10), '... as it is';
	is field($r, 'Vary'), 'Accept-Encoding', '... Vary';
	$r = compressed('/plain.html', Range => 'junk');
	is_coded($r, 'identity', 'a Range that does not count');
	$r = client($compressing)->send("GET /plain.html HTTP/1.0\r\n"
	    . "Accept-Encoding: gzip\r\n\r\n")->response;
	is_coded($r, 'identity', 'HTTP/1.0');
};

of_zlib 'HEAD says the same' => sub {
	my $c = client($compressing);
	my @fields = ('Accept-Encoding' => 'gzip');
	my $get = $c->get('/plain.html', @fields);
	my $head = $c->send(Pyked::Http::bytes(HEAD => '/plain.html', @fields))
	    ->response(head => 1);
	my $text = sub { $_[0]{head} =~ s/^Date: .*\r\n//mr };
	is $text->($head), $text->($get), 'the same head';
	is $c->get('/small.html')->{status}, 200, 'the connection goes on';
};

# A quarter of a megabyte for each: not for as many as like to come.
of_zlib 'only so many at once' => sub {
	my (@slow, $n);
	# On a busy machine the first may be done before the last have come.
	for (1 .. 5) {
		@slow = map {
			client($compressing, rcvbuf => 4096)->send(
			    Pyked::Http::bytes(GET => '/log.txt',
			    'Accept-Encoding' => 'gzip'))
		} 1 .. 70;
		$_->need(200, time + scaled(10)) for @slow;
		$n = grep { $_->{in} =~ /^Content-Encoding: gzip\r$/m } @slow;
		last if $n == 64;
	}
	is $n, 64, '64 of 70';
	is field(compressed('/plain.html'), 'Content-Encoding'), undef,
	    'the next one gets the file';
	$_->abort for @slow;
	eventually {
		(field(compressed('/plain.html'), 'Content-Encoding') // '')
		    eq 'gzip'
	} 5, 'once they are gone all is as before';
};

# 20 MB that become nothing are 20 MB of work: others have their turn.
of_zlib 'nobody waits for it' => sub {
	my @busy = map {
		client($compressing)->send(Pyked::Http::bytes(
		    GET => '/zeros.txt', 'Accept-Encoding' => 'gzip'))
	} 1 .. 4;
	my ($slowest, $n) = (0, 0);
	my $c = client($compressing);
	for (1 .. 20) {
		my $start = Time::HiRes::time;
		$n++ if $c->get('/small.html')->{status} eq '200';
		my $took = Time::HiRes::time - $start;
		$slowest = $took if $took > $slowest;
	}
	is $n, 20, 'others are served';
	cmp_ok $slowest, '<', scaled(1), "... the slowest in $slowest s";
	ok $_->response->{complete}, '... and it ends' for @busy;
};

of_zlib 'a file that shrinks' => sub {
	$s->put_file('cut.txt', join '', map { rand() . "\n" } 1 .. 300000);
	my $c = client($compressing, rcvbuf => 4096);
	$c->send(Pyked::Http::bytes(GET => '/cut.txt',
	    'Accept-Encoding' => 'gzip'));
	$c->need(300, time + scaled(10));
	truncate "$site/cut.txt", 1000;
	my ($bytes, $how) = $c->rest(scaled(10));
	isnt $how, 'timeout', 'the connection ends';
	unlike $bytes, qr/\r\n0\r\n\r\n\z/, '... and the body does not';
	ok $s->wait_log(qr/cut\.txt: the file shrank/), '... the log says so';
};

chmod 0644, "$site/closed.html.gz";
$s->stop;
done_testing;
