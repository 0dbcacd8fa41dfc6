#!/usr/bin/perl
# The programs that people use: each does what it is there for, and the access
# log tells that it did so as it should. One that is not installed is skipped
# here; "make check-clients" installs them all first.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Pyked;
use Pyked::Browser;

my $big = 24 << 20;
my $huge = 2 << 30;
my $s = Pyked->start(tls => 1, workers => 2, files => {
	'index.html' => "home\n", 'tree/a.txt' => "a\n",
	'tree/sub/b c.txt' => "b\n", 'tree/sub/deep/d.html' => "<p>d</p>\n",
	'tree/empty' => '' },
    scripts => { 'count' => "#!/bin/sh\n"
	. "printf 'Content-Type: text/plain\\n\\n'\nwc -c\n" },
    servers => <<'END');
server {
	listen 127.0.0.1:0
	listen 127.0.0.1:0 tls
	certificate @CERT@ @KEY@
	root @SITE@
	location /tree/ {
		listing on
	}
	location /cgi/ {
		cgi dir @CGI@
	}
}
END
my $dir = $s->{dir};

# No two blocks of it are the same, so a piece in a wrong place shows.
sub write_big {
	open my $f, '>:raw', "$s->{site}/big.bin" or die "big.bin: $!";
	for (my $i = 0; $i < $big / 4; $i += 4096) {
		print $f pack 'N*', $i .. $i + 4095;
	}
	close $f or die "big.bin: $!";
}

# A sound of two GiB that is mostly a hole: 16 bits, two channels, 44.1 kHz.
sub write_huge {
	open my $f, '>:raw', "$s->{site}/huge.wav" or die "huge.wav: $!";
	print $f 'RIFF', pack('V', $huge - 8), 'WAVEfmt ',
	    pack('V v v V V v v', 16, 1, 2, 44100, 176400, 4, 16),
	    'data', pack('V', $huge - 44);
	truncate $f, $huge or die "huge.wav: $!";
	close $f or die "huge.wav: $!";
}

