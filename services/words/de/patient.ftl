# Entwurf: noch von niemandem gelesen, der diese Sprache von Haus aus spricht.

## Das Menü

menu-home = Start

menu-consents = Einwilligungen

menu-journal = Verlauf

menu-records = Daten

menu-models = Modelle

menu-keys = Schlüssel

## Die erste Seite

patient-title = Start

patient-requests-title = Wartet auf Ihre Antwort

patient-request = { $study } möchte Ihre Daten nutzen, { $purposes }. Antworten Sie bis zum { $date }.

patient-request-open = Anfrage lesen

patient-active-title = Wer Ihre Daten jetzt nutzen darf

patient-uses-title = Letzte Ereignisse

patient-uses-all = Den ganzen Verlauf sehen

## Die Anfrage, in dieser Reihenfolge

request-title = Anfrage von { $study }

request-answer = Ihre Antwort

request-yes = Ja

request-less = Ja, aber weniger

request-no = Nein

request-yes-hint = Genutzt werden darf, was die Anfrage nennt.

request-yes-copy = Genutzt werden darf, was die Anfrage nennt. Nach der Kopie wird eigens gefragt.

request-less-hint = Sie wählen aus, was erlaubt ist.

request-no-hint = Nichts ist erlaubt.

request-by = Sie können bis zum { $date } antworten.

request-protocol = Lesen, was die Studie vorhat

grant-who = { $study } möchte aus Ihren Gesundheitsdaten lernen. { $organisation } führt diese Studie durch. { $board } hat sie geprüft und zugelassen.

grant-free = Sie können Ja sagen, weniger erlauben oder Nein sagen. Ihre Behandlung ändert sich dadurch nicht. Sie müssen sich nicht heute entscheiden.

grant-what = Ein Computer sucht nach Mustern in diesen Daten von Ihnen: { $categories }. Es geht um die Zeit vom { $from } bis zum { $to }. Dasselbe tut er mit den Daten vieler anderer Menschen. Aus diesen Mustern macht er ein Modell. Ein Modell ist eine Sammlung von Regeln für einen Computer.

grant-what-always = Ein Computer sucht nach Mustern in diesen Daten von Ihnen: { $categories }. Dasselbe tut er mit den Daten vieler anderer Menschen. Aus diesen Mustern macht er ein Modell. Ein Modell ist eine Sammlung von Regeln für einen Computer.

grant-what-old = Neue Daten gehören nicht dazu.

grant-what-new = Neue Daten gehören bis zum Ende dazu.

grant-why = Wenn es gelingt, lässt sich { $condition } vielleicht früher erkennen.

grant-access = Nur { $study } darf das. Es geschieht im verschlossenen System von { $operator }. { $study } bekommt Ihren Namen, Ihre Adresse und Ihr Geburtsdatum nicht.

grant-end = Ihre Einwilligung gilt bis zum { $date }. Dann endet sie von selbst. Sie können sie vorher jederzeit widerrufen.

grant-means = Wenn Sie Ja sagen, dürfen Modelle der Studie aus den Daten lernen, die Sie auswählen. Sie sehen jedes Mal, wenn das geschieht.

grant-not = Niemand darf damit nach Ihnen suchen. Niemand darf Ihre Daten damit für Werbung, Versicherungen oder Kredite nutzen. Ihr Krankenhaus darf das Modell damit nicht bei Ihnen einsetzen. Das ist eine eigene Frage. Ihnen selbst hilft es sehr wahrscheinlich nicht.

grant-risk = Kein System ist völlig sicher. Jemand könnte versuchen herauszufinden, ob ein Modell von Ihnen gelernt hat. Wir prüfen jedes Modell darauf, bevor es benutzt wird.

grant-withdraw = Sie können jederzeit auf dieser Seite widerrufen. Sie müssen nicht sagen, warum. Danach beginnt keine neue Nutzung. Modelle, die aus Ihren Daten gelernt haben, werden innerhalb von { $n ->
        [one] einem Tag
       *[other] { $n } Tagen
    } aus dem Gebrauch genommen und vernichtet. Ein neues Modell sieht Ihre Daten nie.

grant-limits = Manches können wir nicht rückgängig machen: Antworten, die ein Modell schon gegeben hat. Ergebnisse, die schon veröffentlicht sind.

grant-limits-copy = Kopien, die schon heruntergeladen sind, können wir nicht zurückholen. Wir verlangen, dass Ihre Werte gelöscht werden.

grant-copy = { $study } darf eine Kopie herunterladen. Darin stehen Bereiche statt Ihrer genauen Werte, dieselben wie bei mindestens zehn anderen Menschen. Darin stehen kein Name, keine Adresse und kein Geburtsdatum. Die Kopie hat ein Enddatum. Aber eine heruntergeladene Kopie können wir nicht zurückholen.

