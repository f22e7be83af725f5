# What the people of a custodian read; in English only.

menu-custodian = Overview

menu-invite = Invite

menu-deposit = Deposit

menu-studies = Studies

menu-recoveries = Recoveries

custodian-title = Is all well?

custodian-patients = Patients

custodian-records = Records

custodian-copies = Copies held

custodian-anchor = Last anchor

custodian-nodes = Nodes

custodian-work = Work waiting

custodian-studies = Studies that wait for your answer

custodian-well = well

custodian-away = away

custodian-away-chain = The chain node is away. Every request for records is refused. Stored pages can still be read.

custodian-away-ipfs = The storage node is away. Records can be neither stored nor opened. Permissions and withdrawals still work.

custodian-away-worker = No worker is running. Deposits and training wait. Permissions and withdrawals still work.

custodian-no-anchor = none yet

empty-custodian = No patient yet. Invite the first one.

invite-title = How do I invite?

invite-role = Who is invited?

invite-patient = A patient

invite-clinician = A clinician

invite-researcher = A researcher

invite-custodian = A colleague who looks after records

invite-auditor = An auditor

invite-identity = How was their identity checked?

invite-identity-hint = This is your duty. It is written down with your name.

invite-identity-card = An identity document, in person

invite-identity-known = Known in person to this hospital

invite-identity-video = An identity document, by video

invite-identity-error = Choose how their identity was checked

invite-number = Hospital number

invite-name = Name

invite-party = Organisation

invite-until = The link works until { $date }.

invite-button = Make the link

invite-made = The link is made

invite-once = Give it to this person and nobody else. It works once. It is not shown again.

invite-print = Print it

deposit-title = Is this file good?

deposit-file = File

deposit-file-hint = CSV or FHIR bundle, at most { $size }

deposit-mapping = How columns become records

deposit-bad-rows = What happens to bad rows?

deposit-bad-leave = Store the good rows, leave out the bad ones

deposit-bad-none = Store nothing if one row is bad

deposit-button = Check the file

deposit-wrong-size = The file is { $size }. The limit is { $most }.

deposit-wrong-kind = The file is neither CSV nor a FHIR bundle.

deposit-wrong-encoding = The file is not UTF-8. Line { $line } cannot be read.

deposit-report-title = What is in the file?

deposit-went-title = What went in?

deposit-before = { $all } rows read. { $good } are good, { $bad } are not. Nothing has been stored yet.

deposit-row = Row

deposit-column = Column

deposit-problem = Problem

deposit-cure = What to do

deposit-store = Store the { $good } good rows

deposit-nothing = Store nothing

deposit-report = Download the report (CSV)

deposit-sealed = sealed

deposit-pinned = pinned

deposit-catalogued = catalogued

deposit-anchored = anchored

deposit-after = { $good } records stored. { $bad } rows refused. Anchored at { $time }.

deposit-again = This file was stored on { $date }. Nothing was added.

deposit-dropped = Nothing was stored. The file is gone.

empty-deposits = No deposit yet.

may-study-title = May this study ask?

may-study-many = Patients it would reach

may-study-text = What your patients will read

may-study-approve = Approve

may-study-refuse = Do not approve

may-study-reason = Reason, for the study

may-study-approved = You approved this study on { $date }.

may-study-refused = You did not approve this study on { $date }.

recoveries-title = Who lost a key?

recoveries-patient = Patient

recoveries-proposed = Proposed on

recoveries-left = Starts to work on

recoveries-state = State

recoveries-waiting = The patient can say no

recoveries-vetoed = The patient said no

recoveries-done = In force

recoveries-identity = How was the patient's identity checked?

recoveries-button = Propose

recoveries-lead = The new key starts to work after { $days } days. Until then any of the patient's keys can say no.

empty-recoveries = Nobody has lost a key.

custodian-all-well = Everything answers.

custodian-held = What is held

custodian-patients-of = { $directory } in the directory. Records of { $held } people are here.

custodian-copies-of = One copy each of { $copies } of { $all } records, on this site's storage node

custodian-node-chain = Chain

custodian-node-ipfs = Storage

custodian-node-worker = Worker

custodian-jobs = Jobs that wait or run

