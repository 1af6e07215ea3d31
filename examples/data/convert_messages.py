"""Makes messages.txt out of the translations that Django distributes.

    pip download --no-deps django==5.2
    unzip Django-5.2-*.whl 'django/*.po' -d django-5.2
    python3 convert_messages.py django-5.2 messages.txt

Takes as many sentences of each of twenty languages and writes them in fifty symbols: small letters, the most frequent
letters with accents, space, punctuation. README.md describes the file. The same input always gives the same bytes. Needs only the standard library.
"""

import collections
import pathlib
import re
import sys
import unicodedata

# Django's names of the languages, and those of ISO 639-1 where they differ.
LANGUAGES = {
    "ca": "ca", "cs": "cs", "da": "da", "de": "de", "en": "en", "es": "es", "et": "et", "fi": "fi", "fr": "fr",
    "ga": "ga", "hu": "hu", "id": "id", "it": "it", "lv": "lv", "nl": "nl", "pl": "pl", "pt_BR": "pt", "sq": "sq",
    "sv": "sv", "tr": "tr",
}
SYMBOLS = 50
BASIC = " abcdefghijklmnopqrstuvwxyz.,'-"
# Sentences, not names of months and buttons.
SHORTEST = 25
# Placeholders are taken out; what holds markup or code is left out. Neither is language.
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z]|\{\w*\}")
CODE = re.compile(r"[%{}<>&\\/_@#=]")
SENTENCES = 120

# What has no accent to lose but is still written in basic letters.
PLAIN = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "’": "'", "‘": "'", "ʼ": "'",
         "–": "-", "—": "-", "‑": "-", "…": ".", "·": ""}


def messages(path):
    """The entries of a .po file: {(context, original): translation}, without plural forms and doubtful ones."""
    entries, entry, field, doubtful = {}, {}, None, False

    def close():
        if entry.get("msgstr") and entry.get("msgid") and not doubtful:
            key = entry.get("msgctxt", ""), entry["msgid"]
            entries[key] = PLACEHOLDER.sub("", entry["msgstr"])

    for line in path.read_text(encoding="utf-8").splitlines():
        if not line:
            close()
            entry, field, doubtful = {}, None, False
        elif line.startswith("#,") and "fuzzy" in line:
            doubtful = True
        elif found := re.match(r'(msg[a-z]+(?:\[\d\])?) "(.*)"$', line):
            field = found[1]
            entry[field] = found[2]
        elif line.startswith('"') and field:
            entry[field] += line[1:-1]
    close()
    return entries


def translations(root, language):
    """Everything that is translated into a language, by where it stands and what it says in English."""
    found = {}
    for path in sorted(root.glob(f"django/**/locale/{language}/LC_MESSAGES/django.po")):
        place = path.relative_to(root).as_posix().split("/locale/")[0]
        for (context, original), text in messages(path).items():
            found[place, context, original] = text
    return found


def english(root):
    """The originals are in every file; the German ones are as good as any."""
    return {key: PLACEHOLDER.sub("", key[2]) for key in translations(root, "de")}


def plain(text, symbols):
    """Text in these symbols only: small, without the accents that are not among them."""
    written = []
    for character in unicodedata.normalize("NFC", text.lower()):
        if character in symbols:
            written.append(character)
            continue
        for part in unicodedata.normalize("NFD", PLAIN.get(character, character)):
            if part in symbols:
                written.append(part)
            elif part.isspace() or not unicodedata.category(part).startswith("M"):
                written.append(" ")
    # Where a number or a placeholder was, there is space before the punctuation, and some of it twice.
    text = re.sub(r"[ ,.]*([,.])", r"\1", "".join(written))
    return re.sub(" +", " ", text).strip(" ,")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    root = pathlib.Path(sys.argv[1])
    texts = {short: english(root) if name == "en" else translations(root, name)
             for name, short in LANGUAGES.items()}
    chosen = {}
    for language, text in texts.items():
        # By what they say in English, so that a sentence comes once, wherever Django uses it.
        sentences = list({
            key[2]: text[key]
            for key in texts["en"]
            if key in text and len(texts["en"][key]) >= SHORTEST and not CODE.search(text[key])
        }.values())
        if len(sentences) < SENTENCES:
            sys.exit(f"{language}: only {len(sentences)} sentences")
        # Evenly over all parts of Django.
        chosen[language] = [sentences[number * len(sentences) // SENTENCES] for number in range(SENTENCES)]

    counts = collections.Counter(
        character
        for sentences in chosen.values()
        for sentence in sentences
        for character in unicodedata.normalize("NFC", sentence.lower())
        if character.isalpha() and character not in BASIC
    )
    most = sorted(counts, key=lambda character: (-counts[character], character))[: SYMBOLS - len(BASIC)]
    symbols = BASIC + "".join(sorted(most))
    with open(sys.argv[2], "w", encoding="utf-8", newline="\n") as out:
        out.write(f"{symbols}\n")
        for language in sorted(chosen):
            for sentence in chosen[language]:
                out.write(f"{language} {plain(sentence, symbols)}\n")


if __name__ == "__main__":
    main()
