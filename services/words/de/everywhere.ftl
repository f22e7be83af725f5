# Entwurf: noch von niemandem gelesen, der diese Sprache von Haus aus spricht.

## Der Rahmen

frame-product = Vouchsafe
frame-skip = Zum Inhalt springen
frame-menu = Hauptmenü
frame-language = Sprache
frame-sign-out = Abmelden
frame-back = Zurück
frame-help = Hilfe
frame-register = Stand des Registers
frame-accessibility = Barrierefreiheit
frame-privacy = Datenschutz
frame-footer = Hilfe und Hinweise
frame-error-prefix = Fehler: { $title }
frame-notices = Wichtige Hinweise
frame-printed = Adresse: { $address }. Gedruckt oder gespeichert am { $when }.
frame-optional = freiwillig
frame-change = Ändern
frame-open = Öffnen
frame-older = Ältere
frame-yes = Ja
frame-no = Nein
frame-none = Keine
frame-unknown = Nicht bekannt

frame-unknown-day = ohne Datum

## Die Teile, wie Titel sie nennen

part-public = Start
part-patient = Ihre Daten
part-clinician = Praxis
part-researcher = Forschung
part-custodian = Datenstelle
part-auditor = Prüfung

## Knöpfe

button-continue = Weiter
button-go-back = Zurück
button-recording = Wird eingetragen…
button-search = Suchen
button-filter = Filter anwenden
button-try-again = Noch einmal versuchen
button-sign-in = Anmelden
button-download = Herunterladen
button-stay = Angemeldet bleiben
button-stop-this = Anhalten

## Zustände: Eigenschaften, keine Knöpfe

status-active = Gültig
status-waiting = Wartet auf Sie
status-recording = Wird eingetragen
status-ended = Beendet
status-withdrawn = Von Ihnen widerrufen
status-declined = Sie haben Nein gesagt
status-refused = Abgelehnt
status-unknown = Jetzt nicht prüfbar, also Nein

status-overridden = Ruht: Forschung ist aus
status-done = Fertig
status-running = Läuft
status-stopped = Angehalten
status-failed = Fehlgeschlagen
status-agrees = Stimmt überein
status-differs = Weicht ab
status-unchecked = Nicht geprüft

## Hinweise über der Überschrift

notice-title = Hinweis
notice-development = ENTWICKLUNG. Diese Seite ist zum Ausprobieren. Geben Sie keine echten Daten ein.
notice-single = Auf dieser Seite führt eine einzige Stelle das Register.
notice-single-link = Was das bedeutet
notice-new-key = Jemand hat einen neuen Schlüssel für Sie verlangt. Waren Sie es nicht, lehnen Sie ihn ab.
notice-new-key-link = Zu Ihren Schlüsseln
notice-away = Wir erreichen das Register gerade nicht. Bis das wieder geht, lehnen wir jede Anfrage nach Daten ab.
notice-warn = In 2 Minuten melden wir Sie ab.
notice-out = Wir haben Sie nach 15 Minuten abgemeldet. Bitte melden Sie sich an. Danach kommen Sie auf diese Seite zurück.

## Formulare und Fehler

error-title = Etwas stimmt nicht
error-needed = Bitte ausfüllen: { $what }
error-too-long = Der Text hat { $length } Zeichen, erlaubt sind { $most }. Bitte kürzen.
days-of = { $days ->
    [one] 1 Tag
   *[other] { $days } Tage
}

error-choose = Bitte wählen: { $what }
error-day = Geben Sie einen Tag an, den es gibt, zum Beispiel 3 März 2027
error-day-past = Der Tag muss nach heute liegen
form-day = Tag
form-month = Monat
form-year = Jahr
form-day-hint = Zum Beispiel 3 März 2027 oder 3 3 2027

## Fortschritt

progress-look = Fortschritt ansehen
progress-long = Das dauert länger als sonst. Nichts geht verloren.
progress-done = Alles fertig
## Wenn etwas nicht geht: überall dieselben Worte

