"""The phrases that only make sense as orders to a model, in the languages of the service.

They are regular expressions over words in lower case ASCII, `…` for some words and `·` for where one must
begin. Spaces are for the reader: words are found also when they are split or joined. A letter cannot be
followed by `?`, only a group can.
"""

_DROP_EN = (
    "(ignor(e|ing)|disregard(ing)?|forget(ting)?|overrid(e|ing)|bypass(ing)?|do not follow|dont follow"
    "|do not obey|dont obey|stop following|stop obeying|pay no attention to)"
)
_THESE_EN = "(all|any|every|everything|of|in|the|your|my|our|its|these|those|this|that|other|and)*"
_BEFORE_EN = "(previous|prior|above|earlier|preceding|foregoing|system)"
_TOLD_EN = "(instruction(s)?|prompt(s)?|directive(s)?|guideline(s)?|rule(s)?|message(s)?)"
_MODEL_EN = "·(assistant|ai|ai model|language model|chatbot|chat bot|bot|llm|dan|interpreter|terminal)"
_ENGLISH = (
    f"{_DROP_EN}{_THESE_EN}{_BEFORE_EN}({_BEFORE_EN}|and|or)*{_TOLD_EN}",
    f"{_DROP_EN}{_THESE_EN}{_TOLD_EN} above",
    f"(ignor(e|ing)|disregard(ing)?|forget) {_THESE_EN}(the above|everything above|all above|before this)",
    "(ignore|disregard|forget) (all|everything|anything|what) (that)? (you (were|have been|ve been) told)",
    f"(reveal|print|show|repeat|leak|output|display|tell|give|share|expose|disclose) (me|us)? {_THESE_EN}"
    "(your|system|initial|hidden)(full|entire|exact|own|initial|original|hidden|secret|system)*"
    "(prompt(s)?|instructions)",
    "(repeat|print|output|show|copy) (me|us)? (all|the|back|every)*"
    "(words|word|text|everything|lines|message|messages|sentences) above",
    "what (is|are|was|were) your (system|initial|original|hidden|secret|exact)* (prompt|instructions)",
    "system prompt(s)?",
    "(previous|prior|above|earlier) (instructions|prompts) (are|must|should|shall) (to)? (be)?"
    "(ignored|forgotten)",
    "(reveal|print|repeat|output) (the)? (text|words|message) above",
    "from now on you are (a|an|dan|the)",
    "you are now (dan|in … mode|(a|an) … ·(assistant|chatbot|language model))",
    "(enable|enter|activate|switch to|turn on) (the)? (developer|jailbreak|dan|unrestricted) mode",
    "(respond|reply|output) (to (this|everything|all))? (only|just|exactly|solely) (with|in|as)",
    "only (respond|reply|output) (with|in|as)",
    "(respond|reply) with (only|just|nothing but|exactly)",
)
_ENGLISH_NAMES = (
    f"{_DROP_EN}{_THESE_EN}(instruction(s)?|prompt(s)?|directive(s)?)",
    f"{_DROP_EN}{_THESE_EN}(all|any|your|my|these|those) {_THESE_EN}(rules|guidelines)",
    "(reveal|print|show|repeat|leak|output|display) (me|us)? (all|the|your)* (prompt(s)?|instructions)",
    "(system|safety|admin) override|override (the|all|your)* (system|safety)",
    "developer mode|jailbreak mode|do anything now",
    "new instruction(s)?|follow (these|the following|the new) (new)? instructions",
    "you are now (a|an|the)",
    f"(act|behave|respond|answer|reply|speak|write|function) (as|like) (if you (are|were))? … {_MODEL_EN}",
    f"pretend (to be|(that)? you are|(that)? you re|(that)? youre) … {_MODEL_EN}",
    "(pretend|imagine) (that)? (you have|there are) no (rules|restrictions|guidelines|filters)",
    "answer (only|just|solely) (with|in|as)|answer with (only|just|nothing but)",
    "from now on (you (will|must|shall|only)|respond|reply|answer|output)",
    "(disable|turn off|remove) (your|all|any|the)* (safety|content|moderation) (filters|checks|rules)",
    "end of (the)? (prompt|instructions)",
)

