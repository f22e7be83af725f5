# What a researcher reads; in English only.

menu-researcher = My studies

menu-questions = Questions

menu-notices = Notices

researcher-caption = { $count ->
        [one] 1 study
       *[other] { $count } studies
    }

researcher-study = Study

researcher-state = State

researcher-asked = People asked

researcher-permitted = Agreed when asked

researcher-models = Models

researcher-in-use = Models in use

researcher-register = Propose a study

empty-research = You have no study yet. Start with a question.

question-feasibility = Feasibility

question-label = Predicted outcome

question-features = Inputs

question-eligible = Eligibility

question-eligible-records = People with { $categories }

question-feasible = About { $count } people may be eligible.

question-feasible-few = Too few people may be eligible to show a number. Cohorts below about { $count } people are not shown.

count-used-up = Your organisation has no count left in this quarter, so nobody was counted.

question-used-up = Your organisation has no counts left for this quarter, so no number is shown.

question-kinds = Of these people, those with records of each kind

question-kinds-hint = Each of these numbers has noise of its own, so they can differ where the people are the same. Nobody opens records to count: how often a single value is missing is on the card of a trained model.

question-frozen = Counted in the week of { $date }, the same for everybody in your organisation. Noise is added to every number: in 95 of 100 cases, the number of people is within { $margin } of the true one. People who turned research off, or refuse your organisation, are not in it. Next count: { $next }.

question-dummy = Dummy data

question-dummy-lead = Try your code before you ask for records. The files and columns are those of a real copy. The values are drawn at random: nobody is in them.

question-dummy-download = Download dummy data (ZIP)

few = hidden

few-note = “Hidden” is a number of 10 or fewer, or one from which such a number could be worked out.

study-name = Name of the study

study-name-hint = As patients will read it

study-title-what = the name of the study

study-title-taken = Choose another name: another study has this one

study-question = Question

study-copy-what = a kind of copy, or no copy

study-question-what = a question

study-condition = Condition

study-condition-hint = One illness, in the patient's words, such as diabetes

study-condition-what = the condition

study-protocol = Protocol

study-protocol-hint = What you will do, with which records, and how it ends

study-protocol-what = the protocol

study-ethics = Ethics approval

study-ethics-hint = Who approved it, and the number of the approval

study-board-what = who approved it

study-contact = Contact

study-contact-hint = Whom patients may ask

study-contact-what = the contact for patients

study-days = How long a permission lasts

study-purpose = Purpose

study-end = End

study-copy = A copy to download

study-copy-hint = Patients choose this separately. Training on this platform needs no copy, uses the exact values, and is the better way to make a model.

study-copy-none = No copy

study-copy-anonymised = An anonymised copy

study-copy-anonymised-hint = Bands instead of values: every row has at least ten others like it. It must be deleted by its end date.

study-copy-pseudonymised = A pseudonymised copy under an agreement

study-copy-pseudonymised-hint = Exact values, with a code for each person. Somebody who knows a person can recognise the person in it: it is personal data. Only your key opens it. When people leave, you must delete their rows within { $days } days and confirm it.

study-copy-whole = A pseudonymised copy with whole records, under an agreement

study-copy-whole-hint = As above, and the patients' records of the kinds that the question reads, as FHIR: more than the variables of the question. It is another permission, which patients read and sign as such: ask for it only if the variables are not enough.

agreement-heading = The agreement on a pseudonymised copy

agreement-lead = If you ask for a pseudonymised copy, fill in all of this. Otherwise leave it empty. The custodian and every patient who is asked can read it.

agreement-title = Title of the agreement

agreement-title-error = Enter the title of the agreement

agreement-text = Text of the agreement

agreement-text-error = Enter the text of the agreement

agreement-end = Last day of the agreement

agreement-end-error = The agreement cannot end after the study

agreement-key = Your public key

agreement-key-hint = Run "vouchsafe make-copy-key" on your own computer and enter the 64 characters that it shows. The private key stays with you: without it nobody can open a copy.

