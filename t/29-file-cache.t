#!/usr/bin/perl
# The file cache: nobody can tell, but for a second, and never from one answer.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use List::Util qw(sum0);
use Test::More;
use Time::HiRes qw(time);

use Pyked;

my $old = time - 3600;
# Longer than the paths that are kept.
my $long = join '/', ('d' x 200) x 6;
my $s = Pyked->prepare(top => "file-cache 1m\n", files => {
	'index.html' => "first\n",
	'empty.txt' => '',
	'small.txt' => 'a' x 1000,
	'large.bin' => 'a' x 300_000,
	'gone.txt' => "gone\n",
	'gone-large.bin' => 'g' x 100_000,
	'closed.txt' => "closed\n",
	'linked.txt' => "linked\n",
	'coded.txt' => 'plain' x 200,
	'waiting.txt' => 'a' x 2000,
	"$long/file.txt" => "far down\n",
	"$long/empty.txt" => '',
	'told.txt' => "told\n",
	'folder/index.html' => "folder\n",
	'folder/other.html' => "other\n",
	'secret/file.txt' => "for some\n",
	(map { ("many/$_.txt" => "$_\n" x 3000) } 1 .. 200),
});
my $site = $s->{site};
spew("$s->{dir}/outside.txt", "outside\n");
$s->write_conf(servers => <<'END');
server {
	listen 127.0.0.1:0
	root @SITE@
	location /secret/ {
		deny 127.0.0.2
	}
	location /coded.txt {
		precompressed gz
	}
	location /told.txt {
		precompressed gz
	}
}
END
settle('index.html', 'empty.txt', 'small.txt', 'large.bin', 'gone.txt',
    'gone-large.bin', 'closed.txt', 'linked.txt', 'coded.txt',
    'waiting.txt', "$long/file.txt", "$long/empty.txt",
    'told.txt',
    'folder/index.html', 'folder/other.html', 'secret/file.txt',
    map { "many/$_.txt" } 1 .. 200);
$s->up;
my ($worker) = $s->workers;

# A file of just now is not kept.
sub settle { utime $old, $old, "$site/$_" for @_ }

sub replace {
	my ($name, $text) = @_;

	spew("$s->{dir}/new", $text);
	utime $old + 10, $old + 10, "$s->{dir}/new";
	rename "$s->{dir}/new", "$site/$name" or die "$name: $!";
}

sub body { $s->get(@_)->{body} }