grant-copy-pseudonymised = { $study } darf eine Kopie mit meinen genauen Werten herunterladen. Ein Code ersetzt meinen Namen. Wer mich kennt, könnte mich darin trotzdem erkennen und den Rest lesen. Eine heruntergeladene Kopie kann niemand zurückholen.

grant-copy-whole = { $study } darf eine Kopie mit meinen ganzen Daten dieser Arten herunterladen, nicht nur mit den Werten für ihre Frage. Ein Code ersetzt meinen Namen. Freie Texte, Briefe und Bilder fehlen darin. Wer mich kennt, könnte mich darin trotzdem erkennen und den Rest lesen. Eine heruntergeladene Kopie kann niemand zurückholen.

grant-care = { $clinic } möchte mit Ihren Daten Ihr Risiko prüfen. Es geht um { $condition }. Ihre Ärztin oder Ihr Arzt sieht das Ergebnis und spricht mit Ihnen darüber. Das Ergebnis ist eine Schätzung eines Computers. Entscheiden wird ein Mensch.

grant-care-reason = Der Grund, den sie nennen: „{ $reason }“

grant-title-who = Wer fragt

grant-title-free = Ihre Entscheidung ist freiwillig

grant-title-what = Was geschehen soll

grant-title-why = Warum

grant-title-access = Wer was sieht

grant-title-end = Wie lange

grant-title-means = Was Ja bedeutet

grant-title-duties = Was sie tun müssen

grant-title-not = Was Ja nicht bedeutet

grant-title-risk = Was schiefgehen könnte

grant-title-withdraw = Wenn Sie es sich anders überlegen

grant-title-limits = Was wir nicht rückgängig machen können

grant-title-copy = Eine Kopie

## Ja, aber weniger

limits-title = Was Sie erlauben

limits-lead = Kreuzen Sie nur an, was Sie erlauben möchten.

limits-purposes = Wofür?

limits-purpose-MLTRAINING-hint = Modelle dieser Studie dürfen aus den Daten lernen, die Sie ankreuzen.

limits-purpose-TREATDS-hint = Ihr Krankenhaus darf ein Modell nach Ihnen fragen.

limits-purpose-TREAT-hint = Wer Sie behandelt, darf die Daten öffnen und lesen, die Sie ankreuzen.

limits-categories = Welche Daten?

limits-categories-hint = Was Sie nicht ankreuzen, bleibt verschlossen.

limits-from = Ab welchem Tag?

limits-to = Bis zu welchem Tag?

limits-dates-hint = Lassen Sie das leer, wenn der Tag egal ist.

limits-end = Wann soll es enden?

limits-end-hint = An diesem Tag endet es von selbst. Wenn Sie das leer lassen, endet es am { $date }. Das ist der späteste Tag.

limits-error-purposes = Kreuzen Sie mindestens eines an, oder gehen Sie zurück und sagen Sie Nein

limits-error-categories = Kreuzen Sie mindestens eine Art von Daten an, oder gehen Sie zurück und sagen Sie Nein

limits-error-end = Wählen Sie einen Tag nach heute und nicht später als { $date }

request-error = Wählen Sie Ja, Ja, aber weniger, oder Nein

## Haben wir es gut erklärt?

understand-title = { $n ->
    [one] Eine Frage
   *[other] Zwei Fragen
}

understand-lead = Haben wir es gut erklärt? Diese Seite prüft uns, nicht Sie. Was Sie hier antworten, wird nicht gespeichert.

understand-skip = Überspringen

ask-1 = Wenn Sie Ja sagen, können Sie es sich später anders überlegen?

ask-1-any = Ja, jederzeit

ask-1-before = Ja, aber nur vor dem { $date }

ask-1-no = Nein

ask-2 = Die Studie hat eine Kopie heruntergeladen. Dann widerrufen Sie. Was geschieht mit der Kopie?

ask-2-vanish = Sie verschwindet von selbst

ask-2-told = Wir verlangen, dass sie gelöscht wird, können sie aber nicht zurückholen

ask-2-nothing = Nichts

ask-right = Das stimmt.

ask-wrong = Nicht ganz. Richtig ist:

ask-check = { $n ->
    [one] Antwort prüfen
   *[other] Antworten prüfen
}

understand-none = Wählen Sie eine Antwort, oder überspringen Sie diese Seite.

## Prüfen und unterschreiben

check-title = Prüfen und unterschreiben

check-who = Wer

check-purposes = Wofür

check-categories = Welche Daten

check-dates = Zeitraum der Daten

check-dates-all = Alle Zeiten, auch spätere Daten

check-dates-span = { $from } bis { $to }

check-dates-from = Ab { $from }

check-dates-to = Bis { $to }