agreement-key-error = Enter the 64 characters that "vouchsafe make-copy-key" shows

agreement-fingerprint = Fingerprint of the key

pseudonymised-title = Pseudonymised copies

pseudonymised-people = People who permit this copy: { $count }. This number changes only when eleven people or more do.

pseudonymised-agree = I accept the agreement and these duties for { $party }, and I know that this is personal data

pseudonymised-leave = When people leave, delete their rows within { $days } days and confirm it here.

pseudonymised-duties = A patient's permission can have any of these duties. With each download, your organisation accepts them.

pseudonymised-button = Download the encrypted copy

pseudonymised-open = Open the file on your own computer: "vouchsafe open-copy FILE --key KEYFILE".

pseudonymised-whole = The copy also has whole records of these people as FHIR NDJSON. Names, identifiers, free texts, attachments and references to staff are removed, and dates are moved; manifest.json says how much.

pseudonymised-few = No copy: fewer than { $count } people permit it.

pseudonymised-changed = Permissions changed while the copy was made. Try again.

pseudonymised-refusal-ended = The agreement has ended: no new copy leaves.

pseudonymised-ended-delete = Delete every copy and confirm that it is deleted.

pseudonymised-refusal-overdue = Deletions are overdue: no new copy leaves until you delete these people's rows and confirm it below.

pseudonymised-rows = { $count ->
        [one] 1 row
       *[other] { $count } rows
    }

pseudonymised-copies = Downloaded copies

pseudonymised-copy-deleted = Deleted on { $date }

pseudonymised-confirm = I confirm that we deleted this copy

deletions-title = Rows to delete

deletions-people = { $count ->
        [one] 1 person who no longer permits the copy
       *[other] { $count } people who no longer permit the copy
    }

deletions-lead = These people no longer permit the copy. Delete every row that has one of these names: in all copies, and in everything made from them. Then confirm it.

deletions-name = Name in the copies

deletions-listed = Listed on

deletions-due = Delete by

deletions-acknowledged = Confirmed on

deletions-confirm = I confirm that all rows of the people above are deleted

deletions-none = Nobody's rows have to be deleted.

deletions-done = Rows deleted, as you confirmed

deletions-waiting-of = Rows to delete: { $count }. Of these overdue: { $overdue }.

study-waiting = Waiting for the custodian

study-approved = Approved by { $custodian } on { $date }

study-refused = Not approved by { $custodian } on { $date }

study-returned = { $custodian } asked for changes on { $date }

study-returned-why = What has to change: { $why }

study-change = Change the proposal

study-change-button = Send the changed proposal

study-state-returned = to be changed

study-state-proposed = waiting for the custodian

study-state-approved = approved

study-state-refused = not approved

study-send = Send the request

request-whom = About this many people receive it: { $people }. The number changes only when at least eleven people have joined or left. It goes to everybody here who has { $categories } and does not permit the study yet. People who turned research off, or refused this study, are left out. So is everybody with an unanswered request of this study, or a no within the last half year.

request-text = What patients will read

request-confirm-title = Before you send

request-confirm = I have read the text. Send it now; it cannot be called back.

request-confirm-error = Confirm that you have read the text

request-not = Do not send

study-request-sent = The request was sent to everyone who can be asked and does not permit it yet.

study-ended = This study ended on { $date }.

cohort-over = Models can no longer be trained.

set-over = No new copy can be downloaded.

cohort-title = Cohort

cohort-sentence = People asked by this study: { $asked }. Of these, permit it: { $permitted }.

cohort-at-least = at least { $count }

cohort-not-asked = This study has asked nobody through these pages yet, or so few that their numbers are hidden.

cohort-everybody = People who permit it now, asked or not: { $count }.

cohort-not = Not included

cohort-reason = Reason

cohort-reason-no-answer = have not answered

cohort-reason-said-no = said no

cohort-reason-withdrew = withdrew, or their permission ended or leaves out required records

