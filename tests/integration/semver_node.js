// SPDX-License-Identifier: Apache-2.0
// Questions for semver_node.test.sh with node-semver's answers: a seed, then how many of each kind.
// Writes FOLDER/pairs ("A B"), FOLDER/order, FOLDER/questions, FOLDER/holds.
const fs = require('fs')
const semver = require('semver')
const [folder, seed, count] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])]

let state = seed
const below = n => {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
  return (state >> 8) % n
}
const pick = list => list[below(list.length)]
const number = () => pick(['0', '0', '1', '1', '2', '3', '9', '10'])
const prerelease = () => pick(['0', '1', '10', 'alpha', 'alpha.1', 'alpha.beta', 'beta', 'rc.1',
  'rc.10', 'a-b', '1a', 'x.7.z.92', '-'])
const version = () => pick(['', '', '', 'v']) + [number(), number(), number()].join('.') +
  pick(['', '', '-' + prerelease()]) + pick(['', '', '', '+build.' + number()])
const partial = () => {
  switch (below(8)) {
    case 0: return number()
    case 1: return number() + '.' + number()
    case 2: return number() + '.' + pick(['x', 'X', '*'])
    case 3: return number() + '.' + number() + '.' + pick(['x', '*'])
    case 4: return pick(['*', 'x', ''])
    default: return version()
  }
}
const bound = () => {
  const blank = pick(['', '', '', ' '])
  const sign = pick(['', '', '=', '<', '<=', '>', '>=', '~', '^', '^', '~>'])
  return sign === '' ? partial() : sign + blank + (partial() || '1')
}
const bounds = () => below(6) === 0
  ? (partial() || '1') + ' - ' + (partial() || '2')
  : Array.from({ length: 1 + below(3) }, bound).join(' ')
const range = () => Array.from({ length: 1 + below(3) }, bounds).join(pick(['||', ' || ']))

const pairs = [], order = [], questions = [], holds = []
for (let i = 0; i < count; i++) {
  const [a, b] = [version(), version()]
  pairs.push(a + ' ' + b)
  order.push(semver.compare(a, b))
  const [text, set, includePrerelease] = [version(), range(), below(2) === 1]
  questions.push([includePrerelease ? 1 : 0, text, set].join('\t'))
  holds.push(semver.validRange(set) === null
    ? 'invalid' : semver.satisfies(text, set, { includePrerelease }) ? 1 : 0)
}
for (const [name, lines] of Object.entries({ pairs, order, questions, holds })) {
  fs.writeFileSync(folder + '/' + name, lines.join('\n') + '\n')
}
