#!/usr/bin/perl
# New connections go to the workers that hold fewest, and none waits because
# somebody else might take it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time);

use Pyked;

my $few = 40;		# connections that each worker is to have in the end
my $s = Pyked->start(workers => 4, files => { 'index.html' => "hello\n" });
my @workers = $s->workers;
my @open;

sub connect_one {
	my $c = client($s);
	my $r = $c->get('/');
	is $r->{status}, 200, 'answered' if $r->{status} ne '200';
	push @open, $c;
}

# { process id => connections }
sub held {
	my $r = run(Pyked::program(), '-c', $s->{conf}, 'status');
	return { $r->{out} =~ /process (\d+), (\d+) connection/g };
}

sub total { my $n = 0; $n += $_ for values %{ held() }; return $n }

# While the others sleep, one takes all: it leaves each to them at first.
my ($full, @rest) = @workers;
my $start = time;
kill STOP => @rest;
connect_one() for 1 .. $few;
is held()->{$full}, $few, 'one worker has all';
cmp_ok time - $start, '<', scaled(2), '... soon';
kill CONT => @rest;
connect_one() for 1 .. 3 * $few;
eventually { total() == 4 * $few } 5, 'all are open';
my $held = held();
cmp_ok $held->{$full}, '<', $few + $few / 2, 'it was spared'
    or diag explain $held;
my ($least) = sort { $a <=> $b } values %$held;
# One that the system does not run for a while gets less.
cmp_ok $least, '>=', $few / 4, 'the others share the rest'
    or diag explain $held;

$_->close for @open;
eventually { total() == 0 } 5, 'all are closed';
$s->stop;
done_testing;
