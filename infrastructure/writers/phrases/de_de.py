"""German."""

from domain.values import ContextTag
from infrastructure.writers.phrasebook import Phrasebook, Sentences

PHRASES = Phrasebook(
    quotes=("„", "“"),
    conjunction="und",
    others="anderen",
    genres={
        "Action": "Action",
        "Adventure": "Abenteuer",
        "Animation": "Animation",
        "Biography": "Biografie",
        "Comedy": "Komödie",
        "Crime": "Krimi",
        "Documentary": "Dokumentation",
        "Drama": "Drama",
        "Family": "Familie",
        "Fantasy": "Fantasy",
        "History": "Geschichte",
        "Horror": "Horror",
        "Music": "Musik",
        "Musical": "Musical",
        "Mystery": "Mystery",
        "Romance": "Romanze",
        "Sci-Fi": "Science-Fiction",
        "Sport": "Sport",
        "Thriller": "Thriller",
        "War": "Krieg",
        "Western": "Western",
    },
    styles={
        ContextTag.DEFAULT: Sentences(
            opening=(
                "{title} ist ein Film aus dem Jahr {year}, Regie: {director}.",
                "Im Jahr {year} kam {title} ins Kino; Regie führte {director}.",
                "Bei {title} aus dem Jahr {year} lag die Regie in den Händen von {director}.",
                "{title} ist ein Film unter der Regie von {director}.",
                "{title} kam im Jahr {year} auf die Leinwand.",
                "{title} ist ein Film, der hier kurz vorgestellt wird.",
            ),
            middle=(
                "Die Einordnung lautet: {genres}.",
                "Wer nach Filmen der Sparte {genres} sucht, wird hier fündig.",
                "Im Katalog steht er unter {genres}.",
                "Das Genre: {genres}, und der Film hält, was das verspricht.",
            ),
            closing=(
                "Er eignet sich für alle, die sich lieber ein eigenes Bild machen als einem Ruf zu folgen.",
                "Wer sich für seine Zeit und seine Macher interessiert, findet hier einen guten Einstieg.",
                "Man kann ihn ohne jede Vorbereitung sehen und behält ihn doch im Gedächtnis.",
            ),
        ),
        ContextTag.MODERN: Sentences(
            opening=(
                "{title} neu entdeckt: {year} gedreht, Regie {director}, und noch immer auf den Punkt.",
                "Ab auf die Liste mit {title}: Jahrgang {year}, Regie {director}, kein Vorwissen nötig.",
                "Regie {director}, Jahrgang {year}: {title} kommt ohne Umwege zur Sache.",
                "Mit {title} liefert {director} einen Film, der gut in den heutigen Abend passt.",
                "{title} stammt aus dem Jahr {year} und macht auf jedem Bildschirm eine gute Figur.",
                "{title} ist startklar: einfach anschalten und sehen, wohin die Reise geht.",
            ),
            middle=(
                "Die Mischung: {genres}, ganz ohne Leerlauf.",
                "Wer gerne {genres} schaut, liegt hier richtig.",
                "Auf dem Etikett steht {genres}; die Stimmung sagt: noch ein bisschen bleiben.",
                "Kurz gesagt: {genres}, und zwar mit Tempo.",
            ),
            closing=(
                "Heute schauen, morgen darüber reden.",
                "Handy weg, Licht aus, mehr braucht es nicht.",
                "Eine gute Wahl, wenn lange genug gescrollt wurde.",
            ),
        ),
        ContextTag.CRITICAL: Sentences(
            opening=(
                "{title}, entstanden {year} unter der Regie von {director}, verdient einen zweiten Blick.",
                "Mit {title} ({year}) stellt {director} Bedingungen, auf die man sich einlassen muss.",
                "Aus heutiger Sicht zeigt {title} von {director} die Herkunft aus dem Jahr {year} ebenso wie den Anspruch.",
                "In {title} bleiben die Entscheidungen von {director} stets sichtbar.",
                "{title}, ein Werk des Jahres {year}, muss sich an seiner Zeit ebenso messen lassen wie an unserer.",
                "{title} fordert eher zur Prüfung auf als zur Bewunderung, und das ist kein geringer Vorzug.",
            ),
            middle=(
                "Der Film arbeitet mit den Regeln des Genres ({genres}) und muss sich daran messen lassen.",
                "Als Beitrag zum Feld {genres} wirft er die Frage auf, wie weit sich eine Form dehnen lässt.",
                "Sein Anspruch im Bereich {genres} ist ernst, wenn auch nicht unumstritten.",
                "Was er dem Genre ({genres}) verdankt, ist klar; was er hinzufügt, muss jeder selbst abwägen.",
            ),
            closing=(
                "Ob das Ganze mehr ist als die Summe seiner Teile, bleibt offen, und gerade das lohnt den Blick.",
                "Über die Mittel lässt sich streiten, über die Entschlossenheit kaum.",
                "Das Urteil verlangt Geduld, und Geduld ist hier nicht vergeudet.",
            ),
        ),
        ContextTag.HUMOROUS: Sentences(
            opening=(
                "Im Jahr {year} drehte {director} den Film {title}, und seither will niemand das Popcorn zurückgeben.",
                "{title}: {year} gedreht, Regie {director}, seitdem nur für Snacks unterbrochen.",
                "Man erzählt sich, {director} habe {title} im Jahr {year} beendet und dann nach dem Sofa gefragt.",
                "Bei {title} führte {director} Regie, damit wir anderen vom Sofa aus mitreden können.",
                "{title} erschien {year}, passend gekleidet für genau dieses Jahr.",
                "{title} betritt das Wohnzimmer, und plötzlich sind alle Filmkritiker.",
            ),
            middle=(
                "Offiziell steht {genres} auf dem Programm; inoffiziell ist es ein Vorwand, lange aufzubleiben.",
                "Enthält {genres}; für Knabbereien wird nicht gehaftet.",
                "Kann Spuren von Meinungen enthalten, vor allem aber {genres}.",
                "Abgelegt unter {genres}, gleich neben den guten Vorsätzen.",
            ),
            closing=(
                "Beim Schreiben dieser Zeilen kam kein Kinosessel zu Schaden.",
                "Am besten mit Decke, guter Gesellschaft und jemandem, der das Ende nicht erklärt.",
                "Nebenwirkung: Zitate beim Frühstück.",
            ),
        ),
    },
)
