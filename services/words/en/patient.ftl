# What a patient reads: requests, the answer, permissions, withdrawal, records, keys.

## The menu

menu-home = Start

menu-consents = Permissions

menu-journal = History

menu-records = Records

menu-models = Models

menu-keys = Keys

## The first page

patient-title = Start

patient-requests-title = Waiting for you

patient-request = { $study } is asking to use your records { $purposes }. Answer by { $date }.

patient-request-open = Read the request

patient-active-title = Who may use your records now

patient-uses-title = Recent activity

patient-uses-all = See the whole history

## The request, in this order

request-title = Request from { $study }

request-answer = Your answer

request-yes = Yes

request-less = Yes, but less

request-no = No

request-yes-hint = They may use what the request names.

request-yes-copy = They may use what the request names. You are asked about the copy separately.

request-less-hint = You choose what they may use.

request-no-hint = They may use nothing.

request-by = You can answer until { $date }.

request-protocol = Read what the study has planned

grant-who = { $study } is asking to learn from your records. { $organisation } runs this study. { $board } has checked and approved it.

grant-free = You can say yes, say yes to less, or say no. This will not affect your care. You do not have to decide today.

grant-what = A computer looks for patterns in your { $categories } from { $from } to { $to }. It does the same with the records of many other people. From these patterns it makes a model. A model is a set of rules for a computer.

grant-what-always = A computer looks for patterns in your { $categories }. It does the same with the records of many other people. From these patterns it makes a model. A model is a set of rules for a computer.

grant-what-old = New records are not included.

grant-what-new = New records are included until the end.

grant-why = If it works, doctors may find { $condition } earlier.

grant-access = Only { $study } may do this. It works inside the locked system of { $operator }. It does not get your name, your address or your birth date.

grant-end = Your permission lasts until { $date }. Then it ends by itself. You can end it sooner.

grant-means = If you say yes, the study's models may learn from the records you choose. You will see each time that this happens.

grant-not = It does not let anyone look you up. It does not let anyone use your records for adverts, insurance or loans. It does not let your doctor use the model on you. That is a separate question. It will most likely not help you yourself.

grant-risk = No system is perfectly safe. Someone could try to find out if a model has learned from you. We test each model for this before it is used.

grant-withdraw = You can withdraw at any time, on this site. You do not have to say why. From then on, no new use starts. Within { $n ->
        [one] one day
       *[other] { $n } days
    }, each model that learned from you is taken out of use and destroyed. A new model never sees your records.

grant-limits = Some things we cannot undo. We cannot take back answers that a model has already given. We cannot take back results that are already published.

grant-limits-copy = We cannot take back copies that a researcher has already downloaded. We tell them to delete your values.

grant-copy = Let { $study } download a copy. It has ranges instead of your exact values, the same as at least ten other people have. It has no name, address or birth date. It has an end date. But we cannot take it back once it is downloaded.

grant-copy-pseudonymised = Let { $study } download a copy with my exact values. A code replaces my name. Somebody who knows me could still find me in it and read the rest. It cannot be taken back once it is downloaded.

grant-copy-whole = Let { $study } download a copy with my whole records of these kinds. That is more than the values that its question needs. A code replaces my name. Free texts, letters and images are left out. Somebody who knows me could still find me in it and read the rest. It cannot be taken back once it is downloaded.

grant-care = { $clinic } is asking to use your records to check your risk of { $condition }. Your doctor will see the result and talk to you about it. The result is a computer estimate. Your doctor decides.

grant-care-reason = The reason they give: “{ $reason }”

grant-title-who = Who is asking

grant-title-free = You are free to choose

grant-title-what = What they would do

grant-title-why = Why

grant-title-access = Who gets to see what

grant-title-end = How long

grant-title-means = What yes means

grant-title-duties = What they must do

grant-title-not = What yes does not mean

grant-title-risk = What could go wrong

grant-title-withdraw = If you change your mind

grant-title-limits = What we cannot undo

