#!/usr/bin/perl
# Proxies that are trusted say whose connections and requests they bring, and
# nobody else does: by the PROXY protocol, X-Forwarded-For and Forwarded, by
# http and https; with HAProxy as well.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Socket qw(inet_aton);
use Test::More;
use Time::HiRes qw(time);

use Pyked;

# What a trusted proxy is depends on the address that the test connects from.
my ($pp, $xff, $rfc, $stranger, $hop) = map { "127.0.0.$_" } 1 .. 5;
my $server = <<'END';
	certificate @CERT@ @KEY@
	root @SITE@
	location /cgi/ {
		cgi dir @CGI@
	}
	location /mine/ {
		allow 192.0.2.7
	}
	location /local/ {
		allow unix
	}
	location /safe/ {
		https only 443
		hsts 1h
	}
	location /locked/ {
		auth "x" @DIR@/users
	}
END
my $s = Pyked->prepare(tls => 1, top => <<"END", files => {
trust-proxy $pp unix { proxy-protocol on }
trust-proxy $xff { forwarded X-Forwarded-For }
trust-proxy $rfc { forwarded Forwarded }
trust-proxy $hop { forwarded off }
limits { header 16k 1s }
END
    'index.html' => "top\n", 'mine/x' => "mine\n", 'local/x' => "local\n",
    'safe/x' => "safe\n", 'locked/x' => "locked\n" }, scripts => { env =>
    "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
    . "echo \"\$REMOTE_ADDR \$REMOTE_PORT \$SERVER_ADDR \$SERVER_PORT\" "
    . "\"\$REQUEST_SCHEME \$HTTPS\"\n" }, servers => <<"END");
server {
	listen 127.0.0.1:0
	listen 127.0.0.1:0 tls
	listen unix:\@DIR\@/socket
$server}
END
spew("$s->{dir}/users", "ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n");
$s->up;

# The answer to bytes that come from an address of ours.
sub answer {
	my ($from, $bytes) = @_;

	return client($s, from => $from)->send($bytes)->response;
}

sub ask_from {
	my ($from, $target, @fields) = @_;

	return answer($from, Pyked::Http::bytes('GET', $target, @fields));
}

sub v2 {
	my ($command, $family, $rest) = @_;

	return pack 'a12 C C n/a*', "\r\n\r\n\0\r\nQUIT\n", $command, $family,
	    $rest;
}

my $v1 = "PROXY TCP4 192.0.2.7 192.0.2.1 4711 8443\r\n";
my $v4 = pack 'a4 a4 n n', inet_aton('192.0.2.7'), inet_aton('192.0.2.1'),
    4711, 8443;
my $tlv = pack 'C n/a*', 4, 'x' x 100;
my $ssl = pack 'C n/a*', 0x20, pack 'C N', 1, 0;
my $get = Pyked::Http::bytes('GET', '/cgi/env');
my $want = "192.0.2.7 4711 192.0.2.1 8443 http \n";

subtest 'the PROXY protocol' => sub {
	is answer($pp, $v1 . $get)->{body}, $want, 'version 1';
	is answer($pp, v2(0x21, 0x11, $v4) . $get)->{body}, $want, 'version 2';
	is answer($pp, v2(0x21, 0x11, $v4 . $tlv) . $get)->{body}, $want,
	    '... with what is skipped';
	is answer($pp, v2(0x21, 0x11, $v4 . $tlv . $ssl) . $get)->{body},
	    $want =~ s/http /https on/r, '... for a client that came by TLS';
	is answer($pp, v2(0x21, 0x11, $v4 . $ssl)
	    . Pyked::Http::bytes('GET', '/safe/x'))->{status}, 200,
	    '... whom "https only" does not send round in circles';
	is answer($pp, $v1 . Pyked::Http::bytes('GET', '/safe/x'))->{status},
	    308, 'another is sent there';
	like answer($pp, "PROXY UNKNOWN\r\n$get")->{body}, qr/^\Q$pp\E /,
	    'UNKNOWN';
	like answer($pp, v2(0x20, 0, '') . $get)->{body}, qr/^\Q$pp\E /,
	    'LOCAL';
	is answer($pp, v2(0x21, 0x31, "\0" x 216)
	    . Pyked::Http::bytes('GET', '/local/x'))->{status}, 200,
	    'a client of a UNIX socket';
	is answer($pp, $v1 . Pyked::Http::bytes('GET', '/mine/x'))->{status},
	    200, 'allow';
	is answer($pp, "PROXY TCP4 192.0.2.8 192.0.2.1 4711 8443\r\n"
	    . Pyked::Http::bytes('GET', '/mine/x'))->{status}, 403, 'deny';
	is answer($pp, $v1 . Pyked::Http::bytes('GET', '/cgi/env',
	    'X-Forwarded-For', '10.0.0.1'))->{body}, $want,
	    'fields of the request say nothing then';
	my $c = client("$s->{dir}/socket");
	is $c->send($v1 . $get)->response->{body}, $want, 'over a UNIX socket';
	is $c->get('/cgi/env')->{body}, $want, '... its second request';
};

