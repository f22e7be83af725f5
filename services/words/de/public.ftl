# Entwurf: noch von niemandem gelesen, der diese Sprache von Haus aus spricht.

## The first page

home-title = Sie entscheiden, wer Ihre Gesundheitsdaten nutzen darf

home = Ihre Gesundheitsdaten sind verschlossen. Sie entscheiden, wer sie nutzen darf, wofür und wie lange. Sie sehen jede Nutzung. Sie können jederzeit aufhören.

home-step-1 = Jemand fragt. Sie lesen, wer fragt, was gewünscht wird und warum.

home-step-2 = Sie sagen Ja, erlauben weniger oder sagen Nein. Sie unterschreiben mit Ihrem eigenen Gerät.

home-step-3 = Sie sehen jede Nutzung. Sie können jederzeit widerrufen.

home-steps-title = So funktioniert es

home-not-title = Was wir nicht versprechen

home-not-copies = Eine heruntergeladene Kopie können wir nicht zurückholen. Wir können verlangen, dass sie gelöscht wird.

home-not-memory = Was ein Mensch gesehen hat, können wir nicht aus dem Kopf löschen.

home-not-care = Hier gibt es keine Behandlung. Rufen Sie im Notfall Hilfe wie immer.

home-register-title = Stand des Registers

home-register = Das Register enthält { $count ->
        [one] einen Eintrag
       *[other] { $count } Einträge
    }. Zuletzt geprüft um { $time }.

home-register-away = Wir erreichen das Register gerade nicht. Darum lehnen wir jede Anfrage ab.

home-keeper = { $custodian } betreibt diese Seite.

home-doubt = Wenn wir nicht sicher sind, lehnen wir ab.

single = Auf dieser Seite führt eine einzige Stelle das Register. Sie kann keine Einwilligung in Ihrem Namen erfinden. Sie könnte versuchen, alte Einträge zu ändern. Kopien bei anderen würden das zeigen.

home-programs = Für Programme: die Schnittstelle

## Joining

join-title = { $site } beitreten

join-who = { $custodian } lädt Sie zu dieser Seite ein.

join-as-patient = Hier entscheiden Sie, wer Ihre Gesundheitsdaten nutzen darf.

join-as-clinician = Sie kommen als Ärztin oder Arzt von { $party }.

join-as-researcher = Sie forschen für { $party }.

join-as-custodian = Sie kommen als Kollegin oder Kollege aus der Datenstelle von { $party }.

join-as-auditor = Sie prüfen diese Seite.

join-number = Dieser Link ist für die Person, deren Krankenhausnummer auf { $end } endet. Wenn Sie das nicht sind, machen Sie bitte nicht weiter.

join-device = Nehmen Sie Ihr eigenes Telefon oder Ihren eigenen Computer, und zwar ein Gerät, das Sie behalten.

join-passkey = Ein Passkey ist ein Schlüssel in Ihrem Telefon oder Computer. Sie öffnen ihn mit Gesicht, Finger oder PIN. Nur Sie können ihn benutzen.

join-other-key = Das Register hat schon einen Schlüssel von Ihnen, deshalb erstellt dieser Link keinen Passkey. Treten Sie mit dem Unterschriftsprogramm bei, das diesen Schlüssel hat. Für einen Passkey bitten Sie { $custodian } um einen Link zur Wiederherstellung.

join-twice = Ihr Gerät fragt zweimal. Erst erstellt es den Passkey. Dann beweist es, dass der Passkey Ihnen gehört.

join-no-password = Es gibt kein Passwort. Gesichtsscan und Fingerabdruck bleiben auf Ihrem Gerät.

join-button = Passkey erstellen

join-making = Ihr Gerät erstellt jetzt Ihren Passkey.

join-proving = Ihr Passkey wurde erstellt. Jetzt beweist Ihr Gerät, dass er Ihnen gehört.

join-old-title = Dieser Link gilt nicht

join-old = Vielleicht ist er unvollständig, schon benutzt oder abgelaufen: Jeder Link gilt einmal, sieben Tage lang. Bitten Sie { $custodian } um einen neuen.

join-old-joined = Sind Sie damit schon beigetreten?

join-cancel = Es wurde kein Passkey erstellt. Sie haben das Fenster Ihres Geräts geschlossen, oder es hat zu lange gedauert. Versuchen Sie es noch einmal, wenn Sie so weit sind.

join-exists = Dieses Gerät hat schon einen Passkey für diese Seite. Melden Sie sich damit an.

## Signing in and out

sign-in-title = Anmelden

sign-in-how = Verwenden Sie Gesicht, Finger oder PIN. Ihr Gerät zeigt dafür ein eigenes Fenster.

sign-in-button = Mit Ihrem Passkey anmelden

