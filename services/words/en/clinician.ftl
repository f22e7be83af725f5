# What a clinician reads; in English only.

menu-clinician = My patients

menu-clinician-estimates = My estimates

menu-clinician-requests = My requests

menu-clinician-ask = Request access

clinician-search = Hospital number

clinician-patient = Patient

clinician-permits = Allowed records

clinician-until = Until

clinician-until-first = First permission ends

clinician-caption = { $count ->
        [one] 1 patient
       *[other] Patients { $first } to { $last } of { $total }
    }

clinician-order = Sort by

clinician-order-number = Hospital number

clinician-order-until = First permission ends, soonest first

clinician-today = Only patients with an estimate of mine today

clinician-names = Show names and dates of birth

clinician-names-hint = Only for patients who let you read “age, sex and background” to treat them. Each name is read from the record, and the patient sees this in their history.

clinician-name = Name

clinician-born = Date of birth

clinician-all = Show all patients

clinician-kinds = { $count ->
        [one] 1 kind of record
       *[other] { $count } kinds of records
    }

clinician-last = Last estimate

empty-clinician-today = You have no estimate today for a patient in your list.

empty-clinician = No patient has given you access yet. Request access.

empty-clinician-search = No patient in your list has this number.

ask-number = Hospital number

ask-number-hint = As shown in the patient's chart

ask-error-number = Enter the hospital number

ask-question = Which estimate do you need?

ask-question-none = None in particular

ask-question-hint = Press the button, and the kinds of records that its model uses are ticked below

ask-question-button = Tick its records

ask-needed = needed for this estimate

ask-reason = Your reason, for the patient

ask-reason-hint = The patient reads it in the request. Plain words, nothing confidential.

ask-error-reason = The reason is longer than { $most } characters. Shorten it.

sent-lead = You see a reply only if it is a yes. No answer, a no, and a number that nobody has all look the same here.

sent-caption = { $count ->
        [one] 1 request
       *[other] The newest { $count } requests
    }

sent-on = Sent

sent-reply = Reply

sent-accepted = Permitted on { $date }

sent-waiting = No permission yet; can reply until { $date }

sent-lapsed = No permission; expired on { $date }

empty-sent = You have not sent a request yet.

past-title = Earlier estimates

past-lead = Estimates that you asked for, while the patient permits the records that they used.

past-caption = { $count ->
        [one] 1 estimate
       *[other] The newest { $count } estimates
    }

past-when = Calculated

past-question = Question

past-estimate = { $count } of 100 ({ $low } to { $high })

past-undecided = Not decided yet

empty-past = No estimates to show. Choose a patient in My patients.

prediction-estimate-head = Estimate

ask-purpose = What for?

ask-purpose-what = what it is for

ask-purpose-TREATDS = An estimate by a model

ask-purpose-TREAT = Reading the records, to treat the patient

ask-categories = Which records do you need?

ask-categories-hint = Ask only for what you need. The patient can allow less.

ask-end = For how long?

ask-end-what = how long

ask-choose = Choose

records-kinds = at least one kind of record

ask-button = Send request

ask-sent-title = Sent

ask-sent = If this person can be asked, they receive your request. Nobody is asked again while a request waits, or within half a year after a no.

clinician-patient-title = Patient { $number }

clinician-permitted = Permissions

clinician-category = Records

clinician-purpose = Purpose

purpose-TREATDS-work = an estimate by a model

purpose-TREAT-work = reading, for treatment

timeline-title = Records of patient { $number }

timeline-read = Read the records

timeline-lead = This page shows what the patient lets you read, as the sender wrote it. The patient's history shows that your organisation opened it.

timeline-all = All records

timeline-kinds = Kinds of records

timeline-count = { $count ->
        [one] 1 line
       *[other] { $count } lines
    }

timeline-caption = Records of { $day }

empty-timeline = The patient lets you read these kinds of records. None is stored yet.

clinician-questions = Available estimates

clinician-no-question = No model in use fits the records that this patient allows.

clinician-predict = Get an estimate

values-title = Values for the model

values-lead = The model uses these values and nothing else. Check them before you continue.

values-caption = Values for { $question }