down = Wir können Ihre Einwilligungen gerade nicht eintragen oder prüfen. Bis das wieder geht, lehnen wir jede Anfrage nach Daten ab. Was Sie gewählt haben, bleibt erhalten. Versuchen Sie es in einigen Minuten noch einmal.

down-at-work = Ein Dienst, den diese Seite braucht, ist nicht erreichbar. Die Datenstelle sieht unter „System status“, welcher. Versuchen Sie es in einigen Minuten wieder.

down-title = Das geht gerade nicht

down-withdrawal = Ihr Widerruf ist da und gilt ab jetzt. Ihre Daten bleiben verschlossen. Wir tragen ihn in das Register ein, sobald wir es erreichen.

expired = Sie sind abgemeldet. Das geschieht nach 15 Minuten ohne Nutzung, nach 12 Stunden oder wenn die Anmeldung beendet wird. Was Sie vorher gesendet haben, bleibt erhalten. Bitte melden Sie sich an. Danach kommen Sie zu der Seite zurück, auf der Sie waren.

double = Das haben Sie schon getan. Nichts wurde doppelt eingetragen.

lapsed = Diese Anfrage ist am { $date } abgelaufen. Sie müssen nichts tun. Sie kann noch einmal gestellt werden.

cancel = Nichts wurde unterschrieben. Sie haben das Fenster Ihres Geräts geschlossen, oder es hat zu lange gedauert. Was Sie gewählt haben, bleibt erhalten. Versuchen Sie es noch einmal, wenn Sie so weit sind.

wrongkey = Dieser Passkey gehört jemand anderem. Darum wurde nichts unterschrieben. Verwenden Sie den Passkey, den Sie für diese Seite erstellt haben.

unsigned-title = Es wurde nichts unterschrieben

changed = Die Anfrage hat sich geändert, während Sie gelesen haben. Nichts wurde unterschrieben. Bitte lesen Sie noch einmal.

failed = Diese Einwilligung konnte nicht eingetragen werden: { $reason }. Nichts ist in Kraft.

failed-stopped = Sie haben nach der Unterschrift alles gestoppt

failed-key = der Schlüssel darf nicht mehr für Sie unterschreiben

failed-clock = die Uhr Ihres Geräts geht anders als unsere

failed-paused = das Register nimmt gerade keine neuen Einwilligungen an

failed-other = das Register hat sie abgelehnt

notfound = Wir können diese Seite nicht zeigen. Vielleicht gibt es sie nicht, oder sie ist nicht für Sie.

notfound-title = Seite nicht gefunden

forbidden-title = Das können Sie hier nicht tun

forbidden = Nichts wurde geändert. Öffnen Sie die Seite neu und versuchen Sie es noch einmal.

badly-title = Damit konnten wir nichts anfangen

badly = Nichts wurde geändert. Gehen Sie zurück, prüfen Sie Ihre Antworten und senden Sie sie noch einmal.

too-large-title = Zu viel gesendet

too-large = Nichts wurde gespeichert. Wählen Sie eine kleinere Datei, oder teilen Sie sie auf.

too-many-title = Zu viele Anfragen

too-many = Warten Sie einige Minuten. Versuchen Sie es dann noch einmal. Was Sie gewählt haben, bleibt erhalten.

broken-title = Hier ging etwas schief

broken = Das liegt an uns, nicht an Ihnen. Niemand hat etwas zu sehen bekommen. Wenn es wieder geschieht, nennen Sie uns diese Nummer: { $incident }.

broken-plain = Das liegt an uns, nicht an Ihnen. Niemand hat etwas zu sehen bekommen. Versuchen Sie es in einigen Minuten noch einmal.

problem-home = Zur Startseite

no-script-sign = Schalten Sie zum Unterschreiben JavaScript für diese Seite ein, oder verwenden Sie einen anderen Browser.

## Was in den Daten steht, in Worten für Patientinnen und Patienten

category-any = Daten jeder Art

