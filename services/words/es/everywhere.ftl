# Borrador: todavía no lo ha leído nadie que hable esta lengua desde la infancia.

## El marco

frame-product = Vouchsafe
frame-skip = Ir al contenido
frame-menu = Menú principal
frame-language = Idioma
frame-sign-out = Salir
frame-back = Volver
frame-help = Ayuda
frame-register = Estado del registro
frame-accessibility = Accesibilidad
frame-privacy = Aviso de privacidad
frame-footer = Ayuda y avisos
frame-error-prefix = Error: { $title }
frame-notices = Avisos importantes
frame-printed = Dirección: { $address }. Impreso o guardado el { $when }.
frame-optional = opcional
frame-change = Cambiar
frame-open = Abrir
frame-older = Más antiguas
frame-yes = Sí
frame-no = No
frame-none = Ninguno
frame-unknown = No se sabe

frame-unknown-day = sin fecha

## Las partes, como las nombran los títulos

part-public = Inicio
part-patient = Sus datos
part-clinician = Consulta
part-researcher = Investigación
part-custodian = Archivo
part-auditor = Auditoría

## Botones

button-continue = Continuar
button-go-back = Volver
button-recording = Anotando…
button-search = Buscar
button-filter = Aplicar filtro
button-try-again = Intentar de nuevo
button-sign-in = Entrar
button-download = Descargar
button-stay = Seguir aquí
button-stop-this = Parar esto

## Estados: adjetivos, nunca se pulsan

status-active = Vigente
status-waiting = Espera su respuesta
status-recording = Se está anotando
status-ended = Terminado
status-withdrawn = Retirado por usted
status-declined = Usted dijo que no
status-refused = Rechazado
status-unknown = No se puede comprobar, así que no

status-overridden = Sin uso: investigación desactivada
status-done = Hecho
status-running = En marcha
status-stopped = Parado
status-failed = Fallido
status-agrees = Coincide
status-differs = No coincide
status-unchecked = Sin comprobar

## Avisos, encima del título

notice-title = Aviso
notice-development = DESARROLLO. Este sitio es para pruebas. No ponga aquí datos reales.
notice-single = Una sola organización lleva el registro de este sitio.
notice-single-link = Qué significa eso
notice-new-key = Alguien pidió una llave nueva para usted. Si no fue usted, rechácela.
notice-new-key-link = Ver sus llaves
notice-away = Ahora no podemos llegar al registro. Mientras tanto rechazamos toda petición de datos.
notice-warn = En 2 minutos se cerrará su sesión.
notice-out = Cerramos su sesión después de 15 minutos. Por favor, entre. Volverá a esta página.

## Formularios y errores

error-title = Hay un problema
error-needed = Escriba { $what }
error-too-long = El texto tiene { $length } caracteres y se permiten { $most }. Acórtelo.
days-of = { $days ->
    [one] 1 día
   *[other] { $days } días
}

error-choose = Elija { $what }
error-day = Escriba un día que exista, por ejemplo 3 marzo 2027
error-day-past = El día tiene que ser posterior a hoy
form-day = Día
form-month = Mes
form-year = Año
form-day-hint = Por ejemplo, 3 marzo 2027 o 3 3 2027

## Avance

progress-look = Ver el progreso
progress-long = Esto tarda más que otras veces. No se pierde nada.
progress-done = Todo hecho
## Cuando algo no se puede, las mismas palabras en todas partes

down = Ahora mismo no podemos anotar ni comprobar permisos. Mientras tanto rechazamos toda petición de datos. Lo que usted eligió se guarda. Inténtelo de nuevo en unos minutos.

down-at-work = Un servicio que esta página necesita no está disponible. La oficina de datos ve cuál en «System status». Inténtelo de nuevo en unos minutos.

down-title = Ahora no podemos hacer esto

down-withdrawal = Tenemos su retirada y vale desde ahora. Sus datos siguen cerrados. La anotamos en el registro en cuanto podamos llegar a él.

