# What a patient reads about uses, refusals and proofs.

## The history

journal-title = History

journal-filter = Filter

journal-who = Who

journal-what = Which records

journal-all = All

journal-refused-only = Only what was refused

journal-ask = Ask about this

journal-prove = Proof

journal-times = { $count ->
    [one] Once on this day.
   *[other] { $count } times on this day.
}

## Its lines

used-read-party = { $party } looked at your { $categories }. You allowed this on { $date }.

used-model-party = { $party } asked a model about your risk of { $condition }. You allowed this on { $date }.

used-copy = { $study } downloaded a copy with some of your values, without your name. You allowed this on { $date }.

used-copy-pseudonymised = { $study } downloaded a copy with your exact values and a code instead of your name. You allowed this on { $date }.

used-copy-whole = { $study } downloaded a copy with your whole records and a code instead of your name. You allowed this on { $date }.

used-copy-left-out = We opened your { $categories } for a copy that { $study } asked for. None of your values were handed out. You allowed this on { $date }.

used-copy-unmade = We opened your { $categories } for a copy that { $study } asked for. The copy is being made, or it could not be made. So far, none of your values were handed out. You allowed this on { $date }.

used-self = You looked at your { $categories } yourself.

counted-people = { $party } counted how many people have which values, you among them. No person read your records, and no value of yours was shown to anybody.

refused-never = { $party } asked for your { $categories } and was refused. You did not allow it at that time.

refused-withdrawn = { $party } asked for your { $categories } and was refused. You withdrew on { $date }.

refused-ended = { $party } asked for your { $categories } and was refused. Your permission ended on { $date }.

refused-unknown = { $party } asked for your { $categories } and was refused. We could not check your permissions at that moment.

empty-journal = Nobody has used your records yet, and nobody was refused. Every use and every refusal will be listed here.

empty-journal-filter = No line fits your filter. Show all lines to see the rest.

empty-journal-filter-page = No line on this page fits your filter. Look further back under “Older”.

## Prove it

proof-title = Proof

proof-how = Before anyone gets a record, we write a line in a journal. You see the lines about you. Every { $interval } the whole journal gets a fingerprint. The fingerprint goes into the register. Your browser has just checked that this line is in the journal with that fingerprint.

proof-how-by-hand = Before anyone gets a record, we write a line in a journal. You see the lines about you. Every { $interval } the whole journal gets a fingerprint. The fingerprint goes into the register.

proof-checking = Your browser is checking this line.

proof-good = This line is in the journal, as it was written.

proof-limit = A line that matches was not changed later. The check cannot show what a person did with what they saw.

proof-soon = This line is too new. The next fingerprint comes at { $time }. Check again after that.

proof-bad = This line does not match. Do not trust it. Please tell { $contact }. The auditors can see this too.

proof-details = Show the fingerprint

proof-fingerprint = Fingerprint

proof-download = Download the proof

proof-no-script = Your browser runs no script here. Download the proof and check it with a program of your choice.

used-read-party-undated = { $party } looked at your { $categories }. You allowed this.

used-model-party-undated = { $party } asked a model about you. You allowed this.

used-copy-undated = { $study } downloaded a copy of some of your values, without your name. You allowed this.

used-copy-pseudonymised-undated = { $study } downloaded a copy with your exact values and a code instead of your name. You allowed this.

used-copy-whole-undated = { $study } downloaded a copy with your whole records and a code instead of your name. You allowed this.

used-copy-left-out-undated = We opened your { $categories } for a copy that { $study } asked for. None of your values were handed out. You allowed this.

used-copy-unmade-undated = We opened your { $categories } for a copy that { $study } asked for. The copy is being made, or it could not be made. So far, none of your values were handed out. You allowed this.

records = records

condition-asked = an illness

interval-minute = minute

rekeyed = We locked your records again. Anyone who may no longer use them can no longer open them.

erased = Your records here were deleted, and so were the keys that open them.

identity-join = { $party } checked who you are and gave you a link to join.