_DROP_PL = (
    "((z)?ignoruj(cie)?|zapomnij(cie)? (o)?|pomin(cie)?|odrzuc(cie)?|zlekcewaz|nie przestrzegaj|nie zwazaj na"
    "|nie stosuj sie do)"
)
_THESE_PL = "(o|wszystkie|wszystkich|wszelkie|wszelkich|te|tych|twoje|twoich|swoje|swoich|moje|moich|inne)*"
_BEFORE_PL = "(poprzedni|wczesniejsz|powyzsz|dotychczasow|systemow)(e|a|ch|ych)"
_TOLD_PL = (
    "(instrukcj(e|i|a|ach)|polecen(ia|ie|iach)?|wytyczn(e|ych)|zasad(y|ach)?|regul(y|ach)?|prompt(y|ow)?)"
)
_POLISH = (
    f"{_DROP_PL}{_THESE_PL}{_BEFORE_PL}{_THESE_PL}{_TOLD_PL}",
    f"{_DROP_PL}{_THESE_PL}{_TOLD_PL} (powyzej|systemowe|systemowych)",
    f"{_DROP_PL} (wszystko|wszystkim)? (to)? (co)? (powyzej|powyzsze|bylo wczesniej|bylo powyzej)",
    "(ujawnij|pokaz|wypisz|wyswietl|podaj|zdradz|wydrukuj|powtorz) (mi|nam)? (tresc|caly|cala|cale)?"
    "(swoj|swoje|swoja|swojego|swoich|twoj|twoje|twojego|twoich) (ukryty|ukryte|tajne|pelny|pelne)?"
    "(systemowy|systemowe|systemowego)? (prompt(u)?|instrukcj(e|i))",
    "prompt(u)? systemow(y|ego)|instrukcj(e|i) systemow(e|ych)",
    "(odpowiadaj|odpisuj) (tylko|wylacznie|jedynie)",
)
_POLISH_NAMES = (
    f"{_DROP_PL}{_THESE_PL}(instrukcj(e|i|a|ach)|polecen(ia|ie|iach)?|prompt(y|ow)?)",
    "(ujawnij|pokaz|wypisz|wyswietl|zdradz|wydrukuj) (mi|nam)? (prompt|instrukcje)",
    "nowe (instrukcje|polecenia)",
    "(jestes teraz|teraz jestes|od teraz jestes|dzialaj jako|zachowuj sie jak|udawaj ze jestes) …"
    "·(asystent(em)?|model(em)?|chatbot(em)?|bot(em)?|sztuczna inteligencja|ai|dan)",
    "od teraz (odpowiadaj|pisz|bedziesz)",
    "tryb (dewelopera|deweloperski|programisty)",
)

_DROP_DE = (
    "(ignorier(e|en sie)?|vergiss|vergesst|vergessen sie|missachte(n sie)?|verwirf|verwerfen sie|uberspringe"
    "|ueberspringe|befolge nicht|umgehe)"
)
_THESE_DE = (
    "(bitte|all(e|en|er|es)?|samtlich(e|en)|saemtlich(e|en)|jeglich(e|en)|die|den|der|dein(e|en|er)?|ihre(n)?"
    "|mein(e|en)?|dies(e|er|en))*"
)
_BEFORE_DE = (
    "(vorherig|vorig|bisherig|obig|obenstehend|oben stehend|fruher|frueher|vorangegangen|vorangehend"
    "|vorhergehend|vorstehend)(e|en|er)"
)
_TOLD_DE = (
    "(anweisung(en)?|instruktion(en)?|vorgabe(n)?|richtlinie(n)?|regel(n)?|befehl(e)?|(system)?prompt(s)?)"
)
_GERMAN = (
    f"{_DROP_DE}{_THESE_DE}{_BEFORE_DE}{_TOLD_DE}",
    f"{_DROP_DE}{_THESE_DE}{_TOLD_DE} (oben|davor)",
    f"{_DROP_DE} (alles|das) (obige|vorherige|bisherige|davor|oben|darueber|daruber)",
    "(zeig(e)?|zeigen sie|verrate(n sie)?|gib|drucke|nenne|wiederhole|offenbare|enthulle) (mir|uns)?"
    "(dein(e|en)|ihre(n)?) (geheim(e|en)|versteckt(e|en)|vollstandig(e|en))?"
    "((system)?prompt|(system)?anweisungen|instruktionen)",
    "systemanweisung(en)?",
    "antworte (nur|ausschliesslich|lediglich) (mit|auf|in|im)",
)
_GERMAN_NAMES = (
    f"{_DROP_DE}{_THESE_DE}(anweisung(en)?|instruktion(en)?|prompt(s)?)",
    "(zeig(e)?|verrate|drucke|wiederhole) (mir|uns)? (den|die) (prompt|anweisungen|instruktionen)",
    "neue (anweisung(en)?|instruktion(en)?)",
    "du bist (jetzt|nun|ab jetzt|ab sofort) (ein|eine|der|die|das|im|dan)",
    "(verhalte dich|handle|handele|agiere|antworte|fungiere) (wie|als) …"
    "·(assistent|assistentin|ki|chatbot|bot|sprachmodell)",
    "entwicklermodus",
)

