# What values are called in records, their answers and units, in the patient's words.

measure-age = Alter
measure-sex = Geschlecht
measure-race-and-hispanic-origin = Herkunft
measure-education = Schulbildung
measure-marital-status = Familienstand
measure-family-income-as-a-multiple-of-the-poverty-line = Einkommen der Familie im Verhältnis zur Armutsgrenze
measure-health-insurance = Krankenversicherung
measure-body-mass-index = Body-Mass-Index
measure-weight = Gewicht
measure-height = Größe
measure-waist-circumference = Bauchumfang
measure-systolic-blood-pressure-first-reading = oberer Blutdruckwert, erste Messung
measure-systolic-blood-pressure-second-reading = oberer Blutdruckwert, zweite Messung
measure-systolic-blood-pressure-third-reading = oberer Blutdruckwert, dritte Messung
measure-diastolic-blood-pressure-first-reading = unterer Blutdruckwert, erste Messung
measure-diastolic-blood-pressure-second-reading = unterer Blutdruckwert, zweite Messung
measure-diastolic-blood-pressure-third-reading = unterer Blutdruckwert, dritte Messung
measure-systolic-blood-pressure-at-rest = oberer Blutdruckwert in Ruhe
measure-pulse = Puls
measure-hdl-cholesterol = HDL-Cholesterin
measure-total-cholesterol = Gesamtcholesterin
measure-lead-in-blood = Blei im Blut
measure-cadmium-in-blood = Cadmium im Blut
measure-mercury-in-blood = Quecksilber im Blut
measure-selenium-in-blood = Selen im Blut
measure-manganese-in-blood = Mangan im Blut
measure-arthritis-told-by-a-doctor = Arthritis, ärztlich festgestellt
measure-heart-attack-told-by-a-doctor = Herzinfarkt, ärztlich festgestellt
measure-stroke-told-by-a-doctor = Schlaganfall, ärztlich festgestellt
measure-cancer-told-by-a-doctor = Krebs, ärztlich festgestellt
measure-general-health-in-own-words = eigene Einschätzung der Gesundheit
measure-ever-smoked-100-cigarettes = mindestens 100 Zigaretten geraucht
measure-smokes-now = raucht jetzt
measure-sleep-on-workdays = Schlaf an Arbeitstagen
measure-trouble-sleeping-told-to-a-doctor = Schlafprobleme, ärztlich besprochen
measure-vigorous-work = anstrengende Arbeit
measure-moderate-work = mäßig anstrengende Arbeit
measure-walks-or-cycles-to-get-about = Wege zu Fuß oder mit dem Rad
measure-vigorous-sport = anstrengender Sport
measure-moderate-sport = mäßig anstrengender Sport
measure-time-sitting-in-a-day = Zeit im Sitzen am Tag
measure-energy-eaten-in-a-day = Energie aus Essen am Tag
measure-protein-eaten-in-a-day = Eiweiß am Tag
measure-carbohydrate-eaten-in-a-day = Kohlenhydrate am Tag
measure-sugars-eaten-in-a-day = Zucker am Tag
measure-fibre-eaten-in-a-day = Ballaststoffe am Tag
measure-fat-eaten-in-a-day = Fett am Tag
measure-cholesterol-eaten-in-a-day = Cholesterin aus Essen am Tag
measure-alcohol-drunk-in-a-day = Alkohol am Tag
measure-chest-pain = Brustschmerz
measure-fasting-blood-sugar-above-120-mg-dl = Nüchternzucker über 120 mg/dL
measure-electrocardiogram-at-rest = EKG in Ruhe
measure-highest-heart-rate-under-effort = höchster Puls bei Belastung
measure-angina-under-effort = Brustschmerz bei Belastung
measure-st-depression-under-effort = ST-Senkung bei Belastung
measure-slope-of-the-st-segment-under-effort = Verlauf der ST-Strecke bei Belastung
measure-large-vessels-coloured-by-fluoroscopy = große Gefäße, im Röntgen gefärbt
measure-thallium-scan = Thallium-Untersuchung
measure-diabetes = Diabetes
measure-heart-disease = Herzkrankheit
measure-fasting-blood-sugar = Nüchternblutzucker

measure-blood-sugar = Blutzucker

measure-hba1c-long-term-blood-sugar = HbA1c (Langzeitzucker)

measure-ldl-cholesterol = LDL-Cholesterin

measure-triglycerides = Triglyzeride

measure-creatinine = Kreatinin

measure-urea-nitrogen = Harnstoff-Stickstoff

measure-uric-acid = Harnsäure

measure-sodium = Natrium

measure-potassium = Kalium

measure-chloride = Chlorid

measure-bicarbonate = Bikarbonat

measure-calcium = Kalzium

measure-magnesium = Magnesium

measure-phosphate = Phosphat

measure-liver-enzyme-alt = Leberwert ALT (GPT)

