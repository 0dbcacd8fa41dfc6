#!/usr/bin/perl
# The program, its sample configurations, and the scripts that make calls.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time);

use Pyked;

chdir Pyked::top();
my $pyked = Pyked::program();
BAIL_OUT("$pyked is not there; run make") unless -x $pyked;

my $r = run($pyked, '-V');
is $r->{status}, 0, '-V';
like $r->{out}, qr/^pyked \d+\.\d+/, '... says the version';
$r = run($pyked, '-h');
is $r->{status}, 0, '-h';
like $r->{out}, qr/^\s+-$_\b/m, "... knows -$_" for qw(c f t T V h);
$r = run($pyked, '-Z');
is $r->{status}, 2, 'a wrong option';
like $r->{err}, qr/-h|usage/i, '... gets a hint';

for my $conf (glob 'conf/*.conf') {
	$r = run($pyked, '-t', '-c', $conf);
	unlike $r->{err} . $r->{out}, qr/unknown|expected|must/,
	    "$conf is well-formed" or diag $r->{err}, $r->{out};
}

$r = run('t/lib/run-here', '/bin/echo', 'some.conf');
is $r->{status}, 0, 'run-here';
like $r->{out}, qr/\Q$_\E/, "... shows $_" for 'http://127.0.0.1:8080/',
    'https://127.0.0.1:8443/', 'Ctrl-C';
like $r->{out}, qr/^-f -c some\.conf$/m, '... and becomes the program';

my $start = time;
$r = run('t/lib/install-packages', 'libc6', 'dash');
is $r->{status}, 0, 'install-packages with nothing to do';
is $r->{out} . $r->{err}, '', '... says nothing';
cmp_ok time - $start, '<', 2, '... and is quick';

# An ordinary user without sudo is told what to do.
SKIP: {
	my $bin = temporary();
	skip 'no dpkg here', 2 if run('sh', '-c', 'command -v dpkg-query')
	    ->{status};
	for (qw(dpkg-query sed cat sh)) {
		my $path = run('sh', '-c', "command -v $_")->{out};
		chomp $path;
		symlink $path, "$bin/$_";
	}
	spew("$bin/id", "#!/bin/sh\necho 1000\n", 0755);
	$r = run('env', "PATH=$bin", '/bin/sh', 't/lib/install-packages',
	    'libc6', 'no-such-package');
	is $r->{status}, 1, 'without any right to install';
	like $r->{err}, qr/apt-get install .* no-such-package$/m,
	    '... it says what an administrator must run';
}

$r = run('t/lib/check-arrows');
is $r->{status}, 0, 'includes go one way only' or diag $r->{out}, $r->{err};

done_testing;
