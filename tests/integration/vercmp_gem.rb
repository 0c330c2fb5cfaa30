# SPDX-License-Identifier: Apache-2.0
# What RubyGems says of versions.
#
# vercmp_gem.rb compare PAIRS      prints -1, 0 or 1 for each line "A B"
# vercmp_gem.rb keep               prints those lines of standard input that are versions
# vercmp_gem.rb make COUNT SEED    prints versions, made of all that may stand in one
# vercmp_gem.rb spoil COUNT SEED   prints texts that may be versions, each with what it is: yes or no
PIECES = %w[0 1 2 9 10 00 01 010 20240101 99999999999999999999].freeze
WORDS = %w[a b A rc pre beta alpha rc1 a10 b02 0a 1x dev0].freeze
SEAMS = ['.', '.', '.', '.', '-'].freeze
DAMAGE = ['', '.', '-', '_', '+', '!', 'x', '1', '0'].freeze

def make(source)
  pick = ->(list) { list[source.rand(list.size)] }
  text = pick[PIECES].dup
  source.rand(5).times do
    seam = pick[SEAMS]
    seam = '.' if text.include?('-') && source.rand(2).zero?
    text << seam << pick[source.rand(3).zero? ? WORDS : PIECES]
  end
  text
end

case ARGV[0]
when 'compare'
  File.foreach(ARGV[1]) do |line|
    a, b = line.split.map { |text| Gem::Version.new(text) }
    puts a <=> b
  end
when 'keep'
  $stdin.each_line { |line| puts line if Gem::Version.correct?(line.strip) }
when 'make', 'spoil'
  source = Random.new(ARGV[2].to_i)
  ARGV[1].to_i.times do
    text = make(source)
    if ARGV[0] == 'spoil'
      text[source.rand(text.size)] = DAMAGE[source.rand(DAMAGE.size)]
      next if text.empty?
      text << (Gem::Version.correct?(text) ? ' yes' : ' no')
    end
    puts text
  end
end