custodian-invite = Invite someone

custodian-deposit = Deposit records

invite-patient-hint = They sign with a passkey of their own

invite-number-hint = For a patient. It stays here, sealed.

invite-name-hint = For everybody else

invite-party-hint = For a researcher or an auditor of another place: such as organisation:town-clinic. Leave it empty for this hospital.

invite-number-error = Enter the hospital number, 64 characters or fewer

invite-name-error = Enter the name, 128 characters or fewer

invite-party-error = Enter the organisation as organisation:name, without spaces

invite-party-own = Leave the organisation empty: clinicians and colleagues here speak for this hospital

invite-role-error = Choose who is invited

invite-has-account = This patient can sign in already. If their device is lost, propose a recovery.

invite-link = Link

invite-another = Invite someone else

invite-print-how = Print this page, or read the link out. Your browser prints it without the menu.

deposit-file-error = Choose a file

deposit-bad-error = Choose what happens to bad rows

deposit-mapping-none = None: the file is a FHIR bundle

deposit-mapping-own = A mapping of your own, below

deposit-mapping-hint = It says which column is which value, in which unit

deposit-own = Your own mapping

deposit-own-hint = A TOML file. Leave it empty to use one from the list.

deposit-mapping-choose = Choose a mapping for this table

deposit-mapping-error = The mapping cannot be read. Check it with the guide for custodians.

deposit-mapping-custodian = The mapping names another custodian. Take its name out.

deposit-kept = The file is kept locked until you decide, one day at most. Then it is deleted.

deposit-before-title = Files so far

deposit-state-checking = being checked

deposit-state-checked = waiting for you

deposit-state-storing = being stored

deposit-state-stored = stored

deposit-state-dropped = nothing stored

deposit-state-unusable = not usable

deposit-working-checking = Checking the rows

deposit-working-storing = Records sealed, pinned, catalogued and anchored

deposit-stuck-checking = The check did not end. The file is deleted after a day. Send it again.

deposit-stuck-storing = Storing did not end. What was stored stays. Try again: nothing is stored twice.

deposit-new-file = Choose another file

deposit-unusable = This file cannot be used: { $why }.

deposit-known = { $count } of { $all } records were here before, so they were not stored again.

deposit-may-not = You chose to store nothing if one row is bad, or no row is good.

deposit-size = Size

deposit-sent = Sent

deposit-bad-caption = The first { $shown } of { $all } problems listed

cure-range = Check the unit

cure-number = Enter a number, or leave the cell empty

cure-values = Use a value that the mapping names, or add it there

cure-truth = Enter true or false, or leave the cell empty

cure-date = Write the date as 2024-05-31

cure-twice = Keep one of the two

cure-id = Enter the hospital number

cure-cells = Check for a missing or extra separator

cure-kind = Leave it out; this kind is not stored here

cure-subject = Add the patient to the bundle

cure-other = Correct it in the file, then send the file again

may-studies-title = Which studies want to ask?

may-study-state-proposed = Waiting for you

may-study-state-approved = Approved

may-study-state-refused = Not approved

may-study-name = Study

may-study-owner = Who runs it

may-study-protocol = Protocol

may-study-board = Ethics

may-study-purpose = What for

may-study-categories = Kinds of records

may-study-days = How long a permission lasts

may-study-end = The study ends on

may-study-many-of = { $many } with records of every kind asked for, of { $all } in the directory

may-study-why = Enter a reason for the study

may-study-reason-hint = Needed if you do not approve

empty-studies = No study has been proposed yet. Researchers propose them; you will see them here.

recoveries-what = A new key starts to work after a delay. Until then any of the patient's keys can say no.

recoveries-caption = Recoveries that wait

recoveries-ready = The delay is over

recoveries-new = Propose a recovery

recoveries-proof = The new key's own proof

recoveries-proof-hint = A JSON file that the patient's new key signed: an enrolment

recoveries-proof-error = Choose the file that the patient's new key signed for this patient

recoveries-number-error = Enter the hospital number of a patient who has a key here

recoveries-refused = The register refused it. Nothing was proposed.

recoveries-proposed-now = It is proposed. The patient sees it, and can say no.
