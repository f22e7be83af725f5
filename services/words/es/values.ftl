# What values are called in records, their answers and units, in the patient's words.

measure-age = edad
measure-sex = sexo
measure-race-and-hispanic-origin = origen étnico
measure-education = educación
measure-marital-status = estado civil
measure-family-income-as-a-multiple-of-the-poverty-line = ingresos de la familia en relación con el umbral de pobreza
measure-health-insurance = seguro de salud
measure-body-mass-index = índice de masa corporal
measure-weight = peso
measure-height = estatura
measure-waist-circumference = contorno de cintura
measure-systolic-blood-pressure-first-reading = presión arterial máxima, primera medición
measure-systolic-blood-pressure-second-reading = presión arterial máxima, segunda medición
measure-systolic-blood-pressure-third-reading = presión arterial máxima, tercera medición
measure-diastolic-blood-pressure-first-reading = presión arterial mínima, primera medición
measure-diastolic-blood-pressure-second-reading = presión arterial mínima, segunda medición
measure-diastolic-blood-pressure-third-reading = presión arterial mínima, tercera medición
measure-systolic-blood-pressure-at-rest = presión arterial máxima en reposo
measure-pulse = pulso
measure-hdl-cholesterol = colesterol HDL
measure-total-cholesterol = colesterol total
measure-lead-in-blood = plomo en la sangre
measure-cadmium-in-blood = cadmio en la sangre
measure-mercury-in-blood = mercurio en la sangre
measure-selenium-in-blood = selenio en la sangre
measure-manganese-in-blood = manganeso en la sangre
measure-arthritis-told-by-a-doctor = artritis, según un médico
measure-heart-attack-told-by-a-doctor = infarto, según un médico
measure-stroke-told-by-a-doctor = derrame cerebral, según un médico
measure-cancer-told-by-a-doctor = cáncer, según un médico
measure-general-health-in-own-words = salud según usted
measure-ever-smoked-100-cigarettes = ha fumado 100 cigarrillos o más
measure-smokes-now = fuma ahora
measure-sleep-on-workdays = sueño en días de trabajo
measure-trouble-sleeping-told-to-a-doctor = problemas de sueño, contados a un médico
measure-vigorous-work = trabajo intenso
measure-moderate-work = trabajo moderado
measure-walks-or-cycles-to-get-about = camina o va en bicicleta
measure-vigorous-sport = deporte intenso
measure-moderate-sport = deporte moderado
measure-time-sitting-in-a-day = tiempo sentado al día
measure-energy-eaten-in-a-day = energía de la comida al día
measure-protein-eaten-in-a-day = proteína al día
measure-carbohydrate-eaten-in-a-day = hidratos de carbono al día
measure-sugars-eaten-in-a-day = azúcares al día
measure-fibre-eaten-in-a-day = fibra al día
measure-fat-eaten-in-a-day = grasa al día
measure-cholesterol-eaten-in-a-day = colesterol de la comida al día
measure-alcohol-drunk-in-a-day = alcohol al día
measure-chest-pain = dolor en el pecho
measure-fasting-blood-sugar-above-120-mg-dl = azúcar en ayunas por encima de 120 mg/dL
measure-electrocardiogram-at-rest = electrocardiograma en reposo
measure-highest-heart-rate-under-effort = pulso más alto en esfuerzo
measure-angina-under-effort = dolor en el pecho en esfuerzo
measure-st-depression-under-effort = descenso del ST en esfuerzo
measure-slope-of-the-st-segment-under-effort = pendiente del ST en esfuerzo
measure-large-vessels-coloured-by-fluoroscopy = vasos grandes teñidos en radioscopia
measure-thallium-scan = prueba con talio
measure-diabetes = diabetes
measure-heart-disease = enfermedad del corazón
measure-fasting-blood-sugar = azúcar en ayunas

measure-blood-sugar = azúcar en la sangre

measure-hba1c-long-term-blood-sugar = HbA1c (azúcar a largo plazo)

measure-ldl-cholesterol = colesterol LDL

measure-triglycerides = triglicéridos

measure-creatinine = creatinina

measure-urea-nitrogen = nitrógeno ureico

measure-uric-acid = ácido úrico

measure-sodium = sodio

measure-potassium = potasio

measure-chloride = cloruro

measure-bicarbonate = bicarbonato

measure-calcium = calcio

measure-magnesium = magnesio

measure-phosphate = fosfato

