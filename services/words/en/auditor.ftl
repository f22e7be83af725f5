# What an auditor reads; in English only.

menu-auditor = Where it stands

menu-anchors = Anchors

menu-auditor-journal = Journal

menu-evidence = Evidence

auditor-title = Where does everything stand?

auditor-part = Part

auditor-count = Count

auditor-time = Time

auditor-state = State

auditor-agrees = agrees

auditor-differs = differs

auditor-unchecked = not checked

auditor-mark = High-water mark

auditor-deployment = What this deployment can do

auditor-single = One validator under one operator. It cannot forge a consent. It could rewrite history, which exported anchors would show.

auditor-many = Several validators. One alone cannot change history.

auditor-run = Run verify

verify-title = Does it all fit together?

verify-all = All seven checks agree.

verify-some = { $count ->
    [one] One of seven differs.
   *[other] { $count } of seven differ.
} { $advice }

verify-journal-after = Do not rely on the journal after row { $row }.

verify-not-all = { $count } of seven were not checked. This is not a pass.

verify-ledger = Ledger

verify-mirror = Mirror

verify-journal = Journal

verify-catalogue = Catalogue

verify-blocks = Blocks

verify-manifests = Manifests

verify-cards = Cards

verify-check = Check

verify-result = Result

verify-compared = What was compared

verify-many = How many

verify-took = How long

verify-first = First difference

verify-sound = What is still sound

verify-running = Verifying: { $what }

verify-stopped = Stopped. What was not checked is listed as not checked.

verify-download = Download the report

anchors-title = What was put on the chain?

anchors-kind = Kind

anchors-root = Root

anchors-count = Count

anchors-block = Block

anchors-time = Time

anchors-kind-records = records

anchors-kind-journal = journal

anchors-kind-manifest = manifest

anchors-kind-card = card

empty-anchors = Nothing is anchored yet. The first anchor comes { $when }.

audit-journal-title = What happened, without content?

audit-journal-kind = Kind

audit-journal-party = Party

audit-journal-purpose = Purpose

audit-journal-decision = Decision

audit-journal-rule = Rule

audit-journal-permit = permit

audit-journal-refusal = refusal

audit-journal-row = Row

empty-audit-journal = Nothing has happened yet, or nothing fits the search.

evidence-title = What may I take away?

evidence-part = Part

evidence-size = Size

evidence-how = How to check it without us

evidence-how-lead = The bundle holds a program and its description. It needs neither this site nor our nodes.

evidence-button = Make the bundle

evidence-ready = The bundle of { $time } is ready: { $size }.

empty-evidence = No bundle has been made yet.

auditor-now = Now

auditor-ledger = Ledger

auditor-mirror = Mirror

auditor-journal = Journal

auditor-anchors = Anchors

auditor-quick = This is a first look. A full check reads every row and every block.

auditor-mark-count = Changes on the ledger

auditor-mark-head = Head

auditor-away = The ledger cannot be read now. Every decision is a refusal until it can.

auditor-contract = Contract

auditor-finality = Kind

auditor-checks = Checks so far

empty-checks = No check has been run yet. Run verify.

anchors-caption = Anchors, the newest first

anchors-when = within a minute of the first deposit or use

audit-journal-both = Both

audit-journal-lines = Lines

audit-journal-caption = Lines, the newest first

audit-journal-kind-of = Event

audit-journal-use = access

audit-journal-purpose-hint = A code such as TREATDS

verify-advice = Do not rely on: { $parts }.

verify-caption = The seven checks

verify-seconds = { $seconds } s

verify-shared = Catalogue and blocks are read together, and so are manifests and cards. Each shows the time of both.

verify-compares-ledger = The chain, its contract and our transactions

verify-compares-mirror = Our copy of each change, and each opening

verify-compares-journal = Each row with the one before and its anchor

verify-compares-catalogue = Each record's row with its anchor and its key

verify-compares-blocks = Each sealed block with its name

verify-compares-manifests = Each model's list of records with its anchor

verify-compares-cards = Each model's card and file with its anchor

evidence-making = Writing the bundle: { $lines } lines so far

evidence-caption = What the bundle holds

evidence-lines = Lines

evidence-sha = SHA-256 of the file

evidence-failed = The last bundle was not made. Make it again.

evidence-how-spec = The description is docs/spec/evidence.md. It says how each line is hashed, and what must be on the chain.

evidence-care = The bundle holds what patients signed, under their pseudonyms. Keep it as safe as the site itself.

evidence-kind-deployment = Which ledger

evidence-kind-operation = Changes on the ledger

evidence-kind-opening = What was signed

evidence-kind-batch = Batches of records

evidence-kind-use = Uses

evidence-kind-journal = Rows of the journal

evidence-kind-card = Cards

evidence-kind-manifest = Manifests

size-mb = { $size } MB
