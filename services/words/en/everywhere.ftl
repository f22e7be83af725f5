# What every page may say: the frame, buttons, statuses, failures, and the patient's names of things.
# One message a paragraph. Days and times come in as words, counts as numbers.

## The frame

frame-product = Vouchsafe
frame-skip = Skip to the main content
frame-menu = Main menu
frame-language = Language
frame-sign-out = Sign out
frame-back = Back
frame-help = Get help
frame-register = Register status
frame-accessibility = Accessibility
frame-privacy = Privacy notice
frame-footer = Help and notices
frame-error-prefix = Error: { $title }
frame-notices = Important notices
frame-printed = Address: { $address }. Printed or saved on { $when }.
frame-optional = optional
frame-change = Change
frame-open = Open
frame-older = Older
frame-yes = Yes
frame-no = No
frame-none = None
frame-unknown = Not known

frame-unknown-day = no date

## The own account

account-title = Your account
account-what = Here you see each device that is signed in to your account now. Sign out any that you do not know.
account-device = Device
account-since = Signed in on
account-last = Last used
account-current = This device
account-end = Sign this device out
account-end-others = Sign out everywhere else
account-ended = Only the devices below are still signed in.

## The parts, as titles name them

part-public = Start
part-patient = Your records
part-clinician = Clinic
part-researcher = Research
part-custodian = Records office
part-auditor = Audit

## Buttons

button-continue = Continue
button-go-back = Go back
button-recording = Recording…
button-search = Search
button-filter = Apply filter
button-try-again = Try again
button-sign-in = Sign in
button-download = Download
button-stay = Stay signed in
button-stop-this = Stop this

## Statuses: adjectives, never pressed

status-active = Active
status-waiting = Waiting for you
status-recording = Being recorded
status-ended = Ended
status-withdrawn = Withdrawn by you
status-declined = You said no
status-refused = Refused
status-unknown = Cannot check now, so refused

status-overridden = Not used: research is off
status-done = Done
status-running = Running
status-stopped = Stopped
status-failed = Failed
status-agrees = Agrees
status-differs = Differs
status-unchecked = Not checked

## Notices, above the heading

notice-title = Notice
notice-development = DEVELOPMENT. This site is for trials. Put no real records here.
notice-single = One organisation runs the register of this site.
notice-single-link = What that means
notice-new-key = Somebody asked for a new key for you. If it was not you, refuse it.
notice-new-key-link = See your keys
notice-away = We cannot reach the register right now. Until we can, every request for records is refused.
notice-warn = You will be signed out in 2 minutes.
notice-out = You were signed out after 15 minutes. Please sign in. You will return to this page.

## Forms and errors

error-title = There is a problem
error-needed = Enter { $what }
error-too-long = The text has { $length } characters, and { $most } are allowed. Shorten it.
days-of = { $days ->
    [one] 1 day
   *[other] { $days } days
}

error-choose = Choose { $what }
error-day = Enter a real day, such as 3 March 2027
error-day-past = The day must be later than today
form-day = Day
form-month = Month
form-year = Year
form-day-hint = For example, 3 March 2027 or 3 3 2027

## Progress

progress-look = Check progress
progress-long = This is taking longer than usual. Nothing is lost.
progress-done = All done
## Failures, one wording everywhere

down = We cannot record or check permissions right now. Until we can, every request for records is refused. What you chose is kept. Try again in a few minutes.

down-at-work = A service that this page needs is unavailable. The records office sees which one under System status. Try again in a few minutes.

down-title = We cannot do this right now

down-withdrawal = We have your withdrawal, and it applies from now on. Your records stay closed. It goes into the register as soon as we can reach it.

expired = You are signed out. This happens after 15 minutes without use, after 12 hours, or when somebody ends the session. What you sent before is kept. Please sign in. You will then return to the page where you were.

double = You have already done this. Nothing was recorded twice.

lapsed = This request expired on { $date }. You do not have to do anything. They may ask again.

cancel = Nothing was signed. You closed the window of your device, or it took too long. Your choices are kept. Try again when you are ready.

wrongkey = This passkey belongs to someone else, so nothing was signed. Use the passkey you created for this site.

unsigned-title = Nothing was signed

changed = The request changed while you were reading. Nothing was signed. Please read it again.

failed = This permission could not be recorded, because { $reason }. Nothing is in force.

failed-stopped = you stopped everything after you signed it

