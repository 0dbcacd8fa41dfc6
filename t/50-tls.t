#!/usr/bin/perl
# HTTPS: versions, names and certificates, and what does not speak TLS.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::MD5 qw(md5_hex);
use Socket qw(IPPROTO_TCP TCP_CORK);
use Test::More;
use Time::HiRes qw(time);

use Pyked;
use Pyked::Tls;

my $time = Pyked::is_sanitized() ? 5 : 2;
my $big = join '', map { pack 'N', $_ * 2654435761 % 2 ** 32 } 1 .. 2 ** 19;
my $s = Pyked->prepare(tls => 1, top => <<"END", scripts => {
limits {
	header 16k ${time}s
}
END
	'echo' => "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
	    . "echo \"https=\$HTTPS\"\ncat\n",
}, files => { 'index.html' => "first\n", 'big.bin' => $big });
$s->write_conf(servers => <<'END');
server first.example {
	listen 127.0.0.1:0
	listen 127.0.0.1:0 tls
	certificate @CERT@ @KEY@
	root @SITE@
	location /cgi/ {
		cgi dir @CGI@
	}
}
END
$s->up;
my $port = $s->port('https');
my $request = "GET / HTTP/1.1\r\nHost: first.example\r\n"
    . "Connection: close\r\n\r\n";

subtest 'curl' => sub {
	for my $version ('1.2', '1.3') {
		my $r = curl('-k', "--tlsv$version", '--tls-max', $version,
		    '-w', '%{http_code} %{ssl_verify_result}',
		    $s->url('/', 'https'));
		is $r->{out}, "first\n200 18", "TLS $version"
		    or diag $r->{err};
	}
	my $r = curl('--cacert', $s->{cert}, $s->url('/', 'https'));
	is $r->{out}, "first\n", 'the certificate is the one that was named';
	$r = curl('-k', $s->url('/big.bin', 'https'));
	is md5_hex($r->{out}), md5_hex($big), 'a large file is whole';
	$r = curl('-k', '-d', 'a=b', $s->url('/cgi/echo', 'https'));
	is $r->{out}, "https=on\na=b", 'a script';
	$r = curl('-k', '-w', '%{num_connects}', map { $s->url($_, 'https') }
	    ('/') x 5);
	is $r->{out}, "first\n1first\n0first\n0first\n0first\n0",
	    'keep-alive';
	$r = curl('-k', '-I', $s->url('/', 'https'));
	like $r->{out}, qr/^Content-Length: 6\r$/m, 'HEAD';
	$r = curl('-k', '--tls-max', '1.1', '--ciphers', 'DEFAULT@SECLEVEL=0',
	    $s->url('/', 'https'));
	isnt $r->{status}, 0, 'TLS 1.1 is refused';
};

subtest 'openssl s_client' => sub {
	for my $version ('-tls1_2', '-tls1_3') {
		my $r = s_client($port, $request, $version);
		like $r->{out}, qr/^HTTP\/1\.1 200 .*first\n\z/s, $version;
		is $r->{status}, 0, '... ends in order';
	}
	my $r = s_client($port, ("GET / HTTP/1.1\r\nHost: x\r\n\r\n" x 20)
	    . $request);
	is scalar(() = $r->{out} =~ /^HTTP\/1\.1 200 /mg), 21, 'pipelining';
	$r = run({ in => "R\n", timeout => 10 }, 'openssl', 's_client',
	    '-connect', "127.0.0.1:$port", '-tls1_2', '-ign_eof');
	unlike $r->{out}, qr/^HTTP\/1\.1 200/m, 'no renegotiation';
	isnt $r->{status}, 'timeout', '... and no hanging on it';
	$r = run({ timeout => 20 }, 'openssl', 's_client', '-connect',
	    "127.0.0.1:$port", '-tls1_2', '-reconnect');
	like $r->{out}, qr/^Reused, /m, 'sessions are resumed';
};

# s_client takes one command for each read, and sends a new key with the next
# bytes.
sub key_updates {
	my ($n) = @_;
	my $out = File::Temp->new;
	pipe my $in, my $commands or die "pipe: $!";
	my $pid = background(sub {
		close $commands;
		open STDIN, '<&', $in;
		open STDOUT, '>&', $out;
		open STDERR, '>', '/dev/null';
		exec qw(openssl s_client -tls1_3 -crlf -connect),
		    "127.0.0.1:$port";
	});
	my $taken = sub {
		my $ready = '';
		vec($ready, fileno $in, 1) = 1;
		return !select $ready, undef, undef, 0;
	};
	for my $text (("k\n", "GET / HTTP/1.1\nHost: x\n\n") x $n) {
		syswrite $commands, $text;
		wait_until(\&$taken, 2) or last;
	}
	close $in;
	syswrite $commands, "GET / HTTP/1.1\nHost: x\nConnection: close\n\n";
	finish($pid);
	return scalar(() = slurp($out->filename) =~ /^HTTP\/1\.1 200/mg);
}

# S8; t/unit/tls_records_test.c has records that carry next to nothing.
subtest 'new keys' => sub {
	is key_updates(32), 33, 'as many as anyone needs';
	is key_updates(40), 32, 'and no more';
};

