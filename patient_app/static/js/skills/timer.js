// A stretch of time that a person starts. It makes no sound, and says in words when to rate again and when it is over.
const SECOND = 1000;
const MINUTE = 60 * SECOND;

const written = (left) => `${Math.floor(left / MINUTE)}:${String(Math.floor((left % MINUTE) / SECOND)).padStart(2, "0")}`;

export function keepTime(box) {
  const [shown, start, stop] = ["left", "start", "stop"].map((name) => box.querySelector(`[data-${name}]`));
  const say = (word) => box.querySelectorAll("[data-say]").forEach((line) => {
    line.hidden = line.dataset.say !== word;
  });
  const whole = Number(box.dataset.timer) * MINUTE;
  let ticking;
  let marks;

  function halt() {
    clearInterval(ticking);
    start.hidden = false;
    stop.hidden = true;
  }

  start.addEventListener("click", () => {
    const began = Date.now();
    marks = box.dataset.marks.split(",").map((mark) => Number(mark) * MINUTE).filter((mark) => mark > 0 && mark < whole);
    start.hidden = true;
    stop.hidden = false;
    say("");
    stop.focus();
    ticking = setInterval(() => {
      const gone = Date.now() - began; // By the clock: a phone that slept meanwhile has not lost the time.
      shown.textContent = written(Math.max(whole - gone, 0));
      if (marks.length && gone >= marks[0]) {
        marks = marks.filter((mark) => mark > gone);
        say("mark");
      }
      if (gone < whole) return;
      halt();
      say("over");
    }, SECOND / 4);
  });
  stop.addEventListener("click", () => {
    halt();
    start.focus();
  });
  box.querySelector("[data-with-script]").hidden = false;
  box.querySelector("[data-without-script]").hidden = true;
}
