# What the people of a custodian read; in English only.

## The menu; each entry is also the title of its page

menu-custodian = System status

menu-invite = Invite someone

menu-deposit = Upload records

menu-studies = Studies

menu-recoveries = Account recovery

menu-erasures = Erasure

## System status

custodian-all-well = All services are running.

custodian-away-chain = The chain node is unavailable. Every request for records is refused. Stored pages can still be read.

custodian-away-ipfs = The storage node is unavailable. Records can be neither stored nor opened. Permissions and withdrawals still work.

custodian-away-worker = No worker is running. Uploads and training wait. Permissions and withdrawals still work.

custodian-held = Stored here

custodian-patients = Patients

custodian-patients-of = { $directory } in the directory, { $held } with records

custodian-records = Records

custodian-anchor = Last anchor of records

custodian-no-anchor = none yet

custodian-nodes = Services

custodian-node-chain = Register

custodian-node-ipfs = Record store

custodian-node-worker = Background work

custodian-well = OK

custodian-away = Unavailable

custodian-work = Waiting

custodian-files = Files waiting for you

custodian-week = The last seven days

custodian-week-answers = Answers of patients

custodian-week-answers-of = { $yes } yes, { $no } no

custodian-week-estimates = Estimates for clinicians

custodian-week-uploads = Uploaded files stored

custodian-jobs = Jobs in queue

custodian-studies = Studies waiting for your decision

custodian-erasures = Requests for erasure waiting for your decision

custodian-links = Duplicate patients waiting for your decision

empty-custodian = No patients yet. Invite the first one.

## Invite someone

invite-role = Who is invited?

invite-patient = A patient

invite-patient-hint = They sign with their own passkey

invite-clinician = A clinician

invite-researcher = A researcher

invite-custodian = A records office colleague

invite-auditor = An auditor

invite-role-error = Choose who is invited

invite-identity = How was their identity checked?

invite-identity-hint = You are responsible for this check. Your name will be recorded.

invite-identity-card = An identity document, in person

invite-identity-known = Known in person to this hospital

invite-identity-video = An identity document, by video

invite-identity-error = Choose how their identity was checked

invite-number = Hospital number

invite-number-hint = For a patient. It is stored encrypted.

invite-number-error = Enter the hospital number, 64 characters or fewer

invite-no-records = No records are stored for this hospital number. Check it, or confirm that this is a new patient.

invite-new-patient = { $number } is a new patient. Invite them before their first record is stored.

invite-qr = QR code of the link, for the camera of a phone

invite-number-staff = Leave the hospital number empty: only a patient has one

invite-has-account = This patient can sign in already. For a lost device, open Account recovery.

invite-name = Name

invite-name-hint = For staff

invite-name-error = Enter the name, 128 characters or fewer

invite-party = Organisation

invite-party-hint = For a researcher or an auditor of another organisation: such as organisation:town-clinic. Leave it empty for this hospital.

invite-party-error = Enter the organisation as organisation:name, without spaces

invite-party-own = Leave the organisation empty: clinicians and colleagues here speak for this hospital

invite-until = The link works until { $date }.

invite-has-key = The patient already has a key on the ledger, so this link cannot create a passkey. The patient can join with the wallet that has this key. For a passkey, issue a link under Account recovery.

invite-earlier = An earlier link for the same person then stops working.

invite-button = Make the link

invite-made = Invitation link

invite-link = Link

invite-shown = A link is shown only once, when it is made. If you did not keep it, make a new one.

invite-once = Give it to this person only. It works once and is not shown again.

invite-print-how = Print this page and hand it over. Your browser prints it without the menu. The camera of a phone opens the link from the QR code.

list-title = Invite many patients

list-lead = Paste or upload a list with one patient per line, at most { $most }. Nobody is invited before you have seen what the list does.

list-paste = List

list-paste-hint = One hospital number per line. An e-mail address, the name for the letter and the language (en, de, es) can follow. Separate them by comma, semicolon or tab. A first line may name the columns.

list-file = Or a file

list-file-hint = CSV in UTF-8, up to 512 kB. It is used in place of what is pasted.

list-letters-language = Language of the letters

list-letters-language-hint = For lines without a language of their own

list-language-error = Choose the language of the letters

list-check-button = Check the list

list-stored = Lists of the last day

list-stored-caption = Lists that are stored

list-sent = Sent

list-size = Patients

list-people = { $count ->
    [one] One patient
   *[other] { $count } patients
}

list-state = State

list-is-checked = Checked, nobody is invited

list-is-done = Invited

list-empty = Enter a list or choose a file with at least one patient

list-long = The list has more than { $most } patients or 512 kB. Divide it.

list-encoding = The file is not UTF-8 text. Save it as “CSV UTF-8” and send it again.

list-header = The first line names a column twice or one that is not known. The columns are number, email, name and language.

list-quotes = A quotation mark is opened and not closed, or something follows it. Correct the list and send it again.

list-many = { $most } lists are stored already. Delete one whose letters are printed.

list-wrong = { $count ->
    [one] One line is wrong. Correct it and send the list again.
   *[other] { $count } lines are wrong. Correct them and send the list again.
}

list-nobody = Everybody on this list has an account already. Nobody is left to invite.

