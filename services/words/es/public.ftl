# Borrador: todavía no lo ha leído nadie que hable esta lengua desde la infancia.

## The first page

home-title = Usted decide quién puede usar sus datos de salud

home = Sus datos de salud están bajo llave. Usted decide quién puede usarlos, para qué y por cuánto tiempo. Puede ver cada uso. Puede parar cuando quiera.

home-step-1 = Alguien pide. Usted lee quién es, qué quiere y por qué.

home-step-2 = Usted dice que sí, permite menos o dice que no. Firma con su propio dispositivo.

home-step-3 = Usted ve cada uso. Puede retirar su permiso cuando quiera.

home-steps-title = Cómo funciona

home-not-title = Qué no prometemos

home-not-copies = No podemos recuperar una copia que ya se descargó. Podemos pedir que la borren.

home-not-memory = No podemos hacer que una persona olvide lo que vio.

home-not-care = Este sitio no da atención médica. En una emergencia, pida ayuda como siempre.

home-register-title = Estado del registro

home-register = El registro tiene { $count ->
        [one] una anotación
       *[other] { $count } anotaciones
    }. Se comprobó por última vez a las { $time }.

home-register-away = Ahora no podemos llegar al registro, así que rechazamos toda petición.

home-keeper = { $custodian } lleva este sitio.

home-doubt = Si no podemos estar seguros, se niega el acceso.

single = En este sitio una sola organización lleva el registro. No puede inventar un permiso en su nombre. Podría tratar de cambiar anotaciones antiguas. Las copias que tienen otros lo mostrarían.

home-programs = Para programas: la interfaz

## Joining

join-title = Unirse a { $site }

join-who = { $custodian } le invita a este sitio.

join-as-patient = Aquí usted decide quién puede usar sus datos de salud.

join-as-clinician = Usted entra como profesional clínico de { $party }.

join-as-researcher = Usted entra para investigar por { $party }.

join-as-custodian = Usted entra como colega de la oficina de datos de { $party }.

join-as-auditor = Usted entra para auditar.

join-number = Este enlace es para la persona cuyo número de hospital termina en { $end }. Si no es usted, no continúe.

join-device = Use su propio teléfono o su propia computadora: un dispositivo que vaya a conservar.

join-passkey = Una llave de acceso vive dentro de su teléfono o computadora. Se abre con la cara, el dedo o el PIN. Solo usted puede usarla.

join-other-key = El registro ya tiene una llave suya; por eso este enlace no crea una llave de acceso. Únase con el programa de firma que tiene esa llave. Para una llave de acceso, pida a { $custodian } un enlace de recuperación.

join-twice = Su dispositivo pregunta dos veces. Primero crea la llave de acceso. Después demuestra que es suya.

join-no-password = No hay contraseña. El escaneo de su cara y su huella se quedan en su dispositivo.

join-button = Crear una llave de acceso

join-making = Su dispositivo está creando su llave de acceso.

join-proving = Su llave de acceso está creada. Ahora su dispositivo demuestra que es suya.

join-old-title = Este enlace no vale

join-old = Puede que esté incompleto, ya usado o caducado: cada enlace vale una vez, durante siete días. Pida otro a { $custodian }.

join-old-joined = ¿Ya se unió con él?

join-cancel = No se creó ninguna llave de acceso. Usted cerró la ventana de su dispositivo, o tardó demasiado. Inténtelo de nuevo cuando quiera.

join-exists = Este dispositivo ya tiene una llave de acceso para este sitio. Entre con ella.

## Signing in and out

sign-in-title = Entrar

sign-in-how = Use la cara, el dedo o el PIN. Su dispositivo mostrará su propia ventana.

sign-in-button = Entrar con su llave de acceso

sign-in-none = No hay que escribir ninguna contraseña.

sign-in-failed = No pudimos abrir su sesión con esta llave de acceso. Una llave quitada, que aún no funciona o cuya cuenta está desactivada, no sirve para entrar. Use otra llave que creó para este sitio.

sign-in-cancel = No ha entrado. Puede que este dispositivo no tenga una llave para este sitio, o que se cerrara su ventana. Use el dispositivo en el que creó su llave o inténtelo de nuevo.

sign-in-wallet-failed = No pudimos abrir su sesión con este programa de firma. Elija en él la cuenta con la que se unió.

wallet-cancel = No se firmó nada. Usted cerró la ventana de su programa de firma, o tardó demasiado. Inténtelo de nuevo cuando quiera.

sign-in-lost-title = ¿Perdió su dispositivo?

sign-in-lost = Entre con otra de sus llaves, si tiene una. Si no, acuda a { $custodian }. Allí comprueban quién es usted y le dan un enlace para una llave nueva.

sign-in-script = Para continuar, active JavaScript para este sitio.

signed-out-title = Ha salido

signed-out = Cierre esta ventana si otras personas usan esta computadora.

## Help

help-title = Ayuda

help-contact = Escriba a { $contact } o llame por teléfono.

help-ask = Le pueden ayudar con este sitio o con una línea de su historial que no conoce.

help-care = En este sitio no se da atención médica. En una emergencia, pida ayuda como siempre.

help-free = Puede decir que no, retirar su permiso o detenerlo todo cuando quiera. Esto no afecta a su atención médica.

## The register

register-title = Estado del registro

register-what = En el registro se anota cada permiso.

register-count = Tiene { $count ->
        [one] una anotación
       *[other] { $count } anotaciones
    }.

