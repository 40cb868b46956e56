// Fetches the other scripts once this page has been drawn: on a slow network nothing is then in the way of what is read
// first. A form that is sent before they are there waits a little for them: its entry may have to be kept on this phone.
const WAITS = 5000;
const held = new Set();
// One that does not tell which button was pressed (before 2022) has the plain pages: a form would say less than was meant.
const isAble = "submitter" in (globalThis.SubmitEvent?.prototype ?? {});

// The browser says when something is on the screen. A page that is not looked at is not drawn; it is not left without.
const drawn = new Promise((done) => {
  setTimeout(done, 500);
  new PerformanceObserver(done).observe({ type: "paint", buffered: true });
});
// What makes the application one that can be installed: a browser would fetch it, and its icons, before the page is read.
drawn.then(() => {
  const [script, link] = [document.querySelector("[data-manifest]"), document.createElement("link")];
  link.rel = "manifest";
  link.href = script.dataset.manifest;
  script.before(link);
});
// Those of this page alone are named where it ends: <template data-script>. What changes how a page looks as soon as it
// is there is a <script> of its own instead.
const load = () => isAble && Promise.allSettled(["./main.js", ...[...document.querySelectorAll("[data-script]")].map(({ dataset }) => dataset.script)].map((name) => import(name)));
export const ready = Promise.race([drawn.then(load), new Promise((done) => setTimeout(done, WAITS))]).catch(() => {});

function hold(event) {
  const form = event.target;
  if (form.method !== "post") return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (held.has(form)) return; // A second tap.
  held.add(form);
  ready.then(() => {
    form.dataset.underWay = ""; // Scripts that come later still give it no other id: it would be stored twice.
    if (form.requestSubmit) form.requestSubmit(event.submitter);
    else (event.submitter ?? form.querySelector("[type=submit]")).click();
  });
}

if (isAble) addEventListener("submit", hold, true);
ready.then(() => removeEventListener("submit", hold, true));