list-nobody-new = No records are stored for the patients who are left on this list. Tick that they are new patients, or delete the list.

list-nobody-linked = Everybody who is left on this list has an earlier link that works. Tick that the earlier links are replaced, or delete the list.

list-check = Check of the list

list-nothing-yet = Nobody is invited yet.

list-known = To be invited: records are stored

list-known-caption = { $count ->
    [one] One patient with records
   *[other] { $count } patients with records
}

list-new = No records are stored

list-new-lead = No records are stored for these numbers. Check them: a mistyped number gives the link to the wrong person.

list-new-caption = { $count ->
    [one] One number without records
   *[other] { $count } numbers without records
}

list-new-tick = { $count ->
    [one] This is a new patient: invite them too
   *[other] These { $count } are new patients: invite them too
}

list-linked = Not to be invited again: an earlier link works

list-linked-lead = These people have a link that was not used yet. A new link ends the earlier one: a letter that is on its way then shows a link that no longer works.

list-linked-caption = { $count ->
    [one] One patient with an earlier link
   *[other] { $count } patients with an earlier link
}

list-linked-tick = { $count ->
    [one] Replace the earlier link: it stops working
   *[other] Replace the { $count } earlier links: they stop working
}

list-joined = Not to be invited: they have an account

list-joined-lead = For a lost device, open Account recovery.

list-joined-caption = { $count ->
    [one] One patient with an account
   *[other] { $count } patients with an account
}

list-problems = Lines that are wrong

list-problems-caption = { $count ->
    [one] One line
   *[other] { $count } lines
}

list-correct = Nobody is invited while a line is wrong. Correct the list and send it again.

list-line = Line

list-problem = What is wrong

list-fault-number = The hospital number is missing or longer than 64 characters

list-fault-email = The e-mail address is not complete, such as name@example.org

list-fault-name = The name is longer than 128 characters or has a line break

list-fault-language = The language is not en, de or es

list-fault-twice = The hospital number is on an earlier line too

list-fault-cells = The line has more cells than columns

list-state-records = To be invited: records are stored

list-state-new = No records are stored: invited only if you say so

list-state-linked = Not to be invited again: an earlier link works

list-state-ended = The link of this list no longer works

list-state-account = Not to be invited: has an account already

list-number = Hospital number

list-name = Name

list-email = E-mail

list-language = Language

list-link = Link

list-identity = How was the identity of all these people checked?

list-identity-letter = By letter only, to the address in this hospital’s records

list-letter-mail = A letter checks the postal address, so these links cannot be sent by e-mail too. Choose another check, or do not send e-mails.

list-invite-button = Invite these patients

list-delete-button = Delete the list

list-done = Invitations

list-invited = { $count ->
    [one] One patient is invited
   *[other] { $count } patients are invited
}

list-works = Each link works once, until { $date }. An earlier link for the same person no longer works.

list-kept = The letters and links can be shown until { $date }. Then the list is deleted; the links continue to work.

list-letters = Letters

list-download = Links as CSV

list-result = Result

list-result-caption = { $count ->
    [one] One patient of the list
   *[other] { $count } patients of the list
}

list-has-link = Invited

list-no-mail = No mail server is set, so no e-mails can be sent. Hand over the links with the letters.

list-mail-tick = { $count ->
    [one] Send the link to the one e-mail address too
   *[other] Send the links to the { $count } e-mail addresses too
}

list-mail-hint = An e-mail has the link and whom to ask, and nothing about health. The first person to open it joins in the patient’s place. Send it only to addresses that the patients gave you themselves.

list-mail-none = No mail server is set: the addresses are listed with the links, and no e-mail is sent.

list-mail-waiting = Invited, the e-mail is waiting to be sent

list-mail-sending = Invited, the e-mail is being sent

list-mail-sent = Invited, the e-mail was sent

list-mail-refused = Invited, the e-mail address was refused

list-mail-ended = The link stopped working before the e-mail was sent

list-left-out = Not invited: no records are stored

list-print-how = { $count ->
    [one] Print this page: one letter.
   *[other] Print this page: { $count } letters, each on a page of its own.
} Each letter is for the person whose number is on it, and for nobody else.

invite-another = Invite another person

## Upload records

deposit-file = File

deposit-file-hint = CSV, Excel, Parquet or FHIR R4 as JSON or NDJSON (also .gz), at most { $size }

deposit-file-error = Choose a file

deposit-empty = The file is empty. Choose another file.

deposit-wrong-size = The file is { $size }. The limit is { $most }.

deposit-full = Your waiting files have { $waiting } in total. With this one they would exceed the limit of { $most }. Store or discard some of them, then send this file again. A waiting file is deleted after a day.

deposit-wrong-kind = The file is neither CSV, Excel, Parquet nor FHIR as JSON. Choose a file of one of these kinds.

deposit-xml = The file is XML. Save a table as CSV or Excel, and FHIR as JSON.

deposit-wrong-encoding = Line { $line } of the file cannot be read as { $encoding }. Save the file as UTF-8, or name its encoding in the mapping.

deposit-mapping = Mapping of columns

deposit-mapping-hint = It says which column holds which value, in which unit

deposit-mapping-none = None: the file is FHIR

deposit-mapping-own = Your own mapping, below

deposit-mapping-draft = None yet: I map the columns on the next page

