# Borrador: todavía no lo ha leído nadie que hable esta lengua desde la infancia.

## El menú

menu-home = Inicio

menu-consents = Permisos

menu-journal = Historial

menu-records = Datos

menu-models = Modelos

menu-keys = Llaves

## La primera página

patient-title = Inicio

patient-requests-title = Pendiente de su respuesta

patient-request = { $study } pide usar sus datos { $purposes }. Responda a más tardar el { $date }.

patient-request-open = Leer la petición

patient-active-title = Quién puede usar sus datos ahora

patient-uses-title = Actividad reciente

patient-uses-all = Ver todo el historial

## La petición, en este orden

request-title = Petición de { $study }

request-answer = Su respuesta

request-yes = Sí

request-less = Sí, pero menos

request-no = No

request-yes-hint = Pueden usar lo que dice la petición.

request-yes-copy = Pueden usar lo que dice la petición. Por la copia se pregunta aparte.

request-less-hint = Usted elige qué pueden usar.

request-no-hint = No pueden usar nada.

request-by = Puede responder hasta el { $date }.

request-protocol = Leer qué piensa hacer el estudio

grant-who = { $study } pide permiso para aprender de sus datos de salud. { $organisation } lleva este estudio. { $board } lo revisó y lo aprobó.

grant-free = Puede decir que sí, permitir menos o decir que no. Su atención médica no cambia. No tiene que decidir hoy.

grant-what = Una computadora busca patrones en estos datos suyos: { $categories }. Son datos del { $from } al { $to }. Hace lo mismo con los datos de muchas otras personas. Con esos patrones hace un modelo. Un modelo es un conjunto de reglas para una computadora.

grant-what-always = Una computadora busca patrones en estos datos suyos: { $categories }. Hace lo mismo con los datos de muchas otras personas. Con esos patrones hace un modelo. Un modelo es un conjunto de reglas para una computadora.

grant-what-old = Los datos nuevos no se incluyen.

grant-what-new = Los datos nuevos se incluyen hasta el final.

grant-why = Si funciona, quizá se pueda detectar { $condition } antes.

grant-access = Solo { $study } puede hacerlo. Se hace dentro del sistema cerrado de { $operator }. { $study } no recibe su nombre, su dirección ni su fecha de nacimiento.

grant-end = Su permiso vale hasta el { $date }. Después termina solo. Puede retirarlo antes, cuando quiera.

grant-means = Si dice que sí, los modelos del estudio pueden aprender de los datos que usted elija. Verá cada vez que eso ocurra.

grant-not = Nadie puede buscarle a usted con esto. Nadie puede usar sus datos para anuncios, seguros o préstamos. Su hospital no puede usar el modelo con usted. Esa es otra pregunta. Lo más probable es que a usted no le ayude.

grant-risk = Ningún sistema es del todo seguro. Alguien podría tratar de averiguar si un modelo aprendió de usted. Hacemos esa prueba con cada modelo antes de usarlo.

grant-withdraw = Puede retirar su permiso cuando quiera, en este sitio. No tiene que decir por qué. Desde entonces no empieza ningún uso nuevo. En { $n ->
        [one] un día
       *[other] { $n } días
    } como máximo, los modelos que aprendieron de sus datos dejan de usarse y se destruyen. Un modelo nuevo nunca ve sus datos.

grant-limits = Hay cosas que no podemos deshacer: las respuestas que un modelo ya dio y los resultados ya publicados.

grant-limits-copy = No podemos recuperar las copias ya descargadas. Pedimos que borren de ellas sus valores.

grant-copy = Permitir que { $study } descargue una copia. Lleva rangos en lugar de sus valores exactos, los mismos que tienen al menos otras diez personas. No lleva nombre, dirección ni fecha de nacimiento. Tiene una fecha final. Pero una copia descargada no se puede recuperar.

grant-copy-pseudonymised = Permitir que { $study } descargue una copia con mis valores exactos. Un código sustituye mi nombre. Quien me conozca podría reconocerme en ella y leer lo demás. Una copia descargada no se puede recuperar.

grant-copy-whole = Permitir que { $study } descargue una copia con mis datos enteros de estos tipos, no solo los valores que su pregunta necesita. Un código sustituye mi nombre. Los textos libres, las cartas y las imágenes no están en ella. Quien me conozca podría reconocerme en ella y leer lo demás. Una copia descargada no se puede recuperar.

