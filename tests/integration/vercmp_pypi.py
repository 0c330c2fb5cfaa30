# SPDX-License-Identifier: Apache-2.0
"""What packaging says of versions.

vercmp_pypi.py compare PAIRS      prints -1, 0 or 1 for each line "A B"
vercmp_pypi.py keep               prints those lines of standard input that are versions
vercmp_pypi.py make COUNT SEED    prints versions, made of all that may stand in one
vercmp_pypi.py spoil COUNT SEED   prints texts that may be versions, each with what it is: yes or no
"""
import random
import sys

from packaging.version import InvalidVersion, Version

NUMBERS = ["0", "1", "2", "9", "10", "00", "01", "010", "20240101", "99999999999999999999"]
SEAMS = ["", "", "", ".", "-", "_"]


def is_version(text):
    try:
        Version(text)
        return True
    except InvalidVersion:
        return False


def make(source):
    def suffix(words, often):
        if source.random() >= often:
            return ""
        word = source.choice(words)
        if source.random() < 0.2:
            word = word.upper()
        return source.choice(SEAMS) + word + source.choice(SEAMS) + source.choice(NUMBERS + [""])

    text = source.choice(["", "", "", "", "v"]) + source.choice(["", "", "", "", "0!", "1!", "01!"])
    text += ".".join(source.choice(NUMBERS) for _ in range(source.randint(1, 4)))
    text += suffix(["a", "alpha", "b", "beta", "c", "rc", "pre", "preview"], 0.4)
    text += "-" + source.choice(NUMBERS) if source.random() < 0.1 else suffix(["post", "rev", "r"], 0.3)
    text += suffix(["dev"], 0.3)
    if source.random() < 0.2:
        pieces = NUMBERS + ["a", "B", "abc", "1a", "a1", "ubuntu"]
        text += "+" + source.choice(pieces)
        for _ in range(source.randint(0, 2)):
            text += source.choice("._-") + source.choice(pieces)
    return text


def main():
    verb = sys.argv[1]
    if verb == "compare":
        for line in open(sys.argv[2], encoding="ascii"):
            a, b = (Version(text) for text in line.split())
            print((a > b) - (a < b))
    elif verb == "keep":
        sys.stdout.writelines(line for line in sys.stdin if is_version(line.strip()))
    else:
        source = random.Random(int(sys.argv[3]))
        for _ in range(int(sys.argv[2])):
            text = make(source)
            if verb == "spoil":
                at = source.randrange(len(text))
                text = text[:at] + source.choice(["", ".", "-", "_", "+", "!", "x", "1", "r"]) + text[at + 1:]
                text += " yes" if is_version(text) else " no"
            print(text)


main()