deposit-own = Your own mapping

deposit-own-hint = A TOML file. Leave it empty to use one from the list.

deposit-mapping-choose = Choose a mapping for this table

deposit-mapping-error = The mapping cannot be used: { $why }

deposit-mapping-text = it is not UTF-8 text. Save it as UTF-8.

deposit-mapping-long = it has more than { $most } bytes. Remove the parts that this table does not need.

deposit-mapping-custodian = The mapping names another custodian. Remove the name.

deposit-bad-rows = What should happen to bad rows?

deposit-bad-leave = Store the good rows, leave out the bad ones

deposit-bad-none = Store nothing if any row is bad

deposit-bad-error = Choose what should happen to bad rows

deposit-kept = The file is stored encrypted until you decide, one day at most. Then it is deleted.

deposit-rules = FHIR resources get their category by version { $version } of the rules. After a change of the rules, the command "vouchsafe categories" lists what would move.

deposit-inbox = FHIR files, and tables that fit a saved mapping, are stored automatically when they are put in { $folder }. Each is then moved to its folder done or refused, with a report beside it.

deposit-parked = { $count ->
    [one] One FHIR resource is parked: it is filed under no patient yet.
   *[other] { $count } FHIR resources are parked: they are filed under no patient yet.
 }

deposit-button = Check the file

deposit-before-title = Recent files

deposit-state-checking = being checked

deposit-state-mapping = waiting for its columns to be mapped

deposit-state-checked = waiting for your decision

deposit-state-storing = being stored

deposit-state-stuck = not finished

deposit-state-stored = stored

deposit-state-dropped = discarded

deposit-state-unusable = not usable

empty-deposits = No uploads yet.

## Upload report

deposit-report-title = Upload check

deposit-result-title = Upload result

deposit-size = Size

deposit-sent = Sent

deposit-before = { $all ->
        [one] One row read.
       *[other] { $all } rows read.
    } { $good ->
        [0] None is good,
        [one] One is good,
       *[other] { $good } are good,
    } { $bad ->
        [0] none is bad.
        [one] one is bad.
       *[other] { $bad } are bad.
    } Nothing has been stored yet.

deposit-store = Store the { $good } good rows

deposit-nothing = Discard file

deposit-fhir-may-not = There is nothing to store: no entry can be stored, or you chose to store nothing if any entry is bad.

deposit-may-not = There is nothing to store: no row is good, or you chose to store nothing if any row is bad.

deposit-working-checking = Checking the rows

deposit-working-storing = Encrypting and storing the records

deposit-working-waiting = Waiting for a worker

deposit-stuck-checking = The check did not finish. The file is deleted after a day. Send it again.

deposit-stuck-storing = Storing did not finish. Records stored so far remain. Try again: nothing is stored twice.

deposit-stuck-why = Reason: { $why }

deposit-new-file = Choose another file

deposit-unusable = This file cannot be used: { $why }.

deposit-misfit = The table does not fit the mapping. { $missing ->
        [0] Every column of the mapping is there.
        [one] One column of the mapping is missing from the table.
       *[other] { $missing } columns of the mapping are missing from the table.
    } { $unmapped ->
        [0] {""}
        [one] One column of the table is not in the mapping.
       *[other] { $unmapped } columns of the table are not in the mapping.
    } { $twice ->
        [0] {""}
        [one] One column name occurs twice.
       *[other] { $twice } column names occur twice.
    }

deposit-misfit-next = Nothing was stored, and the file was deleted. Choose the mapping that was made for this table, or correct the table or the mapping as listed below.

deposit-dropped = Nothing was stored. The file was deleted.

deposit-after = { $good ->
        [one] The file has one good record.
       *[other] The file has { $good } good records.
    } { $new ->
        [0] None of them is new.
        [one] One of them is new and was stored.
       *[other] { $new } of them are new and were stored.
    } { $bad ->
        [0] {""}
        [one] One row was left out.
       *[other] { $bad } rows were left out.
    } Finished on { $time }.

deposit-known = { $count ->
        [one] One record was stored before and did not change.
       *[other] { $count } records were stored before and did not change.
    }

deposit-corrected = { $count ->
    [one] One stored record was corrected or completed.
   *[other] { $count } stored records were corrected or completed.
 }

deposit-erased = { $count ->
    [one] One record was erased before and is not stored again.
   *[other] { $count } records were erased before and are not stored again.
 }

deposit-fhir-before = { $all ->
        [one] One entry read.
       *[other] { $all } entries read.
    } { $bad ->
        [0] {""}
        [one] One cannot be stored.
       *[other] { $bad } cannot be stored.
    } Nothing has been stored yet.

deposit-fhir-after = { $all ->
        [one] One entry read.
       *[other] { $all } entries read.
    } Finished on { $time }.

deposit-fhir-store = Store these entries

deposit-medicines = { $count ->
        [one] 1 stored entry has the code of its medicine now.
       *[other] { $count } stored entries have the code of their medicine now.
    }

deposit-corrected-medicines = { $count ->
        [one] 1 stored entry has the new version of its medicine.
       *[other] { $count } stored entries have the new version of their medicine.
    }

