import pytest

from scribe_desktop.server.topics import Topic, sort, topic_of_heading


def topics(*sentences: str) -> list[Topic]:
    return [placed.topic for placed in sort(sentences)]


@pytest.mark.parametrize(
    ("sentence", "topic"),
    [
        ("Four year old boy with fever and right ear pain for two days.", Topic.PRESENT),
        ("Patient denies suicidal ideation.", Topic.PRESENT),
        ("Cough for three weeks, worse at night.", Topic.PRESENT),
        ("Status post appendectomy.", Topic.PAST),
        ("He takes metformin 500 mg twice daily at home.", Topic.MEDICATIONS),
        ("Allergic to penicillin.", Topic.ALLERGIES),
        ("No known drug allergies.", Topic.ALLERGIES),
        ("Her mother had breast cancer.", Topic.FAMILY),
        ("Smokes one pack a day.", Topic.SOCIAL),
        ("Blood pressure today is one hundred forty two over eighty eight.", Topic.VITALS),
        ("BP 142/88, pulse 76.", Topic.VITALS),
        ("Right tympanic membrane is erythematous and bulging.", Topic.EXAMINATION),
        ("Bilateral expiratory wheezes, no crackles.", Topic.EXAMINATION),
        ("Computed tomography of the head shows no hemorrhage.", Topic.INVESTIGATIONS),
        ("Diagnosis is acute otitis media.", Topic.ASSESSMENT),
        ("Findings consistent with pneumonia.", Topic.ASSESSMENT),
        ("Major depressive disorder with generalized anxiety.", Topic.ASSESSMENT),
        ("Continue lisinopril twenty milligrams once daily.", Topic.PLAN),
        ("We will order a chest x-ray.", Topic.PLAN),
        ("Sertraline increased from fifty to one hundred milligrams.", Topic.PLAN),
        ("Albuterol nebulizers every four hours as needed.", Topic.PLAN),
        ("Follow up in two weeks.", Topic.FOLLOW_UP),
        ("Return if the fever comes back.", Topic.FOLLOW_UP),
        ("History of high blood pressure.", Topic.PAST),
        ("The weather was nice.", Topic.OTHER),
        ("Bonjour, comment allez-vous aujourd'hui ?", Topic.OTHER),
    ],
)
def test_a_sentence_alone(sentence: str, topic: Topic) -> None:
    assert topics(sentence) == [topic]


@pytest.mark.parametrize(
    ("heading", "topic"),
    [
        ("Chief complaint.", Topic.COMPLAINT),
        ("Chief complaint is chest pain.", Topic.COMPLAINT),
        ("History of present illness:", Topic.PRESENT),
        ("Past medical history, nothing of note.", Topic.PAST),
        ("Current medications:", Topic.MEDICATIONS),
        ("Allergies. ", Topic.ALLERGIES),
        ("Family history is unremarkable.", Topic.FAMILY),
        ("Social history.", Topic.SOCIAL),
        ("Vital signs.", Topic.VITALS),
        ("On examination he looks well.", Topic.EXAMINATION),
        ("Physical examination:", Topic.EXAMINATION),
        ("Investigations.", Topic.INVESTIGATIONS),
        ("Impression.", Topic.ASSESSMENT),
        ("Assessment: stable.", Topic.ASSESSMENT),
        ("Plan", Topic.PLAN),
        ("Follow-up:", Topic.FOLLOW_UP),
    ],
)
def test_a_spoken_heading_takes_what_follows(heading: str, topic: Topic) -> None:
    assert topics(heading, "As we discussed.") == [topic, topic]


def test_a_heading_holds_until_the_next() -> None:
    assert topics("Past history.", "Hypertension.", "Impression.", "Angina.") == [
        Topic.PAST,
        Topic.PAST,
        Topic.ASSESSMENT,
        Topic.ASSESSMENT,
    ]


def test_what_plainly_belongs_elsewhere_leaves_its_heading_and_the_heading_goes_on() -> None:
    assert topics("On examination.", "Chest clear.", "Start amoxicillin.", "Ears fine.") == [
        Topic.EXAMINATION,
        Topic.EXAMINATION,
        Topic.PLAN,
        Topic.EXAMINATION,
    ]


@pytest.mark.parametrize(
    "sentence",
    ["Plan to the letter is what he likes.", "History was never his subject.", "Treatment hurts."],
)
def test_a_word_that_merely_begins_a_sentence_is_no_heading(sentence: str) -> None:
    assert topics(sentence, "The weather was nice.")[1] == Topic.OTHER


@pytest.mark.parametrize(
    ("title", "topic"),
    [
        ("Chief Complaint", Topic.COMPLAINT),
        ("**Allergies**", Topic.ALLERGIES),
        ("Physical Exam", Topic.EXAMINATION),
        ("Current Medications", Topic.MEDICATIONS),
        ("Family History", Topic.FAMILY),
        ("Treatment Plan", Topic.PLAN),
        ("Signature", None),
    ],
)
def test_a_clinics_heading_is_understood(title: str, topic: Topic | None) -> None:
    assert topic_of_heading(title) == topic
