#!/usr/bin/perl
# The worst scripts, a hundred of each at one time.
use strict;
use warnings;
use FindBin;

$ENV{PYKED_WORST} ||= 100;
exec $^X, "-I$FindBin::Bin/../lib", "$FindBin::Bin/../49-cgi-worst.t"
    or die "$!";
