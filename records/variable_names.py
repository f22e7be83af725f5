"""Plain names of common variables, for values that were sent as a code alone."""

from __future__ import annotations

from typing import Final

from records.values import LOINC

_NAMES: Final = """
718-7 haemoglobin
777-3 platelets
787-2 size of the red blood cells (MCV)
788-0 spread of the red blood cells (RDW)
789-8 red blood cells
1558-6 fasting blood sugar
1742-6 liver enzyme ALT
1751-7 albumin
1920-8 liver enzyme AST
1975-2 bilirubin
1988-5 CRP (sign of inflammation)
2028-9 bicarbonate
2075-0 chloride
2085-9 HDL cholesterol
2093-3 total cholesterol
2132-9 vitamin B12
2157-6 creatine kinase
2160-0 creatinine
2276-4 ferritin
2284-8 folate
2324-2 liver enzyme GGT
2345-7 blood sugar
2498-4 iron
2524-7 lactate
2532-0 lactate dehydrogenase
2571-8 triglycerides
2744-1 acidity of arterial blood (pH)
2777-1 phosphate
2823-3 potassium
2857-1 PSA (prostate)
2885-2 total protein
2951-2 sodium
3016-3 TSH (thyroid)
3024-7 free T4 (thyroid)
3084-1 uric acid
3094-0 urea nitrogen
3255-7 fibrinogen
4537-7 sedimentation rate
4544-3 haematocrit
4548-4 HbA1c (long-term blood sugar)
5902-2 prothrombin time (blood clotting)
6301-6 INR (blood clotting)
6690-2 white blood cells
6768-6 alkaline phosphatase
8280-0 waist circumference
8302-2 height
8310-5 body temperature
8462-4 diastolic blood pressure
8480-6 systolic blood pressure
8867-4 pulse
9279-1 breathing rate
9318-7 albumin to creatinine in urine
10839-9 troponin I
13457-7 LDL cholesterol
17861-6 calcium
19123-9 magnesium
29463-7 weight
30525-0 age
30934-4 BNP (strain on the heart)
33762-6 NT-proBNP (strain on the heart)
33914-3 kidney function (eGFR)
39156-5 body mass index
46098-0 sex
59408-5 oxygen in the blood
"""
NAMES: Final = {
    f"{LOINC}|{code}": name
    for code, _, name in (line.partition(" ") for line in _NAMES.strip().splitlines())
}
"""The name of a variable by its code: `http://loinc.org|…`."""
