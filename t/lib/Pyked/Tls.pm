# Pyked::Tls: the client of Pyked::Http over TLS, with control over every
# write: each becomes a record of its own.
#
# It needs Net::SSLeay; Pyked::Tls::missing says why it cannot be used, or ''.
# No certificate is checked. Sessions are resumed, which makes a thousand
# connections cheap. The library's queue of errors is emptied before each call:
# what one connection left there must not be taken for another's.
package Pyked::Tls;

use strict;
use warnings;
use Time::HiRes qw(time);

use Pyked::Http;

our @ISA = ('Pyked::Http');
my ($context, %session);

sub missing {
	return eval { require Net::SSLeay; 1 } ? ''
	    : 'Net::SSLeay is not installed (libnet-ssleay-perl)';
}

sub context {
	return $context if $context;
	require Net::SSLeay;
	Net::SSLeay::initialize();
	$context = Net::SSLeay::CTX_new() or die 'no TLS context';
	# After 1.2 a session comes at a time of the server's choice.
	Net::SSLeay::CTX_set_max_proto_version($context,
	    Net::SSLeay::TLS1_2_VERSION());
	return $context;
}

# As Pyked::Http::new; the handshake is over when it returns. blind => 1: what
# it gets is not read while it sends.
sub new {
	my ($class, $port, %o) = @_;
	my $c = $class->SUPER::new($port, %o) or return undef;

	$c->{blind} = $o{blind};
	$c->{tls} = Net::SSLeay::new(context());
	Net::SSLeay::set_fd($c->{tls}, fileno $c->{socket});
	Net::SSLeay::set_session($c->{tls}, $session{$port})
	    if $session{$port};
	Net::SSLeay::connect($c->{tls}) == 1 or return undef;
	$session{$port} //= Net::SSLeay::get1_session($c->{tls});
	$c->{socket}->blocking(0);
	return $c;
}

# Until the socket can be read, or written: false when the time is up.
sub wait_for {
	my ($c, $end, $writing) = @_;
	my $want = '';
	my $left = $end - time;

	vec($want, fileno $c->{socket}, 1) = 1;
	return 0 if $left <= 0;
	return $writing ? select undef, $want, undef, $left
	    : select $want, undef, undef, $left;
}

sub send {
	my ($c, $bytes) = @_;
	my $end = time + $c->{timeout};

	# OpenSSL reads nothing behind a write that failed: what has come is
	# read first, and after the peer's end nothing is sent.
	$c->{sent} = 0;
	1 while !$c->{blind} && $c->fill(0) eq 'data';
	while (length $bytes && !$c->{over}) {
		Net::SSLeay::ERR_clear_error();
		my $n = Net::SSLeay::write($c->{tls},
		    substr $bytes, 0, 16384);
		if ($n > 0) {
			substr $bytes, 0, $n, '';
			$c->{sent} += $n;
			next;
		}
		my $why = Net::SSLeay::get_error($c->{tls}, $n);
		last if $why != Net::SSLeay::ERROR_WANT_WRITE()
		    || !$c->wait_for($end, 1);
	}
	return $c;
}

# 'closed' only after a close_notify; without one it is 'cut'.
sub fill {
	my ($c, $end) = @_;

	while (!$c->{over}) {
		Net::SSLeay::ERR_clear_error();
		my ($bytes, $n) = Net::SSLeay::read($c->{tls}, 65536);
		if (defined $bytes && $n > 0) {
			$c->{in} .= $bytes;
			return 'data';
		}
		my $why = Net::SSLeay::get_error($c->{tls}, $n);
		if ($why != Net::SSLeay::ERROR_WANT_READ()) {
			$c->{over} = $why == Net::SSLeay::ERROR_ZERO_RETURN()
			    ? 'closed' : 'cut';
		} elsif (!$c->wait_for($end)) {
			return 'timeout';
		}
	}
	return $c->{over};
}

# close_notify: no more will be sent.
sub half_close {
	my ($c) = @_;

	Net::SSLeay::shutdown($c->{tls});
	return $c;
}

sub DESTROY {
	my ($c) = @_;

	Net::SSLeay::free(delete $c->{tls}) if $c->{tls};
}

1;
