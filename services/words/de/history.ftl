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

used-copy = { $study } hat eine Kopie mit einigen Ihrer Werte heruntergeladen, ohne Ihren Namen. Sie hatten das am { $date } erlaubt.

used-copy-pseudonymised = { $study } hat eine Kopie mit Ihren genauen Werten und einem Code statt Ihres Namens heruntergeladen. Sie hatten das am { $date } erlaubt.

used-copy-whole = { $study } hat eine Kopie mit Ihren ganzen Daten und einem Code statt Ihres Namens heruntergeladen. Sie hatten das am { $date } erlaubt.

used-copy-left-out = Wir haben Ihre Daten ({ $categories }) für eine Kopie geöffnet, um die { $study } gebeten hatte. Ihre Werte haben wir nicht herausgegeben. Sie hatten das am { $date } erlaubt.

used-copy-unmade = Wir haben Ihre Daten ({ $categories }) für eine Kopie geöffnet, um die { $study } gebeten hatte. Die Kopie wird noch erstellt, oder sie konnte nicht erstellt werden. Bisher haben wir Ihre Werte nicht herausgegeben. Sie hatten das am { $date } erlaubt.

used-self = Sie haben diese Daten selbst angesehen: { $categories }.

counted-people = { $party } hat gezählt, wie viele Menschen welche Werte haben, auch Sie. Kein Mensch hat Ihre Daten gelesen, und niemand hat Werte von Ihnen gesehen.

refused-never = { $party } wollte diese Daten von Ihnen nutzen: { $categories }. Das wurde abgelehnt: Sie erlaubten es zu dieser Zeit nicht.

refused-withdrawn = { $party } wollte diese Daten von Ihnen nutzen: { $categories }. Das wurde abgelehnt: Sie hatten am { $date } widerrufen.

refused-ended = { $party } wollte diese Daten von Ihnen nutzen: { $categories }. Das wurde abgelehnt: Ihre Einwilligung endete am { $date }.

refused-unknown = { $party } wollte diese Daten von Ihnen nutzen: { $categories }. Das wurde abgelehnt: Wir konnten Ihre Einwilligungen in dem Moment nicht prüfen.

empty-journal = Noch hat niemand Ihre Daten genutzt, und niemand wurde abgelehnt. Jede Nutzung und jede Ablehnung wird hier stehen.

empty-journal-filter = Keine Zeile passt zu Ihrer Auswahl. Zeigen Sie alle Zeilen, um den Rest zu sehen.

empty-journal-filter-page = Keine Zeile auf dieser Seite passt zu Ihrer Auswahl. Weiter zurück geht es unter „Ältere“.

## Beweis

proof-title = Beweis

proof-how = Bevor jemand Daten bekommt, schreiben wir eine Zeile in ein Tagebuch. Sie sehen die Zeilen über sich. Das ganze Tagebuch bekommt regelmäßig einen Fingerabdruck, hier: { $interval }. Der Fingerabdruck kommt in das Register. Ihr Browser hat gerade geprüft, dass diese Zeile mit diesem Fingerabdruck im Tagebuch steht.

proof-how-by-hand = Bevor jemand Daten bekommt, schreiben wir eine Zeile in ein Tagebuch. Sie sehen die Zeilen über sich. Das ganze Tagebuch bekommt regelmäßig einen Fingerabdruck, hier: { $interval }. Der Fingerabdruck kommt in das Register.

proof-checking = Ihr Browser prüft diese Zeile.

proof-good = Diese Zeile steht im Tagebuch, so wie sie geschrieben wurde.

proof-limit = Eine Zeile, die übereinstimmt, wurde später nicht geändert. Das kann nicht zeigen, was ein Mensch mit dem Gesehenen getan hat.

proof-soon = Diese Zeile ist noch zu neu. Der nächste Fingerabdruck kommt um { $time }. Prüfen Sie danach noch einmal.

proof-bad = Diese Zeile passt nicht. Vertrauen Sie ihr nicht. Bitte sagen Sie es { $contact }. Wer hier prüft, sieht es auch.

proof-details = Fingerabdruck zeigen

proof-fingerprint = Fingerabdruck

proof-download = Beweis herunterladen

proof-no-script = Ihr Browser führt hier kein Skript aus. Laden Sie den Beweis herunter und prüfen Sie ihn mit einem Programm Ihrer Wahl.

