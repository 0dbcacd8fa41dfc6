# Bench::Report: medians as a table for a terminal, a table for the README and
# a chart.
#
# Results are { scenario => { server => [ runs ] } }; what a run holds is said
# in Bench::Loads.
package Bench::Report;

use strict;
use warnings;
use POSIX ();

use Bench::Loads;
use Bench::Peers;
use Pyked;

sub median {
	my @sorted = sort { $a <=> $b } grep { defined } @_;
	my $middle = int(@sorted / 2);

	return undef unless @sorted;
	return @sorted % 2 ? $sorted[$middle]
	    : ($sorted[$middle - 1] + $sorted[$middle]) / 2;
}

# The medians of a server's runs: { rate, cost, p50, p99, memory }, cost in
# microseconds of CPU for a request.
sub medians {
	my @runs = @{ $_[0] };

	return {
		rate => median(map { $_->{requests} / $_->{seconds} } @runs),
		cost => median(map { 1e6 * $_->{cpu} / $_->{requests} } @runs),
		map { my $k = $_; $k => median(map { $_->{$k} } @runs) }
		    qw(p50 p99 memory)
	};
}

sub ratio { $_[1] ? sprintf '%.2f', $_[0] / $_[1] : '-' }
sub ms { $_[0] ? sprintf '%.2f', 1000 * $_[0] : '-' }

# How pyked stands: more than 1 is better in the first ratio, less in the
# second.
sub print_table {
	my ($scenario, $results, @servers) = @_;
	my %m = map { $_ => medians($results->{$_}) } @servers;
	my $memory = defined $m{pyked}{memory};

	printf "\n%s: %s; median of %d\n", $scenario,
	    Bench::Loads::title($scenario), scalar @{ $results->{pyked} };
	printf "  %-10s %11s %11s %8s %8s %10s %10s%s\n", '', 'requests/s',
	    'CPU us/req', 'p50 ms', 'p99 ms', 'pyked r/s', 'pyked CPU',
	    $memory ? '  B/idle conn' : '';
	for my $name (@servers) {
		my $s = $m{$name};

		printf "  %-10s %11.0f %11.2f %8s %8s %9sx %9sx", $name,
		    $s->{rate}, $s->{cost}, ms($s->{p50}), ms($s->{p99}),
		    ratio($m{pyked}{rate}, $s->{rate}),
		    ratio($m{pyked}{cost}, $s->{cost});
		printf " %12.0f", $s->{memory} if $memory;
		print "\n";
	}
}

sub short { $_[0] < 1000 ? sprintf '%.1f us', $_[0] :
    sprintf '%.2f ms', $_[0] / 1000 }

sub thousands { $_[0] < 10000 ? sprintf '%.0f', $_[0] :
    sprintf '%.0fk', $_[0] / 1000 }

sub cpus { run('nproc')->{out} =~ /(\d+)/ ? $1 : 1 }

# "4 x AMD EPYC, Linux 6.1.0": what it was measured on.
sub machine {
	my ($model) = slurp('/proc/cpuinfo') =~ /^model name\s*:\s*(.*)$/m;
	my ($system, $release) = (POSIX::uname())[0, 2];

	return cpus() . ' x '
	    . ($model // 'unknown') . ", $system $release";
}

# A row for each scenario: CPU time per request and requests per second.
sub markdown {
	my ($results, $scenarios, $servers) = @_;
	my ($runs) = map { scalar @{ $_->{pyked} } } values %$results;
	my $text = '| | ' . join(' | ', @$servers) . " |\n" .
	    '|---|' . '--:|' x @$servers . "\n";

	for my $scenario (@$scenarios) {
		$text .= '| ' . Bench::Loads::title($scenario);
		for my $name (@$servers) {
			my $r = $results->{$scenario}{$name};
			my $m = $r ? medians($r) : undef;

			$text .= ' | ' . ($m ? short($m->{cost}) . ', '
			    . thousands($m->{rate}) . '/s' : '');
		}
		$text .= " |\n";
	}
	return $text . "\nCPU time per request, and requests per second; "
	    . "medians of $runs on " . machine() . ', '
	    . POSIX::strftime('%Y-%m-%d', gmtime) . '. '
	    . join(', ', map { Bench::Peers::version($_) }
	    grep { $_ ne 'floor' } @$servers) . ".\n";
}

my @colours = map { "#$_" } qw(1f6feb 3fa45b 8a63d2 d9822b c0392b 8c959f);

# A group of bars for each scenario: CPU time per request relative to the
# dearest server, so the shorter the better.
sub svg {
	my ($results, $scenarios, $servers) = @_;
	my ($left, $wide, $bar) = (300, 420, 14);
	my ($y, $body) = (40, '');
	my $x = $left;

	for my $i (0 .. $#$servers) {
		$body .= qq{<rect x="$x" y="12" width="12" height="12" } .
		    qq{fill="$colours[$i % @colours]"/>} . sprintf
		    qq{<text x="%d" y="22">%s</text>\n}, $x + 16, $servers->[$i];
		$x += 76;
	}
	for my $scenario (@$scenarios) {
		my %cost = map { $results->{$scenario}{$_} ? ($_ =>
		    medians($results->{$scenario}{$_})->{cost}) : () } @$servers;
		my ($most) = sort { $b <=> $a } values %cost;

		$body .= sprintf qq{<text x="%d" y="%d" text-anchor="end">%s} .
		    "</text>\n", $left - 10, $y + 16,
		    Bench::Loads::title($scenario);
		for my $i (0 .. $#$servers) {
			my $cost = $cost{ $servers->[$i] };
			my $width;

			next unless defined $cost;
			$width = $wide * $cost / ($most || 1);
			$body .= sprintf qq{<rect x="%d" y="%d" width="%.1f" } .
			    qq{height="%d" fill="%s"/><text x="%.1f" y="%d">%s} .
			    "</text>\n", $left, $y, $width, $bar - 2,
			    $colours[$i % @colours], $left + $width + 6,
			    $y + $bar - 4, short($cost);
			$y += $bar;
		}
		$y += 14;
	}
	return <<"END" . $body . "</svg>\n";
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 $y" width="800" height="$y" font-family="sans-serif" font-size="11">
<title>CPU time per request; shorter is better</title>
<rect width="800" height="$y" fill="#fff"/>
END
}

1;
