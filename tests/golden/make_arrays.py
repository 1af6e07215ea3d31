"""Arrays as NumPy writes them: `arrays.npz`, `arrays_compressed.npz`, and their values in `arrays.json`; `arrays_unread.npz` has element
types that are not read.

    python3 tests/golden/make_arrays.py
"""

import json
import os

import numpy as np

here = os.path.dirname(os.path.abspath(__file__))
base = np.arange(12)
arrays = {
    "f2": np.array([1.5, -0.1, 65504.0, 6e-8, np.inf], "<f2"),
    "f4": (base.reshape(3, 4) / 7).astype("<f4"),
    "f8": (base.reshape(3, 2, 2) / 7).astype("<f8"),
    "big_endian": (base.reshape(6, 2) / 7).astype(">f8"),
    "fortran": np.asfortranarray((base.reshape(2, 3, 2) / 7).astype("<f4")),
    "b1": np.array([True, False, True]),
    "i1": np.array([-128, 127, 0], "i1"),
    "i2": np.array([-32768, 32767], ">i2"),
    "i4": np.array([[-(2**31), 2**31 - 1]], "<i4"),
    "i8": np.array([-(2**63), 2**63 - 1], "<i8"),
    "u1": np.array([0, 255], "u1"),
    "u2": np.array([65535], "<u2"),
    "u4": np.array([2**32 - 1], "<u4"),
    "u8": np.array([2**64 - 1, 5], "<u8"),
    "scalar": np.array(2.5),
    "zeros": np.zeros((200, 3), "<f4"),
}
np.savez(os.path.join(here, "arrays.npz"), **arrays, words=np.array(["a", "héé", ""]))
np.savez_compressed(os.path.join(here, "arrays_compressed.npz"), **arrays, words=np.array(["a", "héé", ""]))
expected = {
    name: {"shape": list(array.shape), "values": [str(value) if isinstance(value, int) else repr(float(value)) for value in array.ravel().tolist()]}
    for name, array in arrays.items()
}
with open(os.path.join(here, "arrays.json"), "w") as file:
    json.dump(expected, file, indent=1)
np.savez(
    os.path.join(here, "arrays_unread.npz"),
    day=np.array(["2024-05-31", "2024-06-01"], "M8[D]"),
    wait=np.array([1, 2], "m8[s]"),
    ascii=np.array([b"ab", b"c"], "S2"),
    complex=np.array([1j, 2], "<c8"),
    raw=np.array([b"ab", b"c"], "V2"),
    record=np.array([(1, 2.0), (3, 4.0)], [("a", "<i4"), ("b", "<f4")]),
    number=np.array([1.5, 2.5], "<f4"),
)