grant-care = { $clinic } pide usar sus datos para ver su riesgo. El tema: { $condition }. Su médico verá el resultado y hablará con usted. El resultado es un cálculo de una computadora. Decide una persona.

grant-care-reason = El motivo que indican: «{ $reason }»

grant-title-who = Quién pide

grant-title-free = Usted elige

grant-title-what = Qué harían

grant-title-why = Por qué

grant-title-access = Quién ve qué

grant-title-end = Cuánto tiempo

grant-title-means = Qué significa el sí

grant-title-duties = Lo que deben hacer

grant-title-not = Qué no significa el sí

grant-title-risk = Qué podría salir mal

grant-title-withdraw = Si cambia de idea

grant-title-limits = Qué no podemos deshacer

grant-title-copy = Una copia

## Sí, pero menos

limits-title = Qué permite usted

limits-lead = Marque solo lo que quiera permitir.

limits-purposes = ¿Para qué?

limits-purpose-MLTRAINING-hint = Los modelos de este estudio pueden aprender de los datos que usted marque.

limits-purpose-TREATDS-hint = Su hospital puede preguntar por usted a un modelo.

limits-purpose-TREAT-hint = Quienes le tratan pueden abrir y leer los datos que usted marque.

limits-categories = ¿Qué datos?

limits-categories-hint = Lo que no marque sigue cerrado.

limits-from = ¿Desde qué día?

limits-to = ¿Hasta qué día?

limits-dates-hint = Deje esto vacío si el día no importa.

limits-end = ¿Cuándo debe terminar?

limits-end-hint = Termina solo ese día. Si deja esto vacío, termina el { $date }, el último día posible.

limits-error-purposes = Marque al menos una cosa que puedan hacer, o vuelva y diga que no

limits-error-categories = Marque al menos una clase de datos, o vuelva y diga que no

limits-error-end = Elija un día después de hoy y no más tarde del { $date }

request-error = Elija sí, sí pero menos, o no

## ¿Lo explicamos bien?

understand-title = { $n ->
    [one] Una pregunta
   *[other] Dos preguntas
}

understand-lead = ¿Lo explicamos bien? Esta página nos pone a prueba a nosotros, no a usted. Lo que responda aquí no se guarda.

understand-skip = Saltar

ask-1 = Si dice que sí, ¿puede cambiar de idea después?

ask-1-any = Sí, cuando quiera

ask-1-before = Sí, pero solo antes del { $date }

ask-1-no = No

ask-2 = El estudio descargó una copia. Después usted retira su permiso. ¿Qué pasa con la copia?

ask-2-vanish = Desaparece sola

ask-2-told = Se pide que la borren, pero no podemos recuperarla

ask-2-nothing = Nada

ask-right = Así es.

ask-wrong = No del todo. La respuesta correcta es:

ask-check = { $n ->
    [one] Comprobar mi respuesta
   *[other] Comprobar mis respuestas
}

understand-none = Elija una respuesta, o salte esta página.

## Revisar y firmar

check-title = Revisar y firmar

check-who = Quién

check-purposes = Para qué

check-categories = Qué datos

check-dates = Fechas de los datos

check-dates-all = Cualquier fecha, también datos posteriores

check-dates-span = { $from } a { $to }

check-dates-from = Desde el { $from }

check-dates-to = Hasta el { $to }

check-end = Termina el

check-copies = Copias

check-copies-yes = Pueden descargar una copia

check-copies-pseudonymised = Pueden descargar una copia con valores exactos y un código en lugar del nombre

check-copies-whole = Pueden descargar una copia con datos enteros, no solo los valores de la pregunta, y un código en lugar del nombre

check-copies-no = Sin copias

check-statement = Lo que usted firma, palabra por palabra

check-statement-signed = Lo que usted firmó, palabra por palabra

check-no-undo = Antes de firmar: no podemos deshacer copias, respuestas ni resultados que ya se entregaron.

sign = Ahora su dispositivo le pedirá la cara, el dedo o el PIN. Quizá diga «Iniciar sesión». Aquí sirve para firmar este permiso, palabra por palabra, como lo ve arriba. No se firma nada más.

sign-button = Firmar con su llave de acceso

sign-wallet-button = Firmar con su propio programa

