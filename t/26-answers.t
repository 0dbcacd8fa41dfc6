#!/usr/bin/perl
# What a site does to its answers: redirect, fallback, errors, header, refuse,
# https, hsts.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Pyked;

my $tls_port = free_port();
my $s = Pyked->prepare(tls => 1, scripts => {
	good => "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nscript\\n'\n",
	bad => "#!/bin/sh\necho nonsense\n",
	own => "#!/bin/sh\nprintf 'Status: 404\\nContent-Type: text/plain"
	    . "\\n\\nmine\\n'\n",
	length => "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\ncat\n",
}, files => {
	'index.html' => "first\n",
	'app/index.html' => "app\n",
	'app/real.txt' => "real\n",
	'app/folder/x' => '',
	'loop/x' => '',
	'plain/x' => "plain\n",
	'empty/x' => '',
});
mkdir "$s->{dir}/$_" for qw(errors some none);
spew("$s->{dir}/errors/404.html", "our own 404: \xc3\xa4\n");
spew("$s->{dir}/errors/4xx.html", "our own 4xx\n");
spew("$s->{dir}/errors/5xx.html", "our own 5xx\n");
spew("$s->{dir}/some/404.html", 'x' x 65537);
mkdir "$s->{dir}/some/403.html";
symlink '/etc/passwd', "$s->{dir}/some/4xx.html";
$s->write_conf(servers => <<"END");
header X-Everywhere yes
server {
	listen 127.0.0.1:0
	root \@SITE\@
	header X-Site "a; b=\\"c\\""
	location /old/ { redirect 301 /new/\$rest?a=1&\$query }
	location /noslash { redirect 308 /to/\$rest }
	location = /exact { redirect 302 https://example.org/\$rest?\$query }
	location *.asp { redirect 303 "/\$rest.php?\$query" }
	location /top { redirect 307 /\$rest }
	location /ask { redirect 307 /\$query }
	location /both/ { redirect 307 /\$rest/\$query }
	location /behind/ { redirect 307 /\$rest/index.html }
	location /away { redirect 302 https://example.org }
	location /moved/ { redirect 301 /x ; header X-Inner 1 }
	location /app/ { fallback /app/index.html ; errors \@DIR\@/errors }
	location /loop/ { fallback /loop/missing }
	location /other/ { fallback /plain/x }
	location /back/ { fallback /cgi/good }
	location /two/ { fallback /loop/nothing }
	location /plain/ { no header X-Site }
	location /errors/ { errors \@DIR\@/errors }
	location = /errors/gone { errors \@DIR\@/errors; refuse 410 }
	location = /errors/busy { errors \@DIR\@/errors; refuse 503 }
	location /some/ { errors \@DIR\@/some }
	location = /some/teapot { errors \@DIR\@/some; refuse 418 }
	location = /some/no { errors \@DIR\@/some; refuse 403 }
	location /none/ { errors \@DIR\@/none }
	location /cgi/ { cgi dir \@CGI\@ ; errors \@DIR\@/errors }
	location = /cgi/length { cgi program \@CGI\@/length ; max-body 4
	    errors \@DIR\@/errors }
	location /closed/ { refuse close }
	location /gone/ { refuse 410 }
}
server {
	listen 127.0.0.1:0
	listen 127.0.0.1:$tls_port tls
	certificate \@CERT\@ \@KEY\@
	root \@SITE\@
	https only
	hsts 1y subdomains preload
	location /.well-known/ { https off }
	location *.php { https off }
	location /short/ { hsts 1d }
	location /never/ { hsts off }
	location /port/ { https only 443 }
}
server {
	listen 127.0.0.1:0
	root \@SITE\@
	errors \@DIR\@/errors
	location /app/ { errors off }
}
END
$s->up;

my @plain = ($s->ports)[0, 1, 2];

# One request on the first port: its status and some of its fields.
sub location_of { $s->get($_[0])->{headers}{location} // 'none' }

subtest 'redirect' => sub {
	my %to = (
		'/old/' => '/new/?a=1',
		'/old/a/b?x=y&z' => '/new/a/b?a=1&x=y&z',
		'/old/%20%c3%a4%22%27%3c' => '/new/%20%C3%A4%22%27%3C?a=1',
		'/old/a?b?c' => '/new/a?a=1&b?c',
		'/noslash' => '/to/',
		'/noslash/x' => '/to/x',
		'/exact?q' => 'https://example.org/?q',
		'/exact' => 'https://example.org/',
		'/a/b.asp' => '/a/b.php',
		'/a/b.asp?c=d' => '/a/b.php?c=d',
		'/top' => '/',
		'/top/evil.example/' => '/evil.example/',
		'/top//evil.example/' => '/evil.example/',
		'/top/%5cevil.example/' => '/%5Cevil.example/',
		'/top/.//evil.example' => '/evil.example',
		'/top/x/..//evil.example' => '/evil.example',
		'/ask?/evil.example/' => '/evil.example/',
		'/ask?//evil.example/' => '/evil.example/',
		'/both/?evil.example/' => '/evil.example/',
		'/both/?/evil.example/' => '/evil.example/',
		'/both/a?b' => '/a/b',
		'/behind/' => '/index.html',
		'/away/with/it?x' => 'https://example.org',
		'/moved/anything' => '/x',
	);

	for my $path (sort keys %to) {
		is location_of($path), $to{$path}, $path;
	}
	is $s->get('/old/x%0d%0aSet-Cookie:%20a')->{status}, 400,
	    'no line ends in a path';
	is $s->get($_->[0])->{status}, $_->[1], "status of $_->[0]"
	    for ['/old/x', 301], ['/exact', 302], ['/a.asp', 303],
	    ['/top', 307], ['/noslash', 308];
	for my $method (qw(POST PUT DELETE PATCH OPTIONS)) {
		my $r = $s->ask($method => '/top/x', 'Content-Length' => 0);
		is "$r->{status} $r->{headers}{location}", '307 /x', $method;
	}
	is $s->ask(TRACE => '/top/x')->{status}, 405, 'TRACE is refused';
	my $r = $s->head('/top/x');
	is "$r->{status}|$r->{body}", '307|', 'HEAD has no body';
	cmp_ok $r->{headers}{'content-length'}, '>', 100, '... but its length';
	like $s->get('/top/x')->{body}, qr/<!DOCTYPE html>.*307/s, 'GET has';
	my $c = client($s);
	is $c->send("POST /top/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
	    . "\r\nhello")->response->{status}, 307, 'a body is read over';
	is $c->send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")->response->{body},
	    "first\n", '... and the connection goes on';
};

subtest 'fallback' => sub {
	my $r = $s->get('/app/some/page');

	is "$r->{status} $r->{body}", "200 app\n", 'a page that is not there';
	like $r->{headers}{'content-type'}, qr{^text/html}, '... as its file';
	is $s->get('/app/real.txt')->{body}, "real\n", 'a file that is there';
	my $etag = $r->{headers}{etag};
	is $s->get('/app/x', 'If-None-Match' => $etag)->{status}, 304,
	    'validators are the page\'s';
	$r = $s->head('/app/some/page');
	is "$r->{status} $r->{headers}{'content-length'}", '200 4', 'HEAD';
	is $s->ask(POST => '/app/x', 'Content-Length' => 0)->{status}, 405,
	    'not for POST';
	is $s->get('/app/folder')->{status}, 301, 'a folder is one';
	is $s->get('/app/.hidden')->{status}, 404, 'hidden names stay so';
	is $s->get('/app/%2fx')->{status}, 404, 'and bad paths';
	is $s->get('/loop/y')->{status}, 404, 'one that is missing itself';
	is $s->get('/two/y')->{status}, 404, 'no second one';
	is $s->get('/other/y')->{body}, "plain\n", 'in another location';
	is $s->get('/other/y')->{headers}{'x-site'}, undef, '... whose '
	    . 'header fields count';
	is $s->get('/back/y')->{body}, "script\n", 'to a script';
};

subtest 'errors' => sub {
	my $r = $s->get('/errors/x', 'If-None-Match' => '*', Range =>
	    'bytes=0-1', 'If-Modified-Since' =>
	    'Fri, 01 Jan 2100 00:00:00 GMT');

	is "$r->{status} $r->{body}", "404 our own 404: \xc3\xa4\n", '404.html';
	is $r->{headers}{'content-type'}, 'text/html; charset=utf-8', 'type';
	is $r->{headers}{etag} // $r->{headers}{'last-modified'}, undef,
	    'no validators';
	is $r->{headers}{'x-site'}, 'a; b="c"', 'header fields of the site';
	$r = $s->head('/errors/x');
	is "$r->{status} $r->{headers}{'content-length'}|$r->{body}",
	    '404 16|', 'HEAD';
	$r = $s->get('/errors/gone');
	is "$r->{status} $r->{body}", "410 our own 4xx\n", '4xx.html';
	$r = $s->get('/errors/busy');
	is "$r->{status} $r->{body}", "503 our own 5xx\n", '5xx.html';
	$r = $s->ask(POST => '/errors/x', 'Content-Length' => 0);
	is "$r->{status} $r->{body}", "405 our own 4xx\n", 'a method that fits no file';
	is $r->{headers}{allow}, 'GET, HEAD, OPTIONS', '... with Allow';
	$s->allow(qr/no header/);
	$r = $s->get('/cgi/bad');
	is "$r->{status} $r->{body}", "502 our own 5xx\n", '502 of a script';
	$r = $s->get('/cgi/own');
	is "$r->{status} $r->{body}", "404 mine\n", 'a script\'s own page';
	is $s->get('/cgi/missing')->{body}, "our own 404: \xc3\xa4\n",
	    'a script that is not there';
	$r = $s->request("POST /cgi/length HTTP/1.1\r\nHost: x\r\n"
	    . "Content-Length: 5\r\n\r\nhello");
	is "$r->{status} $r->{body}", "413 our own 4xx\n", 'a body that is too large';
	$r = $s->request("POST /cgi/length HTTP/1.1\r\nHost: x\r\n"
	    . "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
	is "$r->{status} $r->{body}", "413 our own 4xx\n", 'a chunk that is';
	for my $path ('/some/x', '/some/teapot', '/some/no', '/none/x') {
		like $s->get($path)->{body}, qr/<!DOCTYPE html>/,
		    "$path: no usable page, the built-in one";
	}
	is $s->get('/app/.x')->{body}, "our own 404: \xc3\xa4\n",
	    'beside a fallback';
	is client($plain[2])->get('/x')->{body}, "our own 404: \xc3\xa4\n",
	    'of a whole server';
	like client($plain[2])->get('/app/x')->{body}, qr/<!DOCTYPE html>/,
	    '... but where they are off';
};

subtest 'header' => sub {
	my %paths = ('/' => 200, '/missing' => 404, '/app/folder' => 301,
	    '/old/' => 301, '/gone/' => 410, '/cgi/good' => 200);

	for my $path (sort keys %paths) {
		my $r = $s->get($path);
		is "$r->{status} $r->{headers}{'x-everywhere'} "
		    . $r->{headers}{'x-site'},
		    "$paths{$path} yes a; b=\"c\"", "on $path";
	}
	my $etag = $s->get('/')->{headers}{etag};
	my $r = $s->get('/', 'If-None-Match' => $etag);
	is "$r->{status} $r->{headers}{'x-site'}", '304 a; b="c"', 'on 304';
	$r = $s->ask('OPTIONS' => '/');
	is "$r->{status} $r->{headers}{'x-everywhere'}", '204 yes', 'on 204';
	$r = $s->get('/moved/x');
	is join(' ', map { $r->{headers}{"x-$_"} } qw(everywhere site inner)),
	    'yes a; b="c" 1', 'a location adds';
	$r = $s->get('/plain/x');
	is $r->{headers}{'x-site'} // 'none', 'none', 'no header';
	is $r->{headers}{'x-everywhere'}, 'yes', '... leaves the others';
	$r = $s->request("nonsense\r\n\r\n");
	is "$r->{status} $r->{headers}{'x-everywhere'}", '400 yes',
	    'on what could not be read';
};

subtest 'refuse' => sub {
	is $s->get('/gone/x')->{status}, 410, 'with a status';
	my $c = client($s);
	for (1, 2) {
		is $c->send("GET /gone/ HTTP/1.1\r\nHost: x\r\n\r\n")
		    ->response->{status}, 410, 'the connection stays';
	}
	is $c->send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	    . "GET /closed/ HTTP/1.1\r\nHost: x\r\n\r\n"
	    . "GET / HTTP/1.1\r\nHost: x\r\n\r\n")->response->{body},
	    "first\n", 'what came before is answered';
	is $c->rest, '', 'then nothing, not a byte';
	ok wait_until { grep { m{"GET /closed/ HTTP/1.1" 444 0} } $s->access },
	    'and 444 is logged';
};

subtest 'https only' => sub {
	my $port = $plain[1];
	my $ask = sub {
		my $c = client($port);
		return $c->send(join "\r\n", @_, 'Connection: close', '', '')
		    ->response;
	};
	my $to = sub { $ask->(@_)->{headers}{location} };
	my $r = $ask->('GET /a/b%20c?d=e&f HTTP/1.1', 'Host: Example.org');

	is $r->{status}, 308, 'its status';
	is $r->{headers}{location},
	    "https://Example.org:$tls_port/a/b%20c?d=e&f", 'path and query';
	is $r->{headers}{'strict-transport-security'}, undef, 'no HSTS';
	is $to->('GET /port/x HTTP/1.1', "Host: e.org:$port"),
	    'https://e.org/port/x', 'the port of the host goes';
	is $to->('GET /port/ HTTP/1.1', 'Host: [::1]:80'),
	    'https://[::1]/port/', 'an IPv6 address';
	is $to->('POST http://a.example/port/? HTTP/1.1', 'Host: x',
	    'Content-Length: 0'), 'https://a.example/port/?',
	    'an absolute target, POST';
	is $to->('GET //evil.example/ HTTP/1.1', 'Host: x'),
	    "https://x:$tls_port//evil.example/", 'two slashes';
	is $ask->('GET / HTTP/1.0')->{status}, 400, 'no host: 400';
	is $ask->('GET /.well-known/x HTTP/1.1', 'Host: x')->{status}, 404,
	    'https off in a location';
	is $ask->('GET /x.php HTTP/1.1', 'Host: x')->{status}, 404,
	    '... or for a suffix';
	is $to->('GET /short/x.php HTTP/1.1', 'Host: x'),
	    "https://x:$tls_port/short/x.php",
	    '... which is no way around a place';
	my $c = client($port);
	for (1, 2) {
		is $c->send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		    ->response->{status}, 308, 'the connection stays';
	}
};

subtest 'hsts' => sub {
	my $hsts = sub {
		my ($head) = s_client($tls_port, "GET $_[0] HTTP/1.1\r\n"
		    . "Host: localhost\r\nConnection: close\r\n\r\n")->{out}
		    =~ /^(.*?\r\n)\r\n/s;
		my ($status) = $head =~ m{^HTTP/1.1 (\d+)};
		my ($value) = $head =~ /^Strict-Transport-Security: (.*)\r$/m;
		return "$status " . ($value // 'none');
	};

	is $hsts->('/'), '200 max-age=31536000; includeSubDomains; preload',
	    'over TLS';
	is $hsts->('/missing'),
	    '404 max-age=31536000; includeSubDomains; preload', 'on errors';
	is $hsts->('/short/'), '404 max-age=86400', 'a location\'s own';
	is $hsts->('/never/'), '404 none', 'hsts off';
	is $s->get('/')->{headers}{'strict-transport-security'}, undef,
	    'not without TLS';
};

$s->stop;
done_testing;
