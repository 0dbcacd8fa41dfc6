#!/usr/bin/perl
# Ten million requests, and new connections beside them: the worker's memory
# and its descriptors stay as they are.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use Pyked;

my $enough = 10_000_000;
my $grown_max = 512;	# kB; what is pooled is not all there from the start
my $s = Pyked->start(workers => 1, log => "access off\n"
    . "error \@DIR\@/error.log info\n", top => <<'END', files => {
limits {
	keepalive 15s 1000000
}
END
	map { ("$_.html" => chr(97 + $_) x (600 << $_)) } 0 .. 7 });
my ($worker) = $s->workers;
my $script = spew("$s->{dir}/pipeline.lua", <<'END');
request = function()
	local r = {}
	for i = 1, 16 do
		r[i] = wrk.format(nil, "/" .. math.random(0, 3) .. ".html")
	end
	return table.concat(r)
end
END

sub private { return int(Pyked::private_memory($worker) / 1024) }
sub descriptors { return scalar(() = glob "/proc/$worker/fd/*") }

sub requests {
	my $r = run(Pyked::program(), '-c', $s->{conf}, 'status');

	return $r->{out} =~ /(\d+) requests?$/m ? $1 : 0;
}

sub load {
	my ($seconds) = @_;
	my @more = map {
		my $n = $_;
		background(sub {
			open STDOUT, ">", "/dev/null";
			exec 'wrk', '-t1', "-c$n", "-d${seconds}s", '-H',
			    'Connection: close', $s->url("/$n.html")
			    or POSIX::_exit(127);
		});
	} 4, 7;
	my $r = run({ timeout => $seconds + 20 }, 'wrk', '-t1', '-c64',
	    "-d${seconds}s", '-s', $script, $s->url('/0.html'));

	finish($_, 20) for @more;
	return "$r->{out}$r->{err}";
}

load(2);
my ($memory, $descriptors) = (private(), descriptors());
my $out = '';
while (requests() < $enough && $out !~ /Socket errors|Non-2xx/) {
	$out = load(10);
	note requests() . ' requests, ' . private() . ' kB';
}
unlike $out, qr/Socket errors|Non-2xx/, 'all were answered';
cmp_ok requests(), '>=', $enough, 'ten million requests';
cmp_ok private() - $memory, '<', $grown_max,
    "the worker did not grow: $memory kB, " . private() . ' kB'
    unless Pyked::is_sanitized();
eventually { descriptors() <= $descriptors } 5,
    'and holds no more descriptors';
$s->stop;
done_testing;