sign-wallet = Su programa de firma le mostrará lo que va a firmar y le pedirá que lo confirme.

sign-wallet-missing = Usted firma con su propio programa de firma, y este navegador no lo tiene. Abra esta página en el navegador que lo tiene.

signed = Su permiso se está anotando. Tarda unos segundos. Puede salir de esta página.

active = Su permiso está vigente. { $study } puede usar los datos que usted eligió hasta el { $date }.

declined-title = Petición rechazada

declined = Usted dijo que no. { $study } no sabrá por qué. No cambia nada más.

lapsed-title = Petición terminada

## Permisos

consents-title = Permisos

consents-active = Vigentes

consents-unused = No se usan ahora

consents-ended = Terminados

consent-allows = { $study } puede usar estos datos suyos: { $categories }. Para qué: { $purposes }.

consent-until = Termina el { $date }.

consent-ended = Terminó el { $date }.

consent-unknown = Ahora no podemos comprobar este permiso. Mientras tanto, se rechaza todo acceso.

consent-uses = Usos con este permiso

consent-no-uses = Nadie ha usado este permiso.

consent-receipt-lead = Esta es su propia copia de su permiso (consentimiento). Guárdela.

consent-receipt-button = Descargar el recibo

consent-see = Ver este permiso

## Retirar y detener

withdraw-link = Retirar el permiso

withdraw-page = Retirar el permiso

withdraw-stops-title = Esto termina ahora

withdraw-stops = todo uso nuevo de sus datos por { $study } con este permiso

withdraw-follows-title = Esto sigue en { $n ->
        [one] un día
       *[other] { $n } días
    } como máximo

withdraw-follows = los modelos que aprendieron de usted dejan de usarse y se destruyen

withdraw-stays-title = Esto queda

withdraw-stays-answers = las respuestas ya dadas

withdraw-stays-seen = lo que una persona ya vio

withdraw-stays-results = los resultados ya publicados

withdraw-stays-copies = las copias ya descargadas; pedimos que borren de ellas sus valores

withdraw-care = Su atención médica no cambia.

withdraw-button = Retirar

withdraw-sign = Su dispositivo le pedirá la cara, el dedo o el PIN. Quizá diga «Iniciar sesión». Aquí sirve para firmar que retira este permiso. No se firma nada más.

withdraw-done-title = Permiso retirado

withdraw-done = Ha retirado su permiso. { $study } ya no puede usar sus datos con este permiso. Lo anotamos a las { $time }.

withdraw-done-model = { $model } tiene un modelo que aprendió de sus datos. Deja de usarse el { $date } como muy tarde.

withdraw-done-no-model = Ningún modelo aprendió de usted con este permiso.

withdraw-done-copy = Si { $study } tiene una copia con sus valores, le pedimos que los borre. La página de este permiso muestra cada copia así y si se borró.

withdraw-done-copy-pseudonymised = { $study } puede tener una copia con sus valores exactos. Debe borrarlos en un plazo de { $n } días y confirmarlo. La página de este permiso muestra si lo hizo.

stop-page = Detener todo uso de sus datos

stop-lead = { $n ->
    [one] Así termina ahora mismo su permiso.
   *[other] Así terminan a la vez sus { $n } permisos.
} Ningún estudio, ningún modelo y ningún médico de este sitio puede usar sus datos desde ahora. Su hospital conserva sus propios archivos y le sigue atendiendo.

stop-later = Más adelante puede dar permisos nuevos, uno por uno. Si ha cerrado sus datos a la investigación, siguen cerrados.

stop-list = Qué termina

stop-button = Detenerlo todo

stop-sign = Su dispositivo le pedirá la cara, el dedo o el PIN. Quizá diga «Iniciar sesión». Aquí sirve para firmar que todo termina. No se firma nada más.

stop-done-title = Todo uso detenido

stop-done = Todo está detenido. { $n ->
    [0] Ningún permiso estaba vigente.
    [one] Su permiso terminó a las { $time }.
   *[other] Sus { $n } permisos terminaron a las { $time }.
} Todavía pueden llegarle peticiones nuevas. Cada una necesita un nuevo sí de usted.

## Datos

records-title = Datos

records-open = Abrir

record-title = Sus datos: { $kind }

## Modelos

models-title = Modelos

models-study = Estudio

