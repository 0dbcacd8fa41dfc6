#!/usr/bin/perl
# form.pl: echoes a form, sent with GET or POST. Core Perl only.
use strict;
use warnings;
use utf8;
use Encode ();

binmode STDIN, ':raw';
binmode STDOUT, ':encoding(UTF-8)';

# What a browser shows and never runs.
sub escape {
	my ($text) = @_;
	my %entity = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;',
	    '"' => '&quot;', "'" => '&#39;');

	$text =~ s/([&<>"'])/$entity{$1}/g;
	return $text;
}

# One name or value of application/x-www-form-urlencoded.
sub decode {
	my ($text) = @_;

	$text =~ tr/+/ /;
	$text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
	return Encode::decode('UTF-8', $text);
}

sub fields {
	my ($encoded) = @_;
	my @fields;

	for my $pair (split /&/, $encoded) {
		my ($name, $value) = split /=/, $pair, 2;
		push @fields, [decode($name // ''), decode($value // '')];
	}
	return @fields;
}

# The body is exactly CONTENT_LENGTH bytes long.
sub body {
	my $left = $ENV{CONTENT_LENGTH} || 0;
	my $body = '';

	while ($left > 0) {
		my $n = read STDIN, $body, $left, length $body;
		last unless $n;
		$left -= $n;
	}
	return $body;
}

sub table {
	my ($title, @fields) = @_;
	my $rows = join '', map {
		'<tr><th>' . escape($_->[0]) . '</th><td>' . escape($_->[1])
		    . "</td></tr>\n"
	} @fields;

	return @fields ? "<h2>$title</h2>\n<table>\n$rows</table>\n" : '';
}

my $method = $ENV{REQUEST_METHOD} // 'GET';
my $is_form = ($ENV{CONTENT_TYPE} // 'application/x-www-form-urlencoded')
    =~ m{^application/x-www-form-urlencoded\b}i;
my $body = $method eq 'POST' ? body() : '';

if (!$is_form) {
	print "Status: 415\nContent-Type: text/plain; charset=utf-8\n\n",
	    "This program reads application/x-www-form-urlencoded only.\n";
	exit 0;
}
my $action = escape($ENV{SCRIPT_NAME} // '');
my $query = table('From the address (GET)', fields($ENV{QUERY_STRING} // ''));
my $posted = table('From the body (POST)', fields($body));
print <<"END";
Content-Type: text/html; charset=utf-8

<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>A form</title>
</head>
<body>
<h1>A form</h1>
$query$posted<form action="$action" method="get">
<p><label>Your name <input name="name" value="Zoë"></label>
<button>Send with GET</button></p>
</form>
<form action="$action" method="post">
<p><label>A remark <input name="remark" value="5 &lt; 6 &amp; 7 ≠ 8"></label>
<button>Send with POST</button></p>
</form>
</body>
</html>
END