grant-title-copy = A copy

## Yes, but less

limits-title = What you allow

limits-lead = Tick only what you want to allow.

limits-purposes = What for?

limits-purpose-MLTRAINING-hint = Models of this study may learn from the records you tick.

limits-purpose-TREATDS-hint = Your doctor may ask a model about you.

limits-purpose-TREAT-hint = Those who treat you may open and read the records you tick.

limits-categories = Which records?

limits-categories-hint = What you do not tick stays closed.

limits-from = From which day?

limits-to = Up to which day?

limits-dates-hint = Leave this empty if the day does not matter.

limits-end = When should it end?

limits-end-hint = It ends by itself on this day. If you leave this empty, it ends on { $date }, the latest day.

limits-error-purposes = Tick at least one thing they may do, or go back and say no

limits-error-categories = Tick at least one kind of record, or go back and say no

limits-error-end = Choose a day after today and not later than { $date }

request-error = Choose yes, yes but less, or no

## Did we explain it well?

understand-title = { $n ->
    [one] One question
   *[other] Two questions
}

understand-lead = Did we explain it well? This page tests us, not you. We do not keep what you answer here.

understand-skip = Skip

ask-1 = If you say yes, can you change your mind later?

ask-1-any = Yes, at any time

ask-1-before = Yes, but only before { $date }

ask-1-no = No

ask-2 = A researcher has downloaded a copy. Then you withdraw. What happens to the copy?

ask-2-vanish = It vanishes by itself

ask-2-told = They are told to delete it, but we cannot take it back

ask-2-nothing = Nothing

ask-right = That is right.

ask-wrong = Not quite. The right answer is:

ask-check = { $n ->
    [one] Check my answer
   *[other] Check my answers
}

understand-none = Choose an answer, or skip this page.

## Check and sign

check-title = Check and sign

check-who = Who

check-purposes = What for

check-categories = Which records

check-dates = Dates of the records

check-dates-all = Any date, later records too

check-dates-span = { $from } to { $to }

check-dates-from = From { $from }

check-dates-to = Up to { $to }

check-end = Ends on

check-copies = Copies

check-copies-yes = They may download a copy

check-copies-pseudonymised = They may download a copy with exact values and a code instead of the name

check-copies-whole = They may download a copy of whole records, more than the question's values, with a code instead of the name

check-copies-no = No copies

check-statement = What you sign, word for word

check-statement-signed = What you signed, word for word

check-no-undo = Before you sign: we cannot undo copies, answers or results that have already been shared.

sign = Your device will now ask for your face, your finger or your PIN. It may say ‘sign in’. Here it signs this permission, word for word as you see it above. Nothing else is signed.

sign-button = Sign with your passkey

sign-wallet-button = Sign with your own signing program

sign-wallet = Your signing program will show what you sign and ask you to confirm it.

sign-wallet-missing = You sign with your own signing program, and this browser does not have it. Open this page in the browser that has it.

signed = Your permission is being recorded. This takes a few seconds. You can leave this page.

active = Your permission is active. { $study } may use the records you chose until { $date }.

declined-title = Request declined

declined = You said no. We do not pass on a reason to { $study }. Nothing else changes.

lapsed-title = Request ended

## Permissions

consents-title = Permissions

consents-active = Active now

consents-unused = Not used now

consents-ended = Ended

consent-allows = { $study } may use your { $categories }, { $purposes }.

consent-until = It ends on { $date }.

consent-ended = It ended on { $date }.

consent-unknown = We cannot check this permission right now. Until we can, access is refused.

consent-uses = Uses under this permission

consent-no-uses = Nobody has used this permission.

consent-receipt-lead = This is your own copy of your permission (consent). Keep it.

consent-receipt-button = Download receipt

consent-see = See this permission

## Withdraw and stop

withdraw-link = Withdraw permission

withdraw-page = Withdraw permission

withdraw-stops-title = This stops now

