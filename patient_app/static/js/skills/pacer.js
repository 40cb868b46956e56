// A slow breath to follow. It stands still until a person starts it; where less motion is asked for, only its words change.
const SECOND = 1000;
const MINUTE = 60 * SECOND;

export function pace(box) {
  const [start, stop] = ["start", "stop"].map((name) => box.querySelector(`[data-${name}]`));
  const disc = box.querySelector(".pacer-disc");
  const over = box.querySelector('[data-say="over"]');
  const { in: inward, out, hold } = box.dataset;
  const phases = [["in", inward], ["hold", hold], ["out", out], ["hold", hold]].filter(([, seconds]) => Number(seconds) > 0);
  let waiting;

  const word = (name) => box.querySelectorAll("[data-word]").forEach((one) => {
    one.hidden = one.dataset.word !== name;
  });

  function halt() {
    clearTimeout(waiting);
    word("");
    delete disc.dataset.phase;
    start.hidden = false;
    stop.hidden = true;
  }

  function step(index, until) {
    const [name, seconds] = phases[index];
    if (index === 0 && Date.now() >= until) {
      halt();
      over.hidden = false;
      return;
    }
    word(name);
    disc.style.setProperty("--seconds", `${seconds}s`);
    if (name !== "hold") disc.dataset.phase = name;
    waiting = setTimeout(step, Number(seconds) * SECOND, (index + 1) % phases.length, until);
  }

  start.addEventListener("click", () => {
    over.hidden = true;
    start.hidden = true;
    stop.hidden = false;
    stop.focus();
    step(0, Date.now() + Number(box.dataset.pacer) * MINUTE);
  });
  stop.addEventListener("click", () => {
    halt();
    start.focus();
  });
  for (const part of box.querySelectorAll("[data-with-script]")) part.hidden = false;
}