subtest 'split at every byte' => sub {
	for my $header ($v1, v2(0x21, 0x11, $v4 . $tlv)) {
		my $good = 0;
		my @at = grep { $_ < 40 || $_ % 16 == 0 } 1 .. length $header;

		for my $at (@at) {
			my $c = client($s, from => $pp);
			my $first = substr $header, 0, $at;

			$c->send($first);
			select undef, undef, undef, 0.002;
			$good += $c->send(substr($header, $at) . $get)
			    ->response->{body} eq $want;
		}
		is $good, scalar @at, scalar(@at) . ' ways';
	}
};

subtest 'no header, no service' => sub {
	my %bad = ('a request' => $get, 'a bad address' =>
	    "PROXY TCP4 192.0.2.x 192.0.2.1 1 2\r\n$get",
	    'too long a line' => 'PROXY UNKNOWN ' . 'x' x 200,
	    'LF alone' => "PROXY UNKNOWN\n$get",
	    'a bad command' => v2(0x25, 0x11, $v4),
	    'a bad TLV' => v2(0x21, 0x11, $v4 . "\4\0\5x"),
	    'too many TLVs' => v2(0x21, 0x11, $v4 . $tlv x 50));

	$s->set_mark;
	for my $name (sort keys %bad) {
		my $c = client($s, from => $pp)->send($bad{$name});
		ok $c->is_closed, $name;
	}
	ok $s->wait_log(qr/info .*: 127\.0\.0\.1:\d+: closed, it does not begin/),
	    'the log says why';
	my $begun = time;
	my $c = client($s, from => $pp)->send('PROXY TC');
	ok $c->is_closed, 'half of one, and then nothing';
	cmp_ok time - $begun, '>', 0.9, '... not before its time';
	is answer($stranger, $v1 . $get)->{status}, 400,
	    'from anybody else it is a bad request';
};

subtest 'over TLS' => sub {
	my $r = curl('-k', '--haproxy-protocol', $s->url('/cgi/env', 'https'));
	like $r->{out}, qr/^127\.0\.0\.1 \d+ 127\.0\.0\.1 \d+ https on$/,
	    'it comes before';
	isnt curl('-k', $s->url('/cgi/env', 'https'))->{status}, 0,
	    'and must come';
	my $c = client($s->port('https'), from => $pp)->send("$v1$get");
	is $c->response->{status}, 308, 'plain HTTP behind it';
};

