"""Recognise common clinical variables and units in the names of columns.

The table is small on purpose: only codes that are beyond doubt, each with the unit and the range in
which values occur. A draft of a mapping uses it; people review the draft.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from records.values import LOINC, code_problem


@dataclass(frozen=True, slots=True)
class Variable:
    """A clinical variable: its LOINC code, UCUM unit, category of consent and plausible range."""

    loinc: str
    unit: str
    category: str
    minimum: float
    maximum: float

    @property
    def code(self) -> str:
        """`http://loinc.org|…`."""
        return f"{LOINC}|{self.loinc}"


_LABORATORY: Final = """
1558-6   mg/dL 10 1500   fasting ?(plasma )?glucose|^fpg$
2345-7   mg/dL 10 1500   ^glucose|blood ?sugar|glukose|^gluc?$|^glc$
4548-4   % 3 20          hba1c|glyco?hemoglobin|glycated ?h(a)?emoglobin|^a1c$
2093-3   mg/dL 40 700    total ?chol|^chol(esterol)?$|chol(esterol)? total|^tchol$
2085-9   mg/dL 5 250     hdl
13457-7  mg/dL 5 500     ldl
2571-8   mg/dL 10 5000   triglycerid|^trig$|^tg$
2160-0   mg/dL 0.1 30    ^(serum )?creatinine?$|^crea$|^scr$|^creat$|kreatinin
3094-0   mg/dL 1 250     ^bun$|urea nitrogen
3084-1   mg/dL 0.5 25    uric ?acid
2951-2   mmol/L 90 200   ^sodium|^natrium|^na serum$
2823-3   mmol/L 1 12     ^potassium|^kalium
2075-0   mmol/L 50 160   ^chloride
2028-9   mmol/L 2 60     bicarb|^hco3$|^co2$
17861-6  mg/dL 3 20      ^calcium|^kalzium
19123-9  mg/dL 0.3 10    ^magnesium
2777-1   mg/dL 0.3 20    ^phosph(orus|ate)
1742-6   U/L 1 20000     ^alt$|^sgpt$|^gpt$|alanine amino
1920-8   U/L 1 20000     ^ast$|^sgot$|^got$|aspartate amino
6768-6   U/L 5 5000      ^alp$|alk(aline)? ?phos
2324-2   U/L 1 5000      ^ggt$|gamma ?gt|gamma glutamyl
1975-2   mg/dL 0.05 60   ^(total )?bili(rubin)?( total)?$|^tbil$
1751-7   g/dL 0.5 8      ^(serum )?albumin$|^alb$
2885-2   g/dL 1 15       total protein
2532-0   U/L 20 20000    ^ldh$|lactate dehydrogenase
2157-6   U/L 5 200000    ^ck$|^cpk$|creatine (phospho)?kinase|creatinine phosphokinase
1988-5   mg/L 0.01 600   ^h?s?crp$|c reactive
4537-7   mm/h 0 200      ^esr$|sedimentation rate
2276-4   ng/mL 1 50000   ferritin
2498-4   ug/dL 1 1000    ^(serum )?iron$
10839-9  ng/mL 0 100     troponin i$|^tni$
30934-4  pg/mL 0 10000   ^bnp$
33762-6  pg/mL 0 100000  nt ?pro ?bnp
3016-3   m[IU]/L 0.001 500  ^tsh$|thyrotropin
3024-7   ng/dL 0.05 20   free t4|^ft4$
2857-1   ng/mL 0 5000    ^psa$
718-7    g/dL 2 25       ^h(a)?emoglobin$|^hb$|^hgb$|hamoglobin
4544-3   % 5 75          h(a)?ematocrit|^hct$
6690-2   10*3/uL 0.1 500 ^wbc|white blood|leukocytes|leukozyten
777-3    10*3/uL 1 3000  ^platelet|^plt$|thrombocyt|^plate?$
789-8    10*6/uL 0.5 10  ^rbc$|red blood cell
787-2    fL 40 160       ^mcv$
788-0    % 5 40          ^rdw$
6301-6   1 0.5 20        ^inr$
5902-2   s 5 200         ^pt$|prothrombin time|^protime$
3255-7   mg/dL 30 1500   fibrinogen
2524-7   mmol/L 0.1 40   ^lactate$|^laktat$
2744-1   [pH] 6.5 8      arterial ph|^ph arterial$|^abg ph$
2132-9   pg/mL 30 5000   vitamin b ?12|^b12$
2284-8   ng/mL 0.5 50    ^folate$
33914-3  mL/min/{1.73_m2} 1 250  ^e?gfr
9318-7   mg/g 0 20000    albumin.?creatinine|^u?acr$
"""
_VITALS: Final = """
39156-5  kg/m2 10 100    body ?mass ?index|^bmi$
29463-7  kg 20 350       ^(body )?weight\\b|^gewicht|^wt$|^peso
8302-2   cm 100 230      height|^ht$|stature|^grosse$
8280-0   cm 40 220       waist
8480-6   mm[Hg] 50 280   systolic|^sbp$|^sysbp$|resting bp|^trestbps$|^bp sys
8462-4   mm[Hg] 1 180    diastolic|^dbp$|^diabp$|^bp dia
8867-4   /min 25 220     heart ?rate|^hr$|^hrt$|pulse(?! pressure)|^puls$
9279-1   /min 2 80       resp(iratory)? ?rate|^rr$
8310-5   Cel 30 44       ^(body )?temp(erature)?( c)?$
59408-5  % 40 100        ^spo2$|pulse ox
"""
_PERSON: Final = """
30525-0  a 0 120         ^age\\b|^alter$|^edad$|age (at|in)|^age( years?)?$
"""
AGE: Final = Variable("30525-0", "a", "demographics", 0, 120)
SEX: Final = Variable("46098-0", "", "demographics", 0, 0)
_SEX: Final = re.compile(r"^(sex|gender|geschlecht|sexo|sexe|sesso|geslacht|riagendr)\b")

_LOINC: Final = re.compile(r"(?:LOINC[:|])?([0-9]{3,5}-[0-9])", re.IGNORECASE)
_ONE_WORD: Final = re.compile(
    r"HbA1c|eGFR|hs-?CRP|proBNP|[SP]a?O2|(Sys|Dia)BP|(?<![A-Za-z])[cdmnpu]?[LU](?![A-Za-z])"
)
"""Words that have capital letters inside, such as the units dL and mU."""

_CATEGORIES: Final = (
    (
        "nutrition",
        r"kcal|protein gm|carbohydrate|sugars?|fiber|fibre|\bfat\b|alcohol gm|diet|dr ?1",
    ),
    ("activity", r"activit|exercise|sedentary|walk|bicycle|sport|steps"),
    ("social-history", r"smok|tobacco|cigar|pack ?years|education|marital|marit|income|poverty"),
    ("social-history", r"insurance|occupation|employ|sleep|household|alcohol|drink"),
    ("demographics", r"\brace|ethnic|hispanic|birth|country|language|\bmale\b|female"),
    ("medication", r"medic|drug|dose|statin|insulin|aspirin|treatment|\btrt\b|\brx\b"),
    ("survey", r"told you|said you|ever (told|had|said)|general health|pain|angina|\bcp\b|score"),
    ("survey", r"questionnaire|history of|hx|family"),
    ("imaging", r"ejection|echo|x ?ray|\bct\b|mri|scan|angiogra|vessels|thal\b|\bca\b"),
    ("procedure", r"ecg|ekg|exang|oldpeak|\bslope|thalach|thalch|max heart|spirometr|fev|surgery"),
    ("genetics", r"gene|allele|genotype|mutation|snp"),
    ("mental-health", r"depress|anxiety|phq|gad ?7|psych"),
    ("vital-signs", r"pressure|pres\b|\bbp\b|pulse"),
    ("laboratory", r"blood|serum|plasma|urine|lab\b|mg ?dl|ug ?dl|ug ?l|mmol|level|count"),
)


_UNIT_WORDS: Final = re.compile(
    r" ([mu]?g ?d?l|[np]?g ?ml|[mnpu]mol ?l|mmol mol|m?i?u ?m?l|kg|cm|mm ?hg|lbs?|inch|f|years?|%)$"
)
"""Units behind the name of a variable."""


def find_variable(name: str) -> Variable | None:
    """Return the common variable that a column's name means, or None."""
    if code := loinc_code(name):
        return next((each for _, each in _table() if each.code == code), None)
    words = spaced(name)
    if _SEX.search(words):
        return SEX
    bare = _UNIT_WORDS.sub("", words)
    for pattern, variable in _table():
        if pattern.search(words) or pattern.search(bare):
            return variable
    return None