# The system calls of the worker while the code ran: { name => number }, or
# undef where it cannot be traced.
sub calls {
	my ($code) = @_;
	my $log = "$s->{dir}/strace";
	my $tracer = background(sub {
		open STDERR, '>', '/dev/null';
		exec 'strace', '-qq', '-o', $log, '-p', $worker;
	});
	wait_until { slurp("/proc/$worker/status") =~ /^TracerPid:\s+[1-9]/m }
	    or return undef;
	# Until it writes; of this nothing is opened.
	wait_until {
		client($s)->send(Pyked::Http::bytes(OPTIONS => '*'))->response;
		-s $log;
	} or return undef;
	$code->();
	kill INT => $tracer;
	finish($tracer);
	my %n;
	$n{$_}++ for slurp($log) =~ /^(\w+)\(/mg;
	return \%n;
}

# What it opened.
sub opened {
	my $calls = calls(@_) or return undef;

	return sum0(map { $calls->{$_} } grep { /^open/ } keys %$calls);
}

subtest 'what was sent lately is not opened again' => sub {
	plan skip_all => 'needs strace' unless run('which', 'strace')->{out};
	body($_) for qw(/ /small.txt /large.bin /folder/);
	my $n = opened(sub {
		body($_) for ('/', '/small.txt', '/large.bin', '/folder/') x 5;
	});
	plan skip_all => 'nobody may be traced here' unless defined $n;
	# Within a second; it may have passed.
	cmp_ok $n, '<=', 16, "$n files opened for 20 requests";
};

# Besides, once a second the file is looked at, the clock's text made and the
# like: a hundred calls leave room for a slow machine.
subtest 'a hit costs one read, one write and its share of waiting' => sub {
	plan skip_all => 'needs strace' unless run('which', 'strace')->{out};
	my $n = 900;		# a connection may have a hundred more
	my $c = client($s);
	$c->get('/small.txt') for 1 .. 2;
	my $calls = calls(sub { $c->get('/small.txt') for 1 .. $n });
	plan skip_all => 'nobody may be traced here' unless defined $calls;
	my $took = sub { sum0(map { delete $calls->{$_} // 0 } @_) };
	for (['reads', qw(recvfrom recvmsg read readv)],
	    ['writes', qw(sendto sendmsg write writev)]) {
		my ($what, @names) = @$_;
		my $each = $took->(@names);

		cmp_ok abs($each - $n), '<=', 10,
		    "$each $what for $n requests";
	}
	# Signals are let in by an empty one, at most every 10 ms.
	my $waits = $took->('pselect6');
	cmp_ok $waits, '<=', 2 * $n, "$waits waits";
	my $rest = sum0(values %$calls);
	cmp_ok $rest, '<=', 100, "$rest other calls: "
	    . join ' ', map { "$_ $calls->{$_}" } sort keys %$calls;
};

subtest 'pipelined requests share them' => sub {
	plan skip_all => 'needs strace' unless run('which', 'strace')->{out};
	my $n = 50;
	my $c = client($s);
	my $some = Pyked::Http::bytes(GET => '/small.txt') x 16;
	$c->get('/small.txt') for 1 .. 2;
	my $calls = calls(sub {
		for (1 .. $n) {
			$c->send($some);
			$c->response for 1 .. 16;
		}
	});
	plan skip_all => 'nobody may be traced here' unless defined $calls;
	my $all = sum0(map { $calls->{$_} // 0 }
	    qw(recvfrom sendto sendmsg writev));
	cmp_ok abs($all - 2 * $n), '<=', 20,
	    "$all reads and writes for $n times 16 requests";
};

subtest 'the same answers, from memory and not' => sub {
	for my $path (qw(/ /empty.txt /small.txt /large.bin /folder/)) {
		my ($first, $second) = map { $s->get($path) } 1, 2;
		my $head = $s->request("HEAD $path HTTP/1.1\r\nHost: x\r\n"
		    . "Connection: close\r\n\r\n");

		is $second->{body}, $first->{body}, "$path: body";
		for my $field (qw(Content-Length Content-Type ETag
		    Last-Modified Accept-Ranges)) {
			is field($second, $field),
			    field($first, $field), "... $field";
			is field($head, $field),
			    field($first, $field), '... by HEAD';
		}
		my $r = $s->get($path, 'If-None-Match' =>
		    field($first, 'ETag'));
		is $r->{status}, 304, '... 304';
	}
	for my $path (qw(/small.txt /large.bin)) {
		my $r = $s->get($path, Range => 'bytes=10-19,30-34');
		is $r->{status}, 206, "$path: ranges";
		is scalar(() = $r->{body} =~ /^(?:a{10}|a{5})\r$/mg), 2,
		    '... of both parts';
	}
};

# Where nothing follows the head its lines must outlive the entry they are of.
subtest 'a head that waits while its file changes' => sub {
	my $before = $s->get('/waiting.txt');
	my $c = client($s)->send("HEAD /waiting.txt HTTP/1.1\r\nHost: x\r\n"
	    . "Content-Length: 1\r\nConnection: close\r\n\r\n");
	replace('waiting.txt', 'b' x 2000);
	ok wait_until(sub { body('/waiting.txt') eq 'b' x 2000 }, 2),
	    'another file';
	my $r = $c->send('x')->response(head => 1);
	for my $field (qw(Content-Length ETag Last-Modified)) {
		is field($r, $field),
		    field($before, $field), "$field of the first";
	}
};

subtest 'the head of a file that cannot be kept' => sub {
	for my $name ("$long/file.txt", "$long/empty.txt") {
		my $r = $s->head("/$name");

		is $r->{status}, 200, substr($name, -9);
		like field($r, 'ETag'), qr/^"[0-9a-f]+-[0-9a-f]+"$/,
		    '... with its entity-tag';
		is $s->get("/$name")->{status}, 200, '... and with its bytes';
	}
};

subtest 'a change is seen within a second' => sub {
	my %change = (
		'replaced' => sub { replace($_[0], $_[1]) },
		'written to' => sub {
			open my $f, '+<', "$site/$_[0]" or die "$_[0]: $!";
			print $f $_[1];
			truncate $f, length $_[1];
			close $f;
		},
	);
	for my $how (sort keys %change) {
		for (['small.txt', 'b' x 1000], ['small.txt', 'c' x 10],
		    ['large.bin', 'b' x 300_000], ['large.bin', 'c' x 80_000],
		    ['large.bin', 'd' x 300_000], ['small.txt', 'a' x 1000]) {
			my ($name, $text) = @$_;
			body("/$name");
			$change{$how}->($name, $text);
			ok wait_until(sub { body("/$name") eq $text }, 2),
			    "$name $how";
		}
	}
};

subtest 'never half of each' => sub {
	my $end = time + 3;
	my $writer = background(sub {
		for (my $i = 0; time < $end; $i++) {
			my $letter = chr(97 + $i % 26);
			replace('small.txt', $letter x (500 + $i % 500));
			replace('large.bin', $letter x (90_000 + $i % 5000));
		}
	});
	my ($n, $bad) = (0, 0);
	while (time < $end) {
		my $c = client($s);
		for my $path (('/small.txt', '/large.bin') x 100) {
			my $r = $c->get($path);
			$n++;
			$bad++ if $r->{status} ne '200'
			    || $r->{body} ne substr($r->{body}, 0, 1)
				x length $r->{body}
			    || length $r->{body} != field($r,
				'Content-Length');
		}
	}
	finish($writer);
	is $bad, 0, "$n answers were of one piece";
};

subtest 'what is gone, closed or leads away' => sub {
	body("/$_") for qw(gone.txt gone-large.bin closed.txt linked.txt);
	unlink "$site/gone.txt", "$site/gone-large.bin", "$site/linked.txt";
	symlink "$s->{dir}/outside.txt", "$site/linked.txt";
	chmod 0, "$site/closed.txt";
	for (['gone.txt', 404], ['gone-large.bin', 404], ['linked.txt', 403],
	    $> == 0 || !-r "$site/closed.txt" ? ['closed.txt', 403] : ()) {
		my ($name, $status) = @$_;
		ok wait_until(sub { $s->get("/$name")->{status} eq $status },
		    2), "$name: $status";
	}
	unlink "$site/folder/index.html";
	ok wait_until(sub { $s->get('/folder/')->{status} eq '403' }, 2),
	    'a folder whose index is gone';
	replace('folder/index.html', "back\n");
	ok wait_until(sub { body('/folder/') eq "back\n" }, 2), '... is back';
};

subtest 'the same variant to all who like it' => sub {
	plan skip_all => 'needs strace' unless run('which', 'strace')->{out};
	my $n = opened(sub {
		body('/coded.txt', 'Accept-Encoding' => "gzip;q=0.$_")
		    for 100 .. 199;
	});
	plan skip_all => 'nobody may be traced here' unless defined $n;
	cmp_ok $n, '<=', 20, "$n files opened for 100 requests";
};

subtest 'rules come first' => sub {
	is body('/secret/file.txt'), "for some\n", 'for one client';
	my $r = client($s, from => '127.0.0.2')->get('/secret/file.txt');
	is $r->{status}, 403, 'not for another';
};

subtest 'variants' => sub {
	is body('/coded.txt'), 'plain' x 200, 'as it is';
	spew("$site/coded.txt.gz", 'zipped');
	settle('coded.txt.gz');
	ok wait_until(sub {
		body('/coded.txt', 'Accept-Encoding' => 'gzip') eq 'zipped';
	}, 2), 'a new variant is found';
	for (1 .. 2) {
		is body('/coded.txt', 'Accept-Encoding' => 'gzip'), 'zipped',
		    'to who takes it';
		is body('/coded.txt'), 'plain' x 200, 'not to others';
		is body('/coded.txt', 'Accept-Encoding' => 'gzip;q=0'),
		    'plain' x 200, 'nor to who refuses it';
	}
};

subtest 'what is said of a file lives as long as its answer' => sub {
	my $want = $s->request("HEAD /small.txt HTTP/1.1\r\nHost: x\r\n"
	    . "Connection: close\r\n\r\n");
	my $c = client($s);

	# The answer waits for the body of the request.
	$c->send("HEAD /small.txt HTTP/1.1\r\nHost: x\r\n"
	    . "Content-Length: 1\r\n\r\n");
	# Nothing of it is in the cache after these.
	body("/many/$_.txt") for 1 .. 200;
	$c->send('x');
	my $r = $c->response(head => 1);
	is field($r, $_), field($want, $_), $_
	    for qw(ETag Last-Modified Accept-Ranges Content-Length);
	# One that the cache does not take: its path is too long.
	is $s->request("HEAD /$long/file.txt HTTP/1.1\r\nHost: x\r\n"
	    . "Connection: close\r\n\r\n")->{status}, 200, 'a long path';
};

subtest 'a variant for others is told of' => sub {
	my $first = $s->get('/told.txt');
	is field($first, 'Vary'), undef, 'there is one kind';
	spew("$site/told.txt.gz", 'zipped');
	settle('told.txt.gz');
	ok wait_until(sub {
		(field($s->get('/told.txt'), 'Vary') // '')
		    eq 'Accept-Encoding';
	}, 2), 'now there are two';
	unlink "$site/told.txt.gz";
	ok wait_until(sub {
		!defined field($s->get('/told.txt'), 'Vary');
	}, 2), 'and now one again';
};

subtest 'bounded' => sub {
	my $c = client($s);
	my $wrong = 0;

	for my $i ((1 .. 200) x 2) {
		$wrong++ if $c->get("/many/$i.txt")->{body} ne "$i\n" x 3000;
	}
	is $wrong, 0, 'more files than fit';
	my @before = glob "/proc/$worker/fd/*";
	cmp_ok scalar @before, '<', 40, 'few descriptors';
	is_deeply [$s->workers], [$worker], 'the worker lives';
};

subtest 'a deleted file leaves its disk' => sub {
	spew("$site/deleted.bin", 'x' x 100_000);
	settle('deleted.bin');
	my $held = sub {
		grep { (readlink // '') =~ /deleted\.bin/ }
		    glob "/proc/$worker/fd/*";
	};
	body('/deleted.bin');
	is scalar $held->(), 1, 'its descriptor is kept for the next';
	unlink "$site/deleted.bin";
	ok wait_until(sub { !$held->() }, 15), '... but not for ever';
};

subtest 'slow clients hold no more than the cache may' => sub {
	plan skip_all => 'memory is another matter there'
	    if Pyked::is_sanitized();
	spew("$site/held/$_.txt", $_ % 10 x 64_000) for 1 .. 100;
	settle(map { "held/$_.txt" } 1 .. 100);
	my $memory = sub {
		slurp("/proc/$worker/status") =~ /^RssAnon:\s+(\d+) kB/m;
		return $1;
	};
	my $busy = sub {
		my $ticks = join ' ', (split ' ',
		    slurp("/proc/$worker/stat"))[13, 14];
		my $same = $ticks eq ($s->{ticks} // '');
		$s->{ticks} = $ticks;
		return !$same;
	};
	my $before = $memory->();
	my @slow = map {
		my $c = client($s, rcvbuf => 4096);
		$c->send(Pyked::Http::bytes(GET => "/held/$_.txt") x 100);
		$c;
	} 1 .. 100;
	wait_until { select undef, undef, undef, 0.1; !$busy->() } 20;
	my $more = $memory->() - $before;
	cmp_ok $more, '<', 4000, "$more kB for " . @slow . ' clients';
	is body('/held/1.txt'), 1 x 64_000, 'others are served';
};

$s->stop;
done_testing;
