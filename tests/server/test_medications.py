import pytest

from scribe_desktop.server.findings import allergies_in, follow_ups_in, vitals_in
from scribe_desktop.server.medications import Medication, medications_in


def only(sentence: str) -> Medication:
    (found,) = medications_in([sentence])
    assert found.sentence == sentence
    return found


@pytest.mark.parametrize(
    ("sentence", "name", "dose", "route", "frequency", "duration", "action"),
    [
        (
            "Continue lisinopril twenty milligrams once daily.",
            "lisinopril", "twenty milligrams", "", "once daily", "", "Continue",
        ),
        (
            "Start aspirin 81 mg by mouth daily for 5 days.",
            "aspirin", "81 mg", "by mouth", "daily", "for 5 days", "Start",
        ),
        (
            "Sertraline increased from fifty to one hundred milligrams every morning.",
            "Sertraline", "from fifty to one hundred milligrams", "", "every morning", "",
            "increased",
        ),
        (
            "Prescribed amoxicillin 80 mg per kilogram per day divided twice daily for ten days.",
            "amoxicillin", "80 mg per kilogram per day", "", "divided twice daily",
            "for ten days", "Prescribed",
        ),
        ("Give 5 mg of morphine IV stat.", "morphine", "5 mg", "IV", "stat", "", "Give"),
        (
            "Insulin glargine 10 units subcutaneously at bedtime.",
            "Insulin glargine", "10 units", "subcutaneously", "at bedtime", "", "",
        ),
        (
            "Levothyroxine 0.05 mg every morning before breakfast.",
            "Levothyroxine", "0.05 mg", "", "every morning before breakfast", "", "",
        ),
        ("Paracetamol 1,000 mg q6h prn.", "Paracetamol", "1,000 mg", "", "q6h prn", "", ""),
        ("Tiotropium inhaler.", "Tiotropium", "", "inhaler", "", "", ""),
        (
            "Prednisone 40 mg b.i.d. x 7 days.",
            "Prednisone", "40 mg", "", "b.i.d.", "x 7 days", "",
        ),
    ],
)  # fmt: skip
def test_a_medicine_is_quoted_word_for_word(
    sentence: str, name: str, dose: str, route: str, frequency: str, duration: str, action: str
) -> None:
    found = only(sentence)
    assert (found.name, found.dose, found.route) == (name, dose, route)
    assert (found.frequency, found.duration, found.action) == (frequency, duration, action)
    assert found.listed


def test_two_medicines_keep_their_own_doses() -> None:
    first, second = medications_in(
        ["Start prednisone 40 mg daily for five days and azithromycin 500 mg on day one."]
    )
    assert (first.dose, first.frequency, first.duration) == ("40 mg", "daily", "for five days")
    assert (second.dose, second.frequency, second.duration) == ("500 mg", "on day one", "")


def test_medicines_named_together_share_what_is_said_of_them() -> None:
    found = medications_in(["Albuterol and ipratropium nebulizers every four hours as needed."])
    assert [(each.route, each.frequency) for each in found] == [
        ("nebulizers", "every four hours as needed")
    ] * 2


def test_a_dose_said_first_belongs_to_the_name_after_it() -> None:
    found = medications_in(["Give 500 mg amoxicillin and 400 mg of ibuprofen."])
    assert [(each.name, each.dose) for each in found] == [
        ("amoxicillin", "500 mg"),
        ("ibuprofen", "400 mg"),
    ]


@pytest.mark.parametrize(
    ("sentence", "actions"),
    [
        ("Stop ibuprofen and start naproxen 250 mg.", ["Stop", "start"]),
        ("Not taking metoprolol.", ["Not taking"]),
        ("Takes aspirin but not clopidogrel.", ["Takes", "not"]),
        ("Denies use of aspirin or ibuprofen.", ["Denies use of", "Denies use of"]),
        ("Warfarin was not started.", ["not started"]),
        ("Metformin has been stopped.", ["stopped"]),
        ("No aspirin.", ["No"]),
        ("He is no longer taking digoxin.", ["no longer taking"]),
        ("Do not give penicillin.", ["Do not give"]),
        ("Give apixaban instead of warfarin.", ["Give", "instead of"]),
    ],
)
def test_stopped_and_refused_medicines_say_so(sentence: str, actions: list[str]) -> None:
    assert [found.action for found in medications_in([sentence])] == actions


def test_a_name_that_no_list_has_is_quoted_and_marked() -> None:
    found = only("Continue lisin april 20 milligrams once daily.")
    assert (found.name, found.dose, found.listed) == ("lisin april", "20 milligrams", False)


@pytest.mark.parametrize(
    "sentence",
    [
        "Allergic to penicillin.",
        "Glucose was 120 milligrams per deciliter this morning.",
        "He drank 500 milliliters of water.",
        "Right ear pain for two days.",
        "Weight is 80 kilograms.",
    ],
)
def test_what_is_no_medicine_given_is_none(sentence: str) -> None:
    assert medications_in([sentence]) == []


@pytest.mark.parametrize(
    ("sentence", "substance", "denied"),
    [
        ("Allergic to penicillin and latex.", "penicillin and latex", False),
        ("No known drug allergies.", "", True),
        ("NKDA.", "", True),
        ("She denies allergy to sulfa.", "sulfa", True),
        ("He has a penicillin allergy.", "penicillin", False),
        ("Allergies: peanuts.", "peanuts", False),
    ],
)
def test_allergies_stay_affirmed_or_denied(sentence: str, substance: str, *, denied: bool) -> None:
    (found,) = allergies_in([sentence])
    assert (found.substance, found.denied, found.sentence) == (substance, denied, sentence)


@pytest.mark.parametrize(
    ("sentence", "vitals"),
    [
        (
            "Blood pressure today is one hundred forty two over eighty eight.",
            [("Blood pressure", "one hundred forty two over eighty eight")],
        ),
        (
            "Heart rate seventy six, respiratory rate 16, saturation 97 percent on room air.",
            [
                ("Heart rate", "seventy six"),
                ("respiratory rate", "16"),
                ("saturation", "97 percent on room air"),
            ],
        ),
        ("BP 142/88, pulse 76.", [("BP", "142/88"), ("pulse", "76")]),
        (
            "Fever of thirty nine point two degrees Celsius.",
            [("Fever", "thirty nine point two degrees Celsius")],
        ),
        ("Weight is 81.5 kg.", [("Weight", "81.5 kg")]),
        ("History of high blood pressure.", []),
    ],
)
def test_vital_signs_are_quoted(sentence: str, vitals: list[tuple[str, str]]) -> None:
    assert [(found.name, found.value) for found in vitals_in([sentence])] == vitals


@pytest.mark.parametrize(
    ("sentence", "when"),
    [
        ("Follow up in two weeks.", "in two weeks"),
        ("Return in 3 to 5 days.", "in 3 to 5 days"),
        ("Review next week.", "next week"),
        ("Follow-up with cardiology.", ""),
        ("Come back if the pain returns.", "if the pain returns"),
    ],
)
def test_the_next_appointment_is_quoted(sentence: str, when: str) -> None:
    (found,) = follow_ups_in([sentence])
    assert found.when == when