models-since = Entrenado el

models-state = Estado

models-active = en uso

models-replacing = en uso hasta el { $date } como muy tarde

models-replaced = retirado el { $date } y destruido

models-next = El nuevo nunca vio sus datos.

## Llaves

keys-title = Llaves

keys-made = Creada el

keys-used = Último uso

keys-add = Añadir una llave de acceso

keys-add-lead = Una llave en otro dispositivo ayuda cuando pierde uno.

keys-add-first = Con una llave de acceso puede entrar y firmar aquí sin su programa de firma.

keys-exists = Este dispositivo ya tiene una llave para usted. Elija otro dispositivo en su ventana, por ejemplo un teléfono.

keys-remove = Quitar

keys-remove-title = Quitar esta llave

keys-remove-lead = Ya no servirá para entrar ni para firmar por usted. Una llave quitada no vuelve nunca.

keys-remove-last = Esta es su última llave. Sin ella no puede entrar. Hable antes con { $custodian }.

keys-remove-button = Quitar esta llave

keys-delegates = Personas que pueden actuar por usted

keys-delegate-none = Solo usted.

keys-delegate-until = Una persona puede firmar por usted hasta el { $date }

keys-recovery = Una llave nueva para usted

keys-recovery-none = No hay ninguna llave nueva en espera para usted.

keys-recovery-vetoed = { $n ->
    [one] Usted rechazó una llave nueva. No funcionará.
   *[other] Usted rechazó { $n } llaves nuevas. No funcionarán.
}

keys-recovery-no = Rechazar esta llave

key-recovery = { $custodian } quiere añadir una llave nueva para usted. No vale antes del { $date }. Si usted no la pidió, rechácela ahora.

## Sin investigación, y una copia de todo

opt-out-title = Investigación

opt-out-lead = Puede cerrar sus datos a toda investigación. Esto vale más que cualquier permiso de investigación que haya dado.

opt-out-on = Sí, si lo permito cada vez

opt-out-off = Ninguna investigación

opt-out-end = Usted retira su negativa a toda investigación. Entonces la investigación puede preguntarle de nuevo. Los permisos para investigación que usted no ha retirado valen otra vez. La investigación solo puede usar lo que usted permita.

opt-out-error = Elija sí o no

opt-out-save = Guardar

opt-out-saved-on = La investigación puede preguntarle. Solo puede usar lo que usted permita.

opt-out-saved-off = Sus datos están cerrados a la investigación. Ningún estudio puede usarlos.

download-title = Descargar mis datos

download-lead = El archivo tiene sus registros, los permisos con sus recibos, las peticiones, las llaves de acceso, los mensajes y todo su historial. No tiene las estimaciones que los modelos dieron a los médicos. Pídalas a sus médicos.

download-button = Descargar el archivo (JSON)

download-care = Guarde bien este archivo. No está bajo llave.

## Donde aún no hay nada

empty-requests = Nadie espera una respuesta de usted. Cuando alguien pida algo, lo verá aquí.

empty-consents = Nadie puede usar sus datos ahora. Ningún permiso suyo está vigente.

empty-consents-off = Nadie puede usar sus datos ahora. Usted ha desactivado la investigación.

empty-records = Aquí todavía no hay datos. { $custodian } los añade. Pregunte ahí si echa algo en falta.

empty-models = Ningún modelo se ha entrenado con sus datos.

statement-allow = Permito a { $who } usar estos datos míos: { $what }, { $purposes }.

statement-dates = Solo valen los datos de este tiempo: { $span }.

statement-records = { $n ->
    [one] Solo vale un registro concreto.
   *[other] Solo valen { $n } registros concretos.
}

statement-copy = Se puede descargar una copia sin mi nombre.

statement-copy-pseudonymised = Se puede descargar una copia con mis valores exactos y un código en lugar de mi nombre. Se aplica el acuerdo del estudio. Quien me conozca podría reconocerme en ella.

statement-copy-whole = Se puede descargar una copia con mis datos enteros de estos tipos, no solo los valores que la pregunta del estudio necesita. Lleva un código en lugar de mi nombre. Se aplica el acuerdo del estudio. Quien me conozca podría reconocerme en ella.

statement-no-copy = No se puede descargar ninguna copia.

statement-end = Esto termina el { $date }. Puedo retirarlo cuando quiera, y entonces no empieza ningún uso nuevo.

