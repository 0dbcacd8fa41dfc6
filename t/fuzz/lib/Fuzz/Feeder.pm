# Fuzz::Feeder: many connections at once, each fed in pieces of its own.
#
#	Fuzz::Feeder::feed($seconds, @jobs)
#
# A job is a hash with port and pieces. In each round every job gets its next
# piece, so the pieces of one arrive apart; behind the last one its half of the
# connection is closed. Afterwards in has all that came back and end says how
# it ended: 'closed', 'reset', or 'timeout' when it had not after $seconds
# without anything new; waited is how long that took after the last that was
# sent or came.
package Fuzz::Feeder;

use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK);
use Socket qw(PF_INET SOCK_STREAM IPPROTO_TCP TCP_NODELAY pack_sockaddr_in
    INADDR_LOOPBACK);
use Time::HiRes qw(time);

sub open_job {
	my ($job) = @_;

	socket my $s, PF_INET, SOCK_STREAM, 0 or die "socket: $!";
	connect $s, pack_sockaddr_in($job->{port}, INADDR_LOOPBACK)
	    or die "connect: $!";
	setsockopt $s, IPPROTO_TCP, TCP_NODELAY, pack 'i', 1;
	fcntl $s, F_SETFL, fcntl($s, F_GETFL, 0) | O_NONBLOCK
	    or die "fcntl: $!";
	@$job{qw(socket in left end seen waited)} = ($s, '',
	    [@{ $job->{pieces} }], '', time, 0);
}

# The next piece. A client that was told of the end sends no more.
sub send_piece {
	my ($job) = @_;
	my $left = $job->{left} // return 0;

	@$left = () if $job->{in} =~ /^Connection: close\r\n/m;
	$job->{seen} = time;
	if (!@$left) {
		shutdown $job->{socket}, 1;
		delete $job->{left};
		return 1;
	}
	my $n = syswrite $job->{socket}, $left->[0];
	if (!defined $n) {
		@$left = () unless $! == EAGAIN || $! == EINTR;
	} elsif ($n == length $left->[0]) {
		shift @$left;
	} else {
		substr $left->[0], 0, $n, '';
	}
	return 1;
}

sub receive {
	my ($job) = @_;
	my $n = sysread $job->{socket}, $job->{in}, 65536, length $job->{in};

	$job->{waited} = time - $job->{seen};
	$job->{seen} = time;
	return if defined $n && $n > 0 || !defined $n && $! == EAGAIN;
	$job->{end} = defined $n ? 'closed' : 'reset';
	close delete $job->{socket};
}

sub feed {
	my ($seconds, @jobs) = @_;
	my @open = @jobs;

	open_job($_) for @jobs;
	while (@open) {
		my ($sending, $want) = (0, '');
		$sending += send_piece($_) for @open;
		vec($want, fileno $_->{socket}, 1) = 1 for @open;
		my $n = select my $ready = $want, undef, undef,
		    $sending ? 0.0005 : 0.5;
		if ($n > 0) {
			receive($_) for grep {
				vec $ready, fileno $_->{socket}, 1
			} @open;
		}
		my $late = time - $seconds;
		for (grep { $_->{socket} && $_->{seen} < $late } @open) {
			$_->{end} = 'timeout';
			close delete $_->{socket};
		}
		@open = grep { $_->{socket} } @open;
	}
}

1;