expired = Su sesión está cerrada. Esto ocurre tras 15 minutos sin uso, tras 12 horas, o cuando alguien la cierra. Lo que envió antes se conserva. Por favor, entre. Volverá a la página en la que estaba.

double = Usted ya hizo esto. Nada se anotó dos veces.

lapsed = Esta petición caducó el { $date }. No tiene que hacer nada. Pueden volver a pedirlo.

cancel = No se firmó nada. Usted cerró la ventana de su dispositivo, o tardó demasiado. Lo que eligió se guarda. Inténtelo de nuevo cuando quiera.

wrongkey = Esta llave de acceso es de otra persona, así que no se firmó nada. Use la llave de acceso que creó para este sitio.

unsigned-title = No se ha firmado nada

changed = La petición cambió mientras usted leía. No se firmó nada. Por favor, léala otra vez.

failed = No se pudo anotar este permiso: { $reason }. Nada está vigente.

failed-stopped = usted lo detuvo todo después de firmarlo

failed-key = la llave que lo firmó ya no puede firmar por usted

failed-clock = la hora de su dispositivo no coincide con la nuestra

failed-paused = el registro no admite permisos nuevos en este momento

failed-other = el registro lo rechazó

notfound = No podemos mostrar esta página. Puede que no exista, o que no sea para usted.

notfound-title = Página no encontrada

forbidden-title = Aquí no puede hacer esto

forbidden = No se cambió nada. Abra la página otra vez e inténtelo de nuevo.

badly-title = No pudimos usar lo que se envió

badly = No se cambió nada. Vuelva, revise sus respuestas y envíelas otra vez.

too-large-title = Se envió demasiado

too-large = No se ha guardado nada. Elija un archivo más pequeño o divídalo en varios.

too-many-title = Demasiadas peticiones

too-many = Espere unos minutos. Después inténtelo de nuevo. Lo que usted eligió se guarda.

broken-title = Algo falló aquí

broken = La culpa es nuestra, no de usted. Nadie vio nada. Si vuelve a pasar, díganos este número: { $incident }.

broken-plain = La culpa es nuestra, no de usted. Nadie vio nada. Inténtelo de nuevo en unos minutos.

problem-home = Ir a la página de inicio

no-script-sign = Para firmar, active JavaScript para este sitio, o use otro navegador.

## Qué hay en los datos, en palabras de los pacientes

category-any = datos de toda clase

category-vital-signs = medidas del cuerpo

category-vital-signs-hint = Presión, pulso, peso y cosas así

category-laboratory = análisis de sangre

category-laboratory-hint = Sangre, orina y otras pruebas de laboratorio

category-exam = exploraciones

category-exam-hint = Lo que se vio al examinarle

category-imaging = radiografías y otras imágenes

category-imaging-hint = Rayos X, ecografías y otras imágenes de su cuerpo

category-procedure = operaciones

category-procedure-hint = Operaciones y otras intervenciones, y cómo fueron

category-survey = respuestas a cuestionarios

category-survey-hint = Lo que usted escribió o dijo cuando le preguntaron

category-social-history = modo de vida

category-social-history-hint = Tabaco, trabajo, sueño y cosas así

category-activity = actividad física

category-activity-hint = Cuánto se mueve, por ejemplo los pasos al día

category-therapy = terapias

category-therapy-hint = Por ejemplo fisioterapia o logopedia

category-demographics = edad, sexo y origen

category-demographics-hint = Por ejemplo su edad y su sexo. Quien puede leerlos para tratarle ve también su nombre.

category-condition = diagnósticos

category-condition-hint = Enfermedades que tiene o tuvo

category-medication = medicinas

category-medication-hint = Lo que toma o tomó, y cuánto

category-nutrition = comida y bebida

category-nutrition-hint = Lo que come y bebe

category-genetics = genes

category-genetics-hint = Los genes y lo que viene de familia. Esto dice algo también de sus parientes.

category-mental-health = salud mental

category-mental-health-hint = Cómo se siente, y la ayuda que tuvo para ello

category-sexual-health = salud sexual

category-sexual-health-hint = Salud sexual, también pruebas de VIH