used-read-party-undated = { $party } hat diese Daten von Ihnen angesehen: { $categories }. Sie hatten es erlaubt.

used-model-party-undated = { $party } hat ein Modell nach Ihnen gefragt. Sie hatten es erlaubt.

used-copy-undated = { $study } hat eine Kopie einiger Werte heruntergeladen, ohne Ihren Namen. Sie hatten es erlaubt.

used-copy-pseudonymised-undated = { $study } hat eine Kopie mit Ihren genauen Werten und einem Code statt Ihres Namens heruntergeladen. Sie hatten es erlaubt.

used-copy-whole-undated = { $study } hat eine Kopie mit Ihren ganzen Daten und einem Code statt Ihres Namens heruntergeladen. Sie hatten es erlaubt.

used-copy-left-out-undated = Wir haben Ihre Daten ({ $categories }) für eine Kopie geöffnet, um die { $study } gebeten hatte. Ihre Werte haben wir nicht herausgegeben. Sie hatten es erlaubt.

used-copy-unmade-undated = Wir haben Ihre Daten ({ $categories }) für eine Kopie geöffnet, um die { $study } gebeten hatte. Die Kopie wird noch erstellt, oder sie konnte nicht erstellt werden. Bisher haben wir Ihre Werte nicht herausgegeben. Sie hatten es erlaubt.

records = Gesundheitsdaten

condition-asked = eine Krankheit

interval-minute = jede Minute

rekeyed = Wir haben Ihre Daten neu verschlossen. Wer sie nicht mehr nutzen darf, kann sie nicht mehr öffnen.

erased = Ihre Daten hier wurden gelöscht, und auch die Schlüssel, die sie öffnen.

identity-join = { $party } hat geprüft, wer Sie sind, und Ihnen einen Link zum Beitreten gegeben.

identity-join-letter = { $party } hat einen Link zum Beitreten erstellt. Er ist für einen Brief an Ihre dort bekannte Postadresse bestimmt.

identity-recover = { $party } hat geprüft, wer Sie sind, und Ihnen einen Link für einen neuen Schlüssel gegeben. Waren Sie das nicht? Lehnen Sie den neuen Schlüssel unter „Schlüssel“ ab, oder entfernen Sie ihn.

used-train-learned = { $study } hat mit Ihren Daten ({ $categories }) ein Modell trainiert. Sie haben das am { $date } erlaubt.

used-train-learned-undated = { $study } hat mit Ihren Daten ({ $categories }) ein Modell trainiert. Sie haben das erlaubt.

used-train-learning = { $study } trainiert gerade ein Modell mit Ihren Daten ({ $categories }). Sie haben das am { $date } erlaubt.

used-train-learning-undated = { $study } trainiert gerade ein Modell mit Ihren Daten ({ $categories }). Sie haben das erlaubt.

used-train-counted = { $study } hat Ihre Daten ({ $categories }) mit denen anderer gezählt. Kein Modell hat daraus gelernt. Sie haben das am { $date } erlaubt.

used-train-counted-undated = { $study } hat Ihre Daten ({ $categories }) mit denen anderer gezählt. Kein Modell hat daraus gelernt. Sie haben das erlaubt.

used-train-gate-closed = { $study } wollte mit Ihren Daten ({ $categories }) ein Modell trainieren. Es hat unsere Prüfungen nicht bestanden und wurde nicht behalten. Sie haben das am { $date } erlaubt.

used-train-gate-closed-undated = { $study } wollte mit Ihren Daten ({ $categories }) ein Modell trainieren. Es hat unsere Prüfungen nicht bestanden und wurde nicht behalten. Sie haben das erlaubt.

used-train-cancelled = { $study } hat begonnen, mit Ihren Daten ({ $categories }) ein Modell zu trainieren, und hat aufgehört. Es wurde kein Modell behalten. Sie haben das am { $date } erlaubt.

used-train-cancelled-undated = { $study } hat begonnen, mit Ihren Daten ({ $categories }) ein Modell zu trainieren, und hat aufgehört. Es wurde kein Modell behalten. Sie haben das erlaubt.

used-train-broken-off = { $study } hat begonnen, mit Ihren Daten ({ $categories }) ein Modell zu trainieren. Es ist gescheitert, und kein Modell wurde behalten. Sie haben das am { $date } erlaubt.