failed-key = the key that signed it may no longer sign for you

failed-clock = the time on your device does not match ours

failed-paused = the register takes no new permissions right now

failed-other = the register refused it

notfound = We cannot show this page. It may not exist, or it may not be yours.

notfound-title = Page not found

forbidden-title = You cannot do this here

forbidden = Nothing was changed. Open the page again and try once more.

badly-title = We could not use what was sent

badly = Nothing was changed. Go back, check your answers and send them again.

too-large-title = Too much was sent

too-large = Nothing was stored. Choose a smaller file, or split it into several.

too-many-title = Too many requests

too-many = Wait a few minutes. Then try again. What you chose is kept.

broken-title = Something went wrong

broken = This is our fault, not yours. Nothing was shown to anyone. If it happens again, tell us this number: { $incident }.

broken-plain = This is our fault, not yours. Nothing was shown to anyone. Try again in a few minutes.

problem-home = Go to the start page

no-script-sign = To sign, turn on JavaScript for this site, or use another browser.

## What is in a record, in the patient's words

category-any = records of every kind

category-vital-signs = body measurements

category-vital-signs-hint = Blood pressure, pulse, weight and the like

category-laboratory = blood tests

category-laboratory-hint = Blood, urine and other tests from a lab

category-exam = examinations

category-exam-hint = What a doctor or nurse saw when they examined you

category-imaging = X-rays and scans

category-imaging-hint = X-ray, ultrasound and other pictures of your body

category-procedure = operations

category-procedure-hint = Operations and other procedures, and how they went

category-survey = answers to questionnaires

category-survey-hint = What you wrote or said when you were asked

category-social-history = way of life

category-social-history-hint = Smoking, work, sleep and the like

category-activity = physical activity

category-activity-hint = How much you move, such as steps a day

category-therapy = therapies

category-therapy-hint = Such as physiotherapy or speech therapy

category-demographics = age, sex and background

category-demographics-hint = Such as your age and sex. Anyone who may read them to treat you also sees your name.

category-condition = diagnoses

category-condition-hint = Illnesses that you have or had

category-medication = medicines

category-medication-hint = What you take or took, and how much

category-nutrition = food and drink

category-nutrition-hint = What you eat and drink

category-genetics = genes

category-genetics-hint = Genes and what runs in the family. These say something about your relatives too.

category-mental-health = mental health

category-mental-health-hint = How you feel, and help that you had for it

category-sexual-health = sexual health

category-sexual-health-hint = Sexual health, with HIV tests

category-substance-use = alcohol and drug treatment

category-substance-use-hint = Help that you had with alcohol or drugs

category-encounter = visits and hospital stays

category-encounter-hint = When and where you were seen

category-document = letters and other documents

category-document-hint = Letters, care plans and what fits nowhere else

category-billing = insurance and bills

category-billing-hint = What was billed, and to whom

## What for, in the patient's words

purpose-TREAT = to treat you

purpose-CLINTRL = to treat you in a trial

purpose-COC = to help those who care for you work together

purpose-ETREAT = to treat you in an emergency

purpose-BTG = to open your records in an emergency without asking

purpose-ERTREAT = to treat you in an emergency room

purpose-POPHLTH = to plan care for groups of people

purpose-TREATDS = to ask a computer model about you

purpose-HPAYMT = to pay for your care

purpose-HOPERAT = to run the hospital

purpose-CAREMGT = to plan your care

purpose-HQUALIMP = to make care better

purpose-PATSFTY = to keep patients safe

purpose-MLTRAINING = to train a computer model

purpose-SYSDEV = to build computer systems

purpose-HTEST = to test computer systems

purpose-TRAIN = to teach people who work in care

purpose-HRESCH = to do health research

purpose-BIORCH = to do research on how the body works

purpose-CLINTRCH = to do research with trials

purpose-CLINTRCHNPC = to do research with trials, apart from your care

purpose-CLINTRCHPC = to do research with trials, as part of your care

purpose-PRECLINTRCH = to prepare a trial

purpose-DSRCH = to do research on one disease

purpose-POARCH = to do research on where people come from

purpose-TRANSRCH = to turn research into care

purpose-PATRQT = because you asked for it

purpose-FAMRQT = because your family asked for it

purpose-PWATRNY = because someone who acts for you asked for it

purpose-SUPNWK = because people who support you asked for it