category-substance-use = tratamiento por alcohol o drogas

category-substance-use-hint = La ayuda que tuvo por alcohol o drogas

category-encounter = visitas e ingresos

category-encounter-hint = Cuándo y dónde le atendieron

category-document = cartas y otros documentos

category-document-hint = Cartas, planes y lo que no encaja en otro lugar

category-billing = seguro y facturas

category-billing-hint = Qué se facturó y a quién

## Para qué, en palabras de los pacientes

purpose-TREAT = para tratarle

purpose-CLINTRL = para tratarle en un ensayo

purpose-COC = para que quienes le cuidan trabajen juntos

purpose-ETREAT = para tratarle en una emergencia

purpose-BTG = para abrir sus datos en una emergencia sin preguntar

purpose-ERTREAT = para tratarle en urgencias

purpose-POPHLTH = para planear la atención de muchas personas

purpose-TREATDS = para preguntar por usted a un modelo de computadora

purpose-HPAYMT = para pagar su atención

purpose-HOPERAT = para que funcione el hospital

purpose-CAREMGT = para planear su atención

purpose-HQUALIMP = para mejorar la atención

purpose-PATSFTY = para que los pacientes estén seguros

purpose-MLTRAINING = para entrenar un modelo de computadora

purpose-SYSDEV = para hacer sistemas informáticos

purpose-HTEST = para probar sistemas informáticos

purpose-TRAIN = para enseñar a quienes trabajan en la salud

purpose-HRESCH = para investigar sobre la salud

purpose-BIORCH = para investigar cómo funciona el cuerpo

purpose-CLINTRCH = para investigar con ensayos

purpose-CLINTRCHNPC = para investigar con ensayos, aparte de su atención

purpose-CLINTRCHPC = para investigar con ensayos, como parte de su atención

purpose-PRECLINTRCH = para preparar un ensayo

purpose-DSRCH = para investigar una enfermedad

purpose-POARCH = para investigar de dónde viene la gente

purpose-TRANSRCH = para llevar la investigación a la atención

purpose-PATRQT = porque usted lo pidió

purpose-FAMRQT = porque lo pidió su familia

purpose-PWATRNY = porque lo pidió quien actúa por usted

purpose-SUPNWK = porque lo pidieron personas que le ayudan

purpose-PUBHLTH = para proteger la salud de todos

purpose-DISASTER = para ayudar en un desastre

purpose-THREAT = para proteger a la gente de un peligro

purpose-HMARKT = para hacer publicidad

purpose-PSEUDRESCH = para investigar con una copia que lleva valores exactos y un código en lugar del nombre

purpose-RECRESCH = para investigar con una copia que lleva datos enteros y un código en lugar del nombre

## Purposes in what a patient signs, in the first person

purpose-mine-TREAT = para tratarme

purpose-mine-CLINTRL = para tratarme en un ensayo

purpose-mine-COC = para que quienes me cuidan trabajen juntos

purpose-mine-ETREAT = para tratarme en una emergencia

purpose-mine-BTG = para abrir mis datos en una emergencia sin preguntar

purpose-mine-ERTREAT = para tratarme en urgencias

purpose-mine-TREATDS = para preguntar por mí a un modelo de computadora

purpose-mine-HPAYMT = para pagar mi atención

purpose-mine-CAREMGT = para planear mi atención

purpose-mine-CLINTRCHNPC = para investigar con ensayos, aparte de mi atención

purpose-mine-CLINTRCHPC = para investigar con ensayos, como parte de mi atención

purpose-mine-PATRQT = porque yo lo pedí

purpose-mine-FAMRQT = porque lo pidió mi familia

purpose-mine-PWATRNY = porque lo pidió quien actúa por mí

purpose-mine-SUPNWK = porque lo pidieron personas que me ayudan

## Qué debe hacer quien pide

duty-DEID = Deben quitar lo que muestra quién es usted.

duty-PSEUD = Deben usar un código inventado en lugar de su nombre.

duty-AUDIT = Deben anotar cada uso.

duty-DELAU = Deben borrarlo después de usarlo.

