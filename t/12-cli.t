#!/usr/bin/perl
# The command line: its words, "pyked help", and what is said to slips.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Pyked;

my $pyked = Pyked::program();
my $s = Pyked->prepare;

# A command that must fail with this status and say that.
sub fails {
	my ($status, $pattern, @arguments) = @_;
	my $r = run($pyked, @arguments);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is $r->{status}, $status, "@arguments: status";
	like $r->{err}, $pattern, '... and why';
	is $r->{out}, '', '... on standard error alone';
}

subtest 'help' => sub {
	my $r = run($pyked, '-h');
	is $r->{status}, 0, '-h';
	like $r->{out}, qr/^  $_ +\S/m, "... has $_"
	    for qw(reload stop quit reopen status help -f DIR LOGFILE);
	unlike $r->{out}, qr/^.{81}/m, '... in 80 columns';
	is run($pyked, '--help')->{out}, $r->{out}, '--help';
	$r = run($pyked, '--version');
	is $r->{out}, run($pyked, '-V')->{out}, '--version';
	like $r->{out}, qr/\d/, '... says it';

	$r = run($pyked, 'help');
	is $r->{status}, 0, 'help';
	like $r->{out}, qr/^  $_ +\S/m, "... lists $_"
	    for qw(listen root cgi limits keepalive);
	my @names = $r->{out} =~ /^  ([a-z-]+) +\S/mg;
	cmp_ok scalar @names, '>', 40, 'all of them';
	my @mute = grep { run($pyked, 'help', $_)->{status} ne '0' } @names;
	is "@mute", '', 'and each can be asked for';

	$r = run($pyked, 'help', 'keepalive');
	like $r->{out}, qr/^keepalive TIME \[N\]\n.*default: 15s 1000\n/s,
	    'a directive';
	$r = run($pyked, 'help', 'stop');
	like $r->{out}, qr/^pyked stop\n +\w/, 'a word';
	fails(2, qr/no directive "listn"; did you mean "listen"\?/, 'help',
	    'listn');
	fails(2, qr/no directive "xyzzy": "pyked help" lists/, 'help',
	    'xyzzy');
	$r = run('sh', '-c', "exec $pyked help >/dev/full");
	is $r->{status}, 1, 'output that goes nowhere is a failure';
};

subtest 'slips' => sub {
	fails(2, qr/^pyked: there is no word "relod"; did you mean "reload"\?$/m,
	    'relod');
	fails(2, qr{^pyked: "$s->{dir}/nothing" is neither a folder}m,
	    "$s->{dir}/nothing");
	fails(2, qr/"x" is too much/, 'stop', 'x');
	fails(2, qr/"y" is too much/, 'help', 'x', 'y');
	fails(2, qr/"stop" is too much/, $_, 'stop') for qw(-f -t -T);
	fails(2, qr/"x.log" is too much: with -c/, '-c', $s->{conf}, 'x.log');
	fails(2, qr/3 arguments are neither one .* nor 8/, qw(1 2 3));
	fails(2, qr/^usage: pyked /m, qw(1 2 3));
	fails(2, qr/^pyked: "-80" is not a port/, '-80', 443);
	fails(2, qr/^pyked: there is no option -x/, '-fx', 443);
	fails(2, qr/^pyked: there is no option --xyzzy$/m, '--xyzzy');
	fails(2, qr/"-c" is too much: options stand before the word/, @$_)
	    for [status => '-c', $s->{conf}], [passwd => '-c', 'x', 'anna'];
	fails(2, qr/no word "$_": without one pyked starts/, $_)
	    for qw(start restart);
};

subtest 'no server' => sub {
	my @c = ('-c', $s->{conf});
	fails(1, qr/^pyked is not running$/m, @c, $_) for qw(reload reopen);
	for ([status => 3], [stop => 0], [quit => 0]) {
		my ($word, $status) = @$_;
		my $r = run($pyked, @c, $word);
		is $r->{status}, $status, "$word: status";
		is $r->{out}, "pyked is not running\n", '... says so';
	}
	spew("$s->{dir}/pyked.pid", "$$\n");
	for ([status => 3], [stop => 0]) {
		my ($word, $status) = @$_;
		my $r = run($pyked, @c, $word);
		is $r->{status}, $status, "$word with a stale pid file";
		like $r->{out}, qr{^pyked is not running; .*/pyked\.pid$},
		    '... says so';
	}
	unlink "$s->{dir}/pyked.pid";
	fails(1, qr/none\.conf: No such file/, '-c', "$s->{dir}/none.conf",
	    'stop');
	fails(4, qr/none\.conf: No such file/, '-c', "$s->{dir}/none.conf",
	    'status');
	symlink 'x', "$s->{dir}/pyked.pid";
	fails(4, qr/cannot look at .*pyked\.pid/, @c, 'status');
	unlink "$s->{dir}/pyked.pid";
};

$s->destroy;
done_testing;
