# What anybody may read: the first page, joining, signing in, help and notices.

## The first page

home-title = You decide who may use your health records

home = Your health records are locked. You decide who may use them, for what, and for how long. You can see every use. You can stop at any time.

home-step-1 = Someone asks. You read who they are, what they want and why.

home-step-2 = You say yes, yes to less, or no. You sign with your own device.

home-step-3 = You see each use. You can withdraw at any time.

home-steps-title = How it works

home-not-title = What we do not promise

home-not-copies = We cannot pull back a copy that was downloaded. We can tell people to delete it.

home-not-memory = We cannot make a person forget what they have seen.

home-not-care = This site does not give care. In an emergency, call for help as you always do.

home-register-title = Register status

home-register = The register holds { $count ->
        [one] one change
       *[other] { $count } changes
    }. We last checked it at { $time }.

home-register-away = We cannot reach the register right now, so every request is refused.

home-keeper = { $custodian } runs this site.

home-doubt = If we cannot be sure, access is refused.

single = On this site one organisation runs the register. It cannot make up a permission in your name. It could try to alter old entries. Copies held by others would show that.

home-programs = For programs: the API

## Joining

join-title = Join { $site }

join-who = { $custodian } invites you to this site.

join-as-patient = Here you decide who may use your health records.

join-as-clinician = You join as a clinician of { $party }.

join-as-researcher = You join as a researcher of { $party }.

join-as-custodian = You join as a colleague of the records office of { $party }.

join-as-auditor = You join as an auditor.

join-number = This link is for the person whose hospital number ends in { $end }. If that is not you, do not go on.

join-device = Use your own phone or computer, and one that you will keep.

join-passkey = A passkey is a key inside your phone or computer. You open it with your face, your finger or your PIN. Only you can use it.

join-other-key = You already have a key in the register, so this link cannot create a passkey. Join with the signing program that has this key. For a passkey, ask { $custodian } for a recovery link.

join-twice = Your device asks you twice. First it creates the passkey. Then it proves that the passkey is yours.

join-no-password = There is no password. Your face scan and fingerprint stay on your device.

join-button = Create a passkey

join-making = Your device is creating your passkey.

join-proving = Your passkey is ready. Now your device proves that it is yours.

join-old-title = This link does not work

join-old = It may be incomplete, used already or out of date: each link works once, for seven days. Ask { $custodian } for a new one.

join-old-joined = Did you join with it already?

join-cancel = No passkey was created. You closed the window of your device, or it took too long. Try again when you are ready.

join-exists = This device already has a passkey for this site. Sign in with it.

## Signing in and out

sign-in-title = Sign in

sign-in-how = Use your face, finger or PIN. Your device will show its own window.

sign-in-button = Sign in with your passkey

sign-in-none = There is no password to type.

sign-in-failed = We could not sign you in with this passkey. A passkey cannot sign in if it was removed, does not work yet, or its account is disabled. Use another passkey that you created for this site.

sign-in-cancel = You are not signed in. This device may have no passkey for this site, or its window was closed. Use the device on which you created your passkey, or try again.

sign-in-wallet-failed = We could not sign you in with this signing program. In that program, choose the account with which you joined.

wallet-cancel = Nothing was signed. You closed the window of your signing program, or it took too long. Try again when you are ready.

sign-in-lost-title = Lost your device?

sign-in-lost = Sign in with another passkey of yours, if you have one. If not, go to { $custodian }. They check who you are and give you a link for a new key.

sign-in-script = To continue, turn on JavaScript for this site.

signed-out-title = You are signed out

signed-out = Close this window if others use this computer.

## Help

help-title = Get help

help-contact = Write or talk to { $contact }.

help-ask = They can help with this site, or with a line in your history that you do not know.

help-care = This site does not give care. In an emergency, call for help as you always do.

help-free = You can say no, withdraw or stop at any time. This will not affect your care.

## The register

register-title = Register status

register-what = The register is where each permission is written down.

register-count = It holds { $count ->
        [one] one change
       *[other] { $count } changes
    }.

