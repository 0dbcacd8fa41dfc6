#!/usr/bin/perl
# The logrotate file that is installed, under load: each request that was
# answered has its line in one of the files, once.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Pyked;

my ($logrotate) = grep { -x } '/usr/sbin/logrotate', '/usr/bin/logrotate';
plan skip_all => 'there is no logrotate' unless $logrotate;

my $load = 40000;
my $rotations_max = 12;		# the file keeps 14
my $clients = 2;

my $s = Pyked->start(workers => 2, files => { 'index.html' => "home\n" });
my $dir = $s->{dir};
my $pyked = Pyked::program();
my $rules = slurp(Pyked::top() . '/conf/pyked.logrotate');
is $rules =~ s{/var/log/pyked/\*\.log}{$dir/*.log}g, 1, 'it names the logs';
is $rules =~ s{\Q/usr/local/sbin/pyked -c /etc/pyked/pyked.conf\E}
    {$pyked -c $s->{conf}}g, 2, '... and the program';
spew("$dir/rules", $rules, 0644);

sub rotate {
	my $r = run($logrotate, '-f', '-s', "$dir/state", "$dir/rules");

	return $r->{status} eq '0' && $r->{err} eq '';
}

# Asks for /?n=NAME-1 and so on, one after the other, until told to stop; the
# last number that was answered is left in a file.
sub ask {
	my ($name) = @_;
	my ($n, $c) = (0);

	until (-e "$dir/enough") {
		$c //= client($s) or die "no connection";
		my $answer = $c->get("/?n=$name-" . ($n + 1));
		die "$name-$n: $answer->{status}" if $answer->{status} ne 200;
		$n++;
		undef $c if $answer->{head} =~ /^Connection: close/mi;
	}
	spew("$dir/answered.$name", $n);
}

# All lines of the access log, old ones and new ones.
sub lines {
	my @lines = $s->access;

	for my $old (glob "$dir/access.log.*") {
		push @lines, split /^/m, $old =~ /\.gz$/ ?
		    run('gzip', '-dc', $old)->{out} : slurp($old);
	}
	return @lines;
}

my @asking = map { my $name = $_; background(sub { ask($name) }) }
    1 .. $clients;
my $ab = background(sub {
	open STDOUT, '>', "$dir/ab";
	open STDERR, '>&', \*STDOUT;
	exec 'ab', '-q', '-k', '-n', $load, '-c', 50, $s->url('/ab')
	    or die "ab: $!";
});
my ($good, $bad) = (0, 0);
while (is_alive($ab) && $good + $bad < $rotations_max) {
	rotate() ? $good++ : $bad++;
}
is $bad, 0, 'every rotation went well';
cmp_ok $good, '>=', 3, 'there were some under load';
is finish($ab, scaled(120)), 0, 'ab is done' or diag slurp("$dir/ab");
like slurp("$dir/ab"), qr/^Complete requests:\s+$load$/m, '... with all';
spew("$dir/enough", '');
is finish($_, scaled(20)), 0, 'a client is done' for @asking;

my %answered = map { $_ => slurp("$dir/answered.$_") } 1 .. $clients;
my $expected = $load;
$expected += $_ for values %answered;
wait_until { lines() >= $expected } 10;
my @lines = lines();
is scalar @lines, $expected, "$expected answers, as many lines";
is scalar(grep { m{"GET /ab HTTP} } @lines), $load, '... those of ab';
my %seen;
for (@lines) {
	$seen{$1}++ if m{"GET /\?n=(\S+) HTTP};
}
for my $name (1 .. $clients) {
	is scalar(grep { ($seen{"$name-$_"} // 0) != 1 }
	    1 .. $answered{$name}), 0, "each one of client $name, once";
}
my @broken = grep { !/^127\.0\.0\.1 .*"\n\z/ } @lines;
is "@broken", '', 'every line is whole';
ok -s "$dir/access.log.2.gz",
    'older files are packed';
is sprintf('%o', (stat $s->{access_log})[2] & 07777), '640',
    'the new log is not for everybody either';

# Nobody to tell is no failure: logrotate may run while the server is stopped.
rename "$dir/pyked.pid", "$dir/pid.away";
ok rotate(), 'without a server';
rename "$dir/pid.away", "$dir/pyked.pid";
$s->stop;

done_testing;
