#!/usr/bin/perl
# S12: session tickets, taken up again by any worker and after a reload, but not
# after a restart; with keys that are replaced, or those of a file.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time);

use Pyked;

my @versions = ('-tls1_2', '-tls1_3');
my $log = <<'END';
access @DIR@/access.log combined
error @DIR@/error.log debug
END

# A server for site.example, with what is said of tls.
sub prepare {
	my ($tls, %o) = @_;
	my $s = Pyked->prepare(tls => 1, workers => 2, log => $log,
	    scripts => { 'pid' => "#!/bin/sh\n"
		. "printf 'Content-Type: text/plain\\n\\nworker=%s\\n' "
		. "\$PPID\n" }, %o);
	configure($s, $tls);
	return $s;
}

sub configure {
	my ($s, $tls, %o) = @_;
	my $pair = join ' ', map { $o{$_} // "\@\U$_\@" } qw(cert key);

	$s->write_conf(top => "tls {\n$tls\n}\n", servers => <<"END");
server site.example {
	listen 127.0.0.1:0 tls
	certificate $pair
	location /cgi/ { cgi dir \@CGI\@ }
}
END
}

# One connection: New or Reused, which worker it was, and whether there was a
# ticket.
sub visit {
	my ($s, @options) = @_;
	my $file = "$s->{dir}/messages";
	my $r = s_client($s->port('https'), "GET /cgi/pid HTTP/1.0\r\n"
	    . "Host: site.example\r\n\r\n", qw(-servername site.example -msg
	    -msgfile), $file, @options);
	my ($pid) = $r->{out} =~ /^worker=(\d+)$/m;
	my $messages = slurp($file);
	my $how = $messages =~ /^<<< .*, Certificate$/m ? 'New' : 'Reused';

	diag $r->{out}, $r->{err} if !$pid;
	return $how unless wantarray;
	return ($how, $pid, $messages =~ /NewSessionTicket/ ? 1 : 0);
}

sub reload {
	my ($s, $generation) = @_;

	$s->set_mark;
	$s->signal('HUP');
	ok $s->wait_log(qr/ready: generation $generation\b/, 10), 'a reload';
}

subtest 'any worker, any generation' => sub {
	my $s = prepare('')->up;
	my %session = map { $_ => "$s->{dir}/session$_" } @versions;
	my %seen;

	for my $v (@versions) {
		is visit($s, $v, '-sess_out', $session{$v}), 'New', $v;
	}
	my @workers = $s->workers;
	for (1 .. 100) {
		my ($how, $pid) = visit($s, '-tls1_2', '-sess_in',
		    $session{-tls1_2});
		$seen{$pid}{$how}++;
		last if $_ >= 10 && keys %seen == 2;
	}
	is join(' ', sort { $a <=> $b } keys %seen), "@workers",
	    'both workers';
	is scalar(grep { $_->{New} } values %seen), 0, '... know the session';
	kill KILL => $workers[0];
	eventually { $s->workers == 2 && ($s->workers)[-1] != $workers[1] } 5,
	    'a worker is replaced';
	is visit($s, $_, '-sess_in', $session{$_}), 'Reused',
	    "... and nobody notices: $_" for @versions;
	reload($s, 2);
	is visit($s, $_, '-sess_in', $session{$_}), 'Reused',
	    "the session goes on: $_" for @versions;
	$s->stop;
	my $again = prepare('')->up;
	is visit($again, $_, '-sess_in', $session{$_}), 'New',
	    "after a restart it is not known: $_" for @versions;
	$again->stop;
};

# How often the keys were replaced.
sub rotations { scalar(() = $_[0]->log =~ /new key for session tickets/g) }

# The next time they are.
sub next_rotation {
	my ($s, $seconds) = @_;
	my $n = rotations($s);

	return wait_until { rotations($s) > $n } 3 * $seconds;
}

# Takes up a session with the key of its ticket, with the next one, when it is
# given a new ticket, and with the one after that. Undef when the machine was
# too slow for that to be known.
sub grow_old {
	my ($s, $v, $seconds) = @_;
	my $session = "$s->{dir}/session$v";
	my @how;

	next_rotation($s, $seconds) or return;
	my $n = rotations($s);
	push @how, (visit($s, $v, '-sess_out', $session))[0, 2];
	push @how, (visit($s, $v, '-sess_in', $session))[0, 2];
	return if rotations($s) != $n;
	next_rotation($s, $seconds) or return;
	push @how, (visit($s, $v, '-sess_in', $session))[0, 2];
	return if rotations($s) != $n + 1;
	next_rotation($s, $seconds) or return;
	push @how, (visit($s, $v, '-sess_in', $session))[0, 2];
	return if rotations($s) != $n + 2;
	return join ' ', @how;
}

subtest 'keys grow old' => sub {
	my $seconds = scaled(1);
	my $s = prepare("tickets rotate ${seconds}s")->up;
	my $generation = 1;

	for my $v (@versions) {
		my $how;
		until (defined($how = grow_old($s, $v, $seconds))
		    || $seconds > 60) {
			$seconds *= 2;
			configure($s, "tickets rotate ${seconds}s");
			reload($s, ++$generation);
		}
		is $how, 'New 1 Reused ' . ($v eq '-tls1_3' ? 1 : 0)
		    . ' Reused 1 New 1', $v;
	}
	$s->stop;
};

subtest 'a file' => sub {
	my @s = map { prepare('') } 1 .. 2;
	my $key = sub { join '', map { chr rand 256 } 1 .. $_[0] };
	my ($small, $large, $next) = map { $key->($_) } 48, 80, 80;
	my $file = "$s[0]{dir}/keys";
	my %pair = map { $_ => $s[0]{$_} } qw(cert key);

	for my $bytes ($small, $large) {
		my $n = length $bytes;
		spew($file, $bytes, 0600);
		configure($_, "tickets file $file", %pair), $_->up for @s;
		for my $v (@versions) {
			my $session = "$s[0]{dir}/shared$v";
			is visit($s[0], $v, '-sess_out', $session), 'New',
			    "$n bytes: $v";
			is visit($s[1], $v, '-sess_in', $session), 'Reused',
			    '... another machine knows it';
		}
		last if $n == 80;
		$_->stop for @s;
		@s = map { prepare('') } 1 .. 2;
		$file = "$s[0]{dir}/keys";
		%pair = map { $_ => $s[0]{$_} } qw(cert key);
	}
	my ($s) = @s;
	my ($old, $new) = map { "$s->{dir}/$_" } qw(shared-tls1_3 new);
	spew($file, $next . $large);
	reload($s, 2);
	is visit($s, '-tls1_3', '-sess_in', $old, '-sess_out', $new), 'Reused',
	    'a key that is not the first any more';
	is join(' ', (visit($s, '-tls1_2', '-sess_in', "$s->{dir}/shared-tls1_2"))
	    [0, 2]), 'Reused 1', '... makes way for the first';
	spew($file, $next);
	reload($s, 3);
	is visit($s, '-tls1_3', '-sess_in', $old), 'New', 'one that is gone';
	is visit($s, '-tls1_3', '-sess_in', $new), 'Reused',
	    'the ticket was renewed';
	spew($file, 'short');
	$s->allow(qr/there are no ticket keys in|reload refused/);
	$s->set_mark;
	$s->signal('HUP');
	ok $s->wait_log(qr/refused: 1 mistake; generation 3 serves on/),
	    'a bad file';
	is visit($s, '-tls1_3', '-sess_in', $new), 'Reused',
	    '... changes nothing';
	$_->stop for @s;
};

subtest 'none' => sub {
	my $s = prepare('tickets off')->up;

	for my $v (@versions) {
		my $r = s_client($s->port('https'), "GET / HTTP/1.0\r\n\r\n",
		    $v, '-msg');
		like $r->{out}, qr/ServerHello/, $v;
		unlike $r->{out}, qr/NewSessionTicket/, '... has no ticket';
		my $session = "$s->{dir}/none$v";
		visit($s, $v, '-sess_out', $session);
		is visit($s, $v, -e $session ? ('-sess_in', $session) : ()),
		    'New', '... and no session to go on with';
	}
	$s->stop;
};

done_testing;