deposit-lost-medicines = { $count ->
        [one] 1 stored entry lost the code of its medicine, which was deleted or entered in error.
       *[other] { $count } stored entries lost the code of their medicine, which was deleted or entered in error.
    }

deposit-joined-same = { $count ->
        [one] 1 parked entry was the same as a stored one and is no longer parked.
       *[other] { $count } parked entries were the same as stored ones and are no longer parked.
    }

deposit-joined = { $count ->
    [one] One parked entry was stored, since its patient arrived.
   *[other] { $count } parked entries were stored, since their patient arrived.
 }

deposit-affected = Models that were trained on a corrected record: { $models }. They stop answering after their grace period unless they are trained again.

deposit-outcomes = What becomes of the entries

deposit-outcome = Outcome

deposit-count = Entries

deposit-outcome-stored = stored

deposit-outcome-same = the same as before

deposit-outcome-corrected = corrected

deposit-outcome-deleted = deleted or entered in error

deposit-outcome-older = older than what is stored

deposit-outcome-parked = parked: filed under no patient yet

deposit-outcome-shared = of no patient, kept for the custodian

deposit-outcome-refused = not stored

deposit-outcome-response-only = response only, with nothing to store

deposit-outcomes-report = Download every entry (FHIR OperationOutcome, NDJSON)

deposit-again = This file was stored on { $date }. Nothing was added.

deposit-bad-caption = { $all ->
        [one] 1 problem
       *[other] { $all } problems
    }{ $hidden ->
        [0] {""}
       *[other] ; the first { $shown } are listed, the report has all that were kept
    }

deposit-fhir-caption = { $all ->
        [one] 1 thing to look at
       *[other] { $all } things to look at
    }{ $hidden ->
        [0] {""}
       *[other] ; the first { $shown } are listed, the report has all that were kept
    }

deposit-row-hint = Row 1 is the first row below the header; the line counts from the top of the file.

deposit-entry = Entry

deposit-row = Row

deposit-whole-table = Whole table

deposit-whole-file = Whole file

deposit-line = Line

deposit-people = { $people ->
        [one] One person.
       *[other] { $people } people.
    } { $left ->
        [0] {""}
        [one] One bad cell is left out, as the mapping says.
       *[other] { $left } bad cells are left out, as the mapping says.
    } { $replaced ->
        [0] {""}
        [one] One row gave way to a newer one.
       *[other] { $replaced } rows gave way to newer ones.
    } { $ignored ->
        [0] {""}
        [one] One row has a code that the mapping ignores.
       *[other] { $ignored } rows have a code that the mapping ignores.
    }

deposit-notes-caption = { $all ->
        [one] 1 thing to look at
       *[other] { $all } things to look at
    }{ $hidden ->
        [0] {""}
       *[other] ; the first { $shown } are listed
    }

deposit-columns-caption = Columns of the table

deposit-values = Values

deposit-missing = Missing

deposit-unit = Unit

deposit-range = Lowest, middle, highest; or the words and how often each occurs

deposit-bad = Bad

deposit-column = Column

deposit-element = Resource or element

deposit-problem = Problem

deposit-cure = What to do

deposit-report = Download the report (CSV)

cure-range = Check the unit, change the range, or set outside = "missing" in the mapping

cure-number = Enter a number, or leave the cell empty

cure-values = Use a value from the mapping, or add it there

cure-truth = Enter true or false, or leave the cell empty

cure-date = Write the date as 2024-05-31, or set date_format in the mapping

cure-twice = Keep one of the two, or set visits or on_duplicate in the mapping

cure-id = Enter the hospital number

cure-cells = Check for a missing or extra separator

cure-column-missing = Add the column to the file, or remove it from the mapping

cure-column-unmapped = Map the column, or list it under ignore in the mapping

cure-column-twice = Rename one of the two columns

cure-kind = Leave it out; this kind is not stored here

cure-subject = Add the patient to the bundle

## Columns of a table

deposit-needs-columns = The table was read. Say what its columns mean; then it is checked. Nothing has been stored yet.

deposit-change-columns = Change the columns

columns-title = Map the columns

columns-lead = { $rows ->
    [one] One row
   *[other] { $rows } rows
}, { $columns ->
    [one] one column
   *[other] { $columns } columns
}. What each column means is guessed from its name and its cells: look at every column. Nothing has been stored yet.

columns-has-units = The row below the header was read as units, not as data. Check each unit: these units are filled in below.

columns-header-rows = The names of the columns are in { $count } rows. They are joined below, from the top to the bottom.

columns-skipped = { $count ->
    [one] The first line of the file is above the names of the columns and is not read.
   *[other] The first { $count } lines of the file are above the names of the columns and are not read.
}

columns-names = Change the rows of names

columns-names-skip = Lines above the names

columns-names-skip-hint = Such as a title. They are not read. Enter 0 if the names are in the first line

columns-names-rows = Rows of names

columns-names-rows-hint = 1 to 5. Several rows are joined from the top to the bottom

columns-names-note = The columns are then guessed again. Your choices below are lost.

columns-names-button = Read the table again

columns-names-problem = The table cannot be read with the rows of names that you chose. It is shown as it was read before. Choose other rows, or go on with these.

columns-names-error = Enter a whole number from { $low } to { $high }

columns-no-id = No column looks like a hospital number. Choose the one that tells people apart.