values-value = Value

values-result = Result

values-unit = Unit

values-date = Date

values-missing = missing

values-outside-range = outside { $accepts }, the values that the question accepts as plausible

values-unit-other = in a unit that the model does not accept ({ $accepts })

values-bound = a limit and not a number; the model counts it as missing

values-kind = not of the kind that the model reads; the model counts it as missing

values-converted = the model read { $source } as { $value }: { $rule }

values-rule-ucum = UCUM units of the same quantity

values-rule-molar = the molar mass that the question states

values-rule-habit = the unit that this sender means, as the question states

values-not-accepted = { $n ->
    [one] There is no estimate, because the model does not accept { $values }. Check this value and its unit in the patient's chart.
   *[other] There is no estimate, because the model does not accept { $values }. Check these values and their units in the patient's chart.
}

values-button = Get the estimate

values-asking = Calculating…

no-prediction-title = No estimate

no-prediction-back = Back to the patient

no-prediction-no-model = No model is available for this question.

no-prediction-missing = The model needs { $category }, and these records are not available.

no-prediction-outside = { $value } is outside { $accepted }, the values that the question accepts as plausible. Check the value and its unit in the patient's chart.

no-prediction-ineligible = The model is not intended for this patient: { $value } must be { $accepted }.

no-prediction-unit = { $value } is recorded in { $unit }, and the model expects { $expected }. Check the unit in the patient's chart.

no-prediction-retired = This model was retired on { $date }. It no longer makes estimates.

prediction-title = Estimate: { $question }

prediction-about = Patient { $number }. Calculated on { $time }, from the values recorded before.

prediction-values-all = { $count ->
        [one] The value used
       *[other] The { $count } values of the model
    }

prediction-basis = What the estimate is based on

prediction-estimate = { $count } of 100

prediction-sentence = Of 100 people with values like these, about { $count } have { $condition }. The range is { $low } to { $high }.

prediction-range = This is a 95 % interval for people with estimates like this. It is made so that about 95 of 100 such ranges contain the true share.

prediction-elsewhere = Fewer do at a hospital on whose records the model was not tested.

prediction-site-new = The model did not learn from the site of this patient's records. So the range is wider. It allows for how far off the estimates were at each site when the model had not learned from it.

prediction-site-unmeasured = The model did not learn from the site of this patient's records. How far it is off at a new site is not known. So no range is stated: 0 to 100.

prediction-people = { $count } of 100 people

prediction-scale = Estimate { $count } of 100, range { $low } to { $high }. The upright line is { $base } of 100: the share of all people it was tested on.

prediction-all-old = Every value is more than a year old; the newest is from { $newest }. The estimate describes the patient of that time: age and values may have changed since.

prediction-old = { $count ->
    [one] { $count } of { $total } values is more than a year old, from { $oldest }. It may have changed since.
   *[other] { $count } of { $total } values are more than a year old, the oldest from { $oldest }. They may have changed since.
}

prediction-missing = { $count ->
    [one] { $count } of { $total } values is missing: not recorded, or not permitted by the patient. The estimate is made without it. If it was known for the tested people, the range may be too narrow.
   *[other] { $count } of { $total } values are missing: not recorded, or not permitted by the patient. The estimate is made without them. If they were known for the tested people, the range may be too narrow.
}

prediction-similar = Of about { $similar } tested people with an estimate like this, about { $events } had it. Of all tested people, { $base } of 100 had it.

prediction-unusual = { $value }: { $recorded }. Almost all people that the model learned from had { $low } to { $high }. The estimate is less certain than its range says.

prediction-rare = { $value }: { $recorded }. Fewer than 11 people that the model learned from had this. The estimate is less certain than its range says.

prediction-unlike = Taken together, the values are unlike those of almost all people that the model learned from. The estimate is less certain than its range says.

prediction-limits = An estimate from a statistical model, not a diagnosis. You decide.

prediction-role = Use it alongside your own judgement.

prediction-tested-on = Tested on about { $n } people by models that had not seen them, with records of { $places }.

prediction-risks-none = Known risk: people may rely on it too much.

prediction-model-affected = This model will be replaced or retired: people in its training data withdrew, or their records were changed.