subtest 'X-Forwarded-For' => sub {
	my @for = ('X-Forwarded-For', '10.9.9.9, 192.0.2.7, 127.0.0.5');

	like ask_from($xff, '/cgi/env', @for)->{body}, qr/^192\.0\.2\.7 0 /,
	    'the last hop that is no proxy';
	is ask_from($xff, '/mine/x', @for)->{status}, 200, 'allow';
	is ask_from($xff, '/mine/x', 'X-Forwarded-For', '192.0.2.7, 192.0.2.8')
	    ->{status}, 403, 'what a client writes itself is of no use';
	like ask_from($xff, '/cgi/env')->{body}, qr/^\Q$xff\E \d+ /,
	    'without it it is the proxy';
	like ask_from($xff, '/cgi/env', @for, 'X-Forwarded-Proto', 'https')
	    ->{body}, qr/ 443 https on$/, 'the scheme';
	my $r = ask_from($xff, '/safe/x', @for, 'X-Forwarded-Proto', 'https');
	is $r->{status}, 200, '"https only" does not loop';
	is $r->{headers}{'strict-transport-security'}, 'max-age=3600', 'hsts';
	is ask_from($xff, '/safe/x', @for)->{status}, 308, 'http is sent on';
	like ask_from($_, '/cgi/env', @for, 'X-Forwarded-Proto', 'https')
	    ->{body}, qr/^\Q$_\E \d+ .* http $/, "not from $_"
	    for $stranger, $hop, $rfc;
	is ask_from($stranger, '/safe/x', 'X-Forwarded-Proto', 'https')
	    ->{status}, 308, '... nor the scheme';
	by_https($xff, $stranger, 'X-Forwarded-For: 10.9.9.9, 192.0.2.7');
};

# A proxy may come by https as well.
sub by_https {
	my ($trusted, $other, $field) = @_;
	my $get = sub {
		my ($from, $path) = @_;

		return curl('-k', '--interface', $from, '-H', $field, '-w',
		    '%{http_code}', $s->url($path, 'https'))->{out};
	};
	like $get->($trusted, '/cgi/env'), qr/^192\.0\.2\.7 .*https on\n200$/,
	    'over https';
	is $get->($trusted, '/mine/x'), "mine\n200", '... allow';
	like $get->($other, '/cgi/env'), qr/^\Q$other\E /,
	    '... nobody else is believed';
	like $get->($other, '/mine/x'), qr/403$/, '... nor let in';
}

subtest 'Forwarded' => sub {
	my @for = (Forwarded => 'for=10.9.9.9, for="192.0.2.7:99";proto=https, '
	    . 'for=127.0.0.5;proto=http');

	like ask_from($rfc, '/cgi/env', @for)->{body},
	    qr/^192\.0\.2\.7 99 .* https on$/, 'the last hop that is no proxy';
	is ask_from($rfc, '/mine/x', @for)->{status}, 200, 'allow';
	is ask_from($rfc, '/safe/x', @for)->{status}, 200, 'https only';
	is ask_from($rfc, '/', Forwarded => 'for="192.0.2.8')->{status}, 400,
	    'malformed';
	like ask_from($_, '/cgi/env', @for)->{body}, qr/^\Q$_\E /,
	    "not from $_" for $stranger, $xff;
	by_https($rfc, $stranger, 'Forwarded: for=10.9.9.9, for=192.0.2.7');
};

subtest 'one connection, many clients' => sub {
	my $c = client($s, from => $xff);
	my @all = map { "192.0.2.$_" } 1 .. 20;

	$s->wait_access(1);
	$c->send(join '', map { Pyked::Http::bytes('GET', "/?$_",
	    'X-Forwarded-For', $_) } @all);
	is scalar(grep { $c->response->{status} == 200 } @all), 20,
	    'sent at once';
	eventually { @all == grep { m{^(\S+) .*/\?\1 } } $s->access } 5,
	    'each has its line in the log';
};

subtest 'wrong passwords are the client\'s' => sub {
	my @wrong = (Authorization => 'Basic YW5uOngx');
	my $slow = 0;

	# The second of an address waits 0.2 s, the first 0.1 s.
	ask_from($xff, '/locked/x', @wrong, 'X-Forwarded-For', '192.0.2.100')
	    for 1 .. 3;
	my $begun = time;
	is ask_from($xff, '/locked/x', Authorization => 'Basic YW5uOngy',
	    'X-Forwarded-For', '192.0.2.101')->{status}, 401, 'another one';
	my $other = time - $begun;
	$begun = time;
	is ask_from($xff, '/locked/x', Authorization => 'Basic YW5uOngy',
	    'X-Forwarded-For', '192.0.2.100')->{status}, 401, 'the same';
	cmp_ok time - $begun, '>', $other + 0.2, 'it waits longer';
};

