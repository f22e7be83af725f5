# Borrador: todavía no lo ha leído nadie que hable esta lengua desde la infancia.

## The history

journal-title = Historial

journal-filter = Filtro

journal-who = Quién

journal-what = Qué datos

journal-all = Todos

journal-refused-only = Solo lo rechazado

journal-ask = Preguntar por esto

journal-prove = Prueba

journal-times = { $count ->
    [one] Una vez ese día.
   *[other] { $count } veces ese día.
}

## Its lines

used-read-party = { $party } consultó estos datos suyos: { $categories }. Usted lo permitió el { $date }.

used-model-party = { $party } preguntó a un modelo por su riesgo. El tema: { $condition }. Usted lo permitió el { $date }.

used-copy = { $study } descargó una copia con algunos valores suyos, sin su nombre. Usted lo permitió el { $date }.

used-copy-pseudonymised = { $study } descargó una copia con sus valores exactos y un código en lugar de su nombre. Usted lo permitió el { $date }.

used-copy-whole = { $study } descargó una copia con sus datos enteros y un código en lugar de su nombre. Usted lo permitió el { $date }.

used-copy-left-out = Abrimos sus datos ({ $categories }) para una copia que pidió { $study }. No entregamos ningún valor suyo. Usted lo permitió el { $date }.

used-copy-unmade = Abrimos sus datos ({ $categories }) para una copia que pidió { $study }. La copia se está haciendo o no se pudo hacer. Hasta ahora no entregamos ningún valor suyo. Usted lo permitió el { $date }.

used-self = Usted consultó estos datos: { $categories }.

counted-people = { $party } contó cuántas personas tienen qué valores, también usted. Ninguna persona leyó sus datos y nadie vio valores suyos.

refused-never = { $party } pidió usar estos datos suyos: { $categories }. No se le permitió: usted no daba permiso en ese momento.

refused-withdrawn = { $party } pidió usar estos datos suyos: { $categories }. No se le permitió: usted retiró su permiso el { $date }.

refused-ended = { $party } pidió usar estos datos suyos: { $categories }. No se le permitió: su permiso terminó el { $date }.

refused-unknown = { $party } pidió usar estos datos suyos: { $categories }. No se le permitió: en ese momento no podíamos comprobar sus permisos.

empty-journal = Nadie ha usado sus datos todavía, y no se ha rechazado a nadie. Cada uso y cada rechazo se verá aquí.

empty-journal-filter = Ninguna línea coincide con lo que eligió. Muestre todas las líneas para ver el resto.

empty-journal-filter-page = Ninguna línea de esta página coincide con lo que eligió. Mire más atrás en «Más antiguas».

## Prueba

proof-title = Prueba

proof-how = Antes de que alguien reciba datos, escribimos una línea en un diario. Usted ve las líneas sobre usted. Todo el diario recibe una huella cada { $interval }. La huella va al registro. Su navegador acaba de comprobar que esta línea está en el diario con esa huella.

proof-how-by-hand = Antes de que alguien reciba datos, escribimos una línea en un diario. Usted ve las líneas sobre usted. Todo el diario recibe una huella cada { $interval }. La huella va al registro.

proof-checking = Su navegador está comprobando esta línea.

proof-good = Esta línea está en el diario, tal como se escribió.

proof-limit = Una línea que coincide no se cambió después. Esto no puede mostrar qué hizo una persona con lo que vio.

proof-soon = Esta línea es demasiado nueva. La próxima huella llega a las { $time }. Compruébelo después.

proof-bad = Esta línea no coincide. No se fíe de ella. Por favor, dígalo a { $contact }. Quienes auditan también lo ven.

proof-details = Mostrar la huella

proof-fingerprint = Huella

proof-download = Descargar la prueba

proof-no-script = Su navegador no ejecuta scripts aquí. Descargue la prueba y compruébela con el programa que quiera.

used-read-party-undated = { $party } consultó estos datos suyos: { $categories }. Usted lo había permitido.

used-model-party-undated = { $party } preguntó por usted a un modelo. Usted lo había permitido.

used-copy-undated = { $study } descargó una copia de algunos valores, sin su nombre. Usted lo había permitido.

used-copy-pseudonymised-undated = { $study } descargó una copia con sus valores exactos y un código en lugar de su nombre. Usted lo había permitido.

used-copy-whole-undated = { $study } descargó una copia con sus datos enteros y un código en lugar de su nombre. Usted lo había permitido.

used-copy-left-out-undated = Abrimos sus datos ({ $categories }) para una copia que pidió { $study }. No entregamos ningún valor suyo. Usted lo había permitido.

used-copy-unmade-undated = Abrimos sus datos ({ $categories }) para una copia que pidió { $study }. La copia se está haciendo o no se pudo hacer. Hasta ahora no entregamos ningún valor suyo. Usted lo había permitido.

records = datos de salud

condition-asked = una enfermedad

interval-minute = minuto

rekeyed = Hemos cerrado sus datos de nuevo. Quien ya no puede usarlos tampoco puede abrirlos.

erased = Se han borrado sus datos de aquí y las claves que los abren.

identity-join = { $party } comprobó quién es usted y le dio un enlace para unirse.

