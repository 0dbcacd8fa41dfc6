# Fuzz::Reader: the reference reading of what a client sends.
#
# It shares nothing with the server: it sees all the bytes at once and says with
# a few regular expressions which requests are in them, by RFC 9112 and what
# README.md calls strict: what could be read in two ways is no request. It is
# slow and plain on purpose. ("portable": its numbers have up to 60 bits.)
#
#	@items = Fuzz::Reader::read_all($bytes)
#
# Each item is one answer that may come, in order; after the last one nothing
# may. An item is a hash:
#
#	kind	'accept'	a request, wholly here
#		'reject'	400, 414, 431, 501 or 505, then the end
#		'fault'		a request whose body is malformed: one answer,
#				then the end
#		'partial'	the bytes end within it: at most one answer
#	method, target, body, is_11, expects (it waits for 100)
#	persists		the client lets the connection go on
#	bad_path		the path means nothing: 400
package Fuzz::Reader;

use strict;
use warnings;
no warnings 'portable';

my $line_max = 8192;
my $head_max = 16384;
my $fields_max = 100;
my $chunk_line_max = 256;
my $extensions_max = 4096;
my $trailer_max = 4096;
my $trailer_fields_max = 32;

my $token = qr/[!#\$%&'*+\-.^_`|~0-9A-Za-z]+/;
my $quoted = qr/"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]
    |\\[\t \x21-\x7e\x80-\xff])*"/x;
my $octet = qr/[\t\x20-\x7e\x80-\xff]/;

# Fields that frame, route or authorise: too late in a trailer.
my %not_in_trailer = map { $_ => 1 } qw(authorization connection content-length
    cookie expect forwarded host keep-alive max-forwards proxy-authenticate
    proxy-authorization proxy-connection te trailer transfer-encoding upgrade
    www-authenticate x-forwarded-for x-forwarded-host x-forwarded-proto
    x-real-ip);

sub read_all {
	my ($bytes) = @_;
	my @items;

	while (length $bytes && $bytes ne "\r\n") {
		my $item = read_one(\$bytes);
		push @items, $item;
		last if $item->{kind} ne 'accept' || !$item->{persists};
	}
	return @items;
}

# Takes one request off the bytes.
sub read_one {
	my ($bytes) = @_;
	my $head_only = $$bytes =~ /^(?:\r\n)?HEAD / ? 'HEAD' : 'GET';

	$$bytes =~ s/^((?:\r\n)?.+?\r\n\r\n)//s
	    or return { kind => 'partial', method => $head_only };
	my $r = read_head($1)
	    // return { kind => 'reject', method => $head_only };
	$r->{kind} = read_body($r, $bytes);
	return $r;
}