purpose-PUBHLTH = to protect public health

purpose-DISASTER = to help in a disaster

purpose-THREAT = to protect people from a danger

purpose-HMARKT = to advertise

purpose-PSEUDRESCH = to do research on a copy with exact values and a code instead of the name

purpose-RECRESCH = to do research on a copy with whole records and a code instead of the name

## Purposes in what a patient signs, in the first person

purpose-mine-TREAT = to treat me

purpose-mine-CLINTRL = to treat me in a trial

purpose-mine-COC = to help those who care for me work together

purpose-mine-ETREAT = to treat me in an emergency

purpose-mine-BTG = to open my records in an emergency without asking

purpose-mine-ERTREAT = to treat me in an emergency room

purpose-mine-TREATDS = to ask a computer model about me

purpose-mine-HPAYMT = to pay for my care

purpose-mine-CAREMGT = to plan my care

purpose-mine-CLINTRCHNPC = to do research with trials, apart from my care

purpose-mine-CLINTRCHPC = to do research with trials, as part of my care

purpose-mine-PATRQT = because I asked for it

purpose-mine-FAMRQT = because my family asked for it

purpose-mine-PWATRNY = because someone who acts for me asked for it

purpose-mine-SUPNWK = because people who support me asked for it

## What who asks must do

duty-DEID = They must take out what shows who you are.

duty-PSEUD = They must use a made-up code in place of your name.

duty-AUDIT = They must write down each use.

duty-DELAU = They must delete it after use.

duty-ENCRYPT = They must keep it locked.

duty-NORELINK = They must not try to find out who you are.

duty-NOREUSE = They must not use it for anything else.

duty-NORDSCLCD = They must not pass it on unless you say yes.

## Why the answer was yes or no

reason-permitted = You had allowed it.

reason-denied = You had said no to it.

reason-opted-out = You have turned research off.

reason-linked-refusal = You refuse this under another hospital number of yours.

reason-deceased = You are noted as deceased.

reason-duty-unmet = They could not do what your permission demands.

reason-opening-missing = We could not read what you signed, so the answer was no.

reason-unknown-word = They asked for something that we do not know.

reason-other-record = You had allowed other records, not this one.

reason-outside-period = The record is from a time that you had not allowed.

reason-other-category = You had allowed other kinds of records, not this kind.

reason-other-purpose = You had allowed it for something else.

reason-other-recipient = You had allowed it for someone else.

reason-withdrawn = You had withdrawn.

reason-stopped = You had stopped everything.

reason-expired = Your permission had ended.

reason-not-yet = Your permission had not yet begun.

reason-bad-key = The key that signed it may not sign for you.

reason-not-enrolled = You had no key here yet.

reason-no-consent = You had not allowed it.

expired-undone = You are signed out. This happens after 15 minutes without use, after 12 hours, or when somebody ends the session. What you pressed was not done: nothing was signed, withdrawn or changed. Please sign in. You will then return to the page where you were.

line-source = { $source }, { $holder }

line-range-from = { $low } or more

line-range-to = up to { $high }

line-period = { $start } to { $end }

line-first-version = Received on { $day }.

line-later-version = Received on { $day }, corrected: version { $version }.

line-reading = The model for “{ $question }” reads { $source } as { $value }. { $rule }

line-rule-ucum = Both units measure the same thing.

line-rule-molar = It uses the weight of this substance.

line-rule-habit = The sender always means this unit.

line-not-in-force = Not valid: { $status }

line-earlier = Earlier versions

line-earlier-hint = The sender corrected or removed these values. They are stored for reading only: no model learns from them and no estimate uses them.

line-name = Value

line-value = Result

line-range = Usual range

line-flag = Sender's note

line-when = Measured

line-known = Reported

line-from = From

line-about = About this value

chart-title = Over time: { $value }

chart-name = { $value }, { $count } results in { $unit }

chart-name-plain = { $value }, { $count } results

chart-band = The shaded part is the usual range of the newest result.

chart-others = { $count ->
        [one] 1 result is only in the table: another unit, no number, no date, or not valid.
       *[other] { $count } results are only in the table: another unit, no number, no date, or not valid.
    }

chart-none = There is no picture: it needs at least two valid results with a number, a date and the same unit.

chart-table = { $count ->
        [one] 1 result
       *[other] { $count } results, the newest first
    }

chart-link = Over time