sign-in-none = Sie müssen kein Passwort eingeben.

sign-in-failed = Mit diesem Passkey konnten wir Sie nicht anmelden. Ein Passkey, der entfernt wurde, noch nicht gilt oder dessen Konto gesperrt ist, kann nicht anmelden. Verwenden Sie einen anderen Passkey, den Sie für diese Seite erstellt haben.

sign-in-cancel = Sie sind nicht angemeldet. Vielleicht hat dieses Gerät keinen Passkey für diese Seite, oder sein Fenster wurde geschlossen. Nehmen Sie das Gerät, auf dem Sie Ihren Passkey erstellt haben, oder versuchen Sie es noch einmal.

sign-in-wallet-failed = Mit diesem Unterschriftsprogramm konnten wir Sie nicht anmelden. Wählen Sie darin das Konto, mit dem Sie beigetreten sind.

wallet-cancel = Es wurde nichts unterschrieben. Sie haben das Fenster Ihres Unterschriftsprogramms geschlossen, oder es hat zu lange gedauert. Versuchen Sie es noch einmal, wenn Sie so weit sind.

sign-in-lost-title = Gerät verloren?

sign-in-lost = Melden Sie sich mit einem anderen Ihrer Passkeys an, wenn Sie einen haben. Wenn nicht, gehen Sie zu { $custodian }. Dort wird geprüft, wer Sie sind, und Sie erhalten einen Link für einen neuen Schlüssel.

sign-in-script = Schalten Sie JavaScript für diese Seite ein, um fortzufahren.

signed-out-title = Sie sind abgemeldet

signed-out = Schließen Sie dieses Fenster, wenn auch andere diesen Computer benutzen.

## Help

help-title = Hilfe

help-contact = Schreiben Sie an { $contact } oder rufen Sie dort an.

help-ask = Dort hilft man Ihnen mit dieser Seite oder mit einer Zeile im Verlauf, die Sie nicht kennen.

help-care = Auf dieser Seite gibt es keine Behandlung. Rufen Sie im Notfall Hilfe wie immer.

help-free = Sie können jederzeit Nein sagen, widerrufen oder alles stoppen. Ihre Behandlung bleibt davon unberührt.

## The register

register-title = Stand des Registers

register-what = Im Register steht jede Einwilligung.

register-count = Es enthält { $count ->
        [one] einen Eintrag
       *[other] { $count } Einträge
    }.

register-checked = Zuletzt geprüft am { $time }.

register-away = Wir erreichen es gerade nicht. Bis das wieder geht, lehnen wir jede Anfrage nach Daten ab.

register-many = Mehrere Stellen führen das Register zusammen. Eine allein kann es nicht ändern.

## Accessibility

accessibility-title = Barrierefreiheit

accessibility-aim = Diese Seite soll für alle nutzbar sein. Wir richten uns nach WCAG 2.2, Stufe AA.

accessibility-how = Sie können sie mit der Tastatur, mit einem Vorleseprogramm und mit großer Schrift benutzen. JavaScript brauchen Sie nur zum Beitreten, zum Anmelden und zum Unterschreiben.

accessibility-tell = Wenn etwas für Sie nicht funktioniert, sagen Sie es { $contact }.

## Privacy notice

privacy-title = Datenschutz

privacy-who = { $custodian } betreibt diese Seite und ist hier für Ihre Daten verantwortlich.

privacy-what = Wir bewahren Ihre Daten verschlossen auf, mit Ihren Einwilligungen und einer Zeile für jede Nutzung.

privacy-why = Wir nutzen sie nur so, wie Sie es erlauben. Einwilligung ist das Wort des Gesetzes für Ihre Erlaubnis.

privacy-counts = Damit Forschende planen können, zählen wir manchmal, wie viele Menschen welche Werte haben. Die Forschenden sehen nur ungefähre Zahlen und keine kleinen. Wenn Sie Forschung ausschalten, werden Sie nicht mitgezählt.

privacy-cookies = Wir setzen Cookies nur, damit diese Seite funktioniert: eines für Ihre Anmeldung und eines für Ihre Sprache. Niemand verfolgt Sie hier.

privacy-rights = Sie können Ihre Daten ansehen und herunterladen. Sie können jederzeit widerrufen oder alles stoppen.

privacy-forget = Ist etwas in Ihren Daten falsch? Sie können hier um eine Berichtigung bitten. Sie können hier auch darum bitten, dass Ihre Daten auf dieser Seite gelöscht werden: „Meine Daten löschen“ auf Ihrer ersten Seite.

privacy-complain = Sie können sich bei der Aufsicht für Datenschutz beschweren, die für Ihren Wohnort zuständig ist.

home-go-on = Weiter zu Ihren Seiten

home-for-title = Für wen diese Seite ist

