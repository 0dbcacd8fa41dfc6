#!/usr/bin/perl
# Eight clients guess passwords of a bcrypt file as fast as they can, from one
# address and from eight; a file goes out as if nothing was the matter, and
# whoever knows the password comes in.
#
# The bound is generous, for a busy machine; PYKED_P99_MS=20 is what a quiet
# one must keep.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use MIME::Base64 qw(encode_base64);
use Test::More;
use Time::HiRes qw(time sleep);

use Pyked;

my $bound = ($ENV{PYKED_P99_MS} // 100) * $Pyked::slowness;
my $seconds = 4;

sub basic { return Authorization => 'Basic ' . encode_base64($_[0], '') }

# Guesses until the time is up: how many answers of each status.
sub guess {
	my ($s, $number, $from, $out) = @_;
	my $end = time + $seconds;
	my %n;

	for (my $i = 0; time < $end; $i++) {
		my $c = Pyked::client($s, from => $from) or next;
		while (time < $end) {
			my $r = $c->get('/in/x', basic('ann:' . $i++
			    . "-$number"));
			$n{$r->{status}}++;
			last if $r->{status} !~ /^(?:401|503)$/;
		}
	}
	spew($out, join ' ', map { "$_=$n{$_}" } sort keys %n);
}

# The time in ms below which 99 of 100 answers came.
sub p99_of_file {
	my ($s) = @_;
	my $c = Pyked::client($s);
	my $end = time + $seconds - 0.5;
	my @ms;

	while (time < $end) {
		my $start = time;
		my $r = $c->get('/file');
		return unless $r->{status} == 200;
		push @ms, 1000 * (time - $start);
		sleep 0.001;
	}
	@ms = sort { $a <=> $b } @ms;
	return $ms[int 0.99 * @ms], scalar @ms;
}

for my $addresses (1, 8) {
	my $s = Pyked->prepare(files => { file => 'f' x 4000,
	    'in/x' => "in\n" }, top => 'limits { keepalive 15s 1000000 }',
	    servers => <<'END');
server {
	listen 127.0.0.1:0
	root @SITE@
	location /in/ { auth Staff @DIR@/users }
}
END
	spew("$s->{dir}/users", 'ann:$2y$10$PL9P5Nxg.gZ0pV9rlaB0NO6a3O6KwBB5eT'
	    . "cImZgZOQvdinWJmJvu2\n");
	$s->up;
	my @guessers = map { my $n = $_; background(sub {
		guess($s, $n, '127.0.2.' . ($addresses > 1 ? $n : 1),
		    "$s->{dir}/guesses.$n");
	}) } 1 .. 8;
	sleep 0.2;
	my ($p99, $n) = p99_of_file($s);

	ok $n, "the file is always there ($addresses address(es))";
	cmp_ok $p99, '<', $bound, sprintf 'p99 %.2f ms of %d answers', $p99,
	    $n;
	diag sprintf '%d address(es): p99 of a file %.2f ms, %d answers',
	    $addresses, $p99, $n;
	is curl('--interface', '127.0.3.1', '-u', 'ann:secret',
	    $s->url('/in/x'))->{out}, "in\n", 'who knows it comes in';
	finish($_) for @guessers;
	my $all = join ' ', map { slurp("$s->{dir}/guesses.$_") } 1 .. 8;
	unlike $all, qr/\b(?!401|503)\d+=/, 'guesses are 401 or 503';
	my $wrong = eval join '+', 0, $all =~ /401=(\d+)/g;
	cmp_ok $wrong, '<=', 40 * $addresses,
	    "so few were looked at: $wrong";
	$s->stop;
}
done_testing;