duty-ENCRYPT = Deben guardarlo bajo llave.

duty-NORELINK = No deben tratar de averiguar quién es usted.

duty-NOREUSE = No deben usarlo para otra cosa.

duty-NORDSCLCD = No deben pasarlo a otros si usted no dice que sí.

## Por qué la respuesta fue sí o no

reason-permitted = Usted lo había permitido.

reason-denied = Usted había dicho que no.

reason-opted-out = Usted no quiere que se investigue con sus datos.

reason-linked-refusal = Usted lo rechaza con otro número de hospital suyo.

reason-deceased = Consta que usted ha fallecido.

reason-duty-unmet = No podían cumplir lo que exige su permiso.

reason-opening-missing = No pudimos leer lo que usted firmó, así que la respuesta fue no.

reason-unknown-word = Pidieron algo que no conocemos.

reason-other-record = Usted había permitido otros datos, no estos.

reason-outside-period = Los datos son de un tiempo que usted no había permitido.

reason-other-category = Usted había permitido otras clases de datos, no esta.

reason-other-purpose = Usted lo había permitido para otra cosa.

reason-other-recipient = Usted se lo había permitido a otros.

reason-withdrawn = Usted lo había retirado.

reason-stopped = Usted lo había detenido todo.

reason-expired = Su permiso había terminado.

reason-not-yet = Su permiso todavía no había empezado.

reason-bad-key = La llave que lo firmó no puede firmar por usted.

reason-not-enrolled = Usted aún no tenía llave aquí.

reason-no-consent = Usted no lo había permitido.

## The own account

account-title = Su cuenta

account-what = Aquí ve cada dispositivo que está conectado a su cuenta ahora. Cierre lo que no conozca.

account-device = Dispositivo

account-since = Conectado desde

account-last = Último uso

account-current = Este dispositivo

account-end = Cerrar la sesión de este dispositivo

account-end-others = Cerrar todas las demás sesiones

account-ended = Solo los dispositivos de abajo siguen con la sesión abierta.

expired-undone = Su sesión está cerrada. Esto ocurre tras 15 minutos sin uso, tras 12 horas, o cuando alguien la cierra. Lo que pulsó no se hizo: no se firmó, retiró ni cambió nada. Entre otra vez. Volverá a la página en la que estaba.

line-source = { $source }, { $holder }

line-range-from = { $low } o más

line-range-to = hasta { $high }

line-period = { $start } a { $end }

line-first-version = Recibido el { $day }.

line-later-version = Recibido el { $day }, corregido: versión { $version }.

line-reading = El modelo para «{ $question }» lee { $source } como { $value }. { $rule }

line-rule-ucum = Las dos unidades miden lo mismo.

line-rule-molar = Usa el peso de esta sustancia.

line-rule-habit = Quien lo envía siempre quiere decir esta unidad.

line-not-in-force = No es válido: { $status }

line-earlier = Versiones anteriores

line-earlier-hint = Quien los envió corrigió o quitó estos valores. Se guardan solo para leerlos: ningún modelo aprende de ellos y ninguna estimación los usa.

line-name = Valor

line-value = Resultado

line-range = Rango habitual

line-flag = Nota de quien lo envía

line-when = Medido

line-known = Comunicado

line-from = De

line-about = Sobre este valor

chart-title = A lo largo del tiempo: { $value }

chart-name = { $value }, { $count } resultados en { $unit }

chart-name-plain = { $value }, { $count } resultados

chart-band = La parte sombreada es el rango habitual del resultado más nuevo.

chart-others = { $count ->
        [one] 1 resultado está solo en la tabla: otra unidad, sin número, sin fecha o no válido.
       *[other] { $count } resultados están solo en la tabla: otra unidad, sin número, sin fecha o no válidos.
    }

chart-none = No hay dibujo: hacen falta al menos dos resultados válidos con número, fecha y la misma unidad.

chart-table = { $count ->
        [one] 1 resultado
       *[other] { $count } resultados, el más nuevo primero
    }

chart-link = A lo largo del tiempo