prediction-model-replaced = A newer model replaced this one on { $date }. A new estimate may differ.

prediction-model-retired = This model was retired on { $date }. It makes no new estimates.

prediction-why-title = What moved the estimate

prediction-why = The bars add up: from an average person in the training data to this estimate. They are not causes.

prediction-plot = How many points of 100 each value moved the estimate

prediction-drawn = As a bar

prediction-start = Average person

prediction-total = This estimate

prediction-others = { $count ->
        [one] the other value
       *[other] the other { $count } values together
    }

prediction-points = Points of 100

prediction-card = Model card

decision-title = Your decision

decision-agree = I agree

decision-disagree = I disagree

decision-unused = I did not use it

decision-question = What did you decide?

decision-reason = Your reason

decision-reason-hint = Needed if you disagree or did not use the estimate

decision-error = Choose your decision

decision-error-reason = Enter your reason

decision-button = Save my decision

decision-change = Save the changed decision

decision-saved-word = Saved

decision-saved = “{ $decision }”, on { $time }.

decision-saved-reason = Reason: { $reason }

card-title = Model card

card-use = Intended use

card-use-intended = Intended use

card-outcome = Estimated outcome

card-not-for = Not for

card-maker = Developed by

card-paid = Funded by

card-performance = Performance

card-tested = Tested on { $n } people not used for training; { $events } of them had the outcome.

card-out-of-fold = Models that had not seen them predicted { $n } people. { $events } of these had the outcome. Counts of people are rounded to tens.

card-spread = Standard deviation of the AUROC

card-stability = Standard deviation of the estimate about one person, mean

card-between-folds = between folds

card-between-repeats = between repeats

card-between-draws = between draws of the folds

card-items = Numbers after headings are the items of TRIPOD+AI (2024).

card-before = Comparison with the model before

card-before-note = Each was measured on its own people, by models that had not learned from them.

card-measure = Measure

card-this = This model

card-learners = Two kinds of model on the same people

card-learner = Model

card-learner-xgboost = boosted trees

card-learner-logistic = logistic regression

card-log-loss = Log-loss

card-comparison = The log-loss of the regression minus that of the trees is { $difference } (standard error { $error }). The simpler regression is used unless the trees are better by more than one standard error.

card-tuning = recalibration { $method }; { $tried } settings tried, { $within } within the bound of the attack

card-weights = Weights of people

card-weights-text = Drawn at random for the final fit, so that the answers of two models reveal little of one person.

card-thresholds = Acting at a threshold, with 95 % intervals

card-threshold = Threshold

card-sensitivity = Sensitivity

card-specificity = Specificity

card-ppv = PPV

card-npv = NPV

card-flagged = Flagged per 100

card-by-outcome = People by outcome: median and quartiles, or share

card-without = Without the outcome

card-splits = Tested on each place or period by a model of the others

card-attack = Membership attack: AUROC

card-attack-found = Membership attack: training patients found at 1 % false positives

card-attack-value = { $value } (upper confidence bound { $high })

card-attack-kind = Attack

card-attack-lira = LiRA with { $shadows } shadow models, on exact estimates

card-release = Bounds of the attack

card-release-here = It meets the bound for answering here. It does not meet the stricter bound for leaving a platform.

card-release-leave = It meets the bound for answering here, and the stricter bound for leaving a platform. Models do not leave this one.

card-size = Smallest cohort

card-size-risk = { $n } people to know the overall risk to ± 5 in 100.

card-size-shrinkage = { $n } for a regression without a penalty.

card-absence = AUROC of which values are missing

card-runs = Runs before this one

card-runs-before = { $all } on this outcome in this study, { $refused } of them refused

card-alone = AUROC alone

card-moves = Mean change of the log-odds

card-reviewed = Why it is known before

card-slope-name = Calibration slope (ideal: 1)

card-intercept-name = Calibration intercept (ideal: 0)

card-expected-name = Observed to expected (ideal: 1)

card-scaled = scaled

card-auprc-name = Area under the precision-recall curve

card-prevalence = prevalence

card-groups = Performance by group

card-group = Group

card-data = Training data

