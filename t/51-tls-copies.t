#!/usr/bin/perl
# A large file that is asked for over TLS time and again is read once; and
# nobody can tell.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Pyked;

my $size = 1_500_000;		# no multiple of what is read at once
my $old = time - 3600;
my $s = Pyked->prepare(tls => 1, top => "file-cache 8m\n");

# Bytes that tell where they are, and which file they are of.
sub bytes { join '', map { pack 'a4N', $_[0], $_ } 1 .. ($_[1] // $size) / 8 }

sub put {
	my ($name, $bytes, $time) = @_;

	spew("$s->{site}/$name", $bytes);
	utime $time // $old, $time // $old, "$s->{site}/$name";
}

sub replace {
	my ($name, $bytes) = @_;

	put("$name.new", $bytes, $old + 10);
	rename "$s->{site}/$name.new", "$s->{site}/$name" or die "$name: $!";
}

my $text = bytes('hot.');
put('hot.bin', $text);
put('ranges.bin', $text);
put('slow.bin', $text);
put('short.bin', $text);
put('changed.bin', $text);
put('gone.bin', $text);
put('seldom.bin', $text);
put('large.bin', my $large = bytes('larg', 3_000_000));
$s->write_conf(servers => <<'END');
server {
	listen 127.0.0.1:0
	listen 127.0.0.1:0 tls
	certificate @CERT@ @KEY@
	root @SITE@
}
END
$s->up;
my ($worker) = $s->workers;

sub body {
	my ($name, @options) = @_;

	return curl('-k', '--max-time', scaled(20), @options,
	    $s->url("/$name", 'https'))->{out};
}

# How many bytes the worker reads from files meanwhile.
sub bytes_read {
	my ($code) = @_;
	my $read = sub { slurp("/proc/$worker/io") =~ /^rchar: (\d+)/m; $1 };
	my $before = $read->();

	$code->();
	return $read->() - $before;
}

sub memory {
	slurp("/proc/$worker/status") =~ /^RssAnon:\s+(\d+) kB/m;
	return $1 * 1024;
}

# Nobody else in between: of a file that is asked for twice there is a copy.
sub make_hot { body($_[0]) for 1 .. 2 }

# A client that reads when it is told to: (its process, pipe).
sub slow_client {
	my ($name) = @_;

	return slow_s_client($s->port('https'), "GET /$name HTTP/1.1\r\n"
	    . "Host: localhost\r\nConnection: close\r\n\r\n");
}

subtest 'the third who asks has it from memory' => sub {
	for my $time (1 .. 2) {
		my $n = bytes_read(sub {
			ok body('hot.bin') eq $text, "answer $time is right";
		});
		cmp_ok $n, '>=', $size, '... and was read';
	}
	# There is a new copy each second.
	my $right = 1;
	ok wait_until(sub {
		bytes_read(sub { $right &&= body('hot.bin') eq $text }) < 65536;
	}, 20), 'another is not read';
	ok $right, '... and right';
	ok wait_until(sub {
		body('hot.bin');
		bytes_read(sub {
			$right &&= body('hot.bin', '-r', '1000000-1000015') eq
			    substr $text, 1_000_000, 16;
		}) < 8;
	}, 20), 'nor is a range of it';
	ok $right, '... which is right';
	my $n = bytes_read(sub {
		ok curl($s->url('/hot.bin'))->{out} eq $text, 'without TLS';
	});
	cmp_ok $n, '>=', $size, '... the kernel sends it';
};

subtest 'what gets no copy' => sub {
	my ($n, $before) = (0, memory());

	for (1 .. 3) {
		$n = bytes_read(sub {
			ok body('large.bin') eq $large, 'a file too large';
		});
	}
	cmp_ok $n, '>=', length $large, '... is read each time';
	body('seldom.bin', '-I') for 1 .. 3;
	body('seldom.bin', '-r', '100000-100100') for 1 .. 3;
	curl($s->url('/seldom.bin')) for 1 .. 3;
	$n = bytes_read(sub { body('seldom.bin') });
	cmp_ok $n, '>=', $size, 'nobody had asked for all of this, over TLS';
};

subtest 'ranges before there is all of it' => sub {
	body('ranges.bin', '-r', '0-99');
	for (['1400000-1400099', 1_400_000], ['0-99', 0],
	    ['700000-700099', 700_000]) {
		my ($range, $off) = @$_;

		is body('ranges.bin', '-r', $range), substr($text, $off, 100),
		    "$range of what nobody has asked for whole";
	}
	body('ranges.bin');
	ok body('ranges.bin') eq $text, 'all of it';
	is body('ranges.bin', '-r', '1400000-1400099'),
	    substr($text, 1_400_000, 100), 'and a range of that';
	like body('ranges.bin', '-r', '16-31,1400000-1400015'),
	    qr/\Q@{[substr $text, 16, 16]}\E.*
	    \Q@{[substr $text, 1_400_000, 16]}\E/xs, 'or two';
};

subtest 'a change is seen' => sub {
	make_hot('changed.bin');
	my $new = bytes('new.');
	put('changed.bin', $new, $old + 5);	# the same file, as long
	ok body('changed.bin') eq $new, 'written over: at once';
	make_hot('changed.bin');
	my $newer = bytes('more', 800_000);
	replace('changed.bin', $newer);
	ok wait_until(sub { body('changed.bin') eq $newer }, 3), 'replaced';
	make_hot('gone.bin');
	unlink "$s->{site}/gone.bin";
	ok wait_until(sub {
		body('gone.bin', '-o', '/dev/null', '-w', '%{http_code}') eq
		    '404';
	}, 3), 'gone';
};

# The file's times need not tell.
subtest 'what is written through a mapping is seen' => sub {
	my ($source, $file) = ("$s->{dir}/mapped.c", "$s->{site}/mapped.bin");

	spew($source, <<'END');
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	int fd = open(argv[argc - 1], O_RDWR);
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	do
		(*p)++;
	while (write(1, "", 1) == 1 && read(0, p + 1, 1) == 1);
	return 0;
}
END
	is run('cc', '-o', "$s->{dir}/mapped", $source)->{status}, 0,
	    'a program that writes so';
	put('mapped.bin', '0' x $size);
	pipe my $in, my $tell or die "pipe: $!";
	pipe my $told, my $out or die "pipe: $!";
	my $pid = background(sub {
		open STDIN, '<&', $in;
		open STDOUT, '>&', $out;
		exec "$s->{dir}/mapped", $file;
	});
	take($told, 1);
	# A file of just now is not kept.
	ok wait_until(sub { (stat $file)[9] < time - 3 }, 10), 'time passes';
	make_hot('mapped.bin');
	for my $want (2 .. 4) {
		syswrite $tell, 'x';
		take($told, 1);
		ok wait_until(sub { body('mapped.bin') =~ /\A$want/ }, 3),
		    "it is $want";
	}
	kill KILL => $pid;
	finish($pid);
};

subtest 'slow clients leave the cache what it is for' => sub {
	put("wide$_.bin", bytes('wide', 1_900_000)) for 1 .. 8;
	put("small$_.txt", 's' x 60_000) for 1 .. 5;
	my $round = sub {
		bytes_read(sub { body("small$_.txt") for 1 .. 5 });
	};
	$round->() for 1 .. 2;
	my @slow = map { make_hot("wide$_.bin"); [slow_client("wide$_.bin")] }
	    1 .. 8;
	take($_->[1], 1000) for @slow;
	make_hot('hot.bin');
	cmp_ok $round->(), '<', 50_000, 'small files are at hand';
	kill KILL => map { $_->[0] } @slow;
	finish($_->[0]) for @slow;
};

subtest 'it is bounded, and given back' => sub {
	plan skip_all => 'memory is another matter there'
	    if Pyked::is_sanitized();
	put("many$_.bin", $text) for 1 .. 20;
	my $most = 0;
	for my $name (map { "many$_.bin" } 1 .. 20) {
		make_hot($name);
		my $memory = memory();
		$most = $memory if $memory > $most;
	}
	cmp_ok $most, '<', 12 << 20, "at most $most bytes";
	my @names = map { "many$_.bin" } 1 .. 14;
	my @slow;
	body($_) for @names;
	for my $name (@names) {
		my ($pid, $pipe) = slow_client($name);
		take($pipe, 1000);
		push @slow, { pid => $pid, pipe => $pipe };
	}
	ok wait_until(sub { is_stalled($worker) }, 20), 'many are slow';
	cmp_ok memory(), '<', 12 << 20, '... and hold no more than that';
	kill KILL => map { $_->{pid} } @slow;
	finish($_->{pid}) for @slow;
	ok wait_until(sub { memory() < 4 << 20 }, 20),
	    'nobody asks: it is given back';
};

# More than the sockets between them hold.
my $long = bytes('slow', 64 << 20);
$s->stop;
$s = Pyked->prepare(tls => 1, top => "file-cache 400m\n");
put('long.bin', $long);
put('cut.bin', $long);
$s->write_conf(servers => <<'END');
server {
	listen 127.0.0.1:0 tls
	certificate @CERT@ @KEY@
	root @SITE@
}
END
$s->up;
($worker) = $s->workers;

subtest 'the quick overtake the slow' => sub {
	ok body('long.bin') eq $long, 'the first';
	my ($pid, $pipe) = slow_client('long.bin');
	my $first = take($pipe, 100_000);
	ok wait_until(sub { is_stalled($worker) }, 20), 'a slow one begins the copy';
	is body('long.bin', '-r', '60000000-60000999'),
	    substr($long, 60_000_000, 1000), 'a range behind its end';
	ok body('long.bin') eq $long, 'a quick one goes on with it';
	ok body('long.bin') eq $long, 'so does the next';
	my $rest = $first . take($pipe, length $long);
	finish($pid);
	ok $rest =~ s/\A.*?\r\n\r\n//s && $rest eq $long, 'the slow one ends';
};

subtest 'a file that shrinks under its copy' => sub {
	body('cut.bin');
	my ($pid, $pipe) = slow_client('cut.bin');
	my $first = take($pipe, 100_000);
	ok wait_until(sub { is_stalled($worker) }, 20), 'a slow one begins';
	$s->allow(qr/cut\.bin: the file shrank/);
	truncate "$s->{site}/cut.bin", 1000 or die "cut.bin: $!";
	my $rest = $first . take($pipe, length $long);
	finish($pid);
	$rest =~ s/\A.*?\r\n\r\n//s;
	cmp_ok length $rest, '<', length $long, 'it is cut short';
	ok $rest eq substr($long, 0, length $rest), '... and never padded';
	ok $s->wait_log(qr/cut\.bin: the file shrank while it was being sent/),
	    '... which is logged';
	is body('cut.bin'), substr($long, 0, 1000), 'then it is what it is';
};

$s->stop;
done_testing;
