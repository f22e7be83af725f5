# What values are called in records, their answers and units, in the patient's words.

measure-age = age
measure-sex = sex
measure-race-and-hispanic-origin = race and Hispanic origin
measure-education = education
measure-marital-status = marital status
measure-family-income-as-a-multiple-of-the-poverty-line = family income as a multiple of the poverty line
measure-health-insurance = health insurance
measure-body-mass-index = body mass index
measure-weight = weight
measure-height = height
measure-waist-circumference = waist circumference
measure-systolic-blood-pressure-first-reading = systolic blood pressure, first reading
measure-systolic-blood-pressure-second-reading = systolic blood pressure, second reading
measure-systolic-blood-pressure-third-reading = systolic blood pressure, third reading
measure-diastolic-blood-pressure-first-reading = diastolic blood pressure, first reading
measure-diastolic-blood-pressure-second-reading = diastolic blood pressure, second reading
measure-diastolic-blood-pressure-third-reading = diastolic blood pressure, third reading
measure-systolic-blood-pressure-at-rest = systolic blood pressure at rest
measure-pulse = pulse
measure-hdl-cholesterol = HDL cholesterol
measure-total-cholesterol = total cholesterol
measure-lead-in-blood = lead in blood
measure-cadmium-in-blood = cadmium in blood
measure-mercury-in-blood = mercury in blood
measure-selenium-in-blood = selenium in blood
measure-manganese-in-blood = manganese in blood
measure-arthritis-told-by-a-doctor = arthritis, diagnosed by a doctor
measure-heart-attack-told-by-a-doctor = heart attack, diagnosed by a doctor
measure-stroke-told-by-a-doctor = stroke, diagnosed by a doctor
measure-cancer-told-by-a-doctor = cancer, diagnosed by a doctor
measure-general-health-in-own-words = how you rate your health
measure-ever-smoked-100-cigarettes = smoked at least 100 cigarettes
measure-smokes-now = smokes now
measure-sleep-on-workdays = sleep on workdays
measure-trouble-sleeping-told-to-a-doctor = trouble sleeping, mentioned to a doctor
measure-vigorous-work = vigorous work
measure-moderate-work = moderate work
measure-walks-or-cycles-to-get-about = walks or cycles to get around
measure-vigorous-sport = vigorous sport
measure-moderate-sport = moderate sport
measure-time-sitting-in-a-day = time spent sitting in a day
measure-energy-eaten-in-a-day = energy eaten in a day
measure-protein-eaten-in-a-day = protein eaten in a day
measure-carbohydrate-eaten-in-a-day = carbohydrate eaten in a day
measure-sugars-eaten-in-a-day = sugars eaten in a day
measure-fibre-eaten-in-a-day = fibre eaten in a day
measure-fat-eaten-in-a-day = fat eaten in a day
measure-cholesterol-eaten-in-a-day = cholesterol eaten in a day
measure-alcohol-drunk-in-a-day = alcohol drunk in a day
measure-chest-pain = chest pain
measure-fasting-blood-sugar-above-120-mg-dl = fasting blood sugar above 120 mg/dL
measure-electrocardiogram-at-rest = electrocardiogram at rest
measure-highest-heart-rate-under-effort = highest heart rate during exercise
measure-angina-under-effort = chest pain during exercise
measure-st-depression-under-effort = ST depression during exercise
measure-slope-of-the-st-segment-under-effort = slope of the ST segment during exercise
measure-large-vessels-coloured-by-fluoroscopy = large vessels seen on fluoroscopy
measure-thallium-scan = thallium scan
measure-diabetes = diabetes
measure-heart-disease = heart disease
measure-fasting-blood-sugar = fasting blood sugar

measure-blood-sugar = blood sugar

measure-hba1c-long-term-blood-sugar = HbA1c (long-term blood sugar)

measure-ldl-cholesterol = LDL cholesterol

measure-triglycerides = triglycerides

measure-creatinine = creatinine

measure-urea-nitrogen = urea nitrogen

measure-uric-acid = uric acid

measure-sodium = sodium

measure-potassium = potassium

measure-chloride = chloride

