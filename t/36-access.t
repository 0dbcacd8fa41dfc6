#!/usr/bin/perl
# Who may come in by address: the narrowest network decides, in whatever order
# and block it is said; files, listings, scripts and redirects alike, by http
# and by https.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Socket qw(PF_INET6 SOCK_STREAM pack_sockaddr_in6 inet_pton AF_INET6);
use Test::More;

use Pyked;

my $s = Pyked->prepare(tls => 1, files => { 'index.html' => "top\n",
    'in/index.html' => "in\n", 'out/index.html' => "out\n",
    'out/mine/x' => "mine\n", 'list/x' => "x\n", 'any/x' => "any\n",
    'one/x' => "one\n", 'page.php' => "php\n", 'out/page.php' => "php\n",
    'both/x' => "both\n", 'wide/x' => "wide\n", 'six/x' => "six\n",
    'shut/x' => "shut\n", map { $_ => 'x' } qw(z/exact.txt z/exact.txt.gz
    z/free.txt.gz z/in/x.kept z/in/x.kept.gz z/x.kept.gz off.txt.gz
    names/shut/x names/open/x names/any/x names/x names/x.hidden names/refused)
    },
    scripts => { (map { $_ => "#!/bin/sh\nprintf 'Content-Type: text/plain\\n"
	. "\\n'\n" } qw(exact)), show => "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
	. "echo script\n" },
    servers => <<'END');
server {
	listen 127.0.0.1:0
	listen 127.0.0.1:0 tls
	certificate @CERT@ @KEY@
	root @SITE@
	location /in/ {
		allow 127.0.0.0/8
	}
	location /out/ {
		deny 127.0.0.1
	}
	location /shut {
		deny all
	}
	location /out/mine/ {
		index x
	}
	location /list/ {
		listing on
		deny all
	}
	location /names/ { listing on }
	location /names/shut/ { deny all }
	location /names/open/ { allow 127.0.0.1 }
	location /names/any/ {
		auth x @DIR@/users
		deny all
		allow 192.0.2.1
		require any
	}
	location *.hidden { deny all }
	location = /names/refused { refuse 404 }
	location /cgi/ {
		cgi dir @CGI@
		allow 192.0.2.0/24
	}
	location /cgi-in/ {
		cgi dir @CGI@
		allow 127.0.0.1
	}
	location /wide/ {
		deny 127.0.0.1
		allow 127.0.0.0/8 all
	}
	location /one/ {
		allow 127.0.0.1
		deny 127.0.0.0/8 all
	}
	location /six/ {
		allow ::/0 ::1 unix
	}
	location *.php {
		index x
	}
	location = /cgi-in/exact {
		deny all
	}
	location = /cgi-in/safe.sh {
		cgi on
		https only 443
	}
	location = /cgi-in/page.sh {
		deny all
	}
	location = /cgi-in/ {
		deny all
	}
	location *.sh {
		cgi on
	}
	location /z/ {
		precompressed gz
	}
	location = /z/exact.txt {
		deny all
	}
	location /z/in/ {
		deny all
	}
	location *.kept {
		precompressed gz
		deny all
	}
	location *.gz {
		precompressed off
	}
	location = /off.txt {
		precompressed off
		deny all
	}
}
server inherits.test {
	listen 127.0.0.1:0
	root @SITE@
	deny 127.0.0.0/8
	location /in/ {
		allow 127.0.0.1
	}
	location /wide/ {
		allow 127.0.0.0/8
	}
	location /any/ {
		allow all
	}
}
END

spew("$s->{dir}/users", '');
$s->up;

# The status by http and by https, which must be the same.
sub status_of {
	my ($path, @options) = @_;
	my @both = map { curl('-k', '-o', "$s->{dir}/body", '-w',
	    '%{http_code}', @options, $s->url($path, $_))->{out} }
	    qw(http https);

	return $both[0] eq $both[1] ? $both[0] : "@both";
}

is status_of('/'), 200, 'nothing said';
is status_of('/in/'), 200, 'allowed';
is status_of('/out/'), 403, 'denied';
like slurp("$s->{dir}/body"), qr{<h1><span>403</span> Forbidden},
    '... with the page of errors';
is status_of('/out/none'), 403, 'what is not there is denied as well';
is status_of('/shut'), 403, 'so is the redirect to the slash';
is status_of('/out/mine/'), 200, 'another location has rules of its own';
is status_of('/list/'), 403, 'a listing';
is status_of('/cgi/show'), 403, 'a script';
is status_of('/cgi-in/show'), 200, 'a script that may be run';
is slurp("$s->{dir}/body"), "script\n", '... was';
is status_of('/cgi/show', '-d', 'x' x 100_000), 403, 'a body to a script';
is status_of('/one/x'), 200, 'the narrowest: an allow';
is status_of('/wide/x'), 403, 'the narrowest: a deny';
is status_of('/six/x'), 403, 'an allow for others alone';
is status_of('/out/', '-I'), 403, 'HEAD';
is status_of('/out/page.php'), 403, 'no suffix leads around a place';
is status_of('/page.php'), 200, '... and it is open elsewhere';

# Names are for whom what they name is for.
status_of('/names/');
is join(' ', slurp("$s->{dir}/body") =~ /<a href="([^".?]+)"/g),
    'any/ open/ x', 'a listing has no names of what is denied';

