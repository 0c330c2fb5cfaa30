#!/usr/bin/perl
# The smallest web server that still is one: perl-base is in every Debian image.
use strict;
use warnings;
use IO::Socket::INET;

my $greeting = "hello, version 1\n";

my $server = IO::Socket::INET->new(
    LocalAddr => '127.0.0.1', LocalPort => $ENV{PORT}, Listen => 16, ReuseAddr => 1, Proto => 'tcp',
) or die "listen on port $ENV{PORT}: $!\n";
$SIG{TERM} = sub { exit 0 };
while (my $client = $server->accept) {
    my $line = <$client>;
    printf $client "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s",
        length $greeting, $greeting;
    close $client;
}
