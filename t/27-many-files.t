#!/usr/bin/perl
# P25: a folder of many files. A listing of it stays bounded and holds nobody
# up, each file is found, and the worker's memory and descriptors stay within
# what the configuration says. PYKED_FILES says how many: 15000, or 1000000 in
# t/soak/million-files.t.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time);

use Pyked;

my $n = $ENV{PYKED_FILES} // 15000;
my $shown = 10000;			# rows of a listing
my $cache = 4;				# MiB
my $looks = $n < 100000 ? $n : 100000;

my $s = Pyked->prepare(workers => 1, top => "file-cache ${cache}m\n",
    files => { 'small.txt' => "small\n" });
$s->write_conf(servers => <<'END');
server {
	listen 127.0.0.1:0
	root @SITE@
	location /many/ {
		listing on
	}
}
END

# Every hundredth name has 255 bytes. The files are old: what changed just now
# is not cached.
sub name_of { $_[0] % 100 ? "$_[0].txt" : sprintf '%0251d.txt', $_[0] }

my $start = time;
mkdir "$s->{site}/many";
for my $i (1 .. $n) {
	my $file = "$s->{site}/many/" . name_of($i);
	open my $f, '>', $file or die "$file: $!";
	print $f $i;
	close $f or die "$file: $!";
	utime 1e9, 1e9, $file;
}
note sprintf '%d files in %.1f s', $n, time - $start;
$s->up;

my ($worker) = $s->workers;

sub memory {
	return (slurp("/proc/$worker/status") =~ /^RssAnon:\s+(\d+)/m)[0];
}

sub descriptors { scalar(() = glob "/proc/$worker/fd/*") }

# Asks for the files of these numbers, a few at a time; how many came as they
# should.
sub look_up {
	my ($right, $c) = 0;

	for (my $i = 0; $i < @_; $i += 16) {
		my @numbers = grep { defined } @_[$i .. $i + 15];
		$c = client($s) if $i % 512 == 0;
		$c->send(join '', map {
			Pyked::Http::bytes(GET => '/many/' . name_of($_))
		} @numbers);
		for (@numbers) {
			my $r = $c->response;
			$right++ if $r->{status} eq '200' && $r->{body} eq $_;
		}
	}
	return $right;
}

# Some of all of them, each once, in no order; the same every time.
sub sample {
	srand 25;
	my $at = int rand $n;
	my $step = int($n * 0.618);

	$step++ while gcd($step, $n) > 1;
	return map { $at = ($at + $step) % $n; $at + 1 } 1 .. $_[0];
}

sub gcd { $_[1] ? gcd($_[1], $_[0] % $_[1]) : $_[0] }

subtest 'listings' => sub {
	my $before = memory();
	my $started = time;
	my $r = $s->get('/many/');
	my @rows = $r->{body} =~ /<tr(?: class="d")?><td><a href="([^"]+)"/g;
	my %names = map { $_ => 1 } @rows;

	diag sprintf '%d files: a listing in %.2f s', $n, time - $started
	    if $ENV{PYKED_FILES};
	is $r->{status}, 200, 'answered';
	is scalar @rows, $shown, "$shown files in it";
	is scalar keys %names, $shown, '... each once';
	like $r->{body}, qr/more in this folder than is shown/,
	    'how many there are does not matter';
	cmp_ok length $r->{body}, '<', $shown * 700, '... nor is the page';
	cmp_ok memory() - $before, '<', 16 << 10, '... nor the memory it takes'
	    unless Pyked::is_sanitized();
};

subtest 'look-ups' => sub {
	my @numbers = sample($looks);

	is look_up(@numbers[0 .. 999]), 1000, 'the first thousand';
	my $before = memory();
	my $started = time;
	is look_up(@numbers), $looks, "$looks of $n, each by its name";
	diag sprintf '%d look-ups in %.2f s, memory grew by %d kB', $looks,
	    time - $started, memory() - $before if $ENV{PYKED_FILES};
	is $s->get("/many/$_")->{status}, 404, substr($_, 0, 9) . ': not there'
	    for '0.txt', name_of($n) . 'x', 'x' x 255, 'x' x 256;
	unless (Pyked::is_sanitized()) {
		# What the cache may hold, and what malloc makes of it.
		cmp_ok memory() - $before, '<', 2 * ($cache << 10) + 2048,
		    'the worker grew by no more than its cache';
	}
	cmp_ok descriptors(), '<', 64, 'small files keep no descriptor'
	    unless $>;
};

# What is behind the cache's end is found as well as what is in it.
subtest 'once more' => sub {
	is look_up(reverse sample(2000)), 2000, 'from the other end';
	is look_up(1 .. 1000, $n - 999 .. $n), 2000, 'the first and the last';
};

$s->stop;
done_testing;