category-vital-signs = Körpermaße

category-vital-signs-hint = Blutdruck, Puls, Gewicht und Ähnliches

category-laboratory = Blutwerte

category-laboratory-hint = Blut, Urin und andere Werte aus dem Labor

category-exam = Untersuchungen

category-exam-hint = Was bei einer Untersuchung aufgefallen ist

category-imaging = Röntgenbilder und Aufnahmen

category-imaging-hint = Röntgen, Ultraschall und andere Bilder Ihres Körpers

category-procedure = Operationen

category-procedure-hint = Operationen und andere Eingriffe, und wie sie verlaufen sind

category-survey = Antworten auf Fragebögen

category-survey-hint = Was Sie auf Fragen geantwortet haben

category-social-history = Lebensweise

category-social-history-hint = Rauchen, Arbeit, Schlaf und Ähnliches

category-activity = Bewegung

category-activity-hint = Wie viel Sie sich bewegen, zum Beispiel Schritte am Tag

category-therapy = Therapien

category-therapy-hint = Zum Beispiel Physiotherapie oder Sprachtherapie

category-demographics = Alter, Geschlecht und Herkunft

category-demographics-hint = Zum Beispiel Ihr Alter und Ihr Geschlecht. Wer sie zu Ihrer Behandlung lesen darf, sieht auch Ihren Namen.

category-condition = Diagnosen

category-condition-hint = Krankheiten, die Sie haben oder hatten

category-medication = Medikamente

category-medication-hint = Was Sie nehmen oder nahmen, und wie viel

category-nutrition = Essen und Trinken

category-nutrition-hint = Was Sie essen und trinken

category-genetics = Gene

category-genetics-hint = Gene und was in der Familie liegt. Das sagt auch etwas über Ihre Verwandten.

category-mental-health = seelische Gesundheit

category-mental-health-hint = Wie es Ihnen geht, und Hilfe, die Sie dafür hatten

category-sexual-health = sexuelle Gesundheit

category-sexual-health-hint = Sexuelle Gesundheit, auch HIV-Tests

category-substance-use = Behandlung wegen Alkohol oder Drogen

category-substance-use-hint = Hilfe, die Sie wegen Alkohol oder Drogen hatten

category-encounter = Besuche und Aufenthalte

category-encounter-hint = Wann und wo Sie behandelt wurden

category-document = Briefe und andere Dokumente

category-document-hint = Arztbriefe, Pläne und alles, was sonst nirgends passt

category-billing = Versicherung und Rechnungen

category-billing-hint = Was abgerechnet wurde, und mit wem

## Wofür, in Worten für Patientinnen und Patienten

purpose-TREAT = um Sie zu behandeln

purpose-CLINTRL = um Sie in einer klinischen Studie zu behandeln

purpose-COC = damit alle, die Sie versorgen, zusammenarbeiten

purpose-ETREAT = um Sie im Notfall zu behandeln

purpose-BTG = um Ihre Daten im Notfall ohne Frage zu öffnen

purpose-ERTREAT = um Sie in der Notaufnahme zu behandeln

purpose-POPHLTH = um die Versorgung vieler Menschen zu planen

purpose-TREATDS = um von einem Computermodell eine Schätzung über Sie zu bekommen

purpose-HPAYMT = um Ihre Behandlung zu bezahlen

purpose-HOPERAT = um das Krankenhaus zu betreiben

purpose-CAREMGT = um Ihre Versorgung zu planen

purpose-HQUALIMP = um die Versorgung besser zu machen

purpose-PATSFTY = um Menschen vor Schaden zu schützen

purpose-MLTRAINING = um ein Computermodell zu trainieren

purpose-SYSDEV = um Computersysteme zu bauen

purpose-HTEST = um Computersysteme zu prüfen

purpose-TRAIN = um Menschen in der Pflege und Medizin auszubilden

purpose-HRESCH = um Gesundheit zu erforschen

purpose-BIORCH = um zu erforschen, wie der Körper arbeitet