cohort-reason-other = other reasons

cohort-view = Counted on { $time }, at ledger change { $count }.

cohort-train = Train a model

cohort-none = The cohort cannot be counted: permissions cannot be checked now. Try again later.

cohort-few = A model can be trained once { $count } people or more permit it, by the number above.

training-title = Training

training-waiting = waiting for a worker

training-gather = gathering records

training-fit = training

training-evaluate = testing

training-publish = publishing

training-activate = putting into use

training-leave = You can leave this page; training continues.

training-stop = Cancel training

training-cancelled = You cancelled this training. No model was published.

training-not = No model was published.

training-gate-closed = The run missed these thresholds. Each line says what was measured and what is required.

training-gate-open = More people who permit the study, or another question, can change this. The thresholds stay.

compare-title = Compare versions

compare-lead = The same figures of each version, from predictions for people that the predicting model had not seen. Counts of people are rounded to tens. One version at a time is in use. A version repeats the figures of an earlier one until 11 people have joined, left or had their records changed.

compare-caption = { $count ->
        [one] 1 version, the newest first
       *[other] { $count } versions, the newest first
    }

compare-model = Model

compare-trained = Trained

retire-title = Retire this model

retire-what = { $model } will not make any estimate again, and its file is destroyed. Its card stays. This cannot be undone.

retire-button = Retire it for good

retire-not = Keep it in use

card-download = Download the card (JSON)

card-download-pdf = Download the card (PDF)

researcher-runs = Training runs

run-title = Training run { $run }

run-download = Download the report (JSON)

run-download-pdf = Download the report (PDF)

evaluations-title = External validation

evaluation-title = External validation of model { $model }

evaluation-lead = The figures are about people who permit another study. Those whom the model learned from are left out. Counts of people are rounded to tens.

evaluation-study = Study

evaluation-known = People left out, whom the model learned from

evaluation-left-out = People left out, so that no figures tell of a few people

evaluation-developed = AUROC when the model was developed

evaluation-block = ledger at block { $block }

run-state-running = running

run-state-done = done

run-state-refused = refused by the quality thresholds

run-state-stopped = cancelled

run-state-failed = failed

run-missed = Missed thresholds

run-remedy = What would help

model-title = Model { $model }

model-published = Published on { $date }.

model-withdrawals = People it was trained on who no longer permit it: { $count }. They withdrew, opted out or refused, their permission ended, or their records were erased.

model-stops = A successor is trained without these people automatically. If no successor meets the quality thresholds, this model stops answering on { $date }.

model-replaced-by = It was replaced by:

model-retrain = Train its successor

model-state-trained = trained, not yet published

model-state-published = published

model-state-active = in use

model-state-affected = in use, to be replaced

model-state-retired = retired

model-state-replaced = replaced, destroyed

empty-models-work = No model yet. Train one on the cohort.

empty-models-yet = No model yet.

model-gate = Quality thresholds

model-gate-condition = Condition

model-gate-required = Required

model-gate-measured = Measured

gate-cohort = People in the cohort

gate-attack = Membership attack, AUC

gate-attack-low = Membership attack, true positives at 1 % false positives

gate-calibration = Calibration slope

set-title = Training set

set-people = People who permit a copy: { $count }. This number changes only when eleven people or more do.

set-k = Every row has the same values as at least { $others } others, and each such group has both outcomes.

set-how = Numbers become bands with the group's mean; rows that fit no group are left out. The file manifest.json states the measured risk that somebody recognises a person. Training on this platform uses the exact values, and is the better way to make a model.

set-columns-choose = Columns of the copies

set-columns-hint = Choose none and the platform chooses the { $count } that tell most about the outcome. The first copy fixes the columns for all later copies of this study.

set-columns-fixed = The first copy fixed the columns. People who joined after a copy are in the next one only if ten others of their group joined too.

set-columns-chosen = Chosen by the platform

