# Pyked::Browser: Chromium without a window, as a client of a test's servers.
#
#	my $b = Pyked::Browser->new or plan skip_all => 'no chromium here';
#	$b->start($url);
#	... what the page does is seen by the server ...
#	$b->stop;
#
# It keeps what it keeps in a folder of its own, is asked for nothing that it
# would do for itself, and believes every certificate. skip_all is meant also
# for one that is there and does not run.
package Pyked::Browser;

use strict;
use warnings;
use POSIX ();
use Test::More ();

use Pyked;

my @options = qw(--headless --no-sandbox --disable-gpu --disable-quic
    --disable-dev-shm-usage --no-first-run --no-proxy-server
    --disable-background-networking --disable-component-update
    --disable-sync --hide-scrollbars --mute-audio
    --ignore-certificate-errors);

sub program {
	for my $dir (split /:/, $ENV{PATH}) {
		for (qw(chromium chromium-browser google-chrome)) {
			return "$dir/$_" if -x "$dir/$_";
		}
	}
	return undef;
}

sub new {
	my ($class) = @_;
	my $program = program() // return undef;
	my $b = bless { program => $program, dir => temporary() }, $class;

	return $b->show('about:blank', '--dump-dom')->{out} =~ /<html/
	    ? $b : undef;
}

sub command {
	my ($b, @more) = @_;

	return ($b->{program}, @options, "--user-data-dir=$b->{dir}/data",
	    @more);
}

# Loads a page, does with it what the options say, and ends: as run().
sub show {
	my ($b, $url, @more) = @_;

	local $ENV{HOME} = $b->{dir};
	return run({ timeout => 120 }, $b->command(@more, $url));
}

# Loads a page and stays there.
sub start {
	my ($b, $url) = @_;

	$b->{pid} = background(sub {
		$ENV{HOME} = $b->{dir};
		open STDOUT, '>', "$b->{dir}/output";
		open STDERR, '>&', \*STDOUT;
		POSIX::setsid();
		exec $b->command('--remote-debugging-port=0', $url);
	});
	return $b;
}

# All of it goes at once: it has nothing to save.
sub stop {
	my ($b) = @_;

	kill KILL => -$b->{pid}, $b->{pid};
	finish($b->{pid}, 20);
	return $b;
}

# What it complained of.
sub output { slurp("$_[0]{dir}/output") }

1;