home-for-patients = Patientinnen und Patienten entscheiden. Sie sehen, wer was wann und warum genutzt hat.

home-for-clinicians = Ärztinnen und Ärzte befragen ein Modell zu Menschen, die es erlauben.

home-for-researchers = Die Forschung trainiert Computermodelle mit den Daten von Menschen, die Ja gesagt haben.

join-failed = Das hat nicht geklappt. Öffnen Sie den Link noch einmal, oder bitten Sie um einen neuen.

sign-in-back = Bitte melden Sie sich an, um die gewünschte Seite zu sehen.

sign-in-joined = Ihr Konto ist bereit. Melden Sie sich mit demselben Unterschriftsprogramm an, um Ihre Seiten zu sehen.

join-wallet = Mit eigenem Unterschriftsprogramm beitreten

sign-in-wallet = Mit eigenem Unterschriftsprogramm anmelden

no-passkeys = Dieser Browser kann hier keine Passkeys nutzen. Verwenden Sie einen neueren.

## A lost key

recover-title = Ein neuer Schlüssel für Sie

recover-who = { $custodian } hat geprüft, wer Sie sind, und Ihnen diesen Link gegeben.

recover-what = Ihr Gerät erstellt damit einen neuen Passkey für Sie.

recover-wait = Der neue Passkey gilt nach sieben Tagen. Das schützt Sie: Wenn nicht Sie gefragt haben, können Ihre alten Schlüssel ihn ablehnen.

recover-waiting = Ihr neuer Passkey wurde erstellt. Er gilt ab { $date }. Öffnen Sie diese Seite dann noch einmal, um zu sehen, ob er gilt.

recover-waiting-safe = Behalten Sie das Gerät. Wenn Sie Ihr altes finden, gilt es wie bisher. { $custodian } hilft Ihnen in der Zwischenzeit.

recover-soon = Die Wartezeit ist vorbei, oder Ihr neuer Passkey wird gerade eingetragen. Das kann einige Minuten dauern. Öffnen Sie diese Seite dann noch einmal.

recover-finished = Ihr neuer Passkey gilt. Sie können sich damit anmelden und unterschreiben.

recover-finished-next = Ist Ihr altes Gerät verloren? Dann melden Sie sich an und entfernen Sie seinen Passkey unter „Schlüssel“.

recover-refused = Dieser Passkey wurde abgelehnt oder ersetzt. Er gilt nicht. Sprechen Sie mit { $custodian }.

recover-failed = Der neue Passkey konnte nicht vorgeschlagen werden. Öffnen Sie den Link noch einmal, oder bitten Sie um einen neuen.

help-form = Wer als Patientin oder Patient angemeldet ist, kann auch hier fragen und die Antwort im Verlauf lesen.

contact-telephone = Telefon

contact-hours = Zeiten

contact-email = E-Mail

letter-number = Krankenhausnummer { $number }

letter-title = Ihre Einladung zu { $site }

letter-what = Auf dieser Website entscheiden Sie, wer die Gesundheitsdaten nutzen darf, die { $custodian } über Sie aufbewahrt. Sie lesen jede Anfrage, sagen ja oder nein und können ein Ja später widerrufen.

letter-free = Ob Sie teilnehmen, entscheiden Sie. Ihre Behandlung bleibt dieselbe, wenn Sie es nicht tun.

letter-how = Richten Sie die Kamera Ihres eigenen Telefons auf das Quadrat oder tippen Sie die Adresse darunter ein. Ihr Telefon erstellt dann einen Passkey: Sie öffnen ihn mit Ihrem Gesicht, Ihrem Finger oder Ihrer PIN.

letter-qr = QR-Code Ihres Links

letter-until = Der Link funktioniert einmal, bis { $date }. Danach brauchen Sie einen neuen.

letter-only = Dieser Brief ist nur für Sie. Wer den Link zuerst öffnet, nimmt an Ihrer Stelle teil; geben Sie ihn deshalb nicht weiter. Wenn die Krankenhausnummer oben nicht Ihre ist, verwenden Sie den Link nicht.

letter-help = Fragen? Wenden Sie sich an: { $custodian }.

mail-who = { $custodian } lädt Sie zu { $site } ein. Dort entscheiden Sie, wer Ihre Daten nutzen darf.

mail-how = Öffnen Sie diesen Link auf Ihrem eigenen Telefon oder Computer. Es entsteht ein Passkey: Sie öffnen ihn mit Ihrem Gesicht, Ihrem Finger oder Ihrer PIN.

mail-only = Diese E-Mail ist nur für Sie. Wer den Link zuerst öffnet, nimmt an Ihrer Stelle teil; leiten Sie sie deshalb nicht weiter. Wenn Sie { $custodian } diese Adresse nicht gegeben haben, löschen Sie die E-Mail.
