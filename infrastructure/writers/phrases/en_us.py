"""American English."""

from domain.values import ContextTag
from infrastructure.writers.phrasebook import Phrasebook, Sentences

PHRASES = Phrasebook(
    quotes=("“", "”"),
    conjunction="and",
    others="others",
    genres={},
    styles={
        ContextTag.DEFAULT: Sentences(
            opening=(
                "{title} is a film from {year}, directed by {director}.",
                "Released in {year}, {title} was made under the direction of {director}.",
                "{director} directed {title}, which reached audiences in {year}.",
                "{title} is a film directed by {director}.",
                "{title} came to the screen in {year}.",
                "{title} is a film that merits a short introduction.",
            ),
            middle=(
                "It belongs here: {genres}.",
                "Its place is among {genres}, and it keeps to what that promises.",
                "Viewers will find it under {genres}.",
                "Catalogs list it as {genres}, which says what kind of evening to expect.",
            ),
            closing=(
                "It is a good choice for anyone who wants to know the film itself rather than its reputation.",
                "Those who are curious about its period and its makers will find a rewarding starting point here.",
                "It can be watched without any preparation and remembered without any effort.",
            ),
        ),
        ContextTag.MODERN: Sentences(
            opening=(
                "Fresh eyes on {title}: {director} made it in {year}, and it still knows how to hold a room.",
                "Put {title} on your list: {year}, directed by {director}, no homework needed.",
                "{director} directs, the year is {year}, and {title} gets straight to the point.",
                "With {title}, {director} delivers a film that fits right into tonight's queue.",
                "{title} dates from {year}, yet it plays well on any screen you own.",
                "{title} is ready when you are: press play and see where it takes you.",
            ),
            middle=(
                "Think {genres}, served without detours.",
                "The mix is {genres}, and it moves.",
                "If your feed leans toward {genres}, this one fits.",
                "The label says {genres}; the mood says stay a little longer.",
            ),
            closing=(
                "Watch it now, talk about it tomorrow.",
                "Phone face down, lights low, and you are set.",
                "A smart pick for a night when scrolling has gone on long enough.",
            ),
        ),
        ContextTag.CRITICAL: Sentences(
            opening=(
                "{title}, directed by {director} and released in {year}, deserves a second look.",
                "With {title} ({year}), {director} sets out terms that a viewer may accept or resist.",
                "Seen from today, {title} by {director} shows both its {year} origins and its ambitions.",
                "In {title}, the choices of {director} are never quite hidden from view.",
                "{title}, a work of {year}, has to be judged by the standards of its time and of ours.",
                "{title} invites scrutiny more than admiration, and that is no small virtue.",
            ),
            middle=(
                "It works with the conventions of {genres} and has to be measured against them.",
                "As an example of {genres}, it raises the question of how far a form can be stretched.",
                "Its claim on {genres} is serious, if not beyond dispute.",
                "What it owes to {genres} is plain; what it adds is for each viewer to weigh.",
            ),
            closing=(
                "Whether the whole exceeds the sum of its parts remains open, which is reason enough to watch.",
                "One may argue with its methods, but hardly with its resolve.",
                "The verdict depends on patience, and patience is not wasted here.",
            ),
        ),
        ContextTag.HUMOROUS: Sentences(
            opening=(
                "Back in {year}, {director} made {title}, and nobody has been able to give the popcorn back since.",
                "{title}: directed by {director} in {year}, paused for snacks ever after.",
                "Legend has it that {director} finished {title} in {year} and then asked where the sofa was.",
                "{director} directed {title} so that the rest of us could comment from the couch.",
                "{title} arrived in {year}, fashionably dressed for exactly that year.",
                "{title} walks into a living room, and suddenly everyone is a film critic.",
            ),
            middle=(
                "Officially it is {genres}; unofficially it is an excuse to stay up late.",
                "It comes with {genres}, and the snacks are your own responsibility.",
                "Contains traces of {genres}; may also contain opinions.",
                "Filed under {genres}, right next to your good intentions.",
            ),
            closing=(
                "No seats were harmed in the making of this description.",
                "Bring a blanket, a friend, and someone who promises not to explain the ending.",
                "Side effects may include quoting it at breakfast.",
            ),
        ),
    },
)