statement-forbid-all = No permito a nadie usar estos datos míos: { $what }, { $purposes }.

statement-forbid = No permito a { $who } usar estos datos míos: { $what }, { $purposes }.

statement-forbid-end = Esto termina el { $date }. Puedo cambiarlo cuando quiera.

statement-opt-out = No permito a nadie usar mis datos para investigar. Puedo cambiarlo cuando quiera.

limits-error-dates = El primer día no puede ser posterior al último

limits-left-out = Dejar fuera algunos registros

limits-left-out-hint = Lo que marque aquí sigue cerrado. Los registros posteriores no se incluyen.

keys-add-sign-title = Añadir esta llave

keys-add-sign = La llave nueva se ha creado. Ahora una llave que usted ya ha usado confirma que la nueva puede firmar por usted.

keys-add-button = Añadir esta llave

keys-new = Llave de acceso nueva

keys-other = Usted tiene una llave que no es una llave de acceso de este sitio, por ejemplo una en su propio programa de firma.

receipt-title = Recibo de su permiso (consentimiento)

decide-later = Decidir más tarde

copy-asked = { $study } pide también descargar una copia. Usted lo decide después de su sí, en una casilla aparte.

copy-asked-pseudonymised = { $study } pide también descargar una copia, según un acuerdo. Lleva sus valores exactos y un código en lugar de su nombre. Quien le conozca podría reconocerle en ella. Usted lo decide después de su sí, en una casilla aparte.

copy-asked-whole = { $study } pide también descargar una copia, según un acuerdo. Lleva sus datos enteros de estos tipos, no solo los valores que la pregunta necesita. Un código sustituye su nombre. Quien le conozca podría reconocerle en ella. Usted lo decide después de su sí, en una casilla aparte.

consent-over = Este permiso ha terminado. { $study } ya no puede usar sus datos con él.

consent-over-unread = El texto de este permiso no está aquí. Sin él se rechaza todo uso.

grant-withdraw-care = Puede retirarlo cuando quiera, en este sitio. No tiene que decir por qué. Desde entonces, con este permiso nadie pregunta por usted a un modelo.

grant-withdraw-care-read = Puede retirarlo cuando quiera, en este sitio. No tiene que decir por qué. Desde entonces, con este permiso nadie allí puede abrir sus datos.

grant-withdraw-care-both = Puede retirarlo cuando quiera, en este sitio. No tiene que decir por qué. Desde entonces, con este permiso nadie allí puede abrir sus datos ni preguntar por usted a un modelo.

keys-added = Desde ahora puede entrar y firmar con su llave nueva.

keys-removed = La llave está eliminada. Ya no puede firmar por usted.

keys-veto-title = Rechazar esta llave

keys-veto-lead = Usted rechaza la llave nueva que { $custodian } quiere añadir para usted. Entonces no funcionará. Sus propias llaves siguen como están.

keys-veto-done = Usted rechazó la llave. No funcionará.

keys-waiting = Tenemos su firma y la enviamos al registro. El registro todavía no la muestra. Hasta entonces, sus llaves siguen como estaban. Esta página mostrará el cambio.

keys-sign = Ahora su dispositivo le pedirá la cara, el dedo o el PIN. Quizá diga «Iniciar sesión». Aquí sirve para firmar lo que dice esta página. No se firma nada más.

opt-out-question = ¿Puede la investigación usar sus datos?

consent-title-active = Su permiso está vigente

consent-title-recording = Su permiso se está anotando

consent-title-ended = Su permiso ha terminado

consent-title-withdrawn = Usted retiró este permiso

consent-title-unknown = No podemos comprobar este permiso ahora

consent-overridden = Usted ha desactivado la investigación, así que este permiso no se usa. Si la activa de nuevo, vuelve a valer.

consent-title-overridden = Este permiso no se usa ahora

consent-allowed = { $study } podía usar estos datos suyos: { $categories }. Para qué: { $purposes }.

consent-over-on = Usted lo retiró el { $date }.

consent-signed-on = Firmado el

consent-withdrawn-on = Retirado el

consents-closed = Peticiones que rechazó o no contestó

decline-title = Decir que no a esta petición

decline-what = { $study } no podrá usar sus datos para esto. No damos ningún motivo. Su atención no cambia.

