"""The words that carry a dose, a side or a negation, in the languages that are dictated in.

Each maps to the one form in which two spellings are compared.
"""

from collections.abc import Mapping
from typing import Final


def _same(groups: Mapping[str, str]) -> dict[str, str]:
    return {word: form for form, words in groups.items() for word in words.split()}


NUMBERS: Final = _same(
    {
        "0": "zero nil null nul zéro cero शून्य",
        "1": "one ein eins eine un une uno एक",
        "2": "two zwei deux dos due दो",
        "3": "three drei trois tres tre तीन",
        "4": "four vier quatre cuatro quatro चार",
        "5": "five fünf cinq cinco cinque पांच पाँच",
        "6": "six sechs seis sei छह छः",
        "7": "seven sieben sept siete sete sette सात",
        "8": "eight acht huit ocho oito otto आठ",
        "9": "nine neun neuf nueve nove नौ",
        "10": "ten zehn dix diez dez dieci दस",
        "11": "eleven elf onze undici ग्यारह",
        "12": "twelve zwölf douze doce doze dodici बारह",
        "13": "thirteen dreizehn treize trece tredici तेरह",
        "14": "fourteen vierzehn quatorze catorce चौदह",
        "15": "fifteen fünfzehn quinze quince quindici पंद्रह पन्द्रह",
        "16": "sixteen sechzehn seize dieciséis sedici सोलह",
        "17": "seventeen siebzehn diecisiete diciassette सत्रह",
        "18": "eighteen achtzehn dieciocho diciotto अठारह",
        "19": "nineteen neunzehn diecinueve diciannove उन्नीस",
        "20": "twenty zwanzig vingt veinte vinte venti बीस",
        "25": "पच्चीस",
        "30": "thirty dreißig dreissig trente treinta trinta trenta तीस",
        "40": "forty fourty vierzig quarante cuarenta quarenta quaranta चालीस",
        "50": "fifty fünfzig cinquante cincuenta cinquenta cinquanta पचास",
        "60": "sixty sechzig soixante sesenta sessenta sessanta साठ",
        "70": "seventy siebzig setenta settanta सत्तर",
        "80": "eighty achtzig ochenta oitenta ottanta अस्सी",
        "90": "ninety neunzig noventa novanta नब्बे",
        "100": "hundred hundert cent cien ciento cem cento सौ",
        "1000": "thousand tausend mille mil हज़ार हजार",
        "1000000": "million millionen millones लाख",
        "½": "half halb halbe halben demi demie medio media meio आधा आधी",
        "¼": "quarter viertel quart",
        "1.5": "anderthalb eineinhalb डेढ़",
        "2.5": "ढाई zweieinhalb",
        "×2": "double doppelt doppelte doble",
    }
)

DECIMAL_POINTS: Final = frozenset({"point", "komma", "virgule", "coma", "vírgula", "दशमलव"})
"""Part of a number where they follow one: “two point five”."""

UNITS: Final = _same(
    {
        "mg": "mg milligram milligrams milligramme milligrammes milligramm miligramo miligramos"
        " miligramas मिलीग्राम",
        "kg": "kg kilo kilos kilogram kilograms kilogramm kilogramme kilogrammes किलो",
        "µg": "µg μg mcg ug microgram micrograms mikrogramm microgramme microgrammes microgramos",
        "ng": "ng nanogram nanograms nanogramm",
        "pg": "pg picogram picograms",
        "g": "gram grams gramm gramme grammes gramo gramos ग्राम",
        "l": "litre litres liter liters litro litros लीटर",
        "ml": "ml millilitre millilitres milliliter milliliters mililitro mililitros cc मिलीलीटर",
        "dl": "dl decilitre deciliter",
        "mmol": "mmol millimole millimoles millimol",
        "µmol": "µmol μmol umol micromole micromoles mikromol",
        "nmol": "nmol nanomole nanomoles",
        "mol": "mol",
        "meq": "meq milliequivalent milliequivalents",
        "iu": "iu",
        "u": "unit units einheit einheiten unité unités unidad unidades यूनिट",
        "%": "% percent prozent porcentaje प्रतिशत",
        "‰": "‰",
        "°": "° degree degrees grad degré degrés",
        "mmhg": "mmhg",
        "kpa": "kpa",
        "bpm": "bpm",
        "cm": "cm centimetre centimetres centimeter centimeters zentimeter",
        "mm": "mm millimetre millimetres millimeter millimeters",
        "km": "km kilometre kilometres kilometer kilometers",
        "m": "metre metres meter meters",
        "inch": "inch inches",
        "ft": "foot feet",
        "lb": "lb lbs pound pounds pfund",
        "min": "mins minute minutes minuten minutos मिनट",
        "h": "hour hours hrs stunde stunden heure heures hora horas घंटे घंटा",
        "d": "days tage tagen jours días दिन",
        "wk": "week weeks woche wochen semaine semaines semana semanas हफ्ते सप्ताह",
        "mo": "month months monat monate monaten mois mes meses महीने",
        "y": "year years yrs jahr jahre jahren ans an año años साल वर्ष",
        "tablet": "tablet tablets tab tabs tablette tabletten comprimé comprimés गोली",
        "capsule": "capsule capsules kapsel kapseln",
        "puff": "puff puffs hub",
        "drop": "drop drops tropfen gouttes gotas बूंद",
        "/": "per pro",
    }
)