measure-bicarbonate = bicarbonate

measure-calcium = calcium

measure-magnesium = magnesium

measure-phosphate = phosphate

measure-liver-enzyme-alt = liver enzyme ALT

measure-liver-enzyme-ast = liver enzyme AST

measure-alkaline-phosphatase = alkaline phosphatase

measure-liver-enzyme-ggt = liver enzyme GGT

measure-bilirubin = bilirubin

measure-albumin = albumin

measure-total-protein = total protein

measure-lactate-dehydrogenase = lactate dehydrogenase

measure-creatine-kinase = creatine kinase

measure-crp-sign-of-inflammation = CRP (sign of inflammation)

measure-sedimentation-rate = sedimentation rate

measure-ferritin = ferritin

measure-iron = iron

measure-troponin-i = troponin I

measure-bnp-strain-on-the-heart = BNP (strain on the heart)

measure-nt-probnp-strain-on-the-heart = NT-proBNP (strain on the heart)

measure-tsh-thyroid = TSH (thyroid)

measure-free-t4-thyroid = free T4 (thyroid)

measure-psa-prostate = PSA (prostate)

measure-haemoglobin = haemoglobin

measure-haematocrit = haematocrit

measure-white-blood-cells = white blood cells

measure-platelets = platelets

measure-red-blood-cells = red blood cells

measure-size-of-the-red-blood-cells-mcv = size of the red blood cells (MCV)

measure-spread-of-the-red-blood-cells-rdw = spread of the red blood cells (RDW)

measure-inr-blood-clotting = INR (blood clotting)

measure-prothrombin-time-blood-clotting = prothrombin time (blood clotting)

measure-fibrinogen = fibrinogen

measure-lactate = lactate

measure-acidity-of-arterial-blood-ph = acidity of arterial blood (pH)

measure-vitamin-b12 = vitamin B12

measure-folate = folate

measure-kidney-function-egfr = kidney function (eGFR)

measure-albumin-to-creatinine-in-urine = albumin to creatinine in urine

measure-breathing-rate = breathing rate

measure-body-temperature = body temperature

measure-oxygen-in-the-blood = oxygen in the blood

measure-systolic-blood-pressure = systolic blood pressure

measure-diastolic-blood-pressure = diastolic blood pressure

measure-gender = gender

measure-birthdate = date of birth

measure-deceaseddatetime = date of death

value-female = female
value-male = male
value-white = White
value-black = Black
value-asian = Asian
value-mexican-american = Mexican American
value-other-hispanic = other Hispanic
value-other = other
value-below-9th-grade = below 9th grade
value-9th-to-12th-grade = 9th to 12th grade
value-high-school = high school
value-some-college = some college
value-college = college
value-married = married
value-never-married = never married
value-divorced = divorced
value-with-partner = with a partner
value-widowed = widowed
value-separated = separated
value-excellent = excellent
value-very-good = very good
value-good = good
value-fair = fair
value-poor = poor
value-no = no
value-yes = yes
value-some-days = some days
value-every-day = every day
value-typical-angina = typical angina
value-atypical-angina = atypical angina
value-non-anginal = pain that is not angina
value-asymptomatic = no pain
value-normal = normal
value-st-t-abnormality = change of the ST segment or T wave
value-left-ventricular-hypertrophy = thickened left heart wall
value-up = up
value-flat = flat
value-down = down
value-fixed-defect = fixed defect
value-reversible-defect = reversible defect
value-entered-in-error = entered by mistake
value-cancelled = cancelled
value-not-done = not done
value-preliminary = not final yet
value-registered = no result yet
value-unknown = not known
value-refuted = ruled out
value-differential = one of several possible causes
value-provisional = not confirmed yet
value-unconfirmed = not confirmed
value-active = active
value-inactive = no longer active
value-resolved = over
value-remission = in remission
value-recurrence = came back
value-relapse = relapse
value-completed = completed
value-finished = finished
value-stopped = stopped
value-on-hold = on hold
value-in-progress = under way
value-final = final
value-amended = amended
value-corrected = corrected
unit-years = years
unit-hours = hours
unit-minutes = minutes
unit-per-minute = per minute
