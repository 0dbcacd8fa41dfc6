#!/usr/bin/perl
# A few seconds of the differential fuzzer; "make fuzz" runs it for long. The
# seed is fixed, so this is the same in every run.
use strict;
use warnings;
use FindBin;

exec "$FindBin::Bin/fuzz/differential", '--cases', 1000, '--seed', 1
    or die "differential: $!\n";
