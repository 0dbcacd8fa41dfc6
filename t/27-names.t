#!/usr/bin/perl
# Which server answers: by name, wildcard and default, for each listener.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Pyked;

my $s = Pyked->prepare(tls => 1, files => { map { ("$_/index.html" => $_) }
    qw(exact wild deep any v4 v6 second other) });
certificate($s->{dir}, 'other.example');
$s->write_conf(servers => <<'END');
server example.org www.example.org {
	listen 127.0.0.1:0
	root @SITE@/exact
}
END
my @ports = map { free_port() } 1 .. 4;
$s->write_conf(servers => <<"END");
server second.example { listen 127.0.0.1:$ports[1] ; root \@SITE\@/second }
server Example.ORG www.example.org {
	listen 127.0.0.1:$ports[0]
	listen 127.0.0.1:$ports[1]
	root \@SITE\@/exact
}
server *.example.org { listen 127.0.0.1:$ports[0] ; root \@SITE\@/wild }
server *.deep.example.org { listen 127.0.0.1:$ports[0] ; root \@SITE\@/deep }
server 127.0.0.1 { listen 127.0.0.1:$ports[0] ; root \@SITE\@/v4 }
server [::1] { listen 127.0.0.1:$ports[0] ; root \@SITE\@/v6 }
server * { listen 127.0.0.1:$ports[0] ; refuse 421
	location /open/ { refuse off ; root \@SITE\@/any } }
server a.example {
	listen 127.0.0.1:$ports[2] tls
	certificate \@CERT\@ \@KEY\@
	root \@SITE\@/exact
}
server b.example {
	listen 127.0.0.1:$ports[2] tls
	certificate \@DIR\@/other.example.pem \@DIR\@/other.example.key
	root \@SITE\@/other
}
server c.example {
	listen 127.0.0.1:$ports[2] tls
	certificate \@CERT\@ \@KEY\@
	root \@SITE\@/wild
}
server d.example { listen 127.0.0.1:$ports[2] tls ; certificate \@CERT\@ \@KEY\@
	refuse 404 }
END
mkdir "$s->{site}/any/open";
spew("$s->{site}/any/open/index.html", 'open');
$s->up;

sub answer {
	my ($port, $host, $target) = @_;
	my $c = client($port);
	my $r = $c->send("GET " . ($target // '/') . " HTTP/1.1\r\n"
	    . "Host: $host\r\nConnection: close\r\n\r\n")->response;

	return $r->{status} eq '200' ? $r->{body} : $r->{status};
}

subtest 'names' => sub {
	my @matrix = (
		['example.org', 'exact'], ['EXAMPLE.org', 'exact'],
		['example.org.', 'exact'], ['example.org:80', 'exact'],
		['example.org:', 'exact'], ['eXample.org.:65535', 'exact'],
		['www.example.org', 'exact'], ['a.example.org', 'wild'],
		['A.B.example.org.', 'wild'], ['deep.example.org', 'wild'],
		['x.deep.example.org', 'deep'], ['x.y.DEEP.example.org:1',
		    'deep'],
		['xexample.org', 421], ['example.org.evil', 421],
		['.example.org', 400], ['example..org', 400],
		['example.org..', 400], ['127.0.0.1', 'v4'],
		['127.0.0.1:8080', 'v4'], ['127.0.0.2', 421],
		['[::1]', 'v6'], ['[::1]:443', 'v6'], ['[::2]', 421],
		['[0:0:0:0:0:0:0:1]', 'v6'], ['::1', 400], ['[::1', 400],
		['other.example', 421], ['*', 421], ['example.org:0', 400],
		['example.org:65536', 400], ['example.org:x', 400],
		['user@example.org', 400], ['a/b', 400],
	);

	is answer($ports[0], $_->[0]), $_->[1], "Host: $_->[0]" for @matrix;
	is answer($ports[0], 'other', '/open/'), 'open',
	    'a location that refuses nobody';
	is answer($ports[0], 'other', 'http://Example.org:80/'), 'exact',
	    'an absolute target is the host';
	my $c = client($ports[0]);
	is $c->send("GET / HTTP/1.0\r\n\r\n")->response->{status}, 421,
	    'HTTP/1.0 without a host';
};

subtest 'another listener' => sub {
	is answer($ports[1], 'example.org'), 'exact', 'a server of both';
	is answer($ports[1], $_), 'second', "the first for $_"
	    for 'second.example', 'a.example.org', 'x', '[::1]';
};

subtest 'names over TLS' => sub {
	my $ask = sub {
		my ($sni, @hosts) = @_;
		my $r = s_client($ports[2], join('', map { "GET / HTTP/1.1\r\n"
		    . "Host: $_\r\n\r\n" } @hosts[0 .. $#hosts - 1])
		    . "GET / HTTP/1.1\r\nHost: $hosts[-1]\r\n"
		    . "Connection: close\r\n\r\n",
		    $sni eq '' ? '-noservername' : (-servername => $sni));
		return join ' ', $r->{out} =~ m{HTTP/1.1 (\d+)}g;
	};

	is $ask->('a.example', 'a.example', 'A.Example.', 'a.example:5'),
	    '200 200 200', 'the same name';
	is $ask->('a.example', 'a.example', 'b.example', 'a.example'),
	    '200 421 200', 'a name of another certificate';
	is $ask->('a.example', 'c.example'), '200',
	    'another name of the same one';
	is $ask->('b.example', 'a.example', 'b.example'), '421 200',
	    'the other way round';
	is $ask->('', 'b.example', 'a.example'), '200 200',
	    'who named nobody may have all';
	is $ask->('x.example', 'a.example', 'b.example'), '200 421',
	    'an unknown name gets the first';
	is $ask->('a.example', 'd.example'), '404', 'the location has its say';
};

$s->stop;
done_testing;