subtest 'the wrong language' => sub {
	my $start = time;
	my $c = client($port);
	my ($bytes, $how) = $c->send($request)->rest(scaled(5));
	isnt $how, 'timeout', 'plain HTTP on the TLS port: no waiting';
	like $bytes, qr{^(?:HTTP/1\.1 (?:308|400) |\x15\x03|\z)},
	    '... an answer, an alert, or the end';
	$c = client($port);
	(undef, $how) = $c->send("\x00" x 300)->rest(scaled(5));
	isnt $how, 'timeout', 'rubbish: no waiting';
	my $r = run({ timeout => 5 }, 'openssl', 's_client', '-connect',
	    '127.0.0.1:' . $s->port);
	isnt $r->{status}, 'timeout', 'TLS on the plain port: no waiting';
	cmp_ok time - $start, '<', scaled(3), '... in all';
	is $s->get('/')->{status}, 200, 'the plain port serves on';
};

subtest 'rubbish behind the last request' => sub {
	plan skip_all => Pyked::Tls::missing() if Pyked::Tls::missing();
	my $whole = 0;
	for (1 .. 20) {
		my $c = Pyked::Tls->new($port);
		# All in one piece.
		setsockopt $c->{socket}, IPPROTO_TCP, TCP_CORK, 1;
		$c->send(Pyked::Http::bytes('GET', '/',
		    Connection => 'close'));
		syswrite $c->{socket}, "\x17\x03\x03\x00\x20" . 'z' x 60000;
		setsockopt $c->{socket}, IPPROTO_TCP, TCP_CORK, 0;
		$whole++ if $c->rest =~ /\nfirst\n\z/;
	}
	is $whole, 20, 'takes no answer with it';
};

subtest 'handshakes that stall' => sub {
	my $hello = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
	my $start = time;
	my @c = map { client($port)->send($_ % 2 ? $hello : '') } 1 .. 60;
	my $r = curl('-k', '-w', '%{time_total}', $s->url('/', 'https'));
	like $r->{out}, qr/^first\n/, 'others are served';
	cmp_ok substr($r->{out}, 6), '<', scaled(1), '... at once';
	my $closed = grep { ($_->rest(scaled(10)))[1] ne 'timeout' } @c;
	is $closed, 60, 'they are ended';
	my $took = time - $start;
	cmp_ok $took, '>', $time * 0.9, '... not too early';
	cmp_ok $took, '<', $time + scaled(2), '... in time';
};

subtest 'a connection cut in a request' => sub {
	my $pid = background(sub {
		open STDERR, '>', '/dev/null';
		exec 'sh', '-c', "(printf 'POST /cgi/echo HTTP/1.1\r\n"
		    . "Host: x\r\nContent-Length: 100\r\n\r\nhalf'; sleep 9)"
		    . " | exec openssl s_client -quiet -connect"
		    . " 127.0.0.1:$port >/dev/null";
	});
	wait_until { grep { processes()->{$_}{comm} eq 'openssl' }
	    Pyked::descendants($pid) };
	select undef, undef, undef, 0.2;
	kill KILL => Pyked::descendants($pid), $pid;
	finish($pid, 5);
	my $r = curl('-k', $s->url('/', 'https'));
	is $r->{out}, "first\n", 'harms nobody';
};

subtest 'names' => sub {
	# Two servers at one address need a port that both can name.
	my $port = free_port();
	my $two = Pyked->prepare(tls => 1,
	    files => { 'index.html' => "first\n" });
	spew("$two->{dir}/second/index.html", "second\n");
	certificate($two->{dir}, 'second.example');
	$two->write_conf(servers => <<"END");
server first.example {
	listen 127.0.0.1:$port tls
	certificate \@CERT\@ \@KEY\@
	root \@SITE\@
}
server second.example *.second.example {
	listen 127.0.0.1:$port tls
	certificate \@DIR\@/second.example.pem \@DIR\@/second.example.key
	root \@DIR\@/second
}
END
	$two->up;
	for my $version ('-tls1_2', '-tls1_3') {
		my $resumed = sub {
			my ($name, @options) = @_;
			my $r = run({ timeout => 10, in => "GET / HTTP/1.1\r\n"
			    . "Host: $name\r\nConnection: close\r\n\r\n" },
			    qw(openssl s_client -ign_eof -connect),
			    "127.0.0.1:$port", '-servername', $name, $version,
			    @options);
			return $r->{out} =~ /^(New|Reused), /m ? $1 : '';
		};
		my $session = "$two->{dir}/session$version";
		is $resumed->('first.example', '-sess_out', $session), 'New',
		    "$version: a session";
		is $resumed->('first.example', '-sess_in', $session), 'Reused',
		    '... is resumed';
		is $resumed->('second.example', '-sess_in', $session), 'New',
		    '... with its own server alone';
	}
	for (['first.example', 'localhost', 'first'],
	    ['second.example', 'second.example', 'second'],
	    ['www.second.example', 'second.example', 'second'],
	    ['SECOND.example', 'second.example', 'second'],
	    ['unknown.example', 'localhost', 'first']) {
		my ($name, $subject, $body) = @$_;
		my $r = run({ timeout => 10, in => "GET / HTTP/1.1\r\n"
		    . "Host: $name\r\nConnection: close\r\n\r\n" },
		    'openssl', 's_client', '-connect', "127.0.0.1:$port",
		    '-servername', $name, '-ign_eof');
		like $r->{out}, qr/^subject=\s*CN\s*=\s*$subject$/m,
		    "$name gets the certificate of $subject";
		like $r->{out}, qr/^$body$/m, "... and the $body page";
	}
	my $r = s_client($port, $request, '-noservername');
	like $r->{out}, qr/^first$/m, 'no name gets the first';
	$two->stop;
};

$s->stop;
done_testing;