def loinc_code(name: str) -> str:
    """Return `http://loinc.org|…` if a name is a LOINC code, such as LOINC:2345-7; else ""."""
    match = _LOINC.fullmatch(name.strip())
    code = f"{LOINC}|{match[1]}" if match else ""
    return "" if code_problem(code) else code


def guess_category(name: str, default: str) -> str:
    """Return the category of consent that a column's name suggests."""
    words = spaced(name)
    return next((code for code, pattern in _CATEGORIES if re.search(pattern, words)), default)


def spaced(name: str) -> str:
    """Return a name in lower case with its words apart: BodyMassIndex → body mass index."""
    name = re.sub("[µμ]", "u", name.replace("ß", "ss"))
    name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    name = _ONE_WORD.sub(lambda match: match[0].lower(), name)
    name = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[0-9])(?=[A-Z][a-z])", " ", name)
    name = re.sub(r"(?<=[a-z])(?=[0-9])", " ", name) if name != name.lower() else name
    return re.sub(r"[^a-z0-9%]+", " ", name.lower()).strip()


@lru_cache(maxsize=1)
def _table() -> tuple[tuple[re.Pattern[str], Variable], ...]:
    groups = ((_PERSON, "demographics"), (_VITALS, "vital-signs"), (_LABORATORY, "laboratory"))
    rows = []
    for text, category in groups:
        for line in text.strip().splitlines():
            loinc, unit, minimum, maximum, pattern = line.split(maxsplit=4)
            variable = Variable(loinc, unit, category, float(minimum), float(maximum))
            rows.append((re.compile(pattern), variable))
    return tuple(rows)