withdraw-stops = new use of your records by { $study } under this permission

withdraw-follows-title = This follows within { $n ->
        [one] one day
       *[other] { $n } days
    }

withdraw-follows = models that learned from you are taken out of use and destroyed

withdraw-stays-title = This stays

withdraw-stays-answers = answers already given

withdraw-stays-seen = what a person has already seen

withdraw-stays-results = results already published

withdraw-stays-copies = copies already downloaded; we ask for your values in them to be deleted

withdraw-care = This will not affect your care.

withdraw-button = Withdraw

withdraw-sign = Your device will ask for your face, your finger or your PIN. It may say ‘sign in’. Here it signs your withdrawal. Nothing else is signed.

withdraw-done-title = Permission withdrawn

withdraw-done = You have withdrawn. { $study } may no longer use your records under this permission. We recorded this at { $time }.

withdraw-done-model = { $model } has a model that learned from your records. It is taken out of use by { $date }.

withdraw-done-no-model = No model has learned from your records under this permission.

withdraw-done-copy = If { $study } has a copy with your values, we ask it to delete them. The page of this permission shows each such copy and whether it was deleted.

withdraw-done-copy-pseudonymised = { $study } may have a copy with your exact values. It must delete them within { $n } days and confirm it. The page of this permission shows whether it has.

stop-page = Stop all use of your records

stop-lead = { $n ->
    [one] This ends your permission at once.
   *[other] This ends your { $n } permissions at once.
} No study, no model and no doctor on this site can use your records from now on. Your hospital keeps its own files and still treats you.

stop-later = You can give new permissions later, one by one. If you have turned research off, it stays off.

stop-list = What ends

stop-button = Stop everything

stop-sign = Your device will ask for your face, your finger or your PIN. It may say ‘sign in’. Here it signs that everything stops. Nothing else is signed.

stop-done-title = All use stopped

stop-done = Everything is stopped. { $n ->
    [0] No permission was active.
    [one] Your permission ended at { $time }.
   *[other] All { $n } permissions ended at { $time }.
} New requests can still reach you. Each needs a new yes from you.

## Records

records-title = Records

records-open = Open this record

record-title = Your record: { $kind }

## Models

models-title = Models

models-study = Study

models-since = Trained on

models-state = State

models-active = in use

models-replacing = in use until { $date } at the latest

models-replaced = taken out of use on { $date } and destroyed

models-next = The new one never saw your records.

## Keys

keys-title = Keys

keys-made = Created on

keys-used = Last used

keys-add = Add a passkey

keys-add-lead = A passkey on another device helps if you lose a device.

keys-add-first = A passkey lets you sign in and sign here without your signing program.

keys-exists = This device already has a passkey for you. Choose another device in its window, such as a phone.

keys-remove = Remove

keys-remove-title = Remove this passkey

keys-remove-lead = It can then no longer sign in or sign for you. A removed passkey never comes back.

keys-remove-last = This is your last passkey. Without it you cannot sign in. Talk to { $custodian } first.

keys-remove-button = Remove this passkey

keys-delegates = People who can act for you

keys-delegate-none = Only you.

keys-delegate-until = One person can sign for you until { $date }

keys-recovery = A new key for you

keys-recovery-none = No new key for you is waiting.

keys-recovery-vetoed = { $n ->
    [one] You said no to one new key. It will not work.
   *[other] You said no to { $n } new keys. They will not work.
}

keys-recovery-no = Refuse this key

key-recovery = { $custodian } wants to add a new key for you. It cannot work before { $date }. If you did not ask for this, refuse it now.

## Research off, and a copy of all

opt-out-title = Research

opt-out-lead = You can turn all research off. This overrides every research permission that you have given.

opt-out-on = Yes, if I allow it each time

opt-out-off = No research at all

opt-out-end = You take back your refusal of all research. Then studies may ask you again. Research permissions that you have not withdrawn apply again. A study may use only what you allow it to use.

opt-out-error = Choose yes or no

