#!/usr/bin/perl
# Exits with 0 when the server beside it answers.
use strict;
use warnings;
use IO::Socket::INET;

my $socket = IO::Socket::INET->new(
    PeerAddr => '127.0.0.1', PeerPort => $ENV{PORT}, Proto => 'tcp', Timeout => 3,
) or die "port $ENV{PORT}: $!\n";
print $socket "GET / HTTP/1.0\r\n\r\n";
my $line = <$socket>;
exit(defined $line && $line =~ m{^HTTP/1\.[01] 200 } ? 0 : 1);