identity-join-letter = { $party } created a link to join, for a letter to the postal address that it has for you.

identity-recover = { $party } checked who you are and gave you a link for a new key. Was that not you? Refuse or remove the new key under “Keys”.

used-train-learned = { $study } trained a model with your { $categories }. You allowed this on { $date }.

used-train-learned-undated = { $study } trained a model with your { $categories }. You allowed this.

used-train-learning = { $study } is training a model with your { $categories } now. You allowed this on { $date }.

used-train-learning-undated = { $study } is training a model with your { $categories } now. You allowed this.

used-train-counted = { $study } counted your { $categories } with those of others. No model learned from them. You allowed this on { $date }.

used-train-counted-undated = { $study } counted your { $categories } with those of others. No model learned from them. You allowed this.

used-train-gate-closed = { $study } tried to train a model with your { $categories }. It did not pass our checks, so no model was kept. You allowed this on { $date }.

used-train-gate-closed-undated = { $study } tried to train a model with your { $categories }. It did not pass our checks, so no model was kept. You allowed this.

used-train-cancelled = { $study } began to train a model with your { $categories } and stopped. No model was kept. You allowed this on { $date }.

used-train-cancelled-undated = { $study } began to train a model with your { $categories } and stopped. No model was kept. You allowed this.

used-train-broken-off = { $study } began to train a model with your { $categories }. It failed, so no model was kept. You allowed this on { $date }.

used-train-broken-off-undated = { $study } began to train a model with your { $categories }. It failed, so no model was kept. You allowed this.

refused-withdrawn-undated = { $party } asked for your { $categories } and was refused. You had withdrawn.

refused-ended-undated = { $party } asked for your { $categories } and was refused. Your permission had ended.

act-granted = You said yes to { $party }.

act-declined = You said no to { $party }.

act-reconsidered = You opened your answer to { $party } again.

act-withdrawn = You withdrew your permission for { $party }.

act-stopped = You stopped all use of your records.

act-research-off = You turned research off.

act-research-on = You turned research on again.

act-key-added = You added a passkey.

act-key-removed = You removed a passkey.

act-key-refused = You refused a new key.

journal-self = You

journal-without-self = Leave out what I looked at myself

journal-first = From this day

journal-last = Up to this day

journal-signed = You signed this yourself.

journal-all-lines = Show all lines

act-asked = You asked { $party } a question.

act-correction-asked = You asked { $party } to correct a record.

act-got-answer = { $party } answered your question.

act-got-correction = { $party } says that the record is corrected.

act-got-refusal = { $party } did not change the record and told you why.

act-copy-deleted = { $party } says that it has deleted its copy with your values.

act-copy-rows-deleted = { $party } says that it has deleted your values from its copy.

proof-compare = The fingerprint has number { $place } in the register. An auditor, or anyone with a copy of the register, can compare it.

act-key-recovered = A new key works for you from now on. { $party } proposed it after checking who you are. Was that not you? Remove this key under “Keys”.

refused-linked = { $party } asked for your { $categories } and was refused. A refusal under another number of yours counts here too.

person-linked = { $party } noted that two hospital numbers are both yours. A no under one of them now counts for both.

person-unlinked = { $party } noted that two hospital numbers do not belong to the same person after all.

refused-deceased = { $party } asked for your { $categories } and was refused. You are noted as deceased.

refused-duty = { $party } asked for your { $categories } and was refused. It cannot do what your permission demands.

deceased-noted = { $party } noted that you have died. Is that wrong? Please tell them.

deceased-undone = { $party } took back the note that you have died.

record-moved-away = { $party } removed a record from yours: it belongs to another person.

record-moved-here = { $party } added a record to yours that was filed under another person by mistake.

records-refiled = { $party } changed its rules: some of your records now count as another kind of records.

versions-kept = { $party } keeps earlier versions of corrected values from now on.

versions-destroyed = { $party } deleted the earlier versions of your corrected values.
