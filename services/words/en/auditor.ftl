# What an auditor reads; in English only.

menu-auditor = Ledger status

menu-anchors = Anchors

menu-auditor-journal = Journal

menu-auditor-models = Models

auditor-models-caption = All models, newest first

auditor-models-study = Study

auditor-models-question = Question

auditor-models-card-hash = SHA-256 of the card (JSON)

auditor-models-card-hint = It is the root of this card's anchor on the chain, of kind card. Compute it from the file that you download, and compare. Anchors lists the newest.

auditor-models-card-none = This model is not published yet, so its card has no anchor.

empty-auditor-models = No model has been trained yet.

menu-evidence = Export evidence

auditor-title = Ledger status

auditor-part = Part

auditor-count = Count

auditor-time = Time

auditor-state = State

auditor-mark = Latest verified state

auditor-deployment = About this deployment

auditor-single = One validator under one operator. It cannot forge a consent. It could rewrite history; anchors that you exported earlier would show that.

auditor-many = Several validators. One alone cannot change history.

auditor-run = Run verification

verify-title = Verification

verify-all = All seven checks agree.

verify-some = { $count ->
    [one] 1 of 7 differs.
   *[other] { $count } of 7 differ.
} { $advice }

verify-not-all = { $count } of 7 were not checked. This is not a pass.

verify-ledger = Ledger

verify-mirror = Mirror

verify-journal = Journal

verify-catalogue = Catalogue

verify-blocks = Blocks

verify-manifests = Manifests

verify-cards = Cards

verify-check = Check

verify-result = Result

verify-compared = Compared

verify-many = Count

verify-took = Duration

verify-first = First difference

verify-sound = Parts that agree

verify-running = Checking: { $what }

verify-waiting = Waiting for a worker

verify-requested = Requested on { $time }.

verify-stopping = You asked to stop it. It stops at the next step.

verify-stopped = Stopped. What was not checked is listed as not checked.

verify-download = Download the report

anchors-title = Anchors

anchors-kind = Kind

anchors-root = Root

anchors-count = Count

anchors-block = Block

anchors-entries = entries up to { $count }

anchors-time = Time

anchors-kind-records = records

anchors-kind-journal = journal

anchors-kind-manifest = manifest

anchors-kind-card = card

empty-anchors = No anchors yet. The first is made { $when }.

audit-journal-title = Journal

audit-journal-kind = Decision

audit-journal-party = Party

audit-journal-purpose = Purpose

audit-journal-decision = Decision

audit-journal-rule = Rule

audit-journal-permit = permit

audit-journal-refusal = refusal

audit-journal-other = neither

audit-journal-row = Row

audit-journal-since = First day

audit-journal-until = Last day

audit-journal-day-hint = A day (UTC) such as 2026-11-01. With a first or last day, the page also shows totals.

audit-journal-until-hint = A day (UTC) such as 2026-11-30

audit-journal-day-error = Enter the day as year, month and day, such as 2026-11-01.

audit-journal-order-error = The last day is before the first day. Enter a later last day.

audit-journal-totals = Totals

audit-journal-totals-caption = Entries of these days by party and purpose

audit-journal-permits = Permits

audit-journal-refusals = Refusals

audit-journal-others = Neither

audit-journal-file = Download the entries (CSV)

audit-journal-time-utc = Time (UTC)

audit-journal-hash = Hash

empty-audit-journal = No entries match this search.

empty-audit-journal-older = No entry so far matches this search. Press “Older” to look further back.

evidence-title = Export evidence

evidence-part = Part

evidence-size = Size

evidence-how = How to verify it independently

evidence-how-lead = The bundle contains only data, one JSON object per line. The program check.py below checks it. It uses none of this site's code. It needs Python 3.11 with pycryptodome, and read access to a node of the chain. It also needs a copy of the folder of sealed blocks.

evidence-button = Create bundle

evidence-ready = The bundle of { $time } is ready: { $size }.

empty-evidence = No bundle has been created yet.

auditor-now = Current state

auditor-ledger = Ledger

auditor-mirror = Mirror

auditor-journal = Journal

auditor-anchors = Anchors

auditor-quick = This is a quick look. A verification reads every row and every block.

auditor-mark-count = Changes on the ledger

auditor-mark-head = Head

auditor-away = The ledger is unavailable. Until it is back, every decision is a refusal.

auditor-contract = Contract

auditor-finality = Finality

auditor-finality-single = A block counts at once (one validator)

auditor-finality-bft = A block counts at once, when the validators have agreed (bft)

auditor-finality-pos = A block counts once it is finalised, after about 15 minutes (pos)

auditor-checks = Recent verifications

empty-checks = No verification has been run yet.

anchors-caption = Anchors, newest first

anchors-when = within a minute of the first deposit or use

audit-journal-both = All

audit-journal-lines = Entries

audit-journal-caption = Entries, newest first

audit-journal-kind-of = Event

audit-journal-use = access

audit-journal-other-event = administration

audit-journal-purpose-hint = A code such as TREATDS

verify-advice = Do not rely on: { $parts }.

verify-caption = The seven checks

verify-seconds = { $seconds } s

verify-shared = Catalogue and blocks share one time, as do manifests and cards.

verify-compares-ledger = The chain, its contract and our transactions

verify-compares-mirror = Our copy of each change, and its terms

verify-compares-journal = Each row with the row before it and its anchor

verify-compares-catalogue = Each record's row with its anchor and its key

verify-compares-blocks = Each sealed block with its CID

verify-compares-manifests = Each model's list of records with its anchor

verify-compares-cards = Each model's card and file with its anchor

evidence-making = Writing the bundle: { $lines ->
        [one] one line
       *[other] { $lines } lines
    } so far

evidence-caption = Contents of the bundle

evidence-lines = Lines

evidence-sha = SHA-256 of the file

evidence-failed = The last bundle could not be created. Create it again.

evidence-how-spec = Read the program, or write your own from the descriptions: how each line is hashed, and what must be on the chain. All four also come with the software, in docs/spec.

evidence-file-check = the program

evidence-file-evidence = the bundle, line by line

evidence-file-ledger = the contract and what is signed

evidence-file-envelope = the sealed blocks

evidence-care = The bundle contains what patients signed, under their pseudonyms. Store it as securely as this site.

evidence-kind-deployment = Deployment

evidence-kind-operation = Changes on the ledger

evidence-kind-opening = Signed terms

evidence-kind-batch = Batches of records

evidence-kind-erasure = Erasures

evidence-kind-use = Uses

evidence-kind-journal = Rows of the journal

evidence-kind-card = Cards

evidence-kind-manifest = Manifests

size-mb = { $size } MB
