# What a clinician reads; in English only.

menu-clinician = Patients

menu-clinician-ask = Ask for a permission

clinician-title = Who may I help today?

clinician-search = Search in this list

clinician-patient = Patient

clinician-permits = Permits

clinician-until = Until

clinician-open = Open

clinician-open-what = Open patient { $number }

empty-clinician = No patient permits you anything yet. Ask for a permission.

empty-clinician-search = Nobody in your list fits this search.

ask-title = How do I ask?

ask-number = Hospital number

ask-number-hint = As it stands in your own file

ask-purpose = What for?

ask-purpose-TREAT = To read the records for treatment

ask-purpose-TREATDS = To ask a model for an estimate

ask-categories = Which records do you need?

ask-categories-hint = Ask only for what you need. The patient can say yes to less.

ask-end = Until when?

ask-reason = Why, in words the patient reads

ask-reason-hint = One or two short sentences

ask-button = Send

ask-sent-title = Your request is sent

ask-sent = If this person has records here, your request will reach them. You will see the answer only if they say yes.

clinician-patient-title = What may I do for patient { $number }?

clinician-permitted = What the patient permits

clinician-category = Records

clinician-purpose = What for

clinician-questions = Questions that fit

clinician-no-question = No model fits what this patient permits.

clinician-read = Read the records

clinician-read-lead = Each time you open a record, the patient sees it.

clinician-diagnose = Ask for a diagnosis

values-title = Are these values right?

values-lead = The model sees these values and nothing else. Check them before you ask.

values-caption = Values for { $question }

values-value = Value

values-result = Result

values-unit = Unit

values-date = Date

values-source = Source

values-missing = missing

values-old = older than { $days } days

values-outside = outside { $from } to { $to } { $unit }, the range this model knows

values-button = Ask the model

no-answer-title = No answer

no-answer-range = No answer. { $value } is outside { $from } to { $to } { $unit }, the range this model knows. Check value and unit.

no-answer-missing = No answer. { $missing } of { $all } values are missing; the model needs { $needed }.

no-answer-model = No answer. No model for this question is in force.

model-stopped = This model stopped on { $date }: people it learned from withdrew.

model-stopped-next = Successor: { $model }

diagnosis-title = { $question }: what does the model say, and how surely?

diagnosis-whom = Patient { $number }, { $horizon }, asked on { $time }

diagnosis-values = The values it was given

diagnosis-estimate = { $count } of 100

diagnosis-sentence = Of 100 people with values like these, about { $count } have { $condition }. The model's range is { $low } to { $high }.

diagnosis-beside = { $percent }, 95 % interval { $low } to { $high } %. In the people it was tested on: { $base } of 100.

diagnosis-limits = An estimate from a statistical model, not a diagnosis. You decide.

diagnosis-not-for = Not for: { $groups }.

diagnosis-not-tested = Not tested at { $place }.

diagnosis-tested = Tested at { $place } on { $people } people.

diagnosis-risks = Known risks: { $risks }.

diagnosis-role = It informs a clinician. It decides nothing.

diagnosis-why-title = What moved the estimate

diagnosis-why = These values moved the estimate most, compared with the average person it learned from. They are not causes.

diagnosis-why-up = { $value }: up by { $points } of 100

diagnosis-why-down = { $value }: down by { $points } of 100

diagnosis-plot = How much each value moved the estimate

diagnosis-card = Is this model any good? Read its card

decision-title = What did you decide?

decision-agree = I agree

decision-disagree = I disagree

decision-unused = I did not use it

decision-reason = Your reason

decision-reason-hint = Needed when you disagree or did not use it

decision-error = Choose what you decided

decision-error-reason = Enter your reason

decision-button = Save my decision

decision-saved = Your decision was saved at { $time }.

card-title = Is this model any good?

card-use = What it is for

card-use-intended = Intended use

card-use-users = For whom to use

card-not-for = Not for

card-maker = Who made it

card-paid = Who paid

card-contact = Contact

card-performance = How good it is

card-groups = By group

card-data = What it learned from

card-permissions = Permissions it rests on

card-missing = Missing values

card-evidence = Evidence on outcomes

card-evidence-none = none yet

card-watched = How it is watched

card-last = Last check

card-next = Next check

card-version = Version

card-fingerprint = Model fingerprint

card-manifest = Manifest root

card-view = Ledger view

card-history = History

card-withdrawals = What withdrawals changed

card-successor = Successor

card-not-known = not known

card-not-done = not done

card-auroc = AUROC { $value } (95 % interval { $low } to { $high })

card-slope = Calibration slope { $value }

card-intercept = Calibration intercept { $value }

card-brier = Brier score { $value }

card-auprc = AUPRC { $value }, where { $base } of 100 have it

glass-title = Is this an emergency?

glass-what = This opens the records without the patient's permission, for treatment only.

glass-told = The patient is told: your name, the time and your reason.

glass-review = A second person checks it afterwards.

glass-reason = What is the emergency?

glass-reason-error = Enter what the emergency is

glass-button = Open for this emergency

glass-done = The records are open for this emergency. The patient is told. A second person checks it by { $date }.

clinician-more = The first { $shown } are shown. Search by hospital number for the others.

clinician-caption = Patients who permit you something: { $shown } of { $total }

records-kinds = at least one kind of record

ask-end-what = how long

ask-choose = Choose

ask-condition = an illness that a model may find early

purpose-TREATDS-work = an estimate by a model

values-outside-range = outside { $accepts }, which this model knows

values-unit-other = in another unit than the model knows ({ $accepts })

values-not-whole = The model gives no answer while a value is outside what it knows. Check value and unit in your own file.

values-asking = Asking the model…

diagnosis-about = Patient { $number }, asked on { $time }. The estimate is about now, not about time to come.

diagnosis-result-title = What the model says

diagnosis-tested-on = Tested on { $n } people who never trained it, with records of { $places }.

diagnosis-risks-none = Known risks: people may rely on it too much.

diagnosis-affected = People that this model learned from have withdrawn. It is being replaced.

diagnosis-points = Points of 100

card-outcome = What is estimated

card-tested = Tried on { $n } people who never trained it; { $events } of them had it.

card-slope-name = Calibration slope (right: 1)

card-intercept-name = Calibration intercept (right: 0)

card-scaled = scaled

card-auprc-name = Area under precision and recall

card-prevalence = prevalence

card-plot-calibration = Calibration: how many of 100 had it, by what the model said

card-plot-decision = Decision curve: benefit by threshold, against treating all and none

card-plot-distributions = How the estimates are spread

card-plot-contributions = What moves the estimates most

card-as-table = As a table: { $what }

card-said = The model said (of 100)

card-had = Had it (of 100)

card-people = People

card-with = With it

card-group = Group

card-people-training = who trained it

card-people-testing = who tried it, and never trained it

card-dates = Recorded

card-left-out = Left out

card-refused = Records refused

card-inputs = What it is given

card-input = Value

card-accepts = What it knows

card-affected = Since { $date } people it learned from have withdrawn

card-at-block = ledger at block { $block }, { $count } changes

count-hidden = 10 or fewer
