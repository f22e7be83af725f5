# Entwurf: noch von niemandem gelesen, der diese Sprache von Haus aus spricht.

## The history

journal-title = Verlauf

journal-filter = Filter

journal-who = Wer

journal-what = Welche Daten

journal-all = Alle

journal-refused-only = Nur was abgelehnt wurde

journal-ask = Dazu nachfragen

journal-prove = Beweis

journal-times = { $count ->
    [one] Einmal an diesem Tag.
   *[other] { $count } Mal an diesem Tag.
}

## Its lines

used-read-party = { $party } hat diese Daten von Ihnen angesehen: { $categories }. Sie hatten das am { $date } erlaubt.

used-model-party = { $party } hat ein Modell nach Ihrem Risiko gefragt. Es ging um { $condition }. Sie hatten das am { $date } erlaubt.

used-train = { $study } hat diese Daten von Ihnen genutzt, um ein Modell zu trainieren: { $categories }. Sie hatten das am { $date } erlaubt.

used-copy = { $study } hat eine Kopie mit einigen Ihrer Werte heruntergeladen, ohne Ihren Namen. Sie hatten das am { $date } erlaubt.

used-self = Sie haben diese Daten selbst angesehen: { $categories }.

refused-never = { $party } wollte diese Daten von Ihnen sehen: { $categories }. Das wurde abgelehnt: Sie hatten es nicht erlaubt.

refused-withdrawn = { $party } wollte diese Daten von Ihnen sehen: { $categories }. Das wurde abgelehnt: Sie hatten am { $date } widerrufen.

refused-ended = { $party } wollte diese Daten von Ihnen sehen: { $categories }. Das wurde abgelehnt: Ihre Einwilligung endete am { $date }.

refused-unknown = { $party } wollte diese Daten von Ihnen sehen: { $categories }. Das wurde abgelehnt: Wir konnten Ihre Einwilligungen in dem Moment nicht prüfen.

refused-other = { $party } wollte diese Daten von Ihnen sehen: { $categories }. Das wurde abgelehnt. { $why }

empty-journal = Noch hat niemand Ihre Daten genutzt oder danach gefragt. Jede Nutzung und jede Ablehnung wird hier stehen.

empty-journal-filter = Keine Zeile passt zu Ihrer Auswahl. Zeigen Sie alle Zeilen, um den Rest zu sehen.

## Beweis

proof-title = Beweis

proof-how = Bevor jemand Daten bekommt, schreiben wir eine Zeile in ein Tagebuch. Sie sehen die Zeilen über sich. Das ganze Tagebuch bekommt regelmäßig einen Fingerabdruck, hier: { $interval }. Der Fingerabdruck kommt in das Register. Niemand kann das Register ändern, ohne dass es auffällt. Ihr Browser hat gerade geprüft, dass diese Zeile mit diesem Fingerabdruck im Tagebuch steht.

proof-how-by-hand = Bevor jemand Daten bekommt, schreiben wir eine Zeile in ein Tagebuch. Sie sehen die Zeilen über sich. Das ganze Tagebuch bekommt regelmäßig einen Fingerabdruck, hier: { $interval }. Der Fingerabdruck kommt in das Register. Niemand kann das Register ändern, ohne dass es auffällt.

proof-checking = Ihr Browser prüft diese Zeile.

proof-good = Diese Zeile steht im Tagebuch, so wie sie geschrieben wurde.

proof-limit = Das zeigt, dass niemand die Zeile später geändert hat. Es kann nicht zeigen, was ein Mensch mit dem Gesehenen getan hat.

proof-soon = Diese Zeile ist noch zu neu. Der nächste Fingerabdruck kommt um { $time }. Prüfen Sie danach noch einmal.

proof-bad = Diese Zeile passt nicht. Vertrauen Sie ihr nicht. Bitte sagen Sie es { $contact }. Wer hier prüft, sieht es auch.

proof-details = Fingerabdruck zeigen

proof-fingerprint = Fingerabdruck

proof-download = Beweis herunterladen

proof-no-script = Ihr Browser führt hier kein Skript aus. Laden Sie den Beweis herunter und prüfen Sie ihn mit einem Programm Ihrer Wahl.

interval-minutes = alle { $n } Minuten

used-read-party-undated = { $party } hat { $categories } von Ihnen angesehen. Sie hatten es erlaubt.

used-model-party-undated = { $party } hat ein Modell nach Ihnen gefragt. Sie hatten es erlaubt.

used-train-undated = { $study } hat Daten von Ihnen genutzt, um ein Modell zu trainieren: { $categories }. Sie hatten es erlaubt.

used-copy-undated = { $study } hat eine Kopie einiger Werte heruntergeladen, ohne Ihren Namen. Sie hatten es erlaubt.

records = Daten

condition-asked = eine Krankheit

interval-minute = jede Minute

rekeyed = Wir haben Ihre Daten neu verschlossen. Wer sie vorher öffnen konnte, kann es nicht mehr.

erased = Ihre Daten wurden gelöscht. Niemand kann sie mehr lesen.

identity-join = { $party } hat geprüft, wer Sie sind, und Ihnen einen Link zum Beitreten gegeben.

identity-recover = { $party } hat geprüft, wer Sie sind, und Ihnen einen Link für einen neuen Schlüssel gegeben. Waren Sie es nicht? Lehnen Sie den Schlüssel unter „Schlüssel“ ab.
