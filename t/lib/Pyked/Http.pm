# Pyked::Http: a raw HTTP/1.1 client over TCP that reads answers strictly.
#
# What it gets as an answer is a hash: status (a number, or in words what went
# wrong: 'closed', 'timeout', 'reset', 'bad: ...'), reason, head (the raw
# bytes), fields (a list of [name, value]), headers (the last value of each, by
# its name in lower case), body, and complete. The first field of a name is
# Pyked::Http::field($answer, 'Name').
package Pyked::Http;

use strict;
use warnings;
use Socket qw(PF_INET PF_INET6 PF_UNIX SOCK_STREAM SOL_SOCKET SO_RCVBUF SO_LINGER
    IPPROTO_TCP TCP_NODELAY inet_aton inet_pton pack_sockaddr_in
    pack_sockaddr_in6 pack_sockaddr_un);
use Time::HiRes qw(time);

# Where new() connects to: the kind of socket, and its address.
sub place {
	my ($port, $host) = @_;

	return (PF_UNIX, pack_sockaddr_un($port)) if $port =~ m{^/};
	return (PF_INET6, pack_sockaddr_in6($port, inet_pton(PF_INET6, $host)))
	    if $host =~ /:/;
	return (PF_INET, pack_sockaddr_in($port, inet_aton($host)));
}