opt-out-save = Save

opt-out-saved-on = Studies may ask you. A study may use only what you allow it to use.

opt-out-saved-off = Research is off. No study may use your records.

download-title = Download my data

download-lead = The file has your records, permissions with receipts, requests, passkeys, messages and your whole history. It does not have the estimates that models gave to clinicians. Ask your clinicians for these.

download-button = Download the file (JSON)

download-care = Keep this file safe. It is not locked.

## Where nothing is yet

empty-requests = Nobody is waiting for an answer from you. When someone asks, you will see it here.

empty-consents = Nobody may use your records right now. None of your permissions is active.

empty-consents-off = Nobody may use your records right now. You have turned research off.

empty-records = No records are here yet. { $custodian } adds them. Ask them if something is missing.

empty-models = No model was trained on your records.

statement-allow = I allow { $who } to use my { $what }, { $purposes }.

statement-dates = Only records of these dates are meant: { $span }.

statement-records = { $n ->
    [one] Only one individual record is meant.
   *[other] Only { $n } individual records are meant.
}

statement-copy = A copy without my name may be downloaded.

statement-copy-pseudonymised = A copy with my exact values and a code instead of my name may be downloaded. The agreement of the study applies. Somebody who knows me could recognise me in it.

statement-copy-whole = A copy with my whole records of these kinds may be downloaded. That is more than the values that the study's question needs. It has a code instead of my name. The agreement of the study applies. Somebody who knows me could recognise me in it.

statement-no-copy = No copy may be downloaded.

statement-end = This ends on { $date }. I can withdraw it at any time, and no new use starts then.

statement-forbid-all = I do not allow anybody to use my { $what }, { $purposes }.

statement-forbid = I do not allow { $who } to use my { $what }, { $purposes }.

statement-forbid-end = This ends on { $date }. I can change it at any time.

statement-opt-out = I do not allow anybody to use my records for research. I can change this at any time.

limits-error-dates = The first day must not be later than the last day

limits-left-out = Leave out individual records

limits-left-out-hint = What you tick here stays closed. Later records are then not included.

keys-add-sign-title = Add this passkey

keys-add-sign = Your new passkey has been created. Now confirm that it may sign for you, with a key that you have used before.

keys-add-button = Add this passkey

keys-new = New passkey

keys-other = You have a key that is not a passkey of this site, such as one in your own signing program.

receipt-title = Receipt of your permission (consent)

decide-later = Decide later

copy-asked = { $study } is also asking to download a copy. You decide about that after your yes, with a box of its own.

copy-asked-pseudonymised = { $study } is also asking to download a copy, under an agreement. It has your exact values and a code instead of your name. Somebody who knows you could recognise you in it. You decide about that after your yes, with a box of its own.

copy-asked-whole = { $study } is also asking to download a copy, under an agreement. It has your whole records of these kinds, not only the values that the question needs. It has a code instead of your name. Somebody who knows you could recognise you in it. You decide about that after your yes, with a box of its own.

consent-over = This permission has ended. { $study } may no longer use your records under it.

consent-over-unread = The text of this permission is not here. Without it, all use is refused.

grant-withdraw-care = You can withdraw at any time, on this site. You do not have to say why. From then on, nobody asks a model about you under this permission.

grant-withdraw-care-read = You can withdraw at any time, on this site. You do not have to say why. From then on, nobody there can open your records under this permission.

grant-withdraw-care-both = You can withdraw at any time, on this site. You do not have to say why. From then on, nobody there can open your records or ask a model about you under this permission.

keys-added = You can sign in and sign with your new passkey from now on.

keys-removed = The passkey is removed. It can no longer sign for you.

keys-veto-title = Refuse this key

keys-veto-lead = You are refusing the new key that { $custodian } wants to add for you. It will not work. Your own keys stay as they are.

keys-veto-done = You refused the key. It will not work.

keys-waiting = We have your signature and sent it to the register. The register does not show it yet. Until it does, your keys stay as they were. This page will show the change.