columns-copies = { $count ->
        [one] One row is equal to another row under a different id.
       *[other] { $count } rows are equal to another row under a different id.
    } Look for copies before you use the table.

columns-unnamed = Column without a name

columns-seen = { $values ->
        [one] One value
       *[other] { $values } values
    }, { $missing } missing, { $different } different.

columns-range = From { $low } to { $high }.

columns-shapes = Cells look like

columns-fixed = This column names, in each row, what was measured; its codes follow below.

columns-what = What it is

columns-what-number = A number

columns-what-boolean = Yes or no

columns-what-category = One of several words

columns-what-id = The hospital number

columns-what-date = The day of the row

columns-what-time = The time of the day

columns-what-ignore = Left out

columns-more = Category, code and values

columns-category = Category of consent

columns-category-hint = Patients decide by these categories

columns-code = Code

columns-code-hint = System and code, such as http://loinc.org|2345-7, or a name of your own, such as ourlab|crp2

columns-unit = Unit

columns-unit-hint = UCUM, such as mg/dL or mm[Hg]; 1 for none

columns-minimum = Lowest possible value

columns-maximum = Highest possible value

columns-missing = Cells that mean a missing value

columns-missing-hint = Separated by commas, such as -9, 999. An empty cell is missing in any case

columns-levels = Each word of the column, and the value that is stored for it: true or false for yes or no. A word that is left empty counts as missing.

columns-reviewed = Why this column may be stored

columns-reviewed-hint = Its name says that it identifies people

columns-whole = The whole table

columns-date = Day of every row

columns-date-hint = For tables without a column of dates, such as 2024-05-31

columns-date-format = How dates are written

columns-date-format-hint = %d.%m.%Y for 31.05.2024, excel for numbers of a spreadsheet; empty for 2024-05-31

columns-first-year = First year that two digits mean

columns-first-year-hint = For years of two digits alone (%y): 1930 if they mean 1930 to 2029

columns-visits = A person may have several rows

columns-visits-hint = Each row is a visit of its own day

columns-bounds = Cells such as <0.5

columns-bounds-limit = Store the limit, and that it is one

columns-bounds-half = Store half of the limit, and that it is one

columns-outside = Numbers out of the possible range

columns-refuse = A bad row

columns-as-missing = Leave out the cell alone

columns-name = Keep the mapping as

columns-name-hint = A name, to choose it for the next table of this kind

columns-button = Check the table

columns-flag-identifier = It may identify people.

columns-flag-constant = All its values are the same.

columns-flag-empty = It has no value.

columns-flag-row-numbers = It counts the rows.

columns-flag-free-text = Its texts differ in nearly every row, so they may identify people.

columns-flag-bounds = Some cells are bounds, such as <0.5. Say below what becomes of them.

columns-flag-operators = It holds operators, such as <, for the numbers of another column. In the file, write each before its number, such as <0.5.

columns-flag-ambiguous-date = Its dates can be read in more than one order. Choose the right form.

columns-flag-two-digit-year = Its years have two digits. Say below which years they mean.

columns-flag-unread-date = Some or all of its dates cannot be read, or the order of day and month changes. Write them as 2024-05-31, or say below how they are written.

columns-flag-not-all-dates = Some of its cells are not dates in the format of the others. Correct them in the file. Until then, each of these rows is a bad row.

columns-flag-ambiguous-number = The sign in its numbers, such as 1,200 or 1.200, may separate decimals or thousands. It is read as the decimal sign. If it separates thousands, remove it from the numbers in the file.

columns-flag-not-all-numbers = Some of its cells are not numbers, or have a unit behind them.

columns-flag-spreadsheet-errors = Some cells show an error of the spreadsheet, such as #N/A in place of a value. Correct the formulas in the file.

columns-flag-same-name = Another column has the same name. Rename one of them in the file.

columns-flag-future = It may be known only later than a prediction. Do not predict from it then.

columns-flag-unit = Some of its values are out of the usual range. They may be in another unit: ask the sender before you store them.

columns-error = Some columns need another look.

columns-what-error = Choose what this column is

columns-category-error = Choose a category

columns-reviewed-error = Say why this column may be stored, or leave it out

columns-twice-error = Another column is this already; a table has one

columns-id-error = Choose the column with the hospital number

columns-value-error = Choose at least one column with values to store

columns-date-error = Enter the day of every row as 2024-05-31, or choose a column of dates

columns-date-format-error = Say how the dates are written, such as %d.%m.%Y for 31.05.2024; leave it empty for 2024-05-31

columns-first-year-error = Enter a year from 1900 to 2000, such as 1930, if dates are written with %y; else leave it empty

columns-unit-error = Enter a unit of UCUM, such as mg/dL; 1 for none

columns-range-error = The lowest value is above the highest

columns-number-error = Enter a number, such as 0.5

columns-truth-error = Enter true or false for each word

columns-levels-error = Enter a value for at least one word; a column of many different texts cannot be stored

columns-name-error = The mapping { $name } exists already and differs. Choose another name.

## Studies

may-study-title = Approve a study

may-study-state-proposed = Waiting for you

may-study-state-approved = Approved

may-study-state-refused = Not approved

may-study-approved = This study was approved on { $date }.

may-study-refused = This study was not approved, on { $date }.

