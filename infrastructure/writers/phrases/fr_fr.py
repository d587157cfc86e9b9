"""French."""

from domain.values import ContextTag
from infrastructure.writers.phrasebook import Phrasebook, Sentences

PHRASES = Phrasebook(
    quotes=("« ", " »"),
    conjunction="et",
    others="d’autres",
    genres={
        "Action": "action",
        "Adventure": "aventure",
        "Animation": "animation",
        "Biography": "biographie",
        "Comedy": "comédie",
        "Crime": "policier",
        "Documentary": "documentaire",
        "Drama": "drame",
        "Family": "famille",
        "Fantasy": "fantastique",
        "History": "histoire",
        "Horror": "horreur",
        "Music": "musique",
        "Musical": "comédie musicale",
        "Mystery": "mystère",
        "Romance": "romance",
        "Sci-Fi": "science-fiction",
        "Sport": "sport",
        "Thriller": "thriller",
        "War": "guerre",
        "Western": "western",
    },
    styles={
        ContextTag.DEFAULT: Sentences(
            opening=(
                "{title} est un film de {year}, réalisé par {director}.",
                "Sorti en {year}, {title} a été réalisé par {director}.",
                "Avec {title}, réalisé par {director}, on retrouve le cinéma de {year}.",
                "{title} est un film réalisé par {director}.",
                "{title} est arrivé sur les écrans en {year}.",
                "{title} est un film que l’on présente ici en quelques mots.",
            ),
            middle=(
                "Genre : {genres}.",
                "Les catalogues le rangent sous la mention suivante : {genres}.",
                "Il relève des catégories suivantes : {genres}.",
                "Son registre ({genres}) dit bien à quoi s’attendre.",
            ),
            closing=(
                "C’est un bon choix pour qui préfère se faire sa propre idée.",
                "Les curieux de son époque et de ses auteurs y trouveront un bon point de départ.",
                "Il se regarde sans préparation et se retient sans effort.",
            ),
        ),
        ContextTag.MODERN: Sentences(
            opening=(
                "{title}, à redécouvrir : {year}, réalisation {director}, et toujours aussi direct.",
                "À ajouter à la liste, {title} : millésime {year}, réalisation {director}, sans devoirs à la maison.",
                "Réalisation {director}, millésime {year} : {title} va droit au but.",
                "Avec {title}, {director} signe un film qui tombe bien pour ce soir.",
                "{title} date de {year} et passe très bien sur tous les écrans.",
                "{title} est prêt : il suffit d’appuyer sur lecture.",
            ),
            middle=(
                "Au menu : {genres}, sans temps mort.",
                "Sur l’étiquette : {genres} ; dans l’air, l’envie de rester encore un peu.",
                "En bref : {genres}, et ça avance.",
                "Si vos goûts penchent vers le registre {genres}, c’est par ici.",
            ),
            closing=(
                "À voir ce soir, à raconter demain.",
                "Téléphone rangé, lumière tamisée, et c’est parti.",
                "Un bon choix quand on a assez fait défiler les titres.",
            ),
        ),
        ContextTag.CRITICAL: Sentences(
            opening=(
                "{title}, réalisé par {director} en {year}, mérite un second regard.",
                "Avec {title} ({year}), {director} pose des conditions que l’on accepte ou que l’on refuse.",
                "Vu d’aujourd’hui, {title}, réalisé par {director}, montre autant son origine de {year} que son ambition.",
                "Dans {title}, les choix de {director} restent toujours visibles.",
                "{title}, œuvre de {year}, doit être jugé selon son temps et selon le nôtre.",
                "{title} appelle l’examen plutôt que l’admiration, et ce n’est pas un mince mérite.",
            ),
            middle=(
                "Le film joue avec les règles du genre ({genres}) et doit s’y mesurer.",
                "Sa place dans le genre ({genres}) est sérieuse, sans être incontestable.",
                "Ce qu’il doit au genre ({genres}) est clair ; ce qu’il y ajoute, chacun le pèsera.",
                "Le registre ({genres}) pose ici la question des limites d’une forme.",
            ),
            closing=(
                "Le tout dépasse-t-il la somme des parties, la question reste ouverte, et c’est une raison de le voir.",
                "On peut discuter ses moyens, difficilement sa détermination.",
                "Le verdict demande de la patience, et elle n’est pas perdue.",
            ),
        ),
        ContextTag.HUMOROUS: Sentences(
            opening=(
                "En {year}, {director} a tourné {title}, et depuis personne n’a rendu le pop-corn.",
                "{title} : {year}, réalisation {director}, interrompu seulement pour grignoter.",
                "On raconte qu’après {title}, en {year}, la réalisation ({director}) a demandé où était le canapé.",
                "Pour {title}, {director} a réalisé ; à nous de commenter depuis le canapé.",
                "{title} est sorti en {year}, habillé exactement comme cette année-là.",
                "{title} entre dans le salon, et tout le monde devient critique de cinéma.",
            ),
            middle=(
                "Officiellement : {genres} ; officieusement : une excuse pour veiller tard.",
                "Contient : {genres} ; peut contenir des traces d’opinions.",
                "Rangé sous {genres}, juste à côté des bonnes résolutions.",
                "Livré avec {genres} ; les biscuits restent à votre charge.",
            ),
            closing=(
                "Aucun fauteuil n’a été maltraité pendant la rédaction de ces lignes.",
                "Prévoyez un plaid, des amis et quelqu’un qui n’explique pas la fin.",
                "Effet secondaire : des répliques au petit-déjeuner.",
            ),
        ),
    },
)
