# What the people of a custodian read; in English only.

menu-custodian = Overview

menu-invite = Invite

menu-deposit = Deposit

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