may-study-name = Study

may-study-owner = Organisation

may-study-protocol = Protocol

may-study-board = Ethics approval

may-study-purpose = Purpose

may-study-categories = Kinds of records

may-study-days = Duration of a permission

may-study-end = End of the study

may-study-contact = Contact for patients

may-study-copy = Copy to download

may-study-copy-anonymised = anonymised, as a separate choice of each patient

may-study-copy-pseudonymised = pseudonymised under an agreement, as a separate choice of each patient. The values are exact: somebody who knows a person can recognise the person in it and read the rest.

may-study-copy-whole = pseudonymised under an agreement, with whole records as FHIR. That is more than the variables of the question, and a separate choice of each patient. Names, identifiers, free texts and attachments are removed, and dates are moved. The values are exact: somebody who knows a person can recognise the person in it and read the rest.

may-study-copy-none = not requested

may-study-agreement = Agreement

may-study-agreement-end = Last day of the agreement

may-study-agreement-key = Fingerprint of the key

may-study-agreement-key-hint = { $fingerprint }. Compare it with the study by telephone before you approve: the owner of this key can read every copy.

may-study-copies-pseudonymised = Pseudonymised copies

may-study-copies-anonymised = Anonymised copies

may-study-copies-whole = If a person in a copy withdraws, the study is told to delete the whole copy.

may-study-copy-state = Downloaded on { $date }, { $rows } people, to be deleted by { $until }.

may-study-copy-deleted = The study confirmed on { $date } that it has deleted it.

may-study-deletions = People who left and whose rows the study must delete: { $waiting } not confirmed, of these { $overdue } overdue; { $acknowledged } confirmed.

may-study-many = Who can be asked

may-study-many-of = At most { $many } of { $all } patients today: everybody with { $categories } who has not turned research off. People who permit the study already, refuse it, or are noted as deceased are not counted. People who have not answered yet, or said no in the last six months, are not asked again. Patients who join later can be asked too.

may-study-many-unknown = cannot be counted now: the register is unavailable

may-study-question = The question “{ $title }”, as it is installed

may-study-text = What your patients will read

may-study-reason = Reason for the study's team

may-study-reason-hint = Needed if you ask for changes or do not approve

may-study-why = Enter a reason for the study's team

may-study-changed = This study was changed after you opened the page. Read it again, then decide

may-study-approve = Approve

may-study-return = Ask for changes

may-study-returned = You asked for changes on { $date }. The study waits for its team.

may-study-state-returned = Waiting for the team

may-study-history = What happened so far

may-study-event-proposed = proposed

may-study-event-returned = changes asked for

may-study-event-approved = approved

may-study-event-refused = not approved

may-study-refuse = Do not approve

empty-studies = No study has been proposed yet. Researchers propose studies; they appear here.

## Account recovery

recoveries-what = A new key cannot work before a delay of seven days is over. Until then any of the patient's keys can refuse it. After that it starts to work by itself.

recoveries-how = For a patient who has no device with a passkey left. Check their identity as strictly as the first time. They open the link on their new device and create a passkey there.

recoveries-made = Recovery link

recoveries-next = The patient opens it on the new device. The key they create is listed under Account recovery and works seven days later.

recoveries-caption = Proposed keys

recoveries-patient = Patient

recoveries-left = Not before

recoveries-state = State

recoveries-waiting = The patient can refuse it

recoveries-ready = The delay is over; it is being completed

recoveries-on-hold = On hold: the account of the person who proposed it is disabled. Check the identity again and issue a new link.

recoveries-by-patient = The patient refused this key. Somebody else may have made it. Ask the patient before you issue another link.

recoveries-new = Issue a recovery link

recoveries-identity = How was the patient's identity checked?

recoveries-proof-error = Choose the file that this patient's new key signed

recoveries-account-error = The account that registered this patient was revoked, so no new key can be proposed for this number. Invite the patient under a new number, then move their records to it.

recoveries-number-error = Enter the hospital number of a patient who has a key here

recoveries-refused = The register refused it. Nothing was proposed.

recoveries-button = Make the link

empty-recoveries = No new keys are waiting. Keys that a patient refuses are listed here for 60 days.

## People

menu-people = People

people-what = Staff who joined here, and the links that still work. Patients who joined are not listed.

people-staff = Staff accounts

people-staff-caption = Accounts

people-role = Role

people-role-patient = Patient

people-role-clinician = Clinician

people-role-researcher = Researcher

people-role-custodian = Records office

people-role-auditor = Auditor

people-last = Last sign-in

people-sessions = Sessions

people-state = State

people-active = Active

people-disabled = Disabled

people-none = No member of staff has joined yet.

people-open = Open links

people-open-none = No link is open.

people-kind-join = A link to join.

people-kind-recover = A link for a new key.

people-issued = Issued on { $date }. It works until { $until }.

people-issued-by = Issued by { $name }.

people-revoke = Revoke

people-revoked-now = The link is revoked. Nobody can use it.

people-joined = Joined on

people-session = Signed in on { $date }, last used on { $last }

people-no-sessions = Not signed in now.

people-sign-out = Sign out everywhere

people-signed-out-now = All sessions of this person have ended.

people-disable = Disable this account