keys-sign = Your device will ask for your face, your finger or your PIN. It may say ‘sign in’. Here it signs what this page says. Nothing else is signed.

opt-out-question = May research use your records?

consent-title-active = Your permission is active

consent-title-recording = Your permission is being recorded

consent-title-ended = Your permission has ended

consent-title-withdrawn = You withdrew this permission

consent-title-unknown = We cannot check this permission now

consent-overridden = You have turned research off, so this permission is not used. If you turn research on again, the permission applies again.

consent-title-overridden = This permission is not used now

consent-allowed = { $study } could use your { $categories }, { $purposes }.

consent-over-on = You withdrew it on { $date }.

consent-signed-on = Signed on

consent-withdrawn-on = Withdrawn on

consents-closed = Requests you declined or did not answer

decline-title = Say no to this request

decline-what = { $study } will not be able to use your records for this. We do not pass on a reason. This will not affect your care.

decline-then = They cannot ask you again for { $n } days. You can change your answer yourself at any time.

decline-button = Say no

declined-on = You answered on { $date }.

reconsider-what = Did you change your mind? You can read the request of { $study } again and answer it.

reconsider-button = Change my answer

copy-what = You said yes. { $study } also asks to download a copy of some of your values. That is a separate question.

copy-what-pseudonymised = You said yes. { $study } also asks to download a copy of your values as they are. That is a separate question.

copy-what-whole = You said yes. { $study } also asks to download a copy of your whole records of these kinds: { $categories }. That is more than the values that its question needs. That is a separate question.

copy-agreement = The study must accept an agreement before each download: “{ $agreement }”. It ends on { $date }. By then every copy must be deleted.

copy-agreement-text = Read the agreement

copy-leave = If you withdraw, the study must delete your values within { $n } days and confirm it. The page of your permission shows whether it has.

copy-free = If you leave the box empty, no copy may be downloaded. Your yes stays as it is.

grant-care-doctor = { $doctor } sent you this request.

grant-care-what = They would use these records of yours: { $categories }. They would put them into a computer model and see its result. Nothing else is asked for.

grant-care-read = { $clinic } is asking to read your records, to treat you.

grant-care-read-what = Its clinicians could open these records of yours: { $categories }. Your history would show it each time. Nothing else is asked for.

ask-condition = an illness that a model may find early

grant-care-both = { $clinic } is asking for two things. They want to read your records, to treat you. And they want a computer to estimate your risk of { $condition }. Your doctor decides, not the computer.

grant-care-both-what = Its clinicians could open these records of yours: { $categories }. They could put them into a computer model and see its result. Your history would show it each time.

grant-limits-care = Some things we cannot undo. We cannot take back answers that a model has already given, or what a person has seen.

request-contact-title = Questions about the study

request-contact-care = Questions for them

request-contact = Ask { $study }: { $contact }.

keys-name = Name of this passkey

keys-rename = Rename

keys-rename-error = Enter a name, 64 characters or fewer

keys-renamed = The passkey has its new name.

keys-current = You signed in with this one

keys-remove-which = You are about to remove: { $name }, created on { $date }.

record-measured = Dated { $date }, from { $custodian }. Added here on { $added }.

record-measured-only = Dated { $date }, from { $custodian }.

record-no-date = Without a date, from { $custodian }. Added here on { $added }.

record-no-date-only = Without a date, from { $custodian }.

receipt-print = You can print this page. The file has the same for a program to check.

check-decision = Your answer

check-decision-yes = Yes, I allow this

check-decision-no = No, I forbid this

check-anybody = Anybody

check-records = Individual records

check-records-all = All records of these kinds

check-records-some = { $n ->
    [one] Only one individual record that is here now
   *[other] Only { $n } individual records that are here now
}

check-duties = What they must do

ask-us-title = Ask for help

ask-us-question = Ask a question

ask-us-correction = Ask for a correction

