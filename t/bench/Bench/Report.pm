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

# What a full bar stands for: one far dearer than all the others is cut off, or
# nothing could be seen of these.
sub full_bar {
	my ($most, $second) = sort { $b <=> $a } @_;

	return $most if !$second || $most <= 2 * $second;
	return 1.3 * $second;
}

sub text {
	my ($x, $y, $text, $more) = @_;

	return sprintf qq{<text x="%.1f" y="%d"%s>%s</text>\n}, $x, $y,
	    $more ? " $more" : '', $text;
}

# One server's bar; a white stripe where it is cut off.
sub bar {
	my ($x, $y, $part, $colour, $cost) = @_;
	my ($wide, $high) = (420, 12);
	my $width = $wide * ($part > 1 ? 1 : $part);
	my $body = sprintf qq{<rect x="%d" y="%d" width="%.1f" height="%d" }
	    . qq{fill="%s"/>\n}, $x, $y, $width, $high, $colour;

	$body .= sprintf qq{<path d="M%d %d l6 %d h5 l-6 -%d z" fill="#fff"/>\n},
	    $x + $wide - 30, $y, $high, $high if $part > 1;
	return $body . text($x + $width + 6, $y + 10, short($cost));
}

# A group of bars for each scenario: CPU time per request, so the shorter the
# better. Each group has a scale of its own.
sub svg {
	my ($results, $scenarios, $servers) = @_;
	my $title = 'CPU time per request: the shorter the better';
	my ($left, $y) = (310, 66);
	my $body = text(12, 24, $title, 'font-size="15" font-weight="bold"');

	for my $i (0 .. $#$servers) {
		my $x = $left + 76 * $i;

		$body .= qq{<rect x="$x" y="38" width="12" height="12" } .
		    qq{fill="$colours[$i % @colours]"/>\n}
		    . text($x + 16, 48, $servers->[$i]);
	}
	for my $scenario (@$scenarios) {
		my %cost = map { $results->{$scenario}{$_} ? ($_ =>
		    medians($results->{$scenario}{$_})->{cost}) : () } @$servers;
		my $full = full_bar(values %cost) || 1;

		$body .= text($left - 10, $y + 10,
		    Bench::Loads::title($scenario), 'text-anchor="end"');
		for my $i (grep { defined $cost{ $servers->[$_] } }
		    0 .. $#$servers) {
			my $cost = $cost{ $servers->[$i] };

			$body .= bar($left, $y, $cost / $full,
			    $colours[$i % @colours], $cost);
			$y += 14;
		}
		$y += 14;
	}
	return <<"END" . $body . "</svg>\n";
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 810 $y" width="810" height="$y" font-family="sans-serif" font-size="11">
<title>$title</title>
<rect width="810" height="$y" fill="#fff"/>
END
}

1;