# What is said of a file holds however it is come by.
for (qw(page safe)) {
	spew("$s->{site}/cgi-in/$_.sh",
	    "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n", 0755);
}
is status_of('/cgi-in/show/more'), 200, 'a script with more behind its name';
is status_of('/cgi-in/exact'), 403, 'one with rules of its own';
is status_of("/cgi-in/exact$_"), 403, "... and $_" for qw(/ /more /more/show);
is status_of('/cgi-in/page.sh'), 403, 'one by its suffix, and its name';
is status_of('/cgi-in/page.sh/more'), 403, '... and more';
is status_of('/cgi-in/safe.sh/more'), '308 200', '"https only" likewise';
is status_of('/z/exact.txt'), 403, 'a file with rules of its own';
is status_of('/z/exact.txt.gz'), 403, '... and the same compressed';
is status_of('/z/free.txt.gz'), 200, 'one without';
is status_of('/z/x.kept.gz'), 403, 'one with rules for its suffix';
is status_of('/z/in/x.kept.gz'), 403, '... and for its place';
is status_of('/off.txt.gz'), 200, 'where nothing is served compressed it is a '
    . 'name like others';
is status_of('/in/../out/index.html', '--path-as-is'), 403,
    'nor does another spelling';
is status_of('//out/index.html', '--path-as-is'), 403, 'of whatever kind';
is status_of('/%6fut/index.html', '--path-as-is'), 403, 'encoded';

subtest 'inheritance' => sub {
	my $port = ($s->ports)[1];
	my %want = ('/' => 403, '/in/' => 200, '/wide/x' => 200,
	    '/any/x' => 403, '/out/' => 403);
	for my $path (sort keys %want) {
		my $r = Pyked::client($port)->send("GET $path HTTP/1.1\r\n"
		    . "Host: inherits.test\r\nConnection: close\r\n\r\n")
		    ->response;
		is $r->{status}, $want{$path}, $path;
	}
};

subtest 'on a connection' => sub {
	my $c = Pyked::client($s);
	my @paths = qw(/in/ /out/ /one/x /wide/x /);

	$c->send(join '', map { Pyked::Http::bytes(GET => $_) } @paths);
	is join(' ', map { $c->response->{status} } @paths),
	    '200 403 200 403 200', 'pipelined, each by its own rules';
	$c->send("POST /cgi/show HTTP/1.1\r\nHost: localhost\r\n"
	    . "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
	is $c->response->{status}, 403, 'no 100 Continue before a 403';
};
$s->stop;

# A client that comes as IPv4 in IPv6 is one of IPv4.
SKIP: {
	socket my $try, PF_INET6, SOCK_STREAM, 0 or skip 'no IPv6 here', 2;
	bind $try, pack_sockaddr_in6(0, inet_pton(AF_INET6, '::1'))
	    or skip 'no IPv6 here', 2;
	close $try;
	my $six = Pyked->start(tls => 1, files => { 'a/x' => "a\n", 'b/x' => "b\n",
	    'c/x' => "c\n" }, servers => <<'END');
server {
	listen [::1]:0
	listen [::1]:0 tls
	certificate @CERT@ @KEY@
	root @SITE@
	location /a/ { allow ::1 }
	location /b/ { allow 127.0.0.1 0.0.0.0/0 }
	location /c/ { deny ::/64 }
}
END
	for my $scheme (qw(http https)) {
		my ($port) = $six->log =~
		    m{listening on $scheme://\[::1\]:(\d+)/};
		my %status = map { $_ => curl('-k', '-o', '/dev/null', '-w',
		    '%{http_code}', "$scheme://[::1]:$port/$_/x")->{out} }
		    qw(a b c);

		is_deeply \%status, { a => 200, b => 403, c => 403 },
		    "IPv6, $scheme";
	}
	$six->stop;
}

# Clients of a UNIX socket are in "unix" and "all" alone.
subtest 'a UNIX socket' => sub {
	my $u = Pyked->start(tls => 1, files => { map { +"$_/x" => "$_\n" } qw(a b c d) },
	    servers => <<'END');
server {
	listen 127.0.0.1:0
	listen unix:@DIR@/sock
	listen unix:@DIR@/tls tls
	certificate @CERT@ @KEY@
	root @SITE@
	location /a/ { allow unix }
	location /b/ { deny unix }
	location /c/ { allow 0.0.0.0/0 ::/0 }
	location /d/ { allow all; deny 127.0.0.1 }
}
END
	my $ask = sub { Pyked::client($_[0])->get("/$_[1]/x")->{status} };

	is join(' ', map { $ask->("$u->{dir}/sock", $_) } qw(a b c d)),
	    '200 403 403 200', 'by the socket';
	is join(' ', map { curl('-k', '--unix-socket', "$u->{dir}/tls", '-o',
	    '/dev/null', '-w', '%{http_code}', "https://localhost/$_/x")->{out}
	    } qw(a b c d)), '200 403 403 200', '... by https';
	is join(' ', map { $ask->($u->port, $_) } qw(a b c d)),
	    '403 200 200 403', 'by address';
	$u->stop;
};

subtest 'mistakes' => sub {
	my $bad = Pyked->prepare;

	spew($bad->{conf}, "allow 192.0.2.7/24\ndeny 10.0.0.0/8 10.0.0.0/8\n"
	    . "location /x {\n\trequire any\n}\n");
	my $r = run(Pyked::program(), '-t', '-c', $bad->{conf});
	is $r->{status}, 78, 'refused';
	like $r->{err}, qr{^\S+conf:1:7: "192\.0\.2\.7/24" is an address in }m,
	    'host bits';
	like $r->{err}, qr{\^ write 192\.0\.2\.0/24, or 192\.0\.2\.7 for that }m,
	    '... with their cure';
	like $r->{err}, qr{conf:2:17: this network was given already at }m,
	    'one said twice';
	like $r->{err}, qr{conf:4:2: "require any" needs both }m,
	    'nothing to join';
};
done_testing;
