"""Polish. Genres and names stand where they need no inflection."""

from domain.values import ContextTag
from infrastructure.writers.phrasebook import Phrasebook, Sentences

PHRASES = Phrasebook(
    quotes=("„", "”"),
    conjunction="i",
    others="inni",
    genres={
        "Action": "kino akcji",
        "Adventure": "film przygodowy",
        "Animation": "animacja",
        "Biography": "biografia",
        "Comedy": "komedia",
        "Crime": "kryminał",
        "Documentary": "dokument",
        "Drama": "dramat",
        "Family": "kino familijne",
        "Fantasy": "fantasy",
        "History": "film historyczny",
        "Horror": "horror",
        "Music": "film muzyczny",
        "Musical": "musical",
        "Mystery": "film z tajemnicą",
        "Romance": "romans",
        "Sci-Fi": "science fiction",
        "Sport": "film sportowy",
        "Thriller": "thriller",
        "War": "film wojenny",
        "Western": "western",
    },
    styles={
        ContextTag.DEFAULT: Sentences(
            opening=(
                "{title} to film z roku {year}; reżyseria: {director}.",
                "W roku {year} na ekrany wszedł film {title} (reżyseria: {director}).",
                "Film {title} powstał w roku {year}, a za kamerą pracę prowadzili twórcy: {director}.",
                "{title} to film, którego reżyserię podpisano nazwiskiem: {director}.",
                "Film {title} wszedł na ekrany w roku {year}.",
                "{title} to film, który warto tu krótko przedstawić.",
            ),
            middle=(
                "Gatunek: {genres}.",
                "W katalogach figuruje pod hasłem: {genres}.",
                "Przynależność gatunkowa jest jasna: {genres}.",
                "Opis gatunku brzmi: {genres}, i zapowiada, czego się spodziewać.",
            ),
            closing=(
                "To dobry wybór dla każdego, kto woli wyrobić sobie własne zdanie, niż zdać się na cudze.",
                "Kogo ciekawi epoka i jej twórcy, ten znajdzie tu dobry punkt wyjścia.",
                "Można go obejrzeć bez przygotowania, a mimo to zostaje w pamięci.",
            ),
        ),
        ContextTag.MODERN: Sentences(
            opening=(
                "{title} na nowo: rok {year}, reżyseria {director} i wciąż bez zbędnych słów.",
                "Dopisz do listy {title}: rocznik {year}, reżyseria {director}, żadnych zadań domowych.",
                "Reżyseria {director}, rocznik {year}: {title} od razu przechodzi do rzeczy.",
                "{title} (reżyseria: {director}) świetnie pasuje na dzisiejszy wieczór.",
                "{title} pochodzi z roku {year} i dobrze wygląda na każdym ekranie.",
                "{title} czeka: wystarczy włączyć i zobaczyć, dokąd to prowadzi.",
            ),
            middle=(
                "Mieszanka: {genres}, bez przestojów.",
                "Na etykiecie: {genres}; nastrój mówi: zostań jeszcze chwilę.",
                "W skrócie: {genres}, i to w dobrym tempie.",
                "Jeśli twoje klimaty to {genres}, jesteś we właściwym miejscu.",
            ),
            closing=(
                "Obejrzyj dziś, pogadaj o tym jutro.",
                "Telefon na bok, światło w dół i gotowe.",
                "Dobry wybór, gdy przewijanie trwa już za długo.",
            ),
        ),
        ContextTag.CRITICAL: Sentences(
            opening=(
                "{title} (rok {year}, reżyseria: {director}) zasługuje na ponowne spojrzenie.",
                "Film {title} z roku {year} (reżyseria: {director}) stawia warunki, na które trzeba się zgodzić.",
                "Oglądany dziś film {title} (reżyseria: {director}) zdradza i swój rok {year}, i swoje ambicje.",
                "W filmie {title} decyzje reżyserskie ({director}) pozostają stale widoczne.",
                "{title}, dzieło z roku {year}, trzeba mierzyć miarą swoich czasów i naszych.",
                "{title} zaprasza raczej do namysłu niż do zachwytu, a to niemała zaleta.",
            ),
            middle=(
                "Film korzysta z reguł gatunku ({genres}) i z nimi musi się mierzyć.",
                "Jego miejsce w gatunku ({genres}) jest poważne, choć nie bezdyskusyjne.",
                "Co zawdzięcza gatunkowi ({genres}), widać od razu; co dodaje, każdy oceni sam.",
                "Gatunek ({genres}) stawia tu pytanie, jak daleko można rozciągnąć formę.",
            ),
            closing=(
                "Czy całość jest czymś więcej niż sumą części, pozostaje sprawą otwartą, i dlatego warto ją obejrzeć.",
                "Można spierać się o środki, trudniej o konsekwencję.",
                "Ocena wymaga cierpliwości, a ta nie idzie tu na marne.",
            ),
        ),
        ContextTag.HUMOROUS: Sentences(
            opening=(
                "Był rok {year}, powstał film {title} (reżyseria: {director}) i od tej pory nikt nie oddaje popcornu.",
                "{title}: rok {year}, reżyseria {director}, przerwy wyłącznie na przekąski.",
                "Wieść niesie, że po premierze filmu {title} w roku {year} ekipa ({director}) zapytała, gdzie jest kanapa.",
                "{title} ma za sobą reżyserię ({director}), a przed sobą komentarze z kanapy.",
                "{title} pojawił się na ekranach w roku {year}, ubrany dokładnie według mody tamtego roku.",
                "{title} wchodzi do salonu i nagle wszyscy są krytykami filmowymi.",
            ),
            middle=(
                "Oficjalnie: {genres}; nieoficjalnie: pretekst, żeby nie iść spać.",
                "Skład: {genres}; może zawierać śladowe ilości opinii.",
                "Szuflada z napisem: {genres}, tuż obok dobrych postanowień.",
                "W zestawie: {genres}; przekąski we własnym zakresie.",
            ),
            closing=(
                "Podczas pisania tego opisu nie ucierpiał żaden fotel kinowy.",
                "Zabierz koc, znajomych i kogoś, kto nie opowie zakończenia.",
                "Skutek uboczny: cytaty przy śniadaniu.",
            ),
        ),
    },
)