decline-then = No pueden volver a preguntarle durante { $n } días. Usted puede cambiar su respuesta cuando quiera.

decline-button = Decir que no

declined-on = Usted contestó el { $date }.

reconsider-what = ¿Ha cambiado de opinión? Puede leer otra vez la petición de { $study } y contestarla.

reconsider-button = Cambiar mi respuesta

copy-what = Usted dijo que sí. { $study } pide también descargar una copia con algunos de sus valores. Es otra pregunta.

copy-what-pseudonymised = Usted dijo que sí. { $study } pide también descargar una copia de sus valores tal como son. Es otra pregunta.

copy-what-whole = Usted dijo que sí. { $study } pide también descargar una copia de sus datos enteros de estos tipos: { $categories }. Es más que los valores que su pregunta necesita. Es otra pregunta.

copy-agreement = Antes de cada descarga, el estudio debe aceptar un acuerdo: «{ $agreement }». Termina el { $date }. Para entonces todas las copias deben estar borradas.

copy-agreement-text = Leer el acuerdo

copy-leave = Si usted lo retira, el estudio debe borrar sus valores en un plazo de { $n } días y confirmarlo. La página de su permiso muestra si lo hizo.

copy-free = Si deja la casilla vacía, no se puede descargar ninguna copia. Su sí no cambia.

grant-care-doctor = { $doctor } le envió esta petición.

grant-care-what = Usarían estos datos suyos: { $categories }. Los pondrían en un modelo de computadora y verían el resultado. No piden nada más.

grant-care-read = { $clinic } pide leer sus datos para tratarle.

grant-care-read-what = Quienes tratan allí podrían abrir estos datos suyos: { $categories }. Su historial lo mostraría cada vez. No piden nada más.

ask-condition = una enfermedad que un modelo quizá detecte pronto

grant-care-both = { $clinic } pide dos cosas. Quiere leer sus datos para tratarle. Y quiere que una computadora calcule su riesgo. El tema: { $condition }. Decide una persona.

grant-care-both-what = Quienes tratan allí podrían abrir estos datos suyos: { $categories }. También los pondrían en un modelo de computadora y verían el resultado. Su historial lo mostraría cada vez.

grant-limits-care = Hay cosas que no podemos deshacer: las respuestas que un modelo ya dio y lo que una persona ya vio.

request-contact-title = Preguntas sobre el estudio

request-contact-care = Preguntas a esta entidad

request-contact = Pregunte a { $study }: { $contact }.

keys-name = Nombre de esta llave

keys-rename = Cambiar el nombre

keys-rename-error = Escriba un nombre de 64 caracteres o menos

keys-renamed = La llave tiene su nombre nuevo.

keys-current = Usted entró con esta

keys-remove-which = Va a quitar: { $name }, creada el { $date }.

record-measured = Con fecha del { $date }, de: { $custodian }. Añadido aquí el { $added }.

record-measured-only = Con fecha del { $date }, de: { $custodian }.

record-no-date = Sin fecha, de: { $custodian }. Añadido aquí el { $added }.

record-no-date-only = Sin fecha, de: { $custodian }.

receipt-print = Puede imprimir esta página. El archivo tiene lo mismo para que un programa lo compruebe.

check-decision = Su respuesta

check-decision-yes = Sí, lo permito

check-decision-no = No, lo prohíbo

check-anybody = Cualquiera

check-records = Registros concretos

check-records-all = Todos los registros de estos tipos

check-records-some = { $n ->
    [one] Solo un registro concreto que está aquí ahora
   *[other] Solo { $n } registros concretos que están aquí ahora
}

check-duties = Lo que deben hacer

ask-us-title = Pedir ayuda

ask-us-question = Hacer una pregunta

ask-us-correction = Pedir una corrección

ask-us-about = Se trata de: { $line }

ask-us-text = Su pregunta

ask-us-text-correction = ¿Qué está mal y qué es lo correcto?

ask-us-hint = Con sus palabras, 2.000 caracteres como máximo. No escriba aquí sobre una emergencia.

ask-us-button = Enviar

ask-us-sent = Su mensaje se envió a { $custodian }. La respuesta aparecerá aquí y en su historial.

ask-us-messages = Sus mensajes

ask-us-none = Todavía no ha enviado ningún mensaje.