card-people = People

card-with = With the outcome

card-dates = Recorded

card-years = Years of the records (at most 10 patients have earlier records, at most 10 later)

card-permitted = People who permit it

card-left-out = People left out

card-refused = Records refused
card-not-listed = Not listed
card-not-listed-text = Reasons that apply to fewer than 11 people or records. These people and records are not counted here.

card-permissions = Permissions

card-missing = Missing values

card-inputs = Inputs

card-input = Value

card-accepts = Accepted range

card-evidence = Evidence on patient outcomes

card-evidence-none = none yet

card-watched = Monitoring

card-withdrawals = Effect of withdrawals

card-affected = Since { $date }, people it was trained on no longer permit it

card-successor = Successor

card-last = Last evaluation

card-retired = Retired on

card-version = Version

card-predecessor = Model before

card-code = Code fingerprint

card-libraries = Libraries

card-fingerprint = Model fingerprint

card-manifest = Manifest root

card-view = Ledger view

card-at-block = ledger at block { $block }, { $count } changes

card-not-known = not known

card-measured = The figures and counts are those that training run { $run } measured. Since then, fewer than 11 people have joined, left or had their records changed. New figures could reveal something about these people. The model can leave out up to 22 others, for the same reason. This training checked the thresholds again.

card-measured-elsewhere = The figures and counts are those that another study measured with the same question on nearly the same people. Fewer than 11 of those who permit it differ or have other records. New figures could reveal something about these people. The model can leave out up to 22 others, for the same reason. This training checked the thresholds again.

card-measured-in = In training run { $run }

card-measured-in-study = In another study

card-hidden-note = “Hidden” is a figure that could reveal something about 10 people or fewer.

card-inputs-few = The effect of an input is hidden if all but a few people have the same value. It is also hidden if the input is nearly the same as an earlier one. “A few” means fewer than 11.

card-plot-calibration = Calibration: how many of 100 had the outcome, by estimate

card-plot-roc = ROC curve: sensitivity against false alarms

card-plot-precision = Precision and recall: of those flagged, how many had the outcome

card-plot-decision = Decision curve: net benefit by threshold, compared with treating everyone and no one

card-plot-distributions = Distribution of the estimates

card-plot-groups = Performance by group: AUROC with 95 % intervals

card-plot-contributions = Values that move the estimates most

card-as-table = As a table: { $what }

card-said = Estimate (of 100)

card-had = Had the outcome (of 100)

card-interval = Range of an estimate

card-interval-text = 95 % conformal interval, learned out of fold from { $groups } groups of people with similar estimates. It is made so that about 95 of 100 such ranges contain the true share. Fewer do at a hospital on whose records it was not tested.

card-sites = At another site

card-sites-names = The model learned from: { $names }.

card-sites-text = At another site the range is wider. Each of { $sites } sites was predicted by a model of the others. Calibration in the large: { $mean } ± { $margin }, standard deviation { $spread } (log-odds). With few sites the range can say little.

card-sites-unknown = At another site no range is stated (0 to 100). Fewer than three sites could be tested, so how much they differ is not known.

card-frequency = Inputs that show how often a person is tested

card-frequency-text = { $inputs }. AUROC with them { $having }, without them { $without }. They carry what clinicians suspected, and can fail where habits differ.

card-frequency-none = The question declares no such input.

card-moves-without = { " " }({ $value } without how often tested)

card-usual = Almost all people

count-hidden = hidden

frame-pages = Pages of the list

frame-page-of = Page { $page } of { $pages }

frame-page-before = Previous page

frame-page-after = Next page

owes-title = What patients ask of you

owes-lead = A patient's permission can have any of these duties. By asking, your organisation accepts them.

owes-here = You may read this under these duties, which the patient set:

owes-DEID = Remove what shows who they are.

owes-PSEUD = Use a code in place of their name.

owes-AUDIT = Keep a record of each use.

owes-DELAU = Delete it after use.

owes-ENCRYPT = Keep it encrypted.

owes-NORELINK = Do not try to find out who anybody is.

owes-NOREUSE = Use it for nothing else.

owes-NORDSCLCD = Do not pass it on without their consent.