check-end = Endet am

check-copies = Kopien

check-copies-yes = Eine Kopie darf heruntergeladen werden

check-copies-pseudonymised = Eine Kopie mit genauen Werten und einem Code statt des Namens darf heruntergeladen werden

check-copies-whole = Eine Kopie mit ganzen Daten, nicht nur den Werten für die Frage, und einem Code statt des Namens darf heruntergeladen werden

check-copies-no = Keine Kopien

check-statement = Was Sie unterschreiben, Wort für Wort

check-statement-signed = Was Sie unterschrieben haben, Wort für Wort

check-no-undo = Bevor Sie unterschreiben: Kopien, Antworten und Ergebnisse, die schon weitergegeben sind, lassen sich nicht zurückholen.

sign = Ihr Gerät fragt jetzt nach Gesicht, Finger oder PIN. Vielleicht steht dort „Anmelden“. Hier unterschreiben Sie damit diese Einwilligung, Wort für Wort, wie sie oben steht. Sonst wird nichts unterschrieben.

sign-button = Mit Ihrem Passkey unterschreiben

sign-wallet-button = Mit Ihrem eigenen Programm unterschreiben

sign-wallet = Ihr Unterschriftsprogramm zeigt Ihnen gleich, was Sie unterschreiben, und bittet Sie um Bestätigung.

sign-wallet-missing = Sie unterschreiben mit Ihrem eigenen Unterschriftsprogramm. Dieser Browser hat es nicht. Öffnen Sie diese Seite in dem Browser, der es hat.

signed = Ihre Einwilligung wird eingetragen. Das dauert einige Sekunden. Sie können diese Seite verlassen.

active = Ihre Einwilligung gilt. { $study } darf die Daten, die Sie ausgewählt haben, bis zum { $date } nutzen.

declined-title = Anfrage abgelehnt

declined = Sie haben Nein gesagt. { $study } erfährt nicht, warum. Sonst ändert sich nichts.

lapsed-title = Anfrage abgelaufen

## Einwilligungen

consents-title = Einwilligungen

consents-active = Jetzt gültig

consents-unused = Derzeit nicht genutzt

consents-ended = Beendet

consent-allows = { $study } darf diese Daten von Ihnen nutzen: { $categories }. Wofür: { $purposes }.

consent-until = Die Einwilligung endet am { $date }.

consent-ended = Sie endete am { $date }.

consent-unknown = Wir können diese Einwilligung gerade nicht prüfen. Bis das wieder geht, wird jeder Zugriff abgelehnt.

consent-uses = Nutzungen mit dieser Einwilligung

consent-no-uses = Niemand hat diese Einwilligung genutzt.

consent-receipt-lead = Das ist Ihr eigener Beleg über Ihre Einwilligung. Heben Sie ihn auf.

consent-receipt-button = Beleg herunterladen

consent-see = Diese Einwilligung ansehen

## Widerrufen und stoppen

withdraw-link = Einwilligung widerrufen

withdraw-page = Einwilligung widerrufen

withdraw-stops-title = Das endet jetzt

withdraw-stops = jede neue Nutzung Ihrer Daten durch { $study } mit dieser Einwilligung

withdraw-follows-title = Das folgt innerhalb von { $n ->
        [one] einem Tag
       *[other] { $n } Tagen
    }

withdraw-follows = Modelle, die von Ihnen gelernt haben, werden aus dem Gebrauch genommen und vernichtet

withdraw-stays-title = Das bleibt

withdraw-stays-answers = Antworten, die schon gegeben sind

withdraw-stays-seen = was ein Mensch schon gesehen hat

withdraw-stays-results = Ergebnisse, die schon veröffentlicht sind

withdraw-stays-copies = Kopien, die schon heruntergeladen sind; wir verlangen, dass Ihre Werte darin gelöscht werden

withdraw-care = Ihre Behandlung ändert sich dadurch nicht.

withdraw-button = Widerrufen

withdraw-sign = Ihr Gerät fragt nach Gesicht, Finger oder PIN. Vielleicht steht dort „Anmelden“. Hier unterschreiben Sie damit Ihren Widerruf. Sonst wird nichts unterschrieben.

withdraw-done-title = Einwilligung widerrufen

withdraw-done = Sie haben widerrufen. { $study } darf Ihre Daten mit dieser Einwilligung nicht mehr nutzen. Das wurde um { $time } festgehalten.

withdraw-done-model = { $model } hat ein Modell, das von Ihnen gelernt hat. Spätestens am { $date } wird es nicht mehr genutzt.

withdraw-done-no-model = Kein Modell hat mit dieser Einwilligung von Ihnen gelernt.

