"""Spanish."""

from domain.values import ContextTag
from infrastructure.writers.phrasebook import Phrasebook, Sentences

PHRASES = Phrasebook(
    quotes=("«", "»"),
    conjunction="y",
    others="otros",
    genres={
        "Action": "acción",
        "Adventure": "aventuras",
        "Animation": "animación",
        "Biography": "biografía",
        "Comedy": "comedia",
        "Crime": "cine negro",
        "Documentary": "documental",
        "Drama": "drama",
        "Family": "cine familiar",
        "Fantasy": "fantasía",
        "History": "cine histórico",
        "Horror": "terror",
        "Music": "música",
        "Musical": "musical",
        "Mystery": "misterio",
        "Romance": "romance",
        "Sci-Fi": "ciencia ficción",
        "Sport": "deporte",
        "Thriller": "suspense",
        "War": "cine bélico",
        "Western": "wéstern",
    },
    styles={
        ContextTag.DEFAULT: Sentences(
            opening=(
                "{title} es una película de {year}; dirección: {director}.",
                "Estrenada en {year}, la película {title} lleva la firma de {director}.",
                "En {year} llegó a las pantallas {title}, bajo la dirección de {director}.",
                "{title} es una película bajo la dirección de {director}.",
                "{title} llegó a las pantallas en {year}.",
                "{title} es una película que aquí se presenta en pocas palabras.",
            ),
            middle=(
                "Género: {genres}.",
                "En los catálogos figura como {genres}.",
                "Su registro es claro: {genres}.",
                "La etiqueta dice {genres}, y avisa bien de lo que espera.",
            ),
            closing=(
                "Es una buena elección para quien prefiere formarse una opinión propia.",
                "Quien sienta curiosidad por su época y sus autores tiene aquí un buen comienzo.",
                "Se ve sin preparación y se recuerda sin esfuerzo.",
            ),
        ),
        ContextTag.MODERN: Sentences(
            opening=(
                "{title}, para redescubrir: {year}, dirección de {director}, y tan directa como siempre.",
                "Apunta {title} en la lista: cosecha de {year}, dirección de {director}, sin deberes previos.",
                "Dirección de {director}, cosecha de {year}: {title} va al grano.",
                "Con {title}, {director} firma una película perfecta para esta noche.",
                "{title} es de {year} y luce bien en cualquier pantalla.",
                "{title} está lista: dale al play y mira adónde te lleva.",
            ),
            middle=(
                "La mezcla: {genres}, sin tiempos muertos.",
                "En la etiqueta, {genres}; en el ambiente, ganas de quedarse un rato más.",
                "En resumen: {genres}, y con ritmo.",
                "Si lo tuyo es {genres}, estás en el lugar indicado.",
            ),
            closing=(
                "Para ver hoy y comentar mañana.",
                "Móvil boca abajo, luz baja y listo.",
                "Buena elección cuando ya se ha deslizado bastante la pantalla.",
            ),
        ),
        ContextTag.CRITICAL: Sentences(
            opening=(
                "{title}, con dirección de {director} y fecha de {year}, merece una segunda mirada.",
                "En {title} ({year}), la dirección de {director} pone condiciones que hay que aceptar o discutir.",
                "Vista hoy, {title}, de {director}, muestra tanto su origen de {year} como su ambición.",
                "En {title}, las decisiones de {director} quedan siempre a la vista.",
                "{title}, obra de {year}, debe juzgarse según su tiempo y según el nuestro.",
                "{title} invita al examen más que a la admiración, y no es poco mérito.",
            ),
            middle=(
                "La película trabaja con las reglas del género ({genres}) y con ellas debe medirse.",
                "Su lugar dentro del género ({genres}) es serio, aunque no indiscutible.",
                "Lo que debe al género ({genres}) está claro; lo que añade, que cada cual lo sopese.",
                "El registro ({genres}) plantea aquí hasta dónde puede estirarse una forma.",
            ),
            closing=(
                "Si el conjunto supera la suma de sus partes queda abierto, y eso ya es motivo para verla.",
                "Se pueden discutir sus medios, difícilmente su determinación.",
                "El veredicto pide paciencia, y aquí no se malgasta.",
            ),
        ),
        ContextTag.HUMOROUS: Sentences(
            opening=(
                "Corría {year}, {director} rodaba {title}, y desde entonces nadie ha devuelto las palomitas.",
                "{title}: {year}, dirección de {director}, con pausas solo para picar algo.",
                "Cuentan que tras {title}, en {year}, la dirección ({director}) preguntó dónde estaba el sofá.",
                "La dirección de {title} corrió a cargo de {director}; los comentarios, a cargo del sofá.",
                "{title} apareció en {year}, vestida exactamente a la moda de aquel año.",
                "{title} entra en el salón y, de pronto, todo el mundo es crítico de cine.",
            ),
            middle=(
                "Oficialmente, {genres}; extraoficialmente, una excusa para trasnochar.",
                "Contiene {genres}; puede contener trazas de opiniones.",
                "Archivada bajo {genres}, justo al lado de los buenos propósitos.",
                "Incluye {genres}; los aperitivos corren por tu cuenta.",
            ),
            closing=(
                "Ninguna butaca sufrió daños durante la redacción de estas líneas.",
                "Trae una manta, buena compañía y a alguien que no cuente el final.",
                "Efecto secundario: citas en el desayuno.",
            ),
        ),
    },
)
