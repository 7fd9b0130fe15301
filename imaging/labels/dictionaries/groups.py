"""Groups that a structure belongs to by its name: ribs, vertebrae, lungs, bones and so on.

The rules read names, so they hold for any dictionary whose names are words: a file that says no
more than ``rib_left_4`` still has ribs.
"""

import re

from imaging.labels.dictionaries.words import wording

_RULES: dict[str, str] = {  # group -> what the words of a name are, sorted, in the singular
    "ribs": r"(\d+ )?rib",
    "vertebrae": r"([ctls]\d* )?vertebra",
    "cervical vertebrae": r"c\d* vertebra",
    "thoracic vertebrae": r"t\d* vertebra",
    "lumbar vertebrae": r"l\d* vertebra",
    "lungs": r"lung|lobe lung (lower|middle|upper)|lobe (lower|middle) lung",
    "kidneys": r"kidney",
    "adrenal glands": r"adrenal( gland)?",
    "bowel": r"bowel( large| small)?|colon|duodenum|rectum|sigmoid|jejunum|ileum",
    "long bones": r"clavicula|femur|fibula|humerus|radius|tibia|ulna",
    "bones": r"bone|carpal|hip|hyoid|mandible|metacarpal|metatarsal|patella|sacrum|scapula|skull"
    r"|sternum|tarsal",
    "muscles": r"autochthon|gluteus (maximus|medius|minimus)|(maximus|medius|minimus) gluteus"
    r"|iliopsoas|(.* )?muscle( .*)?",
    "arteries": r"aorta|brachiocephalic trunk|(.* )?artery( .*)?",
    "veins": r"(.* )?(vein|vena|cava)( .*)?",
    "vessels": r"(.* )?vessel( .*)?",
    "lesions": r"(.* )?(tumor|cancer|lesion|mass|metastasis)( .*)?",
    "cysts": r"(.* )?cyst( .*)?",
}
_WITHIN = {
    "ribs": "bones",
    "vertebrae": "bones",
    "long bones": "bones",
    "arteries": "vessels",
    "veins": "vessels",
}
_COMPILED = {group: re.compile(rule) for group, rule in _RULES.items()}


def groups_of(name: str) -> tuple[str, ...]:
    """Say which groups a name puts a structure in; its side is a group too.

    Returns:
        The groups' names, sorted; none where no rule knows the name.
    """
    read = wording(name)
    base = " ".join(read.base)
    groups = {group for group, rule in _COMPILED.items() if rule.fullmatch(base)}
    groups |= {_WITHIN[group] for group in groups if group in _WITHIN}
    if read.side:
        groups.add(read.side)
    return tuple(sorted(groups))