withdraw-done-copy = Wenn { $study } eine Kopie mit Ihren Werten hat, fordern wir dazu auf, sie zu löschen. Die Seite dieser Einwilligung zeigt jede solche Kopie und ob sie gelöscht ist.

withdraw-done-copy-pseudonymised = { $study } hat vielleicht eine Kopie mit Ihren genauen Werten. Die Studie muss sie innerhalb von { $n } Tagen löschen und das melden. Auf der Seite dieser Einwilligung sehen Sie, ob sie es getan hat.

stop-page = Jede Nutzung Ihrer Daten stoppen

stop-lead = { $n ->
    [one] Damit endet Ihre Einwilligung sofort.
   *[other] Damit enden Ihre { $n } Einwilligungen auf einmal.
} Keine Studie, kein Modell und niemand, der Sie behandelt, kann Ihre Daten auf dieser Seite ab jetzt nutzen. Ihr Krankenhaus behält die eigenen Akten und behandelt Sie weiter.

stop-later = Sie können später neue Einwilligungen geben, eine nach der anderen. Wenn Sie der Forschung widersprochen haben, bleibt es dabei.

stop-list = Was endet

stop-button = Alles stoppen

stop-sign = Ihr Gerät fragt nach Gesicht, Finger oder PIN. Vielleicht steht dort „Anmelden“. Hier unterschreiben Sie damit, dass alles endet. Sonst wird nichts unterschrieben.

stop-done-title = Alle Nutzungen gestoppt

stop-done = Alles ist gestoppt. { $n ->
    [0] Keine Einwilligung war gültig.
    [one] Ihre Einwilligung endete um { $time }.
   *[other] Alle { $n } Einwilligungen endeten um { $time }.
} Neue Anfragen können Sie weiter erreichen. Jede braucht ein neues Ja von Ihnen.

## Daten

records-title = Daten

records-open = Öffnen

record-title = Ihre Daten: { $kind }

## Modelle

models-title = Modelle

models-study = Studie

models-since = Trainiert am

models-state = Stand

models-active = in Gebrauch

models-replacing = in Gebrauch bis spätestens { $date }

models-replaced = am { $date } aus dem Gebrauch genommen und vernichtet

models-next = Das neue hat Ihre Daten nie gesehen.

## Schlüssel

keys-title = Schlüssel

keys-made = Erstellt am

keys-used = Zuletzt benutzt

keys-add = Passkey hinzufügen

keys-add-lead = Ein Passkey auf einem anderen Gerät hilft, wenn Sie eines verlieren.

keys-add-first = Mit einem Passkey können Sie sich hier ohne Ihr Unterschriftsprogramm anmelden und unterschreiben.

keys-exists = Dieses Gerät hat schon einen Passkey für Sie. Wählen Sie in seinem Fenster ein anderes Gerät, zum Beispiel ein Telefon.

keys-remove = Entfernen

keys-remove-title = Diesen Passkey entfernen

keys-remove-lead = Er kann Sie dann nicht mehr anmelden und nicht mehr für Sie unterschreiben. Ein entfernter Passkey kommt nie zurück.

keys-remove-last = Das ist Ihr letzter Passkey. Ohne ihn können Sie sich nicht anmelden. Sprechen Sie zuerst mit { $custodian }.

keys-remove-button = Diesen Passkey entfernen

keys-delegates = Wer für Sie handeln darf

keys-delegate-none = Nur Sie selbst.

keys-delegate-until = Eine Person darf bis zum { $date } für Sie unterschreiben

keys-recovery = Ein neuer Schlüssel für Sie

keys-recovery-none = Es wartet kein neuer Schlüssel für Sie.

keys-recovery-vetoed = { $n ->
    [one] Sie haben einen neuen Schlüssel abgelehnt. Er gilt nicht.
   *[other] Sie haben { $n } neue Schlüssel abgelehnt. Sie gelten nicht.
}

keys-recovery-no = Diesen Schlüssel ablehnen

key-recovery = { $custodian } will einen neuen Schlüssel für Sie eintragen. Er gilt nicht vor dem { $date }. Wenn Sie nicht darum gebeten haben, lehnen Sie ihn jetzt ab.

## Widerspruch gegen Forschung, und eine Kopie von allem

opt-out-title = Forschung

opt-out-lead = Sie können aller Forschung widersprechen. Das geht jeder Einwilligung für Forschung vor, die Sie gegeben haben.

opt-out-on = Ja, wenn ich es jedes Mal erlaube

opt-out-off = Keine Forschung

opt-out-end = Sie nehmen Ihren Widerspruch gegen alle Forschung zurück. Dann darf Forschung Sie wieder fragen. Einwilligungen in Forschung, die Sie nicht widerrufen haben, gelten wieder. Genutzt wird nur, was Sie erlauben.

opt-out-error = Wählen Sie Ja oder Nein

opt-out-save = Speichern