measure-liver-enzyme-alt = enzima del hígado ALT

measure-liver-enzyme-ast = enzima del hígado AST

measure-alkaline-phosphatase = fosfatasa alcalina

measure-liver-enzyme-ggt = enzima del hígado GGT

measure-bilirubin = bilirrubina

measure-albumin = albúmina

measure-total-protein = proteína total

measure-lactate-dehydrogenase = lactato deshidrogenasa

measure-creatine-kinase = creatina cinasa

measure-crp-sign-of-inflammation = PCR (señal de inflamación)

measure-sedimentation-rate = velocidad de sedimentación

measure-ferritin = ferritina

measure-iron = hierro

measure-troponin-i = troponina I

measure-bnp-strain-on-the-heart = BNP (carga del corazón)

measure-nt-probnp-strain-on-the-heart = NT-proBNP (carga del corazón)

measure-tsh-thyroid = TSH (tiroides)

measure-free-t4-thyroid = T4 libre (tiroides)

measure-psa-prostate = PSA (próstata)

measure-haemoglobin = hemoglobina

measure-haematocrit = hematocrito

measure-white-blood-cells = glóbulos blancos

measure-platelets = plaquetas

measure-red-blood-cells = glóbulos rojos

measure-size-of-the-red-blood-cells-mcv = tamaño de los glóbulos rojos (VCM)

measure-spread-of-the-red-blood-cells-rdw = variación de los glóbulos rojos (ADE)

measure-inr-blood-clotting = INR (coagulación)

measure-prothrombin-time-blood-clotting = tiempo de protrombina (coagulación)

measure-fibrinogen = fibrinógeno

measure-lactate = lactato

measure-acidity-of-arterial-blood-ph = acidez de la sangre arterial (pH)

measure-vitamin-b12 = vitamina B12

measure-folate = folato

measure-kidney-function-egfr = función de los riñones (FGe)

measure-albumin-to-creatinine-in-urine = albúmina y creatinina en la orina

measure-breathing-rate = frecuencia respiratoria

measure-body-temperature = temperatura del cuerpo

measure-oxygen-in-the-blood = oxígeno en la sangre

measure-systolic-blood-pressure = presión arterial máxima

measure-diastolic-blood-pressure = presión arterial mínima

measure-gender = género

measure-birthdate = fecha de nacimiento

measure-deceaseddatetime = fecha de fallecimiento

value-female = mujer
value-male = hombre
value-white = blanco/a
value-black = negro/a
value-asian = asiático/a
value-mexican-american = mexicano/a-estadounidense
value-other-hispanic = otro origen hispano
value-other = otro/a
value-below-9th-grade = menos de 9.º grado
value-9th-to-12th-grade = de 9.º a 12.º grado
value-high-school = bachillerato
value-some-college = universidad sin terminar
value-college = universidad
value-married = casado/a
value-never-married = nunca casado/a
value-divorced = divorciado/a
value-with-partner = con pareja
value-widowed = viudo/a
value-separated = separado/a
value-excellent = excelente
value-very-good = muy buena
value-good = buena
value-fair = regular
value-poor = mala
value-no = no
value-yes = sí
value-some-days = algunos días
value-every-day = todos los días
value-typical-angina = angina típica
value-atypical-angina = angina atípica
value-non-anginal = dolor que no es angina
value-asymptomatic = sin dolor
value-normal = normal
value-st-t-abnormality = cambio del ST o de la onda T
value-left-ventricular-hypertrophy = pared izquierda del corazón engrosada
value-up = ascendente
value-flat = plana
value-down = descendente
value-fixed-defect = defecto fijo
value-reversible-defect = defecto reversible
value-entered-in-error = anotado por error
value-cancelled = cancelado
value-not-done = no se hizo
value-preliminary = aún no definitivo
value-registered = aún sin resultado
value-unknown = no se sabe
value-refuted = descartado
value-differential = una de varias causas posibles
value-provisional = aún sin confirmar
value-unconfirmed = sin confirmar
value-active = activo
value-inactive = ya no activo
value-resolved = superado
value-remission = en remisión
value-recurrence = volvió a aparecer
value-relapse = recaída
value-completed = terminado
value-finished = terminado
value-stopped = suspendido
value-on-hold = en pausa
value-in-progress = en curso
value-final = definitivo
value-amended = modificado
value-corrected = corregido
unit-years = años
unit-hours = horas
unit-minutes = minutos
unit-per-minute = por minuto