ask-us-about = This is about: { $line }

ask-us-text = Your question

ask-us-text-correction = What is wrong, and what is right?

ask-us-hint = In your own words, 2,000 characters at most. Do not write about an emergency here.

ask-us-button = Send

ask-us-sent = Your message was sent to { $custodian }. The answer will be here and in your history.

ask-us-messages = Your messages

ask-us-none = You have sent no message yet.

ask-us-waiting = Waiting for an answer

ask-us-answered = Answered

ask-us-corrected = Corrected

ask-us-refused = Not changed

ask-us-answer = { $custodian } answered on { $date }:

ask-us-read = Read the message

ask-us-kind-error = Choose what you want to send

ask-us-text-error = Write your message, 2,000 characters or fewer
ask-us-open-error = 20 of your messages wait for an answer. Write again after one is answered

download-make = Prepare my data

download-again = Prepare it again

download-ready = Your data of { $date } is ready. It has { $n ->
    [one] one record
   *[other] { $n } records
} and { $lines ->
        [one] one line
       *[other] { $lines } lines
    } of history. We keep it for seven days.

download-failed = Your data could not be prepared. Please try again.

download-page-title = My data as a page

download-page-lead = Your records, permissions, messages and history as they were on { $date }. You can print this page.

download-step-records = Reading your records

download-step-history = Reading your history

download-step-waiting = Waiting to begin

## Erasure

erasure-title = Delete my records

erasure-lead = You can ask that your records on this site, and what goes with them, are deleted. It cannot be undone.

erasure-deletes = What is deleted

erasure-part-records = your records here, and the keys that open them

erasure-part-answers = what models have said about you

erasure-part-terms = the text of every permission and every No that you signed. Without it, all use is refused.

erasure-part-drafts = answers that you have begun and not sent

erasure-part-number = the link between your hospital number and your records here

erasure-stays = What stays

erasure-stay-hospital = your hospital's own files. Your hospital still treats you.

erasure-stay-shared = answers, results and copies that have already been shared. Models that learned from you are replaced.

erasure-stay-ledger = numbers in the register that no longer lead to you or to what you signed

erasure-stay-history = the history of who used your records, so that it can be checked

erasure-stay-backups = backups, until they are replaced. They are encrypted.

erasure-next = A person at your hospital checks the request. A law may oblige them to keep some records. Then they tell you here why.

erasure-button = Ask for deletion

erasure-requested = You asked on { $date }. Your hospital has not decided yet.

erasure-approved = Your hospital agreed on { $date }. Your data is being deleted now.

erasure-refused = Your hospital said no on { $date }. This is the reason that it gives:

erasure-done = Your records here and the text of what you signed have been deleted. The history of who used your records stays, so that it can be checked.

erasure-receipt = Receipt of the deletion

erasure-when = Deleted at

erasure-blocks = Encrypted files deleted

erasure-signed = Signature

erasure-valid = valid

erasure-invalid = not valid. Please tell your hospital.

erasure-part-questions = your questions to your hospital, and the answers

## Copies

copies-title = Downloaded copies

copy-with-you = A copy with your values, without your name, was downloaded on { $date }.

copy-deleted = The study confirmed on { $date } that it has deleted this copy.

copy-kept = The study must delete it by { $date }. It has not confirmed that yet.

copy-kept-left = You no longer permit this copy, so we ask the study to delete your values. It has not confirmed that yet.

copy-with-you-pseudonymised = A copy with your exact values and a code instead of your name was downloaded on { $date }.

copy-with-you-whole = A copy with your whole records and a code instead of your name was downloaded on { $date }.

copy-row-deleted = The study confirmed on { $date } that it has deleted your values.

copy-row-waiting = We asked the study on { $date } to delete your values by { $due }. It has not confirmed that yet.

download-records-title = Records for another hospital

download-records-lead = This file holds your records only. Another hospital or an app can read it. Your history says when you download it.

download-records-button = Download my records