identity-join-letter = { $party } creó un enlace para unirse. Es para una carta a la dirección postal que tiene de usted.

identity-recover = { $party } comprobó quién es usted y le dio un enlace para una llave nueva. ¿No fue usted? Rechace o quite la llave nueva en «Llaves».

used-train-learned = { $study } entrenó un modelo con sus datos ({ $categories }). Usted lo permitió el { $date }.

used-train-learned-undated = { $study } entrenó un modelo con sus datos ({ $categories }). Usted lo permitió.

used-train-learning = { $study } está entrenando un modelo con sus datos ({ $categories }). Usted lo permitió el { $date }.

used-train-learning-undated = { $study } está entrenando un modelo con sus datos ({ $categories }). Usted lo permitió.

used-train-counted = { $study } contó sus datos ({ $categories }) con los de otras personas. Ningún modelo aprendió de ellos. Usted lo permitió el { $date }.

used-train-counted-undated = { $study } contó sus datos ({ $categories }) con los de otras personas. Ningún modelo aprendió de ellos. Usted lo permitió.

used-train-gate-closed = { $study } intentó entrenar un modelo con sus datos ({ $categories }). No superó nuestros controles y no se guardó. Usted lo permitió el { $date }.

used-train-gate-closed-undated = { $study } intentó entrenar un modelo con sus datos ({ $categories }). No superó nuestros controles y no se guardó. Usted lo permitió.

used-train-cancelled = { $study } empezó a entrenar un modelo con sus datos ({ $categories }) y paró. No se guardó ningún modelo. Usted lo permitió el { $date }.

used-train-cancelled-undated = { $study } empezó a entrenar un modelo con sus datos ({ $categories }) y paró. No se guardó ningún modelo. Usted lo permitió.

used-train-broken-off = { $study } empezó a entrenar un modelo con sus datos ({ $categories }). Falló y no se guardó ningún modelo. Usted lo permitió el { $date }.

used-train-broken-off-undated = { $study } empezó a entrenar un modelo con sus datos ({ $categories }). Falló y no se guardó ningún modelo. Usted lo permitió.

refused-withdrawn-undated = { $party } pidió sus datos ({ $categories }) y se le negó. Usted había retirado su permiso.

refused-ended-undated = { $party } pidió sus datos ({ $categories }) y se le negó. Su permiso había terminado.

act-granted = Usted dijo que sí a { $party }.

act-declined = Usted dijo que no a { $party }.

act-reconsidered = Usted abrió otra vez su respuesta a { $party }.

act-withdrawn = Usted retiró su permiso a { $party }.

act-stopped = Usted detuvo todo uso de sus datos.

act-research-off = Usted desactivó la investigación.

act-research-on = Usted activó de nuevo la investigación.

act-key-added = Usted añadió una llave.

act-key-removed = Usted quitó una llave.

act-key-refused = Usted rechazó una llave nueva.

journal-self = Usted

journal-without-self = Sin lo que yo consulté

journal-first = Desde este día

journal-last = Hasta este día

journal-signed = Lo firmó usted.

journal-all-lines = Ver todas las líneas

act-asked = Usted hizo una pregunta a { $party }.

act-correction-asked = Usted pidió a { $party } que corrija un registro.

act-got-answer = { $party } contestó su pregunta.

act-got-correction = { $party } dice que el registro está corregido.

act-got-refusal = { $party } no cambió el registro y le dijo por qué.

act-copy-deleted = { $party } dice que ha borrado su copia con los valores de usted.

act-copy-rows-deleted = { $party } dice que ha borrado los valores de usted de su copia.

proof-compare = La huella tiene el número { $place } en el registro. Un auditor, o quien tenga una copia del registro, puede compararla.

act-key-recovered = Desde ahora funciona una llave nueva para usted. { $party } la había propuesto después de comprobar quién es usted. ¿No fue usted? Quite esta llave en «Llaves».

refused-linked = { $party } pidió usar estos datos suyos: { $categories }. No se le permitió: una negativa con otro número suyo vale también aquí.

person-linked = { $party } anotó que dos números de hospital son suyos. Un no con uno de ellos vale ahora para los dos.

person-unlinked = { $party } anotó que dos números de hospital no son, después de todo, de la misma persona.

refused-deceased = { $party } pidió usar estos datos suyos: { $categories }. No se le permitió: consta que usted ha fallecido.

refused-duty = { $party } pidió usar estos datos suyos: { $categories }. No se le permitió: no puede cumplir lo que exige su permiso.

deceased-noted = { $party } anotó que usted ha fallecido. ¿No es verdad? Dígaselo, por favor.

deceased-undone = { $party } retiró la nota de que usted ha fallecido.

record-moved-away = { $party } quitó un registro de sus datos: es de otra persona.

record-moved-here = { $party } añadió a sus datos un registro que por error estaba con los de otra persona.

records-refiled = { $party } cambió sus reglas: algunos de sus datos cuentan ahora como otra clase de datos.

versions-kept = { $party } conserva desde ahora las versiones anteriores de los valores corregidos.

versions-destroyed = { $party } borró las versiones anteriores de sus valores corregidos.
