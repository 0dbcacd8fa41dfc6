#!/usr/bin/perl
# The requirements of t/rfc9112.table: each of its requests whole, byte by byte
# and split in two, for a file and a script, over plain TCP and TLS. What must
# hold is told there; the request of a marker right behind shows whether the
# connection is still in step.
#
# Over plain TCP the requests for a file are split at every place; the others
# at some, unless PYKED_THOROUGH is set. Long ones are split at some places only:
# t/unit/parse_test.c splits those everywhere.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(sleep);

use Pyked;
use Pyked::Tls;

my $top = Pyked::top();
my $marker = "GET /marker HTTP/1.1\r\nHost: a\r\n\r\n";
my %target = (file => '/file.txt', script => '/cgi/echo');
my $tls = Pyked::Tls::missing() eq '';
my %batch = (file => 100, script => 50);	# connections at once
my $pieces_max = 400;			# of one request

my $text = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n";
my $s = Pyked->prepare(tls => 1, files => {
	'file.txt' => "file\n", 'marker' => "marker\n",
	'folder/a' => '' }, scripts => {
	'echo' => "${text}exec cat\n",
	'name' => $text . "printf %s \"\$SERVER_NAME\"\n",
	'none' => "#!/bin/sh\nprintf 'Status: 204\\n\\n'\n",
	'stream' => $text . "printf stream\n",
});
$s->write_conf(top => <<'END');
limits {
	keepalive 30s 1000
}
END
$s->up;

# --- the table ---

sub unescape {
	my ($text) = @_;
	my %byte = (r => "\r", n => "\n", t => "\t", 0 => "\0", '\\' => '\\',
	    '"' => '"');

	$text =~ s/\\(?:x([0-9a-f]{2})|(.))/defined $1 ? chr hex $1
	    : $byte{$2} \/\/ die "\\$2 in the table\n"/gsex;
	return $text;
}

sub expand {
	my ($text, $target) = @_;

	$text =~ s/\{(get|head|post)\}/uc($1) . ' @ HTTP\/1.1\r\nHost: a\r\n'/ge;
	1 while $text =~ s/\{(\d+)\*([^{}]*)\}/$2 x $1/ge;
	$text =~ s/@/$target/g;
	return unescape($text);
}

sub parse_fate {
	my ($text) = @_;
	my ($where, $statuses, $fate, $rest) = $text =~
	    /^(?:(file|script): )?([\d,?]+|none) (keep|close|ends)\b(.*)\z/
	    or die "in the table: $text\n";
	my %want = (where => $where, fate => $fate, fields => [],
	    statuses => $statuses eq 'none' ? [] : [split /,/, $statuses]);

	$want{body} = unescape($1) if $rest =~ s/ "((?:[^"\\]|\\.)*)"//;
	for (split ' ', $rest) {
		$want{$_} = 1 if /^(?:eof|head)\z/;
		push @{ $want{fields} }, $_ if /^!?[A-Z]/;
	}
	return \%want;
}

