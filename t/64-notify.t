#!/usr/bin/perl
# What a service manager is told (sd_notify), when it asks for it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Select;
use IO::Socket::UNIX;
use Socket qw(SOCK_DGRAM);
use Test::More;

use Pyked;

# The next message to the manager, as a hash; empty when none comes.
sub told {
	my ($manager, $seconds) = @_;
	my $text = '';

	IO::Select->new($manager)->can_read(scaled($seconds // 10))
	    or return {};
	recv $manager, $text, 4096, 0;
	return { $text =~ /^(\w+)=(.*)$/mg };
}

sub manager {
	my ($path) = @_;

	return IO::Socket::UNIX->new(Local => $path, Type => SOCK_DGRAM)
	    || die "$path: $!";
}

my $s = Pyked->prepare;
for (["a path", "$s->{dir}/notify", "$s->{dir}/notify"],
    ["an abstract name", "\0pyked-notify-$$", "\@pyked-notify-$$"]) {
	my ($what, $path, $written) = @$_;
	subtest $what => sub {
		my $manager = manager($path);
		local $ENV{NOTIFY_SOCKET} = $written;
		$s = Pyked->prepare;
		$s->launch;
		my $t = told($manager);
		is $t->{READY}, 1, 'ready';
		is $t->{MAINPID}, $s->{pid}, '... with its process';
		is $t->{STATUS}, 'generation 1 serves', '... and how it is';
		ok $s->wait_ready(1), 'which is true';

		$s->signal('HUP');
		$t = told($manager);
		is $t->{RELOADING}, 1, 'a reload begins';
		my ($now) = slurp('/proc/uptime') =~ /^(\S+)/;
		cmp_ok abs($t->{MONOTONIC_USEC} / 1e6 - $now), '<', 60,
		    '... at this time';
		$t = told($manager);
		is "$t->{READY} $t->{STATUS}", '1 generation 2 serves',
		    '... and ends';

		spew($s->{conf}, slurp($s->{conf}) . "nonsense\n");
		$s->signal('HUP');
		is told($manager)->{RELOADING}, 1, 'one that is refused';
		$t = told($manager);
		is "$t->{READY} $t->{STATUS}", '1 generation 2 serves',
		    '... is over, too';

		$s->allow(qr/reload refused/);
		$s->signal('TERM');
		is told($manager)->{STOPPING}, 1, 'the end';
		is_deeply told($manager, 0.1), {}, 'and nothing more';
		ok wait_until { !$s->running }, 'it has ended';
	};
}

subtest 'nobody listens' => sub {
	for my $path ("$s->{dir}/none", 'relative', '@', '', 'x' x 200,
	    '/' . 'x' x 200) {
		local $ENV{NOTIFY_SOCKET} = $path;
		my $other = Pyked->start;
		$other->stop('QUIT');
	}
};

done_testing;
