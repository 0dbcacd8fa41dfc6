#!/usr/bin/perl
# The pages that pyked itself makes, and the first page: listings of folders,
# error pages, www/. Where there is a chromium they are rendered, too.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Encode ();
use POSIX ();
use Test::More;

use Pyked;
use Pyked::Browser;

my @hostile = ('<img src=x onerror=alert(1)>.png', 'say "hi".txt', "it's.txt",
    'a&b.html', 'a:b?c#d%41.txt', '  leading.txt', 'back\\slash.txt',
    "bad\xff\xfe.bin", "rtl\xd7\xa9\xe2\x80\x8f.txt",
    "turn\xe2\x80\xaegnp.exe", "Zo\xc3\xab.md", '-n', 'http:',
    'javascript:alert(1)');
my @unreachable = ("esc\e[31m.txt", "new\nline.txt", "del\x7f.txt");
my $s = Pyked->prepare(files => {
	(map { ("hostile/$_" => "file $_") } @hostile, @unreachable),
	'order/b.txt' => 'x' x 10, 'order/a.txt' => 'x' x 2000,
	'order/C.txt' => 'x' x 30, 'order/sub/x' => '', 'order/Dir/x' => '',
	'indexed/index.html' => "the index\n", 'indexed/other.txt' => '',
	'folder-index/index.html/x' => '',
	'off/a.txt' => '', 'dots/.hidden' => '', 'dots/shown' => '',
	'dots/.folder/x' => '', 'on/.hidden' => '', 'on/.folder/x' => '',
	'links/file.txt' => 'y' x 700, 'a.txt' => "a\n",
	'a b/c&d/e/f.txt' => '', 'closed/x' => '',
	'half-closed/index.html' => "half\n", 'rights/no.txt' => '',
	'rights/yes.txt' => '', 'rights/no/x' => '',
});
my $site = $s->{site};
utime 1e9, 1e9, "$site/order/a.txt";
utime 2e9, 2e9, "$site/order/b.txt";
utime 1.5e9, 1.5e9, "$site/order/C.txt";
utime 1e9, 1e9, "$site/order/sub";
mkdir "$site/$_" for qw(empty many);
spew("$s->{dir}/outside.txt", "outside\n");
symlink 'file.txt', "$site/links/to-file";
symlink '../order', "$site/links/to-folder";
symlink '../../outside.txt', "$site/links/out";
symlink '/etc', "$site/links/etc";
symlink 'nothing', "$site/links/dangling";
symlink 'loop', "$site/links/loop";
POSIX::mkfifo("$site/links/fifo", 0644) or die "mkfifo: $!";
chmod 0, "$site/closed", "$site/rights/no.txt", "$site/rights/no";
chmod 0711, "$site/half-closed";
$s->write_conf(servers => <<'END');
server {
	listen 127.0.0.1:0
	root @SITE@
	listing on
	location /off/ { listing off }
	location /on/ { dotfiles on }
	location /many/ { dotfiles on }
	location /busy/ {
		cgi dir @CGI@
		cgi-limits { processes 1 queue 0 1s }
	}
}
END
spew("$s->{cgi}/sleep", "#!/bin/sh\necho Content-Type: text/plain\necho\n"
    . "sleep 600\n", 0755);
$s->up;

# --- a small strict checker ---

my $name = qr/[a-z][a-z0-9]*/;
my $attribute = qr/[A-Za-z-]+(?:="[^"<]*")?/;
my %is_void = map { $_ => 1 } qw(meta link);
my %entity = (amp => '&', lt => '<', gt => '>', quot => '"', '#39' => "'");