opt-out-saved-on = Forschung darf Sie fragen. Genutzt wird nur, was Sie erlauben.

opt-out-saved-off = Sie haben der Forschung widersprochen. Keine Studie darf Ihre Daten nutzen.

download-title = Meine Daten herunterladen

download-lead = Die Datei hat Ihre Einträge, Einwilligungen mit ihren Belegen, Anfragen, Passkeys, Nachrichten und Ihren ganzen Verlauf. Schätzungen, die Modelle für Ärztinnen und Ärzte gemacht haben, hat sie nicht. Fragen Sie Ihre Ärztinnen und Ärzte danach.

download-button = Datei herunterladen (JSON)

download-care = Bewahren Sie diese Datei sicher auf. Sie ist nicht verschlossen.

## Wo noch nichts ist

empty-requests = Niemand wartet auf eine Antwort von Ihnen. Wenn jemand fragt, sehen Sie es hier.

empty-consents = Niemand darf Ihre Daten gerade nutzen. Es gilt keine Einwilligung von Ihnen.

empty-consents-off = Niemand darf Ihre Daten gerade nutzen. Sie haben der Forschung widersprochen.

empty-records = Hier sind noch keine Daten. { $custodian } trägt sie ein. Fragen Sie dort, wenn Sie etwas vermissen.

empty-models = Kein Modell wurde mit Ihren Daten trainiert.

statement-allow = Ich erlaube { $who }, folgende Daten von mir zu nutzen: { $what }, { $purposes }.

statement-dates = Gemeint sind nur Daten aus dieser Zeit: { $span }.

statement-records = { $n ->
    [one] Gemeint ist nur ein einzelner Eintrag.
   *[other] Gemeint sind nur { $n } einzelne Einträge.
}

statement-copy = Eine Kopie ohne meinen Namen darf heruntergeladen werden.

statement-copy-pseudonymised = Eine Kopie mit meinen genauen Werten und einem Code statt meines Namens darf heruntergeladen werden. Dafür gilt die Vereinbarung der Studie. Wer mich kennt, könnte mich darin erkennen.

statement-copy-whole = Eine Kopie mit meinen ganzen Daten dieser Arten, nicht nur den Werten für die Frage der Studie, darf heruntergeladen werden. Darin steht ein Code statt meines Namens. Dafür gilt die Vereinbarung der Studie. Wer mich kennt, könnte mich darin erkennen.

statement-no-copy = Es darf keine Kopie heruntergeladen werden.

statement-end = Das endet am { $date }. Ich kann es jederzeit widerrufen. Dann beginnt keine neue Nutzung.

statement-forbid-all = Ich erlaube niemandem, folgende Daten von mir zu nutzen: { $what }, { $purposes }.

statement-forbid = Ich erlaube { $who } nicht, folgende Daten von mir zu nutzen: { $what }, { $purposes }.

statement-forbid-end = Das endet am { $date }. Ich kann es jederzeit ändern.

statement-opt-out = Ich erlaube niemandem, meine Daten für Forschung zu nutzen. Ich kann das jederzeit ändern.

limits-error-dates = Der erste Tag darf nicht nach dem letzten liegen

limits-left-out = Einzelne Einträge auslassen

limits-left-out-hint = Was Sie hier ankreuzen, bleibt verschlossen. Spätere Einträge sind dann nicht dabei.

keys-add-sign-title = Diesen Passkey hinzufügen

keys-add-sign = Ihr neuer Passkey wurde erstellt. Jetzt bestätigt ein Schlüssel, den Sie schon benutzt haben, dass der neue für Sie unterschreiben darf.

keys-add-button = Diesen Passkey hinzufügen

keys-new = Neuer Passkey

keys-other = Sie haben einen Schlüssel, der kein Passkey dieser Seite ist, zum Beispiel einen in Ihrem eigenen Unterschriftsprogramm.

receipt-title = Beleg Ihrer Einwilligung

decide-later = Später entscheiden

copy-asked = { $study } möchte auch eine Kopie herunterladen. Darüber entscheiden Sie nach Ihrem Ja in einem eigenen Feld.

copy-asked-pseudonymised = { $study } möchte auch eine Kopie herunterladen. Dafür gilt eine Vereinbarung. In der Kopie stehen Ihre genauen Werte und ein Code statt Ihres Namens. Wer Sie kennt, könnte Sie darin erkennen. Darüber entscheiden Sie nach Ihrem Ja in einem eigenen Feld.

copy-asked-whole = { $study } möchte auch eine Kopie herunterladen. Dafür gilt eine Vereinbarung. In der Kopie stehen Ihre ganzen Daten dieser Arten, nicht nur die Werte für die Frage. Ein Code ersetzt Ihren Namen. Wer Sie kennt, könnte Sie darin erkennen. Darüber entscheiden Sie nach Ihrem Ja in einem eigenen Feld.

