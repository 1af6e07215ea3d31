"""Makes digits.txt out of the digits that scikit-learn distributes.

    pip download --no-deps scikit-learn==1.9.1
    unzip -j scikit_learn-1.9.1-*.whl sklearn/datasets/data/digits.csv.gz
    python3 convert_digits.py digits.csv.gz digits.txt

Reads the compressed table (64 grey levels and a label per line, separated by commas) and writes one
line of 65 characters per image, as README.md describes. Nothing is scaled, sorted or left out: the
images keep their order, and the same input always gives the same bytes. Needs only the standard library.
"""

import csv
import gzip
import sys

PIXELS = 64
LEVELS = "0123456789abcdefg"  # grey level 0..16 -> one base-17 digit


def line(number, fields):
    """One image as 64 base-17 digits and the label; stops the script if the row is not an image."""
    if len(fields) != PIXELS + 1:
        sys.exit(f"row {number}: expected {PIXELS + 1} fields, found {len(fields)}")
    try:
        *levels, label = (int(field) for field in fields)
    except ValueError as error:
        sys.exit(f"row {number}: {error}")
    if not all(0 <= level < len(LEVELS) for level in levels):
        sys.exit(f"row {number}: a grey level is not in 0..16")
    if not 0 <= label <= 9:
        sys.exit(f"row {number}: the label {label} is not in 0..9")
    return "".join(LEVELS[level] for level in levels) + str(label) + "\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with gzip.open(sys.argv[1], "rt", encoding="ascii", newline="") as table:
        lines = [line(number, fields) for number, fields in enumerate(csv.reader(table), start=1)]
    with open(sys.argv[2], "w", encoding="ascii", newline="\n") as out:
        out.writelines(lines)


if __name__ == "__main__":
    main()
