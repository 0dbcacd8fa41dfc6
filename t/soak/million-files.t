#!/usr/bin/perl
# t/27-many-files.t with a million files.
use strict;
use warnings;
use FindBin;

$ENV{PYKED_FILES} //= 1000000;
exec $^X, "$FindBin::Bin/../27-many-files.t" or die "$^X: $!\n";