consent-over = Diese Einwilligung ist beendet. { $study } darf Ihre Daten damit nicht mehr nutzen.

consent-over-unread = Der Text dieser Einwilligung ist nicht hier. Ohne ihn wird jede Nutzung abgelehnt.

grant-withdraw-care = Sie können jederzeit widerrufen, auf dieser Seite. Sie müssen keinen Grund nennen. Danach fragt mit dieser Einwilligung niemand mehr ein Modell nach Ihnen.

grant-withdraw-care-read = Sie können jederzeit widerrufen, auf dieser Seite. Sie müssen keinen Grund nennen. Danach kann dort mit dieser Einwilligung niemand mehr Ihre Daten öffnen.

grant-withdraw-care-both = Sie können jederzeit widerrufen, auf dieser Seite. Sie müssen keinen Grund nennen. Danach kann dort mit dieser Einwilligung niemand mehr Ihre Daten öffnen oder ein Modell nach Ihnen fragen.

keys-added = Ab jetzt können Sie sich mit dem neuen Passkey anmelden und damit unterschreiben.

keys-removed = Der Passkey ist entfernt. Er kann nicht mehr für Sie unterschreiben.

keys-veto-title = Diesen Schlüssel ablehnen

keys-veto-lead = Sie lehnen den neuen Schlüssel ab, den { $custodian } für Sie eintragen will. Er gilt dann nicht. Ihre eigenen Schlüssel bleiben, wie sie sind.

keys-veto-done = Sie haben den Schlüssel abgelehnt. Er gilt nicht.

keys-waiting = Wir haben Ihre Unterschrift und haben sie an das Register geschickt. Das Register zeigt sie noch nicht. Bis dahin bleiben Ihre Schlüssel, wie sie waren. Diese Seite zeigt die Änderung dann.

keys-sign = Ihr Gerät fragt jetzt nach Gesicht, Finger oder PIN. Vielleicht steht dort „Anmelden“. Hier unterschreiben Sie damit, was auf dieser Seite steht. Sonst nichts.

opt-out-question = Darf die Forschung Ihre Daten nutzen?

consent-title-active = Ihre Einwilligung gilt

consent-title-recording = Ihre Einwilligung wird eingetragen

consent-title-ended = Ihre Einwilligung ist beendet

consent-title-withdrawn = Sie haben diese Einwilligung widerrufen

consent-title-unknown = Wir können diese Einwilligung gerade nicht prüfen

consent-overridden = Sie haben der Forschung widersprochen. Darum wird diese Einwilligung nicht genutzt. Wenn Sie Forschung wieder erlauben, gilt sie wieder.

consent-title-overridden = Diese Einwilligung ruht

consent-allowed = { $study } durfte diese Daten von Ihnen nutzen: { $categories }. Wofür: { $purposes }.

consent-over-on = Sie haben sie am { $date } widerrufen.

consent-signed-on = Unterschrieben am

consent-withdrawn-on = Widerrufen am

consents-closed = Anfragen, die Sie abgelehnt oder nicht beantwortet haben

decline-title = Nein zu dieser Anfrage

decline-what = { $study } kann Ihre Daten dafür nicht nutzen. Wir geben keinen Grund weiter. Ihre Behandlung ändert sich nicht.

decline-then = Man darf Sie dann { $n } Tage lang nicht noch einmal fragen. Sie selbst können Ihre Antwort jederzeit ändern.

decline-button = Nein sagen

declined-on = Sie haben am { $date } geantwortet.

reconsider-what = Haben Sie es sich anders überlegt? Sie können die Anfrage von { $study } noch einmal lesen und beantworten.

reconsider-button = Meine Antwort ändern

copy-what = Sie haben Ja gesagt. { $study } möchte auch eine Kopie mit einigen Ihrer Werte herunterladen. Das ist eine eigene Frage.

copy-what-pseudonymised = Sie haben Ja gesagt. { $study } möchte auch eine Kopie Ihrer Werte herunterladen, so wie sie sind. Das ist eine eigene Frage.

copy-what-whole = Sie haben Ja gesagt. { $study } möchte auch eine Kopie Ihrer ganzen Daten dieser Arten herunterladen: { $categories }. Das ist mehr als nur die Werte für die Frage der Studie. Das ist eine eigene Frage.

copy-agreement = Vor jedem Herunterladen muss die Studie eine Vereinbarung annehmen: „{ $agreement }“. Sie endet am { $date }. Bis dahin muss jede Kopie gelöscht sein.

copy-agreement-text = Die Vereinbarung lesen

