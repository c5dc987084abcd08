"""What looks like a disclosure of corruption is recognised, and what only sounds like it passes."""

from __future__ import annotations

import time

import pytest

from handlers.integrity import looks_like_disclosure

DISCLOSURES = [
    "The inspector at Sodal asked for a bribe of 200 dollars",
    "They wanted a kickback on every container",
    "He told us to pay under the table",
    "An officer demanded cash from my driver to release the truck",
    "She asked me for money without receipt",
    "There is a corrupt official at gate 4",
    "the guard is an honest man but his officers are corrupt",
    "L’inspecteur m’a demandé un pot-de-vin",
    "Un douanier exige une enveloppe pour débloquer le conteneur",
    "Il veut un bakchich à chaque passage",
    "On nous rackette au poste frontière",
    "Le chef du bureau est corrompu",
    "ils ont réclamé de l'argent sans reçu",
    "طلب مني المفتش رشوة",
    "الموظف طَلَبَ مالًا للإفراج عن الحاوية",
    "يريدون فلوس مقابل التوقيع",
    "هناك ضابط فاسد في الميناء",
    "دفعنا الرشاوى كل شهر",
]
OTHER_WORDS = [
    "My refrigerated container has been held for three days",
    "The PDF of the declaration is corrupt, please send it again",
    "The upload was corrupted",
    "Can we join the anti-bribery course?",
    "We want to propose a roundtable about preventing corruption",
    "The officer asked for the invoice to release the goods",
    "Duties were paid in cash and we have the receipt",
    "The gift boxes were classified wrongly",
    "Mon conteneur est bloqué depuis trois jours",
    "L'agent a demandé le certificat pour libérer la marchandise",
    "Une formation sur la lutte contre la corruption",
    "Le fichier est corrompu",
    "Nous voulons payer la taxe en liquide",
    "تأخرت الحاوية ثلاثة أيام",
    "البضاعة معرضة للفساد بسبب الحرارة",
    "الفواكه فاسدة",
    "دورة في مكافحة الرشوة",
    "طلب المفتش الفاتورة للإفراج عن البضاعة",
    "",
]


@pytest.mark.parametrize("text", DISCLOSURES)
def test_a_disclosure_is_recognised(text: str) -> None:
    assert looks_like_disclosure(text)


@pytest.mark.parametrize("text", OTHER_WORDS)
def test_other_words_pass(text: str) -> None:
    assert not looks_like_disclosure(text)


def test_a_long_text_is_judged_quickly() -> None:
    assert not looks_like_disclosure("he asked us for the papers and " * 2000)


@pytest.mark.parametrize("sign", ["!", "-", ".", "'", "؟", "!a", "\n"])
@pytest.mark.parametrize("word", ["corrupt", "officer", "asked cash", "demande argent", "طلب مالا"])
def test_no_text_keeps_it_looking(word: str, sign: str) -> None:
    """Thirty signs after one word once took it eighteen seconds, and everybody waited."""
    begun = time.process_time()
    looks_like_disclosure(f"{word} " + sign * 5_000)
    looks_like_disclosure(f"{word} {sign}" * 1_000)
    assert time.process_time() - begun < 3
