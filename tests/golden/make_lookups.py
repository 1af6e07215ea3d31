"""Vocabularies and encodings of Keras's StringLookup, IntegerLookup and TextVectorization.

    KERAS_BACKEND=tensorflow python tests/golden/make_lookups.py > tests/golden/lookups.json
"""

import json
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
from keras import layers

WORDS = ["flat", "house", "flat", "castle", "villa", "house", "flat", "", "Flat", "café", "zebra", "zebra", "[UNK]", "école", "Éclair"]
ASKED = ["flat", "castle", "", "hut", "Zoo", "café", "a", "tent", "boat", "日本", "a longer word that is hashed too", "x" * 70, "[UNK]"]
NUMBERS = [3, 7, 3, -5, 12, 7, 3, 0, 99, -1, 12, 1000000007]
ASKED_NUMBERS = [3, 7, 0, -1, 5, 6, -6, -7, 98, 1000000007, -1000000008]
TEXTS = [
    "The quick brown fox.", "the lazy dog; the quick dog!", "Don't stop -- don't!", "  tabs\tand\nlines  ", "", "café CAFÉ Ünder", "1,000 or 1.000?", "a_b c-d (e) [f] {g} ~`^",
]
ASKED_TEXTS = ["the dog", "Don't be lazy, fox", "", "zzz the the quick", "café CAFÉ", "brown\u00a0fox dog\u3000dog", "one two three four five six seven the"]


def lookup(layer, data, asked, settings):
    layer.adapt(np.array(data))
    return {
        "settings": settings, "data": data, "asked": asked,
        "vocabulary": [x if isinstance(x, str) else int(x) for x in layer.get_vocabulary()],
        "indices": np.array(layer(np.array(asked))).tolist(),
    }


strings = []
for settings in [
    {}, {"max_tokens": 4}, {"num_oov_indices": 3}, {"mask_token": ""}, {"mask_token": "", "num_oov_indices": 5, "max_tokens": 9},
    {"oov_token": "flat"}, {"mask_token": "house", "oov_token": "?"},
]:
    strings.append(lookup(layers.StringLookup(**settings), WORDS, ASKED, settings))
integers = []
for settings in [{}, {"max_tokens": 4}, {"num_oov_indices": 3}, {"mask_token": 0}, {"mask_token": 0, "num_oov_indices": 4, "oov_token": -7}]:
    integers.append(lookup(layers.IntegerLookup(**settings), NUMBERS, ASKED_NUMBERS, settings))

texts = []
for settings in [
    {"output_sequence_length": 6},
    {"output_sequence_length": 6, "max_tokens": 7},
    {"output_sequence_length": 4, "standardize": "lower"},
    {"output_sequence_length": 4, "standardize": "strip_punctuation"},
    {"output_sequence_length": 4, "standardize": None},
    {"output_sequence_length": 8, "split": "character"},
    {"output_sequence_length": 9, "ngrams": 2},
    {"output_mode": "multi_hot"},
    {"output_mode": "count", "max_tokens": 8},
    {"output_mode": "tf_idf"},
    {"output_mode": "tf_idf", "ngrams": 2, "max_tokens": 12},
]:
    layer = layers.TextVectorization(**settings)
    layer.adapt(np.array(TEXTS))
    texts.append({
        "settings": settings, "data": TEXTS, "asked": ASKED_TEXTS, "vocabulary": layer.get_vocabulary(),
        "values": np.array(layer(np.array(ASKED_TEXTS))).astype(float).tolist(),
    })
print(json.dumps({"strings": strings, "integers": integers, "texts": texts}, ensure_ascii=False, indent=1))