copy-leave = Wenn Sie widerrufen, muss die Studie Ihre Werte innerhalb von { $n } Tagen löschen und das melden. Auf der Seite Ihrer Einwilligung sehen Sie, ob sie es getan hat.

copy-free = Wenn Sie das Feld leer lassen, darf keine Kopie heruntergeladen werden. Ihr Ja bleibt, wie es ist.

grant-care-doctor = { $doctor } hat Ihnen diese Anfrage geschickt.

grant-care-what = Genutzt würden diese Daten von Ihnen: { $categories }. Ein Computermodell bekäme sie, und das Ergebnis würde angesehen. Nach mehr wird nicht gefragt.

grant-care-read = { $clinic } möchte Ihre Daten lesen, um Sie zu behandeln.

grant-care-read-what = Wer dort behandelt, könnte diese Daten von Ihnen öffnen: { $categories }. Ihr Verlauf zeigt es jedes Mal. Nach mehr wird nicht gefragt.

ask-condition = eine Krankheit, die ein Modell vielleicht früh erkennt

grant-care-both = { $clinic } bittet um zwei Dinge. Man möchte Ihre Daten lesen, um Sie zu behandeln. Und ein Computer soll Ihr Risiko schätzen. Es geht um { $condition }. Entscheiden wird ein Mensch.

grant-care-both-what = Wer dort behandelt, könnte diese Daten von Ihnen öffnen: { $categories }. Auch ein Computermodell bekäme sie, und das Ergebnis würde angesehen. Ihr Verlauf zeigt es jedes Mal.

grant-limits-care = Manches können wir nicht rückgängig machen: Antworten, die ein Modell schon gegeben hat, und was ein Mensch gesehen hat.

request-contact-title = Fragen zur Studie

request-contact-care = Fragen an diese Stelle

request-contact = Fragen Sie { $study }: { $contact }.

keys-name = Name dieses Passkeys

keys-rename = Umbenennen

keys-rename-error = Geben Sie einen Namen mit höchstens 64 Zeichen ein

keys-renamed = Der Passkey hat seinen neuen Namen.

keys-current = Mit diesem sind Sie angemeldet

keys-remove-which = Sie entfernen: { $name }, erstellt am { $date }.

record-measured = Vom { $date }, von: { $custodian }. Hier hinzugefügt am { $added }.

record-measured-only = Vom { $date }, von: { $custodian }.

record-no-date = Ohne Datum, von: { $custodian }. Hier hinzugefügt am { $added }.

record-no-date-only = Ohne Datum, von: { $custodian }.

receipt-print = Sie können diese Seite drucken. Die Datei hat dasselbe, damit ein Programm es prüfen kann.

check-decision = Ihre Antwort

check-decision-yes = Ja, ich erlaube das

check-decision-no = Nein, ich verbiete das

check-anybody = Alle

check-records = Einzelne Einträge

check-records-all = Alle Einträge dieser Art

check-records-some = { $n ->
    [one] Nur ein einzelner Eintrag, der jetzt hier ist
   *[other] Nur { $n } einzelne Einträge, die jetzt hier sind
}

check-duties = Was sie tun müssen

ask-us-title = Um Hilfe bitten

ask-us-question = Eine Frage stellen

ask-us-correction = Um eine Berichtigung bitten

ask-us-about = Es geht um: { $line }

ask-us-text = Ihre Frage

ask-us-text-correction = Was ist falsch, und was ist richtig?

ask-us-hint = In Ihren eigenen Worten, höchstens 2.000 Zeichen. Schreiben Sie hier nicht über einen Notfall.

ask-us-button = Senden

ask-us-sent = Ihre Nachricht ist an { $custodian } geschickt. Die Antwort steht dann hier und in Ihrem Verlauf.

ask-us-messages = Ihre Nachrichten

ask-us-none = Sie haben noch keine Nachricht geschickt.

ask-us-waiting = Wartet auf Antwort

ask-us-answered = Beantwortet

ask-us-corrected = Berichtigt

ask-us-refused = Nicht geändert

ask-us-answer = { $custodian } hat am { $date } geantwortet:

ask-us-read = Nachricht lesen

ask-us-kind-error = Wählen Sie, was Sie senden möchten

ask-us-text-error = Schreiben Sie Ihre Nachricht, höchstens 2.000 Zeichen
ask-us-open-error = 20 Ihrer Nachrichten warten auf eine Antwort. Schreiben Sie wieder, wenn eine beantwortet ist

download-make = Meine Daten vorbereiten

download-again = Noch einmal vorbereiten

download-ready = Ihre Daten vom { $date } sind bereit. Darin: { $n ->
    [one] ein Eintrag
   *[other] { $n } Einträge
} und { $lines ->
        [one] eine Zeile
       *[other] { $lines } Zeilen
    } aus dem Verlauf. Wir heben sie sieben Tage auf.