sub read_head {
	my ($head) = @_;

	return undef if length $head > $head_max;
	my @lines = split /\r\n/, $head =~ s/^\r\n//r =~ s/\r\n\r\n\z//r, -1;
	return undef if grep { length > $line_max } @lines;
	my ($method, $target, $minor) = shift(@lines) =~
	    m{^([!#\$%&'*+\-.^_`|~0-9A-Za-z]{1,32})\x20
	    ([\x21\x22\x24-\x5b\x5d-\x7e]+)\x20HTTP/1\.(\d)\z}x or return undef;
	return undef if @lines > $fields_max;
	my %field;
	for (@lines) {
		/^($token):[ \t]*($octet*?)[ \t]*\z/ or return undef;
		push @{ $field{lc $1} }, $2;
	}
	my $r = { method => $method, target => $target, is_11 => $minor > 0,
	    body => '' };
	return read_framing($r, \%field) && read_target($r, \%field)
	    ? $r : undef;
}

sub read_framing {
	my ($r, $field) = @_;
	my @codings = @{ $field->{'transfer-encoding'} // [] };
	my @lengths = @{ $field->{'content-length'} // [] };
	my @options = grep { length } split /[ \t]*,[ \t]*/,
	    join ',', @{ $field->{connection} // [] };

	return 0 if grep { !/^$token\z/ } @options;
	my %option = map { lc, 1 } @options;
	$r->{persists} = !$option{close}
	    && ($r->{is_11} || $option{'keep-alive'});
	return 0 if @codings && (@lengths || !$r->{is_11});
	return 0 if @codings > 1 || grep { lc ne 'chunked' } @codings;
	return 0 if @lengths > 1 || grep {
		!/^(?:0|[1-9]\d{0,18})\z/
		    || length == 19 && $_ gt '9223372036854775807'
	} @lengths;
	@$r{qw(chunked length)} = (scalar @codings, $lengths[0] // 0);
	$r->{expects} = $r->{is_11} && $field->{expect} ? 1 : 0;
	return 1;
}

sub is_host {
	my ($host) = @_;

	if ($host =~ s/^\[([0-9A-Fa-f:.]+)\]//) {
		require Socket;
		return 0 unless defined Socket::inet_pton(Socket::AF_INET6(),
		    $1);
	} else {
		my $char = qr/[A-Za-z0-9\-_~!\$&'()*+,;=]|%[0-9A-Fa-f]{2}/;
		$host =~ s/^$char+(?:\.$char+)*\.?// or return 0;
	}
	return $host =~ /^(?::(\d*))?\z/
	    && (($1 // '') eq '' || $1 >= 1 && $1 <= 65535);
}

sub read_target {
	my ($r, $field) = @_;
	my @hosts = @{ $field->{host} // [] };
	my $target = $r->{target};

	return 0 if @hosts > 1 || !@hosts && $r->{is_11};
	return 0 if @hosts && !is_host($hosts[0]);
	if ($r->{method} eq 'CONNECT') {
		$r->{persists} = 0;
		return 1;
	}
	if ($target eq '*') {
		return $r->{method} eq 'OPTIONS';
	} elsif ($target !~ m{^/}) {
		$target =~ s{^https?://([^/?]+)}{}i && is_host($1) or return 0;
	}
	$r->{bad_path} = !is_path($target =~ s/\?.*//sr);
	return 1;
}

# Decoded once; no control bytes; never above the top. An encoded slash is
# found first by some and last by others: then 404 is as good.
sub is_path {
	my ($path) = @_;
	my $depth = 0;

	return 0 if $path =~ /%(?![0-9A-Fa-f]{2})/;
	$path =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
	return 0 if $path =~ /[\x00-\x1f\x7f]/;
	for (split m{/+}, $path) {
		$depth += $_ eq '..' ? -1 : $_ eq '' || $_ eq '.' ? 0 : 1;
		return 0 if $depth < 0;
	}
	return 1;
}

# Takes the body off the bytes: the kind of the whole.
sub read_body {
	my ($r, $bytes) = @_;

	return read_chunks($r, $bytes) if $r->{chunked};
	if (length $$bytes < $r->{length}) {
		$$bytes = '';
		return 'partial';
	}
	$r->{body} = substr $$bytes, 0, $r->{length}, '';
	return 'accept';
}

sub read_chunks {
	my ($r, $bytes) = @_;
	my $parameter = qr/[ \t]*;[ \t]*$token
	    (?:[ \t]*=[ \t]*(?:$token|$quoted))?/x;
	my $extensions = 0;

	while (1) {
		$$bytes =~ s/^([^\n]*)\r\n// or return 'partial';
		my $line = $1;
		my ($size, $rest) = $line =~
		    /^(?=[0-9A-Fa-f])0*([0-9A-Fa-f]{0,15})($parameter*)\z/
		    or return 'fault';
		my $n = hex($size || 0);
		$extensions += length $rest;
		return 'fault' if length $line > $chunk_line_max;
		return 'fault' if $extensions > $extensions_max;
		last if $n == 0;
		return 'partial' if length $$bytes < $n + 2;
		$r->{body} .= substr $$bytes, 0, $n, '';
		$$bytes =~ s/^\r\n// or return 'fault';
	}
	return read_trailer($bytes);
}

sub read_trailer {
	my ($bytes) = @_;
	my ($n, $size) = (0, 0);

	while ($$bytes =~ s/^([^\n]*)\r\n//) {
		my $line = $1;
		return 'accept' if $line eq '';
		$size += length($line) + 2;
		return 'fault' if ++$n > $trailer_fields_max
		    || $size > $trailer_max
		    || $line !~ /^($token):$octet*\z/ || $not_in_trailer{lc $1};
	}
	return 'partial';
}

1;