register-checked = We last checked it on { $time }.

register-away = We cannot reach it right now. Until we can, every request for records is refused.

register-many = More than one group runs the register. One alone cannot change it.

## Accessibility

accessibility-title = Accessibility

accessibility-aim = This site should work for everyone. We aim for the rules of WCAG 2.2, level AA.

accessibility-how = You can use it with the keyboard, with a screen reader and with large text. You need JavaScript only to join, to sign in and to sign.

accessibility-tell = If something does not work for you, tell { $contact }.

## Privacy notice

privacy-title = Privacy notice

privacy-who = { $custodian } runs this site and is responsible for your records here.

privacy-what = We keep your records locked, with what you allowed and a line for each use.

privacy-why = We use them only as you allow. Consent is the legal word for your permission.

privacy-counts = We may count how many people have which values, so that researchers can plan. They see approximate numbers only, and no small ones. If you turn research off, you are not counted.

privacy-cookies = We set cookies only so that this site works: one for your sign-in, and one for your language. Nobody follows you here.

privacy-rights = You can see and download your records. You can withdraw or stop at any time.

privacy-forget = Is something wrong in your records? You can ask for a correction here. You can also ask here that your records on this site are deleted: choose “Delete my records” on your first page.

privacy-complain = You can complain to the data protection authority where you live.

home-go-on = Go to your pages

home-for-title = Who it is for

home-for-patients = Patients decide, and see who used what, when and why.

home-for-clinicians = Clinicians ask a model about patients who allow it.

home-for-researchers = Researchers train computer models on the records of people who said yes.

join-failed = We could not add you. Open the link again, or ask for a new one.

sign-in-back = Please sign in to see the page that you asked for.

sign-in-joined = Your account is ready. To see your pages, sign in with the same signing program.

join-wallet = Join with your own signing program

sign-in-wallet = Sign in with your own signing program

no-passkeys = This browser cannot use passkeys here. Use a newer one.

## A lost key

recover-title = A new key for you

recover-who = { $custodian } has checked who you are and gave you this link.

recover-what = With it, your device creates a new passkey for you.

recover-wait = The new passkey works after seven days. This protects you: if it was not you who asked, your old keys can refuse it.

recover-waiting = Your new passkey has been created. It starts to work on { $date }. Open this page again then to see whether it works.

recover-waiting-safe = Keep the device. If you find your old one, you can use it as before. { $custodian } can help you in the meantime.

recover-soon = The delay is over, or your new passkey is being recorded. This can take some minutes. Open this page again.

recover-finished = Your new passkey works. You can sign in and sign with it.

recover-finished-next = Is your old device lost? Then sign in and remove its passkey under “Keys”.

recover-refused = This passkey was refused or replaced. It will not work. Talk to { $custodian }.

recover-failed = The new passkey could not be proposed. Open the link again, or ask for a new one.

help-form = Patients who sign in can also ask here and read the answer in their history.

contact-telephone = Telephone

contact-hours = Hours

contact-email = E-mail

letter-number = Hospital number { $number }

letter-title = Your invitation to { $site }

letter-what = On this site you decide who may use the health records that { $custodian } keeps about you. You read each request, say yes or no, and can withdraw a yes later.

letter-free = Joining is your choice. Your care stays the same if you do not.

letter-how = Point the camera of your own phone at the square, or type the address below it. Your phone then creates a passkey: you open it with your face, your finger or your PIN.

letter-qr = QR code of your link

letter-until = The link works once, until { $date }. After that you need a new one.

letter-only = This letter is for you alone. The first person to open the link joins in your place, so do not pass it on. If the hospital number above is not yours, do not use the link.

letter-help = Questions? Ask { $custodian }.

mail-who = { $custodian } invites you to { $site }. There you decide who may use your records.

mail-how = Open this link on your own phone or computer. It then creates a passkey: you open it with your face, your finger or your PIN.

mail-only = This e-mail is for you alone. The first person to open the link joins in your place, so do not forward it. If you did not give this address to { $custodian }, delete it.
