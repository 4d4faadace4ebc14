"""Tells what each sentence of a dictation is about: history, findings, diagnosis, plan.

Spoken headings (“past history”, “on examination”, “plan”) decide for what
follows them; a sentence that plainly says something else (“Start …”, “Blood
pressure …”) goes where it belongs all the same; without a heading, words that
clinicians use for one thing only are weighed. What nothing speaks for is
Other, because a wrong place is worse than none.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from scribe_desktop.server.spoken_numbers import COUNT, NUMBER


class Topic(StrEnum):
    """What a sentence is about; the value is the heading a clinician reads."""

    COMPLAINT = "Chief complaint"
    PRESENT = "History of present illness"
    PAST = "Past history"
    MEDICATIONS = "Medications"
    ALLERGIES = "Allergies"
    FAMILY = "Family history"
    SOCIAL = "Social history"
    VITALS = "Vitals"
    EXAMINATION = "Examination"
    INVESTIGATIONS = "Investigations"
    ASSESSMENT = "Assessment"
    PLAN = "Plan"
    FOLLOW_UP = "Follow-up"
    OTHER = "Other"


@dataclass(frozen=True, slots=True)
class Placed:
    """One sentence, word for word, and what it is about."""

    sentence: str
    topic: Topic


_HEADINGS: dict[Topic, str] = {
    Topic.COMPLAINT: r"chief complaints?|presenting complaints?|reason for (?:the )?(?:visit|"
    r"consultation|referral)",
    Topic.PRESENT: r"history of (?:the )?present(?:ing)? (?:illness|complaint)s?|h\.?p\.?i\.?|"
    r"present(?:ing)? history|subjective|review of systems|systems? review|interval history|"
    r"history",
    Topic.PAST: r"past (?:medical |surgical |medical and surgical )?history|"
    r"(?:previous|prior) (?:medical |surgical )?history|medical history|surgical history|"
    r"past illnesses|co-?morbidities|problem list|background",
    Topic.MEDICATIONS: r"(?:current |home |regular |present )?(?:medications?|medicines?|drugs)|"
    r"(?:medication|drug) (?:list|history)",
    Topic.ALLERGIES: r"(?:drug |known |medication )?allergies|allergy(?: status)?",
    Topic.FAMILY: r"family (?:medical )?history",
    Topic.SOCIAL: r"(?:social|personal|occupational) history|lifestyle",
    Topic.VITALS: r"vitals?(?: signs?)?|observations",
    Topic.EXAMINATION: r"(?:on )?(?:physical |clinical |general |systemic |neurological )?"
    r"exam(?:ination)?(?: findings)?|objective|findings",
    Topic.INVESTIGATIONS: r"investigations?|(?:lab|laboratory|test|imaging) (?:results?|findings|"
    r"data|values)|labs|laboratory|imaging|radiology|diagnostics|results",
    Topic.ASSESSMENT: r"impression|assessment(?: and plan)?|(?:provisional |differential |working |"
    r"final |clinical |primary )?diagnos[ei]s|differentials?",
    Topic.PLAN: r"(?:treatment |management |care )?plan(?: of care)?|treatment|management|"
    r"recommendations?|advice|prescriptions?|orders|disposition|rx",
    Topic.FOLLOW_UP: r"follow[\s-]?up(?: plan| instructions)?",
}

# A heading is spoken alone (“Plan.”), before a colon or a dash, or as the opening of its
# sentence; the last only for words that open nothing else.
_ALONE = r"\s*(?:[.:;,–—-]|$)"
_OPENERS = (
    r"chief complaint|presenting complaint|past (?:medical |surgical )?history|family history|"
    r"social history|on (?:physical |clinical |general )?examination|"
    r"(?:physical |clinical )examination|impression|review of systems|vital signs"
)

_HEADING_ALONE = {
    topic: re.compile(
        rf"(?:the )?(?:{words})(?: (?:is|are|was|as follows))?{_ALONE}", re.IGNORECASE
    )
    for topic, words in _HEADINGS.items()
}
_HEADING_OPENING = re.compile(rf"(?:the )?(?:{_OPENERS})\b", re.IGNORECASE)
_HEADING_WORDS = {
    topic: re.compile(rf"(?:the )?(?:{words})\b", re.IGNORECASE)
    for topic, words in _HEADINGS.items()
}
_HEADING_WHOLE = {
    topic: re.compile(rf"(?:the )?(?:{words})", re.IGNORECASE) for topic, words in _HEADINGS.items()
}

_ORDER_VERBS = (
    "start|begin|commence|initiate|continue|increase|decrease|reduce|stop|discontinue|cease|"
    "switch|change|refer|order|arrange|prescribe|prescribed|give|administer|advise|advised|"
    "recommend|schedule|obtain|repeat|monitor|titrate|add|hold|withhold|resume|restart|taper|"
    "admit|discharge|counsel|counselled|counseled|educate|encourage|send|request|book|consult|"
    "avoid|apply|take|check"
)
_CLAUSE = r"(?:^|[,;:]\s+|\b(?:and|then)\s+)"
_UNIT = (
    r"(?:milligrams?|mgs?|micrograms?|mcg|µg|grams?|g|millilit(?:er|re)s?|mls?|units?|iu|"
    r"tablets?|capsules?|puffs?|drops?)"
)
_OFTEN = (
    r"(?:daily|nightly|weekly|monthly|hourly|every|times (?:a|per)|once|twice|at bedtime|"
    r"b\.?i\.?d|t\.?i\.?d|q\.?i\.?d|as needed|prn|stat)"
)
_MEASURED = (
    r"blood pressure|bp|heart rate|pulse(?: rate)?|respiratory rate|respirations?|"
    r"oxygen saturations?|o2 sats?|spo2|sp o2|saturations?|temperature|temp|weight|height|"
    r"body mass index|bmi"
)
_RELATIVES = "mother|father|brother|sister|parents?|grandmother|grandfather|aunt|uncle|siblings?"
_SYMPTOMS = (
    "pain|ache|headaches?|fever|chills|cough|nausea|vomit(?:ing|ed)|dizz(?:y|iness)|fatigue|"
    "tired|dyspn(?:o)?ea|breathless(?:ness)?|short(?:ness)? of breath|palpitations?|diarrh(?:o)?ea|"
    "constipation|itch(?:ing|y)?|numbness|tingling|weakness|insomnia|sore throat|bleeding|"
    "weight loss|swelling|discharge|rash"
)


def _cue(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# What a sentence says so plainly that no heading before it matters. First match wins.
_PLAIN: tuple[tuple[re.Pattern[str], Topic], ...] = (
    (
        _cue(
            rf"\bfollow(?:ed)?[\s-]?up\b.*\b(?:in|at|with|on|after|within)\b|"
            rf"\b(?:return|review|recheck|reassess|come back|see (?:him|her|them|the patient)"
            rf"(?: back| again)?|see you)\b.*\b(?:in|after|within)\s+{COUNT}\s+"
            rf"(?:day|week|month|year)|\breturn (?:if|sooner|to (?:the )?(?:clinic|emergency))|"
            rf"\bnext (?:visit|appointment)\b"
        ),
        Topic.FOLLOW_UP,
    ),
    (_cue(r"\ballerg(?:y|ies|ic)\b|\bn\.?k\.?d\.?a\b"), Topic.ALLERGIES),
    (
        _cue(
            rf"{_CLAUSE}(?:please |we |i |to )?(?:{_ORDER_VERBS})\b(?!\s+of\b)|"
            r"\b(?:will|shall|going to|plan to|planned|should)\s+(?:be )?"
            rf"(?:{_ORDER_VERBS}|started|continued|referred|admitted|discharged|scheduled)\b"
        ),
        Topic.PLAN,
    ),
    (
        _cue(
            r"\bsmok(?:es?|ed|er|ing)\b|\btobacco\b|\balcohol\b|\bpack[\s-]years?\b|"
            r"\blives (?:with|alone|in)\b|\bworks (?:as|in|at|for)\b|\b(?:un)?employed\b|"
            r"\bretired\b|\billicit\b|\brecreational drugs?\b|\bmarried\b|\boccupation\b"
        ),
        Topic.SOCIAL,
    ),
    (
        _cue(
            rf"\bfamily history\b|\b(?:{_RELATIVES})\b.*\b(?:had|has|have|died|with|suffers?|"
            r"suffered|diagnosed)\b"
        ),
        Topic.FAMILY,
    ),
    (_cue(rf"\b(?:{_MEASURED})\b.*{NUMBER}|\bafebrile\b"), Topic.VITALS),
    (
        _cue(
            r"\b(?:diagnos[ei]s|impression|assessment) (?:is|of|was|are|include)\b|"
            r"\b(?:consistent with|suggestive of|most likely|likely diagnosis|differential|"
            r"suspicious for|rule out|probable|i suspect|in keeping with|compatible with)\b"
        ),
        Topic.ASSESSMENT,
    ),
)

# What a sentence is probably about when no heading says so. First match wins.
_LIKELY: tuple[tuple[re.Pattern[str], Topic], ...] = (
    (
        _cue(
            rf"\b(?:takes|taking|currently on|is on|was on|uses|home medications?)\b.*(?:{_UNIT}|"
            rf"{_OFTEN})\b"
        ),
        Topic.MEDICATIONS,
    ),
    (
        _cue(
            r"\b(?:increased|decreased|reduced|started|stopped|changed)\b.*"
            rf"\b(?:to|on|from|at)\b.*{_UNIT}\b|{NUMBER}\s*{_UNIT}\b.*\b{_OFTEN}\b|"
            rf"\b(?:given|administered|nebuli[sz]ers?|infusion)\b.*(?:{NUMBER}|{_OFTEN})"
        ),
        Topic.PLAN,
    ),
    (
        _cue(
            r"\b(?:year|month|week|day)s?[\s-]old\b|"
            r"\b(?:presents?|presented|presenting|complain(?:s|ed|ing)?|reports?|reported|"
            r"denies|denied|endorses|c/o|describes|states|noticed)\b"
        ),
        Topic.PRESENT,
    ),
    (
        _cue(
            r"\bhistory of\b|\bprevious(?:ly)?\b|\bprior\b|\bknown case\b|"
            r"\bdiagnosed (?:with|in)\b|"
            r"\bstatus post\b|\bs/p\b|\bunderwent\b|\b\w+ectomy\b.*\b(?:in|ago)\b"
        ),
        Topic.PAST,
    ),
    (
        _cue(
            r"\bx[\s-]?rays?\b|\bradiographs?\b|\bct\b|\btomography\b|\bmri\b|"
            r"\bmagnetic resonance\b|"
            r"\bultrasound\b|\be[ck]g\b|\belectrocardiogra(?:m|phy)\b|\bechocardiogra(?:m|phy)\b|"
            r"\btroponin\b|\bh(?:a)?emoglobin\b|\bcreatinine\b|\bwhite (?:blood )?cell\b|"
            r"\b(?:hb)?a1c\b|\bglucose\b|\bcultures?\b|\blab(?:s|oratory)?\b|\bbiopsy\b|"
            r"\burinalysis\b|\b(?:sodium|potassium|platelets?|crp|esr|tsh|ldl)\b|"
            r"\b(?:stroke scale|score)\b"
        ),
        Topic.INVESTIGATIONS,
    ),
    (
        _cue(
            r"\bausculta|\bpalpat|\bpercussion\b|\bwheez(?:es?|ing)\b|\bcrackles\b|\brhonchi\b|"
            r"\brales\b|\bmurmurs?\b|\btender(?:ness)?\b|\berythema(?:tous)?\b|\b(?:o)?edema\b|"
            r"\bbreath sounds\b|\bheart sounds\b|\bbowel sounds\b|\babdomen\b|\bchest is\b|"
            r"\blungs\b|\bpupils\b|\breflexes\b|\btympanic\b|\bbulging\b|\bdistend|\bguarding\b|"
            r"\bnormocephalic\b|\balert and\b|\bwell[\s-]appearing\b|\bno acute distress\b|"
            r"\bmucous membranes\b|\blymphadenopathy\b|\brange of motion\b|\bgait\b|\bcyanosis\b"
        ),
        Topic.EXAMINATION,
    ),
    (
        _cue(
            rf"\b(?:{_SYMPTOMS})\b.*\b(?:for|since|ago|started|began|worse|after|last|when)\b|"
            rf"\bhas (?:been|had)\b.*\b(?:{_SYMPTOMS})\b|\bno (?:{_SYMPTOMS})\b"
        ),
        Topic.PRESENT,
    ),
    (
        _cue(
            r"\b(?:disease|disorder|syndrome|exacerbation|carcinoma|infection|failure|"
            r"pneumonia|hypertension|diabetes|mellitus|asthma|fracture|sepsis|\w{4,}itis|"
            r"\w{4,}osis|\w{4,}opathy)\b"
        ),
        Topic.ASSESSMENT,
    ),
)


def sort(sentences: Sequence[str]) -> list[Placed]:
    """Say of each sentence what it is about. Every one comes back once, in order, unchanged."""
    under: Topic | None = None
    placed: list[Placed] = []
    for sentence in sentences:
        heading = _spoken_heading(sentence)
        under = heading or under
        topic = heading or _first(_PLAIN, sentence) or under or _first(_LIKELY, sentence)
        placed.append(Placed(sentence, topic or Topic.OTHER))
    return placed


def topic_of_heading(title: str) -> Topic | None:
    """What belongs under a heading that a clinic chose, None if its words say nothing to us."""
    words = re.sub(r"[^\w\s/-]+", " ", title).strip()
    for topic, pattern in _HEADING_WHOLE.items():
        if pattern.fullmatch(words):
            return topic
    for topic, pattern in _HEADING_WORDS.items():
        if pattern.search(words):
            return topic
    return None


def _spoken_heading(sentence: str) -> Topic | None:
    for topic, pattern in _HEADING_ALONE.items():
        if pattern.match(sentence):
            return topic
    opening = _HEADING_OPENING.match(sentence)
    if opening:
        return next(
            (topic for topic, words in _HEADING_WORDS.items() if words.match(sentence)), None
        )
    return None


def _first(cues: Sequence[tuple[re.Pattern[str], Topic]], sentence: str) -> Topic | None:
    return next((topic for cue, topic in cues if cue.search(sentence)), None)
