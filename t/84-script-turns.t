#!/usr/bin/perl
# Scripts run in the order in which they were asked for.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Pyked;

# Scripts write there, who may not enter the server's own folder.
my $folder = temporary(0777);
my $notes = "$folder/notes";
my $note = <<'END';
#!/usr/bin/perl
$| = 1;
open my $f, '>>', $ENV{NOTES} or die;
syswrite $f, "$ENV{QUERY_STRING} ";
print "Content-Type: text/plain\n\n";
select undef, undef, undef, 0.01
    while $ENV{QUERY_STRING} eq 'first' && !-e "$ENV{NOTES}.go";
print "done\n";
END
my $s = Pyked->start(scripts => { note => $note }, servers => <<"END");
server {
	listen 127.0.0.1:0
	root \@SITE\@
	location /cgi/ {
		cgi dir \@CGI\@
		env NOTES $notes
		cgi-limits {
			processes 1 queue 1 30s
		}
	}
}
END
my ($worker) = $s->workers;

sub is_script { grep { $_->{ppid} == $worker && $_->{state} ne 'Z' }
    values %{ processes() } }

my $first = client($s)->send(Pyked::Http::bytes(GET => '/cgi/note?first'));
eventually { slurp($notes) eq 'first ' } 10, 'one runs';
my $second = client($s)->send(Pyked::Http::bytes(GET => '/cgi/note?second'));
my $late = client($s);
wait_until { $late->get('/cgi/note?early')->{status} == 503 };
is slurp($notes), 'first ', 'another waits, there is no room for a third';

# All at once for the worker: the script's end, and many who ask meanwhile.
kill STOP => $worker;
wait_until { processes()->{$worker}{state} eq 'T' };
spew("$notes.go", '');
wait_until { !is_script() } 10;
$late->send(Pyked::Http::bytes(GET => '/cgi/note?late') x 200);
kill CONT => $worker;
is $first->response->{status}, 200, 'the first is answered';
is $second->response->{status}, 200, 'so is the second';
like slurp($notes), qr/^first second /, '... whose turn it was';
$late->close;
$s->stop;
done_testing;