sub same_file {
	my ($file, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	return is run('cmp', $file, "$s->{site}/big.bin")->{out}, '', $name;
}

# What the access log says of requests from here on: [method, target, status].
my $seen = 0;
sub requests {
	my @lines = $s->access;
	my @new = @lines[$seen .. $#lines];

	return map { [m{"(\S+) (\S*)[^"]*" (\d+) }] } @new;
}

sub mark { $seen = () = $s->access }

# So many requests that match were answered with that status.
sub were {
	my ($n, $status, $pattern, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $found;

	wait_until {
		$found = grep { $_->[1] =~ $pattern
		    && $_->[2] == $status } requests();
		$found >= $n;
	};
	return is $found, $n, $name;
}

sub program {
	my ($name) = @_;

	for (split /:/, $ENV{PATH}) {
		return "$_/$name" if -x "$_/$name";
	}
	plan skip_all => "no $name here";
}

write_big();
write_huge();

subtest 'curl' => sub {
	is curl($s->url('/'))->{out}, "home\n", 'a page';
	is curl('-k', $s->url('/', 'https'))->{out}, "home\n", 'by https';
	is curl('-0', $s->url('/'))->{out}, "home\n", 'HTTP/1.0';
	like curl('-I', $s->url('/big.bin'))->{out},
	    qr/^Accept-Ranges: bytes\r\n/m, 'HEAD';
	my $r = curl('-w', '%{num_connects} ', map { $s->url('/') } 1 .. 5);
	is $r->{out}, "home\n1 " . "home\n0 " x 4,
	    'five pages on one connection';
	my $half = run('head', '-c', $big / 2 + 1, "$s->{site}/big.bin");
	spew("$dir/resumed", $half->{out});
	mark();
	is curl('-C', '-', '-o', "$dir/resumed", $s->url('/big.bin'))->{status},
	    0, 'a download that goes on (-C -)';
	same_file("$dir/resumed", '... is the whole file');
	were(1, 206, qr/big/, '... with a 206');
	curl('-k', '-C', '-', '-o', "$dir/resumed", $s->url('/big.bin',
	    'https'));
	same_file("$dir/resumed", 'once more there is nothing left to get');
	my $upload = run({ timeout => 60 }, 'curl', '-sS', '--noproxy', '*',
	    '-T', "$dir/resumed", '-H', 'Expect: 100-continue', '-X', 'POST',
	    $s->url('/cgi/count'));
	like $upload->{out}, qr/413/, 'an upload that is too large';
	is curl('--data-binary', '@' . "$s->{site}/tree/a.txt",
	    $s->url('/cgi/count'))->{out}, "2\n", 'a small one';
	run('truncate', '-s', '3M', "$dir/three");
	is curl('-F', "f=\@$dir/three", '-w', '%{http_code}',
	    $s->url('/cgi/count'))->{out} =~ /^(\d+)\n200$/ && $1 > 3 << 20,
	    1, 'a form with a file of 3 MiB';
	$r = curl('-Z', map { ($s->url('/big.bin'), '-o', "$dir/par$_") }
	    1 .. 4);
	same_file("$dir/par$_", "parallel download $_") for 1 .. 4;
	unlink glob "$dir/par*";
};

subtest 'wget' => sub {
	my @wget = (program('wget'), '-nv', '--no-proxy', '-t', 1);
	my $to = "$dir/wget";
	my $get = sub { run({ timeout => 60 }, @wget, @_) };

	mark();
	is $get->('-r', '-np', '-nH', '-e', 'robots=off', '-R', 'index.html*',
	    '-P', $to, $s->url('/tree/'))->{status}, 0, 'a tree (-r)';
	is run('diff', '-r', '-x', 'index.html*', "$to/tree",
	    "$s->{site}/tree")->{out}, '', '... is the same here';
	# -N: only what is newer.
	mark();
	is $get->('-N', '-P', $to, $s->url('/big.bin'))->{status}, 0, '-N';
	same_file("$to/big.bin", '... a file');
	is $get->('-N', '-P', $to, $s->url('/big.bin'))->{status}, 0,
	    '-N once more';
	were(1, 304, qr/big/, '... gets it only once');
	# A worker looks at a file that it sent lately once a second.
	unlink "$to/a.txt";
	for my $time (1e9, 1e9 + 9) {
		utime $time, $time, "$s->{site}/tree/a.txt";
		eventually {
			# The copy here is older in any case.
			utime 1e9 - 9, 1e9 - 9, "$to/a.txt";
			$get->('-N', '-P', $to, $s->url('/tree/a.txt'));
			(stat "$to/a.txt")[9] == $time;
		} 5, $time == 1e9 ? 'the time of a file comes along'
		    : 'and a newer one replaces it';
	}
	spew("$to/big.bin", substr slurp("$s->{site}/big.bin"), 0, 1000);
	mark();
	is $get->('-c', '-P', $to, $s->url('/big.bin'))->{status}, 0, '-c';
	same_file("$to/big.bin", '... goes on where it was');
	were(1, 206, qr/big/, '... with a 206');
	is $get->('--no-check-certificate', '-O', '-', $s->url('/', 'https'))
	    ->{out}, "home\n", 'https';
};

subtest 'aria2c' => sub {
	my $aria = program('aria2c');
	mark();
	my $r = run({ timeout => 60 }, $aria, '-q', '-x', 8, '-s', 8, '-k',
	    '1M', '--file-allocation=none', '--no-conf', '--no-proxy=*',
	    '-d', $dir, '-o', 'aria', $s->url('/big.bin'));
	is $r->{status}, 0, 'eight ranges at once' or diag $r->{out}, $r->{err};
	same_file("$dir/aria", '... are the whole file');
	cmp_ok scalar(grep { $_->[2] == 206 } requests()), '>=', 7,
	    '... of which seven at least are 206';
};

subtest 'nghttp' => sub {
	my $nghttp = program('nghttp');
	mark();
	my $r = run({ timeout => 10 }, $nghttp, '-v', $s->url('/'));
	isnt $r->{status}, 'timeout', 'HTTP/2 with prior knowledge ends';
	were(1, 505, qr/^\*/, '... with 505');
	$r = run({ timeout => 10 }, $nghttp, '-v', '-u', $s->url('/'));
	isnt $r->{status}, 'timeout', 'an upgrade ends';
	like $r->{out}, qr{HTTP/1\.1 200 OK}, '... with an answer in HTTP/1.1';
	$r = run({ timeout => 10 }, $nghttp, '-v', $s->url('/', 'https'));
	isnt $r->{status}, 'timeout', 'h2 by ALPN ends';
	is $s->get('/')->{status}, 200, 'all is well afterwards';
	wait_until { (requests())[-1][2] == 200 && requests() > 2 };
	is join(' ', map { $_->[2] } requests()), '505 200 200',
	    'each was one request, and no more';
};

subtest 'node' => sub {
	my $node = program('node');
	my $r = run({ in => <<'END', timeout => 60 }, $node, '-', $s->port);
const http = require('http');
const port = process.argv[2], sockets = new Set();
const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
const get = (path, size) => new Promise((done, failed) => {
	const r = http.get({ port, path, agent, host: '127.0.0.1' }, res => {
		let n = 0;
		res.on('data', d => n += d.length);
		res.on('end', () => n === size ? done() :
		    failed(path + ': ' + n));
	});
	r.on('socket', socket => sockets.add(socket));
	r.on('error', failed);
});
(async () => {
	for (let i = 0; i < 20; i++)
		await get('/', 5);
	await Promise.all(Array.from({ length: 20 }, (x, i) =>
	    i % 5 ? get('/index.html?' + i, 5) : get('/big.bin', 25165824)));
	console.log('connections: ' + sockets.size);
	process.exit(0);
})().catch(e => { console.log(e); process.exit(1); });
END
	is $r->{status}, 0, 'forty requests' or diag $r->{out}, $r->{err};
	is $r->{out}, "connections: 2\n", '... on two connections';
};

subtest 'Python' => sub {
	my $python = program('python3');
	my $r = run({ in => <<'END', timeout => 60 }, $python, '-', $s->port);
import http.client, sys
c = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]))
first = None
for i in range(20):
    c.request('POST' if i % 4 == 0 else 'GET',
        '/cgi/count' if i % 4 == 0 else '/',
        iter([b'x' * 10, b'y']) if i % 4 == 0 else None)
    r = c.getresponse()
    body = r.read()
    assert r.status == 200, r.status
    assert body == (b'11\n' if i % 4 == 0 else b'home\n'), body
    first = first or c.sock
    assert c.sock is first, 'another connection'
print('fine')
END
	is $r->{out}, "fine\n", 'twenty requests on a connection, some chunked'
	    or diag $r->{err};
};

subtest 'Go' => sub {
	my $go = program('go');
	spew("$dir/go/main.go", <<'END');
package main

import ("fmt"; "io"; "net/http"; "net/http/httptrace"; "os"; "strings")

func main() {
	fresh := 0
	trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		if !i.Reused { fresh++ }
	}}
	for i := 0; i < 20; i++ {
		method, path := "GET", "/"
		var body io.Reader
		if i%4 == 0 {
			method, path = "POST", "/cgi/count"
			body = io.MultiReader(strings.NewReader("hello"))
		}
		r, _ := http.NewRequest(method, os.Args[1]+path, body)
		r = r.WithContext(httptrace.WithClientTrace(r.Context(), trace))
		res, err := http.DefaultClient.Do(r)
		if err != nil { panic(err) }
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if res.StatusCode != 200 { panic(res.Status) }
	}
	fmt.Println("connections:", fresh)
}
END
	local @ENV{qw(HOME GOCACHE GOFLAGS)} = ($dir, "$dir/go/cache",
	    '-mod=mod');
	my $r = run({ timeout => 120 }, $go, 'run', "$dir/go/main.go",
	    $s->url('') =~ s{/\z}{}r);
	is $r->{out}, "connections: 1\n", 'twenty requests on a connection'
	    or diag $r->{err};
};

