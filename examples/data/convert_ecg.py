"""Makes ecg.txt and beats.txt out of the recording that SciPy distributed up to version 1.11.

    pip download --no-deps --python-version 3.10 --only-binary :all: --platform manylinux_2_17_x86_64 scipy==1.9.3
    unzip -j scipy-1.9.3-*.whl scipy/misc/ecg.dat
    python3 convert_ecg.py ecg.dat ecg.txt beats.txt

ecg.txt is the recording, unchanged; beats.txt is where this script finds heartbeats in it and how wide they are.
README.md describes both. Needs NumPy and SciPy (made with 2.4.6 and 1.17.1).
"""

import sys

import numpy
from scipy import signal

RATE = 360  # samples per second
ZERO, PER_MILLIVOLT = 1024, 200


def width(values, peak, share):
    """For how many milliseconds around a peak the signal stays above a share of it; half a second at most."""
    level, ends = share * values[peak], []
    for step in (-1, 1):
        at = peak
        while abs(at - peak) < RATE // 4 and values[at] > level:
            at += step
        ends.append(abs(at - peak))
    return round((sum(ends) - 1) * 1000 / RATE)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    samples = numpy.load(sys.argv[1])["ecg"].astype(int)
    if samples.min() < 0 or samples.max() >= 64 * 64:
        sys.exit("a sample does not fit two characters")
    with open(sys.argv[2], "w", encoding="ascii", newline="\n") as out:
        for second in samples.reshape(-1, RATE):
            out.write("".join(chr(48 + value // 64) + chr(48 + value % 64) for value in second) + "\n")

    millivolts = (samples - ZERO) / PER_MILLIVOLT
    # What the baseline is, the median of 0.6 seconds says: a heartbeat is shorter than half of that.
    above = millivolts - signal.medfilt(millivolts, 217)
    peaks, _ = signal.find_peaks(above, height=0.7, prominence=0.6, distance=RATE // 5)
    with open(sys.argv[3], "w", encoding="ascii", newline="\n") as out:
        for peak in peaks:
            if RATE // 2 <= peak < len(samples) - RATE // 2:
                out.write(f"{peak} {width(above, peak, 0.25)}\n")


if __name__ == "__main__":
    main()
