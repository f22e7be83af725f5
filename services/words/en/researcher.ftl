# What a researcher reads; in English only.

menu-researcher = Studies

menu-questions = Questions

menu-notices = Notices

researcher-title = Where do my studies stand?

researcher-study = Study

researcher-state = State

researcher-asked = Asked

researcher-permitted = Said yes

researcher-models = Models

researcher-register = Register a study


question-title = Are there enough people?

question-label = What is predicted

question-features = What it is predicted from

question-eligible = Who counts

question-feasible = About { $count } people may fit.

question-feasible-few = Fewer than 50 people may fit. No cohort can be made.

question-frozen = Counted once in the week of { $date }, the same for everyone. Counted anew from { $next }.

study-title = What is approved?

study-name = Name of the study

study-name-hint = As patients will read it

study-why = What it is for, in words the patient reads

study-protocol = Protocol

study-ethics = Ethics approval

study-purpose = Purpose

study-end = End

study-answer = Custodian's answer

study-history = History

study-waiting = Waiting for the custodian

study-approved = Approved by { $custodian } on { $date }

study-refused = Not approved by { $custodian } on { $date }

study-patients-text = What patients will read

study-send = Send the request

study-sent = The request is sent to { $count } people.

study-ended = This study ended on { $date }.

cohort-title = Who is in, who is not, and why?

cohort-sentence = Of { $asked } people asked, { $permitted } permit this.

cohort-not = Not included

cohort-reason-no-answer = have not answered

cohort-reason-said-no = said no

cohort-reason-withdrew = withdrew, or their permission ended or leaves out what is needed

cohort-reason-ended = permission ended

cohort-reason-left-out = left out what the question needs

cohort-reason-unchecked = could not be checked then

cohort-reason-other = other reasons

cohort-view = Counted at { $time }, at ledger change { $count }.

cohort-train = Train

cohort-none = No cohort. Permissions cannot be checked now.

cohort-few = No cohort. Fewer than 50 people permit this.

few = 10 or fewer

few-note = Small numbers are hidden to protect people. They cannot be worked out from this page.

training-step = Step { $step } of { $steps }: { $what }. { $done } of { $all } rounds.

training-gather = gathering

training-fit = fitting

training-evaluate = testing

training-gate = checking the gate

training-again = asking the ledger again

training-write = writing the card

training-restarted = Started again: the cohort changed.

training-leave = You can leave this page. Nothing changes.

training-stop = Stop this

model-title = How far is it, and how good?

model-publish = Publish

model-published = Published on { $date }.

model-gate = Gate

model-gate-bound = Bound

model-gate-found = Found

model-gate-passed = passed

model-gate-closed = not passed

model-gate-help = What may help

gate-cohort = People in the cohort

gate-attack = Membership attack, AUC

gate-attack-low = Membership attack, true positives at 1 % false positives

gate-leak = Features that give the answer away

gate-calibration = Calibration

plot-calibration = When the model says 20 of 100, about { $observed } of 100 have it.

plot-calibration-title = Calibration

plot-curve = The benefit of using the model, against treating all and treating none.

plot-curve-title = Decision curve

plot-distribution-title = Estimates given

plot-table = The same in numbers

set-title = What do I get, with which duties?

set-rows = Rows

set-columns = Columns

set-k = Each combination fits at least { $k } people

set-suppressed = Cells hidden

set-agreement = Data-use agreement

set-agree = I accept the agreement for { $party }

set-agree-error = Accept the agreement to download

set-end = Delete it by { $date }

set-button = Accept and download

set-expired = Delete your copy by { $date } and confirm.

set-recalled = People in this set withdrew. Delete your copy by { $date } and confirm.

notices-title = Who left, and what must I do?

notices-batch = Batch of { $date }

notices-models = Models

notices-sets = Sets

notices-until = Until

notices-confirm = Confirm deletion

notices-confirmed = You said on { $date } that the copy is deleted.

empty-notices = Nothing to do.

empty-research = No study yet. Start with a question.

study-state-proposed = waiting for the custodian

study-state-approved = approved

study-state-refused = not approved

study-question = Question

study-question-what = a question

study-condition = What it is about

study-condition-hint = One illness, in the patient's words, such as diabetes

study-condition-what = what it is about

study-title-what = the name of the study

study-title-taken = Choose another name: a study has this one

study-protocol-hint = What you will do, with which records, and how it ends

study-protocol-what = the protocol

study-ethics-hint = Who approved it, and the number of the approval

study-board-what = who approved it

study-contact = Contact

study-contact-hint = Whom patients may ask

study-contact-what = whom patients may ask

study-days = How long a permission lasts

study-copy = We also ask to download a copy

study-copy-hint = Each patient ticks this apart. The set is k-anonymous and has an end.

study-request-sent = The request is sent to everybody who fits and was not asked before.

cohort-link = See the cohort

cohort-reason = Reason

cohort-everybody = { $count } people permit this in all.

set-link = Training set

set-people = People who permit a copy: { $count }.

set-how = Names are replaced, rare combinations are left out.

set-end-name = End

set-taken = Copies taken

set-when = Taken on

set-recalled-now = People in this set withdrew, or its time is over. Delete your copy and confirm.

notices-gone = People who left: { $count }, of { $rows } rows.

notices-model = People that this model learned from withdrew. It is to be replaced:

training-waiting = waiting for a worker

training-done = The model is trained and published.

training-see = See its card

training-not = No model was published.

training-gate-closed = The gate is closed. What was found, and what must be:

model-card-title = How good is { $model }?

model-touched = People it learned from who withdrew: { $count }.

model-replaced-by = Its successor never saw their records:

model-retrain = Train its successor

model-state-trained = trained, not yet published

model-state-published = published

model-state-active = in use

model-state-affected = in use, to be replaced

model-state-retired = ended

model-state-replaced = replaced, destroyed

empty-models-work = No model yet. Train one on the cohort.

cohort-at-least = at least { $count }