# new(PORT, timeout => SECONDS, rcvbuf => BYTES, host => ADDRESS, from => IPV4
# ADDRESS OF OURS); undef when nobody listens there. The path of a UNIX socket
# stands for a port as well.
sub new {
	my ($class, $port, %o) = @_;
	my ($family, $address) = place($port, $o{host} // '127.0.0.1');

	socket my $socket, $family, SOCK_STREAM, 0 or die "socket: $!";
	setsockopt $socket, SOL_SOCKET, SO_RCVBUF, pack 'i', $o{rcvbuf}
	    if $o{rcvbuf};
	bind $socket, pack_sockaddr_in(0, inet_aton($o{from}))
	    or die "bind: $!" if $o{from};
	connect $socket, $address or return undef;
	setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, pack 'i', 1
	    if $family != PF_UNIX;
	binmode $socket;
	return bless { socket => $socket, in => '',
	    timeout => $o{timeout} // 10 }, $class;
}

# The bytes of a request without body; Host is added.
sub bytes {
	my ($method, $target, @fields) = @_;
	my $text = "$method $target HTTP/1.1\r\nHost: localhost\r\n";

	while (my ($name, $value) = splice @fields, 0, 2) {
		$text .= "$name: $value\r\n";
	}
	return "$text\r\n";
}

# Sends all of it, or as much as the peer takes before it closes.
sub send {
	my ($c, $bytes) = @_;
	my $off = 0;

	while ($off < length $bytes) {
		my $n = syswrite $c->{socket}, $bytes, length($bytes) - $off,
		    $off;
		last unless defined $n;
		$off += $n;
	}
	$c->{sent} = $off;
	return $c;
}

sub get {
	my ($c, $target, @fields) = @_;

	return $c->send(bytes('GET', $target, @fields))->response;
}

# No more will be sent; the other half stays open.
sub half_close { shutdown $_[0]{socket}, 1; return $_[0] }

sub close { close $_[0]{socket}; return }

# Closes with a reset.
sub abort {
	my ($c) = @_;

	setsockopt $c->{socket}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
	$c->close;
}

# Reads once into the buffer: 'data', 'closed', 'reset' or 'timeout'.
sub fill {
	my ($c, $end) = @_;
	my $want = '';

	vec($want, fileno $c->{socket}, 1) = 1;
	my $left = $end - time;
	return 'timeout' if $left <= 0
	    || !select my $ready = $want, undef, undef, $left;
	my $n = sysread $c->{socket}, $c->{in}, 65536, length $c->{in};
	return 'reset' unless defined $n;
	return $n ? 'data' : 'closed';
}

# Reads until the buffer holds n bytes; '' or what went wrong.
sub need {
	my ($c, $n, $end) = @_;

	while (length $c->{in} < $n) {
		my $what = $c->fill($end);
		return $what unless $what eq 'data';
	}
	return '';
}

# Has the peer closed, with nothing more to read? Waits for it.
sub is_closed {
	my ($c, $seconds) = @_;
	my $what = $c->fill(time + ($seconds // $c->{timeout}));

	return length $c->{in} == 0 && $what =~ /^(closed|reset)$/;
}

# Everything up to the end of the connection.
sub rest {
	my ($c, $seconds) = @_;
	my $end = time + ($seconds // $c->{timeout});
	my $what;

	1 while ($what = $c->fill($end)) eq 'data';
	my $bytes = $c->{in};
	$c->{in} = '';
	return wantarray ? ($bytes, $what) : $bytes;
}

# One answer. head => 1: to a HEAD, so without a body. timeout => seconds.
sub response {
	my ($c, %o) = @_;
	my $end = time + ($o{timeout} // $c->{timeout});

	while ($c->{in} !~ /\r\n\r\n/) {
		my $what = $c->fill($end);
		next if $what eq 'data';
		return { status => length $c->{in} ? "$what in the head"
		    : $what, body => '', fields => [] };
	}
	$c->{in} =~ s/^(.*?\r\n)\r\n//s;
	my $r = parse_head($1);
	$c->body($r, $end, $o{head}) if $r->{status} =~ /^\d+$/;
	return $r;
}

sub parse_head {
	my ($text) = @_;
	my $r = { status => 'bad: status line', head => $text, body => '',
	    fields => [] };
	my ($line, @lines) = split /\r\n/, $text, -1;

	pop @lines;
	return $r unless $line =~ m{^HTTP/1\.1 ([1-5]\d\d) ([\x20-\x7e]*)\z};
	my ($status, $reason) = ($1, $2);
	for (@lines) {
		unless (/^([A-Za-z0-9-]+): ([\t\x20-\x7e]*)\z/) {
			$r->{status} = "bad: field $_";
			return $r;
		}
		push @{ $r->{fields} }, [$1, $2];
	}
	@$r{qw(status reason)} = ($status, $reason);
	$r->{headers} = { map { lc $_->[0] => $_->[1] } @{ $r->{fields} } };
	my %count;
	for (qw(content-length transfer-encoding date connection etag)) {
		my $name = $_;
		my $n = grep { lc $_->[0] eq $name } @{ $r->{fields} };
		$r->{status} = "bad: $n times $name" if $n > 1;
	}
	return $r;
}

sub field {
	my ($r, $name) = @_;

	for (@{ $r->{fields} }) {
		return $_->[1] if lc $_->[0] eq lc $name;
	}
	return undef;
}

# Reads the body as the head frames it (RFC 9112 section 6.3).
sub body {
	my ($c, $r, $end, $head_only) = @_;
	my ($coding, $length) = map { field($r, $_) }
	    qw(Transfer-Encoding Content-Length);
	my $wrong;

	$r->{complete} = 0;
	if ($head_only || $r->{status} =~ /^(1..|204|304)$/) {
		$wrong = '';
	} elsif (defined $coding) {
		$wrong = $coding ne 'chunked' ? "bad: $coding"
		    : defined $length ? 'bad: length and chunked'
		    : $c->chunks($r, $end);
	} elsif (defined $length) {
		return $r->{status} = "bad: length $length"
		    unless $length =~ /^\d{1,18}\z/;
		$wrong = $c->need($length, $end);
		$r->{body} = substr $c->{in}, 0, $length, '';
	} else {
		($r->{body}, my $what) = $c->rest($end - time);
		$wrong = $what eq 'closed' ? '' : $what;
	}
	$r->{complete} = $wrong eq '';
	$r->{cut} = $wrong;
	$r->{status} = $wrong if $wrong =~ /^bad/;
}

sub chunks {
	my ($c, $r, $end) = @_;

	while (1) {
		while ($c->{in} !~ /\r\n/) {
			my $what = $c->fill($end);
			return $what unless $what eq 'data';
		}
		$c->{in} =~ s/^([0-9a-fA-F]{1,15})\r\n//
		    or return 'bad: chunk size';
		my $n = hex $1;
		my $wrong = $c->need($n + 2, $end);
		return $wrong if $wrong;
		$r->{body} .= substr $c->{in}, 0, $n, '';
		$c->{in} =~ s/^\r\n// or return 'bad: end of chunk';
		return '' if $n == 0;
	}
}

1;