purpose-CLINTRCH = um mit klinischen Studien zu forschen

purpose-CLINTRCHNPC = um mit klinischen Studien zu forschen, getrennt von Ihrer Behandlung

purpose-CLINTRCHPC = um mit klinischen Studien zu forschen, als Teil Ihrer Behandlung

purpose-PRECLINTRCH = um eine klinische Studie vorzubereiten

purpose-DSRCH = um eine Krankheit zu erforschen

purpose-POARCH = um zu erforschen, woher Menschen stammen

purpose-TRANSRCH = um aus Forschung Behandlung zu machen

purpose-PATRQT = weil Sie darum gebeten haben

purpose-FAMRQT = weil Ihre Familie darum gebeten hat

purpose-PWATRNY = weil jemand, der für Sie handelt, darum gebeten hat

purpose-SUPNWK = weil Menschen, die Ihnen helfen, darum gebeten haben

purpose-PUBHLTH = um die Gesundheit aller zu schützen

purpose-DISASTER = um in einer Katastrophe zu helfen

purpose-THREAT = um Menschen vor einer Gefahr zu schützen

purpose-HMARKT = um zu werben

purpose-PSEUDRESCH = um an einer Kopie mit genauen Werten und einem Code statt des Namens zu forschen

purpose-RECRESCH = um an einer Kopie mit ganzen Daten und einem Code statt des Namens zu forschen

## Purposes in what a patient signs, in the first person

purpose-mine-TREAT = um mich zu behandeln

purpose-mine-CLINTRL = um mich in einer klinischen Studie zu behandeln

purpose-mine-COC = damit alle, die mich versorgen, zusammenarbeiten

purpose-mine-ETREAT = um mich im Notfall zu behandeln

purpose-mine-BTG = um meine Daten im Notfall ohne Frage zu öffnen

purpose-mine-ERTREAT = um mich in der Notaufnahme zu behandeln

purpose-mine-TREATDS = um von einem Computermodell eine Schätzung über mich zu bekommen

purpose-mine-HPAYMT = um meine Behandlung zu bezahlen

purpose-mine-CAREMGT = um meine Versorgung zu planen

purpose-mine-CLINTRCHNPC = um mit klinischen Studien zu forschen, getrennt von meiner Behandlung

purpose-mine-CLINTRCHPC = um mit klinischen Studien zu forschen, als Teil meiner Behandlung

purpose-mine-PATRQT = weil ich darum gebeten habe

purpose-mine-FAMRQT = weil meine Familie darum gebeten hat

purpose-mine-PWATRNY = weil jemand, der für mich handelt, darum gebeten hat

purpose-mine-SUPNWK = weil Menschen, die mir helfen, darum gebeten haben

## Was alle tun müssen, die fragen

duty-DEID = Alles, was zeigt, wer Sie sind, muss heraus.

duty-PSEUD = An die Stelle Ihres Namens muss ein erfundenes Kürzel treten.

duty-AUDIT = Jede Nutzung muss aufgeschrieben werden.

duty-DELAU = Nach der Nutzung muss gelöscht werden.

duty-ENCRYPT = Die Daten müssen verschlossen bleiben.

duty-NORELINK = Niemand darf herausfinden wollen, wer Sie sind.

duty-NOREUSE = Die Daten dürfen für nichts anderes genutzt werden.

duty-NORDSCLCD = Ohne Ihr Ja dürfen die Daten nicht weitergegeben werden.

## Warum die Antwort Ja oder Nein war

reason-permitted = Sie hatten es erlaubt.

reason-denied = Sie hatten dazu Nein gesagt.

reason-opted-out = Sie haben der Forschung widersprochen.

reason-linked-refusal = Sie haben das unter einer anderen Krankenhausnummer abgelehnt.

reason-deceased = Sie sind als verstorben vermerkt.

reason-duty-unmet = Was Ihre Einwilligung verlangt, war dort nicht möglich.

