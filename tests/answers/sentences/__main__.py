"""Print the sentences of which no table says anything."""

import sys

from tests.answers.sentences.table import print_all

if __name__ == "__main__":
    print_all(sys.argv[1:])