people-disable-what = The person is signed out at once and cannot sign in again. Links that they issued are revoked. To let them in again, invite them again.

people-disabled-now = The account is disabled. The person is signed out and cannot sign in.

people-own-error = You cannot disable your own account. Ask a colleague

people-last-error = This is the last records office account that can sign in. Invite a colleague first

menu-messages = Messages

inbox-open = Waiting for an answer

inbox-done = Answered

inbox-none = No message waits for an answer.

inbox-waiting = Waiting

inbox-answered = Answered

inbox-corrected = Corrected

inbox-refused = Correction refused

inbox-question = Question from a patient

inbox-correction = Request for a correction

inbox-from = Hospital number { $number }, { $date }

inbox-sent = Sent on

inbox-about-record = Record

inbox-about-line = Line of the history, as the patient reads it

inbox-text = What the patient wrote

inbox-how-question = The patient reads your answer in their history.

inbox-how-correction = First upload the corrected records, or decide that they are right. Then answer. The patient reads your answer in their history.

inbox-outcome = What did you decide?

inbox-corrected-choice = The record was corrected

inbox-refused-choice = The record stays as it is

inbox-outcome-error = Choose what you decided

inbox-answer = Your answer

inbox-answer-hint-correction = In plain words. If the record stays, say why. 2,000 characters at most.

inbox-answer-hint-question = In plain words. 2,000 characters at most.

inbox-text-error = Write an answer of 2,000 characters or fewer

inbox-button = Send the answer

## Erasure

erasures-what = Patients can ask that their records here be deleted, with what belongs to them (GDPR Article 17). The history of who used them stays. An approved request cannot be undone.

erasures-one = Request for erasure

erasures-new = Record a request made in person

erasures-record = Record request

erasures-number-error = Enter the hospital number of a patient in the directory

erasures-number-gone = hospital number deleted

erasures-by = Requested by

erasures-by-patient = the patient, signed in

erasures-by-staff = this organisation, for a patient who asked in person

erasures-when = Requested at

erasures-state = State

erasures-state-requested = Waiting for your decision

erasures-state-approved = Being erased

erasures-state-refused = Refused

erasures-state-erased = Erased

erasures-done = Erased on { $date }: the records and their keys (encrypted blocks: { $count }), estimates, drafts, messages, signed terms and hospital number.

erasures-receipt = Download receipt

erasures-warning = Approve only if no law obliges you to keep these records here. The hospital's own systems are not changed. The patient's records, their keys and all predictions made of them are deleted. So are the terms of the consents, the patient's messages and the hospital number. Models trained on the records are replaced.

erasures-reason = Reason for a refusal

erasures-reason-given = Reason

erasures-reason-hint = The patient reads this. Name the law that obliges you to keep the records.

erasures-reason-error = Enter the reason for the refusal

erasures-sure = No law obliges us to keep these records here, and they are to be erased. This cannot be undone.

erasures-sure-error = Tick the box to approve the erasure

erasures-approve = Approve and erase

erasures-refuse = Refuse

empty-erasures = Nobody has asked for erasure.

custodian-messages = Messages that wait for an answer

months-title = Models in use, by month

months-title-model = In use, by month

months-caption = What models were given each month, and known outcomes of the last year

months-month = Month

months-answers = Answers

months-estimate = Shift of the estimates

months-worst = Largest shift of an input

months-outcomes = Outcomes known

months-known = { $answers }, { $events } with it

months-ratio = Observed to expected

months-state = State

months-alarm = shifted

months-fine = no large shift

months-few = too few

months-hint = The shift is the population stability index against the training data: above 0.25 is large. It needs answers about at least 100 people; only the last answer about each person counts. Outcomes count for patients who permit the study to train on their records. Counts are in tens.

## Counting

counting-title = Counts for researchers

counting-lead = Researchers can build a question and see how many people it would have, before anybody is asked. For this, the platform opens the records of everybody who did not turn research off. No record leaves, and no person reads one.

counting-rules = Noise is added to every number, numbers are rounded to tens, and small ones are hidden. An organisation can take 100 different counts in a quarter. The people are fixed for a week. Each count is in the journal, and each patient's history says that they were counted.

counting-on = Counting has been on since { $date }.

counting-off = Counting is off: nobody is counted.

counting-allow = Turn counting on

counting-forbid = Turn counting off

# What became of Consents that another system sent.

consent-import-summary = { $consents ->
        [one] 1 Consent,
       *[other] { $consents } Consents,
    } { $requests ->
        [one] 1 request sent.
       *[other] { $requests } requests sent.
    } A request permits nothing: its patient reads it and signs it, or says no.

consent-import-sent = A request was sent to the patient.

consent-import-not-sent = No request was sent: one waits already, or the patient cannot be asked for this now.

consent-import-no-consent = The file has no Consent. Nothing was sent.

consent-import-unknown-patient = The patient is not known here. Send the Patient first, or correct the reference.

consent-import-unknown-recipient = This recipient may not send requests here. Name an approved study or this organisation: as actor with role IRCP and an identifier of the system urn:vouchsafe:party, or as `recipient` in the address.

consent-import-nothing-left = Nothing is left that the recipient may ask for: compare purposes, kinds of records and period with the approved study.

consent-import-status = Only Consents with the status active, proposed or draft are proposed.