register-checked = Lo comprobamos por última vez el { $time }.

register-away = Ahora no podemos llegar a él. Mientras tanto rechazamos toda petición de datos.

register-many = Varias organizaciones llevan juntas el registro. Una sola no puede cambiarlo.

## Accessibility

accessibility-title = Accesibilidad

accessibility-aim = Este sitio debe servir a todo el mundo. Seguimos las reglas WCAG 2.2, nivel AA.

accessibility-how = Puede usarlo con el teclado, con un lector de pantalla y con letra grande. Solo necesita JavaScript para unirse, para entrar y para firmar.

accessibility-tell = Si algo no funciona para usted, dígalo a { $contact }.

## Privacy notice

privacy-title = Aviso de privacidad

privacy-who = { $custodian } lleva este sitio y responde aquí por sus datos.

privacy-what = Guardamos sus datos bajo llave, con lo que usted permitió y una línea por cada uso.

privacy-why = Los usamos solo como usted permite. Consentimiento es la palabra de la ley para su permiso.

privacy-counts = Para que se puedan planear estudios, a veces contamos cuántas personas tienen qué valores. Solo se ven números aproximados, y ninguno pequeño. Si usted desactiva la investigación, no se le cuenta.

privacy-cookies = Ponemos cookies solo para que este sitio funcione: una para su sesión y otra para su idioma. Nadie le sigue aquí.

privacy-rights = Puede ver y descargar sus datos. Puede retirar su permiso o detenerlo todo cuando quiera.

privacy-forget = ¿Hay algo mal en sus datos? Puede pedir una corrección aquí. También puede pedir aquí que se borren sus datos en este sitio: «Borrar mis datos» en su primera página.

privacy-complain = Puede reclamar ante la autoridad de protección de datos del lugar donde vive.

home-go-on = Seguir a sus páginas

home-for-title = Para quién es

home-for-patients = Los pacientes deciden, y ven quién usó qué, cuándo y por qué.

home-for-clinicians = El personal clínico pregunta a un modelo por pacientes que lo permiten.

home-for-researchers = La investigación entrena modelos de computadora con los datos de personas que dijeron que sí.

join-failed = No funcionó. Abra el enlace otra vez o pida uno nuevo.

sign-in-back = Por favor, entre para ver la página que pidió.

sign-in-joined = Su cuenta está lista. Para ver sus páginas, entre con el mismo programa de firma.

join-wallet = Unirse con su propio programa de firma

sign-in-wallet = Entrar con su propio programa de firma

no-passkeys = Este navegador no puede usar llaves de acceso aquí. Use uno más nuevo.

## A lost key

recover-title = Una llave nueva para usted

recover-who = { $custodian } ha comprobado quién es usted y le dio este enlace.

recover-what = Con él, su dispositivo crea una llave de acceso nueva para usted.

recover-wait = La llave nueva funciona después de siete días. Esto le protege: si no fue usted quien la pidió, sus llaves anteriores pueden rechazarla.

recover-waiting = Su llave nueva se ha creado. Funcionará desde el { $date }. Entonces, vuelva a abrir esta página para ver si funciona.

recover-waiting-safe = Conserve el dispositivo. Si encuentra el anterior, puede usarlo como siempre. { $custodian } puede ayudarle mientras tanto.

recover-soon = El plazo ha terminado, o su llave nueva se está anotando. Puede tardar unos minutos. Abra esta página otra vez.

recover-finished = Su llave nueva funciona. Puede entrar y firmar con ella.

recover-finished-next = ¿Ha perdido su dispositivo anterior? Entonces entre y quite su llave en «Llaves».

recover-refused = Esta llave fue rechazada o sustituida. No funcionará. Hable con { $custodian }.

recover-failed = No se pudo proponer la llave nueva. Abra el enlace otra vez o pida uno nuevo.

help-form = Los pacientes que entran pueden preguntar también aquí y leer la respuesta en su historial.

contact-telephone = Teléfono

contact-hours = Horario

contact-email = Correo electrónico

letter-number = Número de hospital { $number }

letter-title = Su invitación a { $site }

letter-what = En este sitio usted decide quién puede usar los datos de salud que { $custodian } guarda sobre usted. Usted lee cada solicitud, dice sí o no, y puede retirar un sí más tarde.

letter-free = Participar es decisión suya. Su atención sigue igual si no lo hace.

letter-how = Apunte la cámara de su propio teléfono al cuadrado, o escriba la dirección que está debajo. Su teléfono crea entonces una llave de acceso: la abre con su cara, su dedo o su PIN.

letter-qr = Código QR de su enlace

letter-until = El enlace funciona una vez, hasta el { $date }. Después necesita uno nuevo.

letter-only = Esta carta es solo para usted. La primera persona que abra el enlace participa en su lugar; por eso no lo comparta. Si el número de hospital de arriba no es el suyo, no use el enlace.

letter-help = ¿Preguntas? Consulte a { $custodian }.

mail-who = { $custodian } le invita a { $site }. Allí usted decide quién puede usar sus datos.

mail-how = Abra este enlace en su propio teléfono o computadora. Se crea una llave de acceso: la abre con su cara, su dedo o su PIN.

mail-only = Este correo es solo para usted. La primera persona que abra el enlace participa en su lugar; por eso no lo reenvíe. Si usted no dio esta dirección a { $custodian }, borre el correo.
