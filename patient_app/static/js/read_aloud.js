// A lesson read aloud by the phone's own voice. A voice that sends the words to somebody's server is not used: where the
// phone has none of its own for the language, there is no button. Nothing is read before it is tapped.
const button = document.querySelector("[data-read-aloud]");
const speech = window.speechSynthesis;
const lesson = document.querySelector("[data-read]");

// How the people speak that this is for, the nearest first; a phone may write es_US. Then any other way, that of Spain last.
const NEAR = { en: ["en-us"], es: ["es-us", "es-mx", "es-419"] };
const FAR = ["es-es", "es"];

export function voiceFor(voices, language) {
  const near = NEAR[language] ?? [];
  const spoken = (voice) => voice.lang.toLowerCase().replace("_", "-");
  const distance = (voice) => {
    const at = near.indexOf(spoken(voice));
    return at >= 0 ? at : near.length + (FAR.includes(spoken(voice)) ? 1 : 0);
  };
  return voices
    .filter((voice) => voice.localService && spoken(voice).split("-")[0] === language)
    .sort((one, other) => distance(one) - distance(other))[0];
}

// What is read: headings, paragraphs and items, without the small marks of sources.
function* pieces() {
  for (const part of lesson.querySelectorAll("h2, h3, summary, p, li")) {
    const copy = part.cloneNode(true);
    copy.querySelectorAll("sup").forEach((mark) => mark.remove());
    const words = copy.textContent.trim();
    if (words) yield { part, words };
  }
}

const start = button?.textContent;

function stop() {
  speech.cancel();
  button.textContent = start;
  button.removeAttribute("aria-pressed");
}

function read(voice) {
  // What is folded is read too, so it is shown.
  lesson.querySelectorAll("details").forEach((check) => {
    check.open = true;
  });
  button.textContent = button.dataset.stop;
  button.setAttribute("aria-pressed", "true");
  const all = [...pieces()];
  all.forEach(({ part, words }, number) => {
    const said = new SpeechSynthesisUtterance(words);
    said.voice = voice;
    said.lang = voice.lang;
    said.onstart = () => part.scrollIntoView({ block: "nearest" });
    if (number === all.length - 1) said.onend = stop;
    speech.speak(said);
  });
}

function offer() {
  const voice = voiceFor(speech.getVoices(), lesson.lang);
  if (!voice) return;
  button.closest("[data-waits]")?.removeAttribute("data-waits");
  button.onclick = () => (button.hasAttribute("aria-pressed") ? stop() : read(voice));
}

if (button && speech && lesson) {
  offer();
  speech.addEventListener?.("voiceschanged", offer);
  addEventListener("pagehide", () => speech.cancel());
}