set-not-enough = A copy can be downloaded once { $count } people or more permit it, by the number above.

set-few = No training set: fewer than { $count } people permit a copy and can be included.

set-rows = Rows

set-columns = Columns

set-end-name = End

set-end = Delete it by { $date }

set-agreement = Data-use agreement

set-agree = I accept the agreement for { $party }

set-agree-error = Accept the agreement to download

set-button = Accept and continue

set-copy-title = Download a copy

set-accepted = With each download { $party } accepts the agreement. Delete the copy by { $date }.

set-copy-button = Download the copy

set-copy-listed = Each download makes a new copy, which is then listed under Downloaded copies.

set-copies = Downloaded copies

set-when = Downloaded on

set-until = Delete by

set-delete-withdrawn = People in this copy withdrew. Delete your copy within { $days } days of the withdrawal, and confirm that it is deleted.

set-delete-ended = The time of this copy has ended. Delete your copy now, and confirm that it is deleted.

set-until-now = now, see Notices

notices-copy = Copy of { $date }: { $study }

notices-withdrawals = People in it who no longer permit a copy: { $count }, of { $rows } rows.

notices-confirm = I confirm that our copy is deleted

notices-rows = Each new copy leaves these people out. Its file deleted.json names their rows in this copy.

notices-confirmed = You confirmed on { $date } that the copy is deleted.

notices-model = People whom this model was trained on no longer permit it. The worker trains a successor without their records. Affected model:

empty-notices = No action needed.

## A question that is being built

drafts-title = Build a question

drafts-lead = Choose an outcome and inputs. If the custodian allows counting, see how many people a study would have, before anybody is asked.

empty-drafts = You have no unfinished questions.

draft-title = New question

draft-untitled = Without a title

draft-changed = changed { $when }

draft-new = Start a question

draft-name = Title

draft-name-hint = For example: Diabetes within five years

draft-id = Id

draft-id-hint = Letters, digits and hyphens, in lower case

draft-use = Intended use

draft-use-hint = Whom does the answer help, to decide what?

draft-limits = Limits

draft-lines-hint = One per line

draft-index = Index

draft-index-lead = The index is the time of the prediction. Inputs are read up to it. Give codes and records, or one date for everybody.

draft-index-take = Which index

draft-index-first = The first event of these codes

draft-index-last = The last event of these codes

draft-index-date = One date for everybody

draft-codes = Codes

draft-codes-hint = One per line: system|code. An * at the end matches every code that starts this way, as in icd10cm|E11*

draft-date = Date

draft-date-hint = Such as 2024-01-31

draft-before = Observed before the index, at least

draft-after = Followed after the index, at least

draft-duration-hint = A length of time, such as 365d, 6mo or 5y

draft-outcome-words = Outcome in words

draft-outcome-words-hint = For example: diabetes within five years

draft-outcome-definition = Definition

draft-outcome-definition-hint = Who has it, established how?

draft-since = From

draft-until = Until

draft-window-hint = Around the index, such as 1d and 5y after it, or -1y before it; 0d is its day

draft-input-window-hint = Before the index, such as -2y; everything before it if empty

draft-never-before = Leave out people who had it before

draft-never-before-hint = For the first time that an illness occurs

draft-absent = People without it are negative

draft-absent-hint = Otherwise people without a record of it are left out. For an outcome after the index, also state how long people are followed.

draft-outcome-positive = Positive value

draft-outcome-positive-hint = Such as yes or true; every event of these codes is positive if empty

draft-outcome-minimum = The outcome is a number of at least

draft-outcome-maximum = The outcome is a number of at most

draft-values = Values

draft-no-inputs = No inputs yet. Choose codes below.

draft-input-name = Name

draft-input-words = Name for people

draft-take = How it is read

take-first = the first value

take-last = the last value

take-mean = the mean

take-min = the lowest value

take-max = the highest value

take-sd = the spread (standard deviation)

take-slope = the slope over time

take-exists = whether there is one

take-count = how many there are