# A list of { name, line, examples => [[bytes, [fates]]], tests }.
sub read_table {
	my ($file) = @_;
	my (@rows, $row);
	my $n = 0;

	for (split /\n/, slurp($file)) {
		$n++;
		if (/^(?:#|\s*\z)/) {
			$row = undef;
		} elsif (/^\S/) {
			die "$file:$n: $_\n" unless /^[F\d]\S* \S/ && !$row;
			$row = { name => $_, line => $n, examples => [],
			    tests => [] };
			push @rows, $row;
		} elsif (/^\t> (.*)/) {
			my $e = $row->{examples};
			push @$e, ['', []] if !@$e || @{ $e->[-1][1] };
			$e->[-1][0] .= $1;
		} elsif (/^\t< (.*)/) {
			push @{ $row->{examples}[-1][1] }, parse_fate($1);
		} elsif (/^\t= (\S+) (.+)/) {
			push @{ $row->{tests} }, [$1, $2];
		} else {
			die "$file:$n: $_\n";
		}
	}
	return @rows;
}

# --- one request, in pieces ---

sub connection {
	my ($over) = @_;

	return $over eq 'tls'
	    ? Pyked::Tls->new($s->port('https'), timeout => scaled(10))
	    : client($s);
}

# What is wrong with the answers that come; '' when nothing is.
sub judge {
	my ($c, $want) = @_;
	my @statuses = @{ $want->{statuses} };
	my $r;

	while (@statuses) {
		my $status = shift @statuses;
		$r = $c->response(head => $want->{head} && !@statuses);
		if ($status =~ s/\?\z//) {
			next if $r->{status} eq $status;
			$status = shift @statuses;
		}
		return "$r->{status} for $status" if $r->{status} ne $status;
		return 'no Date' unless $status < 200
		    || defined field($r, 'Date');
	}
	if ($r) {
		return "the body is $r->{body}" if defined $want->{body}
		    && $r->{body} ne $want->{body};
		for (@{ $want->{fields} }) {
			my $name = s/^!//r;
			return "wrong: $_" if /^!/
			    xor !defined field($r, $name);
		}
		my $says = field($r, 'Connection') // '';
		return "Connection: $says" if $want->{fate} eq 'close'
		    ? $says ne 'close' : $says eq 'close';
	}
	if ($want->{fate} eq 'keep') {
		my $next = $c->response;
		return "the next one: $next->{status} $next->{body}"
		    if $next->{status} ne '200' || $next->{body} ne "marker\n";
		$c->abort;
		return '';
	}
	my ($more, $how) = $c->rest;
	return "$how, not closed" if $how ne 'closed';
	return length $more ? "and then $more" : '';
}

# All at once, piece by piece: the server sees each on its own.
sub try_all {
	my ($over, @jobs) = @_;
	my @wrong;

	for my $job (@jobs) {
		$job->{c} = connection($over) // die "no connection\n";
	}
	my @left = @jobs;
	while (@left) {
		$_->{c}->send(shift @{ $_->{pieces} }) for @left;
		@left = grep { @{ $_->{pieces} } } @left;
		sleep 0.002 if @left;
	}
	for my $job (@jobs) {
		$job->{c}->half_close if $job->{want}{eof};
	}
	for my $job (@jobs) {
		my $wrong = judge($job->{c}, $job->{want});
		push @{ $job->{wrong} }, "$job->{how}: $wrong" if $wrong;
		$job->{c}->close;
	}
}

# At which places to split n bytes.
sub places {
	my ($n, $every) = @_;
	my $step = $n > $pieces_max ? int $n / 40 : 1;

	$every = $step > $every ? $step : $every;
	return grep { ($_ - 1) % $every == 0 || $n - $_ < 5 } 1 .. $n - 1;
}

sub jobs_of {
	my ($bytes, $want, $every, $wrong) = @_;
	my $end = $want->{eof} ? '' : $marker;
	my $n = length $bytes;
	my $size = $n > $pieces_max ? int $n / 100 : 1;
	my @jobs = ([whole => $bytes . $end]);

	push @jobs, ["split at $_" => substr($bytes, 0, $_),
	    substr($bytes, $_) . $end] for places($n, $every);
	# A client that wants to close sends nothing once it was answered: so the
	# marker is never on its own.
	my @bytes = unpack "(a$size)*", $bytes;
	$bytes[-1] .= $end;
	push @jobs, ["by $size" => @bytes];
	return map {
		my ($how, @pieces) = @$_;
		{ how => $how, pieces => \@pieces, want => $want,
		    wrong => $wrong };
	} @jobs;
}

sub shown {
	my ($bytes) = @_;

	$bytes = substr($bytes, 0, 200) . '...' if length $bytes > 200;
	return $bytes =~ s/([^ -~])/sprintf '\x%02x', ord $1/ger;
}

# The examples that hold for a target, as [row, bytes, wrong], and their jobs
# by the number of pieces, so that a batch takes no longer than it must.
sub prepare_jobs {
	my ($where, $every, @rows) = @_;
	my (@examples, @jobs);

	for my $row (@rows) {
		for my $example (@{ $row->{examples} }) {
			my $bytes = expand($example->[0], $target{$where});
			for my $want (@{ $example->[1] }) {
				next if ($want->{where} // $where) ne $where;
				my @wrong;
				push @examples, [$row, $bytes, \@wrong];
				push @jobs, jobs_of($bytes, $want, $every,
				    \@wrong);
			}
		}
	}
	@jobs = sort { @{ $a->{pieces} } <=> @{ $b->{pieces} } } @jobs;
	return (\@examples, \@jobs);
}

sub run_table {
	my ($over, $where, @rows) = @_;
	my $all = $ENV{PYKED_THOROUGH}
	    || ("$over $where" eq 'plain file' && !Pyked::is_sanitized());
	my ($examples, $jobs) = prepare_jobs($where, $all ? 1 : 9, @rows);

	note scalar(@$jobs) . ' connections';
	try_all($over, splice @$jobs, 0, $batch{$where}) while @$jobs;
	for (@$examples) {
		my ($row, $bytes, $wrong) = @$_;
		splice @$wrong, 3 if @$wrong > 3;
		is join("\n", @$wrong), '', $row->{name}
		    or diag "rfc9112.table:$row->{line}: " . shown($bytes);
	}
}

# --- what the table leaves to other tests ---

sub has_test {
	my ($file, $name) = @_;
	my $text = slurp("$top/$file");

	# Strings are cut where a line of the program ends.
	$text =~ s/'\s*\.\s*'|"\s*\.\s*"|"\s*\n\s*"//g;
	return index($text, $name) >= 0;
}

my @rows = read_table("$top/t/rfc9112.table");
cmp_ok scalar @rows, '>', 90, 'the table is there';
for my $row (@rows) {
	fail "$row->{name}: nothing shows it"
	    unless @{ $row->{examples} } || @{ $row->{tests} };
	ok has_test(@$_), "$row->{name}: $_->[0] has \"$_->[1]\""
	    for @{ $row->{tests} };
}

subtest "a $_, over plain TCP" => sub { run_table('plain', $_, @rows) }
    for qw(file script);
for my $where (qw(file script)) {
	subtest "a $where, over TLS" => sub {
		plan skip_all => Pyked::Tls::missing() unless $tls;
		# judge() demands it: a close_notify came before every end,
		# and so it does for a Date in every answer.
		run_table('tls', $where, @rows);
	};
}

subtest 'the scheme and the transport' => sub {
	my $https = "GET https://a/file.txt HTTP/1.1\r\nHost: a\r\n\r\n";
	my $http = "GET http://a/file.txt HTTP/1.1\r\nHost: a\r\n\r\n";
	my $r = $s->request($https);

	is $r->{status}, 421, 'an https target over plain TCP';
	is field($r, 'Connection'), 'close', '... close';
	my $c = client($s->port('https'));
	$r = $c->send("GET /file.txt?a HTTP/1.1\r\nHost: b\r\n\r\n")->response;
	is $r->{status}, 308, 'plain HTTP on the TLS port';
	is field($r, 'Location'),
	    'https://b:' . $s->port('https') . '/file.txt?a', '... to the same';
	ok $c->is_closed, '... and the end';
	$c = client($s->port('https'));
	is $c->send("GET / HTTP/1.0\r\n\r\n")->response->{status}, 400,
	    '... which takes a Host';
	plan skip_all => Pyked::Tls::missing() unless $tls;
	$c = connection('tls');
	is $c->send($https)->response->{status}, 200,
	    'an https target over TLS';
	is $c->send($http)->response->{status}, 200, '... an http one too';
};

$s->stop;
done_testing;