ask-us-waiting = Espera respuesta

ask-us-answered = Contestado

ask-us-corrected = Corregido

ask-us-refused = Sin cambios

ask-us-answer = { $custodian } contestó el { $date }:

ask-us-read = Leer el mensaje

ask-us-kind-error = Elija qué quiere enviar

ask-us-text-error = Escriba su mensaje, 2.000 caracteres o menos
ask-us-open-error = 20 de sus mensajes esperan respuesta. Escriba de nuevo cuando uno tenga respuesta

download-make = Preparar mis datos

download-again = Prepararlos otra vez

download-ready = Sus datos del { $date } están listos. Contienen { $n ->
    [one] un registro
   *[other] { $n } registros
} y { $lines ->
        [one] una línea
       *[other] { $lines } líneas
    } del historial. Los guardamos siete días.

download-failed = No se pudieron preparar sus datos. Inténtelo otra vez.

download-page-title = Mis datos en una página

download-page-lead = Sus registros, permisos, mensajes e historial del { $date }. Puede imprimir esta página.

download-step-records = Abriendo sus registros

download-step-history = Leyendo su historial

download-step-waiting = Esperando para empezar
## Borrado

erasure-title = Borrar mis datos

erasure-lead = Puede pedir que se borren sus datos en este sitio y lo que va con ellos. No se puede deshacer.

erasure-deletes = Qué se borra

erasure-part-records = sus datos aquí y las claves que los abren

erasure-part-answers = lo que los modelos han dicho sobre usted

erasure-part-terms = el texto de cada permiso y de cada No que firmó. Sin él, todo uso se rechaza.

erasure-part-drafts = respuestas que empezó y no envió

erasure-part-number = el enlace entre su número de hospital y sus datos aquí

erasure-stays = Qué queda

erasure-stay-hospital = los archivos propios de su hospital. Su hospital le sigue atendiendo.

erasure-stay-shared = respuestas, resultados y copias que ya se compartieron. Los modelos que aprendieron de usted se sustituyen.

erasure-stay-ledger = números en el registro que ya no llevan a usted ni a lo que firmó

erasure-stay-history = el historial de quién usó sus datos, para que se pueda comprobar

erasure-stay-backups = copias de seguridad, hasta que se sustituyan. Están cifradas.

erasure-next = Una persona de su hospital revisa la petición. Una ley puede obligar a guardar algunos datos. En ese caso le dirá aquí por qué.

erasure-button = Pedir el borrado

erasure-requested = Lo pidió el { $date }. Su hospital aún no ha decidido.

erasure-approved = Su hospital aceptó el { $date }. Sus datos se están borrando ahora.

erasure-refused = Su hospital dijo que no el { $date }. Esta es la razón que da:

erasure-done = Se borraron sus datos aquí y el texto de lo que firmó. El historial de quién usó sus datos queda, para que se pueda comprobar.

erasure-receipt = Recibo del borrado

erasure-when = Borrado el

erasure-blocks = Archivos cifrados borrados

erasure-signed = Firma

erasure-valid = válida

erasure-invalid = no válida. Dígaselo a su hospital, por favor.

erasure-part-questions = sus preguntas a su hospital y las respuestas

## Copies

copies-title = Copias descargadas

copy-with-you = El { $date } se descargó una copia con sus valores, sin su nombre.

copy-deleted = El estudio confirmó el { $date } que ha borrado esta copia.

copy-kept = El estudio debe borrarla a más tardar el { $date }. Aún no lo ha confirmado.

copy-kept-left = Usted ya no permite esta copia, así que pedimos al estudio que borre sus valores. Aún no lo ha confirmado.

copy-with-you-pseudonymised = El { $date } se descargó una copia con sus valores exactos y un código en lugar de su nombre.

copy-with-you-whole = El { $date } se descargó una copia con sus datos enteros y un código en lugar de su nombre.

copy-row-deleted = El estudio confirmó el { $date } que ha borrado sus valores.

copy-row-waiting = El { $date } pedimos al estudio que borre sus valores a más tardar el { $due }. Aún no lo ha confirmado.

download-records-title = Datos para otro hospital

download-records-lead = Este archivo tiene solo sus datos de salud. Otro hospital o una aplicación puede leerlo. Su historial dice cuándo lo descarga.

download-records-button = Descargar mis datos de salud
