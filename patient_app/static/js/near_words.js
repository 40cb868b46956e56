// Phrases that suggest danger, in the languages of the application. A proposal: a clinician is to review the list.
// Too many is better than too few: all that follows is that help is shown, to the person alone.
const PHRASES = [
  // English
  "kill myself", "killing myself", "end my life", "end it all", "take my life", "want to die", "wanna die",
  "better off dead", "better off without me", "don't want to live", "dont want to live", "do not want to live",
  "no reason to live", "can't go on", "cant go on", "cannot go on", "can not go on",
  "don't want to be here", "dont want to be here", "do not want to be here",
  "don't want to wake up", "dont want to wake up", "do not want to wake up", "not wake up", "suicide", "suicidal", "hurt myself", "harm myself",
  "hurting myself", "cut myself", "cutting myself", "overdose", "od'd", "say goodbye to everyone",
  // Spanish
  "matarme", "quitarme la vida", "acabar con todo", "acabar con mi vida", "quiero morir", "no quiero vivir",
  "ya no puedo más", "no puedo seguir", "mejor muerto", "mejor muerta", "suicid", "hacerme daño", "lastimarme",
  "cortarme", "sobredosis",
];

const plain = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replace(/[’‘`´]/g, "'").replace(/\s+/g, " ");
const phrases = PHRASES.map(plain);

// Whether a text holds one of the phrases.
export function soundsHeavy(text) {
  const words = plain(text);
  return phrases.some((phrase) => words.includes(phrase));
}
