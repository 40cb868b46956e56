"""What the four patients of the demonstration wrote, day by day, and how those ninety days went for each.

The days that tell something are here, counted back from today; `story` fills in the ordinary days between them.
"""

from __future__ import annotations

from dataclasses import dataclass

from patient_app.profile.things import Kind


@dataclass(frozen=True, slots=True)
class Told:
    """An entry that tells something: how many days ago, at what hour, and what it says.

    `about` marks a note about alcohol or drugs, `own` an entry that the person keeps to themselves.
    """

    days_ago: int
    hour: int
    mood: int | None
    craving: int | None
    use: bool | None
    note: str
    about: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of days, from so many days ago on: the usual mood and craving, and how often there is an entry."""

    from_days_ago: int
    mood: float
    craving: float
    often: float


@dataclass(frozen=True, slots=True)
class Life:
    """One person's ninety days.

    `thing` is what they keep an eye on, `hour` when they usually check in, `weekend` what it adds to craving.
    """

    thing: Kind
    hour: int
    weekend: float
    skips: float
    phases: tuple[Phase, ...]
    told: tuple[Told, ...]
    small_notes: tuple[str, ...]


# Depression and alcohol: a hard start, a party, a slow climb, one more lapse told at once.
DANA = Life(
    thing=Kind.ALCOHOL,
    hour=20,
    weekend=1.6,
    skips=0.05,
    phases=(
        Phase(90, 2.1, 4.5, 0.75),
        Phase(61, 1.7, 5.0, 0.55),
        Phase(52, 2.6, 3.6, 0.8),
        Phase(30, 3.3, 2.6, 0.85),
        Phase(12, 3.7, 1.9, 0.9),
    ),
    told=(
        Told(90, 17, 2, None, None, "First entry. Dr. Raman asked me to try this. Not sure what to write."),
        Told(87, 21, 2, 5, False, "Eleven days without a drink. Sleep is bad.", about=True),
        Told(85, 18, 2, 6, False, "Walked past the store on Fourth and kept walking.", about=True),
        Told(80, 13, 1, 4, False, "Stayed in bed until noon. Marcus brought soup and did not ask anything."),
        Told(76, 9, 2, None, None, "Started the new tablets. A bit sick in the morning."),
        Told(72, 20, 3, 3, False, "Group was better than I thought. I only said my name."),
        Told(69, 18, 2, 7, False, "Friday again. The hour after work is the worst one.", about=True),
        Told(66, 8, 3, 2, False, "Slept six hours in a row."),
        Told(63, 22, 2, 8, False, "My sister's party is tomorrow. There will be wine on every table.", about=True),
        Told(62, 23, 2, 8, True, "I drank at the party. I told Marcus on the way home.", about=True),
        Told(61, 21, 1, 7, True, "Drank again, at home, alone. Then I called the number I was given.", about=True),
        Told(60, 19, 1, 5, False, "Tired and ashamed. Went to group anyway.", about=True),
        Told(58, 16, 2, 4, False, "Sam says one weekend does not undo the weeks before it. I want to believe that."),
        Told(54, 9, None, None, None, "The dose went up today."),
        Told(50, 17, 3, 3, False, "Walked around the lake with the dog. First time in weeks."),
        Told(46, 20, 3, 2, False, "Laughed out loud at something on the radio."),
        Told(43, 19, 3, 3, False, "Cooked for two. Marcus did the dishes."),
        Told(40, 21, 4, 2, False, "A good day, just like that."),
        Told(36, 18, 4, 6, False, "Good day and still wanted one. Odd how that works.", about=True),
        Told(33, 22, 2, 4, False, "We argued about money. I do not want anybody to read this one.", own=True),
        Told(30, 12, 4, 2, False, "Work asked me back for two days a week. Said yes before I could think."),
        Told(27, 18, 3, 8, False, "Payday. Took the long way home and ate on the bus.", about=True),
        Told(24, 15, 3, 6, True, "One beer at lunch with the crew. Stopped there and made a call.", about=True),
        Told(23, 20, 3, 4, False, "Told the group. Nobody looked away.", about=True),
        Told(20, 8, 4, 1, False, "Three nights of real sleep."),
        Told(16, 19, 4, 2, False, "Fixed the back gate. It had been broken since spring."),
        Told(13, 21, 3, 5, False, "Rain all day and nobody home. Made tea, called Luis, went to bed early."),
        Told(9, 18, 4, 2, False, "My sister came over. We talked about the party. It was all right."),
        Told(6, 20, 4, 1, False, "Read a whole book chapter and remember what it said."),
        Told(3, 19, 4, 3, False, "Friends are going out this weekend. I said I would come for the food.", about=True),
        Told(1, 20, 4, 2, False, "Quiet day. The dog and I did the long loop."),
    ),
    small_notes=(
        "Ate lunch for once.",
        "Tired but here.",
        "Called Marcus.",
        "Group today.",
        "Slow morning.",
        "Went to bed at ten.",
        "Dog walked, dishes done.",
        "Head was loud today.",
    ),
)

# Bipolar disorder and stimulants: a week far too bright, the fall after it, and then steadier ground.
JORDAN_ELDER = Life(
    thing=Kind.STIMULANTS,
    hour=22,
    weekend=0.8,
    skips=0.12,
    phases=(
        Phase(90, 3.2, 2.6, 0.7),
        Phase(72, 4.7, 4.6, 0.85),
        Phase(62, 1.6, 5.2, 0.35),
        Phase(50, 2.6, 3.2, 0.65),
        Phase(30, 3.2, 2.2, 0.8),
    ),
    told=(
        Told(89, 21, 3, 2, False, "Trying this out. One minute a day sounds possible."),
        Told(83, 22, 3, 3, False, "Work was fine. Took my tablets with dinner."),
        Told(77, 21, 3, 2, False, "Slept seven hours. That is good for me."),
        Told(71, 23, 4, 3, False, "So many ideas today. I wrote four pages."),
        Told(69, 3, 5, 4, False, "Painted the kitchen at three in the morning. I feel wonderful."),
        Told(67, 2, 5, 5, None, "Three hours of sleep and I do not miss it. Bought a second guitar."),
        Told(65, 23, 5, 8, True, "Used on the way home from the show. It felt like it fit.", about=True),
        Told(64, 4, 5, 8, True, "Again last night. Everybody talks so slowly.", about=True),
        Told(63, 16, 4, 7, True, "Peter took the car keys. He is probably right.", about=True),
        Told(61, 15, 1, 6, False, "All of it is gone. I cannot get warm."),
        Told(58, 18, 1, 7, True, "Used to get out of bed. It worked for an hour.", about=True),
        Told(55, 14, 1, 5, False, "Peter sat with me. We watched the same film twice."),
        Told(51, 11, 2, 4, False, "Saw Dr. Raman. The lithium changed and there is a blood test on Monday."),
        Told(47, 21, 2, 3, False, "Gave the guitar back. The man at the shop was kind about it."),
        Told(44, 20, 3, 4, False, "Deleted two numbers from my phone.", about=True),
        Told(41, 22, 3, 2, False, "Asleep before midnight four days in a row."),
        Told(38, 19, 3, 6, False, "Ran into someone from before. Said hello and kept going.", about=True),
        Told(34, 21, 3, 2, False, "My hands shake since the change. Wrote it down for Thursday."),
        Told(29, 22, 4, 1, False, "Played for an hour. Only songs I know."),
        Told(25, 22, 2, 3, False, "Flat today. Not the deep kind."),
        Told(21, 23, 4, 3, False, "Stayed up late and got a bit scared of how good it felt. Put the phone away."),
        Told(20, 21, 3, 2, False, "Back to normal bedtime. Told Sam about it."),
        Told(
            15, 20, 3, 5, False, "Festival posters everywhere. Asked Peter to take me fishing that weekend.", about=True
        ),
        Told(11, 18, 3, 2, False, "Fishing. Caught nothing. Good day."),
        Told(7, 21, 3, 2, False, "Blood test was fine."),
        Told(4, 22, 3, 1, False, "Six weeks without using. I am not telling many people.", about=True, own=True),
        Told(1, 21, 3, 2, False, "Dinner with Peter. Gave me one of the car keys back."),
    ),
    small_notes=(
        "Tablets taken.",
        "Slept fine.",
        "Long shift.",
        "Bit flat.",
        "Music helped.",
        "Quiet evening.",
        "Too much coffee.",
    ),
)

# PTSD and opioids, on buprenorphine; writes in Spanish. One return to use early on, then the monthly injection.
ROSA = Life(
    thing=Kind.OPIOIDS,
    hour=7,
    weekend=0.2,
    skips=0.08,
    phases=(
        Phase(90, 2.3, 3.6, 0.8),
        Phase(64, 2.5, 2.8, 0.8),
        Phase(43, 2.2, 3.4, 0.7),
        Phase(30, 3.0, 1.4, 0.85),
        Phase(10, 3.5, 0.9, 0.9),
    ),
    told=(
        Told(90, 10, 2, None, None, "Primera vez que escribo aquí. Lo hago en español, me sale mejor."),
        Told(88, 7, 2, 4, False, "Cuatro semanas con la buprenorfina. Por la mañana hay menos ganas.", about=True),
        Told(84, 4, 1, 4, False, "Soñé otra vez con la casa. Me levanté y conté cinco cosas que veía."),
        Told(81, 8, 3, 2, False, "Dormí en el sofá con la luz encendida y descansé."),
        Told(77, 19, 2, 5, False, "Me quedé sin trabajo esta semana. Ganas toda la tarde.", about=True),
        Told(73, 7, 3, 2, False, "Mi mamá vino y cocinamos juntas."),
        Told(69, 20, 2, 6, False, "Encontré a alguien de antes en la parada del autobús.", about=True),
        Told(67, 21, 1, 8, True, "Consumí ayer. Al despertar llamé a la doctora Feldman y fui a verla.", about=True),
        Told(66, 8, 2, 5, False, "Volví a tomar mi medicina. La doctora no me regañó.", about=True),
        Told(62, 7, 2, 3, False, "Sam me enseñó a respirar contando. Me sirve en el autobús."),
        Told(57, 8, 3, 2, False, "Fui al mercado sola, a la hora tranquila."),
        Told(52, 6, 2, 3, False, "Ruido en la escalera toda la noche. Corazón rápido, pero no abrí la puerta."),
        Told(48, 9, 3, 2, False, "Entrevista de trabajo. Me temblaban las manos y aun así hablé."),
        Told(44, 7, 2, 4, False, "Se acerca la fecha. Ya siento el cuerpo distinto."),
        Told(42, 5, 1, 6, False, "Hoy es el día. Me quedé en casa de mi mamá."),
        Told(41, 9, 2, 4, False, "Pasó. Prendimos una vela y comimos."),
        Told(37, 8, 3, 2, False, "Me dieron el trabajo, tres tardes por semana."),
        Told(33, 7, 3, 2, False, "Pregunté por la inyección de cada mes. No pensar en eso cada mañana.", about=True),
        Told(30, 12, 3, 2, False, "Primera inyección. Me duele un poco el costado.", about=True),
        Told(26, 8, 3, 1, False, "Casi no hubo ganas esta semana.", about=True),
        Told(22, 6, 2, 2, False, "Otra vez el sueño, pero más corto."),
        Told(18, 8, 4, 1, False, "Cobré mi primer sueldo. Compré plantas."),
        Told(14, 22, 3, 2, False, "Me enojé con mi mamá. Esto es solo para mí.", own=True),
        Told(12, 8, 3, 1, False, "Le pedí perdón. Ella también a mí."),
        Told(8, 7, 4, 0, False, "Siete horas de sueño sin luz."),
        Told(5, 8, 4, 1, False, "Le expliqué a mi mamá dónde está la naloxona. Me dio paz.", about=True),
        Told(2, 13, 3, 2, False, "Segunda inyección. Menos dolor que la primera.", about=True),
        Told(1, 7, 4, 1, False, "Las plantas siguen vivas y hoy salió el sol."),
    ),
    small_notes=(
        "Dormí regular.",
        "Día tranquilo.",
        "Fui a caminar.",
        "Cansada.",
        "Respiré contando.",
        "Trabajé la tarde entera.",
        "Hablé con mi mamá.",
    ),
)

# Anxiety and stimulants; shares nothing. Few words, many answers left out, much kept to themselves.
JORDAN_YOUNGER = Life(
    thing=Kind.STIMULANTS,
    hour=1,
    weekend=1.2,
    skips=0.3,
    phases=(
        Phase(90, 2.6, 4.2, 0.45),
        Phase(55, 2.4, 4.6, 0.35),
        Phase(28, 2.9, 3.4, 0.55),
    ),
    told=(
        Told(88, 23, 3, None, None, "Not sure who reads this. Leaving it short.", own=True),
        Told(82, 14, 2, 5, None, "Heart going fast in the lecture hall. Sat by the door."),
        Told(78, 2, 2, 6, True, "Exam week. Used to finish the paper.", about=True, own=True),
        Told(77, 18, 2, 6, True, "And again to get through the next one.", about=True, own=True),
        Told(71, 23, 3, 3, False, "Exams over. Slept fourteen hours."),
        Told(64, 20, 2, 4, None, "Could not make the phone call. Sent a text instead."),
        Told(56, 22, 2, 5, True, "Shift from six to six. Someone shared.", about=True, own=True),
        Told(47, 21, 2, 4, False, "Read the sharing page twice. Not yet."),
        Told(40, 1, 1, 6, True, "Up again. I know how this goes.", about=True, own=True),
        Told(35, 15, 3, 4, False, "Sam did not push. We talked about breathing."),
        Told(27, 23, 3, 3, False, "Two weeks without. Quiet in my head, which is strange.", about=True),
        Told(21, 16, 3, 2, False, "Made the phone call."),
        Told(15, 22, 2, 5, False, "Bad dream about missing the exam. Went for a run at six."),
        Told(9, 23, 3, 4, True, "Once, on Saturday. Less than before.", about=True, own=True),
        Told(5, 21, 3, 3, False, "Ate dinner with the others in the kitchen."),
        Told(2, 23, 3, 2, False, "Might show Sam some of this."),
    ),
    small_notes=("Ok.", "Tired.", "Long day.", "Better than yesterday.", "Could not sleep."),
)

LIVES = {
    "patient@demo.example": DANA,
    "patient2@demo.example": JORDAN_ELDER,
    "patient3@demo.example": ROSA,
    "patient4@demo.example": JORDAN_YOUNGER,
}