sub decoded {
	my ($text) = @_;

	die "a bare & in $text\n" if $text =~ /&(?!#?\w+;)/;
	$text =~ s/&(#?\w+);/$entity{$1} \/\/ die "&$1;\n"/ge;
	return $text;
}

# The elements of a page as [name, attributes, text inside], or dies with what
# is wrong: every element closed, in order, every attribute quoted.
sub elements {
	my ($page) = @_;
	my (@open, @all, %ids);

	die "no doctype\n" unless $page =~ s/\A<!DOCTYPE html>\n//;
	while ($page =~ /\G(?:<(\/)?($name)((?:\s+$attribute)*)>|([^<>]+))/gc) {
		my ($end, $tag, $attributes, $text) = ($1, $2, $3, $4);
		if (defined $text) {
			my $plain = @open && $open[-1][0] eq 'style' ? $text
			    : decoded($text);
			$_->[2] .= $plain for @open;
		} elsif ($end) {
			my $top = pop @open or die "</$tag> too many\n";
			die "</$tag> in <$top->[0]>\n" if $top->[0] ne $tag;
		} else {
			my %has;
			while ($attributes =~ /([A-Za-z-]+)(?:="([^"]*)")?/g) {
				die "$1 twice\n" if exists $has{$1};
				$has{$1} = decoded($2 // '');
			}
			die "id $has{id} twice\n"
			    if defined $has{id} && $ids{ $has{id} }++;
			push @all, [$tag, \%has, ''];
			push @open, $all[-1] unless $is_void{$tag};
		}
	}
	die 'cannot read: ' . substr($page, pos($page) // 0, 60) . "\n"
	    if (pos($page) // 0) < length $page;
	die "<$open[-1][0]> is open at the end\n" if @open;
	return @all;
}

subtest 'the checker' => sub {
	my $start = "<!DOCTYPE html>\n";

	ok eval { elements("$start<p id=\"a\">x &amp; y<meta></p>\n") },
	    'a good page';
	for ('<p>x', 'x</p>', '<b><i>x</b></i>', '<p id=a>x</p>', '<p>a & b</p>',
	    '<p>&nbsp;</p>', '<p id="a<b">x</p>', '<p id="a" id="b">x</p>',
	    '<p>a < b</p>', '<p>a > b</p>', '<P>x</P>', '<p id="a&b">x</p>') {
		ok !eval { elements("$start$_\n"); 1 }, "not: $_";
	}
	ok !eval { elements("<p>x</p>\n"); 1 }, 'not without a doctype';
};

# Checks what holds for every page; its elements.
sub page_ok {
	my ($r, $what) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $text = eval { Encode::decode('UTF-8', my $copy = $r->{body},
	    Encode::FB_CROAK) };

	ok defined $text, "$what: UTF-8";
	unlike $text // '', qr/[^\n\x20-\x7e\xa0-\x{fffd}\x{10000}-\x{10ffff}]/,
	    '... without control characters';
	is field($r, 'Content-Type'), 'text/html; charset=utf-8',
	    '... and says so';
	my @all = eval { elements($text // '') };
	is $@, '', '... well-formed';
	my ($html) = grep { $_->[0] eq 'html' } @all;
	is $html && $html->[1]{lang}, 'en', '... its language';
	ok +(grep { $_->[0] eq 'meta' && ($_->[1]{charset} // '') eq 'utf-8' }
	    @all), '... its charset';
	is scalar(grep { $_->[0] =~ /^(?:h1|title|main)$/ } @all), 3,
	    '... one title, one heading, one main part';
	my @scripts = grep { $_->[0] eq 'script' && !defined $_->[1]{src}
	    || grep { /^on/i } keys %{ $_->[1] } } @all;
	is scalar @scripts, 0, '... no script in it';
	return @all;
}

# The rows of a listing: [name, size, date, link, time, is it a folder].
sub rows {
	my ($r) = @_;
	my (@rows, $cell);

	for (elements(Encode::decode('UTF-8', $r->{body}))) {
		my ($tag, $has, $text) = @$_;
		if ($tag eq 'tr') {
			push @rows, [('', '', ''), undef, undef,
			    ($has->{class} // '') eq 'd'];
			$cell = 0;
		}
		$rows[-1][$cell++] = $text if $tag eq 'td';
		$rows[-1][3] = $has->{href} if $tag eq 'a' && @rows;
		$rows[-1][4] = $has->{datetime} if $tag eq 'time';
	}
	shift @rows;		# the headings
	return @rows;
}

sub names { join ' ', map { $_->[0] } rows($s->get(@_)) }

# --- listings ---

subtest 'a listing' => sub {		# P23
	my $r = $s->get('/order/');
	my @all = page_ok($r, 'a folder');

	is $r->{status}, 200, 'is answered';
	is field($r, 'X-Content-Type-Options'), 'nosniff', 'nosniff';
	is field($r, 'Cache-Control'), 'no-cache', 'asked for anew each time';
	like field($r, 'Content-Security-Policy'), qr/^default-src 'none';/,
	    'nothing in it can run';
	is scalar(grep { $_->[0] =~ /^(?:script|link|img|iframe)$/ } @all), 0,
	    'it needs nothing else';
	my @rows = rows($r);
	is_deeply [map { [@$_[0, 3, 5]] } @rows],
	    [['Dir/', 'Dir/', 1], ['sub/', 'sub/', 1],
	    ['a.txt', 'a.txt', ''], ['b.txt', 'b.txt', ''],
	    ['C.txt', 'C.txt', '']], 'folders, then files';
	is_deeply [@{ $rows[2] }[1, 2, 4]], ['2.0 KiB', '2001-09-09 01:46',
	    '2001-09-09T01:46:40Z'], 'its size and date';
	is $rows[1][1], '', 'a folder has no size';
	like $r->{body}, qr{<p>2 folders, 3 files</p>}, 'counted';
	like $s->get('/empty/')->{body}, qr/nothing in this folder/,
	    'an empty folder says so';
	page_ok($s->get('/empty/'), 'an empty folder');
	my $c = client($s)->send("GET /order/ HTTP/1.0\r\n\r\n");
	my ($bytes, $how) = $c->rest;
	like $bytes, qr{\r\n\r\n<!DOCTYPE.*</html>\n\z}s, 'HTTP/1.0';
	unlike $bytes, qr/^Transfer-Encoding/m, '... not in chunks';
};

subtest 'HEAD and other methods' => sub {
	my $get = $s->get('/order/');
	my $head = $s->head('/order/');

	is $head->{status}, 200, 'HEAD';
	my @differ = grep { $_->[0] ne 'Date'
	    && ($_->[1] // '') ne (field($head, $_->[0]) // '') }
	    @{ $get->{fields} };
	is_deeply \@differ, [], 'has the fields of GET';
	is field($head, 'Content-Length'), undef, 'and no length of its own';
	my $c = client($s);
	$c->send(Pyked::Http::bytes(HEAD => '/order/'));
	$c->response(head => 1);
	is $c->get('/a.txt')->{body}, "a\n", 'the connection goes on';
	is $s->ask(POST => '/order/', 'Content-Length' => 0)->{status}, 405,
	    'POST';
};

subtest 'order' => sub {
	for (['sort=name&order=asc', 'Dir/ sub/ a.txt b.txt C.txt'],
	    ['sort=name&order=desc', 'sub/ Dir/ C.txt b.txt a.txt'],
	    ['sort=size&order=asc', 'Dir/ sub/ b.txt C.txt a.txt'],
	    ['sort=size&order=desc', 'Dir/ sub/ a.txt C.txt b.txt'],
	    ['sort=date&order=asc', 'sub/ Dir/ a.txt C.txt b.txt'],
	    ['sort=date&order=desc', 'Dir/ sub/ b.txt C.txt a.txt'],
	    ['sort=size', 'Dir/ sub/ a.txt b.txt C.txt'],
	    ['sort="><b>&order=asc', 'Dir/ sub/ a.txt b.txt C.txt'],
	    ['x' x 1000, 'Dir/ sub/ a.txt b.txt C.txt']) {
		my ($query, $expected) = @$_;
		is names("/order/?$query"), $expected, substr $query, 0, 30;
	}
	unlike $s->get('/order/?sort=evil')->{body}, qr/evil/,
	    'a query is not repeated';
	my @links = map { $_->[1]{href} } grep { $_->[0] eq 'a'
	    && $_->[1]{href} =~ /^\?/ } elements($s->get(
	    '/order/?sort=size&order=desc')->{body});
	is_deeply \@links, ['?sort=name&order=asc', '?sort=size&order=asc',
	    '?sort=date&order=desc'], 'links to the others';
	like $s->get('/order/?sort=size&order=desc')->{body},
	    qr{<th scope="col" aria-sort="descending"><a [^>]*>Size<},
	    'the column says how it is sorted';
};

subtest 'the folders above' => sub {
	my $r = $s->get('/a%20b/c&d/e/');
	my ($nav) = grep { $_->[0] eq 'nav' } page_ok($r, 'a deep folder');

	is $nav->[2], 'Home / a b / c&d / ', 'their names';
	is_deeply [$r->{body} =~ /href="([.\/]+)"/g],
	    ['../../../', '../../', '../'], 'their links';
	like $r->{body}, qr{<h1><bdi>e</bdi></h1>}, 'its own name';
	unlike $s->get('/')->{body}, qr/<nav/, 'none above the top';
};

subtest 'names with any bytes' => sub {		# P23
	my $r = $s->get('/hostile/');
	page_ok($r, 'hostile names');
	my @rows = rows($r);
	my %row = map { $_->[0] => $_ } @rows;

	is scalar @rows, @hostile + @unreachable, 'all are there';
	for my $name (@hostile) {
		my $shown = Encode::decode('UTF-8', $name =~
		    s/\xe2\x80\xae|[\xfe\xff]/\xef\xbf\xbd/gr);
		my $row = $row{$shown};
		ok $row, Encode::encode('UTF-8', $shown) or next;
		like $row->[3], qr/^[\w.~\/!\$()*+=\@%-]+\z/,
		    '... a link that is only a path';
		is $s->get('/hostile/' . $row->[3])->{body}, "file $name",
		    '... which leads to it';
	}
	for my $name (@unreachable) {
		my $row = $row{$name =~ s/[\e\n\x7f]/\x{fffd}/r};
		ok $row && !defined $row->[3], 'shown without a link';
	}
	unlike $r->{body}, qr/\e|[\xfe\xff]/, 'no raw byte';
	unlike $r->{body}, qr/<img|href="[a-z]+:/, 'no markup, no scheme';
};

subtest 'what is not shown' => sub {
	is names('/dots/'), 'shown', 'names with a dot before them';
	is names('/on/'), '.folder/ .hidden', 'unless dotfiles are on';
	is names('/links/'), 'to-folder/ file.txt to-file',
	    'links that lead nowhere or outside, fifos';
	my ($file) = grep { $_->[0] eq 'to-file' } rows($s->get('/links/'));
	is $file->[1], '700 B', 'a link is what it points to';
	is names('/links/to-folder/'), 'Dir/ sub/ a.txt b.txt C.txt',
	    'a folder behind a link';
	SKIP: {
		skip 'root reads everything when its workers are root', 3
		    if $> == 0 && !getpwnam 'www-data';
		is names('/rights/'), 'yes.txt', 'what may not be read';
		is $s->get('/closed/')->{status}, 403, 'a closed folder';
		ok $s->wait_log(qr{403: the folder \S+/closed may not be}),
		    '... is named in the log';
	}
};

subtest 'folders that are not listed' => sub {
	is $s->get('/off/')->{status}, 403, 'listing off';
	is $s->get('/off/a.txt')->{status}, 200, '... its files are served';
	is $s->get('/indexed/')->{body}, "the index\n", 'the index goes first';
	is names('/folder-index/'), 'index.html/', 'a folder is no index';
	is $s->get('/half-closed/')->{body}, "half\n",
	    'an index in a folder that only may be entered';
	is $s->get('/order')->{status}, 301, 'to the slash first';
	is $s->get('/nothing/')->{status}, 404, 'no such folder';
	is $s->get('/a.txt/')->{status}, 404, 'a file is no folder';
};

subtest 'times that no calendar has' => sub {
	for my $time (2 ** 40, 2 ** 62, -2 ** 40) {
		utime $time, $time, "$site/a.txt";
		my $r = $s->get('/');
		is $r->{status}, 200, "the time $time";
		ok eval { elements($r->{body}) }, '... well-formed';
		is $s->get('/a.txt')->{status}, 200, '... the file';
	}
};

subtest 'a large folder' => sub {		# P23
	my $long = 'x' x 200;
	spew(sprintf('%s/many/%05d-%s', $site, $_, $long), '') for 1 .. 9999;
	spew("$site/many/.dot", '');

	my $r = $s->get('/many/');
	is scalar(() = $r->{body} =~ /<tr>/g), 10001, '10 000 are all shown';
	unlike $r->{body}, qr/There is more/, '... and no more is said';
	spew("$site/many/one-more", '');
	my $c = client($s, rcvbuf => 4096);
	$c->send(Pyked::Http::bytes(GET => '/many/'));
	is $c->need(1000, time + scaled(10)), '', 'a slow client gets some';
	is $s->get('/a.txt')->{status}, 200, '... while others are served';
	$r = $c->response(timeout => scaled(30));
	ok $r->{complete}, '... and all in the end';
	is scalar(() = $r->{body} =~ /<tr>/g), 10001, 'no more than 10 000';
	like $r->{body}, qr/There is more in this folder/, '... it says so';

	my @c = map { client($s)->send(Pyked::Http::bytes(GET => '/many/')) }
	    1 .. 5;
	$_->abort for @c[0, 2, 4];
	ok $c[$_]->response(timeout => scaled(30))->{complete},
	    'others may go away' for 1, 3;
};

subtest 'many slow clients' => sub {
	my @c = map { client($s, rcvbuf => 4096)->send(Pyked::Http::bytes(
	    GET => '/many/')) } 1 .. 25;

	is scalar(grep { $_->need(4500, time + scaled(20)) ne '' } @c), 0,
	    'all are answered';
	my $r = $s->get('/many/');
	is scalar(() = $r->{body} =~ /<tr>/g), 501, 'pages are shorter then';
	like $r->{body}, qr/There is more in this folder/, '... and say so';
	is names('/order/'), 'Dir/ sub/ a.txt b.txt C.txt',
	    'small folders are shown whole';
	$_->abort for @c;
	eventually { 10001 == (() = $s->get('/many/')->{body} =~ /<tr>/g) } 10,
	    'when they are gone, all is as before';
};

# --- error pages ---

subtest 'error pages' => sub {
	my $busy = client($s)->send(Pyked::Http::bytes(GET => '/busy/sleep'));
	wait_until { $busy->need(1, time + 1) eq '' };
	for (['/nothing', 404, 'Not Found'], ['/off/', 403, 'Forbidden'],
	    ['/busy/sleep', 503, 'Service Unavailable'],
	    ['/%', 400, 'Bad Request'], ['/order', 301, 'Moved Permanently']) {
		my ($target, $status, $reason) = @$_;
		my $r = $s->get($target, 'User-Agent' => 'reflected');
		is $r->{status}, $status, $target;
		my @all = page_ok($r, $status);
		my ($h1) = grep { $_->[0] eq 'h1' } @all;
		is $h1->[2], "$status $reason", '... its heading';
		is scalar(grep { $_->[0] =~ /^(?:script|link|img|a)$/ } @all),
		    0, '... it needs nothing else';
		unlike $r->{body}, qr/\d\.\d[^e]*pyked|pyked|nothing|sleep
		    |reflected/ix, '... and repeats nothing';
		like $r->{body}, qr/prefers-color-scheme:dark/, '... dark, too';
	}
	$busy->abort;
};

# --- the first page ---

my $first = Pyked->start(tls => 1, servers => <<"END");
server {
	listen 127.0.0.1:0
	listen 127.0.0.1:0 tls
	certificate \@CERT\@ \@KEY\@
	root ${\ Pyked->top }/www
	location /cgi-bin/ { cgi dir ${\ Pyked->top }/www/cgi-bin/ }
}
END

subtest 'the first page' => sub {
	my $r = $first->get('/');
	my @all = page_ok($r, 'the first page');
	my @inline = grep { defined $_->[1]{style} || $_->[0] eq 'style' } @all;

	is scalar @inline, 0, 'no style in it: a strict policy is no problem';
	my @needs = grep { defined } map { $_->[1]{src}
	    // ($_->[0] eq 'link' ? $_->[1]{href} : undef) } @all;
	is_deeply [sort @needs], [qw(favicon.svg first.js style.css)],
	    'what it needs is beside it';
	for my $target (@needs, map { "cgi-bin/$_" } qw(hello env.sh form.pl)) {
		is $first->get("/$target")->{status}, 200, $target;
		like $r->{body}, qr/(?:href|src)="\Q$target\E"/, '... is named';
	}
	is curl('-k', $first->url('/', 'https'))->{out}, $r->{body},
	    'the same over https';
	like $r->{body}, qr{href="https?://127.0.0.1:$_/"}, "port $_ is named"
	    for 8080, 8443;
	like $r->{body}, qr/pyked -t/, 'what to do next';
};

# --- in a browser ---

# Width, height and bytes of a screenshot.
sub shot {
	my ($browser, $url, $width, $dark) = @_;
	my $file = "$first->{dir}/shot.png";

	unlink $file;
	$browser->show($url, "--window-size=$width,700",
	    '--blink-settings=preferredColorScheme=' . ($dark ? 0 : 1),
	    "--screenshot=$file");
	my $png = slurp($file);
	return (0, 0, 0) unless $png =~ /^\x89PNG/;
	return (unpack('x16 N N', $png), length $png);
}

subtest 'in a browser' => sub {
	my $browser = Pyked::Browser->new or plan skip_all => 'no chromium here';
	my %page = (listing => [$s->url('/hostile/'), 15000],
	    error => [$s->url('/nothing'), 4000],
	    first => [$first->url('/'), 15000]);

	for my $what (sort keys %page) {
		my ($url, $least) = @{ $page{$what} };
		for (['light', 360], ['dark', 1280]) {
			my ($colours, $width) = @$_;
			my ($w, $h, $bytes) = shot($browser, $url, $width,
			    $colours eq 'dark');
			is "$w $h", "$width 700", "$what, $width, $colours";
			cmp_ok $bytes, '>', $least, '... there is much on it';
		}
	}
	my $dom = $browser->show($page{listing}[0], '--dump-dom')->{out};
	unlike $dom, qr/<img/, 'no name became markup';
	is scalar(() = $dom =~ /<tr/g), @hostile + @unreachable + 1,
	    'every name is a row, and the headings';
	$dom = $browser->show($first->url('/', 'https'), '--dump-dom',
	    '--virtual-time-budget=5000')->{out};
	is scalar(() = $dom =~ /class="works"/g), 4,
	    'https and three scripts are ticked off';
};

$first->stop;
chmod 0755, "$site/closed", "$site/rights/no";
$s->stop;

done_testing;