download-failed = Ihre Daten konnten nicht vorbereitet werden. Bitte versuchen Sie es noch einmal.

download-page-title = Meine Daten als Seite

download-page-lead = Ihre Einträge, Einwilligungen, Nachrichten und Ihr Verlauf am { $date }. Sie können die Seite drucken.

download-step-records = Ihre Einträge werden geöffnet

download-step-history = Ihr Verlauf wird gelesen

download-step-waiting = Wartet auf den Beginn
## Löschung

erasure-title = Meine Daten löschen

erasure-lead = Sie können verlangen, dass Ihre Daten auf dieser Seite und was dazugehört gelöscht werden. Das lässt sich nicht rückgängig machen.

erasure-deletes = Was gelöscht wird

erasure-part-records = Ihre Daten hier und die Schlüssel, mit denen man sie öffnen kann

erasure-part-answers = was Modelle über Sie gesagt haben

erasure-part-terms = der Text jeder Einwilligung und jedes Neins, das Sie unterschrieben haben. Ohne ihn wird jede Nutzung abgelehnt.

erasure-part-drafts = Antworten, die Sie begonnen und nicht abgeschickt haben

erasure-part-number = die Verbindung zwischen Ihrer Krankenhausnummer und Ihren Daten hier

erasure-stays = Was bleibt

erasure-stay-hospital = die eigenen Akten Ihres Krankenhauses. Ihr Krankenhaus behandelt Sie weiter.

erasure-stay-shared = Antworten, Ergebnisse und Kopien, die schon weitergegeben wurden. Modelle, die von Ihnen gelernt haben, werden ersetzt.

erasure-stay-ledger = Zahlen im Register, die nicht mehr zu Ihnen oder zu dem führen, was Sie unterschrieben haben

erasure-stay-history = der Verlauf, wer Ihre Daten genutzt hat, damit man ihn prüfen kann

erasure-stay-backups = Sicherungskopien, bis sie ersetzt werden. Sie sind verschlüsselt.

erasure-next = Ein Mensch in Ihrem Krankenhaus prüft die Bitte. Ein Gesetz kann dazu verpflichten, manche Daten aufzubewahren. Dann steht hier, warum.

erasure-button = Löschung verlangen

erasure-requested = Sie haben am { $date } darum gebeten. Ihr Krankenhaus hat noch nicht entschieden.

erasure-approved = Ihr Krankenhaus hat am { $date } zugestimmt. Ihre Daten werden jetzt gelöscht.

erasure-refused = Ihr Krankenhaus hat am { $date } Nein gesagt. Das ist der Grund, den es nennt:

erasure-done = Ihre Daten hier und der Text dessen, was Sie unterschrieben haben, sind gelöscht. Der Verlauf, wer Ihre Daten genutzt hat, bleibt, damit man ihn prüfen kann.

erasure-receipt = Beleg der Löschung

erasure-when = Gelöscht am

erasure-blocks = Gelöschte verschlüsselte Dateien

erasure-signed = Unterschrift

erasure-valid = gültig

erasure-invalid = ungültig. Bitte sagen Sie es Ihrem Krankenhaus.

erasure-part-questions = Ihre Fragen an Ihr Krankenhaus und die Antworten

## Copies

copies-title = Heruntergeladene Kopien

copy-with-you = Am { $date } wurde eine Kopie mit Ihren Werten, ohne Ihren Namen, heruntergeladen.

copy-deleted = Die Studie hat am { $date } bestätigt, dass sie diese Kopie gelöscht hat.

copy-kept = Die Studie muss sie bis zum { $date } löschen. Das hat sie noch nicht bestätigt.

copy-kept-left = Sie erlauben diese Kopie nicht mehr. Darum fordern wir die Studie auf, Ihre Werte zu löschen. Das hat sie noch nicht bestätigt.

copy-with-you-pseudonymised = Am { $date } wurde eine Kopie mit Ihren genauen Werten und einem Code statt Ihres Namens heruntergeladen.

copy-with-you-whole = Am { $date } wurde eine Kopie mit Ihren ganzen Daten und einem Code statt Ihres Namens heruntergeladen.

copy-row-deleted = Die Studie hat am { $date } bestätigt, dass sie Ihre Werte gelöscht hat.

copy-row-waiting = Wir haben die Studie am { $date } aufgefordert, Ihre Werte bis zum { $due } zu löschen. Das hat sie noch nicht bestätigt.

download-records-title = Daten für ein anderes Krankenhaus

download-records-lead = Diese Datei enthält nur Ihre Gesundheitsdaten. Ein anderes Krankenhaus oder eine App kann sie lesen. Ihr Verlauf zeigt, wann Sie sie herunterladen.

download-records-button = Meine Gesundheitsdaten herunterladen
