#!/usr/bin/perl
# A repository of 100 MB, and what is in 48-cgi-programs.t beside it.
use strict;
use warnings;
use FindBin;

$ENV{PYKED_GIT_MB} ||= 100;
exec $^X, "-I$FindBin::Bin/../lib", "$FindBin::Bin/../48-cgi-programs.t"
    or die "$!";