measure-liver-enzyme-ast = Leberwert AST (GOT)

measure-alkaline-phosphatase = alkalische Phosphatase

measure-liver-enzyme-ggt = Leberwert GGT

measure-bilirubin = Bilirubin

measure-albumin = Albumin

measure-total-protein = Gesamteiweiß

measure-lactate-dehydrogenase = Laktatdehydrogenase

measure-creatine-kinase = Kreatinkinase

measure-crp-sign-of-inflammation = CRP (Entzündungswert)

measure-sedimentation-rate = Blutsenkung

measure-ferritin = Ferritin

measure-iron = Eisen

measure-troponin-i = Troponin I

measure-bnp-strain-on-the-heart = BNP (Belastung des Herzens)

measure-nt-probnp-strain-on-the-heart = NT-proBNP (Belastung des Herzens)

measure-tsh-thyroid = TSH (Schilddrüse)

measure-free-t4-thyroid = freies T4 (Schilddrüse)

measure-psa-prostate = PSA (Prostata)

measure-haemoglobin = Hämoglobin

measure-haematocrit = Hämatokrit

measure-white-blood-cells = weiße Blutkörperchen

measure-platelets = Blutplättchen

measure-red-blood-cells = rote Blutkörperchen

measure-size-of-the-red-blood-cells-mcv = Größe der roten Blutkörperchen (MCV)

measure-spread-of-the-red-blood-cells-rdw = Streuung der roten Blutkörperchen (RDW)

measure-inr-blood-clotting = INR (Blutgerinnung)

measure-prothrombin-time-blood-clotting = Prothrombinzeit (Blutgerinnung)

measure-fibrinogen = Fibrinogen

measure-lactate = Laktat

measure-acidity-of-arterial-blood-ph = Säuregrad im arteriellen Blut (pH)

measure-vitamin-b12 = Vitamin B12

measure-folate = Folsäure

measure-kidney-function-egfr = Nierenfunktion (eGFR)

measure-albumin-to-creatinine-in-urine = Albumin zu Kreatinin im Urin

measure-breathing-rate = Atemfrequenz

measure-body-temperature = Körpertemperatur

measure-oxygen-in-the-blood = Sauerstoff im Blut

measure-systolic-blood-pressure = oberer Blutdruckwert

measure-diastolic-blood-pressure = unterer Blutdruckwert

measure-gender = Geschlecht

measure-birthdate = Geburtsdatum

measure-deceaseddatetime = Sterbedatum

value-female = weiblich
value-male = männlich
value-white = weiß
value-black = schwarz
value-asian = asiatisch
value-mexican-american = mexikanisch-amerikanisch
value-other-hispanic = andere hispanische Herkunft
value-other = andere
value-below-9th-grade = unter 9. Klasse
value-9th-to-12th-grade = 9. bis 12. Klasse
value-high-school = Highschool-Abschluss
value-some-college = Hochschule ohne Abschluss
value-college = Hochschulabschluss
value-married = verheiratet
value-never-married = nie verheiratet
value-divorced = geschieden
value-with-partner = mit Partner oder Partnerin
value-widowed = verwitwet
value-separated = getrennt
value-excellent = ausgezeichnet
value-very-good = sehr gut
value-good = gut
value-fair = mittel
value-poor = schlecht
value-no = nein
value-yes = ja
value-some-days = an manchen Tagen
value-every-day = jeden Tag
value-typical-angina = typische Angina
value-atypical-angina = untypische Angina
value-non-anginal = Schmerz ohne Angina
value-asymptomatic = kein Schmerz
value-normal = normal
value-st-t-abnormality = Veränderung von ST-Strecke oder T-Welle
value-left-ventricular-hypertrophy = verdickte linke Herzwand
value-up = ansteigend
value-flat = flach
value-down = absteigend
value-fixed-defect = bleibender Defekt
value-reversible-defect = umkehrbarer Defekt
value-entered-in-error = irrtümlich eingetragen
value-cancelled = abgesagt
value-not-done = nicht gemacht
value-preliminary = noch nicht endgültig
value-registered = noch kein Ergebnis
value-unknown = nicht bekannt
value-refuted = ausgeschlossen
value-differential = eine von mehreren möglichen Ursachen
value-provisional = noch nicht bestätigt
value-unconfirmed = nicht bestätigt
value-active = aktiv
value-inactive = nicht mehr aktiv
value-resolved = vorbei
value-remission = in Rückbildung
value-recurrence = wieder aufgetreten
value-relapse = Rückfall
value-completed = abgeschlossen
value-finished = beendet
value-stopped = abgesetzt
value-on-hold = unterbrochen
value-in-progress = läuft
value-final = endgültig
value-amended = ergänzt
value-corrected = berichtigt
unit-years = Jahre
unit-hours = Stunden
unit-minutes = Minuten
unit-per-minute = pro Minute