UNITS_AFTER_NUMBERS: Final = _same(
    {
        "g": "g",
        "l": "l",
        "m": "m",
        "h": "h hr",
        "s": "s sec second seconds sekunde sekunden",
        "d": "d day tag jour día",
        "min": "min",
        "u": "u",
        "k": "k",
        "c": "c celsius",
        "f": "f fahrenheit",
        "inch": "in",
        "×": "x times time mal fois veces बार",
    }
)
"""Too short, or too ordinary, to mean a unit anywhere else."""

_ONCE, _TWICE, _THRICE, _FOUR_TIMES, _DAILY = "1 ×", "2 ×", "3 ×", "4 ×", "/d"

TIMES: Final[dict[str, tuple[str, ...]]] = {
    "once": (_ONCE,),
    "einmal": (_ONCE,),
    "twice": (_TWICE,),
    "zweimal": (_TWICE,),
    "thrice": (_THRICE,),
    "dreimal": (_THRICE,),
    "daily": (_DAILY,),
    "täglich": (_DAILY,),
    "quotidien": (_DAILY,),
    "रोज़": (_DAILY,),
    "nightly": ("/night",),
    "weekly": ("/wk",),
    "wöchentlich": ("/wk",),
    "monthly": ("/mo",),
    "hourly": ("/h",),
    "bid": (_TWICE, _DAILY),
    "bd": (_TWICE, _DAILY),
    "tid": (_THRICE, _DAILY),
    "tds": (_THRICE, _DAILY),
    "qid": (_FOUR_TIMES, _DAILY),
    "qds": (_FOUR_TIMES, _DAILY),
    "qd": (_ONCE, _DAILY),
    "od": ("od",),
    "os": ("os",),
    "ou": ("ou",),
    "prn": ("prn",),
    "stat": ("stat",),
    "nocte": ("/night",),
    "mane": ("/morning",),
}
"""How often: part of every dose. OD may be an eye or once a day, so it equals only itself."""

SIDES: Final = _same(
    {
        "left": "left lt links linke linker linkes linken linkem gauche gauches izquierdo"
        " izquierda esquerdo esquerda sinistro sinistra बायां बायाँ बाएं बाएँ बायें बाईं बाया",
        "right": "right rt rechts rechte rechter rechtes rechten rechtem droit droite droits"
        " droites derecho derecha direito direita destro destra दायां दायाँ दाएं दाएँ दायें दाईं"
        " दाहिना दाहिने दाहिनी",
        "both": "both bilateral bilaterally beide beiden beidseits beidseitig bds bilatéral"
        " bilatérale bilatéraux दोनों",
        "one side": "unilateral unilaterally einseitig unilatéral unilatérale",
        "same side": "ipsilateral ipsilaterally",
        "other side": "contralateral contralaterally kontralateral",
    }
)

_NEGATIONS_AS_THEY_ARE: Final = (
    "never none nor neither nothing nobody nowhere negative unable fails failed"
    " kein keine keinen keiner keinem keines nicht nichts nie niemals ohne weder negativ"
    " verneint pas ne sans aucun aucune jamais ni négatif négative sin nunca ningún ninguno"
    " ninguna niega tampoco negativo negativa não sem nenhum nenhuma nega senza nessun"
    " nessuno nessuna mai नहीं न ना बिना मत नकारात्मक"
)

NEGATIONS: Final = _same(
    {
        "no": "no non nil",
        "not": "not cannot",
        "deny": "deny denies denied denying",
        "without": "without",
        "exclude": "exclude excludes excluded ruled rules",
        "lack": "lack lacks lacked lacking",
        "absent": "absent absence",
    }
) | {word: word for word in _NEGATIONS_AS_THEY_ARE.split()}