take-days-since = the days since the last

take-age = the age at the index

draft-eligible-minimum = Eligible from

draft-eligible-maximum = Eligible to

draft-eligible-hint = People outside, or without a value, are left out

draft-boolean = The value is yes or no

draft-remove = Remove this input

draft-save = Save

draft-count = Save and count

draft-delete = Delete this question

draft-text = The question as a file

draft-text-show = Show the text

draft-text-download = Download the question (TOML)

draft-install-lead = A study needs an installed question. Its text is fixed then, and every researcher here can read it.

builder-number = Enter a number, such as 6.5

builder-too-many = Too many counts within an hour. Try again in { $minutes ->
        [one] 1 minute.
       *[other] { $minutes } minutes.
    }

## The count

count-title = People

count-off = Counting people before they are asked is turned off here. The custodian can turn it on.

count-running = The people are being counted.

count-empty = Nobody can be counted yet. Still empty: { $parts }.

count-problem = Nobody can be counted yet: { $problem }

draft-empty-title = title

draft-empty-id = id

draft-empty-intended-use = intended use

draft-empty-index-date = index date

draft-empty-index-codes = index codes

draft-empty-index-category = index records

draft-empty-outcome-words = outcome in words

draft-empty-outcome-definition = definition of the outcome

draft-empty-outcome-codes = codes of the outcome

draft-empty-outcome-category = records of the outcome

draft-empty-outcome-since = start of the outcome's window

draft-empty-outcome-until = end of the outcome's window

draft-empty-features = inputs

count-none = Not counted yet.

count-people = People

count-events = With the outcome

count-needed = Needed for a new model, at least

count-needed-unknown = not known without both outcomes

count-few = hidden: cohorts below about { $count } people are not shown

count-enough = That is enough by the criteria of Riley et al. for { $parameters ->
        [one] 1 parameter,
       *[other] { $parameters } parameters,
    } if everybody agrees.

count-not-enough = That is too few by the criteria of Riley et al. for { $parameters ->
        [one] 1 parameter,
       *[other] { $parameters } parameters,
    } even if everybody agrees.

count-excluded = People without a row

count-reason = Reason

count-missing = Missing values

count-missing-share = Missing

count-hint = From the census of { $date }, which is fixed for a week. Noise is added to every number: in 95 of 100 cases, a number of people is within { $margin } of the true one. Numbers are rounded to tens, and small ones are hidden. Missing values are shown for large cohorts only. People who turned research off, or refuse your organisation, are not in it.

count-left = Your organisation and its studies have { $left } of { $all } counts left in this quarter. The next quarter begins on { $date } (UTC). A question is counted once in a week, until it is changed.

excluded-no-index = no index

excluded-required-category-missing = a needed kind of record is missing

excluded-not-observed-before = not observed long enough before the index

excluded-label-before = had the outcome before

excluded-not-followed = not followed long enough

excluded-no-label = no value of the outcome

excluded-ineligible = not eligible

excluded-death-not-dated = date of death not known

## The codes to choose from

codes-title = Codes

codes-none = There is no census now.

codes-by-hand = While counting is off, no list of codes is shown. Enter each code that you need.

codes-new-hint = system|code, such as http://loinc.org|2823-3

codes-new-error = Enter the code as system|code, such as http://loinc.org|2823-3.

codes-add = Add as input

codes-take = Take the census

codes-taking = The census is being taken. Open this page again in a minute.

codes-search = Search

codes-search-hint = Words of a name, a code or a kind of record

codes-find = Search

codes-caption = { $count ->
        [one] 1 code
       *[other] { $count } codes
    }

codes-code = Code

codes-values = Unit or values

codes-use = Use it as

codes-as-input = input

codes-as-outcome = outcome

codes-as-index = index

codes-hint = About { $people } people, in the census of { $date }. Noise is added to every number: in 95 of 100 cases, a number of people is within { $margin } of the true one. Codes with fewer than about { $least } people are not listed.
