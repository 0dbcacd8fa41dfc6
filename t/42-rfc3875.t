#!/usr/bin/perl
# RFC 3875, section by section: what it asks of a server, and that it is so.
# Where pyked does otherwise on purpose the line says "deviation", and
# pyked-cgi(7) says why.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Pyked;

# Workers run as another user than we do: the interpreter is where both can
# read.
my $open = temporary(0755);

my $perl = "#!/usr/bin/perl\n\$| = 1;\n";
my $php = spew("$open/php", $perl . 'print "Content-Type: text/plain\n\n";'
    . 'print "REDIRECT_STATUS=$ENV{REDIRECT_STATUS}\n"', 0755);
my $s = Pyked->prepare(tls => 1, files => {
	'page.html' => "a page\n",
	'sub/index.html' => "a folder\n",
	'.secret' => "secret\n",
}, scripts => {
	env => $perl . 'print "Content-Type: text/plain\n\n";'
	    . 'print "$_=$ENV{$_}\n" for sort keys %ENV;'
	    . 'read STDIN, $b, $ENV{CONTENT_LENGTH} // 0; print "body=$b\n";'
	    . 'print "args=@ARGV\n"; use Cwd; print "cwd=", getcwd, "\n";'
	    . 'print "more=", (read(STDIN, $x, 1) // "?"), "\n";',
	# Says what the query says, percent-decoded.
	say => $perl . '($_ = $ENV{QUERY_STRING}) =~'
	    . 's/%(..)/chr hex $1/ge; print;',
	'nph-say' => $perl . '($_ = $ENV{QUERY_STRING}) =~'
	    . 's/%(..)/chr hex $1/ge; print;',
	# Sends on to itself, as often as the query says.
	hop => $perl . '$n = $ENV{QUERY_STRING}; print $n > 0 ? '
	    . '"Location: /cgi/hop?" . ($n - 1) . "\n\n" : '
	    . '"Content-Type: text/plain\n\nthere"',
	'sub/two' => $perl . 'print "Content-Type: text/plain\n\n";'
	    . 'print "$ENV{SCRIPT_NAME} $ENV{PATH_INFO}";',
});
$s->write_conf(servers => <<"END");
server {
	listen 127.0.0.1:0
	listen 127.0.0.1:0 tls
	certificate \@CERT\@ \@KEY\@
	root \@SITE\@
	location /cgi/ {
		cgi dir \@CGI\@/
	}
	location /auth/ {
		cgi dir \@CGI\@/
		cgi-authorization on
	}
	location /staff/ {
		cgi dir \@CGI\@/
		auth Staff \@DIR\@/users
	}
	location /closed/ {
		deny all
	}
	location *.php {
		cgi with $php
	}
}
END
$s->put_file('page.php', 'x');
# Her password is "secret".
my @jane = (Authorization => 'Basic amFuZTpzZWNyZXQ=');
spew("$s->{dir}/users", 'jane:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=' . "\n");
$s->allow(qr/ script \//);
$s->up;

sub encode { return $_[0] =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger }

sub said { return $s->get('/cgi/say?' . encode($_[0]), @_[1 .. $#_]) }
sub raw { return $s->get('/cgi/nph-say?' . encode($_[0])) }

# The variables of an answer of the script env.
sub env_of { return { $_[0]{body} =~ /^([^=\n]+)=(.*)$/mg } }
sub env { return env_of($s->get(@_)) }

# One variable of a GET of a target.
sub has {
	my ($name, $want, $target, @fields) = @_;

	return sub {
		is env($target // '/cgi/env', @fields)->{$name}, $want, $name;
	};
}

sub has_not {
	my ($name, @of) = @_;

	return sub {
		ok !exists env($of[0] // '/cgi/env', @of[1 .. $#of])->{$name},
		    "no $name";
	};
}

sub answers {
	my ($status, $said) = @_;

	return sub {
		is said($said)->{status}, $status, 'status ' . $status;
	};
}

my $http11 = "HTTP/1.1 200 Fine\r\n";
my @table = (
[ '3.1', 'a script is chosen by the URL', sub {
	is $s->get('/cgi/sub/two')->{body}, '/cgi/sub/two ', 'below a folder';
	is $s->get('/cgi/nothing')->{status}, 404, 'no script';
} ],
[ '3.2', 'SCRIPT_NAME and PATH_INFO are the path, decoded', sub {
	my $env = env('/cgi/env/a%20b/%C3%A4?x');
	is $env->{SCRIPT_NAME} . $env->{PATH_INFO},
	    "/cgi/env/a b/\xc3\xa4", 'together';
} ],
[ '3.2', 'a script\'s source is not sent', sub {
	spew("$s->{cgi}/source", "source\n", 0644);
	for (qw(/cgi/source /cgi/source/ /cgi/source%00 /cgi/source~)) {
		my $r = $s->get($_);
		like $r->{status}, qr/^(?:40[034]|500)$/, $_;
		unlike $r->{body}, qr/^source/m, 'nothing of it';
	}
} ],
[ '3.3', 'the Script-URI can be put together again', sub {
	my $env = env('/cgi/env/p?q=%41');
	is "http://$env->{SERVER_NAME}:$env->{SERVER_PORT}"
	    . "$env->{SCRIPT_NAME}$env->{PATH_INFO}?$env->{QUERY_STRING}",
	    'http://localhost:' . $s->port . '/cgi/env/p?q=%41',
	    'from its variables';
} ],
[ '3.4', 'a script is told the method and may have a body', sub {
	my $env = env_of($s->post('/cgi/env', 'text'));
	is "$env->{REQUEST_METHOD} $env->{body}", 'POST text', 'POST';
} ],
[ '4.1', 'a variable without a value is not there, or empty',
    has_not('AUTH_TYPE') ],
[ '4.1', 'nothing of the environment of the server', sub {
	my $env = env('/cgi/env');
	is_deeply [grep { !/^(?:HTTP_HOST|HTTP_CONNECTION|DOCUMENT_ROOT|
	    GATEWAY_INTERFACE|PATH|QUERY_STRING|REMOTE_(?:ADDR|HOST|PORT)|
	    REQUEST_(?:ID|METHOD|SCHEME|URI)|SCRIPT_(?:FILENAME|NAME)|
	    SERVER_(?:ADDR|NAME|PORT|PROTOCOL|SOFTWARE)|
	    body|args|cwd|more)$/x } keys %$env], [], 'nothing else';
	is $env->{PATH}, '/usr/local/bin:/usr/bin:/bin', 'a fixed PATH';
} ],
[ '4.1.1', 'AUTH_TYPE only when the server checked who it is',
    has_not('AUTH_TYPE', '/cgi/env', Authorization => 'Basic eDp5') ],
[ '4.1.1', 'AUTH_TYPE when it did', has('AUTH_TYPE', 'Basic', '/staff/env',
    @jane) ],
[ '4.1.2', 'CONTENT_LENGTH if and only if there is a body', sub {
	is env_of($s->post('/cgi/env', 'abc'))->{CONTENT_LENGTH}, 3, 'a body';
	is env_of($s->post('/cgi/env', ''))->{CONTENT_LENGTH}, 0, 'of no bytes';
	ok !exists env('/cgi/env')->{CONTENT_LENGTH}, 'none';
	my $r = $s->request(Pyked::Http::bytes(POST => '/cgi/env',
	    'Transfer-Encoding' => 'chunked', Connection => 'close')
	    . "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
	my $env = env_of($r);
	is "$env->{CONTENT_LENGTH} $env->{body}", '5 abcde',
	    'what is left without the transfer-coding';
} ],
[ '4.1.3', 'CONTENT_TYPE is the field, or is not there', sub {
	my $type = 'multipart/form-data; boundary="a b"';
	is env_of($s->post('/cgi/env', 'a', 'Content-Type' => $type))
	    ->{CONTENT_TYPE}, $type, 'as it was sent';
	ok !exists env_of($s->post('/cgi/env', 'a'))->{CONTENT_TYPE}, 'no guess';
} ],
[ '4.1.4', 'GATEWAY_INTERFACE', has('GATEWAY_INTERFACE', 'CGI/1.1') ],
[ '4.1.5', 'PATH_INFO, decoded', has('PATH_INFO', '/a b/',
    '/cgi/env/a%20b/') ],
[ '4.1.5', 'no PATH_INFO without one', has_not('PATH_INFO') ],
[ '4.1.5', 'an encoded slash is refused', sub {
	is $s->get('/cgi/env/a%2Fb')->{status}, 404, '%2F';
} ],
[ '4.1.6', 'PATH_TRANSLATED is where PATH_INFO would be',
    sub { has('PATH_TRANSLATED', "$s->{site}/page.html",
    '/cgi/env/page.html')->() } ],
[ '4.1.6', 'also below a folder of scripts',
    sub { has('PATH_TRANSLATED', "$s->{cgi}/sub/two",
    '/cgi/env/cgi/sub/two')->() } ],
[ '4.1.6', 'none without PATH_INFO', has_not('PATH_TRANSLATED') ],
[ '4.1.7', 'QUERY_STRING, as it was sent', has('QUERY_STRING',
    'a+b=%41%zz&', '/cgi/env?a+b=%41%zz&') ],
[ '4.1.7', 'an empty one without a query', has('QUERY_STRING', '') ],
[ '4.1.8', 'REMOTE_ADDR', has('REMOTE_ADDR', '127.0.0.1') ],
[ '4.1.9', 'REMOTE_HOST: the address instead', has('REMOTE_HOST',
    '127.0.0.1') ],
[ '4.1.10', 'no REMOTE_IDENT', has_not('REMOTE_IDENT') ],
[ '4.1.11', 'no REMOTE_USER of a client\'s own making', sub {
	ok !exists env('/cgi/env', Authorization => 'Basic eDp5',
	    'Remote-User' => 'x')->{REMOTE_USER}, 'not checked';
} ],
[ '4.1.11', 'REMOTE_USER when AUTH_TYPE is there', has('REMOTE_USER', 'jane',
    '/staff/env', @jane) ],
[ '4.1.12', 'REQUEST_METHOD, case and all', sub {
	for my $method (qw(GET POST PUT DELETE PATCH OPTIONS PROPFIND get)) {
		is env_of($s->ask($method => '/cgi/env'))->{REQUEST_METHOD},
		    $method, $method;
	}
} ],
[ '4.1.13', 'SCRIPT_NAME, not encoded', has('SCRIPT_NAME', '/cgi/env',
    '/cgi/sub/../%65nv/x') ],
[ '4.1.14', 'SERVER_NAME is the host of the request', sub {
	is env('/cgi/env')->{SERVER_NAME}, 'localhost', 'Host';
	my $env = env_of($s->request("GET http://Other:81/cgi/env HTTP/1.1\r\n"
	    . "Host: localhost\r\nConnection: close\r\n\r\n"));
	is $env->{SERVER_NAME}, 'Other', 'of an absolute-form';
	is $env->{HTTP_HOST}, 'Other:81', 'and HTTP_HOST with it';
	is env_of($s->request("GET /cgi/env HTTP/1.0\r\n\r\n"))
	    ->{SERVER_NAME}, '127.0.0.1', 'the address without one';
} ],
[ '4.1.15', 'SERVER_PORT is where the request came in',
    sub { has('SERVER_PORT', $s->port)->() } ],
[ '4.1.16', 'SERVER_PROTOCOL', sub {
	is env('/cgi/env')->{SERVER_PROTOCOL}, 'HTTP/1.1', '1.1';
	is env_of($s->request("GET /cgi/env HTTP/1.0\r\n\r\n"))
	    ->{SERVER_PROTOCOL}, 'HTTP/1.0', '1.0';
} ],
[ '4.1.17', 'SERVER_SOFTWARE; deviation: no version',
    has('SERVER_SOFTWARE', 'pyked') ],
[ '4.1.18', 'fields become HTTP_*', has('HTTP_X_A_B', 'c  d', '/cgi/env',
    'x-a-B' => 'c  d') ],
[ '4.1.18', 'several of one name become one', sub {
	my $env = env('/cgi/env', 'X-A' => '1', Cookie => 'a=1', 'x-a' => '2',
	    Cookie => 'b=2');
	is $env->{HTTP_X_A}, '1, 2', 'with commas';
	is $env->{HTTP_COOKIE}, 'a=1; b=2', 'Cookie with semicolons';
} ],
[ '4.1.18', 'not what has a variable of its own', sub {
	my $env = env_of($s->post('/cgi/env', 'a', 'Content-Type' => 'a/b'));
	ok !exists $env->{"HTTP_$_"}, $_ for qw(CONTENT_LENGTH CONTENT_TYPE);
} ],
[ '4.1.18', 'not what is about the connection', sub {
	my $env = env('/cgi/env', TE => 'trailers', 'Keep-Alive' => 'x',
	    Upgrade => 'h2c', Trailer => 'X', 'Proxy-Connection' => 'x');
	ok !exists $env->{"HTTP_$_"}, $_ for qw(CONNECTION TE KEEP_ALIVE
	    UPGRADE TRAILER PROXY_CONNECTION TRANSFER_ENCODING);
} ],
[ '4.1.18', 'not what could be taken for something else', sub {
	my $env = env('/cgi/env', Proxy => 'x', 'Content_Length' => 666,
	    'X_Forwarded_For' => 'evil', 'X-Forwarded-For' => 'good');
	ok !exists $env->{$_}, $_ for qw(HTTP_PROXY HTTP_CONTENT_LENGTH);
	is $env->{HTTP_X_FORWARDED_FOR}, 'good', 'X_Forwarded_For';
} ],
[ '4.1.18', 'Authorization where it is wanted alone', sub {
	my @field = (Authorization => 'Basic eDp5');
	ok !exists env('/cgi/env', @field)->{HTTP_AUTHORIZATION}, 'no';
	is env('/auth/env', @field)->{HTTP_AUTHORIZATION}, 'Basic eDp5',
	    'yes';
} ],
[ '4.1.18', 'values pass as they are', has('HTTP_X_A',
    "() { :;}; echo \$(id) `id`\t%0a", '/cgi/env',
    'X-A' => "() { :;}; echo \$(id) `id`\t%0a") ],
[ '4.2', 'the body is on standard input, CONTENT_LENGTH bytes', sub {
	my $env = env_of($s->post('/cgi/env', 'x' x 1000));
	is length $env->{body}, 1000, 'all of it';
	is $env->{more}, 0, 'and an end of file behind it';
} ],
[ '4.3.1', 'GET', sub { is $s->get('/cgi/env')->{status}, 200, 'GET' } ],
[ '4.3.2', 'POST', sub { is $s->post('/cgi/env', 'a')->{status}, 200, 'POST' } ],
[ '4.3.3', 'HEAD: the script is told, its body is dropped', sub {
	my $c = client($s);
	$c->send(Pyked::Http::bytes(HEAD => '/cgi/say?'
	    . encode("Content-Type: a/b\n\nbody")));
	my $r = $c->response(head => 1);
	is $r->{status} . field($r, 'Content-Type'), '200a/b', 'the head';
	is $c->get('/cgi/say?' . encode("Status: 201\n\n"))->{status}, 201,
	    'and nothing else of it';
} ],
[ '4.3.4', 'any other method', sub {
	my $env = env_of($s->request(Pyked::Http::bytes('X-ODD' => '/cgi/env',
	    'Content-Length' => 1, Connection => 'close') . 'b'));
	is "$env->{REQUEST_METHOD} $env->{body}", 'X-ODD b', 'X-ODD';
	is env_of($s->ask(OPTIONS => '/cgi/env'))->{REQUEST_METHOD},
	    'OPTIONS', 'OPTIONS is the script\'s';
	is $s->ask('X-ODD' => '/page.html')->{status}, 501, 'not for files';
	is $s->ask(TRACE => '/cgi/env')->{status}, 405, 'TRACE is nobody\'s';
} ],
[ '4.4', 'deviation: no words of the query become arguments', has('args', '',
    '/cgi/env?-s+-d+allow_url_include') ],
[ '5', 'an nph- script\'s message goes out as it is', sub {
	my $head = $http11 . "X-Odd:  a\r\nContent-Length: 2\r\n";
	my $c = client($s)->send(Pyked::Http::bytes(GET => '/cgi/nph-say?'
	    . encode("$head\r\nab")));
	my ($bytes, $how) = $c->rest;
	is $bytes, "$head\r\nab", 'every byte';
	is $how, 'closed', 'and the connection ends with it';
	eventually { grep { /nph-say.* 200 2 / } $s->access } 5, 'logged';
} ],
[ '5', 'but not more of it than it announced', sub {
	my $r = raw($http11 . "Content-Length: 2\r\n\r\nab" . $http11);
	is $r->{body}, 'ab', 'cut';
	ok !raw($http11 . "Content-Length: 4\r\n\r\nab")->{complete},
	    'too little is seen';
	my $c = client($s)->send(Pyked::Http::bytes(HEAD => '/cgi/nph-say?'
	    . encode("$http11\r\nab")));
	is scalar $c->rest, "$http11\r\n", 'no body for HEAD';
	$c = client($s)->send(Pyked::Http::bytes(GET => '/cgi/nph-say?'
	    . encode("HTTP/1.1 304 X\r\n\r\nab")));
	is scalar $c->rest, "HTTP/1.1 304 X\r\n\r\n", 'nor with 304';
	$c = client($s)->send(Pyked::Http::bytes(GET => '/cgi/nph-say?'
	    . encode("$http11\r\n")) . Pyked::Http::bytes(GET => '/'));
	is scalar $c->rest, "$http11\r\n", 'no further request is answered';
} ],
[ '5', 'in chunks of its own', sub {
	is raw($http11 . "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"
	    . "0\r\n\r\n")->{body}, 'ab', 'passed on';
} ],
[ '5', 'and only what is a message', sub {
	for my $bad ('', "Status: 200\r\n\r\n", "HTTP/1.1 200 OK\nX: 1\n\n",
	    "HTTP/1.1 100 Continue\r\n\r\n", $http11,
	    "${http11}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n") {
		is raw($bad)->{status}, 502, 'refused: ' . encode($bad);
	}
} ],
[ '6.1', 'what a script writes is sent on', sub {
	is said("Content-Type: a/b\n\n\0\xff\r\n")->{body}, "\0\xff\r\n",
	    'every byte';
} ],
[ '6.2', 'one of Content-Type, Location, Status', answers(502,
    "X-A: 1\n\nx") ],
[ '6.2', 'an empty answer is none', answers(502, '') ],
[ '6.2.1', 'a document', sub {
	my $r = said("Content-Type: text/x-a; charset=b\n\nbody");
	is "$r->{status} $r->{body} " . field($r, 'Content-Type'),
	    '200 body text/x-a; charset=b', 'with its type';
} ],
[ '6.2.1', 'with a status', answers(404, "Status: 404 Gone fishing\n"
    . "Content-Type: a/b\n\nx") ],
[ '6.2.2', 'a local redirect is served in its place', sub {
	my $r = said("Location: /page.html\n\n");
	is "$r->{status} $r->{body}", "200 a page\n", 'a file';
	is field($r, 'Location'), undef, 'without a Location';
	is said("Location: /sub/\r\n\r\n")->{body}, "a folder\n", 'a folder';
	my $env = env_of(said("Location: /cgi/env/x?a=%41\n\n"));
	is join(' ', @$env{qw(REQUEST_METHOD REQUEST_URI SCRIPT_NAME PATH_INFO
	    QUERY_STRING)}), 'GET /cgi/env/x?a=%41 /cgi/env /x a=%41',
	    'a script';
	$r = said("Location: /page.html\n\nignored");
	is $r->{body}, "a page\n", 'what it says besides is dropped';
	is said("Location: /sub\n\n")->{status}, 301, 'like any request';
	eventually { grep { m{"GET /cgi/say\?.* 301 } } $s->access } 5,
	    'in the log is what was asked';
} ],
[ '6.2.2', 'with the rules of the other path', sub {
	is said("Location: /.secret\n\n")->{status}, 404, 'a dot file';
	is said("Location: /nothing\n\n")->{status}, 404, 'nothing there';
	is said("Location: /closed/x\n\n")->{status}, 403, 'closed';
	is said("Location: /staff/env\n\n")->{status}, 401, 'for staff';
	is env_of(said("Location: /staff/env\n\n", @jane))->{REMOTE_USER},
	    'jane', 'who is staff gets there';
	my $date = field($s->get('/page.html'), 'Last-Modified');
	is said("Location: /page.html\n\n", 'If-Modified-Since' => $date)
	    ->{status}, 304, 'its own conditions';
} ],
[ '6.2.2', 'as a GET without a body', sub {
	my $r = $s->post('/cgi/say?' . encode("Location: /cgi/env\n\n"),
	    'x' x 70_000, 'Content-Type' => 'a/b');
	my $env = env_of($r);
	is "$env->{REQUEST_METHOD} [$env->{body}]", 'GET []', 'after POST';
	ok !exists $env->{$_}, "no $_" for qw(CONTENT_LENGTH CONTENT_TYPE);
	is $s->post('/cgi/say?' . encode("Location: /page.html\n\n"), 'a')
	    ->{body}, "a page\n", 'for a file, too';
	my $c = client($s);
	$r = $c->send(Pyked::Http::bytes(HEAD => '/cgi/say?'
	    . encode("Location: /page.html\n\n")))->response(head => 1);
	is field($r, 'Content-Length'), 7, 'HEAD stays HEAD';
	is $c->get('/page.html')->{body}, "a page\n",
	    'and the connection goes on';
} ],
[ '6.2.2', 'a loop ends', sub {
	is $s->get('/cgi/hop?8')->{body}, 'there', '8 are enough';
	is $s->get('/cgi/hop?9')->{status}, 502, '9 are not';
	ok $s->wait_log(qr{/cgi/hop.*: bad header: .* a loop\?}), 'logged';
} ],
[ '6.2.2', 'only to a path', sub {
	for my $bad ('/../x', '/%zz', "/a#b", "/a?b c", "/a?\xe4", '/a%00') {
		is said("Location: $bad\n\n")->{status}, 502, $bad;
	}
} ],
[ '6.2.3', 'a client redirect', sub {
	my $r = said("Location: http://example.org/?a#b\n\n");
	is $r->{status} . field($r, 'Location'),
	    '302http://example.org/?a#b', 'absolute';
	ok $r->{complete}, 'complete';
} ],
[ '6.2.4', 'a client redirect with a document', sub {
	my $r = said("Location: http://example.org/\nStatus: 303\n"
	    . "Content-Type: text/plain\n\nover there");
	is "$r->{status} $r->{body}", '303 over there', 'as it is';
} ],
[ '6.3', 'none of its fields twice', sub {
	for my $line ('Content-Type: a/b', 'Status: 200', 'Location: /a') {
		is said("$line\n$line\n\n")->{status}, 502, $line;
	}
} ],
[ '6.3', 'no blank between name and colon', answers(502,
    "Status : 200\n\n") ],
[ '6.3', 'no folding', answers(502, "Status: 200\nX: a\n b\n\n") ],
[ '6.3', 'names in any case', answers(201, "sTATUS: 201\n\n") ],
[ '6.3', 'output that could be read in two ways is refused', sub {
	for my $bad ("X: a\rb", "X: a\0b", "X: \e[2J", 'X', ': x',
	    "\x80: x") {
		my $r = said("Status: 200\n$bad\n\nx");
		is $r->{status}, 502, encode($bad);
		unlike $r->{head}, qr/^X/m, 'nothing of it is sent';
	}
} ],
[ '6.3.1', 'no Content-Type is made up', sub {
	is field(said("Status: 200\n\nx"), 'Content-Type'), undef, 'none';
} ],
[ '6.3.3', 'Status is 200 to 599, and three digits', sub {
	for my $bad (qw(99999 099 100 101 199 600 OK 2), '', '200OK') {
		is said("Status: $bad\n\n")->{status}, 502, "Status: $bad";
	}
	for my $good (200, 299, 404, 599) {
		is said("Status: $good\n\n")->{status}, $good, "as $good";
	}
} ],
[ '6.3.4', 'fields of the protocol are passed on', sub {
	my $r = said("Status: 200\nSet-Cookie: a=1\nSet-Cookie: b=2\n"
	    . "ETag: \"x\"\nCache-Control: no-store\n\n");
	is field($r, 'ETag') . field($r, 'Cache-Control'), '"x"no-store',
	    'once';
	is join(',', map { $_->[1] } grep { $_->[0] eq 'Set-Cookie' }
	    @{ $r->{fields} }), 'a=1,b=2', 'twice';
} ],
[ '6.3.4', 'but for those that are the server\'s', sub {
	my $r = said("Status: 200\nConnection: x\nTransfer-Encoding: gzip\n"
	    . "Server: x\nDate: x\nKeep-Alive: x\nUpgrade: x\nTrailer: x\n"
	    . "TE: x\nProxy-Connection: x\n\nx");
	is "$r->{status} $r->{body}", '200 x', 'no harm done';
	unlike $r->{head}, qr/: (?:x|gzip)\r/, 'none of them is sent';
} ],
[ '6.3.4', 'a Content-Length that is wrong does no harm', sub {
	my $c = client($s)->send(Pyked::Http::bytes(GET => '/cgi/say?'
	    . encode("Status: 200\nContent-Length: 2\n\nabc")));
	like scalar $c->rest, qr/\r\n\r\nab\z/, 'too small';
	ok !said("Status: 200\nContent-Length: 4\n\nabc")->{complete},
	    'too large';
	is said("Status: 200\nContent-Length: 1\nContent-Length: 1\n\na")
	    ->{status}, 502, 'twice';
} ],
[ '6.3.5', 'fields that nobody knows are passed on', sub {
	is field(said("Status: 200\nX-CGI-A: 1\n\n"), 'X-CGI-A'), 1, 'X-CGI-A';
} ],
[ '6.4', 'the body ends with the output', sub {
	ok said("Status: 200\n\nx")->{complete}, 'complete';
} ],
[ '7.2', 'the working directory is the script\'s',
    sub { has('cwd', $s->{cgi})->() } ],
[ '7.2', 'standard input is there without a body', has('more', 0) ],
[ '9.2', 'fields that hold secrets are kept back',
    has_not('HTTP_PROXY_AUTHORIZATION', '/cgi/env',
    'Proxy-Authorization' => 'Basic eDp5') ],
[ '9.3', 'HTTPS and what is known of it', sub {
	my $env = env_of({ body => curl('-k', $s->url('/cgi/env', 'https'))
	    ->{out} });
	is "$env->{HTTPS} $env->{REQUEST_SCHEME}", 'on https', 'HTTPS';
	like "$env->{SSL_PROTOCOL} $env->{SSL_CIPHER}",
	    qr/^TLSv1\.[23] [A-Z0-9_-]+$/, 'SSL_*';
	ok !exists env('/cgi/env')->{$_}, "no $_ by http"
	    for qw(HTTPS SSL_PROTOCOL SSL_CIPHER);
} ],
[ '9.8', 'relative paths lead nowhere', sub {
	is $s->get("/cgi/$_")->{status}, 400, $_
	    for '../../bin/sh', 'env/../../../etc/passwd', '%2e%2e/%2e%2e/x';
} ],
[ 'php', 'interpreters are told that it is a redirect',
    has('REDIRECT_STATUS', 200, '/page.php') ],
);

for (@table) {
	my ($section, $requirement, $test) = @$_;

	subtest "$section: $requirement" => $test;
}

$s->stop;
done_testing;
