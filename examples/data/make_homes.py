"""Generates `homes.csv`: homes with a price, and whether they were sold within a month. Everything is drawn; no home is real.

    python3 examples/data/make_homes.py > examples/data/homes.csv

The price in thousands is `area * (2.2 + district) + 12 * rooms - 0.9 * age + noise`, with a standard deviation of the noise of 20. A home is
sold with the probability `sigmoid(1.5 * (district - 0.5) + 0.04 * (60 - area) + 0.02 * age)`. One age in 8 and one price in 5 are
missing, and so is one district in 40.
"""

import csv
import math
import random
import sys

DISTRICTS = {"Harbour": 2.1, "Old Town": 1.7, "University": 1.2, "Gardens": 0.8, "Mill Lane": 0.4, "Station": 0.1, "Airport, north": -0.4}
WEIGHTS = [5, 8, 9, 12, 10, 14, 3]

random.seed(20)
out = csv.writer(sys.stdout, lineterminator="\n")
out.writerow(["id", "district", "area", "rooms", "age", "price", "sold"])
for row in range(1600):
    district = random.choices(list(DISTRICTS), WEIGHTS)[0]
    level = DISTRICTS[district]
    area = max(18.0, random.gauss(75, 28))
    rooms = max(1, round(area / 27 + random.gauss(0, 0.7)))
    age = random.randrange(0, 90)
    price = area * (2.2 + level) + 12 * rooms - 0.9 * age + random.gauss(0, 20)
    chance = 1 / (1 + math.exp(-(1.5 * (level - 0.5) + 0.04 * (60 - area) + 0.02 * age)))
    out.writerow([
        row + 1,
        district if random.random() > 1 / 40 else "",
        f"{area:.1f}",
        rooms,
        age if random.random() > 1 / 8 else "NA",
        f"{price:.1f}" if random.random() > 1 / 5 else "",
        "yes" if random.random() < chance else "no",
    ])
