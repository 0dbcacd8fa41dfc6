#!/usr/bin/perl
# What one client address may have of all workers together: requests,
# connections, bytes a second; by http and https. Others do not notice.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time sleep);

use Pyked;
use Pyked::Tls;

my ($one, $other, $third, $proxy) = map { "127.0.0.$_" } 2 .. 5;

# A server whose clients come from where they say.
sub server {
	my (%o) = @_;

	return Pyked->start(tls => 1, workers => 3, %o, servers => <<"END");
@{[ $o{limits} // '' ]}
server {
	listen 127.0.0.1:0
	listen 127.0.0.1:0 tls
	certificate \@CERT\@ \@KEY\@
	root \@SITE\@
@{[ $o{says} // '' ]}
}
END
}

sub status_from {
	my ($s, $from, $target, @fields) = @_;

	return client($s, from => $from)->get($target, Connection => 'close',
	    @fields);
}

subtest 'requests' => sub {
	my $s = server(top => "trust-proxy $proxy { forwarded "
	    . "X-Forwarded-For }\n", files => {
	    users => "ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n", map { $_ => "x\n" } qw(free
	    place/x.txt twice/x.two few/x back/x auth/x off/few/x https/x) }, says => <<'END');
	limit rate 100000/s per ip
	location /few/ { limit rate 1/s burst 20 per ip }
	location /https/ { limit rate 6/m burst 2 per ip }
	location /back/ { limit rate 6/m burst 10 per ip ; fallback /back/x }
	location /auth/ {
		limit rate 6/m burst 2 per ip
		auth "x" @SITE@/users
	}
	location /off/ { limit rate off }
	location /place/ { limit rate 6/m burst 2 per ip }
	location *.txt { index x }
	location /twice/ { limit rate 6/m burst 4 per ip }
	location *.two {
		limit rate 6/m burst 5 per ip
		fallback /twice/x.two
	}
END
	my $begun = time;
	my @all = map { status_from($s, $one, '/few/x') } 1 .. 60;
	my $passed = grep { $_->{status} == 200 } @all;
	my $limit = 20 + int(time - $begun) + 1;
	cmp_ok $passed, '>=', 20, 'a burst of 20 connections';
	cmp_ok $passed, '<=', $limit, "and no more, in three workers ($passed)";
	my ($refused) = grep { $_->{status} == 429 } @all;
	is $refused->{headers}{'retry-after'}, 1, '429 says when to come again';
	is scalar(grep { $_->{status} !~ /^(200|429)$/ } @all), 0,
	    'nothing else';
	is status_from($s, $one, '/free')->{status}, 200, 'elsewhere';
	is status_from($s, $one, '/off/few/x')->{status}, 200,
	    'where there is none';
	is status_from($s, $other, '/few/x')->{status}, 200, 'another client';
	is status_from($s, $proxy, '/few/x', 'X-Forwarded-For', $_->[0])
	    ->{status}, $_->[1], $_->[2] for [$third, 200, 'by a proxy'],
	    [$one, 429, 'the same client by a proxy'];
	my $passes = grep { status_from($s, $third, '/back/none')->{status}
	    == 200 } 1 .. 12;
	is $passes, 10, 'a page that answers for another is not counted again';
	is_deeply [map { status_from($s, $one, '/auth/x')->{status} } 1 .. 4],
	    [401, 401, 429, 429], 'before passwords are looked at';
	is_deeply [map { status_from($s, $one, '/place/x.txt')->{status} }
	    1 .. 4], [200, 200, 429, 429], 'no suffix leads around a place';
	is_deeply [map { status_from($s, $one, '/twice/none.two')->{status} }
	    1 .. 5], [200, 200, 200, 200, 429],
	    'with two limits each is counted once, too';
	my @https = map { curl('-k', '--interface', $other, '-o', '/dev/null',
	    '-w', '%{http_code} ', $s->url('/https/x', 'https'))->{out} }
	    1 .. 4;
	is "@https", '200  200  429  429 ', 'https';
	is status_from($s, $other, '/https/x')->{status}, 429, 'is no way out';
	sleep 1.1;
	is status_from($s, $one, '/few/x')->{status}, 200, 'in time';
	# A reload takes nothing back that is spent.
	$s->set_mark;
	$s->signal('HUP');
	ok $s->wait_log(qr/ready: generation 2/), 'a reload';
	is status_from($s, $one, '/auth/x')->{status}, 429, '... is no way out';
	$s->stop;
};

subtest 'one connection after the other' => sub {
	my $s = server(limits => 'limits { per-ip 1 }', files => { x => "x\n" });
	my %count;

	$count{ status_from($s, $one, '/x')->{status} }++ for 1 .. 3000;
	is $count{200}, 3000, 'whoever sees the end of one may have the next';
	$s->stop;
};

subtest 'connections' => sub {
	my $s = server(limits => "limits { per-ip 3 }\n"
	    . "trust-proxy $proxy { proxy-protocol on }",
	    files => { x => "x\n" });
	my $open = sub {
		my ($from) = @_;
		my $c = client($s, from => $from);

		return $c->get('/x')->{status} == 200 ? $c : ();
	};
	my @held = map { $open->($one) } 1 .. 3;
	is scalar @held, 3, 'three';
	my $r = client($s, from => $one)->response;
	is $r->{status}, 503, 'one more is refused before it asks';
	cmp_ok $r->{headers}{'retry-after'}, '>', 0, '... and told when';
	isnt curl('-k', '--interface', $one, $s->url('/x', 'https'))->{status},
	    0, 'by https it is closed';
	SKIP: {
		skip Pyked::Tls::missing(), 2 if Pyked::Tls::missing();
		my $tls = sub { Pyked::Tls->new($s->port('https'),
		    from => '127.0.0.7') };
		my @secure = map { $tls->() } 1 .. 3;
		is scalar(grep { $_->get('/x')->{status} == 200 } @secure), 3,
		    'three by https';
		is $tls->(), undef, '... and no more';
	}
	ok $open->($other), 'another client';
	my $header = "PROXY TCP4 $one 127.0.0.1 1 2\r\n";
	is client($s, from => $proxy)->send($header)->response->{status}, 503,
	    'the same one by a proxy';
	my @proxied = map { client($s, from => $proxy)->send("PROXY TCP4 "
	    . "$third$_ 127.0.0.1 1 2\r\n" . Pyked::Http::bytes('GET', '/x')) }
	    1 .. 6;
	is scalar(grep { $_->response->{status} == 200 } @proxied), 6,
	    'others by it are not held against it';
	client($s, from => $one)->response for 1 .. 20;
	my $logged = qr/warn .*: \Q$one\E: more than 3 connections/;
	ok $s->wait_log($logged), 'the log says so';
	pop(@held)->close;
	eventually { my ($c) = $open->($one); push @held, $c // ();
	    @held == 3 } 5, 'one that is closed makes room';
	# The connections of a worker that is killed are nobody's.
	$s->allow(qr/was killed/);
	kill KILL => $s->workers;
	@held = ();
	$s->allow(qr/SIGKILL|signal 9|killed/);
	eventually { my ($c) = $open->($one); push @held, $c // ();
	    @held == 3 } 10, 'a dead worker gives back what it held';
	is client($s, from => $one)->response->{status}, 503, 'three again';
	my @lines = $s->log =~ /$logged/g;
	is scalar @lines, 1, 'logged once in all this';
	# Whatever they died of, and when.
	my $dier = '127.0.0.8';
	my $get = Pyked::Http::bytes('GET', '/x');
	my $by_proxy = "PROXY TCP4 $dier 127.0.0.1 1 2\r\n$get";
	for my $i (0 .. 149) {
		my ($from, $port, $bytes) = @{ ([$dier, $s->port, $get],
		    [$dier, $s->port('https'), "\x16\x03\x01\2\0\1\0\1"],
		    [$proxy, $s->port, $by_proxy])[$i % 3] };
		my $c = client($port, from => $from)->send(substr $bytes, 0,
		    $i % (1 + length $bytes));
		$i % 2 ? $c->abort : $c->close;
	}
	my @again;
	eventually { my ($c) = $open->($dier); push @again, $c // ();
	    @again == 3 } 10, 'those that died are not counted';
	is client($s, from => $dier)->response->{status}, 503, '... and others are';
	$s->stop;
};

# A proxy that names a client in each request: those that a client has under
# way count with its connections.
subtest 'requests of clients behind a proxy' => sub {
	my $s = server(limits => "limits { per-ip 3 }\n"
	    . "trust-proxy $proxy { forwarded X-Forwarded-For }",
	    files => { x => "x\n", big => 'x' x (32 << 20) });
	my $get = sub {
		my ($c, $client, $target, @more) = @_;
		return $c->send(Pyked::Http::bytes('GET', $target,
		    'X-Forwarded-For', $client, @more));
	};
	my $via = sub { client($s, from => $proxy, rcvbuf => 4096) };
	# They are not read.
	my @held = map { $get->($via->(), $one, '/big') } 1 .. 3;
	wait_until { $_->fill(time + 1) eq 'data' } for @held;
	my $c = $via->();
	my $r = $get->($c, $one, '/x')->response;
	is $r->{status}, 503, 'three at a time';
	cmp_ok $r->{headers}{'retry-after'}, '>', 0, '... and told when';
	is curl('-k', '--interface', $proxy, '-H', "X-Forwarded-For: $one",
	    '-o', '/dev/null', '-w', '%{http_code}', $s->url('/x', 'https'))
	    ->{out}, 503, '... by https, too';
	is $get->($c, $other, '/x')->response->{status}, 200,
	    'others by the same connection are not';
	is $c->send("POST /x HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: $one"
	    . "\r\nContent-Length: 5\r\n\r\nhello")->response->{status},
	    503, 'with a body';
	is $get->($c, $third, '/x')->response->{status}, 200,
	    '... which is read';
	is client($s, from => $one)->response->{status}, 503,
	    'a connection of its own is one more, too';
	is scalar(grep { $get->($c, $third, '/x')->response->{status} == 200 }
	    1 .. 20), 20, 'one after the other there is no end';
	is $c->get('/x')->{status}, 200, 'nobody is named';
	pop(@held)->abort;
	eventually { $get->($c, $one, '/x')->response->{status} == 200 } 5,
	    'one that is given up makes room';
	push @held, client($s, from => $one);
	is $held[-1]->get('/x')->{status}, 200, '... for a connection as well';
	is $get->($c, $one, '/x')->response->{status}, 503,
	    '... and then there is none';
	for my $i (1 .. 60) {
		my $dying = $get->($via->(), $third, $i % 2 ? '/big' : '/x');
		$i % 3 ? $dying->abort : $dying->close;
	}
	eventually {
		my @three = map { $get->($via->(), $third, '/big') } 1 .. 3;
		3 == grep { $_->fill(time + 5) eq 'data' &&
		    $_->{in} =~ /^HTTP\S+ 200/ } @three;
	} 10, 'requests that died are not counted';
	$s->allow(qr/SIGKILL|signal 9|killed/);
	kill KILL => $s->workers;
	my $again;
	eventually {
		$again = $via->();
		defined $again && $get->($again, $one, '/x')->response->{status}
		    eq '200'
	} 10, 'a dead worker gives back what it held';
	$s->stop;
};

# The CPU time of all workers, in seconds.
sub cpu {
	my ($s) = @_;
	my $ticks = 0;

	for my $pid ($s->workers) {
		my @fields = split ' ', slurp("/proc/$pid/stat") =~
		    s/^.*\) //sr;
		$ticks += $fields[11] + $fields[12];
	}
	return $ticks / 100;
}

subtest 'bytes' => sub {
	my $size = 400_000;
	my $s = server(files => { slow => 'x' x $size, 'free/x' => 'x' x $size,
	    'free/y' => 'y' }, says => <<'END');
	limit bandwidth 200000 per ip
	location /free/ { limit bandwidth off }
END
	my $get = sub {
		my ($scheme, $from, @paths) = @_;
		my $begun = time;
		my @urls = map { $s->url($_, $scheme) } @paths;
		my $r = curl('-k', '--interface', $from, '-Z',
		    '--parallel-immediate', '-w', '%{size_download} ',
		    map { ('-o', '/dev/null', $_) } @urls);

		return (time - $begun, $r->{out});
	};
	for my $scheme (qw(http https)) {
		my $before = cpu($s);
		my ($time, $got) = $get->($scheme, $one, '/slow');
		is $got, "$size ", "$scheme: all of it";
		cmp_ok $time, '>', 1.4, '... not faster than it may';
		cmp_ok $time, '<', scaled(4), '... nor much slower';
		cmp_ok cpu($s) - $before, '<', scaled(0.3),
		    '... and without spinning';
		($time, $got) = $get->($scheme, $other, ('/slow') x 2);
		is $got, "$size $size ", "$scheme: two at once";
		cmp_ok $time, '>', 3, '... share what there is';
		($time, $got) = $get->($scheme, $third, '/free/x');
		cmp_ok $time, '<', scaled(1), "$scheme: where there is none";
	}
	# Small answers leave together: each counts by its own limit.
	my $c = client($s, from => '127.0.0.6');
	my $begun = time;
	for my $off (map { 8192 * $_ } 0 .. 47) {
		$c->send(Pyked::Http::bytes(GET => '/slow', Range =>
		    "bytes=$off-" . ($off + 8191))
		    . Pyked::Http::bytes(GET => '/free/y'));
	}
	my $got = 0;
	$got += length $c->response->{body} for 1 .. 96;
	is $got, 48 * 8193, 'pipelined with what has none';
	cmp_ok time - $begun, '>', 1.4, '... is no way around it';
	$s->stop;
};

subtest "who holds most goes first, $_" => \&who_goes, $_ for qw(http https);

sub who_goes {
	my ($scheme) = @_;
	plan skip_all => Pyked::Tls::missing()
	    if $scheme eq 'https' && Pyked::Tls::missing();
	my $s = server(workers => 1, limits => "limits { connections 20 }",
	    files => { x => "x\n" });
	my $open = sub {
		my ($from) = @_;
		my $c = $scheme eq 'http' ? client($s, from => $from) :
		    Pyked::Tls->new($s->port('https'), from => $from);

		$c->get('/x') if $c;
		return $c // ();
	};
	my @few = map { $open->($other) } 1 .. 3;
	is scalar @few, 3, 'one has few';
	# A flood of connections of the same client, one after the other.
	my @many = map { $open->($one) } 1 .. 72;
	is scalar(grep { $_->get('/x')->{status} == 200 } @few), 3,
	    'older ones of who holds few are still there';
	$s->stop;
}

done_testing;