# --- HAProxy ---

subtest 'HAProxy' => sub {
	my ($haproxy) = grep { -x } '/usr/sbin/haproxy', '/usr/bin/haproxy';
	plan skip_all => 'HAProxy is not installed (haproxy)' unless $haproxy;
	my %front = map { $_ => free_port() } qw(v1 v2 tls1 tls2 ends xff);
	my ($http, $https) = ($s->port, $s->port('https'));
	my $pem = spew("$s->{dir}/both.pem",
	    slurp($s->{cert}) . slurp($s->{key}), 0600);
	my $conf = spew("$s->{dir}/haproxy.cfg", <<"END");
global
	maxconn 50
defaults
	timeout connect 5s
	timeout client 20s
	timeout server 20s
	mode tcp
listen v1
	bind 127.0.0.1:$front{v1}
	server s 127.0.0.1:$http send-proxy
listen v2
	bind 127.0.0.1:$front{v2}
	server s 127.0.0.1:$http send-proxy-v2
listen tls1
	bind 127.0.0.1:$front{tls1}
	server s 127.0.0.1:$https send-proxy
listen tls2
	bind 127.0.0.1:$front{tls2}
	server s 127.0.0.1:$https send-proxy-v2 proxy-v2-options unique-id,crc32c
listen ends
	bind 127.0.0.1:$front{ends} ssl crt $pem
	server s 127.0.0.1:$http send-proxy-v2-ssl
listen xff
	mode http
	bind 127.0.0.1:$front{xff} ssl crt $pem
	option forwardfor
	http-request set-header X-Forwarded-Proto https
	server s 127.0.0.1:$http source $xff
END
	my $pid = background(sub {
		open STDERR, '>', "$s->{dir}/haproxy.log" or die;
		open STDOUT, '>&', \*STDERR or die;
		exec $haproxy, '-db', '-f', $conf or die;
	});
	eventually { client($front{xff}) } 10, 'it runs'
	    or return diag slurp("$s->{dir}/haproxy.log");
	# curl comes from another address than HAProxy.
	my $from = '127.0.0.9';
	my $get = sub {
		my ($name, $scheme, $path) = @_;

		return curl('-k', '--interface', $from, '-w', '%{http_code}',
		    "$scheme://127.0.0.1:$front{$name}$path")->{out};
	};
	like $get->('v1', 'http', '/cgi/env'),
	    qr/^\Q$from\E \d+ 127\.0\.0\.1 $front{v1} http \n200$/, 'v1';
	like $get->('v2', 'http', '/cgi/env'),
	    qr/^\Q$from\E \d+ 127\.0\.0\.1 $front{v2} http \n200$/, 'v2';
	like $get->('tls1', 'https', '/cgi/env'),
	    qr/^\Q$from\E \d+ 127\.0\.0\.1 $front{tls1} https on\n200$/,
	    'v1 before TLS';
	like $get->('tls2', 'https', '/cgi/env'),
	    qr/^\Q$from\E \d+ 127\.0\.0\.1 $front{tls2} https on\n200$/,
	    'v2 before TLS, with more TLVs';
	like $get->('ends', 'https', '/cgi/env'),
	    qr/^\Q$from\E \d+ 127\.0\.0\.1 $front{ends} https on\n200$/,
	    'v2 for TLS that ends there';
	is $get->('ends', 'https', '/safe/x'), "safe\n200", '... is https';
	like $get->('xff', 'https', '/cgi/env'),
	    qr/^\Q$from\E 0 .* https on\n200$/, 'X-Forwarded-For';
	is $get->('xff', 'https', '/safe/x'), "safe\n200", '... is https';
	eventually { grep { /^\Q$from\E / } $s->access } 5, 'in the log';
	kill TERM => $pid;
	finish($pid);
};

$s->stop;
done_testing;
