#!/usr/bin/perl
# The formats of the access log: common, vhost and json.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;

use Pyked;

my $fails = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n%s' "
    . "\$REQUEST_ID\necho marked >&2\nexit 1\n";
my $sleep = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nsleep 30\n";

sub start {
	my ($format) = @_;
	my $s = Pyked->prepare(tls => 1, scripts => { sleep => $sleep,
	    fails => $fails }, files => { 'index.html' => "first\n" }, log => <<"END");
	access \@DIR\@/access.log $format
	error \@DIR\@/error.log info
END
	$s->write_conf(servers => <<'END');
server first.example www.first.example {
	listen 127.0.0.1:0
	listen 127.0.0.1:0 tls
	certificate @CERT@ @KEY@
	root @SITE@
	location /cgi/ { cgi dir @CGI@ }
}
END
	return $s->up;
}

# The last line of n, after a request.
sub line {
	my ($s, $n, $request) = @_;
	my @lines;

	$s->request($request);
	@lines = $s->wait_access($n);
	is scalar @lines, $n, "$n lines";
	return $lines[-1];
}

# A request as nasty as one can be that is answered, and one that is not.
my $nasty = "GET /?\"x\"\\ HTTP/1.1\r\n";
my $referer = "a\"b\\c\x80\xff</script>\t.";
my $good = "GET /?q HTTP/1.1\r\nHost: x\r\nUser-Agent: me\r\n"
    . "Referer: $referer\r\nConnection: close\r\n\r\n";
my $date = qr{\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d\ [-+]\d{4}\]};

subtest 'common' => sub {
	my $s = start('common');

	like line($s, 1, $good), qr{^127\.0\.0\.1\ -\ -\ $date
	    \ "GET\ /\?q\ HTTP/1\.1"\ 200\ 6\n\z}x, 'a line';
	$s->stop;
};

subtest 'vhost' => sub {
	my $s = start('vhost');
	my $port = $s->port;

	like line($s, 1, $good), qr{^first\.example:$port 127\.0\.0\.1 - - },
	    'a line';
	like line($s, 2, "$nasty\r\n\r\n"), qr{^-:$port 127\.0\.0\.1 - - },
	    'of no server';
	$s->stop;
};

subtest 'json' => sub {
	my $s = start('json');
	my $port = $s->port;
	my $line = line($s, 1, $good);
	my $o = JSON::PP::decode_json($line);

	like $line, qr/\A[\x20-\x7e]+\n\z/, 'one line of ASCII';
	like $o->{time}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'time';
	delete $o->{time};
	is_deeply $o, { client => '127.0.0.1', server => 'first.example',
	    port => $port, method => 'GET', target => '/?q',
	    protocol => 'HTTP/1.1', status => 200, bytes => 6,
	    referer => $referer, user_agent => 'me' }, 'all of it';
	$o = JSON::PP::decode_json(line($s, 2, "$nasty\r\n\r\n"));
	is "$o->{status} $o->{server} $o->{method}",
	    "400 - GET /?\"x\"\\ HTTP/1.1", 'what could not be read';
	$o = JSON::PP::decode_json(line($s, 3, 'GET /' . "\x01" x 100
	    . " HTTP/1.1\r\n\r\n"));
	is $o->{status}, 400, 'control bytes';
	my $long = 'x' x 8000;
	$line = line($s, 4, "GET /$long HTTP/1.1\r\nHost: x\r\nUser-Agent: "
	    . '"' x 4000 . "\r\nReferer: " . "\xff" x 4000
	    . "\r\nConnection: close\r\n\r\n");
	$o = JSON::PP::decode_json($line);
	is $o->{status}, 404, 'the longest line';
	cmp_ok length $line, '<', 4096, '... has an end';
	s_client($s->port('https'), "GET / HTTP/1.0\r\n\r\n");
	$o = JSON::PP::decode_json(($s->wait_access(5))[-1]);
	like $o->{tls}, qr/^TLSv1\.[23]\z/, 'TLS';
	is "$o->{protocol} $o->{port}", 'HTTP/1.0 ' . $s->port('https'),
	    '... on its port, by HTTP/1.0';

	my $c = client($s);
	$s->allow(qr{script /cgi/fails});
	my $id = $c->get('/cgi/fails')->{body};
	$o = JSON::PP::decode_json(($s->wait_access(6))[-1]);
	is $o->{id}, $id, 'the id of a script\'s request';
	cmp_ok $o->{script_us}, '>', 0, '... and what it took';
	ok $s->wait_log(qr{\[$id\] script /cgi/fails: marked$}m),
	    '... which the error log has, too';
	$c = client($s);
	$c->send("GET /cgi/sleep?\"\xe4 HTTP/1.1\r\nHost: x\r\n\r\n")
	    ->send('');
	is $c->response->{status}, 400, 'no raw byte in a target';
	$c = client($s);
	$c->send("GET /cgi/sleep?'q' HTTP/1.1\r\nHost: x\r\n\r\n");
	ok $c->fill(time + Pyked::scaled(10)) eq 'data', 'an answer begins';
	$s->set_mark;
	$s->allow(qr/killed by signal 9|was serving/);
	kill KILL => ($s->workers)[0];
	ok $s->wait_log(qr/killed by signal 9/, 10), 'a worker is killed';
	eventually { ($s->access)[-1] =~ /killed/ } 10, 'it is logged';
	$o = JSON::PP::decode_json(($s->access)[-1]);
	is "$o->{status} $o->{target}", "200 /cgi/sleep?'q'",
	    'the request it died of';
	ok $o->{killed}, 'is marked';
	$s->stop;
};

done_testing;