used-train-broken-off-undated = { $study } hat begonnen, mit Ihren Daten ({ $categories }) ein Modell zu trainieren. Es ist gescheitert, und kein Modell wurde behalten. Sie haben das erlaubt.

refused-withdrawn-undated = { $party } wollte Ihre Daten ({ $categories }) und bekam sie nicht. Sie hatten widerrufen.

refused-ended-undated = { $party } wollte Ihre Daten ({ $categories }) und bekam sie nicht. Ihre Einwilligung war zu Ende.

act-granted = Sie haben die Anfrage von { $party } mit Ja beantwortet.

act-declined = Sie haben die Anfrage von { $party } mit Nein beantwortet.

act-reconsidered = Sie haben Ihre Antwort an { $party } wieder geöffnet.

act-withdrawn = Sie haben Ihre Einwilligung für { $party } widerrufen.

act-stopped = Sie haben jede Nutzung Ihrer Daten gestoppt.

act-research-off = Sie haben Forschung ausgeschaltet.

act-research-on = Sie haben Forschung wieder eingeschaltet.

act-key-added = Sie haben einen Passkey hinzugefügt.

act-key-removed = Sie haben einen Passkey entfernt.

act-key-refused = Sie haben einen neuen Schlüssel abgelehnt.

journal-self = Sie selbst

journal-without-self = Ohne das, was ich selbst angesehen habe

journal-first = Ab diesem Tag

journal-last = Bis zu diesem Tag

journal-signed = Das haben Sie selbst unterschrieben.

journal-all-lines = Alle Zeilen zeigen

act-asked = Sie haben { $party } eine Frage gestellt.

act-correction-asked = Sie haben { $party } gebeten, einen Eintrag zu berichtigen.

act-got-answer = { $party } hat Ihre Frage beantwortet.

act-got-correction = { $party } teilt mit, dass der Eintrag berichtigt ist.

act-got-refusal = { $party } hat den Eintrag nicht geändert und Ihnen gesagt, warum.

act-copy-deleted = { $party } erklärt, die Kopie mit Ihren Werten gelöscht zu haben.

act-copy-rows-deleted = { $party } erklärt, Ihre Werte aus der Kopie gelöscht zu haben.

proof-compare = Der Fingerabdruck hat im Register die Nummer { $place }. Jede Prüferin, jeder Prüfer und alle mit einer Kopie des Registers können ihn vergleichen.

act-key-recovered = Ab jetzt gilt ein neuer Schlüssel für Sie. { $party } hatte ihn vorgeschlagen, nachdem geprüft wurde, wer Sie sind. Waren Sie das nicht? Entfernen Sie diesen Schlüssel unter „Schlüssel“.

refused-linked = { $party } wollte diese Daten von Ihnen nutzen: { $categories }. Das wurde abgelehnt: Ein Nein unter einer anderen Nummer von Ihnen gilt auch hier.

person-linked = { $party } hat vermerkt, dass zwei Krankenhausnummern beide Ihnen gehören. Ein Nein unter einer davon gilt jetzt für beide.

person-unlinked = { $party } hat vermerkt, dass zwei Krankenhausnummern doch nicht derselben Person gehören.

refused-deceased = { $party } wollte diese Daten von Ihnen nutzen: { $categories }. Das wurde abgelehnt: Sie sind als verstorben vermerkt.

refused-duty = { $party } wollte diese Daten von Ihnen nutzen: { $categories }. Das wurde abgelehnt: Was Ihre Einwilligung verlangt, ist dort nicht möglich.

deceased-noted = { $party } hat vermerkt, dass Sie verstorben sind. Stimmt das nicht? Sagen Sie es bitte dort.

deceased-undone = { $party } hat den Vermerk zurückgenommen, dass Sie verstorben sind.

record-moved-away = { $party } hat einen Eintrag aus Ihren Daten genommen: Er gehört einer anderen Person.

record-moved-here = { $party } hat Ihren Daten einen Eintrag hinzugefügt, der versehentlich bei einer anderen Person lag.

records-refiled = { $party } hat die Regeln geändert: Einige Ihrer Daten zählen jetzt zu einer anderen Art von Daten.

versions-kept = { $party } bewahrt frühere Fassungen korrigierter Werte von nun an auf.

versions-destroyed = { $party } hat die früheren Fassungen Ihrer korrigierten Werte gelöscht.
