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