consent-import-no-provision = The Consent has no provision, so it does not say what is permitted.

consent-import-no-permit = The Consent permits nothing. A refusal is signed by the patient here, under Permissions.

consent-import-condition = This condition cannot be stated in the patient's terms here, so this provision was left out.

consent-import-action = This provision permits neither access nor use, so it was left out.

consent-import-policy-code = This policy code is not known here, so this provision was left out.

consent-import-purpose = This purpose is not in the vocabulary (v3-PurposeOfUse); it was left out.

consent-import-no-purpose = The provision names no purpose that is known here, so it was left out. No purpose is guessed.

consent-import-category = This class is no kind of records here; it was left out.

consent-import-kind = A class names a kind of FHIR resource: the request asks for the whole category of that kind.

consent-import-recipient = The recipient has no identifier of the system urn:vouchsafe:party.

consent-import-nested = This exception cannot be stated in the patient's terms here, so the provision that it limits was left out.

consent-import-own-terms = Not taken over: the patient signs the terms of this platform.

## Patients under two numbers

menu-links = Duplicate patients

links-one = Duplicate patient

links-what = One person can have two hospital numbers. Each record stays under its own number and its own consent. Linked numbers count as one person in studies, models and copies. A refusal under one of them counts for both. If one that refuses something is erased, all use under the other is refused until you undo the link. Both patients see a link in their history.

links-new = Propose a link

links-number = Hospital number

links-other = Other hospital number of the same person

links-record = Propose link

links-number-error = Enter the hospital number of a patient in the directory

links-same-error = Enter two different numbers

links-number-gone = number deleted

links-source = Proposed by

links-source-custodian = this organisation

links-source-replaced-by = a FHIR file: the first was replaced

links-source-replaces = a FHIR file: one replaces the other

links-source-seealso = a FHIR file: the two are about the same person

links-source-refer = a FHIR file: one refers to the other

links-when = Proposed at

links-decided = Decided at

links-pair = The two hospital numbers

links-state = State

links-state-proposed = Waiting for your decision

links-state-linked = Linked

links-state-dismissed = Different people

links-state-undone = Link undone

links-records = Records

links-warning = Link them only if you are certain that both are one person. Compare name, birth date and address in your own system. Models trained on records of either are replaced.

links-undo-warning = If you undo the link, the two count as two people again. A refusal then counts only for the number that it was given under. Models trained on records of either are replaced.

links-confirm = Link as one person

links-dismiss = Keep as two people

links-undo = Undo the link

links-models = { $count ->
    [one] One model was trained on records of these patients. It is replaced by a new one.
   *[other] { $count } models were trained on records of these patients. They are replaced by new ones.
}

links-none-models = No further model has to be replaced because of this.

empty-links = No duplicate patients are known.

## Patients who have died

menu-deceased = Deceased patients

deceased-what = No new request for consent reaches a patient who has died. A FHIR file that says so marks the patient, and so can you.

deceased-keep = Consents that the patient gave stay in force, and so do refusals. That is this installation's rule (VOUCHSAFE_CONSENTS_AFTER_DEATH=keep).

deceased-end = Consents that the patient gave no longer permit anything. That is this installation's rule (VOUCHSAFE_CONSENTS_AFTER_DEATH=end).

deceased-new = Note a death

deceased-number = Hospital number

deceased-record = Note as deceased

deceased-undo = Undo

deceased-source-fhir = from a FHIR file

deceased-source-custodian = noted by this organisation

deceased-number-error = Enter the hospital number of a patient in the directory

empty-deceased = No patient is noted as deceased.

## Records under the wrong patient

menu-moves = Move a record

moves-what = A record that was filed under the wrong patient is moved to the right one. It is encrypted again under that patient's key, and the old one is deleted at once. Both patients see it in their history.

moves-source = Correct your own system too: a table that repeats the mistake files the record under the wrong patient again.

moves-number = Hospital number that the record is filed under

moves-show = Show records

moves-records = Records of { $number }

moves-choose = Record

moves-other = Hospital number of the right patient

moves-move = Move record

moves-done = The record was moved.

moves-number-error = Enter the hospital number of a patient in the directory

moves-same-error = Enter the number of another patient

moves-record-error = Choose a record

moves-patient-error = This record holds the patient's own details (a Patient resource) and cannot be moved. Correct it in your own system and send it again.

empty-moves = No records are stored under this number.

menu-versions = Earlier versions

versions-what = A correction, a deletion or a value “entered in error” replaces what was stored. This rule says what becomes of the earlier version.

versions-destroy = Earlier versions are destroyed: the key is deleted with each correction.

versions-keep = Earlier versions are kept, each encrypted under its own key. Patients and the clinicians they let read see them beside the correction. No model learns from them and no estimate uses them. A withdrawal, an erasure, a move and an export reach them as they reach the current version.

versions-since = This rule has been in force since { $day }.

versions-count = { $count ->
        [0] No earlier version is stored.
        [one] 1 earlier version is stored.
       *[other] { $count } earlier versions are stored.
    }

versions-start = Keep earlier versions

versions-end = Destroy earlier versions

versions-sure = Destroy every earlier version that is stored, at once. It cannot be undone; each patient sees it in the history.

versions-sure-error = Tick the box to destroy every earlier version