_DROP_FR = (
    "(ignore(z|r)?|oublie(z|r)?|neglige(z|r)?|contourne(z|r)?|ne (tiens|tenez) (pas|aucun) compte"
    "|(fais|faites) abstraction|ne (suis|suivez) (pas|plus))"
)
_THESE_FR = "(de|des|d|toute(s)?|tout|tous|la|le|les|l|ta|tes|ton|vos|votre|mes|ces|cette)*"
_BEFORE_FR = "((precedent|anterieur)(e|es|s)?|ci dessus|plus haut|(du)? systeme)"
_TOLD_FR = "(instruction(s)?|consigne(s)?|directive(s)?|regle(s)?|prompt(s)?)"
_FRENCH = (
    f"{_DROP_FR}{_THESE_FR}{_TOLD_FR}{_BEFORE_FR}",
    f"{_DROP_FR}{_THESE_FR}{_BEFORE_FR}{_TOLD_FR}",
    f"{_DROP_FR} (de)? (tout)? (ce qui) (precede|est (ecrit)? (ci dessus|plus haut|au dessus))",
    "(revele(z)?|montre(z)?|affiche(z)?|donne(z)?|imprime(z)?|repete(z)?|divulgue(z)?) (moi|nous)?"
    "(ton|ta|tes|votre|vos) (prompt|instructions|consignes)",
    "prompt (du)? systeme",
    "(reponds|repondez) (uniquement|seulement|exclusivement) (avec|par|en)",
)
_FRENCH_NAMES = (
    f"{_DROP_FR}{_THESE_FR}(instruction(s)?|consigne(s)?|prompt(s)?)",
    "(revele(z)?|montre(z)?|affiche(z)?|imprime(z)?|repete(z)?) (moi|nous)? (le|les) (prompt|instructions)",
    "nouvelles (instructions|consignes)|(instructions|message) (du)? systeme",
    "(tu es|vous etes) (maintenant|desormais) (un|une|le|la|en|dan)",
    "(agis|agissez|comporte toi|comportez vous|reponds|repondez) (comme|en tant que) …"
    "·(assistant|assistante|ia|chatbot|modele de langage)",
    "mode developpeur",
)

_DROP_ES = (
    "(ignor(a|e|ad|ar)|olvid(a|e|ad|ar)|olvidate de|descart(a|e)|omit(a|e)|haz caso omiso (de|a)"
    "|no (sigas|siga|obedezcas|hagas caso (a|de)))"
)
_THESE_ES = "(de|a|toda(s)?|todo(s)?|la(s)?|el|lo(s)?|tu(s)?|su(s)?|mis|esta(s)?|cualquier|otras)*"
_BEFORE_ES = "(anterior(es)?|previa(s)?|previo(s)?|precedente(s)?|de arriba|del sistema)"
_TOLD_ES = "(instruccion(es)?|indicacion(es)?|directrices|regla(s)?|prompt(s)?)"
_SPANISH = (
    f"{_DROP_ES}{_THESE_ES}{_TOLD_ES}{_BEFORE_ES}",
    f"{_DROP_ES}{_THESE_ES}{_BEFORE_ES}{_TOLD_ES}",
    f"{_DROP_ES} (todo)? lo (anterior|de arriba|que precede)",
    "(revel(a|e)|muestra(me)?|dime|imprime|repite|ensena(me)?|dame) tu(s)? (prompt|instrucciones)",
    "prompt (del|de) sistema",
)
_SPANISH_NAMES = (
    f"{_DROP_ES}{_THESE_ES}(instruccion(es)?|indicacion(es)?|prompt(s)?)",
    "(revel(a|e)|muestra(me)?|imprime|repite) (el|la|las)? (prompt|instrucciones)",
    "nuevas (instrucciones|indicaciones)|instrucciones del sistema",
    "(ahora eres|eres ahora|a partir de ahora eres|desde ahora eres) (un|una|dan)",
    "(responde|responda|contesta) (solo|solamente|unicamente|exclusivamente) (con|en)",
    "(actua|comportate|responde) como … ·(asistente|ia|chatbot|modelo de lenguaje)",
    "modo (de)? desarrollador",
)

ANYWHERE = (*_ENGLISH, *_POLISH, *_GERMAN, *_FRENCH, *_SPANISH)
"""In no description of a film either."""

IN_NAMES = (*_ENGLISH_NAMES, *_POLISH_NAMES, *_GERMAN_NAMES, *_FRENCH_NAMES, *_SPANISH_NAMES)
"""A text may tell with these what happens in the film: somebody gets new instructions, overrides a system."""
