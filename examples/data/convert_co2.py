"""Makes co2.txt out of the series that statsmodels distributes.

    pip download --no-deps statsmodels==0.14.6
    unzip -j statsmodels-0.14.6-*.whl statsmodels/datasets/co2/co2.csv
    python3 convert_co2.py co2.csv co2.txt

Writes one week per line, as README.md describes; nothing is filled in or left out. The same input always gives the same
bytes. Needs only the standard library.
"""

import csv
import datetime
import sys


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="ascii", newline="") as table:
        rows = list(csv.DictReader(table))
    days = [datetime.datetime.strptime(row["date"], "%Y%m%d").date() for row in rows]
    for before, day in zip(days, days[1:]):
        if day - before != datetime.timedelta(weeks=1):
            sys.exit(f"{day} is not a week after {before}")
    with open(sys.argv[2], "w", encoding="ascii", newline="\n") as out:
        for day, row in zip(days, rows):
            out.write(f"{day} {float(row['co2']):.1f}\n" if row["co2"] else f"{day} -\n")


if __name__ == "__main__":
    main()