# A page with a media element that jumps far ahead and says when it is there.
sub seek_page {
	my ($element) = @_;

	$s->put_file("$element.html", <<"END");
<!DOCTYPE html><title>$element</title>
<$element id="m" src="/huge.wav?$element" preload="auto" muted></$element>
<script>
const m = document.getElementById('m');
m.onerror = () => fetch('/bad?$element-' + m.error.code);
m.onloadedmetadata = () => { m.currentTime = 11000; };
m.onseeked = () => fetch('/seeked?$element-' + Math.round(m.currentTime));
</script>
END
}

subtest 'a browser' => sub {
	my $browser = Pyked::Browser->new or plan skip_all => 'no chromium here';
	for my $element (qw(audio video)) {
		seek_page($element);
		mark();
		$browser->start($s->url("/$element.html"));
		ok wait_until(sub {
			grep { $_->[1] =~ m{^/(?:seeked|bad)\?$element}
			} requests();
		}, 120), "<$element> seeks in a file of 2 GiB";
		$browser->stop;
		# What it gave up is logged when it is gone.
		my @requests;
		eventually {
			@requests = requests();
			2 <= grep { $_->[1] =~ /^\/huge/ && $_->[2] == 206 }
			    @requests;
		} 5, '... by ranges';
		is +(grep { $_->[1] =~ /\?$element-/ } @requests)[0][1],
		    "/seeked?$element-11000", '... and gets there'
		    or diag $browser->output;
	}
};

$s->stop;
done_testing;