reason-opening-missing = Wir konnten nicht lesen, was Sie unterschrieben haben. Darum war die Antwort Nein.

reason-unknown-word = Es wurde nach etwas gefragt, das wir nicht kennen.

reason-other-record = Sie hatten andere Daten erlaubt, nicht diese.

reason-outside-period = Die Daten sind aus einer Zeit, die Sie nicht erlaubt hatten.

reason-other-category = Sie hatten andere Arten von Daten erlaubt, nicht diese Art.

reason-other-purpose = Sie hatten es für etwas anderes erlaubt.

reason-other-recipient = Sie hatten es jemand anderem erlaubt.

reason-withdrawn = Sie hatten widerrufen.

reason-stopped = Sie hatten alles gestoppt.

reason-expired = Ihre Einwilligung war beendet.

reason-not-yet = Ihre Einwilligung galt noch nicht.

reason-bad-key = Der Schlüssel darf nicht für Sie unterschreiben.

reason-not-enrolled = Sie hatten hier noch keinen Schlüssel.

reason-no-consent = Sie hatten es nicht erlaubt.

## The own account

account-title = Ihr Konto

account-what = Hier sehen Sie jedes Gerät, das gerade an Ihrem Konto angemeldet ist. Melden Sie ab, was Sie nicht kennen.

account-device = Gerät

account-since = Angemeldet am

account-last = Zuletzt benutzt

account-current = Dieses Gerät

account-end = Dieses Gerät abmelden

account-end-others = Überall sonst abmelden

account-ended = Nur die Geräte unten sind noch angemeldet.

expired-undone = Sie sind abgemeldet. Das geschieht nach 15 Minuten ohne Nutzung, nach 12 Stunden oder wenn die Anmeldung beendet wird. Was Sie gedrückt haben, ist nicht geschehen: Nichts wurde unterschrieben, widerrufen oder geändert. Bitte melden Sie sich an. Danach kommen Sie zu der Seite zurück, auf der Sie waren.

line-source = { $source }, { $holder }

line-range-from = { $low } oder mehr

line-range-to = bis { $high }

line-period = { $start } bis { $end }

line-first-version = Empfangen am { $day }.

line-later-version = Empfangen am { $day }, korrigiert: Fassung { $version }.

line-reading = Das Modell für „{ $question }“ liest { $source } als { $value }. { $rule }

line-rule-ucum = Beide Einheiten messen dasselbe.

line-rule-molar = Es rechnet mit dem Gewicht dieses Stoffes.

line-rule-habit = Der Absender meint immer diese Einheit.

line-not-in-force = Nicht gültig: { $status }

line-earlier = Frühere Fassungen

line-earlier-hint = Der Absender hat diese Werte korrigiert oder entfernt. Sie sind nur zum Lesen gespeichert: Kein Modell lernt aus ihnen und keine Schätzung nutzt sie.

line-name = Wert

line-value = Ergebnis

line-range = Üblicher Bereich

line-flag = Hinweis des Absenders

line-when = Gemessen

line-known = Berichtet

line-from = Von

line-about = Zu diesem Wert

chart-title = Im Lauf der Zeit: { $value }

chart-name = { $value }, { $count } Ergebnisse in { $unit }

chart-name-plain = { $value }, { $count } Ergebnisse

chart-band = Der getönte Teil ist der übliche Bereich des neuesten Ergebnisses.

chart-others = { $count ->
        [one] 1 Ergebnis steht nur in der Tabelle: andere Einheit, keine Zahl, kein Datum oder nicht gültig.
       *[other] { $count } Ergebnisse stehen nur in der Tabelle: andere Einheit, keine Zahl, kein Datum oder nicht gültig.
    }

chart-none = Es gibt kein Bild: Dafür braucht es mindestens zwei gültige Ergebnisse mit Zahl, Datum und derselben Einheit.

chart-table = { $count ->
        [one] 1 Ergebnis
       *[other] { $count } Ergebnisse, das neueste zuerst
    }

chart-link = Im Lauf der Zeit
