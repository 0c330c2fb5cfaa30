#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# front-backend.pl silent SOCKET          takes connections, says so, and never answers
# front-backend.pl cut SOCKET HOST:PORT   passes a request on, and closes after half of the answer's body
use strict;
use warnings;
use IO::Socket::INET;
use IO::Socket::UNIX;

my ($mode, $path, $to) = @ARGV;
my $server = IO::Socket::UNIX->new(Local => $path, Listen => 64) or die "$path: $!\n";
$SIG{PIPE} = 'IGNORE';

if ($mode eq 'silent') {
    my @held;    # closed connections would be an answer
    STDOUT->autoflush(1);
    while (my $client = $server->accept) {
        push @held, $client;
        print "holds a connection\n";
    }
}

sub head_of {
    my ($from) = @_;
    my $head = '';
    while (my $line = <$from>) {
        $head .= $line;
        last if $line eq "\r\n";
    }
    return $head;
}

while (my $client = $server->accept) {
    my $request = head_of($client);
    my $registry = IO::Socket::INET->new($to) or die "$to: $!\n";
    $registry->print($request);
    my $head = head_of($registry);
    $client->print($head);
    if ($head =~ /^Content-Length: (\d+)/mi) {
        read $registry, my $half, int($1 / 2);
        $client->print($half);
    }
    close $client;
}
